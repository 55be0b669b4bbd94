//! Past bars: what is asked of TWS for them, and how its answers become series.
//!
//! A request of the engine may need several of TWS, which gives so many bars of a size at once: they are
//! asked for one after the other, newest first, until there are enough or there is nothing older. The same
//! request twice is one. All of them go through [`Pacing`].
//!
//! Where the answer stands in the stream of trades TWS does not say: a trade at the very instant of the answer
//! may be in its last bar and be told again.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use ibapi::Error;
use ibapi::market_data::TradingHours;
use ibapi::market_data::historical::{
    Bar as TheirBar, BarSize, BarTimestamp, Duration as Span, HistoricalData, WhatToShow,
};

use super::advice::told;
use super::codes::{ChartWord, of_chart, words};
use super::kept::{Source, source};
use super::listed::Listing;
use super::pacing::{Key, Pacing};
use super::times;
use crate::broker::contract::{BrokerEvent, HistoryBars, HistoryRequest};
use crate::domain::{AssetClass, Bar, Instrument, InstrumentId, SessionKind, Time, Timeframe};
use crate::link::{BarKey, NoticeLevel};
use crate::market::calendar::Calendar;
use crate::market::series::Bars;

/// How often a part is asked for that fails for no known reason.
const TRIES: u32 = 3;
/// How soon what has failed is tried again.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// How often a part is asked for while IBKR's farm of past bars is down.
const TRY_THE_FARM: Duration = Duration::from_secs(10);
/// How far back is looked for older bars where there are none.
const EMPTY_PARTS: u32 = 6;
/// A shorter pause is no more than a moment on the screen.
const WORTH_A_WORD: Duration = Duration::from_millis(500);
const DAY: Duration = Duration::from_hours(24);

/// What TWS is asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Ask {
    /// Which job it is for.
    pub job: u64,
    /// What makes it the same as another.
    pub key: Key,
    /// How far back from its end.
    pub span: Span,
    /// Of which prices.
    pub what: WhatToShow,
    /// Whether bars of extended hours are wanted too.
    pub hours: TradingHours,
}

/// How a job goes on.
#[derive(Debug)]
enum Goes {
    /// More is to be asked for.
    On,
    /// All is there.
    Ends,
    /// It fails, and why, in words for a trader.
    Fails(String),
}

#[derive(Debug)]
struct Job {
    id: u64,
    request: HistoryRequest,
    calendar: Calendar,
    /// Newest last.
    bars: Vec<Bar>,
    ending: Option<Time>,
    is_open: bool,
    empty: u32,
    tries: u32,
    not_before: Time,
    /// Until when it has to wait, as the engine knows.
    told: Option<Time>,
}

/// All requests for bars of a session.
#[derive(Debug, Default)]
pub(super) struct History {
    jobs: VecDeque<Job>,
    pacing: Pacing,
    made: u64,
    /// Whether the trader knows that bars have to wait.
    is_told: bool,
    /// Whether IBKR says that a farm of past bars is down.
    is_down: bool,
    /// Series that TWS is to keep up to date: those it was not asked for yet, and those it has not answered.
    to_keep: VecDeque<(BarKey, Key)>,
    kept_open: BTreeSet<BarKey>,
    /// When the data of an instrument begin, as far as TWS was asked and has told.
    firsts: BTreeMap<InstrumentId, Option<Time>>,
}

impl History {
    /// The engine asks for bars.
    pub fn ask(&mut self, request: HistoryRequest, listing: &Listing) -> Option<BrokerEvent> {
        let is_same = |job: &&mut Job| {
            let known = job.request;
            (known.instrument, known.timeframe, known.before)
                == (request.instrument, request.timeframe, request.before)
        };
        if let Some(job) = self.jobs.iter_mut().find(is_same) {
            job.request.count = job.request.count.max(request.count);
            return None;
        }
        let instrument = listing.instrument(request.instrument);
        let Some(calendar) = instrument.and_then(|i| Calendar::new(&i.hours).ok()) else {
            return Some(nothing(request));
        };
        let ending = Some(request.before).filter(|before| *before != Time::MAX);
        if self.begins(request.instrument).is_some_and(|first| request.before <= first) {
            return Some(nothing(request));
        }
        self.made += 1;
        self.jobs.push_back(Job {
            id: self.made,
            request,
            calendar,
            bars: Vec::new(),
            ending,
            is_open: false,
            empty: 0,
            tries: 0,
            not_before: Time::MIN,
            told: None,
        });
        None
    }

    /// When the data of an instrument begin, where that is known.
    fn begins(&self, id: InstrumentId) -> Option<Time> {
        self.firsts.get(&id).copied().flatten()
    }

    /// An instrument whose history is read backwards, and of which nobody has asked yet when it begins: as soon as
    /// TWS may be asked.
    pub fn first_to_ask(&mut self, listing: &Listing, now: Time) -> Option<(InstrumentId, WhatToShow)> {
        let goes_back = |job: &&Job| job.ending.is_some();
        let mut ids = self.jobs.iter().filter(goes_back).map(|job| job.request.instrument);
        let id = ids.find(|id| !self.firsts.contains_key(id))?;
        let what = shown(listing.instrument(id)?);
        // TWS counts it among the requests that are open, as those for long bars.
        let key = Key { instrument: id, size: BarSize::Month, ending: Some(Time::MIN) };
        self.pacing.earliest(&key, now).filter(|at| *at <= now)?;
        self.pacing.sent(key, now);
        self.firsts.insert(id, None);
        Some((id, what))
    }

    /// TWS says when the data of an instrument begin, or not: nothing older is looked for.
    pub fn first(&mut self, id: InstrumentId, outcome: Result<Option<Time>, Error>, now: Time) {
        self.pacing.answered();
        match outcome {
            Ok(first) => {
                self.firsts.insert(id, first);
            }
            Err(Error::Notice(notice)) if of_chart(notice.code, &notice.message) == ChartWord::Pacing => {
                self.pacing.violated(now);
                self.firsts.remove(&id);
            }
            Err(error) => tracing::debug!("nobody says when the data of {id} begin: {error}"),
        }
    }

    /// What may be asked of TWS now, and a word where something has to wait.
    pub fn next(&mut self, listing: &Listing, now: Time) -> (Vec<Ask>, Vec<BrokerEvent>) {
        let (mut asks, mut events, mut waits) = (Vec::new(), Vec::new(), None::<(Time, String)>);
        for job in self.jobs.iter_mut().filter(|job| !job.is_open) {
            let Some(instrument) = listing.instrument(job.request.instrument) else { continue };
            let ask = job.ask(instrument);
            let Some(at) = self.pacing.earliest(&ask.key, now) else { break };
            if at > now {
                if at.since(now) >= WORTH_A_WORD && job.told != Some(at) {
                    job.told = Some(at);
                    events.push(BrokerEvent::BarsWait { request: job.request, until: at });
                }
                let name = format!("{} {}", instrument.symbol, job.request.timeframe);
                if waits.as_ref().is_none_or(|(first, _)| at < *first) {
                    waits = Some((at, name));
                }
                continue;
            }
            if job.not_before > now {
                continue;
            }
            job.is_open = true;
            self.pacing.sent(ask.key, now);
            asks.push(ask);
        }
        let Some((at, name)) = waits else {
            self.is_told &= !self.jobs.is_empty();
            return (asks, events);
        };
        let seconds = at.since(now).as_secs() + 1;
        let text = format!("Waiting for IBKR pacing: bars of {name} in {seconds} s");
        if !std::mem::replace(&mut self.is_told, true) {
            events.push(BrokerEvent::Note(NoticeLevel::Info, text.into()));
        }
        (asks, events)
    }

    /// TWS has answered, or not.
    pub fn came(
        &mut self,
        job: u64,
        outcome: Result<HistoricalData, Error>,
        listing: &Listing,
        now: Time,
    ) -> Vec<BrokerEvent> {
        self.pacing.answered();
        let Some(place) = self.jobs.iter().position(|known| known.id == job) else { return Vec::new() };
        let first = self.begins(self.jobs[place].request.instrument);
        let job = &mut self.jobs[place];
        job.is_open = false;
        let goes = match outcome {
            Ok(data) => {
                self.pacing.works();
                job.tries = 0;
                job.take(&data.bars, now)
            }
            Err(error) => {
                let (code, text) = match &error {
                    Error::Notice(notice) => (notice.code, notice.message.clone()),
                    other => (0, other.to_string()),
                };
                match of_chart(code, &text) {
                    ChartWord::Pacing => {
                        self.pacing.violated(now);
                        Goes::On
                    }
                    ChartWord::NoData => {
                        job.tries = 0;
                        job.finds_nothing()
                    }
                    ChartWord::NoPermission => {
                        Goes::Fails(format!("no subscription to past bars: {}", said(code, &text)))
                    }
                    ChartWord::NoInstrument => {
                        Goes::Fails(format!("bars did not come: {}", said(code, &text)))
                    }
                    ChartWord::Again | ChartWord::Nothing | ChartWord::Failed if self.is_down => {
                        job.not_before = now + TRY_THE_FARM;
                        Goes::On
                    }
                    ChartWord::Again | ChartWord::Nothing | ChartWord::Failed => {
                        job.tries += 1;
                        job.not_before = now + TRY_AGAIN;
                        if job.tries < TRIES {
                            Goes::On
                        } else {
                            Goes::Fails(format!("bars did not come: {}", said(code, &text)))
                        }
                    }
                }
            }
        };
        let is_all = first.is_some_and(|first| self.jobs[place].ending.is_some_and(|ending| ending <= first));
        let failure = match goes {
            Goes::On if is_all => None,
            Goes::On => return Vec::new(),
            Goes::Ends => None,
            Goes::Fails(why) => Some(why),
        };
        let Some(job) = self.jobs.remove(place) else { return Vec::new() };
        let symbol = listing.symbol(job.request.instrument);
        let note = failure.map(|why| {
            let text = format!("{symbol} {}: {why}", job.request.timeframe);
            BrokerEvent::Note(NoticeLevel::Warning, text.into())
        });
        let is_cut = note.is_some();
        note.into_iter().chain([job.answer(is_cut, now)]).collect()
    }

    /// TWS is to keep a series up to date, as soon as it may be asked.
    pub fn keep(&mut self, series: BarKey, instrument: &Instrument) {
        let size = match source(instrument, series.timeframe) {
            Some((Source::FiveSeconds(_), _)) => BarSize::Sec5,
            Some((Source::Kept(size, ..), _)) => size,
            None => return,
        };
        self.keep_no_more(series);
        self.to_keep.push_back((series, Key { instrument: series.instrument, size, ending: None }));
    }

    /// It need not be kept any more.
    pub fn keep_no_more(&mut self, series: BarKey) {
        self.to_keep.retain(|(known, _)| *known != series);
        self.keeps(series);
    }

    /// TWS has answered for a series that it is to keep, with bars or with a refusal.
    pub fn keeps(&mut self, series: BarKey) {
        if self.kept_open.remove(&series) {
            self.pacing.answered();
        }
    }

    /// Series that TWS may be asked to keep now.
    pub fn next_kept(&mut self, now: Time) -> Vec<BarKey> {
        let mut asked = Vec::new();
        for (series, key) in std::mem::take(&mut self.to_keep) {
            if self.pacing.earliest(&key, now).is_some_and(|at| at <= now) {
                self.pacing.sent(key, now);
                self.kept_open.insert(series);
                asked.push(series);
            } else {
                self.to_keep.push_back((series, key));
            }
        }
        asked
    }

    /// TWS has refused one of them for being one too many.
    pub fn violated(&mut self, now: Time) {
        self.pacing.violated(now);
    }

    /// How IBKR's farm of past bars stands. Says whether it has come back, so that what has failed can be had.
    pub fn farm(&mut self, is_down: bool) -> bool {
        let was_down = std::mem::replace(&mut self.is_down, is_down);
        let is_back = was_down && !is_down;
        if is_back {
            self.jobs.iter_mut().for_each(|job| job.not_before = Time::MIN);
        }
        is_back
    }

    /// What was asked is void: the engine asks anew.
    pub fn forget(&mut self) {
        self.jobs.clear();
        self.kept_open.clear();
        self.pacing.forget();
    }
}

/// Why a request has failed, in words; without a code where TWS has not said it.
fn said(code: i32, text: &str) -> String {
    if code == 0 { words(text) } else { told(code, text) }
}

impl Job {
    fn ask(&self, instrument: &Instrument) -> Ask {
        let HistoryRequest { instrument: id, timeframe, count, .. } = self.request;
        let missing = count.saturating_sub(self.bars.len()).max(1);
        let (size, span) = shape(timeframe, missing, instrument);
        let key = Key { instrument: id, size, ending: self.ending };
        Ask { job: self.id, key, span, what: shown(instrument), hours: hours(instrument, timeframe) }
    }

    /// Takes bars over.
    fn take(&mut self, theirs: &[TheirBar], now: Time) -> Goes {
        let before = self.ending.unwrap_or(Time::MAX);
        let mut bars = bars(theirs, &self.calendar, self.request.timeframe);
        bars.retain(|bar| bar.time < before);
        let Some(first) = bars.first().map(|bar| bar.time) else { return self.finds_nothing() };
        self.empty = 0;
        self.ending = Some(first);
        bars.append(&mut self.bars);
        self.bars = bars;
        let forming = usize::from(self.is_forming(now));
        if self.bars.len() >= self.request.count.saturating_add(forming) { Goes::Ends } else { Goes::On }
    }

    /// There is nothing where it was looked for: farther back there may be, beyond a weekend or a holiday.
    fn finds_nothing(&mut self) -> Goes {
        self.empty += 1;
        let is_all = self.request.timeframe.is_calendar() || self.empty >= EMPTY_PARTS;
        match self.ending {
            Some(ending) if !is_all => {
                self.ending = Some(ending - DAY * self.empty);
                Goes::On
            }
            _ => Goes::Ends,
        }
    }

    fn is_forming(&self, now: Time) -> bool {
        let last = self.bars.last().filter(|_| self.request.before == Time::MAX);
        last.is_some_and(|bar| self.calendar.period_end(bar.time, self.request.timeframe) > now)
    }

    fn answer(mut self, is_cut: bool, now: Time) -> BrokerEvent {
        let forming = if self.is_forming(now) { self.bars.pop() } else { None };
        let too_many = self.bars.len().saturating_sub(self.request.count);
        self.bars.drain(..too_many);
        let bars = Bars::pack(self.bars);
        BrokerEvent::History(HistoryBars { request: self.request, bars, forming, is_cut })
    }
}

/// In which hours the trades of a bar are made: days and longer are of regular trading.
pub(super) fn hours(instrument: &Instrument, timeframe: Timeframe) -> TradingHours {
    let has_extended = instrument.hours.sessions.iter().any(|s| s.kind == SessionKind::Extended);
    if has_extended && !timeframe.is_calendar() { TradingHours::Extended } else { TradingHours::Regular }
}

/// What the bars of an instrument are made of.
pub(super) fn shown(instrument: &Instrument) -> WhatToShow {
    match instrument.class {
        AssetClass::Fx => WhatToShow::MidPoint,
        AssetClass::Crypto => WhatToShow::AggTrades,
        AssetClass::Share | AssetClass::Future | AssetClass::Option => WhatToShow::Trades,
    }
}

/// There is nothing of it, for good.
fn nothing(request: HistoryRequest) -> BrokerEvent {
    BrokerEvent::History(HistoryBars { request, bars: Bars::default(), forming: None, is_cut: false })
}

/// The size of the bars, and how far back to ask for so many of them: at most what TWS gives of that size
/// at once.
pub(super) fn shape(timeframe: Timeframe, count: usize, instrument: &Instrument) -> (BarSize, Span) {
    let (size, most_seconds, most_days) = match timeframe {
        Timeframe::S1 => (BarSize::Sec, 1_800, 0),
        Timeframe::S5 => (BarSize::Sec5, 7_200, 0),
        Timeframe::S15 => (BarSize::Sec15, 14_400, 0),
        Timeframe::S30 => (BarSize::Sec30, 28_800, 0),
        Timeframe::M1 => (BarSize::Min, 86_400, 5),
        Timeframe::M3 => (BarSize::Min3, 86_400, 7),
        Timeframe::M5 => (BarSize::Min5, 86_400, 7),
        Timeframe::M15 => (BarSize::Min15, 86_400, 14),
        Timeframe::M30 => (BarSize::Min30, 86_400, 30),
        Timeframe::H1 => (BarSize::Hour, 86_400, 30),
        Timeframe::H4 => (BarSize::Hour4, 86_400, 60),
        Timeframe::D1 => return (BarSize::Day, years(count, 250)),
        Timeframe::W1 => return (BarSize::Week, years(count, 52)),
        Timeframe::Mo1 => return (BarSize::Month, years(count, 12)),
    };
    let wanted = i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(timeframe.nanos() / 1_000_000_000);
    if wanted <= most_seconds || most_days == 0 {
        // TWS takes no fewer than 30 seconds.
        let seconds = wanted.clamp(30, most_seconds);
        return (size, Span::seconds(i32::try_from(seconds).unwrap_or(i32::MAX)));
    }
    let minutes: i64 = instrument.hours.sessions.iter().map(|s| i64::from(s.close - s.open)).sum();
    let of_a_day = if minutes > 0 { minutes * 60 } else { 86_400 };
    let days = (wanted / of_a_day).saturating_add(1).clamp(1, most_days);
    (size, Span::days(i32::try_from(days).unwrap_or(i32::MAX)))
}

fn years(count: usize, of_a_year: usize) -> Span {
    let years = count.div_ceil(of_a_year).clamp(1, 5);
    Span::years(i32::try_from(years).unwrap_or(5))
}

/// Bars of TWS in our periods, oldest first. What begins within one period is one bar: hours of TWS count
/// from the open.
fn bars(theirs: &[TheirBar], calendar: &Calendar, timeframe: Timeframe) -> Vec<Bar> {
    let mut theirs: Vec<&TheirBar> = theirs.iter().collect();
    theirs.sort_by_key(|bar| bar.date);
    let mut bars: Vec<Bar> = Vec::with_capacity(theirs.len());
    for bar in theirs.into_iter().filter_map(|bar| one(bar, calendar, timeframe)) {
        match bars.last_mut() {
            Some(last) if last.time == bar.time => last.add_bar(&bar),
            _ => bars.push(bar),
        }
    }
    bars
}

/// A bar of TWS in our period; `None` where it cannot be one.
pub(super) fn one(theirs: &TheirBar, calendar: &Calendar, timeframe: Timeframe) -> Option<Bar> {
    let time = match theirs.date {
        BarTimestamp::Date(date) => {
            if !(1900..2200).contains(&date.year()) {
                return None;
            }
            let date = jiff::civil::Date::new(
                i16::try_from(date.year()).ok()?,
                i8::try_from(u8::from(date.month())).ok()?,
                i8::try_from(date.day()).ok()?,
            );
            calendar.day_start(date.ok()?)
        }
        BarTimestamp::DateTime(at) => times::of_seconds(at.unix_timestamp())?,
    };
    let TheirBar { open, high, low, close, volume, .. } = *theirs;
    // There is none of middle prices.
    let volume = volume.max(0.0);
    let bar = Bar { time: calendar.period_start(time, timeframe), open, high, low, close, volume };
    (bar.is_sound() && low > 0.0).then_some(bar)
}

#[cfg(test)]
mod tests;
