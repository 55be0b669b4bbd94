//! The periods a chart can show.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::time::{DAY, HOUR, MINUTE, SECOND};

/// The period of a bar series, from one second to one calendar month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Timeframe {
    /// 1 second
    S1,
    /// 5 seconds
    S5,
    /// 15 seconds
    S15,
    /// 30 seconds
    S30,
    /// 1 minute
    M1,
    /// 3 minutes
    M3,
    /// 5 minutes
    M5,
    /// 15 minutes
    M15,
    /// 30 minutes
    M30,
    /// 1 hour
    H1,
    /// 4 hours
    H4,
    /// 1 trading day of the exchange
    D1,
    /// 1 week, Monday to Sunday in the exchange's zone
    W1,
    /// 1 calendar month in the exchange's zone
    Mo1,
}

impl Timeframe {
    /// All of them, shortest first.
    pub const ALL: [Self; 14] = [
        Self::S1,
        Self::S5,
        Self::S15,
        Self::S30,
        Self::M1,
        Self::M3,
        Self::M5,
        Self::M15,
        Self::M30,
        Self::H1,
        Self::H4,
        Self::D1,
        Self::W1,
        Self::Mo1,
    ];

    /// The usual label, such as `5m`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::S1 => "1s",
            Self::S5 => "5s",
            Self::S15 => "15s",
            Self::S30 => "30s",
            Self::M1 => "1m",
            Self::M3 => "3m",
            Self::M5 => "5m",
            Self::M15 => "15m",
            Self::M30 => "30m",
            Self::H1 => "1h",
            Self::H4 => "4h",
            Self::D1 => "1D",
            Self::W1 => "1W",
            Self::Mo1 => "1M",
        }
    }

    /// Length in nanoseconds; of a month, 30 days (its true length varies).
    #[must_use]
    pub fn nanos(self) -> i64 {
        match self {
            Self::S1 => SECOND,
            Self::S5 => 5 * SECOND,
            Self::S15 => 15 * SECOND,
            Self::S30 => 30 * SECOND,
            Self::M1 => MINUTE,
            Self::M3 => 3 * MINUTE,
            Self::M5 => 5 * MINUTE,
            Self::M15 => 15 * MINUTE,
            Self::M30 => 30 * MINUTE,
            Self::H1 => HOUR,
            Self::H4 => 4 * HOUR,
            Self::D1 => DAY,
            Self::W1 => 7 * DAY,
            Self::Mo1 => 30 * DAY,
        }
    }

    /// Whether periods follow the exchange's calendar rather than the clock.
    #[must_use]
    pub fn is_calendar(self) -> bool {
        self >= Self::D1
    }

    /// Reads a label as [`Self::label`] writes it (`1d` and `1w` too).
    #[must_use]
    pub fn parse(label: &str) -> Option<Self> {
        let same = |t: &&Self| {
            t.label() == label
                || (t.is_calendar() && **t != Self::Mo1 && t.label().eq_ignore_ascii_case(label))
        };
        Self::ALL.iter().find(same).copied()
    }
}

impl fmt::Display for Timeframe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.label())
    }
}
