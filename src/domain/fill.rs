//! Fills: executions of our own orders.

use serde::{Deserialize, Serialize};

use super::{AccountId, ExecId, InstrumentId, Money, OrderId, Price, Qty, Side, Time};

/// Whether an execution took liquidity from the book or gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Liquidity {
    /// It rested and was hit.
    Maker,
    /// It crossed the spread.
    Taker,
}

/// One execution of an order of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The broker's id of it; the same id twice is the same fill.
    pub exec_id: ExecId,
    /// The order it belongs to.
    pub order: OrderId,
    /// Where it is booked.
    pub account: AccountId,
    /// What was traded.
    pub instrument: InstrumentId,
    /// Bought or sold.
    pub side: Side,
    /// How much.
    pub quantity: Qty,
    /// At which price.
    pub price: Price,
    /// What it cost, or (negative) earned.
    pub commission: Money,
    /// Profit that this fill realised, in the instrument's currency, before commission.
    pub realised: rust_decimal::Decimal,
    /// Made or taken.
    pub liquidity: Liquidity,
    /// When the exchange says it happened.
    pub time: Time,
}
