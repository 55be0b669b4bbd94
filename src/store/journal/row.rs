//! Rows of the journal: orders, fills and records as text that outlives this run.
//!
//! In memory an order points at its broker and its instrument by numbers that hold for one
//! run; a row names them. Each row is JSON, so that a person can read it with any SQLite
//! tool, and carries a checksum, because a page that was damaged on disk may still be a
//! well-formed one. Whatever bytes come in, decoding answers with a value or a [`BadRow`].
//!
//! The forms here are the file's format: fields may be added (with a default), never renamed.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::csv::{FillLine, OrderLine};
use crate::domain::{
    AccountId, ClientRef, Currency, Decimal, ExecId, Fill, GroupId, KeptGroup, Liquidity, Moment, Money,
    Note, Order, OrderId, OrderKind, OrderStatus, Origin, Price, Qty, Side, Time, TimeInForce, bounds,
};

/// An order as the file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRow {
    /// Our id.
    pub id: OrderId,
    /// Name of the broker that works it.
    pub broker: Arc<str>,
    /// For whose account.
    pub account: AccountId,
    /// The instrument's key.
    pub instrument: Arc<str>,
    /// Buy or sell.
    pub side: Side,
    /// How much.
    pub quantity: Qty,
    /// Type, with its prices.
    pub kind: OrderKind,
    /// How long.
    pub tif: TimeInForce,
    /// Refuse rather than take liquidity.
    #[serde(default)]
    pub post_only: bool,
    /// One cancels the other.
    #[serde(default)]
    pub oco: Option<GroupId>,
    /// The entry that it is an exit of.
    #[serde(default)]
    pub parent: Option<OrderId>,
    /// The group that this program keeps it in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptGroup>,
    /// What the program calls it that entered it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<Arc<ClientRef>>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Whether its broker has ever spoken of it.
    #[serde(default)]
    pub is_acknowledged: bool,
    /// How much of it has filled.
    pub filled: Qty,
    /// Average price of what has filled.
    #[serde(default, deserialize_with = "bounds::read::average_if_any")]
    pub average_price: Option<Decimal>,
    /// Where a trailing stop triggers.
    #[serde(default)]
    pub trigger: Option<Price>,
    /// Why it stands as it does.
    #[serde(default)]
    pub reason: Option<Arc<str>>,
    /// Where it was entered.
    pub origin: Origin,
    /// When it was entered.
    pub created: Time,
    /// When it last changed.
    pub updated: Time,
}

/// A fill as the file has it. Broker, account and execution id together are its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FillRow {
    /// Name of the broker.
    pub broker: Arc<str>,
    /// Where it is booked.
    pub account: AccountId,
    /// The broker's id of it.
    pub exec: ExecId,
    /// The order it belongs to.
    pub order: OrderId,
    /// The instrument's key.
    pub instrument: Arc<str>,
    /// The instrument's currency: that of `price` and `realised`.
    pub currency: Currency,
    /// Bought or sold.
    pub side: Side,
    /// How much.
    pub quantity: Qty,
    /// At which price.
    pub price: Price,
    /// What it cost, or (negative) earned.
    #[serde(deserialize_with = "bounds::read::money")]
    pub commission: Money,
    /// Profit that it realised, before commission.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub realised: Decimal,
    /// Made or taken.
    pub liquidity: Liquidity,
    /// When the exchange says it happened.
    pub time: Time,
}

/// What happened, as the file has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum MomentRow {
    /// An order was executed.
    Executed(FillRow),
    /// What an execution has cost came after it was booked.
    Charged(FillRow),
    /// A broker's books were compared with ours.
    Reconciled {
        /// Name of the broker.
        broker: Arc<str>,
        /// What was found.
        summary: Arc<str>,
        /// Positions that executions do not explain, as the broker has them.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        positions: Vec<HeldRow>,
        /// When the newest execution was made that the broker does not have any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        executions_until: Option<Time>,
    },
    /// All that names no broker and no instrument.
    #[serde(untagged)]
    Plain(Moment),
}

/// What an account holds of an instrument, as the file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldRow {
    /// Whose.
    pub account: AccountId,
    /// The instrument's key.
    pub instrument: Arc<str>,
    /// Units; negative is short.
    pub net: Decimal,
}

/// A record as the file has it; its place and time stand in columns of their own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRow {
    /// What happened.
    pub moment: MomentRow,
    /// The orders that it is about, after it.
    #[serde(default)]
    pub orders: Vec<OrderRow>,
}

/// A row that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadRow {
    /// It was damaged after it was written.
    #[error("its checksum does not fit its content")]
    Checksum,
    /// It is not what this program writes.
    #[error("it cannot be read: {0}")]
    Form(#[from] serde_json::Error),
    /// It reads well and says what cannot be.
    #[error("it says what cannot be: {0}")]
    Nonsense(&'static str),
}

/// What can be a row's text.
pub trait Row: Serialize + DeserializeOwned {
    /// What no row says, though its form is right.
    ///
    /// # Errors
    /// With what is wrong.
    fn check(&self) -> Result<(), BadRow>;
}

impl OrderRow {
    /// An order, with the name of its broker and the key of its instrument.
    #[must_use]
    pub fn of(order: &Order, broker: Arc<str>, instrument: Arc<str>) -> Self {
        let spec = &order.spec;
        Self {
            id: order.id,
            broker,
            account: order.account.clone(),
            instrument,
            side: spec.side,
            quantity: spec.quantity,
            kind: spec.kind,
            tif: spec.tif,
            post_only: spec.post_only,
            oco: spec.oco,
            parent: spec.parent,
            status: order.status,
            filled: order.filled,
            average_price: order.average_price,
            kept: order.kept,
            client: order.client.clone(),
            is_acknowledged: order.is_acknowledged,
            trigger: order.trigger,
            reason: order.reason.clone(),
            origin: order.origin,
            created: order.created,
            updated: order.updated,
        }
    }
}

impl OrderRow {
    /// For other programs.
    #[must_use]
    pub fn line(&self) -> OrderLine<'_> {
        OrderLine {
            id: self.id,
            broker: &self.broker,
            account: &self.account,
            instrument: &self.instrument,
            side: self.side,
            quantity: self.quantity,
            kind: self.kind,
            tif: self.tif,
            post_only: self.post_only,
            oco: self.oco,
            parent: self.parent,
            status: self.status,
            filled: self.filled,
            average_price: self.average_price,
            trigger: self.trigger,
            reason: self.reason.as_deref(),
            origin: self.origin,
            created: self.created,
            updated: self.updated,
        }
    }
}

impl FillRow {
    /// A fill, with the name of its broker, and the key and currency of its instrument.
    #[must_use]
    pub fn of(fill: &Fill, broker: Arc<str>, instrument: Arc<str>, currency: Currency) -> Self {
        Self {
            broker,
            account: fill.account.clone(),
            exec: fill.exec_id.clone(),
            order: fill.order,
            instrument,
            currency,
            side: fill.side,
            quantity: fill.quantity,
            price: fill.price,
            commission: fill.commission,
            realised: fill.realised,
            liquidity: fill.liquidity,
            time: fill.time,
        }
    }

    /// For other programs.
    #[must_use]
    pub fn line(&self) -> FillLine<'_> {
        FillLine {
            broker: &self.broker,
            account: &self.account,
            exec: &self.exec,
            order: self.order,
            instrument: &self.instrument,
            currency: self.currency,
            side: self.side,
            quantity: self.quantity,
            price: self.price,
            commission: self.commission,
            realised: self.realised,
            liquidity: self.liquidity,
            time: self.time,
        }
    }

    /// What tells it from every other.
    #[must_use]
    pub fn key(&self) -> (Arc<str>, AccountId, ExecId) {
        (Arc::clone(&self.broker), self.account.clone(), self.exec.clone())
    }
}

impl Row for OrderRow {
    fn check(&self) -> Result<(), BadRow> {
        if self.quantity < Qty::ZERO || self.filled < Qty::ZERO {
            return Err(BadRow::Nonsense("a quantity below zero"));
        }
        Ok(())
    }
}

impl Row for FillRow {
    fn check(&self) -> Result<(), BadRow> {
        if self.quantity < Qty::ZERO {
            return Err(BadRow::Nonsense("a quantity below zero"));
        }
        Ok(())
    }
}

impl Row for Note {
    fn check(&self) -> Result<(), BadRow> {
        Self::check(self).or(Err(BadRow::Nonsense("a note that is too long")))
    }
}

impl Row for EventRow {
    fn check(&self) -> Result<(), BadRow> {
        match &self.moment {
            MomentRow::Executed(fill) | MomentRow::Charged(fill) => fill.check()?,
            MomentRow::Plain(Moment::Executed(_) | Moment::Charged(_) | Moment::Reconciled { .. }) => {
                return Err(BadRow::Nonsense("a broker or an instrument by the number of another run"));
            }
            MomentRow::Plain(Moment::Noted { note, .. }) => Row::check(note)?,
            MomentRow::Reconciled { .. } | MomentRow::Plain(_) => {}
        }
        self.orders.iter().try_for_each(Row::check)
    }
}

/// The row's text.
///
/// # Errors
/// When a value has no JSON form; none of ours does not.
pub fn encode<R: Row>(row: &R) -> Result<String, serde_json::Error> {
    serde_json::to_string(row)
}

/// Reads a row's text, after its checksum was found right.
///
/// # Errors
/// When it is not such a row.
pub fn decode<R: Row>(text: &[u8]) -> Result<R, BadRow> {
    let row: R = serde_json::from_slice(text)?;
    row.check()?;
    Ok(row)
}

/// Reads a row as it stands in the file: `numbers` are its columns beside the text.
///
/// # Errors
/// When it was damaged, or is not such a row.
pub fn decode_checked<R: Row>(numbers: [i64; 2], text: &[u8], checksum: i64) -> Result<R, BadRow> {
    if self::checksum(numbers, text) != checksum {
        return Err(BadRow::Checksum);
    }
    decode(text)
}

/// CRC-32 over a row's numbers and its text.
#[must_use]
pub fn checksum(numbers: [i64; 2], text: &[u8]) -> i64 {
    let mut hasher = crc32fast::Hasher::new();
    for number in numbers {
        hasher.update(&number.to_le_bytes());
    }
    hasher.update(text);
    i64::from(hasher.finalize())
}

/// As [`checksum`], of a fact that concerns all trading.
#[must_use]
pub fn checksum_of_fact(name: &str, value: &str) -> i64 {
    checksum([0, 0], format!("{name}={value}").as_bytes())
}

/// An id as SQLite's signed integer. One to one, so that no id is ever another one's.
#[must_use]
pub fn column(id: u64) -> i64 {
    id.cast_signed()
}

impl MomentRow {
    /// The word for it in the column that queries choose by.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        let moment = match self {
            Self::Executed(_) => return "executed",
            Self::Charged(_) => return "charged",
            Self::Reconciled { .. } => return "reconciled",
            Self::Plain(moment) => moment,
        };
        match moment {
            Moment::Intended { .. } => "intended",
            Moment::NotSent { .. } => "not sent",
            Moment::Sent { .. } => "sent",
            Moment::OnWire { .. } => "on wire",
            Moment::AskedAmend { .. } => "asked amend",
            Moment::AskedCancel => "asked cancel",
            Moment::Reported { .. } => "reported",
            Moment::Amended { .. } => "amended",
            Moment::AmendRefused { .. } => "amend refused",
            Moment::CancelRefused { .. } => "cancel refused",
            Moment::TriggerMoved { .. } => "trigger moved",
            Moment::Executed(_) => "executed",
            Moment::Charged(_) => "charged",
            Moment::LostBroker => "lost broker",
            Moment::LegEnded => "leg ended",
            Moment::Noted { .. } => "noted",
            Moment::Settled { .. } => "settled",
            Moment::Decided { .. } => "decided",
            Moment::Reconciled { .. } => "reconciled",
            Moment::Kill { .. } => "kill",
        }
    }
}
