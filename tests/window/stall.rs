//! The broker hangs for ten seconds. The window must not notice, and the order must not be lost.

use std::time::Duration;

use egui::{Event, Pos2, Rect, vec2};

use crate::trader::{PATIENCE, Trader};
use crate::window::{Role, SOON, Tree, Window};

/// A person takes this for a stall.
const LONGEST_GAP: Duration = Duration::from_millis(100);
/// Rendering is done by the processor here. On a machine that is busy with other work a
/// frame can be late for want of a processor; a window that waits for its broker is late every time.
const ATTEMPTS: usize = 3;

#[test]
fn the_window_lives_on_while_the_broker_hangs() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start_alone(home.path());
    let mut gaps = Vec::new();
    for attempt in 1..=ATTEMPTS {
        gaps.push(freeze(&mut trader, attempt));
        if gaps.last().is_some_and(|gap| *gap < LONGEST_GAP) {
            break;
        }
    }
    println!("longest frame gaps while the broker hung: {gaps:?}");
    assert!(gaps.iter().any(|gap| *gap < LONGEST_GAP), "the window stood still each time: {gaps:?}");
    trader.leave();
}

/// One drill, with an order in the middle of it; the longest frame gap that the program measured.
fn freeze(trader: &mut Trader, orders: usize) -> Duration {
    measure_anew(&mut trader.window);
    trader.search("freeze", "Freeze the paper broker for 10 s");
    let order = trader.rest_a_buy();
    work_until(&mut trader.window, "Silent");
    work_until(&mut trader.window, "Ready");
    let gap = longest_gap(&mut trader.window);

    trader.wait_for_count("Orders", 1);
    trader.look_at("Orders");
    trader.wait_for_row(&["Symbol AAPL", "Working", &order]);
    assert_eq!(trader.rows().len(), orders, "each order arrived exactly once");
    trader.cancel_all();
    gap
}

/// Moves, drags, clicks, until the connection is in a state.
fn work_until(window: &mut Window, state: &str) {
    let chart = window.wait_for("the chart", SOON, |w| w.role == Role::Canvas).bounds;
    let frames = ["5s", "1m", "5m", "1h"]
        .map(|name| window.find(Role::Button, name).expect("a timeframe").bounds.center());
    let is_there = |tree: &Tree| tree.find(Role::Label, state).is_some();
    let mut round = 0;
    let deadline = jiff::Timestamp::now() + PATIENCE;
    while !is_there(&window.tree()) {
        round += 1;
        assert!(jiff::Timestamp::now() < deadline, "the connection was never {state}");
        stir(window, chart, round);
        let from = chart.center();
        window.drag(from, from + vec2(if round % 2 == 0 { 120.0 } else { -120.0 }, 0.0));
        window.click_at(frames[round % frames.len()]);
    }
}

/// The pointer runs over the chart, a frame for each step.
fn stir(window: &mut Window, over: Rect, round: usize) {
    for step in 0..12 {
        let along = f32::from(u8::try_from(step).unwrap_or_default()) / 12.0;
        let y = if round.is_multiple_of(2) { along } else { 1.0 - along };
        let at = Pos2::new(egui::lerp(over.x_range(), along), egui::lerp(over.y_range(), y));
        window.events(vec![Event::PointerMoved(at)]);
    }
}

fn measure_anew(window: &mut Window) {
    window.click("Latencies and data integrity");
    window.click("Measure anew");
    window.click("Latencies and data integrity");
    window.wait_until("the latencies to close", SOON, |tree| {
        tree.find(Role::Button, "Measure anew").is_none().then_some(())
    });
}

fn longest_gap(window: &mut Window) -> Duration {
    window.click("Latencies and data integrity");
    let told = window.wait_for("the longest gap", SOON, |w| w.name.starts_with("Longest gap ")).name;
    window.click("Latencies and data integrity");
    let mut words = told.trim_start_matches("Longest gap ").split([' ', ',']);
    let number: f64 = words.next().and_then(|number| number.parse().ok()).expect("a number");
    let unit = match words.next() {
        Some("µs") => 1e-6,
        Some("ms") => 1e-3,
        Some("s") => 1.0,
        other => panic!("{other:?} in {told}"),
    };
    Duration::from_secs_f64(number * unit)
}
