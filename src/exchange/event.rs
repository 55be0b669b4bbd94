//! What goes into the exchange and what comes out: owners, changes, events.
//!
//! Events are for whoever drives the exchange (the paper broker, the tests). Everything about
//! an *order* is told only for orders of an account; an agent looks its orders up with
//! [`super::Exchange::resting`]. Prints, depth and sessions are told for everyone.

use std::fmt;

use crate::domain::{
    AccountId, Decimal, Fill, InstrumentId, OrderId, OrderSpec, Position, Price, Qty, Time, Trade,
};

use super::Reject;

/// Set in the ids of agents' orders, so that they never meet an id of the trader's.
pub const AGENT_ORDERS: u64 = 1 << 63;

/// The `n`-th order id of the agents' own space; `n` must be below 2^63.
#[must_use]
pub const fn agent_order(n: u64) -> OrderId {
    OrderId(AGENT_ORDERS | n)
}

/// Whose order it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// One of the market's own participants: no account, no buying power, never reported.
    /// Its order ids come from [`agent_order`], it sends market and limit orders only, its
    /// orders end when the market closes (not where one session follows on another), and where
    /// two orders of one agent meet the resting one is withdrawn.
    Agent(u32),
    /// The trader.
    Account(AccountId),
}

/// A change of a working order; `None` leaves as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Amend {
    /// The whole quantity, what has filled included; of an agent's order, what shall rest.
    pub quantity: Option<Qty>,
    /// The limit price.
    pub limit: Option<Price>,
    /// The trigger price.
    pub stop: Option<Price>,
}

/// Why an accepted order does not work in the book yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldFor {
    /// The next session that it may trade in, which opens then, and that session's first
    /// quotes; `None` where the calendar knows of none.
    Open(Option<Time>),
    /// Its trigger price (of a trailing stop: where it stands now, once a trade has set it).
    Trigger(Option<Price>),
    /// A fill of its parent.
    Parent(OrderId),
    /// It has triggered, and nobody else quotes on the other side, or only beyond this
    /// price, the collar's bound. It takes the next quotes that come at their prices.
    Quote(Option<Price>),
}

/// Why an order ended without being filled completely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CancelReason {
    /// Its owner said so.
    Requested,
    /// Its parent ended, and nothing that it released is left.
    ParentEnded(OrderId),
    /// Another order of its group filled.
    OtherFilled(OrderId),
    /// Another order of its group was cancelled.
    OtherCancelled(OrderId),
    /// A market order found less than it asked for; this much it had filled.
    BookEmpty {
        /// Filled in all.
        filled: Qty,
    },
    /// A market order would have traded farther from the best price than the collar allows.
    Collar {
        /// The farthest price it was allowed.
        bound: Price,
        /// Filled in all.
        filled: Qty,
    },
    /// What an immediate-or-cancel order could not fill.
    ImmediateRest {
        /// Filled in all.
        filled: Qty,
    },
    /// A fill-or-kill order that could not fill completely.
    NotAllAtOnce {
        /// What could have been had within its limit.
        available: Qty,
    },
    /// It would have traded with this order of the same account.
    SelfMatch(OrderId),
    /// A post-only order that would have taken liquidity when it became active.
    WouldTake,
    /// Its instrument is not listed any more, or has another tick or lot (found when an
    /// account is restored).
    Delisted,
}

impl fmt::Display for CancelReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Requested => f.write_str("Cancelled on request"),
            Self::ParentEnded(id) => write!(f, "Order {id}, which it belongs to, has ended"),
            Self::OtherFilled(id) => write!(f, "Order {id} of the same group filled"),
            Self::OtherCancelled(id) => write!(f, "Order {id} of the same group was cancelled"),
            Self::BookEmpty { filled } => {
                write!(f, "The book had only {filled}; the rest is cancelled: send it again or use a limit")
            }
            Self::Collar { bound, filled } => write!(
                f,
                "Filled {filled}; the rest would have traded beyond {bound}, too far from the best price: \
                 send it again or use a limit"
            ),
            Self::ImmediateRest { filled } => {
                write!(f, "IOC: {filled} filled at once, the rest is cancelled")
            }
            Self::NotAllAtOnce { available } => {
                write!(f, "FOK: only {available} could be had at once, so nothing was traded")
            }
            Self::SelfMatch(id) => write!(f, "It would have traded with order {id} of the same account"),
            Self::WouldTake => f.write_str("Post-only: it would have taken liquidity when it became active"),
            Self::Delisted => {
                f.write_str("The instrument is no longer listed with this tick and lot: send a new order")
            }
        }
    }
}

/// Something that happened. Order within one call is the order in which it happened; the
/// `…Changed` events come last, at most one each per instrument, account and call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The order passed all checks.
    Accepted {
        /// Which.
        id: OrderId,
        /// When.
        time: Time,
    },
    /// The order waits outside the book.
    Held {
        /// Which.
        id: OrderId,
        /// What it waits for.
        why: HeldFor,
        /// When.
        time: Time,
    },
    /// The order rests in the book.
    Working {
        /// Which.
        id: OrderId,
        /// Where it rests.
        price: Price,
        /// How much of it rests.
        resting: Qty,
        /// When.
        time: Time,
    },
    /// The order was refused and does not exist.
    Rejected {
        /// Which.
        id: OrderId,
        /// Why, and what to do.
        reason: Reject,
        /// When.
        time: Time,
    },
    /// An id was sent a second time. The first order stands as it is; the second is ignored.
    Duplicate {
        /// Which.
        id: OrderId,
        /// When.
        time: Time,
    },
    /// The order changed: by request, or because an order of its group filled.
    Amended {
        /// Which.
        id: OrderId,
        /// The order from now on; its quantity includes what has filled.
        spec: OrderSpec,
        /// When.
        time: Time,
    },
    /// A change was refused; the order stands as it was.
    AmendRejected {
        /// Which.
        id: OrderId,
        /// Why, and what to do.
        reason: Reject,
        /// When.
        time: Time,
    },
    /// A cancel was refused.
    CancelRejected {
        /// Which.
        id: OrderId,
        /// Why.
        reason: Reject,
        /// When.
        time: Time,
    },
    /// The order ended; what had filled stays filled.
    Cancelled {
        /// Which.
        id: OrderId,
        /// Why.
        reason: CancelReason,
        /// When.
        time: Time,
    },
    /// The order's time ran out; what had filled stays filled.
    Expired {
        /// Which.
        id: OrderId,
        /// When.
        time: Time,
    },
    /// The trigger price of a trailing stop was set, or has followed the market.
    Trails {
        /// Which.
        id: OrderId,
        /// Where it triggers from now on.
        trigger: Price,
        /// When.
        time: Time,
    },
    /// The market traded at the order's trigger price; it goes to the book now.
    Triggered {
        /// Which.
        id: OrderId,
        /// When.
        time: Time,
    },
    /// An execution of an account's order. `remaining` of zero ends the order.
    Filled {
        /// The execution.
        fill: Fill,
        /// What the order has left, held parts included.
        remaining: Qty,
        /// Average price of all its fills so far.
        average: Decimal,
        /// The position after it.
        position: Position,
    },
    /// A print, whoever traded.
    Trade(InstrumentId, Trade),
    /// A session opened or closed.
    SessionChanged {
        /// Of which instrument.
        instrument: InstrumentId,
        /// Whether orders match from now on.
        is_open: bool,
        /// When it opened or closed.
        time: Time,
    },
    /// Best bid, best ask or a size there changed.
    TopChanged(InstrumentId),
    /// Any level changed.
    BookChanged(InstrumentId),
    /// Cash, positions or buying power changed by something the account did or suffered
    /// (not merely because a price moved).
    AccountChanged(AccountId),
}
