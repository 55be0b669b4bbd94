//! The price scale: price ↔ y, linear or logarithmic.
//!
//! Pixel rows count downwards. A price lies in the row that [`PriceScale::row_of`] says;
//! candles, lines and labels all use it, so they agree to the pixel.

use serde::{Deserialize, Serialize};

use crate::domain::{Decimal, Price, TickTable};
use crate::market::series::Extent;

/// Of the pane's height, what stays free above and below the bars.
const MARGIN: f64 = 0.08;
/// An axis has dozens of lines; a range that asks for more is a broken one.
const MOST_LINES: usize = 1000;

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

/// How prices are laid out along the axis, as the trader chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ScaleKind {
    /// Equal distances are equal amounts.
    #[default]
    Linear,
    /// Equal distances are equal ratios.
    Log,
    /// Linear, and counted from the close of the first bar in sight.
    Percent,
}

impl ScaleKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Linear, Self::Log, Self::Percent];

    /// The word on the screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Linear => "Linear",
            Self::Log => "Logarithmic",
            Self::Percent => "Per cent",
        }
    }
}

/// How the prices of one frame are laid out.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// Equal distances are equal amounts.
    Linear,
    /// Equal distances are equal ratios.
    Log,
    /// Linear, labelled in per cent of this price.
    Percent(f64),
}

impl Measure {
    /// That of a kind, of prices from `low` on, counted from `base`; linear where the kind has none.
    #[must_use]
    pub fn of(kind: ScaleKind, low: f64, base: Option<f64>) -> Self {
        match (kind, base) {
            (ScaleKind::Log, _) if low > 0.0 => Self::Log,
            (ScaleKind::Percent, Some(base)) if base > 0.0 => Self::Percent(base),
            _ => Self::Linear,
        }
    }

    /// What grows evenly along the axis.
    #[inline]
    fn even(self, price: f64) -> f64 {
        match self {
            // What has no logarithm lies below everything.
            Self::Log => price.max(f64::MIN_POSITIVE).ln(),
            Self::Linear | Self::Percent(_) => price,
        }
    }

    fn price(self, even: f64) -> f64 {
        match self {
            Self::Log => even.exp(),
            Self::Linear | Self::Percent(_) => even,
        }
    }
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
    /// How prices are laid out.
    pub measure: Measure,
    /// What is even at the top edge, and pixels for one of it.
    from: f64,
    pixels: f64,
}

impl PriceScale {
    fn new(low: f64, high: f64, (top, bottom): (i32, i32), measure: Measure) -> Self {
        let from = measure.even(high);
        let pixels = f64::from((bottom - top).max(1)) / (from - measure.even(low));
        Self { low, high, top, bottom, measure, from, pixels }
    }

    /// A scale that holds `extent` with a margin, in rows `top..bottom`, and leaves the `head`
    /// rows of the legend free, though not more than a quarter of all. A flat or empty extent
    /// gets some room in units of `step`, the price grid.
    #[must_use]
    pub fn fitted(
        extent: &Extent,
        step: f64,
        (top, bottom): (i32, i32),
        head: i32,
        measure: Measure,
    ) -> Self {
        let (low, high) = if extent.is_empty() { (0.0, 0.0) } else { (extent.low, extent.high) };
        let (least, most) = (measure.even(low), measure.even(high));
        let span = most - least;
        if span > 0.0 {
            let head = f64::from(head) / f64::from((bottom - top).max(1));
            let above = head.clamp(MARGIN, 0.25);
            let per_share = span / (1.0 - MARGIN - above);
            let low = measure.price(least - MARGIN * per_share);
            let high = measure.price(most + above * per_share);
            return Self::new(low, high, (top, bottom), measure);
        }
        // Whatever does not move is drawn as a line in the middle, not as noise.
        let room = (high.abs() * 1e-3).max(5.0 * step);
        Self::between(low - room, high + room, step, top, bottom).measured(measure)
    }

    /// A scale from one price to another, in rows `top..bottom`, linear. Falls back to a range of
    /// `step` where `low` and `high` are no range.
    #[must_use]
    pub fn between(low: f64, high: f64, step: f64, top: i32, bottom: i32) -> Self {
        if high > low && (high - low).is_finite() {
            Self::new(low, high, (top, bottom), Measure::Linear)
        } else {
            let middle = if low.is_finite() { low } else { 0.0 };
            Self::new(middle - step, middle + step, (top, bottom), Measure::Linear)
        }
    }

    /// The same prices laid out otherwise, where they can be.
    #[must_use]
    pub fn measured(self, measure: Measure) -> Self {
        let measure = if measure == Measure::Log && self.low <= 0.0 { Measure::Linear } else { measure };
        Self::new(self.low, self.high, (self.top, self.bottom), measure)
    }

    /// The same prices in other rows.
    #[must_use]
    pub fn in_rows(self, top: i32, bottom: i32) -> Self {
        Self::new(self.low, self.high, (top, bottom), self.measure)
    }

    /// The y of a price, in pixels.
    #[must_use]
    pub fn y_of(&self, price: f64) -> f64 {
        f64::from(self.top) + (self.from - self.measure.even(price)) * self.pixels
    }

    /// The price at y.
    #[must_use]
    pub fn price_at(&self, y: f64) -> f64 {
        self.measure.price(self.from - (y - f64::from(self.top)) / self.pixels)
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

    /// The range stretched about its middle: twice as much for a `factor` of 2.
    #[must_use]
    pub fn stretched(self, factor: f64) -> PriceRange {
        let (low, high) = (self.measure.even(self.low), self.from);
        let (middle, half) = (f64::midpoint(low, high), (high - low) / 2.0);
        // Neither so narrow that f64 runs out of digits, nor endless.
        let (least, most) = match self.measure {
            Measure::Log => (1e-9, 300.0),
            Measure::Linear | Measure::Percent(_) => (middle.abs().max(f64::MIN_POSITIVE) * 1e-9, 1e15),
        };
        self.range(middle, (half * factor).clamp(least, most))
    }

    /// The range moved: what was at y is then at `y + pixels`.
    #[must_use]
    pub fn moved(self, pixels: f64) -> PriceRange {
        let (low, high) = (self.measure.even(self.low), self.from);
        self.range(f64::midpoint(low, high) + pixels / self.pixels, (high - low) / 2.0)
    }

    fn range(self, middle: f64, half: f64) -> PriceRange {
        let price = |even| self.measure.price(even);
        PriceRange::Manual { low: price(middle - half), high: price(middle + half) }
    }

    /// The prices of grid lines about `apart` pixels from each other or more, lowest first; `step` is the price
    /// grid.
    #[must_use]
    pub fn grid(&self, apart: f64, step: f64) -> Vec<f64> {
        match self.measure {
            Measure::Linear => multiples(self.low, self.high, nice_step(apart / self.pixels, step)).collect(),
            Measure::Percent(base) => {
                let percent = |price: f64| (price / base - 1.0) * 100.0;
                let least = apart / self.pixels / base * 100.0;
                let lines = multiples(percent(self.low), percent(self.high), nice_step(least, 0.01));
                lines.map(|line| base * (1.0 + line / 100.0)).collect()
            }
            Measure::Log => self.round_prices(apart, step),
        }
    }

    /// The round prices of a logarithmic scale: of each the step is as large as its place needs, so that a line
    /// stays where it is when the range moves.
    fn round_prices(&self, apart: f64, step: f64) -> Vec<f64> {
        let step_at = |price: f64| nice_step(price * (apart / self.pixels).exp_m1(), step);
        let next = |from: f64| {
            let step = step_at(from);
            (from / step * (1.0 - 1e-12)).ceil() * step
        };
        let mut lines = Vec::new();
        let mut line = next(self.low);
        while line <= self.high && lines.len() < MOST_LINES {
            lines.push(line);
            line = next(line + step_at(line));
        }
        lines
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
    (0..count.min(MOST_LINES)).map(move |i| (first + i as f64) * step)
}

#[cfg(test)]
mod tests;
