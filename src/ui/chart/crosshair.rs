//! The crosshair with its labels, and the legend of the bar under it.

use egui::{Align2, Color32, Pos2, Rect, pos2};

use super::ChartData;
use super::areas::Areas;
use super::axis::{self, PAD, Tag};
use super::candles::Stage;
use super::layer::Layer;
use super::time_axis::time_text;
use crate::domain::{Bar, Decimal, Price, Time};
use crate::ui::format::{self, float};
use crate::ui::paint::{Digits, PxRect};
use crate::ui::theme::Theme;

/// What the pointer is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hover {
    /// The bar nearest to the pointer.
    pub index: usize,
    /// When that bar begins.
    pub time: Time,
    /// The price at the pointer, on the tick grid; `None` over the volume, and where no price is
    /// above zero.
    pub price: Option<Price>,
}

/// What is under `pos`, where that is in one of the panes.
#[must_use]
pub fn hover(data: &ChartData<'_>, areas: &Areas, stage: &Stage, (x, y): (i32, i32)) -> Option<Hover> {
    let panes = areas.panes();
    if !(panes.left..panes.right).contains(&x) || !(panes.top..panes.bottom).contains(&y) {
        return None;
    }
    let index = stage.time.bar_at(f64::from(x - panes.left) + 0.5, data.series.len())?;
    let time = data.series.get(index)?.time;
    let in_prices = y < areas.prices.bottom;
    let price = in_prices.then(|| stage.price.price_at(f64::from(y) + 0.5));
    Some(Hover { index, time, price: price.and_then(|price| on_grid(data, price)) })
}

/// The price that can be traded nearest to one that was pointed at.
pub(super) fn on_grid(data: &ChartData<'_>, price: f64) -> Option<Price> {
    let price = data.ticks.round(Price(Decimal::try_from(price).ok()?));
    (price.0 > Decimal::ZERO).then_some(price)
}

/// The price or the volume at a row; `full` is the volume that fills its pane.
#[must_use]
pub fn label(data: &ChartData<'_>, areas: &Areas, hover: &Hover, row: i32, full: f64) -> Option<String> {
    if row < areas.prices.bottom {
        return hover.price.map(|price| format::decimal(price.0, data.decimals()));
    }
    let rows = f64::from(areas.volumes.bottom - row) - 0.5;
    let volume = rows / f64::from(areas.volumes.height()) * full;
    (rows > 0.0).then(|| float::volume(volume, data.quantity_decimals))
}

/// Draws the lines through the hovered bar and the row of the pointer, and their labels on the axes.
pub fn crosshair_ui(
    data: &ChartData<'_>,
    areas: &Areas,
    stage: &Stage,
    hover: &Hover,
    row: Option<(i32, Option<String>)>,
    layer: &mut Layer,
    theme: &Theme,
) {
    let mesh = &mut layer.mesh;
    let grid = mesh.grid();
    let panes = areas.panes();
    let dash = (grid.length(3.0), grid.length(3.0));
    let x = stage.time.x_of(hover.index as f64).floor() as i32 + panes.left;
    if (panes.left..panes.right).contains(&x) {
        mesh.dashed_column(x, panes.top, panes.bottom, dash, theme.crosshair);
    }
    if let Some((row, _)) = row {
        mesh.dashed_row(row, panes.left, panes.right, dash, theme.crosshair);
    }
    if let Some((row, Some(text))) = row {
        let tag = Tag { row, text, fill: theme.tag, ink: theme.on_tag, rim: None, arrow: None };
        axis::tag_ui(areas.price_axis, row, &tag, layer);
    }
    let Layer { mesh, text } = layer;

    let time = time_text(hover.time, data.timeframe, data.zone);
    let strip = areas.time_axis;
    let width = grid.length(text.width(&time) + 2.0 * PAD);
    let left = (x - width / 2).min(strip.right - width).max(strip.left);
    let label = PxRect::new(left, strip.top, left + width, strip.bottom);
    mesh.rect(label, theme.tag);
    let middle = grid.points(label.top + label.bottom) / 2.0;
    text.put(pos2(grid.points(left) + PAD, middle), Align2::LEFT_CENTER, &time, theme.on_tag);
}

/// Writes open, high, low, close, change and volume of a bar from `pos` to the right, as much
/// as fits in `width` points, and returns where. `before` is the close that the change refers to.
pub fn legend_ui(
    data: &ChartData<'_>,
    bar: &Bar,
    before: Option<f64>,
    (pos, width): (Pos2, f32),
    text: &mut Digits,
    theme: &Theme,
) -> Rect {
    let base = before.unwrap_or(bar.open);
    let change = bar.close - base;
    let colour = if change > 0.0 {
        theme.up
    } else if change < 0.0 {
        theme.down
    } else {
        theme.unchanged
    };
    let price = |price| float::fixed(price, data.decimals());
    let mut moved = float::signed(change, data.decimals());
    if base != 0.0 {
        moved = format!("{moved} ({}%)", float::signed(change / base * 100.0, 2));
    }
    let volume = float::volume(bar.volume, data.quantity_decimals);
    let mut written = Rect::from_min_size(pos, egui::Vec2::ZERO);
    let mut x = pos.x;
    let end = pos.x + width;
    let mut item = |name: &str, value: &str, ink: Color32| {
        let room = text.width(name) + 4.0 + text.width(value);
        if x + room > end {
            // Nothing after what does not fit: a legend with holes misleads.
            x = f32::INFINITY;
            return;
        }
        if !name.is_empty() {
            x = text.put(pos2(x, pos.y), Align2::LEFT_TOP, name, theme.text_weak).right() + 4.0;
        }
        let value = text.put(pos2(x, pos.y), Align2::LEFT_TOP, value, ink);
        written |= value;
        x = value.right() + 10.0;
    };
    item("O", &price(bar.open), theme.text);
    item("H", &price(bar.high), theme.text);
    item("L", &price(bar.low), theme.text);
    item("C", &price(bar.close), theme.text);
    item("", &moved, colour);
    item("V", &volume, theme.text);
    written
}
