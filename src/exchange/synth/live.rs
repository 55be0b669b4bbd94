//! The path as the agents see it: the price now, and how fast it moves.
//!
//! For one crowd, which asks at rising times. It keeps the interval and the minute that it
//! stands in, so that asking again costs a few operations. Between the seconds of the path
//! the price moves straight; at each second's end it is the close of history's bar.

use std::sync::Arc;

use super::path::{Closes, Detail, Path, SECONDS, Seconds, Walk};
use crate::domain::Time;
use crate::domain::time::{MINUTE, SECOND};

/// A view of the path that moves forward with time. Any order of times gives right
/// answers; a rising one, fast ones.
#[derive(Debug, Clone)]
pub struct Live {
    path: Arc<Path>,
    closes: Closes,
    walk: Walk,
    /// The minute it stands in: its step and its seconds.
    minute: Option<(usize, Seconds)>,
}

/// The path at one instant.
#[derive(Debug, Clone, Copy)]
pub struct Fair {
    /// Natural logarithm of the price.
    pub log: f64,
    /// Standard deviation of its change over a second.
    pub deviation: f64,
    /// How much usually trades at this time of day, 1 being an average regular minute.
    pub flow: f64,
}

impl Live {
    /// A view that stands nowhere yet.
    pub fn new(path: Arc<Path>) -> Self {
        Self { path, closes: Closes::default(), walk: Walk::default(), minute: None }
    }

    /// The path at `t`. While the market is closed, its last price.
    pub fn at(&mut self, t: Time) -> Fair {
        if self.walk.interval.stretch_at(t).is_none() {
            let index = self.path.timeline().index_at(t);
            self.path.walk(index, Detail::All, &mut self.closes, &mut self.walk);
            self.minute = None;
        }
        let Some(stretch) = self.walk.interval.stretch_at(t).copied() else {
            let log = self.walk.points.last().copied().unwrap_or_default();
            return Fair { log, deviation: 0.0, flow: 0.0 };
        };
        if !stretch.is_trading() {
            return Fair { log: self.walk.points[stretch.first], deviation: 0.0, flow: 0.0 };
        }
        let since = t.0 - stretch.start.0;
        let step = stretch.first + ((since / MINUTE) as usize).min(stretch.steps - 1);
        let known = self.minute.take().filter(|(at, _)| *at == step);
        let (_, seconds) = self.minute.insert(known.unwrap_or_else(|| (step, self.walk.seconds(step))));
        let into = since % MINUTE;
        let second = ((into / SECOND) as usize).min(SECONDS - 1);
        let fraction = (into % SECOND) as f64 / SECOND as f64;
        let (from, to) = (seconds.points[second], seconds.points[second + 1]);
        Fair {
            log: from + (to - from) * fraction,
            deviation: (self.walk.variance(step) / SECONDS as f64).sqrt(),
            flow: self.path.shape().flow(stretch.local_minute + step - stretch.first),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timeframe;
    use crate::exchange::catalogue::{Catalogue, Opening};
    use crate::exchange::synth::History;

    #[test]
    fn the_live_price_is_the_close_of_each_second_of_history() {
        for opening in [Opening::AsListed, Opening::Always] {
            let catalogue = Catalogue::bundled(opening).unwrap();
            let history = History::new(&catalogue, 3).unwrap();
            let now = Time::from_timestamp("2026-11-20T20:17:23Z".parse().unwrap());
            for listing in catalogue.listings.iter().step_by(7) {
                let track = history.track(listing.instrument.id).unwrap();
                let mut live = Live::new(Arc::clone(&track.path));
                for bar in history.bars(listing.instrument.id, Timeframe::S1, now, 300) {
                    // Before the end: the end may be the close of the session.
                    let price = libm::exp(live.at(Time(bar.time.0 + SECOND - 1)).log);
                    let units = track.grid.nearest(price);
                    let close = track.grid.nearest(bar.close);
                    let tick = track.grid.tick(close);
                    assert!((units - close).abs() <= tick, "{} {}", listing.instrument.symbol, bar.time);
                }
            }
        }
    }

    #[test]
    fn a_closed_market_stands_still() {
        let catalogue = Catalogue::bundled(Opening::AsListed).unwrap();
        let history = History::new(&catalogue, 3).unwrap();
        let mut live =
            Live::new(Arc::clone(&history.track(catalogue.listings[0].instrument.id).unwrap().path));
        let friday = Time::from_timestamp("2026-11-21T01:00:00Z".parse().unwrap());
        let sunday = Time::from_timestamp("2026-11-22T15:00:00Z".parse().unwrap());
        let (before, after) = (live.at(Time(friday.0 - 1)), live.at(sunday));
        assert!((before.log - after.log).abs() < 1e-4 && after.deviation <= 0.0, "{before:?} {after:?}");
    }
}
