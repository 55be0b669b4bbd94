//! Why the gate refuses: the limit, its value, the order's value, and what to do.

use crate::domain::money::rounded_up;
use crate::domain::{Decimal, Money, Price, Qty};

/// Why the gate refused, with the limit and the order's own value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The kill switch is on.
    #[error("The kill switch is on: no orders are sent. Release it in the status bar to trade again.")]
    Killed,
    /// The connection takes no orders.
    #[error("{0}. Orders can be sent once it is ready.")]
    NotReady(String),
    /// Nothing that opens risk may be sent for now.
    #[error("{0}. Until that has ended, orders may only make positions smaller.")]
    OpeningLocked(String),
    /// Not a multiple of the lot.
    #[error("Quantity {quantity} is not a positive multiple of the lot of {lot}.")]
    OffLot {
        /// The order's.
        quantity: Qty,
        /// The instrument's.
        lot: Qty,
    },
    /// A price off the tick grid.
    #[error("{what} {price} is not on the tick grid: use {below} or {above}.")]
    OffTick {
        /// Which price of the order.
        what: &'static str,
        /// The order's.
        price: Price,
        /// The grid price below it.
        below: Price,
        /// The grid price above it.
        above: Price,
    },
    /// A change that leaves nothing to fill.
    #[error("{filled} of it are filled already: cancel the rest instead.")]
    NothingLeft {
        /// How much has filled.
        filled: Qty,
    },
    /// A trailing distance of zero or less, or of all the price.
    #[error("The trailing distance must be above zero (and below 100 %).")]
    BadTrail,
    /// Nothing to value the order with.
    #[error("No price of {0} has been seen yet: wait for the first quote.")]
    NoPrice(String),
    /// The quote is too old.
    #[error("The newest quote of {symbol} is {age} s old, the limit is {limit} s: wait for a fresh one.")]
    StaleQuote {
        /// Which instrument.
        symbol: String,
        /// Age in seconds.
        age: u64,
        /// The limit in seconds.
        limit: u32,
    },
    /// A quantity whose value no number here can hold.
    #[error("Quantity {0} is beyond counting: check it.")]
    BeyondCounting(Qty),
    /// Worth too much.
    #[error(
        "The order is worth {value}, the limit per order is {limit}: lower the quantity, or raise limits.max_order_value in settings.toml and restart."
    )]
    OrderValue {
        /// The order's.
        value: Money,
        /// The limit.
        limit: Money,
    },
    /// The position would be worth too much.
    #[error(
        "The position would be worth {value}, the limit is {limit}: lower the quantity, or raise limits.max_position_value in settings.toml and restart."
    )]
    PositionValue {
        /// After the order.
        value: Money,
        /// The limit.
        limit: Money,
    },
    /// A price far on the wrong side of the market.
    #[error(
        "{what} {price} is {} % beyond the market at {market}, the limit is {limit} %: check the price.",
        rounded_up(*.distance, 1)
    )]
    PriceDistance {
        /// Which price of the order.
        what: &'static str,
        /// The order's.
        price: Price,
        /// The market's.
        market: Price,
        /// How far beyond, in per cent.
        distance: Decimal,
        /// The limit in per cent.
        limit: Decimal,
    },
    /// Too many orders work.
    #[error(
        "{count} orders are working, the limit is {limit}: cancel some, or raise limits.max_working_orders in settings.toml and restart."
    )]
    WorkingOrders {
        /// Now.
        count: usize,
        /// The limit.
        limit: u32,
    },
    /// No exchange rate.
    #[error("There is no exchange rate for {0}, so the order's value is not known: wait for a quote of it.")]
    NoRate(String),
}
