//! The arrow keys on the drawing that is chosen.

use std::sync::Arc;

use egui::{Key, Modifiers, vec2};
use egui_kittest::kittest::Queryable as _;
use pitdesk::domain::{Decimal, Drawing, DrawingChange, Figure, Mark, Price, Time, Timeframe};
use pitdesk::link::Update;

use super::{chart, chosen, click, drawings, engine, has, in_sight, level, place, price_of, trend};
use crate::bench::settle;
use crate::chart_pane::AAPL;
use crate::desk::price;

#[test]
fn arrows_move_a_chosen_level_by_ticks_and_pan_and_zoom_nothing() {
    let mut window = chart();
    has(&mut window, level("284.60"));
    let (before, line) = (in_sight(&window), place(&window, "Horizontal line at 284.60").center());
    click(&mut window, line);
    let steps = [
        (Key::ArrowUp, Modifiers::NONE, "284.61"),
        (Key::ArrowUp, Modifiers::SHIFT, "284.71"),
        (Key::ArrowDown, Modifiers::NONE, "284.70"),
        (Key::ArrowDown, Modifiers::SHIFT, "284.60"),
    ];
    for (key, modifiers, at) in steps {
        window.key_press_modifiers(modifiers, key);
        settle(&mut window);
        assert_eq!(chosen(&window), [format!("Horizontal line at {at}")], "{key:?}");
        assert_eq!(engine(&mut window), []);
        assert_eq!(price_of(&drawings(&window)[0]), price(at), "{key:?}");
    }
    assert_eq!(in_sight(&window), before);
    // It has no side to go to: these are the chart's.
    window.key_press(Key::ArrowLeft);
    settle(&mut window);
    assert_ne!(in_sight(&window), before);
    assert_eq!(window.state_mut().take_sent(), []);
}

#[test]
fn arrows_move_a_chosen_trend_line_whole_by_ticks_and_bars() {
    let mut window = chart();
    let figure = trend(&window, "284.00", "284.90");
    has(&mut window, figure);
    let before = in_sight(&window);
    let line = place(&window, "Trend line from ").center();
    click(&mut window, line);
    let Figure::Trend { from, to, .. } = figure else { panic!("it is a trend line") };
    let (mut bars, mut ticks) = (0, 0);
    let steps = [
        (Key::ArrowRight, (1, 0)),
        (Key::ArrowLeft, (-1, 0)),
        (Key::ArrowUp, (0, 1)),
        (Key::ArrowDown, (0, -1)),
    ];
    for (modifiers, size) in [(Modifiers::NONE, 1), (Modifiers::SHIFT, 10)] {
        for (key, (right, up)) in steps {
            window.key_press_modifiers(modifiers, key);
            settle(&mut window);
            (bars, ticks) = (bars + right * size, ticks + up * size);
            assert_eq!(engine(&mut window), []);
            let taken = |mark: Mark| Mark {
                time: Time(mark.time.0 + bars * Timeframe::M1.nanos()),
                price: Price(mark.price.0 + Decimal::new(ticks, 2)),
            };
            let moved = Figure::Trend { from: taken(from), to: taken(to), extends: false };
            assert_eq!(drawings(&window)[0].figure, moved, "{key:?} {modifiers:?}");
        }
    }
    assert_eq!(in_sight(&window), before);
}

#[test]
fn a_drawing_that_the_keyboard_reached_keeps_it_while_arrows_move_it() {
    let mut window = chart();
    has(&mut window, level("284.60"));
    let figure = trend(&window, "284.00", "284.90");
    has(&mut window, figure);
    for (name, key) in [("Horizontal line", Key::ArrowDown), ("Trend line", Key::ArrowRight)] {
        window.get_by(|node| node.label().is_some_and(|label| label.starts_with(name))).focus();
        settle(&mut window);
        for _ in 0..2 {
            let before = drawings(&window);
            window.key_press(key);
            settle(&mut window);
            engine(&mut window);
            assert_ne!(drawings(&window), before, "{name}");
            assert!(chosen(&window)[0].starts_with(name));
        }
    }
}

#[test]
fn arrows_go_on_from_what_the_engine_has_not_answered_yet() {
    let mut window = chart();
    has(&mut window, level("284.60"));
    let line = place(&window, "Horizontal line at 284.60").center();
    click(&mut window, line);
    for _ in 0..2 {
        window.key_press(Key::ArrowUp);
        settle(&mut window);
    }
    engine(&mut window);
    assert_eq!(price_of(&drawings(&window)[0]), price("284.62"));
}

#[test]
fn arrows_are_the_charts_once_a_drawing_is_left_or_out_of_sight() {
    for is_left in [true, false] {
        let mut window = chart();
        has(&mut window, level("284.60"));
        let line = place(&window, "Horizontal line at 284.60").center();
        click(&mut window, line);
        if is_left {
            click(&mut window, line + vec2(0.0, 60.0));
        } else {
            let book = Arc::make_mut(&mut window.state_mut().market.drawings);
            let far = Drawing { figure: level("400"), ..book.of(AAPL)[0] };
            book.change(AAPL, DrawingChange::Change(far)).expect("it is there");
            let book = Arc::clone(&window.state().market.drawings);
            window.state_mut().market.publish(Update::Drawings(book));
        }
        settle(&mut window);
        let before = in_sight(&window);
        window.key_press(Key::ArrowUp);
        settle(&mut window);
        assert_eq!(window.state_mut().take_sent(), [], "{is_left}");
        assert_ne!(in_sight(&window), before, "it zooms");
    }
}
