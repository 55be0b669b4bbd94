//! What a trader has chosen for a profile. `store::settings` keeps it on disk.
//!
//! Every field has a default, so a file that lacks one still reads. The kill switch is
//! not here: it is state of the engine, and no edited settings file may release it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::RangeInclusive;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{AccountKind, AssetClass, Currency, LimitSet, Qty};

mod fields;
mod launch;
mod looks;

pub use fields::{FILE_VERSION, Problem};
pub use launch::{LaunchSettings, LoginBy};
pub use looks::{Convention, Density, HanShapes, Looks, Palette, TEXT_STEPS, TextStep};

/// Seconds that a part of a broker's books may take: less is no time for a long list over a slow line.
const ANSWER_WITHIN: RangeInclusive<u32> = 5..=300;

/// The choices of a profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The kind of accounts that this profile is for: a broker that has others is not traded with.
    pub account_kind: AccountKind,
    /// The currency that totals are shown in.
    pub base_currency: Currency,
    /// Colours of the window.
    pub theme: ThemeChoice,
    /// How the window looks besides.
    pub looks: Looks,
    /// The zone that times are shown in.
    pub time_zone_display: ZoneDisplay,
    /// Whether the ticket asks once more before an order leaves.
    pub confirm_orders: bool,
    /// Whether the practice market trades at all hours, nights and weekends too.
    pub practice_always_open: bool,
    /// What the ticket begins with.
    pub default_quantity: DefaultQuantity,
    /// What no order may break.
    pub limits: LimitSet,
    /// How alerts make themselves known, besides in the window.
    pub alerts: AlertSettings,
    /// Whether other programs may connect.
    pub gateway: GatewaySettings,
    /// The way to Interactive Brokers.
    pub ibkr: IbkrSettings,
    /// The keys of actions that have others than the usual ones, by the action's name. Only the window knows
    /// what they mean; a name that it does not have is kept for one that does.
    pub keys: BTreeMap<String, String>,
}

/// Trading at Interactive Brokers, through the trader's own TWS or IB Gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct IbkrSettings {
    /// Whether this profile trades there, and not on the practice market.
    pub is_on: bool,
    /// Where the API socket of TWS is.
    pub address: String,
    /// The number that this program connects with. Orders belong to it.
    pub client_id: i32,
    /// Whether delayed data are shown where there is no subscription to live ones.
    pub delayed_data: bool,
    /// How many seconds each part of the books may take; then the others are shown, and what is missing is named.
    pub answer_within_s: u32,
    /// What is listed: symbols of shares (`AAPL`, `7203:JPY`), pairs (`EUR/USD`), and the local symbols of
    /// futures (`ESZ6@CME`) and options (`AAPL 261218C00200000`).
    pub instruments: Vec<String>,
    /// Whether this program starts IB Gateway, and how.
    pub launch: LaunchSettings,
}

impl Default for IbkrSettings {
    /// Off; the paper account of an IB Gateway on this computer, and shares that everybody knows.
    fn default() -> Self {
        let instruments = ["AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "TSLA", "SPY", "EUR/USD", "USD/JPY"];
        Self {
            is_on: false,
            address: "127.0.0.1:4002".to_owned(),
            client_id: 7,
            delayed_data: true,
            answer_within_s: 30,
            instruments: instruments.map(str::to_owned).to_vec(),
            launch: LaunchSettings::default(),
        }
    }
}

impl IbkrSettings {
    fn check(&self, profile: AccountKind) -> Result<(), BadSetting> {
        if !ANSWER_WITHIN.contains(&self.answer_within_s) {
            return Err(BadSetting {
                name: "ibkr.answer_within_s".to_owned(),
                why: "must be 5 to 300 seconds",
            });
        }
        self.launch.check(profile)
    }
}

/// How alerts make themselves known, besides in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AlertSettings {
    /// Whether they are heard; of each alert it can be chosen besides.
    pub sound: bool,
    /// Whether the desktop shows them.
    pub desktop: bool,
}

impl Default for AlertSettings {
    /// Heard and shown.
    fn default() -> Self {
        Self { sound: true, desktop: true }
    }
}

/// The server for programs that are written for the TWS API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GatewaySettings {
    /// Whether it runs beside the window.
    pub is_on: bool,
    /// Where it listens.
    pub address: SocketAddr,
    /// The client that sees the orders of all.
    pub master_client: Option<i32>,
}

impl Default for GatewaySettings {
    /// Off; where the paper accounts of IB Gateway are looked for, on this computer only.
    fn default() -> Self {
        Self { is_on: false, address: SocketAddr::from(([127, 0, 0, 1], 4_002)), master_client: None }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            account_kind: AccountKind::Paper,
            base_currency: Currency::USD,
            theme: ThemeChoice::default(),
            looks: Looks::default(),
            time_zone_display: ZoneDisplay::default(),
            confirm_orders: true,
            practice_always_open: true,
            default_quantity: DefaultQuantity::default(),
            limits: LimitSet::default(),
            alerts: AlertSettings::default(),
            gateway: GatewaySettings::default(),
            ibkr: IbkrSettings::default(),
            keys: BTreeMap::new(),
        }
    }
}

/// Which colours the window has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThemeChoice {
    /// Light on dark.
    #[default]
    Dark,
    /// Dark on light.
    Light,
    /// As the desktop has it.
    System,
}

/// Which zone times on the screen are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ZoneDisplay {
    /// The zone of the instrument's exchange.
    #[default]
    Exchange,
    /// The zone of this computer.
    Local,
    /// UTC.
    Utc,
}

/// What the ticket begins with, per kind of instrument and in its units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DefaultQuantity {
    /// Shares.
    pub share: Qty,
    /// Units of the pair's first currency.
    pub fx: Qty,
    /// Coins.
    pub crypto: Qty,
    /// Contracts.
    pub future: Qty,
    /// Contracts.
    pub option: Qty,
}

impl Default for DefaultQuantity {
    fn default() -> Self {
        Self {
            share: Qty(Decimal::ONE_HUNDRED),
            fx: Qty(Decimal::from(10_000)),
            crypto: Qty(Decimal::new(1, 1)),
            future: Qty(Decimal::ONE),
            option: Qty(Decimal::ONE),
        }
    }
}

impl DefaultQuantity {
    /// The quantity for one kind of instrument, to be changed.
    pub fn of_mut(&mut self, class: AssetClass) -> &mut Qty {
        match class {
            AssetClass::Share => &mut self.share,
            AssetClass::Fx => &mut self.fx,
            AssetClass::Crypto => &mut self.crypto,
            AssetClass::Future => &mut self.future,
            AssetClass::Option => &mut self.option,
        }
    }

    /// The quantity for one kind of instrument.
    #[must_use]
    pub fn of(&self, class: AssetClass) -> Qty {
        match class {
            AssetClass::Share => self.share,
            AssetClass::Fx => self.fx,
            AssetClass::Crypto => self.crypto,
            AssetClass::Future => self.future,
            AssetClass::Option => self.option,
        }
    }
}

/// A setting whose value makes no sense, though it could be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{name}' {why}")]
pub struct BadSetting {
    /// Which, as the file names it.
    pub name: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Settings {
    /// Looks for a value that would disable what it is there for: a limit of zero is a
    /// typing error, and whoever wants no trading at all has the kill switch.
    ///
    /// # Errors
    /// Names the first limit, quantity or setting of a start that makes no sense.
    pub fn check(&self) -> Result<(), BadSetting> {
        self.limits.check()?;
        self.looks.check()?;
        self.ibkr.check(self.account_kind)?;
        let DefaultQuantity { share, fx, crypto, future, option } = self.default_quantity;
        let amounts =
            [("share", share), ("fx", fx), ("crypto", crypto), ("future", future), ("option", option)];
        match amounts.iter().find(|(_, amount)| amount.0 <= Decimal::ZERO) {
            Some(&(name, _)) => {
                Err(BadSetting { name: format!("default_quantity.{name}"), why: "must be above zero" })
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_order() {
        assert_eq!(Settings::default().check(), Ok(()));
    }

    #[test]
    fn a_limit_of_zero_is_named() {
        let mut settings = Settings::default();
        settings.limits.profile.max_working_orders = Some(0);
        let bad = settings.check().unwrap_err();
        assert_eq!(bad.to_string(), "'limits.profile.max_working_orders' must be above zero");
    }
    #[test]
    fn how_long_an_answer_may_take_has_bounds() {
        let mut settings = Settings::default();
        for (seconds, is_good) in [(4, false), (5, true), (300, true), (301, false)] {
            settings.ibkr.answer_within_s = seconds;
            let said = settings.check().map_err(|bad| bad.to_string());
            let bad = "'ibkr.answer_within_s' must be 5 to 300 seconds".to_owned();
            assert_eq!(said, if is_good { Ok(()) } else { Err(bad) }, "{seconds}");
        }
    }
}
