//! Instants, prices and pixels against plain models.

use proptest::prelude::*;

use super::*;
use crate::domain::{Bar, TickTable};
use crate::market::series::BarChunk;
use crate::ui::chart::candles::Shape;
use crate::ui::chart::price_scale::Measure;
use crate::ui::chart::style::Style;

/// Periods of the clock and of the calendar.
const FRAMES: [Timeframe; 5] = [Timeframe::S5, Timeframe::M1, Timeframe::H1, Timeframe::D1, Timeframe::Mo1];

fn bar(time: i64) -> Bar {
    let wave = ((time / 1_000_000_000) % 37) as f64 * 0.5;
    let (open, close) = (200.0 + wave, 201.5 + wave);
    Bar { time: Time(time), open, high: close + 1.0, low: open - 1.0, close, volume: 10.0 }
}

fn series_of(times: &[i64]) -> BarSeries {
    let mut series = BarSeries::default();
    series.replace(BarChunk::new(times.iter().copied().map(bar).collect::<Vec<_>>().into()).unwrap());
    series
}

/// Times of bars with nights in between: after each bar as many periods as are said.
fn times(timeframe: Timeframe, gaps: &[i64]) -> Vec<i64> {
    let mut at = 1_700_000_000_000_000_000_i64;
    let mut times = Vec::new();
    for gap in gaps {
        times.push(at);
        at += gap * timeframe.nanos();
    }
    times
}

fn frames() -> impl Strategy<Value = (Timeframe, Vec<i64>)> {
    let gaps = prop::collection::vec(prop_oneof![4 => Just(1_i64), 1 => 2_i64..20], 1..60);
    (0..FRAMES.len(), gaps).prop_map(|(frame, gaps)| (FRAMES[frame], times(FRAMES[frame], &gaps)))
}

fn ticks() -> TickTable {
    TickTable::uniform(Decimal::new(1, 2)).unwrap()
}

fn data_of<'a>(
    series: &'a BarSeries,
    timeframe: Timeframe,
    ticks: &'a TickTable,
    zone: &'a jiff::tz::TimeZone,
) -> ChartData<'a> {
    ChartData {
        pointed: None,
        series,
        title: "AAPL",
        timeframe,
        ticks,
        quantity_decimals: 0,
        zone,
        last: None,
        lines: &[],
        drawings: &[],
        marks: &[],
        gaps: &[],
        hours: None,
        closes_in: None,
        notice: None,
        has_older: false,
    }
}

/// A pane of 800 by 400 pixels at (10, 20), prices from 100 to 400.
fn scales_of(series: &BarSeries, spacing: f64, right: f64, measure: Measure) -> Scales {
    let prices = PxRect::new(10, 20, 810, 420);
    let stage = Stage {
        time: TimeScale { spacing, right, width: 800.0 },
        price: PriceScale::between(100.0, 400.0, 0.01, 20, 420).measured(measure),
        prices,
        volumes: PxRect::default(),
        shape: Shape::Columns(1),
        style: Style::Candles,
        phase: 0,
    };
    Scales::of(&stage, series)
}

proptest! {
    #[test]
    fn the_bar_of_an_instant_is_the_one_that_was_forming((timeframe, times) in frames(), part in 0.0..1.0) {
        let series = series_of(&times);
        let span = times[times.len() - 1] - times[0];
        let time = times[0] + (span as f64 * part) as i64;
        let naive = times.iter().rposition(|begin| *begin <= time).unwrap();
        prop_assert_eq!(index_of(&series, timeframe, Time(time)), i64::try_from(naive).ok());
    }

    #[test]
    fn each_bar_that_is_there_or_will_be_has_a_time_of_its_own(
        (timeframe, times) in frames(), index in -100_i64..400,
    ) {
        let series = series_of(&times);
        let time = time_of(&series, timeframe, index).unwrap();
        prop_assert_eq!(index_of(&series, timeframe, time), Some(index));
        prop_assert!(time_of(&series, timeframe, index + 1).unwrap() > time);
    }

    #[test]
    fn an_anchor_that_was_off_the_history_lies_on_its_bar_when_that_has_come(
        (timeframe, times) in frames(), known in 0.0..1.0, later in 0.0..1.0,
    ) {
        let (cut, at) = (|part: f64| (part * times.len() as f64) as usize, later);
        let (cut, mark) = (cut(known).max(1), times[cut(at).min(times.len() - 1)]);
        // History in front of it comes, and bars after it.
        for part in [&times[..cut], &times[cut - 1..]] {
            let before = index_of(&series_of(part), timeframe, Time(mark));
            prop_assert!(before.is_some());
        }
        let naive = times.iter().position(|begin| *begin == mark).unwrap();
        prop_assert_eq!(index_of(&series_of(&times), timeframe, Time(mark)), i64::try_from(naive).ok());
    }

    #[test]
    fn what_is_drawn_at_a_place_is_painted_there_on_every_scale(
        (timeframe, times) in frames(),
        spacing in 0.5..60.0,
        right in -20.0..90.0,
        x in 10.0..810.0,
        y in 20.0..420.0,
        kind in 0_usize..3,
    ) {
        let (series, ticks, zone) = (series_of(&times), ticks(), jiff::tz::TimeZone::UTC);
        let data = data_of(&series, timeframe, &ticks, &zone);
        let measure = [Measure::Linear, Measure::Log, Measure::Percent(150.0)][kind];
        let scales = scales_of(&series, spacing, right, measure);
        // A chart of months reaches before all clocks.
        let Some(mark) = scales.mark_at([x, y], &data, None) else { return Ok(()) };
        let [back_x, back_y] = scales.point_of(mark, &data).unwrap();
        // Half a bar and half a pixel to its middle; a tick is less than a row here.
        prop_assert!((back_x - x).abs() <= spacing / 2.0 + 1.0, "{x} came back as {back_x}");
        prop_assert!((back_y - y).abs() <= 1.5, "{y} came back as {back_y}");
// Where a bar is wider than what is lost to whole pixels.
        let again = scales.mark_at([back_x, back_y], &data, None).unwrap();
        prop_assert!(spacing < 3.0 || again.time == mark.time, "{again:?} and {mark:?}");
    }

    #[test]
    fn on_another_scale_or_period_a_mark_keeps_its_bar_and_its_price(
        (timeframe, times) in frames(), bar in 0.0..1.0, cents in 10_100_i64..39_900, kind in 0_usize..3,
    ) {
        let (series, ticks, zone) = (series_of(&times), ticks(), jiff::tz::TimeZone::UTC);
        let data = data_of(&series, timeframe, &ticks, &zone);
        let index = (bar * (times.len() - 1) as f64) as usize;
        let mark = Mark { time: Time(times[index]), price: Price(Decimal::new(cents, 2)) };
        let measure = [Measure::Linear, Measure::Log, Measure::Percent(150.0)][kind];
        let scales = scales_of(&series, 7.0, 30.0, measure);
        let [x, y] = scales.point_of(mark, &data).unwrap();
        // 10 + what is left of the right edge, and the share of 300 (or of the logarithm) from above.
        prop_assert!((x - (810.0 - (30.0 - index as f64) * 7.0)).abs() <= 1.0);
        let price = cents as f64 / 100.0;
        let share = match kind {
            1 => (400.0_f64 / price).ln() / 4.0_f64.ln(),
            _ => (400.0 - price) / 300.0,
        };
        prop_assert!((y - (20.0 + 400.0 * share)).abs() <= 1.0, "{y}");
    }

    #[test]
    fn history_that_comes_in_front_between_two_frames_moves_no_press(
        (timeframe, times) in frames(), x in 10.0..810.0,
    ) {
        let (ticks, zone) = (ticks(), jiff::tz::TimeZone::UTC);
        let cut = times.len() / 2;
        let mut series = series_of(&times[cut..]);
        let scales = scales_of(&series, 40.0, 5.0, Measure::Linear);
        let seen = scales.mark_at([x, 100.0], &data_of(&series, timeframe, &ticks, &zone), None).unwrap();
        let older: Vec<Bar> = times[..cut].iter().copied().map(bar).collect();
        series.prepend(BarChunk::new(older.into()).unwrap()).unwrap();
        let now = scales.mark_at([x, 100.0], &data_of(&series, timeframe, &ticks, &zone), None).unwrap();
        let is_on_a_bar = times[cut..].contains(&seen.time.0);
        prop_assert!(!is_on_a_bar || seen == now, "{seen:?} and then {now:?}");
    }

    #[test]
    fn a_line_is_cut_where_it_leaves_the_pane(
        ends in prop::array::uniform2((-3_000.0..3_000.0_f64, -3_000.0..3_000.0_f64)),
    ) {
        let pane = PxRect::new(0, 0, 800, 400);
        let line = ends.map(|(x, y)| [x, y]);
        // A naive walk along it.
        let at = |part: f64| [0, 1].map(|axis: usize| line[0][axis] + (line[1][axis] - line[0][axis]) * part);
        let is_in = |[x, y]: Point| (0.0..=800.0).contains(&x) && (0.0..=400.0).contains(&y);
        let inside: Vec<Point> = (0..=4_000).map(|i| at(f64::from(i) / 4_000.0)).filter(|p| is_in(*p)).collect();
        match (clipped(line, pane), inside.first().zip(inside.last())) {
            (Some([begin, end]), Some((first, last))) => {
                for (one, other) in [(begin, first), (end, last)] {
                    prop_assert!((one[0] - other[0]).hypot(one[1] - other[1]) < 5.0, "{one:?} and {other:?}");
                }
            }
            // A corner can be cut off between two steps.
            (Some([begin, end]), None) => prop_assert!((begin[0] - end[0]).hypot(begin[1] - end[1]) < 5.0),
            (None, Some(_)) => prop_assert!(false, "a part of {line:?} is in the pane"),
            (None, None) => {}
        }
    }

    #[test]
    fn the_distance_to_a_line_is_that_of_its_nearest_point(
        ends in prop::array::uniform2((0.0..800.0_f64, 0.0..400.0_f64)), x in 0.0..800.0_f64, y in 0.0..400.0_f64,
    ) {
        let line = ends.map(|(x, y)| [x, y]);
        let at = |part: f64| [0, 1].map(|axis: usize| line[0][axis] + (line[1][axis] - line[0][axis]) * part);
        let far = |[a, b]: Point| (a - x).hypot(b - y);
        let naive = (0..=2_000).map(|i| far(at(f64::from(i) / 2_000.0))).fold(f64::INFINITY, f64::min);
        let found = distance([x, y], line);
        prop_assert!(found <= naive + 1e-9 && naive - found < 0.5, "{found} and {naive}");
    }
}

#[test]
fn a_line_goes_on_to_the_right_of_its_later_end_in_the_same_direction() {
    let pane = PxRect::new(0, 0, 800, 400);
    let wanted = [[100.0, 100.0], [800.0, 450.0]];
    assert_eq!(extended([[100.0, 100.0], [200.0, 150.0]], pane), wanted);
    assert_eq!(extended([[200.0, 150.0], [100.0, 100.0]], pane), wanted, "whichever end came first");
    let upright = [[100.0, 100.0], [100.0, 150.0]];
    assert_eq!(extended(upright, pane), upright, "an upright line leads nowhere");
}

#[test]
fn the_magnet_takes_the_nearest_of_a_bars_four_prices_and_none_that_is_far() {
    let times = times(Timeframe::M1, &[1; 20]);
    let (series, ticks, zone) = (series_of(&times), ticks(), jiff::tz::TimeZone::UTC);
    let data = data_of(&series, Timeframe::M1, &ticks, &zone);
    let scales = scales_of(&series, 30.0, 19.0, Measure::Linear);
    let bar = series.get(10).unwrap();
    let [x, y] =
        scales.point_of(Mark { time: bar.time, price: on_ticks(&data, bar.high).unwrap() }, &data).unwrap();
    let price = |y: f64, magnet| scales.mark_at([x, y], &data, magnet).unwrap().price;
    let high = on_ticks(&data, bar.high).unwrap();
    assert_eq!(price(y - 5.0, Some(6.0)), high);
    assert_ne!(price(y - 5.0, None), high, "Ctrl is held");
    assert_ne!(price(y - 9.0, Some(6.0)), high);
}

#[test]
fn without_bars_nothing_has_a_place() {
    let series = BarSeries::default();
    assert_eq!(index_of(&series, Timeframe::M1, Time(5)), None);
    assert_eq!(time_of(&series, Timeframe::M1, 0), None);
}
