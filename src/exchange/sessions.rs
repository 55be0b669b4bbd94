//! Time passing: sessions open and close, orders expire.
//!
//! Everything that will happen by itself is a timer, ordered by time, so a step of a second
//! and a step of a week give the same events. At one instant orders expire before a session
//! ends, because a DAY order is gone once the close is.

use crate::domain::{InstrumentId, OrderId, Side, Time};

use super::book::Party;
use super::orders::Place;
use super::{Event, Exchange};

/// What happens at an instant; instruments by slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    Expire(OrderId),
    Session(usize),
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
                self.open_waiting(slot, out);
            }
            (true, false) => {
                self.withdraw_agents(slot);
                out.push(Event::SessionChanged { instrument, is_open: false, time });
                self.touch(slot);
            }
            (true, true) => self.touch(slot),
            (false, false) => {}
        }
    }

    /// Orders that came while closed enter the market in order of arrival.
    fn open_waiting(&mut self, slot: usize, out: &mut Vec<Event>) {
        for (_, id) in self.listings[slot].waiting.clone() {
            if self.orders.get(id).is_some_and(|entry| entry.place == Place::Opening) {
                self.withdraw(id);
                self.route(id, out);
                self.work_off(out);
            }
        }
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
