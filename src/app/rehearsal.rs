//! The whole program below the window, in one thread and on a virtual clock.
//!
//! Engine, link and paper exchange are the real ones; only tasks, timers and the disk
//! are missing: its journal is a list that takes everything at once. The same seed and the same commands give the same market, orders and
//! fills: `pitdesk shot`, the tests and the benchmarks stand on this.

use std::sync::Arc;
use std::time::Duration;

use super::market::Plan;
use crate::broker::contract::BrokerEvent;
use crate::broker::paper::{PaperVenue, VenueError};
use crate::domain::settings::Settings;
use crate::domain::{BrokerId, Record, Seq, Time};
use crate::engine::{Effect, Engine, EngineEvent, SaveJob, Start};
use crate::link::{Clock, EngineEnd, Hub, Timeline, WindowEnd, connect};

/// How far the market moves at a time.
const STEP: Duration = Duration::from_millis(5);
const TICK: Duration = Duration::from_millis(250);
const PAPER: BrokerId = BrokerId(0);

/// Engine and exchange without tasks.
pub struct Rehearsal {
    engine: Engine,
    venue: PaperVenue,
    link: EngineEnd,
    clock: Clock,
    next_tick: Time,
    effects: Vec<Effect>,
    events: Vec<BrokerEvent>,
    saved: Vec<SaveJob>,
    journal: Vec<Record>,
}

impl Rehearsal {
    /// Opens the market of `plan` at `start`; the window's end is for a desk or terminal.
    ///
    /// # Errors
    /// When the instruments make no market.
    pub fn new(plan: Plan, settings: Settings, start: Time) -> Result<(Self, WindowEnd), VenueError> {
        let setup = plan.setup;
        let instruments: Arc<[_]> = setup.instruments.clone().into();
        let venue = PaperVenue::new(PAPER, setup.instruments, setup.exchange, setup.source, start)?;
        let (link, window) = connect(Arc::new(|| {}));
        let engine = Engine::new(Start {
            settings: Arc::new(settings),
            ..Start::first(instruments, vec!["Paper".into()], start)
        });
        let mut rehearsal = Self {
            engine,
            venue,
            link,
            clock: Clock::manual(start),
            next_tick: start,
            effects: Vec::new(),
            events: Vec::new(),
            saved: Vec::new(),
            journal: Vec::new(),
        };
        rehearsal.engine.process(EngineEvent::Started, start, &mut rehearsal.effects);
        rehearsal.venue.connect(&mut rehearsal.events);
        rehearsal.settle();
        Ok((rehearsal, window))
    }

    /// The clock that everything here stands on.
    #[must_use]
    pub fn clock(&self) -> Clock {
        self.clock.clone()
    }

    /// Where servers join.
    #[must_use]
    pub fn hub(&self) -> Hub {
        self.link.followers.hub()
    }

    /// The engine.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// What would have been written to disk, oldest first.
    #[must_use]
    pub fn saved(&self) -> &[SaveJob] {
        &self.saved
    }

    /// What would have been written into the journal, oldest first.
    #[must_use]
    pub fn journal(&self) -> &[Record] {
        &self.journal
    }

    /// Lets `duration` pass; commands that wait in the link are carried out first.
    pub fn run(&mut self, duration: Duration) {
        let end = self.clock.now() + duration;
        self.settle();
        while self.clock.now() < end {
            let now = (self.clock.now() + STEP).min(end);
            self.clock.set(now);
            self.venue.advance(now, &mut self.events);
            if now >= self.next_tick {
                self.next_tick = now + TICK;
                self.engine.process(EngineEvent::Tick, now, &mut self.effects);
            }
            self.settle();
        }
    }

    /// Lets `duration` pass in which nothing runs, as if the computer slept.
    pub fn sleep(&mut self, duration: Duration) {
        self.clock.set(self.clock.now() + duration);
    }

    /// Carries out everything that waits, and what it causes, at this instant.
    pub fn settle(&mut self) {
        let now = self.clock.now();
        while let Ok(envelope) = self.link.commands.try_recv() {
            self.engine.process(EngineEvent::Command(envelope), now, &mut self.effects);
            self.carry_out(now);
        }
        self.carry_out(now);
        for gone in self.link.followers.take_gone() {
            self.engine.process(EngineEvent::Left(gone), now, &mut self.effects);
            self.carry_out(now);
        }
    }

    fn carry_out(&mut self, now: Time) {
        loop {
            for event in self.events.drain(..) {
                self.engine.process(EngineEvent::Broker(PAPER, event), now, &mut self.effects);
            }
            if self.effects.is_empty() {
                return;
            }
            let Self { venue, events, saved, journal, .. } = self;
            let effects = std::mem::take(&mut self.effects);
            let mut written: Option<Seq> = None;
            let mut asked = Vec::new();
            let mut read = Vec::new();
            let mut files = Vec::new();
            let is_one_behind = self.link.followers.tell(|follower, batch| {
                for effect in &effects {
                    effect.tell(follower, batch);
                }
            });
            let is_behind = self.link.publisher.batch(|window| {
                for effect in effects {
                    match effect.publish_to(window) {
                        Some(Effect::Request(_, request)) => venue.handle(request, now, events),
                        Some(Effect::Save(job)) => saved.push(job),
                        Some(Effect::Journal(record)) => {
                            written = Some(record.seq);
                            journal.push(*record);
                        }
                        Some(Effect::AskTimeline(order)) => asked.push(order),
                        Some(Effect::ReadTargets(from, listed)) => {
                            read.push(crate::store::allocation::load(from, &listed));
                        }
                        Some(Effect::File(to, task)) => {
                            files.push(crate::engine::files::carry_out(to, task, &std::env::temp_dir()));
                        }
                        _ => {}
                    }
                }
                window.needs_snapshot()
            });
            for event in
                written.map(EngineEvent::Journaled).into_iter().chain(asked.into_iter().map(|order| {
                    let is_about = |record: &&Record| record.orders.iter().any(|about| about.id == order);
                    EngineEvent::Timeline(Timeline {
                        order,
                        records: journal.iter().filter(is_about).cloned().collect(),
                        left_out: 0,
                    })
                }))
            {
                self.engine.process(event, now, &mut self.effects);
            }
            for read in read {
                self.engine.process(EngineEvent::Targets(Arc::new(read)), now, &mut self.effects);
            }
            for done in files {
                self.engine.process(EngineEvent::File(Arc::new(done)), now, &mut self.effects);
            }
            if is_behind || is_one_behind {
                self.engine.process(EngineEvent::WindowIsBehind, now, &mut self.effects);
            }
        }
    }
}
