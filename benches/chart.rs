//! The chart's lines of the budget table: budget, median and 99th percentile of a frame.
//!
//! A frame is layout and tessellation of a 1600x900 chart with candles, volume and axes,
//! without a window. `cargo bench --bench chart`.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "its result goes to stdout")]

#[path = "common/asked.rs"]
mod asked;

use std::sync::Arc;
use std::time::Instant;

use egui::{Context, Event, Pos2, RawInput, Rect, pos2, vec2};
use jiff::tz::TimeZone;
use pitdesk::domain::{Bar, Decimal, Side, TickTable, Time, Timeframe};
use pitdesk::market::series::{BarChunk, BarSeries};
use pitdesk::ui::chart::{ChartData, ChartView, FillMark, LastPrice, LineKind, PriceLine, chart_ui};
use pitdesk::ui::fonts;
use pitdesk::ui::theme::Theme;

/// As in the program: pages that go back to the kernel every frame cost a third of it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    if !asked::is_asked() {
        return;
    }
    println!("{:<58} {:>9} {:>9} {:>9}", "chart 1600x900, ms a frame", "budget", "median", "p99");
    let (small, million) = (bars(10_000), bars(1_000_000));
    let (ten, thousand) = (series(&small), series(&million));
    for (name, series) in [("10 k", &ten), ("1 M", &thousand)] {
        let pan = |frame: usize| (300.0, 3.0 * frame as f64);
        report(&format!("300 of {name} bars, panning"), 0.15, &frames(series, pan, |_| {}));
        report(&format!("300 of {name} bars, at rest"), 0.15, &frames(series, |_| (300.0, 0.0), |_| {}));
    }
    let len = thousand.len() as f64;
    let wave = |frame: usize| (0.9 * len, 0.01 * len * (10.0 - (frame % 20) as f64).abs());
    report("1 M bars all in view, panning", 0.4, &frames(&thousand, wave, |_| {}));
    report("1 M bars all in view, at rest", 0.4, &frames(&thousand, |_| (len, 0.0), |_| {}));
    let mut busy = Scene::new(ten.clone());
    busy.lines = true;
    busy.marks = marks(&ten);
    let moving = |i: usize| vec![Event::PointerMoved(pos2(300.0 + i as f32, 400.0))];
    report("300 bars, crosshair moving, 5 lines, 5 000 fills", 0.15, &measure(&mut busy, moving, |_, _| {}));
    let ticks = |scene: &mut Scene, i: usize| {
        let Some(mut bar) = scene.series.last() else { return };
        bar.add_trade(bar.close + if i.is_multiple_of(2) { 0.01 } else { -0.01 }, 1.0);
        scene.series.apply(bar);
    };
    report(
        "300 of 10 k bars, a trade in each frame",
        0.15,
        &measure(&mut Scene::new(ten), |_| vec![], ticks),
    );
    let mut all = Scene::new(thousand);
    all.view.show(len, len - 0.5);
    report("1 M bars all in view, a trade in each frame", 0.4, &measure(&mut all, |_| vec![], ticks));
    report("1 M bars from memory to the first frame", 50.0, &loading(&million));
}

/// A random walk from a seed.
fn bars(count: usize) -> Arc<[Bar]> {
    let mut state = 20_261_121_u64;
    let mut uniform = move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    };
    let tick = |price: f64| (price * 100.0).round() / 100.0;
    let mut close = 100.0_f64;
    let mut bar = |i: usize| {
        let open = close;
        close = tick(open * (1.0 + (uniform() - 0.5) * 0.002)).max(1.0);
        let high = tick(open.max(close) * (1.0 + uniform() * 0.0005));
        let low = tick(open.min(close) * (1.0 - uniform() * 0.0005));
        let volume = (100.0 + 900.0 * uniform()).round();
        let time = Time::from_seconds(1_600_000_020 + 60 * i64::try_from(i).unwrap_or(0));
        let (high, low) = (high.max(open).max(close), low.min(open).min(close));
        Bar { time, open, high, low, close, volume }
    };
    (0..count).map(&mut bar).collect()
}

fn series(bars: &Arc<[Bar]>) -> BarSeries {
    let mut series = BarSeries::default();
    series.replace(BarChunk::new(Arc::clone(bars).into()).expect("a random walk is sound"));
    series
}

fn marks(series: &BarSeries) -> Vec<FillMark> {
    let recent = series.len() - 500;
    let mark = |i: usize| {
        let bar = series.get(recent + i / 10)?;
        let side = if i.is_multiple_of(2) { Side::Buy } else { Side::Sell };
        Some(FillMark { time: bar.time, price: bar.low + (i % 10) as f64 * 0.01, side })
    };
    (0..5000).filter_map(mark).collect()
}

fn cents() -> TickTable {
    TickTable::uniform(Decimal::new(1, 2)).expect("a cent is a tick")
}

struct Scene {
    series: BarSeries,
    view: ChartView,
    theme: Arc<Theme>,
    lines: bool,
    marks: Vec<FillMark>,
    ticks: TickTable,
}

impl Scene {
    fn new(series: BarSeries) -> Self {
        let mut view = ChartView::default();
        view.show(300.0, series.len() as f64 - 0.5);
        Self { series, view, theme: Theme::dark(), lines: false, marks: Vec::new(), ticks: cents() }
    }

    fn ui(&mut self, ui: &mut egui::Ui) {
        let last = self.series.last().map_or(0.0, |bar| bar.close);
        let line =
            |by: f64, label, kind| PriceLine { price: last + by, label, kind, dashed: false, handle: None };
        let lines = [
            line(-0.3, "Buy 100 limit", LineKind::Buy),
            line(-0.5, "Buy 100 limit", LineKind::Buy),
            line(0.3, "Sell 100 limit", LineKind::Sell),
            line(0.1, "+100  +12.30", LineKind::Position),
            line(9.0, "Sell 100 limit", LineKind::Sell),
        ];
        let data = ChartData {
            series: &self.series,
            title: "TEST",
            timeframe: Timeframe::M1,
            ticks: &self.ticks,
            quantity_decimals: 0,
            zone: &TimeZone::UTC,
            last: Some(LastPrice { price: last, is_stale: false }),
            lines: if self.lines { &lines } else { &[] },
            drawings: &[],
            marks: &self.marks,
            pointed: None,
            gaps: &[],
            hours: None,
            closes_in: None,
            notice: None,
            has_older: false,
        };
        chart_ui(ui, &mut self.view, &data, &self.theme);
    }
}

fn context(theme: &Arc<Theme>) -> Context {
    let ctx = Context::default();
    fonts::install(&ctx);
    theme.apply(&ctx);
    ctx
}

fn frame(ctx: &Context, scene: &mut Scene, i: usize, events: Vec<Event>) -> usize {
    let input = RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1600.0, 900.0))),
        time: Some(i as f64 / 60.0),
        events,
        ..RawInput::default()
    };
    let mut output = ctx.run_ui(input, |ui| scene.ui(ui));
    output.textures_delta.clear();
    ctx.tessellate(output.shapes, output.pixels_per_point).len()
}

/// Milliseconds of 1 000 frames: `events` come in, `change` happens before each.
fn measure(
    scene: &mut Scene,
    events: impl Fn(usize) -> Vec<Event>,
    mut change: impl FnMut(&mut Scene, usize),
) -> Vec<f64> {
    let ctx = context(&scene.theme);
    let mut spans = Vec::with_capacity(1000);
    for i in 0..1010 {
        change(scene, i);
        let events = events(i);
        let start = Instant::now();
        std::hint::black_box(frame(&ctx, scene, i, events));
        if i >= 10 {
            spans.push(start.elapsed().as_secs_f64() * 1e3);
        }
    }
    spans
}

/// As [`measure`], showing `(bars, how far before the last)` in each frame.
fn frames(
    series: &BarSeries,
    view: impl Fn(usize) -> (f64, f64),
    mut change: impl FnMut(&mut Scene),
) -> Vec<f64> {
    let mut scene = Scene::new(series.clone());
    let end = series.len() as f64 - 0.5;
    let step = |scene: &mut Scene, i: usize| {
        let (bars, back) = view(i);
        scene.view.show(bars, end - back);
        change(scene);
    };
    measure(&mut scene, |_| Vec::new(), step)
}

fn loading(bars: &Arc<[Bar]>) -> Vec<f64> {
    let load = |_| {
        let start = Instant::now();
        let mut scene = Scene::new(series(bars));
        let len = scene.series.len() as f64;
        scene.view.show(len, len - 0.5);
        std::hint::black_box(frame(&context(&scene.theme), &mut scene, 0, Vec::new()));
        start.elapsed().as_secs_f64() * 1e3
    };
    (0..20).map(load).collect()
}

fn report(what: &str, budget: f64, spans: &[f64]) {
    let mut sorted = spans.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share) as usize];
    let (median, p99) = (at(0.5), at(0.99));
    let verdict = if median <= budget { "" } else { "  OVER BUDGET" };
    println!("{what:<58} {budget:>9.3} {median:>9.3} {p99:>9.3}{verdict}");
}
