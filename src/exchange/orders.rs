//! The orders of accounts: those that live, and the newest that have ended.
//!
//! An [`Entry`] holds what was asked for (`spec`, kept as amended) next to the same numbers
//! in integers, which the engine works with. Where an order is ([`Place`]) and how much of
//! it may trade ([`Entry::active`]) are the two questions that everything else asks.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::domain::{
    AccountId, Decimal, GroupId, Instrument, Order, OrderId, OrderKind, OrderSpec, OrderStatus, Origin, Qty,
    Side, Time, TimeInForce,
};

use super::book::Party;
use super::grid::{Grid, Points, Units};
use super::listing::Listing;
use super::triggers::Trail;

/// How many ended orders (and fills) an account remembers.
pub(super) const MEMORY: usize = 10_000;

/// Where a live order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// On its way into the market, within one call.
    Entering,
    /// Resting in the book.
    Book,
    /// Waiting for its trigger price.
    Trigger,
    /// Waiting for a session that it may trade in, or for that session's first quotes.
    Opening,
    /// Waiting for its parent to fill (more).
    Parent,
    /// Triggered, waiting for somebody to quote.
    Quote,
}

/// Orders that reduce each other when they fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Group {
    /// Named by the trader, within one account.
    Named(usize, GroupId),
    /// The children of one parent.
    Bracket(OrderId),
}

/// An order of an account.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) id: OrderId,
    /// Index of the account.
    pub(super) account: usize,
    /// Index of the listing.
    pub(super) slot: usize,
    pub(super) spec: OrderSpec,
    pub(super) quantity: Units,
    pub(super) filled: Units,
    /// Of a child: what its parent has filled, less what the parent's other children have.
    pub(super) released: Option<Units>,
    pub(super) limit: Option<Points>,
    pub(super) stop: Option<Points>,
    pub(super) place: Place,
    pub(super) triggered: bool,
    /// Of a trailing stop that was taken out or restored: where it had followed to.
    pub(super) best: Option<Points>,
    /// Of a triggered stop without a limit that waits for quotes: how far it may trade.
    pub(super) bound: Option<Points>,
    /// Priority among the account's orders; renewed when an order loses its place.
    pub(super) rank: u64,
    pub(super) expires: Option<Time>,
    /// Σ price × quantity of its fills.
    pub(super) traded: Decimal,
    /// Commission so far.
    pub(super) charged: Decimal,
    pub(super) status: OrderStatus,
    pub(super) reason: Option<Arc<str>>,
    pub(super) created: Time,
    pub(super) updated: Time,
}

impl Entry {
    /// What has not filled, released or not.
    pub(super) fn remaining(&self) -> Units {
        self.quantity - self.filled
    }

    /// What may trade now.
    pub(super) fn active(&self) -> Units {
        (self.quantity.min(self.released.unwrap_or(Units::MAX)) - self.filled).max(0)
    }

    pub(super) fn side(&self) -> Side {
        self.spec.side
    }

    pub(super) fn group(&self) -> Option<Group> {
        let named = self.spec.oco.map(|group| Group::Named(self.account, group));
        named.or_else(|| self.spec.parent.map(Group::Bracket))
    }

    /// All that ties it to other orders, so that a fill of one takes from the others.
    pub(super) fn links(&self) -> impl Iterator<Item = Group> {
        let named = self.spec.oco.map(|group| Group::Named(self.account, group));
        named.into_iter().chain(self.spec.parent.map(Group::Bracket))
    }

    /// Whether it waits for a trigger price before it may trade.
    pub(super) fn is_stop(&self) -> bool {
        !self.triggered
            && matches!(
                self.spec.kind,
                OrderKind::Stop { .. } | OrderKind::StopLimit { .. } | OrderKind::TrailingStop { .. }
            )
    }

    /// Whether it waits for quotes where it finds none that it may take: a triggered stop
    /// without a limit, which must not name a price.
    pub(super) fn waits_for_quotes(&self) -> bool {
        matches!(self.spec.kind, OrderKind::Stop { .. } | OrderKind::TrailingStop { .. })
            && !matches!(self.spec.tif, TimeInForce::Ioc | TimeInForce::Fok)
    }

    pub(super) fn party(&self) -> Party {
        Party::Account(u32::try_from(self.account).expect("accounts are few"))
    }

    /// Status while it works in the book.
    pub(super) fn working_status(&self) -> OrderStatus {
        if self.filled > 0 { OrderStatus::PartiallyFilled } else { OrderStatus::Working }
    }

    /// Puts a stop among those that wait; returns where it triggers, as far as that is known.
    pub(super) fn arm(&self, listing: &mut Listing) -> Option<Points> {
        let (id, side, rank) = (self.id, self.side(), self.rank);
        if let OrderKind::TrailingStop { by } = self.spec.kind {
            let trail = Trail { id, side, by, rank, best: self.best };
            listing.triggers.add_trail(trail, listing.day.last);
        } else if let Some(stop) = self.stop {
            listing.triggers.add(side, stop, rank, id);
        }
        self.trigger_price(listing)
    }

    /// Takes a stop out of those that wait; a trailing one remembers how far it had followed.
    pub(super) fn disarm(&mut self, listing: &mut Listing) {
        if let Some(stop) = self.stop {
            listing.triggers.remove(self.side(), stop, self.rank, self.id);
        } else if let Some(trail) = listing.triggers.remove_trail(self.id) {
            self.best = trail.best;
        }
    }

    /// Where a waiting stop triggers now, or would if it were placed now.
    pub(super) fn trigger_price(&self, listing: &Listing) -> Option<Points> {
        let (id, side, rank) = (self.id, self.side(), self.rank);
        match self.spec.kind {
            OrderKind::TrailingStop { by } => {
                let new = Trail { id, side, by, rank, best: self.best.or(listing.day.last) };
                listing.triggers.trail(id).unwrap_or(&new).stop(&listing.grid)
            }
            _ => self.stop,
        }
    }

    pub(super) fn set_quantity(&mut self, units: Units, grid: &Grid) {
        self.quantity = units;
        self.spec.quantity = grid.quantity(units);
    }

    pub(super) fn average(&self, grid: &Grid) -> Option<Decimal> {
        (self.filled > 0).then(|| self.traded / grid.quantity(self.filled).0)
    }

    /// The order as the rest of the program speaks of it.
    pub(super) fn order(&self, account: AccountId, instrument: &Instrument, grid: &Grid) -> Order {
        Order {
            id: self.id,
            broker: instrument.broker,
            account,
            spec: self.spec,
            status: self.status,
            filled: grid.quantity(self.filled),
            average_price: self.average(grid),
            is_acknowledged: true,
            kept: None,
            client: None,
            trigger: None,
            reason: self.reason.clone(),
            origin: Origin::Foreign,
            created: self.created,
            updated: self.updated,
        }
    }

    /// What has filled, in decimals.
    pub(super) fn filled_quantity(&self, grid: &Grid) -> Qty {
        grid.quantity(self.filled)
    }
}

/// All orders of all accounts.
#[derive(Debug, Default)]
pub(super) struct Orders {
    live: BTreeMap<OrderId, Entry>,
    past: BTreeMap<OrderId, Entry>,
    /// Per account, the order in which its past orders ended.
    ended: Vec<VecDeque<OrderId>>,
    /// Per account, how many orders have ended, forgotten ones too.
    ended_ever: Vec<usize>,
    next_rank: u64,
}

impl Orders {
    pub(super) fn new(accounts: usize) -> Self {
        Self { ended: vec![VecDeque::new(); accounts], ended_ever: vec![0; accounts], ..Self::default() }
    }

    /// The next priority, behind all others.
    pub(super) fn rank(&mut self) -> u64 {
        self.next_rank += 1;
        self.next_rank
    }

    pub(super) fn insert(&mut self, entry: Entry) {
        self.live.insert(entry.id, entry);
    }

    pub(super) fn get(&self, id: OrderId) -> Option<&Entry> {
        self.live.get(&id)
    }

    pub(super) fn get_mut(&mut self, id: OrderId) -> Option<&mut Entry> {
        self.live.get_mut(&id)
    }

    pub(super) fn past(&self, id: OrderId) -> Option<&Entry> {
        self.past.get(&id)
    }

    /// Live or past.
    pub(super) fn find(&self, id: OrderId) -> Option<&Entry> {
        self.live.get(&id).or_else(|| self.past.get(&id))
    }

    /// By id, the oldest first.
    pub(super) fn live(&self) -> impl Iterator<Item = &Entry> {
        self.live.values()
    }

    /// Those of an account that have ended, the oldest end first.
    pub(super) fn past_of(&self, account: usize) -> impl Iterator<Item = &Entry> {
        self.newest_past(account, MEMORY)
    }

    /// The last `count` of them.
    pub(super) fn newest_past(&self, account: usize, count: usize) -> impl Iterator<Item = &Entry> {
        let ended = &self.ended[account];
        ended.range(ended.len().saturating_sub(count)..).filter_map(|id| self.past.get(id))
    }

    /// How many orders of an account have ended, forgotten ones too.
    pub(super) fn ended_ever(&self, account: usize) -> usize {
        self.ended_ever[account]
    }

    /// Live and past.
    pub(super) fn all(&self) -> impl Iterator<Item = &Entry> {
        self.live.values().chain(self.past.values())
    }

    /// Live orders, but this one, of a group or with a parent.
    pub(super) fn others(&self, id: OrderId, group: Option<Group>, parent: Option<OrderId>) -> Vec<OrderId> {
        if group.is_none() && parent.is_none() {
            return Vec::new();
        }
        let is_other = |e: &&Entry| {
            let of_group = group.is_some() && e.group() == group;
            e.id != id && (of_group || (parent.is_some() && e.spec.parent == parent))
        };
        self.live.values().filter(is_other).map(|e| e.id).collect()
    }

    /// Live orders that follow `parent`.
    pub(super) fn children(&self, parent: OrderId) -> Vec<OrderId> {
        self.live.values().filter(|e| e.spec.parent == Some(parent)).map(|e| e.id).collect()
    }

    /// Removes a live order and remembers it, forgetting the account's oldest when it is too many.
    pub(super) fn end(&mut self, id: OrderId, status: OrderStatus, reason: Option<Arc<str>>, time: Time) {
        let Some(mut entry) = self.live.remove(&id) else { return };
        entry.status = status;
        entry.reason = reason;
        entry.updated = time;
        self.remember(entry);
    }

    /// Adds an order that has ended.
    pub(super) fn remember(&mut self, entry: Entry) {
        self.ended_ever[entry.account] += 1;
        let ended = &mut self.ended[entry.account];
        ended.push_back(entry.id);
        if ended.len() > MEMORY
            && let Some(oldest) = ended.pop_front()
        {
            self.past.remove(&oldest);
        }
        self.past.insert(entry.id, entry);
    }

    /// Forgets an account's orders, for a restore.
    pub(super) fn clear_account(&mut self, account: usize) {
        self.ended[account].clear();
        self.ended_ever[account] = 0;
        self.past.retain(|_, e| e.account != account);
        self.live.retain(|_, e| e.account != account);
    }
}
