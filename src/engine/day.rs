//! What has been used of the limits that count over time: orders of the last minute, the loss of
//! the trading day and the lock that it leads to.
//!
//! The loss of a day is what positions have come to since it began: realised, unrealised and
//! commissions of now, less the same at the day's beginning. The latter is kept
//! ([`DayState`], saved with the engine's state), so that a restart counts on. What was
//! held already when the program met it for the first time in a day begins at the first price
//! that is known of it: what it cost while nobody looked is not counted.
//!
//! A lock stays until the next day begins, whatever the prices do and whoever raises the limit.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{Effect, Engine};
use crate::domain::limits::{DayStart, DayState, Scope, ScopeKind};
use crate::domain::{
    AccountId, Decimal, Instrument, InstrumentId, Money, Order, OrderId, OrderStatus, Origin, Position,
    Price, Time,
};
use crate::link::NoticeLevel;
use crate::risk::Lock;

const MINUTE: Duration = Duration::from_mins(1);
/// Decimals to which results are told: more than any price times any quantity has.
const DIGITS: u32 = 16;
const DAY: Duration = Duration::from_hours(24);

/// The counts of the day.
#[derive(Debug, Default)]
pub(super) struct Day {
    began: Time,
    /// When it ends, as it was when it began: whoever moves the start of the day moves that of the
    /// next one, and no lock is lifted by it.
    ends: Time,
    from: BTreeMap<(AccountId, InstrumentId), Decimal>,
    locks: BTreeMap<Scope, (Money, Money)>,
    /// Of the last minute, oldest first.
    sent: VecDeque<(Time, OrderId, AccountId, InstrumentId)>,
}

impl Day {
    /// As it was saved; what instruments are not listed any more is forgotten.
    pub fn restore(state: &DayState, starts: &DayStart, find: impl Fn(&str) -> Option<InstrumentId>) -> Self {
        let from = state.from.iter();
        Self {
            began: state.began,
            // A file of an older version does not say.
            ends: if state.ends == Time::default() { starts.next(state.began) } else { state.ends },
            from: from
                .filter_map(|(account, key, was)| Some(((account.clone(), find(key)?), *was)))
                .collect(),
            locks: state.locks.iter().map(|(scope, loss, limit)| (scope.clone(), (*loss, *limit))).collect(),
            sent: VecDeque::new(),
        }
    }

    /// To be saved.
    pub fn state(&self, key: impl Fn(InstrumentId) -> Option<String>) -> DayState {
        let from = self.from.iter();
        DayState {
            began: self.began,
            ends: self.ends,
            from: from.filter_map(|((account, id), was)| Some((account.clone(), key(*id)?, *was))).collect(),
            locks: self.locks.iter().map(|(scope, &(loss, limit))| (scope.clone(), loss, limit)).collect(),
        }
    }

    /// Counts an order that goes out.
    pub fn sends(&mut self, order: &Order, now: Time) {
        // At a start they come by id, and a higher id may be of an older order.
        let place = self.sent.partition_point(|(at, ..)| *at <= now);
        self.sent.insert(place, (now, order.id, order.account.clone(), order.spec.instrument));
        while self.sent.front().is_some_and(|(at, ..)| now.since(*at) >= MINUTE) {
            self.sent.pop_front();
        }
    }

    /// Orders that went out within the minute before `now`, `but` not counted: that is the one
    /// in question, which is judged once more when the disk has it.
    pub fn orders_last_minute(
        &self,
        now: Time,
        but: OrderId,
        is_of: impl Fn(&AccountId, InstrumentId) -> bool,
    ) -> usize {
        let newest = self.sent.iter().rev().take_while(|(at, ..)| now.since(*at) < MINUTE);
        newest.filter(|(_, id, account, instrument)| *id != but && is_of(account, *instrument)).count()
    }

    /// Begins the day anew where another has begun; whether anything of that is news.
    pub fn turn(&mut self, starts: &DayStart, now: Time) -> bool {
        let is_another = now >= self.ends;
        // A clock that was set back gives nothing of the day away. But one that was ahead for a moment
        // must not keep a lock shut for as long: what was counted counts until the day ends by the
        // clock as it is now.
        let was_ahead = now + DAY < self.began;
        if was_ahead {
            self.sent.retain(|(at, ..)| *at <= now);
        }
        if is_another || was_ahead {
            self.began = starts.begin(now);
            self.ends = starts.next(now);
        }
        if is_another {
            self.from.clear();
            self.locks.clear();
        }
        is_another || was_ahead
    }

    /// Notes what a position has come to when the day, or our knowledge of it, begins; whether
    /// that is news.
    pub fn meets(&mut self, position: &Position, mark: Option<Price>, multiplier: Decimal) -> bool {
        let place = (position.account.clone(), position.instrument);
        if self.from.contains_key(&place) {
            return false;
        }
        let Some(result) = result(position, mark, multiplier) else { return false };
        self.from.insert(place, result);
        true
    }

    /// What a position has come to since the day began; `None` where that is not known.
    pub fn of(&self, position: &Position, mark: Option<Price>, multiplier: Decimal) -> Option<Decimal> {
        let from = self.from.get(&(position.account.clone(), position.instrument))?;
        result(position, mark, multiplier)?.checked_sub(*from)
    }

    /// Whether a scope is locked for the rest of the day.
    pub fn lock_in(&self, scope: &Scope, now: Time) -> Option<Lock> {
        let &(loss, limit) = self.locks.get(scope).filter(|_| now < self.ends)?;
        Some(Lock { loss, limit, until: self.ends })
    }

    /// Locks a scope; `true` where it was not.
    pub fn lock(&mut self, scope: Scope, loss: Money, limit: Money) -> bool {
        let is_new = !self.locks.contains_key(&scope);
        self.locks.entry(scope).or_insert((loss, limit));
        is_new
    }
}

/// What a position has come to in its life, in its instrument's currency.
fn result(position: &Position, mark: Option<Price>, multiplier: Decimal) -> Option<Decimal> {
    let settled = position.realised.checked_sub(position.commissions)?;
    if position.is_flat() {
        return Some(settled);
    }
    let per_unit = mark?.0.checked_sub(position.average_price)?;
    settled.checked_add(per_unit.checked_mul(position.net)?.checked_mul(multiplier)?)
}

impl Engine {
    /// The result of the day of those positions, in the limits' currency.
    pub(super) fn result_of_day(&self, is_of: impl Fn(&AccountId, InstrumentId) -> bool) -> Option<Decimal> {
        let own = self.positions.values().filter(|p| is_of(&p.account, p.instrument));
        let mut results = own.map(|position| self.result_of(position));
        let sum = results.try_fold(Decimal::ZERO, |sum, of| sum.checked_add(of?))?;
        // An average price is cut off after 28 digits: a loss that is the limit must not fall short of
        // it by what was cut.
        Some(sum.round_dp(DIGITS))
    }

    fn result_of(&self, position: &Position) -> Option<Decimal> {
        let instrument = self.instruments.get(position.instrument.index())?;
        let mark = self.mark(position.instrument);
        let result = self.day.of(position, mark, instrument.multiplier)?;
        if result.is_zero() {
            return Some(result);
        }
        let rate = self.market.worth(instrument.currency, self.settings.limits.currency)?;
        result.checked_mul(rate.amount)
    }

    fn mark(&self, id: InstrumentId) -> Option<Price> {
        self.market.quote(id)?.0.mark()
    }

    /// Whether a scope of an order is locked for the rest of the day.
    pub(super) fn lock_of(&self, kind: ScopeKind, order: &Order, now: Time) -> Option<Lock> {
        if self.day.locks.is_empty() {
            return None;
        }
        let scope = match kind {
            ScopeKind::Profile => Scope::Profile,
            ScopeKind::Account => Scope::Account(order.account.0.clone()),
            ScopeKind::Instrument => {
                Scope::Instrument(self.instruments.get(order.spec.instrument.index())?.key().into())
            }
        };
        self.day.lock_in(&scope, now)
    }
}

/// What the engine must tell the day: each of these where it happens.
impl Engine {
    /// The journal's orders have come back, those that `came`: what of them went out from here in the
    /// last minute counts on.
    pub(super) fn recount_orders(&mut self, came: impl Fn(&Order) -> bool, now: Time) {
        // When an exit that was kept has left is not told: at the latest when it changed last.
        let left_at = |order: &Order| match order.kept.and_then(|kept| kept.entry) {
            Some(_) => order.updated,
            None => order.created,
        };
        let is_recent = |at: Time| at <= now && now.since(at) < MINUTE;
        let is_sent = |order: &&Order| order.origin != Origin::Foreign && order.status != OrderStatus::Kept;
        let counts = |order: &&Order| came(order) && is_sent(order) && is_recent(left_at(order));
        for order in self.orders.all().filter(counts) {
            self.day.sends(order, left_at(order));
        }
    }

    /// At the start, once the catalogue is known.
    pub(super) fn restore_day(&mut self, state: &DayState) {
        let find = |key: &str| self.instruments.iter().find(|i| i.has_key(key)).map(|i| i.id);
        self.day = Day::restore(state, &self.settings.limits.day_start, find);
    }

    /// What is to be saved of the day.
    pub(super) fn day_state(&self) -> DayState {
        self.day.state(|id| self.instruments.get(id.index()).map(|instrument| instrument.key()))
    }

    /// New orders go out, the gate has let them through.
    pub(super) fn day_sends<'a>(&mut self, orders: impl IntoIterator<Item = &'a Order>, now: Time) {
        for order in orders {
            self.day.sends(order, now);
        }
    }

    /// An execution at `price` has come, and the position that it makes is taken over next: what was
    /// there before is where the day begins for it.
    pub(super) fn day_fills(
        &mut self,
        account: &AccountId,
        id: InstrumentId,
        price: Price,
        now: Time,
        out: &mut Vec<Effect>,
    ) {
        // The day first: one that began after this would forget again where it began. Losses are
        // looked at when all of what has come is taken over.
        let mut is_news = self.day_begins(now);
        let Some(instrument) = self.instruments.get(id.index()) else { return };
        let before = self.position_of(account, id).cloned();
        let before = before.unwrap_or_else(|| Position::flat(account.clone(), id));
        let mark = self.mark(id).unwrap_or(price);
        is_news |= self.day.meets(&before, Some(mark), instrument.multiplier);
        if is_news {
            out.push(Effect::Save(self.engine_state()));
        }
    }

    /// [`Self::day_passes`], with what follows from it.
    pub(super) fn pass_day(&mut self, now: Time, out: &mut Vec<Effect>) {
        if self.day_passes(now, out) {
            out.push(Effect::Save(self.engine_state()));
        }
    }

    /// Begins the next day where it is time, and notes where it begins for what is met for the
    /// first time in it. Whether the state is to be saved.
    fn day_begins(&mut self, now: Time) -> bool {
        let mut is_news = self.day.turn(&self.settings.limits.day_start, now);
        for position in self.positions.values() {
            let Some(instrument) = self.instruments.get(position.instrument.index()) else { continue };
            let mark = self.market.quote(position.instrument).and_then(|(quote, _)| quote.mark());
            is_news |= self.day.meets(position, mark, instrument.multiplier);
        }
        is_news
    }

    /// Time has passed, or positions have changed: begins the next day, locks what has lost too
    /// much, and tells so. Whether the state is to be saved.
    pub(super) fn day_passes(&mut self, now: Time, out: &mut Vec<Effect>) -> bool {
        let mut is_news = self.day_begins(now);
        let losses = self.losses();
        for (scope, loss, limit) in losses {
            if self.day.lock(scope.clone(), loss, limit) {
                let text = format!(
                    "The loss of the day of {scope} is {loss}, its limit is {limit}: nothing is opened before the \
                     next trading day"
                );
                self.note(NoticeLevel::Error, text, now, out);
                is_news = true;
            }
        }
        is_news
    }

    /// Scopes whose loss has reached its limit, with loss and limit.
    fn losses(&self) -> Vec<(Scope, Money, Money)> {
        let limits = &self.settings.limits;
        let mut found = Vec::new();
        for (scope, own) in limits.scopes() {
            let Some(limit) = own.max_loss_per_day else { continue };
            let is_of = |account: &AccountId, id: InstrumentId| match &scope {
                Scope::Profile => true,
                Scope::Account(name) => account.0 == *name,
                Scope::Instrument(key) => self
                    .instruments
                    .get(id.index())
                    .is_some_and(|i: &std::sync::Arc<Instrument>| i.has_key(key)),
            };
            let money = |amount| Money { amount, currency: limits.currency };
            if let Some(result) = self.result_of_day(is_of)
                && -result >= limit
            {
                found.push((scope, money(-result), money(limit)));
            }
        }
        found
    }
}

#[cfg(test)]
mod tests;
