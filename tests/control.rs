//! The control socket of the running program, and `pitdesk kill` as a second process.
//!
//! To show that these can fail, each of the following was broken on purpose once:
//!
//! | broken | seen by |
//! |---|---|
//! | the engine tells nobody but the window how far it is | all that end, `what_is_not_done_in_time_…` |
//! | any token will do | `the_secret_is_its_owners_…` |
//! | who says nothing is waited for | `who_says_nothing_…` |
//! | what an earlier use came to counts for this one | `positions_stay_unless_asked_…` |
//! | that there is no socket is said in the log only | `a_socket_that_cannot_be_opened_…` |
//! | the control file stays behind | `while_the_window_takes_nothing_…` |

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "common/program.rs"]
#[expect(dead_code, reason = "nobody else writes into the profile of these tests")]
mod program;

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Output};
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use pitdesk::app::cli::Arguments;
use pitdesk::app::control::Address;
use pitdesk::app::control::wire::LONGEST_REQUEST;
use pitdesk::app::market::Plan;
use pitdesk::broker::Adapter;
use pitdesk::desk::Desk;
use pitdesk::domain::{Decimal, OrderKind, OrderStatus};
use pitdesk::link::{Clock, Command, Drill, Flatten, NoticeLevel};
use pitdesk::store::bars::Library;
use pitdesk::store::profile::Profile;
use pitdesk::store::{engine_state, files};
use tempfile::TempDir;

use program::{PAPER, PROFILE, Program, SOON};

/// The practice market, at all hours, with the account of a profile.
fn paper(profile: &Profile) -> Arc<dyn Adapter> {
    let options = Arguments::parse_from(["pitdesk"]).options;
    let plan = Plan::new(&options, &Library::empty(), true, Clock::system().now()).unwrap();
    Arc::clone(&plan.kept_brokers(profile, &mut Vec::new()).unwrap()[0])
}

fn start(folder: &Path) -> Program {
    let profile = Profile::open(Some(folder), PROFILE).unwrap();
    let broker = paper(&profile);
    let program = Program::start_in(profile, broker);
    program.wait_until_ready();
    let deadline = program.clock.now() + SOON;
    while !control_file(folder).exists() {
        assert!(program.clock.now() < deadline, "the socket is opened");
        std::thread::yield_now();
    }
    program
}

fn control_file(folder: &Path) -> PathBuf {
    folder.join(PROFILE).join("control.json")
}

fn address(folder: &Path) -> Address {
    files::load(&control_file(folder)).value().unwrap()
}

fn connect(folder: &Path) -> TcpStream {
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, address(folder).port)).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
}

/// All that is answered until the connection ends.
fn answer(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A connection that is closed on what was not read ends with an error.
    stream.read_to_end(&mut bytes).ok();
    String::from_utf8(bytes).unwrap()
}

/// `pitdesk kill`: its exit code and what it says.
fn kill(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let mut process = Process::new(env!("CARGO_BIN_EXE_pitdesk"));
    process.arg("kill").args(arguments).arg("--data-dir").arg(folder);
    let Output { status, stdout, stderr } = process.output().unwrap();
    let said = String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap();
    (status.code().unwrap(), said)
}

#[test]
fn while_the_window_takes_nothing_it_ends_flat_and_locked() {
    let folder = TempDir::new().unwrap();
    let mut program = start(folder.path());
    let eth = program.watch("ETH/USD");
    let bought = program.place(eth, 2, OrderKind::Market);
    program.wait_for_status(bought, OrderStatus::Filled);
    let resting = program.place(eth, 1, program.below(eth, 20));
    program.wait_for_status(resting, OrderStatus::Working);
    program.hang();

    let (code, said) = kill(folder.path(), &["--flatten"]);
    assert_eq!(code, 0, "{said}");
    let evidence = ["Locked; the cancel of every order asked for", "closes ETH/USD", "nothing is held"];
    for part in [&evidence[..], &["Flat and locked."]].concat() {
        assert!(said.contains(part), "{part} is missing in {said}");
    }
    assert!(said.lines().all(|line| line.starts_with("Paper PAPER: ") || line.starts_with("Flat")), "{said}");

    program.wake_up();
    program.wait("the lock", |desk| desk.kill().is_locked());
    program.wait_for_status(resting, OrderStatus::Cancelled);
    assert_eq!(program.net(eth), Decimal::ZERO);
    program.shut_down();
    assert!(!control_file(folder.path()).exists(), "nobody listens any more");

    // Without a program it says so, and the lock has stayed.
    let (code, said) = kill(folder.path(), &[]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("No Pitdesk runs with the profile 'paper'"), "{said}");
    let program = start(folder.path());
    assert!(program.look(|desk| desk.kill().is_locked()));
    program.shut_down();
}

#[test]
fn positions_stay_unless_asked_and_a_second_kill_closes_them() {
    let folder = TempDir::new().unwrap();
    let mut program = start(folder.path());
    let eth = program.watch("ETH/USD");
    let bought = program.place(eth, 2, OrderKind::Market);
    program.wait_for_status(bought, OrderStatus::Filled);
    let (code, said) = kill(folder.path(), &[]);
    assert!(code == 0 && said.contains("Locked, nothing works."), "{said}");
    program.wait("the lock", |desk| desk.kill().is_locked());
    assert_eq!(program.net(eth), Decimal::TWO);
    let (code, said) = kill(folder.path(), &["--flatten=5%"]);
    assert!(code == 0 && said.contains("Flat and locked."), "{said}");
    program.wait("the position to be closed", |desk| desk.blotter().open_positions().next().is_none());
    program.shut_down();
}

#[test]
fn what_is_not_done_in_time_has_a_name_and_a_reason() {
    let folder = TempDir::new().unwrap();
    let mut program = start(folder.path());
    program.send(Command::Drill { broker: PAPER, drill: Drill::Freeze(Duration::from_mins(10)) });
    let (code, said) = kill(folder.path(), &["--wait", "1s"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("Not done: Paper PAPER: not in time (Asking the broker"), "{said}");
    assert!(said.contains("New orders are locked, and Pitdesk goes on trying"), "{said}");
    program.wait("the lock", |desk| desk.kill().is_locked());
    program.shut_down();
}

#[test]
fn the_secret_is_its_owners_and_nothing_is_done_without_it() {
    let folder = TempDir::new().unwrap();
    let program = start(folder.path());
    let mode = std::fs::metadata(control_file(folder.path())).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let Address { token, pid, .. } = address(folder.path());
    assert_eq!((token.len(), pid), (64, std::process::id()));

    let check = |request: &[u8], expected: &str| {
        let mut stream = connect(folder.path());
        stream.write_all(request).unwrap();
        let said = answer(stream);
        let shown = String::from_utf8_lossy(&request[..request.len().min(100)]).into_owned();
        assert!(said.contains(expected) && said.lines().count() <= 1, "{shown}: {said}");
    };
    let wrong = format!(r#"{{"token":"{}","version":1,"ask":{{"kill":"stay"}}}}"#, "0".repeat(64));
    check(format!("{wrong}\n").as_bytes(), "token");
    check(format!("{}\n", wrong.replace('0', "")).as_bytes(), "token");
    let right = wrong.replace(&"0".repeat(64), &token);
    check(format!("{}\n", right.replace(":1,", ":2,")).as_bytes(), "another version");
    check(format!("{}\n", right.replace("stay", "everything")).as_bytes(), "cannot be asked");
    check(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "no request");
    check(&[&[0xff; 100][..], b"\n"].concat(), "no request");
    check(b"\n", "no request");
    // Without an end, and far more than a request.
    let flood = vec![b'x'; 64 * LONGEST_REQUEST];
    let mut stream = connect(folder.path());
    stream.write_all(&flood).ok();
    assert_eq!(answer(stream), "");
    assert!(!program.look(|desk| desk.kill().is_locked()));
    program.shut_down();
}

#[test]
fn who_says_nothing_and_comes_in_crowds_keeps_nobody_out() {
    let folder = TempDir::new().unwrap();
    let program = start(folder.path());
    let mut idle: Vec<TcpStream> = (0..200).map(|_| connect(folder.path())).collect();
    for stream in &mut idle {
        stream.write_all(b"{").ok();
    }
    let (code, said) = kill(folder.path(), &[]);
    assert_eq!(code, 0, "{said}");
    // Nobody is waited for, for long.
    for stream in idle {
        assert_eq!(answer(stream), "");
    }
    program.shut_down();
}

#[test]
fn a_second_use_with_another_choice_is_told_to_the_first() {
    let folder = TempDir::new().unwrap();
    let mut program = start(folder.path());
    program.send(Command::Drill { broker: PAPER, drill: Drill::Freeze(Duration::from_mins(10)) });
    let of_first = folder.path().to_owned();
    let first = std::thread::Builder::new().spawn(move || kill(&of_first, &[])).unwrap();
    program.wait("the first", |desk| desk.kill().is_locked());
    let (code, said) = kill(folder.path(), &["--flatten", "--wait", "1s"]);
    assert_eq!(code, 1, "{said}");
    let (code, said) = first.join().unwrap();
    assert!(code == 1 && said.contains("with another choice"), "{said}");
    program.shut_down();
}

#[test]
fn where_no_program_runs_it_says_so_and_can_lock_the_next_start() {
    let folder = TempDir::new().unwrap();
    let (code, said) = kill(folder.path(), &["--flatten"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("No Pitdesk runs") && said.contains("nothing was ever traded"), "{said}");
    assert!(!folder.path().join(PROFILE).exists(), "a name that is mistyped makes no profile");

    let mut program = start(folder.path());
    let eth = program.watch("ETH/USD");
    let resting = program.place(eth, 1, program.below(eth, 20));
    program.wait_for_status(resting, OrderStatus::Working);
    let file = std::fs::read(control_file(folder.path())).unwrap();
    program.shut_down();
    // As a crash leaves it: nobody listens there.
    std::fs::write(control_file(folder.path()), file).unwrap();
    let (code, said) = kill(folder.path(), &[]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("what works at a broker works on") && said.contains("--next-start"), "{said}");
    let (code, said) = kill(folder.path(), &["--next-start", "--flatten"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("At the next start orders are locked"), "{said}");
    assert!(said.contains("Positions are not closed by themselves"), "{said}");
    let (state, _) = engine_state::load(&folder.path().join(PROFILE).join("engine.json"));
    assert_eq!((state.killed, state.flatten), (true, Flatten::Market));

    let program = start(folder.path());
    assert!(program.look(|desk| desk.kill().is_locked()));
    program.wait_for_status(resting, OrderStatus::Cancelled);
    let is_done = |desk: &Desk| desk.kill_report().is_some_and(|report| report.is_done());
    program.wait("nothing to work", is_done);
    program.shut_down();
}

#[test]
fn a_program_that_cannot_be_reached_is_told_from_one_that_does_not_run() {
    let folder = TempDir::new().unwrap();
    let program = start(folder.path());
    std::fs::write(control_file(folder.path()), "{").unwrap();
    let (code, said) = kill(folder.path(), &[]);
    assert_eq!(code, 1, "{said}");
    let process = format!("(process {})", std::process::id());
    assert!(said.contains("cannot be reached") && said.contains(&process), "{said}");
    program.shut_down();
}

#[test]
fn a_socket_that_cannot_be_opened_is_said_in_the_activity_log() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir_all(control_file(folder.path()).join("in the way")).unwrap();
    let program = start(folder.path());
    let is_told = |desk: &Desk| {
        desk.notices().iter().any(|notice| {
            let says = |part| notice.text.contains(part);
            let what_to_do = says("The kill switch in the window works") && says("start Pitdesk again");
            notice.level == NoticeLevel::Warning
                && says("`pitdesk kill`")
                && says("control.json")
                && what_to_do
        })
    };
    program.wait("the notice", is_told);
    program.shut_down();
}
