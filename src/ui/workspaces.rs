//! The trader's workspaces: a menu in the top bar to change between them, and a window to name, copy, delete
//! and exchange them. All of it is saved by itself.

use std::sync::Arc;

use egui::{Button, Key, Label, RichText, ScrollArea, TextEdit, Ui, vec2};

use super::closing::close_button;
use super::commands::{Commands, UiCommand};
use super::giving_back::GivesBack;
use super::keys::{Act, keys_of};
use super::theme::{Theme, theme_of};
use super::tour::{self, Spot};
use super::workspace::{LONGEST, Shelf, ShelfChange, Workspace};
use crate::desk::Desk;
use crate::link::{Command, CommandId, FileTask};

const WIDTH: f32 = 620.0;
const LIST_HEIGHT: f32 = 280.0;
/// Characters of a name that the button in the top bar shows.
const SHOWN: usize = 16;

/// The window of all workspaces, and what is typed there.
#[derive(Debug, Default)]
pub(super) struct WorkspacesView {
    is_open: bool,
    is_new: bool,
    keyboard: GivesBack,
    new_name: String,
    /// Which one is being called otherwise, and how.
    renamed: Option<(String, String)>,
    path: String,
    asked: Option<CommandId>,
    said: Option<Said>,
}

/// How the last thing went that was asked for.
#[derive(Debug)]
struct Said {
    text: String,
    is_bad: bool,
}

/// The button in the top bar, with the name of the workspace on the screen.
pub(super) fn menu_ui(ui: &mut Ui, shelf: &Shelf, out: &mut Commands) {
    let name = shelf.shown();
    let short: String = name.chars().take(SHOWN).collect();
    let text = if short == name { format!("{name} ▾") } else { format!("{short}… ▾") };
    let menu = ui.menu_button(text, |ui| {
        for other in shelf.names() {
            if ui.selectable_label(other == name, other).clicked() {
                out.window(UiCommand::Shelf(ShelfChange::Show(other.to_owned())));
            }
        }
        ui.separator();
        let all = Button::new("New, copy, rename, export …").shortcut_text(keys_of(ui, Act::Workspaces));
        if ui.add(all).clicked() {
            out.window(UiCommand::Workspaces);
        }
    });
    tour::mark(ui, Spot::Workspaces, menu.response.rect);
    let said = format!("Workspace {name}");
    menu.response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, true, &said));
    menu.response.on_hover_text(format!(
        "{said}: which panes there are, where they stand and what they show.\nIt is saved by itself."
    ));
}

impl WorkspacesView {
    pub fn open(&mut self) {
        if !self.is_open {
            (self.is_open, self.is_new, self.said, self.renamed) = (true, true, None, None);
        }
    }

    pub fn ui(
        &mut self,
        ctx: &egui::Context,
        desk: &Desk,
        shelf: &mut Shelf,
        shown: &Workspace,
        out: &mut Commands,
    ) {
        self.keyboard.follow(ctx, self.is_open);
        if !self.is_open {
            return;
        }
        self.settle(desk, shelf);
        // Escape ends the renaming first, and closes the window only then.
        let is_renaming = self.renamed.is_some();
        let screen = ctx.content_rect().size() - vec2(48.0, 260.0);
        let size = vec2(WIDTH.min(screen.x), LIST_HEIGHT.min(screen.y));
        let frame = egui::Frame::popup(&ctx.global_style()).inner_margin(12);
        let modal = egui::Modal::new(egui::Id::unique("workspaces")).frame(frame).show(ctx, |ui| {
            ui.set_width(size.x);
            self.inside_ui(ui, shelf, shown, size, out)
        });
        if modal.inner || (modal.should_close() && !is_renaming) {
            self.is_open = false;
            ctx.request_repaint();
        }
    }

    /// Takes in what became of a file.
    fn settle(&mut self, desk: &Desk, shelf: &mut Shelf) {
        let Some(asked) = self.asked else { return };
        if let Some(Err(why)) = desk.answer(asked).map(|answer| &answer.outcome) {
            self.asked = None;
            self.say_bad(why.to_string());
        }
        let Some(done) = desk.file_done(asked).map(Arc::clone) else { return };
        self.asked = None;
        match (&done.task, &done.outcome) {
            (_, Err(why)) => self.say_bad(why.to_string()),
            (FileTask::Write { path, .. }, Ok(_)) => self.say(format!("Written to {path}")),
            (FileTask::Picture { .. }, Ok(_)) => {}
            (FileTask::Read { path }, Ok(text)) => match shelf.import(text) {
                Ok(names) => self.say(format!("Taken from {path}: {}", names.join(", "))),
                Err(why) => self.say_bad(why.to_string()),
            },
        }
    }

    /// Draws it; whether it is to be closed.
    fn inside_ui(
        &mut self,
        ui: &mut Ui,
        shelf: &Shelf,
        shown: &Workspace,
        size: egui::Vec2,
        out: &mut Commands,
    ) -> bool {
        let theme = theme_of(ui);
        ui.heading("Workspaces");
        let about = "Which panes there are, where they stand and what they show. Each is saved by itself.";
        ui.label(RichText::new(about).small().color(theme.text_weak));
        ui.add_space(6.0);
        egui::Frame::new().fill(theme.surface).corner_radius(theme.sizes.radius).inner_margin(6).show(
            ui,
            |ui| {
                ScrollArea::vertical().auto_shrink([false, true]).max_height(size.y).show(ui, |ui| {
                    for name in shelf.names() {
                        ui.push_id(name, |ui| self.line_ui(ui, shelf, shown, name, out));
                    }
                });
            },
        );
        if let Some(name) = shelf.deleted() {
            let back = ui.button(format!("Bring {name} back"));
            if back.on_hover_text("Undoes the deletion; possible until Pitdesk is closed").clicked() {
                self.said = None;
                out.window(UiCommand::Shelf(ShelfChange::Restore));
            }
        }
        ui.add_space(8.0);
        self.new_ui(ui, &theme, out);
        ui.add_space(4.0);
        self.path_ui(ui, &theme, out);
        ui.add_space(6.0);
        ui.horizontal(|ui| {
            let close = close_button(ui, "workspaces").clicked();
            if let Some(said) = &self.said {
                let colour = if said.is_bad { theme.danger } else { theme.text_weak };
                ui.add(Label::new(RichText::new(&said.text).color(colour)).wrap());
            }
            close
        })
        .inner
    }

    fn line_ui(&mut self, ui: &mut Ui, shelf: &Shelf, shown: &Workspace, name: &str, out: &mut Commands) {
        ui.horizontal(|ui| {
            if self.renamed.as_ref().is_some_and(|(from, _)| from == name) {
                self.rename_ui(ui, out);
                return;
            }
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                let does_delete = button(ui, "Delete", name, shelf.names().len() > 1);
                let does_export = button(ui, "Export", name, true);
                let does_rename = button(ui, "Rename", name, true);
                ui.with_layout(egui::Layout::left_to_right(egui::Align::Center), |ui| {
                    let row = ui.selectable_label(shelf.shown() == name, name);
                    if row.on_hover_text("Put it on the screen").clicked() {
                        self.said = None;
                        out.window(UiCommand::Shelf(ShelfChange::Show(name.to_owned())));
                    }
                });
                if does_delete {
                    self.said = None;
                    out.window(UiCommand::Shelf(ShelfChange::Delete(name.to_owned())));
                }
                if does_rename {
                    self.renamed = Some((name.to_owned(), name.to_owned()));
                    self.is_new = true;
                }
                if does_export {
                    self.export(shelf, shown, name, out);
                }
            });
        });
    }

    fn rename_ui(&mut self, ui: &mut Ui, out: &mut Commands) {
        let Some((from, to)) = &mut self.renamed else { return };
        let field = TextEdit::singleline(to).char_limit(LONGEST).desired_width(240.0);
        let field = ui.add(field).accessible_name(format!("New name of {from}"));
        if std::mem::take(&mut self.is_new) {
            field.request_focus();
        }
        let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        let does_rename = ui.button("Rename").clicked() || is_entered;
        let does_end = ui.button("Leave it").clicked() || ui.input(|input| input.key_pressed(Key::Escape));
        if does_rename {
            let change = ShelfChange::Rename { from: from.clone(), to: to.clone() };
            out.window(UiCommand::Shelf(change));
        }
        if does_rename || does_end {
            self.renamed = None;
        }
    }

    fn new_ui(&mut self, ui: &mut Ui, theme: &Theme, out: &mut Commands) {
        ui.horizontal(|ui| {
            let field = TextEdit::singleline(&mut self.new_name)
                .hint_text("Name of a new workspace")
                .char_limit(LONGEST)
                .desired_width(240.0)
                .min_size(vec2(0.0, theme.sizes.row));
            let field = ui.add(field).accessible_name("Name of a new workspace");
            if self.renamed.is_none() && std::mem::take(&mut self.is_new) {
                field.request_focus();
            }
            let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            let has_name = !self.new_name.trim().is_empty();
            let copy = ui.add_enabled(has_name, Button::new("Copy this one"));
            let copy = copy.on_hover_text("The same panes under a new name (Enter)").clicked();
            let fresh = ui.add_enabled(has_name, Button::new("Begin with standard panes")).clicked();
            if has_name && (copy || fresh || is_entered) {
                let name = std::mem::take(&mut self.new_name).trim().to_owned();
                let change = if fresh { ShelfChange::New(name) } else { ShelfChange::Copy(name) };
                self.said = None;
                out.window(UiCommand::Shelf(change));
            }
        });
    }

    fn path_ui(&mut self, ui: &mut Ui, theme: &Theme, out: &mut Commands) {
        let dropped =
            ui.input(|input| input.raw.dropped_files.first().map(|file| file.path().display().to_string()));
        if let Some(path) = dropped {
            self.path = path;
        }
        ui.horizontal(|ui| {
            let field = TextEdit::singleline(&mut self.path)
                .hint_text("A file to take workspaces from, or for an export")
                .desired_width(400.0)
                .min_size(vec2(0.0, theme.sizes.row));
            ui.add(field).accessible_name("File of workspaces");
            let can_read = !self.path.trim().is_empty() && self.asked.is_none();
            let import = ui.add_enabled(can_read, Button::new("Import"));
            if import.on_hover_text("Adds the workspaces of this file to yours").clicked() {
                let path = self.path.trim().into();
                self.asked = Some(out.send(Command::File(FileTask::Read { path })));
                self.said = None;
            }
        });
    }

    fn export(&mut self, shelf: &Shelf, shown: &Workspace, name: &str, out: &mut Commands) {
        let text = match shelf.export(name, shown) {
            Ok(text) => text,
            Err(why) => return self.say_bad(why.to_string()),
        };
        if self.path.trim().is_empty() {
            self.path = format!("~/pitdesk-{}.json", file_name(name));
        }
        let path = self.path.trim().into();
        self.asked = Some(out.send(Command::File(FileTask::Write { path, text: text.into() })));
        self.said = None;
    }

    fn say(&mut self, text: String) {
        self.said = Some(Said { text, is_bad: false });
    }

    fn say_bad(&mut self, text: String) {
        self.said = Some(Said { text, is_bad: true });
    }
}

/// A button of a line, called after the workspace that it is about.
fn button(ui: &mut Ui, what: &str, name: &str, is_enabled: bool) -> bool {
    let said = format!("{what} {name}");
    let button = ui.add_enabled(is_enabled, Button::new(what));
    button.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Button, is_enabled, &said));
    button.clicked()
}

/// A name in letters that every disk takes.
fn file_name(name: &str) -> String {
    let letters = name.chars().map(|letter| if letter.is_alphanumeric() { letter } else { '-' });
    letters.collect::<String>().to_lowercase()
}
