//! Brackets and OCO groups that this program keeps, for a broker that keeps none.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::broker::contract::Capabilities;
use crate::domain::GroupId;

const ENTRY: u64 = 1;
const TARGET: u64 = 2;
const STOP: u64 = 3;

fn kept_stage(amend: bool) -> Stage {
    let mut stage = stage();
    stage.engine.brokers[0].facts.capabilities = Capabilities { native_groups: false, amend };
    stage
}

fn bracketed(quantity: &str) -> Command {
    let mut place = limit_order(Side::Buy, quantity, "100.00");
    place.bracket =
        Some(Bracket { take_profit: Some(Price(dec("105.00"))), stop_loss: Some(Price(dec("95.00"))) });
    Command::Place(place)
}

/// What the broker has, answering everything at once: the sizes of what works, by order.
#[derive(Default)]
struct Broker {
    works: BTreeMap<OrderId, OrderSpec>,
    filled: BTreeMap<OrderId, Decimal>,
    net: Decimal,
}

impl Broker {
    /// Answers requests until none come any more.
    fn answers(&mut self, stage: &mut Stage, effects: Vec<Effect>) {
        let mut waiting = taken(effects);
        while !waiting.is_empty() {
            let mut next = Vec::new();
            for request in waiting {
                next.extend(self.answer(stage, request));
            }
            waiting = next;
        }
    }

    fn answer(&mut self, stage: &mut Stage, request: BrokerRequest) -> Vec<BrokerRequest> {
        match request {
            BrokerRequest::Place(orders) => {
                assert_eq!(orders.len(), 1, "it knows no groups");
                let (id, spec) = (orders[0].id(), *orders[0].spec());
                assert_eq!((spec.parent, spec.oco), (None, None), "it knows no groups");
                assert!(self.works.insert(id, spec).is_none(), "{id} was sent twice");
                taken(stage.says(id.0, OrderStatus::Working))
            }
            BrokerRequest::Amend(amend) => {
                let Some(spec) = self.works.get_mut(&amend.id()) else { return Vec::new() };
                *spec = amend.change().applied_to(spec);
                let kind = ReportKind::Amended(*spec);
                taken(stage.broker(BrokerEvent::Report(Report { order: amend.id(), kind, time: stage.now })))
            }
            BrokerRequest::Cancel(id) if self.works.remove(&id).is_some() => {
                taken(stage.says(id.0, OrderStatus::Cancelled))
            }
            _ => Vec::new(),
        }
    }

    /// An order that works fills in part or wholly.
    fn fills(&mut self, stage: &mut Stage, id: u64, quantity: &str) {
        let (order, units) = (OrderId(id), dec(quantity));
        let spec = self.works[&order];
        self.net += spec.side.sign() * units;
        let filled = self.filled.entry(order).or_default();
        *filled += units;
        if *filled == spec.quantity.0 {
            self.works.remove(&order);
        }
        let net = self.net.to_string();
        let told = stage.fill(id, spec.side, quantity, &net);
        self.answers(stage, told);
    }

    fn remaining(&self, id: u64) -> Option<Decimal> {
        let order = OrderId(id);
        Some(self.works.get(&order)?.quantity.0 - self.filled.get(&order).copied().unwrap_or_default())
    }

    /// What works of one kind of exits.
    fn leg(&self, is_target: bool) -> Decimal {
        let is_it = |spec: &OrderSpec| {
            spec.side == Side::Sell && matches!(spec.kind, OrderKind::Limit { .. }) == is_target
        };
        let own = self.works.iter().filter(|(_, spec)| is_it(spec));
        own.filter_map(|(id, _)| self.remaining(id.0)).sum()
    }
}

fn entered(stage: &mut Stage, quantity: &str) -> Broker {
    let mut broker = Broker::default();
    let told = stage.command(bracketed(quantity));
    broker.answers(stage, told);
    broker
}

#[test]
fn exits_wait_here_until_their_entry_fills() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    assert_eq!(broker.works.len(), 1, "the broker knows of the entry only");
    assert_eq!((stage.status(TARGET), stage.status(STOP)), (OrderStatus::Kept, OrderStatus::Kept));
    assert!(stage.order(STOP).reason.as_deref().unwrap().contains("until order 1 fills"));
    let together = stage.journal.iter().any(|record| record.orders.len() == 3);
    assert!(together, "they are on disk with their entry");
    broker.fills(&mut stage, ENTRY, "10");
    assert_eq!((broker.remaining(TARGET), broker.remaining(STOP)), (Some(dec("10")), Some(dec("10"))));
    assert_eq!(stage.status(STOP), OrderStatus::Working);
    assert!(stage.order(STOP).kept.is_some(), "the group still lives in this program");
}

#[test]
fn an_exit_is_sent_only_when_its_release_is_on_disk() {
    let mut stage = kept_stage(true);
    entered(&mut stage, "10");
    stage.disk = Disk::Slow;
    let told = stage.fill(ENTRY, Side::Buy, "10", "10");
    assert!(placed(&told).is_empty());
    assert_eq!(stage.status(STOP), OrderStatus::Intended);
    assert_eq!(placed(&stage.disk_has_all()).len(), 2);
}

#[test]
fn exits_grow_with_the_fills_of_their_entry() {
    for amend in [true, false] {
        let mut stage = kept_stage(amend);
        let mut broker = entered(&mut stage, "10");
        broker.fills(&mut stage, ENTRY, "4");
        assert_eq!((broker.leg(true), broker.leg(false)), (dec("4"), dec("4")));
        stage.now = stage.now + std::time::Duration::from_secs(3);
        broker.fills(&mut stage, ENTRY, "6");
        assert_eq!((broker.leg(true), broker.leg(false)), (dec("10"), dec("10")), "amend: {amend}");
        let exits = broker.works.len();
        assert_eq!(exits, if amend { 2 } else { 4 }, "in place where that can be done");
    }
}

#[test]
fn what_one_exit_fills_is_taken_off_the_other() {
    for amend in [true, false] {
        let mut stage = kept_stage(amend);
        let mut broker = entered(&mut stage, "10");
        broker.fills(&mut stage, ENTRY, "10");
        broker.fills(&mut stage, TARGET, "3");
        for _ in 0..3 {
            stage.now = stage.now + std::time::Duration::from_secs(3);
            let told = stage.feed(EngineEvent::Tick);
            broker.answers(&mut stage, told);
        }
        assert_eq!((broker.leg(true), broker.leg(false)), (dec("7"), dec("7")), "amend: {amend}");
        broker.fills(&mut stage, TARGET, "7");
        assert!(broker.works.is_empty(), "nothing is left to guard");
        assert!(stage.engine.groups.is_empty(), "the bracket is over");
    }
}

#[test]
fn an_entry_that_ends_unfilled_takes_its_exits_along() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    let told = stage.command(Command::Cancel { order: OrderId(ENTRY) });
    broker.answers(&mut stage, told);
    assert_eq!((stage.status(TARGET), stage.status(STOP)), (OrderStatus::Cancelled, OrderStatus::Cancelled));
    assert!(broker.works.is_empty() && stage.engine.groups.is_empty());
}

#[test]
fn taking_the_target_away_leaves_the_stop() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    let told = stage.command(Command::Cancel { order: OrderId(TARGET) });
    broker.answers(&mut stage, told);
    assert_eq!((broker.leg(true), broker.leg(false)), (Decimal::ZERO, dec("10")));
}

#[test]
fn a_stop_that_the_broker_refuses_is_told() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    broker.works.remove(&OrderId(STOP));
    let told = stage.says(STOP, OrderStatus::Rejected);
    let is_told = |effect: &Effect| match effect {
        Effect::Publish { update, .. } => {
            matches!(&**update, Update::Notice(n) if n.text.contains("not guarded by a stop"))
        }
        _ => false,
    };
    assert!(told.iter().any(is_told));
    assert_eq!(broker.leg(true), dec("10"), "the target stays");
}

#[test]
fn a_kept_exit_is_changed_and_cancelled_here() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    let stop = Some(Price(dec("96.00")));
    let change = Command::Amend {
        order: OrderId(STOP),
        quantity: None,
        limit: None,
        stop,
        despite: Despite::default(),
    };
    let told = stage.command(change);
    assert!(answer(&told).is_ok() && requests(&told).is_empty());
    let told = stage.command(Command::Cancel { order: OrderId(TARGET) });
    assert!(answer(&told).is_ok() && requests(&told).is_empty());
    broker.fills(&mut stage, ENTRY, "10");
    assert_eq!((broker.leg(true), broker.leg(false)), (Decimal::ZERO, dec("10")));
    assert_eq!(broker.works[&OrderId(STOP)].kind.stop(), stop);
}

#[test]
fn closing_and_killing_end_what_is_kept() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "4");
    let told = stage.command(Command::Close { instrument: SHARE, despite: Despite::default() });
    broker.answers(&mut stage, told);
    let sells: Vec<&OrderSpec> = broker.works.values().collect();
    assert_eq!(sells.len(), 1, "entry and exits are gone, the market order is there: {sells:?}");
    assert_eq!((sells[0].kind, sells[0].quantity), (OrderKind::Market, Qty(dec("4"))));

    let mut stage = kept_stage(true);
    entered(&mut stage, "10");
    stage.command(Command::Kill { flatten: Flatten::No });
    assert_eq!((stage.status(TARGET), stage.status(STOP)), (OrderStatus::Cancelled, OrderStatus::Cancelled));
}

#[test]
fn a_restart_goes_on_where_the_bracket_stood() {
    let mut first = kept_stage(true);
    let mut broker = entered(&mut first, "10");
    let orders: Vec<Order> = first.engine.orders.all().cloned().collect();
    // The entry fills while nobody looks.
    let journal = Journaled { orders, next_seq: Seq(100), ..Journaled::default() };
    let mut second = stage_after(journal);
    second.next_exec = 50;
    second.engine.brokers[0].facts.capabilities = Capabilities { native_groups: false, amend: true };
    assert_eq!(second.status(STOP), OrderStatus::Kept, "nothing of it was sent");
    let entry = Order {
        status: OrderStatus::Filled,
        filled: Qty(dec("10")),
        average_price: Some(dec("100")),
        ..second.order(ENTRY).clone()
    };
    broker.works.clear();
    let books = Books { orders: vec![entry], accounts: vec![account()], are_final: true, ..Books::default() };
    let told = second.broker(BrokerEvent::Books(Arc::new(books)));
    assert!(placed(&told).is_empty(), "not before the broker takes orders");
    let told =
        second.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    broker.answers(&mut second, told);
    second.quote();
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("10"), dec("10")));
}

#[test]
fn one_cancels_the_other() {
    for amend in [true, false] {
        let mut stage = kept_stage(amend);
        let mut broker = Broker::default();
        for price in ["99.00", "98.00"] {
            let mut place = limit_order(Side::Buy, "10", price);
            place.spec.oco = Some(GroupId(7));
            let told = stage.command(Command::Place(place));
            broker.answers(&mut stage, told);
        }
        assert_eq!(broker.works.len(), 2);
        broker.fills(&mut stage, 1, "4");
        assert_eq!(broker.remaining(2), if amend { Some(dec("6")) } else { None }, "amend: {amend}");
        broker.fills(&mut stage, 1, "6");
        assert_eq!(broker.remaining(2), None);
        assert!(stage.status(2).is_final());
    }
}

#[test]
fn a_broker_that_cannot_change_orders_is_not_asked_to() {
    let mut stage = kept_stage(false);
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    let change = Command::Amend {
        order: OrderId(1),
        quantity: None,
        limit: Some(Price(dec("98.00"))),
        stop: None,
        despite: Despite::default(),
    };
    assert!(refusal(&stage.command(change)).contains("enter it anew"));
}

/// What can happen to a bracket.
#[derive(Debug, Clone, Copy)]
enum Luck {
    EntryFills(u32),
    TargetFills(u32),
    StopFills(u32),
    EntryIsCancelled,
    TimePasses,
}

fn luck() -> impl Strategy<Value = Luck> {
    prop_oneof![
        3 => (1..5_u32).prop_map(Luck::EntryFills),
        2 => (1..5_u32).prop_map(Luck::TargetFills),
        2 => (1..5_u32).prop_map(Luck::StopFills),
        1 => Just(Luck::EntryIsCancelled),
        3 => Just(Luck::TimePasses),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whatever fills in whatever pieces: once everything is answered, each kind of exit is as
    /// large as what is held, and nothing is ever sold that is not held.
    #[test]
    fn exits_are_as_large_as_what_they_guard(
        amend in any::<bool>(),
        fates in proptest::collection::vec(luck(), 1..25),
    ) {
        let mut stage = kept_stage(amend);
        let mut broker = entered(&mut stage, "10");
        let fill = |broker: &mut Broker, stage: &mut Stage, is_it: &dyn Fn(&OrderSpec) -> bool, units: u32| {
            let found = broker.works.iter().find(|(_, spec)| is_it(spec)).map(|(id, _)| id.0);
            let Some(id) = found else { return };
            let units = Decimal::from(units).min(broker.remaining(id).unwrap());
            broker.fills(stage, id, &units.to_string());
        };
        for fate in fates {
            match fate {
                Luck::EntryFills(units) => fill(&mut broker, &mut stage, &|s| s.side == Side::Buy, units),
                Luck::TargetFills(units) => {
                    fill(&mut broker, &mut stage, &|s| s.side == Side::Sell && s.kind.limit().is_some(), units);
                }
                Luck::StopFills(units) => {
                    fill(&mut broker, &mut stage, &|s| s.side == Side::Sell && s.kind.stop().is_some(), units);
                }
                Luck::EntryIsCancelled => {
                    let told = stage.command(Command::Cancel { order: OrderId(ENTRY) });
                    broker.answers(&mut stage, told);
                }
                Luck::TimePasses => {}
            }
            for _ in 0..6 {
                stage.now = stage.now + std::time::Duration::from_secs(3);
                stage.quote();
                let told = stage.feed(EngineEvent::Tick);
                broker.answers(&mut stage, told);
            }
            prop_assert!(broker.net >= Decimal::ZERO, "sold what was not held");
            prop_assert_eq!(broker.leg(true), broker.net, "the targets");
            prop_assert_eq!(broker.leg(false), broker.net, "the stops");
        }
    }
}
