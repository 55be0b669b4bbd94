//! Bars from trades, and longer bars from shorter ones.
//!
//! [`Aggregator`] turns the tape into the forming bar of one timeframe and the closed
//! bars before it; the engine holds one per series that someone looks at.
//! [`aggregate_bars`] does the same for history. Both begin bars where
//! [`Calendar::period_start`] says, so live bars continue historic ones, and periods
//! without trades have no bar.
//!
//! Days and longer are made of regular trading, whose prices are the official ones: extended
//! hours show in shorter bars only.
//!
//! A bar that is closed stays as it is: a trade that arrives after the bar of its time
//! has closed is counted as late and changes nothing.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::calendar::{Calendar, PeriodCursor, SessionCursor};
use crate::domain::{Bar, SessionKind, Time, Timeframe, Trade};

/// Builds the bars of one timeframe, trade by trade.
#[derive(Debug, Clone)]
pub struct Aggregator {
    periods: PeriodCursor,
    /// Of timeframes that count regular trading only.
    sessions: Option<SessionCursor>,
    forming: Option<Bar>,
    /// Trades before this instant are late.
    open_from: Time,
    late: u64,
}

/// What a trade did to the bars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aggregated {
    /// It belongs to the forming bar, which now is this.
    Formed(Bar),
    /// It begins a bar.
    Opened {
        /// The bar that formed until now and stays as it is; `None` where there was none.
        closed: Option<Bar>,
        /// The new one.
        forming: Bar,
    },
    /// Its bar has closed already: counted, and nothing changed.
    Late,
    /// It was made in extended hours, which bars of this timeframe do not count.
    Outside,
}

impl Aggregator {
    /// Before the first trade.
    #[must_use]
    pub fn new(calendar: Arc<Calendar>, timeframe: Timeframe) -> Self {
        let sessions = timeframe.is_calendar().then(|| SessionCursor::new(Arc::clone(&calendar)));
        let periods = PeriodCursor::new(calendar, timeframe);
        Self { periods, sessions, forming: None, open_from: Time::MIN, late: 0 }
    }

    /// Goes on with a bar that history says is still forming.
    #[must_use]
    pub fn resume(calendar: Arc<Calendar>, timeframe: Timeframe, forming: Bar) -> Self {
        let mut new = Self::new(calendar, timeframe);
        new.open_from = new.periods.start(forming.time);
        new.forming = Some(Bar { time: new.open_from, ..forming });
        new
    }

    /// Takes a trade in. Within the forming bar, trades count in the order they arrive.
    pub fn add(&mut self, trade: &Trade) -> Aggregated {
        if trade.time < self.open_from {
            self.late += 1;
            return Aggregated::Late;
        }
        let session = self.sessions.as_mut().and_then(|sessions| sessions.at(trade.time));
        if session.is_some_and(|session| session.kind != SessionKind::Regular) {
            return Aggregated::Outside;
        }
        let (price, volume) = (trade.price.to_f64(), trade.quantity.to_f64());
        let start = self.periods.start(trade.time);
        match &mut self.forming {
            Some(bar) if bar.time == start => {
                bar.add_trade(price, volume);
                Aggregated::Formed(*bar)
            }
            forming => {
                let bar = Bar::from_trade(start, price, volume);
                self.open_from = start;
                Aggregated::Opened { closed: forming.replace(bar), forming: bar }
            }
        }
    }

    /// Takes in what somebody who saw all trades counts of a bar so far: what was missed here is in it
    /// afterwards. The last price stays that of the newest trade.
    pub fn widen(&mut self, told: &Bar) -> Aggregated {
        let start = self.periods.start(told.time);
        if start < self.open_from {
            return Aggregated::Late;
        }
        match &mut self.forming {
            Some(bar) if bar.time == start => {
                bar.open = told.open;
                bar.high = bar.high.max(told.high);
                bar.low = bar.low.min(told.low);
                bar.volume = bar.volume.max(told.volume);
                Aggregated::Formed(*bar)
            }
            forming => {
                let bar = Bar { time: start, ..*told };
                self.open_from = start;
                Aggregated::Opened { closed: forming.replace(bar), forming: bar }
            }
        }
    }

    /// Tells the time where no trade does: closes the forming bar once its period is over.
    pub fn advance(&mut self, now: Time) -> Option<Bar> {
        let end = self.periods.end(self.forming?.time);
        if now < end {
            return None;
        }
        self.open_from = end;
        self.forming.take()
    }

    /// The bar that is forming.
    #[must_use]
    pub fn forming(&self) -> Option<&Bar> {
        self.forming.as_ref()
    }

    /// How many trades came too late for their bar.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.late
    }
}

/// Which trading goes into a longer bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    /// Every bar, whenever it is.
    All,
    /// Bars that begin in a regular session. They must not be so long that one contains
    /// the opening: of New York, 30 minutes at most. Bars of days and more, which begin
    /// outside any session at the start of a day, are taken as they are.
    RegularOnly,
}

/// Joins bars, which are in order of time, to bars of the longer `timeframe`.
#[must_use]
pub fn aggregate_bars(
    bars: impl IntoIterator<Item = Bar>,
    calendar: &Calendar,
    timeframe: Timeframe,
    sessions: Sessions,
) -> Vec<Bar> {
    let calendar = Arc::new(calendar.clone());
    let mut periods = PeriodCursor::new(calendar.clone(), timeframe);
    let mut regular = RegularTrading::new(calendar);
    let mut joined: Vec<Bar> = Vec::new();
    for bar in bars {
        if sessions == Sessions::RegularOnly && !regular.includes(bar.time) {
            continue;
        }
        let start = periods.start(bar.time);
        match joined.last_mut() {
            Some(last) if last.time == start => last.add_bar(&bar),
            _ => joined.push(Bar { time: start, ..bar }),
        }
    }
    joined
}

/// Tells bars of regular trading from others by the instant they begin at.
struct RegularTrading {
    sessions: SessionCursor,
    days: PeriodCursor,
}

impl RegularTrading {
    fn new(calendar: Arc<Calendar>) -> Self {
        let days = PeriodCursor::new(calendar.clone(), Timeframe::D1);
        Self { sessions: SessionCursor::new(calendar), days }
    }

    fn includes(&mut self, time: Time) -> bool {
        match self.sessions.at(time) {
            Some(session) => session.kind == SessionKind::Regular,
            None => self.days.start(time) == time,
        }
    }
}
