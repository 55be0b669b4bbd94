//! Our own orders in the rows of a ladder.

use std::collections::BTreeMap;

use crate::domain::{Order, OrderId, Price, Qty, Side};

use super::Grid;

/// Our orders of one side in one row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnRow {
    /// What is left of all of them.
    pub quantity: Qty,
    /// Which they are, oldest first.
    pub orders: Vec<OrderId>,
}

/// Our live orders of one instrument by row and side.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OwnOrders {
    buys: BTreeMap<Price, OwnRow>,
    sells: BTreeMap<Price, OwnRow>,
    unplaced: Vec<OrderId>,
}

impl OwnOrders {
    /// Of the orders of the grid's instrument, in any order; those that have ended are passed over.
    #[must_use]
    pub fn new<'a>(orders: impl IntoIterator<Item = &'a Order>, grid: &Grid) -> Self {
        let mut own = Self::default();
        for order in orders.into_iter().filter(|order| order.is_live()) {
            let side = order.spec.side;
            let Some(row) = standing(order).and_then(|price| grid.row(side, price)) else {
                own.unplaced.push(order.id);
                continue;
            };
            let rows = match side {
                Side::Buy => &mut own.buys,
                Side::Sell => &mut own.sells,
            };
            let at = rows.entry(row).or_default();
            at.quantity += order.remaining();
            at.orders.push(order.id);
        }
        let rows = own.buys.values_mut().chain(own.sells.values_mut()).map(|row| &mut row.orders);
        rows.chain([&mut own.unplaced]).for_each(|orders| orders.sort_unstable());
        own
    }

    /// Those of one side in a row.
    #[must_use]
    pub fn at(&self, side: Side, row: Price) -> Option<&OwnRow> {
        self.side(side).get(&row)
    }

    /// The rows that have any of one side, by rising price.
    #[must_use]
    pub fn rows(&self, side: Side) -> impl DoubleEndedIterator<Item = (Price, &OwnRow)> {
        self.side(side).iter().map(|(row, own)| (*row, own))
    }

    /// Those that no row shows, oldest first: without a price, such as one at market, or with one that
    /// is below all rows or above.
    #[must_use]
    pub fn unplaced(&self) -> &[OrderId] {
        &self.unplaced
    }

    fn side(&self, side: Side) -> &BTreeMap<Price, OwnRow> {
        match side {
            Side::Buy => &self.buys,
            Side::Sell => &self.sells,
        }
    }
}

/// The price at which an order is shown: what it waits for, else its limit. A stop without a limit
/// stays at its trigger when it works: some brokers call it so while it still waits.
fn standing(order: &Order) -> Option<Price> {
    let kind = order.spec.kind;
    order.waits_for().or_else(|| kind.limit()).or(order.trigger).or_else(|| kind.stop())
}
