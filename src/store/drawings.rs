//! The drawings of a profile: `drawings.json`, and beside it those of the start before.

use std::fs;
use std::path::Path;

use super::files::{self, Loaded, WriteError};
use crate::domain::DrawingBook;

const VERSION: u32 = 1;

/// Reads them. Those that can be used are copied beside the file, and come back where it cannot be used at a later
/// start. What is wrong comes with them.
#[must_use]
pub fn load(path: &Path) -> (DrawingBook, Vec<String>) {
    let before = path.with_extension("json.before");
    match files::load_versioned::<DrawingBook>(path, VERSION) {
        Loaded::Value(book) => (book.settled(), keep(path, &before).err().into_iter().collect()),
        Loaded::Missing => (DrawingBook::default(), Vec::new()),
        Loaded::Damaged { kept_as, why } => {
            let problem = format!(
                "The drawings of {} cannot be used: {why}. They are kept as {}",
                path.display(),
                kept_as.display()
            );
            let (book, then) = match files::load_versioned::<DrawingBook>(&before, VERSION) {
                Loaded::Value(book) => (book.settled(), "The drawings of the start before are shown"),
                Loaded::Missing | Loaded::Damaged { .. } => {
                    (DrawingBook::default(), "The charts begin without drawings")
                }
            };
            (book, vec![problem, then.to_owned()])
        }
    }
}

/// Copies what could be read.
fn keep(path: &Path, before: &Path) -> Result<(), String> {
    let failed = |why: &dyn std::fmt::Display| format!("No copy of the drawings could be made: {why}");
    let text = fs::read(path).map_err(|error| failed(&error))?;
    if fs::read(before).ok().as_ref() == Some(&text) {
        return Ok(());
    }
    files::write(before, &text).map_err(|error| failed(&error))
}

/// Saves them.
///
/// # Errors
/// As [`files::write()`].
pub fn save(path: &Path, book: &DrawingBook) -> Result<(), WriteError> {
    files::save_versioned(path, VERSION, book)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Decimal, DrawingChange, DrawingInk, Figure, Mark, Price, Time};

    fn book() -> DrawingBook {
        let mark =
            |seconds, cents| Mark { time: Time::from_seconds(seconds), price: Price(Decimal::new(cents, 2)) };
        let mut book = DrawingBook::default();
        let mut add = |key, figure, ink| book.change(key, DrawingChange::Add(figure, ink)).unwrap();
        for ink in DrawingInk::ALL {
            add("AAPL@NASDAQ", Figure::Level { price: Price(Decimal::new(28_450, 2)) }, ink);
        }
        for extends in [false, true] {
            let figure = Figure::Trend { from: mark(60, 28_400), to: mark(-60, -50), extends };
            add("7203@TSE", figure, DrawingInk::default());
        }
        book
    }

    #[test]
    fn drawings_come_back_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("drawings.json");
        assert_eq!(load(&path), (DrawingBook::default(), Vec::new()));
        save(&path, &book()).unwrap();
        assert_eq!(load(&path), (book(), Vec::new()));
    }

    #[test]
    fn of_a_damaged_file_those_of_the_start_before_are_shown() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("drawings.json");
        for torn in ["", "{\"version\":1,\"data\":{\"instruments\":{\"A\"", "[]"] {
            save(&path, &book()).unwrap();
            assert_eq!(load(&path).0, book());
            fs::write(&path, torn).unwrap();
            let (shown, problems) = load(&path);
            assert_eq!(shown, book());
            assert!(problems[0].contains("drawings.json.damaged-"), "{problems:?}");
            assert!(problems[1].contains("start before"), "{problems:?}");
            assert!(!path.exists(), "it is not tripped over again");
        }
    }

    #[test]
    fn without_a_copy_the_charts_begin_without_drawings() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("drawings.json");
        fs::write(&path, "{").unwrap();
        let (shown, problems) = load(&path);
        assert_eq!(shown, DrawingBook::default());
        assert!(problems[1].contains("without drawings"), "{problems:?}");
    }

    #[test]
    fn a_newer_file_stays_where_it_is_and_a_copy_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("drawings.json");
        let text = r#"{"version":2,"data":{"instruments":"otherwise"}}"#;
        fs::write(&path, text).unwrap();
        let (_, problems) = load(&path);
        assert!(problems[0].contains("newer Pitdesk"), "{problems:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        assert_eq!(fs::read_to_string(dir.path().join("drawings.json.newer-1")).unwrap(), text);
    }

    #[test]
    fn whatever_is_left_of_a_file_that_was_cut_short_is_no_reason_not_to_start() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("drawings.json");
        save(&path, &book()).unwrap();
        let whole = fs::read(&path).unwrap();
        assert_eq!(load(&path).0, book());
        for end in (0..whole.len() - 1).step_by(7) {
            fs::write(&path, &whole[..end]).unwrap();
            assert_eq!(load(&path).0, book(), "cut after {end} bytes");
        }
    }

    #[test]
    fn a_colour_of_a_later_version_costs_the_colour_alone() {
        let text = r#"{"id":1,"figure":{"shape":"level","price":"284.5"},"ink":"ultraviolet"}"#;
        let drawing: crate::domain::Drawing = serde_json::from_str(text).unwrap();
        assert_eq!(drawing.ink, DrawingInk::Blue);
    }
}
