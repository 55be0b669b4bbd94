//! Both latencies of the program without its window, on the real runtime.
//! `cargo bench --bench latency`.
//!
//! *Message to window*: from the stamp that a session gives a message to the desk having
//! applied it on the window's thread, which here looks as soon as it is woken (the real one
//! does so at the next frame). Every print is timed, and every quote that no newer one
//! replaced.
//!
//! *Click to wire*: from the command to the stamp of its bytes leaving, while the market floods.
//! An order goes through gate, journal, gate again, session; a cancel waits for nothing. Both are
//! run twice, with the journal on this machine's disk and with the same journal in memory, so
//! that the ratio is the price of the promise that no byte leaves before its intent is safe. The
//! budget is for what the program itself takes: the disk's part is the disk's.
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

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Parser as _;
use flood::Flood;
use pitdesk::app::cli::Arguments;
use pitdesk::app::market::Plan;
use pitdesk::broker::Adapter;
use pitdesk::desk::Desk;
use pitdesk::domain::{Decimal, InstrumentId, OrderId, OrderKind, OrderSpec, Price, Side, Time, TimeInForce};
use pitdesk::link::{Clock, Command, CommandId, Drained, Place, Stream, Update, WayOut};
use pitdesk::store::bars::Library;
use pitdesk::store::journal::Journal;
use runtime::{Program, demand};
use spans::{Budget, at, heading, report};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const BUDGET: Budget = Budget { median: f64::INFINITY, p99: 1.0 };
const WARM_UP: Duration = Duration::from_secs(2);
const LIVE: Duration = Duration::from_secs(15);
const BETWEEN_CLICKS: Duration = Duration::from_millis(7);
/// What the clicks are about.
const TRADED: InstrumentId = InstrumentId(0);

/// Where the journal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Keeps {
    /// In a file, each record synced before anything leaves: as the program trades.
    OnDisk,
    /// In memory: the same path without the disk, as a replay has it.
    InMemory,
}

fn main() {
    if !asked::is_asked() {
        return;
    }
    for rate in [1_000, 50_000, 200_000] {
        both(&format!("a flood of {rate} events/s"), || Arc::new(Flood::new(Some(rate))));
    }
    both("the paper market at 75 times a usual day", paper);
}

/// With the journal's sync, and without; how many times as long an order takes with it.
fn both(title: &str, adapter: impl Fn() -> Arc<dyn Adapter>) {
    let with = run(title, Keeps::OnDisk, adapter());
    let without = run(title, Keeps::InMemory, adapter());
    let times = |share| at(&with, share) / at(&without, share);
    println!(
        "{:<58} {:>9} {:>8.1}x {:>8.1}x",
        "click to bytes, an order: with sync / without",
        "",
        times(0.5),
        times(0.99)
    );
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

/// Milliseconds from click to bytes of each order.
fn run(title: &str, keeps: Keeps, adapter: Arc<dyn Adapter>) -> Vec<f64> {
    let window = std::thread::current();
    let instruments = adapter.instruments().len();
    let open = async |file: &Path, names| match keeps {
        Keeps::OnDisk => Journal::open(file, names, Time::default()).await,
        Keeps::InMemory => Journal::in_memory(names).await,
    };
    let mut program = Program::start(adapter, Clock::system(), open, Arc::new(move || window.unpark()));
    program.send(Command::Demand(demand(instruments)));
    let mut hand = Hand::default();
    let mut desk = Desk::default();
    let mut messages = Vec::new();
    let mut begin = Instant::now();
    let mut counted_from = 0;
    let mut is_warm = false;
    loop {
        if !is_warm && begin.elapsed() >= WARM_UP {
            is_warm = true;
            begin = Instant::now();
            messages.clear();
            hand.forget();
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
        desk.apply(drained, program.clock.now());
        let now = program.clock.now();
        messages.extend(stamps.into_iter().map(|stamp| millis(stamp, now)));
    }
    let rate = (received(&desk) - counted_from) as f64 / begin.elapsed().as_secs_f64();
    assert!(desk.ledger().adds_up(), "every message is accounted for: {:?}", desk.ledger());
    let journal = match keeps {
        Keeps::OnDisk => "with sync",
        Keeps::InMemory => "without sync",
    };
    heading(&format!("{title}: {rate:.0} arrived, ms"));
    if keeps == Keeps::OnDisk {
        report("message received to applied by the window", Some(BUDGET), &messages);
    }
    // What a disk takes is no promise of this program.
    let budget = (keeps == Keeps::InMemory).then_some(BUDGET);
    let Hand { orders, cancels, refused, .. } = hand;
    report(&format!("click to bytes, {journal}, {} orders", orders.len()), budget, &orders);
    report(&format!("click to bytes, {journal}, {} cancels", cancels.len()), Some(BUDGET), &cancels);
    if refused > 0 {
        println!("  {refused} clicks were refused");
    }
    program.end();
    orders
}

/// Market events that the link was handed.
fn received(desk: &Desk) -> u64 {
    [Stream::Quotes, Stream::Depth, Stream::Trades].iter().map(|s| desk.ledger().of(*s).received).sum()
}

/// When what waited had been received.
fn stamps(drained: &Drained) -> Vec<Time> {
    let prints = drained.trades.values().flat_map(|ring| &ring.trades).map(|(_, received)| *received);
    let quotes = drained.quotes.iter().map(|latched| latched.received);
    prints.chain(quotes).collect()
}

fn millis(from: Time, to: Time) -> f64 {
    to.since(from).as_secs_f64() * 1e3
}

/// A trader who enters an order far from the market, cancels it when it is out, and so on.
#[derive(Default)]
struct Hand {
    clicked: Option<Instant>,
    turn: Turn,
    /// Milliseconds of each click.
    orders: Vec<f64>,
    cancels: Vec<f64>,
    refused: u64,
}

/// What the hand waits for.
#[derive(Default, Clone, Copy)]
enum Turn {
    #[default]
    Enters,
    /// For the engine's answer.
    Asked(CommandId),
    /// For the bytes of the order.
    Sent(OrderId),
    Cancels(OrderId),
    /// For the bytes of its cancel.
    Cancelling(OrderId),
}

impl Hand {
    /// What was measured so far does not count.
    fn forget(&mut self) {
        (self.orders, self.cancels, self.refused) = (Vec::new(), Vec::new(), 0);
    }

    fn click_if_due(&mut self, program: &mut Program, desk: &Desk) {
        if self.clicked.is_some_and(|at| at.elapsed() < BETWEEN_CLICKS) {
            return;
        }
        self.turn = match self.turn {
            Turn::Enters => {
                let Some(place) = order(desk) else { return };
                program.send(Command::Place(place)).map_or(Turn::Enters, Turn::Asked)
            }
            Turn::Cancels(order) => {
                program.send(Command::Cancel { order });
                Turn::Cancelling(order)
            }
            waits => return self.turn = waits,
        };
        self.clicked = Some(Instant::now());
    }

    fn see(&mut self, drained: &Drained) {
        for item in &drained.lossless {
            match (&item.update, self.turn) {
                (Update::Answer(answer), turn) => {
                    self.refused += u64::from(answer.outcome.is_err());
                    match (turn, &answer.outcome) {
                        (Turn::Asked(id), Ok(Some(order))) if id == answer.to => {
                            self.turn = Turn::Sent(*order);
                        }
                        (_, Err(_)) => self.turn = Turn::Enters,
                        _ => {}
                    }
                }
                (&Update::Wire(WayOut { order, input_at, wire_at, .. }), Turn::Sent(sent))
                    if order == sent =>
                {
                    self.orders.push(millis(input_at, wire_at));
                    self.turn = Turn::Cancels(order);
                }
                (&Update::Wire(WayOut { order, input_at, wire_at, .. }), Turn::Cancelling(sent))
                    if order == sent =>
                {
                    self.cancels.push(millis(input_at, wire_at));
                    self.turn = Turn::Enters;
                }
                _ => {}
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
    Some(Place::plain("PAPER".into(), spec))
}
