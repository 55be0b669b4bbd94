//! A connection to TWS: the client, its streams and the timers around a [`Core`].
//!
//! Nothing here knows what anything means. Whatever comes is handed to the core, and the core's calls are
//! carried out. What may wait for the socket runs beside the loop, never in it: a TWS that hangs keeps neither
//! the engine's requests nor the timers waiting.

mod lanes;
mod launching;
mod streams;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::{AbortHandle, BoxStream, FuturesUnordered, SelectAll, abortable};
use futures_util::{FutureExt as _, StreamExt as _};
use ibapi::market_data::MarketDataType;
use ibapi::{Client, RateLimiter};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::core::{Call, Came, Core, Login, Out};
use super::orders::Seat;
use super::roster::Roster;
use super::{IbkrConfig, MarketData, Results, connection, times};
use crate::broker::contract::{BrokerEvent, BrokerRequest, EngineGone, SessionEnd, SessionStart};
use crate::link::{ConnectionState, Drill};
use lanes::{Lanes, Sent};
use launching::Coming;

/// How often the core looks at the time.
const TICK: Duration = Duration::from_millis(100);
/// How long a goodbye may take, and what is sent before anything else.
const SHORT: Duration = Duration::from_secs(2);
/// When a request that TWS never answers is forgotten; what that means the core decides earlier.
const LONGEST_ANSWER: Duration = Duration::from_mins(1);
/// Signs of life that may be asked for before one has come.
const BEATS: usize = 4;
/// What a stream may fall behind before it loses something.
const CAPACITY: usize = 4_096;
/// What is taken from streams before the engine hears of it.
const AT_ONCE: usize = 512;

/// A session, to its end.
pub(super) async fn run(
    config: IbkrConfig,
    roster: Arc<Roster>,
    results: Results,
    start: SessionStart,
) -> SessionEnd {
    // The engine being gone is how the program ends; there is nobody left to tell.
    connect(config, roster, results, start).await.unwrap_or(SessionEnd::Asked)
}

async fn connect(
    config: IbkrConfig,
    roster: Arc<Roster>,
    results: Results,
    mut start: SessionStart,
) -> Result<SessionEnd, EngineGone> {
    let address = config.address.clone();
    let mut early = VecDeque::new();
    if let Some(launch) = config.launch.clone() {
        let coming = launching::wait(launch, &mut start, &mut early).await?;
        if coming == Coming::Disconnected {
            return disconnected(&start).await;
        }
    }
    let reason = format!("Connecting to TWS at {address}").into();
    start.events.send(BrokerEvent::Connection { state: ConnectionState::Connecting, reason }).await?;
    let client = Client::builder()
        .address(&address)
        .client_id(config.client_id)
        .rate_limiter(RateLimiter::default())
        .one_shot_timeout(LONGEST_ANSWER)
        .max_reconnect_attempts(0)
        .channel_capacity(CAPACITY)
        .connect_with_notice_stream();
    let mut client = std::pin::pin!(timeout(config.connect_limit, client));
    let connected = loop {
        tokio::select! {
            connected = &mut client => break connected,
            request = start.requests.recv() => match request {
                None => return Err(EngineGone),
                Some(BrokerRequest::Disconnect) => return disconnected(&start).await,
                Some(request) => early.push_back(request),
            },
        }
    };
    let why = match connected {
        Ok(Ok((client, notices))) => {
            let client = Arc::new(client);
            let end = let_in(&client, streams::notices(notices), config, roster, results, start, early).await;
            // Whatever still holds the client would keep its tasks alive.
            timeout(SHORT, client.disconnect()).await.ok();
            return end;
        }
        Ok(Err(error)) => connection::why_not(&error, &address, config.client_id),
        Err(_elapsed) => connection::does_not_answer(&address, config.connect_limit),
    };
    let why = match config.launch {
        Some(mut launch) => launch.explain(why, start.clock.now()).await,
        None => why,
    };
    Ok(SessionEnd::Lost(why.into()))
}

/// The engine wants no connection any more.
async fn disconnected(start: &SessionStart) -> Result<SessionEnd, EngineGone> {
    let (state, reason) = (ConnectionState::Closed, "Disconnected".into());
    start.events.send(BrokerEvent::Connection { state, reason }).await?;
    Ok(SessionEnd::Asked)
}

/// TWS has let us in.
async fn let_in(
    client: &Arc<Client>,
    notices: BoxStream<'static, Came>,
    config: IbkrConfig,
    roster: Arc<Roster>,
    results: Results,
    start: SessionStart,
    early: VecDeque<BrokerRequest>,
) -> Result<SessionEnd, EngineGone> {
    let lost = |why: String| Ok(SessionEnd::Lost(why.into()));
    let accounts = client.handshake_managed_accounts().to_vec();
    if accounts.iter().all(String::is_empty) {
        return lost(format!("TWS at {} names no account: log in there first", config.address));
    }
    let kind = match config.market_data {
        MarketData::LiveOnly => MarketDataType::Realtime,
        MarketData::DelayedWhenNeeded => MarketDataType::Delayed,
    };
    match timeout(SHORT, client.switch_market_data_type(kind)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => return lost(connection::why_not(&error, &config.address, config.client_id)),
        Err(_elapsed) => return lost(connection::does_not_answer(&config.address, SHORT)),
    }
    let login = Login {
        seat: Seat { broker: start.id, client_id: config.client_id, server_version: client.server_version() },
        address: config.address.clone(),
        accounts,
        next_order: client.next_order_id(),
        zone: client.connection_time().and_then(|at| times::fixed(at.offset().whole_seconds())),
        books_limit: config.books_limit,
        trades_at_once: config.trades_at_once,
        results: results.lock().unwrap_or_else(PoisonError::into_inner).clone(),
    };
    let mut out = Out::default();
    let core = Core::begin(login, roster, start.clock.now(), &mut out);
    let mut running = Running {
        core,
        client: Arc::clone(client),
        patience: config.connect_limit,
        start,
        streams: SelectAll::new(),
        open: BTreeMap::new(),
        answers: FuturesUnordered::new(),
        lanes: Lanes::default(),
        beats: 0,
    };
    running.streams.push(notices);
    running.begin_stream(streams::Slot::Orders, streams::orders(client));
    let end = running.run(out, early).await;
    *results.lock().unwrap_or_else(PoisonError::into_inner) = running.core.results();
    end
}

/// A session that TWS has let in.
struct Running {
    core: Core,
    client: Arc<Client>,
    /// How long an answer about instruments may take.
    patience: Duration,
    start: SessionStart,
    streams: SelectAll<BoxStream<'static, Came>>,
    /// How each stream is closed.
    open: BTreeMap<streams::Slot, AbortHandle>,
    answers: FuturesUnordered<BoxFuture<'static, Came>>,
    lanes: Lanes,
    /// Signs of life that were asked for and have not come.
    beats: usize,
}

impl Running {
    async fn run(&mut self, mut out: Out, early: VecDeque<BrokerRequest>) -> Result<SessionEnd, EngineGone> {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for request in early {
            self.core.request(request, self.start.clock.now(), &mut out);
        }
        loop {
            if let Some(end) = self.carry_out(&mut out).await? {
                return Ok(end);
            }
            tokio::select! {
                biased;
                sent = self.lanes.next() => self.sent(sent, &mut out),
                request = self.start.requests.recv() => match request {
                    None => return Err(EngineGone),
                    Some(BrokerRequest::Drill(Drill::Freeze(duration))) => sleep(duration).await,
                    Some(BrokerRequest::Drill(Drill::Crash)) => panic!("a drill"),
                    Some(request) => {
                        let now = self.start.clock.now();
                        self.core.request(request, now, &mut out);
                        self.core.settle(now, &mut out);
                    }
                },
                _ = ticks.tick() => self.core.tick(self.start.clock.now(), &mut out),
                Some(came) = self.answers.next() => {
                    self.beats -= usize::from(matches!(came, Came::Beat(_)));
                    self.take(came, &mut out);
                }
                Some(came) = self.streams.next() => self.take(came, &mut out),
            }
        }
    }

    /// Takes what has come, and what else is there already.
    fn take(&mut self, came: Came, out: &mut Out) {
        let now = self.start.clock.now();
        self.core.came(came, now, out);
        for _ in 1..AT_ONCE {
            let Some(Some(came)) = self.streams.next().now_or_never() else { break };
            self.core.came(came, now, out);
            if out.end.is_some() {
                return;
            }
        }
        if out.end.is_none() {
            self.core.settle(now, out);
        }
    }

    fn sent(&mut self, sent: Sent, out: &mut Out) {
        let now = self.start.clock.now();
        match sent {
            Sent::Whole(orders) => orders.into_iter().for_each(|order| Core::on_wire(order, now, out)),
            Sent::Refused { sent, rest, why } => {
                for (order, number) in sent {
                    Core::on_wire(order, now, out);
                    out.calls.push(Call::Cancel(order, number));
                }
                self.core.unsent(&rest, &why, now, out);
            }
            // The end of the session follows. Whether it has arrived, the next books will say.
            Sent::Broke => {}
        }
    }

    /// Tells and does what has come out, and the end if it has come.
    async fn carry_out(&mut self, out: &mut Out) -> Result<Option<SessionEnd>, EngineGone> {
        if let Some(end) = &out.end {
            if *end == SessionEnd::Asked {
                // What was asked before the goodbye is sent before it.
                timeout(SHORT, self.send_out(out)).await.ok();
            }
            let now = self.start.clock.now();
            for call in self.lanes.unsent() {
                self.core.unsent(&call, "The connection was lost before it was sent", now, out);
            }
            self.core.gives_up(out);
        }
        for event in out.events.drain(..) {
            self.start.events.send(event).await?;
        }
        if let Some(end) = out.end.take() {
            return Ok(Some(end));
        }
        for call in std::mem::take(&mut out.calls) {
            self.call(call);
        }
        Ok(None)
    }

    /// Sends what is on its way.
    async fn send_out(&mut self, out: &mut Out) {
        for call in std::mem::take(&mut out.calls) {
            if matches!(call, Call::Send(_) | Call::Cancel(..)) {
                self.call(call);
            }
        }
        while !self.lanes.is_empty() {
            let sent = self.lanes.next().await;
            self.sent(sent, out);
        }
    }

    fn call(&mut self, call: Call) {
        match call {
            Call::Beat if self.beats >= BEATS => {}
            Call::Beat => {
                self.beats += 1;
                self.answers.push(streams::beat(&self.client));
            }
            Call::Orders => self.begin_stream(streams::Slot::Orders, streams::orders(&self.client)),
            Call::Read(round) => {
                for (part, stream) in streams::books(&self.client, round) {
                    self.begin_stream(streams::Slot::Part(part), stream);
                }
                let accounts = self.core.accounts().to_vec();
                for (place, account) in accounts.into_iter().enumerate() {
                    let stream = streams::result(&self.client, account);
                    self.begin_stream(streams::Slot::Result(place), stream);
                }
            }
            call @ (Call::Send(_) | Call::WhatIf(_) | Call::Cancel(..)) => {
                self.lanes.push(&self.client, call);
            }
            Call::Turn(super::lines::Turn::Off(feed)) => self.end_stream(streams::Slot::Feed(feed)),
            Call::Turn(super::lines::Turn::On(feed)) => {
                if let Some(listed) = self.core.listing().get(feed.instrument()) {
                    let stream = streams::feed(&self.client, listed, feed);
                    self.begin_stream(streams::Slot::Feed(feed), stream);
                }
            }
            Call::Bars(ask) => {
                if let Some(listed) = self.core.listing().get(ask.key.instrument) {
                    self.answers.push(streams::bars(&self.client, &listed.contract, ask));
                }
            }
            Call::First(id, what) => {
                if let Some(listed) = self.core.listing().get(id) {
                    self.answers.push(streams::first(&self.client, id, &listed.contract, what));
                }
            }
            Call::Number => self.answers.push(streams::number(&self.client)),
            Call::Find(text) => self.answers.push(streams::find(&self.client, text, self.patience)),
            Call::Describe(name) => {
                self.answers.push(streams::describe(&self.client, name, self.patience));
            }
        }
    }

    /// Opens a stream in place of the one that was there: to close one cancels it at TWS.
    fn begin_stream(&mut self, slot: streams::Slot, stream: BoxStream<'static, Came>) {
        self.end_stream(slot);
        let (stream, handle) = abortable(stream);
        self.open.insert(slot, handle);
        self.streams.push(stream.boxed());
    }

    fn end_stream(&mut self, slot: streams::Slot) {
        if let Some(handle) = self.open.remove(&slot) {
            handle.abort();
        }
    }
}
