//! The line of the day in a row: which bars it needs, and how it runs over the pixels.
//!
//! Brokers tell bars slowly and count how often they are asked. So only rows that have been in sight
//! for a moment are asked for, and never more than a few.

use std::ops::Range;
use std::time::Duration;

use crate::desk::Desk;
use crate::domain::{InstrumentId, Time, Timeframe};
use crate::link::{BarKey, Demand};
use crate::market::series::BarSeries;

/// Bars of a line, at most.
const BARS: usize = 80;
const TIMEFRAME: Timeframe = Timeframe::M5;
/// Lines that are asked for at once, by all watchlists together.
const MOST: usize = 40;
/// Bars are asked for when the rows have been in sight for so long.
const REST: Duration = Duration::from_millis(400);
/// Bars that are further apart are of two days.
const NIGHT: Duration = Duration::from_hours(4);

/// Whose lines are asked for.
#[derive(Debug, Default)]
pub(super) struct Sparks {
    in_sight: Vec<InstrumentId>,
    since: Time,
    asked: Vec<InstrumentId>,
}

impl Sparks {
    /// Takes over which rows are in sight, and asks for their bars. Says when to look again.
    pub fn demand(
        &mut self,
        mut in_sight: Vec<InstrumentId>,
        now: Time,
        demand: &mut Demand,
    ) -> Option<Duration> {
        in_sight.sort_unstable();
        if in_sight != self.in_sight {
            self.in_sight = in_sight;
            self.since = now;
        }
        let wait = REST.checked_sub(now.since(self.since)).filter(|wait| !wait.is_zero());
        if wait.is_none() {
            self.asked.clone_from(&self.in_sight);
        }
        self.asked.retain(|id| self.in_sight.binary_search(id).is_ok());
        let mut room =
            MOST.saturating_sub(demand.bars.keys().filter(|key| key.timeframe == TIMEFRAME).count());
        for id in &self.asked {
            let key = BarKey { instrument: *id, timeframe: TIMEFRAME };
            if room > 0 && !demand.bars.contains_key(&key) {
                room -= 1;
                demand.want_bars(key, BARS);
            }
        }
        wait
    }
}

/// The closes of the newest day that bars have come of.
pub(super) fn closes(desk: &Desk, instrument: InstrumentId) -> Vec<f64> {
    let series = desk.series(BarKey { instrument, timeframe: TIMEFRAME });
    series.map(|view| day(&view.series)).unwrap_or_default()
}

fn day(series: &BarSeries) -> Vec<f64> {
    let range = series.len().saturating_sub(BARS)..series.len();
    let mut closes = Vec::with_capacity(range.len());
    let mut before: Option<Time> = None;
    for bar in series.bars(range) {
        if before.is_some_and(|before| bar.time.since(before) > NIGHT) {
            closes.clear();
        }
        before = Some(bar.time);
        closes.push(bar.close);
    }
    closes
}

/// A line through `values` over `width` columns of pixels, `height` rows high: which rows each column
/// covers, from above. Empty where there is no line.
pub(super) fn trace(values: &[f64], width: i32, height: i32) -> Vec<Range<i32>> {
    let low = values.iter().copied().fold(f64::INFINITY, f64::min);
    let high = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if values.len() < 2 || width < 2 || height < 1 || !(low.is_finite() && high.is_finite()) {
        return Vec::new();
    }
    let last_row = f64::from(height - 1);
    let row = |column: i32| {
        let at = f64::from(column) / f64::from(width - 1) * (values.len() - 1) as f64;
        let (index, part) = (at.floor() as usize, at.fract());
        let next = values[(index + 1).min(values.len() - 1)];
        let value = values[index] + (next - values[index]) * part;
        let share = if high > low { (value - low) / (high - low) } else { 0.5 };
        ((1.0 - share) * last_row).round() as i32
    };
    let mut before = row(0);
    let span = |column| {
        let now = row(column);
        // From the row next to where the last column ended: the line has no hole and is thin.
        let from = match now.cmp(&before) {
            std::cmp::Ordering::Less => before - 1,
            std::cmp::Ordering::Equal => now,
            std::cmp::Ordering::Greater => before + 1,
        };
        before = now;
        from.min(now)..from.max(now) + 1
    };
    (0..width).map(span).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Bar;

    const START: Time = Time::from_seconds(1_000_000);

    fn ids(range: Range<u32>) -> Vec<InstrumentId> {
        range.map(InstrumentId).collect()
    }

    #[test]
    fn bars_are_asked_for_when_rows_have_come_to_rest_and_of_forty_at_most() {
        let mut sparks = Sparks::default();
        let asked = |sparks: &mut Sparks, rows: Range<u32>, at: Time| {
            let mut demand = Demand::default();
            let wait = sparks.demand(ids(rows), at, &mut demand);
            (demand.bars.len(), wait)
        };
        assert_eq!(asked(&mut sparks, 0..10, START), (0, Some(REST)));
        let later = START + REST;
        assert_eq!(asked(&mut sparks, 0..10, later), (10, None));
        // While the list is scrolled, what stays in sight stays, and nothing is added.
        assert_eq!(asked(&mut sparks, 5..15, later), (5, Some(REST)));
        assert_eq!(asked(&mut sparks, 5..15, later + REST), (10, None));
        asked(&mut sparks, 0..90, later);
        assert_eq!(asked(&mut sparks, 0..90, later + REST), (40, None));
        let mut demand = Demand::default();
        for id in ids(100..139) {
            demand.want_bars(BarKey { instrument: id, timeframe: TIMEFRAME }, 500);
        }
        sparks.demand(ids(0..90), later + REST, &mut demand);
        assert_eq!(demand.bars.len(), 40, "another list has asked for some");
    }

    #[test]
    fn a_line_is_of_the_newest_day_alone() {
        let minutes = |minute: u64| START + Duration::from_mins(minute);
        let bar = |minute, price| Bar::from_trade(minutes(minute), price, 1.0);
        let mut series = BarSeries::default();
        for bar in [bar(0, 1.0), bar(5, 2.0), bar(1_000, 3.0), bar(1_060, 4.0)] {
            series.apply(bar);
        }
        assert_eq!(day(&series), [3.0, 4.0], "a pause at noon is no night");
    }

    #[test]
    fn of_less_than_two_bars_there_is_no_line_and_a_still_price_runs_in_the_middle() {
        assert_eq!(trace(&[1.0], 10, 9), []);
        assert_eq!(trace(&[1.0, f64::NAN, 2.0], 4, 9).len(), 4);
        assert_eq!(trace(&[7.0, 7.0], 3, 9), [4..5, 4..5, 4..5]);
        assert_eq!(trace(&[0.0, 8.0], 3, 9), [8..9, 4..8, 0..4]);
    }

    proptest! {
        #[test]
        fn a_line_has_no_hole_and_stays_within_its_box(
            values in prop::collection::vec(-1e6..1e6f64, 2..90),
            width in 2i32..200,
            height in 1i32..40,
        ) {
            let spans = trace(&values, width, height);
            prop_assert_eq!(spans.len(), width as usize);
            for span in &spans {
                prop_assert!(0 <= span.start && span.start < span.end && span.end <= height, "{:?}", span);
            }
            for pair in spans.windows(2) {
                let touch = pair[0].start <= pair[1].end && pair[1].start <= pair[0].end;
                prop_assert!(touch, "{:?}", pair);
            }
        }
    }
}
