//! The panes: what each must do, and the table of those that exist.
//!
//! Adding a pane = one file and one line in each of the two matches here.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::allocation::AllocationPane;
use super::blotter::Blotter;
use super::chart_pane::ChartPane;
use super::commands::Commands;
use super::ticket::Ticket;
use super::watchlist::Watchlist;
use crate::desk::Desk;

/// A part of the desk: reads the desk, keeps view state only, pushes commands.
pub trait Pane {
    /// Draws it.
    fn ui(&mut self, ui: &mut egui::Ui, desk: &Desk, out: &mut Commands);
}

/// The panes that exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PaneKind {
    /// Instruments with their quotes.
    Watchlist,
    /// Candles and volume of the selected instrument.
    Chart,
    /// Entry of orders.
    Ticket,
    /// Orders, fills, positions, account, activity.
    Blotter,
    /// Target weights that become orders.
    Allocation,
}

impl PaneKind {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Watchlist, Self::Chart, Self::Ticket, Self::Blotter, Self::Allocation];

    /// Its name on the screen.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Watchlist => "Watchlist",
            Self::Chart => "Chart",
            Self::Ticket => "Ticket",
            Self::Blotter => "Blotter",
            Self::Allocation => "Allocation",
        }
    }
}

/// The state of every pane. One that cannot be read begins anew, and the others with what they had.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Panes {
    /// Instruments with their quotes.
    #[serde(deserialize_with = "or_anew")]
    pub watchlist: Watchlist,
    /// The chart.
    #[serde(deserialize_with = "or_anew")]
    pub chart: ChartPane,
    /// Entry of orders.
    #[serde(deserialize_with = "or_anew")]
    pub ticket: Ticket,
    /// Orders, fills, positions, account, activity.
    #[serde(deserialize_with = "or_anew")]
    pub blotter: Blotter,
    /// Target weights that become orders.
    #[serde(deserialize_with = "or_anew")]
    pub allocation: AllocationPane,
}

fn or_anew<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: DeserializeOwned + Default,
{
    let saved = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(saved).unwrap_or_else(|error| {
        tracing::warn!("the saved state of a pane could not be read: {error}");
        T::default()
    }))
}

impl Panes {
    /// The pane of a kind.
    pub fn get_mut(&mut self, kind: PaneKind) -> &mut dyn Pane {
        match kind {
            PaneKind::Watchlist => &mut self.watchlist,
            PaneKind::Chart => &mut self.chart,
            PaneKind::Ticket => &mut self.ticket,
            PaneKind::Blotter => &mut self.blotter,
            PaneKind::Allocation => &mut self.allocation,
        }
    }
}
