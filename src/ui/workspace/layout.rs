//! Changes of the arrangement, each asked for by a command and carried out between two frames.

use egui_tiles::Tile;

use super::windows::{Destination, WindowKey};
use super::{Workspace, grow, standard_tree};
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
    /// Takes a pane over into another window.
    Move(PaneKey, Destination),
    /// Puts all panes of a window back into the main one.
    PutBack(WindowKey),
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
                self.alone = Some(key).filter(|key| !is_alone && self.window_of(*key).is_some());
            }
            LayoutChange::Move(key, to) => self.move_to(key, to),
            LayoutChange::PutBack(window) => self.put_back(window),
            LayoutChange::Link(key, group) => self.link(key, group),
            LayoutChange::Reset => {
                self.tree = standard_tree();
                self.beside.clear();
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
        } else if self.window_of(key).is_some() {
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

    /// Whether a pane stands behind no tab and beside none that has all the room.
    #[must_use]
    pub fn is_in_sight(&self, key: PaneKey) -> bool {
        let has_room = |window| self.alone_in(window).is_none_or(|alone| alone == key);
        let Some(window) = self.window_of(key).filter(|window| has_room(*window)) else { return false };
        let tree = self.tree_in(window);
        tree.is_some_and(|tree| {
            tree.tiles.find_pane(&key).is_some_and(|id| tree.active_tiles().contains(&id))
        })
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
        if !kind.may_be_several() && self.window_of(only).is_some() {
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
        let window = self.window_of(beside).unwrap_or_default();
        if let Some(tree) = self.tree_in_mut(window) {
            grow::insert(tree, key, Some(beside), place);
        }
        self.comes_to_hand(key);
    }

    /// A pane that has just been put somewhere is in front there, and the one that is used.
    pub(super) fn comes_to_hand(&mut self, key: PaneKey) {
        self.bring_forward(key);
        self.uses(key);
    }

    fn close(&mut self, key: PaneKey) {
        let Some(window) = self.window_of(key) else { return };
        if window == WindowKey::MAIN && self.keys_in(window).len() == 1 {
            return;
        }
        self.take_out(key);
        self.drop_empty();
        self.before.retain(|(of, from), _| *of != key || *from == window);
        self.panes.close(key);
        self.groups.remove(&key);
        self.used.retain(|used| *used != key);
    }

    /// The pane that was closed last stands where it stood, if all others are there that were.
    fn reopen(&mut self) {
        let Some(key) = self.panes.reopen() else { return };
        let window = self.before.keys().find(|(of, _)| *of == key).map(|(_, window)| *window);
        if !window.is_some_and(|window| self.restore(key, window)) {
            self.insert(key, self.last_used(), Place::Tab);
        }
    }

    fn bring_forward(&mut self, key: PaneKey) {
        let Some(window) = self.window_of(key) else { return };
        if let Some(tree) = self.tree_in_mut(window) {
            tree.make_active(|_, tile| matches!(tile, Tile::Pane(of) if *of == key));
        }
        if self.alone_in(window).is_some_and(|alone| alone != key) {
            self.alone = None;
        }
        self.called = Some(window);
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
