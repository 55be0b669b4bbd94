//! The order ticket: states an order for the selected instrument and sends it.
//!
//! For the trader, who must be able to trust every number on it. It keeps what was typed
//! and chosen, nothing else: prices, positions and limits are read from the desk in each
//! frame, and what a button says is what it sends. From the outside in:
//!
//! - `form` holds choices and texts, `number` reads them exactly;
//! - `facts` gathers what the desk knows, `check` says what is wrong or states the
//!   orders, `gate` asks what the engine will ask, `outlook` tells what they would come to, and
//!   `foretold` what the broker says of that;
//! - `offer` says what each button would send, `entry` turns clicks and keys into exactly
//!   one command, `said` tells what became of it;
//! - `header`, `field`, `figures` and `buttons` draw.
//!
//! Invariants: no order without a deliberate act (no focusable trade button, no Enter, no
//! key without confirmation); a price that was typed is never changed by the ticket.

mod buttons;
mod check;
mod entry;
mod facts;
mod field;
mod fields;
mod figures;
mod foretold;
mod form;
pub(in crate::ui) mod gate;
mod header;
pub(in crate::ui) mod number;
pub(in crate::ui) mod offer;
mod outlook;
mod said;
pub(in crate::ui) mod uses;

use std::collections::BTreeMap;

use egui::scroll_area::ScrollSource;
use egui::{Id, Label, Margin, RichText, ScrollArea, Stroke, StrokeKind, Ui};
use serde::{Deserialize, Serialize};

use super::commands::{Commands, UiCommand};
use super::confirm::{Hand, Rule};
use super::keys::Act;
use super::pane::Pane;
use super::theme::{Theme, theme_of};
use crate::desk::Desk;
use crate::domain::{Instrument, Price, Qty, Settings};
use crate::link::{Command, Place};
use check::{Checked, check};
use entry::{Entry, Scene, take_keys};
use facts::Facts;
use form::{Field, Form};
use offer::Offers;
use said::Said;

/// Height that the fields keep, however low the pane: below, the figures scroll with them, so that
/// the buttons and what is said under them stay in sight; below that, the whole ticket scrolls.
const LEAST_FIELDS: f32 = 72.0;

/// Margin and spacing around and below what stands under the fields.
const BELOW: f32 = 20.0;

/// The ticket's view state; choices and last quantities outlive the program.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ticket {
    form: Form,
    /// The last quantity of each instrument, by key.
    quantities: BTreeMap<String, Qty>,
    #[serde(skip)]
    entry: Entry,
    /// Key of the instrument that the form is for.
    #[serde(skip)]
    shown: Option<String>,
    #[serde(skip)]
    view: View,
}

/// What the frame before has left for this one.
#[derive(Debug, Default)]
struct View {
    /// The ticket's own controls that take the focus.
    controls: Vec<Id>,
    /// Whether the wheel belongs to a field rather than to scrolling.
    is_over_field: bool,
    /// Part of a notch that a touchpad has moved.
    wheel: f32,
    /// Height of the figures, wherever they stand.
    figures: f32,
    /// Height of the buttons and what is said under them.
    foot: f32,
}

impl Pane for Ticket {
    fn ui(&mut self, ui: &mut Ui, desk: &Desk, out: &mut Commands) {
        let theme = theme_of(ui.ctx());
        let Some(instrument) = desk.selected() else {
            self.entry.disarm();
            ui.centered_and_justified(|ui| ui.label("Choose an instrument in the watchlist"));
            return;
        };
        out.demand.quotes.insert(instrument.id);
        self.turn_to(instrument, desk.settings());
        let facts = Facts::of(desk, instrument);
        let pane = ui.max_rect();
        let height = ui.available_height();
        let source = ScrollSource { mouse_wheel: !self.view.is_over_field, ..ScrollSource::default() };
        ScrollArea::vertical().id_salt("ticket").auto_shrink(false).scroll_source(source).show(ui, |ui| {
            egui::Frame::new().inner_margin(Margin::symmetric(8, 6)).show(ui, |ui| {
                self.ticket_ui(ui, height, source, desk, &facts, &theme, out);
            });
        });
        if facts.is_live() {
            let stroke = Stroke::new(2.0, theme.live_fill);
            ui.painter().rect_stroke(pane, 0.0, stroke, StrokeKind::Inside);
        }
    }
}

impl Ticket {
    /// Takes a price of the selected instrument that was pointed at elsewhere.
    pub fn take_price(&mut self, price: Price) {
        self.form.take_price(price);
        self.entry.on_input();
    }

    /// Prepares what one of its keys stands for: it asks before anything is sent.
    pub(super) fn prepare(&mut self, act: Act) {
        self.entry.want(act);
    }

    /// Whether it is on this instrument.
    pub(super) fn is_on(&self, instrument: &Instrument) -> bool {
        self.shown.as_ref() == Some(&instrument.key())
    }

    /// What is typed, where it is a quantity of the instrument.
    pub(super) fn quantity(&self, instrument: &Instrument) -> Option<Qty> {
        let typed = number::parse(self.form.text(Field::Quantity)).ok().flatten().map(Qty);
        typed.filter(|quantity| instrument.is_on_lot(*quantity))
    }

    /// Begins anew when another instrument is selected.
    fn turn_to(&mut self, instrument: &Instrument, settings: &Settings) {
        let key = instrument.key();
        if self.shown.as_ref() == Some(&key) {
            return;
        }
        let first = || {
            let default = instrument.round_to_lot(settings.default_quantity.of(instrument.class));
            default.max(instrument.lot)
        };
        self.form.begin(self.quantities.get(&key).copied().unwrap_or_else(first));
        // What was said stays: a refusal must not vanish because another row was clicked.
        self.entry.disarm();
        self.shown = Some(key);
    }

    #[expect(clippy::too_many_arguments, reason = "the frame's parts, handed through once")]
    fn ticket_ui(
        &mut self,
        ui: &mut Ui,
        height: f32,
        source: ScrollSource,
        desk: &Desk,
        facts: &Facts<'_>,
        theme: &Theme,
        out: &mut Commands,
    ) {
        let top = ui.cursor().top();
        let focused = ui.memory(egui::Memory::focused);
        let has_focus = focused.is_some_and(|id| self.view.controls.contains(&id));
        let keys = take_keys(ui, has_focus, &mut self.entry);

        let picked = header::header_ui(ui, facts, theme);
        if let Some(price) = picked.price {
            self.take_price(price);
        }
        if let Some(account) = picked.account {
            self.entry.on_input();
            out.window(UiCommand::ChooseAccount(facts.instrument.broker, account));
        }
        ui.add_space(2.0);
        let mut checked = check(&self.form, facts);
        let room = height - (ui.cursor().top() - top) - self.view.foot - BELOW;
        let is_low = room - self.view.figures < LEAST_FIELDS;
        let room = if is_low { room } else { room - self.view.figures };
        // Where the fields scroll, the bar stands beside them, not on them.
        ui.spacing_mut().scroll.floating_allocated_width = ui.spacing().scroll.bar_width;
        ScrollArea::vertical()
            .id_salt("fields")
            .max_height(room.max(LEAST_FIELDS))
            .auto_shrink([false, true])
            .scroll_source(source)
            .show(ui, |ui| {
                if self.fields_ui(ui, if is_low { 0.0 } else { room }, &checked, facts, theme) {
                    self.entry.on_input();
                    checked = check(&self.form, facts);
                    self.remember_quantity(&checked);
                }
                if is_low {
                    self.figures_ui(ui, desk, &checked, facts, theme);
                }
            });
        if !is_low {
            self.figures_ui(ui, desk, &checked, facts, theme);
        }

        let foot = ui.scope(|ui| {
            ui.spacing_mut().item_spacing.y = theme.sizes.gap;
            ui.add_space(2.0);
            let offers = Offers::of(&checked, facts);
            let scene = Scene {
                rule: if facts.settings.confirm_orders { Rule::AsksFirst } else { Rule::SendsAtOnce },
                net: facts.net(),
                quote: facts.quote.map(|view| view.quote),
                now: facts.now,
                reckons: desk.reckons(facts.instrument.broker),
            };
            self.entry.settle(ui, &offers, &scene);
            let by_key = self.entry.keys(keys, &offers, &scene, out);
            let clicked = buttons::buttons_ui(ui, &checked, &offers, &self.entry, facts, theme);
            let by_pointer =
                clicked.and_then(|action| self.entry.press(action, Hand::Pointer, &offers, &scene, out));
            if by_key.or(by_pointer).is_some_and(|command| is_guarded(&command)) {
                self.form.clear_bracket();
            }
            said_ui(ui, self.entry.said(ui, desk), theme);
        });
        self.view.foot = foot.response.rect.height();
    }

    fn figures_ui(&mut self, ui: &mut Ui, desk: &Desk, checked: &Checked, facts: &Facts<'_>, theme: &Theme) {
        let foretold = self.entry.foretold(desk);
        let shown = ui.scope(|ui| figures::figures_ui(ui, checked, foretold.as_ref(), facts, theme));
        self.view.figures = shown.response.rect.height() + ui.spacing().item_spacing.y;
    }

    /// A quantity that can be traded is the instrument's own from now on.
    fn remember_quantity(&mut self, checked: &Checked) {
        if let (Some(key), Some(quantity)) = (&self.shown, checked.quantity)
            && self.quantities.get(key) != Some(&quantity)
        {
            self.quantities.insert(key.clone(), quantity);
        }
    }
}

/// Whether exits went with an order.
fn is_guarded(command: &Command) -> bool {
    matches!(command, Command::Place(Place { bracket: Some(_), .. }))
}

/// What became of the newest command, whole, however long.
fn said_ui(ui: &mut Ui, said: Option<Said>, theme: &Theme) {
    let (text, colour) = match said {
        None => return,
        Some(Said::Plain(text)) => (text, theme.text_weak),
        Some(Said::Good(text)) => (text, theme.ok),
        Some(Said::Warns(text)) => (text, theme.warn),
        Some(Said::Refused(text)) => (text, theme.danger),
    };
    ui.add(Label::new(RichText::new(text).small().color(colour)).wrap());
}
