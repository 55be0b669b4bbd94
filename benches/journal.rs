//! The journal: a record to the disk and back to the engine, alone, in groups of 64 and as many as
//! it takes; and recovery after years. `cargo bench --bench journal`.
//!
//! "With sync" is the real journal in a folder on this machine's disk; "without" is the same
//! on a database in memory, which is all of the path but the disk.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "its result goes to stdout")]

#[path = "common/asked.rs"]
mod asked;
#[path = "../tests/journal/sample.rs"]
mod sample;
#[path = "common/spans.rs"]
mod spans;

use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use pitdesk::domain::{self, Record, Seq, Time};
use pitdesk::store::journal::{self, Archive, CAPACITY, Journal, JournalEvent, JournalSender, channel};
use sample::{executed, intended, names, sent, working};
use spans::{Budget, heading, report};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ALONE: u64 = 2_000;
const GROUPED: u64 = 100_000;
/// Records that are handed over at once: a bracket is one, so that this is a busy instant.
const GROUP: u64 = 64;
const GROUPS: u64 = 500;
const ORDERS: u64 = 100_000;
/// What recovery of [`ORDERS`] may take, in milliseconds.
const RECOVERY: Budget = Budget { median: 1_000.0, p99: 1_000.0 };

/// A running journal, and what it says.
struct Running {
    sender: JournalSender,
    hears: mpsc::Receiver<JournalEvent>,
    thread: std::thread::JoinHandle<()>,
}

impl Running {
    fn start(file: Option<&Path>) -> Self {
        let runtime = runtime();
        let (sender, inbox) = channel();
        let (told, hears) = mpsc::channel();
        let opened = runtime.block_on(async {
            match file {
                Some(file) => Journal::open(file, names(), Time::default()).await,
                None => Journal::in_memory(names()).await,
            }
        });
        let (journal, _) = opened.expect("a folder to write to");
        let run =
            move || runtime.block_on(journal.run(inbox, move |event| told.send(event).expect("it listens")));
        let thread = std::thread::Builder::new().spawn(run).expect("a thread");
        Self { sender, hears, thread }
    }

    /// Waits until the record is on the disk.
    fn wait(&self, seq: Seq) {
        loop {
            match self.hears.recv().expect("it runs") {
                JournalEvent::Written(written) if written >= seq => return,
                JournalEvent::Written(_) => {}
                other => println!("unexpected: {other:?}"),
            }
        }
    }

    fn append(&self, record: &Record) {
        while self.sender.append(record.clone()).is_err() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn end(self) {
        drop(self.sender);
        self.thread.join().expect("it ends in order");
    }
}

fn runtime() -> tokio::runtime::Runtime {
    // As in the program: the journal's task on a worker, its database on a thread of its own.
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_time().build().expect("threads")
}

fn main() {
    if !asked::is_asked() {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("journal.sqlite");
    heading("append to 'it is on the disk', ms");
    alone("one intent, with sync", Running::start(Some(&file)));
    alone("one intent, without sync", Running::start(None));
    groups("64 records at once, with sync", Running::start(Some(&folder.path().join("groups.sqlite"))));
    groups("64 records at once, without sync", Running::start(None));
    grouped("under load, with sync", Running::start(Some(&folder.path().join("grouped.sqlite"))));
    grouped("under load, without sync", Running::start(None));
    years("a tenth still live", &folder.path().join("years.sqlite"), 10);
    years("all still live", &folder.path().join("live.sqlite"), 1);
}

/// Append to `Written`, one record after the other.
fn alone(what: &str, journal: Running) {
    let took: Vec<f64> = (1..=ALONE)
        .map(|seq| {
            let record = intended(seq, seq);
            let from = Instant::now();
            journal.append(&record);
            journal.wait(Seq(seq));
            millis(from)
        })
        .collect();
    journal.end();
    report(what, None, &took);
}

/// Append of a group to `Written` of its last, one group after the other.
fn groups(what: &str, journal: Running) {
    let took: Vec<f64> = (0..GROUPS)
        .map(|group| {
            let records: Vec<Record> = (1..=GROUP).map(|n| life(group * GROUP + n, 10)).collect();
            let from = Instant::now();
            for record in &records {
                journal.append(record);
            }
            journal.wait(Seq((group + 1) * GROUP));
            millis(from)
        })
        .collect();
    journal.end();
    report(what, None, &took);
}

fn millis(from: Instant) -> f64 {
    from.elapsed().as_secs_f64() * 1e3
}

/// As fast as the journal takes them.
fn grouped(what: &str, journal: Running) {
    let from = Instant::now();
    for seq in 1..=GROUPED {
        journal.append(&life(seq, 10));
    }
    journal.wait(Seq(GROUPED));
    let took = from.elapsed();
    journal.end();
    println!(
        "{what}: {:.0} records a second, at most {CAPACITY} waiting",
        GROUPED as f64 / took.as_secs_f64()
    );
}

/// Four records an order; one of so many still works.
fn life(seq: u64, live: u64) -> Record {
    let id = (seq - 1) / 4 + 1;
    match seq % 4 {
        1 => intended(seq, id),
        2 => sent(seq, id),
        0 if !id.is_multiple_of(live) => executed(seq, id),
        _ => working(seq, id),
    }
}

fn years(what: &str, file: &Path, live: u64) {
    heading(&format!("{ORDERS} orders, {what}, ms"));
    let journal = Running::start(Some(file));
    for seq in 1..=4 * ORDERS {
        journal.append(&life(seq, live));
    }
    journal.wait(Seq(4 * ORDERS));
    journal.end();
    let size = std::fs::metadata(file).map_or(0, |about| about.len()) / 1_000_000;
    let runtime = runtime();
    let open = |what: &str| {
        let from = Instant::now();
        let opened = runtime.block_on(Journal::open(file, names(), Time::default()));
        let took = millis(from);
        let (journal, recovered) = opened.expect("it was written");
        report(&format!("recovery {what}"), Some(RECOVERY), &[took]);
        let (orders, fills) = (recovered.orders.len(), recovered.fills.len());
        println!("  {size} MB; {orders} orders and {fills} fills come back");
        runtime.block_on(journal.close());
    };
    open("after an orderly end");
    open("again");
    std::fs::write(file.with_extension("sqlite.suspect"), "").expect("a folder to write to");
    open("with a look at every page");
    let from = Instant::now();
    let fills = runtime.block_on(async {
        let mut archive = Archive::open(file).await.expect("it was written");
        archive.fills(Time::MIN, Time::MAX).await.expect("it was written").rows.len()
    });
    println!("  reading all {fills} fills: {:.0?}", from.elapsed());
}
