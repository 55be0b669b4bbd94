//! The price scale: price ↔ y, linear.
//!
//! Pixel rows count downwards. A price lies in the row that [`PriceScale::row_of`] says;
//! candles, lines and labels all use it, so they agree to the pixel.

use crate::domain::{Decimal, Price, TickTable};
use crate::market::series::Extent;

/// Of the pane's height, what stays free above and below the bars.
const MARGIN: f64 = 0.08;

/// How the vertical range is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum PriceRange {
    /// Fitted to the visible bars, every frame.
    #[default]
    Auto,
    /// Chosen by hand: prices at the bottom and top edge of the pane.
    Manual {
        /// At the bottom edge.
        low: f64,
        /// At the top edge.
        high: f64,
    },
}

/// Price ↔ y for one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PriceScale {
    /// Price at the bottom edge.
    pub low: f64,
    /// Price at the top edge.
    pub high: f64,
    /// First pixel row of the pane.
    pub top: i32,
    /// Row after its last.
    pub bottom: i32,
}

impl PriceScale {
    /// A scale that holds `extent` with a margin, in rows `top..bottom`, and leaves the `head`
    /// rows of the legend free, though not more than a quarter of all. A flat or empty extent
    /// gets some room in units of `step`, the price grid.
    #[must_use]
    pub fn fitted(extent: &Extent, step: f64, top: i32, bottom: i32, head: i32) -> Self {
        let (low, high) = if extent.is_empty() { (0.0, 0.0) } else { (extent.low, extent.high) };
        let span = high - low;
        let (below, above) = if span > 0.0 {
            let head = f64::from(head) / f64::from((bottom - top).max(1));
            let above = head.clamp(MARGIN, 0.25);
            let per_share = span / (1.0 - MARGIN - above);
            (MARGIN * per_share, above * per_share)
        } else {
            // Whatever does not move is drawn as a line in the middle, not as noise.
            let room = (high.abs() * 1e-3).max(5.0 * step);
            (room, room)
        };
        Self { low: low - below, high: high + above, top, bottom }
    }

    /// A scale from one price to another, in rows `top..bottom`. Falls back to a range of
    /// `step` where `low` and `high` are no range.
    #[must_use]
    pub fn between(low: f64, high: f64, step: f64, top: i32, bottom: i32) -> Self {
        if high > low && (high - low).is_finite() {
            Self { low, high, top, bottom }
        } else {
            let middle = if low.is_finite() { low } else { 0.0 };
            Self { low: middle - step, high: middle + step, top, bottom }
        }
    }

    /// The y of a price, in pixels.
    #[must_use]
    pub fn y_of(&self, price: f64) -> f64 {
        f64::from(self.top) + (self.high - price) * self.per_price()
    }

    /// The price at y.
    #[must_use]
    pub fn price_at(&self, y: f64) -> f64 {
        self.high - (y - f64::from(self.top)) / self.per_price()
    }

    /// The pixel row of a price; at most two rows outside the pane, however far away it is.
    #[inline]
    #[must_use]
    pub fn row_of(&self, price: f64) -> i32 {
        let (above, below) = (f64::from(self.top) - 2.0, f64::from(self.bottom) + 1.0);
        // A truncating cast is much cheaper than `floor` and the same above zero.
        (self.y_of(price).clamp(above, below) - above) as i32 + self.top - 2
    }

    /// Whether a price is in the pane.
    #[must_use]
    pub fn shows(&self, price: f64) -> bool {
        (self.top..self.bottom).contains(&self.row_of(price))
    }

    /// The range stretched about its middle: twice as much price for a `factor` of 2.
    #[must_use]
    pub fn stretched(self, factor: f64) -> PriceRange {
        let (middle, half) = (f64::midpoint(self.low, self.high), (self.high - self.low) / 2.0);
        // Neither so narrow that f64 runs out of digits, nor endless.
        let least = middle.abs().max(f64::MIN_POSITIVE) * 1e-9;
        let half = (half * factor).clamp(least, 1e15);
        PriceRange::Manual { low: middle - half, high: middle + half }
    }

    /// The range moved: what was at y is then at `y + pixels`.
    #[must_use]
    pub fn moved(self, pixels: f64) -> PriceRange {
        let by = pixels / self.per_price();
        PriceRange::Manual { low: self.low + by, high: self.high + by }
    }

    /// The price step between grid lines that are at least `apart` pixels from each other.
    #[must_use]
    pub fn grid_step(&self, apart: f64, step: f64) -> f64 {
        nice_step(apart / self.per_price(), step)
    }

    fn per_price(&self) -> f64 {
        f64::from((self.bottom - self.top).max(1)) / (self.high - self.low)
    }
}

/// The step of the price grid at a price.
#[must_use]
pub fn tick_at(ticks: &TickTable, price: f64) -> f64 {
    let price = Decimal::try_from(price).unwrap_or_default();
    Price(ticks.tick_above(Price(price))).to_f64()
}

/// The smallest of 1, 2, 2.5, 5 × 10ᵏ that is at least `least` and a multiple of `grid`.
#[must_use]
pub fn nice_step(least: f64, grid: f64) -> f64 {
    if !(least > grid && least.is_finite()) {
        return grid;
    }
    let on_grid = |step: f64| (step / grid - (step / grid).round()).abs() < 1e-6 * (step / grid).max(1.0);
    let (nice, power) = (nice_from(least), least.log10().floor() as i32);
    nice.into_iter().find(|step| on_grid(*step)).unwrap_or_else(|| 10_f64.powi(power + 1))
}

/// The smallest of 1, 2, 2.5, 5 × 10ᵏ that is at least `least`, which is above zero.
#[must_use]
pub fn round_step(least: f64) -> f64 {
    nice_from(least)[0]
}

/// The round numbers from `least` on, up to the next power of ten.
fn nice_from(least: f64) -> Vec<f64> {
    let power = 10_f64.powi(least.log10().floor() as i32);
    let nice = [1.0, 2.0, 2.5, 5.0, 10.0].map(|digit| digit * power);
    nice.into_iter().filter(|step| *step >= least * (1.0 - 1e-9)).collect()
}

/// The multiples of `step` from `low` to `high`, lowest first.
pub fn multiples(low: f64, high: f64, step: f64) -> impl Iterator<Item = f64> {
    let (first, last) = ((low / step).ceil(), (high / step).floor());
    let count = if first <= last { (last - first) as usize + 1 } else { 0 };
    // An axis has dozens of lines; a range that asks for more is a broken one.
    (0..count.min(1000)).map(move |i| (first + i as f64) * step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn extent(low: f64, high: f64) -> Extent {
        Extent { high, low, volume: 0.0 }
    }

    proptest! {
        #[test]
        fn y_and_price_are_inverse(low in 1e-8..1e9_f64, share in 1e-6..10.0_f64, y in 0.0..1000.0) {
            let scale = PriceScale::between(low, low * (1.0 + share), 1e-8, 10, 900);
            let back = scale.y_of(scale.price_at(y));
            prop_assert!((back - y).abs() < 1e-3, "{y} came back as {back}");
        }

        #[test]
        fn everything_visible_is_inside_with_a_margin(low in -1e6..1e9_f64, span in 0.0..1e6_f64) {
            let scale = PriceScale::fitted(&extent(low, low + span), 0.01, 0, 600, 44);
            prop_assert!(span == 0.0 || scale.row_of(low + span) >= 44);
            prop_assert!(scale.row_of(low + span) > 0 && scale.row_of(low) < 599);
            prop_assert!(scale.shows(low) && scale.shows(low + span));
        }

        #[test]
        fn rows_follow_prices(a in 0.0..200.0_f64, b in 0.0..200.0_f64) {
            let scale = PriceScale::between(50.0, 150.0, 0.01, 7, 400);
            let (a, b) = (a.min(b), a.max(b));
            prop_assert!(scale.row_of(a) >= scale.row_of(b));
            prop_assert!((5..=401).contains(&scale.row_of(a)));
        }

        #[test]
        fn moving_keeps_the_price_under_the_pointer(by in -300.0..300.0_f64, y in 0.0..500.0_f64) {
            let scale = PriceScale::between(100.0, 110.0, 0.01, 0, 500);
            let PriceRange::Manual { low, high } = scale.moved(by) else { unreachable!() };
            let after = PriceScale::between(low, high, 0.01, 0, 500);
            prop_assert!((after.price_at(y + by) - scale.price_at(y)).abs() < 1e-9);
        }

        #[test]
        fn nice_steps_are_on_the_grid_and_not_finer_than_asked(least in 1e-9..1e8_f64, decimals in 0_i32..9) {
            let grid = 10_f64.powi(-decimals);
            let step = nice_step(least, grid);
            prop_assert!(step >= least * (1.0 - 1e-6) || step >= grid);
            prop_assert!(step <= (least * 10.0).max(grid * 1.000_001));
            let multiple = step / grid;
            prop_assert!((multiple - multiple.round()).abs() < 1e-6 * multiple.max(1.0));
        }
    }

    #[test]
    fn steps_are_those_that_people_count_in() {
        for (least, grid, step) in [
            (0.004, 0.01, 0.01),
            (0.013, 0.01, 0.02),
            (0.021, 0.01, 0.05),
            (0.021, 0.001, 0.025),
            (3.0, 0.01, 5.0),
            (1.0, 1.0, 1.0),
            (2.1, 1.0, 5.0),
            (2_100_000.0, 1.0, 2_500_000.0),
        ] {
            let found = nice_step(least, grid);
            assert!((found - step).abs() < step * 1e-9, "at least {least} on {grid}: {found}, not {step}");
        }
    }

    #[test]
    fn multiples_lie_in_the_range() {
        let found: Vec<f64> = multiples(99.97, 100.13, 0.05).collect();
        assert_eq!(found.len(), 3);
        assert!((found[0] - 100.0).abs() < 1e-9 && (found[2] - 100.1).abs() < 1e-9);
        assert_eq!(multiples(0.3, 0.4, 1.0).count(), 0);
    }

    #[test]
    fn flat_prices_get_room_above_and_below() {
        for (price, step) in [(100.0, 0.01), (0.0, 0.01), (0.000_012, 1e-8), (1.4e8, 1.0)] {
            let scale = PriceScale::fitted(&extent(price, price), step, 0, 100, 44);
            assert!((49..=51).contains(&scale.row_of(price)), "{price}");
            assert!(scale.high - scale.low >= 2.0 * step);
        }
    }

    #[test]
    fn a_scale_never_collapses() {
        let mut scale = PriceScale::between(100.0, 110.0, 0.01, 0, 500);
        for _ in 0..10_000 {
            let PriceRange::Manual { low, high } = scale.stretched(0.5) else { unreachable!() };
            scale = PriceScale::between(low, high, 0.01, 0, 500);
        }
        assert!(scale.high > scale.low);
        let broken = PriceScale::between(f64::NAN, 1.0, 0.01, 0, 500);
        assert!(broken.high > broken.low);
    }
}
