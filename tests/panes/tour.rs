//! The tour of the desk: what it says and marks, what it leaves alone, and how long it stays.

use std::time::Duration;

use egui::{Color32, Event, Key, Modifiers, Rect, Shape, Vec2, ViewportId, vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use pitdesk::domain::settings::ThemeChoice;
use pitdesk::link::Command;
use pitdesk::ui::theme::theme_of;
use pitdesk::ui::workspace::Shelf;

use crate::bench::{focused, settle};
use crate::chart_pane::AAPL;
use crate::desktop::{Desktop, choose, click, desktop, desktop_kept, search_and_enter, sent};
use crate::picture;

type Window = Harness<'static, Desktop>;

const SMALL: Vec2 = vec2(1280.0, 720.0);
const NEXT: &str = "Next step of the tour";
const SKIP: &str = "Skip the tour";
const DONE: &str = "Done: end the tour";

/// What each step marks, by its names.
const STEPS: [&[&str]; 6] = [
    &["Order type", "Buy"],
    &["Bracket"],
    &["Close", "Kill switch"],
    &["1m", "Indicators"],
    &["Search…  Ctrl+K"],
    &["Workspace Main", "Menu of Ticket"],
];

/// The window of a new profile, on a market that has quoted.
fn first_start(size: Vec2) -> Window {
    let mut window = desktop_kept(&Shelf::of_new_profile(), size);
    window.state_mut().market.quote(AAPL, "284.50");
    settle(&mut window);
    window.run_steps(2);
    window
}

fn is_shown(window: &Window) -> bool {
    window.query_by_label(SKIP).is_some()
}

/// What the card says, all of it.
fn says(window: &Window, part: &str) -> bool {
    window.query_by_label_contains(part).is_some()
}

/// Where the card stands: its buttons, its number and all between.
fn card(window: &Window, step: usize) -> Rect {
    let last = if step + 1 == STEPS.len() { DONE } else { NEXT };
    let number = format!("{} of {}", step + 1, STEPS.len());
    [last, SKIP, "Back: the step of the tour before"]
        .into_iter()
        .fold(window.get_by_label(&number).rect(), |all, name| all | window.get_by_label(name).rect())
}

/// The outlines that are drawn in the colour of the tour, and filled with nothing.
fn outlines(window: &Window) -> Vec<Rect> {
    let accent = theme_of(&window.ctx).accent;
    let found = window.output().shapes.iter().filter_map(|clipped| match &clipped.shape {
        Shape::Rect(shape) if shape.stroke.color == accent && shape.fill == Color32::TRANSPARENT => {
            Some(shape.rect)
        }
        _ => None,
    });
    found.collect()
}

/// What was handed over to be kept.
fn kept(window: &mut Window) -> Option<String> {
    window.state_mut().market.later(Duration::from_secs(2));
    window.run_steps(3);
    let commands = window.state_mut().market.commands();
    commands.into_iter().rev().find_map(|command| match command {
        Command::SaveWorkspace(text) => Some(text.to_string()),
        _ => None,
    })
}

#[test]
fn each_step_marks_what_it_speaks_of_and_covers_nothing_that_trades() {
    for (size, percent) in [(SMALL, 100), (SMALL, 150), (vec2(1920.0, 1080.0), 100)] {
        let mut window = first_start(size);
        window.state_mut().market.configure(|settings| settings.looks.text_percent = percent);
        settle(&mut window);
        window.run_steps(3);
        for (step, names) in STEPS.iter().enumerate() {
            crate::safety::save(&mut window, &format!("tour-{}-{percent}-{step}", size.x));
            let card = card(&window, step);
            assert!(window.ctx.content_rect().contains_rect(card), "{size} {percent} %, step {step}: {card}");
            let marked = outlines(&window);
            for name in *names {
                let control = window.get_by_label(name).rect();
                // In large text there is not room for the whole ticket.
                let is_marked = |outline: &Rect| match percent {
                    100 => outline.contains_rect(control.shrink(1.0)),
                    _ => outline.intersects(control),
                };
                let is_told = percent > 100 && says(&window, "Scroll the Ticket");
                assert!(
                    marked.iter().any(is_marked) || is_told,
                    "{size} {percent} %: {name} {control} {marked:?}"
                );
                assert!(!card.intersects(control), "{size} {percent} %: the card lies on {name}");
            }
            for name in ["Buy", "Sell", "Close", "Reverse", "Kill switch", "Quantity"] {
                let control = window.get_by_label(name).rect();
                assert!(
                    !card.intersects(control),
                    "{size} {percent} %, step {step}: the card lies on {name}"
                );
            }
            click(&mut window, if step + 1 == STEPS.len() { DONE } else { NEXT });
            window.run_steps(2);
        }
        assert!(!is_shown(&window));
        assert_eq!(outlines(&window), []);
    }
}

#[test]
fn it_goes_back_and_ends_by_skipping() {
    let mut window = first_start(SMALL);
    click(&mut window, NEXT);
    assert!(says(&window, "2 of 6") && says(&window, "Tick Bracket"));
    click(&mut window, "Back: the step of the tour before");
    assert!(says(&window, "1 of 6"));
    click(&mut window, "Back: the step of the tour before");
    assert!(says(&window, "1 of 6"), "there is none before the first");
    click(&mut window, SKIP);
    assert!(!is_shown(&window));
}

#[test]
fn a_desk_that_is_not_new_has_it_when_it_is_asked_for() {
    let mut window = desktop();
    assert!(!is_shown(&window));
    search_and_enter(&mut window, "tour");
    assert!(is_shown(&window));
    click(&mut window, SKIP);
    click(&mut window, "Settings");
    window.run_steps(2);
    click(&mut window, "Take the tour");
    window.run_steps(2);
    assert!(window.query_by_label("Close settings").is_none(), "the settings would stand before it");
    assert!(is_shown(&window));
}

#[test]
fn it_stands_until_it_was_skipped_or_finished_over_a_restart_too() {
    let mut window = first_start(SMALL);
    click(&mut window, NEXT);
    let text = kept(&mut window).expect("the step has changed");
    let mut window = desktop_kept(&text, SMALL);
    assert!(says(&window, "2 of 6"), "it goes on where it was");
    click(&mut window, SKIP);
    let text = kept(&mut window).expect("it was skipped");
    assert!(!is_shown(&desktop_kept(&text, SMALL)));
    // The watchlist of a new profile is filled as ever.
    assert!(text.contains(AAPL));
}

#[test]
fn a_desk_that_is_handed_to_another_has_no_tour_in_it() {
    let (shelf, shown) = Shelf::parse(&Shelf::of_new_profile()).expect("it is ours");
    assert_eq!(shelf.tour, Some(0));
    let handed = shelf.export("Main", &shown).expect("there is one of that name");
    assert!(!handed.contains("tour"), "{handed}");
}

#[test]
fn it_names_the_keys_that_are_in_force() {
    let mut window = first_start(SMALL);
    assert!(says(&window, "press Buy (Ctrl+B)"));
    window.state_mut().market.configure(|settings| {
        settings.keys.insert("ticket-buy".to_owned(), "Ctrl+J".to_owned());
        settings.confirm_orders = false;
    });
    window.run_steps(3);
    assert!(says(&window, "press Buy (Ctrl+J)."), "and nobody asks for a second press");
}

#[test]
fn what_is_not_in_sight_is_told_with_the_way_to_it() {
    let mut window = first_start(SMALL);
    choose(&mut window, "Ticket", &["Close pane"]);
    window.run_steps(3);
    assert!(says(&window, "There is no Ticket here: search (Ctrl+K) for “Open Ticket”."));
    search_and_enter(&mut window, "Open Ticket");
    window.run_steps(3);
    assert!(!says(&window, "There is no Ticket"));
    // Beside the chart there is no tab of its own any more: the chart has all the room.
    choose(&mut window, "Blotter", &["Maximise"]);
    window.run_steps(4);
    assert!(says(&window, "One pane has all the room: press Back to all panes (Ctrl+M)."));
    assert!(is_shown(&window));
    let room = window.get_by_label("Kill switch").rect().top();
    assert!(card(&window, 0).bottom() < room, "it takes a strip above the status bar");
    click(&mut window, "Back to all panes  Ctrl+M");
    window.run_steps(3);
    assert!(!says(&window, "all the room"));
}

#[test]
fn a_press_on_it_leaves_the_keyboard_where_it_was() {
    let mut window = first_start(SMALL);
    window.get_by_label("Quantity").focus();
    settle(&mut window);
    for name in [NEXT, NEXT, SKIP] {
        click(&mut window, name);
        window.run_steps(2);
        assert_eq!(focused(&window), ["Quantity"], "after {name}");
    }
}

#[test]
fn escape_ends_one_click_trading_and_not_the_tour() {
    let mut window = first_start(SMALL);
    search_and_enter(&mut window, "Arm one-click trading");
    window.get_by_label("ONE CLICK ON");
    window.key_press(Key::Escape);
    settle(&mut window);
    assert!(window.query_by_label("ONE CLICK ON").is_none());
    window.key_press(Key::Escape);
    settle(&mut window);
    assert!(is_shown(&window));
}

#[test]
fn keys_trade_and_lock_while_it_is_shown_and_trade_what_they_did_before() {
    let mut window = first_start(SMALL);
    search_and_enter(&mut window, "Arm one-click trading");
    // The card floats over the chart: a press on it is none on the chart.
    choose(&mut window, "Watchlist", &["Linked to group", "B"]);
    let row = window.get_by_label_contains("AAPL NASDAQ").rect();
    window.drag_at(row.center());
    window.drop_at(row.center());
    settle(&mut window);
    sent(&mut window);
    click(&mut window, NEXT);
    window.key_press_modifiers(Modifiers::ALT, Key::B);
    settle(&mut window);
    let orders = sent(&mut window);
    assert!(matches!(orders.as_slice(), [Command::Place(_)]), "{orders:?}");
    window.key_press_modifiers(Modifiers::COMMAND | Modifiers::SHIFT, Key::Delete);
    settle(&mut window);
    assert!(matches!(sent(&mut window).as_slice(), [Command::Kill { .. }]));
    assert!(is_shown(&window));
}

#[test]
fn it_asks_for_no_frame() {
    let mut window = first_start(SMALL);
    for _ in 0..STEPS.len() {
        window.run();
        let delay = window.output().viewport_output[&ViewportId::ROOT].repaint_delay;
        assert!(delay > Duration::from_millis(200), "{delay:?}");
        if window.query_by_label(NEXT).is_some() {
            click(&mut window, NEXT);
        }
    }
}

#[test]
fn it_looks_so() {
    for (choice, name) in [(ThemeChoice::Dark, "tour"), (ThemeChoice::Light, "tour_light")] {
        let mut window = first_start(SMALL);
        window.state_mut().market.configure(|settings| settings.theme = choice);
        settle(&mut window);
        click(&mut window, NEXT);
        click(&mut window, NEXT);
        window.event(Event::PointerGone);
        window.run_steps(3);
        picture::assert_picture(&mut window, name);
    }
    let mut window = first_start(SMALL);
    window.state_mut().market.configure(|settings| settings.looks.text_percent = 150);
    window.run_steps(3);
    picture::assert_picture(&mut window, "tour_large");
}
