//! How a window that floats above the desk is closed: by Escape, and by the same button in each of them.

use egui::{Response, Ui};

/// The button that closes a window. `what` stands in the window, for those who hear the name alone: a position is
/// closed by a button of this word, too.
pub(super) fn close_button(ui: &mut Ui, what: &str) -> Response {
    ui.button("Close").on_hover_text("Escape").accessible_name(format!("Close {what}"))
}
