//! `pitdesk kill` while the window hangs.

use std::process::Command;

use crate::trader::Trader;
use crate::window::{SOON, Signal};

#[test]
fn a_second_process_ends_flat_and_locked_while_the_window_hangs() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start(home.path());
    trader.rest_a_buy();
    trader.wait_for_count("Orders", 1);
    trader.prepare_market_order("10");
    trader.trade("Buy", "buy 10 AAPL at market");
    trader.wait_to_read(&["long 10"]);
    trader.window.hang_display();
    let mut kill = Command::new(env!("CARGO_BIN_EXE_pitdesk"));
    let output = kill.args(["kill", "--flatten", "--data-dir"]).arg(home.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}: {said}\n{}", output.status, trader.window.output());
    for part in ["the cancel of every order asked for", "closes AAPL", "nothing is held", "Flat and locked."]
    {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    // It still hangs: nothing of this was the window's doing.
    trader.window.signal(Signal::TERM);
    assert_eq!(trader.window.wait_for_exit(SOON).code(), Some(143), "{}", trader.window.output());
    drop(trader);

    let mut trader = Trader::start(home.path());
    trader.wait_for_count("Positions", 0);
    trader.wait_for_count("Orders", 0);
    trader.wait_to_read(&["Release"]);
    let control_file = home.path().join("paper/control.json");
    assert!(control_file.exists());
    trader.leave();
    assert!(!control_file.exists(), "nobody listens any more");
}
