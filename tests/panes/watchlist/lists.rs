//! Several lists in one pane, by their menu.

use super::*;

fn choose(harness: &mut Harness<'_, Trader>, entry: &str) {
    harness.get_by(|node| node.label().is_some_and(|label| label.starts_with("List "))).click();
    settle(harness);
    harness.get_by_label(entry).click();
    settle(harness);
}

/// Types a name over the one that the field proposes.
fn name(harness: &mut Harness<'_, Trader>, name: &str) {
    harness.get_by_label("Name of the list").type_text(name);
    settle(harness);
    harness.key_press(Key::Enter);
    settle(harness);
}

/// A pane with the list `Main` of three, and `Chips` of one in sight.
fn two_lists() -> Harness<'static, Trader> {
    let mut harness = harness(list_of(&THREE));
    choose(&mut harness, "New list");
    name(&mut harness, "Chips");
    harness.state_mut().pane.add("NVDA@NASDAQ".to_owned());
    settle(&mut harness);
    harness
}

#[test]
fn a_new_list_is_named_at_once_and_gets_what_is_added_from_then_on() {
    let mut harness = two_lists();
    harness.get_by_label("List Chips");
    assert_eq!(keys(&harness), ["NVDA@NASDAQ"]);
    choose(&mut harness, "Main");
    assert_eq!(keys(&harness), THREE);
    assert_eq!(harness.state().pane.first(), Some("AAPL@NASDAQ"));
}

#[test]
fn an_instrument_may_be_in_several_lists_and_is_in_the_pane_when_it_is_in_sight() {
    let mut harness = two_lists();
    let market = &harness.state().market;
    let apple = market.instruments()[market.id("AAPL@NASDAQ").index()].clone();
    assert!(!harness.state().pane.has(&apple));
    harness.state_mut().pane.add("AAPL@NASDAQ".to_owned());
    settle(&mut harness);
    assert!(harness.state().pane.has(&apple));
    row(&harness, "AAPL").click();
    settle(&mut harness);
    harness.key_press(Key::Delete);
    settle(&mut harness);
    assert_eq!(keys(&harness), ["NVDA@NASDAQ"]);
    choose(&mut harness, "Main");
    assert_eq!(keys(&harness), THREE, "the other list keeps it");
}

#[test]
fn quotes_are_demanded_of_the_list_in_sight_alone() {
    let mut harness = two_lists();
    let wanted = [harness.state().market.id("NVDA@NASDAQ")];
    assert_eq!(harness.state().demand.quotes, wanted.into());
    choose(&mut harness, "Main");
    let wanted = THREE.map(|key| harness.state().market.id(key));
    assert_eq!(harness.state().demand.quotes, wanted.into());
}

#[test]
fn a_name_is_changed_by_enter_and_given_up_by_escape() {
    let mut harness = two_lists();
    choose(&mut harness, "Rename list");
    harness.get_by_label("Name of the list").type_text("Memory");
    settle(&mut harness);
    harness.key_press(Key::Escape);
    settle(&mut harness);
    harness.get_by_label("List Chips");
    choose(&mut harness, "Rename list");
    name(&mut harness, "Memory");
    harness.get_by_label("List Memory");
    assert_eq!(keys(&harness), ["NVDA@NASDAQ"]);
}

#[test]
fn a_duplicate_goes_its_own_way() {
    let mut harness = harness(list_of(&THREE));
    choose(&mut harness, "Duplicate list");
    harness.key_press(Key::Enter);
    settle(&mut harness);
    harness.get_by_label("List Main copy");
    row(&harness, "MSFT").click();
    settle(&mut harness);
    harness.key_press(Key::Delete);
    settle(&mut harness);
    assert_eq!(keys(&harness).len(), 2);
    choose(&mut harness, "Main");
    assert_eq!(keys(&harness), THREE);
}

#[test]
fn a_deleted_list_can_be_put_back_and_the_last_one_cannot_be_deleted() {
    let mut harness = two_lists();
    choose(&mut harness, "Delete list");
    assert_eq!(keys(&harness), THREE);
    choose(&mut harness, "Delete list");
    assert_eq!(keys(&harness), THREE, "it is the last");
    harness.key_press(Key::Escape);
    settle(&mut harness);
    harness.get_by_label("Deleted the list Chips");
    harness.get_by_label("Undo").click();
    settle(&mut harness);
    harness.get_by_label("List Chips");
    assert_eq!(keys(&harness), ["NVDA@NASDAQ"]);
}

#[test]
fn a_row_is_never_put_back_into_another_list() {
    let mut harness = two_lists();
    row(&harness, "NVDA").click();
    settle(&mut harness);
    harness.key_press(Key::Delete);
    settle(&mut harness);
    harness.get_by_label("Undo");
    choose(&mut harness, "Main");
    assert!(harness.query_by_label("Undo").is_none());
    assert_eq!(keys(&harness), THREE);
}

#[test]
fn a_list_in_which_nothing_is_says_what_to_do() {
    let mut harness = harness(list_of(&THREE));
    choose(&mut harness, "New list");
    harness.key_press(Key::Enter);
    settle(&mut harness);
    harness.get_by_label_contains("Type a symbol or a name above");
}

#[test]
fn a_pane_of_before_there_were_lists_is_read_and_saved_with_its_lists() {
    let old = r#"{"instruments":["AAPL@NASDAQ","MSFT@NASDAQ"]}"#;
    let mut harness = harness(serde_json::from_str(old).unwrap());
    assert_eq!(keys(&harness), ["AAPL@NASDAQ", "MSFT@NASDAQ"]);
    choose(&mut harness, "New list");
    name(&mut harness, "Chips");
    let saved = serde_json::to_string(&harness.state().pane).unwrap();
    let back: Watchlist = serde_json::from_str(&saved).unwrap();
    assert_eq!(back.keys().count(), 0, "the list in sight is again in sight");
    assert_eq!(serde_json::to_string(&back).unwrap(), saved);
}
