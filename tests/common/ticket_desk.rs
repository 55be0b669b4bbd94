//! A real desk for pane tests: everything in it has come through the link, as in the program.
//!
//! It begins at Friday 2026-11-20 15:00 UTC with one paper account, a ready connection,
//! instruments of every class, and a fresh quote of each.

use std::sync::Arc;
use std::time::Duration;

use pitdesk::desk::Desk;
use pitdesk::domain::{
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
            commissions: Vec::new(),
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
        id: ACCOUNT.into(),
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

/// An instrument in one line.
struct Row {
    symbol: &'static str,
    name: &'static str,
    venue: &'static str,
    class: AssetClass,
    currency: Currency,
    ticks: &'static [(&'static str, &'static str)],
    lot: &'static str,
    zone: &'static str,
}

/// Instruments with every kind of grid: cents, tick tables, pips, won, 1e-8 lots.
pub fn catalogue() -> Vec<Instrument> {
    const CENT: &[(&str, &str)] = &[("0", "0.01")];
    const TSE: &[(&str, &str)] = &[("0", "0.1"), ("1000", "0.5"), ("3000", "1"), ("10000", "5")];
    const KRX: &[(&str, &str)] =
        &[("0", "1"), ("2000", "5"), ("5000", "10"), ("20000", "50"), ("50000", "100")];
    let share = |symbol, name, venue, currency, ticks, lot, zone| Row {
        symbol,
        name,
        venue,
        class: AssetClass::Share,
        currency,
        ticks,
        lot,
        zone,
    };
    let fx = |symbol, name, currency, ticks| {
        let (class, zone) = (AssetClass::Fx, "America/New_York");
        Row { symbol, name, venue: "FX", class, currency, ticks, lot: "1000", zone }
    };
    let crypto = |symbol, name, currency, ticks, lot, zone| Row {
        symbol,
        name,
        venue: "CRYPTO",
        class: AssetClass::Crypto,
        currency,
        ticks,
        lot,
        zone,
    };
    let rows = [
        share("AAPL", "Apple", "NASDAQ", Currency::USD, CENT, "1", "America/New_York"),
        share("BRK.B", "Berkshire Hathaway Class B", "NYSE", Currency::USD, CENT, "1", "America/New_York"),
        share("8306", "Mitsubishi UFJ Financial Group", "TSE", Currency::JPY, TSE, "100", "Asia/Tokyo"),
        share("005930", "Samsung Electronics", "KRX", Currency::KRW, KRX, "1", "Asia/Seoul"),
        fx("EUR/USD", "Euro / US dollar", Currency::USD, &[("0", "0.00001")]),
        fx("USD/JPY", "US dollar / Japanese yen", Currency::JPY, &[("0", "0.001")]),
        fx("USD/KRW", "US dollar / Korean won", Currency::KRW, CENT),
        crypto("BTC/USD", "Bitcoin / US dollar", Currency::USD, &[("0", "1")], "0.0001", "UTC"),
        crypto(
            "BTC/KRW",
            "Bitcoin / Korean won",
            Currency::KRW,
            &[("0", "1000")],
            "0.00000001",
            "Asia/Seoul",
        ),
    ];
    let instrument = |(index, row): (usize, Row)| {
        let ticks = row.ticks.iter().map(|(from, tick)| (dec(from), dec(tick))).collect();
        Instrument {
            id: InstrumentId(index as u32),
            broker: BrokerId(0),
            symbol: row.symbol.into(),
            name: row.name.into(),
            venue: row.venue.into(),
            class: row.class,
            currency: row.currency,
            ticks: TickTable::new(ticks).expect("a sound tick table"),
            lot: qty(row.lot),
            multiplier: Decimal::ONE,
            hours: TradingHours::always(row.zone),
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
}
