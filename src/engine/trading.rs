//! Commands about orders: place, amend, cancel, kill.

use std::sync::Arc;

use super::known::Ahead;
use super::order_book::why_not;
use super::order_state::{Step, next};
use super::{Effect, Engine, Outcome};
use crate::broker::BrokerRequest;
use crate::domain::{
    AccountId, BrokerId, Instrument, InstrumentId, Order, OrderId, OrderSpec, OrderStatus, Origin, Qty, Time,
};
use crate::link::update::Refused;
use crate::link::{NoticeLevel, Place, Update};
use crate::risk::{self, Change, Known, Refusal, Role};

impl Engine {
    pub(super) fn place(
        &mut self,
        place: &Place,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        if place.spec.parent.is_some() {
            return Err(Refused("Exits are entered together with their entry, as its bracket".into()));
        }
        let instrument = self.instrument(place.spec.instrument)?;
        let account = self.account_for(&instrument)?;
        let entry = self.intend(place.spec, place.origin, &instrument, &account, now, out);
        let id = entry.id;
        let mut orders = vec![(entry, Role::entered(place.despite))];
        for spec in place.bracket.into_iter().flat_map(|bracket| bracket.exits(&place.spec, id)) {
            let exit = self.intend(spec, place.origin, &instrument, &account, now, out);
            orders.push((exit, Role::exit_of(&place.spec)));
        }
        self.send(orders, &instrument, input_at, now, out).map_err(refused)?;
        Ok(Some(id))
    }

    /// Hands orders, which are new, to their adapter: all of them or none.
    pub(super) fn send(
        &mut self,
        orders: Vec<(Order, Role)>,
        instrument: &Arc<Instrument>,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        let mut approved = Vec::with_capacity(orders.len());
        for (order, role) in &orders {
            let known = Ahead { orders: approved.len() };
            approved
                .push(self.with_known(order, instrument, known, now, |k| risk::approve(order, *role, k))?);
        }
        out.push(Effect::Request(instrument.broker, BrokerRequest::Place(approved)));
        for (mut order, _) in orders {
            order.status = next(order.status, Step::Send).unwrap_or(order.status);
            order.reason = None;
            self.orders.remember_input(order.id, input_at);
            self.orders.insert(order.clone());
            out.push(Effect::publish(Update::Order(order), now));
        }
        self.watch(out);
        Ok(())
    }

    /// An order that exists in this program only, so far.
    pub(super) fn intend(
        &mut self,
        spec: OrderSpec,
        origin: Origin,
        instrument: &Instrument,
        account: &AccountId,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Order {
        let (id, must_reserve) = self.orders.allocate();
        if must_reserve {
            out.push(Effect::Save(self.engine_state()));
        }
        Order {
            id,
            broker: instrument.broker,
            account: account.clone(),
            spec,
            status: OrderStatus::Intended,
            filled: Qty::ZERO,
            average_price: None,
            trigger: None,
            reason: None,
            origin,
            created: self.market.market_time(instrument.id).unwrap_or(now),
            updated: now,
        }
    }

    /// Whether the gate would let an order through now.
    pub(super) fn would_pass(
        &self,
        order: &Order,
        role: Role,
        instrument: &Arc<Instrument>,
        now: Time,
    ) -> Result<(), Refused> {
        let ask = |known: &Known<'_>| risk::check(&order.spec, role, known);
        self.with_known(order, instrument, Ahead::default(), now, ask).map_err(refused)
    }

    pub(super) fn amend(
        &mut self,
        id: OrderId,
        change: Change,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let order = self.own_order(id)?;
        if next(order.status, Step::AskAmend).is_none() {
            return Err(Refused(why_not(&order).into()));
        }
        if change.applied_to(&order.spec) == order.spec {
            return Err(Refused("Nothing would change: enter another quantity or price".into()));
        }
        let instrument = self.instrument(order.spec.instrument)?;
        let role = self.role_of_change(&order, change);
        let ask = |known: &Known<'_>| risk::approve_amend(&order, change, role, known);
        let approved = self.with_known(&order, &instrument, Ahead::default(), now, ask).map_err(refused)?;
        self.orders.remember_input(id, input_at);
        out.push(Effect::Request(order.broker, BrokerRequest::Amend(approved)));
        if let Some(order) = self.orders.ask_amend(id, change, now) {
            out.push(Effect::publish(Update::Order(order), now));
        }
        Ok(Some(id))
    }

    /// An exit is judged as one as long as it guards no more than its entry opens.
    fn role_of_change(&self, order: &Order, change: Change) -> Role {
        let Some(entry) = order.spec.parent.and_then(|parent| self.orders.get(parent)) else {
            return Role::Plain;
        };
        match change.quantity {
            Some(quantity) if quantity > entry.spec.quantity => Role::Plain,
            _ if entry.filled.is_zero() => Role::exit_of(&entry.spec),
            _ => Role::Exit { entry: None },
        }
    }

    pub(super) fn cancel(
        &mut self,
        id: OrderId,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let order = self.own_order(id)?;
        if self.give_up_flattening(id, "Cancelled before it was sent", now, out) {
            return Ok(Some(id));
        }
        if next(order.status, Step::AskCancel).is_none() {
            return Err(Refused(why_not(&order).into()));
        }
        self.orders.remember_input(id, input_at);
        out.push(Effect::Request(order.broker, BrokerRequest::Cancel(id)));
        self.publish_step(id, Step::AskCancel, now, out);
        Ok(Some(id))
    }

    pub(super) fn cancel_all(
        &mut self,
        instrument: Option<InstrumentId>,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let is_meant = |o: &&Order| instrument.is_none_or(|i| i == o.spec.instrument);
        let meant: Vec<Order> = self.orders.live().filter(is_meant).cloned().collect();
        if meant.is_empty() {
            return Err(Refused("No order is working".into()));
        }
        for order in meant {
            if !self.give_up_flattening(order.id, "Cancelled before it was sent", now, out) {
                self.ask_cancel(&order, now, out);
            }
        }
        Ok(None)
    }

    /// Asks for a cancel where that can be asked.
    pub(super) fn ask_cancel(&mut self, order: &Order, now: Time, out: &mut Vec<Effect>) {
        if next(order.status, Step::AskCancel).is_some() {
            out.push(Effect::Request(order.broker, BrokerRequest::Cancel(order.id)));
            self.publish_step(order.id, Step::AskCancel, now, out);
        }
    }

    /// Locks first, then cancels: nothing new can slip in between.
    pub(super) fn kill(&mut self, now: Time, out: &mut Vec<Effect>) {
        self.is_killed = true;
        out.push(Effect::Save(self.engine_state()));
        let count = self.orders.live().count();
        for index in 0..self.brokers.len() {
            self.cancel_everything(BrokerId(index as u8), now, out);
        }
        out.push(Effect::publish(Update::Kill(self.kill_state()), now));
        let text =
            format!("Kill switch on: new orders are locked, {count} working order(s) are being cancelled");
        self.note(NoticeLevel::Error, text, now, out);
    }

    /// Cancels whatever lives at one broker.
    pub(super) fn cancel_everything(&mut self, broker: BrokerId, now: Time, out: &mut Vec<Effect>) {
        out.push(Effect::Request(broker, BrokerRequest::CancelAll));
        let live: Vec<OrderId> = self.orders.live().filter(|o| o.broker == broker).map(|o| o.id).collect();
        for id in live {
            if !self.give_up_flattening(id, "The kill switch is on", now, out) {
                self.publish_step(id, Step::AskCancel, now, out);
            }
        }
    }

    pub(super) fn release_kill(&mut self, now: Time, out: &mut Vec<Effect>) -> Outcome {
        if !self.is_killed {
            return Err(Refused("The kill switch is not on".into()));
        }
        self.is_killed = false;
        out.push(Effect::Save(self.engine_state()));
        out.push(Effect::publish(Update::Kill(self.kill_state()), now));
        self.note(NoticeLevel::Warning, "Kill switch released: orders are taken again", now, out);
        Ok(None)
    }

    /// Moves an order and tells the window.
    pub(super) fn publish_step(&mut self, id: OrderId, step: Step, now: Time, out: &mut Vec<Effect>) {
        if let Some(order) = self.orders.step(id, step, None, now) {
            out.push(Effect::publish(Update::Order(order), now));
        }
    }

    pub(super) fn instrument(&self, id: InstrumentId) -> Result<Arc<Instrument>, Refused> {
        let unknown = || Refused("This instrument is not in the catalogue any more: choose it anew".into());
        self.instruments.get(id.index()).cloned().ok_or_else(unknown)
    }

    pub(super) fn account_for(&self, instrument: &Instrument) -> Result<AccountId, Refused> {
        let none = || Refused("The broker has not reported an account yet: wait until it is ready".into());
        self.entry_account(instrument.broker).map(|account| account.id.clone()).ok_or_else(none)
    }

    fn own_order(&self, id: OrderId) -> Result<Order, Refused> {
        self.orders.get(id).cloned().ok_or_else(|| Refused(format!("There is no order {id}").into()))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is a map_err conversion")]
fn refused(refusal: Refusal) -> Refused {
    Refused(refusal.to_string().into())
}
