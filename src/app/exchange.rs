//! `pitdesk exchange`: the paper exchange in a process of its own, for programs of this computer.
//!
//! One loop owns the [`ServerCore`]; each connection has a task that only moves bytes. What the
//! exchange is about to confirm is on the disk first: everything that has come is worked off, its
//! changes are written and synced once, and only then does a byte of the answers leave. Where
//! that fails the process ends, because it would confirm what it may forget. It listens on
//! loopback addresses alone, since the token goes over the wire as it is.

pub mod account;
pub mod log;
pub mod token;

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::net::{TcpListener, TcpStream};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tracing_subscriber::EnvFilter;

use super::cli::Options;
use super::market::Plan;
use super::socket::{Incoming, Socket};
use crate::broker::paper::PaperVenue;
use crate::broker::paper::server::{ConnId, Effect, ServerCore};
use crate::domain::BrokerId;
use crate::link::Clock;
use crate::store::bars::Library;
use crate::store::profile;
use log::Log;

/// Options of `exchange`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Where it listens, on this computer only; port 0 takes a free one, which is printed
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// The file of the secret that clients must know, else one below the data folder, where
    /// `pitdesk --exchange` looks for it; it is made if there is none, for you alone
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// The file that keeps the accounts; without it, they end with the exchange
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Trade at all hours, whatever the real exchanges do
    #[arg(long)]
    pub always_open: bool,
}

/// Messages of connections that may wait.
const CAPACITY: usize = 1_024;
/// Messages that are worked off before what they have changed is written.
const BURST: usize = 256;
/// Bytes that may wait for a client that does not read: the longest history, and then some.
const MOST_WAITING: usize = 256 << 20;
/// Least time between two advances of the market.
const STEP: Duration = Duration::from_millis(5);
/// How long clients have to read the last words.
const GRACE: Duration = Duration::from_secs(1);

/// Runs the exchange until it is asked to end by SIGTERM or Ctrl+C.
///
/// # Errors
/// In words for a person: a bad address, token or state file, or a disk that takes nothing.
pub fn run(arguments: &Arguments, options: &Options) -> anyhow::Result<()> {
    let address = arguments.listen;
    anyhow::ensure!(
        address.ip().is_loopback(),
        "--listen {address} can be reached from other computers: use 127.0.0.1 or [::1]"
    );
    let filter = EnvFilter::try_from_env("PITDESK_LOG").unwrap_or_else(|_none| EnvFilter::new("warn"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).try_init().ok();
    let token_file = match &arguments.token_file {
        Some(file) => file.clone(),
        None => profile::exchange_token_file(options.data_dir.as_deref())?,
    };
    let token = token::obtain(&token_file)?;
    let (log, saved) = arguments.state.as_deref().map(Log::open).transpose()?.unzip();
    let clock = options.clock();
    let now = clock.now();
    let setup = Plan::new(options, &Library::empty(), arguments.always_open, now)?.setup;
    let venue = PaperVenue::new(BrokerId(0), setup.instruments, setup.exchange, setup.source, now)?
        .configured(setup.paper);
    let core = ServerCore::new(venue, &token, saved, now);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (sender, incoming) = mpsc::channel(CAPACITY);
        let sockets = BTreeMap::new();
        let exchange = Exchange { core, log, clock, sockets, next: 1, sender, effects: Vec::new() };
        exchange.serve(address, incoming).await
    })
}

struct Exchange {
    core: ServerCore,
    log: Option<Log>,
    clock: Clock,
    sockets: BTreeMap<ConnId, Socket>,
    /// Number of the next connection.
    next: u64,
    /// For the tasks of connections.
    sender: mpsc::Sender<Incoming<ConnId>>,
    effects: Vec<Effect>,
}

impl Exchange {
    async fn serve(
        mut self,
        address: SocketAddr,
        mut incoming: mpsc::Receiver<Incoming<ConnId>>,
    ) -> anyhow::Result<()> {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen at {address}: choose another port, or 0 for a free one")
        })?;
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        self.settle()?;
        let mut stdout = io::stdout();
        writeln!(stdout, "listening on {}", listener.local_addr()?)?;
        stdout.flush()?;
        loop {
            let now = self.clock.now();
            let pause = self.core.next_time(now).since(now).max(STEP);
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _from)) => self.accept(stream),
                    // Out of file descriptors, say: those that are connected go on.
                    Err(why) => {
                        tracing::error!("a connection could not be accepted: {why}");
                        tokio::time::sleep(STEP).await;
                    }
                },
                Some(message) = incoming.recv() => {
                    self.take(message);
                    for _ in 1..BURST {
                        let Ok(message) = incoming.try_recv() else { break };
                        self.take(message);
                    }
                }
                () = tokio::time::sleep(pause) => self.core.advance(self.clock.now(), &mut self.effects),
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
            }
            self.settle()?;
        }
        self.core.shut_down(&mut self.effects);
        self.settle()?;
        drop(self.sender);
        // Each task ends once it has sent what it had to, and with it its end of the channel.
        let drained = async { while incoming.recv().await.is_some() {} };
        tokio::time::timeout(GRACE, drained).await.ok();
        Ok(())
    }

    fn accept(&mut self, stream: TcpStream) {
        let conn = ConnId(self.next);
        self.next += 1;
        self.sockets.insert(conn, Socket::open(conn, stream, self.sender.clone()));
        self.core.accept(conn, self.clock.now());
    }

    fn take(&mut self, message: Incoming<ConnId>) {
        match message {
            Incoming::Bytes(conn, bytes) => {
                self.core.received(conn, &bytes, self.clock.now(), &mut self.effects);
            }
            Incoming::Closed(conn) => {
                self.sockets.remove(&conn);
                self.core.closed(conn);
            }
        }
    }

    /// Puts on the disk what has changed, and only then says so.
    fn settle(&mut self) -> anyhow::Result<()> {
        if let Some(change) = self.core.unsaved()
            && let Some(log) = &mut self.log
        {
            log.append(&change, || self.core.snapshot())?;
        }
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Send(conn, bytes) => {
                    if self.sockets.get(&conn).is_some_and(|socket| socket.send(bytes) > MOST_WAITING) {
                        tracing::warn!("connection {} does not keep up: it is closed", conn.0);
                        self.sockets.remove(&conn);
                        self.core.closed(conn);
                    }
                }
                Effect::Close(conn) => {
                    self.sockets.remove(&conn);
                }
            }
        }
        Ok(())
    }
}
