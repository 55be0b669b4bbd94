//! A frame of the whole terminal in a busy market: the standard workspace, and one of six charts and four
//! ladders; positions and working orders, quotes and bars that change in every frame. `cargo bench --bench frame`, or
//! one of them by a part of its name: `cargo bench --bench frame -- ladders`.
//!
//! Engine and exchange run on a virtual clock between the frames and are not measured; a
//! tenth of a busy second passes from frame to frame, so that nearly every number changes. A
//! frame is what the window thread does for it: taking over what came through the link
//! (logic), layout and painting (run), tessellation. No window, no GPU.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "its result goes to stdout")]

#[path = "common/asked.rs"]
mod asked;
#[path = "common/spans.rs"]
mod spans;

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser as _;
use egui::{Context, Event, Pos2, RawInput, Rect, Vec2, pos2, vec2};
use pitdesk::app::cli::Arguments;
use pitdesk::app::market::Plan;
use pitdesk::app::rehearsal::Rehearsal;
use pitdesk::desk::{Desk, Group};
use pitdesk::domain::{
    Decimal, Instrument, OrderKind, OrderSpec, Price, Quote, Settings, Side, Time, TimeInForce,
};
use pitdesk::link::{Command, CommandId, Demand, Envelope, Place, WindowEnd};
use pitdesk::store::bars::Library;
use pitdesk::ui::chart_pane::ChartPane;
use pitdesk::ui::ladder::Ladder;
use pitdesk::ui::pane::{PaneKey, PaneKind};
use pitdesk::ui::workspace::{LayoutChange, Place as Where, Shelf, Workspace};
use pitdesk::ui::{Begin, Terminal, fonts, set_options};
use spans::{Budget, heading, report};

/// As in the program: pages that go back to the kernel every frame cost a third of it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// 20 November 2026, 15:00:00 UTC: a Friday, New York open.
const START: Time = Time::from_seconds(1_795_186_800);
const FRAME: Duration = Duration::from_micros(16_667);
/// What the market lives through between two frames.
const STEP: Duration = Duration::from_millis(100);
const WARM_UP: usize = 120;
const FRAMES: usize = 1_500;
const BUDGET: Budget = Budget { median: 2.0, p99: 8.0 };

fn main() {
    if !asked::is_asked() {
        return;
    }
    for size in [vec2(1_280.0, 720.0), vec2(1_600.0, 900.0), vec2(2_560.0, 1_440.0)] {
        let title = format!("standard workspace {}x{}, ms a frame", size.x, size.y);
        measure(&title, || Floor::open(size, None), Hand::Rests);
    }
    let usual = || Floor::open(vec2(1_600.0, 900.0), None);
    measure("1600x900, the crosshair moving over the chart", usual, Hand::Moves);
    let crowded = || Floor::open(vec2(2_560.0, 1_440.0), Some(charts_and_ladders()));
    measure("6 charts and 4 ladders of 6 instruments, 2560x1440", crowded, Hand::Rests);
    measure("6 charts and 4 ladders, the crosshair moving over charts", crowded, Hand::Moves);
}

/// What the trader's hand does.
#[derive(Clone, Copy, PartialEq)]
enum Hand {
    Rests,
    Moves,
}

fn measure(title: &str, open: impl FnOnce() -> Floor, hand: Hand) {
    if !is_meant(title) {
        return;
    }
    let mut floor = open();
    let size = floor.size;
    let mut frames = Frames::default();
    let mut changes = Vec::new();
    for i in 0..WARM_UP + FRAMES {
        let before = floor.quotes();
        floor.world.run(STEP);
        let x = size.x * (0.35 + 0.3 * (i % 200) as f32 / 200.0);
        let events =
            if hand == Hand::Moves { vec![Event::PointerMoved(pos2(x, size.y * 0.3))] } else { Vec::new() };
        if i == WARM_UP {
            frames = Frames::default();
            changes = vec![0; before.len()];
        }
        floor.frame(events, &mut frames);
        for (count, (now, before)) in changes.iter_mut().zip(floor.quotes().iter().zip(&before)) {
            *count += usize::from(now != before);
        }
    }
    let desk = floor.terminal.desk();
    heading(title);
    report("a frame", Some(BUDGET), &frames.sum());
    report("  logic: drain and apply", None, &frames.logic);
    report("  run: layout and painting", None, &frames.run);
    report("  tessellate", None, &frames.tessellate);
    println!(
        "  of {} quotes that come {} change in each frame; {} positions, {} working orders; {} vertices",
        changes.iter().filter(|count| **count > 0).count(),
        changes.iter().sum::<usize>() / FRAMES,
        desk.blotter().open_positions().count(),
        desk.blotter().working().count(),
        frames.vertices
    );
}

/// Whether a measurement was asked for: all are, or those with a part of their name among the arguments.
fn is_meant(title: &str) -> bool {
    let mut parts = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).peekable();
    parts.peek().is_none() || parts.any(|part| title.contains(&part))
}

/// A workspace as a trader of several instruments has it: each chart and each ladder of a group of its own, the
/// first four charts beside the ladder of theirs.
fn charts_and_ladders() -> String {
    const KEYS: [&str; 6] =
        ["AAPL@NASDAQ", "MSFT@NASDAQ", "NVDA@NASDAQ", "EUR/USD@FX", "BTC/USD@CRYPTO", "BTC/JPY@CRYPTO"];
    let mut workspace = Workspace::default();
    let chart = |number| PaneKey { kind: PaneKind::Chart, number };
    let ladder = |number| PaneKey { kind: PaneKind::Ladder, number };
    for number in 2..=6 {
        let (beside, place) =
            if number <= 3 { (chart(number - 1), Where::Right) } else { (chart(number - 3), Where::Below) };
        workspace.change(LayoutChange::Open { kind: PaneKind::Chart, beside, place });
    }
    for number in 1..=4 {
        let beside = chart(number);
        workspace.change(LayoutChange::Open { kind: PaneKind::Ladder, beside, place: Where::Right });
    }
    for (number, (group, key)) in (1..).zip(Group::ALL.into_iter().zip(KEYS)) {
        for pane in [chart(number), ladder(number)] {
            workspace.change(LayoutChange::Link(pane, group));
        }
        workspace.turned.insert(group, key.to_owned());
    }
    let charts = workspace.panes.all::<ChartPane>().count();
    let ladders = workspace.panes.all::<Ladder>().count();
    assert_eq!((charts, ladders), (6, 4), "the workspace that is measured");
    Shelf::default().to_text(&workspace)
}

/// Milliseconds of each frame by part.
#[derive(Default)]
struct Frames {
    logic: Vec<f64>,
    run: Vec<f64>,
    tessellate: Vec<f64>,
    vertices: usize,
}

impl Frames {
    fn sum(&self) -> Vec<f64> {
        let parts = self.logic.iter().zip(&self.run).zip(&self.tessellate);
        parts.map(|((logic, run), tessellate)| logic + run + tessellate).collect()
    }
}

/// The terminal and its market.
struct Floor {
    world: Rehearsal,
    terminal: Terminal,
    ctx: Context,
    size: Vec2,
    time: f64,
}

impl Floor {
    fn open(size: Vec2, workspace: Option<String>) -> Self {
        let words = ["pitdesk", "--seed", "7", "--activity", "75"];
        let options = Arguments::try_parse_from(words).expect("these are options").options;
        let library = Library::empty();
        let plan = Plan::new(&options, &library, true, START).expect("the bundled market opens");
        let instruments = plan.setup.instruments.clone();
        let (mut world, link) =
            Rehearsal::new(plan, Settings::default(), START).expect("the bundled market opens");
        trade(&mut world, &link, &instruments);
        let ctx = Context::default();
        fonts::install(&ctx);
        set_options(&ctx);
        let terminal = Terminal::new(Begin { link, clock: world.clock(), workspace });
        Self { world, terminal, ctx, size, time: 0.0 }
    }

    fn quotes(&self) -> Vec<Option<Quote>> {
        let desk = self.terminal.desk();
        desk.instruments().iter().map(|i| desk.quote(i.id).map(|view| *view.quote)).collect()
    }

    fn frame(&mut self, events: Vec<Event>, into: &mut Frames) {
        self.time += FRAME.as_secs_f64();
        let input = RawInput {
            screen_rect: Some(Rect::from_min_size(Pos2::ZERO, self.size)),
            time: Some(self.time),
            events,
            ..RawInput::default()
        };
        let Self { terminal, ctx, world, .. } = self;
        let begin = Instant::now();
        terminal.logic();
        let applied = Instant::now();
        let mut output = ctx.run_ui(input, |ui| terminal.ui(ui));
        output.textures_delta.clear();
        let ran = Instant::now();
        let primitives = ctx.tessellate(output.shapes, output.pixels_per_point);
        let done = Instant::now();
        terminal.on_painted(world.clock().now());
        let millis = |from: Instant, to: Instant| (to - from).as_secs_f64() * 1e3;
        into.logic.push(millis(begin, applied));
        into.run.push(millis(applied, ran));
        into.tessellate.push(millis(ran, done));
        let vertices = |p: &egui::ClippedPrimitive| match &p.primitive {
            egui::epaint::Primitive::Mesh(mesh) => mesh.vertices.len(),
            egui::epaint::Primitive::Callback(_) => 0,
        };
        into.vertices = primitives.iter().map(vertices).sum();
    }
}

/// Fills the blotter before the window opens: a position in every other instrument, two
/// orders that stay working in each of the others.
fn trade(world: &mut Rehearsal, link: &WindowEnd, instruments: &[Arc<Instrument>]) {
    // Far above the ids that the window will use.
    let mut id = 1 << 40;
    let mut send = |world: &mut Rehearsal, command| {
        id += 1;
        let envelope = Envelope { id: CommandId(id), input_at: world.clock().now(), command };
        link.commander.try_send(envelope).expect("the queue is emptied after each");
        world.settle();
    };
    let quotes = instruments.iter().map(|instrument| instrument.id).collect();
    send(world, Command::Demand(Arc::new(Demand { quotes, ..Demand::default() })));
    world.run(Duration::from_secs(2));
    let mut desk = Desk::default();
    desk.apply(link.inbox.drain(), world.clock().now());
    for (n, instrument) in instruments.iter().enumerate() {
        let quantity = desk.settings().default_quantity.of(instrument.class);
        let Some(bid) = desk.quote(instrument.id).and_then(|view| view.quote.bid) else { continue };
        let below = |percent: i64| {
            let price = Price(bid.0 * Decimal::new(100 - percent, 2));
            OrderKind::Limit { price: instrument.ticks.round_down(price) }
        };
        let kinds = if n % 2 == 0 { vec![OrderKind::Market] } else { vec![below(3), below(5)] };
        for kind in kinds {
            let spec = OrderSpec::new(instrument.id, Side::Buy, quantity, kind, TimeInForce::Day);
            let place = Place::plain("PAPER".into(), spec);
            send(world, Command::Place(place));
        }
    }
    world.run(Duration::from_secs(1));
    // The terminal comes after the fact and needs to be told everything.
    send(world, Command::Snapshot);
}
