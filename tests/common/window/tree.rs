//! The accessibility tree as a test wants it: a list of widgets with names, values and places.

use std::collections::BTreeMap;
use std::fmt;

use egui::accesskit::{Node, NodeId, Toggled, TreeUpdate};
use egui::{Rect, pos2};

pub use egui::accesskit::Role;

/// The widgets of one frame, parents before their children, in the order of the screen reader.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    pub widgets: Vec<Widget>,
}

/// One widget, as a screen reader would tell of it.
#[derive(Debug, Clone)]
pub struct Widget {
    pub role: Role,
    /// Its label, or that of the widget that labels it; for text on the screen, the text.
    pub name: String,
    /// Text in it; for text on the screen, the text.
    pub value: String,
    /// The number in a slider or drag value.
    pub number: Option<f64>,
    /// In points, from the top left of the window.
    pub bounds: Rect,
    pub enabled: bool,
    /// Pressed, ticked, selected; `None` where that cannot be, or is mixed.
    pub on: Option<bool>,
    pub has_keyboard: bool,
    /// How deep in the tree.
    pub depth: usize,
}

impl Tree {
    /// From a full update; egui sends no other.
    pub fn new(update: Option<&TreeUpdate>) -> Self {
        let Some(update) = update else { return Self::default() };
        let nodes: BTreeMap<NodeId, &Node> = update.nodes.iter().map(|(id, node)| (*id, node)).collect();
        let mut widgets = Vec::with_capacity(nodes.len());
        let mut ahead: Vec<_> = update.tree.iter().map(|tree| (tree.root, 0)).collect();
        while let Some((id, depth)) = ahead.pop() {
            // A text run repeats the text of the widget around it.
            let Some(node) = nodes.get(&id).filter(|node| node.role() != Role::TextRun) else { continue };
            widgets.push(Widget::new(node, &nodes, id == update.focus, depth));
            ahead.extend(node.children().iter().rev().map(|child| (*child, depth + 1)));
        }
        Self { widgets }
    }

    /// The first widget of a role and name.
    pub fn find(&self, role: Role, name: &str) -> Option<&Widget> {
        self.widgets.iter().find(|widget| widget.role == role && widget.name == name)
    }

    /// The enabled widgets of a name; labels only when there is nothing else.
    pub fn pressable(&self, name: &str) -> Vec<&Widget> {
        let (labels, others): (Vec<_>, Vec<_>) = self
            .widgets
            .iter()
            .filter(|widget| widget.enabled && widget.name == name)
            .partition(|widget| widget.role == Role::Label);
        if others.is_empty() { labels } else { others }
    }
}

impl Widget {
    fn new(node: &Node, nodes: &BTreeMap<NodeId, &Node>, has_keyboard: bool, depth: usize) -> Self {
        let text = |node: &Node| node.label().or(node.value()).unwrap_or_default().to_owned();
        let name = match node.label() {
            Some(label) => label.to_owned(),
            None if node.role() == Role::Label => node.value().unwrap_or_default().to_owned(),
            None => {
                let labels = node.labelled_by().iter().filter_map(|id| nodes.get(id));
                labels.map(|label| text(label)).collect::<Vec<_>>().join(" ")
            }
        };
        let bounds = node.bounds().map_or(Rect::NOTHING, |b| {
            Rect::from_min_max(pos2(b.x0 as f32, b.y0 as f32), pos2(b.x1 as f32, b.y1 as f32))
        });
        Self {
            role: node.role(),
            name,
            value: node.value().unwrap_or_default().to_owned(),
            number: node.numeric_value(),
            bounds,
            enabled: !node.is_disabled(),
            on: match node.toggled() {
                Some(Toggled::True) => Some(true),
                Some(Toggled::False) => Some(false),
                Some(Toggled::Mixed) => None,
                None => node.is_selected(),
            },
            has_keyboard,
            depth,
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for widget in &self.widgets {
            let Widget { role, name, value, depth, bounds, .. } = widget;
            write!(f, "{:indent$}{role:?} {name:?}", "", indent = 2 * depth)?;
            if !value.is_empty() && value != name {
                write!(f, " = {value:?}")?;
            }
            if let Some(number) = widget.number {
                write!(f, " = {number}")?;
            }
            if let Some(on) = widget.on {
                write!(f, " {}", if on { "on" } else { "off" })?;
            }
            if !widget.enabled {
                write!(f, " disabled")?;
            }
            if bounds.is_positive() {
                write!(f, " at {:.0} {:.0}", bounds.center().x, bounds.center().y)?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
