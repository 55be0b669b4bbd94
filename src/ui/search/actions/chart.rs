//! How the chart looks.

use super::Action;
use crate::ui::chart::{ChartView, ScaleKind, Style};
use crate::ui::chart_pane::{Bond, ChartPane, Look};
use crate::ui::commands::UiCommand;
use crate::ui::workspace::Workspace;

/// Styles, scales and shading of the chart that was used last.
pub(super) fn chart(workspace: &Workspace) -> Vec<Action> {
    let chart = workspace.panes.first::<ChartPane>();
    let view = chart.map(ChartPane::view);
    let action = |text: String, synonyms, look| Action::window(text, synonyms, UiCommand::ChartLook(look));
    let mut actions = Vec::new();
    for style in Style::ALL {
        let look =
            action(format!("Chart: {}", style.label().to_lowercase()), "style type bars", Look::Style(style));
        actions.push(look.in_force(view.is_some_and(|view| view.style() == style)));
    }
    for scale in ScaleKind::ALL {
        let text = format!("Chart: {} scale", scale.label().to_lowercase());
        let look = action(text, "axis log percent percentage", Look::Scale(scale));
        actions.push(look.in_force(view.is_some_and(|view| view.scale() == scale)));
    }
    let shades = view.is_some_and(ChartView::shades);
    let text = if shades {
        "Chart: do not shade outside regular hours"
    } else {
        "Chart: shade outside regular hours"
    };
    actions.push(action(text.to_owned(), "session extended pre market", Look::Shades(!shades)));
    for bond in Bond::ALL {
        let is_tied = chart.is_some_and(|chart| chart.is_tied(bond));
        let what = bond.label().to_lowercase();
        let text =
            if is_tied { format!("Chart: leave the {what}") } else { format!("Chart: share the {what}") };
        actions.push(action(text, "link sync timeframe colour group", Look::Tied(bond, !is_tied)));
    }
    actions
}
