//! The server for other programs, over TCP on this computer. `cargo bench --bench gateway`.
//!
//! *Order → acknowledgement*: from the bytes of placeOrder leaving a client to its first orderStatus, with
//! gate, journal on the disk (synced before the order leaves), paper exchange and back. *Cancel → done*
//! likewise. *Snapshot of an account*: reqAccountSummary to its end. *Quotes*: all instruments of the
//! practice market followed by one client while the market is busy: how many ticks it is told a second.
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]
#![expect(clippy::print_stdout, reason = "its result goes to stdout")]

#[path = "common/asked.rs"]
mod asked;
#[path = "common/spans.rs"]
mod spans;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use pitdesk::gateway::wire::frame::{Frames, MOST_OUTGOING};
use pitdesk::gateway::wire::handshake::Offer;
use pitdesk::gateway::wire::model::{
    AccountSummaryRequest, CancelOrderRequest, Contract, MarketDataRequest, MatchingSymbolsRequest, Order,
    PlaceOrderRequest, StartApiRequest,
};
use pitdesk::gateway::wire::{Dialect, Reply, Request};
use spans::{Budget, heading, report};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Within the orders a minute that the limits allow.
const ORDERS: i32 = 500;
const BUDGET: Budget = Budget { median: 2.0, p99: 20.0 };
const FLOW: Duration = Duration::from_secs(10);

struct Server {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder for the profile");
        let mut child = Command::new(env!("CARGO_BIN_EXE_pitdesk"))
            .args(["serve", "--gateway", "127.0.0.1:0", "--seed", "7", "--activity", "20", "--data-dir"])
            .arg(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let out = child.stdout.take().expect("it is piped");
        let said = BufReader::new(out).lines().next().expect("it says where").expect("as text");
        let port = said.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
        Self { child, port, _folder: folder }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

struct Client {
    stream: TcpStream,
    frames: Frames,
    is_greeted: bool,
}

impl Client {
    fn connect(server: &Server) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).expect("it listens");
        stream.set_nodelay(true).expect("a TCP option");
        let mut bytes = Vec::new();
        Offer { least: 157, most: 176, options: String::new() }.encode(&mut bytes);
        stream.write_all(&bytes).expect("it reads");
        let mut client = Self { stream, frames: Frames::of_server(MOST_OUTGOING), is_greeted: false };
        let start = StartApiRequest { client_id: Some(1), optional_capabilities: Some(String::new()) };
        client.ask(&Request::StartApi(start));
        client.until(|reply| matches!(reply, Reply::NextValidId(_)));
        client
    }

    fn ask(&mut self, request: &Request) {
        let mut bytes = Vec::new();
        request.encode(Dialect::Text, &mut bytes);
        self.stream.write_all(&bytes).expect("the server reads");
    }

    /// Reads until a reply is what is meant.
    fn until(&mut self, is_meant: impl Fn(&Reply) -> bool) {
        while !self.replies().iter().any(&is_meant) {}
    }

    fn replies(&mut self) -> Vec<Reply> {
        let mut buffer = vec![0; 64 << 10];
        let count = self.stream.read(&mut buffer).expect("the server answers");
        assert!(count > 0, "the server hangs up");
        self.frames.push(&buffer[..count]);
        let mut replies = Vec::new();
        while let Some(body) = self.frames.next().expect("frames") {
            if std::mem::replace(&mut self.is_greeted, true) {
                replies.push(Reply::decode(Dialect::Text, body).expect("a reply"));
            }
        }
        replies
    }
}

fn share(symbol: &str) -> Contract {
    let text = |text: &str| Some(text.to_owned());
    Contract {
        symbol: text(symbol),
        sec_type: text("STK"),
        exchange: text("SMART"),
        currency: text("USD"),
        ..Contract::default()
    }
}

fn millis(from: Instant) -> f64 {
    from.elapsed().as_secs_f64() * 1e3
}

fn main() {
    if !asked::is_asked() {
        return;
    }
    heading("Programs that are connected");
    starts();
    let server = Server::start();
    let mut client = Client::connect(&server);
    orders(&mut client);
    summaries(&mut client);
    quotes(&mut client);
}

/// From the start of the process to its first answer: who has connected, been let in and told his accounts.
fn starts() {
    let start = |_| {
        let begin = Instant::now();
        let server = Server::start();
        drop(Client::connect(&server));
        millis(begin)
    };
    let spans: Vec<f64> = (0..5).map(start).collect();
    report("start of the server → it answers", Some(Budget { median: 1_000.0, p99: 1_000.0 }), &spans);
}

fn orders(client: &mut Client) {
    let terms = Order {
        action: Some("BUY".to_owned()),
        total_quantity: Some("1".to_owned()),
        order_type: Some("LMT".to_owned()),
        lmt_price: Some(275.0),
        transmit: Some(true),
        ..Order::default()
    };
    let (mut acknowledged, mut cancelled) = (Vec::new(), Vec::new());
    for id in 1..=ORDERS {
        let request = PlaceOrderRequest {
            order_id: Some(id),
            contract: Some(share("AAPL")),
            order: Some(terms.clone()),
        };
        let begun = Instant::now();
        client.ask(&Request::PlaceOrder(Box::new(request)));
        let is_there =
            |reply: &Reply| matches!(reply, Reply::OrderStatus(status) if status.status() == "Submitted");
        client.until(is_there);
        acknowledged.push(millis(begun));
        let begun = Instant::now();
        client.ask(&Request::CancelOrder(CancelOrderRequest { order_id: Some(id), order_cancel: None }));
        client.until(|reply| matches!(reply, Reply::OrderStatus(status) if status.status() == "Cancelled"));
        cancelled.push(millis(begun));
    }
    report("order → acknowledgement", Some(BUDGET), &acknowledged[1..]);
    report("cancel → done", Some(BUDGET), &cancelled[1..]);
}

fn summaries(client: &mut Client) {
    let mut spans = Vec::new();
    for id in 0..50 {
        let begun = Instant::now();
        client.ask(&Request::AccountSummary(AccountSummaryRequest {
            req_id: Some(10_000 + id),
            group: Some("All".to_owned()),
            tags: Some("NetLiquidation,BuyingPower,TotalCashValue".to_owned()),
        }));
        client.until(|reply| matches!(reply, Reply::AccountSummaryEnd(_)));
        spans.push(millis(begun));
    }
    report("account summary", None, &spans);
}

fn quotes(client: &mut Client) {
    let pattern =
        |pattern: &str| MatchingSymbolsRequest { req_id: Some(1), pattern: Some(pattern.to_owned()) };
    let mut followed = 0;
    for letter in ('A'..='Z').chain('0'..='9') {
        client.ask(&Request::MatchingSymbols(pattern(&letter.to_string())));
        let contracts = loop {
            let found = client.replies().into_iter().find_map(|reply| match reply {
                Reply::SymbolSamples(samples) => Some(samples.contract_descriptions),
                _ => None,
            });
            if let Some(found) = found {
                break found;
            }
        };
        for contract in contracts.into_iter().filter_map(|description| description.contract) {
            followed += 1;
            client.ask(&Request::MarketData(Box::new(MarketDataRequest {
                req_id: Some(20_000 + followed),
                contract: Some(contract),
                generic_tick_list: Some(String::new()),
                snapshot: Some(false),
                regulatory_snapshot: Some(false),
                ..MarketDataRequest::default()
            })));
        }
    }
    let (begun, mut ticks) = (Instant::now(), 0_u64);
    while begun.elapsed() < FLOW {
        let is_tick = |reply: &&Reply| matches!(reply, Reply::TickPrice(_) | Reply::TickSize(_));
        ticks += client.replies().iter().filter(is_tick).count() as u64;
    }
    let a_second = ticks as f64 / begun.elapsed().as_secs_f64();
    println!("{followed} quotes followed: {a_second:.0} ticks a second told");
}
