//! The arrow keys on the drawing that is chosen: ↑ ↓ take it along by ticks, ← → a trend line by bars.

use egui::Ui;

use super::geometry::later;
use super::{DrawingDeed, Sketch};
use crate::domain::{Decimal, Figure, Mark, Price, TickTable, bounds};
use crate::ui::chart::ChartData;
use crate::ui::steps::{key_steps, side_steps};

impl Sketch {
    /// Takes the chosen drawing as far as the arrows say. One that is out of sight stays, and the arrows are the
    /// chart's, as those are that would take a horizontal line sideways.
    pub(super) fn arrows(&mut self, ui: &Ui, data: &ChartData<'_>) -> Option<DrawingDeed> {
        let id = self.chosen.filter(|_| !self.has_pointer())?;
        let is_in_sight = self.placed.iter().any(|placed| placed.id == id);
        let before = data.drawings.iter().find(|one| one.id == id && is_in_sight)?.figure;
        let ticks = key_steps(ui);
        let bars = match before {
            Figure::Level { .. } => 0,
            Figure::Trend { .. } => side_steps(ui),
        };
        let now = taken_along(before, ticks, bars, data).filter(|now| *now != before)?;
        self.left = Some((Some(id), now));
        Some(DrawingDeed::Move(id, now))
    }
}

/// A drawing so many ticks higher and bars later; `None` where no price or instant is so far away. A trend line keeps
/// its height where ticks are not the same at both ends: its first end says how large they are.
fn taken_along(figure: Figure, ticks: i32, bars: i32, data: &ChartData<'_>) -> Option<Figure> {
    Some(match figure {
        Figure::Level { price } => Figure::Level { price: higher(price, ticks, data.ticks)? },
        Figure::Trend { from, to, extends } => {
            let price = higher(from.price, ticks, data.ticks)?;
            let by = price.0 - from.price.0;
            let end = if by.is_zero() { to.price } else { on_grid(to.price.0 + by, data.ticks)? };
            let time = |mark: Mark| later(mark.time, bars.into(), data);
            let from = Mark { time: time(from)?, price };
            Figure::Trend { from, to: Mark { time: time(to)?, price: end }, extends }
        }
    })
}

/// So many ticks higher, each as large as its place has it. Unlike an order's price it may be zero or less.
fn higher(price: Price, ticks: i32, table: &TickTable) -> Option<Price> {
    (0..ticks.unsigned_abs()).try_fold(price, |at, _| {
        let by = if ticks > 0 { table.tick_above(at) } else { -table.tick_below(at) };
        on_grid(at.0 + by, table)
    })
}

fn on_grid(price: Decimal, table: &TickTable) -> Option<Price> {
    Some(table.round(Price(bounds::price(price).ok()?)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Ten thousandths below one, hundredths above.
    fn table() -> TickTable {
        TickTable::new(vec![(Decimal::ZERO, Decimal::new(1, 4)), (Decimal::ONE, Decimal::new(1, 2))]).unwrap()
    }

    proptest! {
        #[test]
        fn above_zero_ticks_are_those_of_an_orders_price(price in 100_i64..20_000, ticks in -50_i32..=50) {
            let table = table();
            let price = table.round(Price(Decimal::new(price, 4)));
            prop_assert_eq!(higher(price, ticks, &table), Some(table.step(price, ticks)));
        }
    }

    #[test]
    fn a_drawing_goes_through_zero_and_back() {
        let table = TickTable::uniform(Decimal::new(5, 2)).unwrap();
        let price = |hundredths| Price(Decimal::new(hundredths, 2));
        for (from, ticks, to) in [(10, -3, -5), (-5, 3, 10), (-100, 1, -95), (-100, -10, -150)] {
            assert_eq!(higher(price(from), ticks, &table), Some(price(to)), "{from} by {ticks}");
        }
    }
}
