//! Time passing: sessions open and close, orders expire.
//!
//! Nothing of an account rests in the book of a market that is closed, or in a session that the
//! order is not for: it waits outside. At the open the makers quote first, and an instant after
//! the first quotes what waits enters in order of age, as far as the other side is quoted, and
//! trades at the quotes' prices. An order that entered an empty book instead would be filled at
//! its own price, however far from the market it opens.
//!
//! Everything that will happen by itself is a timer, ordered by time, so a step of a second
//! and a step of a week give the same events. At one instant orders expire before a session
//! ends, because a DAY order is gone once the close is.

use crate::domain::{InstrumentId, OrderId, OrderStatus, Side, Time};

use super::book::Party;
use super::orders::Place;
use super::{Event, Exchange, HeldFor};

/// What happens at an instant; instruments by slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    Expire(OrderId),
    Session(usize),
    /// What waits for the first quotes enters.
    Enter(usize),
}

impl Exchange {
    /// Lets time pass up to `now`.
    pub(super) fn pass_time(&mut self, now: Time, out: &mut Vec<Event>) {
        if self.now == Time::MIN {
            self.now = now;
            for slot in 0..self.listings.len() {
                self.begin(slot);
                self.turn_session(slot, out);
            }
        }
        while let Some(&(at, timer)) = self.timers.first()
            && at <= now
        {
            self.timers.pop_first();
            self.now = self.now.max(at);
            match timer {
                Timer::Expire(id) => self.expire(id, out),
                Timer::Session(slot) => self.turn_session(slot, out),
                Timer::Enter(slot) => self.enter_waiting(slot, out),
            }
            self.work_off(out);
        }
        self.now = self.now.max(now);
    }

    /// Says to which day the numbers belong that the driver has set before the first call:
    /// to today once today's first session has opened, to the trading day before until then.
    fn begin(&mut self, slot: usize) {
        let listing = &mut self.listings[slot];
        let calendar = &listing.calendar;
        let today = calendar.trading_day(self.now);
        let has_opened = calendar.sessions_of(today).first().is_some_and(|first| first.open <= self.now);
        let date = if has_opened { Some(today) } else { calendar.previous_trading_day(today) };
        listing.day.date = date;
    }

    /// A session begins or ends, or one follows on another without a break.
    fn turn_session(&mut self, slot: usize, out: &mut Vec<Event>) {
        let time = self.now;
        let listing = &mut self.listings[slot];
        let instrument = listing.instrument.id;
        let was_open = listing.session.is_some();
        let span = listing.calendar.session_at(time);
        listing.session = span.map(|span| span.kind);
        if let Some(span) = span {
            listing.day.begin(span.day);
            self.timers.insert((span.close, Timer::Session(slot)));
        } else if let Some(next) = listing.calendar.next_open(time) {
            self.timers.insert((next.open, Timer::Session(slot)));
        }
        match (was_open, span.is_some()) {
            (false, true) => {
                out.push(Event::SessionChanged { instrument, is_open: true, time });
                self.touch(slot);
            }
            (true, false) => {
                self.withdraw_agents(slot);
                self.hold(slot, out);
                out.push(Event::SessionChanged { instrument, is_open: false, time });
                self.touch(slot);
            }
            (true, true) => {
                self.hold(slot, out);
                self.plan_entry(slot);
                self.touch(slot);
            }
            (false, false) => {}
        }
    }

    /// Takes the orders that may not trade now out of the book, to enter it later in the order
    /// in which they had entered it before.
    fn hold(&mut self, slot: usize, out: &mut Vec<Event>) {
        let time = self.now;
        let listing = &self.listings[slot];
        let of_accounts = |side| {
            listing
                .book
                .orders(side)
                .filter(|order| matches!(order.party, Party::Account(_)))
                .map(|order| order.id)
        };
        let parked = listing.parked.iter().map(|&(_, id)| id);
        let held = of_accounts(Side::Buy).chain(of_accounts(Side::Sell)).chain(parked);
        let mut held: Vec<(u64, OrderId)> = held
            .filter_map(|id| self.orders.get(id))
            .filter(|entry| !listing.admits_now(&entry.spec))
            .map(|entry| (entry.rank, entry.id))
            .collect();
        held.sort_unstable();
        for (rank, id) in held {
            self.withdraw(id);
            let Some(entry) = self.orders.get_mut(id) else { continue };
            let listing = &mut self.listings[slot];
            entry.place = Place::Opening;
            entry.status = OrderStatus::Held;
            entry.bound = None;
            entry.updated = time;
            listing.waiting.insert((rank, id));
            let why = HeldFor::Open(listing.next_entry(&entry.spec, time));
            out.push(Event::Held { id, why, time });
        }
    }

    /// Has what waits enter an instant later, where somebody quotes for any of it: whoever
    /// quotes at this instant has done so then.
    pub(super) fn plan_entry(&mut self, slot: usize) {
        let waiting = &self.listings[slot].waiting;
        if waiting.iter().any(|&(_, id)| self.may_enter(id)) {
            self.timers.insert((Time(self.now.0 + 1), Timer::Enter(slot)));
        }
    }

    /// Orders that wait enter the market in order of age, where others quote for them.
    fn enter_waiting(&mut self, slot: usize, out: &mut Vec<Event>) {
        for (_, id) in self.listings[slot].waiting.clone() {
            if self.may_enter(id) {
                self.withdraw(id);
                self.route(id, out);
                self.work_off(out);
            }
        }
    }

    fn may_enter(&self, id: OrderId) -> bool {
        let Some(entry) = self.orders.get(id).filter(|entry| entry.place == Place::Opening) else {
            return false;
        };
        let best = || self.best_of_others(entry.slot, entry.side().opposite(), entry.party());
        self.listings[entry.slot].admits_now(&entry.spec) && best().is_some()
    }

    /// Agents' orders end with the session.
    fn withdraw_agents(&mut self, slot: usize) {
        for id in self.agent_orders(slot, |_| true) {
            self.drop_agent(slot, id);
        }
    }

    /// Orders of those agents that `of` names, best price first.
    pub(super) fn agent_orders(&self, slot: usize, of: impl Fn(u32) -> bool) -> Vec<OrderId> {
        let book = &self.listings[slot].book;
        let orders = book.orders(Side::Buy).chain(book.orders(Side::Sell));
        let theirs = orders.filter(|order| matches!(order.party, Party::Agent(agent) if of(agent)));
        theirs.map(|order| order.id).collect()
    }

    /// Notes that book, session or numbers of a listing changed in this call.
    pub(super) fn touch(&mut self, slot: usize) {
        let listing = &mut self.listings[slot];
        listing.changed = self.now;
        if !listing.touched {
            listing.touched = true;
            self.touched.push(slot);
        }
    }

    /// Reports what changed in this call, once each.
    pub(super) fn report_changes(&mut self, out: &mut Vec<Event>) {
        for slot in self.touched.drain(..) {
            let listing = &mut self.listings[slot];
            let instrument: InstrumentId = listing.instrument.id;
            listing.touched = false;
            let top = listing.best();
            if top != listing.top {
                listing.top = top;
                out.push(Event::TopChanged(instrument));
            }
            out.push(Event::BookChanged(instrument));
        }
        for ledger in self.ledgers.iter_mut().filter(|ledger| ledger.touched) {
            ledger.touched = false;
            out.push(Event::AccountChanged(ledger.id.clone()));
        }
    }
}
