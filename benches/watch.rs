//! A frame of the whole terminal with 200 instruments that are quoted 50 times a second each: a watchlist of all of
//! them, every quote sent through the link. `cargo bench --bench watch`.
//!
//! A frame is what the window thread does for it, as in the bench `frame`. No window, no GPU, no engine.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "its result goes to stdout")]

#[path = "common/asked.rs"]
mod asked;
#[path = "../tests/common/desk.rs"]
#[expect(dead_code, reason = "tests use the rest of it")]
mod desk;
#[path = "common/spans.rs"]
mod spans;

use std::sync::Arc;
use std::time::{Duration, Instant};

use desk::Market;
use egui::{Context, Pos2, RawInput, Rect, Vec2, vec2};
use pitdesk::domain::{Decimal, Instrument, InstrumentId, Qty};
use pitdesk::ui::pane::{PaneKey, PaneKind};
use pitdesk::ui::watchlist::Watchlist;
use pitdesk::ui::workspace::{LayoutChange, Shelf, Workspace};
use pitdesk::ui::{Terminal, fonts, set_options};
use spans::{Budget, heading, report};

/// As in the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const INSTRUMENTS: u16 = 200;
/// Quotes of each instrument in a second.
const RATE: u32 = 50;
const FRAME: Duration = Duration::from_micros(16_667);
const WARM_UP: usize = 120;
const FRAMES: usize = 1_500;
const BUDGET: Budget = Budget { median: 2.0, p99: 8.0 };

fn main() {
    if !asked::is_asked() {
        return;
    }
    measure("200 instruments at 50/s, standard workspace, 2560x1440", vec2(2_560.0, 1_440.0), false);
    measure("the same, every row in sight: the watchlist alone", vec2(2_560.0, 4_800.0), true);
}

/// The same share under so many names.
fn instruments(like: &Instrument) -> Vec<Arc<Instrument>> {
    let named = |number: u16| {
        let (id, symbol) = (InstrumentId(number.into()), format!("S{number:03}").into());
        Arc::new(Instrument { id, symbol, ..like.clone() })
    };
    (0..INSTRUMENTS).map(named).collect()
}

fn workspace(instruments: &[Arc<Instrument>], is_alone: bool) -> String {
    let mut workspace = Workspace::default();
    for (_, list) in workspace.panes.all_mut::<Watchlist>() {
        for instrument in instruments {
            list.add(instrument.key());
        }
    }
    if is_alone {
        workspace.change(LayoutChange::Maximise(PaneKey::first(PaneKind::Watchlist)));
    }
    Shelf::default().to_text(&workspace)
}

fn measure(title: &str, size: Vec2, is_alone: bool) {
    let (market, _) = Market::with_desk();
    let like = market.instruments().iter().find(|instrument| &*instrument.symbol == "AAPL");
    let listed = instruments(like.expect("the bundled market lists it"));
    let (mut market, mut terminal) = Market::with_terminal(Some(&workspace(&listed, is_alone)));
    market.list(listed);
    let ctx = Context::default();
    fonts::install(&ctx);
    set_options(&ctx);
    let (mut logic, mut rest) = (Vec::new(), Vec::new());
    let mut sent = 0_u64;
    for frame in 0..WARM_UP + FRAMES {
        market.later(FRAME);
        let due = (frame as u64 + 1) * FRAME.as_micros() as u64 * u64::from(RATE) * u64::from(INSTRUMENTS)
            / 1_000_000;
        for number in sent..due {
            quote(&mut market, number);
        }
        sent = due;
        let (took, drew) = one_frame(&mut terminal, &ctx, size, frame);
        terminal.on_painted(market.now());
        if frame >= WARM_UP {
            logic.push(took);
            rest.push(drew);
        }
    }
    let whole: Vec<f64> = logic.iter().zip(&rest).map(|(logic, rest)| logic + rest).collect();
    heading(title);
    report("a frame", Some(BUDGET), &whole);
    report("  logic: drain and apply", None, &logic);
    report("  layout, painting, tessellation", None, &rest);
    let applied = terminal.desk().ledger().of(pitdesk::link::Stream::Quotes);
    println!(
        "  {sent} quotes sent: {} applied, {} conflated, {} dropped",
        applied.applied, applied.conflated, applied.dropped
    );
}

/// The next quote, of one instrument after the other; each says another price and size than the one before.
fn quote(market: &mut Market, number: u64) {
    let id = InstrumentId((number % u64::from(INSTRUMENTS)) as u32);
    let key = market.instruments()[id.index()].key();
    let round = number / u64::from(INSTRUMENTS);
    let last: Decimal = (Decimal::from(28_450) + Decimal::from(round % 97)) / Decimal::ONE_HUNDRED;
    let mut quote = market.quote_at(&key, &last.to_string());
    quote.bid_size = Qty(Decimal::from(round % 900 + 1));
    market.publish_quote(&key, quote);
}

/// Milliseconds of taking over, and of drawing.
fn one_frame(terminal: &mut Terminal, ctx: &Context, size: Vec2, frame: usize) -> (f64, f64) {
    let input = RawInput {
        screen_rect: Some(Rect::from_min_size(Pos2::ZERO, size)),
        time: Some(frame as f64 * FRAME.as_secs_f64()),
        ..RawInput::default()
    };
    let millis = |from: Instant, to: Instant| (to - from).as_secs_f64() * 1e3;
    let begin = Instant::now();
    terminal.logic();
    let applied = Instant::now();
    let mut output = ctx.run_ui(input, |ui| terminal.ui(ui));
    output.textures_delta.clear();
    let primitives = ctx.tessellate(output.shapes, output.pixels_per_point);
    let done = Instant::now();
    drop(primitives);
    (millis(begin, applied), millis(applied, done))
}
