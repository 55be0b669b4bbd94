//! What an exchange has confirmed survives it.

use std::time::Duration;

use pitdesk::broker::paper::client::Ending;
use pitdesk::broker::{BrokerEvent, BrokerRequest};
use pitdesk::domain::{OrderId, OrderKind, OrderStatus, Side};

use crate::pipe::Faults;
use crate::world::{Trader, Wired, below};

#[test]
fn the_changes_add_up_to_the_state() {
    let mut world = Wired::new(3);
    let aapl = world.watch("AAPL");
    for id in 1..30 {
        let far = below(&aapl, &world.quote(aapl.id), 5 * i64::try_from(id % 7).unwrap());
        world.place(id, &aapl, Side::Buy, 10, OrderKind::Limit { price: far });
        if id % 3 == 0 {
            world.request(BrokerRequest::Cancel(OrderId(id)));
        }
        world.run(Duration::from_millis(700));
        assert_eq!(world.disk, world.server.snapshot(), "after order {id}");
    }
    assert!(!world.disk.accounts.accounts[0].fills.is_empty(), "the market came to some of them");
}

#[test]
fn an_exchange_that_died_knows_every_order_it_had_confirmed() {
    let mut world = Wired::new(3);
    let aapl = world.watch("AAPL");
    let far = below(&aapl, &world.quote(aapl.id), 400);
    world.place(1, &aapl, Side::Buy, 10, OrderKind::Market);
    world.place(2, &aapl, Side::Buy, 10, OrderKind::Limit { price: far });
    world.place(3, &aapl, Side::Buy, 10, OrderKind::Limit { price: far });
    world.request(BrokerRequest::Cancel(OrderId(3)));
    let before = world.truth();
    world.restart_exchange();
    assert_eq!(world.end, Some(Ending::Lost("The connection to the exchange was lost".into())));
    assert_eq!(world.truth(), before);
    world.connect(Faults::default(), Faults::default());
    let books = world.books();
    let status = |id: u64| books.orders.iter().find(|o| o.id == OrderId(id)).map(|o| o.status);
    assert_eq!(status(1), Some(OrderStatus::Filled));
    assert_eq!(status(2), Some(OrderStatus::Working));
    assert_eq!(status(3), Some(OrderStatus::Cancelled));
    let fills: pitdesk::domain::Qty = books.fills.iter().map(|fill| fill.quantity).sum();
    assert_eq!(books.positions[0].net, fills.0);
    assert!(!books.fills.is_empty());
}

#[test]
fn what_happened_while_the_client_was_away_is_in_the_books() {
    let mut world = Wired::new(3);
    let aapl = world.watch("AAPL");
    let bid = world.quote(aapl.id).bid.unwrap();
    world.place(1, &aapl, Side::Buy, 10, OrderKind::Limit { price: bid });
    world.cut();
    let seen = world.client.last_event();
    let at = world.events.len();
    world.run(Duration::from_mins(2));
    assert_eq!(world.events.len(), at, "nothing comes over a cut wire");
    world.connect(Faults::default(), Faults::default());
    let books = world.books();
    assert_eq!(books.orders[0].status, OrderStatus::Filled, "the market of this seed came to it");
    assert!(!books.fills.is_empty());
    assert!(world.client.last_event() > seen);
    assert!(matches!(world.events.last(), Some(BrokerEvent::Connection { .. })));
}
