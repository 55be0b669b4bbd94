//! What accounts and positions are worth at the newest quotes.
//!
//! Computed once a frame from what has been applied, so that every pane shows the same
//! number in the same frame.

use std::sync::Arc;

use super::Desk;
use crate::domain::{AccountId, AssetClass, Decimal, Instrument, InstrumentId, Position, Price};
use crate::market::valuation::{Rates, Valuation, value};

/// An account with its worth.
#[derive(Debug, Clone, PartialEq)]
pub struct Valued {
    /// Which account.
    pub account: AccountId,
    /// What it is worth, and what could not be valued.
    pub valuation: Valuation,
}

impl Desk {
    /// Instruments whose quotes convert currencies.
    pub(super) fn rate_instruments(&self) -> impl Iterator<Item = &Arc<Instrument>> {
        self.instruments.iter().filter(|instrument| instrument.class == AssetClass::Fx)
    }

    /// Exchange rates into the base currency of the settings, by the newest quotes.
    #[must_use]
    pub fn rates(&self) -> Rates {
        let quoted = |instrument: &Arc<Instrument>| {
            let (bought, paid) = instrument.pair()?;
            Some((bought, paid, self.mark(instrument.id)?.0))
        };
        let quotes: Vec<_> = self.rate_instruments().filter_map(quoted).collect();
        Rates::from_quotes(self.settings.base_currency, &quotes)
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

    pub(super) fn revalue(&mut self) {
        let rates = self.rates();
        let positions: Vec<Position> = self.blotter.open_positions().cloned().collect();
        let worth = |account: &Arc<crate::domain::Account>| Valued {
            account: account.id.clone(),
            valuation: value(account, &positions, |id| self.mark(id), &self.instruments, &rates),
        };
        self.valuations = self.accounts.iter().map(worth).collect();
    }
}
