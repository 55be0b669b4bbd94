//! What the curves look alike in: no hand moves them, grid and labels are of the theme.

use egui::{Sense, Ui, Vec2};
use egui_plot::{AxisHints, GridMark, HPlacement, Plot, VLine};

use crate::ui::theme::Theme;

/// How far labels on the right are apart, at least, in points.
pub(super) const LABEL_HEIGHT: f64 = 36.0;

/// A plot of this size, with labels below and on the right.
pub(super) fn plot<'a>(
    name: &'static str,
    size: Vec2,
    theme: &Theme,
    below: AxisHints<'a>,
    right: AxisHints<'a>,
) -> Plot<'a> {
    let right = right.placement(HPlacement::Right).tick_label_color(theme.text_weak);
    Plot::new(name)
        .width(size.x)
        .height(size.y)
        .sense(Sense::hover())
        .show_background(false)
        .show_crosshair(false)
        .show_x(false)
        .show_y(false)
        .grid_color(theme.grid)
        .allow_drag(false)
        .allow_zoom(false)
        .allow_scroll(false)
        .allow_boxed_zoom(false)
        .allow_axis_zoom_drag(false)
        .allow_double_click_reset(false)
        .label_formatter(|_| None)
        .custom_x_axes(vec![below.tick_label_color(theme.text_weak)])
        .custom_y_axes(vec![right])
}

/// Marks at round numbers, no nearer to one another than `apart` and not finer than `least`.
pub(super) fn round_marks((from, to): (f64, f64), apart: f64, least: f64) -> Vec<GridMark> {
    let wanted = apart.max(least);
    let power = 10_f64.powf(wanted.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    // A hair more than a round number, as it comes out of a logarithm, is that number.
    let step = steps.into_iter().find(|step| *step >= wanted * 0.999_999).unwrap_or(steps[3]);
    if !step.is_normal() || !(to - from).is_finite() || (to - from) / step > 1_000.0 {
        return Vec::new();
    }
    let (first, last) = ((from / step).ceil() as i64, (to / step).floor() as i64);
    (first..=last).map(|index| GridMark { value: index as f64 * step, step_size: step }).collect()
}

/// What is left for a plot above its foot.
pub(super) fn size_above_foot(ui: &Ui, theme: &Theme) -> Vec2 {
    let left = ui.available_size();
    egui::vec2(left.x, (left.y - theme.sizes.row).max(40.0))
}

/// The crosshair's line.
pub(super) fn crosshair(at: f64, theme: &Theme) -> VLine {
    VLine::new("pointer", at).color(theme.crosshair).width(1.0).allow_hover(false)
}

/// A range with some air, which has a height whatever is in it.
pub(super) fn with_air(low: f64, high: f64) -> (f64, f64) {
    let air = if high > low { (high - low) * 0.08 } else { (high.abs() * 0.001).max(1.0) };
    (low - air, high + air)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values(from: f64, to: f64, apart: f64, least: f64) -> Vec<f64> {
        round_marks((from, to), apart, least).into_iter().map(|mark| mark.value).collect()
    }

    #[test]
    fn marks_stand_at_round_numbers_that_the_prices_can_have() {
        assert_eq!(values(984.0, 1_031.0, 15.0, 0.01), [1_000.0, 1_020.0]);
        assert_eq!(values(-1.0, 11.0, 5.0, 1.0), [0.0, 5.0, 10.0]);
        assert_eq!(values(0.0, 0.5, 0.001, 0.25), [0.0, 0.5]);
        assert_eq!(values(1.0, 1.0, 0.0, 0.0), Vec::<f64>::new());
    }

    proptest! {
        #[test]
        fn marks_never_crowd_and_never_lie_outside(
            from in -1e9_f64..1e9, span in 1e-6_f64..1e9, count in 1.0_f64..30.0,
        ) {
            let (to, apart) = (from + span, span / count);
            let marks = values(from, to, apart, 0.0);
            let hair = apart * 1e-3 + from.abs() * 1e-12;
            prop_assert!(marks.iter().all(|mark| (from - hair..=to + hair).contains(mark)));
            prop_assert!(marks.windows(2).all(|two| two[1] - two[0] >= apart - hair));
        }
    }
}
