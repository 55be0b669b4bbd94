//! The kill switch: locks at one click, is released only after a question.
//!
//! None of its buttons takes the keyboard's focus: a stray Space must neither stop
//! trading nor allow it again. Assistive technology can still press them, and the search
//! has both by name.

use egui::{Button, RichText, Sense};

use crate::desk::Desk;
use crate::link::{Command, CommandId, Flatten, KillState};
use crate::ui::commands::Commands;
use crate::ui::theme::{Theme, theme_of};

/// What the trader is in the middle of.
#[derive(Debug, Default)]
pub(super) struct KillSwitch {
    /// What the engine has not answered.
    asked: Option<Asked>,
    is_asking_release: bool,
}

/// A command that is on its way.
#[derive(Debug, Clone, Copy)]
enum Asked {
    Lock(CommandId),
    Release(CommandId),
}

impl KillSwitch {
    /// Draws it from the right edge on.
    pub fn ui(&mut self, ui: &mut egui::Ui, desk: &Desk, out: &mut Commands) {
        let theme = theme_of(ui);
        self.asked = self.asked.filter(|asked| match (asked, desk.kill()) {
            (Asked::Lock(_), KillState::Locked { .. }) | (Asked::Release(_), KillState::Armed) => false,
            (Asked::Lock(id) | Asked::Release(id), _) => desk.answer(*id).is_none(),
        });
        let has_engine = desk.stopped().is_none();
        match desk.kill() {
            KillState::Armed => {
                self.is_asking_release = false;
                ui.add_enabled_ui(has_engine, |ui| self.armed_ui(ui, &theme, out));
            }
            KillState::Locked { still_working } => {
                ui.add_enabled_ui(has_engine, |ui| self.locked_ui(ui, &theme, out));
                locked_label_ui(ui, &theme, still_working);
            }
        }
    }

    fn armed_ui(&mut self, ui: &mut egui::Ui, theme: &Theme, out: &mut Commands) {
        let text = if self.asked.is_some() { "Locking…" } else { "Kill switch" };
        let tip = "Cancels every working order and refuses new ones until you release it. \
                   Positions stay as they are.";
        if button(ui, RichText::new(text).color(theme.danger)).on_hover_text(tip).clicked() {
            self.asked = Some(Asked::Lock(out.send(Command::Kill { flatten: Flatten::No })));
        }
    }

    fn locked_ui(&mut self, ui: &mut egui::Ui, theme: &Theme, out: &mut Commands) {
        if self.asked.is_some() {
            ui.label(RichText::new("Releasing…").color(theme.text_weak));
        } else if self.is_asking_release {
            // In this layout the first is the rightmost: where "Release…" was, a second
            // click must not land on the release.
            if button(ui, "Keep locked").clicked() {
                self.is_asking_release = false;
            }
            if button(ui, RichText::new("Release").color(theme.warn)).clicked() {
                self.is_asking_release = false;
                self.asked = Some(Asked::Release(out.send(Command::ReleaseKill)));
            }
            ui.label(RichText::new("Allow orders again?").color(theme.text_strong));
        } else if button(ui, "Release…").on_hover_text("Allows orders again, after a question").clicked() {
            self.is_asking_release = true;
        }
    }
}

fn locked_label_ui(ui: &mut egui::Ui, theme: &Theme, still_working: u32) {
    let text = if still_working == 0 {
        "LOCKED · nothing working".to_owned()
    } else {
        format!("LOCKED · {still_working} still working")
    };
    let frame = egui::Frame::new()
        .fill(theme.down_fill)
        .corner_radius(theme.sizes.radius)
        .inner_margin(egui::Margin::symmetric(8, 2));
    let shown = frame.show(ui, |ui| ui.label(RichText::new(text).strong().color(theme.on_fill)));
    shown.response.on_hover_text(match still_working {
        0 => "No order can be sent. Nothing of ours works at a broker.",
        _ => {
            "No order can be sent. So many cancels are not confirmed by the broker yet: they may still trade."
        }
    });
}

/// A button for the pointer only.
fn button(ui: &mut egui::Ui, text: impl Into<egui::WidgetText>) -> egui::Response {
    ui.add(Button::new(text.into()).sense(Sense::CLICK))
}
