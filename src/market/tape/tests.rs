//! Lines and pace against plain lists of trades.

use proptest::prelude::*;

use super::pace::{Pace, Speed, Window};
use super::*;
use crate::domain::Decimal;

fn trade(millis: i64, price: i64, quantity: u32, aggressor: Option<Side>) -> Trade {
    Trade {
        time: Time::from_millis(millis),
        price: Price(price.into()),
        quantity: Qty(quantity.into()),
        aggressor,
    }
}

fn taped(within: u64, trades: &[Trade]) -> Tape {
    let mut tape = Tape::new(Duration::from_millis(within));
    for trade in trades {
        tape.add(trade);
    }
    tape
}

/// Quantity and trades of each line.
fn sums(tape: &Tape) -> Vec<(Decimal, u32)> {
    tape.lines().map(|line| (line.quantity.0, line.trades)).collect()
}

const BUY: Option<Side> = Some(Side::Buy);
const SELL: Option<Side> = Some(Side::Sell);

#[test]
fn equal_prints_within_the_time_are_one_line() {
    let trades =
        [trade(0, 10, 1, BUY), trade(40, 10, 2, BUY), trade(100, 10, 4, BUY), trade(101, 10, 8, BUY)];
    let tape = taped(100, &trades);
    assert_eq!(sums(&tape), [(7.into(), 3), (8.into(), 1)], "the time counts from a line's first trade");
    let line = tape.lines().next().unwrap();
    assert_eq!((line.first, line.last), (Time::from_millis(0), Time::from_millis(100)));
}

#[test]
fn another_price_or_aggressor_begins_a_line() {
    let trades = [trade(0, 10, 1, BUY), trade(0, 10, 1, SELL), trade(0, 10, 1, None), trade(0, 11, 1, None)];
    assert_eq!(taped(1_000, &trades).lines().len(), 4);
    let back = [trade(0, 10, 1, BUY), trade(0, 11, 1, BUY), trade(0, 10, 1, BUY)];
    assert_eq!(taped(1_000, &back).lines().len(), 3, "only what follows one another is one line");
}

#[test]
fn without_a_time_every_trade_is_a_line() {
    assert_eq!(taped(0, &[trade(0, 10, 1, BUY), trade(0, 10, 1, BUY)]).lines().len(), 2);
}

#[test]
fn a_late_trade_joins_the_newest_line_or_none() {
    let trades = [trade(500, 10, 1, BUY), trade(450, 10, 2, BUY), trade(300, 10, 4, BUY)];
    let tape = taped(100, &trades);
    assert_eq!(sums(&tape), [(3.into(), 2), (4.into(), 1)]);
    assert_eq!(tape.lines().next().unwrap().first, Time::from_millis(450));
}

#[test]
fn old_lines_fall_out_and_are_counted() {
    let trades: Vec<Trade> =
        (0..i64::try_from(MOST_LINES).unwrap() + 3).map(|n| trade(n, n, 1, None)).collect();
    let tape = taped(0, &trades);
    assert_eq!((tape.lines().len(), tape.fallen()), (MOST_LINES, 3));
    assert_eq!(tape.lines().next().unwrap().price, Price(3.into()));
    assert_eq!(tape.lines().next_back().unwrap().price, trades.last().unwrap().price);
}

#[test]
fn a_line_is_judged_by_its_sum() {
    let tape = taped(100, &[trade(0, 10, 60, BUY), trade(1, 10, 50, BUY)]);
    let line = tape.lines().next().unwrap();
    let judged = |size: i64| (line.is_at_least(Qty(size.into())), line.stands_out(Qty(size.into())));
    assert_eq!([110, 111, 0].map(judged), [(true, true), (false, false), (true, false)]);
}

fn side() -> impl Strategy<Value = Option<Side>> {
    prop::sample::select(vec![BUY, SELL, None])
}

proptest! {
    #[test]
    fn lines_are_runs_of_the_trades(
        trades in prop::collection::vec((-20..60_i64, 10..12_i64, 1..50_u32, side()), 1..120),
        within in prop::sample::select(vec![0_u64, 1, 50, 100, 1_000]),
    ) {
        let trades: Vec<Trade> = trades.into_iter().scan(0, |now, (later, price, quantity, aggressor)| {
            *now += later;
            Some(trade(*now, price, quantity, aggressor))
        }).collect();
        let tape = taped(within, &trades);
        let within = Duration::from_millis(within);
        let mut rest = &trades[..];
        for line in tape.lines() {
            let (run, others) = rest.split_at(line.trades as usize);
            prop_assert!(run.iter().all(|t| t.price == line.price && t.aggressor == line.aggressor));
            prop_assert_eq!(run.iter().map(|t| t.quantity).sum::<Qty>(), line.quantity);
            let (first, last) = (run.iter().map(|t| t.time).min(), run.iter().map(|t| t.time).max());
            prop_assert_eq!((first, last), (Some(line.first), Some(line.last)));
            prop_assert!(line.trades == 1 || line.last.since(line.first) <= within);
            // A line ends only where the next trade does not belong to it.
            if let Some(next) = others.first().filter(|_| !within.is_zero()) {
                let span = line.last.max(next.time).since(line.first.min(next.time));
                let is_equal = next.price == line.price && next.aggressor == line.aggressor;
                prop_assert!(!is_equal || span > within);
            }
            rest = others;
        }
        prop_assert!(rest.is_empty());
    }

    #[test]
    fn the_pace_counts_the_trades_of_the_window(
        trades in prop::collection::vec((0..2_500_i64, -40_000..3_000_i64, 1..50_u32), 0..150),
        wait in 0..40_000_i64,
    ) {
        let mut speed = Speed::default();
        let mut now = 1_000_000_i64;
        let mut heard = Vec::new();
        for (later, age, quantity) in trades {
            now += later;
            let trade = trade(now + age, 10, quantity, None);
            speed.add(&trade, Time::from_millis(now));
            // From the future counts as of now, and from before the longest window not at all.
            let tenth = (now + age).min(now) / 100;
            if tenth > now / 100 - 300 {
                heard.push((tenth, trade.quantity));
            }
            for now in [now, now + wait] {
                for window in Window::ALL {
                    let oldest = now / 100 - i64::from(window.seconds()) * 10;
                    let counted: Vec<Qty> =
                        heard.iter().filter(|(tenth, _)| *tenth > oldest).map(|(_, quantity)| *quantity).collect();
                    let per_second = |sum: Decimal| sum / Decimal::from(window.seconds());
                    let expected = Pace {
                        prints: per_second(counted.len().into()),
                        volume: per_second(counted.into_iter().sum::<Qty>().0),
                    };
                    prop_assert_eq!(speed.pace(window, Time::from_millis(now)), expected);
                }
            }
        }
    }
}

#[test]
fn a_time_that_was_taken_back_counts_nothing_of_what_was_to_come() {
    let mut speed = Speed::default();
    let at = Time::from_seconds;
    speed.add(&trade(100_000, 10, 5, None), at(100));
    assert_eq!(speed.pace(Window::Five, at(70)), Pace::default());
    speed.add(&trade(70_000, 10, 10, None), at(70));
    assert_eq!(speed.pace(Window::Five, at(70)), Pace { prints: Decimal::new(2, 1), volume: Decimal::TWO });
}
