//! Rows that stand still, and what was painted.

use egui::{Rangef, pos2, vec2};
use proptest::prelude::*;

use super::*;
use crate::domain::{Decimal, TickTable};
use crate::market::ladder::Group;

fn grid() -> Grid {
    Grid::new(&TickTable::uniform(Decimal::new(1, 2)).unwrap(), Group::ONE)
}

fn cents(cents: i64) -> Price {
    Price(Decimal::new(cents, 2))
}

fn asked(middle: i64) -> Asked {
    Asked { middle: Some(cents(middle)), rows: 20, is_held: false, centre: false, scroll: 0 }
}

#[test]
fn rows_follow_the_market_in_jumps_and_stand_still_under_the_pointer() {
    let (grid, mut centre) = (grid(), Centre::default());
    assert_eq!(centre.settle(&grid, asked(10_000)), Some(cents(10_000)));
    assert_eq!(centre.settle(&grid, asked(10_005)), Some(cents(10_000)), "near enough");
    assert_eq!(centre.settle(&grid, asked(10_006)), Some(cents(10_006)));
    let held = |middle| Asked { is_held: true, ..asked(middle) };
    assert_eq!(centre.settle(&grid, held(10_500)), Some(cents(10_006)));
    assert_eq!(
        centre.settle(&grid, Asked { centre: true, ..held(10_500) }),
        Some(cents(10_500)),
        "asked for"
    );
    assert_eq!(centre.settle(&grid, held(10_502)), Some(cents(10_500)));
    assert_eq!(centre.settle(&grid, asked(10_502)), Some(cents(10_502)), "the pointer has left");
}

#[test]
fn what_was_scrolled_stays_until_the_pointer_leaves() {
    let (grid, mut centre) = (grid(), Centre::default());
    centre.settle(&grid, asked(10_000));
    let scrolled = Asked { scroll: 30, is_held: true, ..asked(10_000) };
    assert_eq!(centre.settle(&grid, scrolled), Some(cents(10_030)));
    assert_eq!(centre.settle(&grid, Asked { is_held: true, ..asked(10_000) }), Some(cents(10_030)));
    assert_eq!(centre.settle(&grid, asked(10_000)), Some(cents(10_000)));
    assert_eq!(Centre::default().settle(&grid, Asked { middle: None, ..asked(0) }), None, "no market yet");
}

fn painted(top: i64) -> Painted {
    let columns = Columns {
        own_buys: Rangef::new(0.0, 20.0),
        bids: Rangef::new(20.0, 60.0),
        price: Rangef::new(60.0, 100.0),
        asks: Rangef::new(100.0, 140.0),
        own_sells: Rangef::new(140.0, 160.0),
        last: None,
        volume: None,
    };
    Painted {
        instrument: InstrumentId(0),
        body: Rect::from_min_size(pos2(0.0, 100.0), vec2(160.0, 200.0)),
        height: 20.0,
        prices: (0..10).map(|row| cents(top - row)).collect(),
        columns,
    }
}

#[test]
fn a_place_means_what_was_painted_there_and_nothing_for_a_moment_after_it_has_moved() {
    let mut shown = Shown::default();
    let at = pos2(30.0, 145.0);
    assert_eq!(shown.meaning(at, Time(0)), None);
    shown.paints(painted(1_000), Time(0));
    let is = |cents_: i64| Some(Meaning::Is(Column::Book(Side::Buy), cents(cents_)));
    assert_eq!(shown.meaning(at, Time(0)), is(998));
    assert_eq!(shown.meaning(pos2(30.0, 99.0), Time(0)), None, "above all rows");
    let second = Time::from_seconds(1);
    shown.paints(painted(1_001), second);
    assert_eq!(shown.meaning(at, second + Duration::from_millis(249)), Some(Meaning::HasMoved));
    assert_eq!(shown.meaning(at, second + Duration::from_millis(250)), is(999));
    // There and back again: both pictures were seen.
    shown.paints(painted(1_000), second + Duration::from_millis(300));
    assert_eq!(shown.meaning(at, second + Duration::from_millis(301)), Some(Meaning::HasMoved));
}

proptest! {
    #[test]
    fn whatever_is_meant_was_in_every_picture_of_the_last_moment(
        tops in proptest::collection::vec((1_000_i64..1_004, 0_u64..200), 1..30),
        y in 90.0_f32..310.0,
        x in 0.0_f32..160.0,
    ) {
        let (mut shown, mut now) = (Shown::default(), Time::from_seconds(1));
        let mut seen: Vec<(Painted, Time)> = Vec::new();
        for (top, pause) in tops {
            now = now + Duration::from_millis(pause);
            seen.push((painted(top), now));
            shown.paints(painted(top), now);
        }
        let Some(Meaning::Is(column, price)) = shown.meaning(pos2(x, y), now) else { return Ok(()) };
        for (index, (picture, _)) in seen.iter().enumerate() {
            // A picture was seen until the next one.
            let until = seen.get(index + 1).map_or(now, |(_, at)| *at);
            if now.since(until) < AIM {
                prop_assert_eq!(picture.meaning(pos2(x, y)), Some((column, price)));
            }
        }
    }
}
