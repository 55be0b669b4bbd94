//! Requests carried out: submit, amend and cancel, of accounts and of agents.
//!
//! A request is checked first (`check`), then done without a way back: after `Accepted` or
//! `Amended` nothing is refused any more, orders only end for a reason.

use crate::domain::{AccountId, InstrumentId, OrderId, OrderKind, OrderSpec, TimeInForce};

use super::orders::{Entry, Place};
use super::sessions::Timer;
use super::{Amend, Event, Exchange, Reject};

impl Exchange {
    pub(super) fn submit_order(
        &mut self,
        account: &AccountId,
        id: OrderId,
        spec: OrderSpec,
        out: &mut Vec<Event>,
    ) {
        let time = self.now;
        if self.orders.find(id).is_some() {
            out.push(Event::Duplicate { id, time });
            return;
        }
        let index = self.ledger(account).ok_or_else(|| Reject::UnknownAccount(account.clone()));
        match index.and_then(|index| self.check_order(index, id, spec)) {
            Ok(entry) => self.accept(spec, entry, out),
            Err(reason) => out.push(Event::Rejected { id, reason, time }),
        }
    }

    /// Takes a checked order into the market; `asked` is as the trader sent it.
    fn accept(&mut self, asked: OrderSpec, entry: Entry, out: &mut Vec<Event>) {
        let (id, spec, time) = (entry.id, entry.spec, self.now);
        out.push(Event::Accepted { id, time });
        if spec != asked {
            out.push(Event::Amended { id, spec, time });
        }
        if let Some(at) = entry.expires {
            self.timers.insert((at, Timer::Expire(id)));
        }
        self.ledgers[entry.account].touched = true;
        self.orders.insert(entry);
        self.route(id, out);
        self.trigger_if_reached(id);
    }

    pub(super) fn amend_order(&mut self, id: OrderId, change: Amend, out: &mut Vec<Event>) {
        match self.check_amend(id, change) {
            Ok(changed) => self.apply_amend(&changed, out),
            Err(reason) => out.push(Event::AmendRejected { id, reason, time: self.now }),
        }
    }

    fn apply_amend(&mut self, changed: &Entry, out: &mut Vec<Event>) {
        let (id, time) = (changed.id, self.now);
        let Some(entry) = self.orders.get(id) else { return };
        let is_same_price = changed.limit == entry.limit && changed.stop == entry.stop;
        if is_same_price && changed.quantity <= entry.quantity {
            return self.resize(id, changed.quantity, out);
        }
        let waits_for_parent = entry.place == Place::Parent && changed.active() == 0;
        self.withdraw(id);
        let Some(entry) = self.orders.get_mut(id) else { return };
        entry.spec = changed.spec;
        (entry.quantity, entry.limit, entry.stop) = (changed.quantity, changed.limit, changed.stop);
        entry.updated = time;
        self.ledgers[entry.account].touched = true;
        out.push(Event::Amended { id, spec: entry.spec, time });
        if waits_for_parent {
            entry.place = Place::Parent;
        } else {
            self.route(id, out);
        }
    }

    pub(super) fn cancel_order(&mut self, id: OrderId, out: &mut Vec<Event>) {
        if self.orders.get(id).is_some() {
            self.cancel_requested(id, out);
        } else {
            out.push(Event::CancelRejected { id, reason: self.not_live(id), time: self.now });
        }
    }

    pub(super) fn cancel_all_of_account(
        &mut self,
        account: &AccountId,
        instrument: Option<InstrumentId>,
        out: &mut Vec<Event>,
    ) {
        let index = self.ledger(account);
        let theirs = self.orders.live().filter(|entry| Some(entry.account) == index);
        let asked = theirs.filter(|entry| instrument.is_none_or(|id| id == entry.spec.instrument));
        let ids: Vec<OrderId> = asked.map(|entry| entry.id).collect();
        for id in ids {
            self.cancel_requested(id, out);
        }
    }

    pub(super) fn submit_agent(&mut self, agent: u32, id: OrderId, spec: &OrderSpec, out: &mut Vec<Event>) {
        match self.check_agent(id, spec) {
            Ok(order) => self.enter_agent(agent, id, spec, &order, out),
            Err(reason) => self.refuse_agent(reason),
        }
    }

    /// An agent's change: less at the same price keeps its place, all else is a new order.
    pub(super) fn amend_agent(&mut self, id: OrderId, change: Amend, out: &mut Vec<Event>) {
        let Some(&(slot, key)) = self.index.get(&id) else {
            return self.refuse_agent(Reject::UnknownOrder(id));
        };
        let slot = slot as usize;
        let listing = &mut self.listings[slot];
        let resting = *listing.book.get(key);
        let price = change.limit.unwrap_or_else(|| listing.grid.price(resting.at));
        let quantity = change.quantity.unwrap_or_else(|| listing.grid.quantity(resting.units));
        let at = listing.grid.check_price(&listing.instrument, price);
        let units = listing.grid.check_quantity(&listing.instrument, quantity);
        match (at, units) {
            (Err(reason), _) | (_, Err(reason)) => self.refuse_agent(reason),
            (Ok(at), Ok(units)) if at == resting.at && units <= resting.units => {
                if units < resting.units {
                    listing.book.reduce(key, resting.units - units);
                    self.touch(slot);
                }
            }
            (Ok(_), Ok(_)) => {
                let (instrument, kind) = (listing.instrument.id, OrderKind::Limit { price });
                self.drop_agent(slot, id);
                let spec = OrderSpec::new(instrument, resting.side, quantity, kind, TimeInForce::Gtc);
                if let super::book::Party::Agent(agent) = resting.party {
                    self.submit_agent(agent, id, &spec, out);
                }
            }
        }
    }

    pub(super) fn cancel_all_of_agent(&mut self, agent: u32, instrument: Option<InstrumentId>) {
        let only = instrument.map(|id| self.slot(id));
        for slot in 0..self.listings.len() {
            if only.is_none_or(|only| only == Some(slot)) {
                for id in self.agent_orders(slot, |of| of == agent) {
                    self.drop_agent(slot, id);
                }
            }
        }
    }

    fn refuse_agent(&mut self, reason: Reject) {
        self.refusals += 1;
        self.last_refusal = Some(reason);
    }
}
