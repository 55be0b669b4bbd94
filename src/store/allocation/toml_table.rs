//! A table of weights as TOML: `[targets]`, and the choices above it.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::names::Listed;
use super::{Place, Problem, Table, add, share};
use crate::domain::{Decimal, TimeInForce, bounds};
use crate::market::allocation::{Choice, Funds, Leverage, MOST_TICKS, Others, Style};

const KNOWN: &str =
    "reserve, others, leverage, spend_sales, least_trade, order, ticks, tif, and the table [targets]";

pub(super) fn read(text: &str, listed: &Listed<'_>) -> Result<Table, (Place, Problem)> {
    let line_at = |at: usize| Some(text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1);
    let whole = DeTable::parse(text).map_err(|error| {
        let line = error.span().and_then(|span| line_at(span.start));
        (line, Problem::Toml(error.message().to_owned()))
    })?;
    let mut table = Table::default();
    let mut lines = Vec::new();
    // In the order of the file: the parser sorts by name.
    let mut entries: Vec<_> = whole.into_inner().into_iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    for (name, value) in entries {
        let line = line_at(name.span().start);
        let at = |problem| (line, problem);
        match (name.get_ref().as_ref(), value.into_inner()) {
            ("targets", DeValue::Table(targets)) => {
                let mut targets: Vec<(Spanned<_>, Spanned<DeValue<'_>>)> = targets.into_iter().collect();
                targets.sort_by_key(|(symbol, _)| symbol.span().start);
                for (symbol, weight) in targets {
                    let line = line_at(symbol.span().start);
                    let at = |problem| (line, problem);
                    let key = listed.key(symbol.get_ref()).map_err(at)?;
                    let weight = number(weight.get_ref()).map_err(at)?;
                    add(&mut table, &mut lines, line.unwrap_or_default(), key, weight).map_err(at)?;
                }
            }
            ("targets", _) => return Err(at(choice("targets", "a table: [targets]"))),
            (name, value) => {
                table.choices.push(choice_of(name, &value).map_err(at)?);
            }
        }
    }
    Ok(table)
}

fn choice(name: &'static str, expected: &'static str) -> Problem {
    Problem::Choice { name, expected }
}

/// A share, as a number or a text.
fn number(value: &DeValue<'_>) -> Result<Decimal, Problem> {
    share(&text(value).ok_or_else(|| Problem::NoWeight("this".to_owned()))?)
}

/// Numbers by their digits, so that none is changed on the way.
fn text(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Some(number.as_str().to_owned()),
        DeValue::Float(number) => Some(number.as_str().to_owned()),
        _ => None,
    }
}

fn choice_of(name: &str, value: &DeValue<'_>) -> Result<Choice, Problem> {
    let words = text(value).map(|text| text.trim().to_lowercase());
    let is = match value {
        DeValue::Boolean(is) => Some(*is),
        _ => None,
    };
    match name {
        "reserve" => {
            let reserve = number(value).ok().filter(|r| *r >= Decimal::ZERO && *r < Decimal::ONE);
            Ok(Choice::Reserve(reserve.ok_or(choice("reserve", "a share from 0% to below 100%"))?))
        }
        "others" => match words.as_deref() {
            Some("leave") => Ok(Choice::Others(Others::LeftAlone)),
            Some("close") => Ok(Choice::Others(Others::Closed)),
            _ => Err(choice("others", "\"leave\" or \"close\"")),
        },
        "leverage" => {
            let is = is.ok_or(choice("leverage", "true or false"))?;
            Ok(Choice::Leverage(if is { Leverage::Allowed } else { Leverage::Refused }))
        }
        "spend_sales" => {
            let is = is.ok_or(choice("spend_sales", "true or false"))?;
            Ok(Choice::Funds(if is { Funds::WithSales } else { Funds::CashNow }))
        }
        "least_trade" => {
            let least = words.and_then(|text| Decimal::from_str_exact(&text).ok());
            let least = least.filter(|least| *least >= Decimal::ZERO && bounds::amount(*least).is_ok());
            Ok(Choice::LeastTrade(least.ok_or(choice("least_trade", "an amount of 0 or more"))?))
        }
        "order" => match words.as_deref() {
            Some("market") => Ok(Choice::Style(Style::Market)),
            Some("limit") => Ok(Choice::Style(Style::Limit)),
            _ => Err(choice("order", "\"market\" or \"limit\"")),
        },
        "ticks" => {
            let ticks = words.and_then(|text| text.parse().ok()).filter(|ticks| *ticks <= MOST_TICKS);
            Ok(Choice::Ticks(ticks.ok_or(choice("ticks", "a whole number up to 1000"))?))
        }
        "tif" => match words.as_deref() {
            Some("day") => Ok(Choice::Tif(TimeInForce::Day)),
            Some("gtc") => Ok(Choice::Tif(TimeInForce::Gtc)),
            Some("ioc") => Ok(Choice::Tif(TimeInForce::Ioc)),
            _ => Err(choice("tif", "\"day\", \"gtc\" or \"ioc\"")),
        },
        _ => {
            let name = name.chars().take(40).collect();
            Err(Problem::NoChoice { name, known: KNOWN })
        }
    }
}
