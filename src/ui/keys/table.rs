//! The one table of what keys do: everything that reads keys, names them or explains them reads it.
//!
//! Not here are keys that are the same in every program and stay so: Escape, Tab, Enter in a field or a question,
//! arrows in a field or a list of choices, copy and paste.

use egui::Key;

use super::chord::Chord;
use crate::ui::pane::PaneKind;

/// Where keys act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// In the whole window.
    Window,
    /// In the whole window, while one-click trading is armed and no text is typed.
    Trading,
    /// In panes of a kind: the one that has the keyboard, a ladder while the pointer is over it.
    Pane(PaneKind),
}

impl Scope {
    /// All that have keys, as they are listed.
    pub const ALL: [Self; 7] = [
        Self::Window,
        Self::Trading,
        Self::Pane(PaneKind::Ticket),
        Self::Pane(PaneKind::Ladder),
        Self::Pane(PaneKind::Blotter),
        Self::Pane(PaneKind::Watchlist),
        Self::Pane(PaneKind::Chart),
    ];

    /// Where that is, in words.
    #[must_use]
    pub fn label(self) -> String {
        match self {
            Self::Window => "everywhere".to_owned(),
            Self::Trading => "everywhere, while one-click trading is armed".to_owned(),
            Self::Pane(PaneKind::Ladder) => "over the ladder".to_owned(),
            Self::Pane(PaneKind::Chart) => "on the chart".to_owned(),
            Self::Pane(kind) => format!("in the {}", kind.title().to_lowercase()),
        }
    }

    /// Whether one press could mean an action of either.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        match (self, other) {
            (Self::Pane(one), Self::Pane(other)) => one == other,
            _ => true,
        }
    }
}

/// What stands in the table about an action.
struct Entry {
    scope: Scope,
    name: &'static str,
    words: &'static str,
    keys: &'static [Chord],
}

macro_rules! acts {
    ($($act:ident: $scope:expr, $name:literal, $words:literal, [$($keys:expr),* $(,)?];)*) => {
        /// An action that keys stand for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Act { $(#[doc = $words] $act,)* }

        impl Act {
            /// All of them, scope by scope.
            pub const ALL: &[Self] = &[$(Self::$act),*];

            const fn entry(self) -> &'static Entry {
                match self {
                    $(Self::$act => {
                        const ENTRY: &Entry = &Entry {
                            scope: $scope,
                            name: $name,
                            words: $words,
                            keys: &[$($keys),*],
                        };
                        ENTRY
                    })*
                }
            }
        }
    };
}

impl Act {
    /// Where its keys act.
    #[must_use]
    pub fn scope(self) -> Scope {
        self.entry().scope
    }

    /// Its name in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.entry().name
    }

    /// What it does, in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        self.entry().words
    }

    /// Its keys where nobody has chosen others.
    #[must_use]
    pub fn default_keys(self) -> &'static [Chord] {
        self.entry().keys
    }

    /// The action of a name in settings.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|act| act.name() == name)
    }
}

const fn key(key: Key) -> Chord {
    Chord::of(key)
}

const TICKET: Scope = Scope::Pane(PaneKind::Ticket);
const LADDER: Scope = Scope::Pane(PaneKind::Ladder);
const BLOTTER: Scope = Scope::Pane(PaneKind::Blotter);
const WATCHLIST: Scope = Scope::Pane(PaneKind::Watchlist);
const CHART: Scope = Scope::Pane(PaneKind::Chart);

acts! {
    Search: Scope::Window, "search", "Search instruments and actions", [key(Key::K).ctrl()];
    Kill: Scope::Window, "kill-switch", "Kill switch: lock new orders, cancel working ones",
        [key(Key::Delete).ctrl().shift()];
    OneClick: Scope::Window, "one-click", "Arm one-click trading, or switch it off", [key(Key::A).ctrl().alt()];
    Keys: Scope::Window, "keyboard", "Keyboard shortcuts: see and change them", [key(Key::F1)];
    Settings: Scope::Window, "settings", "Settings: look them up and change them", [key(Key::Comma).ctrl()];
    Limits: Scope::Window, "limits", "Limits of the profile, of accounts, of instruments",
        [key(Key::L).ctrl().shift()];
    Arm: Scope::Window, "arm-account", "Arm or disarm a live account", [key(Key::A).ctrl().shift()];
    Allocation: Scope::Window, "allocation", "Allocation: target weights become orders",
        [key(Key::W).ctrl().shift()];
    NewAlert: Scope::Window, "new-alert", "New alert", [key(Key::N).ctrl().shift()];
    Maximise: Scope::Window, "maximise", "One pane alone, and back", [key(Key::M).ctrl()];
    MoveOut: Scope::Window, "move-out", "The pane into a window of its own, and back", [key(Key::O).ctrl().shift()];
    Reopen: Scope::Window, "reopen-pane", "Open the pane that was closed last", [key(Key::T).ctrl().shift()];
    Undo: Scope::Window, "layout-undo", "Layout: take the last change back", [key(Key::Z).ctrl().alt()];
    Redo: Scope::Window, "layout-redo", "Layout: do again what was taken back",
        [key(Key::Z).ctrl().alt().shift()];
    ResetLayout: Scope::Window, "layout-reset", "Reset the layout", [key(Key::H).ctrl().shift()];
    Workspaces: Scope::Window, "workspaces", "Workspaces: new, copy, rename, export, import",
        [key(Key::W).ctrl().alt()];
    NextWorkspace: Scope::Window, "next-workspace", "Next workspace", [key(Key::PageDown).ctrl().alt()];
    TextLarger: Scope::Window, "text-larger", "Larger text", [key(Key::Plus).ctrl(), key(Key::Equals).ctrl()];
    TextSmaller: Scope::Window, "text-smaller", "Smaller text", [key(Key::Minus).ctrl()];
    TextUsual: Scope::Window, "text-usual", "Text of the usual size", [key(Key::Num0).ctrl()];
    Performance: Scope::Window, "performance", "Performance: what frames cost, and why they are drawn",
        [key(Key::F12)];
    Quit: Scope::Window, "quit", "Quit; asks while orders work", [key(Key::Q).ctrl()];

    BuyAtAsk: Scope::Trading, "buy-at-ask", "Buy at the ask", [key(Key::B).alt()];
    SellAtBid: Scope::Trading, "sell-at-bid", "Sell at the bid", [key(Key::S).alt()];
    JoinBid: Scope::Trading, "join-bid", "Join the bid: buy there", [key(Key::B).alt().shift()];
    JoinAsk: Scope::Trading, "join-ask", "Join the ask: sell there", [key(Key::S).alt().shift()];
    CancelHere: Scope::Trading, "cancel-instrument", "Cancel all orders of the instrument", [key(Key::C).alt()];
    CancelAll: Scope::Trading, "cancel-all", "Cancel all orders, of every instrument and account",
        [key(Key::C).alt().shift()];
    Flatten: Scope::Trading, "flatten", "Close the position at market", [key(Key::F).alt()];
    Reverse: Scope::Trading, "reverse", "Reverse the position at market", [key(Key::R).alt().shift()];

    PrepareBuy: TICKET, "ticket-buy", "Prepare a buy", [key(Key::B).ctrl()];
    PrepareSell: TICKET, "ticket-sell", "Prepare a sell", [key(Key::S).ctrl()];
    PrepareClose: TICKET, "ticket-close", "Prepare to close the position", [key(Key::F).ctrl().shift()];
    PrepareReverse: TICKET, "ticket-reverse", "Prepare to reverse the position", [key(Key::R).ctrl().shift()];
    Send: TICKET, "ticket-send", "Send what is prepared", [key(Key::Enter).ctrl()];

    Centre: LADDER, "ladder-centre", "The market into the middle", [key(Key::C)];
    Coarser: LADDER, "ladder-coarser", "More ticks in a row", [key(Key::Plus), key(Key::Equals)];
    Finer: LADDER, "ladder-finer", "Fewer ticks in a row", [key(Key::Minus)];
    LadderBid: LADDER, "ladder-join-bid", "Join the bid, while one click is armed", [key(Key::B)];
    LadderAsk: LADDER, "ladder-join-ask", "Join the ask, while one click is armed", [key(Key::S)];
    ImproveBid: LADDER, "ladder-improve-bid", "Buy one tick above the bid, while one click is armed",
        [key(Key::B).shift()];
    ImproveAsk: LADDER, "ladder-improve-ask", "Sell one tick below the ask, while one click is armed",
        [key(Key::S).shift()];

    OrderAbove: BLOTTER, "blotter-up", "The order above", [key(Key::ArrowUp)];
    OrderBelow: BLOTTER, "blotter-down", "The order below", [key(Key::ArrowDown)];
    OrdersAbove: BLOTTER, "blotter-page-up", "A page up", [key(Key::PageUp)];
    OrdersBelow: BLOTTER, "blotter-page-down", "A page down", [key(Key::PageDown)];
    FirstOrder: BLOTTER, "blotter-first", "The first order", [key(Key::Home)];
    LastOrder: BLOTTER, "blotter-last", "The last order", [key(Key::End)];
    OrderTimeline: BLOTTER, "blotter-timeline", "The order's timeline", [key(Key::T), key(Key::Enter)];
    ChangeOrder: BLOTTER, "blotter-change", "Change the order", [key(Key::F2)];
    CancelOrder: BLOTTER, "blotter-cancel", "Cancel the order", [key(Key::Delete)];
    NoteOrder: BLOTTER, "blotter-note", "Note and tags of the order", [key(Key::N)];
    FindRows: BLOTTER, "blotter-find", "Search and filter the rows", [key(Key::F).ctrl()];
    SortNext: BLOTTER, "blotter-sort", "Sort by the next column", [key(Key::S)];
    SortRound: BLOTTER, "blotter-sort-round", "Sort the other way round", [key(Key::S).shift()];
    ExportRows: BLOTTER, "blotter-export", "Export the rows that are shown", [key(Key::E).ctrl()];
    OrderGone: BLOTTER, "blotter-gone", "Mark an order of unknown fate as gone", [key(Key::Delete).shift()];

    RowAbove: WATCHLIST, "watchlist-up", "The instrument above", [key(Key::ArrowUp)];
    RowBelow: WATCHLIST, "watchlist-down", "The instrument below", [key(Key::ArrowDown)];
    FirstRow: WATCHLIST, "watchlist-first", "The first instrument", [key(Key::Home)];
    LastRow: WATCHLIST, "watchlist-last", "The last instrument", [key(Key::End)];
    RowUp: WATCHLIST, "watchlist-move-up", "Move it up", [key(Key::ArrowUp).alt()];
    RowDown: WATCHLIST, "watchlist-move-down", "Move it down", [key(Key::ArrowDown).alt()];
    Fold: WATCHLIST, "watchlist-fold", "Fold or unfold a group", [key(Key::Enter)];
    RemoveRow: WATCHLIST, "watchlist-remove", "Remove it from the list", [key(Key::Delete)];

    PanLeft: CHART, "chart-left", "Earlier", [key(Key::ArrowLeft)];
    PanRight: CHART, "chart-right", "Later", [key(Key::ArrowRight)];
    BarLeft: CHART, "chart-bar-left", "One bar earlier", [key(Key::ArrowLeft).shift()];
    BarRight: CHART, "chart-bar-right", "One bar later", [key(Key::ArrowRight).shift()];
    PageLeft: CHART, "chart-page-left", "A page earlier", [key(Key::PageUp)];
    PageRight: CHART, "chart-page-right", "A page later", [key(Key::PageDown)];
    ZoomIn: CHART, "chart-zoom-in", "Fewer bars, larger", [key(Key::ArrowUp), key(Key::Plus), key(Key::Equals)];
    ZoomOut: CHART, "chart-zoom-out", "More bars, smaller", [key(Key::ArrowDown), key(Key::Minus)];
    Oldest: CHART, "chart-oldest", "The oldest bars", [key(Key::Home)];
    Newest: CHART, "chart-newest", "Follow the newest bar", [key(Key::End)];
    DrawLevel: CHART, "chart-draw-level", "Draw a horizontal line", [key(Key::H).alt()];
    DrawTrend: CHART, "chart-draw-trend", "Draw a trend line", [key(Key::T).alt()];
    Measure: CHART, "chart-measure", "Measure between two places", [key(Key::M).alt()];
    DeleteDrawing: CHART, "chart-delete-drawing", "Delete the drawing that is chosen", [key(Key::Delete)];
    RestoreDrawing: CHART, "chart-restore-drawing", "Bring back the drawing that was deleted last",
        [key(Key::Z).ctrl()];
    KeepPicture: CHART, "chart-picture", "Keep a picture of the chart", [key(Key::S).ctrl().alt()];
    CopyPicture: CHART, "chart-copy-picture", "Copy a picture of the chart", [key(Key::S).ctrl().shift()];
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_name_means_one_action() {
        let names: BTreeSet<&str> = Act::ALL.iter().map(|act| act.name()).collect();
        assert_eq!(names.len(), Act::ALL.len());
        for act in Act::ALL {
            assert_eq!(Act::named(act.name()), Some(*act));
            assert!(Scope::ALL.contains(&act.scope()), "{act:?}");
        }
        assert_eq!(Act::named("fly"), None);
    }

    #[test]
    fn what_acts_in_the_whole_window_needs_no_keys_that_text_needs() {
        let global = Act::ALL.iter().filter(|act| matches!(act.scope(), Scope::Window | Scope::Trading));
        for (act, keys) in global.flat_map(|act| act.default_keys().iter().map(move |keys| (act, keys))) {
            assert!(!keys.is_for_text(), "{act:?}: {keys}");
        }
    }
}
