//! Triggered stops that find nobody to trade with.
//!
//! A stop without a limit price takes what is quoted, within the collar. It never rests in the
//! book, where it would have to name a price, and where the next one who quotes would trade
//! with it at that price, however far from the market. What it cannot have waits here, unseen,
//! until somebody else quotes on the other side, and takes that quote at the quote's price.

use crate::domain::{OrderId, OrderStatus, Side};

use super::book::Party;
use super::grid::Points;
use super::matching::is_beyond;
use super::orders::Place;
use super::{Event, Exchange, HeldFor, Work};

impl Exchange {
    /// A triggered stop waits for quotes: those within `bound` where it has met quotes
    /// beyond that, else whatever comes first.
    pub(super) fn park(&mut self, id: OrderId, bound: Option<Points>, out: &mut Vec<Event>) {
        let time = self.now;
        let Some(entry) = self.orders.get_mut(id) else { return };
        let listing = &mut self.listings[entry.slot];
        entry.place = Place::Quote;
        entry.status = OrderStatus::Held;
        entry.bound = bound;
        entry.updated = time;
        listing.parked.insert((entry.rank, id));
        let why = HeldFor::Quote(bound.map(|at| listing.grid.price(at)));
        out.push(Event::Held { id, why, time });
    }

    /// Somebody has quoted: what waits for that looks again once this call's matching is done.
    pub(super) fn wake_parked(&mut self, slot: usize) {
        let parked = self.listings[slot].parked.iter();
        self.work.extend(parked.map(|&(_, id)| Work::Retry(id)));
    }

    /// A parked stop goes to the market again, if there is a quote that it may take.
    pub(super) fn retry(&mut self, id: OrderId, out: &mut Vec<Event>) {
        let Some(entry) = self.orders.get(id).filter(|entry| entry.place == Place::Quote) else { return };
        let side = entry.side();
        let best = self.best_of_others(entry.slot, side.opposite(), entry.party());
        let is_within = |best| entry.bound.is_none_or(|bound| !is_beyond(side, best, bound));
        if best.is_some_and(is_within) {
            self.withdraw(id);
            self.execute(id, out);
        }
    }

    /// The best price of `side` that anybody but `party` quotes.
    pub(super) fn best_of_others(&self, slot: usize, side: Side, party: Party) -> Option<Points> {
        let mut orders = self.listings[slot].book.orders(side);
        orders.find(|order| order.party != party).map(|order| order.at)
    }
}
