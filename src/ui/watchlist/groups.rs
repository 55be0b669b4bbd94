//! Headings between the rows: a group is what stands below its heading, up to the next.

use std::ops::Range;

use egui::{Key, Rect, Response, Role, TextEdit, Ui, UiBuilder, WidgetInfo, vec2};

use super::Watchlist;
use super::list::Edit;
use super::row::Row;
use crate::ui::keys::{Act, keys_of};
use crate::ui::theme::theme_of;

/// What a new group is called until the trader has named it.
const NEW: &str = "Group";
/// Characters of a name; what is longer is cut.
const LONGEST: usize = 40;

/// A heading whose name is being changed.
#[derive(Debug)]
pub(super) struct Naming {
    index: usize,
    name: String,
    /// The field has yet to take the keyboard.
    begins: bool,
}

/// The rows below each heading, the first of them without one: where they begin and end.
pub(super) fn sections(rows: &[Row]) -> Vec<Range<usize>> {
    let mut begins: Vec<usize> = (0..rows.len()).filter(|at| rows[*at].is_heading()).collect();
    begins.insert(0, 0);
    let ends = begins.iter().skip(1).copied().chain([rows.len()]);
    begins.iter().copied().zip(ends).map(|(from, to)| from..to).collect()
}

impl Watchlist {
    /// Puts a heading in front of a row, or at the end, to be named at once.
    pub(super) fn insert_group(&mut self, index: usize) {
        let index = index.min(self.rows().len());
        self.edited().insert(index, Row::heading(NEW.to_owned()));
        self.view.order.reset();
        self.view.cursor = index;
        self.view.must_reveal = true;
        self.rename_group(index);
    }

    pub(super) fn rename_group(&mut self, index: usize) {
        let name = self.rows().get(index).map(|row| row.symbol().to_owned()).unwrap_or_default();
        self.view.naming_group = Some(Naming { index, name, begins: true });
    }

    /// Hides the rows of a group, or shows them again.
    pub(super) fn fold(&mut self, index: usize) {
        let Some(row) = self.edited().get_mut(index) else { return };
        row.is_folded = row.is_heading() && !row.is_folded;
        self.view.order.reset();
        self.view.cursor = index;
    }

    /// Shows the rows of the group that a row is in.
    pub(super) fn unfold_around(&mut self, index: usize) {
        let upto = index.min(self.rows().len());
        if let Some(heading) = self.rows_mut()[..upto].iter_mut().rev().find(|row| row.is_heading()) {
            heading.is_folded = false;
        }
    }

    /// A heading under mouse and keys; its name, and how many instruments it stands over.
    pub(super) fn heading_ui(&mut self, ui: &mut Ui, row_ui: &Response, index: usize, rect: Rect) {
        let row = &self.rows()[index];
        let count = self.rows()[index + 1..].iter().take_while(|row| !row.is_heading()).count();
        let (name, is_folded) = (row.symbol().to_owned(), row.is_folded);
        row_ui.widget_info(|| {
            let state = if is_folded { ", folded" } else { "" };
            let plural = if count == 1 { "" } else { "s" };
            let text = format!("Group {name}, {count} instrument{plural}{state}");
            WidgetInfo::labeled(Role::ListBoxOption, true, text)
        });
        let theme = theme_of(ui);
        let (weak, strong) = (theme.text_weak, theme.text);
        let mark = if is_folded { "+" } else { "−" };
        let left = rect.left_center() + vec2(super::columns::PAD, 0.0);
        ui.painter().text(left, egui::Align2::LEFT_CENTER, mark, theme.text_font(), weak);
        let at = left + vec2(MARK, 0.0);
        if self.view.naming_group.as_ref().is_some_and(|naming| naming.index == index) {
            self.group_name_ui(ui, Rect::from_min_max(egui::pos2(at.x, rect.top()), rect.max));
            return;
        }
        let text = ui.painter().text(at, egui::Align2::LEFT_CENTER, name, theme.text_font(), strong);
        let behind = text.right_center() + vec2(MARK / 2.0, 0.0);
        ui.painter().text(behind, egui::Align2::LEFT_CENTER, count.to_string(), theme.small_font(), weak);
    }

    /// Enter and leaving the field take the name, Escape gives it up.
    fn group_name_ui(&mut self, ui: &mut Ui, rect: Rect) {
        let Some(mut naming) = self.view.naming_group.take() else { return };
        let mut field_ui = ui.new_child(UiBuilder::new().max_rect(rect.shrink2(vec2(0.0, 1.0))));
        let edit = TextEdit::singleline(&mut naming.name).desired_width(rect.width() - MARK);
        let field = field_ui.add(edit).accessible_name("Name of the group");
        if std::mem::take(&mut naming.begins) {
            field.request_focus();
            super::menu::select_all(ui, field.id, &naming.name);
        } else if ui.input(|input| input.key_pressed(Key::Escape)) {
            return;
        } else if field.lost_focus() {
            let name: String = naming.name.trim().chars().take(LONGEST).collect();
            if let Some(row) = self.edited().get_mut(naming.index).filter(|row| row.is_heading())
                && !name.is_empty()
            {
                row.rename(name);
            }
            return;
        }
        self.view.naming_group = Some(naming);
    }

    /// The entries of a row's menu that concern groups.
    pub(super) fn group_menu_ui(&self, ui: &mut Ui, index: usize) -> Option<Edit> {
        let row = &self.rows()[index];
        let mut edit = None;
        if row.is_heading() {
            let text = if row.is_folded { "Show its rows" } else { "Hide its rows" };
            if ui.add(egui::Button::new(text).shortcut_text(keys_of(ui, Act::Fold))).clicked() {
                edit = Some(Edit::Fold(index));
            }
            if ui.button("Rename group").clicked() {
                edit = Some(Edit::Rename(index));
            }
        }
        if ui.button("New group above").clicked() {
            edit = Some(Edit::Insert(index));
        }
        edit
    }
}

/// Width of the mark in front of a name.
const MARK: f32 = 16.0;
