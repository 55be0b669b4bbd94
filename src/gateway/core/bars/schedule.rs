//! When there was trading, as the TWS API tells it: sessions by day, in the exchange's zone.

use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::past::Past;
use super::wish;
use crate::domain::{Instrument, Time};
use crate::gateway::core::errors::{self, Refusal};
use crate::gateway::wire::model;

/// Days that are told in one answer at most.
const MOST_DAYS: usize = 4_000;

/// The sessions that a request asks for; of those that follow one another without a break, one.
///
/// # Errors
/// What cannot be read, and days without end.
pub fn schedule(
    request: &model::HistoricalDataRequest,
    instrument: &Instrument,
    now: Time,
) -> Result<model::HistoricalSchedule, Refusal> {
    let calendar = wish::calendar(instrument)?;
    let past = Past::new(&calendar, wish::sessions(request.use_rth));
    let end = wish::end(request, instrument)?.unwrap_or(now);
    let start = past.start(wish::back(request)?, end);
    let zone = TimeZone::get(&instrument.hours.zone).unwrap_or(TimeZone::UTC);
    let text =
        |time: Time| Some(time.to_timestamp().to_zoned(zone.clone()).strftime("%Y%m%d-%H:%M:%S").to_string());
    let days: Vec<Date> = past.days(start, end).take(MOST_DAYS + 1).collect();
    if days.len() > MOST_DAYS {
        let text = format!("Too much data: at most {MOST_DAYS} days are told at once");
        return Err(Refusal::new(errors::HISTORY, text));
    }
    let session = |day: Date, (open, close): (Time, Time)| model::HistoricalSession {
        start_date_time: text(open),
        end_date_time: text(close),
        ref_date: Some(day.strftime("%Y%m%d").to_string()),
    };
    let of_day = |day: &Date| -> Vec<model::HistoricalSession> {
        spans(past, *day).into_iter().map(|span| session(*day, span)).collect()
    };
    let historical_sessions: Vec<_> = days.iter().rev().flat_map(of_day).collect();
    let first = historical_sessions.first().and_then(|session| session.start_date_time.clone());
    let last = historical_sessions.last().and_then(|session| session.end_date_time.clone());
    Ok(model::HistoricalSchedule {
        req_id: request.req_id,
        start_date_time: first.or_else(|| text(start)),
        end_date_time: last.or_else(|| text(end)),
        time_zone: Some(instrument.hours.zone.clone()),
        historical_sessions,
    })
}

/// The sessions of a day, joined where one follows the other without a break.
fn spans(past: Past<'_>, day: Date) -> Vec<(Time, Time)> {
    let mut spans: Vec<(Time, Time)> = Vec::new();
    for session in past.sessions_of(day) {
        match spans.last_mut() {
            Some((_, close)) if *close == session.open => *close = session.close,
            _ => spans.push((session.open, session.close)),
        }
    }
    spans
}
