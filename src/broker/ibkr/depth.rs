//! Books, row by row as TWS sends them.
//!
//! A row is inserted, changed or deleted at its place. Rows of several exchanges or market makers at one
//! price are one level here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ibapi::market_data::realtime::MarketDepths;

use super::number::{price, quantity};
use crate::broker::contract::{BrokerEvent, MarketEvent};
use crate::domain::{Depth, InstrumentId, Level, Price, Qty, Time};

/// Rows that are asked for, on each side.
pub(super) const ROWS: i32 = 20;
/// Rows that are kept, whatever comes.
const MOST: usize = 200;

#[derive(Debug, Default)]
struct Book {
    bids: Vec<(Price, Qty)>,
    asks: Vec<(Price, Qty)>,
}

/// The books of everything that is watched.
#[derive(Debug, Default)]
pub(super) struct Depths {
    books: BTreeMap<InstrumentId, Book>,
    dirty: BTreeSet<InstrumentId>,
}

impl Depths {
    /// A book begins, or begins anew, with nothing in it.
    pub fn begin(&mut self, id: InstrumentId) {
        self.books.insert(id, Book::default());
        self.dirty.insert(id);
    }

    /// Nobody watches it any more.
    pub fn end(&mut self, id: InstrumentId) {
        self.books.remove(&id);
        self.dirty.remove(&id);
    }

    /// A row came.
    pub fn take(&mut self, id: InstrumentId, row: &MarketDepths) {
        let (position, operation, side, price, size) = match row {
            MarketDepths::MarketDepth(row) => (row.position, row.operation, row.side, row.price, row.size),
            MarketDepths::MarketDepthL2(row) => (row.position, row.operation, row.side, row.price, row.size),
            MarketDepths::Reset => {
                if self.books.contains_key(&id) {
                    self.begin(id);
                }
                return;
            }
        };
        let Some(book) = self.books.get_mut(&id) else { return };
        let rows = if side == 1 { &mut book.bids } else { &mut book.asks };
        if put(rows, position, operation, price, size).is_some() {
            self.dirty.insert(id);
        }
    }

    /// The books that have changed since they were told last.
    pub fn flush(&mut self, now: Time) -> Option<BrokerEvent> {
        let dirty = std::mem::take(&mut self.dirty);
        let told = |id: InstrumentId| {
            let book = self.books.get(&id)?;
            let depth = Depth { bids: levels(&book.bids, true), asks: levels(&book.asks, false), time: now };
            Some(MarketEvent::Depth(id, Arc::new(depth)))
        };
        let events: Vec<MarketEvent> = dirty.into_iter().filter_map(told).collect();
        (!events.is_empty()).then_some(BrokerEvent::Market { received: now, events })
    }
}

/// Does to the rows of a side what TWS says; `None` where that makes no sense.
fn put(rows: &mut Vec<(Price, Qty)>, position: i32, operation: i32, at: f64, size: f64) -> Option<()> {
    let position = usize::try_from(position).ok().filter(|position| *position < MOST)?;
    match operation {
        0 | 1 => {
            let row = (price(at)?, quantity(size)?);
            match rows.get_mut(position) {
                Some(known) if operation == 1 => *known = row,
                _ => rows.insert(position.min(rows.len()), row),
            }
            rows.truncate(MOST);
        }
        2 if position < rows.len() => {
            rows.remove(position);
        }
        _ => return None,
    }
    Some(())
}

fn levels(rows: &[(Price, Qty)], best_is_highest: bool) -> Vec<Level> {
    let mut merged: BTreeMap<Price, (Qty, u32)> = BTreeMap::new();
    for (price, quantity) in rows.iter().filter(|(_, quantity)| !quantity.is_zero()) {
        let level = merged.entry(*price).or_default();
        *level = (level.0.saturating_add(*quantity), level.1 + 1);
    }
    let level = |(price, (quantity, orders))| Level { price, quantity, orders };
    let levels = merged.into_iter().map(level);
    if best_is_highest { levels.rev().collect() } else { levels.collect() }
}

#[cfg(test)]
mod tests {
    use ibapi::market_data::realtime::{MarketDepth, MarketDepthL2};

    use super::*;
    use crate::domain::Decimal;

    const ID: InstrumentId = InstrumentId(0);

    fn row(position: i32, operation: i32, side: i32, price: f64, size: f64) -> MarketDepths {
        MarketDepths::MarketDepth(MarketDepth { position, operation, side, price, size })
    }

    fn told(depths: &mut Depths) -> Option<(Vec<String>, Vec<String>)> {
        let BrokerEvent::Market { events, .. } = depths.flush(Time(1))? else { panic!() };
        let [MarketEvent::Depth(_, depth)] = &*events else { panic!() };
        let text = |levels: &[Level]| {
            levels.iter().map(|l| format!("{} x {} ({})", l.price, l.quantity, l.orders)).collect()
        };
        Some((text(&depth.bids), text(&depth.asks)))
    }

    fn depths() -> Depths {
        let mut depths = Depths::default();
        depths.begin(ID);
        depths.flush(Time(0));
        depths
    }

    #[test]
    fn rows_are_put_changed_and_taken_away() {
        let mut depths = depths();
        for row in [
            row(0, 0, 1, 10.0, 5.0),
            row(1, 0, 1, 9.9, 6.0),
            row(0, 0, 1, 10.1, 1.0),
            row(0, 0, 0, 10.2, 3.0),
            row(1, 1, 1, 10.0, 7.0),
            row(2, 2, 1, 0.0, 0.0),
        ] {
            depths.take(ID, &row);
        }
        let expected =
            (vec!["10.1 x 1 (1)".to_owned(), "10 x 7 (1)".to_owned()], vec!["10.2 x 3 (1)".to_owned()]);
        assert_eq!(told(&mut depths), Some(expected));
        assert_eq!(told(&mut depths), None);
    }

    #[test]
    fn several_makers_at_a_price_are_one_level() {
        let mut depths = depths();
        for (position, market_maker) in [(0, "ARCA"), (1, "NSDQ")] {
            depths.take(
                ID,
                &MarketDepths::MarketDepthL2(MarketDepthL2 {
                    position,
                    market_maker: market_maker.to_owned(),
                    operation: 0,
                    side: 0,
                    price: 10.2,
                    size: 4.0,
                    smart_depth: true,
                }),
            );
        }
        assert_eq!(told(&mut depths).unwrap().1, ["10.2 x 8 (2)"]);
    }

    #[test]
    fn a_reset_empties_the_book() {
        let mut depths = depths();
        depths.take(ID, &row(0, 0, 1, 10.0, 5.0));
        depths.take(ID, &MarketDepths::Reset);
        assert_eq!(told(&mut depths), Some((Vec::new(), Vec::new())));
    }

    #[test]
    fn rows_that_make_no_sense_change_nothing() {
        let mut depths = depths();
        for bad in [
            row(-1, 0, 1, 10.0, 5.0),
            row(0, 2, 1, 10.0, 5.0),
            row(0, 9, 1, 10.0, 5.0),
            row(100_000, 0, 1, 10.0, 5.0),
            row(0, 0, 1, f64::NAN, 5.0),
            row(0, 0, 1, 10.0, -5.0),
        ] {
            depths.take(ID, &bad);
        }
        assert_eq!(told(&mut depths), None);
        depths.take(ID, &row(7, 1, 1, 10.0, 5.0));
        assert_eq!(told(&mut depths).unwrap().0, [format!("10 x {} (1)", Decimal::from(5))]);
        depths.end(ID);
        depths.take(ID, &row(0, 0, 1, 10.0, 5.0));
        assert_eq!(told(&mut depths), None);
    }
}
