//! Which texts a query means, and how well.
//!
//! A query is words between blanks; every word must be found in one of a candidate's
//! texts. How a word is found decides the rank: the whole text, its beginning, the
//! beginning of a word in it, inside a word, at the beginnings of words (`cao` for
//! *Cancel all orders*, `btcj` for *BTC/JPY*), scattered (`mcrsft` for *Microsoft*). In
//! the least of the texts (a venue, synonyms) a word must be whole or begun: what is not
//! shown large must not surprise. Case never matters. Of equal ranks the earlier candidate comes first.

use std::sync::Arc;

use crate::domain::Instrument;

/// How well a candidate fits a query; the smaller, the better.
pub(in crate::ui) type Rank = usize;

/// Texts of one candidate that are looked at, the weightiest first. Ranks of different
/// candidates compare as long as none has more texts than this.
const MOST_TEXTS: usize = 3;
/// Index of the text that only begun words are looked for in.
const LEAST_TEXT: usize = 2;

/// How a word was found, best first.
#[derive(Clone, Copy)]
enum Found {
    Whole,
    Beginning,
    WordBeginning,
    Inside,
    Initials,
    Scattered,
}

impl Found {
    fn is_begun(self) -> bool {
        matches!(self, Self::Whole | Self::Beginning | Self::WordBeginning)
    }
}

/// The instruments that `query` may mean, best first: by symbol, name and venue.
#[must_use]
pub(in crate::ui) fn matching_instruments<'a>(
    instruments: &'a [Arc<Instrument>],
    query: &str,
) -> Vec<(Rank, &'a Arc<Instrument>)> {
    let words = Words::of(query);
    let mut found: Vec<_> = instruments
        .iter()
        .filter_map(|i| Some((words.rank(&[&*i.symbol, &*i.name, &*i.venue])?, i)))
        .collect();
    found.sort_by_key(|(rank, _)| *rank);
    found
}

/// A query, ready to be compared.
pub(in crate::ui) struct Words(Vec<Vec<char>>);

impl Words {
    /// Reads a query.
    #[must_use]
    pub fn of(query: &str) -> Self {
        Self(
            query
                .split_whitespace()
                .map(|word| word.chars().flat_map(char::to_lowercase).collect())
                .collect(),
        )
    }

    /// How well a candidate fits, by its texts, the weightiest first; `None` when a word
    /// is in none of them. A query without words fits everything equally.
    #[must_use]
    pub fn rank(&self, texts: &[&str]) -> Option<Rank> {
        debug_assert!(texts.len() <= MOST_TEXTS, "{} texts", texts.len());
        let texts: Vec<Text> = texts.iter().map(|text| Text::of(text)).collect();
        self.0.iter().map(|word| best_rank(word, &texts)).sum()
    }
}

fn best_rank(word: &[char], texts: &[Text]) -> Option<Rank> {
    let ranks = texts.iter().enumerate().filter_map(|(index, text)| {
        let found = text.find(word).filter(|found| index < LEAST_TEXT || found.is_begun())?;
        Some(found as usize * MOST_TEXTS + index)
    });
    ranks.min()
}

/// A text in lower case, with the places where its words begin.
struct Text {
    chars: Vec<char>,
    begins: Vec<bool>,
}

impl Text {
    fn of(text: &str) -> Self {
        let chars: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        let begins = (0..chars.len())
            .map(|at| chars[at].is_alphanumeric() && (at == 0 || !chars[at - 1].is_alphanumeric()))
            .collect();
        Self { chars, begins }
    }

    fn find(&self, word: &[char]) -> Option<Found> {
        if self.chars == word {
            return Some(Found::Whole);
        }
        let places = || self.chars.windows(word.len()).enumerate().filter(|(_, part)| *part == word);
        match places().map(|(at, _)| at).min_by_key(|&at| (at != 0, !self.begins[at])) {
            Some(0) => Some(Found::Beginning),
            Some(at) if self.begins[at] => Some(Found::WordBeginning),
            Some(_) => Some(Found::Inside),
            None if self.has_initials(word) => Some(Found::Initials),
            None if self.has_scattered(word) => Some(Found::Scattered),
            None => None,
        }
    }

    /// Whether the letters are found in order, each right behind the one before or at
    /// the beginning of a word.
    fn has_initials(&self, word: &[char]) -> bool {
        // The places where the letters so far may end; all are followed at once.
        let mut ends: Vec<usize> = Vec::new();
        for (index, letter) in word.iter().enumerate() {
            let can_stand = |at: usize| match index {
                0 => self.begins[at],
                _ => ends.iter().any(|&end| at == end + 1 || (at > end && self.begins[at])),
            };
            ends = (0..self.chars.len()).filter(|&at| self.chars[at] == *letter && can_stand(at)).collect();
            if ends.is_empty() {
                return false;
            }
        }
        true
    }

    /// Whether the letters are found in order in one word, and are a good half of it up to
    /// the last: fewer would fit almost anything.
    fn has_scattered(&self, word: &[char]) -> bool {
        const FEWEST_LETTERS: usize = 3;
        if word.len() < FEWEST_LETTERS {
            return false;
        }
        let mut starts = (0..self.chars.len()).filter(|&at| self.begins[at]);
        starts.any(|start| {
            let part = self.chars[start..].split(|c| !c.is_alphanumeric()).next().unwrap_or_default();
            if part.first() != word.first() {
                return false;
            }
            let mut at = 0;
            let is_in_order = word.iter().all(|letter| {
                let found = part[at..].iter().position(|c| c == letter);
                at += found.map_or(0, |gap| gap + 1);
                found.is_some()
            });
            is_in_order && at <= word.len() * 2
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(query: &str, texts: &[&str]) -> bool {
        Words::of(query).rank(texts).is_some()
    }

    /// Every text but the last must be found, each better than the next; the last not at all.
    fn check_order(query: &str, texts: &[&str]) {
        let (not, fitting) = texts.split_last().unwrap();
        let ranks: Vec<Rank> = fitting.iter().map(|t| Words::of(query).rank(&[t]).unwrap()).collect();
        assert!(ranks.is_sorted_by(|a, b| a < b), "{query}: {ranks:?} for {fitting:?}");
        assert!(!found(query, &[not]), "{query} is not in {not}");
    }

    #[test]
    fn the_beginning_goes_before_the_inside_and_letters_come_last() {
        check_order("sony", &["Sony", "Sony Group", "The Sony Group", "Unsony", "So NY", "Stony", "Song"]);
        check_order("btc", &["BTC", "BTC/JPY", "X BTC", "WBTC", "B-Tc", "Bittec", "Bitumen"]);
    }

    #[test]
    fn case_and_separators_do_not_matter() {
        assert!(found("APPLE", &["apple"]));
        assert!(found("btcjpy", &["BTC/JPY"]));
        assert!(found("brkb", &["BRK.B"]));
        assert!(found("ÉLAN", &["Groupe élan"]));
    }

    #[test]
    fn letters_may_be_the_beginnings_of_words_or_a_good_half_of_one() {
        assert!(found("cao", &["Cancel all orders"]));
        assert!(found("behaca", &["Berkshire Hathaway Class A"]));
        assert!(!found("berkcb", &["Berkshire Hathaway"]));
        assert!(found("mcrsft", &["Microsoft"]));
        assert!(!found("moft", &["Motorcar of Toyota"]));
        assert!(!found("oso", &["Microsoft"]), "the first letter must begin a word");
    }

    #[test]
    fn every_word_must_be_found_in_any_text() {
        let toyota = ["7203", "Toyota Motor", "TSE"];
        assert!(found("toyota tse", &toyota));
        assert!(found("tse toy 72", &toyota));
        assert!(!found("toyota krx", &toyota));
    }

    #[test]
    fn the_inside_of_a_venue_is_not_looked_at() {
        assert!(found("cry", &["BTC/USD", "Bitcoin / US dollar", "CRYPTO"]));
        assert!(!found("yp", &["BTC/USD", "Bitcoin / US dollar", "CRYPTO"]));
    }

    #[test]
    fn a_weightier_text_goes_first_where_both_are_found_alike() {
        let rank = |texts: &[&str]| Words::of("ts").rank(texts).unwrap();
        assert!(rank(&["TSLA", "Tesla", "NASDAQ"]) < rank(&["7203", "TS Tech", "TSE"]));
        assert!(rank(&["7203", "Tsubaki", "X"]) < rank(&["7203", "Toyota", "TSE"]));
    }

    #[test]
    fn no_words_fit_everything_equally() {
        assert_eq!(Words::of("  ").rank(&["AAPL"]), Words::of("").rank(&["Apple"]));
    }
}
