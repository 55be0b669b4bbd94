//! The format of the file: rows of the first version are read forever, garbage is refused.

use std::fs;
use std::path::PathBuf;

use pitdesk::domain::{Flatten, Moment, OrderId, OrderStatus, Qty, Seq, Time};
use pitdesk::store::journal::row::{self, EventRow, FillRow, MomentRow, OrderRow, decode, encode};
use proptest::collection::vec;
use proptest::prelude::*;
use sqlx::{Connection as _, SqliteConnection};

use super::desk::{self, block_on};

fn corpus() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/journal")
}

/// Every form of row takes the text, or refuses it: nothing panics.
fn feed(text: &[u8]) {
    if let Ok(event) = decode::<EventRow>(text) {
        // What is read can be written, and is then read as the same.
        let again = decode::<EventRow>(encode(&event).unwrap().as_bytes()).unwrap();
        assert_eq!(again, event);
        assert!(!event.moment.kind().is_empty());
    }
    if let Ok(order) = decode::<OrderRow>(text) {
        assert_eq!(decode::<OrderRow>(encode(&order).unwrap().as_bytes()).unwrap(), order);
    }
    if let Ok(fill) = decode::<FillRow>(text) {
        assert_eq!(decode::<FillRow>(encode(&fill).unwrap().as_bytes()).unwrap(), fill);
    }
    let checksum = row::checksum([1, 2], text);
    assert!(row::decode_checked::<EventRow>([1, 3], text, checksum).is_err(), "of another place");
}

fn files(prefix: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(corpus()).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
    let found = entries.filter(|path| name(path).starts_with(prefix));
    let found: Vec<_> = found.map(|path| (name(&path), fs::read(&path).unwrap())).collect();
    assert!(!found.is_empty(), "{prefix} is in the corpus");
    found
}

#[test]
fn the_rows_of_the_corpus_are_read_or_refused_as_they_should() {
    for (name, text) in files("") {
        feed(&text);
        let is_read = match name.split('-').next().unwrap() {
            "event" => decode::<EventRow>(&text).is_ok(),
            "order" => decode::<OrderRow>(&text).is_ok(),
            "fill" => decode::<FillRow>(&text).is_ok(),
            _ => continue,
        };
        assert!(is_read, "{name} is a good row");
    }
    for (name, text) in files("bad") {
        let is_refused = decode::<EventRow>(&text).is_err()
            && decode::<OrderRow>(&text).is_err()
            && decode::<FillRow>(&text).is_err();
        assert!(is_refused, "{name} is no row");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_a_row_or_refused(text in vec(any::<u8>(), 0..300)) {
        feed(&text);
    }

    #[test]
    fn a_row_with_something_wrong_in_it_is_a_row_or_refused(
        which in any::<prop::sample::Index>(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..6),
    ) {
        let rows: Vec<Vec<u8>> =
            ["event", "order", "fill"].into_iter().flat_map(files).map(|(_, text)| text).collect();
        let mut text = which.get(&rows).clone();
        for (at, byte, how) in changes {
            let at = at.index(text.len().max(1)).min(text.len().saturating_sub(1));
            match how {
                0 if !text.is_empty() => text[at] = byte,
                1 if !text.is_empty() => text.truncate(at),
                _ => text.insert(at, byte),
            }
        }
        feed(&text);
    }
}

/// A journal of version 1 as SQL, as it was the day that version was made. Never change it.
#[test]
fn a_journal_of_version_one_opens() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("journal.sqlite");
    let script = fs::read_to_string(corpus().join("v1.sql")).unwrap();
    block_on(async {
        let mut db =
            SqliteConnection::connect(&format!("sqlite://{}?mode=rwc", file.display())).await.unwrap();
        sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(&mut db).await.unwrap();
        db.close().await.unwrap();
    });
    let recovered = desk::open(&file).unwrap();
    assert!(recovered.must_reconcile.is_none(), "{:?}", recovered.problems);
    assert_eq!((recovered.next_seq, recovered.next_order_id, recovered.is_killed), (Seq(24), 7, Some(false)));
    assert_eq!(recovered.flatten, Flatten::No, "it did not say");
    assert_eq!(recovered.last_commit, Some(Time::from_seconds(1_023)));
    let orders: Vec<(u64, OrderStatus)> = recovered.orders.iter().map(|o| (o.id.0, o.status)).collect();
    let expected = [
        (1, OrderStatus::Filled),
        (2, OrderStatus::Working),
        (3, OrderStatus::Held),
        (4, OrderStatus::Cancelled),
        (5, OrderStatus::Unknown),
    ];
    assert_eq!(orders, expected);
    let [fill] = &recovered.fills[..] else { panic!("{:?}", recovered.fills) };
    assert_eq!((fill.order, fill.quantity), (OrderId(1), Qty(100.into())));
    let [problem] = &recovered.problems[..] else { panic!("{:?}", recovered.problems) };
    assert!(problem.contains("1 order (1 not ended)") && problem.contains("TSLA@GONE of paper"), "{problem}");
    let told = desk::timelines(&file, &[OrderId(1)]);
    let kinds: Vec<&str> =
        told[0].1.iter().map(|record| MomentRow::Plain(record.moment.clone()).kind()).collect();
    let expected = [
        "intended",
        "sent",
        "on wire",
        "reported",
        "asked amend",
        "amended",
        "amend refused",
        "executed",
        "executed",
    ];
    assert_eq!(kinds, expected);
    let Moment::Intended { seen: Some(seen), .. } = &told[0].1[0].moment else { panic!("{told:?}") };
    assert!(seen.bid.is_some() && seen.is_open);
}
