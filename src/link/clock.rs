//! The one clock that both worlds read: UTC nanoseconds that never go backwards.
//!
//! Wall time is read once, at the start; from then on it advances with the
//! monotonic clock, so that a correction of the system's time can neither reorder
//! messages nor make a latency negative. Tests and simulations hold a manual one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use crate::domain::Time;

/// A source of time; clones tell the same time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System { start: Instant, wall: Time },
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn system() -> Self {
        let wall = Time::from_timestamp(jiff::Timestamp::now());
        Self(Source::System { start: Instant::now(), wall })
    }

    /// Stands still at `start` until [`Self::set`].
    #[must_use]
    pub fn manual(start: Time) -> Self {
        Self(Source::Manual(Arc::new(AtomicI64::new(start.0))))
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Time {
        match &self.0 {
            Source::System { start, wall } => *wall + start.elapsed(),
            Source::Manual(now) => Time(now.load(Ordering::Acquire)),
        }
    }

    /// Moves a manual clock forward to `to`; a system clock takes no orders.
    pub fn set(&self, to: Time) {
        if let Source::Manual(now) = &self.0 {
            now.fetch_max(to.0, Ordering::AcqRel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_never_goes_back() {
        let clock = Clock::manual(Time(100));
        let twin = clock.clone();
        clock.set(Time(150));
        clock.set(Time(120));
        assert_eq!(twin.now(), Time(150));
    }

    #[test]
    fn system_time_does_not_run_backwards() {
        let clock = Clock::system();
        let first = clock.now();
        assert!(clock.now() >= first);
        assert!(first > Time::from_seconds(1_700_000_000));
    }
}
