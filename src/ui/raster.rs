//! Draws egui's output on the CPU, for pictures and tests without a window or a GPU.
//!
//! Does what `egui_glow` does: vertex colour times texture in gamma space, premultiplied blending, clip
//! rectangles on whole pixels. Callbacks cannot be drawn and are counted, see [`Skipped`].
//!
//! **The same meshes and textures give the same bytes on every machine**: from the corner positions on,
//! which are snapped to 1/256 pixel, everything is integer arithmetic. What comes in is egui's: its shapes
//! are `f32`, and it draws glyphs with the widest vector unit it finds, which could differ by one level in
//! a channel on a processor without fused multiply-add (older than 2013).

mod blend;
mod texture;
mod triangle;

use std::fs::File;
use std::io::{self, BufWriter};
use std::ops::Range;
use std::path::{Path, PathBuf};

use egui::epaint::{ClippedPrimitive, Primitive};
use egui::{Color32, Mesh, Rect, TexturesDelta};

use blend::Pixel;
use texture::{TEXEL, Texture, Textures};
use triangle::{Area, Plane, Point};

/// A canvas, and the textures that egui draws on it with.
#[derive(Debug)]
pub struct Raster {
    width: usize,
    height: usize,
    /// Row by row from the top, premultiplied.
    pixels: Vec<Pixel>,
    textures: Textures,
    skipped: Skipped,
    /// The corners of the mesh being drawn; kept for its memory.
    corners: Vec<Option<Corner>>,
}

/// What the last [`Raster::draw`] could not draw.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Callbacks: they need a GPU.
    pub callbacks: usize,
    /// Meshes whose texture was never uploaded, or is already freed.
    pub meshes_without_texture: usize,
}

/// Why a picture could not be written.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// The file could not be made.
    #[error("cannot create the picture {path}: {source}; check that the folder exists and can be written")]
    Create {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file could not be filled.
    #[error("cannot write the picture {path}: {source}; check the free space")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the encoder says.
        source: png::EncodingError,
    },
}

impl Raster {
    /// A transparent canvas of so many physical pixels.
    #[must_use]
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            pixels: vec![[0; 4]; width * height],
            textures: Textures::default(),
            skipped: Skipped::default(),
            corners: Vec::new(),
        }
    }

    /// Width and height in physical pixels.
    #[must_use]
    pub fn size(&self) -> [usize; 2] {
        [self.width, self.height]
    }

    /// Changes the size of the canvas and empties it; textures stay.
    pub fn resize(&mut self, width: usize, height: usize) {
        (self.width, self.height) = (width, height);
        self.pixels.clear();
        self.pixels.resize(width * height, [0; 4]);
    }

    /// Takes over the texture changes of one frame, before that frame is drawn.
    ///
    /// Every frame's changes must come here, in order, also those of frames that are not drawn. The caller
    /// then clears the delta: egui panics in debug builds when one is dropped unread. Textures that the frame
    /// frees are still there for its own [`draw`](Self::draw) and go with the next call.
    pub fn apply_textures(&mut self, delta: &TexturesDelta) {
        self.textures.apply(delta);
    }

    /// Fills the canvas with `clear` and draws a tessellated frame on it.
    pub fn draw(&mut self, primitives: &[ClippedPrimitive], pixels_per_point: f32, clear: Color32) {
        self.pixels.fill(clear.to_array());
        self.skipped = Skipped::default();
        for ClippedPrimitive { clip_rect, primitive } in primitives {
            match primitive {
                Primitive::Mesh(mesh) => self.draw_mesh(mesh, pixels_per_point, *clip_rect),
                Primitive::Callback(_) => self.skipped.callbacks += 1,
            }
        }
    }

    /// What the last [`draw`](Self::draw) left out; all zero means the picture is complete.
    #[must_use]
    pub fn skipped(&self) -> Skipped {
        self.skipped
    }

    /// RGBA, row by row from the top, premultiplied (which is straight too after an opaque clear colour).
    #[must_use]
    pub fn pixels(&self) -> &[u8] {
        self.pixels.as_flattened()
    }

    /// Writes the canvas as a PNG file with straight alpha.
    ///
    /// # Errors
    /// When the file cannot be created or written.
    pub fn write_png(&self, path: &Path) -> Result<(), PictureError> {
        let file =
            File::create(path).map_err(|source| PictureError::Create { path: path.to_owned(), source })?;
        self.encode_png(BufWriter::new(file))
            .map_err(|source| PictureError::Write { path: path.to_owned(), source })
    }

    fn encode_png(&self, out: impl io::Write) -> Result<(), png::EncodingError> {
        let mut encoder = png::Encoder::new(out, self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgba);
        encoder.set_depth(png::BitDepth::Eight);
        let straight: Vec<Pixel> = self.pixels.iter().copied().map(blend::straight).collect();
        let mut writer = encoder.write_header()?;
        writer.write_image_data(straight.as_flattened())?;
        writer.finish()
    }

    fn draw_mesh(&mut self, mesh: &Mesh, pixels_per_point: f32, clip_rect: Rect) {
        let Some(texture) = self.textures.get(mesh.texture_id) else {
            self.skipped.meshes_without_texture += 1;
            return;
        };
        let clip = clip_area(clip_rect, pixels_per_point, [self.width, self.height]);
        if clip.columns.is_empty() || clip.rows.is_empty() {
            return;
        }
        self.corners.clear();
        self.corners.extend(mesh.vertices.iter().map(|v| Corner::new(v, pixels_per_point, texture.size())));
        let mut canvas = Canvas { width: self.width, pixels: &mut self.pixels, texture, clip };

        let corner = |index: &u32| self.corners.get(*index as usize).copied().flatten();
        let mut rest = mesh.indices.as_slice();
        while let Some((first, behind)) = rest.split_first_chunk::<3>() {
            rest = behind;
            let [Some(a), Some(b), Some(c)] = first.each_ref().map(corner) else { continue };
            let triangle = [a, b, c];
            if let Some((second, behind)) = rest.split_first_chunk::<3>()
                && let [Some(d), Some(e), Some(f)] = second.each_ref().map(corner)
                && let Some((min, max)) = as_plain_rectangle(triangle, [d, e, f])
            {
                rest = behind;
                canvas.fill_rectangle(min, max, a);
            } else {
                canvas.fill_triangle(triangle);
            }
        }
    }
}

/// The pixels of a clip rectangle, rounded as `egui_glow` rounds them.
fn clip_area(clip: Rect, pixels_per_point: f32, [width, height]: [usize; 2]) -> Area {
    let pixel =
        |points: f32, limit: usize| (points * pixels_per_point).round().clamp(0.0, limit as f32) as i64;
    let (left, top) = (pixel(clip.min.x, width), pixel(clip.min.y, height));
    let (right, bottom) = (pixel(clip.max.x, width), pixel(clip.max.y, height));
    Area { columns: left..right.max(left), rows: top..bottom.max(top) }
}

/// A vertex in the coordinates of the rasteriser.
#[derive(Debug, Clone, Copy)]
struct Corner {
    at: Point,
    /// In texels, see [`TEXEL`].
    uv: [i64; 2],
    color: Pixel,
}

impl Corner {
    /// `None` for a vertex whose position is not a number; egui makes none, a pane's own mesh might.
    fn new(vertex: &egui::epaint::Vertex, pixels_per_point: f32, [width, height]: [i64; 2]) -> Option<Self> {
        /// As far as a repeated texture goes, in texels.
        const FARTHEST: f64 = (1_u32 << 22) as f64;
        let ppp = f64::from(pixels_per_point);
        let at = Point::from_pixels(f64::from(vertex.pos.x) * ppp, f64::from(vertex.pos.y) * ppp)?;
        let texels = |uv: f32, size: i64| {
            ((f64::from(uv) * size as f64).clamp(-FARTHEST, FARTHEST) * TEXEL as f64).round() as i64
        };
        let uv = [texels(vertex.uv.x, width), texels(vertex.uv.y, height)];
        Some(Self { at, uv, color: vertex.color.to_array() })
    }

    /// The one colour of a shape whose corners share colour and texture coordinates.
    fn plain(&self, texture: &Texture) -> Pixel {
        blend::modulate(self.color.map(|channel| u32::from(channel) << 8), texture.sample_flat(self.uv))
    }
}

/// The rectangle that two triangles fill in one colour, each pixel once; most of what a desk shows.
fn as_plain_rectangle(one: [Corner; 3], other: [Corner; 3]) -> Option<(Point, Point)> {
    let [first, ..] = one;
    let all = || one.iter().chain(&other);
    if !all().all(|corner| corner.color == first.color && corner.uv == first.uv) {
        return None;
    }
    let min = all().fold(first.at, |min, c| Point { x: min.x.min(c.at.x), y: min.y.min(c.at.y) });
    let max = all().fold(first.at, |max, c| Point { x: max.x.max(c.at.x), y: max.y.max(c.at.y) });
    if min.x == max.x || min.y == max.y {
        return None;
    }
    // Each triangle must use three of the four corners of the box, and miss the one opposite to the other's.
    let missing = |triangle: [Corner; 3]| {
        let mut unused = 0b1111_u8;
        for Corner { at, .. } in triangle {
            if (at.x != min.x && at.x != max.x) || (at.y != min.y && at.y != max.y) {
                return None;
            }
            unused &= !(1 << (u8::from(at.x == max.x) + 2 * u8::from(at.y == max.y)));
        }
        unused.is_power_of_two().then(|| unused.trailing_zeros())
    };
    (missing(one)? ^ missing(other)? == 3).then_some((min, max))
}

/// The canvas while one mesh is drawn on it.
struct Canvas<'a> {
    width: usize,
    pixels: &'a mut [Pixel],
    texture: &'a Texture,
    clip: Area,
}

impl Canvas<'_> {
    fn fill_rectangle(&mut self, min: Point, max: Point, corner: Corner) {
        let Area { columns, rows } = self.clip.within(min, max);
        let source = corner.plain(self.texture);
        for row in rows {
            fill(run(self.pixels, self.width, row, &columns), source);
        }
    }

    fn fill_triangle(&mut self, triangle: [Corner; 3]) {
        let [a, b, c] = triangle;
        let points = triangle.map(|corner| corner.at);
        let one_color = a.color == b.color && b.color == c.color;
        let one_texel = a.uv == b.uv && b.uv == c.uv;
        let plane = |value: fn(&Corner) -> i64| Plane::through(points, triangle.each_ref().map(value));
        let &mut Self { width, texture, ref clip, ref mut pixels } = self;

        if one_color && one_texel {
            let source = a.plain(texture);
            return triangle::cover(points, clip, |row, columns| {
                fill(run(pixels, width, row, &columns), source);
            });
        }

        let [u, v] = [plane(|c| c.uv[0]), plane(|c| c.uv[1])];
        let filter = texture.filter(u.slopes(), v.slopes());
        if one_color {
            let tint = a.color.map(|channel| u32::from(channel) << 8);
            triangle::cover(points, clip, |row, columns| {
                let (mut u, mut v) = (u.along(columns.start, row), v.along(columns.start, row));
                for pixel in run(pixels, width, row, &columns) {
                    let texel = texture.sample(u(), v(), filter);
                    if texel != [0; 4] {
                        *pixel = blend::over(*pixel, blend::modulate(tint, texel));
                    }
                }
            });
        } else {
            let channels = [
                plane(|c| i64::from(c.color[0]) << 8),
                plane(|c| i64::from(c.color[1]) << 8),
                plane(|c| i64::from(c.color[2]) << 8),
                plane(|c| i64::from(c.color[3]) << 8),
            ];
            let flat = one_texel.then(|| texture.sample_flat(a.uv));
            triangle::cover(points, clip, |row, columns| {
                let (mut u, mut v) = (u.along(columns.start, row), v.along(columns.start, row));
                let mut channels = channels.each_ref().map(|plane| plane.along(columns.start, row));
                for pixel in run(pixels, width, row, &columns) {
                    let texel = flat.unwrap_or_else(|| texture.sample(u(), v(), filter));
                    let tint = channels.each_mut().map(|channel| channel() as u32);
                    *pixel = blend::over(*pixel, blend::modulate(tint, texel));
                }
            });
        }
    }
}

/// Some columns of one row.
fn run<'a>(pixels: &'a mut [Pixel], width: usize, row: i64, columns: &Range<i64>) -> &'a mut [Pixel] {
    let line = row as usize * width;
    &mut pixels[line + columns.start as usize..line + columns.end as usize]
}

/// One colour over a run of pixels.
fn fill(run: &mut [Pixel], source: Pixel) {
    match source {
        [0, 0, 0, 0] => {}
        [_, _, _, 255] => run.fill(source),
        _ => run.iter_mut().for_each(|pixel| *pixel = blend::over(*pixel, source)),
    }
}

#[cfg(test)]
mod tests;
