//! One instrument's resting orders: price levels, each a queue in order of arrival.
//!
//! Levels are in a tree by price, orders in one arena linked into their level's queue: the
//! front of the best level, cancelling by key and joining a queue are all cheap, and nothing
//! is allocated once the arena has grown. Knows nothing of accounts or rules; it holds that
//! a level's total is the sum of its orders, and that an empty level does not exist.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use crate::domain::{OrderId, Side};

use super::grid::{Points, Units};

/// Whose order rests: like [`super::Owner`], but small enough to copy for each fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Party {
    Agent(u32),
    /// Index of the account.
    Account(u32),
}

/// Where an order is in the arena. Valid until the order leaves the book.
pub(super) type Key = u32;

const NONE: Key = Key::MAX;

/// An order that rests.
#[derive(Debug, Clone, Copy)]
pub(super) struct Resting {
    pub(super) id: OrderId,
    pub(super) party: Party,
    pub(super) side: Side,
    pub(super) at: Points,
    pub(super) units: Units,
}

#[derive(Debug)]
struct Node {
    order: Resting,
    prev: Key,
    /// The next in the queue; of a free node, the next free one.
    next: Key,
}

/// One price's queue.
#[derive(Debug)]
struct Queue {
    first: Key,
    last: Key,
    units: Units,
    orders: u32,
}

/// Quantity and number of orders at one price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LevelView {
    pub(super) at: Points,
    pub(super) units: Units,
    pub(super) orders: u32,
}

#[derive(Debug)]
pub(super) struct Book {
    nodes: Vec<Node>,
    free: Key,
    bids: BTreeMap<Points, Queue>,
    asks: BTreeMap<Points, Queue>,
}

impl Book {
    pub(super) fn new() -> Self {
        Self { nodes: Vec::new(), free: NONE, bids: BTreeMap::new(), asks: BTreeMap::new() }
    }

    /// Joins the back of its level's queue.
    pub(super) fn insert(&mut self, order: Resting) -> Key {
        let node = Node { order, prev: NONE, next: NONE };
        let key = if self.free == NONE {
            self.nodes.push(node);
            Key::try_from(self.nodes.len() - 1).expect("fewer than 2^32 orders fit into memory")
        } else {
            let key = self.free;
            let slot = &mut self.nodes[key as usize];
            self.free = slot.next;
            *slot = node;
            key
        };
        let nodes = &mut self.nodes;
        let side = match order.side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        };
        let queue = side.entry(order.at).or_insert(Queue { first: key, last: NONE, units: 0, orders: 0 });
        if queue.last != NONE {
            nodes[queue.last as usize].next = key;
            nodes[key as usize].prev = queue.last;
        }
        queue.last = key;
        queue.units += order.units;
        queue.orders += 1;
        key
    }

    /// Takes an order out of the book.
    pub(super) fn remove(&mut self, key: Key) -> Resting {
        let Node { order, prev, next } = self.nodes[key as usize];
        if prev != NONE {
            self.nodes[prev as usize].next = next;
        }
        if next != NONE {
            self.nodes[next as usize].prev = prev;
        }
        let side = self.side_mut(order.side);
        let queue = side.get_mut(&order.at).expect("a resting order's level exists");
        queue.units -= order.units;
        queue.orders -= 1;
        if queue.orders == 0 {
            side.remove(&order.at);
        } else if prev == NONE {
            queue.first = next;
        } else if next == NONE {
            queue.last = prev;
        }
        self.nodes[key as usize].next = self.free;
        self.free = key;
        order
    }

    /// Takes `units` off an order without touching its place; less than all of it.
    pub(super) fn reduce(&mut self, key: Key, units: Units) {
        let order = &mut self.nodes[key as usize].order;
        debug_assert!(units < order.units, "an order without units is removed");
        order.units -= units;
        let (side, at) = (order.side, order.at);
        let queue = self.side_mut(side).get_mut(&at).expect("a resting order's level exists");
        queue.units -= units;
    }

    pub(super) fn get(&self, key: Key) -> &Resting {
        &self.nodes[key as usize].order
    }

    /// The first order of the best level of `side`.
    pub(super) fn front(&self, side: Side) -> Option<(Key, Resting)> {
        let queue = match side {
            Side::Buy => self.bids.last_key_value()?.1,
            Side::Sell => self.asks.first_key_value()?.1,
        };
        Some((queue.first, self.nodes[queue.first as usize].order))
    }

    /// Price and quantity of the best level of `side`.
    pub(super) fn best(&self, side: Side) -> Option<(Points, Units)> {
        let (at, queue) = match side {
            Side::Buy => self.bids.last_key_value()?,
            Side::Sell => self.asks.first_key_value()?,
        };
        Some((*at, queue.units))
    }

    /// The levels of `side`, best first.
    pub(super) fn levels(&self, side: Side) -> impl Iterator<Item = LevelView> {
        self.queues(side).map(|(&at, queue)| LevelView { at, units: queue.units, orders: queue.orders })
    }

    /// The orders of `side` in the order in which they would trade.
    pub(super) fn orders(&self, side: Side) -> impl Iterator<Item = &Resting> {
        self.queues(side).flat_map(|(_, queue)| {
            let next = |key: &Key| Some(self.nodes[*key as usize].next).filter(|&next| next != NONE);
            std::iter::successors(Some(queue.first), next).map(|key| &self.nodes[key as usize].order)
        })
    }

    fn queues(&self, side: Side) -> impl Iterator<Item = (&Points, &Queue)> {
        let (bids, asks) = match side {
            Side::Buy => (Some(self.bids.iter().rev()), None),
            Side::Sell => (None, Some(self.asks.iter())),
        };
        bids.into_iter().flatten().chain(asks.into_iter().flatten())
    }

    fn side_mut(&mut self, side: Side) -> &mut BTreeMap<Points, Queue> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }
}

/// Where each resting order of the exchange is: instrument slot and key. Looked up, never
/// iterated, so its order cannot influence a result.
pub(super) type Index = HashMap<OrderId, (u32, Key), BuildHasherDefault<IdHasher>>;

/// Spreads order ids over the table with one multiplication: ids are counted up by the
/// program itself, so nobody can aim them at one bucket.
#[derive(Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, id: u64) {
        let spread = (self.0 ^ id).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread ^ (spread >> 32);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Step {
        Insert(Side, Points, Units),
        Remove(usize),
        Reduce(usize, Units),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
        let insert = (side, 1..12_i64, 1..50_i64).prop_map(|(s, at, units)| Step::Insert(s, at, units));
        let step = prop_oneof![
            3 => insert,
            2 => any::<usize>().prop_map(Step::Remove),
            1 => (any::<usize>(), 1..50_i64).prop_map(|(n, units)| Step::Reduce(n, units)),
        ];
        prop::collection::vec(step, 0..200)
    }

    proptest! {
        #[test]
        fn a_book_is_its_orders_sorted_by_price_then_arrival(steps in steps()) {
            let mut book = Book::new();
            let mut model: Vec<(Key, Resting)> = Vec::new();
            for (n, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Insert(side, at, units) => {
                        let (id, party) = (OrderId(n as u64), Party::Agent(0));
                        let order = Resting { id, party, side, at, units };
                        model.push((book.insert(order), order));
                    }
                    Step::Remove(pick) if !model.is_empty() => {
                        let (key, order) = model.remove(pick % model.len());
                        prop_assert_eq!(book.remove(key).id, order.id);
                    }
                    Step::Reduce(pick, units) if !model.is_empty() => {
                        let pick = pick % model.len();
                        let (key, order) = &mut model[pick];
                        if units < order.units {
                            book.reduce(*key, units);
                            order.units -= units;
                        }
                    }
                    _ => {}
                }
                for side in [Side::Buy, Side::Sell] {
                    let mut expected: Vec<Resting> =
                        model.iter().map(|(_, o)| *o).filter(|o| o.side == side).collect();
                    expected.sort_by_key(|o| if side == Side::Buy { -o.at } else { o.at });
                    let ids: Vec<_> = expected.iter().map(|o| (o.id, o.units)).collect();
                    let found: Vec<_> = book.orders(side).map(|o| (o.id, o.units)).collect();
                    prop_assert_eq!(found, ids);
                    let best = expected.first().map(|o| o.at);
                    let sum = expected.iter().filter(|o| Some(o.at) == best).map(|o| o.units).sum::<Units>();
                    prop_assert_eq!(book.best(side), best.map(|at| (at, sum)));
                    let levels: Units = book.levels(side).map(|l| l.units).sum();
                    prop_assert_eq!(levels, expected.iter().map(|o| o.units).sum::<Units>());
                }
            }
        }
    }
}
