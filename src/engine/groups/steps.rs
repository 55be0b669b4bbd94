//! How what a group needs is carried out: exits are sent, changed and ended, and what cannot be is
//! told.

use std::time::Duration;

use super::super::journal::Intent;
use super::super::order_state::Life;
use super::super::{Effect, Engine};
use super::bracket::Leg;
use super::{LegKind, RETRY, Step, Told};
use crate::domain::{
    Decimal, InstrumentId, KeptGroup, Moment, Order, OrderId, OrderKind, OrderSpec, Price, Qty, Quote, Side,
    Time,
};
use crate::link::update::Refused;
use crate::link::{NoticeLevel, Update};
use crate::risk::{Change, Role};

impl Engine {
    pub(super) fn take_step(&mut self, step: Step, now: Time, out: &mut Vec<Effect>) {
        match step {
            Step::Release(order, quantity) => self.release(*order, quantity, now, out),
            Step::Resize(order, quantity) => {
                let change = Change { quantity: Some(quantity), ..Change::default() };
                // What is refused here is done in another way at the next look.
                let is_exit = order.kept.is_some_and(|kept| kept.entry.is_some());
                let role = match is_exit {
                    true if quantity < order.spec.quantity => Role::Less,
                    true => Role::Release,
                    false => Role::Plain,
                };
                if let Err(why) = self.change(&order, change, role, now, now, out) {
                    tracing::warn!("order {} was not resized: {why}", order.id);
                }
            }
            Step::Add(like, quantity) => self.add_exit(&like, quantity, now, out),
            Step::Cut(id) => {
                self.orders.set_goes_on(id, true);
                if !self.give_up_unsent(id, "Another order of its group has filled", now, out)
                    && let Some(order) = self.orders.get(id).cloned()
                {
                    self.ask_cancel(&order, now, out);
                }
            }
            Step::GiveUp(id) => {
                self.orders.set_goes_on(id, true);
                self.end_intended(id, Life::Cancelled, "Its entry ended without a fill", now, out);
            }
            Step::End(ids) => {
                self.end_leg(&ids, now, out);
                for id in ids {
                    self.give_up_kept(id, "What it was to guard is not held any more", now, out);
                }
            }
        }
    }

    /// An exit that was kept goes out as any order: judged, on disk first.
    fn release(&mut self, order: Order, quantity: Qty, now: Time, out: &mut Vec<Effect>) {
        let id = order.id;
        self.is_added(&order, now);
        let (kind, passed) = self.kind_now(&order, now);
        let kept = order.kept.map(|kept| KeptGroup { passed, ..kept });
        let wanted = Order { spec: OrderSpec { quantity, kind, ..order.spec }, kept, ..order };
        if let Err(why) = self.would_release(&wanted, now) {
            return self.tell_not_sent(&wanted, quantity, &why, now, out);
        }
        let Some(order) = self.orders.release(id, wanted.spec, wanted.kept, now) else { return };
        self.groups.told.remove(&(id, Told::NotSent));
        let seen = self.market.quote(order.spec.instrument).map(|(quote, _)| *quote);
        let seq = self.record(Moment::Intended { input_at: now, seen }, vec![order.clone()], now, out);
        self.send_when_written(seq, Intent::Place(vec![(id, Role::Release)]), now);
        self.day_sends([&order], now);
        out.push(Effect::publish(Update::Order(order), now));
    }

    /// One more exit, where there is none that could be made larger.
    fn add_exit(&mut self, like: &Order, quantity: Qty, now: Time, out: &mut Vec<Effect>) {
        let Ok(instrument) = self.instrument(like.spec.instrument) else { return };
        self.is_added(like, now);
        let (kind, passed) = self.kind_now(like, now);
        let spec = OrderSpec { quantity, kind, ..like.spec };
        let wanted = Order { spec, ..like.clone() };
        if let Err(why) = self.would_release(&wanted, now) {
            return self.tell_not_sent(like, quantity, &why, now, out);
        }
        let order = self.intend(spec, like.origin, &instrument, &like.account, now, out);
        let kept = like.kept.map(|kept| KeptGroup { goes_on: false, passed, ..kept });
        let order = Order { kept, ..order };
        if let Err(why) = self.submit(vec![(order, Role::Release)], None, &instrument, now, now, out) {
            return self.tell_not_sent(like, quantity, &why, now, out);
        }
        self.groups.told.remove(&(like.id, Told::NotSent));
    }

    fn is_added(&mut self, exit: &Order, now: Time) {
        if let Some(entry) = exit.entry() {
            self.groups.added.insert((entry, LegKind::of(exit)), now);
        }
    }

    /// A stop that the market has passed already goes out at market, as it would have by now at
    /// a broker that keeps brackets: its kind now, and where its stop was if that is so.
    fn kind_now(&self, exit: &Order, now: Time) -> (OrderKind, Option<Price>) {
        let Some(stop) = exit.spec.kind.stop().or_else(|| exit.kept?.passed) else {
            return (exit.spec.kind, None);
        };
        // The broker has said so a moment ago.
        if self.groups.passed.get(&exit.id).is_some_and(|at| now.since(*at) < RETRY) {
            return (OrderKind::Market, Some(stop));
        }
        let quote = self.fresh_quote(exit.spec.instrument, now);
        let book = quote.and_then(|quote| quote.bid.zip(quote.ask)).filter(|(bid, ask)| bid <= ask);
        // By the whole book: a bid alone that drops for a moment closes nothing.
        let is_passed = book.is_some_and(|(bid, ask)| match exit.spec.side {
            Side::Sell => ask <= stop,
            Side::Buy => bid >= stop,
        });
        if is_passed { (OrderKind::Market, Some(stop)) } else { (OrderKind::Stop { stop }, None) }
    }

    /// The broker has refused an exit. A stop that the market has passed on its way would have
    /// triggered at a broker that keeps brackets: what it was to guard is closed at market.
    pub(in super::super) fn exit_refused(&mut self, id: OrderId, now: Time) {
        let Some(order) = self.orders.get(id) else { return };
        let (OrderKind::Stop { stop }, Some(entry)) = (order.spec.kind, order.entry()) else { return };
        let side = order.spec.side;
        let is_passed = |price: Decimal| side.sign() * (price - stop.0) >= Decimal::ZERO;
        // By the book as a whole, or by the last trade within it: one of long ago is not, and a
        // book that is far apart says little.
        let quote = self.fresh_quote(order.spec.instrument, now);
        let book = quote.and_then(|quote| Some((quote.bid?.0, quote.ask?.0, quote.last)));
        let is_through = |(bid, ask, last): (Decimal, Decimal, Option<Price>)| {
            let near = if side == Side::Sell { bid } else { ask };
            let traded = last.is_some_and(|last| is_passed(last.0.clamp(bid, ask)));
            is_passed(near) && (traded || is_passed((bid + ask) / Decimal::TWO))
        };
        if book.filter(|(bid, ask, _)| bid <= ask).is_some_and(is_through) {
            self.groups.passed.insert(id, now);
            self.groups.added.remove(&(entry, LegKind::Stop));
            self.goes_on_later(id);
        }
    }

    /// The quote of an open market that is no older than quotes may be: a close of yesterday
    /// passes no stop.
    fn fresh_quote(&self, id: InstrumentId, now: Time) -> Option<&Quote> {
        let limit = self.settings.limits.quote_age(self.instruments.get(id.index())?);
        let (quote, at) = self.market.quote(id)?;
        (quote.is_open && now.since(at) <= Duration::from_secs(limit.into())).then_some(quote)
    }

    fn would_release(&self, order: &Order, now: Time) -> Result<(), Refused> {
        self.journal.check()?;
        let instrument = self.instrument(order.spec.instrument)?;
        self.would_pass(order, Role::Release, &instrument, now)
    }

    /// Says once that an exit is not needed, and why it is not sent.
    pub(super) fn tell_waits(&mut self, leg: &Leg, held: Decimal, now: Time, out: &mut Vec<Effect>) {
        // One that was ended for want of something to guard has no order that waits.
        let Some(exit) = leg.kept().or_else(|| leg.members.last()) else { return };
        if !self.groups.told.insert((exit.id, Told::Waits)) {
            return;
        }
        let (id, symbol, kind) = (exit.id, self.symbol(exit.spec.instrument).to_owned(), leg.key.1.label());
        let why =
            "Kept here while another bracket guards all that is held: the broker does not know of it yet";
        let what = if leg.kept().is_some() {
            if let Some(order) = self.orders.explain(id, why, now) {
                out.push(Effect::publish(Update::Order(order), now));
            }
            format!("Order {id}")
        } else {
            format!("The {kind} of order {}", leg.key.0)
        };
        let text =
            format!("{what} waits: the {kind} of another bracket guards the {held} {symbol} that are held");
        self.note(NoticeLevel::Info, text, now, out);
    }

    /// Says once that an exit is not sent.
    fn tell_not_sent(
        &mut self,
        exit: &Order,
        quantity: Qty,
        why: &Refused,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        if self.groups.told.insert((exit.id, Told::NotSent)) {
            let symbol = self.symbol(exit.spec.instrument);
            let leg = LegKind::of(exit).label();
            let text = format!("{quantity} {symbol} are not guarded by a {leg} yet: {why}");
            self.note(NoticeLevel::Error, text, now, out);
        }
    }

    /// Says once that nothing of a kind guards what is held.
    pub(super) fn tell_leg_over(&mut self, leg: &Leg, unguarded: Decimal, now: Time, out: &mut Vec<Effect>) {
        // One whose end was refused works on, and is not made larger.
        let stays = leg.working().find(|order| self.orders.can_cancel(order.id));
        let Some(ended) = stays.or_else(|| leg.ended_by_others()) else { return };
        // What the trader has taken away is no news to him.
        let is_known = stays.is_none() && leg.is_over_for_good();
        if is_known || unguarded <= Decimal::ZERO || !self.groups.told.insert((ended.id, Told::Ended)) {
            return;
        }
        let state = if stays.is_some() { "not made larger" } else { ended.status.label() }.to_lowercase();
        let (symbol, leg) = (self.symbol(ended.spec.instrument), leg.key.1.label());
        let text = format!(
            "Order {} is {state}: {unguarded} {symbol} are not guarded by a {leg} any more",
            ended.id
        );
        self.note(NoticeLevel::Error, text, now, out);
    }
}
