//! The table as it is typed: texts, what is wrong with them, and what they come to.
//!
//! Pure: a text is kept as it was typed, also while it cannot be read. Weights are typed in per cent.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::{BrokerId, Decimal, Instrument, TimeInForce};
use crate::market::allocation::{
    Choice, Funds, Leverage, MAX_WEIGHT, MOST_ROWS, MOST_TICKS, Options, Others, Style, Table, Target,
};
use crate::ui::format;
use crate::ui::ticket::number;

/// A row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DraftRow {
    /// The instrument's key.
    pub key: String,
    /// Its weight in per cent.
    pub weight: String,
}

/// The table and its choices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Draft {
    pub rows: Vec<DraftRow>,
    pub others: Others,
    pub leverage: Leverage,
    pub funds: Funds,
    pub style: Style,
    pub tif: TimeInForce,
    /// In per cent.
    pub reserve: String,
    /// In the base currency.
    pub least_trade: String,
    pub ticks: String,
}

impl Default for Draft {
    fn default() -> Self {
        let mut draft = Self {
            rows: Vec::new(),
            others: Others::LeftAlone,
            leverage: Leverage::Refused,
            funds: Funds::CashNow,
            style: Style::Market,
            tif: TimeInForce::Day,
            reserve: String::new(),
            least_trade: String::new(),
            ticks: String::new(),
        };
        draft.choose(&Options::default());
        draft
    }
}

/// Why the table makes no plan yet.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unready {
    #[error("Add a row: type a symbol, load a file, or paste a table")]
    Empty,
    #[error("{0}: {1}")]
    Weight(String, BadShare),
    #[error("Cash reserve: {0}")]
    Reserve(BadShare),
    #[error("Least trade: {0}")]
    LeastTrade(number::BadNumber),
    #[error("Ticks: a whole number up to {MOST_TICKS}")]
    Ticks,
}

/// Why a text is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadShare {
    #[error("a weight is missing")]
    Missing,
    #[error("not a number")]
    Unreadable,
    #[error("beyond ±{most} %", most = MAX_WEIGHT * Decimal::ONE_HUNDRED)]
    TooLarge,
    #[error("must be 0 % or more and below 100 %")]
    NoReserve,
}

impl Draft {
    /// Whether an instrument has a row.
    pub fn has(&self, instrument: &Instrument) -> bool {
        self.rows.iter().any(|row| instrument.has_key(&row.key))
    }

    /// Adds a row without a weight, where there is none of it.
    pub fn add(&mut self, key: String) {
        if self.rows.len() < MOST_ROWS && !self.rows.iter().any(|row| row.key == key) {
            self.rows.push(DraftRow { key, weight: String::new() });
        }
    }

    /// Takes a table over, and the choices that it names.
    pub fn take(&mut self, table: &Table) {
        let row = |(key, weight): &(Arc<str>, Decimal)| DraftRow {
            key: key.to_string(),
            weight: share_text(*weight),
        };
        self.rows = table.rows.iter().map(row).collect();
        for choice in &table.choices {
            match *choice {
                Choice::Others(others) => self.others = others,
                Choice::Leverage(leverage) => self.leverage = leverage,
                Choice::Funds(funds) => self.funds = funds,
                Choice::Reserve(reserve) => self.reserve = share_text(reserve),
                Choice::LeastTrade(least) => self.least_trade = format::exact(least),
                Choice::Style(style) => self.style = style,
                Choice::Ticks(ticks) => self.ticks = ticks.to_string(),
                Choice::Tif(tif) => self.tif = tif,
            }
        }
    }

    fn choose(&mut self, options: &Options) {
        let Options { others, leverage, funds, reserve, least_trade, style, ticks, tif } = *options;
        (self.others, self.leverage, self.funds) = (others, leverage, funds);
        (self.style, self.tif) = (style, tif);
        self.reserve = share_text(reserve);
        self.least_trade = format::exact(least_trade);
        self.ticks = ticks.to_string();
    }

    /// What the choices come to.
    pub fn options(&self) -> Result<Options, Unready> {
        let reserve = share(&self.reserve).map_err(Unready::Reserve)?;
        if reserve < Decimal::ZERO || reserve >= Decimal::ONE {
            return Err(Unready::Reserve(BadShare::NoReserve));
        }
        let ticks = self.ticks.trim().parse().ok().filter(|ticks| *ticks <= MOST_TICKS);
        Ok(Options {
            others: self.others,
            leverage: self.leverage,
            funds: self.funds,
            reserve,
            least_trade: amount(&self.least_trade).map_err(Unready::LeastTrade)?,
            style: self.style,
            ticks: ticks.ok_or(Unready::Ticks)?,
            tif: self.tif,
        })
    }

    /// The targets of what is listed at a broker. What is not is told in its row.
    pub fn targets(&self, listed: &[Arc<Instrument>], broker: BrokerId) -> Result<Vec<Target>, Unready> {
        if self.rows.is_empty() {
            return Err(Unready::Empty);
        }
        let mut targets = Vec::with_capacity(self.rows.len());
        let mut met = BTreeSet::new();
        for row in &self.rows {
            let weight = share(&row.weight).map_err(|bad| Unready::Weight(row.key.clone(), bad))?;
            let found = listed.iter().find(|i| i.broker == broker && i.has_key(&row.key));
            if let Some(instrument) = found.filter(|i| met.insert(i.id)) {
                targets.push(Target { instrument: instrument.id, weight });
            }
        }
        Ok(targets)
    }

    /// What the weights that can be read add up to, and what they do with their signs left out.
    pub fn sums(&self) -> (Decimal, Decimal) {
        let weights = self.rows.iter().filter_map(|row| share(&row.weight).ok());
        weights.fold(Default::default(), |(net, gross), weight| (net + weight, gross + weight.abs()))
    }
}

/// A share as it is typed in per cent; nothing where that is beyond counting.
pub(super) fn share_text(share: Decimal) -> String {
    let percent = share.checked_mul(Decimal::ONE_HUNDRED);
    // Cut, not rounded: six sixths must not become more than the whole.
    percent.map_or_else(String::new, |percent| format::exact(percent.trunc_with_scale(10)).replace('−', "-"))
}

/// Reads a share that is typed in per cent: `25`, `25 %`, `-5`.
pub(super) fn share(text: &str) -> Result<Decimal, BadShare> {
    let text = text.trim();
    let text = text.strip_suffix('%').unwrap_or(text).trim_end();
    if text.is_empty() {
        return Err(BadShare::Missing);
    }
    let (is_negative, digits) = text.strip_prefix(['-', '−']).map_or((false, text), |rest| (true, rest));
    let percent = amount(digits).map_err(|_unreadable| BadShare::Unreadable)?;
    let share = percent / Decimal::ONE_HUNDRED;
    if share > MAX_WEIGHT {
        return Err(BadShare::TooLarge);
    }
    Ok(if is_negative { -share } else { share })
}

/// Reads an amount of zero or more; nothing is zero.
fn amount(text: &str) -> Result<Decimal, number::BadNumber> {
    let text = text.trim();
    let is_zero = text.contains('0') && text.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if is_zero && text.matches('.').count() <= 1 {
        return Ok(Decimal::ZERO);
    }
    number::parse(text).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn weights_are_typed_in_per_cent() {
        let good = [("25", "0.25"), (" 12.5 % ", "0.125"), ("-5%", "-0.05"), ("−5", "-0.05"), ("0", "0")];
        for (text, read) in good {
            assert_eq!(share(text), Ok(dec(read)), "{text}");
            assert_eq!(share(&share_text(dec(read))), Ok(dec(read)));
        }
        let bad = [("", BadShare::Missing), ("a", BadShare::Unreadable), ("1,5", BadShare::Unreadable)];
        for (text, why) in
            bad.into_iter().chain([("1000.1", BadShare::TooLarge), ("--1", BadShare::Unreadable)])
        {
            assert_eq!(share(text), Err(why), "{text}");
        }
    }

    #[test]
    fn a_choice_that_cannot_be_read_is_named() {
        let says = |change: &dyn Fn(&mut Draft)| {
            let mut draft = Draft::default();
            change(&mut draft);
            draft.options().unwrap_err().to_string()
        };
        assert_eq!(Draft::default().options(), Ok(Options::default()));
        assert_eq!(
            says(&|draft| draft.reserve = "100".into()),
            "Cash reserve: must be 0 % or more and below 100 %"
        );
        assert_eq!(says(&|draft| draft.least_trade = "-1".into()), "Least trade: Must be above zero");
        assert_eq!(says(&|draft| draft.ticks = "1001".into()), "Ticks: a whole number up to 1000");
    }

    #[test]
    fn a_table_replaces_the_rows_and_the_choices_that_it_names() {
        let mut draft = Draft::default();
        draft.add("MSFT@NASDAQ".into());
        draft.reserve = "5".into();
        let rows = vec![("AAPL@NASDAQ".into(), dec("0.125"))];
        draft.take(&Table { rows: rows.clone(), ..Table::default() });
        assert_eq!(draft.rows, [DraftRow { key: "AAPL@NASDAQ".into(), weight: "12.5".into() }]);
        assert_eq!(draft.options().unwrap().reserve, dec("0.05"), "it named none");
        draft.style = Style::Limit;
        draft.ticks = "7".into();
        draft.take(&Table { rows, choices: vec![Choice::Reserve(dec("0.02"))], notes: Vec::new() });
        let expected = Options { reserve: dec("0.02"), style: Style::Limit, ticks: 7, ..Options::default() };
        assert_eq!(draft.options(), Ok(expected), "what it does not name stays");
    }

    #[test]
    fn six_sixths_are_not_more_than_the_whole() {
        let sixth = share_text(dec("0.1666666666666"));
        let sum: Decimal = std::iter::repeat_n(share(&sixth).unwrap(), 6).sum();
        assert!(sum <= Decimal::ONE, "{sum}");
    }
}
