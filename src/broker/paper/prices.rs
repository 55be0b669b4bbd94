//! Where the paper exchange's market comes from, and its bars: the past of the source
//! and what has traded here since, joined without a seam.
//!
//! The seam is where this run began, until the program slept (the market has gone on without
//! it, so that the source knows best) or so much has traded that the oldest bars are dropped:
//! then it moves up, and what is before it is the source's again.

mod live;
mod recording;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::broker::contract::HistoryRequest;
use crate::domain::{Bar, InstrumentId, Price, Time, Timeframe, Trade};
use crate::exchange::replay::{Replay, ReplayClock};
use crate::exchange::synth::Market;
use crate::exchange::{DayStats, Event, Exchange};
use crate::market::aggregate::{Sessions, aggregate_bars};
use crate::market::calendar::Calendar;
use crate::market::series::{Bars, Packer};
use live::{Kept, Live};

/// Bars of this run that are kept of each instrument: seconds of two busy hours, minutes of
/// ten days.
const KEPT: Kept = Kept { seconds: 7_200, minutes: 14_400 };

/// A pause of the program (a laptop asleep) after which the market goes on from its path
/// instead of trading everything that was missed, and a replay from where it was.
const LONG_PAUSE: Duration = Duration::from_mins(2);

/// What moves the market.
pub enum Source {
    /// Agents around a seeded price path.
    Synthetic(Box<Market>),
    /// Recorded data.
    Replay {
        /// The data.
        replay: Box<Replay>,
        /// Recorded time by the program's time.
        clock: ReplayClock,
        /// What other instruments are worth, which are listed to value the currency and do not move.
        rates: Vec<(InstrumentId, Price)>,
    },
}

/// The source, its clock and the bars of this run.
pub(super) struct Prices {
    source: Source,
    calendars: Vec<Arc<Calendar>>,
    live: Vec<Live>,
    /// The market's time when this run began.
    opened_at: Time,
    advanced_to: Time,
    /// The program's time at the last advance.
    seen_at: Time,
    /// Orders of the market's agents that the exchange refused, which should be none.
    refusals: u64,
}

/// What became of the bars while time passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passage {
    /// Trades were added.
    Traded,
    /// The market went on from its path: bars that were told before are others now.
    Skipped,
}

impl Prices {
    /// Starts the market at `now` and has the exchange told of the day so far.
    pub fn open(source: Source, exchange: &mut Exchange, now: Time, out: &mut Vec<Event>) -> Self {
        Self::open_keeping(KEPT, source, exchange, now, out)
    }

    fn open_keeping(
        kept: Kept,
        source: Source,
        exchange: &mut Exchange,
        now: Time,
        out: &mut Vec<Event>,
    ) -> Self {
        let calendar = |hours| {
            Arc::new(Calendar::new(hours).expect("the exchange has refused hours that make no calendar"))
        };
        let calendars: Vec<_> = exchange.instruments().map(|i| calendar(&i.hours)).collect();
        let mut prices = Self {
            source,
            calendars,
            live: Vec::new(),
            opened_at: now,
            advanced_to: now,
            seen_at: now,
            refusals: 0,
        };
        prices.opened_at = prices.market_time(now);
        prices.advanced_to = prices.opened_at;
        prices.live = prices.calendars.iter().map(|_| Live::new(prices.opened_at, kept)).collect();
        if let Source::Replay { rates, .. } = &prices.source {
            for &(pair, price) in rates {
                exchange.set_day_stats(pair, DayStats { last: Some(price), ..DayStats::default() });
            }
        }
        prices.advance(exchange, now, out);
        prices
    }

    /// What a trader should know of this market.
    pub fn describe(&self) -> String {
        match &self.source {
            Source::Synthetic(_) => "Practice market, generated on this computer".to_owned(),
            Source::Replay { clock, .. } => {
                format!("Replay from {} at {} times the recorded pace", self.opened_at, clock.speed())
            }
        }
    }

    /// The market's time at the program's time `now`.
    pub fn market_time(&self, now: Time) -> Time {
        match &self.source {
            Source::Synthetic(_) => now,
            Source::Replay { clock, .. } => clock.at(now),
        }
    }

    /// Lets the market run until `now`.
    pub fn advance(&mut self, exchange: &mut Exchange, now: Time, out: &mut Vec<Event>) -> Passage {
        let has_slept = now.since(self.seen_at) > LONG_PAUSE;
        self.seen_at = now;
        if has_slept && let Source::Replay { clock, .. } = &mut self.source {
            clock.jump(now, self.advanced_to);
        }
        let to = self.market_time(now);
        self.advanced_to = to;
        let mut passage = Passage::Traded;
        match &mut self.source {
            Source::Synthetic(market) if has_slept => {
                market.skip_to(exchange, to, out);
                self.live.iter_mut().for_each(|live| live.restart(to));
                passage = Passage::Skipped;
            }
            Source::Synthetic(market) => market.advance(exchange, to, out),
            Source::Replay { replay, clock, .. } => {
                replay.advance(exchange, to, out);
                // Nothing was recorded for a long while: go to where it goes on.
                if let Some(next) = replay.skip_gap(to) {
                    clock.jump(now, next);
                }
            }
        }
        self.note_refusals(exchange);
        passage
    }

    /// A market whose agents are refused stands still, which nobody else would say.
    fn note_refusals(&mut self, exchange: &Exchange) {
        let (refusals, latest) = exchange.agent_refusals();
        if self.refusals == 0
            && let Some(latest) = latest
        {
            tracing::error!("the exchange refuses orders of the market's agents: {latest:?}");
        }
        self.refusals = refusals;
    }

    /// When the market moves next, by the program's time; `None` when nothing is due.
    pub fn next_time(&self, exchange: &Exchange, now: Time) -> Option<Time> {
        match &self.source {
            Source::Synthetic(market) => market.next_time().into_iter().chain(exchange.next_time()).min(),
            // A recording is played as it comes; only its end is worth a rest.
            Source::Replay { replay, .. } => (!replay.is_finished()).then_some(now),
        }
    }

    /// Notes a print, whoever made it.
    pub fn record(&mut self, id: InstrumentId, trade: &Trade) {
        if let Some(live) = self.live.get_mut(id.index()) {
            live.add(trade);
        }
    }

    /// Closed bars, oldest first, and the forming one where the request reaches up to now.
    pub fn history(&self, request: &HistoryRequest, now: Time) -> (Bars, Option<Bar>) {
        let HistoryRequest { instrument, timeframe, before, count } = *request;
        let Some(calendar) = self.calendars.get(instrument.index()) else { return (Bars::default(), None) };
        // The period that the seam is in has a part before it and a part since.
        let joint = self.joint(instrument, timeframe);
        let seam = calendar.period_start(joint, timeframe);
        let mut recent = Vec::new();
        if before > seam {
            let live = self.live[instrument.index()].bars(timeframe, joint);
            // Days and longer are those of regular trading, in the source's past too.
            let sessions = if timeframe.is_calendar() { Sessions::RegularOnly } else { Sessions::All };
            recent.extend(self.so_far(instrument, timeframe, joint));
            for bar in aggregate_bars(live, calendar, timeframe, sessions) {
                match recent.last_mut() {
                    Some(last) if last.time == bar.time => last.add_bar(&bar),
                    _ => recent.push(bar),
                }
            }
        }
        let current = calendar.period_start(self.market_time(now), timeframe);
        let is_forming = |bar: &Bar| bar.time >= current;
        let forming = recent.last().copied().filter(is_forming).filter(|bar| bar.time < before);
        recent.retain(|bar| bar.time < before && !is_forming(bar));
        let missing = count.saturating_sub(recent.len());
        if missing == 0 {
            recent.drain(..recent.len() - count);
            return (recent.into(), forming);
        }
        let past = self.past(instrument, timeframe, before.min(seam), missing);
        if recent.is_empty() {
            return (past, forming);
        }
        let mut joined = Packer::with_capacity(past.len() + recent.len());
        past.iter().chain(recent).for_each(|bar| joined.push(bar));
        (joined.finish(), forming)
    }

    /// Bars of the source that had closed by `before`, which begins a period.
    fn past(&self, id: InstrumentId, timeframe: Timeframe, before: Time, count: usize) -> Bars {
        match &self.source {
            Source::Synthetic(market) => market.history().bars(id, timeframe, before, count).into(),
            Source::Replay { replay, .. } if replay.instrument() == id => {
                recording::newest(replay, &self.calendars[id.index()], timeframe, before, count)
            }
            Source::Replay { .. } => Bars::default(),
        }
    }

    /// Where the bars of this run begin: before, they are the source's.
    fn joint(&self, id: InstrumentId, timeframe: Timeframe) -> Time {
        let from = self.live[id.index()].from(timeframe);
        let recorded = match &self.source {
            Source::Replay { replay, .. } => replay.timeframe(),
            Source::Synthetic(_) => None,
        };
        match recorded.filter(|recorded| from > self.opened_at && *recorded <= timeframe) {
            // A recorded bar is the source's as a whole or not at all.
            Some(recorded) => self.calendars[id.index()].period_end(Time(from.0 - 1), recorded),
            None => from,
        }
    }

    /// What the source knows of the period that `at` is in, up to then.
    fn so_far(&self, id: InstrumentId, timeframe: Timeframe, at: Time) -> Option<Bar> {
        match &self.source {
            Source::Synthetic(market) => market.history().so_far(id, timeframe, at),
            Source::Replay { replay, .. } if replay.instrument() == id => {
                let calendar = &self.calendars[id.index()];
                let seam = calendar.period_start(at, timeframe);
                recording::within(replay, calendar, timeframe, seam..at).last()
            }
            Source::Replay { .. } => None,
        }
    }
}
