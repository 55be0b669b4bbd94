//! What a trader may accept for one order although it is unusual.

use serde::{Deserialize, Serialize};

/// Something about the market or the line that holds an opening order back, unless the trader
/// says so for that order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unusual {
    /// The newest quote is older than its limit.
    StaleQuote,
    /// The bid is above the ask.
    CrossedBook,
    /// Nobody stands on the side that the order would meet.
    EmptyBook,
    /// Nothing has been heard of the broker for too long.
    SilentBroker,
}

/// What the trader has accepted for one order. It lifts no limit, no kill switch and no
/// broken connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Despite {
    /// [`Unusual::StaleQuote`].
    pub stale_quote: bool,
    /// [`Unusual::CrossedBook`].
    pub crossed_book: bool,
    /// [`Unusual::EmptyBook`].
    pub empty_book: bool,
    /// [`Unusual::SilentBroker`].
    pub silent_broker: bool,
}

impl Despite {
    /// Whether nothing is accepted, as for most orders.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// Whether this is accepted.
    #[must_use]
    pub fn covers(&self, unusual: Unusual) -> bool {
        match unusual {
            Unusual::StaleQuote => self.stale_quote,
            Unusual::CrossedBook => self.crossed_book,
            Unusual::EmptyBook => self.empty_book,
            Unusual::SilentBroker => self.silent_broker,
        }
    }

    /// With this accepted too.
    #[must_use]
    pub fn and(mut self, unusual: Unusual) -> Self {
        match unusual {
            Unusual::StaleQuote => self.stale_quote = true,
            Unusual::CrossedBook => self.crossed_book = true,
            Unusual::EmptyBook => self.empty_book = true,
            Unusual::SilentBroker => self.silent_broker = true,
        }
        self
    }
}
