//! A line with a text at either end, drawn in one go.
//!
//! For lines that change with every quote: the same of labels and layouts costs a frame ten times as much.

use std::sync::Arc;

use egui::{Color32, FontId, Galley, Id, Rect, Response, Role, Sense, Ui, WidgetInfo, vec2};

use super::paint::figures;

/// One end of a line.
#[derive(Debug, Clone)]
pub(super) struct End<'a> {
    pub text: &'a str,
    pub font: FontId,
    pub colour: Color32,
}

/// Which end is cut when there is no room for both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    Left,
    Right,
}

/// What assistive programs and the pointer find at either end; nothing where there is no text.
pub(super) struct Ends {
    pub left: Option<Response>,
    pub right: Option<Response>,
}

/// Draws a line over the width that is there.
pub(super) fn line_ui(ui: &mut Ui, height: f32, left: &End<'_>, right: &End<'_>, cut: Cut) -> Ends {
    let (id, rect) = ui.allocate_space(vec2(ui.available_width(), height));
    let galley = |end: &End<'_>, room: f32| {
        (!end.text.is_empty()).then(|| figures(ui, end.text, &end.font, end.colour, room))
    };
    let besides = |other: &Option<Arc<Galley>>| {
        let taken = other.as_ref().map_or(0.0, |galley| galley.size().x + ui.spacing().item_spacing.x);
        (rect.width() - taken).max(0.0)
    };
    let (left, right) = match cut {
        Cut::Left => {
            let right = galley(right, rect.width());
            (galley(left, besides(&right)), right)
        }
        Cut::Right => {
            let left = galley(left, rect.width());
            let right = galley(right, besides(&left));
            (left, right)
        }
    };
    let place = |galley: &Galley, align| {
        egui::Align2([align, egui::Align::Center]).align_size_within_rect(galley.size(), rect)
    };
    Ends {
        left: left.map(|galley| label_at(ui, id, place(&galley, egui::Align::Min), galley)),
        right: right.map(|galley| label_at(ui, id.with("right"), place(&galley, egui::Align::Max), galley)),
    }
}

/// A label whose place is known. Where its text is cut, the pointer tells the whole of it.
pub(super) fn label_at(ui: &Ui, id: Id, rect: Rect, galley: Arc<Galley>) -> Response {
    let response = ui.interact(rect, id, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, ui.is_enabled(), galley.text()));
    let (whole, is_cut) = (Arc::clone(&galley.job), galley.elided);
    ui.painter().galley(rect.min, galley, Color32::PLACEHOLDER);
    if is_cut { response.on_hover_text(&whole.text) } else { response }
}
