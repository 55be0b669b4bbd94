//! Wilder's relative strength index: the share of the gains in all changes, 0 to 100.
//!
//! Gains and losses are averaged as Wilder does (each weighs 1 / length, begun with the mean
//! of the first `length` changes), so that it begins with bar `length + 1`. Where the price
//! has never changed, neither side is stronger: 50.

use yata::core::PeriodType;
use yata::methods::RMA;

use super::formula::{Formula, NO_VALUES, Seeded, Values, single};
use super::table::{Indicator, Output, Pane, Parameter, Source};
use crate::domain::Bar;

pub(super) const RSI: Indicator = Indicator {
    key: "rsi",
    short: "RSI",
    name: "Relative strength index",
    parameters: &[Parameter::bars("Length", 14.0)],
    outputs: &[Output::line("RSI")],
    pane: Pane::Own { range: Some((0.0, 100.0)), guides: &[30.0, 70.0] },
    source: Source::Close,
    begin: |given, _| Box::new(Strength::new(given[0] as PeriodType)),
};

#[derive(Debug, Clone)]
struct Strength {
    before: Option<f64>,
    gains: Seeded<RMA>,
    losses: Seeded<RMA>,
}

impl Strength {
    fn new(length: PeriodType) -> Self {
        Self { before: None, gains: Seeded::new(length), losses: Seeded::new(length) }
    }
}

impl Formula for Strength {
    fn next(&mut self, price: f64, _: &Bar) -> Values {
        let Some(before) = self.before.replace(price) else { return NO_VALUES };
        let gains = self.gains.next((price - before).max(0.0));
        let losses = self.losses.next((before - price).max(0.0));
        let changes = gains + losses;
        single(if changes == 0.0 { 50.0 } else { 100.0 * (gains / changes) })
    }
}
