//! A set of order ids that stays small however many there were: ids are given out one after
//! the other, so they are kept as ranges.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::OrderId;

/// Ids that an exchange has had, for ever: what it has forgotten of an order, it still must
/// not take a second time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub struct IdSet {
    /// First to last id of each range; no two touch.
    ranges: BTreeMap<u64, u64>,
}

impl IdSet {
    /// Adds an id; whether it is new.
    pub fn insert(&mut self, id: OrderId) -> bool {
        if self.contains(id) {
            return false;
        }
        let mut range = (id.0, id.0);
        if let Some((&from, &to)) = self.ranges.range(..id.0).next_back()
            && to.checked_add(1) == Some(id.0)
        {
            range.0 = from;
        }
        if let Some(after) = id.0.checked_add(1)
            && let Some(to) = self.ranges.remove(&after)
        {
            range.1 = to;
        }
        self.ranges.insert(range.0, range.1);
        true
    }

    /// Whether it is in.
    #[must_use]
    pub fn contains(&self, id: OrderId) -> bool {
        self.ranges.range(..=id.0).next_back().is_some_and(|(_, &to)| id.0 <= to)
    }
}

/// Ranges that are none of an [`IdSet`]: read as they stand, ids would count as new.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the ranges of order ids overlap, or are out of order")]
pub struct BadRanges;

impl TryFrom<Vec<(u64, u64)>> for IdSet {
    type Error = BadRanges;
    fn try_from(ranges: Vec<(u64, u64)>) -> Result<Self, BadRanges> {
        let is_apart = |pair: &[(u64, u64)]| pair[0].1.checked_add(1).is_some_and(|next| next < pair[1].0);
        if ranges.iter().any(|(from, to)| from > to) || !ranges.windows(2).all(is_apart) {
            return Err(BadRanges);
        }
        Ok(Self { ranges: ranges.into_iter().collect() })
    }
}

impl From<IdSet> for Vec<(u64, u64)> {
    fn from(set: IdSet) -> Self {
        set.ranges.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set(ids in proptest::collection::vec(prop_oneof![0u64..40, Just(u64::MAX), Just(u64::MAX - 1)], 0..80)) {
            let (mut set, mut plain) = (IdSet::default(), BTreeSet::new());
            for id in ids {
                prop_assert_eq!(set.insert(OrderId(id)), plain.insert(id));
            }
            for id in (0..42).chain([u64::MAX - 2, u64::MAX - 1, u64::MAX]) {
                prop_assert_eq!(set.contains(OrderId(id)), plain.contains(&id));
            }
            let holes = plain.iter().filter(|id| !id.checked_sub(1).is_some_and(|before| plain.contains(&before)));
            prop_assert_eq!(set.ranges.len(), holes.count(), "neighbours are one range");
        }
    }

    #[test]
    fn a_thousand_in_a_row_are_one_range() {
        let mut set = IdSet::default();
        assert!((0..1_000).all(|id| set.insert(OrderId(id))));
        assert_eq!(serde_json::to_string(&set).unwrap(), "[[0,999]]");
    }

    #[test]
    fn ranges_that_overlap_are_refused() {
        for bad in
            ["[[2,1]]", "[[1,5],[5,9]]", "[[1,5],[6,9]]", "[[7,9],[1,5]]", "[[0,18446744073709551615],[1,1]]"]
        {
            let said = serde_json::from_str::<IdSet>(bad).unwrap_err().to_string();
            assert!(said.contains("ranges of order ids"), "{bad}: {said}");
        }
        let good: IdSet = serde_json::from_str("[[1,5],[7,7]]").unwrap();
        assert!(good.contains(OrderId(3)) && !good.contains(OrderId(6)) && good.contains(OrderId(7)));
    }
}
