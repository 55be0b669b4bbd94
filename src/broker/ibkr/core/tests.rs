//! What the parts do together that none of them does alone.

mod codes;

use std::time::Duration;

use ibapi::contracts::Contract;
use ibapi::orders::{OrderData, OrderState, OrderStatusKind};
use ibapi::subscriptions::SubscriptionItem;
use ibapi::{Error, Notice};

use super::*;
use crate::broker::contract::{ReportKind, Watch};
use crate::broker::ibkr::listed::tests::share;
use crate::broker::ibkr::orders::tests::{CLIENT, NOW, approved, limit, roster};
use crate::domain::{BrokerId, OrderStatus, Side, Timeframe};
use crate::link::BarKey;

fn after(seconds: u64) -> Time {
    NOW + Duration::from_secs(seconds)
}

/// A session that was let in, and its first calls.
fn begun() -> (Core, Out) {
    let mut out = Out::default();
    let login = Login {
        seat: Seat { broker: BrokerId(0), client_id: CLIENT, server_version: 213 },
        address: "127.0.0.1:7497".to_owned(),
        accounts: vec!["DU1".to_owned()],
        next_order: 100,
        zone: None,
        books_limit: Duration::from_secs(30),
        trades_at_once: 1,
        results: BTreeMap::new(),
    };
    let core = Core::begin(login, Arc::new(roster()), NOW, &mut out);
    (core, out)
}

/// All questions of a reading are answered with nothing.
fn answer(core: &mut Core, round: u32, now: Time, out: &mut Out) {
    use ibapi::accounts::{AccountSummaryResult, PositionUpdate};
    core.came(Came::Orders(round, Part::Open, None), now, out);
    core.came(Came::Orders(round, Part::Completed, None), now, out);
    core.came(Came::Executions(round, None), now, out);
    let end = Some(Ok(SubscriptionItem::Data(PositionUpdate::PositionEnd)));
    core.came(Came::Position(round, end), now, out);
    let end = Some(Ok(SubscriptionItem::Data(AccountSummaryResult::End)));
    core.came(Came::Summary(round, end), now, out);
    core.settle(now, out);
}

/// A session whose books were told.
fn ready() -> Core {
    let (mut core, mut out) = begun();
    answer(&mut core, 1, NOW, &mut out);
    assert!(out.events.iter().any(|event| matches!(event, BrokerEvent::Books(_))), "{out:?}");
    core
}

fn notice(code: i32, message: &str) -> Notice {
    Notice {
        request_id: None,
        code,
        message: message.to_owned(),
        error_time: None,
        advanced_order_reject_json: String::new(),
    }
}

fn said(core: &mut Core, code: i32, now: Time) -> Out {
    let mut out = Out::default();
    core.came(Came::Notice(Some(notice(code, "text"))), now, &mut out);
    core.settle(now, &mut out);
    out
}

fn ticked(core: &mut Core, now: Time) -> Out {
    let mut out = Out::default();
    core.tick(now, &mut out);
    out
}

fn states(out: &Out) -> Vec<ConnectionState> {
    let state = |event: &BrokerEvent| match event {
        BrokerEvent::Connection { state, .. } => Some(*state),
        _ => None,
    };
    out.events.iter().filter_map(state).collect()
}

#[test]
fn the_books_come_before_the_word_that_it_is_ready() {
    let (mut core, mut out) = begun();
    assert_eq!(out.calls, [Call::Read(1)]);
    answer(&mut core, 1, NOW, &mut out);
    let order: Vec<&str> = out
        .events
        .iter()
        .map(|event| match event {
            BrokerEvent::Books(_) => "books",
            BrokerEvent::Connection { state: ConnectionState::Ready, .. } => "ready",
            _ => "else",
        })
        .collect();
    assert_eq!(order, ["books", "ready"]);
}

#[test]
fn a_tws_that_answers_no_question_at_all_is_given_up() {
    let (mut core, _) = begun();
    core.pulse = Pulse::new(after(30));
    let out = ticked(&mut core, after(30));
    let Some(SessionEnd::Lost(why)) = out.end else { panic!("{out:?}") };
    assert!(why.contains("none of the questions"), "{why}");
}

#[test]
fn silence_and_return_are_told_once_each() {
    let mut core = ready();
    let mut seen = Vec::new();
    for second in 1..=10 {
        seen.extend(states(&ticked(&mut core, after(second))));
    }
    assert_eq!(seen, [ConnectionState::Silent]);
    let mut out = Out::default();
    core.came(Came::Beat(Ok(())), after(11), &mut out);
    assert_eq!(states(&out), [ConnectionState::Ready]);
    core.came(Came::Beat(Err(Error::Timeout)), after(12), &mut out);
    assert_eq!(states(&out).len(), 1);
}

#[test]
fn a_complaint_about_something_else_is_a_sign_of_life() {
    let mut core = ready();
    let mut out = Out::default();
    core.came(Came::Beat(Err(Error::Notice(notice(322, "busy")))), after(3), &mut out);
    assert!(matches!(&*out.events, [BrokerEvent::Alive { .. }]), "{:?}", out.events);
}

#[test]
fn a_return_during_which_the_link_broke_is_no_return() {
    let mut core = ready();
    assert_eq!(states(&said(&mut core, 1100, NOW)), [ConnectionState::Silent]);
    ticked(&mut core, after(9));
    let mut out = Out::default();
    core.came(Came::Beat(Ok(())), after(10), &mut out);
    assert_eq!(states(&out), [ConnectionState::Silent], "TWS is back, IBKR is not");
    assert_eq!(states(&said(&mut core, 1102, after(11))), [ConnectionState::Ready]);
}

#[test]
fn the_books_are_read_again_for_good_reasons_and_not_too_often() {
    let mut core = ready();
    let mut out = said(&mut core, -7, after(1));
    assert_eq!(out.calls, [], "they were read a moment ago");
    out = ticked(&mut core, after(5));
    assert!(out.calls.contains(&Call::Read(2)), "{:?}", out.calls);
    let mut out = Out::default();
    core.request(BrokerRequest::Books, after(6), &mut out);
    assert_eq!(out.calls, [], "they are being read");
    answer(&mut core, 2, after(7), &mut out);
    assert!(out.calls.contains(&Call::Read(3)), "asked for later than they were answered: {:?}", out.calls);
}

#[test]
fn a_stream_of_order_updates_that_breaks_is_opened_anew_and_the_books_are_read() {
    let mut core = ready();
    let mut out = Out::default();
    core.came(Came::Order(Some(Err(Error::Simple("no contract".to_owned())))), after(6), &mut out);
    assert!(matches!(&*out.events, [BrokerEvent::Note(NoticeLevel::Error, _)]), "{:?}", out.events);
    let out = ticked(&mut core, after(6));
    assert_eq!(out.calls.iter().filter(|call| matches!(call, Call::Orders)).count(), 1);
    assert!(out.calls.contains(&Call::Read(2)));
    let mut out = Out::default();
    core.came(Came::Order(Some(Err(Error::AlreadySubscribed))), after(6), &mut out);
    assert!(out.events.is_empty(), "it only has to wait");
    assert!(ticked(&mut core, after(7)).calls.contains(&Call::Orders));
}

#[test]
fn a_frame_that_nobody_can_read_ends_the_session() {
    let mut core = ready();
    let out = said(&mut core, ibapi::UNKNOWN_MESSAGE_TYPE_CODE, NOW);
    let Some(SessionEnd::Lost(why)) = out.end else { panic!() };
    assert!(why.contains("not to be trusted"), "{why}");
}

#[test]
fn what_was_not_sent_is_told_as_refused() {
    let mut core = ready();
    let mut out = Out::default();
    core.request(BrokerRequest::Place(vec![approved(1, limit(Side::Buy, 99))]), NOW, &mut out);
    let call = out.calls.pop().unwrap();
    core.unsent(&call, "The connection was lost before it was sent", NOW, &mut out);
    let [BrokerEvent::Report(report)] = &*out.events else { panic!("{:?}", out.events) };
    assert!(matches!(&report.kind, ReportKind::Status { status: OrderStatus::Rejected, .. }));
}

#[test]
fn orders_of_accounts_that_are_not_ours_are_left_out_of_the_books() {
    let mut core = ready();
    let mut out = Out::default();
    core.request(BrokerRequest::Place(vec![approved(1, limit(Side::Buy, 99))]), NOW, &mut out);
    let Some(Call::Send(wanted)) = out.calls.pop() else { panic!() };
    core.request(BrokerRequest::Books, NOW, &mut out);
    let open = |number, account: &str| {
        let mut data = OrderData {
            order_id: number,
            contract: wanted[0].contract.clone(),
            order: wanted[0].terms.clone(),
            order_state: OrderState { status: OrderStatusKind::Submitted, ..OrderState::default() },
        };
        account.clone_into(&mut data.order.account);
        data.order.client_id = if number == 100 { CLIENT } else { 3 };
        data.order.perm_id = i64::from(number);
        let item = SubscriptionItem::Data(ibapi::orders::Orders::OrderData(data));
        Came::Orders(2, Part::Open, Some(Ok(item)))
    };
    core.came(open(100, "DU1"), NOW, &mut out);
    core.came(open(7, "U9"), NOW, &mut out);
    out.events.clear();
    answer(&mut core, 2, NOW, &mut out);
    let Some(BrokerEvent::Books(books)) = out.events.first() else { panic!("{:?}", out.events) };
    assert_eq!(books.orders.iter().map(|order| order.id.0).collect::<Vec<_>>(), [1]);
}

#[test]
fn books_say_what_had_not_joined_when_they_were_asked_for_and_tell_nothing_of_it() {
    let mut core = ready();
    let mut out = Out::default();
    core.request(BrokerRequest::Books, NOW, &mut out);
    let cola = 8_894;
    let joined = [share(0, "AAPL", 265_598), share(1, "MSFT", 272_093), share(2, "KO", cola)];
    core.roster = Arc::new(Roster::new(joined.to_vec()));
    core.request(BrokerRequest::Books, NOW, &mut out);
    let works = |round| {
        let mut data = OrderData {
            order_id: 7,
            contract: Contract { contract_id: cola, ..Contract::stock("KO").build() },
            order: ibapi::orders::order_builder::limit_order(ibapi::orders::Action::Buy, 10.0, 55.0),
            order_state: OrderState { status: OrderStatusKind::Submitted, ..OrderState::default() },
        };
        "DU1".clone_into(&mut data.order.account);
        (data.order.client_id, data.order.perm_id) = (3, 7);
        let item = SubscriptionItem::Data(ibapi::orders::Orders::OrderData(data));
        Came::Orders(round, Part::Open, Some(Ok(item)))
    };
    let mut read = |round| {
        core.came(works(round), NOW, &mut out);
        out.events.clear();
        answer(&mut core, round, NOW, &mut out);
        let Some(BrokerEvent::Books(books)) = out.events.first() else { panic!("{:?}", out.events) };
        (books.orders.len(), books.unread_from)
    };
    assert_eq!(read(2), (0, Some(InstrumentId(2))));
    assert_eq!(read(3), (1, Some(InstrumentId(3))));
}

#[test]
fn a_line_that_stays_quiet_after_an_outage_is_opened_anew() {
    let mut core = ready();
    let mut out = Out::default();
    let quotes = [InstrumentId(0), InstrumentId(1)].into();
    core.request(BrokerRequest::Watch(Watch { quotes, ..Watch::default() }), NOW, &mut out);
    said(&mut core, 1100, NOW);
    said(&mut core, 1102, after(1));
    let tick = ibapi::market_data::realtime::TickTypes::SnapshotEnd;
    core.came(Came::Tick(InstrumentId(0), Some(Ok(SubscriptionItem::Data(tick)))), after(2), &mut out);
    core.pulse = Pulse::new(after(31));
    let out = ticked(&mut core, after(31));
    let turns: Vec<&Call> = out.calls.iter().filter(|call| matches!(call, Call::Turn(_))).collect();
    assert_eq!(turns, [&Call::Turn(Turn::On(Feed::Quotes(InstrumentId(1))))]);
}

#[test]
fn a_chart_that_stays_quiet_after_an_outage_is_kept_anew() {
    let mut core = ready();
    let mut out = Out::default();
    let key = BarKey { instrument: InstrumentId(1), timeframe: Timeframe::M1 };
    core.request(BrokerRequest::Watch(Watch { bars: [key].into(), ..Watch::default() }), NOW, &mut out);
    core.settle(NOW, &mut out);
    said(&mut core, 1100, NOW);
    said(&mut core, 1102, after(1));
    core.pulse = Pulse::new(after(31));
    let call = Call::Turn(Turn::On(Feed::Kept(key)));
    assert!(ticked(&mut core, after(31)).calls.contains(&call));
}
