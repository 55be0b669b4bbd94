//! What each position has realised and cost since midnight.
//!
//! Added up as fills come, so that a frame costs what is new. The account's own figures
//! count from its beginning; these are the day's.

use std::collections::BTreeMap;

use super::positions::Key;
use crate::desk::{DayResult, Desk};
use crate::domain::{ExecId, Fill, Time};

/// The sums of a day.
#[derive(Debug, Default)]
pub(super) struct Today {
    /// Midnight.
    since: Time,
    results: BTreeMap<Key, DayResult>,
    /// So many fills are counted.
    counted: usize,
    /// The newest of them, by which a log that was replaced is told from one that grew.
    newest: Option<ExecId>,
}

impl Today {
    /// Counts what has come. `since` is the midnight that the day began with.
    pub fn update(&mut self, desk: &Desk, since: Time) {
        let fills = desk.blotter().fills();
        let last = self.counted.checked_sub(1).and_then(|last| fills.get(last));
        if self.since != since || last.map(|fill| &fill.exec_id) != self.newest.as_ref() {
            *self = Self { since, ..Self::default() };
        }
        for fill in &fills[self.counted..] {
            self.add(fill, desk);
        }
        self.counted = fills.len();
        self.newest = fills.last().map(|fill| fill.exec_id.clone());
    }

    /// What a position has come to today; nothing where it was not traded.
    pub fn of(&self, key: &Key) -> DayResult {
        self.results.get(key).copied().unwrap_or_default()
    }

    /// Whether a position was traded today.
    pub fn is_traded(&self, key: &Key) -> bool {
        self.results.contains_key(key)
    }

    fn add(&mut self, fill: &Fill, desk: &Desk) {
        if fill.time < self.since {
            return;
        }
        let result = self.results.entry((fill.account.clone(), fill.instrument)).or_default();
        result.realised += fill.realised;
        let currency = desk.instrument(fill.instrument).map(|instrument| instrument.currency);
        if currency == Some(fill.commission.currency) {
            result.commissions += fill.commission.amount;
        } else if !fill.commission.amount.is_zero() {
            result.lacks_commissions = true;
        }
    }
}
