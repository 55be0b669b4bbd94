//! The exponential moving average: each close weighs 2 / (length + 1). Begins with bar
//! `length`, as the mean of the closes until then.

use yata::core::PeriodType;
use yata::methods;

use super::formula::{Formula, Seeded, Values, single};
use super::table::{Indicator, Output, Pane, Parameter, Source};
use crate::domain::Bar;

pub(super) const EMA: Indicator = Indicator {
    key: "ema",
    short: "EMA",
    name: "Exponential moving average",
    parameters: &[Parameter::bars("Length", 20.0)],
    outputs: &[Output::line("EMA")],
    pane: Pane::Price,
    source: Source::Close,
    begin: |given, _| Box::new(Seeded::<methods::EMA>::new(given[0] as PeriodType)),
};

impl Formula for Seeded<methods::EMA> {
    fn next(&mut self, price: f64, _: &Bar) -> Values {
        single(self.next(price))
    }
}
