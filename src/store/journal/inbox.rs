//! The way into the journal: bounded, and never waited at.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::domain::{Instrument, OrderId, Record};

/// How many records may wait to be taken.
pub const CAPACITY: usize = 65_536;
/// How many timelines may be asked for at once; a person looks at one.
const QUESTIONS: usize = 256;

/// A record that was not taken: too many wait, or the journal has ended. It is not on disk
/// and never will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the journal takes no more: it has ended, or its disk is {CAPACITY} records behind")]
pub struct Full;

/// The engine's end.
#[derive(Debug, Clone)]
pub struct JournalSender {
    records: mpsc::Sender<Record>,
    questions: mpsc::Sender<OrderId>,
    /// Without a bound: as many as a trader lists by hand, and a record of one that was left out would
    /// name nothing.
    joining: mpsc::UnboundedSender<Arc<Instrument>>,
}

/// The journal's end. It ends when every sender is gone.
#[derive(Debug)]
pub struct Inbox {
    pub(super) records: mpsc::Receiver<Record>,
    pub(super) questions: mpsc::Receiver<OrderId>,
    pub(super) joining: mpsc::UnboundedReceiver<Arc<Instrument>>,
}

/// Both ends.
#[must_use]
pub fn channel() -> (JournalSender, Inbox) {
    channel_of(CAPACITY)
}

pub(super) fn channel_of(capacity: usize) -> (JournalSender, Inbox) {
    let (records, taken) = mpsc::channel(capacity);
    let (questions, asked) = mpsc::channel(QUESTIONS);
    let (joining, join) = mpsc::unbounded_channel();
    (JournalSender { records, questions, joining }, Inbox { records: taken, questions: asked, joining: join })
}

impl JournalSender {
    /// Hands a record over. What became of it comes as a `JournalEvent`.
    ///
    /// # Errors
    /// When it was not taken; nothing more comes about it then.
    pub fn append(&self, record: Record) -> Result<(), Full> {
        self.records.try_send(record).or(Err(Full))
    }

    /// Asks for what there is of an instrument that joins the catalogue, in the order of their ids: each
    /// has its answer, as `JournalEvent::Recalled`, before the first record of it is handed over.
    ///
    /// # Errors
    /// When the journal has ended; no answer comes then.
    pub fn recall(&self, instrument: Arc<Instrument>) -> Result<(), Full> {
        self.joining.send(instrument).or(Err(Full))
    }

    /// Asks for all records of an order. Where hundreds are asked for at once the last
    /// questions get no answer.
    pub fn timeline(&self, order: OrderId) {
        if self.questions.try_send(order).is_err() {
            tracing::debug!("nobody took the question for the timeline of order {order}");
        }
    }
}
