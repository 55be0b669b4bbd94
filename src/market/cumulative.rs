//! One side of a book added up: how much rests up to a price, and how far into it an order would reach.

#[cfg(test)]
mod tests;

use crate::domain::{Decimal, Level, Price, Qty, Side};

/// What rests on one side of a book up to each price, best first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cumulative {
    steps: Vec<Step>,
}

/// A price of the book with what rests there and at better ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The price.
    pub price: Price,
    /// How much rests up to it.
    pub total: Qty,
    /// What all of that costs, per unit of the instrument.
    cost: Decimal,
}

impl Step {
    /// What a unit costs on average, of all that rests up to this price.
    #[must_use]
    pub fn average(&self) -> Option<Price> {
        self.cost.checked_div(self.total.0).map(Price)
    }
}

impl Cumulative {
    /// Adds up the levels of one side, `of` buyers or of sellers. Levels of one price are one step; what is beyond
    /// counting is left out, with all that is worse.
    #[must_use]
    pub fn new(of: Side, levels: &[Level]) -> Self {
        let mut sorted: Vec<&Level> =
            levels.iter().filter(|level| level.quantity.0 > Decimal::ZERO).collect();
        // They are in order but for a feed's slip.
        sorted.sort_by(|one, other| match of {
            Side::Buy => other.price.cmp(&one.price),
            Side::Sell => one.price.cmp(&other.price),
        });
        let mut steps: Vec<Step> = Vec::with_capacity(sorted.len());
        for level in sorted {
            let (total, cost) = steps.last().map_or_else(Default::default, |step| (step.total.0, step.cost));
            let value = level.price.0.checked_mul(level.quantity.0);
            let sums =
                total.checked_add(level.quantity.0).zip(value.and_then(|value| cost.checked_add(value)));
            let Some((total, cost)) = sums else { break };
            let step = Step { price: level.price, total: Qty(total), cost };
            match steps.last_mut() {
                Some(last) if last.price == level.price => *last = step,
                _ => steps.push(step),
            }
        }
        Self { steps }
    }

    /// The prices, best first.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Everything that rests on this side.
    #[must_use]
    pub fn total(&self) -> Qty {
        self.steps.last().map_or(Qty::ZERO, |step| step.total)
    }

    /// The last step that an order of this `limit` reaches, from the other side.
    #[must_use]
    pub fn up_to(&self, of: Side, limit: Price) -> Option<&Step> {
        let is_reached = |step: &&Step| match of {
            Side::Buy => step.price >= limit,
            Side::Sell => step.price <= limit,
        };
        self.steps.iter().take_while(is_reached).last()
    }
}

/// By how much what is bid outweighs what is offered, of both together: from −1, nothing is bid, to 1. `None` where
/// nothing rests, or beyond counting.
#[must_use]
pub fn imbalance(bids: &Cumulative, asks: &Cumulative) -> Option<Decimal> {
    let (bid, asked) = (bids.total().0, asks.total().0);
    bid.checked_sub(asked)?.checked_div(bid.checked_add(asked)?)
}
