//! What the chart says and asks over its prices.

use egui::{
    Area, Color32, Frame, Id, Label, Margin, Order, Pos2, Rect, RichText, Sense, Ui, UiBuilder, vec2,
};

use crate::ui::blotter::control::{Tone, control_ui};
use crate::ui::theme::{Theme, theme_of};

/// Width of a question, in points.
const WIDTH: f32 = 280.0;
/// Height of a line that is said, in points.
const HEIGHT: f32 = 20.0;
/// What the button at the right bottom of a chart takes, in points.
const BUTTON: f32 = 90.0;

/// What a question was answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
}

/// Says a line above `at`, in the room of the prices. Clicks go through it.
pub(super) fn note_ui(ui: &mut Ui, theme: &Theme, room: Rect, at: Pos2, text: &str, colour: Color32) {
    let bottom = at.y.clamp(room.top() + HEIGHT, room.bottom().max(room.top() + HEIGHT)) - 3.0;
    let width = (room.width() - BUTTON).max(0.0);
    let rect = Rect::from_min_size(egui::pos2(room.left() + 6.0, bottom - HEIGHT), vec2(width, HEIGHT));
    if rect.width() < 40.0 {
        return;
    }
    let mut over = ui
        .new_child(UiBuilder::new().max_rect(rect).layout(egui::Layout::left_to_right(egui::Align::Center)));
    let text = RichText::new(text).font(theme.small_font()).color(colour);
    Frame::new().fill(theme.raised).inner_margin(Margin::symmetric(5, 1)).show(&mut over, |ui| {
        ui.add(Label::new(text).truncate().selectable(false));
    });
}

/// Asks whether to send what `lines` say, beside `at`. Its buttons never take the keyboard: a stray Space must not
/// send.
pub(super) fn question_ui(
    ui: &Ui,
    id: Id,
    room: Rect,
    at: Pos2,
    lines: &[String],
    yes: &str,
) -> Option<Answer> {
    let theme = theme_of(ui);
    let area = Area::new(id).order(Order::Foreground).fixed_pos(at + vec2(12.0, 10.0)).constrain_to(room);
    let shown = area.show(ui.ctx(), |ui| {
        let frame =
            Frame::new().fill(theme.raised).stroke((1.0, theme.warn)).corner_radius(theme.sizes.radius);
        frame
            .inner_margin(8)
            .show(ui, |ui| {
                ui.set_max_width(WIDTH);
                for line in lines {
                    ui.add(Label::new(RichText::new(line).color(theme.text_strong)).selectable(false));
                }
                let what = lines.first().map_or("", String::as_str);
                ui.horizontal(|ui| {
                    let mut answer = None;
                    let mut button = |ui: &mut Ui, word: &str, hint: &str, tone, means| {
                        let (rect, place) =
                            ui.allocate_exact_size(vec2(84.0, theme.sizes.row), Sense::hover());
                        let name = format!("{word}: {what}");
                        if control_ui(ui, &theme, place.id, rect, (true, word, tone), &name, hint) {
                            answer = Some(means);
                        }
                    };
                    button(ui, yes, "As it stands here (Enter)", Tone::Armed, Answer::Yes);
                    button(ui, "Leave it", "Nothing is sent (Escape)", Tone::Plain, Answer::No);
                    answer
                })
                .inner
            })
            .inner
    });
    shown.inner
}
