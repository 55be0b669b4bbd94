//! Longer bars from shorter ones, where the TWS API has sizes that [`Timeframe`] has not, and bars of
//! regular trading alone.

use std::sync::Arc;

use super::size::Size;
use crate::domain::{Bar, SessionKind, Time, Timeframe};
use crate::market::aggregate::Sessions;
use crate::market::calendar::{Calendar, PeriodCursor, SessionCursor};

/// The periods of a size, for bars in order of time.
///
/// They are counted from the start of the trading day. Of regular trading alone, the period that the
/// exchange opens in begins with the opening, as in TWS: of New York, an hour from 9:30 to 10:00.
pub struct Periods {
    size: Size,
    made_of: Timeframe,
    days: PeriodCursor,
    sessions: Option<SessionCursor>,
}

impl Periods {
    /// For bars of `made_of` ([`Size::made_of`]).
    pub fn new(calendar: &Arc<Calendar>, size: Size, made_of: Timeframe, sessions: Sessions) -> Self {
        // Longer bars are those of regular trading as they are.
        let is_filtered = sessions == Sessions::RegularOnly && !made_of.is_calendar();
        Self {
            size,
            made_of,
            days: PeriodCursor::new(Arc::clone(calendar), Timeframe::D1),
            sessions: is_filtered.then(|| SessionCursor::new(Arc::clone(calendar))),
        }
    }

    /// When the period begins that `t` is in; `None` where a bar of `t` does not count.
    pub fn start(&mut self, t: Time) -> Option<Time> {
        let floor = self.floor(t);
        let Some(sessions) = &mut self.sessions else { return Some(floor) };
        let session = sessions.at(t).filter(|session| session.kind == SessionKind::Regular)?;
        Some(floor.max(session.open))
    }

    /// When the first period begins that is wholly at `t` or later.
    pub fn next(&mut self, t: Time) -> Time {
        match (self.size, self.start(t)) {
            (Size::Clock(length), Some(start)) if start < t => Time(self.floor(t).0.saturating_add(length)),
            _ => t,
        }
    }

    /// Joins bars to those of the size.
    pub fn join(&mut self, bars: impl Iterator<Item = Bar>) -> Vec<Bar> {
        let mut joined: Vec<Bar> = Vec::new();
        for bar in bars {
            let Some(start) = self.start(bar.time) else { continue };
            match joined.last_mut() {
                Some(last) if last.time == start => last.add_bar(&bar),
                _ => joined.push(Bar { time: start, ..bar }),
            }
        }
        joined
    }

    fn floor(&mut self, t: Time) -> Time {
        match self.size {
            // They begin where the calendar says, which matters where the clock jumps.
            Size::Clock(length) if length != self.made_of.nanos() => {
                Time(t.0 - (t.0 - self.days.start(t).0).rem_euclid(length))
            }
            Size::Clock(_) | Size::Calendar(_) => t,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{HOUR, MINUTE};
    use crate::domain::{Session, TradingHours};

    const MIDNIGHT: &str = "2026-11-20T00:00[America/New_York]";

    fn new_york() -> Arc<Calendar> {
        use SessionKind::{Extended, Regular};
        let sessions = [(240, 570, Extended), (570, 960, Regular), (960, 1_200, Extended)];
        let sessions = sessions.map(|(open, close, kind)| Session { open, close, kind }).to_vec();
        let hours = TradingHours { sessions, ..TradingHours::always("America/New_York") };
        Arc::new(Calendar::new(&hours).unwrap())
    }

    fn midnight() -> Time {
        Time::from_timestamp(MIDNIGHT.parse::<jiff::Zoned>().unwrap().timestamp())
    }

    fn day_of(length: i64) -> impl Iterator<Item = Bar> {
        let bar = move |place: i64| Bar::from_trade(Time(midnight().0 + place * length), place as f64, 1.0);
        (4 * HOUR / length..20 * HOUR / length).map(bar)
    }

    /// Minutes from midnight, first and last price, volume.
    fn joined(size: &str, sessions: Sessions) -> Vec<(i64, f64, f64, f64)> {
        let size = Size::read(size).unwrap();
        let hours = TradingHours {
            sessions: vec![
                Session { open: 240, close: 570, kind: SessionKind::Extended },
                Session { open: 570, close: 960, kind: SessionKind::Regular },
                Session { open: 960, close: 1_200, kind: SessionKind::Extended },
            ],
            ..TradingHours::always("America/New_York")
        };
        let made_of = size.made_of(&hours, sessions);
        let mut periods = Periods::new(&new_york(), size, made_of, sessions);
        let bars = periods.join(day_of(made_of.nanos()));
        bars.iter()
            .map(|bar| ((bar.time.0 - midnight().0) / MINUTE, bar.open, bar.close, bar.volume))
            .collect()
    }

    #[test]
    fn hours_of_regular_trading_begin_with_the_opening() {
        let hours = joined("1 hour", Sessions::RegularOnly);
        let begins: Vec<i64> = hours.iter().map(|(minute, ..)| *minute).collect();
        assert_eq!(begins, [570, 600, 660, 720, 780, 840, 900]);
        assert_eq!(hours[0], (570, 19.0, 19.0, 1.0), "half an hour");
        assert_eq!(hours[1], (600, 20.0, 21.0, 2.0));
    }

    #[test]
    fn longer_bars_are_counted_from_the_start_of_the_day() {
        let begins = |size| -> Vec<i64> {
            joined(size, Sessions::All).iter().map(|(minute, ..)| *minute / 60).collect()
        };
        assert_eq!(begins("2 hours"), [4, 6, 8, 10, 12, 14, 16, 18]);
        assert_eq!(begins("3 hours"), [3, 6, 9, 12, 15, 18]);
        assert_eq!(begins("8 hours"), [0, 8, 16]);
        let tens = joined("10 mins", Sessions::All);
        assert_eq!(tens.len(), 96);
        assert_eq!(tens[1], (250, 50.0, 51.0, 2.0));
    }

    #[test]
    fn the_next_period_is_a_whole_one() {
        let size = Size::read("1 hour").unwrap();
        let at = |minute: i64| Time(midnight().0 + minute * MINUTE);
        let mut regular = Periods::new(&new_york(), size, Timeframe::M30, Sessions::RegularOnly);
        assert_eq!(regular.next(at(570)), at(570), "the opening");
        assert_eq!(regular.next(at(580)), at(600));
        assert_eq!(regular.next(at(600)), at(600));
        assert_eq!(regular.next(at(300)), at(300), "no trading that counts");
        let mut all = Periods::new(&new_york(), Size::read("10 mins").unwrap(), Timeframe::M5, Sessions::All);
        assert_eq!(all.next(at(601)), at(610));
    }
}
