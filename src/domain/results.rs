//! What was earned day by day.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::Currency;

/// What executions of a day have come to in one currency, over all accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayTotal {
    /// The day.
    pub day: Date,
    /// Of both amounts.
    pub currency: Currency,
    /// What positions realised, before commissions.
    pub realised: Decimal,
    /// What executions cost.
    pub commissions: Decimal,
    /// Executions of instruments in this currency.
    pub fills: u32,
    /// Of those, how many realised a profit.
    pub winners: u32,
    /// How many realised a loss, both before commissions.
    pub losers: u32,
}
