//! Orders there and back.

use ibapi::orders::OrderState;
use proptest::prelude::*;

use super::*;
use crate::domain::{Decimal, Time};

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn sent(spec: &OrderSpec) -> Order {
    let account = AccountId::from("DU123");
    to_theirs(
        spec,
        Envelope { client_id: 7, account: &account, order: OrderId(42), parent: None, transmit: true },
    )
}

fn read(order: Order) -> Option<Terms> {
    let data = OrderData { order, order_state: OrderState::default(), ..OrderData::default() };
    from_theirs(&data, InstrumentId(3), 7, |id| (id == 9).then_some(OrderId(41)))
}

fn spec(kind: OrderKind, tif: TimeInForce) -> OrderSpec {
    OrderSpec::new(InstrumentId(3), Side::Sell, Qty(dec("100")), kind, tif)
}

#[test]
fn every_order_says_whose_it_is_how_long_and_what_we_call_it() {
    let price = Price(dec("10.5"));
    for tif in [TimeInForce::Day, TimeInForce::Gtc, TimeInForce::Ioc, TimeInForce::Fok] {
        let order = sent(&spec(OrderKind::Limit { price }, tif));
        assert_eq!(order.tif.as_str(), tif.label());
        assert_eq!((&*order.account, &*order.order_ref), ("DU123", "pitdesk/7/42"));
        assert!(order.transmit && !order.outside_rth && !order.what_if);
    }
    let until = Time::from_timestamp("2026-11-25T21:00:00Z".parse().unwrap());
    let order = sent(&spec(OrderKind::Limit { price }, TimeInForce::Gtd(until)));
    assert_eq!((order.tif.as_str(), &*order.good_till_date), ("GTD", "20261125-21:00:00"));
}

#[test]
fn every_kind_has_its_type_and_its_prices() {
    let (stop, price) = (Price(dec("9")), Price(dec("8.95")));
    let amount = OrderKind::TrailingStop { by: TrailBy::Amount(dec("0.5")) };
    let percent = OrderKind::TrailingStop { by: TrailBy::Percent(dec("2")) };
    for (kind, name, limit, auxiliary, trailing) in [
        (OrderKind::Market, "MKT", None, None, None),
        (OrderKind::Limit { price }, "LMT", Some(8.95), None, None),
        (OrderKind::Stop { stop }, "STP", None, Some(9.0), None),
        (OrderKind::StopLimit { stop, price }, "STP LMT", Some(8.95), Some(9.0), None),
        (amount, "TRAIL", None, Some(0.5), None),
        (percent, "TRAIL", None, None, Some(2.0)),
    ] {
        let order = sent(&spec(kind, TimeInForce::Day));
        assert_eq!(order.order_type, name);
        assert_eq!((order.limit_price, order.aux_price), (limit, auxiliary), "{name}");
        assert_eq!(order.trailing_percent, trailing, "{name}");
        assert_eq!((order.action, order.total_quantity), (Action::Sell, 100.0));
    }
}

#[test]
fn a_group_reduces_and_an_exit_names_its_entry() {
    let exit = OrderSpec { oco: Some(GroupId(5)), ..spec(OrderKind::Market, TimeInForce::Gtc) };
    let order = sent(&exit);
    assert_eq!((&*order.oca_group, order.oca_type), ("pitdesk/7/oca/5", OcaType::ReduceWithBlock));
    let account = AccountId::from("DU123");
    let envelope =
        Envelope { client_id: 7, account: &account, order: OrderId(42), parent: Some(9), transmit: false };
    let order = to_theirs(&exit, envelope);
    assert_eq!((order.parent_id, order.transmit), (9, false));
    let terms = read(order).unwrap();
    assert_eq!((terms.spec.parent, terms.spec.oco), (Some(OrderId(41)), Some(GroupId(5))));
}

#[test]
fn a_reference_finds_its_order_and_nobody_elses() {
    assert_eq!(referenced(&reference(7, OrderId(42)), 7), Some(OrderId(42)));
    for other in ["", "42", "pitdesk/8/42", "pitdesk/7", "pitdesk/7/x", "pitdesk/7/oca/42", "otherdesk/7/42"]
    {
        assert_eq!(referenced(other, 7), None, "{other}");
    }
}

#[test]
fn orders_of_others_keep_a_name_of_their_own() {
    let (one, other) = (foreign(1_234_567_890), foreign(1_234_567_891));
    assert!(is_foreign(one) && one != other && one == foreign(1_234_567_890));
    assert!(!is_foreign(OrderId(42)));
}

#[test]
fn an_order_that_is_over_is_as_large_as_it_was() {
    let over = |total_quantity, filled_quantity| Order {
        total_quantity,
        filled_quantity,
        ..sent(&spec(OrderKind::Market, TimeInForce::Day))
    };
    assert_eq!(read(over(0.0, 100.0)).unwrap().spec.quantity, Qty(dec("100")));
    assert_eq!(read(over(60.0, 40.0)).unwrap().spec.quantity, Qty(dec("100")));
    assert_eq!(read(over(0.0, 0.0)), None, "nobody knows");
}

#[test]
fn what_our_words_lack_is_said() {
    let order = Order {
        order_type: "MIDPRICE".to_owned(),
        limit_price: Some(10.0),
        ..sent(&spec(OrderKind::Market, TimeInForce::Day))
    };
    let terms = read(order).unwrap();
    assert_eq!(terms.spec.kind, OrderKind::Limit { price: Price(dec("10")) });
    assert_eq!(terms.unusual.as_deref(), Some("Its type is MIDPRICE"));
}

#[test]
fn a_trailing_stop_tells_where_it_triggers() {
    let trail = OrderKind::TrailingStop { by: TrailBy::Amount(dec("0.5")) };
    let order = Order { trail_stop_price: Some(9.5), ..sent(&spec(trail, TimeInForce::Day)) };
    assert_eq!(read(order).unwrap().trigger, Some(Price(dec("9.5"))));
}

proptest! {
    #[test]
    fn what_was_sent_reads_back_the_same(
        quantity in 1_u32..1_000_000,
        limit in 1_u32..10_000_000,
        stop in 1_u32..10_000_000,
        kind in 0..6,
        tif in 0_usize..5,
        buys in any::<bool>(),
        group in proptest::option::of(0_u64..1_000),
        post_only in any::<bool>(),
    ) {
        let price = |cents: u32| Price(Decimal::new(cents.into(), 2).normalize());
        let kind = match kind {
            0 => OrderKind::Market,
            1 => OrderKind::Limit { price: price(limit) },
            2 => OrderKind::Stop { stop: price(stop) },
            3 => OrderKind::StopLimit { stop: price(stop), price: price(limit) },
            4 => OrderKind::TrailingStop { by: TrailBy::Amount(price(stop).0) },
            _ => OrderKind::TrailingStop { by: TrailBy::Percent(price(limit).0) },
        };
        let until = Time::from_seconds(1_800_000_000 + i64::from(limit));
        let tif = [
            TimeInForce::Day,
            TimeInForce::Gtc,
            TimeInForce::Ioc,
            TimeInForce::Fok,
            TimeInForce::Gtd(until),
        ][tif];
        let side = if buys { Side::Buy } else { Side::Sell };
        let quantity = Qty(Decimal::new(quantity.into(), 3).normalize());
        let oco = group.map(GroupId);
        let spec = OrderSpec { post_only, oco, ..OrderSpec::new(InstrumentId(3), side, quantity, kind, tif) };
        let terms = read(sent(&spec)).unwrap();
        prop_assert_eq!(terms.spec, spec);
        prop_assert_eq!(terms.unusual, None);
    }
}
