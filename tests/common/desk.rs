<<<<<<< HEAD
//! A desk with a market in it, for tests of panes: the bundled catalogue, a ready paper
//! connection, one account; quotes, orders and notices as a test publishes them.
//!
//! Everything goes through [`pitdesk::link`], the only door there is. [`Market`] is the
//! engine's side of it, on a clock that stands still until [`Market::later`].
=======
//! A real desk for pane tests: everything in it has come through the link, as in the program.
//!
//! It begins at Friday 2026-11-20 15:00 UTC with one paper account, a ready connection,
//! instruments of every class, and a fresh quote of each.
>>>>>>> ticket

use std::sync::Arc;
use std::time::Duration;

use pitdesk::desk::Desk;
use pitdesk::domain::{
<<<<<<< HEAD
    Account, AccountId, AccountKind, Balance, BrokerId, Currency, Decimal, Instrument, InstrumentId, Price,
    Qty, Quote, Settings, Time,
};
use pitdesk::exchange::catalogue::{Catalogue, Opening};
use pitdesk::link::channel::Batch;
use pitdesk::link::{
    Clock, Command, Connection, ConnectionState, EngineEnd, Inbox, KillState, Notice, NoticeLevel, Snapshot,
    Update, WindowEnd, connect,
};
use pitdesk::ui::{Begin, Terminal};

/// 20 November 2026, 15:00:00 UTC: a Friday, New York open, Tokyo closed.
pub const START: Time = Time::from_seconds(1_795_186_800);

/// The engine's side of a desk under test.
pub struct Market {
    engine: EngineEnd,
    clock: Clock,
    instruments: Arc<[Arc<Instrument>]>,
    settings: Arc<Settings>,
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
        let (market, link) = Self::new();
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
            settings: Arc::default(),
        };
        market.snapshot();
        (market, window)
    }

    /// Publishes the state anew: the settings as they are, no orders, a ready connection.
    pub fn snapshot(&mut self) {
        let snapshot = Snapshot {
            instruments: Arc::clone(&self.instruments),
            orders: Vec::new(),
            fills: Vec::new(),
            positions: Vec::new(),
            accounts: vec![Arc::new(paper_account())],
            connections: vec![connection(ConnectionState::Ready, "Connected", START)],
            kill: KillState::Armed,
            settings: Arc::clone(&self.settings),
            notices: Vec::new(),
        };
        self.publish(Update::Snapshot(Arc::new(snapshot)));
    }

    /// Publishes a snapshot of another catalogue.
    pub fn list(&mut self, instruments: Vec<Arc<Instrument>>) {
        self.instruments = instruments.into();
        self.snapshot();
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
        let (id, quote) = (self.id(key), self.quote_at(key, last));
        let now = self.now();
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

    /// What the window has sent since the last call.
    pub fn commands(&mut self) -> Vec<Command> {
        std::iter::from_fn(|| self.engine.commands.try_recv().ok()).map(|envelope| envelope.command).collect()
    }
}

/// A decimal of a literal.
#[track_caller]
pub fn decimal(text: &str) -> Decimal {
    text.parse().expect("a literal of a test is a number")
}

/// One account of the paper broker, in three currencies.
=======
    Account, AccountKind, AssetClass, Balance, BrokerId, Currency, Decimal, Fill, Instrument, InstrumentId,
    Order, Position, Price, Qty, Quote, Settings, TickTable, Time, TradingHours,
};
use pitdesk::link::{
    Answer, Connection, ConnectionState, EngineEnd, KillState, Notice, Snapshot, Update, WindowEnd, connect,
};

/// When the desk begins.
pub const START: Time = Time::from_seconds(1_795_186_800);
/// The account.
pub const ACCOUNT: &str = "PAPER";

/// A decimal from its text.
pub fn dec(text: &str) -> Decimal {
    text.parse().expect("a decimal")
}

/// A price from its text.
pub fn price(text: &str) -> Price {
    Price(dec(text))
}

/// A quantity from its text.
pub fn qty(text: &str) -> Qty {
    Qty(dec(text))
}

/// What a desk begins with; change it before [`DeskFixture::new`].
pub struct Begin {
    pub instruments: Vec<Instrument>,
    pub orders: Vec<Order>,
    pub fills: Vec<Fill>,
    pub positions: Vec<Position>,
    pub accounts: Vec<Account>,
    pub settings: Settings,
    pub notices: Vec<Notice>,
}

/// A desk with the engine's end of its link.
pub struct DeskFixture {
    pub desk: Desk,
    engine: EngineEnd,
    window: WindowEnd,
    now: Time,
}

impl Default for Begin {
    fn default() -> Self {
        Self {
            instruments: catalogue(),
            orders: Vec::new(),
            fills: Vec::new(),
            positions: Vec::new(),
            accounts: vec![paper_account()],
            settings: Settings::default(),
            notices: Vec::new(),
        }
    }
}

impl Begin {
    /// Gives the account a position.
    #[must_use]
    pub fn holding(mut self, symbol: &str, net: &str, average: &str) -> Self {
        let instrument = self.instruments.iter().find(|i| &*i.symbol == symbol).expect("a known symbol").id;
        let mut position = Position::flat(ACCOUNT.into(), instrument);
        (position.net, position.average_price) = (dec(net), dec(average));
        self.positions.push(position);
        self
    }
}

impl DeskFixture {
    /// A desk to which everything has been told.
    pub fn new(begin: Begin) -> Self {
        let (engine, window) = connect(Arc::new(|| {}));
        let mut fixture = Self { desk: Desk::default(), engine, window, now: START };
        let instruments: Arc<[Arc<Instrument>]> = begin.instruments.into_iter().map(Arc::new).collect();
        let paper = Connection {
            broker: BrokerId(0),
            name: "Paper".into(),
            state: ConnectionState::Ready,
            reason: "connected".into(),
            since: START,
        };
        let snapshot = Snapshot {
            instruments: Arc::clone(&instruments),
            orders: begin.orders,
            fills: begin.fills,
            positions: begin.positions,
            accounts: begin.accounts.into_iter().map(Arc::new).collect(),
            connections: vec![paper],
            kill: KillState::Armed,
            settings: Arc::new(begin.settings),
            notices: begin.notices,
        };
        fixture.publish(Update::Snapshot(Arc::new(snapshot)));
        for instrument in &*instruments {
            let quote = first_quote(&instrument.symbol);
            fixture.quote(&instrument.symbol, quote);
        }
        fixture
    }

    /// Tells the desk something of the lossless class, now.
    pub fn publish(&mut self, update: Update) {
        let now = self.now;
        self.engine.publisher.batch(|batch| batch.lossless(update, now));
        self.apply();
    }

    /// Tells the desk a quote, now.
    pub fn quote(&mut self, symbol: &str, quote: Quote) {
        let (id, now) = (self.instrument(symbol).id, self.now);
        self.engine.publisher.batch(|batch| batch.quote(id, quote, now));
        self.apply();
    }

    /// Answers a command.
    pub fn answer(&mut self, answer: Answer) {
        self.publish(Update::Answer(answer));
    }

    /// Lets time pass in which nothing is heard.
    pub fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.apply();
    }

    /// The time.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Turns the desk to an instrument.
    pub fn select(&mut self, symbol: &str) {
        let id = self.instrument(symbol).id;
        self.desk.select(id);
    }

    /// An instrument by symbol.
    pub fn instrument(&self, symbol: &str) -> Arc<Instrument> {
        let found = self.desk.instruments().iter().find(|i| &*i.symbol == symbol);
        Arc::clone(found.expect("a known symbol"))
    }

    fn apply(&mut self) {
        let applied = self.desk.apply(self.window.inbox.drain(), self.now);
        assert!(!applied.needs_snapshot, "the fixture leaves no gap");
    }
}

/// Simulated money in three currencies.
>>>>>>> ticket
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
<<<<<<< HEAD
        id: AccountId("PAPER".into()),
=======
        id: ACCOUNT.into(),
>>>>>>> ticket
        broker: BrokerId(0),
        kind: AccountKind::Paper,
        title: "Paper account".into(),
        base: Currency::USD,
        balances: vec![
            balance(Currency::USD, 1_000_000),
            balance(Currency::JPY, 50_000_000),
            balance(Currency::KRW, 500_000_000),
        ],
    }
}

<<<<<<< HEAD
fn connection(state: ConnectionState, reason: &str, since: Time) -> Connection {
    Connection { broker: BrokerId(0), name: "Paper".into(), state, reason: reason.into(), since }
=======
/// Instruments with every kind of grid: cents, a tick table in yen, pips, won, 1e-8 lots.
pub fn catalogue() -> Vec<Instrument> {
    use AssetClass::{Crypto, Fx, Share};
    let rows: [(&str, &str, &str, AssetClass, Currency, &[(&str, &str)], &str, &str); 9] = [
        ("AAPL", "Apple", "NASDAQ", Share, Currency::USD, &[("0", "0.01")], "1", "America/New_York"),
        (
            "BRK.B",
            "Berkshire Hathaway Class B",
            "NYSE",
            Share,
            Currency::USD,
            &[("0", "0.01")],
            "1",
            "America/New_York",
        ),
        (
            "8306",
            "Mitsubishi UFJ Financial Group",
            "TSE",
            Share,
            Currency::JPY,
            &[("0", "0.1"), ("1000", "0.5"), ("3000", "1"), ("10000", "5")],
            "100",
            "Asia/Tokyo",
        ),
        (
            "005930",
            "Samsung Electronics",
            "KRX",
            Share,
            Currency::KRW,
            &[
                ("0", "1"),
                ("2000", "5"),
                ("5000", "10"),
                ("20000", "50"),
                ("50000", "100"),
                ("200000", "500"),
            ],
            "1",
            "Asia/Seoul",
        ),
        (
            "EUR/USD",
            "Euro / US dollar",
            "FX",
            Fx,
            Currency::USD,
            &[("0", "0.00001")],
            "1000",
            "America/New_York",
        ),
        (
            "USD/JPY",
            "US dollar / Japanese yen",
            "FX",
            Fx,
            Currency::JPY,
            &[("0", "0.001")],
            "1000",
            "America/New_York",
        ),
        (
            "USD/KRW",
            "US dollar / Korean won",
            "FX",
            Fx,
            Currency::KRW,
            &[("0", "0.01")],
            "1000",
            "America/New_York",
        ),
        ("BTC/USD", "Bitcoin / US dollar", "CRYPTO", Crypto, Currency::USD, &[("0", "1")], "0.0001", "UTC"),
        (
            "BTC/KRW",
            "Bitcoin / Korean won",
            "CRYPTO",
            Crypto,
            Currency::KRW,
            &[("0", "1000")],
            "0.00000001",
            "Asia/Seoul",
        ),
    ];
    let instrument =
        |(index, row): (usize, (&str, &str, &str, AssetClass, Currency, &[(&str, &str)], &str, &str))| {
            let (symbol, name, venue, class, currency, ticks, lot, zone) = row;
            let ticks = ticks.iter().map(|(from, tick)| (dec(from), dec(tick))).collect();
            Instrument {
                id: InstrumentId(index as u32),
                broker: BrokerId(0),
                symbol: symbol.into(),
                name: name.into(),
                venue: venue.into(),
                class,
                currency,
                ticks: TickTable::new(ticks).expect("a sound tick table"),
                lot: qty(lot),
                multiplier: Decimal::ONE,
                hours: TradingHours::always(zone),
            }
        };
    rows.into_iter().enumerate().map(instrument).collect()
}

/// The quote that the fixture begins with.
pub fn first_quote(symbol: &str) -> Quote {
    let (bid, ask, last, close, size) = match symbol {
        "AAPL" => ("227.48", "227.52", "227.50", "225.10", "1200"),
        "BRK.B" => ("508.61", "508.79", "508.70", "511.02", "140"),
        "8306" => ("2488.5", "2489.0", "2488.5", "2470.0", "12300"),
        "005930" => ("104200", "104300", "104300", "103900", "5210"),
        "EUR/USD" => ("1.16238", "1.16241", "1.16240", "1.16012", "2500000"),
        "USD/JPY" => ("153.478", "153.481", "153.480", "153.902", "1800000"),
        "USD/KRW" => ("1438.50", "1438.70", "1438.60", "1436.20", "400000"),
        "BTC/USD" => ("104199", "104200", "104200", "103000", "0.8123"),
        "BTC/KRW" => ("149902000", "149903000", "149902000", "148120000", "0.12345678"),
        other => panic!("no quote for {other}"),
    };
    Quote {
        bid: Some(price(bid)),
        bid_size: qty(size),
        ask: Some(price(ask)),
        ask_size: qty(size),
        last: Some(price(last)),
        last_size: qty(size),
        volume: qty("1000000"),
        prev_close: Some(price(close)),
        open: Some(price(close)),
        high: Some(price(ask)),
        low: Some(price(close)),
        is_open: true,
        time: START,
    }
>>>>>>> ticket
}
