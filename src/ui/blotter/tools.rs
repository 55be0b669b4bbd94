//! The strip between the tabs and a table: search, filter, how much is shown, copy, export.
//!
//! It is there when it was asked for, and whenever something is hidden: what is not shown is always said.

use egui::containers::menu::{MenuButton, MenuConfig};
use egui::{
    Align, Button, Event, Key, Layout, PopupCloseBehavior, Rect, RichText, Role, TextEdit, Ui, UiBuilder,
    WidgetInfo, pos2,
};

use super::table::{Column, Shown};
use super::view::{Counts, Filter, Group, LONGEST, View};
use crate::desk::Desk;
use crate::domain::{AccountId, Side};
use crate::ui::commands::BlotterTool;
use crate::ui::keys::{Act, taken, with_keys};
use crate::ui::theme::Theme;

/// Width of the field for words, in points.
const FIELD: std::ops::RangeInclusive<f32> = 60.0..=180.0;
/// What the rest of the strip needs, with and without the buttons on the right.
const REST: [f32; 2] = [450.0, 320.0];

/// Whether the strip was asked for.
#[derive(Debug, Default)]
pub(super) struct Tools {
    pub is_open: bool,
    /// The field gets the keyboard.
    pub must_focus: bool,
}

/// A list that the strip is about.
pub(super) struct Subject<'a> {
    /// What one of its rows is called, and what several are.
    pub rows: [&'static str; 2],
    pub view: &'a mut View,
    pub counts: Counts,
    /// Whether its rows are orders, or happened at a time.
    pub has_status: bool,
    pub has_times: bool,
}

impl Tools {
    /// Draws it; what was asked for there.
    pub fn ui(
        &mut self,
        ui: &mut Ui,
        desk: &Desk,
        theme: &Theme,
        subject: &mut Subject<'_>,
    ) -> Option<BlotterTool> {
        let whole = ui.available_rect_before_wrap();
        let strip = Rect::from_min_max(whole.min, pos2(whole.right(), whole.top() + theme.sizes.row + 6.0));
        ui.painter().rect_filled(strip, 0, theme.panel);
        let mut inside = ui.new_child(
            UiBuilder::new()
                .max_rect(strip.shrink2(egui::vec2(6.0, 0.0)))
                .layout(Layout::left_to_right(Align::Center)),
        );
        inside.set_clip_rect(inside.clip_rect().intersect(strip));
        let wish = self.inside_ui(&mut inside, desk, theme, subject);
        ui.advance_cursor_after_rect(strip);
        ui.add_space(-ui.spacing().item_spacing.y);
        wish
    }

    fn inside_ui(
        &mut self,
        ui: &mut Ui,
        desk: &Desk,
        theme: &Theme,
        subject: &mut Subject<'_>,
    ) -> Option<BlotterTool> {
        let [with_buttons, without] = REST;
        let width = ui.available_width();
        let has_room = width >= with_buttons + FIELD.start();
        let field = width - if has_room { with_buttons } else { without };
        self.field_ui(ui, field.clamp(*FIELD.start(), *FIELD.end()), &mut subject.view.filter);
        let mut wish = menu_ui(ui, desk, subject, has_room);
        wish = wish.or(said_ui(ui, theme, subject));
        if has_room {
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let export = with_keys(ui, "Writes the rows that are shown to a CSV file", Act::ExportRows);
                if ui.button("Export …").on_hover_text(export).clicked() {
                    wish = Some(BlotterTool::Export);
                }
                let copy = "Copies the rows that are shown, with their heads, for a spreadsheet.\n\
                            Ctrl+C in the table copies the row that is selected";
                if ui.button("Copy").on_hover_text(copy).clicked() {
                    wish = Some(BlotterTool::Copy);
                }
            });
        }
        wish
    }

    fn field_ui(&mut self, ui: &mut Ui, width: f32, filter: &mut Filter) {
        let field = TextEdit::singleline(&mut filter.search)
            .hint_text("Search")
            .char_limit(LONGEST)
            .desired_width(width);
        let field = ui.add(field).accessible_name("Search the table");
        if std::mem::take(&mut self.must_focus) {
            field.request_focus();
        }
        if field.lost_focus() && ui.input(|input| input.key_pressed(Key::Escape)) {
            filter.search.clear();
        }
        field.on_hover_text(
            "Rows with all of these words: symbol, number, status, account, reason (Escape clears)",
        );
    }
}

/// The choices that hide rows; and what has no room beside them.
fn menu_ui(ui: &mut Ui, desk: &Desk, subject: &mut Subject<'_>, has_buttons: bool) -> Option<BlotterTool> {
    let text = match subject.view.filter.choices() {
        0 => "Filter ▾".to_owned(),
        choices => format!("Filter {choices} ▾"),
    };
    let stays = MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside);
    let (button, shown) = MenuButton::from_button(Button::new(text)).config(stays).ui(ui, |ui| {
        choices_ui(ui, desk, subject);
        if has_buttons {
            return None;
        }
        ui.separator();
        let copies = ui.button("Copy what is shown").clicked();
        let exports = ui.button("Export what is shown …").clicked();
        copies.then_some(BlotterTool::Copy).or(exports.then_some(BlotterTool::Export))
    });
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Filter the table"));
    shown.and_then(|shown| shown.inner)
}

fn choices_ui(ui: &mut Ui, desk: &Desk, subject: &mut Subject<'_>) {
    let filter = &mut subject.view.filter;
    let selected = match desk.selected() {
        Some(instrument) => format!("Only {}, the selected instrument", instrument.symbol),
        None => "Only the selected instrument".to_owned(),
    };
    ui.checkbox(&mut filter.selected_only, selected);
    if subject.has_times {
        let today = ui.checkbox(&mut filter.today, "Only today");
        today.on_hover_text(
            "Since midnight, in the zone that times are shown in. What is still working is shown too",
        );
    }
    ui.separator();
    let sides = [(None, "Both sides"), (Some(Side::Buy), "Buy"), (Some(Side::Sell), "Sell")];
    ui.horizontal(|ui| {
        for (side, text) in sides {
            ui.radio_value(&mut filter.side, side, text);
        }
    });
    if subject.has_status {
        ui.separator();
        for group in Group::ALL {
            ui.radio_value(&mut filter.status, group, group.title());
        }
    }
    let accounts: Vec<AccountId> = desk.accounts().iter().map(|account| account.id.clone()).collect();
    if accounts.len() > 1 || filter.account.is_some() {
        ui.separator();
        ui.radio_value(&mut filter.account, None, "Every account");
        for account in accounts {
            let text = account.to_string();
            ui.radio_value(&mut filter.account, Some(account), text);
        }
    }
}

/// How much is shown; and the way back to all of it.
fn said_ui(ui: &mut Ui, theme: &Theme, subject: &Subject<'_>) -> Option<BlotterTool> {
    let counts = subject.counts;
    let is_whole = counts.shown == counts.of;
    if is_whole && subject.view.filter == Filter::default() {
        ui.label(RichText::new(counts.named(subject.rows)).color(theme.text_weak));
        return None;
    }
    let colour = if counts.hidden_working > 0 { theme.warn } else { theme.text };
    let clear = ui.button("Clear").on_hover_text("Shows all rows again");
    let said = ui.label(RichText::new(counts.said()).color(colour));
    said.on_hover_text(match counts.hidden_working {
        0 => "So many rows are shown".to_owned(),
        working => format!("The filter hides {working} that can still trade"),
    });
    clear.clicked().then_some(BlotterTool::Clear)
}

/// What is asked for at the heads of a table, and by keys while it has the keyboard.
pub(super) fn table_keys(ui: &Ui, shown: &Shown, view: &mut View, columns: &[Column]) -> Option<BlotterTool> {
    if let Some(column) = shown.head_clicked.and_then(|place| columns.get(place)) {
        view.click(column);
        ui.request_repaint();
    }
    if !shown.focus.has_focus() {
        return None;
    }
    let is_asked = |act| taken(ui.ctx(), act) > 0;
    if is_asked(Act::SortNext) {
        view.sort_on(columns);
        ui.request_repaint();
    }
    if is_asked(Act::SortRound) {
        view.turn_round();
        ui.request_repaint();
    }
    let copies = ui.input(|input| input.events.iter().any(|event| matches!(event, Event::Copy)));
    let find = is_asked(Act::FindRows).then_some(BlotterTool::Find);
    let export = is_asked(Act::ExportRows).then_some(BlotterTool::Export);
    find.or(export).or(copies.then_some(BlotterTool::CopyRow))
}
