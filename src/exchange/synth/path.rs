//! The fundamental price: a deterministic function of (seed, instrument, time).
//!
//! History and the live market look at the same function, so they are one path, and
//! a restart continues it. It is a Brownian bridge by midpoint displacement, refined
//! from years to seconds; every midpoint's displacement is a hash of where it stands,
//! so any stretch can be computed alone:
//!
//! 1. *anchors*, every 1,024 daily closes: a normal draw around the configured price,
//!    so that prices stay plausible over decades; the one at the epoch is that price;
//! 2. *closes* between two anchors, by bridge ([`Path::closes`]);
//! 3. *steps* (minutes and closed hours) between two closes, by bridge over the
//!    variance of each step ([`Path::walk`]);
//! 4. *seconds* between two minutes ([`Walk::seconds`]).
//!
//! A minute's high and low are drawn from the law of a Brownian bridge's extremes, and
//! its seconds are bent to reach exactly them, so a bar needs no seconds.
//!
//! Volatility clusters: slow fields of hashed noise scale the variance of days and of
//! quarter hours. Prices here are natural logarithms.

mod noise;

use std::sync::Arc;

use libm::{exp, log};

use super::grid::to_f64;
use super::rng::{hash, hash_name};
use super::shape::Shape;
use super::timeline::{Interval, Timeline, signed};
use crate::domain::AssetClass;
use crate::exchange::catalogue::{Catalogue, Listing};
use noise::{Agitation, Noise, Source};

/// Daily closes between two anchors.
const BLOCK: i64 = 1024;
/// Steps between two values of the field of the hour.
const KNOT: usize = 16;
/// Seconds of a minute.
pub const SECONDS: usize = 60;

/// Fields of noise that must not repeat each other.
mod field {
    pub const ANCHOR: u64 = 1;
    pub const CLOSE: u64 = 2;
    pub const STEP: u64 = 3;
    pub const SECOND: u64 = 4;
    pub const EXTREME: u64 = 5;
    pub const DAY_VOLATILITY: u64 = 6;
    pub const HOUR_VOLATILITY: u64 = 7;
}

/// How much of an interval is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Every step.
    All,
    /// The steps of regular sessions.
    Regular,
}

/// The price of one instrument as a function of time.
#[derive(Debug, Clone)]
pub struct Path {
    timeline: Arc<Timeline>,
    shape: Arc<Shape>,
    noise: Noise,
    log_price: f64,
    /// Variance of a usual interval.
    variance: f64,
    /// Growth of an interval.
    drift: f64,
    /// Standard deviation of the anchors.
    swing: f64,
}

/// Daily closes from one anchor to the next.
#[derive(Debug, Clone, Default)]
pub struct Closes {
    block: i64,
    logs: Vec<f64>,
}

/// One interval's steps. Buffers are kept from one to the next.
#[derive(Debug, Clone, Default)]
pub struct Walk {
    /// Its stretches.
    pub interval: Interval,
    /// Price before each step, and after the last.
    pub points: Vec<f64>,
    /// Variance of all steps before each step, and of all of them.
    pub variances: Vec<f64>,
    extremes: u64,
    seconds: Option<Source>,
}

/// The seconds of one minute.
#[derive(Debug, Clone)]
pub struct Seconds {
    /// Price at each second's start, and at the minute's end.
    pub points: [f64; SECONDS + 1],
    /// Where the minute's high is reached.
    pub high_at: usize,
    /// Where the minute's low is reached.
    pub low_at: usize,
}

impl Path {
    /// The path of `listing` in the market of `seed`.
    pub fn new(catalogue: &Catalogue, listing: &Listing, timeline: Arc<Timeline>, seed: u64) -> Self {
        let own = hash_name(seed, &listing.instrument.key());
        let shared = listing.factors.iter().map(|(name, weight)| (hash_name(seed ^ 1, name), *weight));
        let per_year = timeline.intervals_per_year();
        let growth = match listing.instrument.class {
            AssetClass::Share => 0.06,
            AssetClass::Crypto => 0.14,
            AssetClass::Fx | AssetClass::Future | AssetClass::Option => 0.0,
        };
        Self {
            shape: Arc::new(Shape::new(&listing.listed_hours, catalogue.opening)),
            noise: Noise::new(own, shared),
            log_price: log(to_f64(listing.price.0)),
            variance: listing.volatility * listing.volatility / per_year,
            drift: growth / per_year,
            swing: (0.9 * listing.volatility).min(0.45),
            timeline,
        }
    }

    /// Its business time.
    pub fn timeline(&self) -> &Arc<Timeline> {
        &self.timeline
    }

    /// Its usual day.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// How agitated an interval is: 1 on average.
    pub fn agitation(&self, interval: i64) -> f64 {
        Agitation::new(&self.noise).at(interval)
    }

    /// The close of an interval; `closes` remembers the block that it is in.
    pub fn close(&self, interval: i64, closes: &mut Closes) -> f64 {
        let block = interval.div_euclid(BLOCK);
        if closes.logs.is_empty() || closes.block != block {
            *closes = self.closes(block);
        }
        closes.logs[interval.rem_euclid(BLOCK) as usize]
    }

    fn closes(&self, block: i64) -> Closes {
        let first = block * BLOCK;
        let mut agitation = Agitation::new(&self.noise);
        let (mut variances, mut sum) = (vec![0.0], 0.0);
        for step in 1..=BLOCK {
            sum += self.variance * agitation.at(first + step);
            variances.push(sum);
        }
        let mut logs = vec![0.0; variances.len()];
        logs[0] = self.anchor(block);
        logs[BLOCK as usize] = self.anchor(block + 1);
        self.noise.source(field::CLOSE, block).bridge(&mut logs, &variances, 0, BLOCK as usize);
        for (step, log) in logs.iter_mut().enumerate() {
            *log += self.log_price + self.drift * (first + signed(step)) as f64;
        }
        Closes { block, logs }
    }

    fn anchor(&self, block: i64) -> f64 {
        if block == 0 { 0.0 } else { self.swing * self.noise.source(field::ANCHOR, 0).normal(block as u64) }
    }

    /// Computes an interval into `walk`: all its steps, or only those of regular sessions
    /// (the others are then straight). One outside the timeline has no steps.
    pub fn walk(&self, index: i64, detail: Detail, closes: &mut Closes, walk: &mut Walk) {
        walk.interval = self.timeline.interval(index);
        let steps = walk.interval.steps;
        self.variances(walk, self.variance * self.agitation(index));
        walk.points.clear();
        walk.points.resize(steps + 1, 0.0);
        walk.points[0] = self.close(index - 1, closes);
        walk.points[steps] = self.close(index, closes);
        let source = self.noise.source(field::STEP, index);
        // First where each activity ends, then what lies inside, so that one can be left out.
        // (The days of a market that never closes are one activity: wherever its midnight is,
        // its path is refined at the same points.)
        let mut from = 0;
        for same in walk.interval.stretches.chunk_by(|a, b| a.activity == b.activity) {
            let until = from + same.iter().map(|s| s.steps).sum::<usize>();
            source.pin(&mut walk.points, &walk.variances, [from, until, steps]);
            if detail == Detail::All || same[0].is_regular() {
                source.bridge(&mut walk.points, &walk.variances, from, until);
            }
            from = until;
        }
        walk.extremes = self.noise.own(field::EXTREME, index);
        walk.seconds = Some(self.noise.source(field::SECOND, index));
    }

    fn variances(&self, walk: &mut Walk, total: f64) {
        let source = self.noise.source(field::HOUR_VOLATILITY, walk.interval.index);
        let knot = |k: usize| {
            let slow = source.normal((k / 6) as u64 | 1 << 32);
            exp(0.45 * slow + 0.40 * source.normal(k as u64))
        };
        walk.variances.clear();
        walk.variances.push(0.0);
        for stretch in &walk.interval.stretches {
            self.shape.push_variances(stretch, &mut walk.variances);
        }
        let (mut next, mut sum) = (knot(0), 0.0);
        for (place, steps) in walk.variances[1..].chunks_mut(KNOT).enumerate() {
            let mut clustered = next;
            next = knot(place + 1);
            let slope = (next - clustered) / KNOT as f64;
            for variance in steps {
                sum += *variance * clustered;
                *variance = sum;
                clustered += slope;
            }
        }
        let scale = if sum > 0.0 { total / sum } else { 0.0 };
        for variance in &mut walk.variances {
            *variance *= scale;
        }
    }
}

/// Stretches what lies beyond both ends of `points`, upwards (`sign` 1) or downwards
/// (-1), so that the farthest point is exactly `extreme`; returns where that is.
fn bend(points: &mut [f64; SECONDS + 1], extreme: f64, sign: f64) -> usize {
    let (first, last) = (points[0] * sign, points[SECONDS] * sign);
    let base = first.max(last);
    let reach = extreme * sign - base;
    if reach <= 0.0 {
        return if first >= last { 0 } else { SECONDS };
    }
    let mut farthest = 1;
    for at in 2..SECONDS {
        if points[at] * sign > points[farthest] * sign {
            farthest = at;
        }
    }
    let overshoot = points[farthest] * sign - base;
    if overshoot > 0.0 {
        let stretch = reach / overshoot;
        for point in &mut points[1..SECONDS] {
            let beyond = *point * sign - base;
            if beyond > 0.0 {
                *point = (base + (beyond * stretch).min(reach)) * sign;
            }
        }
    }
    points[farthest] = extreme;
    farthest
}

impl Walk {
    /// Variance of one step.
    pub fn variance(&self, step: usize) -> f64 {
        self.variances[step + 1] - self.variances[step]
    }

    /// Low and high of one step: extremes of a Brownian bridge between its two ends, each
    /// from its own marginal law, `(a + b ± sqrt((b - a)² + 2 s² E)) / 2` with E exponential
    /// (Karatzas and Shreve, "Brownian Motion and Stochastic Calculus", 2.8).
    pub fn extremes(&self, step: usize) -> (f64, f64) {
        let (a, b) = (self.points[step], self.points[step + 1]);
        let (up, down) = self.draws(step);
        let reach = |draw: f64| ((b - a) * (b - a) + 2.0 * self.variance(step) * draw).sqrt();
        ((a + b - reach(down)) * 0.5, (a + b + reach(up)) * 0.5)
    }

    /// Low and high of a run of steps: the extremes of [`Self::extremes`], but
    /// computing only those that can matter.
    pub fn extremes_of(&self, steps: std::ops::Range<usize>) -> (f64, f64) {
        let ends = &self.points[steps.start..=steps.end];
        let mut low = ends.iter().copied().fold(f64::INFINITY, f64::min);
        let mut high = ends.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        for step in steps {
            let (a, b) = (self.points[step], self.points[step + 1]);
            let distance = (b - a).abs();
            let most = 2.0 * self.variance(step) * noise::MAX_EXPONENTIAL;
            let can_reach = |gap: f64| most > 4.0 * gap * (gap + distance);
            if can_reach(high - a.max(b)) || can_reach(a.min(b) - low) {
                let (step_low, step_high) = self.extremes(step);
                low = low.min(step_low);
                high = high.max(step_high);
            }
        }
        (low, high)
    }

    /// The seconds of the minute that is step `step` of this interval.
    pub fn seconds(&self, step: usize) -> Seconds {
        let mut points = [0.0; SECONDS + 1];
        (points[0], points[SECONDS]) = (self.points[step], self.points[step + 1]);
        let each = self.variance(step) / SECONDS as f64;
        let mut variances = [0.0; SECONDS + 1];
        for (second, variance) in variances.iter_mut().enumerate() {
            *variance = each * second as f64;
        }
        if let Some(source) = &self.seconds {
            source.below(step as u64).bridge(&mut points, &variances, 0, SECONDS);
        }
        let (low, high) = self.extremes(step);
        let (high_at, low_at) = (bend(&mut points, high, 1.0), bend(&mut points, low, -1.0));
        Seconds { points, high_at, low_at }
    }

    fn draws(&self, step: usize) -> (f64, f64) {
        let word = hash(self.extremes, step as u64);
        (noise::exponential(word), noise::exponential(word >> 32))
    }
}
