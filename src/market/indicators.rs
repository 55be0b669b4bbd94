//! Indicators: lines that are computed from the bars of a chart.
//!
//! An [`Indicator`] is one file here and its entry in [`INDICATORS`]: what it is called, what
//! it asks for, which lines it has and where they are drawn. A [`Study`] is an indicator with
//! its numbers, as a chart keeps it; [`StudyLines`] follows a [`BarSeries`] with it.
//!
//! What holds for all of them:
//!
//! - They count bars, not time: a period without trades has no bar, and a gap is a step from
//!   one bar to the next. Only VWAP looks at the time, for the trading day.
//! - A line begins once it has all the bars that its first value is made of. Before that, and
//!   where there is nothing to say (no volume yet), the value is NaN: no value.
//! - A moving average that never forgets begins with the plain mean of its first `length`
//!   values, as in TA-Lib and in Wilder's book. A platform that begins with the first price
//!   alone differs at the start by the seed's fading weight, and no more after some lengths.
//! - Bars are sound, because a series takes no others. One with numbers beyond the range of
//!   `f32` has no value and is passed over.
//! - The last bar may still form: its values are those of the bars before it and of it as it
//!   is now, and nothing else is touched by it.
//!
//! [`BarSeries`]: super::series::BarSeries

mod bollinger;
mod ema;
mod formula;
mod lines;
mod macd;
mod rsi;
mod sma;
mod study;
mod table;
#[cfg(test)]
mod tests;
mod track;
mod vwap;

pub use formula::{LINES, Values};
pub use lines::{Progress, StudyLines};
pub use study::{BadStudy, Study};
pub use table::{INDICATORS, Indicator, Mark, Output, Pane, Parameter, Source};
pub use track::Span;
