//! Every instrument of the bundled market, and what programs write when they mean one.

use super::*;
use crate::exchange::catalogue::{Catalogue, Opening};

fn contracts() -> Contracts {
    Contracts::new(Catalogue::bundled(Opening::AsListed).unwrap().instruments().into())
}

/// As the clients' own constructors make them: what was not said is empty text or nothing.
fn named(kind: &str, symbol: &str, exchange: &str, currency: &str) -> Contract {
    Contract {
        con_id: Some(0),
        symbol: Some(symbol.to_owned()),
        sec_type: Some(kind.to_owned()),
        exchange: Some(exchange.to_owned()),
        currency: Some(currency.to_owned()),
        local_symbol: Some(String::new()),
        ..Contract::default()
    }
}

fn key_of(contracts: &Contracts, wanted: &Contract) -> Result<String, Unresolved> {
    contracts.resolve(wanted).map(|instrument| instrument.key())
}

#[test]
fn every_contract_that_is_given_out_finds_its_instrument_again() {
    let contracts = contracts();
    for instrument in contracts.instruments.iter() {
        let whole = contracts.contract(instrument);
        assert_eq!(key_of(&contracts, &whole), Ok(instrument.key()));
        let without_id = Contract { con_id: None, ..whole.clone() };
        assert_eq!(key_of(&contracts, &without_id), Ok(instrument.key()));
        let id_alone = Contract { con_id: whole.con_id, ..Contract::default() };
        assert_eq!(key_of(&contracts, &id_alone), Ok(instrument.key()));
        assert!(whole.con_id.is_some_and(|id| id > 0), "{whole:?}");
    }
}

#[test]
fn an_id_is_the_same_whatever_else_is_traded() {
    let all = contracts();
    let few: Vec<Arc<Instrument>> = all.instruments.iter().rev().take(9).cloned().collect();
    let few: Vec<Arc<Instrument>> = (0..)
        .zip(&few)
        .map(|(index, instrument)| Arc::new(Instrument { id: InstrumentId(index), ..(**instrument).clone() }))
        .collect();
    let few = Contracts::new(few.into());
    for instrument in few.instruments.iter() {
        let wanted = few.contract(instrument);
        assert_eq!(
            key_of(&all, &Contract { con_id: wanted.con_id, ..Contract::default() }),
            Ok(instrument.key())
        );
    }
}

#[test]
fn what_clients_write_finds_what_they_mean() {
    let contracts = contracts();
    let finds =
        |kind, symbol, exchange, currency| key_of(&contracts, &named(kind, symbol, exchange, currency));
    assert_eq!(finds("STK", "AAPL", "SMART", "USD"), Ok("AAPL@NASDAQ".to_owned()));
    assert_eq!(finds("STK", "aapl", "NASDAQ", ""), Ok("AAPL@NASDAQ".to_owned()));
    assert_eq!(finds("STK", "BRK B", "SMART", "USD"), Ok("BRK.B@NYSE".to_owned()));
    assert_eq!(finds("STK", "BRK.B", "NYSE", "USD"), Ok("BRK.B@NYSE".to_owned()));
    assert_eq!(finds("STK", "7203", "TSEJ", "JPY"), Ok("7203@TSE".to_owned()));
    assert_eq!(finds("STK", "005930", "SMART", "KRW"), Ok("005930@KRX".to_owned()));
    assert_eq!(finds("CASH", "EUR", "IDEALPRO", "USD"), Ok("EUR/USD@FX".to_owned()));
    assert_eq!(finds("CRYPTO", "BTC", "PAXOS", "USD"), Ok("BTC/USD@CRYPTO".to_owned()));
}

#[test]
fn what_is_not_named_or_names_several_finds_none() {
    let contracts = contracts();
    let finds =
        |kind, symbol, exchange, currency| key_of(&contracts, &named(kind, symbol, exchange, currency));
    assert_eq!(finds("STK", "AAPL", "NYSE", "USD"), Err(Unresolved::Unknown), "it is listed elsewhere");
    assert_eq!(finds("STK", "AAPL", "SMART", "EUR"), Err(Unresolved::Unknown));
    assert_eq!(finds("OPT", "AAPL", "SMART", "USD"), Err(Unresolved::Unknown));
    assert_eq!(finds("STK", "", "SMART", "USD"), Err(Unresolved::Unknown), "no symbol is no wish for all");
    assert_eq!(finds("CRYPTO", "BTC", "PAXOS", ""), Err(Unresolved::Ambiguous));
    let strange = Contract { con_id: Some(i32::MAX), ..named("STK", "AAPL", "SMART", "USD") };
    assert_eq!(key_of(&contracts, &strange), Err(Unresolved::Unknown), "an id says all");
    let future = Contract {
        last_trade_date_or_contract_month: Some("202612".to_owned()),
        ..named("", "AAPL", "", "")
    };
    assert_eq!(key_of(&contracts, &future), Err(Unresolved::Unknown));
}

#[test]
fn details_tell_steps_lots_and_hours() {
    let contracts = contracts();
    // Wednesday before Thanksgiving, 09:00 in New York.
    let now = Time::from_seconds(1_795_615_200);
    let details = |key: &str| {
        let instrument = contracts.instruments.iter().find(|i| i.has_key(key)).unwrap();
        contracts.details(instrument, now)
    };
    let apple = details("AAPL@NASDAQ");
    assert_eq!((apple.min_tick(), apple.min_size(), apple.valid_exchanges()), ("0.01", "1", "SMART,NASDAQ"));
    assert_eq!(apple.market_rule_ids().split(',').count(), 2, "one for each exchange");
    assert_eq!(apple.time_zone_id(), "America/New_York");
    let days: Vec<&str> = apple.liquid_hours().split(';').collect();
    assert_eq!(days[..2], ["20261125:0930-20261125:1600", "20261126:CLOSED"]);
    assert!(apple.trading_hours().starts_with("20261125:0400-20261125:2000;20261126:CLOSED"), "{apple:?}");
    let bitcoin = details("BTC/USD@CRYPTO");
    assert!(bitcoin.liquid_hours().starts_with("20261125:0000-20261126:0000;"), "{bitcoin:?}");
    let toyota = details("7203@TSE");
    let rule: i32 = toyota.market_rule_ids().split(',').next().unwrap().parse().unwrap();
    let rows = contracts.rule(rule).unwrap().price_increments;
    assert!(rows.len() > 1 && rows[0].low_edge == Some(0.0), "Japanese steps grow with the price: {rows:?}");
    assert!(contracts.rule(0).is_none() && contracts.rule(-1).is_none() && contracts.rule(99).is_none());
}

#[test]
fn a_search_goes_by_symbol_and_then_by_name() {
    let contracts = contracts();
    let found = |pattern: &str| -> Vec<String> {
        let all = contracts.matching(pattern).into_iter();
        all.filter_map(|found| found.contract?.symbol).collect()
    };
    assert_eq!(found("aap"), ["AAPL"]);
    assert_eq!(found("toyota"), ["7203"]);
    assert!(found("  ").is_empty());
    assert!(found("a").len() <= FOUND_AT_MOST);
}
