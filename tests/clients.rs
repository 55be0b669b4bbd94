//! Programs that nobody here wrote trade through `pitdesk serve`: the Python libraries `ib_async` and
//! `ib_insync`, over TCP, in processes of their own.
//!
//! `PITDESK_PYTHON` names a folder with a virtual environment per library, which `.ci/run` makes.
//! Without it these tests say `NOT RUN`.

#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test")]

#[path = "common/scenarios.rs"]
mod scenarios;
#[path = "common/server.rs"]
#[expect(dead_code, reason = "shared")]
mod server;

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use server::Server;

/// The Python of a library's environment.
fn python(library: &str) -> Option<PathBuf> {
    let Some(folder) = std::env::var_os("PITDESK_PYTHON") else {
        eprintln!("NOT RUN: PITDESK_PYTHON names no folder with {library} (`bash .ci/run` makes one)");
        return None;
    };
    Some(Path::new(&folder).join(library).join("bin/python"))
}

/// Runs a script against a server; what it prints. `PITDESK_PROGRAM` and `PITDESK_FOLDER` let it change
/// the weather there.
fn run(library: &str, script: &str) -> Option<String> {
    let python = python(library)?;
    let server = Server::start();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let output = Command::new(python)
        .arg(script)
        .args(["127.0.0.1", &server.port])
        .env("PITDESK_PROGRAM", env!("CARGO_BIN_EXE_pitdesk"))
        .env("PITDESK_FOLDER", server.folder.path())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    Some(out.into_owned())
}

#[test]
fn order_scenarios_through_ib_async_end_as_they_should() {
    let Some(told) = run("ib_async", "tests/python/scenarios.py") else { return };
    assert_eq!(told, scenarios::ENDS);
}

#[test]
fn what_ib_async_reads_is_what_the_market_and_the_account_are() {
    let Some(told) = run("ib_async", "tests/python/reads.py") else { return };
    let parts = "depth tick_by_tick five_seconds kept_up_to_date first_date traded_before found traded";
    assert_eq!(told.split_whitespace().collect::<Vec<_>>().join(" "), parts);
}

#[test]
fn ib_insync_connects_trades_and_charts() {
    let Some(told) = run("ib_insync", "tests/python/insync.py") else { return };
    assert_eq!(told, "ib_insync: connected, quoted, traded, charted\n");
}

#[test]
fn the_example_of_a_service_works_unchanged() {
    let Some(told) = run("ib_async", "examples/service.py") else { return };
    assert!(told.contains("bought 3 at"), "{told}");
}

#[test]
fn the_server_ends_when_it_is_asked_to_and_says_where_it_listens() {
    let mut server = Server::start();
    assert!(TcpStream::connect(("127.0.0.1", server.port.parse::<u16>().unwrap())).is_ok());
    let asked = Command::new("kill").arg(server.child.id().to_string()).status().unwrap();
    assert!(asked.success());
    assert!(server.child.wait().unwrap().success());
}
