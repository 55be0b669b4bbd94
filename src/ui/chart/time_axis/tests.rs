//! Which times a chart labels.

use super::*;
use crate::domain::Bar;
use crate::market::series::BarChunk;
use proptest::prelude::*;

fn at(text: &str) -> Time {
    Time::from_timestamp(text.parse().unwrap())
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

fn series(times: impl IntoIterator<Item = Time>) -> BarSeries {
    let bars: Vec<Bar> = times.into_iter().map(|time| Bar::from_trade(time, 100.0, 1.0)).collect();
    let mut series = BarSeries::default();
    series.replace(BarChunk::new(bars.into()).unwrap());
    series
}

/// Bars every `step` ns from `from`, only while `open` says so of the local minute of the day.
fn bars(from: &str, count: usize, step: i64, zone: &TimeZone, open: impl Fn(i64) -> bool) -> BarSeries {
    let start = at(from).0;
    let times = (0..).map(|i| Time(start + i * step)).filter(|time| {
        let local = Local::of(*time, zone).nanos;
        let weekday = (local.div_euclid(DAY) + 3).rem_euclid(7);
        weekday < 5 && open(local.rem_euclid(DAY) / MINUTE)
    });
    series(times.take(count))
}

fn new_york(minute: i64) -> bool {
    (570..960).contains(&minute)
}

fn shown(series: &BarSeries, spacing: f64, timeframe: Timeframe, zone: &TimeZone) -> Vec<String> {
    let scale = TimeScale { spacing, right: series.len() as f64, width: 1200.0 };
    time_ticks(series, &scale, timeframe, zone, 64.0)
        .into_iter()
        .map(|tick| if tick.strong { format!("*{}", tick.text) } else { tick.text })
        .collect()
}

#[test]
fn minutes_of_a_share_show_hours_and_the_day() {
    let zone = zone("America/New_York");
    let series = bars("2026-11-18T00:00:00Z", 500, MINUTE, &zone, new_york);
    assert_eq!(
        shown(&series, 4.0, Timeframe::M1, &zone),
        ["13:00", "13:30", "14:00", "14:30", "15:00", "15:30", "*19 Nov", "10:00", "10:30", "11:00"]
    );
}

#[test]
fn days_show_months_and_years() {
    let zone = zone("America/New_York");
    let series = bars("2024-01-02T05:00:00Z", 700, DAY, &zone, |_| true);
    let found = shown(&series, 1.0, Timeframe::D1, &zone);
    assert_eq!(found, ["Apr", "Jul", "Oct", "*2025", "Apr", "Jul", "Oct", "*2026", "Apr", "Jul"]);
    let near = shown(&series, 12.0, Timeframe::D1, &zone);
    assert!(near.contains(&"*Aug".to_owned()) && near.contains(&"13".to_owned()), "{near:?}");
}

#[test]
fn seconds_show_seconds() {
    let utc = TimeZone::UTC;
    let series = series((0..300).map(|i| Time(at("2026-11-21T11:59:00Z").0 + i * SECOND)));
    let found = shown(&series, 20.0, Timeframe::S1, &utc);
    assert!(found.contains(&"12:03:30".to_owned()), "{found:?}");
}

#[test]
fn ten_years_of_minutes_show_years() {
    let utc = TimeZone::UTC;
    let series = series((0..200_000).map(|i| Time(at("2016-06-01T00:00:00Z").0 + i * 26 * MINUTE)));
    let found = shown(&series, 1200.0 / 200_000.0, Timeframe::M15, &utc);
    assert!(found.contains(&"*2020".to_owned()) || found.contains(&"2020".to_owned()), "{found:?}");
    assert!(found.len() >= 6, "{found:?}");
}

#[test]
fn a_new_day_is_labelled_by_the_clock_of_the_zone() {
    let tokyo = zone("Asia/Tokyo");
    let series = series((0..48).map(|i| Time(at("2026-11-20T03:00:00Z").0 + i * HOUR)));
    let scale = TimeScale { spacing: 20.0, right: 48.0, width: 1000.0 };
    let ticks = time_ticks(&series, &scale, Timeframe::H1, &tokyo, 64.0);
    let day = ticks.iter().find(|tick| tick.strong).unwrap();
    assert_eq!((day.text.as_str(), day.index), ("21 Nov", 12));
}

#[test]
fn clocks_that_change_do_not_stop_the_axis() {
    let zone = zone("America/New_York");
    for from in ["2026-03-08T04:00:00Z", "2026-11-01T04:00:00Z"] {
        let series = series((0..600).map(|i| Time(at(from).0 + i * MINUTE)));
        let scale = TimeScale { spacing: 2.0, right: 600.0, width: 1200.0 };
        let ticks = time_ticks(&series, &scale, Timeframe::M1, &zone, 64.0);
        assert!(ticks.len() >= 8, "{ticks:?}");
        for tick in ticks {
            let local = zone.to_datetime(series.get(tick.index).unwrap().time.to_timestamp());
            assert_eq!(local.minute() % 15, 0, "{}", tick.text);
        }
    }
}

#[test]
fn sparse_bars_get_sparse_labels() {
    let utc = TimeZone::UTC;
    let series = series((0..300).map(|i| Time(at("2025-01-01T00:00:00Z").0 + i * 26 * HOUR)));
    let found = shown(&series, 4.0, Timeframe::S1, &utc);
    assert!(!found.is_empty() && found.len() < 20, "{found:?}");
}

#[test]
fn the_crosshair_says_the_time_in_full() {
    let zone = zone("Asia/Seoul");
    let time = at("2026-11-20T15:30:15Z");
    for (timeframe, text) in [
        (Timeframe::S1, "Sat 21 Nov 2026  00:30:15"),
        (Timeframe::M5, "Sat 21 Nov 2026  00:30"),
        (Timeframe::D1, "Sat 21 Nov 2026"),
        (Timeframe::Mo1, "Nov 2026"),
    ] {
        assert_eq!(time_text(time, timeframe, &zone), text);
    }
}

#[test]
fn weeks_stay_labelled_wherever_the_pane_is() {
    let zone = zone("America/New_York");
    let series = bars("2024-01-02T05:00:00Z", 4000, DAY, &zone, |_| true);
    let scale = TimeScale { spacing: 9.535, right: 3900.0, width: 1000.0 };
    let counts: Vec<usize> = (0..300)
        .map(|pan| time_ticks(&series, &scale.panned(f64::from(pan)), Timeframe::D1, &zone, 64.0).len())
        .collect();
    assert!(
        counts.iter().all(|count| *count >= 8),
        "a week more in sight must not make them months: {counts:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn labels_never_collide_and_stay_where_they_are_while_panning(
        spacing in 0.05..30.0, pan in 0.0..400.0, step in 0_usize..6,
    ) {
        let zone = zone("America/New_York");
        let (timeframe, nanos) = [
            (Timeframe::S5, 5 * SECOND), (Timeframe::M1, MINUTE), (Timeframe::M15, 15 * MINUTE),
            (Timeframe::H1, HOUR), (Timeframe::D1, DAY), (Timeframe::M5, 5 * MINUTE),
        ][step];
        let series = bars("2024-01-02T05:00:00Z", 4000, nanos, &zone, |m| nanos == DAY || new_york(m));
        let scale = TimeScale { spacing, right: 3900.0, width: 1000.0 };
        let apart = 64.0;
        let ticks = time_ticks(&series, &scale, timeframe, &zone, apart);
        for pair in ticks.windows(2) {
            prop_assert!((pair[1].index - pair[0].index) as f64 * spacing >= apart * 0.8 - 1e-9);
        }
        let moved = scale.panned(pan);
        let again = time_ticks(&series, &moved, timeframe, &zone, apart);
        // In the middle of both panes, most labels are the same ones.
        let middle = |ticks: &[TimeTick]| -> Vec<usize> {
            let inside = |i: usize| {
                let x = scale.x_of(i as f64);
                x > 150.0 && x < 1000.0 - pan - 150.0
            };
            ticks.iter().map(|tick| tick.index).filter(|i| inside(*i)).collect()
        };
        let (a, b) = (middle(&ticks), middle(&again));
        let same = a.iter().filter(|i| b.contains(i)).count();
        prop_assert!(same * 2 >= a.len().saturating_sub(1), "{a:?} became {b:?} at {spacing}");
    }
}

/// The bars of a market whose day begins at 17:00 in New York on the evening before.
fn evenings(dates: impl IntoIterator<Item = Date>) -> BarSeries {
    let eve = |date: Date| date.yesterday().unwrap().at(17, 0, 0, 0);
    let time = |date| eve(date).to_zoned(zone("America/New_York")).unwrap().timestamp();
    series(dates.into_iter().map(|date| Time::from_timestamp(time(date))))
}

#[test]
fn a_bar_bears_the_date_of_its_trading_day_though_it_begins_the_evening_before() {
    let zone = zone("America/New_York");
    for (begins, timeframe, text) in [
        ("2026-11-15T22:00:00Z", Timeframe::D1, "Mon 16 Nov 2026"),
        ("2026-11-15T22:00:00Z", Timeframe::W1, "Mon 16 Nov 2026"),
        ("2026-10-31T21:00:00Z", Timeframe::Mo1, "Nov 2026"),
        ("2026-11-16T05:00:00Z", Timeframe::D1, "Mon 16 Nov 2026"),
        ("2026-11-15T22:00:00Z", Timeframe::H4, "Sun 15 Nov 2026  17:00"),
    ] {
        assert_eq!(time_text(at(begins), timeframe, &zone), text);
    }
}

#[test]
fn the_axis_names_the_months_and_years_of_trading_days() {
    let zone = zone("America/New_York");
    let month = |i: i16| Date::new(2024 + i / 12, i8::try_from(i % 12).unwrap() + 1, 1).unwrap();
    let months = evenings((0..30).map(month));
    let scale = TimeScale { spacing: 20.0, right: 30.0, width: 1200.0 };
    let ticks = time_ticks(&months, &scale, Timeframe::Mo1, &zone, 64.0);
    let begins = |text: &str| ticks.iter().find(|tick| tick.text == text).map(|tick| tick.index);
    assert_eq!((begins("2025"), begins("2026")), (Some(12), Some(24)), "{ticks:?}");
    assert_eq!(ticks[0].index, 0, "the first bar of all begins a month: {ticks:?}");

    let first = Date::new(2026, 10, 26).unwrap();
    let days = evenings((0..14).map(|i| first + jiff::Span::new().days(i)));
    let scale = TimeScale { spacing: 80.0, right: 14.0, width: 1200.0 };
    let found = time_ticks(&days, &scale, Timeframe::D1, &zone, 64.0);
    let texts: Vec<&str> = found.iter().map(|tick| tick.text.as_str()).collect();
    assert_eq!(texts[..8], ["26", "27", "28", "29", "30", "31", "Nov", "2"]);
    assert!(found.iter().enumerate().all(|(i, tick)| tick.index == i));
}
