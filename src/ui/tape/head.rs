//! Above the lines: what is shown, and how fast it comes.

use egui::{ComboBox, Label, RichText, TextEdit, Ui, vec2};

use super::{MERGES, TapePane};
use crate::desk::{Desk, Flow};
use crate::domain::{Decimal, Instrument};
use crate::link::Stream;
use crate::market::tape::pace::{Pace, Window};
use crate::ui::format;
use crate::ui::theme::{Theme, theme_of};
use crate::ui::ticket::number;

impl TapePane {
    pub(super) fn head_ui(&mut self, ui: &mut Ui, desk: &Desk, instrument: &Instrument) {
        let theme = theme_of(ui);
        let margin = egui::Margin { left: 8, right: 8, top: 4, bottom: 2 };
        egui::Frame::new().inner_margin(margin).show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing.x = 4.0;
                let key = instrument.key();
                let least = (&mut self.view.least, self.least.entry(key.clone()).or_default());
                size_ui(ui, &theme, "From", "Smaller lines are left out; empty: none", least);
                let large = (&mut self.view.large, self.large.entry(key).or_default());
                size_ui(ui, &theme, "Mark", "Lines from this size on stand out; empty: none", large);
                self.merge_ui(ui);
            });
            ui.horizontal(|ui| {
                ui.label(RichText::new(&*instrument.symbol).strong().color(theme.text));
                // Before the numbers, which end where the pane does.
                lost_ui(ui, &theme, desk, self.view.missed);
                if let Some(flow) = desk.flow(instrument.id) {
                    pace_ui(ui, &theme, desk, flow);
                }
            });
        });
        self.least.retain(|_, size| !size.is_zero());
        self.large.retain(|_, size| !size.is_zero());
    }

    fn merge_ui(&mut self, ui: &mut Ui) {
        let words = |millis: u32| match millis {
            0 => "Every print".to_owned(),
            millis if millis >= 1_000 => format!("Merge {} s", millis / 1_000),
            millis => format!("Merge {millis} ms"),
        };
        let menu = ComboBox::from_id_salt("merge").selected_text(words(self.merge)).width(96.0).truncate();
        let shown = menu.show_ui(ui, |ui| {
            for millis in MERGES {
                ui.selectable_value(&mut self.merge, millis, words(millis));
            }
        });
        let hint = "Prints of one price and one side that follow one another as one line";
        let response = shown.response.on_hover_text(hint);
        response.widget_info(|| {
            egui::WidgetInfo::labeled(egui::Role::ComboBox, true, "Equal prints that follow one another")
        });
    }
}

/// A field for a size; what is no size leaves the last one in force.
fn size_ui(ui: &mut Ui, theme: &Theme, name: &str, hint: &str, (text, size): (&mut String, &mut Decimal)) {
    let label = ui.label(RichText::new(name).small().color(theme.text_weak));
    let read = number::parse(text);
    let colour = if read.is_err() { theme.danger } else { theme.text };
    let edit = TextEdit::singleline(text).desired_width(60.0).min_size(vec2(0.0, theme.sizes.row));
    let field = ui.add(edit.text_color(colour).hint_text("–")).labelled_by(label.id).on_hover_text(hint);
    if field.changed()
        && let Ok(read) = number::parse(text)
    {
        *size = read.unwrap_or_default();
    }
}

/// How fast trades come: now, and as a rule.
fn pace_ui(ui: &mut Ui, theme: &Theme, desk: &Desk, flow: &Flow) {
    let now = desk.market_time().unwrap_or(desk.now());
    let [one, five, thirty] = Window::ALL.map(|window| flow.pace(window, now));
    if thirty != Pace::default() {
        // It slows down by itself, until there is nothing to count.
        ui.request_repaint_after(std::time::Duration::from_secs(1));
    }
    let share =
        if thirty.prints.is_zero() { Decimal::ZERO } else { one.prints / thirty.prints / Decimal::from(3) };
    let share = share.min(Decimal::ONE);
    let (rect, bar) = ui.allocate_exact_size(vec2(48.0, 8.0), egui::Sense::hover());
    ui.painter().rect_filled(rect, 2, theme.control);
    let width = rect.width() * crate::domain::Price(share).to_f64() as f32;
    ui.painter().rect_filled(rect.with_max_x(rect.left() + width), 2, theme.accent);
    let prints = |pace: Pace| format::decimal(pace.prints, 1);
    let text = format!("{}/s · {} in 5 s · {} in 30 s", prints(one), prints(five), prints(thirty));
    let said = format!("Speed of the tape: {text} on average, {} units/s", format::compact(five.volume));
    bar.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &said));
    let label = Label::new(RichText::new(text).small().color(theme.text_weak)).truncate();
    ui.add(label).on_hover_text(said);
}

/// Prints that are not in the lines.
fn lost_ui(ui: &mut Ui, theme: &Theme, desk: &Desk, missed: u64) {
    let dropped = desk.ledger().of(Stream::Trades).dropped;
    let lost = dropped + missed;
    if lost > 0 {
        let hint = "The window could not keep up, or this tape was out of sight for long. The counts behind the \
                    latency in the status bar say more.";
        ui.label(RichText::new(format!("{lost} not shown")).small().color(theme.warn)).on_hover_text(hint);
    }
}
