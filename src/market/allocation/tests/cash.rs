//! What a plan leaves of each currency.

use super::*;
use crate::domain::{Account, AccountKind, Balance};

pub(super) fn account(cash: &[(Currency, &str)]) -> Account {
    let balance = |&(currency, cash): &(Currency, &str)| Balance {
        currency,
        cash: dec(cash),
        realised: Decimal::ZERO,
        commissions: Decimal::ZERO,
        margin: Decimal::ZERO,
        buying_power: Decimal::ZERO,
    };
    Account {
        id: "PAPER".into(),
        broker: BrokerId(0),
        kind: AccountKind::Paper,
        title: "Paper".into(),
        base: USD,
        balances: cash.iter().map(balance).collect(),
        reported: None,
    }
}

/// A share of 100 in dollars, and one of 3,000 in yen, in lots of one.
fn both() -> Vec<Line> {
    let yen = Line {
        instrument: instrument(1, JPY, "1", "1"),
        quote: Some((quote("3000", "3000"), Feed::Live)),
        ..line(1, "0")
    };
    vec![line(0, "0"), yen]
}

/// What is left of each: currency, before, after, and whether it would have to be borrowed.
fn left(
    cash: &[(Currency, &str)],
    targets: &[Target],
    now: &Situation,
) -> Vec<(Currency, Decimal, Decimal, bool)> {
    let plan = plan(targets, Options::default(), now).unwrap();
    let found = plan.cash_by_currency(&account(cash), now);
    found.into_iter().map(|c| (c.currency, c.before, c.after.unwrap(), c.is_overdrawn())).collect()
}

#[test]
fn a_currency_is_overdrawn_though_there_is_enough_in_others() {
    let now = situation("10000", both());
    let cash = [(USD, "9000"), (JPY, "150000")];
    // 20 at 100.01, and 2,000 dollars at 150 are 100 shares of 3,000 yen.
    let found = left(&cash, &[target(0, "0.2"), target(1, "0.2")], &now);
    let yen = (JPY, dec("150000"), dec("-150000"), true);
    let dollars = (USD, dec("9000"), dec("6999.8"), false);
    assert_eq!(found, [yen, dollars]);
}

#[test]
fn what_was_borrowed_before_is_no_news_and_what_is_sold_pays_it_back() {
    let mut lines = both();
    lines[1].net = dec("100");
    let now = situation("10000", lines);
    let cash = [(USD, "12000"), (JPY, "-300000")];
    let found = left(&cash, &[target(1, "0.1")], &now);
    let [(JPY, before, after, false)] = found[..] else { panic!("{found:?}") };
    assert!(before < after && after < Decimal::ZERO, "{found:?}");
}

#[test]
fn of_one_currency_alone_there_is_nothing_to_say() {
    let now = situation("10000", both());
    assert_eq!(left(&[(USD, "10000"), (JPY, "0")], &[target(0, "0.2")], &now), []);
    assert_eq!(left(&[(USD, "10000")], &[], &now), []);
    assert_eq!(left(&[(USD, "10000")], &[target(1, "0.2")], &now).len(), 1, "it is paid in another");
}

#[test]
fn commissions_are_paid_in_the_currency_of_their_order() {
    let mut lines = both();
    let flat = Commission { minimum: dec("300"), ..Commission::default() };
    lines[1].commission = Some(flat);
    let now = situation("10000", lines);
    let found = left(&[(USD, "10000")], &[target(1, "0.2")], &now);
    let [(JPY, _, after, true)] = found[..] else { panic!("{found:?}") };
    assert_eq!(after, dec("-300300"));
}
