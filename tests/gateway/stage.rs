//! Engine, exchange and server in one thread, and the clients' ends of the connections.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser as _;
use pitdesk::app::cli::Arguments;
use pitdesk::app::market::Plan;
use pitdesk::app::rehearsal::Rehearsal;
use pitdesk::desk::Desk;
use pitdesk::domain::settings::Settings;
use pitdesk::domain::{Instrument, Quote, Time};
use pitdesk::gateway::wire::frame::{Frames, MOST_OUTGOING};
use pitdesk::gateway::wire::handshake::{Announcement, Offer};
use pitdesk::gateway::wire::model::{Contract, Order, PlaceOrderRequest, StartApiRequest};
use pitdesk::gateway::wire::{Dialect, Reply, Request};
use pitdesk::gateway::{ConnId, Core, Effect, Rules};
use pitdesk::link::channel::Drained;
use pitdesk::link::update::Numbered;
use pitdesk::link::{Command, CommandId, Demand, Envelope, FollowerEnd, Update, WindowEnd};
use pitdesk::store::bars::Library;

/// A Friday morning in New York; the practice market is always open.
pub const START: Time = Time::from_seconds(1_795_186_800);
/// How far the world moves between two looks at what has come.
const STEP: Duration = Duration::from_millis(20);

pub struct Stage {
    pub world: Rehearsal,
    pub window: WindowEnd,
    pub desk: Desk,
    pub core: Core,
    end: FollowerEnd,
    clients: BTreeMap<ConnId, Client>,
    next: u64,
    pub demand: Arc<Demand>,
    /// The number of what the engine has told the server last.
    told: u64,
}

/// The client's end of a connection.
struct Client {
    frames: Frames,
    dialect: Dialect,
    is_greeted: bool,
    is_closed: bool,
    heard: Vec<Reply>,
}

impl Stage {
    pub fn new() -> Self {
        Self::with(Rules::default())
    }

    pub fn with(rules: Rules) -> Self {
        let options = Arguments::parse_from(["pitdesk", "--seed", "7"]).options;
        let plan = Plan::new(&options, &Library::empty(), true, START).unwrap();
        let (world, window) = Rehearsal::new(plan, Settings::default(), START).unwrap();
        let end = world.hub().follow(Arc::new(|| {})).unwrap();
        let core = Core::new(end.follower, rules, START);
        let mut stage = Self {
            world,
            window,
            desk: Desk::default(),
            core,
            end,
            clients: BTreeMap::new(),
            next: 1,
            demand: Arc::default(),
            told: 0,
        };
        stage.run(Duration::from_secs(1));
        stage
    }

    pub fn now(&self) -> Time {
        self.world.clock().now()
    }

    /// Lets time pass, and everything happen that it brings.
    pub fn run(&mut self, duration: Duration) {
        let end = self.now() + duration;
        self.settle();
        while self.now() < end {
            self.world.run(STEP.min(end.since(self.now())));
            self.core.tick(self.now());
            self.settle();
        }
    }

    /// Carries everything to whom it is for, without time passing.
    pub fn settle(&mut self) {
        loop {
            self.world.settle();
            let drained = self.end.inbox.drain();
            self.told = drained.lossless.back().map_or(self.told, |last| last.seq);
            self.core.follow(drained, self.now());
            self.desk.apply(self.window.inbox.drain(), self.now());
            let effects = self.core.effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                self.carry_out(effect);
            }
            for conn in self.clients.keys() {
                self.core.waiting(*conn, 0);
            }
        }
    }

    /// The engine tells the server of something that this exchange never does. What it tells later has numbers
    /// that do not fit any more: for the end of a test.
    pub fn tells_at_last(&mut self, update: Update) {
        self.told += 1;
        let numbered = Numbered { seq: self.told, received: self.now(), update };
        self.core.follow(Drained { lossless: [numbered].into(), ..Drained::default() }, self.now());
        self.settle();
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Command(envelope) => {
                if let Command::Demand(demand) = &envelope.command {
                    self.demand = Arc::clone(demand);
                }
                self.end.commander.try_send(envelope).unwrap();
            }
            Effect::Send(conn, bytes) => {
                if let Some(client) = self.clients.get_mut(&conn) {
                    client.hear(&bytes);
                }
            }
            Effect::Close(conn) => {
                if let Some(client) = self.clients.get_mut(&conn) {
                    client.is_closed = true;
                }
            }
        }
    }

    /// A socket that has said nothing.
    pub fn dial(&mut self, dialect: Dialect) -> ConnId {
        let conn = ConnId(self.next);
        self.next += 1;
        let frames = Frames::of_server(MOST_OUTGOING);
        let client = Client { frames, dialect, is_greeted: false, is_closed: false, heard: Vec::new() };
        self.clients.insert(conn, client);
        self.core.accept(conn, self.now());
        conn
    }

    pub fn send_bytes(&mut self, conn: ConnId, bytes: &[u8]) {
        self.core.received(conn, bytes, self.now());
        self.settle();
    }

    /// Shakes hands as the libraries do.
    pub fn greet(&mut self, conn: ConnId) {
        let dialect = self.clients[&conn].dialect;
        let (least, most) = match dialect {
            Dialect::Text => (157, 178),
            Dialect::Protobuf => (213, 226),
        };
        let mut bytes = Vec::new();
        Offer { least, most, options: String::new() }.encode(&mut bytes);
        self.send_bytes(conn, &bytes);
    }

    /// A client that has said who it is; what it was told so far is taken off.
    pub fn connect(&mut self, dialect: Dialect, client: i32) -> ConnId {
        let conn = self.dial(dialect);
        self.greet(conn);
        self.ask(conn, start_api(client));
        assert!(!self.is_closed(conn));
        conn
    }

    /// Asks; what the client hears waits until it is looked at.
    #[expect(clippy::needless_pass_by_value, reason = "requests are made to be sent")]
    pub fn tell(&mut self, conn: ConnId, request: Request) {
        let mut bytes = Vec::new();
        request.encode(self.clients[&conn].dialect, &mut bytes);
        self.send_bytes(conn, &bytes);
    }

    /// Asks, and takes what the client has heard until then.
    pub fn ask(&mut self, conn: ConnId, request: Request) -> Vec<Reply> {
        self.tell(conn, request);
        self.heard(conn)
    }

    /// Takes what the client has heard since the last look.
    pub fn heard(&mut self, conn: ConnId) -> Vec<Reply> {
        std::mem::take(&mut self.clients.get_mut(&conn).unwrap().heard)
    }

    /// Runs for a while, then as [`Self::heard`].
    pub fn heard_in(&mut self, conn: ConnId, seconds: f64) -> Vec<Reply> {
        self.run(Duration::from_secs_f64(seconds));
        self.heard(conn)
    }

    /// The client hangs up.
    pub fn hang_up(&mut self, conn: ConnId) {
        self.core.closed(conn, self.now());
        self.settle();
    }

    pub fn is_closed(&self, conn: ConnId) -> bool {
        self.clients[&conn].is_closed
    }

    /// As the window's trader would.
    pub fn command(&mut self, command: Command) {
        let (id, input_at) = (CommandId(self.next), self.now());
        self.next += 1;
        self.window.commander.try_send(Envelope { id, input_at, command }).unwrap();
        self.settle();
    }

    pub fn instrument(&self, symbol: &str) -> Arc<Instrument> {
        self.desk.instruments().iter().find(|instrument| &*instrument.symbol == symbol).unwrap().clone()
    }

    /// Watches a symbol in the window, and gives its quote.
    pub fn quote(&mut self, symbol: &str) -> Quote {
        let id = self.instrument(symbol).id;
        let demand = Demand { quotes: [id].into(), ..Demand::default() };
        self.command(Command::Demand(Arc::new(demand)));
        self.run(Duration::from_secs(1));
        *self.desk.quote(id).unwrap().quote
    }
}

impl Client {
    fn hear(&mut self, bytes: &[u8]) {
        assert!(!self.is_closed, "nothing is sent behind the end");
        self.frames.push(bytes);
        while let Some(body) = self.frames.next().unwrap() {
            if self.is_greeted {
                let reply = Reply::decode(self.dialect, body);
                self.heard.push(reply.unwrap_or_else(|error| panic!("{error}")));
            } else {
                assert_eq!(Announcement::decode(body).unwrap().version, self.dialect.version());
                self.is_greeted = true;
            }
        }
        if self.is_greeted {
            self.frames.require(self.dialect.least_body());
        }
    }
}

pub fn start_api(client: i32) -> Request {
    Request::StartApi(StartApiRequest { client_id: Some(client), optional_capabilities: Some(String::new()) })
}

/// A share as programs name it.
pub fn share(symbol: &str) -> Contract {
    let text = |text: &str| Some(text.to_owned());
    Contract {
        symbol: text(symbol),
        sec_type: text("STK"),
        exchange: text("SMART"),
        currency: text("USD"),
        ..Contract::default()
    }
}

/// A market order; what differs is set over it.
pub fn order(action: &str, quantity: &str, order_type: &str) -> Order {
    let text = |text: &str| Some(text.to_owned());
    Order {
        action: text(action),
        total_quantity: text(quantity),
        order_type: text(order_type),
        transmit: Some(true),
        ..Order::default()
    }
}

pub fn place(id: i32, contract: Contract, order: Order) -> Request {
    let request = PlaceOrderRequest { order_id: Some(id), contract: Some(contract), order: Some(order) };
    Request::PlaceOrder(Box::new(request))
}

/// What was told, in few words: of orders the status, of errors the code.
pub fn words(replies: &[Reply]) -> Vec<String> {
    let word = |reply: &Reply| match reply {
        Reply::OrderStatus(status) => {
            let (id, text) = (status.order_id(), status.status());
            format!("{id} {text} {}/{}", status.filled(), status.remaining())
        }
        Reply::OpenOrder(open) => {
            let state = open.order_state.as_ref().map(|state| state.status().to_owned());
            format!("open {} {}", open.order_id(), state.unwrap_or_default())
        }
        Reply::Error(error) => format!("{} error {}", error.id(), error.error_code()),
        Reply::ExecutionDetails(details) => {
            let execution = details.execution.clone().unwrap_or_default();
            format!("{} executed {} {}", execution.order_id(), execution.side(), execution.shares())
        }
        Reply::CommissionReport(_) => "commission".to_owned(),
        other => other.name().to_owned(),
    };
    replies.iter().map(word).collect()
}
