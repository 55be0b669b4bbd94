//! A day's work: buy, look, close, and the money is right.

use crate::trader::{Trader, cell};

#[test]
fn a_position_is_opened_and_closed_by_hand() {
    let home = tempfile::tempdir().unwrap();
    let mut trader = Trader::start(home.path());
    trader.turn_to("MSFT");
    trader.prepare_market_order("10");
    trader.trade("Buy", "buy 10 MSFT at market");

    trader.wait_for_count("Positions", 1);
    trader.look_at("Fills");
    let bought = trader.wait_for_row(&["Symbol MSFT", "Side Buy", "Quantity 10"]);
    trader.look_at("Positions");
    let held = trader.wait_for_row(&["Position in MSFT", "Net +10"]);
    assert_eq!(cell(&held, "Average"), cell(&bought, "Price"));
    trader.wait_to_read(&["long 10"]);

    trader.trade("Close", "close: sell 10 MSFT at market");
    trader.wait_for_count("Positions", 0);
    let flat = trader.wait_for_row(&["Position in MSFT", "Net 0"]);
    trader.look_at("Fills");
    let sold = trader.wait_for_row(&["Symbol MSFT", "Side Sell", "Quantity 10"]);
    assert_eq!(trader.rows().len(), 2);
    let (paid, got) = (amount(&cell(&bought, "Price")), amount(&cell(&sold, "Price")));
    assert_eq!(amount(&cell(&flat, "Realised")), (got - paid) * amount("10"));
    trader.leave();
}

/// A number as it is shown.
fn amount(text: &str) -> pitdesk::domain::Decimal {
    let plain: String = text.chars().filter(|c| !matches!(c, ',' | '+')).collect();
    plain.replace('−', "-").parse().unwrap_or_else(|_| panic!("{text} is no number"))
}
