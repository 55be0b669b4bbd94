//! What the trader notes of orders: last one wins, and damage and a full disk are survived or told.

use super::faults::{Desk, FULL, NEVER, failed, free_space, until_full};
use super::*;

fn noted(seq: u64, order: u64, text: &str, tags: &str) -> Record {
    record(seq, Moment::Noted { order: OrderId(order), note: Note::typed(text, tags) }, vec![])
}

fn lines(recovered: &Recovered) -> Vec<(u64, String)> {
    recovered.notes.iter().map(|(order, note)| (order.0, note.line())).collect()
}

#[test]
fn the_last_note_of_an_order_is_there_after_a_restart_and_an_empty_one_takes_it_away() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("j");
    write_all(&file, vec![intended(1, 7), noted(2, 7, "too early", ""), noted(3, 7, "on plan", "gap")]);
    assert_eq!(lines(&reopen(&file)), [(7, "#gap on plan".to_owned())]);
    write_all(&file, vec![noted(4, 7, "in another run", ""), noted(5, 8, "of a fill alone", "")]);
    let recovered = reopen(&file);
    assert_eq!(lines(&recovered), [(7, "in another run".to_owned()), (8, "of a fill alone".to_owned())]);
    assert_eq!(recovered.next_seq, Seq(6));
    write_all(&file, vec![noted(6, 7, "", "")]);
    assert_eq!(lines(&reopen(&file)), [(8, "of a fill alone".to_owned())]);
}

#[test]
fn a_note_is_of_the_orders_timeline() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::new(&folder.path().join("j"), "", NEVER);
    let records = [intended(1, 7), noted(2, 7, "why", "plan"), noted(3, 8, "another", "")];
    for record in &records {
        desk.sender.append(record.clone()).unwrap();
    }
    desk.sender.timeline(OrderId(7));
    loop {
        if let JournalEvent::Timeline { records: told, .. } = desk.next() {
            assert_eq!(told, records[..2]);
            break;
        }
    }
    desk.end();
}

#[test]
fn a_note_that_a_full_disk_did_not_take_is_given_up_and_does_not_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("j");
    let desk = Desk::new(&file, FULL, NEVER);
    let (seq, _) = until_full(&desk, 1);
    desk.sender.append(noted(seq + 1, 1, "lost", "")).unwrap();
    assert_eq!(failed(desk.next()).0, seq + 1);
    free_space(&file);
    desk.sender.append(noted(seq + 2, 2, "kept", "")).unwrap();
    assert_eq!(desk.next(), JournalEvent::Written(Seq(seq + 2)));
    desk.end();
    assert_eq!(lines(&reopen(&file)), [(2, "kept".to_owned())]);
}

#[test]
fn a_damaged_note_is_read_from_its_event() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("j");
    write_all(&file, vec![intended(1, 7), noted(2, 7, "on plan", "gap")]);
    let spoil = async {
        let mut db = Disk::open(&file).await.unwrap();
        let sql = "UPDATE notes SET body = replace(body, 'plan', 'plen')";
        sqlx::raw_sql(sql).execute(db.connection().await.unwrap()).await.unwrap();
        db.close().await;
    };
    runtime().block_on(spoil);
    let recovered = reopen(&file);
    assert_eq!(lines(&recovered), [(7, "#gap on plan".to_owned())]);
    assert!(!recovered.problems.is_empty(), "the file was damaged, which is told");
}
