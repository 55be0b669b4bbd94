//! Orders, fills and positions as the blotter shows them.

use std::collections::BTreeMap;

use crate::domain::{AccountId, Fill, InstrumentId, Order, OrderId, Position};

/// A replica of the engine's orders, fills and positions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Blotter {
    orders: BTreeMap<OrderId, Order>,
    fills: Vec<Fill>,
    positions: BTreeMap<(AccountId, InstrumentId), Position>,
}

impl Blotter {
    pub(super) fn new(orders: &[Order], fills: &[Fill], positions: &[Position]) -> Self {
        let mut blotter = Self { fills: fills.to_vec(), ..Self::default() };
        for order in orders {
            blotter.order(order.clone());
        }
        for position in positions {
            blotter.position(position.clone());
        }
        blotter
    }

    pub(super) fn order(&mut self, order: Order) {
        self.orders.insert(order.id, order);
    }

    pub(super) fn fill(&mut self, fill: Fill) {
        self.fills.push(fill);
    }

    pub(super) fn position(&mut self, position: Position) {
        self.positions.insert((position.account.clone(), position.instrument), position);
    }

    /// One order.
    #[must_use]
    pub fn get(&self, id: OrderId) -> Option<&Order> {
        self.orders.get(&id)
    }

    /// All orders, newest first.
    #[must_use]
    pub fn orders(&self) -> impl DoubleEndedIterator<Item = &Order> + Clone {
        self.orders.values().rev()
    }

    /// Orders that can still trade, newest first.
    pub fn working(&self) -> impl Iterator<Item = &Order> {
        self.orders().filter(|order| order.is_live())
    }

    /// Executions, oldest first.
    #[must_use]
    pub fn fills(&self) -> &[Fill] {
        &self.fills
    }

    /// Every position that is or was held.
    pub fn positions(&self) -> impl Iterator<Item = &Position> {
        self.positions.values()
    }

    /// Positions that are not flat.
    pub fn open_positions(&self) -> impl Iterator<Item = &Position> {
        self.positions.values().filter(|position| !position.is_flat())
    }

    /// The position of one account in one instrument.
    #[must_use]
    pub fn position_of(&self, account: &AccountId, instrument: InstrumentId) -> Option<&Position> {
        self.positions.get(&(account.clone(), instrument))
    }
}
