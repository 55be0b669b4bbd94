//! Whether an account may be traded: of the profile's kind at all, and armed where its money is
//! real.
//!
//! A profile is for paper accounts or for live ones. A broker whose accounts are of the other kind,
//! or of a kind that nobody can tell, is left at once: its session ends before any order could
//! be sent to it, and in this run none will be. A live account of a live profile begins each run
//! unarmed: what reduces risk works, what opens it waits until the trader has typed the
//! account's id.

use std::sync::Arc;

use super::{Effect, Engine, Outcome};
use crate::broker::BrokerRequest;
use crate::domain::{Account, AccountId, AccountKind, BrokerId, Instrument, Order, Time, counted};
use crate::link::update::Refused;
use crate::link::{NoticeLevel, Update};

impl Engine {
    /// Whether orders of an account may open positions.
    pub(super) fn is_armed(&self, broker: BrokerId, account: &AccountId) -> bool {
        let place = (broker, account.clone());
        let is_paper = self.accounts.get(&place).is_some_and(|account| account.kind == AccountKind::Paper);
        is_paper || self.armed.contains(&place)
    }

    /// Why no order is sent for an account: its broker has told of accounts in this session, and it
    /// is none of them. Whoever logs in elsewhere must not trade there what was meant for here.
    pub(super) fn why_not_of_session(&self, broker: BrokerId, account: &AccountId) -> Option<String> {
        let has_told = self.accounts.keys().any(|(of, _)| *of == broker);
        let is_other = has_told && !self.accounts.contains_key(&(broker, account.clone()));
        let name = &self.brokers[usize::from(broker.0)].connection.name;
        is_other.then(|| format!("{name} does not tell of account {account} in this session"))
    }

    /// Whether an order can be entered for an account.
    ///
    /// # Errors
    /// When its broker does not have it, or has not told of any yet. No other is taken instead.
    pub(super) fn check_account(&self, instrument: &Instrument, account: &AccountId) -> Result<(), Refused> {
        if let Some(why) = self.why_not_of_session(instrument.broker, account) {
            return Err(Refused(format!("{why}: nothing was sent. Choose one of its accounts").into()));
        }
        if !self.accounts.contains_key(&(instrument.broker, account.clone())) {
            let text = "The broker has not reported an account yet: wait until it is ready";
            return Err(Refused(text.into()));
        }
        Ok(())
    }

    pub(super) fn armed_accounts(&self) -> Arc<[(BrokerId, AccountId)]> {
        self.armed.iter().cloned().collect()
    }

    pub(super) fn arm(
        &mut self,
        broker: BrokerId,
        id: &AccountId,
        typed: &str,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        let Some(account) = self.accounts.get(&(broker, id.clone())) else {
            return Err(Refused(format!("There is no account {id}").into()));
        };
        if account.kind == AccountKind::Paper {
            return Err(Refused(format!("Account {id} is one of paper: it needs no arming").into()));
        }
        if typed.trim() != &*id.0 {
            let text = format!("Not armed: type the account's id, {id}, exactly as it stands");
            return Err(Refused(text.into()));
        }
        self.armed.insert((broker, id.clone()));
        out.push(Effect::publish(Update::Armed(self.armed_accounts()), now));
        let text = format!("Account {id} is armed: orders for it trade real money until Pitdesk is closed");
        self.note(NoticeLevel::Warning, text, now, out);
        Ok(None)
    }

    pub(super) fn disarm(
        &mut self,
        broker: BrokerId,
        id: &AccountId,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> Outcome {
        if !self.armed.remove(&(broker, id.clone())) {
            return Err(Refused(format!("Account {id} is not armed").into()));
        }
        out.push(Effect::publish(Update::Armed(self.armed_accounts()), now));
        let is_its = |o: &&Order| o.broker == broker && o.account == *id;
        let working = match self.orders.live().filter(is_its).count() {
            0 => String::new(),
            count => format!(". {} on working", counted(count, "order of it goes", "orders of it go")),
        };
        let text = format!(
            "Account {id} is not armed any more: positions can be closed, none can be opened{working}"
        );
        self.note(NoticeLevel::Info, text, now, out);
        Ok(None)
    }

    /// A session has begun that does not have the accounts of an earlier one: what was armed there
    /// is not armed here.
    pub(super) fn disarm_others(
        &mut self,
        broker: BrokerId,
        is_here: impl Fn(&AccountId) -> bool,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        let before = self.armed.len();
        self.armed.retain(|(b, account)| *b != broker || is_here(account));
        if self.armed.len() < before {
            out.push(Effect::publish(Update::Armed(self.armed_accounts()), now));
        }
    }

    /// Whether all accounts are of the profile's kind. Where one is not, the broker is left, and
    /// nothing is taken over of what it said.
    pub(super) fn are_of_the_profile<'a>(
        &mut self,
        broker: BrokerId,
        accounts: impl IntoIterator<Item = &'a Arc<Account>>,
        now: Time,
        out: &mut Vec<Effect>,
    ) -> bool {
        let wanted = self.settings.account_kind;
        let line = &mut self.brokers[usize::from(broker.0)];
        if line.barred.is_some() {
            return false;
        }
        let rule = line.facts.accounts;
        let is_right = |account: &Account| {
            // What the broker reports must not contradict its own ids, either.
            rule.kind_of(account) == Some(wanted) && account.kind == wanted
        };
        let Some(wrong) = accounts.into_iter().find(|account| !is_right(account)) else { return true };
        let told = rule.kind_of(wrong).filter(|_| rule.kind_of(wrong) == Some(wrong.kind));
        let is = told.map_or("of a kind that cannot be told for certain".to_owned(), |kind| {
            format!("a {} account", kind.label())
        });
        let text = format!(
            "Account {} is {is}, and this profile is for {} accounts: nothing was sent. Start Pitdesk with a \
             profile for such accounts, or log in to the other account",
            wrong.id,
            wanted.label(),
        );
        line.barred = Some(text.as_str().into());
        out.push(Effect::Request(broker, BrokerRequest::Disconnect));
        self.show_connection(broker, now, out);
        self.note(NoticeLevel::Error, text, now, out);
        false
    }
}
