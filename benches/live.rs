//! The chart while 10,000 trades a second arrive: what it costs, and whether any is lost.
//! `cargo bench --bench live`.
//!
//! Trades go through engine, link and desk, as in the program; 60 times a second the chart of
//! 1600x900 is laid out and tessellated, without a window. What is counted is the processor
//! time of the whole process, the market that makes the trades included.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "its result goes to stdout")]

#[path = "common/asked.rs"]
mod asked;
#[path = "../examples/chart_bench/feed.rs"]
mod feed;

use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{Context, Pos2, RawInput, Rect, vec2};
use feed::Feed;
use jiff::tz::TimeZone;
use pitdesk::domain::time::MINUTE;
use pitdesk::domain::{Bar, Decimal, TickTable, Time, Timeframe};
use pitdesk::ui::chart::{ChartData, ChartView, LastPrice, chart_ui};
use pitdesk::ui::fonts;
use pitdesk::ui::theme::Theme;

/// As in the program: pages that go back to the kernel every frame cost a third of it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BARS: i64 = 10_000;
const RATE: u64 = 10_000;
const SPAN: Duration = Duration::from_secs(10);
const FRAME: Duration = Duration::from_micros(16_667);
const WARM_UP: usize = 60;
/// Per cent of a core.
const MOST_CPU: f64 = 3.0;
/// Milliseconds from frame to frame.
const LONGEST_GAP: f64 = 20.0;

fn main() -> anyhow::Result<()> {
    if !asked::is_asked() {
        return Ok(());
    }
    let mut feed = Feed::open(bars(), trades(), Arc::new(|| {}))?;
    let mut screen = Screen::new(feed.series().len());
    for _ in 0..WARM_UP {
        screen.frame(&feed);
    }
    let (begun, cpu) = (Instant::now(), cpu_seconds());
    feed.start(RATE, SPAN)?;
    let (mut applied, mut gap, mut last, mut next) = (0, Duration::ZERO, begun, begun);
    while begun.elapsed() < SPAN + FRAME {
        next += FRAME;
        std::thread::sleep(next.saturating_duration_since(Instant::now()));
        applied += feed.drain();
        screen.frame(&feed);
        gap = gap.max(last.elapsed());
        last = Instant::now();
    }
    // Fails unless the volume of the chart's bars is that of the trades that were sent.
    let (sent, rest) = feed.finish()?;
    let share = (cpu_seconds() - cpu) / SPAN.as_secs_f64() * 100.0;
    println!("{:<58} {:>9} {:>9}", "chart 1600x900 with 10,000 trades/s, 60 frames/s", "budget", "measured");
    line("processor, % of a core", MOST_CPU, share);
    line("longest gap between frames, ms", LONGEST_GAP, gap.as_secs_f64() * 1e3);
    line("trades sent and not applied", 0.0, (sent - applied - rest) as f64);
    Ok(())
}

fn line(what: &str, budget: f64, measured: f64) {
    let verdict = if measured <= budget { "" } else { "  OVER BUDGET" };
    println!("{what:<58} {budget:>9.1} {measured:>9.2}{verdict}");
}

/// User and system time of the process.
fn cpu_seconds() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}

/// A price that goes up and down and never repeats soon, in cents.
fn cents(i: i64) -> i64 {
    10_000 + i * 7 % 211 + i * 13 % 89
}

fn bars() -> Vec<Bar> {
    let bar = |i| {
        let (open, close) = (cents(i) as f64 / 100.0, cents(i + 1) as f64 / 100.0);
        let (high, low) = (open.max(close) + 0.1, open.min(close) - 0.1);
        Bar { time: Time(i * MINUTE), open, high, low, close, volume: 1_000.0 }
    };
    (0..BARS).map(bar).collect()
}

fn trades() -> impl Iterator<Item = (f64, f64)> {
    (0..4_096).map(|i| (cents(i) as f64 / 100.0, (1 + i % 500) as f64))
}

/// The product's chart on a context without a window.
struct Screen {
    ctx: Context,
    view: ChartView,
    theme: Arc<Theme>,
    ticks: TickTable,
    time: f64,
}

impl Screen {
    fn new(bars: usize) -> Self {
        let (ctx, theme) = (Context::default(), Theme::dark());
        fonts::install(&ctx);
        theme.apply(&ctx);
        let mut view = ChartView::default();
        view.show(300.0, bars as f64 - 0.5);
        let ticks = TickTable::uniform(Decimal::new(1, 2)).expect("a cent is a tick");
        Self { ctx, view, theme, ticks, time: 0.0 }
    }

    fn frame(&mut self, feed: &Feed) {
        self.time += FRAME.as_secs_f64();
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(1_600.0, 900.0))),
            time: Some(self.time),
            ..RawInput::default()
        };
        let Self { view, theme, ticks, .. } = self;
        let series = feed.series();
        let data = ChartData {
            series,
            title: "TEST",
            timeframe: Timeframe::M1,
            ticks,
            quantity_decimals: 0,
            zone: &TimeZone::UTC,
            last: series.last().map(|bar| LastPrice { price: bar.close, is_stale: false }),
            lines: &[],
            drawings: &[],
            marks: &[],
            pointed: None,
            gaps: &[],
            hours: None,
            closes_in: None,
            notice: None,
            has_older: false,
        };
        let mut output = self.ctx.run_ui(input, |ui| {
            chart_ui(ui, view, &data, theme);
        });
        output.textures_delta.clear();
        drop(self.ctx.tessellate(output.shapes, output.pixels_per_point));
    }
}
