//! One of several texts to choose from, in a row of them: periods of a chart, tabs of a strip.
//!
//! Looks and acts as egui's selectable label, which costs a frame three times as much; six charts have eighty.

use egui::{Align2, Color32, Response, Role, Sense, StrokeKind, TextStyle, Ui, WidgetInfo};

use super::paint::figures;

/// Draws it where the layout goes on; `is_chosen` is the one that is in force.
pub(super) fn choice_ui(ui: &mut Ui, is_chosen: bool, text: &str) -> Response {
    let font = TextStyle::Button.resolve(ui.style());
    let galley = figures(ui, text, &font, Color32::PLACEHOLDER, f32::INFINITY);
    let mut size = galley.size() + 2.0 * ui.spacing().button_padding;
    size.y = size.y.max(ui.spacing().interact_size.y);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), is_chosen, text));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let visuals = ui.style().interact_selectable(&response, is_chosen);
    if is_chosen || response.hovered() || response.highlighted() || response.has_focus() {
        let face = rect.expand(visuals.expansion);
        let (radius, fill, stroke) = (visuals.corner_radius, visuals.weak_bg_fill, visuals.bg_stroke);
        ui.painter().rect(face, radius, fill, stroke, StrokeKind::Inside);
    }
    let at = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), rect).min;
    ui.painter().galley(at, galley, visuals.text_color());
    response
}
