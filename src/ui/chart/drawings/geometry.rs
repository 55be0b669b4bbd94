//! Where instants and prices lie in the pixels of a chart, and back.
//!
//! An instant lies at the bar that was forming then. One in a gap lies at the last bar before it; one beyond the
//! last bar as many whole periods further, where the bars to come will be unless the market pauses; one before the
//! first bar as far as bars of the mean distance reach, until the history that holds it is there.

use crate::domain::{Decimal, Mark, Price, Time, Timeframe, bounds};
use crate::market::series::BarSeries;
use crate::ui::chart::ChartData;
use crate::ui::chart::candles::Stage;
use crate::ui::chart::price_scale::PriceScale;
use crate::ui::chart::time_scale::TimeScale;
use crate::ui::paint::PxRect;

/// A place in physical pixels.
pub type Point = [f64; 2];

/// The index of the bar that an instant lies at; negative before the first, beyond the last after it.
#[must_use]
pub fn index_of(series: &BarSeries, timeframe: Timeframe, time: Time) -> Option<i64> {
    let (first, last) = (series.first()?.time, series.last()?.time);
    let end = count(series) - 1;
    if time > last {
        return Some(end + time.0.saturating_sub(last.0) / timeframe.nanos());
    }
    if time < first {
        let before = first.0.saturating_sub(time.0);
        return Some(-(before.saturating_sub(1) / mean(series, timeframe) + 1));
    }
    let after = series.index_at(Time(time.0.saturating_add(1)));
    Some(i64::try_from(after).unwrap_or(i64::MAX) - 1)
}

/// When the bar of an index begins, whether there is one or not; `None` before all clocks and after them.
#[must_use]
pub fn time_of(series: &BarSeries, timeframe: Timeframe, index: i64) -> Option<Time> {
    let (first, last) = (series.first()?.time, series.last()?.time);
    let beyond = index.saturating_sub(count(series) - 1);
    let far = |from: Time, bars: i64, each: i64| from.0.checked_add(bars.checked_mul(each)?).map(Time);
    if beyond > 0 {
        return far(last, beyond, timeframe.nanos());
    }
    match usize::try_from(index) {
        Ok(index) => series.get(index).map(|bar| bar.time),
        Err(_) => far(first, index, mean(series, timeframe)),
    }
}

/// An instant taken to so many bars later; not at all taken, it stays between bars where it was.
#[must_use]
pub fn later(time: Time, bars: i64, data: &ChartData<'_>) -> Option<Time> {
    if bars == 0 {
        return Some(time);
    }
    let index = index_of(data.series, data.timeframe, time)?;
    time_of(data.series, data.timeframe, index.saturating_add(bars))
}

fn count(series: &BarSeries) -> i64 {
    i64::try_from(series.len()).unwrap_or(i64::MAX)
}

/// The mean distance of the bars that are known, which has nights and weekends in it.
fn mean(series: &BarSeries, timeframe: Timeframe) -> i64 {
    let span = series.first().zip(series.last()).map_or(0, |(first, last)| last.time.0 - first.time.0);
    (span / (count(series) - 1).max(1)).max(timeframe.nanos())
}

/// The price of a number, on the grid of ticks; `None` where no market has such a price.
#[must_use]
pub fn on_ticks(data: &ChartData<'_>, price: f64) -> Option<Price> {
    let price = bounds::price(Decimal::try_from(price).ok()?.round_dp(bounds::MAX_DECIMALS)).ok()?;
    Some(data.ticks.round(Price(price)))
}

/// The scales of one frame, and how many bars had come in front by then.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scales {
    time: TimeScale,
    price: PriceScale,
    /// The pane of the prices.
    pub pane: PxRect,
    prepended: usize,
}

impl Scales {
    /// Those of a frame.
    #[must_use]
    pub fn of(stage: &Stage, series: &BarSeries) -> Self {
        Self { time: stage.time, price: stage.price, pane: stage.prices, prepended: series.prepended() }
    }

    /// Whether a place is over the prices.
    #[must_use]
    pub fn holds(&self, [x, y]: Point) -> bool {
        let [left, top, right, bottom] = edges(self.pane);
        (left..right).contains(&x) && (top..bottom).contains(&y)
    }

    /// The row of a price.
    #[must_use]
    pub fn row_of(&self, price: Price) -> i32 {
        self.price.row_of(price.to_f64())
    }

    /// The y of a price.
    #[must_use]
    pub fn y_of(&self, price: f64) -> f64 {
        self.price.y_of(price)
    }

    /// The place of a mark.
    #[must_use]
    pub fn point_of(&self, mark: Mark, data: &ChartData<'_>) -> Option<Point> {
        let index = index_of(data.series, data.timeframe, mark.time)? - self.shift(data);
        // The middle of the pixels in which a wick is drawn, and a level.
        let x = f64::from(self.pane.left) + self.time.x_of(index as f64).floor() + 0.5;
        Some([x, self.y_of(mark.price.to_f64()).floor() + 0.5])
    }

    /// What a place means: the bar nearest to it, and the price there. With a magnet, one of that bar's four prices
    /// where it is at most so many pixels away.
    #[must_use]
    pub fn mark_at(&self, [x, y]: Point, data: &ChartData<'_>, magnet: Option<f64>) -> Option<Mark> {
        let index = self.time.index_at(x - f64::from(self.pane.left)).round() as i64 + self.shift(data);
        let time = time_of(data.series, data.timeframe, index)?;
        let bar = usize::try_from(index).ok().and_then(|index| data.series.get(index));
        let far = |price: f64| (self.y_of(price) - y).abs();
        let near = magnet.zip(bar).and_then(|(near, bar)| {
            let prices = [bar.open, bar.high, bar.low, bar.close].into_iter();
            prices.filter(|price| far(*price) <= near).min_by(|one, other| far(*one).total_cmp(&far(*other)))
        });
        let price = on_ticks(data, near.unwrap_or_else(|| self.price.price_at(y)))?;
        Some(Mark { time, price })
    }

    /// A mark taken `by` so many pixels, as whole bars; what is not moved stays as it is.
    #[must_use]
    pub fn moved(&self, mark: Mark, [right, down]: Point, data: &ChartData<'_>) -> Option<Mark> {
        let bars = (right / self.time.spacing).round() as i64;
        Some(Mark { time: later(mark.time, bars, data)?, price: self.lifted(mark.price, down, data)? })
    }

    /// A price taken down by so many pixels.
    #[must_use]
    pub fn lifted(&self, price: Price, down: f64, data: &ChartData<'_>) -> Option<Price> {
        if down == 0.0 {
            return Some(price);
        }
        on_ticks(data, self.price.price_at(self.y_of(price.to_f64()) + down))
    }

    /// How many bars have come in front since.
    fn shift(&self, data: &ChartData<'_>) -> i64 {
        i64::try_from(data.series.prepended().saturating_sub(self.prepended)).unwrap_or(0)
    }
}

fn edges(PxRect { left, top, right, bottom }: PxRect) -> [f64; 4] {
    [left, top, right, bottom].map(f64::from)
}

/// The part of a line that is in a pane.
#[must_use]
pub fn clipped([from, to]: [Point; 2], pane: PxRect) -> Option<[Point; 2]> {
    let [left, top, right, bottom] = edges(pane);
    let (mut begin, mut end) = (0.0_f64, 1.0_f64);
    for (axis, low, high) in [(0, left, right), (1, top, bottom)] {
        let by = to[axis] - from[axis];
        if by == 0.0 {
            if !(low..=high).contains(&from[axis]) {
                return None;
            }
            continue;
        }
        let (one, other) = ((low - from[axis]) / by, (high - from[axis]) / by);
        begin = begin.max(one.min(other));
        end = end.min(one.max(other));
    }
    let at = |part: f64| [0, 1].map(|axis| from[axis] + (to[axis] - from[axis]) * part);
    (begin <= end).then(|| [at(begin), at(end)])
}

/// A line, gone on to the right edge of a pane from its end further right.
#[must_use]
pub fn extended([from, to]: [Point; 2], pane: PxRect) -> [Point; 2] {
    let (left, right) = if from[0] <= to[0] { (from, to) } else { (to, from) };
    let (wide, edge) = (right[0] - left[0], f64::from(pane.right));
    if wide <= 0.0 || right[0] >= edge {
        return [left, right];
    }
    [left, [edge, left[1] + (right[1] - left[1]) * (edge - left[0]) / wide]]
}

/// How far a place is from a line.
#[must_use]
pub fn distance(at: Point, [from, to]: [Point; 2]) -> f64 {
    let along = [to[0] - from[0], to[1] - from[1]];
    let off = [at[0] - from[0], at[1] - from[1]];
    let square = along[0] * along[0] + along[1] * along[1];
    let part = if square > 0.0 { (along[0] * off[0] + along[1] * off[1]) / square } else { 0.0 };
    let part = part.clamp(0.0, 1.0);
    (off[0] - along[0] * part).hypot(off[1] - along[1] * part)
}

#[cfg(test)]
mod tests;
