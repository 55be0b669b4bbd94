//! What the gate is told of the world when it judges an order.

use std::sync::Arc;

use super::Engine;
use crate::domain::{Decimal, Instrument, Order, Time};
use crate::risk::Known;

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
        let not_ready = (!connection.state.takes_orders()).then(|| {
            format!(
                "{} is {}: {}",
                connection.name,
                connection.state.label().to_lowercase(),
                connection.reason
            )
        });
        let position = self.position_of(&order.account, instrument.id).map_or(Decimal::ZERO, |p| p.net);
        let adds_too = |other: &Order| {
            let is_alike = other.account == order.account && other.spec.instrument == order.spec.instrument;
            is_alike
                && other.id != order.id
                && other.spec.side == order.spec.side
                && other.spec.parent.is_none()
        };
        ask(&Known {
            limits: &self.settings.limits,
            instrument,
            quote: self.market.quote(instrument.id),
            position,
            pending: self.orders.pending(adds_too),
            working_orders: self.orders.live().filter(|other| other.id != order.id).count() + ahead.orders,
            is_in_hours: self.market.is_in_hours(instrument.id, now),
            to_limits: self.market.worth(instrument.currency, self.settings.limits.currency),
            // Nothing leaves while it is on but what it sends itself.
            is_killed: self.is_killed && !self.closing.contains(&order.id),
            not_ready: not_ready.as_deref(),
            opening_locked: connection.state.opening_locked(),
            now,
        })
    }
}
