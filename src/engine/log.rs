//! Executions of our orders: each counts once, by broker, account and its id there. The newest
//! are kept and shown, the ids of all are remembered.

use std::collections::{BTreeSet, VecDeque};

use crate::domain::{AccountId, BrokerId, ExecId, Fill};
use crate::link::FILLS_KEPT;

#[derive(Default)]
pub(super) struct ExecutionLog {
    fills: VecDeque<Fill>,
    seen: BTreeSet<(BrokerId, AccountId, ExecId)>,
}

impl ExecutionLog {
    /// With what the journal has.
    pub fn new(known: impl Iterator<Item = (BrokerId, Fill)>) -> Self {
        let mut log = Self::default();
        for (broker, fill) in known {
            log.add(broker, &fill);
        }
        log
    }

    /// Whether the fill is new.
    pub fn add(&mut self, broker: BrokerId, fill: &Fill) -> bool {
        if !self.seen.insert((broker, fill.account.clone(), fill.exec_id.clone())) {
            return false;
        }
        if self.fills.len() >= FILLS_KEPT {
            self.fills.pop_front();
        }
        self.fills.push_back(fill.clone());
        true
    }

    /// Executions that come back after others: they are shown where they belong.
    pub fn recall(&mut self, broker: BrokerId, earlier: Vec<Fill>) {
        for fill in earlier {
            if self.seen.insert((broker, fill.account.clone(), fill.exec_id.clone())) {
                self.fills.push_back(fill);
            }
        }
        self.fills.make_contiguous().sort_by_key(|fill| fill.time);
        self.fills.drain(..self.fills.len().saturating_sub(FILLS_KEPT));
    }

    pub fn fills(&self) -> impl Iterator<Item = &Fill> {
        self.fills.iter()
    }
}
