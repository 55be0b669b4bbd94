//! One side of the book that the market makers keep.
//!
//! Which prices are quoted is a property of the price itself (a hash of it against a
//! density), so levels and the holes between them stay where they are while the best
//! price wanders. Sizes grow over the first levels and decay farther out.

use super::grid::Grid;
use super::rng::{Rng, hash, unit};
use crate::domain::{InstrumentId, OrderId, OrderKind, OrderSpec, Side, Time, TimeInForce};
use crate::exchange::{Event, Exchange, Owner, agent_order};

/// Quoted levels on each side.
const LEVELS: usize = 22;
/// Orders kept on each side at most.
const MOST_ORDERS: usize = 44;

/// Everything an agent needs to act at one instant.
pub struct Floor<'a> {
    /// Where it trades.
    pub exchange: &'a mut Exchange,
    /// What happened, for the driver.
    pub out: &'a mut Vec<Event>,
    /// The next order number.
    pub next_order: &'a mut u64,
    /// The instant.
    pub now: Time,
}

/// A resting order of the makers.
#[derive(Debug, Clone, Copy)]
struct Slot {
    units: i64,
    order: OrderId,
    lots: i64,
}

/// What a ladder is built by.
#[derive(Debug, Clone, Copy)]
pub struct Style {
    /// Share of prices that are quoted, between 0 and 1.
    pub density: f64,
    /// Lots of a usual trade.
    pub usual_lots: f64,
}

/// One side of the makers' book, best price first.
#[derive(Debug, Clone)]
pub struct Ladder {
    instrument: InstrumentId,
    owner: u32,
    side: Side,
    seed: u64,
    /// Where the tick is too fine to quote at: levels at multiples of this; 0 for every tick.
    stride: i64,
    slots: Vec<Slot>,
}

impl Floor<'_> {
    /// Sends an agent's order and returns its id.
    pub fn send(&mut self, agent: u32, spec: OrderSpec) -> OrderId {
        let id = agent_order(*self.next_order);
        *self.next_order += 1;
        self.exchange.submit(Owner::Agent(agent), id, spec, self.now, self.out);
        id
    }
}

impl Ladder {
    /// An empty side of agent `owner`.
    pub fn new(instrument: InstrumentId, owner: u32, side: Side, seed: u64) -> Self {
        Self { instrument, owner, side, seed: hash(seed, 11), stride: 0, slots: Vec::new() }
    }

    /// Quotes behind the best price at multiples of `stride` units only.
    pub fn with_stride(mut self, stride: i64) -> Self {
        self.stride = stride;
        self
    }

    /// Whether `a` is a better price than `b` on this side.
    fn is_better(&self, a: i64, b: i64) -> bool {
        match self.side {
            Side::Buy => a > b,
            Side::Sell => a < b,
        }
    }

    /// Ticks away from the other side.
    fn outward(&self, steps: i64) -> i64 {
        match self.side {
            Side::Buy => -steps,
            Side::Sell => steps,
        }
    }

    /// Forgets its orders: the exchange has ended them.
    pub fn forget(&mut self) {
        self.slots.clear();
    }

    /// Learns what has been filled. Returns the farthest price at which a whole order went.
    pub fn observe(&mut self, exchange: &Exchange, grid: &Grid) -> Option<i64> {
        let mut farthest = None;
        let mut gone = 0;
        for slot in &mut self.slots {
            match exchange.resting(slot.order) {
                None => {
                    farthest = Some(slot.units);
                    gone += 1;
                }
                Some(rest) => {
                    slot.lots = grid.lots(rest);
                    break;
                }
            }
        }
        self.slots.drain(..gone);
        farthest
    }

    /// Lots of its own that rest at `units`.
    pub fn resting_at(&self, units: i64, exchange: &Exchange, grid: &Grid) -> i64 {
        let here = self.slots.iter().filter(|slot| slot.units == units);
        here.filter_map(|slot| exchange.resting(slot.order)).map(|rest| grid.lots(rest)).sum()
    }

    /// Cancels what is better than `best`; returns how many orders that were.
    pub fn retreat(&mut self, best: i64, floor: &mut Floor<'_>) -> usize {
        let stale = self.slots.partition_point(|slot| self.is_better(slot.units, best));
        for slot in self.slots.drain(..stale) {
            floor.exchange.cancel(slot.order, floor.now, floor.out);
        }
        stale
    }

    /// Quotes `best` and the levels behind it where they are missing, `most` of them at a time.
    pub fn build(
        &mut self,
        best: i64,
        style: Style,
        most: usize,
        grid: &Grid,
        rng: &mut Rng,
        floor: &mut Floor<'_>,
    ) {
        let (mut at, mut level, mut posted) = (best, 0, 0);
        while level < LEVELS && posted < most {
            let place = self.slots.partition_point(|slot| self.is_better(slot.units, at));
            let is_missing = self.slots.get(place).is_none_or(|slot| slot.units != at);
            if is_missing {
                let orders = if level < 8 && rng.chance(0.4) { 2 } else { 1 };
                for _ in 0..orders {
                    let lots = size(level, style, rng);
                    self.post(at, lots, grid, floor);
                }
                posted += 1;
            }
            level += 1;
            let Some(next) = self.next_level(at, style.density, grid) else { break };
            at = next;
        }
        while self.slots.len() > MOST_ORDERS {
            self.cancel(self.slots.len() - 1, floor);
        }
    }

    /// The next quoted price behind `from`; `None` at the bottom of the grid.
    fn next_level(&self, from: i64, density: f64, grid: &Grid) -> Option<i64> {
        let mut at = from;
        loop {
            let next = match (self.stride, self.side) {
                (0, _) => grid.step(at, self.outward(1)),
                (stride, Side::Buy) => (at - 1).div_euclid(stride) * stride,
                (stride, Side::Sell) => (at.div_euclid(stride) + 1) * stride,
            };
            if next == at || next <= 0 {
                return None;
            }
            at = next;
            if unit(hash(self.seed, at as u64)) < density {
                return Some(at);
            }
        }
    }

    /// Quotes `lots` more at `units`.
    pub fn post(&mut self, units: i64, lots: i64, grid: &Grid, floor: &mut Floor<'_>) {
        let kind = OrderKind::Limit { price: grid.price(units) };
        let quantity = grid.quantity(lots);
        let spec = OrderSpec::new(self.instrument, self.side, quantity, kind, TimeInForce::Gtc);
        let order = floor.send(self.owner, spec);
        let place = self.slots.partition_point(|slot| !self.is_better(units, slot.units));
        self.slots.insert(place, Slot { units, order, lots });
    }

    fn cancel(&mut self, place: usize, floor: &mut Floor<'_>) {
        let slot = self.slots.remove(place);
        floor.exchange.cancel(slot.order, floor.now, floor.out);
    }

    /// One maker changes the mind about a size, more often near the best price.
    pub fn resize_one(&mut self, style: Style, grid: &Grid, rng: &mut Rng, floor: &mut Floor<'_>) {
        let reach = self.slots.len().min(24);
        let place = rng.below(reach + 1).min(rng.below(reach + 1));
        let Some(slot) = self.slots.get(place).copied() else { return };
        self.cancel(place, floor);
        self.post(slot.units, size(place, style, rng), grid, floor);
    }

    /// Makers take fright: about `share` of the orders behind the best one are cancelled.
    pub fn thin_out(&mut self, share: f64, rng: &mut Rng, floor: &mut Floor<'_>) {
        for place in (1..self.slots.len()).rev() {
            if rng.chance(share) {
                self.cancel(place, floor);
            }
        }
    }
}

/// Lots of an order at the `level`-th quoted price.
fn size(level: usize, style: Style, rng: &mut Rng) -> i64 {
    let depth = level as f64;
    let profile = 0.7 + 1.1 * depth * libm::exp(-depth / 5.0);
    let lots = style.usual_lots * profile * (0.25 + rng.exponential());
    round_to_habit(lots, rng)
}

/// Whole lots, at least one; people like round numbers.
pub fn round_to_habit(lots: f64, rng: &mut Rng) -> i64 {
    let exact = (lots.round() as i64).max(1);
    if exact < 20 || rng.chance(0.4) {
        return exact;
    }
    let mut unit = 1;
    while exact / unit >= 100 {
        unit *= 10;
    }
    let unit = if rng.chance(0.5) { unit * 5 } else { unit };
    ((exact + unit / 2) / unit * unit).max(1)
}
