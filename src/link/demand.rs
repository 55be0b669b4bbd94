//! What the open panes need, as a set.
//!
//! The window computes it anew each frame; it crosses the link only when it has
//! changed, and whole, so that it is idempotent: applying it twice, or losing all
//! but the last, ends in the same subscriptions.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{InstrumentId, Timeframe};

/// One bar series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BarKey {
    /// Of which instrument.
    pub instrument: InstrumentId,
    /// In which period.
    pub timeframe: Timeframe,
}

/// Everything the window wants to be told about, besides the lossless class.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Demand {
    /// Instruments whose quotes are looked at.
    pub quotes: BTreeSet<InstrumentId>,
    /// Instruments whose depth is looked at.
    pub depth: BTreeSet<InstrumentId>,
    /// Instruments whose single trades are looked at.
    pub trades: BTreeSet<InstrumentId>,
    /// Bar series, with the number of closed bars wanted, counted back from the newest.
    pub bars: BTreeMap<BarKey, usize>,
}

impl Demand {
    /// Adds a series; of two wishes for the same, the longer history counts.
    pub fn want_bars(&mut self, key: BarKey, count: usize) {
        let wanted = self.bars.entry(key).or_default();
        *wanted = (*wanted).max(count);
    }

    /// Adds everything that another wants.
    pub fn add(&mut self, other: &Self) {
        let Self { quotes, depth, trades, bars } = other;
        self.quotes.extend(quotes);
        self.depth.extend(depth);
        self.trades.extend(trades);
        for (key, count) in bars {
            self.want_bars(*key, *count);
        }
    }
}
