//! Alerts: set, changed, removed and armed in their pane; what has fired stays in sight until it was seen.

use std::sync::Arc;
use std::time::Duration;

use egui::{Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::alert::{Since, Way};
use pitdesk::domain::settings::ThemeChoice;
use pitdesk::domain::{Alert, AlertBook, AlertId, AlertState, AlertTerms, Condition, Firing, FiringId, Time};
use pitdesk::link::{Command, ConnectionState, Update};
use pitdesk::ui::UiCommand;
use pitdesk::ui::alerts::AlertsPane;

use crate::bench::{Bench, focused, settle};
use crate::desk::{Market, decimal, price};
use crate::desktop::{Desktop, click, desktop, sent};

type Trader = Bench<AlertsPane>;
type Window = Harness<'static, Trader>;

const AAPL: &str = "AAPL@NASDAQ";

fn above(level: &str) -> Condition {
    Condition::Above { instrument: AAPL.to_owned(), price: price(level) }
}

fn once(condition: Condition) -> AlertTerms {
    AlertTerms { condition, every_time: false, sound: true, note: String::new() }
}

fn alert(id: u64, terms: AlertTerms, state: AlertState, set: Time) -> Alert {
    let fired = matches!(state, AlertState::Over | AlertState::Waiting).then_some(set);
    Alert { id: AlertId(id), terms, set, state, fired }
}

fn firing(id: u64, text: &str, note: &str, time: Time) -> Firing {
    Firing {
        id: FiringId(id),
        alert: AlertId(1),
        time,
        instrument: Some(AAPL.to_owned()),
        text: text.to_owned(),
        note: note.to_owned(),
        sound: true,
        is_seen: false,
    }
}

fn pane() -> Window {
    let mut trader = Bench::new(AlertsPane::default());
    trader.select(AAPL);
    trader.market.quote(AAPL, "284.50");
    trader.show(vec2(560.0, 460.0))
}

/// Types into the field of this name.
fn fill_in(window: &mut Window, field: &str, text: &str) {
    window.get_by_label(field).focus();
    settle(window);
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.event(egui::Event::Text(text.to_owned()));
    settle(window);
}

fn choose(window: &mut Window, menu: &str, entry: &str) {
    window.get_by_label(menu).click();
    settle(window);
    window.get_by_label(entry).click();
    settle(window);
}

fn press(window: &mut Window, name: &str) {
    window.get_by_label(name).click();
    settle(window);
}

/// Whether a text of the pane has this in it.
fn says<State>(window: &Harness<'_, State>, part: &str) -> bool {
    window.query_all_by(|node| node.value().is_some_and(|text| text.contains(part))).next().is_some()
}

fn asked(window: &mut Window) -> AlertTerms {
    match window.state_mut().take_sent().as_slice() {
        [Command::SetAlert { id: None, terms }] => terms.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_price_is_typed_and_enter_sets_the_alert() {
    let mut window = pane();
    fill_in(&mut window, "Price of the alert", "290");
    assert!(says(&window, "AAPL at 290.00 or above. Now 284.50."));
    window.key_press(Key::Enter);
    settle(&mut window);
    assert_eq!(asked(&mut window), once(above("290")));
    window.state_mut().answer(Ok(None));
    settle(&mut window);
    assert!(says(&window, "Type a price."), "the next one can be typed");
}

#[test]
fn a_price_below_the_market_is_waited_for_from_above() {
    let mut window = pane();
    fill_in(&mut window, "Price of the alert", "280");
    press(&mut window, "Set alert");
    let below = Condition::Below { instrument: AAPL.to_owned(), price: price("280") };
    assert_eq!(asked(&mut window), once(below));
}

#[test]
fn what_would_fire_at_once_is_said_before_it_is_set() {
    let mut window = pane();
    choose(&mut window, "Alert when", "Price at or above");
    fill_in(&mut window, "Price of the alert", "280");
    assert!(says(&window, "It is at 284.50 now: this alert fires at once."));
}

#[test]
fn moves_fills_and_lost_connections_can_be_waited_for() {
    let mut window = pane();
    choose(&mut window, "Alert when", "Price moves");
    choose(&mut window, "Where to the price moves", "down");
    fill_in(&mut window, "Per cent", "1.5");
    choose(&mut window, "What the move is counted from", "within minutes");
    fill_in(&mut window, "Minutes of the move", "10");
    press(&mut window, "Every time");
    press(&mut window, "Heard");
    fill_in(&mut window, "Note", "look at the news");
    press(&mut window, "Set alert");
    let condition = Condition::Move {
        instrument: AAPL.to_owned(),
        percent: decimal("1.5"),
        way: Way::Down,
        since: Since::Minutes(10),
    };
    let note = "look at the news".to_owned();
    assert_eq!(asked(&mut window), AlertTerms { condition, every_time: true, sound: false, note });
    window.state_mut().answer(Ok(None));
    settle(&mut window);
    choose(&mut window, "Alert when", "Order fills");
    press(&mut window, "Set alert");
    assert_eq!(asked(&mut window).condition, Condition::Fill { instrument: None });
    window.state_mut().answer(Ok(None));
    settle(&mut window);
    fill_in(&mut window, "Symbol of the alert", "msft");
    window.key_press(Key::Escape);
    settle(&mut window);
    press(&mut window, "Set alert");
    let microsoft = Some("MSFT@NASDAQ".to_owned());
    assert_eq!(asked(&mut window).condition, Condition::Fill { instrument: microsoft });
    window.state_mut().answer(Ok(None));
    settle(&mut window);
    choose(&mut window, "Alert when", "Connection lost");
    press(&mut window, "Set alert");
    assert_eq!(asked(&mut window).condition, Condition::Disconnect);
}

#[test]
fn nothing_is_sent_that_cannot_be_watched_for_and_a_refusal_is_said() {
    let mut window = pane();
    fill_in(&mut window, "Price of the alert", "1,5");
    window.key_press(Key::Enter);
    settle(&mut window);
    assert!(says(&window, "Comma is for thousands"));
    fill_in(&mut window, "Symbol of the alert", "nothing like it");
    fill_in(&mut window, "Price of the alert", "290");
    press(&mut window, "Set alert");
    assert!(says(&window, "Type a symbol that is listed"));
    assert!(window.state_mut().take_sent().is_empty());
    fill_in(&mut window, "Symbol of the alert", AAPL);
    press(&mut window, "Set alert");
    window.state_mut().answer(Err("The alert is not set: there are 200 already: remove some"));
    settle(&mut window);
    assert!(says(&window, "there are 200 already"));
}

#[test]
fn the_list_says_where_each_alert_stands() {
    let mut window = pane();
    let now = window.state().market.now();
    let every_time = AlertTerms { every_time: true, ..once(above("280")) };
    let nowhere = Condition::Above { instrument: "XYZ@NOWHERE".to_owned(), price: price("1") };
    for (id, terms, state) in [
        (1, once(above("290")), AlertState::Armed),
        (2, once(above("100")), AlertState::Over),
        (3, every_time, AlertState::Waiting),
        (4, once(nowhere), AlertState::New),
        (5, once(Condition::Disconnect), AlertState::Armed),
    ] {
        window.state_mut().market.publish(Update::Alert(alert(id, terms, state, now)));
    }
    settle(&mut window);
    assert!(says(&window, "Armed, 5.50 (1.93 %) away"));
    assert!(says(&window, "waits for the price to come back · every time"));
    assert!(says(&window, "XYZ@NOWHERE is not listed in this run"));
    let apple = window.state().market.id(AAPL);
    assert!(window.state().demand.quotes.contains(&apple));
    let market = &mut window.state_mut().market;
    market.connection(ConnectionState::Down, "It failed");
    settle(&mut window);
    assert!(says(&window, "No price comes now: it waits for one"), "silence is no price");
}

#[test]
fn an_alert_is_changed_armed_and_removed_in_its_row() {
    let mut window = pane();
    let now = window.state().market.now();
    window.state_mut().market.publish(Update::Alert(alert(7, once(above("290")), AlertState::Over, now)));
    settle(&mut window);
    press(&mut window, "Arm: AAPL at 290.00 or above");
    assert_eq!(window.state_mut().take_sent(), [Command::RearmAlert(AlertId(7))]);
    press(&mut window, "Edit: AAPL at 290.00 or above");
    assert_eq!(focused(&window), ["Price of the alert"]);
    fill_in(&mut window, "Price of the alert", "295");
    press(&mut window, "Change alert");
    let terms = once(above("295"));
    assert_eq!(window.state_mut().take_sent(), [Command::SetAlert { id: Some(AlertId(7)), terms }]);
    window.state_mut().answer(Ok(None));
    settle(&mut window);
    press(&mut window, "Remove: AAPL at 290.00 or above");
    assert_eq!(window.state_mut().take_sent(), [Command::RemoveAlert(AlertId(7))]);
    window.state_mut().market.publish(Update::AlertGone(AlertId(7)));
    settle(&mut window);
    assert!(says(&window, "'Set alert' puts it back"));
    press(&mut window, "Set alert");
    assert_eq!(asked(&mut window), once(above("290")));
}

#[test]
fn what_has_fired_is_newest_first_and_seen_when_the_trader_says_so() {
    let mut window = pane();
    let now = window.state().market.now();
    for id in 1..=3 {
        let one = firing(id, &format!("AAPL 29{id}"), "", now);
        window.state_mut().market.publish(Update::Fired(Arc::new(one)));
    }
    settle(&mut window);
    assert!(says(&window, "Fired, 3 not seen yet"));
    let top = |window: &Window, text: &str| {
        let is_it = |node: &egui_kittest::Node<'_>| node.accesskit_node().value().as_deref() == Some(text);
        window.root().children_recursive().find(is_it).unwrap().rect().top()
    };
    assert!(top(&window, "AAPL 293") < top(&window, "AAPL 291"));
    press(&mut window, "Mark all as seen");
    assert_eq!(window.state_mut().take_sent(), [Command::SeeAlerts(FiringId(3))]);
    window.state_mut().market.publish(Update::AlertsSeen(FiringId(3)));
    settle(&mut window);
    assert!(!says(&window, "not seen yet") && says(&window, "AAPL 291"));
    let apple = window.state().market.id(AAPL);
    window.query_all_by_label("Show AAPL").next().unwrap().click();
    settle(&mut window);
    assert!(window.state().wishes.contains(&UiCommand::Select(apple)));
}

#[test]
fn sound_and_desktop_are_switched_in_the_pane() {
    let mut window = pane();
    press(&mut window, "Sound");
    let sent = window.state_mut().take_sent();
    let [Command::Configure(settings)] = sent.as_slice() else { panic!("{sent:?}") };
    assert!(!settings.alerts.sound && settings.alerts.desktop);
    window.state_mut().market.configure(|settings| settings.alerts.sound = false);
    settle(&mut window);
    press(&mut window, "Desktop");
    let sent = window.state_mut().take_sent();
    let [Command::Configure(settings)] = sent.as_slice() else { panic!("{sent:?}") };
    assert!(!settings.alerts.sound && !settings.alerts.desktop);
}

/// The window, in which an alert has fired.
fn window_with(theme: ThemeChoice) -> Harness<'static, Desktop> {
    let mut window = desktop();
    let market = &mut window.state_mut().market;
    market.configure(|settings| settings.theme = theme);
    for (key, last) in [(AAPL, "284.50"), ("MSFT@NASDAQ", "512.20"), ("EUR/USD@FX", "1.0852")] {
        market.quote(key, last);
    }
    let now = market.now();
    let text = "AAPL 284.50: at 284.50 or above. It got there while no prices came";
    market.publish(Update::Fired(Arc::new(firing(11, text, "sell half", now))));
    window.run_steps(3);
    window
}

#[test]
fn what_has_fired_stays_over_the_window_and_is_counted_until_it_was_seen() {
    let mut window = window_with(ThemeChoice::Dark);
    window.state_mut().market.later(Duration::from_mins(10));
    window.run_steps(2);
    assert!(says(&window, "AAPL 284.50: at 284.50 or above"), "no toast that goes by itself");
    window.get_by_label("1 alert, not seen yet");
    sent(&mut window);
    click(&mut window, "Seen");
    assert_eq!(sent(&mut window), [Command::SeeAlerts(FiringId(11))]);
    window.state_mut().market.publish(Update::AlertsSeen(FiringId(11)));
    window.run_steps(2);
    assert!(window.query_by_label("1 alert, not seen yet").is_none());
    assert!(!says(&window, "AAPL 284.50: at"));
}

#[test]
fn a_new_window_has_the_alerts_and_what_was_not_seen() {
    let mut window = desktop();
    let market = &mut window.state_mut().market;
    let now = market.now();
    let mut book = AlertBook::default();
    book.put(alert(1, once(above("290")), AlertState::Armed, now));
    book.keep(firing(2, "AAPL 291.00", "", now));
    market.alerts = Arc::new(book);
    market.snapshot();
    window.run_steps(2);
    click(&mut window, "1 alert, not seen yet");
    window.run_steps(3);
    window.get_by_label("Remove: AAPL at 290.00 or above");
    assert!(
        window.query_by_label("Show all alerts").is_none(),
        "the pane says it, and nothing covers the ticket"
    );
    assert!(says(&window, "Fired, 1 not seen yet"));
}

#[test]
fn alerts_begin_with_keys_from_the_search_and_in_a_row_of_the_watchlist() {
    let mut window = desktop();
    window.state_mut().market.quote(AAPL, "284.50");
    window.run_steps(2);
    window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::N);
    window.run_steps(4);
    assert_eq!(focused(&window), ["Price of the alert"]);
    let row = window.query_all_by(|node| node.label().is_some_and(|name| name.starts_with("AAPL NASDAQ")));
    row.last().unwrap().click_secondary();
    window.run_steps(3);
    click(&mut window, "Alert at 284.50…");
    window.run_steps(3);
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.event(egui::Event::Text("290".to_owned()));
    window.run_steps(2);
    sent(&mut window);
    window.key_press(Key::Enter);
    window.run_steps(2);
    assert_eq!(sent(&mut window), [Command::SetAlert { id: None, terms: once(above("290")) }]);
}

#[test]
fn nothing_is_painted_for_alerts_alone() {
    let mut window = pane();
    let now = window.state().market.now();
    window.state_mut().market.publish(Update::Fired(Arc::new(firing(1, "AAPL 291", "", now))));
    settle(&mut window);
    window.run_steps(8);
    let output = window.output();
    let wanted = output.viewport_output.values().map(|view| view.repaint_delay).min();
    assert!(wanted.is_none_or(|delay| delay > Duration::from_mins(1)), "{wanted:?}");
}

#[test]
fn it_looks_as_it_should() {
    for (theme, name) in [(ThemeChoice::Dark, "alerts"), (ThemeChoice::Light, "alerts_light")] {
        let mut window = window_with(theme);
        crate::picture::assert_picture(&mut window, &format!("{name}_message"));
        let market: &mut Market = &mut window.state_mut().market;
        let now = market.now();
        let microsoft = "MSFT@NASDAQ".to_owned();
        let moves = Condition::Move {
            instrument: microsoft,
            percent: decimal("2"),
            way: Way::Down,
            since: Since::PreviousClose,
        };
        let noted = AlertTerms { note: "sell half".to_owned(), every_time: true, ..once(above("284.50")) };
        for (id, terms, state) in [
            (1, once(Condition::Disconnect), AlertState::Armed),
            (
                2,
                AlertTerms { every_time: true, ..once(Condition::Fill { instrument: None }) },
                AlertState::Armed,
            ),
            (3, once(moves), AlertState::Armed),
            (4, once(above("290")), AlertState::Armed),
            (5, noted, AlertState::Waiting),
        ] {
            market.publish(Update::Alert(alert(id, terms, state, now)));
        }
        let mut seen = firing(10, "Buy 100 AAPL: filled at 283.10", "", now);
        seen.is_seen = true;
        market.publish(Update::Fired(Arc::new(seen)));
        click(&mut window, "1 alert, not seen yet");
        window.run_steps(3);
        crate::picture::assert_picture(&mut window, name);
    }
}
