//! The program's disk: what was written survives the program, what was not does not.
//!
//! When a record reaches the disk, and whether at all, is a model here, because the disk's
//! failures are made of dice on the virtual clock. What is on it by then is written and recovered
//! by the program's own journal ([`crate::real`]) at every start of the program and at the end of
//! the world: the model must say the same, and each start goes on with what the real one has.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use pitdesk::domain::limits::DayState;
use pitdesk::domain::{Fill, Flatten, Moment, Order, OrderId, Record, Seq, Time};
use pitdesk::engine::{EngineEvent, Journaled, SaveJob};

use crate::pipe::Dice;
use crate::real::RealJournal;

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

/// The engine's own file.
#[derive(Debug, Clone, Default)]
struct EngineFile {
    is_killed: bool,
    flatten: Flatten,
    next_order_id: u64,
    day: DayState,
}

/// What a start reads.
pub struct Found {
    pub journal: Journaled,
    pub next_order_id: u64,
    pub is_killed: bool,
    pub flatten: Flatten,
    pub day: DayState,
}

/// The journal, behaving as `store::journal` does, and the engine's own file.
pub struct Disk {
    pub health: Health,
    table: Table,
    on_the_way: VecDeque<(Time, Record)>,
    /// Facts that could not be written yet.
    kept: VecDeque<Record>,
    /// Orders whose intent was given up, as the running writer knows them.
    void: BTreeSet<OrderId>,
    has_failed: bool,
    file: EngineFile,
    /// On its way into the file.
    saving: Option<(Time, EngineFile)>,
    real: RealJournal,
}

impl Disk {
    pub fn new() -> Self {
        Self {
            health: Health::Well,
            table: Table::default(),
            on_the_way: VecDeque::new(),
            kept: VecDeque::new(),
            void: BTreeSet::new(),
            has_failed: false,
            file: EngineFile::default(),
            saving: None,
            real: RealJournal::new(),
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
        if self.health != Health::Full
            && let Some((_, file)) = self.saving.take_if(|(due, _)| *due <= now)
        {
            self.file = file;
        }
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
            for record in group {
                if matches!(record.moment, Moment::Intended { .. }) {
                    self.void.extend(record.orders.iter().map(|order| order.id));
                } else {
                    self.kept.push_back(record);
                }
            }
            return events;
        }
        let kept = std::mem::take(&mut self.kept);
        let last = kept.iter().chain(&group).map(|record| record.seq).max();
        for record in kept.into_iter().chain(group) {
            self.table.write(record, &mut self.void);
        }
        events.extend(last.map(EngineEvent::Journaled));
        if std::mem::take(&mut self.has_failed) {
            events.push(EngineEvent::JournalWorks);
        }
        events
    }

    pub fn save(&mut self, job: SaveJob, dice: &mut Dice, now: Time) {
        if let SaveJob::EngineState { is_killed, flatten, next_order_id, day } = job {
            let file = EngineFile { is_killed, flatten, next_order_id, day };
            self.saving = Some((now + Duration::from_millis(dice.below(60)), file));
        }
    }

    /// The program dies: some of what was on its way may have been written all the same.
    pub fn program_dies(&mut self, dice: &mut Dice) {
        self.kept.clear();
        self.has_failed = false;
        let survives = usize::try_from(dice.below(self.on_the_way.len() as u64 + 1)).unwrap();
        let on_the_way = std::mem::take(&mut self.on_the_way);
        let saving = self.saving.take();
        if self.health != Health::Full {
            for (_, record) in on_the_way.into_iter().take(survives) {
                self.table.write(record, &mut self.void);
            }
            if let Some((_, file)) = saving.filter(|_| dice.hits(2)) {
                self.file = file;
            }
        }
        self.void.clear();
    }

    /// Whether a start would know of an order.
    pub fn knows(&self, id: OrderId) -> bool {
        self.table.orders.contains_key(&id)
    }

    /// The order as a start would find it.
    pub fn order(&self, id: OrderId) -> Option<&Order> {
        self.table.orders.get(&id)
    }

    /// The executions that a start would find.
    pub fn fills(&self) -> &[Fill] {
        &self.table.fills
    }

    /// Whether a start would find orders locked.
    pub fn is_killed(&self) -> bool {
        self.file.is_killed || self.table.is_killed.unwrap_or_default()
    }

    /// What a start reads, as `app::window` puts it together.
    pub fn recover(&mut self, now: Time) -> Found {
        let table = &self.table;
        let mut journal = Journaled {
            next_seq: table.records.keys().next_back().map_or(Seq(1), |last| last.next()),
            orders: table.orders.values().cloned().collect(),
            fills: table.fills.clone(),
            ..Journaled::default()
        };
        let found = self.real.write_and_recover(&table.records, now);
        assert_eq!(found.next_seq, journal.next_seq, "the journal's end");
        assert_eq!(found.next_order_id, table.highest.map_or(1, |id| id.0 + 1), "the next id");
        assert_eq!(found.is_killed, table.is_killed, "the lock");
        assert_eq!(found.flatten, table.flatten, "what the lock was to close");
        assert_eq!(found.fills, journal.fills, "executions in the journal");
        assert!(found.past.known_until.is_empty(), "all of them come back");
        (journal.past, journal.booked) = (found.past, found.booked);
        assert_eq!(found.must_reconcile, None);
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        // That writer was not told of intents that were given up.
        let is_sure = |order: &&Order| !table.was_void.contains(&order.id);
        let (theirs, ours) = (found.orders.iter().filter(is_sure), journal.orders.iter().filter(is_sure));
        assert_eq!(theirs.collect::<Vec<_>>(), ours.collect::<Vec<_>>(), "orders in the journal");
        if table.was_void.is_empty() {
            (journal.orders, journal.fills) = (found.orders, found.fills);
        }
        Found {
            next_order_id: self.file.next_order_id.max(table.highest.map_or(1, |id| id.0 + 1)),
            is_killed: self.is_killed(),
            flatten: self.file.flatten.or(table.flatten),
            day: self.file.day.clone(),
            journal,
        }
    }
}

/// A model of the journal's tables.
#[derive(Default)]
struct Table {
    records: BTreeMap<Seq, Record>,
    /// Each as its newest record has it.
    orders: BTreeMap<OrderId, Order>,
    fills: Vec<Fill>,
    is_killed: Option<bool>,
    flatten: Flatten,
    highest: Option<OrderId>,
    /// Orders of which an intent was ever given up and something was written.
    was_void: BTreeSet<OrderId>,
}

impl Table {
    fn write(&mut self, record: Record, void: &mut BTreeSet<OrderId>) {
        let about = record.orders.iter().map(|order| order.id);
        self.highest = self.highest.max(about.max());
        if matches!(record.moment, Moment::Intended { .. }) {
            // Asked for again, and this time it is there.
            void.retain(|id| record.orders.iter().all(|order| order.id != *id));
        }
        for order in &record.orders {
            let is_void = void.contains(&order.id);
            if is_void {
                self.was_void.insert(order.id);
            }
            if !(is_void && is_our_word(&record.moment)) {
                self.orders.insert(order.id, order.clone());
            }
        }
        match &record.moment {
            Moment::Executed(fill) => {
                self.highest = self.highest.max(Some(fill.order));
                if self.fills.iter().all(|known| known.exec_id != fill.exec_id) {
                    self.fills.push(fill.clone());
                }
            }
            Moment::Kill { is_on, flatten } => {
                self.is_killed = Some(*is_on);
                self.flatten = if *is_on { *flatten } else { Flatten::No };
            }
            _ => {}
        }
        let before = self.records.insert(record.seq, record);
        assert!(before.is_none(), "a number is given to two records");
    }
}

/// What the program wanted, as opposed to what it was told: of an order whose intent was given up
/// that says nothing.
fn is_our_word(moment: &Moment) -> bool {
    use Moment::{AskedAmend, AskedCancel, Intended, LostBroker, OnWire, Sent};
    matches!(
        moment,
        Intended { .. } | Sent { .. } | OnWire { .. } | AskedAmend { .. } | AskedCancel | LostBroker
    )
}
