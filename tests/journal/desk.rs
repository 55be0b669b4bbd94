//! A journal that runs for as long as a test has records for it.

use std::path::Path;
use std::sync::{Mutex, mpsc};

use pitdesk::domain::{OrderId, Record, Time};
use pitdesk::store::journal::{Journal, JournalError, JournalEvent, Recovered, channel};

use super::sample::names;

/// When the tests start the program again.
pub const NOW: Time = Time::from_seconds(1_010);

pub fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
}

/// Writes these records, and ends in order.
pub fn write(file: &Path, records: &[Record]) {
    run(file, records, &[]);
}

/// Writes these records and asks for these timelines; what the journal told.
pub fn run(file: &Path, records: &[Record], timelines: &[OrderId]) -> Vec<JournalEvent> {
    block_on(async {
        let (journal, _) = Journal::open(file, names(), NOW).await.unwrap();
        let (sender, inbox) = channel();
        for record in records {
            sender.append(record.clone()).unwrap();
        }
        for order in timelines {
            sender.timeline(*order);
        }
        let (told, hears) = mpsc::channel();
        // The sender lives until every question is answered: an inbox without one has ended.
        let open = Mutex::new((Some(sender), timelines.len()));
        let events = move |event| {
            let mut open = open.lock().unwrap();
            open.1 -= usize::from(matches!(event, JournalEvent::Timeline { .. }));
            if open.1 == 0 {
                open.0 = None;
            }
            told.send(event).unwrap();
        };
        if timelines.is_empty() && records.is_empty() {
            journal.close().await;
        } else {
            journal.run(inbox, events).await;
        }
        hears.try_iter().collect()
    })
}

/// The timelines of these orders.
pub fn timelines(file: &Path, orders: &[OrderId]) -> Vec<(OrderId, Vec<Record>)> {
    // As many as may be asked for at once.
    let told = orders.chunks(200).flat_map(|some| run(file, &[], some));
    told.filter_map(|event| match event {
        JournalEvent::Timeline { order, records, left_out: 0 } => Some((order, records)),
        _ => None,
    })
    .collect()
}

pub fn open(file: &Path) -> Result<Recovered, JournalError> {
    open_at(file, NOW)
}

pub fn open_at(file: &Path, now: Time) -> Result<Recovered, JournalError> {
    block_on(async {
        let (journal, recovered) = Journal::open(file, names(), now).await?;
        journal.close().await;
        Ok(recovered)
    })
}
