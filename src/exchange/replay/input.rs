//! Recordings as they are handed in: rows of bars or trades in order of time.
//!
//! Checked once, when a replay is made of them; an error names the first bad row, counted
//! from 1 as a person would find it in the file. Two trades may share an instant, two bars
//! may not.

use crate::domain::{Decimal, Time, Timeframe, Trade};
use crate::market::series::Bars;

/// What was recorded.
#[derive(Debug, Clone, PartialEq)]
pub enum ReplayInput {
    /// Bars of one timeframe. Charts of them share this storage, so it should be packed.
    Bars(Bars, Timeframe),
    /// Every trade.
    Trades(Vec<Trade>),
}

/// A recording that cannot be played.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadReplay {
    /// Nothing at or after the chosen start.
    #[error("the recording has nothing after {from}: choose an earlier start")]
    NothingLeft {
        /// The chosen start.
        from: Time,
    },
    /// Times that go backwards.
    #[error("row {row} of the recording ({time}) is not after the one before it: sort the file by time")]
    Unsorted {
        /// Place in the recording, from 1.
        row: usize,
        /// Its time.
        time: Time,
    },
    /// Numbers that are no bar or no trade.
    #[error(
        "row {row} of the recording ({time}) makes no sense: prices must be above zero, low lowest, high highest, volume not negative"
    )]
    Unsound {
        /// Place in the recording, from 1.
        row: usize,
        /// Its time.
        time: Time,
    },
}

impl ReplayInput {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Bars(bars, _) => bars.len(),
            Self::Trades(trades) => trades.len(),
        }
    }

    /// Whether nothing was recorded.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// When the first row begins.
    #[must_use]
    pub fn first_time(&self) -> Option<Time> {
        self.time_at(0)
    }

    /// When a row begins; `None` behind the last.
    pub(super) fn time_at(&self, row: usize) -> Option<Time> {
        match self {
            Self::Bars(bars, _) => bars.time(row),
            Self::Trades(trades) => trades.get(row).map(|trade| trade.time),
        }
    }

    /// When the row before `row` ends.
    pub(super) fn end_before(&self, row: usize) -> Time {
        let length = match self {
            Self::Bars(_, timeframe) => timeframe.nanos(),
            Self::Trades(_) => 0,
        };
        row.checked_sub(1).and_then(|at| self.time_at(at)).map_or(Time::MIN, |time| Time(time.0 + length))
    }

    /// Rows that begin before `from`.
    pub(super) fn rows_before(&self, from: Time) -> usize {
        match self {
            Self::Bars(bars, _) => bars.partition_by_time(from),
            Self::Trades(trades) => trades.partition_point(|trade| trade.time < from),
        }
    }

    /// First price of a row; zero behind the last.
    pub(super) fn price_at(&self, row: usize) -> f64 {
        match self {
            Self::Bars(bars, _) => bars.get(row).map_or(0.0, |bar| bar.open),
            Self::Trades(trades) => trades.get(row).map_or(0.0, |trade| trade.price.to_f64()),
        }
    }

    /// Last price of a row; zero behind the last.
    pub(super) fn close_at(&self, row: usize) -> f64 {
        match self {
            Self::Bars(bars, _) => bars.get(row).map_or(0.0, |bar| bar.close),
            Self::Trades(_) => self.price_at(row),
        }
    }

    /// Whether it can be played.
    ///
    /// # Errors
    /// Names the first row that is out of order or makes no sense.
    pub(super) fn check(&self) -> Result<(), BadReplay> {
        match self {
            Self::Bars(bars, _) => {
                let rows = bars.iter().map(|bar| (bar.time, bar.is_sound() && bar.low > 0.0));
                check_rows(rows, Repeats::Refused)
            }
            Self::Trades(trades) => {
                let is_sound = |t: &Trade| t.price.0 > Decimal::ZERO && t.quantity.0 > Decimal::ZERO;
                check_rows(trades.iter().map(|trade| (trade.time, is_sound(trade))), Repeats::Allowed)
            }
        }
    }
}

/// Whether two rows may have the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeats {
    Allowed,
    Refused,
}

fn check_rows(rows: impl Iterator<Item = (Time, bool)>, repeats: Repeats) -> Result<(), BadReplay> {
    let mut before = None;
    for (row, (time, is_sound)) in (1..).zip(rows) {
        if before.is_some_and(|b| time < b || (time == b && repeats == Repeats::Refused)) {
            return Err(BadReplay::Unsorted { row, time });
        }
        if !is_sound {
            return Err(BadReplay::Unsound { row, time });
        }
        before = Some(time);
    }
    Ok(())
}
