//! The prices that a price ladder shows, a row each.
//!
//! A row holds so many ticks, a [`Group`]. The rows of a tick table's band begin at the band's first
//! price, and those of the lowest band at whole multiples of the row; the last row of a band ends
//! where the next one begins, however short that makes it. So rows neither overlap nor leave a gap,
//! and every row is a price of the table.
//!
//! A row stands for the bids from its price up to the row above, and for the asks down to the row
//! below: a group never shows a price better than it is.
//!
//! A tick table begins at zero and has no price of zero or less, and neither has the ladder. Its lowest row is
//! the table's lowest price, whatever the group, and its highest at most [`bounds::MAX_PRICE`]: steps
//! end there. What has no row, such as a spread of futures below zero, is counted and not shown.
//!
//! Prices are counted in the table's last decimal as whole numbers, so nothing here is ever rounded.

pub mod levels;
pub mod own;
#[cfg(test)]
mod tests;

use crate::domain::{Decimal, Price, Side, TickTable, bounds};

/// How many ticks a row may hold.
const GROUPS: [u32; 16] =
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];

/// The largest whole number that a decimal holds.
const LARGEST: i128 = Decimal::MAX.mantissa();

/// How many ticks a row holds: 1, 2 or 5 times a power of ten, at most 100,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Group(u32);

impl Group {
    /// A row for every tick.
    pub const ONE: Self = Self(1);

    /// Of so many ticks, if there is such a group.
    #[must_use]
    pub fn new(ticks: u32) -> Option<Self> {
        GROUPS.contains(&ticks).then_some(Self(ticks))
    }

    /// How many ticks.
    #[must_use]
    pub fn ticks(self) -> u32 {
        self.0
    }

    /// The next with fewer ticks; `None` of a single one.
    #[must_use]
    pub fn finer(self) -> Option<Self> {
        GROUPS.into_iter().rfind(|&ticks| ticks < self.0).map(Self)
    }

    /// The next with more ticks; `None` of the coarsest.
    #[must_use]
    pub fn coarser(self) -> Option<Self> {
        GROUPS.into_iter().find(|&ticks| ticks > self.0).map(Self)
    }
}

/// The rows of one instrument's ladder. A row is named by its price.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// By rising price.
    bands: Vec<Band>,
    /// Of every price here: one unit is the last of them.
    decimals: u32,
    /// Rows of all bands.
    count: i128,
}

/// Rows at equal distances. Prices are in units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Band {
    from: i128,
    step: i128,
    /// How many rows are below it.
    below: i128,
}

impl Grid {
    /// The rows of an instrument with these ticks. It keeps nothing of the table: another table, or
    /// another group, is another grid.
    #[must_use]
    pub fn new(table: &TickTable, group: Group) -> Self {
        let mut grid = Self { bands: Vec::new(), decimals: table.decimals(), count: 0 };
        let end = grid.units(bounds::MAX_PRICE).min(LARGEST) + 1;
        let ends = table.rows().iter().skip(1).map(|&(from, _)| grid.units(from).min(end));
        let ends: Vec<i128> = ends.chain([end]).collect();
        for (&(from, tick), end) in table.rows().iter().zip(ends) {
            let (from, tick) = (grid.units(from), grid.units(tick));
            let step = tick.saturating_mul(group.0.into()).min(LARGEST);
            if from == 0 {
                // Zero is no price: below the first whole row there is the lowest price alone.
                grid.add_band(tick, step, step.min(end));
                grid.add_band(step, step, end);
            } else {
                grid.add_band(from, step, end);
            }
        }
        grid
    }

    /// The highest row that is not above `price`, where a bid of it stands; `None` below all rows.
    #[must_use]
    pub fn floor(&self, price: Price) -> Option<Price> {
        self.price(self.number_of(price)?)
    }

    /// The lowest row that is not below `price`, where an ask of it stands; `None` above all rows, and
    /// of what is no price, being zero or less.
    #[must_use]
    pub fn ceil(&self, price: Price) -> Option<Price> {
        let below = self.floor(price);
        match below {
            Some(row) if row == price => below,
            Some(_) => self.price(self.number_of(price)? + 1),
            None if price.0 > Decimal::ZERO => self.price(0),
            None => None,
        }
    }

    /// The row where an order of a side stands, or a level of that side of the book: that of a buyer
    /// at or below its price, that of a seller at or above.
    #[must_use]
    pub fn row(&self, side: Side, price: Price) -> Option<Price> {
        match side {
            Side::Buy => self.floor(price),
            Side::Sell => self.ceil(price),
        }
    }

    /// So many rows up (or down, if negative) from the row at or below `price`, at most to the last
    /// there is; `None` of a price below all rows.
    #[must_use]
    pub fn step(&self, price: Price, rows: i32) -> Option<Price> {
        self.price((self.number_of(price)? + i128::from(rows)).clamp(0, self.count - 1))
    }

    /// How many rows up from the row of `from` to that of `to`, negative where that is lower; each is
    /// the row at or below. `None` where one is below all rows, and beyond counting.
    #[must_use]
    pub fn distance(&self, from: Price, to: Price) -> Option<i64> {
        i64::try_from(self.number_of(to)? - self.number_of(from)?).ok()
    }

    /// The rows of a window, highest first: that at or below `centre`, so many above and below it,
    /// fewer where the ladder ends. None around a price below all rows.
    pub fn rows(&self, centre: Price, above: u32, below: u32) -> impl Iterator<Item = Price> + '_ {
        let window = self.number_of(centre).map(|number| {
            let highest = (number + i128::from(above)).min(self.count - 1);
            (number - i128::from(below)).max(0)..=highest
        });
        window.into_iter().flatten().rev().filter_map(|number| self.price(number))
    }

    /// Adds rows from one price to another, that one excluded.
    fn add_band(&mut self, from: i128, step: i128, end: i128) {
        if from < end {
            self.bands.push(Band { from, step, below: self.count });
            self.count += (end - from - 1) / step + 1;
        }
    }

    /// A number in units, rounded down. What is beyond counting is as large as can be.
    fn units(&self, value: Decimal) -> i128 {
        let (mantissa, scale) = (value.mantissa(), value.scale());
        let power = |exponent: u32| 10_i128.pow(exponent);
        if scale <= self.decimals {
            mantissa.saturating_mul(power(self.decimals - scale))
        } else {
            mantissa.div_euclid(power(scale - self.decimals))
        }
    }

    /// The number of the row at or below a price, counted from the lowest.
    fn number_of(&self, price: Price) -> Option<i128> {
        let units = self.units(price.0);
        let band = self.bands[..self.bands.partition_point(|band| band.from <= units)].last()?;
        Some(((units - band.from) / band.step + band.below).min(self.count - 1))
    }

    /// The price of a row; `None` where there is no such row.
    fn price(&self, number: i128) -> Option<Price> {
        if !(0..self.count).contains(&number) {
            return None;
        }
        let band = self.bands[..self.bands.partition_point(|band| band.below <= number)].last()?;
        let units = band.from + (number - band.below) * band.step;
        Decimal::try_from_i128_with_scale(units, self.decimals).ok().map(Price)
    }
}
