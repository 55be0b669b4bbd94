//! Files that are damaged, cut off, foreign, or newer than this program.

use std::fs;
use std::path::{Path, PathBuf};

use pitdesk::domain::{BrokerId, Currency, Decimal, Fill, Flatten, Moment, Money, Order, Record, TakenOver};
use pitdesk::store::journal::{JournalError, Recovered};
use sqlx::{Connection as _, SqliteConnection};

use super::desk::{self, block_on};
use super::fold::Model;
use super::sample::*;

const PAGE: usize = 4_096;

struct Written {
    folder: tempfile::TempDir,
    file: PathBuf,
    model: Model,
    bytes: Vec<u8>,
}

/// What the execution of an order has cost came later.
fn charged(seq: u64, id: u64) -> Record {
    let cost = Money { amount: Decimal::new(99, 2), currency: Currency::USD };
    let moment = Moment::Charged(Fill { commission: cost, ..fill(&format!("e-{id}"), id) });
    Record { moment, ..executed(seq, id) }
}

/// A journal that ended in order: some orders filled, some working.
fn written() -> Written {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.sqlite");
    let mut records: Vec<Record> = Vec::new();
    let mut add = |make: fn(u64, u64) -> Record, id| {
        let seq = records.len() as u64 + 1;
        records.push(make(seq, id));
    };
    for id in 1..=60 {
        add(intended, id);
        add(sent, id);
        add(working, id);
        if id % 3 != 0 {
            add(executed, id);
        }
        if id % 3 == 1 {
            add(charged, id);
        }
    }
    let seq = records.len() as u64 + 1;
    records.push(record(seq, Moment::Kill { is_on: true, flatten: Flatten::Market }, vec![]));
    desk::write(&file, &records);
    let bytes = fs::read(&file).unwrap();
    Written { folder, file, model: Model::of(&records), bytes }
}

impl Written {
    /// What was set aside, main files only.
    fn aside(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let is_aside = |path: &PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            name.contains(".damaged-") && !name.ends_with("-wal") && !name.ends_with("-shm")
        };
        entries.filter(is_aside).collect()
    }

    /// Puts another content in the file's place and opens it.
    fn open_as(&self, bytes: &[u8]) -> Recovered {
        for path in self.aside() {
            fs::remove_file(path).unwrap();
        }
        fs::write(&self.file, bytes).unwrap();
        desk::open(&self.file).unwrap()
    }

    #[track_caller]
    fn assert_told(&self, recovered: &Recovered, content: &[u8]) {
        assert!(recovered.must_reconcile.is_some());
        let aside = self.aside();
        let [kept] = &aside[..] else { panic!("one file is set aside, not {aside:?}") };
        assert!(recovered.problems[0].contains(&kept.display().to_string()), "{:?}", recovered.problems);
        assert_eq!(fs::read(kept).unwrap(), content, "what is set aside is what was found");
    }
}

fn is_whole(recovered: &Recovered, model: &Model) -> bool {
    recovered.orders == model.orders() && recovered.fills == model.fills
}

#[test]
fn one_damaged_page_loses_no_order_and_no_fill() {
    let written = written();
    let pages = written.bytes.len() / PAGE;
    let mut found = 0;
    // The first page says where all others are; without it there is nothing to read.
    for page in 1..pages {
        let mut bytes = written.bytes.clone();
        for (i, byte) in bytes[page * PAGE..][..PAGE].iter_mut().enumerate() {
            *byte = (i * 31 + page) as u8;
        }
        let recovered = written.open_as(&bytes);
        assert!(is_whole(&recovered, &written.model), "page {page} of {pages}: {:?}", recovered.problems);
        let lock = (recovered.is_killed, recovered.flatten);
        assert_eq!(lock, (Some(true), Flatten::Market), "page {page}");
        if recovered.must_reconcile.is_some() {
            found += 1;
            written.assert_told(&recovered, &bytes);
        }
    }
    assert!(found >= 3, "the pages of orders, fills and facts are looked at on every start, not {found}");
}

#[test]
fn one_damaged_byte_never_makes_another_order() {
    let written = written();
    // A prime step: every table and every place in a page comes up.
    for at in (PAGE..written.bytes.len()).step_by(1_237) {
        let mut bytes = written.bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        let recovered = written.open_as(&bytes);
        assert!(is_whole(&recovered, &written.model), "byte {at}: {:?}", recovered.problems);
        assert_eq!(recovered.is_killed, Some(true), "byte {at}");
    }
}

#[test]
fn of_a_file_that_was_cut_off_the_rest_is_read() {
    let written = written();
    let pages = written.bytes.len() / PAGE;
    let mut most = 0;
    for kept in [0, 17, 100, PAGE / 2, PAGE, 5 * PAGE + 9, (pages / 2) * PAGE, (pages - 1) * PAGE] {
        let bytes = &written.bytes[..kept];
        let recovered = written.open_as(bytes);
        written.assert_told(&recovered, bytes);
        let known = written.model.orders();
        assert!(recovered.orders.iter().all(|order: &Order| {
            // It may be older than the last record of it, never anything else.
            known.iter().any(|k| k.id == order.id && k.spec == order.spec)
        }));
        most = most.max(recovered.orders.len());
    }
    assert!(most > 0, "of the last cut most can be read");
}

#[test]
fn the_first_page_takes_all_with_it_and_that_is_said() {
    let written = written();
    let mut bytes = written.bytes.clone();
    bytes[..PAGE].fill(0xa5);
    let recovered = written.open_as(&bytes);
    written.assert_told(&recovered, &bytes);
    assert!(recovered.problems[0].contains("0 records"), "{:?}", recovered.problems);
    assert!(recovered.orders.is_empty() && recovered.is_killed.is_none());
}

#[test]
fn a_rescued_journal_waits_until_every_brokers_books_were_compared() {
    let written = written();
    let mut recovered = written.open_as(&written.bytes[..written.bytes.len() - PAGE]);
    let compared = |seq, broker| {
        let (broker, taken) = (BrokerId(broker), TakenOver::default());
        record(seq, Moment::Reconciled { broker, summary: "equal".into(), taken }, vec![])
    };
    for broker in [0, 1] {
        recovered = desk::open(&written.file).unwrap();
        let why = recovered.must_reconcile.as_deref().unwrap();
        assert!(why.contains("was damaged"), "{why}");
        desk::write(&written.file, &[compared(recovered.next_seq.0, broker)]);
    }
    assert!(desk::open(&written.file).unwrap().must_reconcile.is_some(), "both brokers, in one run");
    let seq = recovered.next_seq.0 + 1;
    desk::write(&written.file, &[compared(seq, 0), compared(seq + 1, 1)]);
    assert!(desk::open(&written.file).unwrap().must_reconcile.is_none());
}

#[test]
fn a_rescue_that_was_interrupted_is_gone_on_with() {
    let written = written();
    // Killed between setting the damaged file aside and giving its name to the new one.
    let rescued = written.folder.path().join("journal.sqlite.rescued");
    fs::rename(&written.file, &rescued).unwrap();
    let wal = written.folder.path().join("journal.sqlite-wal");
    fs::write(&wal, "of the damaged file").unwrap();
    assert!(is_whole(&desk::open(&written.file).unwrap(), &written.model));
    // Killed while the new file was made.
    fs::write(&rescued, &written.bytes[..2 * PAGE]).unwrap();
    let mut bytes = written.bytes.clone();
    bytes.truncate(bytes.len() - PAGE);
    assert!(written.open_as(&bytes).must_reconcile.is_some());
    assert!(!rescued.exists());
}

#[test]
fn a_wal_whose_file_is_gone_is_no_first_start() {
    let written = written();
    fs::rename(&written.file, written.folder.path().join("journal.sqlite-wal")).unwrap();
    let recovered = desk::open(&written.file).unwrap();
    assert!(recovered.must_reconcile.is_some());
    assert!(recovered.problems[0].contains("missing"), "{:?}", recovered.problems);
}

#[test]
fn a_newer_journal_is_refused_and_stays_as_it_is() {
    let written = written();
    let mut bytes = written.bytes.clone();
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    fs::write(&written.file, &bytes).unwrap();
    let error = desk::open(&written.file).unwrap_err();
    assert!(matches!(error, JournalError::Newer { found: 99, .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains("newer Pitdesk") && text.contains("99") && text.contains("--profile"), "{text}");
    assert_eq!(fs::read(&written.file).unwrap(), bytes);
    assert_eq!(fs::read_dir(written.folder.path()).unwrap().count(), 1, "nothing beside it");
}

/// Does something to a file as another program would.
fn sql(file: &Path, sql: &'static str) {
    block_on(async {
        let url = format!("sqlite://{}?mode=rwc", file.display());
        let mut db = SqliteConnection::connect(&url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut db).await.unwrap();
        db.close().await.unwrap();
    });
}

#[test]
fn the_file_of_another_program_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.sqlite");
    sql(&file, "CREATE TABLE moz_places (id INTEGER PRIMARY KEY)");
    let recovered = desk::open(&file).unwrap();
    assert!(recovered.problems[0].contains("no journal of Pitdesk"), "{:?}", recovered.problems);
}

#[test]
fn a_folder_in_the_way_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.sqlite");
    fs::create_dir(&file).unwrap();
    let text = desk::open(&file).unwrap_err().to_string();
    assert!(text.contains("journal.sqlite") && text.contains("in the way"), "{text}");
    fs::remove_dir(&file).unwrap();
    // Beside a good file, SQLite's own file cannot be made.
    desk::write(&file, &[intended(1, 1)]);
    fs::create_dir(folder.path().join("journal.sqlite-wal")).unwrap();
    let text = desk::open(&file).unwrap_err().to_string();
    assert!(text.contains("cannot open the journal") && text.contains("--data-dir"), "{text}");
    fs::remove_dir(folder.path().join("journal.sqlite-wal")).unwrap();
    assert_eq!(desk::open(&file).unwrap().orders.len(), 1, "it was not touched");
}
