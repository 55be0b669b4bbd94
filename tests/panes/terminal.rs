//! The whole window without a pane in mind: its theme, what it saves and when, how it is left.

use std::time::Duration;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use pitdesk::domain::Side;
use pitdesk::domain::settings::ThemeChoice;
use pitdesk::link::{Command, Update};
use pitdesk::ui::theme::theme_of;

use crate::bench::{limit, order};
use crate::desk::START;
use crate::desktop::{Desktop, desktop};

/// The arrangements that were handed over since the last call.
fn saved(harness: &mut Harness<'_, Desktop>) -> Vec<String> {
    let commands = harness.state_mut().market.commands().into_iter();
    let text = |command| match command {
        Command::SaveWorkspace(text) => Some(text.to_string()),
        _ => None,
    };
    commands.filter_map(text).collect()
}

fn later(harness: &mut Harness<'_, Desktop>, millis: u64) {
    harness.state_mut().market.later(Duration::from_millis(millis));
    harness.run_steps(1);
}

fn next_frame(harness: &Harness<'_, Desktop>) -> Duration {
    harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay
}

#[test]
fn what_changed_is_saved_within_a_second_though_nothing_else_moves() {
    let mut harness = desktop();
    later(&mut harness, 1_000);
    later(&mut harness, 100);
    saved(&mut harness);
    harness.get_by_label("5m").click();
    harness.run_steps(2);
    assert_eq!(saved(&mut harness), [] as [String; 0], "not in every frame of a drag");
    assert!(next_frame(&harness) <= Duration::from_millis(900), "{:?}", next_frame(&harness));
    later(&mut harness, 899);
    assert!(next_frame(&harness) <= Duration::from_millis(1), "a frame that is early waits again");
    later(&mut harness, 1);
    let texts = saved(&mut harness);
    assert!(texts.len() == 1 && texts[0].contains("\"M5\""), "{texts:?}");
    later(&mut harness, 1_000);
    assert_eq!(saved(&mut harness), [] as [String; 0], "nothing has changed since");
    assert!(next_frame(&harness) > Duration::from_secs(2), "{:?}", next_frame(&harness));
}

#[test]
fn the_theme_of_the_desktop_is_followed_while_it_is_chosen() {
    let mut harness = desktop();
    let name = |harness: &Harness<'_, Desktop>| theme_of(&harness.ctx).name.clone();
    harness.state_mut().market.configure(|settings| settings.theme = ThemeChoice::System);
    for (desktop, shown) in [
        (None, "Dark"),
        (Some(egui::Theme::Light), "Light"),
        (Some(egui::Theme::Dark), "Dark"),
        (Some(egui::Theme::Light), "Light"),
    ] {
        harness.input_mut().system_theme = desktop;
        harness.run_steps(2);
        assert_eq!(name(&harness), shown, "the desktop has {desktop:?}");
    }
    harness.state_mut().market.configure(|settings| settings.theme = ThemeChoice::Dark);
    harness.run_steps(2);
    assert_eq!(name(&harness), "Dark");
}

#[test]
fn quitting_asks_while_orders_work_and_can_be_taken_back() {
    let mut harness = desktop();
    let id = harness.state().market.id("AAPL@NASDAQ");
    let working = |number| order(number, id, Side::Buy, "100", limit("280.00"), START);
    for (orders, asks) in [(1, "1 order is working."), (2, "2 orders are working.")] {
        harness.state_mut().market.publish(Update::Order(working(orders)));
        harness.key_press_modifiers(Modifiers::COMMAND, Key::Q);
        harness.run_steps(3);
        assert!(harness.query_by_label_contains(asks).is_some(), "{asks}");
        assert!(!harness.state().terminal.has_quit());
        harness.get_by_label("Stay").click();
        harness.run_steps(3);
        assert!(harness.query_by_label("Quit Pitdesk?").is_none());
    }
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Q);
    harness.run_steps(3);
    harness.get_by_label("Quit").click();
    harness.run_steps(2);
    assert!(harness.state().terminal.has_quit());
}

#[test]
fn quitting_without_working_orders_asks_nothing() {
    let mut harness = desktop();
    harness.key_press_modifiers(Modifiers::COMMAND, Key::Q);
    harness.run_steps(2);
    assert!(harness.state().terminal.has_quit());
}
