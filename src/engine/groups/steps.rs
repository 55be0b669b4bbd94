//! How what a group needs is carried out: exits are sent, changed and ended, and what cannot be is
//! told.

use std::time::Duration;

use super::super::journal::Intent;
use super::super::order_state::Life;
use super::super::{Effect, Engine};
use super::{Leg, LegKind, Step, Told};
use crate::domain::{Decimal, KeptGroup, Moment, Order, OrderKind, OrderSpec, Price, Qty, Side, Time};
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
        let (kind, passed) = self.kind_now(&order, now);
        let kept = order.kept.map(|kept| KeptGroup { passed, ..kept });
        let wanted = Order { spec: OrderSpec { quantity, kind, ..order.spec }, kept, ..order };
        if let Err(why) = self.would_release(&wanted, now) {
            return self.tell_not_sent(&wanted, quantity, &why, now, out);
        }
        let Some(order) = self.orders.release(id, wanted.spec, wanted.kept, now) else { return };
        let seen = self.market.quote(order.spec.instrument).map(|(quote, _)| *quote);
        let seq = self.record(Moment::Intended { input_at: now, seen }, vec![order.clone()], now, out);
        self.send_when_written(seq, Intent::Place(vec![(id, Role::Release)]), now);
        self.day_sends([&order], now);
        out.push(Effect::publish(Update::Order(order), now));
    }

    /// One more exit, where there is none that could be made larger.
    fn add_exit(&mut self, like: &Order, quantity: Qty, now: Time, out: &mut Vec<Effect>) {
        let Ok(instrument) = self.instrument(like.spec.instrument) else { return };
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
            self.tell_not_sent(like, quantity, &why, now, out);
        }
    }

    /// A stop that the market has passed already goes out at market, as it would have by now at
    /// a broker that keeps brackets: its kind now, and where its stop was if that is so.
    fn kind_now(&self, exit: &Order, now: Time) -> (OrderKind, Option<Price>) {
        let Some(stop) = exit.spec.kind.stop().or_else(|| exit.kept?.passed) else {
            return (exit.spec.kind, None);
        };
        let Some(instrument) = self.instruments.get(exit.spec.instrument.index()) else {
            return (OrderKind::Stop { stop }, None);
        };
        let limit = Duration::from_secs(self.settings.limits.quote_age(instrument).into());
        let quote = self.market.quote(exit.spec.instrument);
        let quote = quote.filter(|(quote, at)| quote.is_open && now.since(*at) <= limit);
        // By a whole book of this session alone: a close of yesterday passes no stop.
        let book = quote.and_then(|(quote, _)| quote.bid.zip(quote.ask)).filter(|(bid, ask)| bid <= ask);
        let is_passed = book.is_some_and(|(bid, ask)| match exit.spec.side {
            Side::Sell => ask <= stop,
            Side::Buy => bid >= stop,
        });
        if is_passed { (OrderKind::Market, Some(stop)) } else { (OrderKind::Stop { stop }, None) }
    }

    fn would_release(&self, order: &Order, now: Time) -> Result<(), Refused> {
        self.journal.check()?;
        let instrument = self.instrument(order.spec.instrument)?;
        self.would_pass(order, Role::Release, &instrument, now)
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
        let Some(ended) = leg.ended_by_others() else { return };
        // What the trader has taken away is no news to him.
        let is_known = leg.members.iter().any(|order| order.kept.is_some_and(|kept| kept.is_over));
        if is_known || unguarded <= Decimal::ZERO || !self.groups.told.insert((ended.id, Told::Ended)) {
            return;
        }
        let text = format!(
            "Order {} is {}: {unguarded} {} are not guarded by a {} any more",
            ended.id,
            ended.status.label().to_lowercase(),
            self.symbol(ended.spec.instrument),
            leg.key.1.label(),
        );
        self.note(NoticeLevel::Error, text, now, out);
    }
}
