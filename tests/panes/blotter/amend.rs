//! Changing an order in its cell.

use super::*;

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
    assert!(rows(&pane, "Order 12")[0].contains("Limit 283.25, Status Amending, TIF DAY"));
    // The broker refuses: the cell shows what works, and why it was not changed.
    pane.state_mut().change(12, |order| {
        order.status = OrderStatus::Working;
        order.reason = Some("The exchange is closed".into());
    });
    pane.run_steps(3);
    assert!(rows(&pane, "Order 12")[0].contains("Limit 282.50, Status Working, TIF DAY"));
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
fn steps_go_on_from_what_was_typed() {
    let mut pane = with_order();
    begin_edit(&mut pane);
    pane.get_by_label("Limit of order 12").type_text("290.025");
    pane.step();
    press(&mut pane, Key::ArrowUp);
    assert_eq!(pane.get_by_label("Limit of order 12").value().as_deref(), Some("290.03"));
    let middle = pane.get_by_label("Limit of order 12").rect().center();
    pane.hover_at(middle);
    pane.step();
    pane.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: Vec2::new(0.0, 1.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::SHIFT,
    });
    pane.run_steps(3);
    assert_eq!(pane.get_by_label("Limit of order 12").value().as_deref(), Some("290.13"));
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
fn a_field_that_is_scrolled_out_of_sight_is_left_and_holds_no_rows() {
    let mut bench = empty();
    let (aapl, now) = (bench.market.id(AAPL), bench.market.now());
    for id in 1..=200 {
        bench.order(order(id, aapl, Side::Buy, "5", limit("280.00"), now));
    }
    let mut pane = bench.show(SMALL);
    pane.get_by_label_contains("Order 200:").click();
    pane.run_steps(2);
    press(&mut pane, Key::F2);
    pane.get_by_label("Limit of order 200").type_text("281");
    pane.step();
    // From there to the other end of the table, beside the field.
    pane.hover_at(Pos2::new(300.0, 200.0));
    pane.step();
    pane.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Line,
        delta: Vec2::new(0.0, -500.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Wheel,
        modifiers: Modifiers::NONE,
    });
    pane.run_steps(20);
    assert!(pane.query_by_label_contains("Order 200:").is_none(), "it is out of sight");
    pane.hover_at(Pos2::new(300.0, 10.0));
    pane.state_mut().order(order(201, aapl, Side::Buy, "5", limit("280.00"), now));
    pane.run_steps(2);
    assert_eq!(pane.get_by_label("Orders").value().as_deref(), Some("201"), "no row waits");
    press(&mut pane, Key::Enter);
    assert_eq!(pane.state_mut().take_sent(), []);
}

#[test]
fn the_keyboard_amends_an_order_that_is_not_in_sight() {
    let mut bench = empty();
    let (aapl, now) = (bench.market.id(AAPL), bench.market.now());
    for id in 1..=200 {
        bench.order(order(id, aapl, Side::Buy, "5", limit("280.00"), now));
    }
    let mut pane = bench.show(SMALL);
    pane.get_by_label_contains("Order 200:").click();
    pane.run_steps(2);
    pane.key_press(Key::End);
    pane.key_press(Key::F2);
    pane.run_steps(4);
    assert!(pane.get_by_label("Limit of order 1").is_focused());
}
