//! Our orders as TWS has them, and what it says of them.
//!
//! How an order stands comes from the stream of order updates alone. A code that names an order is a
//! remark on it ([`super::codes`]): it gives the reason of what the stream says next, answers a change or
//! a cancel that is on its way, and only where the stream stays silent ([`GRACE`]) does it end an order that
//! never lived. Pure: calls of TWS come in, [`BrokerEvent`]s go out.
//!
//! An order is found by its number, by what we wrote on it ([`terms::reference`]), or, of others, by the
//! number that IBKR gave it. Only what the engine knows of is reported; the rest waits for the books.

mod entry;
mod says;
#[cfg(test)]
pub(super) mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ibapi::contracts::Contract;
use ibapi::orders::{Order as TheirOrder, OrderData, OrderStatus as TheirStatus, OrderStatusKind};

use super::advice::told_of_order;
use super::books::Answer;
use super::codes::{self, OrderWord, words};
use super::listed::Listing;
use super::number::{price_if_any, quantity};
use super::terms::{self, Envelope};
use crate::broker::contract::{BrokerEvent, Report, ReportKind};
use crate::domain::{AccountId, BrokerId, Fill, Order, OrderId, OrderStatus, Origin, Time};
use crate::link::{NoticeLevel, WhatIf};
use crate::risk::{ApprovedAmend, ApprovedOrder};
use entry::Entry;

/// How long the stream may be silent about an order that a code has refused or cancelled, and executions
/// about one that it calls filled.
const GRACE: Duration = Duration::from_secs(2);
/// Order ids end here: what is above is a request.
const IDS_END: i32 = 1_500_000_000;
/// How many numbers are passed over from one on that was used before.
const SKIPPED: i32 = 1_000;
/// From here on TWS takes post-only.
const POST_ONLY_FROM: i32 = 216;

/// Who we are to TWS in this session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seat {
    /// Our place in the registry.
    pub broker: BrokerId,
    /// Our client id.
    pub client_id: i32,
    /// What TWS can do.
    pub server_version: i32,
}

/// An order on its way to TWS.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    /// Our id of it.
    pub order: OrderId,
    /// Its number.
    pub number: i32,
    /// What is traded.
    pub contract: Contract,
    /// Its terms.
    pub terms: TheirOrder,
}

/// All orders of a session.
#[derive(Debug)]
pub(super) struct Orders {
    seat: Seat,
    next: i32,
    entries: BTreeMap<OrderId, Entry>,
    by_number: BTreeMap<i32, OrderId>,
    /// Which books are being read, or were last.
    round: u32,
    wants_books: bool,
    /// Whether TWS counts order numbers otherwise than we do.
    wants_number: bool,
}

impl Orders {
    /// Numbers are taken from `next` on.
    pub fn new(seat: Seat, next: i32) -> Self {
        let (entries, by_number) = (BTreeMap::new(), BTreeMap::new());
        Self { seat, next, entries, by_number, round: 0, wants_books: false, wants_number: false }
    }

    /// Whether something has happened that only the books can explain; forgotten once it was asked.
    pub fn takes_books(&mut self) -> bool {
        std::mem::take(&mut self.wants_books)
    }

    /// Whether TWS is to be asked for its next order number; forgotten once it was asked.
    pub fn takes_number(&mut self) -> bool {
        std::mem::take(&mut self.wants_number)
    }

    /// TWS says from where on order numbers are free. One that it counts below ours may be used already.
    pub fn free_from(&mut self, number: i32) {
        self.next = self.next.max(number);
    }

    /// Makes orders ready to be sent: all of them or none.
    pub fn place(
        &mut self,
        orders: &[ApprovedOrder],
        listing: &Listing,
        now: Time,
    ) -> Result<Vec<Wanted>, String> {
        let room = usize::try_from(IDS_END - self.next).unwrap_or_default();
        if orders.len() > room {
            return Err("TWS has no order numbers left: reset them in TWS (Settings, API)".to_owned());
        }
        let numbers: BTreeMap<OrderId, i32> =
            orders.iter().zip(self.next..).map(|(order, number)| (order.id(), number)).collect();
        let mut wanted = Vec::new();
        for (index, approved) in orders.iter().enumerate() {
            let spec = approved.spec();
            let listed =
                listing.get(spec.instrument).ok_or("Interactive Brokers does not list this instrument")?;
            if spec.post_only && self.seat.server_version < POST_ONLY_FROM {
                return Err(
                    "This TWS does not know post-only orders: upgrade it, or send it without".to_owned()
                );
            }
            let parent = match spec.parent {
                None => None,
                Some(entry) => {
                    let known = numbers.get(&entry).copied().or_else(|| self.number(entry));
                    Some(known.ok_or_else(|| format!("Its entry, order {entry}, is not known at IBKR"))?)
                }
            };
            // TWS keeps an entry and its exits back until the last of them comes.
            let waits = orders[index + 1..].iter().any(|later| {
                let theirs = later.spec().parent;
                theirs == Some(approved.id()) || (spec.parent.is_some() && theirs == spec.parent)
            });
            let envelope = Envelope {
                client_id: self.seat.client_id,
                account: approved.account(),
                order: approved.id(),
                parent,
                transmit: !waits,
            };
            wanted.push(Wanted {
                order: approved.id(),
                number: numbers[&approved.id()],
                contract: listed.contract.clone(),
                terms: terms::to_theirs(spec, envelope),
            });
        }
        for (approved, wanted) in orders.iter().zip(&wanted) {
            let order = self.fresh(approved, now);
            let mut entry = Entry::new(order, Some(wanted.number), true);
            entry.sent_in = Some(self.round);
            self.by_number.insert(wanted.number, approved.id());
            self.entries.insert(approved.id(), entry);
        }
        self.next += i32::try_from(orders.len()).unwrap_or_default();
        Ok(wanted)
    }

    /// Makes a question of what an order would come to.
    pub fn what_if(&mut self, asked: &WhatIf, listing: &Listing) -> Result<Wanted, String> {
        if self.next >= IDS_END {
            return Err("TWS has no order numbers left: reset them in TWS (Settings, API)".to_owned());
        }
        let listed =
            listing.get(asked.spec.instrument).ok_or("Interactive Brokers does not list this instrument")?;
        let envelope = Envelope {
            client_id: self.seat.client_id,
            account: &asked.account,
            order: OrderId::default(),
            parent: None,
            transmit: true,
        };
        let terms = TheirOrder {
            what_if: true,
            // It must never be taken for an order of ours.
            order_ref: String::new(),
            ..terms::to_theirs(&asked.spec, envelope)
        };
        let number = self.next;
        self.next += 1;
        Ok(Wanted { order: OrderId::default(), number, contract: listed.contract.clone(), terms })
    }

    fn fresh(&self, approved: &ApprovedOrder, now: Time) -> Order {
        Order {
            status: OrderStatus::Sent,
            ..Order::intended(
                approved.id(),
                self.seat.broker,
                approved.account().clone(),
                *approved.spec(),
                now,
            )
        }
    }

    /// What never left is forgotten.
    pub fn never_left(&mut self, order: OrderId) {
        if let Some(entry) = self.entries.remove(&order) {
            self.by_number.retain(|_, known| *known != order);
            debug_assert!(entry.order.status == OrderStatus::Sent, "TWS cannot have spoken of it");
        }
    }

    /// Makes a change ready to be sent: the whole order, once more.
    pub fn amend(&mut self, amend: &ApprovedAmend, listing: &Listing) -> Result<Wanted, String> {
        let number = self.changeable(amend.id())?;
        let Some(entry) = self.entries.get(&amend.id()) else { return Err(not_there(amend.id())) };
        let spec = amend.change().applied_to(&entry.order.spec);
        let contract = listing.get(spec.instrument).map(|listed| listed.contract.clone());
        let envelope = Envelope {
            client_id: self.seat.client_id,
            account: &entry.order.account,
            order: amend.id(),
            parent: spec.parent.and_then(|parent| self.number(parent)),
            transmit: true,
        };
        let terms = terms::to_theirs(&spec, envelope);
        let contract = contract.ok_or("Interactive Brokers does not list this instrument")?;
        if let Some(entry) = self.entries.get_mut(&amend.id()) {
            entry.amend = Some(amend.change());
        }
        Ok(Wanted { order: amend.id(), number, contract, terms })
    }

    /// The number to cancel an order by.
    pub fn cancel(&mut self, order: OrderId) -> Result<i32, String> {
        let number = self.changeable(order)?;
        if let Some(entry) = self.entries.get_mut(&order) {
            entry.is_cancelling = true;
        }
        Ok(number)
    }

    /// Numbers of all orders of this program that live, to be cancelled, and how many live that others
    /// have entered.
    pub fn cancel_all(&mut self) -> (Vec<(OrderId, i32)>, usize) {
        let (mut ours, mut others) = (Vec::new(), 0);
        for (id, entry) in self.entries.iter_mut().filter(|(_, entry)| entry.order.is_live()) {
            match entry.number {
                Some(number) if !terms::is_foreign(*id) => {
                    entry.is_cancelling = true;
                    ours.push((*id, number));
                }
                _ => others += 1,
            }
        }
        (ours, others)
    }

    fn number(&self, order: OrderId) -> Option<i32> {
        self.entries.get(&order)?.number
    }

    fn changeable(&self, order: OrderId) -> Result<i32, String> {
        let entry = self.entries.get(&order).ok_or_else(|| not_there(order))?;
        entry.number.ok_or_else(|| {
            let place = match entry.client {
                Some(0) => "in TWS itself: only there it can be changed or cancelled".to_owned(),
                Some(client) => format!(
                    "by the program with client id {client}: only there, or in TWS, it can be changed or cancelled"
                ),
                None => "and only there it can be changed or cancelled: in TWS, or in the program that sent it"
                    .to_owned(),
            };
            format!("It was entered elsewhere, {place}")
        })
    }

    /// TWS says how an order stands.
    pub fn status(&mut self, theirs: &TheirStatus, now: Time, events: &mut Vec<BrokerEvent>) {
        let found = self.find(theirs.client_id, theirs.order_id, theirs.perm_id);
        let Some(entry) = found.and_then(|id| self.entries.get_mut(&id)) else { return };
        let filled = quantity(theirs.filled).unwrap_or_default();
        // What has filled before this session is known by this alone.
        if !entry.is_known && filled > entry.order.filled {
            entry.order.filled = filled;
        }
        if let Some(average) = price_if_any(theirs.average_fill_price).filter(|_| !entry.is_known) {
            entry.order.average_price = Some(average.0);
        }
        let is_done = theirs.remaining == 0.0 && theirs.filled > 0.0;
        let kind = if is_done { &OrderStatusKind::Filled } else { &theirs.status };
        let held = Some(theirs.why_held.trim()).filter(|why| !why.is_empty());
        self.wants_books |= entry.stands(kind, held, now, events);
    }

    /// TWS says what an order is.
    pub fn open(
        &mut self,
        data: &OrderData,
        listing: &Listing,
        now: Time,
        events: &mut Vec<BrokerEvent>,
    ) -> Option<OrderId> {
        if data.order.what_if {
            return None;
        }
        let instrument = listing.find(&data.contract)?;
        let client = self.seat.client_id;
        let terms =
            terms::from_theirs(data, instrument, client, |parent| self.by_number.get(&parent).copied())?;
        let is_own = data.order.client_id == client;
        let known = self.find(data.order.client_id, data.order_id, data.order.perm_id);
        let ours = || terms::referenced(&data.order.order_ref, client).filter(|_| is_own);
        let foreign = || (data.order.perm_id != 0).then(|| terms::foreign(data.order.perm_id));
        let id = known.or_else(ours).or_else(foreign)?;
        let number = is_own.then_some(data.order_id);
        if let Some(number) = number {
            self.by_number.insert(number, id);
        }
        if !self.entries.contains_key(&id) {
            let origin = if terms::is_foreign(id) { Origin::Foreign } else { Origin::Ticket };
            let account = AccountId::from(&*data.order.account);
            let order = Order {
                status: OrderStatus::Accepted,
                is_acknowledged: true,
                reason: terms.unusual.as_deref().map(Into::into),
                origin,
                ..Order::intended(id, self.seat.broker, account, terms.spec, now)
            };
            self.entries.insert(id, Entry::new(order, number, false));
        }
        let entry = self.entries.get_mut(&id)?;
        entry.number = number.or(entry.number);
        entry.client = Some(data.order.client_id);
        entry.take_terms(terms, now, events);
        let state = &data.order_state;
        let said = [&state.reject_reason, &state.warning_text].into_iter().map(|text| words(text));
        let said = said.into_iter().find(|text| !text.is_empty());
        self.wants_books |= entry.stands(&state.status, said.as_deref(), now, events);
        Some(id)
    }

    /// TWS says that an order is over: its answer to the question for those alone.
    pub fn completed(&mut self, data: &OrderData, listing: &Listing, now: Time) -> Option<OrderId> {
        let client = self.seat.client_id;
        let id = terms::referenced(&data.order.order_ref, client)?;
        let instrument = listing.find(&data.contract)?;
        let parent = |parent: i32| self.by_number.get(&parent).copied();
        let terms = terms::from_theirs(data, instrument, client, parent)?;
        let filled = quantity(data.order.filled_quantity).unwrap_or_default();
        let entry = self.entries.entry(id).or_insert_with(|| {
            let order = Order {
                status: OrderStatus::Accepted,
                is_acknowledged: true,
                ..Order::intended(
                    id,
                    self.seat.broker,
                    AccountId::from(&*data.order.account),
                    terms.spec,
                    now,
                )
            };
            Entry::new(order, None, false)
        });
        if !entry.is_known {
            entry.order.filled = entry.order.filled.max(filled);
        }
        entry.is_over(&data.order_state, filled, now);
        Some(id)
    }

    /// Which of our orders a frame is about.
    fn find(&self, client: i32, number: i32, perm_id: i64) -> Option<OrderId> {
        if client == self.seat.client_id
            && let Some(id) = self.by_number.get(&number)
        {
            return Some(*id);
        }
        Some(terms::foreign(perm_id)).filter(|id| perm_id != 0 && self.entries.contains_key(id))
    }

    /// Which order an execution is of, as far as anybody can tell.
    pub fn of_execution(&self, client: i32, number: i32, perm_id: i64, reference: &str) -> OrderId {
        let found = self.find(client, number, perm_id);
        let referenced = || terms::referenced(reference, self.seat.client_id);
        found.or_else(referenced).unwrap_or_else(|| terms::foreign(perm_id))
    }

    /// An execution was told to the engine.
    pub fn filled(&mut self, fill: &Fill, now: Time) {
        if let Some(entry) = self.entries.get_mut(&fill.order) {
            entry.filled(fill, now);
        }
    }

    /// An execution was told in the books, and an order that they do not bring anew has it from there.
    pub fn told_in_books(&mut self, fill: &Fill, now: Time) {
        if let Some(entry) = self.entries.get_mut(&fill.order).filter(|entry| entry.is_known) {
            entry.filled(fill, now);
        }
    }

    /// A change never left; whether there was one.
    pub fn gives_up_change(&mut self, order: OrderId) -> bool {
        self.entries.get_mut(&order).is_some_and(|entry| entry.amend.take().is_some())
    }

    /// A cancel never left.
    pub fn gives_up_cancel(&mut self, order: OrderId) {
        if let Some(entry) = self.entries.get_mut(&order) {
            entry.is_cancelling = false;
        }
    }

    /// TWS says something about the order of a number.
    pub fn notice(
        &mut self,
        number: i32,
        code: i32,
        text: &str,
        listing: &Listing,
        now: Time,
        events: &mut Vec<BrokerEvent>,
    ) {
        let word = codes::of_order(code, text);
        if word == OrderWord::Duplicate && number > 0 {
            // What is sent before TWS has answered must not meet the next one that was used.
            self.free_from(number.saturating_add(SKIPPED));
            self.wants_number = true;
        }
        let Some(id) = self.by_number.get(&number).copied() else { return };
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let spec = entry.wanted_spec();
        let text: Arc<str> = told_of_order(code, text, &spec, listing.instrument(spec.instrument)).into();
        if word == OrderWord::Duplicate {
            let note = "TWS had given this order number out before. Nothing of the order was sent on: enter it again";
            events.push(BrokerEvent::Note(NoticeLevel::Error, note.into()));
        }
        self.wants_books |= entry.remark(word, text, now, events);
    }

    /// Time has passed: what the stream has stayed silent about is settled.
    pub fn tick(&mut self, now: Time, events: &mut Vec<BrokerEvent>) {
        for entry in self.entries.values_mut() {
            self.wants_books |= entry.tick(now, events);
        }
    }

    /// The books are being read from here on.
    pub fn begin_round(&mut self) {
        self.round += 1;
    }

    /// The books have this order.
    pub fn seen(&mut self, order: OrderId) {
        let round = self.round;
        if let Some(entry) = self.entries.get_mut(&order) {
            entry.seen = round;
        }
    }

    /// The orders for the books: all that TWS has told of since they were asked for, what was sent since
    /// then, and what has ended in this session. Without an answer, all that is known.
    pub fn books(&mut self, answer: Answer, is_meant: impl Fn(&Order) -> bool, now: Time) -> Vec<Order> {
        let round = self.round;
        for entry in self.entries.values_mut() {
            // An exit can be told before its entry.
            if entry.order.spec.parent.is_none()
                && let Some(parent) = entry.parent.and_then(|number| self.by_number.get(&number))
            {
                entry.order.spec.parent = Some(*parent);
            }
        }
        let mut orders = Vec::new();
        for entry in self.entries.values_mut().filter(|entry| is_meant(&entry.order)) {
            if entry.order.status == OrderStatus::Filled {
                // Its executions may be older than those that are told.
                entry.order.filled = entry.order.spec.quantity;
            }
            let is_there = answer == Answer::Missing || entry.seen == round || entry.sent_in == Some(round);
            if !is_there {
                entry.is_absent(now);
            }
            // Of what was sent a moment ago nobody has spoken yet: it is no news.
            let is_silent = entry.order.status == OrderStatus::Sent;
            if (is_there && !is_silent) || entry.order.status.is_final() {
                entry.is_known = true;
                orders.push(entry.order.clone());
            }
        }
        orders
    }
}

fn not_there(order: OrderId) -> String {
    format!("Interactive Brokers does not have order {order}: look there")
}
