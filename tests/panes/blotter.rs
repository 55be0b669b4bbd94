//! The blotter: what it shows of a desk, and what clicks and keys in it send.

use std::time::Duration;

use egui::{Key, Modifiers, Pos2, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::{
    Currency, Money, OrderId, OrderKind, OrderStatus, Price, Qty, Side, settings::Settings,
    settings::ZoneDisplay,
};
use pitdesk::link::{Command, NoticeLevel, Update};
use pitdesk::ui::UiCommand;
use pitdesk::ui::blotter::Blotter;

use crate::bench::{self, fill, limit, order, position};
use crate::desk::decimal;

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
    pane.run_steps(2);
}

fn press(pane: &mut Pane, key: Key) {
    pane.key_press(key);
    pane.run_steps(2);
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
            "Order 12: Time 15:00:00, Symbol AAPL, Side Buy, Type Limit, Quantity 100, Filled 40, Limit 282.50, \
          TIF DAY, Status Part filled, Average 282.4850"
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
fn a_limit_is_amended_in_its_cell() {
    let mut pane = with_order();
    begin_edit(&mut pane);
    let field = pane.get_by_label("Limit of order 12");
    assert_eq!(field.value().as_deref(), Some("282.50"));
    // The whole value is selected: typing replaces it.
    field.type_text("283.25");
    pane.step();
    press(&mut pane, Key::Enter);
    assert_eq!(pane.state_mut().take_sent(), [amend(None, Some("283.25"))]);
    // Until it is answered, the cell shows what was asked for.
    assert!(rows(&pane, "Order 12")[0].contains("Limit 283.25"));
    pane.state_mut().change(12, |order| order.status = OrderStatus::PendingAmend);
    pane.state_mut().answer(Ok(Some(12)));
    pane.run_steps(2);
    assert!(rows(&pane, "Order 12")[0].contains("Limit 283.25, TIF DAY, Status Amending"));
    // The broker refuses: the cell shows what works, and why it was not changed.
    pane.state_mut().change(12, |order| {
        order.status = OrderStatus::Working;
        order.reason = Some("The exchange is closed".into());
    });
    pane.run_steps(3);
    assert!(rows(&pane, "Order 12")[0].contains("Limit 282.50, TIF DAY, Status Working"));
    assert!(pane.query_by_label("Not changed: The exchange is closed").is_some());
}

#[test]
fn a_refusal_of_the_engine_is_shown_at_the_row_for_a_while() {
    let mut pane = with_order();
    begin_edit(&mut pane);
    press(&mut pane, Key::ArrowUp);
    press(&mut pane, Key::Enter);
    pane.state_mut().answer(Err("The order value is above your limit"));
    pane.run_steps(3);
    assert!(pane.query_by_label("The order value is above your limit").is_some());
    pane.state_mut().market.later(Duration::from_secs(9));
    pane.run_steps(2);
    assert!(pane.query_by_label("The order value is above your limit").is_none());
    assert!(rows(&pane, "Order 12")[0].contains("Reason The order value is above your limit"));
}

#[test]
fn arrows_step_by_tick_and_f2_goes_on_to_the_quantity() {
    let mut pane = with_order();
    begin_edit(&mut pane);
    press(&mut pane, Key::ArrowUp);
    pane.key_press_modifiers(Modifiers::SHIFT, Key::ArrowDown);
    pane.run_steps(2);
    assert_eq!(pane.get_by_label("Limit of order 12").value().as_deref(), Some("282.41"));
    press(&mut pane, Key::F2);
    press(&mut pane, Key::ArrowUp);
    press(&mut pane, Key::Enter);
    assert_eq!(pane.state_mut().take_sent(), [amend(Some("101"), None)], "one part, and only that one");
}

#[test]
fn the_wheel_over_the_field_steps_and_does_not_scroll() {
    let mut pane = with_order();
    begin_edit(&mut pane);
    let middle = pane.get_by_label("Limit of order 12").rect().center();
    pane.hover_at(middle);
    pane.step();
    pane.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: Vec2::new(0.0, -1.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    pane.run_steps(3);
    assert_eq!(pane.get_by_label("Limit of order 12").value().as_deref(), Some("282.49"));
}

#[test]
fn a_price_off_the_grid_is_not_sent() {
    let mut pane = with_order();
    begin_edit(&mut pane);
    pane.get_by_label("Limit of order 12").type_text("282.505");
    pane.step();
    press(&mut pane, Key::Enter);
    pane.run_steps(2);
    assert_eq!(pane.state_mut().take_sent(), []);
    assert!(pane.query_by_label("Off the price grid: 282.50 or 282.51").is_some());
    assert!(pane.query_by_label("Limit of order 12").is_some(), "it can be put right");
}

#[test]
fn escape_and_an_unchanged_value_leave_without_sending() {
    let mut pane = with_order();
    begin_edit(&mut pane);
    press(&mut pane, Key::ArrowUp);
    press(&mut pane, Key::Escape);
    assert!(pane.query_by_label("Limit of order 12").is_none());
    // The keyboard is back at the table.
    press(&mut pane, Key::F2);
    assert_eq!(pane.get_by_label("Limit of order 12").value().as_deref(), Some("282.50"));
    press(&mut pane, Key::Enter);
    assert!(pane.query_by_label("Limit of order 12").is_none());
    assert_eq!(pane.state_mut().take_sent(), []);
}

#[test]
fn an_order_that_fills_while_it_is_changed_takes_the_field_away() {
    let mut pane = with_order();
    begin_edit(&mut pane);
    pane.state_mut().change(12, |order| order.status = OrderStatus::Filled);
    pane.run_steps(3);
    assert!(pane.query_by_label("Limit of order 12").is_none());
    assert!(pane.query_by_label("Not changed: it has ended").is_some());
    press(&mut pane, Key::Enter);
    assert_eq!(pane.state_mut().take_sent(), []);
}

#[test]
fn a_double_click_on_the_quantity_opens_it() {
    let mut pane = with_order();
    // Cells have no nodes of their own: the quantity is left of its column's edge.
    let row = pane.get_by_label_contains("Order 12:").rect();
    let edge = pane.get_by_label("Width of column Quantity").rect().left();
    let at = Pos2::new(edge - 12.0, row.center().y);
    pane.hover_at(at);
    pane.step();
    for pressed in [true, false, true, false] {
        pane.input_mut().events.push(egui::Event::PointerButton {
            pos: at,
            button: egui::PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        });
    }
    pane.run_steps(3);
    assert_eq!(pane.get_by_label("Quantity of order 12").value().as_deref(), Some("100"));
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
    let mut pane = with_order();
    for _ in 0..20 {
        press(&mut pane, Key::Tab);
        press(&mut pane, Key::Space);
    }
    assert_eq!(pane.state_mut().take_sent(), []);
    let mut pane = with_position(|settings| settings.confirm_orders = false);
    for _ in 0..20 {
        press(&mut pane, Key::Tab);
        press(&mut pane, Key::Space);
    }
    assert_eq!(pane.state_mut().take_sent(), []);
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
fn fills_are_held_too_and_select_their_instrument() {
    let mut bench = empty();
    let (aapl, now) = (bench.market.id(AAPL), bench.market.now());
    let order = order(12, aapl, Side::Buy, "100", limit("282.50"), now);
    let commission = Money { amount: decimal("0.35"), currency: Currency::USD };
    let mut first = fill(1, &order, "60", "282.50", commission);
    first.realised = decimal("-12.5");
    bench.market.publish(Update::Fill(first));
    let mut pane = bench.show(SMALL);
    click(&mut pane, "Fills");
    assert_eq!(
        rows(&pane, "Fill"),
        [
            "Fill of order 12: Time 15:00:00, Symbol AAPL, Side Buy, Quantity 60, Price 282.50, Commission 0.35, \
          Realised -12.50, Currency USD, Liquidity Taker, Order 12"
        ]
    );
    pane.get_by_label_contains("Fill of order 12").click();
    pane.run_steps(2);
    assert_eq!(pane.state().wishes, [UiCommand::Select(aapl)]);
    let second = fill(2, &order, "40", "282.40", commission);
    pane.state_mut().market.publish(Update::Fill(second));
    pane.run_steps(2);
    assert_eq!(rows(&pane, "Fill").len(), 1);
    pane.hover_at(Pos2::new(300.0, 10.0));
    pane.run_steps(2);
    assert!(rows(&pane, "Fill")[0].contains("Quantity 40"), "newest first");
}

#[test]
fn a_position_tells_its_profit() {
    let pane = with_position(|_| ());
    assert_eq!(
        rows(&pane, "Position"),
        [
            "Position in AAPL: Symbol AAPL, Net +100, Average 280.00, Mark 284.50, Unrealised +450.00, Realised 0.00, \
          Commissions 0.00, Value 28,450.00, Currency USD"
        ]
    );
}

#[test]
fn positions_add_up_in_the_base_currency_and_say_when_something_is_missing() {
    let mut pane = with_position(|_| ());
    let bench = pane.state_mut();
    bench.market.quote("7203@TSE", "3300");
    bench.market.quote("USD/JPY@FX", "150.000");
    let mut toyota = position(bench.market.id("7203@TSE"), "-100", "3150");
    toyota.commissions = decimal("300");
    bench.market.publish(Update::Position(toyota));
    pane.hover_at(Pos2::new(300.0, 10.0));
    pane.run_steps(2);
    let totals = "Totals: Symbol Total USD, Unrealised +350.00, Realised 0.00, Commissions 2.00, Value 26,250.00, \
                  Currency USD";
    assert_eq!(rows(&pane, "Totals"), [totals]);
    let bench = pane.state_mut();
    let samsung = position(bench.market.id("005930@KRX"), "10", "100000");
    bench.market.publish(Update::Position(samsung));
    pane.run_steps(2);
    assert!(rows(&pane, "Totals")[0].starts_with("Totals: Symbol Incomplete USD, Unrealised +350.00"));
}

#[test]
fn close_arms_first_and_sends_then() {
    let mut pane = with_position(|settings| settings.confirm_orders = true);
    let aapl = pane.state().market.id(AAPL);
    click(&mut pane, "Close AAPL");
    assert_eq!(pane.state_mut().take_sent(), []);
    pane.state_mut().market.later(Duration::from_secs(1));
    click(&mut pane, "Close AAPL");
    assert_eq!(pane.state_mut().take_sent(), [Command::Close { instrument: aapl }]);
}

#[test]
fn a_double_click_confirms_nothing_and_time_disarms() {
    let mut pane = with_position(|settings| settings.confirm_orders = true);
    let aapl = pane.state().market.id(AAPL);
    click(&mut pane, "Reverse AAPL");
    click(&mut pane, "Reverse AAPL");
    assert_eq!(pane.state_mut().take_sent(), [], "the second click came at once");
    pane.state_mut().market.later(Duration::from_secs(4));
    click(&mut pane, "Reverse AAPL");
    assert_eq!(pane.state_mut().take_sent(), [], "the first click is forgotten: this one arms");
    pane.state_mut().market.later(Duration::from_secs(1));
    click(&mut pane, "Reverse AAPL");
    assert_eq!(pane.state_mut().take_sent(), [Command::Reverse { instrument: aapl }]);
}

#[test]
fn to_arm_one_way_out_does_not_arm_the_other() {
    let mut pane = with_position(|settings| settings.confirm_orders = true);
    click(&mut pane, "Close AAPL");
    pane.state_mut().market.later(Duration::from_secs(1));
    click(&mut pane, "Reverse AAPL");
    assert_eq!(pane.state_mut().take_sent(), []);
}

#[test]
fn without_confirmation_a_close_is_sent_once_until_its_order_has_ended() {
    let mut pane = with_position(|settings| settings.confirm_orders = false);
    let aapl = pane.state().market.id(AAPL);
    click(&mut pane, "Close AAPL");
    click(&mut pane, "Close AAPL");
    click(&mut pane, "Reverse AAPL");
    assert_eq!(pane.state_mut().take_sent(), [Command::Close { instrument: aapl }]);
    let bench = pane.state_mut();
    let closing = order(20, aapl, Side::Sell, "100", OrderKind::Market, bench.market.now());
    bench.order(closing);
    bench.answer(Ok(Some(20)));
    pane.run_steps(2);
    click(&mut pane, "Close AAPL");
    assert_eq!(pane.state_mut().take_sent(), [], "its order still works");
    pane.state_mut().change(20, |order| order.status = OrderStatus::Rejected);
    pane.run_steps(2);
    click(&mut pane, "Close AAPL");
    assert_eq!(pane.state_mut().take_sent().len(), 1);
}

#[test]
fn a_refused_close_says_why_at_its_row() {
    let mut pane = with_position(|settings| settings.confirm_orders = false);
    click(&mut pane, "Close AAPL");
    pane.state_mut().answer(Err("The exchange is closed"));
    pane.run_steps(3);
    assert!(pane.query_by_label("The exchange is closed").is_some());
}

#[test]
fn what_was_closed_today_stays_below_without_a_way_out() {
    let mut pane = with_position(|_| ());
    let bench = pane.state_mut();
    let (now, day) = (bench.market.now(), Duration::from_hours(24));
    let commission = Money { amount: decimal("1"), currency: Currency::USD };
    for (key, time) in [("MSFT@NASDAQ", now), ("NVDA@NASDAQ", now - day)] {
        let id = bench.market.id(key);
        let mut flat = position(id, "0", "0");
        flat.realised = decimal("310.5");
        bench.market.publish(Update::Position(flat));
        let sold = order(5, id, Side::Sell, "10", OrderKind::Market, time);
        bench.market.publish(Update::Fill(fill(5, &sold, "10", "500.00", commission)));
    }
    pane.hover_at(Pos2::new(300.0, 10.0));
    pane.run_steps(2);
    let shown = rows(&pane, "Position");
    assert_eq!(shown.len(), 2, "what was closed yesterday is gone: {shown:?}");
    assert_eq!(
        shown[1],
        "Position in MSFT: Symbol MSFT, Net 0, Realised +310.50, Commissions 0.00, Currency USD"
    );
    assert!(pane.query_by_label("Close MSFT").is_none());
}

#[test]
fn an_account_stands_per_currency_and_names_what_is_not_counted() {
    let mut bench = empty();
    let aapl = bench.market.id(AAPL);
    bench.market.publish(Update::Position(position(aapl, "100", "280.00")));
    bench.market.quote("USD/JPY@FX", "150.000");
    let mut pane = bench.show(LARGE);
    click(&mut pane, "Account");
    let shown = rows(&pane, "");
    assert!(
        shown.contains(
            &"Paper account in JPY: Currency JPY, Cash 50,000,000, Unrealised 0, Realised 0, Commissions 0, \
           Equity 50,000,000, Margin 0, Buying power 100,000,000"
                .to_owned()
        ),
        "{shown:#?}"
    );
    let total = shown.iter().find(|row| row.starts_with("Total")).unwrap();
    assert!(total.contains("Cash 1,333,333.33"), "{total}");
    let missing: Vec<_> = shown.iter().filter(|row| row.starts_with("Not ")).collect();
    assert_eq!(missing.len(), 2, "{shown:#?}");
    assert!(missing[0].contains("AAPL"), "{missing:?}");
    assert!(missing[1].contains("KRW"), "{missing:?}");
}

#[test]
fn activity_is_newest_first_in_full_and_can_be_copied() {
    let mut bench = empty();
    let long = "The price is 5.1 % away from the market; at most 3 % are allowed. ".repeat(6);
    bench.market.notice(NoticeLevel::Info, "Bought 5 AAPL at 284.50");
    bench.market.later(Duration::from_mins(1));
    bench.market.notice(NoticeLevel::Warning, &long);
    let mut pane = bench.show(SMALL);
    click(&mut pane, "Activity");
    let warning = pane.get_by_label_contains("Warning: The price is").rect();
    let info = pane.get_by_label_contains("Info: Bought 5 AAPL").rect();
    assert!(warning.bottom() < info.top(), "the newest is above and nothing overlaps");
    assert!(warning.height() > 2.0 * info.height(), "it is wrapped, not cut");
    pane.get_by_label("Copy all").click();
    pane.step();
    let copied = pane.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    let first = format!("20 Nov 15:01:00 Warning: {long}");
    assert_eq!(copied, Some(format!("{first}\n20 Nov 15:00:00 Info: Bought 5 AAPL at 284.50")));
}

#[test]
fn times_are_in_the_zone_of_the_settings() {
    let mut pane = with_order();
    for (zone, shown) in [(ZoneDisplay::Exchange, "Time 10:00:00"), (ZoneDisplay::Utc, "Time 15:00:00")] {
        pane.state_mut().market.configure(|settings| settings.time_zone_display = zone);
        pane.step();
        assert!(rows(&pane, "Order 12")[0].contains(shown), "{zone:?}");
    }
}

#[test]
fn a_log_that_grows_and_loses_lines_is_shown_as_it_is() {
    let mut bench = empty();
    bench.market.notice(NoticeLevel::Info, "First");
    let mut pane = bench.show(SMALL);
    click(&mut pane, "Activity");
    for number in 0..1_005 {
        pane.state_mut().market.notice(NoticeLevel::Info, &format!("Line {number}"));
        if number % 200 == 0 {
            pane.step();
        }
    }
    pane.run_steps(2);
    assert!(pane.query_by_label_contains("Info: Line 1004").is_some());
    assert!(pane.query_by_label_contains("Info: First").is_none());
}

#[test]
fn empty_tabs_say_what_would_stand_there() {
    let mut pane = empty().show(SMALL);
    let said = [
        ("Orders", "No orders yet"),
        ("Fills", "No fills yet"),
        ("Positions", "No position"),
        ("Activity", "Nothing has happened yet"),
    ];
    for (tab, text) in said {
        click(&mut pane, tab);
        assert!(pane.query_by_label_contains(text).is_some(), "{tab}");
    }
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

#[test]
fn tab_filter_and_widths_are_saved_and_nothing_else() {
    let mut pane = with_order();
    click(&mut pane, "Working only");
    let edge = pane.get_by_label("Width of column Symbol").rect().center();
    pane.drag_at(edge);
    pane.step();
    pane.hover_at(edge + Vec2::new(40.0, 0.0));
    pane.step();
    pane.drop_at(edge + Vec2::new(40.0, 0.0));
    pane.step();
    let width = pane.get_by_label("Width of column Symbol").rect().center().x;
    assert!((width - edge.x - 40.0).abs() < 1.5, "{} to {width}", edge.x);
    begin_edit(&mut pane);
    press(&mut pane, Key::ArrowUp);
    press(&mut pane, Key::Enter);
    click(&mut pane, "Fills");
    let saved = serde_json::to_string(&pane.state().pane).unwrap();
    assert!(
        saved.starts_with(r#"{"tab":"fills","orders":{"working_only":true,"widths":{"symbol":"#),
        "{saved}"
    );
    assert!(!saved.contains("12"), "no order: {saved}");
    let back: pitdesk::ui::blotter::Blotter = serde_json::from_str(&saved).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), saved);
}
