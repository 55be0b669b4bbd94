//! What the status bar's latencies open: histograms, how evenly the window draws, and what
//! became of every message.

use egui::{Align, Layout, Rect, RichText, Sense, UiBuilder, vec2};

use crate::desk::Desk;
use crate::link::Stream;
use crate::ui::commands::{Commands, UiCommand};
use crate::ui::format;
use crate::ui::latencies::{self, quantiles_text};
use crate::ui::theme::{Theme, theme_of};

/// Widths of the table's columns, the stream's name first.
const NAME_WIDTH: f32 = 116.0;
const COUNT_WIDTH: f32 = 66.0;
const LINE_HEIGHT: f32 = 20.0;

pub(super) fn health_ui(ui: &mut egui::Ui, desk: &Desk, out: &mut Commands) {
    let theme = theme_of(ui);
    ui.spacing_mut().item_spacing = vec2(12.0, 4.0);
    latencies::histograms_ui(ui, desk);
    ui.add_space(4.0);
    frames_ui(ui, desk, &theme, out);
    ui.add_space(4.0);
    ledger_ui(ui, desk, &theme);
}

/// How evenly the window draws while it has something to draw.
fn frames_ui(ui: &mut egui::Ui, desk: &Desk, theme: &Theme, out: &mut Commands) {
    ui.label(RichText::new("Frame to frame, while a frame was due").color(theme.text_strong));
    ui.horizontal(|ui| {
        let text = match desk.latency().longest_gap() {
            None => "Nothing measured yet".to_owned(),
            Some(longest) => {
                let zone = format::zone(desk.settings().time_zone_display, desk.selected().map(|i| &**i));
                let at = format::clock_time(longest.ended, &zone);
                let name = format::zone_name(longest.ended, &zone);
                format!("Longest gap {}, at {at} {name}", format::duration(longest.lasted))
            }
        };
        ui.label(RichText::new(text).color(theme.text)).on_hover_text(
            "The longest that the window stood still while you used it. It never waits for a broker; \
             more than 100 ms comes from this computer.",
        );
        ui.label(RichText::new(quantiles_text(&desk.latency().frame_gaps)).color(theme.text_weak));
        let button = ui.button("Measure anew").on_hover_text("Forgets these latencies and begins again");
        if button.clicked() {
            out.window(UiCommand::MeasureAnew);
        }
    });
}

/// Received = applied + conflated + rejected + dropped + late, per stream.
fn ledger_ui(ui: &mut egui::Ui, desk: &Desk, theme: &Theme) {
    ui.label(RichText::new("Messages from the engine").color(theme.text_strong));
    let heads = ["received", "applied", "conflated", "rejected", "dropped", "late", "adds up"];
    line_ui(ui, RichText::new(""), heads.map(|head| RichText::new(head).small().color(theme.text_weak)));
    for stream in Stream::ALL {
        let count = desk.ledger().of(stream);
        let number = |value: u64, colour| {
            let colour = if value == 0 { theme.text_weak } else { colour };
            RichText::new(format::decimal(value.into(), 0)).color(colour)
        };
        let sum = if count.adds_up() {
            RichText::new("yes").color(theme.ok)
        } else {
            RichText::new("no").color(theme.danger)
        };
        line_ui(
            ui,
            RichText::new(stream.label()).color(theme.text),
            [
                number(count.received, theme.text),
                number(count.applied, theme.text),
                number(count.conflated, theme.text),
                number(count.rejected, theme.warn),
                number(count.dropped, theme.warn),
                number(count.late, theme.warn),
                sum,
            ],
        );
    }
}

/// A line of exactly this size in every pass, with a cell for each count: what opens upwards is placed by its height.
fn line_ui(ui: &mut egui::Ui, name: RichText, cells: [RichText; 7]) {
    let size = vec2(NAME_WIDTH + 7.0 * COUNT_WIDTH, LINE_HEIGHT);
    let (line, _) = ui.allocate_exact_size(size, Sense::hover());
    let mut part = |rect: Rect, layout, text| {
        ui.new_child(UiBuilder::new().max_rect(rect).layout(layout)).label(text);
    };
    part(line.with_max_x(line.left() + NAME_WIDTH), Layout::left_to_right(Align::Center), name);
    for (index, cell) in cells.into_iter().enumerate() {
        let left = line.left() + NAME_WIDTH + index as f32 * COUNT_WIDTH;
        let rect = line.with_min_x(left).with_max_x(left + COUNT_WIDTH);
        part(rect, Layout::right_to_left(Align::Center), cell);
    }
}
