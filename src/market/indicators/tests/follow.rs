//! Lines over series that grow at both ends, form and are replaced.

use proptest::prelude::*;

use super::{all, are_close, chunk, naive, series_of, study, utc, walk};
use crate::domain::{Bar, Time};
use crate::market::indicators::track::{BLOCK, CHECKPOINT};
use crate::market::indicators::{INDICATORS, Progress, Span, Study, StudyLines, Values};
use crate::market::series::BarSeries;

fn read(lines: &StudyLines, series: &BarSeries) -> Vec<Values> {
    let mut values = Vec::new();
    lines.values(series, 0..usize::MAX, &mut values);
    values
}

fn bits(values: &[Values]) -> Vec<[u64; 3]> {
    values.iter().map(|value| value.map(f64::to_bits)).collect()
}

#[derive(Debug, Clone)]
enum Step {
    Append(usize),
    ReplaceLast(i8),
    Prepend(usize),
    /// Other bars, so many more or fewer of them.
    ReplaceAll(i8),
    /// A series that was begun anew, without telling.
    BeginAnew,
}

fn step() -> impl Strategy<Value = (Step, usize)> {
    let step = prop_oneof![
        4 => (1..60_usize).prop_map(Step::Append),
        4 => (-50..50_i8).prop_map(Step::ReplaceLast),
        3 => (1..90_usize).prop_map(Step::Prepend),
        1 => any::<i8>().prop_map(Step::ReplaceAll),
        1 => Just(Step::BeginAnew),
    ];
    (step, prop_oneof![1 => Just(usize::MAX), 3 => 0..120_usize])
}

/// The bars of a long walk that are known, and the series of them.
struct Known {
    market: Vec<Bar>,
    from: usize,
    to: usize,
    series: BarSeries,
    /// Where the lines that are read begin, as an index of the market.
    shown_from: usize,
}

impl Known {
    fn bars(&self) -> &[Bar] {
        &self.market[self.from..self.to]
    }

    fn change(&mut self, step: &Step) {
        match *step {
            Step::Append(count) => {
                let to = self.market.len().min(self.to + count);
                for bar in &self.market[self.to..to] {
                    self.series.apply(*bar);
                }
                self.to = to;
            }
            Step::ReplaceLast(by) => {
                let last = &mut self.market[self.to - 1];
                last.close = (last.close + f64::from(by) / 100.0).clamp(last.low, last.high);
                last.volume += 1.0;
                let last = *last;
                self.series.apply(last);
            }
            Step::Prepend(count) => {
                let from = self.from.saturating_sub(count);
                self.series.prepend(chunk(&self.market[from..self.from])).unwrap();
                self.from = from;
            }
            Step::ReplaceAll(by) => {
                self.market.iter_mut().for_each(|bar| {
                    let moved = |price: f64| price + f64::from(by) / 64.0;
                    let [open, high, low, close] = [bar.open, bar.high, bar.low, bar.close].map(moved);
                    *bar = Bar { open, high, low, close, ..*bar };
                });
                self.from = self.from.saturating_add_signed(by.into()).min(self.to - 1);
                self.series.replace(chunk(self.bars()));
                self.shown_from = self.from;
            }
            Step::BeginAnew => {
                self.from = (self.from + 3).min(self.to - 1);
                self.series = BarSeries::default();
                self.series.prepend(chunk(self.bars())).unwrap();
                self.shown_from = self.from;
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn lines_equal_their_definition_whatever_happens_to_the_series(
        which in 0..INDICATORS.len(),
        is_long in prop::bool::weighted(0.3),
        seed in any::<u64>(),
        steps in prop::collection::vec(step(), 1..20),
    ) {
        let length = if is_long { CHECKPOINT } else { 20 };
        let market = walk(seed, 1_800 + length + 1_200);
        let series = series_of(&market[1_800..1_800 + length]);
        let mut known = Known { market, from: 1_800, to: 1_800 + length, series, shown_from: 1_800 };
        let study = Study::usual(&INDICATORS[which]);
        let calendar = utc();
        let mut lines = StudyLines::new(study.clone(), calendar.clone());
        // Values that are there must stay, until the history is another.
        let (mut there, mut taken) = (0, 0);
        for (step, budget) in steps {
            let forming = known.to - 1;
            known.change(&step);
            if matches!(step, Step::ReplaceAll(_) | Step::BeginAnew) {
                (there, taken) = (0, 0);
            }
            if taken == 0 {
                (known.shown_from, there) = (known.from, 0);
            }
            let progress = lines.follow(&known.series, budget);
            prop_assert!(progress.used <= budget);
            taken += progress.used;
            there = there.min(forming);
            if progress.is_complete() {
                (known.shown_from, there) = (known.from, known.to);
            }
            prop_assert_eq!(known.series.len(), known.bars().len());

            let got = read(&lines, &known.series);
            prop_assert_eq!(got.len(), known.bars().len());
            let expected = naive::values(&study, &calendar, &known.market[known.shown_from..known.to]);
            let skipped = known.shown_from - known.from;
            for (at, got) in got.into_iter().enumerate() {
                let is_none = got.iter().all(|value| value.is_nan());
                let right = at.checked_sub(skipped).map(|at| expected[at]);
                let is_right = right.is_some_and(|right| are_close(got, right));
                let must = at >= skipped && at + known.from < there;
                prop_assert!(is_right || (is_none && !must), "bar {at}: {got:?}, {right:?}, {progress:?}");
            }
        }
    }
}

#[test]
fn a_new_bar_costs_one_step_and_a_changed_one_none() {
    let bars = walk(1, 500);
    let mut series = series_of(&bars[..400]);
    let mut lines = StudyLines::new(study("bollinger", &[20.0, 2.0]), utc());
    assert_eq!(lines.follow(&series, usize::MAX), Progress { used: 399, left: 0 });
    for bar in &bars[400..] {
        series.apply(*bar);
        assert_eq!(lines.follow(&series, usize::MAX), Progress { used: 1, left: 0 });
        series.apply(Bar { close: bar.low, ..*bar });
        assert_eq!(lines.follow(&series, usize::MAX), Progress { used: 0, left: 0 });
        assert_eq!(lines.newest().unwrap().0, series.len() - 1);
    }
    assert_eq!(bits(&read(&lines, &series)), bits(&all(lines.study().clone(), utc(), &series)));
}

#[test]
fn a_budget_is_kept_and_lines_grow_from_the_oldest_bar() {
    let series = series_of(&walk(2, 1_001));
    let mut lines = StudyLines::new(study("sma", &[1.0]), utc());
    for (frame, left) in [(1, 700), (2, 400), (3, 100)] {
        assert_eq!(lines.follow(&series, 300), Progress { used: 300, left });
        let there = read(&lines, &series).iter().filter(|value| !value[0].is_nan()).count();
        assert_eq!((there, lines.newest()), (300 * frame, None));
    }
    assert_eq!(lines.follow(&series, 300), Progress { used: 100, left: 0 });
    assert!(read(&lines, &series).iter().all(|value| !value[0].is_nan()));
}

#[test]
fn lines_stay_and_go_on_while_older_history_is_gone_through() {
    let bars = walk(3, 3_002);
    let mut series = series_of(&bars[2_000..3_000]);
    let mut lines = StudyLines::new(study("ema", &[20.0]), utc());
    lines.follow(&series, usize::MAX);
    let before = read(&lines, &series);
    series.prepend(chunk(&bars[1_000..2_000])).unwrap();
    assert!(!lines.follows(&series));
    assert_eq!(lines.follow(&series, 500), Progress { used: 500, left: 1_499 });
    assert_eq!(bits(&read(&lines, &series)[1_000..]), bits(&before));
    assert!(read(&lines, &series)[..1_000].iter().all(|value| value[0].is_nan()));
    // More history, and new bars, before it is through.
    series.prepend(chunk(&bars[..1_000])).unwrap();
    for bar in &bars[3_000..] {
        series.apply(*bar);
    }
    assert_eq!(lines.follow(&series, 1_000), Progress { used: 1_000, left: 2_003 });
    assert_eq!(bits(&read(&lines, &series)[2_000..3_000]), bits(&before));
    assert_eq!(lines.newest().unwrap().0, 3_001);
    assert!(lines.follow(&series, 2_003).is_complete());
    assert_eq!(bits(&read(&lines, &series)), bits(&all(lines.study().clone(), utc(), &series)));
}

#[test]
fn a_value_is_the_same_wherever_the_range_begins() {
    let length = 2 * CHECKPOINT + 300;
    let series = series_of(&walk(4, length));
    for indicator in &INDICATORS {
        let mut lines = StudyLines::new(Study::usual(indicator), utc());
        lines.follow(&series, usize::MAX);
        let whole = read(&lines, &series);
        let mut part = Vec::new();
        let starts = [0, 1, CHECKPOINT - 1, CHECKPOINT, CHECKPOINT + 1, 2 * CHECKPOINT, length - 1, length];
        for start in starts {
            for end in [start, start + 1, start + 200, usize::MAX] {
                lines.values(&series, start..end, &mut part);
                let expected = &whole[start.min(length)..end.min(length)];
                assert_eq!(bits(&part), bits(expected), "{indicator:?} {start}..{end}");
            }
        }
    }
}

#[test]
fn another_history_that_ends_alike_is_gone_through_anew() {
    let mut bars = walk(10, 300);
    let mut series = series_of(&bars);
    let mut lines = StudyLines::new(study("ema", &[20.0]), utc());
    lines.follow(&series, usize::MAX);
    bars[200].close = bars[200].low;
    bars[201].close = bars[201].high;
    series.replace(chunk(&bars));
    assert!(read(&lines, &series).iter().all(|value| value[0].is_nan()));
    assert_eq!(lines.follow(&series, usize::MAX).used, 299);
    assert_eq!(bits(&read(&lines, &series)), bits(&all(lines.study().clone(), utc(), &series)));
}

#[test]
fn another_series_has_no_values() {
    let bars = walk(5, 300);
    let mut lines = StudyLines::new(study("sma", &[5.0]), utc());
    lines.follow(&series_of(&bars), usize::MAX);
    let other = series_of(&walk(6, 400));
    assert!(read(&lines, &other).iter().all(|value| value[0].is_nan()));
    let mut columns = Vec::new();
    lines.columns(&other, &[0, 100, 200], &mut columns);
    assert!(columns.iter().all(|spans| spans[0].is_empty()));
    lines.follow(&other, usize::MAX);
    assert_eq!(bits(&read(&lines, &other)), bits(&all(lines.study().clone(), utc(), &other)));
}

/// The extremes of some values.
fn span(values: &[Values]) -> [Span; 3] {
    let mut spans = [Span::EMPTY; 3];
    for value in values {
        spans.iter_mut().zip(value).for_each(|(span, value)| span.add(*value));
    }
    spans
}

#[test]
fn fine_columns_hold_exactly_their_bars() {
    let series = series_of(&walk(8, 3_000));
    let mut lines = StudyLines::new(study("macd", &[12.0, 26.0, 9.0]), utc());
    lines.follow(&series, usize::MAX);
    let values = read(&lines, &series);
    let edges: Vec<usize> = [0, 10, 10, 40].into_iter().chain((50..=3_000).step_by(50)).collect();
    let mut columns = Vec::new();
    lines.columns(&series, &edges, &mut columns);
    let expected: Vec<_> = edges.windows(2).map(|ends| span(&values[ends[0]..ends[1]])).collect();
    assert_eq!(columns, expected);
    // Before the first value, and of no bars.
    assert!(columns[0][0].is_empty() && columns[1][0].is_empty() && !columns[2][0].is_empty());
}

#[test]
fn coarse_columns_hold_their_bars_but_for_part_of_a_block() {
    let mut series = series_of(&walk(9, 10_000));
    let mut lines = StudyLines::new(study("rsi", &[14.0]), utc());
    lines.follow(&series, usize::MAX);
    let last = series.last().unwrap();
    // The forming bar is the extreme of all, and no block holds it.
    series.apply(Bar { low: 0.01, close: 0.01, ..last });
    lines.follow(&series, usize::MAX);
    let values = read(&lines, &series);
    let half = BLOCK / 2;
    for (start, width) in [(0, 64), (37, 100), (5_003, 1_111)] {
        // The last column takes what is left over.
        let mut edges: Vec<usize> = (start..series.len() - width).step_by(width).collect();
        edges.push(series.len());
        let mut columns = Vec::new();
        lines.columns(&series, &edges, &mut columns);
        assert_eq!(columns.len(), edges.len() - 1);
        for (ends, column) in edges.windows(2).zip(&columns) {
            let &[from, to] = ends else { panic!("two edges") };
            let inner_end = if to == series.len() { to } else { to - half };
            let [inner, ..] = span(&values[from + half..inner_end]);
            let [outer, ..] = span(&values[from.saturating_sub(half)..series.len().min(to + half)]);
            let [got, ..] = *column;
            assert!(got.low <= inner.low && got.high >= inner.high, "{ends:?}: {got:?}, not {inner:?}");
            assert!(got.low >= outer.low && got.high <= outer.high, "{ends:?}: {got:?}, not {outer:?}");
        }
        let newest = values[series.len() - 1][0] as f32;
        assert_eq!(columns[columns.len() - 1][0].low.to_bits(), newest.to_bits());
    }
}

#[test]
fn a_series_without_bars_has_no_lines() {
    let series = BarSeries::default();
    let mut lines = StudyLines::new(study("vwap", &[]), utc());
    assert_eq!(lines.follow(&series, usize::MAX), Progress { used: 0, left: 0 });
    assert_eq!(lines.newest(), None);
    assert!(read(&lines, &series).is_empty());
    let mut one = series;
    one.apply(Bar::from_trade(Time(0), 5.0, 2.0));
    lines.follow(&one, 0);
    assert_eq!(lines.newest().map(|(index, values)| (index, values[0])), Some((0, 5.0)));
}
