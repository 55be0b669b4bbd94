//! What rests in each row of a ladder, both sides of the book.

use crate::domain::{Depth, Level, Price, Qty, Side};

use super::Grid;

/// The quantities of a [`Depth`] by row. Made anew of each, at a cost that grows with its levels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Levels {
    /// Rows and what is bid there, by rising price.
    bids: Vec<(Price, Qty)>,
    /// Rows and what is offered there, by rising price.
    asks: Vec<(Price, Qty)>,
    largest: Qty,
    unplaced: usize,
}

impl Levels {
    /// The levels of a book, each in the row of its side.
    #[must_use]
    pub fn new(depth: &Depth, grid: &Grid) -> Self {
        // Best first on both sides, so the bids come the other way round.
        let (bids, bids_unplaced) = by_row(depth.bids.iter().rev(), |price| grid.row(Side::Buy, price));
        let (asks, asks_unplaced) = by_row(depth.asks.iter(), |price| grid.row(Side::Sell, price));
        let largest = bids.iter().chain(&asks).map(|&(_, quantity)| quantity).max().unwrap_or_default();
        Self { bids, asks, largest, unplaced: bids_unplaced + asks_unplaced }
    }

    /// What buyers bid, or sellers offer, in a row.
    #[must_use]
    pub fn at(&self, side: Side, row: Price) -> Qty {
        let rows = match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        };
        rows.binary_search_by_key(&row, |&(row, _)| row).map_or(Qty::ZERO, |index| rows[index].1)
    }

    /// The most that any row of either side has: the full length of a bar.
    #[must_use]
    pub fn largest(&self) -> Qty {
        self.largest
    }

    /// How many levels have no row, being below all rows or above: they are in no sum here.
    #[must_use]
    pub fn unplaced(&self) -> usize {
        self.unplaced
    }
}

/// The sum of every row, by rising price, and how many levels have none.
fn by_row<'a>(
    levels: impl ExactSizeIterator<Item = &'a Level>,
    row: impl Fn(Price) -> Option<Price>,
) -> (Vec<(Price, Qty)>, usize) {
    let all = levels.len();
    let mut rows: Vec<_> = levels.filter_map(|level| Some((row(level.price)?, level.quantity))).collect();
    let unplaced = all - rows.len();
    // They are in order but for a feed's slip, and then this costs no more than to look.
    rows.sort_by_key(|&(row, _)| row);
    rows.dedup_by(|next, sum| {
        let is_same = next.0 == sum.0;
        if is_same {
            sum.1 += next.1;
        }
        is_same
    });
    (rows, unplaced)
}
