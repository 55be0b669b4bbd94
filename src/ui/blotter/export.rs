//! The question where to write the rows that are shown, and what became of it.

use egui::{Button, Key, Label, RichText, TextEdit, vec2};

use super::records::Records;
use crate::desk::Desk;
use crate::link::{Command, CommandId, FileTask};
use crate::ui::commands::Commands;
use crate::ui::format;
use crate::ui::theme::Theme;

const WIDTH: f32 = 460.0;

/// The window, while it is open.
#[derive(Debug, Default)]
pub(super) struct Export {
    is_open: bool,
    is_new: bool,
    path: String,
    asked: Option<CommandId>,
    /// How it went, and whether that is bad.
    said: Option<(String, bool)>,
}

impl Export {
    /// Asks for the file for rows that are called so.
    pub fn open(&mut self, rows: &str, desk: &Desk) {
        let zone = format::zone(desk.settings().time_zone_display, None);
        let day = desk.market_time().unwrap_or(desk.now()).to_timestamp().to_zoned(zone).date();
        *self = Self {
            is_open: true,
            is_new: true,
            path: format!("~/pitdesk-{rows}-{day}.csv"),
            asked: None,
            said: None,
        };
    }

    /// Leaves it.
    pub fn close(&mut self) {
        self.is_open = false;
    }

    /// Draws it. `counted` says what would be written, and `records` makes it.
    pub fn ui(
        &mut self,
        ctx: &egui::Context,
        desk: &Desk,
        theme: &Theme,
        counted: &str,
        records: impl FnOnce() -> Option<Records>,
        out: &mut Commands,
    ) {
        if !self.is_open {
            return;
        }
        self.settle(desk);
        let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(12);
        let modal = egui::Modal::new(egui::Id::unique("blotter export")).frame(frame).show(ctx, |ui| {
            ui.set_width(WIDTH.min(ui.ctx().content_rect().width() - 48.0));
            ui.heading("Export to a CSV file");
            let about = format!("Writes {counted}, in this order. Times are in UTC, numbers are whole.");
            ui.add(Label::new(RichText::new(about).small().color(theme.text_weak)).wrap());
            ui.add_space(6.0);
            let field = TextEdit::singleline(&mut self.path).desired_width(f32::INFINITY);
            let field = ui.add(field.min_size(vec2(0.0, theme.sizes.row))).accessible_name("File to write");
            if std::mem::take(&mut self.is_new) {
                field.request_focus();
            }
            let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if let Some((text, is_bad)) = &self.said {
                let colour = if *is_bad { theme.danger } else { theme.text };
                ui.add(Label::new(RichText::new(text).color(colour)).wrap());
            }
            ui.add_space(6.0);
            ui.horizontal(|ui| {
                let can_write = !self.path.trim().is_empty() && self.asked.is_none();
                let writes = ui.add_enabled(can_write, Button::new("Write")).clicked();
                let closes = ui.button("Close").on_hover_text("Escape").clicked();
                ((writes || is_entered) && can_write, closes)
            })
            .inner
        });
        let (writes, closes) = modal.inner;
        if writes && let Some(records) = records() {
            self.write(&records, out);
        }
        if closes || modal.should_close() {
            self.is_open = false;
        }
    }

    fn write(&mut self, records: &Records, out: &mut Commands) {
        match records.file() {
            Ok(text) => {
                let path = self.path.trim().into();
                self.asked = Some(out.send(Command::File(FileTask::Write { path, text: text.into() })));
                self.said = None;
            }
            Err(why) => self.said = Some((why, true)),
        }
    }

    /// Takes in what became of the file.
    fn settle(&mut self, desk: &Desk) {
        let Some(asked) = self.asked else { return };
        if let Some(Err(why)) = desk.answer(asked).map(|answer| &answer.outcome) {
            self.asked = None;
            self.said = Some((why.to_string(), true));
        }
        let Some(done) = desk.file_done(asked) else { return };
        self.asked = None;
        self.said = Some(match (&done.task, &done.outcome) {
            (FileTask::Write { path, .. }, Ok(_)) => (format!("Written to {path}"), false),
            (FileTask::Read { .. } | FileTask::Picture { .. }, Ok(_)) => return,
            (_, Err(why)) => (why.to_string(), true),
        });
    }
}
