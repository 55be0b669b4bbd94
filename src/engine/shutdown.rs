//! The end of a run: what waits is given up, brokers are left, and then the program may end.

use super::{BrokerLine, Effect, Engine, SHUTDOWN_LIMIT};
use crate::broker::BrokerRequest;
use crate::domain::{BrokerId, Time};
use crate::link::ConnectionState;

/// A shutdown that has begun.
pub(super) struct Shutdown {
    pub deadline: Time,
    pub is_done: bool,
}

impl Engine {
    pub(super) fn begin_shutdown(&mut self, now: Time, out: &mut Vec<Effect>) {
        if self.shutdown.is_some() {
            return;
        }
        self.shutdown = Some(Shutdown { deadline: now + SHUTDOWN_LIMIT, is_done: false });
        self.abandon_all("Pitdesk is closing: nothing was sent", now, out);
        self.tell_all_moves(now, out);
        for index in 0..self.brokers.len() {
            out.push(Effect::Request(BrokerId(index as u8), BrokerRequest::Disconnect));
        }
        self.finish_shutdown(out);
    }

    /// Ends once every broker has closed or is gone.
    pub(super) fn finish_shutdown(&mut self, out: &mut Vec<Effect>) {
        let is_over = |line: &BrokerLine| {
            matches!(line.connection.state, ConnectionState::Closed | ConnectionState::Down)
        };
        if self.shutdown.as_ref().is_some_and(|s| !s.is_done) && self.brokers.iter().all(is_over) {
            self.end(out);
        }
    }

    pub(super) fn end(&mut self, out: &mut Vec<Effect>) {
        if let Some(shutdown) = &mut self.shutdown {
            shutdown.is_done = true;
        }
        out.push(Effect::Save(self.engine_state()));
        out.push(Effect::Finish);
    }
}
