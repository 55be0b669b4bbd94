//! The kill switch: locks at one click or key, is released only after a question.
//!
//! One press of the control or of its key locks and cancels at once, whatever the panel beside
//! it shows; another press while it is on tries again. The panel ([`panel`]) can close positions
//! as well, and shows how far every account has come.
//!
//! None of its buttons takes the keyboard's focus: a stray Space must neither stop
//! trading nor allow it again. Assistive technology can still press them, and the search
//! has all of them by name.

mod panel;

use egui::{Button, RichText, Sense};

use self::panel::Panel;
use crate::desk::Desk;
use crate::link::{Command, CommandId, Flatten, KillState};
use crate::ui::commands::Commands;
use crate::ui::keys::{Act, with_keys};
use crate::ui::theme::{Theme, theme_of};
use crate::ui::tour::{self, Spot};

/// What the trader is in the middle of.
#[derive(Debug, Default)]
pub(super) struct KillSwitch {
    /// What the engine has not answered.
    asked: Option<Asked>,
    is_asking_release: bool,
    panel: Panel,
    /// Whether it was on in the last frame; `None` before anything was known.
    was_locked: Option<bool>,
}

/// A command that is on its way.
#[derive(Debug, Clone, Copy)]
enum Asked {
    Lock(CommandId),
    /// Once more, while it is on.
    Again(CommandId),
    Release(CommandId),
}

impl KillSwitch {
    /// Draws it from the right edge on.
    pub fn ui(&mut self, ui: &mut egui::Ui, desk: &Desk, out: &mut Commands) {
        let theme = theme_of(ui);
        self.asked = self.asked.filter(|asked| match (asked, desk.kill()) {
            (Asked::Lock(_), KillState::Locked { .. }) | (Asked::Release(_), KillState::Armed) => false,
            (Asked::Lock(id) | Asked::Again(id) | Asked::Release(id), _) => desk.answer(*id).is_none(),
        });
        self.show_when_it_begins(desk);
        let has_engine = desk.stopped().is_none();
        match desk.kill() {
            KillState::Armed => {
                self.is_asking_release = false;
                ui.add_enabled_ui(has_engine, |ui| {
                    self.panel_button_ui(ui);
                    self.armed_ui(ui, desk, &theme, out);
                });
            }
            KillState::Locked { still_working } => {
                ui.add_enabled_ui(has_engine, |ui| self.locked_ui(ui, &theme, out));
                self.panel_button_ui(ui);
                locked_label_ui(ui, &theme, still_working);
            }
        }
    }

    /// A press of the control or key: locks and cancels; while it is on, once more.
    pub fn press(&mut self, desk: &Desk, out: &mut Commands) {
        let flatten = match desk.kill() {
            KillState::Armed => Flatten::No,
            KillState::Locked { .. } => desk.kill_report().map_or(Flatten::No, |report| report.flatten),
        };
        self.send(flatten, desk, out);
    }

    /// Shows the panel.
    pub fn show(&mut self) {
        self.panel.is_open = true;
    }

    /// The panel, with its lower right corner at `corner`.
    pub fn panel_ui(&mut self, ctx: &egui::Context, corner: egui::Pos2, desk: &Desk, out: &mut Commands) {
        let is_busy = self.asked.is_some();
        if let Some(flatten) = self.panel.ui(ctx, corner, desk, is_busy) {
            self.send(flatten, desk, out);
        }
    }

    fn send(&mut self, flatten: Flatten, desk: &Desk, out: &mut Commands) {
        let id = out.send(Command::Kill { flatten });
        let is_locked = desk.kill().is_locked();
        self.asked = Some(if is_locked { Asked::Again(id) } else { Asked::Lock(id) });
        self.is_asking_release = false;
    }

    /// Whoever locked, in this window or elsewhere: what follows is shown.
    fn show_when_it_begins(&mut self, desk: &Desk) {
        if !desk.is_synced() {
            return;
        }
        let is_locked = desk.kill().is_locked();
        if self.was_locked.is_some_and(|was| was != is_locked) {
            self.panel.is_open = is_locked;
        }
        self.was_locked = Some(is_locked);
    }

    fn panel_button_ui(&mut self, ui: &mut egui::Ui) {
        let text = if self.panel.is_open { "▼" } else { "▲" };
        let toggle = button(ui, text).on_hover_text("How far it has come, and closing positions as well");
        let name = if self.panel.is_open { "Hide kill switch panel" } else { "Kill switch panel" };
        toggle.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, name));
        if toggle.clicked() {
            self.panel.is_open = !self.panel.is_open;
        }
    }

    fn armed_ui(&mut self, ui: &mut egui::Ui, desk: &Desk, theme: &Theme, out: &mut Commands) {
        let text = if self.asked.is_some() { "Locking…" } else { "Kill switch" };
        let tip = "Cancels every working order and refuses new ones until you release it";
        let tip = format!("{}. Positions stay as they are.", with_keys(ui, tip, Act::Kill));
        let switch = button(ui, RichText::new(text).color(theme.danger)).on_hover_text(tip);
        tour::mark(ui, Spot::KillSwitch, switch.rect);
        if switch.clicked() {
            self.press(desk, out);
        }
    }

    fn locked_ui(&mut self, ui: &mut egui::Ui, theme: &Theme, out: &mut Commands) {
        if let Some(Asked::Release(_)) = self.asked {
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
        .fill(theme.stop_fill)
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
