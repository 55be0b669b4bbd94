//! The exchange of this program confirms nothing before its disk has it, and lets nothing else wait.

use std::sync::{Arc, Condvar, Mutex};

use pitdesk::broker::contract::{Books, SessionEnd};
use pitdesk::broker::paper::{Change, Disk, PaperBroker, Saved};
use pitdesk::broker::{Adapter as _, BrokerEvent, BrokerRequest, ReportKind};
use pitdesk::domain::{Decimal, OrderId, OrderKind, OrderStatus};
use pitdesk::link::{Clock, ConnectionState, Drill};

use crate::processes::{Desk, Wanted};
use crate::world::{below, listed, venue};

/// What a disk does with what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Health {
    #[default]
    Well,
    /// It takes for ever.
    Hangs,
    Full,
}

#[derive(Default)]
struct State {
    health: Health,
    has: Saved,
}

/// A disk in a test's hand; it keeps what it has when the exchange dies.
#[derive(Clone, Default)]
struct Platter(Arc<(Mutex<State>, Condvar)>);

impl Platter {
    fn set(&self, health: Health) {
        self.0.0.lock().unwrap().health = health;
        self.0.1.notify_all();
    }

    fn has(&self) -> Saved {
        self.0.0.lock().unwrap().has.clone()
    }

    fn write(&self, what: impl FnOnce(&mut Saved)) -> Result<(), String> {
        let state = self.0.0.lock().unwrap();
        let mut state = self.0.1.wait_while(state, |state| state.health == Health::Hangs).unwrap();
        if state.health == Health::Full {
            return Err("No space is left. Free some space on that disk".to_owned());
        }
        what(&mut state.has);
        Ok(())
    }
}

/// A thread that waits for a disk is waited for: a test that fails lets it go first.
struct WellAtLast(Platter);

impl Drop for WellAtLast {
    fn drop(&mut self) {
        self.0.set(Health::Well);
    }
}

impl Disk for Platter {
    fn append(&mut self, changes: &[Change], whole: &Saved) -> Result<(), String> {
        self.write(|has| {
            for change in changes {
                has.apply(change.clone()).unwrap();
            }
            assert_eq!(has, whole);
        })
    }

    fn replace(&mut self, whole: &Saved) -> Result<(), String> {
        self.write(|has| *has = whole.clone())
    }
}

fn broker(platter: &Platter) -> PaperBroker {
    let now = Clock::system().now();
    PaperBroker::kept(venue(3, now), platter.has(), Box::new(platter.clone()), now).unwrap()
}

fn run<F: Future<Output = ()>>(test: impl FnOnce(Platter) -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(test(Platter::default()));
}

fn is_market(event: &BrokerEvent) -> Option<()> {
    matches!(event, BrokerEvent::Market { .. } | BrokerEvent::Alive { .. }).then_some(())
}

fn note(event: &BrokerEvent) -> Option<String> {
    match event {
        BrokerEvent::Note(_, text) => Some(text.to_string()),
        _ => None,
    }
}

/// Orders and executions that were told from `from` on.
fn told(desk: &Desk, from: usize) -> Vec<OrderId> {
    let order = |event: &BrokerEvent| match event {
        BrokerEvent::Report(report) => Some(report.order),
        BrokerEvent::Fill { fill, .. } => Some(fill.order),
        _ => None,
    };
    desk.told[from..].iter().filter_map(order).collect()
}

fn status(books: &Books, id: u64) -> Option<OrderStatus> {
    books.orders.iter().find(|order| order.id == OrderId(id)).map(|order| order.status)
}

#[test]
fn an_order_is_confirmed_when_the_disk_has_it_and_market_data_do_not_wait() {
    run(|platter| async move {
        let paper = broker(&platter);
        let aapl = Arc::clone(&listed()[0]);
        let mut desk = Desk::connect(&paper).await;
        let quote = desk.quote(&aapl).await;
        let _well = WellAtLast(platter.clone());
        platter.set(Health::Hangs);
        let from = desk.told.len();
        desk.place(Wanted::buy(1, OrderKind::Market), &aapl, &quote).await;
        let price = below(&aapl, &quote, 400);
        desk.place(Wanted::buy(2, OrderKind::Limit { price }), &aapl, &quote).await;
        for _ in 0..20 {
            desk.until(is_market).await;
        }
        assert_eq!(told(&desk, from), []);
        assert!(platter.has().accounts.accounts.iter().all(|saved| saved.working.is_empty()));
        // What it would say of its account is of the same moment.
        desk.request(BrokerRequest::Books).await;
        for _ in 0..20 {
            desk.until(is_market).await;
        }
        assert!(
            !desk.told[from..].iter().any(|e| matches!(e, BrokerEvent::Account(_) | BrokerEvent::Books(_)))
        );
        platter.set(Health::Well);
        desk.status(2, OrderStatus::Working).await;
        assert_eq!(told(&desk, from).first(), Some(&OrderId(1)), "in the order in which it happened");
        let books = desk.until(|event| match event {
            BrokerEvent::Books(books) => Some(Arc::clone(books)),
            _ => None,
        });
        assert_eq!(books.await.positions[0].net, Decimal::ONE);
        let saved = &platter.has().accounts.accounts[0];
        assert_eq!((saved.working.len(), saved.past.len()), (1, 1));
        desk.disconnect().await;
    });
}

#[test]
fn a_program_that_dies_has_told_nothing_that_the_next_one_does_not_know() {
    run(|platter| async move {
        let aapl = Arc::clone(&listed()[0]);
        let paper = broker(&platter);
        let mut desk = Desk::connect(&paper).await;
        let quote = desk.quote(&aapl).await;
        desk.place(Wanted::buy(1, OrderKind::Market), &aapl, &quote).await;
        desk.until(|event| matches!(event, BrokerEvent::Fill { .. }).then_some(())).await;
        // The exchange and its session are there still, with all that they know; the disk is taken
        // from under them.
        let next = Platter::default();
        next.0.0.lock().unwrap().has = platter.has();
        let paper = broker(&next);
        let desk = Desk::connect(&paper).await;
        let books = desk.books();
        assert_eq!(status(&books, 1), Some(OrderStatus::Filled));
        assert_eq!((books.fills.len(), books.positions[0].net), (1, Decimal::ONE));
        desk.disconnect().await;
    });
}

#[test]
fn a_full_disk_refuses_orders_takes_cancels_and_tells_all_that_happened_once_it_is_written() {
    run(|platter| async move {
        let paper = broker(&platter);
        let aapl = Arc::clone(&listed()[0]);
        let mut desk = Desk::connect(&paper).await;
        let quote = desk.quote(&aapl).await;
        let price = below(&aapl, &quote, 400);
        let far = || OrderKind::Limit { price };
        desk.place(Wanted::buy(1, far()), &aapl, &quote).await;
        desk.status(1, OrderStatus::Working).await;
        platter.set(Health::Full);
        // The first to meet the full disk is in the book, and nobody is told so.
        desk.place(Wanted::buy(2, far()), &aapl, &quote).await;
        let why = desk.until(note).await;
        assert!(why.contains("No space is left") && why.contains("New orders are refused"), "{why}");
        let from = desk.told.len();
        desk.place(Wanted::buy(3, OrderKind::Market), &aapl, &quote).await;
        desk.status(3, OrderStatus::Rejected).await;
        let reason = format!("{:?}", desk.told.last().unwrap());
        assert!(reason.contains("No space is left. Free some space"), "{reason}");
        desk.request(BrokerRequest::Cancel(OrderId(1))).await;
        for _ in 0..20 {
            desk.until(is_market).await;
        }
        assert_eq!(told(&desk, from), [OrderId(3)], "nothing that the disk does not have");
        platter.set(Health::Well);
        // With the next change it is tried again, without one a little later.
        desk.request(BrokerRequest::Cancel(OrderId(2))).await;
        desk.status(2, OrderStatus::Cancelled).await;
        assert_eq!(told(&desk, from), [3, 2, 1, 2].map(OrderId), "all, in the order in which it happened");
        assert!(desk.until(note).await.contains("saved again"));
        desk.place(Wanted::buy(4, far()), &aapl, &quote).await;
        desk.status(4, OrderStatus::Working).await;
        desk.disconnect().await;
        drop(paper);
        let saved = &platter.has().accounts.accounts[0];
        assert_eq!((saved.working.len(), saved.past.len()), (1, 2));
    });
}

#[test]
fn a_session_that_crashes_meanwhile_begins_with_the_books_once_they_are_written() {
    run(|platter| async move {
        let paper = broker(&platter);
        let aapl = Arc::clone(&listed()[0]);
        let mut desk = Desk::connect(&paper).await;
        let quote = desk.quote(&aapl).await;
        platter.set(Health::Full);
        desk.place(Wanted::buy(1, OrderKind::Market), &aapl, &quote).await;
        desk.until(note).await;
        desk.request(BrokerRequest::Drill(Drill::Crash)).await;
        while desk.next().await.is_some() {}
        assert_eq!(told(&desk, 0), []);
        let mut desk = Desk::begin(&paper);
        let waits = desk.until(|event| match event {
            BrokerEvent::Connection { state: ConnectionState::Connecting, reason } => {
                Some(reason.to_string())
            }
            _ => None,
        });
        assert!(waits.await.contains("No space is left"));
        assert!(!desk.told.iter().any(|event| matches!(event, BrokerEvent::Books(_))));
        platter.set(Health::Well);
        let is_ready =
            |e: &BrokerEvent| matches!(e, BrokerEvent::Connection { state: ConnectionState::Ready, .. });
        desk.until(|event| is_ready(event).then_some(())).await;
        assert_eq!(desk.books().positions[0].net, Decimal::ONE, "it is the same exchange");
        desk.disconnect().await;
    });
}

fn is_ready(event: &BrokerEvent) -> Option<String> {
    match event {
        BrokerEvent::Connection { state: ConnectionState::Ready, reason } => Some(reason.to_string()),
        _ => None,
    }
}

/// An account with a position and two orders far below the market, on the disk; one of them may
/// have run out of time.
async fn with_two_orders(platter: &Platter) {
    let paper = broker(platter);
    let aapl = Arc::clone(&listed()[0]);
    let mut desk = Desk::connect(&paper).await;
    let quote = desk.quote(&aapl).await;
    desk.place(Wanted::buy(1, OrderKind::Market), &aapl, &quote).await;
    for id in [2, 3] {
        let price = below(&aapl, &quote, 400);
        desk.place(Wanted::buy(id, OrderKind::Limit { price }), &aapl, &quote).await;
        desk.status(id, OrderStatus::Working).await;
    }
    desk.disconnect().await;
}

#[test]
fn a_start_on_a_full_disk_shows_what_is_on_it_and_cancels() {
    run(|platter| async move {
        with_two_orders(&platter).await;
        platter.set(Health::Full);
        let has = platter.has();
        let paper = broker(&platter);
        let mut desk = Desk::begin(&paper);
        desk.until(is_ready).await;
        let books = desk.books();
        assert_eq!((books.positions[0].net, books.fills.len()), (Decimal::ONE, 1));
        assert_eq!([2, 3].map(|id| status(&books, id)), [Some(OrderStatus::Working); 2]);
        let aapl = Arc::clone(&listed()[0]);
        let quote = desk.quote(&aapl).await;
        desk.request(BrokerRequest::Cancel(OrderId(2))).await;
        let why = match desk.told.iter().find_map(note) {
            Some(why) => why,
            None => desk.until(note).await,
        };
        assert!(why.contains("No space is left") && why.contains("New orders are refused"), "{why}");
        desk.place(Wanted::buy(4, OrderKind::Market), &aapl, &quote).await;
        desk.status(4, OrderStatus::Rejected).await;
        assert_eq!(told(&desk, 0), [OrderId(4)], "nothing that the disk does not have");
        assert_eq!(platter.has(), has);
        platter.set(Health::Well);
        desk.request(BrokerRequest::Cancel(OrderId(3))).await;
        desk.status(3, OrderStatus::Cancelled).await;
        assert_eq!(told(&desk, 0), [4, 2, 3].map(OrderId));
        desk.disconnect().await;
        drop(paper);
        assert_eq!(platter.has().accounts.accounts[0].past.len(), 3);
    });
}

#[test]
fn what_is_on_the_disk_is_told_by_one_that_hangs() {
    run(|platter| async move {
        with_two_orders(&platter).await;
        let _well = WellAtLast(platter.clone());
        let paper = broker(&platter);
        platter.set(Health::Hangs);
        let desk = Desk::connect(&paper).await;
        assert_eq!([2, 3].map(|id| status(&desk.books(), id)), [Some(OrderStatus::Working); 2]);
        platter.set(Health::Well);
        desk.disconnect().await;
    });
}

#[test]
fn what_has_changed_by_the_start_itself_is_told_when_a_full_disk_has_it() {
    run(|platter| async move {
        with_two_orders(&platter).await;
        // The time of one of them is over when the next program begins.
        let mut text = serde_json::to_value(platter.has()).unwrap();
        let order = &mut text["accounts"]["accounts"][0]["working"][1];
        order["expires"] = order["created"].clone();
        platter.0.0.lock().unwrap().has = serde_json::from_value(text).unwrap();
        platter.set(Health::Full);
        let paper = broker(&platter);
        let mut desk = Desk::begin(&paper);
        let why = desk.until(is_ready).await;
        assert!(why.contains("No space is left"), "{why}");
        assert_eq!([2, 3].map(|id| status(&desk.books(), id)), [Some(OrderStatus::Working); 2]);
        desk.request(BrokerRequest::Cancel(OrderId(2))).await;
        for _ in 0..20 {
            desk.until(is_market).await;
        }
        assert_eq!(told(&desk, 0), []);
        let from = desk.told.len();
        platter.set(Health::Well);
        desk.request(BrokerRequest::Books).await;
        desk.status(2, OrderStatus::Cancelled).await;
        let later = desk.told[from..].iter().find_map(|event| match event {
            BrokerEvent::Books(books) => Some(Arc::clone(books)),
            _ => None,
        });
        let later = later.expect("the books of the start come first");
        assert_eq!(
            [2, 3].map(|id| status(&later, id)),
            [OrderStatus::Working, OrderStatus::Expired].map(Some)
        );
        assert!(!desk.told[from..].iter().filter_map(is_ready).any(|why| why.contains("No space")));
        desk.disconnect().await;
    });
}

#[test]
fn a_full_disk_keeps_nobody_from_the_end() {
    run(|platter| async move {
        let paper = broker(&platter);
        let aapl = Arc::clone(&listed()[0]);
        let mut desk = Desk::connect(&paper).await;
        let quote = desk.quote(&aapl).await;
        platter.set(Health::Full);
        desk.place(Wanted::buy(1, OrderKind::Market), &aapl, &quote).await;
        desk.until(note).await;
        desk.request(BrokerRequest::Disconnect).await;
        let (end, told) = desk.ended().await;
        assert_eq!(end, SessionEnd::Asked);
        let last = format!("{:?}", told.last().unwrap());
        assert!(last.contains("Closed") && last.contains("No space is left"), "{last}");
        assert!(!told.iter().any(|event| matches!(event, BrokerEvent::Fill { .. })));
    });
}

#[test]
fn an_id_that_an_earlier_run_has_used_is_not_taken_again() {
    run(|platter| async move {
        let aapl = Arc::clone(&listed()[0]);
        for run in 0..3 {
            let paper = broker(&platter);
            assert_eq!(paper.name(), "Paper");
            let mut desk = Desk::connect(&paper).await;
            let quote = desk.quote(&aapl).await;
            desk.place(Wanted::buy(1, OrderKind::Market), &aapl, &quote).await;
            desk.until(|event| match event {
                BrokerEvent::Fill { .. } => Some(()),
                BrokerEvent::Report(report) if run > 0 => match report.kind {
                    ReportKind::Status { status, .. } => (status == OrderStatus::Filled).then_some(()),
                    _ => None,
                },
                _ => None,
            })
            .await;
            desk.request(BrokerRequest::Books).await;
            let books = desk.until(|event| match event {
                BrokerEvent::Books(books) => Some(Arc::clone(books)),
                _ => None,
            });
            assert_eq!(books.await.fills.len(), 1, "run {run}");
            desk.disconnect().await;
            drop(paper);
            let has = platter.has();
            let saved = &has.accounts.accounts[0];
            assert_eq!((saved.past.len(), saved.fills.len()), (1, 1), "what was saved is not saved again");
            assert_eq!(has.session, run + 1, "each session is written down");
        }
    });
}
