//! The simple moving average: the mean of the last closes. Begins with bar `length`.

use yata::core::{Method, PeriodType};
use yata::methods;

use super::formula::{Formula, Values, single};
use super::table::{Indicator, Output, Pane, Parameter, Source};
use crate::domain::Bar;

pub(super) const SMA: Indicator = Indicator {
    key: "sma",
    short: "SMA",
    name: "Simple moving average",
    parameters: &[Parameter::bars("Length", 20.0)],
    outputs: &[Output::line("SMA")],
    pane: Pane::Price,
    source: Source::Close,
    begin: |given, _| Box::new(Mean::new(given[0] as PeriodType)),
};

/// The mean of the last `length` values.
#[derive(Debug, Clone)]
pub(super) struct Mean {
    length: PeriodType,
    seen: PeriodType,
    method: Option<methods::SMA>,
}

impl Mean {
    pub fn new(length: PeriodType) -> Self {
        Self { length, seen: 0, method: None }
    }

    /// The mean with `value`; NaN until there are `length` values.
    pub fn next(&mut self, value: f64) -> f64 {
        if self.method.is_none() {
            // It refuses a length of 0 alone, which no study has.
            self.method = methods::SMA::new(self.length, &value).ok();
        }
        let Some(method) = &mut self.method else { return f64::NAN };
        let mean = method.next(&value);
        self.seen = self.length.min(self.seen + 1);
        if self.seen < self.length { f64::NAN } else { mean }
    }

    /// The values that the mean is of, oldest first.
    pub fn window(&self) -> Vec<f64> {
        let Some(method) = &self.method else { return Vec::new() };
        let unseen = usize::from(self.length - self.seen);
        method.get_window().iter_rev().skip(unseen).copied().collect()
    }
}

impl Formula for Mean {
    fn next(&mut self, price: f64, _: &Bar) -> Values {
        single(self.next(price))
    }

    fn refresh(&mut self) {
        let mut fresh = Self::new(self.length);
        for value in self.window() {
            fresh.next(value);
        }
        *self = fresh;
    }
}
