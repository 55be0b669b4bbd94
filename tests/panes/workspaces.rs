//! Workspaces in the whole window: changed, named, copied, deleted, taken out and brought in.

use std::sync::Arc;

use egui::{Key, Modifiers};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use pitdesk::link::update::Refused;
use pitdesk::link::{Command, CommandId, FileDone, FileTask, Update};
use pitdesk::ui::workspace::Shelf;

use crate::bench::{focused, settle};
use crate::desktop::{Desktop, click, desktop, search_and_enter};
use crate::picture;

type Window = Harness<'static, Desktop>;

/// The window with all workspaces in sight.
fn opened() -> Window {
    let mut window = desktop();
    search_and_enter(&mut window, "workspaces");
    window.run_steps(2);
    window
}

fn shown(window: &Window) -> String {
    let is_it = |name: &str| name.strip_prefix("Workspace ").map(str::to_owned);
    let mut names = window
        .query_all_by_role(egui::Role::Button)
        .filter_map(|node| is_it(&node.accesskit_node().label()?));
    names.next().expect("the button in the top bar")
}

/// Types a name for a new one, and presses Enter or a button.
fn copy(window: &mut Window, name: &str) {
    window.get_by_label("Name of a new workspace").focus();
    settle(window);
    window.event(egui::Event::Text(name.to_owned()));
    settle(window);
    click(window, "Copy this one");
}

/// What the engine was asked to do with a file.
fn asked(window: &mut Window) -> (CommandId, FileTask) {
    let envelopes = window.state_mut().market.envelopes();
    let task = envelopes.into_iter().find_map(|envelope| match envelope.command {
        Command::File(task) => Some((envelope.id, task)),
        _ => None,
    });
    task.expect("a file")
}

fn answer(window: &mut Window, to: CommandId, task: FileTask, outcome: Result<&str, &str>) {
    let outcome = outcome.map(Into::into).map_err(|why| Refused(why.into()));
    let done = FileDone { to, task, outcome };
    window.state_mut().market.publish(Update::File(Arc::new(done)));
    settle(window);
}

#[test]
fn a_copy_is_on_the_screen_at_once_and_the_menu_goes_back() {
    let mut window = opened();
    copy(&mut window, "Scalping");
    assert_eq!(shown(&window), "Scalping");
    click(&mut window, "Close workspaces");
    click(&mut window, "Workspace Scalping");
    click(&mut window, "Main");
    assert_eq!(shown(&window), "Main");
    search_and_enter(&mut window, "next workspace");
    assert_eq!(shown(&window), "Scalping");
    search_and_enter(&mut window, "workspace main");
    assert_eq!(shown(&window), "Main");
}

#[test]
fn each_workspace_has_its_own_instrument_and_one_click_ends_with_the_change() {
    let mut window = opened();
    copy(&mut window, "Other");
    click(&mut window, "Close workspaces");
    search_and_enter(&mut window, "MSFT");
    let symbol = |window: &Window| window.state().terminal.desk().selected().unwrap().symbol.to_string();
    assert_eq!(symbol(&window), "MSFT");
    search_and_enter(&mut window, "arm one-click");
    assert!(window.state().terminal.desk().one_click().is_some());
    search_and_enter(&mut window, "workspace main");
    assert_eq!(symbol(&window), "AAPL");
    assert!(window.state().terminal.desk().one_click().is_none());
    search_and_enter(&mut window, "workspace other");
    assert_eq!(symbol(&window), "MSFT");
}

#[test]
fn a_workspace_is_called_otherwise_deleted_and_brought_back() {
    let mut window = opened();
    copy(&mut window, "Scalping");
    click(&mut window, "Rename Scalping");
    window.run_steps(2);
    assert_eq!(focused(&window), ["New name of Scalping"]);
    window.key_press_modifiers(Modifiers::COMMAND, Key::A);
    window.event(egui::Event::Text("Swing".to_owned()));
    settle(&mut window);
    window.key_press(Key::Enter);
    settle(&mut window);
    assert_eq!(shown(&window), "Swing");
    click(&mut window, "Delete Swing");
    assert_eq!(shown(&window), "Main");
    assert!(window.get_by_label("Delete Main").accesskit_node().is_disabled(), "one has to be there");
    click(&mut window, "Bring Swing back");
    window.get_by_label("Delete Swing");
}

#[test]
fn escape_ends_the_renaming_first_and_then_the_window() {
    let mut window = opened();
    click(&mut window, "Rename Main");
    window.run_steps(2);
    window.key_press(Key::Escape);
    settle(&mut window);
    assert!(window.query_by_label("New name of Main").is_none());
    window.get_by_label("Name of a new workspace");
    window.key_press(Key::Escape);
    settle(&mut window);
    assert!(window.query_by_label("Name of a new workspace").is_none());
}

#[test]
fn a_name_that_is_taken_is_said() {
    let mut window = opened();
    copy(&mut window, "main");
    let desk = window.state().terminal.desk();
    let said = desk.notices().iter().any(|notice| notice.text.contains("There is a workspace main already"));
    assert!(said && shown(&window) == "Main");
}

#[test]
fn a_workspace_goes_out_as_a_file_and_comes_in_again() {
    let mut window = opened();
    click(&mut window, "Export Main");
    let (to, task) = asked(&mut window);
    let FileTask::Write { path, text } = task.clone() else { panic!("{task:?}") };
    assert_eq!(&*path, "~/pitdesk-main.json");
    assert!(Shelf::parse(&text).is_ok());
    answer(&mut window, to, task, Ok(&text));
    window.get_by(|node| node.value().is_some_and(|said| said.contains("Written to ~/pitdesk-main.json")));

    click(&mut window, "Import");
    let (to, task) = asked(&mut window);
    assert_eq!(task, FileTask::Read { path });
    answer(&mut window, to, task, Ok(&text));
    window.get_by(|node| node.value().is_some_and(|said| said.ends_with("Main 2")));
    click(&mut window, "Main 2");
    assert_eq!(shown(&window), "Main 2");
}

#[test]
fn a_file_that_cannot_be_used_is_said_and_changes_nothing() {
    let mut window = opened();
    click(&mut window, "Export Main");
    let (to, task) = asked(&mut window);
    answer(&mut window, to, task, Err("x is there already: choose another name"));
    window.get_by(|node| node.value().is_some_and(|said| said.contains("choose another name")));
    click(&mut window, "Import");
    let (to, task) = asked(&mut window);
    answer(&mut window, to, task, Ok("{}"));
    window.get_by(|node| node.value().is_some_and(|said| said.contains("holds no workspace")));
    assert!(window.query_by_label("Delete Main 2").is_none());
}

#[test]
fn the_window_of_workspaces_looks_so() {
    let mut window = opened();
    copy(&mut window, "Scalping");
    copy(&mut window, "Korea, long");
    click(&mut window, "Delete Scalping");
    window.check_accessibility();
    picture::assert_picture(&mut window, "workspaces");
}
