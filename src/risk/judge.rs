//! How an order is judged: first what it would do, then whether it may.

use std::time::Duration;

use super::{Known, Line, Refusal, Role, Unusual};
use crate::domain::limits::{AllowedHours, Scope, ScopeKind};
use crate::domain::{
    Decimal, Instrument, Limits, Money, OrderKind, OrderSpec, Price, Qty, Quote, Side, TrailBy, bounds,
};

/// What an order does to a position, at worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Makes it smaller, or undoes what another order has opened.
    Shrinks {
        /// What would be held on the other side if exits that stay filled too: whoever sells
        /// what exits guard sells it twice.
        beyond: Qty,
    },
    /// An exit that waits for its entry: bounded by what that opens.
    Guards,
    /// Opens or enlarges one.
    Opens(Opening),
}

/// What an order opens, at worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opening {
    /// How much of the order opens.
    quantity: Qty,
    /// The position then, without its sign.
    position: Qty,
    /// The most that the position may come to, on either side, whichever orders fill.
    most: Qty,
}

pub(super) fn judge(spec: &OrderSpec, role: Role, known: &Known<'_>) -> Result<Effect, Refusal> {
    if known.is_killed {
        return Err(Refusal::Killed);
    }
    match known.line {
        Line::Ready | Line::Reducing(_) => {}
        Line::Silent(_) if role.despite().covers(Unusual::SilentBroker) => {}
        Line::Silent(why) => return Err(Refusal::Silent(why.to_owned())),
        Line::Down(why) => return Err(Refusal::NotReady(why.to_owned())),
    }
    check_grid(spec, known.instrument)?;
    let effect = effect(spec, role, known).ok_or(Refusal::BeyondCounting(spec.quantity))?;
    match (effect, role) {
        // Between the click and the sending the position may have changed.
        (Effect::Opens(_), Role::Close(_) | Role::Release) => return Err(Refusal::NothingToClose),
        (Effect::Opens(_), _) if !known.is_armed => {
            return Err(Refusal::NotArmed(known.account.clone()));
        }
        (Effect::Opens(_), _) if let Line::Reducing(why) = known.line => {
            return Err(Refusal::OpeningLocked(why.to_owned()));
        }
        (Effect::Opens(opening), _) => check_opening(spec, role, opening, known)?,
        // Its price is none that somebody has typed.
        (_, Role::Close(_) | Role::Release | Role::Less) => {}
        (_, Role::Exit { entry: Some(price), .. }) => check_distance(spec, price, known)?,
        (Effect::Shrinks { beyond }, _) if !beyond.is_zero() && !known.is_armed => {
            return Err(Refusal::NotArmed(known.account.clone()));
        }
        // What could be held then on the other side is less than what is held now.
        (Effect::Shrinks { beyond }, _) if beyond.0 > known.position.abs() => {
            check_position(beyond, known)?;
            check_value_beyond(spec, beyond, known)?;
            check_price_if_known(spec, role, known)?;
        }
        // A finger is as fat on the way out; but without a market there is nothing to say.
        _ => check_price_if_known(spec, role, known)?,
    }
    Ok(effect)
}

fn check_price_if_known(spec: &OrderSpec, role: Role, known: &Known<'_>) -> Result<(), Refusal> {
    fresh_market(spec, role, known).map_or(Ok(()), |market| check_distance(spec, market.meets, known))
}

/// Whether one more order is not one too many, which a change of one is not.
pub(super) fn check_counts(effect: Effect, known: &Known<'_>) -> Result<(), Refusal> {
    if matches!(effect, Effect::Shrinks { .. }) {
        return Ok(());
    }
    for (limit, kind) in known.limits.each(|limits| limits.max_working_orders) {
        let count = known.uses.of(kind).working_orders;
        if count >= limit as usize {
            return Err(Refusal::WorkingOrders { count, limit, scope: known.scope(kind) });
        }
    }
    for (limit, kind) in known.limits.each(|limits| limits.max_orders_per_minute) {
        let count = known.uses.of(kind).orders_last_minute;
        if count >= limit as usize {
            return Err(Refusal::OrdersPerMinute { count, limit, scope: known.scope(kind) });
        }
    }
    Ok(())
}

/// `None` where the numbers are beyond counting.
fn effect(spec: &OrderSpec, role: Role, known: &Known<'_>) -> Option<Effect> {
    let pending = known.pending.signed(spec.side);
    // A close and a reverse judge the position alone: what rests must never hold them back.
    // Everything else is judged as if what is on its way had filled, or many small orders
    // would add up.
    let before = match role {
        Role::Exit { .. } | Role::Less => return Some(Effect::Guards),
        Role::Close(_) | Role::Reverse(_) | Role::Release => known.position,
        Role::Plain | Role::Insisted(_) => known.position.checked_add(pending)?,
    };
    // A close and a reverse are sent when the exits are gone.
    let exits = match role {
        Role::Close(_) | Role::Reverse(_) | Role::Release => Decimal::ZERO,
        _ => known.exits.signed(spec.side),
    };
    let after = before.checked_add(spec.side.sign() * spec.quantity.0)?;
    let is_same_way = after.is_zero() || after.is_sign_negative() == before.is_sign_negative();
    if is_same_way && after.abs() < before.abs() {
        let worst = after.checked_add(exits)?;
        let is_turned = !worst.is_zero() && worst.is_sign_negative() != before.is_sign_negative();
        let beyond = if is_turned { Qty(worst.abs()) } else { Qty::ZERO };
        return Some(Effect::Shrinks { beyond });
    }
    let quantity = Qty(after.abs().min(spec.quantity.0));
    // What rests on the new side can still fill on top of a reversal.
    let after = if matches!(role, Role::Reverse(_)) { after.checked_add(pending)? } else { after };
    // Exits of this side can fill on top of it, too.
    let after =
        if after.is_sign_negative() == exits.is_sign_negative() { after.checked_add(exits)? } else { after };
    let other_side = spec.side.opposite();
    let otherwise = known.position.checked_add(known.pending.signed(other_side))?;
    let otherwise = match role {
        // Sent when the exits are gone.
        Role::Close(_) | Role::Reverse(_) => otherwise,
        _ => otherwise.checked_add(known.exits.signed(other_side))?,
    };
    let most = after.abs().max(otherwise.abs()).max(known.position.abs());
    Some(Effect::Opens(Opening { quantity, position: Qty(after.abs()), most: Qty(most) }))
}

/// Whether quantity and prices stand on the instrument's grid.
///
/// # Errors
/// The first that does not.
pub fn check_grid(spec: &OrderSpec, instrument: &Instrument) -> Result<(), Refusal> {
    // What could not be read again must not be written down.
    let prices = [spec.kind.limit(), spec.kind.stop()].into_iter().flatten();
    if bounds::quantity(spec.quantity.0).is_err() || prices.into_iter().any(|p| bounds::price(p.0).is_err()) {
        return Err(Refusal::BeyondCounting(spec.quantity));
    }
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
            TrailBy::Amount(amount) => amount > Decimal::ZERO && bounds::price(amount).is_ok(),
            TrailBy::Percent(percent) => {
                percent > Decimal::ZERO && percent < Decimal::ONE_HUNDRED && bounds::price(percent).is_ok()
            }
        };
        if !is_sound {
            return Err(Refusal::BadTrail);
        }
    }
    Ok(())
}

fn check_opening(spec: &OrderSpec, role: Role, opening: Opening, known: &Known<'_>) -> Result<(), Refusal> {
    check_day(known)?;
    check_allowed(known)?;
    let market = fresh_market(spec, role, known)?;
    check_distance(spec, market.meets, known)?;
    check_quantity(opening, known)?;
    check_value(spec, opening, market, known)
}

/// Whether the loss of the day leaves room for more.
fn check_day(known: &Known<'_>) -> Result<(), Refusal> {
    for kind in ScopeKind::ALL {
        if let Some(lock) = known.uses.of(kind).lock {
            return Err(Refusal::Locked { lock, scope: known.scope(kind) });
        }
    }
    for (limit, kind) in known.limits.each(|limits| limits.max_loss_per_day) {
        let scope = || known.scope(kind);
        let result = known.uses.of(kind).result_of_day.ok_or_else(|| Refusal::NoResult { scope: scope() })?;
        if -result >= limit {
            let money = |amount| Money { amount, currency: known.limits.currency };
            return Err(Refusal::LossPerDay { loss: money(-result), limit: money(limit), scope: scope() });
        }
    }
    Ok(())
}

/// Whether positions may be opened in this instrument, and now.
fn check_allowed(known: &Known<'_>) -> Result<(), Refusal> {
    for (allowed, kind) in known.limits.each(|limits| limits.allowed_instruments.as_ref()) {
        if !allowed.iter().any(|key| known.instrument.has_key(key)) {
            return Err(Refusal::Instrument { key: known.instrument.key(), scope: known.scope(kind) });
        }
    }
    for (hours, kind) in known.limits.each(|limits: &Limits| limits.allowed_hours.as_ref()) {
        if !hours.allow(known.now, known.is_regular) {
            return Err(match hours {
                AllowedHours::Regular => Refusal::NotRegular { scope: known.scope(kind) },
                AllowedHours::Between { .. } => {
                    Refusal::Hours { hours: hours.to_string(), scope: known.scope(kind) }
                }
            });
        }
    }
    Ok(())
}

/// The market that an order meets.
#[derive(Debug, Clone, Copy)]
struct Market {
    /// The far side of the book, else the mark.
    meets: Price,
    /// What a unit is worth at most: another than that only where the book is crossed.
    worth: Price,
}

fn fresh_market(spec: &OrderSpec, role: Role, known: &Known<'_>) -> Result<Market, Refusal> {
    let no_price = || Refusal::NoPrice(known.symbol());
    let (quote, received) = known.quote.ok_or_else(no_price)?;
    let far_side = match spec.side {
        Side::Buy => quote.ask,
        Side::Sell => quote.bid,
    };
    // A closed exchange sends no quotes; an order for its next session is no fresh trade. But
    // that it is closed is not for an old quote alone to say.
    if quote.is_open || known.is_in_hours {
        let accepts = |unusual| role.despite().covers(unusual);
        let age = known.now.since(received);
        let limit = known.limits.tightest(|limits| limits.max_quote_age_seconds);
        if let Some((limit, kind)) = limit
            && age > Duration::from_secs(u64::from(limit))
            && !accepts(Unusual::StaleQuote)
        {
            let (symbol, scope) = (known.symbol(), known.scope(kind));
            return Err(Refusal::StaleQuote { symbol, age: age.as_secs(), limit, scope });
        }
        if let Some((bid, ask)) = crossed(quote)
            && !accepts(Unusual::CrossedBook)
        {
            return Err(Refusal::CrossedBook { symbol: known.symbol(), bid, ask });
        }
        if far_side.is_none() && !accepts(Unusual::EmptyBook) {
            return Err(Refusal::EmptyBook { symbol: known.symbol(), side: spec.side.opposite() });
        }
    }
    let meets = far_side.or_else(|| quote.mark()).ok_or_else(no_price)?;
    let worth = crossed(quote).map_or(meets, |(bid, _)| bid.max(meets));
    Ok(Market { meets, worth })
}

fn crossed(quote: &Quote) -> Option<(Price, Price)> {
    quote.bid.zip(quote.ask).filter(|(bid, ask)| bid > ask)
}

fn check_distance(spec: &OrderSpec, market: Price, known: &Known<'_>) -> Result<(), Refusal> {
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
    match known.limits.tightest(|limits| limits.max_price_distance_percent) {
        Some((limit, kind)) if distance > limit => {
            let scope = known.scope(kind);
            Err(Refusal::PriceDistance { what, price, market, distance, limit, scope })
        }
        _ => Ok(()),
    }
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

fn check_quantity(opening: Opening, known: &Known<'_>) -> Result<(), Refusal> {
    if let Some((limit, kind)) = known.limits.tightest(|limits| limits.max_order_quantity)
        && opening.quantity > limit
    {
        return Err(Refusal::OrderQuantity { quantity: opening.quantity, limit, scope: known.scope(kind) });
    }
    check_position(opening.position, known)
}

fn check_position(quantity: Qty, known: &Known<'_>) -> Result<(), Refusal> {
    match known.limits.tightest(|limits| limits.max_position_quantity) {
        Some((limit, kind)) if quantity > limit => {
            Err(Refusal::PositionQuantity { quantity, limit, scope: known.scope(kind) })
        }
        _ => Ok(()),
    }
}

fn check_value(spec: &OrderSpec, opening: Opening, market: Market, known: &Known<'_>) -> Result<(), Refusal> {
    let rate = known.to_limits.ok_or_else(|| Refusal::NoRate(known.instrument.currency.to_string()))?;
    let beyond = || Refusal::BeyondCounting(spec.quantity);
    let worst = worst_price(spec, market.worth).ok_or_else(beyond)?;
    let worth = |quantity: Qty| {
        let value = known.instrument.checked_value(worst, quantity)?;
        value.checked_mul(rate.amount)
    };
    let money = |amount| Money { amount, currency: rate.currency };
    let over = |value: Decimal, found: Option<(Decimal, ScopeKind)>| {
        let (limit, kind) = found.filter(|(limit, _)| value > *limit)?;
        Some((money(value), money(limit), known.scope(kind)))
    };
    let value = worth(opening.quantity).ok_or_else(beyond)?;
    if let Some((value, limit, scope)) = over(value, known.limits.tightest(|l| l.max_order_value)) {
        return Err(Refusal::OrderValue { value, limit, scope });
    }
    let value = worth(opening.position).ok_or_else(beyond)?;
    if let Some((value, limit, scope)) = over(value, known.limits.tightest(|l| l.max_position_value)) {
        return Err(Refusal::PositionValue { value, limit, scope });
    }
    let here = worth(opening.most).ok_or_else(beyond)?;
    for (limit, kind) in known.limits.each(|limits| limits.max_exposure) {
        let scope: Scope = known.scope(kind);
        let Some(elsewhere) = known.uses.of(kind).exposure_elsewhere else {
            return Err(Refusal::NoExposure { scope });
        };
        let value = here.checked_add(elsewhere).ok_or_else(beyond)?;
        if let Some((value, limit, scope)) = over(value, Some((limit, kind))) {
            return Err(Refusal::Exposure { value, limit, scope });
        }
    }
    Ok(())
}

/// Whether what could be held on the other side, were the exits to fill that stay, is worth no
/// more than allowed. Where no price or rate is known there is nothing to say: what makes a
/// position smaller goes all the same.
fn check_value_beyond(spec: &OrderSpec, beyond: Qty, known: &Known<'_>) -> Result<(), Refusal> {
    let Some((quote, rate)) = known.quote.map(|(quote, _)| quote).zip(known.to_limits) else { return Ok(()) };
    let Some(mark) = quote.mark() else { return Ok(()) };
    let too_much = || Refusal::BeyondCounting(spec.quantity);
    let worst = worst_price(spec, mark).ok_or_else(too_much)?;
    let value = known.instrument.checked_value(worst, beyond).ok_or_else(too_much)?;
    let value = value.checked_mul(rate.amount).ok_or_else(too_much)?;
    let money = |amount| Money { amount, currency: rate.currency };
    if let Some((limit, kind)) = known.limits.tightest(|limits| limits.max_position_value)
        && value > limit
    {
        let scope = known.scope(kind);
        return Err(Refusal::ValueBeyond { value: money(value), limit: money(limit), scope });
    }
    for (limit, kind) in known.limits.each(|limits| limits.max_exposure) {
        let elsewhere = known.uses.of(kind).exposure_elsewhere.unwrap_or_default();
        let value = value.checked_add(elsewhere).ok_or_else(too_much)?;
        if value > limit {
            let scope = known.scope(kind);
            return Err(Refusal::ValueBeyond { value: money(value), limit: money(limit), scope });
        }
    }
    Ok(())
}

/// The highest price that the order may trade at, without its sign, for its value. A trailing stop
/// that buys triggers that far above the market at most: it only ever comes nearer.
///
/// `None` where that is beyond counting.
fn worst_price(spec: &OrderSpec, market: Price) -> Option<Price> {
    let trail = match spec.kind {
        OrderKind::TrailingStop { by: TrailBy::Amount(amount) } => amount,
        OrderKind::TrailingStop { by: TrailBy::Percent(percent) } => {
            market.0.abs().checked_mul(percent)?.checked_div(Decimal::ONE_HUNDRED)?
        }
        _ => Decimal::ZERO,
    };
    let trigger = if spec.side == Side::Buy { market.0.checked_add(trail)? } else { market.0 };
    let own = [spec.kind.limit(), spec.kind.stop()].into_iter().flatten().map(|price| price.0);
    own.chain([market.0, trigger]).map(|price| price.abs()).max().map(Price)
}
