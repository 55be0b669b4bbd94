//! Market events through engine and link to the desk, as many as two threads can.
//! `cargo bench --bench engine`.
//!
//! The engine's thread makes deliveries, processes and publishes them in the bursts of the
//! shell; the window's thread takes over and applies sixty times a second. In a second run
//! the window never looks. In a third the whole runtime runs: session, channel, shell. At last a
//! plan of target weights is sent, as large as one may be. What
//! waits must stay bounded, so memory is read after a warm-up and at the end, and in the
//! end every message must be accounted for.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "its result goes to stdout")]

#[path = "common/asked.rs"]
mod asked;
#[path = "common/flood.rs"]
mod flood;
#[path = "common/process.rs"]
mod process;
#[path = "common/runtime.rs"]
mod runtime;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use flood::{Flood, Prints, answers, opening};
use pitdesk::broker::{BrokerEvent, MarketEvent};
use pitdesk::desk::Desk;
use pitdesk::domain::{
    BrokerId, Decimal, Instrument, InstrumentId, LimitSet, Limits, OrderKind, OrderSpec, PlanId, Price,
    Quote, Settings, Side, Time, TimeInForce,
};
use pitdesk::engine::{Effect, Engine, EngineEvent, Start};
use pitdesk::link::{
    Allocation, AllocationOrder, Clock, Command, CommandId, EngineEnd, Envelope, Inbox, Stream, WindowEnd,
    connect,
};
use pitdesk::market::allocation::MOST_ROWS;
use pitdesk::store::journal::Journal;
use process::resident_mb;
use runtime::{Program, demand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Events a second.
const BUDGET: f64 = 500_000.0;
/// Growth after the warm-up that counts as flat, in MB.
const FLAT: f64 = 4.0;
const WARM_UP: u64 = 2_000_000;
const EVENTS: u64 = 10_000_000;
/// Deliveries that are published together.
const BURST: usize = 32;
const FRAME: Duration = Duration::from_micros(16_667);
/// How long the whole runtime is measured, after half of it to warm up.
const LIVE: Duration = Duration::from_secs(6);

fn main() {
    if !asked::is_asked() {
        return;
    }
    let (mut actor, window) = Actor::new();
    let looking = Looking::start(window);
    actor.run(WARM_UP);
    measure("engine to desk, a window that looks at 60 Hz", || actor.run(EVENTS));
    looking.finish();

    let (mut actor, WindowEnd { inbox, commander: _commander }) = Actor::new();
    actor.run(WARM_UP);
    measure("engine to link, a window that never looks", || actor.run(EVENTS));
    let mut desk = Desk::default();
    desk.apply(inbox.drain(), actor.clock.now());
    account_for(&desk);

    whole();
    plan();
}

/// The turn of the engine in which it takes the largest plan on, with a limit that counts all orders
/// together; then those in which the disk has them.
fn plan() {
    let count = MOST_ROWS as u32;
    let listed = &flood::instruments()[0];
    let of = |id| Instrument { id: InstrumentId(id), symbol: format!("S{id}").into(), ..(**listed).clone() };
    let instruments: Vec<Arc<Instrument>> = (0..count).map(|id| Arc::new(of(id))).collect();
    let profile = Limits { max_exposure: Some(Decimal::from(1_000_000_000)), ..Limits::default() };
    let settings = Settings { limits: LimitSet { profile, ..LimitSet::default() }, ..Settings::default() };
    let now = Clock::system().now();
    let start = Start::first(instruments.into(), vec!["Flood".into()], now);
    let mut engine = Engine::new(Start { settings: settings.into(), ..start });
    let mut effects = Vec::new();
    let price = Some(listed.ticks.round(Price(Decimal::ONE_HUNDRED)));
    let quote = Quote { bid: price, ask: price, last: price, is_open: true, ..Quote::default() };
    let quotes = (0..count).map(|id| MarketEvent::Quote(InstrumentId(id), quote)).collect();
    let market = BrokerEvent::Market { received: now, events: quotes };
    let events = opening().into_iter().chain([market]).map(|event| EngineEvent::Broker(BrokerId(0), event));
    for event in [EngineEvent::Started].into_iter().chain(events) {
        engine.process(event, now, &mut effects);
    }
    effects.clear();
    let order = |id| {
        let (side, kind) = (Side::Buy, OrderKind::Market);
        let spec = OrderSpec::new(InstrumentId(id), side, listed.lot, kind, TimeInForce::Day);
        AllocationOrder { spec, held: Decimal::ZERO, seen: None }
    };
    let orders = (0..count).map(order).collect();
    let allocation = Allocation { plan: PlanId(1), account: "BENCH".into(), orders };
    let command = Command::Allocate(allocation);
    let begin = Instant::now();
    let envelope = Envelope { id: CommandId(1), input_at: now, command };
    engine.process(EngineEvent::Command(envelope), now, &mut effects);
    let turn = begin.elapsed();
    let written = effects.iter().filter_map(|effect| match effect {
        Effect::Journal(record) => Some(record.seq),
        _ => None,
    });
    let written: Vec<_> = written.collect();
    effects.clear();
    for seq in written {
        engine.process(EngineEvent::Journaled(seq), now, &mut effects);
    }
    let sent = effects.iter().filter(|effect| matches!(effect, Effect::Request(..))).count();
    assert_eq!(sent, MOST_ROWS, "all of them leave");
    println!(
        "a plan of {count} orders, max_exposure on: {turn:?}, until all have left {:?}",
        begin.elapsed()
    );
}

/// Prints the rate of a run that says how many events it was, with what memory did meanwhile.
fn measure(title: &str, run: impl FnOnce() -> u64) {
    let before = resident_mb("self");
    let begin = Instant::now();
    let events = run();
    let rate = events as f64 / begin.elapsed().as_secs_f64();
    let growth = resident_mb("self") - before;
    let speed = if rate >= BUDGET { "within" } else { "BELOW" };
    let memory = if growth <= FLAT { "flat" } else { "NOT FLAT" };
    println!(
        "{title}: {rate:.0} events/s ({speed} the budget of {BUDGET}), {:.0} ns each; memory {before:.1} MB, \
         {growth:+.1} MB over {events} events ({memory})",
        1e9 / rate
    );
}

fn account_for(desk: &Desk) {
    let ledger = desk.ledger();
    assert!(ledger.adds_up(), "every message is accounted for: {ledger:?}");
    let line = |stream: Stream| {
        let count = ledger.of(stream);
        format!(
            "{} {} = {} applied + {} conflated + {} dropped",
            stream.label(),
            count.received,
            count.applied,
            count.conflated,
            count.dropped
        )
    };
    println!("  {}; {}", line(Stream::Quotes), line(Stream::Trades));
}

/// The engine as the shell drives it, without tasks.
struct Actor {
    engine: Engine,
    link: EngineEnd,
    prints: Prints,
    clock: Clock,
    effects: Vec<Effect>,
}

impl Actor {
    fn new() -> (Self, WindowEnd) {
        let (link, window) = connect(Arc::new(|| ()));
        let instruments = flood::instruments();
        let clock = Clock::system();
        let engine = Engine::new(Start::first(instruments.clone().into(), vec!["Flood".into()], clock.now()));
        let prints = Prints::new(&instruments);
        let mut actor = Self { engine, link, prints, clock, effects: Vec::new() };
        actor.process(EngineEvent::Started);
        for event in opening() {
            actor.broker(event);
        }
        let command = Command::Demand(demand(instruments.len()));
        let input_at = actor.clock.now();
        actor.process(EngineEvent::Command(Envelope { id: CommandId(1), input_at, command }));
        actor.publish();
        (actor, window)
    }

    /// Lets so many events happen; says how many exactly.
    fn run(&mut self, at_least: u64) -> u64 {
        let mut done = 0;
        while done < at_least {
            for _ in 0..BURST {
                let received = self.clock.now();
                let events = self.prints.delivery(received);
                done += events.len() as u64;
                self.broker(BrokerEvent::Market { received, events });
            }
            self.publish();
        }
        done
    }

    fn broker(&mut self, event: BrokerEvent) {
        self.process(EngineEvent::Broker(BrokerId(0), event));
    }

    fn process(&mut self, event: EngineEvent) {
        self.engine.process(event, self.clock.now(), &mut self.effects);
    }

    fn publish(&mut self) {
        while !self.effects.is_empty() {
            let effects = std::mem::take(&mut self.effects);
            let requests: Vec<_> = self.link.publisher.batch(|window| {
                let left = effects.into_iter().filter_map(|effect| effect.publish_to(window));
                left.filter_map(|effect| match effect {
                    Effect::Request(_, request) => Some(request),
                    _ => None,
                })
                .collect()
            });
            for event in requests.into_iter().flat_map(|request| answers(request, Time::default())) {
                self.broker(event);
            }
        }
    }
}

/// A window's thread that takes over what waits, sixty times a second.
struct Looking {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Desk>,
}

impl Looking {
    fn start(window: WindowEnd) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&is_over);
        let look = move || {
            let (mut desk, clock) = (Desk::default(), Clock::system());
            let mut next = Instant::now();
            loop {
                // Read first, so that the last look comes after the last event.
                let is_last = flag.load(Ordering::Acquire);
                desk.apply(window.inbox.drain(), clock.now());
                if is_last {
                    return desk;
                }
                next = (next + FRAME).max(Instant::now());
                std::thread::sleep(next.saturating_duration_since(Instant::now()));
            }
        };
        let thread = std::thread::Builder::new().name("window".to_owned()).spawn(look);
        Self { is_over, thread: thread.expect("there are threads") }
    }

    fn finish(self) {
        self.is_over.store(true, Ordering::Release);
        account_for(&self.thread.join().expect("the window does not panic"));
    }
}

/// Session, channel, shell, engine, link and desk, flat out.
fn whole() {
    let adapter = Arc::new(Flood::new(None));
    let mut program = Program::start(
        adapter,
        Clock::system(),
        async |file, names| Journal::open(file, names, Time::default()).await,
        Arc::new(|| ()),
    );
    program.send(Command::Demand(demand(flood::instruments().len())));
    let mut desk = Desk::default();
    let received = |desk: &Desk| {
        [Stream::Quotes, Stream::Trades, Stream::Depth].map(|stream| desk.ledger().of(stream).received)
    };
    let mut look = |inbox: &Inbox, clock: &Clock, span: Duration| {
        let before: u64 = received(&desk).iter().sum();
        let begin = Instant::now();
        while begin.elapsed() < span {
            desk.apply(inbox.drain(), clock.now());
            std::thread::sleep(FRAME);
        }
        received(&desk).iter().sum::<u64>() - before
    };
    let Program { link, clock, .. } = &program;
    look(&link.inbox, clock, LIVE / 2);
    measure("session to desk through the whole runtime", || look(&link.inbox, clock, LIVE));
    desk.apply(program.link.inbox.drain(), program.clock.now());
    account_for(&desk);
    program.end();
}
