//! Lengths of bars, and how far back they are asked for, in the words of the TWS API.

use crate::domain::time::{HOUR, MINUTE, SECOND};
use crate::domain::{SessionKind, Timeframe, TradingHours};
use crate::market::aggregate::Sessions;

/// Seconds that are gone back at most.
const MOST_SECONDS: u32 = 1_000_000;

/// The length of a bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// So many nanoseconds.
    Clock(i64),
    /// A day, a week, a month.
    Calendar(Timeframe),
}

impl Size {
    /// `5 secs`, `1 min`, `2 hours`, `1 day`: those of the TWS API, and four minutes besides, which
    /// `ibapi` has.
    pub fn read(text: &str) -> Option<Self> {
        let (count, unit) = counted(text)?;
        let clock =
            |counts: &[u32], unit: i64| counts.contains(&count).then(|| Self::Clock(i64::from(count) * unit));
        let calendar = |timeframe| (count == 1).then_some(Self::Calendar(timeframe));
        match unit.as_str() {
            "s" | "sec" | "secs" => clock(&[1, 5, 10, 15, 30], SECOND),
            "min" | "mins" => clock(&[1, 2, 3, 4, 5, 10, 15, 20, 30], MINUTE),
            "h" | "hour" | "hours" => clock(&[1, 2, 3, 4, 8], HOUR),
            "d" | "day" | "days" => calendar(Timeframe::D1),
            "w" | "week" | "weeks" => calendar(Timeframe::W1),
            "m" | "month" | "months" => calendar(Timeframe::Mo1),
            _ => None,
        }
    }

    /// The longest bars that these are made of. Where only regular trading counts, none of them may
    /// contain an opening or a close: of New York, an hour is made of half-hours.
    pub fn made_of(self, hours: &TradingHours, sessions: Sessions) -> Timeframe {
        let length = match self {
            Self::Clock(length) => length,
            Self::Calendar(timeframe) => return timeframe,
        };
        let day_begins = hours.sessions.first().map_or(0, |first| first.open.min(0));
        let regular = hours.sessions.iter().filter(|session| session.kind == SessionKind::Regular);
        let bounds = regular.flat_map(|session| [session.open, session.close]);
        let step = match sessions {
            Sessions::All => length,
            Sessions::RegularOnly => {
                bounds.map(|minute| i64::from(minute - day_begins) * MINUTE).fold(length, common_divisor)
            }
        };
        let is_part = |timeframe: &&Timeframe| !timeframe.is_calendar() && step % timeframe.nanos() == 0;
        Timeframe::ALL.iter().rev().find(is_part).copied().unwrap_or(Timeframe::S1)
    }
}

/// How far back bars are asked for, from their end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Back {
    pub count: u32,
    pub unit: Unit,
}

/// What [`Back`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Seconds in which there is trading.
    Seconds,
    /// Trading days, the one that has begun last among them.
    Days,
    /// Weeks of the calendar, up to that day.
    Weeks,
    /// Months of the calendar, up to that day.
    Months,
    /// Years of the calendar, up to that day.
    Years,
}

impl Back {
    /// `1800 S`, `2 D`, `1 W`, `6 M`, `1 Y`; a number alone counts seconds. They are for what is
    /// recent: a million of them at most.
    pub fn read(text: &str) -> Option<Self> {
        let (count, unit) = counted(text)?;
        let unit = match unit.as_str() {
            "" | "s" if count <= MOST_SECONDS => Unit::Seconds,
            "d" => Unit::Days,
            "w" => Unit::Weeks,
            "m" => Unit::Months,
            "y" => Unit::Years,
            _ => return None,
        };
        (count > 0).then_some(Self { count, unit })
    }

    /// `3 days`, `1 week`, as periods of histograms are written; short ones as in [`Self::read`].
    pub fn of_period(text: &str) -> Option<Self> {
        let (count, unit) = counted(text)?;
        let short = match unit.as_str() {
            "sec" | "secs" | "second" | "seconds" => "s",
            "min" | "mins" | "minute" | "minutes" => {
                return Self::read(&format!("{} s", count.checked_mul(60)?));
            }
            "hour" | "hours" => return Self::read(&format!("{} s", count.checked_mul(3_600)?)),
            "day" | "days" => "d",
            "week" | "weeks" => "w",
            "month" | "months" => "m",
            "year" | "years" => "y",
            short => short,
        };
        Self::read(&format!("{count} {short}"))
    }
}

/// A number and the word behind it, in small letters.
fn counted(text: &str) -> Option<(u32, String)> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(digits);
    Some((count.parse().ok()?, unit.trim().to_ascii_lowercase()))
}

fn common_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Session;

    fn hours(sessions: &[(i16, i16, SessionKind)]) -> TradingHours {
        let session = |&(open, close, kind)| Session { open, close, kind };
        TradingHours {
            sessions: sessions.iter().map(session).collect(),
            ..TradingHours::always("America/New_York")
        }
    }

    #[test]
    fn sizes_are_read_as_clients_write_them() {
        let sizes = [
            ("1 secs", 1),
            ("1 sec", 1),
            ("5 secs", 5),
            ("10 secs", 10),
            ("15 secs", 15),
            ("30 secs", 30),
            ("1 min", 60),
            ("2 mins", 120),
            ("3 mins", 180),
            ("5 mins", 300),
            ("10 mins", 600),
            ("15 mins", 900),
            ("20 mins", 1_200),
            ("30 mins", 1_800),
            ("1 hour", 3_600),
            ("2 hours", 7_200),
            ("3 hours", 10_800),
            ("4 hours", 14_400),
            ("8 hours", 28_800),
        ];
        for (text, seconds) in sizes {
            assert_eq!(Size::read(text), Some(Size::Clock(seconds * SECOND)), "{text}");
        }
        assert_eq!(Size::read("1 day"), Some(Size::Calendar(Timeframe::D1)));
        assert_eq!(Size::read("1W"), Some(Size::Calendar(Timeframe::W1)));
        assert_eq!(Size::read("1 month"), Some(Size::Calendar(Timeframe::Mo1)));
        for wrong in ["", "min", "7 mins", "2 days", "-1 min", "1 fortnight", "99999999999 secs"] {
            assert_eq!(Size::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn durations_are_read_as_clients_write_them() {
        let read = |text| Back::read(text).map(|back| (back.count, back.unit));
        assert_eq!(read("1800 S"), Some((1_800, Unit::Seconds)));
        assert_eq!(read("3600"), Some((3_600, Unit::Seconds)));
        assert_eq!(read("1 D"), Some((1, Unit::Days)));
        assert_eq!(read("2 W"), Some((2, Unit::Weeks)));
        assert_eq!(read("6 M"), Some((6, Unit::Months)));
        assert_eq!(read("1 Y"), Some((1, Unit::Years)));
        for wrong in ["", "D", "0 D", "-1 D", "1 X", "1 D 2", "1000001 S", "99999999999 D"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn bars_are_made_of_the_longest_that_fit() {
        use SessionKind::{Extended, Regular};
        let new_york = hours(&[(240, 570, Extended), (570, 960, Regular), (960, 1_200, Extended)]);
        let foreign_exchange = hours(&[(-420, 1_020, Regular)]);
        let check = |text: &str, hours: &TradingHours, sessions, expected| {
            assert_eq!(Size::read(text).unwrap().made_of(hours, sessions), expected, "{text} {sessions:?}");
        };
        for (text, expected) in [
            ("10 secs", Timeframe::S5),
            ("2 mins", Timeframe::M1),
            ("4 mins", Timeframe::M1),
            ("10 mins", Timeframe::M5),
            ("20 mins", Timeframe::M5),
            ("1 hour", Timeframe::H1),
            ("2 hours", Timeframe::H1),
            ("3 hours", Timeframe::H1),
            ("8 hours", Timeframe::H4),
            ("1 week", Timeframe::W1),
        ] {
            check(text, &new_york, Sessions::All, expected);
        }
        check("1 hour", &new_york, Sessions::RegularOnly, Timeframe::M30);
        check("20 mins", &new_york, Sessions::RegularOnly, Timeframe::M5);
        check("5 secs", &new_york, Sessions::RegularOnly, Timeframe::S5);
        check("1 day", &new_york, Sessions::RegularOnly, Timeframe::D1);
        check("4 hours", &foreign_exchange, Sessions::RegularOnly, Timeframe::H4);
        check("4 hours", &TradingHours::always("UTC"), Sessions::RegularOnly, Timeframe::H4);
    }
}
