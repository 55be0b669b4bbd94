//! Trades: the prints of the tape.

use serde::{Deserialize, Serialize};

use super::{Price, Qty, Side, Time};

/// One trade of the market (not a fill of ours).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// When the exchange says it happened.
    pub time: Time,
    /// At which price.
    pub price: Price,
    /// How much.
    pub quantity: Qty,
    /// Who crossed the spread, where the exchange tells.
    pub aggressor: Option<Side>,
}
