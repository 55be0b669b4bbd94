//! Curves of equity beyond the window: taken, kept through a SIGKILL at any moment, gone on with after a restart.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "common/killed.rs"]
mod killed;
#[path = "common/program.rs"]
#[expect(dead_code, reason = "these tests do not trade")]
mod program;

use std::path::Path;

use killed::{folder_of_child, kill_at_work, program, tell};
use pitdesk::desk::Desk;
use pitdesk::domain::{AccountId, Currency, Money, Time};
use pitdesk::link::Clock;
use pitdesk::market::equity::Sample;
use pitdesk::store::equity;
use program::{PROFILE, Program};
use tempfile::TempDir;

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

/// The values of the child that a folder holds, and the records that nobody can read.
fn kept(folder: &Path) -> (Vec<Sample>, Vec<String>) {
    let (kept, problems) = equity::load(folder, Time::from_seconds(60 * 2_000));
    (kept.get(&"PAPER".into()).map_or_else(Vec::new, |curve| curve.samples().to_vec()), problems)
}

/// Not a test of its own: the child, which appends until it is killed.
#[test]
fn child_that_is_killed() {
    let Some(folder) = folder_of_child() else { return };
    let from = i64::try_from(kept(&folder).0.len()).unwrap();
    for minute in from.. {
        equity::append(&folder, &[("PAPER".into(), value(minute))]).unwrap();
        tell(minute);
    }
}

#[test]
fn what_was_kept_outlives_a_kill_at_any_moment() {
    let folder = TempDir::new().unwrap();
    for _ in 0..3 {
        let mut told = Vec::new();
        kill_at_work(folder.path(), |minute| {
            told.push(minute);
            told.len() == 20
        });
        let (samples, problems) = kept(folder.path());
        // At most the record that was being written is lost.
        assert!(problems.len() <= 1, "{problems:?}");
        let expected: Vec<Sample> = (0_i64..).take(samples.len()).map(value).collect();
        assert_eq!(samples, expected);
        assert!(i64::try_from(samples.len()).unwrap() > told[19]);
    }
}
