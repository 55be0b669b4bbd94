//! The journal on disk: the one record of what this program has asked for, and what came back.
//!
//! An SQLite file in the profile's data folder. [`Journal::open`] reads how things stood
//! ([`Recovered`]); [`Journal::run`] then writes the records that the engine numbers, in
//! their order, and says up to where they are on the disk. An intent must not be sent
//! before its [`JournalEvent::Written`].
//!
//! - What was told as written is on the disk (synced) and in its order, whatever dies then.
//! - A record is there whole, with every order that it is about, or not at all.
//! - While the disk fails intents and notes are given up at once, facts wait in memory.
//! - A file that is damaged is set aside, never deleted; what can be read of it comes over.
//!
//! [`Archive`] looks at past days, beside a running journal too.
//!
//! One program writes at a time: whoever has the `Profile` holds its lock.

mod archive;
mod batch;
mod disk;
mod held;
mod inbox;
mod names;
mod opening;
mod recover;
pub mod row;
mod salvage;
mod schema;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::domain::{InstrumentId, OrderId, Recalled, Record, Seq, Time};

pub use archive::{Archive, BeyondCounting, DayResult, Found, by_day};
use disk::{Disk, DiskError};
pub use inbox::{CAPACITY, Full, Inbox, JournalSender, channel};
use names::Directory;
pub use names::Names;
pub use recover::{NEWEST, Recovered};
use writer::Writer;

#[cfg(test)]
mod tests;

/// What the running journal tells.
#[derive(Debug, Clone, PartialEq)]
pub enum JournalEvent {
    /// Everything up to and including this record is on the disk, but for intents that were
    /// told of as given up.
    Written(Seq),
    /// These records are not on the disk. Intents and notes among them are given up: they must not be
    /// sent or shown, and the journal never had them. The others wait and are tried again.
    Failed {
        /// The first that was not told of before.
        from: Seq,
        /// The last that the journal has; what is handed over later is tried anew.
        through: Seq,
        /// In words for a trader, with what to do.
        why: Arc<str>,
    },
    /// All that waited is written (and told as `Written`): the journal works again.
    Works,
    /// The records of an order that could be read, oldest first.
    Timeline {
        /// Which order.
        order: OrderId,
        /// From disk, and those that wait.
        records: Vec<Record>,
        /// How many are left out between the first ones and the newest.
        left_out: usize,
    },
    /// What the file has of an instrument that joins the catalogue.
    Recalled {
        /// Which.
        instrument: InstrumentId,
        /// As a start would read it; or why it could not be read, in words for a trader.
        outcome: Result<Recalled, Arc<str>>,
    },
    /// The last word: what could not be written before the end, in words for a trader.
    GivenUp(Arc<str>),
}

/// A journal that cannot be used. The file was not changed.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It could not be opened or read.
    #[error("cannot open the journal {}: {why}", file.display())]
    Open {
        /// The file.
        file: PathBuf,
        /// Why, and what to do.
        why: String,
    },
    /// A newer program wrote it.
    #[error(
        "a newer Pitdesk wrote the journal {} (format {found}, this one reads up to {newest}): start that one, or \
         choose another --profile",
        file.display()
    )]
    Newer {
        /// The file.
        file: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that this program knows.
        newest: i64,
    },
}

/// A journal that is open and not running yet.
#[derive(Debug)]
pub struct Journal {
    disk: Disk,
    directory: Directory,
    /// The place of the next record.
    next: Seq,
    must_reconcile: bool,
    /// Whether the disk took anything when it was opened.
    is_writable: bool,
}

impl Journal {
    /// Opens the journal `file`, or begins one, and reads how things stood. `now` is the date by
    /// which a damaged file is set aside.
    ///
    /// # Errors
    /// When the file cannot be opened, or a newer program wrote it.
    pub async fn open(file: &Path, names: Names, now: Time) -> Result<(Self, Recovered), JournalError> {
        let directory = Directory::new(names);
        let (disk, recovered) = opening::open(file, &directory, now).await?;
        Ok((Self::new(disk, directory, &recovered), recovered))
    }

    /// The same of a file that cannot be written at present, on a full disk say: how things stood is
    /// read, and what comes is written as soon as the disk takes it, which is told as
    /// [`JournalEvent::Works`].
    ///
    /// # Errors
    /// When it cannot even be read, or is not of this version.
    pub async fn open_unwritable(file: &Path, names: Names) -> Result<(Self, Recovered), JournalError> {
        let directory = Directory::new(names);
        let recovered = opening::look(file, &directory).await?;
        let journal = Self::new(Disk::closed(file), directory, &recovered);
        Ok((Self { is_writable: false, ..journal }, recovered))
    }

    /// A journal that keeps nothing, for replays.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub async fn in_memory(names: Names) -> Result<(Self, Recovered), JournalError> {
        let failed =
            |error: DiskError| JournalError::Open { file: ":memory:".into(), why: error.to_string() };
        let directory = Directory::new(names);
        let mut disk = Disk::in_memory().await.map_err(failed)?;
        let recovered = opening::ready(&mut disk, &directory).await.map_err(failed)?;
        Ok((Self::new(disk, directory, &recovered), recovered))
    }

    fn new(disk: Disk, directory: Directory, recovered: &Recovered) -> Self {
        let must_reconcile = recovered.must_reconcile.is_some();
        Self { disk, directory, next: recovered.next_seq, must_reconcile, is_writable: true }
    }

    /// Its file, where there is one.
    #[must_use]
    pub fn file(&self) -> Option<&Path> {
        self.disk.file()
    }

    /// Closes a journal that is not to run.
    pub async fn close(self) {
        self.disk.close().await;
    }

    /// Writes what comes, until every sender is gone and all is written, or given up with a
    /// line in the log. `events` must not wait.
    pub async fn run(self, inbox: Inbox, events: impl Fn(JournalEvent) + Send + 'static) {
        Writer::new(self, events).run(inbox).await;
    }
}
