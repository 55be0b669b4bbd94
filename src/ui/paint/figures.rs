//! A line of text from ready glyphs, as a galley of its own: for labels whose text changes every frame.

use std::sync::Arc;

use egui::epaint::{Galley, Mesh};
use egui::text::{LayoutJob, TextWrapping};
use egui::{Color32, Context, FontId, Rect, vec2};

use super::glyphs::GlyphSet;

/// `text` on one line, of glyphs that are laid out already ([`super::Digits`] tells which, and why).
///
/// A label shows it and tells assistive programs of it as of any other text. Where it is wider than `room`, or
/// has a character beyond those glyphs, egui lays it out, cut at `room` with an ellipsis.
#[must_use]
pub fn figures(ctx: &Context, text: &str, font: &FontId, colour: Color32, room: f32) -> Arc<Galley> {
    let set = GlyphSet::of(ctx, font);
    ready(&set, text, font, colour, room).unwrap_or_else(|| {
        let mut job = LayoutJob::simple_singleline(text.to_owned(), font.clone(), colour);
        job.wrap = TextWrapping::truncate_at_width(room);
        ctx.fonts_mut(|fonts| fonts.layout_job(job))
    })
}

/// Width of `text` as [`figures`] draws it where there is room, in points.
#[must_use]
pub fn figures_width(ctx: &Context, text: &str, font: &FontId) -> f32 {
    let set = GlyphSet::of(ctx, font);
    let advances = text.chars().map(|c| Some(set.find(c)?.advance));
    let ready = advances.sum::<Option<f32>>();
    ready.unwrap_or_else(|| figures(ctx, text, font, Color32::PLACEHOLDER, f32::INFINITY).size().x)
}

fn ready(set: &GlyphSet, text: &str, font: &FontId, colour: Color32, room: f32) -> Option<Arc<Galley>> {
    let (mut mesh, mut ink, mut x) = (Mesh::default(), Rect::NOTHING, 0.0);
    mesh.reserve_vertices(4 * text.len());
    mesh.reserve_triangles(2 * text.len());
    let mut letters = Vec::with_capacity(text.len());
    for c in text.chars() {
        let glyph = set.find(c)?;
        letters.push(glyph.letter_at(x, mesh.vertices.len())?);
        if glyph.has_ink() {
            let rect = glyph.rect.translate(vec2(x, 0.0));
            mesh.add_rect_with_uv(rect, glyph.texels, colour);
            ink |= rect;
        }
        x += glyph.advance;
    }
    if x > room {
        return None;
    }
    let job = LayoutJob::simple_singleline(text.to_owned(), font.clone(), colour);
    let mut galley = set.galley(mesh, ink, letters, Arc::new(job));
    galley.rect = Rect::from_min_size(egui::Pos2::ZERO, vec2(x, set.line_height));
    if let Some(row) = galley.rows.first_mut() {
        Arc::make_mut(&mut row.row).size = galley.rect.size();
    }
    Some(Arc::new(galley))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs `check` in a frame of its own.
    fn in_a_frame(scale: f32, mut check: impl FnMut(&Context)) {
        let ctx = Context::default();
        // Twice: a new scale takes effect in the frame after.
        for _ in 0..2 {
            ctx.set_pixels_per_point(scale);
            ctx.run_ui(egui::RawInput::default(), |ui| check(ui)).textures_delta.clear();
        }
    }

    const FONT: FontId = FontId::proportional(13.0);

    #[test]
    fn a_line_says_what_it_shows_and_is_as_high_as_any_other() {
        for scale in [1.0, 1.25, 1.5, 2.0] {
            in_a_frame(scale, |ctx| {
                let text = "long 1,250 → −17.50 ≈";
                let ours = figures(ctx, text, &FONT, Color32::RED, f32::INFINITY);
                let usual = ctx.fonts_mut(|f| f.layout_no_wrap(text.to_owned(), FONT, Color32::RED));
                assert_eq!((ours.text(), ours.rows[0].text()), (text, text.to_owned()));
                assert_eq!((ours.size().y, ours.rows.len()), (usual.size().y, 1), "scale {scale}");
                // Each advance is rounded by half a pixel at most, and kerning moves less.
                let apart = (ours.size().x - usual.size().x).abs();
                assert!(
                    apart <= text.chars().count() as f32 / scale,
                    "{apart} points apart at scale {scale}"
                );
                assert_eq!(ours.num_vertices, usual.num_vertices);
            });
        }
    }

    #[test]
    fn what_has_no_room_is_cut_with_an_ellipsis() {
        in_a_frame(1.0, |ctx| {
            let whole = figures_width(ctx, "1,234,567.89", &FONT);
            let cut = figures(ctx, "1,234,567.89", &FONT, Color32::RED, whole - 10.0);
            assert!(cut.elided && cut.size().x <= whole - 10.0);
            let shown = figures(ctx, "1,234,567.89", &FONT, Color32::RED, whole);
            assert!(!shown.elided && (shown.size().x - whole).abs() < 1e-3);
        });
    }

    #[test]
    fn a_letter_that_is_not_ready_is_laid_out_as_usual() {
        in_a_frame(1.0, |ctx| {
            let ours = figures(ctx, "Ä 1.50", &FONT, Color32::RED, f32::INFINITY);
            let usual = ctx.fonts_mut(|f| f.layout_no_wrap("Ä 1.50".to_owned(), FONT, Color32::RED));
            assert_eq!(ours.size(), usual.size());
            assert_eq!(ours.rows[0].glyphs.len(), 6);
        });
    }
}
