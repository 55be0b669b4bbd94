//! Each rule by which a broker's books and ours are brought together.

use std::time::Duration;

use super::*;
use crate::domain::{Past, TakenOver};
use crate::link::{Decision, FindingKind, Reconciliation};

impl Stage {
    fn books(&mut self, books: Books) -> Vec<Effect> {
        let books = Books { accounts: vec![account()], ..books };
        self.broker(BrokerEvent::Books(Arc::new(books)))
    }

    fn report(&self) -> &Reconciliation {
        &self.engine.reconciled[&BROKER]
    }

    fn kinds(&self) -> Vec<FindingKind> {
        self.report().findings.iter().map(|finding| finding.kind).collect()
    }

    fn ready(&mut self) -> Vec<Effect> {
        self.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() })
    }
}

/// An order of ten that works, in a stage whose session has just broken.
fn cut_off() -> Stage {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    stage.session_ends();
    stage
}

fn execution(exec: &str, order: u64, quantity: &str) -> Fill {
    Fill {
        exec_id: ExecId(exec.into()),
        order: OrderId(order),
        account: "PAPER".into(),
        instrument: SHARE,
        side: Side::Buy,
        quantity: Qty(dec(quantity)),
        price: Price(dec("99")),
        commission: Money { amount: Decimal::ONE, currency: Currency::USD },
        realised: Decimal::ZERO,
        liquidity: Liquidity::Maker,
        time: Time::from_seconds(1_001),
    }
}

fn holding(net: &str) -> Position {
    Position { net: dec(net), ..Position::flat("PAPER".into(), SHARE) }
}

#[test]
fn nothing_differs_where_both_agree() {
    let mut stage = cut_off();
    let known = Order { status: OrderStatus::Working, reason: None, ..stage.order(1).clone() };
    stage.books(Books { orders: vec![known], ..Books::default() });
    assert_eq!(stage.report().to_string(), "nothing differs");
    assert_eq!(stage.status(1), OrderStatus::Working);
}

#[test]
fn fills_of_the_meantime_are_booked_once_and_told() {
    let mut stage = cut_off();
    let known =
        Order { status: OrderStatus::PartiallyFilled, filled: Qty(dec("7")), ..stage.order(1).clone() };
    let books = Books {
        orders: vec![known],
        fills: vec![execution("A", 1, "4"), execution("B", 1, "3")],
        positions: vec![holding("7")],
        ..Books::default()
    };
    stage.books(books.clone());
    assert_eq!(stage.report().to_string(), "2 fills happened while offline");
    assert_eq!(stage.order(1).filled, Qty(dec("7")));
    assert_eq!(stage.engine.fills().count(), 2);
    stage.session_ends();
    stage.books(books);
    assert_eq!(stage.report().to_string(), "nothing differs");
    assert_eq!(stage.engine.fills().count(), 2);
}

#[test]
fn an_order_that_filled_away_from_us_is_filled() {
    let mut stage = cut_off();
    let known = Order { status: OrderStatus::Filled, filled: Qty(dec("10")), ..stage.order(1).clone() };
    stage.books(Books { orders: vec![known], fills: vec![execution("A", 1, "10")], ..Books::default() });
    assert_eq!(stage.status(1), OrderStatus::Filled);
    assert_eq!(stage.kinds(), [FindingKind::Filled]);
}

/// A program that dies here begins with what this record says.
#[test]
fn every_record_of_an_order_of_ours_says_that_it_is_ours() {
    let mut stage = cut_off();
    let (ours, first) = (stage.order(1).clone(), stage.journal.len());
    let created = ours.created + Duration::from_millis(150);
    let theirs = Order {
        status: OrderStatus::Filled,
        filled: Qty(dec("10")),
        origin: Origin::Foreign,
        kept: None,
        client: None,
        created,
        ..ours.clone()
    };
    stage.books(Books { orders: vec![theirs], fills: vec![execution("E1", 1, "10")], ..Books::default() });
    let about: Vec<&Order> = stage.journal[first..].iter().flat_map(|record| &record.orders).collect();
    assert!(about.len() > 1);
    for order in about {
        assert_eq!((order.origin, order.created, order.kept), (ours.origin, ours.created, ours.kept));
    }
}

#[test]
fn an_order_whose_executions_are_all_that_is_left_is_filled_by_them() {
    let mut stage = cut_off();
    stage.books(Books { fills: vec![execution("A", 1, "10")], are_final: true, ..Books::default() });
    assert_eq!(stage.status(1), OrderStatus::Filled);
}

#[test]
fn an_order_that_was_cancelled_elsewhere_has_ended() {
    let mut stage = cut_off();
    let known = Order {
        status: OrderStatus::Cancelled,
        reason: Some("By the exchange".into()),
        ..stage.order(1).clone()
    };
    stage.books(Books { orders: vec![known], ..Books::default() });
    assert_eq!(stage.status(1), OrderStatus::Cancelled);
    assert_eq!(stage.kinds(), [FindingKind::Ended]);
}

#[test]
fn an_order_that_was_entered_elsewhere_is_adopted_as_it_is() {
    let mut stage = cut_off();
    let mine = Order { status: OrderStatus::Working, ..stage.order(1).clone() };
    let foreign = Order { id: OrderId(77), origin: Origin::Foreign, ..mine.clone() };
    stage.books(Books { orders: vec![mine, foreign], ..Books::default() });
    assert_eq!((stage.status(77), stage.order(77).origin), (OrderStatus::Working, Origin::Foreign));
    assert_eq!(stage.kinds(), [FindingKind::Foreign]);
    stage.ready();
    stage.quote();
    assert_eq!(answer(&stage.buy("10", "99.00")), &Ok(Some(OrderId(78))), "its id is not given out again");
}

#[test]
fn an_order_that_the_broker_never_spoke_of_never_arrived_if_its_books_are_final() {
    for (are_final, expected) in [(true, OrderStatus::Rejected), (false, OrderStatus::Unknown)] {
        let mut stage = stage();
        stage.buy("10", "99.00");
        stage.session_ends();
        let effects = stage.books(Books { are_final, ..Books::default() });
        assert_eq!(stage.status(1), expected);
        assert!(placed(&effects).is_empty(), "nothing is ever sent again");
    }
}

#[test]
fn an_order_of_a_day_that_is_over_has_expired() {
    let mut stage = cut_off();
    stage.now = stage.now + std::time::Duration::from_hours(48);
    stage.books(Books { are_final: true, ..Books::default() });
    assert_eq!(stage.status(1), OrderStatus::Expired);
}

#[test]
fn an_order_that_is_gone_is_unknown_until_the_trader_decides() {
    let mut stage = cut_off();
    stage.books(Books { are_final: true, ..Books::default() });
    assert_eq!(stage.status(1), OrderStatus::Unknown);
    assert!(stage.report().needs_attention());
    let decide = Command::Decide { order: OrderId(1), decision: Decision::IsGone };
    assert!(
        refusal(&stage.command(decide.clone())).contains("not ready"),
        "what the broker says comes first"
    );
    stage.ready();
    stage.command(decide.clone());
    assert_eq!(stage.status(1), OrderStatus::Cancelled);
    assert!(matches!(stage.moments(1).last(), Some(Moment::Decided { .. })));
    assert!(refusal(&stage.command(decide)).contains("nothing to decide"));
}

#[test]
fn an_order_that_had_counted_as_ended_and_works_is_taken_over() {
    let mut stage = cut_off();
    stage.books(Books { are_final: true, ..Books::default() });
    stage.ready();
    stage.command(Command::Decide { order: OrderId(1), decision: Decision::IsGone });
    stage.session_ends();
    let known = Order { status: OrderStatus::Working, ..stage.order(1).clone() };
    stage.books(Books { orders: vec![known], ..Books::default() });
    assert_eq!(stage.status(1), OrderStatus::Working, "what the blotter shows is what the broker has");
    assert_eq!(stage.kinds(), [FindingKind::FoundAgain]);
}

#[test]
fn a_position_that_executions_do_not_explain_is_taken_over_and_told() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    stage.session_ends();
    let known = stage.order(1).clone();
    stage.books(Books { orders: vec![known.clone()], positions: vec![holding("25")], ..Books::default() });
    assert_eq!(stage.kinds(), [FindingKind::Position]);
    assert_eq!(stage.engine.position_of(&"PAPER".into(), SHARE).unwrap().net, dec("25"));
    stage.session_ends();
    stage.books(Books { orders: vec![known], ..Books::default() });
    assert_eq!(stage.kinds(), [FindingKind::Position], "what is not mentioned is not held");
    assert!(stage.engine.position_of(&"PAPER".into(), SHARE).unwrap().is_flat());
}

#[test]
fn what_books_lack_is_not_taken_for_none() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    stage.buy("10", "99.00");
    stage.says(2, OrderStatus::Working);
    stage.session_ends();
    stage.books(Books { lacks_orders: true, lacks_positions: true, ..Books::default() });
    assert_eq!(stage.kinds(), [], "nobody said that anything is gone");
    assert_eq!(stage.engine.position_of(&"PAPER".into(), SHARE).unwrap().net, dec("10"));
    assert_eq!(stage.order(2).reason.as_deref(), Some("The connection was lost"));
    stage.session_ends();
    stage.books(Books::default());
    assert_eq!(stage.kinds(), [FindingKind::Gone, FindingKind::Position]);
}

#[test]
fn until_the_books_have_come_only_what_reduces_is_sent() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    stage.session_ends();
    stage.ready();
    stage.quote();
    assert_eq!(stage.engine.brokers[0].connection.state, ConnectionState::Reconciling);
    let refused = stage.buy("10", "99.00");
    assert!(refusal(&refused).contains("compared"), "{}", refusal(&refused));
    assert_eq!(
        placed(&stage.command(Command::Close {
            account: "PAPER".into(),
            instrument: SHARE,
            despite: Despite::default()
        }))
        .len(),
        1
    );
    let orders = vec![stage.order(1).clone()];
    stage.books(Books { orders, positions: vec![holding("10")], ..Books::default() });
    assert_eq!(stage.engine.brokers[0].connection.state, ConnectionState::Ready);
}

#[test]
fn books_in_the_middle_of_a_session_judge_nothing_that_is_on_its_way() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    stage.command(Command::Cancel { order: OrderId(1) });
    stage.buy("10", "98.00");
    let known = Order { status: OrderStatus::Working, ..stage.order(1).clone() };
    stage.books(Books { orders: vec![known], are_final: true, ..Books::default() });
    assert_eq!(stage.status(1), OrderStatus::PendingCancel, "our cancel is still on its way");
    assert_eq!(stage.status(2), OrderStatus::Sent, "and so is this order");
}

#[test]
fn a_restart_knows_every_order_and_says_that_none_is_confirmed() {
    let mut before = stage();
    before.buy("10", "99.00");
    before.says(1, OrderStatus::Working);
    before.buy("10", "98.00");
    before.fill(2, Side::Buy, "10", "10");
    let orders = vec![before.order(1).clone(), before.order(2).clone()];
    let fills = before.engine.fills().cloned().collect();
    let next_seq = before.journal.last().unwrap().seq.next();
    let mut stage =
        stage_after(Journaled { next_seq, orders: orders.clone(), fills, ..Journaled::default() });
    assert_eq!(stage.status(1), OrderStatus::Unknown);
    assert_eq!(stage.status(2), OrderStatus::Filled);
    let fills = before.engine.fills().cloned().collect();
    stage.books(Books { orders, fills, positions: vec![holding("10")], ..Books::default() });
    assert_eq!(stage.report().to_string(), "nothing differs");
    assert_eq!(stage.status(1), OrderStatus::Working);
    assert_eq!(stage.engine.fills().count(), 1, "an execution counts once, over restarts too");
    stage.ready();
    stage.quote();
    assert_eq!(answer(&stage.buy("10", "99.00")), &Ok(Some(OrderId(3))));
}

#[test]
fn an_execution_of_an_order_that_is_not_known_creates_it_as_foreign() {
    let mut stage = stage();
    stage.fill(500, Side::Sell, "3", "-3");
    stage.fill(500, Side::Sell, "2", "-5");
    let order = stage.order(500);
    assert_eq!((order.origin, order.status), (Origin::Foreign, OrderStatus::Filled));
    assert_eq!((order.filled, order.spec.quantity), (Qty(dec("5")), Qty(dec("5"))));
}

#[test]
fn a_report_on_an_order_that_is_not_known_has_the_books_asked_for_once() {
    let mut stage = stage();
    assert_eq!(requests(&stage.says(500, OrderStatus::Working)), [&BrokerRequest::Books]);
    assert!(requests(&stage.says(500, OrderStatus::Working)).is_empty());
}

#[test]
fn that_an_order_is_filled_is_shown_when_its_executions_are_here() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.says(1, OrderStatus::Working);
    stage.says(1, OrderStatus::Filled);
    assert_eq!(stage.status(1), OrderStatus::Working);
    assert!(stage.order(1).reason.as_deref().unwrap().contains("executions are still to come"));
    stage.fill(1, Side::Buy, "10", "10");
    assert_eq!((stage.status(1), stage.order(1).reason.clone()), (OrderStatus::Filled, None));
}

#[test]
fn an_order_that_counted_as_filled_and_works_is_taken_over() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    stage.session_ends();
    let known = Order { status: OrderStatus::Working, filled: Qty::ZERO, ..stage.order(1).clone() };
    stage.books(Books { orders: vec![known], ..Books::default() });
    assert_eq!((stage.status(1), stage.order(1).filled), (OrderStatus::Working, Qty::ZERO));
    assert!(stage.kinds().contains(&FindingKind::FoundAgain), "{:?}", stage.report());
}

/// A restart whose journal has executions of that many shares, before and in `fills`.
fn after_restart(opening: &str, fills: Vec<Fill>) -> Stage {
    let key = (AccountId::from("PAPER"), SHARE);
    let opening = if opening.is_empty() { [].into() } else { [(key, dec(opening))].into() };
    let past = Past { opening, ..Past::default() };
    stage_after(Journaled { next_seq: crate::domain::Seq(10), fills, past, ..Journaled::default() })
}

fn taken(stage: &Stage) -> TakenOver {
    let of = |record: &Record| match &record.moment {
        Moment::Reconciled { taken, .. } => Some(taken.clone()),
        _ => None,
    };
    stage.journal.iter().rev().find_map(of).unwrap()
}

#[test]
fn the_first_books_of_a_run_are_compared_with_all_executions_of_the_journal() {
    // Of what was executed, only the newest comes back.
    let mut stage = after_restart("15", vec![execution("A", 1, "10")]);
    let fills = vec![execution("A", 1, "10"), execution("B", 1, "3")];
    stage.books(Books { fills: fills.clone(), positions: vec![holding("28")], ..Books::default() });
    assert_eq!(stage.kinds(), [FindingKind::Filled], "15 and 10 and what happened meanwhile");

    let mut stage = after_restart("15", vec![execution("A", 1, "10")]);
    stage.books(Books { fills, positions: vec![holding("30")], ..Books::default() });
    assert_eq!(stage.kinds(), [FindingKind::Filled, FindingKind::Position]);
    let text = &stage.report().findings[1].text;
    assert_eq!(&**text, "AAPL: the broker holds 30, our executions make 28: taken over");
    assert_eq!(
        taken(&stage).positions,
        [("PAPER".into(), SHARE, dec("30"))],
        "the next start goes on from there"
    );
    assert_eq!(stage.engine.position_of(&"PAPER".into(), SHARE).unwrap().net, dec("30"));
}

#[test]
fn a_position_of_the_journal_that_the_first_books_do_not_mention_is_gone_and_told() {
    let mut stage = after_restart("", vec![execution("A", 1, "10")]);
    stage.books(Books { fills: vec![execution("A", 1, "10")], ..Books::default() });
    assert_eq!(stage.kinds(), [FindingKind::Position]);
    assert_eq!(taken(&stage).positions, [("PAPER".into(), SHARE, Decimal::ZERO)]);
}

#[test]
fn a_position_from_before_anything_was_traded_here_is_adopted_and_said_without_alarm() {
    for journal in
        [Journaled::default(), Journaled { next_seq: crate::domain::Seq(10), ..Journaled::default() }]
    {
        let mut stage = stage_after(journal);
        let effects = stage.books(Books { positions: vec![holding("25")], ..Books::default() });
        assert_eq!(stage.kinds(), [FindingKind::Held]);
        assert!(!stage.report().needs_attention());
        assert_eq!(stage.report().to_string(), "1 position was held before");
        let level = effects.iter().find_map(|effect| match effect {
            Effect::Publish { update, .. } => match &**update {
                Update::Notice(notice) if notice.text.contains("was held before") => Some(notice.level),
                _ => None,
            },
            _ => None,
        });
        assert_eq!(level, Some(NoticeLevel::Info));
        // What is traded from then on is added to it, after a restart too.
        assert_eq!(taken(&stage).positions, [("PAPER".into(), SHARE, dec("25"))]);
    }
}

#[test]
fn a_position_that_appears_in_a_run_without_executions_is_told() {
    let mut stage = stage();
    stage.session_ends();
    stage.books(Books { positions: vec![holding("25")], ..Books::default() });
    assert_eq!(stage.kinds(), [FindingKind::Position]);
}

fn at(fill: Fill, seconds: i64) -> Fill {
    Fill { time: Time::from_seconds(seconds), ..fill }
}

#[test]
fn an_execution_that_final_books_do_not_have_any_more_is_told_once() {
    let [first, second, third] =
        [(1, "A"), (2, "B"), (3, "C")].map(|(time, exec)| at(execution(exec, 1, "10"), 1_000 + time));
    let ours = || vec![first.clone(), second.clone(), third.clone()];
    let books = |fills: &[&Fill], are_final| Books {
        fills: fills.iter().map(|fill| (*fill).clone()).collect(),
        positions: vec![holding("30")],
        are_final,
        ..Books::default()
    };
    let check = |theirs: Books, expected: &[FindingKind]| {
        let mut stage = after_restart("", ours());
        stage.books(theirs);
        assert_eq!(stage.kinds(), expected, "{:?}", stage.report());
        stage
    };
    check(books(&[&first, &second, &third], true), &[]);
    check(books(&[&third], true), &[]); // They go back no further.
    check(books(&[&first], false), &[]); // Those of a day, say.
    check(books(&[&first, &third], true), &[FindingKind::FillGone]);
    check(books(&[], true), &[FindingKind::FillGone; 3]);
    let mut stage = check(books(&[&first], true), &[FindingKind::FillGone; 2]);
    assert_eq!(stage.report().to_string(), "2 fills are not at the broker any more");
    assert!(stage.report().needs_attention());
    let text = &stage.report().findings[0].text;
    assert_eq!(&**text, "Order 1: Buy 10 AAPL at 99: not among the broker's executions any more");
    assert_eq!(stage.engine.fills().count(), 3, "what was executed was executed");
    // Once is enough: after a reconnect, and after a restart.
    assert_eq!(taken(&stage).executions_until, Some(third.time));
    stage.session_ends();
    stage.books(books(&[&first], true));
    assert_eq!(stage.kinds(), []);
    let told_until = [(BROKER, third.time)].into();
    let past = Past { told_until, ..Past::default() };
    let mut stage = stage_after(Journaled { fills: ours(), past, ..Journaled::default() });
    stage.books(books(&[&first], true));
    assert_eq!(stage.kinds(), []);
}

#[test]
fn executions_are_missed_only_where_the_list_of_their_account_goes_back_so_far() {
    let of = |account: &str, exec, seconds| Fill {
        account: account.into(),
        ..at(execution(exec, 1, "10"), seconds)
    };
    let here = [of("PAPER", "A", 1_001), of("PAPER", "B", 1_002), of("PAPER", "C", 1_003)];
    let there = [of("OTHER", "X", 1_000), of("OTHER", "Y", 1_004)];
    let ours = || here.iter().chain(&there).cloned().collect();
    let gone = |fills: &[&Fill], accounts: Vec<Arc<Account>>| {
        let mut stage = after_restart("", ours());
        let fills = fills.iter().map(|fill| (*fill).clone()).collect();
        stage.books(Books { fills, accounts, are_final: true, ..Books::default() });
        let is_gone = |kind: &&FindingKind| **kind == FindingKind::FillGone;
        stage.kinds().iter().filter(is_gone).count()
    };
    assert_eq!(gone(&[&here[2], &there[0], &there[1]], vec![]), 0, "of one account only the newest");
    assert_eq!(gone(&[&here[0], &here[2], &there[0], &there[1]], vec![]), 1);
    assert_eq!(gone(&[&here[0], &here[1], &here[2]], vec![account()]), 0, "nothing of the other account");
}

#[test]
fn an_execution_too_old_to_be_remembered_by_its_id_is_not_booked_again() {
    // Another broker's clock says nothing of this one's.
    let known_until = [(BROKER, Time::from_seconds(1_001)), (BrokerId(1), Time::from_seconds(9_999))].into();
    let past = Past { known_until, ..Past::default() };
    let mut stage = stage_after(Journaled { past, ..Journaled::default() });
    stage.books(Books {
        fills: vec![execution("A", 1, "10"), at(execution("B", 1, "3"), 1_002)],
        ..Books::default()
    });
    let known: Vec<&str> = stage.engine.fills().map(|fill| &*fill.exec_id.0).collect();
    assert_eq!(known, ["B"]);
}
