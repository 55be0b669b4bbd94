//! The keeper by itself: it stops everything, whatever becomes of whoever has started it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::stand_in::{eventually, lives, read_id, signal};

/// A keeper that waits for little.
const SOON_TIRED: [&str; 2] = ["--patience", "200ms"];

/// A keeper of a script that says when it is ready, in a folder of its own.
struct Kept {
    folder: tempfile::TempDir,
    keeper: Child,
}

/// A keeper with its files in this folder.
fn keeper(folder: &Path) -> Command {
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    fs::write(path("ini"), "a login").unwrap();
    fs::write(path("ini.new"), "a login that was only begun").unwrap();
    let mut keeper = Command::new(env!("CARGO_BIN_EXE_pitdesk"));
    keeper
        .args(["ibkr-keeper", "--ini", &path("ini"), "--lock", &path("lock")])
        .env("STAGE", folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    keeper
}

/// Has an heir end what was left in a folder; its exit code.
fn inherit(folder: &Path) -> Option<i32> {
    keeper(folder).args(SOON_TIRED).status().unwrap().code()
}

impl Kept {
    fn new(options: &[&str], does: &str) -> Self {
        Self::new_in(tempfile::tempdir().unwrap(), options, does)
    }

    fn new_in(folder: tempfile::TempDir, options: &[&str], does: &str) -> Self {
        let script = format!("echo $$ > \"$STAGE/pid\"; {does}");
        let mut keeper = keeper(folder.path());
        let mut keeper = keeper.args(options).args(["--", "/bin/sh", "-c", &script]).spawn().unwrap();
        let mut said = BufReader::new(keeper.stdout.take().unwrap()).lines();
        assert_eq!(said.next().unwrap().unwrap(), "ready");
        Self { folder, keeper }
    }

    /// Kills the keeper; the folder that is left.
    fn kill(mut self) -> tempfile::TempDir {
        self.keeper.kill().unwrap();
        self.keeper.wait().unwrap();
        self.folder
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
    assert!(!kept.folder.path().join("ini.new").exists(), "and what was begun");
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
    let hold = kept.keeper.stdin.take();
    assert_eq!(kept.keeper.wait().unwrap().code(), Some(7));
    assert!(!kept.lives("other"));
    drop(hold);
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

#[test]
fn what_has_lost_its_keeper_is_ended_before_the_next_is_started() {
    let folder = Kept::new(&SOON_TIRED, "trap '' TERM; echo ready; while :; do sleep 1000; done").kill();
    let first = read_id(&folder.path().join("pid"));
    assert!(lives(first));
    let mut next = Kept::new_in(folder, &SOON_TIRED, "echo ready; while :; do sleep 1000; done");
    assert!(!lives(first) && next.lives("pid"));
    next.let_go();
    assert!(!next.lives("pid"));
}

#[test]
fn an_heir_ends_all_that_was_left_and_says_whether_there_was_any() {
    let does = "setsid sh -c 'echo $$ > $STAGE/other.begun; mv $STAGE/other.begun $STAGE/other; exec sleep 1000' &\n\
                until [ -e $STAGE/other ]; do :; done; echo ready; exec sleep 1000";
    let folder = Kept::new(&SOON_TIRED, does).kill();
    let left = ["pid", "other"].map(|name| read_id(&folder.path().join(name)));
    assert!(left.into_iter().all(lives));
    assert_eq!(inherit(folder.path()), Some(76));
    assert!(!left.into_iter().any(lives), "also what has left its group");
    assert!(!folder.path().join("ini").exists() && !folder.path().join("ini.new").exists());
    assert_eq!(inherit(folder.path()), Some(0));
}

#[test]
fn what_belongs_to_another_profile_is_left_alone() {
    let folder = Kept::new(&SOON_TIRED, "echo ready; exec sleep 1000").kill();
    let left = read_id(&folder.path().join("pid"));
    let mut other = Kept::new(&SOON_TIRED, "echo ready; while :; do sleep 1000; done");
    assert_eq!(inherit(tempfile::tempdir().unwrap().path()), Some(0));
    assert!(lives(left) && other.lives("pid"));
    assert_eq!(inherit(folder.path()), Some(76));
    assert!(!lives(left) && other.lives("pid"));
    other.let_go();
}

#[test]
fn beside_a_keeper_that_still_stops_one_nothing_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let held = fs::File::create(folder.path().join("lock")).unwrap();
    held.lock().unwrap();
    let soon = ["--lock-within", "50ms"];
    let script = "echo > \"$STAGE/started\"";
    let mut second = keeper(folder.path()).args(soon).args(["--", "/bin/sh", "-c", script]).spawn().unwrap();
    let hold = second.stdin.take();
    assert_eq!(second.wait().unwrap().code(), Some(75));
    assert!(!folder.path().join("started").exists() && !folder.path().join("ini").exists());
    drop(hold);
    assert_eq!(keeper(folder.path()).args(soon).status().unwrap().code(), Some(75), "nor does an heir");
}

#[test]
fn a_keeper_that_waits_is_let_go_of_and_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let held = fs::File::create(folder.path().join("lock")).unwrap();
    held.lock().unwrap();
    let script = "echo > \"$STAGE/started\"";
    let status = keeper(folder.path()).args(["--", "/bin/sh", "-c", script]).status().unwrap();
    assert_eq!(status.code(), Some(75));
    assert!(!folder.path().join("started").exists() && !folder.path().join("ini").exists());
}

#[test]
fn a_keeper_waits_for_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let held = fs::File::create(folder.path().join("lock")).unwrap();
    held.lock().unwrap();
    let mut next = keeper(folder.path()).args(["--", "/bin/sh", "-c", "echo ready"]).spawn().unwrap();
    let hold = next.stdin.take();
    eventually("its place in the queue", || {
        let open = fs::read_dir(format!("/proc/{}/fd", next.id())).into_iter().flatten().flatten();
        open.filter_map(|file| fs::read_link(file.path()).ok()).any(|file| file.ends_with("lock"))
    });
    assert!(next.try_wait().unwrap().is_none());
    drop(held);
    assert!(next.wait().unwrap().success());
    drop(hold);
}

#[test]
fn a_crash_below_a_keeper_leaves_no_memory_on_a_disk() {
    // As where a trader allows core files.
    let allowed = getrlimit(Resource::Core).maximum;
    setrlimit(Resource::Core, Rlimit { current: allowed, maximum: allowed }).unwrap();
    let mut kept =
        Kept::new(&SOON_TIRED, "grep core /proc/self/limits > $STAGE/limits; echo ready; exec sleep 1000");
    let of_keeper = fs::read_to_string(format!("/proc/{}/limits", kept.keeper.id())).unwrap();
    let of_program = fs::read_to_string(kept.folder.path().join("limits")).unwrap();
    for limits in [of_keeper, of_program] {
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        let fields: Vec<&str> = core.split_whitespace().collect();
        assert_eq!(fields[4..6], ["0", "0"], "{core}");
    }
    kept.let_go();
}

#[test]
fn a_keeper_that_nobody_hears_takes_the_login_away_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut unheard = keeper(folder.path());
    let mut unheard = unheard.stderr(writer).args(["--", "/nonexistent/ibc"]).spawn().unwrap();
    let hold = unheard.stdin.take();
    assert_eq!(unheard.wait().unwrap().code(), Some(127));
    drop(hold);
    assert!(!folder.path().join("ini").exists());
}
