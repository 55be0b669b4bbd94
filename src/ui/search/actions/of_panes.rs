//! What is done in panes: prepared in the ticket, or shown with the keys that do it.

use super::Action;
use crate::desk::Desk;
use crate::ui::commands::UiCommand;
use crate::ui::keys::{Act, Scope};
use crate::ui::workspace::Workspace;

/// What the ticket's keys prepare, for the instrument of the pane that was used last; the ticket asks.
pub(super) fn prepared(desk: &Desk, workspace: &Workspace) -> Vec<Action> {
    let here = workspace.group(workspace.last_used());
    let Some(instrument) = desk.selected_in(here) else { return Vec::new() };
    let prepare = |act: Act| {
        let text = format!("{} in the ticket: {}", act.words(), instrument.symbol);
        let action = Action::window(text, "order trade long short flatten", UiCommand::Prepare(act));
        Action { keys: Some(act), ..action }
    };
    [Act::PrepareBuy, Act::PrepareSell, Act::PrepareClose, Act::PrepareReverse].map(prepare).into()
}

/// All actions that only keys do: each leads to its keys.
pub(super) fn with_keys_of_panes() -> impl Iterator<Item = Action> {
    let is_prepared = |act: &Act| {
        matches!(act, Act::PrepareBuy | Act::PrepareSell | Act::PrepareClose | Act::PrepareReverse)
    };
    let acts = Act::ALL.iter().copied().filter(move |act| act.scope() != Scope::Window && !is_prepared(act));
    acts.map(|act| {
        let text = format!("Keys: {} ({})", act.words(), act.scope().label());
        let action = Action::window(text, "shortcut hotkey keyboard", UiCommand::Keys(Some(act)));
        Action { keys: Some(act), is_aside: true, ..action }
    })
}
