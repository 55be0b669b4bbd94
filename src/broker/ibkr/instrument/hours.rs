//! Trading hours as TWS tells them: `20261123:0400-20261123:2000`, `20261126:CLOSED`, day by day, in the
//! exchange's zone.

use std::collections::{BTreeMap, BTreeSet};

use ibapi::contracts::ContractDetails;
use jiff::civil::{Date, Time, Weekday};

use crate::broker::ibkr::times;
use crate::domain::{Session, SessionKind, TradingHours};
use crate::market::calendar::Calendar;

const DAY: i32 = 24 * 60;

/// Why hours make no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoHours {
    /// A zone that nobody knows.
    #[error("nobody knows the time zone '{0}'")]
    Zone(String),
    /// Something else than days and hours.
    #[error("'{0}' are no trading hours")]
    Unreadable(String),
    /// Sessions that no calendar can hold.
    #[error("its trading hours make no sense: {0}")]
    Impossible(String),
}

/// From and until when, in minutes of the trading day: the one on which it closes.
type Span = (i32, i32);

/// What TWS tells: each day with its spans, those that are closed with none.
#[derive(Debug, Default)]
struct Days(BTreeMap<Date, Vec<Span>>);

impl Days {
    fn read(texts: &[String]) -> Result<Self, NoHours> {
        let mut days = Self::default();
        let parts = texts.iter().flat_map(|text| text.split([';', ',']));
        for text in parts.map(str::trim).filter(|text| !text.is_empty()) {
            days.add(text).ok_or_else(|| NoHours::Unreadable(text.to_owned()))?;
        }
        Ok(days)
    }

    fn add(&mut self, text: &str) -> Option<()> {
        let (first, rest) = text.split_once(':')?;
        if rest == "CLOSED" {
            self.0.entry(date(first)?).or_default();
            return Some(());
        }
        let (open, close) = text.split_once('-')?;
        let ((open_day, open), (mut day, mut close)) = (instant(open)?, instant(close)?);
        // The last minute of a day belongs to it.
        if close == 0 && day > open_day {
            (day, close) = (day.yesterday().ok()?, DAY);
        }
        let before = if open_day == day { 0 } else { DAY };
        let is_a_night = open_day == day || open_day.tomorrow().ok()? == day;
        let span = (open - before, close);
        (is_a_night && span.0 < span.1).then(|| self.0.entry(day).or_default().push(span))
    }

    /// The spans that most days have, of those that have any.
    fn usual(&self) -> Vec<Span> {
        let mut counts: BTreeMap<&Vec<Span>, usize> = BTreeMap::new();
        for spans in self.0.values().filter(|spans| !spans.is_empty()) {
            *counts.entry(spans).or_default() += 1;
        }
        let usual = counts.into_iter().max_by_key(|(_, count)| *count);
        usual.map(|(spans, _)| spans.clone()).unwrap_or_default()
    }
}

fn date(text: &str) -> Option<Date> {
    Date::strptime("%Y%m%d", text).ok()
}

fn instant(text: &str) -> Option<(Date, i32)> {
    let (day, clock) = text.split_once(':')?;
    let clock = Time::strptime("%H%M", clock).ok()?;
    Some((date(day)?, i32::from(clock.hour()) * 60 + i32::from(clock.minute())))
}

/// The hours of a contract.
pub(super) fn of(details: &ContractDetails) -> Result<TradingHours, NoHours> {
    let zone = times::zone(&details.time_zone_id).and_then(|zone| Some(zone.iana_name()?.to_owned()));
    let zone = zone.ok_or_else(|| NoHours::Zone(details.time_zone_id.clone()))?;
    let (all, regular) = (Days::read(&details.trading_hours)?, Days::read(&details.liquid_hours)?);
    let spans = all.usual();
    if spans.is_empty() {
        return Ok(TradingHours::always(&zone));
    }
    let sessions = sessions(&spans, &regular.usual());
    let mut weekdays = [true, true, true, true, true, false, false];
    let mut holidays = Vec::new();
    let is_weekend = |day: &Date| matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    for (day, spans) in &all.0 {
        let place = usize::from(day.weekday().to_monday_zero_offset().unsigned_abs());
        if is_weekend(day) {
            weekdays[place] |= !spans.is_empty();
        } else if spans.is_empty() {
            holidays.push(*day);
        }
    }
    let is_round_the_clock = sessions.iter().map(|s| i32::from(s.close - s.open)).sum::<i32>() >= DAY;
    if weekdays == [true; 7] && is_round_the_clock {
        return Ok(TradingHours::always(&zone));
    }
    let hours = TradingHours { zone, sessions, weekdays, holidays };
    Calendar::new(&hours).map_err(|bad| NoHours::Impossible(bad.to_string()))?;
    Ok(hours)
}

/// What of the spans is regular, and the rest, in order.
fn sessions(spans: &[Span], regular: &[Span]) -> Vec<Session> {
    // Without a word on what is regular all of it is.
    let regular = if regular.is_empty() { spans } else { regular };
    let edges: BTreeSet<i32> =
        spans.iter().chain(regular).flat_map(|(open, close)| [*open, *close]).collect();
    let edges: Vec<i32> = edges.into_iter().collect();
    let within = |spans: &[Span], (open, close): Span| {
        spans.iter().any(|(first, last)| *first <= open && close <= *last)
    };
    let mut sessions: Vec<Session> = Vec::new();
    for pair in edges.windows(2) {
        let span = (pair[0], pair[1]);
        if !within(spans, span) && !within(regular, span) {
            continue;
        }
        let kind = if within(regular, span) { SessionKind::Regular } else { SessionKind::Extended };
        let minutes = |at: i32| i16::try_from(at).unwrap_or_default();
        let (open, close) = (minutes(span.0), minutes(span.1));
        match sessions.last_mut() {
            Some(last) if last.close == open && last.kind == kind => last.close = close,
            _ => sessions.push(Session { open, close, kind }),
        }
    }
    sessions
}
