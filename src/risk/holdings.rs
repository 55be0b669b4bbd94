//! What could become of every position, were the orders to fill that could: what `max_exposure` bounds.
//!
//! Added up in one pass over the orders, for whoever judges many orders one after the other: the
//! engine with each order of a plan, the window before it sends one.

use std::collections::BTreeMap;

use super::known::Pending;
use crate::domain::{AccountId, Decimal, InstrumentId, Order, OrderId, Qty, Side};

/// What could become of one account's position in one instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Holding {
    /// Signed units held.
    pub net: Decimal,
    /// What live orders could add or take, exits included.
    pub pending: Pending,
    /// What one unit is worth in the limits' currency, where that is known.
    pub unit: Option<Decimal>,
}

impl Holding {
    /// The most units that would be held, long or short, were those orders filled that add up;
    /// `None` where that is beyond counting.
    #[must_use]
    pub fn most(&self) -> Option<Decimal> {
        let long = self.net.checked_add(self.pending.buys)?;
        let short = self.net.checked_sub(self.pending.sells)?;
        Some(long.abs().max(short.abs()))
    }

    /// What they would be worth; `None` where no price or rate is known.
    #[must_use]
    pub fn exposure(&self) -> Option<Decimal> {
        let most = self.most()?;
        if most.is_zero() { Some(most) } else { most.checked_mul(self.unit?.abs()) }
    }
}

/// Whose, and of what.
type Place = (AccountId, InstrumentId);
/// An order, and what it could trade itself.
type Trading<'a> = (&'a Order, Qty);

/// Where something is held or ordered, with what could become of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holdings(BTreeMap<Place, Holding>);

impl Holdings {
    /// Of what is `held` and of the orders that are `live`, each with what it could trade itself
    /// ([`Pending`]). `kept` are exits of brackets that this program keeps: those of them that have
    /// ended say what their bracket can grow to ([`Pending::of_exits`], which wants `filled`).
    /// `unit` is what one unit of an instrument is worth, in the limits' currency.
    pub fn new<'a>(
        held: impl IntoIterator<Item = (AccountId, InstrumentId, Decimal)>,
        live: impl IntoIterator<Item = (&'a Order, Qty)>,
        kept: impl IntoIterator<Item = (&'a Order, Qty)>,
        filled: impl Fn(OrderId) -> Option<Qty>,
        unit: impl Fn(InstrumentId) -> Option<Decimal>,
    ) -> Self {
        let mut places: BTreeMap<Place, (Holding, Vec<Trading<'_>>)> = BTreeMap::new();
        for (account, instrument, net) in held {
            places.entry((account, instrument)).or_default().0.net = net;
        }
        for (order, most) in live {
            let (holding, exits) = places.entry(place_of(order)).or_default();
            if order.entry().is_some() {
                exits.push((order, most));
            } else {
                holding.pending = holding.pending.with(Pending::of_order(order.spec.side, most));
            }
        }
        for (order, most) in kept.into_iter().filter(|(order, _)| !order.is_live()) {
            if let Some((_, exits)) = places.get_mut(&place_of(order)) {
                exits.push((order, most));
            }
        }
        let holding_of = |(place, (holding, exits)): (Place, (Holding, Vec<_>))| {
            let pending = holding.pending.with(Pending::of_exits(exits, &filled));
            let holding = Holding { pending, unit: unit(place.1), ..holding };
            (place, holding)
        };
        Self(places.into_iter().map(holding_of).collect())
    }

    /// Counts an order besides that is no exit, of an instrument whose unit is worth so much.
    pub fn add(
        &mut self,
        account: &AccountId,
        instrument: InstrumentId,
        side: Side,
        quantity: Qty,
        unit: Option<Decimal>,
    ) {
        let holding = self.0.entry((account.clone(), instrument)).or_default();
        holding.pending = holding.pending.with(Pending::of_order(side, quantity));
        holding.unit = unit;
    }

    /// Takes back an order that was added and will not be sent.
    pub fn take_back(&mut self, account: &AccountId, instrument: InstrumentId, side: Side, quantity: Qty) {
        let Some(holding) = self.0.get_mut(&(account.clone(), instrument)) else { return };
        let of_side = match side {
            Side::Buy => &mut holding.pending.buys,
            Side::Sell => &mut holding.pending.sells,
        };
        *of_side = of_side.saturating_sub(quantity.0);
    }

    /// What those would be worth together that are picked; `None` where a price or rate is missing.
    pub fn exposure(&self, is_picked: impl Fn(&AccountId, InstrumentId) -> bool) -> Option<Decimal> {
        let mut picked = self.0.iter().filter(|((account, instrument), _)| is_picked(account, *instrument));
        picked.try_fold(Decimal::ZERO, |sum, (_, holding)| sum.checked_add(holding.exposure()?))
    }
}

fn place_of(order: &Order) -> Place {
    (order.account.clone(), order.spec.instrument)
}
