//! What each of the four buttons would send now, and the words for it.
//!
//! The words are made of the command itself, so that what a button says is what it sends.

use std::fmt;
use std::sync::Arc;

use super::check::{Checked, why_closed};
use super::facts::Facts;
use super::gate::{Doubt, insist};
use crate::desk::Desk;
use crate::domain::{AccountId, Instrument, OrderKind, OrderSpec, Position, Side, TimeInForce, TrailBy};
use crate::link::{Command, Place};
use crate::risk::{Despite, Role};
use crate::ui::format;

/// One of the four buttons.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Action {
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
pub(in crate::ui) struct Offer {
    pub command: Command,
    pub words: Words,
    /// What is unusual, so that it is asked about in words of its own. Empty as a rule.
    pub doubts: Vec<Doubt>,
}

/// An order in words; as a sentence goes on: `buy 100 AAPL @ 227.50, GTC`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) struct Words {
    /// `buy`, `close: sell`.
    pub verb: String,
    pub quantity: String,
    pub symbol: Arc<str>,
    /// `@ 227.50`, or `stop 230.00` and `@ 230.50`.
    pub prices: Vec<String>,
    pub terms: Vec<Term>,
    /// For which account, where its broker has several.
    pub account: Option<AccountId>,
}

/// A condition beyond side, quantity and price; a plain day order has none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) struct Term {
    /// For a button: `bracket`.
    pub short: &'static str,
    /// For a sentence: `take profit 240.00, stop loss 220.00`.
    pub whole: String,
}

impl Term {
    /// Of a way out that leaves orders working.
    pub(super) const ORDERS_STAY: &str = "orders stay";

    fn of(short: &'static str) -> Self {
        Self { short, whole: short.to_owned() }
    }
}

impl Words {
    /// The conditions in lines of a button, two to a line.
    pub(super) fn terms_lines(&self) -> impl Iterator<Item = String> {
        let line = |terms: &[Term]| terms.iter().map(|term| term.short).collect::<Vec<_>>().join(" · ");
        self.terms.chunks(2).map(line)
    }

    /// As a sentence begins.
    pub(in crate::ui) fn capitalised(&self) -> String {
        format::capitalised(&self.to_string())
    }
}

impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {} {}", self.verb, self.quantity, self.symbol, self.prices.join(" "))?;
        self.terms.iter().try_for_each(|term| write!(f, ", {}", term.whole))?;
        self.account.iter().try_for_each(|account| write!(f, ", for account {account}"))
    }
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
    let words = Words {
        verb: side.label().to_lowercase(),
        quantity: format::exact(place.spec.quantity.0),
        symbol: Arc::clone(&facts.instrument.symbol),
        prices: prices(place.spec.kind, facts.instrument),
        terms: terms(&place, checked, facts),
        account: named_account(facts),
    };
    let doubts = checked.side(side).doubts.clone();
    Ok(Offer { command: Command::Place(place), words, doubts })
}

fn terms(place: &Place, checked: &Checked, facts: &Facts<'_>) -> Vec<Term> {
    let mut terms = Vec::new();
    match place.spec.tif {
        TimeInForce::Day => {}
        TimeInForce::Gtd(until) => {
            let whole = format!("good till {}", format::date_minute(until, &facts.zone));
            terms.push(Term { short: "GTD", whole });
        }
        tif => terms.push(Term::of(tif.label())),
    }
    if place.spec.post_only {
        terms.push(Term::of("post-only"));
    }
    match place.bracket {
        Some(bracket) => {
            let shown = |name, price: Option<_>| {
                price.map(|price| format!("{name} {}", format::price(price, facts.instrument)))
            };
            let exits = [shown("take profit", bracket.take_profit), shown("stop loss", bracket.stop_loss)];
            let whole = exits.into_iter().flatten().collect::<Vec<_>>().join(", ");
            terms.push(Term { short: "bracket", whole });
        }
        // The trader has one in mind and must see that this order goes without.
        None if checked.has_bracket => terms.push(Term::of("no bracket")),
        None => {}
    }
    terms
}

/// For which account, where there are several.
fn named_account(facts: &Facts<'_>) -> Option<AccountId> {
    let account = facts.account.as_ref().ok().filter(|a| facts.desk.has_others(a.broker, &a.id))?;
    Some(account.id.clone())
}

/// Why a position is not to be reversed now, as the ticket has it for its own button: what opens is
/// held back by more than what makes a position smaller.
pub(in crate::ui) fn why_not_reversed(
    desk: &Desk,
    instrument: &Instrument,
    position: &Position,
) -> Option<String> {
    let account = desk.account(instrument.broker, &position.account);
    flatten(Action::Reverse, &Facts::of_account(desk, instrument, account)).err()
}

/// The same Close or Reverse as the ticket's, of what the account of entry holds; or why it cannot be sent.
pub(in crate::ui) fn way_out(desk: &Desk, instrument: &Instrument, action: Action) -> Result<Offer, String> {
    flatten(action, &Facts::of(desk, instrument))
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
    let nothing = Despite::default();
    let (quantity, role) = match action {
        Action::Reverse => (size + size, Role::Reverse(nothing)),
        _ => (size, Role::Close(nothing)),
    };
    let spec = OrderSpec::new(instrument.id, side, quantity, OrderKind::Market, TimeInForce::Day);
    if let Some(why) = why_closed(spec.kind, spec.tif, facts) {
        return Err(why);
    }
    let insistence = insist(&spec, role, facts).map_err(|refusal| refusal.to_string())?;
    // Of the position that was looked at, and of no other.
    let (account, despite) = (position.account.clone(), insistence.despite);
    let command = match action {
        Action::Reverse => Command::Reverse { account, instrument: instrument.id, despite },
        _ => Command::Close { account, instrument: instrument.id, despite },
    };
    let words = Words {
        verb: format!("{}: {}", action.label().to_lowercase(), side.label().to_lowercase()),
        quantity: format::exact(quantity.0),
        symbol: Arc::clone(&instrument.symbol),
        prices: prices(OrderKind::Market, instrument),
        terms: fate(position, facts.desk),
        account: named_account(facts),
    };
    Ok(Offer { command, words, doubts: insistence.doubts })
}

/// What a way out of a position cancels first, and what it leaves: a stop that was sent alone opens a position
/// the day its price comes.
fn fate(position: &Position, desk: &Desk) -> Vec<Term> {
    let (cancelled, left) = (desk.cancelled_first(position), desk.left_working(position));
    let cancelled =
        (cancelled > 0).then(|| Term { short: "cancels orders", whole: format::cancels_first(cancelled) });
    let left = (left > 0).then(|| Term { short: Term::ORDERS_STAY, whole: format::leaves_working(left) });
    cancelled.into_iter().chain(left).collect()
}

/// The price part of an order: `@ 227.50`, `at market`, `stop 230.00` and `@ 230.50`.
pub(super) fn prices(kind: OrderKind, instrument: &Instrument) -> Vec<String> {
    let shown = |price| format::price(price, instrument);
    match kind {
        OrderKind::Market => vec!["at market".to_owned()],
        OrderKind::Limit { price } => vec![format!("@ {}", shown(price))],
        OrderKind::Stop { stop } => vec![format!("stop {}", shown(stop))],
        OrderKind::StopLimit { stop, price } => {
            vec![format!("stop {}", shown(stop)), format!("@ {}", shown(price))]
        }
        OrderKind::TrailingStop { by: TrailBy::Amount(distance) } => {
            vec![format!("trail {}", format::exact(distance))]
        }
        OrderKind::TrailingStop { by: TrailBy::Percent(percent) } => {
            vec![format!("trail {} %", format::exact(percent))]
        }
    }
}
