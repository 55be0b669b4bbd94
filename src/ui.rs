//! egui: fonts, and the pixels without a window.

pub mod fonts;
pub mod headless;
pub mod raster;
