//! The broker's session dies: said, started again, and the books are right.

use crate::trader::Trader;

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
