//! An instrument's price and lot grid in whole numbers.
//!
//! The synthetic market reckons in `units` (prices as multiples of the smallest
//! decimal of the tick table) and `lots` (multiples of the lot), both `i64`, and
//! turns them into decimals only for orders, into `f64` only for bars. A price or
//! volume as `f64` is therefore always the one nearest to its decimal, as if it
//! had been parsed from text.

use rust_decimal::prelude::ToPrimitive as _;

use crate::domain::{Decimal, Instrument, Price, Qty};

/// The grid of one instrument.
#[derive(Debug, Clone)]
pub struct Grid {
    /// `(from, tick)` in units, the highest first.
    rows: Vec<(i64, i64)>,
    decimals: u32,
    scale: f64,
    lot: i64,
    lot_decimals: u32,
    lot_scale: f64,
}

/// `value` as a multiple of `10^-decimals`; saturates far beyond any price or lot.
fn to_units(value: Decimal, decimals: u32) -> i64 {
    let mut value = value;
    value.rescale(decimals);
    i64::try_from(value.mantissa()).unwrap_or(i64::MAX)
}

fn power_of_ten(decimals: u32) -> f64 {
    (0..decimals).fold(1.0, |p, _| p * 10.0)
}

impl Grid {
    /// The grid of `instrument`.
    pub fn new(instrument: &Instrument) -> Self {
        let decimals = instrument.ticks.decimals();
        let unit_rows = instrument
            .ticks
            .rows()
            .iter()
            .map(|&(from, tick)| (to_units(from, decimals), to_units(tick, decimals)));
        let mut rows: Vec<(i64, i64)> = unit_rows.collect();
        rows.reverse();
        let lot = instrument.lot.0.normalize();
        Self {
            rows,
            decimals,
            scale: power_of_ten(decimals),
            lot: to_units(lot, lot.scale()).max(1),
            lot_decimals: lot.scale(),
            lot_scale: power_of_ten(lot.scale()),
        }
    }

    /// The row that steps upwards from `units`.
    #[inline]
    fn row(&self, units: i64) -> (i64, i64) {
        self.rows.iter().copied().find(|&(from, _)| from <= units).unwrap_or((0, 1))
    }

    /// The step upwards from `units`.
    #[inline]
    pub fn tick(&self, units: i64) -> i64 {
        self.row(units).1
    }

    /// The grid point nearest to `price`, never below the lowest positive one.
    /// Rises (weakly) with `price`.
    #[inline]
    pub fn nearest(&self, price: f64) -> i64 {
        let exact = price * self.scale;
        let (from, tick) = self.row(exact as i64);
        let steps = ((exact - from as f64) / tick as f64 + 0.5).floor() as i64;
        (from + steps * tick).max(self.lowest())
    }

    /// The highest grid point that is not above `price`.
    pub fn at_or_below(&self, price: f64) -> i64 {
        let exact = price * self.scale;
        let (from, tick) = self.row(exact as i64);
        (from + ((exact - from as f64) / tick as f64).floor() as i64 * tick).max(self.lowest())
    }

    /// `steps` ticks from `units` (negative: down), never below the lowest positive point.
    pub fn step(&self, units: i64, steps: i64) -> i64 {
        let mut at = units;
        for _ in 0..steps.unsigned_abs() {
            if steps > 0 {
                at += self.tick(at);
            } else {
                let below = at - self.tick(at - 1);
                if below < self.lowest() {
                    return at;
                }
                at = below;
            }
        }
        at
    }

    fn lowest(&self) -> i64 {
        self.rows.last().map_or(1, |&(_, tick)| tick)
    }

    /// `units` as a decimal price.
    #[inline]
    pub fn price(&self, units: i64) -> Price {
        Price(Decimal::new(units, self.decimals))
    }

    /// `units` as the nearest `f64`.
    #[inline]
    pub fn price_f64(&self, units: i64) -> f64 {
        units as f64 / self.scale
    }

    /// A decimal price in units; what is off the grid of decimals is rounded.
    pub fn units(&self, price: Price) -> i64 {
        to_units(price.0, self.decimals)
    }

    /// `lots` as a decimal quantity.
    #[inline]
    pub fn quantity(&self, lots: i64) -> Qty {
        Qty(Decimal::new(lots.saturating_mul(self.lot), self.lot_decimals))
    }

    /// `lots` as the nearest `f64`.
    #[inline]
    pub fn volume(&self, lots: i64) -> f64 {
        lots.saturating_mul(self.lot) as f64 / self.lot_scale
    }

    /// Whole lots in `quantity`, rounded down.
    pub fn lots(&self, quantity: Qty) -> i64 {
        to_units(quantity.0, self.lot_decimals) / self.lot
    }

    /// Lots nearest to a volume.
    pub fn lots_of(&self, volume: f64) -> f64 {
        volume * self.lot_scale / self.lot as f64
    }
}

/// The nearest `f64` of a decimal that the catalogue checked to be finite and positive.
pub fn to_f64(value: Decimal) -> f64 {
    value.to_f64().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{AssetClass, BrokerId, Currency, InstrumentId, TickTable, TradingHours};

    fn instrument(rows: &[(&str, &str)], lot: &str) -> Instrument {
        let rows = rows.iter().map(|(a, b)| (a.parse().unwrap(), b.parse().unwrap())).collect();
        Instrument {
            id: InstrumentId(0),
            broker: BrokerId(0),
            symbol: "X".into(),
            name: "X".into(),
            venue: "V".into(),
            class: AssetClass::Share,
            currency: Currency::USD,
            ticks: TickTable::new(rows).unwrap(),
            lot: Qty(lot.parse().unwrap()),
            multiplier: Decimal::ONE,
            hours: TradingHours::always("UTC"),
        }
    }

    fn tse() -> Instrument {
        instrument(&[("0", "0.1"), ("1000", "0.5"), ("3000", "1"), ("10000", "5")], "100")
    }

    proptest! {
        #[test]
        fn agrees_with_the_decimal_tick_table(cents in 10i64..3_000_000, steps in -30i64..30) {
            let instrument = tse();
            let grid = Grid::new(&instrument);
            let exact = Price(Decimal::new(cents, 2));
            let units = grid.nearest(exact.to_f64());
            let table = instrument.ticks.round(exact).0;
            let distance = (grid.price(units).0 - exact.0).abs();
            prop_assert!(instrument.ticks.is_on_grid(grid.price(units)));
            prop_assert_eq!(distance, (table - exact.0).abs());
            let stepped = instrument.ticks.step(grid.price(units), i32::try_from(steps).unwrap());
            prop_assert_eq!(grid.price(grid.step(units, steps)), stepped);
            prop_assert_eq!(grid.price(grid.at_or_below(exact.to_f64())), instrument.ticks.round_down(exact));
        }

        #[test]
        fn rounding_rises_with_the_price(a in 0.1f64..20_000.0, b in 0.1f64..20_000.0) {
            let grid = Grid::new(&tse());
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            prop_assert!(grid.nearest(low) <= grid.nearest(high));
        }
    }

    #[test]
    fn lots_keep_their_decimals() {
        let grid = Grid::new(&instrument(&[("0", "1000")], "0.00000001"));
        assert_eq!(grid.quantity(123).0, "0.00000123".parse().unwrap());
        assert_eq!(grid.lots(Qty("0.5".parse().unwrap())), 50_000_000);
        assert!((grid.volume(150_000_000) - 1.5).abs() < 1e-12);
        let board = Grid::new(&tse());
        assert_eq!(board.quantity(3), Qty(300.into()));
        assert!((board.volume(3) - 300.0).abs() < 1e-12);
    }
}
