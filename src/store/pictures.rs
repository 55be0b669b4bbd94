//! Pictures of charts, in the profile's folder of pictures.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::files;
use super::profile::make_private;

/// Pictures of one name: a chart has one a second at most.
const MOST: u32 = 1_000;

/// Writes a picture of `width` times `height` pixels, 4 bytes each, as a PNG file `name.png` in `folder`, or as
/// `name-2.png` and so on where there is one already: what is there is never written over. Where it is now. May wait
/// for the disk.
///
/// # Errors
/// When it cannot be done: why, and what to do.
pub fn write(folder: &Path, name: &str, (width, height): (u32, u32), rgba: &[u8]) -> Result<PathBuf, String> {
    make_private(folder).map_err(|error| {
        format!("The picture is not kept: {} cannot be made: {error}. Check the disk", folder.display())
    })?;
    let file = |count: u32| match count {
        1 => folder.join(format!("{name}.png")),
        _ => folder.join(format!("{name}-{count}.png")),
    };
    let is_free = |path: &PathBuf| fs::symlink_metadata(path).is_err();
    let path = (1..=MOST).map(file).find(is_free).ok_or_else(|| {
        format!("The picture is not kept: {} has too many of this name. Move some", folder.display())
    })?;
    files::write_with(&path, |out| encode(out, (width, height), rgba))
        .map_err(|error| format!("The picture is not kept: {error}"))?;
    Ok(path)
}

fn encode(out: &mut impl io::Write, (width, height): (u32, u32), rgba: &[u8]) -> io::Result<()> {
    let mut encoder = png::Encoder::new(out, width, height);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(rgba)?;
    Ok(writer.finish()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PIXELS: [u8; 8] = [255, 0, 0, 255, 0, 0, 255, 255];

    fn read(path: &Path) -> (u32, u32, Vec<u8>) {
        let file = fs::File::open(path).unwrap();
        let mut reader = png::Decoder::new(io::BufReader::new(file)).read_info().unwrap();
        let mut bytes = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut bytes).unwrap();
        (info.width, info.height, bytes)
    }

    #[test]
    fn a_picture_is_the_one_that_was_handed_over() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("pictures");
        let path = write(&folder, "AAPL-1m", (2, 1), &PIXELS).unwrap();
        assert_eq!(path, folder.join("AAPL-1m.png"));
        assert_eq!(read(&path), (2, 1, PIXELS.to_vec()));
    }

    #[test]
    fn no_picture_is_written_over_another_file() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("AAPL-1m.png"), "mine").unwrap();
        let second = write(dir.path(), "AAPL-1m", (2, 1), &PIXELS).unwrap();
        let third = write(dir.path(), "AAPL-1m", (1, 2), &PIXELS).unwrap();
        assert_eq!(second, dir.path().join("AAPL-1m-2.png"));
        assert_eq!(third, dir.path().join("AAPL-1m-3.png"));
        assert_eq!(fs::read_to_string(dir.path().join("AAPL-1m.png")).unwrap(), "mine");
        assert_eq!((read(&second).0, read(&third).0), (2, 1));
    }

    #[test]
    fn what_cannot_be_written_says_why_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let in_the_way = dir.path().join("pictures");
        fs::write(&in_the_way, "").unwrap();
        let refused = write(&in_the_way, "AAPL", (2, 1), &PIXELS).unwrap_err();
        assert!(refused.contains("cannot be made"), "{refused}");
        // Too few bytes for its size.
        let refused = write(dir.path(), "AAPL", (2, 2), &PIXELS).unwrap_err();
        assert!(refused.contains("is not kept"), "{refused}");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
