//! The journal's file: its one connection, and what SQLite's errors mean.
//!
//! WAL with full sync: a group is on the disk when its commit returns. What the WAL holds
//! goes over to the main file between commits, so that no commit pays for it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqliteLockingMode, SqliteQueryResult, SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};

use super::batch::Batch;

/// How long another program (somebody who looks into the file) may hold it up.
const PATIENCE: Duration = Duration::from_millis(500);
/// Rows that the database's thread reads ahead.
const ROWS: usize = 1_024;

/// Why the file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub(super) enum DiskError {
    /// What is in it is not what was written.
    #[error(
        "it is damaged ({0}). Start Pitdesk again: it sets the file aside and takes over what can be read"
    )]
    Damaged(String),
    /// No space left.
    #[error("the disk is full. Free some space on it")]
    Full,
    /// It may be read only.
    #[error("it may not be written ({0}). Make its folder writable for you, or choose another --data-dir")]
    ReadOnly(String),
    /// Another program holds it.
    #[error("another program holds it ({0}). Close whatever else has it open")]
    Busy(String),
    /// Whatever else.
    #[error("{0}. Check the disk and the room on it, or choose another --data-dir")]
    Other(String),
}

impl From<sqlx::Error> for DiskError {
    fn from(error: sqlx::Error) -> Self {
        // Extended codes carry the primary one in their lowest byte.
        let told = error.as_database_error().and_then(|e| e.code()?.parse::<i32>().ok());
        let text = error.as_database_error().map_or_else(|| error.to_string(), |e| e.message().to_owned());
        match (told.map(|code| code & 0xff), &error) {
            (Some(13), _) => Self::Full,
            (Some(8 | 3 | 23), _) => Self::ReadOnly(text),
            (Some(5 | 6), _) => Self::Busy(text),
            (Some(11 | 26), _) | (None, sqlx::Error::ColumnDecode { .. }) => Self::Damaged(text),
            _ => Self::Other(text),
        }
    }
}

impl From<serde_json::Error> for DiskError {
    fn from(error: serde_json::Error) -> Self {
        Self::Other(format!("a row has no form: {error}"))
    }
}

/// Where the journal is.
#[derive(Debug, Clone)]
enum Place {
    File(PathBuf),
    Memory,
}

/// The open file.
#[derive(Debug)]
pub(super) struct Disk {
    place: Place,
    /// `None` only where it could not be opened again after a failure.
    connection: Option<SqliteConnection>,
}

impl Disk {
    /// Opens the file, or makes an empty one.
    pub(super) async fn open(file: &Path) -> Result<Self, DiskError> {
        let connection = options().filename(file).create_if_missing(true).connect().await?;
        Ok(Self { place: Place::File(file.to_owned()), connection: Some(connection) })
    }

    /// A file that is opened when there is something to write, and cannot be at present.
    pub(super) fn closed(file: &Path) -> Self {
        Self { place: Place::File(file.to_owned()), connection: None }
    }

    /// Where it is; nowhere in memory.
    pub(super) fn file(&self) -> Option<&Path> {
        match &self.place {
            Place::File(file) => Some(file),
            Place::Memory => None,
        }
    }

    /// A journal that is gone with the program.
    pub(super) async fn in_memory() -> Result<Self, DiskError> {
        let options = SqliteConnectOptions::new().in_memory(true).disable_statement_logging();
        Ok(Self { place: Place::Memory, connection: Some(options.connect().await?) })
    }

    /// Opens a file that is only looked at: one that was set aside, or is written elsewhere.
    pub(super) async fn look_at(file: &Path) -> Result<SqliteConnection, DiskError> {
        Ok(looking_at(file).connect().await?)
    }

    /// As [`Self::look_at`], where not even the number of pages may be right.
    pub(super) async fn look_at_damaged(file: &Path) -> Result<SqliteConnection, DiskError> {
        // SQLite then takes the pages that are there for all, instead of refusing the file.
        Ok(looking_at(file).pragma("writable_schema", "ON").connect().await?)
    }

    /// Opens a file of ours, to be looked at, where a disk has no room for what SQLite puts beside it.
    /// Nobody else may have it open.
    pub(super) async fn look_at_unwritable(file: &Path) -> Result<SqliteConnection, DiskError> {
        let wal = std::fs::metadata(beside(file, "-wal")).map_or(0, |about| about.len());
        let options = if wal == 0 {
            looking_at(file).immutable(true)
        } else {
            // The index of a WAL is a file too, but for whoever has it alone.
            looking_at(file).read_only(false).locking_mode(SqliteLockingMode::Exclusive)
        };
        Ok(options.connect().await?)
    }

    pub(super) async fn connection(&mut self) -> Result<&mut SqliteConnection, DiskError> {
        if self.connection.is_none()
            && let Place::File(file) = &self.place
        {
            // Not made anew: a file that is gone is a failure to tell, not an empty journal.
            self.connection = Some(options().filename(file).connect().await?);
        }
        self.connection.as_mut().ok_or_else(|| DiskError::Other("it is closed".to_owned()))
    }

    /// Writes a group of records: all of it is on the disk, or nothing.
    pub(super) async fn write(&mut self, batch: &Batch) -> Result<(), DiskError> {
        let connection = self.connection().await?;
        let outcome = batch.statement().execute(&mut *connection).await;
        self.settle(outcome).await
    }

    /// Whether the disk takes a few pages.
    pub(super) async fn probe(&mut self) -> Result<(), DiskError> {
        const PUT: &str = "BEGIN IMMEDIATE;
            INSERT INTO probe (block) VALUES (hex(randomblob(8192)));
            COMMIT";
        let connection = self.connection().await?;
        let outcome = sqlx::query(PUT).execute(&mut *connection).await;
        self.settle(outcome).await?;
        let connection = self.connection().await?;
        let outcome = sqlx::query("DELETE FROM probe").execute(&mut *connection).await;
        self.settle(outcome).await
    }

    async fn settle(&mut self, outcome: Result<SqliteQueryResult, sqlx::Error>) -> Result<(), DiskError> {
        let Err(error) = outcome else { return Ok(()) };
        let error = DiskError::from(error);
        // Some errors have ended the transaction already; then there is nothing to roll back.
        sqlx::raw_sql("ROLLBACK").execute(self.connection().await?).await.ok();
        if !matches!(error, DiskError::Full) {
            self.give_up_connection().await;
        }
        if let (DiskError::Damaged(_), Place::File(file)) = (&error, &self.place) {
            suspect(file);
        }
        Err(error)
    }

    /// After an error that may stick to the connection: the next attempt has a new one.
    async fn give_up_connection(&mut self) {
        if let Place::File(_) = self.place
            && let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!("the journal's file did not close: {error}");
        }
    }

    /// Moves what the WAL holds into the main file.
    pub(super) async fn checkpoint(&mut self) -> Result<(), DiskError> {
        let connection = self.connection().await?;
        sqlx::raw_sql("PRAGMA wal_checkpoint(PASSIVE)").execute(connection).await?;
        Ok(())
    }

    /// Closes the file; its WAL is then empty and gone.
    pub(super) async fn close(mut self) {
        self.give_up_connection().await;
    }
}

/// The name with something behind it.
pub(super) fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(end);
    name.into()
}

/// What says that the next start must look for damage everywhere.
pub(super) fn suspicion(file: &Path) -> PathBuf {
    beside(file, ".suspect")
}

fn suspect(file: &Path) {
    if let Err(error) = std::fs::write(suspicion(file), "") {
        tracing::error!("the journal is damaged, and the next start may not notice: {error}");
    }
}

fn looking_at(file: &Path) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new().filename(file).read_only(true).busy_timeout(PATIENCE);
    options.row_buffer_size(ROWS).disable_statement_logging()
}

fn options() -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // A Mac's plain sync leaves the data in the drive's cache.
        .pragma("fullfsync", "ON")
        .pragma("wal_autocheckpoint", "0")
        .pragma("journal_size_limit", "16777216")
        .busy_timeout(PATIENCE)
        .row_buffer_size(ROWS)
        .thread_name(|_| "pitdesk-journal".to_owned())
        .disable_statement_logging()
}
