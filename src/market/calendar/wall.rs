//! The clock on the exchange's wall: local time, its jumps, and steps on it.
//!
//! The day may be shifted: with a day that begins at 17:00, this clock shows 00:00 when
//! the wall shows 17:00 and the date of the next day, and everything else is the same.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, civil};

use crate::domain::Time;
use crate::domain::time::{DAY, MINUTE, SECOND};

#[derive(Debug, Clone)]
pub(super) struct WallClock {
    zone: TimeZone,
    /// Minute, counted from local midnight, at which a day begins: 0 or negative.
    day_begins: i16,
}

impl WallClock {
    pub(super) fn new(zone: TimeZone, day_begins: i16) -> Self {
        Self { zone, day_begins }
    }

    #[cfg(test)]
    pub(super) fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The day that `t` falls into.
    pub(super) fn day_of(&self, t: Time) -> Date {
        let shown = Time(self.shown(t)).to_timestamp();
        let date = Offset::UTC.to_datetime(shown).date();
        // Some zones have set the clock back over midnight: the new date is shown, then
        // the old one again, then the new one. The day has begun all the same.
        match date.tomorrow() {
            Ok(next) if self.day_start(next) <= t => next,
            _ => date,
        }
    }

    pub(super) fn day_start(&self, day: Date) -> Time {
        self.instant(day, self.day_begins)
    }

    /// The start of the day after `day`.
    pub(super) fn day_after(&self, day: Date) -> Time {
        day.tomorrow().map_or(Time::MAX, |next| self.day_start(next))
    }

    /// The first instant at which the wall shows `minute` of `day` (counted from its midnight)
    /// or, where the clock jumps over that, later.
    pub(super) fn instant(&self, day: Date, minute: i16) -> Time {
        let midnight = day.to_datetime(civil::Time::midnight());
        midnight
            .checked_add(SignedDuration::from_mins(minute.into()))
            .and_then(|shown| self.first_showing(shown))
            .map_or(if day.year() < 0 { Time::MIN } else { Time::MAX }, Time::from_timestamp)
    }

    /// Start of the step of `step` nanoseconds that `t` is in. A step begins wherever the
    /// clock shows a multiple of `step`, or jumps to another multiple's range.
    pub(super) fn floor(&self, t: Time, step: i64) -> Time {
        let shown = self.shown(t);
        let start = Time(t.0.saturating_sub(shown.rem_euclid(step)));
        if self.offset(start) == self.offset(t) {
            return start;
        }
        let Some(jump) = self.last_jump(t) else { return start };
        let before = Time(jump.0 - 1);
        if self.shown(before).div_euclid(step) == shown.div_euclid(step) {
            self.floor(before, step)
        } else {
            jump
        }
    }

    /// Start of the step after the one that `t` is in.
    pub(super) fn step_end(&self, t: Time, step: i64) -> Time {
        let shown = self.shown(t);
        let left = |shown: i64| step - shown.rem_euclid(step);
        let end = Time(t.0.saturating_add(left(shown)));
        if self.offset(end) == self.offset(t) {
            return end;
        }
        let Some(jump) = self.next_jump(t) else { return end };
        let after = self.shown(jump);
        let ends_there = after.rem_euclid(step) == 0 || after.div_euclid(step) != shown.div_euclid(step);
        if ends_there { jump } else { Time(jump.0.saturating_add(left(after))) }
    }

    /// Whether the clock runs through the whole day without a jump, so that steps are
    /// plain arithmetic from its start.
    pub(super) fn is_plain(&self, start: Time, end: Time) -> bool {
        end.0.saturating_sub(start.0) == DAY && self.offset(start) == self.offset(Time(end.0 - 1))
    }

    /// What this clock shows at `t`, as nanoseconds since it showed 1970-01-01 00:00.
    fn shown(&self, t: Time) -> i64 {
        let shift = self.offset(t) - i64::from(self.day_begins) * MINUTE;
        t.0.saturating_add(shift)
    }

    /// Nanoseconds east of UTC.
    fn offset(&self, t: Time) -> i64 {
        i64::from(self.zone.to_offset(t.to_timestamp()).seconds()) * SECOND
    }

    fn first_showing(&self, shown: DateTime) -> Result<Timestamp, jiff::Error> {
        match self.zone.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
                offset.to_timestamp(shown)
            }
            AmbiguousOffset::Gap { before, .. } => {
                let after_jump = before.to_timestamp(shown)?;
                Ok(self.last_jump(Time::from_timestamp(after_jump)).map_or(after_jump, Time::to_timestamp))
            }
        }
    }

    /// When the clock last jumped, at `t` or before.
    fn last_jump(&self, t: Time) -> Option<Time> {
        let after = Time(t.0.saturating_add(1)).to_timestamp();
        self.zone.preceding(after).next().map(|jump| Time::from_timestamp(jump.timestamp()))
    }

    /// When the clock jumps next, after `t`.
    fn next_jump(&self, t: Time) -> Option<Time> {
        self.zone.following(t.to_timestamp()).next().map(|jump| Time::from_timestamp(jump.timestamp()))
    }
}
