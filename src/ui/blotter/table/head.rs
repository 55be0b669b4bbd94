//! The head of a table: its columns' captions, and the handles that widen them.

use std::borrow::Cow;

use egui::{CursorIcon, Id, Rangef, Rect, Role, Sense, Ui, WidgetInfo, pos2};

use super::{Column, Lean, Shown, TIME, Table};
use crate::ui::blotter::brush::{Brush, INSET};
use crate::ui::blotter::widths::Widths;
use crate::ui::theme::Theme;

const HANDLE: f32 = 7.0;

impl Table<'_> {
    /// `Time (EST)`, or the title alone.
    pub(super) fn caption(&self, column: &Column) -> Cow<'static, str> {
        match &self.zone {
            Some(zone) if column.key == TIME => format!("{} ({zone})", column.title).into(),
            _ => column.title.into(),
        }
    }

    pub(super) fn head_ui(
        &self,
        ui: &Ui,
        theme: &Theme,
        head: Rect,
        shown: &Shown,
        widths: &mut Widths,
        id: Id,
    ) {
        ui.painter().rect_filled(head, 0, theme.panel);
        ui.painter().hline(head.x_range(), head.bottom() - 0.5, (1.0, theme.line));
        let in_sight = head.with_min_x(shown.cells.left()).with_max_x(shown.cells.right());
        let brush = Brush::new(ui.painter().with_clip_rect(in_sight.intersect(ui.clip_rect())), theme);
        for (column, &(key, x)) in self.columns.iter().zip(&shown.columns) {
            let galley = brush.title(&self.caption(column));
            let room = x.shrink(INSET);
            let left = match column.lean {
                Lean::Left => room.min,
                Lean::Right => room.max - galley.size().x,
            };
            let top = head.center().y - galley.size().y / 2.0;
            let clip = brush.painter.clip_rect().intersect(Rect::from_x_y_ranges(x, head.y_range()));
            brush.painter.with_clip_rect(clip).galley(pos2(left, top), galley, theme.text_weak);
            handle_ui(
                ui,
                theme,
                Rect::from_x_y_ranges(x, head.y_range()),
                in_sight,
                widths,
                column,
                id.with(key),
            );
        }
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
