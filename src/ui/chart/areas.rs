//! How a chart's rectangle is divided, in whole pixels.

use crate::ui::paint::{PixelGrid, PxRect};

/// Of the panes' height, the share of the volume.
pub const VOLUME: f32 = 0.22;
/// The same where studies have panes of their own.
const VOLUME_BESIDE: f32 = 0.15;
/// Of the panes' height, the share of a study, where all that is below the price leaves it that.
const STUDY: f32 = 0.18;
/// Of the panes' height, the most that everything below the price takes together.
const BELOW: f32 = 0.48;
/// The most studies with a pane of their own.
pub const STUDIES: usize = 3;
/// Below this height (points) a chart shows neither volume nor panes of studies.
const LEAST_WITH_VOLUME: f32 = 140.0;

/// The parts of a chart. Lines of one pixel separate them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Areas {
    /// Everything.
    pub frame: PxRect,
    /// The candles.
    pub prices: PxRect,
    /// The volume; empty where the chart is too low, or there is none.
    pub volumes: PxRect,
    /// Studies with a scale of their own, below the volume; those that are not there are empty.
    pub studies: [PxRect; STUDIES],
    /// Price labels, right of candles and volume.
    pub price_axis: PxRect,
    /// Time labels, below both.
    pub time_axis: PxRect,
}

impl Areas {
    /// Divides `frame`; the axes' sizes are in pixels. Below the price are the volume, where there
    /// is any, and so many studies.
    #[must_use]
    pub fn of(
        frame: PxRect,
        grid: PixelGrid,
        (axis_width, axis_height): (i32, i32),
        (has_volume, studies): (bool, usize),
    ) -> Self {
        let right = (frame.right - axis_width).max(frame.left);
        let bottom = (frame.bottom - axis_height).max(frame.top);
        let pane = PxRect::new(frame.left, frame.top, right, bottom);
        let is_low = pane.height() < grid.length(LEAST_WITH_VOLUME);
        let count = if is_low { 0 } else { studies.min(STUDIES) };
        let share = match (has_volume && !is_low, count) {
            (false, _) => 0.0,
            (true, 0) => VOLUME,
            (true, _) => VOLUME_BESIDE,
        };
        let rows = |share: f32| (pane.height() as f32 * share) as i32;
        let each = rows(STUDY.min((BELOW - share) / count.max(1) as f32));
        let mut end = bottom;
        let mut studies = [PxRect::default(); STUDIES];
        for study in studies[..count].iter_mut().rev() {
            *study = PxRect { top: end - each, bottom: end, ..pane };
            end = study.top - 1;
        }
        let low = rows(share);
        let volumes = PxRect { top: end - low, bottom: end, ..pane };
        let prices = PxRect { bottom: if low > 0 { volumes.top - 1 } else { end }, ..pane };
        let line = 1;
        Self {
            frame,
            prices,
            volumes,
            studies,
            price_axis: PxRect::new(right + line, frame.top, frame.right, bottom),
            time_axis: PxRect::new(frame.left, bottom + line, right, frame.bottom),
        }
    }

    /// Candles, volume and studies together.
    #[must_use]
    pub fn panes(&self) -> PxRect {
        PxRect { bottom: self.price_axis.bottom, ..self.prices }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_the_frame_and_do_not_overlap() {
        for scale in [1.0, 1.25, 2.0] {
            let areas = Areas::of(PxRect::new(10, 20, 1610, 920), PixelGrid::new(scale), (70, 22), (true, 0));
            let Areas { frame, prices, volumes, price_axis, time_axis, .. } = areas;
            assert_eq!((prices.left, prices.top), (frame.left, frame.top));
            assert_eq!(prices.bottom + 1, volumes.top);
            assert_eq!(volumes.bottom + 1, time_axis.top);
            assert_eq!(prices.right + 1, price_axis.left);
            assert_eq!((price_axis.right, time_axis.bottom), (frame.right, frame.bottom));
            assert!((180..210).contains(&volumes.height()), "{volumes:?}");
        }
    }

    #[test]
    fn studies_are_stacked_below_the_volume_and_leave_half_to_the_price() {
        for (has_volume, count) in [(true, 1), (true, 2), (true, 3), (false, 1), (false, 3), (true, 9)] {
            for height in [200, 330, 500, 900] {
                let frame = PxRect::new(10, 20, 810, 20 + height);
                let areas = Areas::of(frame, PixelGrid::new(1.0), (70, 22), (has_volume, count));
                let shown: Vec<PxRect> = areas.studies.into_iter().filter(|pane| !pane.is_empty()).collect();
                assert_eq!(shown.len(), count.min(STUDIES));
                assert!(2 * areas.prices.height() >= areas.panes().height(), "{areas:?}");
                let above = if has_volume { areas.volumes } else { areas.prices };
                assert_eq!(areas.volumes.is_empty(), !has_volume);
                let ends = std::iter::once(above).chain(shown.iter().copied());
                for (above, below) in ends.zip(&shown) {
                    assert_eq!(above.bottom + 1, below.top);
                }
                assert_eq!(shown.last().map(|pane| pane.bottom + 1), Some(areas.time_axis.top));
            }
        }
    }

    #[test]
    fn low_charts_and_markets_without_volume_have_no_volume_pane_and_tiny_ones_do_not_turn_inside_out() {
        let grid = PixelGrid::new(1.0);
        let low = Areas::of(PxRect::new(0, 0, 300, 120), grid, (60, 20), (true, 3));
        assert!(low.volumes.is_empty());
        assert_eq!(low.panes(), low.prices);
        let without = Areas::of(PxRect::new(0, 0, 300, 900), grid, (60, 20), (false, 0));
        assert!(without.volumes.is_empty());
        assert_eq!(without.panes(), without.prices);
        let tiny = Areas::of(PxRect::new(0, 0, 30, 10), grid, (60, 20), (true, 3));
        assert!(tiny.prices.is_empty() && tiny.prices.width() == 0);
    }
}
