//! The `f64` of charts, written as [`super`] writes decimals: prices on their grid, volumes in
//! three figures.

use crate::domain::money;

/// A number with exactly `decimals` decimals and thousands separated by commas: `67,432.50`.
#[must_use]
pub fn fixed(value: f64, decimals: u32) -> String {
    let decimals = decimals.min(12) as usize;
    let plain = format!("{value:.decimals$}");
    // What rounds to zero has no sign.
    let text = if super::is_zero(&plain) { plain.trim_start_matches('-') } else { &plain };
    super::with_minus(money::grouped(text))
}

/// The same with a sign in front of a gain too.
#[must_use]
pub fn signed(value: f64, decimals: u32) -> String {
    super::with_plus(fixed(value, decimals))
}

/// A quantity in at most four figures and a unit: `950`, `12.3K`, `4.56M`, `0.0125`.
#[must_use]
pub fn volume(value: f64, decimals: u32) -> String {
    in_units(value).unwrap_or_else(|| {
        let places = if value >= 100.0 { decimals.min(1) } else { decimals.min(8) } as usize;
        without_idle_zeros(&format!("{value:.places$}")).to_owned()
    })
}

/// The same without zeros at the end of a fraction before its unit: `1K`.
#[must_use]
pub fn round_volume(value: f64, decimals: u32) -> String {
    let text = volume(value, decimals);
    let unit = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(unit);
    format!("{}{unit}", without_idle_zeros(number))
}

/// What is a thousand or more in three figures and a unit: `1.00K`, `12.3K`, `999M`.
pub(super) fn in_units(value: f64) -> Option<String> {
    const UNITS: [(f64, &str); 4] = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")];
    // Not below the unit before rounding: 999,960 is 1.00M, not 1000K.
    let (unit, name) = UNITS.into_iter().find(|(unit, _)| value >= unit * 0.9995)?;
    let scaled = value / unit;
    let places = if scaled < 9.995 { 2 } else { usize::from(scaled < 99.95) };
    Some(format!("{scaled:.places$}{name}"))
}

fn without_idle_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_stand_on_their_grid_in_groups_of_three() {
        for (price, decimals, text) in [
            (227.5, 2, "227.50"),
            (1234.5, 2, "1,234.50"),
            (143_250_000.0, 0, "143,250,000"),
            (0.000_012_34, 8, "0.00001234"),
            (-1234.5, 1, "−1,234.5"),
            (-0.001, 2, "0.00"),
            (999.995, 1, "1,000.0"),
            (0.0, 0, "0"),
        ] {
            assert_eq!(fixed(price, decimals), text);
        }
    }

    #[test]
    fn volumes_are_short() {
        for (value, decimals, text) in [
            (0.0, 0, "0"),
            (950.0, 0, "950"),
            (999.6, 0, "1.00K"),
            (1_234.0, 0, "1.23K"),
            (12_345.0, 0, "12.3K"),
            (123_456.0, 0, "123K"),
            (999_960.0, 0, "1.00M"),
            (81_489_219.0, 0, "81.5M"),
            (2.5e9, 0, "2.50B"),
            (0.012_5, 8, "0.0125"),
            (3.0, 4, "3"),
            (512.25, 4, "512.2"),
        ] {
            assert_eq!(volume(value, decimals), text);
        }
    }

    #[test]
    fn round_volumes_have_no_idle_zeros() {
        for (value, text) in
            [(1000.0, "1K"), (2500.0, "2.5K"), (20_000.0, "20K"), (100.0, "100"), (0.5, "0.5")]
        {
            assert_eq!(round_volume(value, 2), text);
        }
    }

    #[test]
    fn changes_show_their_sign() {
        for (change, text) in [(1.5, "+1.50"), (-1.5, "−1.50"), (0.001, "0.00"), (-1500.0, "−1,500.00")] {
            assert_eq!(signed(change, 2), text);
        }
    }

    #[test]
    fn a_chart_writes_numbers_as_the_tables_do() {
        for text in ["1234.5", "-0.05", "-0.001", "12", "-98765432.1"] {
            let (value, decimal) = (text.parse().unwrap(), text.parse().unwrap());
            assert_eq!(fixed(value, 2), super::super::decimal(decimal, 2));
            assert_eq!(signed(value, 2), super::super::signed(decimal, 2));
        }
        for text in ["1234.5", "999960", "99960", "9996", "81489219"] {
            let (value, decimal) = (text.parse().unwrap(), text.parse().unwrap());
            assert_eq!(volume(value, 0), super::super::compact(decimal));
        }
    }
}
