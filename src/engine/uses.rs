//! What the window is told of the counted limits: looked at with every tick, told when it differs.

use std::sync::Arc;

use super::{Effect, Engine};
use crate::domain::limits::{Limits, Scope};
use crate::domain::{AccountId, Decimal, InstrumentId, OrderId, Time};
use crate::link::{ScopeUse, Update};
use crate::risk::{Holding, exposure};

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
        let scopes = self.settings.limits.scopes();
        scopes.map(|(scope, own)| self.use_of(scope, own, now)).collect()
    }

    fn use_of(&self, scope: Scope, own: &Limits, now: Time) -> ScopeUse {
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
            exposure: own.max_exposure.and_then(|_| self.exposure_of(is_of)).map(round),
            result_of_day: own.max_loss_per_day.and_then(|_| self.result_of_day(is_of)).map(round),
            lock: self.day.lock_in(&scope, now),
            scope,
        }
    }

    /// What the positions of a scope would be worth, working orders and exits filled.
    fn exposure_of(&self, is_of: impl Fn(&AccountId, InstrumentId) -> bool) -> Option<Decimal> {
        let places = self.places(is_of);
        exposure(places.iter().map(|(account, id)| self.holding(account, *id, OrderId::default())))
    }

    /// What could become of one position, `but` not counted among the orders that work.
    pub(super) fn holding(&self, account: &AccountId, id: InstrumentId, but: OrderId) -> Holding {
        let (pending, exits) = (self.pending(account, id, but), self.exits(account, id, but));
        Holding { net: self.net(account, id), pending: pending.with(exits), unit: self.unit(id) }
    }
}
