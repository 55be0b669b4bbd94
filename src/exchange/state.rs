//! Accounts between runs: what [`super::Exchange::save`] gives and [`super::Exchange::restore`] takes.
//!
//! Instruments are named by [`crate::domain::Instrument::key`], never by index, because a catalogue may
//! change between runs. What belongs to an instrument that is no longer listed is kept and
//! saved again, so that nothing of an account is ever lost silently.

use serde::{Deserialize, Serialize};

use crate::domain::{
    AccountId, Decimal, ExecId, GroupId, Liquidity, Money, OrderId, OrderKind, OrderStatus, Price, Qty, Side,
    Time, TimeInForce, bounds,
};

/// Every account of an exchange, for a file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountState {
    /// Number of the next execution, so that ids stay unique over restarts.
    pub next_exec: u64,
    /// By account.
    pub accounts: Vec<SavedAccount>,
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedAccount {
    /// Whose.
    pub account: AccountId,
    /// Cash, by currency.
    #[serde(deserialize_with = "bounds::read::moneys")]
    pub cash: Vec<Money>,
    /// Every position ever held, flat ones too (they hold realised profit).
    pub positions: Vec<SavedPosition>,
    /// Orders that have not ended, in the order of their priority.
    pub working: Vec<SavedOrder>,
    /// Orders that have ended, oldest first, the newest 10,000.
    pub past: Vec<SavedOrder>,
    /// Fills, oldest first, the newest 10,000.
    pub fills: Vec<SavedFill>,
}

/// A position, see [`crate::domain::Position`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedPosition {
    /// Key of the instrument.
    pub instrument: String,
    /// Units held; negative is short.
    #[serde(deserialize_with = "bounds::read::net")]
    pub net: Decimal,
    /// Average price of the units held.
    #[serde(deserialize_with = "bounds::read::average")]
    pub average_price: Decimal,
    /// Profit realised so far.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub realised: Decimal,
    /// Commissions paid so far.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub commissions: Decimal,
}

/// An order, see [`crate::domain::Order`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedOrder {
    /// Our id.
    pub id: OrderId,
    /// Key of the instrument.
    pub instrument: String,
    /// Buy or sell.
    pub side: Side,
    /// Whole quantity, what has filled included.
    pub quantity: Qty,
    /// Type and prices.
    pub kind: OrderKind,
    /// How long.
    pub tif: TimeInForce,
    /// Refuse rather than take.
    pub post_only: bool,
    /// OCO group.
    pub oco: Option<GroupId>,
    /// Parent.
    pub parent: Option<OrderId>,
    /// Where it stood.
    pub status: OrderStatus,
    /// How much has filled.
    pub filled: Qty,
    /// Value traded so far, in price times quantity.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub traded: Decimal,
    /// Commission charged so far.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub charged: Decimal,
    /// Of a bracket's child: how much of it may be active. `None` for other orders.
    pub released: Option<Qty>,
    /// Whether its stop has triggered.
    pub triggered: bool,
    /// Of a trailing stop: the best price since it was placed.
    pub best: Option<Price>,
    /// Of a triggered stop that waits for quotes: the worst price it takes, where it has one.
    pub bound: Option<Price>,
    /// When it expires.
    pub expires: Option<Time>,
    /// Why it ended.
    pub reason: Option<String>,
    /// When it was entered.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
}

/// A fill, see [`crate::domain::Fill`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SavedFill {
    /// Id of the execution.
    pub exec_id: ExecId,
    /// The order.
    pub order: OrderId,
    /// Key of the instrument.
    pub instrument: String,
    /// Bought or sold.
    pub side: Side,
    /// How much.
    pub quantity: Qty,
    /// At which price.
    pub price: Price,
    /// What it cost.
    #[serde(deserialize_with = "bounds::read::money")]
    pub commission: Money,
    /// Profit it realised.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub realised: Decimal,
    /// Made or taken.
    pub liquidity: Liquidity,
    /// When.
    pub time: Time,
}
