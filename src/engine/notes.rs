//! What the trader notes of orders. A note is told as kept when the disk has it, and not before.

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::{Effect, Engine, Outcome};
use crate::domain::{Moment, Note, OrderId, Seq, Time};
use crate::link::update::Refused;
use crate::link::{CommandId, Noted, Update};

/// Notes that are on the disk, and those on their way there.
#[derive(Debug, Default)]
pub(super) struct Notes {
    kept: Arc<BTreeMap<OrderId, Arc<Note>>>,
    /// By the places of their records.
    waiting: VecDeque<Waiting>,
}

#[derive(Debug)]
struct Waiting {
    seq: Seq,
    to: CommandId,
    order: OrderId,
    note: Arc<Note>,
}

impl Notes {
    pub fn new(kept: BTreeMap<OrderId, Arc<Note>>) -> Self {
        Self { kept: Arc::new(kept), waiting: VecDeque::new() }
    }

    /// Those that are on the disk.
    pub fn kept(&self) -> &Arc<BTreeMap<OrderId, Arc<Note>>> {
        &self.kept
    }
}

impl Engine {
    /// Notes something of an order; what became of it is told as [`Update::Noted`].
    pub(super) fn annotate(
        &mut self,
        to: CommandId,
        order: OrderId,
        note: Note,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        note.check().map_err(|bad| Refused(bad.to_string().into()))?;
        let is_known = self.orders.get(order).is_some() || self.fills().any(|fill| fill.order == order);
        if !is_known {
            return Err(Refused(format!("There is no order {order} to note something of").into()));
        }
        if let Some(why) = self.journal.state().refusal() {
            return Err(Refused(format!("The note is not kept. {why}").into()));
        }
        let seq = self.record(Moment::Noted { order, note: note.clone() }, Vec::new(), now, out);
        self.notes.waiting.push_back(Waiting { seq, to, order, note: Arc::new(note) });
        Ok(Some(order))
    }

    /// The disk has everything up to a record.
    pub(super) fn notes_are_kept(&mut self, up_to: Seq, now: Time, out: &mut Vec<Effect>) {
        while let Some(Waiting { to, order, note, .. }) =
            self.notes.waiting.pop_front_if(|waiting| waiting.seq <= up_to)
        {
            let kept = Arc::make_mut(&mut self.notes.kept);
            if note.is_empty() {
                kept.remove(&order);
            } else {
                kept.insert(order, Arc::clone(&note));
            }
            out.push(Effect::publish(Update::Noted(Noted { to, order, outcome: Ok(note) }.into()), now));
        }
    }

    /// Records are not on the disk: the notes among them are given up.
    pub(super) fn notes_are_lost(
        &mut self,
        lost: &RangeInclusive<Seq>,
        why: &str,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        let (given_up, waiting): (VecDeque<Waiting>, VecDeque<Waiting>) =
            std::mem::take(&mut self.notes.waiting).into_iter().partition(|w| lost.contains(&w.seq));
        self.notes.waiting = waiting;
        for Waiting { to, order, .. } in given_up {
            let outcome = Err(Refused(format!("The note is not kept. {why}").into()));
            out.push(Effect::publish(Update::Noted(Noted { to, order, outcome }.into()), now));
        }
    }
}
