//! Orders meet: price first, then time.
//!
//! [`Exchange::cross`] is the one loop in which trades happen. It reads the best resting order
//! afresh for each print, because a fill can change the book under it: an order of the same
//! group is reduced or withdrawn at once. What a print *starts* (stops that trigger, children
//! that become active) waits in the work list until the loop has ended, so that nothing recurses.

use std::collections::BTreeSet;

use crate::domain::{Decimal, OrderId, OrderKind, OrderSpec, Side, TimeInForce, Trade};
use crate::domain::{ExecId, Fill, Liquidity, Money, OrderStatus};

use super::book::{Party, Resting};
use super::check::{AgentOrder, takes};
use super::grid::{Points, Units};
use super::orders::{Entry, Group, Place};
use super::triggers::Passed;
use super::{CancelReason, Event, Exchange, HeldFor, SelfMatch, Work};

/// An order while it takes liquidity.
#[derive(Debug, Clone, Copy)]
struct Taker {
    id: OrderId,
    party: Party,
    side: Side,
    /// The worst price it accepts.
    worst: Points,
    units: Units,
    /// Who gives way where it meets an order of its own; never [`SelfMatch::KeepReducing`].
    /// Decided once, when it enters: its own fills change the position, and an order that
    /// passed over its own bids at first must not end at one half-way.
    own: SelfMatch,
}

/// How a taker came out of the book.
enum Crossed {
    /// With this much left: nothing is within its limit any more.
    Left(Units),
    /// It would have met this order of its own account and gives way.
    SelfMatch(OrderId),
}

/// Whether `at` is a worse price than `limit` for somebody on `side`.
pub(super) fn is_beyond(side: Side, at: Points, limit: Points) -> bool {
    match side {
        Side::Buy => at > limit,
        Side::Sell => at < limit,
    }
}

impl Exchange {
    /// An agent's order: trade, then rest what may rest.
    pub(super) fn enter_agent(
        &mut self,
        agent: u32,
        id: OrderId,
        spec: &OrderSpec,
        order: &AgentOrder,
        out: &mut Vec<Event>,
    ) {
        let &AgentOrder { slot, units, limit } = order;
        let party = Party::Agent(agent);
        let Some(worst) = limit.or_else(|| self.collar(slot, spec.side, party)) else { return };
        let own = self.gives_way(slot, party, spec.side);
        let taker = Taker { id, party, side: spec.side, worst, units, own };
        if spec.tif == TimeInForce::Fok && self.available(slot, taker) < units {
            return;
        }
        let rests = limit.is_some() && !matches!(spec.tif, TimeInForce::Ioc | TimeInForce::Fok);
        if let Crossed::Left(left) = self.cross(slot, taker, out)
            && left > 0
            && rests
        {
            self.rest(slot, Resting { id, party, side: spec.side, at: worst, units: left });
        }
    }

    /// An account's order finds its place: with its parent, among the stops, before the
    /// open, or in the market.
    pub(super) fn route(&mut self, id: OrderId, out: &mut Vec<Event>) {
        let rank = self.orders.rank();
        let time = self.now;
        let Some(entry) = self.orders.get_mut(id) else { return };
        entry.rank = rank;
        let listing = &mut self.listings[entry.slot];
        let mut trails = None;
        let why = if entry.active() == 0 {
            entry.place = Place::Parent;
            HeldFor::Parent(entry.spec.parent.unwrap_or_default())
        } else if entry.is_stop() {
            entry.place = Place::Trigger;
            let stop = entry.arm(listing).map(|at| listing.grid.price(at));
            trails = stop.filter(|_| matches!(entry.spec.kind, OrderKind::TrailingStop { .. }));
            HeldFor::Trigger(stop)
        } else if !listing.admits_now(&entry.spec) {
            entry.place = Place::Opening;
            listing.waiting.insert((rank, id));
            HeldFor::Open(listing.next_entry(&entry.spec, time))
        } else {
            entry.place = Place::Entering;
            return self.execute(id, out);
        };
        entry.status = OrderStatus::Held;
        entry.updated = time;
        out.push(Event::Held { id, why, time });
        out.extend(trails.map(|trigger| Event::Trails { id, trigger, time }));
    }

    /// Takes an order out of wherever it waits or rests, to be routed again or ended.
    pub(super) fn withdraw(&mut self, id: OrderId) {
        let Some(entry) = self.orders.get_mut(id) else { return };
        let slot = entry.slot;
        let listing = &mut self.listings[slot];
        match entry.place {
            Place::Book => {
                if let Some((_, key)) = self.index.remove(&id) {
                    listing.book.remove(key);
                    self.touch(slot);
                }
            }
            Place::Trigger => entry.disarm(listing),
            Place::Opening => {
                listing.waiting.remove(&(entry.rank, id));
            }
            Place::Quote => {
                listing.parked.remove(&(entry.rank, id));
            }
            Place::Entering | Place::Parent => {}
        }
        if let Some(entry) = self.orders.get_mut(id) {
            entry.place = Place::Entering;
        }
    }

    /// An account's order trades what it can, and the rest rests or ends by its kind.
    pub(super) fn execute(&mut self, id: OrderId, out: &mut Vec<Event>) {
        let Some(entry) = self.orders.get(id) else { return };
        let (slot, side, spec, units) = (entry.slot, entry.side(), entry.spec, entry.active());
        let party = entry.party();
        if entry.waits_for_quotes() && self.best_of_others(slot, side.opposite(), party).is_none() {
            return self.park(id, entry.bound, out);
        }
        let limit = entry.limit.or(entry.bound);
        let Some(worst) = limit.or_else(|| self.collar(slot, side, party)) else {
            return self.end_dry(id, None, out);
        };
        if spec.post_only && takes(&self.listings[slot], side, worst).is_some() {
            return self.cancel_entry(id, CancelReason::WouldTake, out);
        }
        let own = self.gives_way(slot, party, side);
        let taker = Taker { id, party, side, worst, units, own };
        if spec.tif == TimeInForce::Fok {
            let available = self.available(slot, taker);
            if available < units {
                let available = self.listings[slot].grid.quantity(available);
                return self.cancel_entry(id, CancelReason::NotAllAtOnce { available }, out);
            }
        }
        match self.cross(slot, taker, out) {
            Crossed::SelfMatch(other) => self.cancel_entry(id, CancelReason::SelfMatch(other), out),
            Crossed::Left(_) => self.settle_rest(id, worst, out),
        }
    }

    /// What becomes of an order that has traded all it could.
    fn settle_rest(&mut self, id: OrderId, worst: Points, out: &mut Vec<Event>) {
        let Some(entry) = self.orders.get(id) else { return };
        let (slot, units) = (entry.slot, entry.active());
        if units == 0 {
            return self.hold_for_parent(id, out);
        }
        let grid = &self.listings[slot].grid;
        let filled = entry.filled_quantity(grid);
        match (entry.spec.kind, entry.spec.tif) {
            (OrderKind::Market, _) => self.end_dry(id, Some(worst), out),
            (_, TimeInForce::Ioc | TimeInForce::Fok) => {
                self.cancel_entry(id, CancelReason::ImmediateRest { filled }, out);
            }
            _ if entry.waits_for_quotes() => {
                // A hole in the book is waited out; an empty book has no price to hold on to.
                let others = self.best_of_others(slot, entry.side().opposite(), entry.party());
                self.park(id, others.map(|_| worst), out);
            }
            _ => {
                let order = Resting { id, party: entry.party(), side: entry.side(), at: worst, units };
                let (price, resting, time) = (grid.price(worst), grid.quantity(units), self.now);
                self.rest(slot, order);
                if let Some(entry) = self.orders.get_mut(id) {
                    entry.place = Place::Book;
                    entry.status = entry.working_status();
                    entry.updated = time;
                }
                out.push(Event::Working { id, price, resting, time });
            }
        }
    }

    /// A market order's rest ends: the book is empty, or the rest of it too far away.
    fn end_dry(&mut self, id: OrderId, bound: Option<Points>, out: &mut Vec<Event>) {
        let Some(entry) = self.orders.get(id) else { return };
        let listing = &self.listings[entry.slot];
        let filled = entry.filled_quantity(&listing.grid);
        let reason = match bound {
            Some(bound) if listing.book.best(entry.side().opposite()).is_some() => {
                CancelReason::Collar { bound: listing.grid.price(bound), filled }
            }
            _ => CancelReason::BookEmpty { filled },
        };
        self.cancel_entry(id, reason, out);
    }

    /// An order that has filled all its parent has released waits for more, or ends where no
    /// more can come.
    pub(super) fn hold_for_parent(&mut self, id: OrderId, out: &mut Vec<Event>) {
        let time = self.now;
        let Some(parent) = self.orders.get(id).and_then(|entry| entry.spec.parent) else { return };
        if self.orders.get(parent).is_none() {
            return self.cancel_entry(id, CancelReason::ParentEnded(parent), out);
        }
        if let Some(entry) = self.orders.get_mut(id) {
            entry.place = Place::Parent;
            entry.status = OrderStatus::Held;
            entry.updated = time;
            out.push(Event::Held { id, why: HeldFor::Parent(parent), time });
        }
    }

    fn rest(&mut self, slot: usize, order: Resting) {
        let key = self.listings[slot].book.insert(order);
        let slot_32 = u32::try_from(slot).expect("instrument ids are 32 bits");
        self.index.insert(order.id, (slot_32, key));
        self.touch(slot);
        self.wake_parked(slot);
        self.plan_entry(slot);
    }

    /// Trades until nothing is left of the taker or within its limit.
    fn cross(&mut self, slot: usize, mut taker: Taker, out: &mut Vec<Event>) -> Crossed {
        while taker.units > 0 {
            let book = &self.listings[slot].book;
            let Some((key, maker)) = book.front(taker.side.opposite()) else { break };
            if is_beyond(taker.side, maker.at, taker.worst) {
                break;
            }
            if maker.party == taker.party {
                if taker.own != SelfMatch::CancelIncoming {
                    self.withdraw_own(slot, maker, taker.id, out);
                }
                if taker.own != SelfMatch::CancelResting {
                    return Crossed::SelfMatch(maker.id);
                }
                taker.units = self.units_of(taker);
                continue;
            }
            let units = taker.units.min(maker.units);
            let book = &mut self.listings[slot].book;
            if units == maker.units {
                book.remove(key);
                self.index.remove(&maker.id);
            } else {
                book.reduce(key, units);
            }
            taker.units -= units;
            self.print(slot, maker.at, units, taker.side, out);
            if let Party::Account(_) = maker.party {
                self.book_fill(maker.id, maker.at, units, Liquidity::Maker, out);
            }
            if let Party::Account(_) = taker.party {
                self.book_fill(taker.id, maker.at, units, Liquidity::Taker, out);
                taker.units = self.units_of(taker);
            }
        }
        Crossed::Left(taker.units)
    }

    /// Publishes a trade and collects the stops it triggers, in regular hours only: a print of
    /// the thin book before or after them is not what a stop was placed for.
    fn print(&mut self, slot: usize, at: Points, units: Units, aggressor: Side, out: &mut Vec<Event>) {
        self.touch(slot);
        let listing = &mut self.listings[slot];
        listing.day.print(at, units, listing.session);
        let (price, quantity) = (listing.grid.price(at), listing.grid.quantity(units));
        let trade = Trade { time: self.now, price, quantity, aggressor: Some(aggressor) };
        out.push(Event::Trade(listing.instrument.id, trade));
        if !listing.is_regular() {
            return;
        }
        let Passed { reached, moved } = listing.triggers.on_print(at, &listing.grid);
        for (id, stop) in moved {
            out.push(Event::Trails { id, trigger: listing.grid.price(stop), time: self.now });
        }
        for id in reached {
            if let Some(entry) = self.orders.get_mut(id) {
                entry.place = Place::Entering;
                entry.best = None;
            }
            self.work.push_back(Work::Trigger(id));
        }
    }

    /// An account's order executes: money, position, report, and what hangs on it.
    fn book_fill(
        &mut self,
        id: OrderId,
        at: Points,
        units: Units,
        liquidity: Liquidity,
        out: &mut Vec<Event>,
    ) {
        let time = self.now;
        let Some(entry) = self.orders.get_mut(id) else { return };
        let listing = &self.listings[entry.slot];
        let (grid, instrument) = (&listing.grid, &listing.instrument);
        let (price, quantity) = (grid.price(at), grid.quantity(units));
        entry.filled += units;
        entry.traded += price.0 * quantity.0;
        entry.updated = time;
        entry.status = entry.working_status();
        let filled = entry.filled_quantity(grid);
        let due = listing.commission.due(entry.traded * instrument.multiplier, filled, instrument.currency);
        let amount = due - entry.charged;
        entry.charged = due;
        let ledger = &mut self.ledgers[entry.account];
        let (realised, position) = ledger.book(instrument, entry.side(), quantity, price, amount);
        let fill = Fill {
            // With its time: were the accounts set back, by a crash before they were saved, no id
            // would be given twice.
            exec_id: ExecId(format!("PX{}-{}", time.0 / 1_000_000, self.next_exec).into()),
            order: id,
            account: ledger.id.clone(),
            instrument: instrument.id,
            side: entry.side(),
            quantity,
            price,
            commission: Money { amount, currency: instrument.currency },
            realised,
            liquidity,
            time,
        };
        self.next_exec += 1;
        ledger.remember(fill.clone());
        let is_done = entry.remaining() == 0;
        let is_exhausted = !is_done && entry.active() == 0 && entry.place == Place::Book;
        let remaining = grid.quantity(entry.remaining());
        let average = entry.average(grid).unwrap_or(Decimal::ZERO);
        out.push(Event::Filled { fill, remaining, average, position });
        let filled = entry.clone();
        if is_done {
            self.finish(id, OrderStatus::Filled, None);
        } else if is_exhausted {
            self.hold_for_parent(id, out);
        }
        self.take_from_others(&filled, units, out);
        self.release_children(id, units);
    }

    /// Who gives way where a taker meets an order of its own: never
    /// [`SelfMatch::KeepReducing`], which is resolved by the position held.
    fn gives_way(&self, slot: usize, party: Party, side: Side) -> SelfMatch {
        let Party::Account(account) = party else { return SelfMatch::CancelResting };
        if self.self_match != SelfMatch::KeepReducing {
            return self.self_match;
        }
        let net = self.ledgers[account as usize].net(self.listings[slot].instrument.id);
        let reduces = net * side.sign() < Decimal::ZERO;
        if reduces { SelfMatch::CancelResting } else { SelfMatch::CancelIncoming }
    }

    fn withdraw_own(&mut self, slot: usize, maker: Resting, taker: OrderId, out: &mut Vec<Event>) {
        match maker.party {
            Party::Account(_) => self.cancel_entry(maker.id, CancelReason::SelfMatch(taker), out),
            Party::Agent(_) => self.drop_agent(slot, maker.id),
        }
    }

    /// Takes an agent's order out of the book.
    pub(super) fn drop_agent(&mut self, slot: usize, id: OrderId) {
        if let Some((_, key)) = self.index.remove(&id) {
            self.listings[slot].book.remove(key);
            self.touch(slot);
        }
    }

    /// What a taker still wants: of an account's order, a group may have cut or ended it.
    fn units_of(&self, taker: Taker) -> Units {
        match taker.party {
            Party::Account(_) => self.orders.get(taker.id).map_or(0, Entry::active),
            Party::Agent(_) => taker.units,
        }
    }

    /// What the taker could have at once, up to its size, and can count on: orders of its own
    /// are passed over if they would give way, and end it if the taker would. Of orders that a
    /// fill of one reduces (a group, the children of one parent) only the first counts.
    fn available(&self, slot: usize, taker: Taker) -> Units {
        let within = self.listings[slot].book.orders(taker.side.opposite());
        let mut available = 0;
        let mut linked: BTreeSet<Group> = BTreeSet::new();
        for order in within.take_while(|order| !is_beyond(taker.side, order.at, taker.worst)) {
            if order.party == taker.party {
                if taker.own != SelfMatch::CancelResting {
                    break;
                }
                continue;
            }
            let mut is_first = true;
            for link in self.orders.get(order.id).into_iter().flat_map(Entry::links) {
                is_first &= linked.insert(link);
            }
            if is_first {
                available += order.units;
            }
            if available >= taker.units {
                return taker.units;
            }
        }
        available
    }

    /// The farthest price a market order of `party` may trade at: the collar around the best
    /// opposite price of others or, where nobody is there, the last one.
    pub(super) fn collar(&self, slot: usize, side: Side, party: Party) -> Option<Points> {
        let listing = &self.listings[slot];
        let best = self.best_of_others(slot, side.opposite(), party).or(listing.day.last)?;
        let distance = i64::try_from(i128::from(best) * i128::from(self.collar_ppm) / 1_000_000)
            .expect("a part of a price is not larger than the price");
        Some(match side {
            Side::Buy => listing.grid.floor(best + distance),
            Side::Sell => listing.grid.ceil(best - distance).max(listing.grid.lowest()),
        })
    }
}
