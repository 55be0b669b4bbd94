//! The little that the engine itself must remember between runs.
//!
//! Facts with consequences: whether the kill switch is set and what it was asked for, and which
//! order ids are used up. Where the file is damaged they come back on the safe side: killed, and the
//! caller told to number above every order it finds elsewhere.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::files::{self, Loaded, WriteError};
use crate::domain::Flatten;
use crate::domain::limits::DayState;

const VERSION: u32 = 1;

/// What the engine remembers. Fields of a later minor version are carried along.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct EngineState {
    /// Whether the kill switch is set: no order leaves until a person releases it.
    pub killed: bool,
    /// What it was asked to do with positions: after a restart nothing is closed by itself, and
    /// what is still held is named.
    pub flatten: Flatten,
    /// The id of the next order; all below have been used.
    pub next_order_id: u64,
    /// What must be known of the trading day.
    pub day: DayState,
    /// What else is in the file.
    #[serde(flatten)]
    pub other: serde_json::Map<String, serde_json::Value>,
}

impl Default for EngineState {
    fn default() -> Self {
        Self {
            killed: false,
            flatten: Flatten::No,
            next_order_id: 1,
            day: DayState::default(),
            other: serde_json::Map::new(),
        }
    }
}

/// Reads the state. With a damaged file the state is that of a first start but killed,
/// and the second value says what happened: the caller shows it, and raises
/// `next_order_id` above every order that its brokers know.
#[must_use]
pub fn load(path: &Path) -> (EngineState, Option<String>) {
    match files::load_versioned(path, VERSION) {
        Loaded::Value(state) => (state, None),
        Loaded::Missing => (EngineState::default(), None),
        Loaded::Damaged { kept_as, why } => {
            let problem = format!(
                "The engine's state {} cannot be used: {why}. It is kept as {}. Trading is stopped until you \
                 release the kill switch: check positions and working orders first",
                path.display(),
                kept_as.display()
            );
            (EngineState { killed: true, ..EngineState::default() }, Some(problem))
        }
    }
}

/// Saves the state.
///
/// # Errors
/// As [`files::write()`].
pub fn save(path: &Path, state: &EngineState) -> Result<(), WriteError> {
    files::save_versioned(path, VERSION, state)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Decimal;

    #[test]
    fn a_first_start_is_not_killed() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(load(&dir.path().join("engine.json")), (EngineState::default(), None));
    }

    #[test]
    fn the_kill_switch_survives_and_unknown_fields_too() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("engine.json");
        let text = r#"{"version":1,"data":{"killed":true,"next_order_id":18446744073709551615,"later":[1]}}"#;
        std::fs::write(&path, text).unwrap();
        let (state, problem) = load(&path);
        assert!(problem.is_none());
        assert_eq!((state.killed, state.next_order_id), (true, u64::MAX));
        assert_eq!(state.flatten, Flatten::No, "files of before did not say");
        let state = EngineState { flatten: Flatten::Within(Decimal::new(15, 1)), ..state };
        save(&path, &state).unwrap();
        assert_eq!(load(&path).0, state);
        assert!(state.other.contains_key("later"));
    }

    #[test]
    fn a_damaged_state_stops_trading() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("engine.json");
        std::fs::write(&path, "{\"version\":1,\"data\":{\"killed\":fal").unwrap();
        let (state, problem) = load(&path);
        assert!(state.killed);
        assert!(problem.unwrap().contains("engine.json.damaged-1"));
    }
}
