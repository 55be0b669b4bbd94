//! A request for bars, understood: of what, which, and whether they have come.

use std::sync::Arc;

use super::past::Past;
use super::periods::Periods;
use super::size::{Back, Size};
use crate::desk::SeriesView;
use crate::domain::time::SECOND;
use crate::domain::{AssetClass, Bar, Instrument, Time};
use crate::gateway::core::errors::{self, Refusal};
use crate::gateway::core::orders::text;
use crate::gateway::core::words;
use crate::gateway::wire::model;
use crate::link::BarKey;
use crate::market::aggregate::Sessions;
use crate::market::calendar::Calendar;
use crate::market::series::BarSeries;

/// Bars that are told in one answer at most.
pub const MOST_BARS: usize = 50_000;
/// Bars that are gone back through at most, from the newest: a server is no archive.
pub const MOST_BACK: usize = 200_000;

/// What a request asks to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// What has traded.
    Bars,
    /// When there is trading.
    Schedule,
}

impl Shown {
    /// Bars are made of prints. Adjusted ones are the same: no dividends or splits are known here. Of
    /// currency pairs every program asks for bid, ask or middle; no past quotes are kept, so it is
    /// given the prints, which lie within the spread. Of others that would be another number than was
    /// asked for, and is refused.
    pub fn read(what: Option<&String>, instrument: &Instrument) -> Result<Self, Refusal> {
        let what = text(what).to_ascii_uppercase();
        match what.as_str() {
            "" | "TRADES" | "AGGTRADES" | "ADJUSTED_LAST" => Ok(Self::Bars),
            "MIDPOINT" | "BID" | "ASK" if instrument.class == AssetClass::Fx => Ok(Self::Bars),
            "SCHEDULE" => Ok(Self::Schedule),
            _ => {
                let text = format!("There is no data of type {what} here: ask for TRADES");
                Err(Refusal::new(errors::HISTORY, text))
            }
        }
    }
}

/// How dates are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dates {
    /// `20261120 09:30:00 America/New_York`.
    Text,
    /// Seconds since 1970.
    Seconds,
}

impl Dates {
    pub fn read(format: Option<i32>) -> Self {
        if format == Some(2) { Self::Seconds } else { Self::Text }
    }
}

/// Which sessions `useRTH` means.
pub fn sessions(use_rth: Option<bool>) -> Sessions {
    if use_rth == Some(true) { Sessions::RegularOnly } else { Sessions::All }
}

/// The hours of an instrument, ready for arithmetic.
pub fn calendar(instrument: &Instrument) -> Result<Arc<Calendar>, Refusal> {
    let calendar = Calendar::new(&instrument.hours);
    calendar
        .map(Arc::new)
        .map_err(|bad| Refusal::new(errors::HISTORY, format!("There are no bars, because {bad}")))
}

/// A request for bars.
#[derive(Debug)]
pub struct Wish {
    /// The bars that those asked for are made of.
    pub key: BarKey,
    size: Size,
    back: Back,
    /// The newest where it is not said.
    end: Option<Time>,
    sessions: Sessions,
    dates: Dates,
    calendar: Arc<Calendar>,
    zone: String,
}

/// How far the answer to a [`Wish`] has come.
#[derive(Debug, PartialEq)]
pub enum Found {
    /// More is on its way.
    Nothing,
    /// So many bars of [`Wish::key`] are needed, from the newest.
    TooFew(usize),
    /// The answer.
    Bars {
        /// The bars, oldest first.
        bars: Vec<Bar>,
        /// From when on.
        start: Time,
        /// Until when.
        end: Time,
    },
}

impl Wish {
    /// Understands a request for bars.
    ///
    /// # Errors
    /// What cannot be read, and what is too much.
    pub fn read(
        request: &model::HistoricalDataRequest,
        instrument: &Instrument,
        now: Time,
    ) -> Result<Self, Refusal> {
        let sessions = sessions(request.use_rth);
        let size = text(request.bar_size_setting.as_ref());
        let size = Size::read(size)
            .ok_or_else(|| Refusal::request(format!("Invalid bar size '{size}': for example '5 mins'")))?;
        let made_of = size.made_of(&instrument.hours, sessions);
        let wish = Self {
            key: BarKey { instrument: instrument.id, timeframe: made_of },
            size,
            back: back(request)?,
            end: end(request, instrument)?,
            sessions,
            dates: Dates::read(request.format_date),
            calendar: calendar(instrument)?,
            zone: instrument.hours.zone.clone(),
        };
        if request.keep_up_to_date == Some(true) && wish.end.is_some() {
            return Err(Refusal::request("Bars that are kept up to date have no end: leave it empty"));
        }
        let end = wish.end.map_or(now, |end| end.min(now));
        let asked = wish.past().most_bars(wish.past().start(wish.back, end), end, size, MOST_BARS);
        if asked > MOST_BARS {
            return Err(too_many(MOST_BARS, "are told at once: ask for longer bars, or for less time"));
        }
        if wish.most(now) > MOST_BACK {
            return Err(too_far_back());
        }
        Ok(wish)
    }

    /// Bars of [`Self::key`] that are needed at most, from the newest, as far as that is known before
    /// any has come.
    pub fn most(&self, now: Time) -> usize {
        let end = self.end.map_or(now, |end| end.min(now));
        // All trading: the bars that this is made of are those of all of it.
        let start = self.past().start(self.back, end);
        self.all_between(start, now).max(1)
    }

    /// Whether the bars have come that are asked for, of `wanted` from the newest.
    pub fn look(&self, view: Option<&SeriesView>, wanted: usize, now: Time) -> Found {
        let Some(SeriesView { series, is_complete, .. }) = view.filter(|view| view.is_loaded) else {
            return Found::Nothing;
        };
        let end = self.end.map_or(now, |end| end.min(now));
        let older = self.end.map_or(series.len(), |end| series.index_at(end));
        let newest = older.checked_sub(1).and_then(|index| series.get(index));
        // As near to the end as there are bars: a recording has none of today.
        let last =
            newest.map_or(end, |bar| end.min(Time(bar.time.0.saturating_add(self.key.timeframe.nanos()))));
        let start = self.past().start(self.back, last);
        let oldest = series.first().map(|bar| bar.time);
        if !is_complete && oldest.is_none_or(|oldest| oldest > start) {
            let missing = self.all_between(start, oldest.unwrap_or(last));
            if missing > 0 {
                let is_asked = series.len() < wanted;
                return if is_asked { Found::Nothing } else { Found::TooFew(series.len() + missing) };
            }
        }
        Found::Bars { bars: self.bars(series, start, older), start, end }
    }

    /// The bars since one that was told, that one first.
    pub fn since(&self, series: &BarSeries, told: Time) -> Vec<Bar> {
        self.periods().join(series.bars(series.index_at(told)..series.len()))
    }

    /// A bar as it is told. How many prints it has is not counted, and neither is their average price:
    /// that is the middle of high, low and close.
    pub fn told(&self, bar: &Bar) -> model::HistoricalDataBar {
        model::HistoricalDataBar {
            date: Some(self.date(bar.time)),
            open: Some(bar.open),
            high: Some(bar.high),
            low: Some(bar.low),
            close: Some(bar.close),
            volume: Some(words::volume(bar.volume)),
            wap: Some(average(bar)),
            bar_count: Some(NOT_COUNTED),
        }
    }

    /// The end of an answer.
    pub fn end(&self, req_id: i32, start: Time, end: Time) -> model::HistoricalDataEnd {
        model::HistoricalDataEnd {
            req_id: Some(req_id),
            start_date_str: Some(words::zoned(start, &self.zone)),
            end_date_str: Some(words::zoned(end, &self.zone)),
        }
    }

    fn date(&self, time: Time) -> String {
        match (self.size, self.dates) {
            (Size::Calendar(_), _) => self.calendar.trading_day(time).strftime("%Y%m%d").to_string(),
            (Size::Clock(_), Dates::Seconds) => time.0.div_euclid(SECOND).to_string(),
            (Size::Clock(_), Dates::Text) => words::zoned(time, &self.zone),
        }
    }

    /// The bars from `start` to the index `older`: the newest at least, even if it begins before.
    fn bars(&self, series: &BarSeries, start: Time, older: usize) -> Vec<Bar> {
        let mut periods = self.periods();
        let mut backwards = (0..older).rev().filter_map(|index| series.get(index));
        let Some(newest) = backwards.find_map(|bar| periods.start(bar.time)) else { return Vec::new() };
        let first = series.index_at(periods.next(start).min(newest));
        periods.join(series.bars(first..older))
    }

    fn periods(&self) -> Periods {
        Periods::new(&self.calendar, self.size, self.key.timeframe, self.sessions)
    }

    fn past(&self) -> Past<'_> {
        Past::new(&self.calendar, self.sessions)
    }

    /// Bars of [`Self::key`] between two instants at most, those outside of regular trading too.
    fn all_between(&self, start: Time, end: Time) -> usize {
        let made_of = if self.key.timeframe.is_calendar() {
            Size::Calendar(self.key.timeframe)
        } else {
            Size::Clock(self.key.timeframe.nanos())
        };
        Past::new(&self.calendar, Sessions::All).most_bars(start, end, made_of, MOST_BACK)
    }
}

/// What TWS writes where prints are not counted.
pub const NOT_COUNTED: i32 = -1;

/// What is told as the average price of a bar.
pub fn average(bar: &Bar) -> String {
    words::volume((bar.high + bar.low + bar.close) / 3.0)
}

/// How far back a request wants bars.
pub fn back(request: &model::HistoricalDataRequest) -> Result<Back, Refusal> {
    let back = text(request.duration.as_ref());
    Back::read(back).ok_or_else(|| Refusal::request(format!("Invalid duration '{back}': for example '2 D'")))
}

/// Until when a request wants bars, where it says so.
pub fn end(request: &model::HistoricalDataRequest, instrument: &Instrument) -> Result<Option<Time>, Refusal> {
    let end = text(request.end_date_time.as_ref());
    if end.is_empty() {
        return Ok(None);
    }
    let wrong =
        || Refusal::request(format!("Invalid end '{end}': for example '20261120 16:00:00 US/Eastern'"));
    words::instant(end, &instrument.hours.zone).map(Some).ok_or_else(wrong)
}

/// The refusal of what would be more bars than that.
pub fn too_many(most: usize, what: &str) -> Refusal {
    Refusal::new(errors::HISTORY, format!("Too much data: at most {most} bars {what}"))
}

/// The refusal of bars that begin too far back.
pub fn too_far_back() -> Refusal {
    too_many(MOST_BACK, "of a size are gone back through from now: ask for longer bars")
}

#[cfg(test)]
mod tests;
