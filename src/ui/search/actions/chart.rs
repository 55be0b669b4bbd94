//! How the chart looks, and what is drawn on it.

use super::Action;
use crate::ui::chart::{ChartView, ScaleKind, Style, Tool};
use crate::ui::chart_pane::{Bond, ChartPane, Look, PictureTo};
use crate::ui::commands::UiCommand;
use crate::ui::keys::Act;
use crate::ui::workspace::Workspace;

/// Styles, scales, shading, tools and pictures of the chart that was used last.
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
    let tools = [(Tool::Level, Act::DrawLevel), (Tool::Trend, Act::DrawTrend), (Tool::Measure, Act::Measure)];
    for (tool, act) in tools {
        let text = format!("Chart: {}", act.words().to_lowercase());
        let action = Action::window(text, "drawing support resistance ruler distance", UiCommand::Draw(tool));
        actions.push(Action { keys: Some(act), ..action });
    }
    for to in [PictureTo::File, PictureTo::Clipboard] {
        let text = format!("Chart: {}", to.label().to_lowercase());
        let action = Action::window(text, "screenshot snapshot image png", UiCommand::Picture(None, to));
        actions.push(Action { keys: Some(to.act()), ..action });
    }
    actions
}
