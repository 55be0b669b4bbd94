//! `pitdesk serve`: the engine without a window, for programs that trade through it.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::cli::Options;
use super::control::{self, Control};
use super::gateway::Gateway;
use super::running::{self, Listeners};
use super::signals::{Signals, end_when_asked};
use super::{logging, open_profile};
use crate::engine::shell::Watchers;
use crate::engine::supervisor;
use crate::gateway::Rules;
use crate::link::connect;

/// Options of `serve`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Where programs for the TWS API connect; port 0 takes a free one, which is printed. Name an
    /// address of your network only if you trust everybody on it: there is no password
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4002")]
    pub gateway: SocketAddr,
    /// The client id that sees the orders of all clients
    #[arg(long, value_name = "NUMBER")]
    pub master_client: Option<i32>,
}

/// How long clients have to see the end.
const GRACE: Duration = Duration::from_millis(500);

/// Serves until it is asked to end by SIGTERM or Ctrl+C.
///
/// # Errors
/// In words for a person: an address that is taken, a profile that cannot be opened.
pub(super) fn run(arguments: &Arguments, options: &Options) -> anyhow::Result<()> {
    let clock = options.clock();
    let opened = open_profile(options)?;
    let log = logging::start(&opened.profile);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let address = arguments.gateway;
    let rules = Rules { master: arguments.master_client, ..Rules::default() };
    let ended = runtime.block_on(async {
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("cannot listen at {address}: choose another port with --gateway, or 0 for a free one")
        })?;
        let listens_at = listener.local_addr()?;
        let woken = Arc::new(Notify::new());
        let wake = Arc::clone(&woken);
        let (link, window) = connect(Arc::new(move || wake.notify_one()));
        let watchers = Watchers::default();
        let gateway = Gateway { hub: link.followers.hub(), clock: clock.clone(), notes: watchers.notes() };
        let control = Control {
            profile: Arc::clone(&opened.profile),
            engine: window.commander.spare(),
            kill: watchers.kill.subscribe(),
            weather: watchers.weather.subscribe(),
            notes: watchers.notes(),
            clock: clock.clone(),
        };
        supervisor::spawn("control socket", control::serve(control));
        let signals = Signals::take_over().context("signals cannot be watched")?;
        supervisor::spawn("signals", end_when_asked(signals, || {}, window.commander.spare(), clock.clone()));
        supervisor::spawn("gateway", async move { gateway.serve(listener, rules).await });
        // The engine lives for the window's end of the link: nobody looks at what it tells there.
        supervisor::spawn("nobody's window", async move {
            loop {
                woken.notified().await;
                drop(window.inbox.drain());
            }
        });
        let mut stdout = io::stdout();
        writeln!(stdout, "listening on {listens_at}")?;
        stdout.flush()?;
        Box::pin(running::engine(options.clone(), opened, Listeners { link, watchers }, clock)).await
    });
    runtime.shutdown_timeout(GRACE);
    drop(log);
    ended
}
