//! Times as TWS writes them.
//!
//! An execution's time is `20261122 10:15:00 US/Eastern` by default, `20261122-15:15:00` where TWS
//! is set to send UTC, and has no zone at all in old settings: then it is in the zone of TWS, whose offset
//! the handshake tells.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::domain::Time;

/// Zones that TWS names otherwise than the time zone database does.
const ALIASES: [(&str, &str); 8] = [
    ("EST", "America/New_York"),
    ("EDT", "America/New_York"),
    ("CST", "America/Chicago"),
    ("PST", "America/Los_Angeles"),
    ("MET", "Europe/Brussels"),
    ("JST", "Asia/Tokyo"),
    ("Japan", "Asia/Tokyo"),
    ("Eastern Standard Time", "America/New_York"),
];

/// Seconds up to the year 2200.
const LAST: i64 = 7_258_118_400;

/// The zone of a name, as far as anybody knows it.
pub(super) fn zone(name: &str) -> Option<TimeZone> {
    let name = name.trim();
    let known = ALIASES.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| *ours);
    TimeZone::get(known).ok()
}

/// The zone that is so many seconds ahead of UTC now.
pub(super) fn fixed(seconds: i32) -> Option<TimeZone> {
    jiff::tz::Offset::from_seconds(seconds).ok().map(TimeZone::fixed)
}

/// The instant that a text of TWS means; `of_tws` is the zone of texts that name none.
pub(super) fn parse(text: &str, of_tws: Option<&TimeZone>) -> Option<Time> {
    let text = text.trim();
    if let Ok(utc) = DateTime::strptime("%Y%m%d-%H:%M:%S", text) {
        return at(utc, &TimeZone::UTC);
    }
    let mut parts = text.split_whitespace();
    let (date, clock) = (parts.next()?, parts.next()?);
    let local = DateTime::strptime("%Y%m%d %H:%M:%S", format!("{date} {clock}")).ok()?;
    let named: Vec<&str> = parts.collect();
    if named.is_empty() {
        return at(local, of_tws?);
    }
    at(local, &zone(&named.join(" "))?)
}

fn at(local: DateTime, zone: &TimeZone) -> Option<Time> {
    let stamp = zone.to_ambiguous_timestamp(local).compatible().ok()?;
    Some(Time::from_timestamp(stamp))
}

/// So many seconds since 1970; `None` of what no market has seen or will.
pub(super) fn of_seconds(seconds: i64) -> Option<Time> {
    (0..LAST).contains(&seconds).then(|| Time::from_seconds(seconds))
}

/// The same in milliseconds.
pub(super) fn of_millis(millis: i64) -> Option<Time> {
    (0..LAST * 1_000).contains(&millis).then(|| Time::from_millis(millis))
}

/// An instant as TWS reads it in any of its settings: in UTC, and saying so.
pub(super) fn write(time: Time) -> String {
    time.to_timestamp().strftime("%Y%m%d-%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_in_which_tws_writes_an_instant_is_read() {
        let utc: jiff::Timestamp = "2026-11-20T15:15:00Z".parse().unwrap();
        let instant = Time::from_timestamp(utc);
        let expected = Some(instant);
        let new_york = zone("America/New_York").unwrap();
        for text in [
            "20261120 10:15:00 US/Eastern",
            "20261120 10:15:00 EST",
            "20261120-15:15:00",
            "20261120  10:15:00",
            "20261121 00:15:00 Asia/Tokyo",
            "20261120 10:15:00 Eastern Standard Time",
        ] {
            assert_eq!(parse(text, Some(&new_york)), expected, "{text}");
        }
        assert_eq!(parse(&write(instant), None), expected);
    }

    #[test]
    fn an_instant_beyond_counting_is_none() {
        for beyond in [-1, i64::MIN, LAST, i64::MAX] {
            assert_eq!(
                (of_seconds(beyond), of_millis(beyond.saturating_mul(1_000))),
                (None, None),
                "{beyond}"
            );
        }
        assert_eq!(of_millis(1_500), Some(Time::from_millis(1_500)));
        assert_eq!(of_seconds(LAST - 1), Some(Time::from_seconds(LAST - 1)));
    }

    #[test]
    fn a_time_that_nobody_can_place_is_none() {
        assert_eq!(parse("20261120 10:15:00", None), None, "in which zone?");
        for text in ["", "10:15:00", "20261320 10:15:00 UTC", "20261120 10:15:00 Mars/Olympus"] {
            assert_eq!(parse(text, Some(&TimeZone::UTC)), None, "{text}");
        }
    }
}
