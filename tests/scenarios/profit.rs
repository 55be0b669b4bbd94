//! What an account has come to by its fills, counted by hand, beside what its broker tells.

use pitdesk::desk::Desk;
use pitdesk::domain::{AccountId, Currency, Decimal, InstrumentId};

/// The fills of one share, added up. None of them turns a position around in one step.
#[derive(Debug, Default)]
struct ByHand {
    net: Decimal,
    average: Decimal,
    realised: Decimal,
    /// Cash that has left the account for shares.
    paid: Decimal,
    commissions: Decimal,
}

impl ByHand {
    fn of(desk: &Desk, share: InstrumentId) -> Self {
        let mut sum = Self::default();
        for fill in desk.blotter().fills().iter().filter(|fill| fill.instrument == share) {
            let units = fill.side.sign() * fill.quantity.0;
            let net = sum.net + units;
            if (sum.net * units).is_sign_negative() {
                sum.realised -= units * (fill.price.0 - sum.average);
            } else {
                sum.average = (sum.average * sum.net + fill.price.0 * units) / net;
            }
            sum.average = if net.is_zero() { Decimal::ZERO } else { sum.average };
            sum.net = net;
            sum.paid += units * fill.price.0;
            sum.commissions += fill.commission.amount;
        }
        sum
    }
}

/// Dollars that the broker says are in an account.
pub fn cash(desk: &Desk, account: &AccountId) -> Option<Decimal> {
    let account = desk.accounts().iter().find(|told| told.id == *account)?;
    account.balance(Currency::USD).map(|balance| balance.cash)
}

/// Whether what the broker tells of its account is what the fills and the mark come to, of an account
/// that began flat, with `began` in cash.
pub fn agrees(desk: &Desk, account: &AccountId, share: InstrumentId, began: Decimal) -> bool {
    let hand = ByHand::of(desk, share);
    let told = desk.accounts().iter().find(|told| told.id == *account);
    let Some((told, balance)) = told.and_then(|told| Some((told, told.balance(Currency::USD)?))) else {
        return false;
    };
    let Some(mark) = desk.mark(share) else { return false };
    let cents = |amount: Decimal| amount.round_dp(2);
    let unrealised = hand.net * (mark.0 - hand.average);
    let held = desk.blotter().position_of(account, share);
    let is_held = held.map_or(hand.net.is_zero(), |held| {
        held.net == hand.net && held.average_price.round_dp(6) == hand.average.round_dp(6)
    });
    let is_booked = cents(balance.cash) == cents(began - hand.paid - hand.commissions)
        && cents(balance.realised) == cents(hand.realised);
    // A broker that counts its day itself is believed before our valuation, so that must be right.
    let is_counted = if let Some(day) = told.reported.and_then(|reported| reported.day) {
        day.unrealised == cents(unrealised) && day.realised == cents(hand.realised - hand.commissions)
    } else {
        let valued = desk.valuations().iter().find(|valued| valued.account == *account);
        valued.is_some_and(|valued| cents(valued.valuation.total.unrealised) == cents(unrealised))
    };
    is_held && is_booked && is_counted
}
