//! Tick tables of all shapes, for properties of whatever steps along them.

use pitdesk::domain::{Decimal, TickTable};
use proptest::prelude::*;

/// Tables of up to four rows, each of so many of its own ticks.
pub fn tables() -> impl Strategy<Value = TickTable> {
    let tick = prop::sample::select(vec!["0.001", "0.01", "0.25", "0.3", "1", "5", "7"]);
    prop::collection::vec((tick, 1_u32..60), 1..5).prop_map(|bands| {
        let mut from = Decimal::ZERO;
        let rows = bands.into_iter().map(|(tick, count)| {
            let tick: Decimal = tick.parse().unwrap();
            let row = (from, tick);
            from += tick * Decimal::from(count);
            row
        });
        TickTable::new(rows.collect()).unwrap()
    })
}
