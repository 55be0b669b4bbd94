//! An instrument's grid in integers: prices as points of 10^-decimals, quantities as units.
//!
//! The engine compares and adds only these; decimals appear at its edge and in the books of
//! an account. Bounds keep every product of a price and a quantity far from overflow.

use rust_decimal::prelude::ToPrimitive as _;

use crate::domain::{Decimal, Instrument, Price, Qty};

use super::{BadExchange, Reject};

/// A price in steps of 10^-decimals of the tick table.
pub(super) type Points = i64;
/// A quantity in steps of 10^-decimals of the lot.
pub(super) type Units = i64;

/// The highest price that is taken.
pub(super) const MAX_POINTS: Points = 1_000_000_000_000;
/// The largest quantity of one order.
pub(super) const MAX_UNITS: Units = 100_000_000_000_000;

/// Most decimals of a price or quantity.
const MAX_DECIMALS: u32 = 12;

/// Tick table and lot of one instrument, in integers.
#[derive(Debug)]
pub(super) struct Grid {
    price_decimals: u32,
    /// `(from, tick)`, as in the tick table.
    rows: Vec<(Points, Points)>,
    quantity_decimals: u32,
    lot: Units,
}

impl Grid {
    pub(super) fn new(instrument: &Instrument) -> Result<Self, BadExchange> {
        let bad = |field, value: String| BadExchange::Instrument {
            symbol: instrument.symbol.clone(),
            field,
            value,
        };
        let price_decimals = instrument.ticks.decimals();
        let quantity_decimals = instrument.quantity_decimals();
        if price_decimals.max(quantity_decimals) > MAX_DECIMALS {
            return Err(bad("number of decimals", price_decimals.max(quantity_decimals).to_string()));
        }
        let rows = instrument.ticks.rows().iter().map(|&(from, tick)| {
            let pair = to_scale(from, price_decimals).zip(to_scale(tick, price_decimals));
            pair.ok_or_else(|| bad("tick table", format!("{from} {tick}")))
        });
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let lot = to_scale(instrument.lot.0, quantity_decimals).filter(|lot| (1..=MAX_UNITS).contains(lot));
        let lot = lot.ok_or_else(|| bad("lot", instrument.lot.to_string()))?;
        let multiplier = instrument.multiplier;
        if multiplier <= Decimal::ZERO || multiplier > Decimal::from(1_000_000) {
            return Err(bad("multiplier", multiplier.to_string()));
        }
        Ok(Self { price_decimals, rows, quantity_decimals, lot })
    }

    pub(super) fn price(&self, points: Points) -> Price {
        Price(Decimal::new(points, self.price_decimals))
    }

    pub(super) fn quantity(&self, units: Units) -> Qty {
        Qty(Decimal::new(units, self.quantity_decimals))
    }

    /// A total of many quantities, at most what can be decoded.
    pub(super) fn total(&self, units: i128) -> Qty {
        Decimal::try_from_i128_with_scale(units, self.quantity_decimals).map_or(Qty::MAX, Qty).min(Qty::MAX)
    }

    /// A price that must stand on the tick grid.
    pub(super) fn check_price(&self, instrument: &Instrument, price: Price) -> Result<Points, Reject> {
        if price.0 <= Decimal::ZERO {
            return Err(Reject::PriceNotPositive(price));
        }
        if price.0 > self.price(MAX_POINTS).0 {
            return Err(Reject::TooLarge);
        }
        match to_scale(price.0, self.price_decimals) {
            Some(points) if self.floor(points) == points => Ok(points),
            _ => {
                let ticks = &instrument.ticks;
                let lower = Some(ticks.round_down(price)).filter(|lower| lower.0 > Decimal::ZERO);
                let (tick, upper) = (ticks.tick_above(price), ticks.round_up(price));
                Err(Reject::OffTick { price, tick, lower, upper })
            }
        }
    }

    /// A quantity that must be a multiple of the lot.
    pub(super) fn check_quantity(&self, instrument: &Instrument, quantity: Qty) -> Result<Units, Reject> {
        if quantity.0 <= Decimal::ZERO {
            return Err(Reject::QuantityNotPositive(quantity));
        }
        if quantity.0 > self.quantity(MAX_UNITS).0 {
            return Err(Reject::TooLarge);
        }
        match to_scale(quantity.0, self.quantity_decimals) {
            Some(units) if units % self.lot == 0 => Ok(units),
            _ => {
                let lot = instrument.lot;
                let lower = instrument.round_to_lot(quantity);
                let upper = lower + lot;
                Err(Reject::OffLot { quantity, lot, lower: Some(lower).filter(|q| !q.is_zero()), upper })
            }
        }
    }

    /// The grid price nearest to any positive price; `None` where it is out of bounds.
    pub(super) fn nearest(&self, instrument: &Instrument, price: Price) -> Option<Points> {
        let in_bounds = price.0 > Decimal::ZERO && price.0 <= self.price(MAX_POINTS).0;
        let points = in_bounds.then(|| to_scale(instrument.ticks.round(price).0, self.price_decimals))?;
        points.filter(|&points| points > 0)
    }

    /// Units of a quantity of any size, rounded down; zero where it is out of bounds.
    pub(super) fn units(&self, quantity: Qty) -> i128 {
        let scaled = quantity.0.checked_mul(Decimal::from(10_i64.pow(self.quantity_decimals)));
        scaled.and_then(|units| units.trunc().to_i128()).unwrap_or(0).max(0)
    }

    /// The highest grid price that is not above `points`.
    pub(super) fn floor(&self, points: Points) -> Points {
        let row = self.rows.iter().rfind(|&&(from, _)| from <= points);
        row.map_or(points, |&(from, tick)| points - (points - from) % tick)
    }

    /// The lowest grid price that is not below `points`.
    pub(super) fn ceil(&self, points: Points) -> Points {
        let floor = self.floor(points);
        if floor == points { points } else { floor + self.tick_above(floor) }
    }

    /// The lowest price there is.
    pub(super) fn lowest(&self) -> Points {
        self.tick_above(0)
    }

    /// `price` in points, rounded towards the lower (`Round::Down`) or higher grid price.
    pub(super) fn round(&self, price: Decimal, to: Round) -> Points {
        let scaled = price * Decimal::from(10_i64.pow(self.price_decimals));
        let (whole, grid): (_, fn(&Self, Points) -> Points) = match to {
            Round::Down => (scaled.floor(), Self::floor),
            Round::Up => (scaled.ceil(), Self::ceil),
        };
        grid(self, whole.to_i64().unwrap_or(MAX_POINTS).clamp(0, MAX_POINTS))
    }

    fn tick_above(&self, points: Points) -> Points {
        self.rows.iter().rfind(|&&(from, _)| from <= points).map_or(1, |&(_, tick)| tick)
    }
}

/// Which way a price is moved to the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    Down,
    Up,
}

/// `value × 10^decimals`, where that is a whole number that fits.
fn to_scale(value: Decimal, decimals: u32) -> Option<i64> {
    let scale = value.scale();
    let mantissa = value.mantissa();
    let scaled = if scale <= decimals {
        mantissa.checked_mul(10_i128.checked_pow(decimals - scale)?)?
    } else {
        let divisor = 10_i128.checked_pow(scale - decimals)?;
        if mantissa % divisor != 0 {
            return None;
        }
        mantissa / divisor
    };
    i64::try_from(scaled).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::domain::{AssetClass, BrokerId, Currency, InstrumentId, TickTable, TradingHours};

    use super::*;

    fn instrument(rows: &[(&str, &str)], lot: &str) -> Instrument {
        let dec = |text: &str| -> Decimal { text.parse().unwrap() };
        Instrument {
            id: InstrumentId(0),
            broker: BrokerId(0),
            symbol: "X".into(),
            name: "X".into(),
            venue: "PIT".into(),
            class: AssetClass::Share,
            currency: Currency::KRW,
            ticks: TickTable::new(rows.iter().map(|(a, b)| (dec(a), dec(b))).collect()).unwrap(),
            lot: Qty(dec(lot)),
            multiplier: Decimal::ONE,
            hours: TradingHours::always("UTC"),
        }
    }

    fn krx() -> Instrument {
        instrument(&[("0", "1"), ("2000", "5"), ("5000", "10"), ("20000", "50")], "1")
    }

    proptest! {
        #[test]
        fn integers_stand_on_the_same_grid_as_the_tick_table(points in 1..60_000_i64) {
            let instrument = krx();
            let grid = Grid::new(&instrument).unwrap();
            let price = grid.price(points);
            prop_assert_eq!(grid.price(grid.floor(points)), instrument.ticks.round_down(price));
            prop_assert_eq!(grid.price(grid.ceil(points)), instrument.ticks.round_up(price));
            let is_on_grid = instrument.ticks.is_on_grid(price);
            prop_assert_eq!(grid.check_price(&instrument, price).is_ok(), is_on_grid);
        }

        #[test]
        fn quantities_of_the_smallest_lots_survive_both_ways(units in 1..100_000_000_000_i64) {
            let instrument = instrument(&[("0", "0.5")], "0.00000001");
            let grid = Grid::new(&instrument).unwrap();
            prop_assert_eq!(grid.check_quantity(&instrument, grid.quantity(units)), Ok(units));
        }
    }

    #[test]
    fn numbers_written_with_other_decimals_are_the_same_numbers() {
        let instrument = instrument(&[("0", "0.01")], "100");
        let grid = Grid::new(&instrument).unwrap();
        let check = |text: &str| grid.check_price(&instrument, Price(text.parse().unwrap()));
        assert_eq!([check("100"), check("100.0"), check("100.000000")], [const { Ok(10_000) }; 3]);
        assert_eq!(grid.check_quantity(&instrument, Qty("300.00".parse().unwrap())), Ok(300));
    }

    #[test]
    fn rounding_goes_where_it_is_told() {
        let grid = Grid::new(&krx()).unwrap();
        let price: Decimal = "2003.2".parse().unwrap();
        assert_eq!((grid.round(price, Round::Down), grid.round(price, Round::Up)), (2000, 2005));
        assert_eq!(grid.round(Decimal::from(-5), Round::Down), 0);
    }
}
