//! The level of detail: extents of runs of 16, 256, 4,096 … bars.
//!
//! Only complete cells are stored, so a cell never has to be corrected: what the cells
//! do not cover is read from the bars themselves. A level is a 16th of the one below
//! at 24 bytes a cell, so all levels together add about 1.6 bytes a bar.

use std::ops::Range;

use crate::domain::Bar;

/// Cells of one level in a cell of the next.
pub(super) const FACTOR: usize = 16;

/// Highest price, lowest price and summed volume of a run of bars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Extent {
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Units traded.
    pub volume: f64,
}

impl Default for Extent {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Extent {
    /// Of no bars: merging it into another changes nothing.
    pub const EMPTY: Self = Self { high: f64::NEG_INFINITY, low: f64::INFINITY, volume: 0.0 };

    /// Whether it is of no bars.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.high < self.low
    }

    /// Adds the extent of other bars.
    pub fn merge(&mut self, other: &Self) {
        self.add(other.high, other.low, other.volume);
    }

    pub(super) fn of_bars(bars: &[Bar]) -> Self {
        let mut extent = Self::EMPTY;
        for bar in bars {
            extent.add(bar.high, bar.low, bar.volume);
        }
        extent
    }

    fn of_cells(cells: &[Self]) -> Self {
        let mut extent = Self::EMPTY;
        for cell in cells {
            extent.merge(cell);
        }
        extent
    }

    /// Plain comparisons: bars hold no NaN, and `f64::max` would pay for them.
    #[inline]
    fn add(&mut self, high: f64, low: f64, volume: f64) {
        self.high = if high > self.high { high } else { self.high };
        self.low = if low < self.low { low } else { self.low };
        self.volume += volume;
    }
}

/// Extents of the complete cells of a run of bars, finest level first.
#[derive(Debug, Clone, Default)]
pub(super) struct Pyramid {
    levels: Vec<Vec<Extent>>,
}

impl Pyramid {
    /// From the extents of each complete run of [`FACTOR`] bars.
    pub(super) fn from_cells(cells: Vec<Extent>) -> Self {
        let mut levels = vec![cells];
        while let Some(below) = levels.last()
            && below.len() >= FACTOR
        {
            let level = below.chunks_exact(FACTOR).map(Extent::of_cells).collect();
            levels.push(level);
        }
        Self { levels }
    }

    /// Adds the extent of the next complete run of [`FACTOR`] bars.
    pub(super) fn push(&mut self, cell: Extent) {
        let mut cell = cell;
        for level in 0.. {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let cells = &mut self.levels[level];
            cells.push(cell);
            if !cells.len().is_multiple_of(FACTOR) {
                break;
            }
            cell = Extent::of_cells(&cells[cells.len() - FACTOR..]);
        }
    }

    /// The extent of `range`: the ragged ends at each level, and the whole cells between
    /// them at the next. `of_bars` reads what the cells were made of.
    pub(super) fn extent(&self, of_bars: impl Fn(Range<usize>) -> Extent, range: Range<usize>) -> Extent {
        let (mut start, mut end) = (range.start, range.end);
        let Some((head, tail)) = ragged(&mut start, &mut end) else { return of_bars(range) };
        let mut extent = of_bars(head);
        extent.merge(&of_bars(tail));
        for cells in &self.levels {
            let whole = start..end;
            let Some((head, tail)) = ragged(&mut start, &mut end) else {
                extent.merge(&Extent::of_cells(&cells[whole]));
                break;
            };
            extent.merge(&Extent::of_cells(&cells[head]));
            extent.merge(&Extent::of_cells(&cells[tail]));
        }
        extent
    }
}

/// Splits `start..end` into ragged head, whole cells and ragged tail; moves the bounds to
/// the whole cells, in units of them. `None`, and bounds untouched, where no cell is whole.
fn ragged(start: &mut usize, end: &mut usize) -> Option<(Range<usize>, Range<usize>)> {
    let (first, last) = (start.div_ceil(FACTOR), *end / FACTOR);
    if first >= last {
        return None;
    }
    let split = (*start..first * FACTOR, last * FACTOR..*end);
    (*start, *end) = (first, last);
    Some(split)
}
