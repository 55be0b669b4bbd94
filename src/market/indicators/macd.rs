//! Moving average convergence/divergence: the fast exponential average less the slow one, the
//! average of that (the signal), and how far they are apart (the histogram).
//!
//! The line begins with bar `slow`, signal and histogram `signal - 1` bars later.

use yata::core::PeriodType;
use yata::methods::EMA;

use super::formula::{Formula, Seeded, Values};
use super::table::{Indicator, Mark, Output, Pane, Parameter, Source};
use crate::domain::Bar;

pub(super) const MACD: Indicator = Indicator {
    key: "macd",
    short: "MACD",
    name: "Moving average convergence/divergence",
    parameters: &[
        Parameter::bars("Fast", 12.0),
        Parameter::bars("Slow", 26.0),
        Parameter::bars("Signal", 9.0),
    ],
    outputs: &[
        Output::line("MACD"),
        Output::line("Signal"),
        Output { name: "Histogram", mark: Mark::Histogram },
    ],
    pane: Pane::Own { range: None, guides: &[0.0] },
    source: Source::Close,
    begin: |given, _| {
        let [fast, slow, signal] = [given[0], given[1], given[2]].map(|length| length as PeriodType);
        Box::new(Divergence { fast: Seeded::new(fast), slow: Seeded::new(slow), signal: Seeded::new(signal) })
    },
};

#[derive(Debug, Clone)]
struct Divergence {
    fast: Seeded<EMA>,
    slow: Seeded<EMA>,
    signal: Seeded<EMA>,
}

impl Formula for Divergence {
    fn next(&mut self, price: f64, _: &Bar) -> Values {
        let line = self.fast.next(price) - self.slow.next(price);
        let signal = if line.is_nan() { line } else { self.signal.next(line) };
        [line, signal, line - signal]
    }
}
