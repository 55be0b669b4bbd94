//! The recorded data that some tests stand on: where they are, and a loud word where not.
//!
//! `PITDESK_DATA` names their folder; without it, `../shared/data` beside the repository is
//! taken where it exists. A test that finds neither says so on the terminal, past the test
//! runner, which keeps what a test prints to itself when it passes.

use std::io::Write as _;
use std::path::{Path, PathBuf};

/// A recorded file of `history`; `None`, said loudly, where there are no recorded data.
///
/// # Panics
/// When the data are there and this file is not: a test that should run must not pass.
pub fn recorded(name: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let named = std::env::var_os("PITDESK_DATA").map(PathBuf::from);
    let Some(folder) = named.or_else(|| beside.is_dir().then_some(beside)) else {
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        let said = format!(
            "\nNOT RUN: {test}, which is counted as passed. It needs recorded data: set PITDESK_DATA to \
             their folder\n"
        );
        // One write, so that tests that run side by side do not mix their words.
        std::io::stderr().write_all(said.as_bytes()).expect("standard error can be written");
        return None;
    };
    let path = folder.join("history").join(name);
    assert!(path.is_file(), "{} is missing", path.display());
    Some(path)
}
