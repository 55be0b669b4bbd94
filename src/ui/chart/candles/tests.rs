//! Whole pixels, true highs and lows, sums that add up.

mod styles;

use super::*;
use crate::domain::Time;
use crate::market::series::BarChunk;
use crate::ui::paint::PixelGrid;
use proptest::prelude::*;

const TOP: i32 = 20;
const BOTTOM: i32 = 320;

fn series(bars: Vec<Bar>) -> BarSeries {
    let mut series = BarSeries::default();
    series.replace(BarChunk::new(bars.into()).unwrap());
    series
}

/// Bars from quadruples of small numbers.
fn bars(raw: &[(u32, u32, u32, u32)]) -> Vec<Bar> {
    let bar = |(i, &(open, close, spread, volume)): (usize, &(u32, u32, u32, u32))| {
        let (open, close) = (f64::from(open), f64::from(close));
        let spread = f64::from(spread);
        Bar {
            time: Time::from_seconds(60 * i.cast_signed() as i64),
            open,
            high: open.max(close) + spread,
            low: open.min(close) - spread,
            close,
            volume: f64::from(volume),
        }
    };
    raw.iter().enumerate().map(bar).collect()
}

fn stage(time: TimeScale, wick: i32) -> Stage {
    let width = time.width as i32;
    Stage {
        time,
        price: PriceScale::between(0.0, 1000.0, 0.01, TOP, BOTTOM),
        prices: PxRect::new(40, TOP, 40 + width, BOTTOM),
        volumes: PxRect::new(40, BOTTOM + 1, 40 + width, BOTTOM + 101),
        shape: Shape::of(time.spacing, wick),
        style: Style::Candles,
        phase: 0,
    }
}

fn inks() -> Inks {
    Inks::of(&Theme::dark())
}

/// Every rectangle of a mesh, in pixels.
fn rects(stage: &Stage, series: &BarSeries, full: f64, grid: PixelGrid) -> Vec<(PxRect, Color32)> {
    let mut mesh = PixelMesh::new(grid);
    stage.draw_closed(&mut mesh, &stage.pieces(series), full, &inks());
    if let Some(piece) = stage.forming(series) {
        stage.draw_forming(&mut mesh, &piece, full, &inks());
    }
    let mesh = mesh.into_mesh();
    let px = |points: f32| {
        let px = points * grid.per_point();
        assert!((px - px.round()).abs() < 1e-2, "{px} is no whole pixel");
        px.round() as i32
    };
    let rect = |quad: &[egui::epaint::Vertex]| {
        let (a, d) = (quad[0].pos, quad[3].pos);
        (PxRect::new(px(a.x), px(a.y), px(d.x), px(d.y)), quad[0].color)
    };
    mesh.vertices.chunks_exact(4).map(rect).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn columns_show_the_true_extent_of_all_their_bars(
        raw in prop::collection::vec((100_u32..900, 100_u32..900, 0_u32..100, 0_u32..1000), 1..3000),
        spacing in 0.01..2.9_f64, pan in -200.0..600.0_f64, width in 50..400_i32, column in 1..3_i32,
        live in 0_u32..50,
    ) {
        let bars = bars(&raw);
        let (mut series, len) = (series(bars.clone()), bars.len());
        // The last bars arrive one by one, as they do in a market.
        let mut all = bars;
        for i in 0..live {
            let bar = Bar { time: Time::from_seconds(60 * (len.cast_signed() as i64 + i64::from(i))), ..all[0] };
            series.apply(bar);
            all.push(bar);
        }
        let right = all.len() as f64 - pan;
        let time = TimeScale { spacing: spacing * f64::from(column), right, width: f64::from(width) };
        let stage = stage(time, column);
        prop_assume!(matches!(stage.shape, Shape::Columns(_)));
        let full = 4_000_000.0;
        let found = rects(&stage, &series, full, PixelGrid::new(1.0));

        // The same by looking at every bar: which column its middle is in, and what that holds.
        let mut expected: std::collections::BTreeMap<i32, Vec<Bar>> = std::collections::BTreeMap::new();
        for (i, bar) in all.iter().enumerate() {
            let x = time.x_of(i as f64);
            // Only bars on the very edge of a column may be counted on either side by rounding.
            prop_assume!((x / f64::from(column) - (x / f64::from(column)).round()).abs() > 1e-6 || x < -1.0);
            if x >= 0.0 && x < f64::from(width) {
                expected.entry((x / f64::from(column)).floor() as i32).or_default().push(*bar);
            }
        }
        let mut drawn = found.iter();
        for (at, bars) in expected {
            let left = 40 + at * column;
            let high = bars.iter().map(|b| b.high).fold(f64::MIN, f64::max);
            let low = bars.iter().map(|b| b.low).fold(f64::MAX, f64::min);
            let sum: f64 = bars.iter().map(|b| b.volume).sum();
            let rises = bars.last().unwrap().close >= bars[0].open;
            let (rect, colour) = drawn.next().expect("a column for every group of bars");
            prop_assert_eq!(rect.left, left);
            prop_assert_eq!(rect.right, (left + column).min(40 + width));
            prop_assert_eq!((rect.top, rect.bottom), (stage.price.row_of(high), stage.price.row_of(low) + 1));
            prop_assert_eq!(*colour, if rises { inks().up } else { inks().down });
            if sum > 0.0 {
                let (rect, _) = drawn.next().expect("volume below it");
                let rows = ((sum / full * 100.0) as i32).max(1);
                prop_assert_eq!((rect.left, rect.height()), (left, rows));
                prop_assert_eq!(rect.bottom, stage.volumes.bottom);
            }
        }
        prop_assert!(drawn.next().is_none());
    }

    #[test]
    fn far_out_columns_begin_at_cells_and_still_partition_the_bars(
        per_column in 200.0..100_000.0_f64, near in -5000.0..5000.0_f64, edge in 0..3_usize, phase in 0_usize..5000,
        len in 1_000_000_usize..1_000_100,
    ) {
        // A pane that ends with the last bar, begins with the first one, or lies anywhere.
        let right = [1_000_000.0 + near, 1500.0 * per_column + near, 1_000_000.0 + near * 20.0][edge];
        let time = TimeScale { spacing: 1.0 / per_column, right, width: 1500.0 };
        let stage = Stage { phase, ..stage(time, 1) };
        let visible = stage.visible(len);
        let starts: Vec<usize> = (0..=1500).map(|column| stage.column_start(column, 1, len)).collect();
        prop_assert!(starts.is_sorted());
        prop_assert_eq!((starts[0], starts[1500]), (visible.start, visible.end));
        for (column, start) in starts.iter().enumerate() {
            let exact = time.first_from(column as f64, len);
            prop_assert!(exact.abs_diff(*start) as f64 <= per_column / 30.0);
            prop_assert_eq!(exact == len, *start == len, "the last bar is in the same column");
        }
    }

    #[test]
    fn candles_are_centred_keep_apart_and_lie_in_the_pane(
        raw in prop::collection::vec((0_u32..1100, 0_u32..1100, 0_u32..100, 1_u32..1000), 1..300),
        spacing in 3.0..60.0_f64, pan in -300.0..300.0_f64, scale in 0..4_usize,
    ) {
        let grid = PixelGrid::new([1.0, 1.25, 1.5, 2.0][scale]);
        let wick = [1, 1, 1, 2][scale];
        let series = series(bars(&raw));
        let time = TimeScale { spacing: spacing * f64::from(wick), right: raw.len() as f64 - pan / 10.0, width: 500.0 };
        let stage = stage(time, wick);
        let Shape::Candles { body, .. } = stage.shape else { panic!("no candles at {spacing}") };
        prop_assert_eq!((body - wick) % 2, 0);
        prop_assert!(body >= wick && f64::from(body) <= time.spacing - 1.0 + 1e-9);
        let found = rects(&stage, &series, 1000.0, grid);
        let pane = stage.prices;
        let mut bodies: Vec<PxRect> = Vec::new();
        for (rect, colour) in &found {
            let area = if *colour == inks().up || *colour == inks().down { pane } else { stage.volumes };
            prop_assert_eq!(rect.intersect(area), *rect, "outside its pane");
            prop_assert!(!rect.is_empty());
            if rect.width() == body && area == pane && body > wick {
                bodies.push(*rect);
            }
        }
        bodies.sort_by_key(|rect| rect.left);
        for pair in bodies.windows(2) {
            prop_assert!(pair[1].left > pair[0].right, "no pixel between {:?}", pair);
        }
        for (rect, _) in found.iter().filter(|(rect, _)| rect.width() == wick && body > wick) {
            for other in bodies.iter().filter(|b| b.left <= rect.left && rect.right <= b.right) {
                prop_assert_eq!(rect.left - other.left, other.right - rect.right, "wick off centre");
            }
        }
    }

    #[test]
    fn the_forming_piece_is_the_one_that_was_left_out(
        raw in prop::collection::vec((100_u32..900, 100_u32..900, 0_u32..100, 0_u32..1000), 1..400),
        spacing in 0.01..30.0_f64, pan in -100.0..100.0_f64,
    ) {
        let series = series(bars(&raw));
        let time = TimeScale { spacing, right: raw.len() as f64 + pan / spacing, width: 300.0 };
        let stage = stage(time, 1);
        let visible = stage.visible(series.len());
        let all: f64 = series.extent(visible.clone()).volume;
        let closed: f64 = stage.pieces(&series).closed.iter().map(|piece| piece.volume).sum();
        let forming = stage.forming(&series);
        prop_assert_eq!(forming.is_some(), !visible.is_empty() && visible.end == series.len());
        prop_assert!((closed + forming.map_or(0.0, |piece| piece.volume) - all).abs() < 1e-6);
    }
}

#[test]
fn widths_follow_the_spacing() {
    for (spacing, wick, shape) in [
        (0.2, 1, Shape::Columns(1)),
        (2.9, 1, Shape::Columns(1)),
        (3.0, 1, Shape::Candles { body: 1, wick: 1 }),
        (4.0, 1, Shape::Candles { body: 3, wick: 1 }),
        (6.0, 1, Shape::Candles { body: 5, wick: 1 }),
        (7.0, 1, Shape::Candles { body: 5, wick: 1 }),
        (10.0, 1, Shape::Candles { body: 7, wick: 1 }),
        (50.0, 1, Shape::Candles { body: 39, wick: 1 }),
        (5.9, 2, Shape::Columns(2)),
        (12.0, 2, Shape::Candles { body: 8, wick: 2 }),
    ] {
        assert_eq!(Shape::of(spacing, wick), shape, "{spacing} px, wick {wick}");
    }
}

#[test]
fn a_bar_without_movement_is_a_line_and_little_volume_is_seen() {
    let series = series(bars(&[(500, 500, 0, 1), (500, 500, 0, 0)]));
    let time = TimeScale { spacing: 10.0, right: 1.5, width: 20.0 };
    let stage = stage(time, 1);
    let found = rects(&stage, &series, 1e9, PixelGrid::new(1.0));
    let row = stage.price.row_of(500.0);
    let heights: Vec<(i32, i32)> = found.iter().map(|(rect, _)| (rect.top, rect.height())).collect();
    assert_eq!(heights, [(row, 1), (stage.volumes.bottom - 1, 1), (row, 1)]);
}

#[test]
fn rising_and_falling_bars_have_their_colours() {
    let series = series(bars(&[(400, 500, 10, 5), (500, 400, 10, 5), (400, 400, 10, 5)]));
    let time = TimeScale { spacing: 20.0, right: 2.5, width: 60.0 };
    let colours: Vec<Color32> = rects(&stage(time, 1), &series, 10.0, PixelGrid::new(1.0))
        .iter()
        .map(|(_, colour)| *colour)
        .collect();
    let Inks { up, down, volume_up, volume_down, .. } = inks();
    assert_eq!(colours, [up, up, volume_up, down, down, volume_down, up, up, volume_up]);
}

#[test]
fn a_bar_across_all_prices_is_cut_at_the_panes_edges() {
    let mut bars = bars(&[(400, 500, 10, 5)]);
    (bars[0].high, bars[0].low) = (1e300, -1e300);
    let series = series(bars);
    let time = TimeScale { spacing: 20.0, right: 0.5, width: 60.0 };
    let stage = stage(time, 1);
    let (wick, _) = rects(&stage, &series, 10.0, PixelGrid::new(1.0))[0];
    assert_eq!((wick.top, wick.bottom), (TOP, BOTTOM));
}
