//! Instruments by what TWS calls them.

use super::*;
use crate::domain::AssetClass;

/// A share, with the contract id that TWS gave it; 0 for none.
pub(in crate::broker::ibkr) fn share(id: u32, symbol: &str, contract_id: i32) -> Listed {
    let contract = Contract { contract_id, ..Contract::stock(symbol).build() };
    Listed { instrument: Arc::new(crate::approved::share(id, symbol)), contract }
}

/// A pair of currencies.
pub(in crate::broker::ibkr) fn pair(id: u32) -> Listed {
    let share = share(id, "EUR", 12_087_792);
    let instrument = Instrument {
        symbol: "EUR/USD".into(),
        class: AssetClass::Fx,
        ..Instrument::clone(&share.instrument)
    };
    let contract = Contract { contract_id: 12_087_792, ..Contract::forex("EUR", "USD").build() };
    Listed { instrument: Arc::new(instrument), contract }
}

#[test]
fn a_contract_is_found_by_its_id_or_by_what_it_is() {
    let listing = Listing::new([share(0, "AAPL", 265_598), share(1, "MSFT", 0), share(2, "F", 0)]);
    let named = |symbol: &str, contract_id| Contract {
        contract_id,
        exchange: "ARCA".into(),
        ..Contract::stock(symbol).build()
    };
    assert_eq!(listing.find(&named("AAPL", 265_598)), Some(InstrumentId(0)));
    assert_eq!(listing.find(&named("MSFT", 272_093)), Some(InstrumentId(1)));
    assert_eq!(listing.find(&named("AAPL", 4)), None, "another one of that name");
    assert_eq!(listing.find(&named("TSLA", 76_792_991)), None);
    let other_currency = Contract { currency: "EUR".into(), ..named("MSFT", 5) };
    assert_eq!(listing.find(&other_currency), None);
}

#[test]
fn what_could_be_one_of_several_is_none() {
    let listing = Listing::new([share(0, "MSFT", 0), share(1, "MSFT", 0)]);
    assert_eq!(listing.find(&Contract::stock("MSFT").build()), None);
}
