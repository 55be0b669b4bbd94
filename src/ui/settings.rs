//! The window of all settings: what each is for, what it is and what it was, and the way back.
//!
//! A change is in force at once; the engine keeps it. What is typed counts when its field is left. Until the engine has
//! answered, what was asked for is shown, and the next change is made to that: two quick ones do not undo each other.
//! Limits, keys and the arming of accounts have windows of their own, which stand here as links.

pub(in crate::ui) mod catalogue;
pub(in crate::ui) mod control;
mod exchange;

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Align, ComboBox, Context, Key, Label, Layout, RichText, ScrollArea, TextEdit, Ui, Vec2, vec2};

use self::catalogue::{CATALOGUE, Entry, Section, Takes};
use self::control::{Choice, Control, Switch, Text, Window};
use self::exchange::{Exchange, Step};
use super::closing::close_button;
use super::commands::{Commands, UiCommand};
use super::theme::{Theme, theme_of};
use super::tour;
use crate::desk::Desk;
use crate::domain::Settings;
use crate::link::{Command, CommandId};

/// What it is called, wherever it is offered.
pub(super) const TITLE: &str = "Settings";

const SIZE: Vec2 = vec2(860.0, 420.0);
/// What stands around the list.
const AROUND: Vec2 = vec2(64.0, 250.0);
const SECTIONS_WIDTH: f32 = 150.0;
const CONTROL_WIDTH: f32 = 250.0;
/// For what leads back to the usual value.
const BACK_WIDTH: f32 = 84.0;

/// The window, open or not.
#[derive(Debug, Default)]
pub(super) struct SettingsView {
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    query: String,
    section: Section,
    is_new: bool,
    /// What is being typed, by the setting's place.
    drafts: BTreeMap<&'static str, String>,
    /// Why something is not as it was asked to be.
    said: BTreeMap<&'static str, String>,
    sent: Option<Sent>,
    exchange: Exchange,
}

/// A change that has no answer yet.
#[derive(Debug)]
struct Sent {
    id: CommandId,
    /// Which setting was changed; none where several were.
    path: Option<&'static str>,
    settings: Arc<Settings>,
}

impl SettingsView {
    /// Opens it, on a setting or on the first ones.
    pub fn open(&mut self, on: Option<&'static str>) {
        let entry = on.and_then(Entry::at);
        self.open = Some(Open {
            query: entry.map_or_else(String::new, |entry| entry.name.to_owned()),
            section: Section::Looks,
            is_new: true,
            drafts: BTreeMap::new(),
            said: BTreeMap::new(),
            sent: None,
            exchange: Exchange::default(),
        });
    }

    pub fn ui(&mut self, ctx: &Context, desk: &Desk, out: &mut Commands) {
        let Some(open) = &mut self.open else { return };
        open.hear(desk);
        let size = SIZE.min(ctx.content_rect().size() - AROUND);
        let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(12);
        let modal = egui::Modal::new(egui::Id::unique("settings")).frame(frame).show(ctx, |ui| {
            ui.set_width(size.x);
            open.inside_ui(ui, desk, size, out)
        });
        let leaves = modal.should_close();
        if leaves && open.exchange.asks() {
            open.exchange.leave();
        } else if leaves || modal.inner {
            self.open = None;
        }
    }
}

impl Open {
    fn hear(&mut self, desk: &Desk) {
        let answer = self.sent.as_ref().and_then(|sent| desk.answer(sent.id));
        if let (Some(answer), Some(sent)) = (answer, &self.sent) {
            let refused = answer.outcome.as_ref().err();
            match (refused, sent.path.and_then(Entry::at)) {
                (Some(why), Some(entry)) => {
                    let text = format!("{why}. It stays: {}.", entry.said(desk.settings()));
                    self.said.insert(entry.path, text);
                }
                (Some(why), None) => self.exchange.say_bad(format!("{why}. All settings stay as they were.")),
                (None, _) => {}
            }
            self.sent = None;
        }
        self.exchange.hear(desk);
    }

    /// What is in force, or was asked to be.
    fn now(&self, desk: &Desk) -> Arc<Settings> {
        Arc::clone(self.sent.as_ref().map_or_else(|| desk.settings(), |sent| &sent.settings))
    }

    fn send(&mut self, path: Option<&'static str>, settings: Settings, desk: &Desk, out: &mut Commands) {
        if settings == *self.now(desk) {
            return;
        }
        let settings = Arc::new(settings);
        let id = out.send(Command::Configure(Arc::clone(&settings)));
        self.sent = Some(Sent { id, path, settings });
    }

    fn change(&mut self, entry: &Entry, desk: &Desk, out: &mut Commands, change: impl FnOnce(&mut Settings)) {
        self.said.remove(entry.path);
        let mut settings = Settings::clone(&self.now(desk));
        change(&mut settings);
        self.send(Some(entry.path), settings, desk, out);
    }

    /// Draws it; whether it is to be closed.
    fn inside_ui(&mut self, ui: &mut Ui, desk: &Desk, size: Vec2, out: &mut Commands) -> bool {
        let theme = theme_of(ui);
        ui.heading(TITLE);
        if self.exchange.asks() {
            let now = self.now(desk);
            match self.exchange.question_ui(ui, size, &now, &theme) {
                Some(Step::TakeOver(settings)) => self.send(None, *settings, desk, out),
                Some(Step::Leave) | None => {}
            }
            return false;
        }
        let field = TextEdit::singleline(&mut self.query)
            .hint_text("Search all settings")
            .desired_width(f32::INFINITY)
            .min_size(vec2(0.0, theme.sizes.row));
        let field = ui.add(field).accessible_name("Search settings");
        if std::mem::take(&mut self.is_new) {
            field.request_focus();
        }
        ui.add_space(6.0);
        let mut closes = false;
        ui.horizontal_top(|ui| {
            ui.allocate_ui_with_layout(vec2(SECTIONS_WIDTH, size.y), Layout::top_down(Align::Min), |ui| {
                ui.set_width(SECTIONS_WIDTH);
                self.sections_ui(ui);
            });
            // The bar stands beside the rows, not on them.
            ui.spacing_mut().scroll.floating_allocated_width = ui.spacing().scroll.bar_width;
            let width = size.x - SECTIONS_WIDTH - 32.0;
            ui.allocate_ui_with_layout(vec2(width, size.y), Layout::top_down(Align::Min), |ui| {
                ScrollArea::vertical().auto_shrink(false).max_height(size.y).show(ui, |ui| {
                    closes = self.rows_ui(ui, desk, &theme, out);
                });
            });
        });
        ui.separator();
        let now = self.now(desk);
        self.exchange.ui(ui, desk, &now, &theme, out);
        let leaves = ui.horizontal(|ui| {
            let leaves = close_button(ui, "settings").clicked();
            let tours = ui.button(tour::TITLE).on_hover_text("A few steps around the desk").clicked();
            if tours {
                out.window(UiCommand::Tour);
            }
            let (text, colour) = match (desk.stopped(), desk.settings_unsaved()) {
                (Some(_), _) => ("The engine has stopped: nothing can be changed".to_owned(), theme.warn),
                (None, Some(why)) => {
                    (format!("In force, but not kept for the next start: {why}"), theme.danger)
                }
                (None, None) => ("Changes are in force at once, and kept.".to_owned(), theme.text_weak),
            };
            ui.add(Label::new(RichText::new(text).small().color(colour)).wrap());
            leaves || tours
        });
        closes || leaves.inner
    }

    fn sections_ui(&mut self, ui: &mut Ui) {
        let is_searching = !self.query.trim().is_empty();
        for section in Section::ALL {
            let is_shown = !is_searching && self.section == section;
            if ui.selectable_label(is_shown, section.label()).clicked() {
                self.section = section;
                self.query.clear();
            }
        }
    }

    /// Draws the rows that are meant; whether one of them leads elsewhere.
    fn rows_ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme, out: &mut Commands) -> bool {
        let is_searching = !self.query.trim().is_empty();
        let (mut closes, mut is_empty) = (false, true);
        for section in Section::ALL {
            let is_shown = |entry: &&Entry| {
                let is_meant =
                    if is_searching { entry.is_meant(&self.query) } else { self.section == section };
                entry.section == section && is_meant
            };
            let entries: Vec<&'static Entry> = CATALOGUE.iter().filter(is_shown).collect();
            if entries.is_empty() {
                continue;
            }
            is_empty = false;
            ui.label(RichText::new(section.label()).strong().color(theme.text_strong));
            for entry in entries {
                ui.add_space(4.0);
                closes |= ui.push_id(entry.name, |ui| self.row_ui(ui, entry, desk, theme, out)).inner;
            }
            ui.add_space(8.0);
        }
        if is_empty {
            let text = "No setting has this name, and none is about it. Other words, or fewer, may find it.";
            ui.label(RichText::new(text).color(theme.text_weak));
        }
        closes
    }

    fn row_ui(
        &mut self,
        ui: &mut Ui,
        entry: &'static Entry,
        desk: &Desk,
        theme: &Theme,
        out: &mut Commands,
    ) -> bool {
        let now = self.now(desk);
        let about_width = (ui.max_rect().width() - CONTROL_WIDTH - BACK_WIDTH).max(160.0);
        let mut closes = false;
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.set_width(about_width);
                ui.horizontal(|ui| {
                    ui.label(RichText::new(entry.name).color(theme.text));
                    if entry.is_changed(&now) {
                        ui.label(RichText::new("changed").small().color(theme.accent));
                    }
                    if entry.takes == Takes::NextStart {
                        ui.label(RichText::new("at the next start").small().color(theme.warn));
                    }
                });
                ui.add(Label::new(RichText::new(entry.line).small().color(theme.text_weak)).wrap());
                if let Some(said) = self.said.get(entry.path) {
                    ui.add(Label::new(RichText::new(said).small().color(theme.danger)).wrap());
                }
            });
            ui.add_enabled_ui(desk.stopped().is_none(), |ui| {
                closes = self.control_ui(ui, entry, &now, desk, theme, out);
                if entry.is_changed(&now) {
                    let usual = Settings::default();
                    let back = ui.button("Usual").on_hover_text(format!("Back to: {}", entry.said(&usual)));
                    if back.accessible_name(format!("Usual value of {}", entry.name)).clicked() {
                        self.drafts.remove(entry.path);
                        self.change(entry, desk, out, |settings| entry.control.copy(&usual, settings));
                    }
                }
            });
        });
        closes
    }

    fn control_ui(
        &mut self,
        ui: &mut Ui,
        entry: &'static Entry,
        now: &Settings,
        desk: &Desk,
        theme: &Theme,
        out: &mut Commands,
    ) -> bool {
        match &entry.control {
            Control::Choice(choice) => {
                if let Some(at) = choice_ui(ui, entry, choice, now) {
                    self.change(entry, desk, out, |settings| (choice.choose)(settings, at));
                }
            }
            Control::Switch(switch) => {
                if let Some(is_on) = switch_ui(ui, entry, switch, now) {
                    self.change(entry, desk, out, |settings| (switch.set)(settings, is_on));
                }
            }
            Control::Text(text) => self.text_ui(ui, entry, text, now, desk, out),
            Control::Fixed(_) => {
                let value = RichText::new(entry.said(now)).color(theme.text_strong);
                ui.allocate_ui(vec2(CONTROL_WIDTH, 0.0), |ui| ui.add(Label::new(value).wrap()));
            }
            Control::Window(window) => {
                let open = ui.button("Open …").accessible_name(format!("Open {}", entry.name));
                if open.clicked() {
                    out.window(match window {
                        Window::Keys => UiCommand::Keys(None),
                        Window::Limits => UiCommand::Limits,
                        Window::Arming => UiCommand::Arm(None),
                    });
                    return true;
                }
            }
        }
        false
    }

    /// A field; what is typed counts when it is left, but by Escape.
    fn text_ui(
        &mut self,
        ui: &mut Ui,
        entry: &'static Entry,
        text: &Text,
        now: &Settings,
        desk: &Desk,
        out: &mut Commands,
    ) {
        let draft = self.drafts.remove(entry.path);
        let is_draft = draft.is_some();
        let mut typed = draft.unwrap_or_else(|| (text.read)(now));
        let edit = if text.has_lines {
            TextEdit::multiline(&mut typed).desired_rows(3)
        } else {
            TextEdit::singleline(&mut typed)
        };
        let field = ui.add(edit.desired_width(CONTROL_WIDTH - 8.0)).accessible_name(entry.name);
        if field.lost_focus() {
            // A frame that is laid out twice leaves the field twice: what was typed counts once.
            if !is_draft || ui.input(|input| input.key_pressed(Key::Escape)) {
                return;
            }
            let mut tried = now.clone();
            match (text.write)(&mut tried, &typed) {
                Ok(()) => self.change(entry, desk, out, |settings| *settings = tried),
                Err(wanted) => {
                    let why = format!("Type {wanted}. It stays: {}.", entry.said(now));
                    self.said.insert(entry.path, why);
                }
            }
        } else if field.has_focus() {
            self.drafts.insert(entry.path, typed);
        }
    }
}

fn choice_ui(ui: &mut Ui, entry: &Entry, choice: &Choice, now: &Settings) -> Option<usize> {
    let at = (choice.at)(now);
    let mut chosen = None;
    let combo = ComboBox::from_id_salt(entry.path).width(CONTROL_WIDTH).selected_text(entry.said(now));
    let shown = combo.show_ui(ui, |ui| {
        for index in 0..choice.count {
            if ui.selectable_label(at == Some(index), (choice.label)(index)).clicked() {
                chosen = Some(index);
            }
        }
    });
    shown.response.accessible_name(entry.name);
    chosen
}

fn switch_ui(ui: &mut Ui, entry: &Entry, switch: &Switch, now: &Settings) -> Option<bool> {
    let mut is_on = (switch.is_on)(now);
    let size = vec2(CONTROL_WIDTH, 0.0);
    let shown = ui.allocate_ui(size, |ui| {
        ui.set_min_width(CONTROL_WIDTH);
        ui.checkbox(&mut is_on, entry.said(now)).accessible_name(entry.name).changed()
    });
    shown.inner.then_some(is_on)
}
