//! Rows sorted by a column, and the trader's own order beneath.

use super::*;

/// Rows as they stand on the screen, by symbol.
fn shown(harness: &Harness<'_, Trader>) -> Vec<String> {
    let rows = rows_in_sight(harness).into_iter();
    rows.filter_map(|text| Some(text.split_once(' ')?.0.to_owned())).collect()
}

fn sort_by(harness: &mut Harness<'_, Trader>, column: &str) {
    let label = format!("Sort by {column}");
    harness.get_by(|node| node.label().is_some_and(|name| name.starts_with(&label))).click();
    settle(harness);
    harness.remove_cursor();
    settle(harness);
}

/// Prices of 284 and 538, and one that has none; nobody points at them.
fn quoted() -> Harness<'static, Trader> {
    let mut harness = harness(list_of(&THREE));
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.52");
    harness.state_mut().market.quote("MSFT@NASDAQ", "538.20");
    settle(&mut harness);
    harness
}

#[test]
fn a_click_on_a_column_sorts_the_second_turns_it_round_and_the_third_is_the_own_order() {
    let mut harness = quoted();
    sort_by(&mut harness, "last");
    assert_eq!(shown(&harness), ["MSFT", "AAPL", "BTC/KRW"]);
    harness.get_by_label("Sort by last, sorted downwards");
    sort_by(&mut harness, "last");
    assert_eq!(shown(&harness), ["AAPL", "MSFT", "BTC/KRW"], "what has no price is last whichever way");
    sort_by(&mut harness, "last");
    assert_eq!(shown(&harness), ["AAPL", "MSFT", "BTC/KRW"]);
    harness.get_by_label("Sort by last");
    sort_by(&mut harness, "symbol");
    sort_by(&mut harness, "symbol");
    assert_eq!(shown(&harness), ["MSFT", "BTC/KRW", "AAPL"]);
    assert_eq!(keys(&harness), THREE, "the own order is not touched");
}

#[test]
fn the_menu_sorts_by_what_has_no_caption() {
    let mut harness = quoted();
    let (id, now) = (harness.state().market.id("MSFT@NASDAQ"), harness.state().market.now());
    let mut busy = harness.state().market.quote_at("MSFT@NASDAQ", "538.20");
    busy.volume = pitdesk::domain::Qty(decimal("99000000"));
    harness.state_mut().market.batch(|batch| batch.quote(id, busy, now));
    settle(&mut harness);
    assert!(harness.query_by_label("Sort by volume").is_none(), "there are two lines to a row");
    harness.get_by_label("List Main").click();
    settle(&mut harness);
    harness.get_by_label("Sort by").click();
    settle(&mut harness);
    harness.get_by_label("Volume").click();
    settle(&mut harness);
    assert_eq!(shown(&harness)[0], "MSFT");
}

#[test]
fn sorted_rows_hold_still_under_the_pointer_and_for_two_seconds_otherwise() {
    let mut harness = quoted();
    sort_by(&mut harness, "last");
    harness.state_mut().market.later(Duration::from_secs(3));
    harness.hover_at(row(&harness, "AAPL").rect().center());
    settle(&mut harness);
    harness.state_mut().market.quote("AAPL@NASDAQ", "600.00");
    settle(&mut harness);
    assert_eq!(shown(&harness), ["MSFT", "AAPL", "BTC/KRW"], "it would jump away under the pointer");
    harness.remove_cursor();
    settle(&mut harness);
    assert_eq!(shown(&harness), ["AAPL", "MSFT", "BTC/KRW"]);
    harness.state_mut().market.quote("AAPL@NASDAQ", "500.00");
    settle(&mut harness);
    assert_eq!(shown(&harness), ["AAPL", "MSFT", "BTC/KRW"], "they have only just changed places");
    harness.state_mut().market.later(Duration::from_secs(2));
    settle(&mut harness);
    assert_eq!(shown(&harness), ["MSFT", "AAPL", "BTC/KRW"]);
}

#[test]
fn a_sorted_list_asks_for_a_frame_only_when_rows_want_to_change_places() {
    let delay = |harness: &Harness<'_, Trader>| {
        harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay
    };
    let mut harness = quoted();
    sort_by(&mut harness, "last");
    harness.run_steps(8);
    assert_eq!(delay(&harness), Duration::MAX);
    harness.state_mut().market.later(Duration::from_millis(500));
    harness.state_mut().market.quote("BTC/KRW@CRYPTO", "150000000");
    settle(&mut harness);
    assert_eq!(delay(&harness), Duration::from_millis(1_500));
    harness.state_mut().market.later(Duration::from_millis(1_500));
    harness.run_steps(8);
    assert_eq!(shown(&harness)[0], "BTC/KRW");
    assert_eq!(delay(&harness), Duration::MAX);
}

#[test]
fn keys_go_by_what_is_seen_and_rows_are_moved_in_the_own_order_alone() {
    let mut harness = quoted();
    sort_by(&mut harness, "last");
    row(&harness, "MSFT").click();
    settle(&mut harness);
    harness.key_press(Key::ArrowDown);
    settle(&mut harness);
    assert_eq!(selected(&harness), "AAPL@NASDAQ");
    harness.key_press_modifiers(Modifiers::ALT, Key::ArrowUp);
    settle(&mut harness);
    let (from, to) = (row(&harness, "AAPL").rect(), row(&harness, "BTC/KRW").rect());
    harness.drag_at(from.center());
    settle(&mut harness);
    harness.hover_at(to.center_bottom() - vec2(0.0, 4.0));
    settle(&mut harness);
    harness.get_by_label_contains("in your own order only");
    harness.drop_at(to.center_bottom() - vec2(0.0, 4.0));
    settle(&mut harness);
    assert_eq!(keys(&harness), THREE);
    harness.key_press(Key::Delete);
    settle(&mut harness);
    assert_eq!(keys(&harness), ["MSFT@NASDAQ", "BTC/KRW@CRYPTO"]);
    assert_eq!(shown(&harness), ["MSFT", "BTC/KRW"]);
    harness.key_press(Key::Delete);
    settle(&mut harness);
    assert_eq!(keys(&harness), ["MSFT@NASDAQ"], "the cursor has gone on to the row below");
}

#[test]
fn each_list_keeps_how_it_is_sorted() {
    let mut harness = quoted();
    sort_by(&mut harness, "last");
    let saved = serde_json::to_string(&harness.state().pane).unwrap();
    assert!(saved.contains(r#""sort":{"by":"last","is_descending":true}"#), "{saved}");
    let back: Watchlist = serde_json::from_str(&saved).unwrap();
    assert_eq!(back.keys().collect::<Vec<_>>(), THREE);
    assert_eq!(serde_json::to_string(&back).unwrap(), saved);
}
