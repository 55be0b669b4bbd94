//! From rows as the file has them to a series: dates turned round where they were read
//! in the wrong order, oldest first, in UTC, each time once, and in a known timeframe.

use std::collections::BTreeMap;

use jiff::tz::{AmbiguousOffset, TimeZone};

use super::RowOrder;
use super::dates::{self, Verdict};
use super::error::{ImportError, Problems};
use super::rows::{Row, Rows};
use crate::domain::time::{DAY, HOUR, MINUTE, SECOND};
use crate::domain::{Time, Timeframe};

/// How many different steps between rows are counted at most; so many are no timeframe's.
const MOST_STEPS: usize = 4_096;

/// Turns dates, and brings the rows into the order of time as most of them have it.
pub(super) fn order<T: Row>(rows: &mut [T], verdict: &Verdict) -> RowOrder {
    for row in &mut rows[..verdict.turn_before] {
        row.set_time(Time(dates::turn(row.time().0)));
    }
    let falling = rows.windows(2).filter(|w| w[1].time() < w[0].time()).count();
    let rising = rows.windows(2).filter(|w| w[1].time() > w[0].time()).count();
    if falling <= rising {
        return RowOrder::OldestFirst;
    }
    rows.reverse();
    RowOrder::NewestFirst
}

/// The line in which row `row` of the ordered rows stands.
pub(super) fn line_of<T>(rows: &Rows<T>, order: RowOrder, row: usize) -> u64 {
    rows.lines.of(match order {
        RowOrder::OldestFirst => row,
        RowOrder::NewestFirst => rows.all.len() - 1 - row,
    })
}

/// Puts local times into UTC; returns how many rows lie in an hour that a clock showed
/// twice. Of the two instants the earlier is meant, unless the row before is later.
pub(super) fn to_utc<T: Row>(
    rows: &mut Rows<T>,
    order: RowOrder,
    zone: &TimeZone,
    verdict: &Verdict,
    problems: &mut Problems,
) -> usize {
    if verdict.zoned || *zone == TimeZone::UTC {
        return 0;
    }
    let mut repeated = 0;
    let mut before = Time::MIN;
    for n in 0..rows.all.len() {
        let local = rows.all[n].time();
        let shift = |offset: jiff::tz::Offset| Time(local.0 - i64::from(offset.seconds()) * SECOND);
        let civil = jiff::tz::Offset::UTC.to_datetime(local.to_timestamp());
        let time = match zone.to_ambiguous_timestamp(civil).offset() {
            AmbiguousOffset::Unambiguous { offset } => shift(offset),
            AmbiguousOffset::Fold { before: first, after: second } => {
                repeated += 1;
                if shift(first) < before { shift(second) } else { shift(first) }
            }
            AmbiguousOffset::Gap { before: earlier, .. } => {
                // A day may well begin in the gap; a time of day was never on a clock.
                if verdict.has_times {
                    let line = line_of(rows, order, n);
                    let name = zone.iana_name().unwrap_or("that zone");
                    problems.note(line, || format!("{civil} does not exist in {name}, where clocks skip it"));
                }
                shift(earlier)
            }
        };
        before = time;
        rows.all[n].set_time(time);
    }
    repeated
}

/// Removes rows that are there twice, and notes those that contradict each other or go
/// back in time. Returns how many were removed.
pub(super) fn each_time_once<T: Row>(rows: &mut Rows<T>, order: RowOrder, problems: &mut Problems) -> usize {
    let mut kept = 0_usize;
    // Where kept rows were before, from the first gap on; until then they have not moved.
    let mut places: Vec<u32> = Vec::new();
    let mut removed = 0;
    for n in 0..rows.all.len() {
        let row = rows.all[n];
        if kept == 0 || rows.all[kept - 1].time() < row.time() {
            if !places.is_empty() {
                places.push(n as u32);
            }
            rows.all[kept] = row;
            kept += 1;
            continue;
        }
        if places.is_empty() {
            places.extend(0..kept as u32);
        }
        let line = line_of(rows, order, n);
        let line_of_kept = |at: usize| line_of(rows, order, places[at] as usize);
        match rows.all[..kept].binary_search_by_key(&row.time(), T::time) {
            Ok(same) if rows.all[same] == row => removed += 1,
            Ok(same) => {
                let (time, other) = (row.time(), line_of_kept(same));
                problems.note(line, || {
                    format!("its time {time} is also that of line {other}, with other values")
                });
            }
            Err(_) => {
                let (last, other) = (rows.all[kept - 1].time(), line_of_kept(kept - 1));
                problems.note(line, || out_of_order(row.time(), other, last, order));
            }
        }
    }
    rows.all.truncate(kept);
    removed
}

/// Notes rows that go back in time; several at one time are as they should be.
pub(super) fn never_back<T: Row>(rows: &Rows<T>, order: RowOrder, problems: &mut Problems) {
    let mut latest = 0;
    for n in 1..rows.all.len() {
        if rows.all[n].time() >= rows.all[latest].time() {
            latest = n;
            continue;
        }
        let (time, last) = (rows.all[n].time(), rows.all[latest].time());
        let other = line_of(rows, order, latest);
        problems.note(line_of(rows, order, n), || out_of_order(time, other, last, order));
    }
}

fn out_of_order(time: Time, other: u64, last: Time, order: RowOrder) -> String {
    let rest = match order {
        RowOrder::OldestFirst => "the file is oldest first",
        RowOrder::NewestFirst => "the file is newest first",
    };
    format!("its time {time} is out of order: {rest}, and line {other} has {last}")
}

/// The timeframe of bars, and what to warn of.
pub(super) struct Found {
    pub timeframe: Timeframe,
    pub warning: Option<String>,
}

/// Finds the timeframe of ordered bars whose times are as the file has them (so that
/// local days are 24 hours long).
///
/// The most common step decides where most rows are one step apart. In sparse data, where
/// periods without trades are left out, it is the longest timeframe that all steps are
/// multiples of.
pub(super) fn timeframe<T: Row>(
    rows: &Rows<T>,
    order: RowOrder,
    said: Option<Timeframe>,
    verdict: &Verdict,
) -> Result<Found, ImportError> {
    let steps =
        || rows.all.windows(2).map(|w| w[1].time().0.saturating_sub(w[0].time().0)).filter(|&s| s > 0);
    if let Some(said) = said {
        // Days may be 23 hours long, months 28 days.
        let shortest = if said.is_calendar() { said.nanos() / 10 * 9 } else { said.nanos() };
        let count = steps().filter(|&step| step < shortest).count();
        if count > 0 {
            let short = |w: &[T]| (1..shortest).contains(&(w[1].time().0.saturating_sub(w[0].time().0)));
            let at = rows.all.windows(2).position(short).unwrap_or(0);
            return Err(ImportError::WrongTimeframe { said, count, line: line_of(rows, order, at + 1) });
        }
        return Ok(Found { timeframe: said, warning: None });
    }
    let of = if verdict.has_times { of_step } else { of_days };
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for step in steps() {
        // Months, and days by the clock, are not all of one length.
        let step = of(step).map_or(step, Timeframe::nanos);
        if counts.len() < MOST_STEPS || counts.contains_key(&step) {
            *counts.entry(step).or_default() += 1;
        }
    }
    let total = steps().count();
    let Some((&step, &often)) = counts.iter().rev().max_by_key(|&(_, &count)| count) else {
        return if verdict.has_times {
            Err(ImportError::NoTimeframe("a single row does not tell its timeframe".to_owned()))
        } else {
            Ok(Found { timeframe: Timeframe::D1, warning: None })
        };
    };
    let is_exact = often * 2 > total;
    if is_exact && let Some(timeframe) = of(step) {
        let closer = steps().filter(|&s| s < step - step / 10).count();
        let warning = (closer > 0)
            .then(|| format!("{closer} bars are closer together than {timeframe}, which most are apart"));
        return Ok(Found { timeframe, warning });
    }
    let fits = |t: &Timeframe| t.nanos() <= step && steps().all(|s| s % t.nanos() == 0);
    let common = Timeframe::ALL.into_iter().rev().filter(|t| *t <= Timeframe::D1).find(fits);
    match common {
        Some(timeframe) if !is_exact => {
            let warning = Some(format!(
                "the bars are {timeframe} with gaps: only {often} of {total} steps are {}, and all are multiples of \
                 {timeframe}",
                in_words(step)
            ));
            Ok(Found { timeframe, warning })
        }
        _ => Err(ImportError::NoTimeframe(format!(
            "the rows are mostly {} apart, which is no timeframe of Pitdesk",
            in_words(step)
        ))),
    }
}

fn of_step(step: i64) -> Option<Timeframe> {
    match step {
        // Days by the clock of a zone with summer time.
        _ if (step - DAY).abs() <= HOUR => Some(Timeframe::D1),
        _ if (step - 7 * DAY).abs() <= HOUR => Some(Timeframe::W1),
        _ if (28 * DAY - HOUR..=31 * DAY + HOUR).contains(&step) => Some(Timeframe::Mo1),
        _ => Timeframe::ALL.into_iter().find(|t| t.nanos() == step),
    }
}

/// Of dates without times: two rows over a weekend are days too.
fn of_days(step: i64) -> Option<Timeframe> {
    match step / DAY {
        1..=6 => Some(Timeframe::D1),
        7 => Some(Timeframe::W1),
        28..=31 => Some(Timeframe::Mo1),
        _ => None,
    }
}

fn in_words(step: i64) -> String {
    let units = [(DAY, "days"), (HOUR, "hours"), (MINUTE, "minutes"), (SECOND, "seconds")];
    match units.iter().find(|(unit, _)| step % unit == 0) {
        Some((unit, name)) => format!("{} {name}", step / unit),
        None => format!("{} seconds", step as f64 / SECOND as f64),
    }
}
