//! Commands about orders: place, amend, cancel, kill.

use std::sync::Arc;

use super::order_book::why_not;
use super::order_state::{Step, next};
use super::{Effect, Engine, Outcome};
use crate::broker::BrokerRequest;
use crate::domain::{
    AccountId, Decimal, Instrument, InstrumentId, Order, OrderId, OrderKind, OrderSpec, OrderStatus, Origin,
    Qty, Time, TimeInForce,
};
use crate::link::update::Refused;
use crate::link::{NoticeLevel, Place, Update};
use crate::risk::{self, ApprovedOrder, Change, Known, Refusal};

impl Engine {
    pub(super) fn place(
        &mut self,
        place: &Place,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let instrument = self.instrument(place.spec.instrument)?;
        let account = self.account_for(&instrument)?;
        let entry = self.intend(place.spec, place.origin, &instrument, &account, now, out);
        let mut orders = vec![entry];
        if let Some(bracket) = place.bracket {
            let parent = orders[0].id;
            let exit = |kind| OrderSpec {
                side: place.spec.side.opposite(),
                kind,
                tif: TimeInForce::Gtc,
                post_only: false,
                oco: None,
                parent: Some(parent),
                ..place.spec
            };
            let target = bracket.take_profit.map(|price| exit(OrderKind::Limit { price }));
            let stop = bracket.stop_loss.map(|stop| exit(OrderKind::Stop { stop }));
            for spec in target.into_iter().chain(stop) {
                orders.push(self.intend(spec, place.origin, &instrument, &account, now, out));
            }
        }
        // All are approved before the first is sent: half a bracket is worse than none.
        let approve =
            |order: &Order| self.with_known(order, &instrument, now, |known| risk::approve(order, known));
        let approved: Vec<ApprovedOrder> =
            orders.iter().map(approve).collect::<Result<_, Refusal>>().map_err(refused)?;
        for (order, approved) in orders.iter().zip(approved) {
            self.send(order.clone(), approved, input_at, now, out);
        }
        self.watch(out);
        Ok(Some(orders[0].id))
    }

    /// An order that exists in this program only, so far.
    fn intend(
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
            reason: None,
            origin,
            created: now,
            updated: now,
        }
    }

    /// Hands an approved order to its adapter.
    fn send(
        &mut self,
        mut order: Order,
        approved: ApprovedOrder,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        if let Some(status) = next(order.status, Step::Send) {
            order.status = status;
        }
        self.orders.remember_input(order.id, input_at);
        out.push(Effect::Request(order.broker, BrokerRequest::Place(approved)));
        self.orders.insert(order.clone());
        out.push(Effect::publish(Update::Order(order), now));
    }

    /// Places an order of the engine's own making, through the same gate.
    pub(super) fn place_own(
        &mut self,
        spec: OrderSpec,
        origin: Origin,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        self.place(&Place { spec, bracket: None, origin, seen: None }, input_at, now, out)
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
        let approved = self
            .with_known(&order, &instrument, now, |known| risk::approve_amend(&order, change, known))
            .map_err(refused)?;
        self.orders.remember_input(id, input_at);
        out.push(Effect::Request(order.broker, BrokerRequest::Amend(approved)));
        self.publish_step(id, Step::AskAmend, now, out);
        Ok(Some(id))
    }

    pub(super) fn cancel(
        &mut self,
        id: OrderId,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let order = self.own_order(id)?;
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
            if next(order.status, Step::AskCancel).is_some() {
                out.push(Effect::Request(order.broker, BrokerRequest::Cancel(order.id)));
                self.publish_step(order.id, Step::AskCancel, now, out);
            }
        }
        Ok(None)
    }

    /// Locks first, then cancels: nothing new can slip in between.
    pub(super) fn kill(&mut self, now: Time, out: &mut Vec<Effect>) {
        self.is_killed = true;
        out.push(Effect::Save(self.engine_state()));
        for line in &self.brokers {
            out.push(Effect::Request(line.connection.broker, BrokerRequest::CancelAll));
        }
        let live: Vec<OrderId> = self.orders.live().map(|order| order.id).collect();
        let count = live.len();
        for id in live {
            self.publish_step(id, Step::AskCancel, now, out);
        }
        out.push(Effect::publish(Update::Kill(self.kill_state()), now));
        let text =
            format!("Kill switch on: new orders are locked, {count} working order(s) are being cancelled");
        self.note(NoticeLevel::Error, text, now, out);
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

    /// Gathers what the gate must know.
    fn with_known<R>(
        &self,
        order: &Order,
        instrument: &Arc<Instrument>,
        now: Time,
        ask: impl FnOnce(&Known<'_>) -> R,
    ) -> R {
        let connection = &self.brokers[usize::from(instrument.broker.0)].connection;
        let not_ready = (!connection.state.takes_orders()).then(|| {
            format!(
                "{} is {}: {}",
                connection.name,
                connection.state.label().to_lowercase(),
                connection.reason
            )
        });
        let position = self.position_of(&order.account, instrument.id).map_or(Decimal::ZERO, |p| p.net);
        let adds_too = |other: &Order| {
            let is_alike = other.account == order.account && other.spec.instrument == order.spec.instrument;
            is_alike
                && other.id != order.id
                && other.spec.side == order.spec.side
                && other.spec.parent.is_none()
        };
        ask(&Known {
            limits: &self.settings.limits,
            instrument,
            quote: self.market.quote(instrument.id),
            position,
            pending: self.orders.pending(adds_too),
            working_orders: self.orders.live().count(),
            to_base: self.market.to_base(instrument.currency, self.settings.base_currency),
            is_killed: self.is_killed,
            not_ready: not_ready.as_deref(),
            now,
        })
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is a map_err conversion")]
fn refused(refusal: Refusal) -> Refused {
    Refused(refusal.to_string().into())
}
