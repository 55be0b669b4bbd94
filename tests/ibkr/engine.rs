//! The engine itself in front of the adapter: the whole way of an order, and what a cut leaves.

use std::collections::VecDeque;
use std::sync::Arc;

use pitdesk::broker::contract::{Adapter as _, BrokerEvent, BrokerRequest, MarketEvent};
use pitdesk::broker::ibkr::Ibkr;
use pitdesk::domain::{
    BrokerId, Decimal, Fill, Instrument, Order, OrderId, OrderSpec, OrderStatus, Price, Side, Time, Timeframe,
};
use pitdesk::engine::{BrokerFacts, Effect, Engine, EngineEvent, Start};
use pitdesk::gateway::wire::model::TickPrice;
use pitdesk::gateway::wire::{Reply, Request};
use pitdesk::link::update::Placement;
use pitdesk::link::{
    BarKey, Bracket, Command, CommandId, ConnectionState, Demand, Envelope, FindingKind, Flatten, History,
    Place, Reconciliation, Update,
};

use crate::desk::{APPLE, Desk, MICROSOFT, START, broker, limit};
use crate::kept::kept_asked;
use crate::market::{bar, bars_asked, tells};
use crate::orders::{commission, execution};
use crate::peer::{ACCOUNT, House, Peer, Told, Working};
use crate::run;

const EXECUTION: &str = "0000e0d5.6042b2a4.01.01";

/// An engine whose disk is always there, in front of a session.
struct Program {
    engine: Engine,
    desk: Desk,
    told: Vec<Update>,
    next: u64,
}

impl Program {
    fn new(broker: &Ibkr) -> Self {
        let instruments: Arc<[Arc<Instrument>]> = broker.instruments().into();
        let start = Start {
            brokers: vec![BrokerFacts::of(broker)],
            ..Start::first(instruments, vec![broker.name().into()], START)
        };
        let desk = Desk::begin(broker);
        Self { engine: Engine::new(start), desk, told: Vec::new(), next: 1 }
    }

    /// Lets something happen to the engine, and what follows from it.
    async fn happens(&mut self, event: EngineEvent) {
        let mut waiting = VecDeque::from([event]);
        while let Some(event) = waiting.pop_front() {
            let mut effects = Vec::new();
            self.engine.process(event, self.desk.clock.now(), &mut effects);
            for effect in effects {
                match effect {
                    Effect::Request(_, request) => self.desk.asks(request).await,
                    Effect::Journal(record) => waiting.push_back(EngineEvent::Journaled(record.seq)),
                    Effect::Publish { update, .. } => self.told.push(*update),
                    _ => {}
                }
            }
        }
    }

    async fn commands(&mut self, command: Command) {
        let envelope = Envelope { id: CommandId(self.next), input_at: self.desk.clock.now(), command };
        self.next += 1;
        self.happens(EngineEvent::Command(envelope)).await;
    }

    /// Hands on what the session says until the engine has told what `pick` picks.
    async fn until<T>(&mut self, pick: impl Fn(&Update) -> Option<T>) -> T {
        loop {
            if let Some(found) = self.told.iter().find_map(&pick) {
                return found;
            }
            let event = self.desk.next_event().await;
            self.happens(EngineEvent::Broker(BrokerId(0), event)).await;
        }
    }

    /// Hands on what the session says, up to the first that `pick` picks.
    async fn through(&mut self, pick: impl Fn(&BrokerEvent) -> bool) {
        loop {
            let event = self.desk.next_event().await;
            let is_it = pick(&event);
            self.happens(EngineEvent::Broker(BrokerId(0), event)).await;
            if is_it {
                return;
            }
        }
    }

    async fn becomes(&mut self, wanted: ConnectionState) {
        self.until(|update| match update {
            Update::Connection(connection) if connection.state == wanted => Some(()),
            _ => None,
        })
        .await;
    }

    async fn order(&mut self, id: u64, wanted: OrderStatus) -> Order {
        self.until(|update| match update {
            Update::Order(order) if order.id == OrderId(id) && order.status == wanted => Some(order.clone()),
            _ => None,
        })
        .await
    }

    /// Connected and ready, with its instruments watched.
    async fn at_work(house: &House, broker: &Ibkr) -> (Self, Peer) {
        let mut program = Self::new(broker);
        program.happens(EngineEvent::Started).await;
        let mut peer = program.gets_ready(house, Told::default()).await;
        program.watches(&mut peer).await;
        (program, peer)
    }

    /// Order 1 works.
    async fn has_one_working(&mut self, peer: &mut Peer) -> Working {
        self.places(limit(Side::Buy, 99), None).await;
        let order = Working::new(peer.order().await, "Submitted");
        peer.stands(&order).await;
        self.order(1, OrderStatus::Working).await;
        order
    }

    async fn places(&mut self, spec: OrderSpec, bracket: Option<Bracket>) {
        self.commands(Command::Place(Place { bracket, ..Place::plain(ACCOUNT.into(), spec) })).await;
        let refusals: Vec<&Update> = self
            .told
            .iter()
            .filter(|update| matches!(update, Update::Answer(a) if a.outcome.is_err()))
            .collect();
        assert!(refusals.is_empty(), "{refusals:?}");
    }

    /// Watches a share until it has a quote.
    async fn watches(&mut self, peer: &mut Peer) {
        let mut demand = Demand::default();
        demand.quotes.insert(APPLE);
        self.commands(Command::Demand(Arc::new(demand))).await;
        let req_id = peer
            .first(|request| match request {
                // Rates are watched always.
                Request::MarketData(asked) if asked.contract.as_ref()?.con_id == Some(265_598) => {
                    asked.req_id
                }
                _ => None,
            })
            .await;
        for (tick_type, price) in [(1, 99.0), (2, 99.02)] {
            peer.says(Reply::TickPrice(TickPrice {
                req_id: Some(req_id),
                tick_type: Some(tick_type),
                price: Some(price),
                size: Some("500".to_owned()),
                attr_mask: None,
            }))
            .await;
        }
        let is_whole =
            |event: &MarketEvent| matches!(event, MarketEvent::Quote(_, quote) if quote.ask.is_some());
        self.through(
            |event| matches!(event, BrokerEvent::Market { events, .. } if events.iter().any(is_whole)),
        )
        .await;
    }

    /// A session, let in and ready.
    async fn gets_ready(&mut self, house: &House, told: Told) -> Peer {
        let mut peer = house.guest().await;
        let questions = peer.questions().await;
        peer.tells(&questions, told).await;
        self.becomes(ConnectionState::Ready).await;
        peer
    }
}

#[test]
fn an_order_goes_from_the_ticket_to_tws_and_its_execution_back() {
    run(async {
        let house = House::open().await;
        let broker = broker(house.address());
        let (mut program, mut peer) = Program::at_work(&house, &broker).await;
        program.places(limit(Side::Buy, 99), None).await;
        let mut order = Working::new(peer.order().await, "Submitted");
        peer.stands(&order).await;
        program.order(1, OrderStatus::Working).await;
        peer.says(execution(&order, EXECUTION, 10, 98.5)).await;
        order = Working { filled: 10, ..order.now("Filled") };
        peer.stands(&order).await;
        peer.says(commission(EXECUTION, 1.25)).await;
        let filled = program.order(1, OrderStatus::Filled).await;
        assert_eq!((filled.filled.0, filled.average_price), (Decimal::TEN, Some(Decimal::new(985, 1))));
        let fills: Vec<&Fill> = program.engine.fills().collect();
        assert_eq!((fills.len(), fills[0].commission.amount), (1, Decimal::new(125, 2)));
    });
}

#[test]
fn what_happened_during_a_cut_is_found_and_told() {
    run(async {
        let house = House::open().await;
        let broker = broker(house.address());
        let (mut program, mut peer) = Program::at_work(&house, &broker).await;
        let order = program.has_one_working(&mut peer).await;
        drop(peer);
        let why = std::mem::replace(&mut program.desk, Desk::begin(&broker)).lost().await;
        let ended = BrokerEvent::Ended { reason: why, unread: Vec::<BrokerRequest>::new() };
        program.happens(EngineEvent::Broker(BrokerId(0), ended)).await;
        program.order(1, OrderStatus::Unknown).await;
        program.told.clear();

        // Four of ten were bought meanwhile.
        let order = Working { filled: 4, ..order };
        let executions = vec![execution(&order, EXECUTION, 4, 98.5), commission(EXECUTION, 1.0)];
        let positions = vec![crate::books::held(265_598, "AAPL", "4", 98.75)];
        let told = Told { open: vec![order], executions, positions, ..Told::default() };
        let mut peer = program.gets_ready(&house, told).await;
        let report = program
            .until(|update| match update {
                Update::Reconciled(report) => Some(Reconciliation::clone(report)),
                _ => None,
            })
            .await;
        let kinds: Vec<FindingKind> = report.findings.iter().map(|finding| finding.kind).collect();
        assert_eq!(kinds, [FindingKind::Filled], "{report}");
        program.commands(Command::Cancel { order: OrderId(1) }).await;
        assert_eq!(peer.cancel().await, crate::peer::FIRST);
    });
}

#[test]
fn a_bracket_is_kept_by_tws_and_told_as_it_goes() {
    run(async {
        let house = House::open().await;
        let broker = broker(house.address());
        let (mut program, mut peer) = Program::at_work(&house, &broker).await;
        let price = |whole: i64| Some(Price(Decimal::from(whole)));
        let bracket = Bracket::gtc(price(105), price(95));
        program.places(limit(Side::Buy, 99), Some(bracket)).await;
        let mut legs = Vec::new();
        for _ in 0..3 {
            legs.push(Working::new(peer.order().await, "PreSubmitted"));
        }
        let [entry, target, stop] = &*legs else { panic!() };
        let types = |leg: &Working| leg.order.order_type.clone().unwrap_or_default();
        assert_eq!((types(target), types(stop)), ("LMT".to_owned(), "STP".to_owned()));
        assert_eq!(target.order.parent_id, Some(entry.number));
        for leg in &legs {
            peer.stands(leg).await;
        }
        peer.stands(&entry.now("Submitted")).await;
        program.order(1, OrderStatus::Working).await;
        program.order(2, OrderStatus::Held).await;
        peer.says(execution(entry, EXECUTION, 10, 99.0)).await;
        peer.says(commission(EXECUTION, 1.0)).await;
        peer.stands(&Working { filled: 10, ..entry.now("Filled") }).await;
        program.order(1, OrderStatus::Filled).await;
        peer.stands(&target.now("Submitted")).await;
        program.order(2, OrderStatus::Working).await;
        let second = "0000e0d5.6042b2a5.01.01";
        peer.says(execution(target, second, 10, 105.0)).await;
        peer.says(commission(second, 1.0)).await;
        peer.stands(&Working { filled: 10, ..target.now("Filled") }).await;
        peer.stands(&stop.now("Cancelled")).await;
        program.order(2, OrderStatus::Filled).await;
        program.order(3, OrderStatus::Cancelled).await;
        let flat = program.until(|update| match update {
            Update::Position(position) if position.is_flat() => Some(position.realised),
            _ => None,
        });
        assert_eq!(flat.await, Decimal::from(60));
    });
}

#[test]
fn the_kill_switch_cancels_and_sees_by_the_books_that_nothing_works() {
    run(async {
        let house = House::open().await;
        let broker = broker(house.address());
        let (mut program, mut peer) = Program::at_work(&house, &broker).await;
        let order = program.has_one_working(&mut peer).await;
        program.commands(Command::Kill { flatten: Flatten::No }).await;
        assert_eq!(peer.cancel().await, order.number);
        peer.stands(&order.now("Cancelled")).await;
        peer.remarks(order.number, 202, "Order Canceled - reason:").await;
        program.order(1, OrderStatus::Cancelled).await;
        let questions = peer.questions().await;
        program.told.clear();
        peer.tells(&questions, Told::default()).await;
        program
            .until(|update| match update {
                Update::KillReport(Some(report)) if report.is_done() => Some(()),
                _ => None,
            })
            .await;
    });
}

/// The chart that is put together anew next: when its bars begin, in minutes from the start.
async fn chart(program: &mut Program) -> Vec<i64> {
    let minute = |time: Time| (time.seconds() - START.seconds()) / 60;
    program
        .until(|update| match update {
            Update::History(History { chunk: Some(chunk), placement: Placement::Anew, .. }) => {
                Some(chunk.bars().times().map(minute).collect())
            }
            _ => None,
        })
        .await
}

#[test]
fn a_chart_whose_stream_broke_for_minutes_has_no_hole_when_it_comes_again() {
    run(async {
        let house = House::open().await;
        let broker = broker(house.address());
        let (mut program, mut peer) = Program::at_work(&house, &broker).await;
        let mut demand = Demand { quotes: [APPLE].into(), ..Demand::default() };
        demand.want_bars(BarKey { instrument: MICROSOFT, timeframe: Timeframe::M1 }, 4);
        program.commands(Command::Demand(Arc::new(demand))).await;
        let kept = kept_asked(&mut peer).await;
        let past = bars_asked(&mut peer).await;
        tells(&mut peer, &past, (-9..=-6).map(|minute| bar(minute, 50.0)).collect()).await;
        assert_eq!(chart(&mut program).await, [-9, -8, -7, -6]);
        tells(&mut peer, &kept, vec![bar(-5, 50.0)]).await;

        peer.remarks(kept.req_id.unwrap(), 10_182, "Failed to request live updates (disconnected).").await;
        peer.remarks(-1, 2103, "Market data farm connection is broken:usfarm").await;
        program.becomes(ConnectionState::Degraded).await;
        program.told.clear();
        program.desk.at(3);
        let kept = kept_asked(&mut peer).await;
        tells(&mut peer, &kept, vec![bar(-1, 50.0)]).await;
        program.through(|event| matches!(event, BrokerEvent::BarsMissed(_))).await;
        let past = bars_asked(&mut peer).await;
        tells(&mut peer, &past, (-9..=-1).map(|minute| bar(minute, 50.0)).collect()).await;
        assert_eq!(chart(&mut program).await, [-4, -3, -2, -1], "no minute is missing");
    });
}
