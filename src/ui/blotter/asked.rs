//! What the blotter has asked of the engine and not seen through yet, and what was refused.
//!
//! A control that sends a command stays out of reach until the command is answered, so that
//! a second click cannot do a thing twice; a refusal is shown where it was asked for. All
//! in the window's own time: the state is lost with the window, as it should be.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::desk::Desk;
use crate::domain::{OrderId, Time};
use crate::link::CommandId;

/// How long an answer may take before the control is given back.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a refusal hangs over the table; in its row it stays.
pub(super) const CALLOUT: Duration = Duration::from_secs(8);

/// A command on its way, about something that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request<T> {
    /// What was asked for.
    pub what: T,
    command: CommandId,
    at: Time,
    answer: Answer,
}

/// Whether a request has been answered.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    Awaited,
    /// Yes, with the order that it made or concerns.
    Accepted(Option<OrderId>),
}

/// Something that was not done.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refusal<T> {
    /// What was asked for.
    pub what: T,
    /// Why not, in words for a trader.
    pub why: Arc<str>,
    /// When it became known.
    pub at: Time,
}

/// Requests and refusals by what they concern; one at a time for each.
#[derive(Debug, Clone)]
pub(super) struct Asked<K, T> {
    waiting: BTreeMap<K, Request<T>>,
    refused: BTreeMap<K, Refusal<T>>,
}

/// How a request that was accepted stands.
pub(super) enum Seen {
    /// It is being carried out.
    Underway,
    /// Carried out, or overtaken by something else.
    Over,
    /// Not carried out in the end.
    Failed(Arc<str>),
}

impl<K, T> Default for Asked<K, T> {
    fn default() -> Self {
        Self { waiting: BTreeMap::new(), refused: BTreeMap::new() }
    }
}

impl<K: Ord + Clone, T: Clone> Asked<K, T> {
    /// Notes that a command about `key` has been sent. An older refusal is forgotten.
    pub fn ask(&mut self, key: K, what: T, command: CommandId, now: Time) {
        self.refused.remove(&key);
        self.waiting.insert(key, Request { what, command, at: now, answer: Answer::Awaited });
    }

    /// What is underway about `key`.
    pub fn underway(&self, key: &K) -> Option<&T> {
        Some(&self.waiting.get(key)?.what)
    }

    /// What was refused last about `key`.
    pub fn refusal(&self, key: &K) -> Option<&Refusal<T>> {
        self.refused.get(key)
    }

    /// Notes a refusal that no command was needed for.
    pub fn refuse(&mut self, key: K, what: T, why: Arc<str>, now: Time) {
        self.refused.insert(key, Refusal { what, why, at: now });
    }

    /// Forgets the refusal about `key`.
    pub fn forget(&mut self, key: &K) {
        self.refused.remove(key);
    }

    /// Takes answers over. `see` looks how an accepted request stands; it is given what was
    /// asked for and the order of the answer.
    pub fn settle(&mut self, desk: &Desk, see: impl Fn(&K, &T, Option<OrderId>) -> Seen) {
        let now = desk.now();
        let refused = &mut self.refused;
        self.waiting.retain(|key, request| {
            if request.answer == Answer::Awaited {
                match desk.answer(request.command).map(|answer| &answer.outcome) {
                    Some(Ok(order)) => request.answer = Answer::Accepted(*order),
                    Some(Err(why)) => {
                        let why = Arc::clone(&why.0);
                        refused.insert(key.clone(), Refusal { what: request.what.clone(), why, at: now });
                        return false;
                    }
                    None if now.since(request.at) < PATIENCE => return true,
                    None => {
                        let why = "No answer yet: look where it stands before asking again".into();
                        refused.insert(key.clone(), Refusal { what: request.what.clone(), why, at: now });
                        return false;
                    }
                }
            }
            let order = match request.answer {
                Answer::Accepted(order) => order,
                Answer::Awaited => None,
            };
            match see(key, &request.what, order) {
                Seen::Underway => true,
                Seen::Over => false,
                Seen::Failed(why) => {
                    refused.insert(key.clone(), Refusal { what: request.what.clone(), why, at: now });
                    false
                }
            }
        });
    }

    /// Refusals young enough to hang over the table, with what they concern.
    pub fn fresh(&self, now: Time) -> impl Iterator<Item = (&K, &Refusal<T>)> {
        self.refused.iter().filter(move |(_, refusal)| now.since(refusal.at) < CALLOUT)
    }
}
