//! The lines of a study over a series that grows, forms and is replaced.

use std::ops::Range;
use std::sync::Arc;

use super::formula::{LINES, NO_VALUES, Values};
use super::study::Study;
use super::track::{Span, Track};
use crate::domain::Bar;
use crate::market::calendar::Calendar;
use crate::market::series::BarSeries;

/// From this many bars a column on, [`StudyLines::columns`] reads what it has kept.
const COARSE: usize = 64;

/// The lines of a study over one [`BarSeries`].
///
/// Call [`Self::follow`] once a frame, before anything is read. A bar that was added costs
/// one step, a changed last bar one step from a copy of the state; only history that came in
/// front, or in place of what was there, is gone through again, within the budget. While
/// history in front is gone through, the lines of the bars before it came stay as they were,
/// and change over when the new ones are complete; after [`BarSeries::replace`] they come
/// anew from the oldest bar on.
///
/// Memory, for a million bars: 250 kB an output, and a copy of the state every 4,096 bars,
/// which is at most 4 MB (Bollinger bands of 1,000) and for usual lengths 50 to 400 kB.
///
/// It is for one instrument, timeframe and calendar: for another, make another.
#[derive(Debug)]
pub struct StudyLines {
    study: Study,
    calendar: Arc<Calendar>,
    /// What is read.
    shown: Track,
    /// What takes its place when it is complete: of the history with what came in front.
    longer: Option<Track>,
    rewritten: u64,
    prepended: usize,
    forming: Option<Forming>,
}

/// The values of the last bar.
#[derive(Debug, Clone, Copy)]
struct Forming {
    index: usize,
    bar: Bar,
    values: Values,
}

/// What [`StudyLines::follow`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bars gone through, of the budget.
    pub used: usize,
    /// Bars still to go through: where there are any, ask for another frame.
    pub left: usize,
}

impl Progress {
    /// Whether all values there can be are there.
    #[must_use]
    pub fn is_complete(self) -> bool {
        self.left == 0
    }
}

impl StudyLines {
    /// Before any bar. The calendar is the instrument's.
    #[must_use]
    pub fn new(study: Study, calendar: Arc<Calendar>) -> Self {
        let shown = Track::new(&study, &calendar);
        Self { study, calendar, shown, longer: None, rewritten: 0, prepended: 0, forming: None }
    }

    /// What they are the lines of.
    #[must_use]
    pub fn study(&self) -> &Study {
        &self.study
    }

    /// Brings the lines up to the series, going through `budget` bars at most.
    pub fn follow(&mut self, series: &BarSeries, budget: usize) -> Progress {
        self.recognise(series);
        let mut budget_left = budget;
        self.shown.advance(series, &mut budget_left);
        let mut left = self.shown.behind(series);
        if let Some(mut longer) = self.longer.take() {
            longer.advance(series, &mut budget_left);
            match longer.behind(series) {
                0 => {
                    self.shown = longer;
                    self.forming = None;
                    left = 0;
                }
                behind => {
                    self.longer = Some(longer);
                    left += behind;
                }
            }
        }
        self.forming = self.form(series);
        Progress { used: budget - budget_left, left }
    }

    /// Whether the series is the one that was followed last, with nothing but new bars.
    #[must_use]
    pub fn follows(&self, series: &BarSeries) -> bool {
        self.moved_in(series) == Some(0)
    }

    /// The values of the last bar, with its index, where the lines have come that far.
    #[must_use]
    pub fn newest(&self) -> Option<(usize, Values)> {
        self.forming.map(|forming| (forming.index, forming.values))
    }

    /// Writes the values of the bars of `range` to `out`, cleared before; what the range has
    /// beyond the series is left out. A bar without values, or not gone through yet, has NaN.
    ///
    /// Costs a step for each bar of the range and of up to 4,095 bars before it.
    pub fn values(&self, series: &BarSeries, range: Range<usize>, out: &mut Vec<Values>) {
        let end = range.end.min(series.len());
        let start = range.start.min(end);
        out.clear();
        out.resize(end - start, NO_VALUES);
        self.each(series, start..end, |index, values| out[index - start] = values);
    }

    /// Writes the extremes of each column to `out`, cleared before: column `i` holds the bars
    /// from `edges[i]` up to, not including, `edges[i + 1]`. Edges must not fall.
    ///
    /// Exact below 64 bars a column on average, at a step for each bar. From there on edges
    /// count as at the nearest of the blocks of 32 bars, a quarter of a column away at most,
    /// and a column costs two reads or more, one for each block. No bar is left out or in
    /// two columns either way. To draw an unbroken line, stretch each column's span to touch
    /// its neighbour's.
    pub fn columns(&self, series: &BarSeries, edges: &[usize], out: &mut Vec<[Span; LINES]>) {
        out.clear();
        let [start, .., end] = *edges else { return };
        let columns = edges.len() - 1;
        out.resize(columns, [Span::EMPTY; LINES]);
        let column_of = |index| edges.partition_point(|&edge| edge <= index).clamp(1, columns) - 1;
        let mut add = |column: usize, values: Values| {
            out[column].iter_mut().zip(values).for_each(|(span, value)| span.add(value));
        };
        if end.saturating_sub(start) < columns * COARSE {
            let mut column = 0;
            self.each(series, start..end, |index, values| {
                while column + 1 < columns && edges[column + 1] <= index {
                    column += 1;
                }
                add(column, values);
            });
        } else if self.follows(series) {
            if let Some(forming) = self.forming_in(&(start..end)) {
                add(column_of(forming.index), forming.values);
            }
            for (spans, ends) in out.iter_mut().zip(edges.windows(2)) {
                self.shown.merge_blocks(ends[0]..ends[1], spans);
            }
        }
    }

    fn each(&self, series: &BarSeries, range: Range<usize>, mut visit: impl FnMut(usize, Values)) {
        if !self.follows(series) {
            return;
        }
        self.shown.each(series, range.clone(), &mut visit);
        if let Some(forming) = self.forming_in(&range) {
            visit(forming.index, forming.values);
        }
    }

    fn forming_in(&self, range: &Range<usize>) -> Option<Forming> {
        self.forming.filter(|forming| range.contains(&forming.index))
    }

    /// Finds out what happened to the series, and what of the lines still holds.
    fn recognise(&mut self, series: &BarSeries) {
        match self.moved_in(series) {
            Some(0) => {}
            Some(moved) if !self.shown.is_empty() => {
                self.shown.first += moved;
                self.longer = Some(Track::new(&self.study, &self.calendar));
            }
            _ => {
                self.shown = Track::new(&self.study, &self.calendar);
                self.longer = None;
                self.forming = None;
            }
        }
        (self.rewritten, self.prepended) = (series.rewritten(), series.prepended());
    }

    /// How many bars came in front since, if otherwise there are only new ones.
    fn moved_in(&self, series: &BarSeries) -> Option<usize> {
        let moved = series.prepended().checked_sub(self.prepended)?;
        // The last bar is looked at, because a series begun anew counts from zero again.
        let holds = series.rewritten() == self.rewritten && self.shown.is_part_of(series, moved);
        holds.then_some(moved)
    }

    /// The values of the last bar; those there are, where they are of the same bar.
    fn form(&self, series: &BarSeries) -> Option<Forming> {
        let (index, bar) = (self.shown.end(), series.last()?);
        if index + 1 != series.len() {
            return None;
        }
        let is_same = |forming: &Forming| forming.index == index && forming.bar == bar;
        let known = self.forming.filter(is_same);
        known.or_else(|| Some(Forming { index, bar, values: self.shown.peek(&bar) }))
    }
}
