//! What the exchange has confirmed, on the disk: a whole state, then every change since.
//!
//! The file is a stream of frames as on the wire, numbered and with checksums. A change is
//! appended and synced before anybody hears of it, so that at most the frame that was being
//! written when the process died is torn, and of that nobody has heard. At the start, after a
//! failure, and when the changes have become long, the file is replaced by one with a whole state
//! alone. The exchange in a process of its own and the one in the window's ([`super::account`])
//! write the same file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use crate::broker::paper::server::{Change, Saved};
use crate::broker::paper::wire::frame::{Inbound, Outbound, WireError};
use crate::store::files::{self, Loaded, Refusal, Step, WriteError};

/// More than any state takes: ten thousand orders and fills are a few megabytes.
const LONGEST: usize = 1 << 30;
/// Bytes of changes after which a whole state is written again.
const LONG: u64 = 32 << 20;

/// Raised when an older Pitdesk could not read the file any more.
const FORMAT: u32 = 1;

#[derive(Serialize)]
enum Written<'a> {
    Format(u32),
    Whole(&'a Saved),
    Change(&'a Change),
}

#[derive(Deserialize)]
enum Read {
    /// Of what follows. The first files had none.
    Format(u32),
    Whole(Saved),
    Change(Change),
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
            Ok(bytes) => read(&bytes).with_context(|| {
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
    /// When another exchange has it, or its lock cannot be made.
    pub fn take(path: &Path) -> anyhow::Result<(Self, Loaded<Saved>)> {
        let lock = lock(path)?;
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
        for change in changes {
            let framed = end.frames.frame(&Written::Change(change), &mut bytes);
            framed.map_err(|error| failed(Step::Fill, io::Error::other(error)))?;
        }
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
            (Read::Format(format), None) => anyhow::ensure!(format <= FORMAT, Newer(format)),
            (Read::Whole(whole), None) => saved = Some(whole),
            (Read::Change(change), Some(saved)) => saved.apply(change)?,
            (Read::Format(_) | Read::Whole(_), Some(_)) | (Read::Change(_), None) => {
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

    /// What makes `after` of a state whose accounts are the same.
    fn change_to(after: &Saved) -> Change {
        let ids = serde_json::to_value(&after.ids).unwrap();
        let text = serde_json::json!({
            "event": after.event, "session": after.session, "ids": ids, "next_exec": 0, "accounts": []
        });
        serde_json::from_value(text).unwrap()
    }

    /// A file with three changes, and the state after each of its frames.
    fn written(path: &Path) -> Vec<(u64, Saved)> {
        let (mut log, mut saved) = Log::open(path).unwrap();
        let length = || fs::metadata(path).unwrap().len();
        let mut states = vec![(length(), saved.clone())];
        for event in 1..=3 {
            let mut after = saved.clone();
            after.event = event;
            after.ids.insert(crate::domain::OrderId(10 * event));
            log.append(&change_to(&after), || after.clone()).unwrap();
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
        log.append(&change_to(&after), Saved::default).unwrap();
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
        log.end.as_mut().unwrap().grown = LONG + 1;
        log.append(&change_to(&after), || after.clone()).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), before, "one whole state and nothing behind it");
        let last = Saved { event: 2, ..saved };
        log.append(&change_to(&last), Saved::default).unwrap();
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
        assert!(said.contains("cannot be used: move it away"), "{said}");
        assert_eq!(fs::read(&path).unwrap(), bytes);
    }

    #[test]
    fn a_file_of_the_first_format_is_read_and_one_of_a_newer_is_not_taken_for_damage() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let saved = Saved { event: 7, ..Saved::default() };
        let mut bytes = Vec::new();
        Outbound::new(LONGEST).frame(&Written::Whole(&saved), &mut bytes).unwrap();
        assert_eq!(read(&bytes).unwrap(), saved);
        let (mut bytes, mut frames) = (Vec::new(), Outbound::new(LONGEST));
        frames.frame(&Written::Format(FORMAT + 1), &mut bytes).unwrap();
        frames.frame(&"what only it knows", &mut bytes).unwrap();
        fs::write(&path, &bytes).unwrap();
        let said = format!("{:#}", Log::open(&path).unwrap_err());
        assert!(said.contains("a newer Pitdesk wrote it"), "{said}");
        let (_log, loaded) = Log::take(&path).unwrap();
        let Loaded::Damaged { kept_as, why } = loaded else { panic!("{loaded:?}") };
        assert!(why.contains("a newer Pitdesk") && kept_as.ends_with("state.newer-1"), "{why}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "the newer program finds it in its place");
    }

    #[test]
    fn after_a_failure_only_a_whole_state_can_follow() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let (mut log, saved) = Log::open(&path).unwrap();
        // A file that is open for reading alone takes nothing.
        log.end.as_mut().unwrap().file = File::open(&path).unwrap();
        let after = Saved { event: 1, ..saved };
        assert!(log.append_all(&[change_to(&after)]).is_err());
        assert!(log.is_long() && log.append_all(&[change_to(&after)]).is_err());
        log.append(&change_to(&after), || after.clone()).unwrap();
        drop(log);
        assert_eq!(Log::open(&path).unwrap().1, after);
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
