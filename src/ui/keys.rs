//! Keyboard shortcuts of the window. Keys that act on a pane are the pane's own.
//!
//! No shortcut here sends an order that opens anything, and none without Ctrl works while text is typed. The ladder's
//! keys send only while one-click trading is armed.

use egui::{Key, KeyboardShortcut, Modifiers};

use super::commands::{Commands, UiCommand};
use super::pane::PaneKind;
use super::terminal::Terminal;
use super::workspace::LayoutChange;

/// What a shortcut does, for menus, tooltips and the README.
pub struct Shortcut {
    /// The keys.
    pub keys: KeyboardShortcut,
    /// In words.
    pub text: &'static str,
    command: fn() -> UiCommand,
}

const fn ctrl(key: Key) -> KeyboardShortcut {
    KeyboardShortcut::new(Modifiers::COMMAND, key)
}

impl Shortcut {
    /// The command that the keys stand for.
    pub(super) fn command(&self) -> UiCommand {
        (self.command)()
    }
}

/// All of them; the more special first.
pub const SHORTCUTS: &[Shortcut] = &[
    Shortcut { keys: ctrl(Key::K), text: "Search instruments and actions", command: || UiCommand::Search },
    Shortcut {
        keys: KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::Delete),
        text: "Kill switch: lock new orders, cancel working ones; again to try again",
        command: || UiCommand::Kill,
    },
    Shortcut {
        keys: KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::L),
        text: "Limits",
        command: || UiCommand::Limits,
    },
    Shortcut {
        keys: KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::A),
        text: "Arm or disarm a live account",
        command: || UiCommand::Arm(None),
    },
    Shortcut {
        keys: KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::W),
        text: "Allocation: target weights become orders",
        command: || UiCommand::Toggle(PaneKind::Allocation),
    },
    Shortcut {
        keys: KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::N),
        text: "New alert",
        command: || UiCommand::Alert(None),
    },
    Shortcut {
        keys: KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::H),
        text: "Reset the layout",
        command: || UiCommand::Layout(LayoutChange::Reset),
    },
    Shortcut { keys: ctrl(Key::M), text: "One pane alone, and back", command: || UiCommand::Maximise },
    Shortcut {
        keys: KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::SHIFT), Key::T),
        text: "Open the pane that was closed last",
        command: || UiCommand::Layout(LayoutChange::Reopen),
    },
    Shortcut {
        keys: KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::ALT).plus(Modifiers::SHIFT), Key::Z),
        text: "Layout: do again what was taken back",
        command: || UiCommand::Layout(LayoutChange::Redo),
    },
    Shortcut {
        keys: KeyboardShortcut::new(Modifiers::COMMAND.plus(Modifiers::ALT), Key::Z),
        text: "Layout: take the last change back",
        command: || UiCommand::Layout(LayoutChange::Undo),
    },
    Shortcut { keys: ctrl(Key::Q), text: "Quit", command: || UiCommand::Quit },
];

/// Options that keep egui from acting on keys that are ours.
pub fn set_options(ctx: &egui::Context) {
    ctx.options_mut(|options| {
        // Ctrl+Q asks first; it is a shortcut of ours.
        options.quit_shortcuts.clear();
    });
}

/// Escape ends one-click trading, whatever else it does.
fn disarm(terminal: &Terminal, ctx: &egui::Context, out: &mut Commands) {
    if terminal.desk.one_click().is_some() && ctx.input(|input| input.key_pressed(Key::Escape)) {
        out.window(UiCommand::OneClick(false));
    }
}

pub(super) fn handle(terminal: &Terminal, ctx: &egui::Context, out: &mut Commands) {
    disarm(terminal, ctx, out);
    let is_stopped = terminal.desk.stopped().is_some();
    for shortcut in SHORTCUTS {
        // Whatever else is asked: the kill switch is heard.
        let is_kill = shortcut.command() == UiCommand::Kill;
        if (terminal.is_asking_to_quit && !is_kill) || (is_stopped && is_kill) {
            continue;
        }
        if ctx.input_mut(|input| input.consume_shortcut(&shortcut.keys)) {
            out.window(shortcut.command());
        }
    }
}
