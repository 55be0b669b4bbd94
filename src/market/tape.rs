//! The tape as it is read: equal prints as one line, and how fast they come.
//!
//! Trades that follow one another at one price, with one aggressor, within a short time become one
//! [`Line`]: one order that met many, or many small ones. What is too small to be shown, and what is
//! large enough to stand out, is asked of a line and kept nowhere, so that a changed filter shows at
//! once what is already there.

pub mod pace;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Duration;

use crate::domain::{Price, Qty, Side, Time, Trade};

/// Most lines that a tape keeps.
pub const MOST_LINES: usize = 5_000;

/// One or more trades at one price with one aggressor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// When the exchange says the oldest of them happened.
    pub first: Time,
    /// When the newest did.
    pub last: Time,
    /// At which price.
    pub price: Price,
    /// How much, all of them.
    pub quantity: Qty,
    /// Who crossed the spread, where the exchange tells.
    pub aggressor: Option<Side>,
    /// How many trades.
    pub trades: u32,
}

impl Line {
    /// Whether it is of this size or larger, and so is shown where smaller ones are left out.
    #[must_use]
    pub fn is_at_least(&self, least: Qty) -> bool {
        self.quantity >= least
    }

    /// Whether it is as large as what stands out; nothing does from a size of zero.
    #[must_use]
    pub fn stands_out(&self, from: Qty) -> bool {
        !from.is_zero() && self.quantity >= from
    }

    fn of(trade: &Trade) -> Self {
        let &Trade { time, price, quantity, aggressor } = trade;
        Self { first: time, last: time, price, quantity, aggressor, trades: 1 }
    }

    /// The line with one more trade, where that belongs to it.
    fn with(&self, trade: &Trade, within: Duration) -> Option<Self> {
        let (first, last) = (self.first.min(trade.time), self.last.max(trade.time));
        let is_equal = self.price == trade.price && self.aggressor == trade.aggressor;
        let belongs = !within.is_zero() && is_equal && last.since(first) <= within;
        belongs.then(|| Self {
            first,
            last,
            quantity: self.quantity.saturating_add(trade.quantity),
            trades: self.trades.saturating_add(1),
            ..*self
        })
    }
}

/// The newest lines of one instrument's trades.
#[derive(Debug, Clone)]
pub struct Tape {
    within: Duration,
    lines: VecDeque<Line>,
    fallen: u64,
}

impl Tape {
    /// One whose lines last no longer than `within`, from the first trade of each to its last; with zero
    /// every trade is a line of its own, even where two have the same time.
    #[must_use]
    pub fn new(within: Duration) -> Self {
        Self { within, lines: VecDeque::new(), fallen: 0 }
    }

    /// Takes a trade in, in the order in which they come: one that is late joins the newest line or
    /// begins one, and changes none before. A trade has no name: the same one told twice counts twice.
    pub fn add(&mut self, trade: &Trade) {
        let within = self.within;
        if let Some((line, joined)) =
            self.lines.back_mut().and_then(|line| line.with(trade, within).map(|joined| (line, joined)))
        {
            *line = joined;
            return;
        }
        self.lines.push_back(Line::of(trade));
        if self.lines.len() > MOST_LINES {
            self.lines.pop_front();
            self.fallen += 1;
        }
    }

    /// The lines, oldest first.
    #[must_use]
    pub fn lines(&self) -> impl DoubleEndedIterator<Item = &Line> + ExactSizeIterator {
        self.lines.iter()
    }

    /// How many lines fell out at the old end.
    #[must_use]
    pub fn fallen(&self) -> u64 {
        self.fallen
    }
}
