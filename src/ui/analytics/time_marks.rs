//! Where a time axis has its labels: at round times of the zone that is shown.

use std::ops::ControlFlow;

use egui_plot::GridMark;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, ToSpan as _};

use crate::domain::Time;
use crate::ui::format;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// Distances within a day, in seconds.
const WITHIN_A_DAY: [i64; 10] =
    [60, 300, 900, 1_800, HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR, 6 * HOUR, 12 * HOUR];
/// Distances in days; a week begins on Monday.
const DAYS: [i64; 4] = [1, 2, 7, 14];
/// Distances in months.
const MONTHS: [i64; 5] = [1, 2, 3, 6, 12];
/// All months count as the shortest.
const DAYS_OF_MONTH: i64 = 28;

/// How far labels are apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Distance {
    Seconds(i64),
    Days(i64),
    Months(i64),
}

impl Distance {
    /// The least that is at least so many seconds.
    fn at_least(seconds: f64) -> Self {
        let within = WITHIN_A_DAY.into_iter().map(Self::Seconds);
        let days = DAYS.into_iter().map(Self::Days);
        let mut all = within.chain(days).chain(MONTHS.into_iter().map(Self::Months));
        let year = Self::Months(12).seconds() as f64;
        let years = || Self::Months(12 * (seconds / year).ceil() as i64);
        all.find(|distance| distance.seconds() as f64 >= seconds).unwrap_or_else(years)
    }

    fn seconds(self) -> i64 {
        match self {
            Self::Seconds(seconds) => seconds,
            Self::Days(days) => days * DAY,
            Self::Months(months) => months * DAYS_OF_MONTH * DAY,
        }
    }
}

/// Marks between two instants in seconds, no nearer to one another than `apart` seconds.
pub(super) fn marks(from: f64, to: f64, apart: f64, zone: &TimeZone) -> Vec<GridMark> {
    let distance = Distance::at_least(apart);
    let mut marks = Vec::new();
    let mut mark = |seconds: i64| {
        let value = seconds as f64;
        if value > to {
            return ControlFlow::Break(());
        }
        if value >= from {
            marks.push(GridMark { value, step_size: distance.seconds() as f64 });
        }
        ControlFlow::Continue(())
    };
    let begin = Time::from_seconds(from as i64).to_timestamp().to_zoned(zone.clone()).date();
    let begin = if matches!(distance, Distance::Months(_)) { begin.first_of_month() } else { begin };
    let step: Span = if matches!(distance, Distance::Months(_)) { 1.month() } else { 1.day() };
    let mut date = begin;
    loop {
        let next = date.checked_add(step);
        let (Some(midnight), Some(after)) =
            (midnight(date, zone), next.clone().ok().and_then(|next| midnight(next, zone)))
        else {
            break;
        };
        let flow = match distance {
            Distance::Seconds(every) => {
                let mut times = (midnight..after).step_by(usize::try_from(every).unwrap_or(1));
                times.try_for_each(&mut mark)
            }
            Distance::Days(_) | Distance::Months(_) if is_marked(date, distance) => mark(midnight),
            _ if midnight as f64 > to => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        };
        let Ok(next) = next else { break };
        if flow.is_break() {
            break;
        }
        date = next;
    }
    marks
}

fn midnight(date: Date, zone: &TimeZone) -> Option<i64> {
    Some(date.to_zoned(zone.clone()).ok()?.timestamp().as_second())
}

fn is_marked(date: Date, distance: Distance) -> bool {
    match distance {
        Distance::Seconds(_) => true,
        Distance::Days(days) => {
            // The first day of 1970 was a Thursday.
            let since_monday = date.since(jiff::civil::date(1969, 12, 29)).map_or(0, |span| span.get_days());
            i64::from(since_monday).rem_euclid(days) == 0
        }
        Distance::Months(months) => {
            let month = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
            month.rem_euclid(months) == 0
        }
    }
}

/// What stands at a mark: the time of day, at midnight the day, and far apart the month.
pub(super) fn label(mark: GridMark, zone: &TimeZone) -> String {
    let time = Time::from_seconds(mark.value as i64);
    if mark.step_size >= (DAYS_OF_MONTH * DAY) as f64 {
        format::month(time, zone)
    } else if mark.step_size >= DAY as f64 || format::day_start(time, zone) == time {
        format::day(time, zone)
    } else {
        format::clock_minute(time, zone)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 20 November 2026, 15:00 UTC, a Friday.
    const NOW: f64 = 1_795_186_800.0;

    fn labels(span: i64, apart: f64, zone: &TimeZone) -> Vec<String> {
        let marks = marks(NOW - span as f64, NOW, apart, zone);
        marks.into_iter().map(|mark| label(mark, zone)).collect()
    }

    #[test]
    fn labels_stand_at_round_times_of_the_zone() {
        let new_york = TimeZone::get("America/New_York").unwrap();
        let day = labels(DAY, 2.5 * HOUR as f64, &new_york);
        assert_eq!(day, ["12:00", "15:00", "18:00", "21:00", "20 Nov", "03:00", "06:00", "09:00"]);
        let week = labels(7 * DAY, DAY as f64 * 0.8, &new_york);
        assert_eq!(week, ["14 Nov", "15 Nov", "16 Nov", "17 Nov", "18 Nov", "19 Nov", "20 Nov"]);
        let month = labels(30 * DAY, 5.0 * DAY as f64, &TimeZone::UTC);
        assert_eq!(month, ["26 Oct", "02 Nov", "09 Nov", "16 Nov"], "Mondays");
        let years = labels(900 * DAY, 100.0 * DAY as f64, &TimeZone::UTC);
        assert_eq!(years, ["Jul 2024", "Jan 2025", "Jul 2025", "Jan 2026", "Jul 2026"]);
    }

    #[test]
    fn a_day_that_is_an_hour_longer_has_its_midnights_right() {
        let new_york = TimeZone::get("America/New_York").unwrap();
        // From 31 October to 2 November 2026 04:00 UTC; the clocks go back on the first.
        let to = 1_793_592_000.0;
        let said: Vec<String> = marks(to - 2.0 * DAY as f64, to, 12.0 * HOUR as f64, &new_york)
            .into_iter()
            .map(|mark| label(mark, &new_york))
            .collect();
        assert_eq!(said, ["31 Oct", "12:00", "01 Nov", "11:00", "23:00"]);
    }

    proptest! {
        #[test]
        fn labels_never_crowd_and_never_lie_outside(
            from in -2_000_000_000_i64..6_000_000_000,
            span in 60_i64..2_000_000_000,
            count in 1_usize..20,
        ) {
            let (from, to) = (from as f64, (from + span) as f64);
            let apart = (to - from) / count as f64;
            let marks = marks(from, to, apart, &TimeZone::UTC);
            prop_assert!(marks.len() <= count + 1);
            prop_assert!(marks.iter().all(|mark| (from..=to).contains(&mark.value)));
            prop_assert!(marks.windows(2).all(|two| two[1].value - two[0].value >= apart * 0.99));
        }
    }
}
