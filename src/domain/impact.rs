//! What an order would tie up and cost, by its broker's word, before it is sent.

use std::sync::Arc;

use super::{Currency, Decimal, Money};

/// The answer to a what-if.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Impact {
    /// What trading it would cost; the most, where the broker names a range.
    pub commission: Option<Money>,
    /// What it would tie up.
    pub margin: Option<MarginImpact>,
    /// What the broker has to say of it.
    pub warning: Option<Arc<str>>,
}

/// Margin and equity, before and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MarginImpact {
    /// Of all amounts.
    pub currency: Currency,
    /// How much more initial margin would be tied up; below zero it is set free.
    pub initial_change: Decimal,
    /// The initial margin of the account then.
    pub initial_after: Decimal,
    /// The maintenance margin of the account then, where the broker tells.
    pub maintenance_after: Option<Decimal>,
    /// Equity with loan value then, which has to cover it, where the broker tells.
    pub equity_after: Option<Decimal>,
}

impl MarginImpact {
    /// Whether the account could not carry it.
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.equity_after.is_some_and(|equity| equity < self.initial_after)
    }
}
