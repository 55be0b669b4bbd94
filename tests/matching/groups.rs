//! Brackets and OCO groups.

use pitdesk::domain::{GroupId, OrderId, OrderKind, OrderSpec, OrderStatus, TimeInForce};
use pitdesk::exchange::{CancelReason, Event, Reject};

use super::floor::*;

fn child(parent: OrderId, spec: OrderSpec) -> OrderSpec {
    OrderSpec { parent: Some(parent), ..spec }
}

fn oco(spec: OrderSpec) -> OrderSpec {
    OrderSpec { oco: Some(GroupId(7)), ..spec }
}

/// A working parent at 99 with a target at 105 and a stop at 95.
fn bracket(floor: &mut Floor, quantity: i64) -> [OrderId; 3] {
    floor.quote(&[("90.00", 100)], &[("110.00", 100)]);
    floor.print("100.00");
    let parent = floor.send(buy(quantity, limit("99.00")));
    let target = floor.send(child(parent, sell(quantity, limit("105.00"))));
    let stop = floor.send(child(parent, sell(quantity, stop("95.00"))));
    [parent, target, stop]
}

#[test]
fn children_wait_until_the_parent_fills() {
    let mut floor = Floor::new();
    let [parent, target, stop] = bracket(&mut floor, 10);
    assert_eq!([target, stop].map(|id| floor.order(id).status), [OrderStatus::Held; 2]);
    assert_eq!((floor.resting(parent), floor.resting(target)), (10, 0));
    assert_eq!(floor.exchange.trigger_price(stop), None);
    floor.agent(4, sell(10, limit("99.00")));
    assert_eq!(floor.resting(target), 10);
    assert_eq!(floor.exchange.trigger_price(stop), Some(price("95.00")));
}

#[test]
fn children_grow_with_each_partial_fill() {
    let mut floor = Floor::new();
    let [parent, target, stop] = bracket(&mut floor, 10);
    floor.agent(4, sell(3, limit("99.00")));
    assert_eq!(floor.resting(target), 3);
    floor.agent(4, sell(4, limit("99.00")));
    assert_eq!(floor.resting(target), 7);
    floor.cancel(parent);
    floor.print("95.00");
    assert_eq!(floor.fills(), [(stop, qty(7), price("90.00"))]);
}

#[test]
fn a_fill_of_one_child_reduces_the_other() {
    let mut floor = Floor::new();
    let [_, target, stop] = bracket(&mut floor, 10);
    floor.agent(4, sell(10, limit("99.00")));
    floor.agent(4, buy(4, limit("105.00")));
    assert_eq!(floor.order(stop).spec.quantity, qty(6));
    floor.agent(4, buy(6, limit("105.00")));
    assert_eq!(floor.order(target).status, OrderStatus::Filled);
    assert_eq!(floor.cancelled(stop), Some(CancelReason::OtherFilled(target)));
    assert_eq!(floor.net(), dec("0"));
}

#[test]
fn a_first_target_leaves_the_second_and_the_stop_for_the_rest() {
    let mut floor = Floor::new();
    floor.quote(&[("90.00", 200)], &[("120.00", 200)]);
    floor.print("100.00");
    let parent = floor.send(buy(100, limit("99.00")));
    let near = floor.send(child(parent, sell(50, limit("105.00"))));
    let far = floor.send(child(parent, sell(50, limit("110.00"))));
    let protection = floor.send(child(parent, sell(100, stop("95.00"))));
    floor.agent(4, sell(100, limit("99.00")));
    floor.agent(4, buy(50, limit("105.00")));
    assert_eq!(floor.order(near).status, OrderStatus::Filled);
    assert_eq!((floor.resting(far), floor.order(protection).spec.quantity), (50, qty(50)));
    floor.agent(4, buy(20, limit("110.00")));
    assert_eq!((floor.resting(far), floor.order(protection).spec.quantity), (30, qty(30)));
    floor.print("95.00");
    assert_eq!(floor.fills(), [(protection, qty(30), price("90.00"))]);
    assert_eq!(floor.cancelled(far), Some(CancelReason::OtherFilled(protection)));
    assert_eq!(floor.net(), dec("0"));
}

#[test]
fn a_late_target_of_a_scaled_exit_is_cut_to_what_is_left() {
    let mut floor = Floor::new();
    floor.quote(&[("90.00", 200)], &[("100.00", 100)]);
    let parent = floor.send(buy(100, OrderKind::Market));
    floor.send(child(parent, sell(60, limit("105.00"))));
    floor.agent(4, buy(60, limit("105.00")));
    let late = floor.send(child(parent, sell(60, limit("110.00"))));
    assert_eq!((floor.resting(late), floor.order(late).spec.quantity), (40, qty(40)));
}

#[test]
fn exits_never_exceed_what_the_parent_has_filled() {
    let mut floor = Floor::new();
    let [_, target, stop] = bracket(&mut floor, 10);
    floor.agent(4, sell(5, limit("99.00")));
    floor.agent(4, buy(2, limit("105.00")));
    assert_eq!(floor.resting(target), 3);
    floor.agent(4, buy(3, limit("105.00")));
    assert_eq!(floor.net(), dec("0"));
    assert_eq!([target, stop].map(|id| floor.order(id).status), [OrderStatus::Held; 2]);
    floor.agent(4, sell(5, limit("99.00")));
    assert_eq!(floor.net(), dec("5"));
    assert_eq!(floor.resting(target), 5);
    assert_eq!(floor.exchange.trigger_price(stop), Some(price("95.00")));
}

#[test]
fn a_parent_cancelled_without_a_fill_takes_its_children_along() {
    let mut floor = Floor::new();
    let [parent, target, stop] = bracket(&mut floor, 10);
    floor.cancel(parent);
    let reason = Some(CancelReason::ParentEnded(parent));
    assert_eq!([target, stop].map(|id| floor.cancelled(id)), [reason; 2]);
}

#[test]
fn a_parent_cancelled_in_part_leaves_its_children_for_what_filled() {
    let mut floor = Floor::new();
    let [parent, target, stop] = bracket(&mut floor, 10);
    floor.agent(4, sell(4, limit("99.00")));
    floor.cancel(parent);
    assert_eq!([target, stop].map(|id| floor.order(id).spec.quantity), [qty(4); 2]);
    floor.agent(4, buy(4, limit("105.00")));
    assert_eq!(floor.order(target).status, OrderStatus::Filled);
    assert_eq!(floor.net(), dec("0"));
}

#[test]
fn a_child_of_a_filled_parent_is_active_at_once() {
    let mut floor = Floor::new();
    floor.quote(&[("90.00", 100)], &[("100.00", 10)]);
    let parent = floor.send(buy(10, OrderKind::Market));
    let target = floor.send(child(parent, sell(10, limit("105.00"))));
    assert_eq!(floor.resting(target), 10);
    floor.agent(4, buy(3, limit("105.00")));
    let stop = floor.send(child(parent, sell(10, stop("95.00"))));
    assert_eq!(floor.order(stop).spec.quantity, qty(7), "three of ten are sold already");
    floor.agent(4, buy(7, limit("105.00")));
    assert_eq!(floor.cancelled(stop), Some(CancelReason::OtherFilled(target)));
    floor.send(child(parent, sell(10, limit("106.00"))));
    assert_eq!(floor.rejection(), Some(&Reject::GroupDone(target)));
}

#[test]
fn a_child_stop_that_the_market_has_passed_triggers_at_once() {
    let mut floor = Floor::new();
    floor.quote(&[("94.00", 100)], &[("100.00", 10)]);
    let parent = floor.send(buy(10, OrderKind::Market));
    floor.agent(2, sell(1, limit("94.00")));
    let id = floor.send(child(parent, sell(10, stop("95.00"))));
    assert_eq!(floor.order(id).status, OrderStatus::Filled);
    assert_eq!(floor.net(), dec("0"));
}

#[test]
fn cancelling_one_child_cancels_the_other() {
    let mut floor = Floor::new();
    let [parent, target, stop] = bracket(&mut floor, 10);
    floor.cancel(target);
    assert_eq!(floor.cancelled(stop), Some(CancelReason::OtherCancelled(target)));
    assert_eq!(floor.resting(parent), 10);
}

#[test]
fn a_parent_that_is_unknown_or_gone_refuses_children() {
    let mut floor = Floor::new();
    floor.send(child(OrderId(99), sell(1, limit("105.00"))));
    assert_eq!(floor.rejection(), Some(&Reject::ParentGone(OrderId(99))));
    let parent = floor.send(buy(10, limit("99.00")));
    floor.send(child(parent, sell(1, OrderKind::Market)));
    assert!(floor.rejection().is_some());
    floor.cancel(parent);
    floor.send(child(parent, sell(1, limit("105.00"))));
    assert_eq!(floor.rejection(), Some(&Reject::ParentGone(parent)));
}

#[test]
fn a_child_on_its_parents_side_is_refused() {
    let mut floor = Floor::new();
    let parent = floor.send(buy(10, limit("99.00")));
    floor.send(child(parent, buy(10, limit("98.00"))));
    assert_eq!(floor.rejection(), Some(&Reject::ParentSide(parent)));
}

#[test]
fn a_grandchild_waits_for_the_child() {
    let mut floor = Floor::new();
    let first = floor.send(buy(10, limit("99.00")));
    let second = floor.send(child(first, sell(10, limit("105.00"))));
    let third = floor.send(child(second, buy(10, limit("90.00"))));
    floor.agent(1, sell(10, limit("99.00")));
    assert_eq!((floor.resting(second), floor.resting(third)), (10, 0));
    floor.agent(1, buy(10, limit("105.00")));
    assert_eq!(floor.resting(third), 10);
}

#[test]
fn a_long_chain_of_parents_ends_without_recursion() {
    let mut floor = Floor::new();
    let first = floor.send(buy(1, limit("99.00")));
    let mut last = first;
    for _ in 0..500 {
        last = floor.send(child(last, sell(1, limit("105.00"))));
        last = floor.send(child(last, buy(1, limit("99.00"))));
    }
    floor.cancel(first);
    assert_eq!(floor.order(last).status, OrderStatus::Cancelled);
}

#[test]
fn an_oco_fill_reduces_and_a_full_fill_cancels() {
    let mut floor = Floor::new();
    floor.print("100.00");
    let low = floor.send(oco(buy(10, limit("98.00"))));
    let lower = floor.send(oco(buy(10, limit("97.00"))));
    floor.agent(1, sell(4, limit("98.00")));
    assert_eq!((floor.resting(low), floor.resting(lower)), (6, 6));
    floor.agent(1, sell(6, limit("98.00")));
    assert_eq!(floor.cancelled(lower), Some(CancelReason::OtherFilled(low)));
}

#[test]
fn one_sweep_cannot_fill_two_orders_of_a_group() {
    let mut floor = Floor::new();
    let low = floor.send(oco(buy(10, limit("98.00"))));
    let lower = floor.send(oco(buy(10, limit("97.00"))));
    floor.agent(1, sell(20, limit("90.00")));
    assert_eq!(floor.net(), dec("10"));
    assert_eq!(floor.order(low).status, OrderStatus::Filled);
    assert_eq!(floor.order(lower).status, OrderStatus::Cancelled);
}

#[test]
fn cancelling_one_of_a_group_cancels_the_others() {
    let mut floor = Floor::new();
    let a = floor.send(oco(buy(10, limit("98.00"))));
    let b = floor.send(oco(buy(10, stop("110.00"))));
    floor.cancel(b);
    assert_eq!(floor.cancelled(a), Some(CancelReason::OtherCancelled(b)));
}

#[test]
fn expiry_of_one_leaves_the_protection() {
    let mut floor = Floor::new();
    let day = floor.send(OrderSpec { tif: TimeInForce::Day, ..oco(sell(10, limit("110.00"))) });
    let protection = floor.send(oco(sell(10, stop("90.00"))));
    floor.advance(floor.now + std::time::Duration::from_hours(24));
    assert!(floor.events.iter().any(|event| matches!(event, Event::Expired { id, .. } if *id == day)));
    assert_eq!(floor.order(protection).status, OrderStatus::Held);
}

#[test]
fn a_stop_triggered_by_the_print_that_filled_its_partner_does_not_trade() {
    let mut floor = Floor::new();
    floor.quote(&[], &[("100.00", 5)]);
    floor.send(buy(5, OrderKind::Market));
    let target = floor.send(oco(sell(5, limit("104.00"))));
    let breakout = floor.send(oco(buy(5, stop("104.00"))));
    floor.agent(1, buy(5, limit("104.00")));
    assert_eq!(floor.order(target).status, OrderStatus::Filled);
    assert_eq!(floor.order(breakout).status, OrderStatus::Cancelled);
    assert_eq!(floor.net(), dec("0"));
}
