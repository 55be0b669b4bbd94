//! Randomness that is the same on every machine: integer mixing, no global state.
//!
//! Two uses. [`hash`] turns coordinates (seed, day, minute …) into a number, so a
//! point of the price path can be computed alone, in any order. [`Rng`] is a stream
//! for the agents. Both rest on the finaliser of `SplitMix64` (Steele, Lea, Flood,
//! "Fast splittable pseudorandom number generators", 2014). Floating point here is
//! only `+ - * /` and what `libm` computes in software, so results match bit for bit.

/// The step of `SplitMix64`: 2^64 divided by the golden ratio, odd.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// Spreads every input bit over the whole word.
#[inline]
pub fn mix(word: u64) -> u64 {
    let z = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The number at coordinate `key` of the field `seed`.
#[inline]
pub fn hash(seed: u64, key: u64) -> u64 {
    mix(seed.wrapping_add(key.wrapping_add(1).wrapping_mul(GOLDEN)))
}

/// The number of a name within the field `seed`.
pub fn hash_name(seed: u64, name: &str) -> u64 {
    name.bytes().fold(hash(seed, name.len() as u64), |h, byte| hash(h, u64::from(byte)))
}

/// A number in `[0, 1)` from the upper bits of a hash.
#[inline]
pub fn unit(word: u64) -> f64 {
    (word >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// A roughly normal number (mean 0, variance 1, within ±2.45) from a hash: the sum of its
/// two halves, which is triangular. Enough, because prices and sizes add many of them up,
/// and cheap, because history is made of little else. Fat tails come from volatility that
/// clusters, not from single wild draws.
#[inline]
pub fn normal(word: u64) -> f64 {
    const MIDDLE: f64 = u32::MAX as f64;
    /// One over the standard deviation of the sum: each half has 2^64 / 12.
    const SCALE: f64 = 2.449_489_742_783_178 / 4_294_967_296.0;
    let (upper, lower) = ((word >> 32) as u32, word as u32);
    (f64::from(upper) + f64::from(lower) - MIDDLE) * SCALE
}

/// A stream of numbers.
#[derive(Debug, Clone)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// The stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: mix(seed) }
    }

    /// The next number.
    #[inline]
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }

    /// In `[0, 1)`.
    #[inline]
    pub fn unit(&mut self) -> f64 {
        unit(self.next())
    }

    /// Whether an event of this probability happens.
    #[inline]
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// In `0..bound`; zero for a bound of zero.
    #[inline]
    pub fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.next()) * bound as u128) >> 64) as usize
    }

    /// Mean 0, variance 1.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        normal(self.next())
    }

    /// Mean 1: waiting times.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.unit())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_pinned_for_ever() {
        let mut rng = Rng::new(42);
        let first: Vec<u64> = (0..3).map(|_| rng.next()).collect();
        assert_eq!(first, PINNED);
        assert_eq!(hash_name(1, "AAPL@NASDAQ"), PINNED_NAME);
    }

    const PINNED: [u64; 3] = [0x989B_3F13_0A06_3869, 0x290D_B4BF_2570_DED7, 0x2A99_0BE6_3A01_B2D5];
    const PINNED_NAME: u64 = 0x9788_6E82_6AF5_5260;

    #[test]
    fn normals_have_mean_zero_and_variance_one() {
        let mut rng = Rng::new(7);
        let draws: Vec<f64> = (0..100_000).map(|_| rng.normal()).collect();
        let mean = draws.iter().sum::<f64>() / 1e5;
        let variance = draws.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.02, "{mean}");
        assert!((variance - 1.0).abs() < 0.02, "{variance}");
    }

    #[test]
    fn waiting_times_have_mean_one() {
        let mut rng = Rng::new(7);
        let mean = (0..100_000).map(|_| rng.exponential()).sum::<f64>() / 1e5;
        assert!((mean - 1.0).abs() < 0.02, "{mean}");
    }

    #[test]
    fn below_stays_below_and_reaches_all() {
        let mut rng = Rng::new(3);
        let mut seen = [0; 5];
        for _ in 0..1_000 {
            seen[rng.below(5)] += 1;
        }
        assert!(seen.iter().all(|&n| n > 120), "{seen:?}");
        assert_eq!(rng.below(0), 0);
    }
}
