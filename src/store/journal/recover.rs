//! What a start reads from the journal: how things stand, not all that ever was.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::batch::{Batch, FLATTEN, KILLED, MUST_RECONCILE};
use super::disk::DiskError;
use super::held;
use super::names::{Directory, Names};
use super::row::{self, FillRow, OrderRow, checksum_of_fact, decode_checked};
use crate::domain::{Fill, Flatten, Instrument, Note, Order, OrderId, Past, Recalled, Seq, Time};

/// Of what has ended, only the newest so many come back; the rest is asked for by day.
pub const NEWEST: usize = 10_000;
/// Rows that are read at once.
const PAGE: i64 = 4_096;

/// How things stood when the last run ended.
#[derive(Debug, Default)]
pub struct Recovered {
    /// The place of the next record.
    pub next_seq: Seq,
    /// Above the id of every order in the journal.
    pub next_order_id: u64,
    /// Orders that may still trade, and the newest [`NEWEST`] that have ended; by id.
    pub orders: Vec<Order>,
    /// The newest [`NEWEST`] fills, oldest first.
    pub fills: Vec<Fill>,
    /// The places of their records, in their order.
    pub booked: Vec<Seq>,
    /// What the trader has noted of orders: the newest [`NEWEST`] notes.
    pub notes: BTreeMap<OrderId, Arc<Note>>,
    /// What went before those.
    pub past: Past,
    /// Whether the kill switch was set; `None` where it was never used.
    pub is_killed: Option<bool>,
    /// What the kill switch was asked to do with positions when it was set.
    pub flatten: Flatten,
    /// Why the journal may not know all: nothing that opens risk before every broker's books
    /// were compared.
    pub must_reconcile: Option<Arc<str>>,
    /// What a person should know, for the activity log.
    pub problems: Vec<String>,
    /// Time of the last record.
    pub last_commit: Option<Time>,
}

/// What the file names and this run does not know.
#[derive(Default)]
struct Strangers {
    orders: usize,
    live: usize,
    fills: usize,
    /// Broker and instrument, to name some of them.
    named: BTreeSet<(Arc<str>, Arc<str>)>,
}

impl Strangers {
    fn problem(&self) -> Option<String> {
        if self.orders + self.fills == 0 {
            return None;
        }
        let live = if self.live > 0 { format!(" ({} not ended)", self.live) } else { String::new() };
        let some: Vec<String> =
            self.named.iter().take(3).map(|(broker, key)| format!("{key} of {broker}")).collect();
        let more = if self.named.len() > some.len() { " and others" } else { "" };
        let (orders, fills) = (counted(self.orders, "order"), counted(self.fills, "fill"));
        Some(format!(
            "The journal has {orders}{live} and {fills} of brokers or instruments that this start does not know: \
             {}{more}. They stay in the file, and come back when what they name is listed",
            some.join(", ")
        ))
    }
}

/// A number of things.
pub(super) fn counted(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// How things stand; and what is to be written down so that the next start reads less.
pub(super) async fn recover(
    db: &mut SqliteConnection,
    directory: &Directory,
) -> Result<(Recovered, Option<Batch>), DiskError> {
    let mut strangers = Strangers::default();
    let last: Option<i64> = sqlx::query_scalar("SELECT at FROM events ORDER BY seq DESC LIMIT 1")
        .fetch_optional(&mut *db)
        .await?;
    let highest: Option<i64> =
        sqlx::query_scalar("SELECT max(order_id) FROM touched").fetch_one(&mut *db).await?;
    // After a rescue rows may have outlived their events: no number is given twice.
    let newest: Option<i64> = sqlx::query_scalar(
        "SELECT max(seq) FROM (SELECT max(seq) AS seq FROM events UNION ALL SELECT max(seq) FROM orders \
         UNION ALL SELECT max(seq) FROM fills UNION ALL SELECT max(seq) FROM notes)",
    )
    .fetch_one(&mut *db)
    .await?;
    let orders = orders(db, directory, &mut strangers).await?;
    let (booked, fills, oldest) = fills(db, directory, &mut strangers).await?;
    let notes = notes(db).await?;
    let facts = facts(db).await?;
    let must_reconcile = facts.get(MUST_RECONCILE).filter(|why| !why.is_empty());
    let (past, checkpoint) = held::read(db, &facts, directory, &fills, oldest).await?;
    let recovered = Recovered {
        next_seq: newest.map_or(Seq(1), |seq| Seq(seq.cast_unsigned()).next()),
        next_order_id: highest.map_or(1, |id| id.cast_unsigned().saturating_add(1)),
        orders,
        fills,
        booked,
        notes,
        past,
        is_killed: facts.get(KILLED).map(|text| text == "true"),
        // Of a newer program's way of closing this one knows at least that closing was asked for.
        flatten: facts
            .get(FLATTEN)
            .map_or(Flatten::No, |text| serde_json::from_str(text).unwrap_or(Flatten::Market)),
        must_reconcile: must_reconcile.map(|why| why.as_str().into()),
        problems: strangers.problem().into_iter().collect(),
        last_commit: last.map(Time),
    };
    Ok((recovered, checkpoint))
}

/// What there is of an instrument that joins while the journal runs: what a start would read of it.
pub(super) async fn recall(
    db: &mut SqliteConnection,
    brokers: &[Arc<str>],
    instrument: &Arc<Instrument>,
) -> Result<Recalled, DiskError> {
    // To one that knows nothing else, all the rest is of strangers.
    let names = Names { brokers: brokers.to_vec(), instruments: [Arc::clone(instrument)].into() };
    let directory = Directory::new(names);
    let mut others = Strangers::default();
    let orders = orders(db, &directory, &mut others).await?;
    let (booked, fills, oldest) = fills(db, &directory, &mut others).await?;
    let facts = facts(db).await?;
    // What could be written down for the next start is left to that one.
    let (past, _checkpoint) = held::read(db, &facts, &directory, &fills, oldest).await?;
    Ok(Recalled { orders, fills, booked, past })
}

async fn orders(
    db: &mut SqliteConnection,
    directory: &Directory,
    strangers: &mut Strangers,
) -> Result<Vec<Order>, DiskError> {
    const LIVE: &str = "SELECT id, seq, body, crc FROM orders WHERE is_live = 1 AND (seq, id) > (?, ?) ORDER BY seq, id LIMIT ?";
    const ENDED: &str = "SELECT id, seq, body, crc FROM orders WHERE is_live = 0 ORDER BY seq DESC LIMIT ?";
    const OLDER: &str = "
        WITH kept AS (
            SELECT id, seq, is_live, body, crc, body ->> '$.kept.entry' AS entry, body ->> '$.kept.oco' AS oco
            FROM orders WHERE json_valid(body)
        ), entries AS (
            SELECT id FROM kept WHERE is_live = 1 OR seq > ?1
            UNION SELECT entry FROM kept WHERE is_live = 1 OR seq > ?1
        )
        SELECT id, seq, body, crc FROM kept WHERE is_live = 0 AND seq <= ?1 AND (
            id IN entries OR entry IN entries OR oco IN (SELECT oco FROM kept WHERE is_live = 1)
        )";
    let mut found = Vec::new();
    let (mut seq, mut id) = (i64::MIN, i64::MIN);
    loop {
        let rows = sqlx::query(LIVE).bind(seq).bind(id).bind(PAGE).fetch_all(&mut *db).await?;
        take(&rows, directory, strangers, &mut found)?;
        let Some(last) = rows.last() else { break };
        (id, seq) = (last.try_get(0)?, last.try_get(1)?);
    }
    let newest = i64::try_from(NEWEST).unwrap_or(i64::MAX);
    let ended = sqlx::query(ENDED).bind(newest).fetch_all(&mut *db).await?;
    take(&ended, directory, strangers, &mut found)?;
    let keeps_groups = found.iter().any(|order: &Order| order.kept.is_some());
    // What an old entry has filled and old exits have traded says how much their bracket guards: a
    // bracket comes back whole.
    if keeps_groups && ended.len() >= NEWEST {
        let oldest: Option<i64> = ended.last().map(|row| row.try_get(1)).transpose()?;
        let older = sqlx::query(OLDER).bind(oldest).fetch_all(&mut *db).await?;
        take(&older, directory, strangers, &mut found)?;
    }
    found.sort_by_key(|order| order.id);
    found.dedup_by_key(|order| order.id);
    Ok(found)
}

fn take(
    rows: &[SqliteRow],
    directory: &Directory,
    strangers: &mut Strangers,
    found: &mut Vec<Order>,
) -> Result<(), DiskError> {
    for row in rows {
        let order: OrderRow = read(row, "an order")?;
        let (name, is_live) =
            ((Arc::clone(&order.broker), Arc::clone(&order.instrument)), !order.status.is_final());
        if let Some(order) = directory.order(order) {
            found.push(order);
        } else {
            strangers.orders += 1;
            strangers.live += usize::from(is_live);
            strangers.named.insert(name);
        }
    }
    Ok(())
}

/// The newest fills with the places of their records; and that of the oldest of them, where there may be
/// older ones.
async fn fills(
    db: &mut SqliteConnection,
    directory: &Directory,
    strangers: &mut Strangers,
) -> Result<(Vec<Seq>, Vec<Fill>, Option<i64>), DiskError> {
    const NEWEST_FILLS: &str = "SELECT seq, time, body, crc FROM fills ORDER BY seq DESC LIMIT ?";
    let newest = i64::try_from(NEWEST).unwrap_or(i64::MAX);
    let rows = sqlx::query(NEWEST_FILLS).bind(newest).fetch_all(db).await?;
    let (mut booked, mut found) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in rows.iter().rev() {
        let fill: FillRow = read(row, "a fill")?;
        let name = (Arc::clone(&fill.broker), Arc::clone(&fill.instrument));
        if let Some(fill) = directory.fill(fill) {
            booked.push(Seq(row.try_get::<i64, _>(0)?.cast_unsigned()));
            found.push(fill);
        } else {
            strangers.fills += 1;
            strangers.named.insert(name);
        }
    }
    let oldest = if rows.len() < NEWEST { None } else { rows.last() };
    Ok((booked, found, oldest.map(|row| row.try_get(0)).transpose()?))
}

/// The newest notes. One that is empty was taken away.
pub(super) async fn notes(db: &mut SqliteConnection) -> Result<BTreeMap<OrderId, Arc<Note>>, DiskError> {
    const NOTES: &str = "SELECT order_id, seq, body, crc FROM notes ORDER BY seq DESC LIMIT ?";
    let newest = i64::try_from(NEWEST).unwrap_or(i64::MAX);
    let mut found = BTreeMap::new();
    for row in sqlx::query(NOTES).bind(newest).fetch_all(db).await? {
        let note: Note = read(&row, "a note")?;
        if !note.is_empty() {
            found.insert(OrderId(row.try_get::<i64, _>(0)?.cast_unsigned()), Arc::new(note));
        }
    }
    Ok(found)
}

/// A row of two numbers, the text and its checksum. What does not fit was damaged.
pub(super) fn read<R: row::Row>(cells: &SqliteRow, what: &str) -> Result<R, DiskError> {
    let numbers: [i64; 2] = [cells.try_get(0)?, cells.try_get(1)?];
    let (text, crc): (&[u8], i64) = (cells.try_get(2)?, cells.try_get(3)?);
    decode_checked(numbers, text, crc)
        .map_err(|error| DiskError::Damaged(format!("{what} is damaged: {error}")))
}

/// What concerns all trading, by name. All of it is looked at: a name that was damaged would
/// else be a fact that was never written.
pub(super) async fn facts(db: &mut SqliteConnection) -> Result<BTreeMap<String, String>, DiskError> {
    let rows: Vec<(String, String, i64)> =
        sqlx::query_as("SELECT name, value, crc FROM facts").fetch_all(db).await?;
    let is_damaged = |(name, value, crc): &&(String, String, i64)| checksum_of_fact(name, value) != *crc;
    if let Some((name, ..)) = rows.iter().find(is_damaged) {
        return Err(DiskError::Damaged(format!("the fact '{name}' does not fit its checksum")));
    }
    Ok(rows.into_iter().map(|(name, value, _)| (name, value)).collect())
}
