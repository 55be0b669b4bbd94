//! What positions come to by all executions of the journal, of which only the newest come back.
//!
//! A position has a fact of its own: what it came to after a record. It is written where a
//! broker's books said otherwise than the executions, because from then on the broker's word is
//! what the next executions are added to; and now and then for all positions at once, so that
//! no start has to add up years.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sqlx::SqliteConnection;

use super::batch::Batch;
use super::disk::DiskError;
use super::names::Directory;
use super::row::{HeldRow, column};
use crate::domain::{AccountId, BrokerId, Decimal, Fill, Past, Seq, Side, Time};

/// Executions after which a start writes down what all positions come to.
const SUM_EVERY: i64 = 5_000;
/// The fact up to which record that was done.
const SUMMED: &str = "summed";
/// How the names of these facts begin; who is meant follows.
const HELD: &str = "held";
const TOLD: &str = "executions told";

/// Broker, account and instrument, by name.
type Place = (Arc<str>, AccountId, Arc<str>);

/// What a position came to after a record.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Held {
    seq: i64,
    net: Decimal,
}

/// Notes what a broker's books had otherwise than ours, as record `seq` tells.
pub(super) fn note(
    batch: &mut Batch,
    seq: Seq,
    broker: &Arc<str>,
    positions: &[HeldRow],
    executions_until: Option<Time>,
) -> Result<(), serde_json::Error> {
    for HeldRow { account, instrument, net } in positions {
        let place = (Arc::clone(broker), account.clone(), Arc::clone(instrument));
        set(batch, &place, Held { seq: column(seq.0), net: *net })?;
    }
    if let Some(until) = executions_until {
        batch.set(serde_json::to_string(&(TOLD, broker))?, until.0.to_string());
    }
    Ok(())
}

fn set(batch: &mut Batch, (broker, account, key): &Place, held: Held) -> Result<(), serde_json::Error> {
    let name = serde_json::to_string(&(HELD, broker, account, key))?;
    batch.set(name, serde_json::to_string(&held)?);
    Ok(())
}

/// What went before the executions that come back, `fills`, the oldest of which is of record
/// `oldest` where there are older ones. And what is to be written down, where it is time for that.
pub(super) async fn read(
    db: &mut SqliteConnection,
    facts: &BTreeMap<String, String>,
    directory: &Directory,
    fills: &[Fill],
    oldest: Option<i64>,
) -> Result<(Past, Option<Batch>), DiskError> {
    let mut past = Past::default();
    let mut held: BTreeMap<Place, Held> = BTreeMap::new();
    for (name, value) in facts {
        if let Ok((HELD, broker, account, key)) =
            serde_json::from_str::<(&str, Arc<str>, AccountId, Arc<str>)>(name)
            && let Ok(value) = serde_json::from_str(value)
        {
            held.insert((broker, account, key), value);
        } else if let Ok((TOLD, broker)) = serde_json::from_str::<(&str, Arc<str>)>(name)
            && let (Some(broker), Ok(until)) = (directory.broker_of(&broker), value.parse())
        {
            past.told_until.insert(broker, Time(until));
        }
    }
    let summed = facts.get(SUMMED).and_then(|seq| seq.parse().ok()).unwrap_or(i64::MIN);
    let added = add_executions(db, &mut held, summed).await?;
    let checkpoint = if added >= SUM_EVERY { Some(write_down(db, &held).await?) } else { None };
    for ((broker, account, key), Held { net, .. }) in held {
        if let Some(instrument) = directory.instrument_of(&broker, &key) {
            past.opening.insert((account, instrument), net);
        }
    }
    for fill in fills {
        let net = past.opening.entry((fill.account.clone(), fill.instrument)).or_default();
        *net = net.saturating_sub(fill.side.sign() * fill.quantity.0);
    }
    if let Some(oldest) = oldest {
        for (id, name) in (0..=u8::MAX).zip(directory.brokers()) {
            let newest = newest_before(db, name, oldest).await?;
            past.known_until.extend(newest.map(|time| (BrokerId(id), time)));
        }
    }
    Ok((past, checkpoint))
}

/// Adds the executions that `held` does not have yet; how many there were.
async fn add_executions(
    db: &mut SqliteConnection,
    held: &mut BTreeMap<Place, Held>,
    summed: i64,
) -> Result<i64, DiskError> {
    // Equal ones are counted there, and multiplied here: decimals are exact here only.
    const SUMS: &str = "
        WITH since AS (
            SELECT value ->> 0 AS broker, value ->> 1 AS account, value ->> 2 AS instrument, value ->> 3 AS seq
            FROM json_each(?)),
        made AS (
            SELECT seq, broker, account, body ->> 'instrument' AS instrument, body ->> 'side' AS side,
                body ->> 'quantity' AS quantity
            FROM fills WHERE seq > ?)
        SELECT made.broker, made.account, made.instrument, side, quantity, count(*)
        FROM made LEFT JOIN since USING (broker, account, instrument)
        WHERE since.seq IS NULL OR made.seq > since.seq
        GROUP BY 1, 2, 3, 4, 5";
    let later = held.iter().filter(|(_, held)| held.seq > summed);
    let later: Vec<_> =
        later.map(|((broker, account, key), held)| (broker, account, key, held.seq)).collect();
    let sums = sqlx::query_as::<_, (String, String, String, String, String, i64)>(SUMS)
        .bind(serde_json::to_string(&later)?)
        .bind(summed)
        .fetch_all(db)
        .await;
    let sums = sums.map_err(|error| match DiskError::from(error) {
        DiskError::Other(why) if why.contains("malformed JSON") => DiskError::Damaged(why),
        other => other,
    })?;
    let mut added = 0;
    for (broker, account, key, side, quantity, count) in sums {
        let broken = || DiskError::Damaged(format!("an execution of {key} of {broker} is damaged"));
        let side = match side.as_str() {
            "Buy" => Side::Buy,
            "Sell" => Side::Sell,
            _ => return Err(broken()),
        };
        let quantity: Decimal = quantity.parse().ok().ok_or_else(broken)?;
        let change = quantity.saturating_mul(Decimal::from(count)) * side.sign();
        let place = (broker.as_str().into(), account.as_str().into(), key.as_str().into());
        let net = &mut held.entry(place).or_insert(Held { seq: i64::MIN, net: Decimal::ZERO }).net;
        *net = net.saturating_add(change);
        added += count;
    }
    Ok(added)
}

/// All positions, as they are after the newest execution.
async fn write_down(db: &mut SqliteConnection, held: &BTreeMap<Place, Held>) -> Result<Batch, DiskError> {
    let newest: i64 = sqlx::query_scalar("SELECT max(seq) FROM fills").fetch_one(db).await?;
    let mut batch = Batch::default();
    for (place, Held { seq, net }) in held {
        set(&mut batch, place, Held { seq: newest.max(*seq), net: *net })?;
    }
    batch.set(SUMMED, newest.to_string());
    Ok(batch)
}

/// When the newest of a broker's executions before that record was made.
async fn newest_before(db: &mut SqliteConnection, broker: &str, seq: i64) -> Result<Option<Time>, DiskError> {
    // By the index of ids; where there is none, it has no more of that broker than come back.
    const ANY: &str = "SELECT 1 FROM fills WHERE broker = ? AND seq < ? LIMIT 1";
    // By the index of times, so that it ends at the first.
    const NEWEST: &str = "SELECT time FROM fills WHERE +broker = ? AND seq < ? ORDER BY time DESC LIMIT 1";
    let any: Option<i64> = sqlx::query_scalar(ANY).bind(broker).bind(seq).fetch_optional(&mut *db).await?;
    if any.is_none() {
        return Ok(None);
    }
    let time: Option<i64> = sqlx::query_scalar(NEWEST).bind(broker).bind(seq).fetch_optional(db).await?;
    Ok(time.map(Time))
}
