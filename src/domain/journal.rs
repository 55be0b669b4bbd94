//! What the journal holds: the one record of what this program has asked for, and what
//! came back.
//!
//! The engine makes the records and numbers them; `store::journal` puts them on disk in that
//! order and says when they are there. A record carries the orders that it is about as they
//! stand *after* it, so that the newest record of an order is its state, and a restart needs
//! no second telling of the rules by which orders move. All records of one order, in order,
//! are its timeline.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{
    AccountId, BrokerId, Decimal, Fill, InstrumentId, Note, Order, OrderId, OrderStatus, Price, Qty, Quote,
    Time,
};

/// The place of a record in the journal of a profile: ascending by one, over restarts too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// The place behind this one.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How many of the first records of an order its timeline always has, whatever is left out of it.
pub const TIMELINE_BEGINS: usize = 50;

/// One line of the journal.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// Its place.
    pub seq: Seq,
    /// When the engine made it.
    pub at: Time,
    /// What happened.
    pub moment: Moment,
    /// The orders that it is about, as they stand after it: an entry with its exits is one
    /// record, so that half a bracket cannot be on disk. Empty where it is about none.
    pub orders: Vec<Order>,
}

/// Something that happened to an order, or to all trading.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Moment {
    /// Somebody asked for it and the gate let it through. Nothing has left this program.
    Intended {
        /// When the click or key that caused it reached the window.
        input_at: Time,
        /// The quote that the trader looked at.
        seen: Option<Quote>,
    },
    /// Given up before anything was sent, and why.
    NotSent {
        /// In words for a trader.
        why: Arc<str>,
    },
    /// Handed to the broker's session. From here on only the broker can say what became of it.
    Sent {
        /// When the intent was safe on disk.
        journaled_at: Time,
        /// Which session of that broker, counted from one in each run.
        session: u64,
    },
    /// Bytes about it left for the broker.
    OnWire {
        /// When they were handed to the wire.
        at: Time,
    },
    /// A change was asked for.
    AskedAmend {
        /// New total quantity.
        quantity: Option<Qty>,
        /// New limit price.
        limit: Option<Price>,
        /// New trigger price.
        stop: Option<Price>,
    },
    /// A cancel was asked for.
    AskedCancel,
    /// The broker said how it stands.
    Reported {
        /// In its words.
        status: OrderStatus,
        /// Why, where it said why.
        reason: Option<Arc<str>>,
        /// When it says it was so.
        broker_time: Time,
    },
    /// The broker made a change: ours, or one that follows from a fill.
    Amended {
        /// When it says it was made.
        broker_time: Time,
    },
    /// The broker refused our change.
    AmendRefused {
        /// In words for a trader.
        why: Arc<str>,
    },
    /// The broker refused our cancel.
    CancelRefused {
        /// In words for a trader.
        why: Arc<str>,
    },
    /// Its trailing stop triggers elsewhere now.
    TriggerMoved {
        /// Where.
        price: Price,
        /// Of how many moves this is the newest: it moves with every price, and each second is
        /// one record.
        #[serde(default = "one")]
        moves: u32,
    },
    /// It was executed.
    Executed(Fill),
    /// What an execution has cost came after it was booked: the execution with it.
    Charged(Fill),
    /// The session of its broker ended while it lived.
    LostBroker,
    /// Reconciliation found how it stands, by the rules in ARCHITECTURE.md.
    Settled {
        /// What was found, in words for a trader.
        finding: Arc<str>,
    },
    /// The trader said what to take an order of unknown fate for.
    Decided {
        /// In words.
        decision: Arc<str>,
    },
    /// The trader has ended the exits that it is one of, in a bracket that this program keeps: no
    /// other follows it.
    LegEnded,
    /// The trader has noted something of an order; an empty note takes away what was noted before.
    Noted {
        /// Of which.
        order: OrderId,
        /// What.
        note: Note,
    },
    /// A broker's books were compared with ours.
    Reconciled {
        /// Whose.
        broker: BrokerId,
        /// What was found, in words for a trader.
        summary: Arc<str>,
        /// What its books have otherwise than our executions say.
        #[serde(default)]
        taken: TakenOver,
    },
    /// The kill switch was used.
    Kill {
        /// Whether orders are locked from now on.
        is_on: bool,
        /// What was asked for positions.
        #[serde(default)]
        flatten: Flatten,
    },
}

/// In records from before moves were told together.
fn one() -> u32 {
    1
}

/// Where a broker's books and our executions have parted. It is told once: from then on the
/// broker's word is what later executions are added to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TakenOver {
    /// What is held where, as the broker says.
    pub positions: Vec<(AccountId, InstrumentId, Decimal)>,
    /// When the newest execution was made that it does not have any more.
    pub executions_until: Option<Time>,
}

/// What went before the executions that a journal gives back at a start, which are the newest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Past {
    /// What was held before the first of them, wherever there ever was an execution.
    pub opening: BTreeMap<(AccountId, InstrumentId), Decimal>,
    /// Per broker: executions made up to then are in the journal, though they do not come back.
    /// Of one that is not in it all come back.
    pub known_until: BTreeMap<BrokerId, Time>,
    /// Per broker: of executions made up to then, it was told which of them the broker lacks.
    pub told_until: BTreeMap<BrokerId, Time>,
}

/// What a journal has of an instrument that joins the catalogue while the program runs.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recalled {
    /// Its orders, those of them that a start would give back; by id.
    pub orders: Vec<Order>,
    /// The same of its executions; oldest first.
    pub fills: Vec<Fill>,
    /// The places of their records, in their order.
    pub booked: Vec<Seq>,
    /// What went before them.
    pub past: Past,
}

/// What the kill switch does with positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Flatten {
    /// They stay.
    #[default]
    No,
    /// Market orders.
    Market,
    /// Limit orders at most so many per cent worse than the market, filled at once or not at all.
    Within(Decimal),
}

impl Flatten {
    /// What was asked for, where two places remember it and one of them may not.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        if self == Self::No { other } else { self }
    }
}
