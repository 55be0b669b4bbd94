//! Instruments that a broker has and the run does not list: found in the search and in the watchlist's field.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::{AssetClass, BrokerId, Candidate, Instrument, InstrumentId};
use pitdesk::link::{Command, Found, Listing, Update};

use crate::bench::settle;
use crate::desktop::{Desktop, desktop, search, sent};
use crate::safety::save;

const SONOS: &str = "SONO, SONOS INC, NASDAQ, USD, not listed yet";

fn growing() -> Harness<'static, Desktop> {
    let mut harness = desktop();
    harness.state_mut().market.grow();
    harness.run_steps(2);
    sent(&mut harness);
    harness
}

fn press(harness: &mut Harness<'_, Desktop>, key: Key) {
    harness.key_press(key);
    settle(harness);
}

fn sonos() -> Candidate {
    Candidate {
        name: "SONO".into(),
        symbol: "SONO".into(),
        description: "SONOS INC".into(),
        venue: "NASDAQ".into(),
        currency: "USD".into(),
        class: AssetClass::Share,
    }
}

fn named(symbol: &str) -> Candidate {
    Candidate { name: symbol.into(), symbol: symbol.into(), ..sonos() }
}

fn finds(harness: &mut Harness<'_, Desktop>, text: &str, candidates: Vec<Candidate>) {
    let found = Found { broker: BrokerId(0), text: text.into(), candidates, problem: None };
    harness.state_mut().market.publish(Update::Found(Arc::new(found)));
}

fn found(harness: &mut Harness<'_, Desktop>, text: &str, problem: Option<&str>) {
    let candidates = if problem.is_some() { Vec::new() } else { vec![sonos()] };
    let found =
        Found { broker: BrokerId(0), text: text.into(), candidates, problem: problem.map(Into::into) };
    harness.state_mut().market.publish(Update::Found(Arc::new(found)));
    settle(harness);
}

/// What the engine says when it has joined.
fn listed(harness: &mut Harness<'_, Desktop>) {
    joins(harness, "SONO");
}

fn joins(harness: &mut Harness<'_, Desktop>, symbol: &str) {
    let listed = harness.state().terminal.desk().instruments().to_vec();
    let id = InstrumentId(u32::try_from(listed.len()).expect("a short list"));
    let instrument = Instrument { id, symbol: symbol.into(), name: symbol.into(), ..(*listed[0]).clone() };
    let listing = Listing { name: symbol.into(), outcome: Ok(Arc::new(instrument)) };
    harness.state_mut().market.publish(Update::Listed(Arc::new(listing)));
    settle(harness);
}

fn selected(harness: &Harness<'_, Desktop>) -> String {
    harness
        .state()
        .terminal
        .desk()
        .selected()
        .map(|instrument| instrument.symbol.to_string())
        .unwrap_or_default()
}

fn is_watched(harness: &Harness<'_, Desktop>) -> bool {
    harness
        .query_all_by_role(egui::Role::ListBoxOption)
        .any(|node| node.accesskit_node().label().is_some_and(|label| label.starts_with("SONO ")))
}

#[test]
fn what_is_typed_is_asked_for_once_and_only_where_a_broker_can_look() {
    let mut harness = desktop();
    search(&mut harness, "sonos");
    assert_eq!(sent(&mut harness), [], "the practice market lists what it has");
    let mut harness = growing();
    search(&mut harness, "sonos");
    assert_eq!(sent(&mut harness), [Command::Find("sonos".into())]);
    harness.run_steps(3);
    assert_eq!(sent(&mut harness), []);
}

#[test]
fn one_that_was_found_is_listed_by_enter_and_shown_when_it_has_joined() {
    let mut harness = growing();
    search(&mut harness, "sonos");
    found(&mut harness, "sonos", None);
    harness.get_by_label(SONOS);
    save(&mut harness, "search_not_listed");
    sent(&mut harness);
    press(&mut harness, Key::Enter);
    assert_eq!(sent(&mut harness), [Command::List { broker: BrokerId(0), name: "SONO".into() }]);
    let before = selected(&harness);
    assert_ne!(before, "SONO");
    listed(&mut harness);
    assert_eq!(selected(&harness), "SONO");
    assert!(is_watched(&harness));
}

#[test]
fn with_shift_it_only_joins_the_watchlist() {
    let mut harness = growing();
    let before = selected(&harness);
    search(&mut harness, "sonos");
    found(&mut harness, "sonos", None);
    harness.key_press_modifiers(Modifiers::SHIFT, Key::Enter);
    harness.run_steps(2);
    listed(&mut harness);
    press(&mut harness, Key::Escape);
    assert!(is_watched(&harness));
    assert_eq!(selected(&harness), before);
}

#[test]
fn what_was_found_for_another_text_is_not_offered() {
    let mut harness = growing();
    search(&mut harness, "sonos");
    found(&mut harness, "sono", None);
    assert!(harness.query_by_label(SONOS).is_none());
    press(&mut harness, Key::Enter);
    assert_eq!(sent(&mut harness), [Command::Find("sonos".into())], "nothing is listed");
}

#[test]
fn why_a_broker_could_not_look_is_said() {
    let mut harness = growing();
    search(&mut harness, "sonos");
    found(&mut harness, "sonos", Some("The broker is not connected: nothing was sent"));
    let said = harness.query_all_by_role(egui::Role::Label).any(|node| {
        let text =
            node.accesskit_node().value().or_else(|| node.accesskit_node().label()).unwrap_or_default();
        text.contains("has not looked for it: The broker is not connected")
    });
    assert!(said);
}

#[test]
fn the_field_of_the_watchlist_finds_it_too() {
    let mut harness = growing();
    harness.get_by_label("Add symbol").focus();
    harness.run_steps(2);
    harness.event(egui::Event::Text("sonos".to_owned()));
    settle(&mut harness);
    assert_eq!(sent(&mut harness), [Command::Find("sonos".into())]);
    found(&mut harness, "sonos", None);
    press(&mut harness, Key::Enter);
    assert_eq!(sent(&mut harness), [Command::List { broker: BrokerId(0), name: "SONO".into() }]);
    listed(&mut harness);
    assert!(is_watched(&harness));
}

#[test]
fn several_can_be_chosen_before_the_first_has_joined() {
    let mut harness = growing();
    search(&mut harness, "zqs");
    finds(&mut harness, "zqs", vec![named("ZQSA"), named("ZQSB")]);
    settle(&mut harness);
    for _ in 0..2 {
        harness.key_press_modifiers(Modifiers::SHIFT, Key::Enter);
        harness.run_steps(2);
        harness.key_press(Key::ArrowDown);
        harness.run_steps(2);
    }
    joins(&mut harness, "ZQSA");
    joins(&mut harness, "ZQSB");
    press(&mut harness, Key::Escape);
    let watched: Vec<String> =
        harness.state().terminal.desk().instruments().iter().rev().take(2).map(|i| i.key()).collect();
    for key in watched {
        let symbol = key.split('@').next().unwrap_or_default().to_owned();
        assert!(
            harness
                .query_all_by_role(egui::Role::ListBoxOption)
                .any(|node| node.accesskit_node().label().is_some_and(|label| label.starts_with(&symbol))),
            "{key}"
        );
    }
}

#[test]
fn the_desk_does_not_turn_under_the_traders_hand() {
    let mut harness = growing();
    search(&mut harness, "sonos");
    found(&mut harness, "sonos", None);
    press(&mut harness, Key::Enter);
    // He has gone on to another one before it came.
    harness.get_by(|node| node.label().is_some_and(|label| label.starts_with("MSFT "))).click();
    settle(&mut harness);
    listed(&mut harness);
    assert_eq!(selected(&harness), "MSFT");
    assert!(is_watched(&harness));

    // Or it took too long.
    search(&mut harness, "sonb");
    finds(&mut harness, "sonb", vec![named("SONB")]);
    settle(&mut harness);
    press(&mut harness, Key::Enter);
    harness.state_mut().market.later(std::time::Duration::from_secs(4));
    joins(&mut harness, "SONB");
    assert_eq!(selected(&harness), "MSFT");
}

#[test]
fn the_keys_stay_on_what_they_are_on_while_others_join() {
    let mut harness = growing();
    search(&mut harness, "zqs");
    finds(&mut harness, "zqs", vec![named("ZQSA"), named("ZQSB")]);
    settle(&mut harness);
    press(&mut harness, Key::ArrowDown);
    sent(&mut harness);
    // Listed ones go before candidates.
    joins(&mut harness, "ZQSZ");
    press(&mut harness, Key::Enter);
    assert_eq!(sent(&mut harness), [Command::List { broker: BrokerId(0), name: "ZQSB".into() }]);
}

#[test]
fn enter_takes_nothing_that_came_in_the_frame_of_the_key() {
    let mut harness = growing();
    search(&mut harness, "zzsonos");
    harness.get_by_label("Looking at the broker …");
    sent(&mut harness);
    finds(&mut harness, "zzsonos", vec![sonos()]);
    harness.key_press(Key::Enter);
    harness.run_steps(1);
    assert_eq!(sent(&mut harness), [], "nobody has seen it");
    harness.run_steps(2);
    press(&mut harness, Key::Enter);
    assert_eq!(sent(&mut harness), [Command::List { broker: BrokerId(0), name: "SONO".into() }]);
}
