//! Reading market data that somebody exported as CSV: bars or trades, from any source.
//!
//! What can be recognised is recognised (delimiter, names, dates, order, timeframe) and
//! reported, so that a person can check it. What cannot be is asked for, by the name of
//! an option. A file with wrong rows is refused as a whole, with their lines: half an
//! import would be found only when an order has been placed on it.
//!
//! A file is read once, from start to end; besides the result only a line is in memory.

mod columns;
mod dates;
mod error;
mod fields;
mod numbers;
mod plan;
mod rows;
mod settle;
mod source;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use jiff::tz::TimeZone;

pub use dates::DateOrder;
pub use error::{ImportError, LISTED, RowProblem};
pub use numbers::DecimalMark;

use self::columns::{Aggressor, Kind};
use self::error::Problems;
use self::plan::Plan;
use self::rows::{FromFields, Reader, Row, Rows};
use self::source::Lines;
use super::bars::Series;
use crate::domain::{Bar, Time, Timeframe, Trade};
use crate::market::series::Bars;

/// Longest line that is read, in bytes.
pub const LONGEST_LINE: usize = 1 << 16;
/// How many rows are looked at to find out what a file is.
const SAMPLE: usize = 200;

/// What the user knows about a file that it may not say itself. The command line calls
/// these `--symbol`, `--zone`, `--date-order`, `--timeframe`, `--decimal-mark`.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Which instrument, in a file of several.
    pub symbol: Option<String>,
    /// IANA name of the zone of times that come without one; UTC where it is not said.
    pub zone: Option<String>,
    /// Order of day and month.
    pub date_order: Option<DateOrder>,
    /// What the bars are.
    pub timeframe: Option<Timeframe>,
    /// What stands before the decimals.
    pub decimal_mark: Option<DecimalMark>,
}

/// A file's content, and how it was understood.
#[derive(Debug, Clone, PartialEq)]
pub struct Imported {
    /// The bars or trades, oldest first.
    pub series: Series,
    /// How they were found.
    pub report: Report,
}

/// What an import has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Number of bars or trades, without duplicates.
    pub rows: usize,
    /// Time of the first.
    pub first: Time,
    /// Time of the last.
    pub last: Time,
    /// What was recognised.
    pub format: Format,
    /// Bars that were there twice, and are now once.
    pub duplicates: usize,
    /// What a person should know before they rely on the data.
    pub warnings: Vec<String>,
}

/// What was recognised of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Format {
    /// Whether it is compressed with gzip.
    pub compressed: bool,
    /// Between the fields.
    pub delimiter: char,
    /// Before the decimals.
    pub decimal_mark: DecimalMark,
    /// Line of the header, where there is one.
    pub header_line: Option<u64>,
    /// The columns that were used: what as, and their names (or numbers, from 1).
    pub columns: Vec<(&'static str, String)>,
    /// The names of the others.
    pub ignored: Vec<String>,
    /// How dates are written.
    pub dates: String,
    /// The zone of its times.
    pub zone: String,
    /// Whether it began with the oldest row.
    pub order: RowOrder,
    /// Of bars.
    pub timeframe: Option<Timeframe>,
}

/// Which end of time a file begins at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowOrder {
    /// As it happened.
    OldestFirst,
    /// The other way round.
    NewestFirst,
}

/// Reads the file at `path`.
///
/// # Errors
/// When anything of it cannot be read or is in doubt; see [`ImportError`].
pub fn read_csv(path: &Path, options: &Options) -> Result<Imported, ImportError> {
    let file = File::open(path).map_err(|source| ImportError::Open { path: path.to_owned(), source })?;
    read(file, options)
}

/// Reads CSV from anywhere.
///
/// # Errors
/// As [`read_csv`].
pub fn read(from: impl Read, options: &Options) -> Result<Imported, ImportError> {
    let zone = match &options.zone {
        Some(name) => TimeZone::get(name).map_err(|_unknown| ImportError::UnknownZone(name.clone()))?,
        None => TimeZone::UTC,
    };
    let mut lines = Lines::new(from)?;
    let mut sample = Vec::new();
    while sample.len() < SAMPLE
        && let Some((number, text)) = lines.next()?
    {
        sample.push((number, text.to_owned()));
    }
    if sample.is_empty() {
        return Err(ImportError::Empty);
    }
    let plan = plan::make(&sample, options)?;
    let sample = sample.split_off(plan.skip);
    let import = Import { zone, options, plan, warnings: Vec::new() };
    match import.plan.columns.kind {
        Kind::Bars { .. } => import.bars(sample, lines),
        Kind::Trades { .. } => import.trades(sample, lines),
    }
}

/// One import under way.
struct Import<'a> {
    zone: TimeZone,
    options: &'a Options,
    plan: Plan,
    warnings: Vec<String>,
}

impl Import<'_> {
    fn bars(mut self, sample: Vec<(u64, String)>, mut lines: Lines<'_>) -> Result<Imported, ImportError> {
        let (mut rows, mut problems) = self.read_rows::<Bar>(sample, &mut lines)?;
        let verdict = self.plan.dates.finish()?;
        let order = settle::order(&mut rows.all, &verdict);
        // Before the zone is applied, and before rows that go back in time are complained of:
        // with a wrong row the timeframe is not the trouble to tell of.
        let found = settle::timeframe(&rows, order, self.options.timeframe, &verdict);
        self.apply_zone(&mut rows, order, verdict, &mut problems);
        let duplicates = settle::each_time_once(&mut rows, order, &mut problems);
        problems.into_result()?;
        let found = found?;
        self.warnings.extend(found.warning);
        let bars = Bars::pack(rows.all);
        let ends = bars.first().zip(bars.last()).map(|(first, last)| (first.time, last.time));
        let format = self.format(&lines, order, verdict, Some(found.timeframe));
        self.report(Series::Bars(bars, found.timeframe), ends, format, duplicates)
    }

    fn trades(mut self, sample: Vec<(u64, String)>, mut lines: Lines<'_>) -> Result<Imported, ImportError> {
        let (mut rows, mut problems) = self.read_rows::<Trade>(sample, &mut lines)?;
        let verdict = self.plan.dates.finish()?;
        let order = settle::order(&mut rows.all, &verdict);
        self.apply_zone(&mut rows, order, verdict, &mut problems);
        settle::never_back(&rows, order, &mut problems);
        problems.into_result()?;
        let trades = rows.all;
        let ends = trades.first().zip(trades.last()).map(|(first, last)| (first.time, last.time));
        let format = self.format(&lines, order, verdict, None);
        self.report(Series::Trades(trades), ends, format, 0)
    }

    fn read_rows<T: Row + FromFields>(
        &mut self,
        sample: Vec<(u64, String)>,
        lines: &mut Lines<'_>,
    ) -> Result<(Rows<T>, Problems), ImportError> {
        let mut rows = Rows::new();
        let mut reader = Reader::new(&mut self.plan, self.options.symbol.as_deref());
        for (number, text) in sample {
            reader.line(number, &text, &mut rows)?;
        }
        while let Some((number, text)) = lines.next()? {
            reader.line(number, text, &mut rows)?;
        }
        let (problems, empty_volumes, passed) = reader.finish()?;
        let columns = &self.plan.columns;
        if matches!(columns.kind, Kind::Bars { volume: None, .. }) {
            self.warnings.push("there is no volume: it is zero everywhere".to_owned());
        }
        if !columns.other_volumes.is_empty() {
            let others = columns.other_volumes.join(", ");
            self.warnings.push(format!("of several volumes the first by name was taken; not {others}"));
        }
        if empty_volumes > 0 {
            self.warnings.push(format!("{empty_volumes} rows have no volume: theirs is zero"));
        }
        if passed > 0 {
            self.warnings.push(format!("{passed} rows of other instruments were passed over"));
        }
        if let Some(line) = self.plan.header_line.filter(|_| self.plan.skip > 1) {
            self.warnings.push(format!("what stands above the header in line {line} was passed over"));
        }
        rows.all.shrink_to_fit();
        Ok((rows, problems))
    }

    fn apply_zone<T: Row>(
        &mut self,
        rows: &mut Rows<T>,
        order: RowOrder,
        verdict: dates::Verdict,
        problems: &mut Problems,
    ) {
        if self.plan.columns.says_utc {
            self.zone = TimeZone::UTC;
        }
        let repeated = settle::to_utc(rows, order, &self.zone, &verdict, problems);
        if repeated > 0 {
            self.warnings.push(format!(
                "{repeated} rows lie in an hour that clocks showed twice; they were taken in the order of the file"
            ));
        }
    }

    fn format(
        &self,
        lines: &Lines<'_>,
        order: RowOrder,
        verdict: dates::Verdict,
        timeframe: Option<Timeframe>,
    ) -> Format {
        let plan = &self.plan;
        let named = |column: usize| match &plan.names {
            Some(names) => names.get(column).cloned().unwrap_or_default(),
            None => format!("{}", column + 1),
        };
        let used = self.used_columns();
        let ignored = plan.names.iter().flatten().enumerate();
        let ignored =
            ignored.filter(|(n, name)| !name.is_empty() && used.iter().all(|(_, column)| column != n));
        Format {
            compressed: lines.is_compressed(),
            delimiter: char::from(plan.delimiter),
            decimal_mark: plan.numbers.mark(),
            header_line: plan.header_line,
            ignored: ignored.map(|(_, name)| name.clone()).collect(),
            columns: used.iter().map(|&(role, column)| (role, named(column))).collect(),
            dates: plan.dates.describe(),
            zone: if verdict.zoned {
                "as the file says".to_owned()
            } else {
                self.zone.iana_name().unwrap_or("UTC").to_owned()
            },
            order,
            timeframe,
        }
    }

    fn used_columns(&self) -> Vec<(&'static str, usize)> {
        let columns = &self.plan.columns;
        let mut used: Vec<_> = columns.time.iter().map(|&column| ("time", column)).collect();
        match columns.kind {
            Kind::Bars { prices, volume } => {
                used.extend(["open", "high", "low", "close"].into_iter().zip(prices));
                used.extend(volume.map(|column| ("volume", column)));
            }
            Kind::Trades { price, size, side } => {
                used.extend([("price", price), ("size", size)]);
                used.extend(side.map(|side| match side {
                    Aggressor::Side(column) | Aggressor::BuyerMaker(column) => ("side", column),
                }));
            }
        }
        used.extend(columns.symbol.map(|column| ("symbol", column)));
        used
    }

    fn report(
        self,
        series: Series,
        ends: Option<(Time, Time)>,
        format: Format,
        duplicates: usize,
    ) -> Result<Imported, ImportError> {
        let (first, last) =
            ends.ok_or(ImportError::NoRows { header_line: format.header_line.unwrap_or(1) })?;
        let rows = series.len();
        Ok(Imported {
            series,
            report: Report { rows, first, last, format, duplicates, warnings: self.warnings },
        })
    }
}
