//! Bars: open, high, low, close and volume of one period.

use serde::{Deserialize, Serialize};

use super::Time;

/// One period's prices and volume. `f64`, because bars are looked at, never booked.
///
/// Holds `low <= open, close <= high` and `volume >= 0`; whoever makes bars from
/// outside data checks with [`Bar::is_sound`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Bar {
    /// The instant at which the period begins.
    pub time: Time,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Units traded.
    pub volume: f64,
}

impl Bar {
    /// A bar of a single trade.
    #[must_use]
    pub fn from_trade(time: Time, price: f64, volume: f64) -> Self {
        Self { time, open: price, high: price, low: price, close: price, volume }
    }

    /// Adds a later trade of the same period.
    pub fn add_trade(&mut self, price: f64, volume: f64) {
        self.high = self.high.max(price);
        self.low = self.low.min(price);
        self.close = price;
        self.volume += volume;
    }

    /// Adds a later bar that belongs to the same, longer period.
    pub fn add_bar(&mut self, later: &Self) {
        self.high = self.high.max(later.high);
        self.low = self.low.min(later.low);
        self.close = later.close;
        self.volume += later.volume;
    }

    /// Whether the numbers can be a bar at all: finite, ordered, no negative volume.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let finite = [self.open, self.high, self.low, self.close, self.volume].iter().all(|x| x.is_finite());
        finite
            && self.low <= self.open.min(self.close)
            && self.high >= self.open.max(self.close)
            && self.volume >= 0.0
    }
}
