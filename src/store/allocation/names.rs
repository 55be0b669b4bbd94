//! Which instrument a symbol means, and which it may have meant.

use std::sync::Arc;

use super::Problem;
use crate::domain::Instrument;

/// Names that are offered for one that is not listed.
const MOST_NEAR: usize = 3;
/// Letters that may be wrong.
const MOST_WRONG: usize = 2;
/// Letters of a symbol that are looked at: no symbol is as long.
const LONGEST: usize = 32;

/// What is listed.
pub(super) struct Listed<'a>(&'a [Arc<Instrument>]);

impl<'a> Listed<'a> {
    pub(super) fn new(listed: &'a [Arc<Instrument>]) -> Self {
        Self(listed)
    }

    /// The key of the instrument that a text names: its key, or a symbol that it alone has.
    pub(super) fn key(&self, text: &str) -> Result<Arc<str>, Problem> {
        let text: String = text.trim().chars().take(2 * LONGEST).collect();
        let has_key = |i: &&Arc<Instrument>| i.key().eq_ignore_ascii_case(&text);
        if let Some(found) = self.0.iter().find(has_key) {
            return Ok(found.key().into());
        }
        let has_symbol = |i: &&Arc<Instrument>| i.symbol.eq_ignore_ascii_case(&text);
        let mut keys: Vec<Arc<str>> = self.0.iter().filter(has_symbol).map(|i| i.key().into()).collect();
        keys.sort();
        keys.dedup();
        match keys.len() {
            1 => Ok(keys.swap_remove(0)),
            0 => Err(Problem::Unknown { near: self.near(&text), symbol: text }),
            _ => Err(Problem::Ambiguous { symbol: text, keys }),
        }
    }

    fn near(&self, text: &str) -> Vec<Arc<str>> {
        let symbol = text.split('@').next().unwrap_or(text).to_uppercase();
        let rank = |i: &Arc<Instrument>| {
            let wrong = distance(&symbol, &i.symbol.to_uppercase());
            let is_begun = symbol.chars().count() >= 3 && i.name.to_uppercase().starts_with(&symbol);
            let most = MOST_WRONG.min(symbol.chars().count() / 2);
            (wrong <= most || is_begun).then_some((if is_begun { 0 } else { wrong }, i.key()))
        };
        let mut near: Vec<(usize, String)> = self.0.iter().filter_map(rank).collect();
        near.sort();
        near.dedup();
        near.into_iter().take(MOST_NEAR).map(|(_, key)| key.into()).collect()
    }
}

/// Letters that must be changed, added or left out to make one text the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().take(LONGEST).collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().take(LONGEST).enumerate() {
        let mut diagonal = row[0];
        row[0] = at + 1;
        for (column, theirs) in other.iter().enumerate() {
            let change = diagonal + usize::from(letter != *theirs);
            diagonal = row[column + 1];
            row[column + 1] = change.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}
