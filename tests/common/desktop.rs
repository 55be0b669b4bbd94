//! The whole window on a market.

use egui::{Key, Modifiers, Role, vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use egui_kittest::{Harness, Node};
use pitdesk::link::Command;
use pitdesk::ui::{Terminal, set_options};

use crate::bench::settle;
use crate::desk::Market;
use crate::soft_renderer;

/// A window, and the engine's side of it.
pub struct Desktop {
    pub market: Market,
    pub terminal: Terminal,
}

/// A window of the usual size.
pub fn desktop() -> Harness<'static, Desktop> {
    desktop_of(1280.0)
}

/// A window of another width.
pub fn desktop_of(width: f32) -> Harness<'static, Desktop> {
    desktop_sized(vec2(width, 720.0))
}

/// A window of any size.
pub fn desktop_sized(size: egui::Vec2) -> Harness<'static, Desktop> {
    show(Market::with_terminal(None), size)
}

/// A window of any size that begins with what was saved.
pub fn desktop_kept(workspace: &str, size: egui::Vec2) -> Harness<'static, Desktop> {
    show(Market::with_terminal(Some(workspace)), size)
}

/// A window whose engine takes no command for now.
pub fn busy_desktop() -> Harness<'static, Desktop> {
    show(Market::with_busy_terminal(), vec2(1280.0, 720.0))
}

fn show((market, terminal): (Market, Terminal), size: egui::Vec2) -> Harness<'static, Desktop> {
    let draw = |ui: &mut egui::Ui, desktop: &mut Desktop| {
        desktop.terminal.logic();
        desktop.terminal.ui(ui);
        let now = desktop.terminal.desk().now();
        desktop.terminal.on_painted(now);
    };
    let builder = soft_renderer::builder::<Desktop>().with_size(size);
    let mut harness = builder.build_ui_state(draw, Desktop { market, terminal });
    set_options(&harness.ctx);
    harness.run_steps(3);
    harness.check_accessibility();
    harness
}

/// What was sent since the last call, without what the window sends by itself.
pub fn sent(harness: &mut Harness<'_, Desktop>) -> Vec<Command> {
    let mut commands = harness.state_mut().market.commands();
    let own = |c: &Command| matches!(c, Command::Demand(_) | Command::SaveWorkspace(_) | Command::Snapshot);
    commands.retain(|command| !own(command));
    commands
}

/// Clicks a control by its name.
#[track_caller]
pub fn click(harness: &mut Harness<'_, Desktop>, name: &str) {
    harness.get_by_label(name).click();
    settle(harness);
}

/// Types into the search.
pub fn search(harness: &mut Harness<'_, Desktop>, query: &str) {
    harness.key_press_modifiers(Modifiers::COMMAND, Key::K);
    harness.run_steps(2);
    harness.event(egui::Event::Text(query.to_owned()));
    settle(harness);
}

/// Does what the search finds first.
pub fn search_and_enter(harness: &mut Harness<'_, Desktop>, query: &str) {
    search(harness, query);
    harness.key_press(Key::Enter);
    settle(harness);
    harness.run_steps(2);
}

/// Opens the menu of a pane and chooses there, menu by menu, what begins with these words.
#[track_caller]
pub fn choose(harness: &mut Harness<'_, Desktop>, pane: &str, path: &[&str]) {
    click(harness, &format!("Menu of {pane}"));
    for name in path {
        let is_it = |node: &Node<'_>| {
            let node = node.accesskit_node();
            let can = matches!(node.role(), Role::Button | Role::CheckBox | Role::RadioButton);
            can && node.label().is_some_and(|label| label.starts_with(name))
        };
        // The same words may stand on the desk as well: the menu is drawn last.
        let entries: Vec<Node<'_>> = harness.query_all_by(|_| true).filter(is_it).collect();
        entries.last().expect("the menu is open").click();
        settle(harness);
    }
}
