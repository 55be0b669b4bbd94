//! Executions, commissions and positions, in the orders in which they can come.

use ibapi::contracts::Contract;
use ibapi::orders::Execution as TheirExecution;

use super::*;
use crate::broker::ibkr::listed::tests::share;
use crate::domain::Qty;
use crate::domain::time::SECOND;

const NOW: Time = Time(1_795_000_000 * SECOND);

fn listing() -> Listing {
    Listing::new([share(0, "AAPL", 265_598), share(1, "MSFT", 272_093)])
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn after(millis: u64) -> Time {
    NOW + Duration::from_millis(millis)
}

fn apple() -> Contract {
    Contract { contract_id: 265_598, ..Contract::stock("AAPL").build() }
}

fn execution(id: &str, shares: f64, price: f64) -> ExecutionData {
    let execution = TheirExecution {
        execution_id: id.to_owned(),
        account_number: "DU1".to_owned(),
        side: ExecutionSide::Bought,
        shares,
        price,
        time: "20261118-12:00:00".to_owned(),
        ..TheirExecution::default()
    };
    ExecutionData { request_id: -1, contract: apple(), execution }
}

fn commission(id: &str, commission: f64) -> CommissionReport {
    CommissionReport {
        execution_id: id.to_owned(),
        commission,
        currency: "USD".to_owned(),
        ..CommissionReport::default()
    }
}

fn held(net: f64, cost: f64) -> TheirPosition {
    TheirPosition { account: "DU1".to_owned(), contract: apple(), position: net, average_cost: cost }
}

/// A session whose books were told.
fn open() -> Fills {
    let mut fills = Fills::default();
    fills.books(Answer::Whole);
    fills
}

impl Fills {
    fn executed(&mut self, id: &str, shares: f64, price: f64, now: Time) -> Vec<BrokerEvent> {
        let mut events = Vec::new();
        self.execution(&execution(id, shares, price), OrderId(7), &listing(), None, now, &mut events);
        events
    }

    fn costs(&mut self, id: &str, amount: f64) -> Vec<BrokerEvent> {
        let mut events = Vec::new();
        self.commission(&commission(id, amount), &mut events);
        events
    }
}

const ID: &str = "0000e0d5.6042b2a4.01.01";

#[test]
fn an_execution_is_told_once_with_its_commission() {
    let mut fills = open();
    fills.executed(ID, 100.0, 10.5, NOW);
    assert!(fills.due(after(500), &listing()).is_empty(), "its commission is on its way");
    fills.costs(ID, 1.25);
    let told = fills.due(after(500), &listing());
    let (fill, position) = &told[0];
    assert_eq!(
        (fill.order, fill.quantity, fill.price),
        (OrderId(7), Qty(dec("100")), crate::domain::Price(dec("10.5")))
    );
    assert_eq!(fill.commission, Money { amount: dec("1.25"), currency: Currency::USD });
    assert_eq!((position.net, position.average_price), (dec("100"), dec("10.5")));
    assert_eq!(position.commissions, dec("1.25"));
    assert_eq!(fill.time, Time::from_timestamp("2026-11-18T12:00:00Z".parse().unwrap()));
    fills.executed(ID, 100.0, 10.5, after(600));
    assert!(fills.due(after(9_000), &listing()).is_empty(), "once");
}

#[test]
fn a_commission_that_came_first_is_kept() {
    let mut fills = open();
    fills.costs(ID, 1.0);
    fills.executed(ID, 1.0, 10.0, NOW);
    let told = fills.due(NOW, &listing());
    assert_eq!(told[0].0.commission.amount, dec("1"));
}

#[test]
fn a_late_commission_holds_nothing_up_and_is_told() {
    let mut fills = open();
    fills.executed(ID, 100.0, 10.0, NOW);
    let told = fills.due(after(1_000), &listing());
    assert_eq!((told.len(), told[0].0.commission.amount), (1, Decimal::ZERO));
    let events = fills.costs(ID, 1.25);
    let [BrokerEvent::Charged { fill, position }] = &*events else { panic!("{events:?}") };
    assert_eq!((fill.exec_id.clone(), fill.commission.amount), (told[0].0.exec_id.clone(), dec("1.25")));
    assert_eq!((position.net, position.commissions), (dec("100"), dec("1.25")));
    assert!(fills.costs(ID, 1.25).is_empty(), "once");
    assert!(fills.due(after(9_000), &listing()).is_empty());
    let events = fills.costs(ID, 1.0);
    let [BrokerEvent::Charged { position, .. }] = &*events else { panic!("{events:?}") };
    assert_eq!(position.commissions, dec("1"), "one that was corrected takes the place of the other");
}

#[test]
fn executions_are_told_in_the_order_in_which_they_came() {
    let mut fills = open();
    for id in ["z.1.01.01", "a.1.01.01", "m.1.01.01"] {
        fills.executed(id, 1.0, 10.0, NOW);
    }
    let told = fills.due(after(1_000), &listing());
    let ids: Vec<&str> = told.iter().map(|(fill, _)| &*fill.exec_id.0).collect();
    assert_eq!(ids, ["z.1.01", "a.1.01", "m.1.01"]);
    assert_eq!(told[2].1.net, dec("3"), "each with what is held after it");
}

#[test]
fn a_correction_before_the_telling_takes_the_place_of_what_it_corrects() {
    let mut fills = open();
    fills.executed(ID, 100.0, 10.0, NOW);
    fills.executed("0000e0d5.6042b2a4.01.02", 90.0, 10.0, after(10));
    fills.costs("0000e0d5.6042b2a4.01.02", 1.0);
    let told = fills.due(after(20), &listing());
    assert_eq!((told.len(), told[0].0.quantity), (1, Qty(dec("90"))));
    assert!(!fills.takes_books());
}

#[test]
fn a_correction_of_what_was_told_books_nothing_and_asks_for_the_books() {
    let mut fills = open();
    fills.executed(ID, 100.0, 10.0, NOW);
    fills.costs(ID, 1.0);
    assert_eq!(fills.due(NOW, &listing()).len(), 1);
    let events = fills.executed("0000e0d5.6042b2a4.01.02", 90.0, 10.0, after(5_000));
    let [BrokerEvent::Note(NoticeLevel::Error, text)] = &*events else { panic!("{events:?}") };
    assert!(text.contains("100 at 10 is 90 at 10"), "{text}");
    assert!(fills.takes_books() && !fills.takes_books());
    assert!(fills.due(after(9_000), &listing()).is_empty());
}

#[test]
fn only_ids_of_ibkr_have_versions() {
    let of = |id: &str| versioned(id);
    assert_eq!(of(ID), (ExecId("0000e0d5.6042b2a4.01".into()), 1));
    for plain in ["pit.17", "1", "a.b.c.d", "a.b.c.123", "2026.11.22", ""] {
        assert_eq!(of(plain), (ExecId(plain.into()), 0), "{plain}");
    }
}

#[test]
fn what_happened_before_the_books_is_told_by_them() {
    let mut fills = Fills::default();
    fills.executed(ID, 100.0, 10.0, NOW);
    assert!(fills.due(after(9_000), &listing()).is_empty(), "nobody knows yet what it adds to");
    fills.begin_positions();
    fills.position(&held(100.0, 10.01), &listing(), NOW);
    fills.end_positions();
    let (all, fresh, positions) = fills.books(Answer::Whole);
    assert_eq!((all.len(), fresh.len()), (1, 1));
    assert_eq!((positions[0].net, positions[0].average_price), (dec("100"), dec("10.01")));
    assert!(fills.due(after(9_000), &listing()).is_empty(), "told");
    let (all, fresh, _) = fills.books(Answer::Whole);
    assert_eq!((all.len(), fresh.len()), (1, 0), "in the next books it is no news");
}

#[test]
fn books_without_an_answer_on_positions_claim_nothing_of_them() {
    let mut fills = Fills::default();
    fills.executed(ID, 100.0, 10.0, NOW);
    let (all, _, positions) = fills.books(Answer::Missing);
    assert_eq!((all.len(), positions.len()), (1, 0));
}

#[test]
fn a_trade_elsewhere_is_noticed_by_what_is_held() {
    let mut fills = open();
    fills.position(&held(50.0, 10.0), &listing(), NOW);
    fills.tick(after(2_900));
    assert!(!fills.takes_books(), "its execution may be on its way");
    fills.tick(after(3_000));
    assert!(fills.takes_books());
    fills.tick(after(9_000));
    assert!(!fills.takes_books(), "asked once");
    fills.begin_positions();
    fills.position(&held(50.0, 10.0), &listing(), after(9_000));
    fills.end_positions();
    fills.books(Answer::Whole);
    fills.tick(after(20_000));
    assert!(!fills.takes_books(), "explained");
}

#[test]
fn our_own_execution_explains_what_is_held_then() {
    let mut fills = open();
    fills.position(&held(100.0, 10.0), &listing(), NOW);
    fills.executed(ID, 100.0, 10.0, after(100));
    fills.costs(ID, 1.0);
    fills.due(after(200), &listing());
    fills.tick(after(9_000));
    assert!(!fills.takes_books());
}

#[test]
fn a_position_that_an_answer_leaves_out_is_flat_and_keeps_its_results() {
    let mut fills = open();
    fills.executed(ID, 100.0, 10.0, NOW);
    fills.costs(ID, 1.0);
    fills.due(NOW, &listing());
    fills.begin_positions();
    fills.end_positions();
    let (_, _, positions) = fills.books(Answer::Whole);
    assert_eq!((positions[0].net, positions[0].commissions), (Decimal::ZERO, dec("1")));
    let next = Fills::following(fills.positions().clone());
    assert_eq!(next.positions().len(), 1, "the next session goes on from there");
}

#[test]
fn what_is_held_and_not_listed_is_said_and_not_shown() {
    let mut fills = open();
    let contract = Contract { contract_id: 9, ..Contract::stock("XYZ").build() };
    fills.position(&TheirPosition { contract, ..held(5.0, 1.0) }, &listing(), NOW);
    assert_eq!(
        fills.unlisted().as_deref(),
        Some("1 position at IBKR in what this program does not list, such as 5 XYZ STK: not shown here")
    );
    assert_eq!(fills.unlisted(), None);
    assert!(fills.books(Answer::Whole).2.is_empty());
}
