//! Hashed normals that instruments may share, and the bridge built from them.
//!
//! An instrument's movement is a weighted sum of sources: factors that it shares with
//! others (the same seed gives the same shocks at the same place) and what is its own.
//! Everything is addressed by field and place, so it can be computed in any order.

use std::sync::LazyLock;

use libm::{exp, log};

use crate::exchange::synth::rng::{hash, normal};

/// Own movement and at most two shared factors.
const SOURCES: usize = 3;

/// Share of the variance below which an instrument moves by its shared factors alone.
const NOTHING_OF_ITS_OWN: f64 = 1e-3;

/// The sources of an instrument's movement.
#[derive(Debug, Clone)]
pub struct Noise {
    own: u64,
    seeds: [(u64, f64); SOURCES],
    used: usize,
}

/// [`Noise`] at one place of one field: a row of normals.
#[derive(Debug, Clone)]
pub struct Source {
    seeds: [(u64, f64); SOURCES],
    used: usize,
}

impl Noise {
    /// `shared` are seeds and weights of factors; what their squares leave of 1 is `own`.
    pub fn new(own: u64, shared: impl Iterator<Item = (u64, f64)>) -> Self {
        let mut noise = Self { own, seeds: [(own, 1.0); SOURCES], used: 0 };
        let mut left = 1.0;
        for (slot, (seed, weight)) in noise.seeds[..SOURCES - 1].iter_mut().zip(shared) {
            *slot = (seed, weight);
            left -= weight * weight;
            noise.used += 1;
        }
        // What would not be seen is not computed.
        if left > NOTHING_OF_ITS_OWN {
            noise.seeds[noise.used] = (own, left.sqrt());
            noise.used += 1;
        }
        noise
    }

    /// The row of `field` at `place`.
    pub fn source(&self, field: u64, place: i64) -> Source {
        let seeds = self.seeds.map(|(seed, weight)| (hash(hash(seed, field), place as u64), weight));
        Source { seeds, used: self.used }
    }

    /// A seed of the instrument's own for `field` at `place`.
    pub fn own(&self, field: u64, place: i64) -> u64 {
        hash(hash(self.own, field), place as u64)
    }
}

impl Source {
    /// The row below entry `place` of this one.
    pub fn below(&self, place: u64) -> Self {
        Self { seeds: self.seeds.map(|(seed, weight)| (hash(seed, place), weight)), used: self.used }
    }

    /// Entry `place`: mean 0, variance 1.
    #[inline]
    pub fn normal(&self, place: u64) -> f64 {
        let mut sum = 0.0;
        for &(seed, weight) in &self.seeds[..self.used] {
            sum += weight * normal(hash(seed, place));
        }
        sum
    }

    /// Fills `points` strictly between `low` and `high` with a Brownian bridge, whose
    /// clock is `variances` (variance before each point).
    pub fn bridge(&self, points: &mut [f64], variances: &[f64], low: usize, high: usize) {
        if high - low < 2 {
            return;
        }
        let middle = low.midpoint(high);
        self.pin(points, variances, [low, middle, high]);
        self.bridge(points, variances, low, middle);
        self.bridge(points, variances, middle, high);
    }

    /// One point of the bridge from `low` to `high`, given these two.
    #[inline]
    pub fn pin(&self, points: &mut [f64], variances: &[f64], [low, middle, high]: [usize; 3]) {
        let before = variances[middle] - variances[low];
        let after = variances[high] - variances[middle];
        if middle == high {
            return;
        }
        let share = if before > 0.0 { before / (before + after) } else { 0.0 };
        let straight = points[low] + (points[high] - points[low]) * share;
        points[middle] = straight + (after * share).sqrt() * self.normal(middle as u64);
    }
}

/// Days over which agitation wanders, and how far, in logarithm.
const OCTAVES: [(i64, f64); 3] = [(48, 0.55), (12, 0.38), (3, 0.30)];
/// Brings the mean of the agitation to 1: half its logarithm's variance, which is two
/// thirds of the octaves' squares because each is interpolated.
const LEVEL: f64 = 0.18;

/// How much more or less than usual the days move: noise of three paces, interpolated
/// between hashed normals, so that quiet weeks and wild ones follow each other.
#[derive(Debug)]
pub struct Agitation {
    source: Source,
    /// Of each octave: which knots it stands between, and their values.
    knots: [Option<(i64, f64, f64)>; OCTAVES.len()],
}

impl Agitation {
    /// The agitation of the instrument with this noise.
    pub fn new(noise: &Noise) -> Self {
        Self { source: noise.source(super::field::DAY_VOLATILITY, 0), knots: [None; OCTAVES.len()] }
    }

    /// Of one interval, 1 on average. Fast for rising intervals.
    pub fn at(&mut self, interval: i64) -> f64 {
        let mut log = -LEVEL;
        for ((scale, weight), knots) in OCTAVES.into_iter().zip(&mut self.knots) {
            let place = interval.div_euclid(scale);
            let (from, to) = match *knots {
                Some((known, from, to)) if known == place => (from, to),
                _ => {
                    let knot = |k: i64| self.source.normal((k as u64) ^ ((scale as u64) << 48));
                    (knot(place), knot(place + 1))
                }
            };
            *knots = Some((place, from, to));
            let fraction = interval.rem_euclid(scale) as f64 / scale as f64;
            log += weight * (from + (to - from) * fraction);
        }
        exp(log)
    }
}

/// Entries of the table of exponentials.
const TABLE: usize = 1024;

/// The largest value of [`exponential`].
pub const MAX_EXPONENTIAL: f64 = 7.63;

static EXPONENTIALS: LazyLock<Vec<f64>> =
    LazyLock::new(|| (0..TABLE).map(|i| -log((i as f64 + 0.5) / TABLE as f64)).collect());

/// An exponential number (mean 1) from the lowest ten bits of a hash. A table, because
/// a logarithm per bar would be what history costs most.
#[inline]
pub fn exponential(word: u64) -> f64 {
    EXPONENTIALS[(word % TABLE as u64) as usize]
}
