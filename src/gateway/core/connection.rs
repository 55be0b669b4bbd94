//! A client's connection, and what it has asked to be told.

use std::collections::{BTreeMap, VecDeque};

use super::accounts::Ledgers;
use super::bars::Bars;
use super::depth::Depths;
use super::market::Quotes;
use crate::domain::Time;
use crate::gateway::wire::Dialect;
use crate::gateway::wire::frame::{Frames, MOST_INCOMING};
use crate::link::Demand;

/// A connection.
pub(super) struct Connection {
    pub frames: Frames,
    pub phase: Phase,
    /// When it was made.
    pub since: Time,
    /// Whether so much waits for it that it is told quotes less often.
    pub is_slow: bool,
    /// Bytes that were made for it and are not read yet, as far as that is known.
    pub made: usize,
}

/// How far a connection has come.
pub(super) enum Phase {
    /// It has said nothing yet.
    Greets,
    /// It was told which dialect is spoken; who it is, it has still to say.
    Announced(Dialect),
    /// It may ask.
    Open(Box<Session>),
}

/// Who a client is, and what it is told without asking again.
pub(super) struct Session {
    pub dialect: Dialect,
    /// Its number; no two at the same time have the same.
    pub client: i32,
    /// Whether it sees orders that no client has entered.
    pub binds: bool,
    /// Positions, account values, profit and loss.
    pub ledgers: Ledgers,
    /// Quotes and prints.
    pub quotes: Quotes,
    /// Books.
    pub depths: BTreeMap<i32, Depths>,
    /// Bars.
    pub bars: Bars,
    /// When it asked in the last second, while that is counted.
    pub asked_at: VecDeque<Time>,
}

impl Connection {
    pub fn new(since: Time) -> Self {
        Self {
            frames: Frames::of_client(MOST_INCOMING),
            phase: Phase::Greets,
            since,
            is_slow: false,
            made: 0,
        }
    }

    pub fn session(&self) -> Option<&Session> {
        match &self.phase {
            Phase::Open(session) => Some(session),
            _ => None,
        }
    }

    pub fn session_mut(&mut self) -> Option<&mut Session> {
        match &mut self.phase {
            Phase::Open(session) => Some(session),
            _ => None,
        }
    }
}

impl Session {
    pub fn new(dialect: Dialect, client: i32) -> Self {
        Self {
            dialect,
            client,
            binds: false,
            ledgers: Ledgers::default(),
            quotes: Quotes::default(),
            depths: BTreeMap::new(),
            bars: Bars::default(),
            asked_at: VecDeque::new(),
        }
    }

    /// Market data are followed no more.
    pub fn forget_data(&mut self) {
        self.quotes.forget();
        self.depths.clear();
        self.bars = Bars::default();
    }

    /// Adds what is needed for it.
    pub fn wants(&self, demand: &mut Demand) {
        self.quotes.wants(demand);
        demand.depth.extend(self.depths.values().map(|depth| depth.instrument));
        self.bars.wants(demand);
    }
}
