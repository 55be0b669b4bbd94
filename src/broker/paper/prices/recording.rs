//! The past of a replay, as bars of any timeframe: what was recorded before an instant, which
//! its owner takes care not to be in the future of whoever trades in it.
//!
//! Bars that are asked for as they were recorded share the recording's storage; only other
//! timeframes are made, and packed.

use std::ops::Range;
use std::sync::Arc;

use crate::domain::{Time, Timeframe, Trade};
use crate::exchange::replay::{Replay, ReplayInput};
use crate::market::aggregate::{Aggregated, Aggregator, Sessions, aggregate_bars};
use crate::market::calendar::{Calendar, PeriodCursor};
use crate::market::series::Bars;

/// The newest `count` bars of `timeframe` that had closed by `before`, which begins a period.
/// Looks no farther back than it must: a recording may be years of minutes, and the chart
/// asks for a screenful.
pub(super) fn newest(
    replay: &Replay,
    calendar: &Arc<Calendar>,
    timeframe: Timeframe,
    before: Time,
    count: usize,
) -> Bars {
    let Some(first) = replay.input().first_time() else { return Bars::default() };
    // Enough where the market never closes; doubled until it spans the nights and weekends too.
    let mut span = timeframe.nanos().saturating_mul(i64::try_from(count.max(1)).unwrap_or(i64::MAX));
    loop {
        let from = Time(before.0.saturating_sub(span)).max(first);
        let bars = within(replay, calendar, timeframe, calendar.period_start(from, timeframe)..before);
        if bars.len() >= count || from == first {
            return bars.slice(bars.len().saturating_sub(count)..bars.len());
        }
        span = span.saturating_mul(2);
    }
}

/// A part of the recording, which begins with a period of `timeframe`, in bars of that; nothing
/// where it was recorded in longer ones.
pub(super) fn within(
    replay: &Replay,
    calendar: &Arc<Calendar>,
    timeframe: Timeframe,
    span: Range<Time>,
) -> Bars {
    match replay.input() {
        ReplayInput::Trades(trades) => of_trades(trades, calendar, timeframe, &span),
        ReplayInput::Bars(_, recorded) if timeframe < *recorded => Bars::default(),
        ReplayInput::Bars(all, recorded) => {
            let bars = all.slice(all.partition_by_time(span.start)..all.partition_by_time(span.end));
            if *recorded == timeframe && are_periods(&bars, calendar, timeframe) {
                return bars;
            }
            Bars::pack(aggregate_bars(bars.iter(), calendar, timeframe, Sessions::All))
        }
    }
}

/// Whether each bar begins where its period does: whoever recorded it may count days otherwise.
fn are_periods(bars: &Bars, calendar: &Arc<Calendar>, timeframe: Timeframe) -> bool {
    let mut periods = PeriodCursor::new(Arc::clone(calendar), timeframe);
    bars.times().all(|time| periods.start(time) == time)
}

fn of_trades(trades: &[Trade], calendar: &Arc<Calendar>, timeframe: Timeframe, span: &Range<Time>) -> Bars {
    let end = trades.partition_point(|trade| trade.time < span.end);
    let start = trades[..end].partition_point(|trade| trade.time < span.start);
    let mut aggregator = Aggregator::new(Arc::clone(calendar), timeframe);
    let mut bars = Vec::new();
    for trade in &trades[start..end] {
        if let Aggregated::Opened { closed, .. } = aggregator.add(trade) {
            bars.extend(closed);
        }
    }
    bars.extend(aggregator.forming());
    Bars::pack(bars)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::MINUTE;
    use crate::domain::{AssetClass, Bar, Currency, InstrumentId, Price, Qty};
    use crate::exchange::replay::ReplaySubject;

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
        for input in [ReplayInput::Bars(Bars::pack(bars), Timeframe::M1), ReplayInput::Trades(trades)] {
            let (replay, calendar) = replay(input);
            for timeframe in Timeframe::ALL {
                let all = within(&replay, &calendar, timeframe, Time::MIN..START);
                for end in [all.len(), all.len() / 2, 1.min(all.len())] {
                    let before = all.time(end).unwrap_or(START);
                    for count in [0, 1, 7, 400, 100_000] {
                        let part = newest(&replay, &calendar, timeframe, before, count);
                        assert_eq!(part, all.slice(end.saturating_sub(count)..end), "{count} of {timeframe}");
                    }
                }
            }
        }
    }

    #[test]
    fn recorded_bars_are_shared_and_others_are_made() {
        let (minutes, past) = (minutes(), START..Time::MAX);
        let recorded = |shift: i64| {
            let moved = |bar: &Bar| Bar { time: Time(bar.time.0 + shift), ..*bar };
            let bars = Bars::pack(minutes.iter().map(moved).collect());
            let (replay, calendar) = replay(ReplayInput::Bars(bars.clone(), Timeframe::M1));
            let asked = |timeframe| within(&replay, &calendar, timeframe, Time::MIN..past.start);
            (bars, asked(Timeframe::M1), asked(Timeframe::M3))
        };
        let (bars, same, longer) = recorded(0);
        assert!(same.shares_with(&bars) && !longer.shares_with(&bars));
        assert_eq!(same, bars.slice(0..same.len()));
        // Minutes that were recorded from half to half are none of ours.
        let (bars, moved, _) = recorded(MINUTE / 2);
        assert!(!moved.shares_with(&bars));
        assert_eq!(moved.iter().map(|bar| bar.time.0 % MINUTE).max(), Some(0));
    }
}
