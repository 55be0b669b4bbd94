//! The head of a table: its columns' captions, what they sort, and the handles that widen them.

use std::borrow::Cow;

use egui::accesskit::SortDirection;
use egui::{CursorIcon, Id, Rangef, Rect, Role, Sense, Ui, WidgetInfo, pos2};

use super::{Column, Heads, Lean, Shown, Sorted, TIME, Table};
use crate::ui::blotter::brush::{Brush, INSET};
use crate::ui::blotter::widths::Widths;
use crate::ui::theme::Theme;

const HANDLE: f32 = 7.0;

impl Table<'_> {
    /// `Time (EST) ▲`, or the title alone.
    pub(super) fn caption(&self, column: &Column) -> Cow<'static, str> {
        let title: Cow<'static, str> = match &self.zone {
            Some(zone) if column.key == TIME => format!("{} ({zone})", column.title).into(),
            _ => column.title.into(),
        };
        match self.sorted_by(column) {
            Some(Sorted { is_descending, .. }) => {
                format!("{title} {}", if is_descending { '▼' } else { '▲' }).into()
            }
            None => title,
        }
    }

    fn sorted_by(&self, column: &Column) -> Option<Sorted> {
        match self.heads {
            Heads::Sort(sorted) => sorted.filter(|sorted| sorted.key == column.key),
            Heads::Still => None,
        }
    }

    /// Draws the head; the place of the column whose head was clicked.
    pub(super) fn head_ui(
        &self,
        ui: &Ui,
        theme: &Theme,
        head: Rect,
        shown: &Shown,
        widths: &mut Widths,
        id: Id,
    ) -> Option<usize> {
        ui.painter().rect_filled(head, 0, theme.panel);
        ui.painter().hline(head.x_range(), head.bottom() - 0.5, (1.0, theme.line));
        let in_sight = head.with_min_x(shown.cells.left()).with_max_x(shown.cells.right());
        let brush = Brush::new(ui.painter().with_clip_rect(in_sight.intersect(ui.clip_rect())), theme);
        let mut clicked = None;
        for (place, (column, &(key, x))) in self.columns.iter().zip(&shown.columns).enumerate() {
            let caption = Rect::from_x_y_ranges(x, head.y_range());
            let is_hovered = match self.heads {
                Heads::Sort(_) => {
                    let response =
                        self.sort_ui(ui, caption.intersect(in_sight), column, id.with(("sort", key)));
                    clicked = clicked.or(response.clicked().then_some(place));
                    response.hovered()
                }
                Heads::Still => false,
            };
            let galley = brush.title(&self.caption(column));
            let room = x.shrink(INSET);
            let left = match column.lean {
                Lean::Left => room.min,
                Lean::Right => room.max - galley.size().x,
            };
            let top = head.center().y - galley.size().y / 2.0;
            let clip = brush.painter.clip_rect().intersect(caption);
            let is_strong = is_hovered || self.sorted_by(column).is_some();
            let colour = if is_strong { theme.text } else { theme.text_weak };
            brush.painter.with_clip_rect(clip).galley(pos2(left, top), galley, colour);
            handle_ui(ui, theme, caption, in_sight, widths, column, id.with(key));
        }
        clicked
    }

    /// What takes the clicks on a caption. It never takes the keyboard: the table has keys for it.
    fn sort_ui(&self, ui: &Ui, rect: Rect, column: &Column, id: Id) -> egui::Response {
        let rect = if rect.is_positive() { rect } else { Rect::NOTHING };
        let response = ui.interact(rect, id, Sense::CLICK);
        if !rect.is_positive() {
            return response;
        }
        let direction = self.sorted_by(column).map(|sorted| {
            if sorted.is_descending { SortDirection::Descending } else { SortDirection::Ascending }
        });
        response.widget_info(|| {
            WidgetInfo::labeled(Role::ColumnHeader, true, format!("Sort by {}", column.title))
        });
        ui.accesskit_node_builder(response.id, |node| {
            if let Some(direction) = direction {
                node.set_sort_direction(direction);
            }
        });
        response.on_hover_cursor(CursorIcon::PointingHand)
    }
}

/// The right edge of a column's caption: pull to widen, double-click to fit.
fn handle_ui(
    ui: &Ui,
    theme: &Theme,
    caption: Rect,
    in_sight: Rect,
    widths: &mut Widths,
    column: &Column,
    id: Id,
) {
    let edge =
        Rect::from_x_y_ranges(Rangef::new(caption.right() - HANDLE, caption.right()), caption.y_range());
    if !in_sight.contains_rect(edge) {
        return;
    }
    let handle = ui.interact(edge, id, Sense::CLICK | Sense::DRAG).on_hover_cursor(CursorIcon::ResizeColumn);
    handle.widget_info(|| {
        WidgetInfo::labeled(Role::Splitter, true, format!("Width of column {}", column.title))
    });
    let is_used = handle.hovered() || handle.dragged();
    let colour = if is_used { theme.accent } else { theme.line };
    ui.painter().vline(edge.right() - 0.5, edge.y_range().shrink(4.0), (1.0, colour));
    if handle.double_clicked() {
        widths.release(column);
    } else if handle.dragged()
        && let Some(pointer) = handle.interact_pointer_pos()
    {
        widths.pull(column, pointer.x + HANDLE / 2.0 - caption.left());
    }
}
