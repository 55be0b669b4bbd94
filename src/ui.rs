//! egui: one file or folder per pane, the shell, the theme.
//!
//! Everything here runs on the window thread and therefore never waits: views read the
//! desk, keep only view state and push commands. The only low-level painting is in
//! [`paint`].

pub mod chart;
pub mod fonts;
pub mod headless;
pub mod paint;
pub mod raster;
pub mod theme;
