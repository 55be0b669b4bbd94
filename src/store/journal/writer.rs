//! The running journal: takes records, writes them in groups, and keeps them while the
//! disk fails.
//!
//! Whatever waits goes into one transaction. When that fails, intents are given up and
//! said to be (nothing was sent, so nothing is lost), and all other records, which are facts,
//! wait in memory until the disk takes them. The numbers of intents that were given up are
//! the only gaps in the journal.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use sqlx::{Row as _, SqliteConnection};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use super::batch::{Batch, MUST_RECONCILE, about};
use super::disk::{Disk, DiskError};
use super::inbox::{CAPACITY, Inbox};
use super::names::Directory;
use super::row::{EventRow, FillRow, MomentRow, column};
use super::{Journal, JournalEvent, recover};
use crate::domain::{BrokerId, Instrument, Moment, OrderId, Recalled, Record, Seq, TIMELINE_BEGINS, Time};

/// Records in one transaction, at most.
const GROUP: usize = 4_096;
/// How long after a failure it is tried again, if no record comes before.
const RETRY: Duration = Duration::from_secs(3);
/// How long the last tries may take, once nobody can send any more: less than whoever waits for
/// the end does.
const LAST_TRIES: Duration = Duration::from_millis(800);
/// Time between them.
const LAST_PAUSE: Duration = Duration::from_millis(100);
/// Records of a timeline behind its first: the newest.
const NEWEST: usize = 2_000;
/// Records after which the WAL is emptied when there is nothing else to do, and when there is.
const CHECKPOINT: [usize; 2] = [512, 16_384];

/// What runs until every sender is gone.
pub(super) struct Writer<F> {
    disk: Disk,
    directory: Directory,
    events: F,
    /// The lowest number that a new record may have.
    next: Seq,
    /// What is not on disk yet, oldest first.
    waiting: VecDeque<Record>,
    /// Set while the disk fails: the newest record that was told of.
    failing: Option<Seq>,
    /// Orders whose intent was given up, and none was written since.
    void: BTreeSet<OrderId>,
    /// Brokers whose books must still be compared before the journal is trusted.
    unreconciled: BTreeSet<BrokerId>,
    /// Records since the WAL was last emptied.
    since_checkpoint: usize,
    retry: Duration,
}

impl<F: Fn(JournalEvent) + Send + 'static> Writer<F> {
    pub(super) fn new(journal: Journal, events: F) -> Self {
        let Journal { disk, directory, next, must_reconcile, is_writable } = journal;
        let brokers = (0..=u8::MAX).zip(directory.brokers()).map(|(id, _)| BrokerId(id));
        Self {
            unreconciled: brokers.filter(|_| must_reconcile).collect(),
            disk,
            directory,
            events,
            next,
            waiting: VecDeque::new(),
            // Whoever opened it so knows that, and waits for the word that it works.
            failing: (!is_writable).then(|| Seq(next.0.saturating_sub(1))),
            void: BTreeSet::new(),
            since_checkpoint: 0,
            retry: RETRY,
        }
    }

    #[cfg(test)]
    pub(super) fn retrying_after(mut self, pause: Duration) -> Self {
        self.retry = pause;
        self
    }

    pub(super) async fn run(mut self, inbox: Inbox) {
        let Inbox { mut records, mut questions, mut joining } = inbox;
        let mut group = Vec::new();
        let mut next_try = Instant::now();
        let mut has_senders = true;
        loop {
            // While the disk fails, memory is bounded by leaving records with their senders.
            let has_room = self.waiting.len() < CAPACITY;
            if !has_room && !has_senders {
                break;
            }
            tokio::select! {
                taken = records.recv_many(&mut group, GROUP), if has_room => {
                    self.accept(group.drain(..));
                    if taken == 0 {
                        break;
                    }
                    self.write().await;
                    next_try = Instant::now() + self.retry;
                }
                () = sleep_until(next_try), if self.failing.is_some() => {
                    self.write().await;
                    next_try = Instant::now() + self.retry;
                }
                question = questions.recv(), if has_senders => {
                    // Whoever sends records may ask: there is nobody any more.
                    let Some(order) = question else {
                        has_senders = false;
                        continue;
                    };
                    // What was said before the question belongs into the answer, where there is room.
                    let room = CAPACITY.saturating_sub(self.waiting.len());
                    self.accept_waiting(&mut records, room);
                    self.write().await;
                    self.answer(order).await;
                }
                Some(instrument) = joining.recv() => self.recall(instrument).await,
            }
            self.tidy(records.is_empty()).await;
        }
        self.accept_waiting(&mut records, usize::MAX);
        self.finish().await;
    }

    /// Learns what an instrument is called, and tells what the file has of it.
    async fn recall(&mut self, instrument: Arc<Instrument>) {
        let outcome = self.read_of(&instrument).await;
        if let Err(error) = &outcome {
            tracing::error!("what the journal has of {} could not be read: {error}", instrument.key());
        }
        self.directory.list(Arc::clone(&instrument));
        let outcome = outcome.map_err(|error| error.to_string().into());
        (self.events)(JournalEvent::Recalled { instrument: instrument.id, outcome });
    }

    async fn read_of(&mut self, instrument: &Arc<Instrument>) -> Result<Recalled, DiskError> {
        recover::recall(self.disk.connection().await?, self.directory.brokers(), instrument).await
    }

    /// Takes what is there without waiting, so many at most.
    fn accept_waiting(&mut self, records: &mut mpsc::Receiver<Record>, most: usize) {
        self.accept(std::iter::from_fn(|| records.try_recv().ok()).take(most));
    }

    fn accept(&mut self, records: impl IntoIterator<Item = Record>) {
        for record in records {
            if record.seq < self.next {
                // A second record of a number would be taken for the first one tried again.
                tracing::error!("record {} came out of order and is not kept: {record:?}", record.seq);
                continue;
            }
            self.next = record.seq.next();
            self.waiting.push_back(record);
        }
    }

    /// Writes what waits, or says from where on it could not.
    async fn write(&mut self) {
        while !self.waiting.is_empty() {
            match self.write_group().await {
                Ok((count, last)) => {
                    self.waiting.drain(..count);
                    self.since_checkpoint += count;
                    (self.events)(JournalEvent::Written(last));
                }
                Err(error) => return self.fail(&error),
            }
        }
        // What waited may all have been given up: having nothing left to write proves nothing.
        if self.failing.is_some() {
            match self.disk.probe().await {
                Ok(()) => {
                    self.failing = None;
                    (self.events)(JournalEvent::Works);
                }
                Err(error) => tracing::debug!("the journal still cannot be written: {error}"),
            }
        }
    }

    /// Writes the oldest group; how many records it had, and the last of them.
    async fn write_group(&mut self) -> Result<(usize, Seq), DiskError> {
        let mut batch = Batch::default();
        let mut reconciled = self.unreconciled.clone();
        let mut void = self.void.clone();
        let mut wrote = (0, Seq::default());
        for record in self.waiting.iter().take(GROUP) {
            // An order may be intended once more, such as a close that waited for exits to go.
            if let Moment::Intended { .. } = record.moment {
                void.retain(|id| record.orders.iter().all(|order| order.id != *id));
            }
            let is_ours = is_our_word(&record.moment);
            let event = self.directory.event_row(record);
            batch.add(record.seq, record.at, &event, |order| is_ours && void.contains(&order))?;
            if let MomentRow::Charged(fill) = &event.moment {
                let booked = match batch.place_of(fill) {
                    Some(seq) => Some(seq),
                    None => place_of(self.disk.connection().await?, fill).await?,
                };
                // One that the journal could not take when it was booked is booked now.
                batch.put_fill(booked.unwrap_or(record.seq), fill)?;
            }
            if let Moment::Reconciled { broker, .. } = record.moment {
                reconciled.remove(&broker);
            }
            wrote = (wrote.0 + 1, record.seq);
        }
        if !self.unreconciled.is_empty() && reconciled.is_empty() {
            batch.set(MUST_RECONCILE, String::new());
        }
        self.disk.write(&batch).await?;
        (self.unreconciled, self.void) = (reconciled, void);
        Ok(wrote)
    }

    fn fail(&mut self, error: &DiskError) {
        let told = self.failing;
        let is_news = |record: &&Record| told.is_none_or(|told| record.seq > told);
        let Some(from) = self.waiting.iter().find(is_news).map(|record| record.seq) else {
            return tracing::debug!("the journal still cannot be written: {error}");
        };
        let through = self.waiting.back().map_or(from, |record| record.seq);
        let void = &mut self.void;
        self.waiting.retain(|record| {
            let is_intent = matches!(record.moment, Moment::Intended { .. });
            if is_intent {
                void.extend(record.orders.iter().map(|order| order.id));
            }
            // A note that was told of as not kept must not come back with the next start.
            !is_intent && !matches!(record.moment, Moment::Noted { .. })
        });
        self.failing = Some(through);
        let why: Arc<str> = format!("The journal cannot be written: {error}").into();
        tracing::error!("records {from} to {through}: {why}");
        (self.events)(JournalEvent::Failed { from, through, why });
    }

    async fn answer(&mut self, order: OrderId) {
        let (mut records, mut left_out) = match self.read_timeline(order).await {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!("the timeline of order {order} has only what is in memory: {error}");
                (Vec::new(), 0)
            }
        };
        let waiting = self.waiting.iter().filter(|record| about(record).any(|id| id == order));
        records.extend(waiting.cloned());
        let excess = records.len().saturating_sub(TIMELINE_BEGINS + NEWEST);
        if excess > 0 {
            records.drain(TIMELINE_BEGINS..TIMELINE_BEGINS + excess);
            left_out += excess;
        }
        (self.events)(JournalEvent::Timeline { order, records, left_out });
    }

    /// What the file has of an order, and how many records between the first and the newest are
    /// left out.
    async fn read_timeline(&mut self, order: OrderId) -> Result<(Vec<Record>, usize), DiskError> {
        const TIMELINE: &str = "
            SELECT events.seq, at, body, crc FROM events WHERE seq IN (
                SELECT * FROM (SELECT seq FROM touched WHERE order_id = ?1 ORDER BY seq LIMIT ?2)
                UNION SELECT * FROM (SELECT seq FROM touched WHERE order_id = ?1 ORDER BY seq DESC LIMIT ?3))
            ORDER BY seq";
        const COUNT: &str = "SELECT count(*) FROM touched WHERE order_id = ?";
        let limit = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let db = self.disk.connection().await?;
        let count: i64 = sqlx::query_scalar(COUNT).bind(column(order.0)).fetch_one(&mut *db).await?;
        let rows =
            sqlx::query(TIMELINE).bind(column(order.0)).bind(limit(TIMELINE_BEGINS)).bind(limit(NEWEST));
        let rows = rows.fetch_all(db).await?;
        let left_out = usize::try_from(count).unwrap_or_default().saturating_sub(rows.len());
        let mut records = Vec::with_capacity(rows.len());
        for row in &rows {
            let (seq, at) = (Seq(row.try_get::<i64, _>(0)?.cast_unsigned()), Time(row.try_get(1)?));
            match recover::read::<EventRow>(row, "an event") {
                Ok(event) => records.extend(self.directory.record(seq, at, event)),
                Err(error) => tracing::error!("record {seq} is left out of the timeline of {order}: {error}"),
            }
        }
        Ok((records, left_out))
    }

    /// Empties the WAL, when that delays nobody or it has grown too long.
    async fn tidy(&mut self, is_idle: bool) {
        let [when_idle, always] = CHECKPOINT;
        if self.since_checkpoint >= if is_idle { when_idle } else { always } {
            self.since_checkpoint = 0;
            if let Err(error) = self.disk.checkpoint().await {
                // All is safe in the WAL; it only grows until this works again.
                tracing::warn!("the journal's WAL could not be emptied: {error}");
            }
        }
    }

    /// Nobody sends any more: tries at once, and once more, and says what is not written.
    async fn finish(mut self) {
        let end = Instant::now() + LAST_TRIES;
        let twice = async {
            self.write().await;
            if !self.waiting.is_empty() {
                sleep(LAST_PAUSE).await;
                self.write().await;
            }
        };
        if timeout_at(end, twice).await.is_err() {
            tracing::error!("the disk did not answer within {LAST_TRIES:?} at the end");
        }
        for record in &self.waiting {
            tracing::error!("given up, the journal does not have it: {record:?}");
        }
        if !self.waiting.is_empty() {
            (self.events)(JournalEvent::GivenUp(given_up(&self.waiting).into()));
        }
        self.disk.close().await;
    }
}

/// The record that told of a fill first.
async fn place_of(db: &mut SqliteConnection, fill: &FillRow) -> Result<Option<Seq>, DiskError> {
    const PLACE: &str = "SELECT seq FROM fills WHERE broker = ? AND account = ? AND exec = ?";
    let (broker, account, exec) = fill.key();
    let place = sqlx::query_scalar::<_, i64>(PLACE).bind(&*broker).bind(&*account.0).bind(&*exec.0);
    Ok(place.fetch_optional(db).await?.map(|seq| Seq(seq.cast_unsigned())))
}

/// What a trader must know of records that were never written.
fn given_up(records: &VecDeque<Record>) -> String {
    let orders: BTreeSet<OrderId> = records.iter().flat_map(about).collect();
    let names: Vec<String> = orders.iter().take(5).map(ToString::to_string).collect();
    let more = if orders.len() > names.len() { " and others" } else { "" };
    let about =
        if names.is_empty() { String::new() } else { format!(", about order {}{more}", names.join(", ")) };
    format!(
        "{}{about}, could not be written into the journal before the program ended. The next start asks the \
         brokers how things stand; until then look there",
        recover::counted(records.len(), "event")
    )
}

/// What this program wanted or concluded, as opposed to what it was told: about an order
/// that was never sent it says nothing.
fn is_our_word(moment: &Moment) -> bool {
    match moment {
        Moment::Intended { .. }
        | Moment::Sent { .. }
        | Moment::OnWire { .. }
        | Moment::AskedAmend { .. }
        | Moment::AskedCancel
        | Moment::LostBroker => true,
        Moment::NotSent { .. }
        | Moment::Reported { .. }
        | Moment::Amended { .. }
        | Moment::AmendRefused { .. }
        | Moment::CancelRefused { .. }
        | Moment::TriggerMoved { .. }
        | Moment::Executed(_)
        | Moment::Charged(_)
        | Moment::Settled { .. }
        | Moment::Decided { .. }
        | Moment::LegEnded
        | Moment::Noted { .. }
        | Moment::Reconciled { .. }
        | Moment::Kill { .. } => false,
    }
}
