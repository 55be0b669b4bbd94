//! A small market, an exchange on it, and a program in front of it: what bytes are fed to.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use pitdesk::broker::paper::client::{ClientCore, Login, Out};
use pitdesk::broker::paper::wire::frame::{Inbound, LONGEST};
use pitdesk::broker::paper::wire::{ToExchange, fingerprint};
use pitdesk::broker::paper::{ACCOUNT, PaperVenue, Source};
use pitdesk::broker::{BrokerEvent, BrokerRequest};
use pitdesk::desk::{DayResult, Desk};
use pitdesk::domain::{
    BrokerId, Decimal, Instrument, InstrumentId, Price, Qty, Record, Settings, Time, Timeframe,
};
use pitdesk::engine::{Effect, Engine, EngineEvent, Start};
use pitdesk::exchange::catalogue::{Catalogue, Opening};
use pitdesk::exchange::synth::{Market, MarketConfig};
use pitdesk::link::{BarKey, Command, CommandId, Demand, EngineEnd, Envelope, Inbox, WindowEnd, connect};
use pitdesk::store::journal::Names;
use pitdesk::store::journal::row::{EventRow, decode, encode};

use super::limits;

/// A Friday at ten in New York: everything trades.
pub const START: Time = Time::from_seconds(1_795_186_800);
pub const TOKEN: &str = "a secret of forty characters for the fuzz";
const BROKER: BrokerId = BrokerId(0);

/// A share with hours, a currency that values another, a coin in that other one.
const MARKET: &str = r#"
epoch = 2026-11-02
[account]
id = "PAPER"
title = "Paper"
base = "USD"
leverage = "2"
cash = { USD = "1000000", KRW = "500000000" }
[[commissions]]
class = "share"
commission = { per_unit = "0.005", minimum = "1.00" }
[[commissions]]
class = "crypto"
commission = { percent = "0.1" }
[ticks]
cent = [["0", "0.01"]]
won = [["0", "1000"]]
[hours.us]
zone = "America/New_York"
regular = ["09:30-16:00"]
[hours.always]
zone = "UTC"
[[group]]
class = "share"
currency = "USD"
venue = "NYSE"
hours = "us"
ticks = "cent"
lot = "1"
instruments = [ { symbol = "ONE", name = "One", price = "100.00", volatility = 0.2, volume = 1e6, trades = 1 } ]
[[group]]
class = "fx"
currency = "KRW"
venue = "FX"
hours = "always"
ticks = "cent"
lot = "1000"
instruments = [ { symbol = "USD/KRW", name = "Won", price = "1390.00", volatility = 0.1, volume = 1e9, trades = 1 } ]
[[group]]
class = "crypto"
currency = "KRW"
venue = "COIN"
hours = "always"
ticks = "won"
lot = "0.00000001"
instruments = [ { symbol = "BTC/KRW", name = "Bitcoin", price = "150000000", volatility = 0.5, volume = 1e3, trades = 1 } ]
"#;

fn catalogue() -> &'static Catalogue {
    static ONCE: OnceLock<Catalogue> = OnceLock::new();
    ONCE.get_or_init(|| Catalogue::parse(MARKET, Opening::AsListed).expect("the small market is in order"))
}

/// What it lists.
pub fn instruments() -> Vec<Arc<Instrument>> {
    catalogue().instruments()
}

/// The exchange without a trader in it.
pub fn venue() -> PaperVenue {
    let market = Market::new(catalogue(), 7, START, MarketConfig::default()).expect("its hours are in order");
    let source = Source::Synthetic(Box::new(market));
    PaperVenue::new(BROKER, instruments(), catalogue().config(), source, START).expect("it opens")
}

pub fn fingerprint_of_market() -> u32 {
    fingerprint(&instruments())
}

/// Whether the journal's disk is quick or hangs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disk {
    Quick,
    Hangs,
}

/// Everything of the program that an exchange's words reach: its end of the wire, the engine, the
/// link and the desk.
pub struct Program {
    pub client: ClientCore,
    pub now: Time,
    pub desk: Desk,
    /// What the client said, which is read as the exchange would.
    said: Inbound,
    engine: Engine,
    link: EngineEnd,
    inbox: Inbox,
    disk: Disk,
    names: Names,
    next_command: u64,
}

impl Program {
    pub fn new(disk: Disk) -> Self {
        let instruments: Arc<[_]> = instruments().into();
        let names = Names { brokers: vec!["Paper".into()], instruments: Arc::clone(&instruments) };
        let (link, WindowEnd { inbox, .. }) = connect(Arc::new(|| ()));
        let mut settings = Settings::default();
        // As loose as limits can be, so that what is kept back is kept back for its numbers.
        let profile = &mut settings.limits.profile;
        let most = Some(Decimal::from(10_i64.pow(18)));
        (profile.max_order_value, profile.max_position_value) = (most, most);
        (profile.max_exposure, profile.max_loss_per_day) = (most, most);
        let first = Start::first(instruments, vec!["Paper".into()], START);
        let login = Login {
            broker: BROKER,
            account: ACCOUNT.into(),
            token: TOKEN.to_owned(),
            catalogue: fingerprint_of_market(),
            last_event: 0,
        };
        let mut program = Self {
            client: ClientCore::new(login),
            now: START,
            desk: Desk::default(),
            said: Inbound::new(LONGEST),
            engine: Engine::new(Start { settings: settings.into(), ..first }),
            link,
            inbox,
            disk,
            names,
            next_command: 1,
        };
        program.process(EngineEvent::Started);
        let mut out = Out::default();
        program.client.connected(START, &mut out);
        program.carry_out(out);
        program.command(Command::Demand(demand()));
        program
    }

    /// Bytes came from the exchange.
    pub fn hear(&mut self, bytes: &[u8]) {
        let mut out = Out::default();
        self.client.received(bytes, self.now, &mut out);
        assert!(out.end.is_none() || out.bytes.is_empty(), "nothing is sent behind the end");
        self.carry_out(out);
    }

    pub fn command(&mut self, command: Command) {
        let id = CommandId(self.next_command);
        self.next_command += 1;
        self.process(EngineEvent::Command(Envelope { id, input_at: self.now, command }));
    }

    pub fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        let mut out = Out::default();
        self.client.tick(self.now, &mut out);
        self.carry_out(out);
        self.process(EngineEvent::Tick);
    }

    /// The window looks.
    pub fn look(&mut self) {
        self.desk.apply(self.inbox.drain(), self.now);
        assert!(self.desk.ledger().adds_up(), "{:?}", self.desk.ledger());
        let positions: Vec<_> = self.desk.blotter().open_positions().cloned().collect();
        let shown = positions.iter().map(|position| (position, DayResult::default()));
        std::hint::black_box(self.desk.position_totals(shown));
        for instrument in self.desk.instruments() {
            let quote = self.desk.quote(instrument.id);
            std::hint::black_box(quote.map(|view| (view.quote.change_percent(), view.quote.mark())));
            let (price, quantity) = (Price(Decimal::MAX), Qty(Decimal::from(1_000_000_000_000_i64)));
            std::hint::black_box(self.desk.commission(instrument, price, quantity));
        }
        for position in &positions {
            std::hint::black_box((self.desk.unrealised(position), self.desk.value_of(position)));
        }
        std::hint::black_box(self.desk.valuations());
    }

    fn carry_out(&mut self, out: Out) {
        let Out { bytes, events, end } = out;
        if end.is_none() {
            self.said.push(&bytes);
            while let Some(message) =
                self.said.next_message::<ToExchange>().expect("a client speaks the protocol")
            {
                limits::asked(&message);
            }
        }
        let mut sent = Out::default();
        self.client.handed_over(bytes.len(), self.now, &mut sent);
        for event in events.into_iter().chain(sent.events) {
            self.process(EngineEvent::Broker(BROKER, event));
        }
        if let Some(end) = end {
            let reason = format!("{end:?}").into();
            let unread = Vec::new();
            self.process(EngineEvent::Broker(BROKER, BrokerEvent::Ended { reason, unread }));
        }
    }

    fn process(&mut self, event: EngineEvent) {
        let mut effects = Vec::new();
        self.engine.process(event, self.now, &mut effects);
        let (mut requests, mut written) = (Vec::new(), None);
        let is_behind = self.link.publisher.batch(|window| {
            for effect in effects {
                match effect.publish_to(window) {
                    Some(Effect::Request(_, request)) => requests.push(request),
                    Some(Effect::Journal(record)) => {
                        written = Some(record.seq);
                        can_be_read_again(&self.names, &record);
                    }
                    _ => {}
                }
            }
            window.needs_snapshot()
        });
        for request in requests {
            self.request(request);
        }
        if let Some(seq) = written.filter(|_| self.disk == Disk::Quick) {
            self.process(EngineEvent::Journaled(seq));
        }
        if is_behind {
            self.process(EngineEvent::WindowIsBehind);
        }
    }

    fn request(&mut self, request: BrokerRequest) {
        let mut out = Out::default();
        match self.client.request(request, self.now, &mut out) {
            Ok(()) => self.carry_out(out),
            Err(request) => self.process(EngineEvent::Undelivered(BROKER, request, "It is not ready")),
        }
    }
}

/// What the engine writes down is there after a restart.
fn can_be_read_again(names: &Names, record: &Record) {
    let row = names.row_of(record);
    let text = encode(&row).expect("a row has a JSON form");
    match decode::<EventRow>(text.as_bytes()) {
        Ok(again) => assert_eq!(again, row),
        Err(error) => panic!("the journal could not be read again: {error}\n{text}"),
    }
}

fn demand() -> Arc<Demand> {
    let all = (0..instruments().len() as u32).map(InstrumentId);
    let mut demand = Demand {
        quotes: all.clone().collect(),
        depth: all.clone().collect(),
        trades: all.collect(),
        ..Demand::default()
    };
    for (id, timeframe) in [(0, Timeframe::M1), (0, Timeframe::D1), (1, Timeframe::W1), (2, Timeframe::S1)] {
        demand.want_bars(BarKey { instrument: InstrumentId(id), timeframe }, 100);
    }
    Arc::new(demand)
}
