//! The alerts that are set, and below them what has fired, the newest first.

use egui::{Align, Button, Color32, Label, Layout, RichText, Role, ScrollArea, Ui, WidgetInfo, vec2};

use super::{AlertsPane, Draft, Said, price_now};
use crate::desk::Desk;
use crate::domain::{Alert, AlertState, Condition, Decimal, Firing, Instrument, Price};
use crate::link::Command;
use crate::ui::commands::{Commands, UiCommand};
use crate::ui::format;
use crate::ui::theme::{Theme, theme_of};

/// Height of a row: two lines of text.
const ROW: f32 = 48.0;

/// A row of the list.
enum Line<'a> {
    Heading,
    Alert(&'a Alert),
    FiredHeading(usize),
    Firing(&'a Firing),
    Empty(&'static str, &'static str),
}

/// What was pressed in a row.
enum Wish<'a> {
    Edit(&'a Alert),
    Remove(&'a Alert),
}

impl AlertsPane {
    pub(super) fn rows_ui(&mut self, ui: &mut Ui, desk: &Desk, out: &mut Commands) {
        let theme = theme_of(ui);
        let lines = lines(desk);
        let mut wish = None;
        ui.spacing_mut().item_spacing.y = 0.0;
        ScrollArea::vertical().auto_shrink(false).show_rows(ui, ROW, lines.len(), |ui, range| {
            for line in &lines[range] {
                let size = vec2(ui.available_width(), ROW);
                ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), |ui| {
                    ui.set_min_size(size);
                    ui.add_space(8.0);
                    wish = wish.take().or(line_ui(ui, desk, line, &theme, out));
                });
            }
        });
        match wish {
            Some(Wish::Edit(alert)) => {
                self.view.draft = Draft::of(alert, Some(alert.id));
                (self.view.said, self.view.must_focus) = (None, true);
            }
            Some(Wish::Remove(alert)) => {
                out.send(Command::RemoveAlert(alert.id));
                self.view.draft = Draft::of(alert, None);
                let text =
                    format!("Removed: {}. 'Set alert' puts it back.", words(desk, &alert.terms.condition));
                self.view.said = Some(Said::Done(text));
            }
            None => {}
        }
    }
}

fn lines(desk: &Desk) -> Vec<Line<'_>> {
    let book = desk.alerts();
    let mut lines = Vec::new();
    // What was not seen yet first, in sight however many alerts there are.
    let unseen = book.unseen().count();
    if unseen > 0 {
        lines.push(Line::FiredHeading(unseen));
        lines.extend(book.unseen().map(Line::Firing));
    }
    lines.push(Line::Heading);
    lines.extend(book.alerts.iter().rev().map(Line::Alert));
    if book.alerts.is_empty() {
        lines.push(Line::Empty(
            "None yet. Type a price above,",
            "or choose Alert in the menu of a watchlist's row.",
        ));
    }
    lines.push(Line::FiredHeading(0));
    lines.extend(book.fired.iter().rev().filter(|firing| firing.is_seen).map(Line::Firing));
    if book.fired.is_empty() {
        lines.push(Line::Empty("Nothing yet.", "What fires stays here, over restarts too."));
    }
    lines
}

fn line_ui<'a>(
    ui: &mut Ui,
    desk: &Desk,
    line: &Line<'a>,
    theme: &Theme,
    out: &mut Commands,
) -> Option<Wish<'a>> {
    match line {
        Line::Heading => {
            let count = desk.alerts().alerts.len();
            texts_ui(ui, RichText::new(format!("Alerts ({count})")).strong().color(theme.text_strong), None);
        }
        Line::Alert(alert) => return alert_ui(ui, desk, alert, theme, out),
        Line::FiredHeading(unseen) => {
            if let Some(newest) = desk.alerts().fired.last()
                && *unseen > 0
                && ui.button("Mark all as seen").clicked()
            {
                out.send(Command::SeeAlerts(newest.id));
            }
            let text = match unseen {
                0 => "Fired before".to_owned(),
                count => format!("Fired, {count} not seen yet"),
            };
            texts_ui(ui, RichText::new(text).strong().color(theme.text_strong), None);
        }
        Line::Firing(firing) => firing_ui(ui, desk, firing, theme, out),
        Line::Empty(text, below) => {
            let weak = |text: &str| RichText::new(text).color(theme.text_weak);
            texts_ui(ui, weak(text), Some(weak(below).small()));
        }
    }
    None
}

fn alert_ui<'a>(
    ui: &mut Ui,
    desk: &Desk,
    alert: &'a Alert,
    theme: &Theme,
    out: &mut Commands,
) -> Option<Wish<'a>> {
    let condition = &alert.terms.condition;
    let words = words(desk, condition);
    let mut wish = None;
    let button = |ui: &mut Ui, text: &str| {
        let button = ui.add(Button::new(text));
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{text}: {words}")));
        button.clicked()
    };
    if button(ui, "Remove") {
        wish = Some(Wish::Remove(alert));
    }
    if button(ui, "Edit") {
        wish = Some(Wish::Edit(alert));
    }
    if matches!(alert.state, AlertState::Over | AlertState::Waiting) && button(ui, "Arm") {
        out.send(Command::RearmAlert(alert.id));
    }
    let (state, colour) = state(desk, alert, theme);
    let mut below = state;
    if alert.terms.every_time {
        below.push_str(" · every time");
    }
    if !alert.terms.sound {
        below.push_str(" · not heard");
    }
    with_note(&mut below, &alert.terms.note);
    let text = RichText::new(words.clone()).color(theme.text);
    texts_ui(ui, text, Some(RichText::new(below).small().color(colour)));
    wish
}

fn firing_ui(ui: &mut Ui, desk: &Desk, firing: &Firing, theme: &Theme, out: &mut Commands) {
    if let Some(instrument) = firing.instrument.as_deref().and_then(|key| desk.instrument_by_key(key)) {
        let show = ui.add(Button::new("Show"));
        show.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Show {}", instrument.symbol)));
        if show.on_hover_text("Turn the desk to it").clicked() {
            out.window(UiCommand::Select(instrument.id));
        }
    }
    let colour = if firing.is_seen { theme.text } else { theme.text_strong };
    let mut below = when(desk, firing);
    if !firing.is_seen {
        below.insert_str(0, "Not seen yet · ");
    }
    with_note(&mut below, &firing.note);
    let weak = if firing.is_seen { theme.text_weak } else { theme.warn };
    let text = RichText::new(&firing.text).color(colour);
    texts_ui(ui, text, Some(RichText::new(below).small().color(weak)));
}

/// Adds what the trader wants to be reminded of.
pub(super) fn with_note(text: &mut String, note: &str) {
    if !note.is_empty() {
        text.push_str(" · ");
        text.push_str(note);
    }
}

/// When it was, in the zone of the settings.
pub(super) fn when(desk: &Desk, firing: &Firing) -> String {
    let instrument = firing.instrument.as_deref().and_then(|key| desk.instrument_by_key(key));
    let zone = format::zone(desk.settings().time_zone_display, instrument.map(|one| &**one));
    let name = format::zone_name(firing.time, &zone);
    if format::is_same_day(firing.time, desk.now(), &zone) {
        format!("{} {name}", format::clock_time(firing.time, &zone))
    } else {
        format!("{} {name}", format::date_time(firing.time, &zone))
    }
}

/// One line or two in the room that is left.
fn texts_ui(ui: &mut Ui, text: RichText, below: Option<RichText>) {
    ui.with_layout(Layout::top_down(Align::Min), |ui| {
        ui.set_width(ui.available_width());
        ui.add_space(if below.is_some() { 2.0 } else { 14.0 });
        let indented = |ui: &mut Ui, text| {
            ui.horizontal(|ui| {
                ui.add_space(8.0);
                ui.add(Label::new(text).truncate());
            });
        };
        indented(ui, text);
        if let Some(below) = below {
            indented(ui, below);
        }
    });
}

fn words(desk: &Desk, condition: &Condition) -> String {
    let instrument = condition.instrument().and_then(|key| desk.instrument_by_key(key));
    condition.in_words(instrument.map_or(0, |instrument| instrument.ticks.decimals()))
}

/// Where an alert stands, in words.
fn state(desk: &Desk, alert: &Alert, theme: &Theme) -> (String, Color32) {
    let zone = format::zone(desk.settings().time_zone_display, None);
    let fired = || alert.fired.map_or_else(String::new, |time| format::date_minute(time, &zone));
    match alert.state {
        AlertState::Over => return (format!("Fired {}", fired()), theme.text_weak),
        AlertState::Waiting => {
            return (format!("Fired {}, waits for the price to come back", fired()), theme.text_weak);
        }
        AlertState::New | AlertState::Armed => {}
    }
    let Some(key) = alert.terms.condition.priced() else { return ("Armed".to_owned(), theme.ok) };
    let Some(instrument) = desk.instrument_by_key(key) else {
        return (format!("Not watched: {key} is not listed in this run"), theme.warn);
    };
    let Some(now) = price_now(desk, instrument) else {
        return ("No price comes now: it waits for one".to_owned(), theme.warn);
    };
    if alert.state == AlertState::New {
        return ("It waits for the first price".to_owned(), theme.warn);
    }
    let away = distance(&alert.terms.condition, now, instrument);
    let text = away.map_or_else(|| "Armed".to_owned(), |away| format!("Armed, {away} away"));
    match desk.remark(instrument.id) {
        Some(remark) => (format!("{text}, {}", remark.short), theme.warn),
        None => (text, theme.ok),
    }
}

/// How far the price is from a level.
fn distance(condition: &Condition, now: Price, instrument: &Instrument) -> Option<String> {
    let level = match condition {
        Condition::Above { price, .. } => price.0.checked_sub(now.0)?,
        Condition::Below { price, .. } => now.0.checked_sub(price.0)?,
        _ => return None,
    };
    let away = level.max(Decimal::ZERO);
    let percent = away.checked_mul(Decimal::ONE_HUNDRED)?.checked_div(now.0)?;
    let away = format::decimal(away, instrument.ticks.decimals());
    Some(format!("{away} ({} %)", format::decimal(percent.abs(), 2)))
}
