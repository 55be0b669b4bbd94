//! Numbers as a chart writes them: prices on their grid, volumes in three figures.

use std::fmt::Write as _;

/// The price grid of `decimals` decimals: its smallest step.
#[must_use]
pub fn grid_step(decimals: u32) -> f64 {
    10_f64.powi(-(decimals.min(12).cast_signed()))
}

/// Appends `price` with `decimals` decimals and groups of three: `67,432.50`.
pub fn push_price(out: &mut String, price: f64, decimals: u32) {
    let start = out.len();
    let decimals = decimals.min(12) as usize;
    write!(out, "{price:.decimals$}").expect("a String takes any text");
    // What rounds to zero has no sign.
    if out[start..].starts_with('-') && !out[start..].contains(|c: char| ('1'..='9').contains(&c)) {
        out.remove(start);
    }
    let digits = start + usize::from(out[start..].starts_with('-'));
    let whole = out[digits..].find('.').map_or(out.len(), |dot| digits + dot);
    let mut at = whole;
    while at > digits + 3 {
        at -= 3;
        out.insert(at, ',');
    }
}

/// `price` as [`push_price`] writes it.
#[must_use]
pub fn price_text(price: f64, decimals: u32) -> String {
    let mut out = String::new();
    push_price(&mut out, price, decimals);
    out
}

/// Appends a quantity in at most four figures and a unit: `950`, `12.3K`, `4.56M`, `0.0125`.
pub fn push_volume(out: &mut String, volume: f64, decimals: u32) {
    const UNITS: [(f64, &str); 4] = [(1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K")];
    for (unit, name) in UNITS {
        // Not below the unit before rounding: 999,960 is 1.00M, not 1000K.
        if volume >= unit * 0.9995 {
            let scaled = volume / unit;
            let places = if scaled < 9.995 { 2 } else { usize::from(scaled < 99.95) };
            write!(out, "{scaled:.places$}{name}").expect("a String takes any text");
            return;
        }
    }
    let places = if volume >= 100.0 { decimals.min(1) } else { decimals.min(8) } as usize;
    let start = out.len();
    write!(out, "{volume:.places$}").expect("a String takes any text");
    if out[start..].contains('.') {
        let kept = out[start..].trim_end_matches('0').trim_end_matches('.').len();
        out.truncate(start + kept);
    }
}

/// `volume` as [`push_volume`] writes it, without zeros at the end of a fraction: `1K`.
#[must_use]
pub fn round_volume_text(volume: f64, decimals: u32) -> String {
    let mut out = String::new();
    push_volume(&mut out, volume, decimals);
    let unit = out.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(out.len());
    if out[..unit].contains('.') {
        let kept = out[..unit].trim_end_matches('0').trim_end_matches('.').len();
        out.replace_range(kept..unit, "");
    }
    out
}

/// Appends a difference with its sign, U+2212 for minus.
pub fn push_change(out: &mut String, change: f64, decimals: u32) {
    let mut text = price_text(change.abs(), decimals);
    let is_zero = !text.contains(|c: char| ('1'..='9').contains(&c));
    if !is_zero {
        text.insert(0, if change > 0.0 { '+' } else { '−' });
    }
    out.push_str(&text);
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
            (-1234.5, 1, "-1,234.5"),
            (-0.001, 2, "0.00"),
            (999.995, 1, "1,000.0"),
            (0.0, 0, "0"),
        ] {
            assert_eq!(price_text(price, decimals), text);
        }
    }

    #[test]
    fn volumes_are_short() {
        for (volume, decimals, text) in [
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
            let mut out = String::new();
            push_volume(&mut out, volume, decimals);
            assert_eq!(out, text);
        }
    }

    #[test]
    fn round_volumes_have_no_idle_zeros() {
        for (volume, text) in
            [(1000.0, "1K"), (2500.0, "2.5K"), (20_000.0, "20K"), (100.0, "100"), (0.5, "0.5")]
        {
            assert_eq!(round_volume_text(volume, 2), text);
        }
    }

    #[test]
    fn changes_show_their_sign() {
        for (change, text) in [(1.5, "+1.50"), (-1.5, "−1.50"), (0.001, "0.00"), (-1500.0, "−1,500.00")] {
            let mut out = String::new();
            push_change(&mut out, change, 2);
            assert_eq!(out, text);
        }
    }
}
