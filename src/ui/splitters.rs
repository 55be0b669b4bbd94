//! Names for the edges between panes, which the arrangement draws without any.
//!
//! Found by where they are: an edge is the widget in the middle between two neighbours.

use egui::{Id, Rect, Role, Ui};
use egui_tiles::{Container, LinearDir, Tile, TileId, Tiles, Tree};

use super::pane::PaneKey;

/// How far an edge's middle may be off the middle of the gap, in points.
const CLOSE: f32 = 2.0;

/// Names every edge that was drawn in this frame. Comes after the arrangement.
pub(super) fn name_edges(tree: &Tree<PaneKey>, ui: &Ui) {
    let draggable: Vec<(Id, Rect)> = ui.ctx().viewport(|viewport| {
        let widgets = viewport.this_pass.widgets.get_layer(ui.layer_id());
        let edges = widgets.filter(|widget| widget.sense.senses_drag());
        edges.map(|widget| (widget.id, widget.rect)).collect()
    });
    for edge in edges(&tree.tiles) {
        let is_there = |rect: &Rect| edge.gap.intersects(rect.expand(CLOSE)) && edge.is_like(*rect);
        if let Some((id, _)) = draggable.iter().find(|(_, rect)| is_there(rect)) {
            ui.ctx().accesskit_node_builder(*id, |node| {
                node.set_role(Role::Splitter);
                node.set_label(edge.name.clone());
            });
        }
    }
}

/// An edge as the arrangement has it.
struct Edge {
    /// Between the two neighbours, as long as they are.
    gap: Rect,
    direction: LinearDir,
    name: String,
}

impl Edge {
    /// Whether a widget is as long as this edge, and as thin as one that is pulled.
    fn is_like(&self, rect: Rect) -> bool {
        let (own, other) = (self.gap, rect);
        let (along, across) = match self.direction {
            LinearDir::Horizontal => (own.height() - other.height(), own.center().x - other.center().x),
            LinearDir::Vertical => (own.width() - other.width(), own.center().y - other.center().y),
        };
        along.abs() < CLOSE && across.abs() < CLOSE
    }
}

fn edges(tiles: &Tiles<PaneKey>) -> Vec<Edge> {
    let mut edges = Vec::new();
    for tile in tiles.tiles() {
        let Tile::Container(Container::Linear(linear)) = tile else { continue };
        let shown: Vec<(TileId, Rect)> =
            linear.children.iter().filter_map(|&child| Some((child, tiles.rect(child)?))).collect();
        for pair in shown.windows(2) {
            let &[(before, one), (after, other)] = pair else { continue };
            let gap = match linear.dir {
                LinearDir::Horizontal => one.with_min_x(one.right()).with_max_x(other.left()),
                LinearDir::Vertical => one.with_min_y(one.bottom()).with_max_y(other.top()),
            };
            let name = format!("Between {} and {}", titles(tiles, before), titles(tiles, after));
            edges.push(Edge { gap, direction: linear.dir, name });
        }
    }
    edges
}

/// The panes of a tile: `Chart, Blotter`.
fn titles(tiles: &Tiles<PaneKey>, id: TileId) -> String {
    match tiles.get(id) {
        Some(Tile::Pane(key)) => key.title(),
        Some(Tile::Container(container)) => {
            let children: Vec<String> = container.children().map(|&child| titles(tiles, child)).collect();
            children.join(", ")
        }
        None => String::new(),
    }
}
