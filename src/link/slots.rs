//! What waits in the link for the window, each class with its bound.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::channel::{BARS_PER_SLOT, TRADES_PER_RING};
use super::{Alive, BarKey, Ledger, Numbered, Stream, Update};
use crate::domain::{Bar, Depth, InstrumentId, Quote, Time, Trade};

/// One slot per key: a newer value replaces the older.
#[derive(Debug)]
struct Latest<T> {
    values: Vec<Option<(T, Time)>>,
    dirty: Vec<InstrumentId>,
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self { values: Vec::new(), dirty: Vec::new() }
    }
}

impl<T> Latest<T> {
    /// Whether the value replaced one that nobody had seen.
    fn put(&mut self, id: InstrumentId, value: T, received: Time) -> bool {
        if self.values.len() <= id.index() {
            self.values.resize_with(id.index() + 1, || None);
        }
        let replaced = self.values[id.index()].replace((value, received)).is_some();
        if !replaced {
            self.dirty.push(id);
        }
        replaced
    }

    fn drain(&mut self) -> Vec<Latched<T>> {
        let values = &mut self.values;
        let take = |id: InstrumentId| {
            values[id.index()].take().map(|(value, received)| Latched { id, value, received })
        };
        self.dirty.drain(..).filter_map(take).collect()
    }
}

/// The newest value of a key, with the time at which it was received.
#[derive(Debug, Clone, PartialEq)]
pub struct Latched<T> {
    /// Which instrument.
    pub id: InstrumentId,
    /// The value.
    pub value: T,
    /// When it came from the wire.
    pub received: Time,
}

/// Bars of one series that the window has not taken yet: closed ones and the forming one.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BarSlot {
    /// In rising time; only the last may still change.
    pub bars: Vec<Bar>,
    /// Whether bars were lost, so that the series must be asked for anew.
    pub has_gap: bool,
    /// When the newest was received.
    pub received: Time,
}

/// Trades of one instrument that the window has not taken yet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TradeRing {
    /// Oldest first, each with the time at which it was received.
    pub trades: VecDeque<(Trade, Time)>,
    /// Whether older ones were lost, so that nothing may be counted over them.
    pub has_gap: bool,
}

#[derive(Debug)]
pub(super) struct Slots {
    lossless: VecDeque<Numbered>,
    /// How many of these may wait.
    capacity: usize,
    /// Set when the queue overflowed and its content was given up for a snapshot.
    pub needs_snapshot: bool,
    quotes: Latest<Quote>,
    depth: Latest<Arc<Depth>>,
    bars: BTreeMap<BarKey, BarSlot>,
    trades: BTreeMap<InstrumentId, TradeRing>,
    alive: Vec<Alive>,
    pub ledger: Ledger,
}

impl Slots {
    /// Room for so many lossless updates.
    pub fn new(capacity: usize) -> Self {
        Self {
            lossless: VecDeque::new(),
            capacity,
            needs_snapshot: false,
            quotes: Latest::default(),
            depth: Latest::default(),
            bars: BTreeMap::new(),
            trades: BTreeMap::new(),
            alive: Vec::new(),
            ledger: Ledger::default(),
        }
    }

    pub fn push_lossless(&mut self, item: Numbered) {
        let count = self.ledger.of_mut(Stream::Lossless);
        count.received += 1;
        if matches!(item.update, Update::Snapshot(_)) {
            // Whatever waits before a snapshot is void, but for answers that someone waits for.
            count.conflated += drop_all_but_answers(&mut self.lossless);
            self.needs_snapshot = false;
        } else if self.lossless.len() >= self.capacity {
            count.dropped += drop_all_but_answers(&mut self.lossless);
            self.needs_snapshot = true;
        }
        self.lossless.push_back(item);
    }

    pub fn put_quote(&mut self, id: InstrumentId, quote: Quote, received: Time) {
        let replaced = self.quotes.put(id, quote, received);
        let count = self.ledger.of_mut(Stream::Quotes);
        count.received += 1;
        count.conflated += u64::from(replaced);
    }

    pub fn put_depth(&mut self, id: InstrumentId, depth: Arc<Depth>, received: Time) {
        let replaced = self.depth.put(id, depth, received);
        let count = self.ledger.of_mut(Stream::Depth);
        count.received += 1;
        count.conflated += u64::from(replaced);
    }

    pub fn put_bar(&mut self, key: BarKey, bar: Bar, received: Time) {
        let count = self.ledger.of_mut(Stream::Bars);
        count.received += 1;
        let slot = self.bars.entry(key).or_default();
        slot.received = received;
        match slot.bars.last_mut() {
            Some(last) if last.time == bar.time => {
                *last = bar;
                count.conflated += 1;
            }
            _ => {
                if slot.bars.len() >= BARS_PER_SLOT {
                    count.dropped += slot.bars.len() as u64;
                    slot.bars.clear();
                    slot.has_gap = true;
                }
                slot.bars.push(bar);
            }
        }
    }

    /// Counts a trade that no bar of the series has taken in.
    pub fn count_late(&mut self) {
        let count = self.ledger.of_mut(Stream::Bars);
        count.received += 1;
        count.late += 1;
    }

    pub fn put_trade(&mut self, id: InstrumentId, trade: Trade, received: Time) {
        let count = self.ledger.of_mut(Stream::Trades);
        count.received += 1;
        let ring = self.trades.entry(id).or_default();
        if ring.trades.len() >= TRADES_PER_RING {
            ring.trades.pop_front();
            ring.has_gap = true;
            count.dropped += 1;
        }
        ring.trades.push_back((trade, received));
    }

    /// Kept after a drain too: it is a state, one per broker.
    pub fn put_alive(&mut self, alive: Alive) {
        match self.alive.iter_mut().find(|known| known.broker == alive.broker) {
            Some(known) => *known = alive,
            None => self.alive.push(alive),
        }
    }

    /// Forgets the bars of a series that is not demanded any more.
    pub fn forget_bars(&mut self, key: BarKey) {
        if let Some(slot) = self.bars.remove(&key) {
            self.ledger.of_mut(Stream::Bars).dropped += slot.bars.len() as u64;
        }
    }

    pub fn drain(&mut self) -> Drained {
        Drained {
            lossless: std::mem::take(&mut self.lossless),
            quotes: self.quotes.drain(),
            depth: self.depth.drain(),
            bars: std::mem::take(&mut self.bars),
            trades: std::mem::take(&mut self.trades),
            alive: self.alive.clone(),
            ledger: self.ledger,
        }
    }
}

/// Removes everything but answers; returns how many went.
fn drop_all_but_answers(queue: &mut VecDeque<Numbered>) -> u64 {
    let before = queue.len();
    queue.retain(|item| matches!(item.update, Update::Answer(_)));
    (before - queue.len()) as u64
}

/// Everything that waited in the link at one instant.
#[derive(Debug, Default)]
pub struct Drained {
    /// In order.
    pub lossless: VecDeque<Numbered>,
    /// Newest quotes of the instruments that changed.
    pub quotes: Vec<Latched<Quote>>,
    /// Newest depth of the instruments that changed.
    pub depth: Vec<Latched<Arc<Depth>>>,
    /// New bars per series.
    pub bars: BTreeMap<BarKey, BarSlot>,
    /// New trades per instrument.
    pub trades: BTreeMap<InstrumentId, TradeRing>,
    /// Brokers' last signs of life.
    pub alive: Vec<Alive>,
    /// The engine side's counts; `applied` and `rejected` are the window's to fill in.
    pub ledger: Ledger,
}

impl Drained {
    /// How many messages of a stream had waited.
    #[must_use]
    pub fn waited(&self, stream: Stream) -> usize {
        match stream {
            Stream::Lossless => self.lossless.len(),
            Stream::Quotes => self.quotes.len(),
            Stream::Depth => self.depth.len(),
            Stream::Bars => self.bars.values().map(|slot| slot.bars.len()).sum(),
            Stream::Trades => self.trades.values().map(|ring| ring.trades.len()).sum(),
        }
    }
}
