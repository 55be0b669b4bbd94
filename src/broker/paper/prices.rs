//! Where the paper exchange's market comes from, and its bars: the past of the source
//! and what has traded here since, joined without a seam.

use std::collections::VecDeque;

use crate::broker::contract::HistoryRequest;
use crate::domain::time::{MINUTE, SECOND};
use crate::domain::{Bar, InstrumentId, Time, Timeframe, Trade};
use crate::exchange::replay::Replay;
use crate::exchange::synth::{History, Market};
use crate::exchange::{Event, Exchange};
use crate::market::aggregate::{Sessions, aggregate_bars};
use crate::market::calendar::Calendar;

/// Second bars of this run that are kept, per instrument: two hours of a busy one.
const SECONDS_KEPT: usize = 7_200;
/// Minute bars of this run that are kept, per instrument: ten days.
const MINUTES_KEPT: usize = 14_400;

/// What moves the market.
pub enum Source {
    /// Agents around a seeded price path.
    Synthetic {
        /// The agents.
        market: Box<Market>,
        /// The path's past.
        history: History,
    },
    /// Recorded data, at `speed` times the pace at which they were recorded.
    Replay {
        /// The data.
        replay: Box<Replay>,
        /// Recorded seconds per second.
        speed: f64,
    },
}

/// The source, its clock and the bars of this run.
pub(super) struct Prices {
    source: Source,
    calendars: Vec<Calendar>,
    live: Vec<Live>,
    /// The program's time at which the market's time was `market_at`.
    now_at: Time,
    market_at: Time,
    /// The market's time when this run began; what is before it comes from the source.
    opened_at: Time,
}

impl Prices {
    /// Starts the market at `now` and seeds the exchange with the day so far.
    pub fn open(mut source: Source, exchange: &mut Exchange, now: Time, out: &mut Vec<Event>) -> Self {
        let market_at = match &source {
            Source::Synthetic { .. } => now,
            Source::Replay { replay, .. } => replay.start(),
        };
        let calendar =
            |hours| Calendar::new(hours).expect("the exchange has refused hours that make no calendar");
        let calendars: Vec<Calendar> = exchange.instruments().map(|i| calendar(&i.hours)).collect();
        match &mut source {
            Source::Synthetic { market, .. } => market.open(exchange, out),
            Source::Replay { replay, .. } => replay.open(exchange, out),
        }
        let live = calendars.iter().map(|_| Live::default()).collect();
        Self { source, calendars, live, now_at: now, market_at, opened_at: market_at }
    }

    /// What a trader should know of this market.
    pub fn describe(&self) -> String {
        match &self.source {
            Source::Synthetic { .. } => "Practice market, generated on this computer".to_owned(),
            Source::Replay { replay, speed } => {
                format!("Replay from {} at {speed} times the recorded pace", replay.start())
            }
        }
    }

    /// The market's time at the program's time `now`.
    pub fn market_time(&self, now: Time) -> Time {
        match &self.source {
            Source::Synthetic { .. } => now,
            Source::Replay { speed, .. } => {
                let passed = now.since(self.now_at).as_secs_f64() * speed;
                Time(self.market_at.0.saturating_add((passed * SECOND as f64) as i64))
            }
        }
    }

    /// Lets the market run until `now`.
    pub fn advance(&mut self, exchange: &mut Exchange, now: Time, out: &mut Vec<Event>) {
        let to = self.market_time(now);
        match &mut self.source {
            Source::Synthetic { market, .. } => market.advance(exchange, to, out),
            Source::Replay { replay, .. } => {
                replay.advance(exchange, to, out);
                // Nothing was recorded for a long while: go to where it goes on.
                if let Some(next) = replay.skip_gap(to) {
                    self.now_at = now;
                    self.market_at = next;
                }
            }
        }
        exchange.advance(self.market_time(now), out);
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
            let past = self.forming(instrument, timeframe);
            let live = self.live[instrument.index()].bars(timeframe, self.opened_at);
            let joined: Vec<Bar> = past.into_iter().chain(live).collect();
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

    fn past(&self, id: InstrumentId, timeframe: Timeframe, before: Time, count: usize) -> Vec<Bar> {
        match &self.source {
            Source::Synthetic { history, .. } => history.bars(id, timeframe, before, count),
            Source::Replay { replay, .. } => replay.bars(timeframe, before, count),
        }
    }

    /// The bar that was forming when this run began, as far as it had come.
    fn forming(&self, id: InstrumentId, timeframe: Timeframe) -> Option<Bar> {
        match &self.source {
            Source::Synthetic { history, .. } => history.forming(id, timeframe, self.opened_at),
            Source::Replay { replay, .. } => replay.forming(timeframe, self.opened_at),
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
