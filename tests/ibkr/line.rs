//! How a connection begins, breaks and ends.

use std::time::Duration;

use pitdesk::broker::contract::{BrokerEvent, BrokerRequest, SessionEnd, Watch};
use pitdesk::broker::ibkr::{Ibkr, IbkrConfig};
use pitdesk::domain::InstrumentId;
use pitdesk::gateway::wire::Request;
use pitdesk::link::ConnectionState;

use crate::desk::{APPLE, Desk, MICROSOFT, approved, broker, limit, listed};
use crate::peer::{CLIENT, House, Peer, Told};
use crate::run;
use pitdesk::domain::{OrderStatus, Side};

fn watch(quotes: &[InstrumentId], depth: &[InstrumentId]) -> BrokerRequest {
    let (quotes, depth) = (quotes.iter().copied().collect(), depth.iter().copied().collect());
    BrokerRequest::Watch(Watch { quotes, depth, ..Watch::default() })
}

/// The ids of the next `count` requests for quotes.
async fn quotes_asked(peer: &mut Peer, count: usize) -> Vec<(i32, i32)> {
    let mut asked = Vec::new();
    for _ in 0..count {
        let one = peer
            .first(|request| match request {
                Request::MarketData(data) => Some((data.contract.as_ref()?.con_id?, data.req_id?)),
                _ => None,
            })
            .await;
        asked.push(one);
    }
    asked.sort_unstable();
    asked
}

#[test]
fn nobody_at_home_says_what_to_start() {
    run(async {
        // A port that was just given back.
        let address = House::open().await.address();
        let why = Desk::begin(&broker(address.clone())).lost().await;
        assert!(why.contains("Nothing listens at") && why.contains("Start TWS or IB Gateway"), "{why}");
    });
}

#[test]
fn a_server_that_is_too_old_is_named() {
    run(async {
        let house = House::open().await;
        let desk = Desk::begin(&broker(house.address()));
        let mut peer = house.visitor().await;
        peer.announces(176).await;
        let why = desk.lost().await;
        assert!(why.contains("too old (API version 176)") && why.contains("Upgrade"), "{why}");
    });
}

#[test]
fn a_client_id_in_use_says_what_to_do() {
    run(async {
        let house = House::open().await;
        let desk = Desk::begin(&broker(house.address()));
        let mut peer = house.visitor().await;
        peer.announces(213).await;
        let Request::StartApi(_) = peer.next().await else { panic!() };
        peer.remarks(-1, 326, "Unable to connect as the client id is already in use.").await;
        let why = desk.lost().await;
        assert!(why.contains(&format!("client id {CLIENT}")) && why.contains("choose another id"), "{why}");
    });
}

#[test]
fn a_door_that_is_shut_at_once_is_explained() {
    run(async {
        let house = House::open().await;
        let desk = Desk::begin(&broker(house.address()));
        drop(house.visitor().await);
        let why = desk.lost().await;
        assert!(why.contains("trusted addresses") || why.contains("cannot be reached"), "{why}");
    });
}

#[test]
fn one_that_takes_the_connection_and_says_nothing_is_given_up() {
    run(async {
        let house = House::open().await;
        let config = IbkrConfig {
            connect_limit: Duration::from_millis(50),
            ..IbkrConfig::new(house.address(), CLIENT)
        };
        let desk = Desk::begin(&Ibkr::new(config, listed()));
        let peer = house.visitor().await;
        let why = desk.lost().await;
        assert!(why.contains("took the connection and has not answered"), "{why}");
        drop(peer);
    });
}

#[test]
fn a_goodbye_ends_the_session_at_any_time() {
    run(async {
        let house = House::open().await;
        let desk = Desk::begin(&broker(house.address()));
        let _early = house.visitor().await;
        desk.asks(BrokerRequest::Disconnect).await;
        assert_eq!(desk.end().await, SessionEnd::Asked);
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.asks(BrokerRequest::Disconnect).await;
        desk.becomes(ConnectionState::Closed).await;
        assert_eq!(desk.end().await, SessionEnd::Asked);
        peer.closes().await;
    });
}

#[test]
fn a_cut_connection_ends_the_session() {
    run(async {
        let (desk, peer) = Desk::ready(Told::default()).await;
        drop(peer);
        let why = desk.lost().await;
        assert!(why.contains("was lost"), "{why}");
    });
}

#[test]
fn a_frozen_tws_falls_silent_and_is_then_lost() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.at(2);
        peer.first_beat().await;
        desk.first(|event| matches!(event, BrokerEvent::Alive { .. }).then_some(())).await;
        // From here on it reads nothing and says nothing.
        desk.at(11);
        let why = desk.becomes(ConnectionState::Silent).await;
        assert!(why.contains("does not answer"), "{why}");
        desk.at(40);
        let why = desk.lost().await;
        assert!(why.contains("does not answer any more"), "{why}");
        drop(peer);
    });
}

#[test]
fn a_sign_of_life_says_that_quotes_hold() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.at(3);
        peer.first_beat().await;
        let received = desk.first(|event| match event {
            BrokerEvent::Alive { received } => Some(*received),
            _ => None,
        });
        assert_eq!(received.await, desk.clock.now());
    });
}

#[test]
fn without_its_uplink_tws_vouches_for_nothing() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        peer.remarks(-1, 1100, "Connectivity between IBKR and Trader Workstation has been lost.").await;
        let why = desk.becomes(ConnectionState::Silent).await;
        assert!(why.contains("lost its link to IBKR"), "{why}");
        desk.at(3);
        peer.first_beat().await;
        desk.first(|event| matches!(event, BrokerEvent::Account(_)).then_some(())).await;
        assert!(!desk.has_seen(|event| matches!(event, BrokerEvent::Alive { .. })));
    });
}

#[test]
fn after_an_outage_that_lost_the_data_everything_is_asked_for_anew() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.asks(watch(&[APPLE, MICROSOFT], &[APPLE])).await;
        let before = quotes_asked(&mut peer, 2).await;
        peer.first(|r| matches!(r, Request::MarketDepth(_)).then_some(())).await;
        peer.first(|r| matches!(r, Request::TickByTick(_)).then_some(())).await;
        peer.remarks(-1, 1100, "lost").await;
        desk.becomes(ConnectionState::Silent).await;
        // Trades of one instrument are taken once in 15 s.
        for seconds in [6, 12, 18] {
            desk.at(seconds);
            peer.first_beat().await;
        }
        peer.remarks(-1, 1101, "Connectivity restored, data lost").await;
        let again = quotes_asked(&mut peer, 2).await;
        assert_eq!(contracts(&before), contracts(&again));
        assert!(again.iter().all(|asked| !before.contains(asked)), "by new ids");
        peer.first(|r| matches!(r, Request::MarketDepth(_)).then_some(())).await;
        peer.first(|r| matches!(r, Request::TickByTick(_)).then_some(())).await;
        desk.first(|event| matches!(event, BrokerEvent::BarsChanged).then_some(())).await;
        desk.becomes(ConnectionState::Ready).await;
        let questions = peer.questions().await;
        peer.tells(&questions, Told::default()).await;
        assert!(desk.books().await.orders.is_empty(), "the first ones");
        desk.books().await;
    });
}

fn contracts(asked: &[(i32, i32)]) -> Vec<i32> {
    asked.iter().map(|(contract, _)| *contract).collect()
}

#[test]
fn after_one_that_kept_them_the_books_are_read_and_bars_asked_for_again() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.asks(watch(&[APPLE], &[])).await;
        quotes_asked(&mut peer, 1).await;
        peer.remarks(-1, 1100, "lost").await;
        desk.becomes(ConnectionState::Silent).await;
        desk.at(6);
        peer.remarks(-1, 1102, "Connectivity restored, data maintained").await;
        desk.becomes(ConnectionState::Ready).await;
        let questions = peer.questions().await;
        peer.tells(&questions, Told::default()).await;
        desk.books().await;
        desk.books().await;
        // TWS does not tell again what was traded meanwhile.
        desk.first(|event| matches!(event, BrokerEvent::BarsChanged).then_some(())).await;
        // A line that stays quiet is not believed for ever.
        for seconds in [10, 15, 20, 25, 30, 37] {
            desk.at(seconds);
            peer.first_beat().await;
        }
        quotes_asked(&mut peer, 1).await;
    });
}

#[test]
fn a_farm_that_is_down_degrades_the_line_and_the_session_goes_on() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        for (down, up, text, farm) in [
            (2103, 2104, "Market data farm connection is", "usfarm"),
            (2105, 2106, "HMDS data farm connection is", "ushmds"),
            (2157, 2158, "Sec-def data farm connection is", "secdefil"),
        ] {
            peer.remarks(-1, down, &format!("{text} broken:{farm}")).await;
            desk.note(&format!("{farm} is down")).await;
            let why = desk.becomes(ConnectionState::Degraded).await;
            assert!(why.contains(&format!("{farm} is down")) && why.contains("TWS is at"), "{why}");
            peer.remarks(-1, up, &format!("{text} OK:{farm}")).await;
            desk.note(&format!("{farm} works again")).await;
            desk.becomes(ConnectionState::Ready).await;
        }
        peer.remarks(-1, 2103, "Market data farm connection is broken:usfarm").await;
        desk.becomes(ConnectionState::Degraded).await;
        desk.asks(BrokerRequest::Place(vec![approved(1, limit(Side::Buy, 99))])).await;
        assert_eq!(peer.order().await.0, crate::peer::FIRST);
    });
}

#[test]
fn what_is_asked_before_the_books_is_refused_or_waits() {
    run(async {
        let house = House::open().await;
        let mut desk = Desk::begin(&broker(house.address()));
        desk.asks(BrokerRequest::Place(vec![approved(1, limit(Side::Buy, 99))])).await;
        desk.asks(watch(&[APPLE], &[])).await;
        let mut peer = house.guest().await;
        let questions = peer.questions().await;
        let why = desk.stands(1, OrderStatus::Rejected).await.unwrap();
        assert!(why.contains("nothing was sent"), "{why}");
        peer.tells(&questions, Told::default()).await;
        assert_eq!(contracts(&quotes_asked(&mut peer, 1).await), [265_598]);
    });
}
