//! The price axis: grid, labels, and tags that must not cover each other.

use std::time::Duration;

use egui::{Align2, Color32, pos2};

use super::ChartData;
use super::areas::Areas;
use super::layer::Layer;
use super::price_scale::{Measure, PriceScale, round_step, tick_at};
use crate::ui::format::float;
use crate::ui::paint::{Arrow, Digits, PixelGrid, PxRect};
use crate::ui::theme::Theme;

/// Least distance between price labels, in points.
const APART: f32 = 44.0;
/// Space between a label and the edges of its axis, in points.
pub const PAD: f32 = 7.0;
/// What an arrow beside a label takes, in points.
const ARROW: f32 = 8.0;

/// A price label in a box, on the axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tag {
    /// The pixel row that it is about.
    pub row: i32,
    /// What it says.
    pub text: String,
    /// The box.
    pub fill: Color32,
    /// The text.
    pub ink: Color32,
    /// The edge of the box, where it has another colour.
    pub rim: Option<Color32>,
    /// An arrow left of the text.
    pub arrow: Option<Arrow>,
}

/// Height of a tag in pixels.
#[must_use]
pub fn tag_height(text: &Digits, grid: PixelGrid) -> i32 {
    grid.length(text.line_height() + 2.0)
}

/// Width of the price axis in pixels: that of its longest label.
#[must_use]
pub fn width(data: &ChartData<'_>, text: &Digits, grid: PixelGrid, scale: &PriceScale) -> i32 {
    let label = |price| text.width(&float::fixed(price, data.decimals()));
    let last = data.last.map_or(0.0, |last| {
        let arrow = if scale.shows(last.price) { 0.0 } else { ARROW };
        label(last.price) + arrow
    });
    let ends = [scale.low, scale.high].into_iter();
    let ends = ends.map(|end| label(end).max(text.width(&grid_label(data, scale, end))));
    grid.length(ends.fold(last.max(36.0), f32::max) + 2.0 * PAD)
}

/// The rows of boxes `height` tall around `wanted`, moved so that none overlaps another and
/// all are in `top..bottom` where they fit. Keeps their order.
#[must_use]
pub fn spread(wanted: &[i32], height: i32, top: i32, bottom: i32) -> Vec<i32> {
    let half = height / 2;
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    order.sort_by_key(|i| wanted[*i]);
    let mut rows: Vec<i32> = order.iter().map(|i| wanted[*i]).collect();
    // Groups of touching boxes lie around the mean of what their members want.
    let mut groups: Vec<(i64, i32, i32)> = Vec::new();
    let placed = |sum: i64, count: i32| {
        let tall = height * count;
        let centre = (sum / i64::from(count)) as i32;
        (centre - tall / 2).min(bottom - tall).max(top)
    };
    for row in &rows {
        let mut group = (i64::from(*row), 0, 1);
        group.1 = placed(group.0, 1);
        while let Some(&(sum, start, count)) = groups.last() {
            if start + height * count <= group.1 {
                break;
            }
            groups.pop();
            let merged = (group.0 + sum, group.2 + count);
            group = (merged.0, placed(merged.0, merged.1), merged.1);
        }
        groups.push(group);
    }
    let starts = groups.iter().flat_map(|(_, start, count)| (0..*count).map(move |i| start + height * i));
    for (row, start) in rows.iter_mut().zip(starts) {
        *row = start + half;
    }
    let mut result = vec![0; wanted.len()];
    for (i, row) in order.into_iter().zip(rows) {
        result[i] = row;
    }
    result
}

/// `0:42`, `12:05`, `3:12:05`, `2 d 3:12:05`.
#[must_use]
pub fn countdown(left: Duration) -> String {
    // The whole of the second that has begun: nought only when it is over.
    let seconds = left.as_nanos().div_ceil(1_000_000_000);
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let days = if days > 0 { format!("{days} d ") } else { String::new() };
    match (days.is_empty(), hours) {
        (true, 0) => format!("{minutes}:{:02}", seconds % 60),
        _ => format!("{days}{hours}:{minutes:02}:{:02}", seconds % 60),
    }
}

/// How long the last bar still grows, where both axes meet: the place of the button that fits a price scale.
pub fn countdown_ui(areas: &Areas, left: Duration, Layer { mesh, text }: &mut Layer, theme: &Theme) {
    let grid = mesh.grid();
    let words = countdown(left);
    let middle = grid.points(areas.time_axis.top + areas.time_axis.bottom) / 2.0;
    let room = grid.points(areas.price_axis.right - areas.price_axis.left);
    if text.width(&words) + 4.0 <= room {
        let at = pos2(grid.points(areas.price_axis.right) - PAD.min(room - text.width(&words)), middle);
        text.put(at, Align2::RIGHT_CENTER, &words, theme.text_weak);
    }
}

/// What stands beside a grid line: its price, or how far that is from where per cent are counted from. Tags always
/// name a price, which is what is traded.
fn grid_label(data: &ChartData<'_>, scale: &PriceScale, price: f64) -> String {
    match scale.measure {
        Measure::Percent(base) => format!("{}%", float::signed((price / base - 1.0) * 100.0, 2)),
        Measure::Linear | Measure::Log => float::fixed(price, data.decimals()),
    }
}

/// Draws the horizontal grid and its labels; a label that a tag covers is left out.
pub fn price_grid_ui(
    data: &ChartData<'_>,
    areas: &Areas,
    scale: &PriceScale,
    covered: &[i32],
    Layer { mesh, text }: &mut Layer,
    theme: &Theme,
) {
    let grid = mesh.grid();
    let tick = tick_at(data.ticks, scale.high);
    let margin = grid.length(text.line_height() / 2.0);
    for price in scale.grid(f64::from(APART * grid.per_point()), tick) {
        let row = scale.row_of(price);
        mesh.row(row, areas.prices.left, areas.prices.right, theme.grid);
        let is_whole = row - margin >= areas.prices.top && row + margin < areas.prices.bottom;
        let is_free = covered.iter().all(|other| (other - row).abs() >= tag_height(text, grid));
        if is_whole && is_free {
            let label = grid_label(data, scale, price);
            put_label(text, grid, areas.price_axis, row, &label, theme.text_weak);
        }
    }
}

/// Draws the volume pane's one grid line and its label.
pub fn volume_grid_ui(
    areas: &Areas,
    full: f64,
    decimals: u32,
    Layer { mesh, text }: &mut Layer,
    theme: &Theme,
) {
    let pane = areas.volumes;
    if pane.height() < 2 * tag_height(text, mesh.grid()) || full <= 0.0 {
        return;
    }
    let volume = round_step(full * 0.4);
    let row = pane.bottom - (volume / full * f64::from(pane.height())) as i32;
    mesh.row(row, pane.left, pane.right, theme.grid);
    let label = float::round_volume(volume, decimals);
    put_label(text, mesh.grid(), areas.price_axis, row, &label, theme.text_weak);
}

/// Draws a tag at `row` of the axis.
pub fn tag_ui(axis: PxRect, row: i32, tag: &Tag, Layer { mesh, text }: &mut Layer) {
    let height = tag_height(text, mesh.grid());
    let top = row - height / 2;
    let frame = PxRect::new(axis.left, top, axis.right, top + height);
    mesh.rect(frame, tag.fill);
    if let Some(rim) = tag.rim {
        mesh.outline(frame, rim);
    }
    put_label(text, mesh.grid(), axis, row, &tag.text, tag.ink);
    if let Some(arrow) = tag.arrow {
        let size = mesh.grid().length(3.0);
        let tip = if arrow == Arrow::Up { row - size / 2 } else { row + size / 2 };
        mesh.arrow(arrow, axis.left + mesh.grid().length(PAD), tip, size, tag.ink);
    }
}

/// Writes a label beside a row of the axis.
pub fn put_label(text: &mut Digits, grid: PixelGrid, axis: PxRect, row: i32, label: &str, ink: Color32) {
    let pos = pos2(grid.points(axis.right) - PAD, (row as f32 + 0.5) / grid.per_point());
    text.put(pos, Align2::RIGHT_CENTER, label, ink);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_countdown_counts_the_second_that_has_begun() {
        for (millis, text) in [
            (0, "0:00"),
            (1, "0:01"),
            (41_001, "0:42"),
            (725_000, "12:05"),
            (11_525_000, "3:12:05"),
            (2 * 86_400_000 + 11_525_000, "2 d 3:12:05"),
        ] {
            assert_eq!(countdown(Duration::from_millis(millis)), text);
        }
    }

    proptest! {
        #[test]
        fn tags_never_overlap_and_keep_their_order(
            wanted in prop::collection::vec(-100..700_i32, 0..20), height in 10..20_i32,
        ) {
            let rows = spread(&wanted, height, 0, 500);
            prop_assert_eq!(rows.len(), wanted.len());
            let mut pairs: Vec<(i32, i32)> = wanted.iter().copied().zip(rows.iter().copied()).collect();
            pairs.sort_unstable();
            for pair in pairs.windows(2) {
                prop_assert!(pair[1].1 - pair[0].1 >= height, "{:?} -> {:?}", wanted, rows);
            }
            if height as usize * wanted.len() <= 500 {
                for row in &rows {
                    prop_assert!(*row - height / 2 >= 0 && *row - height / 2 + height <= 500, "{:?}", rows);
                }
            }
        }

        #[test]
        fn a_tag_with_room_stays_where_it_belongs(row in 20..480_i32) {
            prop_assert_eq!(spread(&[row], 16, 0, 500), vec![row]);
        }
    }
}
