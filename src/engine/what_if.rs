//! What an order would tie up and cost, by its broker's word: asked before it is sent, and never in its way.

use std::sync::Arc;

use super::{Effect, Engine, Outcome};
use crate::broker::{BrokerRequest, Capabilities};
use crate::domain::{BrokerId, Impact, Time};
use crate::link::update::Refused;
use crate::link::{CommandId, Reckoned, Update, WhatIf};

impl Engine {
    /// The brokers that can do something.
    pub(super) fn able(&self, can: impl Fn(&Capabilities) -> bool) -> Arc<[BrokerId]> {
        let able = self.brokers.iter().filter(|line| can(&line.facts.capabilities));
        able.map(|line| line.connection.broker).collect()
    }

    /// Asks. It is no order: no gate, no journal, and it is asked while the kill switch is on, too.
    pub(super) fn what_if(&self, id: CommandId, asked: WhatIf, out: &mut Vec<Effect>) -> Outcome {
        let instrument = self.instrument(asked.spec.instrument)?;
        let line = &self.brokers[usize::from(instrument.broker.0)];
        let name = &line.connection.name;
        if !line.facts.capabilities.what_if {
            return Err(Refused(format!("{name} does not reckon with orders before they are sent").into()));
        }
        if !self.accounts.contains_key(&(instrument.broker, asked.account.clone())) {
            return Err(Refused(format!("{name} does not tell of account {}", asked.account).into()));
        }
        out.push(Effect::Request(instrument.broker, BrokerRequest::WhatIf(id, Box::new(asked))));
        Ok(None)
    }
}

pub(super) fn tell_impact(
    to: CommandId,
    outcome: Result<Impact, Arc<str>>,
    now: Time,
    out: &mut Vec<Effect>,
) {
    out.push(Effect::publish(Update::Impact(Arc::new(Reckoned { to, outcome })), now));
}
