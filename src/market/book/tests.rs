//! The book against a plain sorted vector, and against a recorded exchange.

use std::io::Read;

use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::data::recorded;
use crate::domain::{Decimal, Qty};

fn level(price: i64, quantity: i64) -> Level {
    Level { price: Price(price.into()), quantity: Qty(quantity.into()), orders: 1 }
}

#[test]
fn a_price_is_one_level_however_it_is_written() {
    let mut book = LevelBook::default();
    book.set(Side::Buy, level(10, 5));
    book.delete(Side::Buy, Price("10.00".parse().unwrap()));
    assert_eq!(book.best_bid(), None);
}

#[test]
fn a_book_is_crossed_when_bid_and_ask_meet() {
    let check = |bid, ask, crossed| {
        let mut book = LevelBook::default();
        book.set(Side::Buy, level(bid, 1));
        assert!(!book.is_crossed());
        book.set(Side::Sell, level(ask, 1));
        assert_eq!(book.is_crossed(), crossed, "{bid} / {ask}");
    };
    check(99, 100, false);
    check(100, 100, true);
    check(101, 100, true);
}

#[derive(Debug, Clone)]
enum Change {
    Set(Side, i64, i64),
    Delete(Side, i64),
    Snapshot(Vec<(i64, i64)>, Vec<(i64, i64)>),
}

fn change() -> impl Strategy<Value = Change> {
    let side = prop::sample::select(vec![Side::Buy, Side::Sell]);
    let levels = || prop::collection::vec((1..30_i64, 0..9_i64), 0..12);
    prop_oneof![
        10 => (side.clone(), 1..30_i64, 0..9_i64).prop_map(|(side, price, quantity)| Change::Set(side, price, quantity)),
        3 => (side, 1..30_i64).prop_map(|(side, price)| Change::Delete(side, price)),
        1 => (levels(), levels()).prop_map(|(bids, asks)| Change::Snapshot(bids, asks)),
    ]
}

/// Sets a level in a vector that is sorted by rising price.
fn set_plain(levels: &mut Vec<Level>, new: Level) {
    levels.retain(|level| level.price != new.price);
    if !new.quantity.is_zero() {
        levels.push(new);
    }
    levels.sort_by_key(|level| level.price);
}

proptest! {
    #[test]
    fn equals_a_sorted_vector(changes in prop::collection::vec(change(), 1..80), shown in 0..12_usize) {
        let mut book = LevelBook::default();
        let (mut bids, mut asks) = (Vec::new(), Vec::new());
        for change in changes {
            match change {
                Change::Set(side, price, quantity) => {
                    book.set(side, level(price, quantity));
                    set_plain(if side == Side::Buy { &mut bids } else { &mut asks }, level(price, quantity));
                }
                Change::Delete(side, price) => {
                    book.delete(side, Price(price.into()));
                    set_plain(if side == Side::Buy { &mut bids } else { &mut asks }, level(price, 0));
                }
                Change::Snapshot(new_bids, new_asks) => {
                    let levels = |all: &[(i64, i64)]| all.iter().map(|&(p, q)| level(p, q)).collect::<Vec<_>>();
                    let snapshot = Depth { bids: levels(&new_bids), asks: levels(&new_asks), time: Time(0) };
                    book.replace(&snapshot);
                    (bids, asks) = (Vec::new(), Vec::new());
                    snapshot.bids.iter().for_each(|&level| set_plain(&mut bids, level));
                    snapshot.asks.iter().for_each(|&level| set_plain(&mut asks, level));
                }
            }
            prop_assert_eq!(book.best_bid(), bids.last().copied());
            prop_assert_eq!(book.best_ask(), asks.first().copied());
            let expected = Depth {
                bids: bids.iter().rev().take(shown).copied().collect(),
                asks: asks.iter().take(shown).copied().collect(),
                time: Time(7),
            };
            prop_assert_eq!(book.depth(shown, Time(7)), expected);
        }
    }
}

fn decimal(text: &Value) -> Decimal {
    text.as_str().unwrap().parse().unwrap()
}

fn levels(rows: &Value) -> Vec<Level> {
    let level =
        |row: &Value| Level { price: Price(decimal(&row[0])), quantity: Qty(decimal(&row[1])), orders: 0 };
    rows.as_array().unwrap().iter().map(level).collect()
}

/// Replays six minutes of a real exchange: wherever it also sent its own best bid and ask
/// for the very state of the book, ours must be the same.
#[test]
fn a_recorded_book_has_the_exchanges_best_prices() {
    let Some(path) = recorded("hftbacktest_btcusdt_20240808.txt.gz") else { return };
    let packed = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    let messages: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line.split_once(' ').unwrap().1).unwrap()).collect();

    let snapshot = messages.iter().find(|message| message["lastUpdateId"].is_u64()).unwrap();
    let mut book = LevelBook::default();
    let time = Time(0);
    book.replace(&Depth { bids: levels(&snapshot["bids"]), asks: levels(&snapshot["asks"]), time });
    let mut at = snapshot["lastUpdateId"].as_u64().unwrap();

    let best = |data: &Value| [&data["b"], &data["B"], &data["a"], &data["A"]].map(decimal);
    let tickers: BTreeMap<u64, [Decimal; 4]> = messages
        .iter()
        .filter(|message| message["stream"] == "btcusdt@bookTicker")
        .map(|message| (message["data"]["u"].as_u64().unwrap(), best(&message["data"])))
        .collect();
    let (mut applied, mut compared) = (0, 0);
    for update in messages.iter().map(|message| &message["data"]).filter(|data| data["e"] == "depthUpdate") {
        let last = update["u"].as_u64().unwrap();
        if last <= at {
            continue;
        }
        for (side, changes) in [(Side::Buy, &update["b"]), (Side::Sell, &update["a"])] {
            for level in levels(changes) {
                book.set(side, level);
            }
        }
        (at, applied) = (last, applied + 1);
        assert!(!book.is_crossed(), "crossed at {at}");
        // The newest best prices at or before this state hold for it.
        if let Some((_, &expected)) = tickers.range(..=at).next_back() {
            let (bid, ask) = (book.best_bid().unwrap(), book.best_ask().unwrap());
            assert_eq!([bid.price.0, bid.quantity.0, ask.price.0, ask.quantity.0], expected, "at {at}");
            compared += 1;
        }
    }
    assert_eq!((applied, compared), (3_449, 3_449));
}
