//! When an exchange trades, and where its days and bars begin: in its own time zone.
//!
//! For the exchange (opening, closing, end of DAY orders), for whoever makes bars, and
//! for the chart's day lines. The zone database is compiled in, so the same hours mean
//! the same instants everywhere.
//!
//! A trading day runs from local midnight to local midnight; where the first session
//! opens the evening before (foreign exchange), from that opening to the next. Bars of
//! hours and less begin at whole multiples of their length on the local wall clock
//! counted from the start of the day; where summer time begins or ends, a bar that
//! contains the jump is shorter or longer, and an hour that is shown twice is two
//! bars of an hour. [`PeriodCursor`] and [`SessionCursor`] answer per trade.

mod cursor;
#[cfg(test)]
mod tests;
mod wall;

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use crate::domain::{Session, SessionKind, Time, Timeframe, TradingHours};
use wall::WallClock;

pub use cursor::{PeriodCursor, SessionCursor};

/// How far ahead and back a day of trading is looked for.
const YEAR: usize = 366;

/// The trading hours of an exchange, ready for arithmetic.
#[derive(Debug, Clone)]
pub struct Calendar {
    clock: WallClock,
    /// Empty: always open.
    sessions: Vec<Session>,
    weekdays: [bool; 7],
    /// Sorted.
    holidays: Vec<Date>,
}

/// One session of one day. `open <= t < close` are its instants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSpan {
    /// The first instant.
    pub open: Time,
    /// The first instant after it.
    pub close: Time,
    /// Regular or extended.
    pub kind: SessionKind,
    /// The trading day it belongs to.
    pub day: Date,
}

/// Trading hours that no exchange can keep.
#[derive(Debug, thiserror::Error)]
pub enum BadHours {
    /// The zone database does not have the zone.
    #[error("'{zone}' is no known time zone: use an IANA name, such as America/New_York")]
    UnknownZone {
        /// The name that was given.
        zone: String,
        /// What the zone database says.
        source: jiff::Error,
    },
    /// There are sessions, but no day of the week to hold them on.
    #[error("there are sessions but no weekday with trading: name one at least")]
    NoWeekday,
    /// A session that ends before it begins, or is out of bounds.
    #[error(
        "session {index} runs from minute {open} to {close}: minutes count from midnight, \
         open from -1440 to 1439, close after it and at most 1440"
    )]
    BadSession {
        /// Position in the list of sessions.
        index: usize,
        /// Its first minute.
        open: i16,
        /// The minute it ends at.
        close: i16,
    },
    /// Two sessions at the same time, or in the wrong order.
    #[error("session {index} opens before the one before it has closed: list them in order, without overlap")]
    Overlap {
        /// Position of the later one in the list of sessions.
        index: usize,
    },
    /// The last session runs into the first one of the next day.
    #[error("the sessions of one day are longer than 24 hours: the last runs into the next day's first")]
    LongerThanADay,
}

impl Calendar {
    /// Checks the hours and prepares them.
    ///
    /// # Errors
    /// When the zone is unknown, or the sessions overlap, are out of order, last longer
    /// than a day or are held on no weekday.
    pub fn new(hours: &TradingHours) -> Result<Self, BadHours> {
        let zone = TimeZone::get(&hours.zone)
            .map_err(|source| BadHours::UnknownZone { zone: hours.zone.clone(), source })?;
        check_sessions(hours)?;
        let evening_before = hours.sessions.first().map_or(0, |first| first.open.min(0));
        let mut holidays = hours.holidays.clone();
        holidays.sort_unstable();
        Ok(Self {
            clock: WallClock::new(zone, evening_before),
            sessions: hours.sessions.clone(),
            weekdays: hours.weekdays,
            holidays,
        })
    }

    /// The session that `t` is in.
    #[must_use]
    pub fn session_at(&self, t: Time) -> Option<SessionSpan> {
        self.spans(self.trading_day(t)).find(|span| span.open <= t && t < span.close)
    }

    /// Whether the exchange trades at `t`, in any kind of session.
    #[must_use]
    pub fn is_open(&self, t: Time) -> bool {
        self.session_at(t).is_some()
    }

    /// The first session that opens after `t`, where there is one within a year. A
    /// market that never closes opens anew each local midnight.
    #[must_use]
    pub fn next_open(&self, t: Time) -> Option<SessionSpan> {
        let today = self.trading_day(t);
        days_from(today).take(YEAR).flat_map(|day| self.spans(day)).find(|span| span.open > t)
    }

    /// The sessions of a day in order: none on holidays and weekends; of a market that
    /// never closes, one regular session from midnight to midnight.
    #[must_use]
    pub fn sessions_of(&self, day: Date) -> Vec<SessionSpan> {
        self.spans(day).collect()
    }

    /// The day that `t` belongs to, whether or not there is trading: the local date,
    /// or the next one when the day's first session opens the evening before.
    #[must_use]
    pub fn trading_day(&self, t: Time) -> Date {
        self.clock.day_of(t)
    }

    /// The first instant of a trading day.
    #[must_use]
    pub fn day_start(&self, day: Date) -> Time {
        self.clock.day_start(day)
    }

    /// Whether the exchange opens at all for `day`.
    #[must_use]
    pub fn is_trading_day(&self, day: Date) -> bool {
        let weekday = usize::from(day.weekday().to_monday_zero_offset().unsigned_abs());
        self.sessions.is_empty() || (self.weekdays[weekday] && self.holidays.binary_search(&day).is_err())
    }

    /// The last trading day before `day`, where there is one within a year.
    #[must_use]
    pub fn previous_trading_day(&self, day: Date) -> Option<Date> {
        let back = std::iter::successors(day.yesterday().ok(), |day| day.yesterday().ok());
        back.take(YEAR).find(|&day| self.is_trading_day(day))
    }

    /// The first trading day after `day`, where there is one within a year.
    #[must_use]
    pub fn next_trading_day(&self, day: Date) -> Option<Date> {
        days_from(day.tomorrow().ok()?).take(YEAR).find(|&day| self.is_trading_day(day))
    }

    /// When a DAY order of instant `t` ends: at the close of the trading day's last
    /// regular session. After that close, and on days without trading, the order is one
    /// for the next trading day and ends there, so the result is always after `t`. A
    /// market that never closes ends its day at local midnight.
    #[must_use]
    pub fn day_end(&self, t: Time) -> Time {
        let today = self.trading_day(t);
        let closes = days_from(today).take(YEAR).filter_map(|day| self.last_close(day));
        closes.into_iter().find(|&close| close > t).unwrap_or_else(|| self.clock.day_after(today))
    }

    /// Start of the bar of `timeframe` that `t` belongs to. A day begins as
    /// [`Self::day_start`] says, a week with Monday, a month with its first day.
    #[must_use]
    pub fn period_start(&self, t: Time, timeframe: Timeframe) -> Time {
        match self.first_day(t, timeframe) {
            Some(day) => self.clock.day_start(day),
            None => self.clock.floor(t, timeframe.nanos()),
        }
    }

    /// End of the bar of `timeframe` that `t` belongs to, which is the start of the next.
    #[must_use]
    pub fn period_end(&self, t: Time, timeframe: Timeframe) -> Time {
        let Some(first) = self.first_day(t, timeframe) else {
            return self.clock.step_end(t, timeframe.nanos());
        };
        let last = match timeframe {
            Timeframe::Mo1 => first.last_of_month(),
            Timeframe::W1 => first.nth_weekday(1, Weekday::Sunday).unwrap_or(Date::MAX),
            _ => first,
        };
        self.clock.day_after(last)
    }

    /// The first day of the calendar period of `t`; `None` where the clock rules.
    fn first_day(&self, t: Time, timeframe: Timeframe) -> Option<Date> {
        let day = || self.trading_day(t);
        match timeframe {
            Timeframe::D1 => Some(day()),
            Timeframe::W1 if day().weekday() == Weekday::Monday => Some(day()),
            Timeframe::W1 => Some(day().nth_weekday(-1, Weekday::Monday).unwrap_or(Date::MIN)),
            Timeframe::Mo1 => Some(day().first_of_month()),
            _ => None,
        }
    }

    fn spans(&self, day: Date) -> impl Iterator<Item = SessionSpan> {
        let always = self.sessions.is_empty().then(|| SessionSpan {
            open: self.clock.day_start(day),
            close: self.clock.day_after(day),
            kind: SessionKind::Regular,
            day,
        });
        let sessions = if self.is_trading_day(day) { self.sessions.as_slice() } else { &[] };
        let spans = sessions.iter().map(move |session| SessionSpan {
            open: self.clock.instant(day, session.open),
            close: self.clock.instant(day, session.close),
            kind: session.kind,
            day,
        });
        // A session that summer time skips would open and close in the same instant.
        always.into_iter().chain(spans).filter(|span| span.open < span.close)
    }

    fn last_close(&self, day: Date) -> Option<Time> {
        let rank = |span: &SessionSpan| (span.kind == SessionKind::Regular, span.close);
        self.spans(day).max_by_key(rank).map(|span| span.close)
    }
}

fn days_from(day: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(day), |day| day.tomorrow().ok())
}

fn check_sessions(hours: &TradingHours) -> Result<(), BadHours> {
    let sessions = &hours.sessions;
    for (index, &Session { open, close, .. }) in sessions.iter().enumerate() {
        if open < -1440 || close <= open || close > 1440 {
            return Err(BadHours::BadSession { index, open, close });
        }
        if index > 0 && open < sessions[index - 1].close {
            return Err(BadHours::Overlap { index });
        }
    }
    if let (Some(first), Some(last)) = (sessions.first(), sessions.last()) {
        if last.close - first.open > 1440 {
            return Err(BadHours::LongerThanADay);
        }
        if hours.weekdays == [false; 7] {
            return Err(BadHours::NoWeekday);
        }
    }
    Ok(())
}
