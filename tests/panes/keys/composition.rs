//! Keys while Japanese is composed: they choose among candidates, and nothing else.

use egui::ImeEvent;
use pitdesk::ui::set_options;

use super::*;

/// As the program's window is; and no font of the tests has Japanese.
fn ready<State>(harness: &Harness<'_, State>) {
    set_options(&harness.ctx);
    harness.ctx.set_missing_glyph_policy(egui::epaint::text::MissingGlyphPolicy::Tofu);
}

fn preedit<State>(harness: &mut Harness<'_, State>, text: &str) {
    let event = ImeEvent::Preedit { text: text.to_owned(), active_range_chars: None };
    harness.event(Event::Ime(event));
    harness.run_steps(1);
}

fn commit<State>(harness: &mut Harness<'_, State>, text: &str) {
    harness.event(Event::Ime(ImeEvent::Commit(text.to_owned())));
    harness.run_steps(1);
}

#[test]
fn enter_and_arrows_of_a_composition_are_not_the_searchs() {
    let mut harness = desktop();
    ready(&harness);
    press(&mut harness, chord("Ctrl+K"));
    harness.get_by_label("Search").type_text("microsoft");
    harness.run_steps(2);
    preedit(&mut harness, "か");
    for key in [Key::Enter, Key::ArrowDown, Key::Escape] {
        harness.key_press(key);
        harness.run_steps(1);
    }
    harness.get_by_label("Search");
    preedit(&mut harness, "");
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    assert!(harness.query_by_label("Search").is_none(), "Enter is the search's again");
    let selected = harness.state().terminal.desk().selected().map(|instrument| instrument.key());
    assert_eq!(selected.as_deref(), Some("MSFT@NASDAQ"));
}

#[test]
fn a_group_is_named_in_japanese_and_only_the_last_enter_names_it() {
    let mut list = Watchlist::default();
    list.add(AAPL.to_owned());
    let mut harness = bench(list).show(vec2(340.0, 420.0));
    ready(&harness);
    row(&harness, "AAPL").click_secondary();
    settle(&mut harness);
    harness.get_by(|node| node.label().is_some_and(|label| label.starts_with("New group above"))).click();
    settle(&mut harness);
    harness.get_by_label("Name of the group").type_text("日本");
    harness.run_steps(1);
    preedit(&mut harness, "かぶ");
    harness.key_press(Key::Enter);
    harness.run_steps(2);
    harness.get_by_label("Name of the group");
    commit(&mut harness, "株");
    harness.key_press(Key::Enter);
    settle(&mut harness);
    assert!(harness.query_by_label("Name of the group").is_none());
    row(&harness, "Group 日本株");
}

#[test]
fn enter_of_a_composition_adds_nothing_to_the_list() {
    let mut harness = bench(Watchlist::default()).show(vec2(340.0, 420.0));
    ready(&harness);
    harness.get_by_label("Add symbol").click();
    settle(&mut harness);
    harness.get_by_label("Add symbol").type_text("micro");
    settle(&mut harness);
    preedit(&mut harness, "か");
    for key in [Key::ArrowDown, Key::Enter, Key::Escape] {
        harness.key_press(key);
        harness.run_steps(1);
    }
    assert_eq!(harness.state().pane.keys().count(), 0, "nothing is added while text is composed");
    commit(&mut harness, "soft");
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    settle(&mut harness);
    assert_eq!(harness.state().pane.keys().collect::<Vec<_>>(), ["MSFT@NASDAQ"]);
}

#[test]
fn the_cell_of_an_order_sends_nothing_while_something_is_composed() {
    let mut bench = bench(Blotter::default());
    let aapl = bench.market.id(AAPL);
    bench.order(order(12, aapl, Side::Buy, "100", limit("282.50"), START));
    let mut harness = bench.show(vec2(1050.0, 350.0));
    ready(&harness);
    harness.get_by_label_contains("Order 12:").click();
    settle(&mut harness);
    harness.key_press(Key::F2);
    settle(&mut harness);
    preedit(&mut harness, "５０");
    for key in [Key::ArrowUp, Key::Enter] {
        harness.key_press(key);
        harness.run_steps(2);
    }
    assert_eq!(harness.state_mut().take_sent(), []);
    commit(&mut harness, "50");
    harness.key_press(Key::Enter);
    harness.run_steps(2);
    let sent = harness.state_mut().take_sent();
    assert!(matches!(&sent[..], [Command::Amend { limit: Some(to), .. }] if to.0 == 50.into()), "{sent:?}");
}

#[test]
fn the_kill_switch_is_heard_whatever_is_composed() {
    let mut harness = desktop();
    ready(&harness);
    harness.get_by_label("Quantity").focus();
    harness.run_steps(1);
    preedit(&mut harness, "か");
    press(&mut harness, chord("Ctrl+Shift+Delete"));
    assert_eq!(sent(&mut harness), [Command::Kill { flatten: Flatten::No }]);
}
