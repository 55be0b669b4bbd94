//! The ladder against a list of all its rows.

use proptest::prelude::*;

use super::levels::Levels;
use super::own::OwnOrders;
use super::*;
use crate::domain::{
    BrokerId, Depth, InstrumentId, Level, Order, OrderId, OrderKind, OrderSpec, OrderStatus, Qty, Time,
    TimeInForce, TrailBy,
};
use crate::tick_tables::tables;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn price(text: &str) -> Price {
    Price(dec(text))
}

fn grid(rows: &[(&str, &str)], ticks: u32) -> Grid {
    let table = TickTable::new(rows.iter().map(|(from, tick)| (dec(from), dec(tick))).collect()).unwrap();
    Grid::new(&table, Group::new(ticks).unwrap())
}

fn level(price: Price, quantity: u32) -> Level {
    Level { price, quantity: Qty(quantity.into()), orders: 1 }
}

fn order(id: u64, side: Side, quantity: i64, kind: OrderKind) -> Order {
    let spec = OrderSpec::new(InstrumentId(0), side, Qty(quantity.into()), kind, TimeInForce::Day);
    let order = Order::intended(OrderId(id), BrokerId(0), "PAPER".into(), spec, Time(0));
    Order { status: OrderStatus::Held, ..order }
}

fn limit(id: u64, side: Side, quantity: i64, at: &str) -> Order {
    let kind = OrderKind::Limit { price: price(at) };
    Order { status: OrderStatus::Working, ..order(id, side, quantity, kind) }
}

/// Where a table's prices begin.
fn lowest(table: &TickTable) -> Price {
    table.step(Price(Decimal::ZERO), 1)
}

/// The rows among the lowest 700 prices of a table, lowest first, found by walking over them.
fn listed(table: &TickTable, group: Group) -> Vec<Price> {
    let lowest = lowest(table);
    let prices = std::iter::successors(Some(lowest), |&price| Some(table.step(price, 1)));
    let is_row = |price: Price| {
        let (from, tick) = *table.rows().iter().rfind(|(from, _)| *from <= price.0).unwrap();
        price == lowest || ((price.0 - from) / tick % Decimal::from(group.ticks())).is_zero()
    };
    prices.take(700).filter(|&price| is_row(price)).collect()
}

fn groups() -> impl Strategy<Value = Group> {
    prop::sample::select(vec![1, 2, 5, 10, 20, 50]).prop_map(|ticks| Group::new(ticks).unwrap())
}

/// A price among the lowest 350 of any table, or so many quarters of a tick below it.
#[derive(Debug, Clone, Copy)]
struct Spot {
    ticks: i32,
    quarters: i64,
}

impl Spot {
    fn of(self, table: &TickTable) -> Price {
        let price = table.step(lowest(table), self.ticks);
        Price(price.0 - table.tick_below(price) * Decimal::new(self.quarters * 25, 2))
    }
}

fn spot() -> impl Strategy<Value = Spot> {
    let quarters = prop_oneof![2 => Just(0), 1 => 1..4_i64];
    (0..350, quarters).prop_map(|(ticks, quarters)| Spot { ticks, quarters })
}

#[test]
fn groups_go_up_and_down_the_same_way() {
    let up: Vec<Group> = std::iter::successors(Some(Group::ONE), |group| group.coarser()).collect();
    let mut down: Vec<Group> = std::iter::successors(up.last().copied(), |group| group.finer()).collect();
    down.reverse();
    assert_eq!(up, down);
    assert_eq!(up.iter().map(|group| group.ticks()).collect::<Vec<_>>(), GROUPS);
    assert_eq!((Group::new(3), Group::new(0), Group::ONE.finer()), (None, None, None));
}

#[test]
fn the_rows_of_a_band_begin_with_it() {
    let krx = [("0", "1"), ("2000", "5"), ("5000", "10")];
    let rows: Vec<Price> = grid(&krx, 20).rows(price("2040"), 2, 3).collect();
    assert_eq!(rows, ["2200", "2100", "2000", "1980", "1960", "1940"].map(price));
    // 20 × 5 does not divide 2,950: the last row of the band is a short one.
    let odd = [("0", "1"), ("2000", "5"), ("4950", "10")];
    let rows: Vec<Price> = grid(&odd, 20).rows(price("4950"), 1, 2).collect();
    assert_eq!(rows, ["5150", "4950", "4900", "4800"].map(price));
}

#[test]
fn the_lowest_row_is_the_lowest_price() {
    let grid = grid(&[("0", "0.01")], 10);
    let rows: Vec<Price> = grid.rows(price("0.15"), 1, 40).collect();
    assert_eq!(rows, ["0.20", "0.10", "0.01"].map(price));
    assert_eq!(grid.floor(price("0.03")), Some(price("0.01")));
    assert_eq!(grid.ceil(price("0.005")), Some(price("0.01")));
    assert_eq!(grid.step(price("0.10"), -7), Some(price("0.01")));
}

#[test]
fn what_is_no_price_has_no_row() {
    let grid = grid(&[("0", "0.01")], 5);
    for none in ["0", "-0.01", "-37.63", "-1000000000000"].map(price) {
        assert_eq!((grid.floor(none), grid.ceil(none), grid.step(none, 3)), (None, None, None), "{none}");
        assert_eq!((grid.distance(none, price("1")), grid.rows(none, 5, 5).count()), (None, 0));
    }
    assert_eq!(grid.floor(price("0.005")), None, "below the lowest price");
}

#[test]
fn the_ladder_ends_where_prices_do() {
    let grid = grid(&[("0", "0.01")], 100);
    let top = price("1000000000000.00");
    assert_eq!(grid.floor(top), Some(top));
    assert_eq!(grid.step(price("999999999999"), i32::MAX), Some(top));
    assert_eq!(grid.floor(Price(Decimal::MAX)), Some(top));
    assert_eq!(grid.ceil(price("1000000000000.01")), None);
    assert_eq!(grid.distance(price("1"), top), Some(999_999_999_999));
}

#[test]
fn ticks_beyond_all_reason_make_no_panic() {
    let finest = grid(&[("0", "0.0000000000000000000000000001")], 1);
    let top = finest.floor(price("1000000000000")).unwrap();
    assert!(top < price("8"), "as far as a decimal can say it: {top}");
    assert_eq!(finest.step(top, 1), Some(top));
    assert_eq!(finest.distance(price("0.0000000000000000000000000001"), top), None, "beyond counting");
    let coarsest = grid(&[("0", "79228162514264337593543950335")], 100_000);
    assert_eq!(coarsest.ceil(price("1")), None);
    assert_eq!(coarsest.floor(Price(Decimal::MAX)), None);
}

#[test]
fn equal_rows_are_written_alike() {
    let grid = grid(&[("0", "0.01"), ("1", "0.5")], 2);
    let written: Vec<String> = grid.rows(price("1"), 1, 1).map(|row| row.to_string()).collect();
    assert_eq!(written, ["2.00", "1.00", "0.98"]);
}

#[test]
fn a_level_is_never_shown_at_a_better_price() {
    let grid = grid(&[("0", "0.01")], 10);
    let bids = [("10.09", 1), ("10.01", 2), ("10.00", 4), ("9.99", 8), ("-1", 16)];
    let asks = [("10.10", 1), ("10.11", 2), ("10.20", 4), ("10.21", 8)];
    let side = |levels: &[(&str, u32)]| levels.iter().map(|&(at, q)| level(price(at), q)).collect();
    let levels = Levels::new(&Depth { bids: side(&bids), asks: side(&asks), time: Time(0) }, &grid);
    let at = |side, row: &str| levels.at(side, price(row)).0;
    let bid: Vec<Decimal> = ["10.10", "10.0", "9.9"].iter().map(|row| at(Side::Buy, row)).collect();
    assert_eq!(bid, [0, 7, 8].map(Decimal::from));
    let ask = ["10.0", "10.10", "10.20", "10.30"].map(|row| at(Side::Sell, row));
    assert_eq!(ask, [0, 1, 6, 8].map(Decimal::from));
    assert_eq!((levels.largest(), levels.unplaced()), (Qty(8.into()), 1));
}

#[test]
fn own_orders_stand_in_the_row_of_their_side_oldest_first() {
    let grid = grid(&[("0", "0.01")], 10);
    let part = Order { filled: Qty(3.into()), ..limit(4, Side::Buy, 10, "10.09") };
    let ended = Order { status: OrderStatus::Cancelled, ..limit(5, Side::Buy, 10, "10.00") };
    let orders = [
        limit(9, Side::Buy, 5, "10.01"),
        part,
        limit(6, Side::Buy, 1, "10.05"),
        limit(7, Side::Sell, 2, "10.01"),
        ended,
        order(3, Side::Buy, 1, OrderKind::Market),
        order(2, Side::Sell, 1, OrderKind::TrailingStop { by: TrailBy::Percent(Decimal::ONE) }),
    ];
    let own = OwnOrders::new(&orders, &grid);
    let buys = own.at(Side::Buy, price("10")).unwrap();
    assert_eq!((buys.quantity, &*buys.orders), (Qty(13.into()), &[OrderId(4), OrderId(6), OrderId(9)][..]));
    let sells: Vec<_> = own.rows(Side::Sell).map(|(row, own)| (row, own.quantity)).collect();
    assert_eq!(sells, [(price("10.10"), Qty(2.into()))]);
    assert_eq!(own.at(Side::Sell, price("10")), None);
    assert_eq!(own.unplaced(), [OrderId(2), OrderId(3)]);
}

#[test]
fn a_stop_stands_at_its_trigger_and_then_at_its_limit() {
    let grid = grid(&[("0", "1")], 1);
    let row = |order: &Order| OwnOrders::new([order], &grid).rows(Side::Sell).next().map(|(row, _)| row);
    let held = order(1, Side::Sell, 1, OrderKind::StopLimit { stop: price("95"), price: price("90") });
    assert_eq!(row(&held), Some(price("95")));
    assert_eq!(row(&Order { status: OrderStatus::Working, ..held }), Some(price("90")));
    let stop = order(1, Side::Sell, 1, OrderKind::Stop { stop: price("95") });
    assert_eq!(row(&Order { status: OrderStatus::Working, ..stop }), Some(price("95")));
    let trail = order(1, Side::Sell, 1, OrderKind::TrailingStop { by: TrailBy::Amount(Decimal::ONE) });
    assert_eq!(row(&Order { trigger: Some(price("97")), ..trail }), Some(price("97")));
}

proptest! {
    #[test]
    fn equals_the_list_of_all_rows(
        table in tables(), group in groups(), at in spot(), to in spot(),
        (above, below) in (0..12_u32, 0..12_u32),
    ) {
        let grid = Grid::new(&table, group);
        let (at, to) = (at.of(&table), to.of(&table));
        let all = listed(&table, group);
        let number = |price: Price| all.iter().rposition(|row| *row <= price);
        prop_assert_eq!(grid.floor(at), number(at).map(|n| all[n]));
        prop_assert_eq!(grid.ceil(at), all.iter().find(|row| **row >= at).copied());
        let distance = number(at).zip(number(to)).map(|(from, to)| to.cast_signed() as i64 - from.cast_signed() as i64);
        prop_assert_eq!(grid.distance(at, to), distance);
        let window: Vec<Price> = grid.rows(at, above, below).collect();
        let expected: Vec<Price> = number(at).map_or(Vec::new(), |n| {
            let lowest = n.saturating_sub(below as usize);
            let highest = (n + above as usize).min(all.len() - 1);
            all[lowest..=highest].iter().rev().copied().collect()
        });
        // The list ends, the ladder goes on.
        let is_listed = |row: &Price| Some(row) <= all.last();
        prop_assert_eq!(window.into_iter().filter(is_listed).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn steps_are_undone_by_the_same_steps_back(
        table in tables(), group in groups(), at in spot(), rows in -300..300_i32,
    ) {
        let grid = Grid::new(&table, group);
        let Some(row) = grid.floor(at.of(&table)) else { return Ok(()) };
        let there = grid.step(row, rows).unwrap();
        let taken = grid.distance(row, there).unwrap();
        let lowest = grid.step(row, i32::MIN).unwrap();
        prop_assert!(taken == i64::from(rows) || there == lowest, "{taken} of {rows} rows to {there}");
        prop_assert_eq!(grid.step(there, -i32::try_from(taken).unwrap()), Some(row));
    }

    #[test]
    fn rows_add_up_to_the_levels(
        table in tables(), group in groups(),
        bids in prop::collection::vec((spot(), 1..1_000_u32), 0..40),
        asks in prop::collection::vec((spot(), 1..1_000_u32), 0..40),
        is_in_order in any::<bool>(),
    ) {
        let grid = Grid::new(&table, group);
        let side = |all: Vec<(Spot, u32)>| all.into_iter().map(|(at, q)| level(at.of(&table), q)).collect();
        let mut depth = Depth { bids: side(bids), asks: side(asks), time: Time(0) };
        if is_in_order {
            depth.bids.sort_by_key(|level| std::cmp::Reverse(level.price));
            depth.asks.sort_by_key(|level| level.price);
        }
        let levels = Levels::new(&depth, &grid);
        let mut largest = Qty::ZERO;
        for row in listed(&table, group) {
            let above = grid.step(row, 1).unwrap();
            let below = grid.step(row, -1).filter(|below| *below < row);
            let of = |levels: &[Level], is_here: &dyn Fn(Price) -> bool| -> Qty {
                levels.iter().filter(|level| is_here(level.price)).map(|level| level.quantity).sum()
            };
            let bid = of(&depth.bids, &|at| row <= at && at < above);
            let ask = of(&depth.asks, &|at| at <= row && below.is_none_or(|below| below < at));
            prop_assert_eq!(levels.at(Side::Buy, row), bid);
            prop_assert_eq!(levels.at(Side::Sell, row), ask);
            largest = largest.max(bid).max(ask);
        }
        prop_assert_eq!(levels.largest(), largest);
    }
}
