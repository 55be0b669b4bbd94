//! Names, both ways.

use super::*;

fn one(name: &str) -> Contract {
    let mut all = meanings(name);
    assert_eq!(all.len(), 1, "{name}: {all:?}");
    all.remove(0)
}

#[test]
fn a_symbol_is_a_share_in_dollars() {
    let share = one("AAPL");
    assert_eq!((share.symbol.as_str(), share.currency.as_str()), ("AAPL", "USD"));
    assert_eq!((share.exchange.as_str(), share.primary_exchange.as_str()), ("SMART", ""));
}

#[test]
fn a_share_may_be_of_another_currency_and_exchange() {
    let toyota = one("7203:JPY");
    assert_eq!((toyota.symbol.as_str(), toyota.currency.as_str()), ("7203", "JPY"));
    let shell = one("SHEL:GBP@LSE");
    assert_eq!((shell.symbol.as_str(), shell.currency.as_str()), ("SHEL", "GBP"));
    assert_eq!((shell.exchange.as_str(), shell.primary_exchange.as_str()), ("SMART", "LSE"));
}

#[test]
fn a_pair_is_of_currencies_first() {
    let kinds: Vec<SecurityType> = meanings("BTC/USD").into_iter().map(|m| m.security_type).collect();
    assert_eq!(kinds, [SecurityType::ForexPair, SecurityType::Crypto]);
}

#[test]
fn a_future_has_its_local_symbol_and_its_exchange() {
    let future = &meanings("ESZ6@CME")[0];
    assert_eq!((&future.security_type, future.local_symbol.as_str()), (&SecurityType::Future, "ESZ6"));
    assert_eq!((future.exchange.as_str(), future.currency.as_str()), ("CME", ""), "TWS knows its currency");
}

#[test]
fn an_option_is_known_by_its_local_symbol_however_its_blanks_are_typed() {
    for typed in ["AAPL  261218C00200000", "AAPL 261218C00200000", "AAPL261218C00200000"] {
        let option = one(typed);
        assert_eq!(option.security_type, SecurityType::Option);
        assert_eq!(option.local_symbol, "AAPL  261218C00200000");
    }
    for typed in ["AAPL 261218X00200000", "AAPL 2612C00200000", "TOOLONG 261218C00200000", "é61218C00200000"]
    {
        assert!(option_symbol(typed).is_none(), "{typed}");
    }
}

fn described(symbol: &str, currency: &str, listed: &str) -> ContractDescription {
    let share = Contract::stock(symbol).in_currency(currency).build();
    let contract = Contract { primary_exchange: listed.into(), ..share };
    ContractDescription { contract, derivative_security_types: Vec::new() }
}

fn names(found: &[ContractDescription]) -> Vec<String> {
    candidates(found).iter().map(|one| one.name.to_string()).collect()
}

#[test]
fn what_is_found_has_the_name_that_lists_it() {
    let found = [described("AAPL", "USD", "NASDAQ"), described("AAPL", "MXN", "MEXI")];
    assert_eq!(names(&found), ["AAPL", "AAPL:MXN@MEXI"]);
    for one in candidates(&found) {
        let contract = self::one(&one.name);
        assert_eq!(contract.currency.as_str(), &*one.currency);
    }
}

#[test]
fn two_of_one_name_are_told_apart_by_their_exchange() {
    let found = [described("ABC", "EUR", "IBIS"), described("ABC", "EUR", "SBF"), described("X", "USD", "N")];
    assert_eq!(names(&found), ["ABC:EUR@IBIS", "ABC:EUR@SBF", "X"]);
    let dollars = [described("ABC", "USD", "NYSE"), described("ABC", "USD", "PINK")];
    assert_eq!(names(&dollars), ["ABC:USD@NYSE", "ABC:USD@PINK"], "a currency is said, or it were a future");
    let twice = [described("ABC", "USD", "NYSE"), described("ABC", "USD", "NYSE")];
    assert_eq!(names(&twice), ["ABC:USD@NYSE"]);
}

#[test]
fn what_cannot_be_traded_is_not_offered() {
    let mut index = described("SPX", "USD", "CBOE");
    index.contract.security_type = SecurityType::Index;
    assert!(names(&[index]).is_empty());
}

#[test]
fn only_whole_names_are_asked_for_as_such() {
    for exact in ["ESZ6@CME", "7203:JPY", "EUR/USD", "AAPL 261218C00200000"] {
        assert!(is_exact(exact), "{exact}");
    }
    for text in ["AAPL", "apple inc", "BRK B"] {
        assert!(!is_exact(text), "{text}");
    }
}
