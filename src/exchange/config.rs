//! How the paper exchange is set up: accounts, commissions, matching rules.
//!
//! For whoever opens an exchange: the catalogue, the paper broker, tests. Plain data;
//! [`super::Exchange::new`] checks it and says what does not work ([`BadExchange`]).

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::domain::{AccountId, CommissionRule, Currency, Decimal, Money};

/// Everything that is fixed for the life of an [`super::Exchange`].
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The accounts it keeps.
    pub accounts: Vec<AccountConfig>,
    /// What trading costs; the first rule that fits an instrument holds, without one it is free.
    pub commissions: Vec<CommissionRule>,
    /// What happens where two orders of one account would trade with each other.
    pub self_match: SelfMatch,
    /// How far from the best price, in per cent, a market order or a triggered stop may trade.
    pub collar_percent: Decimal,
    /// Whether every instrument trades at all times, whatever its hours say.
    pub always_open: bool,
}

impl Default for Config {
    /// No accounts, no commissions, a collar of 5 %, the instruments' own hours.
    fn default() -> Self {
        Self {
            accounts: Vec::new(),
            commissions: Vec::new(),
            self_match: SelfMatch::default(),
            collar_percent: Decimal::from(5),
            always_open: false,
        }
    }
}

/// An account as it is opened.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountConfig {
    /// Its name, such as `PAPER`.
    pub id: AccountId,
    /// What a person calls it.
    pub title: Arc<str>,
    /// Opening cash, one amount per currency.
    pub cash: Vec<Money>,
    /// The currency totals are shown in.
    pub base: Currency,
    /// Buying power per unit of equity, such as 2.
    pub leverage: Decimal,
}

/// Which of two orders of one account gives way when they would trade with each other.
/// The one that gives way is cancelled; the other goes on. Decided once for each incoming
/// order, by the position when it arrives: it either passes over all of its own or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SelfMatch {
    /// The one that would add to the position; with no position, the incoming one. So a
    /// forgotten bid never stops a flatten or a triggered stop, and adding to a position
    /// never removes the order that protects it.
    #[default]
    KeepReducing,
    /// The incoming one.
    CancelIncoming,
    /// The resting one.
    CancelResting,
    /// Both.
    CancelBoth,
}

/// A set-up that the exchange cannot work with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadExchange {
    /// An instrument with numbers or hours that make no market.
    #[error("{symbol} cannot be listed: its {field} is {value}; correct the catalogue")]
    Instrument {
        /// The instrument's symbol.
        symbol: Arc<str>,
        /// What is wrong with it.
        field: &'static str,
        /// As it is.
        value: String,
    },
    /// Two instruments with one id or one key.
    #[error("{0} is listed twice: remove one from the catalogue")]
    ListedTwice(String),
    /// Two accounts of one name, or one with impossible numbers.
    #[error("account {account}: {what}")]
    Account {
        /// Which.
        account: AccountId,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A collar of nothing or of everything.
    #[error("a collar of {0} % does not work: use more than 0 and less than 100")]
    Collar(Decimal),
}
