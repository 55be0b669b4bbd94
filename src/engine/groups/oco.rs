//! What an OCO group needs: what one of its orders fills is taken off the others.

use super::Step;
use crate::domain::{Decimal, Order, OrderStatus, Qty, Time};
use crate::engine::Engine;
use crate::engine::order_state::Life;
use crate::link::JournalState;

impl Engine {
    /// `None` when it needs nothing until something happens to it.
    pub(super) fn steps_of_oco(&mut self, members: &[Order], now: Time) -> Option<Vec<Step>> {
        let mut steps = Vec::new();
        let traded_in_all: Decimal = members.iter().map(|order| order.filled.0).sum();
        let is_quiet =
            traded_in_all.is_zero() && !members.iter().any(|order| self.orders.is_promised(order.id));
        if is_quiet || members.iter().all(|order| !order.is_live()) {
            return None;
        }
        for order in members.iter().filter(|order| order.is_live()) {
            let others = || members.iter().filter(|other| other.id != order.id);
            // That it filled is the broker's word; how much of each is for executions to say.
            let has_filled = |o: &Order| o.status == OrderStatus::Filled || self.orders.is_promised(o.id);
            if others().any(has_filled) {
                let can_end = self.orders.can_cancel(order.id)
                    || self.orders.life(order.id).is_some_and(Life::is_ours_alone);
                steps.extend((can_end && self.groups.may_cut(order.id, now)).then_some(Step::Cut(order.id)));
                continue;
            }
            let traded_by_others = traded_in_all - order.filled.0;
            // What has not left yet joins no group that has begun to fill ([`Self::check_group`]).
            if !traded_by_others.is_zero() && self.orders.life(order.id).is_some_and(Life::is_ours_alone) {
                steps.push(Step::Cut(order.id));
                continue;
            }
            let asked = order.kept.map_or(order.spec.quantity, |kept| kept.quantity).0;
            let total = asked - traded_by_others;
            if order.spec.quantity.0 <= total {
                self.groups.is_as_wanted(order.id);
                continue;
            }
            // What is on its way is answered first.
            if !self.orders.can_amend(order.id) || self.groups.was_lost(order.id, now) {
                continue;
            }
            let size = Qty(total);
            if size > order.filled && self.can_resize(order, size) {
                steps.push(self.resize(order, size));
                continue;
            }
            // Where its size cannot be changed both could fill: better none of the rest than too
            // much. But for what guards a position, until the disk is back.
            let can_amend = self.brokers[usize::from(order.broker.0)].facts.capabilities.amend;
            let is_for_later =
                can_amend && self.journal.state() != JournalState::Works && !self.there(order).is_zero();
            if !is_for_later && self.groups.may_cut(order.id, now) {
                steps.push(Step::Cut(order.id));
            }
        }
        Some(steps)
    }
}
