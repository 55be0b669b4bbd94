//! The tape: what it shows of the trades, and what it leaves out.

use std::time::Duration;

use egui::{Event, MouseWheelUnit, Pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use pitdesk::domain::{Side, Trade};
use pitdesk::ui::tape::TapePane;
use pitdesk::ui::theme::Theme;

use crate::bench::{Bench, settle};
use crate::desk::{price, qty};
use crate::picture;

type Trader = Bench<TapePane>;
type Window = Harness<'static, Trader>;

const AAPL: &str = "AAPL@NASDAQ";

fn tape_of(pane: TapePane) -> Window {
    let mut trader = Bench::new(pane);
    trader.select(AAPL);
    trader.market.quote(AAPL, "284.50");
    trader.show(vec2(340.0, 300.0))
}

fn tape() -> Window {
    tape_of(TapePane::default())
}

/// A trade of Apple, so many milliseconds after the last one.
fn trade(window: &mut Window, after: u64, at: &str, quantity: &str, aggressor: Option<Side>) {
    let market = &mut window.state_mut().market;
    market.later(Duration::from_millis(after));
    let (id, time) = (market.id(AAPL), market.now());
    let trade = Trade { time, price: price(at), quantity: qty(quantity), aggressor };
    market.batch(|batch| batch.trade(id, trade, time));
}

/// The lines as they are read out, newest first, without their times.
fn lines(window: &Window) -> Vec<String> {
    let mut lines: Vec<(f32, String)> = window
        .query_all_by(|node| node.value().is_some_and(|text| text.contains(" @ ")))
        .map(|node| (node.rect().top(), node.value().unwrap_or_default()))
        .collect();
    lines.sort_by(|one, other| one.0.total_cmp(&other.0));
    lines.into_iter().filter_map(|(_, text)| Some(text.split_once(' ')?.1.to_owned())).collect()
}

fn merged(millis: u32) -> TapePane {
    serde_json::from_str(&format!(r#"{{"merge":{millis}}}"#)).expect("a saved tape")
}

#[test]
fn trades_stand_newest_first_with_who_crossed_the_spread() {
    let mut window = tape();
    trade(&mut window, 10, "284.49", "100", Some(Side::Sell));
    trade(&mut window, 10, "284.50", "300", Some(Side::Buy));
    trade(&mut window, 10, "284.50", "5", None);
    settle(&mut window);
    assert_eq!(lines(&window), ["5 @ 284.50", "300 @ 284.50, bought", "100 @ 284.49, sold"]);
}

#[test]
fn equal_prints_that_follow_one_another_are_one_line_if_wanted() {
    let mut window = tape_of(merged(100));
    for _ in 0..3 {
        trade(&mut window, 20, "284.50", "100", Some(Side::Buy));
    }
    trade(&mut window, 20, "284.50", "100", Some(Side::Sell));
    trade(&mut window, 500, "284.50", "100", Some(Side::Sell));
    settle(&mut window);
    assert_eq!(
        lines(&window),
        ["100 @ 284.50, sold", "100 @ 284.50, sold", "300 @ 284.50, bought, 3 prints"]
    );
}

#[test]
fn small_trades_are_left_out_and_the_filter_is_kept_for_each_instrument() {
    let mut window = tape();
    trade(&mut window, 10, "284.50", "10", Some(Side::Buy));
    trade(&mut window, 10, "284.51", "900", Some(Side::Buy));
    settle(&mut window);
    let field = window.query_all_by_role(egui::Role::TextInput).next().unwrap();
    field.focus();
    field.type_text("500");
    settle(&mut window);
    assert_eq!(lines(&window), ["900 @ 284.51, bought"]);
    let saved = serde_json::to_string(&window.state().pane).unwrap();
    assert!(saved.contains(r#""least":{"AAPL@NASDAQ":"500"}"#), "{saved}");
    // Of another instrument everything is shown, and back again the filter is as it was.
    window.state_mut().select("MSFT@NASDAQ");
    settle(&mut window);
    window.state_mut().select(AAPL);
    settle(&mut window);
    trade(&mut window, 10, "284.52", "499", Some(Side::Sell));
    trade(&mut window, 10, "284.53", "500", Some(Side::Sell));
    settle(&mut window);
    assert_eq!(lines(&window), ["500 @ 284.53, sold"]);
}

#[test]
fn who_looks_back_is_not_moved_by_what_comes() {
    let mut window = tape();
    for n in 1..=50 {
        trade(&mut window, 10, "284.50", &n.to_string(), Some(Side::Buy));
    }
    settle(&mut window);
    let first = |window: &Window| lines(window)[0].clone();
    assert!(first(&window).starts_with("50 @"));
    window.event(Event::PointerMoved(Pos2::new(150.0, 200.0)));
    let wheel = |delta| Event::MouseWheel {
        unit: MouseWheelUnit::Line,
        delta: vec2(0.0, delta),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: egui::Modifiers::NONE,
    };
    window.event(wheel(-2.0));
    settle(&mut window);
    assert!(first(&window).starts_with("44 @"), "{}", first(&window));
    trade(&mut window, 10, "284.50", "51", Some(Side::Buy));
    settle(&mut window);
    assert!(first(&window).starts_with("44 @"));
    window.event(wheel(1.0));
    settle(&mut window);
    assert!(first(&window).starts_with("47 @"), "{}", first(&window));
    window.get_by_label("To the newest").click();
    settle(&mut window);
    assert!(first(&window).starts_with("51 @"));
}

#[test]
fn another_instrument_begins_its_own_tape_and_an_empty_one_says_so() {
    let mut window = tape();
    let says = |window: &Window, part: &str| {
        window.query_all_by(|node| node.value().is_some_and(|text| text.contains(part))).count() > 0
    };
    assert!(says(&window, "No trade of AAPL yet"));
    trade(&mut window, 10, "284.50", "10", Some(Side::Buy));
    settle(&mut window);
    assert_eq!(lines(&window).len(), 1);
    window.state_mut().select("MSFT@NASDAQ");
    settle(&mut window);
    assert!(lines(&window).is_empty());
}

#[test]
fn the_speed_is_that_of_the_last_seconds_and_ends_with_the_trades() {
    let mut window = tape();
    for _ in 0..20 {
        trade(&mut window, 50, "284.50", "10", Some(Side::Buy));
    }
    settle(&mut window);
    let speed = |window: &Window| {
        let is_speed = |text: &String| text.contains("in 30 s");
        window.query_all_by(|_| true).find_map(|node| node.value().filter(is_speed)).unwrap_or_default()
    };
    assert!(speed(&window).contains("19.0/s · 4.0 in 5 s"), "{}", speed(&window));
    window.state_mut().market.later(Duration::from_mins(1));
    settle(&mut window);
    assert!(speed(&window).contains("0.0/s · 0.0 in 5 s · 0.0 in 30 s"), "{}", speed(&window));
}

#[test]
fn it_looks_as_a_tape_should() {
    let mut window =
        tape_of(serde_json::from_str(r#"{"merge":100,"large":{"AAPL@NASDAQ":"1000"}}"#).unwrap());
    for n in 0..40_u64 {
        let (at, side) = if n % 3 == 0 { ("284.49", Side::Sell) } else { ("284.50", Side::Buy) };
        let quantity = if n % 11 == 5 { "2,400".replace(',', "") } else { (n * 7 % 90 + 10).to_string() };
        trade(&mut window, 40 + n, at, &quantity, Some(side));
    }
    settle(&mut window);
    picture::assert_picture(&mut window, "tape");
    Theme::light().apply(&window.ctx);
    settle(&mut window);
    picture::assert_picture(&mut window, "tape_light");
    // The columns of a wide one stay where an eye finds the size of a price; of a narrow one the speed is cut short.
    window.set_size(vec2(620.0, 160.0));
    settle(&mut window);
    picture::assert_picture(&mut window, "tape_wide");
    window.set_size(vec2(150.0, 160.0));
    settle(&mut window);
    picture::assert_picture(&mut window, "tape_narrow");
}
