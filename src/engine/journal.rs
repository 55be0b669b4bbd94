//! What the engine puts into the journal, and what waits until it is there.
//!
//! Everything that happens to an order is one [`Record`], numbered here. An intent, to place
//! or to change, is sent only when the disk has it: until then it waits in this file, can be
//! cancelled, and is judged by the gate once more before it leaves, for the market, the
//! connection and the kill switch may have changed. A cancel never waits.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use super::order_state::{Life, Step};
use super::{Effect, Engine};
use crate::broker::BrokerRequest;
use crate::domain::{Moment, Order, OrderId, Record, Seq, Time};
use crate::link::update::Refused;
use crate::link::{JournalState, NoticeLevel, Update};
use crate::risk::{self, Change, Refusal, Role};

/// How long an intent may wait for the disk: later it is not what the trader asked for.
const PATIENCE: Duration = Duration::from_secs(5);
/// Least time between two records of one trailing stop that moves.
const MOVES_APART: Duration = Duration::from_secs(1);

/// The engine's end of the journal.
pub(super) struct Journal {
    next: Seq,
    /// The newest record that the disk has, or that was given up.
    written: Seq,
    /// Why it cannot be written; `None` when it can.
    broken: Option<Arc<str>>,
    /// By the place of their records.
    waiting: VecDeque<Waiting>,
    /// Trailing stops that have moved.
    moves: BTreeMap<OrderId, Moves>,
}

/// The moves of a trailing stop: the newest of each second is told.
struct Moves {
    /// When one was told last.
    told_at: Time,
    /// The newest that was not told: the order after it, when, and of how many it is the newest.
    waiting: Option<(Order, Time, u32)>,
}

struct Waiting {
    seq: Seq,
    since: Time,
    intent: Intent,
}

/// What is sent when the disk has it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Intent {
    /// New orders, all or none: an entry with its exits.
    Place(Vec<(OrderId, Role)>),
    /// A change of a working order.
    Amend { order: OrderId, change: Change, role: Role },
}

impl Intent {
    fn orders(&self) -> Vec<OrderId> {
        match self {
            Self::Place(orders) => orders.iter().map(|(order, _)| *order).collect(),
            Self::Amend { order, .. } => vec![*order],
        }
    }

    fn is_about(&self, id: OrderId) -> bool {
        self.orders().contains(&id)
    }
}

impl Journal {
    pub fn new(next: Seq, broken: Option<Arc<str>>) -> Self {
        let written = Seq(next.0.saturating_sub(1));
        Self { next, written, broken, waiting: VecDeque::new(), moves: BTreeMap::new() }
    }

    /// The place of the next record.
    pub fn next(&self) -> Seq {
        self.next
    }

    /// The newest record that the disk has.
    pub fn written(&self) -> Seq {
        self.written
    }

    pub fn state(&self) -> JournalState {
        self.broken.clone().map_or(JournalState::Works, JournalState::Broken)
    }

    /// Whether intents can be written at all.
    ///
    /// # Errors
    /// In words for a trader.
    pub fn check(&self) -> Result<(), Refused> {
        self.state().refusal().map_or(Ok(()), |why| Err(Refused(why.into())))
    }

    fn take_written(&mut self, up_to: Seq) -> Option<Waiting> {
        self.waiting.pop_front_if(|waiting| waiting.seq <= up_to)
    }

    /// Takes the intent that an order is in, if it still waits.
    fn take_about(&mut self, id: OrderId) -> Option<Intent> {
        let at = self.waiting.iter().position(|waiting| waiting.intent.is_about(id))?;
        self.waiting.remove(at).map(|waiting| waiting.intent)
    }
}

impl Engine {
    /// Puts a line into the journal.
    pub(super) fn record(
        &mut self,
        moment: Moment,
        orders: Vec<Order>,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Seq {
        // What comes after a move stands behind it.
        for order in &orders {
            self.tell_moves(order.id, now, out);
            if order.status.is_final() {
                self.journal.moves.remove(&order.id);
            }
        }
        let seq = self.journal.next;
        self.journal.next = seq.next();
        out.push(Effect::Journal(Box::new(Record { seq, at: now, moment, orders })));
        seq
    }

    /// An order has changed: the window and the journal are told.
    pub(super) fn tell(&mut self, order: Order, moment: Moment, now: Time, out: &mut Vec<Effect>) {
        self.groups.wake(&order);
        self.record(moment, vec![order.clone()], now, out);
        out.push(Effect::publish(Update::Order(order), now));
    }

    /// A trailing stop has moved, which it does with every price: the journal has the newest of
    /// each second.
    pub(super) fn trigger_moved(&mut self, order: Order, now: Time, out: &mut Vec<Effect>) {
        out.push(Effect::publish(Update::Order(order.clone()), now));
        let id = order.id;
        let first = Moves { told_at: Time::MIN, waiting: None };
        let moves = self.journal.moves.entry(id).or_insert(first);
        let before = moves.waiting.take().map_or(0, |(_, _, count)| count);
        moves.waiting = Some((order, now, before.saturating_add(1)));
        if now.since(moves.told_at) >= MOVES_APART {
            self.tell_moves(id, now, out);
        }
    }

    /// Puts the newest move of an order into the journal, where it is not there.
    pub(super) fn tell_moves(&mut self, id: OrderId, now: Time, out: &mut Vec<Effect>) {
        let Some(moves) = self.journal.moves.get_mut(&id) else { return };
        let Some((order, at, count)) = moves.waiting.take() else { return };
        moves.told_at = now;
        if let Some(price) = order.trigger {
            self.record(Moment::TriggerMoved { price, moves: count }, vec![order], at, out);
        }
    }

    /// Tells moves whose second is over.
    pub(super) fn tell_late_moves(&mut self, now: Time, out: &mut Vec<Effect>) {
        let is_late = |moves: &Moves| moves.waiting.is_some() && now.since(moves.told_at) >= MOVES_APART;
        let late = self.journal.moves.iter().filter(|(_, moves)| is_late(moves));
        for id in late.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.tell_moves(id, now, out);
        }
    }

    /// Tells all moves, at the end.
    pub(super) fn tell_all_moves(&mut self, now: Time, out: &mut Vec<Effect>) {
        for id in self.journal.moves.keys().copied().collect::<Vec<_>>() {
            self.tell_moves(id, now, out);
        }
    }

    /// Has an intent wait for its record. A change takes the place of one that still waits though
    /// it is not wanted any more: the session was lost meanwhile, say, and it was asked anew.
    pub(super) fn send_when_written(&mut self, seq: Seq, intent: Intent, now: Time) {
        if let Intent::Amend { order, .. } = intent {
            let is_older =
                |other: &Intent| matches!(other, Intent::Amend { order: other, .. } if *other == order);
            self.journal.waiting.retain(|waiting| !is_older(&waiting.intent));
        }
        self.journal.waiting.push_back(Waiting { seq, since: now, intent });
    }

    /// The disk has everything up to a record: what waited for that leaves.
    pub(super) fn journaled(&mut self, up_to: Seq, now: Time, out: &mut Vec<Effect>) {
        self.lock_is_safe(up_to);
        self.journal.written = self.journal.written.max(up_to);
        self.notes_are_kept(up_to, now, out);
        self.read_results(out);
        while let Some(waiting) = self.journal.take_written(up_to) {
            for order in waiting.intent.orders() {
                self.orders.is_written(order, now);
            }
            match waiting.intent {
                Intent::Place(orders) => self.send_placed(&orders, now, out),
                Intent::Amend { order, change, role } => self.send_amend(order, change, role, now, out),
            }
        }
    }

    /// Records are not on disk: the intents among them are given up.
    pub(super) fn journal_failed(
        &mut self,
        lost: &RangeInclusive<Seq>,
        why: &Arc<str>,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        self.doubt_lock(lost);
        self.notes_are_lost(lost, why, now, out);
        let (given_up, waiting) = std::mem::take(&mut self.journal.waiting)
            .into_iter()
            .partition(|waiting| lost.contains(&waiting.seq));
        self.journal.waiting = waiting;
        let given_up: VecDeque<Waiting> = given_up;
        for Waiting { intent, .. } in given_up {
            self.abandon(&intent, &format!("Not sent: it could not be written to disk ({why})"), now, out);
        }
        if self.journal.broken.as_ref() == Some(why) {
            return;
        }
        self.journal.broken = Some(Arc::clone(why));
        self.read_results(out);
        out.push(Effect::publish(Update::Journal(self.journal.state()), now));
        let text = format!("The journal cannot be written ({why}): no new orders until it can. Cancels work");
        self.note(NoticeLevel::Error, text, now, out);
    }

    pub(super) fn journal_works(&mut self, now: Time, out: &mut Vec<Effect>) {
        self.record_doubtful_lock(now, out);
        if self.journal.broken.take().is_some() {
            self.groups.try_again();
            out.push(Effect::publish(Update::Journal(self.journal.state()), now));
            self.note(NoticeLevel::Info, "The journal is written again: orders are taken", now, out);
        }
    }

    /// Gives up what has waited for the disk too long.
    pub(super) fn abandon_the_late(&mut self, now: Time, out: &mut Vec<Effect>) {
        while let Some(late) = self.journal.waiting.pop_front_if(|w| now.since(w.since) >= PATIENCE) {
            let why = format!("Not sent: the disk did not take it within {} s", PATIENCE.as_secs());
            self.note(NoticeLevel::Error, why.clone(), now, out);
            self.abandon(&late.intent, &why, now, out);
        }
    }

    /// Gives up everything that waits for the disk.
    pub(super) fn abandon_all(&mut self, why: &str, now: Time, out: &mut Vec<Effect>) {
        for waiting in std::mem::take(&mut self.journal.waiting) {
            self.abandon(&waiting.intent, why, now, out);
        }
    }

    /// Gives up the intent that an order is in, while it still waits: the whole of a bracket.
    /// `false` where none waits.
    pub(super) fn give_up_intent(
        &mut self,
        id: OrderId,
        why: &str,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> bool {
        let is_new = self.orders.life(id).is_some_and(Life::is_ours_alone);
        let Some(intent) = is_new.then(|| self.journal.take_about(id)).flatten() else { return false };
        self.end_unsent(&intent, Life::Cancelled, why, now, out);
        true
    }

    fn abandon(&mut self, intent: &Intent, why: &str, now: Time, out: &mut Vec<Effect>) {
        self.end_unsent(intent, Life::Rejected, why, now, out);
    }

    /// Nothing of an intent was sent, and nothing will be.
    fn end_unsent(&mut self, intent: &Intent, end: Life, why: &str, now: Time, out: &mut Vec<Effect>) {
        match intent {
            Intent::Place(orders) => {
                for (id, role) in orders {
                    if *role == Role::Release && end == Life::Rejected {
                        self.goes_on_later(*id);
                    }
                    self.end_intended(*id, end, why, now, out);
                    self.tell_unguarded(*id, now, out);
                }
            }
            Intent::Amend { order, .. } => {
                self.groups.was_not_asked(*order, now);
                if let Some(order) = self.orders.amend_refused(*order, why.into(), now) {
                    self.tell(order, Moment::AmendRefused { why: why.into() }, now, out);
                }
            }
        }
    }

    /// Ends an order of which nothing has been sent.
    pub(super) fn end_intended(
        &mut self,
        id: OrderId,
        end: Life,
        why: &str,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        let why: Arc<str> = why.into();
        if let Some(order) = self.orders.step(id, Step::GiveUp(end), Some(Arc::clone(&why)), now) {
            self.tell(order, Moment::NotSent { why }, now, out);
        }
    }

    /// Orders that are on disk leave, if the gate still lets all of them through.
    fn send_placed(&mut self, orders: &[(OrderId, Role)], now: Time, out: &mut Vec<Effect>) {
        let approved = match self.approve_all(orders, now) {
            Ok(approved) => approved,
            Err(refusal) => {
                let why = format!("Not sent: {refusal}");
                self.note(NoticeLevel::Warning, why.clone(), now, out);
                return self.abandon(&Intent::Place(orders.to_vec()), &why, now, out);
            }
        };
        let Some(broker) = orders.first().and_then(|(id, _)| self.orders.get(*id)).map(|o| o.broker) else {
            return;
        };
        out.push(Effect::Request(broker, BrokerRequest::Place(approved)));
        let mut sent = Vec::with_capacity(orders.len());
        for (id, _) in orders {
            self.orders.step(*id, Step::Journal, None, now);
            sent.extend(self.orders.step(*id, Step::Send, None, now));
        }
        let session = self.brokers[usize::from(broker.0)].session;
        self.record(Moment::Sent { journaled_at: now, session }, sent.clone(), now, out);
        for order in sent {
            out.push(Effect::publish(Update::Order(order), now));
        }
    }

    fn approve_all(
        &self,
        orders: &[(OrderId, Role)],
        now: Time,
    ) -> Result<Vec<risk::ApprovedOrder>, Refusal> {
        let intended = orders.iter().filter_map(|(id, role)| Some((self.orders.get(*id)?, *role)));
        let approve = |(order, role): (&Order, Role)| {
            let instrument = &self.instruments[order.spec.instrument.index()];
            let ahead = super::known::Ahead::default();
            self.with_known(order, instrument, ahead, now, |known| risk::approve(order, role, known))
        };
        intended.map(approve).collect()
    }

    /// A change that is on disk leaves, if the gate still lets it through.
    fn send_amend(&mut self, id: OrderId, change: Change, role: Role, now: Time, out: &mut Vec<Effect>) {
        let intent = Intent::Amend { order: id, change, role };
        let Some(order) = self.orders.get(id).cloned() else { return };
        // Answered, or lost with its session, while it waited: nobody wants it sent any more.
        if self.orders.asked_change(id) != Some(change) {
            let why = if order.is_live() {
                "Not changed: the session was lost before the change had left"
            } else {
                "Not changed: it has ended"
            };
            self.note(NoticeLevel::Warning, format!("Order {id}: {why}"), now, out);
            self.record(Moment::AmendRefused { why: why.into() }, vec![order], now, out);
            return;
        }
        if order.status != crate::domain::OrderStatus::PendingAmend {
            return self.abandon(&intent, "Not changed: it is being cancelled, or has ended", now, out);
        }
        let instrument = Arc::clone(&self.instruments[order.spec.instrument.index()]);
        let ask = |known: &risk::Known<'_>| risk::approve_amend(&order, change, role, known);
        match self.with_known(&order, &instrument, super::known::Ahead::default(), now, ask) {
            Ok(approved) => out.push(Effect::Request(order.broker, BrokerRequest::Amend(approved))),
            Err(refusal) => {
                let why = format!("Not changed: {refusal}");
                self.note(NoticeLevel::Warning, why.clone(), now, out);
                self.abandon(&intent, &why, now, out);
            }
        }
    }
}
