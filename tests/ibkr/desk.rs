//! The engine's end of a session, for tests: what it asks, and what it is told.

use std::collections::VecDeque;
use std::sync::Arc;

use ibapi::contracts::Contract;
use pitdesk::broker::contract::{
    Adapter as _, Books, BrokerEvent, BrokerRequest, EventSender, Report, ReportKind, Requests, SessionEnd,
    SessionStart,
};
use pitdesk::broker::ibkr::{Ibkr, IbkrConfig, Listed};
use pitdesk::domain::{
    AssetClass, BrokerId, Decimal, Instrument, InstrumentId, Limits, Order, OrderKind, OrderSpec,
    OrderStatus, Price, Qty, Quote, Side, Time, TimeInForce,
};
use pitdesk::engine::supervisor;
use pitdesk::link::{Clock, ConnectionState};
use pitdesk::risk::{self, ApprovedAmend, ApprovedOrder, Change, Known, Role};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::approved;
use crate::peer::{ACCOUNT, CLIENT, House, Peer, SOON, Told};

/// A Friday, 10:00 in New York.
pub const START: Time = Time::from_seconds(1_795_186_800);
pub const APPLE: InstrumentId = InstrumentId(0);
pub const MICROSOFT: InstrumentId = InstrumentId(1);

pub fn listed() -> Vec<Listed> {
    let share = |id: u32, symbol: &str, contract_id: i32| {
        let contract = Contract { contract_id, ..Contract::stock(symbol).build() };
        Listed { instrument: Arc::new(approved::share(id, symbol)), contract }
    };
    let euro = share(2, "EUR", 12_087_792);
    let instrument =
        Instrument { symbol: "EUR/USD".into(), class: AssetClass::Fx, ..Instrument::clone(&euro.instrument) };
    let contract = Contract { contract_id: 12_087_792, ..Contract::forex("EUR", "USD").build() };
    let euro = Listed { instrument: Arc::new(instrument), contract };
    vec![share(0, "AAPL", 265_598), share(1, "MSFT", 272_093), euro]
}

/// A broker at an address, as a profile would make it.
pub fn broker(address: String) -> Ibkr {
    Ibkr::new(IbkrConfig { trades_at_once: 1, ..IbkrConfig::new(address, CLIENT) }, listed())
}

/// A session and the engine's ends of it.
pub struct Desk {
    pub clock: Clock,
    requests: mpsc::Sender<BrokerRequest>,
    events: mpsc::Receiver<(BrokerId, BrokerEvent)>,
    end: oneshot::Receiver<SessionEnd>,
    /// Events that were passed over.
    seen: VecDeque<BrokerEvent>,
}

impl Desk {
    /// Begins a session.
    pub fn begin(broker: &Ibkr) -> Self {
        let clock = Clock::manual(START);
        let (requests, receiver) = mpsc::channel(64);
        let (sender, events) = mpsc::channel(4_096);
        let (tell, end) = oneshot::channel();
        let session = broker.start(SessionStart {
            id: BrokerId(0),
            clock: clock.clone(),
            requests: Requests::new(receiver),
            events: EventSender::new(BrokerId(0), sender),
        });
        supervisor::spawn("session", async move {
            tell.send(session.await).unwrap_or_else(|end| panic!("nobody waits for {end:?}"));
        });
        Self { clock, requests, events, end, seen: VecDeque::new() }
    }

    /// A session whose books were told, and its TWS.
    pub async fn ready(told: Told) -> (Self, Peer) {
        let house = House::open().await;
        let broker = broker(house.address());
        Self::ready_at(&house, &broker, told).await
    }

    pub async fn ready_at(house: &House, broker: &Ibkr, told: Told) -> (Self, Peer) {
        let mut desk = Self::begin(broker);
        let mut peer = house.guest().await;
        let questions = peer.questions().await;
        peer.tells(&questions, told).await;
        desk.becomes(ConnectionState::Ready).await;
        (desk, peer)
    }

    pub async fn asks(&self, request: BrokerRequest) {
        self.requests.send(request).await.unwrap();
    }

    /// The first event that `pick` picks, of those that were not picked yet.
    pub async fn first<T>(&mut self, pick: impl Fn(&BrokerEvent) -> Option<T>) -> T {
        if let Some((index, found)) =
            self.seen.iter().enumerate().find_map(|(index, event)| Some((index, pick(event)?)))
        {
            self.seen.remove(index);
            return found;
        }
        loop {
            let Ok(event) = timeout(SOON, self.events.recv()).await else {
                panic!("it was not told; seen: {:#?}", self.seen)
            };
            let Some((_, event)) = event else { panic!("the session has ended; seen: {:#?}", self.seen) };
            match pick(&event) {
                Some(found) => return found,
                None => self.seen.push_back(event),
            }
        }
    }

    /// Whether anything was told so far that `pick` picks.
    pub fn has_seen(&mut self, pick: impl Fn(&BrokerEvent) -> bool) -> bool {
        while let Ok((_, event)) = self.events.try_recv() {
            self.seen.push_back(event);
        }
        self.seen.iter().any(pick)
    }

    /// Waits for a state of the connection, and tells its reason.
    pub async fn becomes(&mut self, wanted: ConnectionState) -> Arc<str> {
        self.first(|event| match event {
            BrokerEvent::Connection { state, reason } if *state == wanted => Some(Arc::clone(reason)),
            _ => None,
        })
        .await
    }

    pub async fn books(&mut self) -> Arc<Books> {
        self.first(|event| match event {
            BrokerEvent::Books(books) => Some(Arc::clone(books)),
            _ => None,
        })
        .await
    }

    /// The next report on an order.
    pub async fn report(&mut self, id: u64) -> ReportKind {
        self.first(|event| match event {
            BrokerEvent::Report(Report { order, kind, .. }) if order.0 == id => Some(kind.clone()),
            _ => None,
        })
        .await
    }

    /// Waits until an order stands so, and tells why.
    pub async fn stands(&mut self, id: u64, wanted: OrderStatus) -> Option<Arc<str>> {
        self.first(|event| match event {
            BrokerEvent::Report(Report { order, kind: ReportKind::Status { status, reason }, .. })
                if order.0 == id && *status == wanted =>
            {
                Some(reason.clone())
            }
            _ => None,
        })
        .await
    }

    /// The first note that says this.
    pub async fn note(&mut self, part: &str) -> Arc<str> {
        self.first(|event| match event {
            BrokerEvent::Note(_, text) if text.contains(part) => Some(Arc::clone(text)),
            _ => None,
        })
        .await
    }

    /// How the session ended.
    pub async fn end(mut self) -> SessionEnd {
        let end = &mut self.end;
        loop {
            tokio::select! {
                ended = timeout(SOON, &mut *end) => return ended.expect("it ends").unwrap(),
                _ = self.events.recv() => {}
            }
        }
    }

    /// Why the session was lost.
    pub async fn lost(self) -> Arc<str> {
        match self.end().await {
            SessionEnd::Lost(why) => why,
            SessionEnd::Asked => panic!("nobody asked it to end"),
        }
    }

    /// Lets the clock be so many seconds after the start.
    pub fn at(&self, seconds: u64) {
        self.clock.set(START + std::time::Duration::from_secs(seconds));
    }
}

pub fn limit(side: Side, price: i64) -> OrderSpec {
    let kind = OrderKind::Limit { price: Price(Decimal::from(price)) };
    OrderSpec::new(APPLE, side, Qty(Decimal::from(10)), kind, TimeInForce::Day)
}

fn order(id: u64, spec: OrderSpec) -> Order {
    approved::intended(id, ACCOUNT.into(), spec, START)
}

fn with_known<R>(order: &Order, ask: impl FnOnce(&Known<'_>) -> R) -> R {
    let all = listed();
    with_known_of(order, &all[order.spec.instrument.index()].instrument, ask)
}

fn with_known_of<R>(order: &Order, instrument: &Instrument, ask: impl FnOnce(&Known<'_>) -> R) -> R {
    let profile = Limits { max_price_distance_percent: None, ..approved::plenty() };
    let price = Some(Price(Decimal::from(100)));
    let quote = Quote { bid: price, ask: price, last: price, is_open: true, time: START, ..Quote::default() };
    approved::with_known(profile, &order.account, instrument, &quote, START, ask)
}

/// Only the gate makes orders that an adapter takes.
pub fn approved(id: u64, spec: OrderSpec) -> ApprovedOrder {
    let order = order(id, spec);
    with_known(&order, |known| risk::approve(&order, Role::Plain, known)).unwrap()
}

/// The same of an instrument that has joined.
pub fn approved_of(id: u64, spec: OrderSpec, instrument: &Instrument) -> ApprovedOrder {
    let order = order(id, spec);
    with_known_of(&order, instrument, |known| risk::approve(&order, Role::Plain, known)).unwrap()
}

pub fn approved_amend(id: u64, spec: OrderSpec, change: Change) -> ApprovedAmend {
    let order = order(id, spec);
    with_known(&order, |known| risk::approve_amend(&order, change, Role::Plain, known)).unwrap()
}

impl Desk {
    /// The next report on an order that says something else than that it stands so.
    pub async fn report_after(&mut self, id: u64, known: OrderStatus) -> ReportKind {
        loop {
            match self.report(id).await {
                ReportKind::Status { status, .. } if status == known => {}
                kind => return kind,
            }
        }
    }
}

impl Desk {
    /// Whatever is told next.
    pub async fn next_event(&mut self) -> BrokerEvent {
        if let Some(event) = self.seen.pop_front() {
            return event;
        }
        let (_, event) = timeout(SOON, self.events.recv())
            .await
            .expect("something is told")
            .expect("the session is there");
        event
    }
}
