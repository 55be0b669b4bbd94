//! Drawings as shapes, where they lie in this frame.

use egui::{Align2, Color32, Pos2, Shape, Stroke, pos2};

use super::geometry::{Point, Scales, clipped, extended};
use super::measure::Measured;
use super::{Placed, Sketch, Tool};
use crate::domain::{Drawing, DrawingInk, Figure, Mark, Price};
use crate::ui::chart::ChartData;
use crate::ui::chart::areas::Areas;
use crate::ui::chart::axis::{self, Tag};
use crate::ui::chart::layer::Layer;
use crate::ui::format;
use crate::ui::paint::{PixelGrid, PxRect};
use crate::ui::theme::Theme;

/// Half the side of what a drawing can be taken by, in points.
const HANDLE: f32 = 3.0;
/// Width of a drawing, and of one that is chosen, in points.
const LINE: f32 = 1.0;
const CHOSEN: f32 = 2.0;
/// Space around what was measured, in points.
const PAD: f32 = 5.0;

/// The colour of a drawing.
#[must_use]
pub(in crate::ui) fn colour_of(ink: DrawingInk, theme: &Theme) -> Color32 {
    match ink {
        DrawingInk::Blue => theme.studies[0],
        DrawingInk::Orange => theme.studies[1],
        DrawingInk::Violet => theme.studies[2],
        DrawingInk::Yellow => theme.studies[3],
        DrawingInk::Plain => theme.text_strong,
    }
}

/// Where drawings are painted.
struct Sheet<'a> {
    data: &'a ChartData<'a>,
    areas: &'a Areas,
    scales: Scales,
    theme: &'a Theme,
    grid: PixelGrid,
    /// Rows of pixels, handles, tags, words.
    layer: Layer,
    /// Lines that are not level.
    lines: Vec<Shape>,
}

impl Sketch {
    /// Paints the drawings, and what is begun or measured; remembers where they are. Without any there is nothing.
    pub fn paint(
        &mut self,
        data: &ChartData<'_>,
        areas: &Areas,
        scales: Scales,
        pointer: Option<Pos2>,
        (layer, theme): (impl FnOnce() -> Layer, &Theme),
    ) -> Vec<Shape> {
        self.scales = Some(scales);
        let mut placed = std::mem::take(&mut self.placed);
        placed.clear();
        let is_idle = self.tool.is_none() && self.draft.is_none() && self.left.is_none();
        if data.series.is_empty() || (data.drawings.is_empty() && self.measured.is_none() && is_idle) {
            self.placed = placed;
            return Vec::new();
        }
        let layer = layer();
        let grid = layer.mesh.grid();
        let mut sheet = Sheet { data, areas, scales, theme, grid, layer, lines: Vec::new() };
        for drawing in self.shown(data) {
            let is_chosen = self.chosen == Some(drawing.id);
            let stands_out = is_chosen || self.hot == Some(drawing.id);
            if let Some((line, ends)) = sheet.figure(&drawing, stands_out, is_chosen) {
                placed.push(Placed { id: drawing.id, line, ends });
            }
        }
        self.placed = placed;
        let begun = |figure| Drawing { id: crate::domain::DrawingId(0), figure, ink: DrawingInk::default() };
        if let Some((None, figure)) = self.left {
            sheet.figure(&begun(figure), false, false);
        }
        match (self.tool, self.draft) {
            (Some(Tool::Trend), Some(draft)) => {
                let figure = Figure::Trend { from: draft.from, to: draft.to, extends: false };
                sheet.figure(&begun(figure), true, true);
            }
            (None | Some(Tool::Measure), Some(draft)) => {
                sheet.measured(Measured { from: draft.from, to: draft.to });
            }
            (Some(Tool::Level), _) => {
                let at = |pos: Pos2| [pos.x, pos.y].map(|side| f64::from(side * grid.per_point()));
                let place = pointer.map(at).filter(|at| scales.holds(*at));
                let near = f64::from(super::NEAR * grid.per_point());
                if let Some(mark) = place.and_then(|at| scales.mark_at(at, data, self.magnet.then_some(near)))
                {
                    sheet.figure(&begun(Figure::Level { price: mark.price }), true, false);
                }
            }
            _ => {}
        }
        if let Some(measured) = self.measured {
            sheet.measured(measured);
        }
        let mut shapes = sheet.lines;
        shapes.extend(sheet.layer.into_shapes());
        shapes
    }
}

impl Sheet<'_> {
    fn figure(
        &mut self,
        drawing: &Drawing,
        stands_out: bool,
        is_chosen: bool,
    ) -> Option<([Point; 2], [Option<Point>; 2])> {
        let colour = colour_of(drawing.ink, self.theme);
        let width = if stands_out { CHOSEN } else { LINE };
        match drawing.figure {
            Figure::Level { price } => {
                self.level(price, (width, is_chosen), colour).map(|line| (line, [None; 2]))
            }
            Figure::Trend { from, to, extends } => {
                self.trend([from, to], (extends, is_chosen), Stroke::new(width, colour))
            }
        }
    }

    fn level(
        &mut self,
        price: Price,
        (width, is_chosen): (f32, bool),
        colour: Color32,
    ) -> Option<[Point; 2]> {
        let pane = self.areas.prices;
        let row = self.scales.row_of(price);
        if !(pane.top..pane.bottom).contains(&row) {
            return None;
        }
        let thick = self.grid.length(width);
        let top = row - (thick - 1) / 2;
        self.layer.mesh.rect(PxRect { top, bottom: top + thick, ..pane }, colour);
        let y = f64::from(row) + 0.5;
        if is_chosen {
            self.handle([f64::from(i32::midpoint(pane.left, pane.right)), y], colour);
        }
        let text = format::decimal(price.0, self.data.decimals());
        let tag = Tag { row, text, fill: self.theme.surface, ink: colour, rim: Some(colour), arrow: None };
        axis::tag_ui(self.areas.price_axis, row, &tag, &mut self.layer);
        Some([[f64::from(pane.left), y], [f64::from(pane.right), y]])
    }

    fn trend(
        &mut self,
        marks: [Mark; 2],
        (extends, is_chosen): (bool, bool),
        stroke: Stroke,
    ) -> Option<([Point; 2], [Option<Point>; 2])> {
        let [from, to] = marks.map(|mark| self.scales.point_of(mark, self.data));
        let (from, to) = (from?, to?);
        let whole = if extends { extended([from, to], self.scales.pane) } else { [from, to] };
        let line = clipped(whole, self.scales.pane)?;
        let points = line.map(|at| self.pos(at));
        self.lines.push(Shape::line_segment(points, stroke));
        let ends = [from, to].map(|end| Some(end).filter(|end| self.scales.holds(*end)));
        if is_chosen {
            for end in ends.into_iter().flatten() {
                self.handle(end, stroke.color);
            }
        }
        Some((line, ends))
    }

    fn pos(&self, [x, y]: Point) -> Pos2 {
        pos2(x as f32, y as f32) / self.grid.per_point()
    }

    /// What a drawing can be taken by.
    fn handle(&mut self, [x, y]: Point, colour: Color32) {
        let half = self.grid.length(HANDLE);
        let (x, y) = (x.floor() as i32, y.floor() as i32);
        let square = PxRect::new(x - half, y - half, x + half + 1, y + half + 1);
        self.layer.mesh.rect(square, self.theme.surface);
        self.layer.mesh.outline(square, colour);
    }

    /// A box from one place to the other, and what lies between them.
    fn measured(&mut self, measured: Measured) -> Option<()> {
        let [from, to] = [measured.from, measured.to].map(|mark| self.scales.point_of(mark, self.data));
        let (from, to) = (from?, to?);
        let words = measured.words(self.data)?;
        let (colour, fill) = if measured.rises() {
            (self.theme.up, self.theme.up_fill)
        } else {
            (self.theme.down, self.theme.down_fill)
        };
        let pane = self.areas.prices;
        let pixel =
            |at: f64, low: i32, high: i32| at.clamp(f64::from(low) - 1.0, f64::from(high) + 1.0) as i32;
        let x = |at: Point| pixel(at[0], pane.left, pane.right);
        let y = |at: Point| pixel(at[1], pane.top, pane.bottom);
        let frame = PxRect::new(
            x(from).min(x(to)),
            y(from).min(y(to)),
            x(from).max(x(to)) + 1,
            y(from).max(y(to)) + 1,
        );
        let frame = frame.intersect(pane);
        self.layer.mesh.rect(frame, colour.gamma_multiply(0.14));
        self.layer.mesh.outline(frame, colour);

        let Layer { mesh, text } = &mut self.layer;
        let wide = words.iter().map(|line| text.width(line)).fold(0.0, f32::max);
        let size = [
            self.grid.length(wide + 2.0 * PAD),
            self.grid.length(text.line_height() * words.len() as f32 + 2.0 * PAD),
        ];
        // Beyond the end that was drawn to, in the pane.
        let top = if measured.rises() { frame.top - size[1] - 4 } else { frame.bottom + 4 };
        let top = top.min(pane.bottom - size[1]).max(pane.top);
        let left = (x(to) - size[0] / 2).min(pane.right - size[0]).max(pane.left);
        mesh.rect(PxRect::new(left, top, left + size[0], top + size[1]), fill);
        for (i, line) in words.iter().enumerate() {
            let at = self.grid.pos(left, top) + egui::vec2(PAD, PAD + text.line_height() * i as f32);
            text.put(at, Align2::LEFT_TOP, line, self.theme.on_fill);
        }
        Some(())
    }
}
