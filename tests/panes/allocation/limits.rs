//! What the preview says of limits that count the orders of a plan together.

use pitdesk::domain::limits::LimitSet;
use pitdesk::domain::{Limits, Settings};

use super::*;

/// A plan of these weights, previewed within these limits.
fn previewed_within(change: impl FnOnce(&mut LimitSet), weights: &[(&str, &str)]) -> Pane {
    let mut pane = pane();
    let market = &mut pane.state_mut().market;
    market.configure(|settings: &mut Settings| change(&mut settings.limits));
    quote(pane.state_mut());
    for (symbol, weight) in weights {
        add(&mut pane, symbol, weight);
    }
    click(&mut pane, "Preview");
    pane
}

const THREE: [(&str, &str); 3] = [("AAPL", "5"), ("MSFT", "5"), ("NVDA", "4")];

#[test]
fn what_the_rows_before_it_leave_no_exposure_for_is_held_back_and_the_reason_said() {
    let pane = previewed_within(|limits| limits.profile.max_exposure = Some(decimal("120000")), &THREE);
    let held = row(&pane, NVDA);
    let why = "State held back: beside 2 orders of this plan: With this order the exposure would be 140,";
    assert!(held.contains(why), "{held}");
    assert!(!held.contains("Order Buy"), "{held}");
    assert!(row(&pane, MSFT).contains("Order Buy 250"), "{}", row(&pane, MSFT));
    pane.get_by_label("Send 2 orders");
}

#[test]
fn a_row_that_is_too_much_by_itself_is_not_said_to_be_so_for_others() {
    let pane = previewed_within(|limits| limits.profile.max_exposure = Some(decimal("45000")), &THREE);
    assert!(row(&pane, AAPL).contains("State held back: With this order"), "{}", row(&pane, AAPL));
    assert!(row(&pane, NVDA).contains("Order Buy 200"), "it fits: {}", row(&pane, NVDA));
    pane.get_by_label("Send 1 order");
}

#[test]
fn a_smaller_row_behind_one_that_does_not_fit_is_sent() {
    let weights = [("AAPL", "5"), ("MSFT", "8"), ("NVDA", "4")];
    let pane = previewed_within(|limits| limits.profile.max_exposure = Some(decimal("100000")), &weights);
    assert!(row(&pane, MSFT).contains("held back: beside 1 order of this plan"), "{}", row(&pane, MSFT));
    assert!(row(&pane, NVDA).contains("Order Buy 200"), "{}", row(&pane, NVDA));
    pane.get_by_label("Send 2 orders");
}

#[test]
fn orders_are_counted_over_the_plan_for_the_profile_and_not_for_one_instrument() {
    let pane = previewed_within(|limits| limits.profile.max_orders_per_minute = Some(2), &THREE);
    assert!(row(&pane, NVDA).contains("held back: beside 2 orders of this plan"), "{}", row(&pane, NVDA));
    let of_each = |limits: &mut LimitSet| {
        let one = Limits { max_working_orders: Some(1), max_orders_per_minute: Some(1), ..Limits::default() };
        limits.instruments = [AAPL, MSFT, NVDA].map(|key| (key.to_owned(), one.clone())).into();
    };
    let pane = previewed_within(of_each, &THREE);
    pane.get_by_label("Send 3 orders");
}

/// The gate asks again when the disk has the orders, and then those behind one count for it as well.
#[test]
fn an_opening_order_whose_followers_use_a_count_up_is_held_back() {
    let mut pane = pane();
    let bench = pane.state_mut();
    bench.market.configure(|settings| settings.limits.profile.max_working_orders = Some(2));
    quote(bench);
    bench.hold(MSFT, "100", "190.00");
    bench.hold(NVDA, "100", "190.00");
    for (symbol, weight) in [("AAPL", "-5"), ("MSFT", "0"), ("NVDA", "0")] {
        add(&mut pane, symbol, weight);
    }
    click(&mut pane, "Preview");
    assert!(row(&pane, AAPL).contains("held back: beside 2 orders of this plan"), "{}", row(&pane, AAPL));
    pane.get_by_label("Send 2 orders");
}

/// What is held back frees cash, and what that buys uses the limit up again: the last word is the gate's.
#[test]
fn whatever_is_left_in_the_preview_passes_the_gate() {
    let mut pane = pane();
    pane.state_mut().market.bank(|account| {
        account.balances[0].cash = decimal("100000");
        account.balances[0].buying_power = decimal("100000");
    });
    let bench = pane.state_mut();
    bench.market.configure(|settings| settings.limits.profile.max_exposure = Some(decimal("157000")));
    quote(bench);
    bench.hold(NVDA, "500", "190.00");
    // Worth 200,000, of which half is cash: the buys are cut to it.
    let weights = [("AAPL", "30"), ("MSFT", "25"), ("NVDA", "0")];
    for (symbol, weight) in weights {
        add(&mut pane, symbol, weight);
    }
    click(&mut pane, "Preview");
    let sent = rows(&pane).iter().filter(|row| row.contains("Order ")).count();
    let held = rows(&pane).iter().filter(|row| row.contains("held back")).count();
    assert_eq!((sent, held), (1, 2), "{:?}", rows(&pane));
}
