//! A desk with a market in it, for tests of panes: the bundled catalogue, a ready paper
//! connection, one account; quotes, orders and notices as a test publishes them.
//!
//! Everything goes through [`pitdesk::link`], the only door there is. [`Market`] is the
//! engine's side of it, on a clock that stands still until [`Market::later`].

use std::sync::Arc;
use std::time::Duration;

use pitdesk::desk::Desk;
use pitdesk::domain::{
    Account, AccountId, AccountKind, AlertBook, Balance, BrokerId, CommissionRule, Currency, Decimal,
    DrawingBook, Instrument, InstrumentId, Price, Qty, Quote, Settings, Time,
};
use pitdesk::exchange::catalogue::{Catalogue, Opening};
use pitdesk::link::channel::Batch;
use pitdesk::link::{
    Clock, Command, CommandId, Connection, ConnectionState, EngineEnd, Envelope, Inbox, KillState, Notice,
    NoticeLevel, ScopeUse, Snapshot, Update, WindowEnd, connect,
};
use pitdesk::market::equity::Curves;
use pitdesk::ui::{Begin, Terminal};

/// 20 November 2026, 15:00:00 UTC: a Friday, New York open, Tokyo closed.
pub const START: Time = Time::from_seconds(1_795_186_800);

/// The engine's side of a desk under test.
pub struct Market {
    engine: EngineEnd,
    clock: Clock,
    instruments: Arc<[Arc<Instrument>]>,
    accounts: Vec<Account>,
    commissions: Vec<CommissionRule>,
    settings: Arc<Settings>,
    uses: Arc<[ScopeUse]>,
    armed: Arc<[(BrokerId, AccountId)]>,
    growing: Arc<[BrokerId]>,
    /// Alerts, as the next snapshot has them.
    pub alerts: Arc<AlertBook>,
    /// What is drawn on charts, as the next snapshot has it.
    pub drawings: Arc<DrawingBook>,
    /// What the accounts were worth, as the next snapshot has it.
    pub equity: Arc<Curves>,
}

/// The window's side where a single pane is tested: a desk that a test keeps up to date.
pub struct Window {
    /// What the pane reads.
    pub desk: Desk,
    inbox: Inbox,
}

impl Window {
    /// Takes over what was published, as at the begin of a frame.
    pub fn update(&mut self, market: &Market) {
        self.desk.apply(self.inbox.drain(), market.now());
    }
}

impl Market {
    /// A market and a desk that has its first snapshot.
    pub fn with_desk() -> (Self, Window) {
        let (market, WindowEnd { inbox, .. }) = Self::new();
        let mut window = Window { desk: Desk::default(), inbox };
        window.update(&market);
        (market, window)
    }

    /// A market and the whole window; `workspace` is the arrangement as it was saved.
    pub fn with_terminal(workspace: Option<&str>) -> (Self, Terminal) {
        Self::terminal_on(Self::new(), workspace)
    }

    /// The same with an engine that is so far behind that no command finds room.
    pub fn with_busy_terminal() -> (Self, Terminal) {
        let (market, link) = Self::new();
        let envelope = |id| Envelope { id: CommandId(id), input_at: START, command: Command::Snapshot };
        while link.commander.try_send(envelope(0)).is_ok() {}
        Self::terminal_on((market, link), None)
    }

    fn terminal_on((market, link): (Self, WindowEnd), workspace: Option<&str>) -> (Self, Terminal) {
        let begin = Begin { link, clock: market.clock.clone(), workspace: workspace.map(str::to_owned) };
        (market, Terminal::new(begin))
    }

    fn new() -> (Self, WindowEnd) {
        let (engine, window) = connect(Arc::new(|| ()));
        let catalogue = Catalogue::bundled(Opening::AsListed).expect("the bundled catalogue is in order");
        let mut market = Self {
            engine,
            clock: Clock::manual(START),
            instruments: catalogue.instruments().into(),
            accounts: vec![paper_account()],
            commissions: catalogue.config().commissions,
            settings: Arc::default(),
            uses: Arc::default(),
            armed: Arc::default(),
            growing: Arc::default(),
            alerts: Arc::default(),
            drawings: Arc::default(),
            equity: Arc::default(),
        };
        market.snapshot();
        (market, window)
    }

    /// Publishes the state anew: the settings as they are, no orders, a ready connection.
    pub fn snapshot(&mut self) {
        let snapshot = Snapshot {
            uses: Arc::clone(&self.uses),
            armed: Arc::clone(&self.armed),
            instruments: Arc::clone(&self.instruments),
            orders: Vec::new(),
            fills: Vec::new(),
            positions: Vec::new(),
            accounts: self.accounts.iter().cloned().map(Arc::new).collect(),
            remarks: Vec::new(),
            growing: Arc::clone(&self.growing),
            reckoning: Arc::clone(&self.growing),
            commissions: vec![(BrokerId(0), self.commissions.clone())],
            outages: Arc::default(),
            connections: vec![connection(ConnectionState::Ready, "Connected", START)],
            kill: KillState::Armed,
            kill_report: None,
            journal: pitdesk::link::JournalState::Works,
            reconciled: Vec::new(),
            alerts: Arc::clone(&self.alerts),
            notes: Arc::default(),
            drawings: Arc::clone(&self.drawings),
            equity: Arc::clone(&self.equity),
            settings: Arc::clone(&self.settings),
            settings_unsaved: None,
            notices: Vec::new(),
        };
        self.publish(Update::Snapshot(Arc::new(snapshot)));
    }

    /// Publishes a snapshot of a broker that has more than it lists.
    pub fn grow(&mut self) {
        self.growing = [BrokerId(0)].into();
        self.snapshot();
    }

    /// Publishes a snapshot of another catalogue.
    pub fn list(&mut self, instruments: Vec<Arc<Instrument>>) {
        self.instruments = instruments.into();
        self.snapshot();
    }

    /// Publishes a snapshot in which the account is another.
    pub fn bank(&mut self, change: impl FnOnce(&mut Account)) {
        change(&mut self.accounts[0]);
        self.snapshot();
    }

    /// Publishes a snapshot with another account, made of the first.
    pub fn bank_also(&mut self, change: impl FnOnce(&mut Account)) {
        let mut other = self.accounts[0].clone();
        change(&mut other);
        self.accounts.push(other);
        self.snapshot();
    }

    /// Publishes a snapshot of a login that has one of the accounts alone.
    pub fn bank_only(&mut self, index: usize) {
        self.accounts = vec![self.accounts.swap_remove(index)];
        self.snapshot();
    }

    /// Publishes that all accounts are armed, or none.
    pub fn arm(&mut self, is_armed: bool) {
        let places = self.accounts.iter().filter(|_| is_armed).map(|a| (a.broker, a.id.clone()));
        self.armed = places.collect();
        self.publish(Update::Armed(Arc::clone(&self.armed)));
    }

    /// Publishes what is used of counted limits.
    pub fn uses(&mut self, uses: Vec<ScopeUse>) {
        self.uses = uses.into();
        self.publish(Update::Uses(Arc::clone(&self.uses)));
    }

    /// Publishes other settings.
    pub fn configure(&mut self, change: impl FnOnce(&mut Settings)) {
        change(Arc::make_mut(&mut self.settings));
        self.publish(Update::Settings(Arc::clone(&self.settings)));
    }

    /// Publishes the state of the paper connection, since now.
    pub fn connection(&mut self, state: ConnectionState, reason: &str) {
        let connection = connection(state, reason, self.now());
        self.publish(Update::Connection(connection));
    }

    /// Publishes a line of the activity log, of now.
    pub fn notice(&mut self, level: NoticeLevel, text: &str) {
        let notice = Notice { time: self.now(), level, text: text.into() };
        self.publish(Update::Notice(notice));
    }

    /// Publishes anything that is told without loss, received now.
    pub fn publish(&mut self, update: Update) {
        let now = self.now();
        self.engine.publisher.batch(|batch| batch.lossless(update, now));
    }

    /// Publishes anything, received when the caller says.
    pub fn batch(&mut self, publish: impl FnOnce(&mut Batch<'_>)) {
        self.engine.publisher.batch(publish);
    }

    /// Publishes a quote around `last`, received now.
    pub fn quote(&mut self, key: &str, last: &str) {
        let quote = self.quote_at(key, last);
        self.publish_quote(key, quote);
    }

    /// Publishes a quote, received now.
    pub fn publish_quote(&mut self, key: &str, quote: Quote) {
        let (id, now) = (self.id(key), self.now());
        self.engine.publisher.batch(|batch| batch.quote(id, quote, now));
    }

    /// A quote around `last`, one tick wide, up 1 % on the day.
    pub fn quote_at(&self, key: &str, last: &str) -> Quote {
        let instrument = &self.instruments[self.id(key).index()];
        let last = Price(decimal(last));
        let ticks = &instrument.ticks;
        Quote {
            bid: Some(ticks.step(last, -1)),
            bid_size: Qty(instrument.lot.0 * Decimal::from(12)),
            ask: Some(last),
            ask_size: Qty(instrument.lot.0 * Decimal::from(8)),
            last: Some(last),
            last_size: instrument.lot,
            volume: Qty(instrument.lot.0 * Decimal::from(52_100)),
            prev_close: Some(ticks.round(Price(last.0 / Decimal::new(101, 2)))),
            open: Some(last),
            high: Some(ticks.step(last, 20)),
            low: Some(ticks.step(last, -35)),
            is_open: true,
            time: self.now(),
        }
    }

    /// Moves the clock on.
    pub fn later(&mut self, by: Duration) {
        self.clock.set(self.now() + by);
    }

    /// The time of the clock.
    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// The catalogue.
    pub fn instruments(&self) -> &[Arc<Instrument>] {
        &self.instruments
    }

    /// The id of the instrument with this key, such as `AAPL@NASDAQ`.
    #[track_caller]
    pub fn id(&self, key: &str) -> InstrumentId {
        let found = self.instruments.iter().find(|instrument| instrument.key() == key);
        found.unwrap_or_else(|| panic!("{key} is not in the catalogue")).id
    }

    /// Ends the engine: no command is taken any more.
    pub fn end_engine(&mut self) {
        self.engine.commands.close();
    }

    /// What the window has sent since the last call.
    pub fn commands(&mut self) -> Vec<Command> {
        self.envelopes().into_iter().map(|envelope| envelope.command).collect()
    }

    /// The same, with the ids to answer to.
    pub fn envelopes(&mut self) -> Vec<Envelope> {
        std::iter::from_fn(|| self.engine.commands.try_recv().ok()).collect()
    }
}

/// A decimal of a literal.
#[track_caller]
pub fn decimal(text: &str) -> Decimal {
    text.parse().expect("a literal of a test is a number")
}

/// A price of a literal.
#[track_caller]
pub fn price(text: &str) -> Price {
    Price(decimal(text))
}

/// A quantity of a literal.
#[track_caller]
pub fn qty(text: &str) -> Qty {
    Qty(decimal(text))
}

/// One account of the paper broker, in three currencies.
pub fn paper_account() -> Account {
    let balance = |currency, cash: i64| Balance {
        currency,
        cash: cash.into(),
        realised: Decimal::ZERO,
        commissions: Decimal::ZERO,
        margin: Decimal::ZERO,
        buying_power: Decimal::from(cash * 2),
    };
    Account {
        id: AccountId("PAPER".into()),
        broker: BrokerId(0),
        kind: AccountKind::Paper,
        title: "Paper account".into(),
        base: Currency::USD,
        balances: vec![
            balance(Currency::USD, 1_000_000),
            balance(Currency::JPY, 50_000_000),
            balance(Currency::KRW, 500_000_000),
        ],
        reported: None,
    }
}

fn connection(state: ConnectionState, reason: &str, since: Time) -> Connection {
    Connection { broker: BrokerId(0), name: "Paper".into(), state, reason: reason.into(), since }
}
