//! Drawings beyond the window: kept through a SIGKILL at any moment.

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
use pitdesk::domain::{
    BrokerId, Drawing, DrawingChange, DrawingInk, Figure, InstrumentId, MOST_DRAWINGS, Mark, Price, Time,
};
use pitdesk::link::{Clock, Command};
use pitdesk::store::bars::Library;
use pitdesk::store::drawings;
use program::{PROFILE, Program};
use tempfile::TempDir;

/// What the child draws on.
const INSTRUMENT: InstrumentId = InstrumentId(0);

/// A program on the practice market of `folder`.
fn program(folder: &Path) -> Program {
    let now = Clock::system().now();
    let options = Arguments::parse_from(["pitdesk", "--seed", "3"]).options;
    let setup = Plan::new(&options, &Library::empty(), true, now).unwrap().setup;
    let venue = PaperVenue::new(BrokerId(0), setup.instruments, setup.exchange, setup.source, now).unwrap();
    Program::start(folder, Arc::new(PaperBroker::new(venue)))
}

fn own(program: &Program) -> Vec<Drawing> {
    program.look(|desk| desk.drawings(&desk.instrument(INSTRUMENT).unwrap().key()).to_vec())
}

/// Not a test of its own: the child, which draws and deletes until it is killed.
#[test]
fn child_that_is_killed() {
    let Ok(folder) = std::env::var("PITDESK_DRAWINGS_FOLDER") else { return };
    let mut program = program(Path::new(&folder));
    program.wait_until_ready();
    for number in 1_i64.. {
        let mark = |minutes| Mark { time: Time::from_seconds(60 * minutes), price: Price(number.into()) };
        let figure = Figure::Trend { from: mark(number), to: mark(number + 7), extends: number % 2 == 0 };
        let known = own(&program);
        let change = match known.first() {
            Some(oldest) if known.len() >= MOST_DRAWINGS / 2 => DrawingChange::Remove(oldest.id),
            _ => DrawingChange::Add(figure, DrawingInk::Violet),
        };
        let asked = program.send(Command::Draw { instrument: INSTRUMENT, change });
        program.wait("an answer", |desk| desk.answer(asked).is_some());
        let mut out = std::io::stdout().lock();
        writeln!(out, "\ndrawn {number}").unwrap();
        out.flush().unwrap();
    }
}

#[test]
fn drawings_outlive_a_kill_at_any_moment() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join(PROFILE).join("drawings.json");
    for _ in 0..3 {
        let before = drawings::load(&file).0;
        let mut child = Process::new(std::env::current_exe().unwrap())
            .args(["--exact", "child_that_is_killed", "--nocapture"])
            .env("PITDESK_DRAWINGS_FOLDER", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        // In the middle of its work: the disk has some of what it has said, and it goes on.
        let is_drawn = |line: &String| line.starts_with("drawn ");
        said.filter(is_drawn).find(|_| drawings::load(&file).0 != before).unwrap();
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));

        let (kept, problems) = drawings::load(&file);
        assert_eq!(problems, Vec::<String>::new());
        let program = program(folder.path());
        program.wait_until_ready();
        let key = program.look(|desk| desk.instrument(INSTRUMENT).unwrap().key());
        let shown = own(&program);
        assert_eq!(shown, kept.of(&key));
        let ids: Vec<u64> = shown.iter().map(|one| one.id.0).collect();
        assert!(ids.is_sorted() && !ids.is_empty(), "{ids:?}");
        program.shut_down();
    }
}
