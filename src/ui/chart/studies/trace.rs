//! Where the line of a study runs: from values to rows of pixels.

use super::draw::Place;
use crate::market::indicators::{LINES, Span, StudyLines, Values};
use crate::market::series::BarSeries;
use crate::ui::chart::candles::{Shape, Stage};

/// The rows that a line takes in a pixel column, from the first to before the last.
pub type Rows = Option<(i32, i32)>;

/// The values of the bars in sight, and of one bar more at either side, so that lines run to the
/// edges of the pane.
#[derive(Debug, Clone)]
pub enum Seen {
    /// Bar by bar, while each has a pixel column.
    Bars {
        /// Index of the first.
        first: usize,
        /// One by one.
        values: Vec<Values>,
    },
    /// The extremes of the bars of each column.
    Columns {
        /// Pixels of a column.
        width: i32,
        /// The first bar of each column, and the bar after those of the last.
        starts: Vec<usize>,
        /// Column by column.
        spans: Vec<[Span; LINES]>,
    },
}

impl Seen {
    /// All that is in sight but for the last bar of the series, which changes with every trade.
    #[must_use]
    pub fn closed(lines: &StudyLines, series: &BarSeries, stage: &Stage) -> Self {
        let (len, closed) = (series.len(), series.len().saturating_sub(1));
        match stage.shape {
            Shape::Columns(width) if stage.time.spacing < 1.0 => {
                let starts = stage.column_starts(width, len);
                let edges: Vec<usize> = starts.iter().map(|start| (*start).min(closed)).collect();
                let mut spans = Vec::new();
                lines.columns(series, &edges, &mut spans);
                Self::Columns { width, starts, spans }
            }
            _ => {
                let visible = stage.visible(len);
                let first = visible.start.saturating_sub(1).min(closed);
                let mut values = Vec::new();
                lines.values(series, first..(visible.end + 1).clamp(first, closed), &mut values);
                Self::Bars { first, values }
            }
        }
    }

    /// Adds the values of the last bar, where it is in sight.
    pub fn add(&mut self, index: usize, newest: Values) {
        match self {
            Self::Bars { first, values } => {
                if *first + values.len() == index {
                    values.push(newest);
                }
            }
            Self::Columns { starts, spans, .. } => {
                let after = starts.partition_point(|start| *start <= index);
                let column = after.checked_sub(1).filter(|_| after < starts.len());
                let spans = column.and_then(|column| spans.get_mut(column));
                for (span, value) in spans.into_iter().flatten().zip(newest) {
                    if !value.is_nan() {
                        let value = value as f32;
                        *span = Span { low: span.low.min(value), high: span.high.max(value) };
                    }
                }
            }
        }
    }

    /// The lowest and the highest value in sight.
    #[must_use]
    pub fn range(&self) -> (f64, f64) {
        let none = (f64::INFINITY, f64::NEG_INFINITY);
        match self {
            // What is no number is neither lower nor higher.
            Self::Bars { values, .. } => values
                .iter()
                .flatten()
                .fold(none, |(low, high): (f64, f64), value| (low.min(*value), high.max(*value))),
            Self::Columns { spans, .. } => spans.iter().flatten().fold(none, |(low, high), span| {
                (low.min(f64::from(span.low)), high.max(f64::from(span.high)))
            }),
        }
    }

    /// The bars of a histogram: first pixel counted from the left of the pane, width, lowest and
    /// highest value.
    #[must_use]
    pub fn bars(&self, output: usize, stage: &Stage) -> Vec<(i32, i32, f64, f64)> {
        match self {
            Self::Bars { first, values } => {
                let some = (*first..).zip(values).filter(|(_, values)| !values[output].is_nan());
                some.map(|(index, values)| {
                    let (left, width) = body_of(stage, index);
                    (left, width, values[output], values[output])
                })
                .collect()
            }
            Self::Columns { width, spans, .. } => {
                let some = (0_i32..).zip(spans).filter(|(_, spans)| !spans[output].is_empty());
                some.map(|(column, spans)| {
                    let Span { low, high } = spans[output];
                    (column * width, *width, f64::from(low), f64::from(high))
                })
                .collect()
            }
        }
    }

    /// The rows of one line, by pixel column of the pane. Where it has values it is unbroken.
    #[must_use]
    pub fn rows(&self, output: usize, stage: &Stage, place: &Place) -> Vec<Rows> {
        let mut rows = vec![None; place.pane.width() as usize];
        match self {
            Self::Bars { first, values } => {
                let x_of = |index| stage.wick_left(index, place.thickness) - stage.prices.left;
                let mut before: Option<(i32, f64)> = None;
                for (index, values) in (*first..).zip(values) {
                    let value = values[output];
                    let at = (!value.is_nan()).then(|| (x_of(index), place.scale.y_of(value)));
                    if let Some(to) = at {
                        line(&mut rows, before.unwrap_or(to), to, place);
                    }
                    before = at;
                }
            }
            Self::Columns { width, spans, .. } => {
                let mut before: Option<Span> = None;
                for (column, spans) in (0_i32..).zip(spans) {
                    let span = spans[output];
                    if span.is_empty() {
                        before = None;
                        continue;
                    }
                    // Stretched to what the column before has, up or down: no gap between them.
                    let (low, high) = before.map_or((span.low, span.high), |before| {
                        (span.low.min(before.high), span.high.max(before.low))
                    });
                    let y = |value: f32| place.scale.y_of(f64::from(value));
                    if let Some(rows) = rows.get_mut((column * width) as usize) {
                        *rows = Some(place.rows(y(high), y(low)));
                    }
                    before = Some(span);
                }
            }
        }
        rows
    }
}

/// The pixels of a bar of a histogram, as wide as its candle: its first, counted from the left of
/// the pane, and how many.
fn body_of(stage: &Stage, index: usize) -> (i32, i32) {
    let left = |wick| stage.wick_left(index, wick) - stage.prices.left;
    match stage.shape {
        Shape::Candles { body, wick } => (left(wick) - (body - wick) / 2, body),
        Shape::Columns(width) => (left(width), width),
    }
}

/// Adds the rows of a straight line, both ends included.
fn line(rows: &mut [Rows], (left, from): (i32, f64), (right, to): (i32, f64), place: &Place) {
    let (start, end) = (f64::from(left), f64::from(right));
    let slope = if right > left { (to - from) / (end - start) } else { 0.0 };
    let y = |x: f64| from + slope * (x.clamp(start, end) - start);
    for x in left.max(0)..=right.min(place.pane.width() - 1) {
        let (a, b) = (y(f64::from(x) - 0.5), y(f64::from(x) + 0.5));
        let (top, bottom) = place.rows(a.min(b), a.max(b));
        let taken = &mut rows[x as usize];
        *taken = Some(taken.map_or((top, bottom), |(above, below)| (above.min(top), below.max(bottom))));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::domain::{Bar, Time, TradingHours};
    use crate::market::calendar::Calendar;
    use crate::market::indicators::{Indicator, Study};
    use crate::market::series::BarChunk;
    use crate::ui::chart::price_scale::PriceScale;
    use crate::ui::chart::style::Style;
    use crate::ui::chart::time_scale::TimeScale;
    use crate::ui::paint::PxRect;

    const PANE: PxRect = PxRect { left: 40, top: 10, right: 340, bottom: 210 };

    fn series(closes: &[f64]) -> BarSeries {
        let bar = |(i, close): (usize, &f64)| {
            Bar::from_trade(Time::from_seconds(60 * i.cast_signed() as i64), *close, 1.0)
        };
        let bars: Vec<Bar> = closes.iter().enumerate().map(bar).collect();
        let mut series = BarSeries::default();
        series.replace(BarChunk::new(bars.into()).unwrap());
        series
    }

    /// The mean of one bar: a line through the closes.
    fn lines(series: &BarSeries) -> StudyLines {
        let study = Study::new(Indicator::of_key("sma").unwrap(), vec![1.0]).unwrap();
        let calendar = Arc::new(Calendar::new(&TradingHours::always("UTC")).unwrap());
        let mut lines = StudyLines::new(study, calendar);
        assert!(lines.follow(series, usize::MAX).is_complete());
        lines
    }

    fn traced(closes: &[f64], spacing: f64, right: f64, wick: i32) -> (Vec<Rows>, Stage, Place) {
        let series = series(closes);
        let scale = PriceScale::between(100.0, 200.0, 1.0, PANE.top, PANE.bottom);
        let stage = Stage {
            time: TimeScale { spacing, right, width: f64::from(PANE.width()) },
            price: scale,
            prices: PANE,
            volumes: PxRect::default(),
            shape: Shape::of(spacing, wick),
            style: Style::default(),
            phase: 0,
        };
        let place = Place::of_prices(&stage);
        let lines = lines(&series);
        let mut seen = Seen::closed(&lines, &series, &stage);
        let (index, values) = lines.newest().unwrap();
        seen.add(index, values);
        (seen.rows(0, &stage, &place), stage, place)
    }

    proptest! {
        #[test]
        fn a_line_goes_through_every_bar_in_sight_and_has_no_gap(
            closes in prop::collection::vec(80.0..220.0_f64, 2..900),
            spacing in 0.4..40.0_f64,
            back in 0.0..300.0_f64,
            wick in 1..3_i32,
        ) {
            let right = closes.len() as f64 - back.min(closes.len() as f64 - 1.0);
            let (rows, stage, place) = traced(&closes, spacing, right, wick);
            let width = if spacing < 1.0 { wick } else { 1 };
            for (index, close) in closes.iter().enumerate() {
                let x = if spacing < 1.0 {
                    stage.time.x_of(index as f64).floor() as i32 / width * width
                } else {
                    stage.wick_left(index, wick) - PANE.left
                };
                let is_edge = x <= 0 || x + width >= PANE.width();
                if is_edge || !place.scale.shows(*close) {
                    continue;
                }
                let row = place.scale.row_of(*close);
                let (top, bottom) = rows[x as usize].expect("a bar in sight is drawn");
                // A span is kept as `f32`, which may be a row aside.
                prop_assert!(top - 1 <= row && row <= bottom, "bar {index} at {x}: {row} not in {top}..{bottom}");
            }
            let drawn: Vec<(i32, i32)> = rows.into_iter().flatten().collect();
            for pair in drawn.windows(2) {
                prop_assert!(pair[0].0 <= pair[1].1 && pair[1].0 <= pair[0].1, "{pair:?} do not touch");
            }
        }
    }

    #[test]
    fn a_straight_line_has_a_row_for_each_step_and_nothing_more() {
        // Two bars 4 pixels apart, 4 rows up.
        let (rows, ..) = traced(&[150.0, 152.0], 4.0, 1.5, 1);
        let drawn: Vec<(i32, i32)> = rows.into_iter().flatten().collect();
        assert_eq!(drawn.len(), 5);
        assert_eq!((drawn[0].1 - 1, drawn[4].0), (110, 106));
        assert!(drawn.iter().all(|(top, bottom)| bottom - top <= 2), "{drawn:?}");
    }

    #[test]
    fn what_is_far_out_of_the_pane_costs_no_rows() {
        let (rows, ..) = traced(&[1e300, 150.0, -1e300, 150.0], 20.0, 4.0, 1);
        for (top, bottom) in rows.into_iter().flatten() {
            assert!(top >= PANE.top - 2 && bottom <= PANE.bottom + 2, "{top}..{bottom}");
        }
    }
}
