//! Text from ready glyphs: for numbers that change every frame.
//!
//! Shaping a changed string costs about 4 µs; copying quads of known glyphs ([`super::glyphs`]) a
//! quarter of one. A batch is handed to egui as a text shape whose rows are our own quads.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use egui::epaint::{Mesh, TextShape};
use egui::{Align2, Color32, FontId, Pos2, Rect, Shape, vec2};

use super::glyphs::GlyphSet;

/// Short texts of one font, drawn together as one shape.
///
/// Holds printable ASCII and `−·×…–≈→¥₩€£`; another character is drawn as `?`. Longer or
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
        let glyphs = GlyphSet::of(ctx, font);
        let mut mesh = Mesh::default();
        let before = glyphs.batch.load(Ordering::Relaxed);
        mesh.reserve_vertices(4 * before);
        mesh.reserve_triangles(2 * before);
        Self { glyphs, mesh, bounds: Rect::NOTHING }
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
        glyphs.batch.store(mesh.vertices.len() / 4, Ordering::Relaxed);
        let mut galley = glyphs.galley(mesh, bounds, Vec::new(), glyphs.job());
        galley.rect = bounds;
        // Every vertex has its colour; the fallback is never looked at.
        Shape::Text(TextShape::new(Pos2::ZERO, Arc::new(galley), Color32::TRANSPARENT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::epaint::{Primitive, Vertex};
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
