//! What an order must be before the exchange takes it.
//!
//! Checks change nothing. They go from the order itself (grid, types) over the market
//! (session, book, last price) and the orders it belongs to (parent, group) to the money.

use crate::domain::{
    Decimal, OrderId, OrderKind, OrderSpec, OrderStatus, Price, Side, Time, TimeInForce, TrailBy,
};

use super::grid::{Points, Units};
use super::listing::Listing;
use super::orders::{Entry, Group, Place};
use super::triggers::{is_reached, is_sound};
use super::{AGENT_ORDERS, Amend, Exchange, Reject};

/// An agent's order, checked.
pub(super) struct AgentOrder {
    pub(super) slot: usize,
    pub(super) units: Units,
    pub(super) limit: Option<Points>,
}

impl Exchange {
    /// An account's new order, ready to enter. A child of a parent that has ended, or a member
    /// of a group that has filled in part, is already cut to what is left for it.
    pub(super) fn check_order(&self, account: usize, id: OrderId, spec: OrderSpec) -> Result<Entry, Reject> {
        if id.0 & AGENT_ORDERS != 0 {
            return Err(Reject::ForeignId(id));
        }
        let slot = self.slot(spec.instrument).ok_or(Reject::UnknownInstrument(spec.instrument))?;
        let listing = &self.listings[slot];
        let mut entry = self.entry(account, slot, id, spec)?;
        entry.expires = self.check_time(listing, &spec)?;
        check_kind(listing, &spec)?;
        self.check_parent(&mut entry)?;
        self.check_group(&mut entry)?;
        if spec.parent.is_none() {
            self.check_stop(&entry)?;
            self.check_book(&entry)?;
        }
        self.check_power(None, &entry)?;
        Ok(entry)
    }

    /// The order with its numbers on the grid, and nothing else known of it.
    pub(super) fn entry(
        &self,
        account: usize,
        slot: usize,
        id: OrderId,
        spec: OrderSpec,
    ) -> Result<Entry, Reject> {
        let Listing { grid, instrument, .. } = &self.listings[slot];
        let quantity = grid.check_quantity(instrument, spec.quantity)?;
        let check = |price: Option<Price>| price.map(|p| grid.check_price(instrument, p)).transpose();
        Ok(Entry {
            id,
            account,
            slot,
            quantity,
            filled: 0,
            released: None,
            limit: check(spec.kind.limit())?,
            stop: check(spec.kind.stop())?,
            spec,
            place: Place::Entering,
            triggered: false,
            best: None,
            bound: None,
            rank: 0,
            expires: None,
            traded: Decimal::ZERO,
            charged: Decimal::ZERO,
            status: OrderStatus::Held,
            reason: None,
            created: self.now,
            updated: self.now,
        })
    }

    /// When the order expires by itself; refuses what cannot wait for the open.
    fn check_time(&self, listing: &Listing, spec: &OrderSpec) -> Result<Option<Time>, Reject> {
        let cannot_wait =
            matches!(spec.kind, OrderKind::Market) || matches!(spec.tif, TimeInForce::Ioc | TimeInForce::Fok);
        if cannot_wait && listing.session.is_none() {
            return Err(self.closed(listing));
        }
        match spec.tif {
            TimeInForce::Day => Ok(Some(listing.calendar.day_end(self.now))),
            TimeInForce::Gtd(until) if until <= self.now => Err(Reject::AlreadyOver(until)),
            TimeInForce::Gtd(until) => Ok(Some(until)),
            TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => Ok(None),
        }
    }

    fn closed(&self, listing: &Listing) -> Reject {
        Reject::Closed {
            venue: listing.instrument.venue.clone(),
            opens: listing.calendar.next_open(self.now).map(|span| span.open),
            zone: listing.instrument.hours.zone.as_str().into(),
        }
    }

    fn check_parent(&self, entry: &mut Entry) -> Result<(), Reject> {
        let Some(id) = entry.spec.parent else { return Ok(()) };
        let waits = !matches!(entry.spec.kind, OrderKind::Market)
            && !matches!(entry.spec.tif, TimeInForce::Ioc | TimeInForce::Fok);
        if !waits {
            return Err(Reject::ChildCannotWait);
        }
        let parent = self.orders.find(id).ok_or(Reject::ParentGone(id))?;
        if parent.account != entry.account || parent.slot != entry.slot {
            return Err(Reject::ParentMismatch(id));
        }
        // It takes no buying power until it is active, so it must not add to the position then.
        if parent.side() == entry.side() {
            return Err(Reject::ParentSide(id));
        }
        let others = self.orders.all().filter(|e| e.spec.parent == Some(id) && e.filled > 0);
        let (taken, last) = others.fold((0, None), |(sum, _), e| (sum + e.filled, Some(e.id)));
        entry.released = Some(parent.filled - taken);
        let to_come = if parent.status.is_final() { 0 } else { parent.remaining() };
        let most = parent.filled - taken + to_come;
        if most <= 0 {
            return Err(last.map_or(Reject::ParentGone(id), Reject::GroupDone));
        }
        if last.is_some() || parent.status.is_final() {
            entry.set_quantity(entry.quantity.min(most), &self.listings[entry.slot].grid);
        }
        Ok(())
    }

    /// A named group counts as if all its orders had been sent at once: what others have filled
    /// is taken off a late one.
    fn check_group(&self, entry: &mut Entry) -> Result<(), Reject> {
        let Some(group @ Group::Named(..)) = entry.group() else { return Ok(()) };
        let mut filled = 0;
        for member in self.orders.all().filter(|e| e.group() == Some(group)) {
            if member.slot != entry.slot {
                return Err(Reject::GroupMismatch(member.id));
            }
            filled += member.filled;
            if member.status == OrderStatus::Filled || filled >= entry.quantity {
                return Err(Reject::GroupDone(member.id));
            }
        }
        if filled > 0 {
            entry.set_quantity(entry.quantity - filled, &self.listings[entry.slot].grid);
        }
        Ok(())
    }

    /// Refuses a stop that the market has passed: it is more often a typing error than a wish.
    fn check_stop(&self, entry: &Entry) -> Result<(), Reject> {
        let listing = &self.listings[entry.slot];
        if let (Some(stop), Some(last)) = (entry.stop, listing.day.last)
            && is_reached(entry.side(), stop, last)
        {
            let (stop, last) = (listing.grid.price(stop), listing.grid.price(last));
            return Err(Reject::StopPassed { stop, last });
        }
        Ok(())
    }

    /// What can be said about the other side of the book before anything happens.
    fn check_book(&self, entry: &Entry) -> Result<(), Reject> {
        let listing = &self.listings[entry.slot];
        if matches!(entry.spec.kind, OrderKind::Market)
            && listing.book.best(entry.side().opposite()).is_none()
        {
            let is_buy = entry.side() == Side::Buy;
            return Err(Reject::EmptyBook { symbol: listing.instrument.symbol.clone(), is_buy });
        }
        if matches!(entry.spec.kind, OrderKind::Limit { .. }) && listing.admits_now(&entry.spec) {
            self.check_post_only(entry)?;
        }
        Ok(())
    }

    fn check_post_only(&self, entry: &Entry) -> Result<(), Reject> {
        let listing = &self.listings[entry.slot];
        match entry.limit {
            Some(limit) if entry.spec.post_only => match takes(listing, entry.side(), limit) {
                Some(best) => Err(Reject::WouldTake {
                    price: listing.grid.price(limit),
                    best: listing.grid.price(best),
                }),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// The order as it would be after a change.
    pub(super) fn check_amend(&self, id: OrderId, change: Amend) -> Result<Entry, Reject> {
        let Some(entry) = self.orders.get(id) else { return Err(self.not_live(id)) };
        let listing = &self.listings[entry.slot];
        let (grid, instrument) = (&listing.grid, &*listing.instrument);
        let mut changed = entry.clone();
        if let Some(quantity) = change.quantity {
            let units = grid.check_quantity(instrument, quantity)?;
            if units <= entry.filled {
                return Err(Reject::BelowFilled { filled: entry.filled_quantity(grid) });
            }
            changed.set_quantity(units, grid);
        }
        if let Some(limit) = change.limit {
            let points = grid.check_price(instrument, limit)?;
            changed.limit.replace(points).ok_or(Reject::NoLimit)?;
            changed.spec.kind = changed.spec.kind.with_limit(limit);
        }
        if let Some(stop) = change.stop {
            let points = grid.check_price(instrument, stop)?;
            changed.stop.replace(points).ok_or(match entry.spec.kind {
                OrderKind::TrailingStop { .. } => Reject::FollowsItself,
                _ => Reject::NoStop,
            })?;
            if entry.triggered {
                return Err(Reject::AlreadyTriggered);
            }
            changed.spec.kind = changed.spec.kind.with_stop(stop);
            if entry.place != Place::Parent {
                self.check_stop(&changed)?;
            }
        }
        if entry.place == Place::Book {
            self.check_post_only(&changed)?;
        }
        self.check_power(Some(entry), &changed)?;
        Ok(changed)
    }

    /// Why nothing can be done with an order that does not live.
    pub(super) fn not_live(&self, id: OrderId) -> Reject {
        match self.orders.past(id) {
            Some(past) => Reject::AlreadyDone { id, status: past.status },
            None => Reject::UnknownOrder(id),
        }
    }

    /// An agent's order: the same grid and session, none of the rest.
    pub(super) fn check_agent(&self, id: OrderId, spec: &OrderSpec) -> Result<AgentOrder, Reject> {
        if id.0 & AGENT_ORDERS == 0 {
            return Err(Reject::ForeignId(id));
        }
        if self.index.contains_key(&id) {
            return Err(Reject::AlreadyWorking(id));
        }
        let slot = self.slot(spec.instrument).ok_or(Reject::UnknownInstrument(spec.instrument))?;
        let listing = &self.listings[slot];
        let limit = match spec.kind {
            OrderKind::Market => None,
            OrderKind::Limit { price } => Some(listing.grid.check_price(&listing.instrument, price)?),
            _ => return Err(Reject::NotForAgents),
        };
        if spec.parent.is_some() || spec.oco.is_some() || matches!(spec.tif, TimeInForce::Gtd(_)) {
            return Err(Reject::NotForAgents);
        }
        let units = listing.grid.check_quantity(&listing.instrument, spec.quantity)?;
        if listing.session.is_none() {
            return Err(self.closed(listing));
        }
        if let Some(limit) = limit.filter(|_| spec.post_only)
            && let Some(best) = takes(listing, spec.side, limit)
        {
            return Err(Reject::WouldTake {
                price: listing.grid.price(limit),
                best: listing.grid.price(best),
            });
        }
        Ok(AgentOrder { slot, units, limit })
    }
}

/// Type and flags that do not go together.
fn check_kind(listing: &Listing, spec: &OrderSpec) -> Result<(), Reject> {
    if let OrderKind::TrailingStop { by } = spec.kind {
        let mark = listing.mark().ok_or_else(|| Reject::NoPrice(listing.instrument.symbol.clone()))?;
        if !is_sound(by, mark) {
            let (TrailBy::Amount(distance) | TrailBy::Percent(distance)) = by;
            return Err(Reject::BadTrail(distance));
        }
    }
    let can_rest = matches!(spec.kind, OrderKind::Limit { .. } | OrderKind::StopLimit { .. })
        && !matches!(spec.tif, TimeInForce::Ioc | TimeInForce::Fok);
    if spec.post_only && !can_rest {
        return Err(Reject::PostOnlyCannotRest);
    }
    Ok(())
}

/// The best opposite price, where an order at `limit` would trade with it.
pub(super) fn takes(listing: &Listing, side: Side, limit: Points) -> Option<Points> {
    let (best, _) = listing.book.best(side.opposite())?;
    (!super::matching::is_beyond(side, best, limit)).then_some(best)
}
