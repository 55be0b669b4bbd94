//! How the chart looks: a menu at the end of the periods, and the same by name for the search.

use std::sync::Arc;

use egui::{RichText, Ui};

use super::{Bond, ChartPane};
use crate::desk::Desk;
use crate::domain::Settings;
use crate::link::Command;
use crate::ui::chart::{ScaleKind, Style};
use crate::ui::commands::Commands;
use crate::ui::settings::catalogue::Entry;
use crate::ui::settings::control::Control;
use crate::ui::theme::theme_of;

/// What the menu of looks is called.
pub(super) const MENU: &str = "View";

/// One choice of how a chart looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// How bars are drawn.
    Style(Style),
    /// How prices are laid out.
    Scale(ScaleKind),
    /// Whether times outside the regular hours are shaded.
    Shades(bool),
    /// Whether it shares something with the other charts of its group.
    Tied(Bond, bool),
}

/// The zones that the times on the screen can be of, in the words of the settings; a choice is in force everywhere.
fn zones_ui(ui: &mut Ui, desk: &Desk, out: &mut Commands) {
    let Some(Entry { name, control: Control::Choice(choice), .. }) = Entry::at("time_zone_display") else {
        return;
    };
    for at in 0..choice.count {
        let is_chosen = (choice.at)(desk.settings()) == Some(at);
        if ui.radio(is_chosen, format!("{name} {}", (choice.label)(at))).clicked() && !is_chosen {
            let mut settings = Settings::clone(desk.settings());
            (choice.choose)(&mut settings, at);
            out.send(Command::Configure(Arc::new(settings)));
        }
    }
}

impl ChartPane {
    /// Shows the chart otherwise.
    pub fn look(&mut self, look: Look) {
        match look {
            Look::Style(style) => self.view.set_style(style),
            Look::Scale(scale) => self.view.set_scale(scale),
            Look::Shades(shades) => self.view.set_shades(shades),
            Look::Tied(bond, is_tied) => self.tie(bond, is_tied),
        }
    }

    pub(super) fn look_ui(&mut self, ui: &mut Ui, desk: &Desk, out: &mut Commands) {
        let weak = theme_of(ui).text_weak;
        let caption = |ui: &mut Ui, text| ui.label(RichText::new(text).small().color(weak));
        let menu = ui.menu_button(MENU, |ui| {
            caption(ui, "Bars");
            for style in Style::ALL {
                if ui.radio(self.view.style() == style, style.label()).clicked() {
                    self.look(Look::Style(style));
                }
            }
            ui.separator();
            caption(ui, "Price scale");
            for scale in ScaleKind::ALL {
                if ui.radio(self.view.scale() == scale, scale.label()).clicked() {
                    self.look(Look::Scale(scale));
                }
            }
            ui.separator();
            let mut shades = self.view.shades();
            if ui.checkbox(&mut shades, "Shade outside regular hours").changed() {
                self.look(Look::Shades(shades));
            }
            ui.separator();
            caption(ui, "Time zone of the whole desk");
            zones_ui(ui, desk, out);
        });
        menu.response.on_hover_text("How bars, prices and times are shown");
    }
}
