//! Executions of our orders: each counts once, by broker, account and its id there. The newest
//! are kept and shown, the ids of all are remembered.

use std::collections::{BTreeMap, VecDeque};

use crate::domain::{AccountId, BrokerId, ExecId, Fill, Money};
use crate::link::FILLS_KEPT;

#[derive(Default)]
pub(super) struct ExecutionLog {
    fills: VecDeque<Fill>,
    /// With what each has cost, as far as is known.
    seen: BTreeMap<(BrokerId, AccountId, ExecId), Money>,
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
        if !self.is_new(broker, fill) {
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
            if self.is_new(broker, &fill) {
                self.fills.push_back(fill);
            }
        }
        self.fills.make_contiguous().sort_by_key(|fill| fill.time);
        self.fills.drain(..self.fills.len().saturating_sub(FILLS_KEPT));
    }

    fn is_new(&mut self, broker: BrokerId, fill: &Fill) -> bool {
        let key = (broker, fill.account.clone(), fill.exec_id.clone());
        let is_new = !self.seen.contains_key(&key);
        if is_new {
            self.seen.insert(key, fill.commission);
        }
        is_new
    }

    /// Takes over what a booked execution has cost: what it had cost before and the execution as it is
    /// now, where that is news. Nothing is what a broker tells that does not know it yet.
    pub fn charge(&mut self, broker: BrokerId, told: &Fill) -> Option<(Money, Fill)> {
        let known = self.seen.get_mut(&(broker, told.account.clone(), told.exec_id.clone()))?;
        if told.commission.amount.is_zero() || *known == told.commission {
            return None;
        }
        let before = std::mem::replace(known, told.commission);
        let is_it = |fill: &&mut Fill| {
            (&fill.exec_id, &fill.account, fill.instrument) == (&told.exec_id, &told.account, told.instrument)
        };
        let booked = self.fills.iter_mut().rev().find(is_it)?;
        booked.commission = told.commission;
        Some((before, booked.clone()))
    }

    pub fn fills(&self) -> impl Iterator<Item = &Fill> {
        self.fills.iter()
    }
}
