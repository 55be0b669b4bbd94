//! Opening, closing, expiry. Tokyo trades 09:00–11:30 and 12:30–15:30.

use std::time::Duration;

use pitdesk::domain::{
    Instrument, OrderKind, OrderSpec, OrderStatus, Session, SessionKind, Time, TimeInForce, TradingHours,
    TrailBy,
};
use pitdesk::exchange::{Config, DayStats, Event, HeldFor, Reject};

use super::floor::*;

fn tokyo() -> Instrument {
    let session = |open, close| Session { open, close, kind: SessionKind::Regular };
    let hours = TradingHours {
        zone: "Asia/Tokyo".into(),
        sessions: vec![session(540, 690), session(750, 930)],
        weekdays: [true, true, true, true, true, false, false],
        holidays: Vec::new(),
    };
    Instrument { hours, venue: "TSE".into(), ..instrument() }
}

fn floor() -> Floor {
    let mut floor = Floor::with(tokyo(), config());
    floor.advance(START);
    floor
}

/// `hours` and `minutes` after the start, which is Monday 10:00.
fn later(hours: u64, minutes: u64) -> Time {
    START + Duration::from_mins(hours * 60 + minutes)
}

const LUNCH: (u64, u64) = (1, 45);
const EVENING: (u64, u64) = (6, 0);

fn day(spec: OrderSpec) -> OrderSpec {
    OrderSpec { tif: TimeInForce::Day, ..spec }
}

#[test]
fn orders_that_cannot_wait_are_refused_while_closed() {
    let mut floor = floor();
    floor.advance(later(EVENING.0, EVENING.1));
    floor.send(buy(1, OrderKind::Market));
    let text = floor.rejection().unwrap().to_string();
    assert_eq!(text, "TSE is closed until Tue 24 Nov 09:00 JST: use a limit order, which waits for the open");
    for tif in [TimeInForce::Ioc, TimeInForce::Fok] {
        floor.send(OrderSpec { tif, ..buy(1, limit("100")) });
        assert!(matches!(floor.rejection(), Some(Reject::Closed { .. })));
    }
}

#[test]
fn limits_sent_while_closed_enter_at_the_open_in_order_of_arrival() {
    let mut floor = floor();
    floor.advance(later(LUNCH.0, LUNCH.1));
    let first = floor.send(buy(5, limit("100.00")));
    let opens = later(2, 30);
    let why = HeldFor::Open(Some(opens));
    assert!(floor.events.contains(&Event::Held { id: first, why, time: floor.now }));
    let second = floor.send(day(buy(5, limit("100.00"))));
    assert_eq!(floor.exchange.best(X), (None, None), "nothing matches or shows before the open");
    floor.advance(opens);
    floor.agent(1, sell(7, limit("100.00")));
    floor.soon();
    assert_eq!(floor.fills(), [(first, qty(5), price("100.00")), (second, qty(2), price("100.00"))]);
    assert_eq!(floor.resting(second), 3);
}

#[test]
fn what_waits_for_the_open_trades_at_the_makers_prices_and_not_at_its_own() {
    let mut floor = floor();
    let overnight = floor.send(sell(4, limit("101.00")));
    floor.advance(later(LUNCH.0, LUNCH.1));
    let bold = floor.send(buy(5, limit("108.00")));
    let patient = floor.send(buy(5, limit("103.00")));
    floor.advance(later(2, 30));
    floor.quote(&[("104.30", 9), ("104.20", 9)], &[]);
    assert!(floor.trades().is_empty(), "the makers are not done: they quote at one instant");
    floor.quote(&[], &[("104.40", 3), ("104.50", 9)]);
    floor.soon();
    assert_eq!(
        floor.fills(),
        [
            (overnight, qty(4), price("104.30")),
            (bold, qty(3), price("104.40")),
            (bold, qty(2), price("104.50"))
        ]
    );
    assert_eq!(floor.resting(patient), 5);
    assert_eq!(floor.exchange.quote(X).open, Some(price("104.30")));
}

#[test]
fn what_waits_enters_only_where_the_other_side_is_quoted() {
    let mut floor = floor();
    floor.advance(later(LUNCH.0, LUNCH.1));
    let bid = floor.send(buy(5, limit("108.00")));
    floor.advance(later(2, 30));
    floor.quote(&[("104.30", 9)], &[]);
    floor.advance(later(2, 45));
    assert_eq!((floor.order(bid).status, floor.resting(bid)), (OrderStatus::Held, 0));
    floor.quote(&[], &[("104.40", 9)]);
    floor.soon();
    assert_eq!(floor.fills(), [(bid, qty(5), price("104.40"))]);
}

#[test]
fn a_stop_left_unfilled_at_the_close_takes_the_opening_quotes() {
    let mut floor = floor();
    floor.quote(&[("99.00", 2), ("90.00", 9)], &[("101.00", 5)]);
    floor.print("100.00");
    let id = floor.send(sell(5, stop("99.50")));
    floor.print("99.50");
    assert_eq!(floor.order(id).filled, qty(2));
    floor.advance(later(LUNCH.0, LUNCH.1));
    floor.advance(later(2, 30));
    floor.quote(&[("88.00", 9)], &[]);
    floor.soon();
    assert_eq!(floor.fills(), [(id, qty(3), price("88.00"))], "the bound of the morning is not held on to");
}

#[test]
fn waiting_orders_can_be_amended_and_cancelled() {
    let mut floor = floor();
    floor.advance(later(LUNCH.0, LUNCH.1));
    let first = floor.send(buy(5, limit("100.00")));
    let second = floor.send(buy(5, limit("100.00")));
    let gone = floor.send(buy(5, limit("100.00")));
    floor.amend_limit(first, "101.00");
    floor.amend_limit(first, "100.00");
    floor.cancel(gone);
    floor.advance(later(3, 0));
    floor.quote(&[], &[("110.00", 1)]);
    floor.soon();
    assert_eq!([first, second, gone].map(|id| floor.resting(id)), [5, 5, 0]);
    floor.agent(1, sell(5, limit("100.00")));
    assert_eq!(floor.order(second).status, OrderStatus::Filled, "the amended one lost its place");
}

#[test]
fn a_day_order_survives_lunch_and_expires_at_the_close() {
    let mut floor = floor();
    let id = floor.send(day(buy(5, limit("100.00"))));
    floor.advance(later(3, 0));
    floor.quote(&[], &[("110.00", 1)]);
    floor.soon();
    assert_eq!(floor.resting(id), 5);
    floor.advance(later(9, 0));
    let close = later(5, 30);
    assert!(floor.events.contains(&Event::Expired { id, time: close }));
    assert_eq!(floor.order(id).status, OrderStatus::Expired);
}

#[test]
fn a_day_order_of_the_evening_is_for_the_next_day() {
    let mut floor = floor();
    floor.advance(later(EVENING.0, EVENING.1));
    let id = floor.send(day(buy(5, limit("100.00"))));
    floor.advance(later(24 + 5, 29));
    assert_eq!(floor.order(id).status, OrderStatus::Held);
    floor.advance(later(24 + 5, 30));
    assert_eq!(floor.order(id).status, OrderStatus::Expired);
}

#[test]
fn a_gtd_order_expires_at_its_instant_and_not_later() {
    let mut floor = floor();
    let until = later(0, 30);
    let gtd = |until| OrderSpec { tif: TimeInForce::Gtd(until), ..buy(5, limit("100.00")) };
    let id = floor.send(gtd(until));
    floor.now = until;
    floor.agent(1, sell(5, limit("100.00")));
    assert_eq!(floor.events[0], Event::Expired { id, time: until }, "any call lets time pass first");
    assert!(floor.trades().is_empty());
    floor.send(gtd(until));
    assert_eq!(floor.rejection(), Some(&Reject::AlreadyOver(until)));
}

#[test]
fn at_the_close_agents_leave_and_gtc_orders_wait_in_their_order() {
    let mut floor = floor();
    floor.quote(&[("99.00", 5)], &[("101.00", 5)]);
    let ids = [5, 6].map(|quantity| floor.send(buy(quantity, limit("98.00"))));
    floor.advance(later(LUNCH.0, LUNCH.1));
    assert_eq!(floor.exchange.best(X), (None, None), "no quote of a closed market is the trader's own");
    let why = HeldFor::Open(Some(later(2, 30)));
    let close = later(1, 30);
    for id in ids {
        assert!(floor.events.contains(&Event::Held { id, why, time: close }));
    }
    let refused = floor.agent(1, buy(5, limit("99.00")));
    assert_eq!(floor.resting(refused), 0);
    floor.advance(later(3, 0));
    floor.quote(&[], &[("101.00", 5)]);
    floor.soon();
    assert_eq!(ids.map(|id| floor.resting(id)), [5, 6]);
    floor.agent(2, sell(5, limit("98.00")));
    assert_eq!(ids.map(|id| floor.resting(id)), [0, 6]);
}

/// Open 04:00–20:00, regular 09:30–16:00; START is 10:00 in Tokyo, so these are Tokyo's hours.
pub fn three_sessions(of: Instrument) -> Instrument {
    let session = |open, close, kind| Session { open, close, kind };
    let hours = TradingHours {
        sessions: vec![
            session(240, 570, SessionKind::Extended),
            session(570, 960, SessionKind::Regular),
            session(960, 1200, SessionKind::Extended),
        ],
        ..tokyo().hours
    };
    Instrument { hours, ..of }
}

fn extended() -> Floor {
    let mut floor = Floor::with(three_sessions(tokyo()), config());
    floor.advance(EARLY);
    floor.quote(&[("99.00", 50)], &[("101.00", 50)]);
    floor
}

/// Monday 09:00, before the regular session.
const EARLY: Time = Time(START.0 - 3_600_000_000_000);
/// Monday 09:30.
const REGULAR: Time = Time(START.0 - 1_800_000_000_000);

#[test]
fn a_day_order_of_the_early_session_waits_for_the_regular_one() {
    let mut floor = extended();
    let id = floor.send(day(buy(5, limit("101.00"))));
    let why = HeldFor::Open(Some(REGULAR));
    assert!(floor.events.contains(&Event::Held { id, why, time: EARLY }));
    let gtc = floor.send(buy(5, limit("101.00")));
    assert_eq!(floor.order(gtc).status, OrderStatus::Filled, "GTC works in every session");
    let market = floor.send(day(buy(5, OrderKind::Market)));
    assert_eq!(floor.order(market).status, OrderStatus::Filled, "a market order is for now");
    floor.advance(REGULAR);
    assert_eq!(floor.order(id).status, OrderStatus::Held);
    floor.soon();
    assert_eq!(floor.fills(), [(id, qty(5), price("101.00"))]);
}

#[test]
fn a_day_order_of_the_late_session_is_for_the_next_regular_one() {
    let mut floor = extended();
    floor.advance(later(7, 0));
    let id = floor.send(day(buy(5, limit("101.00"))));
    let why = HeldFor::Open(Some(REGULAR + Duration::from_hours(24)));
    assert!(floor.events.contains(&Event::Held { id, why, time: floor.now }));
    floor.advance(later(19, 0));
    floor.quote(&[], &[("101.00", 50)]);
    floor.soon();
    assert_eq!(floor.order(id).status, OrderStatus::Held, "the next early session is open and quoted");
    floor.advance(REGULAR + Duration::from_hours(24));
    floor.soon();
    assert_eq!(floor.order(id).status, OrderStatus::Filled);
}

#[test]
fn stops_trigger_and_follow_in_regular_hours_only() {
    let mut floor = extended();
    floor.print("100.00");
    let fixed = floor.send(sell(5, stop("99.50")));
    let by = TrailBy::Amount(dec("2"));
    let trailing = floor.send(sell(5, OrderKind::TrailingStop { by }));
    floor.print("100.80");
    floor.print("99.40");
    assert_eq!([fixed, trailing].map(|id| floor.order(id).status), [OrderStatus::Held; 2]);
    assert_eq!(floor.exchange.trigger_price(trailing), Some(price("98.00")));
    floor.advance(REGULAR);
    assert_eq!(floor.order(fixed).status, OrderStatus::Held, "it waits for a trade");
    floor.print("99.50");
    assert_eq!(floor.fills(), [(fixed, qty(5), price("99.00"))]);
}

#[test]
fn an_exit_that_is_passed_already_waits_for_the_first_trade_of_the_open() {
    let mut floor = floor();
    floor.quote(&[("94.00", 50)], &[("100.00", 10)]);
    let parent = floor.send(buy(10, OrderKind::Market));
    floor.agent(2, sell(1, limit("94.00")));
    floor.advance(later(LUNCH.0, LUNCH.1));
    let exit = floor.send(OrderSpec { parent: Some(parent), ..sell(10, stop("95.00")) });
    floor.advance(later(3, 0));
    assert_eq!(floor.order(exit).status, OrderStatus::Held);
    floor.quote(&[("93.00", 50)], &[]);
    floor.agent(2, sell(1, limit("93.00")));
    assert_eq!(floor.order(exit).status, OrderStatus::Filled);
}

#[test]
fn a_large_step_gives_the_same_events_as_small_ones() {
    let run = |step_minutes: u64| {
        let mut floor = floor();
        floor.send(day(buy(5, limit("100.00"))));
        floor.send(OrderSpec { tif: TimeInForce::Gtd(later(30, 0)), ..buy(5, limit("100.00")) });
        let mut events = Vec::new();
        let end = 72 * 60;
        let mut at = 0;
        while at < end {
            at = (at + step_minutes).min(end);
            floor.advance(later(0, at));
            events.extend(floor.events.clone());
        }
        // Changes of the book are told once a call, so they depend on the calls.
        events.retain(|event| matches!(event, Event::SessionChanged { .. } | Event::Expired { .. }));
        events
    };
    let whole = run(72 * 60);
    assert_eq!(whole.len(), 2 + 12, "two expiries; closed, open at lunch, night, …");
    assert_eq!(run(7), whole);
}

#[test]
fn time_never_runs_backwards() {
    let mut floor = floor();
    floor.advance(later(1, 0));
    floor.now = START;
    let id = floor.send(buy(1, limit("1.00")));
    assert_eq!(floor.order(id).created, later(1, 0));
}

#[test]
fn a_new_day_begins_with_fresh_numbers() {
    let mut floor = floor();
    floor.exchange.set_previous_close(X, price("90.00"));
    let stats = DayStats {
        open: Some(price("95.00")),
        high: Some(price("99.00")),
        low: Some(price("94.00")),
        last: Some(price("98.00")),
        volume: qty(1_000),
    };
    floor.exchange.set_day_stats(X, stats);
    floor.print("100.00");
    let quote = floor.exchange.quote(X);
    assert_eq!((quote.high, quote.volume), (Some(price("100.00")), qty(1_001)));
    assert_eq!((quote.prev_close, quote.open), (Some(price("90.00")), Some(price("95.00"))));
    floor.advance(later(24, 0));
    let quote = floor.exchange.quote(X);
    assert_eq!((quote.prev_close, quote.last), (Some(price("100.00")), Some(price("100.00"))));
    assert_eq!((quote.open, quote.high, quote.volume), (None, None, qty(0)));
    floor.print("101.00");
    assert_eq!(floor.exchange.quote(X).open, Some(price("101.00")));
}

#[test]
fn numbers_seeded_before_the_open_are_those_of_the_day_before() {
    let mut floor = Floor::with(tokyo(), config());
    floor
        .exchange
        .set_day_stats(X, DayStats { last: Some(price("98.00")), volume: qty(9), ..DayStats::default() });
    floor.advance(later(0, 0) - Duration::from_hours(2));
    assert_eq!(floor.exchange.quote(X).volume, qty(9));
    floor.advance(START);
    let quote = floor.exchange.quote(X);
    assert_eq!((quote.volume, quote.prev_close), (qty(0), Some(price("98.00"))));
}

#[test]
fn always_open_ends_its_day_at_local_midnight_without_closing() {
    let mut floor = Floor::with(tokyo(), Config { always_open: true, ..config() });
    floor.advance(START);
    floor.quote(&[("99.00", 5)], &[]);
    let id = floor.send(day(buy(5, limit("98.00"))));
    floor.advance(later(13, 59));
    assert_eq!(floor.order(id).status, OrderStatus::Working);
    floor.advance(later(14, 0));
    assert_eq!(floor.order(id).status, OrderStatus::Expired);
    assert!(floor.exchange.is_open(X));
    assert_eq!(floor.exchange.best(X).0, Some((price("99.00"), qty(5))), "agents stay: nothing has closed");
}
