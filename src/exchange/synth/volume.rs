//! How much trades: whole lots per session, minute and second, each level summing to
//! the one above exactly.
//!
//! Volume is decided from the top down. A session's lots follow the instrument's usual
//! day, its agitation and how far the price went; minutes share them out by the usual
//! shape and by how far each moved; seconds share a minute's. Rounding never loses a
//! lot, because shares are differences of a rounded running total.

use super::grid::Grid;
use super::path::{Path, SECONDS, Seconds, Walk};
use super::rng::{hash, mix, normal, unit};
use super::timeline::{Stretch, signed};
use crate::exchange::catalogue::Listing;

/// A minute trades at least once for each of open, high, low and close.
const LEAST_OF_MINUTE: i64 = 4;

/// The volume of one instrument.
#[derive(Debug, Clone)]
pub struct Volume {
    /// Lots of an average regular minute.
    per_minute: f64,
    /// Trades of an average regular second.
    per_second: f64,
    seed: u64,
}

impl Volume {
    /// The volume of `listing` in the market of `seed`.
    pub fn new(listing: &Listing, path: &Path, grid: &Grid, seed: u64) -> Self {
        let per_minute = grid.lots_of(listing.volume) / path.shape().regular_minutes();
        Self { per_minute, per_second: listing.trades, seed: mix(seed) }
    }

    /// Lots of an average regular minute.
    pub fn per_minute(&self) -> f64 {
        self.per_minute
    }

    /// Lots of the session that `stretches` of `walk` make up.
    pub fn session(&self, path: &Path, walk: &Walk, stretches: &[Stretch]) -> i64 {
        let (Some(first), Some(last)) = (stretches.first(), stretches.last()) else { return 0 };
        let steps: usize = stretches.iter().map(|s| s.steps).sum();
        let flow: f64 = stretches.iter().map(|s| path.shape().flow_of(s)).sum();
        let (from, to) = (first.first, last.first + last.steps);
        let variance = walk.variances[to] - walk.variances[from];
        let moved = (walk.points[to] - walk.points[from]).abs() / variance.sqrt().max(1e-12);
        let luck = libm::exp(0.22 * normal(hash(self.seed, first.start.0 as u64)));
        let agitation = path.agitation(walk.interval.index).sqrt();
        let lots = self.per_minute * flow * (0.75 + 0.3 * moved.min(4.0)) * luck * agitation;
        (lots.round() as i64).max(LEAST_OF_MINUTE * signed(steps))
    }

    /// Shares the lots of a session out to its minutes.
    pub fn minutes(&self, path: &Path, walk: &Walk, stretches: &[Stretch], lots: &mut Vec<i64>) {
        let total = self.session(path, walk, stretches);
        let mut weights = Vec::new();
        for stretch in stretches {
            for minute in 0..stretch.steps {
                let step = stretch.first + minute;
                let moved = walk.points[step + 1] - walk.points[step];
                let moved = (moved * moved / walk.variance(step).max(1e-18)).sqrt();
                let luck = unit(hash(self.seed, (stretch.start.0 as u64).wrapping_add(minute as u64)));
                let flow = path.shape().flow(stretch.local_minute + minute);
                weights.push(flow * (0.4 + 0.6 * moved) * (0.5 + luck));
            }
        }
        share(total, LEAST_OF_MINUTE, &weights, lots);
    }

    /// Shares the lots of one minute out to its seconds; seconds without trade get none.
    /// Those in which the minute opens, closes and turns trade always.
    pub fn seconds(&self, path: &Path, walk: &Walk, step: usize, of: &Seconds, lots: i64) -> [i64; SECONDS] {
        let mut weights = [0.0; SECONDS];
        let mut left = lots;
        for turn in [0, SECONDS - 1, of.high_at.min(SECONDS - 1), of.low_at.min(SECONDS - 1)] {
            left -= i64::from(weights[turn] == 0.0);
            weights[turn] = 0.5;
        }
        let start = walk.interval.start().0 as u64;
        let seed = hash(self.seed ^ start, step as u64);
        let stretch = walk.interval.stretches.iter().rfind(|s| s.first <= step);
        let flow = stretch.map_or(1.0, |s| path.shape().flow(s.local_minute + step - s.first));
        let chance = 1.0 - libm::exp(-self.per_second * flow);
        for (second, weight) in weights.iter_mut().enumerate() {
            let word = hash(seed, second as u64);
            let trades = left > 0 && unit(word) < chance;
            if trades && *weight == 0.0 {
                left -= 1;
            }
            if trades || *weight > 0.0 {
                *weight = 0.3 + unit(mix(word));
            }
        }
        let mut shared = Vec::with_capacity(SECONDS);
        let active: Vec<f64> = weights.iter().copied().filter(|&w| w > 0.0).collect();
        share(lots, 1, &active, &mut shared);
        let mut shared = shared.into_iter();
        weights.map(|weight| if weight > 0.0 { shared.next().unwrap_or(0) } else { 0 })
    }
}

/// Appends to `lots` one share of `total` per weight: `least` each, the rest by weight.
pub fn share(total: i64, least: i64, weights: &[f64], lots: &mut Vec<i64>) {
    let spare = (total - least * signed(weights.len())).max(0) as f64;
    let sum: f64 = weights.iter().sum();
    let scale = if sum > 0.0 { spare / sum } else { 0.0 };
    let (mut running, mut given) = (0.0, 0);
    for (place, weight) in weights.iter().enumerate() {
        running += weight * scale;
        let until =
            if place + 1 == weights.len() { spare as i64 } else { (running as i64).min(spare as i64) };
        lots.push(least + until - given);
        given = until;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn shares_sum_to_the_whole(
            weights in prop::collection::vec(0.0f64..5.0, 1..80),
            least in 0i64..5,
            spare in 0i64..10_000_000,
        ) {
            let total = least * signed(weights.len()) + spare;
            let mut lots = Vec::new();
            share(total, least, &weights, &mut lots);
            prop_assert_eq!(lots.len(), weights.len());
            prop_assert_eq!(lots.iter().sum::<i64>(), total);
            prop_assert!(lots.iter().all(|&l| l >= least));
        }
    }
}
