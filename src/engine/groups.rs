//! Brackets and OCO groups of brokers that keep none: this program minds them.
//!
//! What the broker would do is done here, from what it reports of each order alone
//! ([`crate::domain::KeptGroup`] holds orders together, in the journal too):
//!
//! - the exits of a bracket wait as [`Life::Kept`], on disk and unsent, until their entry fills;
//!   then each leg is kept as large as what is still to be guarded: what the entry has filled, less
//!   what the exits have traded;
//! - in an OCO group, what one order fills is taken off the others.
//!
//! A size is changed in place where the broker can do that; else by an order more, or by a
//! cancel. It lives in this program, and the window says so: between a fill and the order that
//! answers it another exit can fill, and while the program is closed nobody minds it. What was
//! done is always derived from orders as they stand, never from a memory of events, so that a
//! restart or a reconnect goes on where it must.
//!
//! An exit that ends in another way than by us (the trader cancels it, the broker refuses it) ends
//! its leg and no other: a stop must not go because somebody takes the target away.

use std::collections::{BTreeMap, BTreeSet};
use std::mem::{Discriminant, discriminant};
use std::time::Duration;

use super::journal::Intent;
use super::order_state::Life;
use super::{Effect, Engine};
use crate::domain::{
    AccountId, BrokerId, Decimal, GroupId, KeptGroup, Moment, Order, OrderId, OrderKind, OrderSpec,
    OrderStatus, Qty, Time,
};
use crate::link::{JournalState, NoticeLevel, Update};
use crate::risk::{Change, Despite, Role};

/// How long a change of size is waited for before it is done in another way.
const RETRY: Duration = Duration::from_secs(2);

/// What holds orders together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum GroupKey {
    /// The exits of this entry.
    Bracket(OrderId),
    /// Orders that name the same group.
    Oco(BrokerId, AccountId, GroupId),
}

impl GroupKey {
    fn of(order: &Order) -> Option<Self> {
        let kept = order.kept?;
        let bracket = kept.entry.map(Self::Bracket);
        bracket.or_else(|| Some(Self::Oco(order.broker, order.account.clone(), kept.oco?)))
    }
}

/// The groups that are not over.
#[derive(Debug, Default)]
pub(super) struct Groups {
    members: BTreeMap<GroupKey, Vec<OrderId>>,
    /// When a change of size was asked for last.
    tried: BTreeMap<OrderId, Time>,
    /// What the trader was told of.
    told: BTreeSet<OrderId>,
}

impl Groups {
    pub fn new<'a>(orders: impl IntoIterator<Item = &'a Order>) -> Self {
        let mut groups = Self::default();
        for order in orders {
            groups.add(order);
        }
        groups
    }

    pub fn add(&mut self, order: &Order) {
        if let Some(key) = GroupKey::of(order) {
            self.members.entry(key).or_default().push(order.id);
        }
    }

    #[cfg(test)]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    fn may_try(&mut self, id: OrderId, now: Time) -> bool {
        let may = self.tried.get(&id).is_none_or(|at| now.since(*at) >= RETRY);
        if may {
            self.tried.insert(id, now);
        }
        may
    }
}

/// The exits of one entry that are of one kind: the targets, or the stops.
struct Leg {
    members: Vec<Order>,
}

impl Leg {
    fn traded(&self) -> Decimal {
        self.members.iter().map(|order| order.filled.0).sum()
    }

    /// Whether somebody else than this program has ended it.
    fn is_over(&self) -> bool {
        let is_ended = |order: &Order| {
            matches!(order.status, OrderStatus::Cancelled | OrderStatus::Rejected | OrderStatus::Expired)
                && order.kept.is_none_or(|kept| !kept.is_cut)
        };
        self.members.iter().any(is_ended)
    }

    fn kept(&self) -> Option<&Order> {
        self.members.iter().find(|order| order.status == OrderStatus::Kept)
    }

    /// Those that were sent, or are about to be, and can still trade.
    fn working(&self) -> impl Iterator<Item = &Order> {
        self.members.iter().filter(|order| order.is_live() && order.status != OrderStatus::Kept)
    }

    /// What the trader wants it to trade in all.
    fn asked(&self) -> Decimal {
        self.members.iter().filter_map(|order| Some(order.kept?.quantity.0)).min().unwrap_or_default()
    }
}

/// What one look at a group has found to do.
enum Step {
    /// Send an exit that was kept, with this quantity.
    Release(OrderId, Qty),
    /// Give a working order this quantity.
    Resize(Box<Order>, Qty),
    /// Send one more like this, with this quantity.
    Add(Box<Order>, Qty),
    /// End an order because of what others have filled.
    Cut(OrderId),
    /// End an exit that has nothing to guard and never will.
    GiveUp(OrderId),
}

/// How an order begins that this program keeps in a group: stripped of what its broker would not
/// understand.
pub(super) fn keep(order: Order, entry: Option<OrderId>) -> Order {
    let oco = order.spec.oco;
    if entry.is_none() && oco.is_none() {
        return order;
    }
    let kept = KeptGroup { entry, oco, quantity: order.spec.quantity, is_cut: false };
    let spec = OrderSpec { parent: None, oco: None, ..order.spec };
    let (status, reason) = match entry {
        Some(entry) => (OrderStatus::Kept, Some(kept_until(entry).into())),
        None => (order.status, order.reason),
    };
    Order { spec, kept: Some(kept), status, reason, ..order }
}

fn kept_until(entry: OrderId) -> String {
    format!("Kept by Pitdesk until order {entry} fills: the broker does not know of it")
}

impl Engine {
    /// Whether brackets and OCO groups of a broker are kept here.
    pub(super) fn keeps_groups(&self, broker: BrokerId) -> bool {
        !self.brokers[usize::from(broker.0)].facts.capabilities.native_groups
    }

    /// Brings every group that is kept here to where it must be.
    pub(super) fn advance_groups(&mut self, now: Time, out: &mut Vec<Effect>) {
        if self.groups.members.is_empty() || self.is_killed || self.shutdown.is_some() {
            return;
        }
        let keys: Vec<GroupKey> = self.groups.members.keys().cloned().collect();
        for key in keys {
            let members: Vec<Order> =
                self.groups.members[&key].iter().filter_map(|id| self.orders.get(*id)).cloned().collect();
            let Some(first) = members.first() else {
                self.groups.members.remove(&key);
                continue;
            };
            let line = &self.brokers[usize::from(first.broker.0)];
            if !line.is_reconciled || !line.connection.state.takes_orders() {
                continue;
            }
            let steps = match &key {
                GroupKey::Bracket(entry) => self.steps_of_bracket(*entry, members, now, out),
                GroupKey::Oco(..) => Some(self.steps_of_oco(&members, now)),
            };
            let Some(steps) = steps else {
                self.groups.members.remove(&key);
                continue;
            };
            for step in steps {
                self.take_step(step, now, out);
            }
        }
    }

    /// What a bracket needs now; `None` when it is over.
    fn steps_of_bracket(
        &mut self,
        id: OrderId,
        members: Vec<Order>,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Option<Vec<Step>> {
        let entry = self.orders.get(id);
        let is_entry_live = entry.is_some_and(Order::is_live);
        // An entry so old that it was forgotten has filled.
        let opened = entry.map_or_else(
            || members.iter().filter_map(|order| Some(order.kept?.quantity.0)).max().unwrap_or_default(),
            |entry| entry.filled.0,
        );
        let mut legs: Vec<(Discriminant<OrderKind>, Leg)> = Vec::new();
        for order in members {
            let kind = discriminant(&order.spec.kind);
            match legs.iter_mut().find(|(known, _)| *known == kind) {
                Some((_, leg)) => leg.members.push(order),
                None => legs.push((kind, Leg { members: vec![order] })),
            }
        }
        let traded: Decimal = legs.iter().map(|(_, leg)| leg.traded()).sum();
        let held = (opened - traded).max(Decimal::ZERO);
        let mut steps = Vec::new();
        for (_, leg) in &legs {
            if !is_entry_live && held.is_zero() {
                steps.extend(leg.kept().map(|order| Step::GiveUp(order.id)));
            }
            let mut guards = held.min((leg.asked() - leg.traded()).max(Decimal::ZERO));
            if leg.is_over() {
                self.tell_leg_over(leg, held, now, out);
                // What is left of it, were it in several orders, may shrink, but not grow.
                guards = guards.min(self.working_of(leg));
            }
            steps.extend(self.step_of_leg(leg, guards, now));
        }
        let is_over =
            |leg: &Leg| leg.members.iter().all(|order| !order.is_live()) && (held.is_zero() || leg.is_over());
        if !is_entry_live && steps.is_empty() && legs.iter().all(|(_, leg)| is_over(leg)) {
            return None;
        }
        Some(steps)
    }

    /// What brings one leg to `guards` units.
    fn step_of_leg(&mut self, leg: &Leg, guards: Decimal, now: Time) -> Option<Step> {
        let working = self.working_of(leg);
        let broker = leg.members.first()?.broker;
        let can_amend = self.brokers[usize::from(broker.0)].facts.capabilities.amend;
        let in_place = leg.working().find(|order| self.orders.can_amend(order.id));
        let is_settled = leg.working().all(|order| self.orders.can_amend(order.id));
        if working < guards {
            let more = guards - working;
            if let Some(kept) = leg.kept() {
                return self.groups.may_try(kept.id, now).then_some(Step::Release(kept.id, Qty(more)));
            }
            let last = leg.members.last()?;
            return match in_place {
                // The broker's answer to what is on its way comes first.
                _ if !is_settled => None,
                Some(order) if can_amend && !self.groups.tried.contains_key(&order.id) => {
                    self.groups.may_try(order.id, now);
                    Some(Step::Resize(Box::new(order.clone()), Qty(order.spec.quantity.0 + more)))
                }
                // It has refused that, or cannot do it: one order more.
                _ if self.groups.may_try(last.id, now) => Some(Step::Add(Box::new(last.clone()), Qty(more))),
                _ => None,
            };
        }
        if working > guards {
            let excess = working - guards;
            let order = leg.working().last().filter(|order| self.orders.can_cancel(order.id))?;
            let rest = order.remaining().0 - excess;
            let was_tried = self.groups.tried.contains_key(&order.id);
            if !self.groups.may_try(order.id, now) {
                return None;
            }
            let can_shrink =
                can_amend && rest > Decimal::ZERO && self.orders.can_amend(order.id) && !was_tried;
            return Some(if can_shrink {
                Step::Resize(Box::new(order.clone()), Qty(order.filled.0 + rest))
            } else {
                Step::Cut(order.id)
            });
        }
        for order in &leg.members {
            self.groups.tried.remove(&order.id);
        }
        None
    }

    fn working_of(&self, leg: &Leg) -> Decimal {
        leg.working().map(|order| self.orders.most_of(order.id).0).sum()
    }

    fn steps_of_oco(&mut self, members: &[Order], now: Time) -> Vec<Step> {
        let mut steps = Vec::new();
        for order in members.iter().filter(|order| order.is_live()) {
            let others = || members.iter().filter(|other| other.id != order.id);
            let traded: Decimal = others().map(|other| other.filled.0).sum();
            let asked = order.kept.map_or(order.spec.quantity, |kept| kept.quantity).0;
            let total = asked - traded;
            if others().any(|other| other.status == OrderStatus::Filled) {
                let can_end = self.orders.can_cancel(order.id)
                    || self.orders.life(order.id).is_some_and(Life::is_ours_alone);
                steps.extend(can_end.then_some(Step::Cut(order.id)));
                continue;
            }
            if order.spec.quantity.0 <= total {
                self.groups.tried.remove(&order.id);
                continue;
            }
            // What is on its way is answered first.
            if !self.orders.can_amend(order.id) {
                continue;
            }
            let can_amend = self.brokers[usize::from(order.broker.0)].facts.capabilities.amend;
            // Where a change was refused, both could fill: better none of the rest than too much.
            let is_first = !self.groups.tried.contains_key(&order.id);
            if can_amend && is_first && total > order.filled.0 {
                self.groups.tried.insert(order.id, now);
                steps.push(Step::Resize(Box::new(order.clone()), Qty(total)));
            } else {
                steps.push(Step::Cut(order.id));
            }
        }
        steps
    }

    fn take_step(&mut self, step: Step, now: Time, out: &mut Vec<Effect>) {
        let is_an_end = matches!(step, Step::Cut(_) | Step::GiveUp(_));
        // What cannot be written down is not sent. It is found again when it can.
        if !is_an_end && self.journal.state() != JournalState::Works {
            return;
        }
        match step {
            Step::Release(id, quantity) => self.release(id, quantity, now, out),
            Step::Resize(order, quantity) => {
                let change = Change { quantity: Some(quantity), ..Change::default() };
                // What is refused here is done in another way at the next look.
                if let Err(why) = self.change(&order, change, Despite::default(), now, now, out) {
                    tracing::warn!("order {} was not resized: {why}", order.id);
                }
            }
            Step::Add(like, quantity) => self.add_exit(&like, quantity, now, out),
            Step::Cut(id) => {
                self.orders.cut(id);
                if !self.give_up_unsent(id, "Another order of its group has filled", now, out)
                    && let Some(order) = self.orders.get(id).cloned()
                {
                    self.ask_cancel(&order, now, out);
                }
            }
            Step::GiveUp(id) => {
                self.end_intended(id, Life::Cancelled, "There is nothing left that it could guard", now, out);
            }
        }
    }

    /// An exit that was kept goes out as any order: judged, on disk first.
    fn release(&mut self, id: OrderId, quantity: Qty, now: Time, out: &mut Vec<Effect>) {
        let Some(order) = self.orders.get(id).cloned() else { return };
        let Ok(instrument) = self.instrument(order.spec.instrument) else { return };
        let wanted = Order { spec: OrderSpec { quantity, ..order.spec }, ..order };
        if let Err(why) = self.would_pass(&wanted, Role::Release, &instrument, now) {
            if self.groups.told.insert(id) {
                let text = format!("Exit {id} is not sent yet, and guards nothing: {why}");
                self.note(NoticeLevel::Error, text, now, out);
            }
            return;
        }
        let Some(order) = self.orders.release(id, quantity, now) else { return };
        let seen = self.market.quote(order.spec.instrument).map(|(quote, _)| *quote);
        let seq = self.record(Moment::Intended { input_at: now, seen }, vec![order.clone()], now, out);
        self.send_when_written(seq, Intent::Place(vec![(id, Role::Release)]), now);
        self.day_sends([&order], now);
        out.push(Effect::publish(Update::Order(order), now));
    }

    /// One more exit, where the one that works cannot be made larger.
    fn add_exit(&mut self, like: &Order, quantity: Qty, now: Time, out: &mut Vec<Effect>) {
        let Ok(instrument) = self.instrument(like.spec.instrument) else { return };
        let spec = OrderSpec { quantity, ..like.spec };
        let order = self.intend(spec, like.origin, &instrument, &like.account, now, out);
        let kept = like.kept.map(|kept| KeptGroup { is_cut: false, ..kept });
        let order = Order { kept, ..order };
        if let Err(why) = self.submit(vec![(order, Role::Release)], None, &instrument, now, now, out) {
            let text = format!("{quantity} units that order {} should guard are not guarded: {why}", like.id);
            self.note(NoticeLevel::Error, text, now, out);
        }
    }

    /// Says once that nothing of a kind guards what is held.
    fn tell_leg_over(&mut self, leg: &Leg, held: Decimal, now: Time, out: &mut Vec<Effect>) {
        let Some(ended) = leg.members.iter().find(|order| order.status.is_final()) else { return };
        let is_by_the_trader = ended.status == OrderStatus::Cancelled;
        if is_by_the_trader || held.is_zero() || !self.groups.told.insert(ended.id) {
            return;
        }
        let (kind, label) = (ended.spec.kind.label().to_lowercase(), ended.status.label().to_lowercase());
        let text = format!(
            "Order {} is {label}: {held} {} are not guarded by a {kind} any more",
            ended.id,
            self.symbol(ended.spec.instrument)
        );
        self.note(NoticeLevel::Error, text, now, out);
    }

    /// Drops an exit that is still kept; `false` where `id` is none.
    pub(super) fn give_up_kept(&mut self, id: OrderId, why: &str, now: Time, out: &mut Vec<Effect>) -> bool {
        let is_one = self.orders.life(id) == Some(Life::Kept);
        if is_one {
            self.end_intended(id, Life::Cancelled, why, now, out);
        }
        is_one
    }
}
