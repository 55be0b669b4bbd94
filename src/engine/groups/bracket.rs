//! What a bracket needs: each of its legs as large as what is still to be guarded, and no larger
//! than the position that is there.

use std::collections::BTreeMap;

use super::{LegKind, Step};
use crate::domain::{Decimal, Order, OrderId, OrderStatus, Qty, Time};
use crate::engine::orders::Orders;
use crate::engine::{Effect, Engine};
use crate::link::JournalState;

/// The exits of one entry that are of one kind.
pub(super) struct Leg {
    pub(super) key: (OrderId, LegKind),
    pub(super) members: Vec<Order>,
}

impl Leg {
    fn traded(&self) -> Decimal {
        self.members.iter().map(|order| order.filled.0).sum()
    }

    /// The member that was ended by somebody else than this program, which ends the leg.
    pub(super) fn ended_by_others(&self) -> Option<&Order> {
        self.members.iter().find(|order| order.was_taken_away())
    }

    /// Whether nothing may be sent for it any more.
    fn is_over(&self) -> bool {
        self.members.iter().any(Order::ends_its_leg)
    }

    /// Whether that is written down, by whomever it was ended.
    pub(super) fn is_over_for_good(&self) -> bool {
        self.members.iter().any(|order| order.kept.is_some_and(|kept| kept.is_over))
    }

    pub(super) fn kept(&self) -> Option<&Order> {
        self.members.iter().find(|order| order.status == OrderStatus::Kept)
    }

    /// Those that were sent, or are about to be, and can still trade.
    pub(super) fn working(&self) -> impl Iterator<Item = &Order> {
        self.members.iter().filter(|order| order.is_live() && order.status != OrderStatus::Kept)
    }
}

/// How a leg stands, in units.
#[derive(Debug, Clone, Copy)]
struct Stand {
    /// What its entry has filled, less what the exits of both legs have traded.
    held: Decimal,
    /// What its exits could close of the position, and what of that no other bracket closes already.
    there: Decimal,
    free: Decimal,
    /// The same, were all that is on its way elsewhere done: what others give up counts no more.
    left: Decimal,
    /// What works of it, with the larger of both sizes where a change is on its way.
    working: Decimal,
    /// Whether an exit of its bracket has traded.
    has_traded: bool,
    /// Whether an exit of it waits unsent.
    has_kept: bool,
    is_entry_live: bool,
    /// Whether exits of another bracket, whose entry may still fill, have sold what this one guarded.
    has_debtor: bool,
    /// An entry so old that it was forgotten tells nothing any more.
    is_entry_known: bool,
    /// Nothing may be sent for it any more, and whether that is written down.
    is_over: bool,
    is_over_for_good: bool,
}

/// What a leg needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Nothing until something happens to an order of its bracket.
    Rest,
    /// Nothing until something happens, be it to the position or to other brackets.
    Wait,
    /// Its entry has ended without a fill: what is kept goes.
    GiveUp,
    /// Its position has gone another way, or it is over: nothing of it is sent any more.
    End,
    /// So many units must work.
    Guard(Decimal),
}

impl Stand {
    fn need(&self) -> Need {
        let Self { held, there, free, left, working, .. } = *self;
        let is_done = !self.is_entry_live && held.is_zero();
        if self.has_kept && (self.is_over || is_done) {
            return if self.is_over { Need::End } else { Need::GiveUp };
        }
        if working.is_zero() {
            let is_lost = !self.is_entry_live && there.is_zero() && !self.has_debtor;
            return match (held.is_zero(), self.is_over) {
                (true, _) if self.is_entry_live => Need::Wait,
                (true, _) => Need::Rest,
                (false, _) if self.is_over_for_good => Need::Rest,
                (false, _) if is_lost => Need::End,
                (false, true) => Need::Wait,
                (false, false) if held.min(free).is_zero() => Need::Wait,
                (false, false) if !self.is_entry_known => Need::Rest,
                (false, false) => Need::Guard(held.min(free)),
            };
        }
        // What works is left alone until an exit has traded; then nothing may stay that guards
        // nothing. Where two brackets guard too much together, the one that is looked at first gives
        // way, not both.
        let keeps = if self.has_traded { working.min(left) } else { working };
        let may_grow = self.is_entry_known && !self.is_over;
        let most = if may_grow { held } else { held.min(working) };
        Need::Guard(most.min(free.max(keeps)))
    }
}

impl Engine {
    /// What a bracket needs now; `None` when it needs nothing until something happens to it.
    pub(super) fn steps_of_bracket(
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
        let stands: Vec<Stand> = legs.iter().map(|leg| self.stand(leg, &legs)).collect();
        let mut steps = Vec::new();
        let mut rests = true;
        for (leg, stand) in legs.iter().zip(stands) {
            let need = stand.need();
            rests &= need == Need::Rest;
            if stand.is_over {
                self.tell_leg_over(leg, stand.held.min(stand.there) - stand.working, now, out);
            }
            match need {
                Need::Rest => {}
                Need::Wait => {
                    if !stand.is_over && !stand.held.min(stand.there).is_zero() {
                        self.tell_waits(leg, stand.held.min(stand.there), now, out);
                    }
                }
                Need::GiveUp => steps.extend(leg.kept().map(|order| Step::GiveUp(order.id))),
                Need::End => steps.push(Step::End(leg.members.iter().map(|order| order.id).collect())),
                Need::Guard(units) => steps.extend(self.step_of_leg(leg, units, now)),
            }
        }
        (!rests).then_some(steps)
    }

    fn stand(&self, leg: &Leg, legs: &[Leg]) -> Stand {
        let (entry, kind) = leg.key;
        let traded: Decimal = legs.iter().map(Leg::traded).sum();
        let entry = self.orders.get(entry);
        let held = match entry {
            Some(entry) => (entry.filled.0 - traded).max(Decimal::ZERO),
            None => legs.iter().map(|leg| self.working_of(leg)).max().unwrap_or_default(),
        };
        let working = self.working_of(leg);
        let first = leg.members.first();
        let there = first.map_or(Decimal::ZERO, |exit| self.there(exit));
        // Other brackets are looked at only where that can matter: it means every order.
        let is_settled =
            held.is_zero() || (traded.is_zero() && working == held) || (working.is_zero() && leg.is_over());
        let (free, left) = match first.filter(|_| !is_settled) {
            Some(exit) => {
                let besides = |size: fn(&Orders, OrderId) -> Qty| {
                    (there - self.guarded_elsewhere(exit, kind, size)).max(Decimal::ZERO)
                };
                (besides(Orders::most_of), besides(Orders::least_of))
            }
            None => (there, there),
        };
        let is_entry_live = entry.is_some_and(Order::is_live);
        let may_be_lost = there.is_zero() && !held.is_zero() && working.is_zero() && !is_entry_live;
        Stand {
            has_debtor: may_be_lost && first.is_some_and(|exit| self.has_debtor(exit)),
            held,
            there,
            free,
            left,
            working,
            has_traded: !traded.is_zero(),
            has_kept: leg.kept().is_some(),
            is_entry_live,
            is_entry_known: entry.is_some(),
            is_over: leg.is_over(),
            is_over_for_good: leg.is_over_for_good(),
        }
    }

    /// How much of a position there is that an exit could close.
    pub(super) fn there(&self, exit: &Order) -> Decimal {
        let net = self.net(&exit.account, exit.spec.instrument);
        (-exit.spec.side.sign() * net).max(Decimal::ZERO)
    }

    /// Whether another bracket has sold more than its entry has bought, and the entry may buy that yet: both
    /// its exits filled before either was heard of. What it buys then is no more than what it owes.
    fn has_debtor(&self, exit: &Order) -> bool {
        let is_alike = |entry: &&Order| {
            Some(entry.id) != exit.entry()
                && entry.account == exit.account
                && entry.spec.instrument == exit.spec.instrument
                && entry.spec.side != exit.spec.side
        };
        let sold = |entry: &Order| -> Decimal {
            let exits = self.orders.all().filter(|order| order.entry() == Some(entry.id));
            exits.map(|order| order.filled.0).sum()
        };
        self.orders.live().filter(is_alike).any(|entry| sold(entry) > entry.filled.0)
    }

    /// How much exits of its kind close already for other entries. A target elsewhere stops no loss
    /// here.
    fn guarded_elsewhere(&self, exit: &Order, kind: LegKind, size: fn(&Orders, OrderId) -> Qty) -> Decimal {
        let is_alike = |o: &&Order| {
            o.status != OrderStatus::Kept
                && o.entry() != exit.entry()
                && o.account == exit.account
                && o.spec.instrument == exit.spec.instrument
                && o.spec.side == exit.spec.side
                && LegKind::of(o) == kind
        };
        let mut legs: BTreeMap<OrderId, Decimal> = BTreeMap::new();
        for other in self.orders.live().filter(is_alike) {
            let Some(entry) = other.entry() else { continue };
            *legs.entry(entry).or_default() += size(&self.orders, other.id).0;
        }
        let filled = self.filled();
        legs.into_iter().map(|(entry, size)| filled(entry).map_or(size, |filled| size.min(filled.0))).sum()
    }

    fn working_of(&self, leg: &Leg) -> Decimal {
        leg.working().map(|order| self.orders.most_of(order.id).0).sum()
    }

    /// What brings one leg to `guards` units.
    fn step_of_leg(&mut self, leg: &Leg, guards: Decimal, now: Time) -> Option<Step> {
        let working = self.working_of(leg);
        if leg.working().any(|order| self.groups.was_lost(order.id, now)) {
            return None;
        }
        if working < guards {
            return self.grow(leg, guards - working, now);
        }
        if working > guards {
            return self.shrink(leg, working - guards, now);
        }
        if leg.working().all(|order| self.orders.can_amend(order.id)) {
            for order in &leg.members {
                self.groups.is_as_wanted(order.id);
            }
        }
        None
    }

    fn grow(&mut self, leg: &Leg, more: Decimal, now: Time) -> Option<Step> {
        if let Some(kept) = leg.kept() {
            let may = self.groups.may_add(leg.key, now);
            return may.then(|| Step::Release(Box::new(kept.clone()), Qty(more)));
        }
        // The broker's answer to what is on its way comes first.
        if !leg.working().all(|order| self.orders.can_amend(order.id)) {
            return None;
        }
        let last = leg.members.last()?;
        let in_place = leg.working().next().map(|order| (order, Qty(order.spec.quantity.0 + more)));
        if let Some((order, size)) = in_place.filter(|(order, size)| self.can_resize(order, *size)) {
            return Some(self.resize(order, size));
        }
        // Where nothing can be written down it is refused there, and told.
        self.groups.may_add(leg.key, now).then(|| Step::Add(Box::new(last.clone()), Qty(more)))
    }

    fn shrink(&mut self, leg: &Leg, excess: Decimal, now: Time) -> Option<Step> {
        let order = leg.working().last().filter(|order| self.orders.can_cancel(order.id))?;
        let rest = self.orders.most_of(order.id).0 - excess;
        if rest <= Decimal::ZERO {
            return self.groups.may_cut(order.id, now).then_some(Step::Cut(order.id));
        }
        // Another could not be written down.
        if self.journal.state() != JournalState::Works {
            return None;
        }
        if self.orders.can_amend(order.id) {
            let size = Qty(order.filled.0 + rest);
            if self.can_resize(order, size) {
                return Some(self.resize(order, size));
            }
        } else if !self.groups.has_waited(order.id, now) {
            return None;
        }
        // What takes its place must be able to follow at once; nothing follows in a leg that is
        // over, and too large is better than gone.
        let can_follow = !leg.is_over() && self.groups.may_add(leg.key, now);
        (can_follow && self.groups.may_cut(order.id, now)).then_some(Step::Cut(order.id))
    }

    /// Whether an order of a group can be given a size in place: the broker has not refused it.
    pub(super) fn can_resize(&self, order: &Order, size: Qty) -> bool {
        self.brokers[usize::from(order.broker.0)].facts.capabilities.amend
            && self.journal.state() == JournalState::Works
            && !self.groups.was_asked(order.id, size)
    }

    pub(super) fn resize(&mut self, order: &Order, size: Qty) -> Step {
        self.groups.asked.insert(order.id, size);
        Step::Resize(Box::new(order.clone()), size)
    }
}
