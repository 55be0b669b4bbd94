//! Trading hours as the TWS API tells them: `20261123:0400-20261123:2000;20261126:CLOSED`, in the
//! exchange's own time zone.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::{SessionKind, Time};
use crate::market::calendar::{Calendar, SessionSpan};

/// Trading days that are told, this one first.
const DAYS: usize = 6;

/// The hours of the next trading days.
pub(super) struct Hours<'a> {
    calendar: &'a Calendar,
    zone: TimeZone,
    first: Date,
}

impl<'a> Hours<'a> {
    /// From the trading day of `now` on; `None` where nobody knows the zone.
    pub fn new(calendar: &'a Calendar, zone: &str, now: Time) -> Option<Self> {
        Some(Self { calendar, zone: TimeZone::get(zone).ok()?, first: calendar.trading_day(now) })
    }

    /// The sessions of the kinds that are meant.
    pub fn text(&self, is_meant: impl Fn(SessionKind) -> bool) -> String {
        let days = std::iter::successors(Some(self.first), |day| day.tomorrow().ok()).take(DAYS);
        days.map(|day| self.text_of(day, &is_meant)).collect::<Vec<_>>().join(";")
    }

    fn text_of(&self, day: Date, is_meant: &impl Fn(SessionKind) -> bool) -> String {
        let mut spans: Vec<(Time, Time)> = Vec::new();
        let sessions = self.calendar.sessions_of(day).into_iter();
        for SessionSpan { open, close, .. } in sessions.filter(|span| is_meant(span.kind)) {
            match spans.last_mut() {
                // What follows at once is one span.
                Some((_, end)) if *end == open => *end = close,
                _ => spans.push((open, close)),
            }
        }
        if spans.is_empty() {
            return format!("{}:CLOSED", day.strftime("%Y%m%d"));
        }
        let one = |(open, close): (Time, Time)| format!("{}-{}", self.at(open), self.at(close));
        spans.into_iter().map(one).collect::<Vec<_>>().join(";")
    }

    fn at(&self, time: Time) -> String {
        time.to_timestamp().to_zoned(self.zone.clone()).strftime("%Y%m%d:%H%M").to_string()
    }
}
