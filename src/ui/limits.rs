//! The editor of the limits (Ctrl+Shift+L): the profile's, and those of accounts and instruments.
//!
//! Nothing holds before Apply, which sends all of it at once. Where that would allow more than
//! is allowed now, it asks once more and names what; making a limit tighter asks nothing. What
//! is typed is judged as it is typed, and nothing is applied while a field cannot be read.
//! Ctrl+Enter applies, Escape goes one step back, and asks before it throws changes away.

mod draft;
mod fields;
pub(in crate::ui) mod used;

use std::sync::Arc;

use egui::{Align, Key, Layout, Modifiers, RichText, ScrollArea, TextEdit, Ui, vec2};

use self::draft::Draft;
use super::closing::close_button;
use super::commands::Commands;
use super::format;
use super::giving_back::GivesBack;
use super::search::matching_instruments;
use super::theme::{Theme, theme_of};
use crate::desk::Desk;
use crate::domain::limits::{LimitSet, Scope};
use crate::link::{Command, CommandId};

const LIST_WIDTH: f32 = 170.0;
const FIELDS_WIDTH: f32 = 520.0;
const HEIGHT: f32 = 316.0;
/// Of a question, in points.
const QUESTION_WIDTH: f32 = 460.0;
/// Lines of what gets looser that are shown; the rest is counted.
const MOST_LINES: usize = 8;

/// The editor, open or not.
#[derive(Debug, Default)]
pub(super) struct LimitsEditor {
    open: Option<Open>,
    keyboard: GivesBack,
}

/// The editor while it is open.
#[derive(Debug)]
struct Open {
    draft: Draft,
    /// As it was when it opened.
    begun: Draft,
    /// Which scope is shown.
    at: usize,
    /// What is typed to find an instrument.
    query: String,
    asks: Asks,
    sent: Option<CommandId>,
    /// Why the engine did not take it.
    refused: Option<String>,
    must_focus: bool,
}

/// What is asked before it goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asks {
    Nothing,
    /// Whether to allow more, with what.
    ToLoosen(Vec<String>),
    /// Whether to throw changes away.
    ToDiscard,
}

impl LimitsEditor {
    /// Opens it with the limits in force, on those of `scope`, else on the profile's.
    pub fn open(&mut self, desk: &Desk, scope: Option<&Scope>) {
        if self.open.is_some() {
            return;
        }
        let draft = Draft::of(desk);
        let is_it = |draft: &draft::ScopeDraft| Some(&draft.scope) == scope;
        let at = draft.scopes.iter().position(is_it).unwrap_or(0);
        self.open = Some(Open {
            begun: draft.clone(),
            draft,
            at,
            query: String::new(),
            asks: Asks::Nothing,
            sent: None,
            refused: None,
            must_focus: true,
        });
    }

    pub fn ui(&mut self, ctx: &egui::Context, desk: &Desk, out: &mut Commands) {
        self.keyboard.follow(ctx, self.open.is_some());
        let Some(open) = &mut self.open else { return };
        if open.is_answered(desk) {
            self.open = None;
            ctx.request_repaint();
            return;
        }
        let theme = theme_of(ctx);
        let id = egui::Id::unique("limits");
        let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(12);
        let does_apply = ctx.input_mut(|input| input.consume_key(Modifiers::COMMAND, Key::Enter));
        let modal = egui::Modal::new(id).frame(frame).show(ctx, |ui| {
            let is_question = open.asks != Asks::Nothing;
            ui.set_width(if is_question { QUESTION_WIDTH } else { LIST_WIDTH + FIELDS_WIDTH });
            match open.asks.clone() {
                Asks::Nothing => open.edit_ui(ui, desk, does_apply, &theme, out),
                Asks::ToLoosen(what) => open.loosen_ui(ui, desk, &what, &theme, out),
                Asks::ToDiscard => open.discard_ui(ui, &theme),
            }
        });
        let wants_away = modal.should_close();
        let is_done = modal.inner == Step::Closes;
        if is_done || (wants_away && open.steps_back(modal.backdrop_response.clicked())) {
            self.open = None;
            ctx.request_repaint();
        }
    }
}

/// What a frame of the editor has led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Stays,
    Closes,
}

impl Open {
    fn is_changed(&self) -> bool {
        self.draft != self.begun
    }

    /// Whether the engine has taken what was sent.
    fn is_answered(&mut self, desk: &Desk) -> bool {
        let Some(answer) = self.sent.and_then(|id| desk.answer(id)) else { return false };
        self.sent = None;
        match &answer.outcome {
            Ok(_) => true,
            Err(refused) => {
                self.refused = Some(refused.to_string());
                false
            }
        }
    }

    /// Escape, or a click beside it; whether that closes the editor.
    fn steps_back(&mut self, is_click: bool) -> bool {
        match self.asks {
            Asks::Nothing if !self.is_changed() => true,
            // A click beside the editor is too easily made to ask about.
            Asks::Nothing if is_click => false,
            Asks::Nothing => {
                self.asks = Asks::ToDiscard;
                false
            }
            _ => {
                self.asks = Asks::Nothing;
                self.must_focus = true;
                false
            }
        }
    }

    fn edit_ui(
        &mut self,
        ui: &mut Ui,
        desk: &Desk,
        does_apply: bool,
        theme: &Theme,
        out: &mut Commands,
    ) -> Step {
        let limits = &desk.settings().limits;
        ui.horizontal(|ui| {
            ui.heading("Limits");
            let about =
                format!("Amounts in {}. The trading day begins at {}.", limits.currency, limits.day_start);
            ui.label(RichText::new(about).small().color(theme.text_weak));
        });
        ui.add_space(6.0);
        ui.horizontal_top(|ui| {
            ui.spacing_mut().item_spacing.x = 12.0;
            ui.allocate_ui_with_layout(vec2(LIST_WIDTH, HEIGHT), Layout::top_down(Align::Min), |ui| {
                ui.set_min_height(HEIGHT);
                self.scopes_ui(ui, desk, theme);
            });
            ui.vertical(|ui| {
                ui.set_min_height(HEIGHT);
                self.scope_ui(ui, desk, theme);
            });
        });
        ui.add_space(6.0);
        self.foot_ui(ui, desk, does_apply, theme, out)
    }

    fn scopes_ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme) {
        ScrollArea::vertical().id_salt("scopes").max_height(HEIGHT - 92.0).show(ui, |ui| {
            ui.set_width(LIST_WIDTH);
            let wrong = self.draft.wrong();
            for (index, draft) in self.draft.scopes.iter().enumerate() {
                let is_locked = used::lock(desk, &draft.scope).is_some();
                let title = title(&draft.scope);
                let title = if is_locked { format!("{title} · locked") } else { title };
                let colour = if wrong == Some(index) || is_locked {
                    theme.danger
                } else if draft.is_empty() {
                    theme.text_weak
                } else {
                    theme.text
                };
                let row = ui.selectable_label(self.at == index, RichText::new(&title).color(colour));
                if row.clicked() {
                    self.at = index;
                }
            }
        });
        ui.add_space(6.0);
        let field = TextEdit::singleline(&mut self.query)
            .hint_text("Add an instrument")
            .desired_width(LIST_WIDTH - 16.0)
            .min_size(vec2(0.0, theme.sizes.row));
        let field = ui.add(field).accessible_name("Add an instrument");
        let found = matching_instruments(desk.instruments(), &self.query);
        let best = found.into_iter().min_by_key(|(rank, _)| *rank).map(|(_, instrument)| instrument.key());
        let best = best.filter(|_| !self.query.trim().is_empty());
        let does_add = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let text = best.as_ref().map_or_else(|| "Add".to_owned(), |key| format!("Add {key}"));
        let is_clicked = ui.add_enabled(best.is_some(), egui::Button::new(text)).clicked();
        if let Some(key) = best.filter(|_| does_add || is_clicked) {
            self.at = self.draft.place_of(&key);
            self.query.clear();
            self.must_focus = true;
        }
    }

    fn scope_ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme) {
        let at = self.at.min(self.draft.scopes.len().saturating_sub(1));
        let Some((profile, _)) = self.draft.scopes.split_first() else { return };
        let profile = profile.limits();
        let Some(draft) = self.draft.scopes.get_mut(at) else { return };
        let is_profile = draft.scope == Scope::Profile;
        let about = match &draft.scope {
            Scope::Profile => {
                "Hold for every order; what is counted is counted over all accounts.".to_owned()
            }
            Scope::Account(name) => format!("Hold besides the profile's for orders of account {name}."),
            Scope::Instrument(key) => format!("Hold besides the profile's for orders in {key}."),
        };
        let mut does_remove = false;
        ui.horizontal(|ui| {
            ui.label(RichText::new(about).small().color(theme.text_weak));
            if !is_profile {
                let button = ui.add_enabled(!draft.is_empty(), egui::Button::new("Remove these").small());
                does_remove = button.on_hover_text("Takes every limit of this scope away").clicked();
            }
        });
        if let Some(lock) = used::lock(desk, &draft.scope) {
            let text = RichText::new(used::lock_text(&lock, desk)).color(theme.danger);
            ui.add(egui::Label::new(text).wrap());
        }
        ui.add_space(4.0);
        let focus = std::mem::take(&mut self.must_focus);
        if fields::fields_ui(ui, draft, &profile, desk, focus, theme) {
            self.refused = None;
        }
        if does_remove {
            draft.clear();
        }
    }

    fn foot_ui(
        &mut self,
        ui: &mut Ui,
        desk: &Desk,
        does_apply: bool,
        theme: &Theme,
        out: &mut Commands,
    ) -> Step {
        let why_not = self.why_not(desk);
        let mut step = Step::Stays;
        ui.horizontal(|ui| {
            let apply = ui.add_enabled(why_not.is_none(), egui::Button::new("Apply"));
            let is_pressed = apply.on_hover_text("Ctrl+Enter").clicked() || does_apply;
            if is_pressed && why_not.is_none() {
                self.apply(desk, out);
            }
            if close_button(ui, "limits").clicked() && self.steps_back(false) {
                step = Step::Closes;
            }
            let (text, colour) = match (&self.refused, &self.sent, &why_not) {
                (Some(refused), ..) => (refused.clone(), theme.danger),
                (None, Some(_), _) => ("Sent, no answer yet …".to_owned(), theme.text_weak),
                (None, None, Some(why)) => (why.clone(), theme.text_weak),
                (None, None, None) => ("Not applied yet".to_owned(), theme.warn),
            };
            ui.add(egui::Label::new(RichText::new(text).small().color(colour)).truncate());
        });
        step
    }

    /// Why there is nothing to apply.
    fn why_not(&self, desk: &Desk) -> Option<String> {
        if desk.stopped().is_some() {
            return Some("The engine has stopped: nothing can be changed".to_owned());
        }
        if let Some(at) = self.draft.wrong() {
            return Some(format!("{}: a field cannot be used", title(&self.draft.scopes[at].scope)));
        }
        let now = &desk.settings().limits;
        (self.draft.applied_to(now) == *now).then(|| "Nothing has changed".to_owned())
    }

    /// Sends the limits, or asks first where they allow more than now.
    fn apply(&mut self, desk: &Desk, out: &mut Commands) {
        let now = &desk.settings().limits;
        let limits = self.draft.applied_to(now);
        let looser = limits.looser_than(now);
        if looser.is_empty() {
            self.send(limits, desk, out);
        } else {
            self.asks = Asks::ToLoosen(looser);
            self.must_focus = true;
        }
    }

    fn send(&mut self, limits: LimitSet, desk: &Desk, out: &mut Commands) {
        let mut settings = (**desk.settings()).clone();
        settings.limits = limits;
        self.sent = Some(out.send(Command::Configure(Arc::new(settings))));
        self.refused = None;
        self.asks = Asks::Nothing;
    }

    fn loosen_ui(
        &mut self,
        ui: &mut Ui,
        desk: &Desk,
        what: &[String],
        theme: &Theme,
        out: &mut Commands,
    ) -> Step {
        ui.heading("Allow more than now?");
        ui.add_space(6.0);
        for line in what.iter().take(MOST_LINES) {
            ui.label(RichText::new(format::capitalised(line)).color(theme.warn));
        }
        if what.len() > MOST_LINES {
            ui.label(RichText::new(format!("and {} more", what.len() - MOST_LINES)).color(theme.warn));
        }
        ui.add_space(10.0);
        ui.horizontal(|ui| {
            // The safe one first: it is what a hasty Enter or Space meets.
            let back = ui.button("Back");
            if std::mem::take(&mut self.must_focus) {
                back.request_focus();
            }
            if back.clicked() {
                self.asks = Asks::Nothing;
                self.must_focus = true;
            }
            if ui.button("Loosen the limits").clicked() {
                let limits = self.draft.applied_to(&desk.settings().limits);
                // The limits in force may have changed while this was asked.
                if limits.looser_than(&desk.settings().limits) == what {
                    self.send(limits, desk, out);
                } else {
                    self.apply(desk, out);
                }
            }
        });
        Step::Stays
    }

    fn discard_ui(&mut self, ui: &mut Ui, theme: &Theme) -> Step {
        ui.heading("Discard the changes?");
        ui.label(RichText::new("What was typed has not been applied.").color(theme.text));
        ui.add_space(10.0);
        ui.horizontal(|ui| {
            if ui.button("Keep editing").clicked() {
                self.asks = Asks::Nothing;
                self.must_focus = true;
            }
            if ui.button("Discard").clicked() { Step::Closes } else { Step::Stays }
        })
        .inner
    }
}

fn title(scope: &Scope) -> String {
    match scope {
        Scope::Profile => "Profile".to_owned(),
        Scope::Account(name) => format!("Account {name}"),
        Scope::Instrument(key) => key.to_string(),
    }
}
