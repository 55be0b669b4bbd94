//! Orders of both worlds: what is taken, what is refused, and that nothing is lost on the way.

use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::domain::{ClientRef, InstrumentId, Time};

fn instrument() -> Instrument {
    crate::approved::share(0, "AAPL")
}

fn account() -> AccountId {
    "PAPER".into()
}

fn asked(order: &model::Order) -> Result<OrderSpec, Refusal> {
    spec_of(order, &instrument(), &account())
}

#[expect(clippy::unnecessary_wraps, reason = "a field may be unset")]
fn said(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn limit(price: f64) -> model::Order {
    model::Order {
        action: said("BUY"),
        total_quantity: said("10.0"),
        order_type: said("LMT"),
        lmt_price: Some(price),
        ..model::Order::default()
    }
}

/// As the engine would have it.
fn held(spec: OrderSpec) -> Order {
    let named = ClientRef { client: 1, order: 2, reference: Some(Arc::from("mine")), group: None };
    Order { client: Some(Arc::new(named)), ..crate::approved::intended(9, account(), spec, Time(0)) }
}

#[test]
fn prices_are_the_decimals_that_were_typed() {
    for (typed, exact) in [(0.1, "0.1"), (189.995, "189.995"), (1e-7, "0.0000001"), (70_000.0, "70000")] {
        assert_eq!(asked(&limit(typed)).unwrap().kind.limit().unwrap().0, exact.parse().unwrap());
    }
    for wrong in [f64::NAN, f64::INFINITY, f64::MAX, 0.0, 1e300] {
        assert!(asked(&limit(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn sizes_come_in_every_form_that_the_libraries_write() {
    let size = |text: &str| {
        asked(&model::Order { total_quantity: said(text), ..limit(1.0) }).map(|spec| spec.quantity.0)
    };
    assert_eq!(size("10"), Ok(10.into()));
    assert_eq!(size("10.0"), Ok(10.into()));
    assert_eq!(size("1e2"), Ok(100.into()));
    for wrong in ["", "0", "-1", "many", "1e30", "NaN"] {
        assert!(size(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_term_that_the_exchange_does_not_know_is_refused_by_its_name() {
    let terms: [fn(&mut model::Order); 6] = [
        |order| order.all_or_none = Some(true),
        |order| order.display_size = Some(5),
        |order| order.good_after_time = said("20261121 10:00:00"),
        |order| order.algo_strategy = said("Adaptive"),
        |order| order.conditions = vec![model::OrderCondition::default()],
        |order| order.delta_neutral_order_type = said("MKT"),
    ];
    for set in terms {
        let mut order = limit(1.0);
        set(&mut order);
        let refusal = asked(&order).unwrap_err();
        assert!(refusal.text.contains("is not offered here"), "{}", refusal.text);
    }
    // What the libraries send for "unset" is none.
    let unset = model::Order {
        display_size: Some(0),
        min_qty: Some(i32::MAX),
        percent_offset: Some(f64::MAX),
        delta_neutral_order_type: said("None"),
        ..limit(1.0)
    };
    assert!(asked(&unset).is_ok());
}

#[test]
fn groups_of_one_name_are_one_per_account() {
    let group = |account: &str, name: &str| group_of(&account.into(), name);
    assert_eq!(group("A", "one"), group("A", "one"));
    assert_ne!(group("A", "one"), group("B", "one"));
    assert_ne!(group("A", "one"), group("A", "two"));
}

fn kinds() -> impl Strategy<Value = OrderKind> {
    let cents = || (1_i64..10_000_000).prop_map(|cents| Price(Decimal::new(cents, 2)));
    prop_oneof![
        Just(OrderKind::Market),
        cents().prop_map(|price| OrderKind::Limit { price }),
        cents().prop_map(|stop| OrderKind::Stop { stop }),
        (cents(), cents()).prop_map(|(stop, price)| OrderKind::StopLimit { stop, price }),
        cents().prop_map(|by| OrderKind::TrailingStop { by: TrailBy::Amount(by.0) }),
        cents().prop_map(|by| OrderKind::TrailingStop { by: TrailBy::Percent(by.0) }),
    ]
}

fn specs() -> impl Strategy<Value = OrderSpec> {
    let tifs = prop_oneof![
        Just(TimeInForce::Day),
        Just(TimeInForce::Gtc),
        Just(TimeInForce::Ioc),
        Just(TimeInForce::Fok),
        (1_700_000_000_i64..1_900_000_000).prop_map(|at| TimeInForce::Gtd(Time::from_seconds(at))),
    ];
    let sides = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    (sides, 1_i64..1_000_000, kinds(), tifs, any::<bool>()).prop_map(
        |(side, quantity, kind, tif, post_only)| {
            let quantity = Qty(quantity.into());
            OrderSpec { post_only, ..OrderSpec::new(InstrumentId(0), side, quantity, kind, tif) }
        },
    )
}

proptest! {
    /// What a client is told of an order, sent again, is that order: programs change what they read.
    #[test]
    fn an_order_comes_back_as_it_went(spec in specs()) {
        let told = wire_order(&held(spec), &instrument().hours.zone);
        prop_assert_eq!(asked(&told), Ok(spec));
    }

    /// A change is what lies between two orders, and nothing else.
    #[test]
    fn a_change_leads_from_one_order_to_the_other(from in specs(), to in specs()) {
        let same_but_terms = OrderSpec { side: from.side, tif: from.tif, post_only: from.post_only, ..to };
        let terms = Terms::between(&from, &same_but_terms);
        let is_same_kind = std::mem::discriminant(&from.kind) == std::mem::discriminant(&to.kind);
        let is_within_reach = is_same_kind && !matches!(from.kind, OrderKind::TrailingStop { .. });
        prop_assert!(terms.is_some() || !is_within_reach);
        if let Some(terms) = terms {
            prop_assert_eq!(terms.applied_to(&from), same_but_terms);
        }
        prop_assert!(Terms::between(&from, &from).is_some_and(|terms| terms.is_nothing()));
        let other_side = OrderSpec { side: from.side.opposite(), ..from };
        prop_assert!(Terms::between(&from, &other_side).is_none());
    }
}
