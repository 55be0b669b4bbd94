//! The glyphs of a font, laid out once and kept.
//!
//! Each is laid out on a row of its own, so it starts on a whole pixel, and advances are rounded to
//! whole pixels: figures stay in columns, and text that is put together of them never jumps.
//!
//! Texture coordinates are in texels until egui tessellates, so an atlas that grows in the
//! middle of a frame does no harm. egui makes a new atlas only between two passes, and hands out the
//! very same galley until then: a changed galley is how a stale set is noticed.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use egui::epaint::text::Glyph as Letter;
use egui::epaint::{Galley, Mesh, Vertex};
use egui::text::LayoutJob;
use egui::{Color32, FontId, Pos2, Rect};

use super::PixelGrid;

/// Beyond printable ASCII, what prices, times and captions need.
const EXTRA: &str = "−·×…–≈→¥₩€£";

#[derive(Clone, Copy)]
pub(super) struct Glyph {
    /// Where its ink is, from the pen at the top of the line, in points.
    pub rect: Rect,
    /// Where it is in the font atlas, in texels.
    pub texels: Rect,
    /// How far the pen moves, in points.
    pub advance: f32,
    /// The same as egui keeps it, where it is a glyph of the font.
    letter: Option<Letter>,
}

impl Glyph {
    const EMPTY: Self = Self { rect: Rect::ZERO, texels: Rect::ZERO, advance: 0.0, letter: None };

    pub(super) fn has_ink(&self) -> bool {
        self.texels.width() > 0.0
    }

    /// What egui is to know of it at `x` of a row, its quad the one that begins at `first_vertex`.
    pub(super) fn letter_at(&self, x: f32, first_vertex: usize) -> Option<Letter> {
        let mut letter = self.letter?;
        letter.pos.x = x;
        letter.advance_width = self.advance;
        letter.first_vertex = u32::try_from(first_vertex).ok()?;
        Some(letter)
    }
}

/// The glyphs of one font at one scale, valid as long as egui keeps `source`.
pub(super) struct GlyphSet {
    source: Arc<Galley>,
    /// A galley with one empty row, to be filled.
    shell: Arc<Galley>,
    ascii: [Glyph; 128],
    extra: Vec<(char, Glyph)>,
    /// The ink of `0`, from the top of the line.
    pub figure: Rect,
    pub line_height: f32,
    pub grid: PixelGrid,
    /// How many glyphs the newest batch had: the next one has room for as many from the start.
    pub batch: AtomicUsize,
}

/// What was seen to be valid, and in which pass.
#[derive(Clone)]
struct Seen {
    pass: u64,
    set: Arc<GlyphSet>,
}

impl GlyphSet {
    /// The glyphs of `font`. Lays them out when the font is new, or its atlas is.
    pub(super) fn of(ctx: &egui::Context, font: &FontId) -> Arc<Self> {
        let grid = PixelGrid::of(ctx);
        let pass = ctx.cumulative_pass_nr();
        let key = egui::Id::unique(("pitdesk-glyphs", ctx.viewport_id(), font, grid.per_point().to_bits()));
        let seen = ctx.data(|data| data.get_temp::<Seen>(key));
        if let Some(seen) = seen.as_ref().filter(|seen| seen.pass == pass) {
            return Arc::clone(&seen.set);
        }
        // Asked for in each pass, for egui forgets what nobody asks for.
        let is_kept = |seen: &Seen| {
            let job = LayoutJob::clone(&seen.set.source.job);
            Arc::ptr_eq(&seen.set.source, &ctx.fonts_mut(|fonts| fonts.layout_job(job)))
        };
        let known = seen.filter(is_kept).map(|seen| seen.set);
        let set = known.unwrap_or_else(|| Arc::new(Self::build(ctx, font, grid)));
        ctx.data_mut(|data| data.insert_temp(key, Seen { pass, set: Arc::clone(&set) }));
        set
    }

    fn build(ctx: &egui::Context, font: &FontId, grid: PixelGrid) -> Self {
        let (source, shell) = ctx.fonts_mut(|fonts| {
            let mut text = String::with_capacity(256);
            for c in (' '..='~').chain(EXTRA.chars()) {
                if c.is_ascii() || fonts.has_glyph(font, c) {
                    text.push(c);
                    text.push('\n');
                }
            }
            let mut laid_out = |text| fonts.layout_no_wrap(text, font.clone(), Color32::PLACEHOLDER);
            (laid_out(text), laid_out(String::new()))
        });
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
            let glyph = Glyph { rect, texels, advance, letter: Some(*letter) };
            line_height = line_height.max(row.row.size.y);
            match ascii.get_mut(letter.chr as usize) {
                Some(place) => *place = glyph,
                None => extra.push((letter.chr, glyph)),
            }
        }
        let figure = ascii[usize::from(b'0')].rect;
        Self { source, shell, ascii, extra, figure, line_height, grid, batch: AtomicUsize::new(0) }
    }

    /// The glyph of `c`; of a hyphen for a minus sign, and of `?` for anything else that is not here.
    #[inline]
    pub(super) fn get(&self, c: char) -> Glyph {
        self.find(c).unwrap_or(self.ascii[usize::from(if c == '−' { b'-' } else { b'?' })])
    }

    /// The glyph of `c`, where it is here.
    #[inline]
    pub(super) fn find(&self, c: char) -> Option<Glyph> {
        match self.ascii.get(c as usize) {
            Some(glyph) => Some(*glyph),
            None => self.extra.iter().find(|(have, _)| *have == c).map(|(_, glyph)| *glyph),
        }
    }

    /// What every batch of this font says that it says: the glyphs, a line each.
    pub(super) fn job(&self) -> Arc<LayoutJob> {
        Arc::clone(&self.source.job)
    }

    /// A galley of one row, which is `mesh` with its ink in `ink`; `letters` are what it spells.
    pub(super) fn galley(&self, mesh: Mesh, ink: Rect, letters: Vec<Letter>, job: Arc<LayoutJob>) -> Galley {
        let mut galley = (*self.shell).clone();
        galley.job = job;
        galley.num_vertices = mesh.vertices.len();
        galley.num_indices = mesh.indices.len();
        galley.mesh_bounds = ink;
        if let Some(first) = galley.rows.first_mut() {
            first.pos = Pos2::ZERO;
            let row = Arc::make_mut(&mut first.row);
            row.glyphs = letters;
            row.visuals.glyph_index_start = 0;
            row.visuals.glyph_vertex_range = 0..mesh.vertices.len();
            row.visuals.mesh_bounds = ink;
            row.visuals.mesh = mesh;
        }
        galley
    }
}

fn span(a: &Vertex, d: &Vertex, of: impl Fn(&Vertex) -> Pos2) -> Rect {
    Rect::from_min_max(of(a), of(d))
}
