//! Search for instruments and actions.

use super::commands::Commands;
use crate::desk::Desk;

/// The search, open or not.
#[derive(Debug, Default)]
pub struct Search {
    is_open: bool,
}

impl Search {
    /// Opens it, empty.
    pub fn open(&mut self) {
        self.is_open = true;
    }

    pub(super) fn ui(&mut self, ctx: &egui::Context, desk: &Desk, out: &mut Commands) {
        let _ = (ctx, desk, out);
    }
}
