//! The whole chart under mouse and keys, and the shapes it comes down to.

use std::sync::Arc;

use egui::{Event, Key, Mesh, Modifiers, MouseWheelUnit, Pos2, epaint};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;

use super::*;
use crate::domain::{Bar, Decimal};
use crate::market::series::BarChunk;
use crate::ui::fonts;

const MINUTE: i64 = 60;

/// Bars of a walk that is the same in every run, one a minute from minute `from` on.
fn bars(from: i64, count: usize) -> Vec<Bar> {
    let bar = |i: i64| {
        let wave = |step: i64| 200.0 + ((step * 37) % 101) as f64 * 0.03 + ((step / 50) % 40) as f64 * 0.1;
        let (open, close) = (wave(i), wave(i + 1));
        Bar {
            time: Time::from_seconds((from + i) * MINUTE),
            open,
            high: open.max(close) + 0.05,
            low: open.min(close) - 0.05,
            close,
            volume: ((i * 7919) % 1000 + 1) as f64,
        }
    };
    (0..count.cast_signed() as i64).map(bar).collect()
}

fn series(bars: Vec<Bar>) -> BarSeries {
    let mut series = BarSeries::default();
    series.replace(BarChunk::new(bars.into()).unwrap());
    series
}

struct Desk {
    series: BarSeries,
    view: ChartView,
    title: &'static str,
    notice: Option<&'static str>,
    has_older: bool,
    is_stale: bool,
    ticks: TickTable,
    note: String,
    response: Option<ChartResponse>,
    /// Every price that was picked.
    picked: Vec<Price>,
}

impl Desk {
    fn new(series: BarSeries) -> Self {
        Self {
            series,
            view: ChartView::default(),
            title: "AAPL",
            notice: None,
            has_older: false,
            is_stale: false,
            ticks: TickTable::uniform(Decimal::new(1, 2)).unwrap(),
            note: String::new(),
            response: None,
            picked: Vec::new(),
        }
    }

    fn ui(&mut self, ui: &mut Ui) {
        ui.add(egui::TextEdit::singleline(&mut self.note).hint_text("Note"))
            .widget_info(|| egui::WidgetInfo::labeled(egui::Role::TextInput, true, "Note"));
        let data = ChartData {
            series: &self.series,
            title: self.title,
            timeframe: Timeframe::M1,
            ticks: &self.ticks,
            quantity_decimals: 0,
            zone: &TimeZone::UTC,
            last: self.series.last().map(|bar| LastPrice { price: bar.close, is_stale: self.is_stale }),
            lines: &[],
            drawings: &[],
            marks: &[],
            pointed: None,
            gaps: &[],
            hours: None,
            closes_in: None,
            notice: self.notice,
            has_older: self.has_older,
        };
        let response = chart_ui(ui, &mut self.view, &data, &Theme::dark());
        self.picked.extend(response.picked_price);
        self.response = Some(response);
    }
}

fn desk(series: BarSeries) -> Harness<'static, Desk> {
    let setup = |ctx: &egui::Context| {
        fonts::install(ctx);
        Theme::dark().apply(ctx);
    };
    let mut harness = Harness::builder()
        .with_size(vec2(900.0, 600.0))
        .with_context_setup(setup)
        .with_max_steps(200)
        .with_step_dt(1.0 / 60.0)
        .build_ui_state(|ui, desk: &mut Desk| desk.ui(ui), Desk::new(series));
    harness.run();
    harness
}

fn thousand() -> Harness<'static, Desk> {
    desk(series(bars(10_000, 1000)))
}

fn visible(harness: &Harness<'_, Desk>) -> Range<usize> {
    harness.state().response.as_ref().unwrap().visible.clone()
}

fn hovered(harness: &Harness<'_, Desk>) -> Hover {
    harness.state().response.as_ref().unwrap().hovered.expect("the pointer is over the chart")
}

fn drag(harness: &mut Harness<'_, Desk>, from: Pos2, to: Pos2) {
    harness.hover_at(from);
    harness.drag_at(from);
    harness.run();
    for step in 1..=4_u8 {
        harness.hover_at(from + (to - from) * f32::from(step) / 4.0);
        harness.run();
    }
    release(harness, to);
    harness.run();
}

/// Lets go of the button; unlike `drop_at` the pointer stays.
fn release(harness: &Harness<'_, Desk>, pos: Pos2) {
    harness.event(Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed: false,
        modifiers: Modifiers::NONE,
    });
}

fn double_click(harness: &mut Harness<'_, Desk>, pos: Pos2) {
    for _ in 0..2 {
        harness.hover_at(pos);
        harness.drag_at(pos);
        harness.step();
        release(harness, pos);
        harness.step();
    }
    harness.run();
}

fn press(harness: &mut Harness<'_, Desk>, key: Key, modifiers: Modifiers) {
    harness.key_press_modifiers(modifiers, key);
    harness.run();
}

fn wheel(harness: &mut Harness<'_, Desk>, delta: egui::Vec2) {
    harness.event(Event::MouseWheel {
        unit: MouseWheelUnit::Point,
        delta,
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: Modifiers::NONE,
    });
    harness.run();
}

const MIDDLE: Pos2 = pos2(400.0, 250.0);
const AXIS: Pos2 = pos2(880.0, 250.0);

#[test]
fn the_chart_has_a_name_and_a_value() {
    let harness = thousand();
    let chart = harness.get_by_label("Chart AAPL 1m");
    let value = chart.value().expect("a value");
    let count = visible(&harness).len();
    let dates = "Thu 8 Jan 1970  13:25 to Thu 8 Jan 1970  15:19";
    assert_eq!(value, format!("last 203.02, {count} bars visible, {dates}"));
    assert!(harness.query_by_label("Price axis of AAPL").is_some());
}

#[test]
fn dragging_pans_and_the_bar_stays_under_the_pointer() {
    let mut harness = thousand();
    harness.hover_at(MIDDLE);
    harness.run();
    let before = hovered(&harness);
    drag(&mut harness, MIDDLE, MIDDLE + vec2(140.0, 0.0));
    assert_eq!(hovered(&harness).index, before.index);
    assert!(!harness.state().view.is_following());
    drag(&mut harness, MIDDLE, MIDDLE - vec2(300.0, 0.0));
    assert!(harness.state().view.is_following(), "the last bar is back in sight");
}

#[test]
fn the_wheel_zooms_about_the_pointer_and_sideways_it_pans() {
    let mut harness = thousand();
    harness.hover_at(MIDDLE);
    harness.run();
    let (bar, many) = (hovered(&harness).index, visible(&harness).len());
    wheel(&mut harness, vec2(0.0, 120.0));
    assert_eq!(hovered(&harness).index, bar);
    let fewer = visible(&harness).len();
    assert!(fewer < many * 7 / 10, "{fewer} of {many}");
    wheel(&mut harness, vec2(0.0, -240.0));
    assert_eq!(hovered(&harness).index, bar);
    assert!(visible(&harness).len() > many);
    let start = visible(&harness).start;
    wheel(&mut harness, vec2(100.0, 0.0));
    assert!(visible(&harness).start < start, "scrolled into the past");
}

#[test]
fn keys_work_only_with_the_focus() {
    let mut harness = thousand();
    let start = visible(&harness);
    press(&mut harness, Key::ArrowLeft, Modifiers::NONE);
    press(&mut harness, Key::Home, Modifiers::NONE);
    assert_eq!(visible(&harness), start, "without the focus");

    harness.get_by_label("Chart AAPL 1m").focus();
    harness.run();
    press(&mut harness, Key::ArrowLeft, Modifiers::NONE);
    let panned = visible(&harness);
    assert!(panned.start < start.start);
    press(&mut harness, Key::ArrowRight, Modifiers::SHIFT);
    assert_eq!(visible(&harness).start, panned.start + 1, "one bar");
    press(&mut harness, Key::Plus, Modifiers::NONE);
    press(&mut harness, Key::ArrowUp, Modifiers::NONE);
    assert!(visible(&harness).len() < panned.len());
    press(&mut harness, Key::ArrowDown, Modifiers::NONE);
    press(&mut harness, Key::Minus, Modifiers::NONE);
    assert!(visible(&harness).len().abs_diff(panned.len()) <= 1);
    press(&mut harness, Key::Home, Modifiers::NONE);
    assert_eq!(visible(&harness).start, 0);
    press(&mut harness, Key::End, Modifiers::NONE);
    assert_eq!(visible(&harness), start);
    assert!(harness.get_by_label("Chart AAPL 1m").is_focused(), "arrows do not take the focus away");
}

#[test]
fn arrows_in_a_text_field_leave_the_chart_alone() {
    let mut harness = thousand();
    harness.hover_at(MIDDLE);
    harness.get_by_label("Note").focus();
    harness.run();
    harness.get_by_label("Note").type_text("buy");
    harness.run();
    let before = visible(&harness);
    for key in [Key::ArrowLeft, Key::ArrowUp, Key::Home, Key::End, Key::Minus] {
        press(&mut harness, key, Modifiers::NONE);
    }
    assert_eq!(visible(&harness), before);
    assert_eq!(harness.state().note, "buy");
}

/// Presses and releases the button at `pos`; the prices that were picked since the last click.
fn click(harness: &mut Harness<'_, Desk>, pos: Pos2, modifiers: Modifiers) -> Vec<Price> {
    harness.hover_at(pos);
    for pressed in [true, false] {
        harness.event_modifiers(
            Event::PointerButton { pos, button: egui::PointerButton::Primary, pressed, modifiers },
            modifiers,
        );
    }
    harness.run();
    std::mem::take(&mut harness.state_mut().picked)
}

#[test]
fn a_plain_click_gives_the_focus_and_no_price() {
    let mut harness = thousand();
    assert_eq!(click(&mut harness, MIDDLE, Modifiers::NONE), []);
    assert!(harness.get_by_label("Chart AAPL 1m").is_focused());
}

#[test]
fn ctrl_click_picks_the_price_under_the_crosshair_on_the_tick_grid() {
    let mut harness = thousand();
    let tick = Decimal::new(5, 1);
    harness.state_mut().ticks = TickTable::uniform(tick).unwrap();
    let picked = click(&mut harness, MIDDLE, Modifiers::COMMAND);
    let price = hovered(&harness).price.unwrap();
    assert_eq!(picked, [price]);
    assert!((price.0 % tick).is_zero() && (200.0..210.0).contains(&price.to_f64()), "{price}");
    assert_eq!(click(&mut harness, pos2(400.0, 560.0), Modifiers::COMMAND), [], "the volume has no price");
}

#[test]
fn below_zero_there_is_no_price_to_pick() {
    let mut harness = thousand();
    for _ in 0..6 {
        drag(&mut harness, AXIS, AXIS + vec2(0.0, 300.0));
    }
    assert_eq!(click(&mut harness, pos2(400.0, 430.0), Modifiers::COMMAND), []);
    assert_eq!(hovered(&harness).price, None);
    assert_eq!(click(&mut harness, pos2(400.0, 100.0), Modifiers::COMMAND).len(), 1);
}

#[test]
fn what_is_not_in_sight_has_a_way_back_to_it() {
    let mut harness = thousand();
    assert!(harness.query_by_label("Newest »").is_none() && harness.query_by_label("Auto").is_none());
    let before = visible(&harness);
    drag(&mut harness, MIDDLE, MIDDLE + vec2(300.0, 0.0));
    drag(&mut harness, AXIS, AXIS + vec2(0.0, 80.0));
    harness.get_by_label("Newest »").click();
    harness.run();
    assert_eq!(visible(&harness), before);
    assert!(harness.query_by_label("Newest »").is_none());
    harness.get_by_label("Auto").click();
    harness.run();
    assert!(harness.state().view.is_fitted() && harness.query_by_label("Auto").is_none());
}

#[test]
fn the_axis_names_its_zone_and_a_stale_price_is_called_stale() {
    let mut harness = thousand();
    assert_eq!(harness.get_by_label("Time axis of AAPL").value().as_deref(), Some("UTC"));
    harness.state_mut().is_stale = true;
    harness.run();
    let value = harness.get_by_label("Chart AAPL 1m").value().unwrap();
    assert!(value.starts_with("last 203.02 stale, "), "{value}");
}

#[test]
fn the_price_axis_scales_by_hand_and_fits_again_at_a_double_click() {
    let mut harness = thousand();
    harness.hover_at(MIDDLE);
    harness.run();
    drag(&mut harness, AXIS, AXIS + vec2(0.0, 80.0));
    assert!(!harness.state().view.is_fitted());
    harness.hover_at(MIDDLE);
    harness.run();
    let low = hovered(&harness).price.unwrap().to_f64();
    drag(&mut harness, MIDDLE, MIDDLE + vec2(0.0, 60.0));
    harness.hover_at(MIDDLE + vec2(0.0, 60.0));
    harness.run();
    let moved = hovered(&harness).price.unwrap().to_f64();
    assert!((moved - low).abs() < 0.05, "the price moves with the pointer: {low} to {moved}");
    double_click(&mut harness, AXIS);
    assert!(harness.state().view.is_fitted());
}

#[test]
fn the_time_axis_zooms_and_its_double_click_resets() {
    let mut harness = thousand();
    let before = visible(&harness);
    let axis = pos2(400.0, 592.0);
    drag(&mut harness, axis, axis + vec2(120.0, 0.0));
    assert!(visible(&harness).len() < before.len() * 2 / 3);
    double_click(&mut harness, axis);
    assert_eq!(visible(&harness), before);
}

#[test]
fn older_history_is_asked_for_near_the_oldest_bar_and_keeps_the_view_still() {
    let mut harness = thousand();
    harness.get_by_label("Chart AAPL 1m").focus();
    let wants = |harness: &Harness<'_, Desk>| harness.state().response.as_ref().unwrap().wants_older;
    harness.state_mut().has_older = true;
    harness.run();
    assert_eq!(wants(&harness), None, "far from the oldest bar");
    press(&mut harness, Key::Home, Modifiers::NONE);
    harness.hover_at(MIDDLE);
    harness.run();
    assert!(wants(&harness).is_some_and(|count| count >= 1000));

    let before = hovered(&harness);
    harness.state_mut().series.prepend(BarChunk::new(bars(8000, 2000).into()).unwrap()).unwrap();
    harness.state_mut().has_older = false;
    harness.run();
    let after = hovered(&harness);
    assert_eq!((after.time, after.index), (before.time, before.index + 2000));
    assert_eq!(wants(&harness), None, "there is nothing older");
}

#[test]
fn a_history_that_comes_anew_with_fewer_bars_keeps_the_view_still() {
    let mut harness = thousand();
    drag(&mut harness, MIDDLE, MIDDLE + vec2(300.0, 0.0));
    harness.hover_at(MIDDLE);
    harness.run();
    let before = hovered(&harness);
    harness.state_mut().series = series(bars(10_600, 400));
    harness.run();
    let after = hovered(&harness);
    assert_eq!((after.time, after.index), (before.time, before.index - 600));
}

#[test]
fn a_new_bar_moves_a_following_chart_and_no_other() {
    let mut harness = thousand();
    let next = |harness: &mut Harness<'_, Desk>| {
        let mut bar = harness.state().series.last().unwrap();
        bar.time = Time::from_seconds(bar.time.seconds() + MINUTE);
        harness.state_mut().series.apply(bar);
        harness.run();
    };
    let before = visible(&harness);
    next(&mut harness);
    assert_eq!(visible(&harness), before.start + 1..before.end + 1);
    harness.get_by_label("Chart AAPL 1m").focus();
    harness.run();
    press(&mut harness, Key::PageUp, Modifiers::NONE);
    let before = visible(&harness);
    next(&mut harness);
    assert_eq!(visible(&harness), before);
}

#[test]
fn another_symbol_starts_at_its_last_bar() {
    let mut harness = thousand();
    drag(&mut harness, MIDDLE, MIDDLE + vec2(300.0, 0.0));
    drag(&mut harness, AXIS, AXIS + vec2(0.0, 80.0));
    harness.state_mut().title = "MSFT";
    harness.run();
    let view = &harness.state().view;
    assert!(view.is_following() && view.is_fitted());
    assert!(harness.query_by_label("Chart MSFT 1m").is_some());
}

/// Every text that was painted.
fn texts(harness: &Harness<'_, Desk>) -> Vec<String> {
    fn collect(shape: &epaint::Shape, out: &mut Vec<String>) {
        match shape {
            epaint::Shape::Vec(shapes) => shapes.iter().for_each(|shape| collect(shape, out)),
            epaint::Shape::Text(text) => out.push(text.galley.text().to_owned()),
            _ => {}
        }
    }
    let mut out = Vec::new();
    harness.output().shapes.iter().for_each(|clipped| collect(&clipped.shape, &mut out));
    out
}

#[test]
fn an_empty_chart_says_why() {
    let mut harness = desk(BarSeries::default());
    assert!(texts(&harness).iter().any(|text| text == "No trades yet in this timeframe"));
    harness.state_mut().notice = Some("Loading history …");
    harness.state_mut().has_older = true;
    harness.run();
    assert!(texts(&harness).iter().any(|text| text == "Loading history …"));
    assert!(harness.state().response.as_ref().unwrap().wants_older.is_some());
    harness.state_mut().series = series(bars(0, 10));
    harness.run();
    assert!(texts(&harness).iter().any(|text| text.contains("AAPL") && text.contains("Loading history …")));
}

/// The meshes of the last frame, bottom to top.
fn meshes(harness: &Harness<'_, Desk>) -> Vec<Arc<Mesh>> {
    let mesh = |clipped: &epaint::ClippedShape| match &clipped.shape {
        epaint::Shape::Mesh(mesh) => Some(Arc::clone(mesh)),
        _ => None,
    };
    harness.output().shapes.iter().filter_map(mesh).collect()
}

/// The mesh of the closed candles: the one right above the surface and its grid.
fn candles(harness: &Harness<'_, Desk>) -> Arc<Mesh> {
    Arc::clone(&meshes(harness)[1])
}

#[test]
fn a_crosshair_or_a_trade_leaves_the_closed_candles_as_they_are() {
    let mut harness = thousand();
    let kept = candles(&harness);
    assert!(kept.vertices.len() > 400);
    harness.hover_at(MIDDLE);
    harness.run();
    assert!(Arc::ptr_eq(&kept, &candles(&harness)), "after a crosshair move");
    let mut bar = harness.state().series.last().unwrap();
    bar.add_trade(f64::midpoint(bar.high, bar.low), 1.0);
    harness.state_mut().series.apply(bar);
    harness.run();
    assert!(Arc::ptr_eq(&kept, &candles(&harness)), "after a trade in the last bar");
    wheel(&mut harness, vec2(0.0, 50.0));
    assert!(!Arc::ptr_eq(&kept, &candles(&harness)), "after a zoom");
}

#[test]
fn a_trade_reaches_the_screen() {
    let mut harness = thousand();
    let before = meshes(&harness);
    let mut bar = harness.state().series.last().unwrap();
    bar.add_trade(bar.high + 0.5, 200.0);
    harness.state_mut().series.apply(bar);
    harness.run();
    assert_ne!(before[2].vertices, meshes(&harness)[2].vertices, "the forming candle");
}

#[test]
fn a_replaced_history_is_drawn_anew() {
    let mut harness = thousand();
    let before = candles(&harness);
    let mut adjusted = bars(10_000, 1000);
    for bar in &mut adjusted {
        bar.open /= 2.0;
        bar.high /= 2.0;
        bar.low /= 2.0;
        bar.close /= 2.0;
    }
    adjusted[900].high *= 1.5;
    harness.state_mut().series = series(adjusted);
    harness.run();
    assert!(!Arc::ptr_eq(&before, &candles(&harness)));
}

#[test]
fn from_series_to_mesh_every_column_keeps_its_high_its_low_and_its_volume() {
    let all = bars(0, 50_000);
    let mut harness = desk(series(all.clone()));
    harness.state_mut().view.show(50_000.0, 49_999.5);
    harness.run();
    assert_eq!(visible(&harness), 0..50_000);
    let theme = Theme::dark();
    let quads: Vec<(egui::Rect, egui::Color32)> = [1, 2]
        .iter()
        .flat_map(|i| meshes(&harness)[*i].vertices.clone())
        .collect::<Vec<_>>()
        .chunks_exact(4)
        .map(|quad| (egui::Rect::from_min_max(quad[0].pos, quad[3].pos), quad[0].color))
        .collect();
    let of = |colours: [egui::Color32; 2]| -> Vec<egui::Rect> {
        quads.iter().filter(|(_, c)| colours.contains(c)).map(|(rect, _)| *rect).collect()
    };
    let (prices, volumes) = (of([theme.up, theme.down]), of([theme.volume_up, theme.volume_down]));
    assert_eq!(prices.len(), volumes.len());

    // Column by column, counted out without the scales: 50 000 bars over the pane's width.
    let left = prices[0].left();
    let width = prices.last().unwrap().right() - left;
    assert_eq!(prices.len(), width.round() as usize, "one column a pixel");
    let mut groups = vec![Vec::new(); prices.len()];
    for (i, bar) in all.iter().enumerate() {
        let x = (i as f64 + 0.5) * f64::from(width) / 50_000.0;
        groups[x as usize].push(*bar);
    }
    let high = |group: &Vec<Bar>| group.iter().map(|bar| bar.high).fold(f64::MIN, f64::max);
    let low = |group: &Vec<Bar>| group.iter().map(|bar| bar.low).fold(f64::MAX, f64::min);
    let sum = |group: &Vec<Bar>| group.iter().map(|bar| bar.volume).sum::<f64>();
    let top = groups.iter().map(high).fold(f64::MIN, f64::max);
    let bottom = groups.iter().map(low).fold(f64::MAX, f64::min);
    let most = groups.iter().map(sum).fold(0.0, f64::max);
    let (first, last) = (
        prices.iter().map(egui::Rect::top).fold(f32::MAX, f32::min),
        prices.iter().map(|rect| rect.bottom() - 1.0).fold(f32::MIN, f32::max),
    );
    let tallest = volumes.iter().map(egui::Rect::height).fold(0.0, f32::max);
    for ((group, price), volume) in groups.iter().zip(&prices).zip(&volumes) {
        let row = |price: f64| f64::from(first) + (top - price) / (top - bottom) * f64::from(last - first);
        assert!((row(high(group)) - f64::from(price.top())).abs() <= 1.0);
        assert!((row(low(group)) - f64::from(price.bottom() - 1.0)).abs() <= 1.0);
        let rows = sum(group) / most * f64::from(tallest);
        assert!((rows - f64::from(volume.height())).abs() <= 1.5);
    }
}
