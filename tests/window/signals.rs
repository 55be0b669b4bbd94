//! Asked to end by a signal: in order, and in time even when the window hangs.

use crate::trader::Trader;
use crate::window::{SOON, Signal};

#[test]
fn every_polite_signal_ends_it_in_order() {
    let home = tempfile::tempdir().unwrap();
    for (n, signal) in [Signal::TERM, Signal::INT, Signal::HUP].into_iter().enumerate() {
        let mut trader = Trader::start(home.path());
        trader.wait_for_count("Orders", n);
        trader.rest_a_buy();
        trader.wait_for_count("Orders", n + 1);
        trader.window.signal(signal);
        let status = trader.window.wait_for_exit(SOON);
        // Without a question, although orders work: whoever sends a signal cannot answer.
        assert!(status.success(), "{signal:?}: {status}\n{}", trader.window.output());
    }
    let mut trader = Trader::start(home.path());
    trader.wait_for_count("Orders", 3);
    trader.cancel_all();
    trader.leave();
}

#[test]
fn a_window_that_hangs_keeps_neither_the_account_unsaved_nor_the_process_alive() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start(home.path());
    trader.prepare_market_order("10");
    trader.trade("Buy", "buy 10 AAPL at market");
    trader.wait_to_read(&["long 10"]);
    trader.window.hang_display();
    trader.window.signal(Signal::TERM);
    let status = trader.window.wait_for_exit(SOON);
    // As a shell counts it: 128 and the number of SIGTERM.
    assert_eq!(status.code(), Some(143), "{status}\n{}", trader.window.output());
    drop(trader);

    let mut trader = Trader::start(home.path());
    trader.look_at("Positions");
    trader.wait_for_row(&["Position in AAPL", "Net +10"]);
    trader.leave();
}
