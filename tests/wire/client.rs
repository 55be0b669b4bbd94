//! What a client makes of an exchange that is not as it should be.

use std::sync::Arc;
use std::time::Duration;

use pitdesk::broker::contract::Watch;
use pitdesk::broker::paper::client::{ClientCore, Ending, Login, Out, SILENCE};
use pitdesk::broker::paper::wire::frame::{Inbound, LONGEST, Outbound};
use pitdesk::broker::paper::wire::{
    BarLine, BarsPart, BarsWanted, BooksPart, Farewell, FromExchange, ReportLine, Says, ToExchange, VERSION,
};
use pitdesk::broker::{BrokerEvent, BrokerRequest, ReportKind};
use pitdesk::domain::{
    Account, AccountKind, Bar, BrokerId, Currency, InstrumentId, OrderId, OrderKind, OrderSpec, OrderStatus,
    Price, Qty, Quote, Side, Time, TimeInForce, Timeframe,
};

use crate::world::{START, approved, listed, order};

/// A client, and an exchange that says what the test wants.
struct Talk {
    client: ClientCore,
    out: Out,
    exchange: Outbound,
    heard: Inbound,
    now: Time,
}

impl Talk {
    fn new(last_event: u64) -> Self {
        let account = "PAPER".into();
        let login = Login { broker: BrokerId(3), account, token: "secret".into(), catalogue: 7, last_event };
        let (mut client, mut out) = (ClientCore::new(login), Out::default());
        client.connected(START, &mut out);
        let (exchange, heard) = (Outbound::new(LONGEST), Inbound::new(LONGEST));
        Self { client, out, exchange, heard, now: START }
    }

    /// One that was let in, with events up to `event`.
    fn ready(last_event: u64, event: u64) -> Self {
        let mut talk = Self::new(last_event);
        talk.say(FromExchange::Welcome { version: VERSION, session: 1, event });
        talk.say(FromExchange::Books(BooksPart::default()));
        talk.say(FromExchange::Ready { market: "A market".into() });
        assert!(talk.client.is_ready());
        talk.hand_over();
        talk.out = Out::default();
        talk
    }

    #[expect(clippy::needless_pass_by_value, reason = "messages are made to be said")]
    fn say(&mut self, message: FromExchange) {
        let mut bytes = Vec::new();
        self.exchange.frame(&message, &mut bytes).unwrap();
        self.client.received(&bytes, self.now, &mut self.out);
    }

    fn hand_over(&mut self) -> Vec<ToExchange> {
        let bytes = std::mem::take(&mut self.out.bytes);
        self.client.handed_over(bytes.len(), self.now, &mut self.out);
        self.heard.push(&bytes);
        std::iter::from_fn(|| self.heard.next_message().unwrap()).collect()
    }

    fn lost(&self) -> &str {
        match &self.out.end {
            Some(Ending::Lost(why)) => why,
            other => panic!("{other:?}"),
        }
    }
}

fn report(event: u64) -> FromExchange {
    let says = Says::Status(OrderStatus::Working, None);
    FromExchange::Report { event, report: ReportLine { order: OrderId(1), says, time: START } }
}

fn far_order(id: u64) -> BrokerRequest {
    let instrument = Arc::clone(&listed()[0]);
    let price = instrument.ticks.round(Price(100.into()));
    let spec =
        OrderSpec::new(instrument.id, Side::Buy, Qty(1.into()), OrderKind::Limit { price }, TimeInForce::Gtc);
    let quote = Quote { bid: Some(price), ask: Some(price), is_open: true, ..Quote::default() };
    BrokerRequest::Place(vec![approved(id, spec, &instrument, &quote, START)])
}

#[test]
fn a_missing_event_ends_the_connection_and_one_seen_before_is_passed_over() {
    let mut talk = Talk::ready(3, 4);
    talk.say(report(5));
    talk.say(report(5));
    talk.say(report(4));
    assert_eq!(talk.out.events.len(), 1);
    assert!(talk.out.end.is_none());
    talk.say(report(7));
    assert_eq!(talk.lost(), "Event 6 of the account is missing, 7 came instead");
    assert_eq!(talk.client.last_event(), 5);
    talk.say(report(6));
    assert_eq!(talk.out.events.len(), 1, "nothing counts that comes after");
}

#[test]
fn what_does_not_belong_there_ends_the_connection() {
    let protocol = "The exchange does not keep to the protocol";
    for message in
        [report(1), FromExchange::Alive, FromExchange::BooksEnd, FromExchange::Ready { market: "".into() }]
    {
        let mut talk = Talk::new(0);
        talk.say(message);
        assert_eq!(talk.lost(), protocol);
        assert!(talk.out.events.is_empty());
    }
    let mut talk = Talk::ready(0, 0);
    talk.say(FromExchange::Ready { market: "".into() });
    assert_eq!(talk.lost(), protocol, "a session begins once");
    let mut talk = Talk::ready(0, 0);
    talk.client.received(b"<html>", talk.now, &mut talk.out);
    assert!(talk.out.end.is_none(), "it may be the beginning of a frame");
    talk.client.received(b"<body>Bad gateway</body>", talk.now, &mut talk.out);
    assert_eq!(talk.lost(), "The connection is not to be trusted: a frame's header arrived damaged");
}

#[test]
fn bars_that_cannot_be_are_not_passed_on() {
    let wanted =
        BarsWanted { instrument: InstrumentId(0), timeframe: Timeframe::M1, before: START, count: 2 };
    let bar = |time| Bar { time: Time(time), open: 1.0, high: 2.0, low: 0.5, close: 1.0, volume: 1.0 };
    let part = |bars: Vec<Bar>, more| {
        let bars = bars.into_iter().map(BarLine::from).collect();
        FromExchange::History(BarsPart { wanted, bars, forming: None, more })
    };
    let mut talk = Talk::ready(0, 0);
    talk.say(part(vec![bar(1)], true));
    assert!(talk.out.events.is_empty());
    talk.say(part(vec![bar(2)], false));
    assert!(matches!(&talk.out.events[..], [BrokerEvent::History(bars)] if bars.bars.len() == 2));
    talk.say(part(vec![Bar { high: f64::INFINITY, ..bar(3) }], false));
    assert_eq!(talk.lost(), "The exchange's bars make no sense");
    let mut talk = Talk::ready(0, 0);
    talk.say(part(vec![bar(1), bar(2)], true));
    talk.say(part(vec![bar(3)], true));
    assert_eq!(talk.lost(), "The exchange's bars make no sense", "more than was asked for");
}

#[test]
fn before_the_books_nothing_is_sent_but_the_greeting() {
    let mut talk = Talk::new(9);
    assert!(matches!(&talk.hand_over()[..], [ToExchange::Hello(hello)] if hello.last_event == 9));
    let back = talk.client.request(far_order(1), talk.now, &mut talk.out);
    assert_eq!(back, Err(far_order(1)));
    talk.say(FromExchange::Welcome { version: VERSION, session: 1, event: 9 });
    assert!(talk.client.request(BrokerRequest::CancelAll, talk.now, &mut talk.out).is_err());
    assert!(talk.hand_over().is_empty());
    talk.client.request(BrokerRequest::Disconnect, talk.now, &mut talk.out).unwrap();
    assert_eq!(talk.hand_over(), [ToExchange::Goodbye]);
    assert_eq!(talk.out.end, Some(Ending::Asked));
}

#[test]
fn silence_is_noticed_and_never_kept() {
    let mut talk = Talk::ready(0, 0);
    for second in 1..=5 {
        talk.now = START + Duration::from_secs(second);
        assert!(talk.client.next_time() <= talk.now);
        talk.client.tick(talk.now, &mut talk.out);
        assert_eq!(talk.hand_over(), [ToExchange::Heartbeat], "second {second}");
    }
    assert!(talk.out.end.is_none());
    talk.client.tick(START + SILENCE + Duration::from_millis(1), &mut talk.out);
    assert_eq!(talk.lost(), "Nothing was heard of the exchange for 5 s");
    // Not even a greeting is waited for any longer.
    let mut talk = Talk::new(0);
    talk.client.tick(START + SILENCE + Duration::from_millis(1), &mut talk.out);
    assert_eq!(talk.lost(), "Nothing was heard of the exchange for 5 s");
}

#[test]
fn being_taken_over_is_no_loss() {
    let mut talk = Talk::ready(0, 0);
    talk.say(FromExchange::Goodbye(Farewell::TakenOver));
    assert!(matches!(talk.out.end, Some(Ending::TakenOver(_))));
    let mut talk = Talk::ready(0, 0);
    talk.say(FromExchange::Goodbye(Farewell::ShuttingDown));
    assert_eq!(talk.lost(), "The exchange was shut down");
}

#[test]
fn what_is_too_much_at_once_is_refused_and_the_next_request_goes_through() {
    let mut talk = Talk::ready(0, 0);
    let orders = (1..=10_000).flat_map(|id| match far_order(id) {
        BrokerRequest::Place(orders) => orders,
        other => unreachable!("{other:?}"),
    });
    let many = BrokerRequest::Place(orders.collect());
    talk.client.request(many, talk.now, &mut talk.out).unwrap();
    assert!(talk.out.bytes.is_empty());
    let refused = |event: &BrokerEvent| match event {
        BrokerEvent::Report(report) => {
            matches!(report.kind, ReportKind::Status { status: OrderStatus::Rejected, .. })
        }
        _ => false,
    };
    assert_eq!(talk.out.events.iter().filter(|event| refused(event)).count(), 10_000);
    talk.client.request(far_order(20_000), talk.now, &mut talk.out).unwrap();
    assert!(matches!(&talk.hand_over()[..], [ToExchange::Place(orders)] if orders[0].id == OrderId(20_000)));
}

#[test]
fn an_order_is_on_the_wire_when_its_last_byte_is() {
    let mut talk = Talk::ready(0, 0);
    talk.client.request(BrokerRequest::Watch(Watch::default()), talk.now, &mut talk.out).unwrap();
    talk.client.request(far_order(1), talk.now, &mut talk.out).unwrap();
    let first = talk.out.bytes.len();
    talk.client.request(far_order(2), talk.now, &mut talk.out).unwrap();
    let wire = |talk: &mut Talk, count| {
        talk.client.handed_over(count, talk.now, &mut talk.out);
        let ids = talk.out.events.drain(..).filter_map(|event| match event {
            BrokerEvent::OnWire { order, .. } => Some(order.0),
            _ => None,
        });
        ids.collect::<Vec<_>>()
    };
    assert_eq!(wire(&mut talk, first - 1), [0; 0]);
    assert_eq!(wire(&mut talk, 1), [1]);
    talk.client.closed(talk.now, &mut talk.out);
    let told: Vec<_> = talk.out.events.iter().map(|event| format!("{event:?}")).collect();
    assert_eq!(told.len(), 1, "of the first one nobody knows: {told:?}");
    assert!(told[0].contains("OrderId(2)") && told[0].contains("Rejected"), "{told:?}");
}

#[test]
fn what_comes_is_marked_with_the_place_of_the_broker() {
    let mut talk = Talk::new(0);
    let account = Account {
        id: "PAPER".into(),
        broker: BrokerId(0),
        kind: AccountKind::Paper,
        title: "Practice".into(),
        base: Currency::USD,
        balances: Vec::new(),
        reported: None,
    };
    let instrument = &listed()[0];
    let spec = OrderSpec::new(instrument.id, Side::Buy, Qty(1.into()), OrderKind::Market, TimeInForce::Day);
    talk.say(FromExchange::Welcome { version: VERSION, session: 1, event: 0 });
    talk.say(FromExchange::Books(BooksPart { accounts: vec![account.clone()], ..BooksPart::default() }));
    talk.say(FromExchange::Books(BooksPart { orders: vec![order(1, spec, START)], ..BooksPart::default() }));
    talk.say(FromExchange::Ready { market: "A market".into() });
    talk.say(FromExchange::Account(account));
    let [BrokerEvent::Books(books), BrokerEvent::Connection { .. }, BrokerEvent::Account(account)] =
        &talk.out.events[..]
    else {
        panic!("{:?}", talk.out.events)
    };
    assert_eq!(
        (books.orders[0].broker, books.accounts[0].broker, account.broker),
        (BrokerId(3), BrokerId(3), BrokerId(3))
    );
}

#[test]
fn a_cancel_of_everything_and_a_question_that_were_not_sent_are_told_so() {
    let unsent = |talk: &Talk| {
        let requests = talk.out.events.iter().filter_map(|event| match event {
            BrokerEvent::Unsent { request, why } => Some((format!("{request:?}"), why.to_string())),
            _ => None,
        });
        requests.collect::<Vec<_>>()
    };
    let lost = "The connection was lost before it was sent".to_owned();
    let mut talk = Talk::ready(0, 0);
    talk.client.request(BrokerRequest::CancelAll, talk.now, &mut talk.out).unwrap();
    let length = talk.out.bytes.len();
    talk.client.request(BrokerRequest::Books, talk.now, &mut talk.out).unwrap();
    talk.client.handed_over(length - 1, talk.now, &mut talk.out);
    talk.client.closed(talk.now, &mut talk.out);
    assert_eq!(unsent(&talk), [("CancelAll".to_owned(), lost.clone()), ("Books".to_owned(), lost.clone())]);
    let mut talk = Talk::ready(0, 0);
    talk.client.request(BrokerRequest::CancelAll, talk.now, &mut talk.out).unwrap();
    talk.client.request(BrokerRequest::Books, talk.now, &mut talk.out).unwrap();
    talk.client.handed_over(length, talk.now, &mut talk.out);
    talk.client.closed(talk.now, &mut talk.out);
    assert_eq!(unsent(&talk), [("Books".to_owned(), lost)], "of the first one nobody knows");
}
