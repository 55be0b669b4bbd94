//! A server of the TWS API: programs written for TWS or IB Gateway connect, and trade on the
//! engine's paper accounts.
//!
//! [`Core`] reads no clock and opens no socket. Whoever holds the sockets tells it what came
//! ([`Core::received`]), hands it what the engine has told ([`Core::follow`]), and carries out its
//! [`Effect`]s in order.
//!
//! What must stay true:
//! - an order goes through [`Command::Place`] like the window's own: the same gate, the same journal;
//! - every request that names an id is answered or refused: the clients wait without limit;
//! - whatever a connection sends costs that connection at most, and what waits for it is bounded;
//! - accounts with money at stake are not served.

mod accounts;
mod bars;
mod changing;
mod connection;
mod depth;
mod entry;
mod errors;
mod executions;
mod families;
mod market;
mod orders;
mod placing;
mod reference;
mod telling;
mod weather;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use self::connection::{Connection, Phase, Session};
use self::entry::Entry;
use self::telling::Told;
use self::weather::Sky;
use super::contracts::Contracts;
use super::wire::handshake::{Announcement, Offer};
use super::wire::model::{ErrorMessage, ManagedAccounts, NextValidId};
use super::wire::{Dialect, Malformed, Reply, Request};
use crate::desk::Desk;
use crate::domain::{Fill, InstrumentId, Order, OrderId, Time, Weather};
use crate::link::{Answer, BarKey, Command, CommandId, Demand, Drained, Envelope, Follower, Update};

/// How long a client may take to say who it is.
const GREETING: Duration = Duration::from_secs(10);
/// How long a client may wait to be answered at all, where there is no account to trade with.
const NO_ACCOUNT: Duration = Duration::from_secs(30);
/// How long the first marks of positions may take: until then accounts are not worth what they are.
const MARKS: Duration = Duration::from_secs(3);
/// Bytes that may wait to be read of a client that asks faster than it is answered.
const MOST_UNREAD: usize = 4 << 20;
/// Bytes that may wait for a slow reader before market data are told to it less often, and no more is
/// read of it.
const SLOW: usize = 256 << 10;
/// Bytes that may wait for a slow reader before it is let go.
pub const MOST_WAITING: usize = 16 << 20;

/// A connection, as whoever holds the sockets names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// What is to be done, in this order.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a few at a time, moved once")]
pub enum Effect {
    /// Send these bytes.
    Send(ConnId, Vec<u8>),
    /// Close it, once everything was sent. It is not told as closed again.
    Close(ConnId),
    /// Ask the engine.
    Command(Envelope),
}

/// How a server is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rules {
    /// Connections at the same time.
    pub most_connections: usize,
    /// The client that sees the orders of all.
    pub master: Option<i32>,
}

impl Default for Rules {
    /// As many connections as TWS takes, and no master.
    fn default() -> Self {
        Self { most_connections: 32, master: None }
    }
}

/// The server.
pub struct Core {
    desk: Desk,
    contracts: Contracts,
    follower: Follower,
    commands: u64,
    rules: Rules,
    connections: BTreeMap<ConnId, Connection>,
    entry: Entry,
    told: Told,
    sky: Sky,
    /// What the engine was asked to tell.
    demand: Demand,
    /// Whether it is to be asked again, whatever was asked before.
    asks_anew: bool,
    /// When the replica was whole for the first time.
    synced_at: Option<Time>,
    now: Time,
    effects: Vec<Effect>,
}

/// What the engine has told, of which clients are told in the same order.
enum News {
    Order(Order),
    Fill(Fill),
    /// What an execution has cost has come later.
    Charged(Fill),
    Answer(Answer),
    /// A position or an account.
    Account,
    Weather(Weather),
    /// An instrument has joined the catalogue.
    Listed,
}

impl Core {
    /// A server that follows the engine as `follower`. Its first effect asks for a snapshot.
    #[must_use]
    pub fn new(follower: Follower, rules: Rules, now: Time) -> Self {
        let mut core = Self {
            desk: Desk::default(),
            contracts: Contracts::new(Arc::default()),
            follower,
            commands: 0,
            rules,
            connections: BTreeMap::new(),
            entry: Entry::default(),
            told: Told::default(),
            sky: Sky::default(),
            demand: Demand::default(),
            asks_anew: true,
            synced_at: None,
            now,
            effects: Vec::new(),
        };
        core.command(Command::Snapshot);
        core
    }

    /// What is to be done since the last call.
    pub fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// A connection was made.
    pub fn accept(&mut self, conn: ConnId, now: Time) {
        self.now = now;
        if self.connections.len() >= self.rules.most_connections {
            tracing::warn!("{} programs are connected: another one is not let in", self.connections.len());
            return self.effects.push(Effect::Close(conn));
        }
        self.connections.insert(conn, Connection::new(now));
    }

    /// Bytes came.
    pub fn received(&mut self, conn: ConnId, bytes: &[u8], now: Time) {
        self.now = now;
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.frames.push(bytes);
        self.read(conn);
        let unread = self.connections.get(&conn).map_or(0, |connection| connection.frames.pending());
        if unread > MOST_UNREAD {
            self.part(conn, "it sends more than can be answered now");
        }
        self.settle_demand();
    }

    /// A connection was closed by the other side, or is broken. What it has ordered lives on.
    pub fn closed(&mut self, conn: ConnId, now: Time) {
        self.now = now;
        self.forget(conn);
        self.settle_demand();
    }

    /// What was not transmitted goes with the connection; what was asked for is done all the same.
    fn forget(&mut self, conn: ConnId) {
        // Not of one that was not let in, because another has its number.
        let client = self.session(conn).map(|session| session.client);
        if let Some(client) = client.filter(|client| self.conn_of(*client) == Some(conn)) {
            self.entry.drafts.retain(|name, _| name.0 != client);
        }
        self.connections.remove(&conn);
        self.sky.forget(conn);
    }

    /// So many bytes wait for a client: a slow reader is told less, and let go in the end.
    pub fn waiting(&mut self, conn: ConnId, bytes: usize) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        connection.is_slow = bytes > SLOW;
        connection.made = bytes;
        if bytes > MOST_WAITING {
            self.part(conn, "it does not read what it has asked for");
        }
    }

    /// Time has passed.
    pub fn tick(&mut self, now: Time) {
        self.now = now;
        let is_late = |connection: &Connection| {
            let limit = if self.is_ready() { GREETING } else { NO_ACCOUNT };
            connection.session().is_none() && now.since(connection.since) > limit
        };
        let late: Vec<ConnId> = self
            .connections
            .iter()
            .filter(|(_, connection)| is_late(connection))
            .map(|(conn, _)| *conn)
            .collect();
        for conn in late {
            let why = "it does not say who it is";
            self.part(conn, if self.is_ready() { why } else { "there is no paper account to trade with" });
        }
        self.let_weather_pass();
        self.send_waiting();
        self.tell_quotes_in_time();
        self.tell_depth_in_time();
        self.tell_bars();
        if !self.sky.is_down() {
            self.tell_accounts_in_time();
        }
        self.read_on();
        self.settle_demand();
    }

    /// Says that the server ends.
    pub fn shut_down(&mut self) {
        for conn in self.connections.keys().copied().collect::<Vec<_>>() {
            self.part(conn, "the server ends");
        }
    }

    /// Takes over what the engine has told.
    pub fn follow(&mut self, drained: Drained, now: Time) {
        self.now = now;
        let news: Vec<News> = drained.lossless.iter().filter_map(|item| News::of(&item.update)).collect();
        let quotes: Vec<InstrumentId> = drained.quotes.iter().map(|latched| latched.id).collect();
        let depth: Vec<InstrumentId> = drained.depth.iter().map(|latched| latched.id).collect();
        let bars: BTreeSet<BarKey> = drained.bars.keys().copied().collect();
        let trades = drained.trades.clone();
        let applied = self.desk.apply(drained, now);
        if self.desk.is_synced() {
            self.synced_at.get_or_insert(now);
        }
        if applied.needs_snapshot {
            self.command(Command::Snapshot);
        }
        if applied.is_fresh {
            self.begin_anew();
        }
        let mut fills: BTreeMap<OrderId, Vec<Fill>> = BTreeMap::new();
        for fill in news.iter().filter_map(News::fill) {
            fills.entry(fill.order).or_default().push(fill.clone());
        }
        for news in news {
            match news {
                News::Order(order) => {
                    // Programs look into the executions when an order says that it has filled.
                    for fill in fills.remove(&order.id).unwrap_or_default() {
                        self.executed(&fill);
                    }
                    self.order_changed(&order);
                }
                News::Fill(fill) => self.executed(&fill),
                News::Charged(fill) => self.charged(&fill),
                News::Answer(answer) => self.answered(&answer),
                News::Account => self.told.account_changed(),
                News::Weather(weather) => self.set_weather(&weather, now),
                News::Listed => self.name_contracts(),
            }
        }
        if applied.is_fresh {
            self.tell_what_was_missed();
        }
        if !self.sky.is_down() {
            self.tell_accounts();
        }
        self.tell_quotes(&quotes);
        self.tell_depth(&depth);
        for (instrument, ring) in &trades {
            self.tell_trades(*instrument, &ring.trades.iter().map(|(trade, _)| trade));
        }
        self.tell_updated_bars(&bars);
        self.tell_bars();
        self.send_waiting();
        self.read_on();
        self.settle_demand();
    }

    /// The replica was replaced: whatever was derived from it is derived anew.
    fn begin_anew(&mut self) {
        self.name_contracts();
        self.entry.learn(self.desk.blotter().orders().rev());
        self.asks_anew = true;
    }

    fn name_contracts(&mut self) {
        self.contracts = Contracts::new(self.desk.instruments().to_vec().into());
    }

    /// Whether requests can be answered: the accounts are known, and what they are worth, unless a
    /// mark does not come.
    fn is_ready(&self) -> bool {
        let is_whole = self.desk.valuations().iter().all(|valued| valued.valuation.is_complete());
        let is_late = self.synced_at.is_some_and(|at| self.now.since(at) > MARKS);
        self.desk.is_synced() && self.served_accounts().next().is_some() && (is_whole || is_late)
    }

    /// The time of the market, which in a replay is not this computer's.
    fn market_now(&self) -> Time {
        self.desk.market_time().unwrap_or(self.now)
    }

    /// Whether no more is read of a client now: the engine owes it answers, or it has not read ours.
    fn is_backed_up(&self, conn: ConnId) -> bool {
        let Some(connection) = self.connections.get(&conn) else { return true };
        let is_busy = connection.session().is_some_and(|session| self.entry.is_busy(session.client));
        is_busy || connection.made > SLOW || self.sky.is_frozen()
    }

    /// Reads on where something had to wait.
    fn read_on(&mut self) {
        let waits =
            |(conn, connection): (&ConnId, &Connection)| (connection.frames.pending() > 0).then_some(*conn);
        for conn in self.connections.iter().filter_map(waits).collect::<Vec<_>>() {
            self.read(conn);
        }
    }

    /// Reads what a client has sent, as far as it can be answered now.
    fn read(&mut self, conn: ConnId) {
        loop {
            if self.is_backed_up(conn) {
                return;
            }
            let is_ready = self.is_ready();
            let Some(connection) = self.connections.get_mut(&conn) else { return };
            let dialect = match &connection.phase {
                Phase::Greets => None,
                Phase::Announced(_) | Phase::Open(_) if !is_ready => return,
                Phase::Announced(dialect) => Some(*dialect),
                Phase::Open(session) => Some(session.dialect),
            };
            let body = match connection.frames.next() {
                Ok(Some(body)) => body,
                Ok(None) => return,
                Err(error) => return self.part(conn, &error.to_string()),
            };
            match dialect {
                None => {
                    let offer = Offer::decode(body);
                    match offer.map(|offer| (offer.choice(), offer)) {
                        Ok((Some(dialect), _)) => self.announce(conn, dialect),
                        Ok((None, Offer { least, most, .. })) => {
                            return self.part(
                                conn,
                                &format!("it offers versions {least} to {most}, neither 176 nor 213"),
                            );
                        }
                        Err(error) => return self.part(conn, &error.to_string()),
                    }
                }
                Some(dialect) => {
                    let request = Request::decode(dialect, body);
                    self.take(conn, request);
                }
            }
        }
    }

    fn announce(&mut self, conn: ConnId, dialect: Dialect) {
        let zoned = self.now.to_timestamp().strftime("%Y%m%d %H:%M:%S UTC").to_string();
        let mut bytes = Vec::new();
        Announcement::new(dialect, zoned).encode(&mut bytes);
        self.effects.push(Effect::Send(conn, bytes));
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.frames.require(dialect.least_body());
            connection.phase = Phase::Announced(dialect);
        }
    }

    fn take(&mut self, conn: ConnId, request: Result<Request, Malformed>) {
        let is_open = self.session(conn).is_some();
        match request {
            Ok(Request::StartApi(start)) if !is_open => self.open(conn, start.client_id.unwrap_or_default()),
            _ if !is_open => self.part(conn, "it has not said who it is"),
            Ok(request) if self.is_too_fast(conn, &request) => self.refuse_too_fast(conn, request),
            Ok(request) => self.answer(conn, request),
            Err(malformed) => {
                tracing::debug!("a client sends what cannot be read: {malformed}");
                self.error(conn, malformed.id, errors::UNREADABLE, &malformed.to_string());
            }
        }
    }

    fn open(&mut self, conn: ConnId, client: i32) {
        let Some(connection) = self.connections.get_mut(&conn) else { return };
        let Phase::Announced(dialect) = connection.phase else { return };
        connection.phase = Phase::Open(Box::new(Session::new(dialect, client)));
        let is_there = |(other, connection): (&ConnId, &Connection)| {
            *other != conn && connection.session().is_some_and(|session| session.client == client)
        };
        if self.connections.iter().any(is_there) {
            let text = "Unable to connect as the client id is already in use. Retry with a unique client id.";
            self.error(conn, None, errors::CLIENT_ID_IN_USE, text);
            return self.part(conn, "its client id is in use");
        }
        tracing::info!("client {client} connects");
        self.say(conn, &self.managed_accounts());
        self.say(conn, &self.next_valid_id(client));
        for (code, text) in errors::FARMS_ARE_THERE {
            self.error(conn, None, code, text);
        }
    }

    fn managed_accounts(&self) -> Reply {
        let names: Vec<String> =
            self.served_accounts().map(|account| words::account_name(&account.id)).collect();
        Reply::ManagedAccounts(ManagedAccounts { accounts_list: Some(names.join(",")) })
    }

    fn next_valid_id(&self, client: i32) -> Reply {
        Reply::NextValidId(NextValidId { order_id: Some(self.entry.next_id(client)) })
    }

    /// Answers a request, or says why not. One line each; how, is told where it is done.
    fn answer(&mut self, conn: ConnId, request: Request) {
        match request {
            Request::PlaceOrder(request) => self.place_order(conn, *request),
            Request::CancelOrder(request) => self.cancel_order(conn, request.order_id.unwrap_or_default()),
            Request::GlobalCancel(_) => self.cancel_all(conn),
            Request::OpenOrders => self.open_orders(conn),
            Request::AllOpenOrders => self.all_open_orders(conn),
            Request::AutoOpenOrders(request) => self.bind_orders(conn, request.auto_bind.unwrap_or_default()),
            Request::CompletedOrders(request) => {
                self.completed_orders(conn, request.api_only.unwrap_or_default());
            }
            Request::Executions(request) => self.executions(conn, *request),
            Request::Ids(_) => {
                let client = self.session(conn).map_or(0, |session| session.client);
                self.say(conn, &self.next_valid_id(client));
            }

            Request::ManagedAccounts => self.say(conn, &self.managed_accounts()),
            Request::AccountData(request) => self.account_data(conn, &request),
            Request::AccountSummary(request) => self.account_summary(conn, &request),
            Request::AccountUpdatesMulti(request) => self.account_updates_multi(conn, &request),
            Request::Positions => self.positions(conn),
            Request::CancelPositions => self.forget_positions(conn),
            Request::PositionsMulti(request) => self.positions_multi(conn, &request),
            Request::PnL(request) => self.pnl(conn, &request),
            Request::PnLSingle(request) => self.pnl_single(conn, &request),
            Request::CancelAccountSummary(request)
            | Request::CancelAccountUpdatesMulti(request)
            | Request::CancelPositionsMulti(request)
            | Request::CancelPnL(request)
            | Request::CancelPnLSingle(request) => self.forget_by_id(conn, &request),

            Request::MarketData(request) => self.market_data(conn, &request),
            Request::CancelMarketData(request) => self.forget_market_data(conn, &request),
            Request::MarketDataType(request) => self.market_data_type(conn, &request),
            Request::MarketDepth(request) => self.market_depth(conn, &request),
            Request::CancelMarketDepth(request) => self.forget_market_depth(conn, request.req_id),
            Request::TickByTick(request) => self.tick_by_tick(conn, &request),
            Request::CancelTickByTick(request) => self.forget_tick_by_tick(conn, &request),
            Request::HistoricalTicks(request) => self.historical_ticks(conn, &request),
            Request::HistoricalData(request) => self.historical_data(conn, &request),
            Request::HistogramData(request) => self.histogram(conn, *request),
            Request::CancelHistoricalData(request)
            | Request::CancelHeadTimestamp(request)
            | Request::CancelHistogramData(request) => self.forget_bars(conn, &request),
            Request::RealTimeBars(request) => self.real_time_bars(conn, &request),
            Request::CancelRealTimeBars(request) => self.forget_real_time_bars(conn, &request),
            Request::HeadTimestamp(request) => self.head_timestamp(conn, &request),

            other => self.refer(conn, other),
        }
    }

    /// Asks the engine; its answer comes back under this id.
    fn command(&mut self, command: Command) -> CommandId {
        self.commands += 1;
        let id = self.follower.command(self.commands);
        self.effects.push(Effect::Command(Envelope { id, input_at: self.now, command }));
        id
    }

    /// Asks the engine for what is needed now, where that is not what was asked for.
    fn settle_demand(&mut self) {
        if !self.desk.is_synced() {
            return;
        }
        let mut demand = Demand::default();
        for session in self.connections.values().filter_map(Connection::session) {
            session.wants(&mut demand);
        }
        demand.quotes.extend(self.entry.instruments());
        self.desk.settle_demand(&mut demand);
        if std::mem::take(&mut self.asks_anew) || demand != self.demand {
            self.demand = demand.clone();
            self.command(Command::Demand(Arc::new(demand)));
        }
    }

    fn session(&self, conn: ConnId) -> Option<&Session> {
        self.connections.get(&conn)?.session()
    }

    fn session_mut(&mut self, conn: ConnId) -> Option<&mut Session> {
        self.connections.get_mut(&conn)?.session_mut()
    }

    fn sessions(&self) -> impl Iterator<Item = (ConnId, &Session)> {
        self.connections.iter().filter_map(|(conn, connection)| Some((*conn, connection.session()?)))
    }

    /// Says something to a client, whatever the weather.
    fn say_now(&mut self, conn: ConnId, reply: &Reply) {
        let Some(dialect) = self.session(conn).map(|session| session.dialect) else { return };
        let made = match self.effects.last_mut() {
            Some(Effect::Send(to, bytes)) if *to == conn => {
                let before = bytes.len();
                reply.encode(dialect, bytes);
                bytes.len() - before
            }
            _ => {
                let mut bytes = Vec::new();
                reply.encode(dialect, &mut bytes);
                let made = bytes.len();
                self.effects.push(Effect::Send(conn, bytes));
                made
            }
        };
        if let Some(connection) = self.connections.get_mut(&conn) {
            connection.made += made;
        }
    }

    /// Tells an error or a notice; without an id it is about no request.
    fn error(&mut self, conn: ConnId, id: Option<i32>, code: i32, text: &str) {
        let error = ErrorMessage {
            id: Some(id.unwrap_or(-1)),
            error_time: Some(self.now.0.div_euclid(1_000_000)),
            error_code: Some(code),
            error_msg: Some(words::ascii(text)),
            advanced_order_reject_json: Some(String::new()),
        };
        self.say(conn, &Reply::Error(error));
    }

    /// Lets a client go.
    fn part(&mut self, conn: ConnId, why: &str) {
        tracing::info!("connection {} ends: {why}", conn.0);
        self.forget(conn);
        self.effects.push(Effect::Close(conn));
    }
}

impl News {
    fn fill(&self) -> Option<&Fill> {
        match self {
            Self::Fill(fill) => Some(fill),
            _ => None,
        }
    }

    fn of(update: &Update) -> Option<Self> {
        match update {
            Update::Order(order) => Some(Self::Order(order.clone())),
            Update::Fill(fill) => Some(Self::Fill(fill.clone())),
            Update::Charged(fill) => Some(Self::Charged(fill.clone())),
            Update::Answer(answer) => Some(Self::Answer(answer.clone())),
            Update::Position(_) | Update::Account(_) => Some(Self::Account),
            Update::Weather(weather) => Some(Self::Weather(weather.clone())),
            Update::Listed(_) => Some(Self::Listed),
            _ => None,
        }
    }
}
