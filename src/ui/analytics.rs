//! Analytics: what an account was worth over time, how deep a book is, and how long everything takes.
//!
//! One of the three at a time: only what is in sight is asked for. Nothing here is computed for trading.

mod depth;
mod equity;
mod plot;
mod time_marks;

use egui::{RichText, Ui, WidgetInfo};
use serde::{Deserialize, Serialize};

use self::equity::EquityView;
use super::commands::Commands;
use super::latencies;
use super::pane::Pane;
use super::theme::theme_of;
use crate::desk::Desk;

/// What is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Topic {
    #[default]
    Equity,
    Depth,
    Latencies,
}

impl Topic {
    /// With what each is called and what it tells.
    const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Equity, "Equity curve", "What an account was worth over time"),
        (Self::Depth, "Depth curve", "How much rests in the book up to each price"),
        (Self::Latencies, "Latencies", "How long messages and orders take, stage by stage"),
    ];
}

/// Curves of accounts, of a book, and of the program itself.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct AnalyticsPane {
    topic: Topic,
    equity: EquityView,
}

impl Pane for AnalyticsPane {
    fn ui(&mut self, ui: &mut Ui, desk: &Desk, out: &mut Commands) {
        ui.spacing_mut().item_spacing.y = 4.0;
        let margin = egui::Margin { left: 8, right: 8, top: 4, bottom: 2 };
        egui::Frame::new().inner_margin(margin).show(ui, |ui| {
            ui.horizontal_wrapped(|ui| {
                for (topic, name, hint) in Topic::ALL {
                    choice_ui(ui, &mut self.topic, topic, name, name, hint);
                }
            });
            match self.topic {
                Topic::Equity => self.equity.ui(ui, desk),
                Topic::Depth => depth::depth_ui(ui, desk, out),
                Topic::Latencies => {
                    egui::ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
                        latencies::histograms_ui(ui, desk);
                    });
                }
            }
        });
    }
}

/// One of several of which one holds, with its name for readers.
fn choice_ui<T: PartialEq>(ui: &mut Ui, chosen: &mut T, choice: T, text: &str, name: &str, hint: &str) {
    let is_chosen = *chosen == choice;
    let button = ui.selectable_label(is_chosen, text).on_hover_text(hint);
    button.widget_info(|| WidgetInfo::selected(egui::Role::Button, true, is_chosen, name));
    if button.clicked() {
        *chosen = choice;
    }
}

/// Why there is nothing to see, and what to do.
fn empty_ui(ui: &mut Ui, text: &str) {
    let theme = theme_of(ui);
    ui.centered_and_justified(|ui| ui.label(RichText::new(text).color(theme.text_weak)));
}

/// The line below a curve: always there, so that the curve stands still.
fn foot_ui(ui: &mut Ui, text: &str) {
    let theme = theme_of(ui);
    let text = RichText::new(text).small().color(theme.text_weak);
    ui.add(egui::Label::new(text).truncate());
}
