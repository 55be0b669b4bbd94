//! The order ticket, driven by accessible name: what is sent, what is said, and what never
//! happens by mistake.

mod common {
    #[path = "ticket_desk.rs"]
    pub mod desk;
}

use std::time::Duration;

use common::desk::{Begin, DeskFixture, START, dec, first_quote, price, qty};
use egui::{Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, Node};
use pitdesk::domain::{
    AccountKind, BrokerId, OrderId, OrderKind, OrderSpec, OrderStatus, Origin, Side, TimeInForce, TrailBy,
};
use pitdesk::link::update::Refused;
use pitdesk::link::{
    Answer, Bracket, Command, CommandId, Connection, ConnectionState, Envelope, KillState, Place, Update,
};
use pitdesk::ui::pane::Pane as _;
use pitdesk::ui::theme::Theme;
use pitdesk::ui::ticket::Ticket;
use pitdesk::ui::{Commands, fonts};

/// Steps of a quarter of a second that last longer than a button stays armed.
const LONGER_THAN_ARMED: usize = 13;
const CTRL: Modifiers = Modifiers::CTRL.plus(Modifiers::COMMAND);

/// A ticket on a desk, and everything that it has sent.
struct Bench {
    desk: DeskFixture,
    ticket: Ticket,
    sent: Vec<Envelope>,
}

type Ui = Harness<'static, Bench>;

fn open(begin: Begin, symbol: &str, saved: &str) -> Ui {
    let mut desk = DeskFixture::new(begin);
    desk.select(symbol);
    let ticket = serde_json::from_str(saved).expect("a saved ticket");
    let show = |ui: &mut egui::Ui, bench: &mut Bench| {
        let mut out = Commands::new(bench.desk.now(), bench.sent.len() as u64 + 1);
        bench.ticket.ui(ui, &bench.desk.desk, &mut out);
        bench.sent.extend_from_slice(out.sent());
    };
    let setup = |ctx: &egui::Context| {
        fonts::install(ctx);
        Theme::dark().apply(ctx);
    };
    let builder = Harness::builder().with_size(vec2(300.0, 800.0)).with_context_setup(setup);
    let mut ui = builder.build_ui_state(show, Bench { desk, ticket, sent: Vec::new() });
    ui.run_steps(2);
    ui.check_accessibility();
    ui
}

fn at_once() -> Begin {
    let mut begin = Begin::default();
    begin.settings.confirm_orders = false;
    begin
}

fn click(ui: &mut Ui, name: &str) {
    ui.get_by_label(name).click();
    ui.run_steps(2);
}

fn write(ui: &mut Ui, field: &str, text: &str) {
    ui.get_by_label(field).focus();
    ui.run_steps(2);
    ui.key_press_modifiers(CTRL, Key::A);
    ui.step();
    ui.get_by_label(field).type_text(text);
    ui.run_steps(2);
}

fn text(ui: &Ui, field: &str) -> String {
    ui.get_by_label(field).value().unwrap_or_default()
}

fn about(node: &Node<'_>) -> String {
    node.accesskit_node().description().unwrap_or_default()
}

fn is_disabled(ui: &Ui, name: &str) -> bool {
    ui.get_by_label(name).accesskit_node().is_disabled()
}

fn only_command(ui: &Ui) -> &Command {
    let [envelope] = &*ui.state().sent else { panic!("one command, not {:?}", ui.state().sent) };
    &envelope.command
}

fn placed(ui: &Ui) -> &Place {
    match only_command(ui) {
        Command::Place(place) => place,
        other => panic!("no order: {other:?}"),
    }
}

fn aapl(side: Side, quantity: &str, kind: OrderKind, tif: TimeInForce) -> OrderSpec {
    OrderSpec::new(pitdesk::domain::InstrumentId(0), side, qty(quantity), kind, tif)
}

#[test]
fn one_click_sends_what_the_button_says_with_the_quote_it_was_seen_on() {
    let mut ui = open(at_once(), "AAPL", "{}");
    assert_eq!(about(&ui.get_by_label("Buy")), "Buy 100 @ 227.48");
    click(&mut ui, "Buy");
    let expected = Place {
        spec: aapl(Side::Buy, "100", OrderKind::Limit { price: price("227.48") }, TimeInForce::Day),
        bracket: None,
        origin: Origin::Ticket,
        seen: Some(first_quote("AAPL")),
    };
    assert_eq!(placed(&ui), &expected);
}

#[test]
fn each_type_sends_its_own_prices() {
    let check = |saved: &str, typed: &[(&str, &str)], kind: OrderKind, tif: TimeInForce| {
        let mut ui = open(at_once(), "AAPL", saved);
        for (field, value) in typed {
            write(&mut ui, field, value);
        }
        click(&mut ui, "Buy");
        assert_eq!(placed(&ui).spec, aapl(Side::Buy, "100", kind, tif));
    };
    let (stop, limit) = (("Stop price", "230"), ("Limit price", "230.5"));
    let (at_stop, at_limit) = (price("230.00"), price("230.50"));
    check(r#"{"form":{"kind":"market"}}"#, &[], OrderKind::Market, TimeInForce::Day);
    check("{}", &[limit], OrderKind::Limit { price: at_limit }, TimeInForce::Day);
    let kind = OrderKind::Stop { stop: at_stop };
    check(r#"{"form":{"kind":"stop","tif":"ioc"}}"#, &[stop], kind, TimeInForce::Ioc);
    let kind = OrderKind::StopLimit { stop: at_stop, price: at_limit };
    check(r#"{"form":{"kind":"stop-limit","tif":"gtc"}}"#, &[stop, limit], kind, TimeInForce::Gtc);
    let kind = OrderKind::TrailingStop { by: TrailBy::Percent(dec("1.5")) };
    let saved = r#"{"form":{"kind":"trailing-stop","trail_unit":"percent"}}"#;
    check(saved, &[("Trailing distance", "1.5")], kind, TimeInForce::Day);
}

#[test]
fn type_and_time_are_chosen_by_name_and_show_the_fields_they_need() {
    let mut ui = open(at_once(), "AAPL", "{}");
    assert!(ui.query_by_label("Stop price").is_none());
    click(&mut ui, "Order type");
    click(&mut ui, "Stop");
    assert!(ui.query_by_label("Limit price").is_none());
    click(&mut ui, "Time in force");
    click(&mut ui, "GTD");
    assert_eq!(text(&ui, "Good till"), "2026-11-21 10:00", "a day from now, in New York");
    write(&mut ui, "Stop price", "230");
    write(&mut ui, "Good till", "2026-11-23 16:00");
    click(&mut ui, "Buy");
    let until = TimeInForce::Gtd(START + Duration::from_hours(3 * 24 + 6));
    assert_eq!(placed(&ui).spec, aapl(Side::Buy, "100", OrderKind::Stop { stop: price("230.00") }, until));
}

#[test]
fn post_only_and_bracket_go_with_the_order() {
    let mut ui = open(at_once(), "AAPL", "{}");
    assert!(ui.query_by_label("Take profit").is_none());
    click(&mut ui, "Post only");
    click(&mut ui, "Bracket");
    assert!(is_disabled(&ui, "Buy"), "an empty bracket guards nothing");
    write(&mut ui, "Take profit", "240");
    write(&mut ui, "Stop loss", "220");
    assert!(is_disabled(&ui, "Sell"));
    assert!(about(&ui.get_by_label("Sell")).contains("take profit must be below the entry"));
    click(&mut ui, "Buy");
    let expected = Bracket { take_profit: Some(price("240")), stop_loss: Some(price("220")) };
    assert_eq!(placed(&ui).bracket, Some(expected));
    assert!(placed(&ui).spec.post_only);
}

#[test]
fn with_confirmation_the_first_click_asks_and_the_second_sends() {
    let mut ui = open(Begin::default(), "AAPL", "{}");
    let at_rest = ui.get_by_label("Buy").rect();
    click(&mut ui, "Buy");
    assert_eq!(ui.state().sent, []);
    let armed = ui.get_by_label("Confirm buy 100 AAPL @ 227.48");
    assert_eq!(armed.rect(), at_rest);
    click(&mut ui, "Confirm buy 100 AAPL @ 227.48");
    assert_eq!(placed(&ui).spec.side, Side::Buy);
    ui.get_by_label("Buy");
    ui.run_steps(4);
    assert_eq!(ui.state().sent.len(), 1);
}

#[test]
fn what_was_confirmed_is_sent_though_the_market_has_moved() {
    let mut ui = open(Begin::default(), "AAPL", "{}");
    click(&mut ui, "Buy");
    let mut moved = first_quote("AAPL");
    moved.bid = Some(price("227.51"));
    ui.state_mut().desk.quote("AAPL", moved);
    ui.step();
    click(&mut ui, "Confirm buy 100 AAPL @ 227.48");
    assert_eq!(placed(&ui).spec.kind, OrderKind::Limit { price: price("227.48") });
    assert_eq!(placed(&ui).seen, Some(moved), "the quote of the frame in which it was sent");
}

#[test]
fn a_question_ends_by_time_escape_change_and_another_position() {
    let check = |change: &dyn Fn(&mut Ui)| {
        let mut ui = open(Begin::default().holding("AAPL", "100", "226.10"), "AAPL", "{}");
        click(&mut ui, "Sell");
        assert!(ui.query_by_label_contains("Confirm sell").is_some());
        change(&mut ui);
        ui.run_steps(2);
        assert!(ui.query_by_label_contains("Confirm").is_none());
        assert_eq!(ui.state().sent, []);
    };
    check(&|ui| ui.run_steps(LONGER_THAN_ARMED));
    check(&|ui| ui.key_press(Key::Escape));
    check(&|ui| write(ui, "Quantity", "50"));
    check(&|ui| {
        let mut held = ui.state().desk.desk.blotter().positions().next().cloned().expect("a position");
        held.net = dec("40");
        ui.state_mut().desk.publish(Update::Position(held));
    });
    check(&|ui| ui.state_mut().desk.publish(Update::Kill(KillState::Locked { still_working: 0 })));
    check(&|ui| ui.state_mut().desk.select("BRK.B"));
    check(&|ui| ui.state_mut().ticket.take_price(price("227.40")));
}

#[test]
fn two_clicks_in_one_frame_are_one() {
    let press_twice = |begin: Begin| {
        let mut ui = open(begin, "AAPL", "{}");
        let pos = ui.get_by_label("Buy").rect().center();
        ui.hover_at(pos);
        ui.step();
        for pressed in [true, false, true, false] {
            let button = egui::PointerButton::Primary;
            let event = Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE };
            ui.input_mut().events.push(event);
        }
        ui.run_steps(3);
        ui.state().sent.len()
    };
    assert_eq!(press_twice(Begin::default()), 0, "a double click asks, and confirms nothing");
    assert_eq!(press_twice(at_once()), 1);
}

#[test]
fn a_double_click_is_no_confirmation() {
    let mut ui = open(Begin::default(), "AAPL", "{}");
    let pos = ui.get_by_label("Buy").rect().center();
    ui.hover_at(pos);
    ui.step();
    let mut time = 100.0;
    for pressed in [true, false, true, false] {
        time += 0.04;
        let button = egui::PointerButton::Primary;
        ui.input_mut().time = Some(time);
        ui.input_mut().events.push(Event::PointerButton { pos, button, pressed, modifiers: Modifiers::NONE });
        ui.step();
    }
    assert_eq!(ui.state().sent, []);
    assert!(ui.query_by_label_contains("Confirm buy").is_some(), "it still asks");
}

#[test]
fn no_order_by_tab_space_and_enter() {
    let mut ui = open(at_once().holding("AAPL", "100", "226.10"), "AAPL", "{}");
    for _ in 0..40 {
        for key in [Key::Tab, Key::Space, Key::Enter] {
            ui.key_press(key);
            ui.step();
        }
        for name in ["Buy", "Sell", "Close", "Reverse"] {
            assert!(ui.query_by_label(name).is_none_or(|button| !button.is_focused()));
        }
    }
    assert_eq!(ui.state().sent, []);
}

#[test]
fn enter_in_a_field_sends_nothing_and_keeps_the_field() {
    let mut ui = open(at_once(), "AAPL", "{}");
    write(&mut ui, "Limit price", "227.40");
    ui.key_press(Key::Enter);
    ui.run_steps(2);
    assert_eq!(ui.state().sent, []);
    assert!(ui.get_by_label("Limit price").is_focused());
}

#[test]
fn keys_trade_from_a_field_and_always_ask_first() {
    let mut ui = open(at_once(), "AAPL", "{}");
    ui.key_press_modifiers(CTRL, Key::B);
    ui.run_steps(2);
    assert!(ui.query_by_label_contains("Confirm").is_none(), "the ticket has no focus");
    write(&mut ui, "Quantity", "30");
    ui.key_press_modifiers(CTRL, Key::Enter);
    ui.run_steps(2);
    assert!(ui.query_by_label_contains("Choose first").is_some());
    ui.key_press_modifiers(CTRL, Key::S);
    ui.run_steps(2);
    ui.get_by_label("Confirm sell 30 AAPL @ 227.52");
    assert_eq!(ui.state().sent, []);
    ui.key_press_modifiers(CTRL, Key::Enter);
    ui.run_steps(2);
    assert_eq!(placed(&ui).spec.side, Side::Sell);
    ui.key_press_modifiers(CTRL, Key::Enter);
    ui.run_steps(2);
    ui.get_by_label("Confirm sell 30 AAPL @ 227.52");
    assert_eq!(ui.state().sent.len(), 1, "the last choice is asked for again, not sent again");
    ui.key_press(Key::Escape);
    ui.run_steps(2);
    assert!(ui.query_by_label_contains("Confirm").is_none());
    assert!(ui.get_by_label("Quantity").is_focused(), "Escape took back the question, not the focus");
}

#[test]
fn a_key_that_is_held_down_asks_and_does_not_send() {
    let mut ui = open(at_once(), "AAPL", "{}");
    write(&mut ui, "Quantity", "30");
    ui.key_press_modifiers(CTRL, Key::B);
    ui.key_press(Key::Escape);
    ui.run_steps(2);
    for _ in 0..3 {
        ui.key_down_modifiers(CTRL, Key::Enter);
    }
    ui.step();
    ui.get_by_label("Confirm buy 30 AAPL @ 227.48");
    assert_eq!(ui.state().sent, []);
}

#[test]
fn the_answer_is_said_in_full_until_the_next_input() {
    let mut ui = open(at_once(), "AAPL", "{}");
    click(&mut ui, "Buy");
    assert!(ui.query_by_label_contains("no answer yet").is_some());
    let reason =
        "The order is worth 300000.00 USD, the limit per order is 250000.00 USD: lower the quantity.";
    let outcome = Err(Refused(reason.into()));
    ui.state_mut().desk.answer(Answer { to: CommandId(1), outcome });
    ui.run_steps(LONGER_THAN_ARMED);
    ui.get_by_label(&format!("Buy 100 AAPL @ 227.48: refused. {reason}"));
    write(&mut ui, "Quantity", "50");
    assert!(ui.query_by_label_contains("refused").is_none());
}

#[test]
fn an_accepted_order_is_named_and_followed() {
    let mut ui = open(at_once(), "AAPL", "{}");
    click(&mut ui, "Buy");
    ui.state_mut().desk.answer(Answer { to: CommandId(1), outcome: Ok(Some(OrderId(42))) });
    ui.run_steps(2);
    assert!(ui.query_by_label_contains("accepted as order 42").is_some());
    let spec = placed(&ui).spec;
    let mut order = pitdesk::domain::Order {
        id: OrderId(42),
        broker: BrokerId(0),
        account: common::desk::ACCOUNT.into(),
        spec,
        status: OrderStatus::Filled,
        filled: qty("100"),
        average_price: Some(dec("227.475")),
        reason: None,
        origin: Origin::Ticket,
        created: START,
        updated: START,
    };
    ui.state_mut().desk.publish(Update::Order(order.clone()));
    ui.run_steps(2);
    assert!(ui.query_by_label_contains("accepted as order 42, filled 100 @ 227.48").is_some());
    (order.status, order.reason) = (OrderStatus::Rejected, Some("Not enough buying power".into()));
    ui.state_mut().desk.publish(Update::Order(order));
    ui.run_steps(2);
    assert!(ui.query_by_label_contains("order 42 was rejected. Not enough buying power").is_some());
}

#[test]
fn keys_and_wheel_step_on_the_grid() {
    let mut ui = open(at_once(), "8306", r#"{"quantities":{"8306@TSE":"300"}}"#);
    ui.get_by_label("Quantity").focus();
    ui.run_steps(2);
    ui.key_press(Key::ArrowUp);
    ui.run_steps(2);
    assert_eq!(text(&ui, "Quantity"), "400");
    ui.key_press_modifiers(Modifiers::SHIFT, Key::ArrowUp);
    ui.run_steps(2);
    assert_eq!(text(&ui, "Quantity"), "1,400");
    ui.key_press_modifiers(Modifiers::SHIFT, Key::ArrowDown);
    ui.key_press_modifiers(Modifiers::SHIFT, Key::ArrowDown);
    ui.run_steps(2);
    assert_eq!(text(&ui, "Quantity"), "100", "never below one lot");

    write(&mut ui, "Limit price", "2999.5");
    let field = ui.get_by_label("Limit price").rect().center();
    ui.hover_at(field);
    ui.step();
    let wheel = |lines: f32, modifiers| Event::MouseWheel {
        unit: MouseWheelUnit::Line,
        delta: vec2(0.0, lines),
        phase: TouchPhase::Move,
        source: MouseWheelSource::Wheel,
        modifiers,
    };
    ui.event(wheel(2.0, Modifiers::NONE));
    ui.run_steps(2);
    assert_eq!(text(&ui, "Limit price"), "3,001.0", "half yens below 3,000, whole ones above");
    ui.event(wheel(-1.0, Modifiers::SHIFT));
    ui.run_steps(2);
    assert_eq!(text(&ui, "Limit price"), "2,995.5");
}

#[test]
fn an_empty_price_steps_from_where_it_would_stand() {
    let mut ui = open(at_once(), "AAPL", "{}");
    ui.get_by_label("Limit price").focus();
    ui.run_steps(2);
    ui.key_press(Key::ArrowDown);
    ui.run_steps(2);
    assert_eq!(text(&ui, "Limit price"), "227.47");
}

#[test]
fn a_price_that_was_typed_stays_when_quotes_move() {
    let mut ui = open(at_once(), "AAPL", "{}");
    write(&mut ui, "Limit price", "227.4");
    let mut moved = first_quote("AAPL");
    (moved.bid, moved.ask) = (Some(price("226.00")), Some(price("226.02")));
    ui.state_mut().desk.quote("AAPL", moved);
    ui.run_steps(2);
    assert_eq!(text(&ui, "Limit price"), "227.4", "not even written in another way while typing");
    click(&mut ui, "Sell");
    assert_eq!(placed(&ui).spec.kind, OrderKind::Limit { price: price("227.40") });
    assert_eq!(text(&ui, "Limit price"), "227.40");
}

#[test]
fn clicking_a_price_makes_it_the_limit() {
    let mut ui = open(at_once(), "AAPL", r#"{"form":{"kind":"market"}}"#);
    click(&mut ui, "Ask");
    assert_eq!(text(&ui, "Limit price"), "227.52");
    ui.state_mut().ticket.take_price(price("226.00"));
    ui.run_steps(2);
    assert_eq!(text(&ui, "Limit price"), "226.00");
}

#[test]
fn each_instrument_begins_with_its_class_and_keeps_its_quantity() {
    let mut ui = open(at_once(), "AAPL", "{}");
    let mut shown = Vec::new();
    write(&mut ui, "Quantity", "70");
    write(&mut ui, "Limit price", "227.40");
    for symbol in ["EUR/USD", "BTC/KRW", "8306", "AAPL"] {
        ui.state_mut().desk.select(symbol);
        ui.run_steps(2);
        shown.push((text(&ui, "Quantity"), text(&ui, "Limit price")));
    }
    let expected = [("10,000", ""), ("0.1", ""), ("100", ""), ("70", "")];
    assert_eq!(shown, expected.map(|(q, p)| (q.to_owned(), p.to_owned())));
    let saved = serde_json::to_string(&ui.state().ticket).expect("a ticket can be saved");
    assert_eq!(saved.matches("AAPL@NASDAQ").count(), 1, "{saved}");
}

#[test]
fn problems_are_said_at_their_field_and_on_the_buttons() {
    let mut ui = open(at_once(), "8306", "{}");
    write(&mut ui, "Quantity", "150");
    write(&mut ui, "Limit price", "2488.7");
    ui.get_by_label("Lot 100: 100 or 200");
    ui.get_by_label("Tick: 2,488.5 or 2,489.0");
    assert!(about(&ui.get_by_label("Quantity")).contains("not a multiple of the lot of 100"));
    assert!(is_disabled(&ui, "Buy") && is_disabled(&ui, "Sell"));
    assert!(about(&ui.get_by_label("Buy")).contains("Quantity: 150 is not a multiple"));
    click(&mut ui, "Buy");
    assert_eq!(ui.state().sent, []);
    write(&mut ui, "Quantity", "200");
    write(&mut ui, "Limit price", "3,000");
    ui.get_by_label("Buy is 20.6 % above the market");
    assert!(is_disabled(&ui, "Buy") && !is_disabled(&ui, "Sell"));
}

#[test]
fn buttons_say_when_they_close_or_reverse() {
    let mut ui = open(at_once().holding("AAPL", "100", "226.10"), "AAPL", "{}");
    for (quantity, sell, after) in [
        ("40", "Sell 40 @ 227.52", "long 100 → long 60"),
        ("100", "Sell (closes) 100 @ 227.52", "long 100 → flat: closes"),
        ("150", "Sell (reverses) 150 @ 227.52", "long 100 → short 50: reverses"),
    ] {
        write(&mut ui, "Quantity", quantity);
        assert_eq!(about(&ui.get_by_label("Sell")), sell);
        ui.get_by_label(after);
        assert!(about(&ui.get_by_label("Buy")).starts_with("Buy "));
    }
    let mut short = open(at_once().holding("AAPL", "-100", "226.10"), "AAPL", "{}");
    assert_eq!(about(&short.get_by_label("Buy")), "Buy (closes) 100 @ 227.48");
    write(&mut short, "Quantity", "300");
    assert_eq!(about(&short.get_by_label("Buy")), "Buy (reverses) 300 @ 227.48");
}

#[test]
fn close_and_reverse_are_always_there_and_ask_like_the_others() {
    let flat = open(Begin::default(), "AAPL", "{}");
    assert!(is_disabled(&flat, "Close") && is_disabled(&flat, "Reverse"));
    assert!(about(&flat.get_by_label("Close")).contains("no position in AAPL"));
    let mut ui = open(Begin::default().holding("AAPL", "-100", "226.10"), "AAPL", "{}");
    click(&mut ui, "Reverse");
    click(&mut ui, "Confirm reverse: buy 200 AAPL at market");
    assert_eq!(only_command(&ui), &Command::Reverse { instrument: pitdesk::domain::InstrumentId(0) });
    let mut ui = open(at_once().holding("AAPL", "-100", "226.10"), "AAPL", "{}");
    click(&mut ui, "Close");
    assert_eq!(only_command(&ui), &Command::Close { instrument: pitdesk::domain::InstrumentId(0) });
}

#[test]
fn what_keeps_orders_from_going_is_said_at_the_top() {
    let check = |line: &str, change: &dyn Fn(&mut DeskFixture)| {
        let mut ui =
            open(at_once().holding("AAPL", "100", "226.10"), "AAPL", r#"{"form":{"kind":"market"}}"#);
        change(&mut ui.state_mut().desk);
        ui.run_steps(2);
        ui.get_by_label(line);
        for name in ["Buy", "Sell", "Close", "Reverse"] {
            assert!(is_disabled(&ui, name), "{line}: {name}");
        }
    };
    check("Kill switch on: no orders are sent", &|desk| {
        desk.publish(Update::Kill(KillState::Locked { still_working: 0 }));
    });
    check("Not connected: no orders are sent", &|desk| {
        let mut paper: Connection = desk.desk.connections()[0].clone();
        paper.state = ConnectionState::Down;
        desk.publish(Update::Connection(paper));
    });
    check("Quote 45 s old: orders are refused", &|desk| desk.pass(Duration::from_secs(45)));
    check("NASDAQ closed: orders wait for the open", &|desk| {
        let mut quote = first_quote("AAPL");
        quote.is_open = false;
        desk.quote("AAPL", quote);
    });
}

#[test]
fn real_money_is_named() {
    let paper = open(Begin::default(), "AAPL", "{}");
    assert!(paper.query_by_label("LIVE").is_none());
    let mut begin = Begin::default();
    begin.accounts[0].kind = AccountKind::Live;
    open(begin, "AAPL", "{}").get_by_label("LIVE");
}

#[test]
fn value_and_power_are_told_in_both_currencies() {
    let ui = open(at_once(), "BTC/KRW", "{}");
    ui.get_by_label("Value KRW: buy 14,990,200, sell 14,990,300");
    ui.get_by_label("Value USD: buy 10,419.99, sell 10,420.06");
    ui.get_by_label("Power KRW: buy 985,009,800, sell 985,009,700");
}
