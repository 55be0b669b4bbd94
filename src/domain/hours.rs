//! When an exchange is open, in its own time zone. The arithmetic is `market::calendar`.

use serde::{Deserialize, Serialize};

/// What kind of trading a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SessionKind {
    /// The day's main trading; official open, high, low and close come from it.
    Regular,
    /// Before or after it.
    Extended,
}

/// A span of trading that belongs to one trading day.
///
/// Minutes count from the local midnight that the day begins with. A session may open
/// the evening before: foreign exchange trades for Monday from Sunday 17:00 in New York,
/// which is `open: -420, close: 1020` on the weekdays Monday to Friday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Local minute at which it opens, -1440 to 1439; negative is on the day before.
    pub open: i16,
    /// Local minute at which it closes, at most 1440.
    pub close: i16,
    /// Regular or extended.
    pub kind: SessionKind,
}

/// An exchange's week. No sessions at all means open always (crypto).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TradingHours {
    /// IANA name of the exchange's time zone, such as `America/New_York`.
    pub zone: String,
    /// Sessions of a trading day, in order, not overlapping, together 24 hours at most.
    pub sessions: Vec<Session>,
    /// Trading days of the week, Monday first.
    pub weekdays: [bool; 7],
    /// Trading days that are left out, `YYYY-MM-DD`.
    pub holidays: Vec<jiff::civil::Date>,
}

impl TradingHours {
    /// Open at every instant, days counted in `zone`.
    #[must_use]
    pub fn always(zone: &str) -> Self {
        Self { zone: zone.to_owned(), sessions: Vec::new(), weekdays: [true; 7], holidays: Vec::new() }
    }

    /// Whether there is no closing time.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.sessions.is_empty()
    }
}
