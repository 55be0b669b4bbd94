//! One pass over the bars of a series: what is kept of it, and what is computed again.
//!
//! Values are not stored. Kept are the state after the last closed bar, a copy of the state
//! every [`CHECKPOINT`] bars, from where values are computed again when somebody looks, and
//! the extremes of each [`BLOCK`] bars, for charts so far out that a column holds many.

use std::ops::Range;
use std::sync::Arc;

use super::formula::{LINES, NO_VALUES, State, Values};
use super::study::Study;
use super::table::Source;
use crate::domain::Bar;
use crate::market::calendar::Calendar;
use crate::market::series::BarSeries;

/// Bars from one copy of the state to the next: what a look at a single value costs at most.
/// More than the longest window of a formula.
pub(super) const CHECKPOINT: usize = 4_096;
/// Bars whose extremes are kept together.
pub(super) const BLOCK: usize = 32;

/// Lowest and highest value of one output over a run of bars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// The lowest.
    pub low: f32,
    /// The highest.
    pub high: f32,
}

impl Span {
    /// Of no values.
    pub const EMPTY: Self = Self { low: f32::INFINITY, high: f32::NEG_INFINITY };

    /// Whether no bar of the run has a value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.high < self.low
    }

    /// NaN, which is no value, changes nothing: it compares as neither.
    pub(super) fn add(&mut self, value: f64) {
        let value = value as f32;
        self.low = if value < self.low { value } else { self.low };
        self.high = if value > self.high { value } else { self.high };
    }

    fn merge(&mut self, other: Self) {
        self.low = self.low.min(other.low);
        self.high = self.high.max(other.high);
    }
}

/// The bars of a series from [`Self::first`] on, taken one by one.
#[derive(Debug)]
pub(super) struct Track {
    source: Source,
    /// Index in the series of the bar it began with.
    pub first: usize,
    /// Bars taken; the last of a series is never among them, because it may still change.
    closed: usize,
    /// The last one taken.
    last: Option<Bar>,
    state: Box<dyn State>,
    checkpoints: Vec<Box<dyn State>>,
    /// Of each block, the spans of all outputs. The last block may not be full yet.
    spans: Vec<Span>,
    outputs: usize,
}

impl Track {
    pub fn new(study: &Study, calendar: &Arc<Calendar>) -> Self {
        let indicator = study.indicator();
        Self {
            source: indicator.source,
            first: 0,
            closed: 0,
            last: None,
            state: (indicator.begin)(study.parameters(), calendar),
            checkpoints: Vec::new(),
            spans: Vec::new(),
            outputs: indicator.outputs.len(),
        }
    }

    /// Whether it has taken no bar yet.
    pub fn is_empty(&self) -> bool {
        self.closed == 0
    }

    /// Index in the series of the next bar that it takes.
    pub fn end(&self) -> usize {
        self.first + self.closed
    }

    /// How many bars of `series` it has still to take.
    pub fn behind(&self, series: &BarSeries) -> usize {
        series.len().saturating_sub(1).saturating_sub(self.end())
    }

    /// Whether its last bar stands where it should, `moved` bars farther on than it was, and
    /// is closed.
    pub fn is_part_of(&self, series: &BarSeries, moved: usize) -> bool {
        let end = self.end() + moved;
        self.last.is_none_or(|last| end < series.len() && series.get(end - 1) == Some(last))
    }

    /// Takes closed bars, as many as `budget` allows, and lowers that by them.
    pub fn advance(&mut self, series: &BarSeries, budget: &mut usize) {
        let (from, count) = (self.end(), self.behind(series).min(*budget));
        for bar in series.bars(from..from + count) {
            self.take(&bar);
        }
        *budget -= count;
    }

    fn take(&mut self, bar: &Bar) {
        if self.closed.is_multiple_of(CHECKPOINT) {
            self.checkpoints.push(self.state.clone());
        }
        if self.closed.is_multiple_of(BLOCK) {
            self.spans.resize(self.spans.len() + self.outputs, Span::EMPTY);
        }
        let values = step(self.state.as_mut(), self.source, self.closed, bar);
        let block = self.spans.len() - self.outputs;
        for (span, value) in self.spans[block..].iter_mut().zip(values) {
            span.add(value);
        }
        self.closed += 1;
        self.last = Some(*bar);
    }

    /// The values of `bar` if it came next.
    pub fn peek(&self, bar: &Bar) -> Values {
        step(self.state.clone().as_mut(), self.source, self.closed, bar)
    }

    /// Hands out the values of those bars of `range` that were taken, with their indices.
    pub fn each(&self, series: &BarSeries, range: Range<usize>, mut visit: impl FnMut(usize, Values)) {
        let (start, end) = (range.start.max(self.first), range.end.min(self.end()));
        if start >= end {
            return;
        }
        let nearest = (start - self.first) / CHECKPOINT;
        let mut state = self.checkpoints[nearest].clone();
        let from = nearest * CHECKPOINT;
        for (count, bar) in (from..).zip(series.bars(self.first + from..end)) {
            let values = step(state.as_mut(), self.source, count, &bar);
            if self.first + count >= start {
                visit(self.first + count, values);
            }
        }
    }

    /// Adds the extremes of `range`, its ends moved to the nearest blocks, so that ranges which
    /// meet share no block and leave none out.
    pub fn merge_blocks(&self, range: Range<usize>, spans: &mut [Span; LINES]) {
        let (start, end) = (self.nearest_block(range.start), self.nearest_block(range.end));
        let blocks = self.spans.chunks_exact(self.outputs);
        for block in blocks.take(end).skip(start) {
            for (span, &kept) in spans.iter_mut().zip(block) {
                span.merge(kept);
            }
        }
    }

    fn nearest_block(&self, index: usize) -> usize {
        if index >= self.end() {
            return self.spans.len() / self.outputs;
        }
        (index.saturating_sub(self.first) + BLOCK / 2) / BLOCK
    }
}

/// The next values of `state`, which was given `count` bars. A bar of numbers that a span could
/// not hold is passed over: it would never leave an average again.
fn step(state: &mut dyn State, source: Source, count: usize, bar: &Bar) -> Values {
    if count.is_multiple_of(CHECKPOINT) {
        state.refresh();
    }
    let is_usable = |value: f64| (value as f32).is_finite();
    let price = source.price(bar);
    if !is_usable(price) || !is_usable(bar.volume) {
        return NO_VALUES;
    }
    state.next(price, bar).map(|value| if is_usable(value) { value } else { f64::NAN })
}
