//! The limits one by one, for whoever treats them alike: the editor, the check of settings.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::{Limits, ScopeKind};
use crate::domain::money::grouped;
use crate::domain::{Qty, bounds};

/// One of the limits of a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// [`Limits::max_order_quantity`].
    OrderQuantity,
    /// [`Limits::max_order_value`].
    OrderValue,
    /// [`Limits::max_position_quantity`].
    PositionQuantity,
    /// [`Limits::max_position_value`].
    PositionValue,
    /// [`Limits::max_exposure`].
    Exposure,
    /// [`Limits::max_loss_per_day`].
    LossPerDay,
    /// [`Limits::max_price_distance_percent`].
    PriceDistance,
    /// [`Limits::max_working_orders`].
    WorkingOrders,
    /// [`Limits::max_orders_per_minute`].
    OrdersPerMinute,
    /// [`Limits::max_quote_age_seconds`].
    QuoteAge,
    /// [`Limits::allowed_instruments`].
    Instruments,
    /// [`Limits::allowed_hours`].
    Hours,
}

/// What a limit is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// An amount of the limits' currency.
    Money,
    /// Units of the instrument.
    Units,
    /// Per cent.
    Percent,
    /// Orders.
    Orders,
    /// Seconds.
    Seconds,
    /// No number.
    Words,
}

/// Why a text is no such limit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadLimit {
    /// Not a number.
    #[error("not a number")]
    NoNumber,
    /// A comma that does not separate thousands.
    #[error("comma is for thousands: 1,500.25")]
    Grouping,
    /// Zero or less: whoever wants no trading at all has the kill switch.
    #[error("must be above zero")]
    NotAboveZero,
    /// More than can be counted.
    #[error("too large")]
    TooLarge,
    /// Part of a thing that has no parts.
    #[error("must be a whole number")]
    NotWhole,
    /// Hours that cannot be read.
    #[error(transparent)]
    Hours(#[from] super::BadHours),
}

/// Beyond this no limit means anything, and arithmetic with it could fail.
const LARGEST: Decimal = Decimal::from_parts(2_808_348_672, 232_830_643, 0, false, 0);

impl Limit {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 12] = [
        Self::OrderQuantity,
        Self::OrderValue,
        Self::PositionQuantity,
        Self::PositionValue,
        Self::Exposure,
        Self::LossPerDay,
        Self::PriceDistance,
        Self::WorkingOrders,
        Self::OrdersPerMinute,
        Self::QuoteAge,
        Self::Instruments,
        Self::Hours,
    ];

    /// Its name in settings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OrderQuantity => "max_order_quantity",
            Self::OrderValue => "max_order_value",
            Self::PositionQuantity => "max_position_quantity",
            Self::PositionValue => "max_position_value",
            Self::Exposure => "max_exposure",
            Self::LossPerDay => "max_loss_per_day",
            Self::PriceDistance => "max_price_distance_percent",
            Self::WorkingOrders => "max_working_orders",
            Self::OrdersPerMinute => "max_orders_per_minute",
            Self::QuoteAge => "max_quote_age_seconds",
            Self::Instruments => "allowed_instruments",
            Self::Hours => "allowed_hours",
        }
    }

    /// Its name on the screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::OrderQuantity => "Order quantity",
            Self::OrderValue => "Order value",
            Self::PositionQuantity => "Position quantity",
            Self::PositionValue => "Position value",
            Self::Exposure => "Exposure",
            Self::LossPerDay => "Loss per day",
            Self::PriceDistance => "Price distance",
            Self::WorkingOrders => "Working orders",
            Self::OrdersPerMinute => "Orders per minute",
            Self::QuoteAge => "Quote age",
            Self::Instruments => "Instruments",
            Self::Hours => "Hours",
        }
    }

    /// What it does, in a sentence.
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::OrderQuantity => "Most units that one order may open.",
            Self::OrderValue => "Most that what one order opens may be worth.",
            Self::PositionQuantity => "Most units held, working orders counted as filled.",
            Self::PositionValue => {
                "Most that the position in one instrument may be worth, working orders counted as filled."
            }
            Self::Exposure => {
                "Most that all positions together may be worth, long and short added, working orders counted as \
                 filled."
            }
            Self::LossPerDay => {
                "What may be lost in a trading day, realised or not, fees included. Once it is reached, nothing is \
                 opened until the next day; closing always works."
            }
            Self::PriceDistance => "Farthest that a price may be on the wrong side of the market.",
            Self::WorkingOrders => "Most orders that may work at once.",
            Self::OrdersPerMinute => "Most new orders within a minute.",
            Self::QuoteAge => "Oldest quote that an order may be sent on.",
            Self::Instruments => "The only instruments that may be opened, such as AAPL@NASDAQ, MSFT@NASDAQ.",
            Self::Hours => "When positions may be opened: regular, or such as 09:30-16:00 America/New_York.",
        }
    }

    /// What it is measured in.
    #[must_use]
    pub fn unit(self) -> Unit {
        match self {
            Self::OrderQuantity | Self::PositionQuantity => Unit::Units,
            Self::OrderValue | Self::PositionValue | Self::Exposure | Self::LossPerDay => Unit::Money,
            Self::PriceDistance => Unit::Percent,
            Self::WorkingOrders | Self::OrdersPerMinute => Unit::Orders,
            Self::QuoteAge => Unit::Seconds,
            Self::Instruments | Self::Hours => Unit::Words,
        }
    }

    /// Whether it means something in a scope.
    #[must_use]
    pub fn fits(self, kind: ScopeKind) -> bool {
        match self {
            Self::OrderQuantity | Self::PositionQuantity => kind == ScopeKind::Instrument,
            Self::Exposure | Self::Instruments => kind != ScopeKind::Instrument,
            _ => true,
        }
    }

    /// Whether a scope must set it.
    #[must_use]
    pub fn is_required(self, kind: ScopeKind) -> bool {
        let guards = matches!(
            self,
            Self::OrderValue
                | Self::PositionValue
                | Self::PriceDistance
                | Self::WorkingOrders
                | Self::QuoteAge
        );
        guards && kind == ScopeKind::Profile
    }
}

impl Limits {
    /// Its number, where it is one and is set.
    #[must_use]
    pub fn number(&self, limit: Limit) -> Option<Decimal> {
        match limit {
            Limit::OrderQuantity => self.max_order_quantity.map(|quantity| quantity.0),
            Limit::OrderValue => self.max_order_value,
            Limit::PositionQuantity => self.max_position_quantity.map(|quantity| quantity.0),
            Limit::PositionValue => self.max_position_value,
            Limit::Exposure => self.max_exposure,
            Limit::LossPerDay => self.max_loss_per_day,
            Limit::PriceDistance => self.max_price_distance_percent,
            Limit::WorkingOrders => self.max_working_orders.map(Decimal::from),
            Limit::OrdersPerMinute => self.max_orders_per_minute.map(Decimal::from),
            Limit::QuoteAge => self.max_quote_age_seconds.map(Decimal::from),
            Limit::Instruments | Limit::Hours => None,
        }
    }

    /// As a person writes it; `None` where it is not set.
    #[must_use]
    pub fn text(&self, limit: Limit) -> Option<String> {
        match limit {
            Limit::Instruments => {
                let keys = self.allowed_instruments.as_ref()?;
                Some(keys.iter().map(String::as_str).collect::<Vec<_>>().join(", "))
            }
            Limit::Hours => self.allowed_hours.as_ref().map(ToString::to_string),
            _ => Some(grouped(&self.number(limit)?.normalize().to_string())),
        }
    }

    /// Sets it from what a person wrote; nothing written is no limit.
    ///
    /// # Errors
    /// When it cannot be read; nothing is changed then.
    pub fn set_text(&mut self, limit: Limit, text: &str) -> Result<(), BadLimit> {
        let text = text.trim();
        if text.is_empty() {
            self.clear(limit);
            return Ok(());
        }
        match limit {
            Limit::Instruments => {
                let keys = text.split(',').map(str::trim).filter(|key| !key.is_empty());
                let keys: BTreeSet<String> = keys.map(str::to_owned).collect();
                self.allowed_instruments = (!keys.is_empty()).then_some(keys);
            }
            Limit::Hours => self.allowed_hours = Some(text.parse()?),
            _ => self.set_number(limit, number(text)?)?,
        }
        Ok(())
    }

    fn set_number(&mut self, limit: Limit, number: Decimal) -> Result<(), BadLimit> {
        if number <= Decimal::ZERO {
            return Err(BadLimit::NotAboveZero);
        }
        if number > largest(limit) {
            return Err(BadLimit::TooLarge);
        }
        let whole = || {
            if !number.is_integer() {
                return Err(BadLimit::NotWhole);
            }
            number.to_u32().ok_or(BadLimit::TooLarge)
        };
        match limit {
            Limit::OrderQuantity => self.max_order_quantity = Some(Qty(number)),
            Limit::OrderValue => self.max_order_value = Some(number),
            Limit::PositionQuantity => self.max_position_quantity = Some(Qty(number)),
            Limit::PositionValue => self.max_position_value = Some(number),
            Limit::Exposure => self.max_exposure = Some(number),
            Limit::LossPerDay => self.max_loss_per_day = Some(number),
            Limit::PriceDistance => self.max_price_distance_percent = Some(number),
            Limit::WorkingOrders => self.max_working_orders = Some(whole()?),
            Limit::OrdersPerMinute => self.max_orders_per_minute = Some(whole()?),
            Limit::QuoteAge => self.max_quote_age_seconds = Some(whole()?),
            Limit::Instruments | Limit::Hours => {}
        }
        Ok(())
    }

    /// Takes it away.
    pub fn clear(&mut self, limit: Limit) {
        match limit {
            Limit::OrderQuantity => self.max_order_quantity = None,
            Limit::OrderValue => self.max_order_value = None,
            Limit::PositionQuantity => self.max_position_quantity = None,
            Limit::PositionValue => self.max_position_value = None,
            Limit::Exposure => self.max_exposure = None,
            Limit::LossPerDay => self.max_loss_per_day = None,
            Limit::PriceDistance => self.max_price_distance_percent = None,
            Limit::WorkingOrders => self.max_working_orders = None,
            Limit::OrdersPerMinute => self.max_orders_per_minute = None,
            Limit::QuoteAge => self.max_quote_age_seconds = None,
            Limit::Instruments => self.allowed_instruments = None,
            Limit::Hours => self.allowed_hours = None,
        }
    }

    /// Whether anything is set.
    #[must_use]
    pub fn is_set(&self, limit: Limit) -> bool {
        match limit {
            Limit::Instruments => self.allowed_instruments.is_some(),
            Limit::Hours => self.allowed_hours.is_some(),
            _ => self.number(limit).is_some(),
        }
    }

    /// Whether it makes sense in a scope of this kind; else what is wrong with it.
    pub(super) fn check(&self, limit: Limit, kind: ScopeKind) -> Result<(), &'static str> {
        if !self.is_set(limit) {
            return if limit.is_required(kind) { Err("must be set") } else { Ok(()) };
        }
        if !limit.fits(kind) {
            return Err(match kind {
                ScopeKind::Instrument => "is no limit of a single instrument",
                _ => "is a limit of a single instrument only",
            });
        }
        match self.number(limit) {
            Some(number) if number <= Decimal::ZERO => Err("must be above zero"),
            Some(number) if number > largest(limit) => Err("is too large"),
            _ if self.allowed_instruments.as_ref().is_some_and(BTreeSet::is_empty) => {
                Err("must name an instrument, or be left out")
            }
            _ => Ok(()),
        }
    }

    /// Whether it allows something that `before` did not. Other hours always might.
    pub(super) fn is_looser(&self, before: &Self, limit: Limit) -> bool {
        if !before.is_set(limit) {
            return false;
        }
        match limit {
            _ if !self.is_set(limit) => true,
            Limit::Instruments => match (&self.allowed_instruments, &before.allowed_instruments) {
                (Some(now), Some(then)) => !now.is_subset(then),
                _ => false,
            },
            Limit::Hours => self.allowed_hours != before.allowed_hours,
            _ => self.number(limit) > before.number(limit),
        }
    }
}

/// A quantity that could not be decoded is none, in limits too.
fn largest(limit: Limit) -> Decimal {
    if limit.unit() == Unit::Units { bounds::MAX_QUANTITY } else { LARGEST }
}

fn number(text: &str) -> Result<Decimal, BadLimit> {
    let plain: String = text.chars().filter(|c| *c != ',').collect();
    // A comma anywhere else is somebody's decimal point, and the limit would be ten times as loose.
    if plain != text && grouped(&plain) != text {
        return Err(BadLimit::Grouping);
    }
    Decimal::from_str_exact(&plain).map_err(|_unread| BadLimit::NoNumber)
}
