//! Who is let in, who is shown out, and what nobody may do.

use std::collections::BTreeSet;
use std::time::Duration;

use pitdesk::broker::paper::ACCOUNT;
use pitdesk::broker::paper::server::{ConnId, Effect, SILENCE, ServerCore};
use pitdesk::broker::paper::wire::frame::{Inbound, LONGEST, Outbound};
use pitdesk::broker::paper::wire::{
    BarsWanted, Farewell, FromExchange, Hello, NewOrder, Refusal, ReportLine, Says, ToExchange, VERSION,
    fingerprint,
};
use pitdesk::domain::{
    AccountId, Decimal, InstrumentId, OrderId, OrderKind, OrderSpec, OrderStatus, Price, Qty, Side, Time,
    TimeInForce, Timeframe, TrailBy, bounds,
};
use proptest::prelude::*;

use crate::world::{START, TOKEN, Trader as _, Wired, venue};

/// A client that says what it likes.
struct Stranger {
    conn: ConnId,
    outbound: Outbound,
    inbound: Inbound,
    heard: Vec<FromExchange>,
    is_closed: bool,
}

impl Stranger {
    fn new(conn: u64, server: &mut ServerCore, now: Time) -> Self {
        server.accept(ConnId(conn), now);
        let (outbound, inbound) = (Outbound::new(LONGEST), Inbound::new(LONGEST));
        Self { conn: ConnId(conn), outbound, inbound, heard: Vec::new(), is_closed: false }
    }

    /// One that was let in.
    fn known(conn: u64, server: &mut ServerCore, now: Time) -> Self {
        let mut stranger = Self::new(conn, server, now);
        stranger.say(&ToExchange::Hello(hello(server)), server, now);
        assert!(matches!(stranger.heard.last(), Some(FromExchange::Ready { .. })), "{:?}", stranger.heard);
        stranger.heard.clear();
        stranger
    }

    fn say(&mut self, message: &ToExchange, server: &mut ServerCore, now: Time) -> Vec<Effect> {
        let mut bytes = Vec::new();
        self.outbound.frame(message, &mut bytes).unwrap();
        self.write(&bytes, server, now)
    }

    /// Effects for others are given back.
    fn write(&mut self, bytes: &[u8], server: &mut ServerCore, now: Time) -> Vec<Effect> {
        let mut effects = Vec::new();
        server.received(self.conn, bytes, now, &mut effects);
        self.hear(effects)
    }

    fn hear(&mut self, effects: Vec<Effect>) -> Vec<Effect> {
        let mut others = Vec::new();
        for effect in effects {
            match effect {
                Effect::Send(to, bytes) if to == self.conn => self.inbound.push(&bytes),
                Effect::Close(conn) if conn == self.conn => self.is_closed = true,
                other => others.push(other),
            }
        }
        while let Some(message) = self.inbound.next_message().unwrap() {
            self.heard.push(message);
        }
        others
    }

    /// What was reported of orders since the last call.
    fn reports(&mut self) -> Vec<ReportLine> {
        let report = |message| match message {
            FromExchange::Report { report, .. } => Some(report),
            _ => None,
        };
        std::mem::take(&mut self.heard).into_iter().filter_map(report).collect()
    }
}

fn hello(server: &ServerCore) -> Hello {
    Hello {
        version: VERSION,
        token: TOKEN.to_owned(),
        account: ACCOUNT.into(),
        catalogue: fingerprint(server.venue().instruments()),
        last_event: 0,
    }
}

fn limit(id: u64, cents: i64) -> NewOrder {
    let kind = OrderKind::Limit { price: Price(Decimal::new(cents, 2)) };
    let spec = OrderSpec::new(InstrumentId(0), Side::Buy, Qty(Decimal::ONE_HUNDRED), kind, TimeInForce::Gtc);
    NewOrder { id: OrderId(id), account: ACCOUNT.into(), spec }
}

fn server() -> ServerCore {
    ServerCore::new(venue(3, START), TOKEN, None, START)
}

#[test]
fn only_who_knows_the_token_and_the_market_is_let_in() {
    let mut server = server();
    let good = hello(&server);
    let cases = [
        (Hello { version: VERSION + 1, ..good.clone() }, Refusal::Version(VERSION)),
        (Hello { token: String::new(), ..good.clone() }, Refusal::Token),
        (Hello { token: TOKEN[1..].to_owned(), ..good.clone() }, Refusal::Token),
        (Hello { token: format!("{TOKEN}x"), ..good.clone() }, Refusal::Token),
        (Hello { account: "DU123456".into(), ..good.clone() }, Refusal::Account(ACCOUNT.into())),
        (Hello { catalogue: good.catalogue ^ 1, ..good }, Refusal::Catalogue),
    ];
    for (at, (hello, refusal)) in cases.into_iter().enumerate() {
        let mut stranger = Stranger::new(at as u64, &mut server, START);
        stranger.say(&ToExchange::Hello(hello), &mut server, START);
        assert_eq!(stranger.heard, [FromExchange::Refused(refusal)]);
        assert!(stranger.is_closed);
        stranger.say(&ToExchange::CancelAll, &mut server, START);
        assert_eq!(stranger.heard.len(), 1, "nobody listens any more");
    }
}

#[test]
fn before_it_has_said_who_it_is_nothing_is_done_for_a_client() {
    let mut server = server();
    let mut stranger = Stranger::new(1, &mut server, START);
    stranger.say(&ToExchange::Place(vec![limit(1, 100)]), &mut server, START);
    assert!(
        matches!(stranger.heard[..], [FromExchange::Goodbye(Farewell::Unreadable(_))]),
        "{:?}",
        stranger.heard
    );
    assert!(stranger.is_closed);
    assert!(server.snapshot().accounts.accounts[0].working.is_empty());
    // What is too long for a greeting is not even read.
    let mut stranger = Stranger::new(2, &mut server, START);
    let quotes: BTreeSet<_> = (0..3_000).map(InstrumentId).collect();
    stranger.say(&ToExchange::Watch { quotes, depth: BTreeSet::new() }, &mut server, START);
    assert!(stranger.is_closed);
}

#[test]
fn a_second_client_takes_over_and_the_first_is_told() {
    let mut server = server();
    let mut first = Stranger::known(1, &mut server, START);
    let mut second = Stranger::new(2, &mut server, START);
    let others = second.say(&ToExchange::Hello(hello(&server)), &mut server, START);
    first.hear(others);
    assert_eq!(first.heard, [FromExchange::Goodbye(Farewell::TakenOver)]);
    assert!(first.is_closed);
    assert!(matches!(second.heard[0], FromExchange::Welcome { session: 2, .. }), "{:?}", second.heard[0]);
    first.say(&ToExchange::Place(vec![limit(1, 100)]), &mut server, START);
    assert!(server.snapshot().accounts.accounts[0].working.is_empty(), "the first is heard no more");
    second.say(&ToExchange::Place(vec![limit(1, 100)]), &mut server, START);
    assert_eq!(server.snapshot().accounts.accounts[0].working.len(), 1);
}

#[test]
fn who_says_nothing_is_gone() {
    let mut server = server();
    let mut quiet = Stranger::known(1, &mut server, START);
    let mut never = Stranger::new(2, &mut server, START);
    let mut effects = Vec::new();
    server.advance(START + SILENCE, &mut effects);
    quiet.hear(std::mem::take(&mut effects));
    assert!(!quiet.is_closed);
    assert!(server.next_time(START + SILENCE) <= START + SILENCE + Duration::from_millis(1));
    server.advance(START + SILENCE + Duration::from_millis(1), &mut effects);
    never.hear(quiet.hear(effects));
    assert_eq!(quiet.heard.last(), Some(&FromExchange::Goodbye(Farewell::Silent)));
    assert!(quiet.is_closed && never.is_closed);
}

#[test]
fn an_order_id_is_taken_once_for_ever() {
    let mut server = server();
    let mut client = Stranger::known(1, &mut server, START);
    let status = |reports: &[ReportLine]| match reports {
        [ReportLine { order, says: Says::Status(status, _), .. }] => (order.0, *status),
        other => panic!("{other:?}"),
    };
    client.say(&ToExchange::Place(vec![limit(1, 100)]), &mut server, START);
    assert_eq!(status(&client.reports()), (1, OrderStatus::Working));
    // Half a cent is between two ticks.
    let mut bad = limit(2, 100);
    bad.spec.quantity = Qty(Decimal::ZERO);
    client.say(&ToExchange::Place(vec![bad]), &mut server, START);
    assert_eq!(status(&client.reports()), (2, OrderStatus::Rejected));
    // Again: from another connection, after a restart from the disk, with other contents.
    let saved = server.snapshot();
    let mut again = ServerCore::new(venue(3, START), TOKEN, Some(saved), START);
    for server in [&mut server, &mut again] {
        let mut client = Stranger::known(7, server, START);
        client.say(&ToExchange::Place(vec![limit(1, 105)]), server, START);
        assert_eq!(status(&client.reports()), (1, OrderStatus::Working), "as it stands");
        client.say(&ToExchange::Place(vec![limit(2, 100)]), server, START);
        assert_eq!(status(&client.reports()), (2, OrderStatus::Rejected), "a refused one is not tried again");
        let working = &server.snapshot().accounts.accounts[0].working;
        assert_eq!(working.len(), 1);
        assert_eq!(working[0].kind, OrderKind::Limit { price: Price(Decimal::new(100, 2)) });
        client.say(&ToExchange::Cancel(OrderId(1)), server, START);
        client.reports();
        client.say(&ToExchange::Place(vec![limit(1, 100)]), server, START);
        assert_eq!(status(&client.reports()), (1, OrderStatus::Cancelled), "an ended one does not revive");
    }
}

#[test]
fn a_request_that_comes_twice_is_done_once() {
    let mut server = server();
    let mut client = Stranger::known(1, &mut server, START);
    let mut bytes = Vec::new();
    client.outbound.frame(&ToExchange::Place(vec![limit(1, 100)]), &mut bytes).unwrap();
    client.write(&bytes, &mut server, START);
    assert_eq!(client.reports().len(), 1);
    client.write(&bytes, &mut server, START);
    assert_eq!(client.reports(), [], "not even answered: it is the same request");
    assert!(!client.is_closed);
}

#[test]
fn another_account_and_the_markets_own_orders_are_out_of_reach() {
    let mut server = server();
    let mut client = Stranger::known(1, &mut server, START);
    let foreign = NewOrder { account: AccountId("OTHER".into()), ..limit(1, 100) };
    client.say(&ToExchange::Place(vec![foreign]), &mut server, START);
    assert!(matches!(
        client.reports()[..],
        [ReportLine { says: Says::Status(OrderStatus::Rejected, _), .. }]
    ));
    for n in 0..50 {
        let agent = pitdesk::exchange::agent_order(n);
        client.say(&ToExchange::Cancel(agent), &mut server, START);
        assert!(matches!(client.reports()[..], [ReportLine { says: Says::CancelRefused(_), .. }]));
        let amend =
            ToExchange::Amend { order: agent, quantity: Some(Qty(Decimal::ONE)), limit: None, stop: None };
        client.say(&amend, &mut server, START);
        assert!(matches!(client.reports()[..], [ReportLine { says: Says::AmendRefused(_), .. }]));
    }
}

#[test]
fn a_client_that_lost_its_exchanges_memory_says_so() {
    let mut world = Wired::new(3);
    let instrument = world.watch("AAPL");
    world.place(1, &instrument, Side::Buy, 10, OrderKind::Market);
    world.disk = pitdesk::broker::paper::server::Saved::default();
    world.restart_exchange();
    world.connect(crate::pipe::Faults::default(), crate::pipe::Faults::default());
    let said = format!("{:?}", world.events().last());
    assert!(said.contains("has forgotten what it had confirmed"), "{said}");
}

/// As mad as numbers can be that are decoded at all.
fn number() -> impl Strategy<Value = Decimal> {
    const MOST: i64 = 10_i64.pow(18);
    prop_oneof![
        Just(bounds::MAX_PRICE),
        Just(-bounds::MAX_PRICE),
        Just(Decimal::ZERO),
        Just(Decimal::new(1, bounds::MAX_DECIMALS)),
        (-MOST..MOST).prop_map(|n| Decimal::new(n / 1_000_000, 0)),
        (-5_000i64..500_000).prop_map(|n| Decimal::new(n, 2)),
        (-MOST..MOST, 6u32..=bounds::MAX_DECIMALS).prop_map(|(n, scale)| Decimal::new(n, scale)),
    ]
}

fn quantity() -> impl Strategy<Value = Qty> {
    prop_oneof![1 => Just(Qty::MAX), 6 => number().prop_map(|number| Qty(number.abs()))]
}

fn instant() -> impl Strategy<Value = Time> {
    prop_oneof![any::<i64>().prop_map(Time), Just(Time::MIN), Just(Time::MAX), Just(START)]
}

fn order_id() -> impl Strategy<Value = OrderId> {
    prop_oneof![0u64..40, any::<u64>()].prop_map(OrderId)
}

fn instrument() -> impl Strategy<Value = InstrumentId> {
    prop_oneof![0u32..30, any::<u32>()].prop_map(InstrumentId)
}

fn spec() -> impl Strategy<Value = OrderSpec> {
    let price = || number().prop_map(Price);
    let kind = prop_oneof![
        Just(OrderKind::Market),
        price().prop_map(|price| OrderKind::Limit { price }),
        price().prop_map(|stop| OrderKind::Stop { stop }),
        (price(), price()).prop_map(|(stop, price)| OrderKind::StopLimit { stop, price }),
        number().prop_map(|by| OrderKind::TrailingStop { by: TrailBy::Amount(by) }),
        number().prop_map(|by| OrderKind::TrailingStop { by: TrailBy::Percent(by) }),
    ];
    let tif = prop_oneof![
        Just(TimeInForce::Day),
        Just(TimeInForce::Gtc),
        Just(TimeInForce::Ioc),
        Just(TimeInForce::Fok),
        instant().prop_map(TimeInForce::Gtd)
    ];
    let side = prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let links = (any::<bool>(), proptest::option::of(0u64..4), proptest::option::weighted(0.2, order_id()));
    (instrument(), side, quantity(), kind, tif, links).prop_map(
        |(instrument, side, quantity, kind, tif, (post_only, oco, parent))| OrderSpec {
            post_only,
            oco: oco.map(pitdesk::domain::GroupId),
            parent,
            ..OrderSpec::new(instrument, side, quantity, kind, tif)
        },
    )
}

/// Undamaged, and as mad as the protocol allows.
fn mad() -> impl Strategy<Value = ToExchange> {
    let qty = || proptest::option::of(quantity());
    let price = || proptest::option::of(number().prop_map(Price));
    let order = (order_id(), spec()).prop_map(|(id, spec)| NewOrder { id, account: ACCOUNT.into(), spec });
    let wanted = (
        instrument(),
        proptest::sample::select(&Timeframe::ALL[..]),
        instant(),
        prop_oneof![0usize..50, Just(3_000)],
    )
        .prop_map(|(instrument, timeframe, before, count)| BarsWanted {
            instrument,
            timeframe,
            before,
            count,
        });
    let set = || proptest::collection::btree_set(instrument(), 0..5);
    prop_oneof![
        6 => proptest::collection::vec(order, 0..4).prop_map(ToExchange::Place),
        3 => (order_id(), qty(), price(), price()).prop_map(|(order, quantity, limit, stop)| ToExchange::Amend { order, quantity, limit, stop }),
        2 => order_id().prop_map(ToExchange::Cancel),
        1 => Just(ToExchange::CancelAll),
        1 => (set(), set()).prop_map(|(quotes, depth)| ToExchange::Watch { quotes, depth }),
        2 => wanted.prop_map(ToExchange::History),
        1 => Just(ToExchange::Heartbeat),
    ]
}

#[test]
fn no_message_can_break_the_exchange() {
    // One exchange for all: what one case has left behind is the next one's surprise.
    let server = std::cell::RefCell::new((server(), START, 1));
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    runner
        .run(&proptest::collection::vec(mad(), 1..12), |messages| {
            let (server, now, conn) = &mut *server.borrow_mut();
            *conn += 1;
            let mut client = Stranger::known(*conn, server, *now);
            for message in messages {
                *now = *now + Duration::from_millis(20);
                client.say(&message, server, *now);
                let mut effects = Vec::new();
                server.advance(*now, &mut effects);
                client.hear(effects);
                prop_assert!(!client.is_closed, "{:?} after {message:?}", client.heard.last());
            }
            Ok(())
        })
        .unwrap();
    let (server, now, _) = &mut *server.borrow_mut();
    let saved = server.snapshot();
    let again = ServerCore::new(venue(3, *now), TOKEN, Some(saved.clone()), *now);
    assert!(again.snapshot().event >= saved.event, "and what it has become can be saved and taken up");
}
