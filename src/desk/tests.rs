//! The link between a busy engine and a window that looks when it likes.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::domain::{
    AccountKind, AssetClass, Bar, Currency, Decimal, ExecId, Fill, Liquidity, Money, Order, OrderKind,
    OrderSpec, OrderStatus, Position, Price, Qty, Quote, Reported, ReportedDay, Side, TickTable, TimeInForce,
    Timeframe, TradingHours,
};
use crate::link::channel::{BARS_PER_SLOT, LOSSLESS_CAPACITY, TRADES_PER_RING, connect_with};
use crate::link::update::Placement;
use crate::link::{Alive, EngineEnd, History, Snapshot, WindowEnd, connect};
use crate::market::series::BarChunk;

mod flow;
mod series;

const KEY: BarKey = BarKey { instrument: InstrumentId(0), timeframe: Timeframe::M1 };

fn instrument(id: u32) -> Arc<Instrument> {
    Arc::new(Instrument {
        id: InstrumentId(id),
        broker: BrokerId(0),
        symbol: format!("S{id}").into(),
        name: "A share".into(),
        venue: "X".into(),
        class: AssetClass::Share,
        currency: Currency::USD,
        ticks: TickTable::uniform(Decimal::new(1, 2)).unwrap(),
        lot: Qty(Decimal::ONE),
        multiplier: Decimal::ONE,
        hours: TradingHours::always("UTC"),
    })
}

fn order(id: u64, status: OrderStatus) -> Order {
    let quantity = Qty(Decimal::TEN);
    Order {
        status,
        ..Order::intended(
            OrderId(id),
            BrokerId(0),
            "A".into(),
            OrderSpec::new(InstrumentId(0), Side::Buy, quantity, OrderKind::Market, TimeInForce::Day),
            Time(0),
        )
    }
}

fn fill(id: u64) -> Fill {
    Fill {
        exec_id: ExecId(format!("X{id}").into()),
        order: OrderId(id),
        account: "A".into(),
        instrument: InstrumentId(0),
        side: Side::Buy,
        quantity: Qty(Decimal::ONE),
        price: Price(Decimal::ONE_HUNDRED),
        commission: Money { amount: Decimal::ONE, currency: Currency::USD },
        realised: Decimal::ZERO,
        liquidity: Liquidity::Taker,
        time: Time(0),
    }
}

fn position(net: usize) -> Position {
    Position {
        account: "A".into(),
        instrument: InstrumentId(0),
        net: net.into(),
        average_price: Decimal::ONE_HUNDRED,
        realised: Decimal::ZERO,
        commissions: Decimal::ZERO,
    }
}

/// An engine's side that keeps the truth to compare with.
struct Engine {
    end: EngineEnd,
    orders: BTreeMap<OrderId, Order>,
    fills: Vec<Fill>,
    position: Option<Position>,
    kill: KillState,
}

impl Engine {
    fn snapshot(&mut self) {
        let snapshot = Snapshot {
            uses: Arc::default(),
            armed: Arc::default(),
            instruments: (0..3).map(instrument).collect(),
            orders: self.orders.values().cloned().collect(),
            fills: self.fills.clone(),
            positions: self.position.iter().cloned().collect(),
            accounts: Vec::new(),
            remarks: Vec::new(),
            growing: Arc::default(),
            reckoning: Arc::default(),
            commissions: Vec::new(),
            outages: Arc::default(),
            connections: Vec::new(),
            kill: self.kill,
            kill_report: None,
            journal: crate::link::JournalState::Works,
            reconciled: Vec::new(),
            alerts: Arc::default(),
            notes: Arc::default(),
            drawings: Arc::default(),
            equity: Arc::default(),
            settings: Arc::default(),
            settings_unsaved: None,
            notices: Vec::new(),
        };
        self.end.publisher.batch(|b| b.lossless(Update::Snapshot(Arc::new(snapshot)), Time(0)));
    }

    fn publish_order(&mut self, order: Order) {
        self.orders.insert(order.id, order.clone());
        self.publish(Update::Order(order));
    }

    /// An execution, and the position after it.
    fn publish_fill(&mut self) {
        let fill = fill(self.fills.len() as u64);
        self.fills.push(fill.clone());
        self.publish(Update::Fill(fill));
        let position = position(self.fills.len());
        self.position = Some(position.clone());
        self.publish(Update::Position(position));
    }

    fn publish_kill(&mut self, kill: KillState) {
        self.kill = kill;
        self.publish(Update::Kill(kill));
    }

    fn publish(&mut self, update: Update) {
        let is_behind = self.end.publisher.batch(|b| {
            b.lossless(update, Time(0));
            b.needs_snapshot()
        });
        if is_behind {
            self.snapshot();
        }
    }

    fn quote(&mut self, id: u32, cents: i64) {
        let quote = Quote { last: Some(Price(Decimal::new(cents, 2))), ..Quote::default() };
        self.end.publisher.batch(|b| b.quote(InstrumentId(id), quote, Time(1)));
    }
}

impl Engine {
    fn new(end: EngineEnd) -> Self {
        Self { end, orders: BTreeMap::new(), fills: Vec::new(), position: None, kill: KillState::Armed }
    }
}

fn stage() -> (Engine, WindowEnd, Desk) {
    stage_of(LOSSLESS_CAPACITY)
}

/// With room for so many lossless updates.
fn stage_of(capacity: usize) -> (Engine, WindowEnd, Desk) {
    let (end, window) = connect_with(Arc::new(|| {}), capacity);
    let mut engine = Engine::new(end);
    engine.snapshot();
    let mut desk = Desk::default();
    desk.apply(window.inbox.drain(), Time(0));
    (engine, window, desk)
}

fn trade(cents: i64) -> Trade {
    Trade {
        time: Time(0),
        price: Price(Decimal::new(cents, 2)),
        quantity: Qty(Decimal::ONE),
        aggressor: None,
    }
}

#[derive(Debug, Clone)]
enum Step {
    Order(u64, bool),
    Fill,
    Kill(bool),
    Quote(u32, i64),
    Trade(i64),
    Bar(i64),
    Look,
}

fn steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..40_u64, any::<bool>()).prop_map(|(id, ended)| Step::Order(id, ended)),
        3 => Just(Step::Fill),
        1 => any::<bool>().prop_map(Step::Kill),
        4 => (0..3_u32, 1..1_000_i64).prop_map(|(id, cents)| Step::Quote(id, cents)),
        3 => (1..1_000_i64).prop_map(Step::Trade),
        3 => (0..50_i64).prop_map(Step::Bar),
        1 => Just(Step::Look),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_the_replica_is_complete_and_the_ledger_adds_up(
        walk in proptest::collection::vec(steps(), 1..300),
        // Few enough that many a walk overflows them.
        capacity in 4..60_usize,
    ) {
        let (mut engine, window, mut desk) = stage_of(capacity);
        let history = History { key: KEY, chunk: None, placement: Placement::Anew, is_complete: true };
        engine.end.publisher.batch(|b| b.lossless(Update::History(history), Time(0)));
        let mut newest = BTreeMap::new();
        for step in walk.into_iter().chain([Step::Look]) {
            match step {
                Step::Order(id, ended) => {
                    let status = if ended { OrderStatus::Cancelled } else { OrderStatus::Working };
                    engine.publish_order(order(id, status));
                }
                Step::Fill => engine.publish_fill(),
                Step::Kill(is_locked) => {
                    let locked = KillState::Locked { still_working: 1 };
                    engine.publish_kill(if is_locked { locked } else { KillState::Armed });
                }
                Step::Quote(id, cents) => {
                    newest.insert(id, cents);
                    engine.quote(id, cents);
                }
                Step::Trade(cents) => engine.end.publisher.batch(|b| b.trade(InstrumentId(0), trade(cents), Time(1))),
                Step::Bar(minute) => {
                    let bar = Bar::from_trade(Time(minute * 60_000_000_000), 1.0, 1.0);
                    engine.end.publisher.batch(|b| b.bar(KEY, bar, Time(1)));
                }
                Step::Look => {
                    desk.apply(window.inbox.drain(), Time(2));
                    prop_assert!(desk.ledger().adds_up(), "{:?}", desk.ledger());
                    let shown: Vec<_> = desk.blotter().orders().rev().cloned().collect();
                    prop_assert_eq!(shown, engine.orders.values().cloned().collect::<Vec<_>>());
                    prop_assert_eq!(desk.blotter().fills(), &engine.fills);
                    let held: Vec<_> = desk.blotter().positions().cloned().collect();
                    prop_assert_eq!(held, engine.position.iter().cloned().collect::<Vec<_>>());
                    prop_assert_eq!(desk.kill(), engine.kill);
                    for (id, cents) in &newest {
                        let last = desk.quote(InstrumentId(*id)).and_then(|view| view.quote.last);
                        prop_assert_eq!(last, Some(Price(Decimal::new(*cents, 2))));
                    }
                }
            }
        }
    }
}

#[test]
fn tick_to_screen_counts_only_what_was_looked_at_and_shown() {
    let (mut engine, window, mut desk) = stage();
    let second = Time::from_seconds;
    let quote = |engine: &mut Engine, received| {
        engine.end.publisher.batch(|b| b.quote(InstrumentId(0), Quote::default(), received));
    };
    let frame = |desk: &mut Desk, now, is_shown| {
        desk.apply(window.inbox.drain(), now);
        let mut demand = Demand { quotes: [InstrumentId(0)].into(), ..Demand::default() };
        desk.settle_demand(&mut demand);
        if is_shown {
            desk.on_painted(now);
        }
        desk.latency().tick_to_screen.total()
    };
    frame(&mut desk, second(10), true);
    quote(&mut engine, second(1));
    assert_eq!(frame(&mut desk, second(11), true), 0, "it was known before anyone looked");
    quote(&mut engine, second(12));
    assert_eq!(frame(&mut desk, second(12), false), 0, "the window is hidden");
    quote(&mut engine, second(600));
    assert_eq!(frame(&mut desk, second(600), true), 1, "what came while it was hidden is not timed");
    assert!(desk.latency().tick_to_screen.quantile(1.0).unwrap() < std::time::Duration::from_millis(1));
}

#[test]
fn a_window_that_never_looks_costs_bounded_memory_and_loses_no_state() {
    let (mut engine, window, mut desk) = stage();
    for round in 0..(LOSSLESS_CAPACITY as u64 * 2 + 100) {
        engine.publish_order(order(1 + round % 50, OrderStatus::Working));
        engine.quote((round % 3) as u32, 1 + i64::try_from(round % 997).unwrap());
        engine.end.publisher.batch(|b| b.trade(InstrumentId(0), trade(1), Time(1)));
        let bar = Bar::from_trade(Time(round.cast_signed()), 1.0, 1.0);
        engine.end.publisher.batch(|b| b.bar(KEY, bar, Time(1)));
    }
    let drained = window.inbox.drain();
    assert!(drained.lossless.len() <= LOSSLESS_CAPACITY);
    assert_eq!(drained.quotes.len(), 3);
    assert!(drained.trades[&InstrumentId(0)].trades.len() <= TRADES_PER_RING);
    assert!(drained.bars[&KEY].bars.len() <= BARS_PER_SLOT);
    assert!(drained.bars[&KEY].has_gap);
    let applied = desk.apply(drained, Time(2));
    assert!(applied.is_fresh, "the overflow was replaced by a snapshot");
    assert!(applied.needs_snapshot, "the bars have a gap, so the series must come anew");
    assert_eq!(desk.blotter().working().count(), 50);
    assert!(desk.ledger().adds_up(), "{:?}", desk.ledger());
    assert!(desk.ledger().of(Stream::Lossless).dropped > 0);
}

#[test]
fn answers_survive_an_overflow() {
    let (mut engine, window, mut desk) = stage();
    let answer = Answer { to: CommandId(7), outcome: Ok(None) };
    engine.end.publisher.batch(|b| b.lossless(Update::Answer(answer.clone()), Time(0)));
    for _ in 0..=LOSSLESS_CAPACITY {
        engine.publish_order(order(1, OrderStatus::Working));
    }
    desk.apply(window.inbox.drain(), Time(2));
    assert_eq!(desk.answer(CommandId(7)), Some(&answer));
}

#[test]
fn a_gap_in_the_numbers_stops_the_replica_until_a_snapshot() {
    let (mut engine, window, mut desk) = stage();
    engine.publish_order(order(1, OrderStatus::Working));
    engine.publish_order(order(2, OrderStatus::Working));
    let mut drained = window.inbox.drain();
    drained.lossless.pop_front();
    assert!(desk.apply(drained, Time(1)).needs_snapshot);
    assert!(!desk.is_synced());
    assert_eq!(desk.blotter().orders().count(), 0, "nothing is taken over across a gap");
    engine.snapshot();
    assert!(desk.apply(window.inbox.drain(), Time(1)).is_fresh);
    assert_eq!(desk.blotter().orders().count(), 2);
}

#[test]
fn one_wake_is_pending_at_a_time() {
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let (end, window) = connect(Arc::new(move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }));
    let mut engine = Engine::new(end);
    for cents in 1..100 {
        engine.quote(0, cents);
    }
    assert_eq!(count.load(std::sync::atomic::Ordering::Relaxed), 1);
    let _seen = window.inbox.drain();
    engine.quote(0, 1);
    assert_eq!(count.load(std::sync::atomic::Ordering::Relaxed), 2);
}

#[test]
fn a_sign_of_life_keeps_a_quiet_quote_alive_and_wakes_nobody() {
    let count = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let (end, window) = connect(Arc::new(move || {
        counted.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }));
    let mut engine = Engine::new(end);
    let mut desk = Desk::default();
    engine.snapshot();
    engine.quote(0, 1);
    desk.apply(window.inbox.drain(), Time(0));
    let wakes = count.load(std::sync::atomic::Ordering::Relaxed);
    let heard = Time::from_seconds(60);
    let alive = Alive { broker: BrokerId(0), since: Time(0), heard };
    engine.end.publisher.batch(|batch| batch.alive(alive));
    assert_eq!(count.load(std::sync::atomic::Ordering::Relaxed), wakes, "nothing that is shown has changed");
    desk.apply(window.inbox.drain(), heard);
    assert_eq!(desk.quote(InstrumentId(0)).unwrap().confirmed, heard);
    let next_session = Alive { broker: BrokerId(0), since: heard, heard };
    engine.end.publisher.batch(|batch| batch.alive(next_session));
    desk.apply(window.inbox.drain(), heard);
    assert_eq!(desk.quote(InstrumentId(0)).unwrap().confirmed, Time(1), "it is of an earlier session");
}

#[test]
fn outages_are_those_that_the_engine_has_told_and_that_last_a_second() {
    let (mut engine, window, mut desk) = stage();
    let at = Time::from_seconds;
    let outage = |from, to| Outage { broker: BrokerId(0), from, to };
    let moment = outage(at(10), Some(Time(at(11).0 - 1)));
    let told = [outage(at(1), Some(at(5))), moment, outage(at(20), None)].into();
    engine.end.publisher.batch(|b| b.lossless(Update::Outages(told), Time(0)));
    desk.apply(window.inbox.drain(), at(30));
    let shown: Vec<_> = desk.outages(BrokerId(0)).collect();
    assert_eq!(shown, [(at(1), at(5)), (at(20), at(30))]);
    assert_eq!(desk.outages(BrokerId(1)).count(), 0);
}

#[test]
fn a_quote_is_stale_when_old_or_its_broker_is_not_ready() {
    let (mut engine, window, mut desk) = stage();
    let state = |state| {
        Update::Connection(Connection {
            broker: BrokerId(0),
            name: "Paper".into(),
            state,
            reason: "".into(),
            since: Time(0),
        })
    };
    let quote = Quote { is_open: true, last: Some(Price(Decimal::ONE)), ..Quote::default() };
    let freshness = |desk: &Desk| desk.quote(InstrumentId(0)).unwrap().freshness;
    engine.end.publisher.batch(|b| {
        b.lossless(state(crate::link::ConnectionState::Ready), Time(0));
        b.quote(InstrumentId(0), quote, Time(0));
    });
    desk.apply(window.inbox.drain(), Time::from_seconds(1));
    assert_eq!(freshness(&desk), Freshness::Live);
    desk.apply(window.inbox.drain(), Time::from_seconds(31));
    assert_eq!(freshness(&desk), Freshness::Stale);
    engine.end.publisher.batch(|b| b.quote(InstrumentId(0), quote, Time::from_seconds(31)));
    desk.apply(window.inbox.drain(), Time::from_seconds(31));
    assert_eq!(freshness(&desk), Freshness::Live);
    engine.end.publisher.batch(|b| b.lossless(state(crate::link::ConnectionState::Down), Time(0)));
    desk.apply(window.inbox.drain(), Time::from_seconds(31));
    assert_eq!(freshness(&desk), Freshness::Stale);
}

#[test]
fn what_a_close_cancels_first_is_more_where_an_account_is_not_armed() {
    let mut desk = Desk { instruments: vec![instrument(0)].into(), ..Desk::default() };
    let account = |kind| {
        let (id, broker, title) = ("A".into(), BrokerId(0), "A".into());
        vec![Arc::new(Account {
            id,
            broker,
            kind,
            title,
            base: Currency::USD,
            balances: Vec::new(),
            reported: None,
        })]
    };
    let held = position(10);
    let resting = |id, side| {
        let order = order(id, OrderStatus::Working);
        Order { spec: OrderSpec { side, ..order.spec }, ..order }
    };
    for order in [resting(1, Side::Sell), resting(2, Side::Sell), resting(3, Side::Buy)] {
        desk.blotter.order(order);
    }
    desk.accounts = account(AccountKind::Paper);
    assert_eq!((desk.cancelled_first(&held), desk.left_working(&held)), (0, 2), "plain orders stay");
    desk.accounts = account(AccountKind::Live);
    assert_eq!(
        (desk.cancelled_first(&held), desk.left_working(&held)),
        (2, 0),
        "they could turn the position"
    );
    desk.armed = [(BrokerId(0), "A".into())].into();
    assert_eq!(desk.cancelled_first(&held), 0);
}

#[test]
fn the_only_account_of_a_broker_is_not_replaced_by_the_one_of_another_login() {
    let mut desk = Desk::default();
    let account = |id: &str| {
        let (id, broker, kind, title) = (id.into(), BrokerId(0), AccountKind::Paper, id.into());
        Arc::new(Account {
            id,
            broker,
            kind,
            title,
            base: Currency::USD,
            balances: Vec::new(),
            reported: None,
        })
    };
    let entry = |desk: &Desk| desk.entry_account(BrokerId(0)).map(|account| account.id.clone());
    desk.accounts = vec![account("A")];
    desk.meet_accounts();
    assert_eq!(entry(&desk), Ok("A".into()));
    desk.accounts = vec![account("C")];
    desk.meet_accounts();
    assert_eq!(entry(&desk), Err(NoAccount::Gone("A".into())));
    desk.choose_account(BrokerId(0), "C".into());
    assert_eq!(entry(&desk), Ok("C".into()));
}

#[test]
fn cash_is_current_when_it_was_told_after_the_last_fill() {
    let (mut engine, window, mut desk) = stage();
    let account = Arc::new(Account {
        id: "A".into(),
        broker: BrokerId(0),
        kind: AccountKind::Paper,
        title: "A".into(),
        base: Currency::USD,
        balances: Vec::new(),
        reported: None,
    });
    engine.publish(Update::Account(Arc::clone(&account)));
    desk.apply(window.inbox.drain(), Time(1));
    assert!(desk.is_cash_current(&account));
    engine.publish_fill();
    desk.apply(window.inbox.drain(), Time(2));
    assert!(!desk.is_cash_current(&account), "the broker has not told it anew");
    engine.publish(Update::Account(Arc::clone(&account)));
    desk.apply(window.inbox.drain(), Time(3));
    assert!(desk.is_cash_current(&account));
    engine.publish_fill();
    engine.publish(Update::Account(Arc::clone(&account)));
    desk.apply(window.inbox.drain(), Time(4));
    assert!(desk.is_cash_current(&account), "both came together");
    engine.publish_fill();
    desk.apply(window.inbox.drain(), Time(5));
    let day = Some(ReportedDay { gain: 7.into(), unrealised: 7.into(), realised: Decimal::ZERO });
    let reported = Some(Reported { equity: 1_007.into(), day });
    engine.publish(Update::Account(Arc::new(Account { reported, ..Account::clone(&account) })));
    desk.apply(window.inbox.drain(), Time(6));
    assert!(!desk.is_cash_current(&account), "a result that moves with the market says nothing of the cash");
}
