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
    fn new(file: &Path, spoil: &'static str, retry: Duration) -> Self {
        let (sender, inbox) = channel();
        let (told, hears) = std_mpsc::channel();
        let runtime = runtime();
        let (mut journal, _) = runtime.block_on(Journal::open(file, names(), Time::default())).unwrap();
        runtime.block_on(journal.do_sql(spoil));
        let run = move || {
            let events = move |event| told.send(event).unwrap();
            let writer = Writer::new(journal.disk, journal.directory, journal.must_reconcile, events);
            runtime.block_on(writer.retrying_after(retry).run(inbox));
        };
        let thread = std::thread::Builder::new().spawn(run).unwrap();
        Self { sender, hears, thread }
    }

    #[track_caller]
    fn next(&self) -> JournalEvent {
        self.hears.recv_timeout(Duration::from_secs(20)).expect("the journal has something to say")
    }

    /// Ends the journal; what it told at last.
    fn end(self) -> Vec<JournalEvent> {
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

const NEVER: Duration = Duration::from_hours(1);

#[test]
fn a_timeline_is_every_record_of_an_order_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let desk = Desk::new(&folder.path().join("j"), "", NEVER);
    let records = [
        intended(1, 7),
        intended(2, 8),
        sent(3, 7),
        reported(4, 7, OrderStatus::Working),
        record(5, Moment::AskedCancel, vec![order(7, OrderStatus::PendingCancel)]),
        record(6, Moment::Executed(fill("e-1", 7)), vec![order(7, OrderStatus::Filled)]),
        record(7, Moment::Reconciled { broker: BrokerId(1), summary: "nothing".into() }, vec![]),
    ];
    for record in &records {
        desk.sender.append(record.clone()).unwrap();
    }
    desk.sender.timeline(OrderId(7));
    let of_seven = [0, 2, 3, 4, 5].map(|i: usize| records[i].clone()).to_vec();
    loop {
        if let JournalEvent::Timeline { order, records } = desk.next() {
            assert_eq!((order, records), (OrderId(7), of_seven));
            break;
        }
    }
    desk.end();
}
