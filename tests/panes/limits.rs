//! The editor of the limits in the whole window: what it shows, sends, asks and refuses.

use std::sync::Arc;

use egui::{Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::limits::LimitSet;
use pitdesk::domain::settings::ThemeChoice;
use pitdesk::domain::{Limits, Qty, Settings, Side};
use pitdesk::link::update::Refused;
use pitdesk::link::{Answer, Command, Envelope, Update};

use crate::bench::{focused, limit, order, painted, position, settle};
use crate::desk::decimal;
use crate::desktop::{Desktop, desktop, sent};

type Window = Harness<'static, Desktop>;

const AAPL: &str = "AAPL@NASDAQ";

/// The window with the editor open, as its keys open it.
fn editor() -> Window {
    opened(desktop())
}

fn opened(mut window: Window) -> Window {
    window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::L);
    settle(&mut window);
    window.run_steps(2);
    window
}

fn is_open(window: &Window) -> bool {
    window.query_by_label("Order value of the profile").is_some()
        || window.query_by_label("Allow more than now?").is_some()
}

#[track_caller]
fn write(window: &mut Window, field: &str, text: &str) {
    window.get_by_label(field).focus();
    window.run_steps(2);
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.key_press(Key::Delete);
    window.step();
    if !text.is_empty() {
        window.get_by_label(field).type_text(text);
    }
    settle(window);
}

fn text(window: &Window, field: &str) -> String {
    window.get_by_label(field).value().unwrap_or_default()
}

/// Clicks; what is shown then may be larger or smaller, and finds its place in two frames more.
#[track_caller]
fn click(window: &mut Window, name: &str) {
    crate::desktop::click(window, name);
    window.run_steps(2);
}

fn press(window: &mut Window, key: Key) {
    window.key_press(key);
    settle(window);
    window.run_steps(2);
}

fn apply(window: &mut Window) {
    window.key_press_modifiers(Modifiers::COMMAND, Key::Enter);
    settle(window);
}

/// The limits that were sent, of the one command that was.
#[track_caller]
fn sent_limits(window: &mut Window) -> LimitSet {
    let commands = sent(window);
    let [Command::Configure(settings)] = commands.as_slice() else { panic!("{commands:?}") };
    settings.limits.clone()
}

fn with(set: impl FnOnce(&mut Limits)) -> LimitSet {
    let mut limits = LimitSet::default();
    set(&mut limits.profile);
    limits
}

fn says(window: &Window, what: &str) -> bool {
    painted(window).iter().any(|(text, _)| text.contains(what))
}

#[test]
fn it_shows_what_is_in_force_with_its_unit_and_its_use() {
    let mut window = desktop();
    let market = &mut window.state_mut().market;
    let id = market.id(AAPL);
    for number in 1..=3 {
        let working = order(number, id, Side::Buy, "10", limit("280.00"), market.now());
        market.publish(Update::Order(working));
    }
    market.quote(AAPL, "284.50");
    market.publish(Update::Position(position(id, "100", "280.00")));
    let window = opened(window);
    assert_eq!(text(&window, "Order value of the profile"), "250,000");
    assert_eq!(text(&window, "Loss per day of the profile"), "");
    assert!(says(&window, "3 of 200 now"), "working orders");
    assert!(says(&window, "28,450.00 of 1,000,000 now"), "the largest position");
    assert!(says(&window, "36,985.00 now"), "130 shares were they filled");
    assert!(says(&window, "Amounts in USD. The trading day begins at 17:00 America/New_York."));
    assert_eq!(focused(&window), ["Order value of the profile"]);
}

#[test]
fn a_tighter_limit_is_applied_unasked_and_the_editor_closes_when_it_is_taken() {
    let mut window = editor();
    write(&mut window, "Order value of the profile", "100,000");
    write(&mut window, "Loss per day of the profile", "2500.50");
    assert_eq!(sent(&mut window), []);
    apply(&mut window);
    let envelopes = window.state_mut().market.envelopes();
    let is_ours = |e: &&Envelope| matches!(e.command, Command::Configure(_));
    let Some(Envelope { id, command: Command::Configure(settings), .. }) = envelopes.iter().find(is_ours)
    else {
        panic!("{envelopes:?}")
    };
    let expected = with(|limits| {
        limits.max_order_value = Some(decimal("100000"));
        limits.max_loss_per_day = Some(decimal("2500.50"));
    });
    assert_eq!(settings.limits, expected);
    assert!(is_open(&window), "until the engine has answered");
    let market = &mut window.state_mut().market;
    market.publish(Update::Settings(Arc::clone(settings)));
    market.publish(Update::Answer(Answer { to: *id, outcome: Ok(None) }));
    settle(&mut window);
    assert!(!is_open(&window));
}

#[test]
fn a_looser_limit_is_named_and_asked_about() {
    let mut window = editor();
    write(&mut window, "Order value of the profile", "300000");
    write(&mut window, "Working orders of the profile", "100");
    apply(&mut window);
    assert_eq!(sent(&mut window), []);
    assert!(says(&window, "Order value of the profile: 250,000 → 300,000"));
    assert!(!says(&window, "Working orders of the profile:"), "that gets tighter");
    assert_eq!(focused(&window), ["Back"]);
    press(&mut window, Key::Escape);
    assert_eq!(text(&window, "Order value of the profile"), "300000", "nothing typed is lost");
    apply(&mut window);
    click(&mut window, "Loosen the limits");
    let expected = with(|limits| {
        limits.max_order_value = Some(decimal("300000"));
        limits.max_working_orders = Some(100);
    });
    assert_eq!(sent_limits(&mut window), expected);
}

#[test]
fn what_cannot_be_read_is_said_as_it_is_typed_and_keeps_all_from_being_applied() {
    let mut window = editor();
    let check = |window: &mut Window, field: &str, typed: &str, said: &str| {
        write(window, field, typed);
        assert!(says(window, said), "{said}: {:?}", painted(window));
        let node = window.get_by_label(field);
        assert_eq!(node.accesskit_node().description().as_deref(), Some(said));
        apply(window);
        assert_eq!(sent(window), []);
    };
    check(&mut window, "Order value of the profile", "lots", "not a number");
    check(&mut window, "Order value of the profile", "1,5", "comma is for thousands: 1,500.25");
    check(&mut window, "Order value of the profile", "", "the profile needs this limit");
    write(&mut window, "Order value of the profile", "250000");
    check(&mut window, "Working orders of the profile", "2.5", "must be a whole number");
    write(&mut window, "Working orders of the profile", "200");
    write(&mut window, "Hours of the profile", "9 to 5");
    assert!(says(&window, "a field cannot be used"));
    write(&mut window, "Hours of the profile", "09:30-16:00 America/New_York");
    apply(&mut window);
    let hours = sent_limits(&mut window).profile.allowed_hours.unwrap();
    assert_eq!(hours.to_string(), "09:30-16:00 America/New_York");
}

#[test]
fn an_account_and_an_instrument_get_limits_of_their_own_and_lose_them_again() {
    let mut window = editor();
    click(&mut window, "Account PAPER");
    write(&mut window, "Exposure of account PAPER", "50000");
    assert!(window.query_by_label("Order quantity of account PAPER").is_none(), "of an instrument only");
    write(&mut window, "Add an instrument", "apple");
    press(&mut window, Key::Enter);
    assert_eq!(focused(&window), ["Order quantity of AAPL@NASDAQ"]);
    write(&mut window, "Order quantity of AAPL@NASDAQ", "50");
    apply(&mut window);
    let mut limits = sent_limits(&mut window);
    assert_eq!(limits.accounts["PAPER"].max_exposure, Some(decimal("50000")));
    assert_eq!(limits.instruments[AAPL].max_order_quantity, Some(Qty(decimal("50"))));

    limits.accounts.clear();
    let mut window = desktop();
    window.state_mut().market.configure(|settings: &mut Settings| settings.limits = limits);
    settle(&mut window);
    let mut window = opened(window);
    click(&mut window, AAPL);
    click(&mut window, "Remove these");
    apply(&mut window);
    assert!(says(&window, "Order quantity of AAPL@NASDAQ: 50 → no limit"));
    click(&mut window, "Loosen the limits");
    assert_eq!(sent_limits(&mut window), LimitSet::default());
}

#[test]
fn closing_asks_where_something_would_be_lost_and_only_there() {
    let mut window = editor();
    press(&mut window, Key::Escape);
    assert!(!is_open(&window), "nothing was typed");
    let mut window = editor();
    write(&mut window, "Order value of the profile", "5");
    press(&mut window, Key::Escape);
    assert!(says(&window, "Discard the changes?"));
    click(&mut window, "Keep editing");
    assert_eq!(text(&window, "Order value of the profile"), "5");
    click(&mut window, "Close limits");
    click(&mut window, "Discard");
    assert!(!is_open(&window));
    assert_eq!(sent(&mut window), []);
    assert_eq!(text(&opened(window), "Order value of the profile"), "250,000");
}

#[test]
fn what_the_engine_refuses_is_told_and_nothing_is_lost() {
    let mut window = editor();
    write(&mut window, "Order value of the profile", "5");
    apply(&mut window);
    let envelopes = window.state_mut().market.envelopes();
    let to = envelopes.iter().find(|e| matches!(e.command, Command::Configure(_))).unwrap().id;
    let outcome = Err(Refused("Settings not changed: the disk is full".into()));
    window.state_mut().market.publish(Update::Answer(Answer { to, outcome }));
    settle(&mut window);
    assert!(says(&window, "the disk is full"));
    assert_eq!(text(&window, "Order value of the profile"), "5");
}

#[test]
fn it_is_reached_by_the_search_and_every_control_by_tab() {
    let mut window = desktop();
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    window.run_steps(2);
    window.event(egui::Event::Text("fat finger".to_owned()));
    settle(&mut window);
    press(&mut window, Key::Enter);
    window.run_steps(2);
    assert!(is_open(&window));
    write(&mut window, "Order value of the profile", "5");
    let mut reached = std::collections::BTreeSet::new();
    for _ in 0..24 {
        window.key_press(Key::Tab);
        window.step();
        reached.extend(focused(&window));
    }
    for name in [
        "Profile",
        "Account PAPER",
        "Add an instrument",
        "Order value of the profile",
        "Hours of the profile",
        "Apply",
        "Close limits",
    ] {
        assert!(reached.contains(name), "Tab has not come to {name}: {reached:?}");
    }
}

#[test]
fn it_fits_the_smallest_window_in_both_themes() {
    for theme in [ThemeChoice::Dark, ThemeChoice::Light] {
        let mut window = desktop();
        window.state_mut().market.configure(|settings: &mut Settings| settings.theme = theme);
        window.set_size(vec2(960.0, 600.0));
        settle(&mut window);
        let window = opened(window);
        for name in ["Order value of the profile", "Hours of the profile", "Apply", "Add an instrument"] {
            let rect = window.get_by_label(name).rect();
            assert!(
                egui::Rect::from_min_size(egui::Pos2::ZERO, vec2(960.0, 600.0)).contains_rect(rect),
                "{name}"
            );
        }
    }
}
