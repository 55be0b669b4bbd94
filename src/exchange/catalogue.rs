//! The bundled paper market: what is listed, and the numbers that the synthetic
//! market moves it with.
//!
//! Everything comes from `assets/paper-market.toml`, which is compiled in. Tick
//! tables and hours are named once there and referred to; instruments stand in
//! groups that share what they have in common. A file that makes no market is
//! refused with the instrument and the field that are wrong.
//!
//! The order of the file is the order of the ids: the n-th instrument has id n.

mod file;

use std::sync::Arc;

use jiff::civil::Date;

use super::{AccountConfig, CommissionRule, Config};
use crate::domain::{Instrument, Price, TradingHours};

/// The bundled file.
const BUNDLED: &str = include_str!("../../assets/paper-market.toml");

/// When the instruments trade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Opening {
    /// In the sessions of their exchanges.
    AsListed,
    /// At all times, in days of their own zone: practice, on a Sunday too.
    #[default]
    Always,
}

/// One instrument with what the synthetic market needs to know of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    /// The instrument, as the rest of the program sees it.
    pub instrument: Arc<Instrument>,
    /// Its close on the first trading day from [`Catalogue::epoch`] on.
    pub price: Price,
    /// Standard deviation of a year's logarithmic return.
    pub volatility: f64,
    /// Units traded in a usual day of its regular sessions.
    pub volume: f64,
    /// Trades a second in regular hours.
    pub trades: f64,
    /// Sources of movement that it shares with others, with their weights (at most two;
    /// squares sum to at most 1). The rest of its movement is its own.
    pub factors: Vec<(Arc<str>, f64)>,
    /// Hours of its exchange, whatever [`Opening`] says: when it is lively.
    pub listed_hours: TradingHours,
}

/// The paper market as configured.
#[derive(Debug, Clone, PartialEq)]
pub struct Catalogue {
    /// What is listed, by instrument id.
    pub listings: Vec<Listing>,
    /// The date that the prices are of.
    pub epoch: Date,
    /// The trader's account as it is opened.
    pub account: AccountConfig,
    /// What trading costs.
    pub commissions: Vec<CommissionRule>,
    /// When it trades.
    pub opening: Opening,
}

/// A catalogue file that makes no market.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCatalogue {
    /// Not TOML, or without the parts that it must have.
    #[error("the paper market file cannot be read: {0}")]
    Unreadable(String),
    /// A named part that is wrong in itself.
    #[error("paper market, {part} '{name}': {problem}")]
    Part {
        /// `ticks`, `hours`, `account` or `commissions`.
        part: &'static str,
        /// Its name in the file.
        name: String,
        /// What is wrong.
        problem: String,
    },
    /// An instrument whose entry is wrong.
    #[error("paper market, instrument {symbol}, {field}: {problem}")]
    Instrument {
        /// Its symbol, or its place in the file where it has none.
        symbol: String,
        /// The field.
        field: String,
        /// What is wrong and what would be right.
        problem: String,
    },
}

impl Catalogue {
    /// The market that is compiled in.
    ///
    /// # Errors
    /// Never for the file as released: a test reads it.
    pub fn bundled(opening: Opening) -> Result<Self, BadCatalogue> {
        Self::parse(BUNDLED, opening)
    }

    /// Reads a catalogue file.
    ///
    /// # Errors
    /// When it is not TOML or an entry makes no sense; the error names it.
    pub fn parse(text: &str, opening: Opening) -> Result<Self, BadCatalogue> {
        file::parse(text, opening)
    }

    /// The instruments, by id.
    #[must_use]
    pub fn instruments(&self) -> Vec<Arc<Instrument>> {
        self.listings.iter().map(|l| Arc::clone(&l.instrument)).collect()
    }

    /// The set-up of the exchange that lists them.
    #[must_use]
    pub fn config(&self) -> Config {
        Config {
            accounts: vec![self.account.clone()],
            commissions: self.commissions.clone(),
            always_open: self.opening == Opening::Always,
            ..Config::default()
        }
    }
}

#[cfg(test)]
mod tests;
