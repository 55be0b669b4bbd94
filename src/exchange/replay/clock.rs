//! The time of a replay: recorded time that runs at a multiple of the wall's.
//!
//! Plain arithmetic; whoever owns the replay reads the wall clock and passes it in. Pause is
//! a speed of zero; skipping a gap is a jump.

use crate::domain::Time;

/// Recorded time as a function of wall time. Its owner reads the wall clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReplayClock {
    wall: Time,
    recorded: Time,
    speed: f64,
}

impl ReplayClock {
    /// At wall time `wall` it is `recorded`, from then on `speed` times as fast (0 stands still).
    #[must_use]
    pub fn new(wall: Time, recorded: Time, speed: f64) -> Self {
        Self { wall, recorded, speed: speed.max(0.0) }
    }

    /// The recorded time at wall time `wall`; never before the last set point.
    #[must_use]
    pub fn at(&self, wall: Time) -> Time {
        let passed = (wall.0 - self.wall.0).max(0) as f64 * self.speed;
        Time(self.recorded.0.saturating_add(passed as i64))
    }

    /// Recorded seconds in a second of the wall.
    #[must_use]
    pub fn speed(&self) -> f64 {
        self.speed
    }

    /// Runs at another speed from now on.
    pub fn set_speed(&mut self, wall: Time, speed: f64) {
        *self = Self::new(wall, self.at(wall), speed);
    }

    /// Goes to `recorded` now, as after [`super::Replay::skip_gap`].
    pub fn jump(&mut self, wall: Time, recorded: Time) {
        *self = Self::new(wall, recorded, self.speed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_stands_and_jumps() {
        let at = Time::from_seconds;
        let mut clock = ReplayClock::new(at(100), at(5_000), 10.0);
        assert_eq!(clock.at(at(103)), at(5_030));
        assert_eq!(clock.at(at(90)), at(5_000));
        clock.set_speed(at(103), 0.0);
        assert_eq!(clock.at(at(200)), at(5_030));
        clock.set_speed(at(200), 2.0);
        clock.jump(at(201), at(9_000));
        assert_eq!(clock.at(at(202)), at(9_002));
    }
}
