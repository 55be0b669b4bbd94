//! How large a number from outside may be.
//!
//! A [`Decimal`] panics where a sum or a product leaves its 28 digits. So whatever decodes numbers
//! of a wire, a journal, an account file or an import refuses those that no market has, and what
//! is left adds up: a million amounts of [`MAX_AMOUNT`] are 10^28, and a decimal holds 7.9 × 10^28.
//! Products of three numbers within their bounds may still be too large; they are made with
//! [`product`], or checked.
//!
//! Where the bounds come from:
//! - Prices: the paper exchange's grid ends at 10^12 points (`exchange::grid`). The dearest thing
//!   traded, a bitcoin in Iranian rial, is below 10^11.
//! - Quantities: ten of the largest orders that the same grid takes, 10^14 units. The coins with the
//!   most units (BTT, PEPE) have fewer than that in all.
//! - Amounts: above all money there is, in its smallest currency; ten thousand times the
//!   largest order that the paper exchange takes, 10^18.
//! - Decimals: a wei is 10^-18 of an ether, and nothing is traded in less. What is computed, such as
//!   an average, has as many as a decimal holds.

use rust_decimal::Decimal;

/// The highest price, and the lowest with a minus: futures have traded below zero.
pub const MAX_PRICE: Decimal = power_of_ten(12);
/// The largest quantity, of an order and of a position.
pub const MAX_QUANTITY: Decimal = power_of_ten(15);
/// The largest amount of money.
pub const MAX_AMOUNT: Decimal = power_of_ten(22);
/// Most decimals of a price or a quantity.
pub const MAX_DECIMALS: u32 = 18;

const fn power_of_ten(exponent: u32) -> Decimal {
    let power = 10_u128.pow(exponent);
    Decimal::from_parts(power as u32, (power >> 32) as u32, (power >> 64) as u32, false, 0)
}

/// A number that no market has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OutOfBounds {
    /// Too far from zero.
    #[error("the {what} {value} is out of bounds: at most {most} can be reckoned with")]
    TooLarge {
        /// What kind of number it is.
        what: &'static str,
        /// The number.
        value: Decimal,
        /// Its bound.
        most: Decimal,
    },
    /// A quantity below zero.
    #[error("the quantity {0} is below zero")]
    Negative(Decimal),
    /// Finer than anything that is traded.
    #[error("the {what} {value} has more than {MAX_DECIMALS} decimals")]
    TooFine {
        /// What kind of number it is.
        what: &'static str,
        /// The number.
        value: Decimal,
    },
}

/// A price as somebody quotes it, orders at it or trades at it.
///
/// # Errors
/// When it is out of bounds, or too fine.
pub fn price(value: Decimal) -> Result<Decimal, OutOfBounds> {
    within("price", fine("price", value)?, MAX_PRICE)
}

/// A price that was computed, and what is counted per unit: with as many decimals as it has.
///
/// # Errors
/// When it is out of bounds.
pub fn average(value: Decimal) -> Result<Decimal, OutOfBounds> {
    within("price", value, MAX_PRICE)
}

/// A quantity, which is never negative.
///
/// # Errors
/// When it is, is out of bounds, or too fine.
pub fn quantity(value: Decimal) -> Result<Decimal, OutOfBounds> {
    if value < Decimal::ZERO {
        return Err(OutOfBounds::Negative(value));
    }
    net(value)
}

/// A quantity with a sign: what is held.
///
/// # Errors
/// When it is out of bounds, or too fine.
pub fn net(value: Decimal) -> Result<Decimal, OutOfBounds> {
    within("quantity", fine("quantity", value)?, MAX_QUANTITY)
}

/// An amount of money.
///
/// # Errors
/// When it is out of bounds.
pub fn amount(value: Decimal) -> Result<Decimal, OutOfBounds> {
    within("amount", value, MAX_AMOUNT)
}

fn within(what: &'static str, value: Decimal, most: Decimal) -> Result<Decimal, OutOfBounds> {
    if value.abs() > most { Err(OutOfBounds::TooLarge { what, value, most }) } else { Ok(value) }
}

fn fine(what: &'static str, value: Decimal) -> Result<Decimal, OutOfBounds> {
    let is_fine = value.scale() <= MAX_DECIMALS || value.normalize().scale() <= MAX_DECIMALS;
    if is_fine { Ok(value) } else { Err(OutOfBounds::TooFine { what, value }) }
}

/// The product, as far as it is an [`amount`]: of such a million can be added.
#[must_use]
pub fn product(factors: impl IntoIterator<Item = Decimal>) -> Option<Decimal> {
    let product = factors.into_iter().try_fold(Decimal::ONE, Decimal::checked_mul)?;
    amount(product).ok()
}

/// For `#[serde(deserialize_with = "…")]` of fields that are a plain [`Decimal`].
pub mod read {
    use rust_decimal::Decimal;
    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer};

    use crate::domain::Money;

    macro_rules! bounded {
        ($($name:ident),*) => {$(
            #[doc = concat!("A number within [`super::", stringify!($name), "()`]'s bounds.")]
            ///
            /// # Errors
            /// When it is no number, or out of them.
            pub fn $name<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
                super::$name(<Decimal as Deserialize>::deserialize(from)?).map_err(D::Error::custom)
            }
        )*};
    }
    bounded!(price, average, quantity, net, amount);

    /// As [`average()`], where there may be none. The field needs `#[serde(default)]` too.
    ///
    /// # Errors
    /// When it is no number, or out of bounds.
    pub fn average_if_any<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Decimal>, D::Error> {
        let value = Option::<Decimal>::deserialize(from)?;
        value.map(super::average).transpose().map_err(D::Error::custom)
    }

    /// An amount within its bounds, with its currency.
    ///
    /// # Errors
    /// When it is none, or out of them.
    pub fn money<'de, D: Deserializer<'de>>(from: D) -> Result<Money, D::Error> {
        let money = Money::deserialize(from)?;
        super::amount(money.amount).map_err(D::Error::custom)?;
        Ok(money)
    }

    /// As [`money()`], of several.
    ///
    /// # Errors
    /// When one is none, or out of bounds.
    pub fn moneys<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Money>, D::Error> {
        let all = Vec::<Money>::deserialize(from)?;
        all.iter().try_for_each(|money| super::amount(money.amount).map(drop)).map_err(D::Error::custom)?;
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Price, Qty};

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn the_bounds_are_what_they_say() {
        assert_eq!(MAX_PRICE, dec("1000000000000"));
        assert_eq!(MAX_QUANTITY, dec("1000000000000000"));
        assert_eq!(MAX_AMOUNT, dec("10000000000000000000000"));
        assert!(MAX_AMOUNT.checked_mul(Decimal::from(1_000_000)).is_some(), "a million of them add up");
        assert!(MAX_PRICE.checked_mul(MAX_QUANTITY).is_some());
    }

    #[test]
    fn what_no_market_has_is_refused_where_it_is_decoded() {
        let price = |text: &str| serde_json::from_str::<Price>(&format!("\"{text}\""));
        let quantity = |text: &str| serde_json::from_str::<Qty>(&format!("\"{text}\""));
        for good in ["0", "-37.63", "1000000000000", "0.000000000000000001", "1.10000000000000000000"] {
            assert_eq!(price(good).unwrap(), Price(dec(good)));
        }
        for (bad, why) in [
            ("1000000000000.01", "at most 1000000000000 "),
            ("-1000000000001", "at most"),
            ("0.0000000000000000001", "more than 18 decimals"),
        ] {
            let said = price(bad).unwrap_err().to_string();
            assert!(said.contains(why) && said.contains(bad) && said.contains("price"), "{said}");
        }
        assert_eq!(quantity("1000000000000000").unwrap(), Qty(MAX_QUANTITY));
        assert!(
            quantity("1000000000000000.1")
                .unwrap_err()
                .to_string()
                .contains("the quantity 1000000000000000.1")
        );
        assert!(quantity("-0.1").unwrap_err().to_string().contains("below zero"));
    }

    #[test]
    fn a_product_beyond_counting_is_none() {
        assert_eq!(product([dec("2"), dec("-3"), dec("0.5")]), Some(dec("-3")));
        assert_eq!(product([MAX_PRICE, MAX_QUANTITY]), None, "it fits, but a million of them would not");
        assert_eq!(product([Decimal::MAX, Decimal::MAX]), None);
        assert_eq!(product([MAX_PRICE, Decimal::from(10_i64.pow(10))]), Some(MAX_AMOUNT));
    }
}
