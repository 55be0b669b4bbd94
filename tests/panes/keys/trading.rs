//! Trading keys: what each sends, and everything that keeps one from sending.

use pitdesk::domain::settings::Settings;
use pitdesk::domain::{AccountId, InstrumentId, OrderId, OrderKind, Origin, Price, Quote, TimeInForce};
use pitdesk::link::Place;

use super::*;
use crate::bench::position;
use crate::desk::{price, qty};

type Window = Harness<'static, Desktop>;

/// A window on Apple at 284.49 to 284.50, not armed.
fn window() -> Window {
    let mut harness = desktop();
    harness.state_mut().market.quote(AAPL, "284.50");
    settle(&mut harness);
    let selected = harness.state().terminal.desk().selected().expect("an instrument").key();
    assert_eq!(selected, AAPL);
    sent(&mut harness);
    harness
}

/// The same, armed by its key.
fn armed() -> Window {
    let mut harness = window();
    press(&mut harness, usual(Act::OneClick));
    assert!(is_armed(&harness));
    harness
}

fn is_armed(harness: &Window) -> bool {
    harness.state().terminal.desk().one_click().is_some()
}

fn usual(act: Act) -> Chord {
    act.default_keys()[0]
}

fn aapl(harness: &Window) -> InstrumentId {
    harness.state().market.id(AAPL)
}

fn quote(harness: &Window) -> Quote {
    *harness.state().terminal.desk().quote(aapl(harness)).expect("a quote").quote
}

fn notices(harness: &Window) -> Vec<String> {
    harness.state().terminal.desk().notices().iter().map(|notice| notice.text.to_string()).collect()
}

/// What was placed, with the price.
fn placed(commands: &[Command]) -> Vec<(Side, Price)> {
    let place = |command: &Command| match command {
        Command::Place(Place { spec, origin: Origin::Keys, .. }) => match spec.kind {
            OrderKind::Limit { price } => Some((spec.side, price)),
            _ => None,
        },
        _ => None,
    };
    commands.iter().filter_map(place).collect()
}

/// A press after which nothing was sent, and its reason was said.
#[track_caller]
fn refused(harness: &mut Window, act: Act, why: &str) {
    let before = notices(harness).len();
    press(harness, usual(act));
    assert_eq!(sent(harness), [], "{act:?}");
    let said = notices(harness).split_off(before);
    assert!(said.len() == 1 && said[0].contains(why), "{act:?}: {said:?}");
}

/// A press after which nothing was sent and nothing said: it was meant for something else.
#[track_caller]
fn ignored(harness: &mut Window) {
    let before = notices(harness).len();
    for act in acts(Scope::Trading) {
        press(harness, usual(act));
    }
    assert_eq!(sent(harness), []);
    assert_eq!(notices(harness).len(), before, "{:?}", notices(harness));
}

fn hold(harness: &mut Window, net: &str) {
    let held = position(aapl(harness), net, "280.00");
    harness.state_mut().market.publish(Update::Position(held));
    settle(harness);
}

#[test]
fn each_sends_its_order_at_the_price_that_was_shown() {
    for (act, side, at) in [
        (Act::BuyAtAsk, Side::Buy, "284.50"),
        (Act::SellAtBid, Side::Sell, "284.49"),
        (Act::JoinBid, Side::Buy, "284.49"),
        (Act::JoinAsk, Side::Sell, "284.50"),
    ] {
        let mut harness = armed();
        let seen = quote(&harness);
        press(&mut harness, usual(act));
        let commands = sent(&mut harness);
        let [Command::Place(place)] = &commands[..] else { panic!("{act:?}: {commands:?}") };
        assert_eq!(
            (place.spec.side, place.spec.kind),
            (side, OrderKind::Limit { price: price(at) }),
            "{act:?}"
        );
        assert_eq!((place.spec.instrument, place.spec.quantity), (aapl(&harness), qty("100")));
        assert_eq!((place.spec.tif, place.origin), (TimeInForce::Day, Origin::Keys));
        assert_eq!((place.seen, &place.account), (Some(seen), &AccountId("PAPER".into())));
        let said = format!("{side} 100 AAPL limit {at}: sent");
        assert!(notices(&harness).iter().any(|text| text.contains(&said)), "{:?}", notices(&harness));
    }
}

#[test]
fn flatten_and_reverse_are_those_of_the_ticket() {
    for (act, is_it) in [
        (Act::Flatten, (|c| matches!(c, Command::Close { .. })) as fn(&Command) -> bool),
        (Act::Reverse, |c| matches!(c, Command::Reverse { .. })),
    ] {
        let mut harness = armed();
        refused(&mut harness, act, "no position in AAPL");
        hold(&mut harness, "100");
        press(&mut harness, usual(act));
        let commands = sent(&mut harness);
        assert!(commands.len() == 1 && is_it(&commands[0]), "{act:?}: {commands:?}");
        assert_eq!(commands[0].account(), Some(&AccountId("PAPER".into())));
    }
}

#[test]
fn cancels_are_of_the_instrument_or_of_everything() {
    let mut harness = armed();
    refused(&mut harness, Act::CancelHere, "No order in AAPL is working");
    let (aapl, other) = (aapl(&harness), harness.state().market.id("MSFT@NASDAQ"));
    for (id, instrument) in [(1, aapl), (2, other), (3, aapl)] {
        let order = order(id, instrument, Side::Buy, "100", limit("280.00"), START);
        harness.state_mut().market.publish(Update::Order(order));
    }
    settle(&mut harness);
    press(&mut harness, usual(Act::CancelHere));
    let mut cancelled: Vec<OrderId> = sent(&mut harness)
        .iter()
        .map(|command| match command {
            Command::Cancel { order } => *order,
            other => panic!("{other:?}"),
        })
        .collect();
    cancelled.sort_unstable();
    assert_eq!(cancelled, [OrderId(1), OrderId(3)]);
    press(&mut harness, usual(Act::CancelAll));
    assert_eq!(sent(&mut harness), [Command::CancelAll { instrument: None }]);
}

#[test]
fn none_acts_until_it_is_armed_and_none_after() {
    let mut harness = window();
    hold(&mut harness, "100");
    for act in acts(Scope::Trading) {
        refused(&mut harness, act, "Not armed, nothing was sent: press Ctrl+Alt+A");
    }
    press(&mut harness, usual(Act::OneClick));
    assert!(is_armed(&harness));
    harness.get_by(|node| node.value().is_some_and(|text| text == "Keys: 100 AAPL"));
    press(&mut harness, usual(Act::BuyAtAsk));
    assert_eq!(placed(&sent(&mut harness)).len(), 1);
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    assert!(!is_armed(&harness));
    refused(&mut harness, Act::BuyAtAsk, "Not armed");
}

#[test]
fn none_acts_while_text_is_typed() {
    let mut harness = armed();
    hold(&mut harness, "100");
    harness.get_by_label("Quantity").focus();
    harness.run_steps(1);
    ignored(&mut harness);
}

#[test]
fn none_acts_in_a_frame_of_a_composition() {
    let mut harness = armed();
    for event in [
        egui::ImeEvent::Preedit { text: "かい".to_owned(), active_range_chars: None },
        egui::ImeEvent::Commit("買い".to_owned()),
    ] {
        harness.input_mut().events.push(Event::Ime(event));
        push(&mut harness, usual(Act::BuyAtAsk), false);
        harness.run_steps(2);
        assert_eq!(sent(&mut harness), []);
    }
    press(&mut harness, usual(Act::BuyAtAsk));
    assert_eq!(placed(&sent(&mut harness)).len(), 1);
}

#[test]
fn none_acts_below_what_stands_open() {
    for act in [Act::Search, Act::Limits] {
        let mut harness = armed();
        press(&mut harness, usual(act));
        ignored(&mut harness);
    }
    let mut harness = armed();
    harness.get_by_label("Menu of Chart").click();
    settle(&mut harness);
    ignored(&mut harness);
}

#[test]
fn none_acts_for_being_held_and_two_presses_are_two_orders() {
    let mut harness = armed();
    let keys = usual(Act::BuyAtAsk);
    push(&mut harness, keys, true);
    harness.run_steps(1);
    push(&mut harness, keys, true);
    push(&mut harness, keys, true);
    harness.run_steps(2);
    assert_eq!(placed(&sent(&mut harness)).len(), 1, "it was held");
    push(&mut harness, keys, false);
    harness.run_steps(1);
    sent(&mut harness);
    push(&mut harness, keys, false);
    push(&mut harness, keys, false);
    harness.run_steps(1);
    assert_eq!(placed(&sent(&mut harness)).len(), 2, "two presses within one frame");
}

#[test]
fn the_price_is_that_of_the_frame_before_the_press() {
    let mut harness = armed();
    harness.state_mut().market.quote(AAPL, "284.70");
    push(&mut harness, usual(Act::BuyAtAsk), false);
    harness.run_steps(1);
    assert_eq!(quote(&harness).ask, Some(price("284.70")), "the market had moved on");
    assert_eq!(placed(&sent(&mut harness)), [(Side::Buy, price("284.50"))]);
}

#[test]
fn none_acts_on_an_instrument_that_has_just_come() {
    let mut harness = armed();
    harness.state_mut().market.quote("MSFT@NASDAQ", "410.00");
    settle(&mut harness);
    let row = harness.get_by(|node| {
        node.role() == Role::ListBoxOption && node.label().is_some_and(|label| label.starts_with("MSFT"))
    });
    let at = row.rect().center();
    for pressed in [true, false] {
        harness.input_mut().events.push(Event::PointerMoved(at));
        let (button, modifiers) = (egui::PointerButton::Primary, Modifiers::NONE);
        harness.input_mut().events.push(Event::PointerButton { pos: at, button, pressed, modifiers });
    }
    push(&mut harness, usual(Act::BuyAtAsk), false);
    harness.run_steps(1);
    push(&mut harness, usual(Act::BuyAtAsk), false);
    harness.run_steps(1);
    let told = notices(&harness);
    assert_eq!(sent(&mut harness), [], "{told:?}");
    assert!(told.iter().filter(|text| text.contains("Press again")).count() == 2, "{told:?}");
    press(&mut harness, usual(Act::BuyAtAsk));
    assert_eq!(placed(&sent(&mut harness)), [(Side::Buy, price("410.00"))]);
}

#[test]
fn none_acts_beside_another_wish_of_the_same_frame() {
    let mut harness = armed();
    push(&mut harness, usual(Act::Maximise), false);
    push(&mut harness, usual(Act::BuyAtAsk), false);
    harness.run_steps(2);
    assert_eq!(sent(&mut harness), []);
    assert!(notices(&harness).iter().any(|text| text.contains("something else changed")));
}

#[test]
fn none_but_cancels_acts_on_an_old_or_a_missing_quote() {
    let mut harness = armed();
    hold(&mut harness, "100");
    let mut one_sided = quote(&harness);
    one_sided.ask = None;
    harness.state_mut().market.publish_quote(AAPL, one_sided);
    settle(&mut harness);
    refused(&mut harness, Act::BuyAtAsk, "AAPL has no ask");
    harness.state_mut().market.quote(AAPL, "284.50");
    harness.run_steps(2);
    harness.state_mut().market.later(Duration::from_mins(5));
    settle(&mut harness);
    for act in acts(Scope::Trading) {
        match act {
            Act::CancelHere => refused(&mut harness, act, "No order in AAPL"),
            Act::CancelAll => {
                press(&mut harness, usual(act));
                assert_eq!(sent(&mut harness).len(), 1);
            }
            _ => refused(&mut harness, act, "the quote of AAPL is old"),
        }
    }
}

#[test]
fn the_gate_has_a_word_and_so_has_the_kill_switch() {
    let mut harness = armed();
    let limited = |settings: &mut Settings| settings.limits.profile.max_order_quantity = Some(qty("50"));
    harness.state_mut().market.configure(limited);
    settle(&mut harness);
    refused(&mut harness, Act::BuyAtAsk, "50");
    harness.state_mut().market.publish(Update::Kill(pitdesk::link::KillState::Locked { still_working: 0 }));
    settle(&mut harness);
    assert!(!is_armed(&harness));
    press(&mut harness, usual(Act::OneClick));
    assert!(!is_armed(&harness), "the kill switch is locked");
    assert!(notices(&harness).iter().any(|text| text.contains("Release the kill switch first")));
}

#[test]
fn the_quantity_is_that_of_the_ticket_or_ladder_that_was_used_last() {
    let mut harness = armed();
    harness.get_by_label("Quantity").click();
    harness.run_steps(2);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    harness.get_by_label("Quantity").type_text("30");
    settle(&mut harness);
    harness.key_press(Key::Tab);
    harness.ctx.memory_mut(|memory| {
        if let Some(id) = memory.focused() {
            memory.surrender_focus(id);
        }
    });
    harness.run_steps(2);
    harness.get_by(|node| node.value().is_some_and(|text| text == "Keys: 30 AAPL"));
    press(&mut harness, usual(Act::BuyAtAsk));
    let commands = sent(&mut harness);
    assert!(
        matches!(&commands[..], [Command::Place(place)] if place.spec.quantity == qty("30")),
        "{commands:?}"
    );
}
