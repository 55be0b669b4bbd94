//! Indicators: their numbers, and how their lines follow a series.

mod follow;
mod naive;
mod numbers;
mod studies;

use std::sync::Arc;

use crate::domain::{Bar, Session, SessionKind, Time, TradingHours};
use crate::market::calendar::Calendar;
use crate::market::indicators::{Indicator, Study, StudyLines, Values};
use crate::market::series::{BarChunk, BarSeries};

fn study(key: &str, parameters: &[f64]) -> Study {
    Study::new(Indicator::of_key(key).unwrap(), parameters.to_vec()).unwrap()
}

fn utc() -> Arc<Calendar> {
    Arc::new(Calendar::new(&TradingHours::always("UTC")).unwrap())
}

/// New York, one session on each weekday, in minutes from midnight.
fn new_york(open: i16, close: i16) -> Arc<Calendar> {
    let sessions = vec![Session { open, close, kind: SessionKind::Regular }];
    let weekdays = [true, true, true, true, true, false, false];
    let zone = "America/New_York".to_owned();
    Arc::new(Calendar::new(&TradingHours { zone, sessions, weekdays, holidays: vec![] }).unwrap())
}

fn chunk(bars: &[Bar]) -> Arc<BarChunk> {
    BarChunk::new(bars.to_vec().into()).unwrap()
}

fn series_of(bars: &[Bar]) -> BarSeries {
    let mut series = BarSeries::default();
    series.replace(chunk(bars));
    series
}

/// Bars of a single price each, a minute apart.
fn closing_at(prices: &[f64]) -> Vec<Bar> {
    let minutes = (0..).map(|minute: i64| Time::from_seconds(minute * 60));
    minutes.zip(prices).map(|(time, &price)| Bar::from_trade(time, price, 1.0)).collect()
}

/// A restless market: the same for the same seed, each bar with a high, a low and a volume.
fn walk(seed: u64, count: usize) -> Vec<Bar> {
    let mut state = seed;
    let mut random = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut price = 10_000.0;
    let bar = |minute: i64| {
        let open = price;
        price += random(201) as f64 - 100.0;
        price = f64::max(price, 100.0);
        let (low, high) = (open.min(price) - random(20) as f64, open.max(price) + random(20) as f64);
        let volume = random(50) as f64;
        let time = Time::from_seconds(minute * 60);
        Bar { time, open: open / 100.0, high: high / 100.0, low: low / 100.0, close: price / 100.0, volume }
    };
    (0..).map(bar).take(count).collect()
}

/// All values of a series, gone through at once.
fn all(study: Study, calendar: Arc<Calendar>, series: &BarSeries) -> Vec<Values> {
    let mut lines = StudyLines::new(study, calendar);
    assert!(lines.follow(series, usize::MAX).is_complete());
    let mut values = Vec::new();
    lines.values(series, 0..series.len(), &mut values);
    values
}

/// Whether two values are the same but for rounding; where one is NaN, both.
fn are_close(a: Values, b: Values) -> bool {
    a.iter().zip(b).all(|(a, b)| (a.is_nan() && b.is_nan()) || (a - b).abs() <= 1e-6)
}
