//! Accounts: cash and buying power per currency.

use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{AccountId, BrokerId, Currency, bounds};

/// Whether money is at stake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum AccountKind {
    /// Simulated money.
    #[serde(alias = "paper")]
    Paper,
    /// Real money.
    #[serde(alias = "live")]
    Live,
}

impl AccountKind {
    /// The word on the screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::Live => "live",
        }
    }
}

/// One currency of an account, as the broker reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Balance {
    /// The currency of every amount here.
    pub currency: Currency,
    /// Cash, trades settled at once.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub cash: Decimal,
    /// Profit realised since the account was opened, before commissions.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub realised: Decimal,
    /// Commissions paid since the account was opened.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub commissions: Decimal,
    /// Margin that positions and working orders tie up.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub margin: Decimal,
    /// What new positions may still cost.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub buying_power: Decimal,
}

/// What a broker itself counts of an account, all in the account's base currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reported {
    /// What would be left if everything were closed at the broker's marks.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub equity: Decimal,
    /// The result of its day, where it tells.
    pub day: Option<ReportedDay>,
}

/// A day's result by the broker's count. When the day begins is the broker's to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedDay {
    /// By how much the account has gained since the day began; deposits are no gain.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub gain: Decimal,
    /// Profit of what is held, since it was bought.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub unrealised: Decimal,
    /// Profit of what was closed during the day.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub realised: Decimal,
}

/// An account as its broker reports it. The newest value replaces the older.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The broker's name of it.
    pub id: AccountId,
    /// Where it is held.
    pub broker: BrokerId,
    /// Paper or live.
    pub kind: AccountKind,
    /// What a person calls it.
    pub title: Arc<str>,
    /// The currency totals are shown in.
    pub base: Currency,
    /// Per currency, in the broker's order.
    pub balances: Vec<Balance>,
    /// What the broker counts itself, where it does: its equity then holds, and not the sum of cash
    /// and positions. Where currencies bought are cash, and futures are settled daily, that sum counts twice.
    #[serde(default)]
    pub reported: Option<Reported>,
}

impl Account {
    /// The balance in `currency`, where the account has one.
    #[must_use]
    pub fn balance(&self, currency: Currency) -> Option<&Balance> {
        self.balances.iter().find(|b| b.currency == currency)
    }
}
