//! Target weights from a file or a paste: TOML with choices beside the weights, or CSV.
//!
//! ```toml
//! reserve = "2%"          # all of these may be left out
//! [targets]
//! AAPL = 0.25
//! "7203@TSE" = "10%"
//! ```
//!
//! ```csv
//! symbol;weight
//! AAPL;25%
//! # a comment
//! ```
//!
//! All of it or nothing: what cannot be used is refused by its line, with what to do. An instrument
//! is named by its symbol, or by its key where several have that symbol. Reading is pure but for
//! [`load`].

mod csv_table;
mod error;
mod names;
#[cfg(test)]
mod tests;
mod toml_table;

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

pub use error::{BadTargets, Problem};

use crate::domain::{Decimal, Instrument};
use crate::link::update::Refused;
use crate::link::{TargetsFrom, TargetsRead};
use crate::market::allocation::{MAX_WEIGHT, MOST_ROWS, Table};
use names::Listed;

/// Bytes of a file that are looked at: a hundred times what the largest table needs.
pub const MOST_BYTES: u64 = 1_000_000;

/// What errors call a table that came through the clipboard.
const PASTED: &str = "what was pasted";

/// Reads a table for the window, wherever it is and whatever it holds.
#[must_use]
pub fn load(from: TargetsFrom, listed: &[Arc<Instrument>]) -> TargetsRead {
    let table = match &from {
        TargetsFrom::File(path) => bytes_of(path).and_then(|bytes| read(&bytes, &name_of(path), listed)),
        TargetsFrom::Pasted(text) => read(text.as_bytes(), PASTED, listed),
    };
    TargetsRead { from, table: table.map_err(|bad| Refused(bad.to_string().into())) }
}

fn name_of(path: &str) -> String {
    let name = Path::new(path).file_name();
    name.map_or_else(|| path.to_owned(), |name| name.to_string_lossy().into_owned())
}

fn bytes_of(path: &str) -> Result<Vec<u8>, BadTargets> {
    let failed = |error: std::io::Error| BadTargets {
        file: path.to_owned(),
        line: None,
        problem: Problem::Unreadable(error.to_string()),
    };
    let mut bytes = Vec::new();
    // A pipe could have us wait forever, already to be opened; a device might never end.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(BadTargets { file: path.to_owned(), line: None, problem: Problem::NoFile });
    }
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

/// What a table of target weights says; `name` is what errors call it.
///
/// # Errors
/// When anything in it cannot be used: the line, what is wrong, and what to do.
pub fn read(bytes: &[u8], name: &str, listed: &[Arc<Instrument>]) -> Result<Table, BadTargets> {
    let bad = |(line, problem)| BadTargets { file: name.to_owned(), line, problem };
    let text = text_of(bytes).map_err(bad)?;
    let listed = Listed::new(listed);
    let is_toml = text.lines().any(|line| line.trim().starts_with("[targets]"))
        || Path::new(name).extension().is_some_and(|end| end.eq_ignore_ascii_case("toml"));
    let mut table = if is_toml {
        toml_table::read(text, &listed).map_err(bad)?
    } else {
        csv_table::read(text, &listed).map_err(bad)?
    };
    if table.rows.is_empty() {
        return Err(bad((None, Problem::Empty)));
    }
    note_sum(&mut table);
    Ok(table)
}

/// The line that something is in, where it is in one.
type Place = Option<usize>;

fn text_of(bytes: &[u8]) -> Result<&str, (Place, Problem)> {
    if bytes.len() as u64 > MOST_BYTES {
        return Err((None, Problem::TooLong));
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let lines = String::from_utf8_lossy(&bytes[..error.valid_up_to()]).matches('\n').count();
        (Some(lines + 1), Problem::NotText)
    })?;
    if let Some(at) = text.find('\0') {
        let lines = text[..at].matches('\n').count();
        return Err((Some(lines + 1), Problem::NotText));
    }
    Ok(text.strip_prefix('\u{FEFF}').unwrap_or(text))
}

/// Adds a row, which must be the first of its instrument.
fn add(
    table: &mut Table,
    lines: &mut Vec<usize>,
    line: usize,
    key: Arc<str>,
    weight: Decimal,
) -> Result<(), Problem> {
    if let Some(at) = table.rows.iter().position(|(known, _)| *known == key) {
        return Err(Problem::Twice { key, first: lines[at] });
    }
    if table.rows.len() == MOST_ROWS {
        return Err(Problem::TooMany);
    }
    table.rows.push((key, weight));
    lines.push(line);
    Ok(())
}

/// A share as people write it: `0.25`, `25%`, `25 %`, `-5%`, where commas do not separate columns `0,25`
/// too.
fn share(text: &str) -> Result<Decimal, Problem> {
    let no_share = || Problem::NoWeight(text.chars().take(40).collect());
    let trimmed = text.trim();
    let (digits, is_percent) = match trimmed.strip_suffix('%') {
        Some(digits) => (digits.trim_end(), true),
        None => (trimmed, false),
    };
    let plain = digits.strip_prefix(['-', '+', '−']).unwrap_or(digits);
    let is_negative = digits.starts_with(['-', '−']);
    let marks = plain.matches(['.', ',']).count();
    let is_number = marks <= 1
        && plain.bytes().any(|byte| byte.is_ascii_digit())
        && plain.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',');
    if !is_number {
        return Err(no_share());
    }
    let number = plain.replace(',', ".");
    let number = Decimal::from_str_exact(number.trim_end_matches('.')).map_err(|_too_fine| no_share())?;
    let number =
        if is_percent { number.checked_div(Decimal::ONE_HUNDRED).ok_or_else(no_share)? } else { number };
    if number > MAX_WEIGHT {
        return Err(Problem::TooHeavy(text.chars().take(40).collect()));
    }
    Ok(if is_negative { -number } else { number }.normalize())
}

fn note_sum(table: &mut Table) {
    let sum: Decimal = table.rows.iter().map(|(_, weight)| weight.abs()).sum();
    if sum > Decimal::ONE {
        let percent = (sum * Decimal::ONE_HUNDRED).round_dp(2).normalize();
        table.notes.push(format!("The weights add up to {percent} %: more than the equity"));
    }
}
