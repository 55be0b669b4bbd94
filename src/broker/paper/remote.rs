//! The paper broker whose exchange runs in another process of this computer.
//!
//! [`RemotePaper`] is an adapter like any other: a session is one connection, run by
//! [`ClientCore`]; when it is lost, the supervisor starts the next one, and that begins with the
//! books. Only a loopback address is ever connected to: the token goes over the wire as it is.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::client::{self, ClientCore, Ending, Login, Out};
use super::wire::fingerprint;
use super::{ACCOUNT, NAME, PaperConfig};
use crate::broker::contract::{
    Adapter, BrokerEvent, BrokerRequest, Capabilities, EngineGone, Session, SessionEnd, SessionStart,
};
use crate::domain::{BrokerId, Instrument};
use crate::link::{ConnectionState, Drill};
use crate::risk::ApprovedOrder;

/// How long a connection may take, and the last bytes of one that ends.
const LIMIT: Duration = Duration::from_secs(3);
/// How often the client looks at the time.
const TICK: Duration = Duration::from_millis(250);
/// Bytes that may wait for the socket before no more requests are read.
const MOST_WAITING: usize = 1 << 20;
const READ_AT_ONCE: usize = 64 << 10;

/// An address that is not of this computer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not an address of this computer: use 127.0.0.1 or [::1]")]
pub struct NotLoopback(pub SocketAddr);

/// The paper broker, as the registry offers it.
pub struct RemotePaper {
    address: SocketAddr,
    token: String,
    instruments: Vec<Arc<Instrument>>,
    config: PaperConfig,
    /// The last event that any session of this run has seen.
    seen: Arc<AtomicU64>,
}

impl RemotePaper {
    /// A broker whose exchange listens at `address` and lists `instruments`.
    ///
    /// # Errors
    /// When the address is not of this computer.
    pub fn new(
        address: SocketAddr,
        token: &str,
        instruments: Vec<Arc<Instrument>>,
    ) -> Result<Self, NotLoopback> {
        if !address.ip().is_loopback() {
            return Err(NotLoopback(address));
        }
        let config = PaperConfig::default();
        Ok(Self { address, token: token.to_owned(), instruments, config, seen: Arc::default() })
    }

    /// The same, made as `config` says, whatever its exchange can do.
    #[must_use]
    pub fn configured(self, config: PaperConfig) -> Self {
        Self { config, ..self }
    }

    fn login(&self, broker: BrokerId) -> Login {
        Login {
            broker,
            account: ACCOUNT.into(),
            token: self.token.clone(),
            catalogue: fingerprint(&self.instruments),
            last_event: self.seen.load(Ordering::Acquire),
        }
    }
}

impl Adapter for RemotePaper {
    fn name(&self) -> &'static str {
        NAME
    }

    fn capabilities(&self) -> Capabilities {
        self.config.capabilities()
    }

    fn instruments(&self) -> Vec<Arc<Instrument>> {
        self.instruments.clone()
    }

    fn start(&self, start: SessionStart) -> Session {
        let (address, login, seen) = (self.address, self.login(start.id), Arc::clone(&self.seen));
        let config = self.config;
        Box::pin(async move {
            let end = run(address, login, config, seen, start).await;
            // The engine being gone is how the program ends; there is nobody left to tell.
            end.unwrap_or(SessionEnd::Asked)
        })
    }
}

async fn run(
    address: SocketAddr,
    login: Login,
    config: PaperConfig,
    seen: Arc<AtomicU64>,
    start: SessionStart,
) -> Result<SessionEnd, EngineGone> {
    let reason = format!("Connecting to the exchange at {address}").into();
    start.events.send(BrokerEvent::Connection { state: ConnectionState::Connecting, reason }).await?;
    let stream = match timeout(LIMIT, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(why)) => {
            let why = format!("The exchange at {address} cannot be reached ({why})");
            return Ok(SessionEnd::Lost(why.into()));
        }
        Err(_elapsed) => {
            let why = format!("The exchange at {address} does not answer");
            return Ok(SessionEnd::Lost(why.into()));
        }
    };
    // An order must not wait for the answer to a heartbeat. Without it, it is only slower.
    stream.set_nodelay(true).ok();
    let (reader, writer) = stream.into_split();
    let core = ClientCore::new(login);
    let (waiting, early) = (Vec::new(), VecDeque::new());
    Connected { core, address, config, start, seen, writer, waiting, early }.run(reader).await
}

/// A session that has a socket.
struct Connected {
    core: ClientCore,
    address: SocketAddr,
    config: PaperConfig,
    start: SessionStart,
    seen: Arc<AtomicU64>,
    writer: OwnedWriteHalf,
    /// Bytes that the socket has not taken yet.
    waiting: Vec<u8>,
    /// What was asked before the books were there, and can be asked later as well.
    early: VecDeque<BrokerRequest>,
}

impl Connected {
    async fn run(mut self, mut reader: OwnedReadHalf) -> Result<SessionEnd, EngineGone> {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut buffer = vec![0; READ_AT_ONCE];
        let mut out = Out::default();
        self.core.connected(self.start.clock.now(), &mut out);
        loop {
            if let Some(end) = self.carry_out(&mut out).await? {
                return Ok(end);
            }
            tokio::select! {
                written = self.writer.write(&self.waiting), if !self.waiting.is_empty() => {
                    let now = self.start.clock.now();
                    match written {
                        Ok(count) if count > 0 => {
                            self.waiting.drain(..count);
                            self.core.handed_over(count, now, &mut out);
                        }
                        _ => self.core.closed(now, &mut out),
                    }
                }
                read = reader.read(&mut buffer) => {
                    let now = self.start.clock.now();
                    match read {
                        Ok(count) if count > 0 => self.core.received(&buffer[..count], now, &mut out),
                        _ => self.core.closed(now, &mut out),
                    }
                    self.seen.fetch_max(self.core.last_event(), Ordering::AcqRel);
                }
                request = self.start.requests.recv(), if self.waiting.len() < MOST_WAITING => {
                    match request {
                        Some(BrokerRequest::Drill(Drill::Freeze(duration))) => sleep(duration).await,
                        Some(BrokerRequest::Drill(Drill::Crash)) => panic!("a drill"),
                        Some(request) => self.ask(request, &mut out),
                        None => return Err(EngineGone),
                    }
                }
                _ = ticks.tick() => self.core.tick(self.start.clock.now(), &mut out),
            }
        }
    }

    fn ask(&mut self, request: BrokerRequest, out: &mut Out) {
        let now = self.start.clock.now();
        if let BrokerRequest::Place(orders) = &request
            && let Some(why) = self.config.objection(orders.iter().map(ApprovedOrder::spec))
        {
            return client::refuse(&request, why, now, out);
        }
        match self.core.request(request, now, out) {
            Ok(()) => {}
            Err(request @ (BrokerRequest::Watch(_) | BrokerRequest::History(_))) => {
                self.early.push_back(request);
            }
            // An order must not lie about until somebody can take it.
            Err(request) => client::refuse(&request, "The exchange is not ready: nothing was sent", now, out),
        }
    }

    /// Tells and sends what has come out, and the end if it has come.
    async fn carry_out(&mut self, out: &mut Out) -> Result<Option<SessionEnd>, EngineGone> {
        if self.core.is_ready() {
            for request in std::mem::take(&mut self.early) {
                self.ask(request, out);
            }
        }
        self.waiting.append(&mut out.bytes);
        for mut event in out.events.drain(..) {
            if let BrokerEvent::Connection { state: ConnectionState::Ready, reason } = &mut event {
                *reason = format!("{reason}. The exchange is at {}", self.address).into();
            }
            self.start.events.send(event).await?;
        }
        let Some(end) = out.end.take() else { return Ok(None) };
        Ok(Some(match end {
            Ending::Lost(why) => SessionEnd::Lost(why),
            Ending::TakenOver(reason) => {
                let state = ConnectionState::Closed;
                self.start.events.send(BrokerEvent::Connection { state, reason }).await?;
                SessionEnd::Asked
            }
            Ending::Asked => {
                // Out of courtesy: the exchange notices the end in any case.
                timeout(LIMIT, self.writer.write_all(&self.waiting)).await.ok();
                SessionEnd::Asked
            }
        }))
    }
}
