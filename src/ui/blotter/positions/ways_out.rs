//! Close and Reverse of a position's row.
//!
//! Both are market orders: with `confirm_orders` the first click asks about the position as it
//! stands and the second sends ([`Confirm`]); when the position changes in between, the question
//! is void. Where the gate would let it through only against something unusual (a silent broker,
//! an old quote), another click is asked for that, in words of its own, as in the ticket. After
//! that a control is out of reach until its order has ended, and the engine refuses a second one
//! as well.

use egui::{Id, Rect, Ui};

use super::{Key, position_of};
use crate::desk::Desk;
use crate::domain::{Decimal, Instrument, OrderKind, OrderSpec, Position, Qty, Side, TimeInForce};
use crate::link::Command;
use crate::risk::{Despite, Role};
use crate::ui::blotter::asked::{Asked, CALLOUT, Seen};
use crate::ui::blotter::control::{Tone, callout_ui, control_ui};
use crate::ui::blotter::table::{Shown, ShownRow};
use crate::ui::commands::Commands;
use crate::ui::confirm::{Confirm, Hand, Outcome, Rule};
use crate::ui::format;
use crate::ui::theme::Theme;
use crate::ui::ticket::gate::{self, Insistence, Step, is_same_market, said_short, said_whole};
use crate::ui::ticket::offer::why_not_reversed;

/// Width of a control: room for `Sell 1,500?`.
const CONTROL: f32 = 68.0;
const GAP: f32 = 4.0;
/// Of the strip of both.
pub(super) const WIDTH: f32 = 2.0 * (CONTROL + GAP);

/// A way out of a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WayOut {
    Close,
    Reverse,
}

impl WayOut {
    fn label(self) -> &'static str {
        match self {
            Self::Close => "Close",
            Self::Reverse => "Reverse",
        }
    }

    /// The order that it is for a position; `None` of a flat one.
    fn deal(self, position: &Position) -> Option<(Side, Qty)> {
        let (side, size) = (position.side()?.opposite(), position.size());
        let quantity = match self {
            Self::Close => size,
            Self::Reverse => size + size,
        };
        Some((side, quantity))
    }

    fn command(self, (account, instrument): Key, despite: Despite) -> Command {
        match self {
            Self::Close => Command::Close { account, instrument, despite },
            Self::Reverse => Command::Reverse { account, instrument, despite },
        }
    }

    /// What the trader would have to accept. What the gate refuses whatever he accepts is the
    /// engine's to refuse: it knows more.
    fn insistence(self, position: &Position, desk: &Desk) -> Insistence {
        let deal = self.deal(position).zip(desk.instrument(position.instrument));
        let asked = deal.map(|((side, quantity), instrument)| {
            let (kind, tif) = (OrderKind::Market, TimeInForce::Day);
            let spec = OrderSpec::new(instrument.id, side, quantity, kind, tif);
            let role = match self {
                Self::Close => Role::Close(Despite::default()),
                Self::Reverse => Role::Reverse(Despite::default()),
            };
            gate::insist_on_order(desk, instrument, &position.account, &spec, role)
        });
        asked.and_then(Result::ok).unwrap_or_default()
    }

    /// Why it is out of reach. A reverse opens: whatever takes the ticket's own button away (a lock,
    /// a limit, books that are being compared) takes this one. A close only makes less of what is
    /// held, and what may speak against it the engine knows better.
    fn locked(self, position: &Position, instrument: &Instrument, desk: &Desk) -> Option<String> {
        match self {
            Self::Close => None,
            Self::Reverse => {
                why_not_reversed(desk, instrument, position).map(|why| format!("Not now: {why}"))
            }
        }
    }
}

/// What a control asks about.
#[derive(Debug)]
struct Question {
    /// So much was held.
    net: Decimal,
    insistence: Insistence,
    step: Step,
}

/// What was asked of the trader, and of the engine.
#[derive(Debug, Default)]
pub(super) struct WaysOut {
    confirm: Confirm<(Key, WayOut), Question>,
    asked: Asked<Key, WayOut>,
}

impl WaysOut {
    /// Takes the engine's answers over, and back what is asked about another position or market.
    pub fn settle(&mut self, desk: &Desk) {
        let is_underway = |id| desk.blotter().get(id).is_some_and(crate::domain::Order::is_live);
        self.asked.settle(desk, |_, _, order| match order {
            Some(id) if is_underway(id) => Seen::Underway,
            _ => Seen::Over,
        });
        let holds = |(key, way): &(Key, WayOut), asked: &Question| {
            position_of(desk, key).is_some_and(|position| {
                let doubts = way.insistence(position, desk).doubts;
                position.net == asked.net && is_same_market(&doubts, &asked.insistence.doubts)
            })
        };
        self.confirm.settle(desk.now(), holds);
    }

    /// Draws both controls of a row.
    pub fn ui(
        &mut self,
        ui: &Ui,
        theme: &Theme,
        desk: &Desk,
        (shown, row): (&Shown, &ShownRow),
        (position, instrument): (&Position, &Instrument),
        out: &mut Commands,
    ) {
        let key = (position.account.clone(), position.instrument);
        let underway = self.asked.underway(&key).copied();
        let middle = row.rect.y_range().shrink(2.0);
        let left = shown.controls.min + GAP;
        let places = [WayOut::Close, WayOut::Reverse].into_iter().zip([left, left + CONTROL + GAP]);
        for (way, x) in places {
            let Some(face) = self.face(&key, way, (position, instrument), desk) else { continue };
            let locked = way.locked(position, instrument, desk);
            let (is_free, hint) = match (underway, &locked) {
                (Some(_), _) => (false, "An order is on its way"),
                (None, Some(why)) => (false, why.as_str()),
                (None, None) => (true, face.hint.as_str()),
            };
            let id = control_id(shown, &key, way);
            let rect = Rect::from_x_y_ranges(egui::Rangef::new(x, x + CONTROL), middle);
            if control_ui(ui, theme, id, rect, (is_free, &face.text, face.tone), &face.name, hint) {
                self.click(&key, way, position, desk, out);
            }
            if let Some(question) = &face.question {
                callout_ui(ui, theme, id.with("asks"), rect.intersect(shown.body), question);
            }
            let refused = self.asked.refusal(&key).filter(|refusal| refusal.what == way);
            if let Some(refusal) = refused.filter(|refusal| desk.now().since(refusal.at) < CALLOUT) {
                callout_ui(ui, theme, id.with("refused"), rect.intersect(shown.body), &refusal.why);
                ui.request_repaint_after((refusal.at + CALLOUT).since(desk.now()));
            }
        }
        if let Some(left) = self.confirm.left(desk.now()) {
            ui.request_repaint_after(left);
        }
    }

    /// How a control looks; `None` of a flat position.
    fn face(
        &self,
        key: &Key,
        way: WayOut,
        (position, instrument): (&Position, &Instrument),
        desk: &Desk,
    ) -> Option<Face> {
        let (side, quantity) = way.deal(position)?;
        let quantity = format::exact(quantity.0);
        let said = |count: usize, words: fn(usize) -> String| {
            if count == 0 { String::new() } else { format!(", {}", words(count)) }
        };
        let cancels = said(desk.cancelled_first(position), format::cancels_first);
        let leaves = said(desk.left_working(position), format::leaves_working);
        // Of which account, where the same may be held in another.
        let of = desk.has_others(instrument.broker, &position.account);
        let of = if of { format!(" of {}", position.account) } else { String::new() };
        let terms = format!("{quantity} {}{of} at market{cancels}{leaves}", instrument.symbol);
        let (low, verb) = (way.label().to_lowercase(), side.label().to_lowercase());
        Some(match self.confirm.asked_by(&(key.clone(), way)) {
            None => Face {
                text: way.label().to_owned(),
                tone: Tone::Plain,
                name: format!("{} {}{of}", way.label(), instrument.symbol),
                hint: format!("{side}s {terms}"),
                question: None,
            },
            Some(Question { step: Step::Order, .. }) => Face {
                text: format!("{side} {quantity}?"),
                tone: Tone::Armed,
                name: format!("Confirm {low}: {verb} {terms}"),
                hint: format!("{side} {terms}: click again to send"),
                question: None,
            },
            Some(Question { step: Step::Despite, insistence, .. }) => {
                let doubts = &insistence.doubts;
                let question =
                    format!("{} Click again to {low} nevertheless: {verb} {terms}.", said_whole(doubts));
                Face {
                    text: "Anyway?".to_owned(),
                    tone: Tone::Armed,
                    name: format!("Send despite {}: {low}: {verb} {terms}", said_short(doubts)),
                    hint: format!("{side} {terms} nevertheless: click again to send"),
                    question: Some(question),
                }
            }
        })
    }

    fn click(&mut self, key: &Key, way: WayOut, position: &Position, desk: &Desk, out: &mut Commands) {
        let now = desk.now();
        let rule = if desk.settings().confirm_orders { Rule::AsksFirst } else { Rule::SendsAtOnce };
        let (net, insistence) = (position.net, way.insistence(position, desk));
        let question = Question { net, insistence, step: Step::Order };
        let control = (key.clone(), way);
        match self.confirm.press(control.clone(), question, rule, Hand::Pointer, now) {
            Outcome::Nothing => {}
            Outcome::Asks => self.asked.forget(key),
            Outcome::Sends(asked) if asked.step == Step::Order && !asked.insistence.doubts.is_empty() => {
                self.asked.forget(key);
                self.confirm.ask(control, Question { step: Step::Despite, ..asked }, now);
            }
            Outcome::Sends(Question { insistence, .. }) => {
                let command = out.send(way.command(key.clone(), insistence.despite));
                self.asked.ask(key.clone(), way, command, now);
            }
        }
    }
}

/// How a control looks.
struct Face {
    text: String,
    tone: Tone,
    /// For assistive programs.
    name: String,
    hint: String,
    /// Hangs from it.
    question: Option<String>,
}

fn control_id(shown: &Shown, (account, instrument): &Key, way: WayOut) -> Id {
    shown.focus.id.with((&account.0, instrument.0, way.label()))
}
