//! Thinning and gaps against models that look at every value.

use proptest::prelude::*;

use super::*;
use crate::domain::Decimal;

const DAYS: i64 = 24 * 60;

fn sample(minute: i64, value: i64, follows: bool) -> Sample {
    let equity = Money { amount: value.into(), currency: Currency::USD };
    Sample { time: Time(minute * MINUTE), equity, follows }
}

fn curve(samples: impl IntoIterator<Item = Sample>) -> Curve {
    let mut curve = Curve::default();
    samples.into_iter().for_each(|sample| curve.add(sample));
    curve
}

#[test]
fn a_clock_that_was_set_back_leaves_no_way_back_in_the_curve() {
    let mut curve = curve((0..10).map(|minute| sample(minute, minute, minute > 0)));
    curve.add(sample(4, 100, false));
    curve.add(sample(5, 101, true));
    let shown: Vec<_> = curve.samples().iter().map(|one| (one.time.0 / MINUTE, one.follows)).collect();
    assert_eq!(shown, [(0, false), (1, true), (2, true), (3, true), (4, false), (5, true)]);
    assert_eq!(curve.end_at(Time(2 * MINUTE)), 3);
    assert_eq!(curve.samples().len(), 3);
}

#[test]
fn another_base_currency_begins_a_run_of_its_own() {
    let mut curve = curve([sample(0, 1, false), sample(1, 2, true)]);
    let equity = Money { amount: Decimal::ONE, currency: Currency::EUR };
    curve.add(Sample { equity, ..sample(2, 0, true) });
    assert_eq!(runs(curve.samples(), Currency::USD).map(<[_]>::len).collect::<Vec<_>>(), [2]);
    assert_eq!(runs(curve.samples(), Currency::EUR).map(<[_]>::len).collect::<Vec<_>>(), [1]);
}

#[test]
fn however_long_the_program_runs_memory_is_bounded_and_the_newest_are_there() {
    let last = 3 * i64::try_from(MOST_SAMPLES).unwrap();
    let curve = curve((0..=last).map(|minute| sample(minute, minute, minute > 0)));
    assert!(curve.samples().len() <= MOST_SAMPLES);
    let newest = curve.since(Time((last - 2 * DAYS) * MINUTE));
    assert_eq!(i64::try_from(newest.len()).unwrap(), 2 * DAYS + 1, "each minute of the last two days");
    assert_eq!(runs(curve.samples(), Currency::USD).count(), 1, "thinning makes no gap");
    // Where nothing can be thinned the oldest go.
    let torn = (0..=last).map(|minute| sample(2 * minute, minute, false));
    assert!(self::curve(torn).samples().len() <= MOST_SAMPLES);
}

/// Values with gaps: how many minutes each comes after the one before, and whether it follows it.
fn values() -> impl Strategy<Value = Vec<Sample>> {
    let steps = prop_oneof![8 => Just(1_i64), 1 => 2_i64..400, 1 => 400_i64..200_000];
    prop::collection::vec((steps, -50_i64..50), 1..300).prop_map(|steps| {
        let mut minute = 0;
        let each = steps.into_iter().map(|(step, value)| {
            minute += step;
            sample(minute, value, step == 1)
        });
        curve(each).samples().to_vec()
    })
}

/// For each value the run that it is of.
fn run_numbers(samples: &[Sample]) -> Vec<usize> {
    let mut run = 0;
    let number = |sample: &Sample| {
        run += usize::from(!sample.follows);
        run
    };
    samples.iter().map(number).collect()
}

proptest! {
    #[test]
    fn of_each_place_and_run_the_last_value_is_kept(samples in values(), later in 0_i64..100 * DAYS) {
        let now = Time((samples.last().unwrap().time.0 / MINUTE + later) * MINUTE);
        let numbers = run_numbers(&samples);
        // The model asks of each value whether another one of its run stands later in its place.
        let is_last = |index: usize| {
            let minute = |sample: &Sample| sample.time.0 / MINUTE;
            let age = now.0 / MINUTE - minute(&samples[index]);
            let width = if age <= 2 * DAYS { 1 } else if age <= 60 * DAYS { 5 } else { 60 };
            !(index + 1..samples.len()).any(|other| {
                let other_age = now.0 / MINUTE - minute(&samples[other]);
                let is_as_thin = (other_age <= 2 * DAYS, other_age <= 60 * DAYS) == (age <= 2 * DAYS, age <= 60 * DAYS);
                numbers[other] == numbers[index]
                    && is_as_thin
                    && minute(&samples[other]) / width == minute(&samples[index]) / width
            })
        };
        let expected: Vec<(Time, Money, usize)> = (0..samples.len())
            .filter(|index| is_last(*index))
            .map(|index| (samples[index].time, samples[index].equity, numbers[index]))
            .collect();
        let mut thinned = curve(samples.clone());
        thinned.thin(now);
        let kept = thinned.samples();
        let found: Vec<(Time, Money, usize)> =
            kept.iter().zip(run_numbers(kept)).map(|(one, run)| (one.time, one.equity, run)).collect();
        prop_assert_eq!(found, expected);
        let mut twice = thinned.clone();
        twice.thin(now);
        prop_assert_eq!(twice, thinned);
    }

    #[test]
    fn times_only_rise_whatever_the_clock_does(minutes in prop::collection::vec(0_i64..50, 0..60)) {
        let curve = curve(minutes.iter().map(|minute| sample(*minute, 0, true)));
        prop_assert!(curve.samples().is_sorted_by(|one, next| one.time < next.time));
        prop_assert_eq!(curve.samples().last().map(|one| one.time.0 / MINUTE), minutes.last().copied());
        prop_assert!(curve.samples().first().is_none_or(|first| !first.follows));
    }
}
