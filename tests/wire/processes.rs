//! The exchange as a process that is killed, and clients that come and go.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use pitdesk::app::exchange::token;
use pitdesk::broker::contract::{Books, EventSender, Requests, SessionEnd, Watch};
use pitdesk::broker::paper::remote::{NotLoopback, RemotePaper};
use pitdesk::broker::{Adapter, BrokerEvent, BrokerRequest, MarketEvent, ReportKind, SessionStart};
use pitdesk::domain::{
    BrokerId, Decimal, ExecId, Instrument, OrderId, OrderKind, OrderSpec, OrderStatus, Qty, Quote, Side,
    TimeInForce,
};
use pitdesk::engine::supervisor;
use pitdesk::link::{Clock, ConnectionState};
use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};

use crate::pipe::Dice;
use crate::world::{approved, below, listed};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);
const SEED: &str = "3";

/// A process that runs an exchange; killed with the value.
struct Exchange {
    child: Child,
    address: SocketAddr,
}

fn command(folder: &Path, listen: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pitdesk"));
    command.args(["exchange", "--always-open", "--seed", SEED, "--listen", listen]);
    command.arg("--token-file").arg(folder.join("token")).arg("--state").arg(folder.join("state"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

impl Exchange {
    fn start(folder: &Path, listen: &str) -> Self {
        Self::start_with(&mut command(folder, listen))
    }

    fn start_with(command: &mut Command) -> Self {
        let mut child = command.stderr(Stdio::inherit()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").expect(&line).parse().unwrap();
        Self { child, address }
    }

    /// SIGKILL: it can do nothing about it.
    fn kill(mut self) -> SocketAddr {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.address
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// An order that a test has in mind.
pub struct Wanted {
    pub id: u64,
    pub side: Side,
    pub units: i64,
    pub kind: OrderKind,
}

impl Wanted {
    /// One unit.
    pub fn buy(id: u64, kind: OrderKind) -> Self {
        Self { id, side: Side::Buy, units: 1, kind }
    }
}

/// A session and all that it was told.
pub struct Desk {
    requests: mpsc::Sender<BrokerRequest>,
    events: mpsc::Receiver<(BrokerId, BrokerEvent)>,
    end: oneshot::Receiver<SessionEnd>,
    pub told: Vec<BrokerEvent>,
    clock: Clock,
}

impl Desk {
    /// Begins a session; whether it gets anywhere is another question.
    pub fn begin(broker: &dyn Adapter) -> Self {
        let (requests, asked) = mpsc::channel(64);
        let (sender, events) = mpsc::channel(64);
        let clock = Clock::system();
        let session = broker.start(SessionStart {
            id: BrokerId(0),
            clock: clock.clone(),
            requests: Requests::new(asked),
            events: EventSender::new(BrokerId(0), sender),
        });
        let (ended, end) = oneshot::channel();
        supervisor::spawn("session", async move {
            ended.send(session.await).ok();
        });
        Self { requests, events, end, told: Vec::new(), clock }
    }

    pub async fn connect(broker: &dyn Adapter) -> Self {
        let mut desk = Self::begin(broker);
        let is_ready =
            |e: &BrokerEvent| matches!(e, BrokerEvent::Connection { state: ConnectionState::Ready, .. });
        desk.until(|event| is_ready(event).then_some(())).await;
        desk
    }

    pub async fn request(&self, request: BrokerRequest) {
        self.requests.send(request).await.unwrap();
    }

    /// The next event; `None` when the session has ended.
    pub async fn next(&mut self) -> Option<&BrokerEvent> {
        let (_, event) = self.events.recv().await?;
        self.told.push(event);
        self.told.last()
    }

    pub async fn until<T>(&mut self, mut found: impl FnMut(&BrokerEvent) -> Option<T>) -> T {
        let search = async {
            loop {
                let event = self.next().await.expect("the session lives");
                if let Some(found) = found(event) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("it comes in time")
    }

    pub async fn status(&mut self, id: u64, status: OrderStatus) {
        self.until(|event| match event {
            BrokerEvent::Report(report) if report.order == OrderId(id) => {
                let wanted =
                    matches!(&report.kind, ReportKind::Status { status: said, .. } if *said == status);
                wanted.then_some(())
            }
            _ => None,
        })
        .await;
    }

    pub async fn quote(&mut self, instrument: &Instrument) -> Quote {
        let quotes = [instrument.id].into();
        self.request(BrokerRequest::Watch(Watch { quotes, ..Watch::default() })).await;
        self.until(|event| match event {
            BrokerEvent::Market { events, .. } => events.iter().find_map(|event| match event {
                MarketEvent::Quote(_, quote) if quote.bid.is_some() && quote.ask.is_some() => Some(*quote),
                _ => None,
            }),
            _ => None,
        })
        .await
    }

    pub async fn place(&self, wanted: Wanted, instrument: &Instrument, quote: &Quote) {
        let Wanted { id, side, units, kind } = wanted;
        let spec = OrderSpec::new(instrument.id, side, Qty(units.into()), kind, TimeInForce::Gtc);
        let order = approved(id, spec, instrument, quote, self.clock.now());
        self.requests.send(BrokerRequest::Place(vec![order])).await.ok();
    }

    pub fn books(&self) -> Arc<Books> {
        let books = |event: &BrokerEvent| match event {
            BrokerEvent::Books(books) => Some(Arc::clone(books)),
            _ => None,
        };
        self.told.iter().rev().find_map(books).expect("it has connected")
    }

    /// What the exchange has confirmed to it: orders that it said it has, and executions.
    fn confirmed(&self) -> (BTreeSet<OrderId>, BTreeSet<ExecId>) {
        let (mut orders, mut fills) = (BTreeSet::new(), BTreeSet::new());
        for event in &self.told {
            match event {
                BrokerEvent::Report(report) => match &report.kind {
                    ReportKind::Status { status: OrderStatus::Rejected, .. } => {}
                    ReportKind::Status { .. } => drop(orders.insert(report.order)),
                    _ => {}
                },
                BrokerEvent::Fill { fill, .. } => drop(fills.insert(fill.exec_id.clone())),
                _ => {}
            }
        }
        (orders, fills)
    }

    pub async fn disconnect(self) {
        self.requests.send(BrokerRequest::Disconnect).await.ok();
        let Self { mut events, end, .. } = self;
        while events.recv().await.is_some() {}
        assert_eq!(end.await.unwrap(), SessionEnd::Asked);
    }

    pub async fn ended(mut self) -> (SessionEnd, Vec<BrokerEvent>) {
        let all = async { while self.next().await.is_some() {} };
        tokio::time::timeout(PATIENCE, all).await.expect("it ends in time");
        (self.end.await.unwrap(), self.told)
    }
}

fn run<F: Future<Output = ()>>(test: impl FnOnce(TempDir) -> F) {
    let folder = tempfile::tempdir().unwrap();
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test(folder));
}

fn broker(folder: &Path, address: SocketAddr) -> RemotePaper {
    RemotePaper::new(address, &token::read(&folder.join("token")).unwrap(), listed()).unwrap()
}

fn net(books: &Books) -> Decimal {
    books.positions.iter().map(|position| position.net).sum()
}

fn bought(books: &Books) -> Decimal {
    books.fills.iter().map(|fill| fill.side.sign() * fill.quantity.0).sum()
}

#[test]
fn a_killed_exchange_comes_back_with_the_same_books() {
    run(|folder| async move {
        let exchange = Exchange::start(folder.path(), "127.0.0.1:0");
        let (paper, aapl) = (broker(folder.path(), exchange.address), Arc::clone(&listed()[0]));
        let mut desk = Desk::connect(&paper).await;
        let quote = desk.quote(&aapl).await;
        desk.place(Wanted::buy(1, OrderKind::Market), &aapl, &quote).await;
        let position = desk.until(|event| match event {
            BrokerEvent::Fill { position, .. } if position.net == Decimal::ONE => Some(position.clone()),
            _ => None,
        });
        let position = position.await;
        let price = below(&aapl, &quote, 400);
        desk.place(Wanted::buy(2, OrderKind::Limit { price }), &aapl, &quote).await;
        desk.status(2, OrderStatus::Working).await;
        desk.place(Wanted::buy(3, OrderKind::Limit { price }), &aapl, &quote).await;
        desk.request(BrokerRequest::Cancel(OrderId(3))).await;
        desk.status(3, OrderStatus::Cancelled).await;
        let fills = desk.confirmed().1;

        let address = exchange.kill();
        let (end, _) = desk.ended().await;
        assert_eq!(end, SessionEnd::Lost("The connection to the exchange was lost".into()));
        let (end, _) = Desk::begin(&paper).ended().await;
        assert!(matches!(&end, SessionEnd::Lost(why) if why.contains("cannot be reached")), "{end:?}");

        let _exchange = Exchange::start(folder.path(), &address.to_string());
        let desk = Desk::connect(&paper).await;
        let books = desk.books();
        let stands = |id| books.orders.iter().find(|order| order.id == OrderId(id)).unwrap().status;
        assert_eq!(
            [1, 2, 3].map(stands),
            [OrderStatus::Filled, OrderStatus::Working, OrderStatus::Cancelled]
        );
        assert_eq!(books.fills.iter().map(|fill| fill.exec_id.clone()).collect::<BTreeSet<_>>(), fills);
        assert_eq!(books.positions, [position]);
        let reason = desk.told.iter().find_map(|event| match event {
            BrokerEvent::Connection { state: ConnectionState::Ready, reason } => Some(reason.to_string()),
            _ => None,
        });
        assert!(!reason.unwrap().contains("forgotten"));
        desk.disconnect().await;
    });
}

#[test]
fn killed_at_any_moment_it_has_forgotten_nothing_that_it_had_confirmed() {
    run(|folder| async move {
        let mut dice = Dice::new(7);
        let aapl = Arc::clone(&listed()[0]);
        let (mut orders, mut fills) = (BTreeSet::new(), BTreeSet::new());
        let mut next = 1;
        for round in 0..8 {
            let exchange = Exchange::start(folder.path(), "127.0.0.1:0");
            let mut desk = Desk::connect(&broker(folder.path(), exchange.address)).await;
            let books = desk.books();
            let known: BTreeSet<OrderId> = books.orders.iter().map(|order| order.id).collect();
            let executed: BTreeSet<ExecId> = books.fills.iter().map(|fill| fill.exec_id.clone()).collect();
            assert!(known.is_superset(&orders), "round {round}: {:?}", orders.difference(&known));
            assert!(executed.is_superset(&fills), "round {round}: {:?}", fills.difference(&executed));
            assert_eq!(net(&books), bought(&books), "round {round}");
            assert!(known.iter().all(|id| id.0 < next), "round {round}: an order that nobody sent");
            let quote = desk.quote(&aapl).await;
            let price = below(&aapl, &quote, 400);
            for _ in 0..20 + dice.below(20) {
                let kind = if dice.hits(2) { OrderKind::Market } else { OrderKind::Limit { price } };
                desk.place(Wanted::buy(next, kind), &aapl, &quote).await;
                next += 1;
            }
            // It dies while it works off what it was sent.
            for _ in 0..3 + dice.below(17) {
                let is_answer =
                    |e: &BrokerEvent| matches!(e, BrokerEvent::Report(_) | BrokerEvent::Fill { .. });
                desk.until(|event| is_answer(event).then_some(())).await;
            }
            exchange.kill();
            while desk.next().await.is_some() {}
            let confirmed = desk.confirmed();
            orders.extend(confirmed.0);
            fills.extend(confirmed.1);
        }
        assert!(orders.len() > 40 && fills.len() > 20, "{} orders, {} fills", orders.len(), fills.len());
    });
}

#[test]
fn a_client_that_was_away_finds_what_happened_in_the_books() {
    run(|folder| async move {
        let exchange = Exchange::start_with(command(folder.path(), "127.0.0.1:0").args(["--activity", "20"]));
        let (paper, listed) = (broker(folder.path(), exchange.address), listed());
        let btc = listed.iter().find(|i| &*i.symbol == "BTC/USD").unwrap();
        let mut desk = Desk::connect(&paper).await;
        let quote = desk.quote(btc).await;
        // Wherever the market goes, it comes to one of the two.
        let sides = [(1, Side::Buy, quote.bid), (2, Side::Sell, quote.ask)];
        for (id, side, price) in sides {
            let order = Wanted { id, side, units: 1, kind: OrderKind::Limit { price: price.unwrap() } };
            desk.place(order, btc, &quote).await;
        }
        desk.disconnect().await;
        let search = async {
            loop {
                let desk = Desk::connect(&paper).await;
                let books = desk.books();
                let filled: Qty = books.fills.iter().map(|fill| fill.quantity).sum();
                assert_eq!(books.orders.iter().map(|order| order.filled).sum::<Qty>(), filled);
                assert_eq!(net(&books), bought(&books));
                desk.disconnect().await;
                if !filled.is_zero() {
                    return;
                }
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("the market comes to one of them");
    });
}

#[test]
fn a_second_program_takes_over_and_the_first_does_not_take_back() {
    run(|folder| async move {
        let exchange = Exchange::start(folder.path(), "127.0.0.1:0");
        let paper = broker(folder.path(), exchange.address);
        let first = Desk::connect(&paper).await;
        let second = Desk::connect(&paper).await;
        let (end, told) = first.ended().await;
        assert_eq!(end, SessionEnd::Asked);
        let last = format!("{:?}", told.last().unwrap());
        assert!(last.contains("Closed") && last.contains("Another program has taken over"), "{last}");
        second.disconnect().await;
    });
}

#[test]
fn asked_to_end_it_says_goodbye_and_ends_in_order() {
    run(|folder| async move {
        let mut exchange = Exchange::start(folder.path(), "127.0.0.1:0");
        let desk = Desk::connect(&broker(folder.path(), exchange.address)).await;
        let id = rustix::process::Pid::from_child(&exchange.child);
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let (end, _) = desk.ended().await;
        assert_eq!(end, SessionEnd::Lost("The exchange was shut down".into()));
        assert!(exchange.child.wait().unwrap().success());
    });
}

#[test]
fn who_speaks_no_protocol_is_hung_up_on_and_nobody_else_notices() {
    run(|folder| async move {
        let exchange = Exchange::start(folder.path(), "127.0.0.1:0");
        let mut desk = Desk::connect(&broker(folder.path(), exchange.address)).await;
        let mut stranger = TcpStream::connect(exchange.address).unwrap();
        stranger.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stranger.set_read_timeout(Some(PATIENCE)).unwrap();
        stranger.read_to_end(&mut answer).ok();
        let text = String::from_utf8_lossy(&answer);
        assert!(text.contains("damaged"), "{text}");
        let wrong = RemotePaper::new(exchange.address, "not the token of this one", listed()).unwrap();
        let (end, _) = Desk::begin(&wrong).ended().await;
        assert!(matches!(&end, SessionEnd::Lost(why) if why.contains("token")), "{end:?}");
        desk.until(|event| matches!(event, BrokerEvent::Alive { .. }).then_some(())).await;
        desk.disconnect().await;
    });
}

/// What a start that must fail says.
fn refused(mut command: Command) -> String {
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert_eq!(status.code(), Some(1));
    assert!(stdout.is_empty());
    String::from_utf8(stderr).unwrap()
}

#[test]
fn it_listens_on_this_computer_only_and_shares_its_files_with_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let said = refused(command(folder.path(), "0.0.0.0:0"));
    assert!(said.contains("can be reached from other computers"), "{said}");
    assert!(!folder.path().join("token").exists(), "nothing was begun");
    let exchange = Exchange::start(folder.path(), "127.0.0.1:0");
    let said = refused(command(folder.path(), "127.0.0.1:0"));
    assert!(said.contains("another exchange uses"), "{said}");
    exchange.kill();
    let private = |name: &str| {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(folder.path().join(name)).unwrap().permissions(),
        );
        assert_eq!(mode & 0o077, 0, "{name}");
    };
    private("token");
    private("state");
    let elsewhere: SocketAddr = "192.0.2.1:4000".parse().unwrap();
    assert_eq!(RemotePaper::new(elsewhere, "x", Vec::new()).err(), Some(NotLoopback(elsewhere)));
}
