//! What a keeper has started and can no longer stop, because it was killed.
//!
//! Every process of an IB Gateway carries a mark in its environment, and whatever it starts inherits that. So it
//! is found again however its keeper and its group have ended, with no file that could be stale, and no other
//! process is taken for it because it was given an old number. Only whoever holds the lock of the mark may
//! end what carries it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal};
use tokio::process::Command;
use tokio::time::{Instant, sleep};

/// The variable that holds the mark.
pub(super) const VARIABLE: &str = "PITDESK_LAUNCH";
/// How often it is looked whether anything is left.
const LOOK: Duration = Duration::from_millis(20);
/// How often in a row nothing must be found: a process that is just being started is in between.
const LOOKS: u32 = 2;

/// What tells the processes of one IB Gateway from all others: the lock of its keeper.
#[derive(Debug, Clone)]
pub(super) struct Mark(PathBuf);

impl Mark {
    /// Of a lock that exists: the same however its path is written.
    pub fn of(lock: &Path) -> Self {
        Self(lock.canonicalize().unwrap_or_else(|_error| lock.to_owned()))
    }

    /// Has a program carry it.
    pub fn put_on(&self, program: &mut Command) {
        program.env(VARIABLE, &self.0);
    }

    /// Ends all that carries it: politely, and after `patience` for certain, for which the system has `limit`.
    /// How many processes there were.
    ///
    /// # Errors
    /// Those that are still there.
    pub async fn end_all(&self, patience: Duration, limit: Duration) -> Result<usize, Vec<Pid>> {
        let mut found = BTreeSet::new();
        for (signal, limit) in [(Signal::TERM, patience), (Signal::KILL, limit)] {
            let deadline = Instant::now() + limit;
            let mut asked = BTreeSet::new();
            let mut quiet = 0;
            while quiet < LOOKS {
                let left = self.carriers();
                quiet = if left.is_empty() { quiet + 1 } else { 0 };
                for (process, handle) in left {
                    if asked.insert(process.as_raw_nonzero()) {
                        // It fails where the process has just ended.
                        pidfd_send_signal(handle, signal).ok();
                    }
                }
                if quiet < LOOKS && Instant::now() >= deadline {
                    break;
                }
                sleep(LOOK).await;
            }
            found.append(&mut asked);
            if quiet == LOOKS {
                return Ok(found.len());
            }
        }
        Err(self.carriers().into_iter().map(|(process, _)| process).collect())
    }

    /// The processes that carry it, each with a handle that is never another's.
    fn carriers(&self) -> Vec<(Pid, OwnedFd)> {
        let own = getpid();
        let wanted = [VARIABLE.as_bytes(), b"=", self.0.as_os_str().as_bytes()].concat();
        let listed = fs::read_dir("/proc").into_iter().flatten().flatten();
        let processes =
            listed.filter_map(|entry| number(&entry.file_name())).filter(|process| *process != own);
        let carrier = |process: Pid| {
            // Before its environment is read: were its number given to another meanwhile, the handle would
            // reach nobody.
            let handle = pidfd_open(process, PidfdFlags::empty()).ok()?;
            let path = format!("/proc/{}/environ", process.as_raw_nonzero());
            // Of others it cannot be read, and of those that have ended it is empty.
            let environment = fs::read(path).ok()?;
            let is_marked = environment.split(|byte| *byte == 0).any(|variable| variable == wanted);
            is_marked.then_some((process, handle))
        };
        processes.filter_map(carrier).collect()
    }
}

fn number(name: &OsStr) -> Option<Pid> {
    Pid::from_raw(name.to_str()?.parse().ok()?)
}
