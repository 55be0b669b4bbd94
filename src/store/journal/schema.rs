//! The tables of the journal, and how a file of an older version becomes one of this.
//!
//! `events` is the truth and only grows. `orders` and `facts` are what its newest rows say,
//! written in the same transaction, so that a start reads what is, not all that ever was.

use sqlx::SqliteConnection;

use super::disk::DiskError;

/// Marks a file as a journal of this program, in SQLite's own field for that.
pub(super) const APPLICATION: i64 = 0x7074_646a; // "ptdj"

/// The steps from an empty file to the newest version: version n is what the first n make.
/// A step that was ever released is never changed.
pub(super) const STEPS: &[&str] = &[V1, V2, V3, V4];

const V1: &str = "
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,        -- its place
    at INTEGER NOT NULL,            -- UTC nanoseconds
    kind TEXT NOT NULL,
    body TEXT NOT NULL,             -- JSON: the moment, and the orders as they stand after it
    crc INTEGER NOT NULL            -- of seq, at and body
) STRICT;
CREATE TABLE touched (              -- which events are about which order
    order_id INTEGER NOT NULL,
    seq INTEGER NOT NULL REFERENCES events (seq),
    PRIMARY KEY (order_id, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE orders (               -- each order as its newest event says
    id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,           -- that event
    is_live INTEGER NOT NULL,
    created INTEGER NOT NULL,       -- UTC nanoseconds
    intended INTEGER,               -- when the intent was journaled, if it was
    body TEXT NOT NULL,             -- JSON
    crc INTEGER NOT NULL            -- of id, seq and body
) STRICT;
CREATE INDEX orders_by_life ON orders (is_live, seq);
CREATE INDEX orders_by_time ON orders (created);
CREATE INDEX orders_by_intent ON orders (intended) WHERE intended IS NOT NULL;
CREATE TABLE fills (
    seq INTEGER PRIMARY KEY,        -- the event that told of it
    broker TEXT NOT NULL,
    account TEXT NOT NULL,
    exec TEXT NOT NULL,
    order_id INTEGER NOT NULL,
    time INTEGER NOT NULL,          -- UTC nanoseconds, as the exchange says
    body TEXT NOT NULL,             -- JSON; decimals are text in it
    crc INTEGER NOT NULL,           -- of seq, time and body
    UNIQUE (broker, account, exec)  -- an execution counts once
) STRICT;
CREATE INDEX fills_by_time ON fills (time);
CREATE TABLE facts (                -- what concerns all trading
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    crc INTEGER NOT NULL            -- of name and value
) STRICT, WITHOUT ROWID;
CREATE TABLE probe (                -- what is written to learn whether the disk takes anything
    block TEXT NOT NULL
) STRICT;
";

/// The same tables; orders may have been entered in the ladder, which is more than an older program can read.
const V2: &str = "SELECT 1";

/// The same tables; orders may have been entered in the chart or by trading keys.
const V3: &str = "SELECT 1";

/// What the trader has noted of orders, which an older program can neither read nor show.
const V4: &str = "
CREATE TABLE notes (                -- each order's note as its newest event says
    order_id INTEGER PRIMARY KEY,
    seq INTEGER NOT NULL,           -- that event
    body TEXT NOT NULL,             -- JSON
    crc INTEGER NOT NULL            -- of order_id, seq and body
) STRICT;
";

/// The newest version that this program knows.
pub(super) fn newest() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// Brings the file to the newest version, one transaction a step.
pub(super) async fn migrate(connection: &mut SqliteConnection, steps: &[&str]) -> Result<(), DiskError> {
    let found = version(connection).await?;
    for (step, version) in steps.iter().zip(1_i64..).filter(|(_, version)| *version > found) {
        let script = format!(
            "BEGIN IMMEDIATE; {step}; PRAGMA application_id = {APPLICATION}; PRAGMA user_version = {version}; COMMIT"
        );
        if let Err(error) = sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut *connection).await {
            // The step has failed whatever the rollback says.
            sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await.ok();
            return Err(error.into());
        }
    }
    Ok(())
}

/// The version of the file; zero where it has no tables yet.
pub(super) async fn version(connection: &mut SqliteConnection) -> Result<i64, DiskError> {
    Ok(sqlx::query_scalar("PRAGMA user_version").fetch_one(connection).await?)
}

/// Whether it is a journal of ours, or empty and may become one.
pub(super) async fn is_ours(connection: &mut SqliteConnection) -> Result<bool, DiskError> {
    let application: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema").fetch_one(connection).await?;
    Ok(application == APPLICATION || tables == 0)
}
