//! The paper exchange's protocol: what a program and an exchange in another process say to
//! each other, as a real broker's does it.
//!
//! A message is JSON in a [`frame`]. A connection begins with [`ToExchange::Hello`] and is
//! answered by [`FromExchange::Welcome`], the books and [`FromExchange::Ready`], or by
//! [`FromExchange::Refused`]. From then on:
//!
//! - Requests are numbered by their frames: one that comes twice is done once.
//! - Reports and fills carry the account's event number, ascending by one over all connections:
//!   a hole means that something was lost, and the books must be asked for again.
//! - Instruments go by their place in the catalogue, which is why both sides compare theirs
//!   first ([`fingerprint`]). Prices in bars are `f64` and travel as bits, so that they arrive
//!   as they were.
//! - What may be long (books, history) comes in parts, one after the other.

pub mod frame;
mod lines;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::{
    Account, AccountId, CommissionRule, Fill, Instrument, InstrumentId, Order, OrderId, Position, Price, Qty,
    Time, Timeframe,
};

pub use super::venue::NewOrder;
pub use frame::WireError;
pub use lines::{BarLine, MarketLine, ReportLine, Says};

/// Of this protocol. Both sides must speak the same.
pub const VERSION: u32 = 1;
/// Longest frame that a client may send: a watch of every instrument fits, and thousands of
/// orders.
pub const LONGEST_REQUEST: usize = 1 << 20;
/// Things in one part of what comes in parts.
pub const PART: usize = 2_000;

/// What a client says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum ToExchange {
    /// Who it is. The first message, once.
    Hello(Hello),
    /// Take an order, or an entry with its exits.
    Place(Vec<NewOrder>),
    /// Change an order; what is `None` stays.
    Amend {
        /// Which.
        order: OrderId,
        /// New total quantity.
        quantity: Option<Qty>,
        /// New limit price.
        limit: Option<Price>,
        /// New trigger price.
        stop: Option<Price>,
    },
    /// Cancel an order.
    Cancel(OrderId),
    /// Cancel everything of the account.
    CancelAll,
    /// Tell the books anew.
    Books,
    /// From now on, tell of these, and of no others.
    Watch {
        /// Quotes and trades of these.
        quotes: BTreeSet<InstrumentId>,
        /// Depth of these.
        depth: BTreeSet<InstrumentId>,
    },
    /// Tell closed bars.
    History(BarsWanted),
    /// A sign of life.
    Heartbeat,
    /// It ends the connection on purpose.
    Goodbye,
}

/// Who a client is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`].
    pub version: u32,
    /// The secret that the exchange was started with.
    pub token: String,
    /// The account it trades.
    pub account: AccountId,
    /// [`fingerprint`] of its catalogue.
    pub catalogue: u32,
    /// The last event it has seen; zero for none.
    pub last_event: u64,
}

/// Which bars are wanted, see [`crate::broker::HistoryRequest`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BarsWanted {
    /// Of which instrument.
    pub instrument: InstrumentId,
    /// In which period.
    pub timeframe: Timeframe,
    /// Only bars that begin before this.
    pub before: Time,
    /// At most so many.
    pub count: usize,
}

/// What the exchange says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum FromExchange {
    /// The client is let in; the books follow.
    Welcome {
        /// [`VERSION`].
        version: u32,
        /// Which session of the account this is, counted from one.
        session: u64,
        /// The account's last event; the books are as they stand after it.
        event: u64,
    },
    /// It is not. The connection is closed.
    Refused(Refusal),
    /// A part of the books.
    Books(BooksPart),
    /// That was the last part: they are complete.
    BooksEnd,
    /// The first books were complete, and orders are taken.
    Ready {
        /// What a trader should know of this market.
        market: Arc<str>,
    },
    /// An order has changed.
    Report {
        /// The account's event number.
        event: u64,
        /// How.
        report: ReportLine,
    },
    /// An order was executed.
    Fill {
        /// The account's event number.
        event: u64,
        /// The execution.
        fill: Fill,
        /// After it.
        position: Position,
    },
    /// The account has changed.
    Account(Account),
    /// Market data in the order in which they came.
    Market(Vec<MarketLine>),
    /// A sign of life.
    Alive,
    /// A part of the answer to [`ToExchange::History`].
    History(BarsPart),
    /// Bars that were told before do not hold any more.
    BarsChanged,
    /// The exchange ends the connection.
    Goodbye(Farewell),
}

/// Why a client is not let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// It speaks another version.
    #[error("The exchange speaks version {0} of the protocol: use the same Pitdesk on both sides")]
    Version(u32),
    /// It does not know the secret.
    #[error("The exchange does not accept the token: use the token file that it was started with")]
    Token,
    /// The exchange keeps another account.
    #[error("The exchange does not keep that account, but {0}")]
    Account(AccountId),
    /// It lists other instruments.
    #[error("The exchange lists other instruments: start both sides with the same market")]
    Catalogue,
}

/// Why the exchange ends a connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Farewell {
    /// Another client has logged in to the account.
    #[error("Another program has taken over this account")]
    TakenOver,
    /// Nothing was heard of the client for too long.
    #[error("The exchange had heard nothing of this program for too long")]
    Silent,
    /// What came was no protocol.
    #[error("The exchange could not read what arrived: {0}")]
    Unreadable(String),
    /// The client had asked to end.
    #[error("Disconnected")]
    Asked,
    /// The exchange ends.
    #[error("The exchange was shut down")]
    ShuttingDown,
}

/// A part of the books: the parts in order are all of it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct BooksPart {
    /// Orders: past ones, then working ones.
    pub orders: Vec<Order>,
    /// Executions, oldest first.
    pub fills: Vec<Fill>,
    /// Positions.
    pub positions: Vec<Position>,
    /// Accounts.
    pub accounts: Vec<Account>,
    /// What trading costs.
    pub commissions: Vec<CommissionRule>,
}

/// A part of an answer with bars.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BarsPart {
    /// What was asked.
    pub wanted: BarsWanted,
    /// Closed bars, oldest first.
    pub bars: Vec<BarLine>,
    /// In the last part: the bar that is forming, where there is one.
    pub forming: Option<BarLine>,
    /// Whether more parts follow.
    pub more: bool,
}

/// What two sides must agree on before ids and prices mean the same to both.
pub fn fingerprint<'a>(instruments: impl IntoIterator<Item = &'a Arc<Instrument>>) -> u32 {
    let mut text = String::new();
    for i in instruments {
        let (id, key) = (i.id, i.key());
        let line = writeln!(text, "{id} {key} {} {} {:?} {}", i.currency, i.lot, i.ticks, i.multiplier);
        line.expect("a string takes all text");
    }
    crc32fast::hash(text.as_bytes())
}
