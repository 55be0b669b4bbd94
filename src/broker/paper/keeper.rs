//! Writes down the exchange of this program on a thread of its own, so that market data never wait
//! for the disk, and says how far it has come.
//!
//! Changes are numbered from one. What is in a change may be told once [`Progress::written`] has
//! reached its number. Changes that wait while the disk is busy are written and synced together.
//! What the disk does not take is tried again, as a whole state, until it does.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::watch;

use super::record::{Change, Record, Saved};
use super::venue::PaperVenue;
use crate::broker::contract::Books;
use crate::domain::Time;

/// How long after a failure it is tried again.
const RETRY: Duration = Duration::from_secs(3);

/// Where the changes of an exchange go. What a call has put there survives the program and the
/// power; of one that failed, nothing or all of it may be there. It may take its time.
pub trait Disk: Send {
    /// Puts changes behind what is there; `whole` is the state with them.
    ///
    /// # Errors
    /// Why it could not, and what can be done, in words for a trader.
    fn append(&mut self, changes: &[Change], whole: &Saved) -> Result<(), String>;

    /// Puts a whole state in the place of all that is there.
    ///
    /// # Errors
    /// Why it could not, and what can be done, in words for a trader.
    fn replace(&mut self, whole: &Saved) -> Result<(), String>;
}

/// How far the disk has come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Progress {
    /// Number of the last change that it has.
    pub written: u64,
    /// Why it takes no more at present.
    pub trouble: Option<Arc<str>>,
}

/// The exchange's way to the disk. Dropping it writes what waits and ends the thread.
pub(super) struct Keeper {
    record: Record,
    /// What the disk has had since before the start, until somebody has asked for anything.
    as_saved: Option<Books>,
    /// Number of the last change.
    last: u64,
    changes: Option<Sender<Change>>,
    progress: watch::Receiver<Progress>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Gives `venue` what was saved, and keeps on `disk` what becomes of it.
    pub fn begin(venue: &mut PaperVenue, saved: Saved, disk: Box<dyn Disk>, now: Time) -> io::Result<Self> {
        Self::begin_with(venue, saved, disk, now, RETRY)
    }

    pub(super) fn begin_with(
        venue: &mut PaperVenue,
        saved: Saved,
        disk: Box<dyn Disk>,
        now: Time,
        pause: Duration,
    ) -> io::Result<Self> {
        let (record, as_saved) = Record::begin(venue, &saved, now);
        let (sender, changes) = channel();
        let (tells, progress) = watch::channel(Progress::default());
        let thread = Thread { disk, whole: saved, changes, tells, must_replace: true, taken: 0 };
        let named = std::thread::Builder::new().name("pitdesk-paper".to_owned());
        let thread = named.spawn(move || thread.run(pause))?;
        let as_saved = Some(as_saved);
        Ok(Self { record, as_saved, last: 0, changes: Some(sender), progress, thread: Some(thread) })
    }

    /// Something of the exchange is to be written down.
    pub fn touch(&mut self) {
        self.record.touch();
    }

    /// A new session begins. What the disk has from before the start needs no more writing to be
    /// told; whatever became of a session in this run is written once more.
    pub fn count_session(&mut self) {
        self.record.session += 1;
        if self.last > 0 {
            self.record.touch();
        }
    }

    /// The books as the disk had them at the start, for the first session: they may be told before
    /// the disk takes anything. A later one has sent orders that they know nothing of.
    pub fn take_as_saved(&mut self) -> Option<Books> {
        self.as_saved.take()
    }

    /// Hands over what has changed; number of the change that must be on the disk before anybody
    /// hears how `venue` stands.
    pub fn keep(&mut self, venue: &PaperVenue) -> u64 {
        if let Some(change) = self.record.unsaved(venue) {
            self.last += 1;
            // A thread that is gone never comes so far; `progress` says that it is gone.
            self.changes.as_ref().map(|changes| changes.send(change).ok());
        }
        self.last
    }

    /// How far it has come, and news of that.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.changes.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that saves the paper account panicked");
        }
    }
}

struct Thread {
    disk: Box<dyn Disk>,
    /// As it is when all that was taken is written.
    whole: Saved,
    changes: Receiver<Change>,
    tells: watch::Sender<Progress>,
    /// The disk may have anything behind what it is known to have: at the start, and after a failure.
    must_replace: bool,
    /// Number of the last change that was taken.
    taken: u64,
}

impl Thread {
    fn run(mut self, pause: Duration) {
        self.write(&[]);
        loop {
            let first = if self.must_replace {
                self.changes.recv_timeout(pause)
            } else {
                self.changes.recv().map_err(RecvTimeoutError::from)
            };
            let changes: Vec<Change> = match first {
                Ok(first) => std::iter::once(first).chain(self.changes.try_iter()).collect(),
                Err(RecvTimeoutError::Timeout) => Vec::new(),
                Err(RecvTimeoutError::Disconnected) => break,
            };
            self.write(&changes);
        }
        if self.must_replace && !self.write(&[]) {
            tracing::error!("the paper account is not saved as it was last; nobody has heard of the rest");
        }
    }

    /// Whether all that was taken is on the disk now.
    fn write(&mut self, changes: &[Change]) -> bool {
        self.taken += changes.len() as u64;
        for change in changes {
            self.whole.apply(change.clone()).expect("the changes of one exchange follow on each other");
        }
        let outcome = if self.must_replace {
            self.disk.replace(&self.whole)
        } else {
            self.disk.append(changes, &self.whole)
        };
        self.must_replace = outcome.is_err();
        match outcome {
            Ok(()) => drop(self.tells.send_replace(Progress { written: self.taken, trouble: None })),
            Err(why) => {
                tracing::error!("the paper account cannot be saved: {why}");
                self.tells.send_modify(|progress| progress.trouble = Some(why.into()));
            }
        }
        !self.must_replace
    }
}
