//! The windows of an arrangement: the main one, and those that panes were taken out into, to stand on another
//! monitor.
//!
//! Each has a tree of its own; a pane stands in one of them. A window whose last pane goes is gone; the main one
//! always has a pane.

use std::fmt;

use egui::ViewportId;
use egui_tiles::{Tile, Tree};
use serde::{Deserialize, Serialize};

use super::{Place, Workspace, grow, keys_of};
use crate::ui::pane::PaneKey;

/// Most windows beside the main one.
pub const MOST_WINDOWS: usize = 8;

/// Which window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct WindowKey(u16);

impl WindowKey {
    /// The one that is always there.
    pub const MAIN: Self = Self(0);

    #[cfg(test)]
    pub(super) fn new(number: u16) -> Self {
        Self(number)
    }

    /// What egui and the desktop know it by.
    #[must_use]
    pub fn viewport(self) -> ViewportId {
        if self == Self::MAIN {
            ViewportId::ROOT
        } else {
            ViewportId::from_hash_of(("pitdesk window", self.0))
        }
    }
}

impl fmt::Display for WindowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("main window"),
            number => write!(f, "other window {number}"),
        }
    }
}

/// Where a pane is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Destination {
    /// Into a window of its own.
    NewWindow,
    /// Into one that is there.
    Window(WindowKey),
}

impl Destination {
    /// As a menu says it.
    #[must_use]
    pub fn label(self) -> String {
        match self {
            Self::NewWindow => "Move to a new window".to_owned(),
            Self::Window(window) => format!("Move to the {window}"),
        }
    }
}

/// A tree without a pane, with a name of its own: egui keeps by it what is dragged.
fn empty_tree(window: WindowKey) -> Tree<PaneKey> {
    Tree::empty(egui::Id::unique(("pitdesk window", window)))
}

impl Workspace {
    /// The windows beside the main one.
    pub fn beside(&self) -> impl Iterator<Item = WindowKey> {
        self.beside.keys().copied()
    }

    /// How panes stand in a window.
    #[must_use]
    pub fn tree_in(&self, window: WindowKey) -> Option<&Tree<PaneKey>> {
        if window == WindowKey::MAIN { Some(&self.tree) } else { self.beside.get(&window) }
    }

    pub(in crate::ui) fn tree_in_mut(&mut self, window: WindowKey) -> Option<&mut Tree<PaneKey>> {
        if window == WindowKey::MAIN { Some(&mut self.tree) } else { self.beside.get_mut(&window) }
    }

    /// All trees with their windows, the main one first.
    pub(super) fn trees(&self) -> impl Iterator<Item = (WindowKey, &Tree<PaneKey>)> {
        let beside = self.beside.iter().map(|(window, tree)| (*window, tree));
        std::iter::once((WindowKey::MAIN, &self.tree)).chain(beside)
    }

    /// The window that a pane stands in.
    #[must_use]
    pub fn window_of(&self, key: PaneKey) -> Option<WindowKey> {
        self.trees().find(|(_, tree)| tree.tiles.find_pane(&key).is_some()).map(|(window, _)| window)
    }

    /// The panes of a window.
    #[must_use]
    pub fn keys_in(&self, window: WindowKey) -> Vec<PaneKey> {
        self.tree_in(window).map(keys_of).unwrap_or_default()
    }

    /// The pane that has all the room of a window.
    #[must_use]
    pub fn alone_in(&self, window: WindowKey) -> Option<PaneKey> {
        self.alone.filter(|key| self.window_of(*key) == Some(window))
    }

    /// The trader works in a window now: with its pane that was used last.
    pub fn turn_to_window(&mut self, window: WindowKey) {
        let here = self.keys_in(window);
        let used = here.iter().copied().max_by_key(|key| self.turn_of_use(*key));
        if let Some(key) = used {
            self.uses(key);
        }
    }

    /// Whether a pane may leave its window for a destination.
    #[must_use]
    pub fn may_move(&self, key: PaneKey, to: Destination) -> bool {
        let Some(from) = self.window_of(key) else { return false };
        let is_only = self.keys_in(from).len() == 1;
        match to {
            // It has one already, or the main window would be bare.
            Destination::NewWindow => !is_only && self.beside.len() < MOST_WINDOWS,
            Destination::Window(to) => {
                to != from && self.tree_in(to).is_some() && !(is_only && from == WindowKey::MAIN)
            }
        }
    }

    /// Takes a pane over into another window, with its state and its group. Back where it came from it stands
    /// where it stood.
    pub(super) fn move_to(&mut self, key: PaneKey, to: Destination) {
        if !self.may_move(key, to) {
            return;
        }
        let to = match to {
            Destination::Window(to) => to,
            Destination::NewWindow => self.new_window(),
        };
        self.take_out(key);
        if !self.restore(key, to) {
            self.put_in(key, to);
        }
        self.drop_empty();
    }

    fn new_window(&mut self) -> WindowKey {
        let is_free = |number: &u16| !self.beside.contains_key(&WindowKey(*number));
        let window = WindowKey((1..u16::MAX).find(is_free).unwrap_or(u16::MAX));
        self.beside.insert(window, empty_tree(window));
        window
    }

    /// Puts a pane into a window, as a tab beside the one there that was used last.
    fn put_in(&mut self, key: PaneKey, window: WindowKey) {
        let used = self.keys_in(window).into_iter().max_by_key(|key| self.turn_of_use(*key));
        if let Some(tree) = self.tree_in_mut(window) {
            grow::insert(tree, key, used, Place::Tab);
        }
        self.comes_to_hand(key);
    }

    /// Takes a pane off its tree, which is kept to go back to.
    pub(super) fn take_out(&mut self, key: PaneKey) {
        let Some(window) = self.window_of(key) else { return };
        let Some(tree) = self.tree_in_mut(window) else { return };
        let before = tree.clone();
        if let Some(id) = tree.tiles.find_pane(&key) {
            tree.remove_recursively(id);
        }
        self.before.insert((key, window), before);
        if self.alone == Some(key) {
            self.alone = None;
        }
    }

    /// Has a window stand as it did before this pane left it, if all others are there that were. Whether it does.
    pub(super) fn restore(&mut self, key: PaneKey, window: WindowKey) -> bool {
        let mut here = self.keys_in(window);
        here.push(key);
        here.sort();
        let fits = |before: &Tree<PaneKey>| {
            let mut all = keys_of(before);
            all.sort();
            all == here
        };
        let Some(before) = self.before.remove(&(key, window)).filter(fits) else { return false };
        let Some(tree) = self.tree_in_mut(window) else { return false };
        *tree = before;
        self.comes_to_hand(key);
        true
    }

    /// Forgets windows that show nothing, and how they stood.
    pub(super) fn drop_empty(&mut self) {
        self.beside.retain(|_, tree| tree.tiles.tiles().any(|tile| matches!(tile, Tile::Pane(_))));
    }

    /// Puts the panes of windows that are too many, by a file that somebody wrote, back into the main one.
    pub(super) fn keep_to_most(&mut self) {
        let excess: Vec<WindowKey> = self.beside().skip(MOST_WINDOWS).collect();
        for window in excess {
            self.put_back(window);
        }
    }

    /// Puts all panes of a window back into the main one, which ends it.
    pub(super) fn put_back(&mut self, window: WindowKey) {
        if window == WindowKey::MAIN {
            return;
        }
        for key in self.keys_in(window) {
            self.move_to(key, Destination::Window(WindowKey::MAIN));
        }
    }
}
