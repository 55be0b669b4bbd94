//! What an exchange must not forget, and how it changed since it was last written down.
//!
//! Whoever runs a [`super::ServerCore`] puts each [`Change`] on the disk before the client hears
//! of anything that is in it. A change is small: ended orders and fills are only ever added, so
//! that it holds the new ones, next to what lives and what is held now.

use serde::{Deserialize, Serialize};

use super::ids::IdSet;
use crate::domain::{AccountId, Money};
use crate::exchange::{AccountState, SavedAccount, SavedFill, SavedOrder, SavedPosition};

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

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountChange {
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

impl<T: Clone + PartialEq> Tail<T> {
    fn between(before: &[T], after: &[T]) -> Self {
        // What is kept ends with what was last: it is found from the end, where it is.
        let kept =
            before.last().and_then(|last| after.iter().rposition(|item| item == last)).map_or(0, |at| at + 1);
        let kept = if kept <= before.len() && before.ends_with(&after[..kept]) { kept } else { 0 };
        Self { forgotten: before.len() - kept, added: after[kept..].to_vec() }
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

impl Saved {
    /// What leads from here to `after`.
    #[must_use]
    pub fn change_to(&self, after: &Self) -> Change {
        let account_change = |new: &SavedAccount| {
            let old = self.accounts.accounts.iter().find(|old| old.account == new.account);
            let (past, fills) = old.map_or((&[][..], &[][..]), |old| (&old.past, &old.fills));
            AccountChange {
                account: new.account.clone(),
                cash: new.cash.clone(),
                positions: new.positions.clone(),
                working: new.working.clone(),
                past: Tail::between(past, &new.past),
                fills: Tail::between(fills, &new.fills),
            }
        };
        Change {
            event: after.event,
            session: after.session,
            ids: after.ids.clone(),
            next_exec: after.accounts.next_exec,
            accounts: after.accounts.accounts.iter().map(account_change).collect(),
        }
    }

    /// Takes a change over.
    ///
    /// # Errors
    /// When it is not of this state; it is then of no use any more.
    pub fn apply(&mut self, change: Change) -> Result<(), DoesNotFollow> {
        let Change { event, session, ids, next_exec, accounts } = change;
        if event < self.event || session < self.session || next_exec < self.accounts.next_exec {
            return Err(DoesNotFollow);
        }
        (self.event, self.session, self.ids) = (event, session, ids);
        self.accounts.next_exec = next_exec;
        let mut before = std::mem::take(&mut self.accounts.accounts);
        for change in accounts {
            let AccountChange { account, cash, positions, working, past, fills } = change;
            let old = before.iter().position(|old| old.account == account).map(|at| before.swap_remove(at));
            let (mut all_past, mut all_fills) = old.map(|old| (old.past, old.fills)).unwrap_or_default();
            past.apply(&mut all_past)?;
            fills.apply(&mut all_fills)?;
            let (past, fills) = (all_past, all_fills);
            self.accounts.accounts.push(SavedAccount { account, cash, positions, working, past, fills });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_tail_leads_from_one_list_to_the_other(
            start in 0u32..5, length in 0u32..8, more in 0u32..8, memory in 1usize..8, other in any::<bool>(),
        ) {
            let before: Vec<u32> = (start..start + length).collect();
            let mut after: Vec<u32> = if other { (20..20 + more).collect() } else { (start..start + length + more).collect() };
            after.drain(..after.len().saturating_sub(memory));
            let tail = Tail::between(&before, &after);
            if !other && memory as u32 > more && length > 0 {
                prop_assert_eq!(tail.added.len(), more as usize, "only what is new is written");
            }
            let mut list = before;
            tail.apply(&mut list).unwrap();
            prop_assert_eq!(list, after);
        }
    }
}
