//! The arrangements of before, to go back to and forth again, as long as the program runs.
//!
//! What counts is where panes stand, how large they are and what they are linked to. Which tab is in front, and
//! which pane has all the room, is a look and no change.

use std::collections::BTreeMap;

use egui_tiles::{Container, SimplificationOptions, Tile, Tree};

use super::{WindowKey, Workspace};
use crate::desk::Group;
use crate::ui::pane::PaneKey;

/// So many changes can be taken back.
const MOST: usize = 50;

/// How the arrangement is tidied between two frames.
pub(in crate::ui) fn simplification() -> SimplificationOptions {
    SimplificationOptions { all_panes_must_have_tabs: true, ..SimplificationOptions::default() }
}

/// Where the panes stand.
#[derive(Clone)]
struct Layout {
    tree: Tree<PaneKey>,
    beside: BTreeMap<WindowKey, Tree<PaneKey>>,
    groups: BTreeMap<PaneKey, Group>,
}

impl Layout {
    /// Whether a trader would call both the same.
    fn is_as(&self, other: &Self) -> bool {
        self.groups == other.groups
            && shape(&self.tree) == shape(&other.tree)
            && self.beside.keys().eq(other.beside.keys())
            && self.beside.values().map(shape).eq(other.beside.values().map(shape))
    }
}

/// Without what the next frame tidies, and without which tabs are in front.
fn shape(tree: &Tree<PaneKey>) -> Tree<PaneKey> {
    let mut tree = tree.clone();
    tree.simplify(&simplification());
    for tile in tree.tiles.tiles_mut() {
        if let Tile::Container(Container::Tabs(tabs)) = tile {
            tabs.active = None;
        }
    }
    tree
}

/// What was, and what was taken back.
#[derive(Default)]
pub(super) struct History {
    past: Vec<Layout>,
    future: Vec<Layout>,
    seen: Option<Layout>,
}

impl Workspace {
    /// Looks whether the trader has arranged anything since the last look.
    pub fn note(&mut self) {
        let now =
            Layout { tree: self.tree.clone(), beside: self.beside.clone(), groups: self.groups.clone() };
        let history = &mut self.history;
        if let Some(seen) = history.seen.take().filter(|seen| !seen.is_as(&now)) {
            history.future.clear();
            history.past.push(seen);
            let too_many = history.past.len().saturating_sub(MOST);
            history.past.drain(..too_many);
        }
        history.seen = Some(now);
    }

    /// Whether nobody has looked yet.
    #[must_use]
    pub fn is_unnoted(&self) -> bool {
        self.history.seen.is_none()
    }

    /// Takes the last change back.
    pub(super) fn undo(&mut self) {
        let Some(before) = self.history.past.pop() else { return };
        self.history.future.extend(self.history.seen.take());
        self.go_to(before);
    }

    /// Does again what was taken back.
    pub(super) fn redo(&mut self) {
        let Some(after) = self.history.future.pop() else { return };
        self.history.past.extend(self.history.seen.take());
        self.go_to(after);
    }

    fn go_to(&mut self, layout: Layout) {
        self.history.seen = Some(layout.clone());
        (self.tree, self.beside, self.groups) = (layout.tree, layout.beside, layout.groups);
        self.alone = None;
        self.arrange();
    }

    /// Has the panes open that stand somewhere, as they were where they were closed before.
    pub(super) fn arrange(&mut self) {
        let keys = self.keys();
        self.panes.arrange(&keys);
        self.used.retain(|key| keys.contains(key));
    }
}
