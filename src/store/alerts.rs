//! The alerts of a profile and what they have told: `alerts.json`.

use std::path::Path;

use super::files::{self, Loaded, WriteError};
use crate::domain::AlertBook;

const VERSION: u32 = 1;

/// Reads them. With a file that cannot be used there are none, and the second value says what happened.
#[must_use]
pub fn load(path: &Path) -> (AlertBook, Option<String>) {
    match files::load_versioned::<AlertBook>(path, VERSION) {
        Loaded::Value(book) => (book.settled(), None),
        Loaded::Missing => (AlertBook::default(), None),
        Loaded::Damaged { kept_as, why } => {
            let problem = format!(
                "The alerts of {} cannot be used: {why}. They are kept as {}. No alert is set: set again what you \
                 rely on",
                path.display(),
                kept_as.display()
            );
            (AlertBook::default(), Some(problem))
        }
    }
}

/// Saves them.
///
/// # Errors
/// As [`files::write()`].
pub fn save(path: &Path, book: &AlertBook) -> Result<(), WriteError> {
    files::save_versioned(path, VERSION, book)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::alert::{Since, Way};
    use crate::domain::{
        Alert, AlertId, AlertState, AlertTerms, Condition, Decimal, Firing, FiringId, Price, Time,
    };

    fn book() -> AlertBook {
        let key = || "AAPL@NASDAQ".to_owned();
        let price = Price(Decimal::new(28_450, 2));
        let moves =
            |since| Condition::Move { instrument: key(), percent: Decimal::TWO, way: Way::Down, since };
        let conditions = [
            Condition::Above { instrument: key(), price },
            Condition::Below { instrument: key(), price },
            moves(Since::PreviousClose),
            moves(Since::Price(price)),
            moves(Since::Minutes(5)),
            Condition::Fill { instrument: None },
            Condition::Fill { instrument: Some(key()) },
            Condition::Disconnect,
        ];
        let mut book = AlertBook::default();
        for condition in conditions {
            let terms = AlertTerms { condition, every_time: true, sound: false, note: "取引".to_owned() };
            let id = AlertId(book.number());
            let fired = Some(Time::from_seconds(7));
            book.put(Alert { id, terms, set: Time::from_seconds(5), state: AlertState::Waiting, fired });
        }
        book.keep(Firing {
            id: FiringId(book.next + 1),
            alert: AlertId(1),
            time: Time::from_seconds(7),
            instrument: Some(key()),
            text: "AAPL 284.50".to_owned(),
            note: String::new(),
            sound: true,
            is_seen: false,
        });
        book.number();
        book
    }

    #[test]
    fn alerts_and_what_they_told_come_back_as_they_were() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("alerts.json");
        assert_eq!(load(&path), (AlertBook::default(), None));
        save(&path, &book()).unwrap();
        assert_eq!(load(&path), (book(), None));
    }

    #[test]
    fn a_damaged_file_is_kept_aside_and_said() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("alerts.json");
        std::fs::write(&path, r#"{"version":1,"data":{"alerts":[{"id":1"#).unwrap();
        let (book, problem) = load(&path);
        assert_eq!(book, AlertBook::default());
        let problem = problem.unwrap();
        assert!(problem.contains("alerts.json.damaged-1") && problem.contains("set again"), "{problem}");
    }

    #[test]
    fn a_newer_file_stays_where_it_is_and_a_copy_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("alerts.json");
        let text = r#"{"version":2,"data":{"alerts":"otherwise"}}"#;
        std::fs::write(&path, text).unwrap();
        let (book, problem) = load(&path);
        assert_eq!(book, AlertBook::default());
        assert!(problem.unwrap().contains("newer Pitdesk"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        assert_eq!(std::fs::read_to_string(dir.path().join("alerts.json.newer-1")).unwrap(), text);
    }
}
