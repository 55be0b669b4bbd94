//! Orders that belong together, and how orders end.
//!
//! - *Bracket*: children wait for their parent, and all of them together may trade as much as
//!   it has filled: what one child fills is released to the others no more, and a child keeps
//!   no more quantity than can still come to it. So two targets of half the position each leave
//!   the stop for the whole of it as large as what is still held.
//! - *OCO* (one cancels the other): what one order fills is taken off the quantity of the
//!   others.
//!
//! A cancel by the trader ends the others of a group, and the other children of a parent.
//!
//! An order's end is told to its group at once, and to its children through the work list,
//! so that a long chain of parents cannot recurse.

use std::sync::Arc;

use crate::domain::{OrderId, OrderStatus};

use super::grid::Units;
use super::orders::{Entry, Group, Place};
use super::sessions::Timer;
use super::triggers::is_reached;
use super::{CancelReason, Event, Exchange, Work};

impl Exchange {
    /// What an order has filled is taken off the others of its group and of its parent.
    pub(super) fn take_from_others(&mut self, filled: &Entry, units: Units, out: &mut Vec<Event>) {
        let (id, group, parent) = (filled.id, filled.group(), filled.spec.parent);
        let is_done = filled.remaining() == 0;
        for other in self.orders.others(id, group, parent) {
            let Some(entry) = self.orders.get_mut(other) else { continue };
            let is_sibling = parent.is_some() && entry.spec.parent == parent;
            if let Some(released) = entry.released.as_mut().filter(|_| is_sibling) {
                *released -= units;
            }
            let is_oco = matches!(group, Some(Group::Named(..))) && entry.group() == group;
            let quantity = if is_oco {
                if is_done { entry.filled } else { entry.quantity - units }
            } else {
                entry.quantity
            };
            let quantity = quantity.min(self.most_of_parent(other));
            self.cut(other, quantity, CancelReason::OtherFilled(id), out);
        }
    }

    /// The largest quantity that a child can still come to: what its parent's fills leave to it,
    /// and what the parent may yet fill.
    fn most_of_parent(&self, id: OrderId) -> Units {
        let Some(entry) = self.orders.get(id) else { return Units::MAX };
        let (Some(parent), Some(released)) = (entry.spec.parent, entry.released) else { return Units::MAX };
        released + self.orders.get(parent).map_or(0, Entry::remaining)
    }

    /// Leaves an order `quantity` at most; ends it where that is no more than it has filled.
    fn cut(&mut self, id: OrderId, quantity: Units, reason: CancelReason, out: &mut Vec<Event>) {
        let Some(entry) = self.orders.get(id) else { return };
        if quantity <= entry.filled {
            self.cancel_entry(id, reason, out);
        } else if quantity < entry.quantity {
            self.resize(id, quantity, out);
        } else {
            self.adjust(id, out);
        }
    }

    /// Gives an order a smaller quantity; what rests of it keeps its place.
    pub(super) fn resize(&mut self, id: OrderId, quantity: Units, out: &mut Vec<Event>) {
        let time = self.now;
        let Some(entry) = self.orders.get_mut(id) else { return };
        entry.set_quantity(quantity, &self.listings[entry.slot].grid);
        entry.updated = time;
        let spec = entry.spec;
        self.ledgers[entry.account].touched = true;
        out.push(Event::Amended { id, spec, time });
        self.adjust(id, out);
    }

    /// Lets no more of an order rest or wait than may trade.
    fn adjust(&mut self, id: OrderId, out: &mut Vec<Event>) {
        let Some(entry) = self.orders.get(id) else { return };
        let active = entry.active();
        match entry.place {
            Place::Book if active > 0 => self.shrink_resting(id, active),
            Place::Book | Place::Trigger | Place::Opening | Place::Quote if active == 0 => {
                self.withdraw(id);
                self.hold_for_parent(id, out);
            }
            _ => {}
        }
    }

    /// Leaves `units` of a resting order in the book.
    fn shrink_resting(&mut self, id: OrderId, units: Units) {
        let Some(&(slot, key)) = self.index.get(&id) else { return };
        let slot = slot as usize;
        let book = &mut self.listings[slot].book;
        let surplus = book.get(key).units - units;
        if surplus > 0 {
            book.reduce(key, surplus);
            self.touch(slot);
        }
    }

    /// What a parent has filled becomes active in its children, once this call's matching is done.
    pub(super) fn release_children(&mut self, parent: OrderId, units: Units) {
        for child in self.orders.children(parent) {
            if let Some(released) = self.orders.get_mut(child).and_then(|entry| entry.released.as_mut()) {
                *released += units;
                self.work.push_back(Work::Release(child));
            }
        }
    }

    /// A child takes up what its parent has released: more of it rests, at the back of the queue.
    pub(super) fn take_up(&mut self, id: OrderId, out: &mut Vec<Event>) {
        let Some(entry) = self.orders.get(id) else { return };
        let resting = || self.index.get(&id).map(|&(_, key)| self.listings[entry.slot].book.get(key).units);
        match entry.place {
            Place::Entering | Place::Trigger | Place::Quote => return,
            Place::Parent if entry.active() == 0 => return,
            Place::Book if resting() == Some(entry.active()) => return,
            Place::Parent | Place::Book | Place::Opening => {}
        }
        self.withdraw(id);
        self.route(id, out);
        self.trigger_if_reached(id);
    }

    /// A stop that becomes active on the wrong side of the market triggers at once: it protects
    /// a position that exists already.
    pub(super) fn trigger_if_reached(&mut self, id: OrderId) {
        let Some(entry) = self.orders.get_mut(id) else { return };
        let listing = &mut self.listings[entry.slot];
        if let (Place::Trigger, Some(stop), Some(last)) = (entry.place, entry.stop, listing.day.last)
            && listing.is_regular()
            && is_reached(entry.side(), stop, last)
        {
            entry.disarm(listing);
            entry.place = Place::Entering;
            self.work.push_back(Work::Trigger(id));
        }
    }

    /// A stop's price has been reached: it goes to the market.
    pub(super) fn trigger(&mut self, id: OrderId, out: &mut Vec<Event>) {
        let time = self.now;
        let Some(entry) = self.orders.get_mut(id) else { return };
        entry.triggered = true;
        entry.updated = time;
        out.push(Event::Triggered { id, time });
        self.route(id, out);
    }

    /// A parent has ended: its children keep what it has filled, and end if that is nothing.
    pub(super) fn parent_ended(&mut self, parent: OrderId, out: &mut Vec<Event>) {
        for child in self.orders.children(parent) {
            let Some(entry) = self.orders.get(child) else { continue };
            let released = entry.released.unwrap_or(Units::MAX);
            if released <= entry.filled {
                self.cancel_entry(child, CancelReason::ParentEnded(parent), out);
            } else if released < entry.quantity {
                self.resize(child, released, out);
            }
        }
    }

    /// A cancel that the trader asked for takes the rest of the group along.
    pub(super) fn cancel_requested(&mut self, id: OrderId, out: &mut Vec<Event>) {
        let Some(group) = self.orders.get(id).map(Entry::group) else { return };
        let siblings = self.orders.others(id, group, None);
        self.cancel_entry(id, CancelReason::Requested, out);
        for sibling in siblings {
            self.cancel_entry(sibling, CancelReason::OtherCancelled(id), out);
        }
    }

    /// Ends an order and says why.
    pub(super) fn cancel_entry(&mut self, id: OrderId, reason: CancelReason, out: &mut Vec<Event>) {
        if self.orders.get(id).is_none() {
            return;
        }
        out.push(Event::Cancelled { id, reason, time: self.now });
        self.finish(id, OrderStatus::Cancelled, Some(reason.to_string().into()));
    }

    /// Ends an order whose time has run out.
    pub(super) fn expire(&mut self, id: OrderId, out: &mut Vec<Event>) {
        if self.orders.get(id).is_some() {
            out.push(Event::Expired { id, time: self.now });
            self.finish(id, OrderStatus::Expired, None);
        }
    }

    /// Moves an order to the past.
    pub(super) fn finish(&mut self, id: OrderId, status: OrderStatus, reason: Option<Arc<str>>) {
        self.withdraw(id);
        let Some(entry) = self.orders.get(id) else { return };
        self.ledgers[entry.account].touched = true;
        if let Some(at) = entry.expires {
            self.timers.remove(&(at, Timer::Expire(id)));
        }
        self.orders.end(id, status, reason, self.now);
        self.work.push_back(Work::ParentEnded(id));
    }
}
