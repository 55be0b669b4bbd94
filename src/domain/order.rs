//! Orders: what is asked for, and where it stands.

use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{AccountId, BrokerId, GroupId, InstrumentId, OrderId, PlanId, Price, Qty, Time, bounds};

/// Buy or sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    /// Buy.
    Buy,
    /// Sell.
    Sell,
}

impl Side {
    /// The other one.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// `+1` for buy, `-1` for sell.
    #[must_use]
    pub fn sign(self) -> Decimal {
        match self {
            Self::Buy => Decimal::ONE,
            Self::Sell => Decimal::NEGATIVE_ONE,
        }
    }

    /// The word on the screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Buy => "Buy",
            Self::Sell => "Sell",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}

/// How far a trailing stop stays behind the best price since it was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrailBy {
    /// This much in price.
    Amount(#[serde(deserialize_with = "bounds::read::price")] Decimal),
    /// This many per cent of the price.
    Percent(#[serde(deserialize_with = "bounds::read::price")] Decimal),
}

/// The type of an order, with the prices that type needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderKind {
    /// At whatever price the book gives.
    Market,
    /// At this price or better.
    Limit {
        /// Worst acceptable price.
        price: Price,
    },
    /// Becomes a market order once the market trades at `stop` or beyond.
    Stop {
        /// Trigger price.
        stop: Price,
    },
    /// Becomes a limit order once the market trades at `stop` or beyond.
    StopLimit {
        /// Trigger price.
        stop: Price,
        /// Worst acceptable price after the trigger.
        price: Price,
    },
    /// A stop that follows the market in the favourable direction.
    TrailingStop {
        /// Distance behind the market.
        by: TrailBy,
    },
}

impl OrderKind {
    /// The word on the screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Market => "Market",
            Self::Limit { .. } => "Limit",
            Self::Stop { .. } => "Stop",
            Self::StopLimit { .. } => "Stop limit",
            Self::TrailingStop { .. } => "Trailing stop",
        }
    }

    /// The limit price, of types that have one.
    #[must_use]
    pub fn limit(self) -> Option<Price> {
        match self {
            Self::Limit { price } | Self::StopLimit { price, .. } => Some(price),
            _ => None,
        }
    }

    /// The trigger price, of types that have a fixed one.
    #[must_use]
    pub fn stop(self) -> Option<Price> {
        match self {
            Self::Stop { stop } | Self::StopLimit { stop, .. } => Some(stop),
            _ => None,
        }
    }

    /// The same type with another limit price; types without one stay as they are.
    #[must_use]
    pub fn with_limit(self, price: Price) -> Self {
        match self {
            Self::Limit { .. } => Self::Limit { price },
            Self::StopLimit { stop, .. } => Self::StopLimit { stop, price },
            other => other,
        }
    }

    /// The same type with another trigger price; types without one stay as they are.
    #[must_use]
    pub fn with_stop(self, stop: Price) -> Self {
        match self {
            Self::Stop { .. } => Self::Stop { stop },
            Self::StopLimit { price, .. } => Self::StopLimit { stop, price },
            other => other,
        }
    }
}

/// How long an order is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeInForce {
    /// Until the exchange's session closes.
    Day,
    /// Until cancelled.
    Gtc,
    /// Fill what can be filled at once, cancel the rest.
    Ioc,
    /// Fill all of it at once, or nothing.
    Fok,
    /// Until this instant.
    Gtd(Time),
}

impl TimeInForce {
    /// The usual abbreviation.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Gtc => "GTC",
            Self::Ioc => "IOC",
            Self::Fok => "FOK",
            Self::Gtd(_) => "GTD",
        }
    }
}

/// What is asked for: the whole order as a trader would state it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSpec {
    /// What to trade.
    pub instrument: InstrumentId,
    /// Buy or sell.
    pub side: Side,
    /// How much.
    pub quantity: Qty,
    /// Type, with its prices.
    pub kind: OrderKind,
    /// How long.
    pub tif: TimeInForce,
    /// Refuse rather than take liquidity.
    pub post_only: bool,
    /// One cancels the other: a fill of one order of the group reduces the rest.
    pub oco: Option<GroupId>,
    /// Rests at the exchange, inactive, until this order has filled; then active for the filled quantity.
    pub parent: Option<OrderId>,
}

impl OrderSpec {
    /// A plain order without group, parent or flags.
    #[must_use]
    pub fn new(
        instrument: InstrumentId,
        side: Side,
        quantity: Qty,
        kind: OrderKind,
        tif: TimeInForce,
    ) -> Self {
        Self { instrument, side, quantity, kind, tif, post_only: false, oco: None, parent: None }
    }
}

/// Where an order stands, as shown. How it is made is `engine::order_state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum OrderStatus {
    /// Kept by this program until its entry fills: the broker knows nothing of it.
    Kept,
    /// Approved by the risk gate, not yet on disk.
    Intended,
    /// On disk, not yet handed to the broker.
    Journaled,
    /// On its way; the broker has not answered.
    Sent,
    /// The broker has it, and has not said yet what it does with it.
    Accepted,
    /// The broker has it, and it waits for a trigger, a parent order or the session.
    Held,
    /// Working at the exchange, nothing filled.
    Working,
    /// Working, some of it filled.
    PartiallyFilled,
    /// A change is on its way.
    PendingAmend,
    /// A cancel is on its way.
    PendingCancel,
    /// All of it filled.
    Filled,
    /// Cancelled; what was filled before stays filled.
    Cancelled,
    /// Refused by the gate, the broker or the exchange.
    Rejected,
    /// Its time ran out.
    Expired,
    /// The broker cannot say.
    Unknown,
}

impl OrderStatus {
    /// Whether nothing more can happen to it (but a fill that was already on its way).
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Filled | Self::Cancelled | Self::Rejected | Self::Expired)
    }

    /// The word on the screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Kept => "Kept here",
            Self::Intended => "Intended",
            Self::Journaled => "Journaled",
            Self::Sent => "Sent",
            Self::Accepted => "Accepted",
            Self::Held => "Waiting",
            Self::Working => "Working",
            Self::PartiallyFilled => "Part filled",
            Self::PendingAmend => "Amending",
            Self::PendingCancel => "Cancelling",
            Self::Filled => "Filled",
            Self::Cancelled => "Cancelled",
            Self::Rejected => "Rejected",
            Self::Expired => "Expired",
            Self::Unknown => "Unknown",
        }
    }
}

/// Where an order was entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    /// The order ticket.
    Ticket,
    /// A Close or Reverse control, or the flattening of a position.
    Flatten,
    /// Another program, through a server of ours.
    Api,
    /// A click on a price of the ladder.
    Ladder,
    /// A trading key.
    Keys,
    /// A place in a chart.
    Chart,
    /// Target weights that were sent as orders, all of this plan.
    Allocation(PlanId),
    /// Seen at the broker only.
    Foreign,
}

/// The group that this program keeps an order in, for a broker that keeps none: the broker knows
/// nothing of it, and nobody minds it while the program is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptGroup {
    /// The entry that it is an exit of.
    #[serde(default)]
    pub entry: Option<OrderId>,
    /// One cancels the other, among the orders of an account that name the same.
    #[serde(default)]
    pub oco: Option<GroupId>,
    /// What was asked for, before fills of others of the group were taken off.
    pub quantity: Qty,
    /// Whether another order takes its place once it has ended: so where this program ends it for
    /// another size, or could not send it. Where anybody else ends it, nothing does.
    #[serde(default)]
    pub goes_on: bool,
    /// Whether the trader has ended what it is a part of: no order follows it, however it ends.
    #[serde(default)]
    pub is_over: bool,
    /// Where its stop was, if it went out at market because that had been passed.
    #[serde(default)]
    pub passed: Option<Price>,
}

/// What another program, which uses this one through a server of ours, calls an order: it finds the
/// order by it after either has been restarted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ClientRef {
    /// Its number as a client.
    pub client: i32,
    /// Its number of the order, unique among its own.
    pub order: i32,
    /// A text of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Arc<str>>,
    /// Its name of the OCO group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<Arc<str>>,
}

/// An order as the engine knows it. The newest value replaces the older.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Our id.
    pub id: OrderId,
    /// Who works it.
    pub broker: BrokerId,
    /// For whose account.
    pub account: AccountId,
    /// What is asked for, changes included once the broker has confirmed them.
    pub spec: OrderSpec,
    /// The group that this program keeps it in; `None` where there is none, or the broker keeps it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptGroup>,
    /// What the program calls it that entered it; `None` of all others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Arc<ClientRef>>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Whether its broker has ever spoken of it: only of such an order is it certain that it
    /// arrived.
    #[serde(default)]
    pub is_acknowledged: bool,
    /// How much of it has filled.
    pub filled: Qty,
    /// Average price of what has filled.
    #[serde(default, deserialize_with = "bounds::read::average_if_any")]
    pub average_price: Option<Decimal>,
    /// Where a trailing stop triggers now, as the broker tells.
    pub trigger: Option<Price>,
    /// Why it stands as it does, in words for a trader: what it waits for, why it was refused,
    /// cancelled or not changed.
    pub reason: Option<Arc<str>>,
    /// Where it was entered.
    pub origin: Origin,
    /// When it was entered.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
}

impl Order {
    /// One that was entered by hand at `now`, and of which nothing has been sent.
    #[must_use]
    pub fn intended(id: OrderId, broker: BrokerId, account: AccountId, spec: OrderSpec, now: Time) -> Self {
        Self {
            id,
            broker,
            account,
            spec,
            kept: None,
            client: None,
            status: OrderStatus::Intended,
            is_acknowledged: false,
            filled: Qty::ZERO,
            average_price: None,
            trigger: None,
            reason: None,
            origin: Origin::Ticket,
            created: now,
            updated: now,
        }
    }

    /// What has not filled yet.
    #[must_use]
    pub fn remaining(&self) -> Qty {
        self.spec.quantity.saturating_sub(self.filled)
    }

    /// The entry that it is an exit of, whoever keeps the bracket.
    #[must_use]
    pub fn entry(&self) -> Option<OrderId> {
        self.spec.parent.or_else(|| self.kept?.entry)
    }

    /// Whether it can still trade.
    #[must_use]
    pub fn is_live(&self) -> bool {
        !self.status.is_final()
    }

    /// Whether the exchange works it now; in every other state it may not be there.
    #[must_use]
    pub fn is_working(&self) -> bool {
        matches!(self.status, OrderStatus::Working | OrderStatus::PartiallyFilled)
    }

    /// The price that it waits for: none once it was triggered, which is when it works or has filled
    /// in part. That of a trailing stop moves with the market, and only its broker knows it.
    #[must_use]
    pub fn waits_for(&self) -> Option<Price> {
        let is_triggered = self.is_working() || !self.filled.is_zero();
        self.trigger.or(self.spec.kind.stop()).filter(|_| !is_triggered)
    }

    /// Of an exit, whether it is a target: else it is a stop.
    #[must_use]
    pub fn is_target(&self) -> bool {
        matches!(self.spec.kind, OrderKind::Limit { .. })
    }

    /// Of an exit that this program keeps, whether somebody else has ended it: nothing takes its
    /// place.
    #[must_use]
    pub fn was_taken_away(&self) -> bool {
        let has_ended =
            matches!(self.status, OrderStatus::Cancelled | OrderStatus::Rejected | OrderStatus::Expired);
        has_ended && self.kept.is_some_and(|kept| !kept.goes_on)
    }

    /// Of such an exit, whether nothing more is sent for its leg.
    #[must_use]
    pub fn ends_its_leg(&self) -> bool {
        self.was_taken_away() || self.kept.is_some_and(|kept| kept.is_over)
    }
}
