//! The strip on top of the list: which list, and a field: type a symbol, a name or a venue, press Enter.

use egui::{CompletionPopup, RectAlign, Suggestion};

use super::Watchlist;
use crate::desk::Desk;
use crate::ui::commands::{Commands, UiCommand};
use crate::ui::lookup::{Lookup, Then};
use crate::ui::search::matching_instruments;
use crate::ui::theme::theme_of;

/// Suggestions that are offered.
const MOST_SUGGESTIONS: usize = 12;

impl Watchlist {
    pub(super) fn add_ui(&mut self, ui: &mut egui::Ui, desk: &Desk, out: &mut Commands) {
        let theme = theme_of(ui);
        let frame = egui::Frame::new().fill(theme.surface).inner_margin(egui::Margin::symmetric(6, 4));
        frame.show(ui, |ui| {
            ui.horizontal(|ui| {
                self.lists_ui(ui, desk);
                self.add_field_ui(ui, desk, out);
            });
        });
    }

    fn add_field_ui(&mut self, ui: &mut egui::Ui, desk: &Desk, out: &mut Commands) {
        let theme = theme_of(ui);
        let mut query = std::mem::take(&mut self.view.query);
        let typed = query.clone();
        let field = egui::TextEdit::singleline(&mut query)
            .hint_text("Add symbol…")
            .desired_width(f32::INFINITY)
            .margin(egui::Margin::symmetric(6, 0))
            .min_size(egui::vec2(0.0, ui.spacing().interact_size.y))
            .align(egui::Align2::LEFT_CENTER);
        // Names have blanks in them, so the whole text is one word.
        let completed = CompletionPopup::new(ui.make_persistent_id("add symbol"))
            .word_boundary(|_| false)
            .align(RectAlign::BOTTOM_START)
            .max_height(280.0)
            .accept_keys([egui::Key::Enter])
            .show(ui, field, |query| self.suggestions(desk, query.text, &theme));
        let response = completed.text_edit.response.response.accessible_name("Add symbol");
        self.view.takes_paste[0] = Some(response.id);
        self.view.query = query;
        self.view.lookup.settle(desk, out);
        if let Some(accepted) = completed.accepted {
            self.view.query.clear();
            // The field has taken over what was accepted: it was found for what was typed.
            let mut elsewhere = Lookup::candidates(desk, &typed);
            if let Some(instrument) = desk.instrument_by_key(&accepted.insert) {
                self.add(instrument.key());
                out.window(UiCommand::Select(instrument.id));
                self.view.must_reveal = true;
            } else if let Some((broker, candidate)) = elsewhere.find(|(_, one)| *one.name == *accepted.insert)
            {
                self.view.lookup.list(desk, broker, &candidate.name, Then::Open, out);
            }
            return;
        }
        self.view.lookup.look(desk, &self.view.query, out);
        if response.has_focus() && !completed.is_open && !self.view.query.trim().is_empty() {
            let place = response.rect.right_center() - egui::vec2(8.0, 0.0);
            let (note, colour) = if Lookup::is_looking(desk, &self.view.query) {
                ("looking …", theme.text_weak)
            } else {
                ("no such instrument", theme.warn)
            };
            ui.painter().text(place, egui::Align2::RIGHT_CENTER, note, theme.small_font(), colour);
        }
    }

    fn suggestions(&self, desk: &Desk, query: &str, theme: &crate::ui::theme::Theme) -> Vec<Suggestion> {
        if query.trim().is_empty() {
            return Vec::new();
        }
        let found = matching_instruments(desk.instruments(), query).into_iter().take(MOST_SUGGESTIONS);
        let elsewhere = Lookup::candidates(desk, query).take(MOST_SUGGESTIONS).map(|(_, candidate)| {
            let symbol = egui::RichText::new(&*candidate.symbol).color(theme.text);
            let described = egui::RichText::new(&*candidate.description).color(theme.text_weak);
            Suggestion::new(&*candidate.name)
                .content((symbol, described))
                .description(format!("{} {} · not listed yet", candidate.venue, candidate.currency))
        });
        let listed = found.map(|(_, instrument)| {
            let symbol = egui::RichText::new(&*instrument.symbol).color(theme.text_strong);
            let watched = if self.has(instrument) { " · in the list" } else { "" };
            Suggestion::new(instrument.key())
                .content((symbol, egui::RichText::new(&*instrument.name).color(theme.text_weak)))
                .description(format!("{}{watched}", instrument.venue))
        });
        listed.chain(elsewhere).collect()
    }
}
