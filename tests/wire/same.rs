//! Over the wire an exchange is the same exchange.

use std::time::Duration;

use pitdesk::broker::contract::HistoryRequest;
use pitdesk::broker::{BrokerEvent, BrokerRequest};
use pitdesk::domain::{OrderId, OrderKind, Side, Time, Timeframe, TrailBy};
use pitdesk::risk::Change;

use crate::world::{Embedded, Trader, Wired, below};

/// A trader's minute: everything that can be asked, and every kind of answer.
fn trade(trader: &mut impl Trader) {
    let seconds = Duration::from_secs;
    let aapl = trader.watch("AAPL");
    let far = below(&aapl, &trader.quote(aapl.id), 300);
    trader.place(1, &aapl, Side::Buy, 10, OrderKind::Market);
    trader.place(2, &aapl, Side::Buy, 100, OrderKind::Limit { price: far });
    let entry = trader.approve(3, &aapl, Side::Buy, 5, OrderKind::Market);
    let by = TrailBy::Percent(pitdesk::domain::Decimal::new(1, 1));
    let exit = trader.approve(4, &aapl, Side::Sell, 5, OrderKind::TrailingStop { by });
    trader.request(BrokerRequest::Place(vec![entry, exit]));
    trader.run(seconds(5));
    let change = Change { limit: Some(aapl.ticks.step(far, 3)), ..Change::default() };
    trader.amend(2, &aapl, far, change);
    trader.amend(99, &aapl, far, change);
    trader.request(BrokerRequest::Cancel(OrderId(99)));
    trader.run(seconds(1));
    for timeframe in [Timeframe::S1, Timeframe::M1, Timeframe::D1] {
        let before = trader.now() + seconds(60);
        let request = HistoryRequest { instrument: aapl.id, timeframe, before, count: 5_000 };
        trader.request(BrokerRequest::History(request));
    }
    trader.request(BrokerRequest::Cancel(OrderId(2)));
    let stop = below(&aapl, &trader.quote(aapl.id), 20);
    trader.place(5, &aapl, Side::Sell, 10, OrderKind::Stop { stop });
    trader.place(6, &aapl, Side::Buy, 10_000_000, OrderKind::Market);
    trader.run(seconds(20));
    trader.request(BrokerRequest::CancelAll);
    trader.run(seconds(1));
}

/// What the engine would be told, as text: most of it compares by no other way.
fn told(events: &[BrokerEvent]) -> Vec<String> {
    let text = |event: &BrokerEvent| match event {
        // A run of bars is one thing, however it is stored.
        BrokerEvent::History(bars) => {
            format!("{:?} {:?} {:?}", bars.request, bars.bars.iter().collect::<Vec<_>>(), bars.forming)
        }
        event => format!("{event:?}"),
    };
    events.iter().map(text).collect()
}

#[test]
fn the_wire_changes_nothing_that_the_engine_is_told() {
    let (mut embedded, mut wired) = (Embedded::new(3), Wired::new(3));
    trade(&mut embedded);
    trade(&mut wired);
    let (embedded, wired) = (told(embedded.events()), told(wired.events()));
    for (at, (one, other)) in embedded.iter().zip(&wired).enumerate() {
        assert_eq!(one, other, "event {at}");
    }
    assert_eq!(embedded.len(), wired.len());
    for kind in ["Rejected", "AmendRefused", "CancelRefused", "Trigger", "Amended", "OnWire", "Cancelled"] {
        assert!(wired.iter().any(|event| event.contains(kind)), "the scenario has no {kind}");
    }
    assert!(wired.iter().filter(|event| event.starts_with("Fill")).count() >= 2);
}

#[test]
fn a_long_history_comes_in_parts_and_is_told_as_one() {
    let (mut embedded, mut wired) = (Embedded::new(3), Wired::new(3));
    for trader in [&mut embedded as &mut dyn Trader, &mut wired] {
        let instrument = trader.instruments()[0].id;
        let before = Time::MAX;
        let request = HistoryRequest { instrument, timeframe: Timeframe::M1, before, count: 4_500 };
        trader.request(BrokerRequest::History(request));
    }
    let bars = |events: &[BrokerEvent]| match events.last() {
        Some(BrokerEvent::History(bars)) => bars.clone(),
        other => panic!("{other:?}"),
    };
    let (one, other) = (bars(embedded.events()), bars(wired.events()));
    assert_eq!(one.bars.len(), 4_500);
    assert_eq!(one, other);
}
