//! Where the paper exchange's market comes from, and its bars: the past of the source
//! and what has traded here since, joined without a seam.

use std::collections::VecDeque;
use std::ops::Range;
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
                past_of_recording(replay, &self.calendars[id.index()], timeframe, before, count)
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
                recorded_bars(replay, &self.calendars[id.index()], timeframe, seam..Time::MAX)
            }
        }
    }
}

/// The newest `count` bars of `timeframe` that had closed by `before`, which begins a period.
/// Looks no farther back than it must: a recording may be years of minutes, and the chart
/// asks for a screenful.
fn past_of_recording(
    replay: &Replay,
    calendar: &Arc<Calendar>,
    timeframe: Timeframe,
    before: Time,
    count: usize,
) -> Vec<Bar> {
    let first_bar = replay.past_bars().first().map(|bar| bar.time);
    let Some(first) = first_bar.or_else(|| replay.past_trades().first().map(|trade| trade.time)) else {
        return Vec::new();
    };
    // Enough where the market never closes; doubled until it spans the nights and weekends too.
    let mut span = timeframe.nanos().saturating_mul(i64::try_from(count.max(1)).unwrap_or(i64::MAX));
    loop {
        let from = Time(before.0.saturating_sub(span)).max(first);
        let periods = calendar.period_start(from, timeframe)..before;
        let mut bars = recorded_bars(replay, calendar, timeframe, periods);
        if bars.len() >= count || from == first {
            bars.drain(..bars.len().saturating_sub(count));
            return bars;
        }
        span = span.saturating_mul(2);
    }
}

/// A part of the recording before the start of the replay, which begins and ends with periods
/// of `timeframe`, in bars of that; nothing where it was recorded in longer ones.
fn recorded_bars(
    replay: &Replay,
    calendar: &Arc<Calendar>,
    timeframe: Timeframe,
    within: Range<Time>,
) -> Vec<Bar> {
    let trades = part(replay.past_trades(), &within, |trade| trade.time);
    if trades.is_empty() {
        let is_too_fine = replay.timeframe().is_some_and(|recorded| timeframe < recorded);
        let bars = if is_too_fine { &[] } else { part(replay.past_bars(), &within, |bar| bar.time) };
        return aggregate_bars(bars, calendar, timeframe, Sessions::All);
    }
    let mut aggregator = Aggregator::new(Arc::clone(calendar), timeframe);
    let mut bars = Vec::new();
    for trade in trades {
        if let Aggregated::Opened { closed, .. } = aggregator.add(trade) {
            bars.extend(closed);
        }
    }
    bars.extend(aggregator.forming());
    bars
}

/// The rows of a span of time, of rows in its order.
fn part<'a, T>(rows: &'a [T], within: &Range<Time>, time: impl Fn(&T) -> Time) -> &'a [T] {
    let end = rows.partition_point(|row| time(row) < within.end);
    let start = rows[..end].partition_point(|row| time(row) < within.start);
    &rows[start..end]
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AssetClass, Currency, Price, Qty};
    use crate::exchange::replay::{ReplayInput, ReplaySubject};

    /// Where the replay begins: the 19th day, before it opens.
    const START: Time = Time(18 * 1_440 * MINUTE);

    /// Minutes of three weeks with nights, weekends and single minutes missing.
    fn minutes() -> Vec<Bar> {
        let opens = |minute: &i64| {
            let (day, of_day) = (minute / 1_440, minute % 1_440);
            day % 7 < 5 && (570..960).contains(&of_day) && minute % 13 != 0
        };
        let bar = |minute: i64| Bar {
            volume: 1.0,
            ..Bar::from_trade(Time(minute * MINUTE), 100.0 + (minute % 17) as f64, 1.0)
        };
        (0..21 * 1_440).filter(opens).map(bar).collect()
    }

    fn replay(input: ReplayInput) -> (Replay, Arc<Calendar>) {
        let subject = ReplaySubject {
            id: InstrumentId(0),
            symbol: "TEST".into(),
            class: AssetClass::Share,
            currency: Currency::USD,
            zone: "America/New_York".to_owned(),
        };
        let instrument = subject.instrument(&input);
        let calendar = Arc::new(Calendar::new(&instrument.hours).unwrap());
        (Replay::new(instrument, input, START, 1).unwrap(), calendar)
    }

    #[test]
    fn a_part_of_the_past_is_the_end_of_all_of_it() {
        let trade = |bar: &Bar| Trade {
            time: bar.time,
            price: Price(rust_decimal::Decimal::try_from(bar.close).unwrap()),
            quantity: Qty(1.into()),
            aggressor: None,
        };
        let bars = minutes();
        let trades = bars.iter().map(trade).collect();
        for input in [ReplayInput::Bars(bars, Timeframe::M1), ReplayInput::Trades(trades)] {
            let (replay, calendar) = replay(input);
            for timeframe in Timeframe::ALL {
                let all = recorded_bars(&replay, &calendar, timeframe, Time::MIN..Time::MAX);
                for end in [all.len(), all.len() / 2, 1.min(all.len())] {
                    let before = all.get(end).map_or(START, |bar| bar.time);
                    for count in [0, 1, 7, 400, 100_000] {
                        let part = past_of_recording(&replay, &calendar, timeframe, before, count);
                        assert_eq!(part, all[end.saturating_sub(count)..end], "{count} of {timeframe}");
                    }
                }
            }
        }
    }
}
