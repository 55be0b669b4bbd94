//! A group of records on its way to the disk: one statement, one transaction, one sync.
//!
//! The rows of each table go over as one JSON array, which SQLite takes apart. So a group of
//! one record and one of a thousand both cost one visit to the database's thread.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;

use super::names::Directory;
use super::row::{self, checksum, column, encode};
use crate::domain::{Moment, Order, OrderId, Record};

/// Repeating a group changes nothing: a commit whose answer was lost is simply tried again.
const WRITE: &str = "
BEGIN IMMEDIATE;
INSERT INTO events (seq, at, kind, body, crc)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?) WHERE true
    ON CONFLICT DO NOTHING;
INSERT INTO touched (order_id, seq)
    SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true
    ON CONFLICT DO NOTHING;
INSERT INTO orders (id, seq, is_live, created, intended, body, crc)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
    FROM json_each(?) WHERE true
    ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, is_live = excluded.is_live,
        created = excluded.created, intended = coalesce(orders.intended, excluded.intended),
        body = excluded.body, crc = excluded.crc
    WHERE excluded.seq >= orders.seq;
INSERT INTO fills (seq, broker, account, exec, order_id, time, body, crc)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
        value ->> 7
    FROM json_each(?) WHERE true
    ON CONFLICT DO NOTHING;
INSERT INTO facts (name, value)
    SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true
    ON CONFLICT (name) DO UPDATE SET value = excluded.value;
COMMIT";

/// Whether orders are locked by the kill switch.
pub(super) const KILLED: &str = "killed";
/// Why the books of every broker must be compared before the journal is trusted; empty where
/// they need not.
pub(super) const MUST_RECONCILE: &str = "must reconcile";
/// Written to learn whether the disk takes anything.
pub(super) const PROBE: &str = "probe";

/// Rows, in the order of the columns in [`WRITE`].
#[derive(Debug, Default)]
pub(super) struct Batch {
    events: Vec<EventCells>,
    touched: BTreeSet<(i64, i64)>,
    /// Of each order only what the newest record of the group says.
    orders: BTreeMap<OrderId, OrderCells>,
    fills: Vec<FillCells>,
    facts: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
struct EventCells(i64, i64, &'static str, String, i64);
#[derive(Debug, Serialize)]
struct OrderCells(i64, i64, bool, i64, Option<i64>, String, i64);
#[derive(Debug, Serialize)]
struct FillCells(i64, String, String, String, i64, i64, String, i64);

impl Batch {
    /// Adds a record. `is_void` says which orders are not to be shown as it tells: those whose
    /// intent was never written, so that they were never sent.
    pub(super) fn add(
        &mut self,
        record: &Record,
        directory: &Directory,
        is_void: impl Fn(OrderId) -> bool,
    ) -> Result<(), serde_json::Error> {
        let (seq, at) = (column(record.seq.0), record.at.0);
        let event = directory.event_row(record);
        let body = encode(&event)?;
        let crc = checksum([seq, at], body.as_bytes());
        self.events.push(EventCells(seq, at, row::kind(&record.moment), body, crc));
        for order in about(record) {
            self.touched.insert((column(order.0), seq));
        }
        let intended = matches!(record.moment, Moment::Intended { .. }).then_some(at);
        for (order, row) in record.orders.iter().zip(&event.orders) {
            if !is_void(order.id) {
                self.put_order(order, seq, intended, encode(row)?);
            }
        }
        match &record.moment {
            Moment::Executed(fill) => {
                let row = directory.fill_row(fill, &record.orders);
                let body = encode(&row)?;
                let crc = checksum([seq, row.time.0], body.as_bytes());
                let key = [&*row.broker, &*row.account.0, &*row.exec.0].map(str::to_owned);
                let [broker, account, exec] = key;
                let order = column(row.order.0);
                self.fills.push(FillCells(seq, broker, account, exec, order, row.time.0, body, crc));
            }
            Moment::Kill { is_on } => self.set(KILLED, is_on.to_string()),
            _ => {}
        }
        Ok(())
    }

    fn put_order(&mut self, order: &Order, seq: i64, intended: Option<i64>, body: String) {
        let id = column(order.id.0);
        let crc = checksum([id, seq], body.as_bytes());
        let intended = self.orders.get(&order.id).and_then(|cells| cells.4).or(intended);
        let cells = OrderCells(id, seq, order.is_live(), order.created.0, intended, body, crc);
        self.orders.insert(order.id, cells);
    }

    /// Sets a fact.
    pub(super) fn set(&mut self, name: &'static str, value: String) {
        self.facts.insert(name, value);
    }

    pub(super) fn statement(&self) -> Query<'static, Sqlite, SqliteArguments> {
        sqlx::query(WRITE)
            .bind(array(&self.events))
            .bind(array(&self.touched))
            .bind(array(self.orders.values()))
            .bind(array(&self.fills))
            .bind(array(&self.facts))
    }
}

fn array<T: Serialize>(rows: impl IntoIterator<Item = T>) -> String {
    let rows: Vec<T> = rows.into_iter().collect();
    serde_json::to_string(&rows).expect("numbers and texts have a JSON form")
}

/// The orders that a record belongs to the timeline of.
pub(super) fn about(record: &Record) -> impl Iterator<Item = OrderId> {
    let of_fill = match &record.moment {
        Moment::Executed(fill) => Some(fill.order),
        _ => None,
    };
    record.orders.iter().map(|order| order.id).chain(of_fill)
}
