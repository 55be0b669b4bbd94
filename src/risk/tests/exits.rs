//! What exits could still do to a position ([`Pending::of_exits`]).

use super::*;
use crate::domain::KeptGroup;

const ENTRY: OrderId = OrderId(1);

/// What an exit is, beside its size.
#[derive(Clone, Copy)]
struct Terms {
    entry: OrderId,
    is_target: bool,
    is_kept: bool,
    status: OrderStatus,
    goes_on: bool,
}

const STOP: Terms =
    Terms { entry: ENTRY, is_target: false, is_kept: true, status: OrderStatus::Working, goes_on: false };
const TARGET: Terms = Terms { is_target: true, ..STOP };

fn exit(terms: Terms, size: &str, filled: &str) -> Order {
    let kind = if terms.is_target { limit("110.00") } else { OrderKind::Stop { stop: price("90.00") } };
    let order = order(Side::Sell, size, kind);
    let quantity = order.spec.quantity;
    let kept = KeptGroup {
        entry: Some(terms.entry),
        oco: None,
        quantity,
        goes_on: terms.goes_on,
        is_over: false,
        passed: None,
    };
    Order {
        spec: OrderSpec { parent: (!terms.is_kept).then_some(terms.entry), ..order.spec },
        kept: terms.is_kept.then_some(kept),
        status: terms.status,
        filled: Qty(dec(filled)),
        ..order
    }
}

/// What they could sell, each entry having filled so much.
fn sells(exits: &[Order], filled: &str) -> Decimal {
    let each = exits.iter().map(|exit| (exit, exit.remaining()));
    Pending::of_exits(each, |_| Some(Qty(dec(filled)))).sells
}

#[test]
fn a_broker_that_keeps_brackets_lets_an_exit_trade_no_more_than_its_entry() {
    let native = Terms { is_kept: false, ..STOP };
    assert_eq!(sells(&[exit(native, "10", "0")], "4"), dec("4"));
    let both = [exit(native, "10", "0"), exit(Terms { is_kept: false, ..TARGET }, "10", "0")];
    assert_eq!(sells(&both, "10"), dec("10"), "one cancels the other");
}

#[test]
fn a_leg_that_is_small_counts_as_what_it_can_grow_to() {
    let small = [exit(TARGET, "10", "3"), exit(STOP, "2", "0")];
    assert_eq!(sells(&small, "10"), dec("7"), "ten bought, three sold");
    let kept = Terms { status: OrderStatus::Kept, ..STOP };
    assert_eq!(sells(&[exit(kept, "10", "0"), exit(TARGET, "4", "0")], "4"), dec("4"), "not ten");
}

#[test]
fn a_leg_of_which_nothing_works_counts_until_somebody_has_ended_it() {
    let cut = |goes_on| {
        let status = OrderStatus::Cancelled;
        [TARGET, STOP].map(|terms| exit(Terms { status, goes_on, ..terms }, "6", "0"))
    };
    assert_eq!(sells(&cut(true), "6"), dec("6"));
    assert_eq!(sells(&cut(false), "6"), dec("0"));
}

#[test]
fn an_exit_that_this_program_keeps_can_be_larger_than_what_is_to_be_guarded() {
    assert_eq!(sells(&[exit(STOP, "10", "0")], "4"), dec("10"), "no broker holds it back");
}

#[test]
fn brackets_add_up_though_one_may_wait_for_the_other() {
    let second = Terms { entry: OrderId(2), status: OrderStatus::Kept, ..STOP };
    let stops = [exit(STOP, "10", "0"), exit(second, "6", "0")];
    assert_eq!(
        sells(&stops, "10"),
        dec("20"),
        "a target of the one could fill, and then a stop of the other"
    );
}
