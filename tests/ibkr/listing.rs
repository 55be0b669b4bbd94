//! Instruments that TWS is asked for while a session runs.

use pitdesk::broker::contract::{Adapter as _, BrokerEvent, BrokerRequest, Watch};
use pitdesk::domain::{
    AssetClass, Candidate, Decimal, Instrument, InstrumentId, OrderSpec, OrderStatus, Side,
};
use pitdesk::gateway::wire::model::{
    Contract, ContractData, ContractDescription, ContractDetails, RequestId, SymbolSamples,
};
use pitdesk::gateway::wire::{Reply, Request};
use std::sync::Arc;

use crate::desk::{Desk, approved_of, broker, limit};
use crate::peer::{House, Peer, Told, Working};
use crate::run;

#[expect(clippy::unnecessary_wraps, reason = "fields of messages are so")]
fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

async fn ready() -> (House, pitdesk::broker::ibkr::Ibkr, Desk, Peer) {
    let house = House::open().await;
    let broker = broker(house.address());
    let (desk, peer) = Desk::ready_at(&house, &broker, Told::default()).await;
    (house, broker, desk, peer)
}

async fn found(desk: &mut Desk) -> Result<Vec<Candidate>, Arc<str>> {
    desk.first(|event| match event {
        BrokerEvent::Found { outcome, .. } => Some(outcome.clone()),
        _ => None,
    })
    .await
}

async fn described(desk: &mut Desk) -> Result<Box<Instrument>, Arc<str>> {
    desk.first(|event| match event {
        BrokerEvent::Described { outcome, .. } => Some(outcome.clone()),
        _ => None,
    })
    .await
}

/// What TWS is asked to describe next.
async fn asked(peer: &mut Peer) -> (i32, Contract) {
    peer.first(|request| match request {
        Request::ContractData(asked) => Some((asked.req_id?, asked.contract.clone()?)),
        _ => None,
    })
    .await
}

async fn describes(peer: &mut Peer, req_id: i32, contract: Contract) {
    describes_as("E-mini S&P 500", peer, req_id, contract).await;
}

async fn describes_as(name: &str, peer: &mut Peer, req_id: i32, contract: Contract) {
    let contract_details = ContractDetails {
        min_tick: text("0.25"),
        long_name: text(name),
        contract_month: text("202612"),
        time_zone_id: text("US/Central"),
        trading_hours: text("20261123:0000-20261124:0000;20261124:0000-20261125:0000"),
        liquid_hours: text("20261123:0830-20261123:1500;20261124:0830-20261124:1500"),
        ..ContractDetails::default()
    };
    let (contract, contract_details) = (Some(contract), Some(contract_details));
    let data = ContractData { req_id: Some(req_id), contract, contract_details };
    peer.says(Reply::ContractData(Box::new(data))).await;
    peer.says(Reply::ContractDataEnd(RequestId { req_id: Some(req_id) })).await;
}

fn e_mini() -> Contract {
    Contract {
        con_id: Some(495_512_563),
        symbol: text("ES"),
        sec_type: text("FUT"),
        exchange: text("CME"),
        currency: text("USD"),
        local_symbol: text("ESZ6"),
        multiplier: Some(50.0),
        last_trade_date_or_contract_month: text("20261218"),
        ..Contract::default()
    }
}

#[test]
fn a_search_is_answered_with_what_can_be_traded() {
    run(async {
        let (_house, _broker, mut desk, mut peer) = ready().await;
        desk.asks(BrokerRequest::Find("coca".into())).await;
        let req_id = peer
            .first(|request| match request {
                Request::MatchingSymbols(asked) => {
                    assert_eq!(asked.pattern.as_deref(), Some("coca"));
                    asked.req_id
                }
                _ => None,
            })
            .await;
        let described = |symbol: &str, kind: &str, currency: &str| ContractDescription {
            contract: Some(Contract {
                symbol: text(symbol),
                sec_type: text(kind),
                currency: text(currency),
                primary_exch: text("NYSE"),
                description: text("COCA-COLA CO/THE"),
                ..Contract::default()
            }),
            derivative_sec_types: Vec::new(),
        };
        let contract_descriptions = vec![
            described("KO", "STK", "USD"),
            described("KO", "BOND", "USD"),
            described("KO", "STK", "EUR"),
        ];
        let samples = SymbolSamples { req_id: Some(req_id), contract_descriptions };
        peer.says(Reply::SymbolSamples(samples)).await;
        let found = found(&mut desk).await.unwrap();
        assert_eq!(found.iter().map(|one| &*one.name).collect::<Vec<_>>(), ["KO", "KO:EUR@NYSE"]);
        assert_eq!((&*found[0].description, &*found[0].venue), ("COCA-COLA CO/THE", "NYSE"));
    });
}

#[test]
fn a_future_is_found_listed_and_watched_by_its_contract() {
    run(async {
        let (house, broker, mut desk, mut peer) = ready().await;
        desk.asks(BrokerRequest::Find("ESZ6@CME".into())).await;
        let (req_id, wanted) = asked(&mut peer).await;
        assert_eq!((wanted.sec_type.as_deref(), wanted.local_symbol.as_deref()), (Some("FUT"), Some("ESZ6")));
        assert_eq!(wanted.exchange.as_deref(), Some("CME"));
        describes(&mut peer, req_id, e_mini()).await;
        let found = found(&mut desk).await.unwrap();
        assert_eq!((&*found[0].name, &*found[0].symbol), ("ESZ6@CME", "ESZ6"));

        desk.asks(BrokerRequest::Describe("ESZ6@CME".into())).await;
        let (req_id, _) = asked(&mut peer).await;
        describes(&mut peer, req_id, e_mini()).await;
        let instrument = described(&mut desk).await.unwrap();
        assert_eq!((&*instrument.name, instrument.class), ("E-mini S&P 500, 202612", AssetClass::Future));
        broker.listed(&Arc::new(Instrument { id: InstrumentId(3), ..*instrument }));

        let watch = || BrokerRequest::Watch(Watch { quotes: [InstrumentId(3)].into(), ..Watch::default() });
        let contract = |request: &Request| match request {
            Request::MarketData(asked) => asked.contract.as_ref()?.con_id,
            _ => None,
        };
        desk.asks(watch()).await;
        assert_eq!(peer.first(contract).await, 495_512_563);
        // The next session knows it too.
        let (desk, mut peer) = Desk::ready_at(&house, &broker, Told::default()).await;
        desk.asks(watch()).await;
        assert_eq!(peer.first(contract).await, 495_512_563);
    });
}

#[test]
fn an_option_is_found_by_its_local_symbol_listed_watched_and_ordered() {
    const NAME: &str = "AAPL 261218C00200000";
    let theirs = || Contract {
        con_id: Some(700_001),
        symbol: text("AAPL"),
        sec_type: text("OPT"),
        exchange: text("SMART"),
        currency: text("USD"),
        local_symbol: text("AAPL  261218C00200000"),
        multiplier: Some(100.0),
        strike: Some(200.0),
        right: text("C"),
        last_trade_date_or_contract_month: text("20261218"),
        ..Contract::default()
    };
    run(async move {
        let (_house, broker, mut desk, mut peer) = ready().await;
        desk.asks(BrokerRequest::Find(NAME.into())).await;
        let (req_id, wanted) = asked(&mut peer).await;
        assert_eq!((wanted.sec_type, wanted.local_symbol), (text("OPT"), text("AAPL  261218C00200000")));
        describes_as("APPLE INC", &mut peer, req_id, theirs()).await;
        let found = found(&mut desk).await.unwrap();
        assert_eq!((&*found[0].name, &*found[0].symbol, found[0].class), (NAME, NAME, AssetClass::Option));

        desk.asks(BrokerRequest::Describe(NAME.into())).await;
        let (req_id, _) = asked(&mut peer).await;
        describes_as("APPLE INC", &mut peer, req_id, theirs()).await;
        let instrument = described(&mut desk).await.unwrap();
        assert_eq!(&*instrument.name, "APPLE INC, call 200 of 20261218");
        assert_eq!(instrument.multiplier, Decimal::from(100));
        let instrument = Arc::new(Instrument { id: InstrumentId(3), ..*instrument });
        broker.listed(&instrument);

        desk.asks(BrokerRequest::Watch(Watch { quotes: [instrument.id].into(), ..Watch::default() })).await;
        let watched = peer.first(|request| match request {
            Request::MarketData(asked) => asked.contract.as_ref()?.con_id,
            _ => None,
        });
        assert_eq!(watched.await, 700_001);
        let spec = OrderSpec { instrument: instrument.id, ..limit(Side::Buy, 5) };
        desk.asks(BrokerRequest::Place(vec![approved_of(1, spec, &instrument)])).await;
        let order = Working::new(peer.order().await, "Submitted");
        assert_eq!((order.contract.con_id, order.order.lmt_price), (Some(700_001), Some(5.0)));
        peer.stands(&order).await;
        desk.stands(1, OrderStatus::Working).await;
    });
}

#[test]
fn what_tws_does_not_know_is_told_in_its_words() {
    run(async {
        let (_house, _broker, mut desk, mut peer) = ready().await;
        desk.asks(BrokerRequest::Describe("NOSUCH".into())).await;
        let (req_id, _) = asked(&mut peer).await;
        peer.remarks(req_id, 200, "No security definition has been found for the request").await;
        assert!(described(&mut desk).await.unwrap_err().contains("No security definition"));
    });
}

#[test]
fn what_is_on_its_way_when_the_line_breaks_is_answered() {
    run(async {
        let (_house, _broker, mut desk, mut peer) = ready().await;
        desk.asks(BrokerRequest::Describe("KO".into())).await;
        asked(&mut peer).await;
        desk.asks(BrokerRequest::Find("coca".into())).await;
        peer.first(|request| matches!(request, Request::MatchingSymbols(_)).then_some(())).await;
        drop(peer);
        for why in [described(&mut desk).await.unwrap_err(), found(&mut desk).await.unwrap_err()] {
            assert!(why.contains("The connection was lost"), "{why}");
        }
    });
}

#[test]
fn a_name_that_tws_could_not_answer_for_is_asked_for_again_by_the_next_session() {
    run(async {
        let house = House::open().await;
        let missing = ["ESZ6@CME".to_owned(), "NOSUCH".to_owned()].into();
        let broker = broker(house.address()).growing(missing, Box::new(|_| ()));
        let (mut desk, mut peer) = Desk::ready_at(&house, &broker, Told::default()).await;
        for _ in 0..2 {
            let (req_id, contract) = asked(&mut peer).await;
            let is_future = contract.sec_type.as_deref() == Some("FUT");
            // The first is not available for now; the second does not exist.
            let (code, text) = if is_future { (321, "Try later") } else { (200, "No security definition") };
            peer.remarks(req_id, code, text).await;
        }
        // A future may be a share of that exchange, too.
        let (req_id, _) = asked(&mut peer).await;
        peer.remarks(req_id, 321, "Try later").await;
        assert!(described(&mut desk).await.unwrap_err().contains("No security definition"));
        drop((desk, peer));
        let (mut desk, mut peer) = Desk::ready_at(&house, &broker, Told::default()).await;
        let (req_id, contract) = asked(&mut peer).await;
        assert_eq!(contract.local_symbol.as_deref(), Some("ESZ6"));
        describes(&mut peer, req_id, e_mini()).await;
        assert_eq!(&*described(&mut desk).await.unwrap().symbol, "ESZ6");
    });
}
