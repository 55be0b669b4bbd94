//! The window in which keys are changed.

use pitdesk::domain::settings::ThemeChoice;

use super::*;
use crate::picture;

type Window = Harness<'static, Desktop>;

/// A window with the editor open, on what a search finds.
fn editor(query: &str) -> Window {
    let mut harness = desktop();
    press(&mut harness, chord("F1"));
    settle(&mut harness);
    harness.get_by_label("Search shortcuts").type_text(query);
    settle(&mut harness);
    harness
}

/// The settings that were sent, which are then in force.
fn chosen(harness: &mut Window) -> Settings {
    let commands = sent(harness);
    let [Command::Configure(settings)] = &commands[..] else { panic!("{commands:?}") };
    let settings = (**settings).clone();
    harness.state_mut().market.configure(|now| now.clone_from(&settings));
    settle(harness);
    settings
}

fn keys(lines: &[(&str, &str)]) -> std::collections::BTreeMap<String, String> {
    lines.iter().map(|(name, keys)| ((*name).to_owned(), (*keys).to_owned())).collect()
}

fn is_open(harness: &Window) -> bool {
    harness.query_by_label("Search shortcuts").is_some()
}

fn says(harness: &Window, part: &str) -> bool {
    harness.query_all_by(|node| node.value().is_some_and(|text| text.contains(part))).count() > 0
}

#[test]
fn pressed_keys_are_in_force_at_once_and_nothing_else_hears_them() {
    let mut harness = editor("limits of");
    click(&mut harness, "Keys of Limits of the profile, of accounts, of instruments: Ctrl+Shift+L");
    harness.key_press(Key::ShiftLeft);
    press(&mut harness, chord("Ctrl+Alt+L"));
    let settings = chosen(&mut harness);
    assert_eq!(settings.keys, keys(&[("limits", "Ctrl+Alt+L")]));
    harness.get_by_label("Keys of Limits of the profile, of accounts, of instruments: Ctrl+Alt+L");
    click(&mut harness, "Keys of Limits of the profile, of accounts, of instruments: Ctrl+Alt+L");
    harness.key_press(Key::Escape);
    harness.run_steps(2);
    assert!(is_open(&harness), "Escape has left the keys as they were");
    assert_eq!(sent(&mut harness), []);
    harness.key_press(Key::Escape);
    harness.run_steps(3);
    assert!(!is_open(&harness));
    press(&mut harness, chord("Ctrl+Alt+L"));
    harness.get_by_label("Close limits");
}

#[test]
fn while_it_waits_the_kill_switch_is_heard_and_ends_the_wait() {
    let mut harness = editor("quit");
    click(&mut harness, "Keys of Quit; asks while orders work: Ctrl+Q");
    press(&mut harness, chord("Ctrl+Shift+Delete"));
    assert_eq!(sent(&mut harness), [Command::Kill { flatten: Flatten::No }]);
    assert!(!says(&harness, "Press the new keys"), "the keys of the kill switch are nobody else's");
    press(&mut harness, chord("Ctrl+Alt+Q"));
    assert_eq!(sent(&mut harness), [], "and nothing waits any more");
}

#[test]
fn a_conflict_is_said_before_it_is_made() {
    let mut harness = editor("buy at");
    click(&mut harness, "Keys of Buy at the ask: Alt+B");
    press(&mut harness, chord("B"));
    assert_eq!(sent(&mut harness), [], "nothing before it is said");
    assert!(says(&harness, "B stands for \"Join the bid, while one click is armed\" (over the ladder)"));
    click(&mut harness, "Use them");
    assert_eq!(chosen(&mut harness).keys, keys(&[("buy-at-ask", "B"), ("ladder-join-bid", "")]));
    click(&mut harness, "Usual keys of Buy at the ask");
    assert_eq!(chosen(&mut harness).keys, keys(&[("ladder-join-bid", "")]));
}

#[test]
fn keys_that_text_needs_and_keys_of_other_actions_are_said() {
    let mut harness = editor("quit");
    let press_for_quit = |harness: &mut Window, keys: &str| {
        click(harness, "Keys of Quit; asks while orders work: Ctrl+Q");
        press(harness, chord(keys));
    };
    press_for_quit(&mut harness, "G");
    assert!(says(&harness, "While text is typed G belongs to the text"));
    click(&mut harness, "Leave as it was");
    press_for_quit(&mut harness, "Ctrl+Plus");
    assert!(says(&harness, "Ctrl+Plus stands for \"Larger text\" (everywhere), which would lose it"));
    click(&mut harness, "Press others");
    harness.event(Event::Copy);
    harness.run_steps(2);
    assert!(says(&harness, "While text is typed Ctrl+C belongs to the text"));
    assert_eq!(sent(&mut harness), []);
}

#[test]
fn keys_are_cleared_and_all_come_back_but_names_of_a_newer_pitdesk() {
    let mut harness = editor("Reset the layout");
    let newer = keys(&[("of a newer one", "F9"), ("search", "F3")]);
    harness.state_mut().market.configure(|settings| settings.keys = newer);
    settle(&mut harness);
    click(&mut harness, "No keys for Reset the layout");
    let settings = chosen(&mut harness);
    assert_eq!(settings.keys, keys(&[("of a newer one", "F9"), ("search", "F3"), ("layout-reset", "")]));
    harness.get_by_label("Keys of Reset the layout: none");
    click(&mut harness, "All usual keys");
    assert_eq!(sent(&mut harness), [], "it asks");
    click(&mut harness, "Use the usual keys");
    assert_eq!(chosen(&mut harness).keys, keys(&[("of a newer one", "F9")]));
}

#[test]
fn the_palette_leads_to_the_keys_of_what_is_done_in_panes() {
    let mut harness = desktop();
    press(&mut harness, chord("Ctrl+K"));
    harness.get_by_label("Search").type_text("join the bid: buy");
    harness.run_steps(2);
    harness.key_press(Key::Enter);
    harness.run_steps(3);
    harness.get_by_label("Keys of Join the bid: buy there: Alt+Shift+B");
    assert_eq!(sent(&mut harness), []);
}

#[test]
fn it_looks_as_it_should() {
    for (theme, name) in [(ThemeChoice::Dark, "keys"), (ThemeChoice::Light, "keys_light")] {
        let mut harness = desktop();
        harness.state_mut().market.configure(|settings| {
            settings.theme = theme;
            settings.keys = keys(&[("maximise", "F2"), ("limits", "")]);
        });
        harness.run_steps(2);
        press(&mut harness, chord("F1"));
        harness.run_steps(4);
        click(&mut harness, "Keys of New alert: Ctrl+Shift+N");
        press(&mut harness, chord("Ctrl+K"));
        picture::assert_picture(&mut harness, name);
    }
}
