//! The arrangement of the window: which panes stand where, and their view state.
//!
//! Saved as JSON with a version; what cannot be read is replaced by the first
//! arrangement, never a reason not to start.

use egui_tiles::{Linear, LinearDir, Tile, TileId, Tiles, Tree};
use serde::{Deserialize, Serialize};

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
        Self { version: VERSION, tree: standard_tree(), panes: Panes::default(), selected: None }
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
        let workspace: Self = serde_json::from_str(text)?;
        let shows_something = workspace.tree.tiles.tiles().any(|tile| matches!(tile, Tile::Pane(_)));
        if workspace.tree.root().is_none() || !shows_something {
            return Err(BadWorkspace::Empty);
        }
        Ok(workspace)
    }

    /// As it is saved.
    #[must_use]
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).expect("a workspace has string keys only")
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
    fn damaged_newer_and_empty_files_are_told_apart() {
        assert!(matches!(Workspace::parse("{\"version\":1,"), Err(BadWorkspace::Unreadable(_))));
        assert!(matches!(Workspace::parse("{\"version\":99}"), Err(BadWorkspace::Newer { found: 99, .. })));
        let empty = Workspace { tree: Tree::empty(egui::Id::unique("x")), ..Workspace::default() };
        assert!(matches!(Workspace::parse(&empty.to_text()), Err(BadWorkspace::Empty)));
    }
}
