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

mod bracket;
mod oco;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::order_state::Life;
use super::{Effect, Engine};
use crate::domain::{
    AccountId, BrokerId, GroupId, KeptGroup, Moment, Order, OrderId, OrderSpec, OrderStatus, Qty, Time,
};
use crate::link::Update;
use crate::link::update::Refused;

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
        if order.is_target() { Self::Target } else { Self::Stop }
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
    Waits,
}

/// The groups that this program keeps.
#[derive(Debug, Default)]
pub(super) struct Groups {
    members: BTreeMap<GroupKey, Vec<OrderId>>,
    /// Those that may need something.
    awake: BTreeSet<GroupKey>,
    /// The size that was asked of an order last. Where it has another all the same, its broker has
    /// refused that.
    asked: BTreeMap<OrderId, Qty>,
    /// When a change of an order was lost on its way: it is not asked for again at once.
    lost: BTreeMap<OrderId, Time>,
    /// Since when an order should be of another size, and cannot be changed.
    waits: BTreeMap<OrderId, Time>,
    /// When the end of an order was asked for last.
    cut: BTreeMap<OrderId, Time>,
    /// When an order was to be sent last for a leg.
    added: BTreeMap<(OrderId, LegKind), Time>,
    /// When a stop was refused because the market had passed it: what follows goes at market.
    passed: BTreeMap<OrderId, Time>,
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

    /// The exits of brackets that may still need something.
    pub fn exits_awake(&self) -> impl Iterator<Item = OrderId> {
        let brackets = self.awake.iter().filter(|key| matches!(key, GroupKey::Bracket(_)));
        brackets.filter_map(|key| self.members.get(key)).flatten().copied()
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

    /// Orders that are so old that nobody remembers them.
    pub fn forget(&mut self, old: &BTreeSet<OrderId>) {
        if old.is_empty() {
            return;
        }
        self.members.retain(|key, members| {
            members.retain(|id| !old.contains(id));
            let is_gone = members.is_empty();
            if is_gone {
                self.awake.remove(key);
            }
            !is_gone
        });
        for id in old {
            self.is_as_wanted(*id);
            self.cut.remove(id);
            self.passed.remove(id);
        }
        self.told.retain(|(id, _)| !old.contains(id));
        let entries = |entry: &OrderId| self.members.contains_key(&GroupKey::Bracket(*entry));
        self.added.retain(|(entry, _), _| entries(entry));
    }

    #[cfg(test)]
    pub fn are_at_rest(&self) -> bool {
        self.awake.is_empty()
    }

    #[cfg(test)]
    pub fn remembers_nothing(&self) -> bool {
        let Self { members, awake, asked, lost, waits, cut, added, passed, told } = self;
        members.is_empty()
            && awake.is_empty()
            && asked.is_empty()
            && lost.is_empty()
            && waits.is_empty()
            && cut.is_empty()
            && added.is_empty()
            && passed.is_empty()
            && told.is_empty()
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
        self.asked.get(&id) == Some(&size)
    }

    /// What has kept orders back may be over.
    pub fn try_again(&mut self) {
        self.added.clear();
        self.lost.clear();
    }

    /// A change of size was lost on its way, and its broker has refused nothing.
    pub fn was_not_asked(&mut self, id: OrderId, now: Time) {
        if self.asked.remove(&id).is_some() {
            self.lost.insert(id, now);
        }
    }

    /// The session of an order broke: whatever was asked there, the next one is asked anew.
    pub fn begins_anew(&mut self, id: OrderId) {
        self.asked.remove(&id);
        self.lost.remove(&id);
    }

    fn was_lost(&self, id: OrderId, now: Time) -> bool {
        self.lost.get(&id).is_some_and(|at| now.since(*at) < RETRY)
    }

    fn is_as_wanted(&mut self, id: OrderId) {
        self.begins_anew(id);
        self.waits.remove(&id);
        self.told.remove(&(id, Told::NotSent));
    }

    /// Whether a change of an order was waited for long enough.
    fn has_waited(&mut self, id: OrderId, now: Time) -> bool {
        now.since(*self.waits.entry(id).or_insert(now)) >= RETRY
    }

    /// Whether an order may be sent for a leg: not again at once.
    fn may_add(&self, leg: (OrderId, LegKind), now: Time) -> bool {
        self.added.get(&leg).is_none_or(|at| now.since(*at) >= RETRY)
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
            let why = format!("Kept here until order {entry} fills: the broker does not know of it yet");
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
            // Nor what is held in an account that this session does not show.
            if self.why_not_of_session(first.broker, &first.account).is_some() {
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
        let exits = self.groups.exits_awake();
        let meant: Vec<OrderId> = exits.filter(|id| self.orders.get(*id).is_some_and(&is_meant)).collect();
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
