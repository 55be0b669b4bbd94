//! Draws a table's cells.
//!
//! Numbers are glyph quads ([`Digits`]), because many change in every frame; words are
//! galleys, which egui keeps as long as they stay the same. Figures that do not fit are
//! replaced by `…`, never cut: half a price reads like another price.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Color32, Galley, Painter, Rangef, Rect, pos2};

use super::cell::{Cell, Look};
use super::table::{Column, Lean};
use crate::ui::paint::Digits;
use crate::ui::theme::Theme;

/// Between the edge of a column and its text, in points.
pub(super) const INSET: f32 = 5.0;

/// A cell whose size is known.
pub(super) struct Laid<'a> {
    cell: &'a Cell,
    /// What it needs to be whole.
    pub width: f32,
    /// Of words.
    galley: Option<Arc<Galley>>,
}

/// What draws cells: the figures of a table are one shape.
pub(super) struct Brush<'a> {
    pub painter: Painter,
    digits: Digits,
    theme: &'a Theme,
}

impl<'a> Brush<'a> {
    pub fn new(painter: Painter, theme: &'a Theme) -> Self {
        let digits = Digits::new(painter.ctx(), &theme.text_font());
        Self { painter, digits, theme }
    }

    pub fn title(&self, caption: &str) -> Arc<Galley> {
        let job =
            LayoutJob::simple_singleline(caption.to_owned(), self.theme.small_font(), Color32::PLACEHOLDER);
        self.painter.layout_job(job)
    }

    pub fn words(&self, text: &str, width: f32) -> Arc<Galley> {
        let mut job =
            LayoutJob::simple_singleline(text.to_owned(), self.theme.text_font(), Color32::PLACEHOLDER);
        job.wrap = TextWrapping::truncate_at_width(width);
        self.painter.layout_job(job)
    }

    pub fn lay<'c>(&self, cell: &'c Cell) -> Laid<'c> {
        match cell.look() {
            Look::Words => {
                let galley = self.words(cell.text(), f32::INFINITY);
                Laid { cell, width: galley.size().x, galley: Some(galley) }
            }
            Look::Figures { .. } => {
                let least = if cell.short().is_empty() { cell.text() } else { cell.short() };
                Laid { cell, width: self.digits.width(least) + self.hang(cell), galley: None }
            }
        }
    }

    /// How far a figure stays off the right edge, so that decimal points stand in line.
    fn hang(&self, cell: &Cell) -> f32 {
        let point = if cell.lacks_point() { self.digits.width(".") } else { 0.0 };
        point + cell.lacking_decimals() as f32 * self.digits.width("0")
    }

    /// Draws a row's cells; returns the words that had to be cut, by column.
    pub fn row<'c>(
        &mut self,
        columns: &[(&'static str, Rangef)],
        kinds: &[Column],
        rect: Rect,
        cells: &[Laid<'c>],
    ) -> BTreeMap<usize, &'c str> {
        let mut cut = BTreeMap::new();
        for (index, (laid, ((_, x), kind))) in cells.iter().zip(columns.iter().zip(kinds)).enumerate() {
            if let Some(fill) = laid.cell.fill() {
                let behind = Rect::from_x_y_ranges(x.shrink(1.0), rect.y_range().shrink(1.0));
                self.painter.rect_filled(behind, self.theme.sizes.radius, fill);
            }
            let room = x.shrink(INSET);
            let (middle, colour) = (rect.center().y, laid.cell.colour());
            match &laid.galley {
                Some(galley) => {
                    let fits = laid.width <= room.span() + 0.5;
                    if !fits {
                        cut.insert(index, laid.cell.text());
                    }
                    let galley =
                        if fits { Arc::clone(galley) } else { self.words(laid.cell.text(), room.span()) };
                    let left = match kind.lean {
                        Lean::Left => room.min,
                        Lean::Right => room.max - galley.size().x,
                    };
                    // The same line as the figures beside it.
                    let top = self.digits.put(pos2(left, middle), Align2::LEFT_CENTER, "", colour).top();
                    self.painter.galley(pos2(left, top), galley, colour);
                }
                None => self.figures(laid, room, middle, kind.lean),
            }
        }
        cut
    }

    /// Draws a number whole, or its short form, or `…` for it: also where it is scrolled half
    /// out of sight.
    fn figures(&mut self, laid: &Laid<'_>, room: Rangef, middle: f32, lean: Lean) {
        let hang = self.hang(laid.cell);
        let sight = self.painter.clip_rect().x_range();
        let place = |width: f32| match lean {
            Lean::Left => Rangef::new(room.min, room.min + width),
            Lean::Right => Rangef::new(room.max - hang - width, room.max - hang),
        };
        let fits = |text: &&str| {
            let x = place(self.digits.width(text));
            let is_in = |outer: Rangef| outer.min <= x.min + 0.5 && x.max <= outer.max + 0.5;
            is_in(room) && is_in(sight)
        };
        let text = laid.cell.text();
        if text.is_empty() {
            return;
        }
        let colour = laid.cell.colour();
        if let Some(text) = [text, laid.cell.short()].into_iter().filter(|text| !text.is_empty()).find(fits) {
            let left = place(self.digits.width(text)).min;
            self.digits.put(pos2(left, middle), Align2::LEFT_CENTER, text, colour);
        } else {
            let seen = room.intersection(sight);
            let width = self.digits.width("…");
            let left = (seen.max - width).min(place(width).min).max(seen.min);
            if seen.span() >= width {
                self.digits.put(pos2(left, middle), Align2::LEFT_CENTER, "…", colour);
            }
        }
    }

    pub fn finish(self) {
        let Self { painter, digits, .. } = self;
        painter.add(digits.into_shape());
    }
}
