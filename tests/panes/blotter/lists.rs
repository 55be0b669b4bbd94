//! Fills, account and activity, and what all tabs share.

use super::*;

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
          Realised −12.50, Currency USD, Liquidity Taker, Order 12"
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
    assert!(shown.contains(&"Paper account".to_owned()), "its title says its name and kind: {shown:#?}");
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
fn a_list_has_one_zone_for_all_its_rows_and_names_it() {
    let mut bench = empty();
    bench.market.configure(|settings| settings.time_zone_display = ZoneDisplay::Exchange);
    let (now, commission) = (bench.market.now(), Money { amount: decimal("1"), currency: Currency::USD });
    for (id, key) in [(12, AAPL), (13, "7203@TSE")] {
        let order = order(id, bench.market.id(key), Side::Buy, "100", limit("282"), now);
        bench.market.publish(Update::Fill(fill(id, &order, "100", "282", commission)));
        bench.order(order);
    }
    let local = jiff::tz::TimeZone::system();
    let time = now.to_timestamp().to_zoned(local).strftime("Time %H:%M:%S").to_string();
    let mut pane = bench.show(LARGE);
    for (tab, name) in [("Orders", "Order 1"), ("Fills", "Fill of order 1")] {
        click(&mut pane, tab);
        let told = rows(&pane, name);
        assert_eq!(told.len(), 2);
        assert!(told.iter().all(|row| row.contains(&time)), "{time}: {told:?}");
    }
    pane.state_mut().market.configure(|settings| settings.time_zone_display = ZoneDisplay::Utc);
    pane.run_steps(2);
    assert!(rows(&pane, "Fill of order 12")[0].contains("Time 15:00:00"));
    assert!(painted(&pane).iter().any(|(text, _)| text == "Time (UTC)"));
    click(&mut pane, "Activity");
    pane.get_by_label("Times in UTC");
}

#[test]
fn a_double_click_on_a_fill_shows_its_order() {
    let mut bench = empty();
    let (aapl, now) = (bench.market.id(AAPL), bench.market.now());
    let commission = Money { amount: decimal("1"), currency: Currency::USD };
    let order = order(12, aapl, Side::Buy, "100", limit("282.50"), now);
    bench.market.publish(Update::Fill(fill(1, &order, "100", "282.50", commission)));
    let mut pane = bench.show(SMALL);
    click(&mut pane, "Fills");
    let at = pane.get_by_label_contains("Fill of order 12").rect().center();
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
    pane.run_steps(2);
    assert!(pane.state().wishes.contains(&UiCommand::ShowOrder(OrderId(12))), "{:?}", pane.state().wishes);
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
    assert!(saved.contains(r#""status":"working""#) && saved.contains(r#""widths":{"symbol":"#), "{saved}");
    assert!(!saved.contains("12"), "no order: {saved}");
    let back: pitdesk::ui::blotter::Blotter = serde_json::from_str(&saved).unwrap();
    assert_eq!(serde_json::to_string(&back).unwrap(), saved);
}

#[test]
fn a_trailing_stop_shows_where_it_triggers_now() {
    let mut bench = empty();
    let aapl = bench.market.id(AAPL);
    let kind = OrderKind::TrailingStop { by: TrailBy::Amount(decimal("2")) };
    let mut stop = order(12, aapl, Side::Sell, "100", kind, bench.market.now());
    stop.status = OrderStatus::Held;
    stop.trigger = Some(Price(decimal("282.5")));
    bench.order(stop);
    let mut pane = bench.show(LARGE);
    pane.step();
    let row = &rows(&pane, "Order")[0];
    assert!(row.contains("Type Trailing stop by 2.00") && row.contains("Stop 282.50"), "{row}");
    pane.state_mut().change(12, |order| order.trigger = Some(Price(decimal("283.1"))));
    settle(&mut pane);
    let row = &rows(&pane, "Order")[0];
    assert!(row.contains("Stop 283.10"), "{row}");
}
