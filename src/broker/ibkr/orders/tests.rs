//! Orders through everything that TWS can say of them, on a clock that is a number.

mod any;

use ibapi::orders::{Action, OrderState};

use super::*;
use crate::broker::ibkr::listed::tests::share;
use crate::broker::ibkr::roster::Roster;
use crate::domain::time::SECOND;
use crate::domain::{
    Decimal, GroupId, Instrument, InstrumentId, Limits, Money, OrderKind, OrderSpec, Price, Qty, Quote, Side,
    TimeInForce, TrailBy,
};
use crate::risk::{self, Change, Known, Role};

pub(in crate::broker::ibkr) const NOW: Time = Time(1_795_186_800 * SECOND);
pub(in crate::broker::ibkr) const CLIENT: i32 = 7;

pub(in crate::broker::ibkr) fn roster() -> Roster {
    Roster::new(vec![share(0, "AAPL", 265_598), share(1, "MSFT", 272_093)])
}

fn listing() -> Listing {
    Listing::clone(&roster().listing())
}

fn after(millis: u64) -> Time {
    NOW + Duration::from_millis(millis)
}

/// An order that the gate has let through, of an account that may do anything.
pub(in crate::broker::ibkr) fn approved(id: u64, spec: OrderSpec) -> ApprovedOrder {
    let order = order(id, spec);
    with_known(&order, |known| risk::approve(&order, Role::Plain, known)).unwrap()
}

/// The same of a change.
pub(in crate::broker::ibkr) fn approved_amend(id: u64, spec: OrderSpec, change: Change) -> ApprovedAmend {
    let order = order(id, spec);
    with_known(&order, |known| risk::approve_amend(&order, change, Role::Plain, known)).unwrap()
}

fn with_known<R>(order: &Order, ask: impl FnOnce(&Known<'_>) -> R) -> R {
    let profile = Limits { max_price_distance_percent: None, ..crate::approved::plenty() };
    let listed = share(order.spec.instrument.0, "AAPL", 265_598);
    let instrument: &Instrument = &listed.instrument;
    let price = Some(Price(Decimal::from(100)));
    let quote = Quote { bid: price, ask: price, last: price, is_open: true, time: NOW, ..Quote::default() };
    crate::approved::with_known(profile, &order.account, instrument, &quote, NOW, ask)
}

fn order(id: u64, spec: OrderSpec) -> Order {
    crate::approved::intended(id, "DU1".into(), spec, NOW)
}

pub(in crate::broker::ibkr) fn limit(side: Side, price: i64) -> OrderSpec {
    let kind = OrderKind::Limit { price: Price(Decimal::from(price)) };
    OrderSpec::new(InstrumentId(0), side, Qty(Decimal::from(10)), kind, TimeInForce::Day)
}

fn orders() -> Orders {
    Orders::new(Seat { broker: BrokerId(0), client_id: CLIENT, server_version: 213 }, 100)
}

/// Orders of which one, 1, was sent as number 100.
fn sent(spec: OrderSpec) -> (Orders, Wanted) {
    let mut orders = orders();
    let wanted = orders.place(&[approved(1, spec)], &listing(), NOW).unwrap().remove(0);
    (orders, wanted)
}

fn status(number: i32, status: OrderStatusKind, filled: f64, remaining: f64) -> TheirStatus {
    TheirStatus { order_id: number, status, filled, remaining, client_id: CLIENT, ..TheirStatus::default() }
}

/// An order as TWS tells it back.
fn told(wanted: &Wanted, status: OrderStatusKind) -> OrderData {
    OrderData {
        order_id: wanted.number,
        contract: Contract { contract_id: 265_598, ..wanted.contract.clone() },
        order: TheirOrder {
            client_id: CLIENT,
            perm_id: 1_000 + i64::from(wanted.number),
            ..wanted.terms.clone()
        },
        order_state: OrderState { status, ..OrderState::default() },
    }
}

impl Orders {
    fn all(&mut self, answer: Answer, now: Time) -> Vec<Order> {
        self.books(answer, |_| true, now)
    }

    fn says(&mut self, theirs: &TheirStatus, now: Time) -> Vec<ReportKind> {
        let mut events = Vec::new();
        self.status(theirs, now, &mut events);
        kinds(events)
    }

    fn remarks(&mut self, code: i32, text: &str, now: Time) -> Vec<ReportKind> {
        let mut events = Vec::new();
        self.notice(100, code, text, &listing(), now, &mut events);
        kinds(events)
    }

    fn passes(&mut self, now: Time) -> Vec<ReportKind> {
        let mut events = Vec::new();
        self.tick(now, &mut events);
        kinds(events)
    }

    fn opens(&mut self, data: &OrderData, now: Time) -> Vec<ReportKind> {
        let mut events = Vec::new();
        self.open(data, &listing(), now, &mut events);
        kinds(events)
    }
}

fn kinds(events: Vec<BrokerEvent>) -> Vec<ReportKind> {
    let kind = |event| match event {
        BrokerEvent::Report(report) => Some(report.kind),
        _ => None,
    };
    events.into_iter().filter_map(kind).collect()
}

fn says(status: OrderStatus, reason: Option<&str>) -> ReportKind {
    ReportKind::Status { status, reason: reason.map(Into::into) }
}

use OrderStatusKind::{Cancelled, Filled, Inactive, PendingCancel, PendingSubmit, PreSubmitted, Submitted};

#[test]
fn an_order_is_numbered_and_says_whose_it_is() {
    let (mut orders, wanted) = sent(limit(Side::Buy, 99));
    assert_eq!((wanted.order, wanted.number), (OrderId(1), 100));
    assert_eq!((&*wanted.terms.account, &*wanted.terms.order_ref), ("DU1", "pitdesk/7/1"));
    assert!(wanted.terms.transmit);
    let next = orders.place(&[approved(2, limit(Side::Buy, 98))], &listing(), NOW).unwrap().remove(0);
    assert_eq!(next.number, 101);
}

#[test]
fn a_bracket_is_held_back_until_its_last_leg() {
    let entry = limit(Side::Buy, 99);
    let exit = |price| OrderSpec { parent: Some(OrderId(1)), ..limit(Side::Sell, price) };
    let bracket =
        [approved(1, entry), approved(2, exit(110)), approved(3, exit(90)), approved(4, limit(Side::Buy, 5))];
    let wanted = orders().place(&bracket, &listing(), NOW).unwrap();
    let facts: Vec<_> = wanted.iter().map(|w| (w.number, w.terms.parent_id, w.terms.transmit)).collect();
    assert_eq!(facts, [(100, 0, false), (101, 100, false), (102, 100, true), (103, 0, true)]);
}

#[test]
fn members_of_a_group_are_sent_on_each_by_itself_and_reduce_each_other() {
    let member = |price| OrderSpec { oco: Some(GroupId(9)), ..limit(Side::Sell, price) };
    let wanted =
        orders().place(&[approved(1, member(110)), approved(2, member(120))], &listing(), NOW).unwrap();
    for wanted in &wanted {
        assert!(wanted.terms.transmit);
        assert_eq!(wanted.terms.oca_group, "pitdesk/7/oca/9");
        assert_eq!(i32::from(wanted.terms.oca_type), 2);
    }
}

#[test]
fn what_cannot_be_sent_is_refused_as_a_whole() {
    let mut orders = orders();
    let strange =
        OrderSpec { instrument: InstrumentId(1), parent: Some(OrderId(77)), ..limit(Side::Buy, 99) };
    let both = [approved(1, limit(Side::Buy, 99)), approved(2, strange)];
    assert!(orders.place(&both, &listing(), NOW).unwrap_err().contains("order 77"));
    let post_only = OrderSpec { post_only: true, ..limit(Side::Buy, 99) };
    assert!(orders.place(&[approved(3, post_only)], &listing(), NOW).unwrap_err().contains("post-only"));
    let good = orders.place(&[approved(4, limit(Side::Buy, 99))], &listing(), NOW).unwrap();
    assert_eq!(good[0].number, 100, "no number was used up");
    let mut full =
        Orders::new(Seat { broker: BrokerId(0), client_id: CLIENT, server_version: 213 }, IDS_END - 1);
    let two = [approved(1, limit(Side::Buy, 99)), approved(2, limit(Side::Buy, 98))];
    assert!(full.place(&two, &listing(), NOW).unwrap_err().contains("no order numbers left"));
}

#[test]
fn the_life_of_an_order_is_told_step_by_step() {
    let (mut orders, _) = sent(limit(Side::Buy, 99));
    assert_eq!(orders.says(&status(100, PendingSubmit, 0.0, 10.0), NOW), [says(OrderStatus::Accepted, None)]);
    let held = orders.says(&status(100, PreSubmitted, 0.0, 10.0), NOW);
    assert!(
        matches!(&*held, [ReportKind::Status { status: OrderStatus::Held, reason: Some(_) }]),
        "{held:?}"
    );
    assert_eq!(orders.says(&status(100, Submitted, 0.0, 10.0), NOW), [says(OrderStatus::Working, None)]);
    assert_eq!(orders.says(&status(100, Submitted, 0.0, 10.0), NOW), [], "TWS repeats itself");
    assert_eq!(
        orders.says(&status(100, Cancelled, 0.0, 10.0), NOW),
        [says(OrderStatus::Cancelled, Some("Cancelled at IBKR"))]
    );
    assert_eq!(orders.says(&status(100, Submitted, 0.0, 10.0), NOW), [], "nothing follows the end");
}

#[test]
fn that_it_filled_is_left_to_its_executions_for_a_while() {
    let (mut orders, _) = sent(limit(Side::Buy, 99));
    orders.says(&status(100, Submitted, 0.0, 10.0), NOW);
    assert_eq!(orders.says(&status(100, Filled, 10.0, 0.0), NOW), []);
    assert_eq!(orders.passes(after(1_900)), []);
    assert_eq!(
        orders.passes(after(2_000)),
        [says(OrderStatus::Filled, None)],
        "the engine asks for the books"
    );
    assert_eq!(orders.passes(after(9_000)), []);
}

#[test]
fn a_refusal_comes_before_the_status_or_after_it_or_alone() {
    let text = "Order rejected - reason:Available settled cash is not enough";
    let reason = Some("Available settled cash is not enough (code 201)");
    for end in [Cancelled, Inactive] {
        let (mut orders, _) = sent(limit(Side::Buy, 99));
        assert_eq!(orders.remarks(201, text, NOW), [], "the stream will say");
        assert_eq!(orders.says(&status(100, end, 0.0, 10.0), NOW), [says(OrderStatus::Rejected, reason)]);
    }
    let (mut orders, _) = sent(limit(Side::Buy, 99));
    orders.says(&status(100, Cancelled, 0.0, 10.0), NOW);
    assert_eq!(orders.remarks(201, text, NOW), [says(OrderStatus::Cancelled, reason)], "at least the reason");
    let (mut orders, _) = sent(limit(Side::Buy, 99));
    orders.remarks(110, "The price does not conform to the minimum price variation", NOW);
    assert_eq!(orders.passes(after(1_900)), []);
    let alone = orders.passes(after(2_000));
    assert!(matches!(&*alone, [ReportKind::Status { status: OrderStatus::Rejected, .. }]), "{alone:?}");
}

#[test]
fn a_code_that_is_no_refusal_leaves_the_order_alive() {
    for (code, text) in [
        (10349, "Order TIF was set to DAY based on order preset."),
        (404, "Order held while securities are located."),
        (399, "Order Message:\nBUY 10 AAPL\nWarning: it will not be placed until 09:30"),
        (2109, "The attribute is ignored"),
    ] {
        let (mut orders, _) = sent(limit(Side::Buy, 99));
        let told = orders.remarks(code, text, NOW);
        assert!(
            matches!(&*told, [ReportKind::Status { status: OrderStatus::Accepted, reason: Some(_) }]),
            "{code}"
        );
        assert_eq!(orders.passes(after(60_000)), [], "{code}");
        assert_eq!(orders.says(&status(100, Submitted, 0.0, 10.0), NOW), [says(OrderStatus::Working, None)]);
        let told = orders.remarks(code, text, NOW);
        assert!(
            matches!(&*told, [ReportKind::Status { status: OrderStatus::Working, reason: Some(_) }]),
            "{code}"
        );
    }
}

#[test]
fn an_order_that_lives_after_all_is_found_again() {
    let (mut orders, _) = sent(limit(Side::Buy, 99));
    orders.remarks(110, "price", NOW);
    orders.passes(after(2_000));
    assert!(!orders.takes_books());
    let told = orders.says(&status(100, Submitted, 0.0, 10.0), after(3_000));
    assert_eq!(told, [says(OrderStatus::Working, None)]);
    assert!(orders.takes_books(), "the engine does not believe it from a report alone");
}

#[test]
fn a_code_that_nobody_knows_asks_the_books() {
    let (mut orders, _) = sent(limit(Side::Buy, 99));
    assert_eq!(orders.remarks(31_337, "Something new", NOW), []);
    assert!(orders.takes_books());
    assert_eq!(orders.passes(after(60_000)), [], "the books will say");
    orders.begin_round();
    let told = orders.all(Answer::Whole, after(61_000));
    assert_eq!((told.len(), told[0].status), (1, OrderStatus::Rejected), "they do not have it");
    assert_eq!(told[0].reason.as_deref(), Some("Something new (code 31337)"));
}

#[test]
fn a_cancel_is_answered_by_the_stream() {
    let (mut orders, _) = sent(limit(Side::Buy, 99));
    orders.says(&status(100, Submitted, 0.0, 10.0), NOW);
    assert_eq!(orders.cancel(OrderId(1)), Ok(100));
    assert_eq!(orders.says(&status(100, PendingCancel, 0.0, 10.0), NOW), [], "we have asked for it");
    assert_eq!(orders.says(&status(100, Cancelled, 0.0, 10.0), NOW), [says(OrderStatus::Cancelled, None)]);
    assert_eq!(orders.remarks(202, "Order Canceled - reason:", NOW), [], "no more than said");
    assert!(orders.cancel(OrderId(9)).unwrap_err().contains("does not have order 9"));
}

#[test]
fn a_cancel_of_the_servers_says_why_and_one_that_only_the_code_tells_counts() {
    let (mut orders, _) = sent(limit(Side::Buy, 99));
    orders.says(&status(100, Submitted, 0.0, 10.0), NOW);
    let told = orders.says(&status(100, PendingCancel, 0.0, 10.0), NOW);
    assert_eq!(told, [says(OrderStatus::PendingCancel, None)], "somebody else has asked");
    orders.remarks(202, "Order Canceled - reason:Your account is restricted", NOW);
    let told = orders.says(&status(100, Cancelled, 0.0, 10.0), NOW);
    assert_eq!(told, [says(OrderStatus::Cancelled, Some("Your account is restricted"))]);
    let (mut orders, _) = sent(limit(Side::Buy, 99));
    orders.remarks(202, "Order Canceled - reason:", NOW);
    assert_eq!(orders.passes(after(2_000)), [says(OrderStatus::Cancelled, None)]);
}

#[test]
fn a_refused_cancel_leaves_the_order_as_it_was() {
    for code in [161, 136, 10147, 10148, 135] {
        let (mut orders, _) = sent(limit(Side::Buy, 99));
        orders.says(&status(100, Submitted, 0.0, 10.0), NOW);
        orders.cancel(OrderId(1)).unwrap();
        let told = orders.remarks(code, "It cannot be cancelled", NOW);
        assert!(matches!(&*told, [ReportKind::CancelRefused(_)]), "{code}: {told:?}");
        assert!(orders.takes_books(), "it may be over");
        assert_eq!(orders.passes(after(60_000)), []);
    }
}

#[test]
fn a_change_is_the_whole_order_again_and_is_answered_by_what_it_is_then() {
    let (mut orders, wanted) = sent(limit(Side::Buy, 99));
    orders.opens(&told(&wanted, Submitted), NOW);
    let change = Change { limit: Some(Price(Decimal::from(98))), ..Change::default() };
    let again = orders.amend(&approved_amend(1, limit(Side::Buy, 99), change), &listing()).unwrap();
    assert_eq!((again.number, again.terms.limit_price), (100, Some(98.0)));
    assert_eq!((again.terms.action, &*again.terms.order_ref), (Action::Buy, "pitdesk/7/1"));
    assert_eq!(orders.opens(&told(&wanted, Submitted), NOW), [], "still the old one");
    assert_eq!(orders.opens(&told(&again, Submitted), NOW), [ReportKind::Amended(limit(Side::Buy, 98))]);
    assert_eq!(orders.opens(&told(&again, Submitted), NOW), [], "once");
}

#[test]
fn a_change_is_answered_whatever_else_tws_has_changed_with_it() {
    let (mut orders, wanted) = sent(limit(Side::Buy, 99));
    orders.opens(&told(&wanted, Submitted), NOW);
    let change = Change { limit: Some(Price(Decimal::from(98))), ..Change::default() };
    let again = orders.amend(&approved_amend(1, limit(Side::Buy, 99), change), &listing()).unwrap();
    let mut smaller = told(&again, Submitted);
    smaller.order.total_quantity = 4.0;
    let spec = OrderSpec { quantity: Qty(Decimal::from(4)), ..limit(Side::Buy, 98) };
    assert_eq!(orders.opens(&smaller, NOW), [ReportKind::Amended(spec)]);
    let refused = orders.remarks(201, "something later", NOW);
    assert!(!matches!(&*refused, [ReportKind::AmendRefused(_)]), "no change is on its way");
}

#[test]
fn a_refused_change_leaves_the_order_as_it_was() {
    for (code, reads) in [
        (104, true),
        (105, true),
        (106, true),
        (107, true),
        (134, true),
        (135, true),
        (201, false),
        (321, false),
    ] {
        let (mut orders, wanted) = sent(limit(Side::Buy, 99));
        orders.opens(&told(&wanted, Submitted), NOW);
        let change = Change { limit: Some(Price(Decimal::from(98))), ..Change::default() };
        orders.amend(&approved_amend(1, limit(Side::Buy, 99), change), &listing()).unwrap();
        let told_ = orders.remarks(code, "Order modify failed", NOW);
        assert!(matches!(&*told_, [ReportKind::AmendRefused(_)]), "{code}: {told_:?}");
        assert_eq!(orders.takes_books(), reads, "{code}: it may have filled");
        assert_eq!(orders.opens(&told(&wanted, Submitted), NOW), [], "{code}");
        assert_eq!(orders.passes(after(60_000)), [], "{code}: it lives");
    }
}

#[test]
fn a_price_off_the_grid_is_answered_with_its_step() {
    let (mut orders, wanted) = sent(limit(Side::Buy, 99));
    orders.opens(&told(&wanted, Submitted), NOW);
    let change = Change { limit: Some(Price(Decimal::from(98))), ..Change::default() };
    orders.amend(&approved_amend(1, limit(Side::Buy, 99), change), &listing()).unwrap();
    let told = orders.remarks(110, "The price does not conform", NOW);
    let why = "The price does not conform. Its price must be a multiple of 0.01 (code 110)";
    assert_eq!(told, [ReportKind::AmendRefused(why.into())]);
}

#[test]
fn what_tws_changes_by_itself_is_told() {
    let (mut orders, wanted) = sent(limit(Side::Buy, 99));
    orders.opens(&told(&wanted, Submitted), NOW);
    let mut smaller = told(&wanted, Submitted);
    smaller.order.total_quantity = 4.0;
    let spec = OrderSpec { quantity: Qty(Decimal::from(4)), ..limit(Side::Buy, 99) };
    assert_eq!(orders.opens(&smaller, NOW), [ReportKind::Amended(spec)], "its group has filled in part");
}

#[test]
fn an_order_that_works_and_is_ended_with_a_refusal_was_cancelled() {
    let (mut orders, _) = sent(limit(Side::Buy, 99));
    orders.says(&status(100, Submitted, 0.0, 10.0), NOW);
    let told = orders.remarks(201, "Exchange rejects", NOW);
    assert_eq!(told, [says(OrderStatus::Working, Some("Exchange rejects (code 201)"))]);
    assert_eq!(orders.passes(after(60_000)), [], "its status decides");
    let told = orders.says(&status(100, Cancelled, 0.0, 10.0), NOW);
    assert_eq!(told, [says(OrderStatus::Cancelled, Some("Exchange rejects (code 201)"))]);
}

#[test]
fn an_inactive_order_without_a_reason_is_looked_up() {
    let (mut orders, _) = sent(limit(Side::Buy, 99));
    let told = orders.says(&status(100, Inactive, 0.0, 10.0), NOW);
    assert!(
        matches!(&*told, [ReportKind::Status { status: OrderStatus::Held, reason: Some(_) }]),
        "{told:?}"
    );
    assert!(orders.takes_books());
    orders.says(&status(100, Inactive, 0.0, 10.0), NOW);
    assert!(!orders.takes_books(), "once");
}

#[test]
fn a_number_that_was_used_before_is_told_and_skipped() {
    let (mut orders, _) = sent(limit(Side::Buy, 99));
    let mut events = Vec::new();
    orders.notice(100, 103, "Duplicate order id", &listing(), NOW, &mut events);
    let [BrokerEvent::Note(NoticeLevel::Error, note)] = &*events else { panic!("{events:?}") };
    assert!(note.contains("enter it again"), "{note}");
    let reason = Some("Duplicate order id. Nothing of it was sent on: enter it again (code 103)");
    assert_eq!(orders.passes(after(2_000)), [says(OrderStatus::Rejected, reason)]);
    let next = orders.place(&[approved(2, limit(Side::Buy, 98))], &listing(), NOW).unwrap();
    assert_eq!(next[0].number, 1_100);
    assert!(orders.takes_number() && !orders.takes_number(), "TWS is asked once");
}

#[test]
fn numbers_go_on_from_where_tws_says_and_never_back() {
    for (theirs, expected) in [(40, 101), (101, 101), (5_000, 5_000)] {
        let (mut orders, _) = sent(limit(Side::Buy, 99));
        orders.free_from(theirs);
        let next = orders.place(&[approved(2, limit(Side::Buy, 98))], &listing(), NOW).unwrap();
        assert_eq!(next[0].number, expected, "{theirs}");
    }
}

#[test]
fn where_a_trailing_stop_triggers_is_told_whenever_it_moves() {
    let kind = OrderKind::TrailingStop { by: TrailBy::Amount(Decimal::from(2)) };
    let (mut orders, wanted) = sent(OrderSpec { kind, ..limit(Side::Sell, 99) });
    let mut theirs = told(&wanted, PreSubmitted);
    let mut at = |price: f64| {
        theirs.order.trail_stop_price = Some(price);
        let mut told = orders.opens(&theirs, NOW);
        told.retain(|kind| !matches!(kind, ReportKind::Status { .. }));
        told
    };
    let trigger = |whole: i64| [ReportKind::Trigger(Price(Decimal::from(whole)))];
    assert_eq!(at(97.0), trigger(97));
    assert_eq!(at(97.0), [], "it stands where it stood");
    assert_eq!(at(98.0), trigger(98));
    let books = orders.all(Answer::Missing, NOW);
    assert_eq!(books[0].trigger, Some(Price(Decimal::from(98))));
}

#[test]
fn an_order_that_was_sent_before_a_crash_is_found_by_what_we_wrote_on_it() {
    let (_, wanted) = sent(limit(Side::Buy, 99));
    let mut next_session = orders();
    next_session.begin_round();
    assert_eq!(next_session.opens(&told(&wanted, Submitted), NOW), [], "the books will tell");
    next_session.seen(OrderId(1));
    let books = next_session.all(Answer::Whole, NOW);
    assert_eq!(
        (books[0].id, books[0].status, books[0].spec),
        (OrderId(1), OrderStatus::Working, limit(Side::Buy, 99))
    );
    assert_eq!(next_session.cancel(OrderId(1)), Ok(100), "and can be cancelled");
}

#[test]
fn one_that_is_over_by_then_is_found_too() {
    let (_, wanted) = sent(limit(Side::Buy, 99));
    for (state, filled, rest, expected) in [
        (Filled, 10.0, 0.0, OrderStatus::Filled),
        (Cancelled, 4.0, 6.0, OrderStatus::Cancelled),
        (Inactive, 0.0, 10.0, OrderStatus::Rejected),
    ] {
        let mut over = told(&wanted, state);
        over.order_id = -1;
        over.order.client_id = 0;
        (over.order.filled_quantity, over.order.total_quantity) = (filled, rest);
        over.order_state.completed_status = "Cancelled by Trader".to_owned();
        let mut next_session = orders();
        next_session.begin_round();
        next_session.completed(&over, &listing(), NOW);
        let books = next_session.all(Answer::Whole, NOW);
        assert_eq!((books.len(), books[0].status), (1, expected));
        assert_eq!(books[0].filled, crate::broker::ibkr::number::quantity(filled).unwrap());
        assert_eq!(books[0].spec.quantity, Qty(Decimal::from(10)));
    }
}

#[test]
fn orders_of_others_are_shown_and_cannot_be_touched() {
    let (_, wanted) = sent(limit(Side::Buy, 99));
    let mut theirs = told(&wanted, Submitted);
    theirs.order.client_id = 3;
    theirs.order.order_ref = "somebody's".to_owned();
    let mut orders = orders();
    orders.begin_round();
    orders.opens(&theirs, NOW);
    let id = terms::foreign(1_100);
    orders.seen(id);
    let books = orders.all(Answer::Whole, NOW);
    assert_eq!((books[0].id, books[0].origin), (id, Origin::Foreign));
    assert!(orders.cancel(id).unwrap_err().contains("entered elsewhere"));
    let (ours, others) = orders.cancel_all();
    assert_eq!((ours.len(), others), (0, 1));
    assert_eq!(orders.says(&status(100, Cancelled, 0.0, 10.0), NOW), [], "our 100 is another one");
}

#[test]
fn the_books_leave_out_what_tws_does_not_have() {
    let (mut orders, wanted) = sent(limit(Side::Buy, 99));
    orders.opens(&told(&wanted, Submitted), NOW);
    orders.begin_round();
    let meanwhile = orders.place(&[approved(2, limit(Side::Buy, 98))], &listing(), NOW).unwrap().remove(0);
    orders.opens(&told(&meanwhile, Submitted), NOW);
    let ids = |orders: &[Order]| orders.iter().map(|order| order.id.0).collect::<Vec<_>>();
    assert_eq!(ids(&orders.all(Answer::Whole, NOW)), [2], "1 is gone, 2 was sent since they were asked for");
    assert_eq!(ids(&orders.all(Answer::Missing, NOW)), [1, 2], "without an answer nothing is gone");
}

#[test]
fn everything_of_ours_is_cancelled_one_by_one() {
    let (mut orders, wanted) = sent(limit(Side::Buy, 99));
    orders.opens(&told(&wanted, Submitted), NOW);
    orders.place(&[approved(2, limit(Side::Buy, 98))], &listing(), NOW).unwrap();
    orders.says(&status(100, Cancelled, 0.0, 10.0), NOW);
    assert_eq!(orders.cancel_all(), (vec![(OrderId(2), 101)], 0));
}

#[test]
fn an_exit_that_is_told_before_its_entry_finds_it_in_the_books() {
    let entry = limit(Side::Buy, 99);
    let exit = OrderSpec { parent: Some(OrderId(1)), ..limit(Side::Sell, 110) };
    let wanted = orders().place(&[approved(1, entry), approved(2, exit)], &listing(), NOW).unwrap();
    let mut next_session = orders();
    next_session.begin_round();
    for wanted in wanted.iter().rev() {
        next_session.opens(&told(wanted, PreSubmitted), NOW);
        next_session.seen(wanted.order);
    }
    let parents: Vec<_> = next_session.all(Answer::Whole, NOW).iter().map(|o| o.spec.parent).collect();
    assert_eq!(parents, [None, Some(OrderId(1))]);
}

#[test]
fn an_order_whose_time_is_over_has_expired() {
    let spec = OrderSpec { tif: TimeInForce::Gtd(after(5_000)), ..limit(Side::Buy, 99) };
    for (at, expected) in [(4_000, OrderStatus::Cancelled), (5_000, OrderStatus::Expired)] {
        let (mut orders, _) = sent(spec);
        let told = orders.says(&status(100, Cancelled, 0.0, 10.0), after(at));
        assert!(matches!(&*told, [ReportKind::Status { status, .. }] if *status == expected), "{told:?}");
    }
}

#[test]
fn an_average_is_that_of_the_executions_that_were_told() {
    let (mut orders, _) = sent(limit(Side::Buy, 99));
    let fill = |id: &str, price: i64| Fill {
        exec_id: crate::domain::ExecId(id.into()),
        order: OrderId(1),
        account: "DU1".into(),
        instrument: InstrumentId(0),
        side: Side::Buy,
        quantity: Qty(Decimal::from(5)),
        price: Price(Decimal::from(price)),
        commission: Money { amount: Decimal::ZERO, currency: crate::domain::Currency::USD },
        realised: Decimal::ZERO,
        liquidity: crate::domain::Liquidity::Taker,
        time: NOW,
    };
    orders.filled(&fill("1", 98), NOW);
    // TWS tells the average of both before the second one is told on.
    let theirs = TheirStatus { average_fill_price: Some(97.0), ..status(100, Filled, 10.0, 0.0) };
    orders.says(&theirs, NOW);
    orders.filled(&fill("2", 96), NOW);
    let books = orders.all(Answer::Missing, NOW);
    assert_eq!((books[0].status, books[0].average_price), (OrderStatus::Filled, Some(Decimal::from(97))));
}
