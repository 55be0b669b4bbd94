//! Packed bars against the plain vector that they were made of.

use proptest::prelude::*;

use super::*;

/// Bars as recordings have them: whole seconds, prices and volumes of some decimals.
fn recorded() -> impl Strategy<Value = Vec<Bar>> {
    let row = (1..100_000_i64, prop::array::uniform4(-2_000_000..2_000_000_i64), 0..4_000_000_i64);
    let decimals = (0..POWERS.len(), 0..POWERS.len());
    (any::<i32>(), decimals, prop::collection::vec(row, 0..200)).prop_map(|(begin, (p, v), rows)| {
        let mut time = Time(i64::from(begin) * 1_234_567_891);
        let bar = |(step, prices, volume): (i64, [i64; 4], i64)| {
            time.0 += step * SECOND;
            let [open, close, a, b] = prices.map(|units| units as f64 / POWERS[p]);
            let (high, low) = (open.max(close).max(a).max(b), open.min(close).min(a).min(b));
            Bar { time, open, high, low, close, volume: volume as f64 / POWERS[v] }
        };
        rows.into_iter().map(bar).collect()
    })
}

/// A bar that may be anything at all.
fn odd() -> impl Strategy<Value = Bar> {
    (any::<i64>(), prop::array::uniform5(any::<f64>())).prop_map(
        |(time, [open, high, low, close, volume])| Bar {
            time: Time(time / 4),
            open,
            high,
            low,
            close,
            volume,
        },
    )
}

fn bits(bar: &Bar) -> (i64, [u64; 5]) {
    (bar.time.0, [bar.open, bar.high, bar.low, bar.close, bar.volume].map(f64::to_bits))
}

fn is_packed(bars: &Bars) -> bool {
    matches!(bars.rows, Rows::Packed(_))
}

/// Bit for bit the same, whole and in part.
fn assert_same(bars: &Bars, model: &[Bar], range: Range<usize>) {
    assert_eq!(bars.len(), model.len());
    assert!(bars.iter().map(|bar| bits(&bar)).eq(model.iter().map(bits)));
    assert_eq!(bars.first().as_ref().map(bits), model.first().map(bits));
    assert_eq!(bars.last().as_ref().map(bits), model.last().map(bits));
    assert!(bars.get(model.len()).is_none() && bars.time(model.len()).is_none());
    let clamped = range.start.min(range.end).min(model.len())..range.end.min(model.len());
    let (part, expected) = (bars.slice(range.clone()), &model[clamped]);
    assert!(part.shares_with(bars));
    assert!(part.iter().map(|bar| bits(&bar)).eq(expected.iter().map(bits)));
    assert!(bars.within(range).map(|bar| bits(&bar)).eq(expected.iter().map(bits)));
    for (index, bar) in expected.iter().enumerate() {
        assert_eq!(part.time(index), Some(bar.time));
        assert_eq!(part.get(index).as_ref().map(bits), Some(bits(bar)));
    }
}

fn assert_extents(bars: &Bars, model: &[Bar], range: Range<usize>) {
    let (Extent { high, low, volume }, whole) = (bars.extent(range.clone()), Bars::from(model.to_vec()));
    let expected = whole.extent(range);
    assert_eq!([high, low].map(f64::to_bits), [expected.high, expected.low].map(f64::to_bits));
    // Whole numbers are summed exactly; fractions are rounded once here, at each step there.
    assert!((volume - expected.volume).abs() <= 1e-12 * expected.volume);
}

proptest! {
    #[test]
    fn packed_bars_come_back_bit_for_bit(model in recorded(), a in 0..250_usize, b in 0..250_usize) {
        let range = a.min(b)..a.max(b);
        let packed = Bars::pack(model.clone());
        prop_assert!(is_packed(&packed));
        for bars in [packed, Bars::from(model.clone())] {
            assert_same(&bars, &model, range.clone());
            assert_extents(&bars, &model, range.clone());
            assert_extents(&bars.slice(range.clone()), &model[a.min(b).min(model.len())..b.max(a).min(model.len())], 0..7);
            for bar in &model {
                for time in [bar.time.0 - 1, bar.time.0, bar.time.0 + 1].map(Time) {
                    let older = model.iter().filter(|bar| bar.time < time).count();
                    prop_assert_eq!(bars.partition_by_time(time), older);
                }
            }
        }
    }

    #[test]
    fn whatever_does_not_fit_is_kept_as_it_is(
        mut model in recorded(),
        odd in prop::collection::vec((odd(), any::<prop::sample::Index>()), 0..3),
    ) {
        for (bar, at) in odd {
            model.insert(at.index(model.len() + 1), bar);
        }
        let mut packer = Packer::with_capacity(3);
        for bar in &model {
            packer.push(*bar);
        }
        prop_assert_eq!(packer.len(), model.len());
        let one_by_one = packer.finish();
        let at_once = Bars::pack(model.clone());
        prop_assert_eq!(is_packed(&one_by_one), is_packed(&at_once));
        assert_same(&one_by_one, &model, 0..usize::MAX);
        assert_same(&at_once, &model, 0..usize::MAX);
    }
}

#[test]
fn a_packed_bar_is_half_a_bar() {
    assert_eq!((size_of::<Row>(), size_of::<Bar>()), (24, 48));
}

#[test]
fn decimals_that_come_late_count_for_all() {
    let bar = |second, price, volume| Bar::from_trade(Time::from_seconds(second), price, volume);
    let model = [bar(60, 167.0, 100.0), bar(120, 167.4, 0.5), bar(180, 1.000_000_1, 0.001)];
    let packed = Bars::pack(model.to_vec());
    assert!(is_packed(&packed));
    assert_same(&packed, &model, 0..3);
    assert_eq!(packed, Bars::from(model.to_vec()));
}

#[test]
fn what_packing_would_change_is_not_packed() {
    let good = Bar::from_trade(Time::from_seconds(60), 167.43, 100.0);
    let check = |what: &str, bar: Bar| {
        let model = vec![good, Bar { time: Time(bar.time.0 + SECOND), ..good }, bar];
        let bars = Bars::pack(model.clone());
        assert!(!is_packed(&bars), "{what}");
        assert_same(&bars, &model, 1..3);
    };
    let later = Bar { time: Time::from_seconds(120), ..good };
    check("half a second", Bar { time: Time(later.time.0 + SECOND / 2), ..later });
    check("before the first", Bar { time: Time::from_seconds(59), ..good });
    check("200 years on", Bar { time: Time::from_seconds(6_000_000_000), ..good });
    check("too many decimals", Bar { open: 1.0 / 3.0, ..later });
    check("too large for its decimals", Bar { high: 30_000_000.0, ..later });
    check("large with decimals to come", Bar { close: 21_474_836.471, ..later });
    check("too much volume", Bar { volume: 5e9, ..later });
    check("negative volume", Bar { volume: -1.0, ..later });
    check("negative zero", Bar { volume: -0.0, ..later });
    check("no number", Bar { low: f64::NAN, ..later });
    check("infinite", Bar { high: f64::INFINITY, ..later });
}
