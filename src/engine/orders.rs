//! Our own orders: the only place that holds them, moved only along the table.
//!
//! Each has its life ([`super::order_state`]) and, apart from it, what was asked of it since.
//! What is handed out is always a whole [`Order`] with the status that both make.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::order_state::{Life, Step, Underway, next, status};
use crate::domain::{
    BrokerId, Decimal, Fill, KeptGroup, Order, OrderId, OrderSpec, OrderStatus, Origin, Price, Qty, Time,
};
use crate::link::ENDED_ORDERS_KEPT;
use crate::risk::Change;

/// Ids are reserved on disk in blocks of this many, so that a crash never hands one out twice.
const ID_BLOCK: u64 = 1_000;
/// Ids of other programs below this are numbered above.
const FOLLOWED: u64 = 1 << 62;
const NOT_CONFIRMED: &str = "Not confirmed by the broker since the start";
const STILL_TO_COME: &str = "Filled, says the broker: its executions are still to come";

pub(super) struct Orders {
    entries: BTreeMap<OrderId, Entry>,
    /// Those that have not ended: few among the many that are remembered.
    live: BTreeSet<OrderId>,
    next_id: u64,
    reserved: u64,
}

struct Entry {
    order: Order,
    life: Life,
    /// A change that is on its way.
    amend: Option<Change>,
    /// Whether a cancel is on its way.
    is_cancelling: bool,
    /// The input whose bytes have not left yet.
    leaving: Option<Leaving>,
}

/// How far a command has come on its way to the broker.
#[derive(Debug, Clone, Copy)]
pub struct Leaving {
    /// When the trader's input came.
    pub input: Time,
    /// When it was taken on.
    pub taken: Time,
    /// When the disk had it.
    pub written: Option<Time>,
}

impl Entry {
    fn new(order: Order, life: Life) -> Self {
        Self { order, life, amend: None, is_cancelling: false, leaving: None }
    }

    fn underway(&self) -> Underway {
        match (self.is_cancelling, self.amend) {
            (true, _) => Underway::Cancel,
            (false, Some(_)) => Underway::Amend,
            (false, None) => Underway::Nothing,
        }
    }

    /// The order after a change, with the status that follows from it.
    fn changed(&mut self, now: Time) -> Order {
        if self.life.is_final() {
            self.answered();
            self.order.trigger = None;
        }
        self.order.status = status(self.life, self.underway(), !self.order.filled.is_zero());
        self.order.updated = now;
        self.order.clone()
    }

    /// Nothing is on its way any more.
    fn answered(&mut self) {
        self.amend = None;
        self.is_cancelling = false;
    }

    /// What it may still trade, whichever way a change is answered.
    fn most(&self) -> Qty {
        let asked = self.amend.and_then(|change| change.quantity).unwrap_or_default();
        self.order.remaining().max(asked.saturating_sub(self.order.filled))
    }

    /// The same at least.
    fn least(&self) -> Qty {
        if self.is_cancelling {
            return Qty::ZERO;
        }
        let remaining = self.order.remaining();
        let asked = self.amend.and_then(|change| change.quantity);
        asked.map_or(remaining, |asked| remaining.min(asked.saturating_sub(self.order.filled)))
    }

    /// Whether `change` can be asked for now.
    fn can_amend(&self) -> bool {
        let is_there = matches!(self.life, Life::Accepted | Life::Held | Life::Working);
        is_there && self.underway() == Underway::Nothing
    }

    fn can_cancel(&self) -> bool {
        !self.life.is_final() && !self.life.is_ours_alone() && !self.is_cancelling
    }
}

impl Orders {
    /// Ids begin at `next_id`; `known` is what the journal has of earlier runs. Whatever lived
    /// then may have changed since: until its broker speaks, nobody can say how it stands.
    pub fn new(next_id: u64, known: Vec<Order>) -> Self {
        let mut orders = Self { entries: BTreeMap::new(), live: BTreeSet::new(), next_id, reserved: next_id };
        for order in known {
            orders.recall(order);
        }
        orders
    }

    /// An order of an earlier run, as the journal has it.
    pub fn recall(&mut self, order: Order) {
        self.next_id = above(self.next_id, order.id);
        self.reserved = self.reserved.max(self.next_id);
        let told = Life::told(order.status).unwrap_or(Life::Working);
        // Of what is kept here nothing was sent, or its newest record would say so.
        let life = if told.is_final() || told == Life::Kept { told } else { Life::Unknown };
        let updated = order.updated;
        let mut entry = Entry::new(order, life);
        if life == Life::Unknown {
            entry.order.reason = Some(NOT_CONFIRMED.into());
        }
        let id = entry.changed(updated).id;
        self.put(id, entry);
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
        self.entries.get(&id).map(|entry| &entry.order)
    }

    pub fn life(&self, id: OrderId) -> Option<Life> {
        self.entries.get(&id).map(|entry| entry.life)
    }

    /// Whether its broker has ever spoken of it.
    pub fn is_acknowledged(&self, id: OrderId) -> bool {
        self.get(id).is_some_and(|order| order.is_acknowledged)
    }

    /// An order of this program's, of which nothing has been sent.
    pub fn insert(&mut self, order: Order) {
        let life = if order.status == OrderStatus::Kept { Life::Kept } else { Life::Intended };
        self.put(order.id, Entry::new(order, life));
    }

    fn put(&mut self, id: OrderId, entry: Entry) {
        self.entries.insert(id, entry);
        self.sort_in(id);
    }

    /// An order after a change, with the status that follows from it.
    fn changed(&mut self, id: OrderId, now: Time) -> Option<Order> {
        let order = self.entries.get_mut(&id)?.changed(now);
        self.sort_in(id);
        Some(order)
    }

    fn sort_in(&mut self, id: OrderId) {
        if self.get(id).is_some_and(Order::is_live) {
            self.live.insert(id);
        } else {
            self.live.remove(&id);
        }
    }

    /// An exit that was kept is to be sent, as it is wanted by now.
    pub fn release(
        &mut self,
        id: OrderId,
        spec: OrderSpec,
        kept: Option<KeptGroup>,
        now: Time,
    ) -> Option<Order> {
        let entry = self.entries.get_mut(&id)?;
        entry.life = next(entry.life, Step::Release)?;
        (entry.order.spec, entry.order.kept) = (spec, kept);
        entry.order.reason = None;
        self.changed(id, now)
    }

    /// Changes an exit that is kept: nobody has to be asked.
    pub fn change_kept(&mut self, id: OrderId, change: Change, now: Time) -> Option<Order> {
        let entry = self.entries.get_mut(&id).filter(|entry| entry.life == Life::Kept)?;
        entry.order.spec = change.applied_to(&entry.order.spec);
        self.changed(id, now)
    }

    /// Notes whether another order takes the place of one that this program keeps in a group.
    pub fn set_goes_on(&mut self, id: OrderId, goes_on: bool) -> Option<Order> {
        let entry = self.entries.get_mut(&id)?;
        entry.order.kept.as_mut()?.goes_on = goes_on;
        Some(entry.order.clone())
    }

    /// Nothing more is sent for the leg that an exit is of.
    pub fn end_leg(&mut self, id: OrderId) -> Option<Order> {
        let entry = self.entries.get_mut(&id)?;
        let kept = entry.order.kept.as_mut().filter(|kept| kept.entry.is_some() && !kept.is_over)?;
        (kept.goes_on, kept.is_over) = (false, true);
        Some(entry.order.clone())
    }

    /// Whether its broker says that it has filled, and its executions are still to come.
    pub fn is_promised(&self, id: OrderId) -> bool {
        self.get(id).is_some_and(|order| order.is_live() && order.reason.as_deref() == Some(STILL_TO_COME))
    }

    /// What an order may still trade, with the larger of both sizes where a change is on its way.
    pub fn most_of(&self, id: OrderId) -> Qty {
        self.entries.get(&id).map_or(Qty::ZERO, Entry::most)
    }

    /// What it may still trade at least, with the smaller of both sizes: nothing where it is being
    /// cancelled.
    pub fn least_of(&self, id: OrderId) -> Qty {
        self.entries.get(&id).map_or(Qty::ZERO, Entry::least)
    }

    /// An order that its broker has and that was not known here.
    pub fn insert_foreign(&mut self, order: Order) -> Order {
        self.next_id = above(self.next_id, order.id);
        self.reserved = self.reserved.max(self.next_id);
        let life = told_by_broker(order.status);
        let (id, updated) = (order.id, order.updated);
        let is_cancelling = order.status == OrderStatus::PendingCancel;
        let order = Order { is_acknowledged: true, kept: None, ..order };
        let mut entry = Entry { is_cancelling, ..Entry::new(order, life) };
        let order = entry.changed(updated);
        self.put(id, entry);
        order
    }

    pub fn all(&self) -> impl Iterator<Item = &Order> {
        self.entries.values().map(|entry| &entry.order)
    }

    pub fn live(&self) -> impl Iterator<Item = &Order> {
        self.live.iter().filter_map(|id| self.get(*id))
    }

    /// Whether a cancel of it can be asked for now.
    pub fn can_cancel(&self, id: OrderId) -> bool {
        self.entries.get(&id).is_some_and(Entry::can_cancel)
    }

    /// Whether a change of it can be asked for now.
    pub fn can_amend(&self, id: OrderId) -> bool {
        self.entries.get(&id).is_some_and(Entry::can_amend)
    }

    /// The change that is on its way.
    pub fn asked_change(&self, id: OrderId) -> Option<Change> {
        self.entries.get(&id)?.amend
    }

    /// A change goes on its way.
    pub fn ask_amend(&mut self, id: OrderId, change: Change, now: Time) -> Option<Order> {
        let entry = self.entries.get_mut(&id).filter(|entry| entry.can_amend())?;
        entry.amend = Some(change);
        self.changed(id, now)
    }

    /// A cancel goes on its way.
    pub fn ask_cancel(&mut self, id: OrderId, now: Time) -> Option<Order> {
        let entry = self.entries.get_mut(&id).filter(|entry| entry.can_cancel())?;
        entry.is_cancelling = true;
        self.changed(id, now)
    }

    /// Moves an order along the table. `None` where the step changes nothing.
    pub fn step(&mut self, id: OrderId, step: Step, reason: Option<Arc<str>>, now: Time) -> Option<Order> {
        let entry = self.entries.get_mut(&id)?;
        // Executions are the only proof of a fill: until they are here, it is a promise.
        let is_promise = step == Step::Says(Life::Filled) && !entry.order.remaining().is_zero();
        if is_promise && !entry.life.is_final() {
            let is_new = entry.order.reason.as_deref() != Some(STILL_TO_COME);
            entry.order.reason = Some(STILL_TO_COME.into());
            return if is_new { self.changed(id, now) } else { None };
        }
        // The broker may have more to say of the same state: what a held order waits for now.
        let is_news = step == Step::Says(entry.life) && reason.is_some() && reason != entry.order.reason;
        match next(entry.life, step) {
            Some(after) => entry.life = after,
            None if is_news => {}
            None => return None,
        }
        if step == Step::LosesBroker {
            entry.answered();
        }
        // The broker's word replaces its last one, its silence too.
        if reason.is_some() || matches!(step, Step::Says(_)) {
            entry.order.reason = reason;
        }
        self.changed(id, now)
    }

    /// The broker says how it stands.
    pub fn says(
        &mut self,
        id: OrderId,
        status: OrderStatus,
        reason: Option<Arc<str>>,
        now: Time,
    ) -> Option<Order> {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.order.is_acknowledged = true;
        }
        match Life::told(status) {
            Some(life) => self.step(id, Step::Says(life), reason, now),
            // The broker knows of a cancel that we did not ask for.
            None if status == OrderStatus::PendingCancel => self.ask_cancel(id, now),
            None => None,
        }
    }

    /// Takes over the terms that the broker has confirmed.
    pub fn amended(&mut self, id: OrderId, spec: OrderSpec, now: Time) -> Option<Order> {
        let entry = self.entries.get_mut(&id).filter(|entry| !entry.life.is_final())?;
        entry.order.is_acknowledged = true;
        entry.order.spec = spec;
        entry.order.reason = None;
        // Not every change is the answer to ours: a fill in an OCO group shrinks its partners.
        if entry.amend.is_some_and(|asked| asked.applied_to(&spec) == spec) {
            entry.amend = None;
        }
        self.changed(id, now)
    }

    /// Our change was refused: the order stands as it does without it.
    pub fn amend_refused(&mut self, id: OrderId, reason: Arc<str>, now: Time) -> Option<Order> {
        let entry = self.entries.get_mut(&id)?;
        entry.amend.take()?;
        // What is to be cancelled has other news.
        if !entry.is_cancelling {
            entry.order.reason = Some(reason);
        }
        self.changed(id, now)
    }

    /// Our cancel was refused: the order stands as it does without it.
    pub fn cancel_refused(&mut self, id: OrderId, reason: Arc<str>, now: Time) -> Option<Order> {
        let entry = self.entries.get_mut(&id).filter(|entry| entry.is_cancelling)?;
        entry.is_cancelling = false;
        if let Some(kept) = &mut entry.order.kept {
            kept.goes_on = false;
        }
        entry.order.reason = Some(reason);
        self.changed(id, now)
    }

    /// Notes where a trailing stop triggers now.
    pub fn triggers_at(&mut self, id: OrderId, trigger: Price, now: Time) -> Option<Order> {
        let entry = self.entries.get_mut(&id).filter(|entry| !entry.life.is_final())?;
        entry.order.trigger = Some(trigger);
        // What it waited for when it was placed is not what it waits for now.
        entry.order.reason = None;
        self.changed(id, now)
    }

    /// Books an execution. The caller has made sure that it is counted once.
    pub fn filled(&mut self, fill: &Fill, now: Time) -> Option<Order> {
        let entry = self.entries.get_mut(&fill.order).filter(|_| !fill.quantity.is_zero())?;
        entry.order.is_acknowledged = true;
        let order = &mut entry.order;
        // Of an order that is known by its executions only, they are all there is.
        if order.origin == Origin::Foreign && entry.life == Life::Filled {
            order.spec.quantity = order.spec.quantity.max(order.filled.saturating_add(fill.quantity));
        }
        order.average_price = fill.average_after(order.average_price, order.filled);
        order.filled = order.filled.saturating_add(fill.quantity);
        let all = order.remaining().is_zero();
        if let Some(life) = next(entry.life, Step::Fills { all }) {
            entry.life = life;
            entry.order.reason = None;
        }
        self.changed(fill.order, now)
    }

    /// Takes over how a broker has an order that is known here. It is right, even about an
    /// order that had ended for us. What was asked in an earlier session has been lost or answered.
    pub fn take_over(&mut self, theirs: &Order, is_new_session: bool) -> Option<Order> {
        let entry = self.entries.get_mut(&theirs.id)?;
        entry.order.is_acknowledged = true;
        if is_new_session {
            entry.answered();
        }
        entry.is_cancelling |= theirs.status == OrderStatus::PendingCancel;
        // It works, and nobody ends it: what was meant for its end is void.
        if let Some(kept) = entry.order.kept.as_mut().filter(|_| !theirs.status.is_final()) {
            kept.goes_on &= entry.is_cancelling;
        }
        let told = told_by_broker(theirs.status);
        let order = &mut entry.order;
        // Of an order that works for it when a session begins, the broker knows what has filled.
        let is_its_word = is_new_session && !told.is_final();
        if theirs.filled >= order.filled || is_its_word {
            order.filled = theirs.filled;
            order.average_price = theirs.average_price.or(order.average_price);
        }
        order.spec = theirs.spec;
        order.reason.clone_from(&theirs.reason);
        order.trigger = theirs.trigger;
        let has_filled = order.remaining().is_zero() && !order.filled.is_zero();
        entry.life = if has_filled { Life::Filled } else { told };
        self.changed(theirs.id, theirs.updated)
    }

    /// The session of a broker broke: what it had is not certain until it is back.
    pub fn lose_broker(&mut self, broker: BrokerId, now: Time) -> Vec<Order> {
        let ids: Vec<OrderId> = self.live().filter(|o| o.broker == broker).map(|o| o.id).collect();
        let lose = |id| self.step(id, Step::LosesBroker, Some("The connection was lost".into()), now);
        ids.into_iter().filter_map(lose).collect()
    }

    /// Says why an order stands as it does, where nothing else about it changes.
    pub fn explain(&mut self, id: OrderId, why: &str, now: Time) -> Option<Order> {
        let entry = self.entries.get_mut(&id)?;
        entry.order.reason = Some(why.into());
        self.changed(id, now)
    }

    pub fn remember_input(&mut self, id: OrderId, input: Time, taken: Time) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.leaving = Some(Leaving { input, taken, written: None });
        }
    }

    /// The disk has what was asked of an order last.
    pub fn is_written(&mut self, id: OrderId, now: Time) {
        if let Some(leaving) = self.entries.get_mut(&id).and_then(|entry| entry.leaving.as_mut()) {
            leaving.written = Some(now);
        }
    }

    /// Whether its session has said that bytes of it left, or of what was asked of it last.
    pub fn has_left(&self, id: OrderId) -> bool {
        self.entries.get(&id).is_some_and(|entry| entry.leaving.is_none())
    }

    pub fn take_leaving(&mut self, id: OrderId) -> Option<Leaving> {
        self.entries.get_mut(&id)?.leaving.take()
    }

    /// Signed quantity that live orders of `pick` could still add to a position, with the
    /// larger of both sizes where a change is on its way.
    pub fn pending(&self, pick: impl Fn(&Order) -> bool) -> Decimal {
        let live = self.live.iter().filter_map(|id| self.entries.get(id));
        live.filter(|entry| pick(&entry.order))
            .map(|entry| entry.order.spec.side.sign() * entry.most().0)
            .sum()
    }

    /// Forgets the oldest of the orders that have ended, some at a time, and says which. The journal
    /// has them.
    ///
    /// Those of a bracket or a group go when all of it has ended: what its entry has filled and its
    /// exits have traded says how much there is to guard. A bracket that waits has not ended: `awake`
    /// are the exits of those that may still need something.
    pub fn forget_old(&mut self, awake: impl Iterator<Item = OrderId>) -> BTreeSet<OrderId> {
        if self.entries.len() <= ENDED_ORDERS_KEPT + ENDED_ORDERS_KEPT / 10 {
            return BTreeSet::new();
        }
        let bracket = |o: &Order| o.entry().unwrap_or(o.id);
        let oco = |o: &Order| Some((o.broker, o.kept?.oco?));
        let goes_on = |o: &&Order| o.kept.is_some_and(|kept| kept.goes_on);
        let waits = awake.filter_map(|id| self.get(id)).filter(goes_on);
        let brackets: BTreeSet<OrderId> = self.live().chain(waits).map(bracket).collect();
        let groups: BTreeSet<_> = self.live().filter_map(oco).collect();
        let is_ended = |o: &&Order| {
            o.status.is_final()
                && !brackets.contains(&bracket(o))
                && oco(o).is_none_or(|group| !groups.contains(&group))
        };
        let excess = self.all().filter(is_ended).count().saturating_sub(ENDED_ORDERS_KEPT);
        let old: BTreeSet<OrderId> = self.all().filter(is_ended).take(excess).map(|o| o.id).collect();
        self.entries.retain(|id, _| !old.contains(id));
        old
    }
}

/// The next id of ours that is above one that is taken. What no count of ours ever comes to is not
/// followed: it would use our ids up.
fn above(next: u64, taken: OrderId) -> u64 {
    if taken.0 < FOLLOWED { next.max(taken.0 + 1) } else { next }
}

/// How an order stands that is in a broker's books: with the broker, whatever the books say.
fn told_by_broker(status: OrderStatus) -> Life {
    Life::told(status).filter(|life| !life.is_ours_alone()).unwrap_or(Life::Working)
}

/// Why an order can be neither changed nor cancelled now.
pub(super) fn why_not(order: &Order) -> String {
    match order.status {
        OrderStatus::PendingAmend => "A change of this order is already on its way".to_owned(),
        OrderStatus::PendingCancel => "A cancel of this order is already on its way".to_owned(),
        OrderStatus::Kept => {
            format!("Order {} waits here until its entry fills", order.id)
        }
        OrderStatus::Intended | OrderStatus::Journaled | OrderStatus::Sent => {
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
