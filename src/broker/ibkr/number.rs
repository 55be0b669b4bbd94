//! Numbers of the TWS API, which are doubles, in our decimals and back.
//!
//! A double stands for the shortest decimal that reads back as it: 100.1 is 100.1, not
//! 100.099999999999994. What no market has is no number here either.

use crate::domain::{Decimal, Price, Qty, bounds};
use rust_decimal::prelude::ToPrimitive as _;

/// The decimal that a double stands for; `None` where it is none, or beyond counting.
pub(super) fn decimal(value: f64) -> Option<Decimal> {
    if !value.is_finite() {
        return None;
    }
    let exact: Decimal = value.to_string().parse().ok()?;
    Some(exact.normalize())
}

/// A price that somebody trades or quotes at. TWS says -1, and 0, where there is none.
pub(super) fn price(value: f64) -> Option<Price> {
    let value = bounds::price(decimal(value)?).ok()?;
    (value > Decimal::ZERO).then_some(Price(value))
}

/// A price that may be left out.
pub(super) fn price_if_any(value: Option<f64>) -> Option<Price> {
    value.and_then(price)
}

/// A quantity.
pub(super) fn quantity(value: f64) -> Option<Qty> {
    bounds::quantity(decimal(value)?).ok().map(Qty)
}

/// An amount of money.
pub(super) fn amount(value: f64) -> Option<Decimal> {
    bounds::amount(decimal(value)?).ok()
}

/// The nearest double.
pub(super) fn double(value: Decimal) -> f64 {
    value.to_f64().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_double_is_the_decimal_that_was_meant() {
        for (double_, text) in [(100.1, "100.1"), (0.1 + 0.2, "0.30000000000000004"), (1e-8, "0.00000001")] {
            assert_eq!(decimal(double_).unwrap().to_string(), text);
        }
        assert_eq!(decimal(250.0).unwrap().to_string(), "250");
        assert_eq!(double(decimal(100.1).unwrap()).to_bits(), 100.1_f64.to_bits());
    }

    #[test]
    fn what_is_no_number_is_none() {
        for none in [f64::NAN, f64::INFINITY, f64::MAX, -1.0, 0.0, 1e13] {
            assert_eq!(price(none), None, "{none}");
        }
        assert_eq!(quantity(-1.0), None);
        assert_eq!(quantity(0.0), Some(Qty::ZERO));
        assert_eq!(amount(-12.5), Some("-12.5".parse().unwrap()));
    }
}
