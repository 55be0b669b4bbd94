//! The limits that no order may break. `risk` enforces them; settings hold them.
//!
//! Limits are set in three scopes: for the profile, for an account, for an instrument. All
//! that apply to an order hold, so that an account or an instrument can only be tightened:
//! of two order values the lower one counts. What is counted (working orders, orders per
//! minute, exposure, loss) is counted within its scope: the profile's number is of all
//! accounts together, an instrument's is of that instrument alone.
//!
//! A limit that is not set does not limit. Those without which a slip of the finger could
//! cost a fortune are always set in the profile ([`Limit::is_required`]).

mod day;
mod hours;
mod kinds;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::settings::BadSetting;
use super::{AccountId, Currency, Instrument, Qty};
pub use day::{DayState, PlaceState};
pub use hours::{AllowedHours, BadHours, DayStart};
pub use kinds::{BadLimit, Limit, Unit};

/// All limits of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LimitSet {
    /// What the amounts are in. Its own, so that showing totals in another currency changes no limit.
    pub currency: Currency,
    /// When a trading day begins, from which the loss of the day counts.
    pub day_start: DayStart,
    /// What holds for every order.
    pub profile: Limits,
    /// What holds besides for orders of an account, by the broker's name of it.
    pub accounts: BTreeMap<String, Limits>,
    /// What holds besides for orders of an instrument, by [`Instrument::key`].
    pub instruments: BTreeMap<String, Limits>,
}

impl Default for LimitSet {
    fn default() -> Self {
        Self {
            currency: Currency::USD,
            day_start: DayStart::default(),
            profile: Limits {
                max_order_value: Some(Decimal::from(250_000)),
                max_position_value: Some(Decimal::from(1_000_000)),
                max_price_distance_percent: Some(Decimal::from(10)),
                max_working_orders: Some(200),
                max_orders_per_minute: Some(600),
                max_quote_age_seconds: Some(30),
                ..Limits::default()
            },
            accounts: BTreeMap::new(),
            instruments: BTreeMap::new(),
        }
    }
}

/// The limits of one scope.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Most units of one order. Of an instrument only: a share and a bitcoin are no unit together.
    pub max_order_quantity: Option<Qty>,
    /// Most that one order may be worth.
    pub max_order_value: Option<Decimal>,
    /// Most units held of an instrument after the order. Of an instrument only.
    pub max_position_quantity: Option<Qty>,
    /// Most that the position in one instrument may be worth after the order.
    pub max_position_value: Option<Decimal>,
    /// Most that all positions together may be worth, long and short added, if every working
    /// order filled. Not of an instrument: there it is the position's value.
    pub max_exposure: Option<Decimal>,
    /// Farthest that a limit price may be on the wrong side of the market, in per cent (fat finger).
    pub max_price_distance_percent: Option<Decimal>,
    /// Most new orders within a minute. What makes a position smaller counts, but is not held back.
    pub max_orders_per_minute: Option<u32>,
    /// Most orders that may work at once.
    pub max_working_orders: Option<u32>,
    /// Most that may be lost from the start of the trading day, realised or not, fees included.
    pub max_loss_per_day: Option<Decimal>,
    /// Oldest quote that an order may be sent on, in seconds.
    pub max_quote_age_seconds: Option<u32>,
    /// The instruments that positions may be opened in, by [`Instrument::key`]; all where not set.
    pub allowed_instruments: Option<BTreeSet<String>>,
    /// When positions may be opened; always where not set.
    pub allowed_hours: Option<AllowedHours>,
}

/// The three kinds of [`Scope`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScopeKind {
    /// Everything.
    Profile,
    /// One account.
    Account,
    /// One instrument.
    Instrument,
}

impl ScopeKind {
    /// All, the widest first.
    pub const ALL: [Self; 3] = [Self::Profile, Self::Account, Self::Instrument];
}

/// Whose limits are meant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Scope {
    /// The profile's.
    Profile,
    /// Those of an account.
    Account(Arc<str>),
    /// Those of an instrument, by its key.
    Instrument(Arc<str>),
}

impl Scope {
    /// Which kind it is.
    #[must_use]
    pub fn kind(&self) -> ScopeKind {
        match self {
            Self::Profile => ScopeKind::Profile,
            Self::Account(_) => ScopeKind::Account,
            Self::Instrument(_) => ScopeKind::Instrument,
        }
    }

    /// Where settings hold its limits, such as `limits.accounts.PAPER`.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::Profile => "limits.profile".to_owned(),
            Self::Account(name) => format!("limits.accounts.{name}"),
            Self::Instrument(key) => format!("limits.instruments.{key}"),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile => f.write_str("the profile"),
            Self::Account(name) => write!(f, "account {name}"),
            Self::Instrument(key) => f.write_str(key),
        }
    }
}

/// The limits that hold for one order.
#[derive(Debug, Clone, Copy)]
pub struct InForce<'a> {
    /// What amounts are in.
    pub currency: Currency,
    scopes: [Option<&'a Limits>; 3],
}

impl<'a> InForce<'a> {
    /// Those of one scope, where it has any.
    #[must_use]
    pub fn of(&self, kind: ScopeKind) -> Option<&'a Limits> {
        self.scopes[kind as usize]
    }

    /// The lowest value of a limit, and who sets it; of equal ones the narrowest scope.
    pub fn tightest<T: Ord>(&self, limit: impl Fn(&Limits) -> Option<T>) -> Option<(T, ScopeKind)> {
        let set = ScopeKind::ALL.into_iter().rev().filter_map(|kind| Some((limit(self.of(kind)?)?, kind)));
        set.min_by(|(a, _), (b, _)| a.cmp(b))
    }

    /// Every scope that sets a limit, the narrowest first.
    pub fn each<T>(&self, limit: impl Fn(&'a Limits) -> Option<T>) -> impl Iterator<Item = (T, ScopeKind)> {
        let kinds = ScopeKind::ALL.into_iter().rev();
        kinds.filter_map(move |kind| Some((limit(self.of(kind)?)?, kind)))
    }
}

impl LimitSet {
    /// The limits of an order of `account` in `instrument`.
    #[must_use]
    pub fn in_force(&self, account: &AccountId, instrument: &Instrument) -> InForce<'_> {
        let scopes = [Some(&self.profile), self.accounts.get(&*account.0), self.of_instrument(instrument)];
        InForce { currency: self.currency, scopes }
    }

    fn of_instrument(&self, instrument: &Instrument) -> Option<&Limits> {
        // Asked for every quote of every frame: no key is made where there is nothing to find.
        if self.instruments.is_empty() { None } else { self.instruments.get(&instrument.key()) }
    }

    /// The age above which a quote of `instrument` counts as old, in seconds, whatever the account.
    #[must_use]
    pub fn quote_age(&self, instrument: &Instrument) -> u32 {
        let own = self.of_instrument(instrument).and_then(|limits| limits.max_quote_age_seconds);
        own.into_iter().chain(self.profile.max_quote_age_seconds).min().unwrap_or(u32::MAX)
    }

    /// Limits of a scope, where it has any.
    #[must_use]
    pub fn of(&self, scope: &Scope) -> Option<&Limits> {
        match scope {
            Scope::Profile => Some(&self.profile),
            Scope::Account(name) => self.accounts.get(&**name),
            Scope::Instrument(key) => self.instruments.get(&**key),
        }
    }

    /// Every scope that has limits: the profile, accounts, instruments.
    pub fn scopes(&self) -> impl Iterator<Item = (Scope, &Limits)> {
        let accounts = self.accounts.iter().map(|(name, l)| (Scope::Account(name.as_str().into()), l));
        let instruments = self.instruments.iter().map(|(key, l)| (Scope::Instrument(key.as_str().into()), l));
        std::iter::once((Scope::Profile, &self.profile)).chain(accounts).chain(instruments)
    }

    /// Whether any scope sets a limit.
    pub fn any<T>(&self, limit: impl Fn(&Limits) -> Option<T>) -> bool {
        let narrower = self.accounts.values().chain(self.instruments.values());
        std::iter::once(&self.profile).chain(narrower).any(|limits| limit(limits).is_some())
    }

    /// Looks for a limit that makes no sense where it stands.
    ///
    /// # Errors
    /// Names the first.
    pub fn check(&self) -> Result<(), BadSetting> {
        for (scope, limits) in self.scopes() {
            for limit in Limit::ALL {
                limits
                    .check(limit, scope.kind())
                    .map_err(|why| BadSetting { name: format!("{}.{}", scope.path(), limit.name()), why })?;
            }
        }
        Ok(())
    }

    /// What `self` allows that `before` did not, in words for a trader; empty where it is
    /// nowhere looser.
    #[must_use]
    pub fn looser_than(&self, before: &Self) -> Vec<String> {
        let nothing = Limits::default();
        let mut found = Vec::new();
        if self.currency != before.currency {
            found.push(format!("the limits' currency: {} → {}", before.currency, self.currency));
        }
        if self.day_start != before.day_start {
            found.push(format!("the start of the day: {} → {}", before.day_start, self.day_start));
        }
        for (scope, was) in before.scopes() {
            let is = self.of(&scope).unwrap_or(&nothing);
            for limit in Limit::ALL.into_iter().filter(|&limit| is.is_looser(was, limit)) {
                let words = |limits: &Limits| match limits.text(limit) {
                    Some(text) => text,
                    None => "no limit".to_owned(),
                };
                let label = limit.label().to_lowercase();
                found.push(format!("{label} of {scope}: {} → {}", words(was), words(is)));
            }
        }
        found
    }
}
