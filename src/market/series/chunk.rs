//! An immutable run of bars with its level of detail.

use std::ops::Range;
use std::sync::Arc;

use super::bars::Bars;
use super::pyramid::{Extent, FACTOR, Pyramid};
use crate::domain::Time;

/// Bars in order of time, checked, with the extents of their runs. Immutable, shared
/// as `Arc`; beside the bars themselves about 1.6 bytes a bar.
#[derive(Debug)]
pub struct BarChunk {
    bars: Bars,
    pyramid: Pyramid,
    whole: Extent,
}

/// Bars that no chunk can be made of.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BadBars {
    /// Times that do not rise.
    #[error(
        "bar {index} is of {time}, which is not later than the bar before it: \
         sort the bars by time and keep one of each"
    )]
    NotRising {
        /// Index of the later bar.
        index: usize,
        /// Its time.
        time: Time,
    },
    /// Numbers that cannot be a bar ([`crate::domain::Bar::is_sound`]).
    #[error(
        "bar {index} of {time} is impossible: numbers must be finite, open and close between \
         low and high, volume not negative"
    )]
    Unsound {
        /// Index of the bar.
        index: usize,
        /// Its time.
        time: Time,
    },
}

impl BarChunk {
    /// Checks the bars and computes their level of detail.
    ///
    /// # Errors
    /// When a bar is not later than the one before it, or is not sound.
    pub fn new(bars: Bars) -> Result<Arc<Self>, BadBars> {
        let mut cells = Vec::with_capacity(bars.len() / FACTOR);
        // Checked cell by cell, so that a long history passes through the cache once.
        for start in (0..bars.len()).step_by(FACTOR) {
            let cell = start..(start + FACTOR).min(bars.len());
            bars.check(cell.clone())?;
            if cell.len() == FACTOR {
                cells.push(bars.extent(cell));
            }
        }
        Ok(Self::sealed(bars, Pyramid::from_cells(cells)))
    }

    /// From bars that are known to be good, and all their complete cells.
    pub(super) fn sealed(bars: Bars, pyramid: Pyramid) -> Arc<Self> {
        let whole = pyramid.extent(|part| bars.extent(part), 0..bars.len());
        Arc::new(Self { bars, pyramid, whole })
    }

    /// The bars, oldest first.
    #[must_use]
    pub fn bars(&self) -> &Bars {
        &self.bars
    }

    /// High, low and volume of `range`, exactly. What the range has beyond the chunk is left out.
    #[must_use]
    pub fn extent(&self, range: Range<usize>) -> Extent {
        let end = range.end.min(self.bars.len());
        let start = range.start.min(end);
        if (start, end) == (0, self.bars.len()) {
            return self.whole;
        }
        self.pyramid.extent(|part| self.bars.extent(part), start..end)
    }
}
