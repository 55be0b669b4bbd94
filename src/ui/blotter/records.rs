//! Rows as they are copied and exported: whole numbers and times, under the heads of the journal's own export.

use std::sync::Arc;

use super::positions::Key;
use crate::desk::{DayResult, Desk};
use crate::domain::csv::{self, FillLine, OrderLine};
use crate::domain::{BrokerId, Fill, Order};

/// Rows under their heads.
#[derive(Debug)]
pub(super) struct Records {
    pub heads: &'static [&'static str],
    pub rows: Vec<Vec<String>>,
}

/// The heads of [`position`].
const POSITION: [&str; 12] = [
    "account",
    "broker",
    "instrument",
    "net",
    "average price",
    "mark",
    "mark is old",
    "unrealised",
    "value",
    "realised today",
    "commissions today",
    "currency",
];

impl Records {
    pub fn of_orders<'a>(orders: impl Iterator<Item = &'a Order>, desk: &Desk) -> Self {
        Self { heads: &csv::ORDER, rows: orders.filter_map(|order| order_record(order, desk)).collect() }
    }

    pub fn of_fills<'a>(fills: impl Iterator<Item = &'a Fill>, desk: &Desk) -> Self {
        Self { heads: &csv::FILL, rows: fills.filter_map(|fill| fill_record(fill, desk)).collect() }
    }

    pub fn of_positions(keys: impl Iterator<Item = (Key, DayResult)>, desk: &Desk) -> Self {
        Self { heads: &POSITION, rows: keys.filter_map(|(key, day)| position(&key, day, desk)).collect() }
    }

    /// For a file.
    ///
    /// # Errors
    /// None that a table of ours could have.
    pub fn file(&self) -> Result<String, String> {
        csv::file(self.heads, &self.rows).map_err(|error| error.to_string())
    }

    /// For the clipboard.
    pub fn pasted(&self) -> String {
        csv::pasted(self.heads, &self.rows)
    }
}

fn broker(desk: &Desk, id: BrokerId) -> Arc<str> {
    desk.connection(id).map_or_else(|| format!("#{id}").into(), |connection| Arc::clone(&connection.name))
}

fn order_record(order: &Order, desk: &Desk) -> Option<Vec<String>> {
    let instrument = desk.instrument(order.spec.instrument)?;
    let spec = &order.spec;
    let row = OrderLine {
        id: order.id,
        broker: &broker(desk, order.broker),
        account: &order.account,
        instrument: &instrument.key(),
        side: spec.side,
        quantity: spec.quantity,
        kind: spec.kind,
        tif: spec.tif,
        post_only: spec.post_only,
        oco: spec.oco,
        parent: spec.parent,
        status: order.status,
        filled: order.filled,
        average_price: order.average_price,
        trigger: order.trigger,
        reason: order.reason.as_deref(),
        origin: order.origin,
        created: order.created,
        updated: order.updated,
    };
    Some(csv::order(&row, desk.note(order.id).map(|note| &**note)).into())
}

fn fill_record(fill: &Fill, desk: &Desk) -> Option<Vec<String>> {
    let instrument = desk.instrument(fill.instrument)?;
    let by = desk.blotter().get(fill.order).map_or(instrument.broker, |order| order.broker);
    let row = FillLine {
        broker: &broker(desk, by),
        account: &fill.account,
        exec: &fill.exec_id,
        order: fill.order,
        instrument: &instrument.key(),
        currency: instrument.currency,
        side: fill.side,
        quantity: fill.quantity,
        price: fill.price,
        commission: fill.commission,
        realised: fill.realised,
        liquidity: fill.liquidity,
        time: fill.time,
    };
    Some(csv::fill(&row, desk.note(fill.order).map(|note| &**note)).into())
}

fn position((account, id): &Key, day: DayResult, desk: &Desk) -> Option<Vec<String>> {
    let position = desk.blotter().position_of(account, *id)?;
    let instrument = desk.instrument(*id)?;
    let mark = desk.mark(*id);
    let commissions = (!day.lacks_commissions).then_some(day.commissions);
    Some(vec![
        csv::words(&account.0),
        csv::words(&broker(desk, instrument.broker)),
        csv::words(&instrument.key()),
        position.net.to_string(),
        position.average_price.to_string(),
        csv::if_any(mark),
        if desk.is_stale(*id) { "yes" } else { "" }.to_owned(),
        csv::if_any(desk.unrealised(position)),
        csv::if_any(desk.value_of(position)),
        day.realised.to_string(),
        csv::if_any(commissions),
        instrument.currency.to_string(),
    ])
}
