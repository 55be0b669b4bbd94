//! What earlier runs have left of an instrument that joins while the engine runs.

use super::listing::{asked_back, described, growing, joins_with, listing};
use super::*;
use crate::domain::limits::{DayState, PlaceState};
use crate::domain::{Past, Recalled, Seq};
use crate::link::FindingKind;

const COLA: InstrumentId = InstrumentId(1);

/// An order of an earlier run, as the journal has it.
fn order(id: u64, status: OrderStatus) -> Order {
    let kind = OrderKind::Limit { price: Price(dec("55")) };
    Order {
        status,
        is_acknowledged: true,
        updated: Time::from_seconds(501),
        ..Order::intended(
            OrderId(id),
            BROKER,
            "PAPER".into(),
            OrderSpec::new(COLA, Side::Buy, Qty(dec("10")), kind, TimeInForce::Gtc),
            Time::from_seconds(500),
        )
    }
}

fn fill(exec: &str, order: u64, quantity: &str) -> Fill {
    Fill {
        exec_id: ExecId(exec.into()),
        order: OrderId(order),
        account: "PAPER".into(),
        instrument: COLA,
        side: Side::Buy,
        quantity: Qty(dec(quantity)),
        price: Price(dec("55")),
        commission: Money { amount: Decimal::ONE, currency: Currency::USD },
        realised: Decimal::ZERO,
        liquidity: Liquidity::Maker,
        time: Time::from_seconds(600),
    }
}

/// A working order, and ten units held.
fn left() -> Recalled {
    let filled = Order { filled: Qty(dec("10")), ..order(6, OrderStatus::Filled) };
    let orders = vec![filled, order(7, OrderStatus::Working)];
    Recalled { orders, fills: vec![fill("E1", 6, "10")], booked: vec![Seq(3)], past: Past::default() }
}

fn holding(net: &str) -> Position {
    Position { net: dec(net), ..Position::flat("PAPER".into(), COLA) }
}

impl Stage {
    fn tells(&mut self, books: Books) -> Vec<Effect> {
        let books = Books { accounts: vec![account()], ..books };
        self.broker(BrokerEvent::Books(Arc::new(books)))
    }

    fn found(&self) -> Vec<(FindingKind, &str)> {
        let findings = &self.engine.reconciled[&BROKER].findings;
        findings.iter().map(|finding| (finding.kind, &*finding.text)).collect()
    }
}

#[test]
fn the_journal_is_asked_before_the_broker_can_speak_of_it() {
    let mut stage = growing();
    let described = BrokerEvent::Described { name: "KO".into(), outcome: Ok(described("KO")) };
    let effects = stage.broker(described);
    assert_eq!(asked_back(&effects), Some(COLA));
    let is_early = |effect: &Effect| matches!(effect, Effect::List(_) | Effect::Request(..));
    assert!(!effects.iter().any(is_early), "{effects:?}");
    assert_eq!(stage.engine.instruments.len(), 1, "nobody can order it yet");
    let effects = stage.feed(EngineEvent::Recalled(COLA, Ok(left())));
    let list = effects.iter().position(|effect| matches!(effect, Effect::List(_))).unwrap();
    let books = |effect: &Effect| matches!(effect, Effect::Request(_, BrokerRequest::Books));
    assert!(list < effects.iter().position(books).unwrap());
    let snapshot = effects.iter().find_map(|effect| match effect {
        Effect::Publish { update, .. } => match &**update {
            Update::Snapshot(snapshot) => Some(snapshot),
            _ => None,
        },
        _ => None,
    });
    let snapshot = snapshot.unwrap();
    assert_eq!((snapshot.orders.len(), snapshot.fills.len()), (2, 1), "the window has them all");
}

#[test]
fn an_order_that_comes_back_is_ours_when_the_broker_tells_of_it() {
    let mut stage = growing();
    joins_with(&mut stage, "KO", "KO", left());
    assert_eq!(stage.status(7), OrderStatus::Unknown, "until its broker speaks");
    let theirs = Order { origin: Origin::Foreign, ..order(7, OrderStatus::Working) };
    stage.tells(Books { orders: vec![theirs], positions: vec![holding("10")], ..Books::default() });
    assert_eq!(stage.status(7), OrderStatus::Working);
    assert_eq!((stage.order(7).origin, stage.order(7).created), (Origin::Ticket, Time::from_seconds(500)));
    assert_eq!(stage.found(), []);
}

#[test]
fn an_execution_that_comes_back_counts_once() {
    let mut stage = growing();
    joins_with(&mut stage, "KO", "KO", left());
    let fills = vec![fill("E1", 6, "10"), fill("E2", 7, "4")];
    let theirs = Order { filled: Qty(dec("4")), ..order(7, OrderStatus::PartiallyFilled) };
    stage.tells(Books { orders: vec![theirs], fills, positions: vec![holding("14")], ..Books::default() });
    assert_eq!(stage.engine.fills().count(), 2);
    let kinds: Vec<FindingKind> = stage.found().iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [FindingKind::Filled], "and the position is explained");
}

#[test]
fn books_that_were_asked_for_before_it_joined_judge_nothing_of_it() {
    let mut stage = growing();
    joins_with(&mut stage, "KO", "KO", left());
    stage.tells(Books { unread_from: Some(COLA), ..Books::default() });
    assert_eq!(stage.found(), []);
    assert_eq!(stage.order(7).reason.as_deref(), Some("Not confirmed by the broker since the start"));
    stage.tells(Books::default());
    let kinds: Vec<FindingKind> = stage.found().iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [FindingKind::Gone, FindingKind::Position], "the first that speak of it do");
}

#[test]
fn an_order_that_nobody_has_acknowledged_is_judged_by_the_first_books_of_it() {
    let mut stage = growing();
    let sent = Order { is_acknowledged: false, ..order(7, OrderStatus::Sent) };
    joins_with(&mut stage, "KO", "KO", Recalled { orders: vec![sent], ..Recalled::default() });
    stage.tells(Books { are_final: true, ..Books::default() });
    assert_eq!(stage.status(7), OrderStatus::Rejected);
    let kinds: Vec<FindingKind> = stage.found().iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [FindingKind::NeverArrived]);
}

#[test]
fn a_plan_that_has_sent_an_order_on_it_is_not_sent_again() {
    let mut stage = growing();
    let plan = PlanId(9);
    let sent = Order { origin: Origin::Allocation(plan), ..order(7, OrderStatus::Cancelled) };
    joins_with(&mut stage, "KO", "KO", Recalled { orders: vec![sent], ..Recalled::default() });
    assert!(stage.engine.allocated.contains(&plan));
}

#[test]
fn while_the_kill_switch_is_on_what_comes_back_unsent_is_given_up() {
    let mut stage = growing();
    stage.command(Command::Kill { flatten: Flatten::No });
    let kept = |id, entry| {
        let group = crate::domain::KeptGroup {
            entry: Some(OrderId(entry)),
            oco: None,
            quantity: Qty(dec("10")),
            goes_on: true,
            is_over: false,
            passed: None,
        };
        Order { kept: Some(group), is_acknowledged: false, ..order(id, OrderStatus::Kept) }
    };
    let orders = vec![order(7, OrderStatus::Working), kept(8, 7)];
    joins_with(&mut stage, "KO", "KO", Recalled { orders, ..Recalled::default() });
    assert_eq!(stage.status(8), OrderStatus::Cancelled);
    assert!(!stage.engine.kill_report().unwrap().is_done(), "one of them may work");
    stage.tells(Books { orders: vec![order(7, OrderStatus::Working)], ..Books::default() });
    let effects = stage.feed(EngineEvent::Tick);
    assert!(stage.order(7).status == OrderStatus::PendingCancel, "{effects:?}");
}

#[test]
fn one_that_is_described_again_meanwhile_joins_once_and_both_are_answered() {
    let mut stage = growing();
    let told = |name: &str| BrokerEvent::Described { name: name.into(), outcome: Ok(described("KO")) };
    stage.broker(told("KO"));
    assert_eq!(asked_back(&stage.broker(told("KO@NASDAQ"))), None);
    let effects = stage.feed(EngineEvent::Recalled(COLA, Ok(Recalled::default())));
    let answers = |effect: &&Effect| matches!(effect, Effect::Publish { update, .. } if matches!(&**update, Update::Listed(_)));
    assert_eq!(effects.iter().filter(answers).count(), 2);
    assert_eq!(stage.engine.instruments.len(), 2);
}

#[test]
fn what_cannot_be_read_is_told_and_keeps_nothing_from_joining() {
    let mut stage = growing();
    stage.broker(BrokerEvent::Described { name: "KO".into(), outcome: Ok(described("KO")) });
    let effects = stage.feed(EngineEvent::Recalled(COLA, Err("the disk is gone".into())));
    assert_eq!(listing(&effects).outcome.as_ref().unwrap().id, COLA);
    let says = |effect: &Effect| {
        matches!(effect, Effect::Publish { update, .. }
            if matches!(&**update, Update::Notice(n) if n.text.contains("the disk is gone")))
    };
    assert!(effects.iter().any(says));
    assert!(requests(&effects).contains(&&BrokerRequest::Books));
}

#[test]
fn the_day_of_an_instrument_counts_on_when_it_joins() {
    let mut stage = growing();
    let key = Instrument { symbol: "KO".into(), ..Instrument::clone(&share()) }.key();
    let began = |since| PlaceState {
        account: "PAPER".into(),
        instrument: key.clone(),
        held: Decimal::ZERO,
        worth: Decimal::ZERO,
        since,
    };
    let restore = |stage: &mut Stage, since| {
        let day = DayState { places: vec![began(Seq(since))], ..stage.engine.day_state() };
        stage.engine.restore_day(&day, std::iter::empty());
    };
    restore(&mut stage, 3);
    let sale = Fill { side: Side::Sell, price: Price(dec("51")), ..fill("E2", 6, "10") };
    let fills = vec![fill("E0", 6, "10"), fill("E1", 6, "10"), sale];
    let left = Recalled { fills, booked: vec![Seq(2), Seq(3), Seq(9)], ..Recalled::default() };
    joins_with(&mut stage, "KO", "KO", left);
    let result = |stage: &Stage| stage.engine.result_of_day(|_, id| id == COLA);
    let fees = Decimal::from(2) * fill("E1", 6, "10").commission.amount;
    assert_eq!(result(&stage), Some(dec("-40") - fees), "what was executed before the day began is not its");
}
