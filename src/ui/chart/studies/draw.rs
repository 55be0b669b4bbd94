//! Studies as meshes of whole pixels, kept while neither bars nor scales nor colours change.

use std::sync::Arc;

use egui::{Color32, Mesh};

use super::trace::{Rows, Seen};
use super::{Shown, Studies};
use crate::market::indicators::{LINES, Mark, StudyLines, Values};
use crate::market::series::BarSeries;
use crate::ui::chart::candles::{Shape, Stage};
use crate::ui::chart::kept::Kept;
use crate::ui::chart::price_scale::PriceScale;
use crate::ui::chart::time_scale::TimeScale;
use crate::ui::chart::view::ClosedBars;
use crate::ui::paint::{PixelGrid, PixelMesh, PxRect};
use crate::ui::theme::Theme;

/// Where a study is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    /// The pane.
    pub pane: PxRect,
    /// Value ↔ y in it.
    pub scale: PriceScale,
    /// Pixels of a line.
    pub thickness: i32,
}

impl Place {
    /// That of the studies over the price: the pane and scale of the candles, lines as thick as
    /// their wicks.
    #[must_use]
    pub fn of_prices(stage: &Stage) -> Self {
        let (Shape::Candles { wick: thickness, .. } | Shape::Columns(thickness)) = stage.shape;
        Self { pane: stage.prices, scale: stage.price, thickness }
    }

    /// The rows from one y to another below it, at most two rows outside the pane.
    pub(super) fn rows(&self, upper: f64, lower: f64) -> (i32, i32) {
        let (above, below) = (f64::from(self.pane.top) - 2.0, f64::from(self.pane.bottom) + 1.0);
        let row = |y: f64| y.clamp(above, below).floor() as i32;
        (row(upper), row(lower) + 1)
    }
}

/// The bars in sight without the last, and how far the lines have come.
type SeenKey = (ClosedBars, TimeScale, PxRect, Shape, usize);
/// Of the newest values, the bits: what is no number equals itself.
type Newest = Option<(usize, [u64; LINES])>;
type MeshKey = (SeenKey, Place, Newest, Inks, PixelGrid);
/// Of each line; of a histogram that for a rise. At the end that for its fall.
type Inks = [Color32; LINES + 1];

/// What was made of the lines last.
#[derive(Debug, Default)]
pub struct Drawn {
    seen: Kept<SeenKey, Seen>,
    mesh: Kept<MeshKey, Arc<Mesh>>,
    values: Kept<(ClosedBars, usize, usize), Values>,
}

impl Drawn {
    /// All in sight but the last bar, and what that was made for.
    fn seen(
        &mut self,
        lines: &StudyLines,
        series: &BarSeries,
        stage: &Stage,
        left: usize,
    ) -> (SeenKey, &Seen) {
        let key = (ClosedBars::of(series), stage.time, stage.prices, stage.shape, left);
        let seen = self.seen.get(key.clone(), || Seen::closed(lines, series, stage));
        (key, seen)
    }

    /// The values of one bar that is not the last.
    pub fn values_at(&mut self, lines: &StudyLines, series: &BarSeries, index: usize, left: usize) -> Values {
        *self.values.get((ClosedBars::of(series), index, left), || {
            let mut values = Vec::new();
            lines.values(series, index..index + 1, &mut values);
            values.first().copied().unwrap_or([f64::NAN; LINES])
        })
    }
}

impl Studies {
    /// The studies that have a place, one mesh each.
    pub fn meshes(
        &mut self,
        series: &BarSeries,
        stage: &Stage,
        grid: PixelGrid,
        theme: &Theme,
    ) -> Vec<Arc<Mesh>> {
        self.shown.iter_mut().filter_map(|shown| shown.mesh(series, stage, grid, theme)).collect()
    }
}

impl Shown {
    /// What is in sight but for the last bar; `None` before it has followed the series.
    pub(super) fn seen(&mut self, series: &BarSeries, stage: &Stage) -> Option<&Seen> {
        let lines = self.lines.as_ref()?;
        Some(self.drawn.seen(lines, series, stage, self.left).1)
    }

    /// The colour of each line: over the price all have one, in a pane of their own each has another.
    pub(super) fn inks(&self, theme: &Theme) -> [Color32; LINES] {
        let step = usize::from(!self.is_over_price());
        let outputs = self.study.indicator().outputs;
        std::array::from_fn(|output| match outputs.get(output).map(|output| output.mark) {
            Some(Mark::Histogram) => theme.volume_up,
            _ => theme.studies[(self.colour + step * output) % theme.studies.len()],
        })
    }

    /// Its lines; `None` before it has followed the series.
    fn mesh(
        &mut self,
        series: &BarSeries,
        stage: &Stage,
        grid: PixelGrid,
        theme: &Theme,
    ) -> Option<Arc<Mesh>> {
        let [a, b, c] = self.inks(theme);
        let inks = [a, b, c, theme.volume_down];
        let Self { study, lines, left, drawn, place, .. } = self;
        let (lines, place) = (lines.as_ref()?, (*place)?);
        let (key, seen) = drawn.seen(lines, series, stage, *left);
        let seen = seen.clone();
        let newest = lines.newest();
        let bits = newest.map(|(index, values)| (index, values.map(f64::to_bits)));
        let mesh = drawn.mesh.get((key, place, bits, inks, grid), || {
            let mut seen = seen;
            if let Some((index, values)) = newest {
                seen.add(index, values);
            }
            let mut mesh = PixelMesh::new(grid);
            let outputs = study.indicator().outputs.iter().enumerate();
            let (bars, lines): (Vec<_>, Vec<_>) =
                outputs.partition(|(_, output)| output.mark == Mark::Histogram);
            for (output, _) in bars {
                histogram(&mut mesh, &seen.bars(output, stage), &place, (inks[output], inks[LINES]));
            }
            for (output, _) in lines {
                draw(&mut mesh, &seen.rows(output, stage, &place), &place, inks[output]);
            }
            mesh.into_mesh()
        });
        Some(Arc::clone(mesh))
    }
}

/// Draws bars from zero to their values.
fn histogram(
    mesh: &mut PixelMesh,
    bars: &[(i32, i32, f64, f64)],
    Place { pane, scale, .. }: &Place,
    (rise, fall): (Color32, Color32),
) {
    let zero = scale.row_of(0.0);
    for (left, width, low, high) in bars {
        let left = left + pane.left;
        let mut bar = |top, bottom, ink| {
            mesh.rect(PxRect::new(left, top, left + width, bottom).intersect(*pane), ink);
        };
        if *high > 0.0 {
            bar(scale.row_of(*high), zero + 1, rise);
        }
        if *low < 0.0 {
            bar(zero, scale.row_of(*low) + 1, fall);
        }
    }
}

/// Draws a line, a rectangle for each run of columns with the same rows.
fn draw(mesh: &mut PixelMesh, rows: &[Rows], Place { pane, thickness, .. }: &Place, colour: Color32) {
    let mut left = pane.left;
    for run in rows.chunk_by(|a, b| a == b) {
        let right = left + run.len().cast_signed() as i32;
        if let Some((top, bottom)) = run[0] {
            let more = thickness - 1;
            mesh.rect(PxRect::new(left, top, right + more, bottom + more).intersect(*pane), colour);
        }
        left = right;
    }
}
