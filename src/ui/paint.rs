//! Low-level painting: whole physical pixels and cheap text.
//!
//! For views that draw many things each frame (chart, ladder, tape, watchlist). Three tools:
//!
//! - [`PixelMesh`] fills rectangles, lines and arrows given in *physical pixels*
//!   (integers), so that edges are sharp at every scale factor;
//! - [`Digits`] writes short texts from glyphs that are laid out once per font, sixteen
//!   times cheaper than a label whose text changes;
//! - [`figures()`] makes a galley of the same glyphs, for a label whose text changes.
//!
//! The first two end up as one shape each. Nothing here knows a colour: the theme does.

mod digits;
mod figures;
mod glyphs;
mod pixels;

pub use digits::Digits;
pub use figures::{figures, figures_width};
pub use pixels::{Arrow, PixelGrid, PixelMesh, PxRect};
