//! What lies over the candles: the last price, lines of orders and positions, fills.

use egui::{Align2, Color32, pos2};

use super::areas::Areas;
use super::axis::{self, Tag};
use super::candles::Stage;
use super::format;
use super::price_scale::PriceScale;
use super::{ChartData, FillMark, LineKind, PriceLine};
use crate::domain::Side;
use crate::market::series::BarSeries;
use crate::ui::paint::{Arrow, Digits, PixelMesh, PxRect};
use crate::ui::theme::Theme;

/// Dashes of the last price's line and of dashed lines, in points.
const DOTS: (f32, f32) = (1.0, 3.0);
const DASHES: (f32, f32) = (5.0, 4.0);

struct Ink {
    line: Color32,
    fill: Color32,
    on_fill: Color32,
}

fn ink(kind: LineKind, theme: &Theme) -> Ink {
    let (line, fill, on_fill) = match kind {
        LineKind::Buy => (theme.buy, theme.buy_fill, theme.on_fill),
        LineKind::Sell => (theme.sell, theme.sell_fill, theme.on_fill),
        LineKind::Position => (theme.position, theme.position, theme.surface),
        LineKind::Alert => (theme.warn, theme.warn, theme.surface),
    };
    Ink { line, fill, on_fill }
}

/// The tags of the last price and of the lines in the pane, with the rows they got: the
/// last price first, then `data.lines` in order, without those out of sight.
pub struct Tags {
    last: Option<(i32, Tag)>,
    lines: Vec<(i32, usize, Tag)>,
}

impl Tags {
    /// Places every tag so that none covers another.
    #[must_use]
    pub fn of(data: &ChartData<'_>, areas: &Areas, scale: &PriceScale, height: i32, theme: &Theme) -> Self {
        let text = |price| format::price_text(price, data.decimals);
        let last = data.last.filter(|price| scale.shows(*price)).map(|price| {
            let rises = data.series.last().is_none_or(|bar| price >= bar.open);
            let fill = if rises { theme.up_fill } else { theme.down_fill };
            Tag { row: scale.row_of(price), text: text(price), fill, ink: theme.on_fill }
        });
        let shown = data.lines.iter().enumerate().filter(|(_, line)| scale.shows(line.price));
        let lines: Vec<(usize, Tag)> = shown
            .map(|(i, line)| {
                let Ink { fill, on_fill, .. } = ink(line.kind, theme);
                (i, Tag { row: scale.row_of(line.price), text: text(line.price), fill, ink: on_fill })
            })
            .collect();
        let wanted: Vec<i32> =
            last.iter().map(|tag| tag.row).chain(lines.iter().map(|(_, tag)| tag.row)).collect();
        let mut rows = axis::spread(&wanted, height, areas.prices.top, areas.prices.bottom).into_iter();
        let last = last.and_then(|tag| Some((rows.next()?, tag)));
        let lines = lines.into_iter().zip(rows).map(|((i, tag), row)| (row, i, tag)).collect();
        Self { last, lines }
    }

    /// The rows that tags take on the axis.
    #[must_use]
    pub fn rows(&self) -> Vec<i32> {
        self.last.iter().map(|(row, _)| *row).chain(self.lines.iter().map(|(row, ..)| *row)).collect()
    }
}

/// Draws the lines, then the tags on the axis and the lines' names in the pane.
pub fn lines_ui(
    data: &ChartData<'_>,
    areas: &Areas,
    tags: &Tags,
    mesh: &mut PixelMesh,
    text: &mut Digits,
    theme: &Theme,
) {
    let grid = mesh.grid();
    let pane = areas.prices;
    let dash = |(on, off): (f32, f32)| (grid.length(on), grid.length(off));
    if let Some((_, tag)) = &tags.last {
        mesh.dashed_row(tag.row, pane.left, pane.right, dash(DOTS), tag.fill);
    }
    for (_, i, tag) in &tags.lines {
        let line = &data.lines[*i];
        let colour = ink(line.kind, theme).line;
        if line.dashed {
            mesh.dashed_row(tag.row, pane.left, pane.right, dash(DASHES), colour);
        } else {
            mesh.row(tag.row, pane.left, pane.right, colour);
        }
    }
    for (row, i, tag) in &tags.lines {
        let line = &data.lines[*i];
        axis::tag_ui(areas.price_axis, *row, tag, mesh, text);
        name_ui(line, *row, pane, mesh, text, theme);
    }
    if let Some((row, tag)) = &tags.last {
        axis::tag_ui(areas.price_axis, *row, tag, mesh, text);
    }
}

/// A line's name in a box at the right end of the pane.
fn name_ui(
    line: &PriceLine<'_>,
    row: i32,
    pane: PxRect,
    mesh: &mut PixelMesh,
    text: &mut Digits,
    theme: &Theme,
) {
    if line.label.is_empty() {
        return;
    }
    let grid = mesh.grid();
    let height = axis::tag_height(text, grid);
    let width = grid.length(text.width(line.label) + 2.0 * axis::PAD);
    let right = pane.right - grid.length(8.0);
    let top = row - height / 2;
    let frame = PxRect::new(right - width, top, right, top + height);
    if frame.left <= pane.left {
        return;
    }
    let colour = ink(line.kind, theme).line;
    mesh.rect(frame, theme.surface);
    mesh.outline(frame, colour);
    let pos = pos2(grid.points(frame.left) + axis::PAD, (row as f32 + 0.5) / grid.per_point());
    text.put(pos, Align2::LEFT_CENTER, line.label, colour);
}

/// Says at the pane's edges how many lines are above and below what is shown.
pub fn beyond_ui(
    data: &ChartData<'_>,
    areas: &Areas,
    scale: &PriceScale,
    mesh: &mut PixelMesh,
    text: &mut Digits,
    theme: &Theme,
) {
    let grid = mesh.grid();
    let pane = areas.prices;
    let size = grid.length(4.0);
    let (mut above, mut below) = (0, 0);
    for line in data.lines.iter().filter(|line| !scale.shows(line.price)) {
        *(if line.price > scale.high { &mut above } else { &mut below }) += 1;
    }
    let inset = grid.length(10.0);
    for (count, arrow, row) in
        [(above, Arrow::Up, pane.top + inset), (below, Arrow::Down, pane.bottom - inset)]
    {
        if count > 0 {
            let x = pane.right - grid.length(16.0);
            let tip = if arrow == Arrow::Up { row - size / 2 } else { row + size / 2 };
            mesh.arrow(arrow, x, tip, size, theme.text_weak);
            let pos = pos2(grid.points(x - 2 * size), (row as f32 + 0.5) / grid.per_point());
            let plural = if count == 1 { "" } else { "s" };
            text.put_fmt(pos, Align2::RIGHT_CENTER, format_args!("{count} line{plural}"), theme.text_weak);
        }
    }
}

/// Draws the fills in the pane: a buy as ▲ below its price, a sell as ▼ above it.
///
/// `marks` are in order of time. Fills that fall on the same pixels are drawn once, so
/// their number is bounded by the pane, not by the day.
pub fn marks_ui(marks: &[FillMark], series: &BarSeries, stage: &Stage, mesh: &mut PixelMesh, theme: &Theme) {
    let visible = stage.visible(series.len());
    let (Some(first), Some(last)) = (series.get(visible.start), visible.end.checked_sub(1)) else { return };
    let grid = mesh.grid();
    let size = grid.length(5.0);
    let start = marks.partition_point(|mark| mark.time < first.time);
    let end = match series.get(last + 1) {
        Some(next) => marks.partition_point(|mark| mark.time < next.time),
        None => marks.len(),
    };
    let mut column = i32::MIN;
    let mut taken: Vec<(i32, Side)> = Vec::new();
    for mark in marks.get(start..end).unwrap_or_default() {
        let index = series.index_at(crate::domain::Time(mark.time.0.saturating_add(1))).saturating_sub(1);
        let x = stage.time.x_of(index as f64).floor() as i32 + stage.prices.left;
        let row = stage.price.row_of(mark.price);
        if x != column {
            column = x;
            taken.clear();
        }
        let out = !(stage.prices.top..stage.prices.bottom).contains(&row);
        if out || taken.contains(&(row, mark.side)) {
            continue;
        }
        taken.push((row, mark.side));
        let (arrow, rim, tip, colour) = match mark.side {
            Side::Buy => (Arrow::Up, row, row + 1, theme.buy),
            Side::Sell => (Arrow::Down, row, row - 1, theme.sell),
        };
        // A rim in the colour of the ground sets it off from a candle of its own colour.
        mesh.arrow(arrow, x, rim, size + 2, theme.surface);
        mesh.arrow(arrow, x, tip, size, colour);
    }
}
