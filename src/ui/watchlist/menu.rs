//! The menu of the lists, in front of the field for symbols.

use egui::containers::menu::{MenuButton, MenuConfig, SubMenuButton};
use egui::text::{CCursor, CCursorRange};
use egui::{Button, Key, PopupCloseBehavior, Role, TextEdit, Ui, WidgetInfo, vec2};

use super::order::{By, Sort};
use super::undo::{Change, Changed};
use super::{View, Watchlist};
use crate::desk::Desk;
use crate::ui::paint::{Arrow, PixelGrid, PixelMesh};
use crate::ui::theme::theme_of;

/// Room for a name, of the width of the pane.
const SHARE: f32 = 0.4;
/// About as wide as a letter.
const LETTER: f32 = 8.0;
/// Half the height of the mark of a menu.
const MARK: f32 = 4.0;

/// What the menu was asked for.
#[derive(Debug, Clone, Copy)]
enum Wish {
    Show(usize),
    Create,
    Rename,
    Duplicate,
    Delete,
    Sort(Option<Sort>),
    Group,
}

impl Watchlist {
    /// The name of the list in sight: a button that opens the menu, or a field while it is changed.
    pub(super) fn lists_ui(&mut self, ui: &mut Ui, desk: &Desk) {
        if self.view.naming.is_some() {
            self.name_ui(ui);
            return;
        }
        let theme = theme_of(ui);
        let name = self.lists.name();
        let letters = (ui.available_width() * SHARE / LETTER) as usize;
        let label = format!("List {name}");
        // Behind it there is room for the mark of a menu.
        let text = format!("{}    ", cut(name, letters));
        let (button, shown) = MenuButton::from_button(Button::new(text)).ui(ui, |ui| self.menu_ui(ui));
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &label));
        let grid = PixelGrid::of(ui);
        let mut mark = PixelMesh::new(grid);
        let at = button.rect.right_center() + vec2(-10.0, MARK / 2.0);
        let (x, y) = (grid.nearest(at.x), grid.nearest(at.y));
        mark.arrow(Arrow::Down, x, y, grid.length(MARK), theme.text_weak);
        ui.painter().add(mark.into_shape());
        button.on_hover_text("Lists: choose, make, rename, duplicate, delete");
        if let Some(wish) = shown.and_then(|shown| shown.inner) {
            self.carry_out(wish, desk);
        }
    }

    fn menu_ui(&mut self, ui: &mut Ui) -> Option<Wish> {
        let mut wish = None;
        for (index, name) in self.lists.names().enumerate() {
            let is_shown = index == self.lists.shown();
            if ui.selectable_label(is_shown, name).clicked() {
                wish = Some(Wish::Show(index));
            }
        }
        ui.separator();
        let has_others = self.lists.len() > 1;
        for (text, one, is_possible) in [
            ("New list", Wish::Create, true),
            ("Rename list", Wish::Rename, true),
            ("Duplicate list", Wish::Duplicate, true),
            ("Delete list", Wish::Delete, has_others),
            ("New group", Wish::Group, true),
        ] {
            let entry = ui.add_enabled(is_possible, Button::new(text));
            if entry.on_disabled_hover_text("There is no other list").clicked() {
                wish = Some(one);
            }
        }
        ui.separator();
        ui.menu_button("Sort by", |ui| {
            let now = self.lists.sort();
            if ui.selectable_label(now.is_none(), "Own order").clicked() {
                wish = Some(Wish::Sort(None));
            }
            for by in By::ALL {
                let is_on = now.is_some_and(|sort| sort.by == by);
                if ui.selectable_label(is_on, by.title()).clicked() {
                    wish = Some(Wish::Sort(Sort::clicked(now, by)));
                }
            }
        });
        let stays = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
        SubMenuButton::new("Columns").config(stays).ui(ui, |ui| self.columns.ui(ui));
        wish
    }

    fn carry_out(&mut self, wish: Wish, desk: &Desk) {
        if !matches!(wish, Wish::Show(_)) {
            self.view.is_untouched = false;
        }
        match wish {
            Wish::Show(index) => self.lists.show(index),
            Wish::Create => self.lists.create(),
            Wish::Rename => {}
            Wish::Group => return self.insert_group(self.view.cursor),
            Wish::Sort(sort) => return self.sort(sort),
            Wish::Duplicate => self.lists.duplicate(),
            Wish::Delete => {
                let Some((index, list)) = self.lists.remove() else { return };
                self.view.change = Some(Change { what: Changed::Deleted(index, list), at: desk.now() });
            }
        }
        if !matches!(wish, Wish::Rename) {
            self.view.turn();
        }
        if matches!(wish, Wish::Create | Wish::Rename | Wish::Duplicate) {
            self.view.naming = Some(self.lists.name().to_owned());
            self.view.begins_naming = true;
        }
    }

    /// Enter and leaving the field take the name, Escape gives it up.
    fn name_ui(&mut self, ui: &mut Ui) {
        let Some(mut name) = self.view.naming.take() else { return };
        let width = ui.available_width() * SHARE;
        let edit = TextEdit::singleline(&mut name).desired_width(width).margin(egui::Margin::symmetric(6, 3));
        let field = ui.add(edit).accessible_name("Name of the list");
        if std::mem::take(&mut self.view.begins_naming) {
            field.request_focus();
            select_all(ui, field.id, &name);
        } else if ui.input(|input| input.key_pressed(Key::Escape)) {
            return;
        } else if field.lost_focus() {
            self.view.is_untouched = false;
            self.lists.rename(&name);
            return;
        }
        self.view.naming = Some(name);
    }
}

impl View {
    /// Forgets what belongs to the rows of the list that was in sight.
    pub(super) fn turn(&mut self) {
        self.cursor = 0;
        self.selected = None;
        self.offset = 0.0;
        self.must_reveal = true;
        self.drag = None;
        self.naming_group = None;
        self.order.reset();
        self.widest = super::columns::Widest::default();
        self.change.take_if(|change| !matches!(change.what, Changed::Deleted(..)));
        self.problem = None;
    }
}

/// A name in so many letters.
fn cut(name: &str, letters: usize) -> String {
    if name.chars().count() <= letters {
        return name.to_owned();
    }
    let kept: String = name.chars().take(letters.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// Selects what stands in a field: typing replaces it.
pub(super) fn select_all(ui: &Ui, field: egui::Id, text: &str) {
    let (begin, end) = (CCursor::new(0), CCursor::new(text.chars().count()));
    let mut state = TextEdit::load_state(ui, field).unwrap_or_default();
    state.cursor.set_char_range(Some(CCursorRange::two(begin, end)));
    state.store(ui, field);
}
