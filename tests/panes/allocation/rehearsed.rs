//! The pane on the real engine and the real paper exchange: table, preview, send, results.

use std::time::Duration;

use clap::Parser as _;
use egui::vec2;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use pitdesk::app::cli::Arguments;
use pitdesk::app::market::Plan;
use pitdesk::app::rehearsal::Rehearsal;
use pitdesk::domain::{Decimal, Limits, OrderStatus, Origin, Settings, counted};
use pitdesk::store::bars::Library;
use pitdesk::ui::{Begin, Terminal};

use super::{row, rows, says};
use crate::desk::START;
use crate::soft_renderer;

pub struct Trader {
    pub world: Rehearsal,
    pub terminal: Terminal,
}

pub fn trader() -> Harness<'static, Trader> {
    trader_with(Settings::default())
}

fn trader_with(settings: Settings) -> Harness<'static, Trader> {
    let options = Arguments::parse_from(["pitdesk", "--seed", "7"]).options;
    let plan = Plan::new(&options, &Library::empty(), true, START).expect("a market");
    let (world, link) = Rehearsal::new(plan, settings, START).expect("a market");
    let terminal = Terminal::new(Begin { link, clock: world.clock(), workspace: None });
    let draw = |ui: &mut egui::Ui, trader: &mut Trader| {
        trader.terminal.logic();
        trader.terminal.ui(ui);
        trader.world.settle();
    };
    let builder = soft_renderer::builder::<Trader>().with_size(vec2(1600.0, 900.0));
    let mut window = builder.build_ui_state(draw, Trader { world, terminal });
    pass(&mut window, 500);
    window
}

/// Lets the market run, and the window see it.
pub fn pass(window: &mut Harness<'static, Trader>, millis: u64) {
    window.run_steps(2);
    window.state_mut().world.run(Duration::from_millis(millis));
    window.run_steps(3);
}

fn press(window: &mut Harness<'static, Trader>, name: &str) {
    window.get_by_label_contains(name).click();
    window.run_steps(3);
}

fn preview(window: &mut Harness<'static, Trader>) {
    window.get_by_label("Preview").click();
    window.run_steps(3);
}

fn open(window: &mut Harness<'static, Trader>, table: &str) {
    window.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::W);
    window.run_steps(4);
    let place = window.get_by_label("Allocation table").rect().center();
    window.hover_at(place);
    window.run_steps(2);
    window.event(egui::Event::Paste(table.into()));
    pass(window, 1_000);
}

#[test]
fn a_table_becomes_positions_of_its_weights_by_one_send() {
    let mut window = trader();
    open(&mut window, "AAPL,5%\nMSFT,4%\nNVDA,-3%\n");
    assert_eq!(rows(&window).len(), 3);
    preview(&mut window);
    press(&mut window, "Send 3 orders");
    pass(&mut window, 600);
    press(&mut window, "Confirm: send 3 orders");
    assert!(window.query_by_label_contains("Confirm").is_none(), "there is nothing to press again");
    assert!(window.query_by_label_contains("Send 3").is_none());
    pass(&mut window, 2_000);
    assert!(says(&window, "3 accepted"), "{:?}", rows(&window));
    assert!(row(&window, "AAPL@NASDAQ").contains("State Accepted · Filled"), "{:?}", rows(&window));

    let desk = window.state().terminal.desk();
    let own = |o: &&pitdesk::domain::Order| matches!(o.origin, Origin::Allocation(_));
    let orders: Vec<_> = desk.blotter().orders().filter(own).collect();
    assert_eq!(orders.len(), 3);
    assert!(orders.iter().all(|order| order.status == OrderStatus::Filled));

    let desk = window.state().terminal.desk();
    let equity = desk.valuations()[0].valuation.total.equity;
    for (key, weight) in [("AAPL@NASDAQ", "0.05"), ("MSFT@NASDAQ", "0.04"), ("NVDA@NASDAQ", "-0.03")] {
        let instrument = desk.instrument_by_key(key).unwrap();
        let position = desk.blotter().positions().find(|p| p.instrument == instrument.id).unwrap();
        let share = desk.value_of(position).unwrap() / equity;
        let away = (share - weight.parse::<pitdesk::domain::Decimal>().unwrap()).abs();
        assert!(away < "0.001".parse().unwrap(), "{key} is {share} of the equity");
    }
}

#[test]
fn while_the_kill_switch_is_on_the_table_sends_nothing() {
    let mut window = trader();
    open(&mut window, "AAPL,5%\n");
    preview(&mut window);
    window.key_press_modifiers(egui::Modifiers::COMMAND | egui::Modifiers::SHIFT, egui::Key::Delete);
    pass(&mut window, 1_000);
    assert!(says(&window, "The kill switch is on: nothing is sent"));
    press(&mut window, "Send 1 order");
    pass(&mut window, 600);
    assert!(window.query_by_label_contains("Confirm: send").is_none());
    assert_eq!(window.state().terminal.desk().blotter().orders().count(), 0);
}

#[test]
fn what_the_preview_lets_through_the_engine_lets_through() {
    let check = |change: &dyn Fn(&mut Limits), table: &str, passes: usize, held_back: &[&str]| {
        let mut settings = Settings::default();
        change(&mut settings.limits.profile);
        let mut window = trader_with(settings);
        open(&mut window, table);
        preview(&mut window);
        for key in held_back {
            assert!(row(&window, key).contains("held back: beside"), "{:?}", rows(&window));
        }
        let orders = counted(passes, "order", "orders");
        press(&mut window, &format!("Send {orders}"));
        pass(&mut window, 600);
        press(&mut window, &format!("Confirm: send {orders}"));
        pass(&mut window, 2_000);
        assert!(says(&window, &format!("{passes} accepted")), "{:?}", rows(&window));
        assert!(!says(&window, "refused"), "{:?}", rows(&window));
    };
    let table = "AAPL,5%\nMSFT,4%\nNVDA,-3%\nAMZN,4%\n";
    let exposure = |limits: &mut Limits| limits.max_exposure = Some(Decimal::from(160_000));
    check(&exposure, table, 2, &["MSFT@NASDAQ", "AMZN@NASDAQ"]);
    let working = |limits: &mut Limits| limits.max_working_orders = Some(2);
    check(&working, table, 2, &["MSFT@NASDAQ", "AMZN@NASDAQ"]);
    let minute = |limits: &mut Limits| limits.max_orders_per_minute = Some(3);
    check(&minute, table, 3, &["AMZN@NASDAQ"]);
}
