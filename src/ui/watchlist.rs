//! Watchlist.

use serde::{Deserialize, Serialize};

use super::commands::Commands;
use super::pane::Pane;
use crate::desk::Desk;

/// Watchlist.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Watchlist {}

impl Pane for Watchlist {
    fn ui(&mut self, ui: &mut egui::Ui, desk: &Desk, out: &mut Commands) {
        let _ = (ui, desk, out);
    }
}

impl Watchlist {
    /// Puts an instrument at the end, by its key; one that is there stays where it is.
    pub fn add(&mut self, key: String) {
        let _ = key;
    }

    /// On the very first start: a choice of instruments over all markets.
    pub fn fill_if_new(&mut self, desk: &Desk) {
        let _ = desk;
    }

    /// Key of the first instrument.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        None
    }
}
