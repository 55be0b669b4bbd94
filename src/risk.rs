//! The gate that every order passes on its way to a broker.
//!
//! [`ApprovedOrder`] and [`ApprovedAmend`] are the only things a broker adapter
//! accepts, and this module is the only one that can make them: their fields are
//! private and there is no other constructor. The gate is a pure function of the
//! order and what is known at that instant ([`Known`]); it keeps no state, so that
//! the same question always has the same answer.
//!
//! What makes a position smaller is never held back by a size, a stale quote, a missing
//! exchange rate or the number of working orders. Cancels need no approval at all: nothing
//! may ever stand between a trader and a cancel.

mod refusal;

use std::time::Duration;

use crate::domain::{
    AccountId, Decimal, Instrument, Limits, Money, Order, OrderId, OrderKind, OrderSpec, Price, Qty, Quote,
    Side, Time, TrailBy,
};
pub use refusal::Refusal;

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
    /// exits not counted; of an order whose change is on its way, the larger of both sizes.
    pub pending: Decimal,
    /// Orders that work now, in all, and those that are sent together with this one before it.
    pub working_orders: usize,
    /// Whether the instrument trades at this hour by its calendar, whatever an old quote says.
    pub is_in_hours: bool,
    /// The limits' currency per unit of the instrument's currency, with its name.
    pub to_limits: Option<Money>,
    /// Whether the kill switch is on.
    pub is_killed: bool,
    /// Why the broker takes no orders now; `None` when it does.
    pub not_ready: Option<&'a str>,
    /// What holds back orders that open risk, and them alone; `None` when nothing does.
    pub opening_locked: Option<&'a str>,
    /// Now.
    pub now: Time,
}

/// What an order is for, which decides what it is judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Entered by itself, by a trader or a program.
    Plain,
    /// Brings the position to zero, whatever else rests.
    Close,
    /// Turns the position into its opposite.
    Reverse,
    /// Guards what another order opens, and cannot trade more than that.
    Exit {
        /// Where that order will have filled, if it has a price of its own and has not filled.
        entry: Option<Price>,
    },
}

impl Role {
    /// The role of the exits that are sent with `entry`.
    #[must_use]
    pub fn exit_of(entry: &OrderSpec) -> Self {
        Self::Exit { entry: entry.kind.limit().or(entry.kind.stop()) }
    }
}

/// Checks a new order and makes it fit for an adapter.
///
/// # Errors
/// The first limit that it breaks.
pub fn approve(order: &Order, role: Role, known: &Known<'_>) -> Result<ApprovedOrder, Refusal> {
    check(&order.spec, role, known)?;
    Ok(ApprovedOrder { id: order.id, account: order.account.clone(), spec: order.spec })
}

/// Checks a change of a working order, as the order it would become.
///
/// # Errors
/// The first limit that it breaks.
pub fn approve_amend(
    order: &Order,
    change: Change,
    role: Role,
    known: &Known<'_>,
) -> Result<ApprovedAmend, Refusal> {
    let mut after = change.applied_to(&order.spec);
    check_grid(&after, known.instrument)?;
    after.quantity = after.quantity.saturating_sub(order.filled);
    if after.quantity.is_zero() {
        return Err(Refusal::NothingLeft { filled: order.filled });
    }
    judge(&after, role, known)?;
    Ok(ApprovedAmend { id: order.id, change })
}

/// Whether a new order would be approved: the same question without making anything of it, for
/// whoever tells a trader beforehand.
///
/// # Errors
/// The first limit that it breaks.
pub fn check(spec: &OrderSpec, role: Role, known: &Known<'_>) -> Result<(), Refusal> {
    let effect = judge(spec, role, known)?;
    let limit = known.limits.max_working_orders;
    if effect != Effect::Shrinks && known.working_orders >= limit as usize {
        return Err(Refusal::WorkingOrders { count: known.working_orders, limit });
    }
    Ok(())
}

/// What an order does to a position, at worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Makes it smaller, or undoes what another order has opened.
    Shrinks,
    /// An exit that waits for its entry: bounded by what that opens.
    Guards,
    /// Opens or enlarges one.
    Opens {
        /// How much of the order opens.
        quantity: Qty,
        /// The position then, without its sign.
        position: Qty,
    },
}

fn judge(spec: &OrderSpec, role: Role, known: &Known<'_>) -> Result<Effect, Refusal> {
    if known.is_killed {
        return Err(Refusal::Killed);
    }
    if let Some(why) = known.not_ready {
        return Err(Refusal::NotReady(why.to_owned()));
    }
    check_grid(spec, known.instrument)?;
    let effect = effect(spec, role, known).ok_or(Refusal::BeyondCounting(spec.quantity))?;
    match (effect, role) {
        (Effect::Opens { quantity, position }, _) => {
            if let Some(why) = known.opening_locked {
                return Err(Refusal::OpeningLocked(why.to_owned()));
            }
            let market = fresh_market(spec, known)?;
            check_distance(spec, market, known.limits)?;
            check_value(spec, quantity, position, market, known)?;
        }
        (_, Role::Exit { entry: Some(price) }) => check_distance(spec, price, known.limits)?,
        // A finger is as fat on the way out; but without a market there is nothing to say.
        _ => {
            if let Ok(market) = fresh_market(spec, known) {
                check_distance(spec, market, known.limits)?;
            }
        }
    }
    Ok(effect)
}

/// `None` where the numbers are beyond counting.
fn effect(spec: &OrderSpec, role: Role, known: &Known<'_>) -> Option<Effect> {
    // A close and a reverse judge the position alone: what rests must never hold them back.
    // Everything else is judged as if what is on its way had filled, or many small orders
    // would add up.
    let before = match role {
        Role::Exit { .. } => return Some(Effect::Guards),
        Role::Close | Role::Reverse => known.position,
        Role::Plain => known.position.checked_add(known.pending)?,
    };
    let after = before.checked_add(spec.side.sign() * spec.quantity.0)?;
    let is_same_way = after.is_zero() || after.is_sign_negative() == before.is_sign_negative();
    if is_same_way && after.abs() < before.abs() {
        return Some(Effect::Shrinks);
    }
    let quantity = Qty(after.abs().min(spec.quantity.0));
    // What rests on the new side can still fill on top of a reversal.
    let after = if role == Role::Reverse { after.checked_add(known.pending)? } else { after };
    Some(Effect::Opens { quantity, position: Qty(after.abs()) })
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
            TrailBy::Amount(amount) => amount > Decimal::ZERO,
            TrailBy::Percent(percent) => percent > Decimal::ZERO && percent < Decimal::ONE_HUNDRED,
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
    // A closed exchange sends no quotes; an order for its next session is no fresh trade. But
    // that it is closed is not for an old quote alone to say.
    let must_be_fresh = quote.is_open || known.is_in_hours;
    if must_be_fresh && age > Duration::from_secs(u64::from(limit)) {
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
    // A limit price can only hurt by giving more than the market asks, which for a stop-limit
    // is the market at its trigger; a stop far behind the market is the mirrored mistake, it
    // would trigger at once.
    let (what, price, market, side) = match spec.kind {
        OrderKind::Limit { price } => ("Price", price, market, spec.side),
        OrderKind::StopLimit { stop, price } => ("Price", price, stop, spec.side),
        OrderKind::Stop { stop } => ("Stop", stop, market, spec.side.opposite()),
        OrderKind::Market | OrderKind::TrailingStop { .. } => return Ok(()),
    };
    let distance = beyond(side, price, market).ok_or(Refusal::BeyondCounting(spec.quantity))?;
    let limit = limits.max_price_distance_percent;
    if distance > limit {
        return Err(Refusal::PriceDistance { what, price, market, distance, limit });
    }
    Ok(())
}

/// How far `price` gives more than `market` asks, in per cent of the market; `None` where that
/// is beyond counting.
fn beyond(side: Side, price: Price, market: Price) -> Option<Decimal> {
    if market.0.is_zero() {
        return Some(Decimal::ZERO);
    }
    let more = price.0.checked_sub(market.0)?.checked_mul(side.sign())?;
    more.checked_div(market.0)?.checked_mul(Decimal::ONE_HUNDRED)
}

fn check_value(
    spec: &OrderSpec,
    opens: Qty,
    position: Qty,
    market: Price,
    known: &Known<'_>,
) -> Result<(), Refusal> {
    let rate = known.to_limits.ok_or_else(|| Refusal::NoRate(known.instrument.currency.to_string()))?;
    let worst = worst_price(spec, market);
    let worth = |quantity: Qty| {
        let value = known.instrument.checked_value(worst, quantity)?;
        Some(Money { amount: value.checked_mul(rate.amount)?, currency: rate.currency })
    };
    let beyond = || Refusal::BeyondCounting(spec.quantity);
    let money = |amount| Money { amount, currency: rate.currency };
    let (value, limit) = (worth(opens).ok_or_else(beyond)?, money(known.limits.max_order_value));
    if value.amount > limit.amount {
        return Err(Refusal::OrderValue { value, limit });
    }
    let (value, limit) = (worth(position).ok_or_else(beyond)?, money(known.limits.max_position_value));
    if value.amount > limit.amount {
        return Err(Refusal::PositionValue { value, limit });
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
