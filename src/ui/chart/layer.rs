//! One layer of a chart: pixels, and text above them.

use egui::{FontId, Shape};

use crate::ui::paint::{Digits, PixelGrid, PixelMesh};

/// Pixels, and text above them.
pub struct Layer {
    /// The pixels.
    pub mesh: PixelMesh,
    /// The text.
    pub text: Digits,
}

impl Layer {
    /// An empty layer with text in `font`.
    #[must_use]
    pub fn new(ctx: &egui::Context, font: &FontId) -> Self {
        Self { mesh: PixelMesh::new(PixelGrid::of(ctx)), text: Digits::new(ctx, font) }
    }

    /// Its shapes, bottom first.
    pub fn into_shapes(self) -> [Shape; 2] {
        [self.mesh.into_shape(), self.text.into_shape()]
    }
}
