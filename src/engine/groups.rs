//! Brackets and OCO groups of brokers that keep none: this program minds them.
//!
//! What the broker would do is done here, from what it reports of each order alone
//! ([`crate::domain::KeptGroup`] holds orders together, in the journal too):
//!
//! - the exits of a bracket wait as [`Life::Kept`], on disk and unsent, until their entry fills;
//!   then each leg, the targets and the stops, is kept as large as what is still to be guarded:
//!   what the entry has filled, less what the exits have traded;
//! - in an OCO group, what one order fills is taken off the others.
//!
//! A size is changed in place where the broker can do that; else by an order more, or by a
//! cancel. It lives in this program, and the window says so: between a fill and the order that
//! answers it another exit can fill, and while the program is closed nobody minds it. What is done
//! is derived from orders as they stand, so that a restart or a reconnect goes on where it must.
//!
//! What must stay true:
//! - no exit leaves for more than the position that is there, whatever its bracket says;
//! - a leg that anybody but this program has ended (the trader, the broker, a close, the kill
//!   switch) is over: nothing takes the place of its orders;
//! - one leg that is over ends no other: a stop must not go because a target was taken away;
//! - too large for a moment is better than nothing at all: a working exit is given up for
//!   another size only when another can follow.

mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::order_state::Life;
use super::{Effect, Engine};
use crate::domain::{
    AccountId, BrokerId, Decimal, GroupId, KeptGroup, Moment, Order, OrderId, OrderKind, OrderSpec,
    OrderStatus, Qty, Time,
};
use crate::link::update::Refused;
use crate::link::{JournalState, Update};
use crate::risk::Pending;

/// How long a change of size is waited for before it is done in another way, and the pause
/// between two orders that are added to a leg.
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

/// The two kinds of exits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum LegKind {
    Target,
    Stop,
}

impl LegKind {
    fn of(order: &Order) -> Self {
        if matches!(order.spec.kind, OrderKind::Limit { .. }) { Self::Target } else { Self::Stop }
    }

    fn label(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Stop => "stop",
        }
    }
}

/// What the trader is told of an exit, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Told {
    Ended,
    NotSent,
}

/// The groups that this program keeps.
#[derive(Debug, Default)]
pub(super) struct Groups {
    members: BTreeMap<GroupKey, Vec<OrderId>>,
    /// Those that may need something.
    awake: BTreeSet<GroupKey>,
    /// Since when a change of size is waited for, and the size that was asked for, if it was.
    tried: BTreeMap<OrderId, (Time, Option<Qty>)>,
    /// When the end of an order was asked for last.
    cut: BTreeMap<OrderId, Time>,
    /// When an order was sent last for a leg.
    added: BTreeMap<(OrderId, LegKind), Time>,
    told: BTreeSet<(OrderId, Told)>,
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
        let Some(key) = GroupKey::of(order) else { return };
        let members = self.members.entry(key.clone()).or_default();
        if !members.contains(&order.id) {
            members.push(order.id);
        }
        self.awake.insert(key);
    }

    /// Something has happened to an order that may be a member, or an entry.
    pub fn wake(&mut self, order: &Order) {
        for key in GroupKey::of(order).into_iter().chain([GroupKey::Bracket(order.id)]) {
            if self.members.contains_key(&key) {
                self.awake.insert(key);
            }
        }
    }

    /// A broker has told how everything stands.
    pub fn wake_all(&mut self) {
        self.awake = self.members.keys().cloned().collect();
    }

    #[cfg(test)]
    pub fn are_at_rest(&self) -> bool {
        self.awake.is_empty()
    }

    /// Whether the end of an order may be asked for: a broker that refuses is not asked again at once.
    fn may_cut(&mut self, id: OrderId, now: Time) -> bool {
        let is_due = self.cut.get(&id).is_none_or(|at| now.since(*at) >= RETRY);
        if is_due {
            self.cut.insert(id, now);
        }
        is_due
    }

    /// Whether this very size was asked of an order, and not given.
    fn was_asked(&self, id: OrderId, size: Qty) -> bool {
        self.tried.get(&id).is_some_and(|(_, asked)| *asked == Some(size))
    }

    fn may_add(&self, leg: &Leg, now: Time) -> bool {
        self.added.get(&leg.key).is_none_or(|at| now.since(*at) >= RETRY)
    }
}

/// The exits of one entry that are of one kind.
struct Leg {
    key: (OrderId, LegKind),
    members: Vec<Order>,
}

impl Leg {
    fn traded(&self) -> Decimal {
        self.members.iter().map(|order| order.filled.0).sum()
    }

    /// The member that was ended by somebody else than this program, which ends the leg.
    fn ended_by_others(&self) -> Option<&Order> {
        let is_ended = |order: &&Order| {
            matches!(order.status, OrderStatus::Cancelled | OrderStatus::Rejected | OrderStatus::Expired)
                && order.kept.is_none_or(|kept| !kept.goes_on)
        };
        self.members.iter().find(is_ended)
    }

    /// Whether nothing may be sent for it any more.
    fn is_over(&self) -> bool {
        self.members.iter().any(|order| order.kept.is_some_and(|kept| kept.is_over))
            || self.ended_by_others().is_some()
    }

    fn kept(&self) -> Option<&Order> {
        self.members.iter().find(|order| order.status == OrderStatus::Kept)
    }

    /// Those that were sent, or are about to be, and can still trade.
    fn working(&self) -> impl Iterator<Item = &Order> {
        self.members.iter().filter(|order| order.is_live() && order.status != OrderStatus::Kept)
    }
}

/// What one look at a group has found to do.
enum Step {
    /// Send an exit that was kept, with this quantity.
    Release(Box<Order>, Qty),
    /// Give a working order this quantity.
    Resize(Box<Order>, Qty),
    /// Send one more like this, with this quantity.
    Add(Box<Order>, Qty),
    /// End an order because of what others have filled; another may take its place.
    Cut(OrderId),
    /// End an exit that was never sent; if its entry fills after all, another takes its place.
    GiveUp(OrderId),
    /// End a leg whose position has gone another way: nothing of it is sent any more.
    End(Vec<OrderId>),
}

/// How an order begins that this program keeps in a group: stripped of what its broker would not
/// understand.
pub(super) fn keep(order: Order, entry: Option<OrderId>) -> Order {
    let oco = order.spec.oco;
    if entry.is_none() && oco.is_none() {
        return order;
    }
    let kept =
        KeptGroup { entry, oco, quantity: order.spec.quantity, goes_on: false, is_over: false, passed: None };
    let spec = OrderSpec { parent: None, oco: None, ..order.spec };
    let (status, reason) = match entry {
        Some(entry) => {
            let why = format!("Kept by Pitdesk until order {entry} fills: the broker does not know of it");
            (OrderStatus::Kept, Some(why.into()))
        }
        None => (order.status, order.reason),
    };
    Order { spec, kept: Some(kept), status, reason, ..order }
}

impl Engine {
    /// Whether brackets and OCO groups of a broker are kept here.
    pub(super) fn keeps_groups(&self, broker: BrokerId) -> bool {
        !self.brokers[usize::from(broker.0)].facts.capabilities.native_groups
    }

    /// Whether an order may join the OCO group that it names.
    ///
    /// # Errors
    /// When the group is of another instrument, or has begun to fill.
    pub(super) fn check_group(&self, order: &Order) -> Result<(), Refused> {
        let Some(key) = GroupKey::of(order) else { return Ok(()) };
        for id in self.groups.members.get(&key).into_iter().flatten() {
            let Some(other) = self.orders.get(*id) else { continue };
            if other.spec.instrument != order.spec.instrument {
                let text = format!("Order {id} of this group is for another instrument: use another group");
                return Err(Refused(text.into()));
            }
            if !other.filled.is_zero() {
                let text =
                    format!("Order {id} of this group has begun to fill: nothing can join it any more");
                return Err(Refused(text.into()));
            }
        }
        Ok(())
    }

    /// Brings every group that is kept here to where it must be.
    pub(super) fn advance_groups(&mut self, now: Time, out: &mut Vec<Effect>) {
        if self.groups.awake.is_empty() || self.is_killed || self.shutdown.is_some() {
            return;
        }
        for key in self.groups.awake.clone() {
            let ids = self.groups.members.get(&key).into_iter().flatten();
            let members: Vec<Order> = ids.filter_map(|id| self.orders.get(*id)).cloned().collect();
            let Some(first) = members.first() else {
                self.groups.awake.remove(&key);
                continue;
            };
            let line = &self.brokers[usize::from(first.broker.0)];
            // Before the books have come nobody knows what has filled.
            if !line.is_reconciled || !line.connection.state.takes_orders() {
                continue;
            }
            let steps = match &key {
                GroupKey::Bracket(entry) => self.steps_of_bracket(*entry, members, now, out),
                GroupKey::Oco(..) => self.steps_of_oco(&members, now),
            };
            match steps {
                Some(steps) => steps.into_iter().for_each(|step| self.take_step(step, now, out)),
                None => {
                    self.groups.awake.remove(&key);
                }
            }
        }
    }

    /// What a bracket needs now; `None` when it needs nothing until something happens to it.
    fn steps_of_bracket(
        &mut self,
        entry: OrderId,
        members: Vec<Order>,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Option<Vec<Step>> {
        let mut legs: Vec<Leg> = Vec::new();
        for order in members {
            let key = (entry, LegKind::of(&order));
            match legs.iter_mut().find(|leg| leg.key == key) {
                Some(leg) => leg.members.push(order),
                None => legs.push(Leg { key, members: vec![order] }),
            }
        }
        let traded: Decimal = legs.iter().map(Leg::traded).sum();
        let entry = self.orders.get(entry);
        let is_entry_live = entry.is_some_and(Order::is_live);
        let held = match entry {
            Some(entry) => (entry.filled.0 - traded).max(Decimal::ZERO),
            // So old that it was forgotten: what works for it may shrink, and not grow.
            None => legs.iter().map(|leg| self.working_of(leg)).max().unwrap_or_default(),
        };
        let mut steps = Vec::new();
        let mut needs_nothing = !is_entry_live;
        for leg in &legs {
            let working = self.working_of(leg);
            let Some(first) = leg.members.first() else { continue };
            let (there, free) = (self.there(first), self.free(first));
            let is_over = leg.is_over();
            // What works is left alone until an exit has traded; then nothing may stay that guards
            // nothing.
            let cap = if traded.is_zero() { free.max(working) } else { free };
            let guards = if is_over { held.min(working).min(cap) } else { held.min(cap) };
            if is_over {
                self.tell_leg_over(leg, held.min(there) - working, now, out);
            }
            if !is_entry_live && held.is_zero() {
                steps.extend(leg.kept().map(|order| Step::GiveUp(order.id)));
            }
            if !is_entry_live && !held.is_zero() && there.is_zero() && working.is_zero() && !is_over {
                steps.push(Step::End(leg.members.iter().map(|order| order.id).collect()));
                continue;
            }
            if is_over && working.is_zero() {
                continue;
            }
            steps.extend(self.step_of_leg(leg, guards, now));
            needs_nothing &= working.is_zero() && guards.is_zero();
        }
        (!needs_nothing || !steps.is_empty()).then_some(steps)
    }

    /// How much of a position there is that an exit could close.
    fn there(&self, exit: &Order) -> Decimal {
        let net = self.net(&exit.account, exit.spec.instrument);
        (-exit.spec.side.sign() * net).max(Decimal::ZERO)
    }

    /// How much of that no exit of its kind closes already for another entry.
    fn free(&self, exit: &Order) -> Decimal {
        let is_another = |o: &&Order| {
            o.status != OrderStatus::Kept
                && o.entry().is_some_and(|entry| Some(entry) != exit.entry())
                && o.account == exit.account
                && o.spec.instrument == exit.spec.instrument
                && o.spec.side == exit.spec.side
                // A target elsewhere stops no loss here.
                && LegKind::of(o) == LegKind::of(exit)
        };
        let filled = |entry| self.orders.get(entry).map(|entry| entry.filled);
        let taken = Pending::of_exits(self.orders.live().filter(is_another), filled);
        (self.there(exit) - taken.buys - taken.sells).max(Decimal::ZERO)
    }

    fn working_of(&self, leg: &Leg) -> Decimal {
        leg.working().map(|order| self.orders.most_of(order.id).0).sum()
    }

    /// What brings one leg to `guards` units.
    fn step_of_leg(&mut self, leg: &Leg, guards: Decimal, now: Time) -> Option<Step> {
        let working = self.working_of(leg);
        if working < guards {
            return self.grow(leg, guards - working, now);
        }
        if working > guards {
            return self.shrink(leg, working - guards, now);
        }
        if leg.working().all(|order| self.orders.can_amend(order.id)) {
            for order in &leg.members {
                self.groups.tried.remove(&order.id);
            }
        }
        None
    }

    fn grow(&mut self, leg: &Leg, more: Decimal, now: Time) -> Option<Step> {
        if self.journal.state() != JournalState::Works {
            return None;
        }
        if let Some(kept) = leg.kept() {
            let may = self.groups.may_add(leg, now);
            return may.then(|| {
                self.groups.added.insert(leg.key, now);
                Step::Release(Box::new(kept.clone()), Qty(more))
            });
        }
        // The broker's answer to what is on its way comes first.
        if !leg.working().all(|order| self.orders.can_amend(order.id)) {
            return None;
        }
        let last = leg.members.last()?;
        let in_place = leg.working().next().filter(|order| {
            let broker = &self.brokers[usize::from(order.broker.0)];
            let size = Qty(order.spec.quantity.0 + more);
            broker.facts.capabilities.amend && !self.groups.was_asked(order.id, size)
        });
        if let Some(order) = in_place {
            let size = Qty(order.spec.quantity.0 + more);
            self.groups.tried.insert(order.id, (now, Some(size)));
            return Some(Step::Resize(Box::new(order.clone()), size));
        }
        self.groups.may_add(leg, now).then(|| {
            self.groups.added.insert(leg.key, now);
            Step::Add(Box::new(last.clone()), Qty(more))
        })
    }

    fn shrink(&mut self, leg: &Leg, excess: Decimal, now: Time) -> Option<Step> {
        let order = leg.working().last().filter(|order| self.orders.can_cancel(order.id))?;
        let rest = order.remaining().0 - excess;
        if rest <= Decimal::ZERO {
            return self.groups.may_cut(order.id, now).then_some(Step::Cut(order.id));
        }
        // Another could not be written down.
        if self.journal.state() != JournalState::Works {
            return None;
        }
        let size = Qty(order.filled.0 + rest);
        let can_amend = self.orders.can_amend(order.id);
        let broker = &self.brokers[usize::from(order.broker.0)];
        if can_amend && broker.facts.capabilities.amend && !self.groups.was_asked(order.id, size) {
            self.groups.tried.insert(order.id, (now, Some(size)));
            return Some(Step::Resize(Box::new(order.clone()), size));
        }
        if !can_amend {
            let (since, _) = *self.groups.tried.entry(order.id).or_insert((now, None));
            if now.since(since) < RETRY {
                return None;
            }
        }
        // What takes its place must be able to follow at once; nothing follows in a leg that is
        // over, and too large is better than gone.
        let can_follow = !leg.is_over() && self.groups.may_add(leg, now);
        (can_follow && self.groups.may_cut(order.id, now)).then_some(Step::Cut(order.id))
    }

    fn steps_of_oco(&mut self, members: &[Order], now: Time) -> Option<Vec<Step>> {
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
            let asked = order.kept.map_or(order.spec.quantity, |kept| kept.quantity).0;
            let total = asked - (traded_in_all - order.filled.0);
            if order.spec.quantity.0 <= total {
                self.groups.tried.remove(&order.id);
                continue;
            }
            // What is on its way is answered first.
            if !self.orders.can_amend(order.id) {
                continue;
            }
            let can_amend = self.brokers[usize::from(order.broker.0)].facts.capabilities.amend;
            let is_first = !self.groups.was_asked(order.id, Qty(total));
            let can_write = self.journal.state() == JournalState::Works;
            if can_amend && is_first && can_write && total > order.filled.0 {
                self.groups.tried.insert(order.id, (now, Some(Qty(total))));
                steps.push(Step::Resize(Box::new(order.clone()), Qty(total)));
            } else if self.groups.may_cut(order.id, now) {
                // Where its size cannot be changed both could fill: better none of the rest than
                // too much.
                steps.push(Step::Cut(order.id));
            }
        }
        Some(steps)
    }

    /// Drops an exit that is still kept; `false` where `id` is none.
    pub(super) fn give_up_kept(&mut self, id: OrderId, why: &str, now: Time, out: &mut Vec<Effect>) -> bool {
        let is_one = self.orders.life(id) == Some(Life::Kept);
        if is_one {
            self.end_intended(id, Life::Cancelled, why, now, out);
        }
        is_one
    }

    /// Somebody takes exits away, by a close or the kill switch: nothing more is sent for their
    /// legs, whatever has filled or was cut of them.
    pub(super) fn end_legs(&mut self, is_meant: impl Fn(&Order) -> bool, now: Time, out: &mut Vec<Effect>) {
        let brackets = self.groups.awake.iter().filter(|key| matches!(key, GroupKey::Bracket(_)));
        let members = brackets.filter_map(|key| self.groups.members.get(key)).flatten();
        let meant: Vec<OrderId> =
            members.filter(|id| self.orders.get(**id).is_some_and(&is_meant)).copied().collect();
        self.end_leg(&meant, now, out);
    }

    /// [`Self::end_legs`] for the leg that an exit is of.
    pub(super) fn end_leg_of(&mut self, exit: &Order, now: Time, out: &mut Vec<Effect>) {
        let Some(entry) = exit.kept.and_then(|kept| kept.entry) else { return };
        let kind = LegKind::of(exit);
        let is_meant = |o: &Order| o.entry() == Some(entry) && LegKind::of(o) == kind;
        self.end_legs(is_meant, now, out);
        // With what else of it was not sent yet.
        let is_unsent = |id: &OrderId| self.orders.life(*id).is_some_and(Life::is_ours_alone);
        let others = self.orders.live().filter(|o| is_meant(o) && o.id != exit.id).map(|o| o.id);
        for id in others.filter(is_unsent).collect::<Vec<_>>() {
            self.give_up_unsent(id, "Cancelled before it was sent", now, out);
        }
    }

    fn end_leg(&mut self, members: &[OrderId], now: Time, out: &mut Vec<Effect>) {
        let ended: Vec<Order> = members.iter().filter_map(|id| self.orders.end_leg(*id)).collect();
        for order in &ended {
            out.push(Effect::publish(Update::Order(order.clone()), now));
        }
        if !ended.is_empty() {
            self.record(Moment::LegEnded, ended, now, out);
        }
    }

    /// An exit of which nothing was sent for a reason that passes: another takes its place.
    pub(super) fn goes_on_later(&mut self, id: OrderId) {
        if self.orders.get(id).is_some_and(|order| order.kept.is_some_and(|kept| kept.entry.is_some())) {
            self.orders.set_goes_on(id, true);
        }
    }
}
