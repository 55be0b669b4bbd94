//! The account of the embedded exchange is of an older day than the journal, or is gone: a backup
//! was put back, or the disk lost it. The program trades on what the broker has, keeps what it
//! knows, and says where the two part, once.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "common/program.rs"]
#[expect(dead_code, reason = "the window of these tests does not hang")]
mod program;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Parser as _;
use pitdesk::app::cli::Arguments;
use pitdesk::app::market::Plan;
use pitdesk::desk::Desk;
use pitdesk::domain::{Decimal, ExecId, OrderKind, OrderStatus};
use pitdesk::link::{Clock, Command, Decision, FindingKind};
use pitdesk::store::bars::Library;
use pitdesk::store::profile::Profile;
use program::{PROFILE, Program};
use tempfile::TempDir;

const SYMBOL: &str = "ETH/USD";

/// The practice market, at all hours, with whatever account lies in the folder.
fn start(folder: &Path) -> Program {
    let options = Arguments::parse_from(["pitdesk"]).options;
    let plan = Plan::new(&options, &Library::empty(), true, Clock::system().now()).unwrap();
    let profile = Profile::open(Some(folder), PROFILE).unwrap();
    let broker = Arc::clone(&plan.kept_brokers(&profile, &mut Vec::new()).unwrap()[0]);
    let program = Program::start_in(profile, broker);
    program.wait_until_ready();
    program
}

/// Everything that the exchange keeps.
fn account_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.join(PROFILE)).unwrap().map(|entry| entry.unwrap().path());
    let is_account = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with("account");
    entries.filter(is_account).collect()
}

/// The executions that the window shows, each of them once.
#[track_caller]
fn executions(program: &Program) -> BTreeSet<ExecId> {
    program.look(|desk| {
        let fills = desk.blotter().fills();
        let ids: BTreeSet<ExecId> = fills.iter().map(|fill| fill.exec_id.clone()).collect();
        assert_eq!(ids.len(), fills.len(), "an execution is there once: {fills:?}");
        ids
    })
}

fn findings(program: &Program) -> Vec<FindingKind> {
    let kinds = |desk: &Desk| {
        desk.reconciled().iter().flat_map(|report| &report.findings).map(|found| found.kind).collect()
    };
    program.look(kinds)
}

#[track_caller]
fn buy(program: &mut Program, quantity: i64) {
    let eth = program.watch(SYMBOL);
    let order = program.place(eth, quantity, OrderKind::Market);
    program.wait_for_status(order, OrderStatus::Filled);
}

/// What is there once the exchange has forgotten, with `keeps` of the account of before.
#[track_caller]
fn after_forgetting(keeps: impl FnOnce(&Path, &[(PathBuf, Vec<u8>)]), held: i64) {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let mut program = start(folder);
    buy(&mut program, 2);
    let early = executions(&program);
    program.shut_down();
    let older: Vec<_> =
        account_files(folder).into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect();

    let mut program = start(folder);
    assert_eq!(findings(&program), []);
    buy(&mut program, 1);
    let eth = program.watch(SYMBOL);
    let resting = program.place(eth, 1, program.below(eth, 20));
    program.wait_for_status(resting, OrderStatus::Working);
    let known = executions(&program);
    program.shut_down();
    for path in account_files(folder) {
        fs::remove_file(path).unwrap();
    }
    keeps(folder, &older);

    let mut program = start(folder);
    assert_eq!(program.look(|desk| desk.blotter().get(resting).unwrap().status), OrderStatus::Unknown);
    assert_eq!(executions(&program), known, "what was executed was executed, once");
    assert_eq!(program.net(eth), Decimal::from(held), "what is held is what the broker says");
    let lost = if held == 0 { known.len() } else { known.len() - early.len() };
    let told = findings(&program);
    let count = |kind| told.iter().filter(|told| **told == kind).count();
    let expected = [(FindingKind::FillGone, lost), (FindingKind::Position, 1), (FindingKind::Gone, 1)];
    assert_eq!(expected.map(|(kind, _)| (kind, count(kind))), expected, "{told:?}");
    assert_eq!(told.len(), lost + 2, "{told:?}");

    // It trades on. Numbers of executions that the exchange gives anew are new executions.
    let decide = program.send(Command::Decide { order: resting, decision: Decision::IsGone });
    program.wait("an answer", |desk| desk.answer(decide).is_some());
    program.wait_for_status(resting, OrderStatus::Cancelled);
    buy(&mut program, 1);
    assert_eq!(program.net(eth), Decimal::from(held + 1));
    let all = executions(&program);
    assert!(all.is_superset(&known) && all.len() > known.len(), "{all:?}");
    program.shut_down();

    let program = start(folder);
    assert_eq!(findings(&program), [], "it was told");
    assert_eq!((executions(&program), program.net(eth)), (all, Decimal::from(held + 1)));
    program.shut_down();
}

#[test]
fn an_older_account_file_is_told_and_traded_on() {
    let put_back = |_: &Path, older: &[(PathBuf, Vec<u8>)]| {
        for (path, bytes) in older {
            fs::write(path, bytes).unwrap();
        }
    };
    after_forgetting(put_back, 2);
}

#[test]
fn an_account_file_that_is_gone_is_told_and_traded_on() {
    after_forgetting(|_, _| (), 0);
}
