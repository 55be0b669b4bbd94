//! The panes: what each must do, and the table of those that exist.
//!
//! Adding a pane = one file and one line in the table here.

use std::fmt;
use std::str::FromStr;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::alerts::AlertsPane;
use super::allocation::AllocationPane;
use super::analytics::AnalyticsPane;
use super::blotter::Blotter;
use super::chart_pane::ChartPane;
use super::commands::Commands;
use super::ladder::Ladder;
use super::tape::TapePane;
use super::ticket::Ticket;
use super::watchlist::Watchlist;
use crate::desk::Desk;

/// A part of the desk: reads the desk, keeps view state only, pushes commands.
pub trait Pane {
    /// Draws it. The desk is turned to the instrument of the pane's link group.
    fn ui(&mut self, ui: &mut egui::Ui, desk: &Desk, out: &mut Commands);
}

/// Of how many panes of a kind there is use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Many {
    One,
    Several,
}

/// A pane of a known type among all of them.
pub trait IsPane: Pane + Sized + 'static {
    /// Its kind.
    const KIND: PaneKind;

    /// The pane as what it is.
    fn of(any: &AnyPane) -> Option<&Self>;

    /// The same, to be changed.
    fn of_mut(any: &mut AnyPane) -> Option<&mut Self>;
}

macro_rules! panes {
    ($($(#[$doc:meta])* $kind:ident: $pane:ty, $name:literal, $title:literal, $many:ident;)*) => {
        /// The panes that exist.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum PaneKind { $($(#[$doc])* $kind,)* }

        /// The state of a pane.
        #[derive(Debug)]
        pub enum AnyPane { $($(#[$doc])* $kind(Box<$pane>),)* }

        impl PaneKind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Its name in files.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }

            /// Its name on the screen.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)* }
            }

            /// Whether there may be several of them.
            #[must_use]
            pub fn may_be_several(self) -> bool {
                match self { $(Self::$kind => Many::$many == Many::Several,)* }
            }
        }

        impl AnyPane {
            /// One of a kind, as on the first start.
            #[must_use]
            pub fn new(kind: PaneKind) -> Self {
                match kind { $(PaneKind::$kind => Self::$kind(Default::default()),)* }
            }

            /// As it was saved; anew where that cannot be read.
            #[must_use]
            pub fn read(kind: PaneKind, saved: Value) -> Self {
                match kind { $(PaneKind::$kind => Self::$kind(or_anew(saved)),)* }
            }

            /// To be saved.
            ///
            /// # Errors
            /// Where a state has no form in JSON.
            pub fn to_saved(&self) -> Result<Value, serde_json::Error> {
                match self { $(Self::$kind(pane) => serde_json::to_value(pane),)* }
            }

            /// To be drawn.
            pub fn as_pane(&mut self) -> &mut dyn Pane {
                match self { $(Self::$kind(pane) => &mut **pane,)* }
            }
        }

        $(impl IsPane for $pane {
            const KIND: PaneKind = PaneKind::$kind;

            fn of(any: &AnyPane) -> Option<&Self> {
                if let AnyPane::$kind(pane) = any { Some(&**pane) } else { None }
            }

            fn of_mut(any: &mut AnyPane) -> Option<&mut Self> {
                if let AnyPane::$kind(pane) = any { Some(&mut **pane) } else { None }
            }
        })*
    };
}

panes! {
    /// Instruments with their quotes.
    Watchlist: Watchlist, "watchlist", "Watchlist", Several;
    /// Candles and volume of an instrument.
    Chart: ChartPane, "chart", "Chart", Several;
    /// The book by price, and orders by one click.
    Ladder: Ladder, "ladder", "Ladder", Several;
    /// Trades as they happen.
    Tape: TapePane, "tape", "Tape", Several;
    /// Entry of orders.
    Ticket: Ticket, "ticket", "Ticket", One;
    /// Orders, fills, positions, account, activity.
    Blotter: Blotter, "blotter", "Blotter", One;
    /// What the trader wants to be told of, and what was told.
    Alerts: AlertsPane, "alerts", "Alerts", One;
    /// Target weights that become orders.
    Allocation: AllocationPane, "allocation", "Allocation", One;
    /// Curves of accounts, of a book, and of the program itself.
    Analytics: AnalyticsPane, "analytics", "Analytics", One;
}

fn or_anew<T: DeserializeOwned + Default>(saved: Value) -> T {
    serde_json::from_value(saved).unwrap_or_else(|error| {
        tracing::warn!("the saved state of a pane could not be read: {error}");
        T::default()
    })
}

/// Which pane: of a kind, and which of that kind. In files `chart`, `chart-2` and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaneKey {
    /// What it is.
    pub kind: PaneKind,
    /// Which of its kind, from one.
    pub number: u16,
}

impl PaneKey {
    /// The first of a kind.
    #[must_use]
    pub fn first(kind: PaneKind) -> Self {
        Self { kind, number: 1 }
    }

    /// What its tab says.
    #[must_use]
    pub fn title(self) -> String {
        match self.number {
            1 => self.kind.title().to_owned(),
            number => format!("{} {number}", self.kind.title()),
        }
    }
}

impl fmt::Display for PaneKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number {
            1 => f.write_str(self.kind.name()),
            number => write!(f, "{}-{number}", self.kind.name()),
        }
    }
}

/// A name that no pane has.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no pane '{0}'")]
pub struct NoPane(String);

impl FromStr for PaneKey {
    type Err = NoPane;

    fn from_str(text: &str) -> Result<Self, NoPane> {
        let (name, number) = match text.split_once('-') {
            Some((name, number)) => (name, number.parse().ok().filter(|number| *number > 1)),
            None => (text, Some(1)),
        };
        let kind = PaneKind::ALL.iter().copied().find(|kind| kind.name() == name);
        kind.zip(number).map(|(kind, number)| Self { kind, number }).ok_or_else(|| NoPane(text.to_owned()))
    }
}

impl Serialize for PaneKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PaneKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}
