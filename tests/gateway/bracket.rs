//! Brackets and groups.

use pitdesk::domain::OrderStatus;
use pitdesk::gateway::wire::model::{CancelOrderRequest, Order};
use pitdesk::gateway::wire::{Dialect, Request};

use super::stage::{Stage, order, place, share, words};

fn number(price: pitdesk::domain::Price) -> f64 {
    price.0.try_into().unwrap()
}

#[expect(clippy::unnecessary_wraps, reason = "an order may have no price")]
fn cents(value: f64) -> Option<f64> {
    Some((value * 100.0).round() / 100.0)
}

/// An entry at market with a target and a stop, as `bracketOrder` of the libraries makes them.
fn bracket(stage: &mut Stage, entry: Order) -> [Order; 3] {
    let last = number(stage.quote("AAPL").mark().unwrap());
    let held = |transmit, exit: Order| Order { parent_id: Some(1), transmit: Some(transmit), ..exit };
    let target = Order { lmt_price: cents(last * 1.03), ..order("SELL", "10", "LMT") };
    let stop = Order { aux_price: cents(last * 0.97), ..order("SELL", "10", "STP") };
    [Order { transmit: Some(false), ..entry }, held(false, target), held(true, stop)]
}

#[test]
fn a_bracket_leaves_with_its_last_leg_and_its_exits_wait_for_the_entry() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let conn = stage.connect(dialect, 1);
        let [entry, target, stop] = bracket(&mut stage, order("BUY", "10", "MKT"));
        stage.tell(conn, place(1, share("AAPL"), entry));
        let told = words(&stage.ask(conn, place(2, share("AAPL"), target)));
        assert!(told.contains(&"2 PreSubmitted 0/10".to_owned()), "{told:?}");
        stage.run(std::time::Duration::from_secs(1));
        assert_eq!(stage.desk.blotter().orders().count(), 0, "nothing leaves before the last");
        stage.tell(conn, place(3, share("AAPL"), stop));
        let told = words(&stage.heard_in(conn, 2.0));
        assert!(told.contains(&"1 Filled 10/0".to_owned()), "{told:?}");
        assert!(told.contains(&"2 Submitted 0/10".to_owned()), "{told:?}");
        let orders = || stage.desk.blotter().orders();
        assert_eq!(orders().count(), 3);
        let entry = orders().find(|order| order.client.as_ref().unwrap().order == 1).unwrap();
        assert_eq!(entry.status, OrderStatus::Filled);
        assert!(orders().filter(|order| order.id != entry.id).all(|exit| exit.entry() == Some(entry.id)));
        // The target's end is the stop's.
        stage.tell(conn, Request::CancelOrder(CancelOrderRequest { order_id: Some(2), order_cancel: None }));
        let told = words(&stage.heard_in(conn, 1.0));
        assert!(told.contains(&"2 error 202".to_owned()), "{told:?}");
    }
}

#[test]
fn an_entry_that_is_cancelled_before_it_leaves_takes_its_exits_with_it() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let [entry, target, stop] = bracket(&mut stage, order("BUY", "10", "MKT"));
    stage.tell(conn, place(1, share("AAPL"), entry));
    stage.tell(conn, place(2, share("AAPL"), target));
    let told = words(
        &stage.ask(conn, Request::CancelOrder(CancelOrderRequest { order_id: Some(1), order_cancel: None })),
    );
    assert!(told.contains(&"1 error 202".to_owned()) && told.contains(&"2 error 202".to_owned()), "{told:?}");
    let told = words(&stage.ask(conn, place(3, share("AAPL"), stop)));
    assert_eq!(told[0], "3 error 201", "there is nothing that it could guard");
}

#[test]
fn exits_that_do_not_fit_their_entry_are_refused_with_it() {
    let change: [fn(&mut Order); 4] = [
        |exit| exit.total_quantity = Some("20".to_owned()),
        |exit| exit.action = Some("BUY".to_owned()),
        |exit| exit.order_type = Some("MKT".to_owned()),
        |exit| exit.tif = Some("IOC".to_owned()),
    ];
    for (at, change) in change.into_iter().enumerate() {
        let mut stage = Stage::new();
        let conn = stage.connect(Dialect::Text, 1);
        let [entry, _, mut stop] = bracket(&mut stage, order("BUY", "10", "MKT"));
        change(&mut stop);
        stage.tell(conn, place(1, share("AAPL"), entry));
        stage.tell(conn, place(2, share("AAPL"), stop));
        stage.run(std::time::Duration::from_secs(1));
        assert_eq!(stage.desk.blotter().orders().count(), 0, "case {at}");
    }
}

#[test]
fn one_of_a_group_that_fills_cancels_the_other() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let quote = stage.quote("AAPL");
    let group = |terms: Order| Order { oca_group: Some("mine".into()), oca_type: Some(1), ..terms };
    let low = Order { lmt_price: cents(number(quote.bid.unwrap()) * 0.97), ..order("BUY", "10", "LMT") };
    stage.tell(conn, place(1, share("AAPL"), group(low)));
    stage.heard_in(conn, 1.0);
    let high = Order { lmt_price: cents(number(quote.ask.unwrap()) * 1.01), ..order("BUY", "10", "LMT") };
    stage.tell(conn, place(2, share("AAPL"), group(high)));
    let told = words(&stage.heard_in(conn, 2.0));
    assert!(told.contains(&"2 Filled 10/0".to_owned()), "{told:?}");
    assert!(
        told.contains(&"1 Cancelled 0/10".to_owned()) && told.contains(&"1 error 202".to_owned()),
        "{told:?}"
    );
}
