//! How a chart's rectangle is divided, in whole pixels.

use crate::ui::paint::{PixelGrid, PxRect};

/// Of the panes' height, the share of the volume.
pub const VOLUME: f32 = 0.22;
/// Below this height (points) a chart shows no volume.
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
    /// Price labels, right of candles and volume.
    pub price_axis: PxRect,
    /// Time labels, below both.
    pub time_axis: PxRect,
}

impl Areas {
    /// Divides `frame`; the axes' sizes are in pixels, the volume gets a `share` of the height.
    #[must_use]
    pub fn of(frame: PxRect, grid: PixelGrid, (axis_width, axis_height): (i32, i32), share: f32) -> Self {
        let right = (frame.right - axis_width).max(frame.left);
        let bottom = (frame.bottom - axis_height).max(frame.top);
        let pane = PxRect::new(frame.left, frame.top, right, bottom);
        let low = if pane.height() < grid.length(LEAST_WITH_VOLUME) {
            0
        } else {
            (pane.height() as f32 * share) as i32
        };
        let volumes = PxRect { top: bottom - low, ..pane };
        let prices = PxRect { bottom: if low > 0 { volumes.top - 1 } else { bottom }, ..pane };
        let line = 1;
        Self {
            frame,
            prices,
            volumes,
            price_axis: PxRect::new(right + line, frame.top, frame.right, bottom),
            time_axis: PxRect::new(frame.left, bottom + line, right, frame.bottom),
        }
    }

    /// Candles and volume together.
    #[must_use]
    pub fn panes(&self) -> PxRect {
        PxRect { bottom: self.volumes.bottom.max(self.prices.bottom), ..self.prices }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_fill_the_frame_and_do_not_overlap() {
        for scale in [1.0, 1.25, 2.0] {
            let areas = Areas::of(PxRect::new(10, 20, 1610, 920), PixelGrid::new(scale), (70, 22), VOLUME);
            let Areas { frame, prices, volumes, price_axis, time_axis } = areas;
            assert_eq!((prices.left, prices.top), (frame.left, frame.top));
            assert_eq!(prices.bottom + 1, volumes.top);
            assert_eq!(volumes.bottom + 1, time_axis.top);
            assert_eq!(prices.right + 1, price_axis.left);
            assert_eq!((price_axis.right, time_axis.bottom), (frame.right, frame.bottom));
            assert!((180..210).contains(&volumes.height()), "{volumes:?}");
        }
    }

    #[test]
    fn low_charts_and_markets_without_volume_have_no_volume_pane_and_tiny_ones_do_not_turn_inside_out() {
        let grid = PixelGrid::new(1.0);
        let low = Areas::of(PxRect::new(0, 0, 300, 120), grid, (60, 20), VOLUME);
        assert!(low.volumes.is_empty());
        assert_eq!(low.panes(), low.prices);
        let without = Areas::of(PxRect::new(0, 0, 300, 900), grid, (60, 20), 0.0);
        assert!(without.volumes.is_empty());
        assert_eq!(without.panes(), without.prices);
        let tiny = Areas::of(PxRect::new(0, 0, 30, 10), grid, (60, 20), VOLUME);
        assert!(tiny.prices.is_empty() && tiny.prices.width() == 0);
    }
}
