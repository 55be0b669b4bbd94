//! How accounts have changed since they were saved: little, because ended orders and fills are
//! only ever added, so that a change holds the new ones, next to what lives and what is held now.
//!
//! For whoever writes down an exchange after each step. A [`Mark`] says how far that was done; the
//! changes since, applied one after the other to an [`AccountState`], make [`super::Exchange::save`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::{AccountId, Money};

use super::Exchange;
use super::ledger::Stranger;
use super::orders::MEMORY;
use super::state::{AccountState, SavedAccount, SavedFill, SavedOrder, SavedPosition};

/// How much of each account's past has been saved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mark(BTreeMap<AccountId, Counts>);

/// How many there have ever been.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Counts {
    past: usize,
    fills: usize,
}

impl Mark {
    /// Of an exchange that was restored from `state`, or to be: what is in it is saved.
    #[must_use]
    pub fn of(state: &AccountState) -> Self {
        let counts = |saved: &SavedAccount| Counts { past: saved.past.len(), fills: saved.fills.len() };
        Self(state.accounts.iter().map(|saved| (saved.account.clone(), counts(saved))).collect())
    }
}

/// One account, from one state to a later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountChange {
    account: AccountId,
    cash: Vec<Money>,
    positions: Vec<SavedPosition>,
    working: Vec<SavedOrder>,
    past: Tail<SavedOrder>,
    fills: Tail<SavedFill>,
}

/// A list that grows at its end and forgets at its beginning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tail<T> {
    forgotten: usize,
    added: Vec<T>,
}

/// A change that does not follow on what it is applied to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a change does not follow on the state before it")]
pub struct DoesNotFollow;

impl<T> Tail<T> {
    /// From when there had been `before` to now, when there have been `now`; `newest` gives the
    /// last so many.
    fn since(before: usize, now: usize, newest: impl FnOnce(usize) -> Vec<T>) -> Self {
        let (had, has) = (before.min(MEMORY), now.min(MEMORY));
        // A mark of another exchange: all of it anew.
        let new = now.checked_sub(before).map_or(has, |new| new.min(MEMORY));
        let forgotten = if before > now { had } else { had + new - has };
        Self { forgotten, added: newest(new) }
    }

    fn apply(self, list: &mut Vec<T>) -> Result<(), DoesNotFollow> {
        if self.forgotten > list.len() {
            return Err(DoesNotFollow);
        }
        list.drain(..self.forgotten);
        list.extend(self.added);
        Ok(())
    }
}

impl Exchange {
    /// What leads from the state that `mark` stands for to this one, where it stands then.
    pub fn changes_since(&self, mark: &mut Mark) -> Vec<AccountChange> {
        let own = (0..self.ledgers.len()).map(|index| {
            let ledger = &self.ledgers[index];
            let counts = Counts {
                past: ledger.unlisted.past.len() + self.orders.ended_ever(index),
                fills: ledger.unlisted.fills.len() + ledger.filled_ever,
            };
            let before = mark.0.insert(ledger.id.clone(), counts).unwrap_or_default();
            AccountChange {
                account: ledger.id.clone(),
                cash: ledger.cash.clone(),
                positions: self.save_positions(index),
                working: self.save_working(index),
                past: Tail::since(before.past, counts.past, |count| self.save_past(index, count)),
                fills: Tail::since(before.fills, counts.fills, |count| self.save_fills(index, count)),
            }
        });
        let mut changes: Vec<AccountChange> = own.collect();
        // They never change; but who takes a change over keeps the accounts that are in it.
        for stranger in &self.strangers {
            let SavedAccount { account, cash, positions, working, past, fills } = stranger.clone();
            let counts = Counts { past: past.len(), fills: fills.len() };
            let before = mark.0.insert(account.clone(), counts).unwrap_or_default();
            let past = Tail::since(before.past, counts.past, |count| newest(past, count));
            let fills = Tail::since(before.fills, counts.fills, |count| newest(fills, count));
            changes.push(AccountChange { account, cash, positions, working, past, fills });
        }
        changes
    }

    /// Number of the next execution.
    #[must_use]
    pub fn next_exec(&self) -> u64 {
        self.next_exec
    }
}

impl AccountState {
    /// Takes changes over, as [`Exchange::changes_since`] has told them.
    ///
    /// # Errors
    /// When they are not of this state; it is then of no use any more.
    pub fn apply(&mut self, next_exec: u64, changes: Vec<AccountChange>) -> Result<(), DoesNotFollow> {
        if next_exec < self.next_exec {
            return Err(DoesNotFollow);
        }
        self.next_exec = next_exec;
        let mut before = std::mem::take(&mut self.accounts);
        for change in changes {
            let AccountChange { account, cash, positions, working, past, fills } = change;
            let old = before.iter().position(|old| old.account == account).map(|at| before.swap_remove(at));
            let (mut all_past, mut all_fills) = old.map(|old| (old.past, old.fills)).unwrap_or_default();
            past.apply(&mut all_past)?;
            fills.apply(&mut all_fills)?;
            let (past, fills) = (all_past, all_fills);
            self.accounts.push(SavedAccount { account, cash, positions, working, past, fills });
        }
        Ok(())
    }
}

/// The last `count` of a list that is kept in two: the end of what is listed, of which there have
/// been `ever` in all, and strangers among them. Each has the place that it got at first, so that
/// the whole still only grows at its end.
pub(super) fn newest_of_both<T: Clone>(
    own: Vec<T>,
    ever: usize,
    strangers: &[Stranger<T>],
    count: usize,
) -> Vec<T> {
    let first = ever.saturating_sub(own.len()) + 1;
    let mut own = (first..).zip(own).peekable();
    let mut all = Vec::new();
    for stranger in &strangers[strangers.len().saturating_sub(count)..] {
        while let Some((_, before)) = own.next_if(|(number, _)| *number <= stranger.behind) {
            all.push(before);
        }
        all.push(stranger.what.clone());
    }
    all.extend(own.map(|(_, last)| last));
    newest(all, count)
}

/// The last so many of a list that is oldest first.
fn newest<T>(mut list: Vec<T>, count: usize) -> Vec<T> {
    list.drain(..list.len().saturating_sub(count));
    list
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_tail_leads_from_one_list_to_the_other(
            before in 0..3 * MEMORY, more in 0..2 * MEMORY, other in proptest::option::weighted(0.2, 0..2 * MEMORY),
        ) {
            let now = other.unwrap_or(before + more);
            let remembered = |ever: usize| (ever.saturating_sub(MEMORY)..ever).collect::<Vec<usize>>();
            let tail = Tail::since(before, now, |count| newest(remembered(now), count));
            if now >= before {
                prop_assert_eq!(tail.added.len(), (now - before).min(MEMORY), "only what is new is written");
            }
            let mut list = remembered(before);
            tail.apply(&mut list).unwrap();
            prop_assert_eq!(list, remembered(now));
        }
    }
}
