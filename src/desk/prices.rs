//! Quotes, books and prints by instrument.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::domain::{BrokerId, Depth, InstrumentId, Quote, Time, Trade};
use crate::link::Alive;
use crate::market::freshness::Freshness;

/// Prints per instrument that the window keeps.
const TAPE_CAPACITY: usize = 5_000;

#[derive(Default)]
pub(super) struct Prices {
    quotes: Vec<Option<(Quote, Time)>>,
    depth: BTreeMap<InstrumentId, Arc<Depth>>,
    tapes: BTreeMap<InstrumentId, VecDeque<Trade>>,
    alive: Vec<Alive>,
    /// Of the newest quote of an open exchange: the market's time where it is not ours, and when it
    /// came.
    open: Option<(Option<Time>, Time)>,
}

/// A quote with what the screen must say about it.
#[derive(Debug, Clone, Copy)]
pub struct QuoteView<'a> {
    /// The numbers.
    pub quote: &'a Quote,
    /// When they were last known to hold: received, or confirmed by their broker's sign of life.
    pub confirmed: Time,
    /// How long ago that was.
    pub age: Duration,
    /// How far they can be trusted.
    pub freshness: Freshness,
}

impl Prices {
    pub fn quote(&mut self, id: InstrumentId, quote: Quote, received: Time) {
        if self.quotes.len() <= id.index() {
            self.quotes.resize(id.index() + 1, None);
        }
        if quote.is_open && self.open.is_none_or(|(_, newest)| received >= newest) {
            self.open = Some((quote.market_time(received), received));
        }
        self.quotes[id.index()] = Some((quote, received));
    }

    /// Forgets the quotes that nobody wants any more: no broker keeps them up to date.
    pub fn keep_only(&mut self, wanted: &BTreeSet<InstrumentId>) {
        for (index, slot) in self.quotes.iter_mut().enumerate() {
            if slot.is_some() && !wanted.contains(&InstrumentId(index as u32)) {
                *slot = None;
            }
        }
    }

    pub fn depth(&mut self, id: InstrumentId, depth: Arc<Depth>) {
        self.depth.insert(id, depth);
    }

    pub fn trades(&mut self, id: InstrumentId, trades: impl Iterator<Item = Trade>) {
        let tape = self.tapes.entry(id).or_default();
        tape.extend(trades);
        let excess = tape.len().saturating_sub(TAPE_CAPACITY);
        tape.drain(..excess);
    }

    pub fn view(
        &self,
        id: InstrumentId,
        broker: BrokerId,
        now: Time,
        is_ready: bool,
        max_age: u32,
    ) -> Option<QuoteView<'_>> {
        let (quote, received) = self.quotes.get(id.index())?.as_ref()?;
        let alive = self.alive.iter().find(|alive| alive.broker == broker);
        let confirmed = alive.map_or(*received, |alive| alive.confirms(*received));
        let age = now.since(confirmed);
        let freshness = Freshness::of(quote, age, max_age, is_ready);
        Some(QuoteView { quote, confirmed, age, freshness })
    }

    pub fn depth_of(&self, id: InstrumentId) -> Option<&Depth> {
        self.depth.get(&id).map(|depth| &**depth)
    }

    pub fn tape_of(&self, id: InstrumentId) -> Option<&VecDeque<Trade>> {
        self.tapes.get(&id)
    }

    pub fn alive(&mut self, alive: Vec<Alive>) {
        self.alive = alive;
    }

    /// When a quote changed last.
    pub fn last_change(&self) -> Option<Time> {
        self.quotes.iter().flatten().map(|(_, received)| *received).max()
    }

    /// The time of the market, where it is another than that of this computer.
    pub fn market_time(&self) -> Option<Time> {
        self.open?.0
    }

    /// When anything was received last, signs of life included.
    pub fn newest(&self) -> Option<Time> {
        let newest = self.last_change()?;
        Some(self.alive.iter().map(|alive| alive.heard).fold(newest, Time::max))
    }
}
