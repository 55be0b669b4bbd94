//! An immutable run of bars with its level of detail.

use std::ops::Range;
use std::sync::Arc;

use super::pyramid::{Extent, FACTOR, Pyramid};
use crate::domain::{Bar, Time};

/// Bars in order of time, checked, with the extents of their runs. Immutable, shared
/// as `Arc`; about 50 bytes a bar.
#[derive(Debug)]
pub struct BarChunk {
    bars: Arc<[Bar]>,
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
    /// Numbers that cannot be a bar ([`Bar::is_sound`]).
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
    pub fn new(bars: Arc<[Bar]>) -> Result<Arc<Self>, BadBars> {
        let mut cells = Vec::with_capacity(bars.len() / FACTOR);
        let mut before = None;
        // Checked cell by cell, so that a long history passes through the cache once.
        for (cell, run) in bars.chunks(FACTOR).enumerate() {
            for (offset, bar) in run.iter().enumerate() {
                let index = cell * FACTOR + offset;
                if before.is_some_and(|time| bar.time <= time) {
                    return Err(BadBars::NotRising { index, time: bar.time });
                }
                if !bar.is_sound() {
                    return Err(BadBars::Unsound { index, time: bar.time });
                }
                before = Some(bar.time);
            }
            if run.len() == FACTOR {
                cells.push(Extent::of_bars(run));
            }
        }
        Ok(Self::sealed(bars, Pyramid::from_cells(cells)))
    }

    /// From bars that are known to be good, and all their complete cells.
    pub(super) fn sealed(bars: Arc<[Bar]>, pyramid: Pyramid) -> Arc<Self> {
        let whole = pyramid.extent(&bars, 0..bars.len());
        Arc::new(Self { bars, pyramid, whole })
    }

    /// The bars, oldest first.
    #[must_use]
    pub fn bars(&self) -> &[Bar] {
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
        self.pyramid.extent(&self.bars, start..end)
    }
}
