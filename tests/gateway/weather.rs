//! Bad days, each with its end: whatever a client was told late or not at all, it ends where the
//! exchange is.

use std::time::Duration;

use pitdesk::domain::Weather;
use pitdesk::gateway::ConnId;
use pitdesk::gateway::wire::model::{CancelOrderRequest, MarketDataRequest, MarketDataTypeRequest, Order};
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
fn a_refused_change_leaves_the_order_as_it_is() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let wanted = working(&mut stage, conn, 1);
    weather(&mut stage, Weather::RefusedChanges);
    let more = Order { total_quantity: Some("20".into()), ..wanted };
    let told = words(&stage.ask(conn, place(1, share("AAPL"), more)));
    assert_eq!(told, ["1 error 201", "open 1 Submitted", "1 Submitted 0/10"]);
}

#[test]
fn after_the_silence_behind_a_partial_fill_the_truth_is_told() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    weather(&mut stage, Weather::SilenceAfterPartial);
    let quote = stage.quote("AAPL");
    let size = quote.ask_size.0.to_string().parse::<i64>().unwrap() + 40;
    let ask: f64 = quote.ask.unwrap().0.try_into().unwrap();
    let wanted = Order { lmt_price: Some(ask), ..order("BUY", &size.to_string(), "LMT") };
    stage.tell(conn, place(1, share("AAPL"), wanted));
    stage.run(Duration::from_secs(30));
    let told = stage.heard(conn);
    let last = |replies: &[Reply]| {
        words(replies)
            .iter()
            .rev()
            .find(|word| word.starts_with("1 Submitted") || word.starts_with("1 Filled"))
            .cloned()
    };
    let silent = last(&told);
    weather(&mut stage, Weather::Fair);
    let after = last(&stage.heard_in(conn, 1.0)).or(silent);
    let order = stage.desk.blotter().orders().next().unwrap();
    let truth = format!("{}/{}", order.filled.0.normalize(), order.remaining().0.normalize());
    assert!(after.as_ref().is_some_and(|word| word.ends_with(&truth)), "{after:?} is not {truth}");
}

#[test]
fn who_connects_while_the_uplink_is_away_is_let_in() {
    let mut stage = Stage::new();
    weather(&mut stage, Weather::Reset { keeps_data: true });
    let conn = stage.dial(Dialect::Text);
    stage.greet(conn);
    assert!(words(&stage.ask(conn, start_api(1))).contains(&"NextValidId".to_owned()));
}
