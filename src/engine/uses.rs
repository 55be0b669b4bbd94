//! What the window is told of the counted limits: looked at with every tick, told when it differs.

use std::sync::Arc;

use super::{Effect, Engine};
use crate::domain::limits::{Limits, Scope};
use crate::domain::{AccountId, Decimal, InstrumentId, OrderId, Time};
use crate::link::{ScopeUse, Update};
use crate::risk::Holdings;

/// What is told of a result: to the cent, so that not every tick of the market is news.
const CENTS: u32 = 2;

impl Engine {
    pub(super) fn tell_uses(&mut self, now: Time, out: &mut Vec<Effect>) {
        let uses = self.uses(now);
        if self.uses_told != uses {
            self.uses_told = uses;
            out.push(Effect::publish(Update::Uses(Arc::clone(&self.uses_told)), now));
        }
    }

    pub(super) fn uses(&self, now: Time) -> Arc<[ScopeUse]> {
        let limits = &self.settings.limits;
        let holdings = limits.any(|l| l.max_exposure).then(|| self.holdings());
        limits.scopes().map(|(scope, own)| self.use_of(scope, own, holdings.as_ref(), now)).collect()
    }

    fn use_of(&self, scope: Scope, own: &Limits, holdings: Option<&Holdings>, now: Time) -> ScopeUse {
        let key = match &scope {
            Scope::Instrument(key) => self.instruments.iter().find(|i| i.has_key(key)).map(|i| i.id),
            Scope::Profile | Scope::Account(_) => None,
        };
        let is_of = |account: &AccountId, instrument: InstrumentId| match &scope {
            Scope::Profile => true,
            Scope::Account(name) => account.0 == *name,
            Scope::Instrument(_) => key == Some(instrument),
        };
        let working = self.orders.live().filter(|order| is_of(&order.account, order.spec.instrument)).count();
        let minute = self.day.orders_last_minute(now, OrderId::default(), is_of);
        let round = |amount: Decimal| amount.round_dp(CENTS);
        ScopeUse {
            orders_last_minute: u32::try_from(minute).unwrap_or(u32::MAX),
            working_orders: u32::try_from(working).unwrap_or(u32::MAX),
            exposure: own.max_exposure.and(holdings).and_then(|all| all.exposure(is_of)).map(round),
            result_of_day: own.max_loss_per_day.and_then(|_| self.result_of_day(is_of)).map(round),
            lock: self.day.lock_in(&scope, now),
            scope,
        }
    }
}
