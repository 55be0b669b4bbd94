//! Opening the file: of an older version, of a newer one, damaged, or not there.
//!
//! A damaged file stays in its place until a new one stands ready beside it with all that
//! could be read; only then is it set aside and the new one takes its name. Whoever dies in
//! between leaves a state that the next start goes on from.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sqlx::{Connection as _, SqliteConnection};

use super::batch::{Batch, MUST_RECONCILE};
use super::disk::{Disk, DiskError, beside, suspicion};
use super::names::Directory;
use super::recover::{Recovered, recover};
use super::{JournalError, salvage, schema};
use crate::domain::Time;
use crate::store::files;

/// Opens the file, sound or not, and reads how things stood.
pub(super) async fn open(
    file: &Path,
    directory: &Directory,
    now: Time,
) -> Result<(Disk, Recovered), JournalError> {
    take_over_rescued(file).map_err(|error| refused(file, &error))?;
    let is_first = fs::symlink_metadata(file).is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let why = match open_sound(file, directory).await {
        Err(Unfit::Damaged(why)) => why,
        Err(Unfit::Refused(error)) => {
            // What a full disk has left of a first start would look like damage at the next.
            if is_first && let Err(error) = remove(file) {
                tracing::warn!("the beginning of {} could not be removed: {error}", file.display());
            }
            return Err(error);
        }
        Ok(opened) => return Ok(opened),
    };
    tracing::error!("the journal {} is damaged: {why}", file.display());
    let problem = rescue(file, &why, now).await?;
    match open_sound(file, directory).await {
        Ok((disk, mut recovered)) => {
            recovered.problems.insert(0, problem);
            Ok((disk, recovered))
        }
        Err(Unfit::Refused(error)) => Err(error),
        Err(Unfit::Damaged(why)) => Err(JournalError::Open { file: file.to_owned(), why }),
    }
}

/// Reads how things stood from a file that cannot be written at present.
pub(super) async fn look(file: &Path, directory: &Directory) -> Result<Recovered, JournalError> {
    let unusable = |why: String| JournalError::Open { file: file.to_owned(), why };
    let failed = |error: DiskError| unusable(error.to_string());
    let is_suspect = match look_at_header(file).map_err(|error| refused(file, &error))? {
        Look::Sound { is_suspect } => is_suspect,
        Look::Absent => return Err(unusable("there is none yet".to_owned())),
        Look::Damaged(why) => return Err(unusable(format!("it is damaged ({why})"))),
        Look::Newer(found) => return Err(newer(file, found)),
    };
    let mut db = Disk::look_at_unwritable(file).await.map_err(failed)?;
    let read = async {
        let found = schema::version(&mut db).await?;
        if found != schema::newest() || !schema::is_ours(&mut db).await? {
            return Err(DiskError::Other(format!("it has to be brought from format {found} to a newer")));
        }
        check(&mut db, is_suspect).await?;
        recover(&mut db, directory).await
    };
    let outcome = read.await;
    if let Err(error) = db.close().await {
        tracing::warn!("the journal's file did not close: {error}");
    }
    Ok(outcome.map_err(failed)?.0)
}

/// Why a file is not opened as it is.
enum Unfit {
    Damaged(String),
    Refused(JournalError),
}

async fn open_sound(file: &Path, directory: &Directory) -> Result<(Disk, Recovered), Unfit> {
    let unfit = |error: DiskError| match error {
        DiskError::Damaged(why) => Unfit::Damaged(why),
        other => Unfit::Refused(JournalError::Open { file: file.to_owned(), why: other.to_string() }),
    };
    let look = look_at_header(file).map_err(|error| Unfit::Refused(refused(file, &error)))?;
    let is_suspect = match look {
        Look::Absent => false,
        Look::Sound { is_suspect } => is_suspect,
        Look::Damaged(why) => return Err(Unfit::Damaged(why.to_owned())),
        Look::Newer(found) => return Err(Unfit::Refused(newer(file, found))),
    };
    let mut disk = Disk::open(file).await.map_err(unfit)?;
    let opened = async {
        let db = disk.connection().await?;
        let found = schema::version(db).await?;
        if found > schema::newest() {
            return Ok(Err(found));
        }
        if !schema::is_ours(db).await? {
            return Err(DiskError::Damaged("it is no journal of Pitdesk".to_owned()));
        }
        if found > 0 {
            check(db, is_suspect).await?;
        }
        if is_suspect {
            // It was looked at everywhere. Where this cannot be removed, the next start looks again.
            fs::remove_file(suspicion(file)).ok();
        }
        ready(&mut disk, directory).await.map(Ok)
    };
    match opened.await {
        Ok(Ok(recovered)) => Ok((disk, recovered)),
        Ok(Err(found)) => {
            disk.close().await;
            Err(Unfit::Refused(newer(file, found)))
        }
        Err(error) => {
            disk.close().await;
            Err(unfit(error))
        }
    }
}

/// Brings an open file to the newest version, and reads how things stood.
pub(super) async fn ready(disk: &mut Disk, directory: &Directory) -> Result<Recovered, DiskError> {
    let db = disk.connection().await?;
    schema::migrate(db, schema::STEPS).await?;
    let (recovered, checkpoint) = recover(db, directory).await?;
    if let Some(checkpoint) = checkpoint
        && let Err(error) = disk.write(&checkpoint).await
    {
        tracing::warn!(
            "what positions come to could not be written down, the next start adds it up: {error}"
        );
    }
    Ok(recovered)
}

fn newer(file: &Path, found: i64) -> JournalError {
    JournalError::Newer { file: file.to_owned(), found, newest: schema::newest() }
}

fn refused(file: &Path, error: &io::Error) -> JournalError {
    JournalError::Open { file: file.to_owned(), why: format!("{error}. {}", files::advice(error)) }
}

/// What can be told of a file before SQLite, which may change it, has it.
enum Look {
    Absent,
    Damaged(&'static str),
    Newer(i64),
    Sound {
        /// Whether the last run ended before it could close the file, or has found damage.
        is_suspect: bool,
    },
}

fn look_at_header(file: &Path) -> io::Result<Look> {
    /// Length of the header, and where in it the version is.
    const HEADER: usize = 100;
    const VERSION: usize = 60;
    let wal = fs::metadata(beside(file, "-wal")).ok().filter(fs::Metadata::is_file);
    let wal = wal.map_or(0, |about| about.len());
    let mut header = [0; HEADER];
    let outcome = match File::open(file) {
        Ok(mut opened) if opened.metadata()?.is_file() => opened.read_exact(&mut header),
        Ok(_) => return Err(io::ErrorKind::IsADirectory.into()),
        Err(error) => Err(error),
    };
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::NotFound && wal == 0 => return Ok(Look::Absent),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Look::Damaged("its main file is missing"));
        }
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Ok(Look::Damaged("it is empty or cut off"));
        }
        Err(error) => return Err(error),
        Ok(()) => {}
    }
    if !header.starts_with(b"SQLite format 3\0") {
        return Ok(Look::Damaged("its beginning is overwritten"));
    }
    let version = [0, 1, 2, 3].map(|i| header[VERSION + i]);
    match i64::from(u32::from_be_bytes(version)) {
        found if found > schema::newest() => Ok(Look::Newer(found)),
        _ => Ok(Look::Sound { is_suspect: wal > 0 || suspicion(file).exists() }),
    }
}

/// Looks for damage: everywhere where there is reason to; else only where the start reads, because the events of years take seconds.
async fn check(db: &mut SqliteConnection, is_suspect: bool) -> Result<(), DiskError> {
    let checks: &[&'static str] = if is_suspect {
        &["PRAGMA quick_check(1)"]
    } else {
        &["PRAGMA quick_check(orders)", "PRAGMA quick_check(fills)", "PRAGMA quick_check(facts)"]
    };
    for &check in checks {
        let found: Vec<String> = sqlx::query_scalar(check).fetch_all(&mut *db).await?;
        if let Some(what) = found.into_iter().find(|line| line != "ok") {
            return Err(DiskError::Damaged(what));
        }
    }
    Ok(())
}

/// Puts a new file in the place of a damaged one; what a person should know about it.
async fn rescue(file: &Path, why: &str, now: Time) -> Result<String, JournalError> {
    let fresh = rescued_name(file);
    let io_failed = |error: io::Error| refused(file, &error);
    let failed = |error: DiskError| JournalError::Open {
        file: file.to_owned(),
        why: format!("it is damaged ({why}), and what can be read of it could not be saved: {error}"),
    };
    remove(&fresh).map_err(io_failed)?;
    let mut disk = Disk::open(&fresh).await.map_err(failed)?;
    schema::migrate(disk.connection().await.map_err(failed)?, schema::STEPS).await.map_err(failed)?;
    let mut first = Batch::default();
    let until = "until the books of every broker were compared, nothing that opens a position is sent";
    first.set(MUST_RECONCILE, format!("The journal was damaged ({why}): {until}"));
    disk.write(&first).await.map_err(failed)?;
    let report = salvage::take_over(file, &mut disk).await.map_err(failed)?;
    disk.close().await;
    // A WAL that is left holds what the file does not: closing could not write it.
    if beside(&fresh, "-wal").exists() {
        return Err(failed(DiskError::Other("the new file could not be completed".to_owned())));
    }
    let kept_as = set_aside(file, now).map_err(io_failed)?;
    take_over_rescued(file).map_err(io_failed)?;
    fs::remove_file(suspicion(file)).ok();
    Ok(format!(
        "The journal, the record of your orders, was damaged ({why}). {report}. Compare positions and working \
         orders with your brokers. The damaged file is kept as {}",
        kept_as.display()
    ))
}

/// Where the new file is made while the damaged one is read.
fn rescued_name(file: &Path) -> PathBuf {
    beside(file, ".rescued")
}

/// The last step of [`rescue`], also of one that was interrupted before it: the damaged file
/// is only set aside when the new one is complete.
fn take_over_rescued(file: &Path) -> io::Result<()> {
    let fresh = rescued_name(file);
    if fresh.exists() && !file.exists() {
        // SQLite would take a WAL that stayed behind for one of the new file.
        move_beside(file, &beside(file, ".damaged"))?;
        fs::rename(fresh, file)?;
        sync_folder(file)?;
    }
    Ok(())
}

/// Moves the file, with what SQLite keeps beside it, to a name with the date.
fn set_aside(file: &Path, now: Time) -> io::Result<PathBuf> {
    let date = now.to_timestamp().strftime("%Y%m%dT%H%M%SZ").to_string();
    let names = (1..).map(|n| match n {
        1 => beside(file, &format!(".damaged-{date}")),
        n => beside(file, &format!(".damaged-{date}-{n}")),
    });
    let mut free = names.filter(|name| !name.exists() && !beside(name, "-wal").exists());
    let kept_as = free.next().ok_or(io::ErrorKind::AlreadyExists)?;
    // The file itself goes first: from then on the new one is what a start goes on with.
    rename_if_there(file, &kept_as)?;
    move_beside(file, &kept_as)?;
    sync_folder(file)?;
    Ok(kept_as)
}

/// Moves what SQLite keeps beside a file.
fn move_beside(file: &Path, to: &Path) -> io::Result<()> {
    ["-wal", "-shm"].into_iter().try_for_each(|end| rename_if_there(&beside(file, end), &beside(to, end)))
}

fn rename_if_there(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes a file that was begun and never used.
fn remove(file: &Path) -> io::Result<()> {
    for part in ["", "-wal", "-shm"] {
        match fs::remove_file(beside(file, part)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// A rename is on the disk when its folder is; where folders cannot be opened it always is.
fn sync_folder(file: &Path) -> io::Result<()> {
    let folder = file.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
