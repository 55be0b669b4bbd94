//! The two ends of the link.
//!
//! The engine holds an [`EngineEnd`], the window a [`WindowEnd`]. They share one
//! mutex around the waiting slots, held by either side for the length of a move,
//! never over I/O, so that neither can make the other wait for longer than a copy.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;

use super::followers::Followers;
use super::slots::Slots;
pub use super::slots::{BarSlot, Drained, Latched, TradeRing};
use super::{Alive, BarKey, Envelope, Numbered, Update};
use crate::domain::{Bar, Depth, InstrumentId, Quote, Time, Trade};

/// Commands that may wait for the engine.
pub const COMMAND_CAPACITY: usize = 256;
/// Lossless updates that may wait for the window before a snapshot replaces them.
pub const LOSSLESS_CAPACITY: usize = 16_384;
/// Trades per instrument that may wait; older ones are dropped and counted.
pub const TRADES_PER_RING: usize = 2_048;
/// Bars per series that may wait; beyond, the series is asked for anew.
pub const BARS_PER_SLOT: usize = 4_096;

/// Makes the two ends. `wake` is called, from any thread, when the window should
/// look; at most once until it has looked.
#[must_use]
pub fn connect(wake: Arc<dyn Fn() + Send + Sync>) -> (EngineEnd, WindowEnd) {
    connect_with(wake, LOSSLESS_CAPACITY)
}

/// As [`connect`], with room for so many lossless updates.
#[must_use]
pub fn connect_with(wake: Arc<dyn Fn() + Send + Sync>, lossless: usize) -> (EngineEnd, WindowEnd) {
    let (sender, commands) = mpsc::channel(COMMAND_CAPACITY);
    let (publisher, inbox) = Publisher::new(wake, lossless);
    let followers = Followers::new(sender.downgrade());
    let commander = CommandSender { sender };
    (EngineEnd { commands, publisher, followers }, WindowEnd { commander, inbox })
}

struct Shared {
    slots: Mutex<Slots>,
    wake_pending: AtomicBool,
}

impl Shared {
    /// A panic while the lock was held leaves valid slots (every change is a whole
    /// one), so poison is ignored: the other world lives on.
    fn lock(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The engine's end.
pub struct EngineEnd {
    /// Ends when the window is gone.
    pub commands: mpsc::Receiver<Envelope>,
    /// Towards the window.
    pub publisher: Publisher,
    /// Towards whoever else follows.
    pub followers: Followers,
}

/// The window's end.
pub struct WindowEnd {
    /// Towards the engine.
    pub commander: CommandSender,
    /// From the engine.
    pub inbox: Inbox,
}

/// Publishes to the window, or to another that follows. Owned by the engine's task.
pub struct Publisher {
    shared: Arc<Shared>,
    wake: Arc<dyn Fn() + Send + Sync>,
    next_seq: u64,
}

impl Publisher {
    /// With its receiving end, and room for so many lossless updates.
    pub(super) fn new(wake: Arc<dyn Fn() + Send + Sync>, lossless: usize) -> (Self, Inbox) {
        let slots = Mutex::new(Slots::new(lossless));
        let shared = Arc::new(Shared { slots, wake_pending: AtomicBool::new(false) });
        (Self { shared: Arc::clone(&shared), wake, next_seq: 1 }, Inbox { shared })
    }

    /// Whether nobody listens any more.
    pub(super) fn is_alone(&self) -> bool {
        Arc::strong_count(&self.shared) == 1
    }

    /// Publishes several things under one lock, then wakes the window once.
    pub fn batch<R>(&mut self, publish: impl FnOnce(&mut Batch<'_>) -> R) -> R {
        let mut batch = Batch { slots: self.shared.lock(), next_seq: &mut self.next_seq, is_changed: false };
        let result = publish(&mut batch);
        let is_changed = batch.is_changed;
        drop(batch);
        if is_changed && !self.shared.wake_pending.swap(true, Ordering::AcqRel) {
            (self.wake)();
        }
        result
    }
}

/// One locked run of publishing.
pub struct Batch<'a> {
    slots: MutexGuard<'a, Slots>,
    next_seq: &'a mut u64,
    is_changed: bool,
}

impl Batch<'_> {
    /// Publishes in order and without loss.
    pub fn lossless(&mut self, update: Update, received: Time) {
        let seq = *self.next_seq;
        *self.next_seq += 1;
        self.slots.push_lossless(Numbered { seq, received, update });
        self.is_changed = true;
    }

    /// Replaces an instrument's quote.
    pub fn quote(&mut self, id: InstrumentId, quote: Quote, received: Time) {
        self.slots.put_quote(id, quote, received);
        self.is_changed = true;
    }

    /// Replaces an instrument's depth.
    pub fn depth(&mut self, id: InstrumentId, depth: Arc<Depth>, received: Time) {
        self.slots.put_depth(id, depth, received);
        self.is_changed = true;
    }

    /// Replaces a series' last bar (same time), or follows it.
    pub fn bar(&mut self, key: BarKey, bar: Bar, received: Time) {
        self.slots.put_bar(key, bar, received);
        self.is_changed = true;
    }

    /// Counts a trade that came when the bar of its time had closed. Changes nothing that is
    /// shown but a count, so the window is not woken for it.
    pub fn late_trade(&mut self) {
        self.slots.count_late();
    }

    /// Adds a trade to an instrument's ring.
    pub fn trade(&mut self, id: InstrumentId, trade: Trade, received: Time) {
        self.slots.put_trade(id, trade, received);
        self.is_changed = true;
    }

    /// Notes that a broker's quotes still hold. Changes nothing that is shown, so the window
    /// is not woken for it.
    pub fn alive(&mut self, alive: Alive) {
        self.slots.put_alive(alive);
    }

    /// Forgets a series nobody wants any more.
    pub fn forget_bars(&mut self, key: BarKey) {
        self.slots.forget_bars(key);
    }

    /// Whether so much has piled up that only a snapshot can help.
    #[must_use]
    pub fn needs_snapshot(&self) -> bool {
        self.slots.needs_snapshot
    }
}

/// The window's receiving end.
pub struct Inbox {
    shared: Arc<Shared>,
}

impl Inbox {
    /// Takes everything that waits. Never blocks for longer than a move of it.
    #[must_use]
    pub fn drain(&self) -> Drained {
        // Cleared first: what is published during the drain causes another wake.
        self.shared.wake_pending.store(false, Ordering::Release);
        self.shared.lock().drain()
    }
}

/// Why a command could not be handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The engine is behind.
    #[error("The engine is busy: nothing was sent. Try again in a moment.")]
    Full,
    /// The engine has ended.
    #[error("The engine has stopped: nothing was sent. Restart Pitdesk.")]
    Closed,
}

/// The window's sending end.
pub struct CommandSender {
    sender: mpsc::Sender<Envelope>,
}

/// A second way to the engine, for when the window hangs. It does not count as a window: the
/// engine ends when the [`CommandSender`] is gone, whether this one is there or not.
pub struct SpareSender {
    sender: mpsc::WeakSender<Envelope>,
}

impl SpareSender {
    pub(super) fn new(sender: mpsc::WeakSender<Envelope>) -> Self {
        Self { sender }
    }

    /// As [`CommandSender::try_send`].
    ///
    /// # Errors
    /// When the queue is full, or the engine or the window gone; nothing was sent then.
    pub fn try_send(&self, envelope: Envelope) -> Result<(), SendError> {
        let sender = self.sender.upgrade().ok_or(SendError::Closed)?;
        CommandSender { sender }.try_send(envelope)
    }
}

impl CommandSender {
    /// A second way to the same engine.
    #[must_use]
    pub fn spare(&self) -> SpareSender {
        SpareSender { sender: self.sender.downgrade() }
    }

    /// How many commands wait for the engine, of [`COMMAND_CAPACITY`].
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.sender.max_capacity().saturating_sub(self.sender.capacity())
    }

    /// Hands a command over without waiting.
    ///
    /// # Errors
    /// When the queue is full or the engine gone; nothing was sent then.
    pub fn try_send(&self, envelope: Envelope) -> Result<(), SendError> {
        self.sender.try_send(envelope).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => SendError::Full,
            mpsc::error::TrySendError::Closed(_) => SendError::Closed,
        })
    }
}
