//! No order leaves before the disk has it, and nothing is done twice or behind the trader's back.

use std::time::Duration;

use super::*;

fn slow_disk() -> Stage {
    let mut stage = stage();
    stage.disk = Disk::Slow;
    stage
}

#[test]
fn an_order_leaves_when_the_disk_has_it_and_not_before() {
    let mut stage = slow_disk();
    let asked = stage.buy("10", "99.00");
    assert!(placed(&asked).is_empty());
    assert_eq!(stage.status(1), OrderStatus::Intended);
    let written = stage.disk_has_all();
    assert_eq!(placed(&written).len(), 1);
    assert_eq!(stage.status(1), OrderStatus::Sent);
    assert!(placed(&stage.disk_has_all()).is_empty(), "that it is on disk is said twice; it leaves once");
}

#[test]
fn the_timeline_of_an_order_tells_its_whole_way() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.broker(BrokerEvent::OnWire { order: OrderId(1), at: stage.now });
    stage.says(1, OrderStatus::Accepted);
    stage.says(1, OrderStatus::Working);
    stage.command(Command::Cancel { order: OrderId(1) });
    stage.fill(1, Side::Buy, "4", "4");
    stage.says(1, OrderStatus::Cancelled);
    let told: Vec<String> = stage.moments(1).iter().map(|moment| format!("{moment:?}")).collect();
    let begins =
        ["Intended", "Sent", "OnWire", "Reported", "Reported", "AskedCancel", "Executed", "Reported"];
    assert_eq!(told.len(), begins.len(), "{told:#?}");
    for (line, begin) in told.iter().zip(begins) {
        assert!(line.starts_with(begin), "{line}");
    }
    let numbers: Vec<u64> = stage.journal.iter().map(|record| record.seq.0).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}

#[test]
fn an_order_that_waits_for_the_disk_can_be_cancelled_and_never_leaves() {
    let mut stage = slow_disk();
    stage.buy("10", "99.00");
    let cancelled = stage.command(Command::Cancel { order: OrderId(1) });
    assert!(requests(&cancelled).is_empty());
    assert_eq!(stage.status(1), OrderStatus::Cancelled);
    assert!(requests(&stage.disk_has_all()).is_empty());
}

#[test]
fn a_cancel_never_waits_for_the_disk() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    stage.disk = Disk::Slow;
    let asked = stage.command(Command::Cancel { order: OrderId(1) });
    assert_eq!(requests(&asked), [&BrokerRequest::Cancel(OrderId(1))]);
}

#[test]
fn the_gate_is_asked_again_when_the_disk_is_done() {
    for spoil in [
        |stage: &mut Stage| drop(stage.session_ends()),
        |stage: &mut Stage| drop(stage.command(Command::Kill { flatten: Flatten::No })),
        |stage: &mut Stage| {
            let mut settings = Settings::default();
            settings.limits.profile.max_order_value = Some(dec("1"));
            stage.command(Command::Configure(Arc::new(settings)));
        },
    ] {
        let mut stage = slow_disk();
        stage.buy("10", "99.00");
        spoil(&mut stage);
        let written = stage.disk_has_all();
        assert!(placed(&written).is_empty());
        assert!(stage.status(1).is_final(), "{:?}", stage.order(1));
        assert!(stage.order(1).reason.is_some());
    }
}

#[test]
fn what_the_disk_refuses_is_not_sent_and_new_orders_are_refused_until_it_works() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    stage.disk = Disk::Slow;
    stage.buy("10", "98.00");
    let from = stage.journal.last().unwrap().seq;
    stage.feed(EngineEvent::JournalFailed { from, through: from, why: "no space left".into() });
    assert_eq!(stage.status(2), OrderStatus::Rejected);
    assert!(stage.order(2).reason.as_deref().unwrap().contains("no space left"));
    assert!(refusal(&stage.buy("10", "98.00")).contains("no space left"));
    let amend = Command::Amend {
        order: OrderId(1),
        quantity: Some(Qty(dec("5"))),
        limit: None,
        stop: None,
        despite: Despite::default(),
    };
    assert!(refusal(&stage.command(amend)).contains("journal"));
    assert_eq!(
        requests(&stage.command(Command::Cancel { order: OrderId(1) })),
        [&BrokerRequest::Cancel(OrderId(1))],
        "a cancel works"
    );
    stage.feed(EngineEvent::JournalWorks);
    stage.disk = Disk::Quick;
    assert_eq!(placed(&stage.buy("10", "98.00")).len(), 1);
}

#[test]
fn an_intent_that_the_disk_does_not_take_in_time_is_given_up() {
    let mut stage = slow_disk();
    stage.buy("10", "99.00");
    stage.now = stage.now + Duration::from_secs(6);
    stage.broker(BrokerEvent::Alive { received: stage.now });
    stage.feed(EngineEvent::Tick);
    assert_eq!(stage.status(1), OrderStatus::Rejected);
    assert!(placed(&stage.disk_has_all()).is_empty(), "six seconds later it is not what was asked for");
}

#[test]
fn half_a_bracket_does_not_leave_and_cancelling_a_part_gives_up_the_whole() {
    let mut stage = slow_disk();
    let mut place = limit_order(Side::Buy, "10", "100.00");
    place.bracket = Some(Bracket::gtc(Some(Price(dec("105.00"))), Some(Price(dec("95.00")))));
    stage.command(Command::Place(place));
    assert_eq!(stage.journal.last().unwrap().orders.len(), 3, "one record: all or nothing");
    stage.command(Command::Cancel { order: OrderId(3) });
    for order in 1..=3 {
        assert_eq!(stage.status(order), OrderStatus::Cancelled);
    }
    assert!(requests(&stage.disk_has_all()).is_empty());
}

#[test]
fn a_change_leaves_when_the_disk_has_it_unless_a_cancel_came_first() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    stage.disk = Disk::Slow;
    let amend = Command::Amend {
        order: OrderId(1),
        quantity: Some(Qty(dec("5"))),
        limit: None,
        stop: None,
        despite: Despite::default(),
    };
    assert!(requests(&stage.command(amend.clone())).is_empty());
    assert_eq!(stage.status(1), OrderStatus::PendingAmend);
    assert!(matches!(requests(&stage.disk_has_all())[..], [BrokerRequest::Amend(_)]));
    stage.says(1, OrderStatus::Working);
    let kind = ReportKind::AmendRefused("no".into());
    stage.broker(BrokerEvent::Report(Report { order: OrderId(1), kind, time: stage.now }));
    stage.command(amend);
    stage.command(Command::Cancel { order: OrderId(1) });
    assert!(requests(&stage.disk_has_all()).is_empty());
    assert_eq!(stage.status(1), OrderStatus::PendingCancel);
}

#[test]
fn what_waits_when_the_program_closes_is_never_sent() {
    let mut stage = slow_disk();
    stage.buy("10", "99.00");
    stage.command(Command::Shutdown);
    assert_eq!(stage.status(1), OrderStatus::Rejected);
    assert!(placed(&stage.disk_has_all()).is_empty());
}

#[test]
fn requests_that_a_session_never_read_never_left() {
    let mut stage = stage();
    let sent = stage.buy("10", "99.00");
    stage.buy("10", "98.00");
    let is_placed = |effect: &Effect| matches!(effect, Effect::Request(_, BrokerRequest::Place(_)));
    let unread = sent.into_iter().filter(is_placed).filter_map(|effect| match effect {
        Effect::Request(_, request) => Some(request),
        _ => None,
    });
    let unread = unread.collect();
    stage.broker(BrokerEvent::Ended { reason: "It failed".into(), unread });
    assert_eq!(stage.status(1), OrderStatus::Rejected, "it was not read");
    assert_eq!(stage.status(2), OrderStatus::Unknown, "it was read, and nobody knows");
}

#[test]
fn a_close_whose_position_went_while_it_waited_for_the_disk_is_not_sent() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    stage.command(Command::Place(limit_order(Side::Sell, "10", "101.00")));
    stage.says(2, OrderStatus::Working);
    stage.disk = Disk::Slow;
    stage.command(Command::Close { account: "PAPER".into(), instrument: SHARE, despite: Despite::default() });
    stage.fill(2, Side::Sell, "10", "0");
    assert!(placed(&stage.disk_has_all()).is_empty(), "it would open a short");
    assert_eq!(stage.status(3), OrderStatus::Rejected);
}

#[test]
fn a_journal_that_could_not_be_opened_takes_no_orders_and_lets_cancels_through() {
    let broken = Some("the disk is full".into());
    let mut stage = stage_after(Journaled { broken, ..Journaled::default() });
    let order = Order {
        status: OrderStatus::Working,
        is_acknowledged: true,
        ..Order::intended(
            OrderId(5),
            BROKER,
            "PAPER".into(),
            limit_order(Side::Buy, "1", "99.00").spec,
            stage.now,
        )
    };
    let books = Books { orders: vec![order], accounts: vec![account()], ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    stage.quote();
    assert!(refusal(&stage.buy("1", "99.00")).contains("the disk is full"));
    let cancelled = stage.command(Command::Cancel { order: OrderId(5) });
    assert_eq!(requests(&cancelled), [&BrokerRequest::Cancel(OrderId(5))]);
}

#[test]
fn a_close_that_the_disk_refuses_says_that_the_position_stays_unguarded() {
    let mut stage = stage();
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    stage.disk = Disk::Slow;
    stage.command(Command::Close { account: "PAPER".into(), instrument: SHARE, despite: Despite::default() });
    let from = stage.journal.last().unwrap().seq;
    let effects = stage.feed(EngineEvent::JournalFailed { from, through: from, why: "no space left".into() });
    let said = effects.iter().any(|effect| match effect {
        Effect::Publish { update, .. } => {
            matches!(&**update, Update::Notice(n) if n.text.contains("no stop guards it"))
        }
        _ => false,
    });
    assert!(said);
}

fn amend_to(quantity: &str) -> Command {
    Command::Amend {
        order: OrderId(1),
        quantity: Some(Qty(dec(quantity))),
        limit: None,
        stop: None,
        despite: Despite::default(),
    }
}

fn back_with(stage: &mut Stage, orders: Vec<Order>) {
    let books = Books { orders, accounts: vec![account()], ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    stage.quote();
}

#[test]
fn a_change_that_waited_while_the_session_was_lost_is_not_sent_in_place_of_the_next() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    let works = stage.order(1).clone();
    stage.disk = Disk::Slow;
    stage.command(amend_to("5"));
    let first = stage.journal.last().unwrap().seq;
    stage.session_ends();
    back_with(&mut stage, vec![works]);
    stage.command(amend_to("7"));
    assert!(requests(&stage.feed(EngineEvent::Journaled(first))).is_empty(), "nobody wants it any more");
    let sent = taken(stage.disk_has_all());
    let [BrokerRequest::Amend(amend)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(amend.change().quantity, Some(Qty(dec("7"))));
}

#[test]
fn a_change_whose_session_was_lost_while_it_waited_is_told_as_not_made() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    let works = stage.order(1).clone();
    stage.disk = Disk::Slow;
    stage.command(amend_to("5"));
    stage.session_ends();
    back_with(&mut stage, vec![works]);
    assert!(requests(&stage.disk_has_all()).is_empty());
    assert!(matches!(stage.moments(1).last(), Some(Moment::AmendRefused { why }) if why.contains("lost")));
    assert_eq!(stage.status(1), OrderStatus::Working);
}

#[test]
fn that_an_order_never_left_is_no_word_of_its_broker() {
    let mut stage = stage();
    let sent = taken(stage.buy("10", "99.00"));
    stage.broker(BrokerEvent::Ended { reason: "It failed".into(), unread: sent });
    assert_eq!((stage.status(1), stage.order(1).is_acknowledged), (OrderStatus::Rejected, false));
    let mut stage = super::stage();
    stage.buy("10", "99.00");
    stage.session_ends();
    let books = Books { accounts: vec![account()], are_final: true, ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    assert_eq!((stage.status(1), stage.order(1).is_acknowledged), (OrderStatus::Rejected, false));
    let mut stage = super::stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Accepted);
    assert!(stage.order(1).is_acknowledged);
}

/// The price of each move of order 1 that the journal has, and of how many it is the newest.
fn moves(stage: &Stage) -> Vec<(Decimal, u32)> {
    let told = |moment: &&Moment| match moment {
        Moment::TriggerMoved { price, moves } => Some((price.0, *moves)),
        _ => None,
    };
    stage.moments(1).iter().filter_map(told).collect()
}

#[test]
fn a_trailing_stop_that_moves_all_the_time_is_journaled_once_a_second_and_its_last_move_always() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Held);
    let move_to = |stage: &mut Stage, price: &str| {
        let kind = ReportKind::Trigger(Price(dec(price)));
        stage.broker(BrokerEvent::Report(Report { order: OrderId(1), kind, time: stage.now }))
    };
    let wait = |stage: &mut Stage, millis: u64| {
        stage.now = stage.now + Duration::from_millis(millis);
        stage.feed(EngineEvent::Tick);
    };
    move_to(&mut stage, "90.0");
    assert_eq!(moves(&stage), [(dec("90.0"), 1)], "the first at once");
    for price in ["90.1", "90.2", "90.3"] {
        wait(&mut stage, 250);
        let told = move_to(&mut stage, price);
        assert_eq!(stage.order(1).trigger, Some(Price(dec(price))));
        let is_shown =
            |e: &Effect| matches!(e, Effect::Publish { update, .. } if matches!(&**update, Update::Order(_)));
        assert!(told.iter().any(is_shown), "the window has every one");
    }
    assert_eq!(moves(&stage).len(), 1);
    wait(&mut stage, 250);
    assert_eq!(moves(&stage)[1..], [(dec("90.3"), 3)]);
    // What comes after a move stands behind it.
    move_to(&mut stage, "90.4");
    move_to(&mut stage, "90.5");
    stage.command(Command::Cancel { order: OrderId(1) });
    assert_eq!(moves(&stage)[2..], [(dec("90.5"), 2)]);
    assert!(matches!(stage.moments(1).last(), Some(Moment::AskedCancel)));
    // Who asks for the timeline has all of it, and so has the disk at the end.
    move_to(&mut stage, "90.6");
    stage.command(Command::Timeline { order: OrderId(1) });
    assert_eq!(moves(&stage)[3..], [(dec("90.6"), 1)]);
    move_to(&mut stage, "90.7");
    stage.command(Command::Shutdown);
    assert_eq!(moves(&stage)[4..], [(dec("90.7"), 1)]);
    assert_eq!(stage.journal.last().unwrap().orders[0].trigger, Some(Price(dec("90.7"))));
    let numbers: Vec<u64> = stage.journal.iter().map(|record| record.seq.0).collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
}
