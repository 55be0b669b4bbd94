//! A test that is killed: it runs itself as a child, which works in a folder until SIGKILL ends it, and looks at what
//! is left there.

use std::env;
use std::fmt::Display;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::sync::Arc;

use clap::Parser as _;
use pitdesk::app::cli::Arguments;
use pitdesk::app::market::Plan;
use pitdesk::broker::paper::{PaperBroker, PaperVenue};
use pitdesk::domain::BrokerId;
use pitdesk::link::Clock;
use pitdesk::store::bars::Library;

use crate::program::Program;

/// The test that is the child.
const CHILD: &str = "child_that_is_killed";
/// Tells the child where it works.
const FOLDER: &str = "PITDESK_KILLED_FOLDER";
/// Before what the child tells, which is among what its test runner says.
const TOLD: &str = "told ";

/// A program on the practice market of `folder`.
pub fn program(folder: &Path) -> Program {
    let now = Clock::system().now();
    let options = Arguments::parse_from(["pitdesk", "--seed", "3"]).options;
    let setup = Plan::new(&options, &Library::empty(), true, now).unwrap().setup;
    let venue = PaperVenue::new(BrokerId(0), setup.instruments, setup.exchange, setup.source, now).unwrap();
    Program::start(folder, Arc::new(PaperBroker::new(venue)))
}

/// Where the child works; `None` in a process that is none.
pub fn folder_of_child() -> Option<PathBuf> {
    env::var_os(FOLDER).map(PathBuf::from)
}

/// Tells the test how far the child is.
pub fn tell(number: impl Display) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "\n{TOLD}{number}").unwrap();
    out.flush().unwrap();
}

/// Has the child work in `folder`, and kills it as soon as `is_far` holds of what it tells: it goes on until then.
pub fn kill_at_work(folder: &Path, mut is_far: impl FnMut(i64) -> bool) {
    let mut child = Process::new(env::current_exe().unwrap())
        .args(["--exact", CHILD, "--nocapture"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let mut told = lines.filter_map(|line| line.strip_prefix(TOLD)?.parse().ok());
    told.find(|number| is_far(*number)).expect("it works until it is killed");
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
}
