//! The arrangement of the window: which panes stand where, and their view state.
//!
//! Saved as JSON with a version; what cannot be read is replaced by the first
//! arrangement, never a reason not to start.

use std::collections::BTreeMap;

use egui_tiles::{Linear, LinearDir, Tile, TileId, Tiles, Tree};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::pane::{PaneKind, Panes};

/// Bumped when an older program could not make sense of the file.
const VERSION: u32 = 1;

/// Everything of the window that outlives it.
#[derive(Serialize, Deserialize)]
pub struct Workspace {
    version: u32,
    /// Where the panes stand.
    pub tree: Tree<PaneKind>,
    /// Their view state.
    #[serde(default)]
    pub panes: Panes,
    /// Key of the selected instrument.
    #[serde(default)]
    pub selected: Option<String>,
    /// The account that was chosen for orders, by the broker's name.
    #[serde(default)]
    pub accounts: BTreeMap<String, String>,
}

/// Why a saved arrangement was not used.
#[derive(Debug, thiserror::Error)]
pub enum BadWorkspace {
    /// Not readable.
    #[error("The saved layout could not be read ({0}); the standard layout is shown")]
    Unreadable(#[from] serde_json::Error),
    /// Of a newer program.
    #[error("The saved layout is of a newer version of Pitdesk ({found}); the standard layout is shown")]
    Newer {
        /// Version of the file.
        found: u32,
        /// Newest version that this program reads.
        newest: u32,
    },
    /// Without a pane to show.
    #[error("The saved layout shows no pane; the standard layout is shown")]
    Empty,
}

impl Default for Workspace {
    fn default() -> Self {
        Self {
            version: VERSION,
            tree: standard_tree(),
            panes: Panes::default(),
            selected: None,
            accounts: BTreeMap::new(),
        }
    }
}

impl Workspace {
    /// Reads a saved arrangement.
    ///
    /// # Errors
    /// When the text is damaged, of a newer program, or shows nothing.
    pub fn parse(text: &str) -> Result<Self, BadWorkspace> {
        #[derive(Deserialize)]
        struct Head {
            version: u32,
        }
        let Head { version } = serde_json::from_str(text)?;
        if version > VERSION {
            return Err(BadWorkspace::Newer { found: version, newest: VERSION });
        }
        let mut saved: Value = serde_json::from_str(text)?;
        mend_shares(&mut saved);
        let workspace: Self = serde_json::from_value(saved)?;
        let shows_something = workspace.tree.tiles.tiles().any(|tile| matches!(tile, Tile::Pane(_)));
        if workspace.tree.root().is_none() || !shows_something {
            return Err(BadWorkspace::Empty);
        }
        Ok(workspace)
    }

    /// Shows the table of target weights behind the chart's tab, or takes it away where it is in sight.
    pub fn toggle_allocation(&mut self) {
        let is_it = |tile: &Tile<PaneKind>| matches!(tile, Tile::Pane(PaneKind::Allocation));
        let shown = self.tree.tiles.find_pane(&PaneKind::Allocation);
        if let Some(id) = shown {
            if self.tree.active_tiles().contains(&id) {
                self.tree.tiles.remove(id);
            } else {
                self.tree.make_active(|_, tile| is_it(tile));
            }
            return;
        }
        let table = self.tree.tiles.insert_pane(PaneKind::Allocation);
        let chart = self.tree.tiles.find_pane(&PaneKind::Chart);
        let parent = chart.and_then(|chart| self.tree.tiles.parent_of(chart));
        let tabs = parent.and_then(|parent| self.tree.tiles.get_mut(parent));
        if let Some(Tile::Container(egui_tiles::Container::Tabs(tabs))) = tabs {
            tabs.add_child(table);
            tabs.set_active(table);
        } else {
            // No chart, or one that no frame has given tabs yet.
            let tiles = self.tree.root().into_iter().chain([table]).collect();
            self.tree.root = Some(self.tree.tiles.insert_tab_tile(tiles));
            self.tree.make_active(|_, tile| is_it(tile));
        }
    }

    /// As it is saved.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a workspace has string keys only")
    }
}

/// Leaves shares of room that are no numbers to their default: JSON writes a NaN as `null`, and one of
/// those is no reason to lose the arrangement.
fn mend_shares(saved: &mut Value) {
    match saved {
        Value::Object(fields) => {
            for (name, value) in fields {
                match (name.as_str(), &mut *value) {
                    ("shares", Value::Object(shares)) => shares.retain(|_, share| !share.is_null()),
                    ("col_shares" | "row_shares", Value::Array(shares)) => {
                        shares.iter_mut().filter(|share| share.is_null()).for_each(|share| *share = 1.into());
                    }
                    _ => {}
                }
                mend_shares(value);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mend_shares),
        _ => {}
    }
}

/// Watchlist left, chart above blotter in the middle, ticket right.
#[must_use]
pub fn standard_tree() -> Tree<PaneKind> {
    let mut tiles = Tiles::default();
    let pane = |kind, tiles: &mut Tiles<PaneKind>| tiles.insert_pane(kind);
    let watchlist = pane(PaneKind::Watchlist, &mut tiles);
    let chart = pane(PaneKind::Chart, &mut tiles);
    let blotter = pane(PaneKind::Blotter, &mut tiles);
    let ticket = pane(PaneKind::Ticket, &mut tiles);
    let middle = shared(&mut tiles, LinearDir::Vertical, &[(chart, 0.66), (blotter, 0.34)]);
    let root =
        shared(&mut tiles, LinearDir::Horizontal, &[(watchlist, 0.26), (middle, 0.55), (ticket, 0.19)]);
    Tree::new(egui::Id::unique("pitdesk desk"), root, tiles)
}

fn shared(tiles: &mut Tiles<PaneKind>, direction: LinearDir, children: &[(TileId, f32)]) -> TileId {
    let mut linear = Linear::new(direction, children.iter().map(|(id, _)| *id).collect());
    for &(id, share) in children {
        linear.shares.set_share(id, share);
    }
    tiles.insert_container(linear)
}

#[cfg(test)]
mod tests {
    use egui_tiles::Container;

    use super::*;

    #[test]
    fn an_arrangement_reads_back_as_it_was() {
        let mut workspace = Workspace { selected: Some("AAPL@NASDAQ".to_owned()), ..Workspace::default() };
        workspace.tree.make_active(|_, tile| matches!(tile, Tile::Pane(PaneKind::Ticket)));
        let back = Workspace::parse(&workspace.to_text()).unwrap();
        assert_eq!(back.tree, workspace.tree);
        assert_eq!(back.selected, workspace.selected);
    }

    #[test]
    fn a_number_that_is_none_costs_no_more_than_itself() {
        let mut workspace = Workspace { selected: Some("AAPL@NASDAQ".to_owned()), ..Workspace::default() };
        workspace.panes.watchlist.add("MSFT@NASDAQ".to_owned());
        let mut shares = 0;
        for tile in workspace.tree.tiles.tiles_mut() {
            if let Tile::Container(Container::Linear(linear)) = tile {
                shares += linear.children.len();
                linear.children.clone().into_iter().for_each(|id| linear.shares.set_share(id, f32::NAN));
            }
        }
        let text = workspace.to_text();
        assert_eq!((shares, text.matches("null").count() >= 5), (5, true), "{text}");
        let text = text.replace("\"timeframe\":\"M1\"", "\"timeframe\":17");
        let back = Workspace::parse(&text).unwrap();
        assert_eq!(back.selected, workspace.selected);
        assert_eq!(back.panes.watchlist.keys().collect::<Vec<_>>(), ["MSFT@NASDAQ"]);
        let panes = back.tree.tiles.tiles().filter(|tile| matches!(tile, Tile::Pane(_))).count();
        assert_eq!(panes, 4);
    }

    #[test]
    fn damaged_newer_and_empty_files_are_told_apart() {
        assert!(matches!(Workspace::parse("{\"version\":1,"), Err(BadWorkspace::Unreadable(_))));
        assert!(matches!(Workspace::parse("{\"version\":99}"), Err(BadWorkspace::Newer { found: 99, .. })));
        let empty = Workspace { tree: Tree::empty(egui::Id::unique("x")), ..Workspace::default() };
        assert!(matches!(Workspace::parse(&empty.to_text()), Err(BadWorkspace::Empty)));
    }
}
