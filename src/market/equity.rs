//! Equity over time: one value a minute, thinner the older it is, and the gaps in between.
//!
//! Times only rise: a value takes the place of all that claim to be as late or later, as they do once a clock
//! was set back. A gap is never lost by thinning: whatever follows one begins a run of its own.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::domain::time::{DAY, HOUR, MINUTE};
use crate::domain::{AccountId, Currency, Money, Time};

/// Values of one account that are kept in memory. What would be more is thinned, then the oldest go.
pub const MOST_SAMPLES: usize = 50_000;
/// Up to this age there is a value for each minute, in nanoseconds.
const MINUTES_FOR: i64 = 2 * DAY;
/// Up to this age there is one for each five minutes; of what is older, for each hour.
const FIVE_MINUTES_FOR: i64 = 60 * DAY;

/// The equity of an account at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// When.
    pub time: Time,
    /// How much, in the base currency of then.
    pub equity: Money,
    /// Whether the value before it went before without a gap.
    pub follows: bool,
}

/// The values of one account, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Curve {
    samples: Vec<Sample>,
}

impl Curve {
    /// Adds the newest value. Those that claim to be as late or later go.
    pub fn add(&mut self, sample: Sample) {
        let earlier = self.samples.partition_point(|known| known.time < sample.time);
        self.samples.truncate(earlier);
        let is_alike = |last: &Sample| last.equity.currency == sample.equity.currency;
        let follows = sample.follows && self.samples.last().is_some_and(is_alike);
        self.samples.push(Sample { follows, ..sample });
        if self.samples.len() > MOST_SAMPLES {
            self.thin(sample.time);
            // A tenth at once, so that it is not all moved for each value.
            let excess = self.samples.len().saturating_sub(MOST_SAMPLES / 10 * 9);
            if self.samples.len() > MOST_SAMPLES {
                self.samples.drain(..excess);
            }
            self.begin();
        }
    }

    /// All values.
    #[must_use]
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// The values from an instant on.
    #[must_use]
    pub fn since(&self, from: Time) -> &[Sample] {
        &self.samples[self.samples.partition_point(|sample| sample.time < from)..]
    }

    /// Keeps of what is old the last value of each five minutes, or of each hour; and of each run at least one.
    pub fn thin(&mut self, now: Time) {
        let mut kept: Vec<Sample> = Vec::new();
        let mut filled = None;
        for &sample in &self.samples {
            let place = place(sample.time, now);
            match kept.last_mut() {
                Some(last) if sample.follows && place.is_some() && place == filled => {
                    *last = Sample { follows: last.follows, ..sample };
                }
                _ => kept.push(sample),
            }
            filled = place;
        }
        self.samples = kept;
    }

    /// Forgets what claims to be later than `now`; how much that was.
    pub fn end_at(&mut self, now: Time) -> usize {
        let earlier = self.samples.partition_point(|sample| sample.time <= now);
        let later = self.samples.len() - earlier;
        self.samples.truncate(earlier);
        later
    }

    /// What has nothing before it follows nothing.
    fn begin(&mut self) {
        if let Some(first) = self.samples.first_mut() {
            first.follows = false;
        }
    }
}

/// The five minutes or the hour that shares one value; `None` where each is kept.
fn place(time: Time, now: Time) -> Option<(i64, i64)> {
    let step = match now.0.saturating_sub(time.0) {
        age if age <= MINUTES_FOR => return None,
        age if age <= FIVE_MINUTES_FOR => 5 * MINUTE,
        _ => HOUR,
    };
    Some((step, time.0.div_euclid(step)))
}

/// The curves of a profile's accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Curves {
    curves: BTreeMap<AccountId, Arc<Curve>>,
}

impl Curves {
    /// Adds the newest value of an account.
    pub fn add(&mut self, account: &AccountId, sample: Sample) {
        let curve = self.curves.entry(account.clone()).or_default();
        Arc::make_mut(curve).add(sample);
    }

    /// Sets the curve of an account.
    pub fn put(&mut self, account: AccountId, curve: Curve) {
        self.curves.insert(account, Arc::new(curve));
    }

    /// The curve of an account.
    #[must_use]
    pub fn get(&self, account: &AccountId) -> Option<&Curve> {
        self.curves.get(account).map(|curve| &**curve)
    }

    /// Accounts that have one, by name.
    pub fn accounts(&self) -> impl Iterator<Item = &AccountId> {
        self.curves.keys()
    }
}

/// Of these values, those in one currency as runs without a gap, oldest first.
pub fn runs(samples: &[Sample], currency: Currency) -> impl Iterator<Item = &[Sample]> {
    let runs = samples.chunk_by(|_, next| next.follows);
    runs.filter(move |run| run.first().is_some_and(|first| first.equity.currency == currency))
}
