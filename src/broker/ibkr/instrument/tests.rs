//! Contracts of several exchanges, as TWS describes them.

use ibapi::contracts::{Contract, PriceIncrement, SecurityType};

use super::*;
use crate::domain::{Price, SessionKind};

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn apple() -> ContractDetails {
    ContractDetails {
        contract: Contract {
            contract_id: 265_598,
            primary_exchange: "NASDAQ".into(),
            ..Contract::stock("AAPL").build()
        },
        min_tick: 0.01,
        long_name: "APPLE INC".to_owned(),
        valid_exchanges: texts(&["SMART", "ARCA", "ISLAND"]),
        market_rule_ids: texts(&["26", "27", "28"]),
        price_magnifier: 1,
        min_size: Some(0.0001),
        size_increment: Some(0.0001),
        time_zone_id: "US/Eastern".to_owned(),
        trading_hours: texts(&[
            "20261123:0400-20261123:2000",
            "20261124:0400-20261124:2000",
            "20261125:0400-20261125:2000",
            "20261126:CLOSED",
            "20261127:0400-20261127:1700",
            "20261128:CLOSED",
        ]),
        liquid_hours: texts(&[
            "20261123:0930-20261123:1600",
            "20261124:0930-20261124:1600",
            "20261125:0930-20261125:1600",
            "20261126:CLOSED",
            "20261127:0930-20261127:1300",
            "20261128:CLOSED",
        ]),
        ..ContractDetails::default()
    }
}

fn made(details: &ContractDetails, rule: Option<&MarketRule>) -> Result<Instrument, NoInstrument> {
    instrument_of(details, rule, InstrumentId(4), BrokerId(1))
}

fn rule(rows: &[(f64, f64)]) -> MarketRule {
    let increment =
        |(low_edge, increment): &(f64, f64)| PriceIncrement { low_edge: *low_edge, increment: *increment };
    MarketRule { market_rule_id: 26, price_increments: rows.iter().map(increment).collect() }
}

#[test]
fn a_share_has_its_names_its_lot_and_its_currency() {
    let share = made(&apple(), None).unwrap();
    assert_eq!((share.id, share.broker), (InstrumentId(4), BrokerId(1)));
    assert_eq!((&*share.symbol, &*share.name, &*share.venue), ("AAPL", "APPLE INC", "NASDAQ"));
    assert_eq!((share.class, share.currency), (AssetClass::Share, Currency::USD));
    assert_eq!((share.lot, share.multiplier), (Qty(dec("1")), dec("1")), "no fractions of a share");
}

#[test]
fn a_class_of_shares_is_written_with_a_dot_and_pence_are_hundredths() {
    let mut details = apple();
    details.contract.symbol = "BRK B".into();
    assert_eq!(&*made(&details, None).unwrap().symbol, "BRK.B");
    details.price_magnifier = 100;
    assert_eq!(made(&details, None).unwrap().multiplier, dec("0.01"));
    details.min_size = Some(100.0);
    assert_eq!(made(&details, None).unwrap().lot, Qty(dec("100")));
}

#[test]
fn prices_step_as_the_market_rule_says() {
    let table = made(&apple(), Some(&rule(&[(1.0, 0.01), (0.0, 0.0001)]))).unwrap().ticks;
    assert!(table.is_on_grid(Price(dec("0.9999"))) && !table.is_on_grid(Price(dec("1.001"))));
    let plain = made(&apple(), None).unwrap().ticks;
    assert_eq!(plain.rows(), [(dec("0"), dec("0.01"))]);
    let wrong = made(&apple(), Some(&rule(&[(5.0, 0.01)]))).unwrap_err();
    assert!(matches!(wrong, NoInstrument::Ticks { .. }), "{wrong}");
    assert!(matches!(
        made(&ContractDetails { min_tick: 0.0, ..apple() }, None),
        Err(NoInstrument::Ticks { .. })
    ));
}

#[test]
fn the_rule_is_that_of_the_exchange_it_is_routed_to() {
    assert_eq!(rule_id(&apple()), Some(26));
    let mut details = apple();
    details.contract.exchange = "ISLAND".into();
    assert_eq!(rule_id(&details), Some(28));
    details.market_rule_ids.clear();
    assert_eq!(rule_id(&details), None);
}

#[test]
fn the_week_is_taken_from_the_days_that_are_told() {
    let hours = made(&apple(), None).unwrap().hours;
    assert_eq!(hours.zone, "US/Eastern");
    let sessions: Vec<_> = hours.sessions.iter().map(|s| (s.open, s.close, s.kind)).collect();
    let (extended, regular) = (SessionKind::Extended, SessionKind::Regular);
    assert_eq!(sessions, [(240, 570, extended), (570, 960, regular), (960, 1200, extended)]);
    assert_eq!(hours.weekdays, [true, true, true, true, true, false, false]);
    assert_eq!(hours.holidays, [jiff::civil::date(2026, 11, 26)]);
}

#[test]
fn a_lunch_break_is_kept() {
    let told = texts(&["20261124:0900-20261124:1130", "20261124:1230-20261124:1530"]);
    let details = ContractDetails {
        time_zone_id: "JST".to_owned(),
        trading_hours: told.clone(),
        liquid_hours: told,
        ..apple()
    };
    let hours = made(&details, None).unwrap().hours;
    assert_eq!(hours.zone, "Asia/Tokyo");
    let sessions: Vec<_> = hours.sessions.iter().map(|s| (s.open, s.close)).collect();
    assert_eq!(sessions, [(540, 690), (750, 930)]);
}

#[test]
fn a_session_that_begins_the_evening_before_belongs_to_the_day_it_ends_on() {
    let told = texts(&["20261122:1715-20261123:1700", "20261123:1715-20261124:1700", "20261128:CLOSED"]);
    let mut details = ContractDetails { trading_hours: told.clone(), liquid_hours: told, ..apple() };
    details.contract = Contract::forex("EUR", "USD").build();
    let pair = made(&details, None).unwrap();
    assert_eq!((&*pair.symbol, &*pair.venue, pair.class), ("EUR/USD", "FX", AssetClass::Fx));
    let sessions: Vec<_> = pair.hours.sessions.iter().map(|s| (s.open, s.close)).collect();
    assert_eq!(sessions, [(-405, 1020)]);
    assert_eq!(pair.hours.weekdays, [true, true, true, true, true, false, false]);
}

#[test]
fn what_never_closes_is_always_open() {
    let day = |day: u32| format!("202611{day}:0000-202611{}:0000", day + 1);
    let told: Vec<String> = (22..29).map(day).collect();
    let mut details = ContractDetails { trading_hours: told.clone(), liquid_hours: told, ..apple() };
    details.contract = Contract::crypto("BTC").build();
    details.size_increment = Some(1e-8);
    let coin = made(&details, None).unwrap();
    assert!(coin.hours.is_always());
    assert_eq!((&*coin.symbol, coin.lot), ("BTC/USD", Qty(dec("0.00000001"))));
}

#[test]
fn a_future_is_called_by_its_local_symbol_and_worth_its_multiplier() {
    let mut details = apple();
    details.contract = Contract {
        security_type: SecurityType::Future,
        symbol: "ES".into(),
        local_symbol: "ESZ6".to_owned(),
        multiplier: "50".to_owned(),
        exchange: "CME".into(),
        ..Contract::default()
    };
    "E-mini S&P 500".clone_into(&mut details.long_name);
    "202612".clone_into(&mut details.contract_month);
    details.min_tick = 0.25;
    let future = made(&details, None).unwrap();
    assert_eq!((&*future.symbol, &*future.name), ("ESZ6", "E-mini S&P 500, 202612"));
    assert_eq!((&*future.venue, future.class), ("CME", AssetClass::Future));
    assert_eq!((future.multiplier, future.lot), (dec("50"), Qty(Decimal::ONE)));
    assert!(future.ticks.is_on_grid(Price(dec("6500.25"))) && !future.ticks.is_on_grid(Price(dec("6500.1"))));
}

#[test]
fn an_option_is_called_by_its_local_symbol_with_one_blank_and_names_its_terms() {
    let mut details = apple();
    details.contract = Contract {
        security_type: SecurityType::Option,
        local_symbol: "AAPL  261218C00200000".to_owned(),
        last_trade_date_or_contract_month: "20261218".to_owned(),
        strike: 200.0,
        right: Some(OptionRight::Call),
        multiplier: "100".to_owned(),
        ..Contract::stock("AAPL").build()
    };
    let option = made(&details, None).unwrap();
    assert_eq!(&*option.symbol, "AAPL 261218C00200000");
    assert_eq!(&*option.name, "APPLE INC, call 200 of 20261218");
    assert_eq!((option.multiplier, option.class), (dec("100"), AssetClass::Option));
}

#[test]
fn what_makes_no_sense_is_refused_in_words() {
    let mut index = apple();
    index.contract.security_type = SecurityType::Index;
    assert!(made(&index, None).unwrap_err().to_string().contains("of the kind IND"));
    let mut currency = apple();
    currency.contract.currency = "".into();
    assert!(matches!(made(&currency, None), Err(NoInstrument::Currency { .. })));
    let zone = ContractDetails { time_zone_id: "Mars/Olympus".to_owned(), ..apple() };
    assert!(made(&zone, None).unwrap_err().to_string().contains("Mars/Olympus"));
    for bad in [
        "20261123",
        "20261123:0400",
        "20261123:2000-20261123:0400",
        "20261301:0400-20261301:0500",
        "x:CLOSED",
    ] {
        let details = ContractDetails { trading_hours: texts(&[bad]), ..apple() };
        let error = made(&details, None).unwrap_err();
        assert!(error.to_string().contains(bad), "{error}");
    }
    let nothing = ContractDetails { trading_hours: Vec::new(), liquid_hours: Vec::new(), ..apple() };
    assert!(made(&nothing, None).unwrap().hours.is_always(), "nobody says when it is closed");
}
