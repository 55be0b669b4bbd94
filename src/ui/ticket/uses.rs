//! What is used of the counted limits, as far as the window knows.
//!
//! For the ticket, which asks the gate what the engine will ask, and for the editor of the
//! limits. What only the engine counts (orders of the last minute, the loss of the day and its
//! lock) is as it has told it last ([`crate::link::ScopeUse`]): the engine has the last word.

use std::collections::BTreeSet;

use crate::desk::Desk;
use crate::domain::limits::{Scope, ScopeKind};
use crate::domain::{AccountId, Decimal, Instrument, InstrumentId, Order, OrderId, Side};
use crate::risk::{Holding, Pending, Use, Uses, exposure};

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
    let limits = &desk.settings().limits;
    Uses::new(|kind| {
        let is_of = |of: &AccountId, id: InstrumentId| match kind {
            ScopeKind::Profile => true,
            ScopeKind::Account => of == account,
            ScopeKind::Instrument => id == instrument.id,
        };
        let exposure_elsewhere = if limits.any(|l| l.max_exposure) {
            let is_elsewhere = |of: &AccountId, id| is_of(of, id) && (of != account || id != instrument.id);
            exposure_of(desk, is_elsewhere)
        } else {
            Some(Decimal::ZERO)
        };
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

/// What positions would be worth with their working orders filled, in the limits' currency.
pub(in crate::ui) fn exposure_of(
    desk: &Desk,
    is_of: impl Fn(&AccountId, InstrumentId) -> bool,
) -> Option<Decimal> {
    let held = desk.blotter().open_positions().map(|p| (p.account.clone(), p.instrument));
    let ordered = desk.blotter().working().map(|o| (o.account.clone(), o.spec.instrument));
    let places: BTreeSet<(AccountId, InstrumentId)> = held.chain(ordered).collect();
    exposure(places.iter().filter(|(account, id)| is_of(account, *id)).map(|(account, id)| Holding {
        net: desk.blotter().position_of(account, *id).map_or(Decimal::ZERO, |p| p.net),
        pending: pending(desk, account, *id, None).with(exits(desk, account, *id, None)),
        unit: unit(desk, *id),
    }))
}

/// What one unit is worth at its mark, in the limits' currency.
pub(in crate::ui) fn unit(desk: &Desk, id: InstrumentId) -> Option<Decimal> {
    let instrument = desk.instrument(id)?;
    let rate = desk.worth(instrument.currency, desk.settings().limits.currency)?;
    desk.mark(id)?.0.checked_mul(instrument.multiplier)?.checked_mul(rate.amount)
}
