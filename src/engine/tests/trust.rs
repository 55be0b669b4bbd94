//! What must stay true when messages cross, are lost, come late or were never asked for.

use super::*;
use crate::domain::{LimitSet, Limits};

#[test]
fn a_quote_that_nobody_watches_any_more_is_forgotten() {
    let mut stage = stage();
    let mut demand = crate::link::Demand::default();
    demand.quotes.insert(SHARE);
    stage.command(Command::Demand(Arc::new(demand)));
    stage.quote();
    stage.command(Command::Demand(Arc::default()));
    stage.now = stage.now + std::time::Duration::from_hours(1);
    stage.broker(BrokerEvent::Alive { received: stage.now });
    assert!(refusal(&stage.buy("10", "99.00")).contains("No price"));
}

#[test]
fn a_rejection_that_crosses_a_cancel_ends_the_order() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.command(Command::Cancel { order: OrderId(1) });
    stage.says(1, OrderStatus::Rejected);
    assert_eq!(stage.status(1), OrderStatus::Rejected);
    let told = stage.refuses_cancel(1, "Order 1 is not known");
    assert!(told.is_empty(), "that it cannot be cancelled is no news: {told:?}");
    assert_eq!(stage.status(1), OrderStatus::Rejected);
}

#[test]
fn the_reason_of_an_order_is_what_the_broker_said_last() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    let reason = |stage: &Stage| stage.order(1).reason.as_deref().map(str::to_owned);
    stage.says_why(1, OrderStatus::Held, "Waits for order 9 to fill");
    stage.says_why(1, OrderStatus::Held, "Waits for a trade at 95");
    assert_eq!(reason(&stage).as_deref(), Some("Waits for a trade at 95"));
    stage.says(1, OrderStatus::Working);
    assert_eq!(reason(&stage), None);
    stage.session_ends();
    let known = Order { status: OrderStatus::Working, reason: None, ..stage.order(1).clone() };
    let books = Books { orders: vec![known], accounts: vec![account()], ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    assert_eq!(reason(&stage), None, "the connection is back");
}

#[test]
fn a_trailing_stop_tells_where_it_triggers_until_it_ends() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Held);
    let kind = ReportKind::Trigger(Price(dec("97.50")));
    stage.broker(BrokerEvent::Report(Report { order: OrderId(1), kind, time: stage.now }));
    assert_eq!(stage.order(1).trigger, Some(Price(dec("97.50"))));
    stage.says(1, OrderStatus::Cancelled);
    assert_eq!(stage.order(1).trigger, None);
}

#[test]
fn a_change_of_the_brokers_own_making_answers_no_request() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    stage.command(Command::Cancel { order: OrderId(1) });
    let mut spec = stage.order(1).spec;
    spec.quantity = Qty(dec("6"));
    stage.broker(BrokerEvent::Report(Report {
        order: OrderId(1),
        kind: ReportKind::Amended(spec),
        time: stage.now,
    }));
    assert_eq!((stage.status(1), stage.order(1).spec.quantity), (OrderStatus::PendingCancel, Qty(dec("6"))));
}

#[test]
fn a_change_on_its_way_counts_with_its_larger_size() {
    let mut stage = stage();
    stage.buy("2000", "99.00");
    stage.says(1, OrderStatus::Working);
    let quantity = Some(Qty(dec("2400")));
    stage.command(Command::Amend {
        order: OrderId(1),
        quantity,
        limit: None,
        stop: None,
        despite: Despite::default(),
    });
    for order in 2..=4 {
        stage.buy("2400", "99.00");
        stage.says(order, OrderStatus::Working);
    }
    let refused = stage.buy("400", "99.00");
    assert!(refusal(&refused).contains("position would be worth"), "{}", refusal(&refused));
}

#[test]
fn a_bracket_counts_as_as_many_orders_as_it_has() {
    let mut stage = stage();
    stage.engine.settings = Arc::new(Settings {
        limits: LimitSet {
            profile: Limits { max_working_orders: Some(3), ..LimitSet::default().profile },
            ..LimitSet::default()
        },
        ..Settings::default()
    });
    stage.buy("10", "99.00");
    let mut place = limit_order(Side::Buy, "10", "100.00");
    place.bracket = Some(Bracket::gtc(Some(Price(dec("105.00"))), Some(Price(dec("95.00")))));
    let refused = stage.command(Command::Place(place.clone()));
    assert!(refusal(&refused).contains("orders are working"), "{}", refusal(&refused));
    place.bracket = Some(Bracket::gtc(Some(Price(dec("105.00"))), None));
    assert_eq!(placed(&stage.command(Command::Place(place))).len(), 2);
}

#[test]
fn an_exit_without_its_entry_is_refused() {
    let mut stage = stage();
    let mut place = limit_order(Side::Sell, "10", "101.00");
    place.spec.parent = Some(OrderId(77));
    assert!(refusal(&stage.command(Command::Place(place))).contains("bracket"));
}

#[test]
fn what_a_full_queue_kept_from_the_broker_is_asked_at_the_next_tick() {
    let mut stage = stage();
    // What the account is worth in this minute is told.
    stage.feed(EngineEvent::Tick);
    let mut demand = crate::link::Demand::default();
    demand.quotes.insert(SHARE);
    demand.want_bars(crate::link::BarKey { instrument: SHARE, timeframe: crate::domain::Timeframe::M1 }, 100);
    let sent = taken(stage.command(Command::Demand(Arc::new(demand))));
    assert_eq!(sent.len(), 2, "{sent:?}");
    let what = sent.iter().map(|request| format!("{request:?}")).collect::<Vec<_>>();
    assert!(stage.feed(EngineEvent::Tick).is_empty());
    for request in sent {
        assert!(stage.feed(EngineEvent::Undelivered(BROKER, request, "full")).is_empty());
    }
    let again = taken(stage.feed(EngineEvent::Tick));
    let again = again.iter().map(|request| format!("{request:?}")).collect::<Vec<_>>();
    assert!(what.iter().all(|request| again.contains(request)), "{again:?}");
    assert!(stage.feed(EngineEvent::Tick).is_empty());
}

#[test]
fn a_kill_that_met_a_full_queue_is_repeated_until_it_is_delivered() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    stage.command(Command::Kill { flatten: Flatten::No });
    stage.feed(EngineEvent::Undelivered(BROKER, BrokerRequest::CancelAll, "full"));
    stage.now = stage.now + std::time::Duration::from_millis(250);
    let effects = stage.feed(EngineEvent::Tick);
    assert!(requests(&effects).contains(&&BrokerRequest::Cancel(OrderId(1))));
    assert_eq!(stage.status(1), OrderStatus::PendingCancel);
    assert!(requests(&stage.feed(EngineEvent::Tick)).is_empty());
}

#[test]
fn a_kill_that_the_session_could_not_send_is_repeated_too() {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.says(1, OrderStatus::Working);
    stage.command(Command::Kill { flatten: Flatten::No });
    let why = "The connection was lost before it was sent".into();
    stage.broker(BrokerEvent::Unsent { request: BrokerRequest::CancelAll, why });
    assert_eq!(stage.status(1), OrderStatus::Working, "the screen does not pretend");
    stage.now = stage.now + std::time::Duration::from_millis(250);
    let effects = stage.feed(EngineEvent::Tick);
    assert!(requests(&effects).contains(&&BrokerRequest::Cancel(OrderId(1))));
}

#[test]
fn nothing_is_sent_behind_the_goodbye() {
    let mut stage = stage();
    stage.command(Command::Shutdown);
    let late = stage.buy("10", "99.00");
    assert!(requests(&late).is_empty());
    assert!(refusal(&late).contains("closing"));
}

#[test]
fn settings_that_make_no_sense_change_nothing() {
    let mut stage = stage();
    let mut settings = Settings::default();
    settings.limits.profile.max_order_value = Some(Decimal::ZERO);
    let told = stage.command(Command::Configure(Arc::new(settings)));
    assert!(refusal(&told).contains("max_order_value"));
    assert_eq!(*stage.engine.settings, Settings::default());
}

#[test]
fn an_order_in_a_recording_is_of_the_recordings_time() {
    let mut stage = stage();
    stage.now = Time::from_seconds(1_795_186_800);
    let recorded = Time::from_seconds(1_381_150_800);
    let quote = Quote {
        bid: Some(Price(dec("99.99"))),
        ask: Some(Price(dec("100.01"))),
        is_open: true,
        time: recorded,
        ..Quote::default()
    };
    stage.broker(BrokerEvent::Market { received: stage.now, events: vec![MarketEvent::Quote(SHARE, quote)] });
    stage.buy("10", "99.00");
    assert_eq!(stage.order(1).created, recorded, "as its fills will be");
}

#[test]
fn a_change_that_a_cancel_overtook_still_counts_and_leaves_the_cancel_on_its_way() {
    let mut stage = stage();
    stage.buy("2000", "99.00");
    stage.says(1, OrderStatus::Working);
    let quantity = Some(Qty(dec("2400")));
    stage.command(Command::Amend {
        order: OrderId(1),
        quantity,
        limit: None,
        stop: None,
        despite: Despite::default(),
    });
    stage.command(Command::Cancel { order: OrderId(1) });
    let pending = |stage: &Stage| stage.engine.orders.pending(|_| true);
    assert_eq!((stage.status(1), pending(&stage)), (OrderStatus::PendingCancel, dec("2400")));
    let report =
        |kind| BrokerEvent::Report(Report { order: OrderId(1), kind, time: Time::from_seconds(1_000) });
    stage.broker(report(ReportKind::AmendRefused("Too late".into())));
    assert_eq!((stage.status(1), pending(&stage)), (OrderStatus::PendingCancel, dec("2000")));
    stage.says(1, OrderStatus::Cancelled);
    assert_eq!(stage.status(1), OrderStatus::Cancelled);
}

#[test]
fn an_id_at_the_end_of_all_numbers_does_not_use_ours_up() {
    let mut stage = stage();
    let foreign = |id| {
        let order = Order { status: OrderStatus::Working, ..stage_order() };
        Order { id: OrderId(id), ..order }
    };
    let books =
        Books { orders: vec![foreign(u64::MAX), foreign(77)], accounts: vec![account()], ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    let mut last = 77;
    for _ in 0..3 {
        let told = stage.buy("1", "99.00");
        let Ok(Some(id)) = answer(&told) else { panic!("{told:?}") };
        assert!(id.0 > last && id.0 < 1_000, "{id}");
        last = id.0;
    }
}

/// An order as a broker has it.
fn stage_order() -> Order {
    let mut stage = stage();
    stage.buy("10", "99.00");
    stage.order(1).clone()
}
