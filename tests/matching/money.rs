//! Commissions, cash, buying power.

use pitdesk::domain::{AssetClass, Decimal, GroupId, OrderKind, OrderSpec, OrderStatus, TimeInForce};
use pitdesk::exchange::{Commission, CommissionRule, Config, Event, Reject};

use super::floor::*;

fn with_commission(percent: &str, per_unit: &str, minimum: &str) -> Floor {
    let commission = Commission { percent: dec(percent), per_unit: dec(per_unit), minimum: dec(minimum) };
    let rule = CommissionRule { class: AssetClass::Share, currency: None, commission };
    Floor::with(instrument(), Config { commissions: vec![rule], ..config() })
}

fn with_cash(cash: i64, leverage: i64) -> Floor {
    Floor::with(instrument(), Config { accounts: vec![account(cash, leverage)], ..config() })
}

fn commissions(floor: &Floor) -> Vec<Decimal> {
    let amount = |event: &Event| match event {
        Event::Filled { fill, .. } => Some(fill.commission.amount),
        _ => None,
    };
    floor.events.iter().filter_map(amount).collect()
}

fn is_short_of_money(floor: &Floor) -> bool {
    matches!(floor.rejection(), Some(Reject::BuyingPower { .. }))
}

#[test]
fn cash_moves_by_value_and_commission() {
    let mut floor = with_commission("0.1", "0", "0");
    floor.quote(&[("100.00", 10)], &[("100.00", 0), ("101.00", 10)]);
    floor.send(buy(10, OrderKind::Market));
    assert_eq!(commissions(&floor), [dec("1.01")]);
    assert_eq!(floor.balance().cash, dec("998988.99"));
    floor.send(sell(10, OrderKind::Market));
    let balance = floor.balance();
    assert_eq!(balance.cash, dec("999987.99"));
    assert_eq!((balance.realised, balance.commissions), (dec("-10"), dec("2.01")));
    assert_eq!((balance.margin, floor.net()), (dec("0"), dec("0")));
}

#[test]
fn a_minimum_commission_is_paid_once_an_order() {
    let mut floor = with_commission("0", "0.01", "1");
    floor.quote(&[], &[("100.00", 30), ("100.01", 50), ("100.02", 70)]);
    floor.send(buy(150, OrderKind::Market));
    assert_eq!(commissions(&floor), [dec("1"), dec("0"), dec("0.50")]);
}

#[test]
fn an_order_beyond_buying_power_is_refused_with_the_numbers() {
    let mut floor = with_cash(10_000, 2);
    let id = floor.send(buy(100, limit("120.00")));
    assert_eq!(floor.resting(id), 100);
    floor.send(buy(100, limit("123.40")));
    assert_eq!(
        floor.rejection().unwrap().to_string(),
        "Needs 12,340.00 USD of buying power, 8,000.00 USD are free: lower the quantity or cancel working orders"
    );
    assert_eq!(floor.balance().buying_power, dec("8000"));
    floor.cancel(id);
    assert_eq!(floor.balance().buying_power, dec("20000"));
}

#[test]
fn an_amend_is_checked_like_an_order() {
    let mut floor = with_cash(1_000, 1);
    let id = floor.send(buy(10, limit("90.00")));
    floor.amend_quantity(id, 12);
    assert!(is_short_of_money(&floor));
    floor.amend_limit(id, "100.00");
    assert_eq!(floor.order(id).spec.kind, limit("100.00"));
}

#[test]
fn orders_that_reduce_need_nothing() {
    let mut floor = with_cash(1_000, 1);
    floor.quote(&[("99.00", 100)], &[("100.00", 10)]);
    floor.send(buy(10, OrderKind::Market));
    assert_eq!(floor.balance().buying_power, dec("0"));
    let exit = floor.send(sell(10, limit("110.00")));
    assert_eq!(floor.resting(exit), 10);
    floor.send(sell(1, limit("110.00")));
    assert_eq!(floor.resting(exit), 10);
    assert!(floor.rejection().is_none(), "one short is worth less than the ten held: it is not added");
    floor.send(sell(10, limit("110.00")));
    assert!(is_short_of_money(&floor), "eleven short at 110 are worth more than what is held");
}

#[test]
fn a_close_is_never_refused_whatever_exits_work() {
    let mut floor = with_cash(1_000, 1);
    floor.quote(&[("99.00", 100)], &[("100.00", 10)]);
    floor.send(buy(10, OrderKind::Market));
    let target = floor.send(sell(10, limit("110.00")));
    floor.send(sell(11, OrderKind::Market));
    assert!(is_short_of_money(&floor), "more than is held opens a short");
    let part = floor.send(OrderSpec { tif: TimeInForce::Ioc, ..sell(4, limit("99.00")) });
    assert_eq!(floor.order(part).status, OrderStatus::Filled);
    let close = floor.send(sell(6, OrderKind::Market));
    assert_eq!(floor.order(close).status, OrderStatus::Filled);
    assert_eq!((floor.net(), floor.resting(target)), (dec("0"), 10));
}

#[test]
fn a_losing_account_can_close_a_short_beside_its_stop() {
    let mut floor = with_cash(1_000, 2);
    floor.quote(&[("100.00", 20)], &[("130.00", 50)]);
    floor.send(sell(20, OrderKind::Market));
    let protection = floor.send(buy(20, stop("150.00")));
    floor.print("129.00");
    assert!(floor.balance().buying_power < dec("0"));
    let close = floor.send(buy(20, OrderKind::Market));
    assert_eq!(floor.order(close).status, OrderStatus::Filled);
    assert_eq!(floor.order(protection).status, OrderStatus::Held);
}

#[test]
fn orders_of_both_sides_are_not_counted_twice() {
    let mut floor = with_cash(1_000, 1);
    floor.send(buy(10, limit("99.00")));
    floor.send(sell(10, limit("100.00")));
    assert!(floor.rejection().is_none());
    assert_eq!(floor.balance().margin, dec("1000"));
    floor.send(sell(1, limit("100.00")));
    assert!(is_short_of_money(&floor));
}

#[test]
fn the_exits_of_a_bracket_count_once() {
    let mut floor = with_cash(1_000, 1);
    floor.quote(&[("99.00", 100)], &[("100.00", 10)]);
    let parent = floor.send(buy(10, OrderKind::Market));
    for exit in [sell(10, limit("110.00")), sell(10, stop("95.00"))] {
        floor.send(OrderSpec { parent: Some(parent), ..exit });
        assert!(floor.rejection().is_none());
    }
    assert_eq!(floor.balance().margin, dec("1000"));
}

#[test]
fn the_targets_of_a_bracket_count_together_up_to_what_their_parent_bought() {
    let mut floor = with_cash(10_000, 1);
    floor.quote(&[("99.00", 100)], &[("100.00", 10)]);
    let parent = floor.send(buy(10, OrderKind::Market));
    for exit in [sell(5, limit("110.00")), sell(5, limit("120.00")), sell(10, stop("95.00"))] {
        floor.send(OrderSpec { parent: Some(parent), ..exit });
    }
    floor.send(sell(10, OrderKind::Market));
    assert_eq!(floor.net(), dec("0"));
    assert_eq!(floor.balance().margin, dec("1150"), "both targets, and no stop beside them");
}

#[test]
fn of_a_group_only_the_most_valuable_order_counts() {
    let mut floor = with_cash(1_000, 1);
    for at in ["90.00", "99.00", "80.00"] {
        floor.send(OrderSpec { oco: Some(GroupId(1)), ..buy(10, limit(at)) });
        assert!(floor.rejection().is_none());
    }
    assert_eq!(floor.balance().margin, dec("990"));
}

#[test]
fn a_short_position_ties_up_its_value() {
    let mut floor = with_cash(1_000, 1);
    floor.quote(&[("100.00", 11)], &[]);
    floor.send(sell(11, OrderKind::Market));
    assert!(is_short_of_money(&floor));
    floor.send(sell(10, OrderKind::Market));
    let balance = floor.balance();
    assert_eq!((balance.cash, balance.margin, balance.buying_power), (dec("2000"), dec("1000"), dec("0")));
    let cover = floor.send(buy(10, limit("90.00")));
    assert_eq!(floor.resting(cover), 10);
}

#[test]
fn a_market_order_is_valued_at_the_deepest_price_it_reaches() {
    let mut floor = with_cash(1_000, 1);
    floor.quote(&[], &[("99.00", 5), ("101.00", 50)]);
    floor.send(buy(10, OrderKind::Market));
    assert!(is_short_of_money(&floor));
    floor.send(buy(9, OrderKind::Market));
    assert_eq!(floor.net(), dec("9"));
}

#[test]
fn commissions_are_part_of_what_an_order_needs() {
    let mut floor = with_commission("1", "0", "0");
    floor.send(buy(19_608, limit("100.00")));
    assert!(is_short_of_money(&floor), "1 % of commission, which leverage does not lend");
    floor.send(buy(19_607, limit("100.00")));
    assert!(floor.rejection().is_none());
}

#[test]
fn a_currency_without_cash_buys_nothing() {
    let mut yen = instrument();
    yen.currency = pitdesk::domain::Currency::JPY;
    let mut floor = Floor::with(yen, config());
    floor.send(buy(1, limit("100.00")));
    assert_eq!(
        floor.rejection().unwrap().to_string(),
        "Needs 100 JPY of buying power, 0 JPY are free: lower the quantity or cancel working orders"
    );
}

#[test]
fn orders_whose_position_could_not_be_read_again_are_not_taken() {
    let mut floor = with_cash(10_i64.pow(15), 1_000);
    for _ in 0..10 {
        floor.send(buy(10_i64.pow(14), limit("0.01")));
        assert!(floor.rejection().is_none(), "{:?}", floor.rejection());
    }
    floor.send(buy(1, limit("0.01")));
    assert_eq!(floor.rejection(), Some(&Reject::TooLarge));
}
