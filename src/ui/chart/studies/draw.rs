//! Studies as meshes of whole pixels, kept while neither bars nor scales nor colours change.

use std::sync::Arc;

use egui::{Color32, Mesh};

use super::trace::{Rows, Seen};
use super::{Shown, Studies};
use crate::market::indicators::{LINES, StudyLines, Values};
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
type MeshKey = (SeenKey, Place, Newest, Color32, PixelGrid);

/// What was made of the lines last.
#[derive(Debug, Default)]
pub struct Drawn {
    seen: Kept<SeenKey, Seen>,
    mesh: Kept<MeshKey, Arc<Mesh>>,
    values: Kept<(ClosedBars, usize, usize), Values>,
}

impl Drawn {
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
    /// The studies over the price, one mesh each.
    pub fn meshes(
        &mut self,
        series: &BarSeries,
        stage: &Stage,
        grid: PixelGrid,
        theme: &Theme,
    ) -> Vec<Arc<Mesh>> {
        let place = Place::of_prices(stage);
        self.shown.iter_mut().filter_map(|shown| shown.mesh(series, stage, &place, (grid, theme))).collect()
    }
}

impl Shown {
    /// Its lines; `None` before it has followed the series.
    fn mesh(
        &mut self,
        series: &BarSeries,
        stage: &Stage,
        place: &Place,
        (grid, theme): (PixelGrid, &Theme),
    ) -> Option<Arc<Mesh>> {
        let colour = theme.studies[self.colour];
        let Self { study, lines, left, drawn, .. } = self;
        let lines = lines.as_ref()?;
        let key = (ClosedBars::of(series), stage.time, stage.prices, stage.shape, *left);
        let seen = drawn.seen.get(key.clone(), || Seen::closed(lines, series, stage));
        let newest = lines.newest();
        let bits = newest.map(|(index, values)| (index, values.map(f64::to_bits)));
        let mesh = drawn.mesh.get((key, *place, bits, colour, grid), || {
            let mut seen = seen.clone();
            if let Some((index, values)) = newest {
                seen.add(index, values);
            }
            let mut mesh = PixelMesh::new(grid);
            for output in 0..study.indicator().outputs.len() {
                draw(&mut mesh, &seen.rows(output, stage, place), place, colour);
            }
            mesh.into_mesh()
        });
        Some(Arc::clone(mesh))
    }
}

/// Draws a line, a rectangle for each run of columns with the same rows.
fn draw(mesh: &mut PixelMesh, rows: &[Rows], Place { pane, thickness, .. }: &Place, colour: Color32) {
    let mut left = pane.left;
    for run in rows.chunk_by(|a, b| a == b) {
        let right = left + run.len() as i32;
        if let Some((top, bottom)) = run[0] {
            let more = thickness - 1;
            mesh.rect(PxRect::new(left, top, right + more, bottom + more).intersect(*pane), colour);
        }
        left = right;
    }
}
