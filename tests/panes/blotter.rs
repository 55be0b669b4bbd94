//! The blotter: what it shows of a desk, and what clicks and keys in it send.

use std::collections::BTreeSet;
use std::time::Duration;

use egui::{Key, Modifiers, Pos2, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::limits::Scope;
use pitdesk::domain::{
    AccountId, AccountKind, Currency, Money, Order, OrderId, OrderKind, OrderStatus, Price, Qty, Side,
    TimeInForce, TrailBy, settings::Settings, settings::ZoneDisplay,
};
use pitdesk::link::{Command, ConnectionState, KillState, NoticeLevel, ScopeUse, Update};
use pitdesk::risk::Lock;
use pitdesk::ui::UiCommand;
use pitdesk::ui::blotter::Blotter;

use crate::bench::{self, fill, focused, limit, order, painted, position, settle};
use crate::desk::{START, decimal, price, qty};

mod amend;
mod find;
mod insist;
mod lists;
mod notes;
mod positions;
mod results;

const SMALL: [f32; 2] = [700.0, 230.0];
const LARGE: [f32; 2] = [1050.0, 350.0];
const AAPL: &str = "AAPL@NASDAQ";

type Bench = bench::Bench<Blotter>;
type Pane = Harness<'static, Bench>;

/// A blotter on an empty desk that shows times in UTC.
fn empty() -> Bench {
    let mut bench = Bench::new(Blotter::default());
    bench.market.configure(|settings| settings.time_zone_display = ZoneDisplay::Utc);
    bench
}

/// A pane with a working limit order 12 of 100 AAPL, the pointer outside.
fn with_order() -> Pane {
    let mut bench = empty();
    let aapl = bench.market.id(AAPL);
    bench.order(order(12, aapl, Side::Buy, "100", limit("282.50"), bench.market.now()));
    let mut pane = bench.show(LARGE);
    pane.step();
    pane
}

/// A pane on the positions, with 100 AAPL held.
fn with_position(change: impl FnOnce(&mut Settings)) -> Pane {
    let mut bench = empty();
    bench.market.configure(change);
    bench.market.quote(AAPL, "284.50");
    bench.hold(AAPL, "100", "280.00");
    let mut pane = bench.show(LARGE);
    click(&mut pane, "Positions");
    pane
}

#[track_caller]
fn click(pane: &mut Pane, name: &str) {
    pane.get_by_label(name).click();
    settle(pane);
}

fn press(pane: &mut Pane, key: Key) {
    pane.key_press(key);
    settle(pane);
}

/// Where the rows' names are, from above.
fn rows(pane: &Pane, begin: &str) -> Vec<String> {
    let mut found: Vec<(f32, String)> = pane
        .query_all_by_role(egui::Role::Row)
        .filter_map(|node| Some((node.rect().top(), node.accesskit_node().label()?)))
        .filter(|(_, name)| name.starts_with(begin))
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, name)| name).collect()
}

fn numbers(pane: &Pane) -> Vec<u64> {
    let number = |name: &String| name["Order ".len()..].split(':').next()?.parse().ok();
    rows(pane, "Order ").iter().filter_map(number).collect()
}

fn amend(quantity: Option<&str>, price: Option<&str>) -> Command {
    Command::Amend {
        order: OrderId(12),
        quantity: quantity.map(|text| Qty(decimal(text))),
        limit: price.map(|text| Price(decimal(text))),
        stop: None,
        despite: pitdesk::risk::Despite::default(),
    }
}

/// Opens the field over a part of order 12 by the keyboard.
fn begin_edit(pane: &mut Pane) {
    pane.get_by_label_contains("Order 12:").click();
    pane.run_steps(2);
    press(pane, Key::F2);
}

#[test]
fn a_row_tells_its_order() {
    let mut pane = with_order();
    pane.state_mut().change(12, |order| {
        order.status = OrderStatus::PartiallyFilled;
        order.filled = Qty(decimal("40"));
        order.average_price = Some(decimal("282.485"));
    });
    pane.step();
    assert_eq!(
        rows(&pane, "Order "),
        [
            "Order 12: Order 12, Time 15:00:00, Symbol AAPL, Side Buy, Type Limit, Quantity 100, Filled 40, Limit 282.50, \
          Status Part filled, TIF DAY, Average 282.4850"
        ]
    );
}

#[test]
fn working_orders_come_first_and_newest_first() {
    let mut pane = with_order();
    let bench = pane.state_mut();
    let (aapl, now) = (bench.market.id(AAPL), bench.market.now());
    for (id, status) in [(9, OrderStatus::Filled), (10, OrderStatus::Working), (13, OrderStatus::Cancelled)] {
        let mut order = order(id, aapl, Side::Sell, "5", limit("290.00"), now);
        order.status = status;
        bench.order(order);
    }
    pane.step();
    assert_eq!(numbers(&pane), [12, 10, 13, 9]);
    click(&mut pane, "Working only");
    assert_eq!(numbers(&pane), [12, 10]);
}

#[test]
fn a_row_says_what_its_order_hangs_together_with_and_when_it_ends() {
    let mut pane = with_order();
    let until = |hours| TimeInForce::Gtd(START + Duration::from_hours(hours));
    let check = |pane: &mut Pane, change: &dyn Fn(&mut Order), told: &str| {
        pane.state_mut().change(12, change);
        pane.step();
        assert!(rows(pane, "Order 12")[0].contains(told), "{told}: {:?}", rows(pane, "Order 12"));
    };
    check(&mut pane, &|order| order.spec.post_only = true, "Type Limit, post, ");
    check(&mut pane, &|order| order.spec.parent = Some(OrderId(9)), "Type Limit, post · exit of 9, ");
    let trailing = OrderKind::TrailingStop { by: TrailBy::Amount(decimal("2")) };
    check(&mut pane, &|order| order.spec.kind = trailing, "Type Trailing stop by 2.00, ");
    check(&mut pane, &|order| order.trigger = Some(price("280.5")), "Stop 280.50, ");
    let named = pitdesk::domain::ClientRef { client: 3, order: 12, reference: None, group: None };
    check(
        &mut pane,
        &|order| order.client = Some(named.clone().into()),
        "Type Client 3 · Trailing stop by 2.00, ",
    );
    check(&mut pane, &|order| order.spec.tif = until(1), "TIF GTD 16:00");
    check(&mut pane, &|order| order.spec.tif = until(73), "TIF GTD 23 Nov 16:00");
}

#[test]
fn cancel_is_sent_once_however_often_it_is_clicked() {
    let mut pane = with_order();
    click(&mut pane, "Cancel order 12");
    click(&mut pane, "Cancel order 12");
    assert_eq!(pane.state_mut().take_sent(), [Command::Cancel { order: OrderId(12) }]);
    // The broker refuses it: then it can be asked again.
    pane.state_mut().answer(Err("The order is not known at the broker"));
    pane.run_steps(3);
    assert!(pane.query_by_label("The order is not known at the broker").is_some(), "the refusal is shown");
    assert!(rows(&pane, "Order 12")[0].contains("Reason The order is not known at the broker"));
    click(&mut pane, "Cancel order 12");
    assert_eq!(pane.state_mut().take_sent().len(), 1);
}

#[test]
fn a_cancel_that_the_broker_refuses_later_is_told_at_the_row() {
    let mut pane = with_order();
    click(&mut pane, "Cancel order 12");
    pane.state_mut().change(12, |order| order.status = OrderStatus::PendingCancel);
    pane.state_mut().answer(Ok(Some(12)));
    pane.run_steps(2);
    assert!(rows(&pane, "Order 12")[0].contains("Status Cancelling"));
    pane.state_mut().change(12, |order| {
        order.status = OrderStatus::Working;
        order.reason = Some("too late".into());
    });
    pane.run_steps(3);
    assert!(pane.query_by_label("Not cancelled: too late").is_some());
}

#[test]
fn cancel_all_asks_nothing_and_needs_something_to_cancel() {
    let mut pane = with_order();
    click(&mut pane, "Cancel all");
    click(&mut pane, "Cancel all");
    assert_eq!(pane.state_mut().take_sent(), [Command::CancelAll { instrument: None }]);
    pane.state_mut().change(12, |order| order.status = OrderStatus::Cancelled);
    pane.state_mut().answer(Ok(None));
    pane.run_steps(2);
    assert!(pane.get_by_label("Cancel all").accesskit_node().is_disabled());
}

#[test]
fn delete_cancels_the_selected_order_and_only_in_the_table() {
    let mut pane = with_order();
    press(&mut pane, Key::Delete);
    assert_eq!(pane.state_mut().take_sent(), [], "nothing has the keyboard");
    begin_edit(&mut pane);
    press(&mut pane, Key::Delete);
    assert_eq!(pane.state_mut().take_sent(), [], "in a field, Delete deletes text");
    press(&mut pane, Key::Escape);
    press(&mut pane, Key::Delete);
    assert_eq!(pane.state_mut().take_sent(), [Command::Cancel { order: OrderId(12) }]);
}

#[test]
fn arrows_move_the_selection() {
    let mut pane = with_order();
    let bench = pane.state_mut();
    let (msft, now) = (bench.market.id("MSFT@NASDAQ"), bench.market.now());
    bench.order(order(11, msft, Side::Sell, "5", limit("540.00"), now));
    pane.step();
    pane.get_by_label_contains("Order 12:").click();
    pane.run_steps(2);
    pane.state_mut().wishes.clear();
    press(&mut pane, Key::ArrowDown);
    assert_eq!(pane.state().wishes, [UiCommand::Select(msft)]);
    press(&mut pane, Key::Delete);
    assert_eq!(pane.state_mut().take_sent(), [Command::Cancel { order: OrderId(11) }]);
}

#[test]
fn tab_never_reaches_a_control_that_sends() {
    let at_once = || with_position(|settings| settings.confirm_orders = false);
    for (mut pane, table) in [(with_order(), "Orders table"), (at_once(), "Positions table")] {
        let mut reached = BTreeSet::new();
        for _ in 0..12 {
            press(&mut pane, Key::Tab);
            reached.extend(focused(&pane));
            // What a Space does to the table itself is tested elsewhere: it chooses nothing.
            if focused(&pane).iter().all(|name| name == table) {
                press(&mut pane, Key::Space);
                press(&mut pane, Key::Enter);
            }
        }
        for name in ["Orders", "Activity", table] {
            assert!(reached.contains(name), "Tab has not come to {name}: {reached:?}");
        }
        for name in ["Cancel all", "Cancel order 12", "Amend order 12", "Close AAPL", "Reverse AAPL"] {
            assert!(!reached.contains(name), "Tab comes to {name}");
        }
        assert_eq!(pane.state_mut().take_sent(), []);
    }
}

#[test]
fn rows_stay_while_the_pointer_is_over_them() {
    let mut pane = with_order();
    let row = pane.get_by_label_contains("Order 12:").rect();
    pane.hover_at(row.center());
    pane.run_steps(2);
    let bench = pane.state_mut();
    let (aapl, now) = (bench.market.id(AAPL), bench.market.now());
    bench.order(order(13, aapl, Side::Buy, "7", limit("281.00"), now));
    bench.order(order(14, aapl, Side::Buy, "7", limit("281.00"), now));
    pane.run_steps(2);
    assert_eq!(numbers(&pane), [12], "the new ones wait");
    assert_eq!(pane.get_by_label_contains("Order 12:").rect(), row);
    assert_eq!(pane.get_by_label("Orders").value().as_deref(), Some("3, 2 new"));
    // What happens to a row in sight is shown at once.
    pane.state_mut().change(12, |order| order.status = OrderStatus::Filled);
    pane.run_steps(2);
    assert!(rows(&pane, "Order 12")[0].contains("Status Filled"));
    pane.hover_at(Pos2::new(300.0, 10.0));
    pane.run_steps(2);
    assert_eq!(numbers(&pane), [14, 13, 12]);
    assert_eq!(pane.get_by_label("Orders").value().as_deref(), Some("2"));
}

#[test]
fn an_order_shown_from_elsewhere_comes_into_sight_against_tab_and_filter() {
    let mut bench = empty();
    let (aapl, now) = (bench.market.id(AAPL), bench.market.now());
    for id in 1..500 {
        let mut order = order(id, aapl, Side::Buy, "5", limit("280.00"), now);
        order.status = OrderStatus::Filled;
        bench.order(order);
    }
    bench.order(order(500, aapl, Side::Buy, "5", limit("280.00"), now));
    let mut pane = bench.show(SMALL);
    click(&mut pane, "Working only");
    click(&mut pane, "Fills");
    pane.hover_at(Pos2::new(300.0, 10.0));
    pane.state_mut().pane.show_order(OrderId(40));
    pane.run_steps(3);
    let node = pane.get_by_label_contains("Order 40:");
    assert_eq!(node.accesskit_node().is_selected(), Some(true));
    assert!(numbers(&pane).len() < 15, "only rows in sight are made");
}
