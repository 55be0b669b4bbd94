//! Reads the catalogue file. Fields of an instrument are looked up in its own entry,
//! then in its group's, by hand rather than by serde, so that an error can say which
//! instrument and which field.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Deserialize;
use toml::{Table, Value};

use super::super::{AccountConfig, CommissionRule};
use super::{BadCatalogue, Catalogue, Listing, Opening};
use crate::domain::{
    AccountId, AssetClass, BrokerId, Currency, Decimal, Instrument, InstrumentId, Money, Price, Qty, Session,
    SessionKind, TickTable, TradingHours,
};

/// What an instrument's entry or its group may say.
const FIELDS: [&str; 13] = [
    "symbol",
    "name",
    "venue",
    "class",
    "currency",
    "ticks",
    "hours",
    "lot",
    "price",
    "volatility",
    "volume",
    "trades",
    "factors",
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    epoch: toml::value::Datetime,
    account: RawAccount,
    #[serde(default)]
    commissions: Vec<CommissionRule>,
    ticks: BTreeMap<String, TickTable>,
    hours: BTreeMap<String, RawHours>,
    #[serde(rename = "group")]
    groups: Vec<RawGroup>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAccount {
    id: AccountId,
    title: Arc<str>,
    base: Currency,
    leverage: Decimal,
    cash: BTreeMap<Currency, Decimal>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHours {
    zone: String,
    #[serde(default)]
    regular: Vec<String>,
    #[serde(default)]
    extended: Vec<String>,
    #[serde(default)]
    holidays: Vec<toml::value::Datetime>,
}

#[derive(Deserialize)]
struct RawGroup {
    instruments: Vec<Table>,
    #[serde(flatten)]
    shared: Table,
}

pub(super) fn parse(text: &str, opening: Opening) -> Result<Catalogue, BadCatalogue> {
    let file: File = toml::from_str(text).map_err(|e| BadCatalogue::Unreadable(e.to_string()))?;
    let epoch = to_date(&file.epoch).ok_or_else(|| BadCatalogue::Part {
        part: "epoch",
        name: file.epoch.to_string(),
        problem: "it must be a date such as 2026-11-02".to_owned(),
    })?;
    let mut hours = BTreeMap::new();
    for (name, raw) in &file.hours {
        let read = raw.read().map_err(|problem| BadCatalogue::Part {
            part: "hours",
            name: name.clone(),
            problem,
        })?;
        hours.insert(name.as_str(), read);
    }
    let tables = Tables { ticks: &file.ticks, hours: &hours, opening };
    let mut listings: Vec<Listing> = Vec::new();
    for group in &file.groups {
        for own in &group.instruments {
            let id = InstrumentId(u32::try_from(listings.len()).unwrap_or(u32::MAX));
            listings.push(Entry::new(own, &group.shared, id).listing(&tables)?);
        }
    }
    refuse_twins(&listings)?;
    let cash = file.account.cash.iter().map(|(&currency, &amount)| Money { amount, currency }).collect();
    let account = AccountConfig {
        id: file.account.id,
        title: file.account.title,
        cash,
        base: file.account.base,
        leverage: file.account.leverage,
    };
    Ok(Catalogue { listings, epoch, account, commissions: file.commissions, opening })
}

fn refuse_twins(listings: &[Listing]) -> Result<(), BadCatalogue> {
    let mut keys = BTreeSet::new();
    match listings.iter().find(|l| !keys.insert(l.instrument.key())) {
        None => Ok(()),
        Some(twin) => Err(BadCatalogue::Instrument {
            symbol: twin.instrument.key(),
            field: "symbol".to_owned(),
            problem: "it is listed twice; remove one".to_owned(),
        }),
    }
}

fn to_date(value: &toml::value::Datetime) -> Option<Date> {
    value.to_string().parse().ok()
}

impl RawHours {
    fn read(&self) -> Result<TradingHours, String> {
        let mut sessions = Vec::new();
        for (texts, kind) in [(&self.regular, SessionKind::Regular), (&self.extended, SessionKind::Extended)]
        {
            for text in texts {
                sessions.push(read_session(text, kind)?);
            }
        }
        sessions.sort_by_key(|s| s.open);
        let mut holidays = Vec::new();
        for day in &self.holidays {
            holidays.push(to_date(day).ok_or_else(|| format!("holiday {day} is not a date"))?);
        }
        let always = sessions.is_empty();
        let weekdays = if always { [true; 7] } else { [true, true, true, true, true, false, false] };
        Ok(TradingHours { zone: self.zone.clone(), sessions, weekdays, holidays })
    }
}

/// Reads `09:30-16:00`, or `eve 17:00-17:00` for a day that opens the evening before.
fn read_session(text: &str, kind: SessionKind) -> Result<Session, String> {
    let bad = || format!("'{text}' is no session; write it as 09:30-16:00");
    let (open, close) = text.split_once('-').ok_or_else(bad)?;
    let open = match open.strip_prefix("eve ") {
        Some(evening) => read_minute(evening).ok_or_else(bad)? - 1440,
        None => read_minute(open).ok_or_else(bad)?,
    };
    let close = read_minute(close).ok_or_else(bad)?;
    if open >= close {
        return Err(format!("'{text}' closes before it opens"));
    }
    Ok(Session { open, close, kind })
}

/// Reads `09:30` as a minute of the day; `24:00` is the end of it.
fn read_minute(text: &str) -> Option<i16> {
    let (hour, minute) = text.trim().split_once(':')?;
    let (hour, minute): (i16, i16) = (hour.parse().ok()?, minute.parse().ok()?);
    ((0..60).contains(&minute) && (0..=24).contains(&hour) && hour * 60 + minute <= 1440)
        .then_some(hour * 60 + minute)
}

/// The named parts that instruments refer to.
struct Tables<'a> {
    ticks: &'a BTreeMap<String, TickTable>,
    hours: &'a BTreeMap<&'a str, TradingHours>,
    opening: Opening,
}

/// An instrument's own entry over its group's.
struct Entry<'a> {
    own: &'a Table,
    group: &'a Table,
    id: InstrumentId,
}

impl<'a> Entry<'a> {
    fn new(own: &'a Table, group: &'a Table, id: InstrumentId) -> Self {
        Self { own, group, id }
    }

    fn symbol(&self) -> String {
        let unnamed = || format!("number {}", self.id.0 + 1);
        self.own.get("symbol").and_then(Value::as_str).map_or_else(unnamed, str::to_owned)
    }

    fn error(&self, field: &str, problem: impl Into<String>) -> BadCatalogue {
        BadCatalogue::Instrument { symbol: self.symbol(), field: field.to_owned(), problem: problem.into() }
    }

    fn get(&self, field: &str) -> Result<&'a Value, BadCatalogue> {
        let found = self.own.get(field).or_else(|| self.group.get(field));
        found.ok_or_else(|| self.error(field, "it is missing; give it here or in the group"))
    }

    fn text(&self, field: &str) -> Result<&'a str, BadCatalogue> {
        let value = self.get(field)?;
        value.as_str().ok_or_else(|| self.error(field, format!("{value} must be a text in quotes")))
    }

    fn decimal(&self, field: &str) -> Result<Decimal, BadCatalogue> {
        let text = self.text(field)?;
        let value = Decimal::from_str(text)
            .map_err(|e| self.error(field, format!("'{text}' is not a decimal number ({e})")))?;
        if value <= Decimal::ZERO {
            return Err(self.error(field, format!("{value} must be above zero")));
        }
        Ok(value)
    }

    fn number(&self, field: &str) -> Result<f64, BadCatalogue> {
        let value = self.get(field)?;
        let number = value.as_float().or_else(|| value.as_integer().map(|n| n as f64));
        match number {
            Some(n) if n.is_finite() && n > 0.0 => Ok(n),
            _ => Err(self.error(field, format!("{value} must be a number above zero"))),
        }
    }

    fn class(&self) -> Result<AssetClass, BadCatalogue> {
        match self.text("class")? {
            "share" => Ok(AssetClass::Share),
            "fx" => Ok(AssetClass::Fx),
            "crypto" => Ok(AssetClass::Crypto),
            other => Err(self.error("class", format!("'{other}' is none of share, fx, crypto"))),
        }
    }

    fn factors(&self) -> Result<Vec<(Arc<str>, f64)>, BadCatalogue> {
        let Ok(value) = self.get("factors") else { return Ok(Vec::new()) };
        let table = value.as_table().ok_or_else(|| self.error("factors", "write it as { us = 0.7 }"))?;
        let mut factors = Vec::new();
        for (name, weight) in table {
            let weight =
                weight.as_float().ok_or_else(|| self.error("factors", format!("{name} needs a weight")))?;
            factors.push((Arc::from(name.as_str()), weight));
        }
        let squares: f64 = factors.iter().map(|(_, w)| w * w).sum();
        if factors.len() > 2 || squares > 1.0 + 1e-9 {
            return Err(self.error("factors", "at most two, and their squares sum to at most 1"));
        }
        Ok(factors)
    }

    fn listing(&self, tables: &Tables<'_>) -> Result<Listing, BadCatalogue> {
        if let Some(unknown) =
            self.own.keys().chain(self.group.keys()).find(|k| !FIELDS.contains(&k.as_str()))
        {
            return Err(self.error(unknown, "there is no such field"));
        }
        let named_hours = self.text("hours")?;
        let listed_hours = tables.hours.get(named_hours);
        let listed_hours =
            listed_hours.ok_or_else(|| self.error("hours", format!("no [hours.{named_hours}]")))?;
        let named_ticks = self.text("ticks")?;
        let ticks = tables.ticks.get(named_ticks);
        let ticks = ticks.ok_or_else(|| self.error("ticks", format!("no '{named_ticks}' in [ticks]")))?;
        let price = Price(self.decimal("price")?);
        if !ticks.is_on_grid(price) {
            return Err(self.error("price", format!("{price} is not on the ticks '{named_ticks}'")));
        }
        let currency = self.text("currency")?;
        let currency = Currency::parse(currency).map_err(|e| self.error("currency", e.to_string()))?;
        let hours = match tables.opening {
            Opening::AsListed => listed_hours.clone(),
            Opening::Always => TradingHours::always(&listed_hours.zone),
        };
        let instrument = Instrument {
            id: self.id,
            broker: BrokerId(0),
            symbol: self.text("symbol")?.into(),
            name: self.text("name")?.into(),
            venue: self.text("venue")?.into(),
            class: self.class()?,
            currency,
            ticks: ticks.clone(),
            lot: Qty(self.decimal("lot")?),
            multiplier: Decimal::ONE,
            hours,
        };
        Ok(Listing {
            instrument: Arc::new(instrument),
            price,
            volatility: self.number("volatility")?,
            volume: self.number("volume")?,
            trades: self.number("trades")?,
            factors: self.factors()?,
            listed_hours: listed_hours.clone(),
        })
    }
}
