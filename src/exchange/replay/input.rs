//! Recordings as they are handed in: rows of bars or trades in order of time.
//!
//! Checked once, when a replay is made of them; an error names the first bad row, counted
//! from 1 as a person would find it in the file. Two trades may share an instant, two bars
//! may not.

use super::listing::can_be_listed;
use crate::domain::{Bar, Decimal, Time, Timeframe, Trade};
use crate::market::calendar::Calendar;
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
    /// Numbers beyond what the exchange can count.
    #[error(
        "row {row} of the recording ({time}) is too large to be traded: prices can be up to 500 billion, volumes \
         up to 100 trillion; record it in larger units"
    )]
    TooLarge {
        /// Place in the recording, from 1.
        row: usize,
        /// Its time.
        time: Time,
    },
}

/// What is wrong with a row in itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Unsound,
    TooLarge,
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

    /// When a row ends, in which it is played: with its period (months and days of summer time
    /// are not all of one length), and before the next row begins.
    pub(super) fn end_of(&self, row: usize, calendar: &Calendar) -> Option<Time> {
        let begin = self.time_at(row)?;
        let end = match self {
            Self::Trades(_) => return Some(begin),
            Self::Bars(_, timeframe) if calendar.period_start(begin, *timeframe) == begin => {
                calendar.period_end(begin, *timeframe)
            }
            // Whoever recorded it counts periods otherwise.
            Self::Bars(_, timeframe) => Time(begin.0.saturating_add(timeframe.nanos())),
        };
        Some(self.time_at(row + 1).map_or(end, |next| end.min(next)))
    }

    /// The highest price and the largest volume of a row.
    pub(super) fn largest(&self) -> (f64, f64) {
        let rows: &mut dyn Iterator<Item = (f64, f64)> = match self {
            Self::Bars(bars, _) => &mut bars.iter().map(|bar| (bar.high, bar.volume)),
            Self::Trades(trades) => &mut trades.iter().map(|t| (t.price.to_f64(), t.quantity.to_f64())),
        };
        rows.fold((0.0, 0.0), |(price, volume), row| (row.0.max(price), row.1.max(volume)))
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
                let fault = |bar: &Bar| fault(bar.is_sound() && bar.low > 0.0, bar.high, bar.volume);
                check_rows(bars.iter().map(|bar| (bar.time, fault(&bar))), Repeats::Refused)
            }
            Self::Trades(trades) => {
                let is_sound = |t: &Trade| t.price.0 > Decimal::ZERO && t.quantity.0 > Decimal::ZERO;
                let fault = |t: &Trade| fault(is_sound(t), t.price.to_f64(), t.quantity.to_f64());
                check_rows(trades.iter().map(|trade| (trade.time, fault(trade))), Repeats::Allowed)
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

fn fault(is_sound: bool, price: f64, volume: f64) -> Option<Fault> {
    match (is_sound, can_be_listed(price, volume)) {
        (false, _) => Some(Fault::Unsound),
        (true, false) => Some(Fault::TooLarge),
        (true, true) => None,
    }
}

fn check_rows(rows: impl Iterator<Item = (Time, Option<Fault>)>, repeats: Repeats) -> Result<(), BadReplay> {
    let mut before = None;
    for (row, (time, fault)) in (1..).zip(rows) {
        if before.is_some_and(|b| time < b || (time == b && repeats == Repeats::Refused)) {
            return Err(BadReplay::Unsorted { row, time });
        }
        match fault {
            Some(Fault::Unsound) => return Err(BadReplay::Unsound { row, time }),
            Some(Fault::TooLarge) => return Err(BadReplay::TooLarge { row, time }),
            None => {}
        }
        before = Some(time);
    }
    Ok(())
}
