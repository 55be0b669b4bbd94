//! What of a trading day must outlive the program, for the limits that count over it.

use serde::{Deserialize, Serialize};

use super::Scope;
use crate::domain::{AccountId, Decimal, Money, Time};

/// What must outlive the program.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DayState {
    /// When the trading day began that the rest is about.
    pub began: Time,
    /// When it ends, by the start of the day that held when it began; zero where nobody knows.
    pub ends: Time,
    /// What positions had come to by then, by account and [`crate::domain::Instrument::key`], in the
    /// instrument's currency.
    pub from: Vec<(AccountId, String, Decimal)>,
    /// Scopes whose loss has reached its limit, with loss and limit.
    pub locks: Vec<(Scope, Money, Money)>,
}
