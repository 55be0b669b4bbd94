//! The window in which keys are looked up and changed.
//!
//! A click on an action's keys waits for others. While it waits nothing else sees what is pressed, but for the keys
//! of the kill switch: those act whatever stands open. What would take the keys from another action, or from text, is said before it is done; everything is in force at once, and kept
//! in settings.

use std::collections::BTreeMap;
use std::sync::Arc;

use egui::{Align, Button, Context, Event, Key, Label, Layout, RichText, ScrollArea, TextEdit, Ui, vec2};

use super::chord::Chord;
use super::keymap::{Keymap, keymap_of, with_chosen};
use super::table::{Act, Scope};
use crate::desk::Desk;
use crate::domain::Settings;
use crate::link::{Command, CommandId};
use crate::ui::closing::close_button;
use crate::ui::commands::Commands;
use crate::ui::format::capitalised;
use crate::ui::giving_back::GivesBack;
use crate::ui::pane::PaneKind;
use crate::ui::theme::{Theme, theme_of};

/// What it is called, wherever it is offered.
pub(in crate::ui) const TITLE: &str = "Keyboard shortcuts";

const WIDTH: f32 = 680.0;
const HEIGHT: f32 = 380.0;
const KEYS_WIDTH: f32 = 160.0;

/// The editor, open or not.
#[derive(Debug, Default)]
pub(in crate::ui) struct KeyEditor {
    open: Option<Open>,
    keyboard: GivesBack,
}

#[derive(Debug)]
struct Open {
    query: String,
    is_new: bool,
    step: Step,
    sent: Option<CommandId>,
    refused: Option<String>,
}

/// How far a change has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Looks,
    /// The next keys are for this action.
    Waits(Act),
    /// These were pressed; `None` for some that can be nobody's.
    Pressed(Act, Option<Chord>),
    /// It is to have its usual keys again, which others have by now.
    TakesBack(Act),
    /// Whether all are to be the usual ones again.
    AsksAll,
}

impl KeyEditor {
    /// Opens it, on one action or on all.
    pub fn open(&mut self, on: Option<Act>) {
        let query = on.map_or_else(String::new, |act| act.words().to_owned());
        self.open = Some(Open { query, is_new: true, step: Step::Looks, sent: None, refused: None });
    }

    /// Takes what is pressed while it waits for keys, before anything else sees it. The kill switch is pressed in
    /// a hurry: its keys end the wait and are left to it.
    pub fn capture(&mut self, ctx: &Context) {
        let Some(open) = &mut self.open else { return };
        let Step::Waits(act) = open.step else { return };
        let mut pressed = None;
        let map = keymap_of(ctx);
        ctx.input_mut(|input| {
            input.events.retain(|event| {
                if map.keys(Act::Kill).iter().any(|keys| keys.is_pressed_by(event).is_some()) {
                    pressed = pressed.or(Some(Step::Looks));
                    return true;
                }
                match pressed_by(event) {
                    Pressed::Nothing => return !matches!(event, Event::Text(_)),
                    Pressed::Modifier => {}
                    Pressed::Escape => pressed = pressed.or(Some(Step::Looks)),
                    Pressed::Keys(keys) => pressed = pressed.or(Some(Step::Pressed(act, keys))),
                }
                false
            });
        });
        open.step = pressed.unwrap_or(open.step);
    }

    pub fn ui(&mut self, ctx: &Context, desk: &Desk, out: &mut Commands) {
        self.keyboard.follow(ctx, self.open.is_some());
        let Some(open) = &mut self.open else { return };
        open.hear(desk);
        let theme = theme_of(ctx);
        let map = keymap_of(ctx);
        open.settle(&map, desk, out);
        let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(12);
        let modal = egui::Modal::new(egui::Id::unique("keys")).frame(frame).show(ctx, |ui| {
            ui.set_width(WIDTH);
            ui.heading(TITLE);
            open.field_ui(ui, &theme);
            ui.add_space(6.0);
            // The bar stands beside the rows, not on them.
            ui.spacing_mut().scroll.floating_allocated_width = ui.spacing().scroll.bar_width;
            ScrollArea::vertical().max_height(HEIGHT).min_scrolled_height(HEIGHT).show(ui, |ui| {
                ui.set_min_height(HEIGHT);
                open.rows_ui(ui, &map, desk, &theme, out);
            });
            ui.separator();
            open.foot_ui(ui, &map, desk, &theme, out)
        });
        let leaves = modal.should_close();
        if modal.inner || (leaves && open.step == Step::Looks) {
            self.open = None;
            ctx.request_repaint();
        } else if leaves {
            open.step = Step::Looks;
        }
    }
}

/// What an event is to whoever waits for keys.
enum Pressed {
    Nothing,
    /// Others follow.
    Modifier,
    Escape,
    /// `None` for keys that can be nobody's.
    Keys(Option<Chord>),
}

fn pressed_by(event: &Event) -> Pressed {
    let of_text = |key| Pressed::Keys(Some(Chord::of(key).ctrl()));
    match event {
        Event::Key { key: Key::Escape, pressed: true, .. } => Pressed::Escape,
        Event::Key { pressed: true, repeat: true, .. } => Pressed::Modifier,
        Event::Key { key, pressed: true, modifiers, .. } => match Chord::pressed(*key, *modifiers) {
            Some(keys) => Pressed::Keys(Some(keys)),
            None if *key == Key::Tab => Pressed::Keys(None),
            None => Pressed::Modifier,
        },
        // The window's frontend has made these of keys already.
        Event::Copy => of_text(Key::C),
        Event::Cut => of_text(Key::X),
        Event::Paste(_) => of_text(Key::V),
        _ => Pressed::Nothing,
    }
}

/// What speaks against keys for an action; they can be had at this price.
fn objection(map: &Keymap, act: Act, keys: Chord) -> Option<String> {
    let name = |other: &Act| format!("\"{}\" ({})", other.words(), other.scope().label());
    let others: Vec<String> = map.others(act, keys).iter().map(name).collect();
    let mut words = Vec::new();
    if !others.is_empty() {
        words.push(format!("{keys} stands for {}, which would lose it.", others.join(" and ")));
    }
    let acts_beside_text = matches!(act.scope(), Scope::Window | Scope::Pane(PaneKind::Ticket));
    if keys.is_for_text() && acts_beside_text {
        words.push(format!("While text is typed {keys} belongs to the text, and does nothing else."));
    }
    (!words.is_empty()).then(|| words.join(" "))
}

impl Open {
    fn hear(&mut self, desk: &Desk) {
        let Some(answer) = self.sent.and_then(|id| desk.answer(id)) else { return };
        self.sent = None;
        self.refused = answer.outcome.as_ref().err().map(ToString::to_string);
    }

    /// Keys that nothing speaks against are in force at once.
    fn settle(&mut self, map: &Keymap, desk: &Desk, out: &mut Commands) {
        if let Step::Pressed(act, Some(keys)) = self.step
            && objection(map, act, keys).is_none()
        {
            self.choose(map, act, &[keys], desk, out);
        }
    }

    fn choose(&mut self, map: &Keymap, act: Act, keys: &[Chord], desk: &Desk, out: &mut Commands) {
        self.send(with_chosen(&desk.settings().keys, map, act, keys), desk, out);
    }

    fn send(&mut self, keys: BTreeMap<String, String>, desk: &Desk, out: &mut Commands) {
        let settings = Settings { keys, ..(**desk.settings()).clone() };
        self.sent = Some(out.send(Command::Configure(Arc::new(settings))));
        (self.refused, self.step) = (None, Step::Looks);
    }

    fn field_ui(&mut self, ui: &mut Ui, theme: &Theme) {
        let field = TextEdit::singleline(&mut self.query)
            .hint_text("What they do, or the keys")
            .desired_width(f32::INFINITY)
            .min_size(vec2(0.0, theme.sizes.row));
        let field = ui.add(field).accessible_name("Search shortcuts");
        if std::mem::take(&mut self.is_new) {
            field.request_focus();
        }
    }

    fn rows_ui(&mut self, ui: &mut Ui, map: &Keymap, desk: &Desk, theme: &Theme, out: &mut Commands) {
        let mut is_empty = true;
        for scope in Scope::ALL {
            let is_found = |act: &Act| act.scope() == scope && is_meant(&self.query, *act, map);
            let acts: Vec<Act> = Act::ALL.iter().copied().filter(is_found).collect();
            if acts.is_empty() {
                continue;
            }
            is_empty = false;
            ui.add_space(4.0);
            ui.label(RichText::new(capitalised(&scope.label())).strong().color(theme.text_strong));
            for act in acts {
                self.row_ui(ui, act, map, desk, theme, out);
            }
        }
        if is_empty {
            ui.label(RichText::new("Nothing has this name, and no action these keys").color(theme.text_weak));
        }
    }

    fn row_ui(
        &mut self,
        ui: &mut Ui,
        act: Act,
        map: &Keymap,
        desk: &Desk,
        theme: &Theme,
        out: &mut Commands,
    ) {
        let (keys, usual) = (map.keys(act), act.default_keys());
        let is_free = desk.stopped().is_none();
        ui.horizontal(|ui| {
            ui.set_min_height(theme.sizes.row);
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let back = ui.add_enabled(is_free && keys != usual, Button::new("Usual").small());
                name(&back, &format!("Usual keys of {}", act.words()));
                if back.clicked() {
                    self.take_back(map, act, desk, out);
                }
                let clear = ui.add_enabled(is_free && !keys.is_empty(), Button::new("Clear").small());
                name(&clear, &format!("No keys for {}", act.words()));
                if clear.clicked() {
                    self.choose(map, act, &[], desk, out);
                }
                let is_waiting = self.step == Step::Waits(act);
                let said = map.said(act);
                let text = if is_waiting {
                    "Press them …"
                } else if keys.is_empty() {
                    "none"
                } else {
                    said
                };
                let is_shared = keys.iter().any(|keys| !map.others(act, *keys).is_empty());
                let colour = match () {
                    () if is_waiting => theme.accent,
                    () if is_shared => theme.warn,
                    () if keys.is_empty() => theme.text_weak,
                    () => theme.text,
                };
                let size = vec2(KEYS_WIDTH, theme.sizes.row);
                let button = Button::new(RichText::new(text).color(colour)).min_size(size);
                let button = ui.add_enabled(is_free, button);
                name(&button, &format!("Keys of {}: {text}", act.words()));
                if button.clicked() {
                    (self.step, self.refused) = (Step::Waits(act), None);
                }
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    ui.add(Label::new(RichText::new(act.words()).color(theme.text)).truncate());
                });
            });
        });
    }

    /// The usual keys of an action; asks first where another has them by now.
    fn take_back(&mut self, map: &Keymap, act: Act, desk: &Desk, out: &mut Commands) {
        if act.default_keys().iter().any(|keys| objection(map, act, *keys).is_some()) {
            self.step = Step::TakesBack(act);
        } else {
            self.choose(map, act, act.default_keys(), desk, out);
        }
    }

    /// What it waits for or asks; whether it is to be closed.
    fn foot_ui(&mut self, ui: &mut Ui, map: &Keymap, desk: &Desk, theme: &Theme, out: &mut Commands) -> bool {
        let mut closes = false;
        ui.allocate_ui_with_layout(vec2(WIDTH, 2.0 * theme.sizes.row), Layout::top_down(Align::Min), |ui| {
            ui.set_min_height(2.0 * theme.sizes.row);
            match self.step {
                Step::Looks => closes = self.rest_ui(ui, desk, theme),
                Step::Waits(act) => {
                    let text = format!(
                        "Press the new keys for \"{}\". Escape leaves them as they are.",
                        act.words()
                    );
                    ui.add(Label::new(RichText::new(text).color(theme.accent)).wrap());
                }
                Step::Pressed(act, None) => never_ui(ui, act, &mut self.step, theme),
                Step::Pressed(act, Some(keys)) => {
                    self.question_ui(ui, act, &[keys], (map, desk, theme), out);
                }
                Step::TakesBack(act) => {
                    self.question_ui(ui, act, act.default_keys(), (map, desk, theme), out);
                }
                Step::AsksAll => self.all_ui(ui, desk, theme, out),
            }
        });
        closes
    }

    fn rest_ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme) -> bool {
        let (text, colour) = match (&self.refused, desk.stopped()) {
            (Some(why), _) => (format!("Not kept: {why}"), theme.danger),
            (None, Some(_)) => ("The engine has stopped: nothing can be changed".to_owned(), theme.text_weak),
            (None, None) => {
                ("Click on keys to press others. They are in force at once.".to_owned(), theme.text_weak)
            }
        };
        ui.add(Label::new(RichText::new(text).color(colour)).wrap());
        ui.horizontal(|ui| {
            let closes = close_button(ui, "shortcuts").clicked();
            let is_changed = desk.settings().keys.keys().any(|name| Act::named(name).is_some());
            let can = is_changed && desk.stopped().is_none();
            if ui.add_enabled(can, Button::new("All usual keys")).clicked() {
                self.step = Step::AsksAll;
            }
            closes
        })
        .inner
    }

    fn question_ui(
        &mut self,
        ui: &mut Ui,
        act: Act,
        keys: &[Chord],
        (map, desk, theme): (&Keymap, &Desk, &Theme),
        out: &mut Commands,
    ) {
        let said = keys.iter().filter_map(|keys| objection(map, act, *keys));
        let said = said.collect::<Vec<_>>().join(" ");
        ui.add(Label::new(RichText::new(said).color(theme.warn)).wrap());
        ui.horizontal(|ui| {
            if ui.button("Use them").clicked() {
                self.choose(map, act, keys, desk, out);
            }
            others_ui(ui, act, &mut self.step);
        });
    }

    fn all_ui(&mut self, ui: &mut Ui, desk: &Desk, theme: &Theme, out: &mut Commands) {
        let text = "All actions get their usual keys; what was chosen is forgotten.";
        ui.add(Label::new(RichText::new(text).color(theme.warn)).wrap());
        ui.horizontal(|ui| {
            if ui.button("Use the usual keys").clicked() {
                let mut keys = desk.settings().keys.clone();
                keys.retain(|name, _| Act::named(name).is_none());
                self.send(keys, desk, out);
            }
            if ui.button("Leave as it was").clicked() {
                self.step = Step::Looks;
            }
        });
    }
}

/// For keys that can be nobody's.
fn never_ui(ui: &mut Ui, act: Act, step: &mut Step, theme: &Theme) {
    let text = "Tab goes on to the next control, everywhere. Choose others.";
    ui.add(Label::new(RichText::new(text).color(theme.warn)).wrap());
    ui.horizontal(|ui| others_ui(ui, act, step));
}

fn others_ui(ui: &mut Ui, act: Act, step: &mut Step) {
    if ui.button("Press others").clicked() {
        *step = Step::Waits(act);
    }
    if ui.button("Leave as it was").clicked() {
        *step = Step::Looks;
    }
}

/// Whether a search means an action: every word stands in its words, its keys or its scope.
fn is_meant(query: &str, act: Act, map: &Keymap) -> bool {
    let text = format!("{} {} {}", act.words(), map.said(act), act.scope().label()).to_lowercase();
    query.to_lowercase().split_whitespace().all(|word| text.contains(word))
}

fn name(button: &egui::Response, name: &str) {
    let is_enabled = button.enabled();
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, is_enabled, name));
}
