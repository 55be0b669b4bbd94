//! Commands about orders: place, amend, cancel, decide.

use std::sync::Arc;

use super::groups;
use super::journal::Intent;
use super::known::Ahead;
use super::order_state::{Life, Step};
use super::orders::why_not;
use super::{Effect, Engine, Outcome};
use crate::broker::BrokerRequest;
use crate::domain::{
    AccountId, Instrument, InstrumentId, Moment, Order, OrderId, OrderSpec, OrderStatus, Origin, Quote, Time,
};
use crate::link::update::Refused;
use crate::link::{Decision, Place, Update};
use crate::risk::{self, Change, Despite, Known, Refusal, Role};

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
        let account = &place.account;
        self.check_account(&instrument, account)?;
        let is_kept = self.keeps_groups(instrument.broker);
        let entry = self.intend(place.spec, place.origin, &instrument, account, now, out);
        let id = entry.id;
        let entry = if is_kept { groups::keep(entry, None) } else { entry };
        let mut names = place.names.iter().cloned().map(Arc::new);
        let entry = Order { client: names.next(), ..entry };
        self.check_group(&entry)?;
        let mut orders = vec![(entry, Role::entered(place.despite))];
        for spec in place.bracket.into_iter().flat_map(|bracket| bracket.exits(&place.spec, id)) {
            let exit = self.intend(spec, place.origin, &instrument, account, now, out);
            let exit = if is_kept { groups::keep(exit, Some(id)) } else { exit };
            orders.push((Order { client: names.next(), ..exit }, Role::exit_of(&place.spec)));
        }
        self.submit(orders, place.seen, &instrument, input_at, now, out)?;
        Ok(Some(id))
    }

    /// Takes orders on, which are new: all of them or none. They leave when the disk has them.
    pub(super) fn submit(
        &mut self,
        orders: Vec<(Order, Role)>,
        seen: Option<Quote>,
        instrument: &Arc<Instrument>,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Result<(), Refused> {
        self.journal.check()?;
        for (index, (order, role)) in orders.iter().enumerate() {
            let ask = |known: &Known<'_>| risk::check(&order.spec, *role, known);
            self.with_known(order, instrument, Ahead { orders: index }, now, ask).map_err(refused)?;
        }
        let leaves = |order: &Order| order.status != OrderStatus::Kept;
        let leaving = orders.iter().filter(|(order, _)| leaves(order));
        let roles = leaving.map(|(order, role)| (order.id, *role)).collect();
        let orders: Vec<Order> = orders
            .into_iter()
            .map(|(order, _)| Order {
                reason: order.reason.filter(|_| order.status == OrderStatus::Kept),
                ..order
            })
            .map(|order| Order { updated: now, ..order })
            .collect();
        let seq = self.record(Moment::Intended { input_at, seen }, orders.clone(), now, out);
        self.send_when_written(seq, Intent::Place(roles), now);
        self.day_sends(orders.iter().filter(|order| leaves(order)), now);
        for order in orders {
            self.groups.add(&order);
            self.orders.insert(order.clone());
            self.orders.remember_input(order.id, input_at, now);
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
            origin,
            created: self.market.market_time(instrument.id).unwrap_or(now),
            ..Order::intended(id, instrument.broker, account.clone(), spec, now)
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
        despite: Despite,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let order = self.own_order(id)?;
        if self.orders.life(id) == Some(Life::Kept) {
            return self.amend_kept(&order, change, despite, now, out);
        }
        if !self.orders.can_amend(id) {
            return Err(Refused(why_not(&order).into()));
        }
        if !self.brokers[usize::from(order.broker.0)].facts.capabilities.amend {
            let text = "This broker cannot change working orders: cancel it and enter it anew";
            return Err(Refused(text.into()));
        }
        Self::check_kept_size(&order, change)?;
        let role = self.role_of_change(&order, change).insisting(despite);
        self.change(&order, change, role, input_at, now, out)
    }

    /// The size of an order in a group that is kept here follows from the group.
    fn check_kept_size(order: &Order, change: Change) -> Result<(), Refused> {
        if order.kept.is_none() || change.quantity.is_none_or(|quantity| quantity == order.spec.quantity) {
            return Ok(());
        }
        let text = "Pitdesk keeps this order as large as its group needs: change its price, or cancel it";
        Err(Refused(text.into()))
    }

    /// An exit that is kept here changes at once: nothing of it was sent.
    fn amend_kept(
        &mut self,
        order: &Order,
        change: Change,
        despite: Despite,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        Self::check_kept_size(order, change)?;
        if change.applied_to(&order.spec) == order.spec {
            return Err(nothing_changes());
        }
        self.journal.check()?;
        let instrument = self.instrument(order.spec.instrument)?;
        let role = self.role_of_change(order, change).insisting(despite);
        let ask = |known: &Known<'_>| risk::approve_amend(order, change, role, known).map(drop);
        self.with_known(order, &instrument, Ahead::default(), now, ask).map_err(refused)?;
        if let Some(order) = self.orders.change_kept(order.id, change, now) {
            let Change { quantity, limit, stop } = change;
            self.tell(order, Moment::AskedAmend { quantity, limit, stop }, now, out);
        }
        Ok(Some(order.id))
    }

    /// Has an order changed at its broker, by whomever that is wanted.
    pub(super) fn change(
        &mut self,
        order: &Order,
        change: Change,
        role: Role,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let id = order.id;
        if change.applied_to(&order.spec) == order.spec {
            return Err(nothing_changes());
        }
        self.journal.check()?;
        let instrument = self.instrument(order.spec.instrument)?;
        let ask = |known: &Known<'_>| risk::approve_amend(order, change, role, known).map(drop);
        self.with_known(order, &instrument, Ahead::default(), now, ask).map_err(refused)?;
        self.orders.remember_input(id, input_at, now);
        if let Some(order) = self.orders.ask_amend(id, change, now) {
            let Change { quantity, limit, stop } = change;
            let seq =
                self.record(Moment::AskedAmend { quantity, limit, stop }, vec![order.clone()], now, out);
            self.send_when_written(seq, Intent::Amend { order: id, change, role }, now);
            out.push(Effect::publish(Update::Order(order), now));
        }
        Ok(Some(id))
    }

    /// An exit is judged as one as long as it guards no more than its entry opens.
    fn role_of_change(&self, order: &Order, change: Change) -> Role {
        let Some(entry) = order.entry().and_then(|parent| self.orders.get(parent)) else {
            return Role::Plain;
        };
        let opens = if entry.is_live() { entry.spec.quantity } else { entry.filled };
        match change.quantity {
            Some(quantity) if quantity > opens => Role::Plain,
            _ if entry.filled.is_zero() => Role::exit_of(&entry.spec),
            _ => Role::Exit { entry: None, despite: Despite::default() },
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
        if order.status.is_final() {
            return Err(Refused(why_not(&order).into()));
        }
        // One that is being cut for another size is taken away all the same.
        let is_cut =
            order.status == OrderStatus::PendingCancel && order.kept.is_some_and(|kept| kept.goes_on);
        let is_unsent = self.orders.life(id).is_some_and(Life::is_ours_alone);
        // What is refused must change nothing.
        if !(is_cut || is_unsent || self.orders.can_cancel(id)) {
            return Err(Refused(why_not(&order).into()));
        }
        self.end_leg_of(&order, now, out);
        if is_cut {
            return Ok(Some(id));
        }
        if self.give_up_unsent(id, "Cancelled before it was sent", now, out) {
            return Ok(Some(id));
        }
        if !self.orders.can_cancel(id) {
            return Err(Refused(why_not(&order).into()));
        }
        self.orders.remember_input(id, input_at, now);
        self.ask_cancel(&order, now, out);
        Ok(Some(id))
    }

    /// Gives up an order that waits for the disk or for exits; `false` where it does not.
    pub(super) fn give_up_unsent(
        &mut self,
        id: OrderId,
        why: &str,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> bool {
        self.give_up_flattening(id, why, now, out)
            || self.give_up_kept(id, why, now, out)
            || self.give_up_intent(id, why, now, out)
    }

    pub(super) fn cancel_all(
        &mut self,
        instrument: Option<InstrumentId>,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let is_meant = |o: &&Order| instrument.is_none_or(|i| i == o.spec.instrument);
        let meant: Vec<Order> = self.orders.live().filter(is_meant).cloned().collect();
        let is_meant = |o: &Order| instrument.is_none_or(|i| i == o.spec.instrument);
        self.end_legs(is_meant, now, out);
        if meant.is_empty() {
            return Err(Refused("No order is working".into()));
        }
        for order in meant {
            if !self.give_up_unsent(order.id, "Cancelled before it was sent", now, out) {
                self.ask_cancel(&order, now, out);
            }
        }
        Ok(None)
    }

    /// Asks for a cancel where that can be asked.
    pub(super) fn ask_cancel(&mut self, order: &Order, now: Time, out: &mut Vec<Effect>) {
        if !self.orders.can_cancel(order.id) {
            return;
        }
        // The journal never holds a cancel up.
        out.push(Effect::Request(order.broker, BrokerRequest::Cancel(order.id)));
        if let Some(order) = self.orders.ask_cancel(order.id, now) {
            self.tell(order, Moment::AskedCancel, now, out);
        }
    }

    /// What the trader takes an order of unknown fate for. The program itself never guesses.
    pub(super) fn decide(
        &mut self,
        id: OrderId,
        decision: Decision,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let order = self.own_order(id)?;
        if self.orders.life(id) != Some(Life::Unknown) {
            let label = order.status.label().to_lowercase();
            return Err(Refused(format!("Order {id} is {label}: there is nothing to decide").into()));
        }
        let connection = &self.brokers[usize::from(order.broker.0)].connection;
        if !connection.state.is_up() {
            let text = format!("{} is not ready: what it says of the order comes first", connection.name);
            return Err(Refused(text.into()));
        }
        let (life, text) = match decision {
            Decision::IsGone => (Life::Cancelled, "You said that it is gone"),
        };
        if let Some(order) = self.orders.step(id, Step::Says(life), Some(text.into()), now) {
            self.tell(order, Moment::Decided { decision: text.into() }, now, out);
            self.after_end(now, out);
        }
        Ok(Some(id))
    }

    pub(super) fn instrument(&self, id: InstrumentId) -> Result<Arc<Instrument>, Refused> {
        let unknown = || Refused("This instrument is not in the catalogue any more: choose it anew".into());
        self.instruments.get(id.index()).cloned().ok_or_else(unknown)
    }

    fn own_order(&self, id: OrderId) -> Result<Order, Refused> {
        self.orders.get(id).cloned().ok_or_else(|| Refused(format!("There is no order {id}").into()))
    }
}

fn nothing_changes() -> Refused {
    Refused("Nothing would change: enter another quantity or price".into())
}

#[expect(clippy::needless_pass_by_value, reason = "it is a map_err conversion")]
fn refused(refusal: Refusal) -> Refused {
    Refused(refusal.to_string().into())
}
