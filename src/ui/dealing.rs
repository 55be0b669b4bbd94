//! Orders and changes of orders that somebody points at: a row of the ladder, a place or a line of the chart.
//!
//! Each is asked of the same gate as the ticket's orders before it can be sent; what is unusual comes back as a
//! doubt, and whoever points decides whether to ask the trader about it or to refuse.

use super::amending::{Part, why_not};
use super::format;
use super::ticket::gate::{Doubt, insist_on_change, insist_on_order};
use crate::desk::Desk;
use crate::domain::{Instrument, Order, OrderKind, OrderSpec, Origin, Price, Qty, Side, TimeInForce};
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

/// What a point at a price is for where no other quantity was chosen.
pub(super) fn usual_quantity(desk: &Desk, instrument: &Instrument) -> Qty {
    instrument.round_to_lot(desk.settings().default_quantity.of(instrument.class))
}

/// An order for the day, of the account that orders are entered for; or why the gate would refuse it.
pub(super) fn order(
    desk: &Desk,
    instrument: &Instrument,
    (side, kind, quantity): (Side, OrderKind, Qty),
    origin: Origin,
) -> Result<Deal, String> {
    let account = desk.entry_account(instrument.broker).map_err(|why| why.to_string())?.id.clone();
    let spec = OrderSpec::new(instrument.id, side, quantity, kind, TimeInForce::Day);
    let role = Role::entered(Despite::default());
    let asked = insist_on_order(desk, instrument, &account, &spec, role).map_err(|why| why.to_string())?;
    let place = Place {
        account,
        spec,
        bracket: None,
        origin,
        seen: desk.quote(instrument.id).map(|view| *view.quote),
        names: Vec::new(),
        despite: asked.despite,
    };
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
