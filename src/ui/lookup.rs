//! Instruments that a broker has and this run does not list: looked for as the trader types, listed when
//! one is chosen.
//!
//! Whoever has a field for symbols keeps one of these. The answers come like everything else from the engine;
//! what is shown is what was found for the text as it stands.

use std::sync::Arc;

use super::commands::{Commands, UiCommand};
use crate::desk::Desk;
use crate::domain::{BrokerId, Candidate};
use crate::link::{Command, Found, Listing};

/// What becomes of an instrument when it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// It is put into the watchlist, and the desk turns to it.
    Open,
    /// It is put into the watchlist.
    Add,
}

/// The searches of one field.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    /// What was asked for last.
    asked: String,
    wanted: Option<Wanted>,
}

/// What was chosen and is not listed yet.
#[derive(Debug)]
struct Wanted {
    name: Arc<str>,
    then: Then,
    /// What had come of an earlier wish: not of this one.
    before: Option<Arc<Listing>>,
}

impl Lookup {
    /// Has brokers look for what is typed, where one of them can, once.
    pub fn look(&mut self, desk: &Desk, query: &str, out: &mut Commands) {
        let query = query.trim();
        if query == self.asked {
            return;
        }
        query.clone_into(&mut self.asked);
        if !query.is_empty() && !desk.growing().is_empty() {
            out.send(Command::Find(query.into()));
        }
    }

    /// What was found for a text.
    pub fn found<'a>(desk: &'a Desk, query: &str) -> Option<&'a Found> {
        desk.found().map(|found| &**found).filter(|found| *found.text == *query.trim())
    }

    /// The candidates for a text, with their broker.
    pub fn candidates<'a>(
        desk: &'a Desk,
        query: &str,
    ) -> impl Iterator<Item = (BrokerId, &'a Candidate)> + use<'a> {
        let found = Self::found(desk, query);
        found.into_iter().flat_map(|found| found.candidates.iter().map(|one| (found.broker, one)))
    }

    /// Lists one of them.
    pub fn list(&mut self, desk: &Desk, broker: BrokerId, name: &Arc<str>, then: Then, out: &mut Commands) {
        out.send(Command::List { broker, name: Arc::clone(name) });
        self.wanted = Some(Wanted { name: Arc::clone(name), then, before: desk.listed().cloned() });
    }

    /// Shows what was chosen, when it is listed: to be called in each frame. Why something could not be
    /// listed stands in the activity log.
    pub fn settle(&mut self, desk: &Desk, out: &mut Commands) {
        let Some((wanted, listing)) = self.wanted.as_ref().zip(desk.listed()) else { return };
        let is_old = wanted.before.as_ref().is_some_and(|before| Arc::ptr_eq(before, listing));
        if is_old || listing.name != wanted.name {
            return;
        }
        if let Ok(instrument) = &listing.outcome {
            out.window(UiCommand::Watch(instrument.id));
            if wanted.then == Then::Open {
                out.window(UiCommand::Select(instrument.id));
            }
        }
        self.wanted = None;
    }
}
