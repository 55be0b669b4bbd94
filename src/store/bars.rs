//! Imported market data on disk: a library of series, one file each.
//!
//! A series is the bars of one instrument in one timeframe, or its trades. Each file is
//! complete in itself (origin, columns, checksum: `bars/format.rs`); `index.json` beside them
//! only saves opening all of them at the start, and is made anew from the files where
//! it is lost. Files are named by checksum of key and kind, so a symbol may hold
//! anything and `1m` and `1M` stay apart on every file system.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::files::{self, Loaded, WriteError, advice};
use super::profile::file_stem;
use crate::domain::{AssetClass, Currency, Time, Timeframe, Trade};
use crate::market::series::Bars;

mod format;
#[cfg(test)]
mod tests;

const INDEX_VERSION: u32 = 1;
const EXTENSION: &str = "series";

/// Recorded market data of one instrument, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub enum Series {
    /// Bars of one timeframe, times strictly rising; packed where they can be.
    Bars(Bars, Timeframe),
    /// Trades, times never falling.
    Trades(Vec<Trade>),
}

impl Series {
    /// Number of bars or trades.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Bars(bars, _) => bars.len(),
            Self::Trades(trades) => trades.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bars of which timeframe, or trades.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::Bars(_, timeframe) => Kind::Bars(*timeframe),
            Self::Trades(_) => Kind::Trades,
        }
    }

    /// Times of the first and the last row; the beginning of time twice where there are none.
    #[must_use]
    pub fn span(&self) -> (Time, Time) {
        let ends = match self {
            Self::Bars(bars, _) => bars.first().zip(bars.last()).map(|(a, b)| (a.time, b.time)),
            Self::Trades(trades) => trades.first().zip(trades.last()).map(|(a, b)| (a.time, b.time)),
        };
        ends.unwrap_or((Time::MIN, Time::MIN))
    }
}

/// What a series consists of. An instrument has at most one series of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Bars of this timeframe.
    Bars(Timeframe),
    /// Trades.
    Trades,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bars(timeframe) => timeframe.fmt(f),
            Self::Trades => f.pad("trades"),
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text == "trades" {
            return Ok(Self::Trades);
        }
        Timeframe::parse(&text)
            .map(Self::Bars)
            .ok_or_else(|| D::Error::custom(format!("'{text}' is no timeframe")))
    }
}

/// Where a series comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The instrument's symbol.
    pub symbol: String,
    /// Its exchange; with the symbol it makes the key, see [`crate::domain::Instrument::key`].
    pub venue: String,
    /// IANA name of the zone in which its days are counted.
    pub zone: String,
    /// What it is, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<AssetClass>,
    /// The currency of its price, where that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The file it was imported from.
    pub source: String,
    /// When.
    pub imported: Time,
}

impl Origin {
    /// `symbol@venue`, as [`crate::domain::Instrument::key`].
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}@{}", self.symbol, self.venue)
    }
}

/// One series of the library.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Where it comes from.
    pub origin: Origin,
    /// Bars of which timeframe, or trades.
    pub kind: Kind,
    /// How many.
    pub rows: u64,
    /// Time of the first.
    pub first: Time,
    /// Time of the last.
    pub last: Time,
}

impl Entry {
    fn file_name(&self) -> String {
        file_name(&self.origin.key(), self.kind)
    }
}

fn file_name(key: &str, kind: Kind) -> String {
    format!("{}.{EXTENSION}", file_stem(&format!("{key} {kind}")))
}

/// A series that could not be read.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// There is none.
    #[error("no {kind} of {key} have been imported: import a file of them first")]
    NotThere {
        /// The instrument.
        key: String,
        /// What was asked for.
        kind: Kind,
    },
    /// The file cannot be read.
    #[error("cannot read {}: {source}. {}", path.display(), advice(source))]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The content is not what was saved.
    #[error("{} is damaged ({why}): import the data again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A later program wrote it.
    #[error("{} was written by a newer Pitdesk (format {found}): update Pitdesk, or import the data again", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
    },
}

/// All imported series of a profile.
#[derive(Debug)]
pub struct Library {
    folder: PathBuf,
    /// Sorted by key and kind.
    entries: Vec<Entry>,
}

impl Library {
    /// Of a run that keeps no recordings: nothing is in it, and nothing is to be saved to it.
    #[must_use]
    pub fn empty() -> Self {
        Self { folder: PathBuf::new(), entries: Vec::new() }
    }

    /// Opens the library in `folder`. The second value says, in words for a person, what
    /// is there but cannot be used; it is left where it is.
    #[must_use]
    pub fn open(folder: &Path) -> (Self, Vec<String>) {
        let mut library = Self { folder: folder.to_owned(), entries: Vec::new() };
        let mut problems = Vec::new();
        let indexed: Vec<Entry> = match files::load_versioned(&library.index_file(), INDEX_VERSION) {
            Loaded::Value(entries) => entries,
            Loaded::Missing => Vec::new(),
            Loaded::Damaged { why, .. } => {
                problems.push(format!("The index of imported data was made anew, because {why}"));
                Vec::new()
            }
        };
        for path in series_files(folder) {
            let known = indexed.iter().find(|e| path.file_name().is_some_and(|n| *n == *e.file_name()));
            match known.map_or_else(|| read_entry(&path), |e| Ok(e.clone())) {
                Ok(entry) => library.put(entry),
                Err(e) => problems.push(e.to_string()),
            }
        }
        let lost = indexed.iter().filter(|e| library.entry(&e.origin.key(), e.kind).is_none());
        problems.extend(lost.map(|e| {
            format!("The imported {} of {} are gone from {}", e.kind, e.origin.key(), folder.display())
        }));
        (library, problems)
    }

    /// What is there, by key and kind.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// One series' entry.
    #[must_use]
    pub fn entry(&self, key: &str, kind: Kind) -> Option<&Entry> {
        self.entries.iter().find(|e| e.kind == kind && e.origin.key() == key)
    }

    /// Saves a series, in place of an earlier one of the same key and kind.
    ///
    /// # Errors
    /// When a file cannot be written. The earlier series is then still there, or the new
    /// one already; never a part of either.
    pub fn save(&mut self, origin: Origin, series: &Series) -> Result<&Entry, WriteError> {
        let (first, last) = series.span();
        let entry = Entry { origin, kind: series.kind(), rows: series.len() as u64, first, last };
        let key = entry.origin.key();
        // Out of the index first: a crash in between must not leave the old entry beside new data.
        if let Some(at) = self.position(&key, entry.kind) {
            let earlier = self.entries.remove(at);
            let unlisted = self.save_index();
            self.entries.insert(at, earlier);
            unlisted?;
        }
        let path = self.folder.join(entry.file_name());
        files::write_with(&path, |file| format::write(file, &entry, series))?;
        let kind = entry.kind;
        self.put(entry);
        self.save_index()?;
        Ok(self.entry(&key, kind).expect("it was put there just now"))
    }

    /// Reads a series.
    ///
    /// # Errors
    /// When there is none, or its file cannot be read whole.
    pub fn load(&self, key: &str, kind: Kind) -> Result<Series, LoadError> {
        if self.entry(key, kind).is_none() {
            return Err(LoadError::NotThere { key: key.to_owned(), kind });
        }
        let path = self.folder.join(file_name(key, kind));
        let found = File::open(&path).map_err(format::Fault::Io).and_then(|mut file| {
            let length = file.metadata().map_err(format::Fault::Io)?.len();
            format::read(&mut file, length)
        });
        match found {
            Ok((entry, series)) if entry.kind == kind && entry.origin.key() == key => Ok(series),
            Ok(_) => Err(LoadError::Damaged { path, why: "it holds another series".to_owned() }),
            Err(fault) => Err(fault.of(path)),
        }
    }

    /// Removes a series; one that is not there is no error.
    ///
    /// # Errors
    /// When its file cannot be removed or the index not be written.
    pub fn remove(&mut self, key: &str, kind: Kind) -> Result<(), WriteError> {
        let Some(at) = self.position(key, kind) else { return Ok(()) };
        let path = self.folder.join(file_name(key, kind));
        match fs::remove_file(&path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => {
                return Err(WriteError { path, step: files::Step::Remove, source: e });
            }
            _ => {}
        }
        self.entries.remove(at);
        self.save_index()
    }

    fn position(&self, key: &str, kind: Kind) -> Option<usize> {
        self.entries.iter().position(|e| e.kind == kind && e.origin.key() == key)
    }

    fn put(&mut self, entry: Entry) {
        let sort = |e: &Entry| (e.origin.key(), e.kind);
        match self.entries.binary_search_by_key(&sort(&entry), sort) {
            Ok(at) => self.entries[at] = entry,
            Err(at) => self.entries.insert(at, entry),
        }
    }

    fn index_file(&self) -> PathBuf {
        self.folder.join("index.json")
    }

    fn save_index(&self) -> Result<(), WriteError> {
        files::save_versioned(&self.index_file(), INDEX_VERSION, &self.entries)
    }
}

/// Sorted, so that problems are told in the same order each time.
fn series_files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == EXTENSION))
        .collect();
    paths.sort();
    paths
}

fn read_entry(path: &Path) -> Result<Entry, LoadError> {
    let mut file = File::open(path).map_err(|source| LoadError::Io { path: path.to_owned(), source })?;
    let entry = format::read_entry(&mut file).map_err(|fault| fault.of(path.to_owned()))?;
    if path.file_name().is_some_and(|name| *name == *entry.file_name()) {
        Ok(entry)
    } else {
        let why = format!("it holds {} of {} under a wrong name", entry.kind, entry.origin.key());
        Err(LoadError::Damaged { path: path.to_owned(), why })
    }
}
