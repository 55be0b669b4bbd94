//! Arithmetic on single pixels: eight bits a channel, premultiplied alpha, gamma space.
//!
//! The channels are weighed in pairs inside one `u32`. Every result is the exact quotient by 255,
//! rounded to nearest, so that a fully opaque or fully transparent source changes nothing by accident.

/// Red, green, blue, alpha; premultiplied.
pub(super) type Pixel = [u8; 4];

/// Two channels, each with eight bits of head room.
const PAIR: u32 = 0x00ff_00ff;
/// One half in each of two channels.
const HALVES: u32 = 0x0080_0080;

/// `src` over `dst`: `src + dst · (1 − alpha of src)`, the blend function of egui's own painters.
///
/// Saturates, because additive colours (alpha 0, channels above it) are valid in egui.
#[inline]
pub(super) fn over(dst: Pixel, src: Pixel) -> Pixel {
    let keep = 255 - u32::from(src[3]);
    let (dst, src) = (u32::from_le_bytes(dst), u32::from_le_bytes(src));
    let even = add_pair(src & PAIR, scale_pair(dst & PAIR, keep));
    let odd = add_pair((src >> 8) & PAIR, scale_pair((dst >> 8) & PAIR, keep));
    (even | (odd << 8)).to_le_bytes()
}

/// Both channels times `factor / 255`.
#[inline]
fn scale_pair(pair: u32, factor: u32) -> u32 {
    let product = pair * factor + HALVES;
    // x / 255 = (x + x / 256) / 256 exactly, for x up to 255 · 255 with the half already added.
    ((product + ((product >> 8) & PAIR)) >> 8) & PAIR
}

/// Both channels added, each stopping at 255.
#[inline]
fn add_pair(a: u32, b: u32) -> u32 {
    let sum = a + b;
    let carries = (sum >> 8) & 0x0001_0001;
    (sum | (carries * 0xff)) & PAIR
}

/// A texel in a tint. The tint has eight fractional bits: 255 is `0xff00`.
#[inline]
pub(super) fn modulate(tint: [u32; 4], texel: Pixel) -> Pixel {
    std::array::from_fn(|i| ((tint[i] * u32::from(texel[i]) + 255 * 128) / (255 * 256)) as u8)
}

/// The mean of four texels; `right` and `down` are the weights of the second ones, in 1/256.
#[inline]
pub(super) fn bilinear([top, bottom]: [[Pixel; 2]; 2], right: u32, down: u32) -> Pixel {
    let mix = |i: usize| {
        let upper = u32::from(top[0][i]) * (256 - right) + u32::from(top[1][i]) * right;
        let lower = u32::from(bottom[0][i]) * (256 - right) + u32::from(bottom[1][i]) * right;
        ((upper * (256 - down) + lower * down + (1 << 15)) >> 16) as u8
    };
    [mix(0), mix(1), mix(2), mix(3)]
}

/// The pixel as picture files want it: not premultiplied.
pub(super) fn straight([r, g, b, a]: Pixel) -> Pixel {
    let divide = |channel: u8| match u32::from(a) {
        0 => 0,
        alpha => ((u32::from(channel) * 255 + alpha / 2) / alpha).min(255) as u8,
    };
    [divide(r), divide(g), divide(b), a]
}
