//! Past days of a journal: orders, fills and what they earned, by name, for whoever asks.
//!
//! It only looks: beside a running program too, which goes on writing.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use sqlx::{Connection as _, Row as _, SqliteConnection};

use super::disk::{Disk, DiskError};
use super::row::{FillRow, OrderRow, Row};
use super::{JournalError, recover, schema};
use crate::domain::{AccountId, Currency, Decimal, Note, OrderId, Time};

/// Rows that are read at once.
const PAGE: i64 = 4_096;

/// A journal that is only looked at.
#[derive(Debug)]
pub struct Archive {
    db: SqliteConnection,
    file: Arc<Path>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found<R> {
    /// The rows, oldest first.
    pub rows: Vec<R>,
    /// How many more are there that cannot be read. The next start of the program sees to them.
    pub damaged: usize,
}

/// What an account earned in a day, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DayResult {
    /// The day.
    pub day: Date,
    /// Name of the broker.
    pub broker: Arc<str>,
    /// Whose.
    pub account: AccountId,
    /// Of both amounts.
    pub currency: Currency,
    /// What positions realised, before commissions.
    pub realised: Decimal,
    /// What executions cost.
    pub commissions: Decimal,
}

impl DayResult {
    /// After commissions.
    #[must_use]
    pub fn net(&self) -> Decimal {
        self.realised - self.commissions
    }
}

/// A sum of amounts that no decimal can hold exactly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the amounts of {account} in {currency} on {day} are too large, or too fine, to be added exactly")]
pub struct BeyondCounting {
    /// The day.
    pub day: Date,
    /// Whose.
    pub account: AccountId,
    /// Of the amounts.
    pub currency: Currency,
}

impl Archive {
    /// Opens the journal `file` to look at it.
    ///
    /// # Errors
    /// When it is not there, cannot be read, or is of another version.
    pub async fn open(file: &Path) -> Result<Self, JournalError> {
        let failed = |error: DiskError| JournalError::Open { file: file.to_owned(), why: error.to_string() };
        if !file.exists() {
            let why = "there is none: nothing was traded with this --profile and --data-dir".to_owned();
            return Err(JournalError::Open { file: file.to_owned(), why });
        }
        let mut db = Disk::look_at(file).await.map_err(failed)?;
        let (found, newest) = (schema::version(&mut db).await.map_err(failed)?, schema::newest());
        if found > newest {
            return Err(JournalError::Newer { file: file.to_owned(), found, newest });
        }
        if found < newest {
            let why = format!(
                "it is of format {found}: start Pitdesk with it once, which makes it format {newest}"
            );
            return Err(JournalError::Open { file: file.to_owned(), why });
        }
        Ok(Self { db, file: file.into() })
    }

    /// Orders that were entered from `from` on and before `to`, by that time.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn orders(&mut self, from: Time, to: Time) -> Result<Found<OrderRow>, JournalError> {
        // The last column is what pages go on from, with the row's key.
        const ORDERS: &str = "SELECT id, seq, body, crc, created, id FROM orders \
            WHERE (created, id) > (?, ?) AND created < ? ORDER BY created, id LIMIT ?";
        self.read(ORDERS, "an order", from, to).await
    }

    /// Fills that the exchange made from `from` on and before `to`, by that time.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn fills(&mut self, from: Time, to: Time) -> Result<Found<FillRow>, JournalError> {
        const FILLS: &str = "SELECT seq, time, body, crc, time, seq FROM fills \
            WHERE (time, seq) > (?, ?) AND time < ? ORDER BY time, seq LIMIT ?";
        self.read(FILLS, "a fill", from, to).await
    }

    /// What the trader has noted of orders: the newest [`recover::NEWEST`] notes.
    ///
    /// # Errors
    /// When the file cannot be read, or a note in it is damaged.
    pub async fn notes(&mut self) -> Result<BTreeMap<OrderId, Arc<Note>>, JournalError> {
        let file = self.file.to_path_buf();
        let failed = |error: DiskError| JournalError::Open { file, why: error.to_string() };
        recover::notes(&mut self.db).await.map_err(failed)
    }

    async fn read<R: Row>(
        &mut self,
        sql: &'static str,
        what: &str,
        from: Time,
        to: Time,
    ) -> Result<Found<R>, JournalError> {
        let file = Arc::clone(&self.file);
        let failed =
            |error| JournalError::Open { file: file.to_path_buf(), why: DiskError::from(error).to_string() };
        let mut found = Found { rows: Vec::new(), damaged: 0 };
        // Behind every row before `from`, and before the first one at it.
        let (mut time, mut key) = (from.0.saturating_sub(1), i64::MAX);
        loop {
            let page = sqlx::query(sql).bind(time).bind(key).bind(to.0).bind(PAGE);
            let rows = page.fetch_all(&mut self.db).await.map_err(failed)?;
            for row in &rows {
                match recover::read(row, what) {
                    Ok(value) => found.rows.push(value),
                    Err(error) => {
                        tracing::error!("{}: {error}", file.display());
                        found.damaged += 1;
                    }
                }
            }
            let Some(last) = rows.last() else { return Ok(found) };
            (time, key) = (last.try_get(4).map_err(failed)?, last.try_get(5).map_err(failed)?);
        }
    }

    /// Closes the file.
    pub async fn close(self) {
        if let Err(error) = self.db.close().await {
            tracing::warn!("{} did not close: {error}", self.file.display());
        }
    }
}

/// What was earned per day of `zone`, account and currency: the exact sum over these fills.
/// A commission in another currency than the instrument's makes a row of its own.
///
/// # Errors
/// When a sum is beyond what decimals can hold: a wrong one is never returned.
pub fn by_day(fills: &[FillRow], zone: &TimeZone) -> Result<Vec<DayResult>, BeyondCounting> {
    type Key = (Date, Arc<str>, AccountId, Currency);
    let mut days: BTreeMap<Key, (Decimal, Decimal)> = BTreeMap::new();
    for fill in fills {
        let day = fill.time.to_timestamp().to_zoned(zone.clone()).date();
        let parts = [
            (fill.currency, fill.realised, Decimal::ZERO),
            (fill.commission.currency, Decimal::ZERO, fill.commission.amount),
        ];
        for (currency, realised, commission) in parts {
            let key = (day, Arc::clone(&fill.broker), fill.account.clone(), currency);
            let sums = days.entry(key).or_default();
            let exact = add_exactly(sums.0, realised).zip(add_exactly(sums.1, commission));
            *sums = exact.ok_or_else(|| BeyondCounting { day, account: fill.account.clone(), currency })?;
        }
    }
    let result = |((day, broker, account, currency), (realised, commissions))| DayResult {
        day,
        broker,
        account,
        currency,
        realised,
        commissions,
    };
    Ok(days.into_iter().map(result).collect())
}

/// The sum, unless it would have to be rounded: decimals drop digits where 28 are not enough.
fn add_exactly(a: Decimal, b: Decimal) -> Option<Decimal> {
    let sum = a.checked_add(b)?;
    let is_exact = sum.checked_sub(a)? == b && sum.checked_sub(b)? == a;
    is_exact.then_some(sum)
}
