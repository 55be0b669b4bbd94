//! From a click or a key to at most one order.

use std::collections::BTreeSet;

use super::*;
use crate::bench::focused;

#[test]
fn with_confirmation_the_first_click_asks_and_the_second_sends() {
    let mut ui = open(asking(), AAPL, "{}");
    let at_rest = ui.get_by_label("Buy").rect();
    click(&mut ui, "Buy");
    assert_eq!(ui.state().sent, []);
    let armed = ui.get_by_label("Confirm buy 100 AAPL @ 227.48");
    assert_eq!(armed.rect(), at_rest);
    wait(&mut ui, READING);
    click(&mut ui, "Confirm buy 100 AAPL @ 227.48");
    assert_eq!(placed(&ui).spec.side, Side::Buy);
    ui.get_by_label("Buy");
    ui.run_steps(4);
    assert_eq!(ui.state().sent.len(), 1);
}

#[test]
fn what_was_confirmed_is_sent_though_the_market_has_moved() {
    let mut ui = open(asking(), AAPL, "{}");
    click(&mut ui, "Buy");
    let mut moved = first_quote(&ui.state().market, AAPL);
    moved.bid = Some(price("227.51"));
    ui.state_mut().market.publish_quote(AAPL, moved);
    wait(&mut ui, READING);
    click(&mut ui, "Confirm buy 100 AAPL @ 227.48");
    assert_eq!(placed(&ui).spec.kind, OrderKind::Limit { price: price("227.48") });
    assert_eq!(placed(&ui).seen, Some(moved), "the quote of the frame in which it was sent");
}

#[test]
fn a_question_ends_by_time_escape_change_and_another_position() {
    let check = |change: &dyn Fn(&mut Ui)| {
        let mut ui = open(holding(asking(), "100"), AAPL, "{}");
        click(&mut ui, "Sell");
        assert!(ui.query_by_label_contains("Confirm sell").is_some());
        change(&mut ui);
        ui.run_steps(2);
        assert!(ui.query_by_label_contains("Confirm").is_none());
        assert_eq!(ui.state().sent, []);
    };
    check(&|ui| wait(ui, LONGER_THAN_ARMED));
    check(&|ui| ui.key_press(Key::Escape));
    check(&|ui| write(ui, "Quantity", "50"));
    check(&|ui| {
        ui.state_mut().hold(AAPL, "40", "226.10");
    });
    check(&|ui| ui.state_mut().market.publish(Update::Kill(KillState::Locked { still_working: 0 })));
    check(&|ui| ui.state_mut().select("BRK.B@NYSE"));
    check(&|ui| ui.state_mut().pane.take_price(price("227.40")));
}

#[test]
fn two_clicks_in_one_frame_are_one() {
    let press_twice = |bench: Bench| {
        let mut ui = open(bench, AAPL, "{}");
        let pos = ui.get_by_label("Buy").rect().center();
        ui.hover_at(pos);
        ui.step();
        for pressed in [true, false, true, false] {
            let button = egui::PointerButton::Primary;
            let event = Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE };
            ui.input_mut().events.push(event);
        }
        ui.run_steps(3);
        ui.state().sent.len()
    };
    assert_eq!(press_twice(asking()), 0, "a double click asks, and confirms nothing");
    assert_eq!(press_twice(at_once()), 1);
}

/// Two clicks on the same spot, so many milliseconds apart.
fn double_click(ui: &mut Ui, name: &str, gap: u64) {
    let pos = ui.get_by_label(name).rect().center();
    ui.hover_at(pos);
    ui.step();
    for pause in [0, gap] {
        ui.state_mut().market.later(Duration::from_millis(pause));
        for pressed in [true, false] {
            let button = egui::PointerButton::Primary;
            let event = Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE };
            ui.input_mut().events.push(event);
            ui.step();
        }
    }
    ui.run_steps(2);
}

#[test]
fn a_double_click_is_no_confirmation() {
    for gap in [80, 210, 300, 499] {
        let mut ui = open(asking(), AAPL, "{}");
        double_click(&mut ui, "Buy", gap);
        assert_eq!(ui.state().sent, [], "{gap} ms");
        assert!(ui.query_by_label_contains("Confirm buy").is_some(), "it still asks");
    }
}

#[test]
fn a_double_click_is_one_order_where_none_is_confirmed() {
    for gap in [80, 300, 499] {
        let mut ui = open(at_once(), AAPL, "{}");
        double_click(&mut ui, "Buy", gap);
        assert_eq!(ui.state().sent.len(), 1, "{gap} ms");
        wait(&mut ui, READING);
        click(&mut ui, "Buy");
        assert_eq!(ui.state().sent.len(), 2, "the next click is another order");
    }
}

#[test]
fn a_double_click_on_reverse_does_not_reverse_back() {
    let mut ui = open(holding(at_once(), "100"), AAPL, "{}");
    click(&mut ui, "Reverse");
    // It fills before the second click comes.
    ui.state_mut().hold(AAPL, "-100", "227.48");
    wait(&mut ui, Duration::from_millis(300));
    click(&mut ui, "Reverse");
    click(&mut ui, "Close");
    assert_eq!(
        only_command(&ui),
        &Command::Reverse {
            account: "PAPER".into(),
            instrument: ui.state().market.id(AAPL),
            despite: pitdesk::risk::Despite::default()
        }
    );
}

#[test]
fn no_order_by_tab_space_and_enter() {
    let mut ui = open(holding(at_once(), "100"), AAPL, "{}");
    let mut reached = BTreeSet::new();
    for _ in 0..40 {
        ui.key_press(Key::Tab);
        ui.step();
        reached.extend(focused(&ui));
        for key in [Key::Space, Key::Enter] {
            ui.key_press(key);
            ui.step();
        }
    }
    for name in ["Quantity", "Limit price", "Bid", "Bracket"] {
        assert!(reached.contains(name), "Tab has not come to {name}: {reached:?}");
    }
    for name in ["Buy", "Sell", "Close", "Reverse"] {
        assert!(!reached.contains(name), "Tab comes to {name}");
    }
    assert_eq!(ui.state().sent, []);
}

#[test]
fn keys_trade_from_a_field_and_always_ask_first() {
    let mut ui = open(at_once(), AAPL, "{}");
    ui.key_press_modifiers(CTRL, Key::B);
    ui.run_steps(2);
    assert!(ui.query_by_label_contains("Confirm").is_none(), "the ticket has no focus");
    write(&mut ui, "Quantity", "30");
    ui.key_press_modifiers(CTRL, Key::Enter);
    ui.run_steps(2);
    assert!(ui.query_by_label_contains("Choose first").is_some());
    ui.key_press_modifiers(CTRL, Key::S);
    ui.run_steps(2);
    ui.get_by_label("Confirm sell 30 AAPL @ 227.52");
    assert_eq!(ui.state().sent, []);
    wait(&mut ui, READING);
    ui.key_press_modifiers(CTRL, Key::Enter);
    ui.run_steps(2);
    assert_eq!(placed(&ui).spec.side, Side::Sell);
    ui.key_press_modifiers(CTRL, Key::Enter);
    ui.run_steps(2);
    ui.get_by_label("Confirm sell 30 AAPL @ 227.52");
    assert_eq!(ui.state().sent.len(), 1, "the last choice is asked for again, not sent again");
    ui.key_press(Key::Escape);
    ui.run_steps(2);
    assert!(ui.query_by_label_contains("Confirm").is_none());
    assert!(ui.get_by_label("Quantity").is_focused(), "Escape took back the question, not the focus");
}

#[test]
fn a_key_that_is_held_down_asks_and_does_not_send() {
    let mut ui = open(at_once(), AAPL, "{}");
    write(&mut ui, "Quantity", "30");
    ui.key_press_modifiers(CTRL, Key::B);
    ui.key_press(Key::Escape);
    ui.run_steps(2);
    for _ in 0..3 {
        ui.key_down_modifiers(CTRL, Key::Enter);
    }
    ui.step();
    ui.get_by_label("Confirm buy 30 AAPL @ 227.48");
    assert_eq!(ui.state().sent, []);
}

#[test]
fn close_and_reverse_are_always_there_and_ask_like_the_others() {
    let flat = open(asking(), AAPL, "{}");
    assert!(is_disabled(&flat, "Close") && is_disabled(&flat, "Reverse"));
    assert!(about(&flat.get_by_label("Close")).contains("no position in AAPL"));
    let mut ui = open(holding(asking(), "-100"), AAPL, "{}");
    click_and_confirm(&mut ui, "Reverse", "Confirm reverse: buy 200 AAPL at market");
    assert_eq!(
        only_command(&ui),
        &Command::Reverse {
            account: "PAPER".into(),
            instrument: ui.state().market.id(AAPL),
            despite: pitdesk::risk::Despite::default()
        }
    );
    let mut ui = open(holding(at_once(), "-100"), AAPL, "{}");
    click(&mut ui, "Close");
    assert_eq!(
        only_command(&ui),
        &Command::Close {
            account: "PAPER".into(),
            instrument: ui.state().market.id(AAPL),
            despite: pitdesk::risk::Despite::default()
        }
    );
}

/// The quote is older than its limit.
fn on_an_old_quote(bench: Bench) -> Ui {
    let mut ui = open(bench, AAPL, "{}");
    ui.state_mut().market.later(Duration::from_secs(45));
    ui.run_steps(2);
    ui
}

const DESPITE: &str = "Send despite a quote 45 s old: buy 100 AAPL @ 227.48";

#[test]
fn an_order_on_an_old_quote_is_asked_about_in_words_of_its_own() {
    let mut ui = on_an_old_quote(asking());
    click(&mut ui, "Buy");
    ui.get_by_label("Confirm buy 100 AAPL @ 227.48");
    wait(&mut ui, READING);
    click(&mut ui, "Confirm buy 100 AAPL @ 227.48");
    assert_eq!(ui.state().sent, [], "the usual confirmation is not enough");
    let asked = ui.get_by_label(DESPITE);
    assert!(about(&asked).contains("Send despite"), "{}", about(&asked));
    wait(&mut ui, Duration::from_millis(499));
    double_click(&mut ui, DESPITE, 0);
    assert_eq!(ui.state().sent.len(), 0, "a double click confirms nothing");
    wait(&mut ui, READING);
    click(&mut ui, DESPITE);
    assert_eq!(placed(&ui).despite, Despite { stale_quote: true, ..pitdesk::risk::Despite::default() });
}

#[test]
fn whoever_is_asked_nothing_else_is_asked_this_and_a_fresh_quote_takes_it_back() {
    let mut ui = on_an_old_quote(at_once());
    click(&mut ui, "Buy");
    ui.get_by_label(DESPITE);
    assert_eq!(ui.state().sent, []);
    ui.state_mut().market.quote(AAPL, "227.50");
    ui.run_steps(2);
    assert!(ui.query_by_label_contains("Send despite").is_none());
    wait(&mut ui, READING);
    click(&mut ui, "Buy");
    assert!(placed(&ui).despite.is_nothing(), "the quote is fresh again");
}

#[test]
fn keys_insist_as_clicks_do() {
    let mut ui = on_an_old_quote(at_once());
    write(&mut ui, "Quantity", "100");
    for expected in ["Confirm buy 100 AAPL @ 227.48", DESPITE] {
        ui.key_press_modifiers(CTRL, if expected == DESPITE { Key::Enter } else { Key::B });
        ui.run_steps(2);
        ui.get_by_label(expected);
        wait(&mut ui, READING);
    }
    ui.key_press_modifiers(CTRL, Key::Enter);
    ui.run_steps(2);
    assert!(placed(&ui).despite.stale_quote);
}

#[test]
fn a_silent_broker_is_asked_about_and_a_dead_line_is_not() {
    let mut ui = open(asking(), AAPL, "{}");
    ui.state_mut().market.connection(ConnectionState::Silent, "Nothing heard for 6 s");
    ui.run_steps(2);
    ui.get_by_label("Broker silent: orders ask twice");
    assert!(!is_disabled(&ui, "Buy"));
    ui.state_mut().market.connection(ConnectionState::Down, "Lost");
    ui.run_steps(2);
    assert!(is_disabled(&ui, "Buy"));
}

#[test]
fn reverse_and_close_are_insisted_on_like_orders() {
    let mut ui = on_an_old_quote(holding(asking(), "100"));
    let instrument = ui.state().market.id(AAPL);
    click(&mut ui, "Reverse");
    wait(&mut ui, READING);
    click(&mut ui, "Confirm reverse: sell 200 AAPL at market");
    assert_eq!(ui.state().sent, [], "the usual confirmation is not enough");
    let question = "Send despite a quote 45 s old: reverse: sell 200 AAPL at market";
    wait(&mut ui, READING);
    click(&mut ui, question);
    let despite = Despite { stale_quote: true, ..Despite::default() };
    assert_eq!(only_command(&ui), &Command::Reverse { account: "PAPER".into(), instrument, despite });

    let mut ui = on_an_old_quote(holding(at_once(), "100"));
    click(&mut ui, "Close");
    assert_eq!(
        only_command(&ui),
        &Command::Close { account: "PAPER".into(), instrument, despite: Despite::default() }
    );

    let mut ui = open(holding(at_once(), "100"), AAPL, "{}");
    ui.state_mut().market.connection(ConnectionState::Silent, "Nothing heard for 6 s");
    ui.run_steps(2);
    click(&mut ui, "Close");
    assert_eq!(ui.state().sent, []);
    wait(&mut ui, READING);
    click(&mut ui, "Send despite a silent broker: close: sell 100 AAPL at market");
    let despite = Despite { silent_broker: true, ..Despite::default() };
    assert_eq!(only_command(&ui), &Command::Close { account: "PAPER".into(), instrument, despite });
}
