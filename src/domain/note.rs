//! What the trader has noted of an order and of what it has filled.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Letters of a note.
pub const LONGEST: usize = 2_000;
/// Tags of an order.
pub const MOST_TAGS: usize = 10;
/// Letters of a tag.
pub const LONGEST_TAG: usize = 30;

/// A note with its tags. An empty one is none.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Note {
    /// What the trader has written.
    #[serde(default)]
    pub text: Arc<str>,
    /// Words that it is found by.
    #[serde(default)]
    pub tags: Vec<Arc<str>>,
}

/// Why a note is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadNote {
    /// The text is too long.
    #[error("A note has at most {LONGEST} letters: shorten it")]
    TooLong,
    /// There are too many tags.
    #[error("An order has at most {MOST_TAGS} tags: leave some out")]
    TooManyTags,
    /// A tag is too long.
    #[error("A tag has at most {LONGEST_TAG} letters: shorten it")]
    TagTooLong,
}

impl Note {
    /// Of a text and of tags as they are typed: by commas or spaces, with `#` or without; none twice.
    #[must_use]
    pub fn typed(text: &str, tags: &str) -> Self {
        let mut known: Vec<Arc<str>> = Vec::new();
        let words = tags.split(|letter: char| letter == ',' || letter.is_whitespace());
        for word in words.map(|word| word.trim_start_matches('#')).filter(|word| !word.is_empty()) {
            if !known.iter().any(|tag| **tag == *word) {
                known.push(word.into());
            }
        }
        Self { text: text.trim().into(), tags: known }
    }

    /// Whether nothing is noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty() && self.tags.is_empty()
    }

    /// The tags as they are typed.
    #[must_use]
    pub fn typed_tags(&self) -> String {
        self.tags.join(", ")
    }

    /// All of it in one line: `#swing #gap Sold too early`.
    #[must_use]
    pub fn line(&self) -> String {
        let tags = self.tags.iter().map(|tag| format!("#{tag}"));
        let words = self.text.split_whitespace().map(str::to_owned);
        tags.chain(words).collect::<Vec<_>>().join(" ")
    }

    /// Whether it can be kept.
    ///
    /// # Errors
    /// With what is too long, in words for a trader.
    pub fn check(&self) -> Result<(), BadNote> {
        if self.text.chars().count() > LONGEST {
            return Err(BadNote::TooLong);
        }
        if self.tags.len() > MOST_TAGS {
            return Err(BadNote::TooManyTags);
        }
        if self.tags.iter().any(|tag| tag.chars().count() > LONGEST_TAG) {
            return Err(BadNote::TagTooLong);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_as_people_type_them() {
        let note = Note::typed(" Sold too early\n", "#gap, swing  gap,,#");
        assert_eq!((&*note.text, note.typed_tags()), ("Sold too early", "gap, swing".to_owned()));
        assert_eq!(note.line(), "#gap #swing Sold too early");
        assert!(Note::typed(" ", " ,#").is_empty());
    }

    #[test]
    fn what_is_too_long_is_refused() {
        assert_eq!(Note::typed(&"é".repeat(LONGEST), "").check(), Ok(()));
        assert_eq!(Note::typed(&"é".repeat(LONGEST + 1), "").check(), Err(BadNote::TooLong));
        let tags: Vec<String> = (0..=MOST_TAGS).map(|tag| tag.to_string()).collect();
        assert_eq!(Note::typed("", &tags.join(" ")).check(), Err(BadNote::TooManyTags));
        assert_eq!(Note::typed("", &"x".repeat(LONGEST_TAG + 1)).check(), Err(BadNote::TagTooLong));
    }
}
