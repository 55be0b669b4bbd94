//! What accounts and positions are worth at the newest quotes.
//!
//! Computed once a frame from what has been applied, so that every pane shows the same
//! number in the same frame.

use std::sync::Arc;

use super::Desk;
use crate::domain::{
    Account, AccountId, AssetClass, Currency, Decimal, Instrument, InstrumentId, Money, Position, Price,
};
use crate::market::valuation::{Rates, Valuation, value};

/// An account with its worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Valued {
    /// Which account.
    pub account: AccountId,
    /// What it is worth, and what could not be valued.
    pub valuation: Valuation,
    /// What its balances add up to in the base currency; `None` where a rate is missing.
    pub balances: Option<BalanceTotals>,
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
    /// Profit of what was closed, before commissions.
    pub realised: Decimal,
    /// Commissions paid.
    pub commissions: Decimal,
    /// Worth at the marks; what is short counts against what is long.
    pub value: Decimal,
    /// Whether every mark and rate was known; what lacked one is left out.
    pub is_complete: bool,
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

    fn rates_into(&self, base: Currency) -> Rates {
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

    /// Profit of an open position that is not realised yet, in its instrument's currency.
    #[must_use]
    pub fn unrealised(&self, position: &Position) -> Option<Decimal> {
        let instrument = self.instrument(position.instrument)?;
        Some(position.unrealised(self.mark(position.instrument)?, instrument.multiplier))
    }

    /// What an open position would sell for, in its instrument's currency; negative when short.
    #[must_use]
    pub fn value_of(&self, position: &Position) -> Option<Decimal> {
        let instrument = self.instrument(position.instrument)?;
        Some(position.net * self.mark(position.instrument)?.0 * instrument.multiplier)
    }

    /// What `positions` add up to in the base currency of the settings.
    #[must_use]
    pub fn position_totals<'a>(&self, positions: impl Iterator<Item = &'a Position>) -> PositionTotals {
        let rates = self.rates();
        let mut totals = PositionTotals { is_complete: true, ..PositionTotals::default() };
        for position in positions {
            let Some(instrument) = self.instrument(position.instrument) else {
                totals.is_complete = false;
                continue;
            };
            let mut to_base = |amount: Option<Decimal>| {
                let amount = amount.and_then(|amount| rates.to_base(amount, instrument.currency));
                totals.is_complete &= amount.is_some();
                amount.unwrap_or_default()
            };
            let (realised, commissions) =
                (to_base(Some(position.realised)), to_base(Some(position.commissions)));
            let (unrealised, value) = if position.is_flat() {
                Default::default()
            } else {
                (to_base(self.unrealised(position)), to_base(self.value_of(position)))
            };
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
        let worth = |account: &Arc<Account>| Valued {
            account: account.id.clone(),
            valuation: value(account, &positions, |id| self.mark(id), &self.instruments, &rates),
            balances: balance_totals(account, &rates),
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
