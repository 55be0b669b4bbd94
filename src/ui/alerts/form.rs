//! Where alerts are set and changed.

use egui::{Button, ComboBox, CompletionPopup, Key, RichText, Suggestion, TextEdit, Ui, vec2};

use super::draft::{From, Kind};
use super::{AlertsPane, Said, channels_ui, price_now};
use crate::desk::Desk;
use crate::domain::alert::Way;
use crate::domain::{AlertTerms, Condition};
use crate::link::Command;
use crate::ui::commands::Commands;
use crate::ui::format;
use crate::ui::search::matching_instruments;
use crate::ui::theme::theme_of;

/// Symbols that are offered.
const MOST_SUGGESTIONS: usize = 8;

/// A field, and what it says of itself.
struct Field<'a> {
    name: &'a str,
    hint: &'a str,
    width: f32,
}

impl AlertsPane {
    pub(super) fn form_ui(&mut self, ui: &mut Ui, desk: &Desk, out: &mut Commands) {
        self.follow(desk);
        self.view.draft.turn(desk);
        let mut is_entered = false;
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            self.kind_ui(ui);
            if self.view.draft.kind != Kind::Disconnect {
                is_entered |= self.symbol_ui(ui, desk);
            }
            is_entered |= self.level_ui(ui);
        });
        let terms = self.view.draft.terms(desk);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let draft = &mut self.view.draft;
            let every = "It is armed again by itself, and fires once a minute at most";
            ui.checkbox(&mut draft.every_time, "Every time").on_hover_text(every);
            ui.checkbox(&mut draft.sound, "Heard").on_hover_text("This alert has a sound");
            let field = Field { name: "Note", hint: "Note", width: 150.0 };
            is_entered |= field.ui(ui, &mut draft.note, false);
            let text = if draft.editing.is_some() { "Change alert" } else { "Set alert" };
            let can_set = terms.is_ok() && self.view.sent.is_none() && desk.stopped().is_none();
            let button = ui.add_enabled(can_set, Button::new(text));
            let missing = terms.as_ref().err().map_or("It is on its way", String::as_str);
            let is_asked = button.on_disabled_hover_text(missing).clicked() || (is_entered && can_set);
            if let Ok(terms) = &terms
                && is_asked
            {
                self.send(terms.clone(), out);
            }
            if self.view.draft.editing.is_some() && ui.button("Leave as it was").clicked() {
                self.view.draft.stop_editing();
            }
        });
        self.hint_ui(ui, desk, terms.as_ref());
        ui.horizontal_wrapped(|ui| channels_ui(ui, desk, out));
    }

    fn send(&mut self, terms: AlertTerms, out: &mut Commands) {
        let id = self.view.draft.editing;
        self.view.sent = Some(out.send(Command::SetAlert { id, terms }));
        self.view.said = None;
    }

    /// The symbol is that of the desk until one is typed.
    fn follow(&mut self, desk: &Desk) {
        let draft = &mut self.view.draft;
        if self.view.is_in_symbol || draft.is_typed || draft.editing.is_some() || !draft.price.is_empty() {
            return;
        }
        draft.symbol = match desk.selected() {
            Some(instrument) if draft.kind.is_priced() => instrument.key(),
            _ => String::new(),
        };
    }

    fn kind_ui(&mut self, ui: &mut Ui) {
        let draft = &mut self.view.draft;
        let before = draft.kind;
        let menu = ComboBox::from_id_salt("kind").selected_text(draft.kind.label()).width(130.0);
        let shown = menu.show_ui(ui, |ui| {
            for kind in Kind::ALL {
                if ui.selectable_value(&mut draft.kind, kind, kind.label()).clicked() {
                    draft.is_chosen = true;
                }
            }
        });
        if draft.kind != before && !draft.kind.is_priced() {
            (draft.is_typed, draft.price) = (false, String::new());
        }
        named(&shown.response, egui::Role::ComboBox, "Alert when");
    }

    /// The symbol, with what it may mean; whether Enter was pressed in it.
    fn symbol_ui(&mut self, ui: &mut Ui, desk: &Desk) -> bool {
        let theme = theme_of(ui);
        let draft = &mut self.view.draft;
        let hint = if draft.kind == Kind::Fill { "any" } else { "Symbol" };
        let mut typed = std::mem::take(&mut draft.symbol);
        let before = typed.clone();
        let field = TextEdit::singleline(&mut typed)
            .hint_text(hint)
            .desired_width(120.0)
            .min_size(vec2(0.0, theme.sizes.row));
        let completed = CompletionPopup::new(ui.make_persistent_id("symbol of an alert"))
            .word_boundary(|_| false)
            .max_height(220.0)
            .accept_keys([Key::Enter])
            .show(ui, field, |query| {
                let is_known = desk.instrument_by_key(query.text).is_some();
                if query.text.trim().is_empty() || is_known {
                    return Vec::new();
                }
                let found = matching_instruments(desk.instruments(), query.text).into_iter();
                let suggestion = |(_, instrument): (_, &std::sync::Arc<crate::domain::Instrument>)| {
                    let symbol = RichText::new(&*instrument.symbol).color(theme.text_strong);
                    let name = RichText::new(&*instrument.name).color(theme.text_weak);
                    Suggestion::new(instrument.key()).content((symbol, name)).description(&*instrument.venue)
                };
                found.take(MOST_SUGGESTIONS).map(suggestion).collect()
            });
        let response = completed.text_edit.response.response.accessible_name("Symbol of the alert");
        if let Some(accepted) = completed.accepted {
            typed = accepted.insert;
            draft.is_typed = true;
        } else if typed != before {
            draft.is_typed = !typed.trim().is_empty();
        }
        draft.symbol = typed;
        self.view.is_in_symbol = response.has_focus();
        response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
    }

    /// What the price must reach; whether Enter was pressed in a field of it.
    fn level_ui(&mut self, ui: &mut Ui) -> bool {
        let must_focus = std::mem::take(&mut self.view.must_focus);
        let draft = &mut self.view.draft;
        match draft.kind {
            Kind::Above | Kind::Below => {
                let field = Field { name: "Price of the alert", hint: "Price", width: 90.0 };
                field.ui(ui, &mut draft.price, must_focus)
            }
            Kind::Move => {
                let menu = ComboBox::from_id_salt("way").selected_text(draft.way.to_string()).width(90.0);
                let shown = menu.show_ui(ui, |ui| {
                    for way in [Way::Either, Way::Up, Way::Down] {
                        ui.selectable_value(&mut draft.way, way, way.to_string());
                    }
                });
                named(&shown.response, egui::Role::ComboBox, "Where to the price moves");
                let by = Field { name: "Per cent", hint: "%", width: 50.0 };
                let mut is_entered = by.ui(ui, &mut draft.percent, must_focus);
                let menu = ComboBox::from_id_salt("from").selected_text(draft.from.label()).width(150.0);
                let shown = menu.show_ui(ui, |ui| {
                    for from in From::ALL {
                        if ui.selectable_value(&mut draft.from, from, from.label()).clicked() {
                            draft.reference.clear();
                        }
                    }
                });
                named(&shown.response, egui::Role::ComboBox, "What the move is counted from");
                let (name, hint) = match draft.from {
                    From::Close => return is_entered,
                    From::Price => ("Price that the move is counted from", "Price"),
                    From::Minutes => ("Minutes of the move", "Minutes"),
                };
                is_entered |= Field { name, hint, width: 70.0 }.ui(ui, &mut draft.reference, false);
                is_entered
            }
            Kind::Fill | Kind::Disconnect => false,
        }
    }

    /// What the alert will do, or why there is none.
    fn hint_ui(&self, ui: &mut Ui, desk: &Desk, terms: Result<&AlertTerms, &String>) {
        let theme = theme_of(ui);
        let (text, colour) = match (&self.view.said, terms) {
            (Some(Said::Refused(why)), _) => (why.clone(), theme.danger),
            (Some(Said::Done(text)), _) => (text.clone(), theme.text),
            (None, Err(missing)) => (format!("{missing}."), theme.text_weak),
            (None, Ok(terms)) => match outlook(desk, &terms.condition) {
                (text, true) => (text, theme.warn),
                (text, false) => (text, theme.text_weak),
            },
        };
        ui.add(egui::Label::new(RichText::new(text).color(colour)).wrap());
    }
}

impl Field<'_> {
    /// Draws it; whether Enter was pressed in it.
    fn ui(&self, ui: &mut Ui, text: &mut String, must_focus: bool) -> bool {
        let height = theme_of(ui).sizes.row;
        let edit = TextEdit::singleline(text).hint_text(self.hint).desired_width(self.width);
        let field = ui.add(edit.min_size(vec2(0.0, height))).accessible_name(self.name);
        if must_focus {
            field.request_focus();
        }
        field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter))
    }
}

fn named(response: &egui::Response, role: egui::Role, name: &str) {
    response.widget_info(|| egui::WidgetInfo::labeled(role, true, name));
}

/// What would happen, and whether it needs a second look.
fn outlook(desk: &Desk, condition: &Condition) -> (String, bool) {
    let Some(instrument) = condition.priced().and_then(|key| desk.instrument_by_key(key)) else {
        return (format!("{}: that is told.", condition.in_words(0)), false);
    };
    let words = condition.in_words(instrument.ticks.decimals());
    let Some(now) = price_now(desk, instrument) else {
        return (format!("{words}. No price now: it waits for the first."), true);
    };
    let at = format::price(now, instrument);
    let is_there = match condition {
        Condition::Above { price, .. } => now >= *price,
        Condition::Below { price, .. } => now <= *price,
        _ => false,
    };
    if is_there {
        return (format!("{words}. It is at {at} now: this alert fires at once."), true);
    }
    (format!("{words}. Now {at}."), false)
}
