//! Bars against a plain regrouping, and against vendors' bars of real days.

use std::collections::BTreeMap;
use std::io::Read;

use proptest::prelude::*;

use super::*;
use crate::data::recorded;
use crate::domain::time::{HOUR, MINUTE, SECOND};
use crate::domain::{Decimal, Price, Qty, Session, TradingHours};

fn at(text: &str) -> Time {
    Time::from_timestamp(text.parse().unwrap())
}

fn new_york() -> Calendar {
    let session = |open, close, kind| Session { open, close, kind };
    let sessions = vec![
        session(240, 570, SessionKind::Extended),
        session(570, 960, SessionKind::Regular),
        session(960, 1200, SessionKind::Extended),
    ];
    let weekdays = [true, true, true, true, true, false, false];
    let zone = "America/New_York".to_owned();
    Calendar::new(&TradingHours { zone, sessions, weekdays, holidays: vec![] }).unwrap()
}

fn utc() -> Arc<Calendar> {
    Arc::new(Calendar::new(&TradingHours::always("UTC")).unwrap())
}

fn trade(time: i64, price: u16, quantity: u16) -> Trade {
    let (price, quantity) = (Price(Decimal::from(price) + Decimal::ONE), Qty(quantity.into()));
    Trade { time: Time(time), price, quantity, aggressor: None }
}

#[test]
fn a_trade_of_a_closed_bar_is_late_and_changes_nothing() {
    let mut minutes = Aggregator::new(utc(), Timeframe::M1);
    assert!(matches!(minutes.add(&trade(5 * SECOND, 9, 1)), Aggregated::Opened { closed: None, .. }));
    let Aggregated::Opened { closed: Some(closed), forming } = minutes.add(&trade(70 * SECOND, 19, 2)) else {
        panic!("the second minute closes the first");
    };
    assert_eq!(closed, Bar::from_trade(Time(0), 10.0, 1.0));
    assert_eq!(minutes.add(&trade(59 * SECOND, 99, 5)), Aggregated::Late);
    assert_eq!((minutes.forming(), minutes.late()), (Some(&forming), 1));
    // Earlier than the last trade, but of the same bar: that is not late.
    let corrected = Bar { low: 5.0, close: 5.0, volume: 3.0, ..forming };
    assert_eq!(minutes.add(&trade(60 * SECOND, 4, 1)), Aggregated::Formed(corrected));
}

#[test]
fn time_alone_closes_a_bar() {
    let mut minutes = Aggregator::new(utc(), Timeframe::M1);
    assert_eq!(minutes.advance(Time(MINUTE)), None);
    minutes.add(&trade(5 * SECOND, 9, 1));
    assert_eq!(minutes.advance(Time(MINUTE - 1)), None);
    assert_eq!(minutes.advance(Time(MINUTE)), Some(Bar::from_trade(Time(0), 10.0, 1.0)));
    assert_eq!(minutes.forming(), None);
    assert_eq!(minutes.add(&trade(59 * SECOND, 9, 1)), Aggregated::Late);
    assert!(matches!(minutes.add(&trade(MINUTE, 9, 1)), Aggregated::Opened { closed: None, .. }));
}

#[test]
fn live_trades_continue_the_bar_of_the_history() {
    let forming = Bar { time: Time(0), open: 5.0, high: 9.0, low: 4.0, close: 8.0, volume: 100.0 };
    let mut minutes = Aggregator::resume(utc(), Timeframe::M1, forming);
    let expected = Bar { high: 12.0, close: 12.0, volume: 103.0, ..forming };
    assert_eq!(minutes.add(&trade(30 * SECOND, 11, 3)), Aggregated::Formed(expected));
    assert_eq!(minutes.add(&trade(-1, 11, 3)), Aggregated::Late);
}

#[test]
fn what_somebody_else_counts_of_a_bar_fills_in_what_was_missed() {
    let mut minutes = Aggregator::new(utc(), Timeframe::M1);
    minutes.add(&trade(20 * SECOND, 9, 1));
    let told = Bar { time: Time(0), open: 8.0, high: 12.0, low: 7.0, close: 11.0, volume: 50.0 };
    let widened = Bar { close: 10.0, ..told };
    assert_eq!(minutes.widen(&told), Aggregated::Formed(widened), "the newest trade was seen here");
    let next = Bar { time: Time(MINUTE), ..told };
    assert_eq!(minutes.widen(&next), Aggregated::Opened { closed: Some(widened), forming: next });
    assert_eq!(
        (minutes.widen(&told), minutes.late()),
        (Aggregated::Late, 0),
        "it has closed, and is no trade"
    );
    assert_eq!(minutes.add(&trade(30 * SECOND, 9, 1)), Aggregated::Late);
}

proptest! {
    /// Whatever order they come in, a bar has the extremes of all that was seen or told of it, and at
    /// least the volume of each of the two.
    #[test]
    fn a_bar_lacks_nothing_that_was_seen_or_told(
        steps in prop::collection::vec((any::<bool>(), 1_u16..500, 0_u16..50), 1..60),
    ) {
        let mut minutes = Aggregator::new(utc(), Timeframe::M1);
        let (mut seen, mut told): (Option<Bar>, Option<Bar>) = (None, None);
        for (is_trade, price, volume) in steps {
            if is_trade {
                let trade = trade(SECOND, price, volume);
                minutes.add(&trade);
                let (price, volume) = (trade.price.to_f64(), trade.quantity.to_f64());
                match &mut seen {
                    Some(bar) => bar.add_trade(price, volume),
                    none => *none = Some(Bar::from_trade(Time(0), price, volume)),
                }
            } else {
                let more = Bar::from_trade(Time(0), f64::from(price), f64::from(volume));
                match &mut told {
                    Some(bar) => bar.add_bar(&more),
                    none => *none = Some(more),
                }
                minutes.widen(&told.unwrap());
            }
            let bar = *minutes.forming().unwrap();
            prop_assert!(bar.is_sound(), "{bar:?}");
            for part in seen.iter().chain(&told) {
                prop_assert!(bar.high >= part.high && bar.low <= part.low && bar.volume >= part.volume);
            }
        }
    }
}

#[test]
fn regular_bars_leave_extended_trading_out() {
    let minute = |time: &str, price: f64| Bar::from_trade(at(time), price, 1.0);
    let minutes = [
        minute("2026-03-09T09:29-04:00", 1.0),
        minute("2026-03-09T09:30-04:00", 2.0),
        minute("2026-03-09T15:59-04:00", 3.0),
        minute("2026-03-09T16:00-04:00", 4.0),
    ];
    let day = |sessions| aggregate_bars(minutes, &new_york(), Timeframe::D1, sessions);
    let midnight = at("2026-03-09T00:00-04:00");
    let bar = |open, close, volume| Bar { time: midnight, open, high: close, low: open, close, volume };
    assert_eq!(day(Sessions::All), [bar(1.0, 4.0, 4.0)]);
    assert_eq!(day(Sessions::RegularOnly), [bar(2.0, 3.0, 2.0)]);
    // A day's own bar begins at midnight and is not taken for night trading.
    let weeks = aggregate_bars([bar(2.0, 3.0, 2.0)], &new_york(), Timeframe::W1, Sessions::RegularOnly);
    assert_eq!(weeks, [bar(2.0, 3.0, 2.0)]);
}

#[test]
fn live_days_leave_extended_trading_out_as_those_of_the_history_do() {
    let calendar = Arc::new(new_york());
    let prints = [("08:00", 1), ("09:30", 5), ("15:59", 3), ("16:01", 9)];
    let trades = prints.map(|(time, price)| trade(at(&format!("2026-03-09T{time}-04:00")).0, price, 1));
    let minutes = trades.map(|t| Bar::from_trade(t.time, t.price.to_f64(), t.quantity.to_f64()));
    for timeframe in [Timeframe::D1, Timeframe::W1, Timeframe::Mo1] {
        let mut aggregator = Aggregator::new(Arc::clone(&calendar), timeframe);
        let added = trades.map(|trade| aggregator.add(&trade));
        assert_eq!((added[0], added[3]), (Aggregated::Outside, Aggregated::Outside), "{timeframe}");
        let history = aggregate_bars(minutes, &calendar, timeframe, Sessions::RegularOnly);
        assert_eq!(aggregator.forming(), history.last(), "{timeframe}");
        assert_eq!(aggregator.late(), 0);
    }
    let mut hours = Aggregator::new(calendar, Timeframe::H1);
    assert!(trades.iter().all(|trade| !matches!(hours.add(trade), Aggregated::Outside)));
}

/// Bars by plain regrouping.
fn regrouped(bars: &[Bar], calendar: &Calendar, timeframe: Timeframe) -> Vec<Bar> {
    let mut groups: BTreeMap<Time, Vec<Bar>> = BTreeMap::new();
    for bar in bars {
        groups.entry(calendar.period_start(bar.time, timeframe)).or_default().push(*bar);
    }
    let join = |(time, group): (Time, Vec<Bar>)| Bar {
        time,
        open: group[0].open,
        high: group.iter().map(|bar| bar.high).fold(f64::MIN, f64::max),
        low: group.iter().map(|bar| bar.low).fold(f64::MAX, f64::min),
        close: group[group.len() - 1].close,
        volume: group.iter().map(|bar| bar.volume).sum(),
    };
    groups.into_iter().map(join).collect()
}

proptest! {
    #[test]
    fn bars_of_trades_are_those_of_a_regrouping(
        steps in prop::collection::vec((-90 * SECOND..200 * SECOND, any::<u16>(), any::<u16>()), 1..200),
        timeframe in prop::sample::select(vec![Timeframe::S1, Timeframe::M1, Timeframe::M5, Timeframe::H1, Timeframe::D1]),
    ) {
        let calendar = Arc::new(new_york());
        let mut aggregator = Aggregator::new(calendar.clone(), timeframe);
        let (mut bars, mut in_time, mut late) = (Vec::new(), Vec::new(), 0);
        let mut newest = Time::MIN;
        // From an hour before the night in which summer time begins.
        let mut time = at("2026-03-08T00:00-05:00").0;
        for (step, price, quantity) in steps {
            time += step;
            let trade = trade(time, price, quantity);
            let period = calendar.period_start(trade.time, timeframe);
            let added = aggregator.add(&trade);
            if period < newest {
                late += 1;
                prop_assert_eq!(added, Aggregated::Late);
                continue;
            }
            let session = calendar.session_at(trade.time);
            if timeframe.is_calendar() && session.is_some_and(|s| s.kind == SessionKind::Extended) {
                prop_assert_eq!(added, Aggregated::Outside);
                continue;
            }
            newest = period;
            in_time.push(Bar::from_trade(trade.time, trade.price.to_f64(), trade.quantity.to_f64()));
            match added {
                Aggregated::Opened { closed, .. } => bars.extend(closed),
                Aggregated::Formed(bar) => prop_assert_eq!(aggregator.forming(), Some(&bar)),
                Aggregated::Late | Aggregated::Outside => prop_assert!(false, "{} counts", trade.time),
            }
        }
        bars.extend(aggregator.forming());
        prop_assert_eq!(bars, regrouped(&in_time, &calendar, timeframe));
        prop_assert_eq!(aggregator.late(), late);
    }

    #[test]
    fn joining_in_steps_is_joining_at_once(
        steps in prop::collection::vec((SECOND..HOUR, any::<u16>(), any::<u16>()), 1..300),
    ) {
        let mut time = at("2026-10-31T12:00-04:00");
        let seconds: Vec<Bar> = steps.into_iter().map(|(step, price, volume)| {
            time = Time(time.0 - time.0 % SECOND + step - step % SECOND);
            Bar::from_trade(time, price.into(), volume.into())
        }).collect();
        let calendar = new_york();
        let join = |bars: &[Bar], timeframe| aggregate_bars(bars.iter().copied(), &calendar, timeframe, Sessions::All);
        let mut stepped = seconds.clone();
        for timeframe in [Timeframe::M1, Timeframe::M5, Timeframe::H1, Timeframe::D1, Timeframe::Mo1] {
            stepped = join(&stepped, timeframe);
            prop_assert_eq!(&stepped, &join(&seconds, timeframe));
            prop_assert_eq!(&stepped, &regrouped(&seconds, &calendar, timeframe));
        }
    }
}

/// Bars of a `time,open,high,low,close,volume` file of the real data, where there is some.
fn real_bars(file: &str) -> Option<Vec<Bar>> {
    let path = recorded(file)?;
    let packed = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    let mut rows = csv::Reader::from_reader(text.as_bytes());
    let bar = |row: (String, f64, f64, f64, f64, f64)| {
        let (time, open, high, low, close, volume) = row;
        Bar { time: at(&time), open, high, low, close, volume }
    };
    Some(rows.deserialize().map(|row| bar(row.unwrap())).collect())
}

fn prices(bar: &Bar) -> (Time, [f64; 4]) {
    (bar.time, [bar.open, bar.high, bar.low, bar.close])
}

/// Volumes are sums of decimals; this is their last digit.
fn in_satoshi(volume: f64) -> i64 {
    (volume * 1e8).round() as i64
}

#[test]
fn coinbase_seconds_make_the_minutes() {
    let Some(seconds) = real_bars("lean_coinbase_btcusd_second_20161007-09.csv.gz") else { return };
    let Some(minutes) = real_bars("lean_coinbase_btcusd_minute_20161007-09.csv.gz") else { return };
    let made = aggregate_bars(seconds, &utc(), Timeframe::M1, Sessions::All);
    let exact = |bar: &Bar| (prices(bar), in_satoshi(bar.volume));
    assert_eq!(minutes.len(), 4_216);
    assert_eq!(made.iter().map(exact).collect::<Vec<_>>(), minutes.iter().map(exact).collect::<Vec<_>>());
}

#[test]
fn spy_seconds_make_the_minutes() {
    let Some(seconds) = real_bars("lean_spy_second_20131007.csv.gz") else { return };
    let Some(minutes) = real_bars("lean_spy_minute_20131004-11.csv.gz") else { return };
    let day = at("2013-10-07T00:00-04:00")..at("2013-10-08T00:00-04:00");
    let minutes: Vec<Bar> = minutes.into_iter().filter(|bar| day.contains(&bar.time)).collect();
    let made = aggregate_bars(seconds, &new_york(), Timeframe::M1, Sessions::All);
    assert_eq!(made.iter().map(prices).collect::<Vec<_>>(), minutes.iter().map(prices).collect::<Vec<_>>());
    // The vendor books the prints of auctions in the minutes only.
    let same_volume = made.iter().zip(&minutes).filter(|(a, b)| in_satoshi(a.volume) == in_satoshi(b.volume));
    assert_eq!((made.len(), same_volume.count()), (828, 770));
}

#[test]
fn spy_regular_minutes_make_the_day() {
    let Some(minutes) = real_bars("lean_spy_minute_20131004-11.csv.gz") else { return };
    let days = aggregate_bars(minutes, &new_york(), Timeframe::D1, Sessions::RegularOnly);
    assert_eq!(days.len(), 6);
    let monday = Bar {
        open: 167.43,
        high: 168.45,
        low: 167.25,
        close: 167.42,
        volume: 81_489_219.0,
        time: at("2013-10-07T04:00Z"),
    };
    assert_eq!(days[1], monday);
}
