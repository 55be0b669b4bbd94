//! The whole window on a market.

use egui::vec2;
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use pitdesk::link::Command;
use pitdesk::ui::Terminal;

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
