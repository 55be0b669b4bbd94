//! What an exchange must not forget, and how it changed since it was last written down.
//!
//! Whoever runs a [`PaperVenue`] for somebody puts each [`Change`] on the disk before anybody
//! hears of what is in it: a process of its own does so with its log, this program by its
//! own keeper.

use serde::{Deserialize, Serialize};

use super::ids::IdSet;
use super::venue::PaperVenue;
use crate::broker::contract::Books;
use crate::domain::Time;
use crate::exchange::{AccountChange, AccountState, DoesNotFollow, Mark};

/// All that an exchange knows of its accounts.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    /// Number of the last event that the account's client was to be told of.
    pub event: u64,
    /// Number of the last session.
    pub session: u64,
    /// Every order id it has ever had.
    pub ids: IdSet,
    /// The accounts.
    pub accounts: AccountState,
}

/// From one [`Saved`] to a later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    event: u64,
    session: u64,
    ids: IdSet,
    next_exec: u64,
    accounts: Vec<AccountChange>,
}

impl Saved {
    /// Takes a change over.
    ///
    /// # Errors
    /// When it is not of this state; it is then of no use any more.
    pub fn apply(&mut self, change: Change) -> Result<(), DoesNotFollow> {
        let Change { event, session, ids, next_exec, accounts } = change;
        if event < self.event || session < self.session {
            return Err(DoesNotFollow);
        }
        (self.event, self.session, self.ids) = (event, session, ids);
        self.accounts.apply(next_exec, accounts)
    }
}

impl From<AccountState> for Saved {
    /// Accounts of the time when they alone were saved.
    fn from(accounts: AccountState) -> Self {
        let mut ids = IdSet::default();
        for order in accounts.accounts.iter().flat_map(|saved| saved.working.iter().chain(&saved.past)) {
            ids.insert(order.id);
        }
        Self { ids, accounts, ..Self::default() }
    }
}

/// How far an exchange was written down.
#[derive(Debug)]
pub(super) struct Record {
    /// Number of the last event that the account's client was to be told of.
    pub event: u64,
    /// Number of the last session.
    pub session: u64,
    mark: Mark,
    is_changed: bool,
}

impl Record {
    /// Of `venue`, which takes over what was saved; and the books as they were saved. What the
    /// taking over itself brings about (an order whose time ran out) is news.
    pub fn begin(venue: &mut PaperVenue, saved: &Saved, now: Time) -> (Self, Books) {
        let books = if saved.accounts.accounts.is_empty() {
            venue.books()
        } else {
            venue.restore(saved.accounts.clone(), saved.ids.clone(), now)
        };
        let mark = Mark::of(&saved.accounts);
        let mut record = Self { event: saved.event, session: saved.session, mark, is_changed: false };
        record.is_changed = record.snapshot(venue) != *saved;
        (record, books)
    }

    /// There is something to write down.
    pub fn touch(&mut self) {
        self.is_changed = true;
    }

    /// What has become of `venue` since the last call; `None` where nothing has.
    pub fn unsaved(&mut self, venue: &PaperVenue) -> Option<Change> {
        if !std::mem::take(&mut self.is_changed) {
            return None;
        }
        let (next_exec, accounts) = venue.changes_since(&mut self.mark);
        let (event, session, ids) = (self.event, self.session, venue.ids().clone());
        Some(Change { event, session, ids, next_exec, accounts })
    }

    /// All of it.
    pub fn snapshot(&self, venue: &PaperVenue) -> Saved {
        let (event, session) = (self.event, self.session);
        Saved { event, session, ids: venue.ids().clone(), accounts: venue.accounts() }
    }
}
