//! The Activity tab: what happened, newest first, each line in full.

use std::collections::VecDeque;
use std::sync::Arc;

use egui::{Color32, FontId, Rect, RichText, ScrollArea, Ui, UiBuilder, pos2, vec2};

use super::control::empty_ui;
use super::order_row::zone_name;
use super::view::LONGEST;
use crate::desk::Desk;
use crate::link::{Notice, NoticeLevel};
use crate::ui::format;
use crate::ui::theme::{Theme, theme_of};

const INSET: f32 = 8.0;
const LEVEL: f32 = 58.0;
/// Width of the field for words, at most and at least.
const FIELD: f32 = 180.0;
const LEAST_FIELD: f32 = 50.0;

/// The view state of the tab: heights of the lines, so that only those in sight are laid out.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// What is searched for.
    search: String,
    /// What the lines were looked through for.
    searched: String,
    /// Oldest first, as the desk keeps them; a line is known by its text.
    lines: VecDeque<Line>,
    width: f32,
    total: f32,
}

/// A line of the log.
#[derive(Debug)]
struct Line {
    text: Arc<str>,
    height: f32,
    /// Whether it has the words that are searched for.
    is_shown: bool,
}

impl Activity {
    /// The controls beside the tabs.
    pub fn bar_ui(&mut self, ui: &mut Ui, desk: &Desk) {
        let theme = theme_of(ui.ctx());
        let is_empty = desk.notices().is_empty();
        let response = ui
            .add_enabled(!is_empty, egui::Button::new("Copy all"))
            .on_hover_text("Copies every line that is shown, newest first")
            .on_disabled_hover_text("There is nothing to copy");
        if response.clicked() {
            let lines: Vec<String> =
                self.shown(desk.notices()).map(|(notice, _)| line_of(notice, desk)).collect();
            ui.copy_text(lines.join("\n"));
        }
        ui.label(RichText::new(format!("Times in {}", zone_name(desk))).color(theme.text_weak));
        let width = ui.available_width().clamp(0.0, FIELD) - 16.0;
        if width < LEAST_FIELD {
            return;
        }
        let field = egui::TextEdit::singleline(&mut self.search).hint_text("Search").char_limit(LONGEST);
        let field = ui.add(field.desired_width(width)).accessible_name("Search the activity");
        if field.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Escape)) {
            self.search.clear();
        }
        let shown = self.lines.iter().filter(|line| line.is_shown).count();
        if shown < self.lines.len() {
            ui.label(RichText::new(format!("{shown} of {}", self.lines.len())).color(theme.text));
        }
    }

    /// The lines that are shown, newest first, with their heights.
    fn shown<'a>(&'a self, notices: &'a VecDeque<Notice>) -> impl Iterator<Item = (&'a Notice, f32)> {
        let lines = notices.iter().rev().zip(self.lines.iter().rev());
        lines.filter(|(_, line)| line.is_shown).map(|(notice, line)| (notice, line.height))
    }

    pub fn ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme) {
        let body = ui.available_rect_before_wrap();
        let notices = desk.notices();
        if notices.is_empty() {
            empty_ui(
                ui,
                theme,
                body,
                "Nothing has happened yet. Orders, connections and refusals are told here.",
            );
            return;
        }
        let zone = format::zone(desk.settings().time_zone_display, None);
        let time_of = |notice: &Notice| {
            if format::is_same_day(notice.time, desk.now(), &zone) {
                format::clock_time(notice.time, &zone)
            } else {
                format::date_time(notice.time, &zone)
            }
        };
        let oldest = notices.front().map(&time_of).unwrap_or_default();
        let font = theme.text_font();
        let time_width =
            ui.painter().layout_no_wrap(oldest, font.clone(), Color32::PLACEHOLDER).size().x.ceil() + 12.0;
        let text_left = INSET + time_width + LEVEL;
        self.lay_out(ui, notices, body.width() - text_left - INSET - 10.0, &font);
        ScrollArea::vertical().id_salt("activity").auto_shrink(false).show_viewport(ui, |ui, viewport| {
            let origin = ui.min_rect().min;
            ui.set_min_size(vec2(body.width(), self.total));
            let mut top = 0.0;
            for (notice, height) in self.shown(notices) {
                let line = (top, top + height);
                top = line.1;
                if line.1 < viewport.top() {
                    continue;
                }
                if line.0 > viewport.bottom() {
                    break;
                }
                let corner = pos2(origin.x, origin.y + line.0);
                let rect = Rect::from_min_size(corner, vec2(body.width(), height));
                ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, (1.0, theme.grid));
                let (word, colour) = (word_of(notice.level), colour_of(notice.level, theme));
                let painter = ui.painter();
                let at = |x: f32| pos2(rect.left() + x, rect.top() + 3.0);
                painter.text(
                    at(INSET),
                    egui::Align2::LEFT_TOP,
                    time_of(notice),
                    font.clone(),
                    theme.text_weak,
                );
                painter.text(at(INSET + time_width), egui::Align2::LEFT_TOP, word, font.clone(), colour);
                let place = Rect::from_min_size(at(text_left), vec2(self.width, height - 6.0));
                let mut text_ui = ui.new_child(UiBuilder::new().max_rect(place).id_salt(line_key(notice)));
                let label =
                    egui::Label::new(RichText::new(&*notice.text).color(theme.text)).wrap().selectable(true);
                let response = text_ui.add(label);
                response.widget_info(|| {
                    let told = line_of(notice, desk);
                    egui::WidgetInfo::labeled(egui::Role::Label, true, told)
                });
            }
        });
    }

    /// Measures lines that are new, and all of them when the width is another.
    fn lay_out(&mut self, ui: &Ui, notices: &VecDeque<Notice>, width: f32, font: &FontId) {
        let width = width.max(60.0).floor();
        if (width - self.width).abs() > 0.5 || self.searched != self.search {
            self.lines.clear();
            self.width = width;
            self.searched.clone_from(&self.search);
        }
        let words: Vec<String> = self.searched.split_whitespace().map(str::to_lowercase).collect();
        let Some(first) = notices.front() else { return };
        // The log only loses lines in front and gains them behind.
        while self.lines.front().is_some_and(|line| !Arc::ptr_eq(&line.text, &first.text)) {
            self.lines.pop_front();
        }
        let is_continued = self.lines.len() <= notices.len()
            && self
                .lines
                .back()
                .is_none_or(|line| Arc::ptr_eq(&line.text, &notices[self.lines.len() - 1].text));
        if !is_continued {
            self.lines.clear();
        }
        let known = self.lines.len();
        for notice in notices.iter().skip(known) {
            let text = notice.text.to_string();
            let galley = ui.painter().layout(text, font.clone(), Color32::PLACEHOLDER, self.width);
            let lower = format!("{} {}", word_of(notice.level), notice.text).to_lowercase();
            self.lines.push_back(Line {
                text: Arc::clone(&notice.text),
                height: (galley.size().y + 6.0).ceil(),
                is_shown: words.iter().all(|word| lower.contains(word)),
            });
        }
        self.total = self.lines.iter().filter(|line| line.is_shown).map(|line| line.height).sum();
    }
}

fn colour_of(level: NoticeLevel, theme: &Theme) -> Color32 {
    match level {
        NoticeLevel::Info => theme.text_weak,
        NoticeLevel::Warning => theme.warn,
        NoticeLevel::Error => theme.danger,
    }
}

fn word_of(level: NoticeLevel) -> &'static str {
    match level {
        NoticeLevel::Info => "Info",
        NoticeLevel::Warning => "Warning",
        NoticeLevel::Error => "Error",
    }
}

/// A line as it is copied and read aloud.
fn line_of(notice: &Notice, desk: &Desk) -> String {
    let zone = format::zone(desk.settings().time_zone_display, None);
    let word = word_of(notice.level);
    format!("{} {word}: {}", format::date_time(notice.time, &zone), notice.text)
}

/// Tells lines apart that say the same at other times.
fn line_key(notice: &Notice) -> (i64, usize) {
    (notice.time.0, Arc::as_ptr(&notice.text).addr())
}
