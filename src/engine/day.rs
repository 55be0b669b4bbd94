//! What has been used of the limits that count over time: orders of the last minute, the loss of
//! the trading day and the lock that it leads to.
//!
//! The loss of a day is what positions have come to since it began ([`place`]): realised, unrealised
//! and commissions. What they were worth then is kept ([`DayState`], saved with the engine's state) and
//! executions stand in the journal, so that a restart counts on, whatever its broker remembers. What was
//! held already when the program met it for the first time in a day begins at the first price
//! that is known of it: what it cost while nobody looked is not counted.
//!
//! A lock stays until the next day begins, whatever the prices do and whoever raises the limit.

mod place;

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::{Effect, Engine};
use crate::domain::limits::{DayStart, DayState, PlaceState, Scope, ScopeKind};
use crate::domain::{
    AccountId, Decimal, Fill, Instrument, InstrumentId, Money, Order, OrderId, OrderStatus, Origin, Price,
    Seq, Time,
};
use crate::link::NoticeLevel;
use crate::risk::Lock;
use place::Place;

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
    places: BTreeMap<(AccountId, InstrumentId), Place>,
    /// Of instruments that are not listed, until they are.
    unlisted: Vec<PlaceState>,
    locks: BTreeMap<Scope, (Money, Money)>,
    /// Of the last minute, oldest first.
    sent: VecDeque<(Time, OrderId, AccountId, InstrumentId)>,
}

impl Day {
    /// As it was saved, of instruments that are yet to be listed.
    pub fn restore(state: &DayState, starts: &DayStart) -> Self {
        Self {
            began: state.began,
            // A file of an older version does not say.
            ends: if state.ends == Time::default() { starts.next(state.began) } else { state.ends },
            places: BTreeMap::new(),
            unlisted: state.places.clone(),
            locks: state.locks.iter().map(|(scope, loss, limit)| (scope.clone(), (*loss, *limit))).collect(),
            sent: VecDeque::new(),
        }
    }

    /// An instrument is listed: what was saved of it counts on, with those of its executions `booked` in
    /// the journal since.
    pub fn list(&mut self, instrument: &Instrument, booked: &[(Seq, &Fill)]) {
        for saved in self.unlisted.extract_if(.., |saved| instrument.has_key(&saved.instrument)) {
            let mut place = Place::restore(&saved);
            let is_its = |fill: &Fill| fill.account == saved.account && fill.instrument == instrument.id;
            for (_, fill) in booked.iter().filter(|(seq, fill)| *seq >= saved.since && is_its(fill)) {
                place.books(fill, instrument.multiplier);
            }
            self.places.insert((saved.account, instrument.id), place);
        }
    }

    /// To be saved.
    pub fn state(&self, key: impl Fn(InstrumentId) -> Option<String>) -> DayState {
        let listed = self.places.iter().filter_map(|((account, id), of)| Some(of.state(account, key(*id)?)));
        DayState {
            began: self.began,
            ends: self.ends,
            places: listed.chain(self.unlisted.iter().cloned()).collect(),
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
            self.places.clear();
            self.unlisted.clear();
            self.locks.clear();
        }
        is_another || was_ahead
    }

    /// Notes how a position of `net` units stands when the day, or our knowledge of it, begins: with the
    /// journal's record `next`. Whether that is news.
    pub fn meets(
        &mut self,
        key: (AccountId, InstrumentId),
        net: Decimal,
        mark: Option<Price>,
        multiplier: Decimal,
        next: Seq,
    ) -> bool {
        let Entry::Vacant(unknown) = self.places.entry(key) else { return false };
        let Some(place) = Place::begin(net, mark, multiplier, next) else { return false };
        unknown.insert(place);
        true
    }

    /// A position in the day, once it was met.
    fn place(&mut self, account: &AccountId, id: InstrumentId) -> Option<&mut Place> {
        self.places.get_mut(&(account.clone(), id))
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

impl Engine {
    /// The result of the day of those positions, in the limits' currency.
    pub(super) fn result_of_day(&self, is_of: impl Fn(&AccountId, InstrumentId) -> bool) -> Option<Decimal> {
        let is_its = |key: &(AccountId, InstrumentId)| is_of(&key.0, key.1);
        if self.positions.keys().any(|key| is_its(key) && !self.day.places.contains_key(key)) {
            return None;
        }
        let own = self.day.places.iter().filter(|(key, _)| is_its(key));
        let mut results = own.map(|((_, id), place)| self.result_of(*id, place));
        let sum = results.try_fold(Decimal::ZERO, |sum, of| sum.checked_add(of?))?;
        // An average price is cut off after 28 digits: a loss that is the limit must not fall short of
        // it by what was cut.
        Some(sum.round_dp(DIGITS))
    }

    fn result_of(&self, id: InstrumentId, place: &Place) -> Option<Decimal> {
        let instrument = self.instruments.get(id.index())?;
        let gain = place.gain(self.mark(id), instrument.multiplier)?;
        let mut fees = place.fees();
        let gain = self.in_limits_currency(Money { amount: gain, currency: instrument.currency })?;
        fees.try_fold(gain, |left, fee| left.checked_sub(self.in_limits_currency(fee)?))
    }

    fn in_limits_currency(&self, money: Money) -> Option<Decimal> {
        if money.amount.is_zero() {
            return Some(money.amount);
        }
        let rate = self.market.worth(money.currency, self.settings.limits.currency)?;
        money.amount.checked_mul(rate.amount)
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

    /// At the start, once the catalogue is known; `fills` are the journal's, with the places of their
    /// records.
    pub(super) fn restore_day<'a>(&mut self, state: &DayState, fills: impl Iterator<Item = (Seq, &'a Fill)>) {
        self.day = Day::restore(state, &self.settings.limits.day_start);
        let booked: Vec<(Seq, &Fill)> = fills.collect();
        for instrument in self.instruments.iter() {
            self.day.list(instrument, &booked);
        }
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

    /// An execution has come, which the journal gets next and of which the position knows nothing yet:
    /// what was there before is where the day begins for it.
    pub(super) fn day_fills(&mut self, fill: &Fill, now: Time, out: &mut Vec<Effect>) {
        // The day first: one that began after this would forget again where it began. Losses are
        // looked at when all of what has come is taken over.
        let mut is_news = self.day_begins(now);
        let Some(instrument) = self.instruments.get(fill.instrument.index()) else { return };
        let net = self.position_of(&fill.account, fill.instrument).map_or(Decimal::ZERO, |before| before.net);
        let mark = self.mark(fill.instrument).unwrap_or(fill.price);
        let (key, next) = ((fill.account.clone(), fill.instrument), self.journal.next());
        is_news |= self.day.meets(key, net, Some(mark), instrument.multiplier, next);
        if is_news {
            out.push(Effect::Save(self.engine_state()));
        }
        self.day_books(fill);
    }

    /// An execution has come: it counts where the position was met before.
    pub(super) fn day_books(&mut self, fill: &Fill) {
        let Some(instrument) = self.instruments.get(fill.instrument.index()) else { return };
        if let Some(place) = self.day.place(&fill.account, fill.instrument) {
            place.books(fill, instrument.multiplier);
        }
    }

    /// What an execution has cost is known to be another sum than was `before`.
    pub(super) fn day_charged(&mut self, before: Money, fill: &Fill) {
        if let Some(place) = self.day.place(&fill.account, fill.instrument) {
            place.charged(before, fill.commission);
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
        let next = self.journal.next();
        for (key, position) in &self.positions {
            let Some(instrument) = self.instruments.get(key.1.index()) else { continue };
            let mark = self.mark(key.1);
            is_news |= self.day.meets(key.clone(), position.net, mark, instrument.multiplier, next);
        }
        is_news
    }

    /// What brokers hold and executions do not explain counts from now on. Whether that is news.
    fn day_takes_over(&mut self) -> bool {
        let mut is_news = false;
        for (key, position) in &self.positions {
            let Some(instrument) = self.instruments.get(key.1.index()) else { continue };
            let mark = self.market.quote(key.1).and_then(|(quote, _)| quote.mark());
            if let Some(place) = self.day.place(&key.0, key.1) {
                is_news |= place.takes_over(position.net, mark, instrument.multiplier);
            }
        }
        is_news
    }

    /// Time has passed, or positions have changed: begins the next day, locks what has lost too
    /// much, and tells so. Whether the state is to be saved.
    pub(super) fn day_passes(&mut self, now: Time, out: &mut Vec<Effect>) -> bool {
        let mut is_news = self.day_begins(now) | self.day_takes_over();
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
