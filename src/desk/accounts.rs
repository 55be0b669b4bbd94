//! Which accounts there are, and for which of them orders are entered.
//!
//! Where a broker has one account, it is that one, and no other of a later login in its place. Where it
//! has several, it is the one that the
//! trader has chosen, and until then none: no order may go for an account only because its name
//! comes first. One that was chosen and is not there any more is not replaced by another, either.

use std::sync::Arc;

use super::Desk;
use crate::domain::{Account, AccountId, AccountKind, BrokerId, Position};

/// Why orders are entered for no account of a broker now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAccount {
    /// The broker has told of none yet.
    #[error("The broker has not reported an account yet: wait until it is ready")]
    NotTold,
    /// It has several, and nobody has said which is meant.
    #[error("The broker has several accounts: choose the one that orders are entered for")]
    NotChosen,
    /// It has others, but not the one that is meant.
    #[error("The broker does not tell of account {0} in this session: choose one that is here")]
    Gone(AccountId),
}

impl Desk {
    /// An account is so now.
    pub(super) fn take_account(&mut self, account: Arc<Account>) {
        let known = self.accounts.iter_mut().find(|a| a.id == account.id && a.broker == account.broker);
        // A result that moves with the market says nothing of the cash.
        let is_result_alone = known
            .as_ref()
            .is_some_and(|known| known.reported != account.reported && known.balances == account.balances);
        if !is_result_alone {
            self.cash_told.insert((account.broker, account.id.clone()), self.now);
        }
        match known {
            Some(known) => *known = account,
            None => self.accounts.push(account),
        }
        self.meet_accounts();
    }

    /// Accounts, in the order in which they were reported.
    #[must_use]
    pub fn accounts(&self) -> &[Arc<Account>] {
        &self.accounts
    }

    /// The accounts of one broker.
    pub fn accounts_of(&self, broker: BrokerId) -> impl Iterator<Item = &Arc<Account>> {
        self.accounts.iter().filter(move |account| account.broker == broker)
    }

    /// One account.
    ///
    /// # Errors
    /// When its broker does not tell of it.
    pub fn account(&self, broker: BrokerId, id: &AccountId) -> Result<&Arc<Account>, NoAccount> {
        let found = self.accounts_of(broker).find(|account| account.id == *id);
        found.ok_or_else(|| NoAccount::Gone(id.clone()))
    }

    /// Whether an account must be named for a trader to know which is meant: its broker has others.
    #[must_use]
    pub fn has_others(&self, broker: BrokerId, account: &AccountId) -> bool {
        self.accounts_of(broker).any(|other| other.id != *account)
    }

    /// Whether orders that open positions go out for an account: always for a paper account, for
    /// a live one once it is armed.
    #[must_use]
    pub fn is_armed(&self, account: &Account) -> bool {
        let is_it = |(broker, id): &(BrokerId, AccountId)| *broker == account.broker && *id == account.id;
        account.kind == AccountKind::Paper || self.armed.iter().any(is_it)
    }

    /// How many orders are cancelled before a position is closed or reversed.
    #[must_use]
    pub fn cancelled_first(&self, position: &Position) -> usize {
        self.blotter.guards_of(position, self.is_account_armed(position)).count()
    }

    /// How many orders against a position a close or reverse of it leaves working, to open one later.
    #[must_use]
    pub fn left_working(&self, position: &Position) -> usize {
        self.blotter.left_beside(position, self.is_account_armed(position)).count()
    }

    fn is_account_armed(&self, position: &Position) -> bool {
        let broker = self.instrument(position.instrument).map(|instrument| instrument.broker);
        let account = broker.and_then(|broker| self.account(broker, &position.account).ok());
        account.is_none_or(|account| self.is_armed(account))
    }

    /// The account that orders of this broker are entered for.
    ///
    /// # Errors
    /// When there is none, or it is not clear which is meant.
    pub fn entry_account(&self, broker: BrokerId) -> Result<&Arc<Account>, NoAccount> {
        let mut own = self.accounts_of(broker);
        let first = own.next().ok_or(NoAccount::NotTold)?;
        match (self.chosen_accounts.get(&broker), own.next()) {
            (Some(chosen), _) => self.account(broker, chosen),
            (None, None) => match self.sole_accounts.get(&broker) {
                Some(sole) => self.account(broker, sole),
                None => Ok(first),
            },
            (None, Some(_)) => Err(NoAccount::NotChosen),
        }
    }

    /// Accounts have come: the only one of a broker is the one that is meant in this run.
    pub(super) fn meet_accounts(&mut self) {
        for Account { broker, id, .. } in self.accounts.iter().map(|account| &**account) {
            let mut own = self.accounts.iter().filter(|other| other.broker == *broker);
            if own.all(|other| other.id == *id) {
                self.sole_accounts.entry(*broker).or_insert_with(|| id.clone());
            }
        }
    }

    /// Enters orders of a broker for this account from now on.
    pub fn choose_account(&mut self, broker: BrokerId, account: AccountId) {
        self.one_click.disarm();
        self.chosen_accounts.insert(broker, account);
    }

    /// The account that was chosen for a broker's orders, whether it is there or not.
    #[must_use]
    pub fn chosen_account(&self, broker: BrokerId) -> Option<&AccountId> {
        self.chosen_accounts.get(&broker)
    }
}
