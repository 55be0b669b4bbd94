//! What a trader calls an instrument, and the contract that TWS is asked for.
//!
//! | name | instrument |
//! |---|---|
//! | `AAPL` | a share, in dollars |
//! | `7203:JPY`, `SHEL:GBP@LSE` | a share in another currency, listed at an exchange |
//! | `EUR/USD`, `BTC/USD` | a pair of currencies, or a crypto asset |
//! | `ESZ6@CME` | a future, by its local symbol |
//! | `AAPL 261218C00200000` | an option, by its local symbol: day, call or put, strike in thousandths |

use std::collections::BTreeSet;
use std::sync::Arc;

use ibapi::contracts::{Contract, ContractDescription, ContractDetails, Currency, SecurityType};

use crate::domain::{AssetClass, Candidate};

/// Letters of an option's root; its local symbol is filled up to so many.
const ROOT: usize = 6;
/// What follows it: a date, the right, a strike.
const TERMS: usize = 15;

/// What a name may mean, the likeliest first.
pub(super) fn meanings(name: &str) -> Vec<Contract> {
    if let Some(local_symbol) = option_symbol(name) {
        let security_type = SecurityType::Option;
        return vec![Contract {
            security_type,
            local_symbol,
            exchange: "SMART".into(),
            ..Contract::default()
        }];
    }
    if let Some((base, quote)) = name.split_once('/') {
        let crypto = Contract::crypto(base);
        return vec![Contract::forex(base, quote).build(), crypto.in_currency(quote).build()];
    }
    let (symbol, listed) = name.split_once('@').map_or((name, None), |(symbol, at)| (symbol, Some(at)));
    let (symbol, currency) = symbol.split_once(':').map_or((symbol, None), |(symbol, of)| (symbol, Some(of)));
    let share = Contract::stock(symbol).in_currency(currency.unwrap_or("USD")).on_exchange("SMART").build();
    match (listed, currency) {
        (None, _) => vec![share],
        (Some(at), Some(_)) => vec![Contract { primary_exchange: at.into(), ..share }],
        (Some(at), None) => vec![
            Contract {
                security_type: SecurityType::Future,
                local_symbol: symbol.to_owned(),
                exchange: at.into(),
                currency: Currency::from(""),
                ..Contract::default()
            },
            Contract { primary_exchange: at.into(), ..share },
        ],
    }
}

/// An option's local symbol, as TWS writes it.
fn option_symbol(name: &str) -> Option<String> {
    let terms = name.get(name.len().checked_sub(TERMS)?..)?;
    let root = name.get(..name.len() - TERMS)?.trim_end();
    let is_root = (1..=ROOT).contains(&root.len()) && root.chars().all(|c| c.is_ascii_alphanumeric());
    let is_digits = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let is_right = matches!(terms.get(6..7)?, "C" | "P");
    let is_terms = is_right && is_digits(terms.get(..6)?) && is_digits(terms.get(7..)?);
    (is_root && is_terms).then(|| format!("{root:<ROOT$}{terms}"))
}

/// Whether a text is the whole name of something that no search by symbol finds.
pub(super) fn is_exact(text: &str) -> bool {
    text.contains(['@', ':', '/']) || option_symbol(text).is_some()
}

/// The kind of a contract, of those that can be traded here.
pub(super) fn class_of(kind: &SecurityType) -> Option<AssetClass> {
    match kind {
        SecurityType::Stock => Some(AssetClass::Share),
        SecurityType::ForexPair => Some(AssetClass::Fx),
        SecurityType::Crypto => Some(AssetClass::Crypto),
        SecurityType::Future => Some(AssetClass::Future),
        SecurityType::Option => Some(AssetClass::Option),
        _ => None,
    }
}

/// What a contract is called on the screen. Share classes are set off with a space there.
pub(super) fn shown(contract: &Contract, class: AssetClass) -> String {
    match class {
        AssetClass::Share => contract.symbol.to_string().replace(' ', "."),
        AssetClass::Fx | AssetClass::Crypto => format!("{}/{}", contract.symbol, contract.currency),
        AssetClass::Future | AssetClass::Option => {
            contract.local_symbol.split_whitespace().collect::<Vec<_>>().join(" ")
        }
    }
}

/// What a search has found, as far as it can be traded. Where two have the same name, their exchange is
/// added to it.
pub(super) fn candidates(found: &[ContractDescription]) -> Vec<Candidate> {
    let all: Vec<Candidate> = found.iter().filter_map(|found| candidate(&found.contract)).collect();
    let mut names = BTreeSet::new();
    let doubled: BTreeSet<Arc<str>> =
        all.iter().filter(|one| !names.insert(&one.name)).map(|one| Arc::clone(&one.name)).collect();
    let mut told = BTreeSet::new();
    let whole = |one: Candidate| {
        if !doubled.contains(&one.name) || one.class != AssetClass::Share || one.name.contains('@') {
            return one;
        }
        let currency = if one.name.contains(':') { String::new() } else { format!(":{}", one.currency) };
        Candidate { name: format!("{}{currency}@{}", one.name, one.venue).into(), ..one }
    };
    all.into_iter().map(whole).filter(|one| told.insert(Arc::clone(&one.name))).collect()
}

fn candidate(contract: &Contract) -> Option<Candidate> {
    let class = class_of(&contract.security_type)?;
    let symbol = shown(contract, class);
    let currency = contract.currency.as_str();
    let name = match class {
        // The same symbol is often listed at several exchanges of a currency.
        AssetClass::Share if currency != "USD" => {
            let listed = contract.primary_exchange.as_str();
            let at = if listed.is_empty() { String::new() } else { format!("@{listed}") };
            format!("{}:{currency}{at}", contract.symbol)
        }
        AssetClass::Share => contract.symbol.to_string(),
        AssetClass::Fx | AssetClass::Crypto | AssetClass::Option => symbol.clone(),
        AssetClass::Future => format!("{symbol}@{}", contract.exchange),
    };
    let listed = contract.primary_exchange.as_str();
    let venue = if listed.is_empty() { contract.exchange.as_str() } else { listed };
    let description = if contract.description.is_empty() { &symbol } else { &contract.description };
    Some(Candidate {
        name: name.into(),
        description: description.as_str().into(),
        venue: venue.into(),
        currency: currency.into(),
        class,
        symbol: symbol.into(),
    })
}

/// What was found under its exact name.
pub(super) fn found_exactly(name: &str, details: &ContractDetails) -> Option<Candidate> {
    let found = candidate(&details.contract)?;
    let description = if details.long_name.is_empty() { &*found.symbol } else { &details.long_name };
    Some(Candidate { name: name.into(), description: description.into(), ..found })
}

#[cfg(test)]
mod tests;
