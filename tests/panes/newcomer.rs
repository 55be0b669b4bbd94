//! The first hour of somebody who knows no key and no menu: only what stands on the screen leads them.

use egui::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::{Decimal, OrderKind, Side};
use pitdesk::engine::SaveJob;

use crate::allocation::rehearsed::{Trader, pass, trader};
use crate::bench::settle;

type Window = Harness<'static, Trader>;

/// Clicks what has this name and can be pressed; of several, what was drawn last.
#[track_caller]
fn press(window: &mut Window, name: &str) {
    let can = |role| matches!(role, Role::Button | Role::CheckBox | Role::ComboBox | Role::TextInput);
    let found: Vec<_> =
        window.query_all_by_label(name).filter(|node| can(node.accesskit_node().role())).collect();
    found.last().unwrap_or_else(|| panic!("nothing is called {name}")).click();
    drop(found);
    settle(window);
    window.run_steps(2);
}

/// Writes into a field as somebody does who clicks into it first.
#[track_caller]
fn write(window: &mut Window, field: &str, text: &str) {
    press(window, field);
    window.key_press_modifiers(egui::Modifiers::COMMAND, egui::Key::A);
    window.event(egui::Event::Text(text.to_owned()));
    settle(window);
}

#[track_caller]
fn reads(window: &Window, part: &str) {
    assert!(window.query_all_by_label_contains(part).next().is_some(), "{part} stands nowhere");
}

/// Presses a button of the ticket, reads the question, and presses again.
#[track_caller]
fn trade(window: &mut Window, button: &str, order: &str) {
    press(window, button);
    pass(window, 1_000);
    let question = format!("Confirm {order}");
    reads(window, &question);
    press(window, &question);
    pass(window, 1_000);
}

fn net(window: &Window) -> i64 {
    let positions = window.state().terminal.desk().blotter().positions();
    let net = positions.map(|position| position.net).find(|net| !net.is_zero());
    net.map_or(0, |net| net.to_string().parse().expect("whole shares"))
}

/// The stops that wait, by side.
fn stops(window: &Window) -> Vec<Side> {
    let orders = window.state().terminal.desk().blotter().orders();
    let is_stop = |spec: &pitdesk::domain::OrderSpec| matches!(spec.kind, OrderKind::Stop { .. });
    let waiting = orders.filter(|order| order.is_live() && is_stop(&order.spec));
    waiting.map(|order| order.spec.side).collect()
}

/// A price that a stop would wait at, as a person types it.
fn below_the_market(window: &Window) -> String {
    let desk = window.state().terminal.desk();
    let last = desk.selected().and_then(|shown| desk.quote(shown.id)?.quote.last).expect("it has traded");
    (last.0 - Decimal::TEN).round().to_string() + ".00"
}

#[test]
fn whoever_reads_the_screen_buys_guards_closes_reads_the_chart_and_keeps_the_desk() {
    let mut window = trader();
    reads(&window, "No orders yet. Enter one in the ticket");

    press(&mut window, "Order type");
    press(&mut window, "Market");
    write(&mut window, "Quantity", "10");
    trade(&mut window, "Buy", "buy 10 AAPL at market");
    assert_eq!(net(&window), 10);
    assert_eq!(stops(&window), []);
    trade(&mut window, "Close", "close: sell 10 AAPL at market");
    assert_eq!(net(&window), 0);

    let stop = below_the_market(&window);
    press(&mut window, "Bracket");
    write(&mut window, "Stop loss", &stop);
    trade(&mut window, "Buy", &format!("buy 10 AAPL at market, stop loss {stop}"));
    assert_eq!((net(&window), stops(&window)), (10, vec![Side::Sell]));
    trade(&mut window, "Close", "close: sell 10 AAPL at market, cancels 1 order first");
    assert_eq!((net(&window), stops(&window)), (0, vec![]), "nothing stays that would open a position");

    press(&mut window, "5m");
    pass(&mut window, 500);
    reads(&window, "Chart AAPL · NASDAQ 5m");
    press(&mut window, "Indicators");
    press(&mut window, "Relative strength index");
    pass(&mut window, 500);
    reads(&window, "RSI 14");

    press(&mut window, "Menu of Chart");
    press(&mut window, "Split right");
    press(&mut window, "Ladder");
    reads(&window, "Menu of Ladder");
    press(&mut window, "Workspace Main");
    window.get_by_label_contains("New, copy, rename, export").click();
    pass(&mut window, 100);
    reads(&window, "Each is saved by itself");
    write(&mut window, "Name of a new workspace", "Morning");
    press(&mut window, "Copy this one");
    reads(&window, "Workspace Morning");
    pass(&mut window, 1_500);
    let saved = window.state().world.saved().iter().rev().find_map(|job| match job {
        SaveJob::Workspace(text) => Some(text.to_string()),
        _ => None,
    });
    let saved = saved.expect("the desk is kept by itself");
    assert!(saved.contains("Morning") && saved.contains("ladder") && saved.contains("M5"), "{saved}");
}
