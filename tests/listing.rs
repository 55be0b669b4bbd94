//! Instruments join while the program runs: it trades at Interactive Brokers through its adapter, at our own
//! server in another process, and begins with nothing that it knows.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "common/program.rs"]
#[expect(dead_code, reason = "shared")]
mod program;
#[path = "common/server.rs"]
#[expect(dead_code, reason = "shared")]
mod server;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pitdesk::broker::ibkr::described::{Described, listed};
use pitdesk::broker::ibkr::{Ibkr, IbkrConfig, Listed};
use pitdesk::broker::registry;
use pitdesk::desk::Desk;
use pitdesk::domain::{BrokerId, InstrumentId, OrderId, OrderSpec, OrderStatus, Qty, Side, TimeInForce};
use pitdesk::link::{Clock, Command, Place};
use pitdesk::store::profile::Profile;
use pitdesk::store::settings;
use program::{PAPER, PROFILE, Program};
use server::Server;

/// What the next start would know.
type Kept = Arc<Mutex<Vec<Described>>>;

fn start(folder: &Path, port: &str, known: Vec<Listed>, missing: &[&str]) -> (Program, Kept) {
    let kept = Kept::default();
    let keeps = Arc::clone(&kept);
    let missing: BTreeSet<String> = missing.iter().map(|name| (*name).to_owned()).collect();
    let broker = Ibkr::new(IbkrConfig::new(format!("127.0.0.1:{port}"), 7), known);
    let broker = broker.growing(missing, Box::new(move |described| keeps.lock().unwrap().push(described)));
    let program = Program::start(folder, registry::ibkr(broker));
    program.wait_until_ready();
    (program, kept)
}

fn find(desk: &Desk, symbol: &str) -> Option<InstrumentId> {
    desk.instruments().iter().find(|instrument| &*instrument.symbol == symbol).map(|instrument| instrument.id)
}

/// Buys so much of it that it works, far below the market.
fn rest_a_buy(program: &mut Program, symbol: &str) -> OrderId {
    let id = program.watch(symbol);
    let kind = program.below(id, 5);
    let spec = OrderSpec::new(id, Side::Buy, Qty(10.into()), kind, TimeInForce::Gtc);
    let account = program.look(|desk| desk.accounts()[0].id.clone());
    let sent = program.send(Command::Place(Place::plain(account, spec)));
    program.wait("an answer", |desk| desk.answer(sent).is_some());
    let order = program.look(|desk| desk.order_of(sent).unwrap_or_else(|| panic!("{:?}", desk.answer(sent))));
    program.wait_for_status(order, OrderStatus::Working);
    order
}

#[test]
fn what_tws_could_not_describe_at_the_start_joins_when_it_answers() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let (mut program, _kept) = start(folder.path(), &server.port, Vec::new(), &["AAPL", "NOSUCH"]);
    program.wait("the share", |desk| find(desk, "AAPL").is_some());
    let says = |desk: &Desk| desk.notices().iter().any(|notice| notice.text.contains("NOSUCH is not listed"));
    program.wait("why the other one is not listed", says);
    let order = rest_a_buy(&mut program, "AAPL");
    program.send(Command::Cancel { order });
    program.wait_for_status(order, OrderStatus::Cancelled);
    program.shut_down();
}

#[test]
fn a_share_that_was_found_is_listed_traded_and_there_after_a_restart() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let (mut program, kept) = start(folder.path(), &server.port, Vec::new(), &["AAPL"]);
    program.wait("the first share", |desk| find(desk, "AAPL").is_some());

    program.send(Command::Find("coca".into()));
    program.wait("what there is", |desk| desk.found().is_some_and(|found| &*found.text == "coca"));
    let name = program.look(|desk| {
        let found = desk.found().unwrap();
        let cola = found.candidates.iter().find(|one| &*one.symbol == "KO");
        Arc::clone(&cola.unwrap_or_else(|| panic!("{found:?}")).name)
    });
    program.send(Command::List { broker: PAPER, name });
    program.wait("the share", |desk| find(desk, "KO").is_some());
    let order = rest_a_buy(&mut program, "KO");
    program.shut_down();

    let profile = Profile::open(Some(folder.path()), PROFILE).unwrap();
    let (saved, _) = settings::load(&profile.settings_file());
    assert!(saved.ibkr.instruments.iter().any(|name| name == "KO"), "{:?}", saved.ibkr.instruments);
    drop(profile);
    let (known, wrong) = listed(&kept.lock().unwrap(), BrokerId(0));
    assert!(wrong.is_empty(), "{wrong:?}");
    let (mut program, _kept) = start(folder.path(), &server.port, known, &[]);
    program.wait_for_status(order, OrderStatus::Working);
    program.look(|desk| {
        let order = desk.blotter().get(order).unwrap();
        assert_eq!(&*desk.instrument(order.spec.instrument).unwrap().symbol, "KO", "the journal knows it");
        assert_eq!(desk.blotter().orders().count(), 1);
    });
    program.send(Command::Cancel { order });
    program.wait_for_status(order, OrderStatus::Cancelled);
    program.shut_down();
}

/// `pitdesk serve` that trades at TWS, in a folder of its own; its log, when it has been ended in order.
fn log_of_a_run(folder: &Path, is_told: &str) -> String {
    let logs = || {
        let files = std::fs::read_dir(folder.join("ibkr/logs")).into_iter().flatten();
        files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect::<String>()
    };
    let before = logs().len();
    let mut child = Process::new(env!("CARGO_BIN_EXE_pitdesk"))
        .args(["serve", "--gateway", "127.0.0.1:0", "--profile", "ibkr", "--data-dir"])
        .arg(folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let clock = Clock::system();
    let until = clock.now() + program::SOON;
    while !logs()[before..].contains(is_told) {
        assert!(clock.now() < until, "it was not told: {}", &logs()[before..]);
        std::thread::park_timeout(Duration::from_millis(20));
    }
    let ended = Process::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap();
    assert!(ended.success() && child.wait().unwrap().success());
    logs()[before..].to_owned()
}

#[test]
fn what_tws_has_described_is_listed_without_it_and_a_damaged_file_stops_no_start() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let profile = Profile::open(Some(folder.path()), "ibkr").unwrap();
    let (settings, contracts) = (profile.settings_file(), profile.contracts_file());
    drop(profile);
    let text = format!("[ibkr]\naddress = '127.0.0.1:{}'\ninstruments = ['MSFT', 'AAPL']\n", server.port);
    std::fs::write(settings, text).unwrap();
    let known = r#"known at the start: ["MSFT", "AAPL"]"#;
    let log = log_of_a_run(folder.path(), "Interactive Brokers: Ready");
    assert!(log.contains(known), "{log}");
    drop(server);
    let log = log_of_a_run(folder.path(), "Interactive Brokers: Down");
    assert!(log.contains("Nothing listens at") && log.contains(known), "{log}");
    std::fs::write(&contracts, "[{").unwrap();
    let log = log_of_a_run(folder.path(), "Interactive Brokers: Down");
    let said = log.lines().find(|line| line.contains("What TWS had told is damaged"));
    let kept_as =
        said.and_then(|line| line.split("it is kept as ").nth(1)).unwrap_or_else(|| panic!("{log}"));
    assert_eq!(std::fs::read_to_string(kept_as.trim()).unwrap(), "[{");
    assert!(log.contains("known at the start: []"), "{log}");
}

#[test]
fn an_order_on_what_joins_comes_back_from_the_journal_before_its_broker_speaks_of_it() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let (mut program, _kept) = start(folder.path(), &server.port, Vec::new(), &["KO"]);
    program.wait("the share", |desk| find(desk, "KO").is_some());
    let order = rest_a_buy(&mut program, "KO");
    let before = program.look(|desk| desk.blotter().get(order).unwrap().clone());
    program.shut_down();

    // As if its contract had been lost with the file that keeps it: the next run begins without it.
    let (mut program, _kept) = start(folder.path(), &server.port, Vec::new(), &["KO"]);
    program.wait_for_status(order, OrderStatus::Working);
    program.look(|desk| {
        let ours = desk.blotter().get(order).unwrap();
        assert_eq!((ours.origin, ours.created), (before.origin, before.created));
        assert_eq!(desk.blotter().orders().count(), 1);
        let foreign = |notice: &&pitdesk::link::Notice| notice.text.contains("adopted");
        assert_eq!(desk.notices().iter().find(foreign), None, "nothing of it is news");
    });
    program.send(Command::Timeline { order });
    program.wait("its timeline", |desk| desk.timeline(order).is_some());
    program.look(|desk| {
        let timeline = desk.timeline(order).unwrap();
        let first = &timeline.records[0].moment;
        assert!(matches!(first, pitdesk::domain::Moment::Intended { .. }), "{first:?}");
    });
    program.send(Command::Cancel { order });
    program.wait_for_status(order, OrderStatus::Cancelled);
    program.shut_down();
}

#[test]
fn what_joined_outlives_the_line() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let (mut program, _kept) = start(folder.path(), &server.port, Vec::new(), &["KO"]);
    program.wait("the share", |desk| find(desk, "KO").is_some());
    let order = rest_a_buy(&mut program, "KO");
    let asked = Process::new(env!("CARGO_BIN_EXE_pitdesk"))
        .args(["weather", "cut", "--seed", "7", "--data-dir"])
        .arg(server.folder.path())
        .output()
        .unwrap();
    assert!(asked.status.success(), "{asked:?}");
    let is_away = |desk: &Desk| {
        desk.connection(PAPER).is_some_and(|c| c.state != pitdesk::link::ConnectionState::Ready)
    };
    program.wait("the cut", is_away);
    program.wait_until_ready();
    program.wait_for_status(order, OrderStatus::Working);
    program.send(Command::Cancel { order });
    program.wait_for_status(order, OrderStatus::Cancelled);
    program.shut_down();
}
