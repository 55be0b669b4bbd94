//! The list of indicators, and what the window has to know of each.

use std::fmt;
use std::sync::Arc;

use super::formula::State;
use super::{bollinger, ema, macd, rsi, sma, vwap};
use crate::domain::Bar;
use crate::market::calendar::Calendar;

/// All indicators, in the order of a menu.
pub static INDICATORS: [Indicator; 6] =
    [sma::SMA, ema::EMA, vwap::VWAP, bollinger::BOLLINGER, rsi::RSI, macd::MACD];

/// One kind of indicator.
pub struct Indicator {
    /// Its name in files; never changes.
    pub key: &'static str,
    /// Its name in labels, such as `EMA`.
    pub short: &'static str,
    /// Its name in full.
    pub name: &'static str,
    /// The numbers it asks for.
    pub parameters: &'static [Parameter],
    /// Its lines, at most [`super::LINES`].
    pub outputs: &'static [Output],
    /// Where they are drawn.
    pub pane: Pane,
    /// The price it is computed from.
    pub source: Source,
    /// The state before the first bar, of parameters that were checked.
    pub(super) begin: fn(&[f64], &Arc<Calendar>) -> Box<dyn State>,
}

impl Indicator {
    /// The one with this key.
    #[must_use]
    pub fn of_key(key: &str) -> Option<&'static Self> {
        INDICATORS.iter().find(|indicator| indicator.key == key)
    }
}

impl fmt::Debug for Indicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key)
    }
}

impl PartialEq for Indicator {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

/// A number that an indicator asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Parameter {
    /// What it is called beside its field.
    pub name: &'static str,
    /// The smallest it may be.
    pub least: f64,
    /// The largest it may be.
    pub most: f64,
    /// What it is until the trader changes it.
    pub default: f64,
    /// Whether it counts bars, so that it has no fraction.
    pub is_whole: bool,
}

impl Parameter {
    /// A number of bars.
    pub(super) const fn bars(name: &'static str, default: f64) -> Self {
        Self { name, least: 1.0, most: 1_000.0, default, is_whole: true }
    }
}

/// A line of an indicator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Output {
    /// What a legend calls it.
    pub name: &'static str,
    /// How it is drawn.
    pub mark: Mark,
}

impl Output {
    pub(super) const fn line(name: &'static str) -> Self {
        Self { name, mark: Mark::Line }
    }
}

/// How an output is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A line from bar to bar.
    Line,
    /// A column a bar, from zero.
    Histogram,
}

/// Where an indicator is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pane {
    /// Over the bars, on their price scale.
    Price,
    /// Below them, on a scale of its own.
    Own {
        /// The ends of the scale, lower first, where they are fixed.
        range: Option<(f64, f64)>,
        /// Values that a level line is drawn at.
        guides: &'static [f64],
    },
}

/// The price of a bar that an indicator is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The last price.
    Close,
    /// The mean of high, low and last price.
    Hlc3,
}

impl Source {
    /// That price of `bar`.
    #[must_use]
    pub fn price(self, bar: &Bar) -> f64 {
        match self {
            Self::Close => bar.close,
            Self::Hlc3 => (bar.high + bar.low + bar.close) / 3.0,
        }
    }
}
