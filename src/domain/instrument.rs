//! Instruments: what can be traded, and the grid its prices and quantities stand on.

use std::sync::Arc;

use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::{BrokerId, Currency, InstrumentId, Price, Qty, TradingHours};

/// What kind of thing an instrument is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AssetClass {
    /// A share or fund listed on a stock exchange.
    Share,
    /// A pair of currencies.
    Fx,
    /// A crypto asset against a currency.
    Crypto,
    /// A future, of one month.
    Future,
    /// An option, of one strike and day.
    Option,
}

impl AssetClass {
    /// The word on the screen.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Share => "share",
            Self::Fx => "currencies",
            Self::Crypto => "crypto",
            Self::Future => "future",
            Self::Option => "option",
        }
    }
}

/// An instrument of this run's catalogue. Shared as `Arc`, immutable.
#[derive(Debug, Clone, PartialEq)]
pub struct Instrument {
    /// Index into the catalogue.
    pub id: InstrumentId,
    /// The broker that carries it.
    pub broker: BrokerId,
    /// The exchange's symbol, such as `AAPL`, `7203`, `BTC/JPY`.
    pub symbol: Arc<str>,
    /// Full name.
    pub name: Arc<str>,
    /// The exchange, such as `NASDAQ`.
    pub venue: Arc<str>,
    /// Kind.
    pub class: AssetClass,
    /// Currency of its price.
    pub currency: Currency,
    /// Price steps.
    pub ticks: TickTable,
    /// Quantities are multiples of this.
    pub lot: Qty,
    /// Units of value per unit of quantity and price.
    pub multiplier: Decimal,
    /// When its exchange trades.
    pub hours: TradingHours,
}

impl Instrument {
    /// The name that files use: symbol and venue, the same in every run.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}@{}", self.symbol, self.venue)
    }

    /// Whether `key` is [`Self::key`], without making a text of it.
    #[must_use]
    pub fn has_key(&self, key: &str) -> bool {
        let venue = key.strip_prefix(&*self.symbol).and_then(|rest| rest.strip_prefix('@'));
        venue == Some(&*self.venue)
    }

    /// Of a pair such as `USD/JPY`, the currency that is bought and the one it is paid with.
    #[must_use]
    pub fn pair(&self) -> Option<(Currency, Currency)> {
        let (bought, paid) = self.symbol.split_once('/')?;
        Some((Currency::parse(bought).ok()?, Currency::parse(paid).ok()?))
    }

    /// Decimals of a quantity on the lot grid.
    #[must_use]
    pub fn quantity_decimals(&self) -> u32 {
        self.lot.0.normalize().scale()
    }

    /// Whether `quantity` is a positive multiple of the lot.
    #[must_use]
    pub fn is_on_lot(&self, quantity: Qty) -> bool {
        quantity.0 > Decimal::ZERO && (quantity.0 % self.lot.0).is_zero()
    }

    /// `quantity` rounded down to the lot grid.
    #[must_use]
    pub fn round_to_lot(&self, quantity: Qty) -> Qty {
        Qty(quantity.0 - quantity.0 % self.lot.0)
    }

    /// [`Self::value`] of numbers that a person typed; `None` where it is beyond counting.
    #[must_use]
    pub fn checked_value(&self, price: Price, quantity: Qty) -> Option<Decimal> {
        price.0.checked_mul(quantity.0)?.checked_mul(self.multiplier)
    }

    /// The value of `quantity` at `price`, in the instrument's currency.
    #[must_use]
    pub fn value(&self, price: Price, quantity: Qty) -> Decimal {
        price.0 * quantity.0 * self.multiplier
    }
}

/// Price steps by price: from each bound upwards its tick holds.
///
/// Japanese and Korean shares step by table; most others have one row from zero.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(Decimal, Decimal)>", into = "Vec<(Decimal, Decimal)>")]
pub struct TickTable {
    rows: Vec<(Decimal, Decimal)>,
    decimals: u32,
}

/// A tick table that could not step every price.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadTickTable {
    /// No rows, or the first does not begin at zero.
    #[error("a tick table begins with a row from 0")]
    NoStart,
    /// Bounds do not rise.
    #[error("the bounds of a tick table must rise: {0} does not")]
    Unsorted(Decimal),
    /// A tick of zero or less.
    #[error("a tick must be above zero, not {0}")]
    NotPositive(Decimal),
    /// A bound that is no price of the row below it.
    #[error("the bound {0} is not on the grid of the row before it")]
    OffGrid(Decimal),
}

impl TryFrom<Vec<(Decimal, Decimal)>> for TickTable {
    type Error = BadTickTable;
    fn try_from(rows: Vec<(Decimal, Decimal)>) -> Result<Self, BadTickTable> {
        Self::new(rows)
    }
}

impl From<TickTable> for Vec<(Decimal, Decimal)> {
    fn from(table: TickTable) -> Self {
        table.rows
    }
}

impl TickTable {
    /// A table of `(from price, tick)` rows.
    ///
    /// # Errors
    /// When the rows do not start at zero, do not rise, have a tick that is not
    /// positive, or a bound that is off the grid below it.
    pub fn new(rows: Vec<(Decimal, Decimal)>) -> Result<Self, BadTickTable> {
        if rows.first().is_none_or(|&(from, _)| !from.is_zero()) {
            return Err(BadTickTable::NoStart);
        }
        for &(_, tick) in &rows {
            if tick <= Decimal::ZERO {
                return Err(BadTickTable::NotPositive(tick));
            }
        }
        for pair in rows.windows(2) {
            let ((lower, tick), (upper, _)) = (pair[0], pair[1]);
            if upper <= lower {
                return Err(BadTickTable::Unsorted(upper));
            }
            if !((upper - lower) % tick).is_zero() {
                return Err(BadTickTable::OffGrid(upper));
            }
        }
        let decimals = rows.iter().map(|(_, tick)| tick.normalize().scale()).max().unwrap_or(0);
        Ok(Self { rows, decimals })
    }

    /// One step at every price.
    ///
    /// # Errors
    /// When `tick` is not positive.
    pub fn uniform(tick: Decimal) -> Result<Self, BadTickTable> {
        Self::new(vec![(Decimal::ZERO, tick)])
    }

    /// Decimals that every price of this table can be written with.
    #[must_use]
    pub fn decimals(&self) -> u32 {
        self.decimals
    }

    /// The rows, `(from price, tick)`.
    #[must_use]
    pub fn rows(&self) -> &[(Decimal, Decimal)] {
        &self.rows
    }

    /// The step upwards from `price`.
    #[must_use]
    pub fn tick_above(&self, price: Price) -> Decimal {
        self.row(|from| from <= price.0).1
    }

    /// The step downwards from `price`: at a bound, the finer grid below it.
    #[must_use]
    pub fn tick_below(&self, price: Price) -> Decimal {
        self.row(|from| from < price.0).1
    }

    /// Whether `price` is positive and on the grid.
    #[must_use]
    pub fn is_on_grid(&self, price: Price) -> bool {
        price.0 > Decimal::ZERO && self.round_down(price) == price
    }

    /// The highest grid price that is not above `price`.
    #[must_use]
    pub fn round_down(&self, price: Price) -> Price {
        let (from, tick) = self.row(|from| from <= price.0);
        // A number that somebody typed may be beyond counting in ticks: it is on no grid.
        let on_grid = (price.0 - from).checked_div(tick).and_then(|steps| {
            let steps = steps.round_dp_with_strategy(0, RoundingStrategy::ToNegativeInfinity);
            steps.checked_mul(tick)?.checked_add(from)
        });
        on_grid.map_or(Price(Decimal::ZERO), |value| self.fixed(value))
    }

    /// The lowest grid price that is not below `price`.
    #[must_use]
    pub fn round_up(&self, price: Price) -> Price {
        let down = self.round_down(price);
        if down == price { down } else { self.step(down, 1) }
    }

    /// The grid price nearest to `price`; of two equally near, the lower.
    #[must_use]
    pub fn round(&self, price: Price) -> Price {
        let down = self.round_down(price);
        let up = self.round_up(price);
        if price.0 - down.0 <= up.0 - price.0 { down } else { up }
    }

    /// `steps` ticks up (or down, if negative) from `price`, never below one tick above zero.
    #[must_use]
    pub fn step(&self, price: Price, steps: i32) -> Price {
        let is_up = steps > 0;
        let mut left = steps.unsigned_abs();
        // Onto the grid.
        let Some(mut at) = (left > 0).then(|| self.next(price, is_up)).flatten() else { return price };
        left -= 1;
        while let Some((next, taken)) = self.along(at, is_up, left).filter(|(_, taken)| *taken > 0) {
            (at, left) = (next, left - taken);
        }
        at
    }

    /// The price one tick up or down; `None` where that is not above zero.
    fn next(&self, price: Price, is_up: bool) -> Option<Price> {
        let next = if is_up {
            self.round_down(price).0.checked_add(self.tick_above(price))?
        } else {
            self.round_up_once(price).0.checked_sub(self.tick_below(price))?
        };
        (next > Decimal::ZERO).then(|| self.fixed(next))
    }

    /// As many of `steps` ticks from a grid price as one row allows, and how many those are; `None`
    /// beyond counting.
    fn along(&self, at: Price, is_up: bool, steps: u32) -> Option<(Price, u32)> {
        let is_here = |from: Decimal| if is_up { from <= at.0 } else { from < at.0 };
        let row = self.rows.iter().rposition(|&(from, _)| is_here(from))?;
        let (from, tick) = self.rows[row];
        let ticks = |far: Decimal| far.checked_sub(at.0)?.abs().checked_div(tick)?.trunc().to_u32();
        let most = match (is_up, self.rows.get(row + 1)) {
            (true, Some(&(end, _))) => ticks(end).unwrap_or(u32::MAX),
            (true, None) => u32::MAX,
            // Zero is no price.
            (false, _) if from.is_zero() => ticks(from).unwrap_or(u32::MAX).saturating_sub(1),
            (false, _) => ticks(from).unwrap_or(u32::MAX),
        };
        let taken = steps.min(most);
        let way = tick.checked_mul(taken.into())?;
        let next = if is_up { at.0.checked_add(way)? } else { at.0.checked_sub(way)? };
        Some((self.fixed(next), taken))
    }

    fn round_up_once(&self, price: Price) -> Price {
        let down = self.round_down(price);
        if down == price { down } else { Price(down.0 + self.tick_above(down)) }
    }

    /// With the table's number of decimals, so that equal prices also print and hash alike.
    fn fixed(&self, value: Decimal) -> Price {
        let mut value = value;
        value.rescale(self.decimals);
        Price(value)
    }

    fn row(&self, holds: impl Fn(Decimal) -> bool) -> (Decimal, Decimal) {
        let last = self.rows.iter().rposition(|&(from, _)| holds(from)).unwrap_or(0);
        self.rows[last]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::tick_tables::tables;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn krx() -> TickTable {
        let rows = [("0", "1"), ("2000", "5"), ("5000", "10"), ("20000", "50")];
        TickTable::new(rows.iter().map(|(a, b)| (dec(a), dec(b))).collect()).unwrap()
    }

    #[test]
    fn steps_change_at_the_bound() {
        let table = krx();
        assert_eq!(table.step(Price(dec("1999")), 1), Price(dec("2000")));
        assert_eq!(table.step(Price(dec("2000")), 1), Price(dec("2005")));
        assert_eq!(table.step(Price(dec("2000")), -1), Price(dec("1999")));
        assert_eq!(table.step(Price(dec("2005")), -2), Price(dec("1999")));
    }

    #[test]
    fn rounds_to_the_grid_of_the_price() {
        let table = krx();
        assert_eq!(table.round(Price(dec("2002"))), Price(dec("2000")));
        assert_eq!(table.round(Price(dec("2003"))), Price(dec("2005")));
        assert_eq!(table.round_up(Price(dec("4999"))), Price(dec("5000")));
        assert!(table.is_on_grid(Price(dec("20050"))));
        assert!(!table.is_on_grid(Price(dec("20010"))));
        assert!(!table.is_on_grid(Price(dec("0"))));
    }

    proptest! {
        #[test]
        fn many_steps_are_as_many_single_ones(
            table in tables(),
            at in -2_000_i64..400_000,
            steps in -250_i32..250,
        ) {
            let from = Price(Decimal::new(at, 3));
            let one_by_one = (0..steps.unsigned_abs()).fold(from, |at, _| table.step(at, steps.signum()));
            let found = table.step(from, steps);
            prop_assert_eq!(found, one_by_one);
            prop_assert_eq!(found.0.scale(), one_by_one.0.scale(), "they print alike");
        }
    }

    #[test]
    fn never_steps_to_zero() {
        assert_eq!(krx().step(Price(dec("2")), -5), Price(dec("1")));
    }

    #[test]
    fn a_price_beyond_counting_is_on_no_grid_and_no_panic() {
        let table = TickTable::uniform(dec("0.01")).unwrap();
        assert!(!table.is_on_grid(Price(Decimal::MAX)));
        assert!(!table.is_on_grid(Price(dec("999999999999999999999999999"))));
    }

    #[test]
    fn refuses_tables_that_cannot_step() {
        assert_eq!(TickTable::new(vec![]), Err(BadTickTable::NoStart));
        assert_eq!(TickTable::uniform(dec("0")), Err(BadTickTable::NotPositive(dec("0"))));
        let off = TickTable::new(vec![(dec("0"), dec("0.3")), (dec("1"), dec("0.5"))]);
        assert_eq!(off, Err(BadTickTable::OffGrid(dec("1"))));
    }
}
