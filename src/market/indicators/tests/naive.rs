//! The indicators as their books define them: each value from all bars before it, and no
//! library.

use std::ops::RangeInclusive;

use crate::domain::Bar;
use crate::market::calendar::Calendar;
use crate::market::indicators::{Study, Values};

const NAN: f64 = f64::NAN;

/// All values of all bars.
pub(super) fn values(study: &Study, calendar: &Calendar, bars: &[Bar]) -> Vec<Values> {
    let closes: Vec<f64> = bars.iter().map(|bar| bar.close).collect();
    let given: Vec<usize> = study.parameters().iter().map(|&number| number as usize).collect();
    let singles = |values: Vec<f64>| values.into_iter().map(|value| [value, NAN, NAN]).collect();
    match study.indicator().key {
        "sma" => singles(windows(&closes, given[0], mean)),
        "ema" => singles(weighted(&closes, given[0], 2.0 / (given[0] as f64 + 1.0))),
        "vwap" => singles(vwap(calendar, bars)),
        "rsi" => singles(rsi(&closes, given[0])),
        "macd" => macd(&closes, [given[0], given[1], given[2]]),
        "bollinger" => {
            let middles = windows(&closes, given[0], mean);
            let widths = windows(&closes, given[0], deviation);
            let wide = study.parameters()[1];
            middles.into_iter().zip(widths).map(|(m, w)| [m + wide * w, m, m - wide * w]).collect()
        }
        other => panic!("{other} has no naive model"),
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values);
    mean(&values.iter().map(|value| (value - middle).powi(2)).collect::<Vec<_>>()).sqrt()
}

fn windows(values: &[f64], length: usize, of: fn(&[f64]) -> f64) -> Vec<f64> {
    let window = |end: usize| end.checked_sub(length).map_or(NAN, |start| of(&values[start..end]));
    (1..=values.len()).map(window).collect()
}

/// An average that never forgets; values that are not there yet do not count.
fn weighted(values: &[f64], length: usize, weight: f64) -> Vec<f64> {
    let absent = values.iter().take_while(|value| value.is_nan()).count();
    let mut averages = vec![NAN; values.len()];
    let first = absent + length - 1;
    if first < values.len() {
        averages[first] = mean(&values[absent..=first]);
    }
    for at in first + 1..values.len() {
        averages[at] = weight * values[at] + (1.0 - weight) * averages[at - 1];
    }
    averages
}

fn rsi(closes: &[f64], length: usize) -> Vec<f64> {
    let averages = |of: fn(f64) -> f64| {
        let changes: Vec<f64> = closes.windows(2).map(|pair| of(pair[1] - pair[0])).collect();
        weighted(&changes, length, 1.0 / length as f64)
    };
    let gains = averages(|change| if change > 0.0 { change } else { 0.0 });
    let losses = averages(|change| if change < 0.0 { -change } else { 0.0 });
    let index = |(gain, loss): (f64, f64)| match (gain, loss) {
        (0.0, 0.0) => 50.0,
        (_, 0.0) => 100.0,
        _ => 100.0 - 100.0 / (1.0 + gain / loss),
    };
    // The first bar has no change.
    closes.iter().take(1).map(|_| NAN).chain(gains.into_iter().zip(losses).map(index)).collect()
}

fn macd(closes: &[f64], [fast, slow, signal]: [usize; 3]) -> Vec<Values> {
    let average = |values: &[f64], length: usize| weighted(values, length, 2.0 / (length as f64 + 1.0));
    let pairs = average(closes, fast).into_iter().zip(average(closes, slow));
    let line: Vec<f64> = pairs.map(|(fast, slow)| fast - slow).collect();
    let signals = average(&line, signal);
    line.into_iter().zip(signals).map(|(line, signal)| [line, signal, line - signal]).collect()
}

fn vwap(calendar: &Calendar, bars: &[Bar]) -> Vec<f64> {
    let of_one_day = |a: &Bar, b: &Bar| calendar.trading_day(a.time) == calendar.trading_day(b.time);
    let mut values = Vec::new();
    for day in bars.chunk_by(of_one_day) {
        let (mut turnover, mut volume) = (0.0, 0.0);
        for bar in day {
            turnover += bar.volume * (bar.high + bar.low + bar.close) / 3.0;
            volume += bar.volume;
            values.push(if volume == 0.0 { NAN } else { turnover / volume });
        }
    }
    values
}

/// Positions in a list at which its values differ.
pub(super) fn differences(got: &[Values], expected: &[Values], among: RangeInclusive<usize>) -> Vec<usize> {
    among.filter(|&at| at < got.len() && !super::are_close(got[at], expected[at])).collect()
}
