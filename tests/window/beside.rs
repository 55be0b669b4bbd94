//! A pane in a window of its own, on a real desktop: it is there again after a restart, gives its pane back when it
//! is closed, and leaves the main window its turns.

use crate::trader::Trader;
use crate::window::{Role, SOON};

const MAIN: &str = "Pitdesk (paper)";
const BESIDE: &str = "Chart – Pitdesk (paper)";
/// As many moves of the mouse as a hand makes in some seconds.
const MOVES: u16 = 600;

#[test]
fn a_window_beside_the_main_one_is_kept_and_does_not_starve_it() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start_alone(home.path(), &[]);
    trader.window.click("Menu of Chart");
    let entry = trader
        .window
        .wait_for("the menu", SOON, |w| w.role == Role::Button && w.name.starts_with("Move to a new window"));
    trader.window.click_at(entry.bounds.center());
    trader.window.wait_for_windows(&[BESIDE, MAIN]);
    trader.leave();

    let mut trader = Trader::start_alone(home.path(), &[]);
    trader.window.wait_for_windows(&[BESIDE, MAIN]);
    trader.window.fidget_in(BESIDE, MOVES);
    trader.window.request_close_of(BESIDE);
    trader.window.wait_for_windows(&[MAIN]);
    trader.window.wait_for("the chart in the main window", SOON, |w| w.name == "Menu of Chart");
    let (main, beside) = painted(&trader.window.close());
    assert!(beside > 0 && main > beside / 4, "{main} frames of the main window, {beside} of the other");
}

/// How many frames the main window and the others had, by the log.
fn painted(log: &str) -> (u64, u64) {
    let line = log.lines().rev().find(|line| line.contains("painted")).expect("it is told at the end");
    let numbers: Vec<u64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [main, beside] = numbers[..] else { panic!("{line}") };
    (main, beside)
}
