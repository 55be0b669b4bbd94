//! The volume-weighted average price of the trading day so far.
//!
//! The day is the calendar's: from local midnight or, where the first session opens the
//! evening before, from that opening; extended hours are part of it. It begins with the first
//! bar of the day that has volume; bars without volume leave it as it is. Where a bar is a
//! day or longer, each begins anew, and the value is the bar's own price.

use std::sync::Arc;

use super::formula::{Formula, Values, single};
use super::table::{Indicator, Output, Pane, Source};
use crate::domain::{Bar, Time, Timeframe};
use crate::market::calendar::{Calendar, PeriodCursor};

pub(super) const VWAP: Indicator = Indicator {
    key: "vwap",
    short: "VWAP",
    name: "Volume-weighted average price",
    parameters: &[],
    outputs: &[Output::line("VWAP")],
    pane: Pane::Price,
    source: Source::Hlc3,
    begin: |_, calendar| Box::new(Vwap::new(Arc::clone(calendar))),
};

#[derive(Debug, Clone)]
struct Vwap {
    days: PeriodCursor,
    /// The day that is summed.
    day: Time,
    /// Price times volume.
    turnover: f64,
    volume: f64,
}

impl Vwap {
    fn new(calendar: Arc<Calendar>) -> Self {
        let days = PeriodCursor::new(calendar, Timeframe::D1);
        Self { days, day: Time::MIN, turnover: 0.0, volume: 0.0 }
    }
}

impl Formula for Vwap {
    fn next(&mut self, price: f64, bar: &Bar) -> Values {
        let day = self.days.start(bar.time);
        if day != self.day {
            (self.day, self.turnover, self.volume) = (day, 0.0, 0.0);
        }
        self.turnover += price * bar.volume;
        self.volume += bar.volume;
        single(if self.volume > 0.0 { self.turnover / self.volume } else { f64::NAN })
    }
}
