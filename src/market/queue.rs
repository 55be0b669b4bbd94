//! Where an order of ours stands in the queue of its price: an estimate.
//!
//! No feed tells which orders of a level were there before ours. What is known is the size of the level
//! when ours joined it, and what has traded there since. Whoever else leaves the level may have stood
//! ahead of us or behind, so what is told here is at most what can be ahead, as far as the book was right
//! when we joined: a cancel counts as one from behind until the level is too small for that. The screen
//! says that it is an estimate.
//!
//! A book and the trades that made it come by different ways and in either order. A trade that comes
//! right after the book that shows it already counts once. Nothing here compares times: some feeds tell
//! those of trades in whole seconds.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;

use crate::domain::{Depth, Order, Price, Qty, Side, Trade};

/// The estimate for one order that rests at a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    side: Side,
    price: Price,
    /// What is asked for, filled or not.
    quantity: Qty,
    filled: Qty,
    /// Unknown until the book has shown the level.
    ahead: Option<Qty>,
    /// What the newest book alone took off `ahead`: trades of it may still be on their way.
    foretold: Qty,
}

impl Place {
    /// An order as it is first seen to rest in the book, at the end of the queue of its price. The book
    /// contains it already, or it is taken for smaller than it is: what is ahead is then too. An order
    /// with a fill has nobody ahead. `None` of an order that does not rest at a limit.
    #[must_use]
    pub fn join(order: &Order, depth: &Depth) -> Option<Self> {
        let price = resting(order)?;
        let mut place = Self::at_the_end(order, price);
        if !order.filled.is_zero() {
            place.ahead = Some(Qty::ZERO);
        }
        place.depth(depth);
        Some(place)
    }

    /// Takes in how the order stands now. With another price, or more of it, it goes to the end of the
    /// queue; with less it keeps its place; and once any of it has filled there is nobody ahead.
    pub fn order(&mut self, order: &Order, depth: &Depth) {
        let Some(price) = resting(order) else { return };
        let is_requeued = price != self.price || order.spec.quantity > self.quantity;
        if is_requeued {
            *self = Self::at_the_end(order, price);
            self.depth(depth);
        } else {
            if order.filled > self.filled {
                self.ahead = Some(Qty::ZERO);
            }
            (self.quantity, self.filled) = (order.spec.quantity, order.filled);
        }
    }

    /// Takes a newer book in: no more can be ahead than the level has besides our own. Where the book
    /// does not reach down to the level, nothing changes.
    pub fn depth(&mut self, depth: &Depth) {
        self.foretold = Qty::ZERO;
        let Some(size) = seen(depth, self.side, self.price) else { return };
        let most = size.saturating_sub(self.quantity.saturating_sub(self.filled));
        let before = self.ahead.unwrap_or(most);
        let ahead = before.min(most);
        (self.ahead, self.foretold) = (Some(ahead), before - ahead);
    }

    /// Takes a trade of the market in: one against our side at our price comes off what is ahead, and
    /// one beyond our price leaves nothing. One that crossed the spread from our own side met others.
    pub fn trade(&mut self, trade: &Trade) {
        if trade.aggressor == Some(self.side) {
            return;
        }
        let beyond = match self.side {
            Side::Buy => trade.price.cmp(&self.price).reverse(),
            Side::Sell => trade.price.cmp(&self.price),
        };
        match beyond {
            Ordering::Less => {}
            Ordering::Equal => {
                let news = trade.quantity.saturating_sub(self.foretold);
                self.foretold = self.foretold.saturating_sub(trade.quantity);
                self.ahead = self.ahead.map(|ahead| ahead.saturating_sub(news));
            }
            Ordering::Greater => self.ahead = Some(Qty::ZERO),
        }
    }

    /// About how much is ahead of the order; `None` until the book has shown its level.
    #[must_use]
    pub fn ahead(&self) -> Option<Qty> {
        self.ahead
    }

    fn at_the_end(order: &Order, price: Price) -> Self {
        let (quantity, filled) = (order.spec.quantity, order.filled);
        Self { side: order.spec.side, price, quantity, filled, ahead: None, foretold: Qty::ZERO }
    }
}

/// The price at which an order rests in the book: none while it waits for a trigger.
fn resting(order: &Order) -> Option<Price> {
    order.spec.kind.limit().filter(|_| order.waits_for().is_none())
}

/// The size of a level, zero where the book shows that there is none; `None` where it is worse than all
/// that the book shows. A feed may tell a price in several levels, one for each of its exchanges.
fn seen(depth: &Depth, side: Side, price: Price) -> Option<Qty> {
    let (levels, is_reached): (_, fn(Price, Price) -> bool) = match side {
        Side::Buy => (&depth.bids, |shown, price| shown <= price),
        Side::Sell => (&depth.asks, |shown, price| shown >= price),
    };
    let here = levels.iter().filter(|level| level.price == price).map(|level| level.quantity).sum();
    levels.iter().any(|level| is_reached(level.price, price)).then_some(here)
}
