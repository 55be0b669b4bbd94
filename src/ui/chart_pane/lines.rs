//! The prices that are marked across the chart: where orders stand, and the position.

use crate::desk::{Desk, Freshness};
use crate::domain::{Instrument, Order, OrderKind, Price, Side};
use crate::ui::chart::{Handle, LineKind, PriceLine};
use crate::ui::format;

/// A price line that owns its label.
pub struct Labelled {
    price: f64,
    label: String,
    kind: LineKind,
    is_working: bool,
    handle: Option<Handle>,
}

impl Labelled {
    /// To be drawn: solid only while it works at the exchange.
    pub fn as_line(&self) -> PriceLine<'_> {
        let Self { price, ref label, kind, is_working, handle } = *self;
        PriceLine { price, label, kind, dashed: !is_working, handle }
    }
}

/// The lines of live orders and of the position of the account that orders are entered for.
pub fn price_lines(desk: &Desk, instrument: &Instrument) -> Vec<Labelled> {
    let orders = desk.blotter().working().filter(|order| order.spec.instrument == instrument.id);
    let entry = desk.entry_account(instrument.broker).ok();
    let whose = |order: &Order| match entry {
        Some(account) if account.id == order.account => String::new(),
        _ => format!(" · {}", order.account),
    };
    let mut lines: Vec<Labelled> =
        orders.flat_map(|order| order_lines(order, whose(order), instrument)).collect();
    lines.extend(position_line(desk, instrument));
    lines
}

/// The colours of an order.
pub fn kind_of(side: Side) -> LineKind {
    match side {
        Side::Buy => LineKind::Buy,
        Side::Sell => LineKind::Sell,
    }
}

impl Labelled {
    /// Where an order would stand that is asked about.
    pub fn asked(side: Side, price: Price, label: String) -> Self {
        Self { price: price.to_f64(), label, kind: kind_of(side), is_working: false, handle: None }
    }
}

/// Where an order stands: its limit, and the price that it waits for. Another account than that of entry is named.
fn order_lines(order: &Order, whose: String, instrument: &Instrument) -> impl Iterator<Item = Labelled> {
    let kind = kind_of(order.spec.side);
    let name = order.spec.kind.label().to_lowercase();
    let waits_for = match order.spec.kind {
        OrderKind::StopLimit { .. } => format!("{name} trigger"),
        _ => name.clone(),
    };
    let is_working = order.is_working();
    let state = if is_working { String::new() } else { format!(" · {}", order.status.label()) };
    let quantity = format::quantity(order.remaining(), instrument);
    let line = move |(price, what, is_trigger): (Option<Price>, &str, bool)| {
        let label = format!("{} {quantity} {what}{whose}{state}", order.spec.side);
        let handle = Some(Handle { order: order.id, is_trigger });
        Some(Labelled { price: price?.to_f64(), label, kind, is_working, handle })
    };
    let lines = [line((order.spec.kind.limit(), &name, false)), line((order.waits_for(), &waits_for, true))];
    lines.into_iter().flatten()
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
        handle: None,
    })
}
