//! Our own orders: the only place that holds them, moved only along the table.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::order_state::{Step, next};
use crate::domain::{BrokerId, Decimal, Fill, Order, OrderId, OrderSpec, OrderStatus, Time};

/// Ids are reserved on disk in blocks of this many, so that a crash never hands one out twice.
const ID_BLOCK: u64 = 1_000;
/// Ended orders that are kept; live ones always are.
const ENDED_CAPACITY: usize = 10_000;

pub(super) struct OrderBook {
    orders: BTreeMap<OrderId, Order>,
    /// Input times of orders whose bytes have not left yet.
    inputs: BTreeMap<OrderId, Time>,
    next_id: u64,
    reserved: u64,
}

impl OrderBook {
    pub fn new(next_id: u64) -> Self {
        Self { orders: BTreeMap::new(), inputs: BTreeMap::new(), next_id, reserved: next_id }
    }

    /// A fresh id; `true` where the reservation on disk should be extended. That is
    /// asked for half a block ahead, so that it is on disk before it is needed.
    pub fn allocate(&mut self) -> (OrderId, bool) {
        let id = OrderId(self.next_id);
        self.next_id += 1;
        let must_reserve = self.next_id + ID_BLOCK / 2 > self.reserved;
        if must_reserve {
            self.reserve();
        }
        (id, must_reserve)
    }

    /// Reserves the next block of ids.
    pub fn reserve(&mut self) {
        self.reserved = self.next_id + ID_BLOCK;
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

    /// Moves an order along the table. `None` where the step changes nothing.
    pub fn step(&mut self, id: OrderId, step: Step, reason: Option<Arc<str>>, now: Time) -> Option<Order> {
        let order = self.orders.get_mut(&id)?;
        order.status = next(order.status, step)?;
        if reason.is_some() {
            order.reason = reason;
        }
        order.updated = now;
        Some(order.clone())
    }

    /// Takes over the terms that the broker has confirmed.
    pub fn amended(&mut self, id: OrderId, spec: OrderSpec, now: Time) -> Option<Order> {
        let order = self.orders.get_mut(&id)?;
        if !order.is_live() {
            return None;
        }
        order.spec = spec;
        order.reason = None;
        order.updated = now;
        let partly = !order.filled.is_zero();
        if let Some(status) = next(order.status, Step::Stands { partly }) {
            order.status = status;
        }
        Some(order.clone())
    }

    /// Books an execution. The caller has made sure that it is counted once.
    pub fn filled(&mut self, fill: &Fill, now: Time) -> Option<Order> {
        let order = self.orders.get_mut(&fill.order)?;
        let before = order.average_price.unwrap_or_default() * order.filled.0;
        order.filled += fill.quantity;
        order.average_price = Some((before + fill.price.0 * fill.quantity.0) / order.filled.0);
        order.updated = now;
        let all = order.remaining().is_zero();
        if let Some(status) = next(order.status, Step::Fills { all }) {
            order.status = status;
        }
        Some(order.clone())
    }

    /// Takes over a broker's orders; returns how many live ones of ours it does not have.
    pub fn adopt(&mut self, broker: BrokerId, theirs: &[Order], now: Time) -> usize {
        for order in theirs {
            match self.orders.get_mut(&order.id) {
                None => {
                    self.next_id = self.next_id.max(order.id.0 + 1);
                    self.orders.insert(order.id, Order { broker, ..order.clone() });
                }
                Some(known) => {
                    known.filled = known.filled.max(order.filled);
                    known.average_price = order.average_price.or(known.average_price);
                    if let Some(status) = next(known.status, Step::Says(order.status)) {
                        known.status = status;
                        known.updated = now;
                    }
                }
            }
        }
        self.reserved = self.reserved.max(self.next_id);
        let is_lost =
            |o: &&Order| o.broker == broker && o.is_live() && !theirs.iter().any(|theirs| theirs.id == o.id);
        let lost: Vec<OrderId> = self.orders.values().filter(is_lost).map(|order| order.id).collect();
        for &id in &lost {
            self.step(id, Step::LosesBroker, Some("Not at the broker after reconnecting".into()), now);
        }
        self.forget_old();
        lost.len()
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

    /// Signed quantity that live orders of `pick` could still add to a position.
    pub fn pending(&self, pick: impl Fn(&Order) -> bool) -> Decimal {
        self.live().filter(|o| pick(o)).map(|o| o.spec.side.sign() * o.remaining().0).sum()
    }

    fn forget_old(&mut self) {
        if self.orders.len() <= ENDED_CAPACITY {
            return;
        }
        let is_ended = |o: &&Order| o.status.is_final();
        let excess = self.orders.values().filter(is_ended).count().saturating_sub(ENDED_CAPACITY);
        let old: Vec<OrderId> = self.orders.values().filter(is_ended).take(excess).map(|o| o.id).collect();
        for id in old {
            self.orders.remove(&id);
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
        status => {
            format!("Order {} is {} and cannot change any more", order.id, status.label().to_lowercase())
        }
    }
}
