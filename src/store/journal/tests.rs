//! The journal with a disk that fails, and what no test from outside can reach.

use std::path::Path;
use std::sync::mpsc as std_mpsc;

use super::*;
use crate::domain::{self, *};
use crate::store::journal;

mod faults;
mod notes;
#[path = "../../../tests/journal/sample.rs"]
mod sample;

use sample::*;

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
    let filled = executed(4, 7).orders.remove(0);
    let records = vec![
        intended(1, 7),
        sent(2, 7),
        intended(3, 8),
        executed(4, 7),
        record(5, Moment::Kill { is_on: true, flatten: Flatten::Market }, vec![]),
        record(6, Moment::AskedCancel, vec![order(8, OrderStatus::PendingCancel)]),
    ];
    let told = write_all(&file, records);
    assert_eq!(told, [JournalEvent::Written(Seq(6))], "one group, one sync");
    assert!(!folder.path().join("journal.sqlite-wal").exists(), "an orderly end leaves one file");

    let recovered = reopen(&file);
    assert_eq!((recovered.next_seq, recovered.next_order_id), (Seq(7), 9));
    assert_eq!(recovered.orders, [filled, order(8, OrderStatus::PendingCancel)]);
    assert_eq!(recovered.fills, [fill("e-7", 7)]);
    assert_eq!((recovered.is_killed, recovered.flatten), (Some(true), Flatten::Market));
    assert_eq!(recovered.last_commit, Some(Time::from_seconds(1_006)));
    assert!(recovered.must_reconcile.is_none() && recovered.problems.is_empty(), "{recovered:?}");
}

#[test]
fn a_first_start_knows_nothing() {
    let (_, recovered) = runtime().block_on(Journal::in_memory(names())).unwrap();
    assert_eq!((recovered.next_seq, recovered.next_order_id), (Seq(1), 1));
    assert!(recovered.orders.is_empty() && recovered.fills.is_empty() && recovered.is_killed.is_none());
}

/// An execution of the other broker.
fn executed_elsewhere(seq: u64, time: i64) -> Record {
    let mut record = executed(seq, seq);
    if let Moment::Executed(fill) = &mut record.moment {
        (fill.instrument, fill.time) = (InstrumentId(1), Time::from_seconds(time));
    }
    record.orders[0].broker = BrokerId(1);
    record.orders[0].spec.instrument = InstrumentId(1);
    record
}

#[test]
fn how_far_executions_are_known_is_each_brokers_own() {
    const MANY: u64 = NEWEST as u64;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.sqlite");
    // One that ran ahead, one of the usual time, and one that comes back.
    let of_other = |seq: u64| match seq {
        1 => Some(executed_elsewhere(seq, 500)),
        2 => Some(executed_elsewhere(seq, 400)),
        _ => None,
    };
    write_all(&file, (1..=MANY + 2).map(|seq| of_other(seq).unwrap_or_else(|| executed(seq, seq))).collect());
    let known = |recovered: Recovered| (recovered.fills.len(), recovered.past.known_until);
    assert_eq!(known(reopen(&file)), (NEWEST, [(BrokerId(1), Time::from_seconds(500))].into()));
    write_all(&file, vec![executed_elsewhere(MANY + 3, 9_000)]);
    let both = [(BrokerId(0), Time::from_seconds(1_003)), (BrokerId(1), Time::from_seconds(500))];
    assert_eq!(known(reopen(&file)), (NEWEST, both.into()));
}

#[test]
fn a_commission_that_came_late_is_there_after_a_restart_and_its_execution_counts_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.sqlite");
    let cost = |id: u64, cents: i64| Fill {
        commission: Money { amount: Decimal::new(cents, 2), currency: Currency::USD },
        ..fill(&format!("e-{id}"), id)
    };
    let charged = |seq, id, cents| {
        let filled = executed(seq, id).orders;
        record(seq, Moment::Charged(cost(id, cents)), filled)
    };
    // In the same group, and in a later run.
    write_all(&file, vec![executed(1, 7), executed(2, 8), charged(3, 8, 99)]);
    write_all(&file, vec![charged(4, 7, 55)]);
    let recovered = reopen(&file);
    assert_eq!(recovered.fills, [cost(7, 55), cost(8, 99)]);
    assert_eq!(held(&recovered), Decimal::from(200));
    // One that the journal could not take when it was booked.
    write_all(&file, vec![charged(5, 9, 11)]);
    let recovered = reopen(&file);
    assert_eq!((recovered.fills.len(), held(&recovered)), (3, Decimal::from(300)));
}

#[test]
fn an_instrument_that_joins_has_back_what_a_start_would_read_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.sqlite");
    let filled = executed_elsewhere(2, 500);
    let mut held = TakenOver::default();
    held.positions.push(("PAPER".into(), InstrumentId(1), Decimal::from(30)));
    let told = Moment::Reconciled { broker: BrokerId(1), summary: "differs".into(), taken: held };
    let records = vec![intended(1, 1), filled.clone(), record(3, told, vec![]), executed_elsewhere(4, 501)];
    write_all(&file, records);
    let whole = reopen(&file);

    let Names { brokers, instruments } = names();
    let fewer = Names { brokers, instruments: [Arc::clone(&instruments[0])].into() };
    let runtime = runtime();
    let (journal, recovered) = runtime.block_on(Journal::open(&file, fewer, Time::default())).unwrap();
    assert_eq!(recovered.orders.len(), 1);
    assert!(recovered.problems[0].contains("come back when what they name is listed"), "{recovered:?}");
    let (sender, inbox) = channel();
    let (told, hears) = std_mpsc::channel();
    runtime.spawn(journal.run(inbox, move |event| told.send(event).unwrap()));
    sender.recall(Arc::clone(&instruments[1])).unwrap();
    let JournalEvent::Recalled { instrument, outcome } = hears.recv().unwrap() else { panic!() };
    let recalled = outcome.unwrap();
    assert_eq!(instrument, InstrumentId(1));
    let its = |order: &&Order| order.spec.instrument == instrument;
    assert_eq!(recalled.orders, whole.orders.iter().filter(its).cloned().collect::<Vec<_>>());
    assert_eq!(recalled.fills, whole.fills);
    assert_eq!(
        recalled.past.opening.get(&("PAPER".into(), instrument)),
        whole.past.opening.get(&("PAPER".into(), instrument))
    );

    // From now on its records have a name.
    sender.append(executed_elsewhere(5, 502)).unwrap();
    drop(sender);
    assert_eq!(hears.recv().unwrap(), JournalEvent::Written(Seq(5)));
    assert!(hears.recv().is_err(), "it has ended");
    assert_eq!(reopen(&file).fills.len(), 3);
}

/// What the account holds, by what a start has read.
fn held(recovered: &Recovered) -> Decimal {
    let key = (AccountId::from("PAPER"), InstrumentId(0));
    let executed = recovered.fills.iter().map(|fill| fill.side.sign() * fill.quantity.0);
    recovered.past.opening[&key] + executed.sum::<Decimal>()
}

#[test]
fn positions_are_summed_over_all_executions_though_only_the_newest_come_back() {
    const MANY: u64 = 6_000;
    let hundreds = |count: u64| Decimal::from(100 * count);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.sqlite");
    write_all(&file, (1..=MANY).map(|id| executed(id, id)).collect());
    let first = reopen(&file);
    assert_eq!(held(&first), hundreds(MANY));
    assert!(first.past.known_until.is_empty(), "all of them come back");

    write_all(&file, (MANY + 1..=2 * MANY).map(|id| executed(id, id)).collect());
    for _ in 0..2 {
        let recovered = reopen(&file);
        assert_eq!((recovered.fills.len(), held(&recovered)), (NEWEST, hundreds(2 * MANY)));
        assert_eq!(recovered.past.known_until, [(BrokerId(0), Time::from_seconds(1_003))].into());
    }

    // A broker's books say otherwise: from there on it is added to what they say.
    let seq = 2 * MANY + 1;
    let positions = vec![("PAPER".into(), InstrumentId(0), Decimal::from(7))];
    let taken = TakenOver { positions, executions_until: Some(Time::from_seconds(5)) };
    let books = Moment::Reconciled { broker: BrokerId(0), summary: "7".into(), taken };
    write_all(&file, vec![executed(seq, seq), record(seq + 1, books, vec![]), executed(seq + 2, seq + 2)]);
    let recovered = reopen(&file);
    assert_eq!(held(&recovered), Decimal::from(107));
    assert_eq!(recovered.past.told_until, [(BrokerId(0), Time::from_seconds(5))].into());
}

#[test]
fn a_bracket_of_which_anything_comes_back_comes_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.sqlite");
    let exit = |id, entry, status| {
        let (entry, quantity) = (Some(OrderId(entry)), Qty(Decimal::ONE_HUNDRED));
        let kept = KeptGroup { entry, oco: None, quantity, goes_on: false, is_over: false, passed: None };
        Order { kept: Some(kept), ..order(id, status) }
    };
    // Of the first bracket a stop still works; the second is over; an exit of the third ended lately.
    let ended = OrderStatus::Cancelled;
    let brackets = vec![
        order(1, OrderStatus::Filled),
        exit(2, 1, ended),
        exit(3, 1, OrderStatus::Working),
        order(4, OrderStatus::Filled),
        exit(5, 4, ended),
        order(6, OrderStatus::Filled),
        exit(7, 6, OrderStatus::Filled),
        exit(8, 6, ended),
    ];
    let many = u64::try_from(NEWEST).unwrap() + 10;
    let mut records = vec![record(1, Moment::AskedCancel, brackets)];
    records.extend((2..many).map(|seq| record(seq, Moment::AskedCancel, vec![order(100 + seq, ended)])));
    records.push(record(many, Moment::AskedCancel, vec![exit(8, 6, ended)]));
    write_all(&file, records);
    let ids: Vec<u64> = reopen(&file).orders.iter().map(|order| order.id.0).collect();
    assert_eq!(ids[..6], [1, 2, 3, 6, 7, 8]);
    assert_eq!((ids.len(), ids[6]), (NEWEST + 5, 101 + many - u64::try_from(NEWEST).unwrap()));
}
