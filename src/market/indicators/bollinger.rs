//! Bollinger bands: the simple moving average, and so many standard deviations around it.
//!
//! The deviation is that of the whole population, as Bollinger has it. Begins with bar `length`.

use yata::core::{Method, PeriodType};
use yata::methods::StDev;

use super::formula::{Formula, NO_VALUES, Values};
use super::sma::Mean;
use super::table::{Indicator, Output, Pane, Parameter, Source};
use crate::domain::Bar;

pub(super) const BOLLINGER: Indicator = Indicator {
    key: "bollinger",
    short: "BB",
    name: "Bollinger bands",
    parameters: &[
        Parameter { least: 2.0, ..Parameter::bars("Length", 20.0) },
        Parameter { name: "Deviations", least: 0.1, most: 10.0, default: 2.0, is_whole: false },
    ],
    outputs: &[Output::line("Upper"), Output::line("Middle"), Output::line("Lower")],
    pane: Pane::Price,
    source: Source::Close,
    begin: |given, _| Box::new(Bands::new(given[0] as PeriodType, given[1])),
};

#[derive(Debug, Clone)]
struct Bands {
    length: PeriodType,
    deviations: f64,
    mean: Mean,
    /// Of a sample, and of distances from `origin`: squares of whole prices would swallow
    /// the digits that the deviation of a quiet market is made of.
    deviation: Option<StDev>,
    origin: f64,
    /// From the deviation of a sample to that of the population.
    of_population: f64,
}

impl Bands {
    fn new(length: PeriodType, deviations: f64) -> Self {
        let count = f64::from(length);
        Self {
            length,
            deviations,
            mean: Mean::new(length),
            deviation: None,
            origin: 0.0,
            of_population: ((count - 1.0) / count).sqrt(),
        }
    }

    fn next(&mut self, price: f64) -> Values {
        if self.deviation.is_none() {
            self.origin = price;
            // It refuses lengths below 2 alone, which no study has.
            self.deviation = StDev::new(self.length, &0.0).ok();
        }
        let middle = self.mean.next(price);
        let Some(deviation) = &mut self.deviation else { return NO_VALUES };
        let width = deviation.next(&(price - self.origin)) * self.of_population * self.deviations;
        [middle + width, middle, middle - width]
    }
}

impl Formula for Bands {
    fn next(&mut self, price: f64, _: &Bar) -> Values {
        self.next(price)
    }

    fn refresh(&mut self) {
        let mut fresh = Self::new(self.length, self.deviations);
        for price in self.mean.window() {
            fresh.next(price);
        }
        *self = fresh;
    }
}
