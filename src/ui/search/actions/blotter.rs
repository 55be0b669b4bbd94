//! What is done with the table that the blotter shows.

use super::Action;
use crate::ui::commands::{BlotterTool, UiCommand};
use crate::ui::keys::Act;

pub(super) fn blotter() -> [Action; 4] {
    let action = |text, synonyms, tool| Action::window(text, synonyms, UiCommand::Blotter(tool));
    let find =
        action("Blotter: search and filter the rows", "find orders fills positions", BlotterTool::Find);
    let export =
        action("Blotter: export the rows that are shown …", "csv file save spreadsheet", BlotterTool::Export);
    [
        Action { keys: Some(Act::FindRows), ..find },
        action("Blotter: show all rows again", "clear filter search", BlotterTool::Clear),
        action("Blotter: copy the rows that are shown", "clipboard spreadsheet tsv", BlotterTool::Copy),
        Action { keys: Some(Act::ExportRows), ..export },
    ]
}
