//! Typed amends: what is on the grid, what is refused, how steps go.

use super::*;
use crate::domain::{
    AssetClass, BrokerId, Currency, InstrumentId, OrderId, OrderKind, OrderSpec, Side, TickTable, Time,
    TimeInForce, TradingHours,
};
use crate::link::Command;
use crate::risk::Despite;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn instrument(tick: &str, lot: &str) -> Instrument {
    Instrument {
        id: InstrumentId(0),
        broker: BrokerId(0),
        symbol: "AAPL".into(),
        name: "Apple Inc.".into(),
        venue: "NASDAQ".into(),
        class: AssetClass::Share,
        currency: Currency::USD,
        ticks: TickTable::uniform(dec(tick)).unwrap(),
        lot: Qty(dec(lot)),
        multiplier: Decimal::ONE,
        hours: TradingHours::always("America/New_York"),
    }
}

fn order(kind: OrderKind, filled: &str) -> Order {
    Order {
        status: OrderStatus::Working,
        filled: Qty(dec(filled)),
        ..Order::intended(
            OrderId(12),
            BrokerId(0),
            "A".into(),
            OrderSpec::new(InstrumentId(0), Side::Buy, Qty(100.into()), kind, TimeInForce::Day),
            Time::default(),
        )
    }
}

fn limit() -> OrderKind {
    OrderKind::Limit { price: Price(dec("182.50")) }
}

#[test]
fn what_is_shown_can_be_typed() {
    let (instrument, order) = (instrument("0.05", "1"), order(limit(), "0"));
    let read = |text| read(text, Part::Limit, &order, &instrument);
    assert_eq!(read("1,182.50"), Ok(dec("1182.50")));
    assert_eq!(read(" 182.5 "), Ok(dec("182.50")));
    assert!(matches!(read("182.5O"), Err(BadEntry::NoNumber(_))));
    assert!(matches!(read(""), Err(BadEntry::NoNumber(_))));
    assert!(
        matches!(read("182,5"), Err(BadEntry::NoNumber(_))),
        "a decimal comma is not somebody's tenfold price"
    );
    assert!(read("999999999999999999999999999").is_err(), "beyond counting, and no panic");
}

#[test]
fn a_price_off_the_grid_is_told_its_neighbours() {
    let (instrument, order) = (instrument("0.05", "1"), order(limit(), "0"));
    let bad = read("182.52", Part::Limit, &order, &instrument).unwrap_err();
    assert_eq!(bad.to_string(), "Off the price grid: 182.50 or 182.55");
    assert_eq!(read("-1", Part::Stop, &order, &instrument), Err(BadEntry::NoPrice));
}

#[test]
fn a_quantity_is_a_multiple_of_the_lot_and_more_than_what_has_filled() {
    let (instrument, order) = (instrument("0.01", "10"), order(limit(), "40"));
    let read = |text| read(text, Part::Quantity, &order, &instrument);
    assert_eq!(read("50"), Ok(dec("50")));
    assert_eq!(read("55"), Err(BadEntry::OffLot(Qty(10.into()))));
    assert_eq!(read("40"), Err(BadEntry::BelowFilled(Qty(40.into()))));
}

#[test]
fn steps_stay_on_the_grid_and_above_what_has_filled() {
    let (instrument, order) = (instrument("0.05", "10"), order(limit(), "40"));
    let step = |part: Part, from, steps| part.step(dec(from), steps, &order, &instrument).unwrap();
    assert_eq!(step(Part::Limit, "182.50", 1), dec("182.55"));
    assert_eq!(step(Part::Limit, "182.50", -10), dec("182.00"));
    assert_eq!(step(Part::Quantity, "100", 10), dec("200"));
    assert_eq!(step(Part::Quantity, "60", -10), dec("50"));
    assert_eq!(
        step(Part::Limit, "190.02", 1),
        dec("190.05"),
        "from what was typed, though it is off the grid"
    );
    assert_eq!(step(Part::Quantity, "20", 1), dec("50"));
}

#[test]
fn turning_goes_round_the_parts_that_the_order_has() {
    let stop_limit = order(OrderKind::StopLimit { stop: Price(dec("190")), price: Price(dec("191")) }, "0");
    assert_eq!(Part::first(&stop_limit), Part::Limit);
    assert_eq!(Part::Limit.next(&stop_limit), Part::Stop);
    assert_eq!(Part::Stop.next(&stop_limit), Part::Quantity);
    assert_eq!(Part::Quantity.next(&stop_limit), Part::Limit);
    let market = order(OrderKind::Market, "0");
    assert_eq!(Part::first(&market), Part::Quantity);
    assert_eq!(Part::Quantity.next(&market), Part::Quantity);
}

#[test]
fn an_amendment_touches_one_part_only() {
    let order = order(limit(), "0");
    let command = Part::Limit.amend(&order, dec("183"), Despite::default());
    let expected = Command::Amend {
        order: OrderId(12),
        quantity: None,
        limit: Some(Price(dec("183"))),
        stop: None,
        despite: Despite::default(),
    };
    assert_eq!(command, expected);
}
