//! What brackets must withstand: closes beside them, refusals, lost sessions, positions that others
//! share or have taken away.

use super::*;

/// A position of ten shares, entered plainly, and a bracket whose entry waits below the market.
fn beside_a_waiting_bracket() -> (Stage, Broker) {
    let mut stage = kept_stage(true);
    let mut broker = Broker::default();
    let told = stage.buy("10", "100.00");
    broker.answers(&mut stage, told);
    broker.fills(&mut stage, 1, "10");
    let mut place = limit_order(Side::Buy, "10", "97.00");
    place.bracket = Some(Bracket::gtc(Some(Price(dec("105.00"))), Some(Price(dec("95.00")))));
    let told = stage.command(Command::Place(place));
    broker.answers(&mut stage, told);
    (stage, broker)
}

#[test]
fn closing_a_position_leaves_a_bracket_whose_entry_waits_alone() {
    let (mut stage, mut broker) = beside_a_waiting_bracket();
    let told = stage.command(Command::Close {
        account: "PAPER".into(),
        instrument: SHARE,
        despite: Despite::default(),
    });
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
    second.engine.brokers[0].facts.capabilities =
        Capabilities { native_groups: false, amend: true, lookup: false, what_if: false };
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

#[test]
fn an_exit_that_never_left_is_sent_again_as_another_order() {
    for left in [false, true] {
        let mut stage = kept_stage(true);
        let mut broker = entered(&mut stage, "10");
        let told = stage.fill(ENTRY, Side::Buy, "10", "10");
        assert_eq!(placed(&told).len(), 2);
        broker.net = dec("10");
        broker.works.remove(&OrderId(ENTRY));
        for order in [TARGET, STOP].map(OrderId) {
            if left {
                stage.broker(BrokerEvent::OnWire { order, at: stage.now });
            }
            let told = stage.says_why(order.0, OrderStatus::Rejected, "The connection was lost");
            broker.answers(&mut stage, told);
        }
        rests(&mut stage, &mut broker);
        let leg = if left { Decimal::ZERO } else { dec("10") };
        assert_eq!((broker.leg(true), broker.leg(false)), (leg, leg), "the broker's word: {left}");
    }
}

#[test]
fn closing_leaves_the_exits_of_entries_that_have_not_filled() {
    let ways: [fn() -> Command; 2] = [
        || Command::Close { account: "PAPER".into(), instrument: SHARE, despite: Despite::default() },
        || Command::Reverse { account: "PAPER".into(), instrument: SHARE, despite: Despite::default() },
    ];
    for way in ways {
        let mut stage = kept_stage(true);
        let mut broker = entered(&mut stage, "10");
        let told = stage.buy("5", "100.00");
        broker.answers(&mut stage, told);
        broker.fills(&mut stage, 4, "5");
        let told = stage.command(way());
        broker.answers(&mut stage, told);
        let size = broker.remaining(5).unwrap().to_string();
        broker.fills(&mut stage, 5, &size);
        broker.net = Decimal::ZERO;
        broker.fills(&mut stage, ENTRY, "10");
        assert_eq!((broker.leg(true), broker.leg(false)), (dec("10"), dec("10")), "what it opens is guarded");
    }
}

#[test]
fn a_cancel_that_is_refused_ends_no_leg() {
    let mut stage = kept_stage(false);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "4");
    rests(&mut stage, &mut broker);
    broker.fills(&mut stage, TARGET, "4");
    refusal(&stage.command(Command::Cancel { order: OrderId(TARGET) }));
    broker.fills(&mut stage, ENTRY, "6");
    rests(&mut stage, &mut broker);
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("6"), dec("6")));
}

#[test]
fn what_waits_for_the_disk_goes_with_the_leg_that_is_taken_away() {
    let mut stage = kept_stage(false);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "4");
    stage.now = stage.now + std::time::Duration::from_secs(3);
    stage.disk = Disk::Slow;
    broker.fills(&mut stage, ENTRY, "6");
    let told = stage.command(Command::Cancel { order: OrderId(STOP) });
    broker.answers(&mut stage, told);
    stage.disk = Disk::Quick;
    let told = stage.disk_has_all();
    broker.answers(&mut stage, told);
    rests(&mut stage, &mut broker);
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("10"), Decimal::ZERO));
}

#[test]
fn a_lock_that_is_found_at_the_start_ends_legs_whose_end_was_not_written_down() {
    let mut first = kept_stage(false);
    let mut broker = entered(&mut first, "10");
    broker.fills(&mut first, ENTRY, "10");
    first.now = first.now + std::time::Duration::from_secs(3);
    broker.fills(&mut first, TARGET, "3");
    // Its stop was cut, and that another follows was not written down.
    broker.works.remove(&OrderId(4));
    assert_eq!(first.status(STOP), OrderStatus::Cancelled);
    let orders: Vec<Order> = first.engine.orders.all().filter(|o| o.id.0 <= STOP).cloned().collect();
    let journal = Journaled { orders: orders.clone(), next_seq: Seq(100), ..Journaled::default() };
    let mut second = stage_after(journal);
    second.engine.brokers[0].facts.capabilities =
        Capabilities { native_groups: false, amend: false, lookup: false, what_if: false };
    second.engine.is_killed = true;
    second.feed(EngineEvent::Started);
    second.engine.is_killed = false;
    let positions = vec![Position { net: dec("7"), ..Position::flat("PAPER".into(), SHARE) }];
    let books = Books { orders, accounts: vec![account()], positions, are_final: true, ..Books::default() };
    second.broker(BrokerEvent::Books(Arc::new(books)));
    let ready = BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() };
    let told = second.broker(ready);
    broker.answers(&mut second, told);
    rests(&mut second, &mut broker);
    assert_eq!(broker.leg(false), Decimal::ZERO, "{:?}", broker.works);
}

#[test]
fn a_target_of_another_bracket_does_not_stand_for_a_stop() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    let told = stage.command(Command::Cancel { order: OrderId(STOP) });
    broker.answers(&mut stage, told);
    // The second bracket of ten, of whose position ten are sold beside it.
    let told = stage.command(bracketed("10"));
    broker.answers(&mut stage, told);
    broker.net = Decimal::ZERO;
    broker.fills(&mut stage, 4, "10");
    assert_eq!((broker.net, broker.leg(false)), (dec("10"), dec("10")), "its stop guards what is held");
}
