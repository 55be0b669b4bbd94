//! The trader's note and tags of an order, below its timeline.

use egui::{Button, Label, RichText, TextEdit, Ui, vec2};

use crate::desk::Desk;
use crate::domain::OrderId;
use crate::domain::note::{LONGEST, LONGEST_TAG, MOST_TAGS, Note};
use crate::link::{Command, CommandId};
use crate::ui::commands::Commands;
use crate::ui::theme::Theme;

/// What is typed.
#[derive(Debug, Default)]
pub(super) struct Draft {
    text: String,
    tags: String,
    /// What is kept of it, as far as the fields know.
    kept: Note,
    asked: Option<CommandId>,
    /// How it went, and whether that is bad.
    said: Option<(String, bool)>,
    must_focus: bool,
}

impl Draft {
    /// The field for the text gets the keyboard.
    pub fn focus(&mut self) {
        self.must_focus = true;
    }

    /// Whether something is typed that is not kept.
    pub fn is_unkept(&self) -> bool {
        Note::typed(&self.text, &self.tags) != self.kept
    }

    /// Takes in what is kept of the order, and what became of what was sent.
    pub fn settle(&mut self, order: OrderId, desk: &Desk) {
        let now = desk.note(order).map(|note| (**note).clone()).unwrap_or_default();
        if now != self.kept {
            if !self.is_unkept() {
                (self.text, self.tags) = (now.text.to_string(), now.typed_tags());
            }
            self.kept = now;
        }
        let Some(asked) = self.asked else { return };
        let refused = desk.answer(asked).and_then(|answer| answer.outcome.as_ref().err());
        let told = desk.noted(asked).map(|noted| noted.outcome.as_ref());
        let (text, is_bad) = match (refused, told) {
            (Some(why), _) | (None, Some(Err(why))) => (format!("{why}. The text stays here"), true),
            (None, Some(Ok(_))) => ("Kept".to_owned(), false),
            (None, None) => return,
        };
        self.asked = None;
        self.said = Some((text, is_bad));
    }

    pub fn ui(&mut self, ui: &mut Ui, order: OrderId, desk: &Desk, theme: &Theme, out: &mut Commands) {
        ui.horizontal_top(|ui| {
            let width = ui.available_width();
            let text = TextEdit::multiline(&mut self.text)
                .hint_text("Note")
                .desired_rows(2)
                .desired_width(width * 0.55)
                .char_limit(LONGEST);
            let text = ui.add(text).accessible_name(format!("Note of order {order}"));
            if std::mem::take(&mut self.must_focus) {
                text.request_focus();
            }
            ui.vertical(|ui| {
                let tags = TextEdit::singleline(&mut self.tags)
                    .hint_text("Tags, by commas")
                    .desired_width(f32::INFINITY)
                    .char_limit(MOST_TAGS * (LONGEST_TAG + 2))
                    .min_size(vec2(0.0, theme.sizes.row));
                ui.add(tags).accessible_name(format!("Tags of order {order}"));
                ui.horizontal(|ui| {
                    let can_keep = self.is_unkept() && self.asked.is_none() && desk.stopped().is_none();
                    if ui.add_enabled(can_keep, Button::new("Keep note")).clicked() {
                        let note = Note::typed(&self.text, &self.tags);
                        self.asked = Some(out.send(Command::Annotate { order, note }));
                        self.said = None;
                    }
                    let (said, is_bad) = match &self.said {
                        _ if self.asked.is_some() => ("On its way to the disk …", false),
                        Some((said, is_bad)) if *is_bad || !self.is_unkept() => (said.as_str(), *is_bad),
                        _ if self.is_unkept() => ("Not kept yet", false),
                        _ => ("", false),
                    };
                    let colour = if is_bad { theme.danger } else { theme.text_weak };
                    ui.add(Label::new(RichText::new(said).small().color(colour)).wrap());
                });
            });
        });
    }
}
