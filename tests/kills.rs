//! Real kills: the exchange in one process, the program in another, SIGKILL at named points of the
//! order path, and a start on what is left. Nothing is lost, nothing is sent twice, and what the
//! blotter shows is what the exchange has.
//!
//! To show that these can fail, each of the following was broken on purpose once:
//!
//! | broken | seen by |
//! |---|---|
//! | an order is sent before the disk has it | `an_intent_on_disk_that_was_never_sent_…` |
//! | orders that the broker does not have are left as they are | the same, and everything about the kill switch |
//! | executions of the books are not booked | `between_partial_fills_…`, `both_die_…`, the kill switch |
//! | executions of the journal are forgotten at the start | the second start of everything that trades |
//! | order ids begin anew at every start | ten of these |
//! | the exchange writes nothing to its disk | `the_exchange_dies_in_the_middle_…` |
//! | the lock of the kill switch is not kept | `killed_while_the_kill_switch_works_…` |

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "kills/child.rs"]
mod child;
#[path = "kills/exchange.rs"]
mod exchange;
#[path = "common/program.rs"]
#[expect(dead_code, reason = "the window of these tests does not hang")]
mod program;
#[path = "kills/proof.rs"]
mod proof;
#[path = "kills/tap.rs"]
mod tap;

use std::sync::atomic::{AtomicBool, Ordering};

use child::{MOST_WORDS, Point, die, dies};
use exchange::Exchange;
use pitdesk::broker::BrokerEvent;
use pitdesk::desk::Desk;
use pitdesk::domain::{OrderKind, OrderStatus};
use pitdesk::link::{ConnectionState, FindingKind};
use program::PAPER;
use proof::Restarted;
use tap::Passing;
use tempfile::TempDir;

/// A child dies at `point` of `script`; the program that is started then, which has only looked.
#[track_caller]
fn after(script: &str, point: Point) -> (TempDir, Exchange, Restarted) {
    let folder = TempDir::new().unwrap();
    let exchange = Exchange::start(folder.path());
    die(folder.path(), &exchange, script, point);
    let restarted = Restarted::start(folder.path(), &exchange).must_have_only_looked();
    (folder, exchange, restarted)
}

#[test]
fn before_the_journal_has_the_intent_there_was_no_order() {
    let (folder, exchange, restarted) = after("rest", Point::Intended);
    assert!(restarted.picture().orders.is_empty());
    assert!(restarted.findings().is_empty());
    restarted.finish(folder.path(), &exchange);
}

#[test]
fn an_intent_on_disk_that_was_never_sent_is_told_so_and_not_sent() {
    let (folder, exchange, restarted) = after("rest", Point::Place(1));
    let order = restarted.only_order();
    assert_eq!(order.status, OrderStatus::Rejected, "{order:?}");
    assert_eq!(restarted.findings(), [FindingKind::NeverArrived]);
    assert!(exchange_has_nothing(&restarted), "{order:?}");
    restarted.finish(folder.path(), &exchange);
}

fn exchange_has_nothing(restarted: &Restarted) -> bool {
    let picture = restarted.picture();
    picture.fills.is_empty() && picture.net.is_empty()
}

#[test]
fn an_order_whose_bytes_were_written_works_once() {
    let (folder, exchange, restarted) = after("rest", Point::OnWire(1));
    // The bytes had left: whether the exchange read them before the connection ended, its books say.
    let order = restarted.only_order();
    assert!(matches!(order.status, OrderStatus::Working | OrderStatus::Rejected), "{order:?}");
    restarted.finish(folder.path(), &exchange);
}

#[test]
fn an_order_that_was_not_acknowledged_works_once() {
    let (folder, exchange, restarted) = after("rest", Point::Report(1));
    assert_eq!(restarted.only_order().status, OrderStatus::Working);
    restarted.finish(folder.path(), &exchange);
}

#[test]
fn between_partial_fills_each_execution_counts_once() {
    for point in [Point::Fill, Point::SecondPart] {
        let (folder, exchange, restarted) = after("parts", point);
        let (_, order) = restarted.picture().orders.pop_last().unwrap();
        assert_eq!((order.status, order.filled), (OrderStatus::Filled, order.spec.quantity));
        let told = restarted.findings();
        assert!(
            told.contains(&FindingKind::Filled) && told.iter().all(|k| *k == FindingKind::Filled),
            "{told:?}"
        );
        restarted.finish_by_kill(folder.path(), &exchange);
    }
}

#[test]
fn a_change_on_its_way_is_made_or_not_and_never_asked_for_again() {
    let points = [Point::AmendIntended, Point::Amend, Point::OnWire(2), Point::Amended];
    for point in points {
        let (folder, exchange, restarted) = after("amend", point);
        assert_eq!(restarted.only_order().status, OrderStatus::Working, "{point:?}");
        restarted.finish(folder.path(), &exchange);
    }
}

#[test]
fn a_cancel_on_its_way_has_reached_the_broker_or_not() {
    for (point, ends) in [
        (Point::Cancel, &[OrderStatus::Working][..]),
        (Point::OnWire(2), &[OrderStatus::Working, OrderStatus::Cancelled]),
        (Point::Cancelled, &[OrderStatus::Cancelled]),
    ] {
        let (folder, exchange, restarted) = after("cancel", point);
        let order = restarted.only_order();
        assert!(ends.contains(&order.status), "{point:?}: {order:?}");
        restarted.finish(folder.path(), &exchange);
    }
}

#[test]
fn killed_while_it_reconciles_it_reconciles_again() {
    let folder = TempDir::new().unwrap();
    let exchange = Exchange::start(folder.path());
    die(folder.path(), &exchange, "rest", Point::Report(1));
    die(folder.path(), &exchange, "start", Point::Books);
    die(folder.path(), &exchange, "start", Point::Reconciled);
    let restarted = Restarted::start(folder.path(), &exchange).must_have_only_looked();
    assert_eq!(restarted.only_order().status, OrderStatus::Working);
    restarted.finish(folder.path(), &exchange);
}

#[test]
fn killed_while_the_kill_switch_works_it_ends_flat_at_the_next_use() {
    // Cancels do not wait for the disk, so that at first the lock may not be there yet. The fourth
    // order is the one by which the switch closes the position: it waits for the disk, which then
    // has the lock too.
    for (point, is_locked) in [
        (Point::CancelAll, None),
        (Point::Cancelled, None),
        (Point::BooksAsked, None),
        (Point::Place(4), Some(true)),
        (Point::OnWire(4), Some(true)),
    ] {
        let folder = TempDir::new().unwrap();
        let exchange = Exchange::start(folder.path());
        die(folder.path(), &exchange, "kill", point);
        let restarted = Restarted::start(folder.path(), &exchange).must_have_placed_nothing();
        let locked = restarted.program.look(|desk| desk.kill().is_locked());
        assert!(is_locked.is_none_or(|expected| locked == expected), "{point:?}");
        assert!(restarted.picture().orders.len() <= 4, "{point:?}: no order was made by itself");
        restarted.finish_by_kill(folder.path(), &exchange);
    }
}

#[test]
fn killed_at_any_word_at_all_it_ends_flat_at_the_next_use() {
    let mut words = 0;
    loop {
        let folder = TempDir::new().unwrap();
        let exchange = Exchange::start(folder.path());
        if !dies(folder.path(), &exchange, "kill", Point::Word(words + 1)) {
            break;
        }
        words += 1;
        assert!(words < MOST_WORDS, "the script ends");
        let restarted = Restarted::start(folder.path(), &exchange).must_have_placed_nothing();
        restarted.finish_by_kill(folder.path(), &exchange);
    }
    // Four orders, each asked for, written, reported; two cancels; the books three times.
    assert!(words >= 20, "{words} words only");
}

#[test]
fn the_exchange_dies_in_the_middle_and_the_program_goes_on() {
    let folder = TempDir::new().unwrap();
    let mut exchange = Exchange::start(folder.path());
    let (kill, has_died) = (exchange.killer(), AtomicBool::new(false));
    let mut restarted = Restarted::start_with(folder.path(), &exchange, move |passing| {
        // The bytes are written; it dies before it answers, or just after.
        let is_point = matches!(passing, Passing::Told(BrokerEvent::OnWire { .. }));
        if is_point && !has_died.swap(true, Ordering::AcqRel) {
            kill();
        }
    })
    .must_have_only_looked();
    let program = &mut restarted.program;
    let eth = program.watch(child::SYMBOL);
    let far = program.below(eth, 20);
    let order = program.place(eth, 1, far);
    let is = |state| move |desk: &Desk| desk.connection(PAPER).is_some_and(|c| c.state == state);
    program.wait("the loss to be told", is(ConnectionState::Down));
    program.wait_for_status(order, OrderStatus::Unknown);
    let refused = program.ask(eth, 1, OrderKind::Market);
    program.wait("an answer", |desk| desk.answer(refused).is_some());
    assert!(
        program.look(|desk| desk.answer(refused).unwrap().outcome.is_err()),
        "nobody is there to take it"
    );
    exchange.restart();
    program.wait("the exchange to be back", is(ConnectionState::Ready));
    restarted.must_show_the_books();
    let status = restarted.picture().orders[&order].status;
    assert!(matches!(status, OrderStatus::Working | OrderStatus::Rejected), "{status:?}");
    restarted.finish(folder.path(), &exchange);
}

#[test]
fn both_die_and_both_come_back() {
    for (script, point) in
        [("rest", Point::OnWire(1)), ("parts", Point::SecondPart), ("cancel", Point::OnWire(2))]
    {
        let folder = TempDir::new().unwrap();
        let mut exchange = Exchange::start(folder.path());
        die(folder.path(), &exchange, script, point);
        exchange.kill_and_restart();
        let restarted = Restarted::start(folder.path(), &exchange).must_have_only_looked();
        restarted.finish_by_kill(folder.path(), &exchange);
    }
}
