//! The arrangement of the window: which panes stand where, and their view state.
//!
//! Saved as JSON, with all others ([`Shelf`]); what cannot be read is replaced by the first arrangement, never a
//! reason not to start.

mod grow;
mod history;
mod layout;
mod shelf;
mod windows;

use std::collections::BTreeMap;

use egui_tiles::{Linear, LinearDir, Tile, TileId, Tiles, Tree};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::history::History;
pub(in crate::ui) use self::history::simplification;
pub use self::layout::{LayoutChange, Place};
pub use self::shelf::{BadChange, ImportError, LONGEST, Shelf, ShelfChange, WindowPlace};
pub use self::windows::{Destination, MOST_WINDOWS, WindowKey};
use super::pane::{PaneKey, PaneKind};
use super::panes::Panes;
use crate::desk::{Desk, Group};

/// One arrangement with everything of it that outlives the window.
#[derive(Serialize, Deserialize)]
pub struct Workspace {
    /// Where the panes stand in the main window.
    pub tree: Tree<PaneKey>,
    /// The same of the other windows, each with at least one pane.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    beside: BTreeMap<WindowKey, Tree<PaneKey>>,
    /// Where the other windows stand on the desktop, or stood.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub places: BTreeMap<WindowKey, WindowPlace>,
    /// Their view state.
    #[serde(default)]
    pub panes: Panes,
    /// Key of the instrument of the first group.
    #[serde(default)]
    pub selected: Option<String>,
    /// The same of the other groups.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub turned: BTreeMap<Group, String>,
    /// Panes that are not of the first group.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    groups: BTreeMap<PaneKey, Group>,
    /// The pane that has all the room of its window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alone: Option<PaneKey>,
    /// How a window stood before a pane left it.
    #[serde(skip)]
    before: BTreeMap<(PaneKey, WindowKey), Tree<PaneKey>>,
    /// The window of a pane that was asked for, which may be behind others.
    #[serde(skip)]
    pub(super) called: Option<WindowKey>,
    #[serde(skip)]
    history: History,
    /// Panes as they were used, the newest last.
    #[serde(skip)]
    used: Vec<PaneKey>,
}

/// Why a saved arrangement was not used.
#[derive(Debug, thiserror::Error)]
pub enum BadWorkspace {
    /// Not readable.
    #[error("The saved layout could not be read ({0})")]
    Unreadable(#[from] serde_json::Error),
    /// Of a newer program.
    #[error("The saved layout is of a newer version of Pitdesk ({found}; this one reads up to {newest})")]
    Newer {
        /// Version of the file.
        found: u32,
        /// Newest version that this program reads.
        newest: u32,
    },
    /// Without a pane to show.
    #[error("The saved layout shows no pane")]
    Empty,
}

impl Default for Workspace {
    fn default() -> Self {
        let mut workspace = Self {
            tree: standard_tree(),
            beside: BTreeMap::new(),
            places: BTreeMap::new(),
            panes: Panes::default(),
            selected: None,
            turned: BTreeMap::new(),
            groups: BTreeMap::new(),
            alone: None,
            before: BTreeMap::new(),
            called: None,
            history: History::default(),
            used: Vec::new(),
        };
        workspace.settle();
        workspace
    }
}

impl Workspace {
    /// Reads a saved arrangement.
    ///
    /// # Errors
    /// When it is damaged, or shows nothing.
    pub fn read(mut saved: Value) -> Result<Self, BadWorkspace> {
        mend_shares(&mut saved);
        let mut workspace: Self = serde_json::from_value(saved)?;
        let shows_something = workspace.tree.tiles.tiles().any(|tile| matches!(tile, Tile::Pane(_)));
        if workspace.tree.root().is_none() || !shows_something {
            return Err(BadWorkspace::Empty);
        }
        workspace.settle();
        Ok(workspace)
    }

    /// Which panes there are, in any window.
    #[must_use]
    pub fn keys(&self) -> Vec<PaneKey> {
        self.trees().flat_map(|(_, tree)| keys_of(tree)).collect()
    }

    /// The group that a pane is linked to.
    #[must_use]
    pub fn group(&self, key: PaneKey) -> Group {
        self.groups.get(&key).copied().unwrap_or_default()
    }

    /// Notes what the group that the desk is turned to shows.
    pub fn remember_selected(&mut self, desk: &Desk) {
        let Some(key) = desk.selected().map(|instrument| instrument.key()) else { return };
        if desk.group() == Group::default() {
            self.selected = Some(key);
        } else {
            self.turned.insert(desk.group(), key);
        }
    }

    /// Makes tree and panes fit each other: no pane stands in two places, and none stands nowhere.
    fn settle(&mut self) {
        let mut seen = Vec::new();
        // The main window has a tree of its own, whatever the file says.
        self.beside.remove(&WindowKey::MAIN);
        for tree in std::iter::once(&mut self.tree).chain(self.beside.values_mut()) {
            let mut twice = Vec::new();
            for (id, tile) in tree.tiles.iter() {
                let Tile::Pane(key) = tile else { continue };
                if seen.contains(key) { twice.push(*id) } else { seen.push(*key) }
            }
            for id in twice {
                tree.remove_recursively(id);
            }
        }
        self.drop_empty();
        self.panes.keep_to(&seen);
        self.groups.retain(|key, _| seen.contains(key));
        self.used.retain(|key| seen.contains(key));
        self.alone = self.alone.filter(|key| seen.contains(key));
        self.keep_to_most();
    }

    /// As it is saved.
    #[must_use]
    pub fn to_saved(&self) -> Value {
        serde_json::to_value(self).expect("a workspace has string keys only")
    }

    /// Another one that looks the same, without what was closed or can be taken back.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self::read(self.to_saved()).unwrap_or_default()
    }
}

fn keys_of(tree: &Tree<PaneKey>) -> Vec<PaneKey> {
    let key = |tile: &Tile<PaneKey>| if let Tile::Pane(key) = tile { Some(*key) } else { None };
    tree.tiles.tiles().filter_map(key).collect()
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
pub fn standard_tree() -> Tree<PaneKey> {
    let mut tiles = Tiles::default();
    let pane = |kind, tiles: &mut Tiles<PaneKey>| tiles.insert_pane(PaneKey::first(kind));
    let watchlist = pane(PaneKind::Watchlist, &mut tiles);
    let chart = pane(PaneKind::Chart, &mut tiles);
    let blotter = pane(PaneKind::Blotter, &mut tiles);
    let ticket = pane(PaneKind::Ticket, &mut tiles);
    let middle = shared(&mut tiles, LinearDir::Vertical, &[(chart, 0.66), (blotter, 0.34)]);
    let root =
        shared(&mut tiles, LinearDir::Horizontal, &[(watchlist, 0.26), (middle, 0.55), (ticket, 0.19)]);
    Tree::new(egui::Id::unique("pitdesk desk"), root, tiles)
}

fn shared(tiles: &mut Tiles<PaneKey>, direction: LinearDir, children: &[(TileId, f32)]) -> TileId {
    let mut linear = Linear::new(direction, children.iter().map(|(id, _)| *id).collect());
    for &(id, share) in children {
        linear.shares.set_share(id, share);
    }
    tiles.insert_container(linear)
}

#[cfg(test)]
mod tests;
