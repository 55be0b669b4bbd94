//! Any limits, any stream of intents, changes, fills and market moves: whatever the engine hands
//! to a broker is inside every limit, as a naive model judges it (`model`), and what only makes a
//! position smaller is never held back.
//!
//! What was broken on purpose, each seen by the model within these cases: the gate did not count
//! orders on their way, exposure, a limit price above the market, the age of quotes, crossed and
//! empty books, orders per minute, working orders, losses, locks, allowed hours and instruments,
//! quantities, price distance, what rests on the other side; the engine counted an account's use
//! as nothing, and of an order that is being changed the smaller size.

mod model;

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::broker::contract::Books;
use crate::broker::{BrokerEvent, BrokerRequest, MarketEvent, Report, ReportKind};
use crate::domain::limits::{LimitSet, Limits};
use crate::domain::{
    Account, AccountKind, AssetClass, BrokerId, Currency, ExecId, Fill, Liquidity, Money, OrderId, OrderKind,
    OrderSpec, OrderStatus, Position, Price, Qty, Quote, Settings, TickTable, TimeInForce, TradingHours,
};
use crate::engine::{Effect, EngineEvent, Start};
use crate::link::{Command, CommandId, Envelope, Place};
use crate::risk::Despite;
use model::Model;

/// Something that happens.
#[derive(Debug, Clone)]
enum Happening {
    /// An order is entered: instrument, side, lots, ticks off the market or at market, insisting.
    Enter(usize, Side, u32, Option<i32>, bool),
    /// The `n`th live order is changed to so many lots, so many ticks off the market.
    Change(usize, u32, i32),
    /// The broker answers the oldest change.
    Answer(bool),
    /// So many lots of the `n`th live order are filled.
    Fill(usize, u32),
    /// The `n`th live order ends.
    Cancel(usize),
    /// A position is closed or reversed.
    Flatten(usize, bool),
    /// The market moves there, in ticks.
    Move(usize, u32, Book),
    /// Seconds go by.
    Pass(u32),
    /// The line to the broker.
    Line(bool),
}

/// What a book looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Book {
    Sound,
    Crossed,
    NoAsk,
}

/// Instruments: two of the first broker, one of the second, in another currency, and the rate.
const TRADED: usize = 3;

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![Just(Side::Buy), Just(Side::Sell)]
}

fn happening() -> impl Strategy<Value = Happening> {
    let off = prop_oneof![1 => Just(None), 3 => (-600_i32..600).prop_map(Some)];
    let book = prop_oneof![8 => Just(Book::Sound), 1 => Just(Book::Crossed), 1 => Just(Book::NoAsk)];
    prop_oneof![
        8 => (0..TRADED, side(), 1_u32..60, off, prop::bool::weighted(0.2))
            .prop_map(|(i, side, lots, off, insists)| Happening::Enter(i, side, lots, off, insists)),
        3 => (0_usize..9, 1_u32..60, -600_i32..600).prop_map(|(n, lots, off)| Happening::Change(n, lots, off)),
        3 => any::<bool>().prop_map(Happening::Answer),
        6 => (0_usize..9, 1_u32..60).prop_map(|(n, lots)| Happening::Fill(n, lots)),
        2 => (0_usize..9).prop_map(Happening::Cancel),
        2 => (0..TRADED, any::<bool>()).prop_map(|(i, reverses)| Happening::Flatten(i, reverses)),
        4 => (0..TRADED, 9_000_u32..11_000, book).prop_map(|(i, at, book)| Happening::Move(i, at, book)),
        3 => (1_u32..40).prop_map(Happening::Pass),
        1 => Just(Happening::Pass(30_000)),
        1 => prop::bool::weighted(0.8).prop_map(Happening::Line),
    ]
}

/// A number of that size, or none.
fn maybe(most: u32) -> impl Strategy<Value = Option<u32>> {
    prop_oneof![3 => Just(None), 2 => (1..=most).prop_map(Some)]
}

fn limits() -> impl Strategy<Value = Limits> {
    let quantities = (maybe(80), maybe(120));
    let values = (maybe(8_000), maybe(12_000), maybe(20_000), maybe(300));
    let counts = (maybe(6), maybe(8), maybe(90), maybe(6));
    let allowed = (prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    (quantities, values, counts, allowed).prop_map(
        |((oq, pq), (ov, pv, ex, loss), (d, w, m, age), (only, hours))| Limits {
            max_order_quantity: oq.map(|n| Qty(n.into())),
            max_position_quantity: pq.map(|n| Qty(n.into())),
            max_order_value: ov.map(Decimal::from),
            max_position_value: pv.map(Decimal::from),
            max_exposure: ex.map(Decimal::from),
            max_loss_per_day: loss.map(Decimal::from),
            max_price_distance_percent: d.map(Decimal::from),
            max_working_orders: w,
            max_orders_per_minute: m.map(|m| m / 9 + 1),
            max_quote_age_seconds: age.map(|age| age * 10),
            allowed_instruments: only.then(|| ["I0@X".to_owned()].into()),
            allowed_hours: hours.then(|| "08:00-16:00 UTC".parse().unwrap()),
        },
    )
}

fn limit_set() -> impl Strategy<Value = LimitSet> {
    (limits(), limits(), limits(), limits()).prop_map(|(profile, a, b, share)| {
        let day_start = "17:00 UTC".parse().unwrap();
        let of_scope =
            |limits: Limits| Limits { max_order_quantity: None, max_position_quantity: None, ..limits };
        let share = Limits { max_exposure: None, allowed_instruments: None, ..share };
        let accounts = [("A".to_owned(), of_scope(a)), ("B".to_owned(), of_scope(b))].into();
        let instruments = [("I0@X".to_owned(), share)].into();
        LimitSet { currency: Currency::USD, day_start, profile: of_scope(profile), accounts, instruments }
    })
}

fn instrument(id: u32, symbol: &str, broker: u8, currency: Currency, multiplier: u32) -> Arc<Instrument> {
    Arc::new(Instrument {
        id: InstrumentId(id),
        broker: BrokerId(broker),
        symbol: symbol.into(),
        name: symbol.into(),
        venue: "X".into(),
        class: if symbol.contains('/') { AssetClass::Fx } else { AssetClass::Share },
        currency,
        ticks: TickTable::uniform(Decimal::new(1, 2)).unwrap(),
        lot: Qty(Decimal::ONE),
        multiplier: multiplier.into(),
        hours: TradingHours::always("UTC"),
    })
}

/// The engine, its brokers, and the model that watches.
struct Theatre {
    engine: Engine,
    model: Model,
    now: Time,
    commands: u64,
    changes: Vec<(OrderId, OrderSpec)>,
}

fn theatre(limits: LimitSet) -> Theatre {
    let now = Time::from_timestamp("2026-11-20T12:00:00Z".parse().unwrap());
    let instruments: Arc<[Arc<Instrument>]> = vec![
        instrument(0, "I0", 0, Currency::USD, 1),
        instrument(1, "I1", 0, Currency::USD, 2),
        instrument(2, "I2", 1, Currency::EUR, 1),
        instrument(3, "EUR/USD", 1, Currency::USD, 1),
    ]
    .into();
    let settings = Settings { limits: limits.clone(), ..Settings::default() };
    let engine = Engine::new(Start {
        settings: Arc::new(settings),
        ..Start::first(Arc::clone(&instruments), vec!["First".into(), "Second".into()], now)
    });
    let mut theatre =
        Theatre { engine, model: Model::new(limits, now), now, commands: 0, changes: Vec::new() };
    theatre.feed(EngineEvent::Started);
    for (broker, account) in [(0, "A"), (1, "B")] {
        let account = Account {
            id: account.into(),
            broker: BrokerId(broker),
            kind: AccountKind::Paper,
            title: account.into(),
            base: Currency::USD,
            balances: Vec::new(),
            reported: None,
        };
        let books = Books { accounts: vec![Arc::new(account)], ..Books::default() };
        theatre.broker(broker, BrokerEvent::Books(Arc::new(books)));
    }
    theatre.line(true);
    for id in 0..TRADED {
        theatre.moves(id, 10_000, Book::Sound);
    }
    let rate = Some(Price(model::EUR_IN_USD));
    let quote = Quote { bid: rate, ask: rate, last: rate, is_open: true, ..Quote::default() };
    let events = vec![MarketEvent::Quote(InstrumentId(3), quote)];
    theatre.broker(1, BrokerEvent::Market { received: now, events });
    theatre.passes();
    theatre
}

fn ticks(count: i64) -> Price {
    Price(Decimal::new(count, 2))
}

impl Theatre {
    fn feed(&mut self, event: EngineEvent) -> Vec<Effect> {
        let mut out = Vec::new();
        self.engine.process(event, self.now, &mut out);
        // The disk has everything at once: what is told of it is what follows.
        let mut told = 0;
        while let Some(Effect::Journal(record)) =
            out[told..].iter().rev().find(|effect| matches!(effect, Effect::Journal(_)))
        {
            let written = EngineEvent::Journaled(record.seq);
            told = out.len();
            self.engine.process(written, self.now, &mut out);
        }
        out
    }

    fn broker(&mut self, broker: u8, event: BrokerEvent) -> Vec<Effect> {
        self.feed(EngineEvent::Broker(BrokerId(broker), event))
    }

    fn line(&mut self, is_up: bool) {
        self.model.is_up = is_up;
        let state = if is_up { ConnectionState::Ready } else { ConnectionState::Down };
        for broker in [0, 1] {
            self.broker(broker, BrokerEvent::Connection { state, reason: "Told so".into() });
        }
    }

    fn moves(&mut self, id: usize, at: u32, book: Book) {
        let (bid, ask) = match book {
            Book::Sound => (Some(ticks(i64::from(at) - 5)), Some(ticks(i64::from(at) + 5))),
            Book::Crossed => (Some(ticks(i64::from(at) + 20)), Some(ticks(i64::from(at) - 20))),
            Book::NoAsk => (Some(ticks(i64::from(at) - 5)), None),
        };
        let quote = Quote { bid, ask, last: Some(ticks(i64::from(at))), is_open: true, ..Quote::default() };
        self.model.quotes[id] = Some((quote, self.now));
        let events = vec![MarketEvent::Quote(InstrumentId(id as u32), quote)];
        let broker = model::BROKER_OF[id];
        self.broker(broker, BrokerEvent::Market { received: self.now, events });
    }

    fn passes(&mut self) {
        self.engine.day_passes(self.now, &mut Vec::new());
        self.model.passes(self.now);
    }

    fn says(&mut self, order: OrderId, kind: ReportKind) {
        let broker = self.model.order(order).broker;
        let report = Report { order, kind, time: self.now };
        self.broker(broker, BrokerEvent::Report(report));
    }

    /// Lets a command happen; has the model judge what goes out.
    fn command(&mut self, command: Command, despite: Despite, is_reversal: bool) -> bool {
        self.commands += 1;
        let envelope = Envelope { id: CommandId(self.commands), input_at: self.now, command };
        let mut went_out = false;
        for effect in self.feed(EngineEvent::Command(envelope)) {
            let Effect::Request(broker, request) = effect else { continue };
            match request {
                BrokerRequest::Place(orders) => {
                    for order in orders {
                        went_out = true;
                        let (id, spec) = (order.id(), *order.spec());
                        let placed = model::Placed::new(id, broker.0, order.account(), spec, self.now);
                        self.model.judge(placed, despite, is_reversal);
                        self.says(id, ReportKind::Status { status: OrderStatus::Working, reason: None });
                    }
                }
                BrokerRequest::Amend(amend) => {
                    went_out = true;
                    let spec = amend.change().applied_to(&self.model.order(amend.id()).spec);
                    self.model.judge_change(amend.id(), spec);
                    self.changes.push((amend.id(), spec));
                }
                _ => {}
            }
        }
        went_out
    }

    fn happens(&mut self, happening: &Happening) {
        match *happening {
            Happening::Enter(id, side, lots, off, insists) => self.enters(id, side, lots, off, insists),
            Happening::Change(n, lots, off) => {
                let Some(order) = self.model.nth_live(n) else { return };
                let price = ticks(10_000 + i64::from(off));
                let limit = order.spec.kind.limit().is_some().then_some(price);
                let quantity = Some(Qty(lots.into()));
                let command = Command::Amend {
                    order: order.id,
                    quantity,
                    limit,
                    stop: None,
                    despite: Despite::default(),
                };
                self.command(command, Despite::default(), false);
            }
            Happening::Answer(is_made) => {
                if self.changes.is_empty() {
                    return;
                }
                let (id, spec) = self.changes.remove(0);
                if self.model.order(id).is_live {
                    self.model.answer(id, is_made);
                    let kind = if is_made {
                        ReportKind::Amended(spec)
                    } else {
                        ReportKind::AmendRefused("No".into())
                    };
                    self.says(id, kind);
                }
            }
            Happening::Fill(n, lots) => {
                let Some(order) = self.model.nth_live(n) else { return };
                let (id, left) = (order.id, order.spec.quantity.saturating_sub(order.filled));
                self.fills(id, Qty(Decimal::from(lots)).min(left));
            }
            Happening::Cancel(n) => {
                let Some(order) = self.model.nth_live(n) else { return };
                let id = order.id;
                self.model.ends(id);
                self.says(id, ReportKind::Status { status: OrderStatus::Cancelled, reason: None });
            }
            Happening::Flatten(id, reverses) => {
                let (account, instrument) = (AccountId::from(model::ACCOUNT_OF[id]), InstrumentId(id as u32));
                let command = if reverses {
                    Command::Reverse { account, instrument, despite: Despite::default() }
                } else {
                    Command::Close { account, instrument, despite: Despite::default() }
                };
                let can_close = self.model.can_close(id);
                let went_out = self.command(command, Despite::default(), true);
                assert!(reverses || !can_close || went_out, "a close was held back");
            }
            Happening::Move(id, at, book) => self.moves(id, at, book),
            Happening::Pass(seconds) => {
                self.now = self.now + Duration::from_secs(seconds.into());
                self.passes();
            }
            Happening::Line(is_up) => self.line(is_up),
        }
    }

    fn enters(&mut self, id: usize, side: Side, lots: u32, off: Option<i32>, insists: bool) {
        let kind = match off {
            Some(off) => OrderKind::Limit { price: ticks(10_000 + i64::from(off)) },
            None => OrderKind::Market,
        };
        let quantity = Qty(lots.into());
        let spec = OrderSpec::new(InstrumentId(id as u32), side, quantity, kind, TimeInForce::Day);
        let despite = Despite { stale_quote: insists, crossed_book: insists, ..Despite::default() };
        let account = model::ACCOUNT_OF[id].into();
        let place = Place { despite, ..Place::plain(account, spec) };
        let must_pass = self.model.only_shrinks(&spec) && off.is_none() && self.model.is_up;
        let went_out = self.command(Command::Place(place), despite, false);
        assert!(went_out || !must_pass, "an order that makes a position smaller was held back: {spec:?}");
    }

    fn fills(&mut self, id: OrderId, quantity: Qty) {
        if quantity.is_zero() {
            return;
        }
        let order = self.model.order(id);
        let (broker, side, instrument) = (order.broker, order.spec.side, order.spec.instrument);
        let account = order.account.clone();
        let index = instrument.index();
        let price = self.model.mark(index);
        let place = (account.clone(), instrument);
        let flat = || Position::flat(account.clone(), instrument);
        let mut position = self.engine.positions.get(&place).cloned().unwrap_or_else(flat);
        position.apply(side, quantity, price, model::MULTIPLIER_OF[index]);
        position.commissions += model::FEE;
        self.commands += 1;
        let fill = Fill {
            exec_id: ExecId(format!("E{}", self.commands).into()),
            order: id,
            account,
            instrument,
            side,
            quantity,
            price,
            commission: Money { amount: model::FEE, currency: self.engine.instruments[index].currency },
            realised: Decimal::ZERO,
            liquidity: Liquidity::Taker,
            time: self.now,
        };
        self.model.fills(id, quantity, price);
        self.broker(broker, BrokerEvent::Fill { fill, position });
        self.passes();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]
    #[test]
    fn whatever_goes_out_is_inside_every_limit(
        limits in limit_set(),
        stream in prop::collection::vec(happening(), 1..80),
    ) {
        let mut theatre = theatre(limits);
        for happening in &stream {
            theatre.happens(happening);
        }
    }
}

/// Without this the stream above would prove nothing.
#[test]
fn what_is_inside_its_limits_goes_out_fills_and_is_closed() {
    let mut theatre = theatre(LimitSet::default());
    theatre.happens(&Happening::Enter(0, Side::Buy, 10, None, false));
    let order = theatre.model.nth_live(0).map(|order| order.id);
    assert!(order.is_some(), "the model has seen it go out");
    theatre.happens(&Happening::Fill(0, 10));
    assert!(theatre.model.can_close(0));
    theatre.happens(&Happening::Flatten(0, false));
    assert!(theatre.model.nth_live(0).is_some_and(|close| Some(close.id) != order));
}
