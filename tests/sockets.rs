//! `pitdesk serve` in a process of its own, before clients on real sockets that speak its bytes.

#![expect(clippy::panic, reason = "a test")]

#[path = "common/client.rs"]
mod client;
#[path = "common/server.rs"]
mod server;

use std::io::{ErrorKind, Read as _, Write as _};

use client::{Client, encoded};
use pitdesk::gateway::wire::model::{
    Contract, HistoricalDataRequest, MarketDataRequest, Order, PlaceOrderRequest,
};
use pitdesk::gateway::wire::{Reply, Request};
use server::Server;

/// More than the server takes of a client that it cannot answer.
const MORE_THAN_IS_READ: usize = 8 << 20;
/// More than it keeps for one that does not read, and the system with it.
const MORE_THAN_IS_SAID: usize = 24 << 20;

fn share() -> Contract {
    let text = |text: &str| Some(text.to_owned());
    Contract {
        symbol: text("AAPL"),
        sec_type: text("STK"),
        exchange: text("SMART"),
        currency: text("USD"),
        ..Contract::default()
    }
}

fn buy_far_below(number: i32, quantity: &str) -> Request {
    let text = |text: &str| Some(text.to_owned());
    let order = Order {
        action: text("BUY"),
        total_quantity: text(quantity),
        order_type: text("LMT"),
        lmt_price: Some(150.0),
        tif: text("GTC"),
        transmit: Some(true),
        ..Order::default()
    };
    let request = PlaceOrderRequest { order_id: Some(number), contract: Some(share()), order: Some(order) };
    Request::PlaceOrder(Box::new(request))
}

/// The minutes of a day.
fn minutes(req_id: i32) -> HistoricalDataRequest {
    let text = |text: &str| Some(text.to_owned());
    HistoricalDataRequest {
        req_id: Some(req_id),
        contract: Some(share()),
        bar_size_setting: text("1 min"),
        duration: text("1 D"),
        what_to_show: text("TRADES"),
        format_date: Some(2),
        ..HistoricalDataRequest::default()
    }
}

/// The number, the status and the rest of an order that is told.
fn status(reply: Reply) -> Option<(i32, String, String)> {
    match reply {
        Reply::OrderStatus(told) => {
            Some((told.order_id(), told.status().to_owned(), told.remaining().to_owned()))
        }
        _ => None,
    }
}

#[test]
fn whoever_connects_as_soon_as_the_server_says_where_is_let_in_and_told_its_accounts() {
    let server = Server::start();
    let mut client = Client::connect(server.address(), 1);
    let accounts = client.wait(|reply| match reply {
        Reply::ManagedAccounts(told) => told.accounts_list,
        _ => None,
    });
    assert!(accounts.starts_with("DU"), "{accounts}");
    client.wait(|reply| matches!(reply, Reply::NextValidId(_)).then_some(()));
    client.is_answered();
}

#[test]
fn an_order_keeps_its_number_when_the_server_is_started_again() {
    let mut server = Server::start();
    let mut client = Client::connect(server.address(), 5);
    client.say(&buy_far_below(40, "10"));
    let works = |left: &'static str| {
        move |reply: Reply| status(reply).filter(|(_, status, rest)| status == "Submitted" && rest == left)
    };
    assert_eq!(client.wait(works("10")).0, 40);
    drop(client);

    server.restart();
    let mut client = Client::connect(server.address(), 5);
    let next = client.wait(|reply| match reply {
        Reply::NextValidId(next) => next.order_id,
        _ => None,
    });
    assert!(next > 40, "{next} was used before");
    client.say(&Request::OpenOrders);
    assert_eq!(client.wait(works("10")).0, 40);
    client.wait(|reply| matches!(reply, Reply::OpenOrderEnd).then_some(()));
    client.say(&buy_far_below(40, "12"));
    assert_eq!(client.wait(works("12")).0, 40, "and can be changed by it");
    client.say(&Request::OpenOrders);
    client.wait(works("12"));
    client.wait(|reply| match reply {
        Reply::OpenOrderEnd => Some(()),
        other => panic!("it is one order: {other:?}"),
    });
}

#[test]
fn a_client_that_asks_on_and_reads_nothing_is_let_go_and_nobody_else() {
    let server = Server::start();
    let mut other = Client::connect(server.address(), 2);
    let mut deaf = Client::connect(server.address(), 1);
    deaf.say(&Request::MarketData(Box::new(MarketDataRequest {
        req_id: Some(1),
        contract: Some(share()),
        ..MarketDataRequest::default()
    })));
    let mut number = 1;
    let mut sent = 0;
    while sent < MORE_THAN_IS_READ {
        number += 1;
        let asked = encoded(&Request::HistoricalData(Box::new(minutes(number))));
        sent += asked.len();
        if deaf.stream.write_all(&asked).is_err() {
            break;
        }
        if number % 1_000 == 0 {
            other.is_answered();
        }
    }
    // It is let go, and what was said to it before is bounded.
    let mut heard = 0;
    let mut buffer = vec![0; 64 << 10];
    loop {
        match deaf.stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => heard += count,
            Err(why) if matches!(why.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                panic!("it was not let go: {why}")
            }
            Err(_closed) => break,
        }
        assert!(heard < MORE_THAN_IS_SAID, "{heard}");
    }
    other.is_answered();
}
