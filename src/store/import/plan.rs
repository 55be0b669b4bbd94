//! Finding out what a file is from its first lines: delimiter, header, columns, dates.
//!
//! A delimiter is right when the columns make sense with it; so each is tried, and no
//! counting of commas is needed.

use super::columns::{self, Columns, Kind, Miss};
use super::dates::{self, Dates, Looks};
use super::error::ImportError;
use super::fields::Fields;
use super::numbers::Numbers;
use super::{DateOrder, DecimalMark, Options};

/// How many lines may stand above the header: titles, addresses.
const PREAMBLE: usize = 10;
/// The order matters where decimals have commas.
const DELIMITERS: [u8; 3] = [b'\t', b';', b','];
const EXCERPT: usize = 60;

/// How to read the rows of a file.
#[derive(Debug)]
pub(super) struct Plan {
    pub delimiter: u8,
    pub columns: Columns,
    /// Names in the header, or none.
    pub names: Option<Vec<String>>,
    /// Line of the header.
    pub header_line: Option<u64>,
    /// How many of the sampled lines come before the first row.
    pub skip: usize,
    pub dates: Dates,
    pub numbers: Numbers,
}

/// Makes the plan from the first lines of a file, with their numbers.
pub(super) fn make(sample: &[(u64, String)], options: &Options) -> Result<Plan, ImportError> {
    let mut unusable = None;
    for delimiter in DELIMITERS {
        for (skip, (line, text)) in sample.iter().take(PREAMBLE).enumerate() {
            let Some(names) = cut(text, delimiter) else { continue };
            match columns::from_header(&names, *line) {
                Ok(columns) => {
                    let names = names.iter().map(|&n| n.to_owned()).collect();
                    let rows = &sample[skip + 1..];
                    return finish(delimiter, columns, Some((*line, names)), skip + 1, rows, options);
                }
                Err(Miss::Unusable(e)) => unusable = unusable.or(Some(e)),
                Err(Miss::NoHeader) => {}
            }
        }
    }
    if let Some(e) = unusable {
        return Err(e);
    }
    for delimiter in DELIMITERS {
        let rows: Option<Vec<Vec<&str>>> = sample.iter().map(|(_, text)| cut(text, delimiter)).collect();
        let Some(rows) = rows else { continue };
        let mark = mark_of(rows.iter().flatten().copied(), delimiter, options);
        let number = |text: &str| Numbers::new(Some(mark), true, std::iter::empty()).ok()?.real(text);
        if let Some(columns) = columns::from_rows(&rows, number) {
            return finish(delimiter, columns, None, 0, sample, options);
        }
    }
    let first = sample.first().map_or("", |(_, text)| text);
    let mut begin: String = first.chars().take(EXCERPT).collect();
    if begin.len() < first.len() {
        begin.push('…');
    }
    Err(ImportError::UnknownColumns { begin })
}

/// The decimal mark that rows without a header show; their dates are not asked.
fn mark_of<'a>(fields: impl Iterator<Item = &'a str>, delimiter: u8, options: &Options) -> DecimalMark {
    let numbers = fields.filter(|text| dates::look(text).is_none());
    let numbers = Numbers::new(options.decimal_mark, delimiter == b',', numbers);
    numbers.map_or(DecimalMark::Point, |numbers| numbers.mark())
}

fn finish(
    delimiter: u8,
    mut columns: Columns,
    header: Option<(u64, Vec<String>)>,
    skip: usize,
    rows: &[(u64, String)],
    options: &Options,
) -> Result<Plan, ImportError> {
    let (header_line, names) = header.unzip();
    let Some((line, first)) = rows.first() else {
        return Err(ImportError::NoRows { header_line: header_line.unwrap_or(1) });
    };
    let dates = match cut(first, delimiter) {
        Some(fields) => choose_time(&mut columns, &fields, *line, options.date_order)?,
        None => {
            return Err(ImportError::UnknownDates {
                line: *line,
                text: first.chars().take(EXCERPT).collect(),
            });
        }
    };
    let used: Vec<usize> = match columns.kind {
        Kind::Bars { prices, volume } => prices.into_iter().chain(volume).collect(),
        Kind::Trades { price, size, .. } => vec![price, size],
    };
    let mut samples: Vec<&str> = Vec::new();
    for (_, text) in rows {
        let Some(fields) = cut(text, delimiter) else { continue };
        samples.extend(used.iter().filter_map(|&column| fields.get(column)));
    }
    let numbers = Numbers::new(options.decimal_mark, delimiter == b',', samples.into_iter());
    let numbers = numbers.map_err(|_unclear| ImportError::AmbiguousNumbers)?;
    if let Some(names) = &names {
        columns.says_utc = columns.time.iter().any(|&column| columns::says_utc(&names[column]));
    }
    Ok(Plan { delimiter, columns, names, header_line, skip, dates, numbers })
}

/// Leaves in `columns.time` the column, or the two, that tell the time best: an instant
/// before a date with a time of day beside it before a date alone.
fn choose_time(
    columns: &mut Columns,
    row: &[&str],
    line: u64,
    order: Option<DateOrder>,
) -> Result<Dates, ImportError> {
    let text = |column: usize| row.get(column).copied().unwrap_or("");
    let looks: Vec<(usize, Looks)> =
        columns.time.iter().filter_map(|&column| Some((column, dates::look(text(column))?))).collect();
    // A number since 1970 or a zone in the text leaves nothing to guess, a local time does.
    let certainty = |looks: &Looks, column: usize| match looks {
        Looks::Instant(dates::Form::Epoch { .. }) => 0,
        Looks::Instant(_) if text(column).ends_with('Z') => 1,
        _ => 2,
    };
    let instant = looks.iter().filter(|(_, l)| matches!(l, Looks::Instant(_)));
    let instant = instant.min_by_key(|(column, looks)| certainty(looks, *column));
    let date = looks.iter().find(|(_, l)| matches!(l, Looks::Date(_)));
    let time = looks.iter().find(|(_, l)| *l == Looks::TimeOfDay);
    match (instant, date, time) {
        (Some(&(column, Looks::Instant(form))), ..) => {
            columns.time = vec![column];
            Ok(Dates::new(form, order))
        }
        (_, Some(&(column, Looks::Date(form))), time) => {
            columns.time = std::iter::once(column).chain(time.map(|&(column, _)| column)).collect();
            Ok(Dates::new(form, order))
        }
        _ => {
            let text = columns.time.first().map_or("", |&column| text(column));
            Err(ImportError::UnknownDates { line, text: text.chars().take(EXCERPT).collect() })
        }
    }
}

fn cut(line: &str, delimiter: u8) -> Option<Vec<&str>> {
    let mut fields = Fields::default();
    fields.cut(line, delimiter).ok()?;
    Some(fields.all(line))
}
