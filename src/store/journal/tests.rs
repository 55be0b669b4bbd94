//! The journal with a disk that fails, and what no test from outside can reach.

use std::path::Path;
use std::sync::mpsc as std_mpsc;

use super::*;
use crate::domain::*;

mod faults;

/// A desk of two brokers that carry the same listing, and one more instrument.
pub(super) fn names() -> Names {
    let instrument = |id: u32, broker: u8, symbol: &str, currency| {
        Arc::new(Instrument {
            id: InstrumentId(id),
            broker: BrokerId(broker),
            symbol: symbol.into(),
            name: symbol.into(),
            venue: "TEST".into(),
            class: AssetClass::Share,
            currency,
            ticks: TickTable::uniform(Decimal::new(1, 2)).unwrap(),
            lot: Qty(Decimal::ONE),
            multiplier: Decimal::ONE,
            hours: TradingHours::always("UTC"),
        })
    };
    Names {
        brokers: vec!["paper".into(), "other".into()],
        instruments: [
            instrument(0, 0, "AAPL", Currency::USD),
            instrument(1, 1, "AAPL", Currency::USD),
            instrument(2, 0, "7203", Currency::JPY),
        ]
        .into(),
    }
}

pub(super) fn order(id: u64, status: OrderStatus) -> Order {
    let kind = OrderKind::Limit { price: Price(Decimal::new(10_050, 2)) };
    Order {
        id: OrderId(id),
        broker: BrokerId(0),
        account: "PAPER".into(),
        spec: OrderSpec::new(InstrumentId(0), Side::Buy, Qty(Decimal::from(100)), kind, TimeInForce::Gtc),
        status,
        filled: Qty::ZERO,
        average_price: None,
        trigger: None,
        reason: None,
        origin: Origin::Ticket,
        created: Time::from_seconds(1_000),
        updated: Time::from_seconds(1_000 + i64::try_from(id).unwrap()),
    }
}

pub(super) fn record(seq: u64, moment: Moment, orders: Vec<Order>) -> Record {
    Record { seq: Seq(seq), at: Time::from_seconds(1_000 + i64::try_from(seq).unwrap()), moment, orders }
}

pub(super) fn intended(seq: u64, id: u64) -> Record {
    let moment = Moment::Intended { input_at: Time::from_seconds(999), seen: Some(Quote::default()) };
    record(seq, moment, vec![order(id, OrderStatus::Intended)])
}

pub(super) fn sent(seq: u64, id: u64) -> Record {
    let moment = Moment::Sent { journaled_at: Time::from_seconds(1_001), session: 1 };
    record(seq, moment, vec![order(id, OrderStatus::Sent)])
}

pub(super) fn reported(seq: u64, id: u64, status: OrderStatus) -> Record {
    let moment = Moment::Reported { status, reason: None, broker_time: Time::from_seconds(1_002) };
    record(seq, moment, vec![order(id, status)])
}

pub(super) fn fill(exec: &str, id: u64) -> Fill {
    Fill {
        exec_id: ExecId(exec.into()),
        order: OrderId(id),
        account: "PAPER".into(),
        instrument: InstrumentId(0),
        side: Side::Buy,
        quantity: Qty(Decimal::from(100)),
        price: Price(Decimal::new(10_049, 2)),
        commission: Money { amount: Decimal::new(35, 2), currency: Currency::USD },
        realised: Decimal::new(-125, 1),
        liquidity: Liquidity::Taker,
        time: Time::from_seconds(1_003),
    }
}

pub(super) fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().unwrap()
}

/// Runs the journal on these records to its end; what it told.
pub(super) fn write_all(file: &Path, records: Vec<Record>) -> Vec<JournalEvent> {
    let runtime = runtime();
    let (journal, _) = runtime.block_on(Journal::open(file, names(), Time::default())).unwrap();
    let (sender, inbox) = channel();
    for record in records {
        sender.append(record).unwrap();
    }
    drop(sender);
    let (told, hears) = std_mpsc::channel();
    runtime.block_on(journal.run(inbox, move |event| told.send(event).unwrap()));
    hears.try_iter().collect()
}

pub(super) fn reopen(file: &Path) -> Recovered {
    let (journal, recovered) =
        runtime().block_on(Journal::open(file, names(), Time::from_seconds(1_010))).unwrap();
    drop(journal);
    recovered
}

#[test]
fn what_was_written_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.sqlite");
    let mut filled = order(7, OrderStatus::Filled);
    filled.filled = Qty(Decimal::from(100));
    let records = vec![
        intended(1, 7),
        sent(2, 7),
        intended(3, 8),
        record(4, Moment::Executed(fill("e-1", 7)), vec![filled.clone()]),
        record(5, Moment::Kill { is_on: true }, vec![]),
        record(6, Moment::AskedCancel, vec![order(8, OrderStatus::PendingCancel)]),
    ];
    let told = write_all(&file, records);
    assert_eq!(told, [JournalEvent::Written(Seq(6))], "one group, one sync");
    assert!(!folder.path().join("journal.sqlite-wal").exists(), "an orderly end leaves one file");

    let recovered = reopen(&file);
    assert_eq!((recovered.next_seq, recovered.next_order_id), (Seq(7), 9));
    assert_eq!(recovered.orders, [filled, order(8, OrderStatus::PendingCancel)]);
    assert_eq!(recovered.fills, [fill("e-1", 7)]);
    assert_eq!(recovered.is_killed, Some(true));
    assert_eq!(recovered.recent_intents, [Time::from_seconds(1_001), Time::from_seconds(1_003)]);
    assert_eq!(recovered.last_commit, Some(Time::from_seconds(1_006)));
    assert!(recovered.must_reconcile.is_none() && recovered.problems.is_empty(), "{recovered:?}");
}

#[test]
fn a_first_start_knows_nothing() {
    let (_, recovered) = runtime().block_on(Journal::in_memory(names())).unwrap();
    assert_eq!((recovered.next_seq, recovered.next_order_id), (Seq(1), 1));
    assert!(recovered.orders.is_empty() && recovered.fills.is_empty() && recovered.is_killed.is_none());
}
