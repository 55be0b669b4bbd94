//! The bundled market file, and what a wrong one is told.

use super::*;
use crate::domain::{AssetClass, Currency, Decimal};

const SMALL: &str = r#"
epoch = 2026-11-02
[account]
id = "PAPER"
title = "Paper"
base = "USD"
leverage = "2"
cash = { USD = "1000" }
[ticks]
cent = [["0", "0.01"]]
[hours.us]
zone = "America/New_York"
regular = ["09:30-16:00"]
[[group]]
class = "share"
currency = "USD"
venue = "NYSE"
hours = "us"
ticks = "cent"
lot = "1"
instruments = [
    { symbol = "ONE", name = "One", price = "10.00", volatility = 0.2, volume = 1e6, trades = 1 },
]
"#;

fn problem(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "the sample has no {from}");
    Catalogue::parse(&SMALL.replace(from, to), Opening::AsListed).unwrap_err().to_string()
}

#[test]
fn the_bundled_market_loads_and_is_large_enough() {
    let catalogue = Catalogue::bundled(Opening::AsListed).unwrap();
    assert!(catalogue.listings.len() >= 36, "{}", catalogue.listings.len());
    for class in [AssetClass::Share, AssetClass::Fx, AssetClass::Crypto] {
        assert!(catalogue.listings.iter().filter(|l| l.instrument.class == class).count() >= 6);
    }
    for (index, listing) in catalogue.listings.iter().enumerate() {
        assert_eq!(listing.instrument.id.index(), index);
        assert!(listing.instrument.ticks.is_on_grid(listing.price), "{}", listing.instrument.symbol);
    }
    let cash = |c| catalogue.account.cash.iter().find(|m| m.currency == c).unwrap().amount;
    assert_eq!(cash(Currency::USD), Decimal::from(1_000_000));
    assert_eq!(cash(Currency::JPY), Decimal::from(50_000_000));
    assert_eq!(cash(Currency::KRW), Decimal::from(500_000_000));
    assert_eq!(catalogue.account.leverage, Decimal::TWO);
}

#[test]
fn every_instrument_has_a_commission() {
    let catalogue = Catalogue::bundled(Opening::AsListed).unwrap();
    for listing in &catalogue.listings {
        let i = &listing.instrument;
        let fits = |r: &&CommissionRule| r.class == i.class && r.currency.is_none_or(|c| c == i.currency);
        let rule = catalogue.commissions.iter().find(fits).unwrap();
        assert!(rule.commission.percent + rule.commission.per_unit > Decimal::ZERO, "{}", i.symbol);
    }
}

#[test]
fn always_open_replaces_the_sessions_and_keeps_the_zone() {
    let listed = Catalogue::bundled(Opening::AsListed).unwrap();
    let always = Catalogue::bundled(Opening::Always).unwrap();
    for (a, b) in listed.listings.iter().zip(&always.listings) {
        assert!(b.instrument.hours.is_always());
        assert_eq!(a.instrument.hours.zone, b.instrument.hours.zone);
        assert_eq!(a.instrument.hours, b.listed_hours);
    }
}

#[test]
fn errors_name_the_instrument_and_the_field() {
    assert_eq!(
        problem(r#"price = "10.00""#, r#"price = "10.005""#),
        "paper market, instrument ONE, price: 10.005 is not on the ticks 'cent'"
    );
    assert_eq!(
        problem("volatility = 0.2", "volatility = -1"),
        "paper market, instrument ONE, volatility: -1 must be a number above zero"
    );
    assert_eq!(
        problem("volatility = 0.2, ", ""),
        "paper market, instrument ONE, volatility: it is missing; give it here or in the group"
    );
    assert_eq!(
        problem(r#"ticks = "cent""#, r#"ticks = "dime""#),
        "paper market, instrument ONE, ticks: no 'dime' in [ticks]"
    );
    assert_eq!(
        problem("trades = 1", "trades = 1, colour = 3"),
        "paper market, instrument ONE, colour: there is no such field"
    );
    assert_eq!(
        problem("trades = 1", "trades = 1, factors = { us = 1.2 }"),
        "paper market, instrument ONE, factors: at most two, and their squares sum to at most 1"
    );
    assert_eq!(
        problem(r#"["09:30-16:00"]"#, r#"["16:00-09:30"]"#),
        "paper market, hours 'us': '16:00-09:30' closes before it opens"
    );
    assert!(problem("epoch = 2026-11-02", "").contains("epoch"));
}

#[test]
fn a_mistyped_field_of_a_commission_rule_is_refused() {
    let rule =
        "[[commissions]]\nclass = \"share\"\ncurency = \"USD\"\ncommission = { percent = \"1\" }\n[ticks]";
    assert!(problem("[ticks]", rule).contains("curency"), "it would be the rule of every currency");
}

#[test]
fn an_instrument_listed_twice_is_refused() {
    let twice = SMALL.replace("instruments = [", "instruments = [\n{ symbol = \"ONE\", name = \"O\", price = \"1\", volatility = 0.2, volume = 1, trades = 1 },");
    let error = Catalogue::parse(&twice, Opening::AsListed).unwrap_err().to_string();
    assert!(error.contains("ONE@NYSE") && error.contains("twice"), "{error}");
}
