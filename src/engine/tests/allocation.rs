//! Plans of target weights: all of one in one turn, once, and nothing of it where it does not hold.

use super::*;
use crate::domain::PlanId;
use crate::link::{Allocation, AllocationOrder};

const OTHER: InstrumentId = InstrumentId(1);
const THIRD: InstrumentId = InstrumentId(2);
const PLAN: PlanId = PlanId(7);

/// Three shares with quotes of 99.99 / 100.01.
fn stage_of_three(journal: Journaled) -> Stage {
    let of = |id: InstrumentId, symbol: &str| {
        Arc::new(Instrument { id, symbol: symbol.into(), ..(*share()).clone() })
    };
    let instruments = vec![share(), of(OTHER, "MSFT"), of(THIRD, "NVDA")];
    let now = Time::from_seconds(1_000);
    let start = Start { journal, ..Start::first(instruments.into(), vec!["Paper".into()], now) };
    let engine = Engine::new(start);
    let mut stage =
        Stage { engine, now, next_command: 1, next_exec: 1, disk: Disk::Quick, journal: Vec::new() };
    stage.feed(EngineEvent::Started);
    let books = Books { accounts: vec![account()], are_final: true, ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    let price = |text| Some(Price(dec(text)));
    let quote = Quote { bid: price("99.99"), ask: price("100.01"), is_open: true, ..Quote::default() };
    let events = [SHARE, OTHER, THIRD].map(|id| MarketEvent::Quote(id, quote)).to_vec();
    stage.broker(BrokerEvent::Market { received: stage.now, events });
    stage
}

fn market(instrument: InstrumentId, side: Side, quantity: &str) -> AllocationOrder {
    let spec = OrderSpec::new(instrument, side, Qty(dec(quantity)), OrderKind::Market, TimeInForce::Day);
    AllocationOrder { spec, held: Decimal::ZERO, seen: None }
}

fn buys() -> Vec<AllocationOrder> {
    [(SHARE, "10"), (OTHER, "20"), (THIRD, "30")].map(|(id, size)| market(id, Side::Buy, size)).to_vec()
}

fn allocate(orders: Vec<AllocationOrder>) -> Command {
    Command::Allocate(Allocation { plan: PLAN, account: "PAPER".into(), orders: orders.into() })
}

fn refusal(effects: &[Effect]) -> Option<String> {
    effects.iter().find_map(|effect| match effect {
        Effect::Publish { update, .. } => match &**update {
            Update::Answer(answer) => answer.outcome.as_ref().err().map(ToString::to_string),
            _ => None,
        },
        _ => None,
    })
}

fn sent(effects: &[Effect]) -> usize {
    let placed = |request: &&BrokerRequest| matches!(request, BrokerRequest::Place(_));
    requests(effects).into_iter().filter(placed).count()
}

#[test]
fn all_orders_of_a_plan_leave_in_one_turn_and_carry_its_id() {
    let mut stage = stage_of_three(Journaled::default());
    let effects = stage.command(allocate(buys()));
    assert_eq!((sent(&effects), refusal(&effects)), (3, None));
    for id in 1..=3 {
        let order = stage.order(id);
        assert_eq!((order.status, order.origin), (OrderStatus::Sent, Origin::Allocation(PLAN)));
        assert!(matches!(stage.moments(id)[0], Moment::Intended { .. }), "before anything left");
    }
}

#[test]
fn nothing_leaves_before_the_disk_has_it() {
    let mut stage = stage_of_three(Journaled::default());
    stage.disk = Disk::Slow;
    assert_eq!(sent(&stage.command(allocate(buys()))), 0);
    assert_eq!(sent(&stage.disk_has_all()), 3);
}

#[test]
fn while_the_kill_switch_is_on_nothing_of_a_plan_is_sent() {
    let mut stage = stage_of_three(Journaled::default());
    stage.command(Command::Kill { flatten: Flatten::No });
    let effects = stage.command(allocate(buys()));
    assert!(refusal(&effects).unwrap().to_lowercase().contains("kill switch"));
    assert_eq!((sent(&effects), stage.engine.orders.all().count()), (0, 0));
    stage.command(Command::ReleaseKill);
    assert_eq!(sent(&stage.command(allocate(buys()))), 3, "it was never sent");
}

#[test]
fn the_kill_switch_that_comes_before_the_disk_keeps_all_of_it_back() {
    let mut stage = stage_of_three(Journaled::default());
    stage.disk = Disk::Slow;
    stage.command(allocate(buys()));
    stage.command(Command::Kill { flatten: Flatten::No });
    assert_eq!(sent(&stage.disk_has_all()), 0);
    assert!((1..=3).all(|id| stage.order(id).status == OrderStatus::Cancelled));
}

#[test]
fn a_plan_is_sent_once_in_this_run_and_in_the_next() {
    let mut stage = stage_of_three(Journaled::default());
    stage.command(allocate(buys()));
    for id in 1..=3 {
        stage.says(id, OrderStatus::Rejected);
    }
    let again = stage.command(allocate(buys()));
    assert_eq!((sent(&again), stage.engine.orders.all().count()), (0, 3));
    assert!(refusal(&again).unwrap().contains("sent already"));

    let orders = stage.engine.orders.all().cloned().collect();
    let mut next = stage_of_three(Journaled { orders, next_seq: Seq(100), ..Journaled::default() });
    let again = next.command(allocate(buys()));
    assert_eq!(sent(&again), 0);
    assert!(refusal(&again).unwrap().contains("sent already"));
}

#[test]
fn an_order_that_the_gate_refuses_holds_no_other_back_and_is_written_down() {
    let mut stage = stage_of_three(Journaled::default());
    let mut orders = buys();
    orders[1] = market(OTHER, Side::Buy, "2600");
    let effects = stage.command(allocate(orders));
    assert_eq!((sent(&effects), refusal(&effects)), (2, None));
    let refused = stage.order(2);
    assert_eq!((refused.status, refused.origin), (OrderStatus::Rejected, Origin::Allocation(PLAN)));
    assert!(refused.reason.as_ref().unwrap().starts_with("Not sent: "), "{refused:?}");
    assert!(refused.reason.as_ref().unwrap().contains("250,000"), "the limit: {refused:?}");
    assert!(matches!(stage.moments(2)[..], [Moment::NotSent { .. }]));
    assert!([1, 3].iter().all(|id| stage.status(*id) == OrderStatus::Sent));
}

#[test]
fn the_limit_of_working_orders_is_counted_over_the_whole_plan() {
    let mut stage = stage_of_three(Journaled::default());
    let mut settings = Settings::default();
    settings.limits.profile.max_working_orders = Some(2);
    stage.command(Command::Configure(Arc::new(settings)));
    assert_eq!(sent(&stage.command(allocate(buys()))), 2);
    assert_eq!(stage.status(3), OrderStatus::Rejected);
}

#[test]
fn what_has_changed_since_the_preview_keeps_all_of_it_back() {
    let check = |change: &dyn Fn(&mut Stage), orders: Vec<AllocationOrder>, why: &str| {
        let mut stage = stage_of_three(Journaled::default());
        change(&mut stage);
        let before = stage.engine.orders.all().count();
        let effects = stage.command(allocate(orders));
        let said = refusal(&effects).unwrap_or_default();
        assert!(said.contains(why), "{why}: {said}");
        assert_eq!((sent(&effects), stage.engine.orders.all().count()), (0, before), "{why}");
    };
    let unchanged = |_: &mut Stage| {};
    check(&|stage| drop(stage.buy("1", "99.00")), buys(), "An order works in AAPL");
    let held = AllocationOrder { held: dec("5"), ..buys()[0] };
    check(&unchanged, vec![held], "The position in AAPL has changed");
    check(&unchanged, vec![buys()[0], buys()[0]], "AAPL has two orders");
    check(&unchanged, Vec::new(), "this one has 0 orders");
    let guard =
        AllocationOrder { spec: OrderSpec { parent: Some(OrderId(1)), ..buys()[0].spec }, ..buys()[0] };
    check(&unchanged, vec![guard], "plain orders only");
    let full = |stage: &mut Stage| {
        drop(stage.feed(EngineEvent::JournalFailed { from: Seq(90), through: Seq(90), why: "full".into() }));
    };
    check(&full, buys(), "journal cannot be written");
}

#[test]
fn a_plan_that_comes_behind_the_goodbye_is_refused() {
    let mut stage = stage_of_three(Journaled::default());
    stage.command(Command::Shutdown);
    let effects = stage.command(allocate(buys()));
    assert!(refusal(&effects).unwrap().contains("Pitdesk is closing"));
    assert_eq!((sent(&effects), stage.engine.orders.all().count()), (0, 0));
}

#[test]
fn a_plan_of_an_account_that_is_not_here_is_refused_by_its_name() {
    let mut stage = stage_of_three(Journaled::default());
    let allocation = Allocation { plan: PLAN, account: "OTHER".into(), orders: buys().into() };
    let effects = stage.command(Command::Allocate(allocation));
    assert!(refusal(&effects).unwrap().contains("OTHER"));
    assert_eq!(sent(&effects), 0);
}

#[test]
fn orders_of_a_plan_use_its_exposure_up_one_after_the_other() {
    let mut stage = stage_of_three(Journaled::default());
    let mut settings = Settings::default();
    settings.limits.profile.max_exposure = Some(dec("4100"));
    stage.command(Command::Configure(Arc::new(settings)));
    assert_eq!(sent(&stage.command(allocate(buys()))), 2, "1,000 and 2,000, and 3,000 are too much");
    let why = stage.order(3).reason.as_ref().unwrap().to_string();
    assert!(why.contains("the exposure would be"), "{why}");
}
