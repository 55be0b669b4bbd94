//! Orders of brackets and OCO groups that this program keeps, for a broker that keeps none.

use egui::{Key, Modifiers, Pos2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use pitdesk::domain::settings::ZoneDisplay;
use pitdesk::domain::{
    GroupId, KeptGroup, Moment, Order, OrderId, OrderStatus, Record, Seq, Side, Time, TimeInForce,
};
use pitdesk::link::{Command, Timeline, Update};
use pitdesk::risk::Despite;

use crate::bench::{limit, order, settle};
use crate::desk::{START, price, qty};
use crate::desktop::{Desktop, click, desktop, desktop_sized, sent};
use crate::safety;

type Window = Harness<'static, Desktop>;

const MEANS: &str =
    "lives in this program alone, since the broker keeps none, and is not minded while Pitdesk is closed.";

/// An exit of order 7, which this program keeps.
fn exit(window: &Window, id: u64, status: OrderStatus) -> Order {
    let market = &window.state().market;
    let aapl = market.id("AAPL@NASDAQ");
    let mut exit = order(id, aapl, Side::Sell, "100", limit("290.00"), START);
    let (entry, oco) = (Some(OrderId(7)), Some(GroupId(7)));
    exit.kept =
        Some(KeptGroup { entry, oco, quantity: qty("100"), goes_on: false, is_over: false, passed: None });
    exit.spec.tif = TimeInForce::Gtc;
    let reason = "Kept here until order 7 fills: the broker does not know of it yet".into();
    Order { status, reason: (status == OrderStatus::Kept).then_some(reason), ..exit }
}

/// An entry with two exits that are kept until it fills, in a window that shows times in UTC.
fn bracket(mut window: Window) -> Window {
    window.state_mut().market.configure(|settings| settings.time_zone_display = ZoneDisplay::Utc);
    let market = &window.state().market;
    let entry = order(7, market.id("AAPL@NASDAQ"), Side::Buy, "100", limit("282.50"), START);
    let exits = [8, 9].map(|id| exit(&window, id, OrderStatus::Kept));
    for order in std::iter::once(entry).chain(exits) {
        window.state_mut().market.publish(Update::Order(order));
    }
    settle(&mut window);
    window
}

fn publish(window: &mut Window, order: Order) {
    window.state_mut().market.publish(Update::Order(order));
    settle(window);
}

fn ask_to_quit(window: &mut Window) {
    window.key_press_modifiers(Modifiers::COMMAND, Key::Q);
    settle(window);
    window.run_steps(2);
}

/// Points at a cell of an order: its column's edge is on the right of it.
fn point_at(window: &mut Window, id: u64, column: &str) {
    let row = window.get_by_label_contains(&format!("Order {id}:")).rect();
    let edge = window.get_by_label(&format!("Width of column {column}")).rect().left();
    window.hover_at(Pos2::new(edge - 12.0, row.center().y));
    window.run_steps(6);
}

#[test]
fn whoever_points_at_it_reads_where_it_lives() {
    let mut window = bracket(desktop());
    let rows = window.query_all_by_label_contains("Type Limit · exit of 7, kept here").count();
    assert_eq!(rows, 2);
    let kept = "Kept here until order 7 fills: the broker does not know of it yet. Its bracket lives in this program";
    for column in ["Status", "Type"] {
        point_at(&mut window, 8, column);
        assert!(window.query_by_label_contains(kept).is_some(), "{column}");
        assert!(window.query_by_label_contains(MEANS).is_some(), "{column}");
    }
    point_at(&mut window, 8, "Side");
    assert!(window.query_by_label_contains(MEANS).is_none(), "of other cells there is nothing to say");
    let released = exit(&window, 8, OrderStatus::Working);
    publish(&mut window, released);
    point_at(&mut window, 8, "Type");
    assert!(window.query_by_label_contains("Its bracket lives in this program").is_some());
    point_at(&mut window, 7, "Type");
    assert!(window.query_by_label_contains(MEANS).is_none(), "the entry is the broker's");
}

#[test]
fn its_timeline_says_what_it_waits_for_and_who_changed_and_cut_it() {
    let mut window = bracket(desktop());
    click(&mut window, "Timeline of order 8");
    let ms = |millis: i64| Time(START.0 + millis * 1_000_000);
    let kept = exit(&window, 8, OrderStatus::Kept);
    let sent = exit(&window, 8, OrderStatus::Sent);
    let mut cut = exit(&window, 8, OrderStatus::PendingCancel);
    cut.kept.as_mut().expect("it is kept").goes_on = true;
    let smaller = Moment::AskedAmend { quantity: Some(qty("60")), limit: None, stop: None };
    let moments = [
        (1, Moment::Intended { input_at: Time::default(), seen: None }, kept),
        (20, Moment::Sent { journaled_at: ms(2), session: 1 }, sent),
        (50, smaller, exit(&window, 8, OrderStatus::PendingAmend)),
        (90, Moment::AskedCancel, cut),
    ];
    let record =
        |(seq, (at, moment, order))| Record { seq: Seq(seq), at: ms(at), moment, orders: vec![order] };
    let records = (1..).zip(moments).map(record).collect();
    window.state_mut().market.publish(Update::Timeline(Timeline { order: OrderId(8), records, left_out: 0 }));
    settle(&mut window);
    window.run_steps(2);
    window.get_by_label_contains("Intent, Sell 100 AAPL limit 290.00 GTC · let through by the risk gate");
    window.get_by_label_contains("Kept here, until order 7 fills · the broker does not know of it yet");
    window.get_by_label_contains("On disk, the intent is in the journal");
    let by = "Change asked for, quantity 60 · by Pitdesk, which keeps it as large as its group needs";
    window.get_by_label_contains(by);
    let by = "Cancel asked for, by Pitdesk, which keeps its group: another order of it has filled";
    window.get_by_label_contains(by);
    assert!(
        window.query_all_by_label_contains(MEANS).next().is_some(),
        "and above the lines what that means"
    );
}

#[test]
fn closing_says_what_nobody_minds_then() {
    let mut window = bracket(desktop());
    ask_to_quit(&mut window);
    window.get_by_label("2 orders are kept by Pitdesk and are not minded while it is closed: close anyway?");
    window.get_by_label_contains("1 order is working.");
    click(&mut window, "Stay");
    assert!(!window.state().terminal.has_quit());

    // Its entry has filled: each lives on for the other's sake.
    let mut entry =
        order(7, window.state().market.id("AAPL@NASDAQ"), Side::Buy, "100", limit("282.50"), START);
    entry.status = OrderStatus::Filled;
    publish(&mut window, entry);
    for id in [8, 9] {
        let released = exit(&window, id, OrderStatus::Working);
        publish(&mut window, released);
    }
    ask_to_quit(&mut window);
    window.get_by_label("2 orders are kept by Pitdesk and are not minded while it is closed: close anyway?");
    window.get_by_label_contains("2 orders are working.");

    // Alone it needs nobody.
    let ended = exit(&window, 9, OrderStatus::Cancelled);
    publish(&mut window, ended);
    assert!(window.query_by_label_contains("kept by Pitdesk").is_none());
    click(&mut window, "Quit");
    assert!(window.state().terminal.has_quit());
}

#[test]
fn one_order_is_one_and_closing_anyway_closes() {
    let mut window = bracket(desktop());
    let ended = exit(&window, 9, OrderStatus::Cancelled);
    publish(&mut window, ended);
    ask_to_quit(&mut window);
    window.get_by_label("1 order is kept by Pitdesk and is not minded while it is closed: close anyway?");
    click(&mut window, "Close anyway");
    assert!(window.state().terminal.has_quit());
}

/// Opens the field over the price of an order by the keyboard.
fn begin_edit(window: &mut Window, id: u64) {
    window.get_by_label_contains(&format!("Order {id}:")).click();
    settle(window);
    window.key_press(Key::F2);
    settle(window);
    window.run_steps(2);
}

#[test]
fn its_price_is_changed_in_its_row_and_its_size_is_not() {
    let mut window = bracket(desktop());
    window.state_mut().market.quote("AAPL@NASDAQ", "284.50");
    settle(&mut window);
    sent(&mut window);
    begin_edit(&mut window, 8);
    window.get_by_label_contains(
        "It is kept here: a change holds in Pitdesk at once, and the broker does not know",
    );
    window.key_press(Key::ArrowUp);
    settle(&mut window);
    window.key_press(Key::F2);
    settle(&mut window);
    assert!(window.query_by_label("Quantity of order 8").is_none(), "its group says how large it is");
    window.key_press(Key::Enter);
    settle(&mut window);
    let (limit, despite) = (Some(price("290.01")), Despite::default());
    let amend = Command::Amend { order: OrderId(8), quantity: None, limit, stop: None, despite };
    assert_eq!(sent(&mut window), [amend]);

    // Once it is sent, that is no longer so.
    begin_edit(&mut window, 9);
    let released = exit(&window, 9, OrderStatus::Sent);
    publish(&mut window, released);
    window.run_steps(2);
    assert!(window.query_by_label("Limit of order 9").is_none());
    assert!(window.query_by_label_contains("It is kept here").is_none());
    window.get_by_label("Not changed: the broker has not confirmed it yet");
}

/// For a person to look at: `PITDESK_PICTURES=folder cargo test --test panes`.
#[test]
fn it_fits_every_size() {
    for (size, name) in safety::SIZES {
        let mut window = bracket(desktop_sized(size.into()));
        safety::theme_by(&mut window, name);
        point_at(&mut window, 8, "Type");
        safety::save(&mut window, &format!("kept-{name}"));
        begin_edit(&mut window, 8);
        safety::save(&mut window, &format!("kept-edit-{name}"));
        window.key_press(Key::Escape);
        settle(&mut window);
        ask_to_quit(&mut window);
        safety::save(&mut window, &format!("kept-quit-{name}"));
    }
}
