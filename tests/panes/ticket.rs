//! The order ticket, driven by accessible name: what is sent, what is said, and what never
//! happens by mistake.

use std::time::Duration;

use egui::{Event, Key, Modifiers, MouseWheelSource, MouseWheelUnit, TouchPhase, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, Node};
use pitdesk::domain::{
    AccountKind, KeptGroup, Order, OrderId, OrderKind, OrderSpec, OrderStatus, Origin, Quote, Side,
    TimeInForce, TrailBy,
};
use pitdesk::link::{Bracket, Command, ConnectionState, KillState, Place, Update};
use pitdesk::risk::Despite;
use pitdesk::ui::theme::Theme;
use pitdesk::ui::ticket::Ticket;

use crate::bench::{self, limit, order, painted, settle};
use crate::desk::{Market, START, decimal, price, qty};
use crate::picture;

mod confirm;
mod fields;
mod what_if;

/// Between two presses that do not belong together.
const READING: Duration = Duration::from_millis(500);
/// Longer than a button asks.
const LONGER_THAN_ARMED: Duration = Duration::from_secs(3);
const CTRL: Modifiers = Modifiers::CTRL.plus(Modifiers::COMMAND);

const AAPL: &str = "AAPL@NASDAQ";

type Bench = bench::Bench<Ticket>;
type Ui = Harness<'static, Bench>;

/// A ticket on a desk with a fresh quote of everything that these tests trade.
fn asking() -> Bench {
    let mut bench = Bench::new(Ticket::default());
    for key in QUOTED {
        let quote = first_quote(&bench.market, key);
        bench.market.publish_quote(key, quote);
    }
    bench
}

/// The same with one click for an order.
fn at_once() -> Bench {
    let mut bench = asking();
    bench.market.configure(|settings| settings.confirm_orders = false);
    bench
}

/// The same with a position.
fn holding(mut bench: Bench, net: &str) -> Bench {
    bench.hold(AAPL, net, "226.10");
    bench
}

fn open(mut bench: Bench, key: &str, saved: &str) -> Ui {
    bench.window.update(&bench.market);
    bench.select(key);
    bench.pane = serde_json::from_str(saved).expect("a saved ticket");
    bench.show([300.0, 800.0])
}

const QUOTED: [&str; 9] = [
    AAPL,
    "BRK.B@NYSE",
    "8306@TSE",
    "005930@KRX",
    "EUR/USD@FX",
    "USD/JPY@FX",
    "USD/KRW@FX",
    "BTC/USD@CRYPTO",
    "BTC/KRW@CRYPTO",
];

/// The quote that a test begins with.
fn first_quote(market: &Market, key: &str) -> Quote {
    let (bid, ask, last) = match key {
        "AAPL@NASDAQ" => ("227.48", "227.52", "227.50"),
        "BRK.B@NYSE" => ("508.61", "508.79", "508.70"),
        "8306@TSE" => ("2488.5", "2489.0", "2488.5"),
        "005930@KRX" => ("104200", "104300", "104300"),
        "EUR/USD@FX" => ("1.16238", "1.16241", "1.16240"),
        "USD/JPY@FX" => ("153.478", "153.481", "153.480"),
        "USD/KRW@FX" => ("1438.50", "1438.70", "1438.60"),
        "BTC/USD@CRYPTO" => ("104199", "104200", "104200"),
        "BTC/KRW@CRYPTO" => ("149902000", "149903000", "149902000"),
        other => panic!("no quote for {other}"),
    };
    Quote { bid: Some(price(bid)), ask: Some(price(ask)), ..market.quote_at(key, last) }
}

#[test]
fn it_looks_as_a_ticket_should() {
    let mut ui = open(holding(asking(), "350"), AAPL, "{}");
    ui.set_size(vec2(248.0, 680.0));
    settle(&mut ui);
    click(&mut ui, "Bracket");
    ui.remove_cursor();
    settle(&mut ui);
    picture::assert_picture(&mut ui, "ticket");
    Theme::light().apply(&ui.ctx);
    settle(&mut ui);
    picture::assert_picture(&mut ui, "ticket_light");
}

fn click(ui: &mut Ui, name: &str) {
    ui.get_by_label(name).click();
    settle(ui);
}

/// Lets time pass.
fn wait(ui: &mut Ui, time: Duration) {
    ui.state_mut().market.later(time);
    ui.run_steps(2);
}

/// Clicks, reads, and clicks on what is asked then.
fn click_and_confirm(ui: &mut Ui, name: &str, question: &str) {
    click(ui, name);
    wait(ui, READING);
    click(ui, question);
}

fn write(ui: &mut Ui, field: &str, text: &str) {
    ui.get_by_label(field).focus();
    ui.run_steps(2);
    ui.key_press_modifiers(CTRL, Key::A);
    ui.step();
    ui.get_by_label(field).type_text(text);
    settle(ui);
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

fn aapl(ui: &Ui, side: Side, quantity: &str, kind: OrderKind, tif: TimeInForce) -> OrderSpec {
    OrderSpec::new(ui.state().market.id(AAPL), side, qty(quantity), kind, tif)
}

#[test]
fn one_click_sends_what_the_button_says_with_the_quote_it_was_seen_on() {
    let mut ui = open(at_once(), AAPL, "{}");
    assert_eq!(about(&ui.get_by_label("Buy")), "Buy 100 @ 227.48");
    click(&mut ui, "Buy");
    let expected = Place {
        account: "PAPER".into(),
        spec: aapl(&ui, Side::Buy, "100", OrderKind::Limit { price: price("227.48") }, TimeInForce::Day),
        bracket: None,
        origin: Origin::Ticket,
        seen: Some(first_quote(&ui.state().market, AAPL)),
        names: Vec::new(),
        despite: Despite::default(),
    };
    assert_eq!(placed(&ui), &expected);
}

#[test]
fn each_type_sends_its_own_prices() {
    let check = |saved: &str, typed: &[(&str, &str)], kind: OrderKind, tif: TimeInForce| {
        let mut ui = open(at_once(), AAPL, saved);
        for (field, value) in typed {
            write(&mut ui, field, value);
        }
        click(&mut ui, "Buy");
        assert_eq!(placed(&ui).spec, aapl(&ui, Side::Buy, "100", kind, tif));
    };
    let (stop, limit) = (("Stop price", "230"), ("Limit price", "230.5"));
    let (at_stop, at_limit) = (price("230.00"), price("230.50"));
    check(r#"{"form":{"kind":"market"}}"#, &[], OrderKind::Market, TimeInForce::Day);
    check("{}", &[limit], OrderKind::Limit { price: at_limit }, TimeInForce::Day);
    let kind = OrderKind::Stop { stop: at_stop };
    check(r#"{"form":{"kind":"stop","tif":"ioc"}}"#, &[stop], kind, TimeInForce::Ioc);
    let kind = OrderKind::StopLimit { stop: at_stop, price: at_limit };
    check(r#"{"form":{"kind":"stop-limit","tif":"gtc"}}"#, &[stop, limit], kind, TimeInForce::Gtc);
    let kind = OrderKind::TrailingStop { by: TrailBy::Percent(decimal("1.5")) };
    let saved = r#"{"form":{"kind":"trailing-stop","trail_unit":"percent"}}"#;
    check(saved, &[("Trailing distance", "1.5")], kind, TimeInForce::Day);
}

#[test]
fn a_bracket_guards_one_entry_and_never_a_way_out() {
    let mut ui = open(at_once(), AAPL, "{}");
    click(&mut ui, "Bracket");
    write(&mut ui, "Take profit", "240");
    write(&mut ui, "Stop loss", "220");
    assert_eq!(about(&ui.get_by_label("Buy")), "Buy 100 @ 227.48 bracket");
    click(&mut ui, "Buy");
    assert!(placed(&ui).bracket.is_some());
    assert_eq!((text(&ui, "Take profit"), text(&ui, "Stop loss")), Default::default());
    assert!(is_disabled(&ui, "Buy"), "the next entry is asked for prices of its own");
    ui.state_mut().hold(AAPL, "100", "227.48");
    ui.state_mut().sent.clear();
    wait(&mut ui, READING);
    // It fits a short entry, and is there all the same when the trader wants out.
    for exits in [["", ""], ["215", "235"], ["240", "220"]] {
        write(&mut ui, "Take profit", exits[0]);
        write(&mut ui, "Stop loss", exits[1]);
        assert_eq!(about(&ui.get_by_label("Sell")), "Sell (closes) 100 @ 227.52 no bracket", "{exits:?}");
    }
    click(&mut ui, "Sell");
    assert_eq!((placed(&ui).spec.side, placed(&ui).bracket), (Side::Sell, None));
    write(&mut ui, "Quantity", "150");
    assert!(about(&ui.get_by_label("Sell")).contains("close first, or switch the bracket off"));
}

#[test]
fn close_is_offered_whenever_the_engine_takes_it() {
    // Worth more than an order may be, with an exit of all of it resting.
    let mut bench = holding(at_once(), "1500");
    let aapl = bench.market.id(AAPL);
    bench.order(order(7, aapl, Side::Sell, "1500", limit("240.00"), START));
    let mut ui = open(bench, AAPL, "{}");
    assert!(!is_disabled(&ui, "Close"), "{}", about(&ui.get_by_label("Close")));
    assert!(is_disabled(&ui, "Reverse"), "it opens as much again");
    click(&mut ui, "Close");
    assert_eq!(
        only_command(&ui),
        &Command::Close { account: "PAPER".into(), instrument: aapl, despite: Despite::default() }
    );
}

#[test]
fn close_says_that_it_takes_the_exits_away() {
    let mut bench = holding(at_once(), "100");
    let aapl = bench.market.id(AAPL);
    let mut entry = order(7, aapl, Side::Buy, "100", limit("226.10"), START);
    (entry.status, entry.filled) = (OrderStatus::Filled, qty("100"));
    bench.order(entry);
    for (id, kind) in [(8, limit("240.00")), (9, OrderKind::Stop { stop: price("220.00") })] {
        let mut exit = order(id, aapl, Side::Sell, "100", kind, START);
        exit.spec.parent = Some(OrderId(7));
        bench.order(exit);
    }
    let mut ui = open(bench, AAPL, "{}");
    click(&mut ui, "Close");
    let said = "Close: sell 100 AAPL at market, cancels 2 orders first: sent, no answer yet …";
    ui.get_by_label(said);
}

#[test]
fn close_says_which_orders_stay_that_would_open_a_position_later() {
    let mut bench = holding(at_once(), "100");
    let aapl = bench.market.id(AAPL);
    let stop = OrderKind::Stop { stop: price("220.00") };
    bench.order(order(7, aapl, Side::Sell, "100", stop, START));
    // Another buy is no danger that comes of closing.
    bench.order(order(8, aapl, Side::Buy, "100", limit("200.00"), START));
    let mut ui = open(bench, AAPL, "{}");
    click(&mut ui, "Close");
    ui.get_by_label("Close: sell 100 AAPL at market, leaves 1 order working: sent, no answer yet …");
    ui.state_mut().answer(Ok(None));
    settle(&mut ui);
    assert_eq!(colour_of(&ui, "Close: sell 100 AAPL"), Theme::dark().warn, "that went well is not all of it");
}

#[test]
fn the_buttons_stay_where_they_are_whatever_order_type_is_chosen() {
    for height in [680.0, 800.0] {
        let places = ["market", "limit", "stop", "stop-limit", "trailing-stop"].map(|kind| {
            let mut ui = open(asking(), AAPL, &format!(r#"{{"form":{{"kind":"{kind}"}}}}"#));
            ui.set_size(vec2(248.0, height));
            settle(&mut ui);
            ["Buy", "Sell", "Close", "Reverse"].map(|name| ui.get_by_label(name).rect())
        });
        assert!(places.iter().all(|place| *place == places[0]), "{height}: {places:#?}");
    }
}

#[test]
fn exits_that_can_be_sent_again_count_as_the_engine_counts_them() {
    let sells_180 = |goes_on: bool| {
        let mut bench = holding(at_once(), "100");
        bench.market.configure(|settings| settings.limits.profile.max_position_quantity = Some(qty("150")));
        let aapl = bench.market.id(AAPL);
        let mut entry = order(7, aapl, Side::Buy, "100", limit("226.10"), START);
        (entry.status, entry.filled) = (OrderStatus::Filled, qty("100"));
        bench.order(entry);
        for (id, kind) in [(8, limit("240.00")), (9, OrderKind::Stop { stop: price("220.00") })] {
            let (entry, quantity) = (Some(OrderId(7)), qty("100"));
            let kept = KeptGroup { entry, oco: None, quantity, goes_on, is_over: false, passed: None };
            let exit = order(id, aapl, Side::Sell, "100", kind, START);
            bench.order(Order { status: OrderStatus::Cancelled, kept: Some(kept), ..exit });
        }
        let mut ui = open(bench, AAPL, "{}");
        write(&mut ui, "Quantity", "180");
        !is_disabled(&ui, "Sell")
    };
    assert!(sells_180(false), "eighty would be short");
    assert!(!sells_180(true), "and a hundred more, once the exits of order 7 are sent again");
}

#[test]
fn post_only_and_bracket_go_with_the_order() {
    let mut ui = open(at_once(), AAPL, "{}");
    assert!(ui.query_by_label("Take profit").is_none());
    click(&mut ui, "Post only");
    click(&mut ui, "Bracket");
    assert!(is_disabled(&ui, "Buy"), "an empty bracket guards nothing");
    write(&mut ui, "Take profit", "240");
    write(&mut ui, "Stop loss", "220");
    assert!(is_disabled(&ui, "Sell"));
    assert!(about(&ui.get_by_label("Sell")).contains("take profit must be below the entry"));
    click(&mut ui, "Buy");
    assert!(ui.query_by_label_contains("post-only, take profit 240.00, stop loss 220.00: sent").is_some());
    let expected = Bracket::gtc(Some(price("240")), Some(price("220")));
    assert_eq!(placed(&ui).bracket, Some(expected));
    assert!(placed(&ui).spec.post_only);
}

#[test]
fn the_answer_is_said_in_full_until_the_next_input() {
    let mut ui = open(at_once(), AAPL, "{}");
    click(&mut ui, "Buy");
    assert!(ui.query_by_label_contains("no answer yet").is_some());
    let reason =
        "The order is worth 300000.00 USD, the limit per order is 250000.00 USD: lower the quantity.";
    ui.state_mut().answer(Err(reason));
    wait(&mut ui, LONGER_THAN_ARMED);
    ui.get_by_label(&format!("Buy 100 AAPL @ 227.48: refused. {reason}"));
    write(&mut ui, "Quantity", "50");
    assert!(ui.query_by_label_contains("refused").is_none());
}

/// A ticket whose order of 100 was accepted as 42, after what became of it.
fn after(change: impl FnOnce(&mut Order)) -> Ui {
    let mut ui = open(at_once(), AAPL, "{}");
    click(&mut ui, "Buy");
    let spec = placed(&ui).spec;
    let mut order = order(42, spec.instrument, spec.side, "100", spec.kind, START);
    order.average_price = Some(decimal("227.475"));
    change(&mut order);
    ui.state_mut().order(order);
    ui.state_mut().answer(Ok(Some(42)));
    ui.run_steps(2);
    ui
}

#[test]
fn what_becomes_of_an_order_is_told_as_it_is() {
    use OrderStatus::{Cancelled, Expired, Filled, Rejected, Unknown, Working};
    let theme = Theme::dark();
    let check = |status, filled: &str, reason: Option<&str>, said: &str, colour| {
        let ui = after(|order| {
            (order.status, order.filled) = (status, qty(filled));
            order.reason = reason.map(Into::into);
        });
        ui.get_by_label(&format!("Buy 100 AAPL @ 227.48: {said}"));
        assert_eq!(colour_of(&ui, "Buy 100 AAPL @ 227.48: "), colour, "{said}");
    };
    check(Working, "0", None, "accepted as order 42, working", theme.ok);
    check(Filled, "100", None, "accepted as order 42, filled 100 @ 227.48", theme.ok);
    let reason = Some("Not enough buying power");
    check(Rejected, "0", reason, "order 42 was rejected. Not enough buying power", theme.danger);
    // What has filled is held, whatever became of the rest.
    let said = "order 42 filled 60 @ 227.48, the rest cancelled. The book had only 60";
    check(Cancelled, "60", Some("The book had only 60"), said, theme.warn);
    check(Expired, "60", None, "order 42 filled 60 @ 227.48, the rest expired", theme.warn);
    let said = "order 42 cancelled, nothing filled. FOK: only 20 could be had at once";
    check(Cancelled, "0", Some("FOK: only 20 could be had at once"), said, theme.warn);
    let said = "nobody can say where order 42 stands. Look at its row in the blotter before sending more.";
    check(Unknown, "0", None, said, theme.warn);
}

#[test]
fn a_cancel_that_was_asked_for_is_no_bad_news() {
    let mut ui = after(|order| order.status = OrderStatus::PendingCancel);
    ui.state_mut().change(42, |order| {
        (order.status, order.reason) = (OrderStatus::Cancelled, Some("Cancelled on request".into()));
    });
    ui.run_steps(2);
    ui.get_by_label("Buy 100 AAPL @ 227.48: order 42 cancelled, nothing filled. Cancelled on request");
    assert_eq!(colour_of(&ui, "Buy 100 AAPL @ 227.48: "), Theme::dark().text_weak);
}

/// The colour of a line.
fn colour_of(ui: &Ui, start: &str) -> egui::Color32 {
    let painted = painted(ui);
    let found = painted.iter().find(|(text, _)| text.starts_with(start));
    found.unwrap_or_else(|| panic!("'{start}' is not painted: {painted:?}")).1
}

#[test]
fn buttons_say_when_they_close_or_reverse() {
    let mut ui = open(holding(at_once(), "100"), AAPL, "{}");
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
    let mut short = open(holding(at_once(), "-100"), AAPL, "{}");
    assert_eq!(about(&short.get_by_label("Buy")), "Buy (closes) 100 @ 227.48");
    write(&mut short, "Quantity", "300");
    assert_eq!(about(&short.get_by_label("Buy")), "Buy (reverses) 300 @ 227.48");
}

#[test]
fn what_keeps_orders_from_going_is_said_at_the_top() {
    const ALL: [&str; 4] = ["Buy", "Sell", "Close", "Reverse"];
    let check = |line: &str, kept: &[&str], change: &dyn Fn(&mut Market)| {
        let mut ui = open(holding(at_once(), "100"), AAPL, r#"{"form":{"kind":"market"}}"#);
        change(&mut ui.state_mut().market);
        ui.run_steps(2);
        ui.get_by_label(line);
        for name in ALL {
            assert_eq!(is_disabled(&ui, name), kept.contains(&name), "{line}: {name}");
        }
    };
    check("Kill switch on: no orders are sent", &ALL, &|market| {
        market.publish(Update::Kill(KillState::Locked { still_working: 0 }));
    });
    check("Not connected: no orders are sent", &ALL, &|market| {
        market.connection(ConnectionState::Down, "The connection was lost");
    });
    check("Quote 45 s old: opening asks twice", &[], &|market| {
        market.later(Duration::from_secs(45));
    });
    check("NASDAQ closed: orders wait for the open", &ALL, &|market| {
        let mut quote = first_quote(market, AAPL);
        quote.is_open = false;
        market.publish_quote(AAPL, quote);
    });
}

#[test]
fn real_money_is_named() {
    let paper = open(asking(), AAPL, "{}");
    assert!(paper.query_by_label("LIVE").is_none());
    let mut bench = asking();
    bench.market.bank(|account| account.kind = AccountKind::Live);
    open(bench, AAPL, "{}").get_by_label("LIVE");
}

#[test]
fn value_and_power_are_told_in_both_currencies() {
    let ui = open(at_once(), "BTC/KRW@CRYPTO", "{}");
    ui.get_by_label("Value KRW: buy 14,990,200, sell 14,990,300");
    ui.get_by_label("Value USD: buy 10,419.99, sell 10,420.06");
    ui.get_by_label("Power KRW: buy 985,009,800, sell 985,009,700");
}

#[test]
fn an_open_profit_that_nobody_feeds_looks_stale() {
    let mut ui = open(holding(at_once(), "100"), AAPL, "{}");
    assert_eq!(colour_of(&ui, "+140.00 USD"), Theme::dark().up);
    ui.state_mut().market.connection(ConnectionState::Down, "The connection was lost");
    ui.run_steps(2);
    assert_eq!(colour_of(&ui, "+140.00 USD"), Theme::dark().stale);
}

#[test]
fn the_commission_is_told_by_the_rule_of_the_instrument() {
    for (key, quantity, told) in [
        // At least a dollar, and half a cent a share above.
        (AAPL, "100", "Commission: buy 1.00, sell 1.00"),
        (AAPL, "1,000", "Commission: buy 5.00, sell 5.00"),
        // 0.05 % of 248,850 and 248,900 yen, without decimals.
        ("8306@TSE", "100", "Commission: buy 124, sell 124"),
        // 0.015 % of 10,420,000 won.
        ("005930@KRX", "100", "Commission: buy 1,563, sell 1,565"),
        ("USD/JPY@FX", "10,000", "Commission: buy 31, sell 31"),
        ("BTC/USD@CRYPTO", "0.1", "Commission: buy 10.42, sell 10.42"),
    ] {
        let mut ui = open(at_once(), key, "{}");
        write(&mut ui, "Quantity", quantity);
        assert!(ui.query_by_label(told).is_some(), "{key}: {:?}", painted(&ui));
    }
}

#[test]
fn why_there_is_no_quote_stands_at_the_top() {
    let mut bench = Bench::new(Ticket::default());
    let id = bench.market.id(AAPL);
    let remark = pitdesk::domain::DataRemark { short: "no subscription".into(), text: "Subscribe".into() };
    bench.market.publish(Update::Remark { instrument: id, remark: Some(remark.into()) });
    let ui = open(bench, AAPL, "{}");
    ui.get_by_label("No quote: no subscription. Orders must wait");
}
