//! Cash per currency, and numbers that no market has.

use pitdesk::domain::{Balance, Currency};

use super::*;

const TOYOTA: &str = "7203@TSE";

/// The pane of an account with so many yen, and a share that is paid in them.
fn with_yen(cash: &str) -> Pane {
    let mut pane = pane();
    let bench = pane.state_mut();
    bench.market.bank(|account| {
        let yen = Balance { currency: Currency::JPY, cash: decimal(cash), ..account.balances[0] };
        account.balances.push(yen);
    });
    quote(bench);
    bench.market.quote("USD/JPY@FX", "150.000");
    bench.market.quote(TOYOTA, "3000");
    add(&mut pane, "7203", "1");
    click(&mut pane, "Preview");
    pane
}

#[test]
fn a_currency_that_a_plan_would_have_lent_is_named_with_what_to_do() {
    let pane = with_yen("100000");
    assert!(says(&pane, "Cash JPY"), "{:?}", painted(&pane));
    let warns = "lends it at interest, or buy JPY first";
    assert!(says(&pane, "JPY would be −") && says(&pane, warns), "{:?}", painted(&pane));
    let send = pane.get_by_label("Send 1 order");
    assert!(!send.accesskit_node().is_disabled(), "it is for the trader to decide");
}

#[test]
fn a_currency_of_which_there_is_enough_is_shown_and_nothing_is_said() {
    let pane = with_yen("9000000");
    assert!(says(&pane, "Cash JPY") && says(&pane, "9,000,000 → 7,"), "{:?}", painted(&pane));
    assert!(!says(&pane, "at interest"));
}

#[test]
fn a_plan_in_one_currency_says_its_cash_once() {
    let pane = previewed();
    assert!(says(&pane, "Cash") && !says(&pane, "Cash USD"), "{:?}", painted(&pane));
}

#[test]
fn weights_beyond_counting_are_shown_as_none() {
    let mut pane = pane();
    let bench = pane.state_mut();
    bench.market.bank(|account| account.balances[0].cash = decimal("0.000000000000000001"));
    quote(bench);
    // Worth next to nothing together, and each as many times that as can be counted.
    for (key, net) in [(AAPL, "200000000"), (NVDA, "200000000"), (MSFT, "-400000000")] {
        bench.hold(key, net, "200.00");
    }
    pane.run_steps(3);
    click(&mut pane, "Take current weights");
    let apple = row(&pane, AAPL);
    assert!(apple.contains("Now % –") && apple.contains("State a weight is missing"), "{apple}");
    click(&mut pane, "Preview");
    assert!(says(&pane, "a weight is missing"), "{:?}", painted(&pane));
}
