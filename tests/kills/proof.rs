//! What must hold after every death: the blotter, the journal and the exchange's books are one.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use pitdesk::broker::contract::Books;
use pitdesk::broker::{Adapter as _, BrokerEvent, BrokerRequest};
use pitdesk::desk::Desk;
use pitdesk::domain::{Decimal, ExecId, Fill, InstrumentId, Order, OrderId, OrderStatus, Qty};
use pitdesk::link::{Clock, Command, FindingKind, Flatten};
use pitdesk::store::journal::{Journal, Names};

use crate::child::SYMBOL;
use crate::exchange::Exchange;
use crate::program::{PROFILE, Program};
use crate::tap::{Passing, Tapped};

/// What orders, executions and positions come to, whoever tells of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub orders: BTreeMap<OrderId, Order>,
    pub fills: BTreeSet<ExecId>,
    pub net: BTreeMap<InstrumentId, Decimal>,
}

impl Picture {
    fn new(orders: &[Order], fills: &[Fill], net: BTreeMap<InstrumentId, Decimal>) -> Self {
        let by_id: BTreeMap<_, _> = orders.iter().map(|order| (order.id, order.clone())).collect();
        assert_eq!(by_id.len(), orders.len(), "an order is there once: {orders:?}");
        let executions: BTreeSet<_> = fills.iter().map(|fill| fill.exec_id.clone()).collect();
        assert_eq!(executions.len(), fills.len(), "an execution is there once: {fills:?}");
        let mut filled = BTreeMap::<OrderId, Qty>::new();
        let mut held = BTreeMap::<InstrumentId, Decimal>::new();
        for fill in fills {
            let of_order = filled.entry(fill.order).or_default();
            *of_order = Qty(of_order.0 + fill.quantity.0);
            *held.entry(fill.instrument).or_default() += fill.side.sign() * fill.quantity.0;
        }
        for order in orders {
            let filled = filled.get(&order.id).copied().unwrap_or_default();
            assert_eq!(order.filled, filled, "{order:?} has what its executions say");
            assert!(order.filled <= order.spec.quantity, "{order:?}");
        }
        let is_held = |(_, net): &(InstrumentId, Decimal)| !net.is_zero();
        let (net, held): (BTreeMap<_, _>, BTreeMap<_, _>) =
            (net.into_iter().filter(is_held).collect(), held.into_iter().filter(is_held).collect());
        assert_eq!(net, held, "positions are the sums of executions");
        Self { orders: by_id, fills: executions, net }
    }

    /// The program's.
    pub fn of_desk(desk: &Desk) -> Self {
        let blotter = desk.blotter();
        let orders: Vec<Order> = blotter.orders().cloned().collect();
        let net = blotter.positions().map(|position| (position.instrument, position.net)).collect();
        Self::new(&orders, blotter.fills(), net)
    }

    /// The exchange's.
    pub fn of_books(books: &Books) -> Self {
        let net = books.positions.iter().map(|position| (position.instrument, position.net)).collect();
        Self::new(&books.orders, &books.fills, net)
    }

    /// Fails unless the program shows what the exchange has, and of the rest that it never got there.
    #[track_caller]
    fn must_show(&self, exchange: &Self) {
        for (id, theirs) in &exchange.orders {
            let ours = self.orders.get(id).unwrap_or_else(|| panic!("nobody here knows {theirs:?}"));
            let stands = |order: &Order| (order.status, order.filled, order.spec);
            assert_eq!(stands(ours), stands(theirs), "{ours:?}");
        }
        for (id, ours) in self.orders.iter().filter(|(id, _)| !exchange.orders.contains_key(id)) {
            let never_was = matches!(ours.status, OrderStatus::Rejected | OrderStatus::Cancelled);
            assert!(never_was && ours.filled.is_zero(), "{id} is not at the exchange: {ours:?}");
            assert!(ours.reason.is_some(), "{id} says why: {ours:?}");
        }
        assert_eq!((&self.fills, &self.net), (&exchange.fills, &exchange.net));
    }
}

/// What went between the program and its broker.
#[derive(Default)]
struct Heard {
    /// New orders, changes and cancels.
    asked: Vec<String>,
    books: Option<Arc<Books>>,
}

/// A program that was started again after a death.
pub struct Restarted {
    pub program: Program,
    heard: Arc<Mutex<Heard>>,
}

impl Restarted {
    /// Starts the program and waits until it trades. Fails unless it shows what the exchange has,
    /// and asked for nothing.
    #[track_caller]
    pub fn start(folder: &Path, exchange: &Exchange) -> Self {
        Self::start_with(folder, exchange, |_| ())
    }

    /// The same; `listener` hears what goes to the broker and back.
    #[track_caller]
    pub fn start_with(
        folder: &Path,
        exchange: &Exchange,
        listener: impl Fn(&Passing<'_>) + Send + Sync + 'static,
    ) -> Self {
        let heard = Arc::<Mutex<Heard>>::default();
        let listening = Arc::clone(&heard);
        let tapped = Tapped::new(exchange.broker(), move |passing| {
            match passing {
                Passing::Asked(
                    request @ (BrokerRequest::Place(_)
                    | BrokerRequest::Amend(_)
                    | BrokerRequest::Cancel(_)
                    | BrokerRequest::CancelAll),
                ) => listening.lock().unwrap().asked.push(format!("{request:?}")),
                Passing::Told(BrokerEvent::Books(books)) => {
                    listening.lock().unwrap().books = Some(Arc::clone(books));
                }
                _ => {}
            }
            listener(passing);
        });
        let restarted = Self { program: Program::start(folder, Arc::new(tapped)), heard };
        restarted.program.wait_until_ready();
        restarted
    }

    /// Fails unless the program shows what the exchange had told last, and has asked for nothing.
    #[track_caller]
    pub fn must_have_only_looked(self) -> Self {
        assert_eq!(self.heard.lock().unwrap().asked, [""; 0], "nothing is sent by itself");
        self.must_show_the_books();
        self
    }

    /// Fails when it has asked for an order or a change. (Of a kill switch that was left on, it
    /// cancels.)
    #[track_caller]
    pub fn must_have_placed_nothing(self) -> Self {
        let cancels = |asked: &String| asked.starts_with("Cancel");
        let heard = self.heard.lock().unwrap();
        assert!(heard.asked.iter().all(cancels), "{:?}", heard.asked);
        drop(heard);
        self
    }

    /// Fails unless the program shows what the exchange had told last.
    #[track_caller]
    pub fn must_show_the_books(&self) {
        let books = self.heard.lock().unwrap().books.clone().expect("the books came");
        self.program.look(Picture::of_desk).must_show(&Picture::of_books(&books));
    }

    /// The one order of the script, as the blotter has it.
    #[track_caller]
    pub fn only_order(&self) -> Order {
        let orders = self.picture().orders;
        assert_eq!(orders.len(), 1, "{orders:?}");
        orders.into_values().next().unwrap()
    }

    pub fn picture(&self) -> Picture {
        self.program.look(Picture::of_desk)
    }

    /// The kinds of differences that were told.
    pub fn findings(&self) -> Vec<FindingKind> {
        let kinds = |desk: &Desk| {
            desk.reconciled().iter().flat_map(|report| &report.findings).map(|found| found.kind).collect()
        };
        self.program.look(kinds)
    }

    /// Trades on as usual, ends everything, closes the program; then the exchange's books, the
    /// journal and one more start must say the same as the blotter did.
    #[track_caller]
    pub fn finish(mut self, folder: &Path, exchange: &Exchange) {
        let before = self.picture();
        let eth = self.program.watch(SYMBOL);
        let order = self.program.place(eth, 1, self.program.below(eth, 20));
        assert!(before.orders.keys().all(|known| *known < order), "an id is used once");
        self.program.wait_for_status(order, OrderStatus::Working);
        self.program.send(Command::CancelAll { instrument: None });
        self.end(folder, exchange);
    }

    /// Uses the kill switch, which must end flat and locked, and compares as [`Self::finish`] does.
    #[track_caller]
    pub fn finish_by_kill(mut self, folder: &Path, exchange: &Exchange) {
        // A switch that was left on tells of itself, too, and was asked for the same.
        let now = self.program.clock.now();
        self.program.send(Command::Kill { flatten: Flatten::Market });
        let is_done =
            |desk: &Desk| desk.kill_report().is_some_and(|report| report.since >= now && report.is_done());
        self.program.wait("the kill switch", is_done);
        assert_eq!(self.picture().net, BTreeMap::new(), "flat");
        assert!(self.program.look(|desk| desk.kill().is_locked()));
        self.end(folder, exchange);
    }

    #[track_caller]
    fn end(self, folder: &Path, exchange: &Exchange) {
        let all_ended = |desk: &Desk| desk.blotter().orders().all(|order| order.status.is_final());
        self.program.wait("every order to end", all_ended);
        let shown = self.picture();
        self.program.shut_down();
        shown.must_show(&Picture::of_books(&exchange.books()));
        let journaled = journaled(folder, exchange, &shown);
        for (id, order) in &shown.orders {
            let journaled = journaled.orders.get(id).map(|o| (o.status, o.filled));
            assert_eq!(journaled, Some((order.status, order.filled)));
        }
        assert_eq!(journaled.fills, shown.fills, "every execution, and none twice");
        // What was settled once is settled: after an orderly end nothing differs any more.
        let again = Self::start(folder, exchange).must_have_only_looked();
        assert_eq!(again.findings(), []);
        let picture = again.picture();
        let stands = |orders: &BTreeMap<OrderId, Order>| -> Vec<_> {
            orders.values().map(|order| (order.id, order.status, order.filled, order.spec)).collect()
        };
        assert_eq!(stands(&picture.orders), stands(&shown.orders));
        assert_eq!((picture.fills, picture.net), (shown.fills, shown.net));
        again.program.shut_down();
    }
}

/// What the journal has; its executions must come to what is held.
fn journaled(folder: &Path, exchange: &Exchange, shown: &Picture) -> Picture {
    let broker = exchange.broker();
    let names = Names { brokers: vec![broker.name().into()], instruments: broker.instruments().into() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let file = folder.join(PROFILE).join("journal.sqlite");
    runtime.block_on(async {
        let (journal, recovered) = Journal::open(&file, names, Clock::system().now()).await.unwrap();
        journal.close().await;
        let before = recovered.past.opening.values();
        assert!(before.into_iter().all(Decimal::is_zero), "all of them come back: {:?}", recovered.past);
        Picture::new(&recovered.orders, &recovered.fills, shown.net.clone())
    })
}
