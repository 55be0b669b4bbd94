//! Files that are whole or absent: the only way the terminal writes to disk.
//!
//! Writing goes to a new file beside the old one, to the disk, and only then over the
//! old name: whoever reads, at any moment and after any crash, finds the old content or
//! the new. Reading never fails the start: a file that cannot be used is set aside under
//! `name.damaged-<n>` (the newest [`KEPT`] stay) and the caller is told where it went.
//!
//! State is JSON in an envelope with a version number. A file that a newer Pitdesk wrote
//! is refused, and copied to `name.newer-<n>` before anything can replace it.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

/// How many files of one name are kept aside before the oldest goes.
pub const KEPT: usize = 5;

/// What reading a file came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Loaded<T> {
    /// It was read.
    Value(T),
    /// There is no such file: the first start, usually.
    Missing,
    /// It is there but cannot be used.
    Damaged {
        /// Where its content is now; the file itself where it could not even be moved.
        kept_as: PathBuf,
        /// Why, in words for a person.
        why: String,
    },
}

impl<T> Loaded<T> {
    /// The value, if there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Missing | Self::Damaged { .. } => None,
        }
    }
}

/// A file that could not be written or removed. What was there before is still there.
#[derive(Debug, thiserror::Error)]
#[error("cannot change {}: {step} failed: {source}. {}", path.display(), advice(source))]
pub struct WriteError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// What failed.
    pub step: Step,
    /// Why.
    #[source]
    pub source: io::Error,
}

/// The steps of changing a file; those of writing in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Making the new file beside the old one.
    Create,
    /// Writing the content into it.
    Fill,
    /// Getting the content to the disk.
    Sync,
    /// Putting the new file in the old one's place.
    Rename,
    /// Getting the folder, and so the new name, to the disk.
    SyncFolder,
    /// Removing a file; no step of writing one.
    Remove,
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Create => "making a new file in its folder",
            Self::Fill => "writing",
            Self::Sync => "writing to the disk",
            Self::Rename => "replacing the old file",
            Self::SyncFolder => "writing the folder to the disk",
            Self::Remove => "removing it",
        })
    }
}

/// What a person can do about an error of the file system.
#[must_use]
pub fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "Free some space on that disk",
        io::ErrorKind::PermissionDenied => "Make the folder writable for you, or choose another --data-dir",
        io::ErrorKind::ReadOnlyFilesystem => "That disk is read-only: choose another --data-dir",
        io::ErrorKind::NotFound => "Check that its folder still exists",
        io::ErrorKind::NotADirectory | io::ErrorKind::IsADirectory => {
            "A file or folder of that name is in the way: move it"
        }
        _ => "Check the disk, or choose another --data-dir",
    }
}

/// Replaces the file at `path` by `bytes`, all or nothing.
///
/// # Errors
/// When any step fails; the old file is then untouched, except after a failure of
/// [`Step::SyncFolder`], where the new one is in place but may not survive a power cut.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    write_with(path, |file| file.write_all(bytes))
}

/// As [`write()`], for content that is made while it is written.
///
/// # Errors
/// As [`write()`]; an error of `fill` counts as [`Step::Fill`].
pub fn write_with(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
) -> Result<(), WriteError> {
    write_in_steps(path, fill, |_| Ok(()))
}

/// `before` is called before each step: the seam at which tests let it fail.
fn write_in_steps(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>,
    mut before: impl FnMut(Step) -> io::Result<()>,
) -> Result<(), WriteError> {
    // A link (settings kept elsewhere, say) stays a link: what it points to is replaced.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let fresh = fresh_name(&target);

    let mut step = Step::Create;
    let run = || -> io::Result<()> {
        before(step)?;
        let mut file = BufWriter::new(create_private(&fresh)?);
        step = Step::Fill;
        before(step)?;
        fill(&mut file)?;
        file.flush()?;
        step = Step::Sync;
        before(step)?;
        file.get_ref().sync_all()?;
        drop(file);
        step = Step::Rename;
        before(step)?;
        fs::rename(&fresh, &target)?;
        step = Step::SyncFolder;
        before(step)?;
        sync_folder(&target)
    };
    run().map_err(|source| {
        // The disk may be full: give the space back. A failure leaves it to `sweep`.
        fs::remove_file(&fresh).ok();
        WriteError { path: path.to_owned(), step, source }
    })
}

/// A name in the same folder that nobody else writes to: two threads may save at once.
fn fresh_name(target: &Path) -> PathBuf {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.{}-{count}.tmp", std::process::id()))
}

/// Accounts and orders are nobody else's business: owner only, where the system can say so.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened as a file; the rename itself is durable there.
#[cfg(not(unix))]
fn sync_folder(_file: &Path) -> io::Result<()> {
    Ok(())
}

/// Removes what a crash in the middle of [`write()`] has left in `folder`. Only for whoever
/// holds the profile's lock: another writer's file would be taken from under it.
pub(super) fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(".tmp") {
            fs::remove_file(entry.path()).ok();
        }
    }
}

/// Saves `value` as plain JSON.
///
/// # Errors
/// As [`write()`].
pub fn save<T: Serialize>(path: &Path, value: &T) -> Result<(), WriteError> {
    write_with(path, |file| {
        serde_json::to_writer_pretty(&mut *file, value)?;
        file.write_all(b"\n")
    })
}

/// Reads what [`save`] wrote. A file that is not JSON of a `T` is set aside.
#[must_use]
pub fn load<T: DeserializeOwned>(path: &Path) -> Loaded<T> {
    load_with(path, |bytes| serde_json::from_slice(bytes).map_err(|e| Refusal::Damaged(e.to_string())))
}

#[derive(Serialize, Deserialize)]
struct Envelope<T> {
    version: u32,
    data: T,
}

/// The envelope alone: a version must be readable whatever the rest has become.
#[derive(Deserialize)]
struct VersionOnly {
    version: u32,
}

/// Saves `value` as `{ "version": version, "data": value }`.
///
/// # Errors
/// As [`write()`].
pub fn save_versioned<T: Serialize>(path: &Path, version: u32, value: &T) -> Result<(), WriteError> {
    save(path, &Envelope { version, data: value })
}

/// Reads what [`save_versioned`] wrote, of version `newest` or older: `T` reads all of
/// these (serde defaults). A newer file is refused as [`Loaded::Damaged`] and copied aside.
#[must_use]
pub fn load_versioned<T: DeserializeOwned>(path: &Path, newest: u32) -> Loaded<T> {
    load_with(path, |bytes| {
        let damaged = |e: serde_json::Error| Refusal::Damaged(e.to_string());
        let found: VersionOnly = serde_json::from_slice(bytes).map_err(damaged)?;
        if found.version > newest {
            return Err(Refusal::Newer { found: found.version, newest });
        }
        let envelope: Envelope<T> = serde_json::from_slice(bytes).map_err(damaged)?;
        Ok(envelope.data)
    })
}

/// Why the content of a file is not used.
pub enum Refusal {
    /// It is not what it should be.
    Damaged(String),
    /// It may well be right, but this program is too old to know.
    Newer {
        /// Version of the file.
        found: u32,
        /// Newest version that this program reads.
        newest: u32,
    },
}

/// Reads and parses a file, and sets aside what `parse` refuses.
pub fn load_with<T>(path: &Path, parse: impl FnOnce(&[u8]) -> Result<T, Refusal>) -> Loaded<T> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Loaded::Missing,
        Err(e) => return aside(path, Aside::Damaged, format!("it cannot be read: {e}")),
    };
    match parse(&bytes) {
        Ok(value) => Loaded::Value(value),
        Err(Refusal::Damaged(_)) if bytes.is_empty() => aside(path, Aside::Damaged, "it is empty".to_owned()),
        Err(Refusal::Damaged(why)) => aside(path, Aside::Damaged, why),
        Err(Refusal::Newer { found, newest }) => {
            let why = format!(
                "a newer Pitdesk wrote it (format {found}, this one reads up to {newest}): update Pitdesk to use it"
            );
            aside(path, Aside::Newer, why)
        }
    }
}

/// How a file is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aside {
    /// Moved, so that it is not tripped over again.
    Damaged,
    /// Copied: the newer program should still find it in its place.
    Newer,
    /// Copied before it is replaced, because a person wrote something into it that we do not keep.
    Edited,
}

impl Aside {
    fn label(self) -> &'static str {
        match self {
            Self::Damaged => "damaged",
            Self::Newer => "newer",
            Self::Edited => "edited",
        }
    }
}

fn aside<T>(path: &Path, how: Aside, why: String) -> Loaded<T> {
    match set_aside(path, how) {
        Ok(kept_as) => Loaded::Damaged { kept_as, why },
        Err(e) => {
            let why = format!("{why}; and it could not be set aside: {e}. {}", advice(&e));
            Loaded::Damaged { kept_as: path.to_owned(), why }
        }
    }
}

/// Puts the file at `path` aside as `name.<label>-<n>`, and removes the oldest of these
/// beyond [`KEPT`]. A copy that is there already is not made twice.
pub(super) fn set_aside(path: &Path, how: Aside) -> io::Result<PathBuf> {
    let mut earlier = earlier_asides(path, how.label());
    let next = earlier.last().map_or(1, |&(n, _)| n + 1);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}-{next}", how.label()));
    let kept_as = path.with_file_name(name);

    if how == Aside::Damaged {
        fs::rename(path, &kept_as)?;
    } else {
        let bytes = fs::read(path)?;
        if let Some((_, same)) = earlier.iter().find(|(_, p)| fs::read(p).is_ok_and(|b| b == bytes)) {
            return Ok(same.clone());
        }
        write(&kept_as, &bytes).map_err(|e| e.source)?;
    }
    earlier.push((next, kept_as.clone()));
    for (_, old) in earlier.iter().rev().skip(KEPT) {
        fs::remove_file(old).ok();
    }
    Ok(kept_as)
}

/// What was set aside under this name and label before, oldest first.
fn earlier_asides(path: &Path, label: &str) -> Vec<(u64, PathBuf)> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let prefix = format!("{}.{label}-", path.file_name().unwrap_or_default().to_string_lossy());
    let number = |name: &OsStr| name.to_str()?.strip_prefix(&prefix)?.parse().ok();
    let mut found: Vec<(u64, PathBuf)> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((number(&entry.file_name())?, entry.path())))
        .collect();
    found.sort();
    found
}
