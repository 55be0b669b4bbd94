//! The status bar.

use super::commands::Commands;
use crate::desk::Desk;

pub(super) fn status_bar_ui(ui: &mut egui::Ui, desk: &Desk, out: &mut Commands) {
    let _ = (ui, desk, out);
}
