//! The exchange in the program dies with it: a child process trades by itself and is killed with
//! SIGKILL at each word of its exchange, and a start on what is left finds all that was told.
//!
//! To show that this can fail, the following was broken on purpose once:
//!
//! | broken | seen by |
//! |---|---|
//! | what is confirmed does not wait for the disk | both |
//! | the disk is said to have what it does not | both |
//! | a full disk refuses no orders | `on_a_full_disk_…` |
//! | the first books wait for the disk | `begun_on_a_full_disk_…` |
//! | a journal that cannot be opened for writing is not read | `begun_on_a_full_disk_…` |

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "common/program.rs"]
#[expect(dead_code, reason = "the window of these tests does not hang")]
mod program;
#[path = "kills/tap.rs"]
#[expect(dead_code, reason = "what is asked is not listened to here")]
mod tap;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use clap::Parser as _;
use pitdesk::app::cli::Arguments;
use pitdesk::app::exchange::account;
use pitdesk::app::journal;
use pitdesk::app::market::Plan;
use pitdesk::broker::contract::Books;
use pitdesk::broker::paper::{Change, Disk, PaperBroker, PaperVenue, Saved};
use pitdesk::broker::registry::Kept;
use pitdesk::broker::{BrokerEvent, ReportKind};
use pitdesk::desk::Desk;
use pitdesk::domain::{BrokerId, Decimal, ExecId, OrderId, OrderKind, OrderStatus, Origin, Time};
use pitdesk::link::{Clock, Command, KillState};
use pitdesk::store::bars::Library;
use pitdesk::store::journal::Names;
use pitdesk::store::profile::Profile;
use program::{PROFILE, Program};
use rustix::process::{Resource, Rlimit, Signal, getpid, getrlimit, kill_process, setrlimit};
use tap::{Passing, Tapped};
use tempfile::TempDir;

const SYMBOL: &str = "ETH/USD";
/// More than are said in the script.
const MOST_WORDS: u32 = 60;

fn plan() -> Plan {
    let options = Arguments::parse_from(["pitdesk", "--seed", "3"]).options;
    Plan::new(&options, &Library::empty(), true, Clock::system().now()).unwrap()
}

fn venue(now: Time) -> PaperVenue {
    let setup = plan().setup;
    PaperVenue::new(BrokerId(0), setup.instruments, setup.exchange, setup.source, now).unwrap()
}

fn opened(folder: &Path) -> Profile {
    Profile::open(Some(folder), PROFILE).unwrap()
}

/// The broker that the window would have in this profile.
fn paper(profile: &Profile) -> PaperBroker {
    let (mut problems, now) = (Vec::new(), Clock::system().now());
    let Kept { saved, disk } = account::open(profile, &mut problems).unwrap();
    // Whoever is killed while it writes leaves a part of a record, which nobody was told of.
    problems.retain(|problem| !problem.ends_with("Nothing in them had been confirmed"));
    assert_eq!(problems, [""; 0]);
    PaperBroker::kept(venue(now), saved, disk, now).unwrap()
}

/// What a word says of an order, for the parent to read.
fn said(event: &BrokerEvent) -> Option<String> {
    match event {
        BrokerEvent::OnWire { order, .. } => Some(format!("wire {order}")),
        BrokerEvent::Fill { fill, .. } => Some(format!("fill {} {}", fill.order, fill.exec_id)),
        BrokerEvent::Report(report) => match &report.kind {
            ReportKind::Status { status, .. } => Some(format!("status {} {status:?}", report.order)),
            _ => None,
        },
        _ => None,
    }
}

/// Not a test of its own: the child, which dies at the word of the number it is given.
#[test]
fn child_that_is_killed() {
    let read = |name: &str| std::env::var(format!("PITDESK_EMBEDDED_{name}"));
    let Ok(folder) = read("FOLDER") else { return };
    let (folder, last): (_, u32) = (Path::new(&folder), read("WORD").unwrap().parse().unwrap());
    let words = AtomicU32::new(0);
    let profile = opened(folder);
    let tapped = Tapped::new(paper(&profile), move |passing| {
        let Passing::Told(event) = passing else { return };
        let Some(word) = said(event) else { return };
        let mut out = std::io::stdout().lock();
        writeln!(out, "told {word}").unwrap();
        out.flush().unwrap();
        if words.fetch_add(1, Ordering::AcqRel) + 1 == last {
            kill_process(getpid(), Signal::KILL).unwrap();
            loop {
                std::thread::park();
            }
        }
    });
    let mut program = Program::start_in(profile, Arc::new(tapped));
    program.wait_until_ready();
    let eth = program.watch(SYMBOL);
    let resting = program.place(eth, 1, program.below(eth, 20));
    program.wait_for_status(resting, OrderStatus::Working);
    let bought = program.place(eth, 2, OrderKind::Market);
    program.wait_for_status(bought, OrderStatus::Filled);
    program.send(Command::Cancel { order: resting });
    program.wait_for_status(resting, OrderStatus::Cancelled);
    program.send(Command::Close {
        account: "PAPER".into(),
        instrument: eth,
        despite: pitdesk::risk::Despite::default(),
    });
    program.wait("the position to be closed", |desk| desk.blotter().open_positions().next().is_none());
    program.shut_down();
}

/// What the child was told before it died, unless it came to its end.
fn told(folder: &Path, word: u32) -> Option<Vec<String>> {
    let output = Process::new(std::env::current_exe().unwrap())
        .args(["child_that_is_killed", "--exact", "--nocapture", "--test-threads=1"])
        .env("PITDESK_EMBEDDED_FOLDER", folder)
        .env("PITDESK_EMBEDDED_WORD", word.to_string())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let is_killed = output.status.signal() == Some(Signal::KILL.as_raw());
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(is_killed || output.status.success(), "word {word}: {text}{errors}");
    let lines = text.lines().filter_map(|line| line.split_once("told ").map(|(_, word)| word.to_owned()));
    is_killed.then(|| lines.collect())
}

/// Starts on what is left: what the exchange has now is what the blotter shows, and nothing that
/// was told is missing.
fn must_know(folder: &Path, told: &[String]) {
    let books = Arc::<Mutex<Option<Arc<Books>>>>::default();
    let heard = Arc::clone(&books);
    let profile = opened(folder);
    let tapped = Tapped::new(paper(&profile), move |passing| {
        if let Passing::Told(BrokerEvent::Books(books)) = passing {
            heard.lock().unwrap().get_or_insert_with(|| Arc::clone(books));
        }
    });
    let program = Program::start_in(profile, Arc::new(tapped));
    program.wait_until_ready();
    let books = books.lock().unwrap().clone().unwrap();
    let fills: BTreeSet<ExecId> = books.fills.iter().map(|fill| fill.exec_id.clone()).collect();
    let orders: BTreeMap<OrderId, OrderStatus> =
        books.orders.iter().map(|order| (order.id, order.status)).collect();
    for word in told {
        let parts: Vec<&str> = word.split(' ').collect();
        let status = orders.iter().find(|(id, _)| id.to_string() == parts[1]).map(|(_, status)| *status);
        match parts[..] {
            ["fill", _, exec] => {
                let is_there = fills.iter().any(|id| *id.0 == *exec);
                assert!(is_there, "{word} of {told:?}: {fills:?}");
            }
            ["status", _, "Working"] => assert!(status.is_some(), "{word} of {told:?}"),
            ["status", _, end] => assert_eq!(format!("{:?}", status.unwrap()), end, "{word} of {told:?}"),
            _ => {}
        }
    }
    program.look(|desk| {
        let shown: BTreeSet<ExecId> =
            desk.blotter().fills().iter().map(|fill| fill.exec_id.clone()).collect();
        assert_eq!((shown.len(), &shown), (desk.blotter().fills().len(), &fills), "{told:?}");
        let net: Decimal = books.fills.iter().map(|fill| fill.side.sign() * fill.quantity.0).sum();
        assert_eq!(desk.blotter().positions().map(|position| position.net).sum::<Decimal>(), net);
        for order in desk.blotter().orders() {
            let there = orders.get(&order.id).copied().unwrap_or(OrderStatus::Rejected);
            assert_eq!(order.status, there, "{order:?} of {told:?}");
        }
    });
    program.shut_down();
}

#[test]
fn killed_at_any_word_the_next_start_knows_all_that_was_told() {
    let mut words = 0;
    loop {
        let folder = TempDir::new().unwrap();
        let Some(told) = told(folder.path(), words + 1) else { break };
        words += 1;
        assert_eq!(told.len(), usize::try_from(words).unwrap());
        assert!(words < MOST_WORDS, "the script ends");
        must_know(folder.path(), &told);
    }
    // Four requests, and what became of each.
    assert!(words >= 8, "{words} words only");
}

/// A disk that can be full.
#[derive(Clone, Default)]
struct Platter(Arc<AtomicBool>);

impl Platter {
    fn write(&self) -> Result<(), String> {
        if self.0.load(Ordering::Acquire) { Err("No space is left".to_owned()) } else { Ok(()) }
    }
}

impl Disk for Platter {
    fn append(&mut self, _changes: &[Change], _whole: &Saved) -> Result<(), String> {
        self.write()
    }

    fn replace(&mut self, _whole: &Saved) -> Result<(), String> {
        self.write()
    }
}

#[test]
fn on_a_full_disk_the_trader_reads_why_an_order_is_refused_and_can_cancel() {
    let folder = TempDir::new().unwrap();
    let platter = Platter::default();
    let now = Clock::system().now();
    let paper = PaperBroker::kept(venue(now), Saved::default(), Box::new(platter.clone()), now).unwrap();
    let mut program = Program::start(folder.path(), Arc::new(paper));
    program.wait_until_ready();
    let eth = program.watch(SYMBOL);
    let far = program.below(eth, 20);
    let resting = program.place(eth, 1, far);
    program.wait_for_status(resting, OrderStatus::Working);
    platter.0.store(true, Ordering::Release);
    program.send(Command::Cancel { order: resting });
    program
        .wait("the trouble to be told", reads("Paper: The paper account cannot be saved: No space is left"));
    let refused = program.place(eth, 1, far);
    program.wait_for_status(refused, OrderStatus::Rejected);
    let reason = program.look(|desk| desk.blotter().get(refused).unwrap().reason.clone()).unwrap();
    assert!(reason.contains("No space is left") && reason.contains("New orders are refused"), "{reason}");
    let status = program.look(|desk| desk.blotter().get(resting).unwrap().status);
    assert_eq!(status, OrderStatus::PendingCancel, "done, but not confirmed");
    assert!(program.look(|desk| desk.kill() == KillState::Armed));
    platter.0.store(false, Ordering::Release);
    program.wait_for_status(resting, OrderStatus::Cancelled);
    program.wait("the end of the trouble to be told", reads("The paper account is saved again"));
    let taken = program.place(eth, 1, far);
    program.wait_for_status(taken, OrderStatus::Working);
    program.shut_down();
}

/// Whether the trader was told something.
fn reads(text: &'static str) -> impl Fn(&Desk) -> bool {
    move |desk| desk.notices().iter().any(|notice| notice.text.contains(text))
}

/// Not a test of its own: the child, whose disk takes nothing from its first byte on.
#[test]
fn child_on_a_full_disk() {
    let Ok(folder) = std::env::var("PITDESK_EMBEDDED_FULL") else { return };
    let folder = Path::new(&folder);
    let limit = getrlimit(Resource::Fsize);
    assert_eq!(limit.current, Some(0), "every file is full");
    let profile = opened(folder);
    let broker = paper(&profile);
    let mut program = Program::start_in(profile, Arc::new(broker));
    program.wait_until_ready();
    let working = |desk: &Desk| {
        let orders = desk.blotter().orders().filter(|order| order.status == OrderStatus::Working);
        orders.map(|order| (order.id, order.origin)).collect::<Vec<_>>()
    };
    let [(resting, origin)] = program.look(working)[..] else { panic!("{:?}", program.look(working)) };
    assert_eq!(origin, Origin::Ticket, "the journal knows who has entered it");
    let why = program.look(|desk| desk.journal().refusal()).expect("a banner");
    assert!(why.contains("cannot be written") && why.contains("cancels work"), "{why}");
    program.wait("the account's trouble to be told", reads("The paper account cannot be saved"));
    let eth = program.watch(SYMBOL);
    let far = program.below(eth, 20);
    let refused = program.ask(eth, 1, far);
    program.wait("an answer", |desk| desk.answer(refused).is_some());
    assert!(program.look(|desk| desk.order_of(refused)).is_none(), "nothing new");
    program.send(Command::Cancel { order: resting });
    program.wait_for_status(resting, OrderStatus::PendingCancel);
    // Room again, and nobody starts anew.
    setrlimit(Resource::Fsize, Rlimit { current: limit.maximum, ..limit }).unwrap();
    program.wait_for_status(resting, OrderStatus::Cancelled);
    program.wait("both to be written", |desk| {
        desk.journal().refusal().is_none() && reads("The paper account is saved again")(desk)
    });
    let taken = program.place(eth, 1, far);
    program.wait_for_status(taken, OrderStatus::Working);
    program.shut_down();
}

/// Starts where no file can grow. A limit stands in for the disk: it is the same for every file, and
/// needs nobody's rights.
#[track_caller]
fn begin_on_a_full_disk(folder: &Path, child: &str) {
    const FULL: &str = r#"trap '' XFSZ; ulimit -S -f 0; exec "$0" "$@""#;
    let output = Process::new("sh")
        .args(["-c", FULL])
        .arg(std::env::current_exe().unwrap())
        .args([child, "--exact", "--nocapture", "--test-threads=1"])
        .env("PITDESK_EMBEDDED_FULL", folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let [said, errors] =
        [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
    assert!(output.status.success(), "{said}{errors}");
}

#[test]
fn begun_on_a_full_disk_after_an_orderly_end_orders_are_shown_and_cancelled() {
    let folder = TempDir::new().unwrap();
    let profile = opened(folder.path());
    let broker = paper(&profile);
    let mut program = Program::start_in(profile, Arc::new(broker));
    program.wait_until_ready();
    let eth = program.watch(SYMBOL);
    let bought = program.place(eth, 2, OrderKind::Market);
    program.wait_for_status(bought, OrderStatus::Filled);
    let resting = program.place(eth, 1, program.below(eth, 20));
    program.wait_for_status(resting, OrderStatus::Working);
    program.shut_down();
    begin_on_a_full_disk(folder.path(), "child_on_a_full_disk");
}

#[test]
fn begun_on_a_full_disk_after_a_crash_orders_are_shown_and_cancelled() {
    let folder = TempDir::new().unwrap();
    let told = told(folder.path(), 4).unwrap();
    assert!(told.iter().any(|word| word.ends_with("Working")), "{told:?}");
    let journal = opened(folder.path()).journal_file();
    let beside = |end: &str| journal.with_file_name(format!("journal.sqlite{end}"));
    assert!(std::fs::metadata(beside("-wal")).unwrap().len() > 0, "it was not closed");
    // What SQLite makes anew at each start, if it can.
    std::fs::remove_file(beside("-shm")).unwrap();
    begin_on_a_full_disk(folder.path(), "child_on_a_full_disk");
}

/// Not a test of its own: the child whose journal is to begin where no file can grow.
#[test]
fn child_without_a_journal_on_a_full_disk() {
    let Ok(folder) = std::env::var("PITDESK_EMBEDDED_FULL") else { return };
    let begun = begun(Path::new(&folder));
    assert!(begun.broken.is_some(), "nothing can be written");
}

fn begun(folder: &Path) -> journal::Begun {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let names = Names { brokers: vec!["Paper".into()], instruments: Vec::new().into() };
    runtime.block_on(journal::open(&folder.join("journal.sqlite"), names, Clock::system().now())).unwrap()
}

#[test]
fn a_first_start_on_a_full_disk_leaves_nothing_that_looks_like_damage() {
    let folder = TempDir::new().unwrap();
    begin_on_a_full_disk(folder.path(), "child_without_a_journal_on_a_full_disk");
    let begun = begun(folder.path());
    assert_eq!((begun.broken, begun.recovered.problems), (None, Vec::new()));
}
