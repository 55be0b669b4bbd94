//! Why the exchange says no, in words a trader acts on.
//!
//! Each refusal carries the numbers it is about; its text names them and ends with what to
//! do. Nothing else makes texts for refusals, so the window can show them as they are.

use std::fmt;
use std::sync::Arc;

use crate::domain::{AccountId, Currency, Decimal, InstrumentId, OrderId, OrderStatus, Price, Qty, Time};

/// A refusal. Its text says what is wrong with which number, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reject {
    /// The instrument is not traded here.
    #[error("Instrument {0} is not listed on the paper exchange: choose one of its watchlist")]
    UnknownInstrument(InstrumentId),
    /// The account is not kept here.
    #[error("The paper exchange keeps no account {0}: choose another account")]
    UnknownAccount(AccountId),
    /// An id from the agents' space for an account's order, or the other way round.
    #[error("Order id {0} is not of its owner's kind: accounts use ids below 2^63, agents above")]
    ForeignId(OrderId),
    /// Nothing, or less.
    #[error("A quantity of {0} cannot be traded: enter one above zero")]
    QuantityNotPositive(Qty),
    /// Not a multiple of the lot.
    #[error("Quantity {quantity} is not a multiple of {lot}: use {}", either(lower.as_ref(), upper))]
    OffLot {
        /// As asked.
        quantity: Qty,
        /// The lot.
        lot: Qty,
        /// The next one below, unless that is zero.
        lower: Option<Qty>,
        /// The next one above.
        upper: Qty,
    },
    /// More than the exchange can count.
    #[error("The order is larger than the exchange can book: lower its quantity or price")]
    TooLarge,
    /// Zero or negative price.
    #[error("A price of {0} cannot be traded: enter one above zero")]
    PriceNotPositive(Price),
    /// Between two ticks.
    #[error("Price {price} is not on the tick of {tick}: use {}", either(lower.as_ref(), upper))]
    OffTick {
        /// As asked.
        price: Price,
        /// The step there.
        tick: Decimal,
        /// The next price below, where there is one.
        lower: Option<Price>,
        /// The next price above.
        upper: Price,
    },
    /// A trailing distance of nothing, or of a hundred per cent and more.
    #[error("A trailing distance of {0} does not work: use one above zero and smaller than the price")]
    BadTrail(Decimal),
    /// A trailing stop, and nothing to follow or to value it by.
    #[error("No price of {0} is known yet: wait for the first trade, or use a fixed stop")]
    NoPrice(Arc<str>),
    /// A stop that the market has already passed.
    #[error(
        "Stop {stop} would trigger at once, the last price is {last}: use a market order, or move the stop"
    )]
    StopPassed {
        /// As asked.
        stop: Price,
        /// Price of the last trade.
        last: Price,
    },
    /// A GTD time that has passed.
    #[error("Good till {0} has already passed: choose a later time")]
    AlreadyOver(Time),
    /// No session now, and the order cannot wait.
    #[error("{venue} is closed{}: {}", until(*opens, zone), advice(*opens))]
    Closed {
        /// The instrument's venue.
        venue: Arc<str>,
        /// When it opens next, where the calendar knows.
        opens: Option<Time>,
        /// The venue's time zone (IANA).
        zone: Arc<str>,
    },
    /// Post-only on a type that always takes, or with IOC or FOK.
    #[error("Post-only needs a resting limit order: use a limit with DAY, GTC or GTD, or drop post-only")]
    PostOnlyCannotRest,
    /// Post-only, but the price crosses.
    #[error(
        "Post-only: at {price} it would take liquidity, the best opposite price is {best}: move the price"
    )]
    WouldTake {
        /// As asked.
        price: Price,
        /// The best price of the other side.
        best: Price,
    },
    /// A market order, and nobody on the other side.
    #[error("Nobody {} {symbol} now: use a limit order", if *is_buy { "offers" } else { "bids for" })]
    EmptyBook {
        /// The instrument's symbol.
        symbol: Arc<str>,
        /// Whether a buyer was refused.
        is_buy: bool,
    },
    /// Not enough money.
    #[error(
        "Needs {} of buying power, {} are free: lower the quantity or cancel working orders",
        grouped(*needed, *currency),
        grouped(*free, *currency)
    )]
    BuyingPower {
        /// What the order or change would tie up.
        needed: Decimal,
        /// What is free.
        free: Decimal,
        /// Currency of both.
        currency: Currency,
    },
    /// The parent is not known, or ended without a fill.
    #[error("Order {0}, which it should follow, does not work any more: send it without a parent")]
    ParentGone(OrderId),
    /// The parent is another account's or another instrument's.
    #[error("Order {0}, which it should follow, is for another account or instrument")]
    ParentMismatch(OrderId),
    /// The parent buys, and so would the child, or both sell.
    #[error("Order {0}, which it should follow, is on the same side: choose the other side, or no parent")]
    ParentSide(OrderId),
    /// A child that could not wait for its parent.
    #[error("An order that waits for another one must be a limit or stop with DAY, GTC or GTD")]
    ChildCannotWait,
    /// An order of the group is for another instrument.
    #[error("Orders of one OCO group must be for one instrument: order {0} is for another")]
    GroupMismatch(OrderId),
    /// An order of the group has filled as much as this one asks.
    #[error("Order {0} of the same OCO group has already filled: send it without the group")]
    GroupDone(OrderId),
    /// Nobody sent such an order.
    #[error("Order {0} is not known to the exchange: refresh the blotter")]
    UnknownOrder(OrderId),
    /// Too late.
    #[error("Order {id} is {} already: nothing is left to change", status.label().to_lowercase())]
    AlreadyDone {
        /// Which.
        id: OrderId,
        /// How it ended.
        status: OrderStatus,
    },
    /// The new quantity is not above what has filled.
    #[error("{filled} of it have already filled: use a larger quantity than that, or cancel the rest")]
    BelowFilled {
        /// What has filled.
        filled: Qty,
    },
    /// A new limit for a type without one.
    #[error("This order has no limit price to change: cancel it and send a limit order")]
    NoLimit,
    /// A new stop for a type without a fixed one.
    #[error("This order has no fixed stop price to change: cancel it and send a stop order")]
    NoStop,
    /// A new stop for a trailing one.
    #[error("A trailing stop follows the market by itself: cancel it and send one with another distance")]
    FollowsItself,
    /// A new stop after the trigger.
    #[error("The stop has already triggered: change the limit price or cancel the order")]
    AlreadyTriggered,
    /// An agent sent an id again while the first order rests.
    #[error("Order {0} is in the book already: use another id")]
    AlreadyWorking(OrderId),
    /// An agent sent what only an account may.
    #[error("Participants of the market send plain market and limit orders only")]
    NotForAgents,
}

/// "100.00 or 101.00", or the only one.
fn either<T: fmt::Display>(lower: Option<&T>, upper: &T) -> String {
    lower.map_or_else(|| upper.to_string(), |lower| format!("{lower} or {upper}"))
}

/// " until Mon 09:00 JST", in the venue's own time.
fn until(opens: Option<Time>, zone: &str) -> String {
    let zoned = opens.and_then(|t| t.to_timestamp().in_tz(zone).ok());
    zoned.map_or_else(String::new, |t| t.strftime(" until %a %-d %b %H:%M %Z").to_string())
}

fn advice(opens: Option<Time>) -> &'static str {
    if opens.is_some() {
        "use a limit order, which waits for the open"
    } else {
        "no session is planned, choose another instrument"
    }
}

/// `12340.5 USD` as `12,340.50 USD`.
fn grouped(amount: Decimal, currency: Currency) -> String {
    let text = format!("{:.*}", currency.decimals() as usize, amount.round_dp(currency.decimals()));
    let (whole, fraction) = text.split_once('.').map_or((text.as_str(), None), |(w, f)| (w, Some(f)));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |rest| ("-", rest));
    let mut out = String::from(sign);
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    format!("{out} {currency}")
}
