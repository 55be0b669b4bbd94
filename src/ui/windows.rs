//! What each window of the program keeps for itself: what its panes need, and what its trading keys have seen.
//!
//! What floats (the search, questions, messages) is drawn in one of them: in front is the window that has the
//! keyboard, or had it last.

use std::collections::BTreeMap;
use std::time::Duration;

use egui::{Context, ViewportCommand};

use super::keys::trading::{Sight, TradingKeys};
use super::terminal::Terminal;
use super::workspace::{Destination, LayoutChange, MOST_WINDOWS as MOST, WindowKey, WindowPlace};
use crate::link::{Demand, NoticeLevel};

/// As good as at once: without a delay egui would paint two frames.
const SOON: Duration = Duration::from_millis(1);
/// So many panes are named in the title of a window.
const NAMED: usize = 3;

/// The windows that were drawn.
#[derive(Debug, Default)]
pub(super) struct Windows {
    front: WindowKey,
    drawn: BTreeMap<WindowKey, OneWindow>,
    /// The window in which the pointer was last shown to other charts.
    pointed: WindowKey,
}

#[derive(Debug, Default)]
struct OneWindow {
    trading: TradingKeys,
    demand: Demand,
}

impl Windows {
    /// Whether a window is the one in front.
    pub fn is_front(&self, window: WindowKey) -> bool {
        self.front == window
    }

    pub fn trading(&mut self, window: WindowKey) -> &mut TradingKeys {
        &mut self.drawn.entry(window).or_default().trading
    }

    /// What trading keys would trade, as the last frame of a window had it.
    pub fn seen(&self, window: WindowKey) -> Option<&Sight> {
        self.drawn.get(&window)?.trading.seen()
    }

    /// What all windows need, now that one needs this.
    pub fn demand(&mut self, window: WindowKey, demand: Demand) -> Demand {
        let mut all = demand.clone();
        for (_, other) in self.drawn.iter().filter(|(other, _)| **other != window) {
            all.add(&other.demand);
        }
        self.drawn.entry(window).or_default().demand = demand;
        all
    }

    /// Whether what a window says of the pointer counts: only one of them has it.
    pub fn may_point(&mut self, window: WindowKey, has_pointer: bool) -> bool {
        if has_pointer {
            self.pointed = window;
        }
        self.pointed == window
    }
}

impl Terminal {
    /// The windows beside the main one, as they are to stand on the desktop.
    pub fn beside(&self) -> impl Iterator<Item = (WindowKey, Option<WindowPlace>)> {
        self.workspace.beside().map(|window| (window, self.workspace.places.get(&window).copied()))
    }

    /// What the title bar of a window beside the main one is to say.
    #[must_use]
    pub fn title_of(&self, window: WindowKey) -> String {
        let mut panes = self.workspace.keys_in(window);
        panes.retain(|key| self.workspace.is_in_sight(*key));
        panes.sort();
        let names: Vec<String> = panes.iter().take(NAMED).map(|key| key.title()).collect();
        format!("{} – {}", names.join(", "), self.title())
    }

    /// Draws a frame of a window beside the main one. It has the news as soon as the main one.
    pub fn beside_ui(&mut self, window: WindowKey, ui: &mut egui::Ui) {
        if self.workspace.tree_in(window).is_some() {
            self.take_over();
            self.frame(window, ui);
        }
    }

    /// Where a window beside the main one stands; it is saved with the arrangement.
    pub fn on_beside_place(&mut self, window: WindowKey, place: WindowPlace) {
        if self.workspace.tree_in(window).is_some() && self.workspace.places.get(&window) != Some(&place) {
            self.workspace.places.insert(window, place);
            self.may_have_changed();
        }
    }

    /// The desktop closes a window beside the main one: its panes are not lost with it.
    pub fn close_beside(&mut self, window: WindowKey) {
        self.workspace.change(LayoutChange::PutBack(window));
        self.may_have_changed();
    }

    /// Takes the pane that was used last out of its window, or back into the main one.
    pub(super) fn move_out(&mut self) {
        let key = self.workspace.last_used();
        let is_main = self.workspace.window_of(key) == Some(WindowKey::MAIN);
        let to = if is_main { Destination::NewWindow } else { Destination::Window(WindowKey::MAIN) };
        if self.workspace.may_move(key, to) {
            self.workspace.change(LayoutChange::Move(key, to));
        } else {
            let why = format!("Not moved: the main window needs a pane, and at most {MOST} others are kept.");
            self.say(NoticeLevel::Warning, why);
        }
    }

    /// What floats follows the keyboard, and so does the pane that keys work on.
    pub(super) fn follow_keyboard(&mut self, here: WindowKey, ctx: &Context) {
        let workspace = &self.workspace;
        self.windows.drawn.retain(|window, _| workspace.tree_in(*window).is_some());
        if workspace.tree_in(self.windows.front).is_none() {
            self.windows.front = WindowKey::MAIN;
        }
        if ctx.input(|input| input.focused) && self.windows.front != here {
            self.windows.front = here;
            self.workspace.turn_to_window(here);
        }
    }

    /// The other windows show what was changed in this one.
    pub(super) fn tell_others(&self, here: WindowKey, ctx: &Context) {
        for window in std::iter::once(WindowKey::MAIN).chain(self.workspace.beside()) {
            if window != here {
                ctx.request_repaint_after_for(SOON, window.viewport());
            }
        }
    }

    /// Brings the window of a pane that was asked for before the others, with the keyboard.
    pub(super) fn bring_called(&mut self, here: WindowKey, ctx: &Context) {
        let called = self.workspace.called.take();
        // A new one comes up in front by itself.
        if let Some(window) =
            called.filter(|window| *window != here && self.windows.drawn.contains_key(window))
        {
            ctx.send_viewport_cmd_to(window.viewport(), ViewportCommand::Minimized(false));
            ctx.send_viewport_cmd_to(window.viewport(), ViewportCommand::Focus);
        }
    }
}
