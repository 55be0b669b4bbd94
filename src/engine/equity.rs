//! What accounts are worth: one value a minute, as long as it is beyond doubt.
//!
//! It is taken here and not in the window, for it goes on while the window is hidden or hangs; what is held and the
//! pairs that convert are always watched ([`super::watching`]). A minute without a value, because the books are not
//! compared, a price is missing or old, or cash is yet to follow a fill, is a gap.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Effect, Engine, SaveJob};
use crate::domain::time::MINUTE;
use crate::domain::{Account, AccountId, BrokerId, Decimal, InstrumentId, Money, Position, Time};
use crate::link::Update;
use crate::market::equity::{Curves, Sample};
use crate::market::freshness::Freshness;
use crate::market::valuation::{Rates, sure_equity};

/// The curves of the accounts, with what must be known to go on with them.
pub(super) struct Equity {
    curves: Arc<Curves>,
    is_kept: bool,
    /// The minute of each account's newest value of this run.
    sampled: BTreeMap<AccountId, i64>,
    /// Accounts that had a fill and whose broker has not told their cash since.
    unsettled: BTreeSet<AccountId>,
}

impl Equity {
    /// Goes on with what was kept; `None` where nothing is.
    pub fn new(kept: Option<Curves>) -> Self {
        let is_kept = kept.is_some();
        Self {
            curves: Arc::new(kept.unwrap_or_default()),
            is_kept,
            sampled: BTreeMap::new(),
            unsettled: BTreeSet::new(),
        }
    }

    /// The curves up to now.
    pub fn curves(&self) -> &Arc<Curves> {
        &self.curves
    }

    /// An account's position has changed: its cash follows.
    pub fn filled(&mut self, account: &AccountId) {
        self.unsettled.insert(account.clone());
    }

    /// An account was told; `before` is how it was known.
    pub fn told(&mut self, account: &Account, before: Option<&Account>) {
        // A result that moves with the market says nothing of the cash.
        let is_result_alone = before
            .is_some_and(|known| known.reported != account.reported && known.balances == account.balances);
        if !is_result_alone {
            self.unsettled.remove(&account.id);
        }
    }

    /// Adds a value of this minute.
    fn add(&mut self, account: &AccountId, equity: Money, now: Time) -> Sample {
        let minute = minute_of(now);
        let follows = self.sampled.insert(account.clone(), minute) == Some(minute - 1);
        let sample = Sample { time: now, equity, follows };
        Arc::make_mut(&mut self.curves).add(account, sample);
        sample
    }
}

fn minute_of(time: Time) -> i64 {
    time.0.div_euclid(MINUTE)
}

impl Engine {
    /// Takes the value of each account that has none in this minute and is worth something for sure.
    pub(super) fn sample_equity(&mut self, now: Time, out: &mut Vec<Effect>) {
        let minute = Some(minute_of(now));
        let is_due = |account: &&Arc<Account>| {
            let line = &self.brokers[usize::from(account.broker.0)];
            let is_settled = account.reported.is_some() || !self.equity.unsettled.contains(&account.id);
            let is_synced = line.is_reconciled && line.connection.state.is_up();
            self.equity.sampled.get(&account.id).copied() != minute && is_synced && is_settled
        };
        let due: Vec<Arc<Account>> = self.accounts.values().filter(is_due).cloned().collect();
        if due.is_empty() {
            return;
        }
        let base = self.settings.base_currency;
        let rates = self.market.rates_into(base);
        let positions: Vec<Position> = self.positions.values().filter(|p| !p.is_flat()).cloned().collect();
        let mut taken = Vec::new();
        for account in due {
            let Some(amount) = self.equity_of(&account, &positions, &rates, now) else { continue };
            let sample = self.equity.add(&account.id, Money { amount, currency: base }, now);
            out.push(Effect::publish(Update::Equity(account.id.clone(), sample), now));
            taken.push((account.id.clone(), sample));
        }
        if self.equity.is_kept && !taken.is_empty() {
            out.push(Effect::Save(SaveJob::Equity(taken)));
        }
    }

    fn equity_of(&self, account: &Account, held: &[Position], rates: &Rates, now: Time) -> Option<Decimal> {
        let mark = |id| self.market.quote(id)?.0.mark();
        sure_equity(account, held, mark, |id| self.is_stale(id, now), &self.instruments, rates)
    }

    /// Whether what is known of a price is no longer fed.
    fn is_stale(&self, id: InstrumentId, now: Time) -> bool {
        let Some(instrument) = self.instruments.get(id.index()) else { return false };
        let Some((quote, confirmed)) = self.market.quote(id) else { return false };
        let BrokerId(broker) = instrument.broker;
        let is_ready = self.brokers[usize::from(broker)].connection.state.takes_orders();
        let most = self.settings.limits.quote_age(instrument);
        Freshness::of(quote, now.since(confirmed), most, is_ready) == Freshness::Stale
    }
}
