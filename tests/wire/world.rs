//! An exchange, a client and the wire between them, on a virtual clock; and the same exchange
//! without a wire.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use clap::Parser as _;
use pitdesk::app::cli::Arguments;
use pitdesk::app::market::Plan;
use pitdesk::broker::contract::{Books, Watch};
use pitdesk::broker::paper::client::{ClientCore, Ending, Login, Out};
use pitdesk::broker::paper::server::{ConnId, Effect, Saved, ServerCore};
use pitdesk::broker::paper::wire::fingerprint;
use pitdesk::broker::paper::{PaperConfig, PaperVenue};
use pitdesk::broker::{BrokerEvent, BrokerRequest, MarketEvent};
use pitdesk::domain::{
    BrokerId, Decimal, Instrument, InstrumentId, Order, OrderId, OrderKind, OrderSpec, OrderStatus, Price,
    Qty, Quote, Side, Time, TimeInForce,
};
use pitdesk::risk::{self, ApprovedAmend, ApprovedOrder, Change, Known, Role};
use pitdesk::store::bars::Library;

use crate::approved::{intended, plenty, with_known};
use crate::pipe::{Faults, Pipe};

pub const START: Time = Time::from_seconds(1_795_186_800);
pub const TOKEN: &str = "a token of forty characters, for the test";
pub const STEP: Duration = Duration::from_millis(5);

pub fn plan(seed: u64, now: Time) -> Plan {
    let seed = seed.to_string();
    let options = Arguments::parse_from(["pitdesk", "--seed", &seed]).options;
    Plan::new(&options, &Library::empty(), true, now).unwrap()
}

/// What any market lists.
pub fn listed() -> Vec<Arc<Instrument>> {
    static LISTED: OnceLock<Vec<Arc<Instrument>>> = OnceLock::new();
    LISTED.get_or_init(|| plan(1, START).setup.instruments).clone()
}

/// A market without a trader in it.
pub fn venue(seed: u64, now: Time) -> PaperVenue {
    let setup = plan(seed, now).setup;
    PaperVenue::new(BrokerId(0), setup.instruments, setup.exchange, setup.source, now).unwrap()
}

pub fn login(venue: &PaperVenue, last_event: u64) -> Login {
    Login {
        broker: BrokerId(0),
        account: venue.account_id().clone(),
        token: TOKEN.to_owned(),
        catalogue: fingerprint(venue.instruments()),
        last_event,
    }
}

pub fn order(id: u64, spec: OrderSpec, now: Time) -> Order {
    intended(id, pitdesk::broker::paper::ACCOUNT.into(), spec, now)
}

/// Only the gate makes orders that a client takes.
pub fn approved(
    id: u64,
    spec: OrderSpec,
    instrument: &Instrument,
    quote: &Quote,
    now: Time,
) -> ApprovedOrder {
    let order = order(id, spec, now);
    let ask = |known: &Known<'_>| risk::approve(&order, Role::Plain, known);
    with_known(plenty(), &order.account, instrument, quote, now, ask).unwrap()
}

pub fn approved_amend(
    order: &Order,
    change: Change,
    instrument: &Instrument,
    quote: &Quote,
    now: Time,
) -> ApprovedAmend {
    let ask = |known: &Known<'_>| risk::approve_amend(order, change, Role::Plain, known);
    with_known(plenty(), &order.account, instrument, quote, now, ask).unwrap()
}

/// A trader in front of an exchange, however he is connected.
pub trait Trader {
    fn request(&mut self, request: BrokerRequest);
    fn run(&mut self, duration: Duration);
    fn now(&self) -> Time;
    fn events(&self) -> &[BrokerEvent];
    fn instruments(&self) -> Vec<Arc<Instrument>>;

    fn watch(&mut self, symbol: &str) -> Arc<Instrument> {
        let instrument = self.instruments().into_iter().find(|i| &*i.symbol == symbol).unwrap();
        let quotes = [instrument.id].into();
        self.request(BrokerRequest::Watch(Watch {
            quotes,
            depth: [instrument.id].into(),
            ..Watch::default()
        }));
        self.run(Duration::from_secs(1));
        instrument
    }

    fn quote(&self, id: InstrumentId) -> Quote {
        let quote = |event: &BrokerEvent| match event {
            BrokerEvent::Market { events, .. } => events.iter().rev().find_map(|event| match event {
                MarketEvent::Quote(of, quote) if *of == id => Some(*quote),
                _ => None,
            }),
            _ => None,
        };
        self.events().iter().rev().find_map(quote).expect("it is watched")
    }

    fn approve(
        &self,
        id: u64,
        instrument: &Instrument,
        side: Side,
        units: i64,
        kind: OrderKind,
    ) -> ApprovedOrder {
        let spec = OrderSpec::new(instrument.id, side, Qty(Decimal::from(units)), kind, TimeInForce::Gtc);
        approved(id, spec, instrument, &self.quote(instrument.id), self.now())
    }

    fn place(&mut self, id: u64, instrument: &Instrument, side: Side, units: i64, kind: OrderKind) {
        let order = self.approve(id, instrument, side, units, kind);
        self.request(BrokerRequest::Place(vec![order]));
    }

    fn amend(&mut self, id: u64, instrument: &Instrument, price: Price, change: Change) {
        let kind = OrderKind::Limit { price };
        let spec =
            OrderSpec::new(instrument.id, Side::Buy, Qty(Decimal::ONE_HUNDRED), kind, TimeInForce::Gtc);
        let now = self.now();
        let amend =
            approved_amend(&order(id, spec, now), change, instrument, &self.quote(instrument.id), now);
        self.request(BrokerRequest::Amend(amend));
    }

    fn books(&self) -> Arc<Books> {
        let books = |event: &BrokerEvent| match event {
            BrokerEvent::Books(books) => Some(Arc::clone(books)),
            _ => None,
        };
        self.events().iter().rev().find_map(books).expect("it is connected")
    }
}

/// A price so many ticks below the bid.
pub fn below(instrument: &Instrument, quote: &Quote, ticks: i64) -> Price {
    instrument.ticks.step(quote.bid.unwrap(), -i32::try_from(ticks).unwrap())
}

/// Connected inside of one program.
pub struct Embedded {
    venue: PaperVenue,
    now: Time,
    events: Vec<BrokerEvent>,
}

impl Embedded {
    pub fn new(seed: u64) -> Self {
        Self::configured(seed, PaperConfig::default())
    }

    pub fn configured(seed: u64, config: PaperConfig) -> Self {
        let mut venue = venue(seed, START).configured(config);
        let mut events = Vec::new();
        venue.connect(&mut events);
        Self { venue, now: START, events }
    }
}

impl Trader for Embedded {
    fn request(&mut self, request: BrokerRequest) {
        self.venue.handle(request, self.now, &mut self.events);
    }

    fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end {
            self.now = self.now + STEP;
            self.venue.advance(self.now, &mut self.events);
        }
    }

    fn now(&self) -> Time {
        self.now
    }

    fn events(&self) -> &[BrokerEvent] {
        &self.events
    }

    fn instruments(&self) -> Vec<Arc<Instrument>> {
        self.venue.instruments().cloned().collect()
    }
}

/// Connected by a wire.
pub struct Wired {
    seed: u64,
    pub server: ServerCore,
    pub client: ClientCore,
    now: Time,
    pub events: Vec<BrokerEvent>,
    /// How the connection ended, once it has.
    pub end: Option<Ending>,
    /// What the exchange's disk holds.
    pub disk: Saved,
    conn: ConnId,
    up: Pipe,
    down: Pipe,
    /// How many bytes the client's transport takes before it breaks.
    takes: Option<usize>,
}

impl Wired {
    pub fn new(seed: u64) -> Self {
        let mut world = Self::not_connected(seed);
        world.connect(Faults::default(), Faults::default());
        world
    }

    pub fn not_connected(seed: u64) -> Self {
        let venue = venue(seed, START);
        let client = ClientCore::new(login(&venue, 0));
        Self {
            seed,
            server: ServerCore::new(venue, TOKEN, None, START),
            client,
            now: START,
            events: Vec::new(),
            end: None,
            disk: Saved::default(),
            conn: ConnId(0),
            up: Pipe::new(Faults::default(), 0),
            down: Pipe::new(Faults::default(), 0),
            takes: None,
        }
    }

    /// Connects anew, over a wire with these faults.
    pub fn connect(&mut self, up: Faults, down: Faults) {
        self.conn = ConnId(self.conn.0 + 1);
        self.up = Pipe::new(up, self.conn.0);
        self.down = Pipe::new(down, self.conn.0 + 1_000);
        self.takes = None;
        self.end = None;
        self.client = ClientCore::new(login(self.server.venue(), self.client.last_event()));
        self.server.accept(self.conn, self.now);
        let mut out = Out::default();
        self.client.connected(self.now, &mut out);
        self.carry_out(out);
        self.settle();
    }

    /// The client's end of the connection breaks, as soon as it has taken `count` more bytes.
    pub fn breaks_after(&mut self, count: usize) {
        self.takes = Some(count);
    }

    /// The client notices that the connection is gone; the exchange does not.
    pub fn cut(&mut self) {
        let mut out = Out::default();
        self.client.closed(self.now, &mut out);
        self.carry_out(out);
    }

    /// The exchange notices too.
    pub fn cut_at_the_exchange(&mut self) {
        self.server.closed(self.conn);
    }

    /// The exchange dies, and another begins with what is on its disk.
    pub fn restart_exchange(&mut self) {
        self.cut();
        self.server = ServerCore::new(venue(self.seed, self.now), TOKEN, Some(self.disk.clone()), self.now);
        self.save();
    }

    fn carry_out(&mut self, out: Out) {
        let Out { bytes, events, end } = out;
        self.events.extend(events);
        let taken = self.takes.map_or(bytes.len(), |takes| takes.min(bytes.len()));
        let is_broken = taken < bytes.len();
        self.up.push_raw(&bytes, taken, self.now);
        self.takes = self.takes.map(|takes| takes - taken);
        let mut next = Out::default();
        if taken > 0 {
            self.client.handed_over(taken, self.now, &mut next);
        }
        if is_broken {
            self.client.closed(self.now, &mut next);
        }
        self.end = self.end.take().or(end).or(next.end.take());
        self.events.extend(next.events);
    }

    fn save(&mut self) {
        if let Some(change) = self.server.unsaved() {
            let text = serde_json::to_string(&change).unwrap();
            self.disk.apply(serde_json::from_str(&text).unwrap()).unwrap();
        }
    }

    fn answer(&mut self, effects: Vec<Effect>) {
        self.save();
        for effect in effects {
            match effect {
                Effect::Send(to, bytes) if to == self.conn => self.down.push(&bytes, self.now),
                Effect::Close(conn) if conn == self.conn => self.down.ends = true,
                // What a cut connection is told, nobody hears.
                Effect::Send(..) | Effect::Close(_) => {}
            }
        }
    }

    /// Delivers what has arrived by now, and what follows from it.
    pub fn settle(&mut self) {
        while !self.up.is_empty(self.now) || !self.down.is_empty(self.now) {
            for piece in self.up.arrived(self.now) {
                let mut effects = Vec::new();
                self.server.received(self.conn, &piece, self.now, &mut effects);
                self.answer(effects);
            }
            for piece in self.down.arrived(self.now) {
                let mut out = Out::default();
                self.client.received(&piece, self.now, &mut out);
                self.carry_out(out);
            }
        }
        if self.down.ends && self.down.is_done() {
            self.cut();
        }
    }

    /// Everything that the exchange knows, by order and execution.
    pub fn truth(&self) -> (BTreeMap<OrderId, OrderStatus>, Vec<pitdesk::domain::ExecId>) {
        let state = self.server.snapshot().accounts;
        let account = &state.accounts[0];
        let orders = account.past.iter().chain(&account.working).map(|o| (o.id, o.status)).collect();
        (orders, account.fills.iter().map(|fill| fill.exec_id.clone()).collect())
    }
}

impl Trader for Wired {
    fn request(&mut self, request: BrokerRequest) {
        let mut out = Out::default();
        self.client.request(request, self.now, &mut out).expect("it is ready");
        self.carry_out(out);
        self.settle();
    }

    fn run(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.now < end {
            self.now = self.now + STEP;
            let mut effects = Vec::new();
            self.server.advance(self.now, &mut effects);
            self.answer(effects);
            self.settle();
            let mut out = Out::default();
            self.client.tick(self.now, &mut out);
            self.carry_out(out);
            self.settle();
        }
    }

    fn now(&self) -> Time {
        self.now
    }

    fn events(&self) -> &[BrokerEvent] {
        &self.events
    }

    fn instruments(&self) -> Vec<Arc<Instrument>> {
        self.server.venue().instruments().cloned().collect()
    }
}
