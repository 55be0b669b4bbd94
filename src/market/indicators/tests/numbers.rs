//! Numbers that were computed by hand or published, and the odd markets.

use super::{all, are_close, closing_at, naive, new_york, series_of, study, utc, walk};
use crate::domain::{Bar, Time};
use crate::market::indicators::{INDICATORS, Study, StudyLines};
use crate::market::series::Applied;

const NAN: f64 = f64::NAN;

/// The first output of a study of these closes.
fn line(key: &str, parameters: &[f64], closes: &[f64]) -> Vec<f64> {
    let values = all(study(key, parameters), utc(), &series_of(&closing_at(closes)));
    values.into_iter().map(|[first, ..]| first).collect()
}

fn assert_near(got: &[f64], expected: &[f64], by: f64) {
    assert_eq!(got.len(), expected.len());
    for (at, (got, expected)) in got.iter().zip(expected).enumerate() {
        let same = (got.is_nan() && expected.is_nan()) || (got - expected).abs() <= by;
        assert!(same, "value {at} is {got}, not {expected}");
    }
}

#[test]
fn sma_begins_with_the_bar_that_fills_it() {
    assert_near(&line("sma", &[3.0], &[1.0, 2.0, 3.0, 4.0, 9.0]), &[NAN, NAN, 2.0, 3.0, 16.0 / 3.0], 1e-12);
    assert_near(&line("sma", &[1.0], &[5.0, 7.0]), &[5.0, 7.0], 0.0);
}

#[test]
fn ema_begins_with_the_mean_and_equals_the_textbook() {
    let closes = [
        22.27, 22.19, 22.08, 22.17, 22.18, 22.13, 22.23, 22.43, 22.24, 22.29, 22.15, 22.39, 22.38, 22.61,
        23.36,
    ];
    let values = line("ema", &[10.0], &closes);
    assert!(values[..9].iter().all(|value| value.is_nan()));
    assert_near(&values[9..], &[22.22, 22.21, 22.24, 22.27, 22.33, 22.52], 0.005);
}

#[test]
fn rsi_begins_after_length_changes_and_equals_the_textbook() {
    let closes = [
        44.34, 44.09, 44.15, 43.61, 44.33, 44.83, 45.10, 45.42, 45.84, 46.08, 45.89, 46.03, 45.61, 46.28,
        46.28, 46.00, 46.03, 46.41, 46.22, 45.64,
    ];
    let values = line("rsi", &[14.0], &closes);
    assert!(values[..14].iter().all(|value| value.is_nan()));
    assert_near(&values[14..], &[70.46, 66.25, 66.48, 69.35, 66.29, 57.92], 0.005);
}

#[test]
fn rsi_ends_at_its_bounds_and_stands_in_the_middle_of_no_change() {
    assert_near(&line("rsi", &[2.0], &[1.0, 2.0, 3.0]), &[NAN, NAN, 100.0], 0.0);
    assert_near(&line("rsi", &[2.0], &[3.0, 2.0, 1.0]), &[NAN, NAN, 0.0], 0.0);
    assert_near(&line("rsi", &[2.0], &[3.0, 3.0, 3.0, 3.0]), &[NAN, NAN, 50.0, 50.0], 0.0);
}

#[test]
fn bands_are_population_deviations_from_the_mean() {
    let closes = [2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0];
    let values = all(study("bollinger", &[8.0, 2.5]), utc(), &series_of(&closing_at(&closes)));
    assert!(values[..7].iter().all(|value| value.iter().all(|line| line.is_nan())));
    assert_near(&values[7], &[10.0, 5.0, 0.0], 1e-12);
}

#[test]
fn bands_close_again_when_a_dear_market_falls_asleep() {
    let mut closes: Vec<f64> = (0..4_000).map(|at| 100.0 + 25.0 * f64::from(at)).collect();
    closes.resize(9_000, 99_999.9);
    let values = all(study("bollinger", &[20.0, 2.0]), utc(), &series_of(&closing_at(&closes)));
    for [upper, middle, lower] in &values[4_020..] {
        assert!(upper - lower < 0.05 && (middle - 99_999.9).abs() < 1e-6, "{lower} {middle} {upper}");
    }
    // And the sums that gathered the rounding are made anew.
    for [upper, _, lower] in &values[8_192..] {
        assert!(upper - lower < 1e-6, "{lower} {upper}");
    }
}

#[test]
fn macd_begins_with_its_slow_average_and_its_signal_later() {
    let closes = [1.0, 2.0, 3.0, 4.0, 10.0];
    let values = all(study("macd", &[2.0, 3.0, 2.0]), utc(), &series_of(&closing_at(&closes)));
    let expected = [
        [NAN, NAN, NAN],
        [NAN, NAN, NAN],
        [0.5, NAN, NAN],
        [0.5, 0.5, 0.0],
        [4.0 / 3.0, 19.0 / 18.0, 5.0 / 18.0],
    ];
    values.iter().zip(&expected).for_each(|(got, expected)| assert_near(got, expected, 1e-12));
}

/// A bar of New York, whose high, low and close have `price` for their mean.
fn bar(time: &str, price: f64, volume: f64) -> Bar {
    let time = Time::from_timestamp(format!("{time}-05:00").parse().unwrap());
    Bar { time, open: price, high: price + 3.0, low: price - 2.0, close: price - 1.0, volume }
}

#[test]
fn vwap_begins_anew_with_each_trading_day_and_only_with_volume() {
    let bars = [
        bar("2026-11-19T09:30:00", 12.0, 0.0),
        bar("2026-11-19T09:31:00", 12.0, 1.0),
        bar("2026-11-19T09:32:00", 20.0, 3.0),
        bar("2026-11-19T15:59:00", 99.0, 0.0),
        // A gap over the night, and a day that begins without volume.
        bar("2026-11-20T09:30:00", 30.0, 0.0),
        bar("2026-11-20T09:31:00", 40.0, 2.0),
    ];
    let values = all(study("vwap", &[]), new_york(570, 960), &series_of(&bars));
    let got: Vec<f64> = values.iter().map(|value| value[0]).collect();
    assert_near(&got, &[NAN, 12.0, 18.0, 18.0, NAN, 40.0], 1e-12);
}

#[test]
fn vwap_of_a_day_that_opens_the_evening_before_begins_there() {
    let bars = [
        bar("2026-11-18T23:00:00", 10.0, 1.0),
        bar("2026-11-19T16:59:00", 20.0, 1.0),
        bar("2026-11-19T17:00:00", 30.0, 1.0),
        bar("2026-11-20T00:01:00", 40.0, 1.0),
    ];
    let values = all(study("vwap", &[]), new_york(-420, 1_020), &series_of(&bars));
    let got: Vec<f64> = values.iter().map(|value| value[0]).collect();
    assert_near(&got, &[10.0, 15.0, 30.0, 35.0], 1e-12);
}

#[test]
fn every_indicator_equals_its_definition_past_a_checkpoint() {
    let bars = walk(7, 4_300);
    let calendar = new_york(240, 1_200);
    for indicator in &INDICATORS {
        let study = Study::usual(indicator);
        let expected = naive::values(&study, &calendar, &bars);
        let got = all(study, calendar.clone(), &series_of(&bars));
        assert_eq!(got.len(), bars.len());
        assert_eq!(naive::differences(&got, &expected, 0..=bars.len()), [0; 0], "{indicator:?}");
    }
}

#[test]
fn only_vwap_asks_for_the_time() {
    let bars = walk(3, 200);
    let mut sparse = bars.clone();
    for (bar, gap) in sparse.iter_mut().zip((0..).step_by(7)) {
        bar.time = Time::from_seconds(bar.time.0 / 1_000_000_000 + gap * 3_600);
    }
    for indicator in INDICATORS.iter().filter(|indicator| indicator.key != "vwap") {
        let of = |bars: &[Bar]| all(Study::usual(indicator), utc(), &series_of(bars));
        let pairs = of(&bars).into_iter().zip(of(&sparse));
        assert!(pairs.into_iter().all(|(a, b)| are_close(a, b)), "{indicator:?}");
    }
}

#[test]
fn a_bar_that_cannot_be_one_does_not_reach_the_lines() {
    let mut series = series_of(&walk(1, 100));
    let mut lines = StudyLines::new(study("ema", &[20.0]), utc());
    lines.follow(&series, usize::MAX);
    let newest = |lines: &StudyLines| lines.newest().unwrap().1[0];
    let before = newest(&lines);
    let last = series.last().unwrap();
    assert_eq!(series.apply(Bar { close: NAN, ..last }), Applied::Unsound);
    lines.follow(&series, usize::MAX);
    assert_eq!(newest(&lines).to_bits(), before.to_bits());
}

#[test]
fn a_price_beyond_all_bounds_is_passed_over() {
    let bars = walk(5, 300);
    let mut shocked = bars.clone();
    let time = Time(bars[150].time.0 + 1);
    shocked.insert(151, Bar::from_trade(time, f64::MAX, 1.0));
    shocked.insert(152, Bar { time: Time(time.0 + 1), volume: f64::MAX, ..bars[150] });
    for indicator in &INDICATORS {
        let plain = all(Study::usual(indicator), utc(), &series_of(&bars));
        let mut got = all(Study::usual(indicator), utc(), &series_of(&shocked));
        assert!(got.drain(151..153).flatten().all(f64::is_nan));
        let same = got.into_iter().zip(plain).all(|(a, b)| are_close(a, b));
        assert!(same, "{indicator:?}");
    }
}
