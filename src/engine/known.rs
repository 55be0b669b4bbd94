//! What the gate is told of the world when it judges an order.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Engine;
use crate::domain::limits::ScopeKind;
use crate::domain::{AccountId, Decimal, Instrument, InstrumentId, Order, OrderId, Qty, Side, Time};
use crate::link::ConnectionState;
use crate::risk::{Holdings, Known, Line, Pending, Use, Uses, is_regular};

/// Orders that go out in one request with the one in question, ahead of it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Ahead {
    pub orders: usize,
}

impl Engine {
    /// Gathers what the gate must know.
    pub(super) fn with_known<R>(
        &self,
        order: &Order,
        instrument: &Arc<Instrument>,
        ahead: Ahead,
        now: Time,
        ask: impl FnOnce(&Known<'_>) -> R,
    ) -> R {
        let connection = &self.brokers[usize::from(instrument.broker.0)].connection;
        let state = connection.state;
        let why = format!("{} is {}: {}", connection.name, state.label().to_lowercase(), connection.reason);
        let strange = self.why_not_of_session(instrument.broker, &order.account);
        let line = match state {
            _ if let Some(why) = &strange => Line::Down(why),
            _ if state.takes_orders() => state.opening_locked().map_or(Line::Ready, Line::Reducing),
            ConnectionState::Silent => Line::Silent(&why),
            _ => Line::Down(&why),
        };
        let limits = self.settings.limits.in_force(&order.account, instrument);
        // Prices of everything that is held are looked at only where somebody wants them.
        let is_bounded = |kind| limits.of(kind).is_some_and(|limits| limits.max_exposure.is_some());
        let holdings = ScopeKind::ALL.into_iter().any(is_bounded).then(|| self.holdings());
        let in_scope = |kind| holdings.as_ref().filter(|_| is_bounded(kind));
        ask(&Known {
            limits,
            account: &order.account,
            instrument,
            quote: self.market.quote(instrument.id),
            position: self.net(&order.account, instrument.id),
            pending: self.pending(&order.account, instrument.id, order.id),
            exits: self.exits(&order.account, instrument.id, order.id),
            uses: Uses::new(|kind| self.used(kind, order, in_scope(kind), now)).after(ahead.orders),
            is_in_hours: self.market.is_in_hours(instrument.id, now),
            is_regular: is_regular(&limits, instrument, now),
            to_limits: self.market.worth(instrument.currency, self.settings.limits.currency),
            // Nothing leaves while it is on but what it sends itself.
            is_armed: self.is_armed(instrument.broker, &order.account),
            is_killed: self.is_killed && !self.closing.contains(&order.id),
            line,
            now,
        })
    }

    pub(super) fn net(&self, account: &AccountId, instrument: InstrumentId) -> Decimal {
        self.position_of(account, instrument).map_or(Decimal::ZERO, |position| position.net)
    }

    /// What live orders could still trade, `but` not counted: that is the one in question.
    pub(super) fn pending(&self, account: &AccountId, instrument: InstrumentId, but: OrderId) -> Pending {
        let of = |side: Side| {
            let counts = |other: &Order| {
                other.spec.side == side
                    && other.spec.instrument == instrument
                    && other.account == *account
                    && other.id != but
                    && other.entry().is_none()
            };
            self.orders.pending(counts).abs()
        };
        Pending { buys: of(Side::Buy), sells: of(Side::Sell) }
    }

    /// What exits could still trade, `but` not counted ([`Pending::of_exits`]).
    pub(super) fn exits(&self, account: &AccountId, instrument: InstrumentId, but: OrderId) -> Pending {
        let is_alike = |other: &&Order| {
            other.spec.instrument == instrument && other.account == *account && other.id != but
        };
        let awake = self.groups.exits_awake().filter_map(|id| self.orders.get(id));
        let all: BTreeMap<OrderId, &Order> =
            self.orders.live().chain(awake).filter(is_alike).map(|exit| (exit.id, exit)).collect();
        let each = all.into_iter().map(|(id, exit)| (exit, self.orders.most_of(id)));
        Pending::of_exits(each, self.filled())
    }

    /// What each entry has filled.
    pub(super) fn filled(&self) -> impl Fn(OrderId) -> Option<Qty> {
        |entry| self.orders.get(entry).map(|entry| entry.filled)
    }

    /// What is used of the limits of one scope of an order.
    fn used(&self, kind: ScopeKind, order: &Order, holdings: Option<&Holdings>, now: Time) -> Use {
        let is_of = |account: &AccountId, instrument: InstrumentId| match kind {
            ScopeKind::Profile => true,
            ScopeKind::Account => *account == order.account,
            ScopeKind::Instrument => instrument == order.spec.instrument,
        };
        let works = |other: &&Order| other.id != order.id && is_of(&other.account, other.spec.instrument);
        let is_elsewhere = |account: &AccountId, instrument: InstrumentId| {
            let is_own = instrument == order.spec.instrument && *account == order.account;
            !is_own && is_of(account, instrument)
        };
        let exposure_elsewhere =
            holdings.map_or(Some(Decimal::ZERO), |holdings| holdings.exposure(is_elsewhere));
        let limits = &self.settings.limits;
        let result_of_day =
            if limits.any(|l| l.max_loss_per_day) { self.result_of_day(is_of) } else { Some(Decimal::ZERO) };
        Use {
            working_orders: self.orders.live().filter(works).count(),
            orders_last_minute: self.day.orders_last_minute(now, order.id, is_of),
            exposure_elsewhere,
            result_of_day,
            lock: self.lock_of(kind, order, now),
        }
    }

    /// What could become of everything that is held or ordered.
    pub(super) fn holdings(&self) -> Holdings {
        let held = self.positions.iter().map(|((account, id), p)| (account.clone(), *id, p.net));
        let most = |order: &'_ Order| self.orders.most_of(order.id);
        let live = self.orders.live().map(|order| (order, most(order)));
        let kept = self.groups.exits_awake().filter_map(|id| self.orders.get(id));
        let rates = self.market.rates_into(self.settings.limits.currency);
        let unit = |id: InstrumentId| {
            let instrument = self.instruments.get(id.index())?;
            let mark = self.market.quote(id)?.0.mark()?;
            let rate = rates.to_base(Decimal::ONE, instrument.currency)?;
            mark.0.checked_mul(instrument.multiplier)?.checked_mul(rate)
        };
        Holdings::new(held, live, kept.map(|exit| (exit, most(exit))), self.filled(), unit)
    }
}

#[cfg(test)]
mod tests;
