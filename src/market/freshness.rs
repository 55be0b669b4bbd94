//! How far a quote can be trusted.

use std::time::Duration;

use crate::domain::Quote;

/// How far a quote can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It is the market.
    Live,
    /// The exchange is closed; it is the last word.
    Closed,
    /// Too old, or its connection is not ready: the market may be elsewhere.
    Stale,
}

impl Freshness {
    /// Of a quote that was last known to hold so long ago, may be `most_seconds` old, and whose broker takes orders
    /// or not.
    #[must_use]
    pub fn of(quote: &Quote, age: Duration, most_seconds: u32, is_ready: bool) -> Self {
        if !is_ready {
            Self::Stale
        } else if !quote.is_open {
            Self::Closed
        } else if age > Duration::from_secs(u64::from(most_seconds)) {
            Self::Stale
        } else {
            Self::Live
        }
    }
}
