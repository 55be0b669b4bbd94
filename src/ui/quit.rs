//! The question whether to close Pitdesk while orders live, and what becomes of them.
//!
//! What works at a broker works on. What this program keeps for a broker that keeps no brackets
//! and OCO groups is minded by nobody while it is closed: that is said in words of its own.

use egui::{Label, RichText};

use super::terminal::Terminal;
use super::theme::theme_of;
use crate::desk::Desk;
use crate::domain::{OrderStatus, counted};

const WIDTH: f32 = 380.0;
const STAYS: &str = "What works at a broker stays there and works on; paper orders wait for the next start.";

pub(super) fn quit_ui(terminal: &mut Terminal, ctx: &egui::Context) {
    let theme = theme_of(ctx);
    let (working, kept) = (working(&terminal.desk), kept(&terminal.desk));
    let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(12);
    let modal = egui::Modal::new(egui::Id::unique("quit")).frame(frame).show(ctx, |ui| {
        ui.set_width(WIDTH);
        ui.heading("Quit Pitdesk?");
        ui.label(working);
        if let Some(kept) = &kept {
            ui.add_space(4.0);
            ui.add(Label::new(RichText::new(kept).color(theme.warn)).wrap());
        }
        ui.add_space(8.0);
        ui.horizontal(|ui| {
            let text = if kept.is_some() { "Close anyway" } else { "Quit" };
            if ui.button(text).clicked() {
                terminal.has_quit = true;
            }
            if ui.button("Stay").clicked() {
                ui.close();
            }
        });
    });
    if modal.should_close() {
        terminal.is_asking_to_quit = false;
    }
}

/// What is at a broker, or on its way there.
fn working(desk: &Desk) -> String {
    match desk.blotter().working().filter(|order| order.status != OrderStatus::Kept).count() {
        0 => "No order is working any more.".to_owned(),
        count => format!("{} working. {STAYS}", counted(count, "order is", "orders are")),
    }
}

/// What lives in this program alone.
fn kept(desk: &Desk) -> Option<String> {
    match desk.blotter().kept_here().count() {
        0 => None,
        count => {
            let are = if count == 1 { "is" } else { "are" };
            let orders = counted(count, "order", "orders");
            Some(format!(
                "{orders} {are} kept by Pitdesk and {are} not minded while it is closed: close anyway?"
            ))
        }
    }
}
