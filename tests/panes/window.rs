//! What the whole window says and asks, whatever its panes show.

use std::time::Duration;

use egui::{Key, Modifiers, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::{OrderStatus, Side};
use pitdesk::link::{Command, Flatten, KillState, NoticeLevel, Update};
use pitdesk::ui::Chord;

use crate::bench::{focused, limit, order, settle};
use crate::desktop::{Desktop, busy_desktop, click, desktop, sent};

type Window = Harness<'static, Desktop>;

/// Publishes the state of order 12.
fn publish(window: &mut Window, status: OrderStatus) {
    let market = &mut window.state_mut().market;
    let mut order = order(12, market.id("AAPL@NASDAQ"), Side::Buy, "100", limit("282.50"), market.now());
    order.status = status;
    market.publish(Update::Order(order));
    settle(window);
}

fn ask_to_quit(window: &mut Window) {
    window.key_press_modifiers(Modifiers::COMMAND, Key::Q);
    settle(window);
}

#[test]
fn the_edges_between_panes_have_names() {
    let window = desktop();
    let edges = window.query_all_by_role(Role::Splitter);
    let mut names: Vec<String> = edges.filter_map(|edge| edge.accesskit_node().label()).collect();
    names.retain(|name| name.starts_with("Between"));
    names.sort();
    assert_eq!(
        names,
        [
            "Between Chart and Blotter",
            "Between Chart, Blotter and Ticket",
            "Between Watchlist and Chart, Blotter"
        ]
    );
}

#[test]
fn without_a_working_order_the_window_closes_unasked() {
    let mut window = desktop();
    ask_to_quit(&mut window);
    assert!(window.state().terminal.has_quit());
}

#[test]
fn with_a_working_order_the_window_asks_and_stays_or_goes() {
    let mut window = desktop();
    publish(&mut window, OrderStatus::Working);
    for stay in [true, false] {
        ask_to_quit(&mut window);
        assert!(window.query_by_label_contains("1 order is working.").is_some());
        if stay {
            click(&mut window, "Stay");
        } else {
            window.key_press(Key::Escape);
            settle(&mut window);
        }
        assert!(window.query_by_label("Quit Pitdesk?").is_none());
        assert!(!window.state().terminal.has_quit());
    }
    ask_to_quit(&mut window);
    publish(&mut window, OrderStatus::Filled);
    window.get_by_label("No order is working any more.");
    click(&mut window, "Quit");
    assert!(window.state().terminal.has_quit());
}

#[test]
fn a_command_that_finds_no_room_is_told_and_can_be_given_again() {
    let mut window = busy_desktop();
    let told = "The engine is busy: nothing was sent. Try again in a moment.";
    click(&mut window, "Kill switch");
    settle(&mut window);
    window.get_by_label(told);
    window.get_by_label("Kill switch");
    assert_eq!(sent(&mut window), []);
    click(&mut window, "Kill switch");
    assert_eq!(sent(&mut window), [Command::Kill { flatten: Flatten::No }]);
    window.get_by_label("Locking…");
    let market = &mut window.state_mut().market;
    market.publish(Update::Kill(KillState::Locked { still_working: 0 }));
    settle(&mut window);
    window.get_by_label("LOCKED · nothing working");
}

#[test]
fn an_order_that_finds_no_room_is_refused_at_its_button() {
    let mut window = busy_desktop();
    let market = &mut window.state_mut().market;
    market.configure(|settings| settings.confirm_orders = false);
    market.quote("AAPL@NASDAQ", "284.52");
    settle(&mut window);
    click(&mut window, "Buy");
    settle(&mut window);
    let refused =
        "Buy 100 AAPL @ 284.51: refused. The engine is busy: nothing was sent. Try again in a moment.";
    window.get_by_label(refused);
    assert_eq!(sent(&mut window), []);
}

#[test]
fn an_engine_that_has_ended_is_told_at_the_next_command() {
    let mut window = desktop();
    window.state_mut().market.end_engine();
    click(&mut window, "Kill switch");
    settle(&mut window);
    window.get_by_label("The engine has stopped: nothing was sent. Restart Pitdesk.");
    window.get_by_label("Kill switch");
}

#[test]
fn what_the_window_has_told_itself_outlives_a_snapshot() {
    let mut window = busy_desktop();
    window.state_mut().market.notice(NoticeLevel::Warning, "The broker was silent");
    window.state_mut().market.later(Duration::from_secs(1));
    settle(&mut window);
    click(&mut window, "Kill switch");
    settle(&mut window);
    let log = |window: &Window| -> Vec<String> {
        window.state().terminal.desk().notices().iter().map(|notice| notice.text.to_string()).collect()
    };
    let busy = "The engine is busy: nothing was sent. Try again in a moment.";
    assert_eq!(log(&window), ["The broker was silent", busy]);
    for _ in 0..2 {
        // The engine's log of these snapshots is empty.
        window.state_mut().market.later(Duration::from_secs(1));
        window.state_mut().market.snapshot();
        window.state_mut().market.notice(NoticeLevel::Info, "Connected again");
        settle(&mut window);
        assert_eq!(log(&window), [busy, "Connected again"]);
    }
}

#[test]
fn whatever_opens_above_the_desk_gives_the_keyboard_back() {
    for keys in ["F1", "Ctrl+Shift+L", "Ctrl+Alt+W"] {
        let mut window = desktop();
        window.get_by_label("Quantity").focus();
        settle(&mut window);
        assert_eq!(focused(&window), ["Quantity"]);
        let (modifiers, key) = keys.parse::<Chord>().expect("keys").parts();
        window.key_press_modifiers(modifiers, key);
        settle(&mut window);
        assert_ne!(focused(&window), ["Quantity"], "{keys} takes the keyboard");
        window.key_press(Key::Escape);
        window.run_steps(4);
        assert_eq!(focused(&window), ["Quantity"], "after {keys}");
    }
}
