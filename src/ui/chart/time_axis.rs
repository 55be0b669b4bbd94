//! Which bars get a label on the time axis, and what it says.
//!
//! A pure function of series, scale, time zone and distance. Days, weeks and months are dated by
//! the trading day that they begin with ([`BarClock`]), everything shorter by the clock. A label marks the first bar of
//! a period (a quarter of an hour, a day, a month …) in the zone; the period is the shortest
//! whose labels are far enough apart on screen. Where two would still collide, the bar that
//! begins the longer period wins, so labels stay put while one pans. No step looks at
//! every bar: periods are counted out and their first bars searched for.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};

use super::ChartData;
use super::time_scale::TimeScale;
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::domain::{Time, Timeframe};
use crate::market::series::BarSeries;
use crate::ui::format;

/// A labelled bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimeTick {
    /// The bar's index in the series.
    pub index: usize,
    /// Such as `14:30`, `21 Nov`, `Nov`, `2026`.
    pub text: String,
    /// Whether more begins here than at the ordinary label: a day among hours, a month
    /// among days, a year among months.
    pub strong: bool,
}

/// A period that labels can mark. Ordered by length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// Nanoseconds that divide a day.
    Clock(i64),
    Day,
    /// From Monday.
    Week,
    /// Months that divide a year, or whole years.
    Months(i64),
}

const LADDER: [Step; 23] = [
    Step::Clock(SECOND),
    Step::Clock(5 * SECOND),
    Step::Clock(15 * SECOND),
    Step::Clock(30 * SECOND),
    Step::Clock(MINUTE),
    Step::Clock(5 * MINUTE),
    Step::Clock(15 * MINUTE),
    Step::Clock(30 * MINUTE),
    Step::Clock(HOUR),
    Step::Clock(3 * HOUR),
    Step::Clock(6 * HOUR),
    Step::Clock(12 * HOUR),
    Step::Day,
    Step::Week,
    Step::Months(1),
    Step::Months(3),
    Step::Months(6),
    Step::Months(12),
    Step::Months(2 * 12),
    Step::Months(5 * 12),
    Step::Months(10 * 12),
    Step::Months(50 * 12),
    Step::Months(100 * 12),
];

impl Step {
    fn nanos(self) -> i64 {
        match self {
            Self::Clock(nanos) => nanos,
            Self::Day => DAY,
            Self::Week => 7 * DAY,
            Self::Months(months) => months * 30 * DAY,
        }
    }

    /// The number of the period that a local time lies in.
    fn period(self, local: Local) -> i64 {
        match self {
            Self::Clock(nanos) => local.nanos.div_euclid(nanos),
            Self::Day => local.nanos.div_euclid(DAY),
            // 1970-01-01 was a Thursday.
            Self::Week => (local.nanos.div_euclid(DAY) + 3).div_euclid(7),
            Self::Months(months) => local.month.div_euclid(months),
        }
    }

    /// Local nanoseconds at which a period begins.
    fn start(self, period: i64) -> i64 {
        match self {
            Self::Clock(nanos) => period.saturating_mul(nanos),
            Self::Day => period.saturating_mul(DAY),
            Self::Week => (period * 7 - 3).saturating_mul(DAY),
            Self::Months(months) => first_of_month(period * months),
        }
    }
}

/// What bars of a timeframe are dated by.
#[derive(Debug, Clone, Copy)]
struct BarClock<'a> {
    zone: &'a TimeZone,
    /// From a bar's beginning to the instant whose date it bears.
    ahead: i64,
    /// The least time between two bars.
    least: i64,
}

impl<'a> BarClock<'a> {
    /// A trading day begins at the midnight that it is named for, or on the evening before it:
    /// twelve hours later is its noon, or its morning.
    fn of(timeframe: Timeframe, zone: &'a TimeZone) -> Self {
        if timeframe.is_calendar() {
            Self { zone, ahead: 12 * HOUR, least: DAY }
        } else {
            Self { zone, ahead: 0, least: 1 }
        }
    }

    /// The instant whose date and time a bar bears.
    fn dated(self, time: Time) -> Time {
        Time(time.0.saturating_add(self.ahead))
    }

    fn local(self, time: Time) -> Local {
        Local::of(self.dated(time), self.zone)
    }

    fn read(self, time: Time) -> DateTime {
        self.zone.to_datetime(self.dated(time).to_timestamp())
    }
}

/// An instant on the clocks of a zone: nanoseconds since 1970-01-01 00:00 there, and
/// months since year 0.
#[derive(Debug, Clone, Copy)]
struct Local {
    nanos: i64,
    month: i64,
}

impl Local {
    fn of(time: Time, zone: &TimeZone) -> Self {
        let stamp = time.to_timestamp();
        let offset = zone.to_offset(stamp);
        let date = offset.to_datetime(stamp).date();
        Self {
            nanos: time.0.saturating_add(nanos_of(offset)),
            month: i64::from(date.year()) * 12 + i64::from(date.month()) - 1,
        }
    }
}

fn nanos_of(offset: Offset) -> i64 {
    i64::from(offset.seconds()) * SECOND
}

fn first_of_month(month: i64) -> i64 {
    let year = i16::try_from(month.div_euclid(12)).unwrap_or(i16::MAX);
    let in_year = i8::try_from(month.rem_euclid(12) + 1).unwrap_or(1);
    Date::new(year, in_year, 1)
        .ok()
        .and_then(|date| Offset::UTC.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())).ok())
        .map_or(i64::MAX, |stamp| Time::from_timestamp(stamp).0)
}

/// What stands on the time axis.
#[derive(Debug, Clone, Default)]
pub struct TimeLabels {
    /// The labelled bars.
    pub ticks: Vec<TimeTick>,
    /// Whose clocks they are read from.
    pub zone: String,
}

/// The labels of the bars that `scale` shows, at least `apart` pixels from each other.
#[must_use]
pub fn time_labels(data: &ChartData<'_>, scale: &TimeScale, apart: f64) -> TimeLabels {
    let newest = scale.bar_at(scale.width, data.series.len());
    TimeLabels {
        ticks: time_ticks(data.series, scale, data.timeframe, data.zone, apart),
        zone: zone_name(data, newest),
    }
}

/// What the zone of the time axis calls itself at the bar with index `at`: `EST`. Nothing for
/// days and longer, which are dates of the exchange wherever one is.
#[must_use]
pub fn zone_name(data: &ChartData<'_>, at: Option<usize>) -> String {
    let bar = at.filter(|_| !data.timeframe.is_calendar()).and_then(|index| data.series.get(index));
    bar.map_or_else(String::new, |bar| format::zone_name(bar.time, data.zone))
}

/// The labelled bars, left to right. Some may lie a little left of the pane.
fn time_ticks(
    series: &BarSeries,
    scale: &TimeScale,
    timeframe: Timeframe,
    zone: &TimeZone,
    apart: f64,
) -> Vec<TimeTick> {
    let clock = BarClock::of(timeframe, zone);
    let len = series.len();
    let range = scale.first_from(-apart, len)..scale.first_from(scale.width, len);
    if range.is_empty() {
        return Vec::new();
    }
    let most = (2.5 * (scale.width / apart + 1.0)) as usize + 4;
    let nominal = apart / scale.spacing * timeframe.nanos() as f64 * 0.999;
    let longest = LADDER.len() - 1;
    let first = LADDER.iter().position(|step| step.nanos() as f64 >= nominal).unwrap_or(longest);
    for step in &LADDER[first..] {
        if let Some(bars) = first_bars(series, range.clone(), *step, clock, most)
            && !is_crowded(&bars, apart * 0.6 / scale.spacing)
        {
            return thinned(series, bars, *step, scale, clock, apart);
        }
    }
    Vec::new()
}

/// Whether the usual distance between these bars is less than `least`. The usual one, and not
/// how many there are: that changes with every pan, and the labels would change with it.
fn is_crowded(bars: &[usize], least: f64) -> bool {
    let mut gaps: Vec<usize> = bars.windows(2).map(|pair| pair[1] - pair[0]).collect();
    gaps.sort_unstable();
    gaps.get(gaps.len() / 2).is_some_and(|usual| (*usual as f64) < least)
}

/// The bars of `range` that begin a period; `None` when they are more than `most`.
fn first_bars(
    series: &BarSeries,
    range: std::ops::Range<usize>,
    step: Step,
    clock: BarClock<'_>,
    most: usize,
) -> Option<Vec<usize>> {
    let mut found = Vec::with_capacity(most);
    let mut at = range.start;
    if let Some(before) = at.checked_sub(1) {
        at = before;
    } else if let Some(bar) = series.first() {
        let before = Time(bar.time.0.saturating_sub(clock.least));
        if step.period(clock.local(bar.time)) != step.period(clock.local(before)) {
            found.push(0);
        }
    }
    while let Some(bar) = series.get(at) {
        let next = series.index_at(next_start(step, bar.time, clock));
        if next >= range.end {
            return Some(found);
        }
        if found.len() == most {
            return None;
        }
        found.push(next);
        at = next;
    }
    Some(found)
}

/// From when on bars are dated in the period after that of `time`. Always later than `time`.
fn next_start(step: Step, time: Time, clock: BarClock<'_>) -> Time {
    let dated = clock.dated(time);
    let local = Local::of(dated, clock.zone);
    let start = step.start(step.period(local) + 1);
    let offset = local.nanos - dated.0;
    let guess = Time(start.saturating_sub(offset));
    // Clocks may change in between. Where they jump over the start itself, the guess holds.
    let there = nanos_of(clock.zone.to_offset(guess.to_timestamp()));
    let exact = Time(start.saturating_sub(there));
    let next = if exact > dated { exact } else { guess.max(Time(dated.0.saturating_add(1))) };
    Time(next.0.saturating_sub(clock.ahead))
}

fn thinned(
    series: &BarSeries,
    bars: Vec<usize>,
    step: Step,
    scale: &TimeScale,
    clock: BarClock<'_>,
    apart: f64,
) -> Vec<TimeTick> {
    let mut ranked: Vec<(Step, usize)> =
        bars.into_iter().map(|index| (begun(series, index, clock).unwrap_or(step), index)).collect();
    ranked.sort_by_key(|(longest, index)| (std::cmp::Reverse(*longest), *index));
    let mut kept: Vec<(Step, usize)> = Vec::with_capacity(ranked.len());
    for (longest, index) in ranked {
        let clear =
            kept.iter().all(|(_, other)| index.abs_diff(*other) as f64 * scale.spacing >= apart * 0.8);
        if clear {
            kept.push((longest, index));
        }
    }
    kept.sort_by_key(|(_, index)| *index);
    let tick = |(longest, index): (Step, usize)| {
        let time = series.get(index)?.time;
        let strong = match step {
            Step::Clock(_) => longest >= Step::Day,
            Step::Day | Step::Week => longest >= Step::Months(1),
            Step::Months(_) => longest >= Step::Months(12) && step < Step::Months(12),
        };
        Some(TimeTick { index, text: label(clock.read(time), longest, step), strong })
    };
    kept.into_iter().filter_map(tick).collect()
}

/// The longest period that a bar begins, compared with the bar before it.
fn begun(series: &BarSeries, index: usize, clock: BarClock<'_>) -> Option<Step> {
    let now = clock.local(series.get(index)?.time);
    let before = clock.local(series.get(index.checked_sub(1)?)?.time);
    LADDER.into_iter().rev().find(|step| step.period(now) != step.period(before))
}

fn label(local: DateTime, longest: Step, step: Step) -> String {
    let month = MONTHS[local.month().cast_unsigned() as usize - 1];
    match (longest, step) {
        (Step::Clock(_), Step::Clock(shortest)) if shortest < MINUTE => {
            format!("{:02}:{:02}:{:02}", local.hour(), local.minute(), local.second())
        }
        (Step::Clock(_), _) => format!("{:02}:{:02}", local.hour(), local.minute()),
        (_, Step::Clock(_)) => format!("{} {month}", local.day()),
        (Step::Day | Step::Week, _) => local.day().to_string(),
        (Step::Months(months), _) if months < 12 => month.to_owned(),
        (Step::Months(_), _) => local.year().to_string(),
    }
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

/// A bar's time in full, as the crosshair shows it: `Fri 21 Nov 2026  14:30`.
#[must_use]
pub fn time_text(time: Time, timeframe: Timeframe, zone: &TimeZone) -> String {
    let local = BarClock::of(timeframe, zone).read(time);
    let month = MONTHS[local.month().cast_unsigned() as usize - 1];
    if timeframe == Timeframe::Mo1 {
        return format!("{month} {}", local.year());
    }
    let weekday = WEEKDAYS[local.weekday().to_monday_zero_offset().cast_unsigned() as usize];
    let date = format!("{weekday} {} {month} {}", local.day(), local.year());
    if timeframe.is_calendar() {
        date
    } else if timeframe < Timeframe::M1 {
        format!("{date}  {:02}:{:02}:{:02}", local.hour(), local.minute(), local.second())
    } else {
        format!("{date}  {:02}:{:02}", local.hour(), local.minute())
    }
}

#[cfg(test)]
mod tests;
