//! A curve as points, no more than the screen can show, made anew only when something has changed.

use egui_plot::PlotPoint;

use crate::domain::{Currency, Price, Time};
use crate::market::equity::{Sample, runs};

/// What was made last, and of what.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    of: Option<Of>,
    /// Each line by itself; one of a single point is a point.
    pub runs: Vec<Vec<PlotPoint>>,
    /// The least and the most of all.
    pub low: f64,
    pub high: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Of {
    count: usize,
    newest: Option<Sample>,
    oldest: Option<Sample>,
    currency: Currency,
    from: Time,
    to: Time,
    width: f32,
}

impl Drawn {
    /// The lines of these values between two instants, on so many points.
    pub fn follow(
        &mut self,
        samples: &[Sample],
        currency: Currency,
        from: Time,
        to: Time,
        width: f32,
    ) -> &Self {
        let (newest, oldest) = (samples.last().copied(), samples.first().copied());
        let of = Of { count: samples.len(), newest, oldest, currency, from, to, width };
        if self.of != Some(of) {
            let per_column = (seconds(to) - seconds(from)) / f64::from(width.max(1.0));
            let made: Vec<_> = runs(samples, currency).map(|run| points(run, per_column)).collect();
            let values = || made.iter().flatten().map(|point| point.y);
            self.low = values().fold(f64::INFINITY, f64::min);
            self.high = values().fold(f64::NEG_INFINITY, f64::max);
            self.runs = made;
            self.of = Some(of);
        }
        self
    }
}

/// Of each column of so many seconds the first value, the least, the most and the last.
fn points(run: &[Sample], per_column: f64) -> Vec<PlotPoint> {
    let point = |sample: &Sample| PlotPoint::new(seconds(sample.time), Price(sample.equity.amount).to_f64());
    let column = |sample: &Sample| (seconds(sample.time) / per_column).floor() as i64;
    let mut points = Vec::new();
    for column in run.chunk_by(|one, next| column(one) == column(next)) {
        if column.len() <= 4 {
            points.extend(column.iter().map(point));
            continue;
        }
        let by_value = |index: &usize| column[*index].equity.amount;
        let least = (0..column.len()).min_by_key(by_value).unwrap_or(0);
        let most = (0..column.len()).max_by_key(by_value).unwrap_or(0);
        let mut kept = [0, least, most, column.len() - 1];
        kept.sort_unstable();
        points.extend(kept.map(|index| point(&column[index])));
    }
    points
}

/// An instant where the plot has it.
pub(super) fn seconds(time: Time) -> f64 {
    time.0 as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Money;

    fn sample(minute: i64, value: i64) -> Sample {
        let equity = Money { amount: value.into(), currency: Currency::USD };
        Sample { time: Time::from_seconds(60 * minute), equity, follows: minute % 5_000 != 0 }
    }

    #[test]
    fn a_long_curve_has_few_points_and_keeps_its_extremes_and_gaps() {
        // A spike that no regular choice of values would meet.
        let samples: Vec<Sample> =
            (0..20_000).map(|n| sample(n, if n == 7_777 { 900 } else { n % 7 })).collect();
        let mut drawn = Drawn::default();
        drawn.follow(&samples, Currency::USD, samples[0].time, samples[19_999].time, 400.0);
        assert_eq!((drawn.low, drawn.high), (0.0, 900.0));
        assert_eq!(drawn.runs.len(), 4);
        let points: usize = drawn.runs.iter().map(Vec::len).sum();
        assert!(points <= 4 * 404, "{points}");
        let ends: Vec<f64> = drawn.runs.iter().map(|run| run[run.len() - 1].x).collect();
        assert_eq!(ends, [4_999, 9_999, 14_999, 19_999].map(|minute: i64| (60 * minute) as f64));
        assert!(drawn.runs.iter().all(|run| run.is_sorted_by(|one, next| one.x <= next.x)));
        assert_eq!(drawn.follow(&samples, Currency::EUR, Time(0), Time(1), 400.0).runs.len(), 0);
    }
}
