//! What the exchange has confirmed, on the disk: a whole state, then every change since.
//!
//! The file is a stream of frames as on the wire, numbered and with checksums. What is appended at
//! once is one frame, synced before anybody hears of it, so that at most the frame that was being
//! written when the process or the power died is torn: cut short, or with holes where the disk had
//! not got to. Of that nobody has heard, and all before it holds. At the start, after a
//! failure, and when the changes have become long, the file is replaced by one with a whole state
//! alone. The exchange in a process of its own and the one in the window's ([`super::account`])
//! write the same file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::broker::paper::server::{Change, Saved};
use crate::broker::paper::wire::frame::{HEADER, Header, Inbound, Outbound, WireError};
use crate::store::files::{self, Loaded, Refusal, Step, WriteError};

/// More than any state takes: ten thousand orders and fills are a few megabytes.
const LONGEST: usize = 1 << 30;
/// Bytes of changes after which a whole state is written again.
const LONG: u64 = 32 << 20;

/// Raised when an older Pitdesk could not read the file any more.
const FORMAT: u32 = 2;
/// What a disk writes whole or not at all, at least.
const SECTOR: usize = 512;

#[derive(Serialize)]
enum Written<'a> {
    Format(u32),
    Whole(&'a Saved),
    /// Of one append.
    Changes(&'a [Change]),
}

#[derive(Deserialize)]
enum Read {
    /// Of what follows. The first files had none.
    Format(u32),
    Whole(Saved),
    /// As the first format had them.
    Change(Change),
    Changes(Vec<Change>),
}

/// What a file adds up to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The state.
    pub saved: Saved,
    /// Bytes at its end that were being written when the process or the power died.
    pub torn: usize,
}

/// A newer Pitdesk wrote the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a newer Pitdesk wrote it (format {0}, this one reads up to {FORMAT}): update Pitdesk to use it")]
pub struct Newer(pub u32);

/// The file, open for more.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    /// `None` while it is not known what the file ends with: it is replaced then.
    end: Option<End>,
    /// Held, never read: two exchanges on one account would each forget what the other has done.
    _lock: File,
}

#[derive(Debug)]
struct End {
    file: File,
    frames: Outbound,
    /// Bytes behind the whole state.
    grown: u64,
}

impl Log {
    /// Opens the file at `path`, and what it says; a new one says nothing.
    ///
    /// # Errors
    /// When another exchange has it, it is damaged, or it cannot be read and written.
    pub fn open(path: &Path) -> anyhow::Result<(Self, Saved)> {
        let lock = lock(path)?;
        let saved = match fs::read(path) {
            Ok(bytes) => read(&bytes).map(|content| content.saved).with_context(|| {
                format!(
                    "the exchange's state in {} cannot be used: move it away to begin with new accounts",
                    path.display()
                )
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Saved::default(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let mut log = Self { path: path.to_owned(), end: None, _lock: lock };
        log.replace(&saved)?;
        Ok((log, saved))
    }

    /// The same for a program that begins whatever its disk is like: what cannot be used is set
    /// aside, and nothing is written yet. The first thing to do is [`Self::replace`].
    ///
    /// # Errors
    /// When another exchange has it, its lock cannot be made, or it cannot be read now: to put that
    /// aside would begin another account while this one is whole.
    pub fn take(path: &Path) -> anyhow::Result<(Self, Loaded<Content>)> {
        let lock = lock(path)?;
        match File::open(path).and_then(|mut file| io::copy(&mut file, &mut io::sink())) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("{} cannot be read now", path.display()));
            }
            _ => {}
        }
        let loaded = files::load_with(path, |bytes| {
            read(bytes).map_err(|error| match error.downcast_ref() {
                Some(&Newer(found)) => Refusal::Newer { found, newest: FORMAT },
                None => Refusal::Damaged(format!("{error:#}")),
            })
        });
        Ok((Self { path: path.to_owned(), end: None, _lock: lock }, loaded))
    }

    /// Puts a change on the disk; `whole` is the state with it.
    ///
    /// # Errors
    /// When the disk does not take it: nothing of it may be told to anybody then.
    pub fn append(&mut self, change: &Change, whole: impl FnOnce() -> Saved) -> anyhow::Result<()> {
        let written = if self.is_long() {
            self.replace(&whole())
        } else {
            self.append_all(std::slice::from_ref(change))
        };
        written.context("nothing more is confirmed")
    }

    /// Whether a whole state is to be written instead of one more change.
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.end.as_ref().is_none_or(|end| end.grown > LONG)
    }

    /// Puts changes on the disk, with one sync.
    ///
    /// # Errors
    /// When the disk does not take them: nothing of them may be told to anybody then, and only a
    /// whole state can follow.
    pub fn append_all(&mut self, changes: &[Change]) -> Result<(), WriteError> {
        let failed = |step, source| WriteError { path: self.path.clone(), step, source };
        // Whatever happens on the way: it stays away unless all went well.
        let unknown = || failed(Step::Fill, io::Error::other("its end is not known"));
        let mut end = self.end.take().ok_or_else(unknown)?;
        let mut bytes = Vec::new();
        let framed = end.frames.frame(&Written::Changes(changes), &mut bytes);
        framed.map_err(|error| failed(Step::Fill, io::Error::other(error)))?;
        end.file.write_all(&bytes).map_err(|error| failed(Step::Fill, error))?;
        end.file.sync_data().map_err(|error| failed(Step::Sync, error))?;
        end.grown += bytes.len() as u64;
        self.end = Some(end);
        Ok(())
    }

    /// Replaces the file by one with this state.
    ///
    /// # Errors
    /// When the disk does not take it.
    pub fn replace(&mut self, whole: &Saved) -> Result<(), WriteError> {
        self.end = None;
        let failed = |source| WriteError { path: self.path.clone(), step: Step::Fill, source };
        let (bytes, frames) = self::whole(whole).map_err(|error| failed(io::Error::other(error)))?;
        files::write(&self.path, &bytes)?;
        let file = OpenOptions::new().append(true).open(&self.path).map_err(failed)?;
        self.end = Some(End { file, frames, grown: 0 });
        Ok(())
    }
}

/// The bytes of a file with this state alone, and what goes on behind them.
///
/// # Errors
/// When it is too long.
pub fn whole(saved: &Saved) -> Result<(Vec<u8>, Outbound), WireError> {
    let mut frames = Outbound::new(LONGEST);
    let mut bytes = Vec::new();
    frames.frame(&Written::Format(FORMAT), &mut bytes)?;
    frames.frame(&Written::Whole(saved), &mut bytes)?;
    Ok((bytes, frames))
}

fn lock(path: &Path) -> anyhow::Result<File> {
    let beside = path.with_added_extension("lock");
    let shown = beside.display();
    let open = OpenOptions::new().write(true).create(true).truncate(false).open(&beside);
    let file = open.with_context(|| format!("cannot make {shown}"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            anyhow::bail!("another exchange uses {}: end it, or choose another --state", path.display())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {shown}")),
    }
}

/// What a file's bytes add up to. A torn end is left out: nobody has heard of it.
///
/// # Errors
/// When they are damaged, or do not begin with one whole state.
pub fn read(bytes: &[u8]) -> anyhow::Result<Content> {
    // Some systems make a file longer before they fill it. No frame ends with a zero.
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let bytes = &bytes[..end];
    let mut inbound = Inbound::new(LONGEST);
    inbound.push(bytes);
    let mut saved: Option<Saved> = None;
    let torn = loop {
        let rest = inbound.waiting();
        let entry = match inbound.next_message() {
            Ok(Some(entry)) => entry,
            Ok(None) => break inbound.waiting(),
            Err(WireError::DamagedHeader | WireError::DamagedPayload(_))
                if saved.is_some() && is_torn(bytes, bytes.len() - rest, inbound.last()) =>
            {
                break rest;
            }
            Err(error) => return Err(error.into()),
        };
        match (entry, &mut saved) {
            (Read::Format(format), None) => anyhow::ensure!(format <= FORMAT, Newer(format)),
            (Read::Whole(whole), None) => saved = Some(whole),
            (Read::Change(change), Some(saved)) => saved.apply(change)?,
            (Read::Changes(changes), Some(saved)) => {
                changes.into_iter().try_for_each(|change| saved.apply(change))?;
            }
            (Read::Format(_) | Read::Whole(_), Some(_)) | (Read::Change(_) | Read::Changes(_), None) => {
                anyhow::bail!("it does not begin with one whole state")
            }
        }
    };
    if torn > 0 {
        tracing::warn!("the last {torn} bytes of the state were torn; nobody has heard of them");
    }
    // A file is put in its place with a whole state in it.
    Ok(Content { saved: saved.context("there is no whole state in it")?, torn })
}

/// Whether what is left of a file, from `at` on where the frame behind number `last` is not whole, is
/// the end of an append that was cut by the power. Then the disk had not got to some part of it,
/// which is zeros, and no frame has one: and since an append is one frame, no other follows.
fn is_torn(bytes: &[u8], at: usize, last: u64) -> bool {
    let sectors = (at / SECTOR..bytes.len().div_ceil(SECTOR)).map(|sector| sector * SECTOR);
    let mut sectors = sectors.map(|start| &bytes[start.max(at)..bytes.len().min(start + SECTOR)]);
    let is_frame = |bytes: &[u8]| {
        let header = bytes.first_chunk().and_then(Header::read);
        header.is_some_and(|header| header.number > last.saturating_add(1))
    };
    sectors.any(|sector| sector.iter().all(|byte| *byte == 0)) && !bytes[at..].windows(HEADER).any(is_frame)
}

#[cfg(test)]
mod tests;
