//! What has fired, over the window, until the trader has seen it; and how much, in the status bar.

use egui::{Align2, Button, Label, Rect, RichText, Role, Sense, Ui, WidgetInfo};

use super::rows::{when, with_note};
use crate::desk::Desk;
use crate::domain::counted;
use crate::link::Command;
use crate::ui::commands::{Commands, UiCommand};
use crate::ui::theme::theme_of;

/// How many stand at once; the others are counted.
const MOST: usize = 3;
const WIDTH: f32 = 340.0;

/// Draws the newest in a corner of the room that there is.
pub(in crate::ui) fn message_ui(
    ctx: &egui::Context,
    desk: &Desk,
    (corner, room): (Align2, Rect),
    out: &mut Commands,
) {
    let unseen = desk.alerts().unseen().count();
    let Some(newest) = desk.alerts().unseen().next() else { return };
    let theme = theme_of(ctx);
    egui::Area::new(egui::Id::unique("alerts that fired"))
        .pivot(corner)
        .fixed_pos(corner.pos_in_rect(&room.shrink(10.0)))
        .constrain_to(ctx.content_rect())
        .order(egui::Order::Foreground)
        .show(ctx, |ui| {
            let margin = egui::Margin { left: 14, right: 8, top: 8, bottom: 8 };
            let frame = egui::Frame::popup(ui.style()).inner_margin(margin);
            let shown = frame.show(ui, |ui| {
                ui.set_width(WIDTH);
                ui.spacing_mut().item_spacing.y = 4.0;
                let title = counted(unseen, "alert", "alerts");
                ui.label(RichText::new(title).strong().color(theme.text_strong));
                for firing in desk.alerts().unseen().take(MOST) {
                    ui.add(Label::new(RichText::new(&firing.text).color(theme.text)).wrap());
                    let mut below = when(desk, firing);
                    with_note(&mut below, &firing.note);
                    ui.add(Label::new(RichText::new(below).small().color(theme.text_weak)).wrap());
                }
                if unseen > MOST {
                    let more = format!("and {} before", unseen - MOST);
                    ui.label(RichText::new(more).color(theme.text_weak));
                }
                ui.horizontal(|ui| {
                    // Out of the tab order, for it comes by itself: the pane has the same.
                    let button = |text| Button::new(text).sense(Sense::CLICK);
                    if ui.add(button("Seen")).on_hover_text("They stay in the Alerts pane").clicked() {
                        out.send(Command::SeeAlerts(newest.id));
                    }
                    if ui.add(button("Show all alerts")).clicked() {
                        out.window(UiCommand::Alerts);
                    }
                });
            });
            let edge = shown.response.rect.shrink(1.0);
            ui.painter().rect_filled(
                edge.with_max_x(edge.left() + 4.0),
                theme.sizes.radius,
                theme.accent_fill,
            );
        });
}

/// How many were not seen yet; a click opens the pane.
pub(in crate::ui) fn badge_ui(ui: &mut Ui, desk: &Desk, out: &mut Commands) {
    let unseen = desk.alerts().unseen().count();
    if unseen == 0 {
        return;
    }
    let theme = theme_of(ui);
    let text = RichText::new(counted(unseen, "alert", "alerts")).color(theme.on_fill);
    let badge = ui.add(Button::new(text).fill(theme.accent_fill));
    let name = format!("{}, not seen yet", counted(unseen, "alert", "alerts"));
    badge.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if badge.on_hover_text("Not seen yet. Click for the Alerts pane.").clicked() {
        out.window(UiCommand::Alerts);
    }
}
