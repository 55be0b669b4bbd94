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

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the texts of a line of this width stand, from its left end: from, to.
    fn drawn(width: f32, left: &str, right: &str, cut: Cut) -> [Option<(f32, f32)>; 2] {
        let end = |text| End { text, font: FontId::proportional(13.0), colour: Color32::WHITE };
        let mut places = [None; 2];
        let ctx = egui::Context::default();
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| {
            ui.set_width(width);
            let from = ui.cursor().left();
            let ends = line_ui(ui, 20.0, &end(left), &end(right), cut);
            let place = |it: Option<Response>| it.map(|it| (it.rect.left() - from, it.rect.right() - from));
            places = [place(ends.left), place(ends.right)];
        });
        output.textures_delta.clear();
        places
    }

    #[test]
    fn both_ends_are_whole_where_there_is_room() {
        let [Some(left), Some(right)] = drawn(300.0, "Position", "long 100", Cut::Right) else { panic!() };
        assert!(left.0.abs() < 0.5 && left.1 < right.0, "{left:?} {right:?}");
        assert!((right.1 - 300.0).abs() < 0.5, "{right:?}");
    }

    #[test]
    fn the_end_that_gives_way_is_cut_and_the_other_stays_whole() {
        let whole = |at: usize| drawn(900.0, "A long name", "1,234,567.89", Cut::Right)[at].unwrap();
        let wide = |place: (f32, f32)| place.1 - place.0;
        for (cut, kept) in [(Cut::Right, 0), (Cut::Left, 1)] {
            let ends = drawn(120.0, "A long name", "1,234,567.89", cut).map(Option::unwrap);
            assert!((wide(ends[kept]) - wide(whole(kept))).abs() < 0.5, "{ends:?}");
            assert!(wide(ends[1 - kept]) < wide(whole(1 - kept)) - 5.0, "{ends:?}");
            assert!(ends[0].1 <= ends[1].0 && ends[1].1 <= 120.5, "{ends:?}");
        }
    }

    #[test]
    fn an_end_without_text_is_nothing_to_point_at() {
        assert_eq!(drawn(300.0, "", "", Cut::Left), [None, None]);
    }
}
