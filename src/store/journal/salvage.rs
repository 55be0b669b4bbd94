//! Reads what can be read of a damaged journal, row by row.
//!
//! The events are read first: how orders stand follows from them. What the tables of the
//! current state know beyond that (because the page of an event is gone) comes on top. A row
//! counts only with the right checksum.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Connection as _, Row as _, SqliteConnection};

use super::batch::{Batch, MUST_RECONCILE};
use super::disk::{Disk, DiskError};
use super::recover::{counted, facts, read};
use super::row::{EventRow, FillRow, MomentRow, OrderRow, Row};
use crate::domain::{Note, OrderId, Seq, Time};

/// Rows that are read, and written, at once.
const PAGE: usize = 1_024;
/// Rows that are looked for one by one where a table can be read from neither end.
const PROBES: i64 = 100_000;

/// What became of a damaged journal.
#[derive(Debug, Default)]
pub(super) struct Report {
    records: usize,
    orders: usize,
    fills: usize,
    /// Rows that are there and cannot be read.
    lost: usize,
    /// A table of which nothing at all could be read.
    is_blind: bool,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [records, orders, fills] =
            [(self.records, "record"), (self.orders, "order"), (self.fills, "fill")]
                .map(|(n, thing)| counted(n, thing));
        write!(f, "{orders} and {fills}, in {records}, could be read of it")?;
        match (self.lost, self.is_blind) {
            (0, false) => f.write_str("; nothing is known to be missing"),
            (lost, false) => write!(f, "; {} could not", counted(lost, "line")),
            (0, true) => f.write_str("; the rest could not"),
            (lost, true) => write!(f, "; {} and the rest could not", counted(lost, "line")),
        }
    }
}

/// Copies what can be read of `damaged` into `fresh`.
pub(super) async fn take_over(damaged: &Path, fresh: &mut Disk) -> Result<Report, DiskError> {
    let mut report = Report::default();
    let mut db = match Disk::look_at_damaged(damaged).await {
        Ok(db) => db,
        Err(error) => {
            tracing::error!("nothing of {} can be read: {error}", damaged.display());
            report.is_blind = true;
            return Ok(report);
        }
    };
    let events = rows::<EventRow>(&mut db, &EVENTS, &mut report).await;
    report.records = events.len();
    let mut booked = BTreeMap::new();
    let mut charged = Vec::new();
    for page in events.chunks(PAGE) {
        let mut batch = Batch::default();
        for ([seq, at], event, _) in page {
            let seq = Seq(seq.cast_unsigned());
            batch.add(seq, Time(*at), event, |_| false)?;
            match &event.moment {
                MomentRow::Executed(fill) => {
                    booked.entry(fill.key()).or_insert(seq);
                }
                MomentRow::Charged(fill) => charged.push((seq, fill)),
                _ => {}
            }
        }
        fresh.write(&batch).await?;
    }
    let orders = rows::<OrderRow>(&mut db, &ORDERS, &mut report).await;
    report.orders = orders.len();
    for page in orders.chunks(PAGE) {
        let mut batch = Batch::default();
        for ([_, seq], order, intended) in page {
            batch.put_order(Seq(seq.cast_unsigned()), order, intended.map(Time))?;
        }
        fresh.write(&batch).await?;
    }
    // Files of before notes have no such table, which is no damage.
    let notes =
        if has_notes(&mut db).await { rows::<Note>(&mut db, &NOTES, &mut report).await } else { Vec::new() };
    for page in notes.chunks(PAGE) {
        let mut batch = Batch::default();
        for ([order, seq], note, _) in page {
            batch.put_note(Seq(seq.cast_unsigned()), OrderId(order.cast_unsigned()), note)?;
        }
        fresh.write(&batch).await?;
    }
    let fills = rows::<FillRow>(&mut db, &FILLS, &mut report).await;
    report.fills = fills.len();
    for page in fills.chunks(PAGE) {
        let mut batch = Batch::default();
        for ([seq, _], fill, _) in page {
            batch.put_fill(Seq(seq.cast_unsigned()), fill)?;
        }
        fresh.write(&batch).await?;
    }
    // Where the table has lost what an execution had cost; and the execution itself.
    let mut batch = Batch::default();
    booked.extend(fills.iter().map(|([seq, _], fill, _)| (fill.key(), Seq(seq.cast_unsigned()))));
    for (seq, fill) in charged {
        batch.put_fill(booked.get(&fill.key()).copied().unwrap_or(seq), fill)?;
    }
    for (name, value) in facts(&mut db).await.unwrap_or_default() {
        // The new file has its own reason to wait for every broker's books.
        if name != MUST_RECONCILE {
            batch.set(name, value);
        }
    }
    fresh.write(&batch).await?;
    // It was only looked at: there is nothing that closing could lose.
    db.close().await.ok();
    Ok(report)
}

/// A table, by what is read of it.
struct Table {
    /// Its name.
    name: &'static str,
    /// Its key.
    key: &'static str,
    /// The key, the other number that the checksum is of, and when an order was intended.
    numbers: [&'static str; 3],
    /// A row, in words.
    what: &'static str,
}

const EVENTS: Table = Table { name: "events", key: "seq", numbers: ["seq", "at", "NULL"], what: "an event" };
const ORDERS: Table =
    Table { name: "orders", key: "id", numbers: ["id", "seq", "intended"], what: "an order" };
const FILLS: Table = Table { name: "fills", key: "seq", numbers: ["seq", "time", "NULL"], what: "a fill" };

const NOTES: Table =
    Table { name: "notes", key: "order_id", numbers: ["order_id", "seq", "NULL"], what: "a note" };

async fn has_notes(db: &mut SqliteConnection) -> bool {
    let found = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM sqlite_schema WHERE name = 'notes'");
    found.fetch_one(db).await.is_ok_and(|count| count > 0)
}

/// Which way a table is walked through.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Up,
    Down,
}

impl Table {
    /// Rows between two keys, from one end on.
    fn between(&self, way: Way) -> AssertSqlSafe<String> {
        let end = if way == Way::Up { "" } else { " DESC" };
        let key = self.key;
        AssertSqlSafe(format!("{} WHERE {key} > ? AND {key} < ? ORDER BY {key}{end} LIMIT ?", self.rows()))
    }

    /// One row.
    fn one(&self) -> AssertSqlSafe<String> {
        AssertSqlSafe(format!("{} WHERE {} = ?", self.rows(), self.key))
    }

    fn rows(&self) -> String {
        let [first, second, intended] = self.numbers;
        format!("SELECT {first}, {second}, body, crc, {intended} FROM {}", self.name)
    }
}

/// A row's numbers, itself, and when an order was intended.
type Found<R> = ([i64; 2], R, Option<i64>);

/// All rows of a table that can be read, by key.
async fn rows<R: Row>(db: &mut SqliteConnection, table: &Table, report: &mut Report) -> Vec<Found<R>> {
    let mut found = Vec::new();
    let low = walk(db, table, Way::Up, (i64::MIN, i64::MAX), &mut found, report).await;
    let Err(low) = low else { return found };
    let up_to = found.len();
    let down = walk(db, table, Way::Down, (low, i64::MAX), &mut found, report).await;
    let high = down.err().unwrap_or(low);
    if (low, high) == (i64::MIN, i64::MAX) {
        report.is_blind = true;
        return found;
    }
    // From neither end: what lies between the two is looked for row by row.
    let from = low.saturating_add(1).max(0);
    let until = high.min(from.saturating_add(PROBES));
    let lost = report.lost;
    let mut between = Vec::new();
    for key in from..until {
        match sqlx::query(table.one()).bind(key).fetch_optional(&mut *db).await {
            Ok(Some(row)) => keep(&row, table, &mut between, report),
            Ok(None) => {}
            Err(error) => {
                tracing::debug!("{} {key} cannot be read: {error}", table.what);
                report.lost += 1;
            }
        }
    }
    if high == i64::MAX {
        // Nobody knows where the table ends: most of these were never there.
        report.lost = lost;
        report.is_blind = true;
    }
    found[up_to..].reverse();
    found.splice(up_to..up_to, between);
    found
}

/// Reads page after page in one direction. `Err` with the last key that could be read, where
/// the way ends in damage.
async fn walk<R: Row>(
    db: &mut SqliteConnection,
    table: &Table,
    way: Way,
    (mut low, mut high): (i64, i64),
    found: &mut Vec<Found<R>>,
    report: &mut Report,
) -> Result<(), i64> {
    let is_up = way == Way::Up;
    let mut page = i64::try_from(PAGE).unwrap_or(i64::MAX);
    loop {
        match sqlx::query(table.between(way)).bind(low).bind(high).bind(page).fetch_all(&mut *db).await {
            Ok(rows) if rows.is_empty() => return Ok(()),
            Ok(rows) => {
                let last = rows.last().and_then(|row| row.try_get(0).ok());
                for row in &rows {
                    keep(row, table, found, report);
                }
                match last {
                    Some(key) if is_up => low = key,
                    Some(key) => high = key,
                    None => return Err(if is_up { low } else { high }),
                }
            }
            // Nearer to the damage by smaller steps.
            Err(_) if page > 1 => page = 1,
            Err(error) => {
                tracing::error!("{} cannot be read beyond {low}..{high}: {error}", table.what);
                return Err(if is_up { low } else { high });
            }
        }
    }
}

fn keep<R: Row>(row: &SqliteRow, table: &Table, found: &mut Vec<Found<R>>, report: &mut Report) {
    let numbers = || Ok::<_, sqlx::Error>(([row.try_get(0)?, row.try_get(1)?], row.try_get(4)?));
    match (numbers(), read::<R>(row, table.what)) {
        (Ok((numbers, intended)), Ok(value)) => found.push((numbers, value, intended)),
        _ => report.lost += 1,
    }
}
