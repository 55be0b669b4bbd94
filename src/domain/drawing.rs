//! What the trader draws over the prices of an instrument, on whatever chart shows it.
//!
//! A drawing stands at prices and at instants, never at bars or pixels: so it is right in every period, on every
//! scale, and whatever history comes in front.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::{Price, Time};

/// Drawings that an instrument may have: more hide the prices that they are about.
pub const MOST_DRAWINGS: usize = 100;

/// A drawing, unique in a profile for its whole life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DrawingId(pub u64);

/// A place in an instrument's history, or in its future.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When.
    pub time: Time,
    /// At which price.
    pub price: Price,
}

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "shape")]
pub enum Figure {
    /// A horizontal line.
    Level {
        /// Where.
        price: Price,
    },
    /// A line between two places.
    Trend {
        /// Where it was begun.
        from: Mark,
        /// Where it was ended.
        to: Mark,
        /// Whether it goes on to the right of its later end.
        #[serde(default)]
        extends: bool,
    },
}

impl Figure {
    /// What it is called.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Level { .. } => "Horizontal line",
            Self::Trend { .. } => "Trend line",
        }
    }
}

/// The colours that a drawing may have, by their places in the theme.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrawingInk {
    /// The first.
    #[default]
    Blue,
    /// The second.
    Orange,
    /// The third.
    Violet,
    /// The fourth.
    Yellow,
    /// That of text.
    Plain,
}

impl DrawingInk {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Blue, Self::Orange, Self::Violet, Self::Yellow, Self::Plain];

    /// What it is called.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Blue => "Blue",
            Self::Orange => "Orange",
            Self::Violet => "Violet",
            Self::Yellow => "Yellow",
            Self::Plain => "Plain",
        }
    }
}

/// A colour of a later version is the first: a drawing is worth more than its colour.
impl<'de> Deserialize<'de> for DrawingInk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        let is_it = |ink: &Self| ink.label().eq_ignore_ascii_case(&name);
        Ok(Self::ALL.into_iter().find(is_it).unwrap_or_default())
    }
}

/// A drawing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawing {
    /// Which.
    pub id: DrawingId,
    /// What, and where.
    pub figure: Figure,
    /// In which colour.
    #[serde(default)]
    pub ink: DrawingInk,
}

/// What is to become of the drawings of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawingChange {
    /// One more.
    Add(Figure, DrawingInk),
    /// One that is there looks otherwise.
    Change(Drawing),
    /// One less.
    Remove(DrawingId),
}

/// Why drawings stay as they are, in words for a trader.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DrawingRefused {
    /// There are [`MOST_DRAWINGS`] of this instrument.
    TooMany(String),
    /// It was deleted.
    Gone,
}

impl fmt::Display for DrawingRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooMany(key) => {
                write!(
                    f,
                    "Not drawn: {key} has {MOST_DRAWINGS} drawings, which is the most. Delete one first"
                )
            }
            Self::Gone => f.write_str("The drawing is not changed: it was deleted meanwhile"),
        }
    }
}

/// The drawings of a profile, by [`super::Instrument::key`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DrawingBook {
    /// The number that was given last.
    last: u64,
    instruments: BTreeMap<String, Vec<Drawing>>,
}

impl DrawingBook {
    /// Those of an instrument, the oldest first.
    #[must_use]
    pub fn of(&self, key: &str) -> &[Drawing] {
        self.instruments.get(key).map_or(&[], Vec::as_slice)
    }

    /// Changes what an instrument has.
    ///
    /// # Errors
    /// When it has all that it may have, or the drawing is not there; nothing has changed then.
    pub fn change(&mut self, key: &str, change: DrawingChange) -> Result<(), DrawingRefused> {
        match change {
            DrawingChange::Add(figure, ink) => {
                if self.of(key).len() >= MOST_DRAWINGS {
                    return Err(DrawingRefused::TooMany(key.to_owned()));
                }
                self.last += 1;
                let drawing = Drawing { id: DrawingId(self.last), figure, ink };
                self.instruments.entry(key.to_owned()).or_default().push(drawing);
            }
            DrawingChange::Change(drawing) => {
                let own = self.instruments.get_mut(key).into_iter().flatten();
                *own.into_iter().find(|one| one.id == drawing.id).ok_or(DrawingRefused::Gone)? = drawing;
            }
            DrawingChange::Remove(id) => {
                let own = self.instruments.get_mut(key).ok_or(DrawingRefused::Gone)?;
                let before = own.len();
                own.retain(|one| one.id != id);
                if own.len() == before {
                    return Err(DrawingRefused::Gone);
                }
                if own.is_empty() {
                    self.instruments.remove(key);
                }
            }
        }
        Ok(())
    }

    /// As it may be: whatever a file says, no number is given twice, and no instrument has too many.
    #[must_use]
    pub fn settled(mut self) -> Self {
        self.instruments.values_mut().for_each(|own| own.truncate(MOST_DRAWINGS));
        self.instruments.retain(|_, own| !own.is_empty());
        let given = self.instruments.values().flatten().map(|one| one.id.0).max().unwrap_or(0);
        self.last = self.last.max(given);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Decimal;

    fn level(cents: i64) -> Figure {
        Figure::Level { price: Price(Decimal::new(cents, 2)) }
    }

    #[test]
    fn what_is_added_changed_and_removed_is_of_its_instrument_alone() {
        let mut book = DrawingBook::default();
        for key in ["A", "A", "B"] {
            book.change(key, DrawingChange::Add(level(100), DrawingInk::Blue)).unwrap();
        }
        let first = book.of("A")[0];
        book.change("A", DrawingChange::Change(Drawing { figure: level(200), ..first })).unwrap();
        assert_eq!(book.of("A")[0].figure, level(200));
        book.change("A", DrawingChange::Remove(first.id)).unwrap();
        assert_eq!((book.of("A").len(), book.of("B").len()), (1, 1));
        let before = book.clone();
        for change in [DrawingChange::Remove(first.id), DrawingChange::Change(first)] {
            assert_eq!(book.change("A", change), Err(DrawingRefused::Gone));
            assert_eq!(book.change("B", DrawingChange::Remove(first.id)), Err(DrawingRefused::Gone));
        }
        assert_eq!(book, before);
    }

    #[test]
    fn an_instrument_has_a_bounded_number_of_drawings_and_says_so() {
        let mut book = DrawingBook::default();
        let add = DrawingChange::Add(level(100), DrawingInk::Plain);
        for _ in 0..MOST_DRAWINGS {
            book.change("A", add).unwrap();
        }
        let refused = book.change("A", add).unwrap_err().to_string();
        assert!(refused.contains("has 100 drawings") && refused.contains("Delete one first"), "{refused}");
        book.change("B", add).unwrap();
        book.change("A", DrawingChange::Remove(book.of("A")[7].id)).unwrap();
        book.change("A", add).unwrap();
        let ids: std::collections::BTreeSet<_> = book.of("A").iter().map(|one| one.id).collect();
        assert_eq!(ids.len(), MOST_DRAWINGS, "no number is given twice");
    }

    #[test]
    fn a_file_cannot_have_a_number_given_twice_or_too_many() {
        let one = Drawing { id: DrawingId(9), figure: level(100), ink: DrawingInk::Blue };
        let instruments = BTreeMap::from([("A".to_owned(), vec![one; 150]), ("B".to_owned(), Vec::new())]);
        let mut book = DrawingBook { last: 3, instruments }.settled();
        assert_eq!((book.of("A").len(), book.instruments.len()), (MOST_DRAWINGS, 1));
        book.change("B", DrawingChange::Add(level(100), DrawingInk::Blue)).unwrap();
        assert_eq!(book.of("B")[0].id, DrawingId(10));
    }
}
