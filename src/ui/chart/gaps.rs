//! Where nothing came from the broker: a band over the bars of that time, which came afterwards.

use egui::{Align2, pos2};

use super::candles::Stage;
use super::layer::Layer;
use super::{ChartData, Gap};
use crate::domain::Time;
use crate::ui::format;
use crate::ui::theme::Theme;

/// Height of the strip at the foot of a band, in points.
const STRIP: f32 = 3.0;
/// What the band leaves of its colour: the bars matter more.
const FAINT: f32 = 0.10;

/// The bars that a gap lies over, first and last; `None` where it is out of the history.
fn bars(data: &ChartData<'_>, gap: Gap) -> Option<(usize, usize)> {
    let series = data.series;
    let first = series.get(0)?;
    if gap.to < first.time {
        return None;
    }
    let holding = |time: Time| series.index_at(Time(time.0.saturating_add(1))).saturating_sub(1);
    Some((holding(gap.from.max(first.time)), holding(gap.to)))
}

/// Draws the gaps in sight, each with how long it was where there is room for that.
pub fn gaps_ui(data: &ChartData<'_>, stage: &Stage, layer: &mut Layer, theme: &Theme) {
    let Layer { mesh, text } = layer;
    let grid = mesh.grid();
    let pane = stage.prices;
    let strip = grid.length(STRIP).max(1);
    for gap in data.gaps {
        let Some((first, last)) = bars(data, *gap) else { continue };
        let edge = |index: f64| (stage.time.x_of(index).round() as i32).saturating_add(pane.left);
        let left = edge(first as f64 - 0.5).max(pane.left);
        let right = edge(last as f64 + 0.5).max(left + 1).min(pane.right);
        if left >= pane.right || right <= pane.left {
            continue;
        }
        let band = super::PxRect::new(left, pane.top, right, pane.bottom);
        mesh.rect(band, theme.warn.gamma_multiply(FAINT));
        mesh.rect(super::PxRect { top: pane.bottom - strip, ..band }, theme.warn);
        let words = format!("no data {}", format::duration(gap.to.since(gap.from)));
        let width = grid.length(text.width(&words));
        // Beside the bars that came then, not on them.
        if right - width - 2 * strip >= pane.left {
            let at = pos2(grid.points(right - strip), grid.points(pane.bottom - 2 * strip));
            text.put(at, Align2::RIGHT_BOTTOM, &words, theme.warn);
        }
    }
}

/// What is said of the gaps to those who do not see them.
pub fn spoken(data: &ChartData<'_>) -> Vec<String> {
    let seen = data.gaps.iter().filter(|gap| bars(data, **gap).is_some());
    seen.map(|gap| format!("no data for {}", format::duration(gap.to.since(gap.from)))).collect()
}
