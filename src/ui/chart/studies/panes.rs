//! Where studies are drawn: over the price, or in a pane of their own with its own scale.

use super::draw::Place;
use super::trace::Seen;
use super::{Shown, Studies};
use crate::market::indicators::{LINES, Pane, StudyLines};
use crate::market::series::BarSeries;
use crate::ui::chart::ChartData;
use crate::ui::chart::areas;
use crate::ui::chart::axis;
use crate::ui::chart::candles::Stage;
use crate::ui::chart::layer::Layer;
use crate::ui::chart::price_scale::PriceScale;
use crate::ui::format::float;
use crate::ui::paint::PxRect;
use crate::ui::theme::Theme;

/// Of a fitted range, what stays free above and below it.
const MARGIN: f64 = 0.1;
/// Dashes of a guide, in points.
const DASHES: (f32, f32) = (2.0, 3.0);

impl Studies {
    /// Gives every study its place in this frame.
    pub fn place(&mut self, series: &BarSeries, stage: &Stage, panes: &[PxRect; areas::STUDIES]) {
        let mut panes = panes.iter().filter(|pane| !pane.is_empty());
        for shown in &mut self.shown {
            shown.place = match shown.study.indicator().pane {
                Pane::Price => Some(Place::of_prices(stage)),
                Pane::Own { range, guides } => panes.next().map(|pane| {
                    let (low, high) = range.unwrap_or_else(|| shown.fitted(series, stage, guides));
                    let scale = PriceScale::between(low, high, 1.0, pane.top, pane.bottom);
                    Place { pane: *pane, scale, ..Place::of_prices(stage) }
                }),
            };
        }
    }

    /// The value at a row in the pane of a study, for the axis.
    #[must_use]
    pub fn label_at(&self, data: &ChartData<'_>, row: i32) -> Option<String> {
        let mut below = self.shown.iter().filter(|shown| !shown.is_over_price());
        let place = below.find_map(|shown| {
            shown.place.filter(|place| (place.pane.top..place.pane.bottom).contains(&row))
        })?;
        Some(float::fixed(place.scale.price_at(f64::from(row) + 0.5), data.decimals()))
    }

    /// Draws the level lines of the panes, and their values on the axis.
    pub fn guides_ui(&self, axis: PxRect, covered: &[i32], layer: &mut Layer, theme: &Theme) {
        let grid = layer.mesh.grid();
        let dash = (grid.length(DASHES.0), grid.length(DASHES.1));
        for shown in &self.shown {
            let (Pane::Own { guides, .. }, Some(place)) = (shown.study.indicator().pane, shown.place) else {
                continue;
            };
            for value in guides.iter().filter(|value| place.scale.shows(**value)) {
                let row = place.scale.row_of(*value);
                layer.mesh.dashed_row(row, place.pane.left, place.pane.right, dash, theme.grid_strong);
                let height = axis::tag_height(&layer.text, grid);
                let is_whole = row - height / 2 >= place.pane.top && row + height / 2 < place.pane.bottom;
                if is_whole && covered.iter().all(|other| (other - row).abs() >= height) {
                    axis::put_label(&mut layer.text, grid, axis, row, &value.to_string(), theme.text_weak);
                }
            }
        }
    }
}

impl Shown {
    /// The range of what is in sight and of the guides, with a margin.
    fn fitted(&mut self, series: &BarSeries, stage: &Stage, guides: &[f64]) -> (f64, f64) {
        let seen = self.seen(series, stage).map_or((f64::INFINITY, f64::NEG_INFINITY), Seen::range);
        let newest = self.lines.as_ref().and_then(StudyLines::newest);
        // Out of sight it is not fitted to.
        let newest = newest.filter(|(index, _)| stage.visible(series.len()).contains(index));
        let values = newest.map_or([f64::NAN; LINES], |(_, values)| values);
        let (low, high) = values
            .iter()
            .chain(guides)
            .fold(seen, |(low, high): (f64, f64), value| (low.min(*value), high.max(*value)));
        let margin = MARGIN * (high - low);
        (low - margin, high + margin)
    }
}
