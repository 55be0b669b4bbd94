//! Which orders stand in which rows: found by index, without a list being made of them.

use crate::desk::Blotter;
use crate::domain::OrderId;

/// The rows of the Orders tab, from above.
pub(super) enum OrderRows<'a> {
    /// As they were when they began to be held.
    Held(&'a [OrderId]),
    /// Working orders, newest first, then the ended ones, newest first. Both slices ascend.
    Now { working: &'a [OrderId], ended: &'a [OrderId] },
}

impl<'a> OrderRows<'a> {
    pub fn now(blotter: &'a Blotter, working_only: bool) -> Self {
        let ended = if working_only { &[] } else { blotter.ended_ids() };
        Self::Now { working: blotter.working_ids(), ended }
    }

    pub fn len(&self) -> usize {
        match self {
            Self::Held(ids) => ids.len(),
            Self::Now { working, ended } => working.len() + ended.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The order in a row that exists.
    pub fn get(&self, row: usize) -> OrderId {
        match self {
            Self::Held(ids) => ids[row],
            Self::Now { working, ended } => match working.len().checked_sub(row + 1) {
                Some(at) => working[at],
                None => ended[ended.len() - 1 - (row - working.len())],
            },
        }
    }

    /// The row of an order.
    pub fn position(&self, id: OrderId) -> Option<usize> {
        match self {
            Self::Held(ids) => ids.iter().position(|known| *known == id),
            Self::Now { working, ended } => {
                let from_end = |ids: &[OrderId]| ids.binary_search(&id).ok().map(|at| ids.len() - 1 - at);
                from_end(working).or_else(|| from_end(ended).map(|row| working.len() + row))
            }
        }
    }

    pub fn to_vec(&self) -> Vec<OrderId> {
        match self {
            Self::Held(ids) => ids.to_vec(),
            Self::Now { working, ended } => working.iter().rev().chain(ended.iter().rev()).copied().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_both_ways() {
        let ids = |ids: &[u64]| ids.iter().map(|id| OrderId(*id)).collect::<Vec<_>>();
        let (working, ended) = (ids(&[3, 7, 9]), ids(&[1, 2, 8]));
        let rows = OrderRows::Now { working: &working, ended: &ended };
        assert_eq!(rows.to_vec(), ids(&[9, 7, 3, 8, 2, 1]));
        let listed = rows.to_vec();
        for (row, id) in listed.iter().enumerate() {
            assert_eq!((rows.get(row), rows.position(*id)), (*id, Some(row)));
            assert_eq!(OrderRows::Held(&listed).position(*id), Some(row));
        }
        assert_eq!(rows.position(OrderId(5)), None);
    }
}
