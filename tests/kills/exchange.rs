//! The exchange in its own process, and what stands in its books.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};

use clap::Parser as _;
use pitdesk::app::cli::Arguments;
use pitdesk::app::exchange::token;
use pitdesk::app::market::Plan;
use pitdesk::broker::contract::{Books, EventSender, Requests};
use pitdesk::broker::paper::remote::RemotePaper;
use pitdesk::broker::{Adapter as _, BrokerEvent, BrokerRequest, SessionStart};
use pitdesk::domain::{BrokerId, Instrument, Time};
use pitdesk::link::Clock;
use pitdesk::store::bars::Library;
use rustix::process::{Pid, Signal, kill_process};
use tokio::sync::mpsc;

use crate::program::SOON;

/// An exchange; killed with the value.
pub struct Exchange {
    child: Child,
    folder: PathBuf,
    pub address: SocketAddr,
}

impl Exchange {
    /// Starts one that keeps its state in `folder`.
    pub fn start(folder: &Path) -> Self {
        Self::start_at(folder, "127.0.0.1:0")
    }

    fn start_at(folder: &Path, listen: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pitdesk"))
            .args(["exchange", "--always-open", "--seed", "3", "--listen", listen])
            .arg("--token-file")
            .arg(folder.join("token"))
            .arg("--state")
            .arg(folder.join("state"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").expect(&line).parse().unwrap();
        Self { child, folder: folder.to_owned(), address }
    }

    /// A way to kill it from anywhere, with SIGKILL.
    pub fn killer(&self) -> impl Fn() + Send + Sync + 'static {
        let process = Pid::from_child(&self.child);
        move || kill_process(process, Signal::KILL).unwrap()
    }

    /// Waits until it is dead.
    pub fn wait_for_death(&mut self) {
        self.child.wait().unwrap();
    }

    /// It is killed with SIGKILL, and comes back where it was.
    pub fn kill_and_restart(&mut self) {
        self.killer()();
        self.restart();
    }

    /// It comes back where it was, after its death.
    pub fn restart(&mut self) {
        self.wait_for_death();
        *self = Self::start_at(&self.folder, &self.address.to_string());
    }

    /// A broker for it.
    pub fn broker(&self) -> RemotePaper {
        broker(&self.folder, self.address)
    }

    /// What stands in its books; whoever had the account has lost it.
    pub fn books(&self) -> Arc<Books> {
        let broker = self.broker();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (requests, asked) = mpsc::channel(1);
            let (sender, mut events) = mpsc::channel(64);
            let session = broker.start(SessionStart {
                id: BrokerId(0),
                clock: Clock::system(),
                requests: Requests::new(asked),
                events: EventSender::new(BrokerId(0), sender),
            });
            let reading = async {
                let mut found = None;
                while let Some((_, event)) = events.recv().await {
                    if let BrokerEvent::Books(books) = event {
                        found = Some(books);
                        requests.send(BrokerRequest::Disconnect).await.unwrap();
                    }
                }
                found.expect("the books come")
            };
            let both = async { tokio::join!(session, reading).1 };
            tokio::time::timeout(SOON, both).await.expect("the exchange answers in time")
        })
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A broker for the exchange that keeps its token in `folder`.
pub fn broker(folder: &Path, address: SocketAddr) -> RemotePaper {
    RemotePaper::new(address, &token::read(&folder.join("token")).unwrap(), listed()).unwrap()
}

/// What any market lists.
fn listed() -> Vec<Arc<Instrument>> {
    static LISTED: OnceLock<Vec<Arc<Instrument>>> = OnceLock::new();
    let list = || {
        let options = Arguments::parse_from(["pitdesk"]).options;
        let now = Time::from_seconds(1_795_186_800);
        Plan::new(&options, &Library::empty(), true, now).unwrap().setup.instruments
    };
    LISTED.get_or_init(list).clone()
}
