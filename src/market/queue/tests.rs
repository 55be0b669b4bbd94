//! The estimate against a queue in which every order is known.

use proptest::prelude::*;

use super::*;
use crate::domain::{
    BrokerId, InstrumentId, Level, OrderId, OrderKind, OrderSpec, OrderStatus, Time, TimeInForce,
};

fn qty(units: u32) -> Qty {
    Qty(units.into())
}

fn at(price: i64) -> Price {
    Price(price.into())
}

fn order(side: Side, price: i64, quantity: u32, filled: u32) -> Order {
    let kind = OrderKind::Limit { price: at(price) };
    let spec = OrderSpec::new(InstrumentId(0), side, qty(quantity), kind, TimeInForce::Day);
    let order = Order::intended(OrderId(1), BrokerId(0), "PAPER".into(), spec, Time(0));
    Order { status: OrderStatus::Working, filled: qty(filled), ..order }
}

/// A book of one side, best first.
fn book(side: Side, levels: &[(i64, u32)]) -> Depth {
    let level =
        |&(price, quantity): &(i64, u32)| Level { price: at(price), quantity: qty(quantity), orders: 0 };
    let levels = levels.iter().map(level).collect();
    match side {
        Side::Buy => Depth { bids: levels, ..Depth::default() },
        Side::Sell => Depth { asks: levels, ..Depth::default() },
    }
}

fn print(price: i64, quantity: u32, aggressor: Option<Side>) -> Trade {
    Trade { time: Time(0), price: at(price), quantity: qty(quantity), aggressor }
}

/// Buys 5 at 100, behind 20 others.
fn behind_twenty() -> Place {
    Place::join(&order(Side::Buy, 100, 5, 0), &book(Side::Buy, &[(101, 7), (100, 25)])).unwrap()
}

fn sold(price: i64, quantity: u32) -> Trade {
    print(price, quantity, Some(Side::Sell))
}

#[test]
fn only_what_trades_against_the_order_at_its_price_moves_it_on() {
    let mut place = behind_twenty();
    assert_eq!(place.ahead(), Some(qty(20)));
    place.trade(&sold(100, 3));
    assert_eq!(place.ahead(), Some(qty(17)));
    place.trade(&print(100, 2, None));
    assert_eq!(place.ahead(), Some(qty(15)), "nobody told who crossed the spread");
    place.trade(&sold(101, 7));
    place.trade(&print(100, 4, Some(Side::Buy)));
    place.trade(&print(99, 4, Some(Side::Buy)));
    assert_eq!(place.ahead(), Some(qty(15)));
    place.trade(&sold(100, 90));
    assert_eq!(place.ahead(), Some(qty(0)));
}

#[test]
fn a_trade_beyond_the_price_leaves_nobody_ahead() {
    let mut place = behind_twenty();
    place.trade(&sold(99, 1));
    assert_eq!(place.ahead(), Some(qty(0)));
    let mut sale = Place::join(&order(Side::Sell, 100, 5, 0), &book(Side::Sell, &[(100, 25)])).unwrap();
    sale.trade(&print(99, 1, Some(Side::Buy)));
    assert_eq!(sale.ahead(), Some(qty(20)));
    sale.trade(&print(101, 1, Some(Side::Buy)));
    assert_eq!(sale.ahead(), Some(qty(0)));
}

#[test]
fn no_more_is_ahead_than_the_level_has() {
    let mut place = behind_twenty();
    place.depth(&book(Side::Buy, &[(100, 15)]));
    assert_eq!(place.ahead(), Some(qty(10)));
    place.depth(&book(Side::Buy, &[(100, 80)]));
    assert_eq!(place.ahead(), Some(qty(10)), "who comes later stands behind");
    place.depth(&book(Side::Buy, &[(99, 80)]));
    assert_eq!(place.ahead(), Some(qty(0)), "the level is gone");
}

#[test]
fn a_level_deeper_than_the_book_is_unknown_until_it_is_seen() {
    let order = order(Side::Buy, 100, 5, 0);
    for unseen in [Depth::default(), book(Side::Buy, &[(102, 7), (101, 7)])] {
        let mut place = Place::join(&order, &unseen).unwrap();
        place.trade(&sold(100, 3));
        assert_eq!(place.ahead(), None);
        place.depth(&book(Side::Buy, &[(101, 7), (100, 12), (100, 3)]));
        assert_eq!(place.ahead(), Some(qty(10)), "one price told in two levels is one queue");
        place.depth(&unseen);
        assert_eq!(place.ahead(), Some(qty(10)));
    }
}

#[test]
fn a_fill_leaves_nobody_ahead() {
    let depth = book(Side::Buy, &[(100, 25)]);
    let mut place = behind_twenty();
    place.order(&order(Side::Buy, 100, 5, 1), &depth);
    assert_eq!(place.ahead(), Some(qty(0)));
    let joined = Place::join(&order(Side::Buy, 100, 5, 1), &depth).unwrap();
    assert_eq!(joined.ahead(), Some(qty(0)));
}

#[test]
fn more_of_it_or_another_price_goes_to_the_end_and_less_stays() {
    let depth = book(Side::Buy, &[(100, 60), (99, 31)]);
    let mut place = behind_twenty();
    place.order(&order(Side::Buy, 100, 3, 0), &depth);
    assert_eq!(place.ahead(), Some(qty(20)));
    place.order(&order(Side::Buy, 100, 4, 0), &depth);
    assert_eq!(place.ahead(), Some(qty(56)));
    place.order(&order(Side::Buy, 99, 4, 0), &depth);
    assert_eq!(place.ahead(), Some(qty(27)));
    // A fill of before counts in what is left, and says nothing of the new queue.
    place.order(&order(Side::Buy, 99, 4, 1), &depth);
    place.order(&order(Side::Buy, 99, 11, 1), &depth);
    assert_eq!(place.ahead(), Some(qty(21)));
}

#[test]
fn an_order_that_waits_for_a_trigger_is_in_no_queue() {
    let depth = book(Side::Buy, &[(100, 25)]);
    let mut waits = order(Side::Buy, 100, 5, 0);
    waits.spec.kind = OrderKind::StopLimit { stop: at(103), price: at(100) };
    waits.status = OrderStatus::Held;
    assert_eq!(Place::join(&waits, &depth), None);
    waits.status = OrderStatus::Working;
    assert_eq!(Place::join(&waits, &depth).unwrap().ahead(), Some(qty(20)));
    waits.spec.kind = OrderKind::Market;
    assert_eq!(Place::join(&waits, &depth), None);
}

/// One price of an exchange: whose order, and how much of it is left, first in the queue first.
#[derive(Debug, Clone)]
struct Fifo {
    orders: Vec<(bool, u32)>,
}

impl Fifo {
    fn size(&self) -> u32 {
        self.orders.iter().map(|(_, left)| left).sum()
    }

    fn ours(&self) -> Option<usize> {
        self.orders.iter().position(|(is_ours, _)| *is_ours)
    }

    /// What stands before ours, and what is left of it.
    fn truth(&self) -> Option<(u32, u32)> {
        let ours = self.ours()?;
        Some((self.orders[..ours].iter().map(|(_, left)| left).sum(), self.orders[ours].1))
    }

    fn trade(&mut self, mut quantity: u32) {
        for (_, left) in &mut self.orders {
            let taken = quantity.min(*left);
            (*left, quantity) = (*left - taken, quantity - taken);
        }
        self.orders.retain(|(_, left)| *left > 0);
    }
}

#[derive(Debug, Clone, Copy)]
enum Event {
    Add(u32),
    /// By somebody else, who is found by this number; ahead of us or behind.
    Cancel(usize),
    Trade {
        quantity: u32,
        is_told: bool,
        book_first: bool,
    },
    /// Of ours, to so much less.
    Shrink(u32),
}

fn steady() -> impl Strategy<Value = Event> {
    let trade = (1..12_u32, any::<bool>(), any::<bool>())
        .prop_map(|(quantity, is_told, book_first)| Event::Trade { quantity, is_told, book_first });
    prop_oneof![3 => (1..20_u32).prop_map(Event::Add), 4 => trade, 1 => (1..3_u32).prop_map(Event::Shrink)]
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![2 => steady(), 1 => any::<usize>().prop_map(Event::Cancel)]
}

/// Plays a queue with ours last in it and checks after every event, when both the book and the trade
/// have come, that the estimate is possible; and that it is the truth where `is_exact`.
fn play(
    side: Side,
    before: &[u32],
    ours: u32,
    events: &[Event],
    is_exact: bool,
) -> Result<(), TestCaseError> {
    let mut fifo = Fifo { orders: before.iter().map(|&left| (false, left)).chain([(true, ours)]).collect() };
    let shown = |fifo: &Fifo| match fifo.size() {
        0 => book(side, &[(100 - i64::try_from(side.sign()).unwrap(), 9)]),
        size => book(side, &[(100, size)]),
    };
    let (mut quantity, mut filled) = (ours, 0);
    let mut place = Place::join(&order(side, 100, ours, 0), &shown(&fifo)).unwrap();
    for &event in events {
        match event {
            Event::Add(quantity) => fifo.orders.push((false, quantity)),
            Event::Cancel(number) => {
                let others: Vec<usize> = (0..fifo.orders.len()).filter(|&at| !fifo.orders[at].0).collect();
                if !others.is_empty() {
                    fifo.orders.remove(others[number % others.len()]);
                }
            }
            Event::Shrink(less) => {
                let at = fifo.ours().unwrap();
                let less = less.min(fifo.orders[at].1 - 1);
                fifo.orders[at].1 -= less;
                quantity -= less;
                place.order(&order(side, 100, quantity, filled), &shown(&fifo));
            }
            Event::Trade { quantity: traded, is_told, book_first } => {
                let traded = traded.min(fifo.size());
                fifo.trade(traded);
                let print = print(100, traded, is_told.then_some(side.opposite()));
                if book_first {
                    place.depth(&shown(&fifo));
                }
                place.trade(&print);
                let left = fifo.truth().map_or(0, |(_, left)| left);
                filled = quantity - left;
                place.order(&order(side, 100, quantity, filled), &shown(&fifo));
                if !book_first {
                    place.depth(&shown(&fifo));
                }
            }
        }
        if !matches!(event, Event::Trade { .. }) {
            place.depth(&shown(&fifo));
        }
        let Some((truth, left)) = fifo.truth() else { return Ok(()) };
        let ahead = place.ahead().unwrap();
        prop_assert!(ahead >= Qty::ZERO && ahead <= qty(fifo.size() - left), "{ahead} in {fifo:?}");
        if is_exact {
            prop_assert_eq!(ahead, qty(truth), "in {:?}", fifo);
        }
    }
    Ok(())
}

fn sides() -> impl Strategy<Value = Side> {
    prop::sample::select(vec![Side::Buy, Side::Sell])
}

proptest! {
    #[test]
    fn it_is_the_truth_when_nobody_cancels(
        side in sides(), before in prop::collection::vec(1..20_u32, 0..6), ours in 1..15_u32,
        events in prop::collection::vec(steady(), 0..40),
    ) {
        play(side, &before, ours, &events, true)?;
    }

    #[test]
    fn it_is_always_possible(
        side in sides(), before in prop::collection::vec(1..20_u32, 0..6), ours in 1..15_u32,
        events in prop::collection::vec(any_event(), 0..40),
    ) {
        play(side, &before, ours, &events, false)?;
    }
}
