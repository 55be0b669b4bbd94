//! The one clock that both worlds read: UTC nanoseconds that never go backwards.
//!
//! It advances with the machine's monotonic clock, so that a small correction of the
//! system's time can neither reorder messages nor make a latency negative. That clock
//! stands still while the computer sleeps: when wall time turns out to be far ahead, this
//! one jumps after it. Whatever was known before is then as old as the sleep was long,
//! prices among it. It never jumps back. Tests and simulations hold a manual one.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use crate::domain::Time;
use crate::domain::time::SECOND;

/// How far wall time must be ahead before the clock jumps: more than what the system
/// corrects while a latency is measured, less than any sleep that matters to a price.
const JUMP: i64 = 2 * SECOND;

/// A source of time; clones tell the same time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System {
        start: Instant,
        /// The time at the start.
        wall: Time,
        /// How far that was from wall time, in nanoseconds: zero but in tests.
        shift: i64,
        /// Nanoseconds jumped since, in all.
        jumped: Arc<AtomicI64>,
    },
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's time.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn system() -> Self {
        let wall = Time::from_timestamp(jiff::Timestamp::now());
        Self(Source::System { start: Instant::now(), wall, shift: 0, jumped: Arc::default() })
    }

    /// Runs as [`Self::system`], but as if it were `at` now: a test is the same on every day.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn as_if(at: Time) -> Self {
        let shift = at.0.saturating_sub(Time::from_timestamp(jiff::Timestamp::now()).0);
        Self(Source::System { start: Instant::now(), wall: at, shift, jumped: Arc::default() })
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
            Source::System { start, wall, shift, jumped } => {
                // Wall time first: a thread that is held up between the two readings then
                // finds it behind, not ahead.
                let real = Time(Time::from_timestamp(jiff::Timestamp::now()).0.saturating_add(*shift));
                let steady = *wall + start.elapsed();
                let known = jumped.load(Ordering::Acquire);
                let ahead = caught_up(steady, real, known);
                let ahead =
                    if ahead > known { jumped.fetch_max(ahead, Ordering::AcqRel).max(ahead) } else { known };
                Time(steady.0.saturating_add(ahead))
            }
            Source::Manual(now) => Time(now.load(Ordering::Acquire)),
        }
    }

    /// How far it has jumped ahead since the start, in all: the time that the computer slept.
    #[must_use]
    pub fn jumped(&self) -> Duration {
        match &self.0 {
            Source::System { jumped, .. } => {
                Duration::from_nanos(jumped.load(Ordering::Acquire).unsigned_abs())
            }
            Source::Manual(_) => Duration::ZERO,
        }
    }

    /// Moves a manual clock forward to `to`; a system clock takes no orders.
    pub fn set(&self, to: Time) {
        if let Source::Manual(now) = &self.0 {
            now.fetch_max(to.0, Ordering::AcqRel);
        }
    }
}

/// How far a clock that shows `steady` and has jumped `known` nanoseconds so far must have
/// jumped when wall time is `real`: never less than before.
fn caught_up(steady: Time, real: Time, known: i64) -> i64 {
    let lag = real.0.saturating_sub(steady.0);
    if lag.saturating_sub(known) > JUMP { lag } else { known }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::HOUR;

    #[test]
    fn after_a_sleep_the_clock_jumps_to_wall_time() {
        // Lid closed at 18:00, opened at 08:00, then an hour's nap; steady time stood still.
        let (evening, morning) = (Time(18 * HOUR), Time(32 * HOUR));
        assert_eq!(caught_up(evening, morning, 0), 14 * HOUR);
        assert_eq!(caught_up(Time(19 * HOUR), Time(33 * HOUR), 14 * HOUR), 14 * HOUR);
        assert_eq!(caught_up(Time(19 * HOUR), Time(34 * HOUR), 14 * HOUR), 15 * HOUR);
    }

    #[test]
    fn a_small_correction_or_one_backwards_moves_nothing() {
        let now = Time(18 * HOUR);
        for wall in [Time(now.0 + JUMP), Time(now.0 - 1), Time(0), Time(i64::MIN)] {
            assert_eq!(caught_up(now, wall, 0), 0, "{wall:?}");
            assert_eq!(caught_up(now, wall, 5 * SECOND), 5 * SECOND, "{wall:?}");
        }
    }

    #[test]
    fn clones_jump_together() {
        let Clock(Source::System { start, wall, shift, jumped }) = Clock::system() else { unreachable!() };
        // As if the computer had slept for an hour since the start.
        let slept = Clock(Source::System { start, wall: Time(wall.0 - HOUR), shift, jumped });
        let twin = slept.clone();
        let now = slept.now();
        // The readings of wall time and steady time lie apart by however long this thread was
        // held up between them: a minute of slack says nothing about the jump of an hour.
        let minute = Duration::from_mins(1);
        assert!(now + minute >= wall);
        assert!(twin.jumped() + minute >= Duration::from_nanos(HOUR.unsigned_abs()));
    }

    #[test]
    fn a_manual_clock_never_goes_back() {
        let clock = Clock::manual(Time(100));
        let twin = clock.clone();
        clock.set(Time(150));
        clock.set(Time(120));
        assert_eq!(twin.now(), Time(150));
    }

    #[test]
    fn a_clock_of_another_day_runs_and_has_not_slept() {
        let clock = Clock::as_if(Time::from_seconds(1_000));
        let passed = clock.now().since(Time::from_seconds(1_000));
        assert!(passed < Duration::from_mins(10), "{passed:?}");
        assert_eq!(clock.jumped(), Duration::ZERO);
    }

    #[test]
    fn system_time_does_not_run_backwards() {
        let clock = Clock::system();
        let first = clock.now();
        assert!(clock.now() >= first);
        assert!(first > Time::from_seconds(1_700_000_000));
    }
}
