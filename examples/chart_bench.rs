//! The chart in the rounds of the peer comparison: same data, same view, same command line.
//!
//! `chart_bench headless|window pan N 300|all all|cull FRAMES SECONDS`, `… live RATE`,
//! `… load N [all]`, `… cold`. Data from `gen_bars.py` in the folder `$PEERBENCH_DATA`. One
//! JSON line on stdout. A headless frame is `Context::run_ui` and `tessellate`; a window's
//! frame is everything up to the buffer swap. CPU is user and system time of the process.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "its result is a line on stdout")]

#[path = "chart_bench/feed.rs"]
mod feed;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use egui::{Context, Pos2, RawInput, Rect, vec2};
use feed::Feed;
use jiff::tz::TimeZone;
use pitdesk::domain::{Bar, Decimal, TickTable, Time, Timeframe};
use pitdesk::market::series::{BarChunk, BarSeries};
use pitdesk::ui::chart::{ChartData, ChartView, LastPrice, chart_ui};
use pitdesk::ui::fonts;
use pitdesk::ui::theme::Theme;
use serde_json::{Value, json};

/// As in the program: pages that go back to the kernel every frame cost a third of it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const WIDTH: f32 = 1600.0;
const HEIGHT: f32 = 900.0;
const WARM_UP: usize = 10;
const LIVE: Duration = Duration::from_secs(10);
const FRAME: Duration = Duration::from_micros(16_667);

fn main() -> anyhow::Result<()> {
    let start = Instant::now();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let [mode @ ("headless" | "window"), case @ ..] = words.as_slice() else {
        bail!("usage: chart_bench headless|window pan|live|load|cold …");
    };
    let run = Run::parse(case)?;
    let line = if *mode == "headless" { headless(&run, start)? } else { window(run, start)? };
    println!("{line}");
    Ok(())
}

/// A line of the protocol.
enum Run {
    Pan { count: usize, all: bool, variant: String, frames: usize, budget: f64 },
    Live { rate: u64 },
    Load { count: usize, all: bool },
    Cold,
}

impl Run {
    fn parse(words: &[&str]) -> anyhow::Result<Self> {
        Ok(match words {
            ["pan", n, view @ ("300" | "all"), variant, frames, budget] => Self::Pan {
                count: n.parse()?,
                all: *view == "all",
                variant: (*variant).to_owned(),
                frames: frames.parse()?,
                budget: budget.parse()?,
            },
            ["live", rate] => Self::Live { rate: rate.parse()? },
            ["load", n] => Self::Load { count: n.parse()?, all: false },
            ["load", n, "all"] => Self::Load { count: n.parse()?, all: true },
            ["cold"] => Self::Cold,
            _ => bail!("unknown case {words:?}"),
        })
    }
}

// ---------------------------------------------------------------- data

fn file(name: &str) -> anyhow::Result<Vec<u8>> {
    let folder = std::env::var("PEERBENCH_DATA").context("PEERBENCH_DATA names no folder")?;
    let path = PathBuf::from(folder).join(name);
    std::fs::read(&path).with_context(|| format!("reading {} (made by gen_bars.py)", path.display()))
}

/// Columns of eight bytes behind a magic word and a count.
fn columns<'a>(bytes: &'a [u8], magic: &[u8]) -> anyhow::Result<Vec<&'a [[u8; 8]]>> {
    ensure!(bytes.starts_with(magic), "not a file of {}", String::from_utf8_lossy(magic));
    let (words, _) = bytes[8..].as_chunks::<8>();
    let (count, words) = words.split_first().context("no count")?;
    let count = u64::from_le_bytes(*count) as usize;
    Ok(words.chunks(count).collect())
}

/// Bars as other programs would get them: one array per column.
struct Columns {
    time: Vec<i64>,
    prices: [Vec<f64>; 4],
    volume: Vec<f64>,
}

impl Columns {
    fn read(count: usize) -> anyhow::Result<Self> {
        let bytes = file(&format!("bars_{count}.bin"))?;
        let columns = columns(&bytes, b"PBARS001")?;
        let floats = |i: usize| columns[i].iter().map(|b| f64::from_le_bytes(*b)).collect();
        Ok(Self {
            time: columns[0].iter().map(|b| i64::from_le_bytes(*b)).collect(),
            prices: [1, 2, 3, 4].map(floats),
            volume: floats(5),
        })
    }

    fn bars<T: FromIterator<Bar>>(&self) -> T {
        let [open, high, low, close] = &self.prices;
        let bar = |i: usize| Bar {
            time: Time::from_seconds(self.time[i]),
            open: open[i],
            high: high[i],
            low: low[i],
            close: close[i],
            volume: self.volume[i],
        };
        (0..self.time.len()).map(bar).collect()
    }

    fn series(&self) -> anyhow::Result<BarSeries> {
        let mut series = BarSeries::default();
        series.replace(BarChunk::new(self.bars())?);
        Ok(series)
    }
}

/// The market of the live case: 10 000 bars, and trades that go on from them.
fn market(wake: Arc<dyn Fn() + Send + Sync>) -> anyhow::Result<Feed> {
    let bytes = file("trades.bin")?;
    let columns = columns(&bytes, b"PTRDS001")?;
    let float = |word: &[u8; 8]| f64::from_le_bytes(*word);
    let trades = columns[0].iter().map(float).zip(columns[1].iter().map(float));
    Feed::open(Columns::read(10_000)?.bars(), trades, wake)
}

// ---------------------------------------------------------------- measuring

fn cpu_seconds() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}

/// A line of `/proc/self/status` in MB.
fn memory(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let found = status.lines().find_map(|l| l.strip_prefix(line)?.strip_prefix(':'));
    let kilobytes = found.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok());
    round(kilobytes.unwrap_or(0.0) / 1024.0)
}

fn load_average() -> f64 {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().and_then(|word| word.parse().ok()).unwrap_or(0.0)
}

fn round(x: f64) -> f64 {
    (x * 10_000.0).round() / 10_000.0
}

fn millis(span: Duration) -> f64 {
    round(span.as_secs_f64() * 1e3)
}

// ---------------------------------------------------------------- the chart

/// The product's chart, with the product's fonts and theme.
struct Scene {
    bars: Bars,
    view: ChartView,
    theme: Arc<Theme>,
    ticks: TickTable,
}

/// Where the chart's bars come from.
enum Bars {
    /// Arrays that were read.
    Loaded(BarSeries),
    /// What comes through the link.
    Live(Box<Feed>),
}

impl Bars {
    fn series(&self) -> &BarSeries {
        match self {
            Self::Loaded(series) => series,
            Self::Live(feed) => feed.series(),
        }
    }
}

impl Scene {
    fn new(bars: Bars) -> Self {
        let ticks = TickTable::uniform(Decimal::new(1, 2)).expect("a cent is a tick");
        let mut scene = Self { bars, view: ChartView::default(), theme: Theme::dark(), ticks };
        scene.look(300.0, scene.len());
        scene
    }

    fn loaded(series: BarSeries) -> Self {
        Self::new(Bars::Loaded(series))
    }

    fn len(&self) -> f64 {
        self.bars.series().len() as f64
    }

    /// `bars` bars, the last of them the one before index `end`.
    fn look(&mut self, bars: f64, end: f64) {
        self.view.show(bars, end - 0.5);
    }

    /// The live market, where there is one.
    fn feed(&mut self) -> anyhow::Result<&mut Feed> {
        match &mut self.bars {
            Bars::Live(feed) => Ok(feed),
            Bars::Loaded(_) => bail!("these bars were loaded"),
        }
    }

    /// The view of a frame of the panning cases.
    fn pan(&mut self, all: bool, frame: usize) {
        let len = self.len();
        if all {
            let step = frame % 20;
            let back = if step <= 10 { step } else { 20 - step } as f64;
            self.look(0.9 * len, len * (1.0 - 0.01 * back));
        } else {
            let room = ((len - 300.0) / 3.0).max(1.0) as usize;
            self.look(300.0, len - 3.0 * (frame % room) as f64);
        }
    }

    fn setup(&self, ctx: &Context) {
        fonts::install(ctx);
        self.theme.apply(ctx);
    }

    fn ui(&mut self, ui: &mut egui::Ui) {
        let series = self.bars.series();
        let data = ChartData {
            series,
            title: "TEST",
            timeframe: Timeframe::M1,
            ticks: &self.ticks,
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
        chart_ui(ui, &mut self.view, &data, &self.theme);
    }
}

/// A frame's cost in ms, and what came out.
#[derive(Default)]
struct Frames {
    run: Vec<f64>,
    tess: Vec<f64>,
    cpu: Vec<f64>,
    wall: Vec<f64>,
    verts: usize,
    prims: usize,
}

/// A context without a window.
struct Offscreen {
    ctx: Context,
    time: f64,
}

impl Offscreen {
    fn new(scene: &Scene) -> Self {
        let ctx = Context::default();
        scene.setup(&ctx);
        Self { ctx, time: 0.0 }
    }

    fn frame(&mut self, scene: &mut Scene, into: &mut Frames) {
        self.time += FRAME.as_secs_f64();
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, vec2(WIDTH, HEIGHT))),
            time: Some(self.time),
            ..RawInput::default()
        };
        let (cpu, start) = (cpu_seconds(), Instant::now());
        let mut output = self.ctx.run_ui(input, |ui| scene.ui(ui));
        let ran = Instant::now();
        output.textures_delta.clear();
        let primitives = self.ctx.tessellate(output.shapes, output.pixels_per_point);
        let done = Instant::now();
        into.run.push(millis(ran - start));
        into.tess.push(millis(done - ran));
        into.cpu.push(round((cpu_seconds() - cpu) * 1e3));
        into.wall.push(millis(done - start));
        let vertices = |p: &egui::ClippedPrimitive| match &p.primitive {
            egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
            egui::epaint::Primitive::Callback(_) => 0,
        };
        into.verts = primitives.iter().map(vertices).sum();
        into.prims = primitives.len();
    }
}

// ---------------------------------------------------------------- live

/// What a live run counts.
#[derive(Default)]
struct Live {
    got: u64,
    frames: u64,
    gap: Duration,
    last: Option<Instant>,
}

impl Live {
    fn drawn(&mut self) {
        let now = Instant::now();
        if let Some(last) = self.last.replace(now) {
            self.gap = self.gap.max(now - last);
        }
        self.frames += 1;
    }

    fn line(&self, mode: &str, rate: u64, sent: u64, cpu: f64) -> Value {
        json!({"peer": "ours", "mode": mode, "case": "live", "rate": rate, "sent": sent, "got": self.got,
            "frames": self.frames, "cpuPct": round(cpu / LIVE.as_secs_f64() * 100.0), "maxGapMs": millis(self.gap)})
    }
}

// ---------------------------------------------------------------- headless

fn headless(run: &Run, start: Instant) -> anyhow::Result<Value> {
    match run {
        Run::Pan { count, all, budget, frames, .. } => {
            let mut scene = Scene::loaded(Columns::read(*count)?.series()?);
            let mut screen = Offscreen::new(&scene);
            let (mut warm, mut measured) = (Frames::default(), Frames::default());
            let begun = Instant::now();
            for i in 0..WARM_UP + frames {
                scene.pan(*all, i);
                screen.frame(&mut scene, if i < WARM_UP { &mut warm } else { &mut measured });
                if begun.elapsed().as_secs_f64() > *budget {
                    break;
                }
            }
            Ok(pan_line(run, "headless", &measured))
        }
        Run::Live { rate } => {
            let mut scene = Scene::new(Bars::Live(Box::new(market(Arc::new(|| {}))?)));
            let mut screen = Offscreen::new(&scene);
            let mut frames = Frames::default();
            for _ in 0..WARM_UP {
                screen.frame(&mut scene, &mut frames);
            }
            let (begun, cpu) = (Instant::now(), cpu_seconds());
            scene.feed()?.start(*rate, LIVE)?;
            let mut live = Live::default();
            let mut next = begun;
            while begun.elapsed() < LIVE + FRAME {
                next += FRAME;
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
                let got = scene.feed()?.drain();
                live.got += got;
                if got > 0 {
                    screen.frame(&mut scene, &mut frames);
                    live.drawn();
                }
            }
            let (sent, rest) = scene.feed()?.finish()?;
            live.got += rest;
            Ok(live.line("headless", *rate, sent, cpu_seconds() - cpu))
        }
        Run::Load { count, all } => {
            let columns = Columns::read(*count)?;
            let before = memory("VmRSS");
            let (begun, cpu) = (Instant::now(), cpu_seconds());
            let mut scene = Scene::loaded(columns.series()?);
            if *all {
                scene.look(scene.len(), scene.len());
            }
            Offscreen::new(&scene).frame(&mut scene, &mut Frames::default());
            Ok(load_line("headless", *count, *all, begun, cpu, before))
        }
        Run::Cold => {
            let mut scene = Scene::loaded(Columns::read(1000)?.series()?);
            Offscreen::new(&scene).frame(&mut scene, &mut Frames::default());
            Ok(cold_line("headless", start))
        }
    }
}

fn pan_line(run: &Run, mode: &str, frames: &Frames) -> Value {
    let Run::Pan { count, all, variant, .. } = run else { return Value::Null };
    let Frames { run, tess, cpu, wall, verts, prims } = frames;
    json!({"peer": "ours", "mode": mode, "case": "pan", "n": count, "view": if *all { "all" } else { "300" },
        "variant": variant, "load": load_average(), "frames": wall.len(), "verts": verts, "prims": prims,
        "rssMB": memory("VmRSS"), "run": run, "tess": tess, "cpu": cpu, "wall": wall})
}

fn load_line(mode: &str, count: usize, all: bool, begun: Instant, cpu: f64, before: f64) -> Value {
    json!({"peer": "ours", "mode": mode, "case": "load", "n": count, "all": all,
        "totalMs": millis(begun.elapsed()), "cpuMs": round((cpu_seconds() - cpu) * 1e3),
        "rssBeforeMB": before, "rssMB": memory("VmRSS"), "peakMB": memory("VmHWM")})
}

fn cold_line(mode: &str, start: Instant) -> Value {
    json!({"peer": "ours", "mode": mode, "case": "cold", "inProcMs": millis(start.elapsed()),
        "cpuMs": round(cpu_seconds() * 1e3), "rssMB": memory("VmRSS")})
}

// ---------------------------------------------------------------- window

/// The same in a window: what `eframe` calls, until the case has its line.
struct App {
    scene: Scene,
    run: Run,
    start: Instant,
    begun: (Instant, f64, f64),
    frame: usize,
    frames: Frames,
    last: Option<(Instant, f64)>,
    is_live: bool,
    live: Live,
    line: Arc<std::sync::Mutex<Option<Value>>>,
}

fn window(run: Run, start: Instant) -> anyhow::Result<Value> {
    let columns = Columns::read(match run {
        Run::Pan { count, .. } | Run::Load { count, .. } => count,
        Run::Live { .. } => 10_000,
        Run::Cold => 1000,
    })?;
    let line = Arc::default();
    let result = Arc::clone(&line);
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default().with_inner_size([WIDTH, HEIGHT]),
        renderer: eframe::Renderer::Glow,
        system_font_fallback: false,
        ..eframe::NativeOptions::default()
    };
    let create = move |cc: &eframe::CreationContext<'_>| -> Result<Box<dyn eframe::App>, Box<dyn std::error::Error + Send + Sync>> {
        let begun = (Instant::now(), cpu_seconds(), memory("VmRSS"));
        let mut scene = match run {
            Run::Live { .. } => Scene::new(Bars::Live(Box::new(market(wake(&cc.egui_ctx))?))),
            _ => Scene::loaded(columns.series()?),
        };
        if let Run::Load { all: true, .. } = run {
            scene.look(scene.len(), scene.len());
        }
        scene.setup(&cc.egui_ctx);
        let frames = Frames::default();
        let app = App { scene, run, start, begun, frame: 0, frames, last: None, is_live: false, live: Live::default(), line };
        Ok(Box::new(app))
    };
    eframe::run_native("chart_bench", options, Box::new(create)).map_err(|e| anyhow::anyhow!("{e}"))?;
    let line = result.lock().map_err(|_poisoned| anyhow::anyhow!("the window thread panicked"))?.take();
    line.context("the window closed before the case was done")
}

impl App {
    fn finish(&self, ctx: &Context, mut line: Value) {
        let size = ctx.viewport_rect().size() * ctx.pixels_per_point();
        line["px"] = json!([size.x.round(), size.y.round()]);
        if let Ok(mut place) = self.line.lock() {
            place.get_or_insert(line);
        }
        ctx.send_viewport_cmd(egui::ViewportCommand::Close);
    }
}

impl eframe::App for App {
    fn logic(&mut self, _ctx: &Context, _frame: &mut eframe::Frame) {
        if let Bars::Live(feed) = &mut self.scene.bars {
            self.live.got += feed.drain();
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let now = (Instant::now(), cpu_seconds());
        // From the call before to this one lies one whole frame, buffer swap included.
        if let Some(last) = self.last.replace(now).filter(|_| self.frame > WARM_UP) {
            self.frames.wall.push(millis(now.0 - last.0));
            self.frames.cpu.push(round((now.1 - last.1) * 1e3));
        }
        self.frame += 1;
        if let Run::Pan { all, .. } = self.run {
            self.scene.pan(all, self.frame);
        }
        self.scene.ui(ui);
        self.frames.run.push(millis(now.0.elapsed()));
        match self.run {
            Run::Pan { frames, budget, .. } => {
                ui.request_repaint();
                let late = self.begun.0.elapsed().as_secs_f64() > budget;
                if self.frames.wall.len() >= frames || late {
                    self.finish(ui, pan_line(&self.run, "window", &self.frames));
                }
            }
            Run::Live { rate } => {
                if let Err(error) = self.live_ui(ui, rate) {
                    self.finish(ui, json!({"error": error.to_string()}));
                }
            }
            // The second call comes when the first frame is on the screen.
            Run::Load { count, all } if self.frame == 2 => {
                let (begun, cpu, before) = self.begun;
                self.finish(ui, load_line("window", count, all, begun, cpu, before));
            }
            Run::Cold if self.frame == 2 => self.finish(ui, cold_line("window", self.start)),
            Run::Load { .. } | Run::Cold => ui.request_repaint(),
        }
    }
}

impl App {
    fn live_ui(&mut self, ui: &egui::Ui, rate: u64) -> anyhow::Result<()> {
        if self.frame < WARM_UP {
            ui.request_repaint();
            return Ok(());
        }
        if !self.is_live {
            self.is_live = true;
            self.begun = (Instant::now(), cpu_seconds(), 0.0);
            self.scene.feed()?.start(rate, LIVE)?;
        }
        self.live.drawn();
        if self.begun.0.elapsed() >= LIVE + FRAME {
            let (sent, rest) = self.scene.feed()?.finish()?;
            self.live.got += rest;
            let cpu = cpu_seconds() - self.begun.1;
            self.finish(ui, self.live.line("window", rate, sent, cpu));
        } else {
            ui.request_repaint_after(FRAME * 2);
        }
        Ok(())
    }
}

/// Wakes the window as the program's waker does: once per display frame, never a zero delay.
fn wake(ctx: &Context) -> Arc<dyn Fn() + Send + Sync> {
    let (ctx, last) = (ctx.clone(), std::sync::Mutex::new(Instant::now()));
    Arc::new(move || {
        let Ok(mut last) = last.lock() else { return };
        let delay = FRAME.saturating_sub(last.elapsed()).max(Duration::from_millis(1));
        *last = Instant::now() + delay;
        ctx.request_repaint_after_for(delay, egui::ViewportId::ROOT);
    })
}
