//! Where the paper exchange's market comes from, and its bars: the past of the source
//! and what has traded here since, joined without a seam.

mod recording;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::broker::contract::HistoryRequest;
use crate::domain::time::{MINUTE, SECOND};
use crate::domain::{Bar, InstrumentId, Time, Timeframe, Trade};
use crate::exchange::replay::{Replay, ReplayClock};
use crate::exchange::synth::Market;
use crate::exchange::{Event, Exchange};
use crate::market::aggregate::{Sessions, aggregate_bars};
use crate::market::calendar::Calendar;
use crate::market::series::{Bars, Packer};

/// Second bars of this run that are kept, per instrument: two hours of a busy one.
const SECONDS_KEPT: usize = 7_200;
/// Minute bars of this run that are kept, per instrument: ten days.
const MINUTES_KEPT: usize = 14_400;

/// A pause of the program (a laptop asleep) after which the market goes on from its path
/// instead of trading everything that was missed.
const LONG_SLEEP: Duration = Duration::from_mins(2);

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
    },
}

/// The source, its clock and the bars of this run.
pub(super) struct Prices {
    source: Source,
    calendars: Vec<Arc<Calendar>>,
    live: Vec<Live>,
    /// The market's time when this run began; what is before it comes from the source.
    opened_at: Time,
    advanced_to: Time,
}

impl Prices {
    /// Starts the market at `now` and has the exchange told of the day so far.
    pub fn open(source: Source, exchange: &mut Exchange, now: Time, out: &mut Vec<Event>) -> Self {
        let calendar = |hours| {
            Arc::new(Calendar::new(hours).expect("the exchange has refused hours that make no calendar"))
        };
        let calendars: Vec<_> = exchange.instruments().map(|i| calendar(&i.hours)).collect();
        let live = calendars.iter().map(|_| Live::default()).collect();
        let mut prices = Self { source, calendars, live, opened_at: now, advanced_to: now };
        prices.opened_at = prices.market_time(now);
        prices.advanced_to = prices.opened_at;
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
    pub fn advance(&mut self, exchange: &mut Exchange, now: Time, out: &mut Vec<Event>) {
        let to = self.market_time(now);
        let slept = to.since(self.advanced_to);
        self.advanced_to = to;
        match &mut self.source {
            Source::Synthetic(market) if slept > LONG_SLEEP => market.skip_to(exchange, to, out),
            Source::Synthetic(market) => market.advance(exchange, to, out),
            Source::Replay { replay, clock } => {
                replay.advance(exchange, to, out);
                // Nothing was recorded for a long while: go to where it goes on.
                if let Some(next) = replay.skip_gap(to) {
                    clock.jump(now, next);
                }
            }
        }
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
        // The period in which this run began has a part before it and a part since.
        let seam = calendar.period_start(self.opened_at, timeframe);
        let mut recent = Vec::new();
        if before > seam {
            let mut joined = self.since(instrument, timeframe, seam);
            joined.extend(self.live[instrument.index()].bars(timeframe, self.opened_at));
            recent = aggregate_bars(joined, calendar, timeframe, Sessions::All);
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
            Source::Replay { replay, .. } => {
                recording::newest(replay, &self.calendars[id.index()], timeframe, before, count)
            }
        }
    }

    /// What the source knows of the period that begins at `seam`, up to the start of this run.
    fn since(&self, id: InstrumentId, timeframe: Timeframe, seam: Time) -> Vec<Bar> {
        match &self.source {
            Source::Synthetic(market) => {
                market.history().forming(id, timeframe, self.opened_at).into_iter().collect()
            }
            Source::Replay { replay, .. } => {
                let calendar = &self.calendars[id.index()];
                recording::within(replay, calendar, timeframe, seam..Time::MAX).iter().collect()
            }
        }
    }
}

/// One instrument's bars of this run.
#[derive(Default)]
struct Live {
    seconds: VecDeque<Bar>,
    minutes: VecDeque<Bar>,
}

impl Live {
    fn add(&mut self, trade: &Trade) {
        let (price, volume) = (trade.price.to_f64(), trade.quantity.to_f64());
        for (bars, length, kept) in
            [(&mut self.seconds, SECOND, SECONDS_KEPT), (&mut self.minutes, MINUTE, MINUTES_KEPT)]
        {
            let start = Time(trade.time.0.div_euclid(length) * length);
            match bars.back_mut() {
                Some(last) if last.time >= start => last.add_trade(price, volume),
                _ => {
                    if bars.len() >= kept {
                        bars.pop_front();
                    }
                    bars.push_back(Bar::from_trade(start, price, volume));
                }
            }
        }
    }

    /// The bars that `timeframe` is made of, none before `opened_at`.
    fn bars(&self, timeframe: Timeframe, opened_at: Time) -> impl Iterator<Item = Bar> + '_ {
        let source = if timeframe < Timeframe::M1 { &self.seconds } else { &self.minutes };
        source.iter().map(move |bar| Bar { time: bar.time.max(opened_at), ..*bar })
    }
}
