//! What must be true whatever goes wrong.

use std::collections::BTreeSet;

use pitdesk::domain::{Decimal, ExecId, InstrumentId, Order, OrderId, OrderStatus, Origin, Time};
use pitdesk::link::{Flatten, KillStage, KillState};

use OrderStatus::{Accepted, Held, PartiallyFilled, PendingAmend, Working};

use crate::disk::Disk;
use crate::elsewhere::is_foreign;
use crate::exchange::Truth;
use crate::program::Program;
use crate::witness::Witness;

/// What an exchange has forgotten that fell back to an older disk.
#[derive(Debug, Default)]
pub struct Forgotten {
    /// Orders that stood otherwise, or were not there, on that disk.
    pub orders: BTreeSet<OrderId>,
    /// Of these, those that worked and are not there any more.
    pub working: BTreeSet<OrderId>,
    /// Executions that were not there.
    pub fills: BTreeSet<ExecId>,
    /// Whether the program has not had that exchange's books yet.
    pub is_news: bool,
}

impl Forgotten {
    pub fn add(&mut self, before: &Truth, after: &Truth) {
        let stands = |order: &Order| (order.status, order.filled, order.spec);
        let differs = |order: &&Order| after.orders.get(&order.id).map(stands) != Some(stands(order));
        self.orders.extend(before.orders.values().filter(differs).map(|order| order.id));
        let is_gone = |order: &&Order| order.is_live() && !after.orders.contains_key(&order.id);
        self.working.extend(before.orders.values().filter(is_gone).map(|order| order.id));
        let left: BTreeSet<&ExecId> = after.fills.iter().map(|fill| &fill.exec_id).collect();
        let lost = before.fills.iter().map(|fill| &fill.exec_id).filter(|exec| !left.contains(exec));
        self.fills.extend(lost.cloned());
        self.is_news = true;
    }
}

/// After every step.
pub fn at_any_time(truth: &Truth, disk: &Disk, witness: &Witness) {
    for (id, order) in truth.orders.iter().filter(|(id, _)| !is_foreign(**id)) {
        assert!(disk.knows(*id), "order {id} is at the exchange and a start would not know of it");
        assert!(order.filled <= order.spec.quantity, "order {id} has filled more than it is");
        let is_ours = disk.order(*id).is_none_or(|order| order.origin != Origin::Foreign);
        assert!(is_ours, "a start would take order {id} for one that was entered elsewhere");
    }
    sums(truth);
    for (id, times) in &witness.placed {
        assert!(*times <= 1, "order {id} was sent {times} times");
    }
}

/// After every step at whose end the window has painted: what the trader sees, who cannot have
/// heard of everything yet.
pub fn seen(
    truth: &Truth,
    disk: &Disk,
    witness: &Witness,
    forgotten: &Forgotten,
    program: &Program,
    now: Time,
) {
    assert!(program.desk.ledger().adds_up(), "{:?}", program.desk.ledger());
    if program.desk.kill_report().is_some_and(|report| report.is_done()) {
        assert!(disk.is_killed(), "the kill switch is done, and a start would begin unlocked");
    }
    if forgotten.is_news {
        return;
    }
    for order in program.desk.blotter().orders() {
        let theirs = truth.orders.get(&order.id);
        let status = order.status;
        if status.is_final() {
            // What is shown as ended does not work any more. (That it works still is what a window
            // that has not heard of its end believes.)
            let works = theirs.is_some_and(Order::is_live);
            assert!(!works, "order {} is shown as {} and works: {theirs:?}", order.id, status.label());
            let filled = theirs.map_or(Decimal::ZERO, |theirs| theirs.filled.0);
            let is_heard = order.filled.0 <= filled || forgotten.orders.contains(&order.id);
            assert!(is_heard, "order {} shows more fills than there were", order.id);
            // What worked by the exchange's last word and is not there any more, only the trader can
            // call ended.
            let is_gone = theirs.is_none() && forgotten.working.contains(&order.id);
            let is_decided = order.reason.as_deref().is_some_and(|why| why.starts_with("You said"));
            let worked = witness.heard.works.get(&order.id) == Some(&true);
            // All of its executions were heard of before the exchange fell back.
            let is_filled =
                status == OrderStatus::Filled && witness.heard.filled_of(order.id) >= order.spec.quantity.0;
            assert!(!is_gone || !worked || is_decided || is_filled, "who says that it ended? {order:?}");
        }
        // What the books do not have is settled as that, and not left as a session or a start has left
        // it. (What the exchange answers to a cancel of it may have been told since.)
        if status == OrderStatus::Unknown && theirs.is_none() && program.ready_conn(now).is_some() {
            let is_left = |why: &str| why == "The connection was lost" || why.starts_with("Not confirmed by");
            let is_settled = order.reason.as_deref().is_some_and(|why| !is_left(why));
            assert!(is_settled, "the books do not have it, and nobody says so: {order:?}");
        }
        if matches!(status, Accepted | Held | Working | PartiallyFilled | PendingAmend) {
            assert!(theirs.is_some(), "order {} is shown as working and the exchange has none", order.id);
        }
    }
}

/// Where the kill switch is said to be done, nothing works, and nothing is held if that was asked.
pub fn kill_is_done(truth: &Truth, forgotten: &Forgotten, program: &Program) {
    let Some(report) = program.desk.kill_report().filter(|report| report.is_done()) else { return };
    if forgotten.is_news {
        return;
    }
    let works = truth.orders.values().find(|order| order.is_live());
    assert!(works.is_none(), "the kill switch is done and this works: {works:?}");
    if report.flatten != Flatten::No {
        assert!(
            truth.net.values().all(Decimal::is_zero),
            "it is done and something is held: {:?}",
            truth.net
        );
    }
}

fn sums(truth: &Truth) {
    for (instrument, net) in &truth.net {
        let of = |fill: &&pitdesk::domain::Fill| fill.instrument == *instrument;
        let sum: Decimal = truth.fills.iter().filter(of).map(|f| f.side.sign() * f.quantity.0).sum();
        assert_eq!(sum, *net, "the exchange's own position of {instrument}");
    }
}

/// When everything has healed and all answers have come.
pub fn at_the_end(truth: &Truth, disk: &Disk, forgotten: &Forgotten, program: &Program) {
    let blotter = program.blotter();
    for (id, theirs) in &truth.orders {
        let Some(ours) = blotter.get(id) else { panic!("order {id} is at the exchange only: {theirs:?}") };
        // An order that the exchange took back a fill of may show what its executions say.
        if forgotten.orders.contains(id) && theirs.status.is_final() {
            assert!(ours.status.is_final() && ours.filled >= theirs.filled, "{ours:?}\n{theirs:?}");
            continue;
        }
        assert_eq!(ours.status, theirs.status, "order {id}: {ours:?}\n{theirs:?}");
        assert_eq!(ours.filled, theirs.filled, "order {id}");
        assert_eq!(ours.spec, theirs.spec, "order {id}");
    }
    for (id, ours) in &blotter {
        let journaled = disk.order(*id).map(|order| (order.status, order.filled));
        assert_eq!(journaled, Some((ours.status, ours.filled)), "order {id} in the journal");
        if truth.orders.contains_key(id) {
            continue;
        }
        if forgotten.orders.contains(id) {
            // It was there. That it is not any more is for the trader to judge.
            let is_unknown = matches!(ours.status, OrderStatus::Unknown | OrderStatus::PendingCancel);
            assert!(ours.status.is_final() || is_unknown, "order {id}: {ours:?}");
            continue;
        }
        // An exit that waits for its entry, or for what exits of other entries guard
        // (`Brackets::settle` knows how much that is).
        let waits = |entry: &Order| {
            let there = -ours.spec.side.sign() * truth.net_of(ours.spec.instrument);
            entry.is_live() || (!entry.filled.is_zero() && there > Decimal::ZERO)
        };
        let is_kept = ours.status == OrderStatus::Kept
            && ours.entry().and_then(|entry| truth.orders.get(&entry)).is_some_and(waits);
        let was_never_there =
            is_kept || matches!(ours.status, OrderStatus::Rejected | OrderStatus::Cancelled);
        assert!(was_never_there, "order {id} is in the blotter only: {ours:?}");
        assert!(ours.filled.is_zero(), "order {id}");
    }
    executions(truth, disk, forgotten, program);
    let held = |instrument: InstrumentId| -> Decimal {
        let of = |p: &&pitdesk::domain::Position| p.instrument == instrument;
        program.desk.blotter().positions().filter(of).map(|position| position.net).sum()
    };
    for (instrument, net) in &truth.net {
        assert_eq!(held(*instrument), *net, "the position of {instrument}");
    }
    killed(truth, program);
}

/// Each execution is there once: all that the exchange has, and none that it never had.
fn executions(truth: &Truth, disk: &Disk, forgotten: &Forgotten, program: &Program) {
    let ours: Vec<&ExecId> = program.engine.fills().map(|fill| &fill.exec_id).collect();
    let once: BTreeSet<&ExecId> = ours.iter().copied().collect();
    assert_eq!(ours.len(), once.len(), "an execution is there twice");
    for fill in &truth.fills {
        assert!(once.contains(&fill.exec_id), "execution {} is not known: {fill:?}", fill.exec_id);
    }
    let theirs: BTreeSet<&ExecId> = truth.fills.iter().map(|fill| &fill.exec_id).collect();
    for exec in &once {
        let is_told = theirs.contains(exec) || forgotten.fills.contains(*exec);
        assert!(is_told, "execution {exec} is one that the exchange never had");
    }
    let journaled: BTreeSet<&ExecId> = disk.fills().iter().map(|fill| &fill.exec_id).collect();
    assert_eq!(journaled, once, "the executions in the journal");
    let shown: BTreeSet<&ExecId> = program.desk.blotter().fills().iter().map(|fill| &fill.exec_id).collect();
    assert_eq!(shown, once, "the executions that are shown");
    assert_eq!(program.desk.blotter().fills().len(), once.len(), "an execution is shown twice");
}

fn killed(truth: &Truth, program: &Program) {
    let KillState::Locked { .. } = program.desk.kill() else { return };
    let report = program.desk.kill_report().expect("it is on");
    let unknown = program.desk.blotter().working().any(|order| !truth.orders.contains_key(&order.id));
    let mut is_left = false;
    for account in &report.accounts {
        let is_stuck = |on: &str| matches!(&account.stage, KillStage::Stuck(why) if why.contains(on));
        let is_named = unknown && is_stuck("say what became of");
        // A program that died on the way closes nothing by itself, and names what is held.
        is_left |= is_stuck("closing was asked for and not finished");
        let closes = program.desk.blotter().orders().filter(|order| order.origin == Origin::Flatten);
        assert!(
            account.stage == KillStage::Done || is_named || is_left,
            "{account:#?} after {:#?}",
            closes.collect::<Vec<_>>()
        );
    }
    if is_left {
        assert!(!truth.net.values().all(Decimal::is_zero), "it names what is not held");
    }
    let works = truth.orders.values().find(|order| order.is_live());
    assert!(works.is_none(), "the kill switch is at its end and this works: {works:?}");
    if report.flatten != Flatten::No && !is_left {
        assert!(truth.net.values().all(Decimal::is_zero), "it is at its end and something is held");
    }
}
