//! Bars of one instrument and timeframe, with exact level of detail.
//!
//! [`BarChunk`] is an immutable run of bars: built once, on the engine's thread, and
//! from then on shared as `Arc` by the cache, the link and every chart. [`BarSeries`]
//! is what one reader sees: such chunks, oldest first, then a growing tail that live
//! bars go to. No bar is ever copied between chunks.
//!
//! Invariants: bars are sound and their times strictly rise over the whole series.
//! [`BarSeries::extent`] is exact for every range (the true high and low, the sum of
//! the volumes) and costs about 30 steps for each power of 16 in the range's length.
//! A sum of whole volumes is exact up to 2⁵³; one of fractions is rounded on the way.

mod bars;
mod chunk;
mod pyramid;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use crate::domain::{Bar, Time};
use pyramid::{FACTOR, Pyramid};

pub use bars::{Bars, Packer};
pub use chunk::{BadBars, BarChunk};
pub use pyramid::Extent;

/// Length at which the tail is sealed into a chunk. A clone of a series copies its tail, so
/// this bounds that copy; it is a multiple of [`FACTOR`], so that the tail's cells fit the chunk.
const SEAL_AT: usize = 65_536;

/// All known bars of one instrument and timeframe. See the [module](self).
///
/// A clone shares the chunks and copies the tail.
#[derive(Debug, Clone, Default)]
pub struct BarSeries {
    parts: VecDeque<Part>,
    /// What index 0 is in the coordinate of [`Part::start`].
    origin: isize,
    /// Bars in `parts`.
    chunked: usize,
    tail: Tail,
    version: u64,
    shape: u64,
    rewritten: u64,
    prepended: usize,
}

/// The first `len` bars of a chunk. The hidden rest is one bar at most: it was still
/// forming when the chunk was made, and its newer version is in the tail.
#[derive(Debug, Clone)]
struct Part {
    chunk: Arc<BarChunk>,
    len: usize,
    /// Where it begins, in a coordinate that prepending does not shift.
    start: isize,
}

impl Part {
    fn last(&self) -> Option<Bar> {
        self.chunk.bars().get(self.len.checked_sub(1)?)
    }
}

/// The newest bars. The last one may still change, so no cell of the pyramid covers it
/// until it has a successor; replacing it therefore costs nothing.
#[derive(Debug, Clone, Default)]
struct Tail {
    bars: Vec<Bar>,
    pyramid: Pyramid,
}

impl Tail {
    fn push(&mut self, bar: Bar) {
        let final_bars = self.bars.len();
        if final_bars > 0 && final_bars.is_multiple_of(FACTOR) {
            self.pyramid.push(Extent::of_bars(&self.bars[final_bars - FACTOR..]));
        }
        self.bars.push(bar);
    }

    fn extent(&self, range: Range<usize>) -> Extent {
        let Some((last, finals)) = self.bars.split_last() else { return Extent::EMPTY };
        let Range { start, end } = range;
        let of_bars = |part: Range<usize>| Extent::of_bars(&finals[part]);
        let mut extent = self.pyramid.extent(of_bars, start.min(finals.len())..end.min(finals.len()));
        if start < end && end == self.bars.len() {
            extent.merge(&Extent::of_bars(std::slice::from_ref(last)));
        }
        extent
    }

    /// Takes everything but the last bar out, as soon as that is a full chunk.
    fn seal(&mut self) -> Option<Arc<BarChunk>> {
        if self.bars.len() <= SEAL_AT {
            return None;
        }
        let last = self.bars.split_off(SEAL_AT);
        let full = std::mem::replace(&mut self.bars, last);
        let pyramid = std::mem::take(&mut self.pyramid);
        Some(BarChunk::sealed(full.into(), pyramid))
    }
}

/// What [`BarSeries::apply`] did with a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It has the time of the last bar and took its place.
    Replaced,
    /// It is newer than the last bar and now the last itself.
    Appended,
    /// It is older than the last bar: nothing changed.
    Stale,
    /// It cannot be a bar ([`Bar::is_sound`]): nothing changed.
    Unsound,
}

/// History that does not lie before the bars it should be put in front of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "older history ends at {ends}, but the series already begins at {begins}: \
     ask for bars before {begins} only"
)]
pub struct Overlap {
    /// Time of the last bar of the history.
    pub ends: Time,
    /// Time of the first bar of the series.
    pub begins: Time,
}

impl BarSeries {
    /// Number of bars.
    #[must_use]
    pub fn len(&self) -> usize {
        self.chunked + self.tail.bars.len()
    }

    /// Whether there are no bars.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bar at `index`, 0 being the oldest.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Bar> {
        if let Some(in_tail) = index.checked_sub(self.chunked) {
            return self.tail.bars.get(in_tail).copied();
        }
        let part = &self.parts[self.part_at(index)];
        part.chunk.bars().get(index - self.start_of(part))
    }

    /// The oldest bar.
    #[must_use]
    pub fn first(&self) -> Option<Bar> {
        self.get(0)
    }

    /// The newest bar, which may still be forming.
    #[must_use]
    pub fn last(&self) -> Option<Bar> {
        self.tail.bars.last().copied().or_else(|| self.parts.back()?.last())
    }

    /// The bars of `range` in order. What the range has beyond the series is left out.
    pub fn bars(&self, range: Range<usize>) -> impl Iterator<Item = Bar> {
        let in_tail = self.tail_range(&range);
        let tail = self.tail.bars[in_tail].iter().copied();
        self.parts_of(range).flat_map(|(part, within)| part.chunk.bars().within(within)).chain(tail)
    }

    /// High, low and volume of `range`, exactly; [`Extent::EMPTY`] for a range without bars.
    #[must_use]
    pub fn extent(&self, range: Range<usize>) -> Extent {
        let in_tail = self.tail_range(&range);
        let mut extent = Extent::EMPTY;
        for (part, within) in self.parts_of(range) {
            extent.merge(&part.chunk.extent(within));
        }
        extent.merge(&self.tail.extent(in_tail));
        extent
    }

    /// Number of bars older than `time`, which is the index of the first bar that is not.
    #[must_use]
    pub fn index_at(&self, time: Time) -> usize {
        let older = |bar: &Bar| bar.time < time;
        if self.tail.bars.first().is_some_and(older) {
            return self.chunked + self.tail.bars.partition_point(older);
        }
        let begins_older = |part: &Part| part.chunk.bars().time(0).is_some_and(|first| first < time);
        let after = self.parts.partition_point(begins_older);
        let Some(part) = after.checked_sub(1).map(|i| &self.parts[i]) else { return 0 };
        self.start_of(part) + part.chunk.bars().partition_by_time(time).min(part.len)
    }

    /// Puts older history in front. An empty chunk changes nothing.
    ///
    /// # Errors
    /// When the chunk does not end before the first bar of the series.
    pub fn prepend(&mut self, chunk: Arc<BarChunk>) -> Result<(), Overlap> {
        let Some(last) = chunk.bars().last() else { return Ok(()) };
        if let Some(first) = self.first()
            && last.time >= first.time
        {
            return Err(Overlap { ends: last.time, begins: first.time });
        }
        let len = chunk.bars().len();
        self.origin -= len.cast_signed();
        self.chunked += len;
        self.prepended += len;
        self.parts.push_front(Part { chunk, len, start: self.origin });
        self.touch_shape();
        Ok(())
    }

    /// Takes `chunk` for the whole history. Of the bars known so far only those newer
    /// than its last stay: live ones, which the history does not hold yet. An empty
    /// chunk therefore changes nothing.
    ///
    /// The bar that was the newest keeps its absolute index ([`Self::prepended`]), unless
    /// the new history is shorter than the old one.
    pub fn replace(&mut self, chunk: Arc<BarChunk>) {
        let Some(ends) = chunk.bars().last().map(|bar| bar.time) else { return };
        let was_newest = self.last().map(|bar| (self.len() - 1, bar.time));
        let not_older = self.bars(self.index_at(ends)..self.len());
        let kept: Vec<Bar> = not_older.filter(|bar| bar.time > ends).collect();

        let len = chunk.bars().len();
        self.parts = VecDeque::from([Part { chunk, len, start: 0 }]);
        self.origin = 0;
        self.chunked = len;
        self.tail = Tail::default();
        for bar in kept {
            self.append(bar);
        }
        if let Some((index, time)) = was_newest {
            self.prepended += self.index_at(time).saturating_sub(index);
        }
        self.rewritten += 1;
        self.touch_shape();
    }

    /// Takes a live bar in, forming or closed.
    pub fn apply(&mut self, bar: Bar) -> Applied {
        if !bar.is_sound() {
            return Applied::Unsound;
        }
        match self.last().map(|last| bar.time.cmp(&last.time)) {
            Some(std::cmp::Ordering::Less) => Applied::Stale,
            Some(std::cmp::Ordering::Equal) => {
                self.replace_last(bar);
                Applied::Replaced
            }
            Some(std::cmp::Ordering::Greater) | None => {
                self.append(bar);
                self.touch_shape();
                Applied::Appended
            }
        }
    }

    /// A number that changes whenever any bar does, for caches of what is drawn.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// A number that changes when anything but the values of the last bar does.
    #[must_use]
    pub fn shape(&self) -> u64 {
        self.shape
    }

    /// How often [`Self::replace`] took another history. While it stays, so does every bar
    /// before the last: what was computed of them holds, and older ones only come in front
    /// ([`Self::prepended`]).
    #[must_use]
    pub fn rewritten(&self) -> u64 {
        self.rewritten
    }

    /// Bars ever put in front. Never falls, so that a chart keeps its place while
    /// older history arrives: a bar's absolute index, `index - prepended`, stays.
    #[must_use]
    pub fn prepended(&self) -> usize {
        self.prepended
    }

    fn replace_last(&mut self, bar: Bar) {
        if self.last() == Some(bar) {
            return;
        }
        if let Some(last) = self.tail.bars.last_mut() {
            *last = bar;
        } else {
            self.hide_last_chunked();
            self.tail.push(bar);
        }
        self.version += 1;
    }

    /// Hides the last bar of the last chunk, so that the tail can hold its newer version.
    fn hide_last_chunked(&mut self) {
        if let Some(part) = self.parts.back_mut() {
            part.len -= 1;
            self.chunked -= 1;
            if part.len == 0 {
                self.parts.pop_back();
            }
        }
    }

    fn append(&mut self, bar: Bar) {
        self.tail.push(bar);
        if let Some(chunk) = self.tail.seal() {
            let start = self.origin + self.chunked.cast_signed();
            let len = chunk.bars().len();
            self.parts.push_back(Part { chunk, len, start });
            self.chunked += len;
        }
    }

    fn touch_shape(&mut self) {
        self.shape += 1;
        self.version += 1;
    }

    fn start_of(&self, part: &Part) -> usize {
        (part.start - self.origin).cast_unsigned()
    }

    /// Position of the part that holds `index`, which is below `chunked`.
    fn part_at(&self, index: usize) -> usize {
        self.parts.partition_point(|part| self.start_of(part) <= index) - 1
    }

    /// The parts that `range` touches, each with the range within it.
    fn parts_of(&self, range: Range<usize>) -> impl Iterator<Item = (&Part, Range<usize>)> {
        let Range { start, end } = range;
        let first = if start < self.chunked { self.part_at(start) } else { self.parts.len() };
        self.parts.range(first..).map_while(move |part| {
            let from = self.start_of(part);
            (from < end).then(|| (part, start.saturating_sub(from)..part.len.min(end - from)))
        })
    }

    /// The part of `range` that lies in the tail, in the tail's own indices.
    fn tail_range(&self, range: &Range<usize>) -> Range<usize> {
        let end = range.end.min(self.len()).saturating_sub(self.chunked);
        range.start.saturating_sub(self.chunked).min(end)..end
    }
}
