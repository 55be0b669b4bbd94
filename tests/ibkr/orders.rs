//! Orders to TWS and back.

use std::time::Duration;

use pitdesk::broker::contract::{BrokerEvent, BrokerRequest, Report, ReportKind, SessionEnd};
use pitdesk::domain::{
    Currency, Decimal, Fill, GroupId, Money, OrderId, OrderKind, OrderSpec, OrderStatus, Origin, Position,
    Price, Qty, Side, TrailBy,
};
use pitdesk::gateway::wire::model::{
    CommissionAndFeesReport, CompletedOrder, ErrorMessage, Execution, ExecutionDetails, NextValidId,
    OpenOrder, Order, OrderState,
};
use pitdesk::gateway::wire::{Reply, Request};
use pitdesk::link::{Clock, CommandId, WhatIf};
use pitdesk::risk::Change;

use crate::desk::{Desk, approved, approved_amend, broker, limit};
use crate::peer::{ACCOUNT, CLIENT, FIRST, House, Told, Working};
use crate::run;

pub fn execution(order: &Working, id: &str, shares: i32, price: f64) -> Reply {
    let execution = Execution {
        order_id: Some(order.number),
        client_id: Some(order.client),
        exec_id: Some(id.to_owned()),
        time: Some("20261120 10:00:01 US/Eastern".to_owned()),
        acct_number: Some(ACCOUNT.to_owned()),
        side: Some(if order.order.action.as_deref() == Some("BUY") { "BOT" } else { "SLD" }.to_owned()),
        shares: Some(shares.to_string()),
        price: Some(price),
        perm_id: Some(900_000 + i64::from(order.number)),
        order_ref: order.order.order_ref.clone(),
        ..Execution::default()
    };
    Reply::ExecutionDetails(Box::new(ExecutionDetails {
        req_id: Some(-1),
        contract: Some(order.contract.clone()),
        execution: Some(execution),
    }))
}

pub fn commission(id: &str, amount: f64) -> Reply {
    Reply::CommissionReport(CommissionAndFeesReport {
        exec_id: Some(id.to_owned()),
        commission_and_fees: Some(amount),
        currency: Some("USD".to_owned()),
        ..CommissionAndFeesReport::default()
    })
}

pub async fn fill(desk: &mut Desk) -> (Fill, Position) {
    desk.first(|event| match event {
        BrokerEvent::Fill { fill, position } => Some((fill.clone(), position.clone())),
        _ => None,
    })
    .await
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

const EXECUTION: &str = "0000e0d5.6042b2a4.01.01";

/// An order that was sent and works.
async fn working() -> (Desk, crate::peer::Peer, Working) {
    let (mut desk, mut peer) = Desk::ready(Told::default()).await;
    desk.asks(BrokerRequest::Place(vec![approved(1, limit(Side::Buy, 99))])).await;
    let order = Working::new(peer.order().await, "Submitted");
    peer.stands(&order).await;
    desk.stands(1, OrderStatus::Working).await;
    (desk, peer, order)
}

#[test]
fn an_order_goes_out_works_fills_and_costs() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.asks(BrokerRequest::Place(vec![approved(1, limit(Side::Buy, 99))])).await;
        let (number, contract, order) = peer.order().await;
        assert_eq!((number, contract.con_id), (FIRST, Some(265_598)));
        assert_eq!(order.account.as_deref(), Some(ACCOUNT));
        assert_eq!((order.tif.as_deref(), order.order_type.as_deref()), (Some("DAY"), Some("LMT")));
        assert_eq!((order.action.as_deref(), order.lmt_price), (Some("BUY"), Some(99.0)));
        assert_eq!(order.order_ref.as_deref(), Some("pitdesk/7/1"));
        assert_eq!((order.transmit, order.outside_rth), (Some(true), None));
        desk.first(|event| matches!(event, BrokerEvent::OnWire { order: OrderId(1), .. }).then_some(()))
            .await;

        let mut order = Working::new((number, contract, order), "PreSubmitted");
        peer.stands(&order).await;
        desk.stands(1, OrderStatus::Held).await;
        order = order.now("Submitted");
        peer.stands(&order).await;
        desk.stands(1, OrderStatus::Working).await;
        peer.says(execution(&order, EXECUTION, 10, 98.5)).await;
        order = Working { filled: 10, ..order.now("Filled") };
        peer.stands(&order).await;
        peer.says(commission(EXECUTION, 1.25)).await;

        let (fill, position) = fill(&mut desk).await;
        assert_eq!((fill.order, fill.quantity, fill.price), (OrderId(1), Qty(dec("10")), Price(dec("98.5"))));
        assert_eq!(fill.commission, Money { amount: dec("1.25"), currency: Currency::USD });
        assert_eq!((position.net, position.average_price), (dec("10"), dec("98.5")));
        assert_eq!(fill.time.to_string(), "2026-11-20T15:00:01Z");
    });
}

#[test]
fn a_commission_that_stays_away_holds_the_execution_for_a_second_only() {
    run(async {
        let (mut desk, mut peer, order) = working().await;
        peer.says(execution(&order, EXECUTION, 4, 98.5)).await;
        // What comes behind it on the same stream shows that the session has it.
        peer.remarks(order.number, 2109, "a remark").await;
        desk.first(|event| {
            let said = |kind: &ReportKind| matches!(kind, ReportKind::Status { reason: Some(_), .. });
            matches!(event, BrokerEvent::Report(report) if said(&report.kind)).then_some(())
        })
        .await;
        assert!(!desk.has_seen(|event| matches!(event, BrokerEvent::Fill { .. })));
        desk.at(1);
        assert_eq!(fill(&mut desk).await.0.commission.amount, Decimal::ZERO);
        peer.says(commission(EXECUTION, 1.25)).await;
        let charged = desk.first(|event| match event {
            BrokerEvent::Charged { fill, position } => Some((fill.clone(), position.clone())),
            _ => None,
        });
        let (fill, position) = charged.await;
        assert_eq!((fill.order, fill.commission.amount), (OrderId(1), dec("1.25")));
        assert_eq!((position.net, position.commissions), (dec("4"), dec("1.25")));
    });
}

#[test]
fn a_bracket_is_three_orders_of_which_the_last_sends_all() {
    run(async {
        let (desk, mut peer) = Desk::ready(Told::default()).await;
        let exit =
            |price| OrderSpec { parent: Some(OrderId(1)), oco: Some(GroupId(5)), ..limit(Side::Sell, price) };
        let bracket = vec![approved(1, limit(Side::Buy, 99)), approved(2, exit(110)), approved(3, exit(120))];
        desk.asks(BrokerRequest::Place(bracket)).await;
        let mut seen = Vec::new();
        for _ in 0..3 {
            let (number, _, order) = peer.order().await;
            seen.push((number, order.parent_id, order.transmit, order.oca_group, order.oca_type));
        }
        let group = || Some("pitdesk/7/oca/5".to_owned());
        assert_eq!(
            seen,
            [
                (FIRST, None, None, None, None),
                (FIRST + 1, Some(FIRST), None, group(), Some(2)),
                (FIRST + 2, Some(FIRST), Some(true), group(), Some(2)),
            ]
        );
    });
}

#[test]
fn a_refused_order_says_why_in_the_words_of_tws() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.asks(BrokerRequest::Place(vec![approved(1, limit(Side::Buy, 99))])).await;
        let order = Working::new(peer.order().await, "Cancelled");
        peer.remarks(order.number, 201, "Order rejected - reason:Your account is<br>restricted").await;
        peer.stands(&order).await;
        let why = desk.stands(1, OrderStatus::Rejected).await;
        assert_eq!(why.as_deref(), Some("Your account is restricted (code 201)"));
    });
}

#[test]
fn reasons_that_tws_gives_apart_from_its_words_are_told_too() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.asks(BrokerRequest::Place(vec![approved(1, limit(Side::Buy, 99))])).await;
        let order = Working::new(peer.order().await, "Cancelled");
        let json = r#"{"rejects": [{"id": "8229", "messages": ["No shares to borrow"]}]}"#;
        peer.says(Reply::Error(ErrorMessage {
            id: Some(order.number),
            error_code: Some(201),
            error_msg: Some("Order rejected - reason:See below".to_owned()),
            advanced_order_reject_json: Some(json.to_owned()),
            ..ErrorMessage::default()
        }))
        .await;
        peer.stands(&order).await;
        let why = desk.stands(1, OrderStatus::Rejected).await;
        assert_eq!(why.as_deref(), Some("See below: No shares to borrow (code 201)"));
    });
}

#[test]
fn behind_a_number_that_was_used_before_tws_says_which_is_free() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        let places = |id| BrokerRequest::Place(vec![approved(id, limit(Side::Buy, 99))]);
        desk.asks(places(1)).await;
        let number = peer.order().await.0;
        peer.remarks(number, 103, "Duplicate order id").await;
        desk.note("enter it again").await;
        peer.first(|request| matches!(request, Request::Ids(_)).then_some(())).await;
        desk.asks(places(2)).await;
        assert_eq!(peer.order().await.0, number + 1_000, "far from those that may be used");
        for (id, theirs, expected) in [(3, 9_000, 9_000), (4, FIRST, 10_000)] {
            peer.says(Reply::NextValidId(NextValidId { order_id: Some(theirs) })).await;
            // What comes behind it shows that it was heard.
            peer.remarks(-1, 2103, &format!("Market data farm connection is broken:farm{id}")).await;
            desk.note(&format!("farm{id} is down")).await;
            desk.asks(places(id)).await;
            let next = peer.order().await.0;
            assert_eq!(next, expected);
            peer.remarks(next, 103, "Duplicate order id").await;
            desk.note("enter it again").await;
            peer.first(|request| matches!(request, Request::Ids(_)).then_some(())).await;
        }
    });
}

#[test]
fn where_a_trailing_stop_triggers_is_told_as_tws_moves_it() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        let kind = OrderKind::TrailingStop { by: TrailBy::Amount(dec("2")) };
        let trailing = OrderSpec { kind, ..limit(Side::Sell, 99) };
        desk.asks(BrokerRequest::Place(vec![approved(1, trailing)])).await;
        let mut order = Working::new(peer.order().await, "PreSubmitted");
        assert_eq!((order.order.order_type.as_deref(), order.order.aux_price), (Some("TRAIL"), Some(2.0)));
        for price in ["97.5", "98.25"] {
            order.order.trail_stop_price = price.parse().ok();
            peer.stands(&order).await;
            let trigger = desk.first(|event| match event {
                BrokerEvent::Report(Report { kind: ReportKind::Trigger(price), .. }) => Some(*price),
                _ => None,
            });
            assert_eq!(trigger.await, Price(dec(price)));
        }
    });
}

#[test]
fn a_cancel_is_confirmed_by_the_stream() {
    run(async {
        let (mut desk, mut peer, order) = working().await;
        desk.asks(BrokerRequest::Cancel(OrderId(1))).await;
        assert_eq!(peer.cancel().await, FIRST);
        peer.stands(&order.now("PendingCancel")).await;
        peer.stands(&order.now("Cancelled")).await;
        peer.remarks(FIRST, 202, "Order Canceled - reason:").await;
        assert_eq!(desk.stands(1, OrderStatus::Cancelled).await, None);
    });
}

#[test]
fn a_cancel_that_comes_too_late_leaves_the_order_and_reads_the_books() {
    run(async {
        let (mut desk, mut peer, order) = working().await;
        desk.asks(BrokerRequest::Cancel(OrderId(1))).await;
        peer.cancel().await;
        desk.at(6);
        peer.remarks(
            FIRST,
            10148,
            "OrderId 40 that needs to be cancelled cannot be cancelled, state: Filled.",
        )
        .await;
        let ReportKind::CancelRefused(why) = desk.report_after(1, OrderStatus::Working).await else {
            panic!()
        };
        assert!(why.contains("10148"), "{why}");
        let questions = peer.questions().await;
        peer.tells(&questions, Told { open: vec![order], ..Told::default() }).await;
        desk.books().await;
        let books = desk.books().await;
        assert_eq!((books.orders.len(), books.orders[0].status), (1, OrderStatus::Working));
    });
}

#[test]
fn a_change_is_the_same_order_again() {
    run(async {
        let (mut desk, mut peer, order) = working().await;
        let change = Change { limit: Some(Price(dec("98"))), ..Change::default() };
        desk.asks(BrokerRequest::Amend(approved_amend(1, limit(Side::Buy, 99), change))).await;
        let (number, contract, changed) = peer.order().await;
        assert_eq!((number, changed.lmt_price, changed.transmit), (order.number, Some(98.0), Some(true)));
        assert_eq!(changed.order_ref, order.order.order_ref);
        peer.stands(&Working::new((number, contract, changed), "Submitted")).await;
        let ReportKind::Amended(spec) = desk.report(1).await else { panic!() };
        assert_eq!(spec, limit(Side::Buy, 98));
    });
}

#[test]
fn a_refused_change_leaves_the_order_as_it_was() {
    run(async {
        let (mut desk, mut peer, order) = working().await;
        let change = Change { limit: Some(Price(dec("98"))), ..Change::default() };
        desk.asks(BrokerRequest::Amend(approved_amend(1, limit(Side::Buy, 99), change))).await;
        peer.order().await;
        peer.remarks(order.number, 201, "Order rejected - reason:The price is too far off").await;
        peer.stands(&order).await;
        let ReportKind::AmendRefused(why) = desk.report(1).await else { panic!() };
        assert!(why.contains("too far off"), "{why}");
        peer.says(execution(&order, EXECUTION, 10, 99.0)).await;
        peer.says(commission(EXECUTION, 1.0)).await;
        assert_eq!(fill(&mut desk).await.0.order, OrderId(1), "it lived on");
    });
}

#[test]
fn a_code_that_refuses_nothing_is_a_remark_on_the_order() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        desk.asks(BrokerRequest::Place(vec![approved(1, limit(Side::Buy, 99))])).await;
        let order = Working::new(peer.order().await, "Submitted");
        peer.remarks(order.number, 10349, "Order TIF was set to DAY based on order preset.").await;
        let why = desk.stands(1, OrderStatus::Accepted).await.unwrap();
        assert!(why.contains("based on order preset"), "{why}");
        peer.stands(&order).await;
        desk.stands(1, OrderStatus::Working).await;
    });
}

#[test]
fn all_orders_of_this_program_are_cancelled_by_number_and_no_others() {
    run(async {
        let other = Working {
            client: 3,
            number: 12,
            contract: pitdesk::gateway::wire::model::Contract {
                con_id: Some(272_093),
                symbol: Some("MSFT".to_owned()),
                sec_type: Some("STK".to_owned()),
                currency: Some("USD".to_owned()),
                ..Default::default()
            },
            order: Order {
                action: Some("SELL".to_owned()),
                total_quantity: Some("5".to_owned()),
                order_type: Some("LMT".to_owned()),
                lmt_price: Some(500.0),
                tif: Some("GTC".to_owned()),
                account: Some(ACCOUNT.to_owned()),
                ..Order::default()
            },
            status: "Submitted",
            filled: 0,
        };
        let (mut desk, mut peer) = Desk::ready(Told { open: vec![other], ..Told::default() }).await;
        let books = desk.books().await;
        assert_eq!((books.orders.len(), books.orders[0].origin), (1, Origin::Foreign));
        desk.asks(BrokerRequest::Place(vec![approved(1, limit(Side::Buy, 99))])).await;
        let order = Working::new(peer.order().await, "Submitted");
        peer.stands(&order).await;
        desk.stands(1, OrderStatus::Working).await;
        desk.asks(BrokerRequest::CancelAll).await;
        assert_eq!(peer.cancel().await, order.number);
        desk.note("1 order more works at IBKR: entered elsewhere").await;
        desk.asks(BrokerRequest::Cancel(books.orders[0].id)).await;
        let ReportKind::CancelRefused(why) = desk.report(books.orders[0].id.0).await else { panic!() };
        assert!(why.contains("entered elsewhere"), "{why}");
    });
}

#[test]
fn an_update_that_cannot_be_read_costs_no_later_one() {
    run(async {
        let (mut desk, mut peer, order) = working().await;
        desk.books().await;
        let broken = OpenOrder { order_id: Some(order.number), ..OpenOrder::default() };
        peer.says(Reply::OpenOrder(Box::new(broken))).await;
        desk.note("could not be read").await;
        desk.at(6);
        let questions = peer.questions().await;
        peer.tells(&questions, Told { open: vec![order.clone()], ..Told::default() }).await;
        let books = desk.books().await;
        assert_eq!((books.orders.len(), books.orders[0].status), (1, OrderStatus::Working));
        peer.stands(&order.now("Cancelled")).await;
        desk.stands(1, OrderStatus::Cancelled).await;
    });
}

/// The number of every order that comes before a cancel does, and that of the cancel.
async fn before_a_cancel(peer: &mut crate::peer::Peer) -> (usize, i32) {
    let mut orders = 0;
    loop {
        match peer.next().await {
            Request::PlaceOrder(_) => orders += 1,
            Request::CancelOrder(cancel) => return (orders, cancel.order_id.unwrap()),
            _ => {}
        }
    }
}

#[test]
fn a_cancel_does_not_wait_behind_orders() {
    run(async {
        let (desk, mut peer, order) = working().await;
        for id in 2..32 {
            desk.asks(BrokerRequest::Place(vec![approved(id, limit(Side::Buy, 90))])).await;
        }
        desk.asks(BrokerRequest::Cancel(OrderId(1))).await;
        let (before, cancelled) = before_a_cancel(&mut peer).await;
        assert_eq!(cancelled, order.number);
        assert!(before < 30, "{before}: TWS takes fifty messages a second");
    });
}

#[test]
fn a_cancel_of_what_has_not_left_stays_behind_it() {
    run(async {
        let (desk, mut peer, order) = working().await;
        for id in 2..12 {
            desk.asks(BrokerRequest::Place(vec![approved(id, limit(Side::Buy, 90))])).await;
        }
        desk.asks(BrokerRequest::Cancel(OrderId(11))).await;
        assert_eq!(before_a_cancel(&mut peer).await, (10, order.number + 10));
    });
}

#[test]
fn what_was_asked_before_the_goodbye_is_sent_before_it() {
    run(async {
        let (desk, mut peer, order) = working().await;
        for id in 2..12 {
            desk.asks(BrokerRequest::Place(vec![approved(id, limit(Side::Buy, 90))])).await;
        }
        desk.asks(BrokerRequest::Cancel(OrderId(1))).await;
        desk.asks(BrokerRequest::Disconnect).await;
        assert_eq!(desk.end().await, SessionEnd::Asked);
        assert_eq!(peer.cancel().await, order.number);
        for number in 1..=10 {
            assert_eq!(peer.order().await.0, order.number + number);
        }
    });
}

#[test]
fn orders_that_had_not_left_when_the_connection_broke_are_told_so() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        for id in 1..41 {
            desk.asks(BrokerRequest::Place(vec![approved(id, limit(Side::Buy, 90))])).await;
        }
        peer.order().await;
        drop(peer);
        let why = desk.stands(40, OrderStatus::Rejected).await.unwrap();
        assert_eq!(&*why, "The connection was lost before it was sent");
        let of_the_first =
            |event: &BrokerEvent| matches!(event, BrokerEvent::Report(report) if report.order.0 == 1);
        assert!(!desk.has_seen(of_the_first), "that one has left: the next books will say");
    });
}

#[test]
fn an_order_that_was_sent_before_a_cut_is_found_by_the_next_session() {
    run(async {
        let house = House::open().await;
        let broker = broker(house.address());
        let (desk, mut peer) = Desk::ready_at(&house, &broker, Told::default()).await;
        desk.asks(BrokerRequest::Place(vec![approved(1, limit(Side::Buy, 99))])).await;
        desk.asks(BrokerRequest::Place(vec![approved(2, limit(Side::Buy, 98))])).await;
        let first = Working::new(peer.order().await, "Submitted");
        let second = peer.order().await;
        drop(peer);
        desk.lost().await;

        // One works, the other has filled meanwhile.
        let filled = Working { filled: 10, ..Working::new(second, "Filled") };
        let completed = CompletedOrder {
            contract: Some(filled.contract.clone()),
            order: Some(Order {
                total_quantity: Some("0".to_owned()),
                filled_quantity: Some("10".to_owned()),
                ..filled.order.clone()
            }),
            order_state: Some(OrderState {
                status: Some("Filled".to_owned()),
                completed_status: Some("Filled Size: 10".to_owned()),
                ..OrderState::default()
            }),
        };
        let executions = vec![execution(&filled, EXECUTION, 10, 98.0), commission(EXECUTION, 1.0)];
        let told =
            Told { open: vec![first.clone()], completed: vec![completed], executions, ..Told::default() };
        let (mut desk, mut peer) = Desk::ready_at(&house, &broker, told).await;
        let books = desk.books().await;
        let orders: Vec<_> = books.orders.iter().map(|o| (o.id.0, o.status, o.spec)).collect();
        assert_eq!(
            orders,
            [(1, OrderStatus::Working, limit(Side::Buy, 99)), (2, OrderStatus::Filled, limit(Side::Buy, 98)),]
        );
        assert_eq!((books.fills.len(), books.fills[0].order), (1, OrderId(2)));
        assert!(!books.are_final);
        desk.asks(BrokerRequest::Cancel(OrderId(1))).await;
        assert_eq!(peer.cancel().await, first.number, "and can be cancelled");
        assert_eq!(first.client, CLIENT);
    });
}

#[test]
fn a_what_if_is_marked_as_one_and_its_answer_is_no_order() {
    run(async {
        let (mut desk, mut peer) = Desk::ready(Told::default()).await;
        let asked = WhatIf { account: ACCOUNT.into(), spec: limit(Side::Buy, 99) };
        desk.asks(BrokerRequest::WhatIf(CommandId(5), Box::new(asked))).await;
        let (number, contract, order) = peer.order().await;
        assert_eq!((order.what_if, order.order_ref.as_deref().unwrap_or_default()), (Some(true), ""));
        let state = OrderState {
            status: Some("PreSubmitted".to_owned()),
            init_margin_before: Some(1_000.0),
            init_margin_after: Some(1_990.0),
            max_commission_and_fees: Some(1.0),
            commission_and_fees_currency: Some("USD".to_owned()),
            ..OrderState::default()
        };
        let open = OpenOrder {
            order_id: Some(number),
            contract: Some(contract),
            order: Some(order),
            order_state: Some(state),
        };
        peer.says(Reply::OpenOrder(Box::new(open))).await;
        let impact = desk
            .first(|event| match event {
                BrokerEvent::Impact { id: CommandId(5), outcome } => Some(outcome.clone()),
                _ => None,
            })
            .await
            .unwrap();
        assert_eq!(impact.margin.unwrap().initial_change, 990.into());
        assert_eq!(impact.commission.unwrap().to_string(), "1.00 USD");
        assert!(!desk.has_seen(|event| matches!(event, BrokerEvent::Report(_) | BrokerEvent::OnWire { .. })));
        // The next order has a number above it.
        desk.asks(BrokerRequest::Place(vec![approved(1, limit(Side::Buy, 99))])).await;
        let (next, _, order) = peer.order().await;
        assert!(next > number && order.what_if != Some(true));
    });
}

#[test]
fn more_orders_than_tws_takes_are_sent_at_its_pace_and_in_their_order() {
    const ALLOWED: usize = 50;
    run(async {
        let (desk, mut peer) = Desk::ready(Told::default()).await;
        let orders = (1..=120).map(|id| approved(id, limit(Side::Buy, 99))).collect();
        // The limiter goes by the time of this computer: what has come by then was sent by then.
        let clock = Clock::system();
        let began = clock.now();
        desk.asks(BrokerRequest::Place(orders)).await;
        let mut numbers = Vec::new();
        loop {
            let number = peer.order().await.0;
            if clock.now().since(began) >= Duration::from_secs(1) {
                break;
            }
            numbers.push(number);
        }
        assert!(numbers.len() <= ALLOWED, "{} in a second", numbers.len());
        assert!(
            numbers.iter().copied().zip(FIRST..).all(|(number, expected)| number == expected),
            "{numbers:?}"
        );
    });
}
