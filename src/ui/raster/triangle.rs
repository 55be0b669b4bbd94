//! Which pixels a triangle covers, and the values between its corners; integers only.
//!
//! A pixel is covered when its centre is inside, or on a top or left edge: triangles that share an edge
//! cover each pixel along it exactly once (the rule of OpenGL and Direct3D). Coordinates are in 1/256
//! pixel, and corners farther than [`FARTHEST`] pixels away are pulled there, so that no product of two
//! differences leaves an `i64`.

use std::ops::Range;

/// Steps of the coordinate grid in one pixel.
pub(super) const GRID: i64 = 256;
/// How far from the origin a corner can be, in pixels.
pub(super) const FARTHEST: i64 = 1 << 21;

/// A point of the coordinate grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Point {
    pub x: i64,
    pub y: i64,
}

impl Point {
    /// From physical pixels. `None` where a coordinate is not a number.
    pub(super) fn from_pixels(x: f64, y: f64) -> Option<Self> {
        let limit = (FARTHEST * GRID) as f64;
        let snap = |pixels: f64| (pixels * GRID as f64).round().clamp(-limit, limit) as i64;
        (!x.is_nan() && !y.is_nan()).then(|| Self { x: snap(x), y: snap(y) })
    }

    /// The centre of a pixel.
    pub(super) fn centre_of(column: i64, row: i64) -> Self {
        Self { x: column * GRID + GRID / 2, y: row * GRID + GRID / 2 }
    }
}

/// A rectangle of pixels of the canvas: columns and rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Area {
    pub columns: Range<i64>,
    pub rows: Range<i64>,
}

impl Area {
    /// The pixels of `self` whose centres lie in the rectangle between two corners: left and top edge
    /// inclusive, right and bottom exclusive, as the top-left rule says.
    pub(super) fn within(&self, min: Point, max: Point) -> Self {
        let range = |from: i64, to: i64, limits: &Range<i64>| {
            let first = first_centre(from).clamp(limits.start, limits.end);
            first..first_centre(to).clamp(first, limits.end)
        };
        Self { columns: range(min.x, max.x, &self.columns), rows: range(min.y, max.y, &self.rows) }
    }
}

/// The first pixel whose centre is at or behind a coordinate.
fn first_centre(at: i64) -> i64 {
    ceil_div(at - GRID / 2, GRID)
}

fn ceil_div(a: i64, b: i64) -> i64 {
    -(-a).div_euclid(b)
}

/// Twice the area, positive when the corners run clockwise on screen.
fn doubled_area([a, b, c]: [Point; 3]) -> i64 {
    (b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y)
}

/// One side of a triangle as a half-plane, followed down the rows.
struct Edge {
    /// At the centre of column 0 in the current row; not negative means inside.
    value: i64,
    per_column: i64,
    per_row: i64,
}

impl Edge {
    fn new(from: Point, to: Point, first_row: i64) -> Self {
        let (dx, dy) = (to.x - from.x, to.y - from.y);
        let origin = Point::centre_of(0, first_row);
        let top_or_left = dy < 0 || (dy == 0 && dx > 0);
        let value = dx * (origin.y - from.y) - dy * (origin.x - from.x) - i64::from(!top_or_left);
        Self { value, per_column: -dy * GRID, per_row: dx * GRID }
    }

    /// Narrows a range of columns to those inside.
    fn narrow(&self, columns: Range<i64>) -> Range<i64> {
        match self.per_column {
            0 if self.value < 0 => columns.start..columns.start,
            0 => columns,
            rising if rising > 0 => columns.start.max(ceil_div(-self.value, rising))..columns.end,
            falling => columns.start..columns.end.min(self.value.div_euclid(-falling) + 1),
        }
    }
}

/// Calls `paint(row, columns)` for every row that the triangle covers within `area`.
pub(super) fn cover(corners: [Point; 3], area: &Area, mut paint: impl FnMut(i64, Range<i64>)) {
    let [a, b, c] = corners;
    let [a, b, c] = match doubled_area(corners) {
        0 => return,
        clockwise if clockwise > 0 => [a, b, c],
        _ => [a, c, b],
    };
    let min = Point { x: a.x.min(b.x).min(c.x), y: a.y.min(b.y).min(c.y) };
    let max = Point { x: a.x.max(b.x).max(c.x), y: a.y.max(b.y).max(c.y) };
    let bounds = area.within(min, max);
    let mut edges = [(a, b), (b, c), (c, a)].map(|(from, to)| Edge::new(from, to, bounds.rows.start));
    for row in bounds.rows {
        let inside = edges.iter().fold(bounds.columns.clone(), |columns, edge| edge.narrow(columns));
        if inside.start < inside.end {
            paint(row, inside);
        }
        for edge in &mut edges {
            edge.value += edge.per_row;
        }
    }
}

fn saturate(value: i128) -> i64 {
    value.clamp(-i128::from(STEEPEST), i128::from(STEEPEST)) as i64
}

/// A value given at three corners and linear in between. Values come in and go out with the same
/// number of fractional bits; inside are 16 more.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plane {
    origin: Point,
    at_origin: i64,
    per_column: i64,
    per_row: i64,
    min: i64,
    max: i64,
}

/// Fractional bits of a [`Plane`] beyond those of its values.
const EXTRA: u32 = 16;

impl Plane {
    /// The plane through `values` at `corners`; flat when the triangle has no area.
    pub(super) fn through(corners: [Point; 3], values: [i64; 3]) -> Self {
        let [a, b, c] = corners;
        let [at_a, at_b, at_c] = values;
        let area = match doubled_area(corners) {
            0 => 1,
            area => i128::from(area),
        };
        // Needles can be steeper than fits. They cover a pixel or two, and `along` keeps them in range.
        let gradient = |along: i128| saturate(along * i128::from(GRID << EXTRA) / area);
        let (to_b, to_c) = (i128::from(at_b - at_a), i128::from(at_c - at_a));
        Self {
            origin: a,
            at_origin: at_a << EXTRA,
            per_column: gradient(to_b * i128::from(c.y - a.y) - to_c * i128::from(b.y - a.y)),
            per_row: gradient(to_c * i128::from(b.x - a.x) - to_b * i128::from(c.x - a.x)),
            min: at_a.min(at_b).min(at_c),
            max: at_a.max(at_b).max(at_c),
        }
    }

    /// The change from one pixel to its right and its lower neighbour, in units of the values.
    pub(super) fn slopes(&self) -> [i64; 2] {
        [self.per_column >> EXTRA, self.per_row >> EXTRA]
    }

    /// The values at a row of pixel centres, from `column` on; never outside those of the corners.
    pub(super) fn along(&self, column: i64, row: i64) -> impl FnMut() -> i64 {
        let at = Point::centre_of(column, row);
        let offset = i128::from(self.per_column) * i128::from(at.x - self.origin.x)
            + i128::from(self.per_row) * i128::from(at.y - self.origin.y);
        let mut value = saturate(i128::from(self.at_origin) + offset / i128::from(GRID));
        let Self { per_column, min, max, .. } = *self;
        move || {
            let now = (value >> EXTRA).clamp(min, max);
            value = value.saturating_add(per_column);
            now
        }
    }
}

/// Beyond every value and gradient that a texture or a colour can have, and small enough to be added up.
const STEEPEST: i64 = 1 << 58;
