//! The prices that are marked across the chart: where orders stand, and the position.

use crate::desk::{Desk, Freshness};
use crate::domain::{Instrument, Order, OrderKind, Price, Side};
use crate::ui::chart::{LineKind, PriceLine};
use crate::ui::format;

/// A price line that owns its label.
pub struct Labelled {
    price: f64,
    label: String,
    kind: LineKind,
    is_working: bool,
}

impl Labelled {
    /// To be drawn: solid only while it works at the exchange.
    pub fn as_line(&self) -> PriceLine<'_> {
        PriceLine { price: self.price, label: &self.label, kind: self.kind, dashed: !self.is_working }
    }
}

/// The lines of live orders and of the position of the account that orders are entered for.
pub fn price_lines(desk: &Desk, instrument: &Instrument) -> Vec<Labelled> {
    let orders = desk.blotter().working().filter(|order| order.spec.instrument == instrument.id);
    let mut lines: Vec<Labelled> = orders.flat_map(|order| order_lines(order, instrument)).collect();
    lines.extend(position_line(desk, instrument));
    lines
}

/// Where an order stands: its limit, and the price that it waits for.
fn order_lines(order: &Order, instrument: &Instrument) -> impl Iterator<Item = Labelled> {
    let kind = match order.spec.side {
        Side::Buy => LineKind::Buy,
        Side::Sell => LineKind::Sell,
    };
    let name = order.spec.kind.label().to_lowercase();
    let waits_for = match order.spec.kind {
        OrderKind::StopLimit { .. } => format!("{name} trigger"),
        _ => name.clone(),
    };
    let is_working = order.is_working();
    let state = if is_working { String::new() } else { format!(" · {}", order.status.label()) };
    let quantity = format::quantity(order.remaining(), instrument);
    let line = move |(price, what): (Option<Price>, String)| {
        let label = format!("{} {quantity} {what}{state}", order.spec.side);
        Some(Labelled { price: price?.to_f64(), label, kind, is_working })
    };
    [(order.spec.kind.limit(), name), (order.waits_for(), waits_for)].into_iter().filter_map(line)
}

/// The average price of what is held, and what it has gained as far as that is known.
fn position_line(desk: &Desk, instrument: &Instrument) -> Option<Labelled> {
    let account = desk.entry_account(instrument.broker).ok()?;
    let position = desk.blotter().position_of(&account.id, instrument.id).filter(|p| !p.is_flat())?;
    let is_stale = desk.quote(instrument.id).is_none_or(|view| view.freshness == Freshness::Stale);
    let gain = match desk.unrealised(position) {
        _ if is_stale => "P&L unknown".to_owned(),
        Some(gain) => format::gain(gain, instrument.currency),
        None => "P&L unknown".to_owned(),
    };
    let net = format::signed(position.net, instrument.quantity_decimals());
    Some(Labelled {
        price: Price(position.average_price).to_f64(),
        label: format!("{net}  {gain}"),
        kind: LineKind::Position,
        is_working: true,
    })
}
