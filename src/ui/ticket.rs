//! Ticket.

use serde::{Deserialize, Serialize};

use super::commands::Commands;
use super::pane::Pane;
use crate::desk::Desk;

/// Ticket.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ticket {}

impl Pane for Ticket {
    fn ui(&mut self, ui: &mut egui::Ui, desk: &Desk, out: &mut Commands) {
        let _ = (ui, desk, out);
    }
}

impl Ticket {
    /// Takes a price that was pointed at elsewhere.
    pub fn take_price(&mut self, price: crate::domain::Price) {
        let _ = price;
    }
}
