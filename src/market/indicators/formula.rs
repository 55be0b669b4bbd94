//! What an indicator is made of: a state that takes one bar after the other.

use std::fmt::Debug;

use yata::core::{Method, PeriodType};

use crate::domain::Bar;

/// The most lines an indicator has.
pub const LINES: usize = 3;

/// The values of one bar in the order of [`super::Indicator::outputs`]. NaN where there is
/// none; what is beyond the outputs is NaN too.
pub type Values = [f64; LINES];

/// A bar without a value.
pub(super) const NO_VALUES: Values = [f64::NAN; LINES];

/// The values of an indicator with a single line.
pub(super) fn single(value: f64) -> Values {
    [value, f64::NAN, f64::NAN]
}

/// The arithmetic of an indicator. Equal bars in equal order give equal values, bit for bit.
pub(super) trait Formula: Clone + Debug + Send + Sync + 'static {
    /// The values of the next bar, `price` being what the indicator takes of it.
    fn next(&mut self, price: f64, bar: &Bar) -> Values;

    /// Is called every [`super::track::CHECKPOINT`] bars: forgets the rounding that running
    /// sums have gathered. Whoever has no such sums has nothing to do.
    fn refresh(&mut self) {}
}

/// Any [`Formula`].
pub(super) trait State: Debug + Send + Sync {
    fn next(&mut self, price: f64, bar: &Bar) -> Values;
    fn refresh(&mut self);
    fn boxed(&self) -> Box<dyn State>;
}

impl<F: Formula> State for F {
    fn next(&mut self, price: f64, bar: &Bar) -> Values {
        Formula::next(self, price, bar)
    }

    fn refresh(&mut self) {
        Formula::refresh(self);
    }

    fn boxed(&self) -> Box<dyn State> {
        Box::new(self.clone())
    }
}

impl Clone for Box<dyn State> {
    fn clone(&self) -> Self {
        self.as_ref().boxed()
    }
}

/// An average that never forgets, begun with the mean of its first `length` values.
#[derive(Debug, Clone)]
pub(super) struct Seeded<M> {
    length: PeriodType,
    seen: PeriodType,
    sum: f64,
    method: Option<M>,
}

impl<M: Method<Params = PeriodType, Input = f64, Output = f64>> Seeded<M> {
    pub fn new(length: PeriodType) -> Self {
        Self { length, seen: 0, sum: 0.0, method: None }
    }

    /// The average with `value`; NaN until there are `length` values.
    pub fn next(&mut self, value: f64) -> f64 {
        if let Some(method) = &mut self.method {
            return method.next(&value);
        }
        self.seen += 1;
        self.sum += value;
        if self.seen < self.length {
            return f64::NAN;
        }
        let mean = self.sum / f64::from(self.length);
        // It refuses a length of 0 alone, which no study has.
        self.method = M::new(self.length, &mean).ok();
        mean
    }
}
