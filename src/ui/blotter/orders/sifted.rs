//! Which orders a filter lets through, and in which order.

use crate::desk::Desk;
use crate::domain::{Order, OrderId};
use crate::ui::blotter::order_row::client_text;
use crate::ui::blotter::rows::OrderRows;
use crate::ui::blotter::table::Sorted;
use crate::ui::blotter::view::{Counts, Sieve, Value, noted, sort};

/// The orders that a filter lets through, sorted.
pub(super) fn found(desk: &Desk, sieve: &Sieve<'_>, sorted: Option<Sorted>) -> (Vec<OrderId>, Counts) {
    let blotter = desk.blotter();
    let mut ids = OrderRows::now(blotter, false).to_vec();
    let of = ids.len();
    ids.retain(|id| blotter.get(*id).is_some_and(|order| is_let_through(order, sieve, desk)));
    let working = ids.iter().filter(|id| blotter.get(**id).is_some_and(Order::is_live)).count();
    let hidden_working = blotter.working_ids().len() - working;
    if let Some(Sorted { key, is_descending }) = sorted {
        sort(&mut ids, is_descending, |id| value_of(blotter.get(*id)?, key, desk));
    }
    let counts = Counts { shown: ids.len(), of, hidden_working };
    (ids, counts)
}

fn is_let_through(order: &Order, sieve: &Sieve<'_>, desk: &Desk) -> bool {
    let spec = &order.spec;
    sieve.has_status(order.status)
        && sieve.takes(spec.instrument, Some(spec.side), &order.account)
        && (order.is_live() || sieve.is_new_enough(order.updated))
        && sieve.finds(|| {
            let instrument = desk.instrument(spec.instrument);
            let symbol = instrument.map_or_else(String::new, |i| format!("{} {}", i.key(), i.name));
            let client = order.client.as_deref().map(client_text).unwrap_or_default();
            let reason = order.reason.as_deref().unwrap_or_default();
            let (side, kind, status) = (spec.side.label(), spec.kind.label(), order.status.label());
            let note = noted(order.id, desk);
            format!("{} {symbol} {side} {kind} {status} {} {client} {reason} {note}", order.id, order.account)
        })
}

/// What an order is sorted by in a column.
fn value_of(order: &Order, column: &str, desk: &Desk) -> Option<Value> {
    let spec = &order.spec;
    Some(match column {
        "order" => Value::Whole(order.id.0.into()),
        "time" => Value::time(order.created),
        "symbol" => Value::text(&desk.instrument(spec.instrument)?.symbol),
        "side" => Value::text(spec.side.label()),
        "type" => Value::text(spec.kind.label()),
        "quantity" => Value::Number(spec.quantity.0),
        "filled" => Value::Number(order.filled.0),
        "limit" => Value::Number(spec.kind.limit()?.0),
        "stop" => Value::Number(order.trigger.or(spec.kind.stop())?.0),
        // As an order goes through them.
        "status" => Value::Whole(order.status as i128),
        "tif" => Value::text(spec.tif.label()),
        "average" => Value::Number(order.average_price?),
        "reason" => Value::text(order.reason.as_deref()?),
        "note" => Value::text(&desk.note(order.id)?.line()),
        _ => return None,
    })
}
