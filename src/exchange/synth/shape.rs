//! The usual day: how lively each minute of the local day is.
//!
//! Two curves by local minute: `flow` (how much trades) and `variance` (how much the
//! price moves). Share markets are busiest after the open and before the close and
//! quiet in extended hours; currencies and coins swell and ebb with the world's day.
//! `flow` is 1 on average over the regular minutes; `variance` only matters relative
//! to itself, because each interval scales it to the day's volatility.

use libm::exp;

use super::timeline::{Activity, Stretch};
use crate::domain::time::HOUR;
use crate::domain::{SessionKind, TradingHours};
use crate::exchange::catalogue::Opening;

/// Minutes of a day.
const MINUTES: usize = 1440;

/// The curves of one set of hours.
#[derive(Debug, Clone)]
pub struct Shape {
    flow: Vec<f64>,
    /// `flow_before[m]`: sum of `flow` over the minutes before `m`.
    flow_before: Vec<f64>,
    variance: Vec<f64>,
    /// Sum of `variance` over a usual day, what closed hours weigh against.
    day_variance: f64,
    /// Regular minutes of a usual day.
    regular_minutes: usize,
}

/// What one minute is like.
#[derive(Debug, Clone, Copy)]
struct Minute {
    flow: f64,
    variance: f64,
}

impl Shape {
    /// The curves of an exchange with these hours.
    pub fn new(hours: &TradingHours, opening: Opening) -> Self {
        let is_short =
            |s: &&crate::domain::Session| s.kind == SessionKind::Regular && s.close - s.open < 1200;
        let regular: Vec<(usize, usize)> = hours
            .sessions
            .iter()
            .filter(is_short)
            .map(|s| (s.open.max(0) as usize, s.close.max(0) as usize))
            .collect();
        let mut day = if regular.is_empty() { round_the_clock() } else { exchange_day(&regular, opening) };
        let is_regular =
            |m: usize| regular.is_empty() || regular.iter().any(|&(open, close)| open <= m && m < close);
        let regular_minutes = (0..MINUTES).filter(|&m| is_regular(m)).count();
        let regular_flow: f64 = (0..MINUTES).filter(|&m| is_regular(m)).map(|m| day[m].flow).sum();
        for minute in &mut day {
            minute.flow *= regular_minutes as f64 / regular_flow;
        }
        let mut flow_before = vec![0.0];
        for minute in &day {
            flow_before.push(flow_before[flow_before.len() - 1] + minute.flow);
        }
        let trades = |m: usize| opening == Opening::Always || is_regular(m);
        let day_variance = (0..MINUTES).filter(|&m| trades(m)).map(|m| day[m].variance).sum();
        Self {
            flow: day.iter().map(|m| m.flow).collect(),
            flow_before,
            variance: day.iter().map(|m| m.variance).collect(),
            day_variance,
            regular_minutes,
        }
    }

    /// Trading of a local minute, 1 on average over regular minutes.
    pub fn flow(&self, local_minute: usize) -> f64 {
        self.flow[local_minute % MINUTES]
    }

    /// Trading of a stretch, in average regular minutes.
    pub fn flow_of(&self, stretch: &Stretch) -> f64 {
        let end = stretch.local_minute + stretch.steps;
        let (days, rest) = (end / MINUTES, end % MINUTES);
        let whole = self.flow_before[MINUTES];
        days as f64 * whole + self.flow_before[rest] - self.flow_before[stretch.local_minute]
    }

    /// Regular minutes of a usual day.
    pub fn regular_minutes(&self) -> f64 {
        self.regular_minutes as f64
    }

    /// Appends the weight of each step of a stretch in its interval's variance.
    pub fn push_variances(&self, stretch: &Stretch, weights: &mut Vec<f64>) {
        if stretch.activity == Activity::Closed {
            weights.push(self.day_variance * closed_weight(stretch.end.0 - stretch.start.0));
            return;
        }
        let until_midnight = stretch.steps.min(MINUTES - stretch.local_minute);
        weights
            .extend_from_slice(&self.variance[stretch.local_minute..stretch.local_minute + until_midnight]);
        weights.extend(self.variance.iter().cycle().take(stretch.steps - until_midnight));
    }
}

/// What a price moves while its market is closed, as a share of the day's variance.
fn closed_weight(nanos: i64) -> f64 {
    match nanos / HOUR {
        0..3 => 0.015,
        3..30 => 0.22,
        _ => 0.35,
    }
}

/// A share market: `regular` are the minutes of its sessions.
fn exchange_day(regular: &[(usize, usize)], opening: Opening) -> Vec<Minute> {
    let (first, last) = (regular[0].0 as f64, regular[regular.len() - 1].1 as f64);
    let quiet = match opening {
        Opening::AsListed => Minute { flow: 0.05, variance: 0.08 },
        Opening::Always => Minute { flow: 0.55, variance: 0.40 },
    };
    let minute = |m: usize| {
        let at = m as f64;
        let Some(&(open, _)) = regular.iter().find(|&&(open, close)| open <= m && m < close) else {
            let near = exp(-(first - at).abs() / 45.0) + 0.6 * exp(-(at - last).abs() / 30.0);
            return Minute { flow: quiet.flow * (1.0 + 1.5 * near), variance: quiet.variance * (1.0 + near) };
        };
        let (since_open, to_close) = (at - first, last - at);
        let after_lunch = if open as f64 > first { exp(-(at - open as f64) / 8.0) } else { 0.0 };
        Minute {
            flow: 0.62
                + 1.5 * exp(-since_open / 10.0)
                + 0.7 * exp(-since_open / 60.0)
                + 0.5 * after_lunch
                + 1.3 * exp(-to_close / 12.0),
            variance: 0.62
                + 2.2 * exp(-since_open / 10.0)
                + 0.9 * exp(-since_open / 60.0)
                + 0.5 * after_lunch
                + 0.5 * exp(-to_close / 15.0),
        }
    };
    (0..MINUTES).map(minute).collect()
}

/// A market without an open or a close: a broad swell around 15:00 of its day.
fn round_the_clock() -> Vec<Minute> {
    let minute = |m: usize| {
        let hours_off = (m as f64 / 60.0 - 15.0).abs();
        let hours_off = hours_off.min(24.0 - hours_off);
        let swell = exp(-(hours_off * hours_off) / 18.0);
        Minute { flow: 0.7 + 0.9 * swell, variance: 0.65 + 0.9 * swell }
    };
    (0..MINUTES).map(minute).collect()
}
