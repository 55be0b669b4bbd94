//! What can be wrong with a table of target weights, said so that a trader can put it right.

use std::fmt;
use std::sync::Arc;

use crate::market::allocation::{MAX_WEIGHT, MOST_ROWS};

/// A table that is not used. Nothing of it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadTargets {
    /// The file's name, or what was pasted.
    pub file: String,
    /// The line, where it is in one.
    pub line: Option<usize>,
    /// What is wrong, and what to do.
    pub problem: Problem,
}

impl std::error::Error for BadTargets {}

impl fmt::Display for BadTargets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// The system does not give it.
    #[error("it cannot be read ({0}). Check its name and whether you may read it")]
    Unreadable(String),
    /// A folder, a pipe, a device.
    #[error("it is no file: name a CSV or TOML file")]
    NoFile,
    /// More than any table has.
    #[error("it is longer than 1 MB: this is no table of weights")]
    TooLong,
    /// Bytes that are no UTF-8 text.
    #[error("this is not UTF-8 text: save it as CSV in UTF-8")]
    NotText,
    /// No row.
    #[error("there are no weights in it. Write a line for each instrument, such as AAPL,25%")]
    Empty,
    /// More rows than are sent at once.
    #[error("more than {MOST_ROWS} rows: split it")]
    TooMany,
    /// A row that is not two columns.
    #[error("{0} where a symbol and a weight are expected, such as AAPL,25%")]
    Columns(String),
    /// A header without the columns that are needed.
    #[error("the header names no column “{0}”: symbol and weight are needed")]
    Header(&'static str),
    /// Quotes that do not end, and the like.
    #[error("this is no CSV ({0})")]
    Csv(String),
    /// Not TOML.
    #[error("this is no TOML: {0}")]
    Toml(String),
    /// No number.
    #[error("“{0}” is no weight: write 0.25 or 25%")]
    NoWeight(String),
    /// A weight that nobody means.
    #[error("a weight of {0} is beyond ±{most}: write 25% or 0.25", most = MAX_WEIGHT)]
    TooHeavy(String),
    /// A symbol that no instrument has.
    #[error("{symbol} is not listed{}", hint(.near))]
    Unknown {
        /// As it is written.
        symbol: String,
        /// What it may have meant.
        near: Vec<Arc<str>>,
    },
    /// A symbol that several have.
    #[error("{symbol} could be {}: write one of these", .keys.join(" or "))]
    Ambiguous {
        /// As it is written.
        symbol: String,
        /// Which ones.
        keys: Vec<Arc<str>>,
    },
    /// An instrument that has a row already.
    #[error("{key} has a row already, in line {first}: keep one of them")]
    Twice {
        /// Which.
        key: Arc<str>,
        /// Where.
        first: usize,
    },
    /// A choice that there is not.
    #[error("there is no choice “{name}”. There are: {known}")]
    NoChoice {
        /// As it is written.
        name: String,
        /// Those that there are.
        known: &'static str,
    },
    /// A choice with a value that it does not have.
    #[error("{name} must be {expected}")]
    Choice {
        /// Which.
        name: &'static str,
        /// What it may be.
        expected: &'static str,
    },
}

fn hint(near: &[Arc<str>]) -> String {
    match near {
        [] => ": look it up in the search".to_owned(),
        near => format!(". Did you mean {}?", near.join(", ")),
    }
}
