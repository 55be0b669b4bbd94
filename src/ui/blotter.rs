//! Blotter.

use serde::{Deserialize, Serialize};

use super::commands::Commands;
use super::pane::Pane;
use crate::desk::Desk;

/// Blotter.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Blotter {}

impl Pane for Blotter {
    fn ui(&mut self, ui: &mut egui::Ui, desk: &Desk, out: &mut Commands) {
        let _ = (ui, desk, out);
    }
}

impl Blotter {
    /// Turns to the orders and selects one.
    pub fn show_order(&mut self, id: crate::domain::OrderId) {
        let _ = id;
    }
}
