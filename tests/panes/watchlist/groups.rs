//! Rows under headings.

use super::*;

/// Headings in full, instruments up to their first comma.
fn shown(harness: &Harness<'_, Trader>) -> Vec<String> {
    let rows = rows_in_sight(harness).into_iter();
    rows.map(|text| text.split(',').next().unwrap_or_default().to_owned()).collect()
}

fn menu(harness: &mut Harness<'_, Trader>, row_name: &str, entry: &str) {
    row(harness, row_name).click_secondary();
    settle(harness);
    harness.get_by(|node| node.label().is_some_and(|label| label.starts_with(entry))).click();
    settle(harness);
}

/// Apple, then the group `Softly` of Microsoft and bitcoin.
fn grouped() -> Harness<'static, Trader> {
    let mut harness = harness(list_of(&THREE));
    menu(&mut harness, "MSFT", "New group above");
    harness.get_by_label("Name of the group").type_text("Softly");
    settle(&mut harness);
    harness.key_press(Key::Enter);
    settle(&mut harness);
    harness
}

#[test]
fn a_group_is_named_at_once_and_is_no_instrument() {
    let mut harness = grouped();
    assert_eq!(shown(&harness), ["AAPL NASDAQ", "Group Softly", "MSFT NASDAQ", "BTC/KRW CRYPTO"]);
    assert_eq!(row_text(&harness, "Group"), "Group Softly, 2 instruments");
    assert_eq!(keys(&harness), THREE);
    assert_eq!(harness.state().demand.quotes.len(), 3);
    menu(&mut harness, "Group", "Rename group");
    harness.get_by_label("Name of the group").type_text("Never");
    settle(&mut harness);
    harness.key_press(Key::Escape);
    settle(&mut harness);
    assert_eq!(shown(&harness)[1], "Group Softly");
}

#[test]
fn a_folded_group_hides_its_rows_by_mouse_and_keys_and_stays_so() {
    let mut harness = grouped();
    row(&harness, "Group").click();
    settle(&mut harness);
    assert_eq!(shown(&harness), ["AAPL NASDAQ", "Group Softly"]);
    assert_eq!(keys(&harness), THREE, "they are in the list all the same");
    let saved = serde_json::to_string(&harness.state().pane).unwrap();
    assert!(saved.contains(r#"{"heading":"Softly","is_folded":true}"#), "{saved}");
    let back: Watchlist = serde_json::from_str(&saved).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), saved);
    harness.key_press(Key::Enter);
    settle(&mut harness);
    assert_eq!(shown(&harness).len(), 4);
    assert_eq!(wishes(&harness), [], "a heading selects nothing");
}

#[test]
fn a_heading_moves_and_goes_like_a_row_and_comes_back() {
    let mut harness = grouped();
    menu(&mut harness, "Group", "Move up");
    assert_eq!(shown(&harness)[..2], ["Group Softly", "AAPL NASDAQ"]);
    row(&harness, "Group").click();
    settle(&mut harness);
    harness.key_press_modifiers(Modifiers::ALT, Key::ArrowDown);
    settle(&mut harness);
    harness.key_press(Key::Delete);
    settle(&mut harness);
    assert_eq!(shown(&harness), ["AAPL NASDAQ", "MSFT NASDAQ", "BTC/KRW CRYPTO"], "nothing stays hidden");
    harness.get_by_label("Removed Softly");
    harness.get_by_label("Undo").click();
    settle(&mut harness);
    assert!(shown(&harness).contains(&"Group Softly".to_owned()));
}

#[test]
fn rows_are_sorted_within_their_group() {
    let mut harness = grouped();
    harness.get_by_label("Sort by symbol").click();
    settle(&mut harness);
    assert_eq!(shown(&harness), ["AAPL NASDAQ", "Group Softly", "BTC/KRW CRYPTO", "MSFT NASDAQ"]);
    assert_eq!(keys(&harness), THREE);
}

#[test]
fn what_is_added_to_a_folded_group_opens_it() {
    let mut harness = grouped();
    row(&harness, "Group").click();
    settle(&mut harness);
    harness.state_mut().pane.add("NVDA@NASDAQ".to_owned());
    settle(&mut harness);
    assert_eq!(shown(&harness).len(), 5);
}
