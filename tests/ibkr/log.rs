//! What the client of IBKR has to say of itself is in our log.

use std::fs;

use pitdesk::app::logging;
use pitdesk::store::profile::Profile;

/// Whether a line of the log is of a record of the client's own at this level.
fn is_of_client(line: &str, level: &str) -> bool {
    line.contains(&format!(" {level} ibapi"))
}

#[test]
fn a_warning_of_the_client_is_in_the_log_and_what_it_only_notes_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let profile = Profile::open(Some(folder.path()), "test").unwrap();
    let guard = logging::start(&profile).expect("nobody else logs");
    ibapi::register_timezone_alias("", "Europe/Berlin");
    // What waits is written.
    drop(guard);
    let logs = fs::read_dir(profile.logs_folder()).unwrap();
    let text: String = logs.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    let warning = text.lines().find(|line| is_of_client(line, "WARN"));
    assert!(warning.is_some_and(|line| line.contains("register_timezone_alias")), "{text}");
    for level in ["INFO", "DEBUG", "TRACE"] {
        assert!(!text.lines().any(|line| is_of_client(line, level)), "{text}");
    }
}
