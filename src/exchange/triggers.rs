//! Stops of one instrument, waiting for the last price to reach them.
//!
//! A buy stop triggers on a trade at its price or above, a sell stop at its price or below.
//! A trailing stop follows the best trade since it was placed and never moves away from it;
//! its price is kept on the tick grid, rounded away from the market. Of the stops that one
//! print reaches, the one the price passed first goes first, then the older.

use std::collections::BTreeSet;

use crate::domain::{Decimal, OrderId, Price, Side, TrailBy};

use super::grid::{Grid, Points, Round};

/// A stop at a fixed price, sorted by price, then age.
type Fixed = (Points, u64, OrderId);

/// A trailing stop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trail {
    pub(super) id: OrderId,
    pub(super) side: Side,
    pub(super) by: TrailBy,
    /// Age: lower is older.
    pub(super) rank: u64,
    /// Best trade since it was placed; `None` until there is one.
    pub(super) best: Option<Points>,
}

impl Trail {
    /// Where it triggers now. A distance as large as the price, once that has fallen, leaves it
    /// at the lowest price there is.
    pub(super) fn stop(&self, grid: &Grid) -> Option<Points> {
        let best = grid.price(self.best?).0;
        let distance = match self.by {
            TrailBy::Amount(amount) => amount,
            TrailBy::Percent(percent) => best * percent / Decimal::ONE_HUNDRED,
        };
        Some(match self.side {
            Side::Sell => grid.round(best - distance, Round::Down).max(grid.lowest()),
            Side::Buy => grid.round(best + distance, Round::Up),
        })
    }

    fn follow(&mut self, last: Points) {
        self.best = Some(match (self.side, self.best) {
            (_, None) => last,
            (Side::Sell, Some(best)) => best.max(last),
            (Side::Buy, Some(best)) => best.min(last),
        });
    }
}

/// What a trade does to the stops that wait.
pub(super) struct Passed {
    /// Those that it reaches, in the order in which they execute.
    pub(super) reached: Vec<OrderId>,
    /// Trailing stops that follow it, with their new trigger prices, the oldest first.
    pub(super) moved: Vec<(OrderId, Points)>,
}

/// All stops that have not triggered.
#[derive(Debug, Default)]
pub(super) struct Triggers {
    buys: BTreeSet<Fixed>,
    sells: BTreeSet<Fixed>,
    trails: Vec<Trail>,
}

impl Triggers {
    pub(super) fn add(&mut self, side: Side, stop: Points, rank: u64, id: OrderId) {
        self.side(side).insert((stop, rank, id));
    }

    /// Adds a trailing stop, which follows from `last` on.
    pub(super) fn add_trail(&mut self, mut trail: Trail, last: Option<Points>) {
        if let Some(last) = last {
            trail.follow(last);
        }
        self.trails.push(trail);
    }

    pub(super) fn trail(&self, id: OrderId) -> Option<&Trail> {
        self.trails.iter().find(|trail| trail.id == id)
    }

    /// Removes a fixed stop.
    pub(super) fn remove(&mut self, side: Side, stop: Points, rank: u64, id: OrderId) {
        self.side(side).remove(&(stop, rank, id));
    }

    pub(super) fn remove_trail(&mut self, id: OrderId) -> Option<Trail> {
        let at = self.trails.iter().position(|trail| trail.id == id)?;
        Some(self.trails.remove(at))
    }

    /// Takes out the stops that a trade at `last` reaches, and lets the others follow it.
    pub(super) fn on_print(&mut self, last: Points, grid: &Grid) -> Passed {
        let mut moved = Vec::new();
        let mut hits: Vec<Fixed> = Vec::new();
        while let Some(&(stop, ..)) = self.buys.first()
            && stop <= last
        {
            hits.extend(self.buys.pop_first());
        }
        while let Some(&(stop, ..)) = self.sells.last()
            && stop >= last
        {
            hits.extend(self.sells.pop_last());
        }
        self.trails.retain_mut(|trail| {
            let before = *trail;
            trail.follow(last);
            let Some(stop) = trail.stop(grid) else { return true };
            let reached = match trail.side {
                Side::Buy => stop <= last,
                Side::Sell => stop >= last,
            };
            if reached {
                hits.push((stop, trail.rank, trail.id));
            } else if before.best != trail.best && before.stop(grid) != Some(stop) {
                moved.push((trail.id, stop));
            }
            !reached
        });
        hits.sort_unstable_by_key(|&(stop, rank, _)| (-(stop - last).abs(), rank));
        Passed { reached: hits.into_iter().map(|(.., id)| id).collect(), moved }
    }

    fn side(&mut self, side: Side) -> &mut BTreeSet<Fixed> {
        match side {
            Side::Buy => &mut self.buys,
            Side::Sell => &mut self.sells,
        }
    }
}

/// Whether a stop of `side` is reached by a trade at `last`.
pub(super) fn is_reached(side: Side, stop: Points, last: Points) -> bool {
    match side {
        Side::Buy => last >= stop,
        Side::Sell => last <= stop,
    }
}

/// The distance of a trailing stop must leave it between zero and the market.
pub(super) fn is_sound(by: TrailBy, mark: Price) -> bool {
    match by {
        TrailBy::Amount(amount) => amount > Decimal::ZERO && amount < mark.0,
        TrailBy::Percent(percent) => percent > Decimal::ZERO && percent < Decimal::ONE_HUNDRED,
    }
}
