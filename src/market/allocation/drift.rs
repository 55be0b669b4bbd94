//! Whether what a plan was made from still holds: what was shown is sent, or nothing.

use super::{Decimal, Plan, Row, Situation, Style, Trade};
use crate::domain::{InstrumentId, Price, Side};

/// How far a price may move before market orders are planned anew, in per cent. Limit orders have
/// their ticks.
pub const MARKET_TOLERANCE_PERCENT: Decimal = Decimal::from_parts(5, 0, 0, false, 1);

/// What has changed since.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Drift {
    /// More or less is held.
    #[error("the position has changed")]
    Position(InstrumentId),
    /// The account has more or less money: another order was filled, or money came or went.
    #[error("the account's money has changed")]
    Money,
    /// An order works in it now.
    #[error("an order works in it now")]
    Working(InstrumentId),
    /// The price is farther away than was allowed for.
    #[error("its price has moved")]
    Price(InstrumentId),
    /// There is no price any more that can be trusted.
    #[error("its price is not fresh any more")]
    NotFresh(InstrumentId),
}

impl Drift {
    /// Of which instrument, where it is about one.
    #[must_use]
    pub fn instrument(self) -> Option<InstrumentId> {
        match self {
            Self::Position(id) | Self::Working(id) | Self::Price(id) | Self::NotFresh(id) => Some(id),
            Self::Money => None,
        }
    }
}

impl Plan {
    /// The first thing among the orders that is not as it was.
    #[must_use]
    pub fn drift(&self, now: &Situation) -> Option<Drift> {
        let of_a_row = self.trades().find_map(|(row, trade)| self.drift_of(row, trade, now));
        of_a_row.or_else(|| self.has_other_money(now).then_some(Drift::Money))
    }

    /// Whether the money is not what weights and cash were reckoned with; prices move the equity a little.
    fn has_other_money(&self, now: &Situation) -> bool {
        let part =
            |amount: Decimal| amount.checked_mul(MARKET_TOLERANCE_PERCENT)?.checked_div(Decimal::ONE_HUNDRED);
        let tolerance = part(self.totals.equity).unwrap_or_default().abs();
        let is_less = |then: Decimal, now: Decimal| then.checked_sub(now).is_none_or(|less| less > tolerance);
        is_less(self.totals.equity, now.equity)
            || is_less(now.equity, self.totals.equity)
            || is_less(self.totals.cash, now.cash)
            || is_less(self.totals.buying_power, now.buying_power)
    }

    fn drift_of(&self, row: &Row, trade: &Trade, now: &Situation) -> Option<Drift> {
        let id = row.instrument;
        let Some(line) = now.line(id) else { return Some(Drift::NotFresh(id)) };
        if line.net != row.held {
            return Some(Drift::Position(id));
        }
        if line.has_working {
            return Some(Drift::Working(id));
        }
        let is_live = matches!(line.quote, Some((_, super::Feed::Live)));
        let Some((price, _)) = line.price(trade.spec.side, &self.options).filter(|_| is_live) else {
            return Some(Drift::NotFresh(id));
        };
        let away = self.is_away(line, trade, price);
        away.unwrap_or(true).then_some(Drift::Price(id))
    }

    fn is_away(&self, line: &super::Line, trade: &Trade, price: Price) -> Option<bool> {
        let moved = price.0.checked_sub(trade.price.0)?.abs();
        let allowed = match self.options.style {
            Style::Market => {
                trade.price.0.checked_mul(MARKET_TOLERANCE_PERCENT)?.checked_div(Decimal::ONE_HUNDRED)?
            }
            Style::Limit => {
                let grid = &line.instrument.ticks;
                let tick = match trade.spec.side {
                    Side::Buy => grid.tick_below(trade.price),
                    Side::Sell => grid.tick_above(trade.price),
                };
                tick.checked_mul(self.options.ticks.into())?
            }
        };
        Some(moved > allowed.abs())
    }
}
