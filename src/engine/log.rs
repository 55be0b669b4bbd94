//! Executions of our orders: each counts once, by its id. The newest are kept and shown, the
//! ids of all are remembered.

use std::collections::{BTreeSet, VecDeque};

use crate::domain::{ExecId, Fill};
use crate::link::FILLS_KEPT;

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
        if self.fills.len() >= FILLS_KEPT {
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
