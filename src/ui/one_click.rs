//! What one press sends while one-click trading is armed: a click or a key of the ladder, and the window's
//! trading keys.
//!
//! Whoever presses has no second look, so this is the only place where such orders are made: each goes past
//! the same gate as the ticket's, and where the market is unusual and the ticket would ask, it is refused.

use crate::desk::Desk;
use crate::domain::{
    Instrument, Order, OrderId, OrderKind, OrderSpec, OrderStatus, Origin, Price, Qty, Quote, Side,
    TimeInForce,
};
use crate::link::{Command, CommandId, Place};
use crate::risk::{Change, Despite, Role};

use super::format;
use super::ticket::gate::{insist_on_change, insist_on_order, said_whole};
use super::ticket::offer::{self, Action, Offer};

/// Answers that are waited for at most: of what is older the desk has forgotten them.
const MOST_ASKED: usize = 64;

/// Whether a press sends for an instrument.
pub(super) fn is_armed(desk: &Desk, instrument: &Instrument) -> bool {
    desk.is_one_click(instrument) && desk.stopped().is_none()
}

/// An order that a press stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Press {
    pub side: Side,
    pub price: Price,
    /// Whether the price is a stop's.
    pub is_stop: bool,
    /// `None` where what is typed is no quantity.
    pub quantity: Option<Qty>,
    pub origin: Origin,
    /// The quote that the trader looked at.
    pub seen: Option<Quote>,
}

/// The order, and its words; or why it is not sent.
pub(super) fn order(desk: &Desk, instrument: &Instrument, press: &Press) -> Result<(Place, String), String> {
    let Press { side, price, origin, seen, .. } = *press;
    let quantity = press.quantity.ok_or("Enter a quantity first")?;
    let account = desk.entry_account(instrument.broker).map_err(|why| why.to_string())?.id.clone();
    let kind = if press.is_stop { OrderKind::Stop { stop: price } } else { OrderKind::Limit { price } };
    let spec = OrderSpec::new(instrument.id, side, quantity, kind, TimeInForce::Day);
    let what = kind.label().to_lowercase();
    let (size, at) = (format::exact(quantity.0), format::price(price, instrument));
    let words = format!("{side} {size} {} {what} {at}", instrument.symbol);
    let role = Role::entered(Despite::default());
    let asked = insist_on_order(desk, instrument, &account, &spec, role).map_err(|why| why.to_string())?;
    if !asked.doubts.is_empty() {
        return Err(format!("{} Send it from the ticket, which asks.", said_whole(&asked.doubts)));
    }
    let despite = Despite::default();
    Ok((Place { account, spec, bracket: None, origin, seen, names: Vec::new(), despite }, words))
}

/// The change that takes an order to another price; or why it cannot be had.
pub(super) fn moved(
    desk: &Desk,
    instrument: &Instrument,
    order: &Order,
    to: Price,
) -> Result<Command, String> {
    let mut change = Change { quantity: None, limit: None, stop: None };
    // It stands in the ladder where it waits to be triggered, else at its limit.
    match (order.waits_for(), order.spec.kind.limit()) {
        (Some(_), _) if matches!(order.spec.kind, OrderKind::TrailingStop { .. }) => {
            return Err("a trailing stop moves by itself".to_owned());
        }
        (Some(_), _) => change.stop = Some(to),
        (None, Some(_)) => change.limit = Some(to),
        (None, None) => return Err("it has no price".to_owned()),
    }
    let asked = insist_on_change(desk, instrument, order, change).map_err(|why| why.to_string())?;
    if !asked.doubts.is_empty() {
        return Err(format!("{} Change it in the blotter, which asks.", said_whole(&asked.doubts)));
    }
    let Change { quantity, limit, stop } = change;
    Ok(Command::Amend { order: order.id, quantity, limit, stop, despite: Despite::default() })
}

/// A Close or Reverse of what the account of entry holds, and its words; or why it is not sent.
pub(super) fn way_out(
    desk: &Desk,
    instrument: &Instrument,
    action: Action,
) -> Result<(Command, String), String> {
    let Offer { command, words, doubts } = offer::way_out(desk, instrument, action)?;
    if !doubts.is_empty() {
        return Err(format!("{} Send it from the ticket, which asks.", said_whole(&doubts)));
    }
    Ok((command, words.capitalised()))
}

/// Those of some orders whose cancel is not on its way yet.
pub(super) fn to_cancel(desk: &Desk, orders: &[OrderId]) -> Vec<OrderId> {
    let order = |id: &OrderId| desk.blotter().get(*id);
    let is_new = |id: &&OrderId| order(id).is_some_and(|order| order.status != OrderStatus::PendingCancel);
    orders.iter().filter(is_new).copied().collect()
}

/// What was sent, and what it said, until the engine has answered.
#[derive(Debug, Default)]
pub(super) struct Asked(Vec<(CommandId, String)>);

impl Asked {
    /// This was sent.
    pub fn add(&mut self, command: CommandId, words: String) {
        self.0.push((command, words));
    }

    /// What the engine has refused since the last look, in words.
    pub fn refusals(&mut self, desk: &Desk) -> Vec<String> {
        let mut refusals = Vec::new();
        self.0.retain(|(id, words)| match desk.answer(*id).map(|answer| &answer.outcome) {
            None => true,
            Some(Ok(_)) => false,
            Some(Err(why)) => {
                refusals.push(format!("{words}: refused. {why}"));
                false
            }
        });
        let too_many = self.0.len().saturating_sub(MOST_ASKED);
        self.0.drain(..too_many);
        refusals
    }
}

/// The best price of a side of the book.
pub(super) fn best(quote: Option<&Quote>, side: Side) -> Option<Price> {
    quote.and_then(|quote| match side {
        Side::Buy => quote.bid,
        Side::Sell => quote.ask,
    })
}

/// What a side of the book is called.
pub(super) fn name_of(side: Side) -> &'static str {
    match side {
        Side::Buy => "bid",
        Side::Sell => "ask",
    }
}
