//! What of a trading day must outlive the program, for the limits that count over it.

use serde::{Deserialize, Serialize};

use super::Scope;
use crate::domain::{AccountId, Decimal, Money, Seq, Time};

/// What must outlive the program.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DayState {
    /// When the trading day began that the rest is about.
    pub began: Time,
    /// When it ends, by the start of the day that held when it began; zero where nobody knows.
    pub ends: Time,
    /// What was held by then.
    pub places: Vec<PlaceState>,
    /// Scopes whose loss has reached its limit, with loss and limit.
    pub locks: Vec<(Scope, Money, Money)>,
}

/// How a position stood when the trading day began. Executions since then are in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlaceState {
    /// Whose it is.
    pub account: AccountId,
    /// [`crate::domain::Instrument::key`].
    pub instrument: String,
    /// Units, negative when short.
    pub held: Decimal,
    /// What they were worth, in the instrument's currency.
    pub worth: Decimal,
    /// The journal's record from which on executions come on top.
    pub since: Seq,
}
