//! A run of bars that is shared instead of copied, stored as it is or packed to half its size.
//!
//! A recording of a million bars is held by the replay and by every chart of it. Both hold
//! [`Bars`]: clones and parts of a run share its storage. Packed, a bar takes 24 bytes
//! instead of 48: its time as whole seconds since the first, its prices and its volume as
//! whole numbers of the smallest decimal that the run needs. Decoding divides by a power of
//! ten. Both are exact in `f64` and the quotient is rounded correctly, so every number comes
//! back bit for bit; that is checked of each as it goes in, and a run that does not fit is
//! stored as it is.

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use super::chunk::BadBars;
use super::pyramid::Extent;
use crate::domain::time::SECOND;
use crate::domain::{Bar, Time};

/// What prices and volumes are counted in fractions of.
const POWERS: [f64; 10] = [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

/// Bars in the order they were given. Immutable; a clone costs nothing.
#[derive(Debug, Clone)]
pub struct Bars {
    rows: Rows,
    range: Range<usize>,
}

#[derive(Debug, Clone)]
enum Rows {
    Plain(Arc<[Bar]>),
    Packed(Arc<Packed>),
}

impl Bars {
    /// Packs bars where they can be packed without loss.
    #[must_use]
    pub fn pack(bars: Vec<Bar>) -> Self {
        let mut packed = Packed::with_capacity(bars.len());
        if bars.iter().all(|bar| packed.push(bar).is_some()) { packed.into() } else { bars.into() }
    }

    /// Number of bars.
    #[must_use]
    pub fn len(&self) -> usize {
        self.range.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// The bar at `index`, 0 being the first.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Bar> {
        (index < self.len()).then(|| self.at(index))
    }

    /// The time of the bar at `index`.
    #[must_use]
    pub fn time(&self, index: usize) -> Option<Time> {
        (index < self.len()).then(|| self.time_at(index))
    }

    /// The first bar.
    #[must_use]
    pub fn first(&self) -> Option<Bar> {
        self.get(0)
    }

    /// The last bar.
    #[must_use]
    pub fn last(&self) -> Option<Bar> {
        self.get(self.len().checked_sub(1)?)
    }

    /// All bars in order.
    #[must_use]
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Bar> + DoubleEndedIterator {
        self.within(0..self.len())
    }

    /// The times of all bars in order.
    #[must_use]
    pub fn times(&self) -> impl ExactSizeIterator<Item = Time> {
        (0..self.len()).map(|index| self.time_at(index))
    }

    /// The bars of `range` in order. What the range has beyond the run is left out.
    #[must_use]
    pub fn within(
        &self,
        range: Range<usize>,
    ) -> impl ExactSizeIterator<Item = Bar> + DoubleEndedIterator + use<'_> {
        self.clamp(range).map(|index| self.at(index))
    }

    /// The bars of `range` as a run of their own, which shares the storage of this one. What
    /// the range has beyond the run is left out.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let Range { start, end } = self.clamp(range);
        let range = self.range.start + start..self.range.start + end;
        Self { rows: self.rows.clone(), range }
    }

    /// Number of bars before `time`, of bars in its order.
    #[must_use]
    pub fn partition_by_time(&self, time: Time) -> usize {
        match &self.rows {
            Rows::Plain(bars) => bars[self.range.clone()].partition_point(|bar| bar.time < time),
            Rows::Packed(packed) => {
                packed.rows[self.range.clone()].partition_point(|row| packed.time(row) < time)
            }
        }
    }

    /// High, low and volume of `range`: the true high and low, and the sum of the volumes.
    /// What the range has beyond the run is left out.
    #[must_use]
    pub fn extent(&self, range: Range<usize>) -> Extent {
        let range = self.stored(self.clamp(range));
        match &self.rows {
            Rows::Plain(bars) => Extent::of_bars(&bars[range]),
            Rows::Packed(packed) => packed.extent(range),
        }
    }

    /// Whether both are parts of the same storage.
    #[must_use]
    pub fn shares_with(&self, other: &Self) -> bool {
        match (&self.rows, &other.rows) {
            (Rows::Plain(ours), Rows::Plain(theirs)) => Arc::ptr_eq(ours, theirs),
            (Rows::Packed(ours), Rows::Packed(theirs)) => Arc::ptr_eq(ours, theirs),
            _ => false,
        }
    }

    /// Whether the bars of `range` are sound, and each is later than the one before it.
    pub(super) fn check(&self, range: Range<usize>) -> Result<(), BadBars> {
        let before = range.start.checked_sub(1).and_then(|index| self.time(index));
        let stored = self.stored(range.clone());
        match &self.rows {
            Rows::Plain(bars) => {
                let rows = bars[stored].iter().map(|bar| (bar.time, bar.is_sound()));
                check_rows(range.zip(rows), before)
            }
            Rows::Packed(packed) => {
                let rows = packed.rows[stored].iter().map(|row| (packed.time(row), row.is_sound()));
                check_rows(range.zip(rows), before)
            }
        }
    }

    #[inline]
    fn at(&self, index: usize) -> Bar {
        let index = self.range.start + index;
        match &self.rows {
            Rows::Plain(bars) => bars[index],
            Rows::Packed(packed) => packed.bar(&packed.rows[index]),
        }
    }

    fn time_at(&self, index: usize) -> Time {
        let index = self.range.start + index;
        match &self.rows {
            Rows::Plain(bars) => bars[index].time,
            Rows::Packed(packed) => packed.time(&packed.rows[index]),
        }
    }

    fn clamp(&self, range: Range<usize>) -> Range<usize> {
        let end = range.end.min(self.len());
        range.start.min(end)..end
    }

    fn stored(&self, range: Range<usize>) -> Range<usize> {
        self.range.start + range.start..self.range.start + range.end
    }
}

impl Default for Bars {
    fn default() -> Self {
        Vec::new().into()
    }
}

/// Stored as they are.
impl From<Vec<Bar>> for Bars {
    fn from(bars: Vec<Bar>) -> Self {
        Arc::<[Bar]>::from(bars).into()
    }
}

impl FromIterator<Bar> for Bars {
    fn from_iter<T: IntoIterator<Item = Bar>>(bars: T) -> Self {
        Arc::<[Bar]>::from_iter(bars).into()
    }
}

/// Shared as they are.
impl From<Arc<[Bar]>> for Bars {
    fn from(bars: Arc<[Bar]>) -> Self {
        let range = 0..bars.len();
        Self { rows: Rows::Plain(bars), range }
    }
}

impl From<Packed> for Bars {
    fn from(packed: Packed) -> Self {
        let range = 0..packed.rows.len();
        Self { rows: Rows::Packed(Arc::new(packed)), range }
    }
}

/// The same bars, however they are stored.
impl PartialEq for Bars {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

/// Packs bars one by one, as they are read: so that of a long recording nothing else is
/// ever in memory.
#[derive(Debug)]
pub struct Packer {
    packed: Packed,
    /// All bars, from the first on that did not fit.
    plain: Option<Vec<Bar>>,
    capacity: usize,
}

impl Packer {
    /// For about so many bars.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        Self { packed: Packed::with_capacity(capacity), plain: None, capacity }
    }

    /// Number of bars so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.plain.as_ref().map_or(self.packed.rows.len(), Vec::len)
    }

    /// Whether there are none so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds the next bar.
    pub fn push(&mut self, bar: Bar) {
        if let Some(plain) = &mut self.plain {
            plain.push(bar);
        } else if self.packed.push(&bar).is_none() {
            let packed = std::mem::take(&mut self.packed);
            let mut plain = Vec::with_capacity(self.capacity.max(packed.rows.len() + 1));
            plain.extend(packed.rows.iter().map(|row| packed.bar(row)));
            plain.push(bar);
            self.plain = Some(plain);
        }
    }

    /// All of them.
    #[must_use]
    pub fn finish(self) -> Bars {
        match self.plain {
            Some(plain) => plain.into(),
            None => self.packed.into(),
        }
    }
}

/// Bars as whole numbers.
#[derive(Debug, Default)]
struct Packed {
    first: Time,
    /// Decimals of the prices and of the volumes: places in [`POWERS`].
    price_decimals: usize,
    volume_decimals: usize,
    rows: Vec<Row>,
}

/// One bar; 24 bytes.
#[derive(Debug, Clone, Copy)]
struct Row {
    /// Seconds since the first.
    time: u32,
    open: i32,
    high: i32,
    low: i32,
    close: i32,
    volume: u32,
}

impl Row {
    /// As [`Bar::is_sound`]: numbers keep their order when they are decoded.
    fn is_sound(&self) -> bool {
        self.low <= self.open.min(self.close) && self.high >= self.open.max(self.close)
    }
}

impl Packed {
    fn with_capacity(capacity: usize) -> Self {
        Self { rows: Vec::with_capacity(capacity), ..Self::default() }
    }

    #[inline]
    fn bar(&self, row: &Row) -> Bar {
        let price = |units: i32| f64::from(units) / POWERS[self.price_decimals];
        Bar {
            time: self.time(row),
            open: price(row.open),
            high: price(row.high),
            low: price(row.low),
            close: price(row.close),
            volume: f64::from(row.volume) / POWERS[self.volume_decimals],
        }
    }

    #[inline]
    fn time(&self, row: &Row) -> Time {
        Time(self.first.0 + i64::from(row.time) * SECOND)
    }

    fn extent(&self, range: Range<usize>) -> Extent {
        let rows = &self.rows[range];
        if rows.is_empty() {
            return Extent::EMPTY;
        }
        let (mut high, mut low, mut volume) = (i32::MIN, i32::MAX, 0_u64);
        for row in rows {
            (high, low) = (high.max(row.high), low.min(row.low));
            volume += u64::from(row.volume);
        }
        let price = |units: i32| f64::from(units) / POWERS[self.price_decimals];
        let volume = volume as f64 / POWERS[self.volume_decimals];
        Extent { high: price(high), low: price(low), volume }
    }

    /// Adds a bar; `None`, and nothing of it is kept, where it would lose anything.
    fn push(&mut self, bar: &Bar) -> Option<()> {
        let first = if self.rows.is_empty() { bar.time } else { self.first };
        let since = bar.time.0.checked_sub(first.0).filter(|since| since % SECOND == 0)?;
        let time = u32::try_from(since / SECOND).ok()?;
        let prices = [bar.open, bar.high, bar.low, bar.close];
        let price_decimals = prices.into_iter().try_fold(self.price_decimals, decimals_from)?;
        let volume_decimals = decimals_from(self.volume_decimals, bar.volume)?;
        let price = |x: f64| i32::try_from(units(x, price_decimals)?).ok();
        let row = Row {
            time,
            open: price(bar.open)?,
            high: price(bar.high)?,
            low: price(bar.low)?,
            close: price(bar.close)?,
            volume: u32::try_from(units(bar.volume, volume_decimals)?).ok()?,
        };
        self.refine(price_decimals, volume_decimals)?;
        self.first = first;
        self.rows.push(row);
        Some(())
    }

    /// Counts in finer decimals from now on; `None`, and all is as before, where a number
    /// would grow too large. The decoded numbers stay: they are the same fractions.
    fn refine(&mut self, price_decimals: usize, volume_decimals: usize) -> Option<()> {
        if (price_decimals, volume_decimals) == (self.price_decimals, self.volume_decimals) {
            return Some(());
        }
        let finer = |from: usize, to: usize| 10_u32.pow((to - from) as u32);
        let volumes = finer(self.volume_decimals, volume_decimals);
        let prices = i32::try_from(finer(self.price_decimals, price_decimals)).ok()?;
        let times = |row: &Row| {
            let price = |units: i32| units.checked_mul(prices);
            Some(Row {
                time: row.time,
                open: price(row.open)?,
                high: price(row.high)?,
                low: price(row.low)?,
                close: price(row.close)?,
                volume: row.volume.checked_mul(volumes)?,
            })
        };
        if !self.rows.iter().all(|row| times(row).is_some()) {
            return None;
        }
        for row in &mut self.rows {
            *row = times(row)?;
        }
        (self.price_decimals, self.volume_decimals) = (price_decimals, volume_decimals);
        Some(())
    }
}

/// Rows are `(index, (time, whether it is sound))`.
fn check_rows(
    rows: impl Iterator<Item = (usize, (Time, bool))>,
    mut before: Option<Time>,
) -> Result<(), BadBars> {
    for (index, (time, is_sound)) in rows {
        if before.is_some_and(|before| time <= before) {
            return Err(BadBars::NotRising { index, time });
        }
        if !is_sound {
            return Err(BadBars::Unsound { index, time });
        }
        before = Some(time);
    }
    Ok(())
}

/// The smallest number of decimals, `least` or more, that say `x` exactly.
fn decimals_from(least: usize, x: f64) -> Option<usize> {
    (least..POWERS.len()).find(|&decimals| units(x, decimals).is_some())
}

/// `x` as a whole number of its last decimal, where that says it bit for bit.
fn units(x: f64, decimals: usize) -> Option<i64> {
    let units = (x * POWERS[decimals]).round();
    let is_exact = (units / POWERS[decimals]).to_bits() == x.to_bits();
    // The sign of a zero would be lost.
    (is_exact && (units as i64 as f64).to_bits() == units.to_bits()).then_some(units as i64)
}
