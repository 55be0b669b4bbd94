//! The window of all settings, as a trader meets it: looked up, changed, brought back, taken out and brought in.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::domain::Settings;
use pitdesk::domain::settings::{Convention, Density, ThemeChoice};
use pitdesk::link::update::Refused;
use pitdesk::link::{Answer, Command, CommandId, FileDone, FileTask, Update};

use crate::bench::{focused, settle};
use crate::desktop::{Desktop, desktop};
use crate::picture;

type Window = Harness<'static, Desktop>;

/// A window with the settings open, on what a search finds.
fn opened(query: &str) -> Window {
    let mut window = desktop();
    window.key_press_modifiers(Modifiers::COMMAND, Key::Comma);
    settle(&mut window);
    settle(&mut window);
    assert_eq!(focused(&window), ["Search settings"]);
    look_for(&mut window, query);
    window
}

fn look_for(window: &mut Window, query: &str) {
    window.get_by_label("Search settings").type_text(query);
    settle(window);
}

fn is_open(window: &Window) -> bool {
    window.query_by_label("Search settings").is_some()
}

/// What the engine was asked for, but for what a window asks for by itself.
fn asked(window: &mut Window) -> Vec<(CommandId, Command)> {
    let envelopes = window.state_mut().market.envelopes().into_iter();
    let all = envelopes.map(|envelope| (envelope.id, envelope.command));
    all.filter(|(_, command)| matches!(command, Command::Configure(_) | Command::File(_))).collect()
}

/// The one change that was asked for.
#[track_caller]
fn change(window: &mut Window) -> (CommandId, Settings) {
    let asked = asked(window);
    let [(id, Command::Configure(settings))] = &asked[..] else { panic!("{asked:?}") };
    (*id, (**settings).clone())
}

/// The change that was asked for, carried out.
#[track_caller]
fn changed(window: &mut Window) -> Settings {
    let (to, settings) = change(window);
    let market = &mut window.state_mut().market;
    market.configure(|now| now.clone_from(&settings));
    market.publish(Update::Answer(Answer { to, outcome: Ok(None) }));
    settle(window);
    settings
}

fn refuse(window: &mut Window, to: CommandId, why: &str) {
    let outcome = Err(Refused(why.into()));
    window.state_mut().market.publish(Update::Answer(Answer { to, outcome }));
    settle(window);
}

fn says(window: &Window, part: &str) -> bool {
    window.query_all_by(|node| node.value().is_some_and(|text| text.contains(part))).count() > 0
}

/// What is called so, and not what is written beside it.
#[track_caller]
fn control<'w>(window: &'w Window, name: &'w str) -> egui_kittest::Node<'w> {
    window.get_by(move |node| node.role() != egui::Role::Label && node.label().as_deref() == Some(name))
}

#[track_caller]
fn click(window: &mut Window, name: &str) {
    control(window, name).click();
    settle(window);
    settle(window);
}

/// Types into a field and leaves it.
fn type_into(window: &mut Window, name: &str, text: &str, leave_by: Key) {
    click(window, name);
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.event(egui::Event::Text(text.to_owned()));
    settle(window);
    window.key_press(leave_by);
    settle(window);
}

/// Chooses from a list.
fn choose(window: &mut Window, name: &str, value: &str) {
    click(window, name);
    click(window, value);
}

fn with(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings::default();
    change(&mut settings);
    settings
}

#[test]
fn the_top_bar_the_keys_and_the_search_lead_there() {
    let mut window = desktop();
    click(&mut window, "Settings");
    assert!(is_open(&window));
    // While a hint is shown Escape is the hint's.
    window.remove_cursor();
    settle(&mut window);
    window.key_press(Key::Escape);
    settle(&mut window);
    assert!(!is_open(&window));
    window.key_press_modifiers(Modifiers::COMMAND, Key::K);
    settle(&mut window);
    window.event(egui::Event::Text("settings patience".to_owned()));
    settle(&mut window);
    window.key_press(Key::Enter);
    settle(&mut window);
    settle(&mut window);
    assert_eq!(window.get_by_label("Search settings").value().as_deref(), Some("Patience with books"));
    control(&window, "Patience with books");
}

#[test]
fn a_choice_is_asked_for_at_once_and_brought_back_from_its_mark() {
    let mut window = opened("convention");
    assert!(!says(&window, "changed"));
    choose(&mut window, "Colour of rises", "red rises, green falls (East Asian)");
    let eastern = with(|settings| settings.looks.convention = Convention::EastAsian);
    assert_eq!(changed(&mut window), eastern);
    assert!(says(&window, "changed"));
    click(&mut window, "Usual value of Colour of rises");
    assert_eq!(changed(&mut window), Settings::default());
    assert!(!says(&window, "changed") && window.query_by_label("Usual value of Colour of rises").is_none());
}

#[test]
fn two_quick_changes_do_not_undo_each_other() {
    let mut window = opened("");
    choose(&mut window, "Density", "compact");
    let (_, first) = change(&mut window);
    assert_eq!(first, with(|settings| settings.looks.density = Density::Compact));
    choose(&mut window, "Theme", "light");
    let (_, second) = change(&mut window);
    assert_eq!(second, Settings { theme: ThemeChoice::Light, ..first });
}

#[test]
fn a_refusal_is_said_beside_the_setting_with_what_it_stays() {
    let mut window = opened("sound");
    click(&mut window, "Alerts");
    let (to, asked) = change(&mut window);
    assert!(!asked.alerts.sound);
    assert!(
        window.query_all_by(|node| node.value().is_some_and(|text| text == "It stays: heard.")).count() == 0
    );
    refuse(&mut window, to, "The disk is full");
    assert!(says(&window, "The disk is full. It stays: heard."));
    click(&mut window, "Alerts");
    assert!(!says(&window, "The disk is full"), "said until it is tried again");
}

#[test]
fn settings_that_the_disk_does_not_take_are_said_until_it_does() {
    let mut window = opened("");
    assert!(says(&window, "Changes are in force at once, and kept."));
    let text = "/home/me/settings.toml could not be written: no space left. It is tried again";
    window.state_mut().market.publish(Update::SettingsUnsaved(Some(text.into())));
    settle(&mut window);
    assert!(says(&window, "In force, but not kept for the next start: /home/me/settings.toml"));
    window.state_mut().market.publish(Update::SettingsUnsaved(None));
    settle(&mut window);
    assert!(says(&window, "Changes are in force at once, and kept."));
}

#[test]
fn what_is_typed_counts_when_its_field_is_left_but_by_escape() {
    let mut window = opened("usual quantity of shares");
    type_into(&mut window, "Usual quantity of shares", "250", Key::Tab);
    assert_eq!(changed(&mut window), with(|settings| settings.default_quantity.share.0 = 250.into()));
    type_into(&mut window, "Usual quantity of shares", "many", Key::Enter);
    assert_eq!(asked(&mut window), []);
    assert!(says(&window, "Type a number above zero. It stays: 250."));
    click(&mut window, "Usual value of Usual quantity of shares");
    assert_eq!(changed(&mut window), Settings::default());
    type_into(&mut window, "Usual quantity of shares", "7", Key::Escape);
    assert_eq!(asked(&mut window), []);
}

#[test]
fn the_search_narrows_by_name_line_and_key_word_and_says_when_nothing_is_meant() {
    let mut window = opened("deuteranopia");
    control(&window, "Palette");
    assert!(!says(&window, "Light on dark"));
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    look_for(&mut window, "float the boat");
    assert!(says(&window, "No setting has this name"));
    click(&mut window, "Sound and notices");
    control(&window, "Alerts on the desktop");
    assert_eq!(window.get_by_label("Search settings").value().unwrap_or_default(), "");
}

#[test]
fn what_is_in_force_at_the_next_start_says_so() {
    let mut window = opened("patience");
    assert!(says(&window, "at the next start"));
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    look_for(&mut window, "density");
    assert!(!says(&window, "at the next start"));
}

#[test]
fn limits_keys_and_arming_have_their_own_windows() {
    for (name, there) in [("Limits", "Close limits"), ("Keyboard shortcuts", "Search shortcuts")] {
        let mut window = opened(name);
        click(&mut window, &format!("Open {name}"));
        settle(&mut window);
        window.get_by_label(there);
        assert!(!is_open(&window) && asked(&mut window).is_empty());
    }
    control(&opened("arm"), "Open Arm a live account");
}

fn done(window: &mut Window, to: CommandId, task: FileTask, outcome: Result<&str, &str>) {
    let outcome = outcome.map(Into::into).map_err(|why| Refused(why.into()));
    window.state_mut().market.publish(Update::File(Arc::new(FileDone { to, task, outcome })));
    settle(window);
}

#[track_caller]
fn file(window: &mut Window) -> (CommandId, FileTask) {
    let mut asked = asked(window);
    let Some((id, Command::File(task))) = asked.pop() else { panic!("{asked:?}") };
    (id, task)
}

#[test]
fn settings_go_out_as_a_file_and_come_in_after_a_question() {
    let mut window = opened("");
    window.state_mut().market.configure(|settings| settings.theme = ThemeChoice::Light);
    settle(&mut window);
    click(&mut window, "Export settings");
    let (to, task) = file(&mut window);
    let FileTask::Write { path, text } = task.clone() else { panic!("{task:?}") };
    assert_eq!(&*path, "~/pitdesk-settings.toml");
    assert!(text.contains("theme = \"light\"") && !text.contains("[limits"));
    done(&mut window, to, task.clone(), Err("it is there already: choose another name"));
    assert!(says(&window, "choose another name"));
    click(&mut window, "Export settings");
    let (to, task) = file(&mut window);
    done(&mut window, to, task, Ok(&text));
    assert!(says(&window, "Written to ~/pitdesk-settings.toml"));

    window.state_mut().market.configure(|settings| settings.theme = ThemeChoice::Dark);
    settle(&mut window);
    for (button, takes) in [("Leave all as it is", false), ("Take these over", true)] {
        click(&mut window, "Import settings …");
        let (to, task) = file(&mut window);
        assert_eq!(task, FileTask::Read { path: Arc::clone(&path) });
        done(&mut window, to, task, Ok(&text));
        settle(&mut window);
        assert!(says(&window, "Theme: dark → light") && says(&window, "One setting would change"));
        assert_eq!(focused(&window), ["Leave all as it is"]);
        assert_eq!(asked(&mut window), [], "it asks first");
        click(&mut window, button);
        assert_eq!(asked(&mut window).len(), usize::from(takes), "{button}");
    }
}

#[test]
fn a_file_that_loosens_limits_is_taken_without_them_and_says_so() {
    let mut window = opened("");
    type_into(&mut window, "File of settings", "/tmp/other.toml", Key::Tab);
    click(&mut window, "Import settings …");
    let (to, task) = file(&mut window);
    let text =
        "account_kind = 'live'\nconfirm_orders = false\n[limits.profile]\nmax_order_value = '9999999'\n";
    done(&mut window, to, task, Ok(text));
    assert!(says(&window, "Orders: the ticket asks before it sends → the ticket sends at one click"));
    assert!(says(&window, "limits, listed instruments and how IB Gateway is started stay as they are"));
    click(&mut window, "Take these over");
    assert_eq!(change(&mut window).1, with(|settings| settings.confirm_orders = false));
}

#[test]
fn escape_leaves_the_question_first_and_then_the_window() {
    let mut window = opened("");
    type_into(&mut window, "File of settings", "/tmp/other.toml", Key::Tab);
    click(&mut window, "Import settings …");
    let (to, task) = file(&mut window);
    done(&mut window, to, task, Ok("theme = 'light'"));
    window.remove_cursor();
    settle(&mut window);
    window.key_press(Key::Escape);
    settle(&mut window);
    settle(&mut window);
    assert!(is_open(&window));
    window.key_press(Key::Escape);
    settle(&mut window);
    assert!(!is_open(&window));
}

#[test]
fn without_an_engine_nothing_is_offered_to_be_changed() {
    let mut window = opened("");
    window.state_mut().terminal.engine_stopped("a test");
    settle(&mut window);
    assert!(control(&window, "Theme").accesskit_node().is_disabled());
    assert!(control(&window, "Export settings").accesskit_node().is_disabled());
    assert!(says(&window, "nothing can be changed"));
}

#[test]
fn nothing_of_it_is_cut_off_at_1280_by_720() {
    for density in [Density::Comfortable, Density::Compact] {
        let mut window = opened("");
        window.state_mut().market.configure(|settings| settings.looks.density = density);
        settle(&mut window);
        let screen = window.ctx.content_rect();
        for name in [
            "Looks and keys",
            "IB Gateway",
            "Theme",
            "Han characters",
            "Open Keyboard shortcuts",
            "Close settings",
            "Export settings",
            "Import settings …",
        ] {
            let place = control(&window, name).rect();
            assert!(screen.contains_rect(place), "{name}: {place} in {screen}");
        }
        for section in ["Orders and limits", "Interactive Brokers", "IB Gateway", "Your own programs"] {
            click(&mut window, section);
            let close = window.get_by_label("Close settings").rect();
            let is_field =
                |role| matches!(role, egui::Role::TextInput | egui::Role::ComboBox | egui::Role::CheckBox);
            let fields =
                window.root().children_recursive().filter(|node| is_field(node.accesskit_node().role()));
            let is_out = |place: egui::Rect| place.top() < close.top() && place.right() > screen.right();
            let out = fields.filter(|node| is_out(node.rect()));
            assert_eq!(out.count(), 0, "{section}");
        }
    }
}

#[test]
fn it_looks_so() {
    for (theme, section, name) in [
        (ThemeChoice::Dark, "Looks and keys", "settings"),
        (ThemeChoice::Light, "Orders and limits", "settings_light"),
    ] {
        let mut window = opened("");
        window.state_mut().market.configure(|settings| {
            settings.theme = theme;
            settings.looks.density = Density::Compact;
            settings.default_quantity.share.0 = 250.into();
        });
        settle(&mut window);
        click(&mut window, section);
        window.remove_cursor();
        settle(&mut window);
        picture::assert_picture(&mut window, name);
    }
}
