//! Curves of equity beyond the window: taken, kept through a SIGKILL at any moment, gone on with after a restart.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "common/program.rs"]
#[expect(dead_code, reason = "these tests do not trade")]
mod program;

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command as Process, Stdio};
use std::sync::Arc;

use clap::Parser as _;
use pitdesk::app::cli::Arguments;
use pitdesk::app::market::Plan;
use pitdesk::broker::paper::{PaperBroker, PaperVenue};
use pitdesk::desk::Desk;
use pitdesk::domain::{AccountId, BrokerId, Currency, Money, Time};
use pitdesk::link::Clock;
use pitdesk::market::equity::Sample;
use pitdesk::store::bars::Library;
use pitdesk::store::equity;
use program::{PROFILE, Program};
use tempfile::TempDir;

/// A program on the practice market of `folder`.
fn program(folder: &Path) -> Program {
    let now = Clock::system().now();
    let options = Arguments::parse_from(["pitdesk", "--seed", "3"]).options;
    let setup = Plan::new(&options, &Library::empty(), true, now).unwrap().setup;
    let venue = PaperVenue::new(BrokerId(0), setup.instruments, setup.exchange, setup.source, now).unwrap();
    Program::start(folder, Arc::new(PaperBroker::new(venue)))
}

/// The curve of the first account, once it has so many values.
fn shown(program: &Program, at_least: usize) -> (AccountId, Vec<Sample>) {
    let look = |desk: &Desk| {
        let account = &desk.accounts().first()?.id;
        Some((account.clone(), desk.equity().get(account)?.samples().to_vec()))
    };
    program
        .wait("a value of equity", |desk| look(desk).is_some_and(|(_, samples)| samples.len() >= at_least));
    program.look(look).unwrap()
}

#[test]
fn a_value_is_taken_without_a_window_that_looks_and_the_next_run_goes_on_behind_a_gap() {
    let folder = TempDir::new().unwrap();
    let run = program(folder.path());
    let (account, first) = shown(&run, 1);
    run.shut_down();
    let now = Clock::system().now();
    let (kept, problems) = equity::load(&folder.path().join(PROFILE).join("equity"), now);
    assert_eq!(problems, Vec::<String>::new());
    let kept = kept.get(&account).unwrap().samples().to_vec();
    assert_eq!(kept[0], first[0]);

    let run = program(folder.path());
    let (_, both) = shown(&run, kept.len() + 1);
    assert_eq!(both[..kept.len()], kept);
    assert!(!both[kept.len()].follows, "nobody knows what was in between");
    run.shut_down();
}

fn value(minute: i64) -> Sample {
    let equity = Money { amount: minute.into(), currency: Currency::USD };
    Sample { time: Time::from_seconds(60 * minute), equity, follows: minute > 0 }
}

/// Not a test of its own: the child, which appends until it is killed.
#[test]
fn child_that_is_killed() {
    let Ok(folder) = std::env::var("PITDESK_EQUITY_FOLDER") else { return };
    let folder = Path::new(&folder);
    let from: i64 = std::env::var("PITDESK_EQUITY_FROM").unwrap().parse().unwrap();
    for minute in from.. {
        equity::append(folder, &[("PAPER".into(), value(minute))]).unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "\nkept {minute}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn what_was_kept_outlives_a_kill_at_any_moment() {
    let folder = TempDir::new().unwrap();
    let now = Time::from_seconds(60 * 2_000);
    let mut next = 0;
    for _ in 0..3 {
        let mut child = Process::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_is_killed", "--nocapture"])
            .env("PITDESK_EQUITY_FOLDER", folder.path())
            .env("PITDESK_EQUITY_FROM", next.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let told: Vec<i64> =
            said.filter_map(|line| line.strip_prefix("kept ")?.parse().ok()).take(20).collect();
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));

        let (kept, problems) = equity::load(folder.path(), now);
        // At most the record that was being written is lost.
        assert!(problems.len() <= 1, "{problems:?}");
        let samples = kept.get(&"PAPER".into()).unwrap().samples();
        let expected: Vec<Sample> = (0_i64..).take(samples.len()).map(value).collect();
        assert_eq!(samples, expected);
        next = i64::try_from(samples.len()).unwrap();
        assert!(next > told.last().copied().unwrap());
    }
}
