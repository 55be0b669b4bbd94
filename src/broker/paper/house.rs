//! The exchange of this program with what writes it down, and what a session may tell of it when.
//!
//! An acknowledgement or an execution is told only after the change that it is part of is on the
//! disk: what a trader has seen confirmed is there after any crash. Market data wait for nothing.

use std::collections::VecDeque;

use tokio::sync::watch;

use super::keeper::{Keeper, Progress};
use super::venue::PaperVenue;
use crate::broker::contract::{Books, BrokerEvent, BrokerRequest};
use crate::domain::Time;

/// The exchange, and what writes it down where it is to outlive the program.
pub(super) struct House {
    venue: PaperVenue,
    keeper: Option<Keeper>,
}

/// Each call returns the number of the change that must be on the disk before what it has appended
/// to `out` may be told, see [`Outbox::put`]. Zero is no change: there always.
impl House {
    pub fn new(venue: PaperVenue, keeper: Option<Keeper>) -> Self {
        Self { venue, keeper }
    }

    /// How far the disk has come, where there is one.
    pub fn progress(&self) -> Option<watch::Receiver<Progress>> {
        self.keeper.as_ref().map(Keeper::progress)
    }

    /// See [`Keeper::take_as_saved`].
    pub fn take_as_saved(&mut self) -> Option<Books> {
        self.keeper.as_mut()?.take_as_saved()
    }

    /// A session begins. Whatever became of one before, all is written once more.
    pub fn connect(&mut self, out: &mut Vec<BrokerEvent>) -> u64 {
        self.venue.connect(out);
        if let Some(keeper) = &mut self.keeper {
            keeper.count_session();
        }
        self.keep(out)
    }

    pub fn handle(&mut self, request: BrokerRequest, now: Time, out: &mut Vec<BrokerEvent>) -> u64 {
        self.venue.handle(request, now, out);
        self.keep(out)
    }

    pub fn advance(&mut self, now: Time, out: &mut Vec<BrokerEvent>) -> u64 {
        self.venue.advance(now, out);
        self.keep(out)
    }

    pub fn next_time(&self, now: Time) -> Time {
        self.venue.next_time(now)
    }

    fn keep(&mut self, out: &[BrokerEvent]) -> u64 {
        let Some(keeper) = &mut self.keeper else { return 0 };
        // Nothing happens to an order or a position of which nothing is told.
        if out.iter().any(|event| matches!(event, BrokerEvent::Report(_) | BrokerEvent::Fill { .. })) {
            keeper.touch();
        }
        keeper.keep(&self.venue)
    }
}

/// What waits for the disk before it is told.
#[derive(Default)]
pub(super) struct Outbox {
    /// With the number of the change that must be there first; in order.
    held: VecDeque<(u64, BrokerEvent)>,
}

impl Outbox {
    /// What of `events` may be told now that the disk has everything up to `written`; the rest is
    /// held until it has `through` too. What was held before is to be taken out first.
    pub fn put(&mut self, events: Vec<BrokerEvent>, through: u64, written: u64) -> Vec<BrokerEvent> {
        let mut free = Vec::new();
        for event in events {
            if is_free(&event) || (self.held.is_empty() && through <= written) {
                free.push(event);
                continue;
            }
            // The newest is all that counts, and it comes every second, however long a disk is full.
            if matches!(event, BrokerEvent::Account(_)) {
                self.held.retain(|(_, event)| !matches!(event, BrokerEvent::Account(_)));
            }
            self.held.push_back((through, event));
        }
        free
    }

    /// Takes out what may be told now that the disk has everything up to `written`.
    pub fn take(&mut self, written: u64) -> Vec<BrokerEvent> {
        let count = self.held.iter().take_while(|(through, _)| *through <= written).count();
        self.held.drain(..count).map(|(_, event)| event).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }
}

/// Whether it may be told whatever the disk does: it says nothing of orders and positions.
fn is_free(event: &BrokerEvent) -> bool {
    match event {
        BrokerEvent::Market { .. }
        | BrokerEvent::Alive { .. }
        | BrokerEvent::History(_)
        | BrokerEvent::BarsChanged
        | BrokerEvent::BarsMissed(_)
        | BrokerEvent::OnWire { .. }
        | BrokerEvent::Unsent { .. }
        | BrokerEvent::Found { .. }
        | BrokerEvent::Remark { .. }
        | BrokerEvent::BarsWait { .. }
        | BrokerEvent::BarSoFar { .. }
        | BrokerEvent::Impact { .. }
        | BrokerEvent::Described { .. }
        | BrokerEvent::Note(..) => true,
        BrokerEvent::Connection { .. }
        | BrokerEvent::Books(_)
        | BrokerEvent::Report(_)
        | BrokerEvent::Fill { .. }
        | BrokerEvent::Charged { .. }
        | BrokerEvent::Account(_)
        | BrokerEvent::Ended { .. } => false,
    }
}
