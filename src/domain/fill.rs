//! Fills: executions of our own orders.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{AccountId, ExecId, InstrumentId, Money, OrderId, Price, Qty, Side, Time, bounds};

/// Whether an execution took liquidity from the book or gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Liquidity {
    /// It rested and was hit.
    Maker,
    /// It crossed the spread.
    Taker,
}

/// One execution of an order of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fill {
    /// The broker's id of it; the same id twice is the same fill.
    pub exec_id: ExecId,
    /// The order it belongs to.
    pub order: OrderId,
    /// Where it is booked.
    pub account: AccountId,
    /// What was traded.
    pub instrument: InstrumentId,
    /// Bought or sold.
    pub side: Side,
    /// How much.
    pub quantity: Qty,
    /// At which price.
    pub price: Price,
    /// What it cost, or (negative) earned.
    #[serde(deserialize_with = "bounds::read::money")]
    pub commission: Money,
    /// Profit that this fill realised, in the instrument's currency, before commission.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub realised: Decimal,
    /// Made or taken.
    pub liquidity: Liquidity,
    /// When the exchange says it happened.
    pub time: Time,
}

impl Fill {
    /// Average price of an order that had `filled` at `before` on average, once this has filled too;
    /// `None` where it is not known, or beyond counting.
    #[must_use]
    pub fn average_after(&self, before: Option<Decimal>, filled: Qty) -> Option<Decimal> {
        let paid = if filled.is_zero() { Decimal::ZERO } else { before?.checked_mul(filled.0)? };
        let sum = paid.checked_add(self.price.0.checked_mul(self.quantity.0)?)?;
        sum.checked_div(filled.0.checked_add(self.quantity.0)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Currency;

    #[test]
    fn an_average_that_is_not_known_is_not_guessed() {
        let fill = |quantity: i64, price: i64| Fill {
            exec_id: ExecId("1".into()),
            order: OrderId(1),
            account: "A".into(),
            instrument: InstrumentId(0),
            side: Side::Buy,
            quantity: Qty(quantity.into()),
            price: Price(price.into()),
            commission: Money { amount: Decimal::ZERO, currency: Currency::USD },
            realised: Decimal::ZERO,
            liquidity: Liquidity::Maker,
            time: Time(0),
        };
        let three = Qty(3.into());
        assert_eq!(fill(1, 110).average_after(None, Qty::ZERO), Some(110.into()));
        assert_eq!(fill(1, 110).average_after(Some(102.into()), three), Some(104.into()));
        assert_eq!(fill(1, 110).average_after(None, three), None, "what three of it cost nobody has said");
        assert_eq!(fill(1, 1).average_after(Some(Decimal::MAX), three), None, "beyond counting");
    }
}
