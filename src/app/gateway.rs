//! The server for other programs, on its sockets: [`Core`] says what is answered, this moves bytes.
//!
//! One task owns the core and follows the engine. It waits for nobody: a client that does not read
//! is told less and let go in the end, and one that sends nonsense loses its connection alone.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::socket::{Incoming, Socket};
use crate::domain::settings::{GatewaySettings, Settings};
use crate::engine::shell::NoteSender;
use crate::gateway::{ConnId, Core, Effect, Rules};
use crate::link::{Clock, Envelope, FollowerEnd, Hub, NoticeLevel, SendError};

/// Messages of clients that may wait.
const CAPACITY: usize = 1_024;
/// Messages that are worked off before the engine is looked after.
const BURST: usize = 64;
/// How often time passes.
const TICK: Duration = Duration::from_millis(50);
/// Time between two tries of what fails for a moment.
const PAUSE: Duration = Duration::from_millis(20);
/// How long clients have to read the last words.
const GRACE: Duration = Duration::from_millis(500);

/// What a server is made of.
pub(super) struct Gateway {
    /// Where it joins those that follow the engine.
    pub hub: Hub,
    /// The engine's clock.
    pub clock: Clock,
    /// The way into the activity log.
    pub notes: NoteSender,
}

impl Gateway {
    /// Serves wherever the settings say, as long as they say so.
    pub async fn serve_as_set(self, mut settings: watch::Receiver<Option<Arc<Settings>>>) {
        loop {
            let wanted = |settings: &Option<Arc<Settings>>| {
                settings.as_ref().map(|settings| settings.gateway).filter(|gateway| gateway.is_on)
            };
            let Ok(now) =
                settings.wait_for(|settings| wanted(settings).is_some()).await.map(|now| wanted(&now))
            else {
                return;
            };
            let Some(now) = now else { continue };
            // Where it cannot listen, until somebody says otherwise.
            let serving = async {
                self.serve_or_say_why(now).await;
                std::future::pending::<()>().await;
            };
            tokio::select! {
                changed = settings.wait_for(|settings| wanted(settings) != Some(now)) => {
                    if changed.is_err() {
                        return;
                    }
                }
                () = serving => {}
            }
        }
    }

    async fn serve_or_say_why(&self, GatewaySettings { address, master_client, .. }: GatewaySettings) {
        let rules = Rules { master: master_client, ..Rules::default() };
        match TcpListener::bind(address).await {
            Ok(listener) => {
                self.note(NoticeLevel::Info, format!("Programs for the TWS API can connect to {address}"))
                    .await;
                self.serve(listener, rules).await;
            }
            Err(error) => {
                let text = format!(
                    "Programs cannot connect to {address}: {error}. Choose another port in the settings"
                );
                self.note(NoticeLevel::Error, text).await;
            }
        }
    }

    async fn note(&self, level: NoticeLevel, text: String) {
        if let Err(unheard) = self.notes.send((level, text.into())).await {
            tracing::error!("{unheard}");
        }
    }

    /// Serves whoever connects, until it is dropped or the engine is gone.
    pub async fn serve(&self, listener: TcpListener, rules: Rules) {
        let woken = Arc::new(Notify::new());
        let wake = Arc::clone(&woken);
        let Some(end) = self.hub.follow(Arc::new(move || wake.notify_one())) else {
            let text = "The engine is followed by too many: start Pitdesk again to let programs connect";
            return self.note(NoticeLevel::Error, text.to_owned()).await;
        };
        let (sender, incoming) = mpsc::channel(CAPACITY);
        let core = Core::new(end.follower, rules, self.clock.now());
        let clock = self.clock.clone();
        Server { core, end, clock, sockets: BTreeMap::new(), next: 1, sender, commands: VecDeque::new() }
            .run(listener, incoming, &woken)
            .await;
    }
}

struct Server {
    core: Core,
    end: FollowerEnd,
    clock: Clock,
    sockets: BTreeMap<ConnId, Socket>,
    /// Number of the next connection.
    next: u64,
    /// For the tasks of connections.
    sender: mpsc::Sender<Incoming<ConnId>>,
    /// On their way to the engine. Few: the core stops reading while it is owed answers.
    commands: VecDeque<Envelope>,
}

impl Server {
    async fn run(
        mut self,
        listener: TcpListener,
        mut incoming: mpsc::Receiver<Incoming<ConnId>>,
        woken: &Notify,
    ) {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.settle() {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _from)) => self.accept(stream),
                    // Out of file descriptors, say: those that are connected go on.
                    Err(why) => {
                        tracing::error!("a connection could not be accepted: {why}");
                        sleep(PAUSE).await;
                    }
                },
                Some(message) = incoming.recv() => {
                    // What a client says comes after what the engine had told by then: a weather that is in force
                    // for whoever called it is in force for what that one does next.
                    self.core.follow(self.end.inbox.drain(), self.clock.now());
                    self.take(message);
                    for _ in 1..BURST {
                        let Ok(message) = incoming.try_recv() else { break };
                        self.take(message);
                    }
                }
                () = woken.notified() => self.core.follow(self.end.inbox.drain(), self.clock.now()),
                _ = ticks.tick() => self.core.tick(self.clock.now()),
            }
        }
        // The engine is gone: whoever is connected sees the end.
        self.core.shut_down();
        self.settle();
        drop((self.sockets, self.sender));
        let drained = async { while incoming.recv().await.is_some() {} };
        tokio::time::timeout(GRACE, drained).await.ok();
    }

    fn accept(&mut self, stream: TcpStream) {
        let conn = ConnId(self.next);
        self.next += 1;
        self.sockets.insert(conn, Socket::open(conn, stream, self.sender.clone()));
        self.core.accept(conn, self.clock.now());
    }

    fn take(&mut self, message: Incoming<ConnId>) {
        let now = self.clock.now();
        match message {
            Incoming::Bytes(conn, bytes) => self.core.received(conn, &bytes, now),
            Incoming::Closed(conn) => {
                self.sockets.remove(&conn);
                self.core.closed(conn, now);
            }
        }
    }

    /// Carries out what the core wants; whether the engine is still there.
    fn settle(&mut self) -> bool {
        for effect in self.core.effects() {
            match effect {
                Effect::Send(conn, bytes) => {
                    if let Some(socket) = self.sockets.get(&conn) {
                        socket.send(bytes);
                    }
                }
                Effect::Close(conn) => {
                    self.sockets.remove(&conn);
                }
                Effect::Command(envelope) => self.commands.push_back(envelope),
            }
        }
        // What the engine's queue has no room for waits: a cancel is never given up for load.
        while let Some(envelope) = self.commands.front() {
            match self.end.commander.try_send(envelope.clone()) {
                Ok(()) => drop(self.commands.pop_front()),
                Err(SendError::Full) => break,
                Err(SendError::Closed) => return false,
            }
        }
        for (conn, socket) in &self.sockets {
            self.core.waiting(*conn, socket.waiting());
        }
        true
    }
}
