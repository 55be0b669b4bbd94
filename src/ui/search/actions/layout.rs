//! What can be done with the arrangement.

use super::Action;
use crate::desk::Group;
use crate::ui::commands::UiCommand;
use crate::ui::pane::PaneKind;
use crate::ui::workspace::{LayoutChange, Place, Shelf, ShelfChange, Workspace};

const PLACES: [(&str, Place); 3] =
    [("in a new tab", Place::Tab), ("to the right", Place::Right), ("below", Place::Below)];

/// Opens, closes and links panes: beside, or of, the one that was used last.
pub(super) fn layout(workspace: &Workspace) -> Vec<Action> {
    let here = workspace.last_used();
    let change = |text: String, synonyms, change| Action::window(text, synonyms, UiCommand::Layout(change));
    let mut actions = Vec::new();
    for &kind in PaneKind::ALL {
        let is_there = workspace.keys().iter().any(|key| key.kind == kind);
        if is_there && !kind.may_be_several() {
            continue;
        }
        // Of a kind that there is one of, the menu of a pane offers the other places.
        let places = if kind.may_be_several() { &PLACES[..] } else { &PLACES[..1] };
        for &(where_to, place) in places {
            let open = LayoutChange::Open { kind, beside: here, place };
            actions.push(change(format!("Open {} {where_to}", kind.title()), synonyms(kind), open));
        }
    }
    for key in workspace.keys() {
        let text = format!("Close the pane {}", key.title());
        actions.push(change(text, "hide remove panel layout", LayoutChange::Close(key)));
    }
    for group in Group::ALL {
        let text = format!("Link this pane to group {group}");
        let link = change(text, "colour color group instrument follow", LayoutChange::Link(here, group));
        actions.push(link.in_force(workspace.group(here) == group));
    }
    actions
}

/// Changes between workspaces.
pub(super) fn workspaces(shelf: &Shelf) -> Vec<Action> {
    let show = |name: &str| {
        let command = UiCommand::Shelf(ShelfChange::Show(name.to_owned()));
        Action::window(format!("Workspace {name}"), "layout switch show", command)
            .in_force(name == shelf.shown())
    };
    shelf.names().map(show).collect()
}
/// What other terminals call a pane, and what it is to be found by beside its name.
fn synonyms(kind: PaneKind) -> &'static str {
    match kind {
        PaneKind::Ladder => "dom depth book level2 pane split add new panel window layout",
        PaneKind::Tape => "time sales prints trades pane split add new panel window layout",
        PaneKind::Watchlist => "quotes market watch pane split add new panel window layout",
        PaneKind::Blotter => "orders positions fills portfolio pane split add new panel window layout",
        PaneKind::Analytics => "equity curve pane split add new panel window layout",
        _ => "pane split add new panel window layout",
    }
}
