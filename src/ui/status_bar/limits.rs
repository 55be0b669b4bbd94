//! What the status bar says of the limits: that a loss has locked a scope for the day, and of
//! which limit little is left. Nothing as a rule. A click opens the editor of the limits.

use egui::{Button, RichText, Role, Ui, WidgetInfo};

use crate::desk::Desk;
use crate::domain::limits::{Limit, Scope};
use crate::ui::commands::{Commands, UiCommand};
use crate::ui::keys::{Act, with_keys};
use crate::ui::limits::used;
use crate::ui::theme::Theme;

/// Draws what there is to say.
pub(super) fn limits_ui(ui: &mut Ui, desk: &Desk, theme: &Theme, out: &mut Commands) {
    let locks: Vec<_> = used::locks(desk).collect();
    if let Some((scope, lock)) = locks.first() {
        let more = if locks.len() > 1 { format!(" +{}", locks.len() - 1) } else { String::new() };
        let text = format!("Loss lock until {} · {scope}{more}", used::until(lock, desk));
        let told = locks.iter().map(|(scope, lock)| told(scope, &used::lock_text(lock, desk)));
        let hover = told.collect::<Vec<_>>().join("\n\n");
        chip_ui(ui, &text, &hover, scope, (theme.danger, theme.danger_fill), out);
    }
    let scarce = used::scarce(desk);
    if let Some(first) = scarce.first() {
        let whose = match first.scope {
            Scope::Profile => String::new(),
            scope => format!(" · {scope}"),
        };
        let more = if scarce.len() > 1 { format!(" +{}", scarce.len() - 1) } else { String::new() };
        let text = format!("{} {} %{whose}{more}", name(first.limit), first.percent);
        let told = scarce.iter().map(|scarce| {
            let used = format!("{}: {} now.", name(scarce.limit), scarce.words);
            told(scarce.scope, &used)
        });
        let hover = told.collect::<Vec<_>>().join("\n");
        chip_ui(ui, &text, &hover, first.scope, (theme.warn, theme.warn_fill), out);
    }
}

/// `The profile. Exposure: 900,000.00 of 1,000,000 now.`
fn told(scope: &Scope, what: &str) -> String {
    match scope {
        Scope::Profile => format!("The profile. {what}"),
        Scope::Account(name) => format!("Account {name}. {what}"),
        Scope::Instrument(key) => format!("{key}. {what}"),
    }
}

fn name(limit: Limit) -> &'static str {
    if limit == Limit::LossPerDay { "Loss of the day" } else { limit.label() }
}

fn chip_ui(
    ui: &mut Ui,
    text: &str,
    hover: &str,
    scope: &Scope,
    (colour, fill): (egui::Color32, egui::Color32),
    out: &mut Commands,
) {
    let chip = ui.add(Button::new(RichText::new(text).color(colour)).fill(fill));
    chip.widget_info(|| WidgetInfo::labeled(Role::Button, true, text));
    let click = with_keys(ui, "Click for the limits", Act::Limits);
    if chip.on_hover_text(format!("{hover}\n\n{click}")).clicked() {
        out.window(UiCommand::LimitsOf(scope.clone()));
    }
}
