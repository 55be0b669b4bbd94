//! What TWS tells of a contract, as an instrument of this program.
//!
//! Prices stand on the grid of a market rule, where one was asked for ([`rule_id`]), because the smallest
//! step that the details tell holds for cheap shares only. Hours are told for the next days, with dates: the
//! week is taken from them, and days on which it rests from what is closed.

mod hours;

use ibapi::contracts::{ContractDetails, MarketRule, OptionRight};

use super::named::{class_of, shown};
use super::number::decimal;
use crate::domain::instrument::BadTickTable;
use crate::domain::{AssetClass, BrokerId, Currency, Decimal, Instrument, InstrumentId, Qty, TickTable};
use hours::NoHours;

/// Exchanges that are called otherwise there and here.
const EXCHANGES: [(&str, &str); 4] =
    [("TSEJ", "TSE"), ("KSE", "KRX"), ("IDEALPRO", "FX"), ("PAXOS", "CRYPTO")];

/// Why a contract makes no instrument.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoInstrument {
    /// Of a kind that this program does not trade.
    #[error(
        "{symbol} is of the kind {kind}: shares, currencies, crypto assets, futures and options can be traded"
    )]
    Kind {
        /// What it is called.
        symbol: String,
        /// Its kind, as TWS calls it.
        kind: String,
    },
    /// Its currency has no name.
    #[error("{symbol}: '{currency}' is no currency")]
    Currency {
        /// What it is called.
        symbol: String,
        /// What TWS says.
        currency: String,
    },
    /// Its prices step in no way that makes sense.
    #[error("{symbol}: its price steps make no sense ({problem})")]
    Ticks {
        /// What it is called.
        symbol: String,
        /// What is wrong.
        problem: BadTickTable,
    },
    /// Its hours make no sense.
    #[error("{symbol}: {problem}")]
    Hours {
        /// What it is called.
        symbol: String,
        /// What is wrong.
        problem: NoHours,
    },
}

/// The market rule of the exchange that a contract is routed to.
#[must_use]
pub fn rule_id(details: &ContractDetails) -> Option<i32> {
    let exchange = details.contract.exchange.as_str();
    let place = details.valid_exchanges.iter().position(|valid| valid == exchange).unwrap_or(0);
    details.market_rule_ids.get(place)?.trim().parse().ok()
}

/// The instrument that TWS describes.
///
/// # Errors
/// When it is of another kind, or makes no sense.
pub fn instrument_of(
    details: &ContractDetails,
    rule: Option<&MarketRule>,
    id: InstrumentId,
    broker: BrokerId,
) -> Result<Instrument, NoInstrument> {
    let contract = &details.contract;
    let symbol = contract.symbol.to_string();
    let kind = &contract.security_type;
    let Some(class) = class_of(kind) else {
        return Err(NoInstrument::Kind { symbol, kind: kind.to_string() });
    };
    let code = contract.currency.as_str();
    let currency = Currency::parse(code)
        .map_err(|_bad| NoInstrument::Currency { symbol: symbol.clone(), currency: code.to_owned() })?;
    let ticks =
        ticks(details, rule).map_err(|problem| NoInstrument::Ticks { symbol: symbol.clone(), problem })?;
    let hours =
        hours::of(details).map_err(|problem| NoInstrument::Hours { symbol: symbol.clone(), problem })?;
    let shown = shown(contract, class);
    let listed = Some(contract.primary_exchange.as_str()).filter(|name| !name.is_empty());
    let listed = listed.unwrap_or(contract.exchange.as_str());
    let venue = EXCHANGES.iter().find(|(theirs, _)| *theirs == listed).map_or(listed, |(_, ours)| *ours);
    let name = name(details, class, &shown);
    Ok(Instrument {
        id,
        broker,
        name: name.into(),
        symbol: shown.into(),
        venue: venue.into(),
        class,
        currency,
        ticks,
        lot: lot(details, class),
        multiplier: multiplier(details),
        hours,
    })
}

fn ticks(details: &ContractDetails, rule: Option<&MarketRule>) -> Result<TickTable, BadTickTable> {
    let increments = rule.map(|rule| &*rule.price_increments).unwrap_or_default();
    let row = |edge, step| Some((decimal(edge)?, decimal(step)?));
    let mut rows: Vec<(Decimal, Decimal)> =
        increments.iter().filter_map(|known| row(known.low_edge, known.increment)).collect();
    rows.sort();
    if rows.is_empty() {
        return TickTable::uniform(decimal(details.min_tick).unwrap_or_default());
    }
    TickTable::new(rows)
}

/// Shares and contracts are traded whole here, whatever fractions TWS takes from its own window.
fn lot(details: &ContractDetails, class: AssetClass) -> Qty {
    let told = match class {
        AssetClass::Share | AssetClass::Future | AssetClass::Option => details.min_size,
        AssetClass::Fx | AssetClass::Crypto => details.size_increment.or(details.min_size),
    };
    let told = told.and_then(decimal).filter(|lot| *lot > Decimal::ZERO).unwrap_or(Decimal::ONE);
    let is_whole = !matches!(class, AssetClass::Fx | AssetClass::Crypto);
    Qty(if is_whole { told.max(Decimal::ONE) } else { told })
}

/// What it is: of what ends, with its end.
fn name(details: &ContractDetails, class: AssetClass, shown: &str) -> String {
    let long = if details.long_name.is_empty() { shown } else { &details.long_name };
    let contract = &details.contract;
    match class {
        AssetClass::Share | AssetClass::Fx | AssetClass::Crypto => long.to_owned(),
        AssetClass::Future => format!("{long}, {}", details.contract_month),
        AssetClass::Option => {
            let right = match contract.right {
                Some(OptionRight::Call) => "call",
                Some(OptionRight::Put) => "put",
                None => "option",
            };
            format!("{long}, {right} {} of {}", contract.strike, contract.last_trade_date_or_contract_month)
        }
    }
}

/// What a unit at a price of one is worth: prices of some exchanges are in hundredths of the currency.
fn multiplier(details: &ContractDetails) -> Decimal {
    let contract: Decimal = details.contract.multiplier.parse().unwrap_or(Decimal::ONE);
    let magnifier = Decimal::from(details.price_magnifier.max(1));
    contract.checked_div(magnifier).filter(|value| *value > Decimal::ZERO).unwrap_or(Decimal::ONE)
}

#[cfg(test)]
mod tests;
