//! The time scale: bar index ↔ x.
//!
//! The horizontal axis counts bars, not seconds, so nights and weekends take no room. Bar
//! `i` fills the indices `i - 0.5 .. i + 0.5`; `right` is the index at the pane's right
//! edge. Distances are physical pixels from the pane's left edge, in `f64`: a million
//! bars and a fraction of a pixel fit with room to spare.

use std::ops::Range;

use crate::domain::Time;
use crate::market::series::BarSeries;

/// Pixels per bar that a view may choose, in points.
pub const SPACING: std::ops::RangeInclusive<f64> = 0.0005..=200.0;

/// Of the pane's width, the share that always holds bars, however far one pans.
const KEPT: f64 = 0.2;

/// Bar index ↔ x for one frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TimeScale {
    /// Pixels per bar.
    pub spacing: f64,
    /// Index at the right edge, fractional.
    pub right: f64,
    /// Width of the pane in pixels.
    pub width: f64,
}

impl TimeScale {
    /// The x of an index; of bar `i`'s middle for `i as f64`.
    #[must_use]
    pub fn x_of(&self, index: f64) -> f64 {
        self.width - (self.right - index) * self.spacing
    }

    /// The index at x.
    #[must_use]
    pub fn index_at(&self, x: f64) -> f64 {
        self.right - (self.width - x) / self.spacing
    }

    /// The bar at x, of `len`; the first or last where x is beside them.
    #[must_use]
    pub fn bar_at(&self, x: f64, len: usize) -> Option<usize> {
        let last = len.checked_sub(1)?;
        Some((self.index_at(x) + 0.5).floor().clamp(0.0, last as f64) as usize)
    }

    /// The bars of which at least a part is in the pane.
    #[must_use]
    pub fn visible(&self, len: usize) -> Range<usize> {
        let first = (self.index_at(0.0) - 0.5).floor() + 1.0;
        let end = (self.right + 0.5).ceil();
        index(first, len)..index(end, len).max(index(first, len))
    }

    /// The first of `len` bars whose middle is at or right of x. Partitions the bars:
    /// each belongs to exactly one of any row of pixel columns.
    #[must_use]
    pub fn first_from(&self, x: f64, len: usize) -> usize {
        index(self.index_at(x).ceil(), len)
    }

    /// Moved by `pixels`: what was at x is then at `x + pixels`.
    #[must_use]
    pub fn panned(self, pixels: f64) -> Self {
        Self { right: self.right - pixels / self.spacing, ..self }
    }

    /// With another spacing, but the same index at `x`.
    #[must_use]
    pub fn zoomed(self, x: f64, spacing: f64) -> Self {
        let right = self.index_at(x) + (self.width - x) / spacing;
        Self { spacing, right, ..self }
    }

    /// Moved so far that bars fill at least a fifth of the pane, from one side or the other.
    #[must_use]
    pub fn clamped(self, len: usize) -> Self {
        let span = self.width / self.spacing;
        let least = -0.5 + KEPT * span;
        let most = (len as f64 - 0.5 + (1.0 - KEPT) * span).max(least);
        Self { right: self.right.clamp(least, most), ..self }
    }
}

fn index(at: f64, len: usize) -> usize {
    at.clamp(0.0, len as f64) as usize
}

/// What the right edge holds on to between frames.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Anchor {
    /// The last bar, wherever it goes: `gap` points stay free to the right of it.
    Follow {
        /// Free points right of the last bar.
        gap: f64,
    },
    /// A place in history: a moment, which stays where it is whatever becomes of the indices
    /// when older bars are put in front, or the whole history comes anew.
    At {
        /// When the bar begins that is nearest to the right edge.
        bar: Time,
        /// How far the right edge is beyond the middle of that bar, in bars.
        beyond: f64,
    },
}

/// Free points right of the last bar, where nobody chose otherwise.
pub const GAP: f64 = 32.0;

impl Default for Anchor {
    fn default() -> Self {
        Self::Follow { gap: GAP }
    }
}

/// What a scale stands on besides the view: the pane and the series.
#[derive(Debug, Clone, Copy)]
pub struct Ground<'a> {
    /// Width of the pane in pixels.
    pub width: f64,
    /// Pixels per point.
    pub per_point: f64,
    /// The bars.
    pub series: &'a BarSeries,
}

impl Ground<'_> {
    /// Number of bars.
    #[must_use]
    pub fn len(&self) -> usize {
        self.series.len()
    }

    /// The smallest spacing in points that shows something: all bars in half the pane.
    #[must_use]
    pub fn least_spacing(&self) -> f64 {
        let all = 0.5 * self.width / self.per_point / (self.len().max(1) as f64);
        all.clamp(*SPACING.start(), 2.0)
    }

    /// The scale of a view with `spacing` points per bar.
    #[must_use]
    pub fn scale(&self, anchor: Anchor, spacing: f64) -> TimeScale {
        let spacing = spacing.clamp(self.least_spacing(), *SPACING.end()) * self.per_point;
        let right = match anchor {
            Anchor::Follow { gap } => self.end() + gap * self.per_point / spacing,
            Anchor::At { bar, beyond } => self.series.index_at(bar) as f64 + beyond,
        };
        TimeScale { spacing, right, width: self.width }.clamped(self.len())
    }

    /// What a scale that the user has moved holds on to: the last bar while it is in the pane.
    #[must_use]
    pub fn anchor(&self, scale: TimeScale) -> Anchor {
        let gap = (scale.right - self.end()) * scale.spacing;
        // A hair less than a pixel is rounding, not a wish to leave the last bar.
        let follow = Anchor::Follow { gap: gap.max(0.0) / self.per_point };
        if gap > -0.01 {
            return follow;
        }
        let nearest = index(scale.right.round(), self.len().saturating_sub(1));
        let at = |bar| Anchor::At { bar, beyond: scale.right - nearest as f64 };
        self.series.get(nearest).map_or(follow, |bar| at(bar.time))
    }

    /// The index at the right side of the last bar.
    fn end(&self) -> f64 {
        self.len() as f64 - 0.5
    }
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::domain::Bar;
    use crate::market::series::BarChunk;
    use proptest::prelude::*;

    fn scales() -> impl Strategy<Value = (TimeScale, usize)> {
        (0.0005..200.0, -50.0..1_100_000.0, 50.0..4000.0, 0_usize..1_000_000)
            .prop_map(|(spacing, right, width, len)| (TimeScale { spacing, right, width }.clamped(len), len))
    }

    proptest! {
        #[test]
        fn x_and_index_are_inverse((scale, _) in scales(), x in 0.0..4000.0) {
            let back = scale.x_of(scale.index_at(x));
            prop_assert!((back - x).abs() < 1e-5, "{x} came back as {back}");
        }

        #[test]
        fn zooming_keeps_the_bar_under_the_pointer(
            (scale, _) in scales(), x in 0.0..4000.0, spacing in 0.0005..200.0,
        ) {
            let before = scale.index_at(x);
            let after = scale.zoomed(x, spacing).index_at(x);
            // Within a thousandth of a pixel at the finer of the two.
            prop_assert!((after - before).abs() * scale.spacing.min(spacing) < 1e-3);
        }

        #[test]
        fn panning_moves_what_is_there((scale, _) in scales(), x in 0.0..4000.0, by in -500.0..500.0) {
            let bar = scale.index_at(x);
            prop_assert!((scale.panned(by).x_of(bar) - (x + by)).abs() < 1e-4);
        }

        #[test]
        fn visible_is_what_overlaps_the_pane((scale, len) in scales()) {
            let visible = scale.visible(len);
            let shows = |i: usize| {
                let (left, right) = (scale.x_of(i as f64 - 0.5), scale.x_of(i as f64 + 0.5));
                right > 0.0 && left < scale.width
            };
            // Rounding may take an edge either way; a pixel further in it may not.
            for i in [visible.start, visible.end.saturating_sub(1)] {
                if visible.contains(&i) {
                    let (left, right) = (scale.x_of(i as f64 - 0.5), scale.x_of(i as f64 + 0.5));
                    prop_assert!(right > -1e-4 && left < scale.width + 1e-4);
                }
            }
            if let Some(before) = visible.start.checked_sub(2) {
                prop_assert!(!shows(before));
            }
            if visible.end + 1 < len {
                prop_assert!(!shows(visible.end + 1));
            }
        }

        #[test]
        fn columns_partition_the_bars((scale, len) in scales(), cuts in prop::collection::vec(0.0..4000.0, 1..20)) {
            let mut cuts = cuts;
            cuts.sort_by(f64::total_cmp);
            let firsts: Vec<usize> = cuts.iter().map(|x| scale.first_from(*x, len)).collect();
            prop_assert!(firsts.is_sorted());
        }

        #[test]
        fn a_fifth_of_the_pane_always_holds_bars((scale, len) in scales(), by in -1e9..1e9) {
            prop_assume!(len > 0);
            let moved = scale.panned(by).clamped(len);
            let (first, end) = (moved.x_of(-0.5), moved.x_of(len as f64 - 0.5));
            prop_assert!(end >= 0.2 * moved.width - 1e-3 && first <= 0.8 * moved.width + 1e-3);
        }

        #[test]
        fn a_place_in_history_survives_what_is_put_in_front_and_behind(
            older in 0..2000_i64, newer in 0..1000_i64, spacing in 0.5..50.0, back in 150.0..900.0,
        ) {
            let known = minutes(0..1200);
            let ground = ground(1200.0, 1.25, &known);
            let scale = ground.scale(Anchor::default(), spacing);
            let scale = scale.panned(back * scale.spacing).clamped(ground.len());
            let anchor = ground.anchor(scale);
            let left_behind = matches!(anchor, Anchor::At { .. });
            prop_assert!(left_behind);
            let later = minutes(-older..1200 + newer);
            let again = Ground { series: &later, ..ground }.scale(anchor, spacing);
            for i in [0, 700, 1199_i64] {
                let (was, is) = (scale.x_of(i as f64), again.x_of((i + older) as f64));
                prop_assert!((was - is).abs() < 1e-4, "bar {i} moved from {was} to {is}");
            }
        }

        #[test]
        fn a_place_in_history_survives_a_history_that_comes_anew_with_fewer_bars(
            lost in 0..500_i64, spacing in 4.0..50.0, back in 10.0..300.0,
        ) {
            let known = minutes(0..1200);
            let ground = ground(1200.0, 1.25, &known);
            let scale = ground.scale(Anchor::default(), spacing);
            let scale = scale.panned(back * scale.spacing);
            let anchor = ground.anchor(scale);
            let fewer = minutes(lost..1200);
            let again = Ground { series: &fewer, ..ground }.scale(anchor, spacing);
            let (was, is) = (scale.x_of(1000.0), again.x_of((1000 - lost) as f64));
            prop_assert!((was - is).abs() < 1e-4, "bar 1000 moved from {was} to {is}");
        }
    }

    /// A bar a minute.
    fn minutes(range: Range<i64>) -> BarSeries {
        let bar = |i| Bar::from_trade(Time::from_seconds(60 * i), 1.0, 1.0);
        let bars: Vec<Bar> = range.map(bar).collect();
        let mut series = BarSeries::default();
        series.replace(BarChunk::new(bars.into()).unwrap());
        series
    }

    fn ground(width: f64, per_point: f64, series: &BarSeries) -> Ground<'_> {
        Ground { width, per_point, series }
    }

    #[test]
    fn a_place_that_is_gone_is_found_again_when_it_is_loaded() {
        let (all, newest) = (minutes(0..1000), minutes(600..1000));
        let whole = ground(800.0, 1.0, &all);
        let scale = whole.scale(Anchor::default(), 8.0).panned(500.0 * 8.0);
        let anchor = whole.anchor(scale);
        let without = Ground { series: &newest, ..whole }.scale(anchor, 8.0);
        assert_eq!(without.visible(400).start, 0, "the oldest bars there are");
        assert_eq!(whole.scale(anchor, 8.0), scale);
    }

    #[test]
    fn following_keeps_the_gap_when_a_bar_is_added() {
        let (thousand, more) = (minutes(0..1000), minutes(0..1001));
        let ground = ground(800.0, 2.0, &thousand);
        let scale = ground.scale(Anchor::Follow { gap: 40.0 }, 6.0);
        let free = scale.width - scale.x_of(999.5);
        assert!((free - 80.0).abs() < 1e-9);
        let next = Ground { series: &more, ..ground }.scale(ground.anchor(scale), 6.0);
        assert!((next.width - next.x_of(1000.5) - 80.0).abs() < 1e-9);
    }

    #[test]
    fn panning_away_from_the_last_bar_stops_following_and_back_resumes() {
        let series = minutes(0..1000);
        let ground = ground(800.0, 1.0, &series);
        let scale = ground.scale(Anchor::default(), 8.0);
        let away = scale.panned(100.0);
        assert!(matches!(ground.anchor(away), Anchor::At { .. }));
        assert!(matches!(ground.anchor(away.panned(-80.0)), Anchor::Follow { .. }));
    }

    #[test]
    fn few_bars_cannot_be_zoomed_out_to_nothing_and_many_fit_in_half_the_pane() {
        let (few, many) = (minutes(0..5), minutes(0..1_000_000));
        assert!(ground(1000.0, 1.0, &few).least_spacing() >= 2.0);
        assert!((ground(1000.0, 1.0, &many).least_spacing() - 0.0005).abs() < 1e-12);
    }

    #[test]
    fn an_empty_series_shows_no_bar() {
        let series = BarSeries::default();
        let ground = ground(800.0, 1.0, &series);
        let scale = ground.scale(Anchor::default(), 8.0);
        assert!(scale.visible(0).is_empty());
        assert_eq!(scale.bar_at(10.0, 0), None);
    }
}
