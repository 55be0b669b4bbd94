//! What is used of the counted limits, as far as the window knows.
//!
//! For the ticket, which asks the gate what the engine will ask, and for the editor of the
//! limits. What only the engine counts (orders of the last minute, the loss of the day and its
//! lock) is as it has told it last ([`crate::link::ScopeUse`]): the engine has the last word.

use crate::desk::Desk;
use crate::domain::limits::{Scope, ScopeKind};
use crate::domain::{AccountId, Decimal, Instrument, InstrumentId, Order, OrderId, Side};
use crate::market::valuation::Rates;
use crate::risk::{Holdings, Pending, Use, Uses};

/// Units that working orders of an account in an instrument could still trade, `but` one.
pub(super) fn pending(
    desk: &Desk,
    account: &AccountId,
    instrument: InstrumentId,
    but: Option<OrderId>,
) -> Pending {
    let of = |side: Side| {
        let is_alike = |o: &&Order| {
            o.spec.instrument == instrument
                && o.spec.side == side
                && o.account == *account
                && Some(o.id) != but
                && o.entry().is_none()
        };
        desk.blotter().working().filter(is_alike).map(|o| o.remaining().0).sum::<Decimal>()
    };
    Pending { buys: of(Side::Buy), sells: of(Side::Sell) }
}

/// What exits could still trade, `but` one.
pub(super) fn exits(
    desk: &Desk,
    account: &AccountId,
    instrument: InstrumentId,
    but: Option<OrderId>,
) -> Pending {
    let is_alike = |o: &&Order| o.spec.instrument == instrument && o.account == *account && Some(o.id) != but;
    let blotter = desk.blotter();
    // Of brackets that this program keeps those that have ended say how large they can grow.
    let exits = blotter.working().filter(|o| o.kept.is_none()).chain(blotter.kept_exits()).filter(is_alike);
    let filled = |entry| blotter.get(entry).map(|entry| entry.filled);
    Pending::of_exits(exits.map(|exit| (exit, exit.remaining())), filled)
}

/// What is used of the limits of an order of `account` in `instrument`.
pub(super) fn of(desk: &Desk, account: &AccountId, instrument: &Instrument) -> Uses {
    beside(desk, account, instrument, bounded(desk).as_ref())
}

/// The same where it is added up already what could become of everything, orders that are not in the
/// blotter among it.
pub(super) fn beside(
    desk: &Desk,
    account: &AccountId,
    instrument: &Instrument,
    holdings: Option<&Holdings>,
) -> Uses {
    let limits = desk.settings().limits.in_force(account, instrument);
    Uses::new(|kind| {
        let is_of = |of: &AccountId, id: InstrumentId| match kind {
            ScopeKind::Profile => true,
            ScopeKind::Account => of == account,
            ScopeKind::Instrument => id == instrument.id,
        };
        let is_elsewhere = |of: &AccountId, id| is_of(of, id) && (id != instrument.id || of != account);
        let is_bounded = limits.of(kind).is_some_and(|limits| limits.max_exposure.is_some());
        let holdings = holdings.filter(|_| is_bounded);
        let exposure_elsewhere = holdings.map_or(Some(Decimal::ZERO), |all| all.exposure(is_elsewhere));
        let told = desk.uses().iter().find(|told| match &told.scope {
            Scope::Profile => kind == ScopeKind::Profile,
            Scope::Account(name) => kind == ScopeKind::Account && *name == account.0,
            Scope::Instrument(key) => kind == ScopeKind::Instrument && instrument.has_key(key),
        });
        // What nobody has told of is not limited.
        let nothing = Use::default();
        Use {
            working_orders: working(desk, is_of),
            orders_last_minute: told.map_or(0, |told| told.orders_last_minute as usize),
            exposure_elsewhere,
            result_of_day: told.map_or(nothing.result_of_day, |told| told.result_of_day),
            lock: told.and_then(|told| told.lock),
        }
    })
}

/// How many orders work.
pub(in crate::ui) fn working(desk: &Desk, is_of: impl Fn(&AccountId, InstrumentId) -> bool) -> usize {
    desk.blotter().working().filter(|o| is_of(&o.account, o.spec.instrument)).count()
}

/// What could become of everything that is held or ordered, where a limit asks for it.
pub(super) fn bounded(desk: &Desk) -> Option<Holdings> {
    desk.settings().limits.any(|limits| limits.max_exposure).then(|| holdings(desk))
}

fn holdings(desk: &Desk) -> Holdings {
    let blotter = desk.blotter();
    let held = blotter.open_positions().map(|p| (p.account.clone(), p.instrument, p.net));
    let live = blotter.working().map(|order| (order, order.remaining()));
    let kept = blotter.kept_exits().map(|exit| (exit, exit.remaining()));
    let filled = |entry| blotter.get(entry).map(|entry| entry.filled);
    let rates = desk.rates_into(desk.settings().limits.currency);
    Holdings::new(held, live, kept, filled, |id| unit_at(desk, id, &rates))
}

/// What positions would be worth with their working orders filled, in the limits' currency.
pub(in crate::ui) fn exposure_of(
    desk: &Desk,
    is_of: impl Fn(&AccountId, InstrumentId) -> bool,
) -> Option<Decimal> {
    holdings(desk).exposure(is_of)
}

/// What one unit is worth at its mark, in the limits' currency.
pub(in crate::ui) fn unit(desk: &Desk, id: InstrumentId) -> Option<Decimal> {
    unit_at(desk, id, &desk.rates_into(desk.settings().limits.currency))
}

fn unit_at(desk: &Desk, id: InstrumentId, rates: &Rates) -> Option<Decimal> {
    let instrument = desk.instrument(id)?;
    let rate = rates.to_base(Decimal::ONE, instrument.currency)?;
    desk.mark(id)?.0.checked_mul(instrument.multiplier)?.checked_mul(rate)
}
