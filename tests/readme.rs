//! What README.md says, where the program could come to say something else.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::iter::successors;
use std::path::Path;

use pitdesk::link::ConnectionState;
use pitdesk::ui::{Act, Scope};

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// What stands below a heading, up to the next one.
fn section<'a>(readme: &'a str, heading: &str) -> impl Iterator<Item = &'a str> {
    let heading = format!("## {heading}");
    let below = readme.lines().skip_while(move |line| *line != heading).skip(1);
    below.take_while(|line| !line.starts_with("##"))
}

/// Each state once. One that is new does not compile before it has its place here.
fn states() -> impl Iterator<Item = ConnectionState> {
    use ConnectionState::{Closed, Connecting, Degraded, Down, Ready, Reconciling, Silent};
    successors(Some(Connecting), |state| match state {
        Connecting => Some(Reconciling),
        Reconciling => Some(Ready),
        Ready => Some(Degraded),
        Degraded => Some(Silent),
        Silent => Some(Down),
        Down => Some(Closed),
        Closed => None,
    })
}

#[test]
fn every_word_of_the_light_is_explained() {
    let readme = text("README.md");
    let table = section(&readme, "Connect to TWS / IB Gateway").filter_map(|line| line.strip_prefix("| "));
    let explained: BTreeSet<&str> = table.skip(1).filter_map(|row| row.split(" | ").next()).collect();
    assert_eq!(explained, states().map(ConnectionState::label).collect());
}

/// The table of keys, as the program has it.
fn table_of_keys() -> Vec<String> {
    let mut rows = vec!["| Keys | What they do |".to_owned(), "|---|---|".to_owned()];
    for scope in Scope::ALL {
        rows.push(format!("| **{}** | |", scope.label()));
        for act in Act::ALL.iter().filter(|act| act.scope() == scope) {
            let keys: Vec<String> = act.default_keys().iter().map(ToString::to_string).collect();
            rows.push(format!("| {} | {} |", keys.join(", "), act.words()));
        }
    }
    rows
}

#[test]
fn the_table_of_keys_is_the_programs() {
    let readme = text("README.md");
    let table = readme.lines().skip_while(|line| *line != "| Keys | What they do |");
    let written: Vec<&str> = table.take_while(|line| line.starts_with('|')).collect();
    assert_eq!(written, table_of_keys());
}

#[test]
fn the_library_that_it_has_people_install_is_the_one_that_is_tested() {
    let tested = text("tests/python/ib_async.txt");
    let package = tested.lines().find(|line| line.starts_with("ib_async==")).unwrap();
    let wanted = format!("pip install {package}");
    assert!(section(&text("README.md"), "Connect your own program").any(|line| line == wanted), "{wanted}");
}
