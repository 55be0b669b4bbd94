//! Rows as they are drawn: fills in one mesh, numbers in two, symbols as cached text.

use std::cmp::Ordering;
use std::sync::Arc;

use egui::{Align2, Color32, Galley, Rect, Shape, Ui, pos2};

use super::columns::{Columns, Lines, NARROW, PAD, TIMES};
use super::row::{Cells, Row};
use crate::desk::{Freshness, QuoteView};
use crate::domain::{DataRemark, Instrument, Time};
use crate::ui::fonts::bold;
use crate::ui::format;
use crate::ui::paint::{Digits, PixelGrid, PixelMesh, PxRect};
use crate::ui::theme::{Theme, theme_of};

/// A name with less room is left out: a few letters tell nothing.
const LEAST_NAME: f32 = 80.0;

/// Of the day's range: half the height of its mark, and how thick it is.
const MARK: f32 = 5.0;
const BAR: f32 = 3.0;
/// Free above and below the line of the day.
const LINE_INSET: f32 = 4.0;

/// How a row stands out.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowLook {
    pub is_selected: bool,
    pub is_hovered: bool,
    pub is_cursor: bool,
    pub is_dragged: bool,
}

/// What is being drawn, in as few shapes as there are layers.
pub(super) struct Painted {
    columns: Columns,
    has_focus: bool,
    theme: Arc<Theme>,
    fills_at: egui::layers::ShapeIdx,
    fills: PixelMesh,
    text: Digits,
    small: Digits,
}

/// The fonts of numbers: first lines, second lines.
pub(super) fn fonts(ctx: &egui::Context, theme: &Theme) -> (Digits, Digits) {
    (Digits::new(ctx, &theme.text_font()), Digits::new(ctx, &theme.small_font()))
}

/// A symbol, cut at `room`.
pub(super) fn symbol(ui: &Ui, symbol: &str, theme: &Theme, room: f32) -> Arc<Galley> {
    single_line(ui, symbol, bold(theme.sizes.text), room)
}

/// What stands small at a row's symbol: the venue, or what is wrong with the quote; both
/// where there is `room`.
pub(super) fn caption(
    ui: &Ui,
    row: &Row,
    is_listed: bool,
    (view, remark): (Option<QuoteView<'_>>, Option<&DataRemark>),
    theme: &Theme,
    room: f32,
) -> Arc<Galley> {
    let line = |text: &str| single_line(ui, text, theme.small_font(), f32::INFINITY);
    let state = match view.map(|view| (view.freshness, view.age)) {
        None | Some((Freshness::Live, _)) => None,
        Some((Freshness::Closed, _)) => Some("closed".to_owned()),
        Some((Freshness::Stale, age)) => Some(format!("{} old", format::age(age))),
    };
    let trouble = match (is_listed, remark, state) {
        (false, ..) => "not listed".to_owned(),
        (true, None, None) => return line(row.venue()),
        (true, None, Some(state)) => state,
        (true, Some(remark), None) => remark.short.to_string(),
        (true, Some(remark), Some(state)) => format!("{} · {state}", remark.short),
    };
    if room > 0.0 {
        let both = line(&format!("{} · {trouble}", row.venue()));
        if both.size().x <= room {
            return both;
        }
    }
    line(&trouble)
}

/// What is to be known about a quote besides its numbers.
pub(super) fn spoken_state(
    is_listed: bool,
    view: Option<QuoteView<'_>>,
    remark: Option<&DataRemark>,
) -> String {
    if !is_listed {
        return ", not listed".to_owned();
    }
    let remark = remark.map(|remark| format!(", {}", remark.short));
    let state = match view.map(|view| (view.freshness, view.age)) {
        None if remark.is_some() => String::new(),
        None => ", no quote yet".to_owned(),
        Some((Freshness::Live, _)) => String::new(),
        Some((Freshness::Closed, _)) => ", closed".to_owned(),
        Some((Freshness::Stale, age)) => format!(", stale, {} old", format::age(age)),
    };
    format!("{}{state}", remark.unwrap_or_default())
}

/// Colours of a row's numbers, by how far its quote can be trusted.
struct Inks {
    price: Color32,
    change: Color32,
    weak: Color32,
    caption: Color32,
}

impl Inks {
    fn of(theme: &Theme, trend: Option<Ordering>, freshness: Option<Freshness>) -> Self {
        let change = match trend {
            Some(Ordering::Greater) => theme.up,
            Some(Ordering::Less) => theme.down,
            Some(Ordering::Equal) | None => theme.unchanged,
        };
        match freshness {
            Some(Freshness::Stale) => {
                let stale = theme.stale;
                Self { price: stale, change: stale, weak: stale, caption: stale }
            }
            Some(Freshness::Closed) => {
                let weak = theme.text_weak;
                Self { price: weak, change, weak, caption: weak }
            }
            Some(Freshness::Live) | None => {
                Self { price: theme.text, change, weak: theme.text_weak, caption: theme.text_weak }
            }
        }
    }
}

impl Painted {
    pub fn new(ui: &Ui, columns: Columns, has_focus: bool) -> Self {
        let theme = theme_of(ui);
        let (text, small) = fonts(ui, &theme);
        Self {
            columns,
            has_focus,
            fills_at: ui.painter().add(Shape::Noop),
            fills: PixelMesh::new(PixelGrid::of(ui)),
            theme,
            text,
            small,
        }
    }

    #[expect(clippy::too_many_arguments, reason = "a row is all of these")]
    pub fn row(
        &mut self,
        ui: &Ui,
        rect: Rect,
        row: &mut Row,
        instrument: Option<&Instrument>,
        (view, remark): (Option<QuoteView<'_>>, Option<&DataRemark>),
        line: &[f64],
        now: Time,
        look: RowLook,
    ) {
        let theme = Arc::clone(&self.theme);
        let freshness = view.map(|view| view.freshness);
        self.background(rect, look);
        let inks = Inks::of(&theme, row.cells.trend, freshness);
        let (first, second) = match self.columns.lines {
            Lines::One => (rect.center().y, rect.center().y),
            Lines::Two => {
                let [first, second] = theme.sizes.lines_at;
                (rect.top() + first, rect.top() + second)
            }
        };
        let name_from = self.symbol(ui, rect.left(), first, row, instrument.is_some(), freshness);
        if self.columns.lines == Lines::Two
            && let Some(instrument) = instrument
        {
            let room = rect.left() + self.columns.symbol_end - name_from;
            if room >= LEAST_NAME {
                let name = single_line(ui, &instrument.name, theme.small_font(), room);
                put_line(ui, name_from, first, name, theme.text_weak);
            }
        }
        let room = self.columns.caption_end - self.columns.caption;
        let text = caption(ui, row, instrument.is_some(), (view, remark), &theme, room);
        let ink = match (instrument, remark) {
            (None, _) => theme.text_weak,
            (Some(_), Some(_)) => theme.warn,
            (Some(_), None) => inks.caption,
        };
        put_line(ui, rect.left() + self.columns.caption, second, text, ink);
        if let Some((way, left)) = row.flash(now) {
            self.flash(rect.left(), first, row, way);
            ui.request_repaint_after(left);
        }
        if freshness == Some(Freshness::Stale) {
            // The age that is shown grows.
            ui.request_repaint_after(std::time::Duration::from_secs(1));
        }
        self.numbers(rect.left(), first, second, row, &inks);
        self.day_range(rect, &row.cells, &inks);
        self.line(rect, line, &inks);
    }

    /// From the low to the high of the day, with a mark at the last price.
    fn day_range(&mut self, rect: Rect, cells: &Cells, inks: &Inks) {
        let Some((across, place)) = self.columns.range.zip(cells.place) else { return };
        let grid = self.fills.grid();
        let (left, right) = (grid.nearest(rect.left() + across.min), grid.nearest(rect.left() + across.max));
        let (middle, half) = (grid.nearest(rect.center().y), grid.length(MARK));
        let thick = grid.length(BAR);
        let bar = PxRect::new(left, middle - thick / 2, right, middle - thick / 2 + thick);
        self.fills.rect(bar, self.theme.line_strong);
        let wide = grid.length(2.0);
        let at = left + (right - left - wide) * i32::from(place) / 1_000;
        self.fills.rect(PxRect::new(at, middle - half, at + wide, middle + half), inks.price);
    }

    /// The line of the day.
    fn line(&mut self, rect: Rect, values: &[f64], inks: &Inks) {
        let Some(across) = self.columns.spark else { return };
        let area = Rect::from_x_y_ranges(across.min + rect.left()..=across.max + rect.left(), rect.y_range());
        let area = self.fills.grid().rect(area.shrink2(egui::vec2(0.0, LINE_INSET)));
        let spans = super::spark::trace(values, area.width(), area.height());
        for (column, span) in (area.left..).zip(spans) {
            self.fills.column(column, area.top + span.start, area.top + span.end, inks.change);
        }
    }

    /// Where a dragged row would be put down.
    pub fn insertion(&mut self, y: f32, left: f32, width: f32) {
        let grid = self.fills.grid();
        let line = Rect::from_min_max(pos2(left, y - 1.0), pos2(left + width, y + 1.0));
        self.fills.rect(grid.rect(line), self.theme.accent);
    }

    pub fn finish(self, ui: &Ui) {
        ui.painter().set(self.fills_at, self.fills.into_shape());
        ui.painter().add(self.text.into_shape());
        ui.painter().add(self.small.into_shape());
    }

    pub fn background(&mut self, rect: Rect, look: RowLook) {
        let area = self.fills.grid().rect(rect);
        let fill = match look {
            RowLook { is_dragged: true, .. } => Some(self.theme.pressed),
            RowLook { is_selected: true, .. } => Some(self.theme.selection),
            RowLook { is_hovered: true, .. } => Some(self.theme.row_hover),
            _ => None,
        };
        if let Some(fill) = fill {
            self.fills.rect(area, fill);
        }
        self.fills.row(area.bottom - 1, area.left, area.right, self.theme.grid);
        if look.is_cursor && self.has_focus {
            self.fills.outline(area, self.theme.accent);
        }
    }

    /// Writes the symbol; says where a name may begin.
    fn symbol(
        &self,
        ui: &Ui,
        left: f32,
        y: f32,
        row: &Row,
        is_listed: bool,
        freshness: Option<Freshness>,
    ) -> f32 {
        let colour = match freshness {
            _ if !is_listed => self.theme.text_weak,
            Some(Freshness::Stale) => self.theme.stale,
            Some(Freshness::Closed) => self.theme.text,
            Some(Freshness::Live) | None => self.theme.text_strong,
        };
        let text = symbol(ui, row.symbol(), &self.theme, self.columns.symbol_end - PAD);
        let width = text.size().x;
        put_line(ui, left + PAD, y, text, colour);
        left + PAD + width + 2.0 * NARROW
    }

    fn flash(&mut self, left: f32, y: f32, row: &Row, way: Ordering) {
        let colour = if way == Ordering::Greater { self.theme.up_flash } else { self.theme.down_flash };
        let Some(right) = self.columns.last.map(|x| x + left) else { return };
        let size = egui::vec2(self.text.width(&row.cells.last), self.text.figure_height());
        let text = Align2::RIGHT_CENTER.anchor_size(pos2(right, y), size);
        let grid = self.fills.grid();
        self.fills.rect(grid.rect(text.expand2(egui::vec2(3.0, 3.0))), colour);
    }

    fn numbers(&mut self, left: f32, first: f32, second: f32, row: &Row, inks: &Inks) {
        let Self { columns, text, small, theme, fills, .. } = self;
        let cells = &row.cells;
        let to_right = Align2::RIGHT_CENTER;
        if let Some(x) = columns.last {
            text.put(pos2(left + x, first), to_right, &cells.last, inks.price);
        }
        if let Some(x) = columns.change {
            text.put(pos2(left + x, first), to_right, &cells.change, inks.change);
        }
        if let Some(x) = columns.percent {
            text.put(pos2(left + x, first), to_right, &cells.percent, inks.change);
        }
        let (numbers, y) = match columns.lines {
            Lines::One => (text, first),
            Lines::Two => (small, second),
        };
        if let Some(x) = columns.volume {
            numbers.put(pos2(left + x, y), to_right, &cells.volume, inks.weak);
        }
        let Some(x) = columns.spread.map(|x| x + left) else { return };
        if cells.bid.is_empty() && cells.ask.is_empty() {
            return;
        }
        let grid = fills.grid();
        let half = numbers.figure_height() / 2.0;
        fills.column(grid.nearest(x), grid.nearest(y - half), grid.nearest(y + half), theme.text_faint);
        let bid = numbers.put(pos2(x - 2.0 * NARROW, y), to_right, &cells.bid, inks.price);
        let ask = numbers.put(pos2(x + 2.0 * NARROW, y), Align2::LEFT_CENTER, &cells.ask, inks.price);
        if columns.has_sizes {
            if !cells.bid.is_empty() {
                let times = numbers.put(pos2(bid.left() - NARROW, y), to_right, TIMES, inks.weak);
                numbers.put(pos2(times.left() - NARROW, y), to_right, &cells.bid_size, inks.weak);
            }
            if !cells.ask.is_empty() {
                let from_left = Align2::LEFT_CENTER;
                let times = numbers.put(pos2(ask.right() + NARROW, y), from_left, TIMES, inks.weak);
                numbers.put(pos2(times.right() + NARROW, y), from_left, &cells.ask_size, inks.weak);
            }
        }
    }
}

fn single_line(ui: &Ui, text: &str, font: egui::FontId, room: f32) -> Arc<Galley> {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, Color32::PLACEHOLDER);
    job.wrap = egui::text::TextWrapping::truncate_at_width(room);
    ui.painter().layout_job(job)
}

fn put_line(ui: &Ui, left: f32, middle: f32, text: Arc<Galley>, colour: Color32) {
    let corner = pos2(left, middle - text.size().y / 2.0);
    let corner = PixelGrid::of(ui).snap(corner);
    ui.painter().galley(corner, text, colour);
}
