//! The orders of a plan of target weights: all in one turn, each an order like any other.
//!
//! A plan is refused whole, and nothing of it is sent, where what the trader saw is not so any more:
//! the kill switch is on, a position has changed, an order works. It is refused whole, too, when
//! it was sent before, in an earlier run as well: its orders carry its id in the journal. Once it is
//! taken on, each order goes its own way through gate and journal. One that the gate refuses holds
//! no other back; it is written down as an order that was never sent, so that what became of a plan
//! is what became of its orders.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::order_state::Life;
use super::{Effect, Engine, Outcome};
use crate::domain::{Instrument, Order, Origin, PlanId, Time, counted};
use crate::link::update::Refused;
use crate::link::{Allocation, AllocationOrder};
use crate::market::allocation::MOST_ROWS;
use crate::risk::{Despite, Refusal, Role};

/// The plans that orders of the journal are of.
pub(super) fn sent_before<'a>(orders: impl Iterator<Item = &'a Order>) -> BTreeSet<PlanId> {
    orders.filter_map(plan_of).collect()
}

fn plan_of(order: &Order) -> Option<PlanId> {
    match order.origin {
        Origin::Allocation(plan) => Some(plan),
        _ => None,
    }
}

impl Engine {
    /// Sends every order of a plan that the gate lets through.
    pub(super) fn allocate(
        &mut self,
        allocation: &Allocation,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let instruments = self.check_allocation(allocation)?;
        self.allocated.insert(allocation.plan);
        for (order, instrument) in allocation.orders.iter().zip(instruments) {
            self.enter_one(allocation, order, &instrument, input_at, now, out);
        }
        Ok(None)
    }

    fn enter_one(
        &mut self,
        allocation: &Allocation,
        AllocationOrder { spec, seen, .. }: &AllocationOrder,
        instrument: &Arc<Instrument>,
        input_at: Time,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        let origin = Origin::Allocation(allocation.plan);
        let order = self.intend(*spec, origin, instrument, &allocation.account, now, out);
        let orders = vec![(order.clone(), Role::entered(Despite::default()))];
        if let Err(refused) = self.submit(orders, *seen, instrument, input_at, now, out) {
            let id = order.id;
            self.orders.insert(order);
            self.end_intended(id, Life::Rejected, &format!("Not sent: {refused}"), now, out);
        }
    }

    /// Whether the plan can be sent as the trader saw it; the instruments of its orders.
    fn check_allocation(&self, allocation: &Allocation) -> Result<Vec<Arc<Instrument>>, Refused> {
        let refuse = |text: String| Err(Refused(text.into()));
        if self.allocated.contains(&allocation.plan) {
            return refuse("This plan was sent already: look at its orders, and preview anew".to_owned());
        }
        if self.is_killed {
            return refuse(Refusal::Killed.to_string());
        }
        self.journal.check()?;
        let count = allocation.orders.len();
        if count == 0 || count > MOST_ROWS {
            let orders = counted(count, "order", "orders");
            return refuse(format!("A plan has 1 to {MOST_ROWS} orders, this one has {orders}"));
        }
        let mut met = BTreeSet::new();
        let mut instruments = Vec::with_capacity(count);
        for AllocationOrder { spec, held, .. } in allocation.orders.iter() {
            let instrument = self.instrument(spec.instrument)?;
            self.check_account(&instrument, &allocation.account)?;
            let symbol = &instrument.symbol;
            if spec.parent.is_some() || spec.oco.is_some() {
                return refuse(format!("{symbol}: an allocation has plain orders only"));
            }
            if !met.insert(spec.instrument) {
                return refuse(format!("{symbol} has two orders in one plan: nothing was sent"));
            }
            let is_alike =
                |o: &Order| o.spec.instrument == spec.instrument && o.account == allocation.account;
            if self.net(&allocation.account, spec.instrument) != *held {
                return refuse(format!(
                    "The position in {symbol} has changed: nothing was sent. Preview anew"
                ));
            }
            if self.orders.live().any(is_alike) {
                return refuse(format!("An order works in {symbol}: nothing was sent. Preview anew"));
            }
            instruments.push(instrument);
        }
        Ok(instruments)
    }
}
