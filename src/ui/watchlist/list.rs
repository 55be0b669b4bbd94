//! The rows under mouse and keys.
//!
//! The list as a whole takes the focus, not each row: Tab passes it in one step, arrows
//! move in it. Changes to the order are collected while rows are drawn and made after.

use egui::{EventFilter, Key, Popup, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::Watchlist;
use super::columns::{Columns, Lines, Widest};
use super::groups::sections;
use super::header::OWN_ORDER_ONLY;
use super::hover::row_hover_ui;
use super::order::{By, Value};
use super::paint::{Painted, RowLook, caption};
use super::row::Row;
use super::spark::closes;
use crate::desk::Desk;
use crate::domain::Quote;
use crate::ui::alerts::entry_ui;
use crate::ui::commands::{Commands, UiCommand};
use crate::ui::keys::{Act, keys_of, taken};
use crate::ui::theme::{Theme, theme_of};

/// So near to the edge a drag scrolls, by so much a frame.
const SCROLL_ZONE: f32 = 20.0;
const SCROLL_STEP: f32 = 6.0;

/// A row on its way to another place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drag {
    from: usize,
    /// In front of which row it would be put down.
    gap: usize,
}

/// A change to the list, made once everything is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) enum Edit {
    Move {
        from: usize,
        to: usize,
    },
    Remove(usize),
    /// Hide the rows of a group, or show them.
    Fold(usize),
    /// Give a group another name.
    Rename(usize),
    /// Put a heading in front of a row.
    Insert(usize),
}

impl Watchlist {
    pub(super) fn list_ui(&mut self, ui: &mut Ui, desk: &Desk, out: &mut Commands) {
        let theme = theme_of(ui);
        let width = ui.available_width();
        let columns = self.columns(ui, width);
        let row_height = row_height(&columns, &theme);
        self.header_ui(ui, &columns, width);
        let list = ui.interact(
            ui.available_rect_before_wrap(),
            ui.make_persistent_id("watchlist rows"),
            Sense::focusable_noninteractive(),
        );
        list.widget_info(|| WidgetInfo::labeled(Role::ListBox, true, "Watchlist"));
        self.view.takes_paste[1] = Some(list.id);
        self.arrange(ui, &list, desk);
        let mut edit = self.list_keys(ui, &list, desk, out);

        let count = self.view.order.len();
        let mut area = egui::ScrollArea::vertical().auto_shrink(false);
        if std::mem::take(&mut self.view.must_reveal) {
            area = area.vertical_scroll_offset(self.revealing_offset(list.rect.height(), row_height));
        }
        let shown = area.show_rows(ui, row_height, count, |ui, visible| {
            self.measure(ui, desk, visible.clone());
            self.demand_lines(ui, visible.clone(), desk, out);
            let columns = self.view.widest.columns(width, self.columns);
            let mut painted = Painted::new(ui, columns, list.has_focus());
            let top = ui.max_rect().top();
            for place in visible.clone() {
                let y = top + (place - visible.start) as f32 * row_height;
                let rect = Rect::from_min_size(pos2(ui.max_rect().left(), y), vec2(width, row_height));
                edit = edit.or(self.row_ui(ui, &list, &mut painted, place, rect, desk, out));
            }
            ui.allocate_space(vec2(width, visible.len() as f32 * row_height));
            if let Some(drag) = self.view.drag {
                let y = top + (drag.gap as f32 - visible.start as f32) * row_height;
                painted.insertion(y, ui.max_rect().left(), width);
            }
            painted.finish(ui);
            top - visible.start as f32 * row_height
        });
        self.view.offset = shown.state.clamped_offset().y;
        edit = edit.or(self.drag_ui(ui, shown.inner_rect, shown.inner, row_height));
        if self.columns(ui, width) != columns {
            // What came into sight is wider than what was measured before.
            ui.request_discard("columns of the watchlist");
        }
        match edit {
            Some(Edit::Move { from, to }) => self.move_row(from, to),
            Some(Edit::Remove(index)) => self.remove(index, desk.now()),
            Some(Edit::Fold(index)) => self.fold(index),
            Some(Edit::Rename(index)) => self.rename_group(index),
            Some(Edit::Insert(index)) => self.insert_group(index),
            None => {}
        }
    }

    /// Decides which row stands where. Rows stay where they are while the pointer is over them.
    fn arrange(&mut self, ui: &Ui, list: &Response, desk: &Desk) {
        let sort = self.lists.sort();
        let rows = self.rows();
        let mut wanted = Vec::with_capacity(rows.len());
        for section in sections(rows) {
            let has_heading = rows.get(section.start).is_some_and(Row::is_heading);
            let is_folded = has_heading && rows[section.start].is_folded;
            let begin = wanted.len() + usize::from(has_heading);
            wanted.extend(section.take(if is_folded { 1 } else { usize::MAX }));
            if let Some(sort) = sort {
                let value = |row: &usize| value(&rows[*row], sort.by, desk);
                wanted[begin..].sort_by(|left, right| sort.compare(&value(left), &value(right)));
            }
        }
        if sort.is_none() {
            self.view.order.reset();
            self.view.order.arrange(wanted, false, desk.now());
            return;
        }
        let must_hold = ui.rect_contains_pointer(list.rect) || Popup::is_any_open(ui);
        if let Some(wait) = self.view.order.arrange(wanted, must_hold, desk.now()) {
            ui.request_repaint_after(wait);
        }
    }

    /// The columns by what was measured so far, begun anew when the scale has changed.
    fn columns(&mut self, ui: &Ui, width: f32) -> Columns {
        let scale = ui.pixels_per_point().to_bits();
        if self.view.measured_at != scale {
            self.view.measured_at = scale;
            self.view.widest = Widest::default();
        }
        self.view.widest.columns(width, self.columns)
    }

    fn measure(&mut self, ui: &Ui, desk: &Desk, visible: std::ops::Range<usize>) {
        let theme = theme_of(ui);
        let mut widest = self.view.widest;
        let (text, small) = super::paint::fonts(ui, &theme);
        let pass = self.view.pass;
        for place in visible {
            let index = self.view.order.row(place);
            let row = &mut self.rows_mut()[index];
            if row.is_heading() {
                continue;
            }
            let instrument = row.id().and_then(|id| desk.instrument(id));
            let view = instrument.and_then(|instrument| desk.quote(instrument.id));
            let remark = instrument.and_then(|instrument| desk.remark(instrument.id));
            if let Some(instrument) = instrument {
                row.update(instrument, view, desk.now(), pass);
            }
            widest.see(&row.cells, &text, &small);
            let symbol = super::paint::symbol(ui, row.symbol(), &theme, f32::INFINITY);
            widest.symbol = widest.symbol.max(symbol.size().x);
            let caption = caption(ui, row, instrument.is_some(), (view, remark), &theme, 0.0);
            widest.caption = widest.caption.max(caption.size().x);
        }
        self.view.widest = widest;
    }

    /// Asks for the bars of the lines of the day of what is in sight.
    fn demand_lines(&mut self, ui: &Ui, visible: std::ops::Range<usize>, desk: &Desk, out: &mut Commands) {
        if !self.columns.spark {
            return;
        }
        let listed = |place| self.rows()[self.view.order.row(place)].id();
        let in_sight = visible.filter_map(listed).collect();
        if let Some(wait) = self.view.sparks.demand(in_sight, desk.now(), &mut out.demand) {
            ui.request_repaint_after(wait);
        }
    }

    #[expect(clippy::too_many_arguments, reason = "one row under the pointer touches all of them")]
    fn row_ui(
        &mut self,
        ui: &mut Ui,
        list: &Response,
        painted: &mut Painted,
        place: usize,
        rect: Rect,
        desk: &Desk,
        out: &mut Commands,
    ) -> Option<Edit> {
        let index = self.view.order.row(place);
        // Ids by place, not by instrument: a list that changes must not grow egui's memory.
        let row_ui = ui.interact(rect, list.id.with(place), Sense::CLICK | Sense::DRAG);
        let is_heading = self.rows()[index].is_heading();
        let id = self.rows()[index].id();
        if is_heading {
            painted.background(rect, self.look(&row_ui, index, false));
            self.heading_ui(ui, &row_ui, index, rect);
        } else {
            self.instrument_ui(ui, &row_ui, painted, index, rect, desk);
        }
        if row_ui.clicked() || row_ui.secondary_clicked() || row_ui.drag_started() {
            list.request_focus();
            self.view.cursor = index;
        }
        if row_ui.clicked()
            && let Some(id) = id
        {
            out.window(UiCommand::Select(id));
        }
        let is_sorted = self.lists.sort().is_some();
        if row_ui.drag_started() && !is_sorted {
            self.view.drag = Some(Drag { from: index, gap: place });
        }
        if row_ui.dragged() && is_sorted {
            row_ui.show_tooltip_text(OWN_ORDER_ONLY);
        }
        let mut edit = (is_heading && row_ui.clicked()).then_some(Edit::Fold(index));
        row_ui.context_menu(|ui| {
            edit = self.row_menu_ui(ui, index);
            if let Some(instrument) = id.and_then(|id| desk.instrument(id)) {
                ui.separator();
                entry_ui(ui, desk, instrument, out);
            }
        });
        if self.view.drag.is_none() && !row_ui.dragged() && !is_heading {
            let row = &self.rows()[index];
            row_ui.on_hover_ui(|ui| row_hover_ui(ui, desk, row));
        }
        edit
    }

    /// The quote of a row, drawn and told.
    fn instrument_ui(
        &mut self,
        ui: &Ui,
        row_ui: &Response,
        painted: &mut Painted,
        index: usize,
        rect: Rect,
        desk: &Desk,
    ) {
        let has_range = self.columns.range;
        let row = &mut self.rows_mut()[index];
        let id = row.id();
        let instrument = id.and_then(|id| desk.instrument(id));
        let view = instrument.and_then(|instrument| desk.quote(instrument.id));
        let remark = instrument.and_then(|instrument| desk.remark(instrument.id));
        let is_selected = id.is_some() && desk.selected().map(|i| i.id) == id;
        row_ui.widget_info(|| {
            let state = super::paint::spoken_state(instrument.is_some(), view, remark);
            let text = format!("{} {}{}{state}", row.symbol(), row.venue(), row.cells.spoken(has_range));
            WidgetInfo::selected(Role::ListBoxOption, true, is_selected, text)
        });
        let look = self.look(row_ui, index, is_selected);
        let line = id.filter(|_| self.columns.spark).map(|id| closes(desk, id)).unwrap_or_default();
        let row = &mut self.rows_mut()[index];
        painted.row(ui, rect, row, instrument.map(|i| &**i), (view, remark), &line, desk.now(), look);
    }

    fn look(&self, row_ui: &Response, index: usize, is_selected: bool) -> RowLook {
        RowLook {
            is_selected,
            is_hovered: row_ui.hovered() || row_ui.context_menu_opened(),
            is_cursor: index == self.view.cursor,
            is_dragged: self.view.drag.is_some_and(|drag| drag.from == index),
        }
    }

    fn row_menu_ui(&self, ui: &mut Ui, index: usize) -> Option<Edit> {
        let entry = |ui: &mut Ui, is_possible, text, act| {
            let button = egui::Button::new(text).shortcut_text(keys_of(ui, act));
            let entry = ui.add_enabled(is_possible, button);
            let is_clicked = entry.clicked();
            if self.lists.sort().is_some() {
                entry.on_disabled_hover_text(OWN_ORDER_ONLY);
            }
            is_clicked
        };
        let may_move = self.lists.sort().is_none();
        if entry(ui, may_move && index > 0, "Move up", Act::RowUp) {
            return Some(Edit::Move { from: index, to: index - 1 });
        }
        if entry(ui, may_move && index + 1 < self.rows().len(), "Move down", Act::RowDown) {
            return Some(Edit::Move { from: index, to: index + 1 });
        }
        if entry(ui, true, "Remove", Act::RemoveRow) {
            return Some(Edit::Remove(index));
        }
        ui.separator();
        self.group_menu_ui(ui, index)
    }

    /// Keys of the list, while it has the focus.
    fn list_keys(&mut self, ui: &Ui, list: &Response, desk: &Desk, out: &mut Commands) -> Option<Edit> {
        if !list.has_focus() {
            return None;
        }
        let arrows = EventFilter { vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(list.id, arrows));
        let pressed = |act| taken(ui.ctx(), act);
        let net = |down, up| pressed(down).cast_signed() - pressed(up).cast_signed();
        let moved = net(Act::RowDown, Act::RowUp);
        let stepped = net(Act::RowBelow, Act::RowAbove);
        let page = (pressed(Act::FirstRow) > 0, pressed(Act::LastRow) > 0);
        let is_on_heading = self.rows().get(self.view.cursor).is_some_and(Row::is_heading);
        let is_folding = is_on_heading && pressed(Act::Fold) > 0;
        let is_removing = pressed(Act::RemoveRow) > 0;

        let order = &self.view.order;
        let last = order.len().saturating_sub(1);
        let cursor = self.view.cursor;
        let place = order.place(cursor).unwrap_or(0);
        if moved != 0 {
            let to = order.get(place.saturating_add_signed(moved).min(last))?;
            return Some(Edit::Move { from: cursor, to });
        }
        if is_removing {
            return Some(Edit::Remove(cursor));
        }
        if is_folding {
            return Some(Edit::Fold(cursor));
        }
        let to = match page {
            (true, _) => 0,
            (_, true) => last,
            _ => place.saturating_add_signed(stepped).min(last),
        };
        let to = order.get(to)?;
        if to != cursor {
            self.view.cursor = to;
            self.view.must_reveal = true;
            let id = self.rows()[to].id();
            out.demand.quotes.extend(id);
            if let Some(instrument) = id.and_then(|id| desk.instrument(id)) {
                out.window(UiCommand::Select(instrument.id));
            }
        }
        None
    }

    /// The least scrolling that brings the cursor's row into sight.
    fn revealing_offset(&self, height: f32, row_height: f32) -> f32 {
        // A row of a folded group is nowhere to be seen.
        let Some(place) = self.view.order.place(self.view.cursor) else { return self.view.offset };
        let top = place as f32 * row_height;
        let least = (top + row_height - height).max(0.0);
        self.view.offset.max(least).min(top)
    }

    /// Follows a drag that has begun, to its end anywhere; Escape gives it up.
    fn drag_ui(&mut self, ui: &mut Ui, sight: Rect, first_row_top: f32, row_height: f32) -> Option<Edit> {
        let Drag { from, .. } = self.view.drag?;
        let (pointer, is_down, gives_up) = ui.input(|input| {
            (input.pointer.interact_pos(), input.pointer.primary_down(), input.key_pressed(Key::Escape))
        });
        let Some(pointer) = pointer.filter(|_| !gives_up) else {
            self.view.drag = None;
            return None;
        };
        let rows_above = ((pointer.y - first_row_top) / row_height).round().max(0.0) as usize;
        let gap = rows_above.min(self.view.order.len());
        if is_down {
            self.view.drag = Some(Drag { from, gap });
            ui.set_cursor_icon(egui::CursorIcon::Grabbing);
            let beyond = (sight.top() + SCROLL_ZONE - pointer.y).max(0.0)
                - (pointer.y - sight.bottom() + SCROLL_ZONE).max(0.0);
            if beyond != 0.0 {
                ui.scroll_with_delta(vec2(0.0, beyond.signum() * SCROLL_STEP));
                ui.request_repaint();
            }
            return None;
        }
        self.view.drag = None;
        let gap = self.view.order.get(gap).unwrap_or(self.rows().len());
        // Without the dragged row, everything behind it stands one place further up.
        let to = if gap > from { gap - 1 } else { gap };
        (to != from).then_some(Edit::Move { from, to })
    }
}

fn row_height(columns: &Columns, theme: &Theme) -> f32 {
    match columns.lines {
        Lines::One => theme.sizes.row,
        Lines::Two => theme.sizes.two_lines,
    }
}

/// What a row is sorted by.
fn value<'a>(row: &'a Row, by: By, desk: &Desk) -> Value<'a> {
    let quote = || row.id().and_then(|id| desk.quote(id)).map(|view| view.quote);
    match by {
        By::Symbol => Value::Word(row.symbol()),
        By::Last => Value::Number(quote().and_then(|quote| Some(quote.last?.0))),
        By::Percent => Value::Number(quote().and_then(Quote::change_percent)),
        By::Volume => Value::Number(quote().map(|quote| quote.volume.0)),
    }
}
