//! What one position has come to since the trading day began.
//!
//! Told by money alone: what is held now is worth, less what it was worth when the day began, less what
//! executions since have cost. No broker's average price and no broker's count of what was realised is in
//! it, for Interactive Brokers tells neither after a restart; executions stand in the journal.

use std::collections::BTreeMap;

use crate::domain::limits::PlaceState;
use crate::domain::{AccountId, Currency, Decimal, Fill, Money, Price, Seq};

/// A position in the trading day. Money is in its instrument's currency but for fees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Units that were held when the day began, and those that came or went since without an execution.
    held: Decimal,
    /// What they were worth then.
    worth: Decimal,
    /// Executions whose records have this place in the journal, or a later one, come on top.
    since: Seq,
    /// Units that executions have added.
    traded: Decimal,
    /// What was paid for them, less what was taken in; `None` beyond counting.
    paid: Option<Decimal>,
    fees: BTreeMap<Currency, Decimal>,
}

impl Place {
    /// The day, or our knowledge of it, begins with so much held. `None` without a price for it.
    pub fn begin(net: Decimal, mark: Option<Price>, multiplier: Decimal, since: Seq) -> Option<Self> {
        let worth = value(net, mark, multiplier)?;
        Some(Self::of(net, worth, since))
    }

    fn of(held: Decimal, worth: Decimal, since: Seq) -> Self {
        Self { held, worth, since, traded: Decimal::ZERO, paid: Some(Decimal::ZERO), fees: BTreeMap::new() }
    }

    /// As it was saved, without the executions since.
    pub fn restore(saved: &PlaceState) -> Self {
        Self::of(saved.held, saved.worth, saved.since)
    }

    /// To be saved: executions are not, the journal has them.
    pub fn state(&self, account: &AccountId, key: String) -> PlaceState {
        let (account, &Self { held, worth, since, .. }) = (account.clone(), self);
        PlaceState { account, instrument: key, held, worth, since }
    }

    /// An execution has come.
    pub fn books(&mut self, fill: &Fill, multiplier: Decimal) {
        let units = fill.side.sign() * fill.quantity.0;
        self.traded = self.traded.saturating_add(units);
        let price = units.checked_mul(fill.price.0).and_then(|price| price.checked_mul(multiplier));
        self.paid = self.paid.zip(price).and_then(|(paid, price)| paid.checked_add(price));
        self.charges(fill.commission, Decimal::ONE);
    }

    /// A commission is known to be another one than was booked.
    pub fn charged(&mut self, before: Money, after: Money) {
        self.charges(before, Decimal::NEGATIVE_ONE);
        self.charges(after, Decimal::ONE);
    }

    fn charges(&mut self, fee: Money, sign: Decimal) {
        let sum = self.fees.entry(fee.currency).or_default();
        *sum = sum.saturating_add(sign * fee.amount);
    }

    /// The broker holds `net`: what executions do not explain is taken over at the price of now, at which
    /// it has cost the day nothing. Whether that is news.
    pub fn takes_over(&mut self, net: Decimal, mark: Option<Price>, multiplier: Decimal) -> bool {
        let moved = net.saturating_sub(self.net());
        let worth = value(moved, mark, multiplier).and_then(|worth| self.worth.checked_add(worth));
        let Some(worth) = worth.filter(|_| !moved.is_zero()) else { return false };
        (self.held, self.worth) = (self.held.saturating_add(moved), worth);
        true
    }

    /// Units held by what is known here.
    fn net(&self) -> Decimal {
        self.held.saturating_add(self.traded)
    }

    /// What it has come to before fees; `None` where no price says so.
    pub fn gain(&self, mark: Option<Price>, multiplier: Decimal) -> Option<Decimal> {
        value(self.net(), mark, multiplier)?.checked_sub(self.worth)?.checked_sub(self.paid?)
    }

    /// What it has cost in fees, currency by currency.
    pub fn fees(&self) -> impl Iterator<Item = Money> {
        let known = self.fees.iter().filter(|(_, amount)| !amount.is_zero());
        known.map(|(&currency, &amount)| Money { amount, currency })
    }
}

/// What units are worth; nothing at all needs no price.
fn value(net: Decimal, mark: Option<Price>, multiplier: Decimal) -> Option<Decimal> {
    if net.is_zero() { Some(Decimal::ZERO) } else { net.checked_mul(mark?.0)?.checked_mul(multiplier) }
}
