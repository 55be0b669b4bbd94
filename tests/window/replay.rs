//! A recording plays, and can be traded.

use crate::data::recorded;
use crate::trader::{PATIENCE, Trader};
use crate::window::Role;

#[test]
fn a_recording_moves_and_can_be_traded() {
    let Some(file) = recorded("lean_spy_minute_20131004-11.csv.gz") else { return };
    let home = tempfile::tempdir().unwrap();
    let arguments = ["--replay", file.to_str().expect("a path of a test is text"), "--symbol", "SPY"];
    let more = ["--zone", "America/New_York", "--speed", "60", "--from", "2013-10-07T13:31:00Z"];
    let mut trader = Trader::start_with(home.path(), &[&arguments[..], &more].concat());
    let chart = |w: &crate::window::Widget| w.role == Role::Canvas && w.name.starts_with("Chart SPY");
    let first = trader.window.wait_for("bars", PATIENCE, |w| chart(w) && w.value.contains("bars visible"));
    trader.window.wait_for("the price to move", PATIENCE, |w| chart(w) && w.value != first.value);

    trader.prepare_market_order("10");
    trader.trade("Buy", "buy 10 SPY at market");
    trader.look_at("Positions");
    trader.wait_for_row(&["Position in SPY", "Net +10"]);
    let tree = trader.window.tree();
    assert!(tree.find(Role::Label, "incomplete").is_none(), "the account is worth what can be told");
    trader.keep_picture("replay.png");
    trader.trade("Close", "close: sell 10 SPY at market");
    trader.wait_for_count("Positions", 0);
    trader.leave();
}
