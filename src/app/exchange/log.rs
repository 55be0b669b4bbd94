//! What the exchange has confirmed, on the disk: a whole state, then every change since.
//!
//! The file is a stream of frames as on the wire, numbered and with checksums. A change is
//! appended and synced before anybody hears of it, so that at most the frame that was being
//! written when the process died is torn, and of that nobody has heard. At the start, and when
//! the changes have become long, the file is replaced by one with a whole state alone.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::broker::paper::server::{Change, Saved};
use crate::broker::paper::wire::frame::{Inbound, Outbound, WireError};
use crate::store::files;

/// More than any state takes: ten thousand orders and fills are a few megabytes.
const LONGEST: usize = 1 << 30;
/// Bytes of changes after which a whole state is written again.
const LONG: u64 = 32 << 20;

#[derive(Serialize)]
enum Written<'a> {
    Whole(&'a Saved),
    Change(&'a Change),
}

#[derive(Deserialize)]
enum Read {
    Whole(Saved),
    Change(Change),
}

/// The file, open for more.
#[derive(Debug)]
pub struct Log {
    path: PathBuf,
    file: File,
    frames: Outbound,
    /// Bytes behind the whole state.
    grown: u64,
    /// Held, never read: two exchanges on one account would each forget what the other has done.
    _lock: File,
}

impl Log {
    /// Opens the file at `path`, and what it says; a new one says nothing.
    ///
    /// # Errors
    /// When another exchange has it, it is damaged, or it cannot be read and written.
    pub fn open(path: &Path) -> anyhow::Result<(Self, Saved)> {
        let lock = lock(path)?;
        let saved = match fs::read(path) {
            Ok(bytes) => read(&bytes).with_context(|| {
                format!(
                    "the exchange's state in {} is damaged: move it away to begin with new accounts",
                    path.display()
                )
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Saved::default(),
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let (file, frames) = begin(path, &saved)?;
        Ok((Self { path: path.to_owned(), file, frames, grown: 0, _lock: lock }, saved))
    }

    /// Puts a change on the disk; `whole` is the state with it.
    ///
    /// # Errors
    /// When the disk does not take it: nothing of it may be told to anybody then.
    pub fn append(&mut self, change: &Change, whole: impl FnOnce() -> Saved) -> anyhow::Result<()> {
        let failed = || format!("cannot write to {}: nothing more is confirmed", self.path.display());
        if self.grown > LONG {
            (self.file, self.frames) = begin(&self.path, &whole())?;
            self.grown = 0;
            return Ok(());
        }
        let mut bytes = Vec::new();
        self.frames.frame(&Written::Change(change), &mut bytes).with_context(failed)?;
        self.file.write_all(&bytes).and_then(|()| self.file.sync_data()).with_context(failed)?;
        self.grown += bytes.len() as u64;
        Ok(())
    }
}

/// Replaces the file by one with this state, and opens it for more.
fn begin(path: &Path, saved: &Saved) -> anyhow::Result<(File, Outbound)> {
    let (bytes, frames) = whole(saved)?;
    files::write(path, &bytes)?;
    let file = OpenOptions::new().append(true).open(path);
    Ok((file.with_context(|| format!("cannot open {}", path.display()))?, frames))
}

/// The bytes of a file with this state alone, and what goes on behind them.
///
/// # Errors
/// When it is too long.
pub fn whole(saved: &Saved) -> Result<(Vec<u8>, Outbound), WireError> {
    let mut frames = Outbound::new(LONGEST);
    let mut bytes = Vec::new();
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

/// The state that a file's bytes add up to. A torn end is left out: nobody has heard of it.
///
/// # Errors
/// When they are damaged, or do not begin with one whole state.
pub fn read(bytes: &[u8]) -> anyhow::Result<Saved> {
    // Some systems make a file longer before they fill it. No frame ends with a zero.
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let mut inbound = Inbound::new(LONGEST);
    inbound.push(&bytes[..end]);
    let mut saved = None;
    while let Some(entry) = inbound.next_message()? {
        match (entry, &mut saved) {
            (Read::Whole(whole), None) => saved = Some(whole),
            (Read::Change(change), Some(saved)) => saved.apply(change)?,
            (Read::Whole(_), Some(_)) | (Read::Change(_), None) => {
                anyhow::bail!("it does not begin with one whole state")
            }
        }
    }
    if inbound.waiting() > 0 {
        tracing::warn!(
            "the last {} bytes of the state were torn off; nobody has heard of them",
            inbound.waiting()
        );
    }
    // A file is put in its place with a whole state in it.
    saved.context("there is no whole state in it")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with three changes, and the state after each of its frames.
    fn written(path: &Path) -> Vec<(u64, Saved)> {
        let (mut log, mut saved) = Log::open(path).unwrap();
        let length = || fs::metadata(path).unwrap().len();
        let mut states = vec![(length(), saved.clone())];
        for event in 1..=3 {
            let mut after = saved.clone();
            after.event = event;
            after.ids.insert(crate::domain::OrderId(10 * event));
            log.append(&saved.change_to(&after), || after.clone()).unwrap();
            saved = after;
            states.push((length(), saved.clone()));
        }
        states
    }

    #[test]
    fn a_file_cut_at_any_byte_says_what_was_whole_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let states = written(&path);
        let bytes = fs::read(&path).unwrap();
        let first = usize::try_from(states[0].0).unwrap();
        for cut in first..=bytes.len() {
            let (_, whole) = states.iter().rfind(|(end, _)| *end <= cut as u64).unwrap();
            assert_eq!(read(&bytes[..cut]).unwrap(), *whole, "cut at {cut}");
            let mut longer = bytes[..cut].to_vec();
            longer.extend([0; 100]);
            assert_eq!(read(&longer).unwrap(), *whole, "cut at {cut} and filled up with zeros");
        }
        assert!(read(&bytes[..first - 1]).is_err());
    }

    #[test]
    fn what_is_opened_again_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let last = written(&path).pop().unwrap().1;
        let (mut log, saved) = Log::open(&path).unwrap();
        assert_eq!(saved, last);
        let after = Saved { event: 9, ..saved.clone() };
        log.append(&saved.change_to(&after), Saved::default).unwrap();
        drop(log);
        assert_eq!(Log::open(&path).unwrap().1, after);
    }

    #[test]
    fn a_log_that_has_grown_long_begins_anew_with_the_whole_state() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let (mut log, saved) = Log::open(&path).unwrap();
        let before = fs::metadata(&path).unwrap().len();
        let after = Saved { event: 1, ..saved.clone() };
        log.grown = LONG + 1;
        log.append(&saved.change_to(&after), || after.clone()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), before, "one whole state and nothing behind it");
        let last = Saved { event: 2, ..saved };
        log.append(&after.change_to(&last), Saved::default).unwrap();
        drop(log);
        assert_eq!(Log::open(&path).unwrap().1, last);
    }

    #[test]
    fn a_damaged_file_is_neither_used_nor_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        written(&path);
        let mut bytes = fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, &bytes).unwrap();
        let said = format!("{:#}", Log::open(&path).unwrap_err());
        assert!(said.contains("is damaged: move it away"), "{said}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }

    #[test]
    fn one_exchange_at_a_time_has_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let first = Log::open(&path).unwrap();
        let said = Log::open(&path).unwrap_err().to_string();
        assert!(said.contains("another exchange uses"), "{said}");
        drop(first);
        Log::open(&path).unwrap();
    }
}
