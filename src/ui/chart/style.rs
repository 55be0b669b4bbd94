//! How a bar looks: candles, hollow candles, bars, a line, Heikin-Ashi.
//!
//! Where bars share a pixel column, the column shows their true high and low, whatever the style.

use egui::Color32;
use serde::{Deserialize, Serialize};

use super::candles::{Inks, Piece, Shape, Stage};
use crate::ui::paint::{PixelMesh, PxRect};

/// How bars are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Style {
    /// A body from open to close, filled, and a wick from high to low.
    #[default]
    Candles,
    /// The same; the body of a bar that closes above its open is hollow, and the colour tells whether it closes
    /// above the bar before.
    Hollow,
    /// A stem from high to low, the open at its left, the close at its right.
    Bars,
    /// A line through the closes.
    Line,
    /// Candles of means, which show a trend more quietly. Only the picture: every price that is told is a true one.
    HeikinAshi,
}

impl Style {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Candles, Self::Hollow, Self::Bars, Self::Line, Self::HeikinAshi];

    /// The word on the screen.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Candles => "Candles",
            Self::Hollow => "Hollow candles",
            Self::Bars => "Bars (OHLC)",
            Self::Line => "Line",
            Self::HeikinAshi => "Heikin-Ashi",
        }
    }
}

impl Stage {
    /// Draws the prices of a piece.
    pub(super) fn draw_prices(&self, mesh: &mut PixelMesh, piece: &Piece, inks: &Inks) {
        let colour = self.colour_of(piece, inks);
        let left = piece.left;
        match (self.shape, self.style) {
            // Some columns have no bar's middle then, but the line goes through them.
            (Shape::Columns(width), Style::Line) if self.time.spacing >= f64::from(width) => {
                self.line_to(mesh, piece, width, colour);
            }
            (Shape::Columns(width), style) => {
                let (mut high, mut low) = (piece.high, piece.low);
                if style == Style::Line && !piece.before.is_nan() {
                    // Stretched to where the column before ends: no gap between them.
                    (high, low) = (high.max(piece.before), low.min(piece.before));
                }
                let (top, bottom) = self.rows(high, low);
                self.fill(mesh, (left, top, left + width, bottom), colour);
            }
            (Shape::Candles { body, wick }, Style::Candles | Style::HeikinAshi) => {
                self.candle(mesh, piece, (body, wick), colour);
            }
            (Shape::Candles { body, wick }, Style::Hollow) => {
                if piece.close > piece.open && body > 2 * wick {
                    self.hollow(mesh, piece, (body, wick), colour);
                } else {
                    self.candle(mesh, piece, (body, wick), colour);
                }
            }
            (Shape::Candles { body, wick }, Style::Bars) => {
                let reach = (body - wick) / 2;
                let (top, bottom) = self.rows(piece.high, piece.low);
                self.fill(mesh, (left, top, left + wick, bottom), colour);
                let (open, close) = (self.price.row_of(piece.open), self.price.row_of(piece.close));
                self.fill(mesh, (left - reach, open, left, open + wick), colour);
                self.fill(mesh, (left + wick, close, left + wick + reach, close + wick), colour);
            }
            (Shape::Candles { wick, .. }, Style::Line) => self.line_to(mesh, piece, wick, colour),
        }
    }

    fn colour_of(&self, piece: &Piece, inks: &Inks) -> Color32 {
        let rises = match self.style {
            Style::Line => return inks.line,
            // By what was traded before, as hollow candles are read.
            Style::Hollow if !piece.before.is_nan() => piece.close >= piece.before,
            _ => piece.close >= piece.open,
        };
        if rises { inks.up } else { inks.down }
    }

    fn rows(&self, from: f64, to: f64) -> (i32, i32) {
        (self.price.row_of(from), self.price.row_of(to) + 1)
    }

    fn fill(&self, mesh: &mut PixelMesh, (left, top, right, bottom): (i32, i32, i32, i32), colour: Color32) {
        mesh.rect(PxRect::new(left, top, right, bottom).intersect(self.prices), colour);
    }

    fn candle(&self, mesh: &mut PixelMesh, piece: &Piece, (body, wick): (i32, i32), colour: Color32) {
        let (top, bottom) = self.rows(piece.high, piece.low);
        let (body_top, body_bottom) = self.rows(piece.open.max(piece.close), piece.open.min(piece.close));
        if bottom - top > body_bottom - body_top {
            self.fill(mesh, (piece.left, top, piece.left + wick, bottom), colour);
        }
        let left = piece.left - (body - wick) / 2;
        self.fill(mesh, (left, body_top, left + body, body_bottom), colour);
    }

    /// A candle that one can look through.
    fn hollow(&self, mesh: &mut PixelMesh, piece: &Piece, (body, wick): (i32, i32), colour: Color32) {
        let (top, bottom) = self.rows(piece.high, piece.low);
        let (body_top, body_bottom) = self.rows(piece.close, piece.open);
        self.fill(mesh, (piece.left, top, piece.left + wick, body_top), colour);
        self.fill(mesh, (piece.left, body_bottom, piece.left + wick, bottom), colour);
        let left = piece.left - (body - wick) / 2;
        let right = left + body;
        let inner = (body_top + wick, (body_bottom - wick).max(body_top + wick));
        self.fill(mesh, (left, body_top, right, inner.0), colour);
        self.fill(mesh, (left, inner.0, left + wick, inner.1), colour);
        self.fill(mesh, (right - wick, inner.0, right, inner.1), colour);
        self.fill(mesh, (left, inner.1, right, body_bottom), colour);
    }

    /// The line from the close before to that of a piece, column by column.
    fn line_to(&self, mesh: &mut PixelMesh, piece: &Piece, wick: i32, colour: Color32) {
        let to = self.price.y_of(piece.close);
        let from = if piece.before.is_nan() { to } else { self.price.y_of(piece.before) };
        let steps = self.time.spacing.ceil().max(1.0);
        let y_at = |step: f64| from + (to - from) * (step / steps).clamp(0.0, 1.0);
        let (above, below) = (f64::from(self.prices.top) - 2.0, f64::from(self.prices.bottom) + 1.0);
        let row = |y: f64| y.clamp(above, below).floor() as i32;
        let first = if piece.before.is_nan() { steps as i32 } else { 0 };
        for step in first..=steps as i32 {
            let x = piece.left - steps as i32 + step;
            let (a, b) = (y_at(f64::from(step) - 0.5), y_at(f64::from(step) + 0.5));
            self.fill(mesh, (x, row(a.min(b)), x + wick, row(a.max(b)) + wick), colour);
        }
    }
}
