//! Stops, trailing stops, cascades.

use pitdesk::domain::{OrderKind, OrderSpec, OrderStatus, Price, Side, TrailBy};
use pitdesk::exchange::{Amend, Event, HeldFor, Reject};

use super::floor::*;

fn triggered(floor: &Floor) -> Vec<u64> {
    let id = |event: &Event| match event {
        Event::Triggered { id, .. } => Some(id.0),
        _ => None,
    };
    floor.events.iter().filter_map(id).collect()
}

fn trail(side: Side, by: TrailBy) -> OrderSpec {
    spec(side, 5, OrderKind::TrailingStop { by })
}

#[test]
fn a_stop_waits_for_a_trade_at_its_price() {
    let mut floor = Floor::new();
    floor.quote(&[("90.00", 50)], &[("110.00", 50)]);
    floor.print("100.00");
    let id = floor.send(sell(5, stop("98.00")));
    let why = HeldFor::Trigger(Some(price("98.00")));
    assert!(floor.events.contains(&Event::Held { id, why, time: floor.now }));
    floor.print("98.01");
    assert_eq!(floor.order(id).status, OrderStatus::Held);
    floor.print("98.00");
    assert_eq!(triggered(&floor), [id.0]);
    assert_eq!(floor.fills(), [(id, qty(5), price("90.00"))]);
}

#[test]
fn a_triggered_stop_sells_at_market() {
    let mut floor = Floor::new();
    floor.quote(&[("97.00", 50)], &[("110.00", 50)]);
    floor.print("100.00");
    let id = floor.send(sell(5, stop("98.00")));
    floor.print("97.50");
    assert_eq!(floor.fills(), [(id, qty(5), price("97.00"))]);
    assert_eq!(floor.order(id).status, OrderStatus::Filled);
}

#[test]
fn a_triggered_stop_that_finds_nobody_takes_the_next_quotes_at_their_price() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("110.00", 50)]);
    floor.print("100.00");
    let id = floor.send(sell(5, stop("98.00")));
    floor.print("98.00");
    let why = HeldFor::Quote(None);
    assert!(floor.events.contains(&Event::Held { id, why, time: floor.now }));
    assert_eq!(floor.exchange.best(X), (None, Some((price("110.00"), qty(50)))), "it names no price");
    floor.agent(4, buy(3, limit("97.50")));
    assert_eq!(floor.fills(), [(id, qty(3), price("97.50"))]);
    floor.agent(4, buy(3, limit("97.40")));
    assert_eq!(floor.fills(), [(id, qty(2), price("97.40"))]);
    assert_eq!(floor.order(id).status, OrderStatus::Filled);
}

#[test]
fn what_a_triggered_stop_cannot_fill_within_the_collar_waits_for_quotes_within_it() {
    let mut floor = Floor::new();
    floor.quote(&[("97.00", 2), ("92.14", 50)], &[("110.00", 50)]);
    floor.print("100.00");
    let id = floor.send(sell(5, stop("98.00")));
    floor.print("98.00");
    assert_eq!(floor.fills(), [(id, qty(2), price("97.00"))]);
    let why = HeldFor::Quote(Some(price("92.15")));
    assert!(floor.events.contains(&Event::Held { id, why, time: floor.now }), "5 % below the bid of 97");
    floor.agent(4, buy(1, limit("92.10")));
    assert!(floor.fills().is_empty());
    floor.agent(4, buy(3, limit("96.00")));
    assert_eq!(floor.fills(), [(id, qty(3), price("96.00"))]);
}

#[test]
fn a_parked_stop_is_left_alone_by_ones_own_quotes_and_ends_when_cancelled() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("110.00", 50)]);
    floor.print("100.00");
    let id = floor.send(sell(5, stop("98.00")));
    floor.print("98.00");
    let own = floor.send(buy(5, limit("97.00")));
    assert_eq!((floor.resting(own), floor.order(id).status), (5, OrderStatus::Held));
    floor.cancel(id);
    floor.agent(4, buy(5, limit("97.50")));
    assert!(floor.trades().is_empty());
}

#[test]
fn the_collar_of_a_stop_is_measured_from_the_quotes_of_others() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 5)]);
    floor.send(buy(5, OrderKind::Market));
    let forgotten = floor.send(buy(1, limit("99.00")));
    floor.quote(&[("90.00", 50)], &[("110.00", 50)]);
    let id = floor.send(sell(5, stop("99.50")));
    floor.print("99.50");
    assert_eq!(floor.fills(), [(id, qty(5), price("90.00"))]);
    assert_eq!(floor.order(forgotten).status, OrderStatus::Cancelled);
}

#[test]
fn a_stop_limit_rests_at_its_limit() {
    let mut floor = Floor::new();
    floor.quote(&[("90.00", 50)], &[("110.00", 50)]);
    floor.print("100.00");
    let kind = OrderKind::StopLimit { stop: price("102.00"), price: price("103.00") };
    let id = floor.send(buy(5, kind));
    floor.print("102.00");
    assert_eq!(floor.exchange.best(X).0, Some((price("103.00"), qty(5))));
    floor.amend_limit(id, "104.00");
    assert_eq!(floor.exchange.best(X).0, Some((price("104.00"), qty(5))));
    floor.amend(id, Amend { stop: Some(price("105.00")), ..Amend::default() });
    assert_eq!(floor.rejection(), Some(&Reject::AlreadyTriggered));
}

#[test]
fn stops_of_one_print_go_by_price_reached_then_age() {
    let mut floor = Floor::new();
    floor.quote(&[("99.00", 50)], &[("102.50", 50)]);
    floor.print("100.00");
    let far = floor.send(buy(1, stop("102.00")));
    let near_young = floor.send(buy(1, stop("101.00")));
    let nearest = floor.send(buy(1, stop("100.50")));
    let near_old = floor.send(buy(1, stop("101.00")));
    floor.print("102.00");
    assert_eq!(triggered(&floor), [nearest.0, near_young.0, near_old.0, far.0]);
}

#[test]
fn a_cascade_of_stops_runs_to_its_end() {
    let mut floor = Floor::with(
        instrument(),
        pitdesk::exchange::Config {
            accounts: vec![pitdesk::exchange::AccountConfig {
                leverage: 10.into(),
                ..account(10_000_000, 1)
            }],
            ..config()
        },
    );
    for n in 0..2_000 {
        floor.agent(1, sell(1, limit(&format!("{}.00", 1_000 + n))));
    }
    for n in 0..1_999 {
        floor.send(buy(1, stop(&format!("{}.00", 1_000 + n))));
    }
    floor.agent(2, buy(1, limit("1000.00")));
    assert_eq!(triggered(&floor).len(), 1_999);
    assert_eq!(floor.net(), dec("1999"));
    assert_eq!(floor.exchange.quote(X).last, Some(price("2999.00")));
}

#[test]
fn a_trailing_stop_follows_and_never_goes_back() {
    let mut floor = Floor::new();
    floor.quote(&[("95.00", 50)], &[("110.00", 50)]);
    floor.print("100.00");
    let id = floor.send(trail(Side::Sell, TrailBy::Amount(dec("2"))));
    assert_eq!(floor.exchange.trigger_price(id), Some(price("98.00")));
    floor.print("103.00");
    floor.print("102.00");
    assert_eq!(floor.exchange.trigger_price(id), Some(price("101.00")));
    floor.print("101.01");
    assert_eq!(floor.order(id).status, OrderStatus::Held);
    floor.print("101.00");
    assert_eq!(triggered(&floor), [id.0]);
}

/// Trigger prices that the latest call told of.
fn trails(floor: &Floor) -> Vec<(u64, Price)> {
    let trail = |event: &Event| match event {
        Event::Trails { id, trigger, .. } => Some((id.0, *trigger)),
        _ => None,
    };
    floor.events.iter().filter_map(trail).collect()
}

#[test]
fn where_a_trailing_stop_triggers_is_told_when_it_is_set_and_when_it_moves() {
    let mut floor = Floor::new();
    floor.quote(&[("90.00", 50)], &[("110.00", 50)]);
    floor.exchange.set_previous_close(X, price("99.00"));
    let early = floor.send(trail(Side::Sell, TrailBy::Amount(dec("2"))));
    assert!(trails(&floor).is_empty(), "nothing has traded yet");
    floor.print("100.00");
    assert_eq!(trails(&floor), [(early.0, price("98.00"))]);
    let buys = floor.send(trail(Side::Buy, TrailBy::Amount(dec("3"))));
    assert_eq!(trails(&floor), [(buys.0, price("103.00"))]);
    floor.print("101.00");
    assert_eq!(trails(&floor), [(early.0, price("99.00"))], "a buy stop does not follow upwards");
    floor.print("100.50");
    assert!(trails(&floor).is_empty());
    floor.print("99.00");
    assert_eq!(triggered(&floor), [early.0]);
    let followed = [price("102.00"), price("93.00")].map(|at| (buys.0, at));
    assert_eq!(trails(&floor), followed, "the stop's own sale at 90.00 is a trade like any other");
}

#[test]
fn a_trailing_stop_wider_than_a_fallen_price_waits_at_the_lowest_price() {
    let mut floor = Floor::new();
    floor.exchange.set_previous_close(X, price("3.00"));
    let id = floor.send(trail(Side::Sell, TrailBy::Amount(dec("2"))));
    floor.print("1.00");
    assert_eq!(floor.exchange.trigger_price(id), Some(price("0.01")));
    floor.print("0.01");
    assert_eq!(triggered(&floor), [id.0]);
}

#[test]
fn a_trailing_stop_by_per_cent_stays_on_the_grid_away_from_the_market() {
    let mut floor = Floor::new();
    floor.quote(&[("95.00", 50)], &[("110.00", 50)]);
    floor.print("100.33");
    let sells = floor.send(trail(Side::Sell, TrailBy::Percent(dec("1"))));
    let buys = floor.send(trail(Side::Buy, TrailBy::Percent(dec("1"))));
    assert_eq!(floor.exchange.trigger_price(sells), Some(price("99.32")), "99.3267 rounded down");
    assert_eq!(floor.exchange.trigger_price(buys), Some(price("101.34")), "101.3333 rounded up");
}

#[test]
fn a_trailing_stop_without_a_last_price_starts_at_the_first_trade() {
    let mut floor = Floor::new();
    floor.quote(&[("90.00", 50)], &[("110.00", 50)]);
    floor.send(trail(Side::Sell, TrailBy::Amount(dec("2"))));
    assert_eq!(floor.rejection(), Some(&Reject::NoPrice("ACME".into())), "nothing to value it by");
    floor.exchange.set_previous_close(X, price("99.00"));
    let id = floor.send(trail(Side::Sell, TrailBy::Amount(dec("2"))));
    assert_eq!(floor.exchange.trigger_price(id), None);
    floor.print("100.00");
    assert_eq!(floor.exchange.trigger_price(id), Some(price("98.00")));
}

#[test]
fn a_trailing_stop_has_no_stop_price_to_change() {
    let mut floor = Floor::new();
    floor.print("100.00");
    let id = floor.send(trail(Side::Sell, TrailBy::Amount(dec("2"))));
    floor.amend(id, Amend { stop: Some(price("99.00")), ..Amend::default() });
    assert_eq!(
        floor.rejection().unwrap().to_string(),
        "A trailing stop follows the market by itself: cancel it and send one with another distance"
    );
}

#[test]
fn a_trailing_distance_must_leave_a_price() {
    let mut floor = Floor::new();
    floor.print("100.00");
    for by in [
        TrailBy::Amount(dec("0")),
        TrailBy::Amount(dec("100")),
        TrailBy::Percent(dec("100")),
        TrailBy::Percent(dec("-1")),
    ] {
        floor.send(trail(Side::Sell, by));
        assert!(matches!(floor.rejection(), Some(Reject::BadTrail(_))), "{by:?}");
    }
}

#[test]
fn an_amended_stop_triggers_at_its_new_price() {
    let mut floor = Floor::new();
    floor.quote(&[("97.00", 50)], &[("110.00", 50)]);
    floor.print("100.00");
    let id = floor.send(sell(5, stop("98.00")));
    floor.amend(id, Amend { stop: Some(price("99.00")), ..Amend::default() });
    floor.amend(id, Amend { stop: Some(price("100.00")), ..Amend::default() });
    assert!(matches!(floor.rejection(), Some(Reject::StopPassed { .. })));
    floor.print("98.50");
    assert_eq!(triggered(&floor), [id.0]);
}

#[test]
fn a_cancelled_stop_never_triggers() {
    let mut floor = Floor::new();
    floor.print("100.00");
    let fixed = floor.send(sell(5, stop("98.00")));
    let trailing = floor.send(trail(Side::Sell, TrailBy::Amount(dec("1"))));
    floor.cancel(fixed);
    floor.cancel(trailing);
    floor.print("90.00");
    assert!(triggered(&floor).is_empty());
}
