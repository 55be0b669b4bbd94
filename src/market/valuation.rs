//! What an account is worth: per currency, and all together in its base currency.
//!
//! Every trade is booked with its full value: buying 10 shares at 100 lowers cash by
//! 1,000 and the commission, and what was bought is worth what it would sell for. So
//!
//! - equity = cash + Σ net × mark × multiplier,
//! - unrealised profit = Σ (mark − average price) × net × multiplier,
//!
//! of which the second is contained in the first. Currency pairs are no exception: euros
//! bought for dollars are a position of EUR/USD that cost dollars.
//!
//! Brokers count otherwise: with some, currencies bought are cash and no holding, and futures are settled
//! every day. Where the broker reports the equity of the account, that is the total.
//!
//! A mark or rate that is not known is never taken for zero in silence: what it would
//! be needed for is left out of the sums and listed in [`Valuation::missing`].

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::AddAssign;
use std::sync::Arc;

use crate::domain::{
    Account, AssetClass, Currency, Decimal, Instrument, InstrumentId, Position, Price, bounds,
};

/// Prices of currencies in a base currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rates {
    base: Currency,
    /// Sorted by currency.
    rates: BTreeMap<Currency, Rate>,
}

/// A rate as a fraction, so that the inverse of a quote loses no digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Rate {
    times: Decimal,
    over: Decimal,
}

impl Rates {
    /// From quotes `(base currency, quote currency, rate)`: USD/JPY at 150 is
    /// `(USD, JPY, 150)`. A currency without a quote against `base` is converted by way of
    /// others, as few as possible; of equally short ways, the first in the order of the
    /// quotes. Rates of zero or less are no rates and are passed over, and so are those that lead
    /// beyond counting.
    #[must_use]
    pub fn from_quotes(base: Currency, quotes: &[(Currency, Currency, Decimal)]) -> Self {
        let one = Rate { times: Decimal::ONE, over: Decimal::ONE };
        let mut rates = BTreeMap::from([(base, one)]);
        let mut reached = vec![base];
        let mut next = 0;
        while let Some(&via) = reached.get(next) {
            let known = rates[&via];
            for &(bought, paid, rate) in quotes.iter().filter(|(.., rate)| *rate > Decimal::ZERO) {
                let (currency, rate) = if paid == via {
                    (bought, known.times.checked_mul(rate).map(|times| Rate { times, ..known }))
                } else if bought == via {
                    (paid, known.over.checked_mul(rate).map(|over| Rate { over, ..known }))
                } else {
                    continue;
                };
                let Some(rate) = rate else { continue };
                rates.entry(currency).or_insert_with(|| {
                    reached.push(currency);
                    rate
                });
            }
            next += 1;
        }
        Self { base, rates }
    }

    /// The currency that others are priced in.
    #[must_use]
    pub fn base(&self) -> Currency {
        self.base
    }

    /// `amount` of `currency` in the base currency; `None` where no quotes lead there, or beyond
    /// what can be added up.
    #[must_use]
    pub fn to_base(&self, amount: Decimal, currency: Currency) -> Option<Decimal> {
        let rate = self.rates.get(&currency)?;
        bounds::amount(amount.checked_mul(rate.times)?.checked_div(rate.over)?).ok()
    }
}

/// The worth of one currency, in that currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Worth {
    /// The currency of every amount here.
    pub currency: Currency,
    /// Cash, trades settled at once.
    pub cash: Decimal,
    /// Profit of open positions at their marks.
    pub unrealised: Decimal,
    /// Profit of what was closed, before commissions.
    pub realised: Decimal,
    /// Cash and what the positions would sell for.
    pub equity: Decimal,
}

impl Worth {
    fn nothing(currency: Currency) -> Self {
        let zero = Decimal::ZERO;
        Self { currency, cash: zero, unrealised: zero, realised: zero, equity: zero }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::nothing(self.currency)
    }

    fn to_base(self, rates: &Rates) -> Option<Self> {
        let convert = |amount| rates.to_base(amount, self.currency);
        Some(Self {
            currency: rates.base,
            cash: convert(self.cash)?,
            unrealised: convert(self.unrealised)?,
            realised: convert(self.realised)?,
            equity: convert(self.equity)?,
        })
    }
}

/// Of the same currency.
impl AddAssign for Worth {
    fn add_assign(&mut self, other: Self) {
        self.cash += other.cash;
        self.unrealised += other.unrealised;
        self.realised += other.realised;
        self.equity += other.equity;
    }
}

/// Something that a full valuation would need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// The instrument of a position is not in the catalogue; the position is left out.
    Instrument(InstrumentId),
    /// An open position has no mark, or one at which its worth is beyond counting; it is left out
    /// of its currency's equity and profit.
    Mark(InstrumentId),
    /// A currency has no rate; it is left out of the total.
    Rate(Currency),
}

/// An account's worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Valuation {
    /// Per currency: those with a balance in the account's order, then those that only
    /// positions are in.
    pub currencies: Vec<Worth>,
    /// All of them in the base currency of the rates; its equity is the broker's, where it reports one.
    pub total: Worth,
    /// What was left out, each once, in order.
    pub missing: Vec<Missing>,
}

impl Valuation {
    /// Whether nothing was left out.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty()
    }

    fn worth_mut(&mut self, currency: Currency) -> &mut Worth {
        let known = self.currencies.iter().position(|worth| worth.currency == currency);
        let index = known.unwrap_or_else(|| {
            self.currencies.push(Worth::nothing(currency));
            self.currencies.len() - 1
        });
        &mut self.currencies[index]
    }
}

/// Values `account` with those of `positions` that are its own. `instruments` is the
/// catalogue, indexed by id; `marks` gives the price a position is valued at.
#[must_use]
pub fn value(
    account: &Account,
    positions: &[Position],
    marks: impl Fn(InstrumentId) -> Option<Price>,
    instruments: &[Arc<Instrument>],
    rates: &Rates,
) -> Valuation {
    let total = Worth::nothing(rates.base);
    let mut valuation = Valuation { currencies: Vec::new(), total, missing: Vec::new() };
    for balance in &account.balances {
        let (cash, realised) = (balance.cash, balance.realised);
        let unrealised = Decimal::ZERO;
        *valuation.worth_mut(balance.currency) +=
            Worth { currency: balance.currency, cash, unrealised, realised, equity: cash };
    }
    for position in positions.iter().filter(|p| p.account == account.id && !p.is_flat()) {
        let id = position.instrument;
        let Some(instrument) = instruments.get(id.index()) else {
            valuation.missing.push(Missing::Instrument(id));
            continue;
        };
        let valued = marks(id).and_then(|mark| {
            position.unrealised(mark, instrument.multiplier).zip(position.value(mark, instrument.multiplier))
        });
        let Some((unrealised, value)) = valued else {
            valuation.missing.push(Missing::Mark(id));
            continue;
        };
        let worth = valuation.worth_mut(instrument.currency);
        worth.unrealised += unrealised;
        worth.equity += value;
    }
    for worth in valuation.currencies.iter().filter(|worth| !worth.is_nothing()) {
        match worth.to_base(rates) {
            Some(in_base) => valuation.total += in_base,
            None => valuation.missing.push(Missing::Rate(worth.currency)),
        }
    }
    if let Some(reported) = account.reported {
        match rates.to_base(reported.equity, account.base) {
            Some(equity) => valuation.total.equity = equity,
            None => valuation.missing.push(Missing::Rate(account.base)),
        }
    }
    valuation.missing.sort_unstable();
    valuation.missing.dedup();
    valuation
}

/// What of a valuation stands on prices that are no longer fed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Stale {
    /// Currencies with positions whose marks are.
    pub currencies: BTreeSet<Currency>,
    /// Whether a mark or an exchange rate behind the total is.
    pub is_total: bool,
}

/// Finds what of `valuation` is no longer fed: `is_stale` tells it of each instrument.
#[must_use]
pub fn stale(
    valuation: &Valuation,
    account: &Account,
    positions: &[Position],
    instruments: &[Arc<Instrument>],
    is_stale: impl Fn(InstrumentId) -> bool,
) -> Stale {
    let held = positions.iter().filter(|p| p.account == account.id && !p.is_flat());
    let currencies: BTreeSet<Currency> = held
        .filter(|position| is_stale(position.instrument))
        .filter_map(|position| Some(instruments.get(position.instrument.index())?.currency))
        .collect();
    let base = valuation.total.currency;
    let is_converted_stale = valuation
        .currencies
        .iter()
        .any(|worth| !worth.equity.is_zero() && is_rate_stale(worth.currency, base, instruments, &is_stale));
    Stale { is_total: !currencies.is_empty() || is_converted_stale, currencies }
}

/// Whether what converts a currency into another is no longer fed.
#[must_use]
pub fn is_rate_stale(
    currency: Currency,
    base: Currency,
    instruments: &[Arc<Instrument>],
    is_stale: impl Fn(InstrumentId) -> bool,
) -> bool {
    let is_of = |instrument: &&Arc<Instrument>| {
        instrument.pair().is_some_and(|(bought, paid)| bought == currency || paid == currency)
    };
    let mut pairs = instruments.iter().filter(|instrument| instrument.class == AssetClass::Fx);
    currency != base && pairs.any(|instrument| is_of(&instrument) && is_stale(instrument.id))
}

/// The equity of an account in the base currency of the rates, where all that it stands on is known and fed. Where
/// the broker reports it, that is the rate of the account's own currency alone.
#[must_use]
pub fn sure_equity(
    account: &Account,
    positions: &[Position],
    marks: impl Fn(InstrumentId) -> Option<Price>,
    is_stale: impl Fn(InstrumentId) -> bool,
    instruments: &[Arc<Instrument>],
    rates: &Rates,
) -> Option<Decimal> {
    let valuation = value(account, positions, marks, instruments, rates);
    let is_sure = if account.reported.is_some() {
        !valuation.missing.contains(&Missing::Rate(account.base))
            && !is_rate_stale(account.base, rates.base, instruments, is_stale)
    } else {
        valuation.is_complete() && !stale(&valuation, account, positions, instruments, is_stale).is_total
    };
    is_sure.then_some(valuation.total.equity)
}
