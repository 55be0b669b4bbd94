//! The allocation pane by accessible name: the table, its preview, what is sent, what came of it.

mod amounts;
mod limits;
pub mod rehearsed;

use std::sync::Arc;
use std::time::Duration;

use egui::Key;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::settings::ThemeChoice;
use pitdesk::domain::{
    Account, AccountId, AccountKind, BrokerId, Order, OrderKind, OrderStatus, Origin, Side,
};
use pitdesk::link::update::Refused;
use pitdesk::link::{Allocation, Command, KillState, TargetsFrom, TargetsRead, Update};
use pitdesk::market::allocation::Table;
use pitdesk::store::allocation::load;
use pitdesk::ui::allocation::AllocationPane;

use crate::bench::{Bench, limit, order, painted, settle};
use crate::desk::{Market, decimal, qty};
use crate::desktop::{Desktop, click as click_in, desktop, sent as sent_in};

type Pane = Harness<'static, Bench<AllocationPane>>;

const AAPL: &str = "AAPL@NASDAQ";
const MSFT: &str = "MSFT@NASDAQ";
const NVDA: &str = "NVDA@NASDAQ";
const SIZE: egui::Vec2 = egui::vec2(900.0, 420.0);

/// The pane with an account of a million dollars, and three shares at 200.
fn pane() -> Pane {
    shown(AllocationPane::default())
}

fn shown(pane: AllocationPane) -> Pane {
    shown_with(pane, Vec::new())
}

/// The same where there are orders from before.
fn shown_with(pane: AllocationPane, orders: Vec<Order>) -> Pane {
    let mut bench = Bench::new(pane);
    bench.market.bank(|account| {
        account.balances.truncate(1);
        account.balances[0].cash = decimal("1000000");
        account.balances[0].buying_power = decimal("2000000");
    });
    bench.select(AAPL);
    quote(&mut bench);
    for order in orders {
        bench.order(order);
    }
    bench.show(SIZE)
}

#[test]
fn a_unit_stands_on_the_line_of_its_field() {
    let mut pane = pane();
    for width in [340.0, 400.0, 440.0, 470.0, 500.0, 560.0] {
        pane.set_size(egui::vec2(width, 420.0));
        settle(&mut pane);
        let unit = |text: &str| pane.get_all_by_value(text).map(|node| node.rect()).next_back();
        for (field, unit) in [("Cash reserve in per cent", unit("%")), ("Least trade value", unit("USD"))] {
            let (field, unit) = (pane.get_by_label(field).rect(), unit.expect("a unit"));
            assert!(field.y_range().contains(unit.center().y), "{unit:?} of {field:?} at {width}");
        }
    }
}

fn quote(bench: &mut Bench<AllocationPane>) {
    for key in [AAPL, MSFT, NVDA] {
        bench.market.quote(key, "200.00");
    }
}

fn click(pane: &mut Pane, name: &str) {
    pane.get_by_label(name).click();
    settle(pane);
    pane.run_steps(2);
}

fn write(pane: &mut Pane, field: &str, text: &str) {
    pane.get_by_label(field).focus();
    pane.run_steps(2);
    pane.key_press_modifiers(egui::Modifiers::COMMAND, Key::A);
    pane.key_press(Key::Delete);
    pane.step();
    pane.get_by_label(field).type_text(text);
    settle(pane);
}

fn add(pane: &mut Pane, symbol: &str, weight: &str) {
    pane.get_by_label("Add a row").focus();
    pane.run_steps(2);
    pane.get_by_label("Add a row").type_text(symbol);
    pane.run_steps(3);
    pane.key_press(Key::Enter);
    pane.run_steps(3);
    write(pane, &format!("Target weight of {symbol}"), weight);
}

/// Rows as they are read aloud, from above.
fn rows<S>(pane: &Harness<'_, S>) -> Vec<String> {
    let mut found: Vec<(f32, String)> = pane
        .query_all_by_role(egui::Role::Row)
        .filter_map(|node| Some((node.rect().top(), node.accesskit_node().label()?)))
        .filter(|(_, name)| name.starts_with("Row "))
        .collect();
    found.sort_by(|a, b| a.0.total_cmp(&b.0));
    found.into_iter().map(|(_, name)| name).collect()
}

fn row<S>(pane: &Harness<'_, S>, key: &str) -> String {
    let begin = format!("Row {key}: ");
    let found = rows(pane).into_iter().find(|row| row.starts_with(&begin));
    found.unwrap_or_else(|| panic!("{key} is not in {:?}", rows(pane)))
}

fn says<S>(pane: &Harness<'_, S>, what: &str) -> bool {
    painted(pane).iter().any(|(text, _)| text.contains(what))
}

fn has(pane: &Pane, name: &str) -> bool {
    pane.query_by_label_contains(name).is_some()
}

/// A quarter of Apple and a tenth of Microsoft short, previewed.
fn previewed() -> Pane {
    let mut pane = pane();
    add(&mut pane, "AAPL", "12.5");
    add(&mut pane, "MSFT", "-10");
    click(&mut pane, "Preview");
    pane
}

/// The second press, when it counts.
fn confirm(pane: &mut Pane) {
    pane.state_mut().market.later(Duration::from_millis(600));
    quote(pane.state_mut());
    pane.run_steps(2);
    pane.get_by_label_contains("Confirm: send").click();
    settle(pane);
}

fn sent(pane: &mut Pane) -> Vec<Allocation> {
    let commands = pane.state_mut().take_sent();
    commands
        .into_iter()
        .filter_map(|command| match command {
            Command::Allocate(allocation) => Some(allocation),
            _ => None,
        })
        .collect()
}

/// The plan is sent; its orders as the engine makes them.
fn sent_plan(pane: &mut Pane) -> (Allocation, Vec<Order>) {
    click(pane, "Send 2 orders");
    confirm(pane);
    let [allocation] = &sent(pane)[..] else { panic!("one plan is sent") };
    let now = pane.state().market.now();
    let made = |(number, entered): (u64, &pitdesk::link::AllocationOrder)| {
        let spec = entered.spec;
        Order {
            origin: Origin::Allocation(allocation.plan),
            status: OrderStatus::Intended,
            ..order(number, spec.instrument, spec.side, &spec.quantity.to_string(), spec.kind, now)
        }
    };
    (allocation.clone(), (1..).zip(allocation.orders.iter()).map(made).collect())
}

#[test]
fn weights_that_are_typed_become_a_preview_and_nothing_is_sent() {
    let mut pane = previewed();
    let apple = row(&pane, AAPL);
    assert!(apple.contains("Target % 12.50") && apple.contains("Order Buy 625 @ 200.00"), "{apple}");
    assert!(
        apple.contains("Then % 12.5") && apple.contains("After 625") && apple.contains("Held 0"),
        "{apple}"
    );
    let short = row(&pane, MSFT);
    assert!(short.contains("Order Sell 500 @ 199.99") && short.contains("After −500"), "{short}");
    assert!(says(&pane, "Turnover") && says(&pane, "224,995.00 (22.50 %)"), "{:?}", painted(&pane));
    assert!(says(&pane, "1,000,000.00 → 974,"), "{:?}", painted(&pane));
    assert_eq!(sent(&mut pane), []);
    pane.get_by_label("Send 2 orders");
}

#[test]
fn the_plan_that_is_shown_is_sent_once_and_each_order_tells_what_came_of_it() {
    let mut pane = previewed();
    let (allocation, orders) = sent_plan(&mut pane);
    assert_eq!(allocation.account.0.as_ref(), "PAPER");
    let said: Vec<_> = allocation.orders.iter().map(|o| (o.spec.side, o.spec.quantity, o.held)).collect();
    let expected = [(Side::Sell, qty("500"), decimal("0")), (Side::Buy, qty("625"), decimal("0"))];
    assert_eq!(said, expected, "sales leave first");
    assert!(allocation.orders.iter().all(|o| o.spec.kind == OrderKind::Market && o.seen.is_some()));
    assert!(!has(&pane, "Send 2") && !has(&pane, "Confirm"), "the button is gone");
    assert!(says(&pane, "2 waiting"));
    assert!(row(&pane, AAPL).contains("State Waiting"));

    for order in &orders {
        pane.state_mut().order(order.clone());
    }
    let bench = pane.state_mut();
    bench.change(2, |order| (order.status, order.is_acknowledged) = (OrderStatus::Working, true));
    bench.change(1, |order| {
        (order.status, order.reason) = (OrderStatus::Rejected, Some("No shares to borrow".into()));
    });
    pane.run_steps(2);
    assert!(says(&pane, "1 accepted, 1 refused"), "{:?}", painted(&pane));
    assert!(row(&pane, AAPL).contains("State Accepted · Working"), "{}", row(&pane, AAPL));
    assert!(row(&pane, MSFT).contains("State Refused: No shares to borrow"), "{}", row(&pane, MSFT));
    assert!(pane.query_by_label("Target weight of AAPL").is_none(), "nothing is typed into what was sent");

    click(&mut pane, "Back to the table");
    pane.get_by_label("Target weight of AAPL");
    assert!(!has(&pane, "Send 2"), "only after a new preview");
}

#[test]
fn a_double_click_sends_nothing_and_a_press_of_before_three_seconds_neither() {
    let mut pane = previewed();
    click(&mut pane, "Send 2 orders");
    pane.get_by_label_contains("Confirm: send 2 orders, buy 125,000.00 and sell 99,995.00 USD").click();
    settle(&mut pane);
    assert_eq!(sent(&mut pane), [], "a double click of the desktop is one press");
    pane.state_mut().market.later(Duration::from_millis(3_100));
    quote(pane.state_mut());
    pane.run_steps(2);
    click(&mut pane, "Send 2 orders");
    assert_eq!(sent(&mut pane), []);
    confirm(&mut pane);
    assert_eq!(sent(&mut pane).len(), 1);
}

#[test]
fn what_the_engine_refuses_whole_is_told_and_planned_anew() {
    let mut pane = previewed();
    click(&mut pane, "Send 2 orders");
    confirm(&mut pane);
    pane.state_mut().answer(Err("This plan was sent already: look at its orders"));
    pane.run_steps(2);
    assert!(says(&pane, "This plan was sent already"));
    assert!(!has(&pane, "Send 2"));
    pane.get_by_label("Preview");
}

#[test]
fn what_has_changed_since_the_preview_keeps_it_from_being_sent() {
    let check = |change: &dyn Fn(&mut Bench<AllocationPane>), why: &str| {
        let mut pane = previewed();
        change(pane.state_mut());
        pane.run_steps(2);
        assert!(says(&pane, why), "{why}: {:?}", painted(&pane));
        let send = pane.get_by_label("Send 2 orders");
        assert!(send.accesskit_node().is_disabled(), "{why}");
    };
    check(&|bench| bench.market.quote(AAPL, "201.01"), "AAPL: its price has moved: preview anew");
    check(&|bench| bench.hold(AAPL, "5", "200.00"), "AAPL: the position has changed: preview anew");
    let works = |bench: &mut Bench<AllocationPane>| {
        let (msft, now) = (bench.market.id(MSFT), bench.market.now());
        bench.order(order(9, msft, Side::Buy, "1", limit("100.00"), now));
    };
    check(&works, "MSFT: an order works in it now: preview anew");
    let locked = KillState::Locked { still_working: 0 };
    check(&|bench| bench.market.publish(Update::Kill(locked)), "The kill switch is on: nothing is sent");
}

#[test]
fn whatever_is_typed_takes_the_preview_away() {
    let mut pane = previewed();
    write(&mut pane, "Target weight of AAPL", "13");
    assert!(!has(&pane, "Send 2"));
    write(&mut pane, "Target weight of AAPL", "lots");
    assert!(row(&pane, AAPL).contains("State not a number"), "{}", row(&pane, AAPL));
    click(&mut pane, "Preview");
    assert!(says(&pane, "AAPL@NASDAQ: not a number"));
    assert!(!has(&pane, "Send"));
}

#[test]
fn what_the_gate_would_refuse_is_held_back_and_said_beforehand() {
    let mut pane = pane();
    add(&mut pane, "AAPL", "12.5");
    add(&mut pane, "MSFT", "30");
    click(&mut pane, "Preview");
    let held = row(&pane, MSFT);
    assert!(held.contains("State held back: ") && held.contains("250,000"), "{held}");
    assert!(!held.contains("Order Buy"), "{held}");
    pane.get_by_label("Send 1 order");
}

#[test]
fn more_than_the_equity_is_refused_by_name_unless_leverage_is_allowed() {
    let mut pane = pane();
    for symbol in ["AAPL", "MSFT", "NVDA"] {
        add(&mut pane, symbol, "40");
    }
    click(&mut pane, "Preview");
    assert!(says(&pane, "The weights add up to 120 %"), "{:?}", painted(&pane));
    assert!(!has(&pane, "Send"));
}

#[test]
fn a_file_is_read_by_the_engine_and_its_errors_are_shown() {
    let mut pane = pane();
    click(&mut pane, "Load file…");
    write(&mut pane, "Path of the file", "/tmp/weights.csv");
    click(&mut pane, "Read");
    let asked = pane.state_mut().take_sent();
    let from = TargetsFrom::File("/tmp/weights.csv".into());
    assert_eq!(asked, [Command::ReadTargets(from.clone())]);
    let read = |table| Update::Targets(Arc::new(TargetsRead { from: from.clone(), table }));
    let refused = Err(Refused("weights.csv, line 2: MSFR is not listed".into()));
    pane.state_mut().market.publish(read(refused));
    pane.run_steps(3);
    assert!(says(&pane, "weights.csv, line 2: MSFR is not listed"));
    assert_eq!(rows(&pane), Vec::<String>::new());
    click(&mut pane, "Read");
    let rows_read = vec![(AAPL.into(), decimal("0.125")), (MSFT.into(), decimal("-0.1"))];
    let notes = vec!["It is said".to_owned()];
    pane.state_mut().market.publish(read(Ok(Table { rows: rows_read, choices: Vec::new(), notes })));
    pane.run_steps(3);
    assert_eq!(rows(&pane).len(), 2);
    assert!(row(&pane, MSFT).contains("Target % −10.00"), "{}", row(&pane, MSFT));
    assert!(says(&pane, "2 rows taken over. It is said"));
}

#[test]
fn of_two_tables_that_are_read_the_one_that_was_asked_for_last_is_taken() {
    let mut pane = pane();
    click(&mut pane, "Load file…");
    let ask = |pane: &mut Pane, path: &str| {
        write(pane, "Path of the file", path);
        click(pane, "Read");
        pane.state_mut().take_sent();
    };
    ask(&mut pane, "/slow/old.csv");
    ask(&mut pane, "/new.csv");
    let answers = |pane: &mut Pane, path: &str, key: &str| {
        let table = Ok(Table { rows: vec![(key.into(), decimal("0.1"))], ..Table::default() });
        let read = TargetsRead { from: TargetsFrom::File(path.into()), table };
        pane.state_mut().market.publish(Update::Targets(Arc::new(read)));
        pane.run_steps(3);
    };
    answers(&mut pane, "/slow/old.csv", AAPL);
    assert_eq!(rows(&pane), Vec::<String>::new(), "another was asked for since");
    answers(&mut pane, "/new.csv", MSFT);
    assert_eq!(rows(&pane).len(), 1);
    assert!(row(&pane, MSFT).contains("Target % 10.00"));
}

/// Reads tables as the engine does, where the window has asked for one.
fn read_what_is_asked_for(market: &mut Market, commands: Vec<Command>) {
    for command in commands {
        if let Command::ReadTargets(from) = command {
            let read = load(from, market.instruments());
            market.publish(Update::Targets(Arc::new(read)));
        }
    }
}

#[test]
fn a_table_is_pasted() {
    let mut pane = pane();
    pane.hover_at(egui::pos2(400.0, 250.0));
    pane.run_steps(2);
    let paste = |pane: &mut Pane, text: &str| {
        pane.event(egui::Event::Paste(text.into()));
        pane.run_steps(3);
        let bench = pane.state_mut();
        let asked = bench.take_sent();
        read_what_is_asked_for(&mut bench.market, asked);
        pane.run_steps(3);
    };
    paste(&mut pane, "symbol;weight\nAAPL;12,5%\nMSFT;5%");
    assert!(row(&pane, AAPL).contains("Target % 12.50"));
    paste(&mut pane, "AAPL,12%\nAAPX,3%");
    assert!(says(&pane, "what was pasted, line 2: AAPX is not listed. Did you mean AAPL@NASDAQ"));
    assert_eq!(rows(&pane).len(), 2, "the table is as it was");
}

#[test]
fn current_weights_are_taken_and_rows_removed() {
    let mut pane = pane();
    let bench = pane.state_mut();
    bench.hold(AAPL, "500", "190.00");
    pane.run_steps(2);
    click(&mut pane, "Take current weights");
    // 500 at 200, and the million is still there.
    assert!(row(&pane, AAPL).contains("Now % 9.09, Target % 9.09"), "{}", row(&pane, AAPL));
    click(&mut pane, "Preview");
    assert!(row(&pane, AAPL).contains("State on target, to a lot"), "{}", row(&pane, AAPL));
    assert!(says(&pane, "Nothing to send"));
    click(&mut pane, "Remove AAPL");
    assert_eq!(rows(&pane), Vec::<String>::new());
}

#[test]
fn positions_without_a_row_are_closed_where_that_is_chosen() {
    let mut pane = pane();
    pane.state_mut().hold(NVDA, "50", "190.00");
    add(&mut pane, "AAPL", "5");
    click(&mut pane, "Close others");
    click(&mut pane, "Preview");
    let nvidia = row(&pane, NVDA);
    assert!(
        nvidia.contains("Order Sell 50 @ 199.99") && nvidia.contains("not in the table: closed"),
        "{nvidia}"
    );
}

#[test]
fn what_was_sent_is_told_after_a_restart_too() {
    let mut pane = previewed();
    let (_, orders) = sent_plan(&mut pane);
    let kept = serde_json::to_string(&pane.state().pane).unwrap();
    let ended = |order| Order { status: OrderStatus::Filled, is_acknowledged: true, ..order };
    let orders = orders.into_iter().map(ended).collect();
    let pane = shown_with(serde_json::from_str(&kept).unwrap(), orders);
    assert!(says(&pane, "2 accepted"), "{:?}", painted(&pane));
    assert!(row(&pane, AAPL).contains("Order Buy 625, "), "{}", row(&pane, AAPL));
    assert!(row(&pane, AAPL).contains("State Accepted · Filled"));
    assert!(!has(&pane, "Send"));
}

#[test]
fn an_answer_that_is_lost_is_not_waited_for_for_ever() {
    let mut pane = previewed();
    sent_plan(&mut pane);
    assert!(says(&pane, "waiting"), "{:?}", painted(&pane));
    pane.state_mut().market.later(std::time::Duration::from_secs(31));
    pane.run_steps(3);
    assert!(says(&pane, "No orders of the plan that was sent are known here"), "{:?}", painted(&pane));
}

#[test]
fn a_plan_that_an_ended_program_never_took_is_told_and_the_table_is_there() {
    let mut pane = previewed();
    sent_plan(&mut pane);
    let kept = serde_json::to_string(&pane.state().pane).unwrap();
    let pane = shown(serde_json::from_str(&kept).unwrap());
    assert!(says(&pane, "No orders of the plan that was sent are known here"), "{:?}", painted(&pane));
    pane.get_by_label("Target weight of AAPL");
}

#[test]
fn of_several_accounts_the_one_that_is_chosen_is_planned_for_and_real_money_says_so() {
    let mut pane = pane();
    let live = |account: &mut Account| {
        account.id = AccountId("U1234567".into());
        account.kind = AccountKind::Live;
    };
    pane.state_mut().market.bank_also(live);
    add(&mut pane, "AAPL", "5");
    assert!(pane.get_by_label("Preview").accesskit_node().is_disabled(), "none is chosen");
    let live = AccountId("U1234567".into());
    pane.state_mut().window.desk.choose_account(BrokerId(0), live.clone());
    pane.run_steps(2);
    click(&mut pane, "Preview");
    assert!(row(&pane, AAPL).contains("held back: "), "it is not armed: {}", row(&pane, AAPL));
    pane.state_mut().market.arm(true);
    pane.run_steps(2);
    click(&mut pane, "Preview");
    click(&mut pane, "Send 1 order for LIVE U1234567");
    confirm(&mut pane);
    let [allocation] = &sent(&mut pane)[..] else { panic!("one plan is sent") };
    assert_eq!(allocation.account, live);
}

#[test]
fn a_preview_for_one_account_is_never_sent_for_another() {
    let mut pane = previewed();
    let other = AccountId("OTHER".into());
    pane.state_mut().market.bank_also(|account| account.id = AccountId("OTHER".into()));
    pane.state_mut().window.desk.choose_account(BrokerId(0), other);
    pane.run_steps(2);
    assert!(says(&pane, "Another account is chosen: preview anew"), "{:?}", painted(&pane));
    assert!(pane.get_by_label("Send 2 orders").accesskit_node().is_disabled());
}

#[test]
fn the_table_asks_for_the_quotes_of_its_rows() {
    let mut pane = pane();
    add(&mut pane, "NVDA", "5");
    let nvidia = pane.state().market.id(NVDA);
    assert!(pane.state().demand.quotes.contains(&nvidia));
}

/// The whole window with the table open and previewed.
fn in_the_window(theme: ThemeChoice) -> Harness<'static, Desktop> {
    let mut window = desktop();
    let market = &mut window.state_mut().market;
    market.configure(|settings| settings.theme = theme);
    market.bank(|account| {
        account.balances.truncate(1);
        account.balances[0].buying_power = decimal("2000000");
    });
    for (key, last) in [(AAPL, "284.50"), (MSFT, "512.20"), (NVDA, "188.31"), ("7203@TSE", "2900")] {
        market.quote(key, last);
    }
    let aapl = market.id(AAPL);
    market.publish(Update::Position(crate::bench::position(aapl, "350", "270.00")));
    settle(&mut window);
    window.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, Key::W);
    settle(&mut window);
    window.run_steps(3);
    let place = window.get_by_label("Allocation table").rect().center();
    window.hover_at(place);
    window.run_steps(2);
    window.event(egui::Event::Paste("AAPL,18%\nMSFT,-5%\nNVDA,40%\n7203,10%".into()));
    window.run_steps(3);
    let asked = sent_in(&mut window);
    read_what_is_asked_for(&mut window.state_mut().market, asked);
    window.run_steps(3);
    click_in(&mut window, "Preview");
    window.run_steps(3);
    window
}

#[test]
fn it_opens_with_its_keys_beside_the_chart_and_goes_with_them() {
    let mut window = in_the_window(ThemeChoice::Dark);
    assert_eq!(rows(&window).len(), 4);
    window.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, Key::W);
    settle(&mut window);
    window.run_steps(3);
    assert!(window.query_by_label("Allocation table").is_none());
}

#[test]
fn it_opens_from_the_search_and_its_table_outlives_the_window() {
    let mut window = desktop();
    window.key_press_modifiers(egui::Modifiers::COMMAND, Key::K);
    window.run_steps(2);
    window.event(egui::Event::Text("rebalance".to_owned()));
    settle(&mut window);
    window.key_press(Key::Enter);
    settle(&mut window);
    window.run_steps(3);
    window.get_by_label("Allocation table");
    let place = window.get_by_label("Allocation table").rect().center();
    window.hover_at(place);
    window.run_steps(2);
    window.event(egui::Event::Paste("AAPL,18%".into()));
    window.run_steps(3);
    let asked = sent_in(&mut window);
    let market = &mut window.state_mut().market;
    read_what_is_asked_for(market, asked);
    window.run_steps(3);
    window.state_mut().market.later(Duration::from_secs(2));
    window.hover_at(place + egui::vec2(1.0, 0.0));
    window.run_steps(3);
    let saved = window.state_mut().market.commands().into_iter().rev().find_map(|command| match command {
        Command::SaveWorkspace(text) => Some(text),
        _ => None,
    });
    let saved = saved.expect("the arrangement is handed over");
    assert!(saved.contains("AAPL@NASDAQ") && saved.contains("\"allocation\""), "{saved}");
    assert!(pitdesk::ui::workspace::Shelf::parse(&saved).is_ok());
}

#[test]
fn it_looks_as_it_should() {
    for (theme, name) in [(ThemeChoice::Dark, "allocation"), (ThemeChoice::Light, "allocation_light")] {
        let mut window = in_the_window(theme);
        crate::picture::assert_picture(&mut window, name);
    }
}

#[test]
fn it_looks_as_it_should_once_it_was_sent() {
    let mut window = in_the_window(ThemeChoice::Dark);
    click_in(&mut window, "Send 2 orders");
    let market = &mut window.state_mut().market;
    market.later(Duration::from_millis(600));
    market.quote(AAPL, "284.50");
    market.quote(MSFT, "512.20");
    window.run_steps(2);
    window.get_by_label_contains("Confirm: send").click();
    settle(&mut window);
    let commands = sent_in(&mut window);
    let Some(Command::Allocate(plan)) = commands.last() else { panic!("{commands:?}") };
    let now = window.state().market.now();
    for (number, entered) in (1..).zip(plan.orders.iter()) {
        let spec = entered.spec;
        let (status, reason) = match number {
            2 => (OrderStatus::Filled, None),
            _ => (OrderStatus::Rejected, Some("The borrow for this share is used up".into())),
        };
        let quantity = spec.quantity.to_string();
        let made = Order {
            origin: Origin::Allocation(plan.plan),
            status,
            reason,
            is_acknowledged: true,
            ..order(number, spec.instrument, spec.side, &quantity, spec.kind, now)
        };
        window.state_mut().market.publish(Update::Order(made));
    }
    window.run_steps(3);
    crate::picture::assert_picture(&mut window, "allocation_sent");
}
