//! The status bar: connections, limits that are nearly used up, age of the data, latencies, the
//! time, the kill switch.
//!
//! The kill switch is laid out first and so is in sight at every width; what else has no
//! room goes, the least important first. A state is always a word as well as a colour.
//! Nothing here repaints by itself but the clock (once a second while the market moves, once
//! a minute while it is quiet) and the age of data that should have come: once a second.

mod health;
mod kill;
mod limits;

use std::time::Duration;

use egui::{Align2, Layout, Role, Sense, WidgetInfo, vec2};
use jiff::tz::TimeZone;

use self::kill::KillSwitch;
use super::alerts::badge_ui;
use super::books::BooksView;
use super::commands::{Commands, UiCommand};
use super::format;
use super::paint::figures;
use super::theme::{Theme, theme_of};
use crate::desk::{Desk, Histogram};
use crate::domain::Time;
use crate::domain::time::{MINUTE, SECOND};
use crate::link::{Connection, ConnectionState};

/// Older data than this are worth a look while an exchange is open.
const OLD: Duration = Duration::from_secs(5);
/// So long after the last change of a quote, the clock still counts seconds.
const QUIET: Duration = Duration::from_secs(3);
/// Room for the latencies in words; with less, a single word opens the details.
const ROOM_FOR_LATENCIES: f32 = 330.0;

/// The bar's own state.
#[derive(Debug, Default)]
pub(super) struct StatusBar {
    kill: KillSwitch,
}

impl StatusBar {
    pub(super) fn ui(&mut self, ui: &mut egui::Ui, desk: &Desk, books: &BooksView, out: &mut Commands) {
        let theme = theme_of(ui);
        let bar = ui.allocate_ui_with_layout(
            vec2(ui.available_width(), theme.sizes.row),
            Layout::right_to_left(egui::Align::Center),
            |ui| {
                self.kill.ui(ui, desk, out);
                ui.add_space(8.0);
                clock_ui(ui, desk, &theme);
                ui.add_space(8.0);
                ui.with_layout(Layout::left_to_right(egui::Align::Center), |ui| {
                    ui.set_clip_rect(ui.max_rect().intersect(ui.clip_rect()));
                    ui.spacing_mut().item_spacing.x = 14.0;
                    for connection in desk.connections() {
                        connection_ui(ui, desk, connection, &theme, out);
                        findings_ui(ui, desk, books, connection, &theme, out);
                    }
                    badge_ui(ui, desk, out);
                    limits::limits_ui(ui, desk, &theme, out);
                    data_age_ui(ui, desk, &theme);
                    latencies_ui(ui, desk, &theme, out);
                });
            },
        );
        self.kill.panel_ui(ui.ctx(), bar.response.rect.right_top(), desk, out);
    }

    /// A press of the kill switch's key: locks, and where it is locked, tries again.
    pub(super) fn kill(&mut self, desk: &Desk, out: &mut Commands) {
        self.kill.press(desk, out);
    }

    /// Shows how far the kill switch has come.
    pub(super) fn show_kill(&mut self) {
        self.kill.show();
    }
}

/// A light with its word; a click tells what was found when the books were compared.
fn connection_ui(ui: &mut egui::Ui, desk: &Desk, connection: &Connection, theme: &Theme, out: &mut Commands) {
    let colour = match connection.state {
        ConnectionState::Ready => theme.ok,
        ConnectionState::Connecting
        | ConnectionState::Reconciling
        | ConnectionState::Degraded
        | ConnectionState::Silent => theme.warn,
        ConnectionState::Down => theme.danger,
        ConnectionState::Closed => theme.text_weak,
    };
    let shown = ui.scope(|ui| {
        ui.spacing_mut().item_spacing.x = 5.0;
        let (light, _) = ui.allocate_exact_size(vec2(8.0, 8.0), Sense::hover());
        ui.painter().circle_filled(light.center(), 4.0, colour);
        ui.label(egui::RichText::new(&*connection.name).color(theme.text));
        ui.label(egui::RichText::new(connection.state.label()).color(colour));
    });
    // For the pointer; the search has the same.
    let light =
        ui.interact(shown.response.rect, ui.scope_id().with(("light", connection.broker.0)), Sense::CLICK);
    let name = format!("Books of {}", connection.name);
    light.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if light.clicked() {
        out.window(UiCommand::Books);
    }
    light.on_hover_ui(|ui| {
        let zone = format::zone(desk.settings().time_zone_display, desk.selected().map(|i| &**i));
        let since = format::date_time(connection.since, &zone);
        let age = format::duration(desk.now().since(connection.since));
        ui.label(format!("{}: {}", connection.name, connection.state.label()));
        ui.label(&*connection.reason);
        let text = format!("Since {since} {}, {age}", format::zone_name(connection.since, &zone));
        ui.label(egui::RichText::new(text).color(theme.text_weak));
        if let Some(report) = desk.reconciled().iter().find(|report| report.broker == connection.broker) {
            ui.label(egui::RichText::new(format!("Books compared: {report}")).color(theme.text_weak));
        }
    });
}

/// That a comparison of books has found something to look at, until it was looked at.
fn findings_ui(
    ui: &mut egui::Ui,
    desk: &Desk,
    books: &BooksView,
    connection: &Connection,
    theme: &Theme,
    out: &mut Commands,
) {
    let text = match books.unseen(desk, connection.broker) {
        0 => return,
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    };
    let text = egui::RichText::new(text).color(theme.danger);
    let button = ui.add(egui::Button::new(text).fill(theme.danger_fill));
    let name = format!("Findings of {}", connection.name);
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if button.on_hover_text(super::books::TITLE).clicked() {
        out.window(UiCommand::Books);
    }
}

/// How old the newest market data are. Silence is news only while an exchange is open.
fn data_age_ui(ui: &mut egui::Ui, desk: &Desk, theme: &Theme) {
    let Some(newest) = desk.newest_quote() else {
        ui.label(egui::RichText::new("No market data yet").color(theme.text_weak));
        return;
    };
    let age = desk.now().since(newest);
    let is_open = desk.instruments().iter().any(|i| desk.quote(i.id).is_some_and(|view| view.quote.is_open));
    let (text, colour) = match () {
        () if !is_open => ("Exchanges closed".to_owned(), theme.text_weak),
        () if age > OLD => (format!("Data {} old", format::duration(age)), theme.warn),
        () => (format!("Data {:.1} s", age.as_secs_f64()), theme.text_weak),
    };
    let are_ready = desk.connections().iter().all(|c| c.state.takes_orders());
    if is_open && (age > OLD || !are_ready) {
        // Signs of life wake nobody, and nothing else is coming.
        let to_next = SECOND.unsigned_abs() - u64::from(age.subsec_nanos());
        ui.request_repaint_after(Duration::from_nanos(to_next));
    }
    ui.label(figures(ui, &text, &theme.text_font(), colour, f32::INFINITY)).on_hover_text(
        "Time since the newest market data of any instrument arrived; more than 5 s is worth a look",
    );
}

fn latencies_ui(ui: &mut egui::Ui, desk: &Desk, theme: &Theme, out: &mut Commands) {
    let latency = desk.latency();
    let text = if ui.available_width() < ROOM_FOR_LATENCIES {
        "Latency".to_owned()
    } else {
        let screen = quantiles(&latency.tick_to_screen);
        format!("Tick to screen {screen} · Click to wire {}", quantiles(&latency.click_to_wire))
    };
    let text = figures(ui, &text, &theme.text_font(), egui::Color32::PLACEHOLDER, f32::INFINITY);
    let button = ui.add(egui::Button::new(text).frame_when_inactive(false));
    let button = button.on_hover_text("Half of all, and 99 in 100, took no longer. Click for details.");
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Latencies and data integrity"));
    egui::Popup::from_toggle_button_response(&button)
        .align(egui::RectAlign::TOP_START)
        .close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside)
        .frame(egui::Frame::popup(ui.style()).inner_margin(12))
        .show(|ui| health::health_ui(ui, desk, out));
}

/// Median and 99th percentile.
fn quantiles(histogram: &Histogram) -> String {
    match (histogram.quantile(0.5), histogram.quantile(0.99)) {
        (Some(half), Some(most)) => format!("{} / {}", format::duration(half), format::duration(most)),
        _ => "–".to_owned(),
    }
}

/// Whether the market moves, so that the window is painted at least every second.
pub(super) fn counts_seconds(desk: &Desk) -> bool {
    desk.last_change().is_some_and(|change| desk.now().since(change) < QUIET)
}

/// The time in the zone of the settings: to the second while the market moves, to the minute
/// while it is quiet, because a second hand alone is not worth painting the whole window.
fn clock_ui(ui: &mut egui::Ui, desk: &Desk, theme: &Theme) {
    let now = desk.now();
    let zone = format::zone(desk.settings().time_zone_display, desk.selected().map(|i| &**i));
    if let Some(market) = desk.market_time() {
        market_clock_ui(ui, desk, market, &zone, theme);
        return;
    }
    let (period, time) = if counts_seconds(desk) {
        (SECOND, format::clock_time(now, &zone))
    } else {
        (MINUTE, format::clock_minute(now, &zone))
    };
    let to_next = period - now.0.rem_euclid(period);
    ui.request_repaint_after(Duration::from_nanos(to_next as u64));
    let name = format::zone_name(now, &zone);
    let text = format!("{time} {name}");
    let layout = |text: &str| figures(ui, text, &theme.text_font(), theme.text, f32::INFINITY);
    // As wide with seconds as without, so that nothing beside it moves when they come and go.
    let widest = layout(&format!("00:00:00 {name}")).size();
    let galley = layout(&text);
    let (rect, response) = ui.allocate_exact_size(widest, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
    let at = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), rect).min;
    ui.painter().galley(at, galley, theme.text);
    response.on_hover_text(format::date_time(now, &zone));
}

/// The time of a market that lives at another time, with its date and a word that says so.
fn market_clock_ui(ui: &mut egui::Ui, desk: &Desk, market: Time, zone: &TimeZone, theme: &Theme) {
    let time = format::full_time(market, zone);
    let text = format!("Market {time} {}", format::zone_name(market, zone));
    let now = format::full_time(desk.now(), zone);
    ui.label(egui::RichText::new(text).color(theme.warn)).on_hover_text(format!(
        "The market's own time: a recording is played. This computer says {now} {}.",
        format::zone_name(desk.now(), zone)
    ));
}
