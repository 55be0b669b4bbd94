//! Orders, fills and positions as the blotter shows them.
//!
//! Ids of live and of ended orders are kept apart and in order as updates come, so that a
//! table of ten thousand finds the orders of its few visible rows without looking at the rest.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{AccountId, Fill, InstrumentId, KeptGroup, Order, OrderId, OrderStatus, Position, Side};
use crate::link::{ENDED_ORDERS_KEPT, FILLS_KEPT};

/// A replica of the engine's orders, fills and positions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Blotter {
    orders: BTreeMap<OrderId, Order>,
    /// Of live orders, ascending.
    live: Vec<OrderId>,
    /// Of orders that have ended, ascending.
    ended: Vec<OrderId>,
    /// Of exits of brackets that this program keeps.
    kept: BTreeSet<OrderId>,
    fills: Vec<Fill>,
    positions: BTreeMap<(AccountId, InstrumentId), Position>,
}

impl Blotter {
    pub(super) fn new(orders: &[Order], fills: &[Fill], positions: &[Position]) -> Self {
        let mut blotter = Self::default();
        blotter.fills.reserve(fills.len());
        for fill in fills {
            blotter.fill(fill.clone());
        }
        for order in orders {
            blotter.order(order.clone());
        }
        for position in positions {
            blotter.position(position.clone());
        }
        blotter
    }

    pub(super) fn order(&mut self, order: Order) {
        let (id, is_live) = (order.id, order.is_live());
        if order.kept.is_some_and(|kept| kept.entry.is_some()) {
            self.kept.insert(id);
        }
        let was_live = self.orders.insert(id, order).map(|old| old.is_live());
        if was_live == Some(is_live) {
            return;
        }
        let (to, from) =
            if is_live { (&mut self.live, &mut self.ended) } else { (&mut self.ended, &mut self.live) };
        if was_live.is_some()
            && let Ok(at) = from.binary_search(&id)
        {
            from.remove(at);
        }
        if let Err(at) = to.binary_search(&id) {
            to.insert(at, id);
        }
        if self.ended.len() > ENDED_ORDERS_KEPT {
            let oldest = self.ended.remove(0);
            self.orders.remove(&oldest);
            self.kept.remove(&oldest);
        }
    }

    pub(super) fn fill(&mut self, fill: Fill) {
        self.fills.push(fill);
        // In steps, so that a fill does not move ten thousand others.
        if self.fills.len() > FILLS_KEPT + FILLS_KEPT / 10 {
            self.fills.drain(..self.fills.len() - FILLS_KEPT);
        }
    }

    /// An execution that is here, with what it has cost.
    pub(super) fn charged(&mut self, charged: Fill) {
        let is_it = |fill: &&mut Fill| {
            (&fill.exec_id, &fill.account, fill.instrument)
                == (&charged.exec_id, &charged.account, charged.instrument)
        };
        if let Some(fill) = self.fills.iter_mut().rev().find(is_it) {
            *fill = charged;
        }
    }

    pub(super) fn position(&mut self, position: Position) {
        self.positions.insert((position.account.clone(), position.instrument), position);
    }

    /// One order.
    #[must_use]
    pub fn get(&self, id: OrderId) -> Option<&Order> {
        self.orders.get(&id)
    }

    /// All orders, newest first.
    #[must_use]
    pub fn orders(&self) -> impl DoubleEndedIterator<Item = &Order> + Clone {
        self.orders.values().rev()
    }

    /// Orders that can still trade, newest first.
    pub fn working(&self) -> impl Iterator<Item = &Order> + Clone {
        self.live.iter().rev().filter_map(|id| self.orders.get(id))
    }

    /// Exits of brackets that this program keeps, those that have ended too.
    pub fn kept_exits(&self) -> impl Iterator<Item = &Order> {
        self.kept.iter().filter_map(|id| self.orders.get(id))
    }

    /// Ids of the orders that can still trade, ascending.
    #[must_use]
    pub fn working_ids(&self) -> &[OrderId] {
        &self.live
    }

    /// Ids of the orders that have ended, ascending.
    #[must_use]
    pub fn ended_ids(&self) -> &[OrderId] {
        &self.ended
    }

    /// Executions, oldest first.
    #[must_use]
    pub fn fills(&self) -> &[Fill] {
        &self.fills
    }

    /// Every position that is or was held.
    pub fn positions(&self) -> impl Iterator<Item = &Position> {
        self.positions.values()
    }

    /// Positions that are not flat.
    pub fn open_positions(&self) -> impl Iterator<Item = &Position> {
        self.positions.values().filter(|position| !position.is_flat())
    }

    /// Orders that guard a position, and what is left of the entries they belong to; where the
    /// account is not armed, whatever could turn the position as well: what the engine cancels
    /// before it closes or reverses.
    pub(super) fn guards_of(&self, position: &Position, is_armed: bool) -> impl Iterator<Item = &Order> {
        let (account, instrument) = (position.account.clone(), position.instrument);
        let here = move || {
            let account = account.clone();
            self.working().filter(move |o| o.spec.instrument == instrument && o.account == account)
        };
        // An entry so old that it was forgotten has filled, or its exits had ended with it.
        let has_filled = |id: OrderId| self.get(id).is_none_or(|order| !order.filled.is_zero());
        let side = position.side().filter(|_| !is_armed);
        here().filter(move |order| match order.entry() {
            Some(entry) => has_filled(entry),
            None if side.is_some_and(|side| side != order.spec.side) => true,
            None => !order.filled.is_zero() && here().any(|exit| exit.entry() == Some(order.id)),
        })
    }

    /// Orders against a position that a close or reverse leaves working: once it is gone they open one.
    pub(super) fn left_beside(&self, position: &Position, is_armed: bool) -> impl Iterator<Item = &Order> {
        let guards: Vec<OrderId> = self.guards_of(position, is_armed).map(|order| order.id).collect();
        let against = position.side().map(Side::opposite);
        let (account, instrument) = (position.account.clone(), position.instrument);
        self.working().filter(move |order| {
            order.spec.instrument == instrument
                && order.account == account
                && Some(order.spec.side) == against
                && !guards.contains(&order.id)
        })
    }

    /// Live orders of brackets and OCO groups that only this program minds: those that it keeps
    /// until their entry fills, and those that others of their group still work beside.
    pub fn kept_here(&self) -> impl Iterator<Item = &Order> {
        let is_with = |kept: KeptGroup, other: &Order| {
            let is_same = |theirs: KeptGroup| {
                (kept.entry.is_some() && theirs.entry == kept.entry)
                    || (kept.oco.is_some() && theirs.oco == kept.oco)
            };
            kept.entry == Some(other.id) || other.kept.is_some_and(is_same)
        };
        self.working().filter(move |order| {
            let is_another = |other: &&Order| other.id != order.id && other.account == order.account;
            order.status == OrderStatus::Kept
                || order
                    .kept
                    .is_some_and(|kept| self.working().filter(is_another).any(|other| is_with(kept, other)))
        })
    }

    /// The position of one account in one instrument.
    #[must_use]
    pub fn position_of(&self, account: &AccountId, instrument: InstrumentId) -> Option<&Position> {
        self.positions.get(&(account.clone(), instrument))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{BrokerId, OrderKind, OrderSpec, OrderStatus, Qty, Side, Time, TimeInForce};

    fn order(id: u64, status: OrderStatus) -> Order {
        let quantity = Qty(1.into());
        Order {
            status,
            ..Order::intended(
                OrderId(id),
                BrokerId(0),
                "A".into(),
                OrderSpec::new(InstrumentId(0), Side::Buy, quantity, OrderKind::Market, TimeInForce::Day),
                Time::default(),
            )
        }
    }

    proptest! {
        #[test]
        fn the_ids_are_those_of_the_orders(updates in prop::collection::vec((0_u64..12, 0_usize..4), 0..60)) {
            const STATUS: [OrderStatus; 4] =
                [OrderStatus::Working, OrderStatus::PendingCancel, OrderStatus::Filled, OrderStatus::Cancelled];
            let mut blotter = Blotter::default();
            for (id, status) in updates {
                blotter.order(order(id, STATUS[status]));
            }
            let ids = |is_live: bool| -> Vec<OrderId> {
                let of_kind = blotter.orders.values().filter(|order| order.is_live() == is_live);
                of_kind.map(|order| order.id).collect()
            };
            prop_assert_eq!(blotter.working_ids(), ids(true));
            prop_assert_eq!(blotter.ended_ids(), ids(false));
            let newest_first: Vec<OrderId> = blotter.working().map(|order| order.id).collect();
            prop_assert!(newest_first.is_sorted_by(|a, b| a > b));
        }
    }
}
