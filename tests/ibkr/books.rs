//! What the books bring together.

use std::time::Duration;

use pitdesk::broker::contract::{AccountRule, Adapter as _, BrokerEvent, BrokerRequest};
use pitdesk::broker::ibkr::{Ibkr, IbkrConfig};
use pitdesk::domain::{AccountKind, Currency, Decimal, Side};
use pitdesk::gateway::wire::model::{Contract, Position, RequestId};
use pitdesk::gateway::wire::{Reply, Request};
use pitdesk::link::ConnectionState;

use crate::desk::{APPLE, Desk, approved, broker, limit, listed};
use crate::orders::{commission, execution};
use crate::peer::{ACCOUNT, CLIENT, House, Told, Working};
use crate::run;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

pub fn held(con_id: i32, symbol: &str, net: &str, cost: f64) -> Position {
    Position {
        account: Some(ACCOUNT.to_owned()),
        contract: Some(Contract {
            con_id: Some(con_id),
            symbol: Some(symbol.to_owned()),
            sec_type: Some("STK".to_owned()),
            currency: Some("USD".to_owned()),
            ..Contract::default()
        }),
        position: Some(net.to_owned()),
        avg_cost: Some(cost),
    }
}

#[test]
fn every_question_is_asked_before_any_is_answered() {
    run(async {
        let house = House::open().await;
        let broker = broker(house.address());
        assert_eq!(broker.account_rule(), AccountRule::InteractiveBrokers);
        let mut desk = Desk::begin(&broker);
        let mut peer = house.guest().await;
        // All five are here, and nothing was said. One round trip is what the books take.
        let questions = peer.questions().await;
        assert!(!desk.has_seen(|event| matches!(event, BrokerEvent::Books(_))));
        let positions = vec![held(265_598, "AAPL", "-20", 101.5), held(5, "XYZ", "7", 1.0)];
        peer.tells(&questions, Told { positions, ..Told::default() }).await;
        let books = desk.books().await;
        let account = &books.accounts[0];
        assert_eq!((&*account.id.0, account.kind), (ACCOUNT, AccountKind::Paper));
        assert_eq!(account.balance(Currency::USD).unwrap().buying_power, dec("200000"));
        assert_eq!(account.balance(Currency::USD).unwrap().cash, dec("90000"));
        assert_eq!(books.positions.len(), 1);
        assert_eq!((books.positions[0].instrument, books.positions[0].net), (APPLE, dec("-20")));
        assert_eq!(books.positions[0].average_price, dec("101.5"));
        desk.note("1 position at IBKR in what this program does not list, such as 7 XYZ STK").await;
        desk.becomes(ConnectionState::Ready).await;
    });
}

#[test]
fn a_question_that_fails_names_itself_and_the_rest_is_told() {
    run(async {
        let house = House::open().await;
        let broker = broker(house.address());
        let mut desk = Desk::begin(&broker);
        let mut peer = house.guest().await;
        let questions = peer.questions().await;
        peer.remarks(
            questions.summary,
            322,
            "Error processing request. Maximum number of account summary requests exceeded",
        )
        .await;
        peer.says(Reply::OpenOrderEnd).await;
        peer.says(Reply::CompletedOrdersEnd).await;
        peer.says(Reply::ExecutionDetailsEnd(RequestId { req_id: Some(questions.executions) })).await;
        peer.says(Reply::Position(Box::new(held(265_598, "AAPL", "20", 101.5)))).await;
        peer.says(Reply::PositionEnd).await;
        desk.note("The books lack cash and margin").await;
        let books = desk.books().await;
        assert_eq!(books.positions[0].net, dec("20"));
        assert_eq!(books.accounts[0].kind, AccountKind::Paper, "known by its id");
        assert!(!books.lacks_orders && !books.lacks_positions);
        desk.becomes(ConnectionState::Ready).await;
    });
}

#[test]
fn what_does_not_come_in_time_is_given_up_and_claims_nothing() {
    run(async {
        let house = House::open().await;
        let config =
            IbkrConfig { books_limit: Duration::from_secs(5), ..IbkrConfig::new(house.address(), CLIENT) };
        let broker = Ibkr::new(config, listed());
        let mut desk = Desk::begin(&broker);
        let mut peer = house.guest().await;
        let questions = peer.questions().await;
        peer.says(Reply::OpenOrderEnd).await;
        peer.says(Reply::CompletedOrdersEnd).await;
        peer.says(Reply::ExecutionDetailsEnd(RequestId { req_id: Some(questions.executions) })).await;
        peer.says(Reply::AccountSummaryEnd(RequestId { req_id: Some(questions.summary) })).await;
        desk.at(4);
        peer.first_beat().await;
        desk.first(|event| matches!(event, BrokerEvent::Connection { .. }).then_some(())).await;
        assert!(!desk.has_seen(|event| matches!(event, BrokerEvent::Books(_))));
        desk.at(6);
        desk.note("The books lack positions: no answer within 5 s").await;
        let books = desk.books().await;
        assert!(books.lacks_positions && books.positions.is_empty());
    });
}

#[test]
fn the_engine_can_ask_for_them_again() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.books().await;
        desk.asks(BrokerRequest::Books).await;
        let questions = peer.questions().await;
        let positions = vec![held(265_598, "AAPL", "3", 100.0)];
        peer.tells(&questions, Told { positions, ..Told::default() }).await;
        assert_eq!(desk.books().await.positions[0].net, dec("3"));
    });
}

#[test]
fn executions_that_were_missed_are_in_the_books_once() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.books().await;
        desk.asks(BrokerRequest::Place(vec![approved(1, limit(Side::Buy, 99))])).await;
        let order = Working::new(peer.order().await, "Submitted");
        peer.stands(&order).await;
        desk.asks(BrokerRequest::Books).await;
        let questions = peer.questions().await;
        let id = "0000e0d5.6042b2a4.01.01";
        let order = Working { filled: 4, ..order };
        let told = Told {
            open: vec![order.clone()],
            executions: vec![execution(&order, id, 4, 99.0), commission(id, 1.0)],
            positions: vec![held(265_598, "AAPL", "4", 99.25)],
            ..Told::default()
        };
        peer.tells(&questions, told).await;
        let books = desk.books().await;
        let told_before = desk.has_seen(|event| matches!(event, BrokerEvent::Fill { .. }));
        assert_eq!((books.fills.len(), &*books.fills[0].exec_id.0), (1, "0000e0d5.6042b2a4.01"));
        assert_eq!(books.fills[0].commission.amount, dec("1"));
        assert_eq!(books.orders[0].filled, pitdesk::domain::Qty(dec("4")));
        assert!(books.orders[0].is_acknowledged);
        // Live and in the books, or in the books alone: its id is the same, and the engine counts it once.
        let fills = usize::from(told_before);
        assert!(fills <= 1);
    });
}

#[test]
fn somebody_who_trades_elsewhere_is_noticed() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.books().await;
        peer.says(Reply::Position(Box::new(held(265_598, "AAPL", "50", 100.0)))).await;
        let mut seconds = 0;
        let questions = loop {
            seconds += 2;
            desk.at(seconds);
            peer.first_beat().await;
            if let Some(questions) = peer.questions_if_asked() {
                break questions;
            }
            assert!(seconds < 60, "it was not noticed");
        };
        let positions = vec![held(265_598, "AAPL", "50", 100.0)];
        peer.tells(&questions, Told { positions, ..Told::default() }).await;
        assert_eq!(desk.books().await.positions[0].net, dec("50"));
    });
}

impl crate::peer::Peer {
    /// The questions of the books, if all of them have come.
    fn questions_if_asked(&mut self) -> Option<crate::peer::Questions> {
        let mut questions = crate::peer::Questions::default();
        for request in self.waiting() {
            match request {
                Request::Executions(asked) => questions.executions = asked.req_id?,
                Request::AccountSummary(asked) => questions.summary = asked.req_id?,
                _ => {}
            }
        }
        (questions.executions != 0 && questions.summary != 0).then_some(questions)
    }
}
