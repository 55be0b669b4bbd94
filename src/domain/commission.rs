//! What trading costs, by rules that a broker tells.

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use super::{AssetClass, Currency, Instrument, Qty, bounds};

/// What one order costs: `max(minimum, value × percent / 100 + units × per_unit)`, rounded to the
/// currency's decimals. Fills are charged as the order's total grows, so that the minimum is
/// paid once an order and not once a fill. All amounts are in the instrument's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Commission {
    /// Per cent of the traded value.
    #[serde(deserialize_with = "bounds::read::average")]
    pub percent: Decimal,
    /// Amount per unit of the instrument.
    #[serde(deserialize_with = "bounds::read::average")]
    pub per_unit: Decimal,
    /// Least that an order with a fill pays.
    #[serde(deserialize_with = "bounds::read::average")]
    pub minimum: Decimal,
}

/// Which instruments a commission is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommissionRule {
    /// Of this class.
    pub class: AssetClass,
    /// In this currency; `None` for all.
    pub currency: Option<Currency>,
    /// What it costs.
    pub commission: Commission,
}

impl CommissionRule {
    /// Whether it is the rule of `instrument`.
    #[must_use]
    pub fn fits(&self, instrument: &Instrument) -> bool {
        self.class == instrument.class && self.currency.is_none_or(|c| c == instrument.currency)
    }
}

impl Commission {
    /// What an order with fills of this value and size pays in all.
    #[must_use]
    pub fn due(&self, value: Decimal, quantity: Qty, currency: Currency) -> Decimal {
        let raw = value * self.percent / Decimal::ONE_HUNDRED + quantity.0 * self.per_unit;
        self.rounded(raw, currency)
    }

    /// [`Self::due`] by rules and of numbers that came from outside; `None` where it is beyond counting.
    #[must_use]
    pub fn checked_due(&self, value: Decimal, quantity: Qty, currency: Currency) -> Option<Decimal> {
        let of_value = value.checked_mul(self.percent)? / Decimal::ONE_HUNDRED;
        let of_units = quantity.0.checked_mul(self.per_unit)?;
        Some(self.rounded(of_value.checked_add(of_units)?, currency))
    }

    fn rounded(&self, raw: Decimal, currency: Currency) -> Decimal {
        let due = raw.max(self.minimum);
        due.round_dp_with_strategy(currency.decimals(), RoundingStrategy::MidpointAwayFromZero)
    }
}
