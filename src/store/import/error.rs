//! What can be wrong with a file of market data, said so that a trader can put it right.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::LONGEST_LINE;
use crate::domain::Timeframe;

/// How many wrong rows are listed; the rest is counted.
pub const LISTED: usize = 20;

/// A file that was not imported. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be opened.
    #[error("cannot open {}: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Reading failed half way.
    #[error("reading stopped with an error: {0}. Check the disk or the connection it is on, and try again")]
    Read(#[source] io::Error),
    /// There is nothing in it.
    #[error("the file is empty: check that the download finished")]
    Empty,
    /// A header, and nothing below it.
    #[error("there are no rows below the header in line {header_line}: check that the download finished")]
    NoRows {
        /// Where the header is.
        header_line: u64,
    },
    /// Another kind of file.
    #[error("this is {what}: {advice}")]
    OtherFile {
        /// What it is.
        what: &'static str,
        /// What to do with it.
        advice: &'static str,
    },
    /// Bytes that are no UTF-8 text.
    #[error("line {line} is not UTF-8 text: save the file as CSV in UTF-8")]
    NotText {
        /// Where.
        line: u64,
    },
    /// The compressed data end before their end.
    #[error("the gzip file is cut off after line {line}: download or copy it again")]
    TruncatedGzip {
        /// The last line that could be read.
        line: u64,
    },
    /// The compressed data contradict themselves.
    #[error("the gzip file is damaged after line {line} ({source}): download or copy it again")]
    DamagedGzip {
        /// The last line that could be read.
        line: u64,
        /// What the decoder says.
        #[source]
        source: io::Error,
    },
    /// No line of market data is so long.
    #[error(
        "line {line} is longer than {LONGEST_LINE} bytes: this is no table of bars or trades, or its line breaks \
         are missing"
    )]
    LineTooLong {
        /// Which.
        line: u64,
    },
    /// More rows than memory should be spent on.
    #[error("the file has more than {limit} rows: split it, and import the part you need")]
    TooManyRows {
        /// How many are read at most.
        limit: usize,
    },
    /// Neither header nor columns are known.
    #[error(
        "no columns of bars or trades are recognised (the file begins with “{begin}”): give it a header line such \
         as date,open,high,low,close,volume or time,price,size"
    )]
    UnknownColumns {
        /// The first line, shortened.
        begin: String,
    },
    /// A header that lacks something.
    #[error(
        "the header in line {line} has no column for {}; it has {}. Bars need time, open, high, low and close, \
         trades need time, price and size{hint}",
        missing.join(", "), found.join(", ")
    )]
    MissingColumns {
        /// Where the header is.
        line: u64,
        /// What is not there.
        missing: Vec<&'static str>,
        /// The names that are there.
        found: Vec<String>,
        /// What else to say about them.
        hint: &'static str,
    },
    /// Two columns that would be the same.
    #[error(
        "the columns '{first}' and '{second}' could both be the {role}: leave one instrument and one of them in \
         the file"
    )]
    AmbiguousColumns {
        /// What both could be.
        role: &'static str,
        /// One.
        first: String,
        /// The other.
        second: String,
    },
    /// A date of no known form.
    #[error(
        "'{text}' in line {line} is no date that is recognised: use 2024-12-31 15:30:00, with Z or +09:00 where it \
         is not local, 20241231, 12/31/2024, or seconds or milliseconds since 1970"
    )]
    UnknownDates {
        /// Where.
        line: u64,
        /// What is there.
        text: String,
    },
    /// Day and month cannot be told apart.
    #[error(
        "the dates (such as '{text}' in line {line}) may be day/month or month/day, and no row of the file decides \
         it: say which with the option date order (--date-order day-first or --date-order month-first)"
    )]
    AmbiguousDates {
        /// The first row in doubt.
        line: u64,
        /// Its date.
        text: String,
    },
    /// Points and commas cannot be told apart.
    #[error(
        "numbers such as 1.234 and 1,234 are in the file, and none shows which mark stands before the decimals: say \
         so with the option decimal mark (--decimal-mark point or --decimal-mark comma)"
    )]
    AmbiguousNumbers,
    /// The zone of the options is none.
    #[error("'{0}' is no time zone: use an IANA name such as America/New_York, Asia/Tokyo or UTC (--zone)")]
    UnknownZone(String),
    /// Several instruments, and none was chosen.
    #[error(
        "the file holds several instruments ({}): say which one with the option symbol (--symbol)",
        found.join(", ")
    )]
    SeveralInstruments {
        /// The first of them.
        found: Vec<String>,
    },
    /// Several instruments, but not the chosen one.
    #[error("the file holds no rows of {wanted}; it has {}: correct the option symbol (--symbol)", found.join(", "))]
    NoSuchInstrument {
        /// What was asked for.
        wanted: String,
        /// The first of what is there.
        found: Vec<String>,
    },
    /// The rows' distance is that of no timeframe.
    #[error("{0}: say what the bars are with the option timeframe (--timeframe 5m, 1h, 1D …)")]
    NoTimeframe(String),
    /// The options' timeframe is longer than the bars.
    #[error(
        "the bars were said to be {said}, but {count} of them are closer together than that, first in line {line}: \
         correct the option timeframe (--timeframe)"
    )]
    WrongTimeframe {
        /// The options' timeframe.
        said: Timeframe,
        /// How many are too close.
        count: usize,
        /// The first of them.
        line: u64,
    },
    /// Rows that are no bars or trades.
    #[error("{}", wrong_rows(listed, *total))]
    WrongRows {
        /// The first of them, by line.
        listed: Vec<RowProblem>,
        /// How many there are.
        total: usize,
    },
}

/// A row that cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RowProblem {
    /// Line of the file, counted from 1.
    pub line: u64,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

fn wrong_rows(listed: &[RowProblem], total: usize) -> String {
    let rows = if total == 1 { "1 row is".to_owned() } else { format!("{total} rows are") };
    let mut lines = vec![format!("{rows} wrong, so nothing was imported. Correct the file, or get it anew:")];
    lines.extend(listed.iter().map(RowProblem::to_string));
    let rest = total - listed.len();
    if rest > 0 {
        lines.push(format!("and {rest} more"));
    }
    lines.join("\n  ")
}

/// Collects wrong rows: the first [`LISTED`] in full, the rest as a number.
#[derive(Debug, Default)]
pub(super) struct Problems {
    listed: Vec<RowProblem>,
    total: usize,
}

impl Problems {
    /// Notes a wrong row. `what` is only made where it will be listed.
    pub(super) fn note(&mut self, line: u64, what: impl FnOnce() -> String) {
        self.total += 1;
        // A row far up may be found wrong late, so each stage keeps its own first rows.
        if self.listed.len() < LISTED || self.listed.last().is_some_and(|worst| line < worst.line) {
            let problem = RowProblem { line, what: what() };
            let at = self.listed.partition_point(|p| p.line <= line);
            self.listed.insert(at, problem);
            self.listed.truncate(LISTED);
        }
    }

    pub(super) fn into_result(self) -> Result<(), ImportError> {
        if self.total == 0 {
            return Ok(());
        }
        Err(ImportError::WrongRows { listed: self.listed, total: self.total })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rows_by_line_are_listed_and_the_rest_counted() {
        let mut problems = Problems::default();
        for line in (0..50).rev() {
            problems.note(line, || format!("bad {line}"));
        }
        let Err(ImportError::WrongRows { listed, total }) = problems.into_result() else { panic!("none") };
        assert_eq!(total, 50);
        assert!(listed.iter().map(|p| p.line).eq(0..20));
        let text = wrong_rows(&listed, total);
        assert!(text.starts_with("50 rows are wrong") && text.ends_with("line 19: bad 19\n  and 30 more"));
    }
}
