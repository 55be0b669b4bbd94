//! What the window is told of the limits that are counted: how much of each is used.

use crate::domain::Decimal;
use crate::domain::limits::Scope;
use crate::risk::Lock;

/// What is used of the counted limits of one scope: the profile, and every account and instrument
/// that has limits of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeUse {
    /// Whose.
    pub scope: Scope,
    /// New orders of the last minute.
    pub orders_last_minute: u32,
    /// Orders that work.
    pub working_orders: u32,
    /// What all positions would be worth with their working orders filled, in the limits'
    /// currency; `None` where a price or a rate is missing, or no limit asks for it.
    pub exposure: Option<Decimal>,
    /// Result since the trading day began, rounded to the cent, in the limits' currency; `None` where
    /// a price or a rate is missing, or no limit asks for it.
    pub result_of_day: Option<Decimal>,
    /// Set once the loss of the day has reached its limit, until the next day.
    pub lock: Option<Lock>,
}
