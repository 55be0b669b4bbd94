//! The instruments of this broker, with the contracts that TWS knows them by.

use std::collections::BTreeMap;
use std::sync::Arc;

use ibapi::contracts::Contract;

use crate::domain::{Instrument, InstrumentId};

/// An instrument and what TWS calls it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// As this program knows it.
    pub instrument: Arc<Instrument>,
    /// As TWS knows it, with its contract id where that is known.
    pub contract: Contract,
}

/// All of them, found either way.
#[derive(Debug, Clone, Default)]
pub(super) struct Listing {
    by_id: BTreeMap<InstrumentId, Listed>,
    by_contract: BTreeMap<i32, InstrumentId>,
}

impl Listing {
    pub fn new(listed: impl IntoIterator<Item = Listed>) -> Self {
        let mut listing = Self::default();
        for one in listed {
            listing.add(one);
        }
        listing
    }

    pub fn add(&mut self, one: Listed) {
        let id = one.instrument.id;
        if one.contract.contract_id != 0 {
            self.by_contract.insert(one.contract.contract_id, id);
        }
        self.by_id.insert(id, one);
    }

    pub fn all(&self) -> Vec<Listed> {
        self.by_id.values().cloned().collect()
    }

    /// What joins has this id, or a higher one.
    pub fn end(&self) -> InstrumentId {
        self.by_id.last_key_value().map_or(InstrumentId(0), |(last, _)| InstrumentId(last.0 + 1))
    }

    pub fn get(&self, id: InstrumentId) -> Option<&Listed> {
        self.by_id.get(&id)
    }

    pub fn instrument(&self, id: InstrumentId) -> Option<&Instrument> {
        self.get(id).map(|listed| &*listed.instrument)
    }

    /// What it is called on the screen.
    pub fn symbol(&self, id: InstrumentId) -> &str {
        self.instrument(id).map_or("?", |instrument| &*instrument.symbol)
    }

    /// The instrument that TWS means: by the contract's id, and where we know none, by what it is. An
    /// exchange does not count: orders are routed, and fill where they fill.
    pub fn find(&self, theirs: &Contract) -> Option<InstrumentId> {
        if let Some(id) = self.by_contract.get(&theirs.contract_id) {
            return Some(*id);
        }
        let is_same = |ours: &Contract| {
            ours.contract_id == 0
                && ours.symbol == theirs.symbol
                && ours.security_type == theirs.security_type
                && ours.currency == theirs.currency
                && agree(&ours.local_symbol, &theirs.local_symbol)
                && agree(&ours.last_trade_date_or_contract_month, &theirs.last_trade_date_or_contract_month)
                && ours.strike.to_bits() == theirs.strike.to_bits()
                && ours.right == theirs.right
        };
        let mut found = self.by_id.iter().filter(|(_, listed)| is_same(&listed.contract));
        // What could be one of several is none: a fill must never be booked to another instrument.
        match (found.next(), found.next()) {
            (Some((id, _)), None) => Some(*id),
            _ => None,
        }
    }
}

fn agree(ours: &str, theirs: &str) -> bool {
    ours.is_empty() || theirs.is_empty() || ours == theirs
}

#[cfg(test)]
pub(super) mod tests;
