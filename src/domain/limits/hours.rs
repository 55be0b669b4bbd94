//! Hours of the day in a zone, as a person writes them: `09:30-16:00 America/New_York`.

use std::fmt;
use std::str::FromStr;

use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::domain::Time;

/// When positions may be opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum AllowedHours {
    /// In the instrument's regular sessions only: `regular`.
    Regular,
    /// Every day between two times of day, over midnight where the second is the earlier one.
    Between {
        /// The first minute.
        from: civil::Time,
        /// The first minute after it.
        to: civil::Time,
        /// Where the clock hangs.
        zone: TimeZone,
    },
}

impl AllowedHours {
    /// Whether `now` is within them; `is_regular` says whether a regular session runs.
    #[must_use]
    pub fn allow(&self, now: Time, is_regular: bool) -> bool {
        match self {
            Self::Regular => is_regular,
            Self::Between { from, to, zone } => {
                let time = zone.to_datetime(now.to_timestamp()).time();
                if from < to { *from <= time && time < *to } else { *from <= time || time < *to }
            }
        }
    }
}

/// The time of day at which a trading day begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DayStart {
    time: civil::Time,
    zone: TimeZone,
}

impl Default for DayStart {
    /// 17:00 in New York: between the last session of America and the first of Asia, where
    /// foreign exchange has its day's end.
    fn default() -> Self {
        let zone = TimeZone::get("America/New_York").unwrap_or(TimeZone::UTC);
        Self { time: civil::time(17, 0, 0, 0), zone }
    }
}

impl DayStart {
    /// When the trading day that `now` is in began.
    #[must_use]
    pub fn begin(&self, now: Time) -> Time {
        let today = self.zone.to_datetime(now.to_timestamp()).date();
        let yesterday = today.yesterday().unwrap_or(today);
        let before = yesterday.yesterday().unwrap_or(yesterday);
        let starts = [today, yesterday, before].map(|day| self.on(day));
        starts.into_iter().find(|&start| start <= now).unwrap_or(now)
    }

    /// When the trading day after the one that `now` is in begins.
    #[must_use]
    pub fn next(&self, now: Time) -> Time {
        let today = self.zone.to_datetime(now.to_timestamp()).date();
        let tomorrow = today.tomorrow().unwrap_or(today);
        [today, tomorrow].map(|day| self.on(day)).into_iter().find(|&start| start > now).unwrap_or(Time::MAX)
    }

    fn on(&self, day: civil::Date) -> Time {
        // Where summer time skips the hour, the day begins as much later.
        let zoned = self.zone.to_ambiguous_zoned(day.to_datetime(self.time)).compatible();
        zoned.map_or(Time::MAX, |zoned| Time::from_timestamp(zoned.timestamp()))
    }
}

/// Why a text is no such time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadHours {
    /// Not of the form.
    #[error("write regular, or hours in a zone, such as 09:30-16:00 America/New_York")]
    NoHours,
    /// Not of the form.
    #[error("write a time in a zone, such as 17:00 America/New_York")]
    NoTime,
    /// Nothing between the two times.
    #[error("from and to are the same time")]
    Empty,
    /// The zone database does not have it.
    #[error("'{0}' is no known time zone: use an IANA name, such as America/New_York")]
    UnknownZone(String),
}

fn zone(name: &str) -> Result<TimeZone, BadHours> {
    TimeZone::get(name.trim()).map_err(|_unknown| BadHours::UnknownZone(name.trim().to_owned()))
}

fn time(text: &str) -> Option<civil::Time> {
    let (hour, minute) = text.trim().split_once(':')?;
    civil::Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn name(zone: &TimeZone) -> &str {
    zone.iana_name().unwrap_or("UTC")
}

impl FromStr for AllowedHours {
    type Err = BadHours;

    fn from_str(text: &str) -> Result<Self, BadHours> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("regular") {
            return Ok(Self::Regular);
        }
        let (span, zone_name) = text.split_once(' ').ok_or(BadHours::NoHours)?;
        let (from, to) = span.split_once('-').ok_or(BadHours::NoHours)?;
        let (from, to) = time(from).zip(time(to)).ok_or(BadHours::NoHours)?;
        if from == to {
            return Err(BadHours::Empty);
        }
        Ok(Self::Between { from, to, zone: zone(zone_name)? })
    }
}

impl fmt::Display for AllowedHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Regular => f.write_str("regular"),
            Self::Between { from, to, zone } => {
                let (from, to) = (from.strftime("%H:%M"), to.strftime("%H:%M"));
                write!(f, "{from}-{to} {}", name(zone))
            }
        }
    }
}

impl FromStr for DayStart {
    type Err = BadHours;

    fn from_str(text: &str) -> Result<Self, BadHours> {
        let (at, zone_name) = text.trim().split_once(' ').ok_or(BadHours::NoTime)?;
        Ok(Self { time: time(at).ok_or(BadHours::NoTime)?, zone: zone(zone_name)? })
    }
}

impl fmt::Display for DayStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.time.strftime("%H:%M"), name(&self.zone))
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = BadHours;
            fn try_from(text: String) -> Result<Self, BadHours> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}

as_text!(AllowedHours);
as_text!(DayStart);
