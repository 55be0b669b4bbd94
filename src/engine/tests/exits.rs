//! Brackets and limits of size: however exits, entries and plain orders fill, in whatever order,
//! no position ever comes to more than its limit, and could not have.
//!
//! What was broken on purpose, each seen here: exits not counted when an order opens, not
//! counted with what rests on their side, when an order shrinks, or counted though their entry has
//! not filled.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::{LimitSet, Limits};

const LIMIT: i64 = 20;

/// What can happen.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Enter { side: Side, quantity: u32, has_exits: bool },
    Fill { nth: usize, quantity: u32 },
    Cancel { nth: usize },
}

fn happening() -> impl Strategy<Value = Happening> {
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    prop_oneof![
        4 => (side, 1..15_u32, any::<bool>())
            .prop_map(|(side, quantity, has_exits)| Happening::Enter { side, quantity, has_exits }),
        5 => (0..8_usize, 1..15_u32).prop_map(|(nth, quantity)| Happening::Fill { nth, quantity }),
        1 => (0..8_usize).prop_map(|nth| Happening::Cancel { nth }),
    ]
}

/// An order as the broker has it.
#[derive(Debug, Clone)]
struct Works {
    side: Side,
    quantity: i64,
    filled: i64,
    parent: Option<u64>,
    is_live: bool,
}

/// A broker that keeps brackets, and the arithmetic of a child.
#[derive(Default)]
struct Broker {
    orders: BTreeMap<u64, Works>,
    net: i64,
}

impl Broker {
    fn children(&self, parent: u64) -> impl Iterator<Item = (u64, &Works)> {
        self.orders.iter().filter(move |(_, o)| o.parent == Some(parent)).map(|(id, o)| (*id, o))
    }

    /// What the exits of an entry may still trade together.
    fn released(&self, entry: u64) -> i64 {
        self.orders[&entry].filled - self.children(entry).map(|(_, child)| child.filled).sum::<i64>()
    }

    /// What an order may trade now.
    fn active(&self, id: u64) -> i64 {
        let order = &self.orders[&id];
        let left = order.quantity - order.filled;
        order.parent.map_or(left, |entry| left.min(self.released(entry)))
    }

    /// The farthest that the position could come to on one side, with luck at its worst.
    fn worst(&self, side: Side) -> i64 {
        let sign = if side == Side::Buy { 1 } else { -1 };
        let plain: i64 = self
            .orders
            .values()
            .filter(|o| o.is_live && o.parent.is_none() && o.side == side)
            .map(|o| o.quantity - o.filled)
            .sum();
        let entries = self.orders.iter().filter(|(_, o)| o.parent.is_none() && o.side != side);
        let exits: i64 = entries
            .map(|(id, _)| {
                let live = self.children(*id).filter(|(_, child)| child.is_live);
                live.map(|(child, _)| self.active(child)).max().unwrap_or_default()
            })
            .sum();
        sign * self.net + plain + exits
    }
}

struct Theatre {
    stage: Stage,
    broker: Broker,
}

impl Theatre {
    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Enter { side, quantity, has_exits } => self.enters(side, quantity, has_exits),
            Happening::Fill { nth, quantity } => {
                let can_fill: Vec<u64> = self.live().filter(|id| self.broker.active(*id) > 0).collect();
                if let Some(&id) = can_fill.get(nth % can_fill.len().max(1)) {
                    self.fills(id, i64::from(quantity).min(self.broker.active(id)));
                }
            }
            Happening::Cancel { nth } => {
                let live: Vec<u64> = self.live().collect();
                if let Some(&id) = live.get(nth % live.len().max(1)) {
                    self.ends(id);
                }
            }
        }
    }

    fn live(&self) -> impl Iterator<Item = u64> {
        self.broker.orders.iter().filter(|(_, order)| order.is_live).map(|(id, _)| *id)
    }

    fn enters(&mut self, side: Side, quantity: u32, has_exits: bool) {
        let limit = if side == Side::Buy { "99.00" } else { "101.00" };
        let mut place = limit_order(side, &quantity.to_string(), limit);
        let price = |text: &str| Some(Price(dec(text)));
        let exits = match side {
            Side::Buy => Bracket::gtc(price("105.00"), price("95.00")),
            Side::Sell => Bracket::gtc(price("95.00"), price("105.00")),
        };
        place.bracket = has_exits.then_some(exits);
        for request in taken(self.stage.command(Command::Place(place))) {
            let BrokerRequest::Place(orders) = request else { continue };
            for order in &orders {
                let spec = order.spec();
                let works = Works {
                    side: spec.side,
                    quantity: i64::try_from(spec.quantity.0).unwrap(),
                    filled: 0,
                    parent: spec.parent.map(|parent| parent.0),
                    is_live: true,
                };
                self.broker.orders.insert(order.id().0, works);
                self.stage.says(order.id().0, OrderStatus::Working);
            }
        }
    }

    fn fills(&mut self, id: u64, quantity: i64) {
        let order = self.broker.orders.get_mut(&id).unwrap();
        order.filled += quantity;
        order.is_live = order.filled < order.quantity;
        let (side, parent) = (order.side, order.parent);
        self.broker.net += if side == Side::Buy { quantity } else { -quantity };
        let net = self.broker.net.to_string();
        self.stage.fill(id, side, &quantity.to_string(), &net);
        // An exit keeps no more than can still come to it.
        let Some(entry) = parent else { return };
        let may_come = self.broker.released(entry) + {
            let entry = &self.broker.orders[&entry];
            if entry.is_live { entry.quantity - entry.filled } else { 0 }
        };
        let siblings: Vec<u64> = self.broker.children(entry).map(|(id, _)| id).filter(|s| *s != id).collect();
        for sibling in siblings {
            let order = self.broker.orders.get_mut(&sibling).unwrap();
            if order.is_live && order.quantity - order.filled > may_come {
                order.quantity = order.filled + may_come;
                if may_come == 0 {
                    self.ends(sibling);
                }
            }
        }
    }

    /// By the broker: an entry that ends unfilled takes its exits along.
    fn ends(&mut self, id: u64) {
        let order = self.broker.orders.get_mut(&id).unwrap();
        order.is_live = false;
        let takes_along = order.parent.is_none() && order.filled == 0;
        self.stage.says(id, OrderStatus::Cancelled);
        let children: Vec<u64> =
            self.broker.children(id).filter(|(_, child)| child.is_live).map(|(id, _)| id).collect();
        for child in children {
            if takes_along {
                self.ends(child);
            }
        }
    }
}

fn theatre() -> Theatre {
    let mut stage = stage();
    let own = Limits { max_position_quantity: Some(Qty(Decimal::from(LIMIT))), ..Limits::default() };
    let instruments = [("AAPL@NASDAQ".to_owned(), own)].into();
    let limits = LimitSet { instruments, ..LimitSet::default() };
    let settings = Settings { limits, ..Settings::default() };
    assert!(answer(&stage.command(Command::Configure(Arc::new(settings)))).is_ok());
    Theatre { stage, broker: Broker::default() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn no_luck_of_exits_and_entries_takes_a_position_past_its_limit(
        stream in prop::collection::vec(happening(), 1..60),
    ) {
        let mut theatre = theatre();
        for happening in stream {
            theatre.happens(happening);
            for side in [Side::Buy, Side::Sell] {
                let worst = theatre.broker.worst(side);
                prop_assert!(worst <= LIMIT, "{side}: {worst} after {happening:?}\n{:#?}", theatre.broker.orders);
            }
        }
    }
}

/// Without this the stream above would prove nothing.
#[test]
fn brackets_inside_the_limit_go_out_and_turn_into_refusals_beyond_it() {
    let mut theatre = theatre();
    theatre.enters(Side::Buy, 10, true);
    theatre.fills(1, 10);
    assert_eq!(theatre.broker.orders.len(), 3);
    theatre.enters(Side::Sell, 10, false);
    theatre.fills(4, 10);
    assert_eq!((theatre.broker.net, theatre.broker.worst(Side::Sell)), (0, 10), "flat, and exits that stay");
    theatre.enters(Side::Sell, 11, false);
    assert_eq!(theatre.broker.orders.len(), 4, "with those, 21 could be sold");
    theatre.enters(Side::Sell, 10, false);
    assert_eq!(theatre.broker.orders.len(), 5);
}

#[test]
fn selling_what_is_held_may_not_leave_exits_that_sell_more_than_the_limit() {
    let mut theatre = theatre();
    theatre.enters(Side::Buy, 10, true);
    theatre.fills(1, 10);
    theatre.enters(Side::Sell, 10, false);
    theatre.fills(4, 10);
    theatre.enters(Side::Buy, 14, true);
    theatre.fills(5, 14);
    assert_eq!((theatre.broker.net, theatre.broker.orders.len()), (14, 7));
    theatre.enters(Side::Sell, 14, false);
    assert_eq!(theatre.broker.orders.len(), 7, "flat, 24 could be sold by exits that stay");
    theatre.enters(Side::Sell, 10, false);
    assert_eq!(theatre.broker.orders.len(), 8, "20 may be");
}

#[test]
fn exits_of_an_entry_that_has_not_filled_take_up_no_room() {
    let mut theatre = theatre();
    theatre.enters(Side::Buy, 10, true);
    theatre.enters(Side::Sell, 20, false);
    assert_eq!(theatre.broker.orders.len(), 4, "they sell nothing that was not bought before");
}
