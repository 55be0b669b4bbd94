//! What keys do: one table ([`table`]), the keys that the trader has chosen instead ([`keymap`]), and how they are
//! read.
//!
//! Whoever acts on a shortcut takes its presses here, so that nobody else acts on them too. Keys of the window act
//! wherever the focus is; those that text needs only while no text is typed. No key of the window sends an order
//! that opens anything. The ticket's keys work in its own fields, for they are how its form is sent: each asks
//! first, none sends with one press. The ladder's, and the trading keys ([`trading`]), send with one press, and only
//! while one-click trading is armed.

mod chord;
mod composition;
pub(super) mod editor;
mod keymap;
mod table;
pub(super) mod trading;

use egui::{Context, Key};

pub use self::chord::Chord;
use self::composition::Composition;
pub use self::keymap::{Keymap, keymap_of};
pub use self::table::{Act, Scope};

use super::commands::{Commands, UiCommand};
use super::pane::PaneKind;
use super::terminal::Terminal;
use super::workspace::{LayoutChange, ShelfChange};
use crate::domain::settings::TextStep;

/// Keeps egui from acting on keys that are ours, and us from acting on those of a composition.
pub fn set_options(ctx: &Context) {
    ctx.options_mut(|options| {
        // Ctrl+Q asks first; it is a shortcut of ours.
        options.quit_shortcuts.clear();
        // So are the keys that make text larger: what they do is a setting, and kept.
        options.zoom_with_keyboard = false;
    });
    ctx.add_plugin(Composition::default());
}

/// How often the keys of an action were pressed since the last frame; held ones count on.
pub(super) fn taken(ctx: &Context, act: Act) -> usize {
    let map = keymap_of(ctx);
    let is_typing = ctx.text_edit_focused();
    let mut count = 0;
    ctx.input_mut(|input| {
        input.events.retain(|event| {
            let mut keys = map.keys(act).iter().filter(|keys| !(is_typing && keys.is_for_text()));
            let is_ours = keys.any(|keys| keys.is_pressed_by(event).is_some());
            count += usize::from(is_ours);
            !is_ours
        });
    });
    count
}

/// The actions of a scope that were asked for since the last frame, in order. Keys that are held were pressed once.
pub(super) fn struck(ctx: &Context, scope: Scope) -> Vec<Act> {
    let is_typing = ctx.text_edit_focused();
    struck_where(ctx, |act, keys| act.scope() == scope && !(is_typing && keys.is_for_text()))
}

fn struck_where(ctx: &Context, is_meant: impl Fn(Act, Chord) -> bool) -> Vec<Act> {
    let map = keymap_of(ctx);
    let mut struck = Vec::new();
    ctx.input_mut(|input| {
        input.events.retain(|event| {
            let press = |act: &Act| {
                let mut keys = map.keys(*act).iter().filter(|keys| is_meant(*act, **keys));
                keys.find_map(|keys| keys.is_pressed_by(event)).map(|is_held| (*act, is_held))
            };
            let Some((act, is_held)) = Act::ALL.iter().find_map(press) else { return true };
            // What acts is the press, not the hand that rests on the key.
            if !is_held {
                struck.push(act);
            }
            false
        });
    });
    struck
}

/// The keys of an action, to stand beside its name; empty where it has none.
pub(super) fn keys_of(ctx: &Context, act: Act) -> String {
    keymap_of(ctx).said(act).to_owned()
}

/// `text (Ctrl+K)`, or `text` where the action has no keys.
pub(super) fn with_keys(ctx: &Context, text: &str, act: Act) -> String {
    match &*keys_of(ctx, act) {
        "" => text.to_owned(),
        keys => format!("{text} ({keys})"),
    }
}

/// What an action of the window does.
fn command_of(act: Act) -> Option<UiCommand> {
    Some(match act {
        Act::Search => UiCommand::Search,
        Act::Kill => UiCommand::Kill,
        Act::Keys => UiCommand::Keys(None),
        Act::Settings => UiCommand::Settings(None),
        Act::Limits => UiCommand::Limits,
        Act::Arm => UiCommand::Arm(None),
        Act::Allocation => UiCommand::Toggle(PaneKind::Allocation),
        Act::NewAlert => UiCommand::Alert(None),
        Act::Maximise => UiCommand::Maximise,
        Act::MoveOut => UiCommand::MoveOut,
        Act::Reopen => UiCommand::Layout(LayoutChange::Reopen),
        Act::Undo => UiCommand::Layout(LayoutChange::Undo),
        Act::Redo => UiCommand::Layout(LayoutChange::Redo),
        Act::ResetLayout => UiCommand::Layout(LayoutChange::Reset),
        Act::Workspaces => UiCommand::Workspaces,
        Act::NextWorkspace => UiCommand::Shelf(ShelfChange::Next),
        Act::Performance => UiCommand::Overlay,
        Act::TextLarger => UiCommand::TextSize(TextStep::Larger),
        Act::TextSmaller => UiCommand::TextSize(TextStep::Smaller),
        Act::TextUsual => UiCommand::TextSize(TextStep::Usual),
        Act::Quit => UiCommand::Quit,
        _ => return None,
    })
}

/// The actions of the window, with what each does.
pub(super) fn window_actions() -> impl Iterator<Item = (Act, UiCommand)> {
    Act::ALL.iter().filter_map(|act| Some((*act, command_of(*act)?)))
}

/// Escape ends one-click trading, whatever else it does.
fn disarm(terminal: &Terminal, ctx: &Context, out: &mut Commands) {
    if terminal.desk.one_click().is_some() && ctx.input(|input| input.key_pressed(Key::Escape)) {
        out.window(UiCommand::OneClick(false));
    }
}

pub(super) fn handle(terminal: &Terminal, ctx: &Context, out: &mut Commands) {
    disarm(terminal, ctx, out);
    let is_stopped = terminal.desk.stopped().is_some();
    for act in struck(ctx, Scope::Window) {
        // Whatever else is asked: the kill switch is heard.
        let is_kill = act == Act::Kill;
        if (terminal.is_asking_to_quit && !is_kill) || (is_stopped && is_kill) {
            continue;
        }
        let switch = || UiCommand::OneClick(terminal.desk.one_click().is_none());
        let command = if act == Act::OneClick { Some(switch()) } else { command_of(act) };
        if let Some(command) = command {
            out.window(command);
        }
    }
}
