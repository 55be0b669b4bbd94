//! Cursors: the calendar's answers for a stream of times, which hardly ever change
//! from one trade to the next. Any order of times gives right answers; a rising one,
//! fast ones.

use std::sync::Arc;

use super::{Calendar, SessionSpan};
use crate::domain::{Time, Timeframe};

/// Instants from `start` up to, not including, `end`.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: Time,
    end: Time,
}

impl Span {
    const NOWHERE: Self = Self { start: Time::MAX, end: Time::MIN };

    fn contains(self, t: Time) -> bool {
        self.start <= t && t < self.end
    }
}

/// [`Calendar::period_start`] for a stream of times: two comparisons within a period, a
/// division within a day, zone arithmetic once a day.
#[derive(Debug, Clone)]
pub struct PeriodCursor {
    calendar: Arc<Calendar>,
    timeframe: Timeframe,
    period: Span,
    /// The day of the last answer, where its clock does not jump.
    plain_day: Span,
}

impl PeriodCursor {
    /// A cursor that stands nowhere yet.
    #[must_use]
    pub fn new(calendar: Arc<Calendar>, timeframe: Timeframe) -> Self {
        Self { calendar, timeframe, period: Span::NOWHERE, plain_day: Span::NOWHERE }
    }

    /// The timeframe of its periods.
    #[must_use]
    pub fn timeframe(&self) -> Timeframe {
        self.timeframe
    }

    /// Start of the period that `t` belongs to.
    pub fn start(&mut self, t: Time) -> Time {
        self.move_to(t);
        self.period.start
    }

    /// End of the period that `t` belongs to.
    pub fn end(&mut self, t: Time) -> Time {
        self.move_to(t);
        self.period.end
    }

    fn move_to(&mut self, t: Time) {
        if self.period.contains(t) {
            return;
        }
        if !self.timeframe.is_calendar() {
            if !self.plain_day.contains(t) {
                self.plain_day = self.plain_day_of(t);
            }
            if self.plain_day.contains(t) {
                let length = self.timeframe.nanos();
                let start = Time(t.0 - (t.0 - self.plain_day.start.0) % length);
                self.period = Span { start, end: Time(start.0 + length) };
                return;
            }
        }
        self.period = Span {
            start: self.calendar.period_start(t, self.timeframe),
            end: self.calendar.period_end(t, self.timeframe),
        };
    }

    fn plain_day_of(&self, t: Time) -> Span {
        let clock = &self.calendar.clock;
        let day = clock.day_of(t);
        let (start, end) = (clock.day_start(day), clock.day_after(day));
        if clock.is_plain(start, end) { Span { start, end } } else { Span::NOWHERE }
    }
}

/// [`Calendar::session_at`] for a stream of times: two comparisons as long as the
/// exchange neither opens nor closes.
#[derive(Debug, Clone)]
pub struct SessionCursor {
    calendar: Arc<Calendar>,
    /// While the answer is `session`.
    span: Span,
    session: Option<SessionSpan>,
}

impl SessionCursor {
    /// A cursor that stands nowhere yet.
    #[must_use]
    pub fn new(calendar: Arc<Calendar>) -> Self {
        Self { calendar, span: Span::NOWHERE, session: None }
    }

    /// The session that `t` is in.
    pub fn at(&mut self, t: Time) -> Option<SessionSpan> {
        if !self.span.contains(t) {
            self.session = self.calendar.session_at(t);
            self.span = match self.session {
                Some(session) => Span { start: session.open, end: session.close },
                None => Span { start: t, end: self.calendar.next_open(t).map_or(t, |next| next.open) },
            };
        }
        self.session
    }
}
