//! A disk that fails, and works again.

use std::time::Duration;

use super::*;

/// A running journal that the test hears, on a disk that it can spoil.
pub struct Desk {
    pub sender: JournalSender,
    hears: std_mpsc::Receiver<JournalEvent>,
    thread: std::thread::JoinHandle<()>,
}

impl Desk {
    /// `spoil` is done to the connection before the journal runs.
    pub fn new(file: &Path, spoil: &'static str, retry: Duration) -> Self {
        let (sender, inbox) = channel();
        let (told, hears) = std_mpsc::channel();
        let runtime = runtime();
        let (mut journal, _) = runtime.block_on(Journal::open(file, names(), Time::default())).unwrap();
        runtime.block_on(journal.do_sql(spoil));
        let run = move || {
            let events = move |event| told.send(event).unwrap();
            let writer = Writer::new(journal, events);
            runtime.block_on(writer.retrying_after(retry).run(inbox));
        };
        let thread = std::thread::Builder::new().spawn(run).unwrap();
        Self { sender, hears, thread }
    }

    #[track_caller]
    pub fn next(&self) -> JournalEvent {
        self.hears.recv_timeout(Duration::from_secs(20)).expect("the journal has something to say")
    }

    /// Ends the journal; what it told at last.
    pub fn end(self) -> Vec<JournalEvent> {
        drop(self.sender);
        self.thread.join().unwrap();
        self.hears.try_iter().collect()
    }
}

impl Journal {
    async fn do_sql(&mut self, sql: &'static str) {
        sqlx::raw_sql(sql).execute(self.disk.connection().await.unwrap()).await.unwrap();
    }
}

pub const NEVER: Duration = Duration::from_hours(1);

#[test]
fn a_timeline_is_every_record_of_an_order_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::new(&folder.path().join("j"), "", NEVER);
    let records = [
        intended(1, 7),
        intended(2, 8),
        sent(3, 7),
        working(4, 7),
        record(5, Moment::AskedCancel, vec![order(7, OrderStatus::PendingCancel)]),
        executed(6, 7),
        record(
            7,
            Moment::Reconciled {
                broker: BrokerId(1),
                summary: "nothing".into(),
                taken: TakenOver::default(),
            },
            vec![],
        ),
    ];
    for record in &records {
        desk.sender.append(record.clone()).unwrap();
    }
    desk.sender.timeline(OrderId(7));
    let of_seven = [0, 2, 3, 4, 5].map(|i: usize| records[i].clone()).to_vec();
    loop {
        if let JournalEvent::Timeline { order, records, left_out } = desk.next() {
            assert_eq!((order, records, left_out), (OrderId(7), of_seven, 0));
            break;
        }
    }
    desk.end();
}

#[track_caller]
pub fn failed(event: JournalEvent) -> (u64, u64, Arc<str>) {
    let JournalEvent::Failed { from, through, why } = event else { panic!("it failed, not {event:?}") };
    (from.0, through.0, why)
}

/// Ballast for the next connection to free, and not a page more than the file has.
pub const FULL: &str = "CREATE TABLE ballast AS SELECT randomblob(4000) AS block FROM json_each('[1,2,3,4,5,6,7,8]'); \
    PRAGMA max_page_count = 1; PRAGMA journal_size_limit = 0";

/// Gives the pages of the ballast back.
pub fn free_space(file: &Path) {
    let drop = async {
        let mut db = Disk::open(file).await.unwrap();
        sqlx::raw_sql("DROP TABLE ballast").execute(db.connection().await.unwrap()).await.unwrap();
        db.close().await;
    };
    runtime().block_on(drop);
}

/// Fills the rest of the last pages, so that the next record needs one more.
pub fn until_full(desk: &Desk, mut seq: u64) -> (u64, (u64, u64, Arc<str>)) {
    loop {
        desk.sender.append(working(seq, seq)).unwrap();
        match desk.next() {
            JournalEvent::Written(written) => assert_eq!(written, Seq(seq)),
            event => return (seq, failed(event)),
        }
        seq += 1;
        assert!(seq < 100, "the disk is full some day");
    }
}

#[test]
fn a_full_disk_gives_up_intents_and_keeps_facts() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("j");
    let desk = Desk::new(&file, FULL, NEVER);
    let (seq, (from, through, why)) = until_full(&desk, 1);
    assert_eq!((from, through), (seq, seq));
    assert!(why.contains("disk is full") && why.contains("Free some space"), "{why}");

    // Each failure tells of what is new only.
    desk.sender.append(intended(seq + 1, 501)).unwrap();
    assert_eq!(failed(desk.next()).0, seq + 1);
    desk.sender.append(working(seq + 2, 502)).unwrap();
    assert_eq!(failed(desk.next()).0, seq + 2);
    // What waits is part of the timeline, what was given up is not.
    desk.sender.timeline(OrderId(502));
    let JournalEvent::Timeline { records, .. } = desk.next() else { panic!("an answer") };
    assert_eq!(records, [working(seq + 2, 502)]);
    desk.sender.timeline(OrderId(501));
    assert_eq!(desk.next(), JournalEvent::Timeline { order: OrderId(501), records: vec![], left_out: 0 });

    free_space(&file);
    desk.sender.append(intended(seq + 3, 503)).unwrap();
    assert_eq!(desk.next(), JournalEvent::Written(Seq(seq + 3)));
    assert_eq!(desk.next(), JournalEvent::Works);
    desk.end();

    let recovered = reopen(&file);
    let ids: Vec<u64> = recovered.orders.iter().map(|order| order.id.0).collect();
    let expected: Vec<u64> = (1..=seq).chain([502, 503]).collect();
    assert_eq!(ids, expected, "every fact, and no intent that was given up");
    assert_eq!(recovered.next_seq, Seq(seq + 4));
}

#[test]
fn a_full_disk_is_tried_again_though_nothing_waits() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("j");
    let desk = Desk::new(&file, FULL, Duration::from_millis(1));
    let mut seq = 1;
    let mut refused = 0;
    // Intents are given up, so nothing waits. It may not say that it works before it does.
    while refused < 20 {
        desk.sender.append(intended(seq, seq)).unwrap();
        match desk.next() {
            JournalEvent::Failed { .. } => refused += 1,
            event => assert_eq!((event, refused), (JournalEvent::Written(Seq(seq)), 0)),
        }
        seq += 1;
    }
    free_space(&file);
    assert_eq!(desk.next(), JournalEvent::Works);
    assert_eq!(desk.end(), []);
    assert_eq!(reopen(&file).orders.len() as u64, seq - 1 - refused);
}

#[test]
fn a_journal_that_may_not_be_written_opens_its_file_again() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::new(&folder.path().join("j"), "PRAGMA query_only = ON", NEVER);
    desk.sender.append(intended(1, 1)).unwrap();
    let (from, through, why) = failed(desk.next());
    assert_eq!((from, through), (1, 1));
    assert!(why.contains("may not be written") && why.contains("writable"), "{why}");
    desk.sender.append(intended(2, 2)).unwrap();
    assert_eq!(desk.next(), JournalEvent::Written(Seq(2)));
    assert_eq!(desk.next(), JournalEvent::Works);
    desk.end();
}

#[test]
fn what_this_program_says_of_an_order_that_it_gave_up_makes_it_no_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("j");
    let desk = Desk::new(&file, FULL, NEVER);
    let (seq, _) = until_full(&desk, 1);
    for id in [501, 502, 503] {
        desk.sender.append(intended(seq + id - 500, id)).unwrap();
        failed(desk.next());
    }
    free_space(&file);
    let why = Moment::NotSent { why: "the journal failed".into() };
    let last = [
        sent(seq + 4, 501),
        working(seq + 5, 502),
        record(seq + 6, why, vec![order(503, OrderStatus::Rejected)]),
    ];
    for record in &last {
        desk.sender.append(record.clone()).unwrap();
    }
    while desk.next() != JournalEvent::Works {}
    desk.sender.timeline(OrderId(501));
    loop {
        if let JournalEvent::Timeline { records, .. } = desk.next() {
            assert_eq!(records, last[..1], "what was said is a fact");
            break;
        }
    }
    desk.end();
    let recovered = reopen(&file);
    let orders: Vec<&Order> = recovered.orders.iter().filter(|order| order.id.0 > 500).collect();
    let expected = [order(502, OrderStatus::Working), order(503, OrderStatus::Rejected)];
    assert_eq!(orders, expected.each_ref(), "501 was never sent, whatever this program said of it");
    assert_eq!(recovered.next_order_id, 504);
}

#[test]
fn a_second_record_of_a_number_never_takes_the_place_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("j");
    write_all(&file, vec![working(1, 1), working(2, 2), working(2, 9), working(3, 3)]);
    write_all(&file, vec![working(3, 8), working(4, 4)]);
    let ids: Vec<u64> = reopen(&file).orders.iter().map(|order| order.id.0).collect();
    assert_eq!(ids, [1, 2, 3, 4]);
}

#[test]
fn another_program_that_holds_the_file_is_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("j");
    let desk = Desk::new(&file, "", NEVER);
    let runtime = runtime();
    let mut other = runtime.block_on(Disk::open(&file)).unwrap();
    let mut do_sql = |sql: &'static str| {
        runtime
            .block_on(async { sqlx::raw_sql(sql).execute(other.connection().await.unwrap()).await.unwrap() })
    };
    do_sql("BEGIN IMMEDIATE");
    desk.sender.append(intended(1, 1)).unwrap();
    let why = failed(desk.next()).2;
    assert!(why.contains("another program holds it"), "{why}");
    do_sql("ROLLBACK");
    desk.sender.append(intended(2, 2)).unwrap();
    assert_eq!(desk.next(), JournalEvent::Written(Seq(2)));
    assert_eq!(desk.next(), JournalEvent::Works);
    desk.end();
}

#[test]
fn damage_that_is_met_while_it_runs_is_looked_for_at_the_next_start() {
    const PAGE: usize = 4_096;
    /// First byte of a page of keys.
    const KEYS: u8 = 10;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("j");
    write_all(&file, (1..=1_000).map(|id| working(id, id)).collect());
    let bytes = std::fs::read(&file).unwrap();
    // A page of keys that no start reads and every record about the first order needs.
    for page in (0..bytes.len()).step_by(PAGE).filter(|&at| bytes[at] == KEYS) {
        let mut damaged = bytes.clone();
        damaged[page..][..64].fill(0xff);
        std::fs::write(&file, &damaged).unwrap();
        let desk = Desk::new(&file, "", Duration::from_millis(1));
        desk.sender.append(working(1_001, 1)).unwrap();
        let told = desk.next();
        desk.end();
        if let JournalEvent::Failed { why, .. } = told {
            assert!(why.contains("damaged") && why.contains("Start Pitdesk again"), "{why}");
            assert!(reopen(&file).must_reconcile.is_some(), "it is found now");
            assert_eq!(reopen(&file).orders.len(), 1_000);
            return;
        }
    }
    panic!("no page of keys was in the way of the record");
}

#[test]
fn what_cannot_be_written_to_the_end_is_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("j");
    // Whoever waits for the end does not wait for the next attempt.
    let desk = Desk::new(&file, FULL, NEVER);
    let (seq, _) = until_full(&desk, 1);
    desk.sender.append(record(seq + 1, Moment::Kill { is_on: true, flatten: Flatten::No }, vec![])).unwrap();
    failed(desk.next());
    let told = desk.end();
    let [JournalEvent::GivenUp(what)] = &told[..] else { panic!("{told:?}") };
    let expected = format!("2 events, about order {seq}, could not be written");
    assert!(what.starts_with(&expected) && what.contains("The next start asks"), "{what}");
    assert_eq!(reopen(&file).next_seq, Seq(seq));
}

#[test]
fn what_the_disk_takes_at_the_last_try_is_not_given_up() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("j");
    let desk = Desk::new(&file, FULL, NEVER);
    let (seq, _) = until_full(&desk, 1);
    free_space(&file);
    assert_eq!(desk.end(), [JournalEvent::Written(Seq(seq)), JournalEvent::Works]);
    assert_eq!(reopen(&file).next_seq, Seq(seq + 1));
}

#[test]
fn an_order_whose_intent_was_given_up_and_written_later_is_an_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("j");
    let desk = Desk::new(&file, FULL, NEVER);
    let (seq, _) = until_full(&desk, 1);
    // A close that waits for exits to go: intended now, and once more when they are gone.
    desk.sender.append(intended(seq + 1, 501)).unwrap();
    failed(desk.next());
    free_space(&file);
    desk.sender.append(intended(seq + 2, 501)).unwrap();
    while desk.next() != JournalEvent::Works {}
    desk.sender.append(sent(seq + 3, 501)).unwrap();
    assert_eq!(desk.next(), JournalEvent::Written(Seq(seq + 3)));
    desk.end();
    let recovered = reopen(&file);
    let found = recovered.orders.iter().find(|order| order.id == OrderId(501));
    assert_eq!(found, Some(&order(501, OrderStatus::Sent)));
}

#[test]
fn of_a_timeline_that_nobody_reads_whole_the_first_records_and_the_newest_come() {
    const MANY: u64 = 5_000;
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::new(&folder.path().join("j"), "", NEVER);
    desk.sender.append(intended(1, 7)).unwrap();
    for seq in 2..=MANY {
        desk.sender.append(working(seq, 7)).unwrap();
    }
    while desk.next() != JournalEvent::Written(Seq(MANY)) {}
    desk.sender.timeline(OrderId(7));
    let JournalEvent::Timeline { records, left_out, .. } = desk.next() else { panic!("an answer") };
    let places: Vec<u64> = records.iter().map(|record| record.seq.0).collect();
    let expected: Vec<u64> = (1..=50).chain(MANY - 1_999..=MANY).collect();
    assert!(places == expected, "{:?} … {:?}", &places[..60.min(places.len())], places.last());
    assert_eq!(left_out, 2_950);
    desk.end();
}

#[test]
fn questions_make_no_room_while_the_disk_fails_and_the_end_waits_for_no_next_try() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::new(&folder.path().join("j"), FULL, NEVER);
    let (mut seq, mut refused) = (1, 0);
    // A timeline is opened with every record that is not taken.
    while refused < 5 {
        if desk.sender.append(working(seq, seq)).is_ok() {
            seq += 1;
            assert!(seq < 3 * CAPACITY as u64, "memory is bounded");
            continue;
        }
        refused += 1;
        desk.sender.timeline(OrderId(1));
        while !matches!(desk.next(), JournalEvent::Timeline { .. }) {}
    }
    let told = desk.end();
    assert!(matches!(told[..], [.., JournalEvent::GivenUp(_)]), "{:?}", told.last());
}

#[test]
fn a_full_queue_is_told_at_once() {
    let (sender, inbox) = inbox::channel_of(2);
    sender.append(intended(1, 1)).unwrap();
    sender.append(intended(2, 2)).unwrap();
    assert_eq!(sender.append(intended(3, 3)), Err(Full));
    drop(inbox);
    assert_eq!(sender.append(intended(4, 4)), Err(Full));
}

#[test]
fn an_older_file_is_brought_up_step_by_step_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let good: &[&str] = &["CREATE TABLE one (a)", "INSERT INTO one VALUES (2); CREATE TABLE two (b)"];
    let bad: &[&str] = &[good[0], "INSERT INTO one VALUES (2); CREATE TABLE one (again)"];
    let steps = async {
        let mut disk = Disk::open(&folder.path().join("j")).await.unwrap();
        let db = disk.connection().await.unwrap();
        schema::migrate(db, &good[..1]).await.unwrap();
        assert!(schema::migrate(db, bad).await.is_err());
        assert_eq!(schema::version(db).await.unwrap(), 1);
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM one").fetch_one(&mut *db).await.unwrap();
        assert_eq!(rows, 0, "half a step is none");
        schema::migrate(db, good).await.unwrap();
        schema::migrate(db, good).await.unwrap();
        assert_eq!(schema::version(db).await.unwrap(), 2);
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM one").fetch_one(&mut *db).await.unwrap();
        assert_eq!(rows, 1, "a step is made once");
    };
    runtime().block_on(steps);
}
