//! An account's books: cash, positions, fills.
//!
//! A fill moves cash by the whole value traded and by its commission, so equity is cash plus
//! the value of the positions, and cash, positions and fills always reconcile to the last
//! decimal. Only a position's average price is a quotient and may be rounded at its 28th digit,
//! and with it the split of a profit into realised and unrealised, never their sum.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::domain::{
    AccountId, Currency, Decimal, Fill, Instrument, InstrumentId, Money, Position, Price, Qty, Side,
};

use super::orders::MEMORY;
use super::state::{SavedFill, SavedOrder, SavedPosition};
use super::{AccountConfig, BadExchange};

/// One account's books.
pub(super) struct Ledger {
    pub(super) id: AccountId,
    pub(super) title: Arc<str>,
    pub(super) base: Currency,
    pub(super) leverage: Decimal,
    /// One amount per currency; opening cash first, then as currencies were first traded.
    pub(super) cash: Vec<Money>,
    pub(super) positions: BTreeMap<InstrumentId, Position>,
    /// Oldest first.
    pub(super) fills: VecDeque<Fill>,
    /// How many fills there have been, forgotten ones too.
    pub(super) filled_ever: usize,
    /// What a restore found of instruments that are not listed: kept to be saved again.
    pub(super) unlisted: Unlisted,
    /// Whether it changed in this call.
    pub(super) touched: bool,
}

/// Parts of an account that belong to instruments that are not listed.
#[derive(Debug, Clone, Default)]
pub(super) struct Unlisted {
    pub(super) positions: Vec<SavedPosition>,
    pub(super) past: Vec<Stranger<SavedOrder>>,
    pub(super) fills: Vec<Stranger<SavedFill>>,
}

/// One of them in a list that only grows at its end.
#[derive(Debug, Clone)]
pub(super) struct Stranger<T> {
    /// How many of listed instruments there had been before it.
    pub(super) behind: usize,
    pub(super) what: T,
}

impl Ledger {
    pub(super) fn open(config: AccountConfig) -> Result<Self, BadExchange> {
        let bad = |what| BadExchange::Account { account: config.id.clone(), what };
        if config.leverage <= Decimal::ZERO || config.leverage > Decimal::from(1_000) {
            return Err(bad("its leverage must be above 0 and at most 1000"));
        }
        let most = Decimal::from(10_i64.pow(15));
        if config.cash.iter().any(|money| money.amount < Decimal::ZERO || money.amount > most) {
            return Err(bad("opening cash must be between 0 and 10^15"));
        }
        for (at, money) in config.cash.iter().enumerate() {
            if config.cash[..at].iter().any(|earlier| earlier.currency == money.currency) {
                return Err(bad("a currency has opening cash twice"));
            }
        }
        Ok(Self {
            id: config.id,
            title: config.title,
            base: config.base,
            leverage: config.leverage,
            cash: config.cash,
            positions: BTreeMap::new(),
            fills: VecDeque::new(),
            filled_ever: 0,
            unlisted: Unlisted::default(),
            touched: false,
        })
    }

    pub(super) fn cash(&self, currency: Currency) -> Decimal {
        self.cash.iter().find(|money| money.currency == currency).map_or(Decimal::ZERO, |money| money.amount)
    }

    pub(super) fn cash_mut(&mut self, currency: Currency) -> &mut Decimal {
        let at = self.cash.iter().position(|money| money.currency == currency).unwrap_or_else(|| {
            self.cash.push(Money { amount: Decimal::ZERO, currency });
            self.cash.len() - 1
        });
        &mut self.cash[at].amount
    }

    pub(super) fn net(&self, instrument: InstrumentId) -> Decimal {
        self.positions.get(&instrument).map_or(Decimal::ZERO, |position| position.net)
    }

    /// Books an execution: position, cash, commission. Returns the profit it realised and the
    /// position after it.
    pub(super) fn book(
        &mut self,
        instrument: &Instrument,
        side: Side,
        quantity: Qty,
        price: Price,
        commission: Decimal,
    ) -> (Decimal, Position) {
        let flat = || Position::flat(self.id.clone(), instrument.id);
        let position = self.positions.entry(instrument.id).or_insert_with(flat);
        let realised = position.apply(side, quantity, price, instrument.multiplier);
        position.commissions += commission;
        let after = position.clone();
        *self.cash_mut(instrument.currency) -= side.sign() * instrument.value(price, quantity) + commission;
        self.touched = true;
        (realised, after)
    }

    pub(super) fn remember(&mut self, fill: Fill) {
        self.filled_ever += 1;
        self.fills.push_back(fill);
        if self.fills.len() > MEMORY {
            self.fills.pop_front();
        }
    }
}
