//! Engine, shell, paper broker and disk on the real runtime, without the window: crashes,
//! freezes, shutdowns, and what is there again after a restart.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use clap::Parser as _;
use pitdesk::app::cli::Arguments;
use pitdesk::app::market::Plan;
use pitdesk::desk::Desk;
use pitdesk::domain::settings::Settings;
use pitdesk::domain::{
    BrokerId, Decimal, InstrumentId, OrderId, OrderKind, OrderSpec, OrderStatus, Price, Qty, Side, Time,
    TimeInForce,
};
use pitdesk::engine::shell::{self, Watchers};
use pitdesk::engine::{Engine, Journaled, Start};
use pitdesk::link::{
    Clock, Command, CommandId, ConnectionState, Demand, Drill, Envelope, Flatten, Notice, NoticeLevel, Place,
    WindowEnd, connect,
};
use pitdesk::store::bars::Library;
use pitdesk::store::engine_state;
use pitdesk::store::journal::{Journal, Names};
use pitdesk::store::profile::Profile;
use sqlx::Connection as _;
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// What a shutdown may take, whatever the broker does: a promise, and no matter of the machine.
const SHUTDOWN_LIMIT: Duration = Duration::from_secs(3);
/// How long any condition may take on a loaded machine.
const SOON: Duration = Duration::from_secs(30);
const PAPER: BrokerId = BrokerId(0);

fn warning(text: String, time: Time) -> Notice {
    Notice { time, level: NoticeLevel::Warning, text: text.into() }
}

/// Whether the broker's connection stands so.
fn is(state: ConnectionState) -> impl Fn(&Desk) -> bool {
    move |desk| desk.connection(PAPER).is_some_and(|connection| connection.state == state)
}

struct Program {
    runtime: Runtime,
    shell: JoinHandle<Option<Arc<str>>>,
    window: WindowEnd,
    wakes: Receiver<()>,
    desk: Desk,
    clock: Clock,
    next: u64,
}

impl Program {
    fn start(folder: &Path) -> Self {
        let mut program = Self::begin(folder);
        program.wait("the paper broker", is(ConnectionState::Ready));
        program
    }

    /// Starts and waits for nothing.
    fn begin(folder: &Path) -> Self {
        let clock = Clock::system();
        let profile = Arc::new(Profile::open(Some(folder), "paper").unwrap());
        let (state, _damage) = engine_state::load(&profile.engine_file());
        let options = Arguments::parse_from(["pitdesk"]).options;
        let (library, _problems) = Library::open(&profile.bars_folder());
        let plan = Plan::new(&options, &library, true, clock.now()).unwrap();
        let instruments = plan.setup.instruments.clone();
        let mut problems = Vec::new();
        let brokers = plan.kept_brokers(&profile, &mut problems).unwrap();
        let (ring, wakes) = channel();
        let (engine_end, window) = connect(Arc::new(move || ring.send(()).unwrap_or_default()));
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let names = Names { brokers: vec!["Paper".into()], instruments: instruments.clone().into() };
        let file = profile.journal_file();
        let opening = Journal::open(&file, names, clock.now());
        let (journal, recovered) = runtime.block_on(opening).unwrap();
        let engine = Engine::new(Start {
            instruments: instruments.into(),
            brokers: vec![pitdesk::engine::BrokerFacts::named("Paper".into())],
            settings: Arc::new(Settings::default()),
            is_killed: state.killed,
            flatten: state.flatten.or(recovered.flatten),
            next_order_id: state.next_order_id.max(recovered.next_order_id),
            day: state.day.clone(),
            alerts: pitdesk::domain::AlertBook::default(),
            drawings: pitdesk::domain::DrawingBook::default(),
            equity: Some(pitdesk::market::equity::Curves::default()),
            journal: Journaled {
                next_seq: recovered.next_seq,
                orders: recovered.orders,
                fills: recovered.fills,
                booked: recovered.booked,
                past: recovered.past,
                notes: recovered.notes,
                broken: None,
            },
            notices: problems.into_iter().map(|text| warning(text, clock.now())).collect(),
            now: clock.now(),
        });
        let of_shell = clock.clone();
        let shell = runtime.spawn(async move {
            shell::run(engine, brokers, engine_end, Watchers::default(), of_shell, profile, journal)
                .await
                .unwrap()
        });
        Self { runtime, shell, window, wakes, desk: Desk::default(), clock, next: 1 }
    }

    /// Dies as far as threads can: nothing is said to anybody. (`tests/embedded.rs` kills processes.)
    fn die(self, folder: &Path) {
        self.shell.abort();
        self.runtime.shutdown_background();
        // What it held is free when the last of its threads is gone.
        let deadline = self.clock.now() + SOON;
        let is_lock = |path: &PathBuf| path.extension().map_or(path.ends_with("lock"), |e| e == "lock");
        let entries = std::fs::read_dir(folder.join("paper")).unwrap().map(|entry| entry.unwrap().path());
        for path in entries.filter(is_lock) {
            while File::open(&path).unwrap().try_lock().is_err() {
                assert!(self.clock.now() < deadline, "{} is held", path.display());
                std::thread::yield_now();
            }
        }
    }

    /// Looks whenever the engine wakes, until the condition holds.
    fn wait(&mut self, what: &str, holds: impl Fn(&Desk) -> bool) {
        let deadline = self.clock.now() + SOON;
        loop {
            let applied = self.desk.apply(self.window.inbox.drain(), self.clock.now());
            assert!(!applied.needs_snapshot, "nothing is lost on the way");
            if holds(&self.desk) {
                return;
            }
            let left = deadline.since(self.clock.now());
            assert!(!left.is_zero(), "waited in vain for {what}: {:?}", self.desk.notices());
            self.wakes.recv_timeout(left.min(Duration::from_millis(100))).unwrap_or_default();
        }
    }

    fn send(&mut self, command: Command) -> CommandId {
        let id = CommandId(self.next);
        self.next += 1;
        let input_at = self.clock.now();
        self.window.commander.try_send(Envelope { id, input_at, command }).unwrap();
        id
    }

    fn watch(&mut self, symbol: &str) -> InstrumentId {
        let id = self.desk.instruments().iter().find(|i| &*i.symbol == symbol).unwrap().id;
        let mut demand = Demand::default();
        demand.quotes.insert(id);
        self.send(Command::Demand(Arc::new(demand)));
        self.wait("a quote", |desk| desk.quote(id).is_some());
        id
    }

    fn place(&mut self, instrument: InstrumentId, quantity: i64, kind: OrderKind) -> OrderId {
        let quantity = Qty(Decimal::from(quantity));
        let spec = OrderSpec::new(instrument, Side::Buy, quantity, kind, TimeInForce::Gtc);
        let id = self.send(Command::Place(Place::plain("PAPER".into(), spec)));
        self.wait("an answer", |desk| desk.answer(id).is_some());
        self.desk.order_of(id).unwrap()
    }

    fn wait_for_status(&mut self, order: OrderId, status: OrderStatus) {
        let is_so = |desk: &Desk| desk.blotter().get(order).is_some_and(|o| o.status == status);
        self.wait(&format!("order {order} to be {status:?}"), is_so);
    }

    /// A price far below the market, on the grid.
    fn far_bid(&self, instrument: InstrumentId) -> OrderKind {
        let listed = self.desk.instrument(instrument).unwrap();
        let last = self.desk.quote(instrument).unwrap().quote.mark().unwrap();
        let far = listed.ticks.round_down(Price(last.0 * Decimal::new(80, 2)));
        OrderKind::Limit { price: far }
    }

    fn net(&self, instrument: InstrumentId) -> Decimal {
        self.desk.blotter().positions().find(|p| p.instrument == instrument).map_or(Decimal::ZERO, |p| p.net)
    }

    /// Ends as the window's closing does; fails when that takes longer than it may.
    fn shut_down(mut self) {
        self.send(Command::Shutdown);
        let shell = self.shell;
        let finished = self.runtime.block_on(async { tokio::time::timeout(SHUTDOWN_LIMIT, shell).await });
        assert_eq!(finished.expect("the engine finishes in time").unwrap(), None, "all is on the disk");
    }
}

#[test]
fn position_orders_fills_and_the_lock_are_there_after_a_restart() {
    let folder = TempDir::new().unwrap();
    let mut program = Program::start(folder.path());
    let btc = program.watch("ETH/USD");
    let bought = program.place(btc, 2, OrderKind::Market);
    program.wait_for_status(bought, OrderStatus::Filled);
    let far = program.far_bid(btc);
    let resting = program.place(btc, 1, far);
    program.wait_for_status(resting, OrderStatus::Working);
    let fills = program.desk.blotter().fills().to_vec();
    // At once after the last report: nothing may hang on the delayed saving.
    program.shut_down();

    let mut program = Program::start(folder.path());
    assert_eq!(program.net(btc), Decimal::TWO);
    assert_eq!(program.desk.blotter().fills(), fills);
    assert_eq!(program.desk.blotter().get(resting).unwrap().status, OrderStatus::Working);
    assert_eq!(program.desk.blotter().get(bought).unwrap().status, OrderStatus::Filled);
    program.watch("ETH/USD");
    let next = program.place(btc, 1, far);
    assert!(next > resting, "an id is never used twice");
    program.send(Command::Kill { flatten: Flatten::No });
    program.wait("the cancels", |desk| desk.blotter().working().next().is_none());
    program.shut_down();

    let mut program = Program::start(folder.path());
    assert!(program.desk.kill().is_locked(), "the lock outlives the program");
    program.send(Command::ReleaseKill);
    program.wait("the release", |desk| !desk.kill().is_locked());
    program.shut_down();
}

#[test]
fn a_session_that_crashes_is_reported_and_started_again_and_nothing_is_lost() {
    let folder = TempDir::new().unwrap();
    let mut program = Program::start(folder.path());
    let btc = program.watch("ETH/USD");
    let bought = program.place(btc, 2, OrderKind::Market);
    program.wait_for_status(bought, OrderStatus::Filled);
    let far = program.far_bid(btc);
    let resting = program.place(btc, 1, far);
    program.wait_for_status(resting, OrderStatus::Working);
    program.send(Command::Drill { broker: PAPER, drill: Drill::Crash });
    program.wait("the crash to be reported", is(ConnectionState::Down));
    program.wait("the session to be back", is(ConnectionState::Ready));
    program.wait_for_status(resting, OrderStatus::Working);
    assert_eq!(program.net(btc), Decimal::TWO);
    program.send(Command::Cancel { order: resting });
    program.wait_for_status(resting, OrderStatus::Cancelled);
    program.shut_down();
}

#[test]
fn a_broker_that_hangs_does_not_hold_up_the_end_and_its_account_is_saved() {
    let folder = TempDir::new().unwrap();
    let mut program = Program::start(folder.path());
    let btc = program.watch("ETH/USD");
    let bought = program.place(btc, 2, OrderKind::Market);
    program.wait_for_status(bought, OrderStatus::Filled);
    let far = program.far_bid(btc);
    let resting = program.place(btc, 1, far);
    program.wait_for_status(resting, OrderStatus::Working);
    let fills = program.desk.blotter().fills().to_vec();
    program.send(Command::Drill { broker: PAPER, drill: Drill::Freeze(Duration::from_mins(10)) });
    let unread = program.place(btc, 1, far);
    // Fails when it takes longer than three seconds.
    program.shut_down();

    let mut program = Program::start(folder.path());
    assert_eq!(program.net(btc), Decimal::TWO);
    assert_eq!(program.desk.blotter().fills(), fills);
    let working: Vec<OrderId> = program.desk.blotter().working().map(|order| order.id).collect();
    assert_eq!(working, [resting], "what the broker never read is not there, the rest once");
    program.watch("ETH/USD");
    assert!(program.place(btc, 1, far) > unread, "an id is never used twice");
    program.shut_down();
}

#[test]
fn an_order_sent_into_a_freeze_is_executed_once_when_it_ends() {
    let folder = TempDir::new().unwrap();
    let mut program = Program::start(folder.path());
    let btc = program.watch("ETH/USD");
    program.send(Command::Drill { broker: PAPER, drill: Drill::Freeze(Duration::from_secs(1)) });
    let order = program.place(btc, 2, OrderKind::Market);
    program.wait_for_status(order, OrderStatus::Filled);
    assert_eq!(program.net(btc), Decimal::TWO);
    let filled: Decimal = program.desk.blotter().fills().iter().map(|fill| fill.quantity.0).sum();
    assert_eq!(filled, Decimal::TWO);
    assert!(program.desk.latency().click_to_wire.total() > 0, "what it took was measured");
    program.shut_down();
}

#[test]
fn the_account_of_an_earlier_version_goes_on_where_it_was() {
    let folder = TempDir::new().unwrap();
    let old = Profile::open(Some(folder.path()), "paper").unwrap().account_file("Paper");
    std::fs::write(&old, include_str!("corpus/account-version-1.json")).unwrap();
    for run in 0..2 {
        let mut program = Program::start(folder.path());
        let eth = program.watch("ETH/USD");
        assert_eq!(program.net(eth), Decimal::from(2 + run));
        let before = program.desk.blotter().fills().len();
        assert!(run > 0 || before == 3);
        let bought = program.place(eth, 1, OrderKind::Market);
        program.wait_for_status(bought, OrderStatus::Filled);
        assert!(program.desk.blotter().fills().len() > before, "no execution id comes a second time");
        assert!(!old.exists(), "it is taken over once");
        program.shut_down();
    }
}

#[test]
fn a_program_that_dies_knows_at_the_next_start_all_that_it_was_told() {
    let folder = TempDir::new().unwrap();
    let mut program = Program::start(folder.path());
    let eth = program.watch("ETH/USD");
    let bought = program.place(eth, 2, OrderKind::Market);
    program.wait_for_status(bought, OrderStatus::Filled);
    let far = program.far_bid(eth);
    let resting = program.place(eth, 1, far);
    program.wait_for_status(resting, OrderStatus::Working);
    let fills = program.desk.blotter().fills().to_vec();
    program.die(folder.path());

    let mut program = Program::start(folder.path());
    assert_eq!(program.net(eth), Decimal::TWO);
    assert_eq!(program.desk.blotter().fills(), fills);
    program.wait_for_status(resting, OrderStatus::Working);
    assert_eq!(program.desk.blotter().get(bought).unwrap().status, OrderStatus::Filled);
    program.shut_down();
}

/// How long the window waits for the engine.
const LONGEST_END: Duration = Duration::from_secs(4);

#[test]
fn what_the_journal_lacks_in_the_end_is_said_though_the_disk_hangs() {
    let folder = TempDir::new().unwrap();
    let mut program = Program::start(folder.path());
    let files = folder.path().join("paper");
    // Whoever opens it to read waits for somebody who writes.
    let settings = files.join("settings.toml");
    assert!(std::process::Command::new("mkfifo").arg(&settings).status().unwrap().success());
    program.send(Command::Configure(Arc::default()));
    // And another program holds the journal.
    let mut other = program.runtime.block_on(async {
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(files.join("journal.sqlite"));
        let mut other = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        other
    });
    program.send(Command::Kill { flatten: Flatten::No });
    program.wait("the journal to fail", |desk| desk.journal().refusal().is_some());
    program.send(Command::Shutdown);
    let shell = program.shell;
    let end = async { tokio::time::timeout(LONGEST_END, shell).await };
    let said = program.runtime.block_on(end).expect("while somebody listens").unwrap().unwrap();
    assert!(said.contains("could not be written into the journal"), "{said}");
    assert!(said.contains("whether the kill switch is on, may not be saved"), "{said}");
    // The disk answers: what waited for it goes on.
    drop(std::fs::OpenOptions::new().write(true).open(&settings).unwrap());
    program.runtime.block_on(async { sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap() });
}
