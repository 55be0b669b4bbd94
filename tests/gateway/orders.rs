//! Orders: what a client enters is what the exchange has, and what it is told is what became of it.

use pitdesk::domain::{Decimal, Fill, Money, OrderStatus, Origin};
use pitdesk::gateway::Rules;
use pitdesk::gateway::wire::model::{
    AutoOpenOrdersRequest, CancelOrderRequest, CompletedOrdersRequest, Contract, ExecutionRequest,
    GlobalCancelRequest, Order,
};
use pitdesk::gateway::wire::{Dialect, Reply, Request};
use pitdesk::link::{Command, Update};

use super::stage::{Stage, order, place, share, words};

fn cancel(id: i32) -> Request {
    Request::CancelOrder(CancelOrderRequest { order_id: Some(id), order_cancel: None })
}

fn price(value: pitdesk::domain::Price) -> f64 {
    value.0.try_into().unwrap()
}

/// A limit so far away that it only works.
fn far(stage: &mut Stage, action: &str) -> Order {
    let quote = stage.quote("AAPL");
    let limit = match action {
        "BUY" => price(quote.bid.unwrap()) * 0.98,
        _ => price(quote.ask.unwrap()) * 1.02,
    };
    Order { lmt_price: Some((limit * 100.0).round() / 100.0), ..order(action, "10", "LMT") }
}

#[test]
fn a_market_order_fills_and_is_told_step_by_step_in_both_dialects() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let conn = stage.connect(dialect, 7);
        stage.tell(conn, place(1, share("AAPL"), order("BUY", "10", "MKT")));
        let told = words(&stage.heard_in(conn, 2.0));
        let at = |what: &str| {
            told.iter()
                .position(|word| word == what)
                .unwrap_or_else(|| panic!("{dialect:?}: no {what} in {told:?}"))
        };
        assert!(at("1 executed BOT 10") < at("1 Filled 10/0"), "{told:?}");
        assert!(at("open 1 Filled") < at("1 Filled 10/0"), "{told:?}");
        assert!(told.contains(&"commission".to_owned()), "{told:?}");
        assert!(!told.iter().any(|word| word.contains("error")), "{told:?}");
        let order = stage.desk.blotter().orders().next().unwrap();
        assert_eq!((order.status, order.origin), (OrderStatus::Filled, Origin::Api));
        assert_eq!(order.client.as_ref().map(|client| (client.client, client.order)), Some((7, 1)));
    }
}

#[test]
fn a_limit_order_works_is_changed_and_is_cancelled() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let wanted = far(&mut stage, "BUY");
    stage.tell(conn, place(5, share("AAPL"), wanted.clone()));
    assert_eq!(words(&stage.heard_in(conn, 1.0)).last().unwrap(), "5 Submitted 0/10");
    let higher = Order { total_quantity: Some("12".to_owned()), ..wanted };
    stage.tell(conn, place(5, share("AAPL"), higher));
    assert_eq!(words(&stage.heard_in(conn, 1.0)), ["open 5 Submitted", "5 Submitted 0/12"]);
    stage.tell(conn, cancel(5));
    let told = words(&stage.heard_in(conn, 1.0));
    assert!(
        told.ends_with(&["open 5 Cancelled".into(), "5 Cancelled 0/12".into(), "5 error 202".into()]),
        "{told:?}"
    );
    assert_eq!(words(&stage.ask(conn, cancel(5))), ["5 error 10148", "open 5 Cancelled", "5 Cancelled 0/12"]);
    assert_eq!(words(&stage.ask(conn, cancel(77))), ["77 error 10147"]);
}

#[test]
fn what_the_gate_refuses_is_over_for_the_client_and_never_reaches_the_exchange() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Protobuf, 1);
    stage.tell(conn, place(1, share("AAPL"), order("BUY", "100000000", "MKT")));
    assert_eq!(
        words(&stage.heard_in(conn, 1.0)),
        ["1 error 201", "open 1 Cancelled", "1 Cancelled 0/100000000"]
    );
    assert_eq!(stage.desk.blotter().orders().count(), 0);
}

#[test]
fn what_cannot_be_meant_is_refused_in_words_before_the_engine_sees_it() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let unknown = Contract { symbol: Some("NOSUCH".into()), ..share("AAPL") };
    let hidden = Order { hidden: Some(true), ..order("BUY", "1", "MKT") };
    let algo = Order { algo_strategy: Some("Vwap".into()), ..order("BUY", "1", "MKT") };
    let refused = vec![
        (unknown, order("BUY", "1", "MKT"), 200),
        (share("AAPL"), order("HOLD", "1", "MKT"), 201),
        (share("AAPL"), order("BUY", "0", "MKT"), 201),
        (share("AAPL"), order("BUY", "1", "PEG MID"), 201),
        (share("AAPL"), order("BUY", "1", "LMT"), 201),
        (share("AAPL"), hidden, 201),
        (share("AAPL"), algo, 201),
        (share("AAPL"), Order { account: Some("U1234567".into()), ..order("BUY", "1", "MKT") }, 201),
        (share("AAPL"), Order { tif: Some("OPG".into()), ..order("BUY", "1", "MKT") }, 201),
        (share("AAPL"), Order { parent_id: Some(99), ..order("SELL", "1", "MKT") }, 201),
    ];
    for (id, (contract, terms, code)) in (1..).zip(refused) {
        let told = words(&stage.ask(conn, place(id, contract, terms.clone())));
        assert_eq!(told.first(), Some(&format!("{id} error {code}")), "{terms:?}");
        assert!(told.last().unwrap().starts_with(&format!("{id} Cancelled")), "{told:?}");
    }
    assert_eq!(stage.desk.blotter().orders().count(), 0);
}

#[test]
fn a_change_that_is_refused_leaves_the_order_as_it_was_and_says_so() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let wanted = far(&mut stage, "BUY");
    stage.tell(conn, place(1, share("AAPL"), wanted.clone()));
    stage.heard_in(conn, 1.0);
    let too_large = Order { total_quantity: Some("100000000".into()), ..wanted.clone() };
    stage.tell(conn, place(1, share("AAPL"), too_large));
    assert_eq!(words(&stage.heard_in(conn, 1.0)), ["1 error 201", "open 1 Submitted", "1 Submitted 0/10"]);
    let other_side = Order { action: Some("SELL".into()), ..wanted };
    let told = words(&stage.ask(conn, place(1, share("AAPL"), other_side)));
    assert_eq!(told, ["1 error 105", "open 1 Submitted", "1 Submitted 0/10"]);
}

#[test]
fn a_number_is_used_once_and_the_next_one_is_told_over_a_reconnect() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 3);
    let wanted = far(&mut stage, "BUY");
    stage.tell(conn, place(40, share("AAPL"), wanted.clone()));
    stage.heard_in(conn, 1.0);
    assert_eq!(words(&stage.ask(conn, place(39, share("AAPL"), wanted))), ["39 error 103"]);
    stage.hang_up(conn);
    let conn = stage.dial(Dialect::Text);
    stage.greet(conn);
    let told = stage.ask(conn, super::stage::start_api(3));
    let next = told.iter().find_map(|reply| match reply {
        Reply::NextValidId(next) => next.order_id,
        _ => None,
    });
    assert_eq!(next, Some(41));
    let told = words(&stage.ask(conn, Request::OpenOrders));
    assert_eq!(told, ["open 40 Submitted", "40 Submitted 0/10", "OpenOrderEnd"], "its orders live on");
}

#[test]
fn a_change_or_cancel_right_behind_an_order_finds_it() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let wanted = far(&mut stage, "BUY");
    let mut bytes = Vec::new();
    place(1, share("AAPL"), wanted.clone()).encode(Dialect::Text, &mut bytes);
    let more = Order { total_quantity: Some("11".into()), ..wanted };
    place(1, share("AAPL"), more).encode(Dialect::Text, &mut bytes);
    place(2, share("MSFT"), order("BUY", "5", "MKT")).encode(Dialect::Text, &mut bytes);
    cancel(2).encode(Dialect::Text, &mut bytes);
    stage.send_bytes(conn, &bytes);
    let told = words(&stage.heard_in(conn, 2.0));
    assert!(!told.iter().any(|word| word.contains("error 103") || word.contains("error 10147")), "{told:?}");
    assert_eq!(stage.desk.blotter().working().count(), 1, "{told:?}");
    let working = stage.desk.blotter().working().next().unwrap();
    assert!(working.spec.quantity.0 == 11.into() || told.contains(&"1 error 201".to_owned()), "{told:?}");
}

#[test]
fn each_client_sees_its_own_the_master_all_and_client_zero_the_windows() {
    let mut stage = Stage::with(Rules { master: Some(9), ..Rules::default() });
    let (one, other) = (stage.connect(Dialect::Text, 1), stage.connect(Dialect::Protobuf, 2));
    let (master, zero) = (stage.connect(Dialect::Text, 9), stage.connect(Dialect::Text, 0));
    stage.tell(zero, Request::AutoOpenOrders(AutoOpenOrdersRequest { auto_bind: Some(true) }));
    let wanted = far(&mut stage, "BUY");
    stage.tell(one, place(1, share("AAPL"), wanted.clone()));
    let seen = stage.heard_in(one, 1.0);
    assert_eq!(words(&seen).last().unwrap(), "1 Submitted 0/10");
    assert_eq!(words(&stage.heard(master)).last().unwrap(), "1 Submitted 0/10");
    assert!(stage.heard(other).is_empty() && stage.heard(zero).is_empty());
    let told = words(&stage.ask(other, Request::AllOpenOrders));
    assert_eq!(told, ["open 1 Submitted", "1 Submitted 0/10", "OpenOrderEnd"]);
    assert_eq!(words(&stage.ask(other, Request::OpenOrders)), ["OpenOrderEnd"]);
    assert_eq!(words(&stage.ask(other, cancel(1))), ["1 error 10147"], "nobody cancels another's by number");

    // The master sees another's order and has no name for it: a number is one of its own.
    assert_eq!(words(&stage.ask(master, cancel(1))), ["1 error 10147"]);
    let own = Order { total_quantity: Some("7".into()), ..wanted.clone() };
    stage.tell(master, place(1, share("AAPL"), own));
    stage.heard_in(master, 1.0);
    let left = |order: &pitdesk::domain::Order| (order.client.as_ref().unwrap().client, order.remaining().0);
    let mut working: Vec<_> = stage.desk.blotter().working().map(left).collect();
    working.sort();
    assert_eq!(working, [(1, 10.into()), (9, 7.into())], "the other's is what it was");
    stage.tell(master, cancel(1));
    stage.heard_in(master, 1.0);
    stage.heard(one);

    // Of the window's orders client 0 hears, and can cancel them.
    let mine = stage.desk.blotter().working().next().unwrap().clone();
    let by_hand = pitdesk::link::Place::plain(mine.account.clone(), mine.spec);
    stage.command(Command::Place(by_hand));
    let told = stage.heard_in(zero, 1.0);
    let number = told.iter().find_map(|reply| match reply {
        Reply::OpenOrder(open) => open.order_id,
        _ => None,
    });
    let number = number.unwrap_or_else(|| panic!("{:?}", words(&told)));
    assert!(number < 0);
    stage.tell(zero, cancel(number));
    assert_eq!(words(&stage.heard_in(zero, 1.0)).last().unwrap(), &format!("{number} error 202"));
}

#[test]
fn a_global_cancel_cancels_all() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let wanted = far(&mut stage, "BUY");
    for id in 1..=3 {
        stage.tell(conn, place(id, share("AAPL"), wanted.clone()));
    }
    stage.heard_in(conn, 1.0);
    stage.tell(conn, Request::GlobalCancel(GlobalCancelRequest::default()));
    let told = words(&stage.heard_in(conn, 1.0));
    assert_eq!(told.iter().filter(|word| word.ends_with("error 202")).count(), 3, "{told:?}");
    assert_eq!(stage.desk.blotter().working().count(), 0);
}

#[test]
fn executions_and_completed_orders_are_told_when_asked_for() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    stage.tell(conn, place(1, share("AAPL"), order("BUY", "10", "MKT")));
    stage.heard_in(conn, 2.0);
    let other = stage.connect(Dialect::Protobuf, 2);
    let all = ExecutionRequest { req_id: Some(5), execution_filter: None };
    let told = stage.ask(other, Request::Executions(Box::new(all)));
    assert_eq!(words(&told), ["1 executed BOT 10", "commission", "ExecutionDetailsEnd"]);
    let filter =
        pitdesk::gateway::wire::model::ExecutionFilter { symbol: Some("MSFT".into()), ..Default::default() };
    let none = ExecutionRequest { req_id: Some(6), execution_filter: Some(filter) };
    assert_eq!(words(&stage.ask(other, Request::Executions(Box::new(none)))), ["ExecutionDetailsEnd"]);
    let request = CompletedOrdersRequest { api_only: Some(false) };
    let told = stage.ask(other, Request::CompletedOrders(request));
    assert_eq!(words(&told), ["CompletedOrder", "CompletedOrdersEnd"]);
    let Reply::CompletedOrder(completed) = &told[0] else { panic!() };
    assert_eq!(completed.order_state.as_ref().unwrap().completed_status(), "Filled Size: 10");
}

#[test]
fn the_question_what_an_order_would_cost_enters_none() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let asked = Order { what_if: Some(true), ..far(&mut stage, "BUY") };
    let told = stage.ask(conn, place(1, share("AAPL"), asked));
    assert_eq!(words(&told), ["open 1 PreSubmitted"]);
    let Reply::OpenOrder(open) = &told[0] else { panic!() };
    let state = open.order_state.as_ref().unwrap();
    assert!(state.init_margin_change() > 0.0 && state.commission_and_fees() > 0.0, "{state:?}");
    stage.run(std::time::Duration::from_secs(1));
    assert_eq!(stage.desk.blotter().orders().count(), 0);
}

#[test]
fn what_an_execution_has_cost_is_told_again_when_that_is_known_better() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let (conn, stranger) = (stage.connect(dialect, 7), stage.connect(dialect, 8));
        stage.tell(conn, place(1, share("AAPL"), order("BUY", "10", "MKT")));
        stage.heard_in(conn, 2.0);
        stage.heard(stranger);
        let told = stage.desk.blotter().fills().last().unwrap().clone();
        let cost = |amount: i64| Money { amount: Decimal::new(amount, 2), ..told.commission };
        for amount in [250, 125] {
            stage.tells_at_last(Update::Charged(Fill { commission: cost(amount), ..told.clone() }));
            let replies = stage.heard(conn);
            let [Reply::CommissionReport(report)] = &*replies else { panic!("{dialect:?}: {replies:?}") };
            assert_eq!(report.exec_id(), told.exec_id.to_string());
            assert_eq!(Decimal::try_from(report.commission_and_fees()).unwrap(), cost(amount).amount);
        }
        assert!(stage.heard(stranger).is_empty(), "it is not told of the orders of others");
        let all = ExecutionRequest { req_id: Some(5), execution_filter: None };
        let replies = stage.ask(conn, Request::Executions(Box::new(all)));
        let costs = replies.iter().filter_map(|reply| match reply {
            Reply::CommissionReport(report) => Some(report.commission_and_fees()),
            _ => None,
        });
        assert_eq!(costs.collect::<Vec<_>>(), [1.25], "who asks later is told the last");
    }
}
