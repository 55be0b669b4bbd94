//! Buying power: what an account may still tie up, per currency.
//!
//! `buying power = equity × leverage − margin`, with equity = cash + Σ net × mark × multiplier.
//! The margin of one instrument is the larger of two cases, since they exclude each other:
//! every working buy fills, or every working sell fills. In each, what is held counts at its
//! mark and orders at their worst price with their commission; orders that only reduce what
//! is held need nothing, and one that closes at once is never refused, even where the exits
//! that work already add up to more than is held; of an OCO group only the largest order counts, since one fill takes
//! the others away, and of a parent's children no more than it has released to all. Marks are the exchange's own (last trade, else previous close, else
//! the position's average price).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::domain::{
    Account, AccountKind, Balance, Currency, Decimal, OrderId, OrderKind, Position, Qty, Side, TimeInForce,
    bounds,
};

use super::book::Party;
use super::grid::{Points, Units};
use super::ledger::Ledger;
use super::listing::Listing;
use super::orders::{Entry, Group, Place};
use super::{Exchange, Reject};

/// What an order may do to its instrument's position, at worst.
#[derive(Debug, Clone, Copy)]
struct Claim {
    side: Side,
    quantity: Decimal,
    price: Decimal,
    group: Option<Group>,
    /// What all orders of the group may trade together; `None` where the largest order stands
    /// for all.
    pool: Option<Decimal>,
}

/// The largest value of one order that is taken, so that no later sum can overflow.
const MAX_VALUE: i64 = 1_000_000_000_000_000_000;

impl Exchange {
    /// Refuses a new order (`before` is `None`) or a changed one that needs more than is free.
    pub(super) fn check_power(&self, before: Option<&Entry>, after: &Entry) -> Result<(), Reject> {
        let (ledger, listing) = (&self.ledgers[after.account], &self.listings[after.slot]);
        let worst = self.worst_price(after);
        let value = worst.checked_mul(listing.grid.quantity(after.quantity).0);
        let value = value.and_then(|value| value.checked_mul(listing.instrument.multiplier));
        if value.is_none_or(|value| value > Decimal::from(MAX_VALUE)) {
            return Err(Reject::TooLarge);
        }
        if gets_out(ledger, listing, after) {
            return Ok(());
        }
        let currency = listing.instrument.currency;
        let others = self.claims(after.account, after.slot, Some(after.id));
        // A position beyond this could be written down and not be read again.
        let held =
            ledger.net(listing.instrument.id).abs() + others.iter().map(|c| c.quantity).sum::<Decimal>();
        if held + listing.grid.quantity(after.quantity).0 > bounds::MAX_QUANTITY {
            return Err(Reject::TooLarge);
        }
        let with = |entry: Option<&Entry>| {
            let mut claims = others.clone();
            claims.extend(entry.and_then(|entry| self.claim(entry)));
            exposure(ledger, listing, &claims)
        };
        let needed = with(Some(after)) - with(before);
        if needed <= Decimal::ZERO {
            return Ok(());
        }
        let (equity, margin) = (self.equity(ledger, currency), self.margin(after.account, currency));
        let free = equity * ledger.leverage - margin;
        if needed > free {
            return Err(Reject::BuyingPower { needed, free: free.max(Decimal::ZERO), currency });
        }
        Ok(())
    }

    /// The account as its broker reports it.
    pub(super) fn account_view(&self, index: usize) -> Account {
        let ledger = &self.ledgers[index];
        let mut currencies: Vec<Currency> = ledger.cash.iter().map(|money| money.currency).collect();
        for slot in self.busy_slots(index) {
            let currency = self.listings[slot].instrument.currency;
            if !currencies.contains(&currency) {
                currencies.push(currency);
            }
        }
        let balance = |currency| {
            let held = || self.positions_in(ledger, currency).map(|(position, _)| position);
            let margin = self.margin(index, currency);
            Balance {
                currency,
                cash: ledger.cash(currency),
                realised: held().map(|position| position.realised).sum(),
                commissions: held().map(|position| position.commissions).sum(),
                margin,
                buying_power: self.equity(ledger, currency) * ledger.leverage - margin,
            }
        };
        Account {
            id: ledger.id.clone(),
            broker: self.broker,
            kind: AccountKind::Paper,
            title: ledger.title.clone(),
            base: ledger.base,
            balances: currencies.into_iter().map(balance).collect(),
            reported: None,
        }
    }

    fn positions_in<'a>(
        &'a self,
        ledger: &'a Ledger,
        currency: Currency,
    ) -> impl Iterator<Item = (&'a Position, &'a Listing)> {
        let held = ledger.positions.values();
        let listed =
            held.filter_map(|position| Some((position, &self.listings[self.slot(position.instrument)?])));
        listed.filter(move |(_, listing)| listing.instrument.currency == currency)
    }

    fn equity(&self, ledger: &Ledger, currency: Currency) -> Decimal {
        let worth = self
            .positions_in(ledger, currency)
            .map(|(position, listing)| position.net * mark(ledger, listing) * listing.instrument.multiplier);
        ledger.cash(currency) + worth.sum::<Decimal>()
    }

    fn margin(&self, account: usize, currency: Currency) -> Decimal {
        let slots = self.busy_slots(account).into_iter().map(|slot| (slot, &self.listings[slot]));
        let slots = slots.filter(|(_, listing)| listing.instrument.currency == currency);
        let margin = slots.map(|(slot, listing)| {
            exposure(&self.ledgers[account], listing, &self.claims(account, slot, None))
        });
        margin.sum()
    }

    /// Listings in which the account holds something or has an order.
    fn busy_slots(&self, account: usize) -> BTreeSet<usize> {
        let orders = self.orders.live().filter(|e| e.account == account).map(|e| e.slot);
        let held = self.ledgers[account].positions.keys().filter_map(|&id| self.slot(id));
        orders.chain(held).collect()
    }

    fn claims(&self, account: usize, slot: usize, without: Option<OrderId>) -> Vec<Claim> {
        let orders = self.orders.live().filter(|e| e.account == account && e.slot == slot);
        orders.filter(|e| Some(e.id) != without).filter_map(|e| self.claim(e)).collect()
    }

    fn claim(&self, entry: &Entry) -> Option<Claim> {
        let active = entry.active();
        (active > 0).then(|| Claim {
            side: entry.side(),
            quantity: self.listings[entry.slot].grid.quantity(active).0,
            price: self.worst_price(entry),
            group: entry.group(),
            pool: self.pool(entry),
        })
    }

    /// What a child and its siblings may still trade together.
    fn pool(&self, entry: &Entry) -> Option<Decimal> {
        let is_sibling = matches!(entry.group(), Some(Group::Bracket(_)));
        let released = entry.released.filter(|_| is_sibling)?;
        Some(self.listings[entry.slot].grid.quantity((released - entry.filled).max(0)).0)
    }

    /// The price that ties up most of all those an order may trade at.
    fn worst_price(&self, entry: &Entry) -> Decimal {
        let listing = &self.listings[entry.slot];
        let price = |at: Points| listing.grid.price(at).0;
        let mark = || mark(&self.ledgers[entry.account], listing);
        let beyond = |at: Decimal| at + at * self.collar_percent / Decimal::ONE_HUNDRED;
        let is_buy = entry.side() == Side::Buy;
        if entry.place == Place::Book || (entry.triggered && entry.bound.is_some()) {
            let at = entry.limit.or(entry.bound);
            return at.map_or_else(mark, price);
        }
        let best_bid = || listing.book.best(Side::Buy).map_or(Decimal::ZERO, |(at, _)| price(at));
        match (entry.spec.kind, entry.limit, entry.stop) {
            (OrderKind::Market, ..) if is_buy => {
                let reach = self.reach(entry).min(self.collar(entry.slot, Side::Buy, entry.party()));
                reach.map_or_else(mark, price)
            }
            (OrderKind::Market, ..) => best_bid().max(mark()),
            (OrderKind::Limit { .. }, Some(limit), _) if is_buy => price(limit),
            (OrderKind::Limit { .. }, Some(limit), _) => price(limit).max(best_bid()),
            (OrderKind::StopLimit { .. }, Some(limit), _) if is_buy => price(limit),
            (OrderKind::StopLimit { .. }, Some(limit), Some(stop)) => price(limit.max(stop)),
            (_, _, Some(stop)) if is_buy => beyond(price(stop).max(mark())),
            (_, _, Some(stop)) => price(stop),
            _ if is_buy => {
                let stop = entry.trigger_price(listing);
                beyond(stop.map_or_else(mark, price).max(mark()))
            }
            _ => mark(),
        }
    }

    /// The deepest price that a market order would reach in the book as it is.
    fn reach(&self, entry: &Entry) -> Option<Points> {
        let account = u32::try_from(entry.account).ok()?;
        let book = &self.listings[entry.slot].book;
        let mut left: Units = entry.active();
        let mut deepest = None;
        for order in book.orders(entry.side().opposite()) {
            if left <= 0 {
                break;
            }
            if order.party != Party::Account(account) {
                left -= order.units;
                deepest = Some(order.at);
            }
        }
        deepest
    }
}

/// Whether an order trades at once and can only shrink the position. A trader may always get
/// out, whatever other exits work and however little is left.
fn gets_out(ledger: &Ledger, listing: &Listing, order: &Entry) -> bool {
    let at_once = matches!(order.spec.kind, OrderKind::Market)
        || (matches!(order.spec.kind, OrderKind::Limit { .. })
            && matches!(order.spec.tif, TimeInForce::Ioc | TimeInForce::Fok));
    let net = ledger.net(listing.instrument.id);
    let reduces = net * order.side().sign() < Decimal::ZERO;
    at_once && reduces && listing.grid.quantity(order.active()).0 <= net.abs()
}

fn mark(ledger: &Ledger, listing: &Listing) -> Decimal {
    let average = || ledger.positions.get(&listing.instrument.id).map(|position| position.average_price);
    listing.mark().map(|mark| mark.0).or_else(average).unwrap_or_default()
}

/// The margin of one instrument, see the module's text.
fn exposure(ledger: &Ledger, listing: &Listing, claims: &[Claim]) -> Decimal {
    let net = ledger.net(listing.instrument.id);
    let held = net.abs() * mark(ledger, listing) * listing.instrument.multiplier;
    let case = |side: Side| {
        let reduces = net * side.sign() < Decimal::ZERO;
        let (covered, base) = if reduces { (net.abs(), Decimal::ZERO) } else { (Decimal::ZERO, held) };
        base + opening(ledger, listing, largest_of_groups(claims, side), covered)
    };
    case(Side::Buy).max(case(Side::Sell))
}

/// Value and commission of `claims` beyond `covered`; the cheapest are taken to be the covered
/// ones, which is the worst case.
fn opening(ledger: &Ledger, listing: &Listing, mut claims: Vec<Claim>, mut covered: Decimal) -> Decimal {
    let instrument = &listing.instrument;
    claims.sort_by_key(|claim| claim.price);
    let mut total = Decimal::ZERO;
    for claim in claims {
        let free_of_charge = covered.min(claim.quantity);
        covered -= free_of_charge;
        let opening = claim.quantity - free_of_charge;
        if !opening.is_zero() {
            let value = claim.price * opening * instrument.multiplier;
            let fee = listing.commission.due(value, Qty(opening), instrument.currency);
            total += value + fee * ledger.leverage;
        }
    }
    total
}

/// The claims of one side. Of an OCO group only the most valuable; of a parent's children the
/// dearest, up to what all of them may trade together.
fn largest_of_groups(claims: &[Claim], side: Side) -> Vec<Claim> {
    let mut groups: BTreeMap<Group, Vec<Claim>> = BTreeMap::new();
    let mut out = Vec::new();
    for claim in claims.iter().filter(|claim| claim.side == side) {
        match claim.group {
            None => out.push(*claim),
            Some(group) => groups.entry(group).or_default().push(*claim),
        }
    }
    for mut members in groups.into_values() {
        let Some(mut left) = members.iter().filter_map(|claim| claim.pool).max() else {
            out.extend(members.into_iter().max_by_key(|claim| claim.quantity * claim.price));
            continue;
        };
        members.sort_by_key(|claim| Reverse(claim.price));
        for claim in members {
            let quantity = claim.quantity.min(left);
            left -= quantity;
            out.push(Claim { quantity, ..claim });
        }
    }
    out
}
