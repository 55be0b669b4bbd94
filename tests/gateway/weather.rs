//! Bad days, each with its end: whatever a client was told late or not at all, it ends where the
//! exchange is.

use std::time::Duration;

use pitdesk::domain::{OrderStatus, Weather};
use pitdesk::gateway::ConnId;
use pitdesk::gateway::wire::model::{
    CancelOrderRequest, MarketDataRequest, MarketDataTypeRequest, Order, RequestId,
};
use pitdesk::gateway::wire::{Dialect, Reply, Request};
use pitdesk::link::Command;

use super::stage::{Stage, order, place, share, start_api, words};

fn weather(stage: &mut Stage, weather: Weather) {
    stage.command(Command::Weather(weather));
}

fn quotes(id: i32, symbol: &str) -> Request {
    Request::MarketData(Box::new(MarketDataRequest {
        req_id: Some(id),
        contract: Some(share(symbol)),
        generic_tick_list: Some(String::new()),
        snapshot: Some(false),
        regulatory_snapshot: Some(false),
        ..MarketDataRequest::default()
    }))
}

fn ticks(replies: &[Reply]) -> usize {
    replies.iter().filter(|reply| matches!(reply, Reply::TickPrice(_) | Reply::TickSize(_))).count()
}

fn errors(replies: &[Reply]) -> Vec<i32> {
    let codes = replies.iter().filter_map(|reply| match reply {
        Reply::Error(error) => error.error_code,
        _ => None,
    });
    codes.collect()
}

/// A limit order that works.
fn working(stage: &mut Stage, conn: ConnId, id: i32) -> Order {
    let bid: f64 = stage.quote("AAPL").bid.unwrap().0.try_into().unwrap();
    let wanted = Order { lmt_price: Some((bid * 98.0).round() / 100.0), ..order("BUY", "10", "LMT") };
    stage.tell(conn, place(id, share("AAPL"), wanted.clone()));
    assert!(words(&stage.heard_in(conn, 1.0)).contains(&format!("{id} Submitted 0/10")));
    wanted
}

#[test]
fn a_reset_tells_what_happened_meanwhile_and_leaves_no_orphan_order() {
    for keeps_data in [true, false] {
        let mut stage = Stage::new();
        let conn = stage.connect(Dialect::Text, 1);
        stage.tell(conn, quotes(50, "AAPL"));
        working(&mut stage, conn, 1);
        weather(&mut stage, Weather::Reset { keeps_data });
        assert_eq!(errors(&stage.heard(conn)), [1_100]);
        stage.tell(conn, Request::CancelOrder(CancelOrderRequest { order_id: Some(1), order_cancel: None }));
        let told = words(&stage.ask(conn, place(2, share("AAPL"), order("BUY", "1", "MKT"))));
        assert_eq!(told, ["2 error 201", "open 2 Cancelled", "2 Cancelled 0/1"]);
        let meanwhile = stage.heard_in(conn, 5.0);
        assert!(meanwhile.is_empty(), "nothing comes from beyond: {:?}", words(&meanwhile));
        let after = stage.heard_in(conn, 10.0);
        assert!(errors(&after).contains(if keeps_data { &1_102 } else { &1_101 }), "{after:?}");
        assert!(words(&after).contains(&"1 Cancelled 0/10".to_owned()), "{:?}", words(&after));
        assert_eq!(stage.desk.blotter().working().count(), 0);
        let flows = ticks(&stage.heard_in(conn, 5.0)) > 0;
        assert_eq!(flows, keeps_data, "subscriptions live on where data were kept");
        if !keeps_data {
            stage.tell(conn, quotes(50, "AAPL"));
            assert!(ticks(&stage.heard_in(conn, 5.0)) > 0, "and can be made anew");
        }
    }
}

#[test]
fn a_cut_costs_the_connection_and_not_the_orders() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Protobuf, 1);
    working(&mut stage, conn, 1);
    weather(&mut stage, Weather::Cut);
    assert!(stage.is_closed(conn));
    let again = stage.connect(Dialect::Protobuf, 1);
    let told = words(&stage.ask(again, Request::OpenOrders));
    assert_eq!(told, ["open 1 Submitted", "1 Submitted 0/10", "OpenOrderEnd"]);
}

#[test]
fn a_server_that_hangs_reads_and_says_nothing_and_then_everything_in_order() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    weather(&mut stage, Weather::Freeze(Duration::from_secs(20)));
    assert!(stage.ask(conn, place(1, share("AAPL"), order("BUY", "10", "MKT"))).is_empty());
    assert!(stage.heard_in(conn, 19.0).is_empty());
    assert_eq!(stage.desk.blotter().orders().count(), 0, "it was not read");
    let told = words(&stage.heard_in(conn, 4.0));
    assert!(told.contains(&"1 Filled 10/0".to_owned()), "{told:?}");
}

#[test]
fn acknowledgements_and_commissions_come_late_and_in_order() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    weather(&mut stage, Weather::SlowAcknowledgements(Duration::from_secs(2)));
    weather(&mut stage, Weather::LateCommissions(Duration::from_secs(4)));
    stage.tell(conn, place(1, share("AAPL"), order("BUY", "10", "MKT")));
    let early = words(&stage.heard_in(conn, 1.5));
    assert!(early.is_empty(), "{early:?}");
    let told = words(&stage.heard_in(conn, 1.5));
    assert!(told.contains(&"1 Filled 10/0".to_owned()), "{told:?}");
    assert!(!told.contains(&"commission".to_owned()), "{told:?}");
    assert!(words(&stage.heard_in(conn, 2.0)).contains(&"commission".to_owned()));
}

#[test]
fn the_market_does_not_wait_behind_late_news_of_orders() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    stage.ask(conn, quotes(50, "AAPL"));
    weather(&mut stage, Weather::SlowAcknowledgements(Duration::from_secs(20)));
    stage.tell(conn, place(1, share("AAPL"), order("BUY", "10", "MKT")));
    let told = stage.heard_in(conn, 5.0);
    assert!(ticks(&told) > 0 && !words(&told).contains(&"1 Filled 10/0".to_owned()), "{:?}", words(&told));
}

#[test]
fn data_without_a_subscription_are_refused_for_that_symbol_alone() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    weather(&mut stage, Weather::NoData("AAPL".into()));
    assert_eq!(errors(&stage.ask(conn, quotes(5, "AAPL"))), [10_089]);
    stage.tell(conn, quotes(6, "MSFT"));
    assert!(ticks(&stage.heard_in(conn, 2.0)) > 0);
    weather(&mut stage, Weather::Fair);
    stage.tell(conn, quotes(7, "AAPL"));
    assert!(ticks(&stage.heard_in(conn, 2.0)) > 0);
}

#[test]
fn what_is_not_subscribed_has_no_delayed_data_either_and_the_last_word_on_a_symbol_holds() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let delayed = Request::MarketDataType(MarketDataTypeRequest { market_data_type: Some(3) });
    stage.ask(conn, delayed);
    weather(&mut stage, Weather::NoData("AAPL".into()));
    weather(&mut stage, Weather::NotSubscribed("AAPL".into()));
    assert_eq!(errors(&stage.ask(conn, quotes(5, "AAPL"))), [354]);
    weather(&mut stage, Weather::NoData("AAPL".into()));
    assert_eq!(errors(&stage.ask(conn, quotes(6, "AAPL"))), [10_167]);
}

#[test]
fn who_asks_too_fast_is_told_so_and_served_again_a_second_later() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    weather(&mut stage, Weather::Pacing);
    let codes: Vec<i32> = (0..60).flat_map(|_| errors(&stage.ask(conn, Request::CurrentTime))).collect();
    assert!(!codes.is_empty() && codes.iter().all(|code| *code == 100), "{codes:?}");
    stage.run(Duration::from_secs(2));
    assert!(errors(&stage.ask(conn, Request::CurrentTime)).is_empty());
}

#[test]
fn of_orders_at_once_each_works_or_is_refused() {
    for dialect in Dialect::ALL {
        let mut stage = Stage::new();
        let conn = stage.connect(dialect, 1);
        let bid: f64 = stage.quote("AAPL").bid.unwrap().0.try_into().unwrap();
        let wanted = Order { lmt_price: Some((bid * 98.0).round() / 100.0), ..order("BUY", "10", "LMT") };
        weather(&mut stage, Weather::Pacing);
        for id in 1..=60 {
            stage.tell(conn, place(id, share("AAPL"), wanted.clone()));
        }
        let told = words(&stage.heard_in(conn, 0.5));
        let ends = |id: i32| {
            let mut own = told.iter().filter(|word| word.starts_with(&format!("{id} ")));
            own.next_back().unwrap_or_else(|| panic!("nothing is told of {id}")).clone()
        };
        let works = (1..=60).filter(|id| ends(*id) == format!("{id} Submitted 0/10")).count();
        let refused = |id: &i32| {
            ends(*id) == format!("{id} Cancelled 0/10") && told.contains(&format!("{id} error 201"))
        };
        assert_eq!((works, (1..=60).filter(refused).count()), (50, 10), "{told:?}");

        let more = Order { total_quantity: Some("20".into()), ..wanted };
        let changed = words(&stage.ask(conn, place(1, share("AAPL"), more)));
        assert_eq!(changed, ["1 error 201", "open 1 Submitted", "1 Submitted 0/10"], "nor changed now");
        let cancel = CancelOrderRequest { order_id: Some(1), order_cancel: None };
        stage.tell(conn, Request::CancelOrder(cancel));
        let told = words(&stage.heard_in(conn, 0.2));
        assert!(told.contains(&"1 error 202".to_owned()), "a cancel is always taken: {told:?}");
    }
}

#[test]
fn a_bracket_of_which_a_part_came_too_fast_leaves_nothing_behind() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    weather(&mut stage, Weather::Pacing);
    for _ in 0..49 {
        stage.tell(conn, Request::CurrentTime);
    }
    stage.heard(conn);
    let entry = Order { transmit: Some(false), ..order("BUY", "10", "MKT") };
    let exit = Order { parent_id: Some(1), aux_price: Some(100.0), ..order("SELL", "10", "STP") };
    stage.tell(conn, place(1, share("AAPL"), entry));
    stage.tell(conn, place(2, share("AAPL"), exit));
    let told = words(&stage.heard_in(conn, 2.0));
    for id in [1, 2] {
        assert!(told.contains(&format!("{id} Cancelled 0/10")), "{told:?}");
    }
    assert_eq!(stage.desk.blotter().orders().count(), 0);
}

#[test]
fn a_request_beyond_the_pace_is_refused_by_its_own_id() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    weather(&mut stage, Weather::Pacing);
    for _ in 0..50 {
        stage.tell(conn, Request::CurrentTime);
    }
    stage.heard(conn);
    assert_eq!(words(&stage.ask(conn, quotes(7, "AAPL"))), ["7 error 100"]);
    let by_id = Request::UserInfo(RequestId { req_id: Some(8) });
    assert_eq!(words(&stage.ask(conn, by_id)), ["8 error 100"]);
    assert_eq!(words(&stage.ask(conn, Request::CurrentTime)), ["-1 error 100"], "it has no id");
}

#[test]
fn a_refused_change_leaves_the_order_as_it_is() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let wanted = working(&mut stage, conn, 1);
    weather(&mut stage, Weather::RefusedChanges);
    let more = Order { total_quantity: Some("20".into()), ..wanted };
    let told = words(&stage.ask(conn, place(1, share("AAPL"), more)));
    assert_eq!(told, ["1 error 201", "open 1 Submitted", "1 Submitted 0/10"]);
}

/// What was told of order 1: how much of it has filled, and the size of each execution.
fn filled(replies: &[Reply]) -> (Vec<String>, Vec<String>) {
    let mut told = (Vec::new(), Vec::new());
    for reply in replies {
        match reply {
            Reply::OrderStatus(status) => told.0.push(status.filled().to_owned()),
            Reply::ExecutionDetails(details) => {
                told.1.push(details.execution.as_ref().unwrap().shares().to_owned());
            }
            _ => {}
        }
    }
    told
}

#[test]
fn behind_a_partial_fill_there_is_silence_until_it_is_over() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    weather(&mut stage, Weather::SilenceAfterPartial);
    // It waits beside the best bid, where the market sells to it in parts.
    let bid: f64 = stage.quote("AAPL").bid.unwrap().0.try_into().unwrap();
    let wanted = Order { lmt_price: Some(bid), ..order("BUY", "800", "LMT") };
    stage.tell(conn, place(1, share("AAPL"), wanted));
    let order = |stage: &Stage| stage.desk.blotter().orders().next().unwrap().clone();
    let run_until = |stage: &mut Stage, is_so: &dyn Fn(&Stage) -> bool| {
        for _ in 0..60_000 {
            if is_so(stage) {
                return;
            }
            stage.run(Duration::from_millis(20));
        }
        panic!("{:?}", order(stage));
    };
    run_until(&mut stage, &|stage| !stage.desk.blotter().fills().is_empty());
    let part = order(&stage).filled;
    assert_eq!(order(&stage).status, OrderStatus::PartiallyFilled);
    let (states, parts) = filled(&stage.heard(conn));
    assert_eq!(states.last().unwrap(), &part.to_string(), "the part itself is told");
    assert_eq!(parts.len(), stage.desk.blotter().fills().len());

    run_until(&mut stage, &|stage| order(stage).filled > part);
    let silent = stage.heard_in(conn, 1.0);
    assert!(silent.is_empty(), "its order goes on, and nothing is told: {:?}", words(&silent));

    weather(&mut stage, Weather::Fair);
    let order = order(&stage);
    let (states, rest) = filled(&stage.heard(conn));
    assert_eq!(states.last().unwrap(), &order.filled.to_string());
    assert_eq!(parts.len() + rest.len(), stage.desk.blotter().fills().len(), "every execution once");
}

#[test]
fn who_connects_while_the_uplink_is_away_is_let_in() {
    let mut stage = Stage::new();
    weather(&mut stage, Weather::Reset { keeps_data: true });
    let conn = stage.dial(Dialect::Text);
    stage.greet(conn);
    assert!(words(&stage.ask(conn, start_api(1))).contains(&"NextValidId".to_owned()));
}
