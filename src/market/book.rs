//! An order book kept from price levels, as a feed sends them: a snapshot, then changes.
//!
//! For brokers whose feed speaks in levels. It keeps what it is told and judges
//! nothing; [`LevelBook::is_crossed`] tells that a change was lost or is still to come.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::domain::{Depth, Level, Price, Side, Time};

/// Both sides of a book. No level in it has a quantity of zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LevelBook {
    bids: BTreeMap<Price, Level>,
    asks: BTreeMap<Price, Level>,
}

impl LevelBook {
    /// Puts a level in the place of what rested at its price; a quantity of zero deletes.
    /// Buyers are bids, sellers are asks.
    pub fn set(&mut self, side: Side, level: Level) {
        if level.quantity.is_zero() {
            self.delete(side, level.price);
        } else {
            self.side_mut(side).insert(level.price, level);
        }
    }

    /// Removes what rests at a price, if anything does.
    pub fn delete(&mut self, side: Side, price: Price) {
        self.side_mut(side).remove(&price);
    }

    /// Takes a snapshot for the whole book. Its levels may be in any order.
    pub fn replace(&mut self, snapshot: &Depth) {
        *self = Self::default();
        for &level in &snapshot.bids {
            self.set(Side::Buy, level);
        }
        for &level in &snapshot.asks {
            self.set(Side::Sell, level);
        }
    }

    /// The highest bid.
    #[must_use]
    pub fn best_bid(&self) -> Option<Level> {
        self.bids.last_key_value().map(|(_, level)| *level)
    }

    /// The lowest ask.
    #[must_use]
    pub fn best_ask(&self) -> Option<Level> {
        self.asks.first_key_value().map(|(_, level)| *level)
    }

    /// The best `levels` of both sides, best first. `time` is when the feed says it was so.
    #[must_use]
    pub fn depth(&self, levels: usize, time: Time) -> Depth {
        Depth {
            bids: self.bids.values().rev().take(levels).copied().collect(),
            asks: self.asks.values().take(levels).copied().collect(),
            time,
        }
    }

    /// Whether the best bid is at or above the best ask, which no exchange lets stand
    /// while it trades.
    #[must_use]
    pub fn is_crossed(&self) -> bool {
        matches!((self.best_bid(), self.best_ask()), (Some(bid), Some(ask)) if bid.price >= ask.price)
    }

    fn side_mut(&mut self, side: Side) -> &mut BTreeMap<Price, Level> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }
}
