//! What lies over the candles: the last price, lines of orders and positions, fills.

use egui::{Align2, Color32, pos2};

use super::areas::Areas;
use super::axis::{self, Tag};
use super::candles::Stage;
use super::grip::{Handle, Painted};
use super::layer::Layer;
use super::price_scale::PriceScale;
use super::{ChartData, FillMark, LastPrice, LineKind, PriceLine};
use crate::domain::{Price, Side};
use crate::market::series::BarSeries;
use crate::ui::format::{self, float};
use crate::ui::paint::{Arrow, PixelMesh, PxRect};
use crate::ui::theme::Theme;

/// Dashes of the last price's line and of dashed lines, in points.
const DOTS: (f32, f32) = (1.0, 3.0);
const DASHES: (f32, f32) = (5.0, 4.0);

/// Space between a line's name and its box, in points.
const NAME_PAD: f32 = 5.0;

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
    };
    Ink { line, fill, on_fill }
}

/// The tags on the price axis, with the rows they got: of the last price, of the lines in
/// the pane (by index), and of how many lines lie above and below.
#[derive(Default)]
pub struct Tags {
    last: Option<(i32, Tag)>,
    lines: Vec<(i32, usize, Tag)>,
    beyond: Vec<(i32, Tag)>,
}

impl Tags {
    /// Places every tag so that none covers another. A scale without bars has no prices to
    /// place any at.
    #[must_use]
    pub fn of(data: &ChartData<'_>, areas: &Areas, scale: &PriceScale, height: i32, theme: &Theme) -> Self {
        if data.series.is_empty() {
            return Self::default();
        }
        let PxRect { top, bottom, .. } = areas.prices;
        let last = data.last.map(|last| Self::last(data, last, scale, theme));
        let shown = data.lines.iter().enumerate().filter(|(_, line)| scale.shows(line.price));
        let lines: Vec<(usize, Tag)> = shown
            .map(|(i, line)| {
                let Ink { fill, on_fill, .. } = ink(line.kind, theme);
                let text = float::fixed(line.price, data.decimals());
                (i, Tag { row: scale.row_of(line.price), text, fill, ink: on_fill, rim: None, arrow: None })
            })
            .collect();
        let beyond = Self::beyond(data, scale, (top, bottom), theme);

        let wanted = last.iter().chain(lines.iter().map(|(_, tag)| tag)).chain(&beyond);
        let wanted: Vec<i32> = wanted.map(|tag| tag.row).collect();
        let mut rows = axis::spread(&wanted, height, top, bottom).into_iter();
        let mut next = || rows.next().unwrap_or(top);
        Self {
            last: last.map(|tag| (next(), tag)),
            lines: lines.into_iter().map(|(i, tag)| (next(), i, tag)).collect(),
            beyond: beyond.into_iter().map(|tag| (next(), tag)).collect(),
        }
    }

    /// The tag of the last price: at the edge with an arrow where it is out of sight, without a
    /// colour that speaks of a market that moves where it is stale.
    fn last(data: &ChartData<'_>, last: LastPrice, scale: &PriceScale, theme: &Theme) -> Tag {
        let rises = data.series.last().is_none_or(|bar| last.price >= bar.open);
        let (fill, ink, rim) = match (last.is_stale, rises) {
            (true, _) => (theme.surface, theme.stale, Some(theme.stale)),
            (false, true) => (theme.up_fill, theme.on_fill, None),
            (false, false) => (theme.down_fill, theme.on_fill, None),
        };
        let arrow = match scale.row_of(last.price) {
            row if row < scale.top => Some(Arrow::Up),
            row if row >= scale.bottom => Some(Arrow::Down),
            _ => None,
        };
        let row = scale.row_of(last.price).clamp(scale.top, (scale.bottom - 1).max(scale.top));
        Tag { row, text: float::fixed(last.price, data.decimals()), fill, ink, rim, arrow }
    }

    /// Tags that count the lines out of sight, so that a working order is never forgotten.
    fn beyond(
        data: &ChartData<'_>,
        scale: &PriceScale,
        (top, bottom): (i32, i32),
        theme: &Theme,
    ) -> Vec<Tag> {
        let hidden = data.lines.iter().filter(|line| !scale.shows(line.price));
        let (above, below): (Vec<&PriceLine<'_>>, Vec<_>) = hidden.partition(|line| line.price > scale.low);
        [(above.len(), Arrow::Up, top), (below.len(), Arrow::Down, bottom)]
            .into_iter()
            .filter(|(count, ..)| *count > 0)
            .map(|(count, arrow, row)| Tag {
                row,
                text: count.to_string(),
                fill: theme.raised,
                ink: theme.text,
                rim: None,
                arrow: Some(arrow),
            })
            .collect()
    }

    /// The rows that tags take on the axis.
    #[must_use]
    pub fn rows(&self) -> Vec<i32> {
        let lines = self.lines.iter().map(|(row, ..)| *row);
        self.last.iter().chain(&self.beyond).map(|(row, _)| *row).chain(lines).collect()
    }
}

/// Draws the lines, then the tags on the axis and the lines' names in the pane, beside what is
/// `taken` by the head. The line `hot` stands out. Returns where those are that can be taken hold of.
pub fn lines_ui(
    data: &ChartData<'_>,
    areas: &Areas,
    tags: &Tags,
    (taken, hot): (PxRect, Option<Handle>),
    layer: &mut Layer,
    theme: &Theme,
) -> Vec<Painted> {
    let is_hot = |line: &PriceLine<'_>| line.handle.is_some() && line.handle == hot;
    let mesh = &mut layer.mesh;
    let grid = mesh.grid();
    let pane = areas.prices;
    let dash = |(on, off): (f32, f32)| (grid.length(on), grid.length(off));
    if let Some((_, tag)) = tags.last.as_ref().filter(|(_, tag)| tag.arrow.is_none()) {
        mesh.dashed_row(tag.row, pane.left, pane.right, dash(DOTS), tag.rim.unwrap_or(tag.fill));
    }
    for (_, i, tag) in &tags.lines {
        let line = &data.lines[*i];
        let colour = ink(line.kind, theme).line;
        if line.dashed {
            mesh.dashed_row(tag.row, pane.left, pane.right, dash(DASHES), colour);
        } else {
            mesh.row(tag.row, pane.left, pane.right, colour);
        }
        if is_hot(line) {
            mesh.rect(PxRect { top: tag.row - 1, bottom: tag.row + 2, ..pane }, colour);
        }
    }
    let mut painted = Vec::new();
    for (row, i, tag) in &tags.lines {
        let line = &data.lines[*i];
        axis::tag_ui(areas.price_axis, *row, tag, layer);
        let name = name_ui(line, *row, pane, (taken, is_hot(line)), layer, theme);
        let grip = |handle| Painted { line: handle, price: line.price, row: tag.row, name };
        painted.extend(line.handle.map(grip));
    }
    for (row, tag) in tags.beyond.iter().chain(&tags.last) {
        axis::tag_ui(areas.price_axis, *row, tag, layer);
    }
    painted
}

/// Draws where a line would go.
pub fn moving_ui(
    data: &ChartData<'_>,
    areas: &Areas,
    scale: &PriceScale,
    (handle, to): (Handle, Price),
    layer: &mut Layer,
    theme: &Theme,
) {
    let Some(line) = data.lines.iter().find(|line| line.handle == Some(handle)) else { return };
    let row =
        scale.row_of(to.to_f64()).clamp(areas.prices.top, (areas.prices.bottom - 1).max(areas.prices.top));
    let Ink { line: colour, fill, on_fill } = ink(line.kind, theme);
    layer.mesh.rect(PxRect { top: row - 1, bottom: row + 2, ..areas.prices }, colour);
    let text = format::decimal(to.0, data.decimals());
    let tag = Tag { row, text, fill, ink: on_fill, rim: Some(theme.text_strong), arrow: None };
    axis::tag_ui(areas.price_axis, row, &tag, layer);
}

/// A line's name in a box at the left end of the pane: the newest candles, at the right, are
/// those that an order is about. Returns the box, which is empty where there is no room for it.
fn name_ui(
    line: &PriceLine<'_>,
    row: i32,
    pane: PxRect,
    (taken, is_hot): (PxRect, bool),
    Layer { mesh, text }: &mut Layer,
    theme: &Theme,
) -> PxRect {
    if line.label.is_empty() {
        return PxRect::default();
    }
    let grid = mesh.grid();
    let height = axis::tag_height(text, grid);
    let width = grid.length(text.width(line.label) + 2.0 * NAME_PAD);
    let top = row - height / 2;
    let is_beside = top < taken.bottom && top + height > taken.top;
    let left = if is_beside { taken.right } else { pane.left } + grid.length(6.0);
    let frame = PxRect::new(left, top, left + width, top + height);
    if frame.right >= pane.right {
        return PxRect::default();
    }
    let Ink { line: colour, fill, on_fill } = ink(line.kind, theme);
    let (fill, ink) = if is_hot { (fill, on_fill) } else { (theme.surface, colour) };
    mesh.rect(frame, fill);
    mesh.outline(frame, colour);
    let pos = pos2(grid.points(frame.left) + NAME_PAD, (row as f32 + 0.5) / grid.per_point());
    text.put(pos, Align2::LEFT_CENTER, line.label, ink);
    frame
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
            Side::Buy => (Arrow::Up, row, row + 2, theme.buy_fill),
            Side::Sell => (Arrow::Down, row, row - 2, theme.sell_fill),
        };
        // The rim sets it off from a candle of its own colour.
        mesh.arrow(arrow, x, rim, size + 3, theme.text_strong);
        mesh.arrow(arrow, x, tip, size, colour);
    }
}
