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
    refuses_changes: bool,
    /// How many changes were asked for.
    changes: usize,
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
            BrokerRequest::Amend(amend) if self.refuses_changes => {
                self.changes += 1;
                let kind = ReportKind::AmendRefused("not now".into());
                taken(stage.broker(BrokerEvent::Report(Report { order: amend.id(), kind, time: stage.now })))
            }
            BrokerRequest::Amend(amend) => {
                self.changes += 1;
                let Some(spec) = self.works.get_mut(&amend.id()) else { return Vec::new() };
                *spec = amend.change().applied_to(spec);
                let kind = ReportKind::Amended(*spec);
                taken(stage.broker(BrokerEvent::Report(Report { order: amend.id(), kind, time: stage.now })))
            }
            BrokerRequest::Cancel(id) if self.works.remove(&id).is_some() => {
                taken(stage.says(id.0, OrderStatus::Cancelled))
            }
            BrokerRequest::CancelAll => {
                let works = std::mem::take(&mut self.works);
                works.into_keys().flat_map(|id| taken(stage.says(id.0, OrderStatus::Cancelled))).collect()
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
        assert!(stage.engine.groups.are_at_rest(), "the bracket is over");
    }
}

#[test]
fn an_entry_that_ends_unfilled_takes_its_exits_along() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    let told = stage.command(Command::Cancel { order: OrderId(ENTRY) });
    broker.answers(&mut stage, told);
    assert_eq!((stage.status(TARGET), stage.status(STOP)), (OrderStatus::Cancelled, OrderStatus::Cancelled));
    assert!(broker.works.is_empty() && stage.engine.groups.are_at_rest());
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
            matches!(&**update, Update::Notice(n) if n.text.contains("not guarded by a stop any more"))
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

/// A start after the entry has filled while nobody looked, with so many units left of it.
fn restarted(held: &str) -> (Stage, Broker) {
    let mut first = kept_stage(true);
    let mut broker = entered(&mut first, "10");
    let orders: Vec<Order> = first.engine.orders.all().cloned().collect();
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
    let positions = vec![Position { net: dec(held), ..Position::flat("PAPER".into(), SHARE) }];
    let accounts = vec![account()];
    let books = Books { orders: vec![entry], accounts, positions, are_final: true, ..Books::default() };
    let told = second.broker(BrokerEvent::Books(Arc::new(books)));
    assert!(placed(&told).is_empty(), "not before the broker takes orders");
    let ready = BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() };
    let told = second.broker(ready);
    broker.answers(&mut second, told);
    second.quote();
    (second, broker)
}

#[test]
fn a_restart_goes_on_where_the_bracket_stood() {
    let (_, broker) = restarted("10");
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("10"), dec("10")));
}

#[test]
fn no_exit_is_sent_for_more_than_is_held() {
    let (_, broker) = restarted("4");
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("4"), dec("4")));
    let (stage, broker) = restarted("0");
    assert!(broker.works.is_empty(), "it was sold elsewhere: {:?}", broker.works);
    assert_eq!((stage.status(TARGET), stage.status(STOP)), (OrderStatus::Cancelled, OrderStatus::Cancelled));
    let (_, broker) = restarted("-5");
    assert!(broker.works.is_empty(), "nor for a position on the other side");
}

#[test]
fn a_stop_that_the_market_has_passed_goes_out_at_market() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    let price = |text| Some(Price(dec(text)));
    let quote = Quote { bid: price("83.99"), ask: price("84.01"), is_open: true, ..Quote::default() };
    let events = vec![MarketEvent::Quote(SHARE, quote)];
    stage.broker(BrokerEvent::Market { received: stage.now, events });
    broker.fills(&mut stage, ENTRY, "10");
    assert_eq!(broker.works[&OrderId(STOP)].kind, OrderKind::Market, "as it would have by now");
}

#[test]
fn what_fails_for_a_passing_reason_is_sent_again_as_another_order() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    stage.disk = Disk::Slow;
    stage.fill(ENTRY, Side::Buy, "10", "10");
    broker.net = dec("10");
    broker.works.remove(&OrderId(ENTRY));
    let (from, through) = (Seq(0), stage.journal.last().unwrap().seq);
    stage.feed(EngineEvent::JournalFailed { from, through, why: "no space left".into() });
    assert_eq!((stage.status(TARGET), stage.status(STOP)), (OrderStatus::Rejected, OrderStatus::Rejected));
    stage.disk = Disk::Quick;
    stage.now = stage.now + std::time::Duration::from_secs(3);
    let told = stage.feed(EngineEvent::Tick);
    assert!(placed(&told).is_empty(), "not while the journal is broken");
    let told = stage.feed(EngineEvent::JournalWorks);
    broker.answers(&mut stage, told);
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("10"), dec("10")));
    assert!(!broker.works.contains_key(&OrderId(STOP)), "another order, never the same again");
}

#[test]
fn a_growth_that_the_broker_refuses_is_asked_for_once_and_then_added() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "4");
    stage.now = stage.now + std::time::Duration::from_secs(3);
    broker.refuses_changes = true;
    broker.fills(&mut stage, ENTRY, "6");
    assert_eq!(broker.changes, 2, "one for each leg");
    for _ in 0..3 {
        stage.now = stage.now + std::time::Duration::from_secs(1);
        let told = stage.feed(EngineEvent::Tick);
        broker.answers(&mut stage, told);
    }
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("10"), dec("10")));
    assert_eq!(broker.changes, 2);
}

#[test]
fn the_size_of_a_kept_exit_is_the_groups_own() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    let change = |order: u64| Command::Amend {
        order: OrderId(order),
        quantity: Some(Qty(dec("3"))),
        limit: None,
        stop: None,
        despite: Despite::default(),
    };
    assert!(refusal(&stage.command(change(STOP))).contains("as large as its group needs"));
    broker.fills(&mut stage, ENTRY, "10");
    let told = stage.command(change(STOP));
    assert!(refusal(&told).contains("as large as its group needs") && requests(&told).is_empty());
    assert_eq!(broker.leg(false), dec("10"));
}

#[test]
fn whoever_takes_exits_away_gets_none_back() {
    let ways: [fn() -> Vec<Command>; 4] = [
        || vec![Command::Close { instrument: SHARE, despite: Despite::default() }],
        || vec![Command::Reverse { instrument: SHARE, despite: Despite::default() }],
        || vec![Command::CancelAll { instrument: None }],
        || vec![Command::Kill { flatten: Flatten::No }, Command::ReleaseKill],
    ];
    for amend in [true, false] {
        for way in ways {
            let mut stage = kept_stage(amend);
            let mut broker = entered(&mut stage, "10");
            broker.fills(&mut stage, ENTRY, "10");
            stage.now = stage.now + std::time::Duration::from_secs(3);
            stage.quote();
            // What follows from this fill is on its way, unanswered, when the trader clicks.
            broker.net -= dec("3");
            broker.filled.insert(OrderId(TARGET), dec("3"));
            let net = broker.net.to_string();
            let unanswered = stage.fill(TARGET, Side::Sell, "3", &net);
            let is_cut = !amend && requests(&unanswered).contains(&&BrokerRequest::Cancel(OrderId(STOP)));
            assert_eq!(is_cut, !amend, "without changes it is cut for another size");
            let mut unanswered = Some(unanswered);
            for command in way() {
                let mut told = unanswered.take().unwrap_or_default();
                told.extend(stage.command(command));
                broker.answers(&mut stage, told);
            }
            let exits = |broker: &Broker| {
                let is_exit = |spec: &&OrderSpec| spec.kind != OrderKind::Market;
                broker.works.values().filter(is_exit).count()
            };
            assert_eq!(exits(&broker), 0, "{:?}", broker.works);
            for _ in 0..20 {
                stage.now = stage.now + std::time::Duration::from_secs(1);
                stage.quote();
                let told = stage.feed(EngineEvent::Tick);
                broker.answers(&mut stage, told);
            }
            assert_eq!(exits(&broker), 0, "amend {amend}: {:?}", broker.works);
        }
    }
}

#[test]
fn a_fill_that_crosses_the_cancel_of_its_entry_is_guarded() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    let told = stage.command(Command::Cancel { order: OrderId(ENTRY) });
    broker.answers(&mut stage, told);
    assert_eq!(stage.status(STOP), OrderStatus::Cancelled);
    broker.net = dec("4");
    let told = stage.fill(ENTRY, Side::Buy, "4", "4");
    broker.answers(&mut stage, told);
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("4"), dec("4")));
}

#[test]
fn with_a_broken_journal_a_stop_is_rather_too_large_than_gone() {
    for amend in [true, false] {
        let mut stage = kept_stage(amend);
        let mut broker = entered(&mut stage, "10");
        broker.fills(&mut stage, ENTRY, "10");
        let (from, through) = (Seq(9_000), Seq(9_000));
        stage.feed(EngineEvent::JournalFailed { from, through, why: "no space left".into() });
        broker.fills(&mut stage, TARGET, "3");
        for _ in 0..5 {
            stage.now = stage.now + std::time::Duration::from_secs(3);
            let told = stage.feed(EngineEvent::Tick);
            broker.answers(&mut stage, told);
        }
        assert_eq!(broker.leg(false), dec("10"));
        broker.fills(&mut stage, TARGET, "7");
        assert!(broker.works.is_empty(), "with nothing left to guard it goes, journal or not");
    }
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

/// A position of ten shares, entered plainly, and a bracket whose entry waits below the market.
fn beside_a_waiting_bracket() -> (Stage, Broker) {
    let mut stage = kept_stage(true);
    let mut broker = Broker::default();
    let told = stage.buy("10", "100.00");
    broker.answers(&mut stage, told);
    broker.fills(&mut stage, 1, "10");
    let mut place = limit_order(Side::Buy, "10", "97.00");
    place.bracket =
        Some(Bracket { take_profit: Some(Price(dec("105.00"))), stop_loss: Some(Price(dec("95.00"))) });
    let told = stage.command(Command::Place(place));
    broker.answers(&mut stage, told);
    (stage, broker)
}

#[test]
fn closing_a_position_leaves_a_bracket_whose_entry_waits_alone() {
    let (mut stage, mut broker) = beside_a_waiting_bracket();
    let told = stage.command(Command::Close { instrument: SHARE, despite: Despite::default() });
    broker.answers(&mut stage, told);
    broker.fills(&mut stage, 5, "10");
    assert_eq!((broker.net, broker.works.len()), (Decimal::ZERO, 1), "{:?}", broker.works);
    broker.fills(&mut stage, 2, "10");
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("10"), dec("10")));
}

#[test]
fn a_cancel_that_is_refused_is_not_asked_for_again_at_once() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    let told = stage.fill(TARGET, Side::Sell, "10", "0");
    broker.works.remove(&OrderId(TARGET));
    let cancels = |told: &[Effect]| {
        requests(told).iter().filter(|request| matches!(request, BrokerRequest::Cancel(_))).count()
    };
    let mut asked = cancels(&told);
    for _ in 0..10 {
        let told = stage.refuses_cancel(STOP, "not now");
        asked += cancels(&told);
    }
    assert_eq!(asked, 1);
    stage.now = stage.now + std::time::Duration::from_secs(3);
    stage.quote();
    assert_eq!(cancels(&stage.feed(EngineEvent::Tick)), 1, "and then once more");
}

#[test]
fn exits_of_a_part_are_tied_together_too() {
    let (mut stage, mut broker) = restarted("4");
    broker.net = dec("4");
    broker.fills(&mut stage, TARGET, "4");
    assert!(broker.works.is_empty(), "flat, and nothing may sell: {:?}", broker.works);
}

#[test]
fn two_brackets_do_not_guard_the_same_shares() {
    let mut first = kept_stage(true);
    let mut broker = Broker::default();
    for _ in 0..2 {
        let told = first.command(bracketed("10"));
        broker.answers(&mut first, told);
    }
    let orders: Vec<Order> = first.engine.orders.all().cloned().collect();
    let mut second =
        stage_after(Journaled { orders: orders.clone(), next_seq: Seq(100), ..Journaled::default() });
    second.engine.brokers[0].facts.capabilities = Capabilities { native_groups: false, amend: true };
    broker.works.clear();
    let filled = |order: &Order| Order {
        status: OrderStatus::Filled,
        filled: Qty(dec("10")),
        average_price: Some(dec("100")),
        ..order.clone()
    };
    let entries = [&orders[0], &orders[3]].map(filled).to_vec();
    let positions = vec![Position { net: dec("10"), ..Position::flat("PAPER".into(), SHARE) }];
    let books =
        Books { orders: entries, accounts: vec![account()], positions, are_final: true, ..Books::default() };
    let told = second.broker(BrokerEvent::Books(Arc::new(books)));
    broker.answers(&mut second, told);
    let ready = BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() };
    let told = second.broker(ready);
    broker.answers(&mut second, told);
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("10"), dec("10")), "{:?}", broker.works);
}

#[test]
fn a_leg_that_is_over_is_not_given_up_for_another_size() {
    let mut stage = kept_stage(false);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    // The broker keeps the stop that the trader wanted to take away.
    stage.command(Command::Cancel { order: OrderId(STOP) });
    stage.refuses_cancel(STOP, "not now");
    stage.now = stage.now + std::time::Duration::from_secs(3);
    broker.fills(&mut stage, TARGET, "3");
    assert_eq!(broker.leg(false), dec("10"), "too large is better than gone");
}

#[test]
fn a_bracket_whose_position_went_elsewhere_does_not_wake_for_another() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    let told = stage.fill(ENTRY, Side::Buy, "10", "10");
    broker.works.clear();
    // Nothing of it reached the broker, and the ten are sold on the phone.
    let unread = taken(told);
    stage.broker(BrokerEvent::Ended { reason: "It broke".into(), unread });
    let reconnects = |stage: &mut Stage, net: &str| {
        let orders = vec![stage.order(ENTRY).clone()];
        let positions = vec![Position { net: dec(net), ..Position::flat("PAPER".into(), SHARE) }];
        let books =
            Books { orders, accounts: vec![account()], positions, are_final: true, ..Books::default() };
        let mut told = stage.broker(BrokerEvent::Books(Arc::new(books)));
        let ready = BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() };
        told.extend(stage.broker(ready));
        stage.now = stage.now + std::time::Duration::from_secs(3);
        told.extend(stage.quote());
        told.extend(stage.feed(EngineEvent::Tick));
        told
    };
    assert!(placed(&reconnects(&mut stage, "0")).is_empty());
    stage.session_ends();
    assert!(placed(&reconnects(&mut stage, "10")).is_empty(), "these ten are not its");
}

#[test]
fn fills_that_come_faster_than_changes_are_answered_do_not_cancel_the_stop() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    let mut told = stage.fill(TARGET, Side::Sell, "3", "7");
    stage.now = stage.now + std::time::Duration::from_millis(20);
    told.extend(stage.fill(TARGET, Side::Sell, "2", "5"));
    broker.net = dec("5");
    broker.filled.insert(OrderId(TARGET), dec("5"));
    broker.answers(&mut stage, told);
    assert!(broker.works.contains_key(&OrderId(STOP)), "the same order, smaller");
    assert_eq!(broker.leg(false), dec("5"));
}

/// What can happen to a bracket whose broker answers when it likes.
#[derive(Debug, Clone, Copy)]
enum Luck {
    /// An order of the broker's fills, if it has such a one.
    Fills(Which, u32),
    /// The broker answers the oldest request: as asked, or with a refusal where it can refuse.
    Answers {
        refuses: bool,
    },
    /// The trader cancels.
    Cancels(Which),
    Closes,
    /// The session ends with what it has not read; another begins.
    Reconnects,
    Passes(u32),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Entry,
    Target,
    Stop,
}

impl Which {
    fn is_it(self, spec: &OrderSpec) -> bool {
        match self {
            Self::Entry => spec.side == Side::Buy,
            Self::Target => spec.side == Side::Sell && spec.kind.limit().is_some(),
            Self::Stop => spec.side == Side::Sell && spec.kind.stop().is_some(),
        }
    }
}

fn luck() -> impl Strategy<Value = Luck> {
    let which = || prop_oneof![3 => Just(Which::Entry), 1 => Just(Which::Target), 1 => Just(Which::Stop)];
    prop_oneof![
        8 => (which(), 1..5_u32).prop_map(|(which, units)| Luck::Fills(which, units)),
        12 => prop::bool::weighted(0.1).prop_map(|refuses| Luck::Answers { refuses }),
        1 => which().prop_map(Luck::Cancels),
        1 => Just(Luck::Closes),
        1 => Just(Luck::Reconnects),
        8 => (100..2_500_u32).prop_map(Luck::Passes),
    ]
}

/// A bracket, a broker that takes its time, and what the trader has done to it.
struct Slow {
    stage: Stage,
    broker: Broker,
    waiting: std::collections::VecDeque<BrokerRequest>,
    /// Kinds of exits that the trader has taken away, or the broker has refused.
    over: Vec<Which>,
    has_closed: bool,
}

impl Slow {
    fn new(amend: bool) -> Self {
        let mut slow = Self {
            stage: kept_stage(amend),
            broker: Broker::default(),
            waiting: std::collections::VecDeque::new(),
            over: Vec::new(),
            has_closed: false,
        };
        let told = slow.stage.command(bracketed("10"));
        slow.hears(told);
        slow
    }

    /// What the engine sends: no exit is for more than is held when it leaves.
    fn hears(&mut self, effects: Vec<Effect>) {
        for request in taken(effects) {
            if let BrokerRequest::Place(orders) = &request {
                let spec = orders[0].spec();
                let held = self.broker.net.max(Decimal::ZERO);
                let is_exit = spec.side == Side::Sell && spec.kind != OrderKind::Market;
                assert!(!is_exit || spec.quantity.0 <= held, "{spec:?} leaves and {held} are held");
            }
            self.waiting.push_back(request);
        }
    }

    /// What a kind of exit could sell, were everything answered as it stands.
    fn leg(&self, which: Which) -> Decimal {
        let own = self.broker.works.iter().filter(|(_, spec)| which.is_it(spec));
        own.filter_map(|(id, _)| self.broker.remaining(id.0)).sum()
    }

    fn answers(&mut self, refuses: bool) {
        let Some(request) = self.waiting.pop_front() else { return };
        match request {
            BrokerRequest::Place(orders) if refuses => {
                let (id, spec) = (orders[0].id(), *orders[0].spec());
                for which in [Which::Target, Which::Stop].into_iter().filter(|which| which.is_it(&spec)) {
                    self.over.push(which);
                }
                let told = self.stage.says(id.0, OrderStatus::Rejected);
                self.hears(told);
            }
            BrokerRequest::Amend(amend) if refuses => {
                let kind = ReportKind::AmendRefused("not now".into());
                let time = self.stage.now;
                let report = Report { order: amend.id(), kind, time };
                let told = self.stage.broker(BrokerEvent::Report(report));
                self.hears(told);
            }
            BrokerRequest::Place(orders) => {
                let id = orders[0].id();
                let spec = *orders[0].spec();
                assert!(self.broker.works.insert(id, spec).is_none(), "{id} was sent twice");
                let told = self.stage.says(id.0, OrderStatus::Working);
                self.hears(told);
            }
            BrokerRequest::Amend(amend) => {
                let Some(spec) = self.broker.works.get_mut(&amend.id()) else { return };
                let after = amend.change().applied_to(spec);
                let filled = self.broker.filled.get(&amend.id()).copied().unwrap_or_default();
                if after.quantity.0 <= filled {
                    let kind = ReportKind::AmendRefused("it has filled more".into());
                    let report = Report { order: amend.id(), kind, time: self.stage.now };
                    let told = self.stage.broker(BrokerEvent::Report(report));
                    return self.hears(told);
                }
                *spec = after;
                let report =
                    Report { order: amend.id(), kind: ReportKind::Amended(after), time: self.stage.now };
                let told = self.stage.broker(BrokerEvent::Report(report));
                self.hears(told);
            }
            BrokerRequest::Cancel(id) => {
                let told = if self.broker.works.remove(&id).is_some() {
                    self.stage.says(id.0, OrderStatus::Cancelled)
                } else {
                    self.stage.refuses_cancel(id.0, "it is gone")
                };
                self.hears(told);
            }
            BrokerRequest::Books => {
                let books = self.books();
                let told = self.stage.broker(BrokerEvent::Books(Arc::new(books)));
                self.hears(told);
            }
            _ => {}
        }
    }

    fn bought(&self) -> Decimal {
        self.broker.filled.get(&OrderId(ENTRY)).copied().unwrap_or_default()
    }

    fn books(&self) -> Books {
        let orders = self.broker.works.iter().map(|(id, spec)| {
            let filled = Qty(self.broker.filled.get(id).copied().unwrap_or_default());
            let status = if filled.is_zero() { OrderStatus::Working } else { OrderStatus::PartiallyFilled };
            Order { spec: *spec, status, filled, ..self.stage.order(id.0).clone() }
        });
        let ended = self.stage.engine.orders.all().filter(|o| o.status.is_final() && o.is_acknowledged);
        let positions = vec![Position { net: self.broker.net, ..Position::flat("PAPER".into(), SHARE) }];
        Books {
            orders: orders.chain(ended.cloned()).collect(),
            accounts: vec![account()],
            positions,
            are_final: true,
            ..Books::default()
        }
    }

    fn happens(&mut self, luck: Luck) {
        match luck {
            Luck::Fills(which, units) => {
                let found = self.broker.works.iter().find(|(_, spec)| which.is_it(spec)).map(|(id, _)| id.0);
                let Some(id) = found else { return };
                let units = Decimal::from(units).min(self.broker.remaining(id).unwrap());
                // Short positions are another story: what could be sold twice in flight.
                if which != Which::Entry && units > self.broker.net {
                    return;
                }
                self.fill(id, units);
            }
            Luck::Answers { refuses } => self.answers(refuses),
            Luck::Cancels(which) => {
                let live = |o: &&Order| o.is_live() && which.is_it(&o.spec);
                let Some(id) = self.stage.engine.orders.all().find(live).map(|order| order.id) else {
                    return;
                };
                let told = self.stage.command(Command::Cancel { order: id });
                if answer(&told).is_ok() && which != Which::Entry {
                    self.over.push(which);
                }
                self.hears(told);
            }
            Luck::Closes => {
                let told =
                    self.stage.command(Command::Close { instrument: SHARE, despite: Despite::default() });
                self.has_closed |= answer(&told).is_ok();
                self.hears(told);
            }
            Luck::Reconnects => {
                let unread = self.waiting.drain(..).collect();
                let told = self.stage.broker(BrokerEvent::Ended { reason: "It broke".into(), unread });
                self.hears(told);
                let books = self.books();
                let told = self.stage.broker(BrokerEvent::Books(Arc::new(books)));
                self.hears(told);
                let ready = BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() };
                let told = self.stage.broker(ready);
                self.hears(told);
                let told = self.stage.quote();
                self.hears(told);
            }
            Luck::Passes(millis) => self.passes(millis),
        }
    }

    fn fill(&mut self, id: u64, units: Decimal) {
        let spec = self.broker.works[&OrderId(id)];
        self.broker.net += spec.side.sign() * units;
        let filled = self.broker.filled.entry(OrderId(id)).or_default();
        *filled += units;
        if *filled == spec.quantity.0 {
            self.broker.works.remove(&OrderId(id));
        }
        let net = self.broker.net.to_string();
        let told = self.stage.fill(id, spec.side, &units.to_string(), &net);
        self.hears(told);
    }

    fn passes(&mut self, millis: u32) {
        self.stage.now = self.stage.now + std::time::Duration::from_millis(millis.into());
        let told = self.stage.quote();
        self.hears(told);
        let told = self.stage.feed(EngineEvent::Tick);
        self.hears(told);
    }

    fn rests(&mut self) {
        for _ in 0..12 {
            self.passes(1_100);
            for _ in 0..20 {
                self.answers(false);
                let market = self.broker.works.iter().find(|(_, spec)| spec.kind == OrderKind::Market);
                if let Some(id) = market.map(|(id, _)| id.0) {
                    let left = self.broker.remaining(id).unwrap();
                    self.fill(id, left);
                }
            }
        }
        assert!(self.waiting.is_empty(), "it comes to rest: {:?}", self.waiting);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    /// Whatever fills in whatever pieces, however late the broker answers, whatever it refuses,
    /// whenever the session breaks: no exit leaves for more than is held, and once all is quiet
    /// each leg that nobody has ended is as large as what is held; one that somebody has ended
    /// does not come back.
    #[test]
    fn exits_are_as_large_as_what_they_guard(
        amend in any::<bool>(),
        fates in prop::collection::vec(luck(), 1..60),
    ) {
        let mut slow = Slow::new(amend);
        for fate in fates {
            slow.happens(fate);
        }
        slow.rests();
        let held = slow.broker.net;
        for which in [Which::Target, Which::Stop] {
            let leg = slow.leg(which);
            if slow.has_closed || slow.over.contains(&which) {
                // Where its size is not changed nothing could follow: it stays until nothing is held.
                let most = if held <= Decimal::ZERO { held } else { slow.bought() };
                prop_assert!(leg <= most.max(Decimal::ZERO), "{:?}: {} beside {}", which, leg, held);
            } else {
                prop_assert_eq!(leg, held, "{:?} with {:?}", which, slow.broker.works);
            }
        }
    }
}
