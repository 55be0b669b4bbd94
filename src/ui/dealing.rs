//! Orders and changes of orders that are made with one press: at a row of the ladder, a place or a line of the
//! chart, by a trading key.
//!
//! This is the only place where they are made: each is asked of the same gate as the ticket's orders before it can
//! be sent. What is unusual comes back as a doubt; whoever presses has no second look, so it is asked about, or
//! refused ([`at_once`]).

use super::amending::{Part, why_not};
use super::format;
use super::ticket::gate::{Doubt, insist_on_change, insist_on_order, said_whole};
use super::ticket::offer::{self, Action, Offer};
use crate::desk::Desk;
use crate::domain::{
    Instrument, Order, OrderId, OrderKind, OrderSpec, OrderStatus, Origin, Price, Qty, Quote, Side,
    TimeInForce,
};
use crate::link::{Command, Place};
use crate::risk::{Despite, Role};

/// Something that can be sent.
#[derive(Debug, Clone)]
pub(super) struct Deal {
    /// The command, which accepts what the doubts name.
    pub command: Command,
    /// What it does: `Buy 100 AAPL limit 182.50`.
    pub words: String,
    /// What is unusual about it; nothing as a rule.
    pub doubts: Vec<Doubt>,
}

/// An order that a press stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub side: Side,
    pub kind: OrderKind,
    pub quantity: Qty,
    pub origin: Origin,
    /// The quote that the trader looked at.
    pub seen: Option<Quote>,
}

/// Whether a press sends for an instrument.
pub(super) fn is_armed(desk: &Desk, instrument: &Instrument) -> bool {
    desk.is_one_click(instrument) && desk.stopped().is_none()
}

/// An order that may be sent without a question; or why not.
pub(super) fn at_once(deal: Deal) -> Result<Deal, String> {
    without_doubts(deal, "Send it from the ticket, which asks.")
}

/// The same for a change of an order.
pub(super) fn change_at_once(deal: Deal) -> Result<Deal, String> {
    without_doubts(deal, "Change it in the blotter, which asks.")
}

fn without_doubts(deal: Deal, instead: &str) -> Result<Deal, String> {
    if deal.doubts.is_empty() { Ok(deal) } else { Err(format!("{} {instead}", said_whole(&deal.doubts))) }
}

/// What a point at a price is for where no other quantity was chosen.
pub(super) fn usual_quantity(desk: &Desk, instrument: &Instrument) -> Qty {
    instrument.round_to_lot(desk.settings().default_quantity.of(instrument.class))
}

/// An order for the day, of the account that orders are entered for; or why the gate would refuse it.
pub(super) fn order(
    desk: &Desk,
    instrument: &Instrument,
    Entry { side, kind, quantity, origin, seen }: Entry,
) -> Result<Deal, String> {
    let account = desk.entry_account(instrument.broker).map_err(|why| why.to_string())?.id.clone();
    let spec = OrderSpec::new(instrument.id, side, quantity, kind, TimeInForce::Day);
    let role = Role::entered(Despite::default());
    let asked = insist_on_order(desk, instrument, &account, &spec, role).map_err(|why| why.to_string())?;
    let place =
        Place { account, spec, bracket: None, origin, seen, names: Vec::new(), despite: asked.despite };
    let words = order_words(side, quantity, kind, instrument);
    Ok(Deal { command: Command::Place(place), words, doubts: asked.doubts })
}

/// `Buy 100 AAPL limit 182.50`.
fn order_words(side: Side, quantity: Qty, kind: OrderKind, instrument: &Instrument) -> String {
    let at = kind.limit().or(kind.stop()).map_or_else(String::new, |price| format::price(price, instrument));
    let (size, what) = (format::exact(quantity.0), kind.label().to_lowercase());
    format!("{side} {size} {} {what} {at}", instrument.symbol)
}

/// Why a price of an order cannot be changed now; `None` where it can.
pub(super) fn why_stays(order: &Order, part: Part) -> Option<&'static str> {
    why_not(order, part).or_else(|| part.of(order).is_none().then_some("A trailing stop moves by itself"))
}

/// One price of an order becomes another; or why it cannot.
pub(super) fn change(
    desk: &Desk,
    instrument: &Instrument,
    order: &Order,
    (part, to): (Part, Price),
) -> Result<Deal, String> {
    if let Some(why) = why_stays(order, part) {
        return Err(why.to_owned());
    }
    let asked =
        insist_on_change(desk, instrument, order, part.change(to.0)).map_err(|why| why.to_string())?;
    let words = format!("Order {} to {}", order.id, format::price(to, instrument));
    Ok(Deal { command: part.amend(order, to.0, asked.despite), words, doubts: asked.doubts })
}

/// A Close or Reverse of what the account of entry holds; or why it cannot be had.
pub(super) fn way_out(desk: &Desk, instrument: &Instrument, action: Action) -> Result<Deal, String> {
    let Offer { command, words, doubts } = offer::way_out(desk, instrument, action)?;
    Ok(Deal { command, words: words.capitalised(), doubts })
}

/// Those of some orders whose cancel is not on its way yet.
pub(super) fn to_cancel(desk: &Desk, orders: &[OrderId]) -> Vec<OrderId> {
    let order = |id: &OrderId| desk.blotter().get(*id);
    let is_new = |id: &&OrderId| order(id).is_some_and(|order| order.status != OrderStatus::PendingCancel);
    orders.iter().filter(is_new).copied().collect()
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
