//! Where bars begin that are asked for from their end backwards, and how many there can be.

use jiff::Span;
use jiff::civil::{Date, date};

use super::size::{Back, Size, Unit};
use crate::domain::time::{DAY, SECOND};
use crate::domain::{SessionKind, Time, Timeframe};
use crate::market::aggregate::Sessions;
use crate::market::calendar::{Calendar, SessionSpan};

/// Days whose hours are looked up one by one when bars are reckoned.
const COUNTED_DAYS: usize = 30;
/// Nothing older is asked for.
const EARLIEST: Date = date(1970, 1, 1);

/// The past of an exchange: all of it, or only its regular trading.
#[derive(Clone, Copy)]
pub struct Past<'a> {
    calendar: &'a Calendar,
    sessions: Sessions,
}

impl<'a> Past<'a> {
    pub fn new(calendar: &'a Calendar, sessions: Sessions) -> Self {
        Self { calendar, sessions }
    }

    /// The instant so far back from `end`. Days are trading days, the one that has begun last among
    /// them; weeks, months and years end with that day; seconds count while there is trading.
    pub fn start(self, back: Back, end: Time) -> Time {
        let count = i64::from(back.count);
        let last = self.last_day(end);
        let first = match back.unit {
            Unit::Seconds => return self.seconds_back(count * SECOND, end),
            Unit::Days => self.days_back(last, back.count),
            Unit::Weeks => after(last, Span::new().try_weeks(count)),
            Unit::Months => after(last, Span::new().try_months(count)),
            Unit::Years => after(last, Span::new().try_years(count)),
        };
        self.calendar.day_start(first.max(EARLIEST))
    }

    /// The trading days from the first to the last that `start` and `end` are in, newest first.
    pub fn days(self, start: Time, end: Time) -> impl Iterator<Item = Date> {
        let (first, last) = (self.calendar.trading_day(start).max(EARLIEST), self.last_day(end));
        let calendar = self.calendar;
        std::iter::successors(Some(last), move |day| calendar.previous_trading_day(*day))
            .take_while(move |day| *day >= first)
    }

    /// The sessions of a day that count.
    pub fn sessions_of(self, day: Date) -> Vec<SessionSpan> {
        let mut sessions = self.calendar.sessions_of(day);
        sessions.retain(|session| self.counts(session));
        sessions
    }

    /// Whether there is trading at `t` that counts.
    pub fn is_open(self, t: Time) -> bool {
        self.calendar.session_at(t).is_some_and(|session| self.counts(&session))
    }

    /// Bars of this size between two instants at most, or a number above `bound`.
    pub fn most_bars(self, start: Time, end: Time, size: Size, bound: usize) -> usize {
        let span = end.0.saturating_sub(start.0);
        if span <= 0 {
            return 0;
        }
        let length = match size {
            // A month may be shorter than its usual length, and both ends be in the midst of one.
            Size::Calendar(Timeframe::Mo1) => return (span / (28 * DAY)) as usize + 2,
            Size::Calendar(timeframe) => return (span / timeframe.nanos()) as usize + 2,
            Size::Clock(length) => length,
        };
        let (mut most, mut of_a_day) = (0, 0);
        for (place, day) in self.days(start, end).enumerate() {
            if place < COUNTED_DAYS {
                let sessions = self.sessions_of(day);
                let open_for = |session: &SessionSpan| {
                    session.close.min(end).0.saturating_sub(session.open.max(start).0)
                };
                let spans = sessions.iter().map(open_for).filter(|open_for| *open_for > 0);
                let on_day: usize = spans.map(|open_for| (open_for / length) as usize + 2).sum();
                of_a_day = on_day.max(of_a_day);
                most += on_day;
            } else {
                // Years of days are all alike.
                most += of_a_day;
            }
            if most > bound {
                break;
            }
        }
        most
    }

    fn counts(self, session: &SessionSpan) -> bool {
        self.sessions == Sessions::All || session.kind == SessionKind::Regular
    }

    /// The newest trading day that had begun by `end`.
    fn last_day(self, end: Time) -> Date {
        let day = self.calendar.trading_day(end);
        if self.sessions_of(day).first().is_some_and(|first| first.open < end) {
            return day;
        }
        self.calendar.previous_trading_day(day).unwrap_or(day)
    }

    fn days_back(self, last: Date, count: u32) -> Date {
        let mut first = last;
        for _ in 1..count {
            match self.calendar.previous_trading_day(first) {
                Some(day) if first > EARLIEST => first = day,
                _ => break,
            }
        }
        first
    }

    fn seconds_back(self, nanos: i64, end: Time) -> Time {
        let mut left = nanos;
        for day in self.days(Time(0), end) {
            for session in self.sessions_of(day).iter().rev() {
                let close = session.close.min(end);
                let open_for = close.0.saturating_sub(session.open.0);
                if open_for >= left {
                    return Time(close.0 - left);
                }
                left -= open_for.max(0);
            }
        }
        self.calendar.day_start(EARLIEST)
    }
}

/// The day after the one that lies so far before `last`.
fn after(last: Date, span: Result<Span, jiff::Error>) -> Date {
    let before = span.and_then(|span| last.checked_sub(span));
    before.and_then(Date::tomorrow).unwrap_or(EARLIEST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::MINUTE;
    use crate::domain::{Session, TradingHours};

    fn new_york() -> Calendar {
        use SessionKind::{Extended, Regular};
        let sessions = [(240, 570, Extended), (570, 960, Regular), (960, 1_200, Extended)];
        let sessions = sessions.map(|(open, close, kind)| Session { open, close, kind }).to_vec();
        let weekdays = [true, true, true, true, true, false, false];
        let holidays = vec![date(2026, 11, 26)];
        Calendar::new(&TradingHours { zone: "America/New_York".to_owned(), sessions, weekdays, holidays })
            .unwrap()
    }

    fn at(text: &str) -> Time {
        Time::from_timestamp(text.parse::<jiff::Zoned>().unwrap().timestamp())
    }

    fn ny(text: &str) -> Time {
        at(&format!("{text}[America/New_York]"))
    }

    #[test]
    fn durations_count_back_as_tws_does() {
        let calendar = new_york();
        let check = |back: &str, sessions, end: &str, start: &str| {
            let from = Past::new(&calendar, sessions).start(Back::read(back).unwrap(), ny(end));
            assert_eq!(from, ny(start), "{back} {sessions:?} before {end}: {from}");
        };
        let (all, regular) = (Sessions::All, Sessions::RegularOnly);
        // Friday is the 20th.
        check("1 D", all, "2026-11-20T12:00", "2026-11-20T00:00");
        check("1 D", all, "2026-11-20T03:00", "2026-11-19T00:00");
        check("1 D", all, "2026-11-20T05:00", "2026-11-20T00:00");
        check("1 D", regular, "2026-11-20T05:00", "2026-11-19T00:00");
        check("1 D", all, "2026-11-22T12:00", "2026-11-20T00:00");
        check("2 D", all, "2026-11-23T12:00", "2026-11-20T00:00");
        check("2 D", all, "2026-11-27T12:00", "2026-11-25T00:00");
        check("1 W", all, "2026-11-22T12:00", "2026-11-14T00:00");
        check("1 M", all, "2026-11-20T12:00", "2026-10-21T00:00");
        check("1 Y", all, "2026-11-20T12:00", "2025-11-21T00:00");
        check("1800 S", all, "2026-11-20T12:00", "2026-11-20T11:30");
        check("1800 S", regular, "2026-11-22T12:00", "2026-11-20T15:30");
        check("3600 S", regular, "2026-11-23T10:00", "2026-11-20T15:30");
        check("400 Y", all, "2026-11-20T12:00", "1970-01-01T00:00");
        check("1000000 S", all, "1970-01-05T12:00", "1970-01-01T00:00");
        check("4000000000 D", all, "2026-11-20T12:00", "1970-01-01T00:00");
        check("4000000000 Y", all, "2026-11-20T12:00", "1970-01-01T00:00");
    }

    #[test]
    fn there_are_never_more_bars_than_are_reckoned_with() {
        let calendar = new_york();
        let all = Past::new(&calendar, Sessions::All);
        let minutes =
            |start: &str, end: &str| all.most_bars(ny(start), ny(end), Size::Clock(MINUTE), 1_000_000);
        assert!((960..970).contains(&minutes("2026-11-20T00:00", "2026-11-22T12:00")));
        assert!((30..35).contains(&minutes("2026-11-20T11:30", "2026-11-20T12:00")));
        assert_eq!(minutes("2026-11-21T12:00", "2026-11-22T12:00"), 0);
        assert_eq!(minutes("2026-11-22T12:00", "2026-11-20T12:00"), 0);
        let days = Size::Calendar(Timeframe::D1);
        assert!(all.most_bars(ny("2026-11-19T00:00"), ny("2026-11-20T12:00"), days, 100) >= 2);
        let bounded = all.most_bars(Time(0), ny("2026-11-20T12:00"), Size::Clock(SECOND), 100_000);
        assert!((100_000..200_000).contains(&bounded), "{bounded}");
        let years =
            all.most_bars(ny("2016-11-20T00:00"), ny("2026-11-20T12:00"), Size::Clock(MINUTE), 1 << 30);
        assert!((2_500_000..2_600_000).contains(&years), "{years}");
    }
}
