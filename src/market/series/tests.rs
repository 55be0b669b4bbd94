//! The series against a plain `Vec<Bar>`, for random histories and live bars.

use proptest::prelude::*;

use super::*;

/// A sound bar from four prices and a whole volume, so that sums are exact.
fn bar(time: i64, prices: [u16; 4], volume: u16) -> Bar {
    let [a, b, c, d] = prices.map(f64::from);
    let (low, high) = (a.min(b), a.max(b));
    let between = |x: f64| x.clamp(low, high);
    Bar { time: Time(time), open: between(c), high, low, close: between(d), volume: volume.into() }
}

fn numbered(times: Range<i64>) -> Vec<Bar> {
    times.map(|t| bar(t, [t as u16 % 97, t as u16 % 89, 5, 7], t as u16 % 13)).collect()
}

fn chunk(bars: Vec<Bar>) -> Arc<BarChunk> {
    BarChunk::new(bars.into()).unwrap()
}

/// The same bars at whole seconds, so that they can be packed.
fn in_seconds(bars: Vec<Bar>) -> Vec<Bar> {
    bars.into_iter().map(|bar| Bar { time: Time::from_seconds(bar.time.0), ..bar }).collect()
}

fn brute_extent(bars: &[Bar]) -> Extent {
    bars.iter().fold(Extent::EMPTY, |e, bar| Extent {
        high: e.high.max(bar.high),
        low: e.low.min(bar.low),
        volume: e.volume + bar.volume,
    })
}

/// What every reader may rely on, `model` being the same bars in a plain vector.
fn assert_same(series: &BarSeries, model: &[Bar], probes: &[(usize, usize)]) {
    assert_eq!(series.len(), model.len());
    assert_eq!(series.is_empty(), model.is_empty());
    assert_eq!(series.first(), model.first().copied());
    assert_eq!(series.last(), model.last().copied());
    assert_eq!(series.get(model.len()), None);
    for (probe, &(a, b)) in (0_i64..).zip(probes.iter().chain(&[(0, usize::MAX)])) {
        let (start, end) = (a.min(b), a.max(b));
        let clamped = start.min(model.len())..end.min(model.len());
        let expected = &model[clamped];
        let got: Vec<Bar> = series.bars(start..end).collect();
        assert_eq!(got, expected, "bars {start}..{end}");
        assert_eq!(series.extent(start..end), brute_extent(expected), "extent {start}..{end}");
        assert_eq!(series.get(start), model.get(start).copied());
        for time in [model.get(start).map_or(Time::MAX, |bar| bar.time), Time(probe * 317 - 2_000)] {
            for time in [Time(time.0.saturating_sub(1)), time, Time(time.0.saturating_add(1))] {
                let older = model.iter().filter(|bar| bar.time < time).count();
                assert_eq!(series.index_at(time), older, "index at {}", time.0);
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Prepend(Vec<(i64, [u16; 4], u16)>),
    Apply(i64, [u16; 4], u16),
    ApplyMany(u16),
    Replace { bars: Vec<(i64, [u16; 4], u16)>, begins: i64 },
}

fn gaps_and_bars(most: usize) -> impl Strategy<Value = Vec<(i64, [u16; 4], u16)>> {
    prop::collection::vec((1..5_i64, any::<[u16; 4]>(), any::<u16>()), 0..most)
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        2 => gaps_and_bars(700).prop_map(Step::Prepend),
        8 => (-2..4_i64, any::<[u16; 4]>(), any::<u16>()).prop_map(|(dt, p, v)| Step::Apply(dt, p, v)),
        2 => (0..400_u16).prop_map(Step::ApplyMany),
        1 => (gaps_and_bars(300), -500..500_i64).prop_map(|(bars, begins)| Step::Replace { bars, begins }),
    ]
}

/// Bars from `(gap, prices, volume)`, the first at `begins`.
fn laid_out(begins: i64, bars: &[(i64, [u16; 4], u16)]) -> Vec<Bar> {
    let mut time = begins;
    let lay = |&(gap, prices, volume): &(i64, [u16; 4], u16)| {
        let made = bar(time, prices, volume);
        time += gap;
        made
    };
    bars.iter().map(lay).collect()
}

proptest! {
    #[test]
    fn equals_a_plain_vector(
        steps in prop::collection::vec(step(), 1..30),
        probes in prop::collection::vec((0..4_000_usize, 0..4_000_usize), 12),
    ) {
        let mut series = BarSeries::default();
        let mut model: Vec<Bar> = Vec::new();
        for step in steps {
            let before = (series.version(), series.shape(), series.prepended(), model.clone());
            let absolute_last = model.len().cast_signed() - 1 - series.prepended().cast_signed();
            match step {
                Step::Prepend(gaps) => {
                    let length: i64 = gaps.iter().map(|(gap, ..)| gap).sum();
                    let begins = model.first().map_or(0, |bar| bar.time.0) - length;
                    let older = laid_out(begins, &gaps);
                    series.prepend(chunk(older.clone())).unwrap();
                    prop_assert_eq!(series.prepended(), before.2 + older.len());
                    model.splice(0..0, older);
                }
                Step::Apply(dt, prices, volume) => {
                    let newest = model.last().map(|bar| bar.time.0);
                    let new = bar(newest.unwrap_or(0) + dt, prices, volume);
                    let expected = match new.time.0.cmp(&newest.unwrap_or(i64::MIN)) {
                        std::cmp::Ordering::Less => Applied::Stale,
                        std::cmp::Ordering::Equal => {
                            model.pop();
                            Applied::Replaced
                        }
                        std::cmp::Ordering::Greater => Applied::Appended,
                    };
                    if expected != Applied::Stale {
                        model.push(new);
                    }
                    prop_assert_eq!(series.apply(new), expected);
                }
                Step::ApplyMany(count) => {
                    let from = model.last().map_or(0, |bar| bar.time.0) + 1;
                    for bar in numbered(from..from + i64::from(count)) {
                        prop_assert_eq!(series.apply(bar), Applied::Appended);
                        model.push(bar);
                    }
                }
                Step::Replace { bars, begins } => {
                    let newest = model.last().map(|bar| bar.time);
                    let history = laid_out(begins, &bars);
                    series.replace(chunk(history.clone()));
                    if let Some(ends) = history.last().map(|bar| bar.time) {
                        model.retain(|bar| bar.time > ends);
                        model.splice(0..0, history);
                    }
                    if let Some(newest) = newest {
                        let index = model.iter().filter(|bar| bar.time < newest).count().cast_signed();
                        prop_assert!(series.prepended() >= before.2);
                        prop_assert!(index - series.prepended().cast_signed() <= absolute_last);
                        if series.prepended() > before.2 {
                            prop_assert_eq!(index - series.prepended().cast_signed(), absolute_last);
                        }
                    }
                }
            }
            assert_same(&series, &model, &probes[..4]);
            let changed = model != before.3;
            prop_assert!(!changed || series.version() > before.0, "a change without a new version");
            let rest = |bars: &[Bar]| (bars.len(), bars.split_last().map(|(_, rest)| rest.to_vec()));
            prop_assert!(
                rest(&model) == rest(&before.3) || series.shape() > before.1,
                "more than the last bar changed without a new shape"
            );
        }
        assert_same(&series, &model, &probes);
        assert_same(&series.clone(), &model, &probes[..4]);
    }

    #[test]
    fn a_chunk_knows_the_extent_of_every_range(
        bars in gaps_and_bars(3_000),
        ranges in prop::collection::vec((0..3_100_usize, 0..3_100_usize), 60),
    ) {
        let bars = in_seconds(laid_out(0, &bars));
        for chunk in [chunk(bars.clone()), BarChunk::new(Bars::pack(bars.clone())).unwrap()] {
            for &(a, b) in &ranges {
                let (start, end) = (a.min(b), a.max(b));
                let expected = brute_extent(&bars[start.min(bars.len())..end.min(bars.len())]);
                prop_assert_eq!(chunk.extent(start..end), expected);
            }
        }
    }
}

#[test]
fn a_long_tail_is_sealed_and_stays_exact() {
    let model = numbered(0..65_536 * 2 + 40);
    let mut series = BarSeries::default();
    for &bar in &model {
        series.apply(bar);
    }
    assert_eq!(series.parts.len(), 2);
    assert!(series.tail.bars.len() <= SEAL_AT);
    let probes = [(1, 131_000), (65_535, 65_537), (65_536, 65_600), (70_000, 131_111), (131_071, 131_073)];
    assert_same(&series, &model, &probes);
}

#[test]
fn the_forming_bar_of_a_history_is_updated_without_a_copy() {
    let history = chunk(numbered(0..100));
    let mut series = BarSeries::default();
    series.prepend(history.clone()).unwrap();
    let (version, shape) = (series.version(), series.shape());
    let newer = bar(99, [1_000, 1, 5, 5], 77);
    assert_eq!(series.apply(newer), Applied::Replaced);
    assert_eq!(series.extent(99..100), Extent { high: 1_000.0, low: 1.0, volume: 77.0 });
    assert_eq!(series.get(99), Some(newer));
    assert!(series.parts[0].chunk.bars().shares_with(history.bars()));
    assert_eq!(series.bars(0..99).collect::<Vec<_>>(), numbered(0..99));
    assert_ne!(series.version(), version);
    assert_eq!(series.shape(), shape);
}

#[test]
fn the_same_bar_again_is_no_change() {
    let mut series = BarSeries::default();
    series.prepend(chunk(numbered(0..5))).unwrap();
    let version = series.version();
    assert_eq!(series.apply(series.last().unwrap()), Applied::Replaced);
    assert_eq!(series.version(), version);
}

#[test]
fn a_chart_keeps_its_place_while_history_arrives() {
    let mut series = BarSeries::default();
    series.apply(bar(1_000, [1, 2, 1, 2], 3));
    series.apply(bar(1_001, [1, 2, 1, 2], 3));
    let absolute =
        |series: &BarSeries| series.index_at(Time(1_000)).cast_signed() - series.prepended().cast_signed();
    assert_eq!(absolute(&series), 0);
    series.prepend(chunk(numbered(500..600))).unwrap();
    assert_eq!(absolute(&series), 0);
    series.replace(chunk(numbered(100..1_001)));
    assert_eq!(absolute(&series), 0);
    assert_eq!(series.len(), 902);
    series.prepend(chunk(numbered(0..100))).unwrap();
    assert_eq!(absolute(&series), 0);
}

#[test]
fn only_another_history_rewrites_the_bars() {
    let mut series = BarSeries::default();
    series.replace(chunk(Vec::new()));
    series.apply(bar(1_000, [1, 2, 1, 2], 3));
    series.apply(bar(1_000, [1, 3, 1, 2], 3));
    series.apply(bar(1_001, [1, 2, 1, 2], 3));
    series.prepend(chunk(numbered(900..1_000))).unwrap();
    assert_eq!(series.rewritten(), 0);
    series.replace(chunk(numbered(900..1_002)));
    assert_eq!(series.rewritten(), 1);
}

#[test]
fn history_that_overlaps_is_refused() {
    let mut series = BarSeries::default();
    series.apply(bar(10, [1, 2, 1, 2], 3));
    let version = series.version();
    let refused = series.prepend(chunk(numbered(5..11)));
    assert_eq!(refused, Err(Overlap { ends: Time(10), begins: Time(10) }));
    assert_eq!((series.len(), series.version()), (1, version));
    assert_eq!(series.prepend(chunk(numbered(5..10))), Ok(()));
}

#[test]
fn an_impossible_bar_changes_nothing() {
    let mut series = BarSeries::default();
    let good = bar(10, [1, 2, 1, 2], 3);
    series.apply(good);
    assert_eq!(series.apply(Bar { high: f64::NAN, time: Time(11), ..good }), Applied::Unsound);
    assert_eq!(series.last(), Some(good));
}

#[test]
fn bars_that_make_no_chunk_are_named() {
    let check = |change: &dyn Fn(&mut Vec<Bar>), expected: &BadBars| {
        let mut bars = numbered(0..40);
        change(&mut bars);
        for bars in [Bars::from(bars.clone()), Bars::pack(bars)] {
            assert_eq!(&BarChunk::new(bars).unwrap_err(), expected);
        }
    };
    check(&|bars| bars[33].time = Time(32), &BadBars::NotRising { index: 33, time: Time(32) });
    check(&|bars| bars[16].time = Time(3), &BadBars::NotRising { index: 16, time: Time(3) });
    check(&|bars| bars[7].high = f64::NAN, &BadBars::Unsound { index: 7, time: Time(7) });
    check(&|bars| bars[39].volume = -1.0, &BadBars::Unsound { index: 39, time: Time(39) });
}

#[test]
fn no_bars_have_no_extent() {
    let empty = chunk(Vec::new());
    assert!(empty.extent(0..10).is_empty());
    let mut series = BarSeries::default();
    series.prepend(empty.clone()).unwrap();
    series.replace(empty);
    assert!(series.extent(0..10).is_empty());
    assert_eq!((series.len(), series.version(), series.index_at(Time(5))), (0, 0, 0));
    assert!(series.bars(0..10).next().is_none());
    let flat = Extent { high: 5.0, low: 5.0, volume: 0.0 };
    assert!(!flat.is_empty());
}

#[test]
fn a_series_of_packed_parts_is_one_of_plain_ones() {
    let model = in_seconds(numbered(0..900));
    let history = Bars::pack(model[..800].to_vec());
    let part = |range| BarChunk::new(history.slice(range)).unwrap();
    let mut series = BarSeries::default();
    series.prepend(part(500..800)).unwrap();
    series.prepend(part(0..500)).unwrap();
    assert!(series.parts.iter().all(|part| part.chunk.bars().shares_with(&history)));
    // The last bar of the history goes on forming.
    model[799..].iter().for_each(|bar| assert_ne!(series.apply(*bar), Applied::Stale));
    assert_same(&series, &model, &[(0, 500), (499, 501), (790, 810), (3, 899)]);
    series.replace(part(100..800));
    assert_same(&series, &model[100..], &[(0, 400), (650, 750)]);
}
