//! The columns that a trader chooses, and the pictures among them.

use pitdesk::domain::{Bar, Timeframe};
use pitdesk::link::update::Placement;
use pitdesk::link::{BarKey, History};
use pitdesk::market::series::BarChunk;

use super::*;

/// So long rows have to be in sight before their bars are asked for.
const REST: Duration = Duration::from_millis(400);

fn quoted(width: f32) -> Harness<'static, Trader> {
    let mut harness = harness_of(list_of(&THREE), width);
    harness.state_mut().market.quote("AAPL@NASDAQ", "284.52");
    harness.state_mut().market.quote("MSFT@NASDAQ", "538.20");
    settle(&mut harness);
    harness
}

/// Ticks columns, or takes their ticks away, by a right click on the captions.
fn tick(harness: &mut Harness<'_, Trader>, columns: &[&str]) {
    harness.get_by_label("Choose columns").click_secondary();
    settle(harness);
    for column in columns {
        harness.get_by_role_and_label(egui::Role::CheckBox, column).click();
        settle(harness);
    }
    harness.key_press(Key::Escape);
    settle(harness);
    harness.remove_cursor();
    settle(harness);
}

fn captions(harness: &Harness<'_, Trader>) -> Vec<String> {
    let all = ["Symbol", "Last", "Change", "%", "Bid", "Ask", "Volume", "Range", "Day"];
    let mut texts: Vec<String> = painted(harness).into_iter().map(|(text, _)| text).collect();
    texts.retain(|text| all.contains(&text.as_str()));
    texts
}

fn bars_asked(harness: &Harness<'_, Trader>) -> Vec<BarKey> {
    harness.state().demand.bars.keys().copied().collect()
}

fn of_five_minutes(harness: &Harness<'_, Trader>, key: &str) -> BarKey {
    BarKey { instrument: harness.state().market.id(key), timeframe: Timeframe::M5 }
}

#[test]
fn a_column_without_its_tick_is_not_shown_and_the_choice_is_saved() {
    let mut harness = quoted(900.0);
    assert_eq!(captions(&harness), ["Symbol", "Last", "Change", "%", "Bid", "Ask", "Volume"]);
    let untouched = serde_json::to_string(&harness.state().pane).unwrap();
    assert!(!untouched.contains("columns"), "what nobody has chosen is not saved: {untouched}");
    tick(&mut harness, &["Change", "Bid and ask", "Day range"]);
    assert_eq!(captions(&harness), ["Symbol", "Last", "%", "Volume", "Range"]);
    let saved = serde_json::to_string(&harness.state().pane).unwrap();
    let back: Watchlist = serde_json::from_str(&saved).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), saved);
    let again = harness_of(back, 900.0);
    assert_eq!(again.state().pane.keys().count(), 3);
}

#[test]
fn the_menu_of_the_list_has_the_columns_too() {
    let mut harness = quoted(900.0);
    harness.get_by_label("List Main").click();
    settle(&mut harness);
    harness.get_by_label("Columns").click();
    settle(&mut harness);
    harness.get_by_role_and_label(egui::Role::CheckBox, "Volume").click();
    settle(&mut harness);
    harness.get_by_role_and_label(egui::Role::CheckBox, "Change").click();
    settle(&mut harness);
    harness.key_press(Key::Escape);
    settle(&mut harness);
    assert_eq!(captions(&harness), ["Symbol", "Last", "%", "Bid", "Ask"]);
}

#[test]
fn the_range_of_the_day_is_told_where_it_is_shown() {
    let mut harness = quoted(332.0);
    assert!(!row_text(&harness, "AAPL").contains("low"));
    tick(&mut harness, &["Day range"]);
    assert!(
        row_text(&harness, "AAPL").ends_with(", low 284.17, high 284.72"),
        "{}",
        row_text(&harness, "AAPL")
    );
}

#[test]
fn bars_are_asked_for_of_rows_that_rest_in_sight_and_only_where_lines_are_wanted() {
    let (market, _) = Market::with_desk();
    let keys: Vec<String> = market.instruments().iter().map(|instrument| instrument.key()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut harness = harness(list_of(&keys));
    assert_eq!(bars_asked(&harness), []);
    tick(&mut harness, &["Line of the day"]);
    assert_eq!(bars_asked(&harness), [], "the rows may be on their way out of sight");
    harness.state_mut().market.later(REST);
    settle(&mut harness);
    let asked = bars_asked(&harness);
    assert!((5..25).contains(&asked.len()), "{} of {}", asked.len(), keys.len());
    assert!(asked.contains(&of_five_minutes(&harness, keys[0])));
    assert!(harness.state().demand.bars.values().all(|count| *count <= 80));
    let last = harness.state().market.id("ETH/KRW@CRYPTO");
    harness.state_mut().window.desk.select(last);
    settle(&mut harness);
    assert_eq!(bars_asked(&harness), [], "what has left is not asked for");
    harness.state_mut().market.later(REST);
    settle(&mut harness);
    assert!(bars_asked(&harness).contains(&of_five_minutes(&harness, "ETH/KRW@CRYPTO")));
    harness.run_steps(8);
    let delay = harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert_eq!(delay, Duration::MAX, "lines cost no frames");
}

#[test]
fn ranges_and_lines_look_as_they_should() {
    let mut harness = quoted(640.0);
    tick(&mut harness, &["Bid and ask", "Day range", "Line of the day"]);
    harness.set_size(vec2(640.0 + MARGIN, 140.0));
    harness.state_mut().market.later(REST);
    settle(&mut harness);
    let now = harness.state().market.now();
    for (key, base, step) in [("AAPL@NASDAQ", 284.0, 0.11), ("MSFT@NASDAQ", 538.0, -0.17)] {
        let bars = (0..70u32).map(|index| {
            let wave = (f64::from(index) / 6.0).sin() * 1.5;
            let time = Time(now.0 - i64::from(70 - index) * 300_000_000_000);
            Bar::from_trade(time, base + wave + f64::from(index) * step, 100.0)
        });
        let chunk = BarChunk::new(bars.collect::<Vec<_>>().into()).expect("sound bars");
        let key = of_five_minutes(&harness, key);
        let history = History { key, chunk: Some(chunk), placement: Placement::Anew, is_complete: false };
        harness.state_mut().market.publish(Update::History(history));
    }
    let market = &mut harness.state_mut().market;
    let (id, now, mut falling) =
        (market.id("MSFT@NASDAQ"), market.now(), market.quote_at("MSFT@NASDAQ", "538.20"));
    falling.prev_close = Some(Price(decimal("551.07")));
    market.batch(|batch| batch.quote(id, falling, now));
    settle(&mut harness);
    picture::assert_picture(&mut harness, "watchlist_columns");
}
