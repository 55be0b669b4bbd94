//! How much of the limits is used now, and which of them are nearly used up.
//!
//! What is counted (orders that work, orders of the last minute, exposure, the loss of the day)
//! is as the engine has told it last ([`crate::link::ScopeUse`]), for it is the engine's count
//! that an order meets. A scope without limits of its own is told nothing of; there the window
//! counts what it can see itself.

use crate::desk::Desk;
use crate::domain::limits::{Limit, Scope};
use crate::domain::{AccountId, Decimal, InstrumentId, Position};
use crate::link::ScopeUse;
use crate::risk::Lock;
use crate::ui::format;
use crate::ui::ticket::uses;

/// From this share of a limit on it is worth a look.
const NEAR: Decimal = Decimal::from_parts(8, 0, 0, false, 1);

/// How much of a limit is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Used {
    /// So much, and the same in words.
    Known(Decimal, String),
    /// A price or an exchange rate is missing.
    Missing,
}

/// How near a limit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Nearness {
    Far,
    Near,
    Reached,
}

/// How near `used` comes to a limit.
pub(super) fn nearness(used: Decimal, limit: Option<Decimal>) -> Nearness {
    match limit {
        Some(limit) if used >= limit => Nearness::Reached,
        Some(limit) if used >= limit.saturating_mul(NEAR) => Nearness::Near,
        _ => Nearness::Far,
    }
}

/// How much of a limit is used now; `None` where that is no question, or nobody counts it.
pub(super) fn used(desk: &Desk, scope: &Scope, limit: Limit) -> Option<Used> {
    let told = told(desk, scope);
    let is_of = |account: &AccountId, id: InstrumentId| match scope {
        Scope::Profile => true,
        Scope::Account(name) => account.0 == *name,
        Scope::Instrument(key) => desk.instrument(id).is_some_and(|instrument| instrument.has_key(key)),
    };
    let held = || desk.blotter().open_positions().filter(|p| is_of(&p.account, p.instrument));
    let amount = |amount: Decimal| format::amount(amount, desk.settings().limits.currency);
    let money = |value: Decimal| Used::Known(value, amount(value));
    let count = |count: u64| Used::Known(Decimal::from(count), count.to_string());
    // It is told where a limit asks for it; then nothing told means that something is missing.
    let is_asked = desk.settings().limits.of(scope).is_some_and(|limits| limits.is_set(limit));
    match limit {
        Limit::WorkingOrders => Some(match told {
            Some(told) => count(told.working_orders.into()),
            None => count(uses::working(desk, is_of) as u64),
        }),
        Limit::OrdersPerMinute => Some(count(told?.orders_last_minute.into())),
        Limit::Exposure => match told.filter(|_| is_asked) {
            Some(told) => Some(told.exposure.map_or(Used::Missing, money)),
            None => uses::exposure_of(desk, is_of).map(money),
        },
        Limit::LossPerDay => match told.filter(|_| is_asked)?.result_of_day {
            Some(result) if result < Decimal::ZERO => Some(money(-result)),
            Some(result) => {
                let gain = format::gain(result, desk.settings().limits.currency);
                let words = if result.is_zero() { "nothing lost".to_owned() } else { gain };
                Some(Used::Known(Decimal::ZERO, words))
            }
            None => Some(Used::Missing),
        },
        Limit::PositionQuantity => {
            let largest = held().map(|p| p.net.abs()).max()?;
            Some(Used::Known(largest, format::exact(largest)))
        }
        Limit::PositionValue => {
            let worth = |p: &Position| uses::unit(desk, p.instrument)?.checked_mul(p.net.abs());
            let largest = held().map(worth).collect::<Option<Vec<_>>>()?.into_iter().max()?;
            Some(money(largest))
        }
        _ => None,
    }
}

/// That nothing is opened in a scope any more today.
pub(super) fn lock(desk: &Desk, scope: &Scope) -> Option<Lock> {
    told(desk, scope)?.lock
}

/// A lock in words: since when it stands does not matter, when it ends does.
pub(in crate::ui) fn lock_text(lock: &Lock, desk: &Desk) -> String {
    let zone_name = format::zone_name(lock.until, &zone_of(desk));
    format!(
        "Locked until {} {zone_name}: the loss of the day had reached {}, the limit was {}. Until then nothing is opened; \
         closing works.",
        until(lock, desk),
        format::money(lock.loss),
        format::money(lock.limit),
    )
}

/// When a lock ends: the clock, with the date where it is not today's.
pub(in crate::ui) fn until(lock: &Lock, desk: &Desk) -> String {
    let zone = zone_of(desk);
    if format::is_same_day(lock.until, desk.now(), &zone) {
        format::clock_minute(lock.until, &zone)
    } else {
        format::date_minute(lock.until, &zone)
    }
}

/// The zone of the status bar's clock.
fn zone_of(desk: &Desk) -> jiff::tz::TimeZone {
    format::zone(desk.settings().time_zone_display, desk.selected().map(|instrument| &**instrument))
}

/// Scopes that are locked for the day.
pub(in crate::ui) fn locks(desk: &Desk) -> impl Iterator<Item = (&Scope, Lock)> {
    desk.uses().iter().filter_map(|told| Some((&told.scope, told.lock?)))
}

/// A limit of which little is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ui) struct Scarce<'a> {
    pub scope: &'a Scope,
    pub limit: Limit,
    /// Used of it, in whole per cent.
    pub percent: Decimal,
    /// `2,100.00 of 2,500`.
    pub words: String,
}

/// The counted limits of which little is left, the scarcest first. What has locked its scope is
/// told by the lock.
pub(in crate::ui) fn scarce(desk: &Desk) -> Vec<Scarce<'_>> {
    const COUNTED: [Limit; 4] =
        [Limit::LossPerDay, Limit::Exposure, Limit::WorkingOrders, Limit::OrdersPerMinute];
    let mut found = Vec::new();
    for told in desk.uses() {
        let Some(limits) = desk.settings().limits.of(&told.scope) else { continue };
        for limit in COUNTED.into_iter().filter(|limit| told.lock.is_none() || *limit != Limit::LossPerDay) {
            let set = limits.number(limit).filter(|set| *set > Decimal::ZERO);
            let Some(set) = set else { continue };
            let Some(Used::Known(used, words)) = used(desk, &told.scope, limit) else { continue };
            if nearness(used, Some(set)) == Nearness::Far {
                continue;
            }
            let share = used.checked_div(set).and_then(|share| share.checked_mul(Decimal::ONE_HUNDRED));
            let words = format!("{words} of {}", limits.text(limit).unwrap_or_default());
            let percent = share.unwrap_or(Decimal::ONE_HUNDRED).trunc();
            found.push(Scarce { scope: &told.scope, limit, percent, words });
        }
    }
    found.sort_by_key(|scarce| std::cmp::Reverse(scarce.percent));
    found
}

fn told<'a>(desk: &'a Desk, scope: &Scope) -> Option<&'a ScopeUse> {
    desk.uses().iter().find(|told| told.scope == *scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_fifths_of_a_limit_are_near_it_and_all_of_it_is_reached() {
        let near = |used: i64, limit: i64| nearness(used.into(), Some(limit.into()));
        assert_eq!(
            [near(79, 100), near(80, 100), near(99, 100)],
            [Nearness::Far, Nearness::Near, Nearness::Near]
        );
        assert_eq!([near(100, 100), near(101, 100)], [Nearness::Reached; 2]);
        assert_eq!(nearness(5.into(), None), Nearness::Far);
    }
}
