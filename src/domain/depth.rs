//! Depth: the visible levels of an order book.

use super::{Price, Qty, Time};

/// What rests at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    /// The price.
    pub price: Price,
    /// Quantity of all orders there.
    pub quantity: Qty,
    /// Number of orders, where the exchange tells.
    pub orders: u32,
}

/// A book's best levels, best first on both sides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Depth {
    /// Buyers, highest price first.
    pub bids: Vec<Level>,
    /// Sellers, lowest price first.
    pub asks: Vec<Level>,
    /// When the exchange says it was so.
    pub time: Time,
}
