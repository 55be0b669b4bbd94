//! Positions: net quantity at average cost.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::{AccountId, InstrumentId, Price, Qty, Side, bounds};

/// What an account holds of one instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Whose.
    pub account: AccountId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Units held; negative is short.
    #[serde(deserialize_with = "bounds::read::net")]
    pub net: Decimal,
    /// Average price of the units held; zero when flat.
    #[serde(deserialize_with = "bounds::read::average")]
    pub average_price: Decimal,
    /// Profit realised so far, in the instrument's currency, before commissions.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub realised: Decimal,
    /// Commissions paid so far, in the instrument's currency.
    #[serde(deserialize_with = "bounds::read::amount")]
    pub commissions: Decimal,
}

impl Position {
    /// Nothing held yet.
    #[must_use]
    pub fn flat(account: AccountId, instrument: InstrumentId) -> Self {
        Self {
            account,
            instrument,
            net: Decimal::ZERO,
            average_price: Decimal::ZERO,
            realised: Decimal::ZERO,
            commissions: Decimal::ZERO,
        }
    }

    /// Whether nothing is held.
    #[must_use]
    pub fn is_flat(&self) -> bool {
        self.net.is_zero()
    }

    /// The side that opened it; `None` when flat.
    #[must_use]
    pub fn side(&self) -> Option<Side> {
        match self.net {
            n if n.is_zero() => None,
            n if n.is_sign_positive() => Some(Side::Buy),
            _ => Some(Side::Sell),
        }
    }

    /// Units held, without sign.
    #[must_use]
    pub fn size(&self) -> Qty {
        Qty(self.net.abs())
    }

    /// Books a fill and returns the profit it realised, in the instrument's
    /// currency: the part that closes is realised against the average price, the
    /// part that opens is averaged in, and a fill that crosses zero does both.
    pub fn apply(&mut self, side: Side, quantity: Qty, price: Price, multiplier: Decimal) -> Decimal {
        let change = side.sign() * quantity.0;
        let opposes = self.net.is_sign_positive() != change.is_sign_positive();
        let closing =
            if self.net.is_zero() || !opposes { Decimal::ZERO } else { quantity.0.min(self.net.abs()) };
        let direction = if self.net.is_sign_negative() { Decimal::NEGATIVE_ONE } else { Decimal::ONE };
        let realised = (price.0 - self.average_price) * closing * direction * multiplier;
        let opening = quantity.0 - closing;
        let before = self.net;
        self.net += change;
        self.average_price = if self.net.is_zero() {
            Decimal::ZERO
        } else if opening.is_zero() {
            self.average_price
        } else if closing.is_zero() {
            (self.average_price * before.abs() + price.0 * opening) / self.net.abs()
        } else {
            price.0
        };
        self.realised += realised;
        realised
    }

    /// Profit not yet realised at `mark`, in the instrument's currency; `None` where it is beyond
    /// counting.
    #[must_use]
    pub fn unrealised(&self, mark: Price, multiplier: Decimal) -> Option<Decimal> {
        bounds::product([mark.0.checked_sub(self.average_price)?, self.net, multiplier])
    }

    /// What it would sell for at `mark`, in the instrument's currency, negative when short; `None`
    /// where it is beyond counting.
    #[must_use]
    pub fn value(&self, mark: Price, multiplier: Decimal) -> Option<Decimal> {
        bounds::product([self.net, mark.0, multiplier])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fills: &[(Side, i64, i64)], net: i64, average: &str, realised: i64) {
        let mut position = Position::flat("A".into(), InstrumentId(0));
        for &(side, quantity, price) in fills {
            position.apply(side, Qty(quantity.into()), Price(price.into()), Decimal::ONE);
        }
        assert_eq!(position.net, Decimal::from(net));
        assert_eq!(position.average_price, average.parse().unwrap());
        assert_eq!(position.realised, Decimal::from(realised));
    }

    #[test]
    fn averages_what_opens_and_realises_what_closes() {
        check(&[(Side::Buy, 10, 100), (Side::Buy, 10, 110)], 20, "105", 0);
        check(&[(Side::Buy, 10, 100), (Side::Sell, 4, 110)], 6, "100", 40);
        check(&[(Side::Sell, 10, 100), (Side::Buy, 10, 90)], 0, "0", 100);
    }

    #[test]
    fn a_fill_through_zero_closes_and_opens() {
        check(&[(Side::Buy, 10, 100), (Side::Sell, 15, 120)], -5, "120", 200);
        check(&[(Side::Sell, 10, 100), (Side::Buy, 15, 120)], 5, "120", -200);
    }

    #[test]
    fn unrealised_follows_the_sign() {
        let mut position = Position::flat("A".into(), InstrumentId(0));
        position.apply(Side::Sell, Qty(3.into()), Price(100.into()), Decimal::TEN);
        assert_eq!(position.unrealised(Price(98.into()), Decimal::TEN), Some(Decimal::from(60)));
    }
}
