//! A window that stalls while the real engine works: what it finds when it looks again is what
//! a window has that looked all the time.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use pitdesk::app::cli::Arguments;
use pitdesk::app::market::Plan;
use pitdesk::app::rehearsal::Rehearsal;
use pitdesk::broker::{BrokerEvent, HistoryBars, HistoryRequest, MarketEvent};
use pitdesk::desk::Desk;
use pitdesk::domain::settings::{Settings, ThemeChoice};
use pitdesk::domain::{
    BrokerId, Decimal, InstrumentId, OrderId, OrderKind, OrderSpec, Price, Qty, Side, Time, TimeInForce,
    Timeframe, Trade,
};
use pitdesk::engine::{Engine, EngineEvent, Start};
use pitdesk::link::channel::LOSSLESS_CAPACITY;
use pitdesk::link::{
    BarKey, Command, CommandId, Demand, Drill, Envelope, Flatten, Place, Stream, WindowEnd, connect,
};
use pitdesk::risk::Despite;
use pitdesk::store::bars::Library;

const START: Time = Time::from_seconds(1_795_186_800);
/// Orders that are entered and cancelled: several updates each, more than the link holds.
const ROUNDS: u64 = 2_500;

/// How a window looks.
#[derive(Clone, Copy, PartialEq)]
enum Eyes {
    /// After every command.
    Open,
    /// At the beginning and at the end only.
    Shut,
}

struct Trader {
    world: Rehearsal,
    window: WindowEnd,
    desk: Desk,
    eyes: Eyes,
    next: u64,
    /// Snapshots that came.
    fresh: usize,
}

impl Trader {
    fn new(eyes: Eyes) -> Self {
        let options = Arguments::parse_from(["pitdesk", "--seed", "3"]).options;
        let (library, _none) = Library::open(Path::new(""));
        let plan = Plan::new(&options, &library, true, START).unwrap();
        let mut settings = Settings::default();
        // Thousands of orders in a minute are the point here.
        settings.limits.profile.max_orders_per_minute = None;
        let (world, window) = Rehearsal::new(plan, settings, START).unwrap();
        let mut trader = Self { world, window, desk: Desk::default(), eyes, next: 1, fresh: 0 };
        trader.look();
        trader
    }

    fn look(&mut self) {
        let applied = self.desk.apply(self.window.inbox.drain(), self.world.clock().now());
        self.fresh += usize::from(applied.is_fresh);
        assert!(self.desk.ledger().adds_up(), "{:?}", self.desk.ledger());
    }

    fn send(&mut self, command: Command) {
        let id = CommandId(self.next);
        self.next += 1;
        let input_at = self.world.clock().now();
        self.window.commander.try_send(Envelope { id, input_at, command }).unwrap();
        self.world.settle();
        if self.eyes == Eyes::Open {
            self.look();
        }
    }

    fn run(&mut self, seconds: u64) {
        self.world.run(Duration::from_secs(seconds));
        if self.eyes == Eyes::Open {
            self.look();
        }
    }

    fn place(&mut self, instrument: InstrumentId, side: Side, quantity: i64, kind: OrderKind) {
        let quantity = Qty(Decimal::from(quantity));
        let spec = OrderSpec::new(instrument, side, quantity, kind, TimeInForce::Day);
        self.send(Command::Place(Place::plain("PAPER".into(), spec)));
    }
}

/// A day at the desk; the same commands at the same instants, whoever looks.
fn day(eyes: Eyes) -> (Trader, BarKey) {
    let mut trader = Trader::new(eyes);
    let id = |trader: &Trader, symbol: &str| {
        trader.desk.instruments().iter().find(|i| &*i.symbol == symbol).unwrap().id
    };
    let (aapl, btc) = (id(&trader, "AAPL"), id(&trader, "BTC/USD"));
    let key = BarKey { instrument: btc, timeframe: Timeframe::M1 };
    let mut demand = Demand::default();
    demand.quotes.extend([aapl, btc]);
    demand.want_bars(key, 300);
    trader.send(Command::Demand(Arc::new(demand)));
    trader.run(2);
    trader.place(aapl, Side::Buy, 300, OrderKind::Market);
    trader.place(btc, Side::Sell, 1, OrderKind::Market);
    let limit = OrderKind::Limit { price: Price(Decimal::from(200)) };
    for round in 0..ROUNDS {
        trader.place(aapl, Side::Buy, 1, limit);
        trader.send(Command::Cancel { order: OrderId(3 + round) });
    }
    trader.run(70);
    trader.send(Command::Close { account: "PAPER".into(), instrument: btc, despite: Despite::default() });
    trader.place(aapl, Side::Buy, 7, limit);
    trader.send(Command::Configure(Arc::new(Settings { theme: ThemeChoice::Light, ..Settings::default() })));
    trader.send(Command::Drill { broker: BrokerId(0), drill: Drill::Crash });
    trader.send(Command::Kill { flatten: Flatten::No });
    trader.run(3);
    trader.look();
    (trader, key)
}

#[test]
fn a_trade_that_no_bar_takes_in_is_counted() {
    let instruments: Arc<[_]> = Trader::new(Eyes::Open).desk.instruments().to_vec().into();
    let id = instruments.iter().find(|i| &*i.symbol == "BTC/USD").unwrap().id;
    let key = BarKey { instrument: id, timeframe: Timeframe::M1 };
    let (mut link, window) = connect(Arc::new(|| {}));
    let mut engine = Engine::new(Start::first(instruments, vec!["Paper".into()], START));
    let mut desk = Desk::default();
    let mut effects = Vec::new();
    let mut demand = Demand::default();
    demand.want_bars(key, 10);
    let command = Command::Demand(Arc::new(demand));
    let minute = |n: u64| START + Duration::from_mins(n);
    let trade = |n| {
        let (price, quantity) = (Price(Decimal::ONE_HUNDRED), Qty(Decimal::ONE));
        MarketEvent::Trade(id, Trade { time: minute(n), price, quantity, aggressor: None })
    };
    let request = HistoryRequest { instrument: id, timeframe: Timeframe::M1, before: Time::MAX, count: 10 };
    for event in [
        EngineEvent::Started,
        EngineEvent::Command(Envelope { id: CommandId(1), input_at: START, command }),
        EngineEvent::Broker(
            BrokerId(0),
            BrokerEvent::History(HistoryBars {
                request,
                bars: Vec::new().into(),
                forming: None,
                is_cut: false,
            }),
        ),
        // The last is of a minute that has closed.
        EngineEvent::Broker(
            BrokerId(0),
            BrokerEvent::Market { received: START, events: vec![trade(1), trade(2), trade(1)] },
        ),
    ] {
        engine.process(event, START, &mut effects);
    }
    link.publisher.batch(|batch| {
        for effect in effects {
            drop(effect.publish_to(batch));
        }
    });
    desk.apply(window.inbox.drain(), START);
    let bars = desk.ledger().of(Stream::Bars);
    assert_eq!((bars.late, bars.applied), (1, 2), "{bars:?}");
    assert!(desk.ledger().adds_up(), "{:?}", desk.ledger());
}

#[test]
fn a_window_that_stalled_finds_all_that_one_has_that_looked() {
    let ((open, key), (shut, _)) = (day(Eyes::Open), day(Eyes::Shut));
    assert_eq!(open.fresh, 1, "one that looks is told everything once");
    assert_eq!(shut.fresh, 2, "one that does not is told it anew");
    let dropped = shut.desk.ledger().of(Stream::Lossless).dropped as usize;
    assert!(dropped > LOSSLESS_CAPACITY / 2, "more than the link holds was given up at once: {dropped}");

    let (open, shut) = (&open.desk, &shut.desk);
    let orders = |desk: &Desk| desk.blotter().orders().cloned().collect::<Vec<_>>();
    assert_eq!(orders(open).len(), 2 + ROUNDS as usize + 2);
    assert!(orders(open) == orders(shut), "the orders differ");
    assert!(open.blotter().fills().len() >= 3);
    assert_eq!(open.blotter().fills(), shut.blotter().fills());
    let positions = |desk: &Desk| desk.blotter().positions().cloned().collect::<Vec<_>>();
    assert_eq!(positions(open).len(), 2);
    assert_eq!(positions(open), positions(shut));
    assert_eq!(open.accounts(), shut.accounts());
    assert_eq!(open.connections(), shut.connections());
    assert_eq!(open.kill(), shut.kill());
    assert!(open.kill().is_locked());
    assert_eq!(open.settings(), shut.settings());
    assert_eq!(open.settings().theme, ThemeChoice::Light);
    assert!(!open.notices().is_empty());
    assert!(open.notices() == shut.notices(), "{:?}\n{:?}", open.notices(), shut.notices());
    let aapl = open.instrument_by_key("AAPL@NASDAQ").unwrap();
    for desk in [open, shut] {
        let due = desk.commission(aapl, Price(Decimal::from(200)), Qty(Decimal::ONE_HUNDRED));
        assert!(due.is_some_and(|due| due > Decimal::ZERO));
    }
    let quote = |desk: &Desk| *desk.quote(aapl.id).unwrap().quote;
    assert_eq!(quote(open), quote(shut));
    let newest = |desk: &Desk| {
        let series = &desk.series(key).unwrap().series;
        (series.len() - 300..series.len()).map(|i| series.get(i).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(newest(open), newest(shut), "the chart's bars");
}
