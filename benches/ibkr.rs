//! The adapter for Interactive Brokers, over TCP on this computer: `cargo bench --bench ibkr`.
//!
//! *Quote → window*: a TWS that speaks the real wire tells a hundred instruments fifty quotes a second each;
//! from the bytes of a quote leaving it until the window's replica has it, through socket, client, adapter,
//! engine and link. *Books*: from being let in to all that a
//! connection begins with, of a TWS that takes a second for each answer.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "its result goes to stdout")]
#![expect(clippy::unwrap_used, reason = "what does not work here is no result")]

#[path = "../tests/common/approved.rs"]
#[expect(dead_code, reason = "shared")]
mod approved;
#[path = "common/asked.rs"]
mod asked;
#[path = "../tests/ibkr/peer.rs"]
#[expect(dead_code, reason = "shared")]
mod peer;
#[path = "../tests/common/program.rs"]
#[expect(dead_code, reason = "shared")]
mod program;
#[path = "common/spans.rs"]
mod spans;

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use ibapi::contracts::Contract;
use peer::{CLIENT, House, Peer, Told};
use pitdesk::broker::ibkr::{Ibkr, IbkrConfig, Listed};
use pitdesk::broker::registry;
use pitdesk::desk::Desk;
use pitdesk::domain::{Decimal, InstrumentId};
use pitdesk::gateway::wire::model::TickPrice;
use pitdesk::gateway::wire::{Reply, Request};
use pitdesk::link::{Command, Demand};
use program::Program;
use spans::{Budget, heading, report};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const INSTRUMENTS: u32 = 100;
const UPDATES_A_SECOND: u32 = 50;
const FLOW: Duration = Duration::from_secs(10);
/// Quotes leave in bunches, as they do on a busy exchange.
const BUNCH: u32 = 10;
const FIRST_CONTRACT: i32 = 1_000;
const SLOW: Duration = Duration::from_secs(1);
const QUOTE: Budget = Budget { median: 1.0, p99: 5.0 };

/// When each quote left, by instrument; the price of a quote is its number.
type Departures = Arc<Mutex<Vec<Vec<Instant>>>>;

fn listed() -> Vec<Listed> {
    let share = |id: u32| {
        let symbol = format!("S{id}");
        let contract_id = FIRST_CONTRACT + i32::try_from(id).unwrap();
        let contract = Contract { contract_id, ..Contract::stock(symbol.as_str()).build() };
        Listed { instrument: Arc::new(approved::share(id, &symbol)), contract }
    };
    (0..INSTRUMENTS).map(share).collect()
}

/// A TWS on a thread of its own; says at which address.
fn tws<F>(act: impl FnOnce(House) -> F + Send + 'static) -> (String, JoinHandle<()>)
where
    F: Future<Output = ()>,
{
    let (tell, address): (_, Receiver<String>) = channel();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let house = House::open().await;
            tell.send(house.address()).unwrap();
            act(house).await;
        });
    });
    (address.recv().unwrap(), thread)
}

fn broker(address: String) -> Ibkr {
    Ibkr::new(IbkrConfig { trades_at_once: 0, ..IbkrConfig::new(address, CLIENT) }, listed())
}

fn main() {
    if !asked::is_asked() {
        return;
    }
    heading("Interactive Brokers, over the wire");
    quotes();
    books();
}

fn quotes() {
    let departures = Departures::default();
    departures.lock().unwrap().resize(INSTRUMENTS as usize, Vec::new());
    let sends = Arc::clone(&departures);
    let (address, thread) = tws(move |house| async move {
        let mut peer = house.guest().await;
        let questions = peer.questions().await;
        peer.tells(&questions, Told::default()).await;
        flow(&mut peer, &sends).await;
        peer.closes().await;
    });
    let seen = Arc::new(Mutex::new((vec![-1_i64; INSTRUMENTS as usize], Vec::new())));
    let sees = (Arc::clone(&departures), Arc::clone(&seen));
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::start_with(folder.path(), registry::ibkr(broker(address)), move |desk| {
        look(desk, &sees.0, &mut sees.1.lock().unwrap());
    });
    program.wait_until_ready();
    let mut demand = Demand::default();
    demand.quotes.extend((0..INSTRUMENTS).map(InstrumentId));
    program.send(Command::Demand(Arc::new(demand)));
    let total = u64::from(INSTRUMENTS * UPDATES_A_SECOND) * FLOW.as_secs();
    let last = Decimal::from(total / u64::from(INSTRUMENTS) - 1);
    let is_last = |desk: &Desk, id: u32| {
        desk.quote(InstrumentId(id)).and_then(|view| view.quote.bid).is_some_and(|bid| number(bid.0) == last)
    };
    program.wait("the last quotes", |desk| (0..INSTRUMENTS).all(|id| is_last(desk, id)));
    program.shut_down();
    thread.join().unwrap();
    let (_, spans) = std::mem::take(&mut *seen.lock().unwrap());
    let share = spans.len() as f64 / total as f64;
    println!(
        "{} instruments at {UPDATES_A_SECOND} updates/s: {:.0} % of the quotes were seen, the others were \
        replaced by newer ones before anybody looked",
        INSTRUMENTS,
        share * 100.0
    );
    report("quote → window", Some(QUOTE), &spans);
}

fn millis(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

/// Which quote a bid is.
fn number(bid: Decimal) -> Decimal {
    (bid - Decimal::ONE_HUNDRED) * Decimal::ONE_HUNDRED
}

fn look(desk: &Desk, departures: &Departures, (newest, spans): &mut (Vec<i64>, Vec<f64>)) {
    let now = Instant::now();
    let departures = departures.lock().unwrap();
    for id in 0..INSTRUMENTS {
        let Some(bid) = desk.quote(InstrumentId(id)).and_then(|view| view.quote.bid) else { continue };
        let number: i64 = number(bid.0).try_into().unwrap();
        let at = id as usize;
        if number > newest[at] {
            newest[at] = number;
            spans.push(millis(now - departures[at][usize::try_from(number).unwrap()]));
        }
    }
}

/// Waits until all are watched, then tells quotes in their rhythm, and answers signs of life between them.
async fn flow(peer: &mut Peer, departures: &Departures) {
    let mut lines = BTreeMap::new();
    while lines.len() < INSTRUMENTS as usize {
        if let Request::MarketData(asked) = peer.next().await {
            let contract = asked.contract.as_ref().and_then(|contract| contract.con_id).unwrap();
            lines.insert(contract - FIRST_CONTRACT, asked.req_id);
        }
    }
    let pause = Duration::from_secs(1) * BUNCH / (INSTRUMENTS * UPDATES_A_SECOND);
    let mut bunches = tokio::time::interval(pause);
    let total = INSTRUMENTS * UPDATES_A_SECOND * u32::try_from(FLOW.as_secs()).unwrap();
    let mut next = 0;
    while next < total {
        tokio::select! {
            biased;
            _ = bunches.tick() => for _ in 0..BUNCH {
                let (id, number) = (next % INSTRUMENTS, next / INSTRUMENTS);
                departures.lock().unwrap()[id as usize].push(Instant::now());
                let price = 100.0 + f64::from(number) / 100.0;
                peer.says(Reply::TickPrice(TickPrice {
                    req_id: lines[&i32::try_from(id).unwrap()],
                    tick_type: Some(1),
                    price: Some(price),
                    size: Some("500".to_owned()),
                    attr_mask: None,
                }))
                .await;
                next += 1;
            },
            _request = peer.next() => {}
        }
    }
}

fn books() {
    let mut spans = Vec::new();
    for _ in 0..3 {
        let (tell, connected) = channel();
        let (address, thread) = tws(move |house| async move {
            let mut peer = house.guest().await;
            tell.send(Instant::now()).unwrap();
            // None of them comes before all were asked, or this waits for ever.
            let questions = peer.questions().await;
            tokio::time::sleep(SLOW).await;
            peer.tells(&questions, Told::default()).await;
            peer.closes().await;
        });
        let folder = tempfile::tempdir().unwrap();
        let program = Program::start(folder.path(), registry::ibkr(broker(address)));
        program.wait_until_ready();
        spans.push(millis(connected.recv().unwrap().elapsed()));
        program.shut_down();
        thread.join().unwrap();
    }
    let budget = Budget { median: 1_100.0, p99: 1_100.0 };
    report("books, of a TWS that takes 1 s for each answer", Some(budget), &spans);
}
