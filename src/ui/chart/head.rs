//! What stands at the top left: title, notice, and the numbers of one bar.

use std::sync::Arc;

use egui::{Galley, Pos2, Rect, Shape, Vec2, pos2, vec2};

use super::ChartData;
use super::areas::Areas;
use super::crosshair;
use super::layer::Layer;
use crate::ui::paint::PxRect;
use crate::ui::theme::Theme;

/// Between the title and what stands beside it, in points.
const APART: f32 = 10.0;

/// What was drawn.
pub struct Head {
    /// Title and notice.
    pub title: Shape,
    /// The pixels that are spoken for.
    pub taken: PxRect,
    /// The room beside the title that was asked for, in points.
    pub beside: Rect,
    /// The room below, in points.
    pub below: Rect,
}

/// Draws the numbers of the bar with index `shown` into `layer`, above a backdrop that keeps
/// them and the title readable over candles. Beside the title it leaves `beside` free.
#[must_use]
pub fn head_ui(
    data: &ChartData<'_>,
    areas: &Areas,
    shown: Option<usize>,
    (painter, beside): (&egui::Painter, Vec2),
    layer: &mut Layer,
    theme: &Theme,
) -> Head {
    let grid = layer.mesh.grid();
    let pos = grid.snap(grid.pos(areas.prices.left, areas.prices.top) + vec2(10.0, 7.0));
    let room = grid.points(areas.prices.right) - pos.x - 8.0;
    let title = title(data, painter, room - beside.x - APART, theme);
    let mut written = Rect::from_min_size(pos, title.size());
    let corner = pos2(written.right() + APART, written.center().y - beside.y / 2.0);
    let beside = Rect::from_min_size(grid.snap(corner), beside);
    if let Some(numbers) = legend(data, shown, pos2(pos.x, written.bottom() + 1.0), room, layer, theme) {
        written |= numbers;
    }
    written |= beside;
    let prices = areas.prices.to_points(grid);
    let below = Rect::from_min_max(pos2(pos.x, written.bottom() + 2.0), pos2(pos.x + room, prices.bottom()));
    let taken = grid.rect(written.expand2(vec2(4.0, 2.0))).intersect(areas.prices);
    // Below the numbers, which are text, whatever the order of the two calls.
    layer.mesh.rect(taken, theme.surface.gamma_multiply(0.88));
    Head { title: Shape::galley(pos, title, theme.text), taken, beside, below }
}

/// Title, period and notice. Ordinary text: it seldom changes and may be foreign. Where not all
/// of it fits, the notice is what matters.
fn title(data: &ChartData<'_>, painter: &egui::Painter, room: f32, theme: &Theme) -> Arc<Galley> {
    let notice = data.notice.filter(|_| !data.series.is_empty());
    let name =
        [(data.title, theme.text_strong), ("  ", theme.text_weak), (data.timeframe.label(), theme.text_weak)];
    let lay_out = |pieces: &[(&str, egui::Color32)]| {
        let mut job = egui::text::LayoutJob::default();
        for (text, colour) in pieces {
            job.append(text, 0.0, egui::TextFormat::simple(theme.text_font(), *colour));
        }
        job.wrap = egui::text::TextWrapping::truncate_at_width(room.max(1.0));
        painter.layout_job(job)
    };
    let Some(notice) = notice else { return lay_out(&name) };
    let notice = [("  ", theme.warn), (notice, theme.warn)];
    let whole = lay_out(&[&name[..], &notice[..]].concat());
    if whole.elided { lay_out(&notice[1..]) } else { whole }
}

fn legend(
    data: &ChartData<'_>,
    shown: Option<usize>,
    pos: Pos2,
    room: f32,
    layer: &mut Layer,
    theme: &Theme,
) -> Option<Rect> {
    let index = shown?;
    let bar = data.series.get(index)?;
    let before = index.checked_sub(1).and_then(|i| data.series.get(i)).map(|bar| bar.close);
    Some(crosshair::legend_ui(data, &bar, before, (pos, room), &mut layer.text, theme))
}
