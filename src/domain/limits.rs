//! The limits that no order may break. `risk` enforces them; settings hold them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::Currency;

/// Limits of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// What the amounts are in. Its own, so that showing totals in another currency changes no limit.
    pub currency: Currency,
    /// Most that one order may be worth.
    pub max_order_value: Decimal,
    /// Most that the position in one instrument may be worth after the order.
    pub max_position_value: Decimal,
    /// Farthest that a limit price may be on the wrong side of the market, in per cent (fat finger).
    pub max_price_distance_percent: Decimal,
    /// Most orders that may work at once.
    pub max_working_orders: u32,
    /// Oldest quote that an order may be sent on, in seconds.
    pub max_quote_age_seconds: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            currency: Currency::USD,
            max_order_value: Decimal::from(250_000),
            max_position_value: Decimal::from(1_000_000),
            max_price_distance_percent: Decimal::from(10),
            max_working_orders: 200,
            max_quote_age_seconds: 30,
        }
    }
}
