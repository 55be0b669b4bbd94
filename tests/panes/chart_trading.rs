//! The chart trades: lines of orders that are dragged, the menu at a price, and what never leaves unasked.

use std::sync::Arc;
use std::time::Duration;

use egui::{Event, Key, Modifiers, PointerButton, Pos2, Rect, pos2, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::{BrokerId, Order, OrderId, OrderKind, OrderStatus, Origin, Price, Side, Timeframe};
use pitdesk::link::update::Placement;
use pitdesk::link::{BarKey, Command, ConnectionState, History, KillState, Place, Update};
use pitdesk::market::series::BarChunk;
use pitdesk::ui::UiCommand;
use pitdesk::ui::chart_pane::ChartPane;

use crate::bench::{Bench, limit, order, settle};
use crate::chart_pane::{AAPL, bars};
use crate::desk::{price, qty};
use crate::desktop::{desktop, sent};
use crate::picture;

type Trader = Bench<ChartPane>;
type Window = Harness<'static, Trader>;

/// Longer than any double click.
const A_MOMENT: Duration = Duration::from_millis(600);

/// A chart of an hour and a half of minutes around 284.50, which is the ask, with a sell order 1 at 284.80.
fn chart() -> Window {
    let mut trader = Bench::new(ChartPane::default());
    trader.select(AAPL);
    trader.market.quote(AAPL, "284.50");
    let mut window = trader.show(vec2(700.0, 420.0));
    let key = BarKey { instrument: window.state().market.id(AAPL), timeframe: Timeframe::M1 };
    let chunk = Some(BarChunk::new(bars(1_000, 0, 284.5).into()).expect("sound bars"));
    let history = History { key, chunk, placement: Placement::Anew, is_complete: true };
    window.state_mut().market.publish(Update::History(history));
    works(&mut window, 1, Side::Sell, limit("284.80"));
    window
}

/// A working order for 100.
fn works(window: &mut Window, id: u64, side: Side, kind: OrderKind) {
    let (instrument, now) = (window.state().market.id(AAPL), window.state().market.now());
    window.state_mut().order(order(id, instrument, side, "100", kind, now));
    settle(window);
}

fn stop(at: &str) -> OrderKind {
    OrderKind::Stop { stop: price(at) }
}

fn arm(window: &mut Window) {
    let desk = &mut window.state_mut().window.desk;
    let account = Arc::clone(&desk.accounts()[0]);
    desk.arm_one_click(&account);
    settle(window);
}

/// The name of an order's line.
#[track_caller]
fn line(window: &Window, id: u64) -> Rect {
    let name = format!("Order {id}: ");
    window.get_by(|node| node.label().is_some_and(|label| label.starts_with(&name))).rect()
}

/// A place on an order's line, away from its name.
#[track_caller]
fn on_line(window: &Window, id: u64) -> Pos2 {
    pos2(400.0, line(window, id).center().y)
}

fn button(pos: Pos2, button: PointerButton, pressed: bool) -> Event {
    Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE }
}

/// Presses on a place and goes to another, frame by frame; the button stays down.
fn take(window: &mut Window, from: Pos2, to: Pos2) {
    window.event(Event::PointerMoved(from));
    window.run_steps(1);
    window.event(button(from, PointerButton::Primary, true));
    window.run_steps(1);
    for part in [0.5, 1.0] {
        window.event(Event::PointerMoved(from + (to - from) * part));
        window.run_steps(1);
    }
    window.run_steps(1);
}

fn release(window: &mut Window, at: Pos2) {
    window.event(button(at, PointerButton::Primary, false));
    settle(window);
}

fn drag(window: &mut Window, from: Pos2, to: Pos2) {
    take(window, from, to);
    release(window, to);
}

fn menu_at(window: &mut Window, at: Pos2) {
    window.event(Event::PointerMoved(at));
    window.run_steps(1);
    for pressed in [true, false] {
        window.event(button(at, PointerButton::Secondary, pressed));
    }
    window.run_steps(2);
}

/// What is said with these words in it.
fn said(window: &Window, part: &str) -> Option<String> {
    let mut nodes = window.query_all_by(|node| {
        node.role() == egui::Role::Label && node.value().is_some_and(|text| text.contains(part))
    });
    nodes.next().and_then(|node| node.value())
}

#[track_caller]
fn assert_said(window: &Window, part: &str) -> String {
    let all =
        || window.query_all_by_role(egui::Role::Label).filter_map(|node| node.value()).collect::<Vec<_>>();
    said(window, part).unwrap_or_else(|| panic!("'{part}' is not among {:?}", all()))
}

/// The price that a line is said to go to.
#[track_caller]
fn goes_to(window: &Window) -> Price {
    let text = assert_said(window, " → ");
    price(text.split(" → ").nth(1).and_then(|rest| rest.split(' ').next()).expect("a price"))
}

/// The labels of the buttons that begin so.
fn entries(window: &Window, begin: &[&str]) -> Vec<String> {
    let is_one = |label: &String| begin.iter().any(|begin| label.starts_with(begin));
    let buttons = window.query_all_by_role(egui::Role::Button);
    buttons.filter_map(|node| node.accesskit_node().label()).filter(is_one).collect()
}

#[track_caller]
fn press(window: &mut Window, begin: &str) {
    window.get_by(|node| node.label().is_some_and(|label| label.starts_with(begin))).click();
    settle(window);
}

fn amended(commands: &[Command]) -> Vec<(u64, Option<Price>, Option<Price>)> {
    let amend = |command: &Command| match command {
        Command::Amend { order, limit, stop, .. } => Some((order.0, *limit, *stop)),
        _ => None,
    };
    commands.iter().filter_map(amend).collect()
}

/// What the chart says of the bars in sight.
fn in_sight(window: &Window) -> String {
    let canvas = window.get_by_role(egui::Role::Canvas).value().expect("a chart has a value");
    canvas.split("; ").next().unwrap_or_default().to_owned()
}

#[test]
fn armed_a_line_goes_at_once_to_the_price_that_was_said() {
    let mut window = chart();
    arm(&mut window);
    let (from, before) = (on_line(&window, 1), in_sight(&window));
    let to = pos2(from.x + 40.0, from.y + 30.0);
    take(&mut window, from, to);
    let painted = goes_to(&window);
    assert!(painted < price("284.80") && painted > price("284.50"), "{painted:?}");
    assert_said(&window, "Sell 100 limit 284.80 → ");
    assert_eq!(window.state_mut().take_sent(), [], "it is still held");
    release(&mut window, to);
    let sent = window.state_mut().take_sent();
    assert_eq!(amended(&sent), [(1, Some(painted), None)], "{sent:?}");
    assert_eq!(in_sight(&window), before, "a drag of a line does not pan");
    assert_said(&window, "Order 1 to ");
}

#[test]
fn until_it_is_armed_the_chart_asks_and_a_second_step_sends() {
    let mut window = chart();
    let from = on_line(&window, 1);
    take(&mut window, from, from + vec2(0.0, 30.0));
    let painted = goes_to(&window);
    release(&mut window, from + vec2(0.0, 30.0));
    assert_eq!(window.state_mut().take_sent(), []);
    assert_said(&window, "Order 1 to ");
    // The second half of a double click is no answer.
    press(&mut window, "Change: ");
    assert_eq!(window.state_mut().take_sent(), []);
    window.state_mut().market.later(A_MOMENT);
    settle(&mut window);
    press(&mut window, "Change: ");
    let sent = window.state_mut().take_sent();
    assert_eq!(amended(&sent), [(1, Some(painted), None)], "{sent:?}");
    assert!(window.query_by_label_contains("Leave it").is_none(), "the question is answered");
}

#[test]
fn a_question_that_nobody_answers_ends_with_a_word() {
    for answer in ["Leave it", "Escape", ""] {
        let mut window = chart();
        let from = on_line(&window, 1);
        drag(&mut window, from, from + vec2(0.0, 30.0));
        match answer {
            "" => window.state_mut().market.later(Duration::from_secs(4)),
            "Escape" => window.key_press(Key::Escape),
            name => window.get_by_label_contains(name).click(),
        }
        settle(&mut window);
        assert!(window.query_by_label_contains("Change: ").is_none(), "{answer}");
        assert_eq!(said(&window, "it was not confirmed").is_some(), answer.is_empty());
        window.state_mut().market.later(A_MOMENT);
        window.key_press(Key::Enter);
        settle(&mut window);
        assert_eq!(window.state_mut().take_sent(), []);
    }
}

#[test]
fn escape_takes_a_line_back_while_it_is_held() {
    let mut window = chart();
    arm(&mut window);
    let from = on_line(&window, 1);
    take(&mut window, from, from + vec2(0.0, 30.0));
    window.key_press(Key::Escape);
    window.run_steps(1);
    release(&mut window, from + vec2(0.0, 30.0));
    assert_eq!(window.state_mut().take_sent(), []);
    assert!(said(&window, " → ").is_none());
}

#[test]
fn what_is_left_of_a_drag_that_was_taken_back_does_nothing() {
    type TakeBack = fn(&mut Window, Pos2);
    let ways: [(&str, TakeBack); 3] = [
        ("Escape", |window, _| window.key_press(Key::Escape)),
        ("the second button", |window, at| window.event(button(at, PointerButton::Secondary, true))),
        ("a fill", |window, _| window.state_mut().change(1, |order| order.status = OrderStatus::Filled)),
    ];
    for (way, take_back) in ways {
        let mut window = chart();
        arm(&mut window);
        let (from, before) = (on_line(&window, 1), in_sight(&window));
        let by = |right, down| from + vec2(right, down);
        take(&mut window, from, by(0.0, 30.0));
        take_back(&mut window, by(0.0, 30.0));
        window.run_steps(2);
        for right in [60.0, 120.0, 200.0] {
            window.event(Event::PointerMoved(by(right, 30.0)));
            window.run_steps(1);
        }
        window.event(button(by(200.0, 30.0), PointerButton::Secondary, false));
        release(&mut window, by(200.0, 30.0));
        assert_eq!(in_sight(&window), before, "{way}: nothing was panned");
        assert_eq!(window.state_mut().take_sent(), [], "{way}");
        window.key_press(Key::Escape);
        window.run_steps(2);
        drag(&mut window, by(0.0, 60.0), by(200.0, 60.0));
        assert_ne!(in_sight(&window), before, "{way}: the next drag pans");
    }
}

#[test]
fn a_drag_ends_with_a_word_once_its_order_is_another() {
    type Change = fn(&mut Order);
    let changes: [(Change, &str); 3] = [
        (|order| order.status = OrderStatus::Filled, "it is filled now"),
        (|order| order.spec.kind = limit("284.90"), "it has just changed"),
        (|order| order.status = OrderStatus::PendingCancel, "A cancel is on its way"),
    ];
    for (change, word) in changes {
        let mut window = chart();
        arm(&mut window);
        let from = on_line(&window, 1);
        take(&mut window, from, from + vec2(0.0, 30.0));
        window.state_mut().change(1, change);
        window.run_steps(2);
        assert_said(&window, word);
        release(&mut window, from + vec2(0.0, 30.0));
        assert_eq!(window.state_mut().take_sent(), [], "{word}");
    }
}

#[test]
fn a_question_about_an_order_that_has_ended_is_taken_back() {
    let mut window = chart();
    let from = on_line(&window, 1);
    drag(&mut window, from, from + vec2(0.0, 30.0));
    window.state_mut().change(1, |order| order.status = OrderStatus::Filled);
    settle(&mut window);
    assert!(window.query_by_label_contains("Change: ").is_none());
    assert_said(&window, "Not sent: It has ended");
}

#[test]
fn prices_stand_still_while_a_line_is_held() {
    let mut window = chart();
    arm(&mut window);
    let from = on_line(&window, 1);
    let to = from + vec2(0.0, 30.0);
    take(&mut window, from, to);
    let painted = goes_to(&window);
    // A market that leaps would stretch the scale.
    let instrument = window.state().market.id(AAPL);
    let mut bars = bars(1_000, 0, 284.5);
    bars.last_mut().expect("bars").high = 300.0;
    let chunk = Some(BarChunk::new(bars.into()).expect("sound bars"));
    let key = BarKey { instrument, timeframe: Timeframe::M1 };
    let history = History { key, chunk, placement: Placement::Anew, is_complete: true };
    window.state_mut().market.publish(Update::History(history));
    window.run_steps(2);
    assert_eq!(goes_to(&window), painted);
    release(&mut window, to);
    let sent = window.state_mut().take_sent();
    assert_eq!(amended(&sent), [(1, Some(painted), None)]);
}

#[test]
fn of_two_lines_the_nearest_is_taken_and_each_by_its_name() {
    let mut window = chart();
    works(&mut window, 2, Side::Sell, limit("284.82"));
    arm(&mut window);
    let (lower, upper) = (on_line(&window, 1), on_line(&window, 2));
    let between = pos2(400.0, upper.y.midpoint(lower.y));
    // Their names stand clear of each other around the middle of the two.
    for (away, id) in [(-5.0, 2), (5.0, 1)] {
        window.event(Event::PointerMoved(between + vec2(0.0, away)));
        settle(&mut window);
        assert_said(&window, &format!("Order {id} · "));
    }
    for id in [1, 2] {
        let at = line(&window, id).center();
        drag(&mut window, at, at + vec2(0.0, 25.0));
        let sent = window.state_mut().take_sent();
        let orders: Vec<u64> = amended(&sent).iter().map(|(order, ..)| *order).collect();
        assert_eq!(orders, [id]);
        window.state_mut().market.later(A_MOMENT);
    }
}

#[test]
fn a_stop_of_a_position_says_what_it_would_gain_there_and_goes_by_its_trigger() {
    let mut window = chart();
    window.state_mut().hold(AAPL, "100", "284.00");
    works(&mut window, 3, Side::Sell, stop("284.20"));
    window.state_mut().change(3, |order| order.status = OrderStatus::Held);
    settle(&mut window);
    arm(&mut window);
    let from = on_line(&window, 3);
    take(&mut window, from, from - vec2(0.0, 20.0));
    let to = goes_to(&window);
    let gain = (to.0 - price("284.00").0) * qty("100").0;
    assert_said(&window, &format!("P&L +{gain:.2} there"));
    release(&mut window, from - vec2(0.0, 20.0));
    let sent = window.state_mut().take_sent();
    assert_eq!(amended(&sent), [(3, None, Some(to))]);
}

#[test]
fn what_the_gate_refuses_is_not_asked_about_and_said() {
    let mut window = chart();
    arm(&mut window);
    let near = Some(crate::desk::decimal("0.05"));
    window.state_mut().market.configure(|settings| settings.limits.profile.max_price_distance_percent = near);
    settle(&mut window);
    // A sell far below the market.
    let from = on_line(&window, 1);
    drag(&mut window, from, from + vec2(0.0, 150.0));
    assert_eq!(window.state_mut().take_sent(), []);
    assert_said(&window, "Not sent: ");
    assert!(window.query_by_label_contains("Change: ").is_none());
}

#[test]
fn what_is_unusual_is_asked_about_though_one_click_is_armed() {
    let mut window = chart();
    arm(&mut window);
    window.state_mut().market.connection(ConnectionState::Silent, "Nothing heard for 6 s");
    settle(&mut window);
    let from = on_line(&window, 1);
    drag(&mut window, from, from + vec2(0.0, 30.0));
    assert_eq!(window.state_mut().take_sent(), []);
    assert_said(&window, "Nothing heard for 6 s");
    window.state_mut().market.later(A_MOMENT);
    settle(&mut window);
    press(&mut window, "Change: ");
    let sent = window.state_mut().take_sent();
    let [Command::Amend { despite, .. }] = &sent[..] else { panic!("{sent:?}") };
    assert_ne!(*despite, pitdesk::risk::Despite::default(), "what was named is accepted");
}

#[test]
fn an_order_of_another_account_is_named_and_never_leaves_unasked() {
    let mut window = chart();
    window.state_mut().market.bank_also(|account| account.id = "OTHER".into());
    let (instrument, now) = (window.state().market.id(AAPL), window.state().market.now());
    let working = order(1, instrument, Side::Sell, "100", limit("284.80"), now);
    window.state_mut().order(Order { account: "OTHER".into(), ..working });
    settle(&mut window);
    let desk = &mut window.state_mut().window.desk;
    desk.choose_account(BrokerId(0), "PAPER".into());
    let own = desk.accounts().iter().find(|account| &*account.id.0 == "PAPER").cloned();
    desk.arm_one_click(&own.expect("the paper account"));
    assert!(desk.one_click().is_some());
    let from = on_line(&window, 1);
    drag(&mut window, from, from + vec2(0.0, 30.0));
    assert_eq!(window.state_mut().take_sent(), []);
    assert_said(&window, "Account OTHER");
}

#[test]
fn the_menu_offers_what_waits_at_the_price_under_the_press() {
    let mut window = chart();
    let at = on_line(&window, 1) + vec2(0.0, 30.0);
    menu_at(&mut window, at);
    let orders = entries(&window, &["Buy ", "Sell "]);
    let [limit_entry, stop_entry] = &orders[..] else { panic!("{orders:?}") };
    assert!(limit_entry.starts_with("Sell limit 100 @ 284."), "{limit_entry}");
    assert!(stop_entry.starts_with("Buy stop 100 @ 284."), "{stop_entry}");
    // The market leaves; the menu stays as it was.
    window.state_mut().market.quote(AAPL, "285.90");
    window.run_steps(2);
    assert_eq!(entries(&window, &["Buy ", "Sell "]), orders);
    press(&mut window, "Set price in ticket: ");
    let taken = price(limit_entry.split('@').nth(1).expect("a price").trim());
    assert_eq!(window.state().wishes, [UiCommand::TakePrice(taken)]);
    assert_eq!(window.state_mut().take_sent(), []);
}

#[test]
fn an_entry_of_the_menu_sends_what_it_says_after_a_question_or_at_once_when_armed() {
    for is_armed in [false, true] {
        let mut window = chart();
        if is_armed {
            arm(&mut window);
        }
        let at = on_line(&window, 1) + vec2(0.0, 30.0);
        menu_at(&mut window, at);
        let said = entries(&window, &["Sell limit"]);
        let at = price(said[0].split('@').nth(1).expect("a price").trim());
        press(&mut window, "Sell limit");
        if !is_armed {
            assert_eq!(window.state_mut().take_sent(), []);
            window.state_mut().market.later(A_MOMENT);
            settle(&mut window);
            press(&mut window, "Send: ");
        }
        let sent = window.state_mut().take_sent();
        let [Command::Place(Place { spec, origin: Origin::Chart, seen: Some(_), .. })] = &sent[..] else {
            panic!("{sent:?}")
        };
        assert_eq!(
            (spec.side, spec.kind, spec.quantity),
            (Side::Sell, OrderKind::Limit { price: at }, qty("100"))
        );
    }
}

#[test]
fn the_menu_on_a_line_cancels_its_order_and_shows_it() {
    let mut window = chart();
    let at = on_line(&window, 1);
    menu_at(&mut window, at);
    press(&mut window, "Show order 1");
    assert_eq!(window.state().wishes, [UiCommand::ShowOrder(OrderId(1))]);
    menu_at(&mut window, at);
    press(&mut window, "Cancel order 1: Sell 100 limit");
    assert_eq!(window.state_mut().take_sent(), [Command::Cancel { order: OrderId(1) }]);
    window.state_mut().change(1, |order| order.status = OrderStatus::PendingCancel);
    settle(&mut window);
    menu_at(&mut window, at);
    press(&mut window, "Cancel order 1");
    assert_eq!(window.state_mut().take_sent(), [], "it is on its way");
}

#[test]
fn while_the_kill_switch_is_locked_nothing_new_is_asked_about() {
    let mut window = chart();
    window.state_mut().market.publish(Update::Kill(KillState::Locked { still_working: 1 }));
    settle(&mut window);
    let at = on_line(&window, 1) + vec2(0.0, 30.0);
    menu_at(&mut window, at);
    press(&mut window, "Sell limit");
    assert_eq!(window.state_mut().take_sent(), []);
    assert_said(&window, "Not sent: ");
    assert!(window.query_by_label_contains("Send: ").is_none());
}

#[test]
fn what_the_engine_refuses_is_said() {
    let mut window = chart();
    arm(&mut window);
    let from = on_line(&window, 1);
    drag(&mut window, from, from + vec2(0.0, 30.0));
    window.state_mut().answer(Err("The market is closed"));
    settle(&mut window);
    assert_said(&window, "refused. The market is closed");
}

#[test]
fn a_line_goes_by_keys_tick_by_tick_and_asks_though_one_click_is_armed() {
    let mut window = chart();
    arm(&mut window);
    let node = |window: &Window| {
        window.get_by(|node| node.label().is_some_and(|l| l.starts_with("Order 1: "))).rect()
    };
    assert!(node(&window).is_positive());
    window.get_by(|node| node.label().is_some_and(|l| l.starts_with("Order 1: "))).focus();
    settle(&mut window);
    window.key_press(Key::ArrowUp);
    window.run_steps(1);
    window.key_press_modifiers(Modifiers::SHIFT, Key::ArrowDown);
    window.run_steps(2);
    assert_eq!(goes_to(&window), price("284.71"));
    window.key_press(Key::Enter);
    settle(&mut window);
    assert_eq!(window.state_mut().take_sent(), []);
    window.state_mut().market.later(A_MOMENT);
    settle(&mut window);
    window.key_press(Key::Enter);
    settle(&mut window);
    let sent = window.state_mut().take_sent();
    assert_eq!(amended(&sent), [(1, Some(price("284.71")), None)]);
    window.key_press(Key::ArrowUp);
    window.run_steps(1);
    window.key_press(Key::Escape);
    settle(&mut window);
    window.key_press(Key::Enter);
    settle(&mut window);
    assert_eq!(window.state_mut().take_sent(), [], "Escape takes it back");
    window.key_press(Key::Delete);
    settle(&mut window);
    assert_eq!(window.state_mut().take_sent(), [Command::Cancel { order: OrderId(1) }]);
}

#[test]
fn a_line_that_was_held_when_the_chart_went_out_of_sight_goes_nowhere() {
    let mut window = desktop();
    window.state_mut().market.quote(AAPL, "284.50");
    let (instrument, now) = (window.state().market.id(AAPL), window.state().market.now());
    let working = order(1, instrument, Side::Sell, "100", limit("284.80"), now);
    window.state_mut().market.publish(Update::Order(working));
    settle(&mut window);
    let Some(node) = window.query_by(|node| node.label().is_some_and(|l| l.starts_with("Order 1: "))) else {
        panic!("the chart on the desk shows the order")
    };
    let at = node.rect().center();
    window.event(Event::PointerMoved(at));
    window.event(button(at, PointerButton::Primary, true));
    window.run_steps(1);
    window.event(Event::PointerMoved(at + vec2(0.0, 30.0)));
    window.run_steps(1);
    // Another pane alone, and back, while the button is held.
    for _ in 0..2 {
        window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::W);
        window.run_steps(2);
    }
    window.event(button(at + vec2(0.0, 30.0), PointerButton::Primary, false));
    settle(&mut window);
    assert!(amended(&sent(&mut window)).is_empty());
}

#[test]
fn a_line_on_its_way_and_a_question_look_like_this() {
    let mut window = chart();
    window.state_mut().hold(AAPL, "100", "284.00");
    works(&mut window, 3, Side::Sell, stop("284.20"));
    window.state_mut().change(3, |order| order.status = OrderStatus::Held);
    settle(&mut window);
    let from = on_line(&window, 3);
    take(&mut window, from, from - vec2(0.0, 24.0));
    picture::assert_picture(&mut window, "chart_line_held");
    release(&mut window, from - vec2(0.0, 24.0));
    picture::assert_picture(&mut window, "chart_line_asked");
    window.key_press(Key::Escape);
    settle(&mut window);
    menu_at(&mut window, from - vec2(100.0, 0.0));
    window.run_steps(2);
    picture::assert_picture(&mut window, "chart_menu");
}
