//! Killed at any moment: what was told as written is there, in order, nothing twice.
//!
//! The test starts itself as a child that writes and says what it hands over and what it is
//! told, and kills it with SIGKILL between the two.

use std::env;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use pitdesk::domain::{OrderId, Record, Seq};
use pitdesk::store::journal::{Journal, JournalEvent, channel};

use super::desk::{self, NOW, block_on};
use super::fold::Model;
use super::sample::*;

const FILE: &str = "PITDESK_JOURNAL_OF_CHILD";
/// Enough that the child never comes to its end.
const MANY: u64 = 1_000_000;

/// The record of that number in the life of orders that are intended, sent, work and fill.
fn nth(seq: u64) -> Record {
    let id = (seq - 1) / 4 + 1;
    match seq % 4 {
        1 => intended(seq, id),
        2 => sent(seq, id),
        3 => working(seq, id),
        _ => executed(seq, id),
    }
}

/// Not a test of its own: the child.
#[test]
fn child_that_is_killed() {
    let Some(file) = env::var_os(FILE) else { return };
    block_on(async {
        let (journal, recovered) = Journal::open(Path::new(&file), names(), NOW).await.unwrap();
        let (sender, inbox) = channel();
        // Hands over as fast as the disk takes it, some records at a time.
        let (free, mut is_free) = tokio::sync::mpsc::unbounded_channel();
        let writes = journal.run(inbox, move |event| {
            if let JournalEvent::Written(seq) = event {
                say(&format!("written {seq}"));
                free.send(seq).ok();
            }
        });
        let hands_over = async {
            for seq in recovered.next_seq.0..MANY {
                say(&format!("handed {seq}"));
                sender.append(nth(seq)).unwrap();
                if seq % 7 == 0 {
                    while is_free.recv().await.is_some_and(|written| written < Seq(seq)) {}
                }
            }
        };
        tokio::join!(writes, hands_over);
    });
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").ok();
    out.flush().ok();
}

/// Starts the child, kills it as soon as it says `at`; the newest record it was told of as written.
fn kill_child(file: &Path, at: &str) -> Seq {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["kill::child_that_is_killed", "--exact", "--nocapture", "--test-threads=1"])
        .env(FILE, file)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut written = Seq(0);
    let mut is_killed = false;
    // What it had said before it died still comes after the kill.
    for line in lines.map_while(Result::ok) {
        if let Some(seq) = line.strip_prefix("written ") {
            written = Seq(seq.parse().unwrap());
        }
        if !is_killed && line.contains(at) {
            child.kill().unwrap();
            is_killed = true;
        }
    }
    child.wait().unwrap();
    assert!(is_killed, "the child said '{at}'");
    written
}

#[test]
fn what_was_told_as_written_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.sqlite");
    let mut next = 1;
    for round in 0..12 {
        // Before the commit, in it, after it: by what the child says at that moment.
        let seq = next + [0, 1, 3, 6, 20, 33][round % 6];
        let at = if round % 2 == 0 { format!("handed {seq}") } else { "written ".to_owned() };
        let written = kill_child(&file, &at);

        let recovered = desk::open(&file).unwrap();
        assert!(recovered.must_reconcile.is_none() && recovered.problems.is_empty(), "{recovered:?}");
        assert!(recovered.next_seq > written, "{written} was told as written");
        let there: Vec<Record> = (1..recovered.next_seq.0).map(nth).collect();
        let model = Model::of(&there);
        assert_eq!(recovered.orders, model.orders(), "every record up to the last, and none twice");
        assert_eq!(recovered.fills, model.fills);
        next = recovered.next_seq.0;
    }
    // Every record, one after the other, over all the deaths.
    let ids: Vec<OrderId> = (1..=(next - 1).div_ceil(4)).map(OrderId).collect();
    let told = desk::timelines(&file, &ids);
    let all: Vec<Record> = told.into_iter().flat_map(|(_, records)| records).collect();
    assert_eq!(all, (1..next).map(nth).collect::<Vec<_>>());
}
