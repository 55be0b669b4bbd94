//! Hashed normals that instruments may share, and the bridge built from them.

use std::sync::LazyLock;

use libm::log;

use crate::exchange::synth::rng::{hash, normal};

/// Own movement and at most two shared factors.
const SOURCES: usize = 3;

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
        let mut noise = Self { own, seeds: [(own, 1.0); SOURCES], used: 1 };
        let mut left = 1.0;
        for (slot, (seed, weight)) in noise.seeds[1..].iter_mut().zip(shared) {
            *slot = (seed, weight);
            left -= weight * weight;
            noise.used += 1;
        }
        noise.seeds[0].1 = f64::max(left, 0.0).sqrt();
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
        let before = variances[middle] - variances[low];
        let after = variances[high] - variances[middle];
        let whole = before + after;
        let (share, spread) =
            if whole > 0.0 { (before / whole, (before * after / whole).sqrt()) } else { (0.5, 0.0) };
        let straight = points[low] + (points[high] - points[low]) * share;
        points[middle] = straight + spread * self.normal(middle as u64);
        self.bridge(points, variances, low, middle);
        self.bridge(points, variances, middle, high);
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
