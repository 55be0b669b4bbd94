//! Price, time, types of orders, amends, self-match.

use pitdesk::domain::{OrderKind, OrderStatus, TickTable, TimeInForce};
use pitdesk::exchange::{Amend, CancelReason, Config, Event, Owner, Reject, SelfMatch};

use super::floor::*;

#[test]
fn the_best_price_trades_first_and_then_the_oldest() {
    let mut floor = Floor::new();
    let old = floor.agent(1, sell(10, limit("100.00")));
    let young = floor.agent(2, sell(10, limit("100.00")));
    let better = floor.agent(3, sell(10, limit("99.99")));
    floor.send(buy(15, limit("100.00")));
    assert_eq!(floor.trades(), [(price("99.99"), qty(10)), (price("100.00"), qty(5))]);
    assert_eq!([better, old, young].map(|id| floor.resting(id)), [0, 5, 10]);
}

#[test]
fn a_trade_happens_at_the_resting_price() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 10)]);
    let id = floor.send(buy(10, limit("105.00")));
    assert_eq!(floor.fills(), [(id, qty(10), price("100.00"))]);
    assert_eq!(floor.order(id).status, OrderStatus::Filled);
}

#[test]
fn what_a_limit_order_cannot_fill_rests() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 4)]);
    let id = floor.send(buy(10, limit("100.00")));
    assert_eq!(floor.resting(id), 6);
    assert_eq!(floor.order(id).status, OrderStatus::PartiallyFilled);
    let depth = floor.exchange.depth(X, 5);
    assert_eq!((depth.bids.len(), depth.asks.len()), (1, 0));
    assert_eq!((depth.bids[0].price, depth.bids[0].quantity), (price("100.00"), qty(6)));
}

#[test]
fn a_market_order_takes_what_is_there_and_says_what_was_missing() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 200), ("100.01", 100)]);
    let id = floor.send(buy(500, OrderKind::Market));
    assert_eq!(floor.order(id).filled, qty(300));
    let reason = floor.cancelled(id).unwrap();
    assert_eq!(reason, CancelReason::BookEmpty { filled: qty(300) });
    assert!(reason.to_string().starts_with("The book had only 300"));
}

#[test]
fn a_market_order_into_an_empty_book_is_refused() {
    let mut floor = Floor::new();
    floor.send(sell(5, OrderKind::Market));
    assert_eq!(floor.rejection().unwrap().to_string(), "Nobody bids for ACME now: use a limit order");
}

#[test]
fn a_market_order_stops_at_the_collar() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 10), ("105.00", 10), ("105.01", 10)]);
    let id = floor.send(buy(30, OrderKind::Market));
    let bound = price("105.00");
    assert_eq!(floor.cancelled(id), Some(CancelReason::Collar { bound, filled: qty(20) }));
}

#[test]
fn an_ioc_order_never_rests() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 4)]);
    let id = floor.send(pitdesk::domain::OrderSpec { tif: TimeInForce::Ioc, ..buy(10, limit("100.00")) });
    assert_eq!(floor.cancelled(id), Some(CancelReason::ImmediateRest { filled: qty(4) }));
    assert_eq!(floor.resting(id), 0);
}

#[test]
fn a_fok_order_fills_completely_or_not_at_all() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 4), ("100.01", 4)]);
    let fok =
        |quantity| pitdesk::domain::OrderSpec { tif: TimeInForce::Fok, ..buy(quantity, limit("100.01")) };
    let id = floor.send(fok(9));
    assert_eq!(floor.cancelled(id), Some(CancelReason::NotAllAtOnce { available: qty(8) }));
    assert!(floor.trades().is_empty());
    let id = floor.send(fok(8));
    assert_eq!(floor.order(id).status, OrderStatus::Filled);
}

#[test]
fn post_only_is_refused_if_it_would_take() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 4)]);
    let post = |at| pitdesk::domain::OrderSpec { post_only: true, ..buy(1, limit(at)) };
    floor.send(post("100.00"));
    assert!(matches!(floor.rejection(), Some(Reject::WouldTake { .. })));
    let id = floor.send(post("99.99"));
    assert_eq!(floor.resting(id), 1);
    floor.amend_limit(id, "100.00");
    assert!(matches!(floor.rejection(), Some(Reject::WouldTake { .. })));
    assert_eq!(floor.resting(id), 1, "a refused amend changes nothing");
    floor.send(pitdesk::domain::OrderSpec { post_only: true, ..buy(1, OrderKind::Market) });
    assert_eq!(floor.rejection(), Some(&Reject::PostOnlyCannotRest));
}

#[test]
fn a_smaller_amend_keeps_its_place() {
    let mut floor = Floor::new();
    let id = floor.send(buy(10, limit("99.00")));
    let other = floor.agent(1, buy(10, limit("99.00")));
    floor.amend_quantity(id, 6);
    floor.agent(2, sell(6, limit("99.00")));
    assert_eq!((floor.order(id).status, floor.resting(other)), (OrderStatus::Filled, 10));
}

#[test]
fn a_larger_amend_loses_its_place() {
    let mut floor = Floor::new();
    let id = floor.send(buy(10, limit("99.00")));
    let other = floor.agent(1, buy(10, limit("99.00")));
    floor.amend_quantity(id, 11);
    floor.agent(2, sell(10, limit("99.00")));
    assert_eq!((floor.resting(id), floor.resting(other)), (11, 0));
}

#[test]
fn a_price_amend_loses_its_place_even_when_it_comes_back() {
    let mut floor = Floor::new();
    let id = floor.send(buy(10, limit("99.00")));
    let other = floor.agent(1, buy(10, limit("99.00")));
    floor.amend_limit(id, "98.00");
    floor.amend_limit(id, "99.00");
    floor.agent(2, sell(10, limit("99.00")));
    assert_eq!((floor.resting(id), floor.resting(other)), (10, 0));
}

#[test]
fn an_amend_that_crosses_trades_at_once() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 4)]);
    let id = floor.send(buy(10, limit("99.00")));
    floor.amend_limit(id, "100.00");
    assert!(matches!(floor.events[0], Event::Amended { .. }));
    assert_eq!(floor.fills(), [(id, qty(4), price("100.00"))]);
    assert_eq!(floor.resting(id), 6);
}

#[test]
fn an_amend_below_what_has_filled_is_refused() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 4)]);
    let id = floor.send(buy(10, limit("100.00")));
    floor.amend_quantity(id, 4);
    assert_eq!(floor.rejection(), Some(&Reject::BelowFilled { filled: qty(4) }));
    floor.amend_quantity(id, 5);
    assert_eq!(floor.resting(id), 1);
}

#[test]
fn an_amend_of_a_price_the_type_has_not_is_refused() {
    let mut floor = Floor::new();
    let id = floor.send(buy(10, limit("99.00")));
    floor.amend(id, Amend { stop: Some(price("101.00")), ..Amend::default() });
    assert_eq!(floor.rejection(), Some(&Reject::NoStop));
    let id = floor.send(buy(10, stop("110.00")));
    floor.amend_limit(id, "99.00");
    assert_eq!(floor.rejection(), Some(&Reject::NoLimit));
}

#[test]
fn unknown_and_finished_orders_cannot_be_changed() {
    let mut floor = Floor::new();
    floor.cancel(pitdesk::domain::OrderId(77));
    assert!(matches!(floor.rejection(), Some(Reject::UnknownOrder(_))));
    let id = floor.send(buy(10, limit("99.00")));
    floor.cancel(id);
    assert_eq!(floor.cancelled(id), Some(CancelReason::Requested));
    floor.amend_quantity(id, 5);
    let text = floor.rejection().unwrap().to_string();
    assert_eq!(text, "Order 1 is cancelled already: nothing is left to change");
}

#[test]
fn an_id_sent_twice_leaves_the_first_order_alone() {
    let mut floor = Floor::new();
    let id = floor.send(buy(10, limit("99.00")));
    let mut out = Vec::new();
    let again = buy(5, limit("98.00"));
    floor.exchange.submit(Owner::Account(paper()), id, again, floor.now, &mut out);
    assert_eq!(out, [Event::Duplicate { id, time: floor.now }]);
    assert_eq!(floor.resting(id), 10);
}

#[test]
fn rejections_say_what_is_wrong_and_what_to_use() {
    let check = |spec, text: &str| {
        let mut floor = Floor::new();
        floor.print("100.00");
        floor.send(spec);
        assert_eq!(floor.rejection().map(ToString::to_string).as_deref(), Some(text));
    };
    check(buy(1, limit("101.003")), "Price 101.003 is not on the tick of 0.01: use 101.00 or 101.01");
    check(buy(1, limit("0.004")), "Price 0.004 is not on the tick of 0.01: use 0.01");
    check(buy(1, limit("-3")), "A price of -3 cannot be traded: enter one above zero");
    check(buy(0, limit("3")), "A quantity of 0 cannot be traded: enter one above zero");
    check(
        sell(1, stop("100.00")),
        "Stop 100.00 would trigger at once, the last price is 100.00: use a market order, or move the stop",
    );
    check(
        buy(30_000, limit("99")),
        "Needs 2,970,000.00 USD of buying power, 2,000,000.00 USD are free: lower the quantity or cancel \
         working orders",
    );
    let huge = pitdesk::domain::Qty(pitdesk::domain::Decimal::MAX);
    check(
        pitdesk::domain::OrderSpec { quantity: huge, ..buy(1, limit("1")) },
        "The order is larger than the exchange can book: lower its quantity or price",
    );
}

#[test]
fn a_quantity_off_the_lot_names_its_neighbours() {
    let mut lots = instrument();
    lots.lot = qty(100);
    lots.ticks = TickTable::uniform(dec("0.5")).unwrap();
    let mut floor = Floor::with(lots, config());
    floor.send(buy(250, limit("10")));
    let text = floor.rejection().unwrap().to_string();
    assert_eq!(text, "Quantity 250 is not a multiple of 100: use 200 or 300");
}

fn self_match(policy: SelfMatch) -> Floor {
    Floor::with(instrument(), Config { self_match: policy, ..config() })
}

#[test]
fn self_match_cancels_whom_the_policy_names() {
    let check = |policy, resting_stays: bool, incoming_stays: bool| {
        let mut floor = self_match(policy);
        let resting = floor.send(buy(10, limit("100.00")));
        let incoming = floor.send(sell(4, limit("99.00")));
        assert!(floor.trades().is_empty());
        assert_eq!(floor.resting(resting) > 0, resting_stays, "{policy:?}");
        assert_eq!(floor.resting(incoming) > 0, incoming_stays, "{policy:?}");
    };
    check(SelfMatch::CancelIncoming, true, false);
    check(SelfMatch::CancelResting, false, true);
    check(SelfMatch::CancelBoth, false, false);
    check(SelfMatch::KeepReducing, true, false);
}

#[test]
fn a_flatten_passes_over_a_forgotten_bid_of_ones_own() {
    let mut floor = Floor::new();
    floor.quote(&[("98.00", 50)], &[("100.00", 10)]);
    floor.send(buy(10, OrderKind::Market));
    let forgotten = floor.send(buy(5, limit("99.00")));
    let flatten = floor.send(sell(10, OrderKind::Market));
    assert_eq!(floor.cancelled(forgotten), Some(CancelReason::SelfMatch(flatten)));
    assert_eq!(floor.order(flatten).status, OrderStatus::Filled);
    assert_eq!(floor.net(), dec("0"));
}

/// Long 5, and a forgotten bid of one's own between the bids of others.
fn long_five_with_a_forgotten_bid() -> (Floor, pitdesk::domain::OrderId) {
    let mut floor = Floor::new();
    floor.quote(&[], &[("101.00", 5)]);
    floor.send(buy(5, OrderKind::Market));
    floor.quote(&[("100.00", 5)], &[]);
    let forgotten = floor.send(buy(10, limit("99.00")));
    floor.quote(&[("98.00", 10)], &[]);
    (floor, forgotten)
}

#[test]
fn a_fok_order_that_passes_over_its_own_bid_still_fills_completely() {
    let (mut floor, forgotten) = long_five_with_a_forgotten_bid();
    let spec = pitdesk::domain::OrderSpec { tif: TimeInForce::Fok, ..sell(15, limit("98.00")) };
    let id = floor.send(spec);
    assert_eq!(floor.order(id).filled, qty(15));
    assert_eq!(floor.cancelled(forgotten), Some(CancelReason::SelfMatch(id)));
}

#[test]
fn a_reverse_goes_on_past_flat_over_a_forgotten_bid() {
    let (mut floor, forgotten) = long_five_with_a_forgotten_bid();
    let id = floor.send(sell(10, OrderKind::Market));
    assert_eq!(floor.order(id).status, OrderStatus::Filled);
    assert_eq!(floor.cancelled(forgotten), Some(CancelReason::SelfMatch(id)));
    assert_eq!(floor.net(), dec("-5"));
}

#[test]
fn a_fok_order_does_not_count_on_two_orders_of_one_group() {
    let mut floor = Floor::new();
    let group = Some(pitdesk::domain::GroupId(1));
    for at in ["99.00", "98.00"] {
        floor.send(pitdesk::domain::OrderSpec { oco: group, ..buy(10, limit(at)) });
    }
    let fok =
        |quantity| pitdesk::domain::OrderSpec { tif: TimeInForce::Fok, ..sell(quantity, limit("98.00")) };
    floor.agent(1, fok(20));
    assert_eq!(floor.net(), dec("0"), "a fill of the first would have cancelled the second");
    floor.agent(1, fok(10));
    assert_eq!(floor.net(), dec("10"));
}

#[test]
fn adding_to_a_position_never_removes_the_order_that_protects_it() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 10)]);
    floor.send(buy(10, OrderKind::Market));
    let exit = floor.send(sell(10, limit("101.00")));
    let add = floor.send(buy(5, limit("102.00")));
    assert_eq!(floor.cancelled(add), Some(CancelReason::SelfMatch(exit)));
    assert_eq!(floor.resting(exit), 10);
}

#[test]
fn an_agent_that_meets_itself_withdraws_the_resting_order() {
    let mut floor = Floor::new();
    let old = floor.agent(1, sell(10, limit("100.00")));
    let new = floor.agent(1, buy(3, limit("100.00")));
    assert!(floor.trades().is_empty());
    assert_eq!((floor.resting(old), floor.resting(new)), (0, 3));
}

#[test]
fn agents_are_told_nothing_but_counted_when_refused() {
    let mut floor = Floor::new();
    floor.agent(1, buy(3, limit("100.005")));
    assert!(
        floor
            .events
            .iter()
            .all(|event| matches!(event, Event::SessionChanged { .. } | Event::BookChanged(_)))
    );
    assert!(matches!(floor.exchange.agent_refusals(), (1, Some(Reject::OffTick { .. }))));
    floor.agent(1, buy(3, stop("100.00")));
    assert_eq!(floor.exchange.agent_refusals(), (2, Some(&Reject::NotForAgents)));
}

#[test]
fn agents_shrink_in_place_and_withdraw_everything() {
    let mut floor = Floor::new();
    let first = floor.agent(1, buy(10, limit("99.00")));
    let second = floor.agent(2, buy(10, limit("99.00")));
    floor.amend_quantity(first, 4);
    floor.agent(3, sell(4, limit("99.00")));
    assert_eq!((floor.resting(first), floor.resting(second)), (0, 10));
    floor.amend_limit(second, "98.00");
    assert_eq!(floor.exchange.best(X).0, Some((price("98.00"), qty(10))));
    floor.cancel_all(&Owner::Agent(2));
    assert_eq!(floor.exchange.best(X), (None, None));
}

#[test]
fn changes_of_the_book_are_reported_once_a_call() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 1), ("100.01", 1), ("100.02", 1)]);
    floor.send(buy(3, limit("100.02")));
    let count = |wanted: Event| floor.events.iter().filter(|event| **event == wanted).count();
    assert_eq!(count(Event::TopChanged(X)), 1);
    assert_eq!(count(Event::BookChanged(X)), 1);
    assert_eq!(count(Event::AccountChanged(paper())), 1);
    floor.send(buy(1, limit("90.00")));
    floor.send(buy(1, limit("89.00")));
    assert!(!floor.events.contains(&Event::TopChanged(X)), "only a deeper level changed");
}
