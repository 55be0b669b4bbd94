//! Bars outside the regular hours, on another ground.

use std::ops::Range;
use std::sync::Arc;

use super::ChartData;
use super::candles::{Shape, Stage};
use crate::domain::SessionKind;
use crate::market::calendar::{Calendar, SessionCursor};
use crate::ui::paint::{PixelMesh, PxRect};
use crate::ui::theme::Theme;

/// The most time that a pixel may stand for, in nanoseconds: beyond it days would be a pattern of stripes.
const COARSEST: f64 = 15.0 * 60.0 * 1e9;

/// The pixel columns of what is in sight and outside the regular hours, from the left of the panes. Looks at each bar
/// or column once, however long the history.
pub fn spans(data: &ChartData<'_>, calendar: &Arc<Calendar>, stage: &Stage) -> Vec<Range<i32>> {
    let series = data.series;
    let visible = stage.visible(series.len());
    let times = series.get(visible.start).zip(visible.end.checked_sub(1).and_then(|end| series.get(end)));
    let Some((first, last)) = times.filter(|_| !data.timeframe.is_calendar()) else { return Vec::new() };
    if (last.time.0 - first.time.0) as f64 > COARSEST * stage.time.width.max(1.0) {
        return Vec::new();
    }
    let starts: Vec<usize> = match stage.shape {
        Shape::Candles { .. } => visible.clone().collect(),
        Shape::Columns(width) => stage.column_starts(width, series.len()),
    };
    let mut cursor = SessionCursor::new(Arc::clone(calendar));
    let edge = |index: usize| stage.time.x_of(index as f64 - 0.5).round() as i32;
    let mut spans: Vec<Range<i32>> = Vec::new();
    let ends = starts.iter().skip(1).copied().chain([visible.end]);
    for (start, end) in starts.iter().copied().zip(ends).filter(|(start, end)| start < end) {
        let Some(bar) = series.get(start) else { continue };
        if cursor.at(bar.time).is_some_and(|session| session.kind == SessionKind::Regular) {
            continue;
        }
        let (left, right) = (edge(start), edge(end));
        match spans.last_mut().filter(|span| span.end == left) {
            Some(span) => span.end = right,
            None => spans.push(left..right),
        }
    }
    spans
}

/// Draws them under everything else.
pub fn shade_ui(spans: &[Range<i32>], panes: PxRect, mesh: &mut PixelMesh, theme: &Theme) {
    for span in spans {
        let band = PxRect { left: panes.left + span.start, right: panes.left + span.end, ..panes };
        mesh.rect(band.intersect(panes), theme.grid.gamma_multiply(0.5));
    }
}
