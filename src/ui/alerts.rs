//! Alerts: what the trader waits for, what has fired, and what of that was not seen yet.
//!
//! The engine watches and remembers; here alerts are set, changed and looked at. What has fired stands in the
//! window, with a count in the status bar, until the trader says that he has seen it.

mod draft;
mod form;
mod message;
mod rows;

use egui::{RichText, Ui};
use serde::{Deserialize, Serialize};

use self::draft::Draft;
pub(super) use self::message::{badge_ui, message_ui};
use super::commands::{Commands, UiCommand};
use super::format;
use super::pane::Pane;
use super::theme::theme_of;
use crate::desk::{Desk, Freshness};
use crate::domain::settings::AlertSettings;
use crate::domain::{Instrument, Price};
use crate::link::{Command, CommandId};

/// Alerts, and what they have told.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertsPane {
    #[serde(skip)]
    view: View,
}

/// What is not saved.
#[derive(Debug, Default)]
struct View {
    draft: Draft,
    /// The alert that was sent and not answered yet.
    sent: Option<CommandId>,
    /// What became of the last thing that was asked.
    said: Option<Said>,
    /// The field that matters next takes the keyboard.
    must_focus: bool,
    /// The field of the symbol has it: what stands there is the trader's.
    is_in_symbol: bool,
}

#[derive(Debug)]
enum Said {
    /// It was not done.
    Refused(String),
    /// It was, and what can be done about it.
    Done(String),
}

impl Pane for AlertsPane {
    fn ui(&mut self, ui: &mut Ui, desk: &Desk, out: &mut Commands) {
        let priced = desk.alerts().alerts.iter().filter_map(|alert| alert.terms.condition.priced());
        let listed = priced.filter_map(|key| desk.instrument_by_key(key));
        out.demand.quotes.extend(listed.map(|instrument| instrument.id));
        self.settle(desk);
        ui.spacing_mut().item_spacing.y = 4.0;
        let margin = egui::Margin { left: 8, right: 8, top: 6, bottom: 4 };
        egui::Frame::new().inner_margin(margin).show(ui, |ui| self.form_ui(ui, desk, out));
        ui.separator();
        self.rows_ui(ui, desk, out);
    }
}

impl AlertsPane {
    /// Begins a new alert: at a price, or with what stands in the form.
    pub fn begin(&mut self, at: Option<(&Instrument, Price)>, desk: &Desk) {
        match at {
            Some((instrument, price)) => self.view.draft = Draft::at(instrument, price, desk),
            None => self.view.draft.stop_editing(),
        }
        self.view.said = None;
        self.view.must_focus = true;
    }

    /// Whether what was sent has been answered.
    fn settle(&mut self, desk: &Desk) {
        let Some(answer) = self.view.sent.and_then(|sent| desk.answer(sent)) else { return };
        self.view.sent = None;
        self.view.said = match &answer.outcome {
            Ok(_) => {
                self.view.draft.clear();
                None
            }
            Err(why) => Some(Said::Refused(why.to_string())),
        };
    }
}

/// An entry of a menu that begins an alert where the price is.
pub(super) fn entry_ui(ui: &mut Ui, desk: &Desk, instrument: &Instrument, out: &mut Commands) {
    let price = desk.quote(instrument.id).and_then(|view| price_of(instrument, view.quote));
    let text = price
        .map_or("Alert…".to_owned(), |price| format!("Alert at {}…", format::price(price, instrument)));
    if ui.button(text).clicked() {
        out.window(UiCommand::Alert(price.map(|price| (instrument.id, price))));
    }
}

/// The price that alerts go by, as it is now; none where nobody knows.
fn price_now(desk: &Desk, instrument: &Instrument) -> Option<Price> {
    let view = desk.quote(instrument.id).filter(|view| view.freshness != Freshness::Stale)?;
    price_of(instrument, view.quote)
}

fn price_of(instrument: &Instrument, quote: &crate::domain::Quote) -> Option<Price> {
    let price = crate::domain::alert::price_of(instrument, quote)?;
    Some(instrument.ticks.round(price))
}

/// How alerts make themselves known besides.
fn channels_ui(ui: &mut Ui, desk: &Desk, out: &mut Commands) {
    let now = desk.settings().alerts;
    let mut wanted = now;
    ui.label(RichText::new("Besides in the window:").small().color(theme_of(ui).text_weak));
    ui.checkbox(&mut wanted.sound, "Sound").on_hover_text("Off: no alert is heard, whatever it says itself");
    ui.checkbox(&mut wanted.desktop, "Desktop").on_hover_text("Alerts are shown by the desktop too");
    if wanted != now {
        out.send(configured(desk, wanted));
    }
}

fn configured(desk: &Desk, alerts: AlertSettings) -> Command {
    let settings = crate::domain::Settings { alerts, ..(**desk.settings()).clone() };
    Command::Configure(std::sync::Arc::new(settings))
}
