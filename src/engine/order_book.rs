//! Our own orders: the only place that holds them, moved only along the table.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::order_state::{Step, next};
use crate::domain::{BrokerId, Decimal, Fill, Order, OrderId, OrderSpec, OrderStatus, Price, Time};
use crate::link::ENDED_ORDERS_KEPT;
use crate::risk::Change;

/// Ids are reserved on disk in blocks of this many, so that a crash never hands one out twice.
const ID_BLOCK: u64 = 1_000;

pub(super) struct OrderBook {
    orders: BTreeMap<OrderId, Order>,
    /// How orders stood before what is on its way to the broker was asked, or it was lost.
    before: BTreeMap<OrderId, OrderStatus>,
    /// Changes that are on their way to the broker.
    asked: BTreeMap<OrderId, Change>,
    /// Input times of orders whose bytes have not left yet.
    inputs: BTreeMap<OrderId, Time>,
    next_id: u64,
    reserved: u64,
}

impl OrderBook {
    pub fn new(next_id: u64) -> Self {
        Self {
            orders: BTreeMap::new(),
            before: BTreeMap::new(),
            asked: BTreeMap::new(),
            inputs: BTreeMap::new(),
            next_id,
            reserved: next_id,
        }
    }

    /// A fresh id; `true` where the reservation on disk should be extended. That is
    /// asked for half a block ahead, so that it is on disk before it is needed.
    pub fn allocate(&mut self) -> (OrderId, bool) {
        let id = OrderId(self.next_id);
        self.next_id = self.next_id.saturating_add(1);
        let must_reserve = self.next_id.saturating_add(ID_BLOCK / 2) > self.reserved;
        if must_reserve {
            self.reserve();
        }
        (id, must_reserve)
    }

    /// Reserves the next block of ids.
    pub fn reserve(&mut self) {
        self.reserved = self.next_id.saturating_add(ID_BLOCK);
    }

    pub fn reserved_up_to(&self) -> u64 {
        self.reserved
    }

    pub fn get(&self, id: OrderId) -> Option<&Order> {
        self.orders.get(&id)
    }

    pub fn insert(&mut self, order: Order) {
        self.orders.insert(order.id, order);
        self.forget_old();
    }

    pub fn all(&self) -> impl Iterator<Item = &Order> {
        self.orders.values()
    }

    pub fn live(&self) -> impl Iterator<Item = &Order> {
        self.orders.values().filter(|order| order.is_live())
    }

    /// An order whose change is on its way.
    pub fn ask_amend(&mut self, id: OrderId, change: Change, now: Time) -> Option<Order> {
        let asked = self.step(id, Step::AskAmend, None, now)?;
        self.asked.insert(id, change);
        Some(asked)
    }

    /// Moves an order along the table. `None` where the step changes nothing.
    pub fn step(&mut self, id: OrderId, step: Step, reason: Option<Arc<str>>, now: Time) -> Option<Order> {
        let order = self.orders.get_mut(&id)?;
        let was = order.status;
        let is_asking = matches!(was, OrderStatus::PendingAmend | OrderStatus::PendingCancel);
        if let (true, Step::Says(stands)) = (is_asking, step)
            && matches!(stands, OrderStatus::Held | OrderStatus::Working | OrderStatus::PartiallyFilled)
        {
            // Late news: this is how it will stand if what we asked is refused.
            self.before.insert(id, stands);
        }
        // The broker may have more to say of the same state: what a held order waits for now.
        let is_news = step == Step::Says(was) && reason.is_some() && reason != order.reason;
        match next(was, step) {
            Some(after) => order.status = after,
            None if is_news => {}
            None => return None,
        }
        if matches!(step, Step::AskAmend | Step::AskCancel | Step::LosesBroker) && !is_asking {
            self.before.insert(id, was);
        }
        // A change may still be made while a cancel is on its way behind it.
        if !matches!(order.status, OrderStatus::PendingAmend | OrderStatus::PendingCancel) {
            self.asked.remove(&id);
        }
        if order.status.is_final() {
            self.before.remove(&id);
            order.trigger = None;
        }
        // The broker's word replaces its last one, its silence too.
        if reason.is_some() || matches!(step, Step::Says(_)) {
            order.reason = reason;
        }
        order.updated = now;
        Some(order.clone())
    }

    /// What was asked is answered: the order stands as before, but for what filled meanwhile.
    pub fn stands(&mut self, id: OrderId, reason: Option<Arc<str>>, now: Time) -> Option<Order> {
        let was = self.before.get(&id).copied().unwrap_or(OrderStatus::Working);
        let has_filled = self.orders.get(&id).is_some_and(|order| !order.filled.is_zero());
        let was = if has_filled && was == OrderStatus::Working { OrderStatus::PartiallyFilled } else { was };
        self.step(id, Step::Stands(was), reason, now)
    }

    /// Takes over the terms that the broker has confirmed.
    pub fn amended(&mut self, id: OrderId, spec: OrderSpec, now: Time) -> Option<Order> {
        let order = self.orders.get_mut(&id).filter(|order| order.is_live())?;
        order.spec = spec;
        order.reason = None;
        order.updated = now;
        let changed = order.clone();
        // Not every change is the answer to ours: a fill in an OCO group shrinks its partners.
        let is_answer = self.asked.get(&id).is_some_and(|asked| asked.applied_to(&spec) == spec);
        if is_answer {
            self.asked.remove(&id);
        }
        if is_answer && changed.status == OrderStatus::PendingAmend {
            self.stands(id, None, now).or(Some(changed))
        } else {
            Some(changed)
        }
    }

    /// Our change was refused: the order stands as before, unless a cancel is still on its way.
    pub fn amend_refused(&mut self, id: OrderId, reason: Arc<str>, now: Time) -> Option<Order> {
        self.asked.remove(&id);
        let is_cancelling = self.orders.get(&id)?.status == OrderStatus::PendingCancel;
        if is_cancelling { None } else { self.stands(id, Some(reason), now) }
    }

    /// Notes where a trailing stop triggers now.
    pub fn triggers_at(&mut self, id: OrderId, trigger: Price, now: Time) -> Option<Order> {
        let order = self.orders.get_mut(&id).filter(|order| order.is_live())?;
        order.trigger = Some(trigger);
        // What it waited for when it was placed is not what it waits for now.
        order.reason = None;
        order.updated = now;
        Some(order.clone())
    }

    /// Books an execution. The caller has made sure that it is counted once.
    pub fn filled(&mut self, fill: &Fill, now: Time) -> Option<Order> {
        let order = self.orders.get_mut(&fill.order).filter(|_| !fill.quantity.is_zero())?;
        let before = order.average_price.unwrap_or_default() * order.filled.0;
        order.filled += fill.quantity;
        order.average_price = Some((before + fill.price.0 * fill.quantity.0) / order.filled.0);
        order.updated = now;
        let all = order.remaining().is_zero();
        if let Some(status) = next(order.status, Step::Fills { all }) {
            order.status = status;
            order.reason = None;
        }
        if order.status.is_final() {
            order.trigger = None;
        }
        let order = order.clone();
        if order.status.is_final() {
            self.before.remove(&order.id);
            self.asked.remove(&order.id);
        }
        Some(order)
    }

    /// Takes over a broker's orders; returns how many of ours have an unknown fate now.
    pub fn adopt(&mut self, broker: BrokerId, theirs: &[Order], now: Time) -> usize {
        for order in theirs {
            match self.orders.get_mut(&order.id) {
                None => {
                    self.next_id = self.next_id.max(order.id.0.saturating_add(1));
                    self.orders.insert(order.id, Order { broker, ..order.clone() });
                }
                Some(known) => {
                    known.filled = known.filled.max(order.filled);
                    known.average_price = order.average_price.or(known.average_price);
                    known.spec = order.spec;
                    // What was on its way when the session broke never arrived, or is in this report.
                    let from = next(known.status, Step::LosesBroker).unwrap_or(known.status);
                    known.status = next(from, Step::Says(order.status)).unwrap_or(from);
                    known.reason.clone_from(&order.reason);
                    known.trigger = order.trigger;
                    known.updated = order.updated;
                    self.before.remove(&order.id);
                    self.asked.remove(&order.id);
                }
            }
        }
        self.reserved = self.reserved.max(self.next_id);
        let is_lost =
            |o: &&Order| o.broker == broker && o.is_live() && !theirs.iter().any(|theirs| theirs.id == o.id);
        let lost: Vec<OrderId> = self.orders.values().filter(is_lost).map(|order| order.id).collect();
        for &id in &lost {
            self.step(id, Step::LosesBroker, Some("Not at the broker after reconnecting".into()), now);
            let was_only_sent = self.before.get(&id) == Some(&OrderStatus::Sent);
            if was_only_sent && self.orders[&id].filled.is_zero() {
                let reason = "It never reached the broker: enter it again if you still want it";
                self.step(id, Step::Says(OrderStatus::Rejected), Some(reason.into()), now);
            }
        }
        let unknown = lost.iter().filter(|id| self.orders[id].is_live()).count();
        self.forget_old();
        unknown
    }

    /// The session of a broker broke: what it had is not certain until it is back.
    pub fn lose_broker(&mut self, broker: BrokerId, now: Time) -> Vec<Order> {
        let ids: Vec<OrderId> = self.live().filter(|o| o.broker == broker).map(|o| o.id).collect();
        let lose = |id| self.step(id, Step::LosesBroker, Some("The connection was lost".into()), now);
        ids.into_iter().filter_map(lose).collect()
    }

    pub fn remember_input(&mut self, id: OrderId, input_at: Time) {
        self.inputs.insert(id, input_at);
    }

    pub fn take_input(&mut self, id: OrderId) -> Option<Time> {
        self.inputs.remove(&id)
    }

    /// Signed quantity that live orders of `pick` could still add to a position, with the
    /// larger of both sizes where a change is on its way.
    pub fn pending(&self, pick: impl Fn(&Order) -> bool) -> Decimal {
        let most = |o: &Order| {
            let asked = self.asked.get(&o.id).and_then(|change| change.quantity).unwrap_or_default();
            o.remaining().max(asked.saturating_sub(o.filled))
        };
        self.live().filter(|o| pick(o)).map(|o| o.spec.side.sign() * most(o).0).sum()
    }

    fn forget_old(&mut self) {
        if self.orders.len() <= ENDED_ORDERS_KEPT {
            return;
        }
        let is_ended = |o: &&Order| o.status.is_final();
        let excess = self.orders.values().filter(is_ended).count().saturating_sub(ENDED_ORDERS_KEPT);
        let old: Vec<OrderId> = self.orders.values().filter(is_ended).take(excess).map(|o| o.id).collect();
        for id in old {
            self.orders.remove(&id);
            self.inputs.remove(&id);
        }
    }
}

/// Whether a working order may be changed or cancelled now; else why not.
pub(super) fn why_not(order: &Order) -> String {
    match order.status {
        OrderStatus::PendingAmend => "A change of this order is already on its way".to_owned(),
        OrderStatus::PendingCancel => "A cancel of this order is already on its way".to_owned(),
        OrderStatus::Intended | OrderStatus::Sent => {
            "The broker has not acknowledged this order yet: try again in a moment".to_owned()
        }
        OrderStatus::Unknown => {
            format!("The broker cannot say how order {} stands: cancel it, or look at the broker", order.id)
        }
        status => {
            format!("Order {} is {} and cannot change any more", order.id, status.label().to_lowercase())
        }
    }
}
