//! A day's work: buy, look, close, and the money is right.

use pitdesk::domain::Decimal;

use crate::server::Server;
use crate::trader::{Trader, cell, program_time};

#[test]
fn a_position_is_opened_and_closed_by_hand() {
    let home = tempfile::tempdir().unwrap();
    opens_and_closes(Trader::start(home.path()));
}

#[test]
fn a_position_is_opened_and_closed_by_hand_at_tws() {
    let home = tempfile::tempdir().unwrap();
    let server = Server::start_with(&["--at", &program_time()]);
    let mut trader = Trader::start_with(home.path(), &["--ibkr", &server.address()]);
    trader.wait_to_read(&["Books of Interactive Brokers"]);
    opens_and_closes(trader);
}

#[track_caller]
fn opens_and_closes(mut trader: Trader) {
    trader.turn_to("MSFT");
    trader.prepare_market_order("10");
    trader.trade("Buy", "buy 10 MSFT at market");

    trader.wait_for_count("Positions", 1);
    trader.wait_to_read(&["long 10"]);
    trader.look_at("Positions");
    trader.wait_for_row(&["Position in MSFT", "Net +10"]);

    trader.trade("Close", "close: sell 10 MSFT at market");
    trader.wait_for_count("Positions", 0);
    let flat = trader.wait_for_row(&["Position in MSFT", "Net 0"]);
    trader.look_at("Fills");
    let fills = trader.rows();
    let value = |side| -> Decimal {
        let own = fills.iter().filter(|fill| cell(fill, "Side") == side);
        own.map(|fill| amount(&cell(fill, "Quantity")) * amount(&cell(fill, "Price"))).sum()
    };
    assert_eq!(amount(&cell(&flat, "Realised today")), value("Sell") - value("Buy"), "{fills:?}");
    trader.look_at("Orders");
    let orders = trader.rows();
    let is_filled = |order: &String| cell(order, "Status") == "Filled" && cell(order, "Filled") == "10";
    assert!(orders.len() == 2 && orders.iter().all(is_filled), "{orders:?}");
    trader.leave();
}

/// A number as it is shown.
fn amount(text: &str) -> Decimal {
    let plain: String = text.chars().filter(|c| !matches!(c, ',' | '+')).collect();
    plain.replace('−', "-").parse().unwrap_or_else(|_| panic!("{text} is no number"))
}
