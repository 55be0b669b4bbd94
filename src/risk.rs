//! The gate that every order passes on its way to a broker.
//!
//! [`ApprovedOrder`] and [`ApprovedAmend`] are the only things a broker adapter
//! accepts, and this module is the only one that can make them: their fields are
//! private and there is no other constructor. The gate is a pure function of the
//! order and what is known at that instant ([`Known`]); it keeps no state, so that
//! the same question always has the same answer.
//!
//! Cancels need no approval: nothing may ever stand between a trader and a cancel.

use std::time::Duration;

use crate::domain::{
    AccountId, Decimal, Instrument, Limits, Money, Order, OrderId, OrderKind, OrderSpec, Origin, Price, Qty,
    Quote, Side, Time,
};

/// An order that broke no limit when it was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApprovedOrder {
    id: OrderId,
    account: AccountId,
    spec: OrderSpec,
}

impl ApprovedOrder {
    /// Our id of it.
    #[must_use]
    pub fn id(&self) -> OrderId {
        self.id
    }

    /// For whose account.
    #[must_use]
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// What is asked for.
    #[must_use]
    pub fn spec(&self) -> &OrderSpec {
        &self.spec
    }
}

/// A change of an order that broke no limit when it was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApprovedAmend {
    id: OrderId,
    change: Change,
}

impl ApprovedAmend {
    /// Which order.
    #[must_use]
    pub fn id(&self) -> OrderId {
        self.id
    }

    /// What changes.
    #[must_use]
    pub fn change(&self) -> Change {
        self.change
    }
}

/// The parts of an order that can change; `None` stays as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Change {
    /// New total quantity, filled part included.
    pub quantity: Option<Qty>,
    /// New limit price.
    pub limit: Option<Price>,
    /// New trigger price.
    pub stop: Option<Price>,
}

impl Change {
    /// What the order would be with this change.
    #[must_use]
    pub fn applied_to(self, spec: &OrderSpec) -> OrderSpec {
        let mut changed = *spec;
        changed.quantity = self.quantity.unwrap_or(changed.quantity);
        if let Some(limit) = self.limit {
            changed.kind = changed.kind.with_limit(limit);
        }
        if let Some(stop) = self.stop {
            changed.kind = changed.kind.with_stop(stop);
        }
        changed
    }
}

/// What the gate knows when it decides.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    /// The limits in force.
    pub limits: &'a Limits,
    /// The instrument of the order.
    pub instrument: &'a Instrument,
    /// Its newest quote and when that was received.
    pub quote: Option<(&'a Quote, Time)>,
    /// Signed units held now.
    pub position: Decimal,
    /// Signed units that live orders of the same side could still add, this order and bracket
    /// exits not counted.
    pub pending: Decimal,
    /// Orders that work now, in all.
    pub working_orders: usize,
    /// Base currency per unit of the instrument's currency, with the base's name.
    pub to_base: Option<Money>,
    /// Whether the kill switch is on.
    pub is_killed: bool,
    /// Why the broker takes no orders now; `None` when it does.
    pub not_ready: Option<&'a str>,
    /// Now.
    pub now: Time,
}

/// Why the gate refused, with the limit and the order's own value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The kill switch is on.
    #[error("The kill switch is on: no orders are sent. Release it in the status bar to trade again.")]
    Killed,
    /// The connection takes no orders.
    #[error("{0}. Orders can be sent once it is ready.")]
    NotReady(String),
    /// Not a multiple of the lot.
    #[error("Quantity {quantity} is not a positive multiple of the lot of {lot}.")]
    OffLot {
        /// The order's.
        quantity: Qty,
        /// The instrument's.
        lot: Qty,
    },
    /// A price off the tick grid.
    #[error("{what} {price} is not on the tick grid: use {below} or {above}.")]
    OffTick {
        /// Which price of the order.
        what: &'static str,
        /// The order's.
        price: Price,
        /// The grid price below it.
        below: Price,
        /// The grid price above it.
        above: Price,
    },
    /// A trailing distance of zero or less, or of all the price.
    #[error("The trailing distance must be above zero (and below 100 %).")]
    BadTrail,
    /// Nothing to value the order with.
    #[error("No price of {0} has been seen yet: wait for the first quote.")]
    NoPrice(String),
    /// The quote is too old.
    #[error("The newest quote of {symbol} is {age} s old, the limit is {limit} s: wait for a fresh one.")]
    StaleQuote {
        /// Which instrument.
        symbol: String,
        /// Age in seconds.
        age: u64,
        /// The limit in seconds.
        limit: u32,
    },
    /// A quantity whose value no number here can hold.
    #[error("Quantity {0} is beyond counting: check it.")]
    BeyondCounting(Qty),
    /// Worth too much.
    #[error(
        "The order is worth {value}, the limit per order is {limit}: lower the quantity, or raise limits.max_order_value in settings.toml and \
         restart."
    )]
    OrderValue {
        /// The order's.
        value: Money,
        /// The limit.
        limit: Money,
    },
    /// The position would be worth too much.
    #[error(
        "The position would be worth {value}, the limit is {limit}: lower the quantity, or raise \
         limits.max_position_value in settings.toml and restart."
    )]
    PositionValue {
        /// After the order.
        value: Money,
        /// The limit.
        limit: Money,
    },
    /// A price far on the wrong side of the market.
    #[error(
        "{what} {price} is {distance:.1} % beyond the market at {market}, the limit is {limit} %: check the price."
    )]
    PriceDistance {
        /// Which price of the order.
        what: &'static str,
        /// The order's.
        price: Price,
        /// The market's.
        market: Price,
        /// How far beyond, in per cent.
        distance: Decimal,
        /// The limit in per cent.
        limit: Decimal,
    },
    /// Too many orders work.
    #[error(
        "{count} orders are working, the limit is {limit}: cancel some, or raise limits.max_working_orders in \
         settings.toml and restart."
    )]
    WorkingOrders {
        /// Now.
        count: usize,
        /// The limit.
        limit: u32,
    },
    /// No exchange rate.
    #[error("There is no exchange rate for {0}, so the order's value is not known: wait for a quote of it.")]
    NoRate(String),
}

/// Checks a new order.
///
/// # Errors
/// The first limit that it breaks.
pub fn approve(order: &Order, known: &Known<'_>) -> Result<ApprovedOrder, Refusal> {
    check(&order.spec, order.origin, known)?;
    let limit = known.limits.max_working_orders;
    if known.working_orders >= limit as usize {
        return Err(Refusal::WorkingOrders { count: known.working_orders, limit });
    }
    Ok(ApprovedOrder { id: order.id, account: order.account.clone(), spec: order.spec })
}

/// Checks a change of a working order, as the order it would become.
///
/// # Errors
/// The first limit that it breaks.
pub fn approve_amend(order: &Order, change: Change, known: &Known<'_>) -> Result<ApprovedAmend, Refusal> {
    let mut after = change.applied_to(&order.spec);
    check_grid(&after, known.instrument)?;
    after.quantity = after.quantity.saturating_sub(order.filled);
    check(&after, order.origin, known)?;
    Ok(ApprovedAmend { id: order.id, change })
}

fn check(spec: &OrderSpec, origin: Origin, known: &Known<'_>) -> Result<(), Refusal> {
    if known.is_killed {
        return Err(Refusal::Killed);
    }
    if let Some(why) = known.not_ready {
        return Err(Refusal::NotReady(why.to_owned()));
    }
    check_grid(spec, known.instrument)?;
    let market = fresh_market(spec, known)?;
    check_distance(spec, market, known.limits)?;
    check_value(spec, origin, market, known)
}

/// Whether quantity and prices stand on the instrument's grid.
///
/// # Errors
/// The first that does not.
pub fn check_grid(spec: &OrderSpec, instrument: &Instrument) -> Result<(), Refusal> {
    if !instrument.is_on_lot(spec.quantity) {
        return Err(Refusal::OffLot { quantity: spec.quantity, lot: instrument.lot });
    }
    for (what, price) in [("Price", spec.kind.limit()), ("Stop", spec.kind.stop())] {
        let Some(price) = price else { continue };
        if !instrument.ticks.is_on_grid(price) {
            let lowest = instrument.ticks.step(Price(Decimal::ZERO), 1);
            let below = instrument.ticks.round_down(price).max(lowest);
            let above = instrument.ticks.step(below, 1);
            return Err(Refusal::OffTick { what, price, below, above });
        }
    }
    if let OrderKind::TrailingStop { by } = spec.kind {
        let is_sound = match by {
            crate::domain::TrailBy::Amount(amount) => amount > Decimal::ZERO,
            crate::domain::TrailBy::Percent(percent) => {
                percent > Decimal::ZERO && percent < Decimal::ONE_HUNDRED
            }
        };
        if !is_sound {
            return Err(Refusal::BadTrail);
        }
    }
    Ok(())
}

/// The price that the order would meet: the far side of the book, else the mark.
fn fresh_market(spec: &OrderSpec, known: &Known<'_>) -> Result<Price, Refusal> {
    let no_price = || Refusal::NoPrice(known.instrument.symbol.to_string());
    let (quote, received) = known.quote.ok_or_else(no_price)?;
    let limit = known.limits.max_quote_age_seconds;
    let age = known.now.since(received);
    // A closed exchange sends no quotes; an order for its next session is no fresh trade.
    if quote.is_open && age > Duration::from_secs(u64::from(limit)) {
        let symbol = known.instrument.symbol.to_string();
        return Err(Refusal::StaleQuote { symbol, age: age.as_secs(), limit });
    }
    let far_side = match spec.side {
        Side::Buy => quote.ask,
        Side::Sell => quote.bid,
    };
    far_side.or_else(|| quote.mark()).ok_or_else(no_price)
}

fn check_distance(spec: &OrderSpec, market: Price, limits: &Limits) -> Result<(), Refusal> {
    // A limit price can only hurt by giving more than the market asks; a stop that is
    // already behind the market would trigger at once, which is the mirrored mistake.
    let (what, price, market, side) = match spec.kind {
        OrderKind::Limit { price } => ("Price", price, market, spec.side),
        OrderKind::StopLimit { stop, price } => ("Price", price, stop, spec.side),
        OrderKind::Stop { stop } => ("Stop", stop, market, spec.side.opposite()),
        OrderKind::Market | OrderKind::TrailingStop { .. } => return Ok(()),
    };
    let distance = beyond(side, price, market);
    let limit = limits.max_price_distance_percent;
    if distance > limit {
        return Err(Refusal::PriceDistance { what, price, market, distance, limit });
    }
    Ok(())
}

/// How far `price` gives more than `market` asks, in per cent of the market.
fn beyond(side: Side, price: Price, market: Price) -> Decimal {
    if market.0.is_zero() {
        return Decimal::ZERO;
    }
    (price.0 - market.0) * side.sign() / market.0 * Decimal::ONE_HUNDRED
}

fn check_value(spec: &OrderSpec, origin: Origin, market: Price, known: &Known<'_>) -> Result<(), Refusal> {
    let rate = known.to_base.ok_or_else(|| Refusal::NoRate(known.instrument.currency.to_string()))?;
    let worst = worst_price(spec, market);
    let in_base = |quantity: Qty| {
        let value = known.instrument.checked_value(worst, quantity)?;
        Some(Money { amount: value.checked_mul(rate.amount)?, currency: rate.currency })
    };
    let value = in_base(spec.quantity).ok_or(Refusal::BeyondCounting(spec.quantity))?;
    let beyond = || Refusal::BeyondCounting(spec.quantity);
    // A close judges the position alone: exits that rest must never hold it back. Everything
    // else is judged as if what is on its way had filled, or many small orders would add up.
    let before = match origin {
        Origin::Flatten => Some(known.position),
        _ => known.position.checked_add(known.pending),
    };
    let before = before.ok_or_else(beyond)?;
    let after = before.checked_add(spec.side.sign() * spec.quantity.0).ok_or_else(beyond)?;
    // What makes a position smaller is never held back by a size limit; what turns it is.
    let is_same_way = after.is_zero() || after.is_sign_negative() == before.is_sign_negative();
    if is_same_way && after.abs() < before.abs() {
        return Ok(());
    }
    let limit = Money { amount: known.limits.max_order_value, currency: rate.currency };
    if value.amount > limit.amount {
        return Err(Refusal::OrderValue { value, limit });
    }
    let position = in_base(Qty(after.abs())).ok_or(Refusal::BeyondCounting(spec.quantity))?;
    let limit = Money { amount: known.limits.max_position_value, currency: rate.currency };
    if position.amount > limit.amount {
        return Err(Refusal::PositionValue { value: position, limit });
    }
    Ok(())
}

/// The highest price the order may trade at, for its value.
fn worst_price(spec: &OrderSpec, market: Price) -> Price {
    let own = spec.kind.limit().max(spec.kind.stop());
    own.map_or(market, |own| own.max(market))
}

#[cfg(test)]
mod tests;
