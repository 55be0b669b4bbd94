//! The program's own journal in a file: what the model of it is measured by.
//!
//! At every start of the program records are written with `store::journal` and read back as a
//! start does: rows are encoded, batched, put into SQLite, recovered, decoded. Only when they get
//! there is the model's, which runs on the virtual clock.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};

use pitdesk::domain::{Record, Seq, Time};
use pitdesk::store::journal::{Journal, JournalEvent, Names, Recovered, channel};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::exchange::instruments;

/// Where files cost nothing, on the systems that have it: what a sync is worth is not asked here.
const MEMORY: &str = "/dev/shm";

pub struct RealJournal {
    folder: TempDir,
    runtime: Runtime,
    /// The last record that it was given.
    last: Seq,
}

impl RealJournal {
    pub fn new() -> Self {
        let has_memory = Path::new(MEMORY).is_dir();
        let folder = if has_memory { TempDir::new_in(MEMORY) } else { TempDir::new() };
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        Self { folder: folder.unwrap(), runtime, last: Seq::default() }
    }

    /// Writes what is new of `records`, and reads how things stand.
    pub fn write_and_recover(&mut self, records: &BTreeMap<Seq, Record>, now: Time) -> Recovered {
        let file = self.folder.path().join("journal.sqlite");
        let names = || Names { brokers: vec!["Paper".into()], instruments: instruments() };
        let fresh: Vec<Record> =
            records.range(self.last.next()..).map(|(_, record)| record.clone()).collect();
        let last = fresh.last().map(|record| record.seq);
        let said = Arc::<Mutex<Vec<JournalEvent>>>::default();
        let hears = Arc::clone(&said);
        let found = self.runtime.block_on(async {
            let (journal, _) = Journal::open(&file, names(), now).await.unwrap();
            let (sender, inbox) = channel();
            for record in fresh {
                sender.append(record).unwrap();
            }
            drop(sender);
            journal.run(inbox, move |event| hears.lock().unwrap().push(event)).await;
            let (journal, found) = Journal::open(&file, names(), now).await.unwrap();
            journal.close().await;
            found
        });
        let said = said.lock().unwrap();
        let is_written = |event: &JournalEvent| matches!(event, JournalEvent::Written(_));
        assert!(said.iter().all(is_written), "{said:?}");
        assert_eq!(said.last(), last.map(JournalEvent::Written).as_ref());
        self.last = last.unwrap_or(self.last);
        found
    }
}
