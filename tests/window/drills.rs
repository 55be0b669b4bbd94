//! The broker's session dies: said, started again, and the books are right. The engine dies:
//! said, and the window stays.

use crate::trader::{PATIENCE, Trader};
use crate::window::{Role, SOON, Signal};

#[test]
fn a_session_that_crashes_is_restarted_with_its_books() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start(home.path());
    let order = trader.rest_a_buy();
    trader.wait_for_count("Orders", 1);
    trader.prepare_market_order("10");
    trader.trade("Buy", "buy 10 AAPL at market");
    trader.wait_to_read(&["long 10"]);
    trader.look_at("Fills");
    let fills = trader.rows();
    trader.search("crash", "Crash the paper session");
    trader.look_at("Activity");
    trader.wait_to_read(&["Paper: Down", "The session failed (a drill)", "trying again in 0.5 s"]);
    trader.wait_for_connection("Ready");
    // The second time in a row it waits longer.
    trader.search("crash", "Crash the paper session");
    trader.wait_to_read(&["Paper: Down", "trying again in 1.0 s"]);
    trader.wait_for_connection("Ready");

    trader.wait_for_count("Orders", 1);
    trader.look_at("Orders");
    trader.wait_for_row(&["Symbol AAPL", "Working", &order]);
    trader.look_at("Fills");
    assert_eq!(trader.rows(), fills, "no fill is lost or told twice");
    trader.look_at("Positions");
    trader.wait_for_row(&["Position in AAPL", "Net +10"]);
    trader.trade("Close", "close: sell 10 AAPL at market");
    trader.wait_for_count("Positions", 0);
    trader.cancel_all();
    trader.leave();
}

#[test]
fn an_engine_that_panics_leaves_the_window_and_the_account() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start(home.path());
    trader.rest_a_buy();
    trader.prepare_market_order("10");
    trader.look_at("Positions");
    trader.trade("Buy", "buy 10 AAPL at market");
    trader.wait_for_row(&["Position in AAPL", "Net +10"]);
    trader.window.signal(Signal::USR1);
    trader.wait_to_read(&["The engine stopped (a drill)", "Orders at a broker work on", "start again"]);
    for name in ["Buy", "Sell", "Close", "Reverse", "Kill switch"] {
        let button = trader.window.find(Role::Button, name).expect("the desk is still there");
        assert!(!button.enabled, "{name} trades with nobody");
    }
    trader.wait_for_row(&["Position in AAPL", "Net +10"]);
    trader.keep_picture("engine-stopped.png");
    trader.window.click("Close Pitdesk");
    // No question about the order that works, and a code that says that something was wrong.
    let status = trader.window.wait_for_exit(SOON);
    assert_eq!(status.code(), Some(1), "{}", trader.window.output());
    drop(trader);

    let mut trader = Trader::start(home.path());
    trader.wait_for_row(&["Position in AAPL", "Net +10"]);
    trader.wait_for_count("Orders", 1);
    trader.cancel_all();
    trader
        .window
        .wait_for("the armed switch", PATIENCE, |w| w.role == Role::Button && w.name == "Kill switch");
    trader.leave();
}
