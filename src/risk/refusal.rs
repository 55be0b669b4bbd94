//! Why the gate refuses: the limit, its value, the order's value, and what to do.

use super::{Lock, Unusual};
use crate::domain::limits::{Limit, Scope};
use crate::domain::money::rounded_up;
use crate::domain::{AccountId, Decimal, Money, Price, Qty, Side, counted};

/// Where limits are changed, in the words of the window.
pub const WHERE: &str = "Limits (type it into the search)";

/// Why the gate refused, with the limit and the order's own value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The kill switch is on.
    #[error("The kill switch is on: no orders are sent. Release it in the status bar to trade again.")]
    Killed,
    /// The connection takes no orders.
    #[error("{0}. Orders can be sent once it is ready.")]
    NotReady(String),
    /// A live account that nobody has armed in this run.
    #[error(
        "Account {0} trades real money and is not armed: positions can be closed, none can be opened. Arm it \
         by its badge in the top bar: type its id there."
    )]
    NotArmed(AccountId),
    /// A close that would open a position.
    #[error("The position has changed meanwhile: closing it so would open another one.")]
    NothingToClose,
    /// Nothing that opens risk may be sent for now.
    #[error("{0}. Until that has ended, orders may only make positions smaller.")]
    OpeningLocked(String),
    /// Nothing is heard of the broker.
    #[error("{0}. An order may not arrive: wait until the broker is heard again.")]
    Silent(String),
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
    #[error(
        "The newest quote of {symbol} is {age} s old, the limit of {scope} is {limit} s: wait for a fresh one."
    )]
    StaleQuote {
        /// Which instrument.
        symbol: String,
        /// Age in seconds.
        age: u64,
        /// The limit in seconds.
        limit: u32,
        /// Whose limit it is.
        scope: Scope,
    },
    /// The book makes no sense.
    #[error("The book of {symbol} is crossed, bid {bid} above ask {ask}: wait until it has settled.")]
    CrossedBook {
        /// Which instrument.
        symbol: String,
        /// Its bid.
        bid: Price,
        /// Its ask.
        ask: Price,
    },
    /// Nobody is there to trade with.
    #[error("The book of {symbol} has no {}: wait until somebody quotes.", quoted(*.side))]
    EmptyBook {
        /// Which instrument.
        symbol: String,
        /// The empty side.
        side: Side,
    },
    /// A quantity whose value no number here can hold.
    #[error("Quantity {0} is beyond counting: check it.")]
    BeyondCounting(Qty),
    /// Too many units.
    #[error(
        "The order opens {quantity} units, the limit of {scope} is {limit}: lower the quantity, or change it in \
         {WHERE}."
    )]
    OrderQuantity {
        /// What the order opens.
        quantity: Qty,
        /// The limit.
        limit: Qty,
        /// Whose limit it is.
        scope: Scope,
    },
    /// Too many units held.
    #[error(
        "The position would be {quantity} units, the limit of {scope} is {limit}: lower the quantity, or change \
         it in {WHERE}."
    )]
    PositionQuantity {
        /// After the order.
        quantity: Qty,
        /// The limit.
        limit: Qty,
        /// Whose limit it is.
        scope: Scope,
    },
    /// Exits that stay would turn the position into one that is worth too much.
    #[error(
        "With the exits that stay, a position worth {value} could be held on the other side, the limit of {scope} is \
         {limit}: use Close, which cancels them, or cancel them first."
    )]
    ValueBeyond {
        /// What it would be worth.
        value: Money,
        /// The limit.
        limit: Money,
        /// Whose limit it is.
        scope: Scope,
    },
    /// Worth too much.
    #[error(
        "The order is worth {value}, the limit of {scope} is {limit}: lower the quantity, or change it in {WHERE}."
    )]
    OrderValue {
        /// The order's.
        value: Money,
        /// The limit.
        limit: Money,
        /// Whose limit it is.
        scope: Scope,
    },
    /// The position would be worth too much.
    #[error(
        "The position would be worth {value}, the limit of {scope} is {limit}: lower the quantity, or change it \
         in {WHERE}."
    )]
    PositionValue {
        /// After the order.
        value: Money,
        /// The limit.
        limit: Money,
        /// Whose limit it is.
        scope: Scope,
    },
    /// All positions would be worth too much.
    #[error(
        "With this order the exposure would be {value}, the limit of {scope} is {limit}: lower the quantity, close \
         or cancel something, or change it in {WHERE}."
    )]
    Exposure {
        /// After the order, working orders counted as filled.
        value: Money,
        /// The limit.
        limit: Money,
        /// Whose limit it is.
        scope: Scope,
    },
    /// The exposure cannot be counted.
    #[error(
        "The exposure of {scope} is not known, because a position has no price or exchange rate yet: wait for its \
         quote."
    )]
    NoExposure {
        /// Of which scope.
        scope: Scope,
    },
    /// A price far on the wrong side of the market.
    #[error(
        "{what} {price} is {} % beyond the market at {market}, the limit of {scope} is {limit} %: check the price, \
         or change it in {WHERE}.",
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
        /// Whose limit it is.
        scope: Scope,
    },
    /// Too many orders work.
    #[error(
        "{} working, the limit of {scope} is {limit}: cancel some, or change it in {WHERE}.",
        counted(*.count, "order is", "orders are")
    )]
    WorkingOrders {
        /// Now.
        count: usize,
        /// The limit.
        limit: u32,
        /// Whose limit it is.
        scope: Scope,
    },
    /// Too many orders at once.
    #[error(
        "{} sent in the last minute, the limit of {scope} is {limit}: wait a moment, or change it in {WHERE}.",
        counted(*.count, "order was", "orders were")
    )]
    OrdersPerMinute {
        /// In the last minute.
        count: usize,
        /// The limit.
        limit: u32,
        /// Whose limit it is.
        scope: Scope,
    },
    /// The day has cost too much.
    #[error(
        "The loss of the day is {loss}, the limit of {scope} is {limit}: nothing is opened before the next trading \
         day. Closing works."
    )]
    LossPerDay {
        /// By now.
        loss: Money,
        /// The limit.
        limit: Money,
        /// Whose limit it is.
        scope: Scope,
    },
    /// The day has cost too much before.
    #[error(
        "The loss of the day had reached {}, the limit of {scope} was {}: nothing is opened before {}. Closing \
         works.", .lock.loss, .lock.limit, minute(.lock)
    )]
    Locked {
        /// When and why.
        lock: Lock,
        /// Whose limit it is.
        scope: Scope,
    },
    /// The loss cannot be counted.
    #[error(
        "The loss of the day of {scope} is not known, because a position has no price or exchange rate yet: wait for \
         its quote."
    )]
    NoResult {
        /// Of which scope.
        scope: Scope,
    },
    /// Not one of the instruments that may be traded.
    #[error("{key} is not among the instruments that {scope} may open: add it in {WHERE}.")]
    Instrument {
        /// The order's.
        key: String,
        /// Whose limit it is.
        scope: Scope,
    },
    /// Not at this hour.
    #[error("Positions of {scope} are opened within {hours} only: wait, or change it in {WHERE}.")]
    Hours {
        /// The hours.
        hours: String,
        /// Whose limit it is.
        scope: Scope,
    },
    /// Not in a regular session.
    #[error(
        "Positions of {scope} are opened in regular sessions only: wait for one, or change it in {WHERE}."
    )]
    NotRegular {
        /// Whose limit it is.
        scope: Scope,
    },
    /// No exchange rate.
    #[error("There is no exchange rate for {0}, so the order's value is not known: wait for a quote of it.")]
    NoRate(String),
}

impl Refusal {
    /// What the trader would have to accept for this order to get past it; `None` where there is
    /// no such thing.
    #[must_use]
    pub fn unusual(&self) -> Option<Unusual> {
        match self {
            Self::StaleQuote { .. } => Some(Unusual::StaleQuote),
            Self::CrossedBook { .. } => Some(Unusual::CrossedBook),
            Self::EmptyBook { .. } => Some(Unusual::EmptyBook),
            Self::Silent(_) => Some(Unusual::SilentBroker),
            _ => None,
        }
    }

    /// Which limit it is about, and whose, where a limit is what holds the order back.
    #[must_use]
    pub fn limit(&self) -> Option<(Limit, &Scope)> {
        Some(match self {
            Self::OrderQuantity { scope, .. } => (Limit::OrderQuantity, scope),
            Self::PositionQuantity { scope, .. } => (Limit::PositionQuantity, scope),
            Self::OrderValue { scope, .. } => (Limit::OrderValue, scope),
            Self::PositionValue { scope, .. } => (Limit::PositionValue, scope),
            Self::Exposure { scope, .. } | Self::NoExposure { scope } => (Limit::Exposure, scope),
            Self::PriceDistance { scope, .. } => (Limit::PriceDistance, scope),
            Self::WorkingOrders { scope, .. } => (Limit::WorkingOrders, scope),
            Self::OrdersPerMinute { scope, .. } => (Limit::OrdersPerMinute, scope),
            Self::LossPerDay { scope, .. } | Self::Locked { scope, .. } | Self::NoResult { scope } => {
                (Limit::LossPerDay, scope)
            }
            Self::StaleQuote { scope, .. } => (Limit::QuoteAge, scope),
            Self::Instrument { scope, .. } => (Limit::Instruments, scope),
            Self::Hours { scope, .. } | Self::NotRegular { scope } => (Limit::Hours, scope),
            _ => return None,
        })
    }
}

fn quoted(side: Side) -> &'static str {
    match side {
        Side::Buy => "bid",
        Side::Sell => "ask",
    }
}

fn minute(lock: &Lock) -> String {
    lock.until.to_timestamp().strftime("%Y-%m-%d %H:%M UTC").to_string()
}
