//! What a plan leaves of each currency's cash: the sum of all may reach where that of one does not.

use std::collections::BTreeMap;

use super::{Decimal, Plan, Row, Situation, Trade};
use crate::domain::{Account, Balance, Currency};

/// The cash in one currency, before the orders and after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CashOf {
    /// Which currency; the amounts are in it.
    pub currency: Currency,
    /// Before.
    pub before: Decimal,
    /// After, with the commissions that are known; `None` beyond counting.
    pub after: Option<Decimal>,
}

impl CashOf {
    /// Whether there is less than none of it then, and was not before: somebody would have to lend it.
    #[must_use]
    pub fn is_overdrawn(&self) -> bool {
        self.before >= Decimal::ZERO && self.after.is_some_and(|after| after < Decimal::ZERO)
    }
}

impl Plan {
    /// The cash of each currency that the orders are in, by the name of the currency; nothing where
    /// the account and they are in one and the same.
    #[must_use]
    pub fn cash_by_currency(&self, account: &Account, now: &Situation) -> Vec<CashOf> {
        let mut after: BTreeMap<Currency, Option<Decimal>> = BTreeMap::new();
        for (row, trade) in self.trades() {
            let Some(line) = now.line(row.instrument) else { continue };
            let currency = line.instrument.currency;
            let cash = after.entry(currency).or_insert_with(|| Some(cash_of(account, currency)));
            *cash = cash.and_then(|cash| cash.checked_sub(paid(row, trade, now)?));
        }
        let is_in_them = |balance: &Balance| balance.cash.is_zero() || after.contains_key(&balance.currency);
        if after.len() < 2 && account.balances.iter().all(is_in_them) {
            return Vec::new();
        }
        let cash = |(currency, after)| CashOf { currency, before: cash_of(account, currency), after };
        after.into_iter().map(cash).collect()
    }
}

fn cash_of(account: &Account, currency: Currency) -> Decimal {
    account.balance(currency).map_or(Decimal::ZERO, |balance| balance.cash)
}

/// What an order takes from the cash of its instrument's currency; negative is what it brings.
fn paid(row: &Row, trade: &Trade, now: &Situation) -> Option<Decimal> {
    let line = now.line(row.instrument)?;
    let (instrument, quantity) = (&line.instrument, trade.spec.quantity);
    let value = instrument.checked_value(trade.price, quantity)?;
    let commission = match &line.commission {
        Some(rule) => rule.checked_due(value, quantity, instrument.currency)?,
        None => Decimal::ZERO,
    };
    (trade.spec.side.sign() * value).checked_add(commission)
}
