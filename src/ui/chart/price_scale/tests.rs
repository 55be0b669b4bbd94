//! The arithmetic of the price scale, in every kind.

use super::*;
use proptest::prelude::*;

fn extent(low: f64, high: f64) -> Extent {
    Extent { high, low, volume: 0.0 }
}

proptest! {
    #[test]
    fn y_and_price_are_inverse(
        low in 1e-8..1e9_f64, share in 1e-6..10.0_f64, y in 0.0..1000.0, kind in 0..3_usize,
    ) {
        let measure = Measure::of(ScaleKind::ALL[kind], low, Some(low * 1.01));
        let scale = PriceScale::between(low, low * (1.0 + share), 1e-8, 10, 900).measured(measure);
        prop_assert_eq!(scale.measure, measure);
        let back = scale.y_of(scale.price_at(y));
        prop_assert!((back - y).abs() < 1e-3, "{} came back as {}", y, back);
        prop_assert!((scale.y_of(scale.high) - 10.0).abs() < 1e-3);
        prop_assert!((scale.y_of(scale.low) - 900.0).abs() < 1e-3);
    }

    #[test]
    fn equal_ratios_are_equal_distances_on_a_logarithmic_scale(
        low in 1e-3..1e6_f64, share in 0.01..50.0_f64, ratio in 1.0001..3.0_f64, at in 0.0..1.0_f64,
    ) {
        let scale = PriceScale::between(low, low * (1.0 + share), 0.01, 0, 600).measured(Measure::Log);
        let (one, other) = (low, low * (1.0 + share * at));
        let apart = |price: f64| scale.y_of(price) - scale.y_of(price * ratio);
        prop_assert!((apart(one) - apart(other)).abs() < 1e-3 * apart(one).max(1.0));
    }

    #[test]
    fn a_fitted_logarithmic_scale_shows_everything(low in 1e-4..1e6_f64, share in 0.0..1e3_f64) {
        let high = low * (1.0 + share);
        let scale = PriceScale::fitted(&extent(low, high), 1e-6, (0, 600), 44, Measure::Log);
        prop_assert!(scale.shows(low) && scale.shows(high) && scale.low > 0.0);
    }

    #[test]
    fn stretching_and_moving_a_logarithmic_scale_keeps_it_one(
        low in 1e-3..1e6_f64, share in 0.01..50.0_f64, factor in 0.01..100.0_f64, by in -900.0..900.0_f64,
    ) {
        let scale = PriceScale::between(low, low * (1.0 + share), 0.01, 0, 600).measured(Measure::Log);
        for range in [scale.stretched(factor), scale.moved(by)] {
            let PriceRange::Manual { low, high } = range else { unreachable!() };
            prop_assert!(low > 0.0 && high > low && high.is_finite());
        }
        let PriceRange::Manual { low, high } = scale.moved(by) else { unreachable!() };
        let after = PriceScale::between(low, high, 0.01, 0, 600).measured(Measure::Log);
        prop_assert!((after.y_of(scale.price_at(300.0)) - 300.0 - by).abs() < 1e-3);
    }

    #[test]
    fn grid_lines_are_apart_and_in_the_range(
        low in 0.01..1e6_f64, share in 0.001..100.0_f64, kind in 0..3_usize,
    ) {
        let measure = Measure::of(ScaleKind::ALL[kind], low, Some(low));
        let scale = PriceScale::between(low, low * (1.0 + share), 1e-6, 0, 600).measured(measure);
        let lines = scale.grid(40.0, 1e-6);
        prop_assert!(lines.len() <= 40, "{} lines", lines.len());
        for line in &lines {
            prop_assert!(*line >= scale.low * (1.0 - 1e-9) && *line <= scale.high * (1.0 + 1e-9));
        }
        for pair in lines.windows(2) {
            let apart = scale.y_of(pair[0]) - scale.y_of(pair[1]);
            prop_assert!(apart > 15.0, "{} pixels between {} and {}", apart, pair[0], pair[1]);
        }
    }

    #[test]
    fn everything_visible_is_inside_with_a_margin(low in -1e6..1e9_f64, span in 0.0..1e6_f64) {
        let scale = PriceScale::fitted(&extent(low, low + span), 0.01, (0, 600), 44, Measure::Linear);
        prop_assert!(span == 0.0 || scale.row_of(low + span) >= 44);
        prop_assert!(scale.row_of(low + span) > 0 && scale.row_of(low) < 599);
        prop_assert!(scale.shows(low) && scale.shows(low + span));
    }

    #[test]
    fn rows_follow_prices(a in 0.0..200.0_f64, b in 0.0..200.0_f64) {
        let scale = PriceScale::between(50.0, 150.0, 0.01, 7, 400);
        let (a, b) = (a.min(b), a.max(b));
        prop_assert!(scale.row_of(a) >= scale.row_of(b));
        prop_assert!((5..=401).contains(&scale.row_of(a)));
    }

    #[test]
    fn moving_keeps_the_price_under_the_pointer(by in -300.0..300.0_f64, y in 0.0..500.0_f64) {
        let scale = PriceScale::between(100.0, 110.0, 0.01, 0, 500);
        let PriceRange::Manual { low, high } = scale.moved(by) else { unreachable!() };
        let after = PriceScale::between(low, high, 0.01, 0, 500);
        prop_assert!((after.price_at(y + by) - scale.price_at(y)).abs() < 1e-9);
    }

    #[test]
    fn nice_steps_are_on_the_grid_and_not_finer_than_asked(least in 1e-9..1e8_f64, decimals in 0_i32..9) {
        let grid = 10_f64.powi(-decimals);
        let step = nice_step(least, grid);
        prop_assert!(step >= least * (1.0 - 1e-6) || step >= grid);
        prop_assert!(step <= (least * 10.0).max(grid * 1.000_001));
        let multiple = step / grid;
        prop_assert!((multiple - multiple.round()).abs() < 1e-6 * multiple.max(1.0));
    }
}

#[test]
fn steps_are_those_that_people_count_in() {
    for (least, grid, step) in [
        (0.004, 0.01, 0.01),
        (0.013, 0.01, 0.02),
        (0.021, 0.01, 0.05),
        (0.021, 0.001, 0.025),
        (3.0, 0.01, 5.0),
        (1.0, 1.0, 1.0),
        (2.1, 1.0, 5.0),
        (2_100_000.0, 1.0, 2_500_000.0),
    ] {
        let found = nice_step(least, grid);
        assert!((found - step).abs() < step * 1e-9, "at least {least} on {grid}: {found}, not {step}");
    }
}

#[test]
fn multiples_lie_in_the_range() {
    let found: Vec<f64> = multiples(99.97, 100.13, 0.05).collect();
    assert_eq!(found.len(), 3);
    assert!((found[0] - 100.0).abs() < 1e-9 && (found[2] - 100.1).abs() < 1e-9);
    assert_eq!(multiples(0.3, 0.4, 1.0).count(), 0);
}

#[test]
fn flat_prices_get_room_above_and_below() {
    for (price, step) in [(100.0, 0.01), (0.0, 0.01), (0.000_012, 1e-8), (1.4e8, 1.0)] {
        let scale = PriceScale::fitted(&extent(price, price), step, (0, 100), 44, Measure::Linear);
        assert!((49..=51).contains(&scale.row_of(price)), "{price}");
        assert!(scale.high - scale.low >= 2.0 * step);
    }
}

#[test]
fn a_scale_never_collapses() {
    let mut scale = PriceScale::between(100.0, 110.0, 0.01, 0, 500);
    for _ in 0..10_000 {
        let PriceRange::Manual { low, high } = scale.stretched(0.5) else { unreachable!() };
        scale = PriceScale::between(low, high, 0.01, 0, 500);
    }
    assert!(scale.high > scale.low);
    let broken = PriceScale::between(f64::NAN, 1.0, 0.01, 0, 500);
    assert!(broken.high > broken.low);
}

#[test]
fn what_has_no_logarithm_is_laid_out_linearly() {
    assert_eq!(Measure::of(ScaleKind::Log, 0.0, None), Measure::Linear);
    assert_eq!(Measure::of(ScaleKind::Log, -37.6, None), Measure::Linear);
    assert_eq!(Measure::of(ScaleKind::Percent, 1.0, Some(-37.6)), Measure::Linear);
    assert_eq!(Measure::of(ScaleKind::Percent, 1.0, None), Measure::Linear);
    let scale = PriceScale::between(-1.0, 1.0, 0.01, 0, 100).measured(Measure::Log);
    assert_eq!(scale.measure, Measure::Linear);
    let scale = PriceScale::between(1.0, 100.0, 0.01, 0, 100).measured(Measure::Log);
    assert_eq!(scale.row_of(0.0), 101, "below the pane, and no further");
    assert_eq!(scale.row_of(-5.0), 101);
}

#[test]
fn a_line_of_a_logarithmic_grid_stays_where_it_is_when_the_range_moves() {
    let grid = |low: f64| {
        let scale = PriceScale::between(low, low * 20.0, 0.01, 0, 600).measured(Measure::Log);
        scale.grid(44.0, 0.01)
    };
    let (before, after) = (grid(3.0), grid(3.3));
    for line in before.iter().filter(|line| **line >= after[0]) {
        assert!(after.iter().any(|other| (other - line).abs() < 1e-9), "{line} of {before:?} in {after:?}");
    }
}

#[test]
fn the_lines_of_a_percent_grid_are_round_in_percent() {
    let scale = PriceScale::between(180.0, 220.0, 0.01, 0, 400).measured(Measure::Percent(200.0));
    let percent: Vec<f64> = scale.grid(44.0, 0.01).iter().map(|price| price / 2.0 - 100.0).collect();
    let round = |line: &f64| (line / 2.5 - (line / 2.5).round()).abs() < 1e-9;
    assert!(percent.len() > 3 && percent.iter().all(round), "{percent:?}");
}
