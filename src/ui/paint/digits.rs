//! Text from ready glyphs: for numbers that change every frame.
//!
//! Shaping a changed string costs about 4 µs; copying quads of known glyphs a quarter of
//! one. The glyphs of a font are laid out once, one per row, so each starts on a whole
//! pixel, and their advances are rounded to whole pixels: figures stay in columns.
//!
//! A batch is handed to egui as a text shape whose rows are our own quads. Their texture
//! coordinates are in texels until egui tessellates, so an atlas that grows in the middle
//! of a frame does no harm; and egui hands out the very same galley until it rebuilds the
//! atlas, so a changed galley is how a stale set is noticed.

use std::sync::Arc;

use egui::epaint::{Galley, Mesh, TextShape, Vertex};
use egui::{Align2, Color32, FontId, Pos2, Rect, Shape, Vec2, vec2};

use super::PixelGrid;

/// Beyond printable ASCII, what prices, times and captions need.
const EXTRA: &str = "−·×…–≈¥₩€£";

/// Short texts of one font, drawn together as one shape.
///
/// Holds printable ASCII and `−·×…–≈¥₩€£`; another character is drawn as `?`. Longer or
/// foreign text that seldom changes is better off with `egui::Painter::text`.
pub struct Digits {
    glyphs: Arc<GlyphSet>,
    mesh: Mesh,
    bounds: Rect,
}

impl Digits {
    /// An empty batch in `font`. Lays the glyphs out when the font is new, or its atlas is.
    #[must_use]
    pub fn new(ctx: &egui::Context, font: &FontId) -> Self {
        Self { glyphs: GlyphSet::of(ctx, font), mesh: Mesh::default(), bounds: Rect::NOTHING }
    }

    /// Width of `text` in points, always whole pixels.
    #[must_use]
    pub fn width(&self, text: &str) -> f32 {
        text.chars().map(|c| self.glyphs.get(c).advance).sum()
    }

    /// Height of a figure in points: what centring centres.
    #[must_use]
    pub fn figure_height(&self) -> f32 {
        self.glyphs.figure.height()
    }

    /// Height of a line in points.
    #[must_use]
    pub fn line_height(&self) -> f32 {
        self.glyphs.line_height
    }

    /// Writes `text` so that `anchor` of its box is at `pos` (points). Vertically, centre
    /// means the middle of the figures. Returns the box.
    pub fn put(&mut self, pos: Pos2, anchor: Align2, text: &str, colour: Color32) -> Rect {
        let size = vec2(self.width(text), self.glyphs.line_height);
        let mut corner = anchor.anchor_size(pos, size).min;
        if anchor.y() == egui::Align::Center {
            corner.y = pos.y - self.glyphs.figure.center().y;
        }
        let corner = self.glyphs.grid.snap(corner);
        let mut pen = corner;
        for c in text.chars() {
            let glyph = self.glyphs.get(c);
            if glyph.has_ink() {
                let rect = glyph.rect.translate(pen.to_vec2());
                self.mesh.add_rect_with_uv(rect, glyph.texels, colour);
                self.bounds |= rect;
            }
            pen.x += glyph.advance;
        }
        Rect::from_min_size(corner, size)
    }

    /// As a shape for `egui::Painter::add`; `Shape::Noop` where nothing was written.
    pub fn into_shape(self) -> Shape {
        if self.mesh.is_empty() {
            return Shape::Noop;
        }
        let Self { glyphs, mesh, bounds } = self;
        let mut galley = glyphs.shell.clone();
        galley.num_vertices = mesh.vertices.len();
        galley.num_indices = mesh.indices.len();
        galley.mesh_bounds = bounds;
        galley.rect = bounds;
        let row = Arc::make_mut(&mut galley.rows[0].row);
        row.visuals.glyph_vertex_range = 0..mesh.vertices.len();
        row.visuals.mesh_bounds = bounds;
        row.visuals.mesh = mesh;
        // Every vertex has its colour; the fallback is never looked at.
        Shape::Text(TextShape::new(Pos2::ZERO, Arc::new(galley), Color32::TRANSPARENT))
    }
}

#[derive(Clone, Copy)]
struct Glyph {
    /// Where its ink is, from the pen at the top of the line, in points.
    rect: Rect,
    /// Where it is in the font atlas, in texels.
    texels: Rect,
    /// How far the pen moves, in points.
    advance: f32,
}

impl Glyph {
    const EMPTY: Self = Self { rect: Rect::ZERO, texels: Rect::ZERO, advance: 0.0 };

    fn has_ink(&self) -> bool {
        self.texels.width() > 0.0
    }
}

/// The glyphs of one font at one scale, valid as long as egui keeps `source`.
struct GlyphSet {
    source: Arc<Galley>,
    /// A galley with one empty row, to be filled with a batch.
    shell: Galley,
    ascii: [Glyph; 128],
    extra: Vec<(char, Glyph)>,
    /// The ink of `0`, from the top of the line.
    figure: Rect,
    line_height: f32,
    grid: PixelGrid,
}

impl GlyphSet {
    fn of(ctx: &egui::Context, font: &FontId) -> Arc<Self> {
        let grid = PixelGrid::of(ctx);
        let source = ctx.fonts_mut(|fonts| {
            let mut text = String::with_capacity(256);
            for c in (' '..='~').chain(EXTRA.chars()) {
                if c.is_ascii() || fonts.has_glyph(font, c) {
                    text.push(c);
                    text.push('\n');
                }
            }
            fonts.layout_no_wrap(text, font.clone(), Color32::PLACEHOLDER)
        });
        let key = egui::Id::unique(("pitdesk-digits", ctx.viewport_id(), font, grid.per_point().to_bits()));
        if let Some(set) = ctx.data(|data| data.get_temp::<Arc<Self>>(key))
            && Arc::ptr_eq(&set.source, &source)
        {
            return set;
        }
        let set = Arc::new(Self::build(source, grid));
        ctx.data_mut(|data| data.insert_temp(key, Arc::clone(&set)));
        set
    }

    fn build(source: Arc<Galley>, grid: PixelGrid) -> Self {
        let mut ascii = [Glyph::EMPTY; 128];
        let mut extra = Vec::new();
        let mut line_height: f32 = 0.0;
        for row in &source.rows {
            let Some(letter) = row.row.glyphs.first() else { continue };
            let vertices = &row.row.visuals.mesh.vertices;
            let (rect, texels) = match vertices.as_slice() {
                [a, _, _, d] => (span(a, d, |v| v.pos), span(a, d, |v| v.uv)),
                _ => (Rect::ZERO, Rect::ZERO),
            };
            let advance = grid.points(grid.nearest(letter.advance_width));
            let glyph = Glyph { rect, texels, advance };
            line_height = line_height.max(row.row.size.y);
            match ascii.get_mut(letter.chr as usize) {
                Some(place) => *place = glyph,
                None => extra.push((letter.chr, glyph)),
            }
        }
        let mut shell = (*source).clone();
        shell.rows.truncate(1);
        if let Some(first) = shell.rows.first_mut() {
            first.pos = Pos2::ZERO;
            let row = Arc::make_mut(&mut first.row);
            row.glyphs.clear();
            row.visuals.mesh = Mesh::default();
            row.visuals.glyph_index_start = 0;
            row.size = Vec2::ZERO;
        }
        let figure = ascii[usize::from(b'0')].rect;
        Self { source, shell, ascii, extra, figure, line_height, grid }
    }

    #[inline]
    fn get(&self, c: char) -> Glyph {
        match self.ascii.get(c as usize) {
            Some(glyph) => *glyph,
            None => self.extra.iter().find(|(have, _)| *have == c).map_or_else(
                || self.ascii[usize::from(if c == '−' { b'-' } else { b'?' })],
                |(_, glyph)| *glyph,
            ),
        }
    }
}

fn span(a: &Vertex, d: &Vertex, of: impl Fn(&Vertex) -> Pos2) -> Rect {
    Rect::from_min_max(of(a), of(d))
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::epaint::Primitive;
    use egui::pos2;

    fn run(ctx: &egui::Context, scale: f32, mut draw: impl FnMut(&mut egui::Ui)) -> Vec<Vertex> {
        let input = egui::RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(400.0, 200.0))),
            ..Default::default()
        };
        ctx.set_pixels_per_point(scale);
        let mut output = ctx.run_ui(input, |ui| draw(ui));
        output.textures_delta.clear();
        let primitives = ctx.tessellate(output.shapes, output.pixels_per_point);
        primitives
            .into_iter()
            .flat_map(|p| match p.primitive {
                Primitive::Mesh(mesh) => mesh.vertices,
                Primitive::Callback(_) => Vec::new(),
            })
            .collect()
    }

    fn written(ctx: &egui::Context, scale: f32, text: &str) -> Vec<Vertex> {
        // Twice: a new scale takes effect in the frame after.
        let mut last = Vec::new();
        for _ in 0..2 {
            last = run(ctx, scale, |ui| {
                let mut digits = Digits::new(ui, &FontId::proportional(13.0));
                digits.put(pos2(10.0, 20.0), Align2::LEFT_TOP, text, Color32::WHITE);
                ui.painter().add(digits.into_shape());
            });
        }
        last
    }

    #[test]
    fn a_single_figure_is_the_same_quad_as_a_label() {
        for scale in [1.0, 1.25, 2.0] {
            let ctx = egui::Context::default();
            let ours = written(&ctx, scale, "7");
            let label = run(&ctx, scale, |ui| {
                ui.painter().text(
                    pos2(10.0, 20.0),
                    Align2::LEFT_TOP,
                    "7",
                    FontId::proportional(13.0),
                    Color32::WHITE,
                );
            });
            assert_eq!(ours.len(), 4);
            assert_eq!(ours, label, "scale {scale}");
        }
    }

    #[test]
    fn every_glyph_starts_on_a_pixel_and_figures_keep_their_columns() {
        for scale in [0.8, 0.9, 1.0, 1.1, 1.25, 1.45, 1.5, 1.8] {
            let ctx = egui::Context::default();
            let a = written(&ctx, scale, "1234567890");
            assert_eq!(a.len(), 40);
            for vertex in &a {
                let px = vertex.pos.x * scale;
                assert!((px - px.round()).abs() < 1e-3, "x = {px} px at scale {scale}");
            }
            let b = written(&ctx, scale, "0987654321");
            let width = |v: &[Vertex]| v[39].pos.x - v[36].pos.x;
            assert!(width(&a) > 0.0 && width(&b) > 0.0);
        }
    }

    #[test]
    fn widths_add_up_and_unknown_characters_are_a_question_mark() {
        let ctx = egui::Context::default();
        run(&ctx, 1.0, |ui| {
            let digits = Digits::new(ui, &FontId::proportional(13.0));
            assert!((digits.width("12.5") - digits.width("1") - digits.width("2.5")).abs() < 1e-4);
            assert!((digits.width("日") - digits.width("?")).abs() < 1e-4);
            assert!(digits.width(" ") > 0.0);
        });
    }

    #[test]
    fn a_new_atlas_gives_new_glyphs() {
        let ctx = egui::Context::default();
        let before = written(&ctx, 1.0, "8");
        // Text that fills the atlas past its limit makes egui start a new one.
        for size in 20..140 {
            run(&ctx, 1.0, |ui| {
                let text: String = ('!'..='~').collect();
                ui.painter().text(
                    Pos2::ZERO,
                    Align2::LEFT_TOP,
                    text,
                    FontId::proportional(size as f32),
                    Color32::WHITE,
                );
            });
        }
        let after = written(&ctx, 1.0, "8");
        let label = run(&ctx, 1.0, |ui| {
            ui.painter().text(
                pos2(10.0, 20.0),
                Align2::LEFT_TOP,
                "8",
                FontId::proportional(13.0),
                Color32::WHITE,
            );
        });
        assert_eq!(after, label);
        assert_ne!(before, after, "the atlas was never rebuilt: this test proves nothing");
    }

    #[test]
    fn an_atlas_that_grows_after_the_digits_leaves_them_whole() {
        let ctx = egui::Context::default();
        let both = |ui: &mut egui::Ui| {
            let mut digits = Digits::new(ui, &FontId::proportional(13.0));
            digits.put(pos2(10.0, 20.0), Align2::LEFT_TOP, "8", Color32::WHITE);
            ui.painter().add(digits.into_shape());
            for size in 30..60 {
                let text: String = ('!'..='~').collect();
                let font = FontId::proportional(size as f32);
                ui.painter().text(pos2(0.0, 60.0), Align2::LEFT_TOP, text, font, Color32::WHITE);
            }
        };
        let first = run(&ctx, 1.0, both)[..4].to_vec();
        let second = run(&ctx, 1.0, both)[..4].to_vec();
        assert_eq!(first, second, "the first frame drew with the size the atlas had in the end");
    }
}
