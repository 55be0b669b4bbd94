//! Prices and quantities: decimals that cannot be mixed up.

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::bounds;

/// A price in the instrument's currency, per unit of the instrument. One that is decoded is within
/// [`bounds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Price(pub Decimal);

/// An amount of an instrument in its own units (shares, coins, contracts). Never negative:
/// direction is a [`super::Side`] or the sign of a position. One that is decoded is within [`bounds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize)]
#[serde(transparent)]
pub struct Qty(pub Decimal);

impl Price {
    /// The nearest `f64`, for charts only.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0.to_f64().unwrap_or(f64::NAN)
    }
}

impl Qty {
    /// No quantity.
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Whether there is none.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The nearest `f64`, for charts only.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        self.0.to_f64().unwrap_or(f64::NAN)
    }

    /// The largest that can be decoded.
    pub const MAX: Self = Self(bounds::MAX_QUANTITY);

    /// `self + other`, at most [`Self::MAX`]: of executions that a broker goes on telling of, so that
    /// their sum can be read again.
    #[must_use]
    pub fn saturating_add(self, other: Self) -> Self {
        Self(self.0.checked_add(other.0).map_or(Self::MAX.0, |sum| sum.min(Self::MAX.0)))
    }

    /// `self - other`, or zero where `other` is larger.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self((self.0 - other.0).max(Decimal::ZERO))
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        bounds::price(<Decimal as Deserialize>::deserialize(from)?).map(Self).map_err(D::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Qty {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        bounds::quantity(<Decimal as Deserialize>::deserialize(from)?).map(Self).map_err(D::Error::custom)
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Qty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl Add for Qty {
    type Output = Self;
    fn add(self, rhs: Self) -> Self {
        Self(self.0 + rhs.0)
    }
}

impl AddAssign for Qty {
    fn add_assign(&mut self, rhs: Self) {
        self.0 += rhs.0;
    }
}

impl Sub for Qty {
    type Output = Self;
    fn sub(self, rhs: Self) -> Self {
        Self(self.0 - rhs.0)
    }
}

impl SubAssign for Qty {
    fn sub_assign(&mut self, rhs: Self) {
        self.0 -= rhs.0;
    }
}

impl std::iter::Sum for Qty {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}
