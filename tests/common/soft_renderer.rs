//! Pictures for kittest without a GPU: its renderer interface over `ui::raster`.
//!
//! Start a harness with [`builder`], unless its test prepares a context of its own. `harness.snapshot("name")` then compares with
//! `tests/snapshots/name.png`; a wanted change is taken over with `UPDATE_SNAPSHOTS=1 cargo test`.

use egui_kittest::{HarnessBuilder, TestRenderer};
use image::RgbaImage;
use pitdesk::ui::{fonts, raster::Raster, raster::Skipped};

/// A harness with our fonts and our pixels.
pub fn builder<State>() -> HarnessBuilder<State> {
    HarnessBuilder::default().with_context_setup(fonts::install).renderer(SoftRenderer::default())
}

/// Draws frames of a harness with the rasteriser of the program.
pub struct SoftRenderer {
    raster: Raster,
}

impl Default for SoftRenderer {
    fn default() -> Self {
        Self { raster: Raster::new(0, 0) }
    }
}

impl TestRenderer for SoftRenderer {
    fn handle_delta(&mut self, delta: &mut egui::TexturesDelta) {
        self.raster.apply_textures(delta);
        delta.clear();
    }

    fn render(&mut self, ctx: &egui::Context, output: &egui::FullOutput) -> Result<RgbaImage, String> {
        let pixels_per_point = output.pixels_per_point;
        let size = (ctx.content_rect().size() * pixels_per_point).round();
        let (width, height) = (size.x as u32, size.y as u32);
        if self.raster.size() != [width as usize, height as usize] {
            self.raster.resize(width as usize, height as usize);
        }
        let primitives = ctx.tessellate(output.shapes.clone(), pixels_per_point);
        self.raster.draw(&primitives, pixels_per_point, ctx.global_style().visuals.panel_fill);
        match self.raster.skipped() {
            Skipped { callbacks: 0, meshes_without_texture: 0 } => {
                RgbaImage::from_raw(width, height, self.raster.pixels().to_vec())
                    .ok_or_else(|| "the raster and its size disagree".to_owned())
            }
            skipped => Err(format!("the picture is not complete: {skipped:?}")),
        }
    }
}
