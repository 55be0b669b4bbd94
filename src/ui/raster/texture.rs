//! Textures as egui hands them over, and looking up texels in them.
//!
//! Coordinates are in texels with 16 fractional bits. Mipmaps are not built: nothing in the terminal
//! draws pictures far below their size.

use std::collections::BTreeMap;

use egui::epaint::ImageDelta;
use egui::{ImageData, TextureFilter, TextureId, TextureOptions, TextureWrapMode, TexturesDelta};

use super::blend::{Pixel, bilinear};

/// One texel in the coordinates of this module.
pub(super) const TEXEL: i64 = 1 << 16;

/// Everything egui has uploaded and not yet freed.
#[derive(Debug, Default)]
pub(super) struct Textures {
    by_id: BTreeMap<TextureId, Texture>,
    /// egui frees a texture in the frame that still draws it.
    free_next: Vec<TextureId>,
}

impl Textures {
    pub(super) fn apply(&mut self, delta: &TexturesDelta) {
        for id in self.free_next.drain(..) {
            self.by_id.remove(&id);
        }
        #[expect(clippy::iter_over_hash_type, reason = "textures do not influence each other")]
        for (id, changes) in &delta.set {
            for change in changes {
                self.change(*id, change);
            }
        }
        self.free_next.extend(&delta.free);
    }

    pub(super) fn get(&self, id: TextureId) -> Option<&Texture> {
        self.by_id.get(&id)
    }

    fn change(&mut self, id: TextureId, delta: &ImageDelta) {
        let ImageData::Color(image) = &delta.image;
        let texels = || image.pixels.iter().map(egui::Color32::to_array);
        match delta.pos {
            None => {
                let [width, height] = image.size.map(signed);
                self.by_id.insert(
                    id,
                    Texture { width, height, texels: texels().collect(), options: delta.options },
                );
            }
            Some(at) => {
                // A patch of a texture that was never sent has nothing to change; drawing with it is counted.
                if let Some(texture) = self.by_id.get_mut(&id) {
                    texture.options = delta.options;
                    texture.patch(at, image.size, texels());
                }
            }
        }
    }
}

/// One image, its texels premultiplied as egui made them.
#[derive(Debug)]
pub(super) struct Texture {
    width: i64,
    height: i64,
    texels: Vec<Pixel>,
    options: TextureOptions,
}

impl Texture {
    pub(super) fn size(&self) -> [i64; 2] {
        [self.width, self.height]
    }

    /// The filter for a triangle in which a step of one pixel, to the right and down, moves this far.
    pub(super) fn filter(&self, u_slopes: [i64; 2], v_slopes: [i64; 2]) -> TextureFilter {
        let square = |slope: i64| i128::from(slope) * i128::from(slope);
        let shrinks = (0..2).any(|i| square(u_slopes[i]) + square(v_slopes[i]) > square(TEXEL));
        if shrinks { self.options.minification } else { self.options.magnification }
    }

    /// The colour at a point that all of a shape shares.
    pub(super) fn sample_flat(&self, [u, v]: [i64; 2]) -> Pixel {
        self.sample(u, v, self.options.magnification)
    }

    /// The colour at a point.
    #[inline]
    pub(super) fn sample(&self, u: i64, v: i64, filter: TextureFilter) -> Pixel {
        match filter {
            TextureFilter::Nearest => self.texel(u.div_euclid(TEXEL), v.div_euclid(TEXEL)),
            TextureFilter::Linear => self.sample_linear(u, v),
        }
    }

    #[inline]
    fn sample_linear(&self, u: i64, v: i64) -> Pixel {
        // To 1/256 of a texel, rounded: coordinates that egui computed as whole texels in `f32` stay whole.
        let (u, v) = ((u - TEXEL / 2 + 128) >> 8, (v - TEXEL / 2 + 128) >> 8);
        let (x, y) = (u >> 8, v >> 8);
        let (right, down) = ((u & 0xff) as u32, (v & 0xff) as u32);
        if right == 0 && down == 0 {
            return self.texel(x, y);
        }
        let four =
            [[self.texel(x, y), self.texel(x + 1, y)], [self.texel(x, y + 1), self.texel(x + 1, y + 1)]];
        if four == [[[0; 4]; 2]; 2] { [0; 4] } else { bilinear(four, right, down) }
    }

    #[inline]
    fn texel(&self, x: i64, y: i64) -> Pixel {
        let (x, y) =
            (wrap(x, self.width, self.options.wrap_mode), wrap(y, self.height, self.options.wrap_mode));
        self.texels.get(y * self.width as usize + x).copied().unwrap_or_default()
    }

    fn patch(
        &mut self,
        [left, top]: [usize; 2],
        [width, height]: [usize; 2],
        texels: impl Iterator<Item = Pixel>,
    ) {
        let cells = (top..top + height).flat_map(|y| (left..left + width).map(move |x| (x, y)));
        for ((x, y), texel) in cells.zip(texels) {
            if signed(x) < self.width && signed(y) < self.height {
                self.texels[y * self.width as usize + x] = texel;
            }
        }
    }
}

/// A size or position in an image that is in memory.
fn signed(size: usize) -> i64 {
    i64::try_from(size).expect("no image has 2^63 texels")
}

#[inline]
fn wrap(at: i64, size: i64, mode: TextureWrapMode) -> usize {
    let inside = match mode {
        TextureWrapMode::ClampToEdge => at.clamp(0, (size - 1).max(0)),
        TextureWrapMode::Repeat => at.rem_euclid(size.max(1)),
        TextureWrapMode::MirroredRepeat => {
            let there_and_back = at.rem_euclid(2 * size.max(1));
            there_and_back.min(2 * size - 1 - there_and_back)
        }
    };
    inside as usize
}
