//! Shapes of whole physical pixels.
//!
//! Everything is integer until the last step, so neighbouring shapes neither overlap nor
//! leave a seam, at 100 % as at 125 %. Meshes are not feathered by egui, which is what
//! makes them sharp and cheap.

use std::sync::Arc;

use egui::{Color32, Mesh, Pos2, Rect, Shape, pos2};

/// The physical pixels of a window: points times the scale factor.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PixelGrid {
    per_point: f32,
}

impl PixelGrid {
    /// A grid of `per_point` pixels per point.
    #[must_use]
    pub fn new(per_point: f32) -> Self {
        debug_assert!(per_point > 0.0 && per_point.is_finite(), "scale factor {per_point}");
        Self { per_point }
    }

    /// The grid of the window that is being painted.
    #[must_use]
    pub fn of(ctx: &egui::Context) -> Self {
        Self::new(ctx.pixels_per_point())
    }

    /// Pixels per point.
    #[must_use]
    pub fn per_point(self) -> f32 {
        self.per_point
    }

    /// A distance in points as the nearest whole number of pixels, at least one.
    #[must_use]
    pub fn length(self, points: f32) -> i32 {
        self.nearest(points).max(1)
    }

    /// The pixel edge nearest to a coordinate in points.
    #[must_use]
    pub fn nearest(self, points: f32) -> i32 {
        (points * self.per_point).round() as i32
    }

    /// A pixel coordinate in points.
    #[must_use]
    pub fn points(self, pixels: i32) -> f32 {
        pixels as f32 / self.per_point
    }

    /// The corner of a pixel in points.
    #[must_use]
    pub fn pos(self, x: i32, y: i32) -> Pos2 {
        pos2(self.points(x), self.points(y))
    }

    /// `pos` moved to the nearest pixel corner, in points.
    #[must_use]
    pub fn snap(self, pos: Pos2) -> Pos2 {
        self.pos(self.nearest(pos.x), self.nearest(pos.y))
    }

    /// The pixels that `rect` (in points) covers, edges rounded to the nearest.
    #[must_use]
    pub fn rect(self, rect: Rect) -> PxRect {
        PxRect {
            left: self.nearest(rect.left()),
            top: self.nearest(rect.top()),
            right: self.nearest(rect.right()),
            bottom: self.nearest(rect.bottom()),
        }
    }
}

/// A rectangle of pixels; `right` and `bottom` are the first pixels outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct PxRect {
    /// First column.
    pub left: i32,
    /// First row.
    pub top: i32,
    /// Column after the last.
    pub right: i32,
    /// Row after the last.
    pub bottom: i32,
}

impl PxRect {
    /// From edges.
    #[must_use]
    pub fn new(left: i32, top: i32, right: i32, bottom: i32) -> Self {
        Self { left, top, right, bottom }
    }

    /// Number of columns, zero where it is empty.
    #[must_use]
    pub fn width(self) -> i32 {
        (self.right - self.left).max(0)
    }

    /// Number of rows, zero where it is empty.
    #[must_use]
    pub fn height(self) -> i32 {
        (self.bottom - self.top).max(0)
    }

    /// Whether it holds no pixel.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.right <= self.left || self.bottom <= self.top
    }

    /// The pixels in both.
    #[must_use]
    pub fn intersect(self, other: Self) -> Self {
        Self {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        }
    }

    /// In points.
    #[must_use]
    pub fn to_points(self, grid: PixelGrid) -> Rect {
        Rect::from_min_max(grid.pos(self.left, self.top), grid.pos(self.right, self.bottom))
    }
}

/// Which way an arrow points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrow {
    /// ▲, the tip above.
    Up,
    /// ▼, the tip below.
    Down,
}

/// Coloured pixels, collected into one mesh. What is added later is drawn above.
#[derive(Debug, Clone)]
pub struct PixelMesh {
    mesh: Mesh,
    grid: PixelGrid,
}

impl PixelMesh {
    /// An empty mesh.
    #[must_use]
    pub fn new(grid: PixelGrid) -> Self {
        Self { mesh: Mesh::default(), grid }
    }

    /// An empty mesh with room for `rects` rectangles.
    #[must_use]
    pub fn with_room(grid: PixelGrid, rects: usize) -> Self {
        let mut mesh = Mesh::default();
        mesh.reserve_vertices(4 * rects);
        mesh.reserve_triangles(2 * rects);
        Self { mesh, grid }
    }

    /// The pixels it stands on.
    #[must_use]
    pub fn grid(&self) -> PixelGrid {
        self.grid
    }

    /// Fills `rect`; nothing where it is empty.
    #[inline]
    pub fn rect(&mut self, rect: PxRect, colour: Color32) {
        if !rect.is_empty() {
            self.mesh.add_colored_rect(rect.to_points(self.grid), colour);
        }
    }

    /// A horizontal line one pixel thick: row `y`, columns `left..right`.
    #[inline]
    pub fn row(&mut self, y: i32, left: i32, right: i32, colour: Color32) {
        self.rect(PxRect::new(left, y, right, y + 1), colour);
    }

    /// A vertical line one pixel thick: column `x`, rows `top..bottom`.
    #[inline]
    pub fn column(&mut self, x: i32, top: i32, bottom: i32, colour: Color32) {
        self.rect(PxRect::new(x, top, x + 1, bottom), colour);
    }

    /// A row of dashes, `on` pixels drawn and `off` left out, beginning at `left`.
    pub fn dashed_row(&mut self, y: i32, left: i32, right: i32, (on, off): (i32, i32), colour: Color32) {
        let mut x = left;
        while x < right {
            self.row(y, x, (x + on).min(right), colour);
            x += (on + off).max(1);
        }
    }

    /// A column of dashes, `on` pixels drawn and `off` left out, beginning at `top`.
    pub fn dashed_column(&mut self, x: i32, top: i32, bottom: i32, (on, off): (i32, i32), colour: Color32) {
        let mut y = top;
        while y < bottom {
            self.column(x, y, (y + on).min(bottom), colour);
            y += (on + off).max(1);
        }
    }

    /// The outline of `rect`, one pixel thick, inside it.
    pub fn outline(&mut self, rect: PxRect, colour: Color32) {
        let PxRect { left, top, right, bottom } = rect;
        if rect.is_empty() {
            return;
        }
        self.row(top, left, right, colour);
        if bottom - top > 1 {
            self.row(bottom - 1, left, right, colour);
        }
        self.column(left, top + 1, bottom - 1, colour);
        if right - left > 1 {
            self.column(right - 1, top + 1, bottom - 1, colour);
        }
    }

    /// A triangle of `height` rows that are 1, 3, 5 … pixels wide; its tip is the pixel `(x, y)`.
    pub fn arrow(&mut self, arrow: Arrow, x: i32, y: i32, height: i32, colour: Color32) {
        // Rasterisers take the pixels whose centre is inside: sides through half-pixel
        // distances make every row exactly two pixels wider than the one before.
        let (tip, base) = match arrow {
            Arrow::Up => (y, y + height),
            Arrow::Down => (y + 1, y + 1 - height),
        };
        let middle = (x as f32 + 0.5) / self.grid.per_point;
        let half = height as f32 / self.grid.per_point;
        let (tip, base) = (self.grid.points(tip), self.grid.points(base));
        let first = self.mesh.vertices.len() as u32;
        for corner in [pos2(middle, tip), pos2(middle + half, base), pos2(middle - half, base)] {
            self.mesh.colored_vertex(corner, colour);
        }
        self.mesh.add_triangle(first, first + 1, first + 2);
    }

    /// Whether nothing was drawn.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.mesh.is_empty()
    }

    /// The mesh, to be kept or painted.
    #[must_use]
    pub fn into_mesh(self) -> Arc<Mesh> {
        Arc::new(self.mesh)
    }

    /// As a shape for `egui::Painter::add`.
    pub fn into_shape(self) -> Shape {
        Shape::Mesh(self.into_mesh())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which pixels a mesh covers: those whose centre lies in a triangle.
    fn covered(mesh: &PixelMesh, width: i32, height: i32) -> Vec<String> {
        let inside = |p: Pos2, t: [Pos2; 3]| {
            let side = |a: Pos2, b: Pos2| (b.x - a.x) * (p.y - a.y) - (b.y - a.y) * (p.x - a.x);
            let s = [side(t[0], t[1]), side(t[1], t[2]), side(t[2], t[0])];
            s.iter().all(|x| *x > 0.0) || s.iter().all(|x| *x < 0.0)
        };
        let scale = mesh.grid.per_point;
        let triangles: Vec<[Pos2; 3]> = mesh
            .mesh
            .triangles()
            .map(|t| t.map(|i| (mesh.mesh.vertices[i as usize].pos.to_vec2() * scale).to_pos2()))
            .collect();
        let dot = |x: i32, y: i32| {
            // Off the exact centre, so that no sample lies on a quad's inner diagonal.
            let p = pos2(x as f32 + 0.501, y as f32 + 0.5);
            if triangles.iter().any(|t| inside(p, *t)) { '#' } else { '.' }
        };
        (0..height).map(|y| (0..width).map(|x| dot(x, y)).collect()).collect()
    }

    #[test]
    fn arrows_are_rows_of_odd_width() {
        for scale in [1.0, 1.25, 2.0] {
            let mut mesh = PixelMesh::new(PixelGrid::new(scale));
            mesh.arrow(Arrow::Up, 3, 0, 4, Color32::WHITE);
            assert_eq!(covered(&mesh, 7, 4), ["...#...", "..###..", ".#####.", "#######"]);
            let mut mesh = PixelMesh::new(PixelGrid::new(scale));
            mesh.arrow(Arrow::Down, 3, 3, 4, Color32::WHITE);
            assert_eq!(covered(&mesh, 7, 4), ["#######", ".#####.", "..###..", "...#..."]);
        }
    }

    #[test]
    fn a_rectangle_covers_its_pixels_at_any_scale() {
        for scale in [1.0, 1.1, 1.25, 1.5, 1.75, 2.0, 3.0] {
            let mut mesh = PixelMesh::new(PixelGrid::new(scale));
            mesh.rect(PxRect::new(1, 1, 4, 3), Color32::WHITE);
            assert_eq!(covered(&mesh, 5, 4), [".....", ".###.", ".###.", "....."], "scale {scale}");
        }
    }

    #[test]
    fn dashes_keep_their_rhythm_and_their_ends() {
        let mut mesh = PixelMesh::new(PixelGrid::new(1.0));
        mesh.dashed_row(0, 1, 9, (3, 2), Color32::WHITE);
        mesh.dashed_column(9, 0, 3, (1, 1), Color32::WHITE);
        assert_eq!(covered(&mesh, 10, 3), [".###..####", "..........", ".........#"]);
    }

    #[test]
    fn an_outline_covers_no_corner_twice() {
        for (width, height) in [(1, 1), (1, 4), (4, 1), (2, 2), (5, 3)] {
            let mut mesh = PixelMesh::new(PixelGrid::new(1.0));
            mesh.outline(PxRect::new(0, 0, width, height), Color32::WHITE);
            let area: f32 = mesh
                .mesh
                .vertices
                .chunks_exact(4)
                .map(|q| (q[3].pos.x - q[0].pos.x) * (q[3].pos.y - q[0].pos.y))
                .sum();
            let inner = (width - 2).max(0) * (height - 2).max(0);
            assert_eq!(area as i32, width * height - inner, "{width} x {height}");
        }
    }

    #[test]
    fn empty_rectangles_add_nothing() {
        let mut mesh = PixelMesh::new(PixelGrid::new(1.0));
        mesh.rect(PxRect::new(3, 3, 3, 9), Color32::WHITE);
        mesh.rect(PxRect::new(3, 3, 2, 9), Color32::WHITE);
        assert!(mesh.is_empty());
    }
}
