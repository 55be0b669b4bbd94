//! The program's disk: what was written survives the program, what was not does not.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use pitdesk::domain::{Fill, Moment, Order, OrderId, Record, Seq, Time};
use pitdesk::engine::{EngineEvent, Journaled, SaveJob};

use crate::pipe::Dice;

/// How the journal is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// Within milliseconds.
    Well,
    /// Within seconds.
    Slow,
    /// Not at all: intents are given up, facts wait.
    Full,
}

/// The journal, behaving as `store::journal` does, and the engine's own file.
pub struct Disk {
    pub health: Health,
    written: BTreeMap<Seq, Record>,
    on_the_way: VecDeque<(Time, Record)>,
    /// Facts that could not be written yet.
    kept: VecDeque<Record>,
    has_failed: bool,
    is_killed: bool,
    next_order_id: u64,
}

impl Disk {
    pub fn new() -> Self {
        Self {
            health: Health::Well,
            written: BTreeMap::new(),
            on_the_way: VecDeque::new(),
            kept: VecDeque::new(),
            has_failed: false,
            is_killed: false,
            next_order_id: 1,
        }
    }

    pub fn append(&mut self, record: Record, dice: &mut Dice, now: Time) {
        let delay = match self.health {
            Health::Well | Health::Full => dice.below(20),
            Health::Slow => dice.below(8_000),
        };
        // In their order: nothing overtakes.
        let due = now + Duration::from_millis(delay);
        let due = self.on_the_way.back().map_or(due, |(before, _)| due.max(*before));
        self.on_the_way.push_back((due, record));
    }

    /// What the journal has to say by now.
    pub fn advance(&mut self, now: Time) -> Vec<EngineEvent> {
        let mut events = Vec::new();
        let mut group = Vec::new();
        while let Some((_, record)) = self.on_the_way.pop_front_if(|(due, _)| *due <= now) {
            group.push(record);
        }
        if self.health == Health::Full {
            if let (Some(first), Some(last)) = (group.first(), group.last()) {
                let (from, through) = (first.seq, last.seq);
                events.push(EngineEvent::JournalFailed { from, through, why: "no space left".into() });
                self.has_failed = true;
            }
            let is_fact = |record: &Record| !matches!(record.moment, Moment::Intended { .. });
            self.kept.extend(group.into_iter().filter(is_fact));
            return events;
        }
        let kept = std::mem::take(&mut self.kept);
        let last = kept.iter().chain(&group).map(|record| record.seq).max();
        for record in kept.into_iter().chain(group) {
            let before = self.written.insert(record.seq, record);
            assert!(before.is_none(), "a number is given to two records");
        }
        events.extend(last.map(EngineEvent::Journaled));
        if std::mem::take(&mut self.has_failed) {
            events.push(EngineEvent::JournalWorks);
        }
        events
    }

    pub fn save(&mut self, job: &SaveJob) {
        if let SaveJob::EngineState { is_killed, next_order_id, .. } = job {
            self.is_killed = *is_killed;
            self.next_order_id = *next_order_id;
        }
    }

    /// The program dies: some of what was on its way may have been written all the same.
    pub fn program_dies(&mut self, dice: &mut Dice) {
        self.kept.clear();
        self.has_failed = false;
        let survives = usize::try_from(dice.below(self.on_the_way.len() as u64 + 1)).unwrap();
        let on_the_way = std::mem::take(&mut self.on_the_way);
        if self.health != Health::Full {
            self.written.extend(on_the_way.into_iter().take(survives).map(|(_, r)| (r.seq, r)));
        }
    }

    /// Whether an order's intent is on disk.
    pub fn has_intent(&self, id: OrderId) -> bool {
        self.written.values().any(|record| {
            matches!(record.moment, Moment::Intended { .. }) && record.orders.iter().any(|o| o.id == id)
        })
    }

    /// What a start reads, as `store::journal` recovers it: the newest record of each order.
    pub fn recover(&self) -> (Journaled, u64, bool) {
        let mut orders: BTreeMap<OrderId, Order> = BTreeMap::new();
        let mut fills: Vec<Fill> = Vec::new();
        let mut is_killed = self.is_killed;
        for record in self.written.values() {
            for order in &record.orders {
                orders.insert(order.id, order.clone());
            }
            match &record.moment {
                Moment::Executed(fill) if fills.iter().all(|known| known.exec_id != fill.exec_id) => {
                    fills.push(fill.clone());
                }
                Moment::Kill { is_on, .. } => is_killed = *is_on,
                _ => {}
            }
        }
        let next_seq = self.written.keys().next_back().map_or(Seq(1), |last| last.next());
        let above = orders.keys().next_back().map_or(1, |id| id.0 + 1);
        let orders = orders.into_values().collect();
        (
            Journaled { next_seq, orders, fills, ..Journaled::default() },
            self.next_order_id.max(above),
            is_killed,
        )
    }
}
