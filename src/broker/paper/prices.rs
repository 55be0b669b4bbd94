//! Where the paper exchange's market comes from, and its bars: the past of the source
//! and what has traded here since, joined without a seam.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crate::broker::contract::HistoryRequest;
use crate::domain::time::{MINUTE, SECOND};
use crate::domain::{Bar, InstrumentId, Time, Timeframe, Trade};
use crate::exchange::replay::{Replay, ReplayClock};
use crate::exchange::synth::Market;
use crate::exchange::{Event, Exchange};
use crate::market::aggregate::{Aggregated, Aggregator, Sessions, aggregate_bars};
use crate::market::calendar::Calendar;

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

    /// Notes a print, whoever made it.
    pub fn record(&mut self, id: InstrumentId, trade: &Trade) {
        if let Some(live) = self.live.get_mut(id.index()) {
            live.add(trade);
        }
    }

    /// Closed bars, oldest first, and the forming one where the request reaches up to now.
    pub fn history(&self, request: &HistoryRequest, now: Time) -> (Vec<Bar>, Option<Bar>) {
        let HistoryRequest { instrument, timeframe, before, count } = *request;
        let Some(calendar) = self.calendars.get(instrument.index()) else { return (Vec::new(), None) };
        // The period in which this run began has a part before it and a part since.
        let seam = calendar.period_start(self.opened_at, timeframe);
        let mut recent = Vec::new();
        if before > seam {
            let mut joined = self.since(instrument, timeframe, seam);
            joined.extend(self.live[instrument.index()].bars(timeframe, self.opened_at));
            recent = aggregate_bars(&joined, calendar, timeframe, Sessions::All);
        }
        let current = calendar.period_start(self.market_time(now), timeframe);
        let is_forming = |bar: &Bar| bar.time >= current;
        let forming = recent.last().copied().filter(is_forming).filter(|bar| bar.time < before);
        recent.retain(|bar| bar.time < before && !is_forming(bar));
        let missing = count.saturating_sub(recent.len());
        let mut bars = if missing > 0 {
            self.past(instrument, timeframe, before.min(seam), missing)
        } else {
            recent.drain(..recent.len() - count);
            Vec::new()
        };
        bars.append(&mut recent);
        (bars, forming)
    }

    /// Bars of the source that had closed by `before`, which begins a period.
    fn past(&self, id: InstrumentId, timeframe: Timeframe, before: Time, count: usize) -> Vec<Bar> {
        match &self.source {
            Source::Synthetic(market) => market.history().bars(id, timeframe, before, count),
            Source::Replay { replay, .. } => {
                let calendar = &self.calendars[id.index()];
                let mut bars = recorded_bars(replay, calendar, timeframe);
                bars.retain(|bar| bar.time < before);
                bars.drain(..bars.len().saturating_sub(count));
                bars
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
                let mut bars = recorded_bars(replay, &self.calendars[id.index()], timeframe);
                bars.retain(|bar| bar.time >= seam);
                bars
            }
        }
    }
}

/// The recording before the start of the replay, in bars of `timeframe`; nothing where it
/// was recorded in longer ones.
fn recorded_bars(replay: &Replay, calendar: &Arc<Calendar>, timeframe: Timeframe) -> Vec<Bar> {
    let past = replay.past_trades();
    if past.is_empty() {
        let bars = replay.past_bars();
        let is_too_fine = replay.timeframe().is_some_and(|recorded| timeframe < recorded);
        return if is_too_fine {
            Vec::new()
        } else {
            aggregate_bars(bars, calendar, timeframe, Sessions::All)
        };
    }
    let mut aggregator = Aggregator::new(Arc::clone(calendar), timeframe);
    let mut bars = Vec::new();
    for trade in past {
        if let Aggregated::Opened { closed, .. } = aggregator.add(trade) {
            bars.extend(closed);
        }
    }
    bars.extend(aggregator.forming());
    bars
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
