//! The broker hangs for ten seconds, or TWS for twenty. The window must not notice, and the order must
//! not be lost.

use std::io::Write as _;
use std::time::Duration;

use egui::{Event, Pos2, Rect, vec2};

use crate::server::Server;
use crate::trader::{Trader, program_time};
use crate::window::{Role, SOON, Window};

/// Each round of work is hundreds of milliseconds, so these are more than the drill lasts.
const ROUNDS: usize = 2_000;
/// The broker hangs for ten times as long and more, so a frame that waits for it is longer than
/// this, on every machine. What a frame takes otherwise depends on who else wants the processor
/// that renders here: it is told, beside the longest with a healthy broker, and not judged.
const WAITED: Duration = Duration::from_secs(1);
/// As many rounds as the broker hangs for, or more, so that both maxima are of as much work.
const CALM: Duration = Duration::from_secs(12);
/// With the time until it is noticed, TWS hangs for twenty seconds.
const HANGS: Duration = Duration::from_secs(15);

#[test]
fn the_window_lives_on_while_the_broker_hangs() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start_alone(home.path(), &[]);
    let calm = calm_gap(&mut trader.window);
    measure_anew(&mut trader.window);
    trader.search("freeze", "Freeze the paper broker for 10 s");
    let order = trader.rest_a_buy();
    work_until(&mut trader.window, "Silent");
    work_until(&mut trader.window, "Ready");
    no_frame_waited(&mut trader.window, calm);

    trader.wait_for_count("Orders", 1);
    trader.look_at("Orders");
    trader.wait_for_row(&["Symbol AAPL", "Working", &order]);
    assert_eq!(trader.rows().len(), 1, "the order arrived exactly once");
    trader.cancel_all();
    trader.leave();
}

#[test]
fn the_window_lives_on_while_tws_hangs() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start_with(&["--at", &program_time()]);
    let mut trader = Trader::start_alone(home.path(), &["--ibkr", &server.address()]);
    let order = trader.rest_a_buy();
    trader.wait_for_count("Orders", 1);
    let calm = calm_gap(&mut trader.window);
    measure_anew(&mut trader.window);
    server.signal("STOP");
    work_until(&mut trader.window, "Silent");
    work_for(&mut trader.window, HANGS, is_not_ready);
    nothing_said_ready_since_it_fell_silent(&mut trader);
    server.signal("CONT");
    work_until(&mut trader.window, "Ready");
    no_frame_waited(&mut trader.window, calm);

    trader.wait_for_count("Orders", 1);
    trader.look_at("Orders");
    trader.wait_for_row(&["Symbol AAPL", "Working", &order]);
    trader.cancel_all();
    trader.leave();
}

/// No frame since it was measured anew took as long as one that waits for the broker.
fn no_frame_waited(window: &mut Window, calm: Duration) {
    let gap = longest_gap(window);
    // Past the test runner, which keeps to itself what a test prints that passes.
    let told = format!("\nlongest frame gap while the broker hung: {gap:?}, with a healthy one: {calm:?}\n");
    std::io::stderr().write_all(told.as_bytes()).expect("standard error can be written");
    assert!(gap < WAITED, "{gap:?} while the broker hung, {calm:?} before");
}

/// The longest gap of as much work as is done later, while nothing is wrong.
fn calm_gap(window: &mut Window) -> Duration {
    measure_anew(window);
    work_for(window, CALM, |_| ());
    longest_gap(window)
}

/// Works for a time, and looks around after each round.
fn work_for(window: &mut Window, duration: Duration, look: impl Fn(&mut Window)) {
    let desk = Places::find(window);
    let end = crate::window::after(duration);
    let mut round = 0;
    while crate::window::now() < end {
        desk.work(window, round);
        look(window);
        round += 1;
    }
}

fn is_not_ready(window: &mut Window) {
    assert!(window.find(Role::Label, "Ready").is_none(), "a server that hangs is not ready");
}

/// The activity log has each state of the connection, newest first, however short it was shown.
fn nothing_said_ready_since_it_fell_silent(trader: &mut Trader) {
    trader.look_at("Activity");
    trader.wait_to_read(&["Interactive Brokers: Silent."]);
    let names = trader.window.tree().widgets.into_iter().map(|w| w.name);
    let said: Vec<String> = names.filter(|name| name.contains("Interactive Brokers: ")).collect();
    let silent = said.iter().rposition(|line| line.contains(": Silent."));
    let ready = said.iter().position(|line| line.contains(": Ready."));
    assert!(ready.is_none() || silent < ready, "{said:?}");
}

/// Where there is something to do.
struct Places {
    chart: Rect,
    timeframes: [Pos2; 4],
}

impl Places {
    fn find(window: &mut Window) -> Self {
        let chart = window.wait_for("the chart", SOON, |w| w.role == Role::Canvas).bounds;
        let timeframes = ["5s", "1m", "5m", "1h"]
            .map(|name| window.find(Role::Button, name).expect("a timeframe").bounds.center());
        Self { chart, timeframes }
    }

    /// Runs over the chart, a frame for each step; drags it; turns to another timeframe.
    fn work(&self, window: &mut Window, round: usize) {
        const STEPS: u8 = 12;
        let is_back = round.is_multiple_of(2);
        for step in 0..STEPS {
            let along = f32::from(step) / f32::from(STEPS);
            let down = if is_back { along } else { 1.0 - along };
            let at = egui::lerp(self.chart.x_range(), along);
            window.events(vec![Event::PointerMoved(Pos2::new(at, egui::lerp(self.chart.y_range(), down)))]);
        }
        let from = self.chart.center();
        window.drag(from, from + vec2(if is_back { 120.0 } else { -120.0 }, 0.0));
        window.click_at(self.timeframes[round % self.timeframes.len()]);
    }
}

/// Works until the connection is in a state.
fn work_until(window: &mut Window, state: &str) {
    let desk = Places::find(window);
    for round in 0..ROUNDS {
        if window.find(Role::Label, state).is_some() {
            return;
        }
        desk.work(window, round);
    }
    panic!("the connection was never {state}");
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
