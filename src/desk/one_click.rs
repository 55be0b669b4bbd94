//! One-click trading: whether a click on a price sends an order without a question.
//!
//! Off until the trader arms it, for one account, in this run. Whatever makes it doubtful what a click would
//! do takes it back: another account is chosen, the kill switch is locked, the engine is gone.

use super::Desk;
use crate::domain::{Account, AccountId, BrokerId, Instrument};

/// The account that clicks trade for; `None` while they do not.
#[derive(Debug, Default)]
pub(super) struct OneClick {
    armed: Option<(BrokerId, AccountId)>,
}

impl OneClick {
    pub fn disarm(&mut self) {
        self.armed = None;
    }
}

impl Desk {
    /// From now on a click on a price of this account's broker sends.
    pub fn arm_one_click(&mut self, account: &Account) {
        let can_trade = self.stopped.is_none() && !self.kill.is_locked();
        self.one_click.armed = can_trade.then(|| (account.broker, account.id.clone()));
    }

    /// No click sends any more.
    pub fn disarm_one_click(&mut self) {
        self.one_click.disarm();
    }

    /// The account that clicks trade for, while it is that of entry.
    #[must_use]
    pub fn one_click(&self) -> Option<&Account> {
        let (broker, id) = self.one_click.armed.as_ref()?;
        self.entry_account(*broker).ok().map(|account| &**account).filter(|account| account.id == *id)
    }

    /// Whether a click on a price of this instrument sends.
    #[must_use]
    pub fn is_one_click(&self, instrument: &Instrument) -> bool {
        self.one_click().is_some_and(|account| account.broker == instrument.broker)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_off_until_it_is_armed_and_again_without_an_account() {
        let mut desk = Desk::default();
        assert!(desk.one_click().is_none());
        desk.one_click.armed = Some((BrokerId(0), AccountId("U1".into())));
        assert!(desk.one_click().is_none(), "no such account is here");
    }
}
