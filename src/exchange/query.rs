//! Questions to the exchange.
//!
//! Nothing here changes anything, and everything is answered from what the engine holds
//! anyway: books are read level by level, orders are made into [`Order`] when asked for.
//! Unknown instruments, orders and accounts have empty answers, never a panic.

use std::sync::Arc;

use crate::domain::{
    Account, AccountId, Depth, Fill, Instrument, InstrumentId, Order, OrderId, OrderKind, Position, Price,
    Qty, Quote, Time,
};

use super::orders::{Entry, Place};
use super::{Exchange, Reject};

/// Price and quantity of the best level of one side.
pub type BestLevel = (Price, Qty);

impl Exchange {
    /// When a session opens or closes or an order's time runs out next, if nobody acts before.
    #[must_use]
    pub fn next_time(&self) -> Option<Time> {
        self.timers.first().map(|(time, _)| *time)
    }

    /// The book's best `levels` on both sides; empty for an unknown instrument.
    #[must_use]
    pub fn depth(&self, instrument: InstrumentId, levels: usize) -> Depth {
        self.slot(instrument).map(|slot| self.listings[slot].depth(levels)).unwrap_or_default()
    }

    /// Best bid and ask, last trade and the day's numbers.
    #[must_use]
    pub fn quote(&self, instrument: InstrumentId) -> Quote {
        self.slot(instrument).map(|slot| self.listings[slot].quote()).unwrap_or_default()
    }

    /// Best bid and best ask with the quantity there.
    #[must_use]
    pub fn best(&self, instrument: InstrumentId) -> (Option<BestLevel>, Option<BestLevel>) {
        let Some(slot) = self.slot(instrument) else { return (None, None) };
        let listing = &self.listings[slot];
        let (bid, ask) = listing.best();
        (listing.level(bid), listing.level(ask))
    }

    /// Whether orders match now.
    #[must_use]
    pub fn is_open(&self, instrument: InstrumentId) -> bool {
        self.slot(instrument).is_some_and(|slot| self.listings[slot].session.is_some())
    }

    /// What rests in the book of an order, of an agent or an account; `None` when nothing does
    /// (filled, cancelled, held, unknown). O(1): this is how agents learn of their fills.
    #[must_use]
    pub fn resting(&self, id: OrderId) -> Option<Qty> {
        let &(slot, key) = self.index.get(&id)?;
        let listing = &self.listings[slot as usize];
        Some(listing.grid.quantity(listing.book.get(key).units))
    }

    /// How many orders of agents were refused, and why the latest was (for tests of agents).
    #[must_use]
    pub fn agent_refusals(&self) -> (u64, Option<&Reject>) {
        (self.refusals, self.last_refusal.as_ref())
    }

    /// An order of an account, working or among the newest 10,000 past ones.
    /// Its `origin` is [`crate::domain::Origin::Foreign`]: the exchange does not know more.
    #[must_use]
    pub fn order(&self, id: OrderId) -> Option<Order> {
        self.orders.find(id).map(|entry| self.view(entry))
    }

    /// Orders of an account that have not ended, oldest id first.
    #[must_use]
    pub fn working_orders(&self, account: &AccountId) -> Vec<Order> {
        let index = self.ledger(account);
        self.orders.live().filter(|e| Some(e.account) == index).map(|e| self.view(e)).collect()
    }

    /// The account's newest orders that have ended, oldest first, at most 10,000.
    #[must_use]
    pub fn past_orders(&self, account: &AccountId) -> Vec<Order> {
        let index = self.ledger(account).into_iter();
        index.flat_map(|index| self.orders.past_of(index)).map(|entry| self.view(entry)).collect()
    }

    /// The account's newest fills, oldest first, at most 10,000.
    pub fn fills(&self, account: &AccountId) -> impl Iterator<Item = &Fill> {
        let index = self.ledger(account).into_iter();
        index.flat_map(|index| &self.ledgers[index].fills)
    }

    /// Every position the account has ever had, flat ones too, by instrument.
    pub fn positions(&self, account: &AccountId) -> impl Iterator<Item = &Position> {
        let index = self.ledger(account).into_iter();
        index.flat_map(|index| self.ledgers[index].positions.values())
    }

    /// The account with its balances: those with opening cash first, in that order, then any
    /// other currency it has traded in. `margin` is the whole value that positions and working
    /// orders tie up; `buying_power` is equity × leverage − margin.
    #[must_use]
    pub fn account(&self, account: &AccountId) -> Option<Account> {
        self.ledger(account).map(|index| self.account_view(index))
    }

    /// What is listed, in the order given to [`Self::new`].
    pub fn instruments(&self) -> impl Iterator<Item = &Arc<Instrument>> {
        self.listings.iter().map(|listing| &listing.instrument)
    }

    /// Where a waiting stop of an account triggers now: of a trailing stop, as far as it has
    /// followed. `None` for orders that wait for no trigger.
    #[must_use]
    pub fn trigger_price(&self, id: OrderId) -> Option<Price> {
        let entry = self.orders.get(id).filter(|entry| entry.place == Place::Trigger)?;
        let listing = &self.listings[entry.slot];
        entry.trigger_price(listing).map(|at| listing.grid.price(at))
    }

    fn view(&self, entry: &Entry) -> Order {
        let listing = &self.listings[entry.slot];
        let order = entry.order(self.ledgers[entry.account].id.clone(), &listing.instrument, &listing.grid);
        let trails =
            matches!(entry.spec.kind, OrderKind::TrailingStop { .. }) && entry.place == Place::Trigger;
        let trigger = if trails { entry.trigger_price(listing) } else { None };
        Order { trigger: trigger.map(|at| listing.grid.price(at)), ..order }
    }
}
