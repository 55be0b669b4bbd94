//! What happens between: requests in flight, hang-ups, floods, and pieces that are missing.

use std::time::Duration;

use pitdesk::domain::{Qty, Weather};
use pitdesk::gateway::wire::model::{CancelOrderRequest, GlobalCancelRequest, Order, PnLRequest};
use pitdesk::gateway::wire::{Dialect, Reply, Request};
use pitdesk::gateway::{ConnId, Effect};
use pitdesk::link::Command;

use super::stage::{Stage, order, place, share, start_api, words};

fn cancel(id: i32) -> Request {
    Request::CancelOrder(CancelOrderRequest { order_id: Some(id), order_cancel: None })
}

fn bytes_of(requests: impl IntoIterator<Item = Request>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for request in requests {
        request.encode(Dialect::Text, &mut bytes);
    }
    bytes
}

/// A limit far below the market; the instrument has a quote then.
fn low(stage: &mut Stage) -> Order {
    let bid: f64 = stage.quote("AAPL").bid.unwrap().0.try_into().unwrap();
    Order { lmt_price: Some((bid * 98.0).round() / 100.0), ..order("BUY", "10", "LMT") }
}

/// An order of client 1 that works.
fn working(stage: &mut Stage, conn: ConnId, id: i32) -> Order {
    let wanted = low(stage);
    stage.tell(conn, place(id, share("AAPL"), wanted.clone()));
    assert!(words(&stage.heard_in(conn, 1.0)).contains(&format!("{id} Submitted 0/10")));
    wanted
}

#[test]
fn a_cancel_behind_an_order_is_done_though_its_client_hangs_up() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    working(&mut stage, conn, 1);
    let wanted = low(&mut stage);
    // Both are read before the engine has answered for the first.
    let bytes = bytes_of([place(2, share("AAPL"), wanted), cancel(2)]);
    stage.core.received(conn, &bytes, stage.now());
    stage.core.closed(conn, stage.now());
    stage.run(Duration::from_secs(1));
    let left: Vec<i32> =
        stage.desk.blotter().working().filter_map(|order| Some(order.client.as_ref()?.order)).collect();
    assert_eq!(left, [1]);
}

#[test]
fn a_change_while_the_uplink_is_away_leaves_the_order_alive_for_its_client() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let wanted = working(&mut stage, conn, 1);
    stage.command(Command::Weather(Weather::Reset { keeps_data: true }));
    stage.heard(conn);
    let more = Order { total_quantity: Some("20".into()), ..wanted };
    let told = words(&stage.ask(conn, place(1, share("AAPL"), more)));
    assert_eq!(told, ["1 error 201", "open 1 Submitted", "1 Submitted 0/10"]);
}

#[test]
fn the_last_of_two_changes_is_what_works() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let wanted = working(&mut stage, conn, 1);
    let sized = |size: &str| Order { total_quantity: Some(size.into()), ..wanted.clone() };
    let bytes = bytes_of([place(1, share("AAPL"), sized("20")), place(1, share("AAPL"), sized("10"))]);
    stage.send_bytes(conn, &bytes);
    let told = words(&stage.heard_in(conn, 1.0));
    assert_eq!(stage.desk.blotter().working().next().unwrap().spec.quantity, Qty(10.into()), "{told:?}");
    assert!(!told.iter().any(|word| word.contains("error")), "{told:?}");
}

#[test]
fn a_change_right_behind_an_order_is_made_when_it_works() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let wanted = low(&mut stage);
    let more = Order { total_quantity: Some("12".into()), ..wanted.clone() };
    let bytes = bytes_of([place(1, share("AAPL"), wanted), place(1, share("AAPL"), more)]);
    stage.send_bytes(conn, &bytes);
    let told = words(&stage.heard_in(conn, 1.0));
    assert_eq!(told.last().unwrap(), "1 Submitted 0/12", "{told:?}");
    assert!(!told.iter().any(|word| word.contains("error")), "{told:?}");
}

#[test]
fn a_flood_of_cancels_asks_the_engine_little_at_a_time_and_holds_up_nobody() {
    let mut stage = Stage::new();
    let (rude, other) = (stage.connect(Dialect::Text, 1), stage.connect(Dialect::Text, 2));
    low(&mut stage);
    let flood = bytes_of((0..10_000).map(|_| Request::GlobalCancel(GlobalCancelRequest::default())));
    stage.core.received(rude, &flood, stage.now());
    let effects = stage.core.effects();
    let asked = effects.iter().filter(|effect| matches!(effect, Effect::Command(_))).count();
    assert!(asked <= 20, "{asked} commands at once");
    stage.core.received(other, &bytes_of([place(1, share("AAPL"), order("BUY", "1", "MKT"))]), stage.now());
    let asked = stage.core.effects().len();
    assert!(asked > 0, "the other is read all the same");
}

#[test]
fn large_answers_to_small_requests_are_made_as_they_are_read() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    for id in 1..=20 {
        let text = "x".repeat(7_000);
        let draft = Order { transmit: Some(false), order_ref: Some(text), ..order("BUY", "1", "MKT") };
        stage.ask(conn, place(id, share("AAPL"), draft));
    }
    let requests = bytes_of((0..60).map(|_| Request::AllOpenOrders));
    let made = |effects: Vec<Effect>| -> Vec<u8> {
        let sent = effects.into_iter().filter_map(|effect| match effect {
            Effect::Send(_, bytes) => Some(bytes),
            _ => None,
        });
        sent.flatten().collect()
    };
    stage.core.received(conn, &requests, stage.now());
    let mut answered = made(stage.core.effects());
    assert!(answered.len() < 1 << 20, "{} bytes at once", answered.len());
    loop {
        stage.core.waiting(conn, 0);
        stage.core.tick(stage.now());
        let more = made(stage.core.effects());
        if more.is_empty() {
            break;
        }
        assert!(more.len() < 1 << 20, "{} bytes at once", more.len());
        answered.extend(more);
    }
    let end = b"\0\0\0\x0553\x001\0";
    assert_eq!(answered.windows(end.len()).filter(|window| window == end).count(), 60, "all are answered");
}

#[test]
fn an_order_that_is_too_long_is_refused() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let long = Order { order_ref: Some("x".repeat(100_000)), ..order("BUY", "1", "MKT") };
    assert_eq!(words(&stage.ask(conn, place(1, share("AAPL"), long))), ["1 error 320"]);
}

#[test]
fn an_exit_has_no_exits() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let draft =
        |parent: i32| Order { transmit: Some(false), parent_id: Some(parent), ..order("SELL", "10", "MKT") };
    stage.ask(conn, place(1, share("AAPL"), Order { action: Some("BUY".into()), ..draft(0) }));
    stage.ask(conn, place(2, share("AAPL"), draft(1)));
    let told = words(&stage.ask(conn, place(3, share("AAPL"), draft(2))));
    assert_eq!(told[0], "3 error 201", "{told:?}");
}

#[test]
fn a_bracket_never_leaves_without_the_leg_that_was_refused() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let last: f64 = stage.quote("AAPL").mark().unwrap().0.try_into().unwrap();
    let entry = Order { transmit: Some(false), ..order("BUY", "10", "MKT") };
    let exit = |terms: Order| Order { parent_id: Some(1), ..terms };
    let stop = Order { transmit: Some(false), aux_price: Some(0.0), ..exit(order("SELL", "10", "STP")) };
    let target =
        Order { lmt_price: Some((last * 103.0).round() / 100.0), ..exit(order("SELL", "10", "LMT")) };
    stage.ask(conn, place(1, share("AAPL"), entry));
    let told = words(&stage.ask(conn, place(2, share("AAPL"), stop)));
    assert!(told.contains(&"2 Cancelled 0/10".to_owned()), "{told:?}");
    assert!(told.contains(&"1 Cancelled 0/10".to_owned()), "{told:?}");
    let told = words(&stage.ask(conn, place(3, share("AAPL"), target)));
    assert!(told.contains(&"3 Cancelled 0/10".to_owned()), "{told:?}");
    stage.run(Duration::from_secs(1));
    assert_eq!(stage.desk.blotter().orders().count(), 0);
}

#[test]
fn what_was_not_transmitted_goes_with_its_connection() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let draft = Order { transmit: Some(false), ..order("BUY", "10", "MKT") };
    stage.ask(conn, place(1, share("AAPL"), draft));
    stage.hang_up(conn);
    let conn = stage.connect(Dialect::Text, 1);
    assert_eq!(words(&stage.ask(conn, Request::OpenOrders)), ["OpenOrderEnd"]);
    let next = stage.ask(conn, Request::Ids(pitdesk::gateway::wire::model::IdsRequest { num_ids: Some(1) }));
    assert!(matches!(&next[0], Reply::NextValidId(next) if next.order_id == Some(2)), "its number is used");
}

#[test]
fn who_is_not_let_in_takes_nothing_from_whoever_has_its_number() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let draft = Order { transmit: Some(false), ..order("BUY", "10", "MKT") };
    stage.ask(conn, place(1, share("AAPL"), draft));
    let second = stage.dial(Dialect::Text);
    stage.greet(second);
    stage.ask(second, start_api(1));
    assert!(stage.is_closed(second));
    let told = words(&stage.ask(conn, Request::OpenOrders));
    assert_eq!(told, ["open 1 PreSubmitted", "1 PreSubmitted 0/10", "OpenOrderEnd"]);
}

#[test]
fn subscriptions_to_accounts_are_bounded() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    let profit = |id| Request::PnL(PnLRequest { req_id: Some(id), ..PnLRequest::default() });
    for id in 0..100 {
        assert_eq!(words(&stage.ask(conn, profit(id))), ["PnL"]);
    }
    assert_eq!(words(&stage.ask(conn, profit(100))), ["100 error 322"]);
}

#[test]
fn the_end_of_a_list_comes_behind_what_is_told_late() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    working(&mut stage, conn, 1);
    stage.command(Command::Weather(Weather::SlowAcknowledgements(Duration::from_secs(2))));
    stage.tell(conn, Request::OpenOrders);
    let told = words(&stage.heard_in(conn, 3.0));
    assert_eq!(told, ["open 1 Submitted", "1 Submitted 0/10", "OpenOrderEnd"]);
}

#[test]
fn the_profit_of_the_day_counts_what_was_bought_today_from_its_price() {
    let mut stage = Stage::new();
    let conn = stage.connect(Dialect::Text, 1);
    stage.tell(conn, place(1, share("AAPL"), order("BUY", "10", "MKT")));
    stage.heard_in(conn, 2.0);
    let told = stage.ask(conn, Request::PnL(PnLRequest { req_id: Some(7), ..PnLRequest::default() }));
    let Reply::PnL(profit) = &told[0] else { panic!("{told:?}") };
    let commission: f64 =
        stage.desk.blotter().fills().iter().map(|fill| f64::try_from(fill.commission.amount).unwrap()).sum();
    let expected = profit.unrealized_pnl() - commission;
    assert!((profit.daily_pnl() - expected).abs() < 0.02, "{profit:?}, commission {commission}");
    assert!((profit.realized_pnl() + commission).abs() < 0.02, "{profit:?}");
}
