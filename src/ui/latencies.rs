//! How long messages and orders take, as histograms with their stages: for the status bar and for a pane.

use egui::{Align, Layout, RichText, Sense, Ui, UiBuilder, vec2};
use egui_plot::{AxisHints, Bar, BarChart, GridMark, Line, Plot};

use super::format;
use super::theme::{Theme, theme_of};
use crate::desk::{Desk, Histogram};

const PLOT: egui::Vec2 = vec2(272.0, 104.0);
const STAGE_HEIGHT: f32 = 16.0;

/// From the wire to the screen and from the hand to the wire; beside each other where there is room.
pub(super) fn histograms_ui(ui: &mut Ui, desk: &Desk) {
    let theme = theme_of(ui);
    let latency = desk.latency();
    let to_screen = [
        Stage { name: "to the window", took: &latency.tick_to_window },
        Stage { name: "drawn", took: &latency.window_to_screen },
    ];
    let to_wire = [
        Stage { name: "to the engine, judged", took: &latency.click_to_engine },
        Stage { name: "on the disk", took: &latency.engine_to_disk },
        Stage { name: "to the broker's wire", took: &latency.disk_to_wire },
    ];
    let both = |ui: &mut Ui| {
        histogram_ui(ui, &theme, "Tick to screen", &latency.tick_to_screen, &to_screen);
        histogram_ui(ui, &theme, "Click to wire", &latency.click_to_wire, &to_wire);
    };
    if ui.available_width() < 2.0 * PLOT.x + ui.spacing().item_spacing.x {
        ui.vertical(both);
    } else {
        ui.horizontal_top(both);
    }
}

/// The usual and the rare, in words.
pub(super) fn quantiles_text(histogram: &Histogram) -> String {
    let quantile = |share| histogram.quantile(share).map_or("–".to_owned(), format::duration);
    let total = format::compact(histogram.total().into());
    format!("p50 {}   p99 {}   of {total}", quantile(0.5), quantile(0.99))
}

/// A part of the way.
struct Stage<'a> {
    name: &'a str,
    took: &'a Histogram,
}

/// The whole way as bars, its stages as lines over them, and below what each took.
fn histogram_ui(ui: &mut Ui, theme: &Theme, title: &str, histogram: &Histogram, stages: &[Stage<'_>]) {
    ui.vertical(|ui| {
        ui.set_width(PLOT.x);
        ui.label(RichText::new(title).color(theme.text_strong));
        ui.label(RichText::new(quantiles_text(histogram)).color(theme.text_weak));
        if histogram.total() == 0 {
            ui.allocate_ui_with_layout(
                PLOT,
                Layout::centered_and_justified(egui::Direction::TopDown),
                |ui| {
                    ui.set_min_size(PLOT);
                    ui.label(RichText::new("Nothing measured yet").color(theme.text_weak))
                },
            );
            return;
        }
        let bars = bars(histogram, theme);
        let axis = AxisHints::new_x().formatter(|mark, _| unit_text(mark.value));
        Plot::new(title)
            .width(PLOT.x)
            .height(PLOT.y)
            .show_background(false)
            .show_y(false)
            .show_axes([true, false])
            .show_grid([true, false])
            .grid_color(theme.line)
            .allow_drag(false)
            .allow_zoom(false)
            .allow_scroll(false)
            .allow_boxed_zoom(false)
            .allow_double_click_reset(false)
            .include_y(0.0)
            .include_x(0.0)
            .include_x(6.0)
            .x_grid_spacer(|_| unit_marks())
            .custom_x_axes(vec![axis])
            .label_formatter(|_| None)
            .show(ui, |plot| {
                plot.bar_chart(BarChart::new(title, bars).allow_hover(false));
                for (stage, colour) in stages.iter().zip(theme.groups) {
                    let line = Line::new(stage.name, outline(stage.took)).color(colour).width(1.5);
                    plot.line(line.allow_hover(false));
                }
            });
        for (stage, colour) in stages.iter().zip(theme.groups) {
            let took = RichText::new(quantiles_text(stage.took)).small().color(theme.text_weak);
            stage_ui(ui, RichText::new(stage.name).small().color(colour), took);
        }
    });
}

/// A line of exactly this size in every pass: what opens upwards is placed by its height.
fn stage_ui(ui: &mut Ui, name: RichText, took: RichText) {
    let (line, _) = ui.allocate_exact_size(vec2(PLOT.x, STAGE_HEIGHT), Sense::hover());
    let mut part = |layout, text| ui.new_child(UiBuilder::new().max_rect(line).layout(layout)).label(text);
    part(Layout::left_to_right(Align::Center), name);
    part(Layout::right_to_left(Align::Center), took);
}

/// How many took how long, along the tops of its bars.
fn outline(histogram: &Histogram) -> Vec<[f64; 2]> {
    histogram.buckets().map(|(upper, count)| [middle(upper), count as f64]).collect()
}

/// Where a bucket stands: the decimal logarithm of microseconds, in its middle.
fn middle(upper: std::time::Duration) -> f64 {
    (upper.as_secs_f64() * 1e6).log10() - PER_BUCKET / 2.0
}

/// How wide a bucket is: a quarter of a doubling.
const PER_BUCKET: f64 = std::f64::consts::LOG10_2 / 4.0;

/// Bars over the decimal logarithm of microseconds.
fn bars(histogram: &Histogram, theme: &Theme) -> Vec<Bar> {
    let bar = |(upper, count): (std::time::Duration, u64)| {
        let bar = Bar::new(middle(upper), count as f64).width(PER_BUCKET);
        bar.fill(theme.accent_fill).stroke(egui::Stroke::NONE)
    };
    histogram.buckets().map(bar).collect()
}

/// Decimal logarithms of 1 µs, 1 ms and 1 s, and what stands at them.
const UNITS: [(f64, &str); 3] = [(0.0, "1 µs"), (3.0, "1 ms"), (6.0, "1 s")];

fn unit_marks() -> Vec<GridMark> {
    UNITS.iter().map(|&(value, _)| GridMark { value, step_size: 3.0 }).collect()
}

fn unit_text(power: f64) -> String {
    let unit = UNITS.iter().find(|(value, _)| (value - power).abs() < 0.5);
    unit.map_or_else(String::new, |(_, text)| (*text).to_owned())
}
