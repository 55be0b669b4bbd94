//! Instruments that a broker has and this run does not list: looked for as the trader types, listed when
//! one is chosen.
//!
//! Whoever has a field for symbols keeps one of these. The answers come like everything else from the engine;
//! what is shown is what was found for the text as it stands.

use std::sync::Arc;
use std::time::Duration;

use super::commands::{Commands, UiCommand};
use crate::desk::Desk;
use crate::domain::{BrokerId, Candidate, InstrumentId, Time};
use crate::link::{Command, Found, Listing};

/// What becomes of an instrument when it is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// It is put into the watchlist, and the desk turns to it.
    Open,
    /// It is put into the watchlist.
    Add,
}

/// Characters of a text that is looked for; more no name has.
const LONGEST: usize = 64;
/// How soon the desk turns to what was chosen; later the trader is at something else.
const SOON: Duration = Duration::from_secs(3);
/// How long a choice is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// The searches of one field.
#[derive(Debug, Default)]
pub(super) struct Lookup {
    /// What was asked for last, and when.
    asked: Option<(String, Time)>,
    wanted: Vec<Wanted>,
}

/// What was chosen and is not listed yet.
#[derive(Debug)]
struct Wanted {
    name: Arc<str>,
    then: Then,
    /// What had come of an earlier wish: not of this one.
    before: Option<Arc<Listing>>,
    /// Where the desk was then.
    selected: Option<InstrumentId>,
    at: Time,
}

impl Lookup {
    /// Has brokers look for what is typed, where one of them can: once, and again after a while where
    /// nobody could say.
    pub fn look(&mut self, desk: &Desk, query: &str, out: &mut Commands) {
        let query = query.trim();
        let has_failed = Self::found(desk, query).is_some_and(|found| found.problem.is_some());
        let is_asked = self
            .asked
            .as_ref()
            .is_some_and(|(asked, at)| asked == query && !(has_failed && desk.now().since(*at) >= SOON));
        if is_asked {
            return;
        }
        self.asked = Some((query.to_owned(), desk.now()));
        if can_be_found(desk, query) {
            out.send(Command::Find(query.into()));
        }
    }

    /// What was found for a text.
    pub fn found<'a>(desk: &'a Desk, query: &str) -> Option<&'a Found> {
        desk.found().map(|found| &**found).filter(|found| *found.text == *query.trim())
    }

    /// Whether a broker still looks for a text.
    pub fn is_looking(desk: &Desk, query: &str) -> bool {
        can_be_found(desk, query.trim()) && Self::found(desk, query).is_none()
    }

    /// The candidates for a text, with their broker, that have not joined meanwhile.
    pub fn candidates<'a>(
        desk: &'a Desk,
        query: &str,
    ) -> impl Iterator<Item = (BrokerId, &'a Candidate)> + use<'a> {
        let has_joined = |name: &str| desk.listed(name).is_some_and(|listing| listing.outcome.is_ok());
        let found = Self::found(desk, query).into_iter();
        let all = found.flat_map(|found| found.candidates.iter().map(|one| (found.broker, one)));
        all.filter(move |(_, one)| !has_joined(&one.name))
    }

    /// Lists one of them.
    pub fn list(&mut self, desk: &Desk, broker: BrokerId, name: &Arc<str>, then: Then, out: &mut Commands) {
        out.send(Command::List { broker, name: Arc::clone(name) });
        self.wanted.push(Wanted {
            name: Arc::clone(name),
            then,
            before: desk.listed(name).cloned(),
            selected: desk.selected().map(|instrument| instrument.id),
            at: desk.now(),
        });
    }

    /// Shows what was chosen, when it is listed: to be called in each frame. Why something could not be
    /// listed stands in the activity log. The desk turns to it only where the trader still is where he was:
    /// it must not turn under his hand.
    pub fn settle(&mut self, desk: &Desk, out: &mut Commands) {
        let selected = desk.selected().map(|instrument| instrument.id);
        self.wanted.retain(|wanted| {
            let age = desk.now().since(wanted.at);
            let is_new = |listing: &&Arc<Listing>| {
                wanted.before.as_ref().is_none_or(|before| !Arc::ptr_eq(before, listing))
            };
            let Some(listing) = desk.listed(&wanted.name).filter(is_new) else { return age < PATIENCE };
            if let Ok(instrument) = &listing.outcome {
                out.window(UiCommand::Watch(instrument.id));
                if wanted.then == Then::Open && wanted.selected == selected && age < SOON {
                    out.window(UiCommand::Select(instrument.id));
                }
            }
            false
        });
    }
}

fn can_be_found(desk: &Desk, query: &str) -> bool {
    let is_fit = !query.is_empty() && query.chars().count() <= LONGEST;
    is_fit && !query.chars().any(char::is_control) && !desk.growing().is_empty()
}
