//! In which order the rows are shown: the trader's own, or sorted by a column.
//!
//! Sorting never changes the list, only what is shown of it. A row must not jump away under the
//! pointer: while that is over the rows, they stay where they are.

use std::cmp::Ordering;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::{Decimal, Time};

/// Sorted rows change their places no more often.
const PACE: Duration = Duration::from_secs(2);

/// What rows can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum By {
    Symbol,
    Last,
    /// The day's change in per cent.
    Percent,
    Volume,
}

impl By {
    pub const ALL: [Self; 4] = [Self::Symbol, Self::Last, Self::Percent, Self::Volume];

    /// As the menu calls it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Symbol => "Symbol",
            Self::Last => "Last",
            Self::Percent => "Change in %",
            Self::Volume => "Volume",
        }
    }

    /// Within a sentence.
    pub fn name(self) -> &'static str {
        match self {
            Self::Symbol => "symbol",
            Self::Last => "last",
            Self::Percent => "change in %",
            Self::Volume => "volume",
        }
    }
}

/// A column to sort by, and which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sort {
    pub by: By,
    pub is_descending: bool,
}

impl Sort {
    /// What a click on a column makes of the order: words from A on and numbers from the largest on, then
    /// the other way round, then the trader's own again.
    #[must_use]
    pub fn clicked(now: Option<Self>, by: By) -> Option<Self> {
        let first = by != By::Symbol;
        match now.filter(|sort| sort.by == by) {
            None => Some(Self { by, is_descending: first }),
            Some(sort) if sort.is_descending == first => Some(Self { by, is_descending: !first }),
            Some(_) => None,
        }
    }

    /// How two rows stand to each other. A row without the number comes last, whichever way.
    pub fn compare(self, left: &Value<'_>, right: &Value<'_>) -> Ordering {
        let turned = |order: Ordering| if self.is_descending { order.reverse() } else { order };
        match (left, right) {
            (Value::Word(left), Value::Word(right)) => turned(left.cmp(right)),
            (Value::Number(Some(left)), Value::Number(Some(right))) => turned(left.cmp(right)),
            (Value::Number(left), Value::Number(right)) => right.is_some().cmp(&left.is_some()),
            (Value::Word(_), Value::Number(_)) | (Value::Number(_), Value::Word(_)) => Ordering::Equal,
        }
    }
}

/// What a row is sorted by.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Word(&'a str),
    Number(Option<Decimal>),
}

/// Which row of the list stands where, from above.
#[derive(Debug, Default)]
pub(super) struct Order {
    rows: Vec<usize>,
    /// When rows changed places last; `None` lets them change at once.
    at: Option<Time>,
}

impl Order {
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// The row at a place that exists.
    pub fn row(&self, place: usize) -> usize {
        self.rows[place]
    }

    /// The row at a place, if there is one.
    pub fn get(&self, place: usize) -> Option<usize> {
        self.rows.get(place).copied()
    }

    /// Where a row stands.
    pub fn place(&self, row: usize) -> Option<usize> {
        self.rows.iter().position(|at| *at == row)
    }

    /// Lets the rows take their places anew, at once.
    pub fn reset(&mut self) {
        *self = Self::default();
    }

    /// Takes over in which order the rows should stand, unless they must be held or have only just changed
    /// places. Says after how long they can change, where they want to.
    pub fn arrange(&mut self, wanted: Vec<usize>, must_hold: bool, now: Time) -> Option<Duration> {
        if self.rows.len() != wanted.len() {
            *self = Self { rows: wanted, at: Some(now) };
            return None;
        }
        if must_hold {
            self.at = None;
            return None;
        }
        if wanted == self.rows {
            return None;
        }
        let wait = self.at.and_then(|at| PACE.checked_sub(now.since(at))).filter(|wait| !wait.is_zero());
        if wait.is_none() {
            *self = Self { rows: wanted, at: Some(now) };
        }
        wait
    }

    /// A row was taken out of the list: the others stay in their order.
    pub fn removed(&mut self, row: usize) {
        self.rows.retain(|at| *at != row);
        self.rows.iter_mut().filter(|at| **at > row).for_each(|at| *at -= 1);
    }

    /// A row was put into the list: it stands last until rows change places.
    pub fn inserted(&mut self, row: usize) {
        self.rows.iter_mut().filter(|at| **at >= row).for_each(|at| *at += 1);
        self.rows.push(row);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const START: Time = Time::from_seconds(1_000);

    #[test]
    fn the_third_click_is_the_own_order_again_and_another_column_begins_anew() {
        let first = Sort::clicked(None, By::Last);
        assert_eq!(first, Some(Sort { by: By::Last, is_descending: true }));
        let second = Sort::clicked(first, By::Last);
        assert_eq!(second, Some(Sort { by: By::Last, is_descending: false }));
        assert_eq!(Sort::clicked(second, By::Last), None);
        let word = Sort::clicked(second, By::Symbol);
        assert_eq!(word, Some(Sort { by: By::Symbol, is_descending: false }));
    }

    #[test]
    fn rows_change_places_at_their_pace_and_never_while_they_are_held() {
        let mut order = Order::default();
        order.arrange(vec![0, 1, 2], false, START);
        let soon = START + Duration::from_millis(500);
        assert_eq!(order.arrange(vec![2, 1, 0], false, soon), Some(Duration::from_millis(1_500)));
        assert_eq!(order.row(0), 0);
        assert_eq!(order.arrange(vec![2, 1, 0], true, START + 5 * PACE), None);
        assert_eq!(order.row(0), 0, "they are held");
        order.arrange(vec![2, 1, 0], false, START + 5 * PACE);
        assert_eq!(order.row(0), 2, "and let go at once");
        assert_eq!(order.arrange(vec![2, 1, 0], false, START + 5 * PACE), None, "nothing to wait for");
    }

    proptest! {
        /// Rows that are known by a number that never changes keep their order.
        #[test]
        fn held_rows_stay_in_their_order_when_the_list_changes(
            begin in 0usize..8,
            edits in prop::collection::vec((any::<bool>(), any::<prop::sample::Index>()), 0..20),
        ) {
            let mut list: Vec<usize> = (0..begin).collect();
            let mut seen: Vec<usize> = list.iter().rev().copied().collect();
            let mut order = Order { rows: seen.clone(), at: None };
            for (next, (is_new, at)) in (100..).zip(edits) {
                if is_new {
                    let at = at.index(list.len() + 1);
                    list.insert(at, next);
                    seen.push(next);
                    order.inserted(at);
                } else if !list.is_empty() {
                    let at = at.index(list.len());
                    let gone = list.remove(at);
                    seen.retain(|row| *row != gone);
                    order.removed(at);
                }
                let shown: Vec<usize> = (0..order.len()).map(|place| list[order.row(place)]).collect();
                prop_assert_eq!(&shown, &seen);
            }
        }
    }
}
