//! An indicator with its numbers, as a chart keeps and stores it.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::table::{Indicator, Parameter};

/// An indicator with its numbers, which are in their ranges. In files
/// `{ kind = "ema", parameters = [20.0] }`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Study {
    indicator: &'static Indicator,
    parameters: Vec<f64>,
}

/// A study as it stands in files.
#[derive(Serialize, Deserialize)]
struct Stored {
    kind: String,
    #[serde(default)]
    parameters: Vec<f64>,
}

/// Numbers that an indicator cannot be computed with.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BadStudy {
    /// No entry of the table has the key.
    #[error("there is no indicator '{key}' in this version")]
    Unknown {
        /// The key that was given.
        key: String,
    },
    /// Too many numbers, or too few.
    #[error("{name} takes {expected} numbers, not {given}")]
    Count {
        /// The indicator's short name.
        name: &'static str,
        /// How many it takes.
        expected: usize,
        /// How many were given.
        given: usize,
    },
    /// A number out of its range.
    #[error("{name} must be between {least} and {most}")]
    OutOfRange {
        /// The parameter's name.
        name: &'static str,
        /// The smallest it may be.
        least: f64,
        /// The largest it may be.
        most: f64,
    },
    /// A fraction of a bar.
    #[error("{name} must be a whole number of bars")]
    NotWhole {
        /// The parameter's name.
        name: &'static str,
    },
}

impl Study {
    /// An indicator with these numbers, in the order of [`Indicator::parameters`].
    ///
    /// # Errors
    /// When they are too many or too few, or one is out of its range or should be whole.
    pub fn new(indicator: &'static Indicator, parameters: Vec<f64>) -> Result<Self, BadStudy> {
        let (expected, given) = (indicator.parameters.len(), parameters.len());
        if expected != given {
            return Err(BadStudy::Count { name: indicator.short, expected, given });
        }
        for (parameter, &value) in indicator.parameters.iter().zip(&parameters) {
            check(parameter, value)?;
        }
        Ok(Self { indicator, parameters })
    }

    /// An indicator with the numbers it is known by.
    #[must_use]
    pub fn usual(indicator: &'static Indicator) -> Self {
        let parameters = indicator.parameters.iter().map(|parameter| parameter.default).collect();
        Self { indicator, parameters }
    }

    /// What it is a study with.
    #[must_use]
    pub fn indicator(&self) -> &'static Indicator {
        self.indicator
    }

    /// Its numbers, in the order of [`Indicator::parameters`].
    #[must_use]
    pub fn parameters(&self) -> &[f64] {
        &self.parameters
    }

    /// What a chart calls it, such as `EMA 20`.
    #[must_use]
    pub fn label(&self) -> String {
        let mut label = self.indicator.short.to_owned();
        for parameter in &self.parameters {
            // Writing to a string cannot fail.
            write!(label, " {parameter}").ok();
        }
        label
    }
}

fn check(parameter: &Parameter, value: f64) -> Result<(), BadStudy> {
    let &Parameter { name, least, most, is_whole, .. } = parameter;
    if !(least..=most).contains(&value) {
        return Err(BadStudy::OutOfRange { name, least, most });
    }
    if is_whole && value.fract() != 0.0 {
        return Err(BadStudy::NotWhole { name });
    }
    Ok(())
}

impl TryFrom<Stored> for Study {
    type Error = BadStudy;

    fn try_from(stored: Stored) -> Result<Self, BadStudy> {
        let Stored { kind, parameters } = stored;
        match Indicator::of_key(&kind) {
            Some(indicator) => Self::new(indicator, parameters),
            None => Err(BadStudy::Unknown { key: kind }),
        }
    }
}

impl From<Study> for Stored {
    fn from(study: Study) -> Self {
        Self { kind: study.indicator.key.to_owned(), parameters: study.parameters }
    }
}
