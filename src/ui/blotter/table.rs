//! A table of rows of one height, of which only those in sight are made.
//!
//! A row is one widget with its cells as its accessible name. How cells are drawn is
//! [`Brush`]'s affair.
//!
//! Controls of rows stand in a strip that does not scroll sideways; whoever shows the table
//! draws them over it afterwards ([`Shown`]).

mod head;

use std::borrow::Cow;
use std::ops::Range;

use egui::{Rangef, Rect, Response, Role, ScrollArea, Sense, Ui, UiBuilder, WidgetInfo, pos2, vec2};

use super::brush::{Brush, INSET, Laid};
use super::cell::Cell;
use super::widths::Widths;
use crate::ui::theme::Theme;

/// Kept free for the vertical scroll bar beside controls on the right.
const BAR: f32 = 12.0;
/// The key of columns that hold times.
pub(in crate::ui) const TIME: &str = "time";

/// Which edge a column's cells lean on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Lean {
    Left,
    Right,
}

/// A column of a table.
#[derive(Debug)]
pub(in crate::ui) struct Column {
    /// What saved widths call it.
    pub key: &'static str,
    /// Its caption.
    pub title: &'static str,
    /// Width below which it does not fall by itself, in points.
    pub least: f32,
    pub lean: Lean,
    /// What becomes of it when there is too much or too little room.
    pub give: Give,
}

/// How a column gives way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Give {
    /// It fits its cells.
    Firm,
    /// It cuts its words, down to its least width, before the table has to be scrolled.
    Shrinks,
    /// It gets the room that is left over, and cuts its words rather than grow.
    TakesRest,
}

impl Column {
    pub const fn words(key: &'static str, title: &'static str) -> Self {
        Self { key, title, least: 28.0, lean: Lean::Left, give: Give::Firm }
    }

    pub const fn figures(key: &'static str, title: &'static str) -> Self {
        Self { key, title, least: 40.0, lean: Lean::Right, give: Give::Firm }
    }

    pub const fn rest(key: &'static str, title: &'static str) -> Self {
        Self { key, title, least: 110.0, lean: Lean::Left, give: Give::TakesRest }
    }
}

/// What rows are sorted by, and which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) struct Sorted {
    /// The key of the column.
    pub key: &'static str,
    pub is_descending: bool,
}

/// What a click on a head does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ui) enum Heads {
    /// Nothing.
    Still,
    /// It asks for another order than this one.
    Sort(Option<Sorted>),
}

/// Where the controls of rows stand, and how wide their strip is.
#[derive(Debug, Clone, Copy)]
pub(in crate::ui) enum Controls {
    None,
    Left(f32),
    Right(f32),
}

/// A row as it is to be drawn.
pub(in crate::ui) struct Row {
    /// Tells this row's thing from every other's, wherever it stands.
    pub key: u64,
    /// Begins its accessible name.
    pub name: Cow<'static, str>,
    /// One per column; fewer leave the others empty.
    pub cells: Vec<Cell>,
    /// Instead of cells: words over the whole width.
    pub banner: Option<Cell>,
    pub is_selected: bool,
}

/// What a table shows.
pub(in crate::ui) struct Table<'a> {
    /// Its accessible name.
    pub name: &'static str,
    pub columns: &'a [Column],
    pub heads: Heads,
    pub controls: Controls,
    pub row_count: usize,
    /// A row that has to come into sight.
    pub reveal: Option<usize>,
    /// Below the rows, in the same columns.
    pub footer: Option<Vec<Cell>>,
    /// What the zone of a column of times calls itself.
    pub zone: Option<String>,
}

/// A row that was drawn.
pub(in crate::ui) struct ShownRow {
    pub index: usize,
    pub rect: Rect,
    pub response: Response,
}

/// A table that was drawn.
pub(in crate::ui) struct Shown {
    /// The rows in sight, from above.
    pub rows: Vec<ShownRow>,
    /// What takes the focus of the keyboard.
    pub focus: Response,
    /// Where rows can be seen.
    pub body: Rect,
    /// Where the controls of rows stand.
    pub controls: Rangef,
    /// The place of the column whose head was clicked.
    pub head_clicked: Option<usize>,
    columns: Vec<(&'static str, Rangef)>,
    /// Where cells can be seen.
    cells: Rect,
}

impl Shown {
    /// A column's cell in a row.
    pub fn cell(&self, row: &ShownRow, key: &str) -> Option<Rect> {
        let (_, x) = self.columns.iter().find(|(known, _)| *known == key)?;
        Some(Rect::from_x_y_ranges(*x, row.rect.y_range()))
    }

    /// The column at a point.
    pub fn column_at(&self, x: f32) -> Option<&'static str> {
        self.columns.iter().find(|(_, range)| range.contains(x)).map(|(key, _)| *key)
    }

    /// The part of the table where cells can be seen.
    pub fn cells(&self) -> Rect {
        self.cells
    }
}

impl Table<'_> {
    /// Where the rows will be, before anything is drawn: for deciding what they are.
    pub fn body_of(&self, ui: &Ui, theme: &Theme) -> Rect {
        let mut rect = ui.available_rect_before_wrap();
        rect.min.y += theme.sizes.row;
        if self.footer.is_some() {
            rect.max.y -= theme.sizes.row + 2.0;
        }
        rect.max.y = rect.max.y.max(rect.min.y);
        rect
    }

    /// Draws it over all that is available. `row` makes the row of an index.
    pub fn show(
        self,
        ui: &mut Ui,
        theme: &Theme,
        widths: &mut Widths,
        row: impl FnMut(usize) -> Row,
    ) -> Shown {
        let id = ui.make_persistent_id(self.name);
        let whole = ui.available_rect_before_wrap();
        let body = self.body_of(ui, theme);
        let focus = ui.interact(body, id.with("focus"), Sense::FOCUSABLE);
        focus.widget_info(|| WidgetInfo::labeled(Role::Table, true, self.name));

        let mut body_ui = ui.new_child(UiBuilder::new().max_rect(body));
        let mut shown = ScrollArea::both()
            .id_salt(self.name)
            .auto_shrink(false)
            .show_viewport(&mut body_ui, |ui, viewport| {
                self.rows_ui(ui, theme, (viewport, body), widths, row, focus)
            })
            .inner;
        let head = Rect::from_min_max(whole.min, pos2(whole.right(), body.top()));
        shown.head_clicked = self.head_ui(ui, theme, head, &shown, widths, id);
        if let Some(footer) = &self.footer {
            let strip = Rect::from_min_max(pos2(whole.left(), body.bottom()), whole.max);
            ui.painter().rect_filled(strip, 0, theme.panel);
            ui.painter().hline(strip.x_range(), strip.top() + 0.5, (1.0, theme.line_strong));
            let painter = ui.painter().with_clip_rect(strip.with_max_x(shown.cells.right()));
            let mut brush = Brush::new(painter, theme);
            let laid = footer.iter().map(|cell| brush.lay(cell)).collect::<Vec<_>>();
            brush.row(&shown.columns, self.columns, strip.shrink2(vec2(0.0, 1.0)), &laid);
            let totals = ui.interact(strip, id.with("footer"), Sense::hover());
            totals.widget_info(|| {
                WidgetInfo::labeled(Role::Row, true, format!("Totals: {}", self.told(footer)))
            });
            brush.finish();
        }
        if shown.focus.has_focus() {
            let stroke = (1.0, theme.accent);
            ui.painter().rect_stroke(body, 0, stroke, egui::StrokeKind::Inside);
        }
        ui.advance_cursor_after_rect(whole);
        shown
    }

    fn rows_ui(
        &self,
        ui: &mut Ui,
        theme: &Theme,
        (viewport, body): (Rect, Rect),
        widths: &mut Widths,
        row: impl FnMut(usize) -> Row,
        focus: Response,
    ) -> Shown {
        let height = theme.sizes.row;
        let in_sight = rows_in_sight(viewport, height, self.row_count);
        let rows: Vec<Row> = in_sight.clone().map(row).collect();

        let mut brush = Brush::new(ui.painter().clone(), theme);
        let laid: Vec<Vec<Laid<'_>>> =
            rows.iter().map(|row| row.cells.iter().map(|cell| brush.lay(cell)).collect()).collect();
        for (index, column) in self.columns.iter().enumerate() {
            widths.need(index, brush.title(&self.caption(column)).size().x + 2.0 * INSET);
        }
        for (index, cell) in
            laid.iter().chain(self.footer_laid(&brush).iter()).flat_map(|r| r.iter().enumerate())
        {
            widths.need(index, cell.width + 2.0 * INSET);
        }

        let (before, after) = match self.controls {
            Controls::None => (0.0, 0.0),
            Controls::Left(width) => (width, 0.0),
            Controls::Right(width) => (0.0, width + BAR),
        };
        let origin = ui.min_rect().min;
        let wide = widths.lay_out(self.columns, body.width() - before - after);
        let total: f32 = wide.iter().sum();
        ui.set_min_size(vec2(before + total + after, self.row_count as f32 * height));
        let mut left = origin.x + before;
        let columns: Vec<(&'static str, Rangef)> = self
            .columns
            .iter()
            .zip(&wide)
            .map(|(column, width)| {
                let range = Rangef::new(left, left + width);
                left += width;
                (column.key, range)
            })
            .collect();
        let controls = match self.controls {
            Controls::None => Rangef::point(body.left()),
            Controls::Left(width) => Rangef::new(body.left(), body.left() + width),
            Controls::Right(width) => {
                let right = (body.right() - BAR).min(left + width);
                Rangef::new(right - width, right)
            }
        };
        let cells = match self.controls {
            Controls::None => body,
            Controls::Left(_) => body.with_min_x(controls.max),
            Controls::Right(_) => body.with_max_x(controls.min),
        };

        let row_rect = |index: usize| {
            let top = origin.y + index as f32 * height;
            Rect::from_x_y_ranges(body.x_range(), Rangef::new(top, top + height))
        };
        if let Some(index) = self.reveal {
            // Only upwards and downwards: sideways the trader decides.
            let rect = row_rect(index).with_max_x(body.left() + 1.0);
            ui.scroll_to_rect_animation(rect, None, egui::style::ScrollAnimation::none());
        }
        brush.painter.set_clip_rect(ui.clip_rect().intersect(cells));
        let mut shown_rows = Vec::with_capacity(rows.len());
        for (index, (row, laid)) in in_sight.zip(rows.iter().zip(&laid)) {
            let rect = row_rect(index);
            let response = ui.interact(rect, ui.make_persistent_id((self.name, row.key)), Sense::CLICK);
            response.widget_info(|| WidgetInfo::labeled(Role::Row, true, self.name_of(row)));
            ui.accesskit_node_builder(response.id, |node| node.set_selected(row.is_selected));
            let fill = match (row.is_selected, response.contains_pointer()) {
                (true, _) => Some(theme.selection),
                (false, true) => Some(theme.row_hover),
                (false, false) => None,
            };
            if let Some(fill) = fill {
                ui.painter().rect_filled(rect, 0, fill);
            }
            ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, (1.0, theme.grid));
            if let Some(banner) = &row.banner {
                let words = brush.words(banner.text(), rect.width() - 2.0 * INSET);
                let top = rect.center().y - words.size().y / 2.0;
                brush.painter.galley(pos2(rect.left() + INSET, top), words, banner.colour());
            }
            let cut = brush.row(&columns, self.columns, rect, laid);
            let at = pointed_at(&response, &columns, cells);
            let whole = at.and_then(|index| cut.get(&index)).copied();
            let hint = at.and_then(|index| row.cells.get(index)?.hint());
            let told: Vec<&str> = whole.into_iter().chain(hint).collect();
            let response =
                if told.is_empty() { response } else { response.on_hover_text_at_pointer(told.join("\n\n")) };
            shown_rows.push(ShownRow { index, rect, response });
        }
        brush.finish();
        // Cells go on below the controls: a line says so.
        let edge = match self.controls {
            Controls::Left(_) if origin.x < body.left() - 0.5 => Some(cells.left()),
            Controls::Right(_) if left > cells.right() + 0.5 => Some(cells.right()),
            _ => None,
        };
        if let Some(x) = edge {
            ui.painter().vline(x, body.y_range(), (1.0, theme.line_strong));
        }
        Shown { rows: shown_rows, focus, body, controls, head_clicked: None, columns, cells }
    }

    fn footer_laid<'c>(&'c self, brush: &Brush) -> Option<Vec<Laid<'c>>> {
        Some(self.footer.as_ref()?.iter().map(|cell| brush.lay(cell)).collect())
    }

    /// "Order 12: Symbol AAPL, Side Buy …"
    fn name_of(&self, row: &Row) -> String {
        if let Some(banner) = &row.banner {
            return banner.text().to_owned();
        }
        format!("{}: {}", row.name, self.told(&row.cells))
    }

    /// "Symbol AAPL, Side Buy …"
    fn told(&self, cells: &[Cell]) -> String {
        let told = self.columns.iter().zip(cells).filter(|(_, cell)| !cell.text().is_empty());
        let cells: Vec<String> =
            told.map(|(column, cell)| format!("{} {}", column.title, cell.text())).collect();
        cells.join(", ")
    }
}

/// Indices of the rows that a scrolled view touches.
fn rows_in_sight(viewport: Rect, height: f32, count: usize) -> Range<usize> {
    let first = (viewport.top() / height).floor().max(0.0) as usize;
    let last = (viewport.bottom() / height).ceil().max(0.0) as usize;
    first.min(count)..last.min(count)
}

/// Index of the column that the pointer is over.
fn pointed_at(row: &Response, columns: &[(&'static str, Rangef)], cells: Rect) -> Option<usize> {
    let pointer = row.hover_pos().filter(|pointer| cells.contains(*pointer))?;
    columns.iter().position(|(_, x)| x.contains(pointer.x))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rows_in_sight_are_made() {
        let view = |top: f32, bottom: f32| Rect::from_min_max(pos2(0.0, top), pos2(100.0, bottom));
        assert_eq!(rows_in_sight(view(0.0, 100.0), 20.0, 1_000), 0..5);
        assert_eq!(rows_in_sight(view(30.0, 101.0), 20.0, 1_000), 1..6);
        assert_eq!(rows_in_sight(view(0.0, 100.0), 20.0, 3), 0..3);
        assert_eq!(rows_in_sight(view(900.0, 1_000.0), 20.0, 3), 3..3);
    }
}
