//! Business time: which minutes of the calendar an instrument's price lives through.
//!
//! Time is cut into *intervals*, from one daily close to the next. An interval is a
//! row of *steps*: one per trading minute, and one for each stretch in which the
//! market is closed, over which the price moves too (the gap at the open). The path
//! is a function of interval and step, never of wall time, so nights, lunch breaks
//! and holidays cost nothing and the same code serves every kind of hours.
//!
//! A market that never closes has one interval per UTC day, whatever its zone: so
//! that the same coin against dollar, yen and won moves in the same minutes. Its
//! own days (at local midnight) show as separate stretches of the interval.

use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::time::{DAY, MINUTE};
use crate::domain::{SessionKind, Time, TradingHours};
use crate::market::calendar::{BadHours, Calendar, SessionSpan};

/// Years of path before and after the epoch.
const YEARS: i16 = 13;

/// The business time of one set of trading hours.
#[derive(Debug, Clone)]
pub struct Timeline {
    calendar: Arc<Calendar>,
    zone: TimeZone,
    epoch: Date,
    /// Trading days in order; empty for a market that never closes.
    days: Vec<Date>,
    /// Place in `days` of the first trading day from the epoch on: interval 0.
    origin: i64,
}

/// What happens during a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Nothing trades; the whole stretch is one step.
    Closed,
    /// Trading, one step a minute.
    Trading(SessionKind),
}

/// Consecutive steps of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// When it begins.
    pub start: Time,
    /// When it ends.
    pub end: Time,
    /// Its first step's place in the interval.
    pub first: usize,
    /// Number of steps.
    pub steps: usize,
    /// Trading or not.
    pub activity: Activity,
    /// The trading day it belongs to.
    pub day: Date,
    /// Local minute of the day at which it begins, 0 to 1439.
    pub local_minute: usize,
}

/// From one daily close to the next.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Interval {
    /// Which: 0 ends with the close of the epoch.
    pub index: i64,
    /// In order of time, without holes.
    pub stretches: Vec<Stretch>,
    /// Steps of all stretches.
    pub steps: usize,
}

impl Stretch {
    /// Whether it is trading of the main session.
    pub fn is_regular(&self) -> bool {
        self.activity == Activity::Trading(SessionKind::Regular)
    }

    /// Whether anything trades.
    pub fn is_trading(&self) -> bool {
        self.activity != Activity::Closed
    }
}

impl Interval {
    /// The first instant.
    pub fn start(&self) -> Time {
        self.stretches.first().map_or(Time::MIN, |s| s.start)
    }

    /// The stretch that `t` is in.
    pub fn stretch_at(&self, t: Time) -> Option<&Stretch> {
        self.stretches.iter().find(|s| s.start <= t && t < s.end)
    }

    fn push(&mut self, start: Time, end: Time, activity: Activity, day: Date, local_minute: usize) {
        if start >= end {
            return;
        }
        let steps =
            if activity == Activity::Closed { 1 } else { ((end.0 - start.0) / MINUTE).max(1) as usize };
        let first = self.steps;
        self.stretches.push(Stretch { start, end, first, steps, activity, day, local_minute });
        self.steps += steps;
    }
}

impl Timeline {
    /// The business time of `hours`, counted from `epoch`.
    ///
    /// # Errors
    /// When no calendar can be made of the hours.
    pub fn new(hours: &TradingHours, epoch: Date) -> Result<Self, BadHours> {
        let calendar = Calendar::new(hours)?;
        let mut days = Vec::new();
        if !hours.is_always() {
            let year = |years: i16| Date::new(epoch.year() + years, 1, 1).unwrap_or(epoch);
            let all = std::iter::successors(Some(year(-YEARS)), |day| day.tomorrow().ok());
            days = all.take_while(|&day| day < year(YEARS)).filter(|&d| calendar.is_trading_day(d)).collect();
        }
        let origin = signed(days.partition_point(|&day| day < epoch));
        let zone = TimeZone::get(&hours.zone)
            .map_err(|source| BadHours::UnknownZone { zone: hours.zone.clone(), source })?;
        Ok(Self { calendar: Arc::new(calendar), zone, epoch, days, origin })
    }

    /// The hours as a calendar.
    pub fn calendar(&self) -> &Arc<Calendar> {
        &self.calendar
    }

    /// Intervals in a year.
    pub fn intervals_per_year(&self) -> f64 {
        if self.days.is_empty() { 365.0 } else { 252.0 }
    }

    /// The first and the last interval that exist.
    pub fn bounds(&self) -> (i64, i64) {
        if self.days.is_empty() {
            let reach = i64::from(YEARS) * 365;
            return (-reach, reach);
        }
        (1 - self.origin, signed(self.days.len()) - 1 - self.origin)
    }

    /// The interval that contains `t`, within [`Self::bounds`].
    pub fn index_at(&self, t: Time) -> i64 {
        let (first, last) = self.bounds();
        let index = if self.days.is_empty() {
            (t.0 - self.utc_midnight(0).0).div_euclid(DAY)
        } else {
            let day = self.calendar.trading_day(t);
            let at = self.days.partition_point(|&d| d < day);
            let is_over = self.days.get(at) == Some(&day) && self.last_close(day) <= t;
            signed(at + usize::from(is_over)) - self.origin
        };
        index.clamp(first, last)
    }

    /// The interval of an index within [`Self::bounds`]; others are empty.
    pub fn interval(&self, index: i64) -> Interval {
        let mut interval = Interval { index, ..Interval::default() };
        if self.days.is_empty() {
            self.fill_utc_day(&mut interval);
        } else {
            self.fill_sessions(&mut interval);
        }
        interval
    }

    fn utc_midnight(&self, index: i64) -> Time {
        let epoch = self.epoch.to_zoned(TimeZone::UTC).map(|z| Time::from_timestamp(z.timestamp()));
        Time(epoch.unwrap_or_default().0 + index * DAY)
    }

    fn fill_utc_day(&self, interval: &mut Interval) {
        let (mut from, end) = (self.utc_midnight(interval.index), self.utc_midnight(interval.index + 1));
        while from < end {
            let day = self.calendar.trading_day(from);
            let next = day.tomorrow().map_or(end, |d| self.calendar.day_start(d));
            let until = next.min(end);
            let minute = self.local_minute(from);
            interval.push(from, until, Activity::Trading(SessionKind::Regular), day, minute);
            from = until;
        }
    }

    fn fill_sessions(&self, interval: &mut Interval) {
        let Ok(at) = usize::try_from(interval.index + self.origin) else { return };
        let (Some(&before), Some(&day)) =
            (at.checked_sub(1).and_then(|i| self.days.get(i)), self.days.get(at))
        else {
            return;
        };
        let earlier = self.calendar.sessions_of(before);
        let later = self.calendar.sessions_of(day);
        let (open, close) = (last_regular_close(&earlier), last_regular_close(&later));
        let mut at = open;
        for span in earlier.iter().chain(&later).filter(|s| s.open >= open && s.close <= close) {
            interval.push(at, span.open, Activity::Closed, span.day, 0);
            let minute = self.local_minute(span.open);
            interval.push(span.open, span.close, Activity::Trading(span.kind), span.day, minute);
            at = span.close;
        }
    }

    /// Minute of the local day.
    fn local_minute(&self, t: Time) -> usize {
        let local = t.to_timestamp().to_zoned(self.zone.clone());
        usize::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or(0)
    }

    fn last_close(&self, day: Date) -> Time {
        last_regular_close(&self.calendar.sessions_of(day))
    }
}

/// A count as a signed number.
pub fn signed(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn last_regular_close(spans: &[SessionSpan]) -> Time {
    let last = spans.iter().rfind(|s| s.kind == SessionKind::Regular).or(spans.last());
    last.map_or(Time::MIN, |s| s.close)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::time::HOUR;
    use crate::exchange::catalogue::{Catalogue, Opening};

    fn at(text: &str) -> Time {
        Time::from_timestamp(text.parse().unwrap())
    }

    /// One timeline for each kind of hours.
    fn timelines() -> Vec<Timeline> {
        let mut timelines = Vec::new();
        for opening in [Opening::AsListed, Opening::Always] {
            let catalogue = Catalogue::bundled(opening).unwrap();
            for symbol in ["AAPL", "7203", "005930", "EUR/USD", "BTC/USD", "BTC/JPY"] {
                let listing = catalogue.listings.iter().find(|l| &*l.instrument.symbol == symbol).unwrap();
                timelines.push(Timeline::new(&listing.instrument.hours, catalogue.epoch).unwrap());
            }
        }
        timelines
    }

    #[test]
    fn intervals_follow_each_other_without_holes() {
        for timeline in timelines() {
            let mut end = None;
            for index in -30..60 {
                let interval = timeline.interval(index);
                assert!(end.is_none_or(|end| end == interval.start()), "{index} {interval:?}");
                let mut steps = 0;
                for pair in interval.stretches.windows(2) {
                    assert_eq!(pair[0].end, pair[1].start);
                }
                for stretch in &interval.stretches {
                    assert_eq!(stretch.first, steps);
                    steps += stretch.steps;
                    let minutes = signed(stretch.steps) * MINUTE;
                    assert!(!stretch.is_trading() || stretch.end.0 - stretch.start.0 == minutes);
                }
                assert_eq!(steps, interval.steps);
                end = interval.stretches.last().map(|s| s.end);
            }
        }
    }

    #[test]
    fn new_york_closes_over_night_and_summer_time_moves_it() {
        let timelines = timelines();
        let index = timelines[0].index_at(at("2026-03-09T15:00:00Z"));
        let monday = timelines[0].interval(index);
        let regular: Vec<&Stretch> = monday.stretches.iter().filter(|s| s.is_regular()).collect();
        assert_eq!(regular.len(), 1);
        // The Sunday before, clocks went forward.
        assert_eq!(regular[0].start, at("2026-03-09T13:30:00Z"));
        assert_eq!((regular[0].steps, regular[0].local_minute), (390, 570));
        assert_eq!(monday.start(), at("2026-03-06T21:00:00Z"));
        let closed: Vec<&Stretch> = monday.stretches.iter().filter(|s| !s.is_trading()).collect();
        assert_eq!(closed.len(), 1);
        assert!(closed[0].end.0 - closed[0].start.0 > 48 * HOUR);
        let tokyo = timelines[1].interval(timelines[1].index_at(at("2026-03-09T02:00:00Z")));
        assert_eq!(tokyo.stretches.iter().filter(|s| s.is_regular()).count(), 2);
        assert_eq!(tokyo.stretches.iter().filter(|s| !s.is_trading()).count(), 2, "night and lunch");
    }

    #[test]
    fn a_market_that_never_closes_shows_its_own_midnight() {
        let timelines = timelines();
        let yen = timelines[5].interval(timelines[5].index_at(at("2026-11-20T12:00:00Z")));
        let days: Vec<Date> = yen.stretches.iter().map(|s| s.day).collect();
        assert_eq!(days, [date(2026, 11, 20), date(2026, 11, 21)]);
        assert_eq!(yen.stretches[1].start, at("2026-11-20T15:00:00Z"));
        assert_eq!(yen.steps, 1440);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn every_instant_is_in_the_interval_that_is_named(hours in 0i64..(20 * 365 * 24), nanos in 0i64..HOUR) {
            for timeline in timelines() {
                let t = Time(at("2014-02-01T00:00:00Z").0 + hours * HOUR + nanos);
                let interval = timeline.interval(timeline.index_at(t));
                prop_assert!(interval.stretch_at(t).is_some(), "{t}");
            }
        }
    }
}
