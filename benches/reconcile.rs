//! A broker's books against ours: 1,000 orders and 5,000 executions that meet every rule of
//! reconciliation. `cargo bench --bench reconcile`.
//!
//! *At the start* the engine begins with what its journal has, and the first books come; *again*
//! they come once more, as after a reconnect, and differ in nothing. Timed is
//! `Engine::process(Books)`, records and updates made included; what the disk then takes is in
//! `journal`.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "its result goes to stdout")]

#[path = "common/asked.rs"]
mod asked;
#[path = "common/spans.rs"]
mod spans;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use pitdesk::broker::BrokerEvent;
use pitdesk::broker::contract::Books;
use pitdesk::domain::{
    Account, AccountKind, BrokerId, Currency, Decimal, ExecId, Fill, InstrumentId, Liquidity, Money, Order,
    OrderId, OrderKind, OrderSpec, OrderStatus, Origin, Position, Price, Qty, Seq, Side, Time, TimeInForce,
};
use pitdesk::engine::{Effect, Engine, EngineEvent, Journaled, Start};
use pitdesk::exchange::catalogue::{Catalogue, Opening};
use pitdesk::link::{ConnectionState, Update};
use spans::{Budget, heading, report};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Orders, as many as both sides know together.
const ORDERS: u64 = 1_000;
/// Executions of each.
const FILLS: u64 = 5;
const ROUNDS: usize = 200;
/// A frame of the window: whoever waits for the books sees no hitch.
const BUDGET: Budget = Budget { median: 16.0, p99: 33.0 };
const BROKER: BrokerId = BrokerId(0);
/// A Friday at ten in New York, and the day before it.
const NOW: Time = Time::from_seconds(1_795_186_800);
const YESTERDAY: Time = Time::from_seconds(1_795_186_800 - 86_400);

/// What both sides know of an order: one of these in turn, so that every rule has its share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    /// Both have it so.
    Agreed,
    /// It filled while nobody listened.
    Filled,
    /// The same, of which the books tell no executions.
    FilledUntold,
    /// It ended.
    Ended,
    /// Its terms are others.
    Changed,
    /// It had ended for us, and works.
    FoundAgain,
    /// It is not in the books, and had never been spoken of.
    NeverArrived,
    /// It is not in the books, and its day is over.
    Expired,
    /// It is not in the books.
    Gone,
    /// We have never heard of it.
    Foreign,
    /// Nor of this one, of which the books have only the executions.
    ForeignFills,
}

const CASES: [Case; 11] = [
    Case::Agreed,
    Case::Filled,
    Case::FilledUntold,
    Case::Ended,
    Case::Changed,
    Case::FoundAgain,
    Case::NeverArrived,
    Case::Expired,
    Case::Gone,
    Case::Foreign,
    Case::ForeignFills,
];

fn main() {
    if !asked::is_asked() {
        return;
    }
    let (mut first, mut again) = (Vec::new(), Vec::new());
    let mut told = BTreeMap::new();
    for _ in 0..ROUNDS {
        let (journal, books) = sides();
        let mut engine = engine(journal);
        let mut out = Vec::new();
        first.push(timed(&mut engine, BrokerEvent::Books(Arc::clone(&books)), &mut out));
        told = findings(&out);
        let ended = BrokerEvent::Ended { reason: "Cut".into(), unread: Vec::new() };
        timed(&mut engine, ended, &mut Vec::new());
        again.push(timed(&mut engine, BrokerEvent::Books(books), &mut Vec::new()));
    }
    heading(&format!("reconciliation of {ORDERS} orders and {} executions, ms", ORDERS * FILLS));
    report("at the start: every rule has its share", Some(BUDGET), &first);
    report("again, after a reconnect: nothing is new", Some(BUDGET), &again);
    println!("  found: {told:?}");
}

fn timed(engine: &mut Engine, event: BrokerEvent, out: &mut Vec<Effect>) -> f64 {
    let from = Instant::now();
    engine.process(EngineEvent::Broker(BROKER, event), NOW, out);
    black_box(&out);
    from.elapsed().as_secs_f64() * 1e3
}

fn engine(journal: Journaled) -> Engine {
    let catalogue = Catalogue::bundled(Opening::Always).expect("the bundled catalogue is in order");
    let first = Start::first(catalogue.instruments().into(), vec!["Paper".into()], NOW);
    let mut engine = Engine::new(Start { journal, ..first });
    engine.process(EngineEvent::Started, NOW, &mut Vec::new());
    let reason = "Ready".into();
    timed(&mut engine, BrokerEvent::Connection { state: ConnectionState::Ready, reason }, &mut Vec::new());
    engine
}

/// How often each kind of finding was told.
fn findings(effects: &[Effect]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for effect in effects {
        if let Effect::Publish { update, .. } = effect
            && let Update::Reconciled(report) = &**update
        {
            for finding in &report.findings {
                *counts.entry(format!("{:?}", finding.kind)).or_default() += 1;
            }
        }
    }
    counts
}

/// What the journal has, and what the broker has.
fn sides() -> (Journaled, Arc<Books>) {
    let mut ours = Journaled { next_seq: Seq(ORDERS * 10), ..Journaled::default() };
    let mut theirs = Books { are_final: true, accounts: vec![account()], ..Books::default() };
    for id in 1..=ORDERS {
        add(id, CASES[(id as usize) % CASES.len()], &mut ours, &mut theirs);
    }
    // One position that our executions do not explain.
    theirs
        .positions
        .push(Position { net: Decimal::from(1_000), ..Position::flat("PAPER".into(), InstrumentId(0)) });
    (ours, Arc::new(theirs))
}

fn add(id: u64, case: Case, ours: &mut Journaled, theirs: &mut Books) {
    let whole = Qty(Decimal::from(10 * FILLS));
    let working = order(id, OrderStatus::PartiallyFilled, Qty(Decimal::from(10 * (FILLS - 1))));
    let filled = Order { status: OrderStatus::Filled, filled: whole, ..working.clone() };
    let fills: Vec<Fill> = (0..FILLS).map(|number| fill(&working, number)).collect();
    let earlier = &fills[..fills.len() - 1];
    let mut we = |order: Order, fills: &[Fill]| {
        ours.orders.push(order);
        ours.fills.extend_from_slice(fills);
    };
    let mut they = |order: Order, fills: &[Fill]| {
        theirs.orders.push(order);
        theirs.fills.extend_from_slice(fills);
    };
    match case {
        Case::Agreed => {
            we(working.clone(), earlier);
            they(working, earlier);
        }
        Case::Filled => {
            we(working, earlier);
            they(filled, &fills);
        }
        Case::FilledUntold => {
            we(working.clone(), &[]);
            they(Order { filled: whole, status: OrderStatus::Filled, ..working }, &[]);
        }
        Case::Ended => {
            we(working.clone(), earlier);
            they(Order { status: OrderStatus::Cancelled, ..working }, earlier);
        }
        Case::Changed => {
            we(working.clone(), earlier);
            let kind = OrderKind::Limit { price: Price(Decimal::from(98)) };
            they(Order { spec: OrderSpec { kind, ..working.spec }, ..working }, earlier);
        }
        Case::FoundAgain => {
            we(Order { status: OrderStatus::Cancelled, ..working.clone() }, earlier);
            they(working, earlier);
        }
        Case::NeverArrived => {
            we(
                Order { status: OrderStatus::Sent, is_acknowledged: false, filled: Qty::ZERO, ..working },
                &[],
            );
        }
        Case::Expired => {
            let spec = OrderSpec { tif: TimeInForce::Day, ..working.spec };
            we(Order { spec, created: YESTERDAY, ..working }, earlier);
        }
        Case::Gone => we(working, earlier),
        Case::Foreign => they(working, &fills),
        Case::ForeignFills => theirs.fills.extend(fills),
    }
}

fn order(id: u64, status: OrderStatus, filled: Qty) -> Order {
    let kind = OrderKind::Limit { price: Price(Decimal::from(100)) };
    let (instrument, quantity) = (InstrumentId((id % 30) as u32), Qty(Decimal::from(10 * FILLS)));
    Order {
        id: OrderId(id),
        broker: BROKER,
        account: "PAPER".into(),
        spec: OrderSpec::new(instrument, Side::Buy, quantity, kind, TimeInForce::Gtc),
        status,
        is_acknowledged: true,
        kept: None,
        client: None,
        filled,
        average_price: (!filled.is_zero()).then(|| Decimal::from(100)),
        trigger: None,
        reason: None,
        origin: Origin::Ticket,
        created: NOW,
        updated: NOW,
    }
}

fn fill(order: &Order, number: u64) -> Fill {
    Fill {
        exec_id: ExecId(format!("{}-{number}", order.id).into()),
        order: order.id,
        account: order.account.clone(),
        instrument: order.spec.instrument,
        side: order.spec.side,
        quantity: Qty(Decimal::TEN),
        price: Price(Decimal::from(100)),
        commission: Money { amount: Decimal::ONE, currency: Currency::USD },
        realised: Decimal::ZERO,
        liquidity: Liquidity::Maker,
        time: NOW,
    }
}

fn account() -> Arc<Account> {
    Arc::new(Account {
        id: "PAPER".into(),
        broker: BROKER,
        kind: AccountKind::Paper,
        title: "Paper".into(),
        base: Currency::USD,
        balances: Vec::new(),
        reported: None,
    })
}
