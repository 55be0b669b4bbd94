//! A bar every five seconds.

use std::sync::Arc;

use super::past::Past;
use super::wish::{NOT_COUNTED, average};
use crate::desk::SeriesView;
use crate::domain::time::SECOND;
use crate::domain::{Bar, InstrumentId, Time, Timeframe};
use crate::gateway::core::words;
use crate::gateway::wire::model;
use crate::link::BarKey;
use crate::market::aggregate::Sessions;
use crate::market::calendar::Calendar;

/// The only length there is.
const LENGTH: i64 = 5 * SECOND;
/// How long the prints of a bar's last instant may be on their way.
const GRACE: i64 = SECOND / 4;
/// Bars that are further behind than this are not told any more.
const CATCH_UP: i64 = 60 * SECOND;

/// Bars that are told as they close. While there is trading one is told even if nothing has traded in
/// it, at the last price and without volume, as in TWS; while there is none, none.
pub struct LiveBars {
    /// The series they are taken from.
    pub key: BarKey,
    calendar: Arc<Calendar>,
    sessions: Sessions,
    /// Where the next one begins.
    next: Time,
}

impl LiveBars {
    /// From the next whole one on.
    pub fn new(instrument: InstrumentId, calendar: Arc<Calendar>, sessions: Sessions, now: Time) -> Self {
        let key = BarKey { instrument, timeframe: Timeframe::S5 };
        let next = Time(floor(now).0.saturating_add(LENGTH));
        Self { key, calendar, sessions, next }
    }

    /// The bars that have closed by `now`, which is the time of the market.
    pub fn due(&mut self, view: Option<&SeriesView>, now: Time) -> Vec<Bar> {
        let closed = floor(Time(now.0.saturating_sub(GRACE)));
        if closed.0.saturating_sub(self.next.0).abs() > CATCH_UP {
            // The computer has slept, or the market has another time than was known.
            self.next = closed;
        }
        let Some(view) = view.filter(|view| view.is_loaded) else { return Vec::new() };
        let mut due = Vec::new();
        while self.next.0 + LENGTH <= closed.0 {
            let begins = self.next;
            self.next = Time(begins.0 + LENGTH);
            if !Past::new(&self.calendar, self.sessions).is_open(begins) {
                continue;
            }
            let series = &view.series;
            let index = series.index_at(begins);
            let traded = series.get(index).filter(|bar| bar.time == begins);
            let before = || series.get(index.checked_sub(1)?);
            due.extend(traded.or_else(|| Some(Bar::from_trade(begins, before()?.close, 0.0))));
        }
        due
    }
}

/// A bar as it is told.
pub fn told(req_id: i32, bar: &Bar) -> model::RealTimeBarTick {
    model::RealTimeBarTick {
        req_id: Some(req_id),
        time: Some(bar.time.seconds()),
        open: Some(bar.open),
        high: Some(bar.high),
        low: Some(bar.low),
        close: Some(bar.close),
        volume: Some(words::volume(bar.volume)),
        wap: Some(average(bar)),
        count: Some(NOT_COUNTED),
    }
}

fn floor(t: Time) -> Time {
    Time(t.0.div_euclid(LENGTH) * LENGTH)
}

#[cfg(test)]
mod tests;
