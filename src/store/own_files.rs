//! Files of the trader's own: what is taken out of the program, and what is brought in.

use std::fs;
use std::io::Read as _;
use std::path::PathBuf;

use super::files;

/// Longest text that is read.
pub const MOST_BYTES: u64 = 8_000_000;

/// The path with the home folder in it.
fn whole(path: &str) -> PathBuf {
    let path = path.trim();
    match (path.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// Writes a text to a file that is not there yet. May wait for the disk.
///
/// # Errors
/// When it cannot be done, or something is there: why, and what to do.
pub fn write(path: &str, text: &str) -> Result<(), String> {
    let path = &whole(path);
    if path.as_os_str().is_empty() {
        return Err("Type the path of a file".to_owned());
    }
    if fs::symlink_metadata(path).is_ok() {
        return Err(format!("{} is there already: choose another name", path.display()));
    }
    files::write(path, text.as_bytes())
        .map_err(|error| format!("{} could not be written: {error}", path.display()))
}

/// Reads a text of at most [`MOST_BYTES`]. May wait for the disk.
///
/// # Errors
/// When it cannot be done: why, and what to do.
pub fn read(path: &str) -> Result<String, String> {
    let path = &whole(path);
    let failed =
        |error: std::io::Error| format!("{} could not be read ({error}): check the path", path.display());
    // A pipe could have us wait forever, already to be opened; a device might never end.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(format!("{} is no file: give the path of one", path.display()));
    }
    let mut bytes = Vec::new();
    let file = fs::File::open(path).map_err(failed)?;
    file.take(MOST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(format!("{} is too large: at most {} MB", path.display(), MOST_BYTES / 1_000_000));
    }
    String::from_utf8(bytes)
        .map_err(|error| format!("{} is no text ({error}): choose another file", path.display()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn text_of(path: &Path) -> String {
        path.display().to_string()
    }

    #[test]
    fn what_is_written_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = text_of(&folder.path().join("desk.json"));
        write(&path, "{}").unwrap();
        assert_eq!(read(&path).unwrap(), "{}");
    }

    #[test]
    fn what_is_there_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("desk.json");
        fs::write(&file, "mine").unwrap();
        let refused = write(&text_of(&file), "{}").unwrap_err();
        assert!(refused.contains("there already: choose another name"), "{refused}");
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    }

    #[test]
    fn what_cannot_be_written_or_read_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let refused = |path: &Path| read(&text_of(path)).unwrap_err();
        let no_folder = text_of(&folder.path().join("none/desk.json"));
        assert!(write(&no_folder, "{}").unwrap_err().contains("could not be written"));
        assert!(write(" ", "{}").unwrap_err().contains("Type the path"));
        assert!(refused(&folder.path().join("none")).contains("check the path"));
        assert!(refused(folder.path()).contains("is no file"));
        let picture = folder.path().join("desk.png");
        fs::write(&picture, [0x89, 0xff]).unwrap();
        assert!(refused(&picture).contains("is no text"));
        let huge = folder.path().join("huge.json");
        fs::File::create(&huge).unwrap().set_len(MOST_BYTES + 1).unwrap();
        assert!(refused(&huge).contains("too large"));
    }

    #[test]
    fn the_home_folder_may_be_short() {
        let home = std::env::home_dir().unwrap();
        assert_eq!(whole(" ~/desk.json"), home.join("desk.json"));
        assert_eq!(whole("/tmp/~/x"), Path::new("/tmp/~/x"));
    }
}
