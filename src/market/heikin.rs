//! Heikin-Ashi: bars whose close is the mean of a bar's four prices, and whose open the middle of the body before.
//!
//! For a quieter look at a trend; no price of such a bar was ever traded but by chance. Each open halves what is
//! left of all bars before it, so it needs [`WARM_UP`] of them and never the whole history.

use crate::domain::Bar;

/// After so many bars the first open matters less than what `f64` can hold.
pub const WARM_UP: usize = 64;

/// The bars as they come, one after the other.
#[derive(Debug, Clone, Copy, Default)]
pub struct Heikin {
    /// The middle of the body before.
    middle: Option<f64>,
}

impl Heikin {
    /// The Heikin-Ashi bar of the next bar.
    pub fn next(&mut self, bar: &Bar) -> Bar {
        // Quarters and halves first: sums of the largest prices must stay finite.
        let close = bar.open / 4.0 + bar.high / 4.0 + bar.low / 4.0 + bar.close / 4.0;
        let open = self.middle.unwrap_or(bar.open / 2.0 + bar.close / 2.0);
        self.middle = Some(open / 2.0 + close / 2.0);
        Bar { open, close, high: bar.high.max(open).max(close), low: bar.low.min(open).min(close), ..*bar }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;
    use proptest::prelude::*;

    fn bar(open: f64, high: f64, low: f64, close: f64) -> Bar {
        Bar { time: Time(0), open, high, low, close, volume: 7.0 }
    }

    #[test]
    fn the_first_bars_are_those_of_the_textbook() {
        let mut heikin = Heikin::default();
        let first = heikin.next(&bar(10.0, 14.0, 9.0, 12.0));
        assert_eq!((first.open, first.close), (11.0, 11.25));
        assert_eq!((first.high, first.low, first.volume), (14.0, 9.0, 7.0));
        let second = heikin.next(&bar(12.0, 13.0, 11.5, 12.5));
        assert_eq!((second.open, second.close), (11.125, 12.25));
        assert_eq!((second.high, second.low), (13.0, 11.125), "the body is a part of the bar");
    }

    proptest! {
        #[test]
        fn warm_up_is_enough_to_begin_anywhere(
            prices in prop::collection::vec((1.0..1e6_f64, 0.0..1e3_f64, 0.0..1e3_f64, 0.0..1.0_f64), 65..200),
        ) {
            let bars: Vec<Bar> = prices
                .iter()
                .map(|&(open, up, down, share)| {
                    let (high, low) = (open + up, (open - down).max(0.5));
                    bar(open, high, low, low + share * (high - low))
                })
                .collect();
            let mut whole = Heikin::default();
            let from_the_first = bars.iter().map(|bar| whole.next(bar)).last().unwrap();
            let mut late = Heikin::default();
            let from_later =
                bars[bars.len() - WARM_UP - 1..].iter().map(|bar| late.next(bar)).last().unwrap();
            prop_assert!((from_the_first.open - from_later.open).abs() <= 1e-9);
            prop_assert_eq!(from_the_first.close.to_bits(), from_later.close.to_bits());
        }

        #[test]
        fn a_bar_holds_its_body_and_what_was_traded(
            bodies in prop::collection::vec((1.0..1e3_f64, 1.0..1e3_f64, 0.0..9.0_f64), 1..40),
        ) {
            let mut heikin = Heikin::default();
            for (open, close, more) in bodies {
                let real = bar(open, open.max(close) + more, open.min(close) - more, close);
                let shown = heikin.next(&real);
                prop_assert!(shown.high >= shown.open.max(shown.close).max(real.high));
                prop_assert!(shown.low <= shown.open.min(shown.close).min(real.low));
            }
        }
    }
}
