//! Instruments as the TWS API names them: contracts, their details, price rules, and the way back.
//!
//! What must stay true:
//! - a contract id follows from the instrument's key alone, so that it is the same in every run:
//!   programs write it down;
//! - a contract that was given out finds its instrument again;
//! - what is not named finds nothing, and what names several finds none of them: an order must never
//!   go to another instrument than was meant.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::wire::model::{Contract, ContractDescription, ContractDetails, MarketRule, PriceIncrement};
use crate::domain::{AssetClass, Decimal, Instrument, InstrumentId, SessionKind, TickTable, Time};
use crate::market::calendar::Calendar;
use hours::Hours;

mod hours;

/// Instruments that a search finds at most, as TWS.
const FOUND_AT_MOST: usize = 16;
/// Contract ids are below this: they must be positive, and fit whatever a client makes of them.
const IDS: u32 = 1 << 30;
/// Where orders for shares are routed to, by the name that programs use.
const SMART: &str = "SMART";
/// The order types that the paper exchange takes, in the words of the TWS API.
const ORDER_TYPES: &str = "LMT,MKT,STP,STP LMT,TRAIL";
/// Exchanges whose names here and there differ.
const EXCHANGES: [(&str, &str); 4] =
    [("TSE", "TSEJ"), ("KRX", "KSE"), ("FX", "IDEALPRO"), ("CRYPTO", "PAXOS")];

/// Why a contract leads to no instrument. TWS tells both with code 200.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// None is like that.
    #[error("No security definition has been found for the request")]
    Unknown,
    /// Several are.
    #[error("The contract description is ambiguous: name its exchange and currency, or its conId")]
    Ambiguous,
}

/// The instruments of a run, by their names in the TWS API.
#[derive(Debug, Clone)]
pub struct Contracts {
    instruments: Arc<[Arc<Instrument>]>,
    ids: Vec<i32>,
    by_id: BTreeMap<i32, InstrumentId>,
    /// Each price table once; a rule's id is its place, counted from 1.
    rules: Vec<TickTable>,
}

impl Contracts {
    /// For a catalogue, whose ids are indices into it.
    #[must_use]
    pub fn new(instruments: Arc<[Arc<Instrument>]>) -> Self {
        let mut by_key: Vec<(String, InstrumentId)> =
            instruments.iter().map(|instrument| (instrument.key(), instrument.id)).collect();
        // Should two want the same id, the first in the order of keys has it, whatever the order of
        // the catalogue.
        by_key.sort();
        let mut by_id = BTreeMap::new();
        let mut ids = vec![0; instruments.len()];
        for (key, instrument) in by_key {
            let wanted = i32::try_from(crc32fast::hash(key.as_bytes()) % IDS).unwrap_or_default();
            let mut id = wanted.max(1);
            while by_id.contains_key(&id) {
                id += 1;
            }
            by_id.insert(id, instrument);
            ids[instrument.index()] = id;
        }
        let mut rules: Vec<TickTable> = Vec::new();
        for instrument in instruments.iter() {
            if !rules.contains(&instrument.ticks) {
                rules.push(instrument.ticks.clone());
            }
        }
        Self { instruments, ids, by_id, rules }
    }

    /// The instrument that a contract names.
    ///
    /// # Errors
    /// When it names none, or several.
    pub fn resolve(&self, wanted: &Contract) -> Result<&Arc<Instrument>, Unresolved> {
        let mut found = self.find(wanted);
        match (found.next(), found.next()) {
            (Some(instrument), None) => Ok(instrument),
            (Some(_), Some(_)) => Err(Unresolved::Ambiguous),
            (None, _) => Err(Unresolved::Unknown),
        }
    }

    /// Every instrument that a contract could mean. With an id, symbol, kind and currency must not say
    /// another, where they are given: it may have been written down elsewhere. Without one whatever is
    /// given must fit, and a symbol must be given.
    pub fn find<'a>(&'a self, wanted: &Contract) -> impl Iterator<Item = &'a Arc<Instrument>> {
        let con_id = wanted.con_id.filter(|id| *id != 0);
        let names_one = given(wanted.symbol.as_ref()).or(given(wanted.local_symbol.as_ref())).is_some();
        let is_meant = move |instrument: &&Arc<Instrument>| match con_id {
            Some(id) => self.by_id.get(&id) == Some(&instrument.id) && agrees(wanted, &Names::of(instrument)),
            None => names_one && fits(wanted, &Names::of(instrument)),
        };
        self.instruments.iter().filter(is_meant)
    }

    /// An instrument as a contract, with its id.
    #[must_use]
    pub fn contract(&self, instrument: &Instrument) -> Contract {
        let Names { symbol, kind, exchange, listed, currency, local, class } = Names::of(instrument);
        let text = |text: &str| Some(text.to_owned());
        Contract {
            con_id: self.ids.get(instrument.id.index()).copied(),
            symbol: text(&symbol),
            sec_type: text(kind),
            exchange: text(exchange),
            primary_exch: (kind == "STK").then(|| listed.to_owned()),
            currency: text(&currency),
            local_symbol: text(&local),
            trading_class: text(&class),
            ..Contract::default()
        }
    }

    /// What is known of it at `now`, with the hours of this trading day and the next ones.
    #[must_use]
    pub fn details(&self, instrument: &Instrument, now: Time) -> ContractDetails {
        let names = Names::of(instrument);
        let exchanges = names.exchanges();
        let rule = self.rule_id(instrument).to_string();
        let rules = vec![rule; exchanges.len()];
        let least = instrument.ticks.rows().iter().map(|(_, tick)| tick.normalize()).min();
        let lot = instrument.lot.0.normalize().to_string();
        let calendar = Calendar::new(&instrument.hours).ok();
        let hours = calendar.as_ref().and_then(|calendar| Hours::new(calendar, &instrument.hours.zone, now));
        let hours_of = |is_meant: fn(SessionKind) -> bool| hours.as_ref().map(|hours| hours.text(is_meant));
        ContractDetails {
            market_name: Some(names.class.into_owned()),
            min_tick: least.map(|tick| tick.to_string()),
            order_types: Some(ORDER_TYPES.to_owned()),
            valid_exchanges: Some(exchanges.join(",")),
            price_magnifier: Some(1),
            long_name: Some(instrument.name.to_string()),
            time_zone_id: Some(instrument.hours.zone.clone()),
            trading_hours: hours_of(|_| true),
            liquid_hours: hours_of(|kind| kind == SessionKind::Regular),
            market_rule_ids: Some(rules.join(",")),
            stock_type: (names.kind == "STK").then(|| "COMMON".to_owned()),
            min_size: Some(lot.clone()),
            size_increment: Some(lot.clone()),
            suggested_size_increment: Some(lot),
            ..ContractDetails::default()
        }
    }

    /// The price steps behind an id of [`ContractDetails::market_rule_ids`].
    #[must_use]
    pub fn rule(&self, id: i32) -> Option<MarketRule> {
        let table = self.rules.get(usize::try_from(id).ok()?.checked_sub(1)?)?;
        let increment = |(from, tick): &(Decimal, Decimal)| PriceIncrement {
            low_edge: to_f64(*from),
            increment: to_f64(*tick),
        };
        let price_increments = table.rows().iter().map(increment).collect();
        Some(MarketRule { market_rule_id: Some(id), price_increments })
    }

    /// Instruments whose symbol begins with a pattern, then those whose name has it.
    #[must_use]
    pub fn matching(&self, pattern: &str) -> Vec<ContractDescription> {
        let pattern = pattern.trim().to_uppercase();
        if pattern.is_empty() {
            return Vec::new();
        }
        let begins = |i: &Instrument| Names::of(i).symbol.to_uppercase().starts_with(&pattern);
        let is_named = |i: &Instrument| i.name.to_uppercase().contains(&pattern);
        let by_symbol = self.instruments.iter().filter(|i| begins(i));
        let by_name = self.instruments.iter().filter(|i| !begins(i) && is_named(i));
        let described = |instrument: &Arc<Instrument>| ContractDescription {
            contract: Some(Contract {
                description: Some(instrument.name.to_string()),
                ..self.contract(instrument)
            }),
            derivative_sec_types: Vec::new(),
        };
        by_symbol.chain(by_name).take(FOUND_AT_MOST).map(described).collect()
    }

    fn rule_id(&self, instrument: &Instrument) -> usize {
        self.rules.iter().position(|table| *table == instrument.ticks).map_or(0, |place| place + 1)
    }
}

/// What an instrument is called in the TWS API.
struct Names<'a> {
    symbol: Cow<'a, str>,
    kind: &'static str,
    /// Where an order for it goes.
    exchange: &'a str,
    /// Where it is listed.
    listed: &'a str,
    currency: Cow<'a, str>,
    local: Cow<'a, str>,
    class: Cow<'a, str>,
}

impl<'a> Names<'a> {
    fn of(instrument: &'a Instrument) -> Self {
        let venue = &*instrument.venue;
        let listed = EXCHANGES.iter().find(|(here, _)| *here == venue).map_or(venue, |(_, there)| *there);
        let currency = instrument.currency.to_string();
        if instrument.class == AssetClass::Share {
            // Share classes are set off with a space there.
            let symbol: Cow<str> = if instrument.symbol.contains('.') {
                instrument.symbol.replace('.', " ").into()
            } else {
                Cow::Borrowed(&*instrument.symbol)
            };
            let (local, class) = (symbol.clone(), symbol.clone());
            return Self {
                symbol,
                kind: "STK",
                exchange: SMART,
                listed,
                currency: currency.into(),
                local,
                class,
            };
        }
        if let AssetClass::Future | AssetClass::Option = instrument.class {
            let kind = if instrument.class == AssetClass::Future { "FUT" } else { "OPT" };
            let local = Cow::Borrowed(&*instrument.symbol);
            let symbol = Cow::Borrowed(instrument.symbol.split(' ').next().unwrap_or_default());
            let (currency, class) = (currency.into(), symbol.clone());
            return Self { symbol, kind, exchange: listed, listed, currency, local, class };
        }
        let base = instrument.symbol.split('/').next().unwrap_or_default();
        let local: Cow<str> = format!("{base}.{currency}").into();
        let (kind, class) = match instrument.class {
            AssetClass::Fx => ("CASH", local.clone()),
            _ => ("CRYPTO", Cow::Borrowed(base)),
        };
        Self { symbol: base.into(), kind, exchange: listed, listed, currency: currency.into(), local, class }
    }

    fn exchanges(&self) -> Vec<&'a str> {
        if self.exchange == self.listed { vec![self.listed] } else { vec![self.exchange, self.listed] }
    }
}

/// A text of a contract that says something.
fn given(text: Option<&String>) -> Option<&str> {
    text.map(String::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// Whether a contract with an id says nothing of another instrument.
fn agrees(wanted: &Contract, names: &Names<'_>) -> bool {
    let dotted = names.symbol.replace(' ', ".");
    let is = |wanted: Option<&String>, own: &[&str]| {
        given(wanted).is_none_or(|wanted| own.iter().any(|own| own.eq_ignore_ascii_case(wanted)))
    };
    is(wanted.sec_type.as_ref(), &[names.kind])
        && is(wanted.symbol.as_ref(), &[&names.symbol, &dotted])
        && is(wanted.currency.as_ref(), &[&names.currency])
}

/// Whether whatever a contract says is said of an instrument.
fn fits(wanted: &Contract, names: &Names<'_>) -> bool {
    let is = |wanted: Option<&String>, own: &[&str]| {
        given(wanted).is_none_or(|wanted| own.iter().any(|own| own.eq_ignore_ascii_case(wanted)))
    };
    // A share's class may come with its dot, as exchanges write it.
    let dotted = names.symbol.replace(' ', ".");
    let is_one_more_term = given(wanted.last_trade_date_or_contract_month.as_ref()).is_some()
        || given(wanted.right.as_ref()).is_some_and(|right| right != "?" && right != "0");
    !is_one_more_term
        && is(wanted.sec_type.as_ref(), &[names.kind])
        && is(wanted.symbol.as_ref(), &[&names.symbol, &dotted])
        && is(wanted.local_symbol.as_ref(), &[&names.local, &dotted])
        && is(wanted.exchange.as_ref(), &names.exchanges())
        && is(wanted.primary_exch.as_ref(), &[names.listed])
        && is(wanted.currency.as_ref(), &[&names.currency])
        && is(wanted.trading_class.as_ref(), &[&names.class])
}

fn to_f64(value: Decimal) -> Option<f64> {
    value.try_into().ok()
}

#[cfg(test)]
mod tests;
