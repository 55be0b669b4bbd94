//! Several brackets over one position, groups that have begun to fill, and what is said and
//! remembered of them.

use super::*;
use crate::domain::{LimitSet, Limits};

fn close() -> Command {
    Command::Close { account: "PAPER".into(), instrument: SHARE, despite: Despite::default() }
}

fn quotes(stage: &mut Stage, bid: &str, ask: &str) -> Vec<Effect> {
    let price = |text| Some(Price(dec(text)));
    let quote = Quote { bid: price(bid), ask: price(ask), is_open: true, ..Quote::default() };
    stage.broker(BrokerEvent::Market { received: stage.now, events: vec![MarketEvent::Quote(SHARE, quote)] })
}

fn is_told(told: &[Effect], text: &str) -> bool {
    told.iter().any(|effect| match effect {
        Effect::Publish { update, .. } => {
            matches!(&**update, Update::Notice(notice) if notice.text.contains(text))
        }
        _ => false,
    })
}

#[test]
fn a_stop_that_the_market_passes_on_its_way_is_followed_at_market_at_once() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    stage.broker(BrokerEvent::OnWire { order: OrderId(STOP), at: stage.now });
    // The bid is through the stop and the ask is not: by the quote alone it would wait.
    quotes(&mut stage, "94.90", "95.10");
    broker.works.remove(&OrderId(STOP));
    let told = stage.says_why(STOP, OrderStatus::Rejected, "Stop 95 has been passed");
    assert_eq!(placed(&told).len(), 1, "at once");
    assert!(!is_told(&told, "not guarded by a stop any more"));
    broker.answers(&mut stage, told);
    let follows = OrderId(4);
    assert_eq!(broker.works[&follows].kind, OrderKind::Market);
    assert_eq!(broker.works[&follows].quantity, Qty(dec("10")));
    // What is refused then is not sent a third time.
    broker.works.remove(&follows);
    stage.broker(BrokerEvent::OnWire { order: follows, at: stage.now });
    let told = stage.says_why(4, OrderStatus::Rejected, "No buyers");
    assert!(is_told(&told, "10 AAPL are not guarded by a stop any more"));
    broker.answers(&mut stage, told);
    rests(&mut stage, &mut broker);
    assert_eq!((broker.leg(true), broker.works.len()), (dec("10"), 1), "{:?}", broker.works);
}

#[test]
fn an_exit_waits_while_another_bracket_guards_all_that_is_held_and_says_so() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    let told = stage.command(bracketed("10"));
    broker.answers(&mut stage, told);
    // Ten are sold on the phone before the second entry fills.
    broker.net = Decimal::ZERO;
    broker.works.remove(&OrderId(4));
    let told = stage.fill(4, Side::Buy, "10", "10");
    assert!(placed(&told).is_empty());
    assert!(is_told(&told, "Order 6 waits: the stop of another bracket guards the 10 AAPL that are held"));
    assert!(stage.order(6).reason.as_deref().unwrap().contains("another bracket guards"));
    broker.net = dec("10");
    // The stop of the first is taken away: that of the second takes its place.
    let told = stage.command(Command::Cancel { order: OrderId(STOP) });
    broker.answers(&mut stage, told);
    assert!(broker.works.contains_key(&OrderId(6)), "{:?}", broker.works);
    assert_eq!(broker.leg(false), dec("10"));
}

fn oco(side: Side, quantity: &str, price: &str) -> Command {
    let mut place = limit_order(side, quantity, price);
    place.spec.oco = Some(GroupId(7));
    Command::Place(place)
}

#[test]
fn what_waits_for_the_disk_does_not_join_a_group_that_has_begun_to_fill() {
    let mut stage = kept_stage(true);
    let mut broker = Broker::default();
    let told = stage.command(oco(Side::Buy, "10", "99.00"));
    broker.answers(&mut stage, told);
    stage.disk = Disk::Slow;
    stage.command(oco(Side::Buy, "10", "98.00"));
    broker.fills(&mut stage, 1, "4");
    stage.disk = Disk::Quick;
    let told = stage.disk_has_all();
    assert!(placed(&told).is_empty(), "fourteen could fill of ten");
    assert_eq!(stage.status(2), OrderStatus::Cancelled);
}

#[test]
fn with_a_broken_journal_the_other_order_of_a_group_stays_where_it_guards() {
    let fills_in_part = |held: &str| {
        let mut stage = kept_stage(true);
        let mut broker = Broker { net: dec(held), ..Broker::default() };
        stage.fill_as("E-before", 900, Side::Buy, "10", held);
        for price in ["101.00", "102.00"] {
            let told = stage.command(oco(Side::Sell, "10", price));
            broker.answers(&mut stage, told);
        }
        let (first, second) = (OrderId(901), OrderId(902));
        assert_eq!(broker.works.keys().copied().collect::<Vec<_>>(), [first, second]);
        let (from, through) = (Seq(9_000), Seq(9_000));
        stage.feed(EngineEvent::JournalFailed { from, through, why: "no space left".into() });
        broker.fills(&mut stage, first.0, "4");
        rests(&mut stage, &mut broker);
        let while_broken = broker.remaining(second.0);
        let told = stage.feed(EngineEvent::JournalWorks);
        broker.answers(&mut stage, told);
        rests(&mut stage, &mut broker);
        (while_broken, broker.remaining(second.0))
    };
    let (ten, six) = (Some(dec("10")), Some(dec("6")));
    assert_eq!(fills_in_part("10"), (ten, six), "it closes what is held");
    assert_eq!(fills_in_part("0").0, None, "what opens goes, rather than both");
}

#[test]
fn what_has_ended_long_ago_is_forgotten_with_all_that_was_noted_of_it() {
    let mut stage = kept_stage(false);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    broker.fills(&mut stage, TARGET, "3");
    rests(&mut stage, &mut broker);
    let many = u64::try_from(crate::link::ENDED_ORDERS_KEPT).unwrap() + 2_000;
    let ended = Order { status: OrderStatus::Cancelled, kept: None, ..stage.order(ENTRY).clone() };
    let insert = |stage: &mut Stage, from: u64| {
        for id in from..from + many {
            stage.engine.orders.insert_foreign(Order { id: OrderId(id), ..ended.clone() });
        }
        stage.feed(EngineEvent::Tick);
    };
    insert(&mut stage, 1_000);
    assert_eq!(stage.status(STOP), OrderStatus::Cancelled, "its bracket is not over");
    broker.fills(&mut stage, TARGET, "7");
    rests(&mut stage, &mut broker);
    assert!(broker.works.is_empty() && stage.engine.groups.are_at_rest());
    insert(&mut stage, 50_000);
    assert!(stage.engine.orders.get(OrderId(STOP)).is_none());
    assert!(stage.engine.groups.remembers_nothing(), "{:?}", stage.engine.groups);
    assert!(stage.engine.orders.all().count() <= crate::link::ENDED_ORDERS_KEPT * 11 / 10);
}

#[test]
fn an_entry_that_fills_while_nothing_can_be_written_is_told_as_unguarded() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    let (from, through) = (Seq(9_000), Seq(9_000));
    stage.feed(EngineEvent::JournalFailed { from, through, why: "no space left".into() });
    broker.works.remove(&OrderId(ENTRY));
    broker.net = dec("10");
    let mut told = stage.fill(ENTRY, Side::Buy, "10", "10");
    assert!(is_told(&told, "10 AAPL are not guarded by a stop yet"));
    for _ in 0..3 {
        stage.now = stage.now + std::time::Duration::from_secs(3);
        told = stage.quote();
        told.extend(stage.feed(EngineEvent::Tick));
        assert!(placed(&told).is_empty() && !is_told(&told, "not guarded"), "once");
    }
    let told = stage.feed(EngineEvent::JournalWorks);
    broker.answers(&mut stage, told);
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("10"), dec("10")));
}

/// Two brackets of ten whose entries have filled four each, beside a plain sale of all eight.
fn two_of_ten() -> (Stage, Broker) {
    let mut stage = kept_stage(true);
    let mut broker = Broker::default();
    for entry in [1, 4] {
        let told = stage.command(bracketed("10"));
        broker.answers(&mut stage, told);
        broker.fills(&mut stage, entry, "4");
    }
    broker.net = Decimal::ZERO;
    stage.fill(900, Side::Sell, "8", "0");
    stage.now = stage.now + std::time::Duration::from_secs(3);
    (stage, broker)
}

#[test]
fn two_brackets_that_grow_at_the_same_time_guard_no_more_than_is_held() {
    let (mut stage, mut broker) = two_of_ten();
    broker.works.remove(&OrderId(1));
    let mut told = stage.fill(1, Side::Buy, "6", "6");
    broker.works.remove(&OrderId(4));
    told.extend(stage.fill(4, Side::Buy, "6", "12"));
    broker.net = dec("12");
    broker.answers(&mut stage, told);
    rests(&mut stage, &mut broker);
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("12"), dec("12")), "{:?}", broker.works);
}

#[test]
fn a_stop_whose_growth_is_on_its_way_is_not_cancelled_for_a_smaller_size() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "4");
    stage.now = stage.now + std::time::Duration::from_secs(3);
    let mut told = stage.fill(ENTRY, Side::Buy, "6", "10");
    broker.works.remove(&OrderId(ENTRY));
    // The target fills all that it was for before its own change has come.
    told.extend(stage.fill(TARGET, Side::Sell, "4", "6"));
    broker.works.remove(&OrderId(TARGET));
    broker.filled.insert(OrderId(TARGET), dec("4"));
    broker.net = dec("6");
    let cancels = |told: &[Effect]| requests(told).contains(&&BrokerRequest::Cancel(OrderId(STOP)));
    assert!(!cancels(&told));
    broker.answers(&mut stage, told);
    rests(&mut stage, &mut broker);
    assert_eq!(broker.leg(false), dec("6"), "{:?}", broker.works);
    assert!(broker.works.contains_key(&OrderId(STOP)), "the same order");
}

#[test]
fn a_leg_whose_cancel_was_refused_says_that_it_does_not_grow() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "4");
    let told = stage.command(Command::Cancel { order: OrderId(STOP) });
    assert!(requests(&told).contains(&&BrokerRequest::Cancel(OrderId(STOP))));
    stage.refuses_cancel(STOP, "not now");
    stage.now = stage.now + std::time::Duration::from_secs(3);
    broker.works.remove(&OrderId(ENTRY));
    broker.net = dec("10");
    let told = stage.fill(ENTRY, Side::Buy, "6", "10");
    assert!(is_told(&told, "Order 3 is not made larger: 6 AAPL are not guarded by a stop any more"));
    broker.answers(&mut stage, told);
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("10"), dec("4")));
}

#[test]
fn a_change_of_size_that_its_session_has_lost_is_asked_for_again() {
    for was_read in [false, true] {
        let mut stage = kept_stage(true);
        let mut broker = entered(&mut stage, "10");
        broker.fills(&mut stage, ENTRY, "10");
        stage.now = stage.now + std::time::Duration::from_secs(3);
        broker.net = dec("7");
        broker.filled.insert(OrderId(TARGET), dec("3"));
        let unread = taken(stage.fill(TARGET, Side::Sell, "3", "7"));
        assert_eq!(unread.len(), 1, "its size");
        let unread = if was_read { Vec::new() } else { unread };
        stage.broker(BrokerEvent::Ended { reason: "It broke".into(), unread });
        let orders = [ENTRY, TARGET, STOP].map(|id| Order {
            status: if id == ENTRY { OrderStatus::Filled } else { OrderStatus::Working },
            ..stage.order(id).clone()
        });
        let positions = vec![Position { net: dec("7"), ..Position::flat("PAPER".into(), SHARE) }];
        let (orders, accounts) = (orders.to_vec(), vec![account()]);
        let books = Books { orders, accounts, positions, are_final: true, ..Books::default() };
        let mut told = stage.broker(BrokerEvent::Books(Arc::new(books)));
        let ready = BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() };
        told.extend(stage.broker(ready));
        assert!(!requests(&told).contains(&&BrokerRequest::Cancel(OrderId(STOP))), "{:?}", requests(&told));
        broker.answers(&mut stage, told);
        assert_eq!(broker.remaining(STOP), Some(dec("7")));
    }
}

#[test]
fn a_bracket_that_the_broker_has_ended_is_told_of_once_and_not_at_every_start() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    stage.broker(BrokerEvent::OnWire { order: OrderId(STOP), at: stage.now });
    broker.works.remove(&OrderId(STOP));
    assert!(is_told(&stage.says(STOP, OrderStatus::Rejected), "not guarded by a stop any more"));
    let told = stage.command(Command::Cancel { order: OrderId(TARGET) });
    broker.answers(&mut stage, told);
    stage.fill(900, Side::Sell, "10", "0");
    rests(&mut stage, &mut broker);
    // Another day, and another position of the same kind.
    let orders: Vec<Order> = stage.engine.orders.all().cloned().collect();
    let journal = Journaled { orders: orders.clone(), next_seq: Seq(100), ..Journaled::default() };
    let mut second = stage_after(journal);
    second.engine.brokers[0].facts.capabilities =
        Capabilities { native_groups: false, amend: true, lookup: false, what_if: false };
    let positions = vec![Position { net: dec("10"), ..Position::flat("PAPER".into(), SHARE) }];
    let books = Books { orders, accounts: vec![account()], positions, are_final: true, ..Books::default() };
    let mut told = second.broker(BrokerEvent::Books(Arc::new(books)));
    let ready = BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() };
    told.extend(second.broker(ready));
    told.extend(second.feed(EngineEvent::Tick));
    assert!(!is_told(&told, "not guarded"));
    assert!(second.engine.groups.are_at_rest());
}

#[test]
fn a_close_takes_the_exits_along_that_come_while_it_waits() {
    let mut stage = kept_stage(false);
    let mut broker = Broker::default();
    for _ in 0..2 {
        let told = stage.command(bracketed("10"));
        broker.answers(&mut stage, told);
    }
    broker.fills(&mut stage, 1, "1");
    // The second entry fills while the cancels are on their way.
    let told = stage.command(close());
    broker.fills(&mut stage, 4, "1");
    assert_eq!(broker.leg(false), dec("2"), "both legs work");
    broker.answers(&mut stage, told);
    rests(&mut stage, &mut broker);
    let (close, sells) = broker.works.iter().find(|(_, spec)| spec.side == Side::Sell).unwrap();
    assert_eq!((sells.kind, sells.quantity), (OrderKind::Market, Qty(dec("2"))));
    broker.fills(&mut stage, close.0, "2");
    rests(&mut stage, &mut broker);
    assert!(broker.works.is_empty(), "flat, and nothing may sell or buy: {:?}", broker.works);
}

#[test]
fn a_close_that_is_given_up_says_what_it_has_taken_away() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "4");
    stage.command(close());
    stage.says(STOP, OrderStatus::Cancelled);
    let told = stage.refuses_cancel(ENTRY, "not now");
    assert!(is_told(&told, "order 1 was not cancelled. The position stays. One of its exits is gone"));
    // The other way round: what goes after it was given up.
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "4");
    stage.command(close());
    stage.refuses_cancel(ENTRY, "not now");
    stage.says(TARGET, OrderStatus::Cancelled);
    let told = stage.says(STOP, OrderStatus::Cancelled);
    assert!(is_told(&told, "The position in AAPL stays and no stop guards it"));
    // And where the trader takes the close back.
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    stage.command(close());
    stage.command(Command::Cancel { order: OrderId(4) });
    assert_eq!(stage.status(4), OrderStatus::Cancelled);
    stage.says(TARGET, OrderStatus::Cancelled);
    let told = stage.says(STOP, OrderStatus::Cancelled);
    assert!(is_told(&told, "The position in AAPL stays and no stop guards it"));
    // Nobody answers for ten seconds; then the cancels come all the same.
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    stage.command(close());
    stage.now = stage.now + std::time::Duration::from_secs(11);
    let told = stage.feed(EngineEvent::Tick);
    assert!(is_told(&told, "The position stays."));
    stage.says(TARGET, OrderStatus::Cancelled);
    let told = stage.says(STOP, OrderStatus::Cancelled);
    assert!(is_told(&told, "The position in AAPL stays and no stop guards it"));
}

#[test]
fn of_two_brackets_that_guard_too_much_one_gives_way() {
    for is_broken in [false, true] {
        let mut stage = kept_stage(true);
        let mut broker = Broker::default();
        for entry in [1, 4] {
            let told = stage.command(bracketed("10"));
            broker.answers(&mut stage, told);
            broker.fills(&mut stage, entry, "10");
        }
        for target in [2, 5] {
            broker.fills(&mut stage, target, "3");
        }
        rests(&mut stage, &mut broker);
        assert_eq!(broker.leg(false), dec("14"));
        if is_broken {
            let (from, through) = (Seq(9_000), Seq(9_000));
            stage.feed(EngineEvent::JournalFailed { from, through, why: "no space left".into() });
        }
        // Seven are sold on the phone.
        broker.net = dec("7");
        let told = stage.fill(900, Side::Sell, "7", "7");
        broker.answers(&mut stage, told);
        assert_eq!((broker.leg(true), broker.leg(false)), (dec("7"), dec("7")), "at no time less");
        rests(&mut stage, &mut broker);
        assert_eq!((broker.leg(true), broker.leg(false)), (dec("7"), dec("7")));
    }
}

#[test]
fn brackets_of_an_account_that_the_session_does_not_show_are_left_alone() {
    let mut first = kept_stage(true);
    let mut broker = entered(&mut first, "10");
    let filled = Order {
        status: OrderStatus::Filled,
        filled: Qty(dec("10")),
        average_price: Some(dec("100")),
        ..first.order(ENTRY).clone()
    };
    let orders = vec![filled.clone(), first.order(TARGET).clone(), first.order(STOP).clone()];
    let journal = Journaled { orders, next_seq: Seq(100), ..Journaled::default() };
    let mut second = stage_after(journal);
    second.engine.brokers[0].facts.capabilities =
        Capabilities { native_groups: false, amend: true, lookup: false, what_if: false };
    let session = |stage: &mut Stage, accounts: Vec<Arc<Account>>, books: Books| {
        let mut told =
            stage.broker(BrokerEvent::Books(Arc::new(Books { accounts, are_final: true, ..books })));
        let ready = BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() };
        told.extend(stage.broker(ready));
        told.extend(stage.quote());
        told.extend(stage.feed(EngineEvent::Tick));
        told
    };
    let other = Arc::new(Account { id: "OTHER".into(), ..Account::clone(&account()) });
    let told = session(&mut second, vec![other], Books::default());
    assert!(requests(&told).iter().all(|request| matches!(request, BrokerRequest::Watch(_))), "{told:?}");
    assert_eq!(second.status(STOP), OrderStatus::Kept);
    second.session_ends();
    let positions = vec![Position { net: dec("10"), ..Position::flat("PAPER".into(), SHARE) }];
    let told =
        session(&mut second, vec![account()], Books { orders: vec![filled], positions, ..Books::default() });
    broker.works.clear();
    broker.answers(&mut second, told);
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("10"), dec("10")));
}

#[test]
fn a_change_that_cannot_be_handed_over_is_not_asked_for_again_at_once() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    stage.now = stage.now + std::time::Duration::from_secs(3);
    let mut told = stage.fill(TARGET, Side::Sell, "3", "7");
    let mut asked = 0;
    for _ in 0..10 {
        for request in taken(told).into_iter().filter(|r| matches!(r, BrokerRequest::Amend(_))) {
            asked += 1;
            stage.feed(EngineEvent::Undelivered(BROKER, request, "The queue is full"));
        }
        told = stage.feed(EngineEvent::Tick);
    }
    assert_eq!(asked, 1);
    stage.now = stage.now + std::time::Duration::from_secs(3);
    stage.quote();
    let told = stage.feed(EngineEvent::Tick);
    assert!(requests(&told).iter().any(|request| matches!(request, BrokerRequest::Amend(_))));
}

#[test]
fn a_second_full_disk_is_told_like_the_first() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "4");
    for net in ["7", "10"] {
        stage.now = stage.now + std::time::Duration::from_secs(3);
        stage.quote();
        let (from, through) = (Seq(9_000), Seq(9_000));
        stage.feed(EngineEvent::JournalFailed { from, through, why: "no space left".into() });
        broker.net = dec(net);
        *broker.filled.entry(OrderId(ENTRY)).or_default() += dec("3");
        let told = stage.fill(ENTRY, Side::Buy, "3", net);
        assert!(is_told(&told, "3 AAPL are not guarded by a stop yet"), "{net}");
        let told = stage.feed(EngineEvent::JournalWorks);
        broker.answers(&mut stage, told);
        rests(&mut stage, &mut broker);
        assert_eq!(broker.leg(false), dec(net));
    }
}

#[test]
fn a_stop_that_is_refused_in_a_book_that_is_far_apart_closes_nothing() {
    let mut stage = kept_stage(true);
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    stage.broker(BrokerEvent::OnWire { order: OrderId(STOP), at: stage.now });
    quotes(&mut stage, "90.00", "110.00");
    let told = stage.says_why(STOP, OrderStatus::Rejected, "Not enough margin");
    assert!(placed(&told).is_empty());
    assert!(is_told(&told, "10 AAPL are not guarded by a stop any more"));
}

#[test]
fn a_limit_counts_what_the_exits_of_a_bracket_can_still_grow_to() {
    let mut stage = kept_stage(true);
    let own = Limits { max_position_quantity: Some(Qty(dec("20"))), ..Limits::default() };
    let limits = LimitSet { instruments: [("AAPL@NASDAQ".to_owned(), own)].into(), ..LimitSet::default() };
    let settings = Settings { limits, ..Settings::default() };
    assert!(answer(&stage.command(Command::Configure(Arc::new(settings)))).is_ok());
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    // Four are sold on the phone, and six are bought again with exits of their own.
    broker.net = dec("6");
    stage.fill_as("E-phone", 900, Side::Sell, "4", "6");
    let told = stage.command(bracketed("6"));
    broker.answers(&mut stage, told);
    let second = broker.works.keys().next_back().unwrap().0;
    broker.fills(&mut stage, second, "6");
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("12"), dec("12")), "two of the six have exits");
    // Were the stop of the first to end, that of the second would grow to six.
    let sells = |stage: &mut Stage, quantity| {
        stage.command(Command::Place(limit_order(Side::Sell, quantity, "101.00")))
    };
    let refused = format!("{:?}", answer(&sells(&mut stage, "17")));
    assert!(refused.contains("21"), "{refused}");
    let told = sells(&mut stage, "16");
    assert!(answer(&told).is_ok());
    broker.answers(&mut stage, told);
    // Were both of its legs over, none of it would: ten of the first, and what still works.
    let exits: Vec<OrderId> =
        stage.engine.orders.live().filter(|o| o.entry() == Some(OrderId(second))).map(|o| o.id).collect();
    for order in exits {
        let told = stage.command(Command::Cancel { order });
        broker.answers(&mut stage, told);
    }
    assert!(answer(&sells(&mut stage, "6")).is_ok(), "22 and 10 could be sold of 12");
}

#[test]
fn what_waits_because_another_bracket_guards_it_all_says_so_and_still_counts() {
    let mut stage = kept_stage(true);
    let own = Limits { max_position_quantity: Some(Qty(dec("20"))), ..Limits::default() };
    let limits = LimitSet { instruments: [("AAPL@NASDAQ".to_owned(), own)].into(), ..LimitSet::default() };
    let settings = Settings { limits, ..Settings::default() };
    assert!(answer(&stage.command(Command::Configure(Arc::new(settings)))).is_ok());
    let mut broker = entered(&mut stage, "10");
    broker.fills(&mut stage, ENTRY, "10");
    let told = stage.command(bracketed("6"));
    broker.answers(&mut stage, told);
    broker.fills(&mut stage, 4, "6");
    broker.fills(&mut stage, 5, "2");
    // Four are sold on the phone: the first bracket guards the ten that are left.
    broker.net = dec("10");
    let told = stage.fill_as("E-phone", 900, Side::Sell, "4", "10");
    broker.answers(&mut stage, told);
    let told = stage.feed(EngineEvent::Tick);
    let is_said = is_told(&told, "waits: the stop of another bracket guards");
    broker.answers(&mut stage, told);
    rests(&mut stage, &mut broker);
    assert_eq!((broker.leg(true), broker.leg(false)), (dec("10"), dec("10")), "{:?}", broker.works);
    assert!(is_said || stage.engine.notices.all().any(|n| n.text.contains("of order 4 waits")));
    let sells = |stage: &mut Stage, quantity| {
        answer(&stage.command(Command::Place(limit_order(Side::Sell, quantity, "101.00")))).is_ok()
    };
    assert!(!sells(&mut stage, "17"), "with the four that wait 21 could be short");
    assert!(sells(&mut stage, "16"));
}
