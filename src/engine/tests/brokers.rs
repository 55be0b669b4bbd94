//! Two brokers: what one says touches nothing of the other's.

use super::*;

const OTHER: BrokerId = BrokerId(1);
const THERE: InstrumentId = InstrumentId(1);

/// Ten shares are bought and an order works, at the first broker; the second is ready too.
fn two_brokers() -> Stage {
    let there = Arc::new(Instrument { id: THERE, broker: OTHER, ..(*share()).clone() });
    let names = vec!["Paper".into(), "Other".into()];
    let mut stage = stage();
    stage.engine = Engine::new(Start::first(vec![share(), there].into(), names, stage.now));
    stage.journal.clear();
    stage.feed(EngineEvent::Started);
    for (broker, account) in [(BROKER, account()), (OTHER, their_account())] {
        let books = Books { accounts: vec![account], are_final: true, ..Books::default() };
        stage.feed(EngineEvent::Broker(broker, BrokerEvent::Books(Arc::new(books))));
        let ready = BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() };
        stage.feed(EngineEvent::Broker(broker, ready));
    }
    stage.quote();
    stage.buy("10", "100.00");
    stage.fill(1, Side::Buy, "10", "10");
    stage.buy("10", "99.00");
    stage.says(2, OrderStatus::Working);
    stage
}

fn their_account() -> Arc<Account> {
    Arc::new(Account { id: "OTHER".into(), broker: OTHER, ..(*account()).clone() })
}

fn execution(order: u64, instrument: InstrumentId) -> Fill {
    Fill {
        exec_id: ExecId("X".into()),
        order: OrderId(order),
        account: "OTHER".into(),
        instrument,
        side: Side::Buy,
        quantity: Qty(dec("4")),
        price: Price(dec("99")),
        commission: Money { amount: Decimal::ONE, currency: Currency::USD },
        realised: Decimal::ZERO,
        liquidity: Liquidity::Maker,
        time: Time::from_seconds(1_001),
    }
}

fn from_other(stage: &mut Stage, event: BrokerEvent) -> Vec<Effect> {
    stage.feed(EngineEvent::Broker(OTHER, event))
}

/// What the trader is told as an error.
fn errors(effects: &[Effect]) -> Vec<&str> {
    let mut found = Vec::new();
    for effect in effects {
        if let Effect::Publish { update, .. } = effect
            && let Update::Notice(notice) = &**update
            && notice.level == NoticeLevel::Error
        {
            found.push(&*notice.text);
        }
    }
    found
}

#[test]
fn an_execution_of_another_brokers_order_is_not_booked() {
    for instrument in [THERE, SHARE] {
        let mut stage = two_brokers();
        let before = stage.order(2).clone();
        let position = Position { net: dec("4"), ..Position::flat("OTHER".into(), instrument) };
        let fill = BrokerEvent::Fill { fill: execution(2, instrument), position };
        let told = from_other(&mut stage, fill);
        assert_eq!(*stage.order(2), before);
        assert_eq!(stage.engine.fills().count(), 1);
        let [text] = &errors(&told)[..] else { panic!("{:?}", errors(&told)) };
        assert!(text.contains("execution of order 2") && text.contains("held at Other"), "{text}");
    }
}

#[test]
fn a_report_or_a_sign_of_the_wire_of_another_brokers_order_is_ignored() {
    let mut stage = two_brokers();
    let before = stage.order(2).clone();
    let kind = ReportKind::Status { status: OrderStatus::Cancelled, reason: None };
    let report = Report { order: OrderId(2), kind, time: stage.now };
    let told = from_other(&mut stage, BrokerEvent::Report(report));
    assert_eq!(errors(&told).len(), 1);
    let moments = stage.moments(2).len();
    let told =
        from_other(&mut stage, BrokerEvent::OnWire { order: OrderId(2), at: Time::from_seconds(1_000) });
    assert_eq!(errors(&told).len(), 1);
    assert_eq!((stage.order(2), stage.moments(2).len()), (&before, moments));
}

#[test]
fn books_change_no_order_of_another_broker() {
    let mut stage = two_brokers();
    let before: Vec<Order> = stage.engine.orders.all().cloned().collect();
    let theirs = Order { status: OrderStatus::Cancelled, broker: OTHER, ..stage.order(2).clone() };
    let own_id = Order { id: OrderId(900), ..theirs.clone() };
    let held = Position { net: dec("4"), ..Position::flat("PAPER".into(), SHARE) };
    let books = Books {
        orders: vec![theirs, own_id],
        fills: vec![execution(2, THERE), execution(2, SHARE)],
        positions: vec![held],
        accounts: vec![their_account()],
        are_final: true,
        ..Books::default()
    };
    let told = from_other(&mut stage, BrokerEvent::Books(Arc::new(books)));
    let after: Vec<Order> = stage.engine.orders.all().cloned().collect();
    assert_eq!(after, before, "nor is an order made of what this broker does not list");
    assert_eq!(stage.engine.fills().count(), 1);
    assert_eq!(stage.engine.position_of(&"PAPER".into(), SHARE).unwrap().net, dec("10"));
    let errors = errors(&told);
    assert!(errors.iter().any(|text| text.contains("4 entries in the books of Other")), "{errors:?}");
}

#[test]
fn that_a_broker_is_away_is_an_error_once_until_it_is_back() {
    let mut stage = stage();
    let fails = |stage: &mut Stage, reason: &str| {
        let connecting = ConnectionState::Connecting;
        stage.broker(BrokerEvent::Connection { state: connecting, reason: "Connecting".into() });
        let ended = BrokerEvent::Ended { reason: reason.into(), unread: Vec::new() };
        errors(&stage.broker(ended)).len()
    };
    let tries = ["Gone; trying again in 1 s", "Gone; trying again in 2 s", "Gone; trying again in 4 s"];
    assert_eq!(tries.map(|reason| fails(&mut stage, reason)), [1, 0, 0]);
    assert_eq!(
        fails(&mut stage, "Another program has our client id; trying again in 8 s"),
        1,
        "that is news"
    );
    let books = Books { accounts: vec![account()], are_final: true, ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    assert_eq!(fails(&mut stage, "Gone; trying again in 1 s"), 1);
}

#[test]
fn an_outage_that_is_over_is_told_to_whoever_slept_through_it() {
    let mut stage = stage();
    let heard = stage.now;
    stage.now = heard + std::time::Duration::from_secs(20);
    stage.session_ends();
    stage.now = heard + std::time::Duration::from_secs(30);
    let books = Books { accounts: vec![account()], ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    stage.broker(BrokerEvent::Connection { state: ConnectionState::Ready, reason: "Ready".into() });
    let effects = stage.command(Command::Snapshot);
    let outages = effects.iter().find_map(|effect| match effect {
        Effect::Publish { update, .. } => match &**update {
            Update::Snapshot(snapshot) => Some(Arc::clone(&snapshot.outages)),
            _ => None,
        },
        _ => None,
    });
    let whole = crate::link::Outage { broker: BROKER, from: heard, to: Some(stage.now) };
    assert_eq!(*outages.unwrap(), [whole]);
}

#[test]
fn a_broker_whose_data_stand_still_in_part_takes_orders_once_its_books_were_compared() {
    let mut stage = two_brokers();
    let degraded = || {
        let reason = "Connected, but the farm usfarm is down".into();
        BrokerEvent::Connection { state: ConnectionState::Degraded, reason }
    };
    assert!(errors(&stage.broker(degraded())).is_empty(), "nobody is away");
    assert_eq!(stage.engine.brokers[0].connection.state, ConnectionState::Degraded);
    assert!(requests(&stage.buy("10", "99.00")).iter().any(|r| matches!(r, BrokerRequest::Place(_))));
    stage.session_ends();
    stage.broker(degraded());
    assert_eq!(stage.engine.brokers[0].connection.state, ConnectionState::Reconciling);
    let known: Vec<Order> = stage.engine.orders.all().cloned().collect();
    let books = Books { orders: known, accounts: vec![account()], ..Books::default() };
    stage.broker(BrokerEvent::Books(Arc::new(books)));
    assert_eq!(stage.engine.brokers[0].connection.state, ConnectionState::Degraded);
}
