//! Both latencies of the program without its window, on the real runtime.
//! `cargo bench --bench latency`.
//!
//! *Message to window*: from the stamp that a session gives a message to the desk having
//! applied it on the window's thread, which here looks as soon as it is woken (the real one
//! does so at the next frame). Every print is timed, and every quote that no newer one
//! replaced. *Click to wire*: from the command to the stamp of its bytes leaving; orders and
//! cancels take turns while the market floods. No order is written to disk before it leaves,
//! in the program as here.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "its result goes to stdout")]

#[path = "common/asked.rs"]
mod asked;
#[path = "common/flood.rs"]
mod flood;
#[path = "common/runtime.rs"]
mod runtime;
#[path = "common/spans.rs"]
mod spans;

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser as _;
use flood::Flood;
use pitdesk::app::cli::Arguments;
use pitdesk::app::market::Plan;
use pitdesk::broker::Adapter;
use pitdesk::desk::Desk;
use pitdesk::domain::{
    Decimal, InstrumentId, OrderId, OrderKind, OrderSpec, Origin, Price, Side, Time, TimeInForce,
};
use pitdesk::link::{Clock, Command, CommandId, Drained, Place, Stream, Update};
use pitdesk::risk::Despite;
use pitdesk::store::bars::Library;
use runtime::{Program, demand};
use spans::{Budget, heading, report};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BUDGET: Budget = Budget { median: f64::INFINITY, p99: 1.0 };
const WARM_UP: Duration = Duration::from_secs(2);
const LIVE: Duration = Duration::from_secs(15);
const BETWEEN_CLICKS: Duration = Duration::from_millis(7);
/// What the clicks are about.
const TRADED: InstrumentId = InstrumentId(0);

fn main() {
    if !asked::is_asked() {
        return;
    }
    for rate in [1_000, 50_000, 200_000] {
        run(&format!("a flood of {rate} events/s"), Arc::new(Flood::new(Some(rate))));
    }
    run("the paper market at 75 times a usual day", paper());
}

/// The paper broker, as the program has it.
fn paper() -> Arc<dyn Adapter> {
    let words = ["pitdesk", "--seed", "7", "--activity", "75"];
    let options = Arguments::try_parse_from(words).expect("these are options").options;
    let library = Library::empty();
    let plan = Plan::new(&options, &library, true, Clock::system().now()).expect("the bundled market opens");
    let brokers = plan.brokers().expect("the bundled market opens");
    brokers.into_iter().next().expect("the paper broker is the first")
}

fn run(title: &str, adapter: Arc<dyn Adapter>) {
    let window = std::thread::current();
    let instruments = adapter.instruments().len();
    let mut program = Program::start(adapter, Clock::system(), Arc::new(move || window.unpark()));
    program.send(Command::Demand(demand(instruments)));
    let mut hand = Hand::default();
    let mut desk = Desk::default();
    let mut spans = Spans::default();
    let mut begin = Instant::now();
    let mut counted_from = 0;
    let mut is_warm = false;
    loop {
        if !is_warm && begin.elapsed() >= WARM_UP {
            is_warm = true;
            begin = Instant::now();
            spans = Spans::default();
            counted_from = received(&desk);
        }
        if is_warm && begin.elapsed() >= LIVE {
            break;
        }
        hand.click_if_due(&mut program, &desk);
        std::thread::park_timeout(Duration::from_millis(1));
        let drained = program.link.inbox.drain();
        let stamps = stamps(&drained);
        hand.see(&drained);
        spans.clicks(&drained);
        desk.apply(drained, program.clock.now());
        let now = program.clock.now();
        spans.messages.extend(stamps.into_iter().map(|stamp| millis(stamp, now)));
    }
    let rate = (received(&desk) - counted_from) as f64 / begin.elapsed().as_secs_f64();
    assert!(desk.ledger().adds_up(), "every message is accounted for: {:?}", desk.ledger());
    heading(&format!("{title}: {rate:.0} arrived, ms"));
    report("message received to applied by the window", Some(BUDGET), &spans.messages);
    report(
        &format!("click to bytes, {} orders and cancels", spans.clicks.len()),
        Some(BUDGET),
        &spans.clicks,
    );
    let refused = hand.refused;
    if refused > 0 {
        println!("  {refused} clicks were refused");
    }
    program.end();
}

/// Market events that the link was handed.
fn received(desk: &Desk) -> u64 {
    [Stream::Quotes, Stream::Depth, Stream::Trades].iter().map(|s| desk.ledger().of(*s).received).sum()
}

/// When what waited had been received.
fn stamps(drained: &Drained) -> Vec<Time> {
    let prints = drained.trades.values().flatten().map(|(_, received)| *received);
    let quotes = drained.quotes.iter().map(|latched| latched.received);
    prints.chain(quotes).collect()
}

fn millis(from: Time, to: Time) -> f64 {
    to.since(from).as_secs_f64() * 1e3
}

/// Milliseconds of what was timed.
#[derive(Default)]
struct Spans {
    messages: Vec<f64>,
    clicks: Vec<f64>,
}

impl Spans {
    fn clicks(&mut self, drained: &Drained) {
        self.clicks.extend(drained.lossless.iter().filter_map(|item| match item.update {
            Update::Wire { input_at, wire_at, .. } => Some(millis(input_at, wire_at)),
            _ => None,
        }));
    }
}

/// A trader who enters an order far from the market, cancels it, and so on.
#[derive(Default)]
struct Hand {
    clicked: Option<Instant>,
    entered: Option<CommandId>,
    working: Option<OrderId>,
    refused: u64,
}

impl Hand {
    fn click_if_due(&mut self, program: &mut Program, desk: &Desk) {
        if self.entered.is_some() || self.clicked.is_some_and(|at| at.elapsed() < BETWEEN_CLICKS) {
            return;
        }
        if let Some(order) = self.working.take() {
            program.send(Command::Cancel { order });
        } else {
            let Some(place) = order(desk) else { return };
            self.entered = program.send(Command::Place(place));
        }
        self.clicked = Some(Instant::now());
    }

    /// Looks for the order that the last entry made.
    fn see(&mut self, drained: &Drained) {
        for item in &drained.lossless {
            let Update::Answer(answer) = &item.update else { continue };
            self.refused += u64::from(answer.outcome.is_err());
            if self.entered == Some(answer.to) {
                self.entered = None;
                self.working = answer.outcome.as_ref().ok().copied().flatten();
            }
        }
    }
}

/// A buy 5 % below the market; nothing while there is no market.
fn order(desk: &Desk) -> Option<Place> {
    let instrument = desk.instrument(TRADED)?;
    let bid = desk.quote(TRADED)?.quote.bid?;
    let price = instrument.ticks.round_down(Price(bid.0 * Decimal::new(95, 2)));
    let kind = OrderKind::Limit { price };
    let spec = OrderSpec::new(TRADED, Side::Buy, instrument.lot, kind, TimeInForce::Day);
    Some(Place { spec, bracket: None, origin: Origin::Ticket, seen: None, despite: Despite::default() })
}
