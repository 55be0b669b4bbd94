//! What the gate lets through only against something unusual is asked about in words of its own.

use pitdesk::risk::Despite;

use super::*;

/// Between two presses that do not belong together.
const READING: Duration = Duration::from_millis(500);

/// The quote of what is held is 45 s old.
fn on_an_old_quote(confirm_orders: bool) -> Pane {
    let mut pane = with_position(|settings| settings.confirm_orders = confirm_orders);
    pane.state_mut().market.later(Duration::from_secs(45));
    pane.run_steps(2);
    pane
}

fn wait(pane: &mut Pane) {
    pane.state_mut().market.later(READING);
    pane.run_steps(2);
}

const DESPITE: &str = "Send despite a quote 45 s old: reverse: sell 200 AAPL at market";

fn stale() -> Despite {
    Despite { stale_quote: true, ..Despite::default() }
}

#[test]
fn a_reverse_on_an_old_quote_is_asked_about_twice() {
    let mut pane = on_an_old_quote(true);
    let instrument = pane.state().market.id(AAPL);
    click(&mut pane, "Reverse AAPL");
    wait(&mut pane);
    click(&mut pane, "Confirm reverse: sell 200 AAPL at market");
    assert_eq!(pane.state_mut().take_sent(), [], "the usual confirmation is not enough");
    pane.run_steps(2);
    let why = "is 45 s old, the limit of the profile is 30 s: wait for a fresh one. Click again to reverse \
               nevertheless: sell 200 AAPL at market.";
    assert!(pane.query_by_label_contains(why).is_some(), "{:?}", painted(&pane));
    click(&mut pane, DESPITE);
    assert_eq!(pane.state_mut().take_sent(), [], "a double click confirms nothing");
    wait(&mut pane);
    click(&mut pane, DESPITE);
    assert_eq!(
        pane.state_mut().take_sent(),
        [Command::Reverse { account: "PAPER".into(), instrument, despite: stale() }]
    );
}

#[test]
fn whoever_is_asked_nothing_else_is_asked_this_and_a_fresh_quote_takes_it_back() {
    let mut pane = on_an_old_quote(false);
    let instrument = pane.state().market.id(AAPL);
    click(&mut pane, "Reverse AAPL");
    pane.get_by_label(DESPITE);
    pane.state_mut().market.quote(AAPL, "284.60");
    pane.run_steps(2);
    assert!(pane.query_by_label_contains("Send despite").is_none());
    wait(&mut pane);
    click(&mut pane, "Reverse AAPL");
    let despite = Despite::default();
    assert_eq!(
        pane.state_mut().take_sent(),
        [Command::Reverse { account: "PAPER".into(), instrument, despite }]
    );
}

#[test]
fn a_close_needs_no_fresh_quote_but_a_broker_that_is_heard() {
    let mut pane = on_an_old_quote(false);
    let instrument = pane.state().market.id(AAPL);
    click(&mut pane, "Close AAPL");
    let despite = Despite::default();
    assert_eq!(
        pane.state_mut().take_sent(),
        [Command::Close { account: "PAPER".into(), instrument, despite }]
    );

    let mut pane = with_position(|settings| settings.confirm_orders = false);
    pane.state_mut().market.connection(ConnectionState::Silent, "Nothing heard for 6 s");
    pane.run_steps(2);
    click(&mut pane, "Close AAPL");
    assert_eq!(pane.state_mut().take_sent(), []);
    wait(&mut pane);
    click(&mut pane, "Send despite a silent broker: close: sell 100 AAPL at market");
    let despite = Despite { silent_broker: true, ..Despite::default() };
    assert_eq!(
        pane.state_mut().take_sent(),
        [Command::Close { account: "PAPER".into(), instrument, despite }]
    );
}

/// Order 12 in a market whose quote is 45 s old.
fn old_order() -> Pane {
    let mut pane = with_order();
    pane.state_mut().market.quote(AAPL, "284.50");
    pane.state_mut().market.later(Duration::from_secs(45));
    pane.run_steps(2);
    pane
}

const AGAIN: &str = "Press Enter again to change order 12 nevertheless.";

#[test]
fn a_change_on_an_old_quote_takes_a_second_enter() {
    let mut pane = old_order();
    begin_edit(&mut pane);
    press(&mut pane, Key::ArrowUp);
    press(&mut pane, Key::Enter);
    assert_eq!(pane.state_mut().take_sent(), []);
    pane.run_steps(2);
    assert!(pane.query_by_label_contains("is 45 s old").is_some_and(|told| {
        told.accesskit_node().label().unwrap_or_default().contains(AGAIN)
            || told.value().unwrap_or_default().contains(AGAIN)
    }));
    press(&mut pane, Key::Enter);
    assert_eq!(pane.state_mut().take_sent(), [], "a repeated key confirms nothing");
    wait(&mut pane);
    press(&mut pane, Key::Enter);
    let Command::Amend { despite, limit, .. } = pane.state_mut().take_sent().remove(0) else { panic!() };
    assert_eq!((despite, limit), (stale(), Some(price("282.51"))));
    assert!(pane.query_by_label("Limit of order 12").is_none());
}

#[test]
fn another_value_is_another_question_and_time_ends_it() {
    let mut pane = old_order();
    begin_edit(&mut pane);
    press(&mut pane, Key::ArrowUp);
    press(&mut pane, Key::Enter);
    wait(&mut pane);
    press(&mut pane, Key::ArrowUp);
    assert!(pane.query_by_label_contains(AGAIN).is_none());
    press(&mut pane, Key::Enter);
    assert_eq!(pane.state_mut().take_sent(), []);
    pane.state_mut().market.later(Duration::from_secs(3));
    pane.run_steps(2);
    assert!(pane.query_by_label_contains(AGAIN).is_none());
    press(&mut pane, Key::Enter);
    assert_eq!(pane.state_mut().take_sent(), []);
    press(&mut pane, Key::Escape);
    pane.run_steps(2);
    assert!(pane.query_by_label_contains(AGAIN).is_none());
}

#[test]
fn a_change_in_a_fresh_market_and_of_an_exit_is_asked_nothing() {
    let mut pane = with_order();
    pane.state_mut().market.quote(AAPL, "284.50");
    pane.run_steps(2);
    begin_edit(&mut pane);
    press(&mut pane, Key::ArrowUp);
    press(&mut pane, Key::Enter);
    assert_eq!(pane.state_mut().take_sent(), [amend(None, Some("282.51"))]);

    let mut pane = old_order();
    let bench = pane.state_mut();
    let now = bench.market.now();
    let mut entry = order(9, bench.market.id(AAPL), Side::Sell, "100", limit("290.00"), now);
    (entry.status, entry.filled) = (OrderStatus::Filled, qty("100"));
    bench.order(entry);
    bench.change(12, |order| order.spec.parent = Some(OrderId(9)));
    pane.run_steps(2);
    begin_edit(&mut pane);
    press(&mut pane, Key::ArrowUp);
    press(&mut pane, Key::Enter);
    assert_eq!(pane.state_mut().take_sent(), [amend(None, Some("282.51"))], "it opens nothing");
}

#[test]
fn a_question_hides_nothing_of_the_ticket() {
    let mut window = crate::desktop::desktop_sized(Vec2::new(960.0, 600.0));
    let market = &mut window.state_mut().market;
    market.configure(|settings| settings.confirm_orders = false);
    market.quote(AAPL, "284.50");
    let held = position(market.id(AAPL), "100", "280.00");
    market.publish(Update::Position(held));
    settle(&mut window);
    crate::desktop::click(&mut window, "Positions");
    window.state_mut().market.later(Duration::from_secs(45));
    window.run_steps(2);
    crate::desktop::click(&mut window, "Reverse AAPL");
    window.run_steps(3);
    let question = window.get_by_label_contains("Click again to reverse").rect();
    let ticket = window.get_by_label("Between Chart, Blotter and Ticket").rect();
    assert!(question.right() <= ticket.right(), "{question:?} over {ticket:?}");
}
