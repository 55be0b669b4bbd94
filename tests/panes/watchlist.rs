//! The watchlist as a trader meets it: by mouse, by keys, by what it says of a quote.

mod columns;
mod groups;
mod lists;
mod order;
mod paste;

use std::time::Duration;

use egui::{Key, Modifiers, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::desk::Desk;
use pitdesk::domain::{DataRemark, Price, Time};
use pitdesk::link::{ConnectionState, Update};
use pitdesk::ui::commands::{Commands, UiCommand};
use pitdesk::ui::pane::Pane as _;
use pitdesk::ui::theme::Theme;
use pitdesk::ui::watchlist::Watchlist;

use crate::bench::{Bench, painted, settle};
use crate::desk::{self, Market, decimal};
use crate::picture;
use crate::soft_renderer;

type Trader = Bench<Watchlist>;

fn keys(harness: &Harness<'_, Trader>) -> Vec<String> {
    harness.state().pane.keys().map(str::to_owned).collect()
}

fn selected(harness: &Harness<'_, Trader>) -> String {
    harness.state().window.desk.selected().map(|instrument| instrument.key()).unwrap_or_default()
}

/// What the list has asked of the window; of the engine it never asks anything.
fn wishes<'h>(harness: &'h Harness<'_, Trader>) -> &'h [UiCommand] {
    assert_eq!(harness.state().sent, [], "a watchlist sends nothing to the engine");
    &harness.state().wishes
}

fn list_of(keys: &[&str]) -> Watchlist {
    let mut list = Watchlist::default();
    for key in keys {
        list.add((*key).to_owned());
    }
    list
}

/// A harness of the standard width on a small screen.
fn harness(list: Watchlist) -> Harness<'static, Trader> {
    harness_of(list, 332.0)
}

fn harness_of(list: Watchlist, width: f32) -> Harness<'static, Trader> {
    Bench::new(list).show(vec2(width + MARGIN, 480.0 + MARGIN))
}

/// What a harness leaves free around a pane.
const MARGIN: f32 = 16.0;

const THREE: [&str; 3] = ["AAPL@NASDAQ", "MSFT@NASDAQ", "BTC/KRW@CRYPTO"];

fn row<'h>(harness: &'h Harness<'_, Trader>, name: &'h str) -> egui_kittest::Node<'h> {
    harness.get_by(move |node| {
        node.role() == egui::Role::ListBoxOption
            && node.label().is_some_and(|label| label.starts_with(&format!("{name} ")))
    })
}

/// What the rows are called, from top to bottom.
fn rows_in_sight(harness: &Harness<'_, Trader>) -> Vec<String> {
    let mut rows: Vec<(f32, String)> = harness
        .query_all_by_role(egui::Role::ListBoxOption)
        .map(|row| (row.rect().top(), row.accesskit_node().label().unwrap_or_default()))
        .collect();
    rows.sort_by(|left, right| left.0.total_cmp(&right.0));
    rows.into_iter().map(|(_, text)| text).collect()
}

fn row_text(harness: &Harness<'_, Trader>, name: &str) -> String {
    row(harness, name).accesskit_node().label().unwrap_or_default()
}

#[test]
fn a_row_says_everything_of_its_quote_on_the_grid_of_its_instrument() {
    let mut harness = harness(list_of(&THREE));
    harness.state_mut().market.quote("BTC/KRW@CRYPTO", "150000000");
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.5");
    settle(&mut harness);
    assert_eq!(
        row_text(&harness, "AAPL"),
        "AAPL NASDAQ, last 284.50, change +2.82 +1.00%, bid 284.49 × 12, ask 284.50 × 8, volume 52.1K"
    );
    let bitcoin = row_text(&harness, "BTC/KRW");
    assert!(bitcoin.contains("last 150,000,000, change +1,485,000 +1.00%"), "{bitcoin}");
    assert!(bitcoin.contains("bid 149,999,000 × <.0001"), "{bitcoin}");
    assert_eq!(row_text(&harness, "MSFT"), "MSFT NASDAQ, no quote yet");
}

#[test]
fn quotes_of_all_listed_rows_are_demanded_and_of_no_other() {
    let harness = harness(list_of(&["AAPL@NASDAQ", "NOPE@NOWHERE", "USD/JPY@FX"]));
    let wanted = ["AAPL@NASDAQ", "USD/JPY@FX"].map(|key| harness.state().market.id(key));
    assert_eq!(harness.state().demand.quotes, wanted.into());
}

#[test]
fn old_and_closed_quotes_say_so() {
    let mut harness = harness(list_of(&["AAPL@NASDAQ", "7203@TSE", "MSFT@NASDAQ"]));
    let market = &mut harness.state_mut().market;
    market.quote("AAPL@NASDAQ", "284.52");
    let (id, now) = (market.id("7203@TSE"), market.now());
    let mut closed = market.quote_at("7203@TSE", "3312");
    closed.is_open = false;
    market.batch(|batch| batch.quote(id, closed, now));
    market.later(Duration::from_secs(45));
    market.quote("MSFT@NASDAQ", "538.20");
    settle(&mut harness);
    assert!(row_text(&harness, "AAPL").ends_with(", stale, 45 s old"));
    assert!(row_text(&harness, "7203").ends_with(", closed"));
    assert!(row_text(&harness, "MSFT").ends_with("volume 52.1K"), "a fresh one says nothing of it");

    harness.state_mut().market.connection(ConnectionState::Down, "The connection was lost");
    settle(&mut harness);
    assert!(row_text(&harness, "MSFT").ends_with(", stale, <1 s old"), "nobody feeds it any more");
    row(&harness, "MSFT").hover();
    harness.run_steps(4);
    harness.get_by_label_contains("Paper is down. The connection was lost");
}

#[test]
fn a_stale_quote_ages_on_the_screen_and_a_fresh_list_leaves_the_machine_idle() {
    let delay = |harness: &Harness<'_, Trader>| {
        harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay
    };
    let mut harness = harness(list_of(&THREE));
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.52");
    harness.run_steps(8);
    assert_eq!(delay(&harness), Duration::MAX);
    harness.state_mut().market.later(Duration::from_mins(1));
    settle(&mut harness);
    assert!(delay(&harness) <= Duration::from_secs(1));
}

#[test]
fn a_price_that_moved_asks_for_one_frame_to_take_its_mark_away() {
    let delay = |harness: &Harness<'_, Trader>| {
        harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay
    };
    let mut harness = harness(list_of(&THREE));
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.52");
    harness.run_steps(3);
    assert_eq!(delay(&harness), Duration::MAX, "the first price is no move");
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.60");
    harness.step();
    let marked = delay(&harness);
    assert!(marked > Duration::from_millis(100) && marked < Duration::from_secs(1), "{marked:?}");
    harness.state_mut().market.later(marked);
    settle(&mut harness);
    assert_eq!(delay(&harness), Duration::MAX);
}

#[test]
fn a_click_selects_and_arrows_go_on_from_there() {
    let mut harness = harness(list_of(&THREE));
    row(&harness, "AAPL").click();
    settle(&mut harness);
    assert_eq!(selected(&harness), "AAPL@NASDAQ");
    harness.key_press(Key::ArrowDown);
    settle(&mut harness);
    assert_eq!(selected(&harness), "MSFT@NASDAQ");
    harness.key_press(Key::End);
    settle(&mut harness);
    harness.key_press(Key::ArrowDown);
    settle(&mut harness);
    assert_eq!(selected(&harness), "BTC/KRW@CRYPTO", "the end is the end");
    harness.key_press(Key::Home);
    settle(&mut harness);
    assert_eq!(selected(&harness), "AAPL@NASDAQ");
}

#[test]
fn alt_and_arrows_move_the_row_that_is_selected() {
    let mut harness = harness(list_of(&THREE));
    row(&harness, "AAPL").click();
    settle(&mut harness);
    harness.key_press_modifiers(Modifiers::ALT, Key::ArrowDown);
    settle(&mut harness);
    harness.key_press_modifiers(Modifiers::ALT, Key::ArrowDown);
    settle(&mut harness);
    assert_eq!(keys(&harness), ["MSFT@NASDAQ", "BTC/KRW@CRYPTO", "AAPL@NASDAQ"]);
    assert_eq!(selected(&harness), "AAPL@NASDAQ", "moving selects nothing else");
    harness.key_press_modifiers(Modifiers::ALT, Key::ArrowUp);
    settle(&mut harness);
    assert_eq!(keys(&harness), ["MSFT@NASDAQ", "AAPL@NASDAQ", "BTC/KRW@CRYPTO"]);
}

#[test]
fn delete_removes_and_undo_puts_back_where_it_was() {
    let mut harness = harness(list_of(&THREE));
    row(&harness, "MSFT").click();
    settle(&mut harness);
    harness.key_press(Key::Delete);
    settle(&mut harness);
    assert_eq!(keys(&harness), ["AAPL@NASDAQ", "BTC/KRW@CRYPTO"]);
    harness.get_by_label("Removed MSFT");
    harness.get_by_label("Undo").click();
    settle(&mut harness);
    assert_eq!(keys(&harness), THREE);
    assert!(harness.query_by_label("Undo").is_none());
}

#[test]
fn the_offer_to_undo_ends_by_itself() {
    let mut harness = harness(list_of(&THREE));
    row(&harness, "MSFT").click();
    settle(&mut harness);
    harness.key_press(Key::Delete);
    settle(&mut harness);
    harness.state_mut().market.later(Duration::from_secs(9));
    settle(&mut harness);
    assert!(harness.query_by_label("Undo").is_none());
    assert_eq!(keys(&harness).len(), 2);
}

#[test]
fn keys_do_nothing_while_the_list_has_no_focus() {
    let mut harness = harness(list_of(&THREE));
    harness.key_press(Key::Delete);
    settle(&mut harness);
    harness.get_by_label("Add symbol").click();
    settle(&mut harness);
    harness.key_press(Key::Delete);
    harness.key_press(Key::ArrowDown);
    settle(&mut harness);
    assert_eq!(keys(&harness), THREE);
    assert_eq!(wishes(&harness), []);
}

#[test]
fn a_drag_puts_a_row_where_it_is_dropped() {
    let mut harness = harness(list_of(&THREE));
    let (from, to) = (row(&harness, "AAPL").rect(), row(&harness, "BTC/KRW").rect());
    harness.drag_at(from.center());
    settle(&mut harness);
    harness.hover_at(to.center_bottom() - vec2(0.0, 4.0));
    settle(&mut harness);
    harness.drop_at(to.center_bottom() - vec2(0.0, 4.0));
    settle(&mut harness);
    assert_eq!(keys(&harness), ["MSFT@NASDAQ", "BTC/KRW@CRYPTO", "AAPL@NASDAQ"]);
    assert_eq!(wishes(&harness), [], "a drag is no click");
}

#[test]
fn the_menu_moves_and_removes() {
    let mut harness = harness(list_of(&THREE));
    let choose = |harness: &mut Harness<'_, Trader>, name: &str, entry: &str| {
        row(harness, name).click_secondary();
        settle(harness);
        harness.get_by(|node| node.label().is_some_and(|label| label.starts_with(entry))).click();
        settle(harness);
    };
    choose(&mut harness, "BTC/KRW", "Move up");
    assert_eq!(keys(&harness), ["AAPL@NASDAQ", "BTC/KRW@CRYPTO", "MSFT@NASDAQ"]);
    choose(&mut harness, "AAPL", "Move down");
    assert_eq!(keys(&harness), ["BTC/KRW@CRYPTO", "AAPL@NASDAQ", "MSFT@NASDAQ"]);
    choose(&mut harness, "AAPL", "Remove");
    assert_eq!(keys(&harness), ["BTC/KRW@CRYPTO", "MSFT@NASDAQ"]);
}

#[test]
fn the_field_completes_by_name_and_enter_adds_and_selects() {
    let mut harness = harness(list_of(&["AAPL@NASDAQ"]));
    harness.get_by_label("Add symbol").click();
    settle(&mut harness);
    harness.get_by_label("Add symbol").type_text("nint");
    harness.run_steps(3);
    harness.get_by_label_contains("7974");
    harness.key_press(Key::Enter);
    settle(&mut harness);
    assert_eq!(keys(&harness), ["AAPL@NASDAQ", "7974@TSE"]);
    assert_eq!(selected(&harness), "7974@TSE");
    assert_eq!(harness.get_by_label("Add symbol").value().unwrap_or_default(), "");
}

#[test]
fn what_is_there_already_is_selected_and_not_added_twice() {
    let mut harness = harness(list_of(&THREE));
    harness.get_by_label("Add symbol").click();
    settle(&mut harness);
    harness.get_by_label("Add symbol").type_text("msft");
    harness.run_steps(3);
    harness.key_press(Key::Enter);
    settle(&mut harness);
    assert_eq!(keys(&harness), THREE);
    assert_eq!(selected(&harness), "MSFT@NASDAQ");
}

#[test]
fn an_instrument_that_is_not_listed_is_kept_and_comes_back_to_life() {
    let mut harness = harness(list_of(&["AAPL@NASDAQ", "MSFT@NASDAQ"]));
    let all = harness.state().market.instruments().to_vec();
    harness.state_mut().market.list(all[..1].to_vec());
    settle(&mut harness);
    assert_eq!(row_text(&harness, "MSFT"), "MSFT NASDAQ, not listed");
    row(&harness, "MSFT").click();
    settle(&mut harness);
    assert_eq!(wishes(&harness), [], "there is nothing to select");
    harness.state_mut().market.list(all);
    settle(&mut harness);
    assert_eq!(row_text(&harness, "MSFT"), "MSFT NASDAQ, no quote yet");
    assert_eq!(keys(&harness), ["AAPL@NASDAQ", "MSFT@NASDAQ"]);
}

#[test]
fn an_empty_list_says_what_to_do() {
    let harness = harness(list_of(&[]));
    harness.get_by_label_contains("Type a symbol or a name above");
}

#[test]
fn the_first_start_fills_the_list_once_and_an_emptied_one_stays_empty() {
    let (_, window) = Market::with_desk();
    let mut list = Watchlist::default();
    list.fill_if_new(&window.desk);
    assert_eq!(list.first(), Some("AAPL@NASDAQ"));
    let classes: std::collections::BTreeSet<_> = list
        .keys()
        .map(|key| window.desk.instrument_by_key(key).expect("it is of the catalogue"))
        .map(|instrument| (instrument.class, instrument.currency))
        .collect();
    assert!(list.keys().count() >= 14 && classes.len() >= 7, "{classes:?}");

    let mut emptied: Watchlist = serde_json::from_str(r#"{"instruments":[]}"#).unwrap();
    emptied.fill_if_new(&window.desk);
    assert_eq!(emptied.first(), None);
}

#[test]
fn a_list_that_is_drawn_before_the_first_snapshot_is_still_filled_by_it() {
    let draw = |ui: &mut egui::Ui, list: &mut Watchlist| {
        list.ui(ui, &Desk::default(), &mut Commands::new(desk::START, 1));
    };
    let mut harness = soft_renderer::builder::<Watchlist>().build_ui_state(draw, Watchlist::default());
    settle(&mut harness);
    assert!(harness.query_by_label_contains("No instruments").is_none(), "nothing is known yet");
    let (_, window) = Market::with_desk();
    harness.state_mut().fill_if_new(&window.desk);
    assert_eq!(harness.state().first(), Some("AAPL@NASDAQ"));
}

#[test]
fn keys_are_saved_and_nothing_else() {
    const KEPT: &str = r#"{"lists":[{"name":"Main","instruments":["AAPL@NASDAQ","MSFT@NASDAQ","BTC/KRW@CRYPTO"]}],"shown":0}"#;
    let mut harness = harness(list_of(&THREE));
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.52");
    settle(&mut harness);
    let text = serde_json::to_string(&harness.state().pane).unwrap();
    assert_eq!(text, KEPT);
    let back: Watchlist = serde_json::from_str(&text).unwrap();
    assert_eq!(back.keys().collect::<Vec<_>>(), THREE);
}

#[test]
fn only_rows_in_sight_are_drawn_and_a_selection_from_elsewhere_comes_into_sight() {
    let (market, _) = Market::with_desk();
    let keys: Vec<String> = market.instruments().iter().map(|instrument| instrument.key()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut harness = harness(list_of(&keys));
    let rows = |harness: &Harness<'_, Trader>| harness.query_all_by_role(egui::Role::ListBoxOption).count();
    assert!(rows(&harness) < 25, "{} rows of {}", rows(&harness), keys.len());
    let last = harness.state().market.id("ETH/KRW@CRYPTO");
    harness.state_mut().window.desk.select(last);
    harness.run_steps(3);
    let bottom = row(&harness, "ETH/KRW").rect().bottom();
    assert!(bottom <= 480.0 + MARGIN, "the row ends at {bottom}");
}

#[test]
fn live_closed_stale_and_unlisted_rows_look_as_they_should() {
    let mut keys = THREE.to_vec();
    keys.extend(["7203@TSE", "EUR/USD@FX", "USD/JPY@FX", "OLD@NOWHERE"]);
    let mut harness = harness(list_of(&keys));
    harness.set_size(vec2(332.0 + MARGIN, 344.0));
    row(&harness, "MSFT").click();
    settle(&mut harness);
    harness.remove_cursor();
    let market = &mut harness.state_mut().market;
    market.quote("EUR/USD@FX", "1.16240");
    market.later(Duration::from_secs(42));
    let (id, now) = (market.id("7203@TSE"), market.now());
    let mut closed = market.quote_at("7203@TSE", "3312");
    closed.is_open = false;
    market.batch(|batch| batch.quote(id, closed, now));
    for (key, last) in [("AAPL@NASDAQ", "284.52"), ("BTC/KRW@CRYPTO", "150000000"), ("USD/JPY@FX", "153.480")]
    {
        market.quote(key, last);
    }
    let (id, mut falling) = (market.id("MSFT@NASDAQ"), market.quote_at("MSFT@NASDAQ", "538.20"));
    falling.prev_close = Some(Price(decimal("551.07")));
    market.batch(|batch| batch.quote(id, falling, now));
    settle(&mut harness);
    // One price rises before the trader's eyes, and is marked.
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.55");
    harness.step();
    picture::assert_picture(&mut harness, "watchlist");
    Theme::light().apply(&harness.ctx);
    harness.step();
    picture::assert_picture(&mut harness, "watchlist_light");
}

#[test]
fn rows_are_of_one_line_where_there_is_room() {
    let height = |width| {
        let mut harness = harness_of(list_of(&THREE), width);
        harness.state_mut().market.quote("BTC/KRW@CRYPTO", "150000000");
        harness.run_steps(3);
        row(&harness, "BTC/KRW").rect().height()
    };
    assert!(height(900.0) < height(332.0));
}

#[test]
fn a_quote_without_trades_or_asks_shows_what_there_is() {
    let mut harness = harness(list_of(&["AAPL@NASDAQ"]));
    let market = &mut harness.state_mut().market;
    let (id, now) = (market.id("AAPL@NASDAQ"), market.now());
    let mut quote = market.quote_at("AAPL@NASDAQ", "284.52");
    (quote.last, quote.ask, quote.prev_close) = (None, None, Some(Price(decimal("0"))));
    quote.time = Time(0);
    market.batch(|batch| batch.quote(id, quote, now));
    settle(&mut harness);
    assert_eq!(row_text(&harness, "AAPL"), "AAPL NASDAQ, bid 284.51 × 12, volume 52.1K");
}

#[test]
fn why_a_quote_is_delayed_or_missing_stands_in_its_row() {
    let mut harness = harness(list_of(&THREE));
    let id = harness.state().market.id("MSFT@NASDAQ");
    let text = "no subscription to its market data, and delayed data are not allowed or not there";
    let remark = DataRemark { short: "no subscription".into(), text: text.into() };
    let update = Update::Remark { instrument: id, remark: Some(remark.into()) };
    harness.state_mut().market.publish(update);
    settle(&mut harness);
    assert!(row_text(&harness, "MSFT").ends_with(", no subscription"), "{}", row_text(&harness, "MSFT"));
    assert!(painted(&harness).iter().any(|(text, _)| text.contains("no subscription")));
    // Delayed data that stopped an hour ago are both.
    harness.state_mut().market.quote("MSFT@NASDAQ", "538.20");
    harness.state_mut().market.later(Duration::from_secs(45));
    settle(&mut harness);
    assert!(row_text(&harness, "MSFT").ends_with(", no subscription, stale, 45 s old"));
    harness.state_mut().market.publish(Update::Remark { instrument: id, remark: None });
    settle(&mut harness);
    assert!(!row_text(&harness, "MSFT").contains("subscription"));
}
