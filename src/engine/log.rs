//! Executions of our orders: each counts once, by its id.

use std::collections::{BTreeSet, VecDeque};

use crate::domain::{ExecId, Fill};

/// Fills that are kept in memory and shown; the ids of all of them are remembered.
const CAPACITY: usize = 10_000;

#[derive(Default)]
pub(super) struct ExecutionLog {
    fills: VecDeque<Fill>,
    seen: BTreeSet<ExecId>,
}

impl ExecutionLog {
    /// Whether the fill is new.
    pub fn add(&mut self, fill: &Fill) -> bool {
        if !self.seen.insert(fill.exec_id.clone()) {
            return false;
        }
        if self.fills.len() >= CAPACITY {
            self.fills.pop_front();
        }
        self.fills.push_back(fill.clone());
        true
    }

    pub fn adopt(&mut self, fills: &[Fill]) {
        for fill in fills {
            self.add(fill);
        }
    }

    pub fn fills(&self) -> impl Iterator<Item = &Fill> {
        self.fills.iter()
    }
}
