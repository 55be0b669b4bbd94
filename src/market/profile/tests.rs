//! The profile against the list of all trades.

use proptest::prelude::*;

use super::*;
use crate::domain::Decimal;
use crate::tick_tables::tables;

fn price(text: &str) -> Price {
    Price(text.parse().unwrap())
}

fn trade(seconds: i64, price: Price, quantity: u32, aggressor: Option<Side>) -> Trade {
    Trade { time: Time::from_seconds(seconds), price, quantity: Qty(quantity.into()), aggressor }
}

fn cents() -> TickTable {
    TickTable::uniform(Decimal::new(1, 2)).unwrap()
}

/// Above every price of these tests.
const TOP: Price = Price(Decimal::MAX);
const BOTTOM: Price = Price(Decimal::NEGATIVE_ONE);

fn sum(volumes: impl Iterator<Item = Volume>) -> Volume {
    volumes.fold(Volume::default(), Add::add)
}

fn aggressors() -> impl Strategy<Value = Option<Side>> {
    prop::sample::select(vec![Some(Side::Buy), Some(Side::Sell), None])
}

#[test]
fn a_new_session_begins_with_nothing_and_only_once() {
    let mut profile = Profile::new(cents(), Time::from_seconds(0));
    profile.add(&trade(5, price("10"), 3, None));
    profile.begin(Time::from_seconds(100));
    assert_eq!(profile.rows(&Grid::new(&cents(), Group::ONE), BOTTOM, TOP), Rows::default());
    profile.add(&trade(100, price("10"), 4, None));
    profile.begin(Time::from_seconds(100));
    profile.begin(Time::from_seconds(50));
    profile.add(&trade(99, price("10"), 8, None));
    let rows = profile.rows(&Grid::new(&cents(), Group::ONE), BOTTOM, TOP);
    assert_eq!(rows.at(price("10")).unknown, Qty(4.into()), "the trade of the old session is late");
    assert_eq!((profile.late(), profile.begun()), (1, Time::from_seconds(100)));
}

#[test]
fn the_largest_row_is_that_of_the_rows_asked_for() {
    let mut profile = Profile::new(cents(), Time(0));
    for (at, quantity) in [("10.00", 5), ("10.09", 2), ("10.10", 1), ("10.20", 30)] {
        profile.add(&trade(0, price(at), quantity, Some(Side::Buy)));
    }
    let grid = Grid::new(&cents(), Group::new(10).unwrap());
    let rows = profile.rows(&grid, price("10.05"), price("10.19"));
    let shown: Vec<_> = rows.iter().map(|(row, volume)| (row, volume.bought.0)).collect();
    assert_eq!(shown, [(price("10"), 7.into()), (price("10.10"), 1.into())]);
    assert_eq!(rows.largest(), Qty(7.into()));
    assert_eq!(profile.rows(&grid, price("10.3"), price("10.1")), Rows::default(), "upside down");
}

#[test]
fn what_traded_at_no_price_is_counted_beside_the_rows() {
    let mut profile = Profile::new(cents(), Time(0));
    profile.add(&trade(0, price("-37.63"), 5, Some(Side::Sell)));
    profile.add(&trade(0, price("0.005"), 2, None));
    assert_eq!(profile.outside().total(), Qty(7.into()));
    assert_eq!(profile.rows(&Grid::new(&cents(), Group::ONE), BOTTOM, TOP), Rows::default());
}

#[test]
fn too_many_prices_are_taken_together_and_none_is_lost() {
    let mut profile = Profile::new(cents(), Time(0));
    let prices = 1..=i64::try_from(MOST_PRICES).unwrap() + 1;
    for cent in prices.clone() {
        assert_eq!(profile.group(), Group::ONE);
        profile.add(&trade(0, Price(Decimal::new(cent, 2)), 1, None));
    }
    assert_eq!(profile.group(), Group::new(10).unwrap());
    let rows = |ticks| profile.rows(&Grid::new(&cents(), Group::new(ticks).unwrap()), BOTTOM, TOP);
    let all = Qty(prices.count().into());
    for ticks in [1, 10, 20, 50, 100] {
        assert_eq!(sum(rows(ticks).iter().map(|(_, volume)| volume)).total(), all);
    }
    assert_eq!(rows(20).at(price("0.40")).total(), Qty(20.into()), "exact in rows of whole groups");
    assert_eq!(rows(1).at(price("0.40")).total(), Qty(10.into()), "all of a group in its lowest row");
    assert_eq!(rows(1).at(price("0.41")).total(), Qty::ZERO);
}

#[test]
fn a_profile_is_bounded_however_far_apart_the_prices_are() {
    let mut profile = Profile::new(cents(), Time(0));
    let count = i64::try_from(MOST_PRICES).unwrap() + 10;
    for thousand in 1..=count {
        profile.add(&trade(0, Price(Decimal::from(thousand * 1_000)), 1, Some(Side::Buy)));
    }
    assert_eq!(profile.volumes.len(), MOST_PRICES);
    assert_eq!(profile.outside().bought, Qty(10.into()));
    assert_eq!(profile.group().coarser(), None);
}

proptest! {
    #[test]
    fn rows_are_the_sums_of_the_trades_in_them(
        table in tables(),
        ticks in prop::sample::select(vec![1, 2, 5, 10, 50]),
        trades in prop::collection::vec((0..300_i32, 0..4_i64, 1..100_u32, aggressors()), 0..80),
        (low, high) in (0..300_i32, 0..300_i32),
    ) {
        let grid = Grid::new(&table, Group::new(ticks).unwrap());
        let at = |steps| table.step(Price(Decimal::ZERO), steps + 1);
        let trades: Vec<Trade> = trades.into_iter().map(|(steps, quarters, quantity, aggressor)| {
            let price = at(steps);
            let between = table.tick_above(price) * Decimal::new(quarters * 25, 2);
            trade(0, Price(price.0 + between), quantity, aggressor)
        }).collect();
        let mut profile = Profile::new(table.clone(), Time(0));
        for trade in &trades {
            profile.add(trade);
        }

        let all = profile.rows(&grid, BOTTOM, TOP);
        let everything = sum(trades.iter().map(Volume::of));
        prop_assert_eq!(sum(all.iter().map(|(_, volume)| volume)), everything, "none is lost");
        let some = profile.rows(&grid, at(low), at(high));
        let (from, to) = (grid.floor(at(low)).unwrap(), grid.floor(at(high)).unwrap());
        let expected: Vec<_> = all.iter().filter(|(row, _)| (from..=to).contains(row)).collect();
        prop_assert_eq!(some.iter().collect::<Vec<_>>(), expected);
        for (row, volume) in all.iter() {
            let here = trades.iter().filter(|trade| grid.floor(trade.price) == Some(row));
            prop_assert_eq!(volume, sum(here.map(Volume::of)));
            prop_assert_eq!(all.at(row), volume);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn a_wide_session_keeps_every_unit(
        cents_apart in 1..200_000_i64, count in 4_000..4_400_i64, aggressor in aggressors(),
    ) {
        let mut profile = Profile::new(cents(), Time(0));
        for number in 1..=count {
            profile.add(&trade(0, Price(Decimal::new(number * cents_apart, 2)), 1, aggressor));
        }
        prop_assert!(profile.volumes.len() <= MOST_PRICES);
        let rows = profile.rows(&Grid::new(&cents(), Group::new(500).unwrap()), BOTTOM, TOP);
        let total = sum(rows.iter().map(|(_, volume)| volume)) + profile.outside();
        prop_assert_eq!(total.total(), Qty(count.into()));
    }
}
