//! The keeper by itself: it stops everything, whatever becomes of whoever has started it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};

use crate::stand_in::{eventually, lives, read_id, signal};

/// A keeper that waits for little.
const SOON_TIRED: [&str; 2] = ["--patience", "200ms"];

/// A keeper of a script that says when it is ready, in a folder of its own.
struct Kept {
    folder: tempfile::TempDir,
    keeper: Child,
}

impl Kept {
    fn new(options: &[&str], does: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
        fs::write(path("ini"), "a login").unwrap();
        let script = format!("echo $$ > {}; {does}", path("pid"));
        let mut keeper = Command::new(env!("CARGO_BIN_EXE_pitdesk"))
            .args(["ibkr-keeper", "--ini", &path("ini"), "--lock", &path("lock")])
            .args(options)
            .args(["--", "/bin/sh", "-c", &script])
            .env("STAGE", folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(keeper.stdout.take().unwrap()).lines();
        assert_eq!(said.next().unwrap().unwrap(), "ready");
        Self { folder, keeper }
    }

    /// Lets go of it; its exit code.
    fn let_go(&mut self) -> Option<i32> {
        drop(self.keeper.stdin.take());
        self.keeper.wait().unwrap().code()
    }

    fn lives(&self, name: &str) -> bool {
        lives(read_id(&self.folder.path().join(name)))
    }
}

#[test]
fn what_is_let_go_of_is_stopped_with_all_that_it_has_started() {
    let mut kept = Kept::new(&SOON_TIRED, "sleep 1000 & echo $! > $STAGE/other; echo ready; wait");
    assert!(kept.lives("pid") && kept.lives("other"));
    assert_eq!(kept.let_go(), Some(128 + 15));
    assert!(!kept.lives("pid") && !kept.lives("other"));
    assert!(!kept.folder.path().join("ini").exists(), "its login is gone");
}

#[test]
fn what_does_not_listen_is_ended() {
    let mut kept = Kept::new(&SOON_TIRED, "trap '' TERM; echo ready; while :; do sleep 1000; done");
    assert_eq!(kept.let_go(), Some(128 + 9));
    assert!(!kept.lives("pid"));
}

#[test]
fn ibc_is_asked_by_its_command_server() {
    let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
    let port = address.port().to_string();
    let does = "trap '' TERM; echo ready; while [ ! -e $STAGE/stop ]; do sleep 0.02; done; exit 5";
    let mut kept = Kept::new(&["--command-port", &port, "--patience", "30s"], does);
    let server = TcpListener::bind(address).unwrap();
    drop(kept.keeper.stdin.take());
    let (stream, _) = server.accept().unwrap();
    let said = BufReader::new(stream).lines().next().unwrap().unwrap();
    assert_eq!(said, "STOP");
    fs::write(kept.folder.path().join("stop"), "").unwrap();
    assert_eq!(kept.keeper.wait().unwrap().code(), Some(5), "it ended by itself");
}

#[test]
fn another_program_at_the_command_port_is_not_told_to_stop() {
    let other = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = other.local_addr().unwrap().port().to_string();
    let does = "echo ready; while :; do sleep 1000; done";
    let mut kept = Kept::new(&["--command-port", &port, "--patience", "30s"], does);
    assert_eq!(kept.let_go(), Some(128 + 15));
    other.set_nonblocking(true).unwrap();
    while let Ok((stream, _)) = other.accept() {
        stream.set_nonblocking(false).unwrap();
        assert!(BufReader::new(stream).lines().next().is_none(), "it was only looked whether it is there");
    }
}

#[test]
fn what_a_program_leaves_behind_when_it_ends_is_stopped() {
    let mut kept = Kept::new(&SOON_TIRED, "sleep 1000 & echo $! > $STAGE/other; echo ready; exit 7");
    assert_eq!(kept.keeper.wait().unwrap().code(), Some(7));
    assert!(!kept.lives("other"));
}

#[test]
fn a_polite_signal_to_the_keeper_stops_what_it_keeps() {
    let mut kept = Kept::new(&SOON_TIRED, "echo ready; while :; do sleep 1000; done");
    signal(kept.keeper.id(), "TERM");
    assert_eq!(kept.keeper.wait().unwrap().code(), Some(128 + 15));
    eventually("its end", || !kept.lives("pid"));
}

#[test]
fn its_lock_is_held_until_nothing_is_left() {
    let mut kept = Kept::new(&SOON_TIRED, "echo ready; while :; do sleep 1000; done");
    let lock = fs::File::open(kept.folder.path().join("lock")).unwrap();
    assert!(lock.try_lock().is_err());
    kept.let_go();
    lock.try_lock().unwrap();
}
