//! Comparing pictures byte for byte.
//!
//! `Harness::snapshot` is not enough for charts: whatever its threshold, it forgives pixels that look
//! anti-aliased to it, which in text and between candles is about every second one (three in four of a text line, seen).
//! Ours come from a rasteriser that is the same everywhere, so nothing has to be forgiven.

use std::path::{Path, PathBuf};

use egui_kittest::Harness;
use image::{Rgba, RgbaImage};

/// Panics unless the harness looks exactly like `tests/snapshots/<name>.png`.
///
/// Leaves `<name>.new.png` and `<name>.diff.png` (what changed, in red) beside it then; git ignores both.
/// `UPDATE_SNAPSHOTS=1 cargo test` takes the new picture over.
#[track_caller]
pub fn assert_picture<State>(harness: &mut Harness<'_, State>, name: &str) {
    let picture = harness.render().expect("the soft renderer draws all that a pane may draw");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let update =
        std::env::var("UPDATE_SNAPSHOTS").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"));
    if update && compare(&picture, &folder, name).is_err() {
        picture.save(folder.join(format!("{name}.png"))).expect("tests/snapshots can be written");
    }
    if let Err(difference) = compare(&picture, &folder, name) {
        panic!("{difference}\nIf this is wanted: UPDATE_SNAPSHOTS=1 cargo test, and look at the result.");
    }
}

/// Says what differs from the picture in `folder`, and leaves files to look at.
///
/// # Errors
/// When there is no such picture, or it has another size or any other pixel.
pub fn compare(picture: &RgbaImage, folder: &Path, name: &str) -> Result<(), String> {
    let file = |kind: &str| -> PathBuf { folder.join(format!("{name}{kind}.png")) };
    let (expected_path, new, diff) = (file(""), file(".new"), file(".diff"));
    for leftover in [&new, &diff] {
        if leftover.exists() {
            std::fs::remove_file(leftover).map_err(|error| format!("{}: {error}", leftover.display()))?;
        }
    }
    let keep = |image: &RgbaImage, path: &Path| {
        image.save(path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let expected = match image::open(&expected_path) {
        Ok(image) => image.to_rgba8(),
        Err(error) => {
            keep(picture, &new)?;
            return Err(format!("no picture to compare with, {}: {error}", expected_path.display()));
        }
    };
    if expected == *picture {
        return Ok(());
    }
    keep(picture, &new)?;
    if expected.dimensions() != picture.dimensions() {
        let (was, is) = (expected.dimensions(), picture.dimensions());
        return Err(format!("{name} was {}x{} pixels and is {}x{}", was.0, was.1, is.0, is.1));
    }
    let mut marked = picture.clone();
    let (mut count, mut first) = (0, None);
    for ((x, y, pixel), old) in marked.enumerate_pixels_mut().zip(expected.pixels()) {
        if pixel == old {
            *pixel = Rgba(pixel.0.map(|channel| channel / 4));
            pixel.0[3] = 255;
        } else {
            *pixel = Rgba([255, 0, 0, 255]);
            count += 1;
            first.get_or_insert((x, y));
        }
    }
    keep(&marked, &diff)?;
    let (x, y) = first.unwrap_or_default();
    Err(format!("{count} pixels of {name} changed, the first at x {x}, y {y}; see {}", diff.display()))
}
