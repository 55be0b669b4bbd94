//! Each style shows the prices it is of.

use super::*;
use crate::market::heikin::Heikin;

/// With room: 20 pixels a bar, the last one in the middle of the right half.
fn shown(style: Style, bars: usize) -> Stage {
    let width = 20.0 * bars as f64;
    let stage = stage(TimeScale { spacing: 20.0, right: bars as f64 - 0.5, width }, 1);
    Stage { style, volumes: PxRect::default(), ..stage }
}

fn painted(stage: &Stage, series: &BarSeries) -> Vec<(PxRect, Color32)> {
    rects(stage, series, 1.0, PixelGrid::new(1.0))
}

#[test]
fn a_bar_has_its_open_at_the_left_of_its_stem_and_its_close_at_the_right() {
    let series = series(bars(&[(400, 500, 50, 0)]));
    let stage = shown(Style::Bars, 1);
    let row = |price| stage.price.row_of(price);
    let found: Vec<PxRect> = painted(&stage, &series).into_iter().map(|(rect, _)| rect).collect();
    let [stem, open, close] = found[..] else { panic!("{found:?}") };
    assert_eq!((stem.top, stem.bottom), (row(550.0), row(350.0) + 1));
    assert_eq!((open.top, open.right), (row(400.0), stem.left));
    assert_eq!((close.top, close.left), (row(500.0), stem.right));
    assert_eq!(open.width(), close.width());
}

#[test]
fn a_hollow_candle_is_empty_when_it_closes_above_its_open_and_coloured_by_the_close_before() {
    let series = series(bars(&[(500, 500, 0, 0), (400, 450, 20, 0), (460, 440, 20, 0)]));
    let stage = shown(Style::Hollow, 3);
    let found = painted(&stage, &series);
    let middle = (stage.price.row_of(425.0), stage.wick_left(1, 1));
    let covers = |rect: &PxRect, (row, x): (i32, i32)| {
        (rect.top..rect.bottom).contains(&row) && (rect.left..rect.right).contains(&x)
    };
    assert!(!found.iter().any(|(rect, _)| covers(rect, middle)), "it can be looked through");
    let edge = (stage.price.row_of(450.0), middle.1);
    let colours = |at| found.iter().filter(move |(rect, _)| covers(rect, at)).map(|(_, colour)| *colour);
    assert_eq!(colours(edge).next(), Some(inks().down), "it closed below the bar before");
    let filled = (stage.price.row_of(450.0), stage.wick_left(2, 1));
    assert_eq!(colours(filled).next(), Some(inks().down), "a falling one is filled");
}

proptest! {
    #[test]
    fn a_line_is_unbroken_and_goes_through_every_close(
        raw in prop::collection::vec((100_u32..900, 100_u32..900, 0_u32..50, 0_u32..9), 2..60),
        spacing in 0.02..30.0_f64, width in 80..300_i32,
    ) {
        let bars = bars(&raw);
        let (series, len) = (series(bars.clone()), bars.len() as f64);
        let time = TimeScale { spacing, right: len - 0.5, width: f64::from(width) };
        let stage = Stage { style: Style::Line, volumes: PxRect::default(), ..stage(time, 1) };
        let mut rows: std::collections::BTreeMap<i32, (i32, i32)> = std::collections::BTreeMap::new();
        for (rect, colour) in painted(&stage, &series) {
            prop_assert_eq!(colour, inks().line);
            for x in rect.left..rect.right {
                let row = rows.entry(x).or_insert((rect.top, rect.bottom));
                *row = (row.0.min(rect.top), row.1.max(rect.bottom));
            }
        }
        let columns: Vec<(i32, (i32, i32))> = rows.iter().map(|(x, rows)| (*x, *rows)).collect();
        for pair in columns.windows(2) {
            let [(x, (top, bottom)), (next, (other_top, other_bottom))] = [pair[0], pair[1]];
            prop_assert_eq!(next, x + 1, "no column is left out");
            prop_assert!(top <= other_bottom && other_top <= bottom, "{:?}", pair);
        }
        if let Shape::Candles { wick, .. } = stage.shape {
            for index in stage.visible(bars.len()) {
                let x = stage.wick_left(index, wick);
                if let Some((top, bottom)) = rows.get(&x) {
                    let row = stage.price.row_of(bars[index].close);
                    prop_assert!((*top..*bottom).contains(&row), "{} of {:?}", row, (top, bottom));
                }
            }
        }
    }

    #[test]
    fn heikin_ashi_looks_the_same_wherever_the_pane_begins(
        raw in prop::collection::vec((100_u32..900, 100_u32..900, 0_u32..50, 0_u32..9), 2..400),
        pan in 0..300_usize,
    ) {
        let bars = bars(&raw);
        let series = series(bars.clone());
        let mut heikin = Heikin::default();
        let whole: Vec<Bar> = bars.iter().map(|bar| heikin.next(bar)).collect();
        let right = bars.len().saturating_sub(pan).max(1) as f64 - 0.5;
        let time = TimeScale { spacing: 20.0, right, width: 400.0 };
        let stage = Stage { style: Style::HeikinAshi, ..stage(time, 1) };
        let visible = stage.visible(bars.len());
        let pieces = stage.pieces(&series);
        let forming = stage.forming(&series);
        let shown: Vec<Piece> = pieces.closed.iter().copied().chain(forming).collect();
        prop_assert_eq!(shown.len(), visible.len());
        for (piece, bar) in shown.iter().zip(&whole[visible]) {
            let close = |a: f64, b: f64| (a - b).abs() < 1e-9;
            prop_assert!(close(piece.open, bar.open) && close(piece.close, bar.close), "{:?} {:?}", piece, bar);
            prop_assert!(close(piece.high, bar.high) && close(piece.low, bar.low));
        }
    }
}
