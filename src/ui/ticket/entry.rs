//! From a click or key to exactly one command: arming, sending, and what became of it.
//!
//! With confirmation on, the first press of a button arms it and the second sends what the
//! armed button says, word for word: prices are frozen when it is armed. It disarms by
//! itself after three seconds, and as soon as anything that it says could be different:
//! a field, the position, or whether the order can be sent. After sending it is disarmed.
//!
//! Keys always ask first, whatever the setting: a key that sends at one stroke is an order
//! by mistake. A repeated key (held down) counts once, and a second press that follows the
//! first faster than anybody reads is a double click, not a confirmation.

use egui::{Event, Key, Ui};

use super::check::Checked;
use super::check::{ask_gate, why_closed};
use super::facts::Facts;
use super::number;
use crate::desk::Desk;
use crate::domain::{
    Decimal, Instrument, OrderId, OrderKind, OrderSpec, OrderStatus, Qty, Quote, Side, TimeInForce, TrailBy,
};
use crate::link::update::Refused;
use crate::link::{Command, CommandId};
use crate::ui::commands::Commands;
use crate::ui::format;

/// Seconds after which an armed button turns back.
const ARMED_FOR: f64 = 3.0;
/// Seconds within which nobody has read what a button says.
const READING_TIME: f64 = 0.2;

/// What the keys do, for tooltips.
pub(super) const KEYS: &str = "Keys while a field of the ticket has the focus: Ctrl+B buy, Ctrl+S sell, \
    Ctrl+Shift+F close, Ctrl+Shift+R reverse; each asks first. Ctrl+Enter sends what is asked, or asks for \
    the last choice again. Escape takes it back. Enter and Space never send.";

/// One of the four buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Buy,
    Sell,
    Close,
    Reverse,
}

impl Action {
    pub(super) const ALL: [Self; 4] = [Self::Buy, Self::Sell, Self::Close, Self::Reverse];

    /// Its name on the screen and for assistive programs.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Buy => "Buy",
            Self::Sell => "Sell",
            Self::Close => "Close",
            Self::Reverse => "Reverse",
        }
    }
}

impl From<Side> for Action {
    fn from(side: Side) -> Self {
        match side {
            Side::Buy => Self::Buy,
            Side::Sell => Self::Sell,
        }
    }
}

/// What a button would send now.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Offer {
    pub command: Command,
    /// As a sentence goes on: `buy 100 AAPL @ 227.50`.
    pub words: String,
}

/// What each button would send, or why it cannot.
pub(super) struct Offers([Result<Offer, String>; 4]);

impl Offers {
    pub(super) fn of(checked: &Checked, facts: &Facts<'_>) -> Self {
        Self(Action::ALL.map(|action| match action {
            Action::Buy => order(checked, Side::Buy, facts),
            Action::Sell => order(checked, Side::Sell, facts),
            Action::Close => flatten(Action::Close, facts),
            Action::Reverse => flatten(Action::Reverse, facts),
        }))
    }

    pub(super) fn get(&self, action: Action) -> &Result<Offer, String> {
        &self.0[action as usize]
    }
}

fn order(checked: &Checked, side: Side, facts: &Facts<'_>) -> Result<Offer, String> {
    let place = checked.side(side).order.clone()?;
    let terms = terms(place.spec.kind, facts.instrument);
    let words =
        format!("{} {}", side.label().to_lowercase(), sized(place.spec.quantity, facts.instrument, &terms));
    Ok(Offer { command: Command::Place(place), words })
}

/// A Close or Reverse, which the engine makes of the position as it is then.
fn flatten(action: Action, facts: &Facts<'_>) -> Result<Offer, String> {
    if let Some(barrier) = facts.barrier() {
        return Err(barrier);
    }
    let instrument = facts.instrument;
    let Some((position, opened)) = facts.position.and_then(|p| p.side().map(|side| (p, side))) else {
        return Err(format!(
            "There is no position in {} to {}",
            instrument.symbol,
            action.label().to_lowercase()
        ));
    };
    let (side, size) = (opened.opposite(), position.size());
    let (quantity, command) = match action {
        Action::Reverse => (size + size, Command::Reverse { instrument: instrument.id }),
        _ => (size, Command::Close { instrument: instrument.id }),
    };
    let spec = OrderSpec::new(instrument.id, side, quantity, OrderKind::Market, TimeInForce::Day);
    if let Some(why) = why_closed(spec.kind, spec.tif, facts) {
        return Err(why);
    }
    ask_gate(&spec, facts).map_err(|refusal| refusal.to_string())?;
    let what = format!("{}: {}", action.label().to_lowercase(), side.label().to_lowercase());
    Ok(Offer { command, words: format!("{what} {}", sized(quantity, instrument, "at market")) })
}

fn sized(quantity: Qty, instrument: &Instrument, terms: &str) -> String {
    format!("{} {} {terms}", format::exact(quantity.0), instrument.symbol)
}

/// The price part of an order: `@ 227.50`, `at market`, `stop 230.00 @ 230.50`.
pub(super) fn terms(kind: OrderKind, instrument: &Instrument) -> String {
    let shown = |price| format::price(price, instrument);
    match kind {
        OrderKind::Market => "at market".to_owned(),
        OrderKind::Limit { price } => format!("@ {}", shown(price)),
        OrderKind::Stop { stop } => format!("stop {}", shown(stop)),
        OrderKind::StopLimit { stop, price } => format!("stop {} @ {}", shown(stop), shown(price)),
        OrderKind::TrailingStop { by: TrailBy::Amount(distance) } => {
            format!("trail {}", format::exact(distance))
        }
        OrderKind::TrailingStop { by: TrailBy::Percent(percent) } => {
            format!("trail {} %", format::exact(percent))
        }
    }
}

/// A button that waits for its second press.
struct Armed {
    action: Action,
    offer: Offer,
    /// Seconds on egui's clock.
    since: f64,
    /// The position it was armed on.
    net: Decimal,
}

/// A command that has left, and what is known of it.
struct Sent {
    id: CommandId,
    words: String,
    outcome: Option<Result<Option<OrderId>, Refused>>,
}

/// What is said below the buttons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    Waits(String),
    Accepted(String),
    Refused(String),
    Hint(&'static str),
}

/// Where a press came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hand {
    Pointer,
    Key,
}

/// What the keys asked for in this frame.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Keys {
    choose: Option<Action>,
    send: bool,
    escape: bool,
}

/// The state of the buttons.
#[derive(Default)]
pub(super) struct Entry {
    armed: Option<Armed>,
    /// What Ctrl+Enter asks for.
    chosen: Option<Action>,
    sent: Option<Sent>,
    hint: Option<&'static str>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry")
            .field("armed", &self.armed.as_ref().map(|a| &a.offer.words))
            .finish_non_exhaustive()
    }
}

impl Entry {
    /// The words of a button that waits for its second press.
    pub(super) fn armed(&self, action: Action) -> Option<&str> {
        self.armed.as_ref().filter(|armed| armed.action == action).map(|armed| armed.offer.words.as_str())
    }

    pub(super) fn is_armed(&self) -> bool {
        self.armed.is_some()
    }

    /// Takes an armed button back.
    pub(super) fn disarm(&mut self) {
        self.armed = None;
    }

    /// Something was entered: what was asked is void, what was said has been read.
    pub(super) fn on_input(&mut self) {
        self.armed = None;
        self.sent = None;
        self.hint = None;
    }

    /// Disarms what is too old or no longer true, and has the frame drawn in which it ends.
    pub(super) fn settle(&mut self, ui: &Ui, offers: &Offers, net: Decimal) {
        let Some(armed) = &self.armed else { return };
        let left = armed.since + ARMED_FOR - ui.input(|input| input.time);
        if left <= 0.0 || armed.net != net || offers.get(armed.action).is_err() {
            self.armed = None;
        } else {
            ui.ctx().request_repaint_after(std::time::Duration::from_secs_f64(left));
        }
    }

    /// Carries out what the keys asked for.
    pub(super) fn keys(
        &mut self,
        keys: Keys,
        ui: &Ui,
        offers: &Offers,
        scene: &Scene<'_>,
        out: &mut Commands,
    ) {
        if keys.escape {
            self.disarm();
        }
        if let Some(action) = keys.choose {
            self.chosen = Some(action);
            self.disarm();
            self.press(action, Hand::Key, ui, offers, scene, out);
        } else if keys.send {
            match self.armed.as_ref().map(|armed| armed.action).or(self.chosen) {
                Some(action) => self.press(action, Hand::Key, ui, offers, scene, out),
                None => self.hint = Some("Choose first: Ctrl+B to buy, Ctrl+S to sell"),
            }
        }
    }

    /// A press of a button: arms it, or sends.
    pub(super) fn press(
        &mut self,
        action: Action,
        hand: Hand,
        ui: &Ui,
        offers: &Offers,
        scene: &Scene<'_>,
        out: &mut Commands,
    ) {
        self.hint = None;
        self.chosen = Some(action);
        let Ok(offer) = offers.get(action) else {
            if hand == Hand::Key {
                self.hint = Some("This cannot be sent: see the reason on the button");
            }
            return;
        };
        let now = ui.input(|input| input.time);
        match self.armed.take() {
            Some(armed) if armed.action == action => {
                if now - armed.since < READING_TIME {
                    self.armed = Some(armed);
                } else {
                    self.send(armed.offer, scene, out);
                }
            }
            _ if scene.confirms || hand == Hand::Key => {
                self.sent = None;
                self.armed = Some(Armed { action, offer: offer.clone(), since: now, net: scene.net });
            }
            _ => self.send(offer.clone(), scene, out),
        }
    }

    fn send(&mut self, offer: Offer, scene: &Scene<'_>, out: &mut Commands) {
        let mut command = offer.command;
        if let Command::Place(place) = &mut command {
            place.seen = scene.quote.copied();
        }
        let id = out.send(command);
        self.sent = Some(Sent { id, words: offer.words, outcome: None });
    }

    /// What became of the newest command, until the next input.
    pub(super) fn said(&mut self, desk: &Desk) -> Option<Said> {
        if let Some(hint) = self.hint {
            return Some(Said::Hint(hint));
        }
        let sent = self.sent.as_mut()?;
        if sent.outcome.is_none() {
            // Kept: the desk forgets answers after some hundreds.
            sent.outcome = desk.answer(sent.id).map(|answer| answer.outcome.clone());
        }
        let words = capitalised(&sent.words);
        Some(match &sent.outcome {
            None => Said::Waits(format!("{words}: sent, no answer yet …")),
            Some(Err(refused)) => Said::Refused(format!("{words}: refused. {refused}")),
            Some(Ok(None)) => Said::Accepted(format!("{words}: accepted")),
            Some(Ok(Some(id))) => told(&words, *id, desk),
        })
    }
}

/// What a press needs of the frame.
pub(super) struct Scene<'a> {
    pub confirms: bool,
    pub net: Decimal,
    /// The quote that the trader looks at.
    pub quote: Option<&'a Quote>,
}

/// An accepted order goes on to live; a rejection of the broker is no less a refusal.
fn told(words: &str, id: OrderId, desk: &Desk) -> Said {
    let Some(order) = desk.blotter().get(id) else {
        return Said::Accepted(format!("{words}: accepted as order {id}"));
    };
    let status = order.status.label().to_lowercase();
    let reason = order.reason.as_deref().map_or_else(String::new, |reason| format!(". {reason}"));
    match order.status {
        OrderStatus::Rejected => Said::Refused(format!("{words}: order {id} was rejected{reason}")),
        OrderStatus::Cancelled | OrderStatus::Expired => {
            Said::Refused(format!("{words}: accepted as order {id}, {status}{reason}"))
        }
        _ => {
            let average = order.average_price.zip(desk.instrument(order.spec.instrument));
            let filled =
                average.filter(|_| !order.filled.is_zero()).map_or_else(String::new, |(price, of)| {
                    let price = format::decimal(price, of.ticks.decimals());
                    format!(" {} @ {price}", format::exact(order.filled.0))
                });
            Said::Accepted(format!("{words}: accepted as order {id}, {status}{filled}"))
        }
    }
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Takes the ticket's keys out of the frame's input, before a field can see them.
pub(super) fn take_keys(ui: &Ui, has_focus: bool, is_armed: bool) -> Keys {
    let mut keys = Keys::default();
    if is_armed {
        keys.escape = ui.input(|input| input.key_pressed(Key::Escape));
    }
    if !has_focus {
        return keys;
    }
    ui.input_mut(|input| {
        input.events.retain(|event| {
            let Event::Key { key, pressed: true, repeat, modifiers, .. } = event else { return true };
            if !modifiers.command || modifiers.alt {
                return true;
            }
            let choose = match (key, modifiers.shift) {
                (Key::B, false) => Some(Action::Buy),
                (Key::S, false) => Some(Action::Sell),
                (Key::F, true) => Some(Action::Close),
                (Key::R, true) => Some(Action::Reverse),
                (Key::Enter, false) => None,
                _ => return true,
            };
            // A key that is held down was pressed once.
            if !repeat {
                keys.send |= choose.is_none();
                keys.choose = choose.or(keys.choose);
            }
            false
        });
    });
    keys
}

/// The quantity after `steps` lots: off the grid, the first step goes to the next lot.
pub(super) fn step_quantity(text: &str, steps: i32, instrument: &Instrument) -> Option<Qty> {
    let now = number::parse(text).ok()?.unwrap_or_default();
    let lot = instrument.lot.0;
    let below = now - now % lot;
    let base = if steps < 0 && below != now { below + lot } else { below };
    let stepped = base.checked_add(lot.checked_mul(steps.into())?)?;
    Some(Qty(stepped.max(lot)))
}
