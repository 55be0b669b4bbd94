//! A broker whose market never rests: so many events a second, any order taken at once.
//!
//! The paper market follows a path and must match every order of it, which costs more than
//! what is to be measured here. This one repeats prices made beforehand, in deliveries of
//! the paper broker's mix: of each instrument touched two prints and the quote after them,
//! and the depth of one instrument.

use std::sync::Arc;
use std::time::Duration;

use pitdesk::broker::contract::{Books, EngineGone, EventSender, Session, SessionEnd};
use pitdesk::broker::{
    Adapter, BrokerEvent, BrokerRequest, Capabilities, HistoryBars, MarketEvent, Report, ReportKind,
    SessionStart,
};
use pitdesk::domain::{
    Account, AccountKind, BrokerId, Currency, Decimal, Depth, Instrument, InstrumentId, Level, OrderId,
    OrderStatus, Price, Qty, Quote, Side, Time, Trade,
};
use pitdesk::exchange::catalogue::{Catalogue, Opening};
use pitdesk::link::{Clock, ConnectionState};
use pitdesk::market::series::Bars;
use tokio::time::MissedTickBehavior;

/// Instruments touched by a delivery.
const TOUCHED: usize = 3;
/// Prices of each instrument.
const STEPS: usize = 64;
/// The instrument whose depth is sent.
const DEEP: usize = 0;

/// What is listed.
pub fn instruments() -> Vec<Arc<Instrument>> {
    Catalogue::bundled(Opening::Always).expect("the bundled market is tested").instruments()
}

/// The market: the same deliveries in every run.
#[derive(Clone)]
pub struct Prints {
    /// By instrument: prices on its grid, each with the one a tick above.
    prices: Vec<Vec<(Price, Price)>>,
    depth: Arc<Depth>,
    next: usize,
    step: usize,
}

impl Prints {
    /// Prices for these.
    pub fn new(instruments: &[Arc<Instrument>]) -> Self {
        let path = |instrument: &Arc<Instrument>| {
            let first = instrument.ticks.round(Price(Decimal::ONE_HUNDRED));
            let up_and_down = |i: usize| i32::try_from(i.min(STEPS - i)).expect("a few steps");
            let at = |i| instrument.ticks.step(first, up_and_down(i));
            (0..STEPS).map(|i| (at(i), instrument.ticks.step(at(i), 1))).collect()
        };
        let level = |i: i64| Level {
            price: Price(Decimal::new(10_000 - i, 2)),
            quantity: Qty(Decimal::ONE_HUNDRED),
            orders: 3,
        };
        let depth = Depth {
            bids: (1..=20).map(level).collect(),
            asks: (1..=20).map(|i| level(-i)).collect(),
            time: Time::default(),
        };
        Self { prices: instruments.iter().map(path).collect(), depth: Arc::new(depth), next: 0, step: 0 }
    }

    /// The next delivery; everything in it happens at `time`.
    pub fn delivery(&mut self, time: Time) -> Vec<MarketEvent> {
        let mut events = Vec::with_capacity(TOUCHED * 3 + 1);
        for _ in 0..TOUCHED {
            let id = InstrumentId(self.next as u32);
            let (bid, ask) = self.prices[self.next][self.step % STEPS];
            let quantity = Qty(Decimal::ONE_HUNDRED);
            for (price, aggressor) in [(bid, Side::Sell), (ask, Side::Buy)] {
                let trade = Trade { time, price, quantity, aggressor: Some(aggressor) };
                events.push(MarketEvent::Trade(id, trade));
            }
            let quote = Quote {
                bid: Some(bid),
                bid_size: quantity,
                ask: Some(ask),
                ask_size: quantity,
                last: Some(ask),
                last_size: quantity,
                is_open: true,
                time,
                ..Quote::default()
            };
            events.push(MarketEvent::Quote(id, quote));
            if self.next == DEEP {
                events.push(MarketEvent::Depth(id, Arc::clone(&self.depth)));
            }
            self.next = (self.next + 1) % self.prices.len();
        }
        self.step += 1;
        events
    }
}

/// What there is before the market begins: one account, and a connection that is ready.
pub fn opening() -> [BrokerEvent; 2] {
    let account = Account {
        id: "BENCH".into(),
        broker: BrokerId(0),
        kind: AccountKind::Paper,
        title: "Bench".into(),
        base: Currency::USD,
        balances: Vec::new(),
        reported: None,
    };
    let books = Books { accounts: vec![Arc::new(account)], ..Books::default() };
    let reason = "A flood on purpose".into();
    let ready = BrokerEvent::Connection { state: ConnectionState::Ready, reason };
    [BrokerEvent::Books(Arc::new(books)), ready]
}

/// The answers to a request: no history, and every order works.
pub fn answers(request: BrokerRequest, now: Time) -> Vec<BrokerEvent> {
    let told = |order: OrderId, status| {
        let kind = ReportKind::Status { status, reason: None };
        vec![BrokerEvent::OnWire { order, at: now }, BrokerEvent::Report(Report { order, kind, time: now })]
    };
    match request {
        BrokerRequest::Place(orders) => {
            orders.iter().flat_map(|order| told(order.id(), OrderStatus::Working)).collect()
        }
        BrokerRequest::Cancel(order) => told(order, OrderStatus::Cancelled),
        BrokerRequest::History(request) => {
            vec![BrokerEvent::History(HistoryBars {
                request,
                bars: Bars::default(),
                forming: None,
                is_cut: false,
            })]
        }
        BrokerRequest::Disconnect => {
            let reason = "Disconnected".into();
            vec![BrokerEvent::Connection { state: ConnectionState::Closed, reason }]
        }
        _ => Vec::new(),
    }
}

/// The broker of this market.
pub struct Flood {
    instruments: Vec<Arc<Instrument>>,
    prints: Prints,
    rate: Option<u32>,
}

impl Flood {
    /// A market of everything that is listed, of so many events a second spread over its
    /// milliseconds; as fast as the engine takes them without.
    pub fn new(rate: Option<u32>) -> Self {
        let instruments = instruments();
        Self { prints: Prints::new(&instruments), instruments, rate }
    }
}

impl Adapter for Flood {
    fn name(&self) -> &'static str {
        "Flood"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities { native_groups: true, amend: true, lookup: false, what_if: false }
    }

    fn instruments(&self) -> Vec<Arc<Instrument>> {
        self.instruments.clone()
    }

    fn start(&self, start: SessionStart) -> Session {
        let (prints, rate) = (self.prints.clone(), self.rate);
        Box::pin(async move {
            session(start, prints, rate).await.unwrap_or(());
            SessionEnd::Asked
        })
    }
}

/// Runs until it is told to end; an engine that is gone is an end too.
async fn session(mut start: SessionStart, mut prints: Prints, rate: Option<u32>) -> Result<(), EngineGone> {
    for event in opening() {
        start.events.send(event).await?;
    }
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let began = start.clock.now();
    let mut sent = 0;
    loop {
        tokio::select! {
            biased;
            request = start.requests.recv() => {
                let Some(request) = request else { return Ok(()) };
                let is_last = request == BrokerRequest::Disconnect;
                for event in answers(request, start.clock.now()) {
                    start.events.send(event).await?;
                }
                if is_last {
                    return Ok(());
                }
            }
            _ = ticks.tick(), if rate.is_some() => {
                let seconds = start.clock.now().since(began).as_secs_f64();
                let due = seconds * rate.map_or(0.0, f64::from);
                while (sent as f64) < due {
                    sent += send(&start.events, &mut prints, &start.clock).await?;
                }
            }
            () = std::future::ready(()), if rate.is_none() => {
                send(&start.events, &mut prints, &start.clock).await?;
            }
        }
    }
}

/// Sends one delivery, stamped with now, as a session does with what it has read from a socket.
async fn send(events: &EventSender, prints: &mut Prints, clock: &Clock) -> Result<usize, EngineGone> {
    let received = clock.now();
    let delivery = prints.delivery(received);
    let count = delivery.len();
    events.send(BrokerEvent::Market { received, events: delivery }).await?;
    Ok(count)
}
