//! A table of weights as CSV, with commas, semicolons or tabs, with a header or without.

use csv::{ReaderBuilder, StringRecord, Trim};

use super::names::Listed;
use super::{Place, Problem, Table, add, share};

/// The names that the two columns may have.
const SYMBOL: [&str; 4] = ["symbol", "instrument", "ticker", "key"];
const WEIGHT: [&str; 4] = ["weight", "target", "target weight", "share"];

pub(super) fn read(text: &str, listed: &Listed<'_>) -> Result<Table, (Place, Problem)> {
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .has_headers(false)
        .flexible(true)
        .trim(Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let mut table = Table::default();
    let mut lines = Vec::new();
    let mut columns = None;
    let mut width = usize::MAX;
    let mut record = StringRecord::new();
    loop {
        let more = reader.read_record(&mut record).map_err(|error| {
            let line = error.position().map(|place| line(place.line()));
            (line, Problem::Csv(error.to_string()))
        })?;
        if !more {
            return Ok(table);
        }
        let line = record.position().map_or(1, |place| first_line(text, place));
        let at = |problem| (Some(line), problem);
        if record.iter().all(str::is_empty) || record.get(0).is_some_and(|first| first.starts_with('#')) {
            continue;
        }
        if columns.is_none()
            && let Some(found) = header(&record).map_err(at)?
        {
            (columns, width) = (Some(found), record.len());
            continue;
        }
        let (symbol, weight) = *columns.get_or_insert((0, 1));
        let (Some(symbol), Some(weight)) = (record.get(symbol), record.get(weight)) else {
            let shown: String = record.iter().next().unwrap_or_default().chars().take(40).collect();
            return Err(at(Problem::Columns(format!("“{shown}”"))));
        };
        // Without a header nothing says what a third column is; with one, a decimal comma makes a column more.
        let is_wider = record.iter().skip(width).any(|field| !field.is_empty());
        if (symbol.is_empty() || weight.is_empty()) || is_wider || has_more(&record, columns) {
            let shown: String = record.iter().collect::<Vec<_>>().join(" ").chars().take(40).collect();
            return Err(at(Problem::Columns(format!("“{shown}”"))));
        }
        let key = listed.key(symbol).map_err(at)?;
        let weight = share(weight).map_err(at)?;
        add(&mut table, &mut lines, line, key, weight).map_err(at)?;
    }
}

/// The line that a record begins in; its place is where the one before it ended, blank lines and
/// comments not yet passed.
fn first_line(text: &str, place: &csv::Position) -> usize {
    let from = usize::try_from(place.byte()).ok().and_then(|at| text.get(at..)).unwrap_or_default();
    let is_passed = |line: &&str| line.is_empty() || line.starts_with('#');
    line(place.line()) + from.lines().take_while(is_passed).count()
}

fn line(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Whether a row without a header has more than two filled columns.
fn has_more(record: &StringRecord, columns: Option<(usize, usize)>) -> bool {
    columns == Some((0, 1)) && record.iter().skip(2).any(|field| !field.is_empty())
}

/// What stands between the columns of the first line that is none of comments.
fn delimiter(text: &str) -> u8 {
    let is_row = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let first = text.lines().find(is_row).unwrap_or_default();
    let mut is_quoted = false;
    let mut outside = String::new();
    for letter in first.chars() {
        is_quoted ^= letter == '"';
        if !is_quoted {
            outside.push(letter);
        }
    }
    match outside {
        line if line.contains(';') => b';',
        line if line.contains('\t') => b'\t',
        _ => b',',
    }
}

/// The places of symbol and weight, if this is a header.
fn header(record: &StringRecord) -> Result<Option<(usize, usize)>, Problem> {
    let find = |names: [&str; 4]| {
        record.iter().position(|field| names.iter().any(|name| field.eq_ignore_ascii_case(name)))
    };
    match (find(SYMBOL), find(WEIGHT)) {
        (None, None) => Ok(None),
        (Some(symbol), Some(weight)) => Ok(Some((symbol, weight))),
        (None, _) => Err(Problem::Header("symbol")),
        (_, None) => Err(Problem::Header("weight")),
    }
}
