//! A group of records on its way to the disk: one statement, one transaction, one sync.
//!
//! The rows of each table go over as one JSON array, which SQLite takes apart. So a group of
//! one record and one of a thousand both cost one visit to the database's thread.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;
use sqlx::Sqlite;
use sqlx::query::Query;
use sqlx::sqlite::SqliteArguments;

use super::held;
use super::row::{EventRow, FillRow, MomentRow, OrderRow, checksum, checksum_of_fact, column, encode};
use crate::domain::{Moment, Note, OrderId, Record, Seq, Time};

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
    ON CONFLICT (seq) DO UPDATE SET body = excluded.body, crc = excluded.crc
    WHERE (fills.broker, fills.account, fills.exec, fills.time)
        = (excluded.broker, excluded.account, excluded.exec, excluded.time)
    ON CONFLICT DO NOTHING;
INSERT INTO facts (name, value, crc)
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?) WHERE true
    ON CONFLICT (name) DO UPDATE SET value = excluded.value, crc = excluded.crc;
INSERT INTO notes (order_id, seq, body, crc)
    SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?) WHERE true
    ON CONFLICT (order_id) DO UPDATE SET seq = excluded.seq, body = excluded.body, crc = excluded.crc
    WHERE excluded.seq >= notes.seq;
COMMIT";

/// Whether orders are locked by the kill switch.
pub(super) const KILLED: &str = "killed";
/// What the kill switch was asked to do with positions, as JSON; older journals do not say.
pub(super) const FLATTEN: &str = "flatten";
/// Why the books of every broker must be compared before the journal is trusted; empty where
/// they need not.
pub(super) const MUST_RECONCILE: &str = "must reconcile";

/// Rows, in the order of the columns in [`WRITE`].
#[derive(Debug, Default)]
pub(super) struct Batch {
    events: Vec<EventCells>,
    touched: BTreeSet<(i64, i64)>,
    /// Of each order only what the newest record of the group says.
    orders: BTreeMap<OrderId, OrderCells>,
    fills: Vec<FillCells>,
    facts: BTreeMap<Cow<'static, str>, FactCells>,
    /// The same of notes.
    notes: BTreeMap<OrderId, NoteCells>,
}

#[derive(Debug, Serialize)]
struct EventCells(i64, i64, &'static str, String, i64);
#[derive(Debug, Serialize)]
struct OrderCells(i64, i64, bool, i64, Option<i64>, String, i64);
#[derive(Debug, Serialize)]
struct FillCells(i64, Arc<str>, Arc<str>, Arc<str>, i64, i64, String, i64);
#[derive(Debug, Serialize)]
struct FactCells(Cow<'static, str>, String, i64);
#[derive(Debug, Serialize)]
struct NoteCells(i64, i64, String, i64);

impl Batch {
    /// Adds a record. `is_void` says which orders are not to be shown as it tells: those whose
    /// intent was never written, so that they were never sent.
    pub(super) fn add(
        &mut self,
        seq: Seq,
        at: Time,
        event: &EventRow,
        is_void: impl Fn(OrderId) -> bool,
    ) -> Result<(), serde_json::Error> {
        let place = column(seq.0);
        let body = encode(event)?;
        let crc = checksum([place, at.0], body.as_bytes());
        self.events.push(EventCells(place, at.0, event.moment.kind(), body, crc));
        let is_intent = matches!(event.moment, MomentRow::Plain(Moment::Intended { .. }));
        for order in &event.orders {
            self.touched.insert((column(order.id.0), place));
            if !is_void(order.id) {
                self.put_order(seq, order, is_intent.then_some(at))?;
            }
        }
        match &event.moment {
            MomentRow::Executed(fill) => {
                self.touched.insert((column(fill.order.0), place));
                self.put_fill(seq, fill)?;
            }
            // Where its row is, whoever writes it knows ([`Self::put_fill`]).
            MomentRow::Charged(fill) => {
                self.touched.insert((column(fill.order.0), place));
            }
            MomentRow::Reconciled { broker, positions, executions_until, .. } => {
                held::note(self, seq, broker, positions, *executions_until)?;
            }
            MomentRow::Plain(Moment::Noted { order, note }) => {
                self.touched.insert((column(order.0), place));
                self.put_note(seq, *order, note)?;
            }
            MomentRow::Plain(Moment::Kill { is_on, flatten }) => {
                self.set(KILLED, is_on.to_string());
                self.set(FLATTEN, serde_json::to_string(flatten)?);
            }
            MomentRow::Plain(_) => {}
        }
        Ok(())
    }

    /// How an order stands after record `seq`, and when it was intended, where that says so.
    pub(super) fn put_order(
        &mut self,
        seq: Seq,
        order: &OrderRow,
        intended: Option<Time>,
    ) -> Result<(), serde_json::Error> {
        let (id, place, body) = (column(order.id.0), column(seq.0), encode(order)?);
        let crc = checksum([id, place], body.as_bytes());
        let is_live = !order.status.is_final();
        let intended = self.orders.get(&order.id).and_then(|cells| cells.4).or(intended.map(|at| at.0));
        let cells = OrderCells(id, place, is_live, order.created.0, intended, body, crc);
        self.orders.insert(order.id, cells);
        Ok(())
    }

    /// The record of this group that told of a fill first.
    pub(super) fn place_of(&self, fill: &FillRow) -> Option<Seq> {
        let is_it = |cells: &&FillCells| {
            (&cells.1, &cells.2, &cells.3) == (&fill.broker, &fill.account.0, &fill.exec.0)
        };
        self.fills.iter().find(is_it).map(|cells| Seq(cells.0.cast_unsigned()))
    }

    /// A fill that record `seq` told of first, as it stands now: what it has cost may come later.
    pub(super) fn put_fill(&mut self, seq: Seq, fill: &FillRow) -> Result<(), serde_json::Error> {
        let (place, time, body) = (column(seq.0), fill.time.0, encode(fill)?);
        let crc = checksum([place, time], body.as_bytes());
        let [broker, account, exec] = [&fill.broker, &fill.account.0, &fill.exec.0].map(Arc::clone);
        self.fills.push(FillCells(place, broker, account, exec, column(fill.order.0), time, body, crc));
        Ok(())
    }

    /// What is noted of an order after record `seq`.
    pub(super) fn put_note(
        &mut self,
        seq: Seq,
        order: OrderId,
        note: &Note,
    ) -> Result<(), serde_json::Error> {
        let (id, place, body) = (column(order.0), column(seq.0), encode(note)?);
        let crc = checksum([id, place], body.as_bytes());
        self.notes.insert(order, NoteCells(id, place, body, crc));
        Ok(())
    }

    /// Sets a fact.
    pub(super) fn set(&mut self, name: impl Into<Cow<'static, str>>, value: String) {
        let name = name.into();
        let crc = checksum_of_fact(&name, &value);
        self.facts.insert(name.clone(), FactCells(name, value, crc));
    }

    pub(super) fn statement(&self) -> Query<'static, Sqlite, SqliteArguments> {
        sqlx::query(WRITE)
            .bind(array(&self.events))
            .bind(array(&self.touched))
            .bind(array(self.orders.values()))
            .bind(array(&self.fills))
            .bind(array(self.facts.values()))
            .bind(array(self.notes.values()))
    }
}

fn array<T: Serialize>(rows: impl IntoIterator<Item = T>) -> String {
    let rows: Vec<T> = rows.into_iter().collect();
    serde_json::to_string(&rows).expect("numbers and texts have a JSON form")
}

/// The orders that a record belongs to the timeline of.
pub(super) fn about(record: &Record) -> impl Iterator<Item = OrderId> {
    let of_fill = match &record.moment {
        Moment::Executed(fill) | Moment::Charged(fill) => Some(fill.order),
        Moment::Noted { order, .. } => Some(*order),
        _ => None,
    };
    record.orders.iter().map(|order| order.id).chain(of_fill)
}
