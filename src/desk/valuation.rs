//! What accounts and positions are worth at the newest quotes.
//!
//! Computed once a frame from what has been applied, so that every pane shows the same
//! number in the same frame.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Desk, Freshness};
use crate::domain::{
    Account, AccountId, AssetClass, Currency, Decimal, Instrument, InstrumentId, Money, Position, Price,
};
use crate::market::valuation::{self, Rates, Valuation, value};

/// An account with its worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Valued {
    /// Which account.
    pub account: AccountId,
    /// What it is worth, and what could not be valued.
    pub valuation: Valuation,
    /// What its balances add up to in the base currency; `None` where a rate is missing.
    pub balances: Option<BalanceTotals>,
    /// Currencies with positions whose marks are [`Freshness::Stale`].
    pub stale: BTreeSet<Currency>,
    /// Whether a mark or an exchange rate behind the total is stale.
    pub is_stale: bool,
}

/// What a position has come to since midnight, in its instrument's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayResult {
    /// Profit of what was closed, before commissions.
    pub realised: Decimal,
    /// Commissions paid.
    pub commissions: Decimal,
    /// Whether commissions in another currency are left out.
    pub lacks_commissions: bool,
}

/// What an account's broker reports, over all currencies, in the base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BalanceTotals {
    /// Commissions paid.
    pub commissions: Decimal,
    /// Margin tied up.
    pub margin: Decimal,
    /// What new positions may still cost.
    pub buying_power: Decimal,
}

/// What positions add up to, in the base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PositionTotals {
    /// Profit at the marks.
    pub unrealised: Decimal,
    /// Profit of what was closed today, before commissions.
    pub realised: Decimal,
    /// Commissions paid today.
    pub commissions: Decimal,
    /// Worth at the marks; what is short counts against what is long.
    pub value: Decimal,
    /// Whether every mark and rate was known; what lacked one is left out.
    pub is_complete: bool,
    /// Whether a mark or an exchange rate behind profit and worth is stale.
    pub is_stale: bool,
}

impl Desk {
    /// Instruments whose quotes convert currencies.
    pub(super) fn rate_instruments(&self) -> impl Iterator<Item = &Arc<Instrument>> {
        self.instruments.iter().filter(|instrument| instrument.class == AssetClass::Fx)
    }

    /// Exchange rates into the base currency of the settings, by the newest quotes.
    #[must_use]
    pub fn rates(&self) -> Rates {
        self.rates_into(self.settings.base_currency)
    }

    /// The same into another currency.
    #[must_use]
    pub fn rates_into(&self, base: Currency) -> Rates {
        let quoted = |instrument: &Arc<Instrument>| {
            let (bought, paid) = instrument.pair()?;
            Some((bought, paid, self.mark(instrument.id)?.0))
        };
        let quotes: Vec<_> = self.rate_instruments().filter_map(quoted).collect();
        Rates::from_quotes(base, &quotes)
    }

    /// What a unit of one currency is worth in another, by the newest quotes.
    #[must_use]
    pub fn worth(&self, of: Currency, into: Currency) -> Option<Money> {
        let amount = self.rates_into(into).to_base(Decimal::ONE, of)?;
        Some(Money { amount, currency: into })
    }

    /// The price that a position is valued at.
    #[must_use]
    pub fn mark(&self, id: InstrumentId) -> Option<Price> {
        self.quote(id)?.quote.mark()
    }

    /// Whether an instrument's mark is from a quote that is no longer fed.
    #[must_use]
    pub fn is_stale(&self, id: InstrumentId) -> bool {
        self.quote(id).is_some_and(|view| view.freshness == Freshness::Stale)
    }

    /// Whether what converts a currency into the base currency is no longer fed.
    fn is_rate_stale(&self, currency: Currency) -> bool {
        let base = self.settings.base_currency;
        valuation::is_rate_stale(currency, base, &self.instruments, |id| self.is_stale(id))
    }

    /// Profit of an open position that is not realised yet, in its instrument's currency.
    #[must_use]
    pub fn unrealised(&self, position: &Position) -> Option<Decimal> {
        let instrument = self.instrument(position.instrument)?;
        position.unrealised(self.mark(position.instrument)?, instrument.multiplier)
    }

    /// What an open position would sell for, in its instrument's currency; negative when short.
    #[must_use]
    pub fn value_of(&self, position: &Position) -> Option<Decimal> {
        let instrument = self.instrument(position.instrument)?;
        position.value(self.mark(position.instrument)?, instrument.multiplier)
    }

    /// What `positions` and their day add up to in the base currency of the settings.
    #[must_use]
    pub fn position_totals<'a>(
        &self,
        positions: impl Iterator<Item = (&'a Position, DayResult)>,
    ) -> PositionTotals {
        let rates = self.rates();
        let mut totals = PositionTotals { is_complete: true, ..PositionTotals::default() };
        for (position, day) in positions {
            let Some(instrument) = self.instrument(position.instrument) else {
                totals.is_complete = false;
                continue;
            };
            let mut to_base = |amount: Option<Decimal>| {
                let amount = amount.and_then(|amount| rates.to_base(amount, instrument.currency));
                totals.is_complete &= amount.is_some();
                amount.unwrap_or_default()
            };
            let (realised, commissions) = (to_base(Some(day.realised)), to_base(Some(day.commissions)));
            let (unrealised, value) = if position.is_flat() {
                Default::default()
            } else {
                (to_base(self.unrealised(position)), to_base(self.value_of(position)))
            };
            totals.is_complete &= !day.lacks_commissions;
            totals.is_stale |= !position.is_flat()
                && (self.is_stale(position.instrument) || self.is_rate_stale(instrument.currency));
            totals.realised += realised;
            totals.commissions += commissions;
            totals.unrealised += unrealised;
            totals.value += value;
        }
        totals
    }

    pub(super) fn revalue(&mut self) {
        let rates = self.rates();
        let positions: Vec<Position> = self.blotter.open_positions().cloned().collect();
        let worth = |account: &Arc<Account>| {
            let listed = &self.instruments;
            let valuation = value(account, &positions, |id| self.mark(id), listed, &rates);
            let stale = valuation::stale(&valuation, account, &positions, listed, |id| self.is_stale(id));
            Valued {
                account: account.id.clone(),
                is_stale: stale.is_total,
                stale: stale.currencies,
                valuation,
                balances: balance_totals(account, &rates),
            }
        };
        self.valuations = self.accounts.iter().map(worth).collect();
    }
}

fn balance_totals(account: &Account, rates: &Rates) -> Option<BalanceTotals> {
    let mut totals = BalanceTotals::default();
    for balance in &account.balances {
        // A balance of nothing needs no rate.
        let to_base = |amount: Decimal| {
            if amount.is_zero() { Some(amount) } else { rates.to_base(amount, balance.currency) }
        };
        totals.commissions += to_base(balance.commissions)?;
        totals.margin += to_base(balance.margin)?;
        totals.buying_power += to_base(balance.buying_power)?;
    }
    Some(totals)
}
