//! What is typed and chosen, and what is said of it.

use super::*;

#[test]
fn in_a_narrow_ticket_nothing_is_wider_than_the_pane() {
    let mut bench = asking();
    bench.window.update(&bench.market);
    bench.select(AAPL);
    let mut ui = bench.show([150.0, 800.0]);
    settle(&mut ui);
    for name in ["Post only", "Bracket", "Buy", "Sell", "Close", "Reverse"] {
        let rect = ui.get_by_label(name).rect();
        assert!(rect.left() >= 8.0 && rect.right() <= 142.5, "{name}: {rect:?}");
    }
}

#[test]
fn type_and_time_are_chosen_by_name_and_show_the_fields_they_need() {
    let mut ui = open(at_once(), AAPL, "{}");
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
    assert_eq!(
        placed(&ui).spec,
        aapl(&ui, Side::Buy, "100", OrderKind::Stop { stop: price("230.00") }, until)
    );
}

#[test]
fn enter_in_a_field_sends_nothing_and_keeps_the_field() {
    let mut ui = open(at_once(), AAPL, "{}");
    write(&mut ui, "Limit price", "227.40");
    ui.key_press(Key::Enter);
    ui.run_steps(2);
    assert_eq!(ui.state().sent, []);
    assert!(ui.get_by_label("Limit price").is_focused());
}

#[test]
fn keys_and_wheel_step_on_the_grid() {
    let mut ui = open(at_once(), "8306@TSE", r#"{"quantities":{"8306@TSE":"300"}}"#);
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
    let mut ui = open(at_once(), AAPL, "{}");
    ui.get_by_label("Limit price").focus();
    ui.run_steps(2);
    ui.key_press(Key::ArrowDown);
    ui.run_steps(2);
    assert_eq!(text(&ui, "Limit price"), "227.47");
}

#[test]
fn a_price_that_was_typed_stays_when_quotes_move() {
    let mut ui = open(at_once(), AAPL, "{}");
    write(&mut ui, "Limit price", "227.4");
    let mut moved = first_quote(&ui.state().market, AAPL);
    (moved.bid, moved.ask) = (Some(price("226.00")), Some(price("226.02")));
    ui.state_mut().market.publish_quote(AAPL, moved);
    ui.run_steps(2);
    assert_eq!(text(&ui, "Limit price"), "227.4", "not even written in another way while typing");
    click(&mut ui, "Sell");
    assert_eq!(placed(&ui).spec.kind, OrderKind::Limit { price: price("227.40") });
    assert_eq!(text(&ui, "Limit price"), "227.40");
}

#[test]
fn clicking_a_price_makes_it_the_limit() {
    let mut ui = open(at_once(), AAPL, r#"{"form":{"kind":"market"}}"#);
    click(&mut ui, "Ask");
    assert_eq!(text(&ui, "Limit price"), "227.52");
    ui.state_mut().pane.take_price(price("226.00"));
    ui.run_steps(2);
    assert_eq!(text(&ui, "Limit price"), "226.00");
}

#[test]
fn each_instrument_begins_with_its_class_and_keeps_its_quantity() {
    let mut ui = open(at_once(), AAPL, "{}");
    let mut shown = Vec::new();
    write(&mut ui, "Quantity", "70");
    write(&mut ui, "Limit price", "227.40");
    for key in ["EUR/USD@FX", "BTC/KRW@CRYPTO", "8306@TSE", AAPL] {
        ui.state_mut().select(key);
        ui.run_steps(2);
        shown.push((text(&ui, "Quantity"), text(&ui, "Limit price")));
    }
    let expected = [("10,000", ""), ("0.1", ""), ("100", ""), ("70", "")];
    assert_eq!(shown, expected.map(|(q, p)| (q.to_owned(), p.to_owned())));
    let saved = serde_json::to_string(&ui.state().pane).expect("a ticket can be saved");
    assert_eq!(saved.matches("AAPL@NASDAQ").count(), 1, "{saved}");
}

#[test]
fn problems_are_said_at_their_field_and_on_the_buttons() {
    let mut ui = open(at_once(), "8306@TSE", "{}");
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
fn the_end_of_a_gtd_order_can_be_emptied_and_typed_anew() {
    let mut ui = open(asking(), AAPL, r#"{"form":{"tif":"gtd"}}"#);
    assert_eq!(text(&ui, "Good till"), "2026-11-21 10:00");
    write(&mut ui, "Good till", "2");
    ui.key_press(Key::Backspace);
    ui.run_steps(2);
    assert_eq!(text(&ui, "Good till"), "", "it stays as it is typed");
    ui.get_by_label("Good till").type_text("2026-12-01 16:00");
    ui.run_steps(2);
    assert_eq!(text(&ui, "Good till"), "2026-12-01 16:00");
    write(&mut ui, "Good till", "2");
    ui.key_press(Key::Backspace);
    ui.get_by_label("Quantity").focus();
    ui.run_steps(2);
    assert_eq!(text(&ui, "Good till"), "2026-11-21 10:00", "left empty, it is what it begins with");
}
