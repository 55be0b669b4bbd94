//! Changes of the arrangement, each asked for by a command and carried out between two frames.

use egui_tiles::{Container, Linear, LinearDir, Tile, TileId};

use super::{Workspace, keys_of, standard_tree};
use crate::desk::Group;
use crate::ui::pane::{PaneKey, PaneKind};

/// Where a new pane comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// As a tab beside the pane.
    Tab,
    /// In the right half of its room.
    Right,
    /// In the lower half of its room.
    Below,
}

/// A change of the arrangement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LayoutChange {
    /// Another pane of a kind beside this one, or that kind's only one brought to the front.
    Open {
        /// Of which kind.
        kind: PaneKind,
        /// Beside which pane.
        beside: PaneKey,
        /// Where.
        place: Place,
    },
    /// Puts a pane away.
    Close(PaneKey),
    /// Opens the pane that was closed last, as it was.
    Reopen,
    /// Gives a pane the whole room, or takes that back.
    Maximise(PaneKey),
    /// Links a pane to those of another group.
    Link(PaneKey, Group),
    /// Arranges the panes as on the first start.
    Reset,
    /// Takes the last change of the arrangement back.
    Undo,
    /// Does again what was taken back.
    Redo,
}

impl Workspace {
    /// Carries a change out.
    pub fn change(&mut self, change: LayoutChange) {
        // What was dragged since stands for itself.
        self.note();
        match change {
            LayoutChange::Undo => self.undo(),
            LayoutChange::Redo => self.redo(),
            LayoutChange::Open { kind, beside, place } => self.open(kind, beside, place),
            LayoutChange::Close(key) => self.close(key),
            LayoutChange::Reopen => self.reopen(),
            LayoutChange::Maximise(key) => {
                let is_alone = self.alone.take().is_some();
                self.alone = Some(key).filter(|key| !is_alone && self.tile_of(*key).is_some());
            }
            LayoutChange::Link(key, group) => self.link(key, group),
            LayoutChange::Reset => {
                self.tree = standard_tree();
                self.alone = None;
                self.arrange();
                let keys = self.keys();
                self.groups.retain(|key, _| keys.contains(key));
            }
        }
        self.note();
    }

    fn link(&mut self, key: PaneKey, group: Group) {
        if group == Group::default() {
            self.groups.remove(&key);
        } else if self.tile_of(key).is_some() {
            self.groups.insert(key, group);
        }
    }

    /// Shows the only pane of a kind in front, or puts it away where it is in sight.
    pub fn toggle(&mut self, kind: PaneKind) {
        self.note();
        let key = PaneKey::first(kind);
        if self.is_in_sight(key) {
            self.close(key);
        } else {
            self.open(kind, PaneKey::first(PaneKind::Chart), Place::Tab);
        }
        self.note();
    }

    /// Whether a pane stands behind no tab.
    #[must_use]
    pub fn is_in_sight(&self, key: PaneKey) -> bool {
        self.tile_of(key).is_some_and(|id| self.tree.active_tiles().contains(&id))
    }

    /// Has a pane of a kind in front: opens one where there is none. Which one it is.
    pub fn show(&mut self, kind: PaneKind) -> PaneKey {
        let key = self.used_of(kind).unwrap_or_else(|| {
            self.open(kind, self.last_used(), Place::Tab);
            PaneKey::first(kind)
        });
        self.bring_forward(key);
        key
    }

    fn open(&mut self, kind: PaneKind, beside: PaneKey, place: Place) {
        let only = PaneKey::first(kind);
        if !kind.may_be_several() && self.tile_of(only).is_some() {
            return self.bring_forward(only);
        }
        let key = self.panes.open(kind);
        // What is opened beside something is about the same thing.
        let group = self.group(beside);
        self.insert(key, beside, place);
        self.link(key, group);
    }

    fn insert(&mut self, key: PaneKey, beside: PaneKey, place: Place) {
        // What is closed and comes back may be the pane that was used last.
        let beside = self.tile_of(beside).or_else(|| self.any_tile());
        let new = self.tree.tiles.insert_pane(key);
        match (beside, self.tree.root()) {
            (Some(beside), Some(_)) => match place {
                Place::Tab => self.insert_tab(new, beside),
                Place::Right => self.split(new, beside, LinearDir::Horizontal),
                Place::Below => self.split(new, beside, LinearDir::Vertical),
            },
            _ => self.tree.root = Some(new),
        }
        self.alone = None;
        self.bring_forward(key);
        self.uses(key);
    }

    /// A tile with a pane that is in sight.
    fn any_tile(&self) -> Option<TileId> {
        let is_pane = |id: &TileId| matches!(self.tree.tiles.get(*id), Some(Tile::Pane(_)));
        let in_sight = self.tree.active_tiles().into_iter().find(is_pane);
        // Before its first frame an arrangement has nothing in sight.
        in_sight.or_else(|| self.keys().first().and_then(|key| self.tile_of(*key)))
    }

    fn insert_tab(&mut self, new: TileId, beside: TileId) {
        let parent = self.tree.tiles.parent_of(beside);
        if let Some(Tile::Container(Container::Tabs(tabs))) =
            parent.and_then(|parent| self.tree.tiles.get_mut(parent))
        {
            let at = tabs.children.iter().position(|child| *child == beside);
            tabs.children.insert(at.map_or(tabs.children.len(), |at| at + 1), new);
            tabs.set_active(new);
        } else {
            // No frame has given it tabs yet.
            let tabs = self.tree.tiles.insert_tab_tile(vec![new]);
            self.replace(beside, tabs);
            self.insert_first(tabs, beside);
        }
    }

    fn insert_first(&mut self, tabs: TileId, child: TileId) {
        if let Some(Tile::Container(Container::Tabs(tabs))) = self.tree.tiles.get_mut(tabs) {
            tabs.children.insert(0, child);
        }
    }

    /// Halves the room of a pane, with the tabs that it stands among.
    fn split(&mut self, new: TileId, beside: TileId, dir: LinearDir) {
        let tiles = &mut self.tree.tiles;
        let tabs = tiles
            .parent_of(beside)
            .filter(|parent| matches!(tiles.get(*parent), Some(Tile::Container(Container::Tabs(_)))));
        let target = tabs.unwrap_or(beside);
        let parent = tiles.parent_of(target).and_then(|parent| tiles.get_mut(parent));
        if let Some(Tile::Container(Container::Linear(linear))) = parent
            && linear.dir == dir
            && let Some(at) = linear.children.iter().position(|child| *child == target)
        {
            let share = linear.shares[target] / 2.0;
            linear.children.insert(at + 1, new);
            linear.shares.set_share(target, share);
            linear.shares.set_share(new, share);
            return;
        }
        let halves = self.tree.tiles.insert_container(Linear::new(dir, vec![new]));
        self.replace(target, halves);
        if let Some(Tile::Container(Container::Linear(linear))) = self.tree.tiles.get_mut(halves) {
            linear.children.insert(0, target);
        }
    }

    /// Puts a tile where another stands.
    fn replace(&mut self, old: TileId, new: TileId) {
        let parent = self.tree.tiles.parent_of(old).and_then(|parent| self.tree.tiles.get_mut(parent));
        match parent {
            Some(Tile::Container(container)) => {
                let _place = container.replace_child(old, new);
            }
            _ => self.tree.root = Some(new),
        }
    }

    fn close(&mut self, key: PaneKey) {
        let panes = self.tree.tiles.tiles().filter(|tile| matches!(tile, Tile::Pane(_))).count();
        let Some(id) = self.tile_of(key).filter(|_| panes > 1) else { return };
        let before = self.tree.clone();
        self.tree.remove_recursively(id);
        self.panes.close(key);
        self.closed.insert(key, before);
        self.groups.remove(&key);
        self.used.retain(|used| *used != key);
        if self.alone == Some(key) {
            self.alone = None;
        }
    }

    /// The pane that was closed last stands where it stood, if all others are there that were.
    fn reopen(&mut self) {
        let Some(key) = self.panes.reopen() else { return };
        let before = self.closed.remove(&key).filter(|before| {
            let mut all = keys_of(before);
            let mut here = self.keys();
            here.push(key);
            all.sort();
            here.sort();
            all == here
        });
        match before {
            Some(before) => {
                self.tree = before;
                self.alone = None;
                self.bring_forward(key);
                self.uses(key);
            }
            None => self.insert(key, self.last_used(), Place::Tab),
        }
    }

    pub(super) fn tile_of(&self, key: PaneKey) -> Option<TileId> {
        self.tree.tiles.find_pane(&key)
    }

    fn bring_forward(&mut self, key: PaneKey) {
        self.tree.make_active(|_, tile| matches!(tile, Tile::Pane(of) if *of == key));
        if self.alone.is_some_and(|alone| alone != key) {
            self.alone = None;
        }
    }

    /// The trader works in a pane.
    pub fn uses(&mut self, key: PaneKey) {
        if self.used.last() != Some(&key) {
            self.used.retain(|used| *used != key);
            self.used.push(key);
        }
    }

    /// The pane that was used last.
    #[must_use]
    pub fn last_used(&self) -> PaneKey {
        self.used.last().copied().unwrap_or(PaneKey::first(PaneKind::Chart))
    }

    /// How lately a pane was used, against others; nothing for one that was not.
    #[must_use]
    pub fn turn_of_use(&self, key: PaneKey) -> Option<usize> {
        self.used.iter().position(|used| *used == key)
    }

    /// Of the panes of a kind the one that was used last, else the first.
    #[must_use]
    pub fn used_of(&self, kind: PaneKind) -> Option<PaneKey> {
        let used = self.used.iter().rev().copied().find(|key| key.kind == kind);
        used.or_else(|| self.keys().into_iter().filter(|key| key.kind == kind).min())
    }
}
