//! What must be true whatever goes wrong.

use pitdesk::domain::{Decimal, InstrumentId, Order, OrderStatus};
use pitdesk::link::{KillStage, KillState};

use crate::disk::Disk;
use crate::exchange::Truth;
use crate::program::Program;

/// Most units that an order may open. (What makes a position smaller may be larger; which is
/// which the property tests of the gate know.)
pub const MAX_ORDER: i64 = 20;
/// Most units of a position.
pub const MAX_POSITION: i64 = 60;

/// After every step.
pub fn at_any_time(truth: &Truth, disk: &Disk, program: Option<&Program>) {
    for (id, order) in &truth.orders {
        assert!(disk.knows(*id), "order {id} is at the exchange and its intent is not on disk");
        assert!(order.filled <= order.spec.quantity, "order {id} has filled more than it is");
    }
    for (instrument, net) in &truth.net {
        assert!(net.abs() <= Decimal::from(MAX_POSITION), "{net} of {instrument} are past the limit");
    }
    sums(truth);
    let Some(program) = program else { return };
    for (id, times) in &program.placed {
        assert!(*times <= 1, "order {id} was sent {times} times");
    }
    // What is shown as ended does not work any more. (That it works still is what a window that
    // has not heard of its end believes.)
    for order in program.desk.blotter().orders().filter(|order| order.status.is_final()) {
        let theirs = truth.orders.get(&order.id);
        let works = theirs.is_some_and(Order::is_live);
        assert!(!works, "order {} is shown as {} and works: {theirs:?}", order.id, order.status.label());
        let filled = theirs.map_or(Decimal::ZERO, |theirs| theirs.filled.0);
        assert!(order.filled.0 <= filled, "order {} shows more fills than there were", order.id);
    }
    assert!(program.desk.ledger().adds_up(), "{:?}", program.desk.ledger());
}

fn sums(truth: &Truth) {
    for (instrument, net) in &truth.net {
        let of = |fill: &&pitdesk::domain::Fill| fill.instrument == *instrument;
        let sum: Decimal = truth.fills.iter().filter(of).map(|f| f.side.sign() * f.quantity.0).sum();
        assert_eq!(sum, *net, "the exchange's own position of {instrument}");
    }
}

/// When everything has healed and all answers have come.
pub fn at_the_end(truth: &Truth, program: &Program) {
    let blotter = program.blotter();
    for (id, theirs) in &truth.orders {
        let Some(ours) = blotter.get(id) else { panic!("order {id} is at the exchange only: {theirs:?}") };
        assert_eq!(ours.status, theirs.status, "order {id}: {ours:?}\n{theirs:?}");
        assert_eq!(ours.filled, theirs.filled, "order {id}");
        assert_eq!(ours.spec, theirs.spec, "order {id}");
    }
    for (id, ours) in &blotter {
        if truth.orders.contains_key(id) {
            continue;
        }
        let was_never_there = matches!(ours.status, OrderStatus::Rejected | OrderStatus::Cancelled);
        assert!(was_never_there, "order {id} is in the blotter only: {ours:?}");
        assert!(ours.filled.is_zero(), "order {id}");
    }
    let mut ours: Vec<_> = program.engine.fills().map(|fill| fill.exec_id.clone()).collect();
    let mut theirs: Vec<_> = truth.fills.iter().map(|fill| fill.exec_id.clone()).collect();
    ours.sort();
    theirs.sort();
    assert_eq!(ours, theirs, "the executions");
    assert_eq!(program.desk.blotter().fills().len(), theirs.len(), "the executions that are shown");
    let held = |instrument: InstrumentId| -> Decimal {
        let of = |p: &&pitdesk::domain::Position| p.instrument == instrument;
        program.desk.blotter().positions().filter(of).map(|position| position.net).sum()
    };
    for (instrument, net) in &truth.net {
        assert_eq!(held(*instrument), *net, "the position of {instrument}");
    }
    if let KillState::Locked { .. } = program.desk.kill() {
        let report = program.desk.kill_report().expect("it is on");
        for account in &report.accounts {
            assert_eq!(account.stage, KillStage::Done, "{account:#?}");
        }
        let working = truth.orders.values().filter(|order| order.is_live()).count();
        assert_eq!(working, 0, "the kill switch is done and orders work");
        if report.flatten != pitdesk::link::Flatten::No {
            assert!(truth.net.values().all(Decimal::is_zero), "it is done and something is held");
        }
    }
}
