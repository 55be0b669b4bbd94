//! Bars and volume as rectangles of whole pixels; how a bar with room looks is `style`'s.
//!
//! Two regimes. With room, a bar is a body with a wick through its middle: the body's width
//! has the wick's parity, so the wick is truly centred, and neighbours keep a pixel between
//! them. Below three wick widths a bar, there are **columns**: each shows the true high and
//! low of all bars whose middle it holds, the sum of their volumes, and the colour of first
//! open against last close. From 256 bars a column on, its edges lie at the nearest cell of the
//! level of detail, less than a 30th of a pixel away. Nothing is sampled away, each bar is in
//! exactly one column, and the cost depends on columns, not bars.

use std::ops::Range;

use egui::Color32;

use super::price_scale::PriceScale;
use super::style::Style;
use super::time_scale::TimeScale;
use crate::domain::Bar;
use crate::market::heikin::{Heikin, WARM_UP};
use crate::market::series::{BarSeries, Extent};
use crate::ui::paint::{PixelMesh, PxRect};
use crate::ui::theme::Theme;

/// How bars of a given spacing are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Body and wick widths in pixels, of equal parity.
    Candles {
        /// The body's width.
        body: i32,
        /// The wick's width.
        wick: i32,
    },
    /// Columns of this many pixels.
    Columns(i32),
}

impl Shape {
    /// The shape of bars `spacing` pixels apart with lines `wick` pixels thick.
    #[must_use]
    pub fn of(spacing: f64, wick: i32) -> Self {
        let wick = wick.max(1);
        if spacing < f64::from(3 * wick) {
            return Self::Columns(wick);
        }
        // Wide candles leave a fifth free, narrow ones a single pixel.
        let body = (spacing * 0.8).floor().max((spacing - f64::from(wick)).floor().min(7.0)) as i32;
        let body = body.min(spacing.floor() as i32 - 1);
        Self::Candles { body: if (body - wick) % 2 == 0 { body } else { body - 1 }, wick }
    }
}

/// Bars in a cell of the level of detail, cells in a cell of the next level.
const CELL: usize = 16;

/// Where bars are drawn: scales, panes and shape of one frame.
#[derive(Debug, Clone, Copy)]
pub struct Stage {
    /// Index ↔ x, counted from the left of `prices`.
    pub time: TimeScale,
    /// Price ↔ y.
    pub price: PriceScale,
    /// The pane of the candles.
    pub prices: PxRect,
    /// The pane of the volume, empty where there is none.
    pub volumes: PxRect,
    /// Candles or columns.
    pub shape: Shape,
    /// How a bar looks where it has room.
    pub style: Style,
    /// Index of a bar at which the cells of the level of detail begin.
    pub phase: usize,
}

/// A bar or a column's worth of bars.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Piece {
    /// Its first pixel column: of the wick, or of the whole column.
    pub(super) left: i32,
    pub(super) open: f64,
    pub(super) high: f64,
    pub(super) low: f64,
    pub(super) close: f64,
    /// The close before it; no number of the first.
    pub(super) before: f64,
    /// Of all its bars.
    pub volume: f64,
}

/// The pieces of the bars in the pane but for that of the last bar ([`Stage::forming`]),
/// which changes with every trade while the others stay.
#[derive(Debug, Clone, Default)]
pub struct Pieces {
    closed: Vec<Piece>,
    /// The largest volume among them.
    pub most_volume: f64,
}

impl Stage {
    /// The bars that are drawn, at least in part.
    #[must_use]
    pub fn visible(&self, len: usize) -> Range<usize> {
        match self.shape {
            Shape::Candles { .. } => self.time.visible(len),
            Shape::Columns(width) => {
                let first = self.column_start(0, width, len);
                first..self.column_start(i32::MAX / width, width, len).max(first)
            }
        }
    }

    /// Collects what is in the pane, without the piece that holds the last bar.
    #[must_use]
    pub fn pieces(&self, series: &BarSeries) -> Pieces {
        let mut closed = match self.shape {
            Shape::Candles { wick, .. } => self.single(series, self.visible(series.len()), wick),
            Shape::Columns(width) => self.columns(series, width),
        };
        if self.visible(series.len()).end == series.len() {
            closed.pop();
        }
        let most_volume = closed.iter().map(|piece| piece.volume).fold(0.0, f64::max);
        Pieces { closed, most_volume }
    }

    /// Only the piece that holds the last bar, where that is in the pane.
    #[must_use]
    pub fn forming(&self, series: &BarSeries) -> Option<Piece> {
        let len = series.len();
        let visible = self.visible(len);
        if visible.is_empty() || visible.end != len {
            return None;
        }
        match self.shape {
            Shape::Candles { wick, .. } => self.single(series, len - 1..len, wick).pop(),
            Shape::Columns(width) => {
                let column = (self.time.x_of((len - 1) as f64) / f64::from(width)).floor() as i32;
                // The division may round to a neighbour; the partition decides.
                [column + 1, column, column - 1].into_iter().find_map(|column| {
                    let range = self.column(column, width, len);
                    if range.end == len { self.piece(series, column * width, range) } else { None }
                })
            }
        }
    }

    /// A piece for each bar.
    fn single(&self, series: &BarSeries, bars: Range<usize>, wick: i32) -> Vec<Piece> {
        let mut before =
            bars.start.checked_sub(1).and_then(|i| series.get(i)).map_or(f64::NAN, |bar| bar.close);
        let mut heikin = (self.style == Style::HeikinAshi).then(|| {
            let mut heikin = Heikin::default();
            series.bars(bars.start.saturating_sub(WARM_UP)..bars.start).for_each(|bar| {
                heikin.next(&bar);
            });
            heikin
        });
        let mut pieces = Vec::with_capacity(bars.len());
        for (index, bar) in bars.clone().zip(series.bars(bars)) {
            let shown = heikin.as_mut().map_or(bar, |heikin| heikin.next(&bar));
            pieces.push(Piece::of_bar(self.wick_left(index, wick), &shown, before));
            before = bar.close;
        }
        pieces
    }

    fn columns(&self, series: &BarSeries, width: i32) -> Vec<Piece> {
        let len = series.len();
        let starts = self.column_starts(width, len);
        // Far out each of these bars is a cache miss. Asked for in one go, they overlap.
        let close_and_open: Vec<(f64, f64)> = starts
            .iter()
            .map(|start| {
                let before = start.checked_sub(1).and_then(|i| series.get(i));
                (before.map_or(f64::NAN, |bar| bar.close), series.get(*start).map_or(0.0, |bar| bar.open))
            })
            .collect();
        let mut left = self.prices.left - width;
        let columns = starts.windows(2).zip(close_and_open.windows(2)).filter_map(|(range, prices)| {
            left += width;
            if range[0] == range[1] {
                return None;
            }
            let Extent { high, low, volume } = series.extent(range[0]..range[1]);
            let (before, open) = prices[0];
            Some(Piece { left, open, high, low, close: prices[1].0, before, volume })
        });
        columns.collect()
    }

    /// The first bar of each column of `width` pixels, and the bar after those of the last.
    #[must_use]
    pub fn column_starts(&self, width: i32, len: usize) -> Vec<usize> {
        let count = (self.prices.width() + width - 1) / width;
        (0..=count).map(|column| self.column_start(column, width, len)).collect()
    }

    /// The bars whose middle is in a column, the last one cut off by the pane's edge.
    fn column(&self, column: i32, width: i32, len: usize) -> Range<usize> {
        self.column_start(column, width, len)..self.column_start(column + 1, width, len)
    }

    /// The first bar of a column. Where columns hold hundreds of bars, the nearest bar at
    /// which a cell of the level of detail begins: less than a 30th of a pixel away, and the
    /// extent of a column then needs none of the bars themselves.
    fn column_start(&self, column: i32, width: i32, len: usize) -> usize {
        let x = f64::from((column * width).min(self.prices.width()));
        let exact = self.time.first_from(x, len);
        let bars = f64::from(width) / self.time.spacing;
        let mut cell = 1;
        while bars >= (cell * CELL * CELL) as f64 {
            cell *= CELL;
        }
        if cell == 1 || exact == 0 || exact == len {
            return exact;
        }
        let phase = self.phase % cell;
        // Before the first whole cell there is a cut one, which begins at the first bar.
        let Some(past) = (exact + cell / 2).checked_sub(phase) else { return 0 };
        let aligned = past / cell * cell + phase;
        if aligned < len { aligned } else { exact }
    }

    fn piece(&self, series: &BarSeries, x: i32, range: Range<usize>) -> Option<Piece> {
        if range.is_empty() {
            return None;
        }
        let (open, close) = (series.get(range.start)?.open, series.get(range.end - 1)?.close);
        let before = range.start.checked_sub(1).and_then(|i| series.get(i)).map_or(f64::NAN, |bar| bar.close);
        let Extent { high, low, volume } = series.extent(range);
        Some(Piece { left: self.prices.left + x, open, high, low, close, before, volume })
    }

    /// The first pixel column of a line `wick` pixels thick through the middle of a bar.
    #[must_use]
    pub fn wick_left(&self, index: usize, wick: i32) -> i32 {
        let left = self.time.x_of(index as f64) - f64::from(wick) / 2.0;
        (left + 0.5).floor() as i32 + self.prices.left
    }

    /// The scale of a volume pane whose highest column is `volume`.
    fn volume_rows(&self, volume: f64, full: f64) -> i32 {
        let height = f64::from(self.volumes.height());
        let rows = (volume / full * height).min(height) as i32;
        // Some volume is never drawn as none.
        if volume > 0.0 { rows.max(1) } else { 0 }
    }

    fn draw(&self, mesh: &mut PixelMesh, piece: &Piece, full: f64, inks: &Inks) {
        self.draw_prices(mesh, piece, inks);
        let faint = if piece.close >= piece.open { inks.volume_up } else { inks.volume_down };
        let left = piece.left;
        let (volume_left, volume_width) = match self.shape {
            Shape::Columns(width) => (left, width),
            Shape::Candles { body, wick } => (left - (body - wick) / 2, body),
        };
        if !self.volumes.is_empty() {
            let top = self.volumes.bottom - self.volume_rows(piece.volume, full);
            let bar = PxRect::new(volume_left, top, volume_left + volume_width, self.volumes.bottom);
            mesh.rect(bar.intersect(self.volumes), faint);
        }
    }

    /// Draws the closed pieces, against `full`, the volume that fills the volume pane.
    pub fn draw_closed(&self, mesh: &mut PixelMesh, pieces: &Pieces, full: f64, inks: &Inks) {
        for piece in &pieces.closed {
            self.draw(mesh, piece, full, inks);
        }
    }

    /// Draws the piece of the last bar.
    pub fn draw_forming(&self, mesh: &mut PixelMesh, piece: &Piece, full: f64, inks: &Inks) {
        self.draw(mesh, piece, full, inks);
    }
}

impl Piece {
    fn of_bar(left: i32, bar: &Bar, before: f64) -> Self {
        let Bar { open, high, low, close, volume, .. } = *bar;
        Self { left, open, high, low, close, before, volume }
    }
}

impl Pieces {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.closed.len()
    }
}

/// The colours of candles and volume.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Inks {
    pub(super) up: Color32,
    pub(super) down: Color32,
    pub(super) line: Color32,
    volume_up: Color32,
    volume_down: Color32,
}

impl Inks {
    /// Those of a theme.
    #[must_use]
    pub fn of(theme: &Theme) -> Self {
        let Theme { up, down, accent: line, volume_up, volume_down, .. } = *theme;
        Self { up, down, line, volume_up, volume_down }
    }
}

#[cfg(test)]
mod tests;
