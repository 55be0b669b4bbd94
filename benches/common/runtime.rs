//! The program without its window: runtime, engine, link and one broker, all as they run.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pitdesk::broker::Adapter;
use pitdesk::domain::{InstrumentId, Settings, Timeframe};
use pitdesk::engine::shell::{self, Watchers};
use pitdesk::engine::{Engine, Start, supervisor};
use pitdesk::link::{BarKey, Clock, Command, CommandId, Demand, Envelope, WindowEnd, connect};
use pitdesk::store::journal::{Journal, JournalError, Names, Recovered};
use pitdesk::store::profile::Profile;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;

/// A running program; the caller is its window.
pub struct Program {
    runtime: Runtime,
    engine: JoinHandle<()>,
    next_id: u64,
    /// What the window holds.
    pub link: WindowEnd,
    /// The clock of both worlds.
    pub clock: Clock,
    /// The profile's files, gone with it.
    _folder: tempfile::TempDir,
}

impl Program {
    /// Starts it with this broker, and the journal that `open` makes at a path; `wake` as the window's.
    pub fn start(
        adapter: Arc<dyn Adapter>,
        clock: Clock,
        open: impl AsyncFnOnce(&Path, Names) -> Result<(Journal, Recovered), JournalError>,
        wake: Arc<dyn Fn() + Send + Sync>,
    ) -> Self {
        let folder = tempfile::tempdir().expect("a folder for temporary files");
        let profile = Profile::open(Some(folder.path()), "bench").expect("a new folder can be used");
        // As `app::window` builds it.
        let runtime =
            Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("there are threads");
        let (engine_end, link) = connect(wake);
        let mut settings = Settings::default();
        // What is measured here is not what a person does in a minute.
        settings.limits.profile.max_orders_per_minute = None;
        let first = Start::first(adapter.instruments().into(), vec![adapter.name().into()], clock.now());
        let engine = Engine::new(Start { settings: settings.into(), ..first });
        let names = Names { brokers: vec![adapter.name().into()], instruments: adapter.instruments().into() };
        let file = profile.journal_file();
        let (journal, _nothing) = runtime.block_on(open(&file, names)).expect("a new folder takes a journal");
        let _inside = runtime.enter();
        let engine_clock = clock.clone();
        let engine = supervisor::spawn("engine", async move {
            shell::run(
                engine,
                vec![adapter],
                engine_end,
                Watchers::default(),
                engine_clock,
                Arc::new(profile),
                journal,
            )
            .await
            .expect("the writer's thread starts");
        });
        Self { runtime, engine, next_id: 1, link, clock, _folder: folder }
    }

    /// Sends a command as of now; `None` when the queue was full.
    pub fn send(&mut self, command: Command) -> Option<CommandId> {
        let id = CommandId(self.next_id);
        self.next_id += 1;
        let envelope = Envelope { id, input_at: self.clock.now(), command };
        self.link.commander.try_send(envelope).ok().map(|()| id)
    }

    /// Ends it in order.
    pub fn end(mut self) {
        self.send(Command::Shutdown);
        let limit = Duration::from_secs(5);
        let end = self.runtime.block_on(async { tokio::time::timeout(limit, self.engine).await });
        end.expect("the engine ends in time").expect("the engine ends without a panic");
    }
}

/// What a busy window wants: quotes and prints of everything, the depth of one
/// instrument, bars of four.
pub fn demand(instruments: usize) -> Arc<Demand> {
    let all = (0..instruments as u32).map(InstrumentId);
    let mut demand = Demand { quotes: all.clone().collect(), trades: all.collect(), ..Demand::default() };
    demand.depth.insert(InstrumentId(0));
    for (id, timeframe) in
        [(0, Timeframe::M1), (0, Timeframe::S1), (1, Timeframe::M1), (2, Timeframe::M5), (3, Timeframe::H1)]
    {
        demand.want_bars(BarKey { instrument: InstrumentId(id), timeframe }, 1_000);
    }
    Arc::new(demand)
}
